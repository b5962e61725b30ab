// Norms of groups of channels as their definitions read: the norms of rows, with a scale and an offset for each
// element.
#include "include/normalization.h"

#include <math.h>

#define REFERENCE(type, scalar, wide, wide_sqrt)                                                                       \
  farro_status farro_group_norm_reference_##type(size_t samples, size_t channels, size_t spatial, size_t groups,       \
                                                 const scalar *x, const scalar *scale, const scalar *offset,           \
                                                 scalar epsilon, scalar *y) {                                          \
    const size_t n = channels / groups * spatial;                                                                      \
    for (size_t item = 0; item < samples * groups; item++, x += n, y += n) {                                           \
      wide mean = 0, variance = 0;                                                                                     \
      for (size_t i = 0; i < n; i++) mean += ((wide)x[i] - (wide)x[0]) / (wide)n;                                      \
      for (size_t i = 0; i < n; i++) {                                                                                 \
        const wide d = (wide)x[i] - (wide)x[0] - mean;                                                                 \
        variance += d * d / (wide)n;                                                                                   \
      }                                                                                                                \
      for (size_t i = 0; i < n; i++) {                                                                                 \
        const size_t channel = (item % groups * n + i) / spatial;                                                      \
        const wide z = ((wide)x[i] - (wide)x[0] - mean) / wide_sqrt(variance + (wide)epsilon);                         \
        y[i] = (scalar)(z * (scale ? (wide)scale[channel] : 1) + (offset ? (wide)offset[channel] : 0));                \
      }                                                                                                                \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_group_norm_backward_reference_##type(                                                             \
      size_t samples, size_t channels, size_t spatial, size_t groups, const scalar *grad_y, const scalar *x,           \
      scalar epsilon, const scalar *scale, scalar *grad_x, scalar *grad_scale, scalar *grad_offset) {                  \
    const size_t n = channels / groups * spatial;                                                                      \
    wide *products = farro_allocate(2 * channels * sizeof *products), *sums = products + channels;                     \
    if (!products) return FARRO_ERROR_MEMORY;                                                                          \
    for (size_t c = 0; c < 2 * channels; c++) products[c] = 0;                                                         \
    for (size_t item = 0; item < samples * groups; item++, x += n, grad_y += n, grad_x += n) {                         \
      wide mean = 0, variance = 0, of_g = 0, of_gz = 0;                                                                \
      for (size_t i = 0; i < n; i++) mean += ((wide)x[i] - (wide)x[0]) / (wide)n;                                      \
      for (size_t i = 0; i < n; i++) {                                                                                 \
        const wide d = (wide)x[i] - (wide)x[0] - mean;                                                                 \
        variance += d * d / (wide)n;                                                                                   \
      }                                                                                                                \
      const wide deviation = wide_sqrt(variance + (wide)epsilon);                                                      \
      for (int pass = 0; pass < 2; pass++)                                                                             \
        for (size_t i = 0; i < n; i++) {                                                                               \
          const size_t channel = (item % groups * n + i) / spatial;                                                    \
          const wide z = ((wide)x[i] - (wide)x[0] - mean) / deviation;                                                 \
          const wide g = (wide)grad_y[i] * (scale ? (wide)scale[channel] : 1);                                         \
          if (pass == 0) {                                                                                             \
            of_g += g / (wide)n, of_gz += g * z / (wide)n;                                                             \
            products[channel] += (wide)grad_y[i] * z, sums[channel] += (wide)grad_y[i];                                \
          } else {                                                                                                     \
            grad_x[i] = (scalar)((g - of_g - z * of_gz) / deviation);                                                  \
          }                                                                                                            \
        }                                                                                                              \
    }                                                                                                                  \
    for (size_t c = 0; c < channels && grad_scale; c++) grad_scale[c] = (scalar)products[c];                           \
    for (size_t c = 0; c < channels && grad_offset; c++) grad_offset[c] = (scalar)sums[c];                             \
    farro_release(products, 2 * channels * sizeof *products);                                                          \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double, sqrt)
REFERENCE(f64, double, long double, sqrtl)
