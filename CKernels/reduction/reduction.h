// What the drivers of reductions, scans and histograms need of one instruction set and element type.
#ifndef FARRO_REDUCTION_REDUCTION_H
#define FARRO_REDUCTION_REDUCTION_H

#include "runtime.h"

// ---- reductions ----

typedef enum reduction {
  reduction_sum,
  reduction_product,
  reduction_max,
  reduction_min,
  reduction_moments,
  reduction_argmax,
  reduction_argmin,
  reductions,
} reduction;

enum {
  reduction_row = 4096, // most contiguous elements that a kernel reduces at once
  // Most rows of the strided case, and bytes of a row: whole pages of memory are read in a run, and the second pass of
  // the moments finds its 512 KiB in the L2 cache.
  reduction_rows = 128,
  reduction_row_bytes = 4096,
  reduction_columns = reduction_row_bytes / sizeof(float), // most columns of any element type
};

// The origin of the moments is the first row of the whole axis: means counted from it lose no digits to a common offset
// when blocks are merged.
//
// A kernel's result is one or two numbers, wider than the elements so that merging many of them adds no error:
//   sum, product, max, min: first = it
//   moments: first = mean - origin, second = sum of squared differences from the mean
//   argmax, argmin: first = the maximum or minimum, second = its first index, counted from the block's start
typedef struct reduction_kernels {
  size_t element_bytes;
  // Of n >= 1 contiguous elements.
  void (*row[reductions])(const void *x, size_t n, const void *origin, double *first, double *second);
  // Of each of `columns` columns over rows >= 1 rows, `stride` elements apart; `second` is not touched where unused.
  void (*columns[reductions])(const void *x, size_t rows, size_t columns, size_t stride, const void *origin,
                              double *first, double *second);
} reduction_kernels;

// ---- scans ----

// Most elements, or rows, of a block: what comes before it is added to sums that are no longer than it.
enum { scan_row = 1024, scan_rows = 128 };

typedef struct scan_block {
  const void *x;
  void *out; // may be x
  size_t rows, columns, stride;
  bool reverse, exclusive;
  bool streams; // the result goes past the caches where it is aligned
  // What the elements before the block come to, of each column; for sums in two parts.
  const double *high, *low;
} scan_block;

// For the first four reductions.
typedef struct scan_kernels {
  void (*row[reduction_moments])(const scan_block *block);     // of `rows` contiguous elements
  void (*columns[reduction_moments])(const scan_block *block); // of up to reduction_columns columns
} scan_kernels;

// ---- histograms ----

enum {
  histogram_step = 1024,  // elements whose bins are found at once
  histogram_compared = 64 // most edges that every element is compared with
};

typedef struct histogram_bins {
  size_t bins;
  const void *edges; // bins + 1
  // Of equal bins: an element's distance from the first edge times `scale` is its bin's number, but where it is within
  // `tolerance` of an integer. 0 for others, and where the tolerance would be half a bin.
  double scale, tolerance;
} histogram_bins;

typedef struct histogram_kernels {
  // found[i] = the bin of x[i], or `bins` where it has none; n <= histogram_step.
  void (*find)(const histogram_bins *h, const void *x, size_t n, uint32_t *found);
} histogram_kernels;

// ---- any, all ----

enum {
  truth_row = 64 * 1024, // most contiguous bytes of a task
  truth_rows = 256,      // most rows and columns of the strided case
  truth_columns = 4096,
};

// Whether there is a byte that is 0 (or, without `zeros`, that is not).
typedef struct truth_kernels {
  bool (*row)(const uint8_t *x, size_t n, bool zeros);
  // Of each of up to truth_columns columns over rows >= 1 rows, `stride` bytes apart.
  void (*columns)(const uint8_t *x, size_t rows, size_t columns, size_t stride, bool zeros, uint8_t *found);
} truth_kernels;

#endif
