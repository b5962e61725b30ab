// Data made ready for rows of K: groups of rows, packed as the right side of a product.
#ifndef FARRO_SVM_DATA_H
#define FARRO_SVM_DATA_H

#include "include/matmul.h"
#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

// Rows first...first + count - 1 in the order of the data; a piece belongs to one group.
typedef struct svm_piece {
  size_t first, count;
  farro_packed_matrix *packed; // d x count; NULL where d is 0, or the kernel is custom
} svm_piece;

typedef struct svm_rows {
  const svm_kernels *kernels;
  const svm_solver_kernels *solver;
  size_t element_bytes;
  const farro_svm_data *data;
  const void *x;
  const farro_svm_function *function;
  void *mean;  // d, of x's type
  void *norms; // n, of x's type, in the order of the data
  size_t pieces;
  svm_piece *piece;
  size_t *first_piece; // groups + 1
} svm_rows;

enum { svm_piece_rows = 1024 };

// How values of K are written: row i of the block, columns first...first+columns-1 of its product.
typedef struct svm_block_rows {
  const svm_rows *rows;
  const void *products_norms; // squared norms of the block's rows, of x's type
  size_t piece_first;
  void *const *to; // where each row's values for the piece begin
  bool is_exact;   // values of x's type, else float
} svm_block_rows;

farro_status svm_check(const farro_svm_data *data, const farro_svm_function *function);
farro_status svm_prepare(const farro_svm_data *data, const void *x, bool is_wide, const farro_svm_function *function,
                         svm_rows *rows);
void svm_release(svm_rows *rows);

// The number of a row in x.
static inline size_t svm_row(const farro_svm_data *data, size_t place) {
  return data->order ? data->order[place] : place;
}

static inline double svm_norm(const svm_rows *rows, const void *norms, size_t i) {
  return rows->element_bytes == 8 ? ((const double *)norms)[i] : (double)((const float *)norms)[i];
}
static inline void svm_set(const svm_rows *rows, void *array, size_t i, double value) {
  if (rows->element_bytes == 8)
    ((double *)array)[i] = value;
  else
    ((float *)array)[i] = (float)value;
}

// Values of `count` centred rows, at `from`, against a piece.
farro_status svm_values(const svm_rows *rows, const svm_piece *piece, size_t count, const void *from, const void *norms,
                        void *const *to, bool is_exact);

#endif
