// Distances as their definitions read.
#include <math.h>

#include "include/distance.h"

// 1 - cos is |x / |x| - y / |y||^2 / 2, which loses nothing for nearly parallel rows; a zero row has no direction, and
// the cosine is then taken as 0.
#define REFERENCE(type, scalar, wide, root)                                                                            \
  static wide cosine_##type(size_t d, const scalar *x, const scalar *y) {                                              \
    wide xx = 0, yy = 0, xy = 0, squares = 0;                                                                          \
    for (size_t k = 0; k < d; k++) {                                                                                   \
      xx += (wide)x[k] * (wide)x[k];                                                                                   \
      yy += (wide)y[k] * (wide)y[k];                                                                                   \
      xy += (wide)x[k] * (wide)y[k];                                                                                   \
    }                                                                                                                  \
    if (xx == 0 || yy == 0) return 1 - xy;                                                                             \
    for (size_t k = 0; k < d; k++) {                                                                                   \
      const wide difference = (wide)x[k] / root(xx) - (wide)y[k] / root(yy);                                           \
      squares += difference * difference;                                                                              \
    }                                                                                                                  \
    return squares / 2;                                                                                                \
  }                                                                                                                    \
                                                                                                                       \
  static wide distance_##type(farro_metric metric, size_t d, const scalar *x, const scalar *y) {                       \
    if (metric == FARRO_METRIC_COSINE) return cosine_##type(d, x, y);                                                  \
    wide sum = 0;                                                                                                      \
    for (size_t k = 0; k < d; k++) {                                                                                   \
      const wide difference = (wide)x[k] - (wide)y[k];                                                                 \
      sum += metric == FARRO_METRIC_INNER_PRODUCT ? (wide)x[k] * (wide)y[k]                                            \
             : metric == FARRO_METRIC_MANHATTAN   ? (difference < 0 ? -difference : difference)                        \
                                                  : difference * difference;                                             \
    }                                                                                                                  \
    return metric == FARRO_METRIC_EUCLIDEAN ? root(sum) : sum;                                                         \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_pairwise_distances_reference_##type(farro_metric metric, size_t m, size_t n, size_t d,            \
                                                         const scalar *x, size_t ldx, const scalar *y, size_t ldy,     \
                                                         scalar *out, size_t ld_out) {                                 \
    for (size_t i = 0; i < m; i++)                                                                                     \
      for (size_t j = 0; j < n; j++)                                                                                   \
        out[i * ld_out + j] = (scalar)distance_##type(metric, d, x + i * ldx, y + j * ldy);                            \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double, sqrt)
REFERENCE(f64, double, long double, sqrtl)
