// The same down columns, in strips of 4 vectors, or of 1 or a part of one at the end: their maxima and sums stay in
// registers. The exponentials of a strip stay in cache until the sums are known; where it is too tall for that, they
// are taken twice, with sums that shrink whenever a greater element comes. Needs softmax_kernels.h.
//
// A strip takes 4 cache lines from each row, too few for the hardware to foresee the next: rows are fetched some way
// ahead, and the strip to the right, which comes next, while this one is worked on in cache.

enum { KERNEL(strip_vectors) = 4, KERNEL(strip_rows_ahead) = 8 };

typedef struct {
  KERNEL(logits) logits;
  const ELEMENT *grad;
  ELEMENT *y;
  size_t rows, stride, last; // `last`: columns of the last vector
  bool streams;
} KERNEL(strip);

// The columns from `column` on, of number `block` of `outer`.
INLINE KERNEL(strip) KERNEL(strip_of)(const softmax_work *w, size_t block, size_t column, const bool plain) {
  const size_t at = block * w->axis * w->inner + column;
  const KERNEL(logits) l = KERNEL(row_logits)(w, block, plain);
  return (KERNEL(strip)){.logits = KERNEL(logits_from)(&l, column),
                         .grad = w->grad_y ? (const ELEMENT *)w->grad_y + at : NULL,
                         .y = (ELEMENT *)w->y + at,
                         .rows = w->axis,
                         .stride = w->inner,
                         .streams = w->streams};
}

// Vector v of a row; `partial`: some columns of the only one.
INLINE VECTOR KERNEL(strip_logit)(const KERNEL(strip) * s, size_t row, size_t v, const bool partial) {
  return KERNEL(logit)(&s->logits, row * s->stride + v * LANES, s->last, partial);
}

INLINE VECTOR KERNEL(strip_load)(const KERNEL(strip) * s, const ELEMENT *x, size_t row, size_t v, const bool partial) {
  return KERNEL(load_elements)(x + row * s->stride + v * LANES, s->last, partial);
}

INLINE void KERNEL(strip_store)(const KERNEL(strip) * s, size_t row, size_t v, const bool partial, VECTOR value) {
  ELEMENT *y = s->y + row * s->stride + v * LANES;
  if (partial)
    store_first(y, value, s->last);
  else if (s->streams)
    store_nontemporal(y, value);
  else
    store(y, value);
}

// ---- forward ----

INLINE void KERNEL(strip_max)(const KERNEL(strip) * s, size_t from, size_t to, const size_t vectors, const bool partial,
                              VECTOR *max) {
  VECTOR m[KERNEL(strip_vectors)];
  UNROLL for (size_t v = 0; v < vectors; v++) m[v] = max[v];
  for (size_t row = from; row < to; row++) UNROLL for (size_t v = 0; v < vectors; v++) {
      __builtin_prefetch(s->logits.x + (row + KERNEL(strip_rows_ahead)) * s->stride + v * LANES);
      m[v] = KERNEL(soft_greater)(KERNEL(strip_logit)(s, row, v, partial), m[v]);
    }
  UNROLL for (size_t v = 0; v < vectors; v++) max[v] = m[v];
}

// Adds exp(logit - center) of each column to its total, and leaves them in e, if any.
INLINE void KERNEL(strip_exponentials)(const KERNEL(strip) * s, size_t from, size_t to, const size_t vectors,
                                       const bool partial, const VECTOR *centers, double *totals, SCALAR *e) {
  VECTOR center[KERNEL(strip_vectors)];
  UNROLL for (size_t v = 0; v < vectors; v++) center[v] = centers[v];
  for (size_t block = from; block < to; block += softmax_block_rows) {
    const size_t end = block + softmax_block_rows < to ? block + softmax_block_rows : to;
    VECTOR sums[KERNEL(strip_vectors)] = {0};
    for (size_t row = block; row < end; row++) UNROLL for (size_t v = 0; v < vectors; v++) {
        if (vectors == KERNEL(strip_vectors)) __builtin_prefetch(s->logits.x + row * s->stride + (vectors + v) * LANES);
        const VECTOR value = vector_exp(KERNEL(strip_logit)(s, row, v, partial) - center[v]);
        sums[v] += value;
        if (e) store(e + (row * vectors + v) * LANES, value);
      }
    SCALAR parts[KERNEL(span)];
    UNROLL for (size_t v = 0; v < vectors; v++) store(parts + v * LANES, sums[v]);
    for (size_t k = 0; k < vectors * LANES; k++) totals[k] += (double)parts[k];
  }
}

