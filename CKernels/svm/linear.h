// What both ways of linear machines share: rows of any kind against weights.
#ifndef FARRO_SVM_LINEAR_H
#define FARRO_SVM_LINEAR_H

#include "include/linear_svm.h"
#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

// Weights are d, zeros up to `pitch`, and the weight of the bias at `pitch`.
typedef struct linear_rows {
  const svm_kernels *kernels;
  const farro_linear_svm_rows *rows;
  const farro_linear_svm_options *options;
  bool is_wide;
  size_t pitch;
} linear_rows;

double svm_linear_decision(const linear_rows *l, size_t row, const double *w);
void svm_linear_add(const linear_rows *l, size_t row, double factor, double *w);
// to = factor times the row, with zeros, and the bias at `pitch`.
void svm_linear_copy(const linear_rows *l, size_t row, double factor, double *to);
double svm_linear_square(const linear_rows *l, size_t row);

// Both write weights of pitch + 1, which are 0 at first.
farro_status svm_linear_dual(const linear_rows *l, farro_linear_svm_problem *problem, double *w);
farro_status svm_linear_primal(const linear_rows *l, farro_linear_svm_problem *problem, double *w);

static inline bool svm_linear_is_squared(const linear_rows *l) {
  return l->options->loss == FARRO_LOSS_SQUARED_HINGE || l->options->loss == FARRO_LOSS_SQUARED_INSENSITIVE;
}
static inline bool svm_linear_is_regression(const linear_rows *l) { return l->options->loss >= FARRO_LOSS_INSENSITIVE; }
static inline bool svm_linear_is_cancelled(const linear_rows *l) {
  return l->options->is_cancelled && l->options->is_cancelled(l->options->context);
}

#endif
