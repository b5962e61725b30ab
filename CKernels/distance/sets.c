// Entries of the distances between sets. Counts are exact, so that nothing depends on the cut.
#include "include/set_distance.h"

#include <string.h>

#include "distance/sets.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum {
  tile_sets = 64,
  paired_sets = 64,
  counted_sets = 16,               // of x, at a time, with
  most_counts = 1 << 14,           // which lie in the L1 cache or near
  most_indexed_sets = 4096,        // of y, at a time
  most_indexed_elements = 1 << 20, // of these
  places_at_once = 4,              // of an index
  sampled_elements = 2048,         // of x, to see what an index costs
  part_elements = 1 << 14,         // of an index, that one task enters at least,
  most_parts = 32,                 // in so many tasks
};

// Of one thread, measured at 2 to 10 MB of elements: for a byte of one of two lists that are merged, and for an
// element that is searched in the other;
static const double nanoseconds_per_byte = 0.15, nanoseconds_to_search = 30;
// to enter an element into an index, to look one up, for each set that is found with it, and for a distance.
static const double nanoseconds_to_enter = 4.5, nanoseconds_to_look_up = 4.5, nanoseconds_to_count = 1.5,
                    nanoseconds_to_write = 1;
// Ranges with more places than this for an element may be heaps of elements.
static const double few_places = 4;

static float distance(size_t x_count, size_t y_count, size_t common) {
  const size_t all = x_count + y_count, either = all - common;
  return either == 0 ? 0 : (float)(either - common) / (float)either;
}

static void write_distances(size_t n, int32_t x_count, const int32_t *y_counts, const uint32_t *common, float *out) {
  for (size_t i = 0; i < n; i++) {
    const int32_t both = (int32_t)common[i], either = x_count + y_counts[i] - both;
    out[i] = (float)(either - both) / (float)(either == 0 ? 1 : either); // of two empty ones 0 / 1
  }
}

#define ELEMENT uint32_t
#define SETS farro_sets_u32
#define NAMED(name) name##_u32
#include "distance/set_counts.h"
#undef ELEMENT
#undef SETS
#undef NAMED

#define ELEMENT uint64_t
#define SETS farro_sets_u64
#define NAMED(name) name##_u64
#include "distance/set_counts.h"
#undef ELEMENT
#undef SETS
#undef NAMED

