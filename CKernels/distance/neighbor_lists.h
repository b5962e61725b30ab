// The lists of neighbours that a caller owns, while they are written.
#ifndef FARRO_DISTANCE_NEIGHBOR_LISTS_H
#define FARRO_DISTANCE_NEIGHBOR_LISTS_H

#include "include/neighbors.h"

typedef struct lists_in_work {
  farro_neighbor_lists *whole; // NULL when there is no memory
  size_t *offsets;             // queries + 1; the first is 0 already
  void *distances;             // `total` elements
  int64_t *indices;            // as many
} lists_in_work;

lists_in_work farro_neighbor_lists_allocate(size_t queries, size_t total, size_t distance_bytes);

#endif
