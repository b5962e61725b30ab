// Convolution of images and sequences, and its gradients.
//
// Images are (batch, channels, height, width), contiguous and row-major: the layout of PyTorch and ONNX. A sequence is
// an image of height 1, whose rows have the window {1, 1, 1, 1, 0, 0}.
//
// All functions give the same bits for any number of threads; NaN and infinity propagate as IEEE says, and padding
// takes part as zeros: where an infinite factor meets it, the sum may be NaN. Results do not share memory with operands
// (FARRO_ERROR_ARGUMENT). Pointers need only their element's alignment; NULL is legal where there are no elements.
#ifndef FARRO_CONVOLUTION_H
#define FARRO_CONVOLUTION_H

#include "matmul.h"
#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// How a window moves along one axis: element t of window o lies at o stride + t dilation - pad_before.
typedef struct farro_window {
  size_t length;                // of the axis
  size_t size;                  // elements of the window; at least 1
  size_t stride, dilation;      // from one window, and from one of its elements, to the next; at least 1
  size_t pad_before, pad_after; // elements that are thought before and behind the axis
} farro_window;

// Positions of the window: (length + pads - ((size - 1) dilation + 1)) / stride + 1, the quotient rounded down, or up
// with `ceiling`, where the last window must then begin before the padding that follows. 0 where the window does not
// fit, where its size, stride or dilation is 0, and where a sum overflows.
FARRO_API size_t farro_window_outputs(const farro_window *window, bool ceiling);

typedef struct farro_convolution_shape {
  size_t batch, channels, filters;
  size_t groups; // divides channels and filters; each filter sees channels / groups of them. At least 1
  farro_window rows, columns;
} farro_convolution_shape;

// y(n, f, p, q) = activation(sum over c, i, j of weight(f, c, i, j) x(n, first + c, p_i, q_j) + bias(f)), where
// elements of the padding are 0 and p_i, q_j are the window's elements (no kernel is flipped: what the field calls
// convolution).
//
// The activation is one of those below FARRO_ACTIVATION_FUSED, else FARRO_ERROR_ARGUMENT.
//
// x is (batch, channels, rows.length, columns.length), weight (filters, channels / groups, rows.size, columns.size),
// bias (filters) or NULL, y (batch, filters, outputs of rows, outputs of columns). Accumulates in the element type, in
// an order that depends on the shape and the instruction set alone. With K = channels / groups rows.size columns.size
// and u = 2^-24 (f32) or 2^-53 (f64), before the activation:
//   |y - exact| <= (K + 3) u (|weight| |x| + |bias|).
//
// Time O(batch filters outputs K). The matrix of all windows (im2col) is never written whole: each task lays out some
// windows of it for the matmul kernels, in a work space that stays in a core's caches. Groups of one channel and few
// filters (depthwise convolution) do not go through a matrix.
//
// Sources: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document
// processing", 2006; V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.
FARRO_API farro_status farro_convolution_f32(const farro_convolution_shape *shape, const float *x, const float *weight,
                                             const float *bias, farro_activation activation, float *y);
FARRO_API farro_status farro_convolution_f64(const farro_convolution_shape *shape, const double *x,
                                             const double *weight, const double *bias, farro_activation activation,
                                             double *y);

// The gradient of x from that of the sums, grad_y (of y, where there was no activation), which has the shape of y; also
// known as transposed convolution. Under the bound of convolution with K = filters / groups rows.size columns.size.
FARRO_API farro_status farro_convolution_backward_x_f32(const farro_convolution_shape *shape, const float *grad_y,
                                                        const float *weight, float *grad_x);
FARRO_API farro_status farro_convolution_backward_x_f64(const farro_convolution_shape *shape, const double *grad_y,
                                                        const double *weight, double *grad_x);

// The gradient of the weights: a sum over all windows of all images, so K = batch outputs. The sums of some images may
// be taken apart and added up in order; they need a work space of 1 to 16 times the weights, of 32 MiB at most unless
// the weights alone are larger.
FARRO_API farro_status farro_convolution_backward_weight_f32(const farro_convolution_shape *shape, const float *grad_y,
                                                             const float *x, float *grad_weight);
FARRO_API farro_status farro_convolution_backward_weight_f64(const farro_convolution_shape *shape, const double *grad_y,
                                                             const double *x, double *grad_weight);

// The gradient of the bias: the sum of each filter's grad_y over batch and outputs. Blocks of at most 4096 elements are
// summed in the element type, in several interleaved parts, and merged in double: with u64 = 2^-53,
//   |sum - exact| <= (520 + batch outputs u64 / u) u sum|grad_y|.
FARRO_API farro_status farro_convolution_backward_bias_f32(const farro_convolution_shape *shape, const float *grad_y,
                                                           float *grad_bias);
FARRO_API farro_status farro_convolution_backward_bias_f64(const farro_convolution_shape *shape, const double *grad_y,
                                                           double *grad_bias);

// The same by plain loops, accumulated in double (long double for f64): the oracles of the tests.
FARRO_API farro_status farro_convolution_reference_f32(const farro_convolution_shape *shape, const float *x,
                                                       const float *weight, const float *bias,
                                                       farro_activation activation, float *y);
FARRO_API farro_status farro_convolution_reference_f64(const farro_convolution_shape *shape, const double *x,
                                                       const double *weight, const double *bias,
                                                       farro_activation activation, double *y);
FARRO_API farro_status farro_convolution_backward_x_reference_f32(const farro_convolution_shape *shape,
                                                                  const float *grad_y, const float *weight,
                                                                  float *grad_x);
FARRO_API farro_status farro_convolution_backward_x_reference_f64(const farro_convolution_shape *shape,
                                                                  const double *grad_y, const double *weight,
                                                                  double *grad_x);
FARRO_API farro_status farro_convolution_backward_weight_reference_f32(const farro_convolution_shape *shape,
                                                                       const float *grad_y, const float *x,
                                                                       float *grad_weight);
FARRO_API farro_status farro_convolution_backward_weight_reference_f64(const farro_convolution_shape *shape,
                                                                       const double *grad_y, const double *x,
                                                                       double *grad_weight);
FARRO_API farro_status farro_convolution_backward_bias_reference_f32(const farro_convolution_shape *shape,
                                                                     const float *grad_y, float *grad_bias);
FARRO_API farro_status farro_convolution_backward_bias_reference_f64(const farro_convolution_shape *shape,
                                                                     const double *grad_y, double *grad_bias);

#ifdef __cplusplus
}
#endif
#endif
