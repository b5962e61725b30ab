// MinHash as the Python package datasketch computes it: SHA-1, parameters from NumPy's generator.
#include "include/sketch.h"

#include <string.h>

#include "runtime/sizes.h"

// ---- SHA-1 ----

static uint32_t rotate32(uint32_t x, int by) { return x << by | x >> (32 - by); }

static void sha1_block(uint32_t state[5], const uint8_t block[64]) {
  uint32_t w[80];
  for (int t = 0; t < 16; t++)
    w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 | (uint32_t)block[4 * t + 2] << 8 |
           block[4 * t + 3];
  for (int t = 16; t < 80; t++) w[t] = rotate32(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int t = 0; t < 80; t++) {
    static const uint32_t constants[] = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
    const uint32_t chosen = t < 20 ? (b & c) | (~b & d) : t >= 40 && t < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    const uint32_t next = rotate32(a, 5) + chosen + e + w[t] + constants[t / 20];
    e = d, d = c, c = rotate32(b, 30), b = a, a = next;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

void farro_sha1(const void *data, size_t length, uint8_t digest[20]) {
  uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  const uint8_t *bytes = data;
  size_t left = length;
  for (; left >= 64; bytes += 64, left -= 64) sha1_block(state, bytes);
  uint8_t last[128] = {0};
  const size_t padded = left < 56 ? 64 : 128;
  if (left) memcpy(last, bytes, left);
  last[left] = 0x80;
  for (size_t i = 0; i < 8; i++) last[padded - 1 - i] = (uint8_t)((uint64_t)length * 8 >> 8 * i);
  for (size_t at = 0; at < padded; at += 64) sha1_block(state, last + at);
  for (size_t i = 0; i < 20; i++) digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

// ---- hashes of items ----

typedef struct {
  const uint8_t *bytes;
  const uint64_t *offsets;
  bool mixed;
  uint32_t *hashes;
} items_work;

// MurmurHash3's finalizer (A. Appleby).
static uint32_t mix32(uint32_t x) {
  x = (x ^ x >> 16) * 0x85EBCA6B;
  x = (x ^ x >> 13) * 0xC2B2AE35;
  return x ^ x >> 16;
}

static void hash_items(void *context, size_t first, size_t last) {
  const items_work *work = context;
  for (size_t i = first; i < last; i++) {
    uint8_t digest[20];
    farro_sha1(work->bytes + work->offsets[i], work->offsets[i + 1] - work->offsets[i], digest);
    const uint32_t hash = digest[0] | (uint32_t)digest[1] << 8 | (uint32_t)digest[2] << 16 | (uint32_t)digest[3] << 24;
    work->hashes[i] = work->mixed ? mix32(hash) : hash;
  }
}

farro_status farro_datasketch_hashes(const void *bytes, const uint64_t *offsets, size_t count, bool mixed,
                                     uint32_t *hashes) {
  if (!can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; i < count; i++)
    if (offsets[i] > offsets[i + 1]) return FARRO_ERROR_ARGUMENT;
  if (count == 0) return FARRO_OK;
  items_work work = {bytes, offsets, mixed, hashes};
  farro_parallel_for(count, 64, 200.0 * (double)count + 3.0 * (double)(offsets[count] - offsets[0]), hash_items, &work);
  return FARRO_OK;
}

// ---- MT19937, seeded and drawn from as NumPy's RandomState ----

enum { mt_words = 624, mt_middle = 397 };

typedef struct {
  uint32_t words[mt_words];
  size_t next;
} mersenne_twister;

static void mt_seed(mersenne_twister *mt, uint32_t seed) {
  mt->words[0] = seed;
  for (uint32_t i = 1; i < mt_words; i++) mt->words[i] = 1812433253u * (mt->words[i - 1] ^ mt->words[i - 1] >> 30) + i;
  mt->next = mt_words;
}

static uint32_t mt_draw(mersenne_twister *mt) {
  if (mt->next == mt_words) {
    for (size_t i = 0; i < mt_words; i++) {
      const uint32_t y = (mt->words[i] & 0x80000000u) | (mt->words[(i + 1) % mt_words] & 0x7FFFFFFFu);
      mt->words[i] = mt->words[(i + mt_middle) % mt_words] ^ y >> 1 ^ (y & 1 ? 0x9908B0DFu : 0);
    }
    mt->next = 0;
  }
  uint32_t y = mt->words[mt->next++];
  y ^= y >> 11;
  y ^= y << 7 & 0x9D2C5680u;
  y ^= y << 15 & 0xEFC60000u;
  return y ^ y >> 18;
}

void farro_datasketch_parameters(uint32_t seed, size_t slots, uint32_t *multipliers, uint32_t *addends) {
  mersenne_twister mt;
  mt_seed(&mt, seed);
  for (size_t k = 0; k < slots; k++) multipliers[k] = (mt_draw(&mt) & 0x7FFFFFFFu) * 2 + 1;
  for (size_t k = 0; k < slots; k++) addends[k] = mt_draw(&mt);
}

static const uint64_t mersenne_prime = ((uint64_t)1 << 61) - 1;

// Uniform in least..<2^61 - 1: words are masked until one is in the range.
static uint64_t draw_below_prime(mersenne_twister *mt, uint64_t least) {
  for (;;) {
    const uint64_t high = mt_draw(mt), word = (high << 32 | mt_draw(mt)) & mersenne_prime;
    if (word <= mersenne_prime - 1 - least) return least + word;
  }
}

void farro_datasketch_legacy_parameters(uint32_t seed, size_t slots, uint64_t *multipliers, uint64_t *addends) {
  mersenne_twister mt;
  mt_seed(&mt, seed);
  for (size_t k = 0; k < slots; k++) {
    multipliers[k] = draw_below_prime(&mt, 1);
    addends[k] = draw_below_prime(&mt, 0);
  }
}

void farro_datasketch_legacy_update(const uint64_t *multipliers, const uint64_t *addends, size_t slots,
                                    const uint32_t *hashes, size_t count, uint32_t *signature) {
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < slots; k++) {
      const uint32_t value = (uint32_t)((multipliers[k] * hashes[i] + addends[k]) % mersenne_prime);
      if (value < signature[k]) signature[k] = value;
    }
}
