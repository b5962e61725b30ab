// Least squares with at least as many rows as columns.
#include <float.h>
#include <math.h>
#include <string.h>

#include "include/linear_algebra.h"
#include "problem.h"
#include "runtime/sizes.h"

// A condition number of scaled columns above which products in f32 and in f64 are not trusted: coefficients keep 4
// digits and
// 8. Eigenvalues below these parts of the largest are not accurate to as many.
static const double most_condition[2] = {0x1p27, 0x1p8}, least_eigenvalue[2] = {0x1p-27, 0x1p-9};
// Eigenvalues of at most this part of the largest are 0 but for rounding, or below what they can be told from it.
static const double certain_zero = 0x1p-43;
enum { inverse_steps = 4 };

// Sums of products of the centred columns, in their scaled units: (pitch, pitch), y behind x.
typedef struct {
  const least_squares_problem *problem;
  bool wide; // products in double
  size_t columns, outputs, order;
  double *products; // order = columns + outputs + 1
  double *root;     // of the diagonal, 0 for a column that is constant
  double *matrix;   // (columns, columns): work
  double *vectors;  // (columns): work, some of them
} tall;

static double *product(const tall *t, size_t i) { return t->products + i * t->order; }

// ---- by Cholesky ----

// The products with unit diagonals, penalized, into t->matrix.
static void scale_products(const tall *t, double penalty) {
  const size_t n = t->columns;
  const double *factors = t->problem->factors;
  double *scale = t->vectors;
  for (size_t j = 0; j < n; j++) {
    const double square = t->root[j] * t->root[j] + penalty * factors[j] * factors[j];
    scale[j] = square > 0 ? 1 / sqrt(square) : 0;
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++)
      t->matrix[i * n + j] = t->root[i] > 0 && t->root[j] > 0 ? product(t, i)[j] * scale[i] * scale[j] : 0;
    t->matrix[i * n + i] = 1;
  }
}

static farro_cholesky_solve_shape solve_shape(const tall *t, size_t columns) {
  return (farro_cholesky_solve_shape){
      .batch = 1, .n = t->columns, .m = columns, .ldf = t->columns, .ldb = columns, .stride_f = 0, .stride_b = 0};
}

// About the condition number of what was factored: the largest eigenvalue of a unit diagonal is at most n, and inverse
// iteration finds the smallest.
static double condition(const tall *t) {
  const size_t n = t->columns;
  double *v = t->vectors + n, growth = 1;
  for (size_t j = 0; j < n; j++) v[j] = j % 3 == 1 ? -1 : 1 - (double)(j % 7) / 16;
  const farro_cholesky_solve_shape shape = solve_shape(t, 1);
  for (size_t step = 0; step < inverse_steps; step++) {
    const double before = sqrt(t->problem->kernels->dot(n, v, v));
    for (size_t j = 0; j < n; j++) v[j] /= before;
    if (farro_cholesky_solve_f64(&shape, t->matrix, v, NULL) != FARRO_OK) return INFINITY;
    growth = sqrt(t->problem->kernels->dot(n, v, v));
  }
  return growth;
}

static farro_status factor_products(const tall *t, double penalty) {
  scale_products(t, penalty);
  const farro_cholesky_shape shape = {.batch = 1, .n = t->columns, .lda = t->columns};
  if (farro_cholesky_f64(&shape, t->matrix, NULL) != FARRO_OK) return FARRO_ERROR_SINGULAR;
  const bool single = t->problem->is_f32 && !t->wide;
  return condition(t) <= most_condition[single] ? FARRO_OK : FARRO_ERROR_SINGULAR;
}

static void finish(const tall *t, size_t output, const double *scaled) {
  const least_squares_problem *p = t->problem;
  const double unit = p->factors[t->columns + output];
  double *to = p->coefficients + output * t->columns, shift = 0;
  for (size_t j = 0; j < t->columns; j++) {
    to[j] = scaled[j] * (p->factors[j] / unit);
    shift += to[j] * p->centers[j];
  }
  p->intercepts[output] = p->shape->intercept ? p->centers[t->columns + output] - shift : 0;
}

