// Dense linear algebra in f32 and f64: symmetric products, triangular solves and Cholesky factorizations, single and
// batched, row-major.
//
// gamma(m) stands for m u / (1 - m u), u = 2^-24 (f32) or 2^-53 (f64), and |X| for the matrix of absolute values.
// Bounds hold element by element while nothing overflows or underflows. They follow N. Higham, "Accuracy and Stability
// of Numerical Algorithms", 2nd ed., SIAM 2002, chapters 8 and 10, whose rounding counts hold for any order of the
// sums, so for blocks too; dividing by multiplication with a reciprocal rounds once more, and is counted below.
//
// All functions accumulate in the element type, in an order that depends on the shape and the instruction set alone:
// the result does not depend on the number of threads. Pointers need only their element's alignment, and NULL is legal
// where there is nothing to read. Leading dimensions and strides count elements; a leading dimension is at least its
// row's length, and matrices of a batch that are written lie one behind another (FARRO_ERROR_ARGUMENT).
#ifndef FARRO_LINEAR_ALGEBRA_H
#define FARRO_LINEAR_ALGEBRA_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// Which elements of a square matrix are meant, the diagonal always among them.
typedef enum farro_triangle {
  FARRO_TRIANGLE_LOWER = 0,
  FARRO_TRIANGLE_UPPER = 1,
  FARRO_TRIANGLE_BOTH = 2, // the lower one is computed, the upper one is its mirror image
} farro_triangle;

// Where data made a factorization or a solve impossible: the first matrix of the batch that is at fault, and its row,
// both from 0.
typedef struct farro_matrix_place {
  size_t item, row;
} farro_matrix_place;

// ---- symmetric products ----------------------------------------------------------------------------------------

typedef struct farro_symmetric_shape {
  size_t batch;              // number of products
  size_t n, k;               // C is (n, n), of sums over k
  bool rows;                 // A is (n, k) and C = A A^T; otherwise A is (k, n) and C = A^T A
  farro_triangle triangle;   // of C, that is written, and read where beta is not 0; the rest of C is left alone
  size_t lda, ldc;           // elements from one row to the next
  size_t stride_a, stride_c; // elements from one matrix of the batch to the next; stride_a = 0 broadcasts A
} farro_symmetric_shape;

// C = alpha A^T A + beta C, or with A A^T: BLAS's syrk, at half the work of a product.
//
// beta = 0 overwrites C without reading it; alpha = 0 or k = 0 does not read A. With both triangles, C counts as
// symmetric: of the old C the lower triangle alone is read, and the result is exactly symmetric. C must not share
// memory with A. Error bound as for farro_matmul: |C - exact| <= (k + 3) u (|alpha| |A^T| |A| + |beta| |C|).
// O(n^2 k) time. After FARRO_ERROR_MEMORY some of C may be written.
FARRO_API farro_status farro_symmetric_product_f32(const farro_symmetric_shape *shape, float alpha, const float *a,
                                                   float beta, float *c);
FARRO_API farro_status farro_symmetric_product_f64(const farro_symmetric_shape *shape, double alpha, const double *a,
                                                   double beta, double *c);

// ---- triangular solves -----------------------------------------------------------------------------------------

typedef struct farro_triangular_shape {
  size_t batch;              // number of systems
  size_t n, m;               // T is (n, n); B is (n, m), or (m, n) with `right`
  bool right;                // X op(T) = alpha B; otherwise op(T) X = alpha B
  bool upper;                // T is the upper triangle of what is stored; otherwise the lower. The rest is not read
  bool transpose;            // op(T) = T^T
  bool unit_diagonal;        // T has ones on its diagonal, which is not read
  size_t ldt, ldb;           // elements from one row to the next
  size_t stride_t, stride_b; // elements from one matrix of the batch to the next; stride_t = 0 broadcasts T
} farro_triangular_shape;

