// Least squares with fewer rows than columns: products of rows, over blocks of columns, take the place of those of
// columns.
#include <float.h>
#include <math.h>
#include <string.h>

#include "include/linear_algebra.h"
#include "problem.h"
#include "runtime/sizes.h"

enum { block_columns = 256 };

static const double most_condition = 0x1p27, least_eigenvalue = 0x1p-27, certain_zero = 0x1p-43;

typedef struct {
  const least_squares_problem *problem;
  size_t rows;
  double unit;     // the factor of all columns
  double *block;   // (rows, block_columns)
  double *kernel;  // (rows, rows)
  double *targets; // (outputs, rows): centred and weighted
  double *duals;   // (outputs, rows)
  double *values;  // (rows)
} wide;

// Means of the columns, and of y.
static void find_means(const least_squares_problem *p) {
  const farro_least_squares_shape *s = p->shape;
  for (size_t j = 0; j < s->columns + s->outputs; j++) {
    double sum = 0, total = 0;
    for (size_t i = 0; i < s->rows; i++) {
      const double value = j < s->columns ? x_at(p, i, j) : y_at(p, i, j - s->columns);
      // What is not finite must be found where it weighs nothing, too.
      sum += weight_of(p, i) * ((value - p->centers[j]) * p->factors[j]);
      total += value * 0;
    }
    if (!isfinite(sum) || total != 0) p->result->finite = false;
    if (s->intercept) p->centers[j] += sum / p->weight / p->factors[j];
  }
}

static size_t pack_block(const wide *w, size_t first) {
  const least_squares_problem *p = w->problem;
  const size_t count = smaller(block_columns, p->shape->columns - first);
  for (size_t i = 0; i < w->rows; i++) {
    const double root = sqrt(weight_of(p, i));
    for (size_t j = 0; j < count; j++)
      w->block[i * block_columns + j] = (x_at(p, i, first + j) - p->centers[first + j]) * w->unit * root;
  }
  return count;
}

static farro_status multiply_rows(const wide *w) {
  for (size_t first = 0; first < w->problem->shape->columns; first += block_columns) {
    const size_t count = pack_block(w, first);
    const farro_symmetric_shape shape = {.batch = 1,
                                         .n = w->rows,
                                         .k = count,
                                         .rows = true,
                                         .triangle = FARRO_TRIANGLE_BOTH,
                                         .lda = block_columns,
                                         .ldc = w->rows};
    const farro_status status = farro_symmetric_product_f64(&shape, 1, w->block, first > 0, w->kernel);
    if (status != FARRO_OK) return status;
  }
  return FARRO_OK;
}

// Coefficients from the duals: X^T d.
static void finish(const wide *w) {
  const least_squares_problem *p = w->problem;
  const farro_least_squares_shape *s = p->shape;
  for (size_t o = 0; o < s->outputs; o++) p->intercepts[o] = s->intercept ? p->centers[s->columns + o] : 0;
  for (size_t first = 0; first < s->columns; first += block_columns) {
    const size_t count = pack_block(w, first);
    for (size_t o = 0; o < s->outputs; o++) {
      double *to = p->coefficients + o * s->columns + first;
      memset(to, 0, count * sizeof *to);
      for (size_t i = 0; i < w->rows; i++)
        p->kernels->add(count, w->duals[o * w->rows + i], w->block + i * block_columns, to);
      const double back = w->unit / p->factors[s->columns + o];
      for (size_t j = 0; j < count; j++) {
        to[j] *= back;
        if (s->intercept) p->intercepts[o] -= to[j] * p->centers[first + j];
      }
    }
  }
}

// ---- ways ----

static farro_status solve_by_cholesky(const wide *w) {
  const least_squares_problem *p = w->problem;
  const size_t n = w->rows;
  double trace = 0;
  for (size_t i = 0; i < n; i++) trace += w->kernel[i * n + i];
  // The condition is at most (trace + penalty) / penalty.
  if (!(trace + 0 <= (most_condition - 1) * p->penalty_least * w->unit * w->unit)) return FARRO_ERROR_SINGULAR;
  const size_t bytes = n * n * sizeof(double);
  double *factor = farro_allocate(bytes);
  if (!factor) return FARRO_ERROR_MEMORY;
  farro_status status = FARRO_OK;
  double factored = -1;
  for (size_t o = 0; o < p->shape->outputs && status == FARRO_OK; o++) {
    const double penalty = penalty_of(p, o) * w->unit * w->unit;
    if (penalty != factored) {
      memcpy(factor, w->kernel, bytes);
      for (size_t i = 0; i < n; i++) factor[i * n + i] += penalty;
      const farro_cholesky_shape shape = {.batch = 1, .n = n, .lda = n};
      status = farro_cholesky_f64(&shape, factor, NULL);
      factored = penalty;
    }
    memcpy(w->duals + o * n, w->targets + o * n, n * sizeof(double));
    const farro_cholesky_solve_shape shape = {.batch = 1, .n = n, .m = 1, .ldf = n, .ldb = 1};
    if (status == FARRO_OK) status = farro_cholesky_solve_f64(&shape, factor, w->duals + o * n, NULL);
  }
  farro_release(factor, bytes);
  return status == FARRO_ERROR_NOT_POSITIVE_DEFINITE ? FARRO_ERROR_SINGULAR : status;
}

