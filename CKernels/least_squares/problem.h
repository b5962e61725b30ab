// A least-squares problem, shared by the ways to solve it.
#ifndef FARRO_LEAST_SQUARES_PROBLEM_H
#define FARRO_LEAST_SQUARES_PROBLEM_H

#include "include/least_squares.h"
#include "runtime/model_dispatch.h"

typedef struct {
  const farro_least_squares_shape *shape;
  const vector_kernels *kernels;
  bool is_f32;
  const void *x, *y;
  const double *weights, *penalties;
  double *coefficients, *intercepts, *singular;
  farro_least_squares_result *result;
  double *centers, *factors; // (columns + outputs): rows are shifted and scaled by these; factors are powers of two
  double weight;             // the sum of weights
  double penalty_least;      // the least penalty, 0 without
} least_squares_problem;

static inline double weight_of(const least_squares_problem *p, size_t row) { return p->weights ? p->weights[row] : 1; }

static inline double x_at(const least_squares_problem *p, size_t row, size_t column) {
  const size_t at = row * p->shape->x_row + column;
  return p->is_f32 ? (double)((const float *)p->x)[at] : ((const double *)p->x)[at];
}

static inline double y_at(const least_squares_problem *p, size_t row, size_t output) {
  const size_t at = row * p->shape->y_row + output;
  return p->is_f32 ? (double)((const float *)p->y)[at] : ((const double *)p->y)[at];
}

static inline double penalty_of(const least_squares_problem *p, size_t output) {
  return p->penalties ? p->penalties[output] : 0;
}

// Finds centers near the mean, 0 without an intercept, and factors that bring columns to about 1, by a sample of rows:
// sums of products then lose no digits, nor do they overflow.
void farro_sample_rows(const least_squares_problem *p);

// Sums of products in the units of the factors, (m, m) with m = columns + outputs + 1, of rows whose mean, which goes
// to the centers, is taken away if there is an intercept. root: (columns), of the diagonal; 0 for a column that is
// constant. `wide`: in double. Where they are not finite, only that is said, in the result.
farro_status farro_center_products(const least_squares_problem *p, bool wide, double *products, double *root);

// What a way to solve it answers: FARRO_ERROR_SINGULAR where it cannot be sure of enough digits.

// Triangular factors. Rows i of `factor` (order, pitch): of R with R^T R = the products of columns, from column i on;
// zeros before it. Behind `order` columns follow those of Q^T y, `outputs`. Rotates the rows until they are orthogonal:
// row i is then s_i v_i^T and (u_i^T y). `singular`: (order) descending; rows are in its order.
farro_status farro_orthogonalize_rows(const vector_kernels *kernels, size_t order, size_t outputs, double *factor,
                                      size_t pitch, double *singular);

// The triangular factor of centred and weighted rows, with Q^T y behind it.
farro_status farro_factor_rows(const least_squares_problem *p, double *factor, size_t pitch);
// The same of the transpose, (rows, rows), without y; factors are all the same.
farro_status farro_factor_columns(const least_squares_problem *p, double *factor, size_t pitch);

// With at least as many rows as columns, and with fewer.
farro_status farro_solve_tall(const least_squares_problem *p);
farro_status farro_solve_wide(const least_squares_problem *p);

// With coefficients that are not negative.
farro_status farro_solve_positive(const least_squares_problem *p);

#endif
