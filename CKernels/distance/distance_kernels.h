// Distances of one tile: rows of x in a packed panel (k-major), rows of y in another, so that a vector holds one
// coordinate of LANES rows of y and nothing is ever summed across lanes.
//
// Manhattan takes the differences as they are. The other metrics come from the matmul microkernel, at a fraction of the
// work: |x - y|^2 = |x|^2 + |y|^2 - 2 x.y. With s = |x|^2 + |y|^2, chains of d roundings leave an error of at most
// d u s in the norms, as much in 2 x.y (since 2 |x_k y_k| <= x_k^2 + y_k^2), u s in the sum of the norms and u times
// the result in the last step: (2d + 2) u s in all. That is harmless unless the result is much smaller than s, so a
// result below s / 16 is replaced by the sum of squared differences, whose relative error is (d + 3) u. What is kept
// has a relative error of at most 16 (2d + 2) u + u.
//
// The cosine distance is |x - y|^2 / 2 of normalized rows, where s = 2: the same rule serves. A normalized row carries
// (d/2 + 3) u of its length (which hardly moves the difference of two nearly parallel ones) and u of each coordinate.

#define DISTANCE_CLOSE ((SCALAR)1 / 16)

// Rows of x that run together, a divisor of MATMUL_ROWS. By 2 vectors that makes 12 or 14 sums: enough to hide an
// addition's latency on two pipes, with registers left for the differences.
#if MATMUL_ROWS == 14
  #define DISTANCE_ROWS 7
#else
  #define DISTANCE_ROWS 6
#endif

INLINE size_t KERNEL(distance_row)(size_t i, size_t rows) { return i < rows ? i : rows - 1; }

// Sums of |x - y| or (x - y)^2 between rows 1...DISTANCE_ROWS of x and all columns. Rows past the last repeat it, so
// that one body serves every number of rows.
//
// A vector of Manhattan terms costs a subtraction, an addition and clearing the sign. Where two pipes add (Zen 5, also
// on 512 bits) and others do logic, that is one vector a cycle; measured: 0.92 of it with AVX-512, 0.94 with AVX2.
INLINE void KERNEL(difference_sums)(const bool squared, size_t rows, size_t d, const SCALAR *x, size_t x_step,
                                    const SCALAR *y, VECTOR sums[DISTANCE_ROWS][MATMUL_VECTORS]) {
  size_t row[DISTANCE_ROWS];
  UNROLL for (size_t i = 0; i < DISTANCE_ROWS; i++) {
    row[i] = KERNEL(distance_row)(i, rows);
    UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) sums[i][j] = broadcast((SCALAR)0);
  }
  for (size_t k = 0; k < d; k++, x += x_step, y += MATMUL_COLUMNS) {
    VECTOR column[MATMUL_VECTORS];
    UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) column[j] = load(y + j * LANES);
    UNROLL for (size_t i = 0; i < DISTANCE_ROWS; i++) {
      const VECTOR value = broadcast(x[row[i]]);
      UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) {
        const VECTOR difference = value - column[j];
        sums[i][j] = squared ? multiply_add(difference, difference, sums[i][j])
                             : sums[i][j] + __builtin_elementwise_abs(difference);
      }
    }
  }
}

INLINE void KERNEL(distance_store)(const distance_tile *t, size_t first, VECTOR values[DISTANCE_ROWS][MATMUL_VECTORS]) {
  UNROLL for (size_t i = 0; i < DISTANCE_ROWS; i++) {
    if (first + i == t->rows) return;
    SCALAR *to = (SCALAR *)t->out + (first + i) * t->ld_out;
    UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) {
      if (t->columns >= (j + 1) * LANES)
        store(to + j * LANES, values[i][j]);
      else if (t->columns > j * LANES)
        store_first(to + j * LANES, values[i][j], t->columns - j * LANES);
    }
  }
}

static void KERNEL(manhattan_tile)(const distance_tile *t) {
  VECTOR sums[DISTANCE_ROWS][MATMUL_VECTORS];
  for (size_t first = 0; first < t->rows; first += DISTANCE_ROWS) {
    KERNEL(difference_sums)(false, t->rows - first, t->d, (const SCALAR *)t->x + first, t->rows, t->y, sums);
    KERNEL(distance_store)(t, first, sums);
  }
}

// ---- metrics that come from the product ----

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
      if (metric == FARRO_METRIC_COSINE) {
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
  VECTOR sums[DISTANCE_ROWS][MATMUL_VECTORS];
  KERNEL(difference_sums)(true, t->rows - first, t->d, (const SCALAR *)t->x + first, t->rows, t->y, sums);
  UNROLL for (size_t i = 0; i < DISTANCE_ROWS; i++) UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) values[i][j] =
      values[i][j] < (SCALAR)0 ? scale * sums[i][j] : values[i][j];
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
      KERNEL(distance_recompute)(t, first, metric == FARRO_METRIC_COSINE ? (SCALAR)0.5 : 1, values);
    UNROLL for (size_t i = 0; i < DISTANCE_ROWS; i++) UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) {
      if (metric == FARRO_METRIC_EUCLIDEAN) values[i][j] = __builtin_elementwise_sqrt(values[i][j]);
      if (metric == FARRO_METRIC_COSINE) values[i][j] = values[i][j] > (SCALAR)2 ? (VECTOR)(SCALAR)2 : values[i][j];
    }
    KERNEL(distance_store)(t, first, values);
  }
}

