// Scans of one block: along contiguous elements, and down columns.
//
// Along elements: a vector is scanned within itself in log2(LANES) steps, which do not depend on the vectors before it;
// only the combination of whole vectors is a chain, of one addition (4 cycles) per vector. What comes before the block
// is added last, so that its size costs one rounding and not one per vector.

// Each lane combined with those below it.
INLINE VECTOR KERNEL(scan_lanes)(const reduction how, VECTOR v) {
  const VECTOR neutral = broadcast(KERNEL(neutral)(how));
  UNROLL for (int by = 1; by < LANES; by *= 2) v = KERNEL(combine)(how, move_up(v, by, neutral), v);
  return v;
}

// What comes before the block is, for sums, the nearest element and this rest of the two doubles.
INLINE SCALAR KERNEL(rest_of)(double high, double low) {
  const SCALAR nearest = (SCALAR)high;
  return isfinite(nearest) ? (SCALAR)((high - (double)nearest) + low) : 0;
}

INLINE VECTOR KERNEL(add_carried)(const reduction how, VECTOR v, VECTOR high, VECTOR rest) {
  return how == reduction_sum ? high + (rest + v) : KERNEL(combine)(how, high, v);
}

INLINE void KERNEL(put)(SCALAR *p, VECTOR v, const bool streams) {
  if (streams)
    store_nontemporal(p, v);
  else
    store(p, v);
}

// What a row's scan needs besides the elements.
typedef struct {
  VECTOR high, rest;
  VECTOR before; // in all lanes: what the vectors of the block before this one come to
} KERNEL(row_state);

INLINE VECTOR KERNEL(scan_vector)(const reduction how, const bool reverse, const bool exclusive, VECTOR v,
                                  KERNEL(row_state) * state) {
  if (reverse) v = reverse_lanes(v);
  const VECTOR local = KERNEL(scan_lanes)(how, v), neutral = broadcast(KERNEL(neutral)(how));
  VECTOR result = KERNEL(combine)(how, state->before, exclusive ? move_up(local, 1, neutral) : local);
  result = KERNEL(add_carried)(how, result, state->high, state->rest);
  state->before = KERNEL(combine)(how, state->before, broadcast_last(local));
  return reverse ? reverse_lanes(result) : result;
}

INLINE void KERNEL(scan_row)(const reduction how, const scan_block *b, const bool reverse, const bool exclusive,
                             const bool streams) {
  const SCALAR *x = b->x;
  SCALAR *out = b->out;
  const size_t n = b->rows, whole = n / LANES, rest = n % LANES;
  KERNEL(row_state)
  state = {.high = broadcast((SCALAR)*b->high), .before = broadcast(KERNEL(neutral)(how))};
  if (how == reduction_sum) state.rest = broadcast(KERNEL(rest_of)(*b->high, *b->low));
  for (size_t i = 0; i < whole; i++) {
    const size_t at = reverse ? n - (i + 1) * LANES : i * LANES;
    KERNEL(put)(out + at, KERNEL(scan_vector)(how, reverse, exclusive, load(x + at), &state), streams);
  }
  if (rest) {
    // Turned round, the missing lanes come first, and change nothing.
    const size_t at = reverse ? 0 : n - rest;
    const VECTOR v = load_first_or(x + at, rest, KERNEL(neutral)(how));
    store_first(out + at, KERNEL(scan_vector)(how, reverse, exclusive, v, &state), rest);
  }
}

INLINE void KERNEL(scan_any_row)(const reduction how, const scan_block *b) {
  const size_t start = b->reverse ? b->rows % LANES : 0;
  const bool streams = b->streams && (uintptr_t)((SCALAR *)b->out + start) % VECTOR_BYTES == 0;
  if (b->exclusive)
    b->reverse ? KERNEL(scan_row)(how, b, true, true, false) : KERNEL(scan_row)(how, b, false, true, false);
  else if (b->reverse)
    streams ? KERNEL(scan_row)(how, b, true, false, true) : KERNEL(scan_row)(how, b, true, false, false);
  else
    streams ? KERNEL(scan_row)(how, b, false, false, true) : KERNEL(scan_row)(how, b, false, false, false);
  if (streams) fence_nontemporal();
}

