// Lists of neighbours, in one block of memory.
#include "distance/neighbor_lists.h"

// The lists as the caller gets them, and what they take.
typedef struct {
  farro_neighbor_lists lists; // first: the caller is told where this is
  size_t bytes;
} owned_lists;

lists_in_work farro_neighbor_lists_allocate(size_t queries, size_t total, size_t distance_bytes) {
  const size_t bytes =
      sizeof(owned_lists) + (queries + 1) * sizeof(size_t) + total * (sizeof(int64_t) + distance_bytes);
  owned_lists *owned = farro_allocate(bytes);
  if (!owned) return (lists_in_work){0};
  lists_in_work w = {.whole = &owned->lists, .offsets = (size_t *)(owned + 1)};
  w.indices = (int64_t *)(w.offsets + queries + 1);
  w.distances = w.indices + total;
  w.offsets[0] = 0;
  owned->lists =
      (farro_neighbor_lists){.queries = queries, .offsets = w.offsets, .distances = w.distances, .indices = w.indices};
  owned->bytes = bytes;
  return w;
}

void farro_neighbor_lists_release(farro_neighbor_lists *lists) {
  if (lists) farro_release(lists, ((owned_lists *)lists)->bytes);
}
