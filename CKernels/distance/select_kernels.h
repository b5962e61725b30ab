// Which of a tile of products x.y may belong to near rows: compared with the limits of their queries as the tile lies
// in the L1 cache. A row of two vectors costs five operations beside the loads, and hardly any tile goes further.

enum { KERNEL(select_vectors) = 2 }; // vectors side by side, as in matmul's tile

// Out of line: a rare path must not take the common one's registers.
static __attribute__((noinline)) void KERNEL(report)(const neighbor_selection *s, size_t row, size_t column,
                                                     const SCALAR *values, SCALAR limit) {
  uint32_t columns[KERNEL(select_vectors) * LANES];
  double found[KERNEL(select_vectors) * LANES];
  size_t hits = 0;
  for (size_t i = 0; i < KERNEL(select_vectors) * LANES; i++) {
    columns[hits] = (uint32_t)(column + i);
    found[hits] = (double)values[i];
    hits += values[i] <= limit;
  }
  s->found(s->context, row, hits, columns, found);
}

// The smaller; `least` if a is NaN, as the difference to a limit of NaN is.
INLINE VECTOR KERNEL(nearer)(VECTOR a, VECTOR least) { return a < least ? a : least; }

INLINE SCALAR KERNEL(limit)(const neighbor_selection *s, size_t row) {
  SCALAR limit;
  __atomic_load((const SCALAR *)s->limits + row, &limit, __ATOMIC_RELAXED);
  return limit;
}

INLINE void KERNEL(strip_values)(const neighbor_selection *s, const VECTOR offsets[KERNEL(select_vectors)],
                                 const SCALAR *dots, size_t count, const bool partial,
                                 VECTOR values[KERNEL(select_vectors)]) {
  UNROLL for (size_t j = 0; j < KERNEL(select_vectors); j++) {
    const size_t at = j * LANES;
    const VECTOR dot = !partial || at + LANES <= count ? load(dots + at)
                       : at < count                    ? load_first(dots + at, count - at)
                                                       : broadcast((SCALAR)0);
    values[j] = multiply_add(broadcast((SCALAR)s->factor), dot, offsets[j]);
  }
}

INLINE void KERNEL(select_strip)(const neighbor_selection *s, size_t rows, size_t column, size_t count,
                                 const SCALAR *tile, size_t ld, const bool partial) {
  const VECTOR never = broadcast((SCALAR)__builtin_inf());
  VECTOR offsets[KERNEL(select_vectors)], values[KERNEL(select_vectors)], least = never;
  UNROLL for (size_t j = 0; j < KERNEL(select_vectors); j++) {
    const size_t at = j * LANES;
    const SCALAR *from = (const SCALAR *)s->offsets + column + at;
    offsets[j] = !partial || at + LANES <= count ? load(from)
                 : at < count                    ? load_first_or(from, count - at, never[0])
                                                 : never;
  }
  for (size_t i = 0; i < rows; i++) {
    KERNEL(strip_values)(s, offsets, tile + i * ld + column, count, partial, values);
    // a <= b exactly where a - b <= 0
    least = KERNEL(nearer)(KERNEL(nearer)(values[0], values[1]) - KERNEL(limit)(s, i), least);
  }
  if (__builtin_expect(!__builtin_reduce_or(least <= 0), true)) return;
  for (size_t i = 0; i < rows; i++) {
    SCALAR plain[KERNEL(select_vectors) * LANES];
    KERNEL(strip_values)(s, offsets, tile + i * ld + column, count, partial, values);
    const SCALAR limit = KERNEL(limit)(s, i);
    if (!__builtin_reduce_or((values[0] <= limit) | (values[1] <= limit))) continue;
    UNROLL for (size_t j = 0; j < KERNEL(select_vectors); j++) store(plain + j * LANES, values[j]);
    KERNEL(report)(s, i, column, plain, limit);
  }
}

static void KERNEL(select)(const neighbor_selection *s, size_t rows, size_t columns, const void *tile, size_t ld) {
  const size_t strip = KERNEL(select_vectors) * LANES;
  size_t column = 0;
  for (; column + strip <= columns; column += strip) KERNEL(select_strip)(s, rows, column, strip, tile, ld, false);
  if (column < columns) KERNEL(select_strip)(s, rows, column, columns - column, tile, ld, true);
}
