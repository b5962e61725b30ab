// Entries of the search for all rows within a radius.
#include <string.h>

#include "distance/neighbor_lists.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "search.h"

// Of one query, until all are known.
typedef struct {
  size_t count;
  candidate *items;
} list;

typedef struct {
  neighbor_search search; // first: the search is told where this is
  double radius;
  list *lists;
} within_radius;

// Decided by the distance as the caller gets it, a root rounded.
static bool is_within(const within_radius *w, double key) {
  any_scalar rounded;
  set_value(&w->search, &rounded, 0, distance_of_key(w->search.metric, key));
  const double distance = value_at(&w->search, &rounded, 0);
  return w->search.metric == FARRO_METRIC_INNER_PRODUCT ? distance >= w->radius : distance <= w->radius;
}

static void keep_lists(void *context, size_t first, size_t last) {
  within_radius *w = context;
  neighbor_search *s = &w->search;
  for (size_t query = first; query < last; query++) {
    candidates *c = &s->found[query];
    size_t count = farro_candidates_finish(c, farro_search_measure, s, query);
    while (count > 0 && !is_within(w, c->items[count - 1].key)) count--;
    list *kept = &w->lists[s->first_query + query];
    kept->items = count ? farro_allocate(count * sizeof(candidate)) : NULL;
    if (count && !kept->items) c->failed = true;
    if (!kept->items) continue;
    memcpy(kept->items, c->items, count * sizeof(candidate));
    kept->count = count;
  }
}

static farro_neighbor_lists *join(const within_radius *w) {
  const neighbor_search *s = &w->search;
  const size_t queries = s->shape.queries;
  size_t total = 0;
  for (size_t i = 0; i < queries; i++) total += w->lists[i].count;
  const lists_in_work lists = farro_neighbor_lists_allocate(queries, total, s->type->bytes);
  if (!lists.whole) return NULL;
  for (size_t i = 0, to = 0; i < queries; i++) {
    for (size_t j = 0; j < w->lists[i].count; j++, to++) {
      const candidate *c = &w->lists[i].items[j];
      lists.indices[to] = (int64_t)c->row;
      set_value(s, lists.distances, to, distance_of_key(s->metric, c->key));
    }
    lists.offsets[i + 1] = to;
  }
  return lists.whole;
}

// What a row's key may be at most; of a root, which is rounded, a little more.
static double key_of_radius(farro_metric metric, double radius) {
  if (metric == FARRO_METRIC_INNER_PRODUCT) return -radius;
  return metric == FARRO_METRIC_EUCLIDEAN && radius >= 0 ? radius * radius * (1 + 0x1p-20) : radius;
}

static farro_status find_within(within_radius *w, double radius, farro_neighbor_lists **lists) {
  neighbor_search *s = &w->search;
  if (!farro_search_is_valid(s) || isnan(radius) || !can_exist(s->shape.queries, 2, 1)) return FARRO_ERROR_ARGUMENT;
  w->radius = radius;
  s->takes_all = true, s->radius = key_of_radius(s->metric, radius);
  const size_t bytes = s->shape.queries * sizeof(list);
  w->lists = farro_allocate(bytes);
  if (!w->lists) return FARRO_ERROR_MEMORY;
  memset(w->lists, 0, bytes);
  farro_status status = farro_search_run(s, keep_lists);
  farro_neighbor_lists *joined = status == FARRO_OK ? join(w) : NULL;
  for (size_t i = 0; i < s->shape.queries; i++) farro_release(w->lists[i].items, w->lists[i].count * sizeof(candidate));
  farro_release(w->lists, bytes);
  if (status == FARRO_OK && !joined) status = FARRO_ERROR_MEMORY;
  if (joined) *lists = joined;
  return status;
}

#define ENTRY(name, element, number, scalar)                                                                           \
  farro_status farro_radius_neighbors_##name(farro_distance distance, const farro_neighbors_shape *shape,              \
                                             const scalar *queries, const element *base, double radius,                \
                                             farro_neighbor_lists **lists) {                                           \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    within_radius w = {.search = NEIGHBOR_SEARCH(name, number)};                                                       \
    return find_within(&w, radius, lists);                                                                             \
  }

ENTRY(f32, float, f32, float)
ENTRY(f64, double, f64, double)
ENTRY(bf16, uint16_t, f32, float)
ENTRY(i8, int8_t, f32, float)
