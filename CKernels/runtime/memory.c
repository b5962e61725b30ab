// An aligned allocator that keeps large blocks for reuse: fresh pages are zeroed by the kernel at about 6 GB/s, slower
// than most kernels write.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
  #include <sys/mman.h>
#endif

#include "runtime.h"

enum {
  alignment = 64,
  smallest_kept = 64 * 1024,
  huge_page = 2 * 1024 * 1024,
  steps = 8, // size classes per power of two: at most an eighth of a block is wasted
  classes = 48 * steps,
};

typedef struct block {
  struct block *next;
} block; // kept in the free memory itself

static struct {
  pthread_mutex_t mutex;
  block *kept[classes];
  farro_pool_statistics statistics;
  bool has_limit;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};

// ---- size classes ----

// Class c holds blocks of (steps + c % steps) 2^(c / steps) / steps times smallest_kept bytes.
static size_t class_bytes(size_t class) {
  return ((size_t)smallest_kept / steps * (steps + class % steps)) << (class / steps);
}

static size_t class_of(size_t bytes) {
  size_t octave = 0;
  while (class_bytes((octave + 1) * steps) <= bytes) octave++;
  size_t class = octave * steps;
  while (class_bytes(class) < bytes) class++;
  return class;
}

// The first size that has no class: such blocks, and small ones, go straight to the operating system.
static bool is_kept(size_t bytes) { return bytes >= smallest_kept && bytes <= class_bytes(classes - 2 * steps); }

// ---- the operating system ----

// Of a block of so many bytes the first `used` are wanted now.
static void *allocate_fresh(size_t bytes, size_t used) {
  const bool is_huge = bytes >= huge_page;
  void *memory = NULL;
  if (posix_memalign(&memory, is_huge ? huge_page : alignment, bytes ? bytes : 1) != 0) return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Without it a sweep over a large tensor spends up to a quarter of its time on TLB misses. Only advice: may fail. Not
  // for the rest behind the last whole huge page that is used, which would be held up to its end.
  if (is_huge) madvise(memory, used / huge_page * huge_page, MADV_HUGEPAGE);
#endif
  return memory;
}

// ---- the pool; the mutex is held ----

static size_t default_limit(void) {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  const size_t most = (size_t)4 << 30, eighth = pages > 0 && page > 0 ? (size_t)pages / 8 * (size_t)page : most;
  return eighth < most ? eighth : most;
}

static void ensure_limit(void) {
  if (pool.has_limit) return;
  pool.has_limit = true;
  pool.statistics.limit_bytes = default_limit();
}

static block *take(size_t class) {
  block *taken = pool.kept[class];
  if (!taken) return NULL;
  pool.kept[class] = taken->next;
  pool.statistics.held_bytes -= class_bytes(class);
  return taken;
}

static void keep(block *released, size_t class) {
  released->next = pool.kept[class];
  pool.kept[class] = released;
  pool.statistics.held_bytes += class_bytes(class);
}

// Frees the largest first: they are the fewest to make anew.
static void shrink(size_t bytes) {
  for (size_t class = classes; class-- > 0 && pool.statistics.held_bytes > bytes;)
    while (pool.statistics.held_bytes > bytes && pool.kept[class]) free(take(class));
}

// ---- fork ----

static void lock(void) { pthread_mutex_lock(&pool.mutex); }
static void unlock(void) { pthread_mutex_unlock(&pool.mutex); }

// A child has only the thread that forked: a mutex that another one held would stay locked in it.
__attribute__((constructor)) static void survive_fork(void) { pthread_atfork(lock, unlock, unlock); }

// ---- public ----

// Memory that is kept for reuse must not be what a caller lacks.
static void *allocate_or_trim(size_t bytes, size_t used) {
  void *memory = allocate_fresh(bytes, used);
  if (memory) return memory;
  farro_pool_trim(0);
  return allocate_fresh(bytes, used);
}

void *farro_allocate(size_t bytes) {
  if (!is_kept(bytes)) return allocate_or_trim(bytes, bytes);
  const size_t class = class_of(bytes);
  lock();
  void *memory = take(class);
  if (memory)
    pool.statistics.hits++;
  else
    pool.statistics.misses++;
  unlock();
  return memory ? memory : allocate_or_trim(class_bytes(class), bytes);
}

void farro_release(void *pointer, size_t bytes) {
  if (!pointer) return;
  if (!is_kept(bytes)) {
    free(pointer);
    return;
  }
  const size_t class = class_of(bytes);
  lock();
  ensure_limit();
  const size_t limit = pool.statistics.limit_bytes, size = class_bytes(class);
  const bool fits = size <= limit;
  if (fits) {
    shrink(limit - size);
    keep(pointer, class);
  }
  unlock();
  if (!fits) free(pointer);
}

farro_pool_statistics farro_pool_facts(void) {
  lock();
  ensure_limit();
  const farro_pool_statistics statistics = pool.statistics;
  unlock();
  return statistics;
}

void farro_pool_set_limit(size_t bytes) {
  lock();
  pool.has_limit = true;
  pool.statistics.limit_bytes = bytes;
  shrink(bytes);
  unlock();
}

void farro_pool_trim(size_t bytes) {
  lock();
  shrink(bytes);
  unlock();
}
