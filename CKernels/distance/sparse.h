// What the drivers of distances between sparse rows need of one instruction set and element type.
#ifndef FARRO_DISTANCE_SPARSE_H
#define FARRO_DISTANCE_SPARSE_H

#include "runtime.h"

#include "include/sparse_distance.h"

// Rows in compressed form, or dense ones, `ld` elements apart.
typedef struct sparse_rows {
  const int64_t *offsets; // NULL: dense
  const int32_t *indices;
  const void *values;
  size_t ld, columns;
} sparse_rows;

// Rows of x against a panel of rows of y.
typedef struct sparse_tile {
  farro_metric metric;
  const sparse_rows *x, *y;
  size_t first, last; // of x
  size_t column;      // the first row of y
  size_t columns;     // at most a panel's
  // Of each column its row of the panel: an element of each row of y, side by side. Row 0 is zeros, for columns that no
  // row uses.
  const int32_t *places;
  const void *panel;
  const void *x_norms, *y_norms; // by what the metric asks for: of all rows of x, and of the panel's
  void *out;                     // of row 0 and y's first row
  size_t ld_out;
} sparse_tile;

typedef struct sparse_kernels {
  size_t element_bytes, columns; // of a panel
  // What the metric asks for of rows first..<last.
  void (*norms)(farro_metric metric, const sparse_rows *rows, size_t first, size_t last, void *norms);
  // Elements of row `row` to column `column` of the panel, or zeros to where these were.
  void (*write)(const sparse_rows *rows, size_t row, const int32_t *places, void *panel, size_t column, bool clear);
  void (*distances)(const sparse_tile *tile);
  // Row i of x against row i of y.
  void (*paired)(farro_metric metric, const sparse_rows *x, const sparse_rows *y, size_t first, size_t last, void *out);
  // Rows first..<last of x times y (columns of x, n).
  void (*product)(const sparse_rows *x, size_t first, size_t last, size_t n, const void *y, size_t ldy, void *out,
                  size_t ld_out);
} sparse_kernels;

#endif
