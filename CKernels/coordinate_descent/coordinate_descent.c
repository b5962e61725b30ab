// Entry of lasso and elastic net of dense rows: by sums of products of columns, or by columns.
#include <math.h>
#include <string.h>

#include "descent.h"
#include "least_squares/problem.h"
#include "runtime/sizes.h"

typedef struct {
  least_squares_problem problem;
  const farro_elastic_net_options *options;
  double *gaps;
  int64_t *iterations;
  farro_elastic_net_result *result;
  double unit;     // the factor of all columns: the least
  double *squares; // (columns)
} net;

// A descent for one output, whose coefficients are in the units of columns and y.
static descent begin(const net *n, size_t output) {
  const least_squares_problem *p = &n->problem;
  const size_t columns = p->shape->columns;
  const double of_y = p->factors[columns + output];
  double *b = p->coefficients + output * columns;
  for (size_t j = 0; j < columns; j++) b[j] *= of_y / n->unit;
  return (descent){.options = n->options,
                   .columns = columns,
                   .l1 = n->options->l1 * p->weight * of_y * n->unit,
                   .l2 = n->options->l2 * p->weight * n->unit * n->unit,
                   .squares = n->squares,
                   .b = b};
}

static void finish(const net *n, const descent *d, size_t output) {
  const least_squares_problem *p = &n->problem;
  const size_t columns = p->shape->columns;
  const double of_y = p->factors[columns + output];
  double shift = 0;
  for (size_t j = 0; j < columns; j++) {
    d->b[j] *= n->unit / of_y;
    shift += d->b[j] * p->centers[j];
  }
  p->intercepts[output] = p->shape->intercept ? p->centers[columns + output] - shift : 0;
  n->gaps[output] = d->gap / p->weight / of_y / of_y;
  n->iterations[output] = d->iterations;
}

// ---- by sums of products ----

typedef struct {
  const vector_kernels *kernels;
  const double *products; // (columns, columns)
  size_t columns;
  double *slopes;       // x_j r
  const double *with_y; // x_j y
} gram;

static double gram_gradient(const descent *d, size_t j) { return ((const gram *)d->context)->slopes[j]; }

static void gram_move(descent *d, size_t j, double step) {
  const gram *g = d->context;
  g->kernels->add(g->columns, -step, g->products + j * g->columns, g->slopes);
}

static void gram_residual(const descent *d, double products[2]) {
  const gram *g = d->context;
  const double fitted = g->kernels->dot(g->columns, d->b, g->with_y);
  products[1] = d->square_y - fitted;
  products[0] = products[1] - g->kernels->dot(g->columns, d->b, g->slopes);
}

static farro_status solve_by_products(net *n) {
  least_squares_problem *p = &n->problem;
  const size_t columns = p->shape->columns, order = columns + p->shape->outputs + 1;
  const size_t bytes = (order * order + columns * columns + 3 * columns) * sizeof(double);
  double *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  double *all = space, *products = all + order * order, *root = products + columns * columns;
  double *slopes = root + columns, *with_y = slopes + columns;
  const farro_status status = farro_center_products(p, true, all, root);
  if (status != FARRO_OK || !p->result->finite) goto done;
  for (size_t i = 0; i < columns; i++) {
    for (size_t j = 0; j < columns; j++)
      products[i * columns + j] =
          root[i] > 0 && root[j] > 0 ? all[i * order + j] * (n->unit / p->factors[i]) * (n->unit / p->factors[j]) : 0;
    n->squares[i] = products[i * columns + i];
  }
  gram g = {p->kernels, products, columns, slopes, with_y};
  for (size_t o = 0; o < p->shape->outputs; o++) {
    descent d = begin(n, o);
    d.gradient = gram_gradient, d.move = gram_move, d.residual = gram_residual, d.context = &g;
    d.square_y = all[(columns + o) * order + columns + o];
    for (size_t j = 0; j < columns; j++)
      slopes[j] = with_y[j] = root[j] > 0 ? all[j * order + columns + o] * (n->unit / p->factors[j]) : 0;
    for (size_t j = 0; j < columns; j++)
      if (d.b[j] != 0) gram_move(&d, j, d.b[j]);
    n->result->cancelled = !farro_descend(&d);
    if (n->result->cancelled) break;
    finish(n, &d, o);
  }
done:
  farro_release(space, bytes);
  return status;
}