static farro_status solve_output(const tall *t, size_t output) {
  const size_t n = t->columns;
  double *b = t->vectors + n;
  for (size_t j = 0; j < n; j++) b[j] = t->root[j] > 0 ? product(t, j)[n + output] * t->vectors[j] : 0;
  const farro_cholesky_solve_shape shape = solve_shape(t, 1);
  const farro_status status = farro_cholesky_solve_f64(&shape, t->matrix, b, NULL);
  for (size_t j = 0; j < n; j++) b[j] *= t->vectors[j];
  finish(t, output, b);
  return status;
}

static farro_status solve_by_cholesky(const tall *t) {
  const least_squares_problem *p = t->problem;
  double factored = -1;
  for (size_t o = 0; o < t->outputs; o++) {
    const double penalty = penalty_of(p, o);
    farro_status status = penalty == factored ? FARRO_OK : factor_products(t, penalty);
    factored = penalty;
    if (status == FARRO_OK) status = solve_output(t, o);
    if (status != FARRO_OK) return status;
  }
  return FARRO_OK;
}

// ---- by eigenvalues and singular values ----

// The scale of each column against the largest: at most 1.
static double unit_of(const tall *t, size_t j, double least_factor) { return least_factor / t->problem->factors[j]; }

static double least_factor(const tall *t) {
  double least = INFINITY;
  for (size_t j = 0; j < t->columns; j++) least = fmin(least, t->problem->factors[j]);
  return least;
}

// Eigenvalues of the products, in one unit for all columns, ascending.
static farro_status find_eigenvalues(const tall *t, bool vectors, double *values) {
  const size_t n = t->columns;
  const double unit = least_factor(t);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      t->matrix[i * n + j] =
          t->root[i] > 0 && t->root[j] > 0 ? product(t, i)[j] * unit_of(t, i, unit) * unit_of(t, j, unit) : 0;
  return farro_symmetric_eigen_f64(n, t->matrix, n, vectors, values);
}

// The rank, when every eigenvalue is either accurate or surely below the tolerance; singular values too.
static bool rank_of(const tall *t, const double *values) {
  const least_squares_problem *p = t->problem;
  const size_t n = t->columns;
  const double greatest = fmax(values[n - 1], 0), unit = least_factor(t);
  const double cut = p->shape->tolerance * p->shape->tolerance * greatest;
  const bool single = p->is_f32 && !t->wide;
  size_t rank = 0;
  for (size_t k = 0; k < n; k++) {
    const bool zero = values[k] <= certain_zero * greatest && cut >= certain_zero * greatest && !single;
    if (!zero && values[k] < least_eigenvalue[single] * greatest) return false;
    rank += !zero && values[k] > cut;
  }
  p->result->rank = rank;
  for (size_t k = 0; p->singular && k < n; k++) p->singular[k] = sqrt(fmax(values[n - 1 - k], 0)) / unit;
  return true;
}

// From the eigenvectors in the rows of t->matrix, the part in the range of the first `rank` of the largest.
static void solve_by_eigenvectors(const tall *t, const double *values) {
  const size_t n = t->columns, rank = t->problem->result->rank;
  const double unit = least_factor(t);
  double *right = t->vectors, *b = t->vectors + n;
  for (size_t o = 0; o < t->outputs; o++) {
    for (size_t j = 0; j < n; j++) {
      right[j] = t->root[j] > 0 ? product(t, j)[n + o] * unit_of(t, j, unit) : 0;
      b[j] = 0;
    }
    for (size_t k = n - rank; k < n; k++) {
      const double *v = t->matrix + k * n;
      t->problem->kernels->add(n, t->problem->kernels->dot(n, v, right) / values[k], v, b);
    }
    for (size_t j = 0; j < n; j++) b[j] *= unit_of(t, j, unit);
    finish(t, o, b);
  }
}

// From the rows of `factor`, made orthogonal. Columns are in one unit for all.
static void solve_by_rows(const tall *t, const double *factor, size_t pitch, const double *singular, double unit) {
  const least_squares_problem *p = t->problem;
  const size_t n = t->columns;
  double *b = t->vectors + n;
  const double cut = p->shape->tolerance * singular[0];
  p->result->rank = 0;
  while (p->result->rank < n && singular[p->result->rank] > cut) p->result->rank++;
  for (size_t o = 0; o < t->outputs; o++) {
    const double penalty = penalty_of(p, o) * unit * unit;
    memset(b, 0, n * sizeof *b);
    for (size_t k = 0; k < n; k++) {
      const double square = singular[k] * singular[k] + penalty;
      if (!(penalty > 0 ? square > 0 : k < p->result->rank)) continue;
      p->kernels->add(n, factor[k * pitch + n + o] / square, factor + k * pitch, b);
    }
    for (size_t j = 0; j < n; j++) b[j] *= unit_of(t, j, unit);
    finish(t, o, b);
  }
  for (size_t k = 0; p->singular && k < n; k++) p->singular[k] = singular[k] / unit;
}

