// What support vector machines need of one instruction set: values of K from products, and the loops of the solvers.
#ifndef FARRO_SVM_SVM_H
#define FARRO_SVM_SVM_H

#include "include/svm.h"

// Of one type of elements.
typedef struct svm_kernels {
  // n values of K from products of one row with others, whose squared norms are given: as float, and as they are.
  void (*narrow)(const farro_svm_function *function, size_t n, const void *products, double norm, const void *norms,
                 float *values);
  void (*exact)(const farro_svm_function *function, size_t n, const void *products, double norm, const void *norms,
                void *values);
  // to = row - mean; answers the squared norm of that.
  double (*centre)(size_t d, const void *row, const void *mean, void *to);
  double (*dot)(size_t n, const void *values, const double *coefficients);
  // A row and weights, which can be read, and are 0, up to a multiple of 16; their product, and weights += factor row.
  double (*row_dot)(size_t n, const void *row, const double *weights);
  void (*row_add)(size_t n, double factor, const void *row, double *weights);
} svm_kernels;

// Unknowns of a small problem. K is (size, pitch); arrays are padded to `pitch`, a multiple of 16, with `up` and `down`
// infinite. The gradient may be lowered to by what can rise: up is 0 for unknowns that can, else infinity; down is 0
// for those that can fall, else -infinity.
typedef struct svm_block {
  size_t size, pitch;
  const float *k;
  const double *diagonal;
  double *gradient, *up, *down;
} svm_block;

typedef struct svm_pair {
  size_t first;       // of the least gradient among what can rise
  double least, most; // that gradient, and the greatest among what can fall
} svm_pair;

// Rows of a linear machine: the share a of a row's limit is that from `least`, 0 or -1, to 1 for which
// limit (a e - epsilon |a| - scale / 2 (a - share)^2) is greatest. inverse: 1 / scale; quiet: epsilon / scale.
typedef struct svm_share_rule {
  double inverse, quiet, epsilon, least;
} svm_share_rule;

typedef struct svm_share_rows {
  const double *share, *error, *change, *limit;
} svm_share_rows;

// Sums of what rows cost by their errors, and of what that exceeds limit (a e - epsilon |a|) by; and of limit a change,
// the slope of a step that changes errors so, and of its own slope.
typedef struct svm_share_sums {
  double loss, gap, slope, bend;
} svm_share_sums;

typedef struct svm_solver_kernels {
  // gradient += step (K[i] - K[j]); what violates most.
  svm_pair (*step)(const svm_block *block, size_t i, size_t j, double step);
  // What, together with `first`, lowers the objective most by a second order estimate.
  size_t (*partner)(const svm_block *block, size_t first);
  // gradient[i] += sum over rows of factors[k] rows[k][i], 0 <= i < n.
  void (*add_rows)(size_t n, size_t count, const float *const *rows, const double *factors, double *gradient);
  // Shares of n rows, with loss and gap; and slope and bend where errors are e + trial change.
  svm_share_sums (*shares)(const svm_share_rule *rule, const svm_share_rows *rows, size_t n, double *shares);
  svm_share_sums (*slope)(const svm_share_rule *rule, const svm_share_rows *rows, size_t n, double trial);
} svm_solver_kernels;

#endif
