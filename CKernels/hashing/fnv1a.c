// FNV-1a: one multiplication waits for the other, whose latency sets the speed.
#include "include/fnv1a.h"

#include "keys.h"

static const uint32_t prime_32 = 0x01000193;
static const uint64_t prime_64 = 0x00000100000001b3;

uint32_t farro_fnv1a_32(const void *data, size_t length, uint32_t start) {
  const uint8_t *bytes = data;
  for (size_t i = 0; i < length; i++) start = (start ^ bytes[i]) * prime_32;
  return start;
}

uint64_t farro_fnv1a_64(const void *data, size_t length, uint64_t start) {
  const uint8_t *bytes = data;
  for (size_t i = 0; i < length; i++) start = (start ^ bytes[i]) * prime_64;
  return start;
}

DEFINE_SCALAR_KEYS(farro_fnv1a_32_keys, hash_fnv1a_32_keys, farro_fnv1a_32, uint32_t, uint32_t, 2.0, 1)
DEFINE_SCALAR_KEYS(farro_fnv1a_64_keys, hash_fnv1a_64_keys, farro_fnv1a_64, uint64_t, uint64_t, 2.0, 1)
