// Ranking of scores by buckets: the scale that deals them out, the sort of a bucket and what is read off the sorted
// one.

enum {
  KERNEL(chunk) = 256,   // scores whose buckets are found at once
  KERNEL(inserted) = 32, // a bucket as small as this is sorted by insertion alone
  KERNEL(digit) = 11,    // the most bits of a pass: counters of 8 KiB
};

typedef struct {
  BITS key;
  SCALAR weight;
} KERNEL(weighted);

// ---- buckets ----

static ranking_scale KERNEL(ranking_scale)(const void *scores, size_t count, size_t steps) {
  const ranking_scale one = {.steps = 1};
  if (steps < 2 || count < 2) return one;
  SCALAR sample[sorting_ranked];
  KERNEL(sort)(scores, count, false, sample, NULL, NULL);
  // Without the outermost, of which one that lies far out would leave nothing for the others.
  const double low = (double)sample[count / 64], high = (double)sample[count - 1 - count / 64];
  const double margin = (high - low) / 16;
  const ranking_scale scale = {low - margin, (double)steps / (high - low + 2 * margin), steps};
  const SCALAR widest = (SCALAR)scale.scale, lowest = (SCALAR)scale.low;
  const bool is_usable = widest > 0 && widest - widest == 0 && lowest - lowest == 0;
  return is_usable ? scale : one;
}

// Monotonic in v: so are each rounding, the limits, and the sign. Adding 2^23 or 2^52 leaves the nearest integer in the
// lowest bits, where not every instruction set can convert.
INLINE BITS_VECTOR KERNEL(buckets_of)(ranking_scale scale, VECTOR v) {
  const SCALAR integers = (SCALAR)((BITS)1 << (sizeof(SCALAR) == 4 ? 23 : 52));
  const VECTOR place = (v - (SCALAR)scale.low) * (SCALAR)scale.scale;
  const VECTOR above = place > 0 ? place : (VECTOR)0; // also where infinity times 0 gave NaN
  const VECTOR top = broadcast((SCALAR)(scale.steps - 1));
  const BITS_VECTOR step = (BITS_VECTOR)((above < top ? above : top) + integers) & 0xffff;
  return step - (BITS_VECTOR)(v >= 0);
}

static size_t KERNEL(last_negative)(ranking_scale scale) { return (size_t)KERNEL(buckets_of)(scale, (VECTOR)0)[0] - 1; }

static size_t KERNEL(count_buckets)(ranking_scale scale, const void *scores, const uint8_t *positive,
                                    const void *weights, size_t n, uint32_t *counts) {
  const SCALAR *x = scores, *w = weights;
  for (size_t i = 0; i < n; i += KERNEL(chunk)) {
    const size_t count = n - i < KERNEL(chunk) ? n - i : KERNEL(chunk);
    BITS buckets[KERNEL(chunk)];
    BITS_VECTOR unordered = {0};
    for (size_t k = 0; k < count; k += LANES) {
      const VECTOR v = load_up_to(x + i + k, count - k < LANES ? count - k : LANES);
      unordered |= (BITS_VECTOR)(v != v);
      store(buckets + k, KERNEL(buckets_of)(scale, v));
    }
    if (__builtin_reduce_or(unordered))
      for (size_t k = i;; k++)
        if (x[k] != x[k]) return k;
    if (w)
      for (size_t k = 0; k < count; k++) counts[2 * buckets[k] + (positive[i + k] != 0)] += w[i + k] != 0;
    else
      for (size_t k = 0; k < count; k++) counts[2 * buckets[k] + (positive[i + k] != 0)]++;
  }
  return n;
}

static void KERNEL(scatter)(ranking_scale scale, const void *scores, const uint8_t *positive, const void *weights,
                            size_t n, uint32_t *places, void *items) {
  const SCALAR *x = scores, *w = weights;
  for (size_t i = 0; i < n; i += KERNEL(chunk)) {
    const size_t count = n - i < KERNEL(chunk) ? n - i : KERNEL(chunk);
    BITS buckets[KERNEL(chunk)], keys[KERNEL(chunk)];
    for (size_t k = 0; k < count; k += LANES) {
      const VECTOR v = load_up_to(x + i + k, count - k < LANES ? count - k : LANES);
      store(buckets + k, KERNEL(buckets_of)(scale, v));
      store(keys + k, KERNEL(keys_of)(v, 0, true) << 1);
    }
    if (w) {
      KERNEL(weighted) *to = items;
      for (size_t k = 0; k < count; k++)
        if (w[i + k] != 0) to[places[buckets[k]]++] = (KERNEL(weighted)){keys[k] | (positive[i + k] != 0), w[i + k]};
    } else {
      BITS *to = items;
      for (size_t k = 0; k < count; k++) to[places[buckets[k]]++] = keys[k] | (positive[i + k] != 0);
    }
  }
}

