// Batch norm: sums for the way back, and channels whose elements are contiguous. Needs columns_kernels.h, whose table
// ends here.

// ---- the way back, down columns ----

INLINE void KERNEL(add_product)(VECTOR g, VECTOR d, VECTOR *sum, VECTOR *product) {
  *sum += g;
  *product = multiply_add(g, d, *product);
}

INLINE void KERNEL(strip_products)(const KERNEL(strip) s, size_t last, const column_operand *o, size_t row, size_t rows,
                                   size_t column, double *const results[column_reduction_parts]) {
  const SCALAR *x = (const SCALAR *)o->x + row * o->x_row + column;
  const SCALAR *g = (const SCALAR *)o->grad_y + row * o->columns + column;
  VECTOR sums[KERNEL(chains)], products[KERNEL(chains)], center[KERNEL(chains)];
  UNROLL for (size_t c = 0; c < KERNEL(chains); c++) sums[c] = products[c] = broadcast((SCALAR)0);
  UNROLL for (size_t v = 0; v < s.vectors; v++) center[v] =
      KERNEL(load_some)((const SCALAR *)o->center + column + v * LANES, last, s.partial);
  size_t i = 0;
  for (; i + s.interleave <= rows; i += s.interleave) UNROLL for (size_t c = 0; c < KERNEL(chains); c++) {
      const size_t v = c % s.vectors, at = i + c / s.vectors;
      KERNEL(add_product)(KERNEL(load_strip)(s, last, g, o->columns, at, v),
                          KERNEL(load_strip)(s, last, x, o->x_row, at, v) - center[v], &sums[c], &products[c]);
    }
  for (; i < rows; i++)
    UNROLL for (size_t v = 0; v < s.vectors; v++)
        KERNEL(add_product)(KERNEL(load_strip)(s, last, g, o->columns, i, v),
                            KERNEL(load_strip)(s, last, x, o->x_row, i, v) - center[v], &sums[v], &products[v]);
  KERNEL(fold_strip)(s, sums);
  KERNEL(fold_strip)(s, products);
  SCALAR some[KERNEL(span)], others[KERNEL(span)];
  UNROLL for (size_t v = 0; v < s.vectors; v++) {
    store(some + v * LANES, sums[v]);
    store(others + v * LANES, products[v]);
  }
  for (size_t j = 0; j < (s.vectors - 1) * LANES + last; j++) {
    results[0][column + j] = (double)some[j];
    results[1][column + j] = (double)others[j];
  }
}

static void KERNEL(column_products)(const column_operand *o, size_t row, size_t rows, size_t first, size_t last,
                                    double *const results[column_reduction_parts]) {
  KERNEL(reduce_strips)(KERNEL(strip_products), o, row, rows, first, last, results);
}

INLINE VECTOR KERNEL(gradient_of_columns)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(columns_at) *a = context;
  const VECTOR d = KERNEL(load_some)(a->x + i, n, partial) - KERNEL(load_some)(a->center + i, n, partial);
  const VECTOR v =
      multiply_add(d, KERNEL(load_some)(a->slope + i, n, partial), KERNEL(load_some)(a->shift + i, n, partial));
  return multiply_add(KERNEL(load_some)(a->grad_y + i, n, partial), KERNEL(load_some)(a->factor + i, n, partial), v);
}

static void KERNEL(column_gradient)(const column_work *w, size_t first, size_t last) {
  KERNEL(write_columns)(KERNEL(gradient_of_columns), w, first, last);
}

// ---- runs: the contiguous elements of one channel ----

static void KERNEL(run_moments)(size_t n, const void *run, double *mean, double *square) {
  const SCALAR *x = run, base = x[0];
  VECTOR sums[KERNEL(chains)] = {0}, squares[KERNEL(chains)] = {0};
  const VECTOR b = broadcast(base);
  size_t i = 0;
  for (; i + KERNEL(span) <= n; i += KERNEL(span))
    UNROLL for (size_t j = 0; j < KERNEL(chains); j++) sums[j] += load(x + i + j * LANES) - b;
  for (; i + LANES <= n; i += LANES) sums[0] += load(x + i) - b;
  if (i < n) sums[1] += load_first_or(x + i, n - i, base) - b;
  const SCALAR center = base + (SCALAR)(KERNEL(total)(sums) / (double)n);
  const VECTOR c = broadcast(center);
  UNROLL for (size_t j = 0; j < KERNEL(chains); j++) sums[j] = broadcast((SCALAR)0);
  for (i = 0; i + KERNEL(span) <= n; i += KERNEL(span)) UNROLL for (size_t j = 0; j < KERNEL(chains); j++) {
      __builtin_prefetch(x + i + j * LANES + column_block_run);
      KERNEL(add_deviation)(load(x + i + j * LANES) - c, &sums[j], &squares[j]);
    }
  for (; i + LANES <= n; i += LANES) KERNEL(add_deviation)(load(x + i) - c, &sums[0], &squares[0]);
  if (i < n) KERNEL(add_deviation)(load_first_or(x + i, n - i, center) - c, &sums[1], &squares[1]);
  const double sum = KERNEL(total)(sums), rest = sum / (double)n, corrected = KERNEL(total)(squares) - sum * rest;
  *mean = (double)center + rest;
  *square = corrected < 0 ? 0 : corrected;
}

