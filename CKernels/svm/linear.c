#include "linear.h"

#include <math.h>
#include <string.h>

static const void *dense_row(const linear_rows *l, size_t row) {
  const size_t bytes = l->is_wide ? sizeof(double) : sizeof(float);
  return (const char *)l->rows->x + row * l->rows->ldx * bytes;
}

double svm_linear_decision(const linear_rows *l, size_t row, const double *w) {
  const farro_linear_svm_rows *r = l->rows;
  double sum = r->bias * w[r->d];
  if (!r->offsets) return r->d ? sum + l->kernels->row_dot(r->d, dense_row(l, row), w) : sum;
  for (int64_t i = r->offsets[row]; i < r->offsets[row + 1]; i++) sum += svm_linear_element(l, i) * w[r->indices[i]];
  return sum;
}

void svm_linear_add(const linear_rows *l, size_t row, double factor, double *w) {
  const farro_linear_svm_rows *r = l->rows;
  w[r->d] += factor * r->bias;
  if (!r->offsets) {
    if (r->d) l->kernels->row_add(r->d, factor, dense_row(l, row), w);
    return;
  }
  for (int64_t i = r->offsets[row]; i < r->offsets[row + 1]; i++) w[r->indices[i]] += factor * svm_linear_element(l, i);
}

void svm_linear_copy(const linear_rows *l, size_t row, double factor, double *to) {
  memset(to, 0, (l->rows->d + 1) * sizeof *to);
  svm_linear_add(l, row, factor, to);
}

double svm_linear_square(const linear_rows *l, size_t row) {
  const farro_linear_svm_rows *r = l->rows;
  double sum = r->bias * r->bias;
  const int64_t first = r->offsets ? r->offsets[row] : 0;
  const int64_t last = r->offsets ? r->offsets[row + 1] : (int64_t)r->d;
  const int64_t at = r->offsets ? 0 : (int64_t)(row * r->ldx);
  for (int64_t i = first; i < last; i++) sum += svm_linear_element(l, at + i) * svm_linear_element(l, at + i);
  return sum;
}

void svm_linear_end_rows(linear_squares *s) {
  const farro_symmetric_shape shape = {
      .batch = 1, .n = s->n, .k = s->rows, .triangle = s->triangle, .lda = s->n, .ldc = s->n};
  const farro_status status = s->rows ? farro_symmetric_product_f64(&shape, 1, s->block, 1, s->matrix) : FARRO_OK;
  if (status != FARRO_OK) __atomic_store_n(s->status, status, __ATOMIC_RELAXED);
  s->rows = 0;
}

double *svm_linear_next_row(linear_squares *s) {
  if (s->rows == svm_block_rows) svm_linear_end_rows(s);
  return s->block + s->rows++ * s->n;
}

typedef struct {
  linear_rows l;
  farro_linear_svm_problem *problems;
  farro_status status;
} job;

enum { rows_for_threads = 1 << 16, most_augmented_columns = 1000 };

// A matrix costs as much as d passes of coordinate descent over the rows that are in it, and few are.
static bool is_augmented(const linear_rows *l) {
  const farro_linear_svm_rows *r = l->rows;
  return !svm_linear_is_squared(l) && !r->offsets && r->n > r->d && r->d <= most_augmented_columns;
}

// What is minimized, of a loss that is not squared.
static double cost(const linear_rows *l, const farro_linear_svm_problem *problem, const double *w) {
  double sum = 0;
  for (size_t j = 0; j <= l->rows->d; j++) sum += w[j] * w[j] / 2;
  for (size_t i = 0; i < l->rows->n; i++) {
    const double y = problem->y[i], z = svm_linear_decision(l, i, w);
    const double excess = svm_linear_is_regression(l) ? fabs(y - z) - l->options->epsilon : 1 - y * z;
    if (excess > 0) sum += problem->limits[i] * excess;
  }
  return sum;
}

