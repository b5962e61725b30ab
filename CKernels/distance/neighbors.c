// Entries of the search for the k nearest rows, and of distances to some rows.
#include "include/neighbors.h"

#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "search.h"

typedef struct {
  neighbor_search search; // first: the search is told where this is
  void *distances;
  int64_t *indices;
} nearest;

static void write_nearest(void *context, size_t first, size_t last) {
  const nearest *n = context;
  const neighbor_search *s = &n->search;
  const double none = s->metric == FARRO_METRIC_INNER_PRODUCT ? -INFINITY : INFINITY;
  for (size_t query = first; query < last; query++) {
    const size_t count = farro_candidates_finish(&s->found[query], farro_search_measure, s, query);
    for (size_t i = 0; i < s->k; i++) {
      const size_t to = (s->first_query + query) * s->k + i;
      const candidate *c = &s->found[query].items[i];
      if (n->distances) set_value(s, n->distances, to, i < count ? distance_of_key(s->metric, c->key) : none);
      if (n->indices) n->indices[to] = i < count ? (int64_t)c->row : -1;
    }
  }
}

static farro_status find_nearest(nearest *n) {
  neighbor_search *s = &n->search;
  if (!farro_search_is_valid(s) || !can_exist(s->shape.queries, s->k, 1)) return FARRO_ERROR_ARGUMENT;
  if (s->shape.queries == 0 || s->k == 0) return FARRO_OK;
  return farro_search_run(s, write_nearest);
}

// Distances to some rows, so many at a time.
enum { keys_at_once = 64 };

#define ENTRIES(name, element, number, scalar)                                                                         \
  farro_status farro_nearest_neighbors_##name(farro_distance distance, const farro_neighbors_shape *shape,             \
                                              const scalar *queries, const element *base, size_t k, scalar *distances, \
                                              int64_t *indices) {                                                      \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    nearest n = {.search = NEIGHBOR_SEARCH(name, number), .distances = distances, .indices = indices};                 \
    n.search.k = k;                                                                                                    \
    return find_nearest(&n);                                                                                           \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_distances_to_rows_##name(farro_distance distance, size_t d, const scalar *query,                  \
                                              const element *base, size_t ld_base, size_t count, const uint32_t *rows, \
                                              scalar *distances) {                                                     \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const farro_metric metric = distance.metric;                                                                       \
    if (!has_form(metric) || ld_base < d) return FARRO_ERROR_ARGUMENT;                                                 \
    const neighbor_form form = form_of(metric);                                                                        \
    const double factor = form == neighbor_angles ? kernels->rows_##number->factor(d, query) : 1;                      \
    for (size_t i = 0; i < count; i += keys_at_once) {                                                                 \
      const size_t some = smaller(keys_at_once, count - i);                                                            \
      double keys[keys_at_once];                                                                                       \
      kernels->rows_##name->measure(form, d, query, factor, rows ? base : base + i * ld_base, ld_base, some,           \
                                    rows ? rows + i : NULL, keys);                                                     \
      for (size_t j = 0; j < some; j++) distances[i + j] = (scalar)distance_of_key(metric, keys[j]);                   \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }

ENTRIES(f32, float, f32, float)
ENTRIES(f64, double, f64, double)
ENTRIES(bf16, uint16_t, f32, float)
ENTRIES(i8, int8_t, f32, float)
