// Space-Saving: entries in a heap by (count, key), least first, and a table that finds a key's entry.
#include <stdlib.h>
#include <string.h>

#include "include/frequency.h"
#include "runtime/sizes.h"
#include "text/shingle_hash.h"

enum { most_capacity = 1 << 28 };

// A block's parts.
typedef struct {
  size_t capacity, slots; // slots of the table: a power of two, at least twice as many as entries
  uint64_t *count, *total;
  uint64_t *keys, *counts, *errors; // of entries
  uint32_t *heap, *places;          // the entry at each place of the heap, and each entry's place
  uint32_t *table;                  // an entry's number + 1, or 0; probed linearly
} hitters;

static size_t slots_for(size_t capacity) {
  size_t slots = 4;
  while (slots < 2 * capacity) slots *= 2;
  return slots;
}

size_t farro_heavy_hitters_words(size_t capacity) {
  if (capacity < 1 || capacity > most_capacity) return 0;
  return 3 + 3 * capacity + capacity + slots_for(capacity) / 2; // two numbers of 32 bits to a word
}

static hitters parts(const uint64_t *words) {
  uint64_t *block = (uint64_t *)words; // written by those who may
  hitters h = {.capacity = (size_t)block[0], .count = block + 1, .total = block + 2, .keys = block + 3};
  h.slots = slots_for(h.capacity);
  h.counts = h.keys + h.capacity;
  h.errors = h.counts + h.capacity;
  h.heap = (uint32_t *)(h.errors + h.capacity);
  h.places = h.heap + h.capacity;
  h.table = h.places + h.capacity;
  return h;
}

farro_status farro_heavy_hitters_init(uint64_t *block, size_t capacity) {
  const size_t words = farro_heavy_hitters_words(capacity);
  if (words == 0) return FARRO_ERROR_ARGUMENT;
  memset(block, 0, words * sizeof *block);
  block[0] = capacity;
  return FARRO_OK;
}

// ---- the table ----

static size_t slot_of(const hitters *h, uint64_t key) { return mix64(key) & (h->slots - 1); }

// The slot that holds the key's entry, or the empty one where it would be.
static size_t find(const hitters *h, uint64_t key) {
  size_t slot = slot_of(h, key);
  while (h->table[slot] && h->keys[h->table[slot] - 1] != key) slot = (slot + 1) & (h->slots - 1);
  return slot;
}

// Empties a slot; those behind it move up, as far as they may, so that none is cut off from where its search begins.
static void clear(const hitters *h, size_t slot) {
  const size_t mask = h->slots - 1;
  for (size_t next = (slot + 1) & mask; h->table[next]; next = (next + 1) & mask) {
    const size_t home = slot_of(h, h->keys[h->table[next] - 1]);
    if (((next - home) & mask) < ((next - slot) & mask)) continue;
    h->table[slot] = h->table[next];
    slot = next;
  }
  h->table[slot] = 0;
}

// ---- the heap ----

static bool is_before(const hitters *h, uint32_t a, uint32_t b) {
  return h->counts[a] != h->counts[b] ? h->counts[a] < h->counts[b] : h->keys[a] < h->keys[b];
}

static void put(const hitters *h, size_t place, uint32_t entry) {
  h->heap[place] = entry;
  h->places[entry] = (uint32_t)place;
}

static void sift_down(const hitters *h, size_t place) {
  const size_t count = (size_t)*h->count;
  const uint32_t entry = h->heap[place];
  for (size_t child = 2 * place + 1; child < count; child = 2 * place + 1) {
    if (child + 1 < count && is_before(h, h->heap[child + 1], h->heap[child])) child++;
    if (!is_before(h, h->heap[child], entry)) break;
    put(h, place, h->heap[child]);
    place = child;
  }
  put(h, place, entry);
}

static void sift_up(const hitters *h, size_t place) {
  const uint32_t entry = h->heap[place];
  for (; place > 0 && is_before(h, entry, h->heap[(place - 1) / 2]); place = (place - 1) / 2)
    put(h, place, h->heap[(place - 1) / 2]);
  put(h, place, entry);
}

// ---- elements ----

// Counts end at 2^64 - 1.
static uint64_t add(uint64_t count, uint64_t amount) { return __builtin_elementwise_add_sat(count, amount); }

static void append(const hitters *h, size_t slot, uint64_t key, uint64_t count, uint64_t error) {
  const uint32_t entry = (uint32_t)(*h->count)++;
  h->keys[entry] = key, h->counts[entry] = count, h->errors[entry] = error;
  h->table[slot] = entry + 1;
  put(h, entry, entry);
  sift_up(h, entry);
}

