// What all searches of a tree share: queries in the order of their leaves, and how much rounding may deceive.
#include "kd_search.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "runtime/model_dispatch.h"

// A block of queries is put into order, in buckets of neighbouring leaves.
enum { queries_at_once = 64, queries_in_order = 1 << 18, bucket_bits = 12 };

double farro_kd_distance(const kd_search *s, double square) {
  if (s->squared) return square;
  return s->tree->is_double ? sqrt(square) : (double)sqrtf((float)square);
}

void farro_kd_write(const kd_search *s, void *distances, size_t at, double distance) {
  if (s->tree->is_double)
    ((double *)distances)[at] = distance;
  else
    ((float *)distances)[at] = (float)distance;
}

static const char *query_at(const kd_search *s, size_t query) {
  return s->queries + query * s->ldq * kd_element(s->tree);
}

static void search_queries(void *context, size_t first, size_t last) {
  kd_search *s = context;
  const farro_kd_tree *t = s->tree;
  const size_t offset_bytes = (t->levels + 1) * t->d * sizeof(double), bytes = offset_bytes + s->scratch_bytes;
  char *scratch = farro_allocate(bytes);
  if (!scratch) s->failed = true;
  const double unit = t->is_double ? DBL_EPSILON : (double)FLT_EPSILON;
  // The squares' rounding, and that of the bounds, which grow step by step.
  const double terms = (double)(t->d + 8), steps = 4 * (double)t->levels * DBL_EPSILON;
  kd_query q = {.tree = t,
                .shrink = 1 - terms * unit - steps,
                .least = terms * (t->is_double ? DBL_TRUE_MIN : (double)FLT_TRUE_MIN),
                .offsets = (double *)scratch};
  for (size_t i = first; scratch && i < last; i++) {
    const size_t query = s->first + s->order[i];
    q.query = query_at(s, query);
    s->one(s, &q, query, scratch + offset_bytes);
  }
  farro_release(scratch, bytes);
}

typedef struct {
  const kd_search *search;
  size_t first;
  uint32_t *leaves;
} locating;

static void locate_queries(void *context, size_t first, size_t last) {
  const locating *l = context;
  const kd_search *s = l->search;
  s->kernels->locate(s->tree, last - first, query_at(s, l->first + first), s->ldq, l->leaves + first);
}

static void put_in_order(const kd_search *s, size_t count, uint32_t *leaves, uint32_t *order) {
  uint32_t starts[(1 << bucket_bits) + 1] = {0};
  const size_t drop = s->tree->levels > bucket_bits ? s->tree->levels - bucket_bits : 0;
  locating l = {s, s->first, leaves};
  farro_parallel_for(count, 1024, 10 * (double)count * (double)s->tree->levels, locate_queries, &l);
  for (size_t i = 0; i < count; i++) starts[(leaves[i] >> drop) + 1]++;
  for (size_t bucket = 0; bucket < 1 << bucket_bits; bucket++) starts[bucket + 1] += starts[bucket];
  for (size_t i = 0; i < count; i++) order[starts[leaves[i] >> drop]++] = (uint32_t)i;
}

farro_status farro_kd_search_run(kd_search *s, bool is_double) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (s->tree->is_double != is_double || !are_rows(s->m, s->tree->d, s->ldq)) return FARRO_ERROR_ARGUMENT;
  s->kernels = is_double ? kernels->models->kd_f64 : kernels->models->kd_f32;
  const size_t most = smaller(s->m, queries_in_order), bytes = 2 * most * sizeof(uint32_t);
  uint32_t *leaves = farro_allocate(bytes);
  if (!leaves) return FARRO_ERROR_MEMORY;
  uint32_t *order = leaves + most;
  s->order = order;
  for (s->first = 0; s->first < s->m; s->first += most) {
    const size_t count = smaller(most, s->m - s->first);
    put_in_order(s, count, leaves, order);
    farro_parallel_for(count, queries_at_once, (double)count * s->nanoseconds, search_queries, s);
  }
  farro_release(leaves, bytes);
  return s->failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}