INLINE VECTOR KERNEL(finite_centers)(VECTOR max) { return max - max == (SCALAR)0 ? max : broadcast((SCALAR)0); }

// What the sums become: factors, or what is subtracted, or results.
static void KERNEL(finish_strip)(const KERNEL(strip) * s, const softmax_operation operation, size_t columns,
                                 size_t lanes, const SCALAR *most, const SCALAR *centers, double *totals,
                                 SCALAR *factors) {
  for (size_t k = 0; k < lanes; k++) {
    if (operation != softmax_log_sum) {
      if (most[k] == (SCALAR)INFINITY) totals[k] = (double)NAN;
      const bool is_empty = k < columns && most[k] == (SCALAR)-INFINITY && s->logits.keep &&
                            !KERNEL(keeps_any)(s->logits.keep + k, s->rows, s->stride);
      if (is_empty) totals[k] = operation == softmax_forward ? (double)INFINITY : 1;
    }
    factors[k] = operation == softmax_forward ? (SCALAR)(1 / totals[k])
                 : operation == softmax_log   ? (SCALAR)log(totals[k])
                                              : (SCALAR)((double)centers[k] + log(totals[k]));
  }
}

INLINE void KERNEL(softmax_strip)(const softmax_work *w, const KERNEL(strip) * s, size_t result, const size_t vectors,
                                  const bool partial, const softmax_operation operation, SCALAR *e) {
  const size_t columns = (vectors - 1) * LANES + s->last, step = e ? s->rows : softmax_block_rows;
  VECTOR max[KERNEL(strip_vectors)], center[KERNEL(strip_vectors)], factor[KERNEL(strip_vectors)];
  SCALAR before[KERNEL(span)], most[KERNEL(span)], centers[KERNEL(span)], factors[KERNEL(span)];
  double totals[KERNEL(span)] = {0};
  UNROLL for (size_t v = 0; v < vectors; v++) {
    max[v] = broadcast((SCALAR)-INFINITY), center[v] = broadcast((SCALAR)0);
    store(most + v * LANES, max[v]);
    store(centers + v * LANES, center[v]);
  }
  for (size_t row = 0; row < s->rows; row += step) {
    const size_t end = row + step < s->rows ? row + step : s->rows;
    memcpy(before, most, sizeof before);
    KERNEL(strip_max)(s, row, end, vectors, partial, max);
    UNROLL for (size_t v = 0; v < vectors; v++) {
      store(most + v * LANES, max[v]);
      center[v] = KERNEL(finite_centers)(max[v]);
      store(centers + v * LANES, center[v]);
    }
    for (size_t k = 0; row > 0 && k < columns; k++)
      if (most[k] > before[k]) totals[k] *= exp((double)before[k] - (double)most[k]);
    KERNEL(strip_exponentials)(s, row, end, vectors, partial, center, totals, operation == softmax_forward ? e : NULL);
  }
  KERNEL(finish_strip)(s, operation, columns, vectors * LANES, most, centers, totals, factors);
  UNROLL for (size_t v = 0; v < vectors; v++) factor[v] = load(factors + v * LANES);
  if (operation == softmax_log_sum) {
    ELEMENT *y = (ELEMENT *)w->y + result;
    UNROLL for (size_t v = 0; v < vectors; v++) if (partial) store_first(y, factor[v], s->last);
    else store(y + v * LANES, factor[v]);
    return;
  }
  for (size_t row = 0; row < s->rows; row++) UNROLL for (size_t v = 0; v < vectors; v++) {
      VECTOR value;
      if (operation == softmax_forward && e)
        value = load(e + (row * vectors + v) * LANES) * factor[v];
      else if (operation == softmax_forward)
        value = vector_exp(KERNEL(strip_logit)(s, row, v, partial) - center[v]) * factor[v];
      else
        value = KERNEL(strip_logit)(s, row, v, partial) - center[v] - factor[v];
      KERNEL(strip_store)(s, row, v, partial, value);
    }
}

