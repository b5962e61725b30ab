// Scans along one axis: every partial sum, product, maximum or minimum.
//
// x and out are (outer, axis, inner) as in reduction.h, both contiguous; out may be x, and does not overlap it
// otherwise. Any length may be 0. O(outer axis inner). The axis is cut into blocks by the problem's size alone, and
// what comes before a block is summed in the order of the blocks, so results do not depend on the number of threads
// (which NaN a NaN is may).
#ifndef FARRO_SCAN_H
#define FARRO_SCAN_H

#include "reduction.h"

#ifdef __cplusplus
extern "C" {
#endif

// The result at k is that of x at 0 ... k; with `exclusive` of 0 ... k - 1, which is the result of an empty axis at
// k = 0: 0, 1, -infinity, infinity. With `reverse` it is that of k ... axis - 1, or k + 1 ... axis - 1. (As ONNX's
// CumSum.)
typedef struct farro_scan_options {
  bool reverse, exclusive;
} farro_scan_options;

// Sums. Blocks of at most 1024 elements are summed in the element type, where they must not overflow; what comes before
// them is carried in two doubles. With u = 2^-24 (f32) or 2^-53 (f64) and |x| summed up to the result's own element:
//   |sum - exact| <= min(n, 530) u sum|x| + 2 u |exact|  for n elements before it,
// whatever the length of the axis: cumulative sums of 10^8 ones are exact as far as their type goes. A zero may lose
// its sign. From an infinity on, sums are infinite or NaN; from a NaN on they are NaN.
FARRO_API farro_status farro_cumulative_sum_f32(const farro_reduction_shape *shape, farro_scan_options options,
                                                const float *x, float *out);
FARRO_API farro_status farro_cumulative_sum_f64(const farro_reduction_shape *shape, farro_scan_options options,
                                                const double *x, double *out);

// Products: |product - exact| <= 1.01 (n + 2) u |exact| for n factors, n u <= 0.01, where no product of some of
// the elements overflows or underflows.
FARRO_API farro_status farro_cumulative_product_f32(const farro_reduction_shape *shape, farro_scan_options options,
                                                    const float *x, float *out);
FARRO_API farro_status farro_cumulative_product_f64(const farro_reduction_shape *shape, farro_scan_options options,
                                                    const double *x, double *out);

// Maxima and minima: exact; NaN from the first NaN on.
FARRO_API farro_status farro_cumulative_max_f32(const farro_reduction_shape *shape, farro_scan_options options,
                                                const float *x, float *out);
FARRO_API farro_status farro_cumulative_max_f64(const farro_reduction_shape *shape, farro_scan_options options,
                                                const double *x, double *out);
FARRO_API farro_status farro_cumulative_min_f32(const farro_reduction_shape *shape, farro_scan_options options,
                                                const float *x, float *out);
FARRO_API farro_status farro_cumulative_min_f64(const farro_reduction_shape *shape, farro_scan_options options,
                                                const double *x, double *out);

// The same by plain loops, accumulated in double (long double for f64): the oracles of the tests.
FARRO_API farro_status farro_cumulative_sum_reference_f32(const farro_reduction_shape *shape,
                                                          farro_scan_options options, const float *x, float *out);
FARRO_API farro_status farro_cumulative_sum_reference_f64(const farro_reduction_shape *shape,
                                                          farro_scan_options options, const double *x, double *out);
FARRO_API farro_status farro_cumulative_product_reference_f32(const farro_reduction_shape *shape,
                                                              farro_scan_options options, const float *x, float *out);
FARRO_API farro_status farro_cumulative_product_reference_f64(const farro_reduction_shape *shape,
                                                              farro_scan_options options, const double *x, double *out);
FARRO_API farro_status farro_cumulative_max_reference_f32(const farro_reduction_shape *shape,
                                                          farro_scan_options options, const float *x, float *out);
FARRO_API farro_status farro_cumulative_max_reference_f64(const farro_reduction_shape *shape,
                                                          farro_scan_options options, const double *x, double *out);
FARRO_API farro_status farro_cumulative_min_reference_f32(const farro_reduction_shape *shape,
                                                          farro_scan_options options, const float *x, float *out);
FARRO_API farro_status farro_cumulative_min_reference_f64(const farro_reduction_shape *shape,
                                                          farro_scan_options options, const double *x, double *out);

#ifdef __cplusplus
}
#endif
#endif
