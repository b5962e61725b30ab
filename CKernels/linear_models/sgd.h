// What the driver of stochastic gradient descent needs of one instruction set and element type.
#ifndef FARRO_LINEAR_MODELS_SGD_H
#define FARRO_LINEAR_MODELS_SGD_H

#include "runtime.h"

typedef struct sgd_kernels {
  size_t element_bytes;
  // The sum of x[j] w[j].
  double (*dot)(size_t d, const void *x, const double *w);
  // w[j] += factor x[j]
  void (*add)(size_t d, double factor, const void *x, double *w);
} sgd_kernels;

#endif
