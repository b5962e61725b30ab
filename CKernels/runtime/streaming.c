#include "streaming.h"

#include <pthread.h>

// Where the machine does not tell the size of its last-level cache.
enum { assumed_cache_bytes = 32 * 1024 * 1024 };

static size_t threshold;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void) {
  const int64_t cache = farro_cpu_facts().l3_bytes;
  threshold = cache > 0 ? (size_t)cache : assumed_cache_bytes;
}

bool farro_should_stream(size_t bytes_written) {
  pthread_once(&once, start);
  return bytes_written > threshold;
}
