// Count-Min: an element's counters are visited one by one, since they lie anywhere in their rows.
#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "sketch/counting.h"
#include "sketch/keys.h"

enum { most_depth = 32 };

static bool is_sketch(const farro_count_min *sketch) {
  return sketch->width > 0 && sketch->width <= (size_t)1 << 32 && sketch->depth > 0 && sketch->depth <= most_depth;
}

// A hash function for each row: an odd multiplier (M. Dietzfelbinger and others, "A reliable randomized algorithm for
// the closest-pair problem", Journal of Algorithms 25, 1997).
typedef struct {
  size_t width, depth;
  uint64_t multipliers[most_depth];
} rows;

static rows rows_of(const farro_count_min *sketch) {
  rows result = {.width = sketch->width, .depth = sketch->depth};
  for (size_t r = 0; r < sketch->depth; r++)
    result.multipliers[r] = mix64(sketch->seed + (r + 1) * 0x9E3779B97F4A7C15) | 1;
  return result;
}

static inline size_t place(const rows *rows, size_t r, uint64_t hash) {
  // The product of two numbers of up to 32 bits and one bit more: a width of 2^32 still fits.
  return r * rows->width + ((hash * rows->multipliers[r] >> 32) * rows->width >> 32);
}

// Without a branch: which counter is the least has no pattern.
static inline uint64_t least_of(const rows *rows, const uint64_t *counters, uint64_t hash) {
  uint64_t least = UINT64_MAX;
  for (size_t r = 0; r < rows->depth; r++) least = __builtin_elementwise_min(least, counters[place(rows, r, hash)]);
  return least;
}

// Of sketches beyond the second cache, a piece's counters are on their way before the first is changed: a third of
// the time.
static void fetch(const rows *rows, const uint64_t *counters, const uint64_t *hashes, size_t count) {
  for (size_t i = 0; i < count; i++)
    for (size_t r = 0; r < rows->depth; r++) __builtin_prefetch(counters + place(rows, r, hashes[i]), 1);
}

// A counter that is full stays so: what it counts came as often, or more often.
static inline void add_to(uint64_t *counter, uint64_t amount) {
  *counter = __builtin_elementwise_add_sat(*counter, amount);
}

static void add(const rows *rows, uint64_t *counters, const uint64_t *hashes, const uint64_t *amounts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint64_t amount = amounts ? amounts[i] : 1;
    for (size_t r = 0; r < rows->depth; r++) add_to(&counters[place(rows, r, hashes[i])], amount);
  }
}

static void add_least(const rows *rows, uint64_t *counters, const uint64_t *hashes, const uint64_t *amounts,
                      size_t count) {
  const size_t depth = rows->depth;
  for (size_t i = 0; i < count; i++) {
    uint64_t *places[most_depth], least = UINT64_MAX;
    for (size_t r = 0; r < depth; r++) {
      places[r] = counters + place(rows, r, hashes[i]);
      least = __builtin_elementwise_min(least, *places[r]);
    }
    add_to(&least, amounts ? amounts[i] : 1);
    for (size_t r = 0; r < depth; r++) {
      // Which ones must be raised has no pattern either: branches take 20 ns of an element, this takes 6.
      const uint64_t counter = *places[r];
      *places[r] = __builtin_unpredictable(counter < least) ? least : counter;
    }
  }
}

static farro_status update(const farro_count_min *sketch, uint64_t *counters, const uint64_t *elements, bool mixed,
                           const uint64_t *amounts, size_t count) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_sketch(sketch) || !can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  const rows rows = rows_of(sketch);
  const bool is_far = sketch->width * sketch->depth > 1 << 16; // half a megabyte
  uint64_t hashes[counting_piece];
  for (size_t i = 0; i < count; i += counting_piece) {
    const size_t some = smaller(counting_piece, count - i);
    const uint64_t *from = elements + i, *of = amounts ? amounts + i : NULL;
    if (mixed) {
      kernels->counting->mix(seed_key(sketch->seed), from, some, hashes);
      from = hashes;
    }
    if (is_far) fetch(&rows, counters, from, some);
    (sketch->conservative ? add_least : add)(&rows, counters, from, of, some);
  }
  return FARRO_OK;
}

farro_status farro_count_min_update(const farro_count_min *sketch, uint64_t *counters, const uint64_t *hashes,
                                    const uint64_t *amounts, size_t count) {
  return update(sketch, counters, hashes, false, amounts, count);
}

farro_status farro_count_min_update_keys(const farro_count_min *sketch, uint64_t *counters, const uint64_t *keys,
                                         const uint64_t *amounts, size_t count) {
  return update(sketch, counters, keys, true, amounts, count);
}

farro_status farro_count_min_estimate(const farro_count_min *sketch, const uint64_t *counters, const uint64_t *hashes,
                                      size_t count, uint64_t *estimates) {
  if (!is_sketch(sketch) || !can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  const rows rows = rows_of(sketch);
  for (size_t i = 0; i < count; i++) estimates[i] = least_of(&rows, counters, hashes[i]);
  return FARRO_OK;
}

farro_status farro_count_min_estimate_keys(const farro_count_min *sketch, const uint64_t *counters,
                                           const uint64_t *keys, size_t count, uint64_t *estimates) {
  if (!is_sketch(sketch) || !can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  const rows rows = rows_of(sketch);
  const uint64_t key = seed_key(sketch->seed);
  for (size_t i = 0; i < count; i++) estimates[i] = least_of(&rows, counters, mix64(keys[i] ^ key));
  return FARRO_OK;
}

farro_status farro_count_min_merge(const farro_count_min *sketch, uint64_t *into, const uint64_t *from) {
  if (!is_sketch(sketch)) return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; i < sketch->width * sketch->depth; i++) add_to(&into[i], from[i]);
  return FARRO_OK;
}
