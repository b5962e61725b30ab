// HyperLogLog and Bloom filters. Vectors hash the keys some at a time; registers and blocks are visited one by one.
//
// Nothing but what an element finds in its register or block ties it to those before it, so that a core works on some
// dozen elements at once, and the bound is the number of instructions: 10 for a register, 16 for a block, 13 to mix a
// key without vectors. On Zen 5, in the second cache, a key takes HyperLogLog 0.5 ns (AVX-512), 0.8 (AVX2) or 1.4
// (baseline), a Bloom filter 0.7, 1.0 or 2.7; a filter of 32 MiB takes 2.4, 2.7 or 4.3.

// The finalizer of SplitMix64, mix64 of text/shingle_hash.h, in every lane.
OVERLOAD u64v mix_lanes(u64v x) {
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
  x = (x ^ x >> 27) * 0x94D049BB133111EB;
  return x ^ x >> 31;
}

static void counting_mix(uint64_t key, const uint64_t *keys, size_t count, uint64_t *hashes) {
  size_t i = 0;
  for (; i + f64_lanes <= count; i += f64_lanes) store(hashes + i, mix_lanes(load(keys + i) ^ key));
  if (i == count) return;
  const u64v last = (u64v)load_first((const double *)(keys + i), count - i);
  store_first((double *)(hashes + i), (f64v)mix_lanes(last ^ key), count - i);
}

static void counting_rank(uint32_t precision, const uint64_t *hashes, size_t count, uint8_t *registers) {
  const uint64_t end = 1ull << (precision - 1); // a rank ends where the hash does
  for (size_t i = 0; i < count; i++) {
    const uint64_t hash = hashes[i];
    uint8_t *reg = registers + (hash >> (64 - precision));
    const uint8_t rank = (uint8_t)(__builtin_clzll(hash << precision | end) + 1);
    // A branch, since a register seldom changes: log2(n / m) times or so.
    if (__builtin_expect(rank > *reg, 0)) *reg = rank;
  }
}

static void counting_maximum(uint8_t *into, const uint8_t *from, size_t count) {
  for (size_t i = 0; i < count; i++) into[i] = into[i] > from[i] ? into[i] : from[i];
}

// ---- Bloom filters ----

INLINE size_t bloom_place(uint64_t hash, size_t blocks) { return ((hash >> 32) * blocks >> 32) * 8; }

// Parquet's eight odd multipliers, one for each word of a block.
static const uint32_t bloom_salts[8] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                        0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

// An element's bits in a part of its block, the words from w on.
INLINE block_part bloom_bits(uint64_t hash, size_t w) {
  return (block_part)1 << ((block_part)(uint32_t)hash * load_part(bloom_salts + w) >> 27);
}

static void counting_insert(uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count, bool far) {
  if (far)
    for (size_t i = 0; i < count; i++) __builtin_prefetch(words + bloom_place(hashes[i], blocks), 1);
  for (size_t i = 0; i < count; i++) {
    uint32_t *block = words + bloom_place(hashes[i], blocks);
    UNROLL for (size_t w = 0; w < 8; w += block_lanes)
        store_part(block + w, load_part(block + w) | bloom_bits(hashes[i], w));
  }
}

static void counting_find(const uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count, bool far,
                          bool *found) {
  if (far)
    for (size_t i = 0; i < count; i++) __builtin_prefetch(words + bloom_place(hashes[i], blocks));
  for (size_t i = 0; i < count; i++) {
    const uint32_t *block = words + bloom_place(hashes[i], blocks);
    bool all = true;
    UNROLL for (size_t w = 0; w < 8; w += block_lanes) all &= is_within(bloom_bits(hashes[i], w), load_part(block + w));
    found[i] = all;
  }
}

static const counting_kernels counting = {
    .mix = counting_mix,
    .rank = counting_rank,
    .maximum = counting_maximum,
    .insert = counting_insert,
    .find = counting_find,
};
