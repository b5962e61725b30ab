// MurmurHash3, not cryptographic, bit for bit as published: x86_32 and x64_128, the two that others store.
//
// `data` may have any alignment, and be NULL when `length` is 0. All functions take O(length) time and no memory. They
// are chains of scalar multiplications, the same on every instruction set; those that answer no status cannot fail.
// States are plain values, as those of hashing.h are.
//
// Source: A. Appleby, MurmurHash3.cpp of github.com/aappleby/smhasher. Its length is an int; here, as in the Python
// package mmh3, all bits of the length enter that have a place (32 of them, and 64).
#ifndef FARRO_MURMUR3_H
#define FARRO_MURMUR3_H

#include "hashing.h"

#ifdef __cplusplus
extern "C" {
#endif

FARRO_API uint32_t farro_murmur3_32(const void *data, size_t length, uint32_t seed);

// The first word of the published result is `low`, the second `high`.
FARRO_API farro_hash128 farro_murmur3_128(const void *data, size_t length, uint32_t seed);

// Many keys in one call, with the contract of farro_xxh3_64_keys.
FARRO_API farro_status farro_murmur3_32_keys(const void *bytes, const uint64_t *offsets, size_t count, uint32_t seed,
                                             uint32_t *hashes);
FARRO_API farro_status farro_murmur3_128_keys(const void *bytes, const uint64_t *offsets, size_t count, uint32_t seed,
                                              farro_hash128 *hashes);

typedef struct farro_murmur3_32_state {
  uint32_t hash;
  uint32_t buffer; // the last length % 4 bytes
  uint64_t length;
} farro_murmur3_32_state;

typedef struct farro_murmur3_128_state {
  uint64_t hashes[2];
  uint64_t buffer[2]; // the last length % 16 bytes
  uint64_t length;
} farro_murmur3_128_state;

FARRO_API void farro_murmur3_32_init(farro_murmur3_32_state *state, uint32_t seed);
FARRO_API void farro_murmur3_32_update(farro_murmur3_32_state *state, const void *data, size_t length);
FARRO_API uint32_t farro_murmur3_32_digest(const farro_murmur3_32_state *state);

FARRO_API void farro_murmur3_128_init(farro_murmur3_128_state *state, uint32_t seed);
FARRO_API void farro_murmur3_128_update(farro_murmur3_128_state *state, const void *data, size_t length);
FARRO_API farro_hash128 farro_murmur3_128_digest(const farro_murmur3_128_state *state);

// Byte by byte: the oracles of the tests.
FARRO_API uint32_t farro_murmur3_reference_32(const void *data, size_t length, uint32_t seed);
FARRO_API farro_hash128 farro_murmur3_reference_128(const void *data, size_t length, uint32_t seed);

#ifdef __cplusplus
}
#endif
#endif
