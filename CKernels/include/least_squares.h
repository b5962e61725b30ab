// Least squares and ridge regression of dense rows, and what they are made of: sums of products of columns, and
// eigenvalues of symmetric matrices.
//
// Matrices are row-major, with `x_row` elements from one row to the next. Results are double for both element types,
// and do not depend on the number of threads. Sizes of 0 are legal where nothing else is said. Pointers need only their
// element's alignment, and results must not share memory with operands.
#ifndef FARRO_LEAST_SQUARES_H
#define FARRO_LEAST_SQUARES_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- sums of products of columns -------------------------------------------------------------------------------

typedef struct farro_cross_shape {
  size_t rows, columns, outputs; // x is (rows, columns), y is (rows, outputs)
  size_t x_row, y_row;           // elements from one row to the next
  size_t groups;                 // of centers; 0 and 1: all rows have one
  bool wide;                     // of f32: products in double, at half the rate
} farro_cross_shape;

// products = sum over rows of w z z^T, z = ((x - c) f, (y - c) f, 1): (m, m) with m = columns + outputs + 1, symmetric.
// So the last row has the sums of z, and the last element that of weights.
//
// weights: (rows), not negative, or NULL: 1. group: (rows), which row of `centers` (groups, columns + outputs) a row is
// shifted by, or NULL. factors: (columns + outputs). Centers and factors are rounded to the type of the products, which
// is f32 for f32 unless `wide`. A center outside the columns' range loses digits, and so does a factor that leaves a
// column far from 1.
//
// Products are summed in their type over at most 256 rows, and in double over those sums: |products - exact| <=
// (256 u + rows 2^-60) sum w |z| |z|^T, with u of the type. O(rows m^2) time, one pass over memory. Work space: m^2
// doubles for each of up to 16 ranges of rows, of which there is one where m > 192 and several took more than a quarter
// of x's memory. FARRO_ERROR_MEMORY without it.
FARRO_API farro_status farro_cross_products_f32(const farro_cross_shape *shape, const float *x, const float *y,
                                                const double *weights, const int32_t *group, const double *centers,
                                                const double *factors, double *products);
FARRO_API farro_status farro_cross_products_f64(const farro_cross_shape *shape, const double *x, const double *y,
                                                const double *weights, const int32_t *group, const double *centers,
                                                const double *factors, double *products);

// ---- eigenvalues -----------------------------------------------------------------------------------------------

// The eigenvalues of the symmetric (n, n) matrix `a`, ascending, and, where `vectors`, its eigenvectors in the rows of
// `a`, in their order, with their largest element positive; `a` is overwritten in any case. Of `a` all is read.
//
// |values - exact| <= p(n) 2^-53 |A|, with a modest polynomial p. By Householder reflections to a tridiagonal matrix
// and the implicit QL iteration: O(4/3 n^3) time, and with vectors about O(9 n^3). FARRO_ERROR_ARGUMENT for elements
// that are not finite.
//
// Source: G. H. Golub, C. F. Van Loan, "Matrix Computations", 4th ed., 2013, sections 8.3.1 and 8.3.3.
FARRO_API farro_status farro_symmetric_eigen_f64(size_t n, double *a, size_t lda, bool vectors, double *values);

// ---- least squares ---------------------------------------------------------------------------------------------

typedef struct farro_least_squares_shape {
  size_t rows, columns, outputs; // x is (rows, columns), y is (rows, outputs): at least one of each
  size_t x_row, y_row;           // elements from one row to the next
  bool intercept;                // whether there is one
  bool positive;                 // coefficients are not negative; of dense rows
  double tolerance;              // singular values of at most this part of the largest count as 0
} farro_least_squares_shape;

typedef struct farro_least_squares_result {
  bool finite; // whether all elements and sums are; if not, nothing else is written
  size_t rank; // singular values above the tolerance; of ridge, `columns`
} farro_least_squares_result;