// ---- by columns ----

typedef struct {
  const vector_kernels *kernels;
  const char *columns; // (columns, rows), centred and weighted
  size_t rows;
  bool is_f32;
  double *residual;
  const double *y;
} column_matrix;

static double column_gradient(const descent *d, size_t j) {
  const column_matrix *m = d->context;
  return m->is_f32 ? m->kernels->dot_floats(m->rows, (const float *)m->columns + j * m->rows, m->residual)
                   : m->kernels->dot(m->rows, (const double *)m->columns + j * m->rows, m->residual);
}

static void column_move(descent *d, size_t j, double step) {
  const column_matrix *m = d->context;
  if (m->is_f32)
    m->kernels->add_floats(m->rows, -step, (const float *)m->columns + j * m->rows, m->residual);
  else
    m->kernels->add(m->rows, -step, (const double *)m->columns + j * m->rows, m->residual);
}

static void column_residual(const descent *d, double products[2]) {
  const column_matrix *m = d->context;
  products[0] = m->kernels->dot(m->rows, m->residual, m->residual);
  products[1] = m->kernels->dot(m->rows, m->residual, m->y);
}

enum { tile = 16 };

// Columns of the centred and weighted rows; false when a sum is not finite.
static bool copy_columns(const net *n, const double *roots, void *to) {
  const least_squares_problem *p = &n->problem;
  const size_t rows = p->shape->rows, columns = p->shape->columns;
  bool finite = true;
  for (size_t j = 0; j < columns; j++) {
    double sum = 0, strange = 0;
    for (size_t i = 0; i < rows; i++) {
      const double value = x_at(p, i, j);
      sum += weight_of(p, i) * ((value - p->centers[j]) * p->factors[j]);
      strange += value * 0;
    }
    finite &= isfinite(sum) && strange == 0;
    if (p->shape->intercept) p->centers[j] += sum / p->weight / p->factors[j];
  }
  for (size_t i0 = 0; i0 < rows; i0 += tile)
    for (size_t j = 0; j < columns; j++)
      for (size_t i = i0; i < smaller(i0 + tile, rows); i++) {
        const double value = (x_at(p, i, j) - p->centers[j]) * n->unit * roots[i];
        if (p->is_f32)
          ((float *)to)[j * rows + i] = (float)value;
        else
          ((double *)to)[j * rows + i] = value;
      }
  return finite;
}

static bool center_y(const net *n, size_t output, const double *roots, double *y) {
  const least_squares_problem *p = &n->problem;
  const size_t rows = p->shape->rows, at = p->shape->columns + output;
  double sum = 0, strange = 0;
  for (size_t i = 0; i < rows; i++) {
    sum += weight_of(p, i) * ((y_at(p, i, output) - p->centers[at]) * p->factors[at]);
    strange += y_at(p, i, output) * 0;
  }
  if (p->shape->intercept) p->centers[at] += sum / p->weight / p->factors[at];
  for (size_t i = 0; i < rows; i++) y[i] = (y_at(p, i, output) - p->centers[at]) * p->factors[at] * roots[i];
  return isfinite(sum) && strange == 0;
}

static farro_status solve_by_columns(net *n) {
  least_squares_problem *p = &n->problem;
  const size_t rows = p->shape->rows, columns = p->shape->columns;
  const size_t copy_bytes = rows * columns * (p->is_f32 ? 4 : 8), bytes = copy_bytes + 3 * rows * sizeof(double) + 64;
  char *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  double *roots = (double *)(space + round_up(copy_bytes, 64)), *residual = roots + rows, *y = residual + rows;
  for (size_t i = 0; i < rows; i++) roots[i] = sqrt(weight_of(p, i));
  p->result->finite = copy_columns(n, roots, space);
  column_matrix m = {p->kernels, space, rows, p->is_f32, residual, y};
  for (size_t o = 0; o < p->shape->outputs && p->result->finite; o++) p->result->finite = center_y(n, o, roots, y);
  for (size_t o = 0; o < p->shape->outputs && p->result->finite; o++) {
    center_y(n, o, roots, y);
    descent d = begin(n, o);
    d.gradient = column_gradient, d.move = column_move, d.residual = column_residual, d.context = &m;
    d.square_y = p->kernels->dot(rows, y, y);
    memcpy(residual, y, rows * sizeof *y);
    for (size_t j = 0; j < columns; j++) {
      const char *column = space + j * rows * (p->is_f32 ? 4 : 8);
      n->squares[j] = 0;
      for (size_t i = 0; i < rows; i++) {
        const double value = p->is_f32 ? (double)((const float *)column)[i] : ((const double *)column)[i];
        n->squares[j] += value * value;
      }
      const double shift = 0x1p-48 * p->centers[j] * n->unit;
      if (n->squares[j] <= shift * shift * p->weight) n->squares[j] = 0;
      if (d.b[j] != 0) column_move(&d, j, d.b[j]);
    }
    n->result->cancelled = !farro_descend(&d);
    if (n->result->cancelled) break;
    finish(n, &d, o);
  }
  farro_release(space, bytes);
  return FARRO_OK;
}

