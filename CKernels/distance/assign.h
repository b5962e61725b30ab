// What assignment of rows to centres needs of an element type.
#ifndef FARRO_DISTANCE_ASSIGN_H
#define FARRO_DISTANCE_ASSIGN_H

#include "neighbors.h"

#include "include/kmeans.h"
#include "include/matmul.h"

typedef struct assign_type {
  size_t bytes;
  const row_kernels *rows;
  const assign_kernels *kernels;
  farro_status (*pack)(size_t k, size_t n, bool transpose_b, const void *b, size_t ldb, farro_packed_matrix **packed);
  farro_status (*product)(const farro_matmul_shape *shape, const void *a, const farro_packed_matrix *packed, void *c);
} assign_type;

// Of the kernels that the thread is to use; false when there are none.
bool farro_assign_type_f32(assign_type *type);
bool farro_assign_type_f64(assign_type *type);

// farro_assign_f32 and _f64.
farro_status farro_assign_rows(const assign_type *type, const farro_assignment_shape *shape, const void *x,
                               const void *centers, const void *weights, farro_assignment *out);

// middle[j]: the median of some centres' j-th coordinates that are finite, 0 where there is none or j is beyond d.
// ready: the centres less that, `pitch` apart; offsets: their squared norms, infinite for a centre with NaN, which is
// nearest to nothing.
void farro_assign_prepare(const assign_type *type, const farro_assignment_shape *shape, const void *centers,
                          size_t pitch, void *middle, void *ready, void *offsets);

// Elements between rows that are multiplied.
size_t farro_assign_pitch(const assign_type *type, size_t d);

static inline const void *element_at(const assign_type *t, const void *base, size_t element) {
  return (const char *)base + element * t->bytes;
}

static inline double value_at(const assign_type *t, const void *array, size_t i) {
  return t->bytes == 4 ? (double)((const float *)array)[i] : ((const double *)array)[i];
}

static inline void set_value(const assign_type *t, void *array, size_t i, double value) {
  if (t->bytes == 4)
    ((float *)array)[i] = (float)value;
  else
    ((double *)array)[i] = value;
}

#endif
