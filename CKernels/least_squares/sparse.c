// Least squares and ridge regression of sparse rows by conjugate gradients on the normal equations, which are never
// formed.
#include <math.h>
#include <string.h>

#include "include/least_squares.h"
#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

enum { row_grain = 256, least_range_elements = 1 << 16, most_ranges = 8 };

typedef struct {
  const vector_kernels *kernels;
  const farro_least_squares_shape *shape;
  const int64_t *offsets;
  const int32_t *indices;
  const void *values;
  bool is_f32;
  const double *weights;
  double weight, *means;
  const double *from; // of a product
  double shift, *to;
  double *sums; // (columns) of each range
  size_t ranges, range;
} sparse_matrix;

static double value_at(const sparse_matrix *s, int64_t at) {
  return s->is_f32 ? (double)((const float *)s->values)[at] : ((const double *)s->values)[at];
}

static double weight_of(const sparse_matrix *s, size_t row) { return s->weights ? s->weights[row] : 1; }

static void multiply_rows(void *context, size_t first, size_t last) {
  const sparse_matrix *s = context;
  for (size_t i = first; i < last; i++) {
    double sum = -s->shift;
    for (int64_t at = s->offsets[i]; at < s->offsets[i + 1]; at++) sum += value_at(s, at) * s->from[s->indices[at]];
    s->to[i] = sum;
  }
}

// to = (X - 1 mean) from.
static void multiply(sparse_matrix *s, const double *from, double *to) {
  s->from = from, s->to = to;
  s->shift = s->kernels->dot(s->shape->columns, s->means, from);
  farro_parallel_for(s->shape->rows, row_grain, 2 * (double)s->offsets[s->shape->rows], multiply_rows, s);
}

static void add_ranges(void *context, size_t first, size_t last) {
  const sparse_matrix *s = context;
  for (size_t range = first; range < last; range++) {
    double *sums = s->sums + range * s->shape->columns;
    memset(sums, 0, s->shape->columns * sizeof *sums);
    for (size_t i = range * s->range; i < smaller((range + 1) * s->range, s->shape->rows); i++) {
      const double by = weight_of(s, i) * s->from[i];
      for (int64_t at = s->offsets[i]; at < s->offsets[i + 1]; at++) sums[s->indices[at]] += value_at(s, at) * by;
    }
  }
}

// to = X^T W from, of which the mean's part is 0 where `from` is centred.
static void multiply_transposed(sparse_matrix *s, const double *from, double *to) {
  const size_t columns = s->shape->columns;
  s->from = from;
  farro_parallel_for(s->ranges, 1, 2 * (double)s->offsets[s->shape->rows], add_ranges, s);
  memcpy(to, s->sums, columns * sizeof *to);
  for (size_t range = 1; range < s->ranges; range++) s->kernels->add(columns, 1, s->sums + range * columns, to);
  if (!s->shape->intercept) return;
  double sum = 0;
  for (size_t i = 0; i < s->shape->rows; i++) sum += weight_of(s, i) * from[i];
  s->kernels->add(columns, -sum, s->means, to);
}

static double weighted_square(const sparse_matrix *s, const double *v) {
  double sum = 0;
  for (size_t i = 0; i < s->shape->rows; i++) sum += weight_of(s, i) * v[i] * v[i];
  return sum;
}

// From b = 0: the iterates stay in the range of X^T, where the solution of the least norm is. The norm of X is
// estimated by the largest ratio of its products.
static void descend(sparse_matrix *s, double penalty, size_t most_iterations, double *r, double *b, double *work) {
  const size_t columns = s->shape->columns;
  double *gradient = work, *direction = work + columns, *image = direction + columns;
  memset(b, 0, columns * sizeof *b);
  multiply_transposed(s, r, gradient);
  memcpy(direction, gradient, columns * sizeof *gradient);
  double square = s->kernels->dot(columns, gradient, gradient), norm = 0;
  const double begin = square;
  for (size_t turn = 0; turn < most_iterations && square > 0; turn++) {
    multiply(s, direction, image);
    const double size = s->kernels->dot(columns, direction, direction);
    const double length = weighted_square(s, image) + penalty * size;
    norm = fmax(norm, length / size);
    if (!(length > 0)) break;
    const double step = square / length;
    s->kernels->add(columns, step, direction, b);
    s->kernels->add(s->shape->rows, -step, image, r);
    multiply_transposed(s, r, gradient);
    s->kernels->add(columns, -penalty, b, gradient);
    const double next = s->kernels->dot(columns, gradient, gradient);
    const double enough = s->shape->tolerance * s->shape->tolerance;
    if (next <= enough * norm * weighted_square(s, r) || next <= enough * enough * begin) break;
    const double ratio = next / square;
    for (size_t j = 0; j < columns; j++) direction[j] = gradient[j] + ratio * direction[j];
    square = next;
  }
}

