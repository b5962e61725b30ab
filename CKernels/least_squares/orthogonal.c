// The accurate way: an orthogonal factorization of the rows in blocks, and Jacobi rotations of its triangular factor.
#include <float.h>
#include <math.h>
#include <string.h>

#include "problem.h"
#include "runtime/sizes.h"

enum { block_length = 256, column_grain = 8, most_sweeps = 60 };

// ---- blocks of rows below a triangular factor ----

typedef struct {
  const vector_kernels *kernels;
  size_t columns, length; // of the block, each of whose columns is contiguous
  double *block;          // columns of block_length
  double *factor;
  size_t pitch;
  size_t column; // whose reflection is applied
  double head, scale;
} reflected_block;

// Applies the reflection of one column to the columns behind it.
static void reflect_columns(void *context, size_t first, size_t last) {
  const reflected_block *b = context;
  const double *v = b->block + b->column * block_length;
  double *row = b->factor + b->column * b->pitch;
  for (size_t j = b->column + 1 + first; j < b->column + 1 + last; j++) {
    double *x = b->block + j * block_length;
    const double by = b->scale * (b->head * row[j] + b->kernels->dot(b->length, v, x));
    row[j] -= by * b->head;
    b->kernels->add(b->length, -by, v, x);
  }
}

// Takes the block into the factor, of whose rows `order` there are.
static void reflect_block(reflected_block *b, size_t order) {
  for (size_t j = 0; j < order; j++) {
    double *v = b->block + j * block_length, *diagonal = b->factor + j * b->pitch + j;
    const double rest = b->kernels->dot(b->length, v, v), head = *diagonal;
    if (rest == 0) continue;
    const double norm = sqrt(head * head + rest);
    *diagonal = head > 0 ? -norm : norm;
    b->column = j, b->head = head - *diagonal;
    b->scale = 2 / (b->head * b->head + rest);
    const size_t behind = b->columns - j - 1;
    farro_parallel_for(behind, column_grain, (double)behind * (double)b->length / 3, reflect_columns, b);
  }
}

// The element of the centred and weighted matrix, y behind x.
static double element_of_row(const least_squares_problem *p, size_t row, size_t j, double root) {
  const size_t columns = p->shape->columns;
  const double value = j < columns ? x_at(p, row, j) : y_at(p, row, j - columns);
  return (value - p->centers[j]) * p->factors[j] * root;
}

farro_status farro_factor_rows(const least_squares_problem *p, double *factor, size_t pitch) {
  const farro_least_squares_shape *s = p->shape;
  const size_t all = s->columns + s->outputs, bytes = all * block_length * sizeof(double);
  double *block = farro_allocate(bytes);
  if (!block) return FARRO_ERROR_MEMORY;
  for (size_t i = 0; i < s->columns; i++) memset(factor + i * pitch, 0, all * sizeof *factor);
  for (size_t first = 0; first < s->rows; first += block_length) {
    const size_t count = smaller(block_length, s->rows - first);
    for (size_t i = 0; i < count; i++) {
      const double root = sqrt(weight_of(p, first + i));
      for (size_t j = 0; j < all; j++)
        block[j * block_length + i] = root == 0 ? 0 : element_of_row(p, first + i, j, root);
    }
    reflected_block b = {
        .kernels = p->kernels, .columns = all, .length = count, .block = block, .factor = factor, .pitch = pitch};
    reflect_block(&b, s->columns);
  }
  farro_release(block, bytes);
  return FARRO_OK;
}

farro_status farro_factor_columns(const least_squares_problem *p, double *factor, size_t pitch) {
  const farro_least_squares_shape *s = p->shape;
  const size_t bytes = s->rows * block_length * sizeof(double);
  double *block = farro_allocate(bytes);
  if (!block) return FARRO_ERROR_MEMORY;
  for (size_t i = 0; i < s->rows; i++) memset(factor + i * pitch, 0, s->rows * sizeof *factor);
  for (size_t first = 0; first < s->columns; first += block_length) {
    const size_t count = smaller(block_length, s->columns - first);
    for (size_t i = 0; i < s->rows; i++) {
      const double root = sqrt(weight_of(p, i));
      for (size_t j = 0; j < count; j++)
        block[i * block_length + j] = root == 0 ? 0 : element_of_row(p, i, first + j, root);
    }
    reflected_block b = {
        .kernels = p->kernels, .columns = s->rows, .length = count, .block = block, .factor = factor, .pitch = pitch};
    reflect_block(&b, s->rows);
  }
  farro_release(block, bytes);
  return FARRO_OK;
}

// ---- rotations ----

static void exchange_rows(double *x, double *y, size_t count) {
  for (size_t k = 0; k < count; k++) {
    const double element = x[k];
    x[k] = y[k], y[k] = element;
  }
}

// Makes two rows orthogonal, the longer one first. Returns whether they were not.
static bool rotate_pair(const vector_kernels *kernels, size_t order, size_t all, double *x, double *y, double least) {
  double products[3];
  kernels->pair(order, x, y, products);
  if (products[0] < products[2]) {
    exchange_rows(x, y, all);
    const double first = products[0];
    products[0] = products[2], products[2] = first;
  }
  // Rows that are 0 but for rounding have no direction.
  if (products[2] <= least || fabs(products[1]) <= DBL_EPSILON * sqrt(products[0]) * sqrt(products[2])) return false;
  const double ratio = (products[2] - products[0]) / (2 * products[1]);
  const double tangent = 1 / (ratio + copysign(hypot(ratio, 1), ratio));
  const double cosine = 1 / hypot(tangent, 1), sine = cosine * tangent;
  kernels->rotate(all, cosine, -sine, x, y);
  return true;
}

farro_status farro_orthogonalize_rows(const vector_kernels *kernels, size_t order, size_t outputs, double *factor,
                                      size_t pitch, double *singular) {
  double most = 0;
  for (size_t i = 0; i < order; i++) most = fmax(most, kernels->dot(order, factor + i * pitch, factor + i * pitch));
  const double least = most * 0x1p-104 / (double)larger(order, 1);
  bool rotated = true;
  for (size_t turn = 0; turn < most_sweeps && rotated; turn++) {
    rotated = false;
    for (size_t i = 0; i < order; i++)
      for (size_t j = i + 1; j < order; j++)
        rotated |= rotate_pair(kernels, order, order + outputs, factor + i * pitch, factor + j * pitch, least);
  }
  for (size_t i = 0; i < order; i++) singular[i] = sqrt(kernels->dot(order, factor + i * pitch, factor + i * pitch));
  for (size_t i = 0; i < order; i++) {
    size_t greatest = i;
    for (size_t j = i + 1; j < order; j++)
      if (singular[j] > singular[greatest]) greatest = j;
    if (greatest == i) continue;
    const double value = singular[i];
    singular[i] = singular[greatest], singular[greatest] = value;
    exchange_rows(factor + i * pitch, factor + greatest * pitch, order + outputs);
  }
  return FARRO_OK;
}
