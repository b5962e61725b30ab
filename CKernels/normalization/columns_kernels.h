// Moments of columns and their scaling. Needs the row writer.

// ---- strips: a few vectors of columns side by side, down a block of rows ----

// `vectors` vectors of columns, `interleave` rows at a time: 4 independent sums either way. The last vector has `last`
// columns when `partial`. All three but `last` are constants after inlining.
typedef struct {
  size_t vectors, interleave;
  bool partial;
} KERNEL(strip);

typedef void (*KERNEL(strip_reduce))(const KERNEL(strip) s, size_t last, const column_operand *o, size_t row,
                                     size_t rows, size_t column, double *const results[column_reduction_parts]);

INLINE void KERNEL(reduce_strips)(KERNEL(strip_reduce) reduce, const column_operand *o, size_t row, size_t rows,
                                  size_t first, size_t last, double *const results[column_reduction_parts]) {
  size_t j = first;
  for (; j + KERNEL(span) <= last; j += KERNEL(span))
    reduce((KERNEL(strip)){KERNEL(chains), 1, false}, LANES, o, row, rows, j, results);
  for (; j + LANES <= last; j += LANES)
    reduce((KERNEL(strip)){1, KERNEL(chains), false}, LANES, o, row, rows, j, results);
  if (j < last) reduce((KERNEL(strip)){1, KERNEL(chains), true}, last - j, o, row, rows, j, results);
}

// Vector v of row i of the strip at x. The strip to the right is read next: that starts while this one is in cache.
INLINE VECTOR KERNEL(load_strip)(const KERNEL(strip) s, size_t last, const SCALAR *x, size_t x_row, size_t i,
                                 size_t v) {
  const SCALAR *from = x + i * x_row + v * LANES;
  if (s.vectors == KERNEL(chains)) __builtin_prefetch(from + KERNEL(span));
  return KERNEL(load_some)(from, last, s.partial);
}

// Adds chains of the same columns; only the first s.vectors are left.
INLINE void KERNEL(fold_strip)(const KERNEL(strip) s, VECTOR sums[KERNEL(chains)]) {
  UNROLL for (size_t c = s.vectors; c < KERNEL(chains); c++) sums[c % s.vectors] += sums[c];
}

// ---- moments ----

// Where x is no number, `other`.
INLINE VECTOR KERNEL(number_or)(VECTOR x, VECTOR v, VECTOR other) { return x == x ? v : other; }

// 1 / count, where there is any.
INLINE VECTOR KERNEL(share_of)(VECTOR count) {
  const VECTOR one = broadcast((SCALAR)1);
  return one / (count > one ? count : one);
}

// An element of each column that deviations may be taken from, so that equal elements have a mean without rounding and
// a variance of exactly 0; the first one, or the first number.
INLINE void KERNEL(strip_base)(const KERNEL(strip) s, const bool skips, size_t last, const SCALAR *x, size_t x_row,
                               size_t rows, VECTOR base[KERNEL(chains)]) {
  UNROLL for (size_t v = 0; v < s.vectors; v++) base[v] = KERNEL(load_some)(x + v * LANES, last, s.partial);
  if (!skips) return;
  for (size_t i = 1; i < rows; i++)
    UNROLL for (size_t v = 0; v < s.vectors; v++) base[v] =
        KERNEL(number_or)(base[v], base[v], KERNEL(load_strip)(s, last, x, x_row, i, v));
  UNROLL for (size_t v = 0; v < s.vectors; v++) base[v] = KERNEL(number_or)(base[v], base[v], broadcast((SCALAR)0));
}

