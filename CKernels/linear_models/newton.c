// Newton's method with an l1 penalty: quadratics by coordinate descent, and steps that are shortened where needed.
#include "newton.h"

#include <math.h>
#include <string.h>

#include "runtime/sizes.h"

enum { most_sweeps = 2000, most_halvings = 40, most_idle = 3 };

static const double armijo = 1e-4, least_share = 1e-13, least_pivot = 1e-12;

typedef struct {
  const lbfgs_problem *problem;
  size_t n;
  double *w, *gradient, *next, *step, *turn, *h; // turn: the Hessian times the step
  double *reduced;                               // the gradient where those without a penalty are at their least
} newton;

static double shrink(double x, double by) { return x > by ? x - by : x < -by ? x + by : 0; }

static double penalty(const newton *s, const double *w) {
  double sum = 0;
  for (size_t i = 0; i < s->n; i++) sum += fabs(w[i]) * s->problem->penalized[i];
  return s->problem->l1 * sum;
}

static double evaluate(const newton *s, const double *w, double *gradient) {
  const double value = s->problem->evaluate(s->problem->context, w, gradient) + penalty(s, w);
  return isnan(value) ? INFINITY : value;
}

// The largest derivative of the subgradient of least length.
static double largest_derivative(const newton *s) {
  double most = 0;
  for (size_t i = 0; i < s->n; i++) {
    const double l1 = s->problem->l1 * s->problem->penalized[i], g = s->gradient[i], w = s->w[i];
    const double at = fabs(w > 0 ? g + l1 : w < 0 ? g - l1 : shrink(g, l1));
    most = at > most || isnan(at) ? at : most;
  }
  return most;
}

// One coordinate of the quadratic's least; how far its derivative was from that.
static double improve(newton *s, size_t j) {
  const double *row = s->h + j * s->n, steep = row[j];
  if (!(steep > 0)) return 0;
  const double l1 = s->problem->l1 * s->problem->penalized[j], at = s->w[j] + s->step[j];
  const double to = shrink(at - (s->reduced[j] + s->turn[j]) / steep, l1 / steep), change = to - at;
  if (change == 0) return 0;
  s->step[j] += change;
  for (size_t i = 0; i < s->n; i++) s->turn[i] += change * row[i];
  return fabs(change) * steep;
}

// Coordinates without a penalty, the intercepts, are taken out of the quadratic: beside columns far from 0, which they
// nearly depend on, descent would not end. What hardly differs from those before stays where it is, and has a pivot of
// 0.
static void eliminate(newton *s) {
  const size_t n = s->n;
  memcpy(s->reduced, s->gradient, n * sizeof *s->reduced);
  for (size_t u = 0; u < n; u++) s->turn[u] = s->h[u * n + u];
  for (size_t u = 0; u < n; u++) {
    if (s->problem->penalized[u] != 0) continue;
    double *row = s->h + u * n;
    if (!(row[u] > least_pivot * s->turn[u])) {
      row[u] = 0;
      continue;
    }
    for (size_t i = 0; i < n; i++) {
      if (s->problem->penalized[i] == 0 && i <= u) continue;
      double *other = s->h + i * n;
      const double factor = other[u] / row[u];
      for (size_t j = 0; j < n; j++) other[j] -= factor * row[j];
      s->reduced[i] -= factor * s->reduced[u];
    }
  }
}

// The steps of those, from the last.
static void substitute(newton *s) {
  for (size_t u = s->n; u-- > 0;) {
    const double *row = s->h + u * s->n;
    if (s->problem->penalized[u] != 0 || row[u] == 0) continue;
    double sum = s->reduced[u];
    for (size_t j = 0; j < s->n; j++)
      if (s->problem->penalized[j] != 0 || j > u) sum += row[j] * s->step[j];
    s->step[u] = -sum / row[u];
  }
}

// All coordinates that have a penalty, then those that are not 0 until they rest, and so on.
static void descend(newton *s, double derivative) {
  const double enough = derivative * fmax(fmin(0.01, derivative), least_share);
  memset(s->step, 0, s->n * sizeof *s->step);
  memset(s->turn, 0, s->n * sizeof *s->turn);
  bool is_whole = true;
  for (size_t sweep = 0; sweep < most_sweeps; sweep++) {
    double most = 0;
    for (size_t j = 0; j < s->n; j++)
      if (s->problem->penalized[j] != 0 && (is_whole || s->w[j] + s->step[j] != 0)) most = fmax(most, improve(s, j));
    if (most <= enough && is_whole) return;
    is_whole = most <= enough;
  }
}

static void find_step(newton *s, double derivative) {
  eliminate(s);
  descend(s, derivative);
  substitute(s);
}

// Makes `next` of w and as much of the step as lets the objective fall.
static bool take_step(newton *s, double before, double *value, double *next_gradient) {
  double slope = 0;
  for (size_t i = 0; i < s->n; i++) s->next[i] = s->w[i] + s->step[i], slope += s->gradient[i] * s->step[i];
  slope += penalty(s, s->next) - penalty(s, s->w);
  if (!(slope < 0)) return false;
  const double noise = s->problem->noise * fabs(before);
  double t = 1;
  for (size_t trial = 0; trial < most_halvings; trial++, t /= 2) {
    for (size_t i = 0; i < s->n; i++) s->next[i] = s->w[i] + t * s->step[i];
    *value = evaluate(s, s->next, next_gradient);
    if (*value <= before + armijo * t * slope || (-slope < noise && *value <= before + noise)) return true;
  }
  return false;
}

static bool minimize(newton *s, newton_hessian *hessian, double *next_gradient, lbfgs_result *result) {
  const lbfgs_problem *p = s->problem;
  double value = evaluate(s, s->w, s->gradient), best = INFINITY;
  size_t idle = 0;
  for (result->iterations = 0;; result->iterations++) {
    result->objective = value;
    result->gradient = largest_derivative(s);
    result->converged = result->gradient <= p->tolerance;
    if (result->converged || !(result->gradient < INFINITY) || !(value < INFINITY)) return true;
    if (result->iterations == p->maximum_iterations || (p->stops && p->stops(p->stops_context))) return true;
    idle = result->gradient < best ? 0 : idle + 1;
    best = fmin(best, result->gradient);
    if (!hessian(p->context, s->w, s->h)) return false;
    find_step(s, result->gradient);
    double next;
    if (!take_step(s, value, &next, next_gradient)) return true;
    idle = next < value - p->noise * fabs(value) ? 0 : idle;
    if (idle == most_idle) return true;
    value = next;
    memcpy(s->w, s->next, s->n * sizeof *s->w);
    memcpy(s->gradient, next_gradient, s->n * sizeof *s->gradient);
  }
}

farro_status farro_newton(const lbfgs_problem *problem, newton_hessian *hessian, double *w, lbfgs_result *result) {
  const size_t n = problem->count, count = n * (n + 6);
  if (n > newton_most_coefficients) return FARRO_ERROR_ARGUMENT;
  double *all = farro_allocate(count * sizeof *all);
  if (!all) return FARRO_ERROR_MEMORY;
  newton s = {.problem = problem, .n = n, .w = w, .gradient = all, .next = all + n, .step = all + 2 * n};
  s.turn = all + 3 * n, s.reduced = all + 5 * n, s.h = all + 6 * n;
  const bool has_memory = minimize(&s, hessian, all + 4 * n, result);
  farro_release(all, count * sizeof *all);
  return has_memory ? FARRO_OK : FARRO_ERROR_MEMORY;
}
