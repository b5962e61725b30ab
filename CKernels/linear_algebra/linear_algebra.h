// What the linear algebra drivers need of one instruction set and element type.
#ifndef FARRO_LINEAR_ALGEBRA_LINEAR_ALGEBRA_H
#define FARRO_LINEAR_ALGEBRA_LINEAR_ALGEBRA_H

#include "runtime.h"

enum {
  // Triangles of this order are solved and factored by a kernel, larger ones by products of blocks.
  triangle_order = 64,
  // Elements from one row of a packed triangle to the next: a vector may reach past the last element.
  triangle_pitch = triangle_order + 16,
  most_element_bytes = 8,
  // Rows that are transposed together on their way into a packed triangle and out of it.
  packing_square = 8,
};

// A triangle laid out for the kernels. Row k holds, from its diagonal on, the elements (i, k), i >= k, of a lower
// triangle that is walked from its first row to its last: transposition and direction were resolved when it was packed.
typedef struct packed_triangle {
  size_t n;     // order, at most triangle_order
  bool divides; // `diagonal` holds the elements of the diagonal; otherwise their reciprocals
  _Alignas(64) char elements[triangle_order * triangle_pitch * most_element_bytes];
  _Alignas(64) char diagonal[triangle_order * most_element_bytes];
} packed_triangle;

typedef struct linear_algebra_kernels {
  size_t element_bytes;
  size_t columns; // of a strip: the right-hand sides that are solved at a time

  // Packs the triangle whose element (i, k), i >= k, lies at from[i * row_step + k * column_step].
  void (*pack)(size_t n, const void *from, ptrdiff_t row_step, ptrdiff_t column_step, bool unit_diagonal,
               packed_triangle *triangle);

  // Solves for `count` <= columns right-hand sides in place. Unknown i (in the order of memory) of side j lies at
  // b[i * ldb + j], or at b[j * ldb + i] with `right`; `backward` says that the triangle counts unknowns from the last.
  void (*solve)(const packed_triangle *triangle, bool right, bool backward, size_t count, void *b, size_t ldb);

  // Factors the triangle of a symmetric matrix in place. Returns the row whose pivot is not positive, or n.
  size_t (*factor)(packed_triangle *triangle);

  // The opposite of pack, diagonal included.
  void (*unpack)(const packed_triangle *triangle, void *to, size_t row_step, size_t column_step);

  // C = P + beta C on the lower or upper triangle of two (n, n) matrices.
  void (*merge)(size_t n, bool upper, const void *product, size_t ld, const void *beta, void *c, size_t ldc);

  // Writes the rows x columns block `from`, transposed.
  void (*transpose)(size_t rows, size_t columns, const void *from, size_t ld, void *to, size_t ld_to);

  // Copies what lies below the diagonal to above it.
  void (*mirror)(size_t n, void *c, size_t ldc);
} linear_algebra_kernels;

#endif
