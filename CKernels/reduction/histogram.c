// Entry of the histograms: check, plan, partition. Each block of the elements has a table of its own; a kernel finds
// the bins of some elements, which are then counted.
#include <math.h>
#include <string.h>

#include "reduction.h"

#include "include/histogram.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum {
  block_elements = 64 * 1024, // at least
  most_blocks = 64,
  few_bins = 1024, // of these a block has several tables
  tables = 4,      // for elements in turn: an increment of the same place waits for the one before it
};

// Rough speed of one thread, to decide about waking others.
static const double element_nanoseconds = 1;

typedef struct {
  const histogram_kernels *kernels;
  const histogram_bins *bins;
  const char *x, *weights;
  size_t element_bytes, n, block, table; // table: entries of a block, the last of each table for what has no bin
  union {
    int64_t *counts;
    double *sums;
  };
} histogram_work;

static size_t elements_of(const histogram_work *w, size_t block) { return smaller(w->block, w->n - block * w->block); }

static void count_blocks(void *context, size_t first, size_t last) {
  const histogram_work *w = context;
  const size_t entries = w->bins->bins + 1, copies = w->table / entries;
  uint32_t found[histogram_step];
  for (size_t block = first; block < last; block++) {
    int64_t *counts = w->counts + block * w->table;
    memset(counts, 0, w->table * sizeof *counts);
    int64_t *turns[tables];
    for (size_t t = 0; t < tables; t++) turns[t] = counts + t % copies * entries;
    const size_t n = elements_of(w, block);
    for (size_t i = 0; i < n; i += histogram_step) {
      const size_t some = smaller(histogram_step, n - i);
      w->kernels->find(w->bins, w->x + (block * w->block + i) * w->element_bytes, some, found);
      size_t k = 0;
      for (; k + tables <= some; k += tables)
        for (size_t t = 0; t < tables; t++) turns[t][found[k + t]]++;
      for (; k < some; k++) counts[found[k]]++;
    }
    for (size_t t = 1; t < copies; t++)
      for (size_t b = 0; b < entries; b++) counts[b] += counts[t * entries + b];
  }
}

static void weigh_blocks(void *context, size_t first, size_t last) {
  const histogram_work *w = context;
  uint32_t found[histogram_step];
  for (size_t block = first; block < last; block++) {
    double *sums = w->sums + block * w->table;
    for (size_t b = 0; b < w->table; b++) sums[b] = 0;
    const size_t n = elements_of(w, block);
    for (size_t i = 0; i < n; i += histogram_step) {
      const size_t some = smaller(histogram_step, n - i), at = (block * w->block + i) * w->element_bytes;
      w->kernels->find(w->bins, w->x + at, some, found);
      const void *weights = w->weights + at;
      if (w->element_bytes == sizeof(float))
        for (size_t k = 0; k < some; k++) sums[found[k]] += (double)((const float *)weights)[k];
      else
        for (size_t k = 0; k < some; k++) sums[found[k]] += ((const double *)weights)[k];
    }
  }
}

// To counts, or with weights to sums.
static farro_status histogram(const histogram_kernels *kernels, const histogram_bins *h, size_t element_bytes, size_t n,
                              const void *x, const void *weights, int64_t *counts, double *sums) {
  const size_t blocks = larger(1, smaller(most_blocks, n / larger(block_elements, h->bins)));
  histogram_work w = {
      .kernels = kernels, .bins = h, .x = x, .weights = weights, .element_bytes = element_bytes, .n = n};
  w.block = ceil_divide(n, blocks);
  w.table = (h->bins + 1) * (!weights && h->bins <= few_bins ? tables : 1);
  const size_t bytes = blocks * w.table * sizeof(int64_t);
  w.counts = farro_allocate(bytes);
  if (!w.counts) return FARRO_ERROR_MEMORY;
  const double nanoseconds = element_nanoseconds * (double)n;
  farro_parallel_for(blocks, 1, nanoseconds, weights ? weigh_blocks : count_blocks, &w);
  for (size_t b = 0; b < h->bins; b++) {
    if (weights) {
      sums[b] = 0;
      for (size_t block = 0; block < blocks; block++) sums[b] += w.sums[block * w.table + b];
    } else {
      counts[b] = 0;
      for (size_t block = 0; block < blocks; block++) counts[b] += w.counts[block * w.table + b];
    }
  }
  farro_release(w.counts, bytes);
  return FARRO_OK;
}

