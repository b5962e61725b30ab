// Softmax, log-softmax and log-sum-exp along an axis, and their gradients.
//
// A tensor is (outer, axis, inner), contiguous and row-major: outer is the product of the lengths before the axis and
// inner of those behind it; inner = 1 stands for rows. Results have the shape of x, log-sum-exp's (outer, inner).
// Pointers need only their element's alignment. A result may be x itself, or for a gradient any operand of its shape
// (in place); otherwise it must not overlap an operand. Sizes of 0 are legal. No result depends on the number of
// threads. bf16 crosses as uint16_t, is computed in float and rounded once.
//
// v stands for x / temperature + bias where an element is kept, and for -infinity where it is not.
//
// In the error bounds u = 2^-24 (f32, bf16) or 2^-53 (f64); t is the smallest normal number; h = min(axis, 4096) / 8 +
// 8 along rows and min(axis, 64) + 4 down columns (inner > 1), to which f64 adds axis / 64: sums run in the element
// type over blocks that are added in double. Of the elements of one sum, d = max(v) - v, D is the greatest finite d
// below 104 (f32) or 746 (f64), and V is 0 without options and otherwise the greatest |x / temperature| + |bias| of a
// finite v. A result in bf16 has besides 2^-8 of its magnitude for its rounding.
//
// An output too large for the caches is written past them when that is faster than through them.
#ifndef FARRO_SOFTMAX_H
#define FARRO_SOFTMAX_H

#include "reduction.h"
#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// What happens to x first. NULL in its place stands for a temperature of 1 and no masks.
//
// Both masks have the layout of x within each of `outer`, (axis, inner). The mask for number i begins at i times its
// stride: axis * inner for a mask as large as x, 0 for one that all share. With `..._blocks`, of `outer` elements, it
// begins at blocks[i] times the stride, so that a mask may repeat in any order.
typedef struct farro_softmax_options {
  double temperature;  // above 0, else FARRO_ERROR_ARGUMENT
  const void *bias;    // of the type of x, added to x / temperature; -infinity is allowed; NULL: nothing
  const uint8_t *keep; // not 0: kept; 0: left out, as if it were not there; NULL: all are kept
  size_t bias_stride, keep_stride;
  const size_t *bias_blocks, *keep_blocks; // NULL: 0, 1, 2 ...
} farro_softmax_options;

// y = exp(v - max(v)) / sum exp(v - max(v)).
//
// An element that is left out gives 0, and what it is does not matter; so does each of a row or column of which nothing
// is kept. Of those kept, -infinity gives 0; where they are nothing but -infinity, or where NaN or +infinity is among
// them, all of the row or column becomes NaN.
//   |y - exact| <= (d + D + 6 V + h + 8) u y + t.
// O(outer axis inner): one pass over memory, and a second one only where a row, or 256 bytes of each element of a
// column, exceed the L2 cache. Work space for them in the L2 cache at most; without it, exponentials are taken twice.
//
// Source for the latter: M. Milakov, N. Gimelshein, "Online normalizer calculation for softmax", arXiv:1805.02867,
// 2018.
FARRO_API farro_status farro_softmax_axis_f32(const farro_reduction_shape *shape, const farro_softmax_options *options,
                                              const float *x, float *y);
FARRO_API farro_status farro_softmax_axis_f64(const farro_reduction_shape *shape, const farro_softmax_options *options,
                                              const double *x, double *y);
FARRO_API farro_status farro_softmax_axis_bf16(const farro_reduction_shape *shape, const farro_softmax_options *options,
                                               const uint16_t *x, uint16_t *y);

// The same without options for the rows of a matrix, (rows, columns), with `x_row` and `y_row` elements from one row to
// the next (at least `columns`, else FARRO_ERROR_ARGUMENT). In place, y_row = x_row.
FARRO_API farro_status farro_softmax_f32(size_t rows, size_t columns, const float *x, size_t x_row, float *y,
                                         size_t y_row);
FARRO_API farro_status farro_softmax_f64(size_t rows, size_t columns, const double *x, size_t x_row, double *y,
                                         size_t y_row);
FARRO_API farro_status farro_softmax_bf16(size_t rows, size_t columns, const uint16_t *x, size_t x_row, uint16_t *y,
                                          size_t y_row);

// y = v - max(v) - log sum exp(v - max(v)), the logarithm of softmax, which does not underflow.
//
// An element that is left out, and -infinity, give -infinity; otherwise as softmax, with -infinity for its 0.
//   |y - exact| <= (D + 6 V + h + 12) u + 3 u |y|.
// O(outer axis inner): one pass over memory, two as above.
FARRO_API farro_status farro_log_softmax_f32(const farro_reduction_shape *shape, const farro_softmax_options *options,
                                             const float *x, float *y);
FARRO_API farro_status farro_log_softmax_f64(const farro_reduction_shape *shape, const farro_softmax_options *options,
                                             const double *x, double *y);
FARRO_API farro_status farro_log_softmax_bf16(const farro_reduction_shape *shape, const farro_softmax_options *options,
                                              const uint16_t *x, uint16_t *y);

// y = log sum exp(v), of the shape (outer, inner): -infinity of nothing and of nothing but -infinity; +infinity if one
// is +infinity; NaN if one that is kept is NaN.
//   |y - exact| <= (D + 6 V + h + 12) u + 2 u |y|.
// O(outer axis inner): one pass over memory.
FARRO_API farro_status farro_log_sum_exp_f32(const farro_reduction_shape *shape, const farro_softmax_options *options,
                                             const float *x, float *y);