// duals = sum over k of v_k (v_k y) / (square_k + penalty), v_k in the rows of `vectors` and divided by `norms`, if
// any.
static void project(const wide *w, const double *vectors, const double *squares, const double *norms, size_t first,
                    size_t last) {
  const least_squares_problem *p = w->problem;
  const size_t n = w->rows;
  for (size_t o = 0; o < p->shape->outputs; o++) {
    const double penalty = penalty_of(p, o) * w->unit * w->unit;
    double *to = w->duals + o * n;
    memset(to, 0, n * sizeof *to);
    for (size_t k = first; k < last; k++) {
      const double norm = norms ? norms[k] * norms[k] : 1;
      const double part = p->kernels->dot(n, vectors + k * n, w->targets + o * n);
      p->kernels->add(n, part / norm / (squares[k] + penalty), vectors + k * n, to);
    }
  }
}

static void store_singular(const wide *w, bool squared, bool ascending) {
  for (size_t k = 0; w->problem->singular && k < w->rows; k++) {
    const double value = w->values[ascending ? w->rows - 1 - k : k];
    w->problem->singular[k] = (squared ? sqrt(fmax(value, 0)) : value) / w->unit;
  }
}

static farro_status solve_by_eigenvectors(const wide *w) {
  const least_squares_problem *p = w->problem;
  const size_t n = w->rows;
  const farro_status status = farro_symmetric_eigen_f64(n, w->kernel, n, true, w->values);
  if (status != FARRO_OK) return status;
  const double greatest = fmax(w->values[n - 1], 0), cut = p->shape->tolerance * p->shape->tolerance * greatest;
  size_t rank = 0;
  for (size_t k = 0; k < n; k++) {
    const bool zero = w->values[k] <= certain_zero * greatest && cut >= certain_zero * greatest;
    if (!zero && w->values[k] < least_eigenvalue * greatest) return FARRO_ERROR_SINGULAR;
    rank += !zero && w->values[k] > cut;
  }
  p->result->rank = rank;
  store_singular(w, true, true);
  project(w, w->kernel, w->values, NULL, n - rank, n);
  return FARRO_OK;
}

static farro_status solve_by_rotations(const wide *w) {
  const least_squares_problem *p = w->problem;
  const size_t n = w->rows;
  for (size_t j = 0; j < p->shape->columns; j++) p->factors[j] = w->unit;
  farro_status status = farro_factor_columns(p, w->kernel, n);
  if (status == FARRO_OK) status = farro_orthogonalize_rows(p->kernels, n, 0, w->kernel, n, w->values);
  if (status != FARRO_OK) return status;
  const double cut = p->shape->tolerance * w->values[0];
  size_t rank = 0;
  while (rank < n && w->values[rank] > cut) rank++;
  p->result->rank = p->penalties ? p->shape->columns : rank;
  store_singular(w, false, false);
  double *squares = w->block;
  for (size_t k = 0; k < n; k++) squares[k] = w->values[k] * w->values[k];
  project(w, w->kernel, squares, w->values, 0, rank);
  return FARRO_OK;
}

// ---- entry ----

static farro_status solve(const wide *w) {
  const least_squares_problem *p = w->problem;
  for (size_t o = 0; o < p->shape->outputs; o++) {
    const size_t j = p->shape->columns + o;
    for (size_t i = 0; i < w->rows; i++)
      w->targets[o * w->rows + i] = (y_at(p, i, o) - p->centers[j]) * p->factors[j] * sqrt(weight_of(p, i));
  }
  farro_status status = multiply_rows(w);
  if (status != FARRO_OK) return status;
  p->result->rank = p->shape->columns;
  status = p->penalties ? solve_by_cholesky(w) : solve_by_eigenvectors(w);
  if (status == FARRO_ERROR_SINGULAR) status = solve_by_rotations(w);
  if (status == FARRO_OK) finish(w);
  return status;
}

farro_status farro_solve_wide(const least_squares_problem *p) {
  const farro_least_squares_shape *s = p->shape;
  find_means(p);
  if (!p->result->finite) return FARRO_OK;
  const size_t n = s->rows;
  const size_t bytes = (n * block_columns + n * n + 2 * n * s->outputs + n) * sizeof(double);
  double *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  wide w = {.problem = p, .rows = n, .unit = INFINITY, .block = space};
  for (size_t j = 0; j < s->columns; j++) w.unit = fmin(w.unit, p->factors[j]);
  w.kernel = w.block + n * block_columns;
  w.targets = w.kernel + n * n;
  w.duals = w.targets + n * s->outputs;
  w.values = w.duals + n * s->outputs;
  const farro_status status = solve(&w);
  farro_release(space, bytes);
  return status;
}
