// What the normalization drivers need of one instruction set and element type.
#ifndef FARRO_NORMALIZATION_NORMALIZATION_H
#define FARRO_NORMALIZATION_NORMALIZATION_H

#include "runtime.h"

enum {
  normalization_block_rows = 256,        // of a column, summed in the element type before the sum goes to double
  normalization_long_bytes = 512 * 1024, // a row of more is not found in the L2 cache a second time
};

// ---- rows ----

// What a row is divided by: its deviation, once its mean is off; its root mean square; its length.
typedef enum norm_kind { norm_layer, norm_rms, norm_l2, norm_kinds } norm_kind;

// Rows to normalize one by one.
typedef struct row_work {
  size_t columns;
  const void *x;
  size_t x_row;
  const void *residual; // added to x; NULL: nothing is
  size_t residual_row;
  const void *scale, *offset; // NULL: ones, zeros
  double epsilon;
  void *sum; // gets x + residual; NULL: not wanted
  size_t sum_row;
  void *y;
  size_t y_row;
  double *mean, *inverse; // of each row; NULL: not wanted
  bool streams;           // y, and sum, are written past the caches
} row_work;

// The way back.
typedef struct row_gradient_work {
  size_t columns;
  const void *grad_y;
  size_t grad_y_row;
  const void *x;
  size_t x_row;
  const double *mean, *inverse; // as row_work gave them; NULL: taken once more, with `epsilon`
  double epsilon;
  const void *scale; // NULL: ones
  void *grad_x;
  size_t grad_x_row;
  bool streams;
} row_gradient_work;

// Kernels of rows first..<last.
typedef struct row_norm_kernels {
  size_t element_bytes, scalar_bytes; // in memory; of parameters and sums
  void (*forward[norm_kinds])(const row_work *work, size_t first, size_t last);
  // `products` and `sums` get, for each column, the sums over these rows of grad_y z and, for layer norm, of grad_y.
  // products NULL: neither is wanted.
  void (*backward[norm_kinds])(const row_gradient_work *work, size_t first, size_t last, void *products, void *sums);
} row_norm_kernels;

// ---- groups of channels ----

// Items are the groups of all samples, in order: `channels` runs of `spatial` elements, all contiguous.
typedef struct group_work {
  size_t groups, channels, spatial; // of a sample; of a group; of a channel
  const void *x;
  const void *scale, *offset; // of each channel of a sample; NULL: ones, zeros
  bool spread;                // they have been repeated for each element of a sample
  double epsilon;
  void *y;
  double *mean, *inverse; // of each item; NULL: not wanted
  bool streams;
} group_work;

typedef struct group_gradient_work {
  size_t groups, channels, spatial;
  const void *grad_y, *x;
  const double *mean, *inverse; // of each item; NULL: taken once more
  double epsilon;
  const void *scale;
  void *grad_x;
  double *products, *sums; // of grad_y z and of grad_y, of each channel of each item; NULL: not wanted
  bool streams;
} group_gradient_work;

// Items first..<last.
typedef struct group_norm_kernels {
  size_t element_bytes;
  void (*forward)(const group_work *work, size_t first, size_t last);
  void (*backward)(const group_gradient_work *work, size_t first, size_t last);
} group_norm_kernels;

#endif
