// What the matmul driver needs of one instruction set and element type.
#ifndef FARRO_MATMUL_MATMUL_H
#define FARRO_MATMUL_MATMUL_H

#include "runtime.h"

enum { matmul_most_rows = 14 };

// One tile of C: rows x columns, its A and B already cut to `k`. All steps and strides count elements.
typedef struct matmul_tile {
  size_t columns, k; // columns at most the kernels' full tile
  const void *a;
  size_t a_row, a_step; // from one row, and from one k, to the next; a packed tile has a_row = 1, a_step = rows
  const void *b;
  size_t b_step; // from one k to the next
  void *c;
  size_t ldc;
  const void *alpha, *beta;
  bool padded; // columns beyond `columns` of B can be read, up to the full tile
} matmul_tile;

typedef struct matmul_kernels {
  size_t element_bytes;
  size_t rows, columns; // of the full tile

  // C = alpha A B + beta C by number of rows, 1...rows.
  void (*tile[matmul_most_rows + 1])(const matmul_tile *tile);

  // Make a panel of `width` rows of A or columns of B, k-major: panel[p * width + i], with zeros where used <= i <
  // width. pack_along reads from[p * ld + i], pack_across reads from[i * ld + p].
  void (*pack_along)(size_t used, size_t width, size_t k, const void *from, size_t ld, void *panel);
  void (*pack_across)(size_t used, size_t width, size_t k, const void *from, size_t ld, void *panel);

  // C = beta C for one matrix.
  void (*scale)(size_t m, size_t n, const void *beta, void *c, size_t ldc);
} matmul_kernels;

#endif
