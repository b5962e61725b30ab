// What the drivers of naive Bayes need of one instruction set and element type.
#ifndef FARRO_BAYES_BAYES_H
#define FARRO_BAYES_BAYES_H

#include <stdbool.h>

#include "runtime.h"

// Rows of one class, and where their sums are kept, which have room for columns up to a multiple of sum_step.
typedef struct class_rows {
  size_t columns, count;
  const uint16_t *rows; // (count): from `x`
  const void *x;
  size_t x_row;
  const char *next;      // what is fetched; goes on by as much as is read
  const double *weights; // of the rows; NULL: 1
  double threshold;
  const double *centers;
  double *sums, *squares;
  double *least; // of itself and the elements so far
} class_rows;

// Rows, and what becomes of them.
typedef struct likelihood_rows {
  size_t rows, columns, class_count;
  const void *x;
  size_t x_row, rows_behind; // there are so many more, which may be fetched
  double threshold;
  const void *packed;
  const double *constants;
  void *likelihood; // (rows, class_count), or NULL
  int32_t *best;    // (rows), or NULL
  bool finite;      // stays so unless a likelihood is NaN, or the highest of a row not finite
  double least;     // of itself and the elements, of products
} likelihood_rows;

typedef struct bayes_kernels {
  size_t element_bytes, sum_step;

  // sums += w x, and the least x; or sums += w where x > threshold.
  void (*add)(class_rows *r);
  void (*add_above)(class_rows *r);
  // sums += w (x - center), squares += w (x - center)^2.
  void (*add_moments)(class_rows *r);

  // Elements of the factors, and of the means if there are any, as the likelihoods read them.
  size_t (*packed_count)(size_t columns, size_t class_count, bool has_means);
  void (*pack)(size_t columns, size_t class_count, const void *means, const void *factors, void *packed);
  void (*normal_likelihood)(likelihood_rows *l);
  void (*flag_likelihood)(likelihood_rows *l);
  void (*product_likelihood)(likelihood_rows *l);
} bayes_kernels;

#endif
