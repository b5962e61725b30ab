// The best k elements of a row, by a threshold: a key that k elements are known to reach. What comes before it is
// gathered, and when there is no more room the best k of that are chosen, and the threshold is the last of them. Items
// are gathered in the order of their indices behind the chosen ones, so that sorting them stably breaks ties as it
// should; an element that equals the threshold comes too late.

enum { KERNEL(group) = 4 };

static size_t KERNEL(best)(const void *elements, size_t n, size_t first, size_t k, bool smallest, void *work) {
  const SCALAR *x = elements;
  const BITS flip = smallest ? 0 : ~(BITS)0;
  const size_t capacity = best_capacity(n, k);
  KERNEL(item) *items = work, *spare = items + capacity;
  BITS threshold = ~(BITS)0;
  bool is_open = true; // the threshold itself is still good enough
  size_t kept = 0;
  for (size_t i = 0; i < n; i += KERNEL(group) * LANES) {
    const size_t left = n - i;
    BITS_VECTOR keys[KERNEL(group)];
    INTEGER_VECTOR good = {0};
    UNROLL for (size_t j = 0; j < KERNEL(group); j++) {
      const size_t at = j * LANES;
      const VECTOR v = at + LANES <= left ? load(x + i + at)
                       : at < left        ? load_first(x + i + at, left - at)
                                          : (VECTOR)0;
      keys[j] = KERNEL(keys_of)(v, flip, true);
      good |= keys[j] < threshold;
    }
    if (!is_open && !__builtin_reduce_or(good)) continue;
    BITS some[KERNEL(group) * LANES];
    UNROLL for (size_t j = 0; j < KERNEL(group); j++) store(some + j * LANES, keys[j]);
    const size_t count = left < KERNEL(group) * LANES ? left : KERNEL(group) * LANES;
    for (size_t j = 0; j < count; j++) {
      if (kept == capacity) {
        KERNEL(sort_items)(items, kept, spare);
        kept = k;
        threshold = items[k - 1].key;
        is_open = false;
      }
      items[kept] = (KERNEL(item)){some[j], (BITS)(first + i + j)};
      kept += is_open | (some[j] < threshold);
    }
  }
  KERNEL(sort_items)(items, kept, spare);
  return kept < k ? kept : k;
}

static void KERNEL(write_best)(const void *elements, void *chosen, size_t k, bool unsorted, void *values,
                               int64_t *indices, void *spare) {
  const SCALAR *x = elements;
  KERNEL(item) *items = chosen;
  if (unsorted) {
    for (size_t i = 0; i < k; i++) items[i].key = items[i].index;
    KERNEL(sort_items)(items, k, spare);
  }
  for (size_t i = 0; values && i < k; i++) ((SCALAR *)values)[i] = x[items[i].index];
  for (size_t i = 0; indices && i < k; i++) indices[i] = (int64_t)items[i].index;
}

static const sorting_kernels KERNEL(sorting) = {
    .element_bytes = sizeof(SCALAR),
    .item_bytes = sizeof(KERNEL(item)),
    .sort = KERNEL(sort),
    .best = KERNEL(best),
    .sort_items = KERNEL(sort_items),
    .write = KERNEL(write_best),
};