#define ENTRIES(type, element)                                                                                         \
  typedef struct {                                                                                                     \
    const set_kernels *kernels;                                                                                        \
    const farro_sets_##type *x, *y;                                                                                    \
    size_t chunks; /* of y */                                                                                          \
    float *out;                                                                                                        \
    size_t ld_out;                                                                                                     \
  } work_##type;                                                                                                       \
                                                                                                                       \
  static float distance_##type(const work_##type *w, size_t i, size_t j) {                                             \
    const int64_t *x = w->x->offsets + i, *y = w->y->offsets + j;                                                      \
    const size_t x_count = (size_t)(x[1] - x[0]), y_count = (size_t)(y[1] - y[0]);                                     \
    return distance(x_count, y_count,                                                                                  \
                    w->kernels->common_##type(w->x->elements + x[0], x_count, w->y->elements + y[0], y_count));        \
  }                                                                                                                    \
                                                                                                                       \
  /* Items are (tile of x, tile of y): the sets of both stay in the caches. */                                         \
  static void measure_##type(void *context, size_t begin, size_t end) {                                                \
    const work_##type *w = context;                                                                                    \
    for (size_t item = begin; item < end; item++) {                                                                    \
      const size_t row = item / w->chunks * tile_sets, last_row = smaller(row + tile_sets, w->x->sets);                \
      const size_t column = item % w->chunks * tile_sets, last = smaller(column + tile_sets, w->y->sets);              \
      for (size_t i = row; i < last_row; i++)                                                                          \
        for (size_t j = column; j < last; j++) w->out[i * w->ld_out + j] = distance_##type(w, i, j);                   \
    }                                                                                                                  \
  }                                                                                                                    \
  static void measure_pairs_##type(void *context, size_t first, size_t last) {                                         \
    const work_##type *w = context;                                                                                    \
    for (size_t i = first; i < last; i++) w->out[i] = distance_##type(w, i, i);                                        \
  }                                                                                                                    \
                                                                                                                       \
  static double elements_##type(const farro_sets_##type *x) {                                                          \
    return (double)(x->offsets[x->sets] - x->offsets[0]) + 4 * (double)x->sets;                                        \
  }                                                                                                                    \
                                                                                                                       \
  /* What it takes to compare all pairs of sets as lists. */                                                           \
  static double merging_##type(const farro_sets_##type *x, const farro_sets_##type *y) {                               \
    const double of_x = elements_##type(x) * (double)y->sets, of_y = elements_##type(y) * (double)x->sets;             \
    const double walk = (of_x + of_y) * sizeof(element) * nanoseconds_per_byte;                                        \
    const double search = (of_x < of_y ? of_x : of_y) * nanoseconds_to_search;                                         \
    return walk < search ? walk : search;                                                                              \
  }                                                                                                                    \
                                                                                                                       \
  static int64_t most_elements_##type(const farro_sets_##type *x) {                                                    \
    int64_t most = 0;                                                                                                  \
    for (size_t i = 0; i < x->sets; i++)                                                                               \
      most = x->offsets[i + 1] - x->offsets[i] > most ? x->offsets[i + 1] - x->offsets[i] : most;                      \
    return most;                                                                                                       \
  }                                                                                                                    \
                                                                                                                       \
  /* As many sets from `first` on as an index takes, or one. */                                                        \
  static size_t indexed_sets_##type(const farro_sets_##type *y, size_t first) {                                        \
    size_t last = first + 1;                                                                                           \
    while (last < y->sets && last - first < most_indexed_sets &&                                                       \
           y->offsets[last + 1] - y->offsets[first] <= most_indexed_elements)                                          \
      last++;                                                                                                          \
    return last - first;                                                                                               \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_set_distances_##type(const farro_sets_##type *x, const farro_sets_##type *y, float *out,          \
                                          size_t ld_out) {                                                             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (!are_rows(x->sets, y->sets, ld_out)) return FARRO_ERROR_ARGUMENT;                                              \
    if (x->sets == 0 || y->sets == 0) return FARRO_OK;                                                                 \
    const bool is_large = most_elements_##type(x) > INT32_MAX / 4;                                                     \
    for (size_t first = 0, sets; first < y->sets; first += sets) {                                                     \
      sets = indexed_sets_##type(y, first);                                                                            \
      const farro_sets_##type some = {sets, y->offsets + first, y->elements};                                          \
      const double nanoseconds = merging_##type(x, &some);                                                             \
      if (sets > 1 && !is_large && measure_by_index_##type(x, &some, nanoseconds, out + first, ld_out)) continue;      \
      work_##type w = {kernels->sets, x, &some, ceil_divide(sets, tile_sets), out + first, ld_out};                    \
      farro_parallel_for(ceil_divide(x->sets, tile_sets) * w.chunks, 1, nanoseconds, measure_##type, &w);              \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_paired_set_distances_##type(const farro_sets_##type *x, const farro_sets_##type *y, float *out) { \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (x->sets != y->sets) return FARRO_ERROR_ARGUMENT;                                                               \
    if (x->sets == 0) return FARRO_OK;                                                                                 \
    work_##type w = {.kernels = kernels->sets, .x = x, .y = y, .out = out};                                            \
    farro_parallel_for(x->sets, paired_sets,                                                                           \
                       (elements_##type(x) + elements_##type(y)) * sizeof(element) * nanoseconds_per_byte,             \
                       measure_pairs_##type, &w);                                                                      \
    return FARRO_OK;                                                                                                   \
  }

ENTRIES(u32, uint32_t)
ENTRIES(u64, uint64_t)
