// The way back through the norms of rows. Needs row_norm_kernels.h.
//
// With z = (x - mean) / deviation and g = grad_y scale, grad_x = (g - mean(g) - z mean(g z)) / deviation (an RMS norm
// has no mean(g), an L2 norm sums where that takes the mean), and the gradients of scale and offset are sums down the
// columns of grad_y z and of grad_y.
//
// Two passes over a row while it is in cache: its sums, then grad_x together with the columns. Out of cache, and where
// rows are wide, each is written while the next one is summed. In cache, four go together: their sums and divisions
// wait for one another, and they share what they load of scale and of the columns. Either way a row has the same sums,
// in one chain by blocks, and the columns add the rows in order.

enum { KERNEL(most_rows) = 4, KERNEL(gradient_block) = 1024 };

// Some rows: of g and x, and what the sums made of them.
typedef struct {
  const ELEMENT *grad_y, *x;
  ELEMENT *grad_x;
  KERNEL(statistics) statistics;
  SCALAR slope, base; // grad_x = g factor + (x - center) slope + base
} KERNEL(gradient_row);

// ---- the sums of rows ----

// Of elements i...: g, and g (x - center).
INLINE void KERNEL(add_to_gradient)(const KERNEL(gradient_row) * r, const SCALAR *scale, size_t i, size_t n,
                                    const norm_kind kind, const bool partial, VECTOR *sum, VECTOR *product) {
  VECTOR g = KERNEL(load_elements)(r->grad_y + i, n, partial), d = KERNEL(load_elements)(r->x + i, n, partial);
  if (scale) g *= KERNEL(load_some)(scale + i, n, partial);
  if (kind == norm_layer) {
    d -= broadcast(r->statistics.center);
    *sum += g;
  }
  *product = multiply_add(g, d, *product);
}

// Adds to the sums in double what a block of the row came to.
INLINE void KERNEL(add_gradient_block)(VECTOR *sums, VECTOR *products, double *sum, double *product) {
  *sum += (double)horizontal_sum(*sums);
  *product += (double)horizontal_sum(*products);
  *sums = *products = broadcast((SCALAR)0);
}

// Of four rows. What lies `ahead` of x is fetched, unless that is 0.
INLINE void KERNEL(sum_four)(const KERNEL(gradient_row) * r, const SCALAR *scale, size_t columns, size_t ahead,
                             const norm_kind kind, double *sum, double *product) {
  enum { rows = KERNEL(most_rows) };
  VECTOR sums[rows] = {0}, products[rows] = {0};
  UNROLL for (size_t row = 0; row < rows; row++) sum[row] = product[row] = 0;
  for (size_t i = 0; i < columns;) {
    const size_t to = columns - i < KERNEL(gradient_block) ? columns : i + KERNEL(gradient_block);
    for (; i + LANES <= to; i += LANES) UNROLL for (size_t row = 0; row < rows; row++) {
        if (ahead) __builtin_prefetch(r[row].x + i + ahead);
        KERNEL(add_to_gradient)(&r[row], scale, i, LANES, kind, false, &sums[row], &products[row]);
      }
    if (i < to) {
      UNROLL for (size_t row = 0; row < rows; row++)
          KERNEL(add_to_gradient)(&r[row], scale, i, to - i, kind, true, &sums[row], &products[row]);
      i = to;
    }
    UNROLL for (size_t row = 0; row < rows; row++)
        KERNEL(add_gradient_block)(&sums[row], &products[row], &sum[row], &product[row]);
  }
}

// One row on its way.
typedef struct {
  KERNEL(gradient_row) row;
  const SCALAR *scale;
  const ELEMENT *fetched_grad_y, *fetched_x;
  norm_kind kind; // a constant after inlining
  VECTOR sums, products;
  double sum, product; // of the blocks before
} KERNEL(gradient_reading_of_row);

INLINE void KERNEL(read_gradient_vector)(KERNEL(gradient_reading_of_row) * r, size_t i, size_t n, const bool partial) {
  if (i % KERNEL(gradient_block) == 0) KERNEL(add_gradient_block)(&r->sums, &r->products, &r->sum, &r->product);
  KERNEL(add_to_gradient)(&r->row, r->scale, i, n, r->kind, partial, &r->sums, &r->products);
}

