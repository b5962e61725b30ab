// Softmax, log-softmax and log-sum-exp of rows, and their gradients. Needs softmax_rows.h.

// ---- forward ----

INLINE KERNEL(logits) KERNEL(row_logits)(const softmax_work *w, size_t row, const bool plain) {
  KERNEL(logits) l = {.x = (const ELEMENT *)w->x + row * w->x_row, .plain = plain};
  if (plain) return l;
  l.factor = (SCALAR)w->factor;
  if (w->bias) l.bias = (const ELEMENT *)w->bias + (w->bias_blocks ? w->bias_blocks[row] : row) * w->bias_stride;
  if (w->keep) l.keep = w->keep + (w->keep_blocks ? w->keep_blocks[row] : row) * w->keep_stride;
  return l;
}

// logit - center - rest
typedef struct {
  KERNEL(logits) logits;
  SCALAR center, rest;
} KERNEL(log_shares);

INLINE VECTOR KERNEL(log_share)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(log_shares) *s = context;
  return KERNEL(logit)(&s->logits, i, n, partial) - broadcast(s->center) - broadcast(s->rest);
}

// Block by block, from the exponentials that were kept.
INLINE void KERNEL(write_kept)(const softmax_work *w, size_t row, const KERNEL(kept_row) * kept, SCALAR max,
                               double factor) {
  for (size_t i = 0; i < w->axis; i += softmax_block_columns) {
    const KERNEL(shares)
        s = {.e = kept->e + i, .factor = KERNEL(kept_factor)(kept, i / softmax_block_columns, max, factor)};
    KERNEL(soft_write)(KERNEL(share_of_exponential), &s, NULL, (ELEMENT *)w->y + row * w->y_row + i,
                       KERNEL(soft_block)(w->axis - i), w->streams);
  }
}

INLINE void KERNEL(softmax_long)(const softmax_work *w, size_t row, size_t last, const bool plain,
                                 const softmax_operation operation, KERNEL(kept_row) * kept) {
  const KERNEL(logits) l = KERNEL(row_logits)(w, row, plain);
  ELEMENT *y = (ELEMENT *)w->y + row * w->y_row;
  SCALAR max;
  const ELEMENT *next = KERNEL(soft_long_row_to_fetch)(w->x, w->x_row, w->axis, row, last);
  double sum = KERNEL(online_sum)(&l, w->axis, next, &max, operation == softmax_forward ? kept : NULL);
  if (operation == softmax_log_sum) {
    store_first(y, broadcast((SCALAR)((double)KERNEL(finite_center)(max) + log(sum))), 1);
    return;
  }
  const bool is_empty = !plain && l.keep && max == (SCALAR)-INFINITY && !KERNEL(keeps_any)(l.keep, w->axis, 1);
  if (max == (SCALAR)INFINITY) sum = (double)NAN;
  if (operation == softmax_forward && kept->e) {
    KERNEL(write_kept)(w, row, kept, max, is_empty ? 0 : 1 / sum);
  } else if (operation == softmax_forward) {
    const KERNEL(shares) s = {l, NULL, is_empty ? 0 : max, is_empty ? 0 : (SCALAR)(1 / sum)};
    KERNEL(soft_write)(KERNEL(share_of_logit), &s, NULL, y, w->axis, w->streams);
  } else {
    const KERNEL(log_shares) s = {l, is_empty ? 0 : max, is_empty ? 0 : (SCALAR)log(sum)};
    KERNEL(soft_write)(KERNEL(log_share), &s, NULL, y, w->axis, w->streams);
  }
}

