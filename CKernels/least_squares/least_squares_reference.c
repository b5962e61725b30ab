// Sums of products as their definition reads.
#include "include/least_squares.h"

#define REFERENCE(type, scalar)                                                                                        \
  farro_status farro_cross_products_reference_##type(const farro_cross_shape *s, const scalar *x, const scalar *y,     \
                                                     const double *weights, const int32_t *group,                      \
                                                     const double *centers, const double *factors, double *products) { \
    const size_t all = s->columns + s->outputs, order = all + 1;                                                       \
    for (size_t a = 0; a < order; a++)                                                                                 \
      for (size_t b = 0; b < order; b++) {                                                                             \
        long double sum = 0;                                                                                           \
        for (size_t i = 0; i < s->rows; i++) {                                                                         \
          long double z[2] = {1, 1};                                                                                   \
          for (size_t side = 0; side < 2; side++) {                                                                    \
            const size_t j = side == 0 ? a : b;                                                                        \
            if (j == all) continue;                                                                                    \
            const double value =                                                                                       \
                j < s->columns ? (double)x[i * s->x_row + j] : (double)y[i * s->y_row + j - s->columns];               \
            z[side] = ((long double)value - centers[(group ? (size_t)group[i] : 0) * all + j]) * factors[j];           \
          }                                                                                                            \
          sum += (weights ? weights[i] : 1) * z[0] * z[1];                                                             \
        }                                                                                                              \
        products[a * order + b] = (double)sum;                                                                         \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float)
REFERENCE(f64, double)
