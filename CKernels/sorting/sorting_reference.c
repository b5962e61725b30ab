// Sorting by insertion, and top-k as the start of a sorted row.
#include <math.h>
#include <stdlib.h>

#include "include/sorting.h"

#define REFERENCES(type, scalar)                                                                                       \
  static bool comes_before_##type(scalar a, scalar b, bool descending) {                                               \
    if (descending) return isnan(a) ? !isnan(b) : a > b;                                                               \
    return isnan(b) ? !isnan(a) : a < b;                                                                               \
  }                                                                                                                    \
  static void order_##type(size_t n, bool descending, const scalar *x, size_t *order) {                                \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      size_t at = i;                                                                                                   \
      for (; at > 0 && comes_before_##type(x[i], x[order[at - 1]], descending); at--) order[at] = order[at - 1];       \
      order[at] = i;                                                                                                   \
    }                                                                                                                  \
  }                                                                                                                    \
  farro_status farro_top_k_reference_##type(size_t rows, size_t columns, size_t k, farro_top_k_options options,        \
                                            const scalar *x, size_t x_row, scalar *values, size_t values_row,          \
                                            int64_t *indices, size_t indices_row) {                                    \
    if (k > columns) return FARRO_ERROR_ARGUMENT;                                                                      \
    size_t *order = malloc((columns + 1) * sizeof *order);                                                             \
    if (!order) return FARRO_ERROR_MEMORY;                                                                             \
    for (size_t row = 0; row < rows; row++, x += x_row) {                                                              \
      order_##type(columns, !options.smallest, x, order);                                                              \
      for (size_t i = 0; options.unsorted && i < k; i++)                                                               \
        for (size_t j = i; j > 0 && order[j] < order[j - 1]; j--) {                                                    \
          const size_t other = order[j];                                                                               \
          order[j] = order[j - 1], order[j - 1] = other;                                                               \
        }                                                                                                              \
      for (size_t i = 0; i < k; i++) {                                                                                 \
        if (values) values[row * values_row + i] = x[order[i]];                                                        \
        if (indices) indices[row * indices_row + i] = (int64_t)order[i];                                               \
      }                                                                                                                \
    }                                                                                                                  \
    free(order);                                                                                                       \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_sort_reference_##type(size_t rows, size_t columns, bool descending, const scalar *x,              \
                                           size_t x_row, scalar *values, size_t values_row, int64_t *indices,          \
                                           size_t indices_row) {                                                       \
    const farro_top_k_options options = {.smallest = !descending};                                                     \
    return farro_top_k_reference_##type(rows, columns, columns, options, x, x_row, values, values_row, indices,        \
                                        indices_row);                                                                  \
  }

REFERENCES(f32, float)
REFERENCES(f64, double)
