// The best split of some rows by plain loops: every threshold, every set of categories, missing values on either side.
#include <math.h>

#include "include/trees.h"

// The impurity of the rows whose side is `side`, times their weight.
static double side_impurity(const farro_tree_targets *t, size_t n, const uint8_t *is_left, int side, size_t *rows) {
  long double weight = 0, impurity = 0;
  *rows = 0;
  for (size_t i = 0; i < n; i++) {
    const double w = t->weights ? t->weights[i] : 1;
    if (w == 0 || is_left[i] != side) continue;
    weight += w;
    ++*rows;
  }
  if (weight == 0) return 0;
  if (t->criterion == FARRO_TREE_GINI) impurity = weight;
  for (size_t o = 0; o < t->outputs; o++) {
    long double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
      const double w = t->weights ? t->weights[i] : 1;
      if (w == 0 || is_left[i] != side) continue;
      sum += w * (t->criterion == FARRO_TREE_SQUARED_ERROR ? t->y[i * t->outputs + o] : t->classes[i] == (int32_t)o);
    }
    const long double mean = sum / weight;
    for (size_t i = 0; t->criterion == FARRO_TREE_SQUARED_ERROR && i < n; i++) {
      const double w = t->weights ? t->weights[i] : 1;
      if (is_left[i] == side) squares += w * (t->y[i * t->outputs + o] - mean) * (t->y[i * t->outputs + o] - mean);
    }
    if (t->criterion == FARRO_TREE_SQUARED_ERROR) impurity += squares / t->outputs;
    if (t->criterion == FARRO_TREE_GINI) impurity -= sum * mean;
    if (t->criterion == FARRO_TREE_ENTROPY && sum > 0) impurity -= sum * log2l(mean);
  }
  return (double)impurity;
}

static void try_sides(const farro_tree_targets *t, size_t n, const uint8_t *is_left, size_t min_rows_leaf,
                      double *least) {
  size_t left, right;
  const double impurity = side_impurity(t, n, is_left, 1, &left) + side_impurity(t, n, is_left, 0, &right);
  if (left >= min_rows_leaf && right >= min_rows_leaf) *least = fmin(*least, impurity);
}

farro_status farro_tree_split_reference(size_t n, size_t d, const double *x, size_t ldx, const int32_t *categories,
                                        const farro_tree_targets *targets, size_t min_rows_leaf, double *impurity) {
  uint8_t *is_left = farro_allocate(n);
  if (!is_left) return FARRO_ERROR_MEMORY;
  *impurity = INFINITY;
  for (size_t f = 0; f < d; f++) {
    const size_t count = categories ? (size_t)categories[f] : 0;
    if (count > 16) {
      farro_release(is_left, n);
      return FARRO_ERROR_ARGUMENT;
    }
    for (int missing_left = 0; missing_left < 2; missing_left++)
      for (size_t split = 0; split < (count ? (size_t)1 << count : n); split++) {
        for (size_t i = 0; i < n; i++) {
          const double value = x[i * ldx + f];
          is_left[i] = isnan(value) ? missing_left
                       : count      ? split >> (size_t)value & 1
                                    : value <= x[split * ldx + f]; // to the left of no number, where this is NaN
        }
        try_sides(targets, n, is_left, min_rows_leaf, impurity);
      }
  }
  farro_release(is_left, n);
  return FARRO_OK;
}
