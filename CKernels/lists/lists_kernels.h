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

// NaN passes no comparison.
INLINE size_t list_select_some(f32v keys, size_t count, float limit, size_t first, uint32_t *places, float *near) {
  i32v passes = keys <= limit;
  if (count < f32_lanes) passes &= lane_numbers((i32v){0}) < (int32_t)count;
  if (!__builtin_reduce_or(passes)) return 0;
  store_passing(near, keys, passes);
  return store_passing(places, (u32v)(lane_numbers((i32v){0}) + (int32_t)first), passes);
}

static size_t list_select(size_t count, const float *keys, float limit, uint32_t *places, float *near) {
  size_t found = 0;
  for (size_t i = 0; i < count; i += f32_lanes) {
    const size_t n = count - i < f32_lanes ? count - i : f32_lanes;
    const f32v v = n < f32_lanes ? load_first(keys + i, n) : load(keys + i);
    found += list_select_some(v, n, limit, i, places + found, near + found);
  }
  return found;
}

// ---- what is kept ----

// As an integer a float's bits ascend with it, once those of the negative ones are turned round; and back.
INLINE int32_t list_rank_of(float key) {
  int32_t bits;
  memcpy(&bits, &key, sizeof bits);
  return bits ^ (bits >> 31 & INT32_MAX);
}
INLINE float list_key_of(int32_t rank) {
  const int32_t bits = rank ^ (rank >> 31 & INT32_MAX);
  float key;
  memcpy(&key, &bits, sizeof key);
  return key;
}

INLINE size_t list_count_near(const float *keys, size_t count, float limit) {
  i32v found = {0};
  for (size_t i = 0; i < count; i += f32_lanes) found -= load(keys + i) <= limit;
  return (size_t)__builtin_reduce_add(found);
}

// The limit is bisected: a step is a comparison of some vectors, and `most` lies so far above `least` that few are
// needed. Sorting, or parting at a key of the list, asks a question for each key whose answer no branch foresees.
static size_t list_keep_nearest(float *keys, uint32_t *numbers, size_t count, size_t least, size_t most, float *limit) {
  while (count % f32_lanes) keys[count++] = __builtin_nanf("");
  f32v nearest = broadcast(__builtin_inff()), farthest = -nearest;
  for (size_t i = 0; i < count; i += f32_lanes) {
    const f32v v = load(keys + i);
    nearest = v < nearest ? v : nearest, farthest = v > farthest ? v : farthest;
  }
  int32_t low = list_rank_of(__builtin_reduce_min(nearest)), high = list_rank_of(__builtin_reduce_max(farthest));
  while (low < high) {
    const int32_t middle = (int32_t)(((int64_t)low + high) >> 1);
    const size_t found = list_count_near(keys, count, list_key_of(middle));
    if (found < least)
      low = middle + 1;
    else
      high = middle;
    if (found >= least && found <= most) break;
  }
  *limit = list_key_of(high);
  size_t kept = 0;
  for (size_t i = 0; i < count; i += f32_lanes) {
    const f32v v = load(keys + i);
    const u32v n = load(numbers + i);
    const i32v passes = v <= *limit;
    store_passing(keys + kept, v, passes);
    kept += store_passing(numbers + kept, n, passes);
  }
  return kept;
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

typedef uint16_t list_key_words __attribute__((ext_vector_type(f32_lanes), aligned(2)));

// Entries have 7 bits: those of a pair are added as bytes. Sums of words take in the odd bytes, times 256, which are
// subtracted in the end.
INLINE void list_sum_block(size_t pairs, const uint8_t *codes, const uint8_t *tables, uint16_t sums[32]) {
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
    const list_words even = all[part] - (odd[part] << 8);
    uint16_t *to = sums + part * list_part_rows;
#if VECTOR_BYTES == 64
    const __typeof__(even.lo) even_sums = even.lo + even.hi, odd_sums = odd[part].lo + odd[part].hi;
#else
    const list_words even_sums = even, odd_sums = odd[part];
#endif
    memcpy(to, &even_sums, sizeof even_sums), memcpy(to + 16, &odd_sums, sizeof odd_sums);
  }
}

static size_t list_scan_tables(size_t count, size_t pairs, const uint8_t *codes, const uint8_t *tables,
                               const float *terms, float factor, float base, float limit, uint32_t *places,
                               float *near) {
  size_t found = 0;
  for (size_t first = 0; first < count; first += 32, codes += pairs * 32) {
    uint16_t sums[32];
    list_sum_block(pairs, codes, tables, sums);
    UNROLL for (size_t i = 0; i < 32; i += f32_lanes) {
      const size_t at = first + i, n = at < count ? count - at : 0;
      if (n == 0) break;
      const f32v sum = __builtin_convertvector(*(const list_key_words *)(sums + i), f32v);
      const f32v term = n < f32_lanes ? load_first(terms + at, n) : load(terms + at);
      const f32v keys = multiply_add(sum, broadcast(factor), term + base);
      found += list_select_some(keys, n, limit, at, places + found, near + found);
    }
  }
  return found;
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

// Where a product is no number, as of a query that is none, an entry is one all the same.
static void list_quantize_tables(size_t subspaces, const float *products, uint8_t *plain, float *step, float *minima) {
  float least[FARRO_LIST_MOST_SUBSPACES], sum = 0;
  f32v widest = {0};
  for (size_t j = 0; j < subspaces; j++) {
    f32v low = load(products + j * list_codewords), high = low;
    UNROLL for (size_t v = 1; v < list_word_vectors; v++) {
      const f32v p = load(products + j * list_codewords + v * f32_lanes);
      low = p < low ? p : low, high = p > high ? p : high;
    }
    least[j] = __builtin_reduce_min(low);
    const f32v range = high - least[j];
    widest = range > widest ? range : widest;
    sum += least[j];
  }
  const float most = __builtin_reduce_max(widest);
  *minima = sum;
  *step = most > 0x1p-100f && most < __builtin_inff() ? most / 127 : 1;
  const float inverse = 1 / *step;
  for (size_t i = 0; i < subspaces * list_codewords; i += f32_lanes) {
    f32v entry = (load(products + i) - least[i / list_codewords]) * inverse + 0.5f; // not negative: cutting off rounds
    entry = entry < 127.5f ? entry : entry >= 127.5f ? 127.0f : 0.0f;
    typedef uint8_t entries __attribute__((ext_vector_type(f32_lanes), aligned(1)));
    *(entries *)(plain + i) = __builtin_convertvector(__builtin_convertvector(entry, i32v), entries);
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
    .keep_nearest = list_keep_nearest,
    .scan_tables = list_scan_tables,
    .quantize_tables = list_quantize_tables,
    .arrange_tables = list_arrange_tables,
    .codeword_products = list_codeword_products,
    .encode = list_encode,
};