// About the mean: the mean of some 32 to 64 rows, spread over all, so that a trend does no harm.
INLINE void KERNEL(strip_center)(const KERNEL(strip) s, const bool skips, size_t last, const SCALAR *x, size_t x_row,
                                 size_t rows, VECTOR center[KERNEL(chains)]) {
  const size_t step = rows < 64 ? 1 : rows / 32;
  const VECTOR none = broadcast((SCALAR)0), one = broadcast((SCALAR)1);
  VECTOR base[KERNEL(chains)], sums[KERNEL(chains)], counts[KERNEL(chains)];
  KERNEL(strip_base)(s, skips, last, x, x_row, rows, base);
  UNROLL for (size_t v = 0; v < s.vectors; v++) sums[v] = counts[v] = none;
  for (size_t i = 0; i < rows; i += step) UNROLL for (size_t v = 0; v < s.vectors; v++) {
      const VECTOR here = KERNEL(load_strip)(s, last, x, x_row, i, v), d = here - base[v];
      sums[v] += skips ? KERNEL(number_or)(here, d, none) : d;
      if (skips) counts[v] += KERNEL(number_or)(here, one, none);
    }
  const VECTOR share = broadcast((SCALAR)1 / (SCALAR)((rows - 1) / step + 1));
  UNROLL for (size_t v = 0; v < s.vectors; v++) center[v] =
      base[v] + sums[v] * (skips ? KERNEL(share_of)(counts[v]) : share);
}

INLINE void KERNEL(add_strip)(const bool skips, VECTOR x, VECTOR center, VECTOR *sum, VECTOR *square, VECTOR *count) {
  const VECTOR none = broadcast((SCALAR)0), d = x - center;
  KERNEL(add_deviation)(skips ? KERNEL(number_or)(x, d, none) : d, sum, square);
  if (skips) *count += KERNEL(number_or)(x, broadcast((SCALAR)1), none);
}

// One pass with deviations from about the mean. Where the mean turns out more than a deviation away, the squares have
// cancelled too much: then a second pass, from where the mean is. Of normal deviates, one column in 10^7 needs it.
INLINE void KERNEL(strip_moments)(const KERNEL(strip) s, const bool skips, size_t last, const column_operand *o,
                                  size_t row, size_t rows, size_t column,
                                  double *const results[column_reduction_parts]) {
  const SCALAR *x = (const SCALAR *)o->x + row * o->x_row + column;
  const size_t x_row = o->x_row;
  double *mean = results[0] + column, *square = results[1] + column, *number = skips ? results[2] + column : NULL;
  VECTOR sums[KERNEL(chains)], squares[KERNEL(chains)], counts[KERNEL(chains)], center[KERNEL(chains)];
  KERNEL(strip_center)(s, skips, last, x, x_row, rows, center);
  for (int pass = 0; pass < 2; pass++) {
    UNROLL for (size_t c = 0; c < KERNEL(chains); c++) sums[c] = squares[c] = counts[c] = broadcast((SCALAR)0);
    size_t i = 0;
    for (; i + s.interleave <= rows; i += s.interleave)
      UNROLL for (size_t c = 0; c < KERNEL(chains); c++)
          KERNEL(add_strip)(skips, KERNEL(load_strip)(s, last, x, x_row, i + c / s.vectors, c % s.vectors),
                            center[c % s.vectors], &sums[c], &squares[c], &counts[c]);
    for (; i < rows; i++)
      UNROLL for (size_t v = 0; v < s.vectors; v++) KERNEL(add_strip)(
          skips, KERNEL(load_strip)(s, last, x, x_row, i, v), center[v], &sums[v], &squares[v], &counts[v]);
    KERNEL(fold_strip)(s, sums);
    KERNEL(fold_strip)(s, squares);
    if (skips) KERNEL(fold_strip)(s, counts);

    SCALAR centers[KERNEL(span)], rests[KERNEL(span)], totals[KERNEL(span)], numbers[KERNEL(span)];
    UNROLL for (size_t v = 0; v < s.vectors; v++) {
      store(centers + v * LANES, center[v]);
      store(rests + v * LANES, sums[v]);
      store(totals + v * LANES, squares[v]);
      if (skips) store(numbers + v * LANES, counts[v]);
    }
    const double share = 1 / (double)rows;
    bool again = false;
    for (size_t j = 0; j < (s.vectors - 1) * LANES + last; j++) {
      const double n = skips ? (double)numbers[j] : (double)rows;
      const double rest = (double)rests[j] * (skips ? (n > 0 ? 1 / n : 0) : share);
      const double taken = (double)rests[j] * rest, corrected = (double)totals[j] - taken;
      mean[j] = (double)centers[j] + rest;
      square[j] = corrected < 0 ? 0 : corrected;
      if (skips) number[j] = n;
      again |= taken > corrected;
    }
    if (!again) return;
    UNROLL for (size_t v = 0; v < s.vectors; v++) center[v] +=
        sums[v] * (skips ? KERNEL(share_of)(counts[v]) : broadcast((SCALAR)share));
  }
}

