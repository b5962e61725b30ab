// Sums of products of columns.
#include "operators.h"

// Centered by the mean of the first rows, as a caller does who reads the rows once; what the center is off comes out of
// the sums in the last row of the products.
static int covariance(const void *const *in, void *out) {
  const size_t n = sizes.rows, d = sizes.columns, m = d + 1, first = n < 256 ? n : 256;
  is_first_call((2 * d + m * m) * sizeof(double));
  const float *x = in[0];
  double *center = space, *factors = center + d, *products = factors + d;
  memset(center, 0, d * sizeof(double));
  for (size_t i = 0; i < first; i++)
    for (size_t j = 0; j < d; j++) center[j] += x[i * d + j];
  for (size_t j = 0; j < d; j++) center[j] /= (double)first, factors[j] = 1;
  const farro_cross_shape shape = {.rows = n, .columns = d, .x_row = d};
  const int status = CALL(farro_cross_products_f32)(&shape, x, NULL, NULL, NULL, center, factors, products);
  const double *sums = products + d * m;
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < d; j++)
      ((float *)out)[i * d + j] = (float)((products[i * m + j] - sums[i] * sums[j] / (double)n) / (double)n);
  return status;
}

const farro_operator gram_operators[] = {
    {"covariance", "farro_cross_products_f32", covariance},
    {NULL, NULL, NULL},
};
