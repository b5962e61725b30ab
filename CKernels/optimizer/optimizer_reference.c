// Optimizer steps as their definitions read.
#include "include/optimizer.h"

#include <math.h>

#define REFERENCE(type, scalar, wide, wide_sqrt, wide_pow)                                                             \
  farro_status farro_sgd_step_reference_##type(const farro_sgd_options *o, uint64_t step, size_t n,                    \
                                               const scalar *gradient, scalar *velocity, scalar *parameters) {         \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const wide p = (wide)parameters[i], g = o->gradient_scale * (wide)gradient[i] + o->weight_decay * p;             \
      wide v = g;                                                                                                      \
      if (o->momentum > 0) {                                                                                           \
        v = o->momentum * (wide)velocity[i] + (step == 1 ? 1 : 1 - o->dampening) * g;                                  \
        velocity[i] = (scalar)v;                                                                                       \
      }                                                                                                                \
      parameters[i] = (scalar)(p - o->learning_rate * (o->nesterov ? g + o->momentum * v : v));                        \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_adagrad_step_reference_##type(const farro_adagrad_options *o, uint64_t step, size_t n,            \
                                                   const scalar *gradient, scalar *square_sum, scalar *parameters) {   \
    const wide rate = o->learning_rate / (1 + (wide)(step - 1) * o->learning_rate_decay);                              \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const wide p = (wide)parameters[i], g = o->gradient_scale * (wide)gradient[i] + o->weight_decay * p;             \
      const wide s = (wide)square_sum[i] + g * g;                                                                      \
      square_sum[i] = (scalar)s;                                                                                       \
      parameters[i] = (scalar)(p - rate * g / (wide_sqrt(s) + o->epsilon));                                            \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_rmsprop_step_reference_##type(const farro_rmsprop_options *o, size_t n, const scalar *gradient,   \
                                                   scalar *square_mean, scalar *mean, scalar *velocity,                \
                                                   scalar *parameters) {                                               \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const wide p = (wide)parameters[i], g = o->gradient_scale * (wide)gradient[i] + o->weight_decay * p;             \
      wide s = o->smoothing * (wide)square_mean[i] + (1 - o->smoothing) * g * g;                                       \
      square_mean[i] = (scalar)s;                                                                                      \
      if (mean) {                                                                                                      \
        const wide m = o->smoothing * (wide)mean[i] + (1 - o->smoothing) * g;                                          \
        mean[i] = (scalar)m;                                                                                           \
        s = s - m * m < 0 ? 0 : s - m * m;                                                                             \
      }                                                                                                                \
      wide v = g / (wide_sqrt(s) + o->epsilon);                                                                        \
      if (o->momentum > 0) {                                                                                           \
        v += o->momentum * (wide)velocity[i];                                                                          \
        velocity[i] = (scalar)v;                                                                                       \
      }                                                                                                                \
      parameters[i] = (scalar)(p - o->learning_rate * v);                                                              \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_adam_step_reference_##type(const farro_adam_options *o, uint64_t step, size_t n,                  \
                                                const scalar *gradient, scalar *mean, scalar *square_mean,             \
                                                scalar *greatest, scalar *parameters) {                                \
    const wide rate = o->learning_rate / (1 - wide_pow((wide)o->beta1, (wide)step));                                   \
    const wide correction = 1 - wide_pow((wide)o->beta2, (wide)step);                                                  \
    const bool decoupled = o->decoupled_weight_decay;                                                                  \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const wide p = (wide)parameters[i];                                                                              \
      const wide g = o->gradient_scale * (wide)gradient[i] + (decoupled ? 0 : o->weight_decay * p);                    \
      const wide m = o->beta1 * (wide)mean[i] + (1 - o->beta1) * g;                                                    \
      wide s = o->beta2 * (wide)square_mean[i] + (1 - o->beta2) * g * g;                                               \
      mean[i] = (scalar)m;                                                                                             \
      square_mean[i] = (scalar)s;                                                                                      \
      if (greatest) {                                                                                                  \
        s = (wide)greatest[i] > s ? (wide)greatest[i] : s;                                                             \
        greatest[i] = (scalar)s;                                                                                       \
      }                                                                                                                \
      parameters[i] = (scalar)(p - (decoupled ? o->learning_rate * o->weight_decay * p : 0) -                          \
                               rate * m / (wide_sqrt(s / correction) + o->epsilon));                                   \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  /* Relative to the largest magnitude, so that no square overflows. */                                                \
  farro_status farro_global_norm_reference_##type(size_t count, const scalar *const *arrays, const size_t *sizes,      \
                                                  double *norm) {                                                      \
    long double largest = 0, sum = 0;                                                                                  \
    for (size_t k = 0; k < count; k++)                                                                                 \
      for (size_t i = 0; i < sizes[k]; i++) {                                                                          \
        const long double x = fabsl((long double)arrays[k][i]);                                                        \
        largest = x > largest || isnan(x) ? x : largest;                                                               \
      }                                                                                                                \
    for (size_t k = 0; k < count && largest > 0 && isfinite(largest); k++)                                             \
      for (size_t i = 0; i < sizes[k]; i++) {                                                                          \
        const long double x = (long double)arrays[k][i] / largest;                                                     \
        sum += x * x;                                                                                                  \
      }                                                                                                                \
    *norm = (double)(isfinite(largest) ? sqrtl(sum) * largest : largest);                                              \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double, sqrt, pow)
REFERENCE(f64, double, long double, sqrtl, powl)
