// Distances between sets as the definition reads.
#include "include/set_distance.h"

#define REFERENCE(type, element)                                                                                       \
  farro_status farro_set_distances_reference_##type(const farro_sets_##type *x, const farro_sets_##type *y,            \
                                                    float *out, size_t ld_out) {                                       \
    for (size_t i = 0; i < x->sets; i++)                                                                               \
      for (size_t j = 0; j < y->sets; j++) {                                                                           \
        int64_t both = 0;                                                                                              \
        for (int64_t a = x->offsets[i]; a < x->offsets[i + 1]; a++)                                                    \
          for (int64_t b = y->offsets[j]; b < y->offsets[j + 1]; b++) both += x->elements[a] == y->elements[b];        \
        const int64_t either = x->offsets[i + 1] - x->offsets[i] + y->offsets[j + 1] - y->offsets[j] - both;           \
        out[i * ld_out + j] = either == 0 ? 0 : (float)((double)(either - both) / (double)either);                     \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(u32, uint32_t)
REFERENCE(u64, uint64_t)
