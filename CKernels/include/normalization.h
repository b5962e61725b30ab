// Normalization of rows and of columns. Matrices are row-major, (rows, columns), with `x_row` and `y_row` elements from
// one row to the next (at least `columns`, else FARRO_ERROR_ARGUMENT). Pointers need only their element's alignment.
// y may be x itself with y_row = x_row (in place); otherwise an output must not overlap an input. Sizes of 0 are legal.
// No result depends on the number of threads.
//
// In the error bounds u = 2^-24 (f32) or 2^-53 (f64), and h(n) is the most roundings that a term of a sum over n
// elements meets: sums run in the element type in at least 8 interleaved parts over blocks of 4096, and the sums of
// blocks are added in double, so that h(n) = min(n, 4096) / 8 + 8, to which f64 adds n / 4096. They hold as long as
// sums, differences and squares neither overflow nor underflow in the element type: rows and columns of f32 whose
// deviation is below 10^-19 should be scaled up first.
//
// An output too large for the caches is written past them when that is faster than through them.
#ifndef FARRO_NORMALIZATION_H
#define FARRO_NORMALIZATION_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// y = (x - mean) / sqrt(variance + epsilon) * scale + offset, with the mean and the population variance of each row.
//
// `scale` and `offset` have `columns` elements; NULL stands for ones and zeros. epsilon must be at least 0, else
// FARRO_ERROR_ARGUMENT. NaN or infinity in a row makes the whole row NaN; so do equal elements with an epsilon of 0.
// Sums and squares must not overflow the element type.
//
// The variance is the mean of (x - mean)^2 with a correction for the rounding of the mean, so that a large mean costs
// no accuracy: with z = (x - mean) / sqrt(variance + epsilon), deviation = sqrt(variance), and
// r = h(columns) u |mean| / deviation, which is below 1 unless the mean is many thousand deviations,
//   |y - exact| <= (h(columns) + 8) u (1 + r)^2 (1 + |z|) |scale| + 2 u (|y| + |offset|).
// O(rows columns): one pass over memory, three over each row in cache.
//
// Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450, 2016; for the correction,
// T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", Am. Stat. 37(3), 1983.
FARRO_API farro_status farro_layer_norm_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                            const float *scale, const float *offset, float epsilon, float *y,
                                            size_t y_row);
FARRO_API farro_status farro_layer_norm_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                            const double *scale, const double *offset, double epsilon, double *y,
                                            size_t y_row);

// y = x / sqrt(mean of x^2 + epsilon) * scale for each row.
//
// `scale` and `epsilon` as above. NaN makes the whole row NaN; infinity makes itself NaN and the rest of its row 0.
// Squares must not overflow the element type.
//   |y - exact| <= (h(columns) / 2 + 6) u |y|.
// O(rows columns): one pass over memory, two over each row in cache.
//
// Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", NeurIPS 2019.
FARRO_API farro_status farro_rms_norm_f32(size_t rows, size_t columns, const float *x, size_t x_row, const float *scale,
                                          float epsilon, float *y, size_t y_row);
FARRO_API farro_status farro_rms_norm_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                          const double *scale, double epsilon, double *y, size_t y_row);

// y = exp(x - max) / sum of exp(x - max) for each row, with the greatest element of the row.
//
// -infinity gives 0; a row of nothing else, or one with NaN or +infinity, becomes NaN.
// With d = max - x, D the greatest finite one of the row's d below 104 (f32) or 746 (f64), and t the smallest normal
// number,
//   |y - exact| <= (d + D + h(columns) + 8) u y + t.
// O(rows columns): one pass over memory; two for rows of more than 4096.
//
// Source for the latter: M. Milakov, N. Gimelshein, "Online normalizer calculation for softmax", arXiv:1805.02867,
// 2018.
FARRO_API farro_status farro_softmax_f32(size_t rows, size_t columns, const float *x, size_t x_row, float *y,
                                         size_t y_row);
