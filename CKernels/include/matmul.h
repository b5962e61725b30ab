// Matrix products in f32 and f64: single, batched, grouped, fused with what follows them, and with a packed operand.
#ifndef FARRO_MATMUL_H
#define FARRO_MATMUL_H

#include "activation.h"
#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// How the products of a batch lie in memory. All strides count elements.
typedef struct farro_matmul_shape {
  size_t batch;                        // number of products; 0 is legal and does nothing
  size_t m, n, k;                      // op(A) is (m, k), op(B) is (k, n), C is (m, n), all row-major
  bool transpose_a;                    // A is stored as (k, m)
  bool transpose_b;                    // B is stored as (n, k)
  size_t lda, ldb, ldc;                // elements from one stored row to the next; at least the stored row's length
  size_t stride_a, stride_b, stride_c; // elements from one matrix of the batch to the next; 0 in A or B broadcasts it
} farro_matmul_shape;

// C = alpha op(A) op(B) + beta C for each product of the batch.
//
// As in BLAS, beta = 0 overwrites C without reading it, and alpha = 0 or k = 0 reads neither A nor B. The batch's
// matrices C lie one behind another: stride_c is at least (m - 1) ldc + n. C must not share memory with A or B, though
// blocks of one matrix, and matrices of one array of structures, may interleave. All of this is checked, as is that a
// leading dimension is at least its row's length and that no size overflows (FARRO_ERROR_ARGUMENT); operands that
// interleave in other ways may be refused. Pointers need only their element's alignment; NULL is legal where nothing is
// read.
//
// Accumulates in the element type with fused multiply-add where the instruction set has it, the k products in a fixed
// order that depends on the shape and the instruction set alone. Error bound per element, u = 2^-24 (f32) or 2^-53
// (f64):
//   |C - exact| <= (k + 3) u (|alpha| |op(A)| |op(B)| + |beta| |C|),
// unless something under- or overflows. The result does not depend on the number of threads. O(m n k) time;
// farro_matmul_plan_f32 tells the work space. After FARRO_ERROR_MEMORY some of C may be written.
//
// Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.
FARRO_API farro_status farro_matmul_f32(const farro_matmul_shape *shape, float alpha, const float *a, const float *b,
                                        float beta, float *c);
FARRO_API farro_status farro_matmul_f64(const farro_matmul_shape *shape, double alpha, const double *a, const double *b,
                                        double beta, double *c);

// ---- fused products --------------------------------------------------------------------------------------------

// Sees a finished part of a product: rows x columns elements, row i at tile + i ld elements, whose first one is element
// (row, column) of product `item` of the batch. Each element of C is seen exactly once. Calls come from several
// threads at a time and in no order that one may rely on.
typedef void (*farro_tile_visitor)(void *context, size_t item, size_t row, size_t column, size_t rows, size_t columns,
                                   const void *tile, size_t ld);

// What becomes of a tile of the product while it is still in the core's nearest memory:
//   D = activation(scale * (alpha op(A) op(B) + beta C) + bias) + residual
// which is written to C, or handed to `visit`. Fields that are 0 or NULL do nothing. Arrays have C's element type
// (float where C is of 16 bits) and must not share memory with C, except that `residual` may be C itself.
typedef struct farro_epilogue {
  const void *scale;                   // n factors, one per column
  const void *bias;                    // n terms, one per column
  farro_activation activation;         // one of those below FARRO_ACTIVATION_FUSED, with the bounds of elementwise.h
  const void *residual;                // (m, n) per product
  size_t ld_residual, stride_residual; // elements from row to row, at least n, and from product to product
  farro_tile_visitor visit;            // gets D in C's place; beta must be 0, C is not touched and may be NULL
  void *visit_context;
} farro_epilogue;

// As farro_matmul, followed by the epilogue, which may be NULL. Each step of the epilogue rounds once more.
FARRO_API farro_status farro_matmul_fused_f32(const farro_matmul_shape *shape, float alpha, const float *a,
                                              const float *b, float beta, float *c, const farro_epilogue *epilogue);
FARRO_API farro_status farro_matmul_fused_f64(const farro_matmul_shape *shape, double alpha, const double *a,
                                              const double *b, double beta, double *c, const farro_epilogue *epilogue);

// ---- packed operands -------------------------------------------------------------------------------------------

// op(B) laid out for the kernels of one instruction set: immutable, to be used by any number of threads at once.
typedef struct farro_packed_matrix farro_packed_matrix;

// Packs op(B), (k, n), once for many products with it; released with farro_packed_release. Takes the kernels that a
// matmul called now from this thread would use, and products with it keep to them. O(k n) time and memory.
FARRO_API farro_status farro_pack_f32(size_t k, size_t n, bool transpose_b, const float *b, size_t ldb,
                                      farro_packed_matrix **packed);
FARRO_API farro_status farro_pack_f64(size_t k, size_t n, bool transpose_b, const double *b, size_t ldb,
                                      farro_packed_matrix **packed);

// NULL is ignored.
FARRO_API void farro_packed_release(farro_packed_matrix *packed);

// Bytes that it holds.
FARRO_API size_t farro_packed_bytes(const farro_packed_matrix *packed);

