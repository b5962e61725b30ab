// Random numbers, a word at a time.
#include "include/random.h"

#include <math.h>

static uint32_t word(const farro_philox *from, size_t number) {
  const uint64_t counter = from->offset + number / 4;
  uint32_t c[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), (uint32_t)from->stream,
                   (uint32_t)(from->stream >> 32)};
  uint32_t low = (uint32_t)from->seed, high = (uint32_t)(from->seed >> 32);
  for (int round = 0; round < 10; round++, low += 0x9e3779b9, high += 0xbb67ae85) {
    const uint64_t a = (uint64_t)c[0] * 0xd2511f53, b = (uint64_t)c[2] * 0xcd9e8d57;
    const uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ low, (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ high,
                              (uint32_t)a};
    for (int i = 0; i < 4; i++) c[i] = next[i];
  }
  return c[number % 4];
}

farro_status farro_random_bits_reference(const farro_philox *from, size_t n, uint32_t *words) {
  for (size_t i = 0; i < n; i++) words[i] = word(from, i);
  return FARRO_OK;
}

static float unit_f32(const farro_philox *from, size_t i) { return (float)(word(from, i) >> 8) * 0x1p-24f; }

static double unit_f64(const farro_philox *from, size_t i) {
  const uint64_t bits = word(from, 2 * i) | (uint64_t)word(from, 2 * i + 1) << 32;
  return (double)(bits >> 11) * 0x1p-53;
}

#define REFERENCE(type, scalar, next_after)                                                                            \
  farro_status farro_random_uniform_reference_##type(const farro_philox *from, scalar low, scalar high, size_t n,      \
                                                     scalar *out) {                                                    \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const scalar x = unit_##type(from, i) * (high - low) + low;                                                      \
      out[i] = x >= high ? next_after(high, low) : x;                                                                  \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_dropout_reference_##type(const farro_philox *from, double p, size_t n, const scalar *x,           \
                                              scalar *out) {                                                           \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const uint32_t half = word(from, i / 2) >> (i % 2 ? 16 : 0) & 0xffff;                                            \
      const bool kept = (double)half >= rint(p * 0x1p16);                                                              \
      out[i] = kept ? x[i] * (scalar)(1 / (1 - p)) : 0;                                                                \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, nextafterf)
REFERENCE(f64, double, nextafter)
