#include "duplicates/sort_keys.h"

#include <string.h>

enum { digit_most = 11 };

// One stable pass over a digit of `bits` bits.
static void scatter(const keyed *from, keyed *to, size_t count, unsigned shift, unsigned bits) {
  size_t places[1 << digit_most] = {0};
  const uint64_t mask = (1u << bits) - 1;
  for (size_t i = 0; i < count; i++) places[from[i].key >> shift & mask]++;
  for (size_t digit = 0, place = 0; digit <= mask; digit++) {
    const size_t here = places[digit];
    places[digit] = place;
    place += here;
  }
  for (size_t i = 0; i < count; i++) to[places[from[i].key >> shift & mask]++] = from[i];
}

keyed *sort_keyed(keyed *items, keyed *other, size_t count) {
  // As many of the highest bits as leave few different keys alike: least significant digit first. The rest is done by
  // insertion, which moves nothing but those few.
  unsigned bits = 4;
  while (bits < 64 && count >> (bits - 4)) bits++;
  const unsigned passes = count < 32 ? 0 : (bits + digit_most - 1) / digit_most;
  unsigned low = 64 - bits;
  for (unsigned pass = 0; pass < passes; pass++) {
    const unsigned size = (64 - low) / (passes - pass);
    scatter(items, other, count, low, size);
    keyed *const swapped = items;
    items = other, other = swapped;
    low += size;
  }
  for (size_t i = 1; i < count; i++) {
    const keyed item = items[i];
    size_t place = i;
    for (; place > 0 && items[place - 1].key > item.key; place--) items[place] = items[place - 1];
    items[place] = item;
  }
  return items;
}

void sort_hashes(uint64_t *hashes, size_t count, uint64_t *work, uint32_t *counters) {
  if (count > 16) {
    // As many buckets as hashes: few share one, and insertion, whose branches nobody foresees, hardly moves any. A
    // quarter of the buckets takes twice the time.
    const uint64_t buckets = count;
    memset(counters, 0, (buckets + 1) * sizeof *counters);
    for (size_t i = 0; i < count; i++) counters[((hashes[i] >> 32) * buckets >> 32) + 1]++;
    for (size_t b = 0; b < buckets; b++) counters[b + 1] += counters[b];
    for (size_t i = 0; i < count; i++) work[counters[(hashes[i] >> 32) * buckets >> 32]++] = hashes[i];
    memcpy(hashes, work, count * sizeof *hashes);
  }
  for (size_t i = 1; i < count; i++) {
    const uint64_t hash = hashes[i];
    size_t place = i;
    for (; place > 0 && hashes[place - 1] > hash; place--) hashes[place] = hashes[place - 1];
    hashes[place] = hash;
  }
}
