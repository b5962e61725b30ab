// The squared hinge with |w|_1: Newton's method on a set of columns that may matter, where each step is the minimum of
// a quadratic model and the penalty, found by coordinate descent on the model's matrix.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "include/linear_algebra.h"
#include "linear.h"

enum {
  most_parts = 8,
  rows_of_part = 2048,
  small_set = 512,
  new_columns = 256,
  most_passes = 1000,
  passes_of_solution = 5
};
// Of the model's matrix, which columns without rows that cost need.
static const double ridge = 1e-12;

typedef struct {
  double violation;
  int32_t column;
} candidate;

typedef struct {
  const linear_rows *l;
  const farro_linear_svm_problem *problem;
  size_t size, room, parts;                           // size: d + 1
  double *w, *step, *decisions, *changes, *gradients; // gradients: (parts, room); the first is the sum
  candidate *candidates;
  int32_t *place; // of a column in the set, or -1
  // Of the set:
  size_t count, matrix_parts;
  int32_t *set;
  double *matrices;       // (matrix_parts, count^2 + svm_block_rows count); the first is the sum
  double *factor, *slope; // of some of the set, and a vector behind it; of the model
  int32_t *weighty;
  farro_status status;
} lasso;

static double limit_of(const lasso *s, size_t row) { return s->problem->limits[row]; }

// By how much the margin of a row misses 1, with the sign of the decision's error.
static double residual(const lasso *s, size_t row, double decision) {
  const double y = s->problem->y[row];
  return y * decision < 1 ? decision - y : 0;
}

static void take_gradients(void *context, size_t first_part, size_t last_part) {
  lasso *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    double *gradient = s->gradients + part * s->room;
    memset(gradient, 0, s->room * sizeof *gradient);
    size_t first, last;
    svm_linear_range(s->l->rows->n, s->parts, part, &first, &last);
    for (size_t i = first; i < last; i++) {
      const double factor = 2 * limit_of(s, i) * residual(s, i, s->decisions[i]);
      if (factor != 0) svm_linear_add(s->l, i, factor, gradient);
    }
  }
}

static void take_changes(void *context, size_t first_part, size_t last_part) {
  lasso *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    size_t first, last;
    svm_linear_range(s->l->rows->n, s->parts, part, &first, &last);
    for (size_t i = first; i < last; i++) s->changes[i] = svm_linear_decision(s->l, i, s->step);
  }
}

// The columns of the set of one row.
static void gather(const lasso *s, size_t row, double factor, double *to) {
  memset(to, 0, s->count * sizeof *to);
  const farro_linear_svm_rows *r = s->l->rows;
  if (r->offsets) {
    for (int64_t i = r->offsets[row]; i < r->offsets[row + 1]; i++)
      if (s->place[r->indices[i]] >= 0) to[s->place[r->indices[i]]] += factor * svm_linear_element(s->l, i);
  } else {
    for (size_t k = 0; k < s->count; k++)
      if ((size_t)s->set[k] < r->d)
        to[k] = factor * svm_linear_element(s->l, (int64_t)(row * r->ldx + (size_t)s->set[k]));
  }
  if (s->place[r->d] >= 0) to[s->place[r->d]] = factor * r->bias;
}

static void take_matrices(void *context, size_t first_part, size_t last_part) {
  lasso *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    double *matrix = s->matrices + part * s->count * (s->count + svm_block_rows);
    linear_squares squares = {.n = s->count,
                              .triangle = FARRO_TRIANGLE_BOTH,
                              .matrix = matrix,
                              .block = matrix + s->count * s->count,
                              .status = &s->status};
    memset(matrix, 0, s->count * s->count * sizeof *matrix);
    size_t first, last;
    svm_linear_range(s->l->rows->n, s->matrix_parts, part, &first, &last);
    for (size_t i = first; i < last; i++) {
      if (limit_of(s, i) == 0 || residual(s, i, s->decisions[i]) == 0) continue;
      gather(s, i, sqrt(2 * limit_of(s, i)), svm_linear_next_row(&squares));
    }
    svm_linear_end_rows(&squares);
  }
}

static double violation_of(double w, double gradient) {
  return w == 0 ? fmax(fabs(gradient) - 1, 0) : fabs(gradient + (w > 0 ? 1 : -1));
}

static int by_violation(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  if (x->violation != y->violation) return x->violation < y->violation ? 1 : -1;
  return (x->column > y->column) - (x->column < y->column);
}

