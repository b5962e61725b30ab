// Softmax of rows. Needs row_kernels.h.

INLINE VECTOR KERNEL(greater)(VECTOR a, VECTOR b) { return a > b ? a : b; }

// The greatest element that is a number; -infinity if there is none.
static SCALAR KERNEL(max_row)(const SCALAR *x, size_t n) {
  const VECTOR lowest = broadcast((SCALAR)-INFINITY);
  VECTOR max[KERNEL(chains)] = {lowest, lowest, lowest, lowest};
  size_t i = 0;
  for (; i + KERNEL(span) <= n; i += KERNEL(span))
    UNROLL for (size_t j = 0; j < KERNEL(chains); j++) max[j] = KERNEL(greater)(load(x + i + j * LANES), max[j]);
  for (; i + LANES <= n; i += LANES) max[0] = KERNEL(greater)(load(x + i), max[0]);
  if (i < n) max[1] = KERNEL(greater)(load_first_or(x + i, n - i, (SCALAR)-INFINITY), max[1]);
  return horizontal_max(KERNEL(greater)(KERNEL(greater)(max[0], max[1]), KERNEL(greater)(max[2], max[3])));
}

// e = exp(x - max), and their sum, while `next`, if any, is fetched. n <= normalization_block_columns.
static double KERNEL(exponentials)(const SCALAR *x, size_t n, SCALAR max, const SCALAR *next, SCALAR *e) {
  const VECTOR m = broadcast(max);
  VECTOR sums[KERNEL(chains)] = {0};
  size_t i = 0;
  for (; i + KERNEL(span) <= n; i += KERNEL(span)) {
    KERNEL(fetch)(next, i, 0, 2);
    UNROLL for (size_t j = 0; j < KERNEL(chains); j++) {
      const VECTOR v = vector_exp(load(x + i + j * LANES) - m);
      store(e + i + j * LANES, v);
      sums[j] += v;
    }
  }
  for (; i + LANES <= n; i += LANES) {
    const VECTOR v = vector_exp(load(x + i) - m);
    store(e + i, v);
    sums[0] += v;
  }
  if (i < n) {
    const VECTOR v = vector_exp(load_first_or(x + i, n - i, (SCALAR)-INFINITY) - m);
    store_first(e + i, v, n - i);
    sums[1] += v;
  }
  return KERNEL(total)(sums);
}

// exp(x - max) factor
typedef struct {
  const SCALAR *x;
  SCALAR max, factor;
} KERNEL(exponential);

INLINE VECTOR KERNEL(exponential_value)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(exponential) *e = context;
  return vector_exp(KERNEL(load_some)(e->x + i, n, partial) - broadcast(e->max)) * broadcast(e->factor);
}

INLINE VECTOR KERNEL(scaled_value)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(exponential) *e = context;
  return KERNEL(load_some)(e->x + i, n, partial) * broadcast(e->factor);
}

// The greatest element and the sum of exponentials of a long row in one pass over memory: when a block has a greater
// element, the sum so far shrinks.
static double KERNEL(online_sum)(const SCALAR *x, size_t columns, SCALAR *scratch, SCALAR *max) {
  double sum = 0;
  *max = (SCALAR)-INFINITY;
  for (size_t n; columns > 0; columns -= n, x += n) {
    n = KERNEL(block_of)(columns);
    const SCALAR before = *max, here = KERNEL(max_row)(x, n);
    if (here > before) {
      *max = here;
      sum *= (double)vector_exp(broadcast(before - here))[0];
    }
    // Of nothing but -infinity so far, differences would be NaN.
    sum += KERNEL(exponentials)(x, n, *max == (SCALAR)-INFINITY ? 0 : *max, NULL, scratch);
  }
  return sum;
}

static void KERNEL(softmax_long)(const row_work *w, size_t row, SCALAR *scratch) {
  KERNEL(exponential) e = {.x = KERNEL(row_of)(w, row)};
  e.factor = (SCALAR)(1 / KERNEL(online_sum)(e.x, w->columns, scratch, &e.max));
  KERNEL(write_row)(KERNEL(exponential_value), &e, NULL, (SCALAR *)w->y + row * w->y_row, w->columns, w->streams);
}

static void KERNEL(softmax)(const row_work *w, size_t first, size_t last) {
  const size_t n = w->columns;
  SCALAR scratch[normalization_block_columns];
  if (n > normalization_block_columns) {
    for (size_t row = first; row < last; row++) KERNEL(softmax_long)(w, row, scratch);
  } else {
    SCALAR max_ahead = KERNEL(max_row)(KERNEL(row_of)(w, first), n);
    for (size_t row = first; row < last; row++) {
      SCALAR *y = (SCALAR *)w->y + row * w->y_row, *e = w->streams ? scratch : y;
      const SCALAR *next = KERNEL(row_to_fetch)(w, row, last);
      const double sum = KERNEL(exponentials)(KERNEL(row_of)(w, row), n, max_ahead, next, e);
      if (row + 1 < last) max_ahead = KERNEL(max_row)(KERNEL(row_of)(w, row + 1), n);
      const KERNEL(exponential) scaled = {.x = e, .factor = (SCALAR)(1 / sum)};
      KERNEL(write_row)(KERNEL(scaled_value), &scaled, next, y, n, w->streams);
    }
  }
  if (w->streams) fence_nontemporal();
}