// Where rounding is in the way coordinate descent follows, and what costs less is kept.
static farro_status solve_augmented(const linear_rows *l, farro_linear_svm_problem *problem, double *w) {
  bool is_solved;
  farro_status status = svm_linear_augmented(l, problem, w, &is_solved);
  if (status != FARRO_OK || is_solved) return status;
  const size_t bytes = svm_linear_room(l) * sizeof *w;
  double *other = farro_allocate(bytes);
  if (!other) return FARRO_ERROR_MEMORY;
  memset(other, 0, bytes);
  problem->iterations = 0, problem->has_converged = false;
  status = svm_linear_dual(l, problem, other);
  if (!(cost(l, problem, w) < cost(l, problem, other))) memcpy(w, other, bytes);
  farro_release(other, bytes);
  return status;
}

static farro_status solve_problem(const linear_rows *l, farro_linear_svm_problem *problem, double *w) {
  if (l->options->is_absolute) return svm_linear_absolute(l, problem, w);
  if (!l->options->is_dual) return svm_linear_primal(l, problem, w);
  return is_augmented(l) ? solve_augmented(l, problem, w) : svm_linear_dual(l, problem, w);
}

static void solve_problems(void *context, size_t first, size_t last) {
  job *j = context;
  const size_t count = svm_linear_room(&j->l), d = j->l.rows->d;
  for (size_t i = first; i < last && __atomic_load_n(&j->status, __ATOMIC_RELAXED) == FARRO_OK; i++) {
    farro_linear_svm_problem *p = &j->problems[i];
    p->iterations = 0, p->has_converged = p->was_cancelled = false;
    double *w = farro_allocate(count * sizeof *w);
    farro_status status = FARRO_ERROR_MEMORY;
    if (w) {
      memset(w, 0, count * sizeof *w);
      status = solve_problem(&j->l, p, w);
      memcpy(p->w, w, (d + 1) * sizeof *w);
    }
    farro_release(w, count * sizeof *w);
    if (status != FARRO_OK) __atomic_store_n(&j->status, status, __ATOMIC_RELAXED);
  }
}

static farro_status solve(const farro_linear_svm_rows *rows, bool is_wide, const farro_linear_svm_options *options,
                          size_t count, farro_linear_svm_problem *problems) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  job j = {.l = {.kernels = is_wide ? kernels->models->svm_f64 : kernels->models->svm_f32,
                 .rows = rows,
                 .options = options,
                 .is_wide = is_wide},
           .problems = problems};
  if (!can_exist(rows->n, rows->d + 1, 1) || rows->n > INT32_MAX || rows->d > INT32_MAX) return FARRO_ERROR_ARGUMENT;
  if (!rows->offsets && (rows->ldx < rows->d || !can_exist(rows->n, rows->ldx, 1))) return FARRO_ERROR_ARGUMENT;
  if (!(options->tolerance > 0) || !(options->epsilon >= 0) || (unsigned)options->loss > FARRO_LOSS_SQUARED_INSENSITIVE)
    return FARRO_ERROR_ARGUMENT;
  if (!options->is_dual && !svm_linear_is_squared(&j.l)) return FARRO_ERROR_ARGUMENT;
  if (!options->is_dual && !options->is_absolute && !can_exist(rows->d + 1, rows->d + 1, 16))
    return FARRO_ERROR_ARGUMENT;
  if (options->is_absolute && (options->is_dual || options->loss != FARRO_LOSS_SQUARED_HINGE))
    return FARRO_ERROR_ARGUMENT;
  // Problems that can use all threads are called here, one after the other.
  if (count == 1 || (is_augmented(&j.l) && rows->n >= rows_for_threads))
    solve_problems(&j, 0, count);
  else
    farro_parallel_for(count, 1, (double)count * (double)rows->n * (double)(rows->d + 1) * 10, solve_problems, &j);
  return j.status;
}

farro_status farro_linear_svm_f32(const farro_linear_svm_rows *rows, const farro_linear_svm_options *options,
                                  size_t count, farro_linear_svm_problem *problems) {
  return solve(rows, false, options, count, problems);
}

farro_status farro_linear_svm_f64(const farro_linear_svm_rows *rows, const farro_linear_svm_options *options,
                                  size_t count, farro_linear_svm_problem *problems) {
  return solve(rows, true, options, count, problems);
}
