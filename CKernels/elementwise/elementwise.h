// What the elementwise and reduction drivers need of one instruction set and element type.
#ifndef FARRO_ELEMENTWISE_ELEMENTWISE_H
#define FARRO_ELEMENTWISE_ELEMENTWISE_H

#include "runtime.h"

// ---- maps: out = f(in[0], in[1], in[2]) ----

typedef enum map_operation {
  map_add,
  map_subtract,
  map_multiply,
  map_divide,
  map_multiply_add,
  map_relu,
  map_exp,
  map_tanh,
  map_sigmoid,
  map_erf,
  map_silu,
  map_gelu,
  map_gelu_tanh,
  map_operations,
} map_operation;

enum { map_most_operands = 3 };

typedef struct map_operand {
  const void *base;
  size_t row, step; // elements from one row, and from one element, to the next; step 0 or 1
} map_operand;

typedef struct map_view {
  size_t rows, columns;
  map_operand in[map_most_operands];
  void *out;
  size_t out_row;
  bool streaming; // the result goes past the caches
} map_view;

typedef struct elementwise_kernels {
  size_t element_bytes;
  void (*map[map_operations])(const map_view *view);
} elementwise_kernels;

// ---- reductions ----

typedef enum reduction {
  reduction_sum,
  reduction_moments,
  reduction_max,
  reduction_argmax,
  reductions,
} reduction;

enum {
  reduction_row = 4096, // most contiguous elements that a kernel reduces at once
  reduction_rows = 128, // most rows and columns of the strided case: the second pass of the moments finds 256 KiB
  reduction_columns =
      512, // (f64: 512 KiB) in the L2 cache, and every row is still half a page or more of memory in a run
};

// The origin of the moments is the first row of the whole axis: means counted from it lose no digits to a common offset
// when blocks are merged.
//
// A kernel's result is one or two numbers, wider than the elements so that merging many of them adds no error:
//   sum: first = the sum         moments: first = mean - origin, second = sum of squared differences from it
//   max: first = the maximum     argmax:  first = the maximum, second = its first index, counted from the block's start
typedef struct reduction_kernels {
  size_t element_bytes;
  // Of n >= 1 contiguous elements.
  void (*row[reductions])(const void *x, size_t n, const void *origin, double *first, double *second);
  // Of each of `columns` columns over rows >= 1 rows, `stride` elements apart; `second` is not touched where unused.
  void (*columns[reductions])(const void *x, size_t rows, size_t columns, size_t stride, const void *origin,
                              double *first, double *second);
} reduction_kernels;

#endif
