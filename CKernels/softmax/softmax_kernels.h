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
  for (size_t i = 0; i < w->axis; i += KERNEL(row_block)) {
    const KERNEL(shares)
        s = {.e = kept->e + i, .factor = KERNEL(kept_factor)(kept, i / KERNEL(row_block), max, factor)};
    KERNEL(write_row)(KERNEL(share_of_exponential), &s, NULL, (ELEMENT *)w->y + row * w->y_row + i,
                      KERNEL(block_of)(w->axis - i), w->streams);
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
    KERNEL(write_row)(KERNEL(share_of_logit), &s, NULL, y, w->axis, w->streams);
  } else {
    const KERNEL(log_shares) s = {l, is_empty ? 0 : max, is_empty ? 0 : (SCALAR)log(sum)};
    KERNEL(write_row)(KERNEL(log_share), &s, NULL, y, w->axis, w->streams);
  }
}

// A row on its way: the sum of exp(logit - center).
typedef struct {
  KERNEL(logits) logits;
  SCALAR center;
  bool is_empty; // nothing of it is kept
  double sum;
} KERNEL(soft_row);

INLINE KERNEL(soft_row) KERNEL(soft_row_of)(const softmax_work *w, size_t row, SCALAR max, const bool plain,
                                            const softmax_operation operation) {
  KERNEL(soft_row) r = {.logits = KERNEL(row_logits)(w, row, plain)};
  r.is_empty = !plain && r.logits.keep && max == (SCALAR)-INFINITY && !KERNEL(keeps_any)(r.logits.keep, w->axis, 1);
  r.center = r.is_empty || operation == softmax_log_sum ? KERNEL(finite_center)(max) : max;
  return r;
}

// What is read while a row is written: the exponentials of the next one, and the greatest logit of the one after it.
typedef struct {
  KERNEL(logits) next, after;
  const ELEMENT *fetched;
  SCALAR *e; // the exponentials of the row that is written, and behind it those of the next; NULL: not kept
  VECTOR center, sums[KERNEL(chains)], max[KERNEL(chains)];
} KERNEL(soft_reading);

INLINE void KERNEL(read_soft_rows)(void *reading, size_t i) {
  KERNEL(soft_reading) *r = reading;
  KERNEL(fetch)(r->fetched, i, 0, 4);
  KERNEL(add_exponentials)(&r->next, i, r->center, r->e, r->sums);
  KERNEL(raise_max)(&r->after, i, r->max);
}

// Returns how far was read. Without `reading`, there is no row behind.
INLINE size_t KERNEL(write_soft_row)(const softmax_work *w, size_t row, const KERNEL(soft_row) * r, const SCALAR *e,
                                     const softmax_operation operation, KERNEL(soft_reading) * reading) {
  ELEMENT *y = (ELEMENT *)w->y + row * w->y_row;
  const KERNEL(shares) shares = {.e = e, .factor = r->is_empty ? 0 : (SCALAR)(1 / r->sum)};
  if (operation == softmax_log_sum) {
    store_first(y, broadcast((SCALAR)((double)r->center + log(r->sum))), 1);
    return reading ? KERNEL(read_row)(KERNEL(read_soft_rows), reading, w->axis) : 0;
  }
  if (operation == softmax_forward)
    return KERNEL(write_row_reading)(KERNEL(share_of_exponential), &shares, reading ? KERNEL(read_soft_rows) : NULL,
                                     reading, y, w->axis, w->streams);
  const KERNEL(log_shares) log_shares = {r->logits, r->center, r->is_empty ? 0 : (SCALAR)log(r->sum)};
  return KERNEL(write_row_reading)(KERNEL(log_share), &log_shares, reading ? KERNEL(read_soft_rows) : NULL, reading, y,
                                   w->axis, w->streams);
}

// Three rows are in work at once: one is written, the next one summed, and of the one after it the greatest logit is
// looked for (of the last row of a range once more: by then nothing is left to look for). The last is written alone.
INLINE void KERNEL(softmax_short)(const softmax_work *w, size_t first, size_t last, const bool plain,
                                  const softmax_operation operation) {
  enum { rows_ahead = 4 }; // two behind those that are read
  SCALAR scratch[KERNEL(row_block)];
  SCALAR *e = operation == softmax_forward ? scratch : NULL;
  const size_t n = w->axis;
  const VECTOR lowest = broadcast((SCALAR)-INFINITY);
  KERNEL(logits) ahead = KERNEL(row_logits)(w, first, plain);
  KERNEL(soft_row) r = KERNEL(soft_row_of)(w, first, KERNEL(max_logit)(&ahead, n), plain, operation);
  r.sum = KERNEL(sum_exponentials)(&r.logits, n, r.center, NULL, 0, e);
  SCALAR max_ahead = 0;
  if (first + 1 < last) {
    ahead = KERNEL(row_logits)(w, first + 1, plain);
    max_ahead = KERNEL(max_logit)(&ahead, n);
  }
  for (size_t row = first; row + 1 < last; row++) {
    KERNEL(soft_row) next = KERNEL(soft_row_of)(w, row + 1, max_ahead, plain, operation);
    KERNEL(soft_reading)
    reading = {.next = next.logits,
               .after = KERNEL(row_logits)(w, row + 2 < last ? row + 2 : row + 1, plain),
               .fetched = KERNEL(row_to_fetch)(w->x, w->x_row, n, row + rows_ahead, last),
               .e = e,
               .center = broadcast(next.center),
               .max = {lowest, lowest, lowest, lowest}};
    const size_t i = KERNEL(write_soft_row)(w, row, &r, e, operation, &reading);
    next.sum = KERNEL(finish_exponentials)(&next.logits, i, n, next.center, NULL, 0, e, reading.sums);
    max_ahead = KERNEL(finish_max)(&reading.after, i, n, reading.max);
    r = next;
  }
  KERNEL(write_soft_row)(w, last - 1, &r, e, operation, NULL);
}

