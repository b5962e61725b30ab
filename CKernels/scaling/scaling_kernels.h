// Ranges and quantiles of columns. Needs columns_kernels.h.

// ---- ranges ----

typedef struct {
  const SCALAR *x;
  size_t x_row, columns;                                                     // columns of the chunk
  SCALAR least[column_chunk], greatest[column_chunk], strange[column_chunk]; // strange: NaN where there was one
} KERNEL(column_ranges_so_far);

INLINE void KERNEL(add_row_ranges)(void *context, size_t i, size_t j, const size_t count, size_t lanes,
                                   const bool partial) {
  KERNEL(column_ranges_so_far) *c = context;
  VECTOR least = load(c->least + j), greatest = load(c->greatest + j), strange = load(c->strange + j);
  UNROLL for (size_t r = 0; r < count; r++) {
    if (count > 1) KERNEL(fetch_next_rows)(c->x, c->x_row, c->columns, i, j, r);
    const VECTOR x = KERNEL(load_some)(c->x + (i + r) * c->x_row + j, lanes, partial);
    least = x < least ? x : least;
    greatest = x > greatest ? x : greatest;
    strange = x == x ? strange : x;
  }
  store(c->least + j, least);
  store(c->greatest + j, greatest);
  store(c->strange + j, strange);
}

// Without numbers, least is infinity and greatest is minus infinity; where NaN counts, both become NaN.
INLINE void KERNEL(ranges_of)(const bool skips, const column_operand *o, size_t row, size_t rows, size_t first,
                              size_t last, double *const results[column_reduction_parts]) {
  KERNEL(column_ranges_so_far) c;
  c.x = (const SCALAR *)o->x + row * o->x_row + first, c.x_row = o->x_row;
  const size_t n = c.columns = last - first;
  for (size_t j = 0; j < n; j += LANES) {
    store(c.least + j, broadcast((SCALAR)INFINITY));
    store(c.greatest + j, broadcast((SCALAR)-INFINITY));
    store(c.strange + j, broadcast((SCALAR)0));
  }
  KERNEL(down_columns)(KERNEL(add_row_ranges), &c, rows, n);
  for (size_t j = 0; j < n; j++) {
    const bool is_strange = !skips && c.strange[j] != 0;
    results[0][first + j] = is_strange ? (double)NAN : (double)c.least[j];
    results[1][first + j] = is_strange ? (double)NAN : (double)c.greatest[j];
  }
}

static void KERNEL(column_ranges)(const column_operand *o, size_t row, size_t rows, size_t first, size_t last,
                                  double *const results[column_reduction_parts]) {
  KERNEL(ranges_of)(false, o, row, rows, first, last, results);
}

static void KERNEL(column_ranges_skipping)(const column_operand *o, size_t row, size_t rows, size_t first, size_t last,
                                           double *const results[column_reduction_parts]) {
  KERNEL(ranges_of)(true, o, row, rows, first, last, results);
}

// ---- selection: plain loops, no NaN ----

INLINE void KERNEL(exchange)(SCALAR *a, SCALAR *b) {
  const SCALAR t = *a;
  *a = *b;
  *b = t;
}

static void KERNEL(sift_down)(SCALAR *x, size_t root, size_t n) {
  for (size_t child; (child = 2 * root + 1) < n; root = child) {
    if (child + 1 < n && x[child] < x[child + 1]) child++;
    if (!(x[root] < x[child])) return;
    KERNEL(exchange)(x + root, x + child);
  }
}

static void KERNEL(sort_by_heap)(SCALAR *x, size_t n) {
  for (size_t i = n / 2; i-- > 0;) KERNEL(sift_down)(x, i, n);
  for (size_t end = n; end-- > 1;) {
    KERNEL(exchange)(x, x + end);
    KERNEL(sift_down)(x, 0, end);
  }
}

static SCALAR KERNEL(median_of_3)(SCALAR a, SCALAR b, SCALAR c) {
  const SCALAR low = a < b ? a : b, high = a < b ? b : a;
  return c < low ? low : c > high ? high : c;
}