INLINE void KERNEL(read_gradient_row)(void *reading, size_t i) {
  KERNEL(gradient_reading_of_row) *r = reading;
  KERNEL(fetch)(r->fetched_grad_y, i, 0, 4);
  KERNEL(fetch)(r->fetched_x, i, 0, 4);
  KERNEL(read_gradient_vector)(r, i, LANES, false);
  UNROLL for (size_t j = 1; j < KERNEL(chains); j++)
      KERNEL(add_to_gradient)(&r->row, r->scale, i + j * LANES, LANES, r->kind, false, &r->sums, &r->products);
}

// Adds elements i to n: the sums are whole.
INLINE void KERNEL(finish_gradient_row)(KERNEL(gradient_reading_of_row) * r, size_t i, size_t n) {
  for (; i + LANES <= n; i += LANES) KERNEL(read_gradient_vector)(r, i, LANES, false);
  if (i < n) KERNEL(read_gradient_vector)(r, i, n - i, true);
  KERNEL(add_gradient_block)(&r->sums, &r->products, &r->sum, &r->product);
}

INLINE void KERNEL(sum_gradient_row)(const KERNEL(gradient_row) * row, const SCALAR *scale, size_t columns,
                                     const norm_kind kind, double *sum, double *product) {
  KERNEL(gradient_reading_of_row) reading = {.row = *row, .scale = scale, .kind = kind};
  KERNEL(finish_gradient_row)(&reading, 0, columns);
  *sum = reading.sum;
  *product = reading.product;
}

// What becomes of the sums. The product was with x - center, so what its rounding left over of the mean is taken off.
INLINE void KERNEL(set_gradient)(KERNEL(gradient_row) * r, size_t n, double epsilon, const norm_kind kind, double sum,
                                 double product) {
  const KERNEL(statistics) *s = &r->statistics;
  const double inverse = s->inverse;
  double mean_of_g = 0, slope = product * inverse * inverse * inverse;
  if (kind == norm_layer) {
    mean_of_g = sum / (double)n;
    slope -= s->rest * sum * inverse * inverse * inverse;
  }
  if (kind != norm_l2) slope /= (double)n;
  // A row no longer than epsilon is divided by epsilon, whatever its elements are.
  if (kind == norm_l2 && inverse >= 1 / epsilon) slope = 0;
  r->slope = (SCALAR)-slope;
  r->base = (SCALAR)(s->rest * slope - mean_of_g * inverse);
}

// ---- grad_x and the columns ----

// The gradients of the columns, which rows add to; without `products`, there are none.
typedef struct {
  const SCALAR *scale;
  SCALAR *products, *sums;
  norm_kind kind; // a constant after inlining
} KERNEL(gradient_columns);

// grad_x of a row, which adds to `product` and `sum` of the columns.
INLINE VECTOR KERNEL(gradient_of_row)(const KERNEL(gradient_row) * r, const KERNEL(gradient_columns) * c, size_t i,
                                      size_t n, const bool partial, VECTOR *product, VECTOR *sum) {
  const bool is_layer = c->kind == norm_layer;
  VECTOR g = KERNEL(load_elements)(r->grad_y + i, n, partial), d = KERNEL(load_elements)(r->x + i, n, partial);
  if (is_layer) d -= broadcast(r->statistics.center);
  if (c->products) {
    const VECTOR factor = broadcast(r->statistics.factor);
    *product =
        multiply_add(g, is_layer ? multiply_add(d, factor, broadcast(r->statistics.shift)) : d * factor, *product);
    if (is_layer) *sum += g;
  }
  if (c->scale) g *= KERNEL(load_some)(c->scale + i, n, partial);
  d = is_layer ? multiply_add(d, broadcast(r->slope), broadcast(r->base)) : d * broadcast(r->slope);
  return multiply_add(g, broadcast(r->statistics.factor), d);
}

INLINE void KERNEL(load_columns)(const KERNEL(gradient_columns) * c, size_t i, size_t n, const bool partial,
                                 VECTOR *product, VECTOR *sum) {
  if (c->products) *product = KERNEL(load_some)(c->products + i, n, partial);
  if (c->products && c->kind == norm_layer) *sum = KERNEL(load_some)(c->sums + i, n, partial);
}

INLINE void KERNEL(store_columns)(const KERNEL(gradient_columns) * c, size_t i, size_t n, const bool partial,
                                  VECTOR product, VECTOR sum) {
  if (c->products && partial)
    store_first(c->products + i, product, n);
  else if (c->products)
    store(c->products + i, product);
  if (c->products && c->kind == norm_layer && partial)
    store_first(c->sums + i, sum, n);
  else if (c->products && c->kind == norm_layer)
    store(c->sums + i, sum);
}

