// Rows of ELEMENT, computed in SCALAR: reading them in chains, writing them through the caches or past them, and
// fetching those behind. What families that work row by row share.
//
// Out of cache, arithmetic must hide behind the memory, which moves a vector of 64 bytes in and out in 10 cycles on a
// Zen 5 (non-temporal copy, one thread). A row is written while those behind it are read and others are fetched, all
// in one loop, so that the memory is as busy at every moment as at any other: write_row_reading. One after the other,
// each part would keep it waiting in its own way (one thread, 32768 rows of 1024: softmax 0.78 of the copy, and 1.0 in
// one loop; layer norm 0.82 and 0.92).

// In cache, sums run in 4 chains, because an addition takes 3 or 4 cycles.
enum { KERNEL(chains) = 4, KERNEL(span) = 4 * LANES };

// Of a row, summed in the element type before the sum goes to double.
enum { KERNEL(row_block) = 4096 };

// ---- fetching ----

// Row `row` of a range that ends at `last`, if it is there and rows are short enough to wait in the L2 cache.
INLINE const ELEMENT *KERNEL(row_to_fetch)(const void *x, size_t pitch, size_t columns, size_t row, size_t last) {
  enum { most_bytes = 128 * 1024 };
  return row < last && columns * sizeof(ELEMENT) <= most_bytes ? (const ELEMENT *)x + row * pitch : NULL;
}

// Vectors `from` to `to` of the span at i of `next`, if any.
INLINE void KERNEL(fetch)(const ELEMENT *next, size_t i, const size_t from, const size_t to) {
  if (next) UNROLL for (size_t j = from; j < to; j++) __builtin_prefetch(next + i + j * LANES);
}

// ---- reading a row ----

INLINE double KERNEL(total)(const VECTOR sums[KERNEL(chains)]) {
  return (double)horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

INLINE size_t KERNEL(block_of)(size_t left) { return left < KERNEL(row_block) ? left : KERNEL(row_block); }

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

// Half of the row `next`, if any, is fetched: its other half should be during the sums.
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

// ---- writing a row while others are read ----

// Reads the span at i of the rows behind, and fetches; NULL: there are none.
typedef void (*KERNEL(row_reader))(void *reading, size_t i);

// The part from `first` to `end`, in lines where it goes past the caches. What is read is `first` elements behind what
// is written, so that it runs over the same spans wherever y begins; returns where it ends.
INLINE size_t KERNEL(write_span_reading)(KERNEL(row_value) value, const void *context, KERNEL(row_reader) read,
                                         void *reading, ELEMENT *y, size_t first, size_t end, const bool past_caches) {
  size_t i = 0;
  for (; first + i + KERNEL(span) <= end; i += KERNEL(span)) {
    UNROLL for (size_t j = 0; j < KERNEL(chains); j++)
        KERNEL(write_vector)(value, context, y, first + i + j * LANES, past_caches);
    if (read) read(reading, i);
  }
  KERNEL(write_span)(value, context, NULL, y, first + i, end, past_caches);
  return i;
}

// Without a row to write. Returns how far was read.
INLINE size_t KERNEL(read_row)(KERNEL(row_reader) read, void *reading, size_t n) {
  size_t i = 0;
  for (; i + KERNEL(span) <= n; i += KERNEL(span)) read(reading, i);
  return i;
}

// Returns how far the rows behind were read: the rest of them is the caller's.
INLINE size_t KERNEL(write_row_reading)(KERNEL(row_value) value, const void *context, KERNEL(row_reader) read,
                                        void *reading, ELEMENT *y, size_t n, bool streams) {
  if (!streams) return KERNEL(write_span_reading)(value, context, read, reading, y, 0, n, false);
  const KERNEL(lines) lines = KERNEL(lines_of)(y, n);
  KERNEL(write_span)(value, context, NULL, y, 0, lines.first, false);
  const size_t end = KERNEL(write_span_reading)(value, context, read, reading, y, lines.first, lines.end, true);
  KERNEL(write_span)(value, context, NULL, y, lines.end, n, false);
  return end;
}