// Of nine elements spread over all.
static SCALAR KERNEL(selection_pivot)(const SCALAR *x, size_t n) {
  SCALAR medians[3];
  const size_t step = n / 9;
  for (size_t i = 0; i < 3; i++) {
    const SCALAR *at = x + (3 * i * step + step / 2);
    medians[i] = KERNEL(median_of_3)(at[0], at[step], at[2 * step]);
  }
  return KERNEL(median_of_3)(medians[0], medians[1], medians[2]);
}

// Those that are less than the pivot (or equal, with `equal`) to the front; their number. No branch depends on an
// element: half of them would be foretold wrong.
INLINE size_t KERNEL(partition_by)(SCALAR *x, size_t n, SCALAR pivot, const bool equal) {
  size_t front = 0;
  for (size_t i = 0; i < n; i++) {
    const SCALAR here = x[i];
    x[i] = x[front];
    x[front] = here;
    front += equal ? here <= pivot : here < pivot;
  }
  return front;
}

// Puts the element of rank k where it would be if x were sorted, none greater before it and none less behind it.
static void KERNEL(select_rank)(SCALAR *x, size_t n, size_t k) {
  enum { few = 32 };
  for (size_t rounds = 0; n > few; rounds++) {
    if (rounds == 64) break; // as many would be needed by 10^10 elements of bad pivots: sort instead
    const SCALAR pivot = KERNEL(selection_pivot)(x, n);
    size_t front = KERNEL(partition_by)(x, n, pivot, false);
    if (k >= front) { // the pivot and those equal to it come next
      x += front, n -= front, k -= front;
      front = KERNEL(partition_by)(x, n, pivot, true);
      if (k < front) return;
      x += front, n -= front, k -= front;
    } else {
      n = front;
    }
  }
  KERNEL(sort_by_heap)(x, n);
}

// ---- quantiles ----

// Numbers to the front; how many they are.
static size_t KERNEL(numbers_of)(SCALAR *x, size_t n) {
  size_t front = 0;
  for (size_t i = 0; i < n; i++) {
    const SCALAR here = x[i];
    x[front] = here;
    front += here == here;
  }
  return front;
}

static void KERNEL(quantiles_of)(const quantile_work *w, size_t column, SCALAR *x) {
  const size_t n = KERNEL(numbers_of)(x, w->rows);
  const bool undefined = n == 0 || (n < w->rows && !w->skips_nan);
  size_t from = 0; // all before it are in place
  for (size_t q = 0; q < w->count; q++) {
    double *to = w->quantiles + w->places[q] * w->columns + column;
    if (undefined) {
      *to = (double)NAN;
      continue;
    }
    const double position = w->probabilities[q] * (double)(n - 1);
    size_t k = (size_t)position;
    if (k > n - 1) k = n - 1;
    KERNEL(select_rank)(x + from, n - from, k - from);
    from = k;
    const double part = position - (double)k, low = (double)x[k];
    *to = low;
    if (!(part > 0) || k + 1 == n) continue;
    SCALAR next = x[k + 1]; // the least of those behind
    for (size_t i = k + 2; i < n; i++) next = x[i] < next ? x[i] : next;
    if (next != x[k]) *to = (double)next * part + low * (1 - part);
  }
}

static void KERNEL(column_quantiles)(const quantile_work *w, size_t first, size_t last, void *space) {
  SCALAR *copy = space;
  const SCALAR *x = (const SCALAR *)w->x + first;
  const size_t columns = last - first;
  enum { block = 16 / sizeof(SCALAR), ahead = 16 };
  size_t i = 0;
  for (; i + block <= w->rows && columns % block == 0; i += block) {
    for (size_t r = 0; r < block; r++) __builtin_prefetch(x + (i + ahead + r) * w->x_row);
    for (size_t j = 0; j < columns; j += block)
      KERNEL(transpose_block)(x + i * w->x_row + j, w->x_row, copy + j * w->rows + i, w->rows);
  }
  for (; i < w->rows; i++)
    for (size_t j = 0; j < columns; j++) copy[j * w->rows + i] = x[i * w->x_row + j];
  for (size_t j = 0; j < columns; j++) KERNEL(quantiles_of)(w, first + j, copy + j * w->rows);
}

static const scaling_kernels KERNEL(scaling) = {
    .element_bytes = sizeof(SCALAR),
    .ranges = KERNEL(column_ranges),
    .ranges_skipping = KERNEL(column_ranges_skipping),
    .quantiles = KERNEL(column_quantiles),
};
