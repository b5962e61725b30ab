// The same down columns, vectors of which lie side by side: tiles of whole columns, narrow enough that their
// exponentials stay in cache until the sums are known; taller ones are read twice, with sums that shrink whenever a
// greater element comes. Needs softmax_kernels.h.

enum { KERNEL(tile_vectors) = softmax_tile_columns / LANES };

typedef struct {
  KERNEL(logits) logits;
  const ELEMENT *grad;
  ELEMENT *y;
  size_t rows, columns, stride;
  bool streams;
} KERNEL(tile);

INLINE KERNEL(tile) KERNEL(tile_of)(const softmax_work *w, size_t item, size_t *block) {
  *block = item / w->chunks;
  const size_t column = item % w->chunks * w->columns, left = w->inner - column;
  const size_t at = *block * w->axis * w->inner + column;
  const KERNEL(logits) l = KERNEL(row_logits)(w, *block, false);
  return (KERNEL(tile)){.logits = KERNEL(logits_from)(&l, column),
                        .grad = w->grad_y ? (const ELEMENT *)w->grad_y + at : NULL,
                        .y = (ELEMENT *)w->y + at,
                        .rows = w->axis,
                        .columns = left < w->columns ? left : w->columns,
                        .stride = w->inner,
                        .streams = w->streams};
}

// How many columns vector j of a tile has.
INLINE size_t KERNEL(tile_lanes)(const KERNEL(tile) * t, size_t j) {
  const size_t left = t->columns - j * LANES;
  return left < LANES ? left : LANES;
}

INLINE VECTOR KERNEL(tile_logit)(const KERNEL(tile) * t, size_t row, size_t j) {
  const size_t n = KERNEL(tile_lanes)(t, j), at = row * t->stride + j * LANES;
  return n == LANES ? KERNEL(logit)(&t->logits, at, LANES, false) : KERNEL(logit)(&t->logits, at, n, true);
}

INLINE VECTOR KERNEL(tile_load)(const KERNEL(tile) * t, const ELEMENT *x, size_t row, size_t j) {
  const size_t n = KERNEL(tile_lanes)(t, j), at = row * t->stride + j * LANES;
  return n == LANES ? load(x + at) : load_first(x + at, n);
}

INLINE void KERNEL(tile_store)(const KERNEL(tile) * t, size_t row, size_t j, VECTOR v) {
  const size_t n = KERNEL(tile_lanes)(t, j), at = row * t->stride + j * LANES;
  if (n < LANES)
    store_first(t->y + at, v, n);
  else if (t->streams)
    store_nontemporal(t->y + at, v);
  else
    store(t->y + at, v);
}

// ---- forward ----

INLINE void KERNEL(tile_max)(const KERNEL(tile) * t, size_t from, size_t to, VECTOR *max) {
  for (size_t row = from; row < to; row++)
    for (size_t j = 0; j * LANES < t->columns; j++) {
      const VECTOR v = KERNEL(tile_logit)(t, row, j);
      max[j] = KERNEL(soft_greater)(v, max[j]);
    }
}

// Adds exp(logit - center) of each column to its total, and leaves them in e, if any: a row of whole vectors for each
// row.
INLINE void KERNEL(tile_exponentials)(const KERNEL(tile) * t, size_t from, size_t to, const VECTOR *center,
                                      double *totals, VECTOR *e) {
  const size_t vectors = (t->columns + LANES - 1) / LANES;
  for (size_t block = from; block < to; block += softmax_block_rows) {
    VECTOR sums[KERNEL(tile_vectors)];
    for (size_t j = 0; j < vectors; j++) sums[j] = broadcast((SCALAR)0);
    for (size_t row = block; row < to && row < block + softmax_block_rows; row++)
      for (size_t j = 0; j < vectors; j++) {
        const VECTOR v = vector_exp(KERNEL(tile_logit)(t, row, j) - center[j]);
        sums[j] += v;
        if (e) e[row * vectors + j] = v;
      }
    for (size_t k = 0; k < t->columns; k++) totals[k] += (double)((const SCALAR *)sums)[k];
  }
}

