// What a list's rows are to the queries that probe it. Included after distance/row_kernels.h for f32, whose terms and
// order of additions it takes over.

// ---- rows ----
// Two queries and two rows at once: a term needs a load for every multiply-add, where one query and one row need two.
// Each pair has the four chains of sum_terms, so that the bits are those of the exact search. 16 registers hold the
// sums of two queries and one row.

enum { list_rows = VECTOR_REGISTERS >= 32 ? 2 : 1, list_chains = 4 };

INLINE f32v list_term(const bool products, f32v x, f32v y, f32v sum) {
  const f32v difference = x - y;
  return products ? multiply_add(x, y, sum) : multiply_add(difference, difference, sum);
}

INLINE void list_tile(const bool products, size_t d, const float *const queries[2], const float *const rows[list_rows],
                      float sums_of_pairs[4]) {
  f32v sums[2][list_rows][list_chains] = {0};
  size_t i = 0;
  for (; i + list_chains * f32_lanes <= d; i += list_chains * f32_lanes) {
    UNROLL for (size_t j = 0; j < list_chains; j++) {
      UNROLL for (size_t q = 0; q < 2; q++) UNROLL for (size_t r = 0; r < list_rows; r++) {
        const size_t k = i + j * f32_lanes;
        sums[q][r][j] = list_term(products, load(queries[q] + k), load(rows[r] + k), sums[q][r][j]);
      }
    }
  }
  for (; i + f32_lanes <= d; i += f32_lanes)
    UNROLL for (size_t q = 0; q < 2; q++) UNROLL for (size_t r = 0; r < list_rows; r++) sums[q][r][0] =
        list_term(products, load(queries[q] + i), load(rows[r] + i), sums[q][r][0]);
  if (i < d)
    UNROLL for (size_t q = 0; q < 2; q++) UNROLL for (size_t r = 0; r < list_rows; r++) sums[q][r][1] =
        list_term(products, load_first(queries[q] + i, d - i), load_first(rows[r] + i, d - i), sums[q][r][1]);
  f32v whole[4] = {0};
  UNROLL for (size_t q = 0; q < 2; q++) UNROLL for (size_t r = 0; r < list_rows; r++) whole[2 * q + r] =
      (sums[q][r][0] + sums[q][r][1]) + (sums[q][r][2] + sums[q][r][3]);
  horizontal_sums(whole, sums_of_pairs);
}

INLINE void list_keys_of(const bool products, size_t d, const float *const queries[2], const float *rows, size_t count,
                         float *const keys[2]) {
  for (size_t i = 0; i < count; i += list_rows) {
    const float *row[list_rows];
    float sums[4];
    UNROLL for (size_t r = 0; r < list_rows; r++) row[r] = rows + (i + r < count ? i + r : i) * d;
    list_tile(products, d, queries, row, sums);
    for (size_t r = 0; r < list_rows && i + r < count; r++)
      for (size_t q = 0; q < 2; q++) keys[q][i + r] = products ? -sums[2 * q + r] : sums[2 * q + r];
  }
}

static void list_keys(bool products, size_t d, const float *const queries[2], const float *rows, size_t count,
                      float *const keys[2]) {
  if (products)
    list_keys_of(true, d, queries, rows, count, keys);
  else
    list_keys_of(false, d, queries, rows, count, keys);
}

// ---- keys ----

static void list_estimate(size_t count, const int32_t *sums, const float *terms, float factor, float base,
                          float *keys) {
  size_t i = 0;
  for (; i + f32_lanes <= count; i += f32_lanes) {
    const f32v sum = __builtin_convertvector(load(sums + i), f32v);
    store(keys + i, multiply_add(sum, broadcast(factor), load(terms + i) + base));
  }
  for (; i < count; i++) {
    const f32v sum = broadcast((float)sums[i]);
    keys[i] = multiply_add(sum, broadcast(factor), broadcast(terms[i] + base))[0];
  }
}

static size_t list_select(size_t count, const float *keys, float limit, uint32_t *places) {
  size_t found = 0;
  for (size_t i = 0; i < count; i += f32_lanes) {
    const size_t n = count - i < f32_lanes ? count - i : f32_lanes;
    // NaN passes no comparison.
    const f32v v = n < f32_lanes ? load_first_or(keys + i, n, __builtin_nanf("")) : load(keys + i);
    if (!__builtin_reduce_or(v <= limit)) continue;
    for (size_t j = 0; j < n; j++) {
      places[found] = (uint32_t)(i + j);
      found += keys[i + j] <= limit;
    }
  }
  return found;
}

// ---- product codes ----
// 32 rows of a pair fill 32 bytes. A vector of 64 takes two pairs, one of 16 half a pair.

typedef VECTOR_TYPE(uint16_t) list_words;

enum {
  list_vector_pairs = VECTOR_BYTES >= 32 ? VECTOR_BYTES / 32 : 1,
  list_parts = VECTOR_BYTES >= 32 ? 1 : 2,
  list_part_rows = 32 / list_parts / 2, // in the even bytes of a part
};

