// What the sorting drivers need of one instruction set and element type.
#ifndef FARRO_SORTING_SORTING_H
#define FARRO_SORTING_SORTING_H

#include "runtime.h"

// Rows up to this length are sorted by comparing every element with every other.
enum { sorting_ranked = 128 };

// An item is a key, by which it is sorted, and the index of its element: two words of the element's size.
typedef struct sorting_kernels {
  size_t element_bytes, item_bytes;
  // Sorts n elements; values or indices may be NULL. `work` holds 2 n items, or 2 n elements without indices.
  void (*sort)(const void *x, size_t n, bool descending, void *values, int64_t *indices, void *work);
  // Leaves items of the best min(k, n) elements at the start of `work`, best first, and answers their number. Indices
  // are counted from `first`. `work` holds 2 best_capacity(n, k) items.
  size_t (*best)(const void *x, size_t n, size_t first, size_t k, bool smallest, void *work);
  // Sorts n items, stably; `spare` holds as many.
  void (*sort_items)(void *items, size_t n, void *spare);
  // Writes the elements of k sorted items, or of those in the order of their indices, with `spare` for k items.
  void (*write)(const void *x, void *items, size_t k, bool unsorted, void *values, int64_t *indices, void *spare);
} sorting_kernels;

// Items that are kept before the best k of them are chosen anew: room for as many more, so that choosing costs little
// per item; and not more than are ranked, where few are wanted.
static inline size_t best_capacity(size_t n, size_t k) {
  const size_t wanted = k <= sorting_ranked / 2 ? sorting_ranked : k + (k < 512 ? 512 : k);
  return n < wanted ? n : wanted;
}

#endif
