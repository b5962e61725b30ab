// Finds the least of a convex function plus l1 |w|_1 with few coefficients, by Newton's method.
#ifndef FARRO_LINEAR_MODELS_NEWTON_H
#define FARRO_LINEAR_MODELS_NEWTON_H

#include "lbfgs.h"

enum { newton_most_coefficients = 1024 }; // whose Hessian, 8 MB, stays in the caches

// All of the Hessian at w, (count, count); false where there is no memory.
typedef bool newton_hessian(void *context, const double *w, double *hessian);

// From the w that is there. Each step is to the least of the quadratic that touches the function at w, plus the
// penalty, found by coordinate descent, and is shortened until the objective falls: J. Lee, Y. Sun and M. Saunders,
// "Proximal Newton-type methods for minimizing composite functions", 2014. `precondition` is not asked.
farro_status farro_newton(const lbfgs_problem *problem, newton_hessian *hessian, double *w, lbfgs_result *result);

#endif
