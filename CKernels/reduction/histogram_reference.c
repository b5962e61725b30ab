// Histograms as their definition reads.
#include <stdlib.h>

#include "include/histogram.h"

#define REFERENCE(type, scalar)                                                                                        \
  farro_status farro_histogram_reference_##type(size_t n, const scalar *x, const scalar *weights, size_t bins,         \
                                                const scalar *edges, int64_t *counts, double *sums) {                  \
    long double *wide = calloc(bins + 1, sizeof *wide);                                                                \
    if (!wide) return FARRO_ERROR_MEMORY;                                                                              \
    for (size_t i = 0; counts && i < bins; i++) counts[i] = 0;                                                         \
    for (size_t k = 0; k < n; k++)                                                                                     \
      for (size_t i = 0; i < bins; i++) {                                                                              \
        const bool is_last = i + 1 == bins;                                                                            \
        if (!(edges[i] <= x[k] && (x[k] < edges[i + 1] || (is_last && x[k] == edges[bins])))) continue;                \
        if (counts) counts[i]++;                                                                                       \
        if (weights) wide[i] += (long double)weights[k];                                                               \
        break;                                                                                                         \
      }                                                                                                                \
    for (size_t i = 0; sums && i < bins; i++) sums[i] = (double)wide[i];                                               \
    free(wide);                                                                                                        \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float)
REFERENCE(f64, double)
