// What the convolution and pooling drivers need of one instruction set and element type.
#ifndef FARRO_CONVOLUTION_CONVOLUTION_H
#define FARRO_CONVOLUTION_CONVOLUTION_H

#include "include/convolution.h"

// Along one axis, element t of window o lies at o stride + t dilation - pad. `step` is how far apart the elements of
// neighbouring outputs lie in a patch: 1, or the stride.
typedef struct window_axis {
  size_t length, size, stride, dilation, pad, outputs, step;
} window_axis;

typedef struct window_grid {
  window_axis rows, columns;
} window_grid;

// The part of a plane that the windows of some outputs see, with its padding. In each of its rows, elements a stride
// apart lie side by side: those of one remainder (a phase) make a run, so that a vector of outputs reads contiguous
// elements whatever the stride. Where the step is the stride, there is one phase: the row as it is. The elements of
// window (p, q) lie at p rows.stride pitch + q columns.step + offset of the element.
typedef struct window_patch {
  window_grid grid;
  size_t row, rows, column, columns; // of the outputs
  size_t height;                     // rows of the patch
  size_t phase, pitch;               // elements from one phase, and from one row, to the next; whole vectors fit
} window_patch;

// Windows of a patch and what they are multiplied by, or summed with.
typedef struct window_work {
  const window_patch *patch;
  const void *elements; // of the patch
  size_t taps;          // elements of a window
  const size_t *offsets;
  const void *weights; // one per tap
  const void *bias;    // NULL, or where the sums begin
  bool relu;           // the sums end with ReLU
  const void *divisors;
  const double *row_divisors; // of pooling: y is the sum divided by both; one per output row and column of the patch
  void *y;                    // the first output
  size_t y_row;
  int64_t *indices;     // of the maxima, as y; NULL: not wanted
  const size_t *places; // with indices: of each tap on the plane, from the first one's
} window_work;

typedef struct convolution_kernels {
  size_t element_bytes, lanes;

  // The matrix whose rows are (channel, tap) of the planes at x and whose columns are outputs: rows row0..<row1 and
  // columns first..<first + used go to `to`, `pitch` elements from row to row, zeros behind them up to `width`.
  void (*unfold)(const window_grid *grid, const void *x, size_t first, size_t used, size_t width, size_t row0,
                 size_t row1, void *to, size_t pitch);
  // Adds such a part, of rows 0..<rows, to the planes.
  void (*fold)(const window_grid *grid, const void *from, size_t pitch, size_t first, size_t used, size_t rows,
               void *x);

  void (*fill_rows)(size_t rows, size_t columns, const void *values, void *to, size_t ld); // each with its value
  void (*activate)(farro_activation activation, size_t n, void *x);
  void (*add)(size_t n, const void *x, void *sums);
  double (*sum)(size_t n, const void *x);
  // The maximum, as pooling defines it, and its first position; n >= 1.
  double (*maximum)(size_t n, const void *x, size_t *index);

  // A patch of the plane, with `pad` for its padding, and an element of the padding for what it does not have.
  void (*gather_patch)(const window_patch *patch, const void *plane, double pad, void *to);
  // Writes the whole plane that a patch of all outputs was taken from; 0 where no window reaches.
  void (*scatter_patch)(const window_patch *patch, const void *from, void *plane);

  void (*depthwise)(const window_work *work);
  // Adds weights times y to the elements of the patch, which are written.
  void (*depthwise_backward_x)(const window_work *work, void *elements);
  // Adds the sums of y times the elements to sums, one per tap.
  void (*depthwise_backward_weight)(const window_work *work, double *sums);
  // These take steps of 1 and 2. Of rows of `lanes` outputs or more, of windows no narrower than the step, they read
  // no element that no window has.
  void (*average)(const window_work *work);
  // shares = y / (row count times the columns' counts).
  void (*divide)(size_t n, const void *y, double row_count, const void *column_counts, void *shares);
  void (*max)(const window_work *work);
} convolution_kernels;

#endif
