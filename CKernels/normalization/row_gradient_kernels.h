// The way back through the norms of rows. Needs row_norm_kernels.h.
//
// With z = (x - mean) / deviation and g = grad_y scale, grad_x = (g - mean(g) - z mean(g z)) / deviation (an RMS norm
// has no mean(g), an L2 norm sums where that takes the mean), and the gradients of scale and offset are sums down the
// columns of grad_y z and of grad_y.
//
// Two passes over some rows while they are in cache: their sums, then grad_x together with the columns. Four rows at
// once share what they load of scale, and load and store the columns' sums once; rows too wide for that go one by one,
// in 4 chains. Either way the columns add the rows in order.

enum { KERNEL(most_rows) = 4, KERNEL(gradient_block) = 1024 };

// Some rows: of g and x, and what the sums made of them.
typedef struct {
  const ELEMENT *grad_y, *x;
  ELEMENT *grad_x;
  KERNEL(statistics) statistics;
  SCALAR slope, base; // grad_x = g factor + (x - center) slope + base
} KERNEL(gradient_row);

// ---- the sums of rows ----

// `rows` rows, each in `chains` chains: 4 in all. Of g and of g (x - center). What lies `ahead` of x is fetched, unless
// that is 0.
INLINE void KERNEL(gradient_sums)(const size_t rows, const size_t chains, const KERNEL(gradient_row) * r,
                                  const SCALAR *scale, size_t columns, size_t ahead, const norm_kind kind, double *sum,
                                  double *product) {
  enum { most = KERNEL(most_rows) };
  UNROLL for (size_t c = 0; c < rows; c++) sum[c] = product[c] = 0;
  for (size_t from = 0, to; from < columns; from = to) {
    to = columns - from < KERNEL(gradient_block) ? columns : from + KERNEL(gradient_block);
    VECTOR sums[most] = {0}, products[most] = {0};
    size_t i = from;
    for (; i + chains * LANES <= to; i += chains * LANES) UNROLL for (size_t c = 0; c < most; c++) {
        const size_t row = c / chains, at = i + c % chains * LANES;
        VECTOR g = load(r[row].grad_y + at);
        VECTOR d = load(r[row].x + at);
        if (ahead) __builtin_prefetch(r[row].x + at + ahead);
        if (scale) g *= load(scale + at);
        if (kind == norm_layer) {
          d -= broadcast(r[row].statistics.center);
          sums[c] += g;
        }
        products[c] = multiply_add(g, d, products[c]);
      }
    for (; i < to; i += LANES) {
      const size_t n = to - i < LANES ? to - i : LANES;
      UNROLL for (size_t row = 0; row < rows; row++) {
        VECTOR g = n == LANES ? load(r[row].grad_y + i) : load_first(r[row].grad_y + i, n);
        VECTOR d = n == LANES ? load(r[row].x + i) : load_first(r[row].x + i, n);
        if (scale) g *= n == LANES ? load(scale + i) : load_first(scale + i, n);
        if (kind == norm_layer) {
          d -= broadcast(r[row].statistics.center);
          sums[row * chains] += g;
        }
        products[row * chains] = multiply_add(g, d, products[row * chains]);
      }
    }
    UNROLL for (size_t row = 0; row < rows; row++) {
      if (chains == 4) {
        sum[row] += KERNEL(total)(sums);
        product[row] += KERNEL(total)(products);
      } else {
        sum[row] += (double)horizontal_sum(sums[row]);
        product[row] += (double)horizontal_sum(products[row]);
      }
    }
  }
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

// Elements i... of `rows` rows, as many as a vector has, or the first n when `partial`. `products` NULL: no columns.
INLINE void KERNEL(gradient_at)(const size_t rows, const KERNEL(gradient_row) * r, const SCALAR *scale,
                                SCALAR *products, SCALAR *sums, size_t i, size_t n, size_t ahead, const norm_kind kind,
                                const bool partial, const bool past_caches) {
  VECTOR product, sum;
  if (products) product = KERNEL(load_some)(products + i, n, partial);
  if (products && kind == norm_layer) sum = KERNEL(load_some)(sums + i, n, partial);
  UNROLL for (size_t row = 0; row < rows; row++) {
    const KERNEL(statistics) *s = &r[row].statistics;
    VECTOR g = KERNEL(load_elements)(r[row].grad_y + i, n, partial);
    VECTOR d = KERNEL(load_elements)(r[row].x + i, n, partial);
    if (kind == norm_layer) d -= broadcast(s->center);
    if (ahead && !partial) __builtin_prefetch(r[row].grad_y + i + ahead);
    if (products) {
      const VECTOR z =
          kind == norm_layer ? multiply_add(d, broadcast(s->factor), broadcast(s->shift)) : d * broadcast(s->factor);
      product = multiply_add(g, z, product);
      if (kind == norm_layer) sum += g;
    }
    if (scale) g *= KERNEL(load_some)(scale + i, n, partial);
    d = kind == norm_layer ? multiply_add(d, broadcast(r[row].slope), broadcast(r[row].base))
                           : d * broadcast(r[row].slope);
    const VECTOR v = multiply_add(g, broadcast(s->factor), d);
    if (partial)
      store_first(r[row].grad_x + i, v, n);
    else if (past_caches)
      store_nontemporal(r[row].grad_x + i, v);
    else
      store(r[row].grad_x + i, v);
  }
  if (products && partial)
    store_first(products + i, product, n);
  else if (products)
    store(products + i, product);
  if (products && kind == norm_layer && partial)
    store_first(sums + i, sum, n);
  else if (products && kind == norm_layer)
    store(sums + i, sum);
}

INLINE void KERNEL(gradient_span)(const size_t rows, const KERNEL(gradient_row) * r, const SCALAR *scale,
                                  SCALAR *products, SCALAR *sums, size_t from, size_t to, size_t ahead,
                                  const norm_kind kind, const bool past_caches) {
  size_t i = from;
  for (; i + LANES <= to; i += LANES)
    KERNEL(gradient_at)(rows, r, scale, products, sums, i, LANES, ahead, kind, false, past_caches);
  if (i < to) KERNEL(gradient_at)(rows, r, scale, products, sums, i, to - i, ahead, kind, true, false);
}

INLINE void KERNEL(write_gradient)(const size_t rows, const KERNEL(gradient_row) * r, const SCALAR *scale, size_t n,
                                   SCALAR *products, SCALAR *sums, size_t ahead, const norm_kind kind, bool streams) {
  if (!streams) {
    KERNEL(gradient_span)(rows, r, scale, products, sums, 0, n, ahead, kind, false);
    return;
  }
  const KERNEL(lines) lines = KERNEL(lines_of)(r->grad_x, n);
  KERNEL(gradient_span)(rows, r, scale, products, sums, 0, lines.first, ahead, kind, false);
  KERNEL(gradient_span)(rows, r, scale, products, sums, lines.first, lines.end, ahead, kind, true);
  KERNEL(gradient_span)(rows, r, scale, products, sums, lines.end, n, ahead, kind, false);
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

// Whether four rows of both operands, and the four after them, fit in the L2 cache.
INLINE bool KERNEL(is_narrow)(size_t columns) { return columns * sizeof(ELEMENT) <= 32 * 1024; }

// Rows row...row + rows: their sums and, where they are written as one, their gradients.
INLINE void KERNEL(gradient_of)(const size_t rows, const row_gradient_work *w, size_t row, size_t last,
                                const norm_kind kind, bool in_step, SCALAR *products, SCALAR *sums) {
  const size_t n = w->columns;
  const ELEMENT *grad_y = w->grad_y, *x = w->x;
  KERNEL(gradient_row) r[KERNEL(most_rows)];
  const size_t ahead = row + 2 * rows <= last && KERNEL(is_narrow)(n) ? rows : 0;
  UNROLL for (size_t k = 0; k < rows; k++) {
    r[k].grad_y = grad_y + (row + k) * w->grad_y_row;
    r[k].x = x + (row + k) * w->x_row;
    r[k].grad_x = (ELEMENT *)w->grad_x + (row + k) * w->grad_x_row;
    r[k].statistics = KERNEL(known_statistics)(w, row + k, kind);
  }
  double sum[KERNEL(most_rows)], product[KERNEL(most_rows)];
  KERNEL(gradient_sums)(rows, KERNEL(most_rows) / rows, r, w->scale, n, ahead * w->x_row, kind, sum, product);
  UNROLL for (size_t k = 0; k < rows; k++) KERNEL(set_gradient)(&r[k], n, w->epsilon, kind, sum[k], product[k]);
  if (rows == 1 || in_step)
    KERNEL(write_gradient)(rows, r, w->scale, n, products, sums, ahead * w->grad_y_row, kind, w->streams);
  else
    for (size_t k = 0; k < rows; k++)
      KERNEL(write_gradient)(1, r + k, w->scale, n, products, sums, ahead * w->grad_y_row, kind, w->streams);
}

INLINE void KERNEL(gradient_rows)(const row_gradient_work *w, size_t first, size_t last, const norm_kind kind,
                                  SCALAR *products, SCALAR *sums) {
  if (products) memset(products, 0, w->columns * sizeof(SCALAR));
  if (products && kind == norm_layer) memset(sums, 0, w->columns * sizeof(SCALAR));
  // Rows that begin at the same place of a cache line go past the caches together.
  const bool in_step = !w->streams || w->grad_x_row * sizeof(ELEMENT) % 64 == 0;
  size_t row = first;
  if (KERNEL(is_narrow)(w->columns))
    for (; row + KERNEL(most_rows) <= last; row += KERNEL(most_rows))
      KERNEL(gradient_of)(KERNEL(most_rows), w, row, last, kind, in_step, products, sums);
  for (; row < last; row++) KERNEL(gradient_of)(1, w, row, last, kind, true, products, sums);
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
