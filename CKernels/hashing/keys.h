// What the entries for many keys share: the check of their offsets, and how they are cut among threads.
#ifndef FARRO_HASHING_KEYS_H
#define FARRO_HASHING_KEYS_H

#include "runtime/dispatch.h"

#include <stdatomic.h>

typedef struct offsets_check {
  const hashing_kernels *kernels;
  const uint64_t *offsets;
  atomic_bool wrong;
} offsets_check;

static inline void check_offsets(void *context, size_t first, size_t last) {
  offsets_check *check = context;
  if (!check->kernels->offsets_ascend(check->offsets + first, last - first)) check->wrong = true;
}

// Whether offsets[0...count] never descend; before anything is written.
static inline bool ascends(const hashing_kernels *kernels, const uint64_t *offsets, size_t count) {
  offsets_check check = {kernels, offsets, false};
  farro_parallel_for(count, 1 << 16, 0.1 * (double)count, check_offsets, &check);
  return !check.wrong;
}

// Runs `body` on keys of `bytes` bytes together, where it takes `start` nanoseconds to begin a key and then hashes
// `rate` bytes a nanosecond, on one thread. A range is about 10 us of that.
static inline void hash_in_ranges(size_t count, size_t bytes, double start, double rate, farro_body body,
                                  void *context) {
  const double nanoseconds = start * (double)count + (double)bytes / rate;
  const size_t grain = (size_t)(10e3 * (double)count / (nanoseconds + 1)) + 1;
  farro_parallel_for(count, grain, nanoseconds, body, context);
}

typedef struct scalar_keys {
  const uint8_t *bytes;
  const uint64_t *offsets;
  uint64_t seed;
  void *hashes;
} scalar_keys;

// An entry for many keys of a hash that is scalar code, and its body: `hash` is the function of one key. Times as
// hash_in_ranges takes them.
#define DEFINE_SCALAR_KEYS(entry, body, hash, seed_type, hash_type, start, rate)                                       \
  static void body(void *context, size_t first, size_t last) {                                                         \
    const scalar_keys *keys = context;                                                                                 \
    const uint64_t *offsets = keys->offsets;                                                                           \
    hash_type *hashes = keys->hashes;                                                                                  \
    for (size_t i = first; i < last; i++)                                                                              \
      hashes[i] = hash(keys->bytes + offsets[i], offsets[i + 1] - offsets[i], (seed_type)keys->seed);                  \
  }                                                                                                                    \
                                                                                                                       \
  farro_status entry(const void *bytes, const uint64_t *offsets, size_t count, seed_type seed, hash_type *hashes) {    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (!ascends(kernels->hashing, offsets, count)) return FARRO_ERROR_ARGUMENT;                                       \
    scalar_keys keys = {bytes, offsets, seed, hashes};                                                                 \
    hash_in_ranges(count, offsets[count] - offsets[0], start, rate, body, &keys);                                      \
    return FARRO_OK;                                                                                                   \
  }

#endif
