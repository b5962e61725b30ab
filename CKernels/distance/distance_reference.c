// Distances as their definitions read.
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "include/distance.h"

static double read_f32(float x) { return (double)x; }
static long double read_f64(double x) { return (long double)x; }
static double read_i8(int8_t x) { return x; }
static double read_bf16(uint16_t x) {
  const uint32_t bits = (uint32_t)x << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return (double)value;
}

// One type of elements: read as `wide`, whose functions of <math.h> carry `suffix`.
#define REFERENCE(type, element, scalar, wide, suffix)                                                                 \
  static wide mean_##type(size_t d, const element *x) {                                                                \
    wide sum = 0;                                                                                                      \
    for (size_t k = 0; k < d; k++) sum += read_##type(x[k]);                                                           \
    return sum / (wide)d;                                                                                              \
  }                                                                                                                    \
                                                                                                                       \
  static bool is_constant_##type(size_t d, const element *x) {                                                         \
    for (size_t k = 1; k < d; k++)                                                                                     \
      if (read_##type(x[k]) != read_##type(x[0])) return false;                                                        \
    return true;                                                                                                       \
  }                                                                                                                    \
                                                                                                                       \
  /* Of x - x0 and y - y0. 1 - cos is |x / |x| - y / |y||^2 / 2, which loses nothing for nearly parallel rows; a zero  \
     row has no direction, and the cosine is then taken as 0. */                                                       \
  static wide cosine_##type(size_t d, const element *x, const element *y, wide x0, wide y0) {                          \
    wide xx = 0, yy = 0, xy = 0, squares = 0;                                                                          \
    for (size_t k = 0; k < d; k++) {                                                                                   \
      const wide a = read_##type(x[k]) - x0, b = read_##type(y[k]) - y0;                                               \
      xx += a * a, yy += b * b, xy += a * b;                                                                           \
    }                                                                                                                  \
    if (xx == 0 || yy == 0) return 1 - xy;                                                                             \
    for (size_t k = 0; k < d; k++) {                                                                                   \
      const wide a = read_##type(x[k]) - x0, b = read_##type(y[k]) - y0;                                               \
      const wide difference = a / sqrt##suffix(xx) - b / sqrt##suffix(yy);                                             \
      squares += difference * difference;                                                                              \
    }                                                                                                                  \
    return squares / 2;                                                                                                \
  }                                                                                                                    \
                                                                                                                       \
  static wide correlation_##type(size_t d, const element *x, const element *y) {                                       \
    if (is_constant_##type(d, x) || is_constant_##type(d, y)) return (wide)NAN;                                        \
    return cosine_##type(d, x, y, mean_##type(d, x), mean_##type(d, y));                                               \
  }                                                                                                                    \
                                                                                                                       \
  /* p log(p / m) + q log(q / m), where the logarithms of p / m - 1 and q / m - 1 nearly cancel for nearly equal       \
     ones. */                                                                                                          \
  static wide divergence_##type(wide p, wide q) {                                                                      \
    if (p == 0 || q == 0) return (p + q) * log##suffix((wide)2);                                                       \
    const wide z = (p - q) / (p + q);                                                                                  \
    return p * log1p##suffix(z) + q * log1p##suffix(-z);                                                               \
  }                                                                                                                    \
                                                                                                                       \
  static wide jensen_shannon_##type(size_t d, const element *x, const element *y) {                                    \
    wide x_sum = 0, y_sum = 0, sum = 0;                                                                                \
    bool is_negative = false;                                                                                          \
    for (size_t k = 0; k < d; k++) {                                                                                   \
      x_sum += read_##type(x[k]), y_sum += read_##type(y[k]);                                                          \
      is_negative = is_negative || read_##type(x[k]) < 0 || read_##type(y[k]) < 0;                                     \
    }                                                                                                                  \
    if (isnan(x_sum) || isnan(y_sum)) return (wide)NAN;                                                                \
    if (is_negative || x_sum == 0 || y_sum == 0) return (wide)INFINITY;                                                \
    for (size_t k = 0; k < d; k++) sum += divergence_##type(read_##type(x[k]) / x_sum, read_##type(y[k]) / y_sum);     \
    return sqrt##suffix(sum > 0 ? sum / 2 : 0 * sum);                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  static wide haversine_##type(const element *x, const element *y) {                                                   \
    const wide a = sin##suffix((read_##type(x[0]) - read_##type(y[0])) / 2);                                           \
    const wide b = sin##suffix((read_##type(x[1]) - read_##type(y[1])) / 2);                                           \
    const wide squared = a * a + cos##suffix(read_##type(x[0])) * cos##suffix(read_##type(y[0])) * b * b;              \
    return 2 * asin##suffix(sqrt##suffix(squared > 1 ? 1 : squared));                                                  \
  }                                                                                                                    \
                                                                                                                       \
  /* One coordinate's part of a sum. */                                                                                \
  static wide term_##type(farro_distance distance, wide x, wide y) {                                                   \
    const wide magnitude = fabs##suffix(x - y), sizes = fabs##suffix(x) + fabs##suffix(y);                             \
    switch (distance.metric) {                                                                                         \
    case FARRO_METRIC_INNER_PRODUCT:                                                                                   \
      return x * y;                                                                                                    \
    case FARRO_METRIC_MANHATTAN:                                                                                       \
    case FARRO_METRIC_BRAY_CURTIS:                                                                                     \
      return magnitude;                                                                                                \
    case FARRO_METRIC_CANBERRA:                                                                                        \
      return sizes == 0 ? 0 : magnitude / sizes;                                                                       \
    case FARRO_METRIC_MINKOWSKI:                                                                                       \
      return pow##suffix(magnitude, (wide)distance.p);                                                                 \
    case FARRO_METRIC_HELLINGER: {                                                                                     \
      const wide difference = sqrt##suffix(x) - sqrt##suffix(y);                                                       \
      return difference * difference / 2;                                                                              \
    }                                                                                                                  \
    default:                                                                                                           \
      return magnitude * magnitude;                                                                                    \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  static wide distance_##type(farro_distance distance, size_t d, const element *x, const element *y) {                 \
    const farro_metric metric = distance.metric;                                                                       \
    const bool is_chebyshev =                                                                                          \
        metric == FARRO_METRIC_CHEBYSHEV || (metric == FARRO_METRIC_MINKOWSKI && isinf(distance.p));                   \
    if (metric == FARRO_METRIC_COSINE) return cosine_##type(d, x, y, 0, 0);                                            \
    if (metric == FARRO_METRIC_CORRELATION) return correlation_##type(d, x, y);                                        \
    if (metric == FARRO_METRIC_JENSEN_SHANNON) return jensen_shannon_##type(d, x, y);                                  \
    if (metric == FARRO_METRIC_HAVERSINE) return haversine_##type(x, y);                                               \
    wide sum = 0, largest = 0, sums = 0;                                                                               \
    for (size_t k = 0; k < d; k++) {                                                                                   \
      const wide a = read_##type(x[k]), b = read_##type(y[k]), magnitude = fabs##suffix(a - b);                        \
      if (!is_chebyshev) sum += term_##type(distance, a, b);                                                           \
      if (magnitude > largest || isnan(magnitude)) largest = magnitude;                                                \
      sums += fabs##suffix(a + b);                                                                                     \
    }                                                                                                                  \
    if (is_chebyshev) return largest;                                                                                  \
    if (metric == FARRO_METRIC_MINKOWSKI) return pow##suffix(sum, 1 / (wide)distance.p);                               \
    if (metric == FARRO_METRIC_BRAY_CURTIS) return sum / sums;                                                         \
    return metric == FARRO_METRIC_EUCLIDEAN || metric == FARRO_METRIC_HELLINGER ? sqrt##suffix(sum) : sum;             \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_pairwise_distances_reference_##type(farro_distance distance, size_t m, size_t n, size_t d,        \
                                                         const element *x, size_t ldx, const element *y, size_t ldy,   \
                                                         scalar *out, size_t ld_out) {                                 \
    for (size_t i = 0; i < m; i++)                                                                                     \
      for (size_t j = 0; j < n; j++)                                                                                   \
        out[i * ld_out + j] = (scalar)distance_##type(distance, d, x + i * ldx, y + j * ldy);                          \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_paired_distances_reference_##type(farro_distance distance, size_t m, size_t d, const element *x,  \
                                                       size_t ldx, const element *y, size_t ldy, scalar *out) {        \
    for (size_t i = 0; i < m; i++) out[i] = (scalar)distance_##type(distance, d, x + i * ldx, y + i * ldy);            \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, float, double, )
REFERENCE(f64, double, double, long double, l)
REFERENCE(bf16, uint16_t, float, double, )
REFERENCE(i8, int8_t, float, double, )
