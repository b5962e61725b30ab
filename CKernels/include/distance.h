// Distances between the rows of two matrices.
#ifndef FARRO_DISTANCE_H
#define FARRO_DISTANCE_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// x and y are rows of d elements; |x| is the Euclidean norm.
typedef enum farro_metric {
  FARRO_METRIC_EUCLIDEAN = 0,         // |x - y|
  FARRO_METRIC_SQUARED_EUCLIDEAN = 1, // |x - y|^2
  FARRO_METRIC_MANHATTAN = 2,         // sum |x_k - y_k|
  FARRO_METRIC_COSINE = 3,            // 1 - x.y / (|x| |y|), in [0, 2]; 1 when a row is zero, as in scikit-learn
  FARRO_METRIC_INNER_PRODUCT = 4,     // x.y, a similarity: larger is nearer
  FARRO_METRIC_COUNT = 5,
} farro_metric;

// "euclidean", "sqeuclidean", "manhattan", "cosine", "inner_product"; "unknown" for another value.
FARRO_API const char *farro_metric_name(farro_metric metric);

// out[i][j] = metric(row i of x, row j of y): x is (m, d), y is (n, d), out is (m, n), all row-major, with ldx, ldy and
// ld_out elements from one row to the next (at least d, d and n, else FARRO_ERROR_ARGUMENT). Sizes of 0 are legal.
// x and y may be the same memory; out must not overlap them. Pointers need only their element's alignment.
//
// Accumulates in the element type, with fused multiply-add where the instruction set has it. Error bounds to first
// order in u = 2^-24 (f32) or 2^-53 (f64), absent overflow and underflow of squares, for the exact value t:
//   squared Euclidean  both (2d + 4) u (|x|^2 + |y|^2) and (32d + 40) u t
//   Euclidean          (16d + 21) u t
//   Manhattan          (d + 1) u t
//   cosine             (2d + 8) u; for t < 1/16 also (d + 8) u sqrt(t) + (d + 4)^2 u^2; rows of any magnitude
//   inner product      (d + 3) u sum |x_k y_k|
// So nearly equal rows keep their digits however far they lie from the origin: equal rows are at distance exactly 0,
// unless they hold NaN or infinity (or are zero, for cosine). distance_kernels.h derives the bounds. The matrix of the
// distances of x to itself is exactly symmetric.
//
// NaN in a row makes all its distances NaN; infinity gives what the definitions above give, NaN for cosine.
// The result does not depend on the number of threads. O(m n d) time; work space O((min(m, 4096) + min(n, 4096)) d).
FARRO_API farro_status farro_pairwise_distances_f32(farro_metric metric, size_t m, size_t n, size_t d, const float *x,
                                                    size_t ldx, const float *y, size_t ldy, float *out, size_t ld_out);
FARRO_API farro_status farro_pairwise_distances_f64(farro_metric metric, size_t m, size_t n, size_t d, const double *x,
                                                    size_t ldx, const double *y, size_t ldy, double *out,
                                                    size_t ld_out);

// The same by plain loops, accumulated in double (long double for f64): the oracle of the tests.
FARRO_API farro_status farro_pairwise_distances_reference_f32(farro_metric metric, size_t m, size_t n, size_t d,
                                                              const float *x, size_t ldx, const float *y, size_t ldy,
                                                              float *out, size_t ld_out);
FARRO_API farro_status farro_pairwise_distances_reference_f64(farro_metric metric, size_t m, size_t n, size_t d,
                                                              const double *x, size_t ldx, const double *y, size_t ldy,
                                                              double *out, size_t ld_out);

#ifdef __cplusplus
}
#endif
#endif
