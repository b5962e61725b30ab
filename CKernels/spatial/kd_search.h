// A search of many queries in a tree, taken in the order of the leaves they lie in, so that nodes and leaves are still
// in the cache for the next.
#ifndef FARRO_SPATIAL_KD_SEARCH_H
#define FARRO_SPATIAL_KD_SEARCH_H

#include <stdatomic.h>

#include "kd_tree.h"

// A row that was found.
typedef struct {
  double square;
  uint32_t row;
} kd_neighbor;

typedef struct kd_search {
  const farro_kd_tree *tree;
  const kd_kernels *kernels;
  const char *queries;
  size_t m, ldq;
  bool squared;
  double nanoseconds; // of a query, roughly, to decide about waking others
  // Looks for the neighbours of one query, for which q is ready but for its limit.
  void (*one)(struct kd_search *s, kd_query *q, size_t query, void *scratch);
  size_t scratch_bytes; // of each range of queries
  const uint32_t *order;
  size_t first;       // of the queries that `order` is about
  atomic_bool failed; // for want of memory
} kd_search;

farro_status farro_kd_search_run(kd_search *s, bool is_double);

// What the caller gets for a square: of the element type.
double farro_kd_distance(const kd_search *s, double square);

void farro_kd_write(const kd_search *s, void *distances, size_t at, double distance);

#endif
