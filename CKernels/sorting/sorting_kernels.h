// Sorting of one row, by keys: unsigned integers whose order is that of the elements. Sorting in descending order is
// sorting by the complements of the keys, and as stable.

// ---- keys ----

// `flip` is 0, or all ones for a descending order. `joins_zeros`: -0 gets the key of 0. Every NaN gets the largest key.
INLINE BITS_VECTOR KERNEL(keys_of)(VECTOR v, BITS flip, const bool joins_zeros) {
  enum { sign = sizeof(SCALAR) * 8 - 1 };
  const BITS_VECTOR bits = (BITS_VECTOR)(joins_zeros ? v + 0 : v);
  const BITS_VECTOR negative = (BITS_VECTOR)((INTEGER_VECTOR)bits >> sign);
  const BITS_VECTOR key = bits ^ (negative | (BITS)1 << sign);
  return (v != v ? (BITS_VECTOR) ~(BITS)0 : key) ^ flip;
}

// The largest key stands for the NaN that C calls NAN.
INLINE VECTOR KERNEL(value_of)(BITS_VECTOR key, BITS flip) {
  enum { sign = sizeof(SCALAR) * 8 - 1 };
  key ^= flip;
  const BITS_VECTOR negative = (BITS_VECTOR)((INTEGER_VECTOR)~key >> sign);
  const VECTOR v = (VECTOR)(key ^ (negative | (BITS)1 << sign));
  return v != v ? broadcast((SCALAR)NAN) : v;
}

typedef struct {
  BITS key, index;
} KERNEL(item);

// ---- few elements: the place of each is the number of those before it ----

// order[r] is the index of the key that comes at r, of n <= sorting_ranked keys.
INLINE void KERNEL(rank)(const BITS *keys, size_t n, uint32_t *order) {
  enum { sign = sizeof(SCALAR) * 8 - 1 };
  INTEGER_VECTOR signed_keys[sorting_ranked / LANES]; // which every instruction set can compare
  const BITS *padded = keys;                          // the caller's array has room for whole vectors
  const size_t vectors = (n + LANES - 1) / LANES;
  for (size_t j = 0; j < vectors; j++)
    signed_keys[j] = (INTEGER_VECTOR)(load(padded + j * LANES) ^ (BITS_VECTOR)((BITS)1 << sign));
  typedef __typeof__(signed_keys[0][0]) integer;
  const integer *each = (const integer *)signed_keys;
  const INTEGER_VECTOR lanes = lane_numbers((INTEGER_VECTOR){0});
  for (size_t j = 0; j < vectors; j++) {
    const size_t from = j * LANES, to = from + LANES < n ? from + LANES : n;
    const INTEGER_VECTOR mine = signed_keys[j];
    INTEGER_VECTOR before = {0}, more = {0};
    for (size_t i = 0; i < from; i += 2) { // LANES is even
      before -= each[i] <= mine;
      more -= each[i + 1] <= mine;
    }
    for (size_t i = from; i < to; i++)
      before -= (each[i] < mine) | ((each[i] == mine) & ((INTEGER_VECTOR)(integer)(i - from) < lanes));
    size_t i = to;
    for (; i + 2 <= n; i += 2) {
      before -= each[i] < mine;
      more -= each[i + 1] < mine;
    }
    if (i < n) before -= each[i] < mine;
    before += more;
    integer places[LANES];
    store(places, before);
    for (size_t k = from; k < to; k++) order[places[k - from]] = (uint32_t)k;
  }
}

// ---- many: by one byte after the other, the last one first ----

enum { KERNEL(digits) = sizeof(SCALAR) };

typedef uint32_t KERNEL(counts)[KERNEL(digits)][256];

INLINE void KERNEL(count_digits)(KERNEL(counts) counts, BITS key) {
  UNROLL for (size_t d = 0; d < KERNEL(digits); d++) counts[d][key >> 8 * d & 255]++;
}

// From the counts of a byte's values to where they start; false where all keys share one value, as `key` does.
INLINE bool KERNEL(start_digits)(uint32_t *counts, size_t n, unsigned digit) {
  if (counts[digit] == n) return false;
  uint32_t start = 0;
  for (size_t v = 0; v < 256; v++) {
    const uint32_t count = counts[v];
    counts[v] = start;
    start += count;
  }
  return true;
}

#define DEFINE_DISTRIBUTE(name, type, key_of)                                                                          \
  /* Sorts `from`, of which the digits were counted; answers where the sorted ones are, `from` or `to`. */             \
  static type *KERNEL(name)(type * from, type * to, size_t n, KERNEL(counts) counts) {                                 \
    for (unsigned d = 0; d < KERNEL(digits); d++) {                                                                    \
      if (!KERNEL(start_digits)(counts[d], n, key_of(from[0]) >> 8 * d & 255)) continue;                               \
      uint32_t *starts = counts[d];                                                                                    \
      for (size_t i = 0; i < n; i++) {                                                                                 \
        const type item = from[i];                                                                                     \
        to[starts[key_of(item) >> 8 * d & 255]++] = item;                                                              \
      }                                                                                                                \
      type *other = from;                                                                                              \
      from = to, to = other;                                                                                           \
    }                                                                                                                  \
    return from;                                                                                                       \
  }

