// Distances between the rows of two matrices.
#ifndef FARRO_DISTANCE_H
#define FARRO_DISTANCE_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// x and y are rows of d elements; |x| is the Euclidean norm. Quotients of 0 by 0 are NaN unless said otherwise, and all
// is as SciPy's cdist has it (cosine, inner_product, hellinger, haversine: as scikit-learn, or as defined here).
typedef enum farro_metric {
  FARRO_METRIC_EUCLIDEAN = 0,         // |x - y|
  FARRO_METRIC_SQUARED_EUCLIDEAN = 1, // |x - y|^2
  FARRO_METRIC_MANHATTAN = 2,         // sum |x_k - y_k|
  FARRO_METRIC_COSINE = 3,            // 1 - x.y / (|x| |y|), in [0, 2]; 1 when a row is zero, as in scikit-learn
  FARRO_METRIC_INNER_PRODUCT = 4,     // x.y, a similarity: larger is nearer
  FARRO_METRIC_CHEBYSHEV = 5,         // max |x_k - y_k|
  FARRO_METRIC_MINKOWSKI = 6,         // (sum |x_k - y_k|^p)^(1/p) for p > 0; Chebyshev's for infinite p
  FARRO_METRIC_CORRELATION = 7,       // cosine of x - mean(x) and y - mean(y); NaN when a row is constant
  FARRO_METRIC_CANBERRA = 8,          // sum |x_k - y_k| / (|x_k| + |y_k|), where 0 / 0 counts as 0
  FARRO_METRIC_BRAY_CURTIS = 9,       // sum |x_k - y_k| / sum |x_k + y_k|
  FARRO_METRIC_HELLINGER = 10,        // |sqrt(x) - sqrt(y)| / sqrt(2), of the rows as they are
  // sqrt((sum p_k log(p_k / m_k) + q_k log(q_k / m_k)) / 2) with p = x / sum(x), q = y / sum(y), m = (p + q) / 2 and
  // 0 log 0 = 0; infinite when a row has a negative coordinate or sums to 0
  FARRO_METRIC_JENSEN_SHANNON = 11,
  // d = 2, latitude and longitude in radians; the angle between them on the sphere, in radians:
  // 2 asin sqrt(sin^2((x_1 - y_1) / 2) + cos x_1 cos y_1 sin^2((x_2 - y_2) / 2))
  FARRO_METRIC_HAVERSINE = 12,
  FARRO_METRIC_COUNT = 13,
} farro_metric;

typedef struct farro_distance {
  farro_metric metric;
  double p; // of Minkowski's; the others ignore it
} farro_distance;

// SciPy's and scikit-learn's: "euclidean", "sqeuclidean", "manhattan", "cosine", "inner_product", "chebyshev",
// "minkowski", "correlation", "canberra", "braycurtis", "hellinger", "jensenshannon", "haversine"; "unknown" for
// another value.
FARRO_API const char *farro_metric_name(farro_metric metric);

// out[i][j] = distance(row i of x, row j of y): x is (m, d), y is (n, d), out is (m, n), all row-major, with ldx, ldy
// and ld_out elements from one row to the next (at least d, d and n). Sizes of 0 are legal. x and y may be the same
// memory; out must not overlap them. Pointers need only their element's alignment. FARRO_ERROR_ARGUMENT: a stride too
// small, sizes that cannot exist, no such metric, p that is not above 0, haversine where d is not 2.
//
// Rows of bf16 (as uint16_t) and of 8-bit integers become f32, exactly, while they are packed: of all that follows,
// what is said of f32 holds for them. Sums of integers are exact while they stay below 2^24: squared Euclidean
// distances for d to 258, inner products for d to 1024.
//
// Accumulates in the element type (f32 for bf16 and i8), with fused multiply-add where the instruction set has it.
// Error bounds to first order in u = 2^-24 (f32) or 2^-53 (f64), absent overflow and underflow of squares, sums and
// terms, for the exact value t:
//   squared Euclidean  both (2d + 4) u (|x|^2 + |y|^2) and (32d + 40) u t
//   Euclidean          (16d + 21) u t
//   Manhattan          (d + 1) u t
//   cosine             (2d + 8) u; for t < 1/16 also (d + 8) u sqrt(t) + (d + 4)^2 u^2; rows of any magnitude
//   inner product      (d + 3) u sum |x_k y_k|
//   Chebyshev          u t
//   Minkowski          ((3d + 12) / p + 12) u t, and Euclidean for p = 2; other powers neither overflow nor vanish
//   correlation        (2d + 24) u; for t < 1/16 also (d + 24) u sqrt(t) + (d + 12)^2 u^2; while d u |x| is below
//                      |x - mean(x)|, and so for y
//   Canberra           (d + 3) u t
//   Bray-Curtis        (2d + 3) u t
//   Hellinger          (16d + 22) u t + u (sqrt(sum x) + sqrt(sum y))
//   Jensen-Shannon     (d/2 + 24) u t + (d + 2) u
//   haversine          both 10 u t + u (|x_1 - y_1| + |x_2 - y_2| + 24 sin(t/2)) / cos(t/2) and 16 sqrt(u), for
//                      latitudes within a quarter turn and longitudes within half a turn of 0
// So nearly equal rows keep their digits however far they lie from the origin: equal rows are at distance exactly 0,
// unless they hold NaN or infinity (or are zero, for cosine, Bray-Curtis and Jensen-Shannon, or constant, for
// correlation). distance_kernels.h and term_kernels.h derive the bounds. The matrix of the distances of x to itself is
// exactly symmetric.
//
// NaN in a row makes all its distances NaN; infinity gives what the definitions above give, NaN where they subtract or
// divide infinities, as those of angles do.
// The result does not depend on the number of threads. O(m n d) time; work space O((min(m, 4096) + min(n, 4096)) d).
FARRO_API farro_status farro_pairwise_distances_f32(farro_distance distance, size_t m, size_t n, size_t d,
                                                    const float *x, size_t ldx, const float *y, size_t ldy, float *out,
                                                    size_t ld_out);