// The rounding of place = (x - low) scale is below 4 u bins; an edge is off by 3 u (high - low) for the steps to it,
// and u of its own size. Doubled.
static histogram_bins equal_bins(size_t bins, const void *edges, double low, double high, double u) {
  const double scale = (double)bins / (high - low), most = fmax(fabs(low), fabs(high));
  const double tolerance = 2 * u * (7 * (double)bins + most * scale);
  const bool serves = tolerance < 0.25 && isfinite(scale) && scale * u > 0;
  return (histogram_bins){bins, edges, serves ? scale : 0, tolerance};
}

static bool are_bins(size_t bins, double low, double high) {
  return bins > 0 && bins < INT32_MAX && low < high && isfinite(high - low);
}

#define ENTRIES(type, scalar, unit)                                                                                    \
  farro_status farro_histogram_edges_##type(size_t bins, scalar low, scalar high, scalar *edges) {                     \
    if (!are_bins(bins, (double)low, (double)high)) return FARRO_ERROR_ARGUMENT;                                       \
    const double step = ((double)high - (double)low) / (double)bins;                                                   \
    for (size_t i = 0; i < bins; i++) edges[i] = (scalar)((double)low + (double)i * step);                             \
    edges[bins] = high;                                                                                                \
    for (size_t i = bins; i > 0 && edges[i - 1] > high; i--) edges[i - 1] = high;                                      \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  static farro_status equal_##type(size_t n, const scalar *x, const scalar *weights, size_t bins, scalar low,          \
                                   scalar high, int64_t *counts, double *sums) {                                       \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (!are_bins(bins, (double)low, (double)high)) return FARRO_ERROR_ARGUMENT;                                       \
    const size_t bytes = (bins + 1) * sizeof(scalar);                                                                  \
    scalar *edges = farro_allocate(bytes);                                                                             \
    if (!edges) return FARRO_ERROR_MEMORY;                                                                             \
    farro_histogram_edges_##type(bins, low, high, edges);                                                              \
    const histogram_bins h = equal_bins(bins, edges, (double)low, (double)high, unit);                                 \
    const farro_status status = histogram(kernels->histogram_##type, &h, sizeof(scalar), n, x, weights, counts, sums); \
    farro_release(edges, bytes);                                                                                       \
    return status;                                                                                                     \
  }                                                                                                                    \
  static farro_status between_##type(size_t n, const scalar *x, const scalar *weights, size_t bins,                    \
                                     const scalar *edges, int64_t *counts, double *sums) {                             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (bins == 0 || bins >= INT32_MAX) return FARRO_ERROR_ARGUMENT;                                                   \
    for (size_t i = 0; i < bins; i++)                                                                                  \
      if (!(edges[i] <= edges[i + 1])) return FARRO_ERROR_ARGUMENT;                                                    \
    const histogram_bins h = {bins, edges, 0, 0};                                                                      \
    return histogram(kernels->histogram_##type, &h, sizeof(scalar), n, x, weights, counts, sums);                      \
  }                                                                                                                    \
  farro_status farro_histogram_##type(size_t n, const scalar *x, size_t bins, scalar low, scalar high,                 \
                                      int64_t *counts) {                                                               \
    return equal_##type(n, x, NULL, bins, low, high, counts, NULL);                                                    \
  }                                                                                                                    \
  farro_status farro_weighted_histogram_##type(size_t n, const scalar *x, const scalar *weights, size_t bins,          \
                                               scalar low, scalar high, double *sums) {                                \
    return equal_##type(n, x, weights, bins, low, high, NULL, sums);                                                   \
  }                                                                                                                    \
  farro_status farro_histogram_between_##type(size_t n, const scalar *x, size_t bins, const scalar *edges,             \
                                              int64_t *counts) {                                                       \
    return between_##type(n, x, NULL, bins, edges, counts, NULL);                                                      \
  }                                                                                                                    \
  farro_status farro_weighted_histogram_between_##type(size_t n, const scalar *x, const scalar *weights, size_t bins,  \
                                                       const scalar *edges, double *sums) {                            \
    return between_##type(n, x, weights, bins, edges, NULL, sums);                                                     \
  }

ENTRIES(f32, float, 0x1p-24)
ENTRIES(f64, double, 0x1p-53)
