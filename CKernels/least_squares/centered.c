// Sums of products of rows whose mean is taken away.
#include <float.h>
#include <math.h>
#include <string.h>

#include "problem.h"
#include "runtime/sizes.h"

enum { sample_rows = 256, most_centerings = 3 };

static double z_at(const least_squares_problem *p, size_t row, size_t j) {
  return j < p->shape->columns ? x_at(p, row, j) : y_at(p, row, j - p->shape->columns);
}

// The power of two that takes `size` to between 1/2 and 1; 1 for 0.
static double power_for(double size) {
  int exponent = 0;
  if (!(size > 0 && size <= DBL_MAX)) return 1;
  frexp(size, &exponent);
  return ldexp(1, exponent < -1020 ? 1020 : -exponent);
}

void farro_sample_rows(const least_squares_problem *p) {
  const size_t rows = p->shape->rows, all = p->shape->columns + p->shape->outputs;
  const size_t step = larger(rows / sample_rows, 1);
  size_t count = 0;
  for (size_t j = 0; j < all; j++) p->centers[j] = p->factors[j] = 0;
  for (size_t row = 0; row < rows; row += step) count += weight_of(p, row) > 0;
  if (p->shape->intercept && count > 0) {
    // From the first row on, so that equal elements have themselves as their mean.
    bool first = true;
    for (size_t row = 0, seen = 0; row < rows; row += step) {
      if (!(weight_of(p, row) > 0)) continue;
      seen++;
      for (size_t j = 0; j < all; j++) {
        const double value = z_at(p, row, j);
        p->centers[j] = first ? value : p->centers[j] + (value - p->centers[j]) / (double)seen;
      }
      first = false;
    }
  }
  for (size_t j = 0; j < all; j++)
    if (p->is_f32) p->centers[j] = (double)(float)p->centers[j];
  for (size_t row = 0; row < rows; row += step) {
    if (!(weight_of(p, row) > 0)) continue;
    for (size_t j = 0; j < all; j++) p->factors[j] = fmax(p->factors[j], fabs(z_at(p, row, j) - p->centers[j]));
  }
  for (size_t j = 0; j < all; j++) {
    if (p->factors[j] == 0) p->factors[j] = fabs(p->centers[j]);
    p->factors[j] = power_for(p->factors[j]);
  }
}

// Takes the mean away. True when shifting the rows anew would spare digits, unless it is the last time.
static bool center(const least_squares_problem *p, size_t order, double *products, bool is_last) {
  const double *sums = products + (order - 1) * order;
  bool again = false;
  if (!p->shape->intercept) return false;
  for (size_t j = 0; j + 1 < order; j++) {
    const double square = sums[j] * sums[j] / p->weight, all = products[j * order + j];
    again |= all > 0 && square > all / 2;
    p->centers[j] += sums[j] / p->weight / p->factors[j];
  }
  if (again && !is_last) {
    for (size_t j = 0; p->is_f32 && j + 1 < order; j++) p->centers[j] = (double)(float)p->centers[j];
    return true;
  }
  for (size_t i = 0; i + 1 < order; i++)
    for (size_t j = 0; j + 1 < order; j++) products[i * order + j] -= sums[i] * (sums[j] / p->weight);
  return false;
}

farro_status farro_center_products(const least_squares_problem *p, bool wide, double *products, double *root) {
  const farro_least_squares_shape *s = p->shape;
  const size_t order = s->columns + s->outputs + 1;
  const farro_cross_shape shape = {.rows = s->rows,
                                   .columns = s->columns,
                                   .outputs = s->outputs,
                                   .x_row = s->x_row,
                                   .y_row = s->y_row,
                                   .wide = wide};
  for (size_t turn = 0; turn < most_centerings; turn++) {
    const farro_status status =
        p->is_f32 ? farro_cross_products_f32(&shape, p->x, p->y, p->weights, NULL, p->centers, p->factors, products)
                  : farro_cross_products_f64(&shape, p->x, p->y, p->weights, NULL, p->centers, p->factors, products);
    if (status != FARRO_OK) return status;
    for (size_t j = 0; j < order; j++)
      if (!isfinite(products[(order - 1) * order + j]) || !isfinite(products[j * order + j])) p->result->finite = false;
    if (!p->result->finite) return FARRO_OK;
    if (!center(p, order, products, turn + 1 == most_centerings)) break;
  }
  const double rounding = wide || !p->is_f32 ? 0x1p-48 : 0x1p-22;
  for (size_t j = 0; j < s->columns; j++) {
    // A column whose elements differ from its mean by rounding alone is constant.
    const double square = products[j * order + j], shift = rounding * p->centers[j] * p->factors[j];
    root[j] = square > shift * shift * p->weight ? sqrt(square) : 0;
  }
  return FARRO_OK;
}
