// The k nearest rows in a tree.
#include <math.h>

#include "kd_search.h"

// So few neighbours are kept in order; more in a heap, whose first is the worst.
enum { most_in_order = 32 };

typedef struct {
  kd_query query; // first: what is found is told with it
  size_t wanted, count;
  kd_neighbor *best;
} kd_best;

typedef struct {
  kd_search search; // first
  size_t k, wanted; // wanted: the lesser of k and the rows
  void *distances;
  int64_t *indices;
} kd_nearest;

static bool is_after(kd_neighbor a, kd_neighbor b) {
  return a.square > b.square || (a.square == b.square && a.row > b.row);
}

static void keep_in_order(kd_query *q, double square, uint32_t row) {
  kd_best *b = (kd_best *)q;
  const kd_neighbor item = {square, row};
  if (b->count == b->wanted) {
    if (!is_after(b->best[b->count - 1], item)) return;
  } else {
    b->count++;
  }
  size_t at = b->count - 1;
  for (; at > 0 && is_after(b->best[at - 1], item); at--) b->best[at] = b->best[at - 1];
  b->best[at] = item;
  if (b->count == b->wanted) q->limit = b->best[b->count - 1].square;
}

static void sink(kd_neighbor *heap, size_t count) {
  const kd_neighbor item = heap[0];
  size_t at = 0;
  for (size_t below; (below = 2 * at + 1) < count; at = below) {
    if (below + 1 < count && is_after(heap[below + 1], heap[below])) below++;
    if (!is_after(heap[below], item)) break;
    heap[at] = heap[below];
  }
  heap[at] = item;
}

static void keep_in_heap(kd_query *q, double square, uint32_t row) {
  kd_best *b = (kd_best *)q;
  const kd_neighbor item = {square, row};
  if (b->count == b->wanted) {
    if (!is_after(b->best[0], item)) return;
    b->best[0] = item;
    sink(b->best, b->count);
  } else {
    size_t at = b->count++;
    for (; at > 0 && is_after(item, b->best[(at - 1) / 2]); at = (at - 1) / 2) b->best[at] = b->best[(at - 1) / 2];
    b->best[at] = item;
  }
  if (b->count == b->wanted) q->limit = b->best[0].square;
}

static void take_from_heap(kd_neighbor *heap, size_t count) {
  for (; count > 1; count--) {
    const kd_neighbor last = heap[0];
    heap[0] = heap[count - 1];
    sink(heap, count - 1);
    heap[count - 1] = last;
  }
}

static void find_nearest(kd_search *s, kd_query *q, size_t query, void *scratch) {
  kd_nearest *n = (kd_nearest *)s;
  kd_best b = {.query = *q, .wanted = n->wanted, .best = scratch};
  const bool in_order = n->wanted <= most_in_order;
  b.query.found = in_order ? keep_in_order : keep_in_heap;
  b.query.limit = INFINITY;
  if (n->wanted > 0) s->kernels->search(&b.query);
  if (!in_order) take_from_heap(b.best, b.count);
  for (size_t i = 0; i < n->k; i++) {
    const bool is_there = i < b.count;
    n->indices[query * n->k + i] = is_there ? (int64_t)b.best[i].row : -1;
    farro_kd_write(s, n->distances, query * n->k + i, is_there ? farro_kd_distance(s, b.best[i].square) : INFINITY);
  }
}

static farro_status nearest(kd_nearest *n, bool is_double) {
  kd_search *s = &n->search;
  if (!can_exist(s->m, n->k, 1)) return FARRO_ERROR_ARGUMENT;
  n->wanted = smaller(n->k, s->tree->n);
  s->one = find_nearest, s->scratch_bytes = n->wanted * sizeof(kd_neighbor);
  s->nanoseconds = 300 + 100 * (double)n->wanted;
  return farro_kd_search_run(s, is_double);
}

#define ENTRY(type, scalar, double_elements)                                                                           \
  farro_status farro_kd_tree_nearest_##type(const farro_kd_tree *tree, size_t m, const scalar *queries, size_t ldq,    \
                                            size_t k, bool squared, scalar *distances, int64_t *indices) {             \
    kd_nearest n = {                                                                                                   \
        .search = {.tree = tree, .queries = (const char *)queries, .m = m, .ldq = ldq, .squared = squared},            \
        .k = k,                                                                                                        \
        .distances = distances,                                                                                        \
        .indices = indices};                                                                                           \
    return nearest(&n, double_elements);                                                                               \
  }

ENTRY(f32, float, false)
ENTRY(f64, double, true)