INLINE void KERNEL(strip_of_all)(const KERNEL(strip) s, size_t last, const column_operand *o, size_t row, size_t rows,
                                 size_t column, double *const results[column_reduction_parts]) {
  KERNEL(strip_moments)(s, false, last, o, row, rows, column, results);
}

INLINE void KERNEL(strip_of_numbers)(const KERNEL(strip) s, size_t last, const column_operand *o, size_t row,
                                     size_t rows, size_t column, double *const results[column_reduction_parts]) {
  KERNEL(strip_moments)(s, true, last, o, row, rows, column, results);
}

static void KERNEL(column_moments)(const column_operand *o, size_t row, size_t rows, size_t first, size_t last,
                                   double *const results[column_reduction_parts]) {
  KERNEL(reduce_strips)(KERNEL(strip_of_all), o, row, rows, first, last, results);
}

static void KERNEL(column_moments_skipping)(const column_operand *o, size_t row, size_t rows, size_t first, size_t last,
                                            double *const results[column_reduction_parts]) {
  KERNEL(reduce_strips)(KERNEL(strip_of_numbers), o, row, rows, first, last, results);
}

// ---- writing ----

// As many as leave half of the L1 cache to rows.
enum { KERNEL(most_columns) = 8192 / sizeof(SCALAR) };

typedef struct {
  const SCALAR *x, *grad_y, *center, *factor, *slope, *shift;
} KERNEL(columns_at);

INLINE KERNEL(columns_at) KERNEL(columns_from)(const column_work *w, size_t row, size_t j) {
  const column_parameters *p = &w->parameters;
  return (KERNEL(columns_at)){.x = (const SCALAR *)w->x + row * w->x_row + j,
                              .grad_y = w->grad_y ? (const SCALAR *)w->grad_y + row * w->columns + j : NULL,
                              .center = (const SCALAR *)p->center + j,
                              .factor = (const SCALAR *)p->factor + j,
                              .slope = p->slope ? (const SCALAR *)p->slope + j : NULL,
                              .shift = (const SCALAR *)p->shift + j};
}

INLINE VECTOR KERNEL(scaled_columns)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(columns_at) *a = context;
  const VECTOR d = KERNEL(load_some)(a->x + i, n, partial) - KERNEL(load_some)(a->center + i, n, partial);
  return multiply_add(d, KERNEL(load_some)(a->factor + i, n, partial), KERNEL(load_some)(a->shift + i, n, partial));
}

INLINE void KERNEL(write_columns)(KERNEL(row_value) value, const column_work *w, size_t first, size_t last) {
  for (size_t j = 0; j < w->columns; j += KERNEL(most_columns)) {
    const size_t left = w->columns - j, n = left < KERNEL(most_columns) ? left : KERNEL(most_columns);
    for (size_t row = first; row < last; row++) {
      const KERNEL(columns_at) a = KERNEL(columns_from)(w, row, j);
      const SCALAR *next = row + 1 < last ? a.x + w->x_row : NULL;
      KERNEL(write_row)(value, &a, next, (SCALAR *)w->y + row * w->y_row + j, n, w->streams);
    }
  }
  if (w->streams) fence_nontemporal();
}

static void KERNEL(scale_columns)(const column_work *w, size_t first, size_t last) {
  KERNEL(write_columns)(KERNEL(scaled_columns), w, first, last);
}

// ---- parameters ----

static void KERNEL(widen_parameters)(size_t n, const void *from, double *to) {
  for (size_t i = 0; i < n; i++) to[i] = (double)((const SCALAR *)from)[i];
}

static void KERNEL(narrow_parameters)(size_t n, size_t repeat, const double *from, void *to) {
  SCALAR *at = to;
  if (repeat == 1) {
    for (size_t i = 0; i < n; i++) at[i] = (SCALAR)from[i];
    return;
  }
  for (size_t i = 0; i < n; i++)
    for (size_t r = 0; r < repeat; r++) *at++ = (SCALAR)from[i];
}
