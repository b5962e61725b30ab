// Least squares with coefficients that are not negative: the active set method of Lawson and Hanson on the sums of
// products, from where a few passes of coordinate descent lead.
#include <float.h>
#include <math.h>
#include <string.h>

#include "include/linear_algebra.h"
#include "problem.h"
#include "runtime/sizes.h"

enum { first_passes = 30, most_turns_each = 10 };

// minimize 1/2 b S b - c b, b >= 0, where S has a diagonal of ones, or zeros for columns that cannot matter.
typedef struct {
  const vector_kernels *kernels;
  size_t n, count;
  double *s, *c, *b;          // (n, n); (n); (n)
  double *slope;              // c - S b
  double *matrix, *solution;  // (count, count), (count): of those that are free
  size_t *free_columns;       // ascending
  bool *is_free, *is_blocked; // blocked: depends on those that are free
} active_set;

static void take_slopes(active_set *a) {
  for (size_t i = 0; i < a->n; i++) a->slope[i] = a->c[i] - a->kernels->dot(a->n, a->s + i * a->n, a->b);
}

static void descend(active_set *a) {
  memcpy(a->slope, a->c, a->n * sizeof *a->c);
  for (size_t turn = 0; turn < first_passes; turn++)
    for (size_t i = 0; i < a->n; i++) {
      if (a->s[i * a->n + i] == 0) continue;
      const double to = fmax(a->b[i] + a->slope[i], 0), change = to - a->b[i];
      if (change == 0) continue;
      a->b[i] = to;
      a->kernels->add(a->n, -change, a->s + i * a->n, a->slope);
    }
  for (size_t i = 0; i < a->n; i++) a->is_free[i] = a->b[i] > 0;
}

// The minimum over those that are free, whatever its signs. False where they depend on each other.
static bool solve_free(active_set *a) {
  a->count = 0;
  for (size_t i = 0; i < a->n; i++)
    if (a->is_free[i]) a->free_columns[a->count++] = i;
  for (size_t k = 0; k < a->count; k++) {
    const double *row = a->s + a->free_columns[k] * a->n;
    for (size_t i = 0; i < a->count; i++) a->matrix[k * a->count + i] = row[a->free_columns[i]];
    a->solution[k] = a->c[a->free_columns[k]];
  }
  const farro_cholesky_shape factor = {.batch = 1, .n = a->count, .lda = a->count};
  const farro_cholesky_solve_shape solve = {.batch = 1, .n = a->count, .m = 1, .ldf = a->count, .ldb = 1};
  if (farro_cholesky_f64(&factor, a->matrix, NULL) != FARRO_OK) return false;
  // A pivot that rounding may have left: the square of what one column has beside the others.
  for (size_t k = 0; k < a->count; k++) {
    const double pivot = a->matrix[k * a->count + k];
    if (!(pivot * pivot > 0x1p-44)) return false;
  }
  return farro_cholesky_solve_f64(&solve, a->matrix, a->solution, NULL) == FARRO_OK;
}

// Goes to the minimum over those that are free, and holds at 0 what would be negative on the way. False where they
// depend on each other.
static bool advance(active_set *a) {
  for (;;) {
    if (!solve_free(a)) return false;
    double part = 1;
    size_t first = a->n;
    for (size_t k = 0; k < a->count; k++) {
      const double from = a->b[a->free_columns[k]], to = a->solution[k];
      if (to > 0 || from - to <= 0) continue;
      if (from / (from - to) < part || first == a->n) part = from / (from - to), first = a->free_columns[k];
    }
    for (size_t k = 0; k < a->count; k++) {
      double *b = &a->b[a->free_columns[k]];
      *b = fmax(*b + part * (a->solution[k] - *b), 0);
    }
    if (first == a->n) return true;
    a->b[first] = 0;
    for (size_t k = 0; k < a->count; k++)
      if (a->b[a->free_columns[k]] == 0) a->is_free[a->free_columns[k]] = false;
  }
}

static void solve_set(active_set *a, double size) {
  memset(a->b, 0, a->n * sizeof *a->b);
  memset(a->is_blocked, 0, a->n * sizeof *a->is_blocked);
  descend(a);
  if (!advance(a)) {
    memset(a->b, 0, a->n * sizeof *a->b);
    memset(a->is_free, 0, a->n * sizeof *a->is_free);
  }
  for (size_t turn = 0; turn < most_turns_each * a->n; turn++) {
    take_slopes(a);
    size_t best = a->n;
    for (size_t i = 0; i < a->n; i++)
      if (!a->is_free[i] && !a->is_blocked[i] && a->s[i * a->n + i] > 0 && a->slope[i] > 0x1p-40 * size)
        if (best == a->n || a->slope[i] > a->slope[best]) best = i;
    if (best == a->n) return;
    a->is_free[best] = true;
    if (advance(a)) {
      // What comes in and goes out at once moves by rounding only.
      if (a->is_free[best]) memset(a->is_blocked, 0, a->n * sizeof *a->is_blocked);
      a->is_blocked[best] = !a->is_free[best];
    } else {
      a->is_free[best] = false, a->is_blocked[best] = true, a->b[best] = 0;
    }
  }
}

// Unit diagonals, and what was divided by.
static void scale(const least_squares_problem *p, active_set *a, const double *products, const double *root,
                  size_t output, double *units) {
  const size_t n = a->n, order = n + p->shape->outputs + 1;
  for (size_t j = 0; j < n; j++) {
    const double square = root[j] * root[j] + penalty_of(p, output) * p->factors[j] * p->factors[j];
    units[j] = root[j] > 0 && square > 0 ? 1 / sqrt(square) : 0;
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) a->s[i * n + j] = products[i * order + j] * units[i] * units[j];
    a->s[i * n + i] = units[i] > 0 ? 1 : 0;
    a->c[i] = products[i * order + n + output] * units[i];
  }
}

farro_status farro_solve_positive(const least_squares_problem *p) {
  const size_t n = p->shape->columns, outputs = p->shape->outputs, order = n + outputs + 1;
  if (!can_exist(order, order, 24)) return FARRO_ERROR_ARGUMENT;
  const size_t bytes = (order * order + 2 * n * n + 6 * n) * sizeof(double) + n * (sizeof(size_t) + 2 * sizeof(bool));
  double *products = farro_allocate(bytes);
  if (!products) return FARRO_ERROR_MEMORY;
  active_set a = {.kernels = p->kernels, .n = n, .s = products + order * order};
  a.matrix = a.s + n * n, a.c = a.matrix + n * n, a.b = a.c + n, a.slope = a.b + n, a.solution = a.slope + n;
  double *root = a.solution + n, *units = root + n;
  a.free_columns = (size_t *)(void *)(units + n);
  a.is_free = (bool *)(void *)(a.free_columns + n), a.is_blocked = a.is_free + n;
  const farro_status status = farro_center_products(p, true, products, root);
  for (size_t o = 0; o < outputs && status == FARRO_OK && p->result->finite; o++) {
    scale(p, &a, products, root, o, units);
    solve_set(&a, sqrt(fmax(products[(n + o) * order + n + o], 0)));
    double shift = 0, *b = p->coefficients + o * n;
    for (size_t j = 0; j < n; j++) {
      b[j] = a.b[j] * units[j] * p->factors[j] / p->factors[n + o];
      shift += b[j] * p->centers[j];
    }
    p->intercepts[o] = p->shape->intercept ? p->centers[n + o] - shift : 0;
  }
  p->result->rank = n;
  farro_release(products, bytes);
  return status;
}
