// Finds the least of a smooth function, or of one plus l1 |w|_1, by L-BFGS (include/logistic.h names the sources).
#ifndef FARRO_LINEAR_MODELS_LBFGS_H
#define FARRO_LINEAR_MODELS_LBFGS_H

#include "runtime.h"

typedef struct lbfgs_problem {
  size_t count;
  void *context;
  // The smooth function at w, and its gradient. May be NaN or infinite where steps are too long.
  double (*evaluate)(void *context, const double *w, double *gradient);
  // out = the inverse of a guess of the Hessian, times v.
  void (*precondition)(void *context, const double *v, double *out);
  double l1;
  // With l1: 1 where a coefficient is penalized, 0 where it is free. The guess of the Hessian must be diagonal.
  const double *penalized;
  double noise; // of the function's values, relative
  double tolerance;
  size_t maximum_iterations;
  bool (*stops)(void *context);
  void *stops_context;
} lbfgs_problem;

typedef struct lbfgs_result {
  size_t iterations;
  double objective, gradient;
  bool converged;
} lbfgs_result;

// From the w that is there. FARRO_ERROR_MEMORY when there is none for 25 vectors.
farro_status farro_lbfgs(const lbfgs_problem *problem, double *w, lbfgs_result *result);

#endif