// ---- backward ----

INLINE void KERNEL(softmax_strip_backward)(const softmax_work *w, const KERNEL(strip) * s, const size_t vectors,
                                           const bool partial, const bool is_log) {
  VECTOR sums[KERNEL(strip_vectors)];
  double totals[KERNEL(span)] = {0};
  SCALAR parts[KERNEL(span)];
  for (size_t block = 0; block < s->rows; block += softmax_block_rows) {
    const size_t end = block + softmax_block_rows < s->rows ? block + softmax_block_rows : s->rows;
    UNROLL for (size_t v = 0; v < vectors; v++) sums[v] = broadcast((SCALAR)0);
    for (size_t row = block; row < end; row++) UNROLL for (size_t v = 0; v < vectors; v++) {
        const size_t ahead = (row + KERNEL(strip_rows_ahead)) * s->stride + v * LANES;
        __builtin_prefetch(s->logits.x + ahead);
        __builtin_prefetch(s->grad + ahead);
        KERNEL(add_gradient)(is_log, KERNEL(strip_load)(s, s->logits.x, row, v, partial),
                             KERNEL(strip_load)(s, s->grad, row, v, partial), &sums[v]);
      }
    UNROLL for (size_t v = 0; v < vectors; v++) store(parts + v * LANES, sums[v]);
    for (size_t k = 0; k < vectors * LANES; k++) totals[k] += (double)parts[k];
  }
  for (size_t k = 0; k < vectors * LANES; k++) parts[k] = (SCALAR)totals[k];
  UNROLL for (size_t v = 0; v < vectors; v++) sums[v] = load(parts + v * LANES);
  for (size_t row = 0; row < s->rows; row++) UNROLL for (size_t v = 0; v < vectors; v++) {
      if (vectors == KERNEL(strip_vectors)) {
        __builtin_prefetch(s->logits.x + row * s->stride + (vectors + v) * LANES);
        __builtin_prefetch(s->grad + row * s->stride + (vectors + v) * LANES);
      }
      const VECTOR y = KERNEL(strip_load)(s, s->logits.x, row, v, partial);
      const VECTOR grad = KERNEL(strip_load)(s, s->grad, row, v, partial);
      KERNEL(strip_store)(s, row, v, partial, KERNEL(soft_gradient_of)(is_log, y, grad, sums[v], (SCALAR)w->factor));
    }
}

INLINE void KERNEL(log_sum_strip_backward)(const softmax_work *w, const KERNEL(strip) * s, size_t result,
                                           const size_t vectors, const bool partial) {
  VECTOR center[KERNEL(strip_vectors)], factor[KERNEL(strip_vectors)];
  UNROLL for (size_t v = 0; v < vectors; v++) {
    const size_t at = result + v * LANES;
    center[v] = KERNEL(load_elements)((const ELEMENT *)w->log_sum + at, s->last, partial);
    center[v] = center[v] == (SCALAR)-INFINITY ? broadcast((SCALAR)0) : center[v];
    factor[v] = KERNEL(load_elements)((const ELEMENT *)w->grad_y + at, s->last, partial) * broadcast((SCALAR)w->factor);
  }
  for (size_t row = 0; row < s->rows; row++) UNROLL for (size_t v = 0; v < vectors; v++) {
      __builtin_prefetch(s->logits.x + (row + KERNEL(strip_rows_ahead)) * s->stride + v * LANES);
      const VECTOR value = vector_exp(KERNEL(strip_logit)(s, row, v, partial) - center[v]) * factor[v];
      KERNEL(strip_store)(s, row, v, partial, value);
    }
}

// ---- items: `columns` columns of one of `outer` ----

