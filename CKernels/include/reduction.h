// Reductions over one axis.
//
// All of them read x once from memory, in O(outer axis inner) time, with work space below 4% of x where the axis is
// long (FARRO_ERROR_MEMORY when there is none). The axis is cut into blocks by the problem's size alone and their
// results are merged as a balanced tree, so results do not depend on the number of threads.
#ifndef FARRO_REDUCTION_H
#define FARRO_REDUCTION_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// x is (outer, axis, inner) and the result (outer, inner), both contiguous and row-major; they do not overlap. To
// reduce axis k of a tensor, outer is the product of the lengths before k and inner of those behind it. Any of them may
// be 0.
typedef struct farro_reduction_shape {
  size_t outer, axis, inner;
} farro_reduction_shape;

// The sum; 0 of an empty axis. Blocks of at most 4096 elements are summed in the element type, in many interleaved
// parts, where they must not overflow, and merged in double.
// With u = 2^-24 (f32) or 2^-53 (f64) and n = axis:
//   |sum - exact| <= (min(n, 270) + log2(n) u64 / u) u sum|x|,  u64 = 2^-53.
FARRO_API farro_status farro_sum_f32(const farro_reduction_shape *shape, const float *x, float *out);
FARRO_API farro_status farro_sum_f64(const farro_reduction_shape *shape, const double *x, double *out);

// The sum divided by the length, under the same bound divided by n; NaN of an empty axis.
FARRO_API farro_status farro_mean_f32(const farro_reduction_shape *shape, const float *x, float *out);
FARRO_API farro_status farro_mean_f64(const farro_reduction_shape *shape, const double *x, double *out);

// sum (x - mean)^2 / (n - correction): correction 0 is the population's variance, 1 the unbiased estimate (`ddof` in
// NumPy). NaN unless correction < n. Two passes over each block in cache, the second corrected for the rounding of the
// mean, so that the relative error stays below (min(n, 530) + log2(n) + 4) u however large the mean is against the
// deviation, as long as the x themselves carry it and neither the sum of a block nor a square overflows or underflows.
//
// Sources: T. Chan, G. Golub, R. LeVeque, "Algorithms for computing the sample variance", The American Statistician
// 37(3), 1983 (the corrected two-pass algorithm and the merging of blocks).
FARRO_API farro_status farro_variance_f32(const farro_reduction_shape *shape, double correction, const float *x,
                                          float *out);
FARRO_API farro_status farro_variance_f64(const farro_reduction_shape *shape, double correction, const double *x,
                                          double *out);

// The product; 1 of an empty axis. Multiplied in the element type in blocks of at most 4096 elements, merged in double:
//   |product - exact| <= 1.01 n u |exact|  for n = axis, n u <= 0.01,
// where no product of some of the elements overflows or underflows.
FARRO_API farro_status farro_product_f32(const farro_reduction_shape *shape, const float *x, float *out);
FARRO_API farro_status farro_product_f64(const farro_reduction_shape *shape, const double *x, double *out);

// The largest element, NaN if there is a NaN. FARRO_ERROR_ARGUMENT for an empty axis.
FARRO_API farro_status farro_max_f32(const farro_reduction_shape *shape, const float *x, float *out);
FARRO_API farro_status farro_max_f64(const farro_reduction_shape *shape, const double *x, double *out);

// The smallest element, NaN if there is a NaN. FARRO_ERROR_ARGUMENT for an empty axis.
FARRO_API farro_status farro_min_f32(const farro_reduction_shape *shape, const float *x, float *out);
FARRO_API farro_status farro_min_f64(const farro_reduction_shape *shape, const double *x, double *out);

// The position along the axis of the first largest (smallest) element, or of the first NaN if there is one.
// FARRO_ERROR_ARGUMENT for an empty axis.
FARRO_API farro_status farro_argmax_f32(const farro_reduction_shape *shape, const float *x, int64_t *out);
FARRO_API farro_status farro_argmax_f64(const farro_reduction_shape *shape, const double *x, int64_t *out);

FARRO_API farro_status farro_argmin_f32(const farro_reduction_shape *shape, const float *x, int64_t *out);
FARRO_API farro_status farro_argmin_f64(const farro_reduction_shape *shape, const double *x, int64_t *out);

// Whether any byte is not 0; whether none is 0. The answers are 0 or 1; of an empty axis 0 (any) and 1 (all). Rows are
// read only as far as the answer needs, in steps of 64 KiB.
FARRO_API farro_status farro_any_u8(const farro_reduction_shape *shape, const uint8_t *x, uint8_t *out);
FARRO_API farro_status farro_all_u8(const farro_reduction_shape *shape, const uint8_t *x, uint8_t *out);

// The same by plain loops, accumulated in double (long double for f64): the oracles of the tests.
FARRO_API farro_status farro_sum_reference_f32(const farro_reduction_shape *shape, const float *x, float *out);
FARRO_API farro_status farro_sum_reference_f64(const farro_reduction_shape *shape, const double *x, double *out);
FARRO_API farro_status farro_mean_reference_f32(const farro_reduction_shape *shape, const float *x, float *out);
FARRO_API farro_status farro_mean_reference_f64(const farro_reduction_shape *shape, const double *x, double *out);
FARRO_API farro_status farro_variance_reference_f32(const farro_reduction_shape *shape, double correction,
                                                    const float *x, float *out);
FARRO_API farro_status farro_variance_reference_f64(const farro_reduction_shape *shape, double correction,
                                                    const double *x, double *out);
FARRO_API farro_status farro_max_reference_f32(const farro_reduction_shape *shape, const float *x, float *out);
FARRO_API farro_status farro_max_reference_f64(const farro_reduction_shape *shape, const double *x, double *out);
FARRO_API farro_status farro_argmax_reference_f32(const farro_reduction_shape *shape, const float *x, int64_t *out);
FARRO_API farro_status farro_argmax_reference_f64(const farro_reduction_shape *shape, const double *x, int64_t *out);
FARRO_API farro_status farro_product_reference_f32(const farro_reduction_shape *shape, const float *x, float *out);
FARRO_API farro_status farro_product_reference_f64(const farro_reduction_shape *shape, const double *x, double *out);
FARRO_API farro_status farro_min_reference_f32(const farro_reduction_shape *shape, const float *x, float *out);
FARRO_API farro_status farro_min_reference_f64(const farro_reduction_shape *shape, const double *x, double *out);
FARRO_API farro_status farro_argmin_reference_f32(const farro_reduction_shape *shape, const float *x, int64_t *out);
FARRO_API farro_status farro_argmin_reference_f64(const farro_reduction_shape *shape, const double *x, int64_t *out);
FARRO_API farro_status farro_any_reference_u8(const farro_reduction_shape *shape, const uint8_t *x, uint8_t *out);
FARRO_API farro_status farro_all_reference_u8(const farro_reduction_shape *shape, const uint8_t *x, uint8_t *out);

#ifdef __cplusplus
}
#endif
#endif
