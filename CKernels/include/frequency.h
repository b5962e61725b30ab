// How often elements come: an estimate for each of them (Count-Min), and which come most often (Space-Saving).
#ifndef FARRO_FREQUENCY_H
#define FARRO_FREQUENCY_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- Count-Min ------------------------------------------------------------------------------------------------------

// `depth` rows of `width` counters, in each of which an element has one. The least of them is the estimate of how often
// it came: never too low, and above the truth by more than e N / width with the probability e^-depth at most, for N
// elements in all. In one row, the others add M / width on average to an element's counter, with the variance
// S / width (1 - 1 / width), where M is the sum of their counts and S that of the squares. A counter stops at 2^64 - 1.
//
// Source: G. Cormode, S. Muthukrishnan, "An improved data stream summary: the count-min sketch and its applications",
// Journal of Algorithms 55, 2005.
typedef struct farro_count_min {
  size_t width, depth; // 1 to 2^32, and 1 to 32 (FARRO_ERROR_ARGUMENT for others)
  uint64_t seed;

  // A counter is raised no further than the new estimate needs ("conservative update"; C. Estan, G. Varghese, SIGCOMM
  // 2002): estimates are never higher than without, and of frequent elements much better. They depend on the elements'
  // order.
  bool conservative;
} farro_count_min;

// Adds amounts[i] of each element (1 where `amounts` is NULL), by 64-bit hashes that look random; or numbers of any
// kind, hashed by farro_mix_keys (sketch.h) with the sketch's seed. O(depth count), on the calling thread.
FARRO_API farro_status farro_count_min_update(const farro_count_min *sketch, uint64_t *counters, const uint64_t *hashes,
                                              const uint64_t *amounts, size_t count);
FARRO_API farro_status farro_count_min_update_keys(const farro_count_min *sketch, uint64_t *counters,
                                                   const uint64_t *keys, const uint64_t *amounts, size_t count);

FARRO_API farro_status farro_count_min_estimate(const farro_count_min *sketch, const uint64_t *counters,
                                                const uint64_t *hashes, size_t count, uint64_t *estimates);
FARRO_API farro_status farro_count_min_estimate_keys(const farro_count_min *sketch, const uint64_t *counters,
                                                     const uint64_t *keys, size_t count, uint64_t *estimates);

// Both streams together, of sketches with the same width, depth and seed. The bound holds for conservative ones too.
FARRO_API farro_status farro_count_min_merge(const farro_count_min *sketch, uint64_t *into, const uint64_t *from);

FARRO_API void farro_count_min_reference_update(const farro_count_min *sketch, uint64_t *counters,
                                                const uint64_t *hashes, const uint64_t *amounts, size_t count);

// ---- heavy hitters --------------------------------------------------------------------------------------------------

// The `capacity` elements that come most often, with counts and by how much each may be too high. Of N elements in all,
// every one that comes more than N / capacity times is there, and no count is too high by more than that. An element
// that is not there takes the place, and the count, of the one with the least count (of these, the least key). The
// result depends on the order of elements, and on nothing else: nothing is drawn at random, and no seed is needed.
// Counts, and N, stop at 2^64 - 1.
//
// Sources: A. Metwally, D. Agrawal, A. El Abbadi, "Efficient computation of frequent and top-k elements in data
// streams", ICDT 2005; merging: M. Cafaro, M. Pulimeno, P. Tempesta, Information Sciences 329, 2016.
//
// All of it is in a block of words of the caller, which may be copied; C keeps nothing.

// The words of a block for a capacity of 1 to 2^28; 0 for others.
FARRO_API size_t farro_heavy_hitters_words(size_t capacity);
FARRO_API farro_status farro_heavy_hitters_init(uint64_t *block, size_t capacity);

// Adds amounts[i] of each key (1 where `amounts` is NULL). Keys are any numbers. O(log capacity) for each; on the
// calling thread.
FARRO_API void farro_heavy_hitters_update(uint64_t *block, const uint64_t *keys, const uint64_t *amounts, size_t count);

// Both streams together: with the bounds above for all of N. FARRO_ERROR_ARGUMENT for another capacity,
// FARRO_ERROR_MEMORY.
FARRO_API farro_status farro_heavy_hitters_merge(uint64_t *into, const uint64_t *from);

// The number of elements that are there, and N.
FARRO_API size_t farro_heavy_hitters_count(const uint64_t *block);
FARRO_API uint64_t farro_heavy_hitters_total(const uint64_t *block);

// Elements that are there, in no order that means anything: keys, counts, and by how much a count is too high at most.
FARRO_API void farro_heavy_hitters_entries(const uint64_t *block, uint64_t *keys, uint64_t *counts, uint64_t *errors);

// Whether a key is there; its count and error, or the most that it may have come, twice.
FARRO_API bool farro_heavy_hitters_find(const uint64_t *block, uint64_t key, uint64_t *count, uint64_t *error);

// What farro_heavy_hitters_entries and _total gave of a block that goes on as that one would. FARRO_ERROR_ARGUMENT for
// what no block gives: too many, a key twice, a count of 0 or not above its error, counts of more than the total.
FARRO_API farro_status farro_heavy_hitters_restore(uint64_t *block, size_t capacity, uint64_t total,
                                                   const uint64_t *keys, const uint64_t *counts, const uint64_t *errors,
                                                   size_t count);

#ifdef __cplusplus
}
#endif
#endif
