// XXH3 up to 240 bytes: straight lines of 64-bit multiplications. Inlined into every caller: with the default secret, a
// constant, its words fold into the instructions.
#ifndef FARRO_HASHING_XXH3_SHORT_H
#define FARRO_HASHING_XXH3_SHORT_H

#include "include/hashing.h"
#include "words.h"

enum { xxh3_most_short = 240 };

#define ALWAYS_INLINE static inline __attribute__((always_inline))

static const uint64_t prime_mx1 = 0x165667919E3779F9, prime_mx2 = 0x9FB21C651E98DF25;

ALWAYS_INLINE uint64_t xxh3_avalanche(uint64_t x) {
  x = (x ^ x >> 37) * prime_mx1;
  return x ^ x >> 32;
}

ALWAYS_INLINE farro_hash128 multiply128(uint64_t a, uint64_t b) {
  const unsigned __int128 product = (unsigned __int128)a * b;
  return (farro_hash128){.low = (uint64_t)product, .high = (uint64_t)(product >> 64)};
}

ALWAYS_INLINE uint64_t multiply_fold(uint64_t a, uint64_t b) {
  const farro_hash128 product = multiply128(a, b);
  return product.low ^ product.high;
}

// Two neighbouring words of the secret as one.
ALWAYS_INLINE uint64_t secret_pair(const uint8_t *secret) { return read64(secret) ^ read64(secret + 8); }

// ---- 1 to 3 bytes ----

ALWAYS_INLINE uint32_t combine_1to3(const uint8_t *data, size_t length) {
  return data[length - 1] | (uint32_t)length << 8 | (uint32_t)data[0] << 16 | (uint32_t)data[length >> 1] << 24;
}

ALWAYS_INLINE uint64_t xxh3_64_1to3(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  return avalanche_xxh64(((read32(secret) ^ read32(secret + 4)) + seed) ^ combine_1to3(data, length));
}

ALWAYS_INLINE farro_hash128 xxh3_128_1to3(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  const uint32_t swapped = rotate32(__builtin_bswap32(combine_1to3(data, length)), 13);
  const uint64_t high = ((read32(secret + 8) ^ read32(secret + 12)) - seed) ^ swapped;
  return (farro_hash128){xxh3_64_1to3(data, length, secret, seed), avalanche_xxh64(high)};
}

// ---- 4 to 8 bytes ----

ALWAYS_INLINE uint64_t spread_seed(uint64_t seed) { return seed ^ (uint64_t)__builtin_bswap32((uint32_t)seed) << 32; }

ALWAYS_INLINE uint64_t xxh3_64_4to8(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  const uint64_t words = read32(data + length - 4) | (uint64_t)read32(data) << 32;
  uint64_t x = (secret_pair(secret + 8) - spread_seed(seed)) ^ words;
  x = (x ^ rotate64(x, 49) ^ rotate64(x, 24)) * prime_mx2;
  x = (x ^ ((x >> 35) + length)) * prime_mx2;
  return x ^ x >> 28;
}

ALWAYS_INLINE farro_hash128 xxh3_128_4to8(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  const uint64_t words = read32(data) | (uint64_t)read32(data + length - 4) << 32;
  const uint64_t x = (secret_pair(secret + 16) + spread_seed(seed)) ^ words;
  farro_hash128 hash = multiply128(x, prime64_1 + (length << 2));
  hash.high += hash.low << 1;
  hash.low ^= hash.high >> 3;
  hash.low = (hash.low ^ hash.low >> 35) * prime_mx2;
  hash.low ^= hash.low >> 28;
  hash.high = xxh3_avalanche(hash.high);
  return hash;
}

// ---- 9 to 16 bytes ----

ALWAYS_INLINE uint64_t xxh3_64_9to16(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  const uint64_t low = (secret_pair(secret + 24) + seed) ^ read64(data);
  const uint64_t high = (secret_pair(secret + 40) - seed) ^ read64(data + length - 8);
  return xxh3_avalanche(length + __builtin_bswap64(low) + high + multiply_fold(low, high));
}

