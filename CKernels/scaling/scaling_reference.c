// Ranges, quantiles and scaling as their definitions read.
#include "include/scaling.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

#define REFERENCE(type, scalar, wide)                                                                                  \
  farro_status farro_column_ranges_reference_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,        \
                                                    bool skips_nan, double *minimum, double *maximum) {                \
    for (size_t j = 0; j < columns; j++) {                                                                             \
      minimum[j] = maximum[j] = NAN;                                                                                   \
      for (size_t i = 0; i < rows; i++) {                                                                              \
        const double here = (double)x[i * x_row + j];                                                                  \
        minimum[j] = fmin(minimum[j], here);                                                                           \
        maximum[j] = fmax(maximum[j], here);                                                                           \
      }                                                                                                                \
      for (size_t i = 0; i < rows && !skips_nan; i++)                                                                  \
        if (isnan(x[i * x_row + j])) minimum[j] = maximum[j] = NAN;                                                    \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_column_quantiles_reference_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,     \
                                                       bool skips_nan, size_t count, const double *probabilities,      \
                                                       double *quantiles) {                                            \
    double *sorted = farro_allocate(rows * sizeof *sorted);                                                            \
    if (!sorted) return FARRO_ERROR_MEMORY;                                                                            \
    for (size_t j = 0; j < columns; j++) {                                                                             \
      size_t n = 0;                                                                                                    \
      for (size_t i = 0; i < rows; i++)                                                                                \
        if (!isnan(x[i * x_row + j])) sorted[n++] = (double)x[i * x_row + j];                                          \
      qsort(sorted, n, sizeof *sorted, ascending);                                                                     \
      for (size_t q = 0; q < count; q++) {                                                                             \
        double *to = quantiles + q * columns + j;                                                                      \
        if (n == 0 || (n < rows && !skips_nan)) {                                                                      \
          *to = NAN;                                                                                                   \
          continue;                                                                                                    \
        }                                                                                                              \
        const wide position = (wide)probabilities[q] * (wide)(n - 1);                                                  \
        const size_t k = (size_t)position, next = k + 1 < n ? k + 1 : k;                                               \
        const wide part = position - (wide)k;                                                                          \
        *to = part == 0 || sorted[k] == sorted[next]                                                                   \
                  ? sorted[k]                                                                                          \
                  : (double)((wide)sorted[k] * (1 - part) + (wide)sorted[next] * part);                                \
      }                                                                                                                \
    }                                                                                                                  \
    farro_release(sorted, rows * sizeof *sorted);                                                                      \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_affine_columns_reference_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,       \
                                                     const double *center, const double *factor, const double *shift,  \
                                                     scalar *y, size_t y_row) {                                        \
    for (size_t i = 0; i < rows; i++)                                                                                  \
      for (size_t j = 0; j < columns; j++)                                                                             \
        y[i * y_row + j] = (scalar)(((wide)x[i * x_row + j] - (wide)center[j]) * (wide)factor[j] + (wide)shift[j]);    \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, long double)
REFERENCE(f64, double, long double)
