// What the normalization drivers need of one instruction set and element type.
#ifndef FARRO_NORMALIZATION_NORMALIZATION_H
#define FARRO_NORMALIZATION_NORMALIZATION_H

#include "runtime.h"

enum {
  normalization_block_columns = 4096, // summed in the element type before the sum goes to double
  normalization_block_rows = 256,     // the same, down a column
};

// Rows to normalize one by one.
typedef struct row_work {
  size_t columns;
  const void *x;
  size_t x_row;
  const void *scale, *offset; // NULL: ones, zeros
  double epsilon;
  void *y;
  size_t y_row;
  bool streams; // y is written past the caches
} row_work;

// Columns to shift and scale.
typedef struct column_work {
  size_t columns;
  const void *x;
  size_t x_row;
  const double *mean, *deviation;
  void *y;
  size_t y_row;
  bool streams;
} column_work;

typedef struct normalization_kernels {
  size_t element_bytes;

  // Rows first..<last.
  void (*layer_norm)(const row_work *work, size_t first, size_t last);
  void (*rms_norm)(const row_work *work, size_t first, size_t last);
  void (*scale_columns)(const column_work *work, size_t first, size_t last);

  // Mean and sum of squared deviations of each column of a block of 1...normalization_block_rows rows.
  void (*column_moments)(size_t rows, size_t columns, const void *x, size_t x_row, double *mean, double *squares);
} normalization_kernels;

#endif
