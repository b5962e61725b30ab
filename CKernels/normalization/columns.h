// What the drivers of columns need of one instruction set and element type, and the driver of their reductions.
#ifndef FARRO_NORMALIZATION_COLUMNS_H
#define FARRO_NORMALIZATION_COLUMNS_H

#include "runtime.h"

enum {
  column_block_rows = 256,   // summed in the element type before the sum goes to double
  column_block_run = 2048,   // the same, of the contiguous elements of a channel
  column_chunk = 1024,       // columns of one task
  column_reduction_parts = 3 // most results of a reduction
};

// ---- reductions of columns ----

// What is reduced: x, or the products of grad_y with x - center.
typedef struct column_operand {
  size_t columns;
  const void *x;
  size_t x_row;
  const void *grad_y; // rows of `columns`
  const void *center; // of each column, in the element type
} column_operand;

// Reduces rows row..<row + rows of columns first..<last; results[p][j] is result p of column j. 1...column_block_rows
// rows.
typedef void (*column_reduce)(const column_operand *operand, size_t row, size_t rows, size_t first, size_t last,
                              double *const results[column_reduction_parts]);

// Merges the results of `rows` more rows into those of `before` rows, for columns first..<last.
typedef void (*column_merge)(size_t before, size_t rows, size_t first, size_t last,
                             double *const into[column_reduction_parts], double *const more[column_reduction_parts]);

typedef struct column_reduction {
  column_reduce reduce;
  column_merge merge;
  size_t parts;
  size_t row_bytes; // that are read, to estimate the time
} column_reduction;

// Blocks of rows in parallel, merged in order; rows > 0. FARRO_ERROR_MEMORY without work space for the results of
// blocks.
farro_status farro_reduce_columns(const column_reduction *reduction, const column_operand *operand, size_t rows,
                                  double *const results[column_reduction_parts]);

// results: mean, sum of squared deviations.
void farro_merge_moments(size_t before, size_t rows, size_t first, size_t last,
                         double *const into[column_reduction_parts], double *const more[column_reduction_parts]);

// ---- writing ----

// y = (x - center) factor + shift, or y = grad_y factor + (x - center) slope + shift. Parameters are in the element
// type: one of each column, or of each channel of runs.
typedef struct column_parameters {
  const void *center, *factor, *slope, *shift;
} column_parameters;

typedef struct column_work {
  size_t columns; // elements of a row or of a run
  const void *x;
  size_t x_row;
  const void *grad_y; // rows of `columns`
  column_parameters parameters;
  size_t channels; // of runs, which follow one another: run i is of channel i % channels
  void *y;
  size_t y_row;
  bool streams; // y is written past the caches
} column_work;

// Rows, or runs, first..<last.
typedef void (*column_write)(const column_work *work, size_t first, size_t last);

void farro_write_columns(column_write write, column_work *work, size_t rows, size_t element_bytes);

typedef struct column_kernels {
  size_t element_bytes;

  column_reduce moments;          // mean, sum of squared deviations
  column_reduce moments_skipping; // the same of numbers alone, and how many they are
  column_reduce products;         // sum of grad_y, sum of grad_y (x - center)

  // The same of 1...column_block_run contiguous elements of one channel.
  void (*run_moments)(size_t n, const void *x, double *mean, double *square);
  void (*run_products)(size_t n, const void *grad_y, const void *x, double center, double *sum, double *product);

  column_write scale, gradient, scale_runs, gradient_runs;

  void (*widen)(size_t n, const void *from, double *to);
  void (*narrow)(size_t n, size_t repeat, const double *from, void *to); // each of n values `repeat` times
} column_kernels;

// y = (x - center) factor + shift, with numbers of each column; shift NULL: zeros. work->parameters need not be set.
farro_status farro_scale_columns_by(const column_kernels *kernels, size_t rows, column_work *work, const double *center,
                                    const double *factor, const double *shift);

#endif
