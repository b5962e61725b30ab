// What the elementwise driver needs of one instruction set and element type.
#ifndef FARRO_ELEMENTWISE_ELEMENTWISE_H
#define FARRO_ELEMENTWISE_ELEMENTWISE_H

#include "runtime.h"

// Maps: out = f(in[0], in[1], in[2]).
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

#endif
