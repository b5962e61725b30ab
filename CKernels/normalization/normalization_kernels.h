// Normalization of rows: a row stays in the L1 or L2 cache while its sums are taken and while it is written.
//
// Out of cache, arithmetic must hide behind the memory, which moves a vector of 64 bytes in and out in 10 cycles on a
// Zen 5 (non-temporal copy, one thread). So the row after next is fetched while this one is worked on: half of it
// during the sums, half mixed into the writes. All during the writes left the memory idle meanwhile (softmax 0.85 of
// the copy's speed on two threads, now 0.90), all during the sums starved it later (layer norm 0.82 against 0.89). In
// cache, sums run in 4 chains, because an addition takes 3 or 4 cycles.

enum { KERNEL(chains) = 4, KERNEL(span) = 4 * LANES };

// Of each span of 4 vectors of the row to fetch, a pass of sums asks for the first two, the writing for the others.
INLINE void KERNEL(fetch)(const SCALAR *next, size_t i, size_t from, size_t to) {
  if (next) UNROLL for (size_t j = from; j < to; j++) __builtin_prefetch(next + i + j * LANES);
}

// ---- a row's sums ----

INLINE double KERNEL(total)(const VECTOR sums[KERNEL(chains)]) {
  return (double)horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

INLINE size_t KERNEL(block_of)(size_t left) {
  return left < normalization_block_columns ? left : normalization_block_columns;
}

static double KERNEL(sum_row)(const SCALAR *x, size_t columns) {
  double sum = 0;
  for (size_t n; columns > 0; columns -= n, x += n) {
    n = KERNEL(block_of)(columns);
    VECTOR sums[KERNEL(chains)] = {0};
    size_t i = 0;
    for (; i + KERNEL(span) <= n; i += KERNEL(span))
      UNROLL for (size_t j = 0; j < KERNEL(chains); j++) sums[j] += load(x + i + j * LANES);
    for (; i + LANES <= n; i += LANES) sums[0] += load(x + i);
    if (i < n) sums[1] += load_first(x + i, n - i);
    sum += KERNEL(total)(sums);
  }
  return sum;
}

INLINE void KERNEL(add_deviation)(VECTOR d, VECTOR *sum, VECTOR *square) {
  *sum += d;
  *square = multiply_add(d, d, *square);
}

// Sums of d = x - center and of d^2, while `next`, if any, is fetched.
INLINE void KERNEL(sum_deviations)(const SCALAR *x, size_t columns, SCALAR center, const SCALAR *next, double *sum,
                                   double *square) {
  const VECTOR c = broadcast(center);
  *sum = *square = 0;
  for (size_t n; columns > 0; columns -= n, x += n) {
    n = KERNEL(block_of)(columns);
    VECTOR sums[KERNEL(chains)] = {0}, squares[KERNEL(chains)] = {0};
    size_t i = 0;
    for (; i + KERNEL(span) <= n; i += KERNEL(span)) {
      KERNEL(fetch)(next, i, 0, 2);
      UNROLL for (size_t j = 0; j < KERNEL(chains); j++)
          KERNEL(add_deviation)(load(x + i + j * LANES) - c, &sums[j], &squares[j]);
    }
    if (next) next += n;
    for (; i + LANES <= n; i += LANES) KERNEL(add_deviation)(load(x + i) - c, &sums[0], &squares[0]);
    if (i < n) KERNEL(add_deviation)(load_first_or(x + i, n - i, center) - c, &sums[1], &squares[1]);
    *sum += KERNEL(total)(sums);
    *square += KERNEL(total)(squares);
  }
}

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

// ---- writing a row ----

// What becomes of elements i...: of a whole vector, or of its first n when `partial`.
typedef VECTOR (*KERNEL(row_value))(const void *context, size_t i, size_t n, const bool partial);

INLINE VECTOR KERNEL(load_some)(const SCALAR *x, size_t n, const bool partial) {
  return partial ? load_first(x, n) : load(x);
}

// y[i...] = value for a whole vector.
INLINE void KERNEL(write_vector)(KERNEL(row_value) value, const void *context, SCALAR *y, size_t i,
                                 const bool past_caches) {
  const VECTOR v = value(context, i, LANES, false);
  if (past_caches)
    store_nontemporal(y + i, v);
  else
    store(y + i, v);
}

// y[i] = value for from <= i < to, while `next`, if any, is fetched.
INLINE void KERNEL(write_span)(KERNEL(row_value) value, const void *context, const SCALAR *next, SCALAR *y, size_t from,
                               size_t to, const bool past_caches) {
  size_t i = from;
  for (; i + KERNEL(span) <= to; i += KERNEL(span)) {
    KERNEL(fetch)(next, i, 2, 4);
    UNROLL for (size_t j = 0; j < KERNEL(chains); j++)
        KERNEL(write_vector)(value, context, y, i + j * LANES, past_caches);
  }
  for (; i + LANES <= to; i += LANES) KERNEL(write_vector)(value, context, y, i, past_caches);
  if (i < to) store_first(y + i, value(context, i, to - i, true), to - i);
}

// Only whole cache lines go past the caches: a line written in two ways would be written to memory twice.
INLINE void KERNEL(write_row)(KERNEL(row_value) value, const void *context, const SCALAR *next, SCALAR *y, size_t n,
                              bool streams) {
  enum { line = 64 };
  const size_t skew = (size_t)((uintptr_t)y % line), before = skew ? (line - skew) / sizeof(SCALAR) : 0;
  if (!streams || before >= n) {
    KERNEL(write_span)(value, context, next, y, 0, n, false);
    return;
  }
  const size_t end = before + (n - before) / (line / sizeof(SCALAR)) * (line / sizeof(SCALAR));
  KERNEL(write_span)(value, context, next, y, 0, before, false);
  KERNEL(write_span)(value, context, next, y, before, end, true);
  KERNEL(write_span)(value, context, next, y, end, n, false);
}

INLINE const SCALAR *KERNEL(row_of)(const row_work *w, size_t row) { return (const SCALAR *)w->x + row * w->x_row; }

// The first sum of a row is taken before the row ahead of it is written: the latencies of the one (a sum of lanes, a
// division) pass while the other runs. What is fetched is the row after.
INLINE const SCALAR *KERNEL(row_to_fetch)(const row_work *w, size_t row, size_t last) {
  enum { most_bytes = 128 * 1024 }; // three rows in the L2 cache
  return row + 2 < last && w->columns * sizeof(SCALAR) <= most_bytes ? KERNEL(row_of)(w, row + 2) : NULL;
}

// ---- layer norm, RMS norm ----

// ((x - center) factor + shift) scale + offset
typedef struct {
  const SCALAR *x, *scale, *offset;
  SCALAR center, factor, shift;
} KERNEL(affine);

INLINE VECTOR KERNEL(affine_value)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(affine) *a = context;
  const VECTOR d = KERNEL(load_some)(a->x + i, n, partial) - broadcast(a->center);
  VECTOR v = multiply_add(d, broadcast(a->factor), broadcast(a->shift));
  if (a->scale) v *= KERNEL(load_some)(a->scale + i, n, partial);
  if (a->offset) v += KERNEL(load_some)(a->offset + i, n, partial);
  return v;
}