// All columns, where they are few; else those of weights, and others that violate most. Their number.
static size_t choose(lasso *s) {
  size_t others = 0, count = 0;
  for (size_t j = 0; j < s->size; j++) {
    s->place[j] = -1;
    const double violation = violation_of(s->w[j], s->gradients[j]);
    if (s->w[j] != 0 || s->size <= small_set)
      s->set[count++] = (int32_t)j;
    else if (violation > 0)
      s->candidates[others++] = (candidate){violation, (int32_t)j};
  }
  qsort(s->candidates, others, sizeof *s->candidates, by_violation);
  others = smaller(others, larger(new_columns, count));
  for (size_t k = 0; k < others; k++) s->set[count++] = s->candidates[k].column;
  for (size_t k = 0; k < count; k++) s->place[s->set[k]] = (int32_t)k;
  return count;
}

static double value(const lasso *s, size_t k) { return s->w[s->set[k]] + s->step[s->set[k]]; }

static void move(lasso *s, size_t k, double change) {
  const size_t m = s->count;
  s->step[s->set[k]] += change;
  for (size_t i = 0; i < m; i++) s->slope[i] += change * s->matrices[k * m + i];
  s->slope[k] += change * ridge;
}

// Each weight goes to its minimum. How far they moved, in units of slopes.
static double pass(lasso *s) {
  double moved = 0;
  for (size_t k = 0; k < s->count; k++) {
    const double from = value(s, k), curvature = s->matrices[k * s->count + k] + ridge, cut = 1 / curvature;
    const double free = from - s->slope[k] / curvature;
    const double to = free > cut ? free - cut : free < -cut ? free + cut : 0;
    if (to == from) continue;
    move(s, k, to - from);
    // Nothing of a rounded sum is left.
    if (to == 0) s->step[s->set[k]] = -s->w[s->set[k]];
    moved += fabs(to - from) * curvature;
  }
  return moved;
}

// All weights that are not 0 go to their common minimum, or as far as the first one that is 0 on the way. Whether one
// is.
static bool solve_weights(lasso *s) {
  size_t count = 0, first = s->count;
  double most = 0, part = 1;
  for (size_t k = 0; k < s->count; k++)
    if (value(s, k) != 0) s->weighty[count++] = (int32_t)k, most = fmax(most, s->matrices[k * s->count + k]);
  double *right = s->factor + count * count;
  for (size_t a = 0; a < count; a++) {
    const size_t k = (size_t)s->weighty[a];
    for (size_t b = 0; b < count; b++) s->factor[a * count + b] = s->matrices[k * s->count + (size_t)s->weighty[b]];
    s->factor[a * count + a] += ridge + 0x1p-44 * most;
    right[a] = -s->slope[k] - (value(s, k) > 0 ? 1 : -1);
  }
  const farro_cholesky_shape factor = {.batch = 1, .n = count, .lda = count};
  const farro_cholesky_solve_shape solve = {.batch = 1, .n = count, .m = 1, .ldf = count, .ldb = 1};
  if (farro_cholesky_f64(&factor, s->factor, NULL) != FARRO_OK) return false;
  if (farro_cholesky_solve_f64(&solve, s->factor, right, NULL) != FARRO_OK) return false;
  for (size_t a = 0; a < count; a++) {
    const double from = value(s, (size_t)s->weighty[a]), to = from + right[a];
    if ((from > 0) == (to > 0) && to != 0) continue;
    if (from / (from - to) < part || first == s->count) part = from / (from - to), first = (size_t)s->weighty[a];
  }
  for (size_t a = 0; a < count; a++) move(s, (size_t)s->weighty[a], part * right[a]);
  if (first < s->count) s->step[s->set[first]] = -s->w[s->set[first]];
  return first < s->count;
}

// The step that is the model's minimum.
static void descend(lasso *s) {
  double first = 0;
  for (size_t k = 0; k < s->count; k++) s->slope[k] = s->gradients[s->set[k]];
  for (size_t turn = 0; turn < most_passes; turn++) {
    const double moved = pass(s);
    if (turn == 0) first = moved;
    if (moved <= 1e-6 * first) break;
    if (turn % passes_of_solution == passes_of_solution - 1)
      for (size_t times = 0; times <= s->count && solve_weights(s); times++) {
      }
  }
}

static double objective(const lasso *s, double t) {
  double sum = 0, losses = 0;
  for (size_t j = 0; j < s->size; j++) sum += fabs(s->w[j] + t * s->step[j]);
  for (size_t i = 0; i < s->l->rows->n; i++) {
    const double r = residual(s, i, s->decisions[i] + t * s->changes[i]);
    losses += limit_of(s, i) * r * r;
  }
  return sum + losses;
}

