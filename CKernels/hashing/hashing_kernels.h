// XXH3 beyond 240 bytes: eight 64-bit sums in as many vectors as 64 bytes need.
//
// Without prefetches: on Zen 5, from 4 KiB to 60 MiB, none at distances of 256 to 2048 bytes made a difference.

enum { xxh3_vectors = xxh3_stripe / VECTOR_BYTES };

INLINE u64v xxh3_load(const uint8_t *bytes, size_t i) { return load((const uint64_t *)(bytes + i * VECTOR_BYTES)); }

// The eight sums. A stripe adds each of its words to the neighbour's sum: `words` adds them in place, and they change
// places once per block instead of once per stripe. The two chains of additions do not wait for each other.
typedef struct xxh3_sums {
  u64v products[xxh3_vectors], words[xxh3_vectors];
} xxh3_sums;

INLINE void xxh3_load_sums(xxh3_sums *sums, const uint64_t *from) {
  UNROLL for (size_t i = 0; i < xxh3_vectors; i++) {
    sums->products[i] = load(from + i * f64_lanes);
    sums->words[i] = (u64v)0;
  }
}

INLINE u64v xxh3_joined(const xxh3_sums *sums, size_t i) { return sums->products[i] + swap_pairs(sums->words[i]); }

INLINE void xxh3_store_sums(uint64_t *to, const xxh3_sums *sums) {
  UNROLL for (size_t i = 0; i < xxh3_vectors; i++) store(to + i * f64_lanes, xxh3_joined(sums, i));
}

INLINE void xxh3_accumulate(xxh3_sums *sums, const uint8_t *stripe, const uint8_t *secret) {
  UNROLL for (size_t i = 0; i < xxh3_vectors; i++) {
    const u64v words = xxh3_load(stripe, i), keyed = words ^ xxh3_load(secret, i);
    sums->words[i] += words;
    sums->products[i] += (keyed & 0xffffffff) * (keyed >> 32);
  }
}

INLINE void xxh3_scramble(xxh3_sums *sums, const uint8_t *secret) {
  UNROLL for (size_t i = 0; i < xxh3_vectors; i++) {
    const u64v sum = xxh3_joined(sums, i);
    sums->products[i] = (sum ^ sum >> 47 ^ xxh3_load(secret, i)) * xxh3_scramble_prime;
    sums->words[i] = (u64v)0;
  }
}

INLINE size_t xxh3_run(xxh3_sums *sums, const uint8_t *data, size_t stripes, size_t place, const xxh3_secret *secret) {
  const uint8_t *key = secret->bytes, *last_key = key + secret->length - xxh3_stripe;
  const size_t block = (secret->length - xxh3_stripe) / xxh3_secret_step;
  while (stripes) {
    const size_t run = stripes < block - place ? stripes : block - place;
    for (size_t i = 0; i < run; i++) {
      xxh3_accumulate(sums, data, key + (place + i) * xxh3_secret_step);
      data += xxh3_stripe;
    }
    stripes -= run;
    place += run;
    if (place == block) {
      xxh3_scramble(sums, last_key);
      place = 0;
    }
  }
  return place;
}

static size_t xxh3_consume(const uint8_t *data, size_t stripes, size_t place, const xxh3_secret *secret,
                           uint64_t *sums) {
  xxh3_sums s;
  xxh3_load_sums(&s, sums);
  place = xxh3_run(&s, data, stripes, place, secret);
  xxh3_store_sums(sums, &s);
  return place;
}

static void xxh3_finish(const uint8_t *last, const xxh3_secret *secret, uint64_t *sums) {
  xxh3_sums s;
  xxh3_load_sums(&s, sums);
  xxh3_accumulate(&s, last, secret->bytes + secret->length - xxh3_last_offset);
  xxh3_store_sums(sums, &s);
}

static void xxh3_sum(const uint8_t *data, size_t length, const xxh3_secret *secret, uint64_t *sums) {
  xxh3_sums s;
  xxh3_load_sums(&s, xxh3_first_sums);
  xxh3_run(&s, data, (length - 1) / xxh3_stripe, 0, secret);
  xxh3_accumulate(&s, data + length - xxh3_stripe, secret->bytes + secret->length - xxh3_last_offset);
  xxh3_store_sums(sums, &s);
}

#include "hashing/keys_kernels.h"

static const hashing_kernels hashing = {
    .sum = xxh3_sum,
    .consume = xxh3_consume,
    .finish = xxh3_finish,
    .keys_64 = xxh3_keys_64,
    .keys_128 = xxh3_keys_128,
    .rows_64 = xxh3_rows_64,
    .offsets_ascend = offsets_ascend,
};
