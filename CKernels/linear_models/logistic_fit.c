// Fits logistic regression: the guess of the Hessian, and the solver around the passes.
#include <math.h>
#include <string.h>

#include "lbfgs.h"
#include "logistic_pass.h"
#include "newton.h"

#include "include/linear_algebra.h"
#include "runtime/sizes.h"

enum { most_columns = 512 }; // whose Gram matrix is worth its products

typedef struct {
  logistic_pass *pass;
  // Of d + 1 columns, the intercept last. Without the whole matrix: `diagonal` alone, of the inverse.
  double *diagonal, *lower, *upper; // the inverse of the Cholesky factor and its transpose
  double *spare, *sums;             // d + 1; sums of the columns
  bool is_whole;
  size_t side, bytes;
} hessian;

// ---- the guess ----

// Sums of squares of the columns, and of the columns, in double.
static void add_columns(const logistic_pass *p, double *squares, double *sums) {
  const size_t n = p->problem->rows, d = p->problem->columns;
  const bool is_single = p->kernels->element_bytes == sizeof(float);
  if (p->offsets) {
    for (size_t place = 0; place < p->elements; place++) {
      const double v = is_single ? (double)((const float *)p->x)[place] : ((const double *)p->x)[place];
      squares[p->indices[place]] += v * v, sums[p->indices[place]] += v;
    }
    return;
  }
  for (size_t i = 0; i < n; i++)
    if (is_single) {
      const float *row = (const float *)p->x + i * p->ldx;
      for (size_t j = 0; j < d; j++) squares[j] += (double)row[j] * (double)row[j], sums[j] += (double)row[j];
    } else {
      const double *row = (const double *)p->x + i * p->ldx;
      for (size_t j = 0; j < d; j++) squares[j] += row[j] * row[j], sums[j] += row[j];
    }
}

// X^T X into the lower triangle of h, (side, side).
static farro_status add_gram(const logistic_pass *p, double *h, size_t side) {
  const size_t d = p->problem->columns;
  const farro_symmetric_shape shape = {.batch = 1,
                                       .n = d,
                                       .k = p->problem->rows,
                                       .triangle = FARRO_TRIANGLE_LOWER,
                                       .lda = p->ldx,
                                       .ldc = p->kernels->element_bytes == sizeof(float) ? d : side};
  if (p->kernels->element_bytes != sizeof(float)) return farro_symmetric_product_f64(&shape, 1, p->x, 0, h);
  float *single = farro_allocate(d * d * sizeof *single);
  if (!single) return FARRO_ERROR_MEMORY;
  const farro_status status = farro_symmetric_product_f32(&shape, 1, p->x, 0, single);
  for (size_t i = 0; i < d && status == FARRO_OK; i++)
    for (size_t j = 0; j <= i; j++) h[i * side + j] = (double)single[i * d + j];
  farro_release(single, d * d * sizeof *single);
  return status;
}

// The inverse of the Cholesky factor of h, whose diagonal is 1 and a little more, into the lower triangle of `to`;
// false where rounding stands against it.
static bool invert_factor(size_t side, double *h, double *to) {
  const farro_cholesky_shape shape = {.batch = 1, .n = side, .lda = side, .stride_a = side * side};
  farro_matrix_place place;
  if (farro_cholesky_f64(&shape, h, &place) != FARRO_OK) return false;
  memset(to, 0, side * side * sizeof *to);
  for (size_t i = 0; i < side; i++) to[i * side + i] = 1;
  const farro_triangular_shape solve = {.batch = 1, .n = side, .m = side, .ldt = side, .ldb = side};
  return farro_triangular_solve_f64(&solve, 1, h, to, &place) == FARRO_OK;
}

// The loss's second derivative at margins of 0, of more classes in the directions whose sum is 0.
static double steepness(const logistic_pass *p) { return p->k == 1 ? 0.25 : 1 / (double)p->k; }

// The whole guess, scaled to a diagonal of 1 before it is factored, because columns may differ by any power of ten.
static bool guess_whole(hessian *h) {
  const logistic_pass *p = h->pass;
  const size_t side = h->side, d = side - 1;
  double *m = h->upper, *scale = h->spare;
  memset(m, 0, side * side * sizeof *m);
  if (add_gram(p, m, side) != FARRO_OK) return false;
  if (p->problem->intercept) memcpy(m + d * side, h->sums, d * sizeof *m);
  const double share = steepness(p) / (double)larger(p->problem->rows, 1);
  for (size_t i = 0; i < side; i++) scale[i] = sqrt(h->diagonal[i]);
  for (size_t i = 0; i < side; i++) {
    for (size_t j = 0; j < i; j++) m[i * side + j] *= share * scale[i] * scale[j];
    m[i * side + i] = 1 + (p->kernels->element_bytes == sizeof(float) ? 1e-5 : 1e-10);
  }
  if (!invert_factor(side, m, h->lower)) return false;
  for (size_t i = 0; i < side; i++)
    for (size_t j = 0; j < side; j++) {
      double *const at = h->lower + i * side + j;
      *at = j <= i ? *at * scale[j] : 0;
      if (!isfinite(*at)) return false;
      h->upper[j * side + i] = *at;
    }
  return true;
}

static void guess_diagonal(hessian *h) {
  const logistic_pass *p = h->pass;
  const size_t d = h->side - 1;
  memset(h->diagonal, 0, h->side * sizeof *h->diagonal);
  memset(h->sums, 0, h->side * sizeof *h->sums);
  add_columns(p, h->diagonal, h->sums);
  const double share = steepness(p) / (double)larger(p->problem->rows, 1);
  for (size_t j = 0; j < d; j++) {
    const double value = h->diagonal[j] * share + p->problem->l2, inverse = 1 / value;
    h->diagonal[j] = value > 0 && isfinite(inverse) && isfinite(value) ? inverse : 1;
  }
  h->diagonal[d] = 1 / steepness(p);
}

