// Moments of columns and their scaling. Needs the row writer.

// ---- down a block of rows ----

// Some rows at a time, along all columns of a chunk, so that memory is read in its own order; the sums of the chunk are
// in the L1 cache meanwhile. With 4 rows at a time, those sums are loaded and stored for every fourth vector of x, and
// half as many roundings follow one another as there would be with two.
enum { KERNEL(rows_at_once) = 4 };

// Takes vector j of rows i...i + count - 1: `lanes` columns of it when `partial`. count is constant after inlining.
typedef void (*KERNEL(column_step))(void *context, size_t i, size_t j, const size_t count, size_t lanes,
                                    const bool partial);

INLINE void KERNEL(along_columns)(KERNEL(column_step) step, void *context, size_t i, const size_t count, size_t n) {
  size_t j = 0;
  for (; j + LANES <= n; j += LANES) step(context, i, j, count, LANES, false);
  if (j < n) step(context, i, j, count, n - j, true);
}

INLINE void KERNEL(down_columns)(KERNEL(column_step) step, void *context, size_t rows, size_t n) {
  size_t i = 0;
  for (; i + KERNEL(rows_at_once) <= rows; i += KERNEL(rows_at_once))
    KERNEL(along_columns)(step, context, i, KERNEL(rows_at_once), n);
  for (; i < rows; i++) KERNEL(along_columns)(step, context, i, 1, n);
}

// Asks for a part of the rows that come next, while vector j of row i + r is worked on: where rows follow one another
// without a gap, in the order of memory. Out of cache, that reads 32 GB/s instead of 25 on a Zen 5 (one thread, x of
// (12288, 1024)); row by row beside one another, 27.
INLINE void KERNEL(fetch_next_rows)(const SCALAR *x, size_t x_row, size_t n, size_t i, size_t j, size_t r) {
  const SCALAR *next = x + (i + KERNEL(rows_at_once)) * x_row;
  __builtin_prefetch(next + (x_row == n ? KERNEL(rows_at_once) * j + r * LANES : r * x_row + j));
}

// ---- moments ----

typedef struct {
  const SCALAR *x;
  size_t x_row, columns; // columns of the chunk
  bool skips;            // NaN: constant after inlining
  // `counts` for numbers; after the last column of the chunk, up to a whole vector, anything.
  SCALAR center[column_chunk], sums[column_chunk], squares[column_chunk], counts[column_chunk];
} KERNEL(column_moments_so_far);

// Where x is no number, `other`.
INLINE VECTOR KERNEL(column_number_or)(VECTOR x, VECTOR v, VECTOR other) { return x == x ? v : other; }

INLINE void KERNEL(add_row_moments)(void *context, size_t i, size_t j, const size_t count, size_t lanes,
                                    const bool partial) {
  KERNEL(column_moments_so_far) *c = context;
  const VECTOR none = broadcast((SCALAR)0), center = load(c->center + j);
  VECTOR sums[2] = {none, none}, squares[2] = {none, none}, numbers = none;
  UNROLL for (size_t r = 0; r < count; r++) {
    const SCALAR *from = c->x + (i + r) * c->x_row + j;
    if (count > 1) KERNEL(fetch_next_rows)(c->x, c->x_row, c->columns, i, j, r);
    const VECTOR x = KERNEL(load_some)(from, lanes, partial);
    const VECTOR d = c->skips ? KERNEL(column_number_or)(x, x - center, none) : x - center;
    sums[r % 2] = r < 2 ? d : sums[r % 2] + d;
    squares[r % 2] = r < 2 ? d * d : multiply_add(d, d, squares[r % 2]);
    if (c->skips) numbers += KERNEL(column_number_or)(x, broadcast((SCALAR)1), none);
  }
  store(c->sums + j, load(c->sums + j) + (sums[0] + sums[1]));
  store(c->squares + j, load(c->squares + j) + (squares[0] + squares[1]));
  if (c->skips) store(c->counts + j, load(c->counts + j) + numbers);
}

INLINE void KERNEL(clear_moments)(KERNEL(column_moments_so_far) * c, size_t n) {
  for (size_t j = 0; j < n; j += LANES) {
    store(c->sums + j, broadcast((SCALAR)0));
    store(c->squares + j, broadcast((SCALAR)0));
    if (c->skips) store(c->counts + j, broadcast((SCALAR)0));
  }
}

