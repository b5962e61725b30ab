// Batch norm: each channel is normalized over the whole batch.
//
// Tensors are contiguous, (batch, channels, spatial). With the channels first, (batch, channels, height, width),
// spatial is height * width; with the channels last, (batch, height, width, channels), or features, (batch, features),
// spatial is 1 and all axes before the last are the batch. n = batch * spatial elements are in a channel.
//
// Per-channel operands have `channels` elements; saved statistics are double for both element types. An output may be
// one of the inputs of its own shape (in place); otherwise it must not overlap any. Pointers need only their element's
// alignment. Sizes of 0 are legal. epsilon must be at least 0, else FARRO_ERROR_ARGUMENT. FARRO_ERROR_MEMORY without a
// work space of a few numbers for each channel (spatial of them where spatial < 32), and 16 bytes for each channel of
// 256 rows or for 2048 elements of a run. No result depends on the number of threads.
//
// In the error bounds u = 2^-24 (f32) or 2^-53 (f64). They hold as long as sums and squares neither overflow nor
// underflow in the element type. z = (x - mean) * inverse.
//
// Source: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
// shift", arXiv:1502.03167, 2015; for the statistics, T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing
// the sample variance", Am. Stat. 37(3), 1983.
#ifndef FARRO_BATCH_NORM_H
#define FARRO_BATCH_NORM_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// Training: y = (x - mean) / sqrt(variance + epsilon) * scale + offset, with the mean and the population variance of
// each channel.
//
// `scale` and `offset` NULL stand for ones and zeros. `mean` and `inverse`, 1 / sqrt(variance + epsilon), are saved for
// the way back; NULL: not wanted. The running statistics are updated in place, as torch does,
//   running_mean = (1 - momentum) running_mean + momentum mean,
//   running_variance = (1 - momentum) running_variance + momentum variance n / (n - 1);
// NULL: there are none. The unbiased variance of one element is undefined: n = 1 with a running_variance is
// FARRO_ERROR_ARGUMENT. Without elements, mean and inverse are NaN and the running statistics stay.
// NaN or infinity in a channel makes all of it NaN, running statistics included; so do equal elements with epsilon 0.
//
// With B = 300, as farro_column_moments derives it, v = sqrt(variance) and r = B u |max - min| / v,
//   |mean - exact| <= B u v (1 + r) + m |exact|,
//   |inverse - exact| <= (B u (1 + r)^2 + n 2^-60 + m |mean| inverse) inverse,
//   |y - exact| <= (B u (1 + r)^2 + n 2^-60 + m |mean| inverse) (1 + |z|) |scale| + 4 u (|y| + |offset|).
// m is 2^-50, and where spatial is below 32 (40 + batch / 256) 2^-53: a mean in double is no better, which f64 feels
// where the mean is many deviations.
// O(batch channels spatial): x is read twice, since a channel is known only when all of it has been read.
FARRO_API farro_status farro_batch_norm_f32(size_t batch, size_t channels, size_t spatial, const float *x,
                                            const float *scale, const float *offset, float epsilon, float momentum,
                                            float *running_mean, float *running_variance, float *y, double *mean,
                                            double *inverse);
FARRO_API farro_status farro_batch_norm_f64(size_t batch, size_t channels, size_t spatial, const double *x,
                                            const double *scale, const double *offset, double epsilon, double momentum,
                                            double *running_mean, double *running_variance, double *y, double *mean,
                                            double *inverse);

// Inference: the same with a mean and a variance that are given, one pass over memory.
//   |y - exact| <= 4 u (|z scale| + |y| + |offset|) + u^2 |mean| inverse |scale|.
FARRO_API farro_status farro_batch_norm_inference_f32(size_t batch, size_t channels, size_t spatial, const float *x,
                                                      const float *scale, const float *offset, const float *mean,
                                                      const float *variance, float epsilon, float *y);
FARRO_API farro_status farro_batch_norm_inference_f64(size_t batch, size_t channels, size_t spatial, const double *x,
                                                      const double *scale, const double *offset, const double *mean,
                                                      const double *variance, double epsilon, double *y);

// Inference folded into one scale and one shift of each channel, y = x folded_scale + folded_offset, as weights and
// offset of the layer before can take them up:
//   folded_scale = scale / sqrt(variance + epsilon), folded_offset = offset - mean * folded_scale.
// Where |mean| is many deviations, y by the folded form loses as many bits; farro_batch_norm_inference loses none.
// Each is within 2 u of exact, relative to |scale| inverse, and to |offset| + |mean folded_scale|.
FARRO_API farro_status farro_batch_norm_fold_f32(size_t channels, const float *scale, const float *offset,
                                                 const float *mean, const float *variance, float epsilon,
                                                 float *folded_scale, float *folded_offset);
