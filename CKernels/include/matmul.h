// Matrix products.
#ifndef FARRO_MATMUL_H
#define FARRO_MATMUL_H

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
// As in BLAS, beta = 0 overwrites C without reading it, and alpha = 0 or k = 0 reads neither A nor B. C must not
// overlap A or B. The batch's matrices C lie one behind another: stride_c is at least (m - 1) ldc + n
// (FARRO_ERROR_ARGUMENT, as for a leading dimension below its row's length). Pointers need only their element's
// alignment; NULL is legal where nothing is read.
//
// Accumulates in the element type with fused multiply-add where the instruction set has it, the k products in blocks
// of ascending k. Error bound per element, u = 2^-24 (f32) or 2^-53 (f64):
//   |C - exact| <= (k + 3) u (|alpha| |op(A)| |op(B)| + |beta| |C|).
// The result does not depend on the number of threads. O(m n k) time; work space for min(n, 4096) x
// min(k, 768) elements, and where rows of A must be packed 56 x min(k, 768) for each thread. After FARRO_ERROR_MEMORY,
// the first products of a batch may be written.
//
// Source: K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008.
FARRO_API farro_status farro_matmul_f32(const farro_matmul_shape *shape, float alpha, const float *a, const float *b,
                                        float beta, float *c);
FARRO_API farro_status farro_matmul_f64(const farro_matmul_shape *shape, double alpha, const double *a, const double *b,
                                        double beta, double *c);

// The same by three plain loops, accumulated in double (long double for f64): the oracle of the tests.
FARRO_API farro_status farro_matmul_reference_f32(const farro_matmul_shape *shape, float alpha, const float *a,
                                                  const float *b, float beta, float *c);
FARRO_API farro_status farro_matmul_reference_f64(const farro_matmul_shape *shape, double alpha, const double *a,
                                                  const double *b, double beta, double *c);

#ifdef __cplusplus
}
#endif
#endif
