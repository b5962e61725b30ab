// XXH3 of a message that lies in memory, and of many at once.
#include "xxh3_long.h"

#include <stdatomic.h>

#include "runtime/dispatch.h"

const _Alignas(64) uint64_t xxh3_first_sums[8] = {prime32_3, prime64_1, prime64_2, prime64_3,
                                                  prime64_4, prime32_2, prime64_5, prime32_1};

static const xxh3_secret default_secret = {xxh3_default_bytes, xxh3_secret_bytes};

// Short inputs run the same scalar code everywhere, but an unusable FARRO_ISA must not pass unseen. Once it was
// found usable it stays so, and that is remembered: asking takes 3.8 ns, the hash of 16 bytes 1.7 (Zen 5).
static atomic_bool accepted;

// Whether the hash needs neither the table of kernels nor a first look at FARRO_ISA.
static bool is_simple(size_t length) {
  return length <= xxh3_most_short && atomic_load_explicit(&accepted, memory_order_relaxed);
}

static const hashing_kernels *current_kernels(void) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return NULL;
  // Not because of a choice of this thread's own: the others have none.
  if (farro_process_has_kernels()) atomic_store_explicit(&accepted, true, memory_order_relaxed);
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

// Apart from the entry, which stays without a stack frame.
static __attribute__((noinline)) farro_status any_64(const void *data, size_t length, uint64_t seed, uint64_t *hash) {
  const hashing_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (length <= xxh3_most_short) {
    *hash = xxh3_short_64(data, length, xxh3_default_bytes, seed);
    return FARRO_OK;
  }
  _Alignas(64) uint64_t words[24];
  const xxh3_secret secret = secret_of(seed, words);
  *hash = long_64(kernels, data, length, &secret);
  return FARRO_OK;
}

static __attribute__((noinline)) farro_status any_128(const void *data, size_t length, uint64_t seed,
                                                      farro_hash128 *hash) {
  const hashing_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (length <= xxh3_most_short) {
    *hash = xxh3_short_128(data, length, xxh3_default_bytes, seed);
    return FARRO_OK;
  }
  _Alignas(64) uint64_t words[24];
  const xxh3_secret secret = secret_of(seed, words);
  *hash = long_128(kernels, data, length, &secret);
  return FARRO_OK;
}

farro_status farro_xxh3_64(const void *data, size_t length, uint64_t seed, uint64_t *hash) {
  if (!is_simple(length)) return any_64(data, length, seed, hash);
  *hash = xxh3_short_64(data, length, xxh3_default_bytes, seed);
  return FARRO_OK;
}

farro_status farro_xxh3_128(const void *data, size_t length, uint64_t seed, farro_hash128 *hash) {
  if (!is_simple(length)) return any_128(data, length, seed, hash);
  *hash = xxh3_short_128(data, length, xxh3_default_bytes, seed);
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

typedef struct {
  const hashing_kernels *kernels;
  const uint8_t *bytes;
  const uint64_t *offsets;
  uint64_t seed;
  xxh3_secret secret; // for long keys
  void *hashes;
} keys_work;

static void hash_keys_64(void *context, size_t first, size_t last) {
  const keys_work *work = context;
  uint64_t *hashes = work->hashes;
  for (size_t i = first; i < last; i++) {
    const uint8_t *key = work->bytes + work->offsets[i];
    const size_t length = work->offsets[i + 1] - work->offsets[i];
    hashes[i] = length > xxh3_most_short ? long_64(work->kernels, key, length, &work->secret)
                                         : xxh3_short_64(key, length, xxh3_default_bytes, work->seed);
  }
}

static void hash_keys_128(void *context, size_t first, size_t last) {
  const keys_work *work = context;
  farro_hash128 *hashes = work->hashes;
  for (size_t i = first; i < last; i++) {
    const uint8_t *key = work->bytes + work->offsets[i];
    const size_t length = work->offsets[i + 1] - work->offsets[i];
    hashes[i] = length > xxh3_most_short ? long_128(work->kernels, key, length, &work->secret)
                                         : xxh3_short_128(key, length, xxh3_default_bytes, work->seed);
  }
}

static bool ascends(const uint64_t *offsets, size_t count) {
  bool result = true;
  for (size_t i = 0; i < count; i++) result &= offsets[i] <= offsets[i + 1];
  return result;
}

static farro_status hash_keys(farro_body body, const void *bytes, const uint64_t *offsets, size_t count, uint64_t seed,
                              void *hashes) {
  const hashing_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!ascends(offsets, count)) return FARRO_ERROR_ARGUMENT;
  uint64_t words[24];
  keys_work work = {.kernels = kernels,
                    .bytes = bytes,
                    .offsets = offsets,
                    .seed = seed,
                    .secret = secret_of(seed, words),
                    .hashes = hashes};
  // One thread: some 2 ns to begin a key, then 30 bytes a nanosecond. A range is about 10 us of that.
  const double nanoseconds = 2.0 * (double)count + (double)(offsets[count] - offsets[0]) / 30;
  const size_t grain = (size_t)(10e3 * (double)count / (nanoseconds + 1)) + 1;
  farro_parallel_for(count, grain, nanoseconds, body, &work);
  return FARRO_OK;
}

farro_status farro_xxh3_64_keys(const void *bytes, const uint64_t *offsets, size_t count, uint64_t seed,
                                uint64_t *hashes) {
  return hash_keys(hash_keys_64, bytes, offsets, count, seed, hashes);
}

farro_status farro_xxh3_128_keys(const void *bytes, const uint64_t *offsets, size_t count, uint64_t seed,
                                 farro_hash128 *hashes) {
  return hash_keys(hash_keys_128, bytes, offsets, count, seed, hashes);
}
