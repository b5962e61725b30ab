// XXH3 of many keys. As many neighbours as a vector has words, all of 8 or all of 16 bytes, are hashed at once; others
// one after another, by the text of single keys compiled for this instruction set.
//
// 16 bytes, from L1, on one thread of Zen 5: 0.5 ns a key in vectors of 64 bytes, 1.6 ns one after another.

// Whether offsets[0...count] never descend, and none is an address that no memory has: the highest bit of a difference
// tells, where a comparison of 64 bits is no instruction of every vector.
static bool offsets_ascend(const uint64_t *offsets, size_t count) {
  uint64_t wrong = offsets[0];
  for (size_t i = 0; i < count; i++) wrong |= offsets[i + 1] | (offsets[i + 1] - offsets[i]);
  return !(wrong >> 63);
}

// Vectors of two words would gain nothing over the multiplier of 64 bits.
#define KEYS_IN_VECTORS (VECTOR_BYTES > 16)

INLINE u64v keys_avalanche(u64v x) {
  x = (x ^ x >> 37) * prime_mx1;
  return x ^ x >> 32;
}

INLINE u64v keys_of_16(const uint8_t *bytes, uint64_t seed) {
  const u64v first = load((const uint64_t *)bytes), second = load((const uint64_t *)(bytes + VECTOR_BYTES));
  const u64v low = even_words(first, second) ^ (secret_pair(xxh3_default_bytes + 24) + seed);
  const u64v high = odd_words(first, second) ^ (secret_pair(xxh3_default_bytes + 40) - seed);
  return keys_avalanche(16 + swap_bytes(low) + high + multiply_and_fold(low, high));
}

INLINE u64v keys_of_8(const uint8_t *bytes, uint64_t seed) {
  const uint64_t key = secret_pair(xxh3_default_bytes + 8) - spread_seed(seed);
  u64v x = rotate_words(load((const uint64_t *)bytes), 32) ^ key;
  x = (x ^ rotate_words(x, 49) ^ rotate_words(x, 24)) * prime_mx2;
  x = (x ^ ((x >> 35) + 8)) * prime_mx2;
  return x ^ x >> 28;
}

// Keys of 16 and of 8 bytes, one behind another, as many as a vector has words `groups` times.
#define KEYS_ALIKE(name, length, hashes_of)                                                                            \
  static __attribute__((noinline)) void name(const uint8_t *bytes, size_t groups, uint64_t seed, uint64_t *hashes) {   \
    for (size_t i = 0; i < groups; i++, bytes += f64_lanes * length, hashes += f64_lanes)                              \
      store(hashes, hashes_of(bytes, seed));                                                                           \
  }

KEYS_ALIKE(keys_alike_16, 16, keys_of_16)
KEYS_ALIKE(keys_alike_8, 8, keys_of_8)

static __attribute__((noinline)) uint64_t xxh3_key_unseeded(const uint8_t *key, size_t length) {
  return xxh3_short_64(key, length, xxh3_default_bytes, 0);
}

static __attribute__((noinline)) uint64_t xxh3_key_seeded(const uint8_t *key, size_t length, uint64_t seed) {
  return xxh3_short_64(key, length, xxh3_default_bytes, seed);
}

static __attribute__((noinline)) uint64_t xxh3_key_long(const xxh3_keys *keys, const uint8_t *key, size_t length) {
  _Alignas(64) uint64_t sums[8];
  xxh3_sum(key, length, &keys->secret, sums);
  return xxh3_merge_64(sums, &keys->secret, length);
}

// Calls, so that the words of the secret are parts of instructions instead of registers that a loop saves.
static __attribute__((noinline)) void keys_one_by_one(const xxh3_keys *keys, size_t first, size_t last, uint64_t seed) {
  const uint64_t *offsets = keys->offsets;
  const uint8_t *bytes = keys->bytes, *key = bytes + offsets[first];
  uint64_t *hashes = keys->hashes;
  for (size_t i = first; i < last; i++) {
    const uint8_t *next = bytes + offsets[i + 1];
    const size_t length = (size_t)(next - key);
    if (length > xxh3_most_short)
      hashes[i] = xxh3_key_long(keys, key, length);
    else
      hashes[i] = seed ? xxh3_key_seeded(key, length, seed) : xxh3_key_unseeded(key, length);
    key = next;
  }
}

// Whether keys of this length can be hashed some at a time.
static bool are_for_vectors(size_t length) { return KEYS_IN_VECTORS && (length == 16 || length == 8); }

static void keys_alike(const uint8_t *bytes, size_t groups, size_t length, uint64_t seed, uint64_t *hashes) {
  if (length == 16)
    keys_alike_16(bytes, groups, seed, hashes);
  else
    keys_alike_8(bytes, groups, seed, hashes);
}

// The groups of keys from `offsets` on that are of the first one's length.
static size_t count_alike(const uint64_t *offsets, size_t groups) {
  const uint64_t length = offsets[1] - offsets[0];
  size_t i = 0;
  while (i < groups && are_zero(load(offsets + i * f64_lanes + 1) - load(offsets + i * f64_lanes) - length)) i++;
  return i;
}

static void xxh3_keys_64(void *context, size_t first, size_t last) {
  enum { piece = 128 }; // keys whose offsets stay in L1, and until others of one length are looked for
  const xxh3_keys *keys = context;
  for (size_t i = first; i < last;) {
    const uint64_t *offsets = keys->offsets + i, length = offsets[1] - offsets[0];
    const size_t count = last - i < piece ? last - i : piece;
    const size_t groups = are_for_vectors(length) ? count_alike(offsets, count / f64_lanes) : 0;
    if (groups) {
      keys_alike(keys->bytes + offsets[0], groups, length, keys->seed, (uint64_t *)keys->hashes + i);
      i += groups * f64_lanes;
    } else {
      keys_one_by_one(keys, i, i + count, keys->seed);
      i += count;
    }
  }
}

static void xxh3_rows_64(void *context, size_t first, size_t last) {
  const xxh3_keys *keys = context;
  const size_t length = keys->length, groups = are_for_vectors(length) ? (last - first) / f64_lanes : 0;
  const uint8_t *row = keys->bytes + first * length;
  uint64_t *hashes = (uint64_t *)keys->hashes + first, seed = keys->seed;
  if (groups) keys_alike(row, groups, length, seed, hashes);
  row += groups * f64_lanes * length;
  for (size_t i = groups * f64_lanes; i < last - first; i++, row += length)
    hashes[i] = length > xxh3_most_short ? xxh3_key_long(keys, row, length)
                : seed                   ? xxh3_key_seeded(row, length, seed)
                                         : xxh3_key_unseeded(row, length);
}

static void xxh3_keys_128(void *context, size_t first, size_t last) {
  const xxh3_keys *keys = context;
  farro_hash128 *hashes = keys->hashes;
  for (size_t i = first; i < last; i++) {
    const uint8_t *key = keys->bytes + keys->offsets[i];
    const size_t length = keys->offsets[i + 1] - keys->offsets[i];
    if (length <= xxh3_most_short) {
      hashes[i] = xxh3_short_128(key, length, xxh3_default_bytes, keys->seed);
      continue;
    }
    _Alignas(64) uint64_t sums[8];
    xxh3_sum(key, length, &keys->secret, sums);
    hashes[i] = xxh3_merge_128(sums, &keys->secret, length);
  }
}
