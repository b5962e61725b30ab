// What the driver of logistic regression needs of one instruction set and element type. Margins z are kept by class,
// `pitch` elements from one class to the next; pitch is a multiple of 16 and at least the rows of a block.
#ifndef FARRO_LINEAR_MODELS_LOGISTIC_H
#define FARRO_LINEAR_MODELS_LOGISTIC_H

#include "runtime.h"

enum {
  logistic_most_rows = 512, // of a block: as many are summed in the element type
  logistic_row_unit = 16,   // a block's rows, in whole vectors of any width
};

typedef struct logistic_kernels {
  size_t element_bytes;
  // z[c][i] = w[c].x[i] + offsets[c]; w is (k, ldw). What lies behind the rows, up to a multiple of 4, is overwritten.
  void (*margins)(size_t rows, size_t d, size_t k, const void *x, size_t ldx, const void *w, size_t ldw,
                  const void *offsets, void *z, size_t pitch);
  // The same for rows first...first+rows-1 in compressed form; w is (d, k).
  void (*sparse_margins)(size_t rows, size_t k, const int64_t *offsets, const int32_t *indices, const void *values,
                         const void *w, const void *intercepts, void *z, size_t pitch);
  // Makes of margins the derivatives of the losses times the rows' weights (NULL: 1), and 0 behind the rows, up to
  // whole vectors. Returns the sum of the weighted losses. k = 1: two classes.
  double (*residuals)(size_t rows, size_t k, const int32_t *labels, const double *weights, void *z, size_t pitch);
  // g[c][j] += sum_i z[c][i] x[i][j]; g[c][d] += sum_i z[c][i]. g is (k, d + 1).
  void (*gradient)(size_t rows, size_t d, size_t k, const void *x, size_t ldx, const void *z, size_t pitch, double *g);
  // The same for rows in compressed form; g is (d + 1, k).
  void (*sparse_gradient)(size_t rows, size_t d, size_t k, const int64_t *offsets, const int32_t *indices,
                          const void *values, const void *z, size_t pitch, double *g);
} logistic_kernels;

#endif
