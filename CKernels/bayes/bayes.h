// What the drivers of naive Bayes need of one instruction set and element type.
#ifndef FARRO_BAYES_BAYES_H
#define FARRO_BAYES_BAYES_H

#include "runtime.h"

typedef struct bayes_kernels {
  size_t element_bytes;

  // One row into the sums of its class: sums += w x, or w where x > threshold.
  void (*add)(size_t columns, const void *x, double weight, double *sums);
  void (*add_above)(size_t columns, const void *x, double weight, double threshold, double *sums);
  // sums += w (x - center), squares += w (x - center)^2.
  void (*add_moments)(size_t columns, const void *x, double weight, const double *center, double *sums,
                      double *squares);

  // Rows first..<last of the likelihood.
  void (*likelihood)(size_t rows, size_t columns, const void *x, size_t x_row, size_t class_count, const void *means,
                     const void *factors, const double *constants, void *to);
  // The same of the factors of columns that are above the threshold.
  void (*flag_likelihood)(size_t rows, size_t columns, const void *x, size_t x_row, size_t class_count,
                          double threshold, const void *factors, const double *constants, void *to);
} bayes_kernels;

#endif
