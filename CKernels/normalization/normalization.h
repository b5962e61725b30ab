// What the normalization drivers need of one instruction set and element type.
#ifndef FARRO_NORMALIZATION_NORMALIZATION_H
#define FARRO_NORMALIZATION_NORMALIZATION_H

#include "runtime.h"

enum {
  normalization_block_columns = 4096, // summed in the element type before the sum goes to double
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

typedef struct normalization_kernels {
  size_t element_bytes;

  // Rows first..<last.
  void (*layer_norm)(const row_work *work, size_t first, size_t last);
  void (*rms_norm)(const row_work *work, size_t first, size_t last);
  void (*softmax)(const row_work *work, size_t first, size_t last);
} normalization_kernels;

#endif
