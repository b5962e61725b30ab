// Sums, moments and likelihoods as their definitions read.
#include "include/bayes.h"

#define REFERENCE(type, scalar)                                                                                        \
  farro_status farro_class_sums_reference_##type(const farro_class_shape *s, const scalar *x, const int32_t *classes,  \
                                                 const double *weights, const double *threshold, double *sums) {       \
    for (size_t c = 0; c < s->class_count; c++)                                                                        \
      for (size_t j = 0; j < s->columns; j++) {                                                                        \
        long double sum = 0;                                                                                           \
        for (size_t i = 0; i < s->rows; i++) {                                                                         \
          const double value = (double)x[i * s->x_row + j], weight = weights ? weights[i] : 1;                         \
          if ((size_t)classes[i] == c)                                                                                 \
            sum += threshold ? (value > *threshold ? weight : 0) : (long double)weight * value;                        \
        }                                                                                                              \
        sums[c * s->columns + j] = (double)sum;                                                                        \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_class_moments_reference_##type(const farro_class_shape *s, const scalar *x,                       \
                                                    const int32_t *classes, const double *weights, double *mean,       \
                                                    double *variance, double *total) {                                 \
    for (size_t c = 0; c < s->class_count; c++) {                                                                      \
      total[c] = 0;                                                                                                    \
      for (size_t i = 0; i < s->rows; i++)                                                                             \
        if ((size_t)classes[i] == c) total[c] += weights ? weights[i] : 1;                                             \
      for (size_t j = 0; j < s->columns; j++) {                                                                        \
        long double sum = 0, squares = 0;                                                                              \
        for (size_t i = 0; i < s->rows; i++)                                                                           \
          if ((size_t)classes[i] == c) sum += (long double)(weights ? weights[i] : 1) * x[i * s->x_row + j];           \
        const long double center = total[c] > 0 ? sum / total[c] : 0;                                                  \
        for (size_t i = 0; i < s->rows; i++) {                                                                         \
          const long double z = x[i * s->x_row + j] - center;                                                          \
          if ((size_t)classes[i] == c) squares += (weights ? weights[i] : 1) * z * z;                                  \
        }                                                                                                              \
        mean[c * s->columns + j] = (double)center;                                                                     \
        variance[c * s->columns + j] = total[c] > 0 ? (double)(squares / total[c]) : 0;                                \
      }                                                                                                                \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_normal_likelihood_reference_##type(const farro_class_shape *s, const scalar *x,                   \
                                                        const scalar *means, const scalar *factors,                    \
                                                        const double *constants, scalar *likelihood) {                 \
    for (size_t i = 0; i < s->rows; i++)                                                                               \
      for (size_t c = 0; c < s->class_count; c++) {                                                                    \
        long double sum = 0;                                                                                           \
        for (size_t j = 0; j < s->columns; j++) {                                                                      \
          const long double z = (long double)x[i * s->x_row + j] - means[c * s->columns + j];                          \
          sum += z * factors[c * s->columns + j] * (z * factors[c * s->columns + j]);                                  \
        }                                                                                                              \
        likelihood[i * s->class_count + c] = (scalar)(constants[c] - sum / 2);                                         \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float)
REFERENCE(f64, double)
