// The hinge and the insensitive loss by an augmented Lagrangian. A row's error e is 1 - y z, or y - z, and costs the
// greatest limit (a e - epsilon |a|) of all shares a from 0, or -1, to 1; at the minimum w is the sum of a limit sign
// x. In rounds, limit scale / 2 (a - share)^2 is taken from that, where `share` is what a was at the end of the round
// before: then the objective has a derivative, Newton's steps lead to its minimum, and only rows whose a is in between
// weigh in their matrix, which are few when the scale is small. Rounds go to the minimum of the losses as they are.
#include <math.h>
#include <string.h>

#include "include/linear_algebra.h"
#include "linear.h"

static const double least_damping = 1e-14;

enum { most_parts = 64, rows_of_part = 1024, most_trials = 40 };

// What one part of the rows adds up.
typedef struct {
  svm_share_sums shares;
  double excess, violation, most, least;
} sums;

typedef struct {
  const linear_rows *l;
  const farro_linear_svm_problem *problem;
  const svm_solver_kernels *kernels;
  size_t size, room, rows, parts;
  double *w, *step, *squares, *share, *point, *error, *change; // point: shares at it
  double *vectors;                                             // of each part: one of `room`, a matrix and a block
  sums *part;
  svm_share_rule rule;
  double damping, scale, trial; // trial: of the step's length
  bool is_minimum;              // of the round: what is left of the gradient is rounding
  bool is_exact;                // errors are those of w, not what steps made of them
  farro_status status;
} augmented;

static size_t part_elements(const augmented *s) { return s->room + s->size * (s->size + svm_block_rows) + 16; }

static double sign_of(const augmented *s, size_t row) {
  return svm_linear_is_regression(s->l) ? 1 : s->problem->y[row];
}

static svm_share_rows share_rows(const augmented *s, size_t first) {
  return (svm_share_rows){.share = s->share + first,
                          .error = s->error + first,
                          .change = s->change + first,
                          .limit = s->problem->limits + first};
}

// Errors of w, and what they exceed epsilon by; what is summed up of shares begins anew.
static void take_errors(void *context, size_t first_part, size_t last_part) {
  augmented *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    sums sum = {0};
    size_t first, last;
    memset(s->vectors + part * part_elements(s), 0, s->room * sizeof(double));
    svm_linear_range(s->rows, s->parts, part, &first, &last);
    for (size_t i = first; i < last; i++) {
      const double decision = svm_linear_decision(s->l, i, s->w), y = s->problem->y[i];
      s->error[i] = svm_linear_is_regression(s->l) ? y - decision : 1 - y * decision;
      s->point[i] = 0;
      if (s->problem->limits[i] > 0) sum.excess += fmax(fabs(s->error[i]) - s->rule.epsilon, 0);
    }
    s->part[part] = sum;
  }
}

// Shares at the point, what the losses are, and the sum of a limit sign x: what is new of it, as most shares stay.
static void take_point(void *context, size_t first_part, size_t last_part) {
  augmented *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    double *pulls = s->vectors + part * part_elements(s), before[svm_block_rows];
    sums sum = {0};
    size_t first, last;
    svm_linear_range(s->rows, s->parts, part, &first, &last);
    for (size_t i = first; i < last; i += svm_block_rows) {
      const size_t count = smaller(last - i, svm_block_rows);
      const svm_share_rows rows = share_rows(s, i);
      memcpy(before, s->point + i, count * sizeof *before);
      const svm_share_sums some = s->kernels->shares(&s->rule, &rows, count, s->point + i);
      sum.shares.loss += some.loss, sum.shares.gap += some.gap;
      for (size_t j = 0; j < count; j++)
        if (s->point[i + j] != before[j])
          svm_linear_add(s->l, i + j, sign_of(s, i + j) * s->problem->limits[i + j] * (s->point[i + j] - before[j]),
                         pulls);
    }
    s->part[part] = sum;
  }
}

static void take_matrix(void *context, size_t first_part, size_t last_part) {
  augmented *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    double *hessian = s->vectors + part * part_elements(s) + s->room;
    linear_squares squares = {
        .n = s->size, .matrix = hessian, .block = hessian + s->size * s->size, .status = &s->status};
    memset(hessian, 0, s->size * s->size * sizeof *hessian);
    size_t first, last;
    svm_linear_range(s->rows, s->parts, part, &first, &last);
    for (size_t i = first; i < last; i++) {
      const double a = s->point[i], limit = s->problem->limits[i];
      if (a == 0 || a == 1 || a == s->rule.least || limit == 0) continue;
      svm_linear_copy(s->l, i, sqrt(limit / s->scale), svm_linear_next_row(&squares));
    }
    svm_linear_end_rows(&squares);
  }
}

static void take_changes(void *context, size_t first_part, size_t last_part) {
  augmented *s = context;
  size_t first, last, end;
  svm_linear_range(s->rows, s->parts, first_part, &first, &last);
  svm_linear_range(s->rows, s->parts, last_part - 1, &last, &end);
  for (size_t i = first; i < end; i++) s->change[i] = -sign_of(s, i) * svm_linear_decision(s->l, i, s->step);
}

