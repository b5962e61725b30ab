// Distances of one tile: rows of x in a packed panel (k-major), rows of y in another, so that a vector holds one
// coordinate of LANES rows of y and nothing is ever summed across lanes.
//
// Some metrics are sums of terms (term_kernels.h). The others come from the matmul microkernel, at a fraction of the
// work: |x - y|^2 = |x|^2 + |y|^2 - 2 x.y. With s = |x|^2 + |y|^2, chains of d roundings leave an error of at most
// d u s in the norms, as much in 2 x.y (since 2 |x_k y_k| <= x_k^2 + y_k^2), u s in the sum of the norms and u times
// the result in the last step: (2d + 2) u s in all. That is harmless unless the result is much smaller than s, so a
// result below s / 16 is replaced by the sum of squared differences, whose relative error is (d + 3) u. What is kept
// has a relative error of at most 16 (2d + 2) u + u.
//
// The cosine distance is |x - y|^2 / 2 of normalized rows, where s = 2: the same rule serves. A normalized row carries
// (d/2 + 3) u of its length (which hardly moves the difference of two nearly parallel ones) and u of each coordinate.
// Correlation is that of centred rows, whose coordinates carry 2 u more, and Hellinger's distance is Euclidean between
// roots, whose own rounding is u of each.
#include "prepare_kernels.h"
#include "term_kernels.h"

#define DISTANCE_CLOSE ((SCALAR)1 / 16)
#define IS_ANGLE(metric) ((metric) == FARRO_METRIC_COSINE || (metric) == FARRO_METRIC_CORRELATION)

// The distances of DISTANCE_ROWS rows from their products, with -1 in the place of those that must be recomputed: too
// close, or not finite, since NaN and infinity fail the comparison too. True when there are any.
INLINE bool KERNEL(distance_from_product)(const farro_metric metric, const distance_tile *t, size_t first,
                                          const SCALAR *product, VECTOR values[DISTANCE_ROWS][MATMUL_VECTORS]) {
  const SCALAR *x_norms = t->x_norms, *y_norms = t->y_norms;
  VECTOR least = broadcast((SCALAR)0);
  UNROLL for (size_t i = 0; i < DISTANCE_ROWS; i++) {
    const size_t row = KERNEL(distance_row)(first + i, t->rows);
    UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) {
      const VECTOR dot = load(product + row * MATMUL_COLUMNS + j * LANES);
      VECTOR value, close;
      if (metric == FARRO_METRIC_INNER_PRODUCT) {
        values[i][j] = dot;
        continue;
      }
      if (IS_ANGLE(metric)) {
        value = (SCALAR)1 - dot;
        close = broadcast(DISTANCE_CLOSE);
      } else {
        const VECTOR norms = broadcast(x_norms[row]) + load(y_norms + j * LANES);
        value = multiply_add(broadcast((SCALAR)-2), dot, norms);
        close = DISTANCE_CLOSE * norms;
      }
      values[i][j] = value > close ? value : broadcast((SCALAR)-1);
      least = values[i][j] < least ? values[i][j] : least;
    }
  }
  return __builtin_reduce_or(least < (SCALAR)0) != 0;
}

// Out of line: a rare path must not take the common one's registers.
static __attribute__((noinline)) void KERNEL(distance_recompute)(const distance_tile *t, size_t first, SCALAR scale,
                                                                 VECTOR values[DISTANCE_ROWS][MATMUL_VECTORS]) {
  VECTOR squares[DISTANCE_ROWS][MATMUL_VECTORS];
  KERNEL(distance_values)(FARRO_METRIC_SQUARED_EUCLIDEAN, false, DISTANCE_ROWS, t, first, squares);
  UNROLL for (size_t i = 0; i < DISTANCE_ROWS; i++) UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) values[i][j] =
      values[i][j] < (SCALAR)0 ? scale * squares[i][j] : values[i][j];
}