INLINE void KERNEL(run_strip)(const softmax_work *w, size_t block, size_t column, size_t last, const size_t vectors,
                              const bool partial, const bool plain, const softmax_operation operation, SCALAR *e) {
  KERNEL(strip) s = KERNEL(strip_of)(w, block, column, plain);
  s.last = last;
  const size_t result = block * w->inner + column;
  if (operation <= softmax_log_sum)
    KERNEL(softmax_strip)(w, &s, result, vectors, partial, operation, e);
  else if (operation == softmax_log_sum_backward)
    KERNEL(log_sum_strip_backward)(w, &s, result, vectors, partial);
  else
    KERNEL(softmax_strip_backward)(w, &s, vectors, partial, operation == softmax_log_backward);
}

// What comes from softmax_options is looked for in whole strips only where there is some.
INLINE void KERNEL(softmax_columns)(const softmax_work *w, size_t first, size_t last,
                                    const softmax_operation operation) {
  const size_t elements = w->axis * KERNEL(span), bytes = elements * sizeof(SCALAR);
  const bool fits = operation == softmax_forward && elements <= softmax_strip_elements;
  SCALAR *e = fits ? farro_allocate(bytes) : NULL; // without it, exponentials are taken twice
  const bool plain = w->factor == 1 && !w->bias && !w->keep;
  for (size_t item = first; item < last; item++) {
    const size_t block = item / w->chunks, from = item % w->chunks * w->columns;
    const size_t to = from + w->columns < w->inner ? from + w->columns : w->inner;
    size_t column = from;
    for (; column + KERNEL(span) <= to; column += KERNEL(span))
      if (plain || operation == softmax_backward || operation == softmax_log_backward)
        KERNEL(run_strip)(w, block, column, LANES, KERNEL(strip_vectors), false, true, operation, e);
      else
        KERNEL(run_strip)(w, block, column, LANES, KERNEL(strip_vectors), false, false, operation, e);
    for (; column < to; column += LANES)
      KERNEL(run_strip)(w, block, column, to - column < LANES ? to - column : LANES, 1, true, false, operation, e);
  }
  if (e) farro_release(e, bytes);
  if (w->streams) fence_nontemporal();
}

// ---- the functions of the table ----

#define SOFTMAX_COLUMNS(name, operation)                                                                               \
  static void KERNEL(name)(const softmax_work *w, size_t first, size_t last) {                                         \
    KERNEL(softmax_columns)(w, first, last, operation);                                                                \
  }

SOFTMAX_COLUMNS(forward_columns, softmax_forward)
SOFTMAX_COLUMNS(log_columns, softmax_log)
SOFTMAX_COLUMNS(log_sum_columns, softmax_log_sum)
SOFTMAX_COLUMNS(backward_columns, softmax_backward)
SOFTMAX_COLUMNS(log_backward_columns, softmax_log_backward)
SOFTMAX_COLUMNS(log_sum_backward_columns, softmax_log_sum_backward)
#undef SOFTMAX_COLUMNS

static const softmax_kernels KERNEL(softmax) = {
    .element_bytes = sizeof(ELEMENT),
    .rows = {[softmax_forward] = KERNEL(plain_softmax_rows),
             [softmax_log] = KERNEL(plain_log_softmax_rows),
             [softmax_log_sum] = KERNEL(plain_log_sum_rows),
             [softmax_backward] = KERNEL(softmax_backward_rows),
             [softmax_log_backward] = KERNEL(log_softmax_backward_rows),
             [softmax_log_sum_backward] = KERNEL(plain_log_sum_backward_rows)},
    .masked_rows = {[softmax_forward] = KERNEL(masked_softmax_rows),
                    [softmax_log] = KERNEL(masked_log_softmax_rows),
                    [softmax_log_sum] = KERNEL(masked_log_sum_rows),
                    [softmax_log_sum_backward] = KERNEL(masked_log_sum_backward_rows)},
    .columns = {[softmax_forward] = KERNEL(forward_columns),
                [softmax_log] = KERNEL(log_columns),
                [softmax_log_sum] = KERNEL(log_sum_columns),
                [softmax_backward] = KERNEL(backward_columns),
                [softmax_log_backward] = KERNEL(log_backward_columns),
                [softmax_log_sum_backward] = KERNEL(log_sum_backward_columns)},
};