static void take_trial(void *context, size_t first_part, size_t last_part) {
  augmented *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    size_t first, last;
    svm_linear_range(s->rows, s->parts, part, &first, &last);
    const svm_share_rows rows = share_rows(s, first);
    s->part[part].shares = s->kernels->slope(&s->rule, &rows, last - first, s->trial);
  }
}

// What a step of a row's own unknown alone would change of its error: 0 for all is the minimum.
static void take_violation(sums *sum, double error, double a, double limit, double square) {
  const double violation = error < 0 ? fmin(-error, square * a) : -fmin(error, square * (limit - a));
  sum->most = fmax(sum->most, violation), sum->least = fmin(sum->least, violation), sum->violation += fabs(violation);
}

static void take_violations(void *context, size_t first_part, size_t last_part) {
  augmented *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    sums sum = {.most = -INFINITY, .least = INFINITY};
    size_t first, last;
    svm_linear_range(s->rows, s->parts, part, &first, &last);
    for (size_t i = first; i < last; i++) {
      const double limit = s->problem->limits[i], a = limit * s->point[i], epsilon = s->rule.epsilon;
      if (limit == 0) continue;
      const double square = svm_linear_square(s->l, i);
      take_violation(&sum, s->error[i] - epsilon, fmax(a, 0), limit, square);
      if (s->rule.least < 0) take_violation(&sum, -s->error[i] - epsilon, fmax(-a, 0), limit, square);
    }
    s->part[part] = sum;
  }
}

// The sum of `count` numbers of each part.
static void join(const augmented *s, size_t from, size_t count, double *to) {
  memmove(to, s->vectors + from, count * sizeof *to);
  for (size_t part = 1; part < s->parts; part++) {
    const double *more = s->vectors + part * part_elements(s) + from;
    for (size_t i = 0; i < count; i++) to[i] += more[i];
  }
}

static sums total(const augmented *s) {
  sums all = s->part[0];
  for (size_t part = 1; part < s->parts; part++) {
    const sums *p = &s->part[part];
    all.shares.loss += p->shares.loss, all.shares.gap += p->shares.gap;
    all.shares.slope += p->shares.slope, all.shares.bend += p->shares.bend;
    all.excess += p->excess, all.violation += p->violation;
    all.most = fmax(all.most, p->most), all.least = fmin(all.least, p->least);
  }
  return all;
}

