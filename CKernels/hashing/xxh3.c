// XXH3 of a message that lies in memory, and of many at once.
#include "xxh3_long.h"

#include <stdatomic.h>

#include "keys.h"
#include "runtime/dispatch.h"

const _Alignas(64) uint64_t xxh3_first_sums[8] = {prime32_3, prime64_1, prime64_2, prime64_3,
                                                  prime64_4, prime32_2, prime64_5, prime32_1};

static const xxh3_secret default_secret = {xxh3_default_bytes, xxh3_secret_bytes};

// Short inputs run the same scalar code everywhere, but an unusable FARRO_ISA must not pass unseen. Once it was
// found usable it stays so, and that is remembered: asking takes 3.8 ns, the hash of 16 bytes 1.7 (Zen 5). What is
// remembered is how many lengths are tiny (up to 16), 0 until then: one comparison tells whether a tiny key may be
// hashed at once.
enum { most_tiny = 16, most_simple = 128 };
static atomic_size_t tiny_lengths;

static inline size_t known_lengths(void) { return atomic_load_explicit(&tiny_lengths, memory_order_relaxed); }

static const hashing_kernels *current_kernels(void) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return NULL;
  // Not because of a choice of this thread's own: the others have none.
  if (farro_process_has_kernels()) atomic_store_explicit(&tiny_lengths, most_tiny + 1, memory_order_relaxed);
  return kernels->hashing;
}

// ---- long inputs ----

// The secret of a seed: the default one, or made in `words`.
static xxh3_secret secret_of(uint64_t seed, uint64_t words[24]) {
  if (seed == 0) return default_secret;
  xxh3_seed_secret(seed, words);
  return (xxh3_secret){(const uint8_t *)words, xxh3_secret_bytes};
}

// The sums are aligned for vectors: a word is forwarded from a store only where the store lies in one cache line.
static uint64_t long_64(const hashing_kernels *kernels, const uint8_t *data, size_t length, const xxh3_secret *secret) {
  _Alignas(64) uint64_t sums[8];
  kernels->sum(data, length, secret, sums);
  return xxh3_merge_64(sums, secret, length);
}

static farro_hash128 long_128(const hashing_kernels *kernels, const uint8_t *data, size_t length,
                              const xxh3_secret *secret) {
  _Alignas(64) uint64_t sums[8];
  kernels->sum(data, length, secret, sums);
  return xxh3_merge_128(sums, secret, length);
}

// ---- with a seed ----

// The entries are for keys of up to 128 bytes without a seed, whose additions to the words of the secret would be a
// quarter of the work. All else goes on in a last call, so that they need no stack frame.
#define LAST_CALL __attribute__((musttail)) return

// The same number, whose making shares no instructions with another's: a jump to a common end costs a cycle of seven.
#define APART(number)                                                                                                  \
  ({                                                                                                                   \
    uint64_t apart = number;                                                                                           \
    __asm__("# " FARRO_TEXT(__LINE__) : "+r"(apart));                                                                  \
    apart;                                                                                                             \
  })
#define FARRO_TEXT(line) FARRO_TEXT_OF(line)
#define FARRO_TEXT_OF(line) #line

static __attribute__((noinline)) farro_status whole_64(const void *data, size_t length, uint64_t seed, uint64_t *hash) {
  const hashing_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  _Alignas(64) uint64_t words[24];
  const xxh3_secret secret = secret_of(seed, words);
  *hash = long_64(kernels, data, length, &secret);
  return FARRO_OK;
}

static __attribute__((noinline)) farro_status any_64(const void *data, size_t length, uint64_t seed, uint64_t *hash) {
  if (length > xxh3_most_short) LAST_CALL whole_64(data, length, seed, hash);
  if (!known_lengths() && !current_kernels()) return FARRO_ERROR_ISA;
  *hash = length > most_simple && !seed ? inlined_64_129to240(data, length, xxh3_default_bytes, 0)
                                        : xxh3_short_64(data, length, xxh3_default_bytes, seed);
  return FARRO_OK;
}

// `known`: 0, or the tiny lengths, of which this is none.
static __attribute__((noinline)) farro_status upto128_64(const void *data, size_t length, uint64_t known,
                                                         uint64_t *hash) {
  if (length > most_simple || !known) LAST_CALL any_64(data, length, 0, hash);
  *hash = xxh3_64_17to128(data, length, xxh3_default_bytes, 0);
  return FARRO_OK;
}

static __attribute__((noinline)) farro_status upto32_64(const void *data, size_t length, uint64_t known,
                                                        uint64_t *hash) {
  if (length > 32) LAST_CALL upto128_64(data, length, known, hash);
  if (!known) LAST_CALL any_64(data, length, 0, hash);
  *hash = xxh3_64_17to32(data, length, xxh3_default_bytes, 0);
  return FARRO_OK;
}

