// What the drivers of scaling need of one instruction set and element type.
#ifndef FARRO_SCALING_SCALING_H
#define FARRO_SCALING_SCALING_H

#include "runtime.h"

#include "normalization/columns.h"

// Quantiles of some columns.
typedef struct quantile_work {
  size_t rows, columns;
  const void *x;
  size_t x_row;
  bool skips_nan;
  size_t count;
  const double *probabilities; // ascending
  const size_t *places;        // where the quantile of each goes
  double *quantiles;           // (count, columns)
} quantile_work;

enum { quantile_bytes = 64 }; // of a row that are sorted out at once: a cache line

typedef struct scaling_kernels {
  size_t element_bytes;

  column_reduce ranges, ranges_skipping; // least and greatest element

  // Columns first..<last, at most quantile_bytes of a row; `space` takes that many bytes for each row.
  void (*quantiles)(const quantile_work *work, size_t first, size_t last, void *space);
} scaling_kernels;

#endif
