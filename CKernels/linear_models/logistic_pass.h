// A pass of logistic regression over the rows, as the solver calls it.
#ifndef FARRO_LINEAR_MODELS_LOGISTIC_PASS_H
#define FARRO_LINEAR_MODELS_LOGISTIC_PASS_H

#include <stdatomic.h>

#include "logistic.h"

#include "include/logistic.h"

typedef struct logistic_pass {
  const farro_logistic_problem *problem;
  const logistic_kernels *kernels;
  const void *x; // rows, or the values of compressed ones
  size_t ldx;
  const int64_t *offsets; // NULL: dense rows
  const int32_t *indices;
  size_t k;                    // rows of coefficients
  size_t elements;             // of x that are stored
  double weight;               // of all rows
  size_t block, range, ranges; // rows of a block and of a range
  size_t partial;              // doubles of a range: its loss and its gradient
  void *w, *intercepts;        // coefficients in the element type
  double *partials;
  size_t bytes;
  atomic_bool failed; // for want of memory
} logistic_pass;

// A pass that is ready to run, or why there is none; it ends with farro_logistic_pass_end.
farro_status farro_logistic_pass_dense(const farro_logistic_problem *problem, const void *x, size_t ldx, bool is_double,
                                       logistic_pass *pass);
farro_status farro_logistic_pass_sparse(const farro_logistic_problem *problem, size_t rows, size_t columns,
                                        const int64_t *offsets, const int32_t *indices, const void *values,
                                        bool is_double, logistic_pass *pass);
farro_status farro_logistic_pass_begin(logistic_pass *pass);
void farro_logistic_pass_end(logistic_pass *pass);

// Coefficients in the element type, and as the kernels want them.
void farro_logistic_take_coefficients(logistic_pass *pass, const double *coefficients);

// All of F's Hessian without the l1 term, (k (d + 1), k (d + 1)); false where there is no memory.
bool farro_logistic_hessian(logistic_pass *pass, const double *coefficients, double *hessian);

// F without its l1 term, and its gradient.
double farro_logistic_pass(void *pass, const double *coefficients, double *gradient);

#endif
