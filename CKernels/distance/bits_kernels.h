// Distances between rows of bits. A vector holds one word of LANES rows of y, as in distance_kernels.h: nothing is
// summed across lanes, and a word costs an exclusive or, a count and an addition for as many pairs as it has lanes.

// Rows of x that run together, by vectors of columns. 8 sums hide the latency of a count, and y is loaded once for 4
// rows.
enum { bit_rows = 4, bit_vectors = VECTOR_REGISTERS == 32 ? 2 : 1, bit_columns = bit_vectors * f32_lanes };

// ---- packing ----

INLINE uint32_t bit_word(const uint8_t *row, size_t bytes, size_t word) {
  const size_t left = bytes - 4 * word;
  uint32_t result = 0;
  if (left >= 4)
    memcpy(&result, row + 4 * word, 4);
  else
    for (size_t i = 0; i < left; i++) ((uint8_t *)&result)[i] = row[4 * word + i];
  return result;
}

// Four words of four rows.
INLINE void bit_transpose(const uint8_t *from, size_t ld, uint32_t *to) {
  typedef uint32_t quad __attribute__((ext_vector_type(4)));
  quad a, b, c, d;
  memcpy(&a, from, 16), memcpy(&b, from + ld, 16), memcpy(&c, from + 2 * ld, 16), memcpy(&d, from + 3 * ld, 16);
  const quad ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const quad cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const quad columns[4] = {
      __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
      __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
  UNROLL for (size_t i = 0; i < 4; i++) memcpy(to + i * bit_columns, &columns[i], 16);
}

static void bit_pack(size_t rows, size_t bytes, const uint8_t *x, size_t ldx, uint32_t *panel, uint32_t *counts) {
  const size_t words = bit_words(bytes), quads = rows == bit_columns ? bytes / 16 * 4 : 0;
  for (size_t row = 0; quads && row < bit_columns; row += 4)
    for (size_t w = 0; w < quads; w += 4) bit_transpose(x + row * ldx + 4 * w, ldx, panel + w * bit_columns + row);
  for (size_t w = quads; w < words; w++)
    for (size_t row = 0; row < bit_columns; row++)
      panel[w * bit_columns + row] = row < rows ? bit_word(x + row * ldx, bytes, w) : 0;
  UNROLL for (size_t j = 0; j < bit_vectors; j++) {
    u32v total = (u32v)0;
    for (size_t w = 0; w < words; w += bit_sums_words) {
      bit_sums sums = {0};
      for (size_t i = w; i < words && i - w < bit_sums_words; i++)
        sums = add_bits(sums, load(panel + i * bit_columns + j * f32_lanes));
      total += bit_totals(sums);
    }
    store(counts + j * f32_lanes, total);
  }
}

// ---- one panel ----

// The distance of pairs that differ in so many bits. Hamming's is an integer, the others are floats, all as bits.
// Differences and counts are below 2^31: they are converted as signed numbers, which every instruction set can.
INLINE u32v bit_distance(const farro_bit_metric metric, u32v differences, uint32_t x_count, u32v y_count) {
  if (metric == FARRO_BIT_METRIC_HAMMING) return differences;
  const u32v both = y_count + x_count;
  const u32v either = metric == FARRO_BIT_METRIC_JACCARD ? (both + differences) >> 1 : both;
  const u32v divisor = either == 0 ? (u32v)1 : either;
  return (u32v)(__builtin_convertvector((i32v)differences, f32v) / __builtin_convertvector((i32v)divisor, f32v));
}

// Rows past the last repeat it, so that one body serves every number of rows.
INLINE size_t bit_row(size_t i, size_t rows) { return i < rows ? i : rows - 1; }

// The distances of rows first... of x, at most bit_rows, from the columns of a panel.
INLINE void bit_panel(const farro_bit_metric metric, const bit_tile *t, size_t first, const uint32_t *panel,
                      const uint32_t *y_counts, u32v distances[bit_rows][bit_vectors]) {
  const size_t words = t->words, rows = t->rows - first;
  const uint32_t *x[bit_rows];
  UNROLL for (size_t i = 0; i < bit_rows; i++) {
    x[i] = t->x + (first + bit_row(i, rows)) * words;
    UNROLL for (size_t j = 0; j < bit_vectors; j++) distances[i][j] = (u32v)0;
  }
  for (size_t begin = 0; begin < words; begin += bit_sums_words) {
    const size_t end = words - begin < bit_sums_words ? words : begin + bit_sums_words;
    bit_sums sums[bit_rows][bit_vectors];
    UNROLL for (size_t i = 0; i < bit_rows; i++) UNROLL for (size_t j = 0; j < bit_vectors; j++) sums[i][j] =
        (bit_sums){0};
    for (size_t w = begin; w < end; w++) {
      u32v y[bit_vectors];
      UNROLL for (size_t j = 0; j < bit_vectors; j++) y[j] = load(panel + w * bit_columns + j * f32_lanes);
      UNROLL for (size_t i = 0; i < bit_rows; i++) {
        const u32v word = broadcast(x[i][w]);
        UNROLL for (size_t j = 0; j < bit_vectors; j++) sums[i][j] = add_bits(sums[i][j], word ^ y[j]);
      }
    }
    UNROLL for (size_t i = 0; i < bit_rows; i++) UNROLL for (size_t j = 0; j < bit_vectors; j++) distances[i][j] +=
        bit_totals(sums[i][j]);
  }
  UNROLL for (size_t i = 0; i < bit_rows; i++) UNROLL for (size_t j = 0; j < bit_vectors; j++) {
    const uint32_t x_count = metric == FARRO_BIT_METRIC_HAMMING ? 0 : t->x_counts[first + bit_row(i, rows)];
    distances[i][j] = bit_distance(metric, distances[i][j], x_count, load(y_counts + j * f32_lanes));
  }
}

// ---- all distances ----

INLINE void bit_store(const bit_tile *t, size_t row, size_t column, u32v distances[bit_vectors]) {
  uint32_t *to = (uint32_t *)t->out + row * t->ld_out + column;
  const size_t left = t->columns - column;
  UNROLL for (size_t j = 0; j < bit_vectors; j++) {
    const size_t from = j * f32_lanes;
    if (left < from + f32_lanes) {
      if (left > from) store_first((float *)to + from, (f32v)distances[j], left - from);
    } else if (t->streams)
      store_nontemporal(to + from, distances[j]);
    else
      store(to + from, distances[j]);
  }
}

INLINE void bit_measure(const farro_bit_metric metric, const bit_tile *t) {
  for (size_t first = 0; first < t->rows; first += bit_rows)
    for (size_t column = 0; column < t->columns; column += bit_columns) {
      u32v distances[bit_rows][bit_vectors];
      bit_panel(metric, t, first, t->y + column * t->words, t->y_counts + column, distances);
      UNROLL for (size_t i = 0; i < bit_rows; i++) if (first + i < t->rows)
          bit_store(t, first + i, column, distances[i]);
    }
  if (t->streams) fence_nontemporal();
}

static void bit_distances_kernel(const bit_tile *t) {
  if (t->metric == FARRO_BIT_METRIC_HAMMING)
    bit_measure(FARRO_BIT_METRIC_HAMMING, t);
  else if (t->metric == FARRO_BIT_METRIC_JACCARD)
    bit_measure(FARRO_BIT_METRIC_JACCARD, t);
  else
    bit_measure(FARRO_BIT_METRIC_DICE, t);
}

// ---- the nearest ----

// Out of line: few distances are among the best so far, and theirs must not take the registers of the others.
static __attribute__((noinline)) void bit_offer(const bit_tile *t, bit_candidates *c, size_t column, u32v values) {
  uint32_t distances[f32_lanes];
  store(distances, values);
  const size_t left = t->columns - column, lanes = left < f32_lanes ? left : f32_lanes;
  for (size_t i = 0; i < lanes; i++) {
    if ((int32_t)distances[i] >= c->threshold) continue;
    c->items[c->count++] = (bit_item){distances[i], (uint32_t)(t->first + column + i)};
    if (c->count == t->capacity) t->choose(t->context, c);
  }
}

INLINE void bit_find(const farro_bit_metric metric, const bit_tile *t) {
  for (size_t first = 0; first < t->rows; first += bit_rows) {
    const size_t rows = t->rows - first;
    for (size_t column = 0; column < t->columns; column += bit_columns) {
      u32v distances[bit_rows][bit_vectors];
      bit_panel(metric, t, first, t->y + column * t->words, t->y_counts + column, distances);
      i32v near[bit_rows], any = {0};
      UNROLL for (size_t i = 0; i < bit_rows; i++) {
        const int32_t threshold = i < rows ? t->candidates[first + i].threshold : 0;
        near[i] = (i32v)distances[i][0] < broadcast(threshold);
        UNROLL for (size_t j = 1; j < bit_vectors; j++) near[i] |= (i32v)distances[i][j] < broadcast(threshold);
        any |= near[i];
      }
      if (__builtin_reduce_or(any) == 0) continue;
      UNROLL for (size_t i = 0; i < bit_rows; i++) {
        if (__builtin_reduce_or(near[i]) == 0) continue;
        UNROLL for (size_t j = 0; j < bit_vectors; j++) if (column + j * f32_lanes < t->columns)
            bit_offer(t, &t->candidates[first + i], column + j * f32_lanes, distances[i][j]);
      }
    }
  }
}

static void bit_search_kernel(const bit_tile *t) {
  if (t->metric == FARRO_BIT_METRIC_HAMMING)
    bit_find(FARRO_BIT_METRIC_HAMMING, t);
  else if (t->metric == FARRO_BIT_METRIC_JACCARD)
    bit_find(FARRO_BIT_METRIC_JACCARD, t);
  else
    bit_find(FARRO_BIT_METRIC_DICE, t);
}

// ---- pairs of rows ----

typedef struct {
  uint64_t differences, x, y;
} bit_counts;

INLINE uint64_t bit_sum(bit_sums sums) {
  uint32_t words[f32_lanes];
  store(words, bit_totals(sums));
  uint64_t sum = 0;
  for (size_t i = 0; i < f32_lanes; i++) sum += words[i];
  return sum;
}

INLINE void bit_add_word(bit_counts *counts, uint64_t x, uint64_t y, const bool all) {
  counts->differences += (uint64_t)__builtin_popcountll(x ^ y);
  if (!all) return;
  counts->x += (uint64_t)__builtin_popcountll(x);
  counts->y += (uint64_t)__builtin_popcountll(y);
}

// Vectors along the row, while there are many; the rest by words of 64 bits.
INLINE bit_counts bit_pair(size_t bytes, const uint8_t *x, const uint8_t *y, const bool all) {
  bit_counts counts = {0, 0, 0};
  size_t i = 0;
  while (bytes - i >= 4 * VECTOR_BYTES) {
    bit_sums differences = {0}, in_x = {0}, in_y = {0};
    for (size_t words = 0; words < bit_sums_words && bytes - i >= VECTOR_BYTES; words++, i += VECTOR_BYTES) {
      const u32v a = (u32v)load(x + i), b = (u32v)load(y + i);
      differences = add_bits(differences, a ^ b);
      if (all) in_x = add_bits(in_x, a), in_y = add_bits(in_y, b);
    }
    counts.differences += bit_sum(differences);
    if (all) counts.x += bit_sum(in_x), counts.y += bit_sum(in_y);
  }
  for (; bytes - i >= 8; i += 8) {
    uint64_t a, b;
    memcpy(&a, x + i, 8), memcpy(&b, y + i, 8);
    bit_add_word(&counts, a, b, all);
  }
  uint64_t a = 0, b = 0;
  for (size_t shift = 0; i < bytes; i++, shift += 8) a |= (uint64_t)x[i] << shift, b |= (uint64_t)y[i] << shift;
  bit_add_word(&counts, a, b, all);
  return counts;
}

static void bit_paired(farro_bit_metric metric, size_t rows, size_t bytes, const uint8_t *x, size_t ldx,
                       const uint8_t *y, size_t ldy, void *out) {
  if (metric == FARRO_BIT_METRIC_HAMMING) {
    for (size_t i = 0; i < rows; i++)
      ((int32_t *)out)[i] = (int32_t)bit_pair(bytes, x + i * ldx, y + i * ldy, false).differences;
    return;
  }
  for (size_t i = 0; i < rows; i++) {
    const bit_counts c = bit_pair(bytes, x + i * ldx, y + i * ldy, true);
    const uint64_t both = c.x + c.y;
    const uint64_t either = metric == FARRO_BIT_METRIC_JACCARD ? (both + c.differences) >> 1 : both;
    ((float *)out)[i] = either == 0 ? 0 : (float)c.differences / (float)either;
  }
}

static const bit_kernels bits = {.columns = bit_columns,
                                 .pack = bit_pack,
                                 .distances = bit_distances_kernel,
                                 .search = bit_search_kernel,
                                 .paired = bit_paired};
