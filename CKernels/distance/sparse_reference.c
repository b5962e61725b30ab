// Distances between sparse rows, written out and measured one by one.
#include <stdlib.h>

#include "include/sparse_distance.h"

#define REFERENCE(type, scalar)                                                                                        \
  static void write_out_##type(const farro_csr_##type *x, size_t row, scalar *dense) {                                 \
    for (size_t c = 0; c < x->columns; c++) dense[c] = 0;                                                              \
    for (int64_t k = x->offsets[row]; k < x->offsets[row + 1]; k++) dense[x->indices[k]] = x->values[k];               \
  }                                                                                                                    \
  farro_status farro_sparse_distances_reference_##type(farro_metric metric, const farro_csr_##type *x,                 \
                                                       const farro_csr_##type *y, scalar *out, size_t ld_out) {        \
    const size_t d = x->columns;                                                                                       \
    scalar *rows = malloc((2 * d + 1) * sizeof(scalar));                                                               \
    if (!rows) return FARRO_ERROR_MEMORY;                                                                              \
    for (size_t i = 0; i < x->rows; i++) {                                                                             \
      write_out_##type(x, i, rows);                                                                                    \
      for (size_t j = 0; j < y->rows; j++) {                                                                           \
        write_out_##type(y, j, rows + d);                                                                              \
        farro_pairwise_distances_reference_##type(metric, 1, 1, d, rows, d, rows + d, d, out + i * ld_out + j, 1);     \
      }                                                                                                                \
    }                                                                                                                  \
    free(rows);                                                                                                        \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float)
REFERENCE(f64, double)