farro_status farro_xxh3_64(const void *data, size_t length, uint64_t seed, uint64_t *hash) {
  if (seed) LAST_CALL any_64(data, length, seed, hash);
  const uint64_t known = known_lengths();
  if (length >= known) LAST_CALL upto32_64(data, length, known, hash);
  if (length > 8)
    *hash = APART(xxh3_64_9to16(data, length, xxh3_default_bytes, 0));
  else if (length > 3)
    *hash = APART(xxh3_64_4to8(data, length, xxh3_default_bytes, 0));
  else
    *hash = xxh3_tiny_64(data, length, xxh3_default_bytes, 0);
  return FARRO_OK;
}

static __attribute__((noinline)) farro_status whole_128(const void *data, size_t length, uint64_t seed,
                                                        farro_hash128 *hash) {
  const hashing_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  _Alignas(64) uint64_t words[24];
  const xxh3_secret secret = secret_of(seed, words);
  *hash = long_128(kernels, data, length, &secret);
  return FARRO_OK;
}

static __attribute__((noinline)) farro_status any_128(const void *data, size_t length, uint64_t seed,
                                                      farro_hash128 *hash) {
  if (length > xxh3_most_short) LAST_CALL whole_128(data, length, seed, hash);
  if (!known_lengths() && !current_kernels()) return FARRO_ERROR_ISA;
  *hash = length > most_simple && !seed ? inlined_128_129to240(data, length, xxh3_default_bytes, 0)
                                        : xxh3_short_128(data, length, xxh3_default_bytes, seed);
  return FARRO_OK;
}

farro_status farro_xxh3_128(const void *data, size_t length, uint64_t seed, farro_hash128 *hash) {
  if (seed) LAST_CALL any_128(data, length, seed, hash);
  const size_t known = known_lengths();
  if (length < known) {
    *hash = xxh3_tiny_128(data, length, xxh3_default_bytes, 0);
    return FARRO_OK;
  }
  if (length > most_simple || !known) LAST_CALL any_128(data, length, seed, hash);
  *hash = xxh3_128_17to128(data, length, xxh3_default_bytes, 0);
  return FARRO_OK;
}

// ---- with a secret ----

farro_status farro_xxh3_64_secret(const void *data, size_t length, const void *secret, size_t secret_length,
                                  uint64_t *hash) {
  const hashing_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (secret_length < farro_xxh3_least_secret) return FARRO_ERROR_ARGUMENT;
  const xxh3_secret own = {secret, secret_length};
  *hash = length > xxh3_most_short ? long_64(kernels, data, length, &own) : xxh3_short_64(data, length, own.bytes, 0);
  return FARRO_OK;
}

farro_status farro_xxh3_128_secret(const void *data, size_t length, const void *secret, size_t secret_length,
                                   farro_hash128 *hash) {
  const hashing_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (secret_length < farro_xxh3_least_secret) return FARRO_ERROR_ARGUMENT;
  const xxh3_secret own = {secret, secret_length};
  *hash = length > xxh3_most_short ? long_128(kernels, data, length, &own) : xxh3_short_128(data, length, own.bytes, 0);
  return FARRO_OK;
}

// ---- many keys ----

static farro_status hash_keys(bool is_wide, const void *bytes, const uint64_t *offsets, size_t count, uint64_t seed,
                              void *hashes) {
  const hashing_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!ascends(kernels, offsets, count)) return FARRO_ERROR_ARGUMENT;
  uint64_t words[24];
  xxh3_keys keys = {
      .bytes = bytes, .offsets = offsets, .seed = seed, .secret = secret_of(seed, words), .hashes = hashes};
  const farro_body body = is_wide ? kernels->keys_128 : kernels->keys_64;
  hash_in_ranges(count, offsets[count] - offsets[0], 1.5, 30, body, &keys);
  return FARRO_OK;
}

farro_status farro_xxh3_64_keys(const void *bytes, const uint64_t *offsets, size_t count, uint64_t seed,
                                uint64_t *hashes) {
  return hash_keys(false, bytes, offsets, count, seed, hashes);
}

farro_status farro_xxh3_128_keys(const void *bytes, const uint64_t *offsets, size_t count, uint64_t seed,
                                 farro_hash128 *hashes) {
  return hash_keys(true, bytes, offsets, count, seed, hashes);
}

farro_status farro_xxh3_64_rows(const void *bytes, size_t count, size_t length, uint64_t seed, uint64_t *hashes) {
  const hashing_kernels *kernels = current_kernels();
  size_t all;
  if (!kernels) return FARRO_ERROR_ISA;
  if (__builtin_mul_overflow(count, length, &all)) return FARRO_ERROR_ARGUMENT;
  uint64_t words[24];
  xxh3_keys keys = {.bytes = bytes, .length = length, .seed = seed, .secret = secret_of(seed, words), .hashes = hashes};
  hash_in_ranges(count, all, length == 8 || length == 16 ? 0.4 : 1.5, 30, kernels->rows_64, &keys);
  return FARRO_OK;
}
