// The hashes of words, characters and shingles; see include/text.h. Inlined into every instruction set's kernels.
#ifndef FARRO_TEXT_SHINGLE_HASH_H
#define FARRO_TEXT_SHINGLE_HASH_H

#include "text/text.h"

#define ALWAYS_INLINE_HASH static inline __attribute__((always_inline, unused))

// The finalizer of SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
ALWAYS_INLINE_HASH uint64_t mix64(uint64_t x) {
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
  x = (x ^ x >> 27) * 0x94D049BB133111EB;
  return x ^ x >> 31;
}

ALWAYS_INLINE_HASH uint64_t rotate_left(uint64_t x, uint32_t by) { return x << (by & 63) | x >> (-by & 63); }

// Both halves of a product, folded together.
ALWAYS_INLINE_HASH uint64_t fold_product(uint64_t a, uint64_t b) {
  const unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// A character as a part of a shingle; bytes are hashed as the characters of their numbers.
ALWAYS_INLINE_HASH uint64_t hash_unit(uint64_t key, uint32_t c) { return mix64(key + c * 0x9E3779B97F4A7C15u); }

// What a shingle's combined parts become. The upper 32 bits alone are a hash, and so are the lower.
ALWAYS_INLINE_HASH uint64_t finish_shingle(uint64_t combined) {
  combined *= 0x9FB21C651E98DF25;
  return combined ^ combined >> 32;
}

// A word's 16 bytes, of which `length` count, with the hash of the 16 before (or the first key).
ALWAYS_INLINE_HASH uint64_t hash_piece(uint64_t before, uint64_t low, uint64_t high, uint64_t key) {
  return fold_product(low ^ before, high ^ key);
}

#endif
