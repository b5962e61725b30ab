// L-BFGS with a line search by Wolfe's conditions; with l1, orthant-wise with a backtracking one.
#include "lbfgs.h"

#include <math.h>
#include <string.h>

#include "runtime/sizes.h"

enum { memory = 10, most_trials = 40, most_idle = 10 };

static const double armijo = 1e-4, curvature = 0.9;

typedef struct {
  const lbfgs_problem *problem;
  size_t n;
  double *w, *gradient, *next, *next_gradient, *direction, *scaled, *steps, *changes;
  double *pseudo, *moves; // with l1: the subgradient of least length, and 1 where a coefficient may move
  size_t pairs, newest;   // pairs are kept in a ring
  double value;           // of the whole objective at w
} search;

// Four chains, which vectors hold: strict floating point does not reorder one.
static double dot(size_t n, const double *a, const double *b) {
  double sums[8] = {0};
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (size_t l = 0; l < 8; l++) sums[l] += a[i + l] * b[i + l];
  for (size_t l = 0; i < n; i++, l++) sums[l] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

static void add(size_t n, double factor, const double *x, double *to) {
  for (size_t i = 0; i < n; i++) to[i] += factor * x[i];
}

static void mask(const search *s, double *v) {
  if (s->moves)
    for (size_t i = 0; i < s->n; i++) v[i] *= s->moves[i];
}

static double largest(size_t n, const double *v) {
  double most = 0;
  for (size_t i = 0; i < n; i++) most = fabs(v[i]) > most || isnan(v[i]) ? fabs(v[i]) : most;
  return most;
}

static bool is_penalized(const search *s, size_t i) { return s->problem->penalized[i] != 0; }

static double evaluate(const search *s, const double *w, double *gradient) {
  double value = s->problem->evaluate(s->problem->context, w, gradient);
  if (s->problem->l1 > 0) {
    double sum = 0;
    for (size_t i = 0; i < s->n; i++) sum += fabs(w[i]) * s->problem->penalized[i];
    value += s->problem->l1 * sum;
  }
  return isnan(value) ? INFINITY : value;
}

// The subgradient of least length, and which coefficients it lets move.
static void find_pseudo_gradient(search *s) {
  const double l1 = s->problem->l1;
  for (size_t i = 0; i < s->n; i++) {
    const double g = s->gradient[i], w = s->w[i];
    double pseudo = g;
    if (is_penalized(s, i)) pseudo = w > 0 ? g + l1 : w < 0 ? g - l1 : g > l1 ? g - l1 : g < -l1 ? g + l1 : 0;
    s->pseudo[i] = pseudo;
    s->moves[i] = !is_penalized(s, i) || w != 0 || pseudo != 0;
  }
}

// direction = -H gradient by the recursion of two loops; of pairs, what moves.
static void find_direction(search *s) {
  double products[memory], factors[memory];
  double *d = s->direction, scale = 1;
  const double *from = s->moves ? s->pseudo : s->gradient;
  for (size_t i = 0; i < s->n; i++) d[i] = -from[i];
  for (size_t age = 0; age < s->pairs; age++) {
    const size_t at = (s->newest + memory - age) % memory;
    double *step = s->steps + at * s->n, *change = s->changes + at * s->n;
    double moved = 0;
    if (s->moves)
      for (size_t i = 0; i < s->n; i++) moved += s->moves[i] * step[i] * change[i];
    else
      moved = dot(s->n, step, change);
    products[age] = moved;
    if (!(moved > 0)) continue;
    factors[age] = dot(s->n, step, d) / moved;
    add(s->n, -factors[age], change, d);
    mask(s, d);
  }
  if (s->pairs > 0 && products[0] > 0) {
    const double *change = s->changes + s->newest * s->n;
    memcpy(s->next_gradient, change, s->n * sizeof *change); // not in use now
    mask(s, s->next_gradient);
    s->problem->precondition(s->problem->context, s->next_gradient, s->scaled);
    scale = products[0] / dot(s->n, s->next_gradient, s->scaled);
    if (!(scale > 0 && scale < INFINITY)) scale = 1;
  }
  s->problem->precondition(s->problem->context, d, s->scaled);
  for (size_t i = 0; i < s->n; i++) d[i] = scale * s->scaled[i];
  mask(s, d);
  for (size_t age = s->pairs; age-- > 0;) {
    if (!(products[age] > 0)) continue;
    const size_t at = (s->newest + memory - age) % memory;
    const double *step = s->steps + at * s->n, *change = s->changes + at * s->n;
    add(s->n, factors[age] - dot(s->n, change, d) / products[age], step, d);
    mask(s, d);
  }
}

// ---- steps ----

// Along the direction, in both of Wolfe's conditions. Where rounding hides the decrease, slopes decide. `next` and its
// gradient are where it ends; false where no step is good.
static bool search_line(search *s, double slope, double *value) {
  double low = 0, high = INFINITY, low_value = s->value, low_slope = slope, high_value = 0, high_slope = 0, t = 1;
  const double noise = s->problem->noise * fabs(s->value);
  for (size_t trial = 0; trial < most_trials; trial++) {
    for (size_t i = 0; i < s->n; i++) s->next[i] = s->w[i] + t * s->direction[i];
    *value = evaluate(s, s->next, s->next_gradient);
    const double here = dot(s->n, s->next_gradient, s->direction);
    const bool is_known = *value < INFINITY && isfinite(here);
    const bool falls = is_known && (*value <= s->value + armijo * t * slope ||
                                    (*value <= s->value + noise && here <= (2 * armijo - 1) * slope));
    if (!falls) {
      high = t, high_value = is_known ? *value : INFINITY, high_slope = here;
    } else if (here < curvature * slope) {
      low = t, low_value = *value, low_slope = here;
    } else if (here > -curvature * slope) {
      high = t, high_value = *value, high_slope = here;
    } else {
      return true;
    }
    if (high == INFINITY) {
      t *= low_slope > slope ? fmin(fmax(low_slope / (low_slope - slope) + 1, 2), 10) : 4;
      continue;
    }
    // The least of the cubic through both ends, if it is well inside.
    double place = 0.1;
    if (high_value < INFINITY) {
      const double width = high - low, mean = low_slope + high_slope - 3 * (high_value - low_value) / width;
      const double root = sqrt(fmax(mean * mean - low_slope * high_slope, 0));
      place = 1 - (high_slope + root - mean) / (high_slope - low_slope + 2 * root);
      if (!(place >= 0.1 && place <= 0.9)) place = place > 0.9 ? 0.9 : place >= 0 ? 0.1 : 0.5;
    }
    t = low + place * (high - low);
    if (!(t > low && t < high)) return false;
  }
  return false;
}

// Steps that would cross 0 end there.
static bool search_orthant(search *s, double *value) {
  const double noise = s->problem->noise * fabs(s->value);
  for (size_t i = 0; i < s->n; i++)
    if (is_penalized(s, i) && s->direction[i] * s->pseudo[i] >= 0) s->direction[i] = 0;
  double t = 1;
  for (size_t trial = 0; trial < most_trials; trial++, t *= 0.5) {
    double slope = 0;
    for (size_t i = 0; i < s->n; i++) {
      double to = s->w[i] + t * s->direction[i];
      if (is_penalized(s, i)) {
        const double side = s->w[i] != 0 ? s->w[i] : -s->pseudo[i];
        if (to * side < 0) to = 0;
      }
      s->next[i] = to;
      slope += (to - s->w[i]) * s->pseudo[i];
    }
    if (!(slope < 0)) return false;
    *value = evaluate(s, s->next, s->next_gradient);
    if (*value <= s->value + armijo * slope || (*value <= s->value + noise && trial > 0) ||
        (*value <= s->value + noise && -slope < noise))
      return isfinite(largest(s->n, s->next_gradient));
  }
  return false;
}

static void remember(search *s) {
  const size_t at = s->pairs == 0 ? 0 : (s->newest + 1) % memory;
  double *step = s->steps + at * s->n, *change = s->changes + at * s->n;
  for (size_t i = 0; i < s->n; i++) {
    step[i] = s->next[i] - s->w[i];
    change[i] = s->next_gradient[i] - s->gradient[i];
  }
  const double product = dot(s->n, step, change), length = dot(s->n, change, change);
  if (!(product > 1e-16 * sqrt(length * dot(s->n, step, step)))) return;
  s->newest = at;
  s->pairs = smaller(s->pairs + 1, memory);
}

static void minimize(search *s, lbfgs_result *result) {
  const lbfgs_problem *p = s->problem;
  double best_gradient = INFINITY;
  size_t idle = 0;
  s->value = evaluate(s, s->w, s->gradient);
  for (result->iterations = 0;; result->iterations++) {
    if (s->moves) find_pseudo_gradient(s);
    const double *gradient = s->moves ? s->pseudo : s->gradient;
    result->objective = s->value;
    result->gradient = largest(s->n, gradient);
    result->converged = result->gradient <= p->tolerance;
    if (result->converged || !(result->gradient < INFINITY) || !(fabs(s->value) < INFINITY)) return;
    if (result->iterations == p->maximum_iterations || (p->stops && p->stops(p->stops_context))) return;
    double value = 0, slope;
    bool moved = false;
    while (!moved) {
      find_direction(s);
      slope = dot(s->n, gradient, s->direction);
      if (slope < 0) moved = s->moves ? search_orthant(s, &value) : search_line(s, slope, &value);
      if (!moved && s->pairs == 0) return;
      if (!moved) s->pairs = 0; // anew, without what misled it
    }
    idle = result->gradient < best_gradient || value < s->value - p->noise * fabs(s->value) ? 0 : idle + 1;
    best_gradient = fmin(best_gradient, result->gradient);
    if (idle == most_idle) return;
    remember(s);
    s->value = value;
    memcpy(s->w, s->next, s->n * sizeof *s->w);
    double *const gone = s->gradient;
    s->gradient = s->next_gradient, s->next_gradient = gone;
  }
}

farro_status farro_lbfgs(const lbfgs_problem *problem, double *w, lbfgs_result *result) {
  const size_t n = problem->count, vectors = 5 + 2 * memory + (problem->l1 > 0 ? 2 : 0);
  if (!can_exist(n, vectors, sizeof(double))) return FARRO_ERROR_ARGUMENT;
  double *all = farro_allocate(vectors * n * sizeof *all);
  if (!all) return FARRO_ERROR_MEMORY;
  search s = {.problem = problem, .n = n, .w = w, .gradient = all, .next = all + n, .next_gradient = all + 2 * n};
  s.direction = all + 3 * n, s.scaled = all + 4 * n, s.steps = all + 5 * n, s.changes = s.steps + memory * n;
  if (problem->l1 > 0) s.pseudo = s.changes + memory * n, s.moves = s.pseudo + n;
  minimize(&s, result);
  farro_release(all, vectors * n * sizeof *all);
  return FARRO_OK;
}
