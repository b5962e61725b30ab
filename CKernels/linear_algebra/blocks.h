// What the drivers of linear algebra share: products of blocks, batches, and each other's inner parts.
#ifndef FARRO_LINEAR_ALGEBRA_BLOCKS_H
#define FARRO_LINEAR_ALGEBRA_BLOCKS_H

#include "include/linear_algebra.h"
#include "include/matmul.h"
#include "linear_algebra/linear_algebra.h"
#include "runtime/extent.h"

// An element type and instruction set. Scalars travel as double, which holds every float.
typedef struct block_driver {
  const linear_algebra_kernels *kernels;
  farro_isa isa;
  farro_status (*multiply)(const farro_matmul_shape *shape, double alpha, const void *a, const void *b, double beta,
                           void *c);
} block_driver;

// False when FARRO_ISA is unusable.
bool block_driver_f32(block_driver *d);
bool block_driver_f64(block_driver *d);

static inline const void *element(const block_driver *d, const void *base, size_t index) {
  return (const char *)base + index * d->kernels->element_bytes;
}
static inline void *element_of(const block_driver *d, void *base, size_t index) {
  return (char *)base + index * d->kernels->element_bytes;
}

// Where to cut 0..<count, more than a unit: about in the middle, after a whole number of units.
static inline size_t halfway(size_t count, size_t unit) { return ((count + unit - 1) / unit + 1) / 2 * unit; }

// Whether `rows` rows of `length` elements lie `ld` apart without touching, and matrices of them `stride` apart.
bool is_matrix(size_t rows, size_t length, size_t ld);
bool is_batch(size_t batch, size_t rows, size_t length, size_t ld, size_t stride);

// What item `item` of a batch answers; *row when it fails for what its data holds.
typedef farro_status (*block_task)(void *context, size_t item, size_t *row);

// Runs the tasks 0..<count, each of about `nanoseconds`, one behind another or several at a time, always with the
// driver's instruction set. Answers FARRO_ERROR_MEMORY if there was one, else the status of the first task that failed,
// and its place.
farro_status run_tasks(const block_driver *d, size_t count, double nanoseconds, block_task task, void *context,
                       farro_matrix_place *where);

// C = alpha A^T A + beta C, or A A^T with `rows`, on one triangle of C.
typedef struct symmetric_product {
  const block_driver *driver;
  size_t n, k;
  bool rows, upper;
  double alpha, beta;
  const void *a;
  size_t lda;
  void *c;
  size_t ldc;
} symmetric_product;

farro_status multiply_symmetric(const symmetric_product *p);

// op(T) X = B or X op(T) = B in place, for a T without a 0 on its diagonal.
typedef struct triangular_system {
  const block_driver *driver;
  size_t m; // right-hand sides
  bool right, upper, transpose, unit_diagonal;
  const void *t;
  size_t ldt;
  void *b;
  size_t ldb;
} triangular_system;

farro_status solve_triangular(const triangular_system *s, size_t n);

#endif