// One row: what is written, and what becomes of the columns with it.
typedef struct {
  KERNEL(gradient_row) row;
  KERNEL(gradient_columns) columns;
} KERNEL(gradient_writing);

INLINE VECTOR KERNEL(gradient_value)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(gradient_writing) *w = context;
  VECTOR product = broadcast((SCALAR)0), sum = product;
  KERNEL(load_columns)(&w->columns, i, n, partial, &product, &sum);
  const VECTOR v = KERNEL(gradient_of_row)(&w->row, &w->columns, i, n, partial, &product, &sum);
  KERNEL(store_columns)(&w->columns, i, n, partial, product, sum);
  return v;
}

// Of four rows; what lies `ahead` of grad_y is fetched, unless that is 0.
INLINE void KERNEL(write_four_at)(const KERNEL(gradient_row) * r, const KERNEL(gradient_columns) * c, size_t i,
                                  size_t n, size_t ahead, const bool partial) {
  VECTOR product = broadcast((SCALAR)0), sum = product;
  KERNEL(load_columns)(c, i, n, partial, &product, &sum);
  UNROLL for (size_t row = 0; row < KERNEL(most_rows); row++) {
    if (ahead) __builtin_prefetch(r[row].grad_y + i + ahead);
    const VECTOR v = KERNEL(gradient_of_row)(&r[row], c, i, n, partial, &product, &sum);
    if (partial)
      store_first(r[row].grad_x + i, v, n);
    else
      store(r[row].grad_x + i, v);
  }
  KERNEL(store_columns)(c, i, n, partial, product, sum);
}

INLINE void KERNEL(write_four)(const KERNEL(gradient_row) * r, const KERNEL(gradient_columns) * c, size_t columns,
                               size_t ahead) {
  size_t i = 0;
  for (; i + LANES <= columns; i += LANES) KERNEL(write_four_at)(r, c, i, LANES, ahead, false);
  if (i < columns) KERNEL(write_four_at)(r, c, i, columns - i, 0, true);
}

// ---- rows ----

INLINE KERNEL(statistics) KERNEL(known_statistics)(const row_gradient_work *w, size_t row, const norm_kind kind) {
  const KERNEL(source) x = {(const ELEMENT *)w->x + row * w->x_row, NULL}, nothing = {NULL, NULL};
  const size_t n = w->columns;
  if (kind != norm_layer)
    return KERNEL(scale_statistics)(
        w->inverse ? w->inverse[row]
                   : KERNEL(inverse_of)(KERNEL(square_row)(x, n, false, nothing), n, w->epsilon, kind));
  if (w->inverse) {
    const SCALAR center = (SCALAR)w->mean[row];
    double rest = w->mean[row] - (double)center, square;
    // A mean in double tells a row of f64 what its center is, but not what the rounding of that left over.
    if (sizeof(SCALAR) == sizeof(double)) {
      KERNEL(sum_deviations)(x, n, center, false, nothing, &rest, &square);
      rest /= (double)n;
    }
    return KERNEL(statistics_of)(center, rest, w->inverse[row]);
  }
  if (KERNEL(is_long)(n)) return KERNEL(long_statistics)(x, n, w->epsilon, false);
  return KERNEL(short_statistics)(x, n, KERNEL(sum_row)(x, n, false), w->epsilon, false, nothing);
}

INLINE KERNEL(gradient_row) KERNEL(gradient_row_at)(const row_gradient_work *w, size_t row, const norm_kind kind) {
  return (KERNEL(gradient_row)){.grad_y = (const ELEMENT *)w->grad_y + row * w->grad_y_row,
                                .x = (const ELEMENT *)w->x + row * w->x_row,
                                .grad_x = (ELEMENT *)w->grad_x + row * w->grad_x_row,
                                .statistics = KERNEL(known_statistics)(w, row, kind)};
}

// Whether four rows of both operands, and the four after them, fit in the L2 cache.
INLINE bool KERNEL(is_narrow)(size_t columns) { return columns * sizeof(ELEMENT) <= 32 * 1024; }

INLINE void KERNEL(gradient_of_four)(const row_gradient_work *w, size_t row, size_t last,
                                     const KERNEL(gradient_columns) * c) {
  enum { rows = KERNEL(most_rows) };
  const size_t ahead = row + 2 * rows <= last ? rows : 0;
  KERNEL(gradient_row) r[rows];
  UNROLL for (size_t k = 0; k < rows; k++) r[k] = KERNEL(gradient_row_at)(w, row + k, c->kind);
  double sum[rows], product[rows];
  KERNEL(sum_four)(r, c->scale, w->columns, ahead * w->x_row, c->kind, sum, product);
  UNROLL for (size_t k = 0; k < rows; k++)
      KERNEL(set_gradient)(&r[k], w->columns, w->epsilon, c->kind, sum[k], product[k]);
  KERNEL(write_four)(r, c, w->columns, ahead * w->grad_y_row);
}