FARRO_API farro_status farro_batch_norm_fold_f64(size_t channels, const double *scale, const double *offset,
                                                 const double *mean, const double *variance, double epsilon,
                                                 double *folded_scale, double *folded_offset);

// The way back of training, with the mean and inverse that farro_batch_norm saved:
//   grad_offset = sum of grad_y, grad_scale = sum of grad_y z,
//   grad_x = (grad_y - grad_offset / n - z grad_scale / n) inverse scale.
// grad_x, grad_scale or grad_offset NULL: not wanted. grad_x may be grad_y or x.
//
// With b = 270 + blocks 2^-20, G and P the means of |grad_y| and |grad_y| (1 + |z|), in channels as given by mean and
// inverse,
//   |grad_offset - exact| <= b u n G, |grad_scale - exact| <= b u n P (1 + u |mean| inverse),
//   |grad_x - exact| <= (b + 8) u (|grad_y| + G + |z| P) (1 + u |mean| inverse) inverse |scale|.
// O(batch channels spatial): grad_y and x are read twice.
FARRO_API farro_status farro_batch_norm_backward_f32(size_t batch, size_t channels, size_t spatial, const float *grad_y,
                                                     const float *x, const float *scale, const double *mean,
                                                     const double *inverse, float *grad_x, float *grad_scale,
                                                     float *grad_offset);
FARRO_API farro_status farro_batch_norm_backward_f64(size_t batch, size_t channels, size_t spatial,
                                                     const double *grad_y, const double *x, const double *scale,
                                                     const double *mean, const double *inverse, double *grad_x,
                                                     double *grad_scale, double *grad_offset);

// The way back of inference: grad_x = grad_y scale / sqrt(variance + epsilon), within 3 u |grad_x|; the others as
// above. x is read only for grad_scale and grad_offset.
FARRO_API farro_status farro_batch_norm_inference_backward_f32(size_t batch, size_t channels, size_t spatial,
                                                               const float *grad_y, const float *x, const float *scale,
                                                               const float *mean, const float *variance, float epsilon,
                                                               float *grad_x, float *grad_scale, float *grad_offset);
FARRO_API farro_status farro_batch_norm_inference_backward_f64(size_t batch, size_t channels, size_t spatial,
                                                               const double *grad_y, const double *x,
                                                               const double *scale, const double *mean,
                                                               const double *variance, double epsilon, double *grad_x,
                                                               double *grad_scale, double *grad_offset);

// The same as their definitions read, accumulated in double (long double for f64): the oracles of the tests. The way
// back takes its own statistics of x.
FARRO_API farro_status farro_batch_norm_reference_f32(size_t batch, size_t channels, size_t spatial, const float *x,
                                                      const float *scale, const float *offset, float epsilon,
                                                      float momentum, float *running_mean, float *running_variance,
                                                      float *y, double *mean, double *inverse);
FARRO_API farro_status farro_batch_norm_reference_f64(size_t batch, size_t channels, size_t spatial, const double *x,
                                                      const double *scale, const double *offset, double epsilon,
                                                      double momentum, double *running_mean, double *running_variance,
                                                      double *y, double *mean, double *inverse);
FARRO_API farro_status farro_batch_norm_inference_reference_f32(size_t batch, size_t channels, size_t spatial,
                                                                const float *x, const float *scale, const float *offset,
                                                                const float *mean, const float *variance, float epsilon,
                                                                float *y);
FARRO_API farro_status farro_batch_norm_inference_reference_f64(size_t batch, size_t channels, size_t spatial,
                                                                const double *x, const double *scale,
                                                                const double *offset, const double *mean,
                                                                const double *variance, double epsilon, double *y);
FARRO_API farro_status farro_batch_norm_backward_reference_f32(size_t batch, size_t channels, size_t spatial,
                                                               const float *grad_y, const float *x, const float *scale,
                                                               const double *mean, const double *inverse, float *grad_x,
                                                               float *grad_scale, float *grad_offset);
FARRO_API farro_status farro_batch_norm_backward_reference_f64(size_t batch, size_t channels, size_t spatial,
                                                               const double *grad_y, const double *x,
                                                               const double *scale, const double *mean,
                                                               const double *inverse, double *grad_x,
                                                               double *grad_scale, double *grad_offset);

#ifdef __cplusplus
}
#endif
#endif