// Rotates the triangular factor of the products, if Cholesky finds one to trust, or else of the rows.
static farro_status solve_by_rotations(const tall *t) {
  const least_squares_problem *p = t->problem;
  const size_t n = t->columns, all = n + t->outputs;
  const double unit = least_factor(t);
  const size_t bytes = (n * all + n) * sizeof(double);
  double *factor = farro_allocate(bytes);
  if (!factor) return FARRO_ERROR_MEMORY;
  farro_status status = FARRO_OK;
  bool constant = false;
  for (size_t j = 0; j < n; j++) constant |= !(t->root[j] > 0);
  if (!constant && (!p->is_f32 || t->wide) && factor_products(t, 0) == FARRO_OK) {
    for (size_t i = 0; i < n; i++) {
      for (size_t j = 0; j < n; j++) factor[i * all + j] = j < i ? 0 : t->matrix[j * n + i] / t->vectors[j];
      // Forward substitution, with the rows before.
      for (size_t o = 0; o < t->outputs; o++) {
        double rest = product(t, i)[n + o] * t->vectors[i];
        for (size_t k = 0; k < i; k++) rest -= t->matrix[i * n + k] * factor[k * all + n + o];
        factor[i * all + n + o] = rest / t->matrix[i * n + i];
      }
    }
  } else {
    status = farro_factor_rows(p, factor, all);
    for (size_t j = 0; j < n; j++)
      for (size_t i = 0; i <= j && !(t->root[j] > 0); i++) factor[i * all + j] = 0;
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = i; j < n; j++) factor[i * all + j] *= unit_of(t, j, unit);
  double *singular = factor + n * all;
  if (status == FARRO_OK) status = farro_orthogonalize_rows(p->kernels, n, t->outputs, factor, all, singular);
  if (status == FARRO_OK) solve_by_rows(t, factor, all, singular, unit);
  farro_release(factor, bytes);
  return status;
}

// ---- entry ----

static farro_status solve_products(tall *t) {
  const least_squares_problem *p = t->problem;
  const size_t n = t->columns;
  const bool single = p->is_f32 && !t->wide;
  if (p->penalties) {
    p->result->rank = n;
    const farro_status status = solve_by_cholesky(t);
    return status == FARRO_ERROR_SINGULAR && !single ? solve_by_rotations(t) : status;
  }
  double *values = t->vectors + 2 * n;
  farro_status status = find_eigenvalues(t, false, values);
  if (status != FARRO_OK && status != FARRO_ERROR_SINGULAR) return status;
  const bool certain = status == FARRO_OK && rank_of(t, values);
  if (!certain) return single ? FARRO_ERROR_SINGULAR : solve_by_rotations(t);
  if (p->result->rank == n) {
    status = solve_by_cholesky(t);
    return status == FARRO_ERROR_SINGULAR && !single ? solve_by_rotations(t) : status;
  }
  status = find_eigenvalues(t, true, values);
  if (status == FARRO_OK) solve_by_eigenvectors(t, values);
  return status;
}

farro_status farro_solve_tall(const least_squares_problem *p) {
  const size_t n = p->shape->columns, order = n + p->shape->outputs + 1;
  const size_t bytes = (order * order + n * n + 4 * n) * sizeof(double);
  double *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  tall t = {.problem = p,
            .columns = n,
            .outputs = p->shape->outputs,
            .order = order,
            .products = space,
            .matrix = space + order * order,
            .root = space + order * order + n * n,
            .vectors = space + order * order + n * n + n};
  farro_status status = farro_center_products(p, false, t.products, t.root);
  if (status == FARRO_OK && p->result->finite) status = solve_products(&t);
  if (status == FARRO_ERROR_SINGULAR && p->is_f32) {
    t.wide = true;
    status = farro_center_products(p, true, t.products, t.root);
    if (status == FARRO_OK && p->result->finite) status = solve_products(&t);
  }
  farro_release(space, bytes);
  return status;
}