INLINE void KERNEL(softmax_rows)(const softmax_work *w, size_t first, size_t last, const bool plain,
                                 const softmax_operation operation) {
  if (w->axis > KERNEL(row_block)) {
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
  return KERNEL(soft_gradient_of)(g->is_log, KERNEL(load_elements)(g->y + i, n, partial),
                                  KERNEL(load_elements)(g->grad + i, n, partial), broadcast(g->sum), g->factor);
}

INLINE void KERNEL(add_gradient)(const bool is_log, VECTOR y, VECTOR grad, VECTOR *sum) {
  if (is_log)
    *sum += y == (SCALAR)-INFINITY ? broadcast((SCALAR)0) : grad;
  else
    *sum = multiply_add(y, grad, *sum);
}

// Of elements i...
INLINE void KERNEL(add_gradients)(const bool is_log, const ELEMENT *y, const ELEMENT *grad, size_t i,
                                  VECTOR sums[KERNEL(chains)]) {
  UNROLL for (size_t j = 0; j < KERNEL(chains); j++)
      KERNEL(add_gradient)(is_log, load(y + i + j * LANES), load(grad + i + j * LANES), &sums[j]);
}

// The sum of `sums` and of elements i to n of grad y, or for logarithms of grad.
INLINE double KERNEL(finish_gradients)(const bool is_log, const ELEMENT *y, const ELEMENT *grad, size_t i, size_t n,
                                       VECTOR sums[KERNEL(chains)]) {
  for (; i + KERNEL(span) <= n; i += KERNEL(span)) KERNEL(add_gradients)(is_log, y, grad, i, sums);
  for (; i + LANES <= n; i += LANES) KERNEL(add_gradient)(is_log, load(y + i), load(grad + i), &sums[0]);
  if (i < n) KERNEL(add_gradient)(is_log, load_first(y + i, n - i), load_first(grad + i, n - i), &sums[1]);
  return KERNEL(total)(sums);
}

INLINE double KERNEL(sum_gradients)(const bool is_log, const ELEMENT *y, const ELEMENT *grad, size_t columns) {
  double sum = 0;
  for (size_t n; columns > 0; columns -= n, y += n, grad += n) {
    n = KERNEL(block_of)(columns);
    VECTOR sums[KERNEL(chains)] = {0};
    sum += KERNEL(finish_gradients)(is_log, y, grad, 0, n, sums);
  }
  return sum;
}

// The next row's sum, while a row is written.
typedef struct {
  const ELEMENT *y, *grad, *fetched_y, *fetched_grad;
  bool is_log; // a constant after inlining
  VECTOR sums[KERNEL(chains)];
} KERNEL(gradient_reading);

INLINE void KERNEL(read_gradients)(void *reading, size_t i) {
  KERNEL(gradient_reading) *r = reading;
  KERNEL(fetch)(r->fetched_y, i, 0, 4);
  KERNEL(fetch)(r->fetched_grad, i, 0, 4);
  KERNEL(add_gradients)(r->is_log, r->y, r->grad, i, r->sums);
}

INLINE void KERNEL(softmax_rows_backward)(const softmax_work *w, size_t first, size_t last, const bool is_log) {
  enum { rows_ahead = 3 }; // two behind the one that is read
  const size_t n = w->axis;
  const ELEMENT *all_y = w->x, *all_grad = w->grad_y;
  double sum = KERNEL(sum_gradients)(is_log, all_y + first * w->x_row, all_grad + first * w->x_row, n);
  for (size_t row = first; row < last; row++) {
    const KERNEL(soft_gradients)
        g = {all_y + row * w->x_row, all_grad + row * w->x_row, (SCALAR)sum, (SCALAR)w->factor, is_log};
    ELEMENT *y = (ELEMENT *)w->y + row * w->y_row;
    const ELEMENT *next_y = g.y + w->x_row, *next_grad = g.grad + w->x_row;
    if (row + 1 == last || n > KERNEL(row_block)) {
      KERNEL(write_row)(KERNEL(soft_gradient), &g, NULL, y, n, w->streams);
      if (row + 1 < last) sum = KERNEL(sum_gradients)(is_log, next_y, next_grad, n);
    } else {
      KERNEL(gradient_reading)
      reading = {.y = next_y,
                 .grad = next_grad,
                 .fetched_y = KERNEL(row_to_fetch)(all_y, w->x_row, n, row + rows_ahead, last),
                 .fetched_grad = KERNEL(row_to_fetch)(all_grad, w->x_row, n, row + rows_ahead, last),
                 .is_log = is_log};
      const size_t i =
          KERNEL(write_row_reading)(KERNEL(soft_gradient), &g, KERNEL(read_gradients), &reading, y, n, w->streams);
      sum = KERNEL(finish_gradients)(is_log, next_y, next_grad, i, n, reading.sums);
    }
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
    KERNEL(write_row)(KERNEL(share_of_logit), &s, KERNEL(row_to_fetch)(w->x, w->x_row, w->axis, row + 2, last),
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
