// Batch norm as its definition reads. Means are taken relative to the channel's first element, as in
// normalization_reference.c.
#include "include/batch_norm.h"

#include <math.h>

#define REFERENCE(type, scalar, wide, wide_sqrt)                                                                       \
  farro_status farro_batch_norm_reference_##type(size_t batch, size_t channels, size_t spatial, const scalar *x,       \
                                                 const scalar *scale, const scalar *offset, scalar epsilon,            \
                                                 scalar momentum, scalar *running_mean, scalar *running_variance,      \
                                                 scalar *y, double *mean, double *inverse) {                           \
    const wide n = (wide)(batch * spatial), m = (wide)momentum;                                                        \
    for (size_t c = 0; c < channels && n > 0; c++) {                                                                   \
      const wide start = (wide)x[c * spatial];                                                                         \
      wide center = 0, square = 0;                                                                                     \
      for (size_t b = 0; b < batch; b++)                                                                               \
        for (size_t s = 0; s < spatial; s++) center += ((wide)x[(b * channels + c) * spatial + s] - start) / n;        \
      for (size_t b = 0; b < batch; b++)                                                                               \
        for (size_t s = 0; s < spatial; s++) {                                                                         \
          const wide d = (wide)x[(b * channels + c) * spatial + s] - start - center;                                   \
          square += d * d;                                                                                             \
        }                                                                                                              \
      const wide factor = 1 / wide_sqrt(square / n + (wide)epsilon);                                                   \
      for (size_t b = 0; b < batch; b++)                                                                               \
        for (size_t s = 0; s < spatial; s++) {                                                                         \
          const size_t at = (b * channels + c) * spatial + s;                                                          \
          const wide z = ((wide)x[at] - start - center) * factor;                                                      \
          y[at] = (scalar)(z * (scale ? (wide)scale[c] : 1) + (offset ? (wide)offset[c] : 0));                         \
        }                                                                                                              \
      if (running_mean) running_mean[c] = (scalar)((1 - m) * (wide)running_mean[c] + m * (start + center));            \
      if (running_variance)                                                                                            \
        running_variance[c] = (scalar)((1 - m) * (wide)running_variance[c] + m * (square / (n - 1)));                  \
      if (mean) mean[c] = (double)(start + center);                                                                    \
      if (inverse) inverse[c] = (double)factor;                                                                        \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_batch_norm_inference_reference_##type(                                                            \
      size_t batch, size_t channels, size_t spatial, const scalar *x, const scalar *scale, const scalar *offset,       \
      const scalar *mean, const scalar *variance, scalar epsilon, scalar *y) {                                         \
    for (size_t at = 0; at < batch * channels * spatial; at++) {                                                       \
      const size_t c = at / spatial % channels;                                                                        \
      const wide z = ((wide)x[at] - (wide)mean[c]) / wide_sqrt((wide)variance[c] + (wide)epsilon);                     \
      y[at] = (scalar)(z * (scale ? (wide)scale[c] : 1) + (offset ? (wide)offset[c] : 0));                             \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_batch_norm_backward_reference_##type(                                                             \
      size_t batch, size_t channels, size_t spatial, const scalar *grad_y, const scalar *x, const scalar *scale,       \
      const double *mean, const double *inverse, scalar *grad_x, scalar *grad_scale, scalar *grad_offset) {            \
    const wide n = (wide)(batch * spatial);                                                                            \
    for (size_t c = 0; c < channels; c++) {                                                                            \
      wide sum = 0, product = 0;                                                                                       \
      for (size_t b = 0; b < batch; b++)                                                                               \
        for (size_t s = 0; s < spatial; s++) {                                                                         \
          const size_t at = (b * channels + c) * spatial + s;                                                          \
          sum += (wide)grad_y[at];                                                                                     \
          product += (wide)grad_y[at] * ((wide)x[at] - (wide)mean[c]) * (wide)inverse[c];                              \
        }                                                                                                              \
      for (size_t b = 0; b < batch; b++)                                                                               \
        for (size_t s = 0; s < spatial; s++) {                                                                         \
          const size_t at = (b * channels + c) * spatial + s;                                                          \
          const wide z = ((wide)x[at] - (wide)mean[c]) * (wide)inverse[c];                                             \
          grad_x[at] = (scalar)(((wide)grad_y[at] - sum / n - z * product / n) * (wide)inverse[c] *                    \
                                (scale ? (wide)scale[c] : 1));                                                         \
        }                                                                                                              \
      grad_scale[c] = (scalar)product;                                                                                 \
      grad_offset[c] = (scalar)sum;                                                                                    \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double, sqrt)
REFERENCE(f64, double, long double, sqrtl)
