// Stands in for elementwise.h until its kernels arrive; to be deleted then, with its line in CKernels.h.
#ifndef FARRO_TEMPORARY_ELEMENTWISE_H
#define FARRO_TEMPORARY_ELEMENTWISE_H

#include "runtime.h"

typedef struct farro_binary_shape {
  size_t rows, columns;
  size_t a_row, a_step, b_row, b_step, out_row;
} farro_binary_shape;

#define FARRO_BINARY(name, type, operator)                                                                             \
  static inline farro_status name(const farro_binary_shape *s, const type *a, const type *b, type *out) {              \
    for (size_t i = 0; i < s->rows; i++)                                                                               \
      for (size_t j = 0; j < s->columns; j++)                                                                          \
        out[i * s->out_row + j] = a[i * s->a_row + j * s->a_step] operator b[i * s->b_row + j * s->b_step];            \
    return FARRO_OK;                                                                                                   \
  }

FARRO_BINARY(farro_add_f32, float, +)
FARRO_BINARY(farro_add_f64, double, +)
FARRO_BINARY(farro_subtract_f32, float, -)
FARRO_BINARY(farro_subtract_f64, double, -)
FARRO_BINARY(farro_multiply_f32, float, *)
FARRO_BINARY(farro_multiply_f64, double, *)
FARRO_BINARY(farro_divide_f32, float, /)
FARRO_BINARY(farro_divide_f64, double, /)

#endif
