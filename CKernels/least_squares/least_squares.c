// Entry of least squares.
#include <math.h>

#include "problem.h"
#include "runtime/sizes.h"

static farro_status solve(least_squares_problem *p) {
  const farro_least_squares_shape *s = p->shape;
  const size_t all = s->columns + s->outputs;
  if (s->rows == 0 || s->columns == 0 || s->outputs == 0 || !are_rows(s->rows, s->columns, s->x_row) ||
      !are_rows(s->rows, s->outputs, s->y_row) || all < s->columns ||
      !can_exist(smaller(s->rows, s->columns) + 64, all, 16) || (s->positive && p->singular) || !(s->tolerance >= 0))
    return FARRO_ERROR_ARGUMENT;
  p->weight = 0;
  for (size_t i = 0; i < s->rows; i++) p->weight += weight_of(p, i);
  p->penalty_least = penalty_of(p, 0);
  for (size_t o = 0; o < s->outputs; o++) {
    if (!(penalty_of(p, o) >= 0)) return FARRO_ERROR_ARGUMENT;
    p->penalty_least = fmin(p->penalty_least, penalty_of(p, o));
  }
  if (!(p->weight > 0)) return FARRO_ERROR_ARGUMENT;
  const size_t bytes = 2 * all * sizeof(double);
  p->centers = farro_allocate(bytes);
  if (!p->centers) return FARRO_ERROR_MEMORY;
  p->factors = p->centers + all;
  *p->result = (farro_least_squares_result){true, 0};
  farro_sample_rows(p);
  const farro_status status = s->positive            ? farro_solve_positive(p)
                              : s->rows < s->columns ? farro_solve_wide(p)
                                                     : farro_solve_tall(p);
  farro_release(p->centers, bytes);
  return status;
}

farro_status farro_least_squares_f32(const farro_least_squares_shape *shape, const float *x, const float *y,
                                     const double *weights, const double *penalties, double *coefficients,
                                     double *intercepts, double *singular, farro_least_squares_result *result) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  least_squares_problem p = {.shape = shape,
                             .kernels = kernels->models->vectors,
                             .is_f32 = true,
                             .x = x,
                             .y = y,
                             .weights = weights,
                             .penalties = penalties,
                             .coefficients = coefficients,
                             .intercepts = intercepts,
                             .singular = singular,
                             .result = result};
  return solve(&p);
}

farro_status farro_least_squares_f64(const farro_least_squares_shape *shape, const double *x, const double *y,
                                     const double *weights, const double *penalties, double *coefficients,
                                     double *intercepts, double *singular, farro_least_squares_result *result) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  least_squares_problem p = {.shape = shape,
                             .kernels = kernels->models->vectors,
                             .x = x,
                             .y = y,
                             .weights = weights,
                             .penalties = penalties,
                             .coefficients = coefficients,
                             .intercepts = intercepts,
                             .singular = singular,
                             .result = result};
  return solve(&p);
}
