// Rows of a table. The hardware cannot guess where the next row is, so rows some turns ahead are asked for.

enum {
  KERNEL(rows_ahead) = 4,
  KERNEL(most_lines_ahead) = 16, // of a row; behind them the hardware has seen the pattern
};

INLINE void KERNEL(fetch_row)(const SCALAR *row, size_t columns) {
  enum { line = 64 / sizeof(SCALAR) };
  for (size_t i = 0; i < columns && i < KERNEL(most_lines_ahead) * line; i += line) __builtin_prefetch(row + i);
}

INLINE void KERNEL(copy_span)(const SCALAR *x, SCALAR *y, size_t from, size_t to, const bool past_caches) {
  size_t i = from;
  for (; i + LANES <= to; i += LANES)
    if (past_caches)
      store_nontemporal(y + i, load(x + i));
    else
      store(y + i, load(x + i));
  if (i < to) store_first(y + i, load_first(x + i, to - i), to - i);
}

// Only whole cache lines go past the caches: a line written in two ways would be written to memory twice.
INLINE void KERNEL(copy_row)(const SCALAR *x, SCALAR *y, size_t n, bool streams) {
  enum { line = 64, per_line = line / sizeof(SCALAR) };
  const size_t skew = (size_t)((uintptr_t)y % line), before = skew ? (line - skew) / sizeof(SCALAR) : 0;
  if (!streams || before >= n) {
    KERNEL(copy_span)(x, y, 0, n, false);
    return;
  }
  const size_t end = before + (n - before) / per_line * per_line;
  KERNEL(copy_span)(x, y, 0, before, false);
  KERNEL(copy_span)(x, y, before, end, true);
  KERNEL(copy_span)(x, y, end, n, false);
}

INLINE const SCALAR *KERNEL(table_row_of)(const embedding_work *w, size_t position) {
  return (const SCALAR *)w->table + (size_t)w->indices[position] * w->table_row;
}

static void KERNEL(gather)(const embedding_work *w, size_t first, size_t last) {
  for (size_t i = first; i < last; i++) {
    if (i + KERNEL(rows_ahead) < last) KERNEL(fetch_row)(KERNEL(table_row_of)(w, i + KERNEL(rows_ahead)), w->columns);
    KERNEL(copy_row)(KERNEL(table_row_of)(w, i), (SCALAR *)w->y + i * w->y_row, w->columns, w->streams);
  }
  if (w->streams) fence_nontemporal();
}

// The rows of a bag from `column` on: some vectors in full, or, when `partial`, one with n elements. Returns how many
// rows there were.
INLINE size_t KERNEL(sum_bag)(const embedding_work *w, size_t begin, size_t end, size_t column, const size_t vectors,
                              size_t n, const bool partial, VECTOR *sums) {
  size_t rows = 0;
  for (size_t k = begin; k < end; k++) {
    if (k + KERNEL(rows_ahead) < w->count && column == 0)
      KERNEL(fetch_row)(KERNEL(table_row_of)(w, k + KERNEL(rows_ahead)), w->columns);
    if (w->indices[k] == w->bags->padding_index) continue;
    const SCALAR *row = KERNEL(table_row_of)(w, k) + column;
    UNROLL for (size_t j = 0; j < vectors; j++) sums[j] += partial ? load_first(row, n) : load(row + j * LANES);
    rows++;
  }
  return rows;
}

INLINE void KERNEL(write_bag)(const embedding_work *w, size_t b, size_t column, const size_t vectors, size_t n,
                              const bool partial) {
  VECTOR sums[vectors];
  UNROLL for (size_t j = 0; j < vectors; j++) sums[j] = broadcast((SCALAR)0);
  const size_t begin = (size_t)w->bags->offsets[b], end = (size_t)w->bags->offsets[b + 1];
  const size_t rows = KERNEL(sum_bag)(w, begin, end, column, vectors, n, partial, sums);
  SCALAR *y = (SCALAR *)w->y + b * w->y_row + column;
  const VECTOR divisor = broadcast((SCALAR)(w->bags->mean && rows > 0 ? rows : 1));
  UNROLL for (size_t j = 0; j < vectors; j++) if (partial) store_first(y, sums[j] / divisor, n);
  else store(y + j * LANES, sums[j] / divisor);
}

static void KERNEL(bag)(const embedding_work *w, size_t first, size_t last) {
  enum { wide = VECTOR_REGISTERS / 2 };
  for (size_t b = first; b < last; b++) {
    size_t column = 0;
    for (; column + wide * LANES <= w->columns; column += wide * LANES)
      KERNEL(write_bag)(w, b, column, wide, LANES, false);
    for (; column + LANES <= w->columns; column += LANES) KERNEL(write_bag)(w, b, column, 1, LANES, false);
    if (column < w->columns) KERNEL(write_bag)(w, b, column, 1, w->columns - column, true);
  }
}

INLINE const SCALAR *KERNEL(row_to_scatter)(const scatter_work *w, size_t position) {
  return (const SCALAR *)w->grad_y + (w->bag ? w->bag[position] : position) * w->grad_y_row;
}

static void KERNEL(scatter_add)(const scatter_work *w, size_t first, size_t last) {
  for (size_t k = first; k < last; k++) {
    if (k + KERNEL(rows_ahead) < last) {
      const size_t ahead = w->order[k + KERNEL(rows_ahead)];
      KERNEL(fetch_row)(KERNEL(row_to_scatter)(w, ahead), w->columns);
      KERNEL(fetch_row)((const SCALAR *)w->grad_table + (size_t)w->indices[ahead] * w->table_row, w->columns);
    }
    const size_t position = w->order[k];
    const SCALAR *g = KERNEL(row_to_scatter)(w, position);
    SCALAR *to = (SCALAR *)w->grad_table + (size_t)w->indices[position] * w->table_row;
    const VECTOR share = broadcast((SCALAR)(w->share ? w->share[w->bag[position]] : 1));
    size_t i = 0;
    for (; i + LANES <= w->columns; i += LANES) store(to + i, load(to + i) + load(g + i) * share);
    const size_t n = w->columns - i;
    if (n > 0) store_first(to + i, load_first(to + i, n) + load_first(g + i, n) * share, n);
  }
}

static const embedding_kernels KERNEL(embedding) = {
    .element_bytes = sizeof(SCALAR),
    .gather = KERNEL(gather),
    .bag = KERNEL(bag),
    .scatter_add = KERNEL(scatter_add),
};
