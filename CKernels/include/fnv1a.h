// FNV-1a, 32 and 64 bits: a xor and a multiplication for each byte. Slow beyond a few bytes and badly mixed; for what
// others have stored.
//
// `data` may be NULL when `length` is 0. O(length) time, no memory; those that answer no status cannot fail.
//
// A message in pieces: `start` is the offset basis for the first piece, then what the piece before gave.
//
// Source: G. Fowler, L. Noll, K. Vo, D. Eastlake, T. Hansen, "The FNV non-cryptographic hash algorithm", RFC 9923.
#ifndef FARRO_FNV1A_H
#define FARRO_FNV1A_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

static const uint32_t farro_fnv1a_32_basis = 0x811c9dc5;
static const uint64_t farro_fnv1a_64_basis = 0xcbf29ce484222325;

FARRO_API uint32_t farro_fnv1a_32(const void *data, size_t length, uint32_t start);
FARRO_API uint64_t farro_fnv1a_64(const void *data, size_t length, uint64_t start);

// Many keys in one call, with the contract of farro_xxh3_64_keys (hashing.h).
FARRO_API farro_status farro_fnv1a_32_keys(const void *bytes, const uint64_t *offsets, size_t count, uint32_t start,
                                           uint32_t *hashes);
FARRO_API farro_status farro_fnv1a_64_keys(const void *bytes, const uint64_t *offsets, size_t count, uint64_t start,
                                           uint64_t *hashes);

#ifdef __cplusplus
}
#endif
#endif