static bool find_means(sparse_matrix *s) {
  const size_t rows = s->shape->rows, columns = s->shape->columns;
  double strange = 0;
  memset(s->means, 0, columns * sizeof *s->means);
  for (size_t i = 0; i < rows; i++)
    for (int64_t at = s->offsets[i]; at < s->offsets[i + 1]; at++) {
      s->means[s->indices[at]] += weight_of(s, i) * value_at(s, at);
      strange += value_at(s, at) * 0;
    }
  for (size_t j = 0; j < columns; j++) {
    strange += s->means[j] * 0;
    s->means[j] = s->shape->intercept ? s->means[j] / s->weight : 0;
  }
  return strange == 0;
}

static farro_status solve(sparse_matrix *s, const void *y, const double *penalties, size_t most_iterations,
                          double *coefficients, double *intercepts, farro_least_squares_result *result) {
  const farro_least_squares_shape *shape = s->shape;
  const size_t rows = shape->rows, columns = shape->columns;
  if (rows == 0 || columns == 0 || shape->outputs == 0 || !are_rows(rows, shape->outputs, shape->y_row) ||
      !can_exist(rows + columns, 16, 1) || !(shape->tolerance >= 0))
    return FARRO_ERROR_ARGUMENT;
  s->weight = 0;
  for (size_t i = 0; i < rows; i++) s->weight += weight_of(s, i);
  if (!(s->weight > 0)) return FARRO_ERROR_ARGUMENT;
  const size_t elements = (size_t)s->offsets[rows];
  s->ranges = larger(smaller(smaller(elements / least_range_elements, elements / columns / 4), most_ranges), 1);
  s->range = ceil_divide(rows, s->ranges);
  const size_t bytes = ((3 + s->ranges) * columns + 2 * rows) * sizeof(double);
  double *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  double *residual = space + columns, *work = residual + rows;
  s->means = space, s->sums = work + 2 * columns + rows;
  *result = (farro_least_squares_result){find_means(s), columns};
  for (size_t o = 0; o < shape->outputs && result->finite; o++) {
    double sum = 0, strange = 0;
    for (size_t i = 0; i < rows; i++) {
      const size_t at = i * shape->y_row + o;
      residual[i] = s->is_f32 ? (double)((const float *)y)[at] : ((const double *)y)[at];
      sum += weight_of(s, i) * residual[i];
      strange += residual[i] * 0;
    }
    result->finite = isfinite(sum) && strange == 0;
    if (!result->finite) break;
    const double mean = shape->intercept ? sum / s->weight : 0;
    for (size_t i = 0; i < rows; i++) residual[i] -= mean;
    double *b = coefficients + o * columns;
    descend(s, penalties ? penalties[o] : 0, most_iterations, residual, b, work);
    intercepts[o] = mean - (shape->intercept ? s->kernels->dot(columns, s->means, b) : 0);
  }
  farro_release(space, bytes);
  return FARRO_OK;
}

#define ENTRY(type, scalar, single)                                                                                    \
  farro_status farro_sparse_least_squares_##type(                                                                      \
      const farro_least_squares_shape *shape, const int64_t *offsets, const int32_t *indices, const scalar *values,    \
      const scalar *y, const double *weights, const double *penalties, size_t most_iterations, double *coefficients,   \
      double *intercepts, farro_least_squares_result *result) {                                                        \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    sparse_matrix s = {.kernels = kernels->models->vectors,                                                            \
                       .shape = shape,                                                                                 \
                       .offsets = offsets,                                                                             \
                       .indices = indices,                                                                             \
                       .values = values,                                                                               \
                       .is_f32 = single,                                                                               \
                       .weights = weights};                                                                            \
    return solve(&s, y, penalties, most_iterations, coefficients, intercepts, result);                                 \
  }

ENTRY(f32, float, true)
ENTRY(f64, double, false)
