#include "candidates.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/sizes.h"

size_t farro_candidates_capacity(size_t k) { return 2 * k + 16; }

void farro_candidates_hold(candidates *c) {
  while (atomic_flag_test_and_set_explicit(&c->busy, memory_order_acquire)) sched_yield();
}

void farro_candidates_let_go(candidates *c) { atomic_flag_clear_explicit(&c->busy, memory_order_release); }

// ---- by bounds ----

static void exchange(candidate *a, candidate *b) {
  const candidate kept = *a;
  *a = *b, *b = kept;
}

// Brings the k items of the smallest upper bounds to the front (C. A. R. Hoare, "Algorithm 65: find", 1961).
static void find_smallest(candidate *items, size_t count, size_t k) {
  ptrdiff_t first = 0, last = (ptrdiff_t)count - 1, wanted = (ptrdiff_t)k - 1;
  uint32_t random = 1; // which no input can foresee by chance
  while (first < last) {
    random = random * 1664525 + 1013904223;
    const double pivot = items[first + (ptrdiff_t)(random >> 8) % (last - first + 1)].upper;
    ptrdiff_t i = first, j = last;
    while (i <= j) {
      while (items[i].upper < pivot) i++;
      while (items[j].upper > pivot) j--;
      if (i <= j) exchange(&items[i++], &items[j--]);
    }
    if (wanted <= j)
      last = j;
    else if (wanted >= i)
      first = i;
    else
      return;
  }
}

static double greatest_upper(const candidate *items, size_t count) {
  double greatest = -INFINITY;
  for (size_t i = 0; i < count; i++) greatest = fmax(greatest, items[i].upper);
  return greatest;
}

static void drop_by_bounds(candidates *c) {
  find_smallest(c->items, c->count, c->k);
  c->limit = fmin(c->limit, greatest_upper(c->items, c->k) + c->slack);
  size_t kept = c->k;
  for (size_t i = c->k; i < c->count; i++)
    if (c->items[i].lower <= c->limit) c->items[kept++] = c->items[i];
  c->count = kept;
}

// ---- by their values ----

static int compare(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

static void drop_by_values(candidates *c, candidates_measure *measure, const void *context, size_t query) {
  measure(context, query, c->items, c->count);
  size_t kept = 0; // NaN is no neighbour
  for (size_t i = 0; i < c->count; i++)
    if (c->items[i].key == c->items[i].key) c->items[kept++] = c->items[i];
  qsort(c->items, kept, sizeof *c->items, compare);
  c->count = c->takes_all ? kept : smaller(kept, c->k);
  if (c->count == c->k && !c->takes_all) c->limit = fmin(c->limit, greatest_upper(c->items, c->k) + c->slack);
}

// ---- all of them ----

static void grow(candidates *c) {
  const size_t more = c->capacity ? 2 * c->capacity : 16;
  candidate *items = farro_allocate(more * sizeof *items);
  if (!items) {
    c->failed = true;
    return;
  }
  if (c->count) memcpy(items, c->items, c->count * sizeof *items);
  if (c->capacity) farro_release(c->items, c->capacity * sizeof *items);
  c->items = items, c->capacity = more;
}

bool farro_candidates_end(candidates *c) {
  if (c->takes_all && c->capacity) farro_release(c->items, c->capacity * sizeof *c->items);
  return c->failed;
}

// ---- entries ----

void farro_candidates_add(candidates *c, candidate item, candidates_measure *measure, const void *context,
                          size_t query) {
  if (!(item.lower <= c->limit)) return;
  if (c->count == c->capacity && c->takes_all) {
    grow(c);
    if (c->failed) return;
  } else if (c->count == c->capacity) {
    drop_by_bounds(c);
    // Few that went would soon be followed by as many: a quarter of the space pays for the search.
    if (c->count > c->capacity - c->capacity / 4) drop_by_values(c, measure, context, query);
    if (!(item.lower <= c->limit)) return;
  }
  c->items[c->count++] = item;
}

size_t farro_candidates_finish(candidates *c, candidates_measure *measure, const void *context, size_t query) {
  if (c->count > c->k && !c->takes_all) drop_by_bounds(c);
  drop_by_values(c, measure, context, query);
  return c->count;
}
