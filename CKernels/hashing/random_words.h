// The words that a seed draws for a family of hash functions: SplitMix64.
#ifndef FARRO_HASHING_RANDOM_WORDS_H
#define FARRO_HASHING_RANDOM_WORDS_H

#include <stdint.h>

static inline uint64_t next_random_word(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

#endif