INLINE VECTOR KERNEL(finite_centers)(VECTOR max) { return max - max == (SCALAR)0 ? max : broadcast((SCALAR)0); }

INLINE void KERNEL(softmax_tile)(const softmax_work *w, size_t item, const softmax_operation operation, VECTOR *e) {
  size_t block;
  const KERNEL(tile) t = KERNEL(tile_of)(w, item, &block);
  const size_t vectors = (t.columns + LANES - 1) / LANES;
  const bool fits = t.rows * vectors * LANES <= softmax_tile_elements;
  const size_t step = fits ? t.rows : softmax_block_rows;
  VECTOR max[KERNEL(tile_vectors)], center[KERNEL(tile_vectors)], factor[KERNEL(tile_vectors)];
  SCALAR before[softmax_tile_columns];
  double totals[softmax_tile_columns];
  for (size_t j = 0; j < vectors; j++) max[j] = broadcast((SCALAR)-INFINITY), center[j] = broadcast((SCALAR)0);
  for (size_t k = 0; k < t.columns; k++) totals[k] = 0;
  for (size_t row = 0; row < t.rows; row += step) {
    const size_t end = row + step < t.rows ? row + step : t.rows;
    memcpy(before, max, t.columns * sizeof *before);
    KERNEL(tile_max)(&t, row, end, max);
    for (size_t k = 0; row > 0 && k < t.columns; k++) {
      const SCALAR here = ((const SCALAR *)max)[k];
      if (here > before[k]) totals[k] *= exp((double)before[k] - (double)here);
    }
    for (size_t j = 0; j < vectors; j++) center[j] = KERNEL(finite_centers)(max[j]);
    KERNEL(tile_exponentials)(&t, row, end, center, totals, fits && operation == softmax_forward ? e : NULL);
  }
  // What the sums become: factors, or what is subtracted, or results.
  for (size_t k = 0; k < t.columns; k++) {
    const SCALAR most = ((const SCALAR *)max)[k];
    if (operation != softmax_log_sum) {
      if (most == (SCALAR)INFINITY) totals[k] = (double)NAN;
      const bool is_empty =
          most == (SCALAR)-INFINITY && t.logits.keep && !KERNEL(keeps_any)(t.logits.keep + k, t.rows, t.stride);
      if (is_empty) totals[k] = operation == softmax_forward ? (double)INFINITY : 1;
    }
    ((SCALAR *)factor)[k] = operation == softmax_forward ? (SCALAR)(1 / totals[k])
                            : operation == softmax_log   ? (SCALAR)log(totals[k])
                                                       : (SCALAR)((double)((const SCALAR *)center)[k] + log(totals[k]));
  }
  if (operation == softmax_log_sum) {
    ELEMENT *y = (ELEMENT *)w->y + block * w->inner + item % w->chunks * w->columns;
    for (size_t j = 0; j < vectors; j++) store_first(y + j * LANES, factor[j], KERNEL(tile_lanes)(&t, j));
    return;
  }
  for (size_t row = 0; row < t.rows; row++)
    for (size_t j = 0; j < vectors; j++) {
      VECTOR v;
      if (operation == softmax_log)
        v = KERNEL(tile_logit)(&t, row, j) - center[j] - factor[j];
      else if (fits)
        v = e[row * vectors + j] * factor[j];
      else
        v = vector_exp(KERNEL(tile_logit)(&t, row, j) - center[j]) * factor[j];
      KERNEL(tile_store)(&t, row, j, v);
    }
}

INLINE void KERNEL(softmax_columns)(const softmax_work *w, size_t first, size_t last,
                                    const softmax_operation operation) {
  VECTOR e[softmax_tile_elements / LANES];
  for (size_t item = first; item < last; item++) KERNEL(softmax_tile)(w, item, operation, e);
  if (w->streams) fence_nontemporal();
}

// ---- backward ----

