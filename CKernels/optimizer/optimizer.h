// What the optimizer drivers need of one instruction set and element type.
#ifndef FARRO_OPTIMIZER_OPTIMIZER_H
#define FARRO_OPTIMIZER_OPTIMIZER_H

#include "runtime.h"

enum { optimizer_most_states = 3 };

// A step over flat arrays. What a term means to one optimizer stands at its kernel.
typedef struct optimizer_work {
  const void *gradient;
  void *parameters, *state[optimizer_most_states]; // NULL: without it
  double gradient_scale, weight_decay;             // g = gradient_scale gradient + weight_decay p
  double keep;                                     // of p, before the step is subtracted
  double rate;
  double decay[2], share[2]; // state = decay state + share (g or its square)
  double root_scale, epsilon;
  bool nesterov;
} optimizer_work;

// Elements first..<last.
typedef void optimizer_step(const optimizer_work *work, size_t first, size_t last);

typedef struct optimizer_kernels {
  size_t element_bytes;
  optimizer_step *sgd, *adagrad, *rmsprop, *adam;

  // The sum of (scale x)^2.
  double (*square_sum)(const void *x, size_t n, double scale);
  void (*multiply_by)(void *x, size_t n, double factor);
} optimizer_kernels;

#endif