FARRO_API farro_status farro_pairwise_distances_f64(farro_distance distance, size_t m, size_t n, size_t d,
                                                    const double *x, size_t ldx, const double *y, size_t ldy,
                                                    double *out, size_t ld_out);
FARRO_API farro_status farro_pairwise_distances_bf16(farro_distance distance, size_t m, size_t n, size_t d,
                                                     const uint16_t *x, size_t ldx, const uint16_t *y, size_t ldy,
                                                     float *out, size_t ld_out);
FARRO_API farro_status farro_pairwise_distances_i8(farro_distance distance, size_t m, size_t n, size_t d,
                                                   const int8_t *x, size_t ldx, const int8_t *y, size_t ldy, float *out,
                                                   size_t ld_out);

// out[i] = distance(row i of x, row i of y): x and y are (m, d), out is (m), contiguous. In all else as above, with the
// same bounds (bits may differ). O(m d) time; work space O(d) for each thread.
FARRO_API farro_status farro_paired_distances_f32(farro_distance distance, size_t m, size_t d, const float *x,
                                                  size_t ldx, const float *y, size_t ldy, float *out);
FARRO_API farro_status farro_paired_distances_f64(farro_distance distance, size_t m, size_t d, const double *x,
                                                  size_t ldx, const double *y, size_t ldy, double *out);
FARRO_API farro_status farro_paired_distances_bf16(farro_distance distance, size_t m, size_t d, const uint16_t *x,
                                                   size_t ldx, const uint16_t *y, size_t ldy, float *out);
FARRO_API farro_status farro_paired_distances_i8(farro_distance distance, size_t m, size_t d, const int8_t *x,
                                                 size_t ldx, const int8_t *y, size_t ldy, float *out);

// The same by plain loops, accumulated in double (long double for f64): the oracle of the tests.
FARRO_API farro_status farro_pairwise_distances_reference_f32(farro_distance distance, size_t m, size_t n, size_t d,
                                                              const float *x, size_t ldx, const float *y, size_t ldy,
                                                              float *out, size_t ld_out);
FARRO_API farro_status farro_pairwise_distances_reference_f64(farro_distance distance, size_t m, size_t n, size_t d,
                                                              const double *x, size_t ldx, const double *y, size_t ldy,
                                                              double *out, size_t ld_out);
FARRO_API farro_status farro_pairwise_distances_reference_bf16(farro_distance distance, size_t m, size_t n, size_t d,
                                                               const uint16_t *x, size_t ldx, const uint16_t *y,
                                                               size_t ldy, float *out, size_t ld_out);
FARRO_API farro_status farro_pairwise_distances_reference_i8(farro_distance distance, size_t m, size_t n, size_t d,
                                                             const int8_t *x, size_t ldx, const int8_t *y, size_t ldy,
                                                             float *out, size_t ld_out);
FARRO_API farro_status farro_paired_distances_reference_f32(farro_distance distance, size_t m, size_t d, const float *x,
                                                            size_t ldx, const float *y, size_t ldy, float *out);
FARRO_API farro_status farro_paired_distances_reference_f64(farro_distance distance, size_t m, size_t d,
                                                            const double *x, size_t ldx, const double *y, size_t ldy,
                                                            double *out);
FARRO_API farro_status farro_paired_distances_reference_bf16(farro_distance distance, size_t m, size_t d,
                                                             const uint16_t *x, size_t ldx, const uint16_t *y,
                                                             size_t ldy, float *out);
FARRO_API farro_status farro_paired_distances_reference_i8(farro_distance distance, size_t m, size_t d, const int8_t *x,
                                                           size_t ldx, const int8_t *y, size_t ldy, float *out);

#ifdef __cplusplus
}
#endif
#endif