// ---- down columns ----

INLINE void KERNEL(scan_columns)(const reduction how, const scan_block *b, const bool exclusive, const bool streams) {
  VECTOR before[KERNEL(column_vectors)], high[KERNEL(column_vectors)], rest[KERNEL(column_vectors)];
  const size_t columns = b->columns, vectors = (columns + LANES - 1) / LANES;
  for (size_t j = 0; j < vectors; j++) before[j] = broadcast(KERNEL(neutral)(how));
  high[vectors - 1] = rest[vectors - 1] = broadcast((SCALAR)0);
  for (size_t j = 0; j < columns; j++) {
    ((SCALAR *)high)[j] = (SCALAR)b->high[j];
    ((SCALAR *)rest)[j] = how == reduction_sum ? KERNEL(rest_of)(b->high[j], b->low[j]) : (SCALAR)0;
  }
  for (size_t r = 0; r < b->rows; r++) {
    const size_t row = (b->reverse ? b->rows - 1 - r : r) * b->stride;
    const SCALAR *x = (const SCALAR *)b->x + row;
    SCALAR *out = (SCALAR *)b->out + row;
    for (size_t j = 0; j < vectors; j++) {
      const VECTOR through = KERNEL(combine)(how, before[j], KERNEL(column_load)(x, j, columns));
      const VECTOR result = KERNEL(add_carried)(how, exclusive ? before[j] : through, high[j], rest[j]);
      before[j] = through;
      if ((j + 1) * LANES <= columns)
        KERNEL(put)(out + j * LANES, result, streams);
      else
        store_first(out + j * LANES, result, columns - j * LANES);
    }
  }
}

INLINE void KERNEL(scan_any_columns)(const reduction how, const scan_block *b) {
  const bool streams = b->streams && (uintptr_t)b->out % VECTOR_BYTES == 0 && b->stride % LANES == 0;
  if (b->exclusive)
    KERNEL(scan_columns)(how, b, true, false);
  else if (streams)
    KERNEL(scan_columns)(how, b, false, true);
  else
    KERNEL(scan_columns)(how, b, false, false);
  if (streams) fence_nontemporal();
}

static void KERNEL(row_cumulative_sum)(const scan_block *b) { KERNEL(scan_any_row)(reduction_sum, b); }
static void KERNEL(row_cumulative_product)(const scan_block *b) { KERNEL(scan_any_row)(reduction_product, b); }
static void KERNEL(row_cumulative_max)(const scan_block *b) { KERNEL(scan_any_row)(reduction_max, b); }
static void KERNEL(row_cumulative_min)(const scan_block *b) { KERNEL(scan_any_row)(reduction_min, b); }

static void KERNEL(columns_cumulative_sum)(const scan_block *b) { KERNEL(scan_any_columns)(reduction_sum, b); }
static void KERNEL(columns_cumulative_product)(const scan_block *b) { KERNEL(scan_any_columns)(reduction_product, b); }
static void KERNEL(columns_cumulative_max)(const scan_block *b) { KERNEL(scan_any_columns)(reduction_max, b); }
static void KERNEL(columns_cumulative_min)(const scan_block *b) { KERNEL(scan_any_columns)(reduction_min, b); }

static const scan_kernels KERNEL(scan) = {
    .row = {[reduction_sum] = KERNEL(row_cumulative_sum),
            [reduction_product] = KERNEL(row_cumulative_product),
            [reduction_max] = KERNEL(row_cumulative_max),
            [reduction_min] = KERNEL(row_cumulative_min)},
    .columns = {[reduction_sum] = KERNEL(columns_cumulative_sum),
                [reduction_product] = KERNEL(columns_cumulative_product),
                [reduction_max] = KERNEL(columns_cumulative_max),
                [reduction_min] = KERNEL(columns_cumulative_min)},
};
