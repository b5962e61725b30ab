// What the entries for many keys share: the check of their offsets, and how they are cut among threads.
#ifndef FARRO_HASHING_KEYS_H
#define FARRO_HASHING_KEYS_H

#include "hashing.h"

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

#endif
