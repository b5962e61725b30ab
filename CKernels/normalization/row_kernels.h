// Rows of ELEMENT, computed in SCALAR: a row stays in the L1 or L2 cache while its sums are taken and while it is
// written.
//
// Out of cache, arithmetic must hide behind the memory, which moves a vector of 64 bytes in and out in 10 cycles on a
// Zen 5 (non-temporal copy, one thread). So the row after next is fetched while this one is worked on: half of it
// during the sums, half mixed into the writes. All during the writes left the memory idle meanwhile (softmax 0.85 of
// the copy's speed on two threads, now 0.90), all during the sums starved it later (layer norm 0.82 against 0.89). In
// cache, sums run in 4 chains, because an addition takes 3 or 4 cycles.

enum { KERNEL(chains) = 4, KERNEL(span) = 4 * LANES };

// Of each span of 4 vectors of the row to fetch, a pass of sums asks for the first two, the writing for the others.
INLINE void KERNEL(fetch)(const ELEMENT *next, size_t i, size_t from, size_t to) {
  if (next) UNROLL for (size_t j = from; j < to; j++) __builtin_prefetch(next + i + j * LANES);
}

// ---- reading a row ----

INLINE double KERNEL(total)(const VECTOR sums[KERNEL(chains)]) {
  return (double)horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

INLINE size_t KERNEL(block_of)(size_t left) {
  return left < normalization_block_columns ? left : normalization_block_columns;
}

INLINE VECTOR KERNEL(load_some)(const SCALAR *x, size_t n, const bool partial) {
  return partial ? load_first(x, n) : load(x);
}

INLINE VECTOR KERNEL(load_elements)(const ELEMENT *x, size_t n, const bool partial) {
  return partial ? load_first(x, n) : load(x);
}

// v with `other` in all lanes but the first n.
INLINE VECTOR KERNEL(first_or)(VECTOR v, size_t n, SCALAR other) {
  return lane_numbers((INTEGER_VECTOR){0}) < (INTEGER_VECTOR)(int32_t)n ? v : broadcast(other);
}

INLINE void KERNEL(add_deviation)(VECTOR d, VECTOR *sum, VECTOR *square) {
  *sum += d;
  *square = multiply_add(d, d, *square);
}

// ---- writing a row ----

// What becomes of elements i...: of a whole vector, or of its first n when `partial`.
typedef VECTOR (*KERNEL(row_value))(const void *context, size_t i, size_t n, const bool partial);

// y[i...] = value for a whole vector.
INLINE void KERNEL(write_vector)(KERNEL(row_value) value, const void *context, ELEMENT *y, size_t i,
                                 const bool past_caches) {
  const VECTOR v = value(context, i, LANES, false);
  if (past_caches)
    store_nontemporal(y + i, v);
  else
    store(y + i, v);
}

// y[i] = value for from <= i < to, while `next`, if any, is fetched.
INLINE void KERNEL(write_span)(KERNEL(row_value) value, const void *context, const ELEMENT *next, ELEMENT *y,
                               size_t from, size_t to, const bool past_caches) {
  size_t i = from;
  for (; i + KERNEL(span) <= to; i += KERNEL(span)) {
    KERNEL(fetch)(next, i, 2, 4);
    UNROLL for (size_t j = 0; j < KERNEL(chains); j++)
        KERNEL(write_vector)(value, context, y, i + j * LANES, past_caches);
  }
  for (; i + LANES <= to; i += LANES) KERNEL(write_vector)(value, context, y, i, past_caches);
  if (i < to) store_first(y + i, value(context, i, to - i, true), to - i);
}

// Only whole cache lines go past the caches: a line written in two ways would be written to memory twice. Of n elements
// at y, those from `first` to `end` are such lines.
typedef struct {
  size_t first, end;
} KERNEL(lines);

INLINE KERNEL(lines) KERNEL(lines_of)(const ELEMENT *y, size_t n) {
  enum { line = 64 };
  const size_t skew = (size_t)((uintptr_t)y % line), before = skew ? (line - skew) / sizeof(ELEMENT) : 0;
  if (before >= n) return (KERNEL(lines)){n, n};
  return (KERNEL(lines)){before, before + (n - before) / (line / sizeof(ELEMENT)) * (line / sizeof(ELEMENT))};
}

INLINE void KERNEL(write_row)(KERNEL(row_value) value, const void *context, const ELEMENT *next, ELEMENT *y, size_t n,
                              bool streams) {
  if (!streams) {
    KERNEL(write_span)(value, context, next, y, 0, n, false);
    return;
  }
  const KERNEL(lines) lines = KERNEL(lines_of)(y, n);
  KERNEL(write_span)(value, context, next, y, 0, lines.first, false);
  KERNEL(write_span)(value, context, next, y, lines.first, lines.end, true);
  KERNEL(write_span)(value, context, next, y, lines.end, n, false);
}

INLINE const ELEMENT *KERNEL(row_of)(const row_work *w, size_t row) { return (const ELEMENT *)w->x + row * w->x_row; }

// The first sum of a row is taken before the row ahead of it is written: the latencies of the one (a sum of lanes, a
// division) pass while the other runs. What is fetched is the row after.
INLINE const ELEMENT *KERNEL(row_to_fetch)(const row_work *w, size_t row, size_t last) {
  enum { most_bytes = 128 * 1024 }; // three rows in the L2 cache
  return row + 2 < last && w->columns * sizeof(ELEMENT) <= most_bytes ? KERNEL(row_of)(w, row + 2) : NULL;
}