INLINE void KERNEL(gradients_one_by_one)(const row_gradient_work *w, size_t first, size_t last,
                                         const KERNEL(gradient_columns) * c) {
  enum { rows_ahead = 3 }; // two behind the one that is read
  const size_t n = w->columns;
  KERNEL(gradient_writing) writing = {KERNEL(gradient_row_at)(w, first, c->kind), *c};
  double sum, product;
  KERNEL(sum_gradient_row)(&writing.row, c->scale, n, c->kind, &sum, &product);
  for (size_t row = first; row < last; row++) {
    KERNEL(set_gradient)(&writing.row, n, w->epsilon, c->kind, sum, product);
    ELEMENT *grad_x = writing.row.grad_x;
    if (row + 1 == last) {
      KERNEL(write_row)(KERNEL(gradient_value), &writing, NULL, grad_x, n, w->streams);
      return;
    }
    KERNEL(gradient_reading_of_row)
    next = {.row = KERNEL(gradient_row_at)(w, row + 1, c->kind),
            .scale = c->scale,
            .fetched_grad_y = KERNEL(row_to_fetch)(w->grad_y, w->grad_y_row, n, row + rows_ahead, last),
            .fetched_x = KERNEL(row_to_fetch)(w->x, w->x_row, n, row + rows_ahead, last),
            .kind = c->kind};
    if (n > KERNEL(row_block)) {
      KERNEL(write_row)(KERNEL(gradient_value), &writing, NULL, grad_x, n, w->streams);
      KERNEL(sum_gradient_row)(&next.row, c->scale, n, c->kind, &sum, &product);
    } else {
      const size_t i = KERNEL(write_row_reading)(KERNEL(gradient_value), &writing, KERNEL(read_gradient_row), &next,
                                                 grad_x, n, w->streams);
      KERNEL(finish_gradient_row)(&next, i, n);
      sum = next.sum, product = next.product;
    }
    writing.row = next.row;
  }
}

INLINE void KERNEL(gradient_rows)(const row_gradient_work *w, size_t first, size_t last, const norm_kind kind,
                                  SCALAR *products, SCALAR *sums) {
  if (products) memset(products, 0, w->columns * sizeof(SCALAR));
  if (products && kind == norm_layer) memset(sums, 0, w->columns * sizeof(SCALAR));
  const KERNEL(gradient_columns) columns = {w->scale, products, sums, kind};
  size_t row = first;
  if (!w->streams && KERNEL(is_narrow)(w->columns))
    for (; row + KERNEL(most_rows) <= last; row += KERNEL(most_rows)) KERNEL(gradient_of_four)(w, row, last, &columns);
  if (row < last) KERNEL(gradients_one_by_one)(w, row, last, &columns);
  if (w->streams) fence_nontemporal();
}

static void KERNEL(layer_gradient)(const row_gradient_work *w, size_t first, size_t last, void *products, void *sums) {
  if (products)
    KERNEL(gradient_rows)(w, first, last, norm_layer, products, sums);
  else
    KERNEL(gradient_rows)(w, first, last, norm_layer, NULL, NULL);
}

static void KERNEL(rms_gradient)(const row_gradient_work *w, size_t first, size_t last, void *products, void *sums) {
  (void)sums;
  if (products)
    KERNEL(gradient_rows)(w, first, last, norm_rms, products, NULL);
  else
    KERNEL(gradient_rows)(w, first, last, norm_rms, NULL, NULL);
}

static void KERNEL(l2_gradient)(const row_gradient_work *w, size_t first, size_t last, void *products, void *sums) {
  (void)products, (void)sums;
  KERNEL(gradient_rows)(w, first, last, norm_l2, NULL, NULL);
}

static const row_norm_kernels KERNEL(row_norm) = {
    .element_bytes = sizeof(ELEMENT),
    .scalar_bytes = sizeof(SCALAR),
    .forward = {KERNEL(layer_norm), KERNEL(rms_norm), KERNEL(l2_norm)},
    .backward = {KERNEL(layer_gradient), KERNEL(rms_gradient), KERNEL(l2_gradient)},
};