static void join(double *parts, size_t count, size_t stride, size_t length) {
  for (size_t part = 1; part < count; part++)
    for (size_t i = 0; i < length; i++) parts[i] += parts[part * stride + i];
}

// The matrix of the set, and the step there.
static farro_status take_step(lasso *s) {
  memset(s->step, 0, s->room * sizeof *s->step);
  const size_t m = s->count = choose(s), elements = m * (m + svm_block_rows);
  s->matrix_parts = m <= small_set ? s->parts : 1;
  if (!can_exist(m, m + svm_block_rows, (s->matrix_parts + 1) * sizeof(double))) return FARRO_ERROR_MEMORY;
  const size_t bytes = (s->matrix_parts * elements + m * (m + 2)) * sizeof(double) + m * sizeof(int32_t);
  s->matrices = farro_allocate(bytes);
  if (!s->matrices) return FARRO_ERROR_MEMORY;
  s->slope = s->matrices + s->matrix_parts * elements, s->factor = s->slope + m;
  s->weighty = (int32_t *)(void *)(s->factor + m * (m + 1));
  farro_parallel_for(s->matrix_parts, 1, (double)s->l->rows->n * (double)m * (double)(m + 4) / 16, take_matrices, s);
  join(s->matrices, s->matrix_parts, elements, m * m);
  if (s->status == FARRO_OK) descend(s);
  farro_release(s->matrices, bytes);
  return s->status;
}

static farro_status iterate(lasso *s, farro_linear_svm_problem *problem) {
  const farro_linear_svm_options *o = s->l->options;
  const double tolerance = svm_linear_part(s->l, problem) * o->tolerance;
  const double work = (double)s->l->rows->n * (double)s->size / 4;
  double first = 0;
  for (;; problem->iterations++) {
    if (svm_linear_is_cancelled(s->l)) {
      problem->was_cancelled = true;
      return FARRO_OK;
    }
    farro_parallel_for(s->parts, 1, work, take_gradients, s);
    join(s->gradients, s->parts, s->room, s->size);
    double violation = 0;
    for (size_t j = 0; j < s->size; j++) violation += violation_of(s->w[j], s->gradients[j]);
    if (problem->iterations == 0) first = violation;
    problem->has_converged = violation <= tolerance * first;
    if (problem->has_converged || problem->iterations >= o->max_iterations) return FARRO_OK;
    const farro_status status = take_step(s);
    if (status != FARRO_OK) return status;
    farro_parallel_for(s->parts, 1, work, take_changes, s);
    const double now = objective(s, 0);
    double slope = 0, t = 1;
    for (size_t j = 0; j < s->size; j++)
      slope += s->gradients[j] * s->step[j] + fabs(s->w[j] + s->step[j]) - fabs(s->w[j]);
    while (t > 1e-10 && !(objective(s, t) <= now + 1e-2 * t * slope)) t /= 2;
    if (t <= 1e-10) { // what is left is rounding
      problem->has_converged = true;
      return FARRO_OK;
    }
    for (size_t j = 0; j < s->size; j++) s->w[j] += t * s->step[j];
    for (size_t i = 0; i < s->l->rows->n; i++) s->decisions[i] += t * s->changes[i];
  }
}

farro_status svm_linear_absolute(const linear_rows *l, farro_linear_svm_problem *problem, double *w) {
  const size_t n = l->rows->n;
  if (n == 0) return FARRO_OK;
  lasso s = {.l = l, .problem = problem, .w = w, .size = l->rows->d + 1, .room = svm_linear_room(l)};
  s.parts = larger(smaller(n / rows_of_part, most_parts), 1);
  const size_t bytes =
      (s.room * (1 + s.parts) + 2 * n) * sizeof(double) + s.size * (sizeof(candidate) + 2 * sizeof(int32_t));
  s.step = farro_allocate(bytes);
  if (!s.step) return FARRO_ERROR_MEMORY;
  s.decisions = s.step + s.room, s.changes = s.decisions + n, s.gradients = s.changes + n;
  s.candidates = (candidate *)(void *)(s.gradients + s.parts * s.room);
  s.place = (int32_t *)(void *)(s.candidates + s.size), s.set = s.place + s.size;
  memset(s.step, 0, (s.room + n) * sizeof(double));
  const farro_status status = iterate(&s, problem);
  farro_release(s.step, bytes);
  return status;
}
