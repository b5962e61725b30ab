// What the drivers of softmax and of the losses need of one instruction set and element type.
#ifndef FARRO_SOFTMAX_SOFTMAX_H
#define FARRO_SOFTMAX_SOFTMAX_H

#include "runtime.h"

enum {
  softmax_kept_columns = 128 * 1024,   // the longest row whose exponentials stay in the L2 cache
  softmax_block_rows = 64,             // of a column, summed in the element type before the sum goes to double
  softmax_strip_elements = 128 * 1024, // of columns side by side, whose exponentials stay in the L2 cache
  softmax_item_columns = 256,          // that one thread takes at once
};

typedef enum softmax_operation {
  softmax_forward,
  softmax_log,
  softmax_log_sum,
  softmax_backward,
  softmax_log_backward,
  softmax_log_sum_backward,
  softmax_operations,
} softmax_operation;

// Rows along the axis, (outer, axis), or columns, (outer, axis, inner).
typedef struct softmax_work {
  size_t axis, inner;
  const void *x; // of backward operations that need no x: y
  size_t x_row;  // from one of `outer` to the next
  double factor; // 1 / temperature
  const void *bias;
  const uint8_t *keep;
  size_t bias_stride, keep_stride;
  const size_t *bias_blocks, *keep_blocks;
  const void *grad_y, *log_sum; // of backward operations
  void *y;                      // the result, y or grad_x
  size_t y_row;
  size_t columns, chunks; // inner columns that one thread takes at once, and how often `inner` has them
  bool streams;           // the result is written past the caches
} softmax_work;

// Rows with a label each.
typedef struct loss_work {
  size_t columns;
  const void *x;
  size_t x_row;
  const int64_t *labels;
  int64_t ignored;
  const void *weights; // NULL: ones
  double weight_sum;   // of all columns
  double smoothing, margin;
  const void *grad_loss; // NULL: ones
  size_t grad_loss_step; // 0: one for all rows
  double grad_factor;
  double *loss;
  void *grad_x; // NULL: not wanted
  size_t grad_row;
  bool streams;
} loss_work;

typedef void (*softmax_kernel)(const softmax_work *work, size_t first, size_t last);
typedef void (*loss_kernel)(const loss_work *work, size_t first, size_t last);

typedef struct softmax_kernels {
  size_t element_bytes;

  // Of `outer`, first..<last: without temperature and masks, and with them. Backward operations that need no masks have
  // only the former.
  softmax_kernel rows[softmax_operations], masked_rows[softmax_operations];
  // Tiles first..<last, `chunks` for each of `outer`.
  softmax_kernel columns[softmax_operations];
} softmax_kernels;

typedef struct loss_kernels {
  loss_kernel cross_entropy, hinge, hinge_sum; // rows first..<last
} loss_kernels;

#endif
