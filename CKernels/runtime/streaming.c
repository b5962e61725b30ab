#include "streaming.h"

#include <pthread.h>

// Where the machine does not tell the size of its last-level cache.
enum { assumed_cache_bytes = 32 * 1024 * 1024 };

static size_t threshold;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// The whole cache, which operands and result share. Measured on Zen 4 with 32 MiB: ReLU into 8, 16, 32, 64 MiB runs at
// 76, 44, 41, 39 GB/s with plain stores and at 104, 77, 58, 57 GB/s with non-temporal ones; but who reads the result
// next finds 8 MiB still in the cache, which is worth more than the difference, and of 16 MiB too little. On Zen 5 with
// 32 MiB, gradients of norms, which read two tensors of 12 MiB and write one, run at 30 and at 49-58 GB/s.
static void start(void) {
  const int64_t cache = farro_cpu_facts().l3_bytes;
  threshold = cache > 0 ? (size_t)cache : assumed_cache_bytes;
}

bool farro_should_stream(size_t bytes_moved) {
  pthread_once(&once, start);
  return bytes_moved >= threshold;
}