static void KERNEL(layer_norm)(const row_work *w, size_t first, size_t last) {
  const size_t n = w->columns;
  const double share = 1 / (double)n;
  double sum_ahead = KERNEL(sum_row)(KERNEL(row_of)(w, first), n);
  for (size_t row = first; row < last; row++) {
    const SCALAR *x = KERNEL(row_of)(w, row), center = (SCALAR)(sum_ahead * share);
    const SCALAR *next = KERNEL(row_to_fetch)(w, row, last);
    double sum, square;
    KERNEL(sum_deviations)(x, n, center, next, &sum, &square);
    if (row + 1 < last) sum_ahead = KERNEL(sum_row)(KERNEL(row_of)(w, row + 1), n);
    // What the rounding of `center` left over.
    const double rest = sum * share, variance = square * share - rest * rest;
    const double factor = 1 / sqrt((variance < 0 ? 0 : variance) + w->epsilon);
    const KERNEL(affine) a = {x, w->scale, w->offset, center, (SCALAR)factor, (SCALAR)(-rest * factor)};
    KERNEL(write_row)(KERNEL(affine_value), &a, next, (SCALAR *)w->y + row * w->y_row, n, w->streams);
  }
  if (w->streams) fence_nontemporal();
}

INLINE double KERNEL(square_row)(const SCALAR *x, size_t n, const SCALAR *next) {
  double sum, square;
  KERNEL(sum_deviations)(x, n, 0, next, &sum, &square);
  return square;
}

static void KERNEL(rms_norm)(const row_work *w, size_t first, size_t last) {
  const size_t n = w->columns;
  double square_ahead = KERNEL(square_row)(KERNEL(row_of)(w, first), n, NULL);
  for (size_t row = first; row < last; row++) {
    const SCALAR *next = KERNEL(row_to_fetch)(w, row, last);
    const double factor = 1 / sqrt(square_ahead / (double)n + w->epsilon);
    if (row + 1 < last) square_ahead = KERNEL(square_row)(KERNEL(row_of)(w, row + 1), n, next);
    const KERNEL(affine)
        a = {.x = KERNEL(row_of)(w, row), .scale = w->scale, .factor = (SCALAR)factor, .shift = (SCALAR)-0.0};
    KERNEL(write_row)(KERNEL(affine_value), &a, next, (SCALAR *)w->y + row * w->y_row, n, w->streams);
  }
  if (w->streams) fence_nontemporal();
}

// ---- softmax ----

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

static const normalization_kernels KERNEL(normalization) = {
    .element_bytes = sizeof(SCALAR),
    .layer_norm = KERNEL(layer_norm),
    .rms_norm = KERNEL(rms_norm),
    .softmax = KERNEL(softmax),
};
