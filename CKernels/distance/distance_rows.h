// What the drivers of pairwise and of paired distances share: the choice of kernels, and panels of rows made ready.
#ifndef FARRO_DISTANCE_ROWS_H
#define FARRO_DISTANCE_ROWS_H

#include "include/distance.h"
#include "include/matmul.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

typedef enum distance_element { element_f32, element_f64, element_bf16, element_i8 } distance_element;

typedef struct distance_plan {
  const matmul_kernels *matmul;
  const distance_kernels *distance;
  low_precision_widen widen; // of rows that become f32 while they are packed, or NULL
  size_t element_bytes;      // of the rows; distances are of matmul->element_bytes
  size_t kernel;             // of distance_kernels
  double p;
  size_t d;
  double terms_per_nanosecond; // rough speed of one thread, to decide about waking others
} distance_plan;

// FARRO_ERROR_ARGUMENT for a metric that does not exist, or takes rows of another length.
farro_status farro_distance_plan(farro_distance distance, distance_element element, size_t d, distance_plan *plan);

// `base` and so many elements of the distances' type.
static inline void *farro_distance_at(const distance_plan *p, const void *base, size_t element) {
  return (char *)base + element * p->matmul->element_bytes;
}

// Packs rows first...first+used-1 of a matrix into a panel of `width` rows, zeros behind them, and prepares it.
void farro_distance_pack(const distance_plan *p, const void *matrix, size_t ld, size_t first, size_t used, size_t width,
                         bool prepared, void *panel, void *norms);

#endif