// ---- the sort of a bucket ----

// How many bits a number has.
INLINE unsigned KERNEL(width)(BITS number) {
  return number ? 64 - (unsigned)__builtin_clzll((unsigned long long)number) : 0;
}

#define DEFINE_SORT_BUCKET(name, type, key_of)                                                                         \
  /* Stable, by `bits` bits of key - low from `shift` on, the lowest digit first. */                                   \
  static type *KERNEL(name##_by_digits)(type * from, type * to, size_t n, BITS low, unsigned shift, unsigned bits) {   \
    for (unsigned passes = (bits + KERNEL(digit) - 1) / KERNEL(digit); passes > 0; passes--) {                         \
      const unsigned size = (bits + passes - 1) / passes;                                                              \
      const BITS mask = ((BITS)1 << size) - 1;                                                                         \
      uint32_t places[1 << KERNEL(digit)];                                                                             \
      memset(places, 0, (size_t)(mask + 1) * sizeof *places);                                                          \
      for (size_t i = 0; i < n; i++) places[(key_of(from[i]) - low) >> shift & mask]++;                                \
      for (uint32_t digit = 0, place = 0; digit <= mask; digit++) {                                                    \
        const uint32_t here = places[digit];                                                                           \
        places[digit] = place;                                                                                         \
        place += here;                                                                                                 \
      }                                                                                                                \
      for (size_t i = 0; i < n; i++) to[places[(key_of(from[i]) - low) >> shift & mask]++] = from[i];                  \
      type *other = from;                                                                                              \
      from = to, to = other;                                                                                           \
      shift += size, bits -= size;                                                                                     \
    }                                                                                                                  \
    return from;                                                                                                       \
  }                                                                                                                    \
  /* Stable; gives up, with all items there, when more than `moves` were needed. */                                    \
  static bool KERNEL(name##_by_insertion)(type * items, size_t n, size_t moves) {                                      \
    for (size_t i = 1; i < n; i++) {                                                                                   \
      const type item = items[i];                                                                                      \
      size_t at = i;                                                                                                   \
      for (; at > 0 && key_of(items[at - 1]) > key_of(item) && i - at < moves; at--) items[at] = items[at - 1];        \
      items[at] = item;                                                                                                \
      if (i - at == moves) return false;                                                                               \
      moves -= i - at;                                                                                                 \
    }                                                                                                                  \
    return true;                                                                                                       \
  }                                                                                                                    \
  static void *KERNEL(name)(void *items, void *spare, size_t n) {                                                      \
    type *from = items, *to = spare;                                                                                   \
    if (n <= KERNEL(inserted)) {                                                                                       \
      KERNEL(name##_by_insertion)(from, n, SIZE_MAX);                                                                  \
      return from;                                                                                                     \
    }                                                                                                                  \
    BITS low = key_of(from[0]), high = low;                                                                            \
    for (size_t i = 1; i < n; i++) {                                                                                   \
      const BITS key = key_of(from[i]);                                                                                \
      low = key < low ? key : low;                                                                                     \
      high = key > high ? key : high;                                                                                  \
    }                                                                                                                  \
    /* Of keys that spread evenly, one in 16 then shares its place with another. */                                    \
    const unsigned bits = KERNEL(width)(high - low), wanted = KERNEL(width)((BITS)n) + 4;                              \
    const unsigned taken = bits < wanted ? bits : wanted;                                                              \
    type *sorted = KERNEL(name##_by_digits)(from, to, n, low, bits - taken, taken);                                    \
    if (taken == bits || KERNEL(name##_by_insertion)(sorted, n, 2 * n)) return sorted;                                 \
    return KERNEL(name##_by_digits)(sorted, sorted == from ? to : from, n, low, 0, bits);                              \
  }

#define KEY_ITSELF(key) (key)
#define KEY_OF_ITEM(item) ((item).key)
DEFINE_SORT_BUCKET(sort_bucket, BITS, KEY_ITSELF)
DEFINE_SORT_BUCKET(sort_weighted_bucket, KERNEL(weighted), KEY_OF_ITEM)
#undef DEFINE_SORT_BUCKET

// ---- from the highest score to the lowest: among equal ones, positive rows come first ----

// Twice the positive rows that stand above each other row, and once those beside it.
static ranking_sum KERNEL(area)(const void *items, size_t n, ranking_counts above) {
  const BITS *keys = items;
  uint64_t pairs = 0, now = (uint64_t)above.positives, before = now; // before: above the present score
  BITS last = n ? keys[n - 1] : 0;
  for (size_t i = n; i-- > 0;) { // no branch would be guessed right
    const BITS key = keys[i];
    before += (now - before) & -(uint64_t)((key ^ last) > 1);
    pairs += (now + before) & ((uint64_t)(key & 1) - 1);
    now += key & 1;
    last = key;
  }
  return (ranking_sum){.pairs = pairs};
}

static ranking_sum KERNEL(weighted_area)(const void *items, size_t n, ranking_counts above) {
  const KERNEL(weighted) *rows = items;
  double sum = 0, now = above.positives, before = now;
  for (size_t i = n; i-- > 0;) {
    if (i + 1 < n && (rows[i].key ^ rows[i + 1].key) > 1) before = now;
    if (rows[i].key & 1)
      now += (double)rows[i].weight;
    else
      sum += (double)rows[i].weight * (now + before);
  }
  return (ranking_sum){.sum = sum};
}

#define WEIGHT_ONE(item) 1.0
#define WEIGHT_OF_ITEM(item) ((double)(item).weight)

// BODY sees `now`, counts down to the last row of a score, at `i`.
#define FOR_EACH_THRESHOLD(type, key_of, weight_of, BODY)                                                              \
  const type *rows = items;                                                                                            \
  ranking_counts now = above;                                                                                          \
  for (size_t i = n; i-- > 0;) {                                                                                       \
    const bool is_positive = key_of(rows[i]) & 1;                                                                      \
    const double weight = weight_of(rows[i]);                                                                          \
    now.positives += is_positive ? weight : 0;                                                                         \
    now.negatives += is_positive ? 0 : weight;                                                                         \
    if (i > 0 && (key_of(rows[i]) ^ key_of(rows[i - 1])) <= 1) continue;                                               \
    BODY                                                                                                               \
  }

#define DEFINE_WALKS(name, type, key_of, weight_of)                                                                    \
  static ranking_sum KERNEL(name##average_precision)(const void *items, size_t n, ranking_counts above) {              \
    double sum = 0, counted = above.positives;                                                                         \
    FOR_EACH_THRESHOLD(type, key_of, weight_of, {                                                                      \
      sum += (now.positives - counted) * (now.positives / (now.positives + now.negatives));                            \
      counted = now.positives;                                                                                         \
    })                                                                                                                 \
    return (ranking_sum){.sum = sum};                                                                                  \
  }                                                                                                                    \
  static size_t KERNEL(name##thresholds)(const void *items, size_t n, ranking_counts *counts) {                        \
    const ranking_counts above = {0, 0};                                                                               \
    size_t thresholds = 0;                                                                                             \
    FOR_EACH_THRESHOLD(type, key_of, weight_of, { thresholds++; })                                                     \
    *counts = now;                                                                                                     \
    return thresholds;                                                                                                 \
  }                                                                                                                    \
  static void KERNEL(name##curve)(const void *items, size_t n, bool negative, ranking_counts above, void *to,          \
                                  double *true_positives, double *false_positives) {                                   \
    SCALAR *thresholds = to;                                                                                           \
    const BITS sign = negative ? 0 : (BITS)1 << (sizeof(SCALAR) * 8 - 1);                                              \
    FOR_EACH_THRESHOLD(type, key_of, weight_of, {                                                                      \
      *thresholds++ = KERNEL(value_of)((BITS_VECTOR)(key_of(rows[i]) >> 1 | sign), 0)[0];                              \
      *true_positives++ = now.positives;                                                                               \
      *false_positives++ = now.negatives;                                                                              \
    })                                                                                                                 \
  }

DEFINE_WALKS(, BITS, KEY_ITSELF, WEIGHT_ONE)
DEFINE_WALKS(weighted_, KERNEL(weighted), KEY_OF_ITEM, WEIGHT_OF_ITEM)
#undef DEFINE_WALKS
#undef FOR_EACH_THRESHOLD
#undef WEIGHT_ONE
#undef WEIGHT_OF_ITEM
#undef KEY_ITSELF
#undef KEY_OF_ITEM

static const ranking_kernels KERNEL(ranking) = {
    .element_bytes = sizeof(SCALAR),
    .item_bytes = {sizeof(BITS), sizeof(KERNEL(weighted))},
    .scale = KERNEL(ranking_scale),
    .count = KERNEL(count_buckets),
    .scatter = KERNEL(scatter),
    .last_negative = KERNEL(last_negative),
    .sort = {KERNEL(sort_bucket), KERNEL(sort_weighted_bucket)},
    .area = {KERNEL(area), KERNEL(weighted_area)},
    .average_precision = {KERNEL(average_precision), KERNEL(weighted_average_precision)},
    .thresholds = {KERNEL(thresholds), KERNEL(weighted_thresholds)},
    .curve = {KERNEL(curve), KERNEL(weighted_curve)},
};