static void KERNEL(run_products)(size_t n, const void *grad_y, const void *run, double center, double *sum,
                                 double *product) {
  const SCALAR *x = run, *g = grad_y;
  const VECTOR c = broadcast((SCALAR)center);
  VECTOR sums[KERNEL(chains)] = {0}, products[KERNEL(chains)] = {0};
  size_t i = 0;
  for (; i + KERNEL(span) <= n; i += KERNEL(span))
    UNROLL for (size_t j = 0; j < KERNEL(chains); j++)
        KERNEL(add_product)(load(g + i + j * LANES), load(x + i + j * LANES) - c, &sums[j], &products[j]);
  for (; i + LANES <= n; i += LANES) KERNEL(add_product)(load(g + i), load(x + i) - c, &sums[0], &products[0]);
  if (i < n)
    KERNEL(add_product)(load_first(g + i, n - i), load_first_or(x + i, n - i, (SCALAR)center) - c, &sums[1],
                        &products[1]);
  *sum = KERNEL(total)(sums);
  *product = KERNEL(total)(products);
}

typedef struct {
  const SCALAR *x, *grad_y;
  SCALAR center, factor, slope, shift;
} KERNEL(run_at);

INLINE VECTOR KERNEL(scaled_run)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(run_at) *a = context;
  const VECTOR d = KERNEL(load_some)(a->x + i, n, partial) - broadcast(a->center);
  return multiply_add(d, broadcast(a->factor), broadcast(a->shift));
}

INLINE VECTOR KERNEL(gradient_of_run)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(run_at) *a = context;
  const VECTOR d = KERNEL(load_some)(a->x + i, n, partial) - broadcast(a->center);
  return multiply_add(KERNEL(load_some)(a->grad_y + i, n, partial), broadcast(a->factor),
                      multiply_add(d, broadcast(a->slope), broadcast(a->shift)));
}

// Where a run is long, what is fetched is further along in it; else it is the run after next.
INLINE void KERNEL(write_runs)(KERNEL(row_value) value, const column_work *w, size_t first, size_t last) {
  enum { ahead = 4096 / sizeof(SCALAR) };
  const column_parameters *p = &w->parameters;
  const size_t n = w->columns, distance = n > ahead ? ahead : n;
  for (size_t run = first; run < last; run++) {
    const size_t channel = run % w->channels;
    const KERNEL(run_at) a = {.x = (const SCALAR *)w->x + run * n,
                              .grad_y = w->grad_y ? (const SCALAR *)w->grad_y + run * n : NULL,
                              .center = ((const SCALAR *)p->center)[channel],
                              .factor = ((const SCALAR *)p->factor)[channel],
                              .slope = p->slope ? ((const SCALAR *)p->slope)[channel] : 0,
                              .shift = ((const SCALAR *)p->shift)[channel]};
    KERNEL(write_row)(value, &a, run + 1 < last ? a.x + distance : NULL, (SCALAR *)w->y + run * n, n, w->streams);
  }
  if (w->streams) fence_nontemporal();
}

static void KERNEL(scale_runs)(const column_work *w, size_t first, size_t last) {
  KERNEL(write_runs)(KERNEL(scaled_run), w, first, last);
}

static void KERNEL(run_gradient)(const column_work *w, size_t first, size_t last) {
  KERNEL(write_runs)(KERNEL(gradient_of_run), w, first, last);
}

static const column_kernels KERNEL(columns) = {
    .element_bytes = sizeof(SCALAR),
    .moments = KERNEL(column_moments),
    .moments_skipping = KERNEL(column_moments_skipping),
    .products = KERNEL(column_products),
    .run_moments = KERNEL(run_moments),
    .run_products = KERNEL(run_products),
    .scale = KERNEL(scale_columns),
    .gradient = KERNEL(column_gradient),
    .scale_runs = KERNEL(scale_runs),
    .gradient_runs = KERNEL(run_gradient),
    .widen = KERNEL(widen_parameters),
    .narrow = KERNEL(narrow_parameters),
};