// The greatest logit of a row is looked for before the row ahead of it is written.
INLINE void KERNEL(softmax_short)(const softmax_work *w, size_t first, size_t last, const bool plain,
                                  const softmax_operation operation) {
  SCALAR scratch[softmax_block_columns];
  const size_t n = w->axis;
  KERNEL(logits) ahead = KERNEL(row_logits)(w, first, plain);
  SCALAR max_ahead = KERNEL(max_logit)(&ahead, n);
  for (size_t row = first; row < last; row++) {
    const KERNEL(logits) l = ahead;
    const ELEMENT *next = KERNEL(soft_row_to_fetch)(w->x, w->x_row, n, row, last);
    ELEMENT *y = (ELEMENT *)w->y + row * w->y_row;
    SCALAR *e = sizeof(ELEMENT) == sizeof(SCALAR) && !w->streams ? (SCALAR *)y : scratch;
    const bool is_empty = !plain && l.keep && max_ahead == (SCALAR)-INFINITY && !KERNEL(keeps_any)(l.keep, n, 1);
    const SCALAR center = is_empty || operation == softmax_log_sum ? KERNEL(finite_center)(max_ahead) : max_ahead;
    const double sum = KERNEL(sum_exponentials)(&l, n, center, next, operation == softmax_log_sum ? 4 : 2,
                                                operation == softmax_forward ? e : NULL);
    if (row + 1 < last) {
      ahead = KERNEL(row_logits)(w, row + 1, plain);
      max_ahead = KERNEL(max_logit)(&ahead, n);
    }
    if (operation == softmax_log_sum) {
      store_first(y, broadcast((SCALAR)((double)center + log(sum))), 1);
    } else if (operation == softmax_forward) {
      const KERNEL(shares) s = {.e = e, .factor = is_empty ? 0 : (SCALAR)(1 / sum)};
      KERNEL(soft_write)(KERNEL(share_of_exponential), &s, next, y, n, w->streams);
    } else {
      const KERNEL(log_shares) s = {l, center, is_empty ? 0 : (SCALAR)log(sum)};
      KERNEL(soft_write)(KERNEL(log_share), &s, next, y, n, w->streams);
    }
  }
}

INLINE void KERNEL(softmax_rows)(const softmax_work *w, size_t first, size_t last, const bool plain,
                                 const softmax_operation operation) {
  if (w->axis > softmax_block_columns) {
    const size_t bytes = operation == softmax_forward ? KERNEL(kept_bytes)(w->axis) : 0;
    KERNEL(kept_row) kept = {.e = bytes ? farro_allocate(bytes) : NULL}; // without it, exponentials are taken twice
    for (size_t row = first; row < last; row++) KERNEL(softmax_long)(w, row, last, plain, operation, &kept);
    if (kept.e) farro_release(kept.e, bytes);
  } else {
    KERNEL(softmax_short)(w, first, last, plain, operation);
  }
  if (w->streams) fence_nontemporal();
}

// ---- backward ----

// (grad - sum) y factor, or (grad - exp(y) sum) factor for logarithms. Where a logarithm is -infinity, nothing that x
// could be changes it.
INLINE VECTOR KERNEL(soft_gradient_of)(const bool is_log, VECTOR y, VECTOR grad, VECTOR sum, SCALAR factor) {
  if (!is_log) return (grad - sum) * y * broadcast(factor);
  const VECTOR all = (grad - vector_exp(y) * sum) * broadcast(factor);
  return y == (SCALAR)-INFINITY ? broadcast((SCALAR)0) : all;
}

typedef struct {
  const ELEMENT *y, *grad;
  SCALAR sum, factor;
  bool is_log; // a constant after inlining
} KERNEL(soft_gradients);

INLINE VECTOR KERNEL(soft_gradient)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(soft_gradients) *g = context;
  return KERNEL(soft_gradient_of)(g->is_log, KERNEL(soft_load)(g->y + i, n, partial),
                                  KERNEL(soft_load)(g->grad + i, n, partial), broadcast(g->sum), g->factor);
}

INLINE void KERNEL(add_gradient)(const bool is_log, VECTOR y, VECTOR grad, VECTOR *sum) {
  if (is_log)
    *sum += y == (SCALAR)-INFINITY ? broadcast((SCALAR)0) : grad;
  else
    *sum = multiply_add(y, grad, *sum);
}

// The sum of grad y, or for logarithms of grad, while `next`, if any, is fetched.
INLINE double KERNEL(sum_gradients)(const bool is_log, const ELEMENT *y, const ELEMENT *grad, size_t columns,
                                    const ELEMENT *next) {
  double sum = 0;
  for (size_t n; columns > 0; columns -= n, y += n, grad += n) {
    n = KERNEL(soft_block)(columns);
    VECTOR sums[KERNEL(soft_chains)] = {0};
    size_t i = 0;
    for (; i + KERNEL(soft_span) <= n; i += KERNEL(soft_span)) {
      KERNEL(soft_fetch)(next, i, 0, 4);
      UNROLL for (size_t j = 0; j < KERNEL(soft_chains); j++)
          KERNEL(add_gradient)(is_log, load(y + i + j * LANES), load(grad + i + j * LANES), &sums[j]);
    }
    for (; i + LANES <= n; i += LANES) KERNEL(add_gradient)(is_log, load(y + i), load(grad + i), &sums[0]);
    if (i < n) KERNEL(add_gradient)(is_log, load_first(y + i, n - i), load_first(grad + i, n - i), &sums[1]);
    if (next) next += n;
    sum += KERNEL(soft_total)(sums);
  }
  return sum;
}