static double evaluate(void *context, const double *w, double *gradient) {
  return farro_logistic_pass(((const hessian *)context)->pass, w, gradient);
}

static bool find_hessian(void *context, const double *w, double *to) {
  return farro_logistic_hessian(((const hessian *)context)->pass, w, to);
}

static void precondition(void *context, const double *v, double *out) {
  const hessian *h = context;
  const size_t side = h->side;
  for (size_t c = 0; c < h->pass->k; c++, v += side, out += side) {
    if (!h->is_whole) {
      for (size_t j = 0; j < side; j++) out[j] = h->diagonal[j] * v[j];
      continue;
    }
    // L^-1 v by the rows of its transpose, and L^-T of that by its own rows: sums that vectors add.
    memset(h->spare, 0, side * sizeof *h->spare);
    for (size_t j = 0; j < side; j++)
      for (size_t i = j; i < side; i++) h->spare[i] += h->upper[j * side + i] * v[j];
    memset(out, 0, side * sizeof *out);
    for (size_t i = 0; i < side; i++)
      for (size_t j = 0; j <= i; j++) out[j] += h->lower[i * side + j] * h->spare[i];
  }
}

// ---- the fit ----

static bool is_whole_wanted(const logistic_pass *p) {
  const farro_logistic_problem *problem = p->problem;
  return !p->offsets && problem->l1 == 0 && problem->columns > 0 && problem->columns <= most_columns;
}

// Of more than two classes, intercepts may all be moved by the same: their mean is made 0.
static void center_intercepts(const logistic_pass *p, double *coefficients) {
  const size_t side = p->problem->columns + 1;
  double mean = 0;
  for (size_t c = 0; c < p->k; c++) mean += coefficients[c * side + side - 1] / (double)p->k;
  for (size_t c = 0; c < p->k; c++) coefficients[c * side + side - 1] -= mean;
}

static farro_status fit(logistic_pass *p, const farro_logistic_options *options, double *coefficients,
                        farro_logistic_result *result) {
  const size_t side = p->problem->columns + 1, count = p->k * side, square = is_whole_wanted(p) ? side * side : 0;
  hessian h = {.pass = p, .side = side};
  h.bytes = (3 * side + 2 * square + count) * sizeof(double);
  h.diagonal = farro_allocate(h.bytes);
  if (!h.diagonal) return FARRO_ERROR_MEMORY;
  h.spare = h.diagonal + side;
  h.sums = h.spare + side;
  double *penalized = h.sums + side;
  for (size_t i = 0; i < count; i++) penalized[i] = i % side < side - 1;
  guess_diagonal(&h);
  if (square) {
    h.lower = penalized + count, h.upper = h.lower + square;
    h.is_whole = guess_whole(&h);
  }
  const lbfgs_problem problem = {.count = count,
                                 .context = &h,
                                 .evaluate = evaluate,
                                 .precondition = precondition,
                                 .l1 = p->problem->l1,
                                 .penalized = penalized,
                                 .noise = p->kernels->element_bytes == sizeof(float) ? 0x1p-22 : 0x1p-50,
                                 .tolerance = options->tolerance,
                                 .maximum_iterations = options->maximum_iterations,
                                 .stops = options->stops,
                                 .stops_context = options->context};
  lbfgs_result found = {0};
  const bool is_few = p->problem->l1 > 0 && count <= newton_most_coefficients;
  const farro_status status =
      is_few ? farro_newton(&problem, find_hessian, coefficients, &found) : farro_lbfgs(&problem, coefficients, &found);
  if (p->k > 1 && p->problem->intercept) center_intercepts(p, coefficients);
  *result = (farro_logistic_result){found.iterations, found.objective, found.gradient, found.converged};
  farro_release(h.diagonal, h.bytes);
  return status == FARRO_OK && p->failed ? FARRO_ERROR_MEMORY : status;
}

static farro_status fit_and_end(farro_status status, logistic_pass *p, const farro_logistic_options *options,
                                double *coefficients, farro_logistic_result *result) {
  if (status != FARRO_OK) return status;
  const farro_status fitted = fit(p, options, coefficients, result);
  farro_logistic_pass_end(p);
  return fitted;
}

// ---- entries ----

#define ENTRIES(type, scalar, is_double)                                                                               \
  farro_status farro_logistic_fit_##type(const farro_logistic_problem *problem, const scalar *x, size_t ldx,           \
                                         const farro_logistic_options *options, double *coefficients,                  \
                                         farro_logistic_result *result) {                                              \
    logistic_pass p;                                                                                                   \
    return fit_and_end(farro_logistic_pass_dense(problem, x, ldx, is_double, &p), &p, options, coefficients, result);  \
  }                                                                                                                    \
  farro_status farro_logistic_fit_csr_##type(const farro_logistic_problem *problem, const farro_csr_##type *x,         \
                                             const farro_logistic_options *options, double *coefficients,              \
                                             farro_logistic_result *result) {                                          \
    logistic_pass p;                                                                                                   \
    return fit_and_end(                                                                                                \
        farro_logistic_pass_sparse(problem, x->rows, x->columns, x->offsets, x->indices, x->values, is_double, &p),    \
        &p, options, coefficients, result);                                                                            \
  }

ENTRIES(f32, float, false)
ENTRIES(f64, double, true)