FARRO_API farro_status farro_softmax_f64(size_t rows, size_t columns, const double *x, size_t x_row, double *y,
                                         size_t y_row);

// Mean and population standard deviation of each column, in double for both element types; the deviation of a column
// whose elements are all equal is given as 1, so that it can be divided by. Without rows, both are NaN. NaN or infinity
// in a column makes both NaN.
//
// Blocks of 256 rows, summed as deviations from about their mean, are merged in order in double. The mean of a block is
// at most one deviation v from where its deviations were taken, so that their squares sum to 2 * 256 v^2 at most; 70
// roundings of that, and of the sum that is taken off, are 340 u of v^2 and 170 u of v. (300 u holds for batch norm's
// runs of 2048 contiguous elements too.) With v the exact deviation and r = 300 u |max - min| / v,
//   |mean - exact| <= 300 u v (1 + r) + 2^-50 |exact|,
//   |deviation - exact| <= 300 u v (1 + r)^2 + rows 2^-60 v + 2^-50 |mean|.
// O(rows columns), one pass over memory; work space of 16 bytes for each column of a block.
// FARRO_ERROR_MEMORY without it.
//
// Source: Chan, Golub, LeVeque 1983 (above).
FARRO_API farro_status farro_column_moments_f32(size_t rows, size_t columns, const float *x, size_t x_row, double *mean,
                                                double *deviation);
FARRO_API farro_status farro_column_moments_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                double *mean, double *deviation);

// The same of the numbers alone, NaN passed over, and how many they are. A column of nothing but NaN gives NaN; one
// with infinity does so too.
FARRO_API farro_status farro_column_moments_skipping_nan_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                             double *mean, double *deviation, double *number);
FARRO_API farro_status farro_column_moments_skipping_nan_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                             double *mean, double *deviation, double *number);

// y = (x - mean) / deviation with a mean and a deviation for each column, as farro_column_moments gives them.
//   |y - exact| <= 6 u (|y| + u |mean| / deviation).
// O(rows columns), one pass over memory.
FARRO_API farro_status farro_scale_columns_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                               const double *mean, const double *deviation, float *y, size_t y_row);
FARRO_API farro_status farro_scale_columns_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                               const double *mean, const double *deviation, double *y, size_t y_row);

// Both: columns to mean 0 and standard deviation 1. `mean` and `deviation` are outputs of `columns` elements.
FARRO_API farro_status farro_standardize_columns_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                     double *mean, double *deviation, float *y, size_t y_row);
FARRO_API farro_status farro_standardize_columns_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                     double *mean, double *deviation, double *y, size_t y_row);

// The same as their definitions read, accumulated in double (long double for f64): the oracles of the tests.
FARRO_API farro_status farro_layer_norm_reference_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                      const float *scale, const float *offset, float epsilon, float *y,
                                                      size_t y_row);
FARRO_API farro_status farro_layer_norm_reference_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                      const double *scale, const double *offset, double epsilon,
                                                      double *y, size_t y_row);
FARRO_API farro_status farro_rms_norm_reference_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                    const float *scale, float epsilon, float *y, size_t y_row);
FARRO_API farro_status farro_rms_norm_reference_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                    const double *scale, double epsilon, double *y, size_t y_row);
FARRO_API farro_status farro_softmax_reference_f32(size_t rows, size_t columns, const float *x, size_t x_row, float *y,
                                                   size_t y_row);
FARRO_API farro_status farro_softmax_reference_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                   double *y, size_t y_row);
FARRO_API farro_status farro_standardize_columns_reference_f32(size_t rows, size_t columns, const float *x,
                                                               size_t x_row, double *mean, double *deviation, float *y,
                                                               size_t y_row);
FARRO_API farro_status farro_standardize_columns_reference_f64(size_t rows, size_t columns, const double *x,
                                                               size_t x_row, double *mean, double *deviation, double *y,
                                                               size_t y_row);

#ifdef __cplusplus
}
#endif
#endif
