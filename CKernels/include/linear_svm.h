// Linear support vector machines, of classes and of numbers, without the kernel matrix.
#ifndef FARRO_LINEAR_SVM_H
#define FARRO_LINEAR_SVM_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// What a row with the decision z = w x + bias w' costs.
typedef enum farro_linear_svm_loss {
  FARRO_LOSS_HINGE = 0,               // max(0, 1 - y z), y = 1 or -1
  FARRO_LOSS_SQUARED_HINGE = 1,       // its square
  FARRO_LOSS_INSENSITIVE = 2,         // max(0, |y - z| - epsilon)
  FARRO_LOSS_SQUARED_INSENSITIVE = 3, // its square
} farro_linear_svm_loss;

// n rows of d elements: dense, or in compressed sparse rows (see sparse_distance.h) where `offsets` is not NULL.
typedef struct farro_linear_svm_rows {
  size_t n, d;
  const void *x; // (n, ldx), or the values
  size_t ldx;
  const int64_t *offsets; // n + 1
  const int32_t *indices;
  double bias; // of one more column, whose weight counts as the others; 0: there is none
} farro_linear_svm_rows;

typedef struct farro_linear_svm_options {
  farro_linear_svm_loss loss;
  double epsilon;                      // at least 0
  bool is_dual;                        // else Newton's method, for the squared losses alone
  bool is_absolute;                    // |w|_1 + |w'| is added, not their squares; Newton's method, squared hinge
  double tolerance;                    // above 0, as LIBLINEAR's
  int64_t max_iterations;              // passes over the rows, or steps of Newton's method
  uint64_t seed;                       // of the order of rows
  bool (*is_cancelled)(void *context); // NULL, or asked now and then; true ends the fit
  void *context;
} farro_linear_svm_options;

// Minimizes 1/2 |w|^2 + 1/2 w'^2, or |w|_1 + |w'|, + sum of limits[i] loss(y_i, z_i).
typedef struct farro_linear_svm_problem {
  const double *y;      // n
  const double *limits; // n, at least 0
  double *w;            // d + 1: the solution, w' last
  int64_t iterations;
  bool has_converged, was_cancelled;
} farro_linear_svm_problem;

// Solves `count` problems of the same rows, several at a time. The rows must be finite; all else is double. The result
// does not depend on the number of threads.
//
// Dual: coordinate descent with shrinking over random orders of the rows, O(n d) for each pass, in O(n + d) memory per
// problem. It ends when no optimality condition is violated by more than the tolerance (hinge), or their violations sum
// to no more than it, in parts of the first pass's (insensitive). Primal: Newton's method with exact Hessians and line
// search, O(m d^2) for each step with m rows that cost, and O(d^3), in O(d^2) memory; it ends when the gradient is no
// longer than the tolerance, times the rarer class's part of the rows, times the first one.
//
// With |w|_1 a step is the minimum of the quadratic model and the penalty over all columns, or, of more than 512, over
// those that have a weight and as many others, at least 256, whose conditions are violated most: O(m k^2) for k of
// them, in O(n + d + k^2) memory. It ends when violations sum to no more than the tolerance in parts of those at 0, as
// above.
//
// Dual problems of losses that are not squared, of dense rows, more than columns, and of up to 1000 columns, are solved
// by an augmented Lagrangian with Newton's method: some 10 to 120 steps, each O(n d), O(m d^2) for m rows that are not
// decided, soon few, and O(d^3), in 4 doubles for each row and O(d^2) memory, for each of up to 64 parts of many rows,
// but in all no more than about half of the rows' own. Its conditions are those of coordinate descent, a violation
// being what a step of one unknown alone would change of its row's decision; and the gap of the objectives is at most
// the tolerance's hundredth part of the objective. Where rounding is in the way of the conditions, the gap is enough;
// where it is in the way of both, coordinate descent follows, and of the two solutions the one that costs less is kept.
//
// Source: G.-X. Yuan, C.-H. Ho and C.-J. Lin, "An improved GLMNET for L1-regularized logistic regression", JMLR 13,
// 2012 (a step of the penalty |w|_1); C.-J. Hsieh and others, "A dual coordinate descent method for large-scale linear
// SVM", ICML 2008; C.-H. Ho and C.-J. Lin, "Large-scale linear support vector regression", JMLR 13, 2012; O. Chapelle,
// "Training a support vector machine in the primal", Neural Computation 19, 2007; Y. Yan and Q. Li, "An efficient
// augmented Lagrangian method for support vector machine", Optimization Methods and Software 35, 2020; X. Li, D. Sun
// and K.-C. Toh, "A highly efficient semismooth Newton augmented Lagrangian method for solving Lasso problems", SIAM
// Journal on Optimization 28, 2018.
FARRO_API farro_status farro_linear_svm_f32(const farro_linear_svm_rows *rows, const farro_linear_svm_options *options,
                                            size_t count, farro_linear_svm_problem *problems);
FARRO_API farro_status farro_linear_svm_f64(const farro_linear_svm_rows *rows, const farro_linear_svm_options *options,
                                            size_t count, farro_linear_svm_problem *problems);

#ifdef __cplusplus
}
#endif
#endif