#define KEY_ITSELF(key) (key)
#define KEY_OF_ITEM(item) ((item).key)
DEFINE_DISTRIBUTE(distribute_keys, BITS, KEY_ITSELF)
DEFINE_DISTRIBUTE(distribute_items, KERNEL(item), KEY_OF_ITEM)
#undef DEFINE_DISTRIBUTE
#undef KEY_ITSELF
#undef KEY_OF_ITEM

static void KERNEL(sort_items)(void *items, size_t n, void *spare) {
  KERNEL(item) *a = items, *b = spare;
  if (n <= sorting_ranked) {
    BITS keys[sorting_ranked];
    uint32_t order[sorting_ranked];
    for (size_t i = 0; i < n; i++) keys[i] = a[i].key;
    for (size_t i = n; i % LANES; i++) keys[i] = 0;
    KERNEL(rank)(keys, n, order);
    for (size_t i = 0; i < n; i++) b[i] = a[order[i]];
    memcpy(a, b, n * sizeof *a);
    return;
  }
  KERNEL(counts) counts = {{0}};
  for (size_t i = 0; i < n; i++) KERNEL(count_digits)(counts, a[i].key);
  if (KERNEL(distribute_items)(a, b, n, counts) != a) memcpy(a, b, n * sizeof *a);
}

// ---- a row ----

// Keys of x to `keys`, which has room for whole vectors.
INLINE void KERNEL(encode)(const SCALAR *x, size_t n, BITS flip, const bool joins_zeros, BITS *keys) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(keys + i, KERNEL(keys_of)(load(x + i), flip, joins_zeros));
  if (i < n) store(keys + i, KERNEL(keys_of)(load_first(x + i, n - i), flip, joins_zeros));
}

// The elements that sorted keys stand for.
INLINE void KERNEL(decode)(const BITS *sorted, size_t n, BITS flip, SCALAR *values) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(values + i, KERNEL(value_of)(load(sorted + i), flip));
  for (; i < n; i++) {
    const VECTOR v = KERNEL(value_of)((BITS_VECTOR)sorted[i], flip);
    values[i] = v[0];
  }
}

INLINE void KERNEL(sort_few)(const SCALAR *x, size_t n, BITS flip, SCALAR *values, int64_t *indices) {
  BITS keys[sorting_ranked], sorted_keys[sorting_ranked];
  uint32_t order[sorting_ranked];
  SCALAR sorted[sorting_ranked]; // values may be x
  KERNEL(encode)(x, n, flip, indices != NULL, keys);
  KERNEL(rank)(keys, n, order);
  if (!indices) {
    for (size_t i = 0; i < n; i++) sorted_keys[i] = keys[order[i]];
    KERNEL(decode)(sorted_keys, n, flip, values);
    return;
  }
  for (size_t i = 0; values && i < n; i++) sorted[i] = x[order[i]];
  if (values) memcpy(values, sorted, n * sizeof *values);
  for (size_t i = 0; i < n; i++) indices[i] = order[i];
}

INLINE void KERNEL(sort_values)(const SCALAR *x, size_t n, BITS flip, SCALAR *values, BITS *work) {
  BITS *keys = work;
  KERNEL(counts) counts = {{0}};
  for (size_t i = 0; i < n; i += LANES) {
    const size_t left = n - i, count = left < LANES ? left : LANES;
    BITS some[LANES];
    store(some, KERNEL(keys_of)(left < LANES ? load_first(x + i, left) : load(x + i), flip, false));
    for (size_t j = 0; j < count; j++) {
      keys[i + j] = some[j];
      KERNEL(count_digits)(counts, some[j]);
    }
  }
  KERNEL(decode)(KERNEL(distribute_keys)(keys, keys + n, n, counts), n, flip, values);
}

INLINE void KERNEL(sort_with_indices)(const SCALAR *x, size_t n, BITS flip, SCALAR *values, int64_t *indices,
                                      KERNEL(item) * work) {
  KERNEL(item) *items = work;
  KERNEL(counts) counts = {{0}};
  for (size_t i = 0; i < n; i += LANES) {
    const size_t left = n - i, count = left < LANES ? left : LANES;
    BITS some[LANES];
    store(some, KERNEL(keys_of)(left < LANES ? load_first(x + i, left) : load(x + i), flip, true));
    for (size_t j = 0; j < count; j++) {
      items[i + j] = (KERNEL(item)){some[j], (BITS)(i + j)};
      KERNEL(count_digits)(counts, some[j]);
    }
  }
  KERNEL(item) *sorted = KERNEL(distribute_items)(items, items + n, n, counts);
  for (size_t i = 0; i < n; i++) indices[i] = (int64_t)sorted[i].index;
  if (!values) return;
  SCALAR *out = (SCALAR *)(sorted == items ? items + n : items); // values may be x
  for (size_t i = 0; i < n; i++) out[i] = x[sorted[i].index];
  memcpy(values, out, n * sizeof *out);
}

static void KERNEL(sort)(const void *x, size_t n, bool descending, void *values, int64_t *indices, void *work) {
  const BITS flip = descending ? ~(BITS)0 : 0;
  if (n <= sorting_ranked)
    KERNEL(sort_few)(x, n, flip, values, indices);
  else if (indices)
    KERNEL(sort_with_indices)(x, n, flip, values, indices, work);
  else
    KERNEL(sort_values)(x, n, flip, values, work);
}
