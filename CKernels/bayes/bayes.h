// What the drivers of naive Bayes need of one instruction set and element type.
#ifndef FARRO_BAYES_BAYES_H
#define FARRO_BAYES_BAYES_H

#include <stdbool.h>

#include "runtime.h"

// Rows of one class, and where their sums are kept.
typedef struct class_rows {
  size_t columns, count;
  const uint32_t *rows; // (count): from `x`
  const void *x;
  size_t x_row;
  size_t ahead, last;    // with the i-th, row ahead + i is fetched, but none behind the last
  const double *weights; // of the rows; NULL: 1
  double threshold;
  const double *centers;  // (columns)
  double *sums, *squares; // (columns)
  double *least;          // of the elements so far
} class_rows;

typedef struct bayes_kernels {
  size_t element_bytes;

  // sums += w x, and the least x; or sums += w where x > threshold.
  void (*add)(const class_rows *r);
  void (*add_above)(const class_rows *r);
  // sums += w (x - center), squares += w (x - center)^2.
  void (*add_moments)(const class_rows *r);

  // Some rows of the likelihood.
  void (*likelihood)(size_t rows, size_t columns, const void *x, size_t x_row, size_t class_count, const void *means,
                     const void *factors, const double *constants, void *to);
  // The same of the factors of columns that are above the threshold.
  void (*flag_likelihood)(size_t rows, size_t columns, const void *x, size_t x_row, size_t class_count,
                          double threshold, const void *factors, const double *constants, void *to);
} bayes_kernels;

#endif
