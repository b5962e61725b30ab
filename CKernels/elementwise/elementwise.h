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
  map_step,
  map_linear,
  map_leaky_relu,
  map_prelu,
  map_hard_sigmoid,
  map_hard_swish,
  // Gradients: in[0] is that of the result, in[1] the x or the y that activation.h names.
  map_step_backward,
  map_linear_backward,
  map_relu_backward,
  map_leaky_relu_backward,
  map_elu_backward,
  map_sigmoid_backward,
  map_tanh_backward,
  map_hard_sigmoid_backward,
  map_hard_swish_backward,
  // From here on, arithmetic takes longer than memory.
  map_exp,
  map_log,
  map_sin,
  map_cos,
  map_tanh,
  map_sigmoid,
  map_erf,
  map_silu,
  map_gelu,
  map_gelu_tanh,
  map_elu,
  map_softplus,
  map_silu_backward,
  map_gelu_backward,
  map_gelu_tanh_backward,
  map_softplus_backward,
  // Fast forms that kernels use; here so that tests reach them.
  map_exp_fast,
  map_log_fast,
  map_sin_fast,
  map_cos_fast,
  map_tanh_fast,
  map_erf_fast,
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
  bool streaming;   // the result goes past the caches
  size_t period;    // rows after which in[1] starts again; 0: never
  size_t first_row; // of the view in the whole, where that counts
  double a, b;      // parameters of the operation
} map_view;

// ---- activations over channels ----

enum { prelu_run = 4096 }; // most elements that are summed in the element type

// Rows of `channels` channels of `inner` elements, channel_step apart, of which a part is taken; sums has a number for
// each channel, to which is added.
typedef struct prelu_view {
  const void *grad_y, *x, *slope;
  void *grad_x;
  double *sums;
  size_t rows, channels, inner, channel_step;
} prelu_view;

// y[i, j] for rows of columns is the greatest of x[i * x_row + j * step + k * piece_step] for k < pieces; either steps
// are 1 and the pieces a row apart, or pieces follow one another. In the gradient, x is written and y read.
typedef struct maxout_view {
  void *x, *y;
  int32_t *argmax;
  size_t rows, columns, pieces, x_row, step, piece_step;
} maxout_view;

typedef struct elementwise_kernels {
  size_t element_bytes;
  void (*map[map_operations])(const map_view *view);
  void (*prelu_backward)(const prelu_view *view);
  void (*maxout)(const maxout_view *view);
  void (*maxout_backward)(const maxout_view *view);
} elementwise_kernels;

// The map of one call: checks, plans and runs it.
farro_status farro_map(const elementwise_kernels *kernels, map_operation operation, size_t operands, map_view view);

#endif
