// Lasso and elastic net of sparse columns. The residual of centred columns is that of the columns themselves and one
// number for all rows: centring touches no element.
#include <math.h>
#include <string.h>

#include "descent.h"
#include "runtime/sizes.h"

typedef struct {
  size_t rows, columns;
  const int64_t *offsets;
  const int32_t *indices;
  const void *values;
  bool is_f32;
  const double *weights;
  double weight; // their sum
  double *means; // of columns, 0 without an intercept
  double *y;     // centred
  double *rest;  // y - X b, the residual but for `shift`
  double shift;
} sparse_columns;

static double value_at(const sparse_columns *c, int64_t at) {
  return c->is_f32 ? (double)((const float *)c->values)[at] : ((const double *)c->values)[at];
}

static double weight_of(const sparse_columns *c, size_t row) { return c->weights ? c->weights[row] : 1; }

// Centred residuals have no part along the ones: the column's mean may be left out.
static double gradient(const descent *d, size_t j) {
  const sparse_columns *c = d->context;
  double sum = 0;
  for (int64_t at = c->offsets[j]; at < c->offsets[j + 1]; at++) {
    const size_t row = (size_t)c->indices[at];
    sum += value_at(c, at) * weight_of(c, row) * (c->rest[row] + c->shift);
  }
  return sum;
}

static void move(descent *d, size_t j, double step) {
  sparse_columns *c = d->context;
  for (int64_t at = c->offsets[j]; at < c->offsets[j + 1]; at++) c->rest[c->indices[at]] -= step * value_at(c, at);
  c->shift += step * c->means[j];
}

static void residual(const descent *d, double products[2]) {
  const sparse_columns *c = d->context;
  products[0] = products[1] = 0;
  for (size_t i = 0; i < c->rows; i++) {
    const double r = c->rest[i] + c->shift;
    products[0] += weight_of(c, i) * r * r;
    products[1] += weight_of(c, i) * r * c->y[i];
  }
}

// Means and squares of the centred columns; false when one is not finite.
static bool measure_columns(sparse_columns *c, bool intercept, double *squares) {
  bool finite = true;
  for (size_t j = 0; j < c->columns; j++) {
    double sum = 0, square = 0, weight = 0;
    for (int64_t at = c->offsets[j]; at < c->offsets[j + 1]; at++) {
      const double w = weight_of(c, (size_t)c->indices[at]);
      sum += w * value_at(c, at);
      weight += w;
    }
    const double mean = intercept ? sum / c->weight : 0;
    for (int64_t at = c->offsets[j]; at < c->offsets[j + 1]; at++) {
      const double z = value_at(c, at) - mean;
      square += weight_of(c, (size_t)c->indices[at]) * z * z + value_at(c, at) * 0;
    }
    finite &= isfinite(sum) && isfinite(square);
    c->means[j] = mean;
    squares[j] = square + fmax(c->weight - weight, 0) * mean * mean;
    const double least = 0x1p-48 * mean;
    if (squares[j] <= least * least * c->weight) squares[j] = 0;
  }
  return finite;
}

static bool center_y(sparse_columns *c, bool intercept, const void *y, size_t y_row, size_t output, double *mean) {
  double sum = 0, strange = 0;
  for (size_t i = 0; i < c->rows; i++) {
    const size_t at = i * y_row + output;
    c->y[i] = c->is_f32 ? (double)((const float *)y)[at] : ((const double *)y)[at];
    sum += weight_of(c, i) * c->y[i];
    strange += c->y[i] * 0;
  }
  *mean = intercept ? sum / c->weight : 0;
  for (size_t i = 0; i < c->rows; i++) c->y[i] -= *mean;
  return isfinite(sum) && strange == 0;
}

static farro_status solve(sparse_columns *c, size_t outputs, const void *y, size_t y_row,
                          const farro_elastic_net_options *o, double *coefficients, double *intercepts, double *gaps,
                          int64_t *iterations, farro_elastic_net_result *result) {
  if (c->rows == 0 || c->columns == 0 || outputs == 0 || !are_rows(c->rows, outputs, y_row) ||
      !can_exist(c->rows, c->columns, 1) || !(o->l1 >= 0) || !(o->l2 >= 0) || !(o->tolerance >= 0))
    return FARRO_ERROR_ARGUMENT;
  c->weight = 0;
  for (size_t i = 0; i < c->rows; i++) c->weight += weight_of(c, i);
  if (!(c->weight > 0)) return FARRO_ERROR_ARGUMENT;
  const size_t bytes = (2 * c->columns + 2 * c->rows) * sizeof(double);
  double *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  double *squares = space + c->columns;
  c->means = space, c->y = squares + c->columns, c->rest = c->y + c->rows;
  *result = (farro_elastic_net_result){.finite = measure_columns(c, o->intercept, squares)};
  for (size_t k = 0; k < outputs && result->finite; k++)
    result->finite = center_y(c, o->intercept, y, y_row, k, &intercepts[k]);
  for (size_t k = 0; k < outputs && result->finite && !result->cancelled; k++) {
    center_y(c, o->intercept, y, y_row, k, &intercepts[k]);
    memcpy(c->rest, c->y, c->rows * sizeof *c->y);
    c->shift = 0;
    descent d = {.options = o,
                 .columns = c->columns,
                 .l1 = o->l1 * c->weight,
                 .l2 = o->l2 * c->weight,
                 .squares = squares,
                 .b = coefficients + k * c->columns,
                 .gradient = gradient,
                 .move = move,
                 .residual = residual,
                 .context = c};
    for (size_t i = 0; i < c->rows; i++) d.square_y += weight_of(c, i) * c->y[i] * c->y[i];
    for (size_t j = 0; j < c->columns; j++)
      if (d.b[j] != 0) move(&d, j, d.b[j]);
    result->cancelled = !farro_descend(&d);
    gaps[k] = d.gap / c->weight, iterations[k] = d.iterations;
    for (size_t j = 0; j < c->columns; j++) intercepts[k] -= d.b[j] * c->means[j];
  }
  farro_release(space, bytes);
  return FARRO_OK;
}

#define ENTRY(type, scalar, single)                                                                                    \
  farro_status farro_sparse_elastic_net_##type(                                                                        \
      size_t rows, size_t columns, size_t outputs, const int64_t *offsets, const int32_t *indices,                     \
      const scalar *values, const scalar *y, size_t y_row, const double *weights,                                      \
      const farro_elastic_net_options *options, double *coefficients, double *intercepts, double *gaps,                \
      int64_t *iterations, farro_elastic_net_result *result) {                                                         \
    sparse_columns c = {.rows = rows,                                                                                  \
                        .columns = columns,                                                                            \
                        .offsets = offsets,                                                                            \
                        .indices = indices,                                                                            \
                        .values = values,                                                                              \
                        .is_f32 = single,                                                                              \
                        .weights = weights};                                                                           \
    return solve(&c, outputs, y, y_row, options, coefficients, intercepts, gaps, iterations, result);                  \
  }

ENTRY(f32, float, true)
ENTRY(f64, double, false)