// Solves op(T) X = alpha B, or X op(T) = alpha B, for X, which overwrites B: BLAS's trsm, with LAPACK's check.
//
// A 0 on a diagonal that is read is FARRO_ERROR_SINGULAR, stored in *where (which may be NULL), and no B is written.
// alpha = 0 sets B to 0 and reads neither it nor T. B must not share memory with T. O(n^2 m) time. After
// FARRO_ERROR_MEMORY some of B may be written. Residual bound (Higham's theorem 8.5 with reciprocals), of the
// left-hand form, and likewise of the right:
//   |op(T) X - alpha B| <= gamma(n + 1) |op(T)| |X| + u |alpha B|, without the last term where alpha = 1.
FARRO_API farro_status farro_triangular_solve_f32(const farro_triangular_shape *shape, float alpha, const float *t,
                                                  float *b, farro_matrix_place *where);
FARRO_API farro_status farro_triangular_solve_f64(const farro_triangular_shape *shape, double alpha, const double *t,
                                                  double *b, farro_matrix_place *where);

// ---- Cholesky --------------------------------------------------------------------------------------------------

typedef struct farro_cholesky_shape {
  size_t batch;    // number of matrices
  size_t n;        // A is (n, n)
  bool upper;      // A = U^T U from and into the upper triangle; otherwise A = L L^T, the lower one
  size_t lda;      // elements from one row to the next
  size_t stride_a; // elements from one matrix of the batch to the next
} farro_cholesky_shape;

// Factors symmetric positive definite matrices in place: LAPACK's potrf. The other triangle is neither read nor
// written.
//
// A matrix that is not positive definite, or that has a NaN in its triangle, is FARRO_ERROR_NOT_POSITIVE_DEFINITE: the
// leading minor of order where->row + 1 is not positive (where may be NULL). Every matrix of the batch is tried; the
// triangles of those that fail hold nothing of use. O(n^3 / 3) time. Error bound (Higham's theorem 10.3):
//   |L L^T - A| <= gamma(n + 1) |L| |L^T|.
FARRO_API farro_status farro_cholesky_f32(const farro_cholesky_shape *shape, float *a, farro_matrix_place *where);
FARRO_API farro_status farro_cholesky_f64(const farro_cholesky_shape *shape, double *a, farro_matrix_place *where);

typedef struct farro_cholesky_solve_shape {
  size_t batch;              // number of systems
  size_t n, m;               // the factor is (n, n), B is (n, m)
  bool upper;                // A = U^T U, otherwise A = L L^T
  size_t ldf, ldb;           // elements from one row to the next
  size_t stride_f, stride_b; // elements from one matrix of the batch to the next; stride_f = 0 broadcasts the factor
} farro_cholesky_solve_shape;

// Solves A X = B for X, which overwrites B, with the factor that farro_cholesky made: LAPACK's potrs. Of the factor
// only its triangle is read; a 0 on its diagonal is FARRO_ERROR_SINGULAR. B must not share memory with the factor.
// O(n^2 m) time. Residual bound (Higham's theorem 10.4 with reciprocals):
//   |A X - B| <= gamma(3 n + 3) |L| |L^T| |X|.
FARRO_API farro_status farro_cholesky_solve_f32(const farro_cholesky_solve_shape *shape, const float *factor, float *b,
                                                farro_matrix_place *where);
FARRO_API farro_status farro_cholesky_solve_f64(const farro_cholesky_solve_shape *shape, const double *factor,
                                                double *b, farro_matrix_place *where);

// ---- references ------------------------------------------------------------------------------------------------

// The same by plain loops, accumulated in double (long double for f64): the oracle of the tests. They answer the same
// statuses and places.
FARRO_API farro_status farro_symmetric_product_reference_f32(const farro_symmetric_shape *shape, float alpha,
                                                             const float *a, float beta, float *c);
FARRO_API farro_status farro_symmetric_product_reference_f64(const farro_symmetric_shape *shape, double alpha,
                                                             const double *a, double beta, double *c);
FARRO_API farro_status farro_triangular_solve_reference_f32(const farro_triangular_shape *shape, float alpha,
                                                            const float *t, float *b, farro_matrix_place *where);
FARRO_API farro_status farro_triangular_solve_reference_f64(const farro_triangular_shape *shape, double alpha,
                                                            const double *t, double *b, farro_matrix_place *where);
FARRO_API farro_status farro_cholesky_reference_f32(const farro_cholesky_shape *shape, float *a,
                                                    farro_matrix_place *where);
FARRO_API farro_status farro_cholesky_reference_f64(const farro_cholesky_shape *shape, double *a,
                                                    farro_matrix_place *where);

#ifdef __cplusplus
}
#endif
#endif