// An element of each column that deviations may be taken from, so that equal elements have a mean without rounding and
// a variance of exactly 0: the first one, or the first number.
INLINE void KERNEL(find_column_base)(void *context, size_t i, size_t j, const size_t count, size_t lanes,
                                     const bool partial) {
  KERNEL(column_moments_so_far) *c = context;
  VECTOR base = i ? load(c->center + j) : broadcast((SCALAR)NAN);
  UNROLL for (size_t r = 0; r < count; r++) base =
      KERNEL(column_number_or)(base, base, KERNEL(load_some)(c->x + (i + r) * c->x_row + j, lanes, partial));
  store(c->center + j, base);
}

// From the sums of deviations from c->center, of `rows` elements, to the mean as a center.
INLINE void KERNEL(move_column_center)(KERNEL(column_moments_so_far) * c, size_t rows, size_t n) {
  const VECTOR one = broadcast((SCALAR)1), share = broadcast((SCALAR)1 / (SCALAR)rows);
  for (size_t j = 0; j < n; j += LANES) {
    const VECTOR counts = c->skips ? load(c->counts + j) : one;
    store(c->center + j,
          load(c->center + j) + load(c->sums + j) * (c->skips ? one / (counts > one ? counts : one) : share));
  }
}

// About the mean: the mean of eight times four rows, spread over all, so that a trend does no harm.
INLINE void KERNEL(find_column_center)(KERNEL(column_moments_so_far) * c, size_t rows, size_t n) {
  enum { group = KERNEL(rows_at_once), groups = 8 };
  KERNEL(along_columns)(KERNEL(find_column_base), c, 0, 1, n);
  if (c->skips) {
    for (size_t i = 1; i < rows; i++) KERNEL(along_columns)(KERNEL(find_column_base), c, i, 1, n);
    for (size_t j = 0; j < n; j += LANES) {
      const VECTOR base = load(c->center + j);
      store(c->center + j, KERNEL(column_number_or)(base, base, broadcast((SCALAR)0)));
    }
  }
  KERNEL(clear_moments)(c, n);
  size_t taken = 0;
  if (rows < 2 * group * groups) {
    KERNEL(down_columns)(KERNEL(add_row_moments), c, rows, n);
    taken = rows;
  } else {
    for (; taken < group * groups; taken += group)
      KERNEL(along_columns)(KERNEL(add_row_moments), c, taken * (rows / (group * groups)), group, n);
  }
  KERNEL(move_column_center)(c, taken, n);
}

// One pass with deviations from about the mean. Where the mean turns out more than a deviation away, the squares have
// cancelled too much: then a second pass, from where the mean is. Of normal deviates, one column in 10^7 needs it.
INLINE void KERNEL(moments_of)(const bool skips, const column_operand *o, size_t row, size_t rows, size_t first,
                               size_t last, double *const results[column_reduction_parts]) {
  KERNEL(column_moments_so_far) c;
  c.x = (const SCALAR *)o->x + row * o->x_row + first, c.x_row = o->x_row;
  c.columns = last - first, c.skips = skips;
  const size_t n = last - first;
  double *mean = results[0] + first, *square = results[1] + first, *number = skips ? results[2] + first : NULL;
  KERNEL(find_column_center)(&c, rows, n);
  for (int pass = 0; pass < 2; pass++) {
    if (pass) KERNEL(move_column_center)(&c, rows, n);
    KERNEL(clear_moments)(&c, n);
    KERNEL(down_columns)(KERNEL(add_row_moments), &c, rows, n);
    const double share = 1 / (double)rows;
    int again = 0;
    for (size_t j = 0; j < n; j++) {
      const double count = skips ? (double)c.counts[j] : (double)rows;
      const double rest = (double)c.sums[j] * (skips ? (count > 0 ? 1 / count : 0) : share);
      const double taken = (double)c.sums[j] * rest, corrected = (double)c.squares[j] - taken;
      mean[j] = (double)c.center[j] + rest;
      square[j] = corrected < 0 ? 0 : corrected;
      if (skips) number[j] = count;
      again |= taken > corrected;
    }
    if (!again) return;
  }
}

static void KERNEL(column_moments)(const column_operand *o, size_t row, size_t rows, size_t first, size_t last,
                                   double *const results[column_reduction_parts]) {
  KERNEL(moments_of)(false, o, row, rows, first, last, results);
}

static void KERNEL(column_moments_skipping)(const column_operand *o, size_t row, size_t rows, size_t first, size_t last,
                                            double *const results[column_reduction_parts]) {
  KERNEL(moments_of)(true, o, row, rows, first, last, results);
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
