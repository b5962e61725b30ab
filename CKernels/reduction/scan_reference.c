// Scans as their definitions read.
#include <math.h>

#include "include/scan.h"

#define REFERENCE(name, type, scalar, wide, start, combined)                                                           \
  farro_status farro_cumulative_##name##_reference_##type(const farro_reduction_shape *s, farro_scan_options options,  \
                                                          const scalar *x, scalar *out) {                              \
    for (size_t i = 0; i < s->outer; i++)                                                                              \
      for (size_t j = 0; j < s->inner; j++) {                                                                          \
        wide total = start;                                                                                            \
        for (size_t k = 0; k < s->axis; k++) {                                                                         \
          const size_t row = options.reverse ? s->axis - 1 - k : k, at = (i * s->axis + row) * s->inner + j;           \
          const wide value = (wide)x[at], before = total;                                                              \
          total = combined;                                                                                            \
          out[at] = (scalar)(options.exclusive ? before : total);                                                      \
        }                                                                                                              \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }

#define REFERENCES(type, scalar, wide)                                                                                 \
  REFERENCE(sum, type, scalar, wide, 0, before + value)                                                                \
  REFERENCE(product, type, scalar, wide, 1, before *value)                                                             \
  REFERENCE(max, type, scalar, wide, -INFINITY, isnan(before) || before > value ? before : value)                      \
  REFERENCE(min, type, scalar, wide, INFINITY, isnan(before) || before < value ? before : value)

REFERENCES(f32, float, double)
REFERENCES(f64, double, long double)
