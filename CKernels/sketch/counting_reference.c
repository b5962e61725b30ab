// One element after another, as the definitions read.
#include "runtime/sizes.h"
#include "sketch/counting.h"
#include "text/shingle_hash.h"

void farro_hyperloglog_reference_update(uint8_t *registers, uint32_t precision, const uint64_t *hashes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t index = 0;
    for (uint32_t b = 0; b < precision; b++) index = 2 * index + (hashes[i] >> (63 - b) & 1);
    uint8_t rank = 1;
    for (uint32_t b = precision; b < 64 && !(hashes[i] >> (63 - b) & 1); b++) rank++;
    if (rank > registers[index]) registers[index] = rank;
  }
}

// Of word w in an element's block.
static uint32_t bit_of(uint64_t hash, size_t w) {
  static const uint32_t salts[8] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                    0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};
  return 1u << ((uint32_t)hash * salts[w] >> 27);
}

void farro_bloom_reference_insert(uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const size_t block = (size_t)((unsigned __int128)(hashes[i] >> 32) * blocks >> 32);
    for (size_t w = 0; w < 8; w++) words[8 * block + w] |= bit_of(hashes[i], w);
  }
}

void farro_bloom_reference_find(const uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count,
                                bool *found) {
  for (size_t i = 0; i < count; i++) {
    const size_t block = (size_t)((unsigned __int128)(hashes[i] >> 32) * blocks >> 32);
    found[i] = true;
    for (size_t w = 0; w < 8; w++) found[i] &= (words[8 * block + w] & bit_of(hashes[i], w)) != 0;
  }
}

void farro_count_min_reference_update(const farro_count_min *sketch, uint64_t *counters, const uint64_t *hashes,
                                      const uint64_t *amounts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint64_t *places[32], least = UINT64_MAX;
    const uint64_t amount = amounts ? amounts[i] : 1;
    for (size_t r = 0; r < sketch->depth; r++) {
      const uint64_t multiplier = mix64(sketch->seed + (r + 1) * 0x9E3779B97F4A7C15u) | 1;
      const uint64_t upper = hashes[i] * multiplier >> 32;
      places[r] = counters + r * sketch->width + (size_t)((unsigned __int128)upper * sketch->width >> 32);
      if (*places[r] < least) least = *places[r];
    }
    for (size_t r = 0; r < sketch->depth; r++) {
      const uint64_t from = sketch->conservative ? least : *places[r];
      const uint64_t to = from > UINT64_MAX - amount ? UINT64_MAX : from + amount;
      if (*places[r] < to) *places[r] = to;
    }
  }
}