// As farro_matmul_fused with the packed B for every product of the batch; the shape's transpose_b, ldb and stride_b are
// not looked at. FARRO_ERROR_ARGUMENT when `packed` has another element type, k or n.
FARRO_API farro_status farro_matmul_packed_f32(const farro_matmul_shape *shape, float alpha, const float *a,
                                               const farro_packed_matrix *packed, float beta, float *c,
                                               const farro_epilogue *epilogue);
FARRO_API farro_status farro_matmul_packed_f64(const farro_matmul_shape *shape, double alpha, const double *a,
                                               const farro_packed_matrix *packed, double beta, double *c,
                                               const farro_epilogue *epilogue);

// ---- groups of different products ------------------------------------------------------------------------------

// One of several products: its shape, which may itself be a batch, its matrices and its epilogue.
typedef struct farro_matmul_problem {
  farro_matmul_shape shape;
  const void *a, *b;
  void *c;
  const farro_epilogue *epilogue; // NULL: none
} farro_matmul_problem;

// C = alpha op(A) op(B) + beta C, then its epilogue, for `count` products of any sizes, with all threads busy until the
// last is done. No C may share memory with another problem's matrices or epilogue; that is the caller's to see to. Each
// result has the bits that farro_matmul_fused gives.
FARRO_API farro_status farro_matmul_grouped_f32(size_t count, const farro_matmul_problem *problems, float alpha,
                                                float beta);
FARRO_API farro_status farro_matmul_grouped_f64(size_t count, const farro_matmul_problem *problems, double alpha,
                                                double beta);

// ---- the plan --------------------------------------------------------------------------------------------------

// Which way a product goes.
typedef enum farro_matmul_path {
  FARRO_MATMUL_EMPTY = 0,    // nothing to multiply
  FARRO_MATMUL_DIRECT = 1,   // tiles read A and B where they lie: B stays in a core's own caches
  FARRO_MATMUL_PACKED = 2,   // each task packs some columns of B for itself, then runs over rows of A
  FARRO_MATMUL_BLOCKED = 3,  // all threads pack a block of B, then all multiply it
  FARRO_MATMUL_THIN = 4,     // few rows: B is read once, in the order in which it lies, and C stays in cache
  FARRO_MATMUL_DOT = 5,      // few rows or columns, with the k of both operands contiguous: dot products
  FARRO_MATMUL_GATHERED = 6, // few rows of 16 or 8 bits: a task packs its columns of B by pieces of k, used at once
  FARRO_MATMUL_WIDENED = 7,  // small ones of 16 or 8 bits in a batch: made f32 some at a time, and multiplied as such
} farro_matmul_path;

// How one product of a batch is cut. It depends on the shape, the element type and the instruction set, never on the
// number of threads.
typedef struct farro_matmul_plan {
  farro_matmul_path path;
  size_t tile_rows, tile_columns; // of C that one call of a kernel computes, at most
  size_t k_block;                 // products that a sum takes before it goes to C, or (gathered) waits for more
  size_t row_block, column_block; // rows of C that one task computes, and columns that it takes at a time, at most
  size_t tasks;                   // independent pieces of one product
  bool copies_a;                  // each task lays its rows of op(A) out anew, because they are strided
  bool packs_b;                   // B is laid out anew
  size_t workspace;               // bytes for B: for all threads (blocked, dot) or for each that takes part (packed);
                                  // of 16 and 8 bits, for copies of A and sums as well
} farro_matmul_plan;

// The plan of farro_matmul called now from this thread; a packed B and a visitor may make it go another way.
// FARRO_ERROR_ARGUMENT for a shape that matmul would refuse.
FARRO_API farro_status farro_matmul_plan_f32(const farro_matmul_shape *shape, farro_matmul_plan *plan);
FARRO_API farro_status farro_matmul_plan_f64(const farro_matmul_shape *shape, farro_matmul_plan *plan);

// The plan of the farro_matmul_packed function for B's element type, of any that farro_pack functions take.
// FARRO_ERROR_ARGUMENT when `packed` has another k or n, or for a shape that matmul would refuse.
FARRO_API farro_status farro_matmul_plan_packed(const farro_matmul_shape *shape, const farro_packed_matrix *packed,
                                                farro_matmul_plan *plan);

// The plan in one line ("blocked, packs B, 14x32 tiles, k by 512, 19 tasks of 56x128"), cut to `size` with its NUL.
FARRO_API void farro_matmul_plan_describe(const farro_matmul_plan *plan, char *text, size_t size);

// ---- references ------------------------------------------------------------------------------------------------

// The same by plain loops, accumulated in double (long double for f64): the oracle of the tests. C is written even when
// there is a visitor, which sees one element at a time.
FARRO_API farro_status farro_matmul_reference_f32(const farro_matmul_shape *shape, float alpha, const float *a,
                                                  const float *b, float beta, float *c);
FARRO_API farro_status farro_matmul_reference_f64(const farro_matmul_shape *shape, double alpha, const double *a,
                                                  const double *b, double beta, double *c);
FARRO_API farro_status farro_matmul_fused_reference_f32(const farro_matmul_shape *shape, float alpha, const float *a,
                                                        const float *b, float beta, float *c,
                                                        const farro_epilogue *epilogue);
FARRO_API farro_status farro_matmul_fused_reference_f64(const farro_matmul_shape *shape, double alpha, const double *a,
                                                        const double *b, double beta, double *c,
                                                        const farro_epilogue *epilogue);

#ifdef __cplusplus
}
#endif
#endif
