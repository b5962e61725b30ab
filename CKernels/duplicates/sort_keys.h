// Hashes in order.
#ifndef FARRO_DUPLICATES_SORT_KEYS_H
#define FARRO_DUPLICATES_SORT_KEYS_H

#include <stddef.h>
#include <stdint.h>

typedef struct keyed {
  uint64_t key;
  uint32_t id;
} keyed;

// Sorts by key, ids as they were among equal ones, and returns which of the two arrays holds the result. Keys should
// look random: then O(count) for some billions of them.
keyed *sort_keyed(keyed *items, keyed *other, size_t count);

// Sorts hashes that should look random, O(count); `work` has room for as many, and `counters` for count + 1.
void sort_hashes(uint64_t *hashes, size_t count, uint64_t *work, uint32_t *counters);

#endif