// Of the row after next, y is fetched during the sums and half of grad during the writes; its other half comes by
// itself.
INLINE void KERNEL(softmax_rows_backward)(const softmax_work *w, size_t first, size_t last, const bool is_log) {
  const size_t n = w->axis;
  const ELEMENT *all_y = w->x, *all_grad = w->grad_y;
  double sum_ahead = KERNEL(sum_gradients)(is_log, all_y + first * w->x_row, all_grad + first * w->x_row, n, NULL);
  for (size_t row = first; row < last; row++) {
    const KERNEL(soft_gradients)
        g = {all_y + row * w->x_row, all_grad + row * w->x_row, (SCALAR)sum_ahead, (SCALAR)w->factor, is_log};
    const ELEMENT *next_y = KERNEL(soft_row_to_fetch)(all_y, w->x_row, n, row, last);
    const ELEMENT *next_grad = KERNEL(soft_row_to_fetch)(all_grad, w->x_row, n, row, last);
    if (row + 1 < last) sum_ahead = KERNEL(sum_gradients)(is_log, g.y + w->x_row, g.grad + w->x_row, n, next_y);
    KERNEL(soft_write)(KERNEL(soft_gradient), &g, next_grad, (ELEMENT *)w->y + row * w->y_row, n, w->streams);
  }
  if (w->streams) fence_nontemporal();
}

INLINE SCALAR KERNEL(first_of)(const ELEMENT *x) { return load_first(x, 1)[0]; }

INLINE void KERNEL(log_sum_rows_backward)(const softmax_work *w, size_t first, size_t last, const bool plain) {
  for (size_t row = first; row < last; row++) {
    const SCALAR log_sum = KERNEL(first_of)((const ELEMENT *)w->log_sum + row);
    const SCALAR grad = KERNEL(first_of)((const ELEMENT *)w->grad_y + row);
    const KERNEL(shares) s = {KERNEL(row_logits)(w, row, plain), NULL, log_sum == (SCALAR)-INFINITY ? 0 : log_sum,
                              grad * (SCALAR)w->factor};
    KERNEL(soft_write)(KERNEL(share_of_logit), &s, KERNEL(soft_row_to_fetch)(w->x, w->x_row, w->axis, row, last),
                       (ELEMENT *)w->y + row * w->y_row, w->axis, w->streams);
  }
  if (w->streams) fence_nontemporal();
}

// ---- the functions of the table ----

#define SOFTMAX_ROWS(name, plain, operation)                                                                           \
  static void KERNEL(name)(const softmax_work *w, size_t first, size_t last) {                                         \
    KERNEL(softmax_rows)(w, first, last, plain, operation);                                                            \
  }

SOFTMAX_ROWS(plain_softmax_rows, true, softmax_forward)
SOFTMAX_ROWS(plain_log_softmax_rows, true, softmax_log)
SOFTMAX_ROWS(plain_log_sum_rows, true, softmax_log_sum)
SOFTMAX_ROWS(masked_softmax_rows, false, softmax_forward)
SOFTMAX_ROWS(masked_log_softmax_rows, false, softmax_log)
SOFTMAX_ROWS(masked_log_sum_rows, false, softmax_log_sum)
#undef SOFTMAX_ROWS

static void KERNEL(softmax_backward_rows)(const softmax_work *w, size_t first, size_t last) {
  KERNEL(softmax_rows_backward)(w, first, last, false);
}
static void KERNEL(log_softmax_backward_rows)(const softmax_work *w, size_t first, size_t last) {
  KERNEL(softmax_rows_backward)(w, first, last, true);
}
static void KERNEL(plain_log_sum_backward_rows)(const softmax_work *w, size_t first, size_t last) {
  KERNEL(log_sum_rows_backward)(w, first, last, true);
}
static void KERNEL(masked_log_sum_backward_rows)(const softmax_work *w, size_t first, size_t last) {
  KERNEL(log_sum_rows_backward)(w, first, last, false);
}