INLINE void KERNEL(product_tile)(const farro_metric metric, const distance_tile *t) {
  static const SCALAR one = 1, zero = 0;
  SCALAR product[MATMUL_ROWS * MATMUL_COLUMNS] __attribute__((aligned(64)));
  // A tile touches many rows of out, each on its own page: asked for now, they are here when the product is done.
  // Without this, Euclidean distances out of cache run at 0.73 of matmul's rate, with it at 0.90 (1000 x 20000 x 128,
  // f32).
  for (size_t i = 0; i < t->rows; i++) {
    const SCALAR *row = (const SCALAR *)t->out + i * t->ld_out;
    __builtin_prefetch(row, 1);
    __builtin_prefetch(row + t->columns - 1, 1);
  }
  KERNEL(matmul).tile[t->rows](&(matmul_tile){.columns = MATMUL_COLUMNS,
                                              .k = t->d,
                                              .a = t->x,
                                              .a_row = 1,
                                              .a_step = t->rows,
                                              .b = t->y,
                                              .b_step = MATMUL_COLUMNS,
                                              .c = product,
                                              .ldc = MATMUL_COLUMNS,
                                              .alpha = &one,
                                              .beta = &zero,
                                              .padded = true,
                                              .count = 1});
  VECTOR values[DISTANCE_ROWS][MATMUL_VECTORS];
  for (size_t first = 0; first < t->rows; first += DISTANCE_ROWS) {
    if (KERNEL(distance_from_product)(metric, t, first, product, values))
      KERNEL(distance_recompute)(t, first, IS_ANGLE(metric) ? (SCALAR)0.5 : 1, values);
    UNROLL for (size_t i = 0; i < DISTANCE_ROWS; i++) {
      const SCALAR *x_norms = (const SCALAR *)t->x_norms + KERNEL(distance_row)(first + i, t->rows);
      UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) {
        VECTOR value = values[i][j];
        if (metric == FARRO_METRIC_HELLINGER) value *= (SCALAR)0.5;
        if (metric == FARRO_METRIC_EUCLIDEAN || metric == FARRO_METRIC_HELLINGER)
          value = __builtin_elementwise_sqrt(value);
        if (IS_ANGLE(metric)) value = at_most(value, (SCALAR)2);
        if (metric == FARRO_METRIC_CORRELATION)
          value += broadcast(*x_norms) + load((const SCALAR *)t->y_norms + j * LANES);
        values[i][j] = value;
      }
    }
    KERNEL(distance_store)(t, DISTANCE_ROWS, first, values);
  }
}

#define TILE(name, metric)                                                                                             \
  static void KERNEL(name##_tile)(const distance_tile *t) { KERNEL(product_tile)(metric, t); }
TILE(euclidean, FARRO_METRIC_EUCLIDEAN)
TILE(squared, FARRO_METRIC_SQUARED_EUCLIDEAN)
TILE(cosine, FARRO_METRIC_COSINE)
TILE(inner_product, FARRO_METRIC_INNER_PRODUCT)
TILE(correlation, FARRO_METRIC_CORRELATION)
TILE(hellinger, FARRO_METRIC_HELLINGER)
#undef TILE

#define DISTANCE_KERNEL(kernel, name) .tile[kernel] = KERNEL(name##_tile), .pairs[kernel] = KERNEL(name##_pairs)

static const distance_kernels KERNEL(distance) = {
    DISTANCE_KERNEL(FARRO_METRIC_EUCLIDEAN, euclidean),
    DISTANCE_KERNEL(FARRO_METRIC_SQUARED_EUCLIDEAN, squared),
    DISTANCE_KERNEL(FARRO_METRIC_MANHATTAN, manhattan),
    DISTANCE_KERNEL(FARRO_METRIC_COSINE, cosine),
    DISTANCE_KERNEL(FARRO_METRIC_INNER_PRODUCT, inner_product),
    DISTANCE_KERNEL(FARRO_METRIC_CHEBYSHEV, chebyshev),
    DISTANCE_KERNEL(FARRO_METRIC_MINKOWSKI, minkowski),
    DISTANCE_KERNEL(FARRO_METRIC_CORRELATION, correlation),
    DISTANCE_KERNEL(FARRO_METRIC_CANBERRA, canberra),
    DISTANCE_KERNEL(FARRO_METRIC_BRAY_CURTIS, bray_curtis),
    DISTANCE_KERNEL(FARRO_METRIC_HELLINGER, hellinger),
    DISTANCE_KERNEL(FARRO_METRIC_JENSEN_SHANNON, jensen_shannon),
    DISTANCE_KERNEL(FARRO_METRIC_HAVERSINE, haversine),
    DISTANCE_KERNEL(distance_power_3, power_3),
    DISTANCE_KERNEL(distance_power_4, power_4),
    DISTANCE_KERNEL(distance_power_5, power_5),
    DISTANCE_KERNEL(distance_power_6, power_6),
    .prepare[FARRO_METRIC_EUCLIDEAN] = KERNEL(norms),
    .prepare[FARRO_METRIC_SQUARED_EUCLIDEAN] = KERNEL(norms),
    .prepare[FARRO_METRIC_COSINE] = KERNEL(normalize),
    .prepare[FARRO_METRIC_CORRELATION] = KERNEL(center),
    .prepare[FARRO_METRIC_HELLINGER] = KERNEL(roots),
    .prepare[FARRO_METRIC_JENSEN_SHANNON] = KERNEL(proportions),
    .prepare[FARRO_METRIC_HAVERSINE] = KERNEL(latitudes),
};

#undef DISTANCE_KERNEL
#undef IS_ANGLE
#undef DISTANCE_CLOSE
#undef DISTANCE_ROWS
