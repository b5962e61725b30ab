// What the operators' files share: the sizes of the row that is loaded, its function, and space of the worker's own.
#ifndef PEERS_OPERATORS_H
#define PEERS_OPERATORS_H

#include "../worker.h"

#include <CKernels.h>
#include <string.h>

// An operator by its name in families/: what it calls of the library, and how. A list of them ends with NULLs.
typedef struct {
  const char *operation, *symbol;
  worker_call call;
} farro_operator;

// The row's parameters; 0 where it does not give one.
extern struct row_sizes {
  size_t rows, columns, count, k;
  size_t batch, heads, length, size, causal, ragged;
  size_t channels, spatial, groups, filters, height, width, window_height, window_width, stride, pad_height, pad_width;
  size_t table_rows;
} sizes;

// What the library has under the operator's symbol.
extern void *operator_function;
#define CALL(name) (int)((__typeof__(&name))operator_function)

// What a call needs beside its operands, made by the first one: space of the worker's own, or the state of a network
// before the step that is timed.
extern void *space;
bool is_first_call(size_t bytes);

// Results lie behind one another in the output.
static inline float *behind(void *out, size_t elements) { return (float *)out + elements; }

static inline farro_reduction_shape along_rows(void) { return (farro_reduction_shape){sizes.rows, sizes.columns, 1}; }
static inline farro_reduction_shape down_columns(void) { return (farro_reduction_shape){1, sizes.rows, sizes.columns}; }

static const float epsilon = 1e-5f; // of every norm

#endif
