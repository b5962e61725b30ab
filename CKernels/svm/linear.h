// What both ways of linear machines share: rows of any kind against weights.
#ifndef FARRO_SVM_LINEAR_H
#define FARRO_SVM_LINEAR_H

#include "include/linear_algebra.h"
#include "include/linear_svm.h"
#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

// Weights are d and that of the bias, in room for a multiple of 16, whose rest is 0.
typedef struct linear_rows {
  const svm_kernels *kernels;
  const farro_linear_svm_rows *rows;
  const farro_linear_svm_options *options;
  bool is_wide;
} linear_rows;

// An element by its place: row ldx + column, or that among the values.
static inline double svm_linear_element(const linear_rows *l, int64_t place) {
  return l->is_wide ? ((const double *)l->rows->x)[place] : (double)((const float *)l->rows->x)[place];
}

double svm_linear_decision(const linear_rows *l, size_t row, const double *w);
void svm_linear_add(const linear_rows *l, size_t row, double factor, double *w);
// to = factor times the row and the bias; up to 15 elements behind them are left as they are or become 0.
void svm_linear_copy(const linear_rows *l, size_t row, double factor, double *to);
double svm_linear_square(const linear_rows *l, size_t row);

// A part's sum of r r' over rows r that are written one after the other, added to `matrix` in blocks.
enum { svm_block_rows = 128 };

typedef struct linear_squares {
  size_t n;
  farro_triangle triangle;
  double *matrix, *block; // (n, n), and svm_block_rows of n
  farro_status *status;   // of all parts
  size_t rows;            // in the block
} linear_squares;

// Where the next row is to be written.
double *svm_linear_next_row(linear_squares *s);
void svm_linear_end_rows(linear_squares *s);

// All write weights, which are 0 at first. The augmented Lagrangian may find rounding in its way: it is not solved.
farro_status svm_linear_dual(const linear_rows *l, farro_linear_svm_problem *problem, double *w);
farro_status svm_linear_primal(const linear_rows *l, farro_linear_svm_problem *problem, double *w);
farro_status svm_linear_augmented(const linear_rows *l, farro_linear_svm_problem *problem, double *w, bool *is_solved);

farro_status svm_linear_absolute(const linear_rows *l, farro_linear_svm_problem *problem, double *w);

// The rows of a part.
static inline void svm_linear_range(size_t rows, size_t parts, size_t part, size_t *first, size_t *last) {
  *first = rows / parts * part + smaller(rows % parts, part);
  *last = *first + rows / parts + (part < rows % parts);
}

// The rarer class's part of the rows.
static inline double svm_linear_part(const linear_rows *l, const farro_linear_svm_problem *problem) {
  const size_t n = l->rows->n;
  size_t positive = 0;
  for (size_t i = 0; i < n; i++) positive += problem->y[i] > 0;
  return (double)larger(smaller(positive, n - positive), 1) / (double)n;
}

static inline size_t svm_linear_room(const linear_rows *l) { return round_up(l->rows->d + 1, 16); }

static inline bool svm_linear_is_squared(const linear_rows *l) {
  return l->options->loss == FARRO_LOSS_SQUARED_HINGE || l->options->loss == FARRO_LOSS_SQUARED_INSENSITIVE;
}
static inline bool svm_linear_is_regression(const linear_rows *l) { return l->options->loss >= FARRO_LOSS_INSENSITIVE; }
static inline bool svm_linear_is_cancelled(const linear_rows *l) {
  return l->options->is_cancelled && l->options->is_cancelled(l->options->context);
}

#endif