ALWAYS_INLINE farro_hash128 xxh3_128_9to16(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  const uint64_t first = read64(data), last = read64(data + length - 8);
  const farro_hash128 x = multiply128((secret_pair(secret + 32) - seed) ^ first ^ last, prime64_1);
  const uint64_t y = (secret_pair(secret + 48) + seed) ^ last;
  const uint64_t high = x.high + y + (uint64_t)(uint32_t)y * (prime32_2 - 1);
  const uint64_t low = (x.low + ((uint64_t)(length - 1) << 54)) ^ __builtin_bswap64(high);
  farro_hash128 hash = multiply128(low, prime64_2);
  hash.high += high * prime64_2;
  return (farro_hash128){xxh3_avalanche(hash.low), xxh3_avalanche(hash.high)};
}

// ---- 17 to 240 bytes ----

ALWAYS_INLINE uint64_t mix16(const uint8_t *data, const uint8_t *secret, uint64_t seed) {
  return multiply_fold(read64(data) ^ (read64(secret) + seed), read64(data + 8) ^ (read64(secret + 8) - seed));
}

// The i-th 16 bytes from the front and from the back.
ALWAYS_INLINE uint64_t mix_ends(const uint8_t *data, size_t length, size_t i, const uint8_t *secret, uint64_t seed) {
  return mix16(data + 16 * i, secret + 32 * i, seed) + mix16(data + length - 16 * (i + 1), secret + 32 * i + 16, seed);
}

ALWAYS_INLINE uint64_t xxh3_64_17to32(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  return xxh3_avalanche(length * prime64_1 + mix_ends(data, length, 0, secret, seed));
}

// Branches instead of a loop: a key of up to 32 bytes takes one of them, and no counter.
ALWAYS_INLINE uint64_t xxh3_64_17to128(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  uint64_t sum = length * prime64_1;
  if (length > 32) {
    if (length > 64) {
      if (length > 96) sum += mix_ends(data, length, 3, secret, seed);
      sum += mix_ends(data, length, 2, secret, seed);
    }
    sum += mix_ends(data, length, 1, secret, seed);
  }
  return xxh3_avalanche(sum + mix_ends(data, length, 0, secret, seed));
}

// Their loops stay loops: a 128-bit product has no vector instruction, but unrolled, the compiler would carry their
// words through vectors.
#define ROLLED _Pragma("clang loop unroll(disable) vectorize(disable)")

ALWAYS_INLINE uint64_t inlined_64_129to240(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  uint64_t sum = length * prime64_1, rest = mix16(data + length - 16, secret + 119, seed);
  ROLLED for (size_t i = 0; i < 8; i++) sum += mix16(data + 16 * i, secret + 16 * i, seed);
  ROLLED for (size_t i = 8; i < length / 16; i++) rest += mix16(data + 16 * i, secret + 16 * (i - 8) + 3, seed);
  return xxh3_avalanche(xxh3_avalanche(sum) + rest);
}

// Called, not inlined, so that shorter keys do not save the registers that this one needs.
static __attribute__((noinline, unused)) uint64_t xxh3_64_129to240(const uint8_t *data, size_t length,
                                                                   const uint8_t *secret, uint64_t seed) {
  return inlined_64_129to240(data, length, secret, seed);
}

ALWAYS_INLINE void mix32(farro_hash128 *sums, const uint8_t *a, const uint8_t *b, const uint8_t *secret,
                         uint64_t seed) {
  sums->low = (sums->low + mix16(a, secret, seed)) ^ (read64(b) + read64(b + 8));
  sums->high = (sums->high + mix16(b, secret + 16, seed)) ^ (read64(a) + read64(a + 8));
}

