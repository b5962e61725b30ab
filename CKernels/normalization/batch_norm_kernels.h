// Batch norm: sums for the way back, and channels whose elements are contiguous. Needs columns_kernels.h, whose table
// ends here.

// ---- the way back, down columns ----

INLINE void KERNEL(add_product)(VECTOR g, VECTOR d, VECTOR *sum, VECTOR *product) {
  *sum += g;
  *product = multiply_add(g, d, *product);
}

typedef struct {
  const SCALAR *x, *grad_y, *center;
  size_t x_row, grad_row, columns; // columns of the chunk
  SCALAR sums[column_chunk], products[column_chunk];
} KERNEL(column_products_so_far);

INLINE void KERNEL(add_row_products)(void *context, size_t i, size_t j, const size_t count, size_t lanes,
                                     const bool partial) {
  KERNEL(column_products_so_far) *c = context;
  const VECTOR none = broadcast((SCALAR)0), center = KERNEL(load_some)(c->center + j, lanes, partial);
  VECTOR sums[2] = {none, none}, products[2] = {none, none};
  UNROLL for (size_t r = 0; r < count; r++) {
    if (count > 1) KERNEL(fetch_next_rows)(c->x, c->x_row, c->columns, i, j, r);
    if (count > 1) KERNEL(fetch_next_rows)(c->grad_y, c->grad_row, c->columns, i, j, r);
    const VECTOR x = KERNEL(load_some)(c->x + (i + r) * c->x_row + j, lanes, partial);
    const VECTOR g = KERNEL(load_some)(c->grad_y + (i + r) * c->grad_row + j, lanes, partial);
    KERNEL(add_product)(g, x - center, &sums[r % 2], &products[r % 2]);
  }
  store(c->sums + j, load(c->sums + j) + (sums[0] + sums[1]));
  store(c->products + j, load(c->products + j) + (products[0] + products[1]));
}

static void KERNEL(column_products)(const column_operand *o, size_t row, size_t rows, size_t first, size_t last,
                                    double *const results[column_reduction_parts]) {
  KERNEL(column_products_so_far) c;
  c.x = (const SCALAR *)o->x + row * o->x_row + first, c.x_row = o->x_row;
  c.grad_y = (const SCALAR *)o->grad_y + row * o->columns + first, c.grad_row = o->columns;
  c.center = (const SCALAR *)o->center + first;
  const size_t n = c.columns = last - first;
  for (size_t j = 0; j < n; j += LANES) {
    store(c.sums + j, broadcast((SCALAR)0));
    store(c.products + j, broadcast((SCALAR)0));
  }
  KERNEL(down_columns)(KERNEL(add_row_products), &c, rows, n);
  KERNEL(widen_parameters)(n, c.sums, results[0] + first);
  KERNEL(widen_parameters)(n, c.products, results[1] + first);
}

// Out of cache, two operands are more than the processor finds out by itself: 4 KiB ahead, both are asked for.
enum { KERNEL(gradient_ahead) = 4096 / sizeof(SCALAR) };

INLINE VECTOR KERNEL(gradient_of_columns)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(columns_at) *a = context;
  __builtin_prefetch(a->x + i + KERNEL(gradient_ahead));
  __builtin_prefetch(a->grad_y + i + KERNEL(gradient_ahead));
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
  __builtin_prefetch(a->x + i + KERNEL(gradient_ahead));
  __builtin_prefetch(a->grad_y + i + KERNEL(gradient_ahead));
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
