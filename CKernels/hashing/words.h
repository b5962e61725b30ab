// Constants and words that the hashes share.
#ifndef FARRO_HASHING_WORDS_H
#define FARRO_HASHING_WORDS_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  #error "The hashes read words as they lie in memory, which is right on little-endian machines only."
#endif

static const uint32_t prime32_1 = 0x9E3779B1, prime32_2 = 0x85EBCA77, prime32_3 = 0xC2B2AE3D, prime32_4 = 0x27D4EB2F,
                      prime32_5 = 0x165667B1;
static const uint64_t prime64_1 = 0x9E3779B185EBCA87, prime64_2 = 0xC2B2AE3D27D4EB4F, prime64_3 = 0x165667B19E3779F9,
                      prime64_4 = 0x85EBCA77C2B2AE63, prime64_5 = 0x27D4EB2F165667C5;

static inline uint32_t read32(const void *p) {
  uint32_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

static inline uint64_t read64(const void *p) {
  uint64_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

static inline uint32_t rotate32(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }
static inline uint64_t rotate64(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

// The avalanche of XXH64, which XXH3 uses for its shortest inputs.
static inline uint64_t avalanche_xxh64(uint64_t x) {
  x = (x ^ x >> 33) * prime64_2;
  x = (x ^ x >> 29) * prime64_3;
  return x ^ x >> 32;
}

#endif