FARRO_API farro_status farro_log_sum_exp_f64(const farro_reduction_shape *shape, const farro_softmax_options *options,
                                             const double *x, double *y);
FARRO_API farro_status farro_log_sum_exp_bf16(const farro_reduction_shape *shape, const farro_softmax_options *options,
                                              const uint16_t *x, uint16_t *y);

// ---- gradients: from y and the gradient of it to the gradient of x ----

// Of softmax: grad_x = (grad_y - sum grad_y y) y / temperature, which is 0 where an element was left out.
//   |grad_x - exact| <= ((h + 4) u sum |grad_y y| + 4 u |grad_y|) |y| / temperature + t.
// O(outer axis inner): one pass over memory, two over each row in cache.
FARRO_API farro_status farro_softmax_backward_f32(const farro_reduction_shape *shape, double temperature,
                                                  const float *y, const float *grad_y, float *grad_x);
FARRO_API farro_status farro_softmax_backward_f64(const farro_reduction_shape *shape, double temperature,
                                                  const double *y, const double *grad_y, double *grad_x);
FARRO_API farro_status farro_softmax_backward_bf16(const farro_reduction_shape *shape, double temperature,
                                                   const uint16_t *y, const uint16_t *grad_y, uint16_t *grad_x);

// Of log-softmax: grad_x = (grad_y - exp(y) sum grad_y) / temperature. Where y is -infinity, x has no influence: grad_x
// is 0 there, and grad_y does not count.
//   |grad_x - exact| <= ((h + 6) u exp(y) sum |grad_y| + 4 u |grad_y|) / temperature + t.
// O(outer axis inner): one pass over memory, two over each row in cache.
FARRO_API farro_status farro_log_softmax_backward_f32(const farro_reduction_shape *shape, double temperature,
                                                      const float *y, const float *grad_y, float *grad_x);
FARRO_API farro_status farro_log_softmax_backward_f64(const farro_reduction_shape *shape, double temperature,
                                                      const double *y, const double *grad_y, double *grad_x);
FARRO_API farro_status farro_log_softmax_backward_bf16(const farro_reduction_shape *shape, double temperature,
                                                       const uint16_t *y, const uint16_t *grad_y, uint16_t *grad_x);

// Of log-sum-exp: grad_x = exp(v - y) grad_y / temperature, with y and grad_y of the shape (outer, inner). Where y is
// -infinity, grad_x is 0.
//   |grad_x - exact| <= (|v - y| + 6 V + 6) u |grad_x| + t.
// O(outer axis inner), one pass over memory.
FARRO_API farro_status farro_log_sum_exp_backward_f32(const farro_reduction_shape *shape,
                                                      const farro_softmax_options *options, const float *x,
                                                      const float *y, const float *grad_y, float *grad_x);
FARRO_API farro_status farro_log_sum_exp_backward_f64(const farro_reduction_shape *shape,
                                                      const farro_softmax_options *options, const double *x,
                                                      const double *y, const double *grad_y, double *grad_x);
FARRO_API farro_status farro_log_sum_exp_backward_bf16(const farro_reduction_shape *shape,
                                                       const farro_softmax_options *options, const uint16_t *x,
                                                       const uint16_t *y, const uint16_t *grad_y, uint16_t *grad_x);

// The same as their definitions read, accumulated in double (long double for f64): the oracles of the tests.
FARRO_API farro_status farro_softmax_reference_f32(const farro_reduction_shape *shape,
                                                   const farro_softmax_options *options, const float *x, float *y);
FARRO_API farro_status farro_softmax_reference_f64(const farro_reduction_shape *shape,
                                                   const farro_softmax_options *options, const double *x, double *y);
FARRO_API farro_status farro_log_softmax_reference_f32(const farro_reduction_shape *shape,
                                                       const farro_softmax_options *options, const float *x, float *y);
FARRO_API farro_status farro_log_softmax_reference_f64(const farro_reduction_shape *shape,
                                                       const farro_softmax_options *options, const double *x,
                                                       double *y);
FARRO_API farro_status farro_log_sum_exp_reference_f32(const farro_reduction_shape *shape,
                                                       const farro_softmax_options *options, const float *x, float *y);
FARRO_API farro_status farro_log_sum_exp_reference_f64(const farro_reduction_shape *shape,
                                                       const farro_softmax_options *options, const double *x,
                                                       double *y);
FARRO_API farro_status farro_softmax_backward_reference_f32(const farro_reduction_shape *shape, double temperature,
                                                            const float *y, const float *grad_y, float *grad_x);
FARRO_API farro_status farro_softmax_backward_reference_f64(const farro_reduction_shape *shape, double temperature,
                                                            const double *y, const double *grad_y, double *grad_x);
FARRO_API farro_status farro_log_softmax_backward_reference_f32(const farro_reduction_shape *shape, double temperature,
                                                                const float *y, const float *grad_y, float *grad_x);
FARRO_API farro_status farro_log_softmax_backward_reference_f64(const farro_reduction_shape *shape, double temperature,
                                                                const double *y, const double *grad_y, double *grad_x);
FARRO_API farro_status farro_log_sum_exp_backward_reference_f32(const farro_reduction_shape *shape,
                                                                const farro_softmax_options *options, const float *x,
                                                                const float *y, const float *grad_y, float *grad_x);
FARRO_API farro_status farro_log_sum_exp_backward_reference_f64(const farro_reduction_shape *shape,
                                                                const farro_softmax_options *options, const double *x,
                                                                const double *y, const double *grad_y, double *grad_x);

#ifdef __cplusplus
}
#endif
#endif
