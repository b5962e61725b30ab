// The ways back through the norms of rows, and L2 normalization, as their definitions read. Means are taken relative to
// the first element, as in normalization_reference.c.
#include "include/normalization.h"

#include <math.h>

// g = grad_y scale, z the normalized row, and grad_x = (g - mean(g) - z mean(g z)) / deviation; without a mean for RMS.
#define REFERENCE(type, scalar, wide, wide_sqrt)                                                                       \
  static void row_gradient_##type(size_t n, const scalar *grad_y, const scalar *x, wide mean, wide inverse,            \
                                  const scalar *scale, bool centered, scalar *grad_x, wide *products, wide *sums) {    \
    wide of_g = 0, of_gz = 0;                                                                                          \
    for (size_t j = 0; j < n; j++) {                                                                                   \
      const wide z = ((wide)x[j] - (centered ? (wide)x[0] : 0) - mean) * inverse;                                      \
      const wide g = (wide)grad_y[j] * (scale ? (wide)scale[j] : 1);                                                   \
      of_g += g / (wide)n;                                                                                             \
      of_gz += g * z / (wide)n;                                                                                        \
      products[j] += (wide)grad_y[j] * z;                                                                              \
      sums[j] += (wide)grad_y[j];                                                                                      \
    }                                                                                                                  \
    const wide origin = centered ? (wide)x[0] : 0;                                                                     \
    for (size_t j = 0; j < n; j++) {                                                                                   \
      const wide z = ((wide)x[j] - origin - mean) * inverse;                                                           \
      const wide g = (wide)grad_y[j] * (scale ? (wide)scale[j] : 1);                                                   \
      grad_x[j] = (scalar)((g - (centered ? of_g : 0) - z * of_gz) * inverse);                                         \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  static farro_status norm_gradient_##type(size_t rows, size_t n, const scalar *grad_y, size_t grad_y_row,             \
                                           const scalar *x, size_t x_row, scalar epsilon, const scalar *scale,         \
                                           bool centered, scalar *grad_x, size_t grad_x_row, scalar *grad_scale,       \
                                           scalar *grad_offset) {                                                      \
    wide *products = farro_allocate(2 * n * sizeof *products), *sums = products + n;                                   \
    if (!products) return FARRO_ERROR_MEMORY;                                                                          \
    for (size_t j = 0; j < 2 * n; j++) products[j] = 0;                                                                \
    for (size_t i = 0; i < rows; i++, x += x_row, grad_y += grad_y_row, grad_x += grad_x_row) {                        \
      wide mean = 0, square = 0;                                                                                       \
      for (size_t j = 0; j < n && centered; j++) mean += ((wide)x[j] - (wide)x[0]) / (wide)n;                          \
      for (size_t j = 0; j < n; j++) {                                                                                 \
        const wide d = (wide)x[j] - (centered ? (wide)x[0] + mean : 0);                                                \
        square += d * d / (wide)n;                                                                                     \
      }                                                                                                                \
      const wide inverse = 1 / wide_sqrt(square + (wide)epsilon);                                                      \
      row_gradient_##type(n, grad_y, x, mean, inverse, scale, centered, grad_x, products, sums);                       \
    }                                                                                                                  \
    for (size_t j = 0; j < n && grad_scale; j++) grad_scale[j] = (scalar)products[j];                                  \
    for (size_t j = 0; j < n && grad_offset; j++) grad_offset[j] = (scalar)sums[j];                                    \
    farro_release(products, 2 * n * sizeof *products);                                                                 \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_layer_norm_backward_reference_##type(                                                             \
      size_t rows, size_t columns, const scalar *grad_y, size_t grad_y_row, const scalar *x, size_t x_row,             \
      scalar epsilon, const scalar *scale, scalar *grad_x, size_t grad_x_row, scalar *grad_scale,                      \
      scalar *grad_offset) {                                                                                           \
    return norm_gradient_##type(rows, columns, grad_y, grad_y_row, x, x_row, epsilon, scale, true, grad_x, grad_x_row, \
                                grad_scale, grad_offset);                                                              \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_rms_norm_backward_reference_##type(                                                               \
      size_t rows, size_t columns, const scalar *grad_y, size_t grad_y_row, const scalar *x, size_t x_row,             \
      scalar epsilon, const scalar *scale, scalar *grad_x, size_t grad_x_row, scalar *grad_scale) {                    \
    return norm_gradient_##type(rows, columns, grad_y, grad_y_row, x, x_row, epsilon, scale, false, grad_x,            \
                                grad_x_row, grad_scale, NULL);                                                         \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_l2_normalize_reference_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,         \
                                                   scalar epsilon, scalar *y, size_t y_row) {                          \
    for (size_t i = 0; i < rows; i++, x += x_row, y += y_row) {                                                        \
      wide square = 0;                                                                                                 \
      for (size_t j = 0; j < columns; j++) square += (wide)x[j] * (wide)x[j];                                          \
      const wide length = wide_sqrt(square);                                                                           \
      for (size_t j = 0; j < columns; j++)                                                                             \
        y[j] = (scalar)((wide)x[j] / (length < (wide)epsilon ? (wide)epsilon : length));                               \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_l2_normalize_backward_reference_##type(size_t rows, size_t columns, const scalar *grad_y,         \
                                                            size_t grad_y_row, const scalar *x, size_t x_row,          \
                                                            scalar epsilon, scalar *grad_x, size_t grad_x_row) {       \
    for (size_t i = 0; i < rows; i++, x += x_row, grad_y += grad_y_row, grad_x += grad_x_row) {                        \
      wide square = 0, product = 0;                                                                                    \
      for (size_t j = 0; j < columns; j++) {                                                                           \
        square += (wide)x[j] * (wide)x[j];                                                                             \
        product += (wide)grad_y[j] * (wide)x[j];                                                                       \
      }                                                                                                                \
      const wide length = wide_sqrt(square);                                                                           \
      const bool constant = length <= (wide)epsilon;                                                                   \
      for (size_t j = 0; j < columns; j++)                                                                             \
        grad_x[j] = (scalar)(constant ? (wide)grad_y[j] / (wide)epsilon                                                \
                                      : ((wide)grad_y[j] - (wide)x[j] * product / square) / length);                   \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double, sqrt)
REFERENCE(f64, double, long double, sqrtl)