static double product(size_t n, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

// Along the step to where the slope is a tenth of that at the start, by Newton's method within what is known to enclose
// the minimum. The round is at its minimum if the slope is none, or vanishes after Newton's step as it is.
static void go(augmented *s, double tiny) {
  const double slope = product(s->size, s->w, s->step), bend = product(s->size, s->step, s->step);
  double low = 0, high = INFINITY, first = 0;
  s->trial = 0;
  for (size_t k = 0; k < most_trials; k++) {
    farro_parallel_for(s->parts, 1, (double)s->rows * 4, take_trial, s);
    const svm_share_sums sum = total(s).shares;
    const double here = slope + s->trial * bend + sum.slope;
    if (k == 0) {
      s->is_minimum = !(-here > tiny);
      if (s->is_minimum) return;
      first = here, s->trial = 1;
      continue;
    }
    s->is_minimum = k == 1 && fabs(here) <= -1e-6 * first;
    if (fabs(here) <= -0.1 * first) break;
    if (here < 0)
      low = s->trial;
    else
      high = s->trial;
    double trial = s->trial - here / (bend + sum.bend);
    if (isinf(high))
      trial = fmin(fmax(trial, 1.5 * s->trial), 10 * s->trial);
    else if (!(low < trial && trial < high))
      trial = (low + high) / 2;
    s->trial = trial;
  }
  // Steps far too long come from directions that nothing but the damping and the squares of w bound.
  if (s->trial < 1e-8)
    s->damping = fmin(1e5 * s->damping, 1e-3);
  else if (s->trial > 0.5)
    s->damping = fmax(1e-5 * s->damping, least_damping);
  for (size_t i = 0; i < s->size; i++) s->w[i] += s->trial * s->step[i];
  for (size_t i = 0; i < s->rows; i++) s->error[i] += s->trial * s->change[i];
  s->is_exact = false;
}

// Newton's step from the point, where step = sum of a limit sign x - w at first; false if rounding is in the way. What
// all rows would weigh is seen in the first rounds; a little of it, the damping, keeps the step from directions that
// are left to the squares of w alone, which huge rows leave next to nothing of.
static bool take_step(augmented *s, double elements, double tiny) {
  farro_parallel_for(s->parts, 1, (double)s->rows * 4, take_matrix, s);
  double *hessian = s->vectors + s->room;
  join(s, s->room, s->size * s->size, hessian);
  for (size_t i = 0; i < s->size; i++) {
    double *const own = &hessian[i * s->size + i];
    s->squares[i] = fmax(s->squares[i], *own * s->scale);
    *own += 1 + s->damping * s->squares[i] / s->scale;
  }
  const farro_cholesky_shape factor = {.batch = 1, .n = s->size, .lda = s->size};
  const farro_cholesky_solve_shape solve = {.batch = 1, .n = s->size, .m = 1, .ldf = s->size, .ldb = 1};
  if (s->status != FARRO_OK || farro_cholesky_f64(&factor, hessian, NULL) != FARRO_OK) return false;
  s->status = farro_cholesky_solve_f64(&solve, hessian, s->step, NULL);
  farro_parallel_for(s->parts, 1, elements / 4, take_changes, s);
  if (s->status == FARRO_OK) go(s, tiny);
  return s->status == FARRO_OK;
}

static void set_scale(augmented *s, double scale) {
  s->scale = scale;
  s->rule.inverse = 1 / scale, s->rule.quiet = s->rule.epsilon / scale;
}

// Whether it ended at the minimum, or by what was asked for; else rounding is in the way.
static bool iterate(augmented *s, farro_linear_svm_problem *problem) {
  const farro_linear_svm_options *o = s->l->options;
  const double elements = (double)s->rows * (double)s->size;
  farro_parallel_for(s->parts, 1, elements / 4, take_errors, s);
  const double first = total(s).excess, mean = first / (double)s->rows;
  if (first == 0) return problem->has_converged = true;
  double last = INFINITY;
  s->damping = least_damping;
  s->is_exact = true;
  set_scale(s, 100 * mean); // the first round is one of squares, nearly
  for (;;) {
    if (svm_linear_is_cancelled(s->l)) {
      problem->was_cancelled = true;
      return true;
    }
    farro_parallel_for(s->parts, 1, elements / 4, take_point, s);
    join(s, 0, s->size, s->step);
    for (size_t i = 0; i < s->size; i++) s->step[i] -= s->w[i];
    const svm_share_sums point = total(s).shares;
    const double objective = product(s->size, s->w, s->w) / 2 + point.loss, tiny = 1e-13 * objective;
    // What the objective exceeds that of the shares by is no more than half the square of their difference in w, and
    // the gap of the losses.
    const double rest = s->is_minimum ? 0 : product(s->size, s->step, s->step) / 2;
    const double gap = (rest + point.gap) / objective;
    const bool is_near = gap <= 0.01 * fmin(o->tolerance, 1);
    bool is_still = gap <= 1e-13;
    if ((is_near || is_still) && !s->is_exact) { // what rounding left in them may be far more than the gap
      farro_parallel_for(s->parts, 1, elements / 4, take_errors, s);
      s->is_exact = true;
      continue;
    }
    if (is_near && !is_still) {
      farro_parallel_for(s->parts, 1, elements, take_violations, s);
      const sums all = total(s);
      is_still =
          svm_linear_is_regression(s->l) ? all.violation <= o->tolerance * first : all.most - all.least <= o->tolerance;
    }
    problem->has_converged = is_still;
    if (is_still || problem->iterations >= o->max_iterations) return true;
    // A round need not come nearer to its own minimum than that is to the losses'.
    if (rest > fmax(10 * point.gap, tiny)) {
      problem->iterations++;
      if (!take_step(s, elements, tiny)) return problem->has_converged = is_near;
      continue;
    }
    // Where rounds are slow, the next one's shares may be farther from this one's.
    memcpy(s->share, s->point, s->rows * sizeof(double));
    s->is_minimum = false;
    const bool is_fast = s->scale <= 0.01 * mean && point.gap < last / 4;
    if (!is_fast) set_scale(s, 0.3 * s->scale);
    last = point.gap;
    if (!(s->scale > 1e-12 * mean)) return problem->has_converged = is_near;
  }
}

farro_status svm_linear_augmented(const linear_rows *l, farro_linear_svm_problem *problem, double *w, bool *is_solved) {
  augmented s = {.l = l, .problem = problem, .w = w, .rows = l->rows->n, .size = l->rows->d + 1};
  s.kernels = farro_current_kernels()->models->svm_solver, s.room = svm_linear_room(l);
  s.rule = svm_linear_is_regression(l) ? (svm_share_rule){.epsilon = l->options->epsilon, .least = -1}
                                       : (svm_share_rule){.least = 0};
  // Not so many that their matrices take more than about half the memory of the rows.
  s.parts = larger(smaller(s.rows / larger(rows_of_part, 6 * s.size), most_parts), 1);
  const size_t doubles = 2 * s.room + 4 * s.rows + s.parts * part_elements(&s);
  const size_t bytes = doubles * sizeof(double) + s.parts * sizeof(sums);
  s.step = farro_allocate(bytes);
  if (!s.step) return FARRO_ERROR_MEMORY;
  s.squares = s.step + s.room, s.share = s.squares + s.room, s.point = s.share + s.rows, s.error = s.point + s.rows,
  s.change = s.error + s.rows;
  s.vectors = s.change + s.rows, s.part = (sums *)(void *)(s.vectors + s.parts * part_elements(&s));
  memset(s.step, 0, (2 * s.room + s.rows) * sizeof(double));
  *is_solved = iterate(&s, problem);
  farro_release(s.step, bytes);
  return s.status;
}
