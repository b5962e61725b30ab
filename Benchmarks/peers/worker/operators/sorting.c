// Sorting and selection along rows, and histograms.
#include "operators.h"

static int sort(const void *const *in, void *out) {
  const size_t rows = sizes.rows, n = sizes.columns;
  is_first_call(rows * n * sizeof(int64_t));
  return CALL(farro_sort_f32)(rows, n, false, in[0], n, out, n, space, n);
}

static int argsort(const void *const *in, void *out) {
  const size_t n = sizes.columns;
  return CALL(farro_sort_f32)(sizes.rows, n, false, in[0], n, NULL, n, out, n);
}

static int top_k(const void *const *in, void *out) {
  const size_t rows = sizes.rows, n = sizes.columns, k = sizes.k;
  is_first_call(rows * k * sizeof(int64_t));
  return CALL(farro_top_k_f32)(rows, n, k, (farro_top_k_options){0}, in[0], n, out, k, space, k);
}

static int histogram(const void *const *in, void *out) {
  int64_t counts[64]; // bins from -4 to 4, as families/sorting.py has them
  const int status = CALL(farro_histogram_f32)(sizes.rows * sizes.columns, in[0], 64, -4, 4, counts);
  for (size_t i = 0; i < 64; i++) ((float *)out)[i] = (float)counts[i];
  return status;
}

const farro_operator sorting_operators[] = {
    {"sort", "farro_sort_f32", sort},
    {"argsort", "farro_sort_f32", argsort},
    {"top_k", "farro_top_k_f32", top_k},
    {"histogram", "farro_histogram_f32", histogram},
    {NULL, NULL, NULL},
};
