// MurmurHash3 as its source reads, words put together byte by byte: the oracle of the tests.
#include "include/murmur3.h"

static uint64_t word(const uint8_t *bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = count; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

static uint32_t rotated_32(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }
static uint64_t rotated_64(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

uint32_t farro_murmur3_reference_32(const void *data, size_t length, uint32_t seed) {
  const uint8_t *bytes = data;
  uint32_t h = seed;
  for (size_t at = 0; at < length; at += 4) {
    const bool is_whole = length - at >= 4;
    uint32_t k = (uint32_t)word(bytes + at, is_whole ? 4 : length - at);
    k *= 0xcc9e2d51;
    k = rotated_32(k, 15);
    k *= 0x1b873593;
    h ^= k;
    if (!is_whole) break;
    h = rotated_32(h, 13);
    h = h * 5 + 0xe6546b64;
  }
  h ^= (uint32_t)length;
  h ^= h >> 16;
  h *= 0x85ebca6b;
  h ^= h >> 13;
  h *= 0xc2b2ae35;
  h ^= h >> 16;
  return h;
}

static uint64_t mixed(uint64_t k) {
  k ^= k >> 33;
  k *= 0xff51afd7ed558ccd;
  k ^= k >> 33;
  k *= 0xc4ceb9fe1a85ec53;
  k ^= k >> 33;
  return k;
}

farro_hash128 farro_murmur3_reference_128(const void *data, size_t length, uint32_t seed) {
  const uint8_t *bytes = data;
  const uint64_t c1 = 0x87c37b91114253d5, c2 = 0x4cf5ad432745937f;
  uint64_t h1 = seed, h2 = seed;
  for (size_t at = 0; at < length; at += 16) {
    const size_t left = length - at < 16 ? length - at : 16;
    h1 ^= rotated_64(word(bytes + at, left < 8 ? left : 8) * c1, 31) * c2;
    if (left == 16) {
      h1 = rotated_64(h1, 27);
      h1 += h2;
      h1 = h1 * 5 + 0x52dce729;
    }
    if (left > 8) h2 ^= rotated_64(word(bytes + at + 8, left - 8) * c2, 33) * c1;
    if (left == 16) {
      h2 = rotated_64(h2, 31);
      h2 += h1;
      h2 = h2 * 5 + 0x38495ab5;
    }
  }
  h1 ^= length;
  h2 ^= length;
  h1 += h2;
  h2 += h1;
  h1 = mixed(h1);
  h2 = mixed(h2);
  h1 += h2;
  h2 += h1;
  return (farro_hash128){h1, h2};
}