// For each output o, coefficients[o] = argmin over b of sum w (y_o - x b - intercept_o)^2 + penalties[o] |b|^2: of
// several the one of the least norm, as LAPACK's gelsd.
//
// weights: (rows), not negative, not all 0, or NULL: 1. penalties: (outputs), not negative, or NULL: all 0.
// coefficients: (outputs, columns). intercepts: (outputs), 0 without. singular: (min(rows, columns)) or NULL, of
// sqrt(w) (x - mean), descending.
//
// Where the columns' sums of products are well conditioned, they are factored by Cholesky, after each column is scaled
// by a power of two; singular values are the roots of their eigenvalues. If eigenvalues lie where they are uncertain,
// it starts again with products in double (f32), or an orthogonal factorization of the rows in blocks and Jacobi
// rotations of its factor: as accurate as a singular value decomposition, and many times slower. With fewer rows than
// columns, products of rows take the place of those of columns. O(rows columns^2 + columns^3) time; memory for the
// products and some blocks of rows.
//
// Positive: by the active set method on sums of products in double, where `singular` must be NULL and the tolerance is
// not read. O(rows columns^2) and some solutions of O(k^3) for k positive coefficients, in O(columns^2) memory.
//
// Source: A. Bjorck, "Numerical Methods for Least Squares Problems", SIAM 1996; C. L. Lawson, R. J. Hanson, "Solving
// Least Squares Problems", 1974, chapter 23; Z. Drmac, K. Veselic, "New fast and
// accurate Jacobi SVD algorithm", SIAM J. Matrix Anal. Appl. 29, 2008.
FARRO_API farro_status farro_least_squares_f32(const farro_least_squares_shape *shape, const float *x, const float *y,
                                               const double *weights, const double *penalties, double *coefficients,
                                               double *intercepts, double *singular,
                                               farro_least_squares_result *result);
FARRO_API farro_status farro_least_squares_f64(const farro_least_squares_shape *shape, const double *x, const double *y,
                                               const double *weights, const double *penalties, double *coefficients,
                                               double *intercepts, double *singular,
                                               farro_least_squares_result *result);

// The same of sparse rows: elements offsets[i]..<offsets[i + 1] of row i, in the columns `indices`; shape->x_row is not
// read. By conjugate gradients until the gradient is below tolerance |X| |residual|, or the most iterations of
// O(elements) each: the relative error is about tolerance times the condition number of X. The rank is not found.
//
// Source: M. Hestenes, E. Stiefel, "Methods of Conjugate Gradients for Solving Linear Systems", J. Res. NBS 49, 1952.
FARRO_API farro_status farro_sparse_least_squares_f32(const farro_least_squares_shape *shape, const int64_t *offsets,
                                                      const int32_t *indices, const float *values, const float *y,
                                                      const double *weights, const double *penalties,
                                                      size_t most_iterations, double *coefficients, double *intercepts,
                                                      farro_least_squares_result *result);
FARRO_API farro_status farro_sparse_least_squares_f64(const farro_least_squares_shape *shape, const int64_t *offsets,
                                                      const int32_t *indices, const double *values, const double *y,
                                                      const double *weights, const double *penalties,
                                                      size_t most_iterations, double *coefficients, double *intercepts,
                                                      farro_least_squares_result *result);

// ---- references ------------------------------------------------------------------------------------------------

// The same by plain loops, in long double: the oracles of the tests. Eigenvalues and solutions are checked against the
// equations that they fulfil, which says more: A v = lambda v with vectors at right angles, and a gradient of 0.
FARRO_API farro_status farro_cross_products_reference_f32(const farro_cross_shape *shape, const float *x,
                                                          const float *y, const double *weights, const int32_t *group,
                                                          const double *centers, const double *factors,
                                                          double *products);
FARRO_API farro_status farro_cross_products_reference_f64(const farro_cross_shape *shape, const double *x,
                                                          const double *y, const double *weights, const int32_t *group,
                                                          const double *centers, const double *factors,
                                                          double *products);

#ifdef __cplusplus
}
#endif
#endif
