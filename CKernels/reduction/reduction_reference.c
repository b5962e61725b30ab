// Reductions as their definitions read.
#include <math.h>

#include "include/reduction.h"

#define AT(i, k, j) x[((i) * s->axis + (k)) * s->inner + (j)]

#define REFERENCES(type, scalar, wide)                                                                                 \
  static wide sum_##type(const farro_reduction_shape *s, const scalar *x, size_t i, size_t j) {                        \
    wide sum = 0;                                                                                                      \
    for (size_t k = 0; k < s->axis; k++) sum += (wide)AT(i, k, j);                                                     \
    return sum;                                                                                                        \
  }                                                                                                                    \
  static wide variance_##type(const farro_reduction_shape *s, wide correction, const scalar *x, size_t i, size_t j) {  \
    const wide n = (wide)s->axis, mean = sum_##type(s, x, i, j) / n;                                                   \
    if (!(n > correction)) return (wide)NAN;                                                                           \
    wide sum = 0;                                                                                                      \
    for (size_t k = 0; k < s->axis; k++) sum += ((wide)AT(i, k, j) - mean) * ((wide)AT(i, k, j) - mean);               \
    return sum / (n - correction);                                                                                     \
  }                                                                                                                    \
  static wide product_##type(const farro_reduction_shape *s, const scalar *x, size_t i, size_t j) {                    \
    wide product = 1;                                                                                                  \
    for (size_t k = 0; k < s->axis; k++) product *= (wide)AT(i, k, j);                                                 \
    return product;                                                                                                    \
  }                                                                                                                    \
  static size_t argmin_##type(const farro_reduction_shape *s, const scalar *x, size_t i, size_t j) {                   \
    size_t least = 0;                                                                                                  \
    for (size_t k = 0; k < s->axis; k++) {                                                                             \
      if (isnan(AT(i, k, j))) return k;                                                                                \
      if (AT(i, k, j) < AT(i, least, j)) least = k;                                                                    \
    }                                                                                                                  \
    return least;                                                                                                      \
  }                                                                                                                    \
  static size_t argmax_##type(const farro_reduction_shape *s, const scalar *x, size_t i, size_t j) {                   \
    size_t most = 0;                                                                                                   \
    for (size_t k = 0; k < s->axis; k++) {                                                                             \
      if (isnan(AT(i, k, j))) return k;                                                                                \
      if (AT(i, k, j) > AT(i, most, j)) most = k;                                                                      \
    }                                                                                                                  \
    return most;                                                                                                       \
  }                                                                                                                    \
  farro_status farro_sum_reference_##type(const farro_reduction_shape *s, const scalar *x, scalar *out) {              \
    for (size_t i = 0; i < s->outer; i++)                                                                              \
      for (size_t j = 0; j < s->inner; j++) out[i * s->inner + j] = (scalar)sum_##type(s, x, i, j);                    \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_mean_reference_##type(const farro_reduction_shape *s, const scalar *x, scalar *out) {             \
    for (size_t i = 0; i < s->outer; i++)                                                                              \
      for (size_t j = 0; j < s->inner; j++) out[i * s->inner + j] = (scalar)(sum_##type(s, x, i, j) / (wide)s->axis);  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_variance_reference_##type(const farro_reduction_shape *s, double correction, const scalar *x,     \
                                               scalar *out) {                                                          \
    for (size_t i = 0; i < s->outer; i++)                                                                              \
      for (size_t j = 0; j < s->inner; j++)                                                                            \
        out[i * s->inner + j] = (scalar)variance_##type(s, (wide)correction, x, i, j);                                 \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_product_reference_##type(const farro_reduction_shape *s, const scalar *x, scalar *out) {          \
    for (size_t i = 0; i < s->outer; i++)                                                                              \
      for (size_t j = 0; j < s->inner; j++) out[i * s->inner + j] = (scalar)product_##type(s, x, i, j);                \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_max_reference_##type(const farro_reduction_shape *s, const scalar *x, scalar *out) {              \
    if (s->axis == 0) return FARRO_ERROR_ARGUMENT;                                                                     \
    for (size_t i = 0; i < s->outer; i++)                                                                              \
      for (size_t j = 0; j < s->inner; j++) out[i * s->inner + j] = AT(i, argmax_##type(s, x, i, j), j);               \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_argmax_reference_##type(const farro_reduction_shape *s, const scalar *x, int64_t *out) {          \
    if (s->axis == 0) return FARRO_ERROR_ARGUMENT;                                                                     \
    for (size_t i = 0; i < s->outer; i++)                                                                              \
      for (size_t j = 0; j < s->inner; j++) out[i * s->inner + j] = (int64_t)argmax_##type(s, x, i, j);                \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_min_reference_##type(const farro_reduction_shape *s, const scalar *x, scalar *out) {              \
    if (s->axis == 0) return FARRO_ERROR_ARGUMENT;                                                                     \
    for (size_t i = 0; i < s->outer; i++)                                                                              \
      for (size_t j = 0; j < s->inner; j++) out[i * s->inner + j] = AT(i, argmin_##type(s, x, i, j), j);               \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_argmin_reference_##type(const farro_reduction_shape *s, const scalar *x, int64_t *out) {          \
    if (s->axis == 0) return FARRO_ERROR_ARGUMENT;                                                                     \
    for (size_t i = 0; i < s->outer; i++)                                                                              \
      for (size_t j = 0; j < s->inner; j++) out[i * s->inner + j] = (int64_t)argmin_##type(s, x, i, j);                \
    return FARRO_OK;                                                                                                   \
  }

REFERENCES(f32, float, double)
REFERENCES(f64, double, long double)

static bool is_there(const farro_reduction_shape *s, const uint8_t *x, size_t i, size_t j, bool wanted) {
  for (size_t k = 0; k < s->axis; k++)
    if ((AT(i, k, j) != 0) == wanted) return true;
  return false;
}

farro_status farro_any_reference_u8(const farro_reduction_shape *s, const uint8_t *x, uint8_t *out) {
  for (size_t i = 0; i < s->outer; i++)
    for (size_t j = 0; j < s->inner; j++) out[i * s->inner + j] = is_there(s, x, i, j, true);
  return FARRO_OK;
}

farro_status farro_all_reference_u8(const farro_reduction_shape *s, const uint8_t *x, uint8_t *out) {
  for (size_t i = 0; i < s->outer; i++)
    for (size_t j = 0; j < s->inner; j++) out[i * s->inner + j] = !is_there(s, x, i, j, false);
  return FARRO_OK;
}
