// Distances between rows of sparse matrices, and sparse matrices times dense ones.
//
// A matrix in compressed sparse rows: row r has the elements `values` and their columns `indices` from offsets[r] to
// before offsets[r + 1]; all others are 0. Columns ascend strictly within a row and are below `columns`, offsets
// ascend: the functions do not check that. Explicit zeros are legal. Results must not overlap operands. Sizes of 0 are
// legal.
//
// Metrics are Euclidean, squared Euclidean, Manhattan, cosine and inner product; another is FARRO_ERROR_ARGUMENT, and
// so is a distance between rows (ldy, ld_out) shorter than a row. Results are those of the same rows written out: NaN
// or infinity meets every element of the other row. They do not depend on the number of threads.
//
// Error bounds to first order in u = 2^-24 (f32) or 2^-53 (f64), absent overflow and underflow of squares and products,
// for the exact value t and N elements in both rows together:
//   squared Euclidean  (32N + 40) u t
//   Euclidean          (16N + 21) u t
//   Manhattan          (32N + 80) u t
//   cosine             (2N + 8) u; for t < 1/16 also (N + 8) u sqrt(t) + (N + 4)^2 u^2; 1 if a row is zero. Rows of f32
//                      may be of any magnitude
//   inner product      (N + 3) u sum |x_k y_k|
#ifndef FARRO_SPARSE_DISTANCE_H
#define FARRO_SPARSE_DISTANCE_H

#include "distance.h"
#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_csr_f32 {
  size_t rows, columns;
  const int64_t *offsets; // rows + 1
  const int32_t *indices;
  const float *values;
} farro_csr_f32;

typedef struct farro_csr_f64 {
  size_t rows, columns;
  const int64_t *offsets; // rows + 1
  const int32_t *indices;
  const double *values;
} farro_csr_f64;

// out[i][j]: the distance between row i of x and row j of y, which have as many columns. Rows of y are written out side
// by side, some at a time, in the columns that they use: O(elements of x * rows of y / vector length) for rows that are
// not nearly equal. Work space O(threads (columns + elements of 32 rows of y)).
FARRO_API farro_status farro_sparse_distances_f32(farro_metric metric, const farro_csr_f32 *x, const farro_csr_f32 *y,
                                                  float *out, size_t ld_out);
FARRO_API farro_status farro_sparse_distances_f64(farro_metric metric, const farro_csr_f64 *x, const farro_csr_f64 *y,
                                                  double *out, size_t ld_out);

// The same against the rows of a dense y (n, columns of x), ldy elements apart; N counts all of their elements.
FARRO_API farro_status farro_sparse_dense_distances_f32(farro_metric metric, const farro_csr_f32 *x, size_t n,
                                                        const float *y, size_t ldy, float *out, size_t ld_out);
FARRO_API farro_status farro_sparse_dense_distances_f64(farro_metric metric, const farro_csr_f64 *x, size_t n,
                                                        const double *y, size_t ldy, double *out, size_t ld_out);

// out[i]: the distance between row i of x and row i of y, of as many rows and columns. O(elements).
FARRO_API farro_status farro_sparse_paired_distances_f32(farro_metric metric, const farro_csr_f32 *x,
                                                         const farro_csr_f32 *y, float *out);
FARRO_API farro_status farro_sparse_paired_distances_f64(farro_metric metric, const farro_csr_f64 *x,
                                                         const farro_csr_f64 *y, double *out);

// out (rows of x, n) = x times the dense y (columns of x, n), rows ldy and ld_out elements apart. What a row of x does
// not hold does not meet y. Error (N + 1) u sum |x_k y_k|, N elements in the row of x. O(elements n).
FARRO_API farro_status farro_sparse_matmul_f32(const farro_csr_f32 *x, size_t n, const float *y, size_t ldy, float *out,
                                               size_t ld_out);
FARRO_API farro_status farro_sparse_matmul_f64(const farro_csr_f64 *x, size_t n, const double *y, size_t ldy,
                                               double *out, size_t ld_out);

// The same of rows written out one by one, in double (long double for f64): the oracles of the tests.
FARRO_API farro_status farro_sparse_distances_reference_f32(farro_metric metric, const farro_csr_f32 *x,
                                                            const farro_csr_f32 *y, float *out, size_t ld_out);
FARRO_API farro_status farro_sparse_distances_reference_f64(farro_metric metric, const farro_csr_f64 *x,
                                                            const farro_csr_f64 *y, double *out, size_t ld_out);

#ifdef __cplusplus
}
#endif
#endif
