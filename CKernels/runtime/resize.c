// Memory that grows by parts.
#define _GNU_SOURCE // mremap
#include "resize.h"

#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
  #include <sys/mman.h>

static bool is_mapped(size_t bytes) { return bytes >= 64 * 1024; }

static void *mapped(void *memory) { return memory == MAP_FAILED ? NULL : memory; }

static void *obtain(size_t bytes) {
  if (!is_mapped(bytes)) return malloc(bytes);
  return mapped(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void give_back(void *pointer, size_t bytes) {
  if (is_mapped(bytes))
    munmap(pointer, bytes);
  else
    free(pointer);
}

static void *resize(void *pointer, size_t old, size_t bytes) {
  if (is_mapped(old) && is_mapped(bytes)) return mapped(mremap(pointer, old, bytes, MREMAP_MAYMOVE));
  void *memory = obtain(bytes);
  if (!memory) return NULL;
  if (old > 0) {
    memcpy(memory, pointer, old < bytes ? old : bytes);
    give_back(pointer, old);
  }
  return memory;
}
#else
static void give_back(void *pointer, size_t bytes) {
  (void)bytes;
  free(pointer);
}

static void *resize(void *pointer, size_t old, size_t bytes) {
  (void)old;
  return realloc(pointer, bytes);
}
#endif

void *farro_resize(void *pointer, size_t old, size_t bytes) {
  if (bytes == 0) {
    if (old > 0) give_back(pointer, old);
    return NULL;
  }
  void *memory = resize(pointer, old, bytes);
  if (memory) return memory;
  farro_pool_trim(0); // memory that is kept for reuse must not be what a caller lacks
  return resize(pointer, old, bytes);
}
