// The best rows that a query has found. They are ranked by key and id, so that it does not matter in what order they
// come.
#include <sched.h>
#include <string.h>

#include "lists/search.h"

static inline bool precedes(found_row a, found_row b, const int64_t *ids) {
  return a.key != b.key ? a.key < b.key : ids[a.number] < ids[b.number];
}

static inline found_row row_at(const nearest_rows *r, ptrdiff_t i) { return (found_row){r->keys[i], r->numbers[i]}; }

static inline void exchange(nearest_rows *r, ptrdiff_t i, ptrdiff_t j) {
  const found_row kept = row_at(r, i);
  r->keys[i] = r->keys[j], r->numbers[i] = r->numbers[j];
  r->keys[j] = kept.key, r->numbers[j] = kept.number;
}

// Brings the `wanted` best to the front (C. A. R. Hoare, "Algorithm 65: find", 1961). No two are equal.
static void find_best(nearest_rows *r, const int64_t *ids) {
  ptrdiff_t first = 0, last = (ptrdiff_t)r->count - 1, wanted = (ptrdiff_t)r->wanted - 1;
  uint32_t random = 1; // which no input can foresee by chance
  while (first < last) {
    random = random * 1664525 + 1013904223;
    const found_row pivot = row_at(r, first + (ptrdiff_t)(random >> 8) % (last - first + 1));
    ptrdiff_t i = first, j = last;
    while (i <= j) {
      while (precedes(row_at(r, i), pivot, ids)) i++;
      while (precedes(pivot, row_at(r, j), ids)) j--;
      if (i <= j) exchange(r, i++, j--);
    }
    if (wanted <= j)
      last = j;
    else if (wanted >= i)
      first = i;
    else
      return;
  }
}

// Leaves from `wanted` to `most` rows.
static void drop(nearest_rows *r, const lists_kernels *kernels, size_t most, const int64_t *ids) {
  if (r->count <= most) return;
  float limit;
  r->count = kernels->keep_nearest(r->keys, r->numbers, r->count, r->wanted, most, &limit);
  atomic_store_explicit(&r->limit, limit, memory_order_relaxed);
  if (r->count <= most) return;
  find_best(r, ids); // of equally near ones
  r->count = r->wanted;
}

// The first item that is no nearer by its key. Without branches, as what a comparison says is as good as random; the
// compiler, which would make branches of it, is not to know that `is_before` is 0 or 1.
static const found_row *find_place(const found_row *items, size_t count, float key) {
  while (count > 0) {
    const size_t half = (count + 1) / 2;
    size_t is_before = items[half - 1].key < key;
    __asm__("" : "+r"(is_before));
    items += half * is_before;
    count -= half;
  }
  return items;
}

static void insert(nearest_rows *r, found_row row, const int64_t *ids) {
  const found_row *from = find_place(r->items, r->count, row.key);
  size_t place = (size_t)(from - r->items);
  while (place < r->count && precedes(r->items[place], row, ids)) place++;
  if (place == r->wanted) return;
  const size_t kept = r->count < r->wanted ? r->count : r->wanted - 1;
  memmove(r->items + place + 1, r->items + place, (kept - place) * sizeof row);
  r->items[place] = row;
  r->count = kept + 1;
  if (r->count == r->wanted) atomic_store_explicit(&r->limit, r->items[kept].key, memory_order_relaxed);
}

void farro_nearest_rows_add(nearest_rows *r, const lists_kernels *kernels, found_row row, const int64_t *ids) {
  if (r->wanted <= most_sorted_rows) {
    insert(r, row, ids);
    return;
  }
  r->keys[r->count] = row.key, r->numbers[r->count++] = row.number;
  // A quarter more than is wanted is found in few steps.
  if (r->count == nearest_rows_capacity(r->wanted)) drop(r, kernels, r->wanted + r->wanted / 4, ids);
}

// Heaps in place, since the number of items may be any (J. Williams, "Algorithm 232: heapsort", 1964).
void farro_found_rows_sort(found_row *items, size_t count, const int64_t *ids) {
  if (count <= 32) {
    for (size_t i = 1; i < count; i++) {
      const found_row item = items[i];
      size_t j = i;
      for (; j > 0 && precedes(item, items[j - 1], ids); j--) items[j] = items[j - 1];
      items[j] = item;
    }
    return;
  }
  size_t root = count / 2, end = count;
  while (end > 1) {
    found_row item;
    if (root > 0)
      item = items[--root];
    else
      item = items[--end], items[end] = items[0];
    size_t i = root;
    for (size_t child = 2 * i + 1; child < end; child = 2 * i + 1) {
      if (child + 1 < end && precedes(items[child], items[child + 1], ids)) child++;
      if (!precedes(item, items[child], ids)) break;
      items[i] = items[child], i = child;
    }
    items[i] = item;
  }
}

size_t farro_nearest_rows_finish(nearest_rows *r, const lists_kernels *kernels, const int64_t *ids, bool in_order) {
  if (r->wanted <= most_sorted_rows) return r->count;
  drop(r, kernels, r->wanted, ids);
  for (size_t i = 0; i < r->count; i++) r->items[i] = row_at(r, (ptrdiff_t)i);
  if (in_order) farro_found_rows_sort(r->items, r->count, ids);
  return r->count;
}

void farro_nearest_rows_hold(nearest_rows *r) {
  while (atomic_flag_test_and_set_explicit(&r->busy, memory_order_acquire)) sched_yield();
}

void farro_nearest_rows_let_go(nearest_rows *r) { atomic_flag_clear_explicit(&r->busy, memory_order_release); }
