// A search at work, as its parts see it.
#ifndef FARRO_LISTS_JOB_H
#define FARRO_LISTS_JOB_H

#include "lists/search.h"

// A query that probes a list.
typedef struct {
  uint32_t query;
  float base; // squared distance of the centre, or less the product
} probe;

typedef struct {
  size_t list, first, count;       // rows of a list
  size_t first_probe, probe_count; // some of the queries that probe it
} piece;

typedef struct {
  const farro_lists *lists;
  const farro_lists_walk *walk;
  const farro_kernels *kernels;
  const float *queries; // of those at work
  size_t query_count, probes, wanted;
  nearest_rows *found;
  coded_query *coded;
  bool *is_zero; // of cosines: queries of zeros
  float *distances;
  int64_t *ids;
  // (query_count, probes)
  float *center_distances;
  int64_t *center_numbers;
  // Of each list among probes_of_lists, and the end; from `others` on stand the queries that search another list first.
  size_t *probe_starts, *others, *next;
  probe *probes_of_lists;
  piece *pieces;
  _Atomic bool failed;
} job;

static inline bool is_product(const job *j) { return j->lists->metric == FARRO_METRIC_INNER_PRODUCT; }

// Finds the lists that each query probes, and groups the queries by these lists.
farro_status farro_lists_choose(job *j);

// The pieces that somebody probes first, or later; how many there are, and the rows that are compared with queries.
// `pieces` may be NULL.
size_t farro_lists_cut(const job *j, bool is_first, piece *pieces, double *pairs);

#endif
