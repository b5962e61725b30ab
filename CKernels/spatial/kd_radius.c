// All rows of a tree within a radius.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "distance/neighbor_lists.h"
#include "kd_search.h"

// Of one query.
typedef struct {
  kd_query query; // first: what is found is told with it
  kd_neighbor *items;
  size_t count, capacity;
  bool failed;
} kd_list;

typedef struct {
  kd_search search; // first
  double radius, limit;
  kd_list *lists;
} kd_radius;

static size_t item_bytes(size_t count) { return count * sizeof(kd_neighbor); }

static void add(kd_query *q, double square, uint32_t row) {
  kd_list *l = (kd_list *)q;
  if (l->count == l->capacity) {
    const size_t capacity = larger(16, 2 * l->capacity);
    kd_neighbor *items = l->failed ? NULL : farro_allocate(item_bytes(capacity));
    if (!items) {
      l->failed = true;
      return;
    }
    if (l->count) memcpy(items, l->items, item_bytes(l->count));
    farro_release(l->items, item_bytes(l->capacity));
    l->items = items, l->capacity = capacity;
  }
  l->items[l->count++] = (kd_neighbor){square, row};
}

static int in_order(const void *first, const void *second) {
  const kd_neighbor *a = first, *b = second;
  if (a->square != b->square) return a->square < b->square ? -1 : 1;
  return a->row < b->row ? -1 : a->row > b->row;
}

static void find_within(kd_search *s, kd_query *q, size_t query, void *scratch) {
  (void)scratch;
  kd_radius *r = (kd_radius *)s;
  kd_list *l = &r->lists[query];
  l->query = *q;
  l->query.found = add, l->query.limit = r->limit;
  if (s->tree->n > 0) s->kernels->search(&l->query);
  if (l->failed) s->failed = true;
  if (l->count) qsort(l->items, l->count, sizeof *l->items, in_order);
  // Decided by the distance as the caller gets it, a root rounded.
  while (l->count && farro_kd_distance(s, l->items[l->count - 1].square) > r->radius) l->count--;
}

static farro_neighbor_lists *join(const kd_radius *r) {
  const kd_search *s = &r->search;
  size_t total = 0;
  for (size_t i = 0; i < s->m; i++) total += r->lists[i].count;
  const lists_in_work lists = farro_neighbor_lists_allocate(s->m, total, kd_element(s->tree));
  if (!lists.whole) return NULL;
  for (size_t i = 0, to = 0; i < s->m; i++) {
    for (size_t j = 0; j < r->lists[i].count; j++, to++) {
      lists.indices[to] = r->lists[i].items[j].row;
      farro_kd_write(s, lists.distances, to, farro_kd_distance(s, r->lists[i].items[j].square));
    }
    lists.offsets[i + 1] = to;
  }
  return lists.whole;
}

// A square that no row within the radius exceeds, of the element type.
static double limit_of(const kd_search *s, double radius) {
  const double limit = s->squared || radius < 0 ? radius : radius * radius * (1 + 0x1p-20);
  if (s->tree->is_double || (double)(float)limit >= limit) return limit;
  return (double)nextafterf((float)limit, INFINITY);
}

static farro_status within(kd_radius *r, bool is_double, farro_neighbor_lists **lists) {
  kd_search *s = &r->search;
  if (isnan(r->radius) || !can_exist(s->m, sizeof *r->lists, 1)) return FARRO_ERROR_ARGUMENT;
  const size_t bytes = s->m * sizeof *r->lists;
  r->lists = farro_allocate(bytes);
  if (!r->lists) return FARRO_ERROR_MEMORY;
  memset(r->lists, 0, bytes);
  r->limit = limit_of(s, r->radius);
  s->one = find_within, s->nanoseconds = 2000;
  farro_status status = farro_kd_search_run(s, is_double);
  farro_neighbor_lists *joined = status == FARRO_OK ? join(r) : NULL;
  if (status == FARRO_OK && !joined) status = FARRO_ERROR_MEMORY;
  for (size_t i = 0; i < s->m; i++) farro_release(r->lists[i].items, item_bytes(r->lists[i].capacity));
  farro_release(r->lists, bytes);
  if (joined) *lists = joined;
  return status;
}

#define ENTRY(type, scalar, double_elements)                                                                           \
  farro_status farro_kd_tree_within_##type(const farro_kd_tree *tree, size_t m, const scalar *queries, size_t ldq,     \
                                           double radius, bool squared, farro_neighbor_lists **lists) {                \
    kd_radius r = {.search = {.tree = tree, .queries = (const char *)queries, .m = m, .ldq = ldq, .squared = squared}, \
                   .radius = radius};                                                                                  \
    return within(&r, double_elements, lists);                                                                         \
  }

ENTRY(f32, float, false)
ENTRY(f64, double, true)
