// Searches a tree of boxes: the nearer half first, and the other only if it may have what is still wanted.
#include "kd_tree.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>

enum { rows_at_once = 64, queries_at_once = 64, most_depth = 64 };

// Rough speed of one thread, to decide about waking others.
static const double nanoseconds_per_query = 1000;

typedef struct {
  double key;
  uint32_t row;
} kd_neighbor;

typedef struct {
  const farro_kd_tree *tree;
  const row_kernels *kernels;
  const char *queries;
  size_t ldq, k, wanted; // wanted: the lesser of k and the rows
  bool squared;
  double shrink, least; // what rounding may take from a squared distance
  void *distances;
  int64_t *indices;
  atomic_bool failed; // for want of memory
} kd_search;

static bool is_after(kd_neighbor a, kd_neighbor b) { return a.key > b.key || (a.key == b.key && a.row > b.row); }

// ---- the best so far: a heap whose first is the worst ----

static void sink(kd_neighbor *heap, size_t count, size_t at) {
  const kd_neighbor item = heap[at];
  for (size_t below; (below = 2 * at + 1) < count; at = below) {
    if (below + 1 < count && is_after(heap[below + 1], heap[below])) below++;
    if (!is_after(heap[below], item)) break;
    heap[at] = heap[below];
  }
  heap[at] = item;
}

static void offer(kd_neighbor *heap, size_t *count, size_t wanted, kd_neighbor item) {
  if (item.key != item.key) return;
  if (*count == wanted) {
    if (!is_after(heap[0], item)) return;
    heap[0] = item;
    sink(heap, wanted, 0);
    return;
  }
  size_t at = (*count)++;
  for (; at > 0 && is_after(item, heap[(at - 1) / 2]); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
  heap[at] = item;
}

// ---- one query ----

#define NEAREST_POINT(type, scalar)                                                                                    \
  static double nearest_point_##type(const kd_search *s, const scalar *query, size_t node) {                           \
    const size_t d = s->tree->d;                                                                                       \
    const scalar *least = (const scalar *)s->tree->boxes + node * 2 * d, *most = least + d;                            \
    double sum = 0;                                                                                                    \
    for (size_t j = 0; j < d; j++) {                                                                                   \
      const double below = (double)least[j] - (double)query[j], above = (double)query[j] - (double)most[j];            \
      const double out = below > above ? below : above;                                                                \
      sum += out > 0 ? out * out : 0;                                                                                  \
    }                                                                                                                  \
    return sum * s->shrink - s->least;                                                                                 \
  }

NEAREST_POINT(f32, float)
NEAREST_POINT(f64, double)

// A lower bound of what the kernel may say of the node's rows.
static double bound(const kd_search *s, const void *query, size_t node) {
  return s->tree->is_double ? nearest_point_f64(s, query, node) : nearest_point_f32(s, query, node);
}

static void look_at_leaf(const kd_search *s, const void *query, size_t place, kd_neighbor *heap, size_t *count) {
  const farro_kd_tree *t = s->tree;
  const size_t end = kd_start(t, t->levels, place + 1);
  for (size_t first = kd_start(t, t->levels, place); first < end; first += rows_at_once) {
    double keys[rows_at_once];
    const size_t rows = smaller(rows_at_once, end - first);
    s->kernels->measure(neighbor_squares, t->d, query, 1, t->rows + first * t->d * kd_element(t), t->d, rows, NULL,
                        keys);
    for (size_t i = 0; i < rows; i++) offer(heap, count, s->wanted, (kd_neighbor){keys[i], t->order[first + i]});
  }
}

static size_t search_tree(const kd_search *s, const void *query, kd_neighbor *heap) {
  struct {
    size_t node;
    double bound;
  } open[most_depth];
  const size_t leaves = ((size_t)1 << s->tree->levels) - 1;
  size_t depth = 1, count = 0;
  open[0].node = 0, open[0].bound = -INFINITY;
  while (depth > 0) {
    depth--;
    size_t node = open[depth].node;
    if (count == s->wanted && open[depth].bound > heap[0].key) continue;
    while (node < leaves) {
      const size_t left = 2 * node + 1, right = left + 1;
      const double to_left = bound(s, query, left), to_right = bound(s, query, right);
      const bool goes_left = to_left <= to_right;
      const double further = goes_left ? to_right : to_left;
      if (count < s->wanted || !(further > heap[0].key))
        open[depth].node = goes_left ? right : left, open[depth++].bound = further;
      node = goes_left ? left : right;
    }
    look_at_leaf(s, query, node - leaves, heap, &count);
  }
  return count;
}

static void write_neighbors(const kd_search *s, size_t query, kd_neighbor *heap, size_t count) {
  for (size_t i = 0; i < s->k; i++) {
    const bool is_there = i < count;
    const size_t place = is_there ? count - 1 - i : i;
    double distance = INFINITY;
    s->indices[query * s->k + place] = is_there ? (int64_t)heap[0].row : -1;
    if (is_there) {
      distance = s->squared ? heap[0].key : sqrt(heap[0].key);
      heap[0] = heap[count - 1 - i];
      sink(heap, count - 1 - i, 0);
    }
    if (s->tree->is_double)
      ((double *)s->distances)[query * s->k + place] = distance;
    else
      ((float *)s->distances)[query * s->k + place] = (float)distance;
  }
}

static void search_queries(void *context, size_t first, size_t last) {
  kd_search *s = context;
  const size_t bytes = (s->wanted + 1) * sizeof(kd_neighbor);
  kd_neighbor *heap = farro_allocate(bytes);
  if (!heap) s->failed = true;
  for (size_t query = first; heap && query < last; query++) {
    const char *at = s->queries + query * s->ldq * kd_element(s->tree);
    write_neighbors(s, query, heap, s->wanted ? search_tree(s, at, heap) : 0);
  }
  farro_release(heap, bytes);
}

static farro_status search(kd_search *s, size_t m, bool is_double) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  const size_t d = s->tree->d;
  if (s->tree->is_double != is_double || !are_rows(m, d, s->ldq) || !can_exist(m, s->k, 1)) return FARRO_ERROR_ARGUMENT;
  s->kernels = is_double ? kernels->rows_f64 : kernels->rows_f32;
  s->wanted = smaller(s->k, s->tree->n);
  const double unit = is_double ? DBL_EPSILON : (double)FLT_EPSILON;
  s->shrink = 1 - (double)(d + 8) * unit;
  s->least = (double)(d + 8) * (is_double ? DBL_TRUE_MIN : (double)FLT_TRUE_MIN);
  farro_parallel_for(m, queries_at_once, (double)m * (nanoseconds_per_query + 100 * (double)s->wanted), search_queries,
                     s);
  return s->failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

farro_status farro_kd_tree_nearest_f32(const farro_kd_tree *tree, size_t m, const float *queries, size_t ldq, size_t k,
                                       bool squared, float *distances, int64_t *indices) {
  kd_search s = {tree, .queries = (const char *)queries, .ldq = ldq, .k = k, .squared = squared};
  s.distances = distances, s.indices = indices;
  return search(&s, m, false);
}

farro_status farro_kd_tree_nearest_f64(const farro_kd_tree *tree, size_t m, const double *queries, size_t ldq, size_t k,
                                       bool squared, double *distances, int64_t *indices) {
  kd_search s = {tree, .queries = (const char *)queries, .ldq = ldq, .k = k, .squared = squared};
  s.distances = distances, s.indices = indices;
  return search(&s, m, true);
}
