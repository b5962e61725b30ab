// Pooling: the largest element or the mean of each window of an image, and the gradients.
//
// Images are planes of (rows.length, columns.length), one behind another, contiguous and row-major: `planes` is batch
// times channels, and a sequence is an image of height 1. A window as large as the plane, without padding, pools it to
// one number (global pooling), on a path of its own.
//
// All functions give the same bits for any number of threads. Results do not share memory with operands
// (FARRO_ERROR_ARGUMENT). O(planes outputs window) time.
#ifndef FARRO_POOLING_H
#define FARRO_POOLING_H

#include "convolution.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_pooling_shape {
  size_t planes;
  farro_window rows, columns;
  bool ceiling; // the last window may reach beyond the padding
} farro_pooling_shape;

// y, (planes, outputs of rows, outputs of columns), gets the largest element of each window and `indices`, of the same
// shape, or NULL, its first position within its plane. NaN is larger than all numbers. A window that meets padding
// alone gives -infinity and the index -1. Exact. With `indices`, a window that does not fill its plane has rows and
// columns (as many as size times dilation) of less than 2^30 elements in all (FARRO_ERROR_ARGUMENT).
FARRO_API farro_status farro_max_pool_f32(const farro_pooling_shape *shape, const float *x, float *y, int64_t *indices);
FARRO_API farro_status farro_max_pool_f64(const farro_pooling_shape *shape, const double *x, double *y,
                                          int64_t *indices);

// grad_x at each index becomes the sum of the grad_y of all windows that chose it, added up in their order, and 0
// elsewhere. Indices outside of the plane are passed over. With W the most windows that choose one element:
//   |grad_x - exact| <= W u sum|grad_y|.
FARRO_API farro_status farro_max_pool_backward_f32(const farro_pooling_shape *shape, const float *grad_y,
                                                   const int64_t *indices, float *grad_x);
FARRO_API farro_status farro_max_pool_backward_f64(const farro_pooling_shape *shape, const double *grad_y,
                                                   const int64_t *indices, double *grad_x);

// The sum of each window's elements divided by their number; with `counts_padding` elements of the padding count as 0
// (those beyond it, that `ceiling` lets a window reach, never count). 0 for a window in which nothing counts. With n
// the number of elements of a window:
//   |y - exact| <= (min(n, 520) + 2 + n u64 / u) u mean|x|,
// where the minimum is for global pooling, whose sums are taken in blocks, and n itself stands in its place elsewhere.
FARRO_API farro_status farro_average_pool_f32(const farro_pooling_shape *shape, bool counts_padding, const float *x,
                                              float *y);
FARRO_API farro_status farro_average_pool_f64(const farro_pooling_shape *shape, bool counts_padding, const double *x,
                                              double *y);

// Each element of grad_x becomes the sum, over the windows that it belongs to, of grad_y divided by the count. With W
// the number of those windows:
//   |grad_x - exact| <= (W + 2) u sum|grad_y / count|.
FARRO_API farro_status farro_average_pool_backward_f32(const farro_pooling_shape *shape, bool counts_padding,
                                                       const float *grad_y, float *grad_x);
FARRO_API farro_status farro_average_pool_backward_f64(const farro_pooling_shape *shape, bool counts_padding,
                                                       const double *grad_y, double *grad_x);

// The same by plain loops, accumulated in double (long double for f64): the oracles of the tests.
FARRO_API farro_status farro_max_pool_reference_f32(const farro_pooling_shape *shape, const float *x, float *y,
                                                    int64_t *indices);
FARRO_API farro_status farro_max_pool_reference_f64(const farro_pooling_shape *shape, const double *x, double *y,
                                                    int64_t *indices);
FARRO_API farro_status farro_max_pool_backward_reference_f32(const farro_pooling_shape *shape, const float *grad_y,
                                                             const int64_t *indices, float *grad_x);
FARRO_API farro_status farro_max_pool_backward_reference_f64(const farro_pooling_shape *shape, const double *grad_y,
                                                             const int64_t *indices, double *grad_x);
FARRO_API farro_status farro_average_pool_reference_f32(const farro_pooling_shape *shape, bool counts_padding,
                                                        const float *x, float *y);
FARRO_API farro_status farro_average_pool_reference_f64(const farro_pooling_shape *shape, bool counts_padding,
                                                        const double *x, double *y);
FARRO_API farro_status farro_average_pool_backward_reference_f32(const farro_pooling_shape *shape, bool counts_padding,
                                                                 const float *grad_y, float *grad_x);
FARRO_API farro_status farro_average_pool_backward_reference_f64(const farro_pooling_shape *shape, bool counts_padding,
                                                                 const double *grad_y, double *grad_x);

#ifdef __cplusplus
}
#endif
#endif