// ---- entry ----

static farro_status solve(net *n) {
  least_squares_problem *p = &n->problem;
  const farro_least_squares_shape *s = p->shape;
  const size_t all = s->columns + s->outputs;
  const farro_elastic_net_options *o = n->options;
  if (s->rows == 0 || s->columns == 0 || s->outputs == 0 || !are_rows(s->rows, s->columns, s->x_row) ||
      !are_rows(s->rows, s->outputs, s->y_row) || !can_exist(s->rows, s->columns, 2) || all < s->columns ||
      !(o->l1 >= 0) || !(o->l2 >= 0) || !(o->tolerance >= 0))
    return FARRO_ERROR_ARGUMENT;
  p->weight = 0;
  for (size_t i = 0; i < s->rows; i++) p->weight += weight_of(p, i);
  if (!(p->weight > 0)) return FARRO_ERROR_ARGUMENT;
  const size_t bytes = (2 * all + s->columns) * sizeof(double);
  p->centers = farro_allocate(bytes);
  if (!p->centers) return FARRO_ERROR_MEMORY;
  p->factors = p->centers + all;
  n->squares = p->factors + all;
  farro_least_squares_result result = {true, 0};
  p->result = &result;
  farro_sample_rows(p);
  n->unit = INFINITY;
  for (size_t j = 0; j < s->columns; j++) n->unit = fmin(n->unit, p->factors[j]);
  n->result->cancelled = false;
  const size_t element = p->is_f32 ? 4 : 8;
  const bool fits =
      can_exist(all + 64, all + 64, 4) && 2 * all * all * sizeof(double) <= s->rows * s->columns * element / 2;
  // Products of few columns are cheap whatever the number of rows.
  const farro_status status = fits || (all <= 64 && s->rows >= s->columns) ? solve_by_products(n) : solve_by_columns(n);
  n->result->finite = result.finite;
  farro_release(p->centers, bytes);
  return status;
}

#define ENTRY(type, scalar, single)                                                                                    \
  farro_status farro_elastic_net_##type(                                                                               \
      size_t rows, size_t columns, size_t outputs, const scalar *x, size_t x_row, const scalar *y, size_t y_row,       \
      const double *weights, const farro_elastic_net_options *options, double *coefficients, double *intercepts,       \
      double *gaps, int64_t *iterations, farro_elastic_net_result *result) {                                           \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const farro_least_squares_shape shape = {.rows = rows,                                                             \
                                             .columns = columns,                                                       \
                                             .outputs = outputs,                                                       \
                                             .x_row = x_row,                                                           \
                                             .y_row = y_row,                                                           \
                                             .intercept = options->intercept};                                         \
    net n = {.problem = {.shape = &shape,                                                                              \
                         .kernels = kernels->models->vectors,                                                          \
                         .is_f32 = single,                                                                             \
                         .x = x,                                                                                       \
                         .y = y,                                                                                       \
                         .weights = weights,                                                                           \
                         .coefficients = coefficients,                                                                 \
                         .intercepts = intercepts},                                                                    \
             .options = options,                                                                                       \
             .gaps = gaps,                                                                                             \
             .iterations = iterations,                                                                                 \
             .result = result};                                                                                        \
    return solve(&n);                                                                                                  \
  }

ENTRY(f32, float, true)
ENTRY(f64, double, false)