INLINE void KERNEL(softmax_tile_backward)(const softmax_work *w, size_t item, const bool is_log) {
  size_t block;
  const KERNEL(tile) t = KERNEL(tile_of)(w, item, &block);
  const size_t vectors = (t.columns + LANES - 1) / LANES;
  VECTOR sums[KERNEL(tile_vectors)];
  double totals[softmax_tile_columns];
  for (size_t k = 0; k < t.columns; k++) totals[k] = 0;
  for (size_t top = 0; top < t.rows; top += softmax_block_rows) {
    for (size_t j = 0; j < vectors; j++) sums[j] = broadcast((SCALAR)0);
    for (size_t row = top; row < t.rows && row < top + softmax_block_rows; row++)
      for (size_t j = 0; j < vectors; j++)
        KERNEL(add_gradient)(is_log, KERNEL(tile_load)(&t, t.logits.x, row, j), KERNEL(tile_load)(&t, t.grad, row, j),
                             &sums[j]);
    for (size_t k = 0; k < t.columns; k++) totals[k] += (double)((const SCALAR *)sums)[k];
  }
  for (size_t k = 0; k < t.columns; k++) ((SCALAR *)sums)[k] = (SCALAR)totals[k];
  for (size_t row = 0; row < t.rows; row++)
    for (size_t j = 0; j < vectors; j++) {
      const VECTOR y = KERNEL(tile_load)(&t, t.logits.x, row, j), grad = KERNEL(tile_load)(&t, t.grad, row, j);
      KERNEL(tile_store)(&t, row, j, KERNEL(soft_gradient_of)(is_log, y, grad, sums[j], (SCALAR)w->factor));
    }
}

INLINE void KERNEL(log_sum_tile_backward)(const softmax_work *w, size_t item) {
  size_t block;
  const KERNEL(tile) t = KERNEL(tile_of)(w, item, &block);
  const size_t at = block * w->inner + item % w->chunks * w->columns;
  const ELEMENT *log_sum = (const ELEMENT *)w->log_sum + at, *grad = (const ELEMENT *)w->grad_y + at;
  for (size_t row = 0; row < t.rows; row++)
    for (size_t j = 0; j * LANES < t.columns; j++) {
      const VECTOR center = KERNEL(tile_load)(&t, log_sum, 0, j);
      const VECTOR factor = KERNEL(tile_load)(&t, grad, 0, j) * broadcast((SCALAR)w->factor);
      const VECTOR v = KERNEL(tile_logit)(&t, row, j) - (center == (SCALAR)-INFINITY ? broadcast((SCALAR)0) : center);
      KERNEL(tile_store)(&t, row, j, vector_exp(v) * factor);
    }
}

// ---- the functions of the table ----

static void KERNEL(forward_columns)(const softmax_work *w, size_t first, size_t last) {
  KERNEL(softmax_columns)(w, first, last, softmax_forward);
}
static void KERNEL(log_columns)(const softmax_work *w, size_t first, size_t last) {
  KERNEL(softmax_columns)(w, first, last, softmax_log);
}
static void KERNEL(log_sum_columns)(const softmax_work *w, size_t first, size_t last) {
  KERNEL(softmax_columns)(w, first, last, softmax_log_sum);
}
static void KERNEL(backward_columns)(const softmax_work *w, size_t first, size_t last) {
  for (size_t item = first; item < last; item++) KERNEL(softmax_tile_backward)(w, item, false);
  if (w->streams) fence_nontemporal();
}
static void KERNEL(log_backward_columns)(const softmax_work *w, size_t first, size_t last) {
  for (size_t item = first; item < last; item++) KERNEL(softmax_tile_backward)(w, item, true);
  if (w->streams) fence_nontemporal();
}
static void KERNEL(log_sum_backward_columns)(const softmax_work *w, size_t first, size_t last) {
  for (size_t item = first; item < last; item++) KERNEL(log_sum_tile_backward)(w, item);
  if (w->streams) fence_nontemporal();
}

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
