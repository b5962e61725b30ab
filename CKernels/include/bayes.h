// Naive Bayes: sums and moments of the columns of each class, and the likelihood of rows under normal distributions.
//
// Classes are numbers from 0 to below `class_count`; others are FARRO_ERROR_ARGUMENT. Rows are `x_row` elements apart.
// Sums are double for both element types, of ranges of rows that are combined in order: they do not depend on the
// number of threads. weights: (rows), or NULL: 1.
#ifndef FARRO_BAYES_H
#define FARRO_BAYES_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_class_shape {
  size_t rows, columns, x_row;
  size_t class_count;
} farro_class_shape;

// sums[c, j] = sum of w x_j over the rows of class c; with `threshold`, not NULL, of w alone where x_j > *threshold.
// *least, unless that is NULL: the least of 0 and, without threshold, all elements, whatever they weigh.
// total (class_count), or NULL: the sums of the weights.
//
// |sums - exact| <= rows 2^-53 sum w |x|. O(rows columns), one pass over memory. FARRO_ERROR_MEMORY without
// (class_count, columns) doubles for each of up to 8 ranges of rows, columns rounded up to whole vectors, which take no
// more than a quarter of the data's memory as doubles if there are several ranges.
FARRO_API farro_status farro_class_sums_f32(const farro_class_shape *shape, const float *x, const int32_t *classes,
                                            const double *weights, const double *threshold, double *sums, double *total,
                                            double *least);
FARRO_API farro_status farro_class_sums_f64(const farro_class_shape *shape, const double *x, const int32_t *classes,
                                            const double *weights, const double *threshold, double *sums, double *total,
                                            double *least);

// The same of a sparse matrix by rows, whose elements offsets[i]..<offsets[i + 1] are row i's, in the columns
// `indices`. Elements that are not stored are 0, and count for no threshold that is at least 0. O(elements +
// class_count columns).
FARRO_API farro_status farro_class_sums_csr_f32(const farro_class_shape *shape, const int64_t *offsets,
                                                const int32_t *indices, const float *values, const int32_t *classes,
                                                const double *weights, const double *threshold, double *sums,
                                                double *total, double *least);
FARRO_API farro_status farro_class_sums_csr_f64(const farro_class_shape *shape, const int64_t *offsets,
                                                const int32_t *indices, const double *values, const int32_t *classes,
                                                const double *weights, const double *threshold, double *sums,
                                                double *total, double *least);

// The mean and the variance (of the population) of each column for each class, (class_count, columns), and the sums of
// the weights of the classes. A class without weight has mean and variance 0.
//
// One pass over memory: elements are shifted by the mean of up to 16 rows of their class before they are squared, and
// the shift's share is taken away at the end, so that variances keep their digits: relative error rows 2^-52 (1 + shift
// error^2 / variance).
FARRO_API farro_status farro_class_moments_f32(const farro_class_shape *shape, const float *x, const int32_t *classes,
                                               const double *weights, double *mean, double *variance, double *total);
FARRO_API farro_status farro_class_moments_f64(const farro_class_shape *shape, const double *x, const int32_t *classes,
                                               const double *weights, double *mean, double *variance, double *total);

// Likelihoods of rows, (rows, class_count), and the class of each row whose likelihood is highest, the first of equal
// ones; NaN is never highest, and class 0 is where nothing else is. `likelihood` or `best` may be NULL.
// Factors and means are (class_count, columns), and sums of the element type. O(rows columns class_count), one pass
// over memory; FARRO_ERROR_MEMORY without another copy of factors and means, columns rounded up to whole vectors.
//
// *finite, unless that is NULL: false where a likelihood is NaN or the highest of a row is not finite, which is so
// wherever an element is NaN or infinite.

