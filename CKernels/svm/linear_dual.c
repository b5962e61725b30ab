// Dual coordinate descent: one row at a time, whose coefficient goes where the derivative vanishes, or to its limit.
// Rows that stay at their limits are left out until the others are done.
#include <math.h>
#include <string.h>

#include "linear.h"

typedef struct {
  const linear_rows *l;
  const farro_linear_svm_problem *problem;
  double *w, *alpha, *square; // square: of each row, and what the squared losses add to it
  int32_t *order;
  size_t active;
  uint64_t random;
  double most, least; // violations of the last pass, by which rows are left out
} descent;

static double addend(const descent *s, size_t row) {
  return svm_linear_is_squared(s->l) ? 0.5 / s->problem->limits[row] : 0;
}

static double limit(const descent *s, size_t row) {
  return svm_linear_is_squared(s->l) ? (double)INFINITY : s->problem->limits[row];
}

// SplitMix64.
static uint64_t next(descent *s) {
  uint64_t z = s->random += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static void swap(descent *s, size_t i, size_t j) {
  const int32_t row = s->order[i];
  s->order[i] = s->order[j], s->order[j] = row;
}

static void shuffle(descent *s) {
  for (size_t i = 0; i < s->active; i++) {
    // A 32-bit number times the range: the upper half is uniform but for one in 2^32.
    const uint64_t range = s->active - i;
    swap(s, i, i + (size_t)(((next(s) >> 32) * range) >> 32));
  }
}

// The violation of one row's condition; NAN when it is left out.
static double visit_class(descent *s, size_t row) {
  const double y = s->problem->y[row], alpha = s->alpha[row], high = limit(s, row);
  const double slope = y * svm_linear_decision(s->l, row, s->w) - 1 + alpha * addend(s, row);
  double violation = slope;
  if (alpha == 0) {
    if (slope > s->most) return (double)NAN;
    violation = fmin(slope, 0);
  } else if (alpha == high) {
    if (slope < s->least) return (double)NAN;
    violation = fmax(slope, 0);
  }
  if (fabs(violation) > 1e-12) {
    const double to = fmin(fmax(alpha - slope / s->square[row], 0), high);
    s->alpha[row] = to;
    if (to != alpha) svm_linear_add(s->l, row, (to - alpha) * y, s->w);
  }
  return violation;
}

static double visit_number(descent *s, size_t row) {
  const double epsilon = s->l->options->epsilon, alpha = s->alpha[row], high = limit(s, row);
  const double slope = svm_linear_decision(s->l, row, s->w) - s->problem->y[row] + alpha * addend(s, row);
  const double up = slope + epsilon, down = slope - epsilon;
  double violation = 0;
  if (alpha == 0) {
    if (up > s->most && down < -s->most) return (double)NAN;
    violation = up < 0 ? -up : down > 0 ? down : 0;
  } else if (alpha >= high) {
    if (up < -s->most) return (double)NAN;
    violation = fmax(up, 0);
  } else if (alpha <= -high) {
    if (down > s->most) return (double)NAN;
    violation = fmax(-down, 0);
  } else {
    violation = fabs(alpha > 0 ? up : down);
  }
  const double curvature = s->square[row];
  const double step = up < curvature * alpha ? -up / curvature : down > curvature * alpha ? -down / curvature : -alpha;
  if (fabs(step) >= 1e-12) {
    const double to = fmin(fmax(alpha + step, -high), high);
    s->alpha[row] = to;
    if (to != alpha) svm_linear_add(s->l, row, to - alpha, s->w);
  }
  return violation;
}

static void prefetch(const descent *s, size_t at) {
  const farro_linear_svm_rows *r = s->l->rows;
  if (at >= s->active || r->offsets || r->d > 512) return;
  const size_t bytes = s->l->is_wide ? sizeof(double) : sizeof(float);
  const char *row = (const char *)r->x + (size_t)s->order[at] * r->ldx * bytes;
  for (size_t i = 0; i < r->d * bytes; i += 64) __builtin_prefetch(row + i);
}

// Largest and least violation, and the sum of their magnitudes.
typedef struct {
  double most, least, sum;
} violations;

static violations pass(descent *s, double (*visit)(descent *s, size_t row)) {
  violations v = {-INFINITY, INFINITY, 0};
  shuffle(s);
  for (size_t i = 0; i < s->active; i++) {
    prefetch(s, i + 2);
    const double violation = visit(s, (size_t)s->order[i]);
    if (isnan(violation)) {
      swap(s, i--, --s->active);
      continue;
    }
    v.most = fmax(v.most, violation), v.least = fmin(v.least, violation), v.sum += fabs(violation);
  }
  return v;
}

static void descend(descent *s, farro_linear_svm_problem *problem, size_t n) {
  const farro_linear_svm_options *o = s->l->options;
  const bool is_regression = svm_linear_is_regression(s->l);
  double first_sum = 0;
  s->active = n, s->most = INFINITY, s->least = -INFINITY;
  for (; problem->iterations < o->max_iterations; problem->iterations++) {
    if (problem->iterations % 16 == 0 && svm_linear_is_cancelled(s->l)) {
      problem->was_cancelled = true;
      return;
    }
    const violations v = pass(s, is_regression ? visit_number : visit_class);
    if (problem->iterations == 0) first_sum = v.sum;
    const bool is_done = is_regression ? v.sum <= o->tolerance * first_sum : !(v.most - v.least > o->tolerance);
    if (is_done && s->active == n) {
      problem->has_converged = true, problem->iterations++;
      return;
    }
    if (is_done) { // all rows are looked at again
      s->active = n, s->most = INFINITY, s->least = -INFINITY;
    } else if (is_regression) {
      s->most = v.most;
    } else {
      s->most = v.most <= 0 ? (double)INFINITY : v.most, s->least = v.least >= 0 ? -(double)INFINITY : v.least;
    }
  }
}

farro_status svm_linear_dual(const linear_rows *l, farro_linear_svm_problem *problem, double *w) {
  const size_t n = l->rows->n, bytes = n * (2 * sizeof(double) + sizeof(int32_t));
  double *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  descent s = {.l = l,
               .problem = problem,
               .w = w,
               .alpha = space,
               .square = space + n,
               .order = (int32_t *)(void *)(space + 2 * n),
               .random = l->options->seed};
  memset(s.alpha, 0, n * sizeof *s.alpha);
  size_t rows = 0;
  for (size_t i = 0; i < n; i++) {
    if (!(problem->limits[i] > 0)) continue;
    s.square[i] = svm_linear_square(l, i) + addend(&s, i);
    // Of a row of zeros any step is right that is long enough.
    if (!(s.square[i] > 0)) s.square[i] = 1e-12;
    s.order[rows++] = (int32_t)i;
  }
  descend(&s, problem, rows);
  farro_release(space, bytes);
  return FARRO_OK;
}
