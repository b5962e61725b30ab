// XXH3 beyond 240 bytes: eight 64-bit sums in as many vectors as 64 bytes need.

enum { xxh3_vectors = xxh3_stripe / VECTOR_BYTES };

// Far enough ahead of the stripe at hand that memory's latency is hidden, near enough to stay in the page.
enum { xxh3_prefetch = 1024 };

INLINE u64v xxh3_load(const uint8_t *bytes, size_t i) { return load((const uint64_t *)(bytes + i * VECTOR_BYTES)); }

INLINE void xxh3_load_sums(u64v *sums, const uint64_t *from) {
  UNROLL for (size_t i = 0; i < xxh3_vectors; i++) sums[i] = xxh3_load((const uint8_t *)from, i);
}

INLINE void xxh3_store_sums(uint64_t *to, const u64v *sums) {
  UNROLL for (size_t i = 0; i < xxh3_vectors; i++) store(to + i * f64_lanes, sums[i]);
}

// The swapped words and the products are added to each other first: one addition, not two, in the chain of the sums.
INLINE void xxh3_accumulate(u64v *sums, const uint8_t *stripe, const uint8_t *secret) {
  UNROLL for (size_t i = 0; i < xxh3_vectors; i++) {
    const u64v words = xxh3_load(stripe, i), keyed = words ^ xxh3_load(secret, i);
    sums[i] += swap_pairs(words) + (keyed & 0xffffffff) * (keyed >> 32);
  }
}

INLINE void xxh3_scramble(u64v *sums, const uint8_t *secret) {
  const u64v prime = broadcast((uint64_t)0x9E3779B1);
  UNROLL for (size_t i = 0; i < xxh3_vectors; i++) {
    const u64v mixed = sums[i] ^ sums[i] >> 47 ^ xxh3_load(secret, i);
    // mixed * prime from 32-bit products, which every instruction set has.
    sums[i] = (mixed & 0xffffffff) * prime + ((mixed >> 32) * prime << 32);
  }
}

INLINE size_t xxh3_run(u64v *sums, const uint8_t *data, size_t stripes, size_t place, const xxh3_secret *secret) {
  const size_t block = (secret->length - xxh3_stripe) / xxh3_secret_step;
  while (stripes) {
    const size_t run = stripes < block - place ? stripes : block - place;
    for (size_t i = 0; i < run; i++) {
      __builtin_prefetch(data + xxh3_prefetch);
      xxh3_accumulate(sums, data, secret->bytes + (place + i) * xxh3_secret_step);
      data += xxh3_stripe;
    }
    stripes -= run;
    place += run;
    if (place == block) {
      xxh3_scramble(sums, secret->bytes + secret->length - xxh3_stripe);
      place = 0;
    }
  }
  return place;
}

static size_t xxh3_consume(const uint8_t *data, size_t stripes, size_t place, const xxh3_secret *secret,
                           uint64_t *sums) {
  u64v s[xxh3_vectors];
  xxh3_load_sums(s, sums);
  place = xxh3_run(s, data, stripes, place, secret);
  xxh3_store_sums(sums, s);
  return place;
}

static void xxh3_finish(const uint8_t *last, const xxh3_secret *secret, uint64_t *sums) {
  u64v s[xxh3_vectors];
  xxh3_load_sums(s, sums);
  xxh3_accumulate(s, last, secret->bytes + secret->length - xxh3_last_offset);
  xxh3_store_sums(sums, s);
}

static void xxh3_sum(const uint8_t *data, size_t length, const xxh3_secret *secret, uint64_t *sums) {
  u64v s[xxh3_vectors];
  xxh3_load_sums(s, xxh3_first_sums);
  xxh3_run(s, data, (length - 1) / xxh3_stripe, 0, secret);
  xxh3_accumulate(s, data + length - xxh3_stripe, secret->bytes + secret->length - xxh3_last_offset);
  xxh3_store_sums(sums, s);
}

static const hashing_kernels hashing = {
    .sum = xxh3_sum,
    .consume = xxh3_consume,
    .finish = xxh3_finish,
};
