// Logistic regression: the loss of rows and labels with its gradient in one pass over the rows, and the coefficients
// that make it least.
//
// x is (rows, columns), row-major, ldx elements from one row to the next, or a matrix in compressed rows
// (sparse_distance.h). Of two classes there is one row of coefficients, for the second class; of more, one for each
// class: k rows in all. Coefficients and gradients are doubles, (k, columns + 1), the intercept last; without intercept
// it stays as it is, its derivative 0, and counts all the same.
//
// The objective, over rows of weights s_i that sum to S:
//   F(W) = 1/S sum_i s_i l(y_i, z_i) + l1 |W|_1 + l2/2 |W|_2^2,  z_i = W x_i + intercepts,
// where l is log(1 + e^-z) with z negative for the first of two classes, and log sum_c e^z_c - z_y of more classes.
// Intercepts are not penalized.
//
// Margins and residuals are computed in the element type, and so are sums of up to 512 rows of the gradient; all else
// in double. For margins of magnitude m the error of the loss is at most (columns + 8) u (sum |w x| + m), with u =
// 2^-24 (f32) or 2^-53 (f64), and each gradient's (columns + 528) u times its sum of magnitudes. Rows are cut by the
// problem's size, and what comes of the pieces is added in order: results do not depend on the number of threads.
// Nothing may overlap. Sizes that no memory has, labels that are NULL with rows, and fewer than 2 classes are
// FARRO_ERROR_ARGUMENT.
#ifndef FARRO_LOGISTIC_H
#define FARRO_LOGISTIC_H

#include "runtime.h"
#include "sparse_distance.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_logistic_problem {
  size_t rows, columns, classes;
  const int32_t *labels; // (rows), from 0 to below classes
  const double *weights; // (rows), finite, not negative, not all 0; NULL: 1 each
  bool intercept;
  double l1, l2; // not negative
} farro_logistic_problem;

// F without its l1 term, and its gradient. One pass: O(rows columns k) operations, and the rows are read once.
FARRO_API farro_status farro_logistic_loss_f32(const farro_logistic_problem *problem, const float *x, size_t ldx,
                                               const double *coefficients, double *loss, double *gradient);
FARRO_API farro_status farro_logistic_loss_f64(const farro_logistic_problem *problem, const double *x, size_t ldx,
                                               const double *coefficients, double *loss, double *gradient);
FARRO_API farro_status farro_logistic_loss_csr_f32(const farro_logistic_problem *problem, const farro_csr_f32 *x,
                                                   const double *coefficients, double *loss, double *gradient);
FARRO_API farro_status farro_logistic_loss_csr_f64(const farro_logistic_problem *problem, const farro_csr_f64 *x,
                                                   const double *coefficients, double *loss, double *gradient);

typedef struct farro_logistic_options {
  double tolerance; // of the largest derivative (with l1: of the subgradient of least length)
  size_t maximum_iterations;
  bool (*stops)(void *context); // NULL, or asked before each iteration: whether to end there
  void *context;
} farro_logistic_options;

typedef struct farro_logistic_result {
  size_t iterations;
  double objective, gradient; // at the end; the gradient's largest derivative
  bool converged;             // the gradient is within the tolerance
} farro_logistic_result;

// The coefficients that make F least, from those that are there. Of more than two classes, intercepts have the mean 0.
//
// L-BFGS with 10 pairs: J. Nocedal, "Updating quasi-Newton matrices with limited storage", 1980. Steps satisfy Wolfe's
// conditions, near the end in the form that rounding cannot hide: W. Hager and H. Zhang, "A new conjugate gradient
// method with guaranteed descent", 2005. It starts from the inverse of what the Hessian is at 0 (D. Boehning,
// "Multinomial logistic regression algorithm", 1992) for up to 512 dense columns, and from its diagonal otherwise, so
// that the columns' scales do not matter. Each iteration is one pass, seldom two.
//
// With l1, and up to 1024 coefficients, Newton's method with the whole Hessian and coordinate descent: J. Lee, Y. Sun
// and M. Saunders, "Proximal Newton-type methods for minimizing composite functions", 2014. An iteration is a pass, and
// O(rows ((columns + 1) k)^2 / 2) operations; there are about ten. Of more coefficients L-BFGS in its orthant-wise
// form: G. Andrew and J. Gao, "Scalable training of L1-regularized log-linear models", ICML 2007, with the pairs
// restricted to the coefficients that move.
//
// Work space: 25 times the coefficients, those in the element type, up to 32 gradients (no more than a quarter of x, or
// 2), and columns^2 for the Hessian, twice; with l1 up to 9 Hessians of all coefficients. It ends early, unconverged,
// where rounding hides all progress.
FARRO_API farro_status farro_logistic_fit_f32(const farro_logistic_problem *problem, const float *x, size_t ldx,
                                              const farro_logistic_options *options, double *coefficients,
                                              farro_logistic_result *result);
FARRO_API farro_status farro_logistic_fit_f64(const farro_logistic_problem *problem, const double *x, size_t ldx,
                                              const farro_logistic_options *options, double *coefficients,
                                              farro_logistic_result *result);
FARRO_API farro_status farro_logistic_fit_csr_f32(const farro_logistic_problem *problem, const farro_csr_f32 *x,
                                                  const farro_logistic_options *options, double *coefficients,
                                                  farro_logistic_result *result);
FARRO_API farro_status farro_logistic_fit_csr_f64(const farro_logistic_problem *problem, const farro_csr_f64 *x,
                                                  const farro_logistic_options *options, double *coefficients,
                                                  farro_logistic_result *result);

// Plain loops in double: the oracle of the tests.
FARRO_API farro_status farro_logistic_loss_reference_f32(const farro_logistic_problem *problem, const float *x,
                                                         size_t ldx, const double *coefficients, double *loss,
                                                         double *gradient);
FARRO_API farro_status farro_logistic_loss_reference_f64(const farro_logistic_problem *problem, const double *x,
                                                         size_t ldx, const double *coefficients, double *loss,
                                                         double *gradient);

#ifdef __cplusplus
}
#endif
#endif
