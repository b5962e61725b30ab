// Normalization as its definitions read. Means are taken relative to the first element: of a mean of 1e6, a plain long
// double keeps too few bits to judge a double's error.
#include "include/normalization.h"

#include <math.h>

#define REFERENCE(type, scalar, wide, wide_sqrt, wide_exp)                                                             \
  farro_status farro_layer_norm_reference_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,           \
                                                 const scalar *scale, const scalar *offset, scalar epsilon, scalar *y, \
                                                 size_t y_row) {                                                       \
    for (size_t i = 0; i < rows; i++, x += x_row, y += y_row) {                                                        \
      wide mean = 0, variance = 0;                                                                                     \
      for (size_t j = 0; j < columns; j++) mean += ((wide)x[j] - (wide)x[0]) / (wide)columns;                          \
      for (size_t j = 0; j < columns; j++) {                                                                           \
        const wide d = (wide)x[j] - (wide)x[0] - mean;                                                                 \
        variance += d * d / (wide)columns;                                                                             \
      }                                                                                                                \
      for (size_t j = 0; j < columns; j++) {                                                                           \
        const wide z = ((wide)x[j] - (wide)x[0] - mean) / wide_sqrt(variance + (wide)epsilon);                         \
        y[j] = (scalar)(z * (scale ? (wide)scale[j] : 1) + (offset ? (wide)offset[j] : 0));                            \
      }                                                                                                                \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_rms_norm_reference_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,             \
                                               const scalar *scale, scalar epsilon, scalar *y, size_t y_row) {         \
    for (size_t i = 0; i < rows; i++, x += x_row, y += y_row) {                                                        \
      wide square = 0;                                                                                                 \
      for (size_t j = 0; j < columns; j++) square += (wide)x[j] * (wide)x[j] / (wide)columns;                          \
      for (size_t j = 0; j < columns; j++)                                                                             \
        y[j] = (scalar)((wide)x[j] / wide_sqrt(square + (wide)epsilon) * (scale ? (wide)scale[j] : 1));                \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_standardize_columns_reference_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,  \
                                                          double *mean, double *deviation, scalar *y, size_t y_row) {  \
    for (size_t j = 0; j < columns; j++) {                                                                             \
      wide center = 0, square = 0;                                                                                     \
      const wide start = rows ? (wide)x[j] : (wide)NAN;                                                                \
      for (size_t i = 0; i < rows; i++) center += ((wide)x[i * x_row + j] - start) / (wide)rows;                       \
      for (size_t i = 0; i < rows; i++) {                                                                              \
        const wide d = (wide)x[i * x_row + j] - start - center;                                                        \
        square += d * d;                                                                                               \
      }                                                                                                                \
      const wide width = square == 0 && rows ? 1 : wide_sqrt(square / (wide)rows);                                     \
      for (size_t i = 0; i < rows; i++)                                                                                \
        y[i * y_row + j] = (scalar)(((wide)x[i * x_row + j] - start - center) / width);                                \
      mean[j] = (double)(start + center);                                                                              \
      deviation[j] = (double)width;                                                                                    \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double, sqrt, exp)
REFERENCE(f64, double, long double, sqrtl, expl)