ALWAYS_INLINE void mix_ends_128(farro_hash128 *sums, const uint8_t *data, size_t length, size_t i,
                                const uint8_t *secret, uint64_t seed) {
  mix32(sums, data + 16 * i, data + length - 16 * (i + 1), secret + 32 * i, seed);
}

ALWAYS_INLINE farro_hash128 finish_medium_128(farro_hash128 sums, size_t length, uint64_t seed) {
  const uint64_t high = sums.low * prime64_1 + sums.high * prime64_4 + (length - seed) * prime64_2;
  return (farro_hash128){xxh3_avalanche(sums.low + sums.high), -xxh3_avalanche(high)};
}

ALWAYS_INLINE farro_hash128 xxh3_128_17to128(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  farro_hash128 sums = {length * prime64_1, 0};
  if (length > 32) {
    if (length > 64) {
      if (length > 96) mix_ends_128(&sums, data, length, 3, secret, seed);
      mix_ends_128(&sums, data, length, 2, secret, seed);
    }
    mix_ends_128(&sums, data, length, 1, secret, seed);
  }
  mix_ends_128(&sums, data, length, 0, secret, seed);
  return finish_medium_128(sums, length, seed);
}

ALWAYS_INLINE farro_hash128 inlined_128_129to240(const uint8_t *data, size_t length, const uint8_t *secret,
                                                 uint64_t seed) {
  const uint8_t *end = data + length;
  farro_hash128 sums = {length * prime64_1, 0};
  ROLLED for (size_t i = 0; i < 4; i++) mix32(&sums, data + 32 * i, data + 32 * i + 16, secret + 32 * i, seed);
  sums = (farro_hash128){xxh3_avalanche(sums.low), xxh3_avalanche(sums.high)};
  ROLLED for (size_t i = 4; i < length / 32; i++)
      mix32(&sums, data + 32 * i, data + 32 * i + 16, secret + 32 * (i - 4) + 3, seed);
  mix32(&sums, end - 16, end - 32, secret + 103, -seed);
  return finish_medium_128(sums, length, seed);
}

static __attribute__((noinline, unused)) farro_hash128 xxh3_128_129to240(const uint8_t *data, size_t length,
                                                                         const uint8_t *secret, uint64_t seed) {
  return inlined_128_129to240(data, length, secret, seed);
}

// ---- any length up to 16, and up to 240 ----

ALWAYS_INLINE uint64_t xxh3_tiny_64(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  if (length > 8) return xxh3_64_9to16(data, length, secret, seed);
  if (length > 3) return xxh3_64_4to8(data, length, secret, seed);
  if (length > 0) return xxh3_64_1to3(data, length, secret, seed);
  return avalanche_xxh64(seed ^ secret_pair(secret + 56));
}

ALWAYS_INLINE uint64_t xxh3_short_64(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  if (length <= 16) return xxh3_tiny_64(data, length, secret, seed);
  if (length > 128) return xxh3_64_129to240(data, length, secret, seed);
  return xxh3_64_17to128(data, length, secret, seed);
}

ALWAYS_INLINE farro_hash128 xxh3_tiny_128(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  if (length > 8) return xxh3_128_9to16(data, length, secret, seed);
  if (length > 3) return xxh3_128_4to8(data, length, secret, seed);
  if (length > 0) return xxh3_128_1to3(data, length, secret, seed);
  return (farro_hash128){avalanche_xxh64(seed ^ secret_pair(secret + 64)),
                         avalanche_xxh64(seed ^ secret_pair(secret + 80))};
}

ALWAYS_INLINE farro_hash128 xxh3_short_128(const uint8_t *data, size_t length, const uint8_t *secret, uint64_t seed) {
  if (length <= 16) return xxh3_tiny_128(data, length, secret, seed);
  if (length > 128) return xxh3_128_129to240(data, length, secret, seed);
  return xxh3_128_17to128(data, length, secret, seed);
}

#endif
