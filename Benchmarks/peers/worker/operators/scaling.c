// Scaling of columns to mean 0 and deviation 1, and to 0 ... 1.
#include "operators.h"

static int standardize(const void *const *in, void *out) {
  const size_t n = sizes.columns;
  is_first_call(2 * n * sizeof(double));
  double *mean = space, *deviation = mean + n;
  return CALL(farro_standardize_columns_f32)(sizes.rows, n, in[0], n, mean, deviation, out, n);
}

static int min_max_scale(const void *const *in, void *out) {
  const size_t n = sizes.columns;
  is_first_call(4 * n * sizeof(double));
  double *least = space, *most = least + n, *factor = most + n, *shift = factor + n; // shift stays 0
  static __typeof__(&farro_affine_columns_f32) affine;
  if (!affine) affine = symbol("farro_affine_columns_f32");
  const int status = CALL(farro_column_ranges_f32)(sizes.rows, n, in[0], n, false, least, most);
  if (status != 0) return status;
  for (size_t j = 0; j < n; j++) factor[j] = 1 / (most[j] - least[j]);
  return (int)affine(sizes.rows, n, in[0], n, least, factor, shift, out, n);
}

const farro_operator scaling_operators[] = {
    {"standardize", "farro_standardize_columns_f32", standardize},
    {"min_max_scale", "farro_column_ranges_f32", min_max_scale},
    {NULL, NULL, NULL},
};
