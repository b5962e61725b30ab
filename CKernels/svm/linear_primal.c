// Newton's method for the squared losses: between two steps rows begin or cease to cost, and for the same such rows one
// step ends it. Rows go through the caches in blocks, in parts that are as many for any number of threads.
#include <math.h>
#include <string.h>

#include "include/linear_algebra.h"
#include "linear.h"

enum { most_parts = 8, rows_of_part = 2048 };

typedef struct {
  const linear_rows *l;
  const farro_linear_svm_problem *problem;
  size_t size, parts; // size: d + 1
  double *w, *step, *decisions, *changes;
  double *sums; // of each part: gradient, Hessian, block; size, size^2, svm_block_rows * size, and 16 to write over
  farro_status status;
} newton;

static size_t part_elements(const newton *s) { return s->size * (1 + s->size + svm_block_rows) + 16; }

// The residual r of a row, so that it costs r^2 limit.
static double residual(const newton *s, size_t row, double decision) {
  const double y = s->problem->y[row];
  if (!svm_linear_is_regression(s->l)) return y * decision < 1 ? decision - y : 0;
  const double error = decision - y, epsilon = s->l->options->epsilon;
  return error > epsilon ? error - epsilon : error < -epsilon ? error + epsilon : 0;
}

// Gradient and Hessian of each part's rows that cost.
static void take_parts(void *context, size_t first_part, size_t last_part) {
  newton *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    double *gradient = s->sums + part * part_elements(s), *hessian = gradient + s->size;
    linear_squares squares = {
        .n = s->size, .matrix = hessian, .block = hessian + s->size * s->size, .status = &s->status};
    memset(gradient, 0, s->size * (1 + s->size) * sizeof *gradient);
    size_t first, last;
    svm_linear_range(s->l->rows->n, s->parts, part, &first, &last);
    for (size_t i = first; i < last; i++) {
      const double r = residual(s, i, s->decisions[i]), weight = 2 * s->problem->limits[i];
      if (r == 0 || weight == 0) continue;
      svm_linear_add(s->l, i, weight * r, gradient);
      svm_linear_copy(s->l, i, sqrt(weight), svm_linear_next_row(&squares));
    }
    svm_linear_end_rows(&squares);
  }
}

static void take_changes(void *context, size_t first_part, size_t last_part) {
  newton *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    size_t first, last;
    svm_linear_range(s->l->rows->n, s->parts, part, &first, &last);
    for (size_t i = first; i < last; i++) s->changes[i] = svm_linear_decision(s->l, i, s->step);
  }
}

// The objective after t steps.
static double objective(const newton *s, double t) {
  double squares = 0, losses = 0;
  for (size_t i = 0; i < s->size; i++) squares += (s->w[i] + t * s->step[i]) * (s->w[i] + t * s->step[i]);
  for (size_t i = 0; i < s->l->rows->n; i++) {
    const double r = residual(s, i, s->decisions[i] + t * s->changes[i]);
    losses += s->problem->limits[i] * r * r;
  }
  return squares / 2 + losses;
}

// The step from here; answers the length of the gradient.
static double take_step(newton *s) {
  const size_t size = s->size;
  const double work = (double)s->l->rows->n * (double)size * (double)(size + 4) / 16;
  farro_parallel_for(s->parts, 1, work, take_parts, s);
  double *gradient = s->sums, *hessian = gradient + size;
  for (size_t part = 1; part < s->parts; part++) {
    const double *more = s->sums + part * part_elements(s);
    for (size_t i = 0; i < size * (1 + size); i++) gradient[i] += more[i];
  }
  double square = 0;
  for (size_t i = 0; i < size; i++) {
    gradient[i] += s->w[i], hessian[i * size + i] += 1;
    square += gradient[i] * gradient[i];
    s->step[i] = -gradient[i];
  }
  const farro_cholesky_shape factor = {.batch = 1, .n = size, .lda = size};
  const farro_cholesky_solve_shape solve = {.batch = 1, .n = size, .m = 1, .ldf = size, .ldb = 1};
  // The Hessian exceeds the identity: it can only fail for overflow, and then the gradient leads on.
  if (farro_cholesky_f64(&factor, hessian, NULL) == FARRO_OK) farro_cholesky_solve_f64(&solve, hessian, s->step, NULL);
  return sqrt(square);
}

static void iterate(newton *s, farro_linear_svm_problem *problem) {
  const farro_linear_svm_options *o = s->l->options;
  // The length of a gradient that may be left, in parts of the first.
  const double tolerance = o->tolerance * (svm_linear_is_regression(s->l) ? 1 : svm_linear_part(s->l, problem));
  const double work = (double)s->l->rows->n * (double)s->size / 4;
  double first = 0;
  for (;; problem->iterations++) {
    if (svm_linear_is_cancelled(s->l)) {
      problem->was_cancelled = true;
      return;
    }
    const double length = take_step(s);
    if (s->status != FARRO_OK) return;
    if (problem->iterations == 0) first = length;
    problem->has_converged = length <= tolerance * first;
    if (problem->has_converged || problem->iterations >= o->max_iterations) return;
    farro_parallel_for(s->parts, 1, work, take_changes, s);
    const double now = objective(s, 0);
    double slope = 0, t = 1;
    for (size_t i = 0; i < s->size; i++) slope += s->sums[i] * s->step[i];
    while (t > 1e-10 && !(objective(s, t) <= now + 1e-2 * t * slope)) t /= 2;
    if (t <= 1e-10) { // what is left is rounding
      problem->has_converged = true;
      return;
    }
    for (size_t i = 0; i < s->size; i++) s->w[i] += t * s->step[i];
    for (size_t i = 0; i < s->l->rows->n; i++) s->decisions[i] += t * s->changes[i];
  }
}

farro_status svm_linear_primal(const linear_rows *l, farro_linear_svm_problem *problem, double *w) {
  const size_t n = l->rows->n;
  if (n == 0) return FARRO_OK;
  newton s = {.l = l, .problem = problem, .w = w, .size = l->rows->d + 1};
  // Not so many that their matrices take more than about half the memory of dense rows.
  s.parts = larger(smaller(n / larger(rows_of_part, 6 * s.size), most_parts), 1);
  const size_t room = svm_linear_room(l), elements = room + 2 * n + s.parts * part_elements(&s);
  s.step = farro_allocate(elements * sizeof(double));
  if (!s.step) return FARRO_ERROR_MEMORY;
  s.decisions = s.step + room, s.changes = s.decisions + n, s.sums = s.changes + n;
  memset(s.step, 0, (room + n) * sizeof(double));
  iterate(&s, problem);
  farro_release(s.step, elements * sizeof(double));
  return s.status;
}
