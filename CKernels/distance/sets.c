// Entries of the distances between sets. Counts are exact, so that nothing depends on the cut.
#include "include/set_distance.h"

#include "distance/sets.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum { tile_sets = 64, paired_sets = 64 };

// Of an element of one of two lists, on one thread.
static const double nanoseconds_per_element = 1;

static float distance(size_t x_count, size_t y_count, size_t common) {
  const size_t all = x_count + y_count, either = all - common;
  return either == 0 ? 0 : (float)(either - common) / (float)either;
}

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
  farro_status farro_set_distances_##type(const farro_sets_##type *x, const farro_sets_##type *y, float *out,          \
                                          size_t ld_out) {                                                             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (!are_rows(x->sets, y->sets, ld_out)) return FARRO_ERROR_ARGUMENT;                                              \
    if (x->sets == 0 || y->sets == 0) return FARRO_OK;                                                                 \
    work_##type w = {kernels->sets, x, y, ceil_divide(y->sets, tile_sets), out, ld_out};                               \
    const double walked = elements_##type(x) * (double)y->sets + elements_##type(y) * (double)x->sets;                 \
    farro_parallel_for(ceil_divide(x->sets, tile_sets) * w.chunks, 1, walked * nanoseconds_per_element,                \
                       measure_##type, &w);                                                                            \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_paired_set_distances_##type(const farro_sets_##type *x, const farro_sets_##type *y, float *out) { \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (x->sets != y->sets) return FARRO_ERROR_ARGUMENT;                                                               \
    if (x->sets == 0) return FARRO_OK;                                                                                 \
    work_##type w = {.kernels = kernels->sets, .x = x, .y = y, .out = out};                                            \
    farro_parallel_for(x->sets, paired_sets, (elements_##type(x) + elements_##type(y)) * nanoseconds_per_element,      \
                       measure_pairs_##type, &w);                                                                      \
    return FARRO_OK;                                                                                                   \
  }

ENTRIES(u32, uint32_t)
ENTRIES(u64, uint64_t)