// likelihood[i, c] = constants[c] - 1/2 sum over j of ((x_ij - means[c, j]) factors[c, j])^2.
//
// Relative error (columns + 4) u of the sum, and that of rounding the means.
FARRO_API farro_status farro_normal_likelihood_f32(const farro_class_shape *shape, const float *x, const float *means,
                                                   const float *factors, const double *constants, float *likelihood,
                                                   int32_t *best, bool *finite);
FARRO_API farro_status farro_normal_likelihood_f64(const farro_class_shape *shape, const double *x, const double *means,
                                                   const double *factors, const double *constants, double *likelihood,
                                                   int32_t *best, bool *finite);

// likelihood[i, c] = constants[c] + the sum of factors[c, j] over the columns j with x_ij > threshold, which is rounded
// to the element type; NaN in a row with an element that is NaN or infinite. |error| <= (columns + 2) u sum |factors|.
FARRO_API farro_status farro_flag_likelihood_f32(const farro_class_shape *shape, const float *x, double threshold,
                                                 const float *factors, const double *constants, float *likelihood,
                                                 int32_t *best, bool *finite);
FARRO_API farro_status farro_flag_likelihood_f64(const farro_class_shape *shape, const double *x, double threshold,
                                                 const double *factors, const double *constants, double *likelihood,
                                                 int32_t *best, bool *finite);

// likelihood[i, c] = constants[c] + sum over j of x_ij factors[c, j]. |error| <= (columns + 2) u sum |x factors|.
// *least, unless that is NULL: the least of 0 and all elements.
FARRO_API farro_status farro_product_likelihood_f32(const farro_class_shape *shape, const float *x,
                                                    const float *factors, const double *constants, float *likelihood,
                                                    int32_t *best, bool *finite, double *least);
FARRO_API farro_status farro_product_likelihood_f64(const farro_class_shape *shape, const double *x,
                                                    const double *factors, const double *constants, double *likelihood,
                                                    int32_t *best, bool *finite, double *least);

// y = x b + constants, of a sparse (rows, columns) by rows and a dense b (columns, outputs). y: (rows, outputs). Sums
// are double. With `threshold`, elements count as 1 where they exceed it and as 0 elsewhere. O(elements outputs).
FARRO_API farro_status farro_csr_product_f32(size_t rows, size_t columns, const int64_t *offsets,
                                             const int32_t *indices, const float *values, const double *threshold,
                                             size_t outputs, const double *b, const double *constants, float *y);
FARRO_API farro_status farro_csr_product_f64(size_t rows, size_t columns, const int64_t *offsets,
                                             const int32_t *indices, const double *values, const double *threshold,
                                             size_t outputs, const double *b, const double *constants, double *y);

// ---- references ------------------------------------------------------------------------------------------------

// The same as their definitions read, in long double: the oracles of the tests.
FARRO_API farro_status farro_class_sums_reference_f32(const farro_class_shape *shape, const float *x,
                                                      const int32_t *classes, const double *weights,
                                                      const double *threshold, double *sums);
FARRO_API farro_status farro_class_sums_reference_f64(const farro_class_shape *shape, const double *x,
                                                      const int32_t *classes, const double *weights,
                                                      const double *threshold, double *sums);
FARRO_API farro_status farro_class_moments_reference_f32(const farro_class_shape *shape, const float *x,
                                                         const int32_t *classes, const double *weights, double *mean,
                                                         double *variance, double *total);
FARRO_API farro_status farro_class_moments_reference_f64(const farro_class_shape *shape, const double *x,
                                                         const int32_t *classes, const double *weights, double *mean,
                                                         double *variance, double *total);
FARRO_API farro_status farro_normal_likelihood_reference_f32(const farro_class_shape *shape, const float *x,
                                                             const float *means, const float *factors,
                                                             const double *constants, float *likelihood);
FARRO_API farro_status farro_normal_likelihood_reference_f64(const farro_class_shape *shape, const double *x,
                                                             const double *means, const double *factors,
                                                             const double *constants, double *likelihood);

#ifdef __cplusplus
}
#endif
#endif