static void KERNEL(euclidean_tile)(const distance_tile *t) { KERNEL(product_tile)(FARRO_METRIC_EUCLIDEAN, t); }
static void KERNEL(squared_tile)(const distance_tile *t) { KERNEL(product_tile)(FARRO_METRIC_SQUARED_EUCLIDEAN, t); }
static void KERNEL(cosine_tile)(const distance_tile *t) { KERNEL(product_tile)(FARRO_METRIC_COSINE, t); }

// ---- preparing packed panels ----

INLINE VECTOR KERNEL(panel_load)(const SCALAR *from, size_t count) {
  return count == LANES ? load(from) : load_first(from, count);
}

// Squared norms of `count` rows, in the order of the microkernel's sums: so x.y of equal rows is their norm, bit by
// bit.
INLINE VECTOR KERNEL(panel_squares)(const SCALAR *panel, size_t width, size_t count, size_t d) {
  VECTOR sum = broadcast((SCALAR)0);
  for (size_t k = 0; k < d; k++) {
    const VECTOR value = KERNEL(panel_load)(panel + k * width, count);
    sum = multiply_add(value, value, sum);
  }
  return sum;
}

// Eight steps are loaded before the first is stored: a load that overlaps the partial vector just stored would wait for
// it to reach the cache, which takes longer than all the rest.
INLINE void KERNEL(panel_multiply)(SCALAR *panel, size_t width, size_t count, size_t d, VECTOR factor) {
  enum { steps = 8 };
  for (size_t k = 0; k < d; k += steps) {
    VECTOR values[steps];
    UNROLL for (size_t i = 0; i < steps; i++) values[i] =
        factor * KERNEL(panel_load)(panel + KERNEL(distance_row)(k + i, d) * width, count);
    UNROLL for (size_t i = 0; i < steps; i++)
        store_first(panel + KERNEL(distance_row)(k + i, d) * width, values[i], count);
  }
}

static void KERNEL(norms)(size_t width, size_t d, void *panel, void *norms) {
  const SCALAR *rows = panel;
  for (size_t i = 0; i < width; i += LANES) {
    const size_t count = width - i < LANES ? width - i : LANES;
    store_first((SCALAR *)norms + i, KERNEL(panel_squares)(rows + i, width, count, d), count);
  }
}

// Divides rows by their largest magnitude, where `needed`: their squares then neither overflow nor vanish.
static __attribute__((noinline)) void KERNEL(panel_rescale)(SCALAR *panel, size_t width, size_t count, size_t d,
                                                            INTEGER_VECTOR needed) {
  VECTOR largest = broadcast((SCALAR)0);
  for (size_t k = 0; k < d; k++) {
    const VECTOR value = __builtin_elementwise_abs(KERNEL(panel_load)(panel + k * width, count));
    largest = value > largest ? value : largest;
  }
  needed &= largest > (SCALAR)0;
  // The inverse of a subnormal number may overflow.
  const VECTOR most = broadcast((SCALAR)(sizeof(SCALAR) == 4 ? 0x1p127 : 0x1p1023)), inverse = (SCALAR)1 / largest;
  const VECTOR factor = inverse > most ? most : inverse;
  KERNEL(panel_multiply)(panel, width, count, d, needed ? factor : broadcast((SCALAR)1));
}

static void KERNEL(normalize)(size_t width, size_t d, void *panel, void *norms) {
  (void)norms;
  for (size_t i = 0; i < width; i += LANES) {
    SCALAR *rows = (SCALAR *)panel + i;
    const size_t count = width - i < LANES ? width - i : LANES;
    VECTOR squares = KERNEL(panel_squares)(rows, width, count, d);
    // Far enough from overflow in both precisions, and from where squares that matter underflow. Lanes past the last
    // row hold zeros, which mean nothing.
    const VECTOR ones = broadcast((SCALAR)1);
    const INTEGER_VECTOR used = KERNEL(panel_load)((const SCALAR *)&ones, count) > (SCALAR)0;
    const INTEGER_VECTOR extreme = used & ~((squares > (SCALAR)0x1p-60) & (squares < (SCALAR)0x1p60));
    if (__builtin_reduce_or(extreme)) {
      KERNEL(panel_rescale)(rows, width, count, d, extreme);
      squares = KERNEL(panel_squares)(rows, width, count, d);
    }
    const VECTOR length = __builtin_elementwise_sqrt(squares);
    KERNEL(panel_multiply)(rows, width, count, d, squares == (SCALAR)0 ? ones : ones / length);
  }
}

static const distance_kernels KERNEL(distance) = {
    .prepare =
        {
            [FARRO_METRIC_EUCLIDEAN] = KERNEL(norms),
            [FARRO_METRIC_SQUARED_EUCLIDEAN] = KERNEL(norms),
            [FARRO_METRIC_COSINE] = KERNEL(normalize),
        },
    .tile =
        {
            [FARRO_METRIC_EUCLIDEAN] = KERNEL(euclidean_tile),
            [FARRO_METRIC_SQUARED_EUCLIDEAN] = KERNEL(squared_tile),
            [FARRO_METRIC_MANHATTAN] = KERNEL(manhattan_tile),
            [FARRO_METRIC_COSINE] = KERNEL(cosine_tile),
        },
};

#undef DISTANCE_CLOSE
#undef DISTANCE_ROWS