static void list_arrange_tables(size_t pairs, const uint8_t *plain, uint8_t *tables) {
  for (size_t pair = 0; pair < pairs; pair += list_vector_pairs)
    for (size_t half = 0; half < 2; half++)
      for (size_t i = 0; i < VECTOR_BYTES / 16; i++, tables += 16) {
        const size_t own = pair + i * 16 / 32;
        memcpy(tables, plain + (2 * own + half) * 16, 16);
      }
}

// Entries have 7 bits: those of a pair are added as bytes. Sums of words take in the odd bytes, times 256, which are
// subtracted in the end.
INLINE void list_sum_block(size_t pairs, const uint8_t *codes, const uint8_t *tables, int32_t *sums) {
  list_words all[list_parts] = {0}, odd[list_parts] = {0};
  for (size_t pair = 0; pair < pairs; pair += list_vector_pairs) {
    const u8v low = load(tables), high = load(tables + VECTOR_BYTES);
    tables += 2 * VECTOR_BYTES;
    UNROLL for (size_t part = 0; part < list_parts; part++) {
      const u8v v = load(codes);
      codes += VECTOR_BYTES;
      const u8v upper = (u8v)((list_words)v >> 4) & 15;
      const list_words both = (list_words)(lookup(low, v & 15) + lookup(high, upper));
      all[part] += both;
      odd[part] += both >> 8;
    }
  }
  UNROLL for (size_t part = 0; part < list_parts; part++) {
    uint16_t even_sums[VECTOR_BYTES / 2], odd_sums[VECTOR_BYTES / 2];
    const list_words even = all[part] - (odd[part] << 8);
    memcpy(even_sums, &even, sizeof even), memcpy(odd_sums, &odd[part], sizeof even);
    int32_t *to = sums + part * list_part_rows;
    for (size_t i = 0; i < list_part_rows; i++) {
      int32_t a = 0, b = 0;
      UNROLL for (size_t j = 0; j < list_vector_pairs; j++) a += even_sums[j * 16 + i], b += odd_sums[j * 16 + i];
      to[i] = a, to[16 + i] = b;
    }
  }
}

static void list_sum_tables(size_t blocks, size_t pairs, const uint8_t *codes, const uint8_t *tables, int32_t *sums) {
  for (size_t i = 0; i < blocks; i++) list_sum_block(pairs, codes + i * pairs * 32, tables, sums + i * 32);
}

enum { list_word_vectors = list_codewords / f32_lanes };

static void list_codeword_products(size_t subspaces, size_t width, const float *x, const float *codebooks,
                                   float *products) {
  for (size_t j = 0; j < subspaces; j++, products += list_codewords) {
    f32v sums[list_word_vectors] = {0};
    for (size_t t = 0; t < width; t++, x++, codebooks += list_codewords)
      UNROLL for (size_t v = 0; v < list_word_vectors; v++) sums[v] =
          multiply_add(broadcast(*x), load(codebooks + v * f32_lanes), sums[v]);
    UNROLL for (size_t v = 0; v < list_word_vectors; v++) store(products + v * f32_lanes, sums[v]);
  }
}

static void list_encode(size_t subspaces, size_t width, const float *x, const float *codebooks, uint8_t *codes) {
  for (size_t j = 0; j < subspaces; j++) {
    f32v sums[list_word_vectors] = {0};
    for (size_t t = 0; t < width; t++, x++, codebooks += list_codewords)
      UNROLL for (size_t v = 0; v < list_word_vectors; v++) {
        const f32v difference = broadcast(*x) - load(codebooks + v * f32_lanes);
        sums[v] = multiply_add(difference, difference, sums[v]);
      }
    // The smallest, and then the smallest of the numbers of those that are no larger.
    f32v least = sums[0];
    UNROLL for (size_t v = 1; v < list_word_vectors; v++) least = sums[v] < least ? sums[v] : least;
    const float smallest = __builtin_reduce_min(least);
    i32v first = lane_numbers((i32v){0});
    first = sums[0] <= smallest ? first : list_codewords;
    UNROLL for (size_t v = 1; v < list_word_vectors; v++) {
      const i32v own = lane_numbers((i32v){0}) + (int32_t)(v * f32_lanes);
      const i32v numbers = sums[v] <= smallest ? own : list_codewords;
      first = numbers < first ? numbers : first;
    }
    const int32_t number = __builtin_reduce_min(first);
    codes[j] = number < list_codewords ? (uint8_t)number : 0; // of no number, any
  }
}

static const lists_kernels lists = {
    .keys = list_keys,
    .estimate = list_estimate,
    .select = list_select,
    .sum_tables = list_sum_tables,
    .arrange_tables = list_arrange_tables,
    .codeword_products = list_codeword_products,
    .encode = list_encode,
};
