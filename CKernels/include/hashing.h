// Hashes of byte strings, not cryptographic: XXH3 (64 and 128 bits), XXH64 and XXH32, bit for bit as specified, on
// every instruction set.
//
// `data` may have any alignment, and be NULL when `length` is 0. All functions take O(length) time and no memory.
// XXH3 runs on the vectors of the current instruction set (FARRO_ERROR_ISA where there is none); XXH64 and XXH32 are
// chains of scalar multiplications, the same everywhere, and cannot fail.
//
// A state hashes a message that comes in pieces: init, then any number of updates, then a digest, which leaves the
// state as it was, so that more may follow. States are plain values: copying one (memcpy) forks the hash. Their fields
// are not part of the contract.
//
// Source: Y. Collet, "xxHash fast digest algorithm", doc/xxhash_spec.md of github.com/Cyan4973/xxHash.
#ifndef FARRO_HASHING_H
#define FARRO_HASHING_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- XXH3 ------------------------------------------------------------------------------------------------------

// Its canonical text is the 16 hexadecimal digits of `high`, then those of `low`.
typedef struct farro_hash128 {
  uint64_t low, high;
} farro_hash128;

FARRO_API farro_status farro_xxh3_64(const void *data, size_t length, uint64_t seed, uint64_t *hash);
FARRO_API farro_status farro_xxh3_128(const void *data, size_t length, uint64_t seed, farro_hash128 *hash);

// With a secret of the caller's instead of a seed: at least farro_xxh3_least_secret bytes (FARRO_ERROR_ARGUMENT), which
// should look random.
enum { farro_xxh3_least_secret = 136 };
FARRO_API farro_status farro_xxh3_64_secret(const void *data, size_t length, const void *secret, size_t secret_length,
                                            uint64_t *hash);
FARRO_API farro_status farro_xxh3_128_secret(const void *data, size_t length, const void *secret, size_t secret_length,
                                             farro_hash128 *hash);

// Many keys in one call, on several threads when there is enough work: key i is bytes[offsets[i]] up to, not including,
// bytes[offsets[i + 1]], and hashes[i] is what the one-key function gives for it. `offsets` has count + 1 elements that
// never descend (FARRO_ERROR_ARGUMENT). `hashes` must not overlap the inputs.
FARRO_API farro_status farro_xxh3_64_keys(const void *bytes, const uint64_t *offsets, size_t count, uint64_t seed,
                                          uint64_t *hashes);
FARRO_API farro_status farro_xxh3_128_keys(const void *bytes, const uint64_t *offsets, size_t count, uint64_t seed,
                                           farro_hash128 *hashes);

// Many keys of one length, behind one another: key i is bytes[i length] up to, not including, bytes[(i + 1) length].
// Integers of 64 bits, as they lie in memory, are such keys of 8 bytes, which vectors hash some at a time, as they do
// keys of 16. FARRO_ERROR_ARGUMENT where count length is no size.
FARRO_API farro_status farro_xxh3_64_rows(const void *bytes, size_t count, size_t length, uint64_t seed,
                                          uint64_t *hashes);

// One state gives digests of both widths.
typedef struct farro_xxh3_state {
  uint64_t sums[8];
  uint64_t buffer[32]; // the last bytes that came, not all of them hashed yet
  uint64_t seeded[24]; // the secret that the seed makes
  const void *secret;  // the caller's, or NULL for `seeded`
  uint64_t secret_length, seed, length;
  uint32_t buffered, place; // bytes waiting in the buffer; stripes hashed of the current block
} farro_xxh3_state;

FARRO_API void farro_xxh3_init(farro_xxh3_state *state, uint64_t seed);

// The secret is not copied: it must stay as it is for as long as the state is used.
FARRO_API farro_status farro_xxh3_init_secret(farro_xxh3_state *state, const void *secret, size_t secret_length);

FARRO_API farro_status farro_xxh3_update(farro_xxh3_state *state, const void *data, size_t length);
FARRO_API farro_status farro_xxh3_digest_64(const farro_xxh3_state *state, uint64_t *hash);
FARRO_API farro_status farro_xxh3_digest_128(const farro_xxh3_state *state, farro_hash128 *hash);

// ---- XXH64 and XXH32 -------------------------------------------------------------------------------------------

FARRO_API uint64_t farro_xxh64(const void *data, size_t length, uint64_t seed);
FARRO_API uint32_t farro_xxh32(const void *data, size_t length, uint32_t seed);

// Many keys in one call, with the contract of farro_xxh3_64_keys.
FARRO_API farro_status farro_xxh64_keys(const void *bytes, const uint64_t *offsets, size_t count, uint64_t seed,
                                        uint64_t *hashes);
FARRO_API farro_status farro_xxh32_keys(const void *bytes, const uint64_t *offsets, size_t count, uint32_t seed,
                                        uint32_t *hashes);

typedef struct farro_xxh64_state {
  uint64_t lanes[4];
  uint64_t buffer[4]; // the last length % 32 bytes
  uint64_t length;
} farro_xxh64_state;

typedef struct farro_xxh32_state {
  uint32_t lanes[4];
  uint32_t buffer[4]; // the last length % 16 bytes
  uint64_t length;
} farro_xxh32_state;

FARRO_API void farro_xxh64_init(farro_xxh64_state *state, uint64_t seed);
FARRO_API void farro_xxh64_update(farro_xxh64_state *state, const void *data, size_t length);
FARRO_API uint64_t farro_xxh64_digest(const farro_xxh64_state *state);

FARRO_API void farro_xxh32_init(farro_xxh32_state *state, uint32_t seed);
FARRO_API void farro_xxh32_update(farro_xxh32_state *state, const void *data, size_t length);
FARRO_API uint32_t farro_xxh32_digest(const farro_xxh32_state *state);

// ---- references: byte by byte, as the specification reads; the oracle of the tests -------------------------------

// With `secret` NULL, the seed counts; otherwise the secret of at least farro_xxh3_least_secret bytes does.
FARRO_API uint64_t farro_xxh3_reference_64(const void *data, size_t length, uint64_t seed, const void *secret,
                                           size_t secret_length);
FARRO_API farro_hash128 farro_xxh3_reference_128(const void *data, size_t length, uint64_t seed, const void *secret,
                                                 size_t secret_length);
FARRO_API uint64_t farro_xxh64_reference(const void *data, size_t length, uint64_t seed);
FARRO_API uint32_t farro_xxh32_reference(const void *data, size_t length, uint32_t seed);

#ifdef __cplusplus
}
#endif
#endif
