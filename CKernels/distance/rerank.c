// Entry of the search among candidates that another search has found.
#include "include/neighbors.h"

#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "search.h"

typedef struct {
  neighbor_search search;
  size_t c, k;
  const int64_t *candidates;
  float *distances;
  int64_t *indices;
  bool failed;
} rerank;

typedef struct {
  double key;
  uint32_t row;
} measured_row;

static bool precedes(measured_row a, measured_row b) { return a.key != b.key ? a.key < b.key : a.row < b.row; }

// The farther of a heap's nodes is above the nearer ones.
static void sink(measured_row *heap, size_t count, size_t i) {
  const measured_row row = heap[i];
  for (size_t child; (child = 2 * i + 1) < count; i = child) {
    if (child + 1 < count && precedes(heap[child], heap[child + 1])) child++;
    if (!precedes(row, heap[child])) break;
    heap[i] = heap[child];
  }
  heap[i] = row;
}

// The k nearest of n rows, in order; returns their number.
static size_t choose(measured_row *rows, size_t n, size_t k) {
  const size_t count = smaller(n, k);
  for (size_t i = count / 2; i-- > 0;) sink(rows, count, i);
  for (size_t i = count; count > 0 && i < n; i++) {
    if (!precedes(rows[i], rows[0])) continue;
    rows[0] = rows[i];
    sink(rows, count, 0);
  }
  for (size_t last = count; last-- > 1;) {
    const measured_row farthest = rows[0];
    rows[0] = rows[last];
    sink(rows, last, 0);
    rows[last] = farthest;
  }
  return count;
}

static void rerank_queries(void *context, size_t first, size_t last) {
  rerank *r = context;
  const neighbor_search *s = &r->search;
  const size_t d = s->shape.d, bytes = r->c * (sizeof(double) + sizeof(measured_row) + sizeof(uint32_t));
  double *keys = farro_allocate(bytes);
  if (!keys) {
    __atomic_store_n(&r->failed, true, __ATOMIC_RELAXED);
    return;
  }
  measured_row *found = (measured_row *)(keys + r->c);
  uint32_t *rows = (uint32_t *)(found + r->c);
  for (size_t query = first; query < last; query++) {
    const float *x = query_at(s, query);
    const double factor = s->form == neighbor_angles ? s->scalars->factor(d, x) : 1;
    size_t count = 0, n = 0;
    for (size_t i = 0; i < r->c; i++) {
      const int64_t row = r->candidates[query * r->c + i];
      if (row >= 0) rows[count++] = (uint32_t)row;
    }
    s->rows->measure(s->form, d, x, factor, s->base, s->shape.ld_base, count, rows, keys);
    for (size_t i = 0; i < count; i++)
      if (!isnan(keys[i])) found[n++] = (measured_row){keys[i], rows[i]};
    n = choose(found, n, r->k);
    for (size_t i = 0; i < r->k; i++) {
      const double none = s->metric == FARRO_METRIC_INNER_PRODUCT ? -INFINITY : INFINITY;
      r->distances[query * r->k + i] = (float)(i < n ? distance_of_key(s->metric, found[i].key) : none);
      r->indices[query * r->k + i] = i < n ? (int64_t)found[i].row : -1;
    }
  }
  farro_release(keys, bytes);
}

farro_status farro_nearest_candidates_f32(farro_distance distance, const farro_neighbors_shape *shape,
                                          const float *queries, const float *base, size_t c, const int64_t *candidates,
                                          size_t k, float *distances, int64_t *indices) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  rerank r = {.search = NEIGHBOR_SEARCH(f32, f32),
              .c = c,
              .k = k,
              .candidates = candidates,
              .distances = distances,
              .indices = indices};
  const size_t m = shape->queries;
  if (!farro_search_is_valid(&r.search) || !has_form(distance.metric) || !can_exist(m, k, 1) || !can_exist(m, c, 1))
    return FARRO_ERROR_ARGUMENT;
  r.search.form = form_of(distance.metric);
  if (m == 0 || k == 0) return FARRO_OK;
  // Rows lie apart: the first lines of each come from memory, some 20 ns.
  farro_parallel_for(m, 1, (double)m * (double)c * (20 + (double)shape->d / 8), rerank_queries, &r);
  return r.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}
