// Distances between sparse rows as their definitions read, over all columns.
#include <math.h>
#include <stdlib.h>

#include "include/sparse_distance.h"

// Of rows written out. 1 - cos is |x / |x| - y / |y||^2 / 2; a zero row has no direction, and the cosine is then 0.
#define REFERENCE(type, scalar, wide, root)                                                                            \
  static void write_out_##type(const farro_csr_##type *x, size_t row, scalar *dense) {                                 \
    for (size_t c = 0; c < x->columns; c++) dense[c] = 0;                                                              \
    for (int64_t k = x->offsets[row]; k < x->offsets[row + 1]; k++) dense[x->indices[k]] = x->values[k];               \
  }                                                                                                                    \
  static wide distance_##type(farro_metric metric, size_t d, const scalar *x, const scalar *y) {                       \
    wide xx = 0, yy = 0, xy = 0, sum = 0;                                                                              \
    for (size_t k = 0; k < d; k++) {                                                                                   \
      xx += (wide)x[k] * (wide)x[k];                                                                                   \
      yy += (wide)y[k] * (wide)y[k];                                                                                   \
      xy += (wide)x[k] * (wide)y[k];                                                                                   \
    }                                                                                                                  \
    if (metric == FARRO_METRIC_INNER_PRODUCT) return xy;                                                               \
    if (metric == FARRO_METRIC_COSINE && (xx == 0 || yy == 0)) return 1 - xy;                                          \
    const bool is_cosine = metric == FARRO_METRIC_COSINE;                                                              \
    const wide x_length = is_cosine ? root(xx) : 1, y_length = is_cosine ? root(yy) : 1;                               \
    for (size_t k = 0; k < d; k++) {                                                                                   \
      const wide difference = (wide)x[k] / x_length - (wide)y[k] / y_length;                                           \
      sum += metric == FARRO_METRIC_MANHATTAN ? (difference < 0 ? -difference : difference) : difference * difference; \
    }                                                                                                                  \
    return is_cosine ? sum / 2 : metric == FARRO_METRIC_EUCLIDEAN ? root(sum) : sum;                                   \
  }                                                                                                                    \
  farro_status farro_sparse_distances_reference_##type(farro_metric metric, const farro_csr_##type *x,                 \
                                                       const farro_csr_##type *y, scalar *out, size_t ld_out) {        \
    const size_t d = x->columns;                                                                                       \
    scalar *rows = malloc((2 * d + 1) * sizeof(scalar));                                                               \
    if (!rows) return FARRO_ERROR_MEMORY;                                                                              \
    for (size_t i = 0; i < x->rows; i++) {                                                                             \
      write_out_##type(x, i, rows);                                                                                    \
      for (size_t j = 0; j < y->rows; j++) {                                                                           \
        write_out_##type(y, j, rows + d);                                                                              \
        out[i * ld_out + j] = (scalar)distance_##type(metric, d, rows, rows + d);                                      \
      }                                                                                                                \
    }                                                                                                                  \
    free(rows);                                                                                                        \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double, sqrt)
REFERENCE(f64, double, long double, sqrtl)
