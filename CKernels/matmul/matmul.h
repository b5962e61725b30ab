// What the matmul driver needs of one instruction set and element type.
#ifndef FARRO_MATMUL_MATMUL_H
#define FARRO_MATMUL_MATMUL_H

#include "include/matmul.h"

enum { matmul_most_rows = 28 };

// Some rows of C by `columns` columns, over k; and the same of `count` products that lie at equal distances. All steps
// and strides count elements.
typedef struct matmul_tile {
  size_t columns, k;
  const void *a;
  size_t a_row, a_step; // from one row, and from one k, to the next
  const void *b;
  size_t b_step; // from one k to the next
  void *c;
  size_t ldc;
  const void *alpha, *beta;
  const void *ahead; // NULL, or rows of A that come next, a_row apart: asked for meanwhile, `ahead_bytes` of each
  size_t ahead_bytes;
  bool padded; // columns beyond `columns` of B can be read, up to whole vectors
  size_t count, a_next, b_next, c_next;

  // NULL, or what to do after the last k, and where in which product of the batch this tile lies.
  const farro_epilogue *epilogue;
  size_t item, row, column;
} matmul_tile;

typedef struct matmul_kernels {
  size_t element_bytes;
  size_t rows, columns;             // of the full tile; a packed panel of B has `columns` columns
  size_t tall_rows, narrow_columns; // of the tallest tile, for matrices that are no wider

  // C = alpha A B + beta C, then the epilogue, by number of rows, 1...tall_rows.
  void (*tile[matmul_most_rows + 1])(const matmul_tile *tile);

  // The same for up to dot_rows rows, with k contiguous in both: a_step is 1, and b_step is from one column of op(B) to
  // the next. One product only. It takes dot_columns columns at a time.
  size_t dot_rows, dot_columns;
  void (*dot)(size_t rows, const matmul_tile *tile);

  // Panels of `width` columns of op(B), k-major: panel[p * width + i], with zeros where used <= i < width; panel after
  // panel, width * k elements each. pack_along reads from[p * ld + i], pack_across from[i * ld + p].
  void (*pack_along)(size_t used, size_t width, size_t k, const void *from, size_t ld, void *panel);
  void (*pack_across)(size_t used, size_t width, size_t k, const void *from, size_t ld, void *panel);
} matmul_kernels;

#endif