static void count_key(const hitters *h, uint64_t key, uint64_t amount) {
  if (amount == 0) return;
  *h->total = add(*h->total, amount);
  const size_t slot = find(h, key);
  if (h->table[slot]) {
    const uint32_t entry = h->table[slot] - 1;
    h->counts[entry] = add(h->counts[entry], amount);
    return sift_down(h, h->places[entry]);
  }
  if (*h->count < h->capacity) return append(h, slot, key, amount, 0);
  const uint32_t entry = h->heap[0];
  clear(h, find(h, h->keys[entry]));
  h->keys[entry] = key;
  h->errors[entry] = h->counts[entry];
  h->counts[entry] = add(h->counts[entry], amount);
  h->table[find(h, key)] = entry + 1;
  sift_down(h, 0);
}

void farro_heavy_hitters_update(uint64_t *block, const uint64_t *keys, const uint64_t *amounts, size_t count) {
  const hitters h = parts(block);
  for (size_t i = 0; i < count; i++) count_key(&h, keys[i], amounts ? amounts[i] : 1);
}

size_t farro_heavy_hitters_count(const uint64_t *block) { return (size_t)block[1]; }

uint64_t farro_heavy_hitters_total(const uint64_t *block) { return block[2]; }

void farro_heavy_hitters_entries(const uint64_t *block, uint64_t *keys, uint64_t *counts, uint64_t *errors) {
  const hitters h = parts(block);
  const size_t bytes = (size_t)*h.count * sizeof *keys;
  memcpy(keys, h.keys, bytes), memcpy(counts, h.counts, bytes), memcpy(errors, h.errors, bytes);
}

// The most that a key may have come that is not there.
static uint64_t least_count(const hitters *h) { return *h->count < h->capacity ? 0 : h->counts[h->heap[0]]; }

bool farro_heavy_hitters_find(const uint64_t *block, uint64_t key, uint64_t *count, uint64_t *error) {
  const hitters h = parts(block);
  const uint32_t number = h.table[find(&h, key)];
  *count = number ? h.counts[number - 1] : least_count(&h);
  *error = number ? h.errors[number - 1] : *count;
  return number != 0;
}

farro_status farro_heavy_hitters_restore(uint64_t *block, size_t capacity, uint64_t total, const uint64_t *keys,
                                         const uint64_t *counts, const uint64_t *errors, size_t count) {
  if (count > capacity || farro_heavy_hitters_words(capacity) == 0) return FARRO_ERROR_ARGUMENT;
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    sum = add(sum, counts[i]);
    if ((counts[i] <= errors[i] && counts[i] < UINT64_MAX) || sum > total) return FARRO_ERROR_ARGUMENT;
  }
  farro_heavy_hitters_init(block, capacity);
  const hitters h = parts(block);
  *h.total = total;
  for (size_t i = 0; i < count; i++) {
    const size_t slot = find(&h, keys[i]);
    if (h.table[slot]) return FARRO_ERROR_ARGUMENT;
    append(&h, slot, keys[i], counts[i], errors[i]);
  }
  return FARRO_OK;
}

// ---- merging ----

typedef struct {
  uint64_t key, count, error;
} entry;

static int compare_entries(const void *a, const void *b) {
  const entry *x = a, *y = b;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  return x->key > y->key ? -1 : x->key < y->key;
}

farro_status farro_heavy_hitters_merge(uint64_t *into, const uint64_t *from) {
  const hitters x = parts(into), y = parts(from);
  if (x.capacity != y.capacity) return FARRO_ERROR_ARGUMENT;
  const size_t most = (size_t)(*x.count + *y.count);
  if (most == 0) return FARRO_OK;
  entry *entries = malloc(most * sizeof *entries);
  if (!entries) return FARRO_ERROR_MEMORY;
  // A key that one of both lacks may have come there as often as the least of it: the bound of the other's errors.
  size_t count = 0;
  const hitters *sides[2] = {&x, &y};
  for (size_t side = 0; side < 2; side++) {
    const hitters *mine = sides[side], *other = sides[1 - side];
    const uint64_t missing = least_count(other);
    for (size_t i = 0; i < *mine->count; i++) {
      const uint32_t number = other->table[find(other, mine->keys[i])];
      if (number && side == 1) continue;
      const uint64_t more = number ? other->counts[number - 1] : missing;
      const uint64_t error = number ? other->errors[number - 1] : missing;
      entries[count++] = (entry){mine->keys[i], add(mine->counts[i], more), add(mine->errors[i], error)};
    }
  }
  qsort(entries, count, sizeof *entries, compare_entries);
  const uint64_t total = add(*x.total, *y.total);
  count = smaller(count, x.capacity);
  farro_heavy_hitters_init(into, x.capacity);
  *x.total = total;
  for (size_t i = 0; i < count; i++)
    append(&x, find(&x, entries[i].key), entries[i].key, entries[i].count, entries[i].error);
  free(entries);
  return FARRO_OK;
}
