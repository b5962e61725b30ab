// Normalization of rows and of columns. Matrices are row-major, (rows, columns), with `x_row` and `y_row` elements from
// one row to the next (at least `columns`, else FARRO_ERROR_ARGUMENT). Pointers need only their element's alignment.
// y may be x itself with y_row = x_row (in place); otherwise an output must not overlap an input, nor another output.
// Sizes of 0 are legal. No result depends on the number of threads.
//
// Names end in the element type. _bf16 stores matrices in bf16 and computes in float: parameters, such as scale and
// offset, and their gradients are float. Its bounds are those of f32, and a rounding of each stored element (2^-8 of
// it) on top.
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
// FARRO_ERROR_ARGUMENT. NaN or infinity in a row makes the whole row NaN; so do equal elements with an epsilon of 0,
// unless rounding leaves them a deviation. Sums and squares must not overflow the element type.
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
FARRO_API farro_status farro_layer_norm_bf16(size_t rows, size_t columns, const uint16_t *x, size_t x_row,
                                             const float *scale, const float *offset, float epsilon, uint16_t *y,
                                             size_t y_row);

// The same with what a network needs of it: y = layer norm of x + residual.
//
// `residual` NULL: of x alone. `sum`, if not NULL, gets x + residual, rounded to the element; with no residual it must
// be NULL (else FARRO_ERROR_ARGUMENT). `mean` and `inverse`, if not NULL, get the mean of each row and 1 /
// sqrt(variance + epsilon), which the way back asks for: in double, so that a mean of many deviations keeps the digits
// that matter; NaN of rows without elements. Of the matrices, y or sum may be x or residual itself; y and sum are two.
// The norm is that of the sum before it is rounded to bf16. O(rows columns): one pass over memory.
FARRO_API farro_status farro_layer_norm_forward_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                    const float *residual, size_t residual_row, const float *scale,
                                                    const float *offset, float epsilon, float *sum, size_t sum_row,
                                                    float *y, size_t y_row, double *mean, double *inverse);
FARRO_API farro_status farro_layer_norm_forward_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                    const double *residual, size_t residual_row, const double *scale,
                                                    const double *offset, double epsilon, double *sum, size_t sum_row,
                                                    double *y, size_t y_row, double *mean, double *inverse);
FARRO_API farro_status farro_layer_norm_forward_bf16(size_t rows, size_t columns, const uint16_t *x, size_t x_row,
                                                     const uint16_t *residual, size_t residual_row, const float *scale,
                                                     const float *offset, float epsilon, uint16_t *sum, size_t sum_row,
                                                     uint16_t *y, size_t y_row, double *mean, double *inverse);

// From the gradient of y to those of x, scale and offset. With z = (x - mean) / sqrt(variance + epsilon),
// s = 1 / sqrt(variance + epsilon) and g = grad_y scale,
//   grad_x = s (g - mean(g) - z mean(g z)), grad_scale = sum over rows of grad_y z, grad_offset = sum over rows of
//   grad_y.
//
// `mean` and `inverse` as farro_layer_norm_forward gave them; both NULL: they are computed once more, with `epsilon`,
// which is not used otherwise. `grad_scale` and `grad_offset` have `columns` elements; NULL: not wanted. grad_x may be
// grad_y or x itself. Where x was a sum with a residual, grad_x is the gradient of both. NaN or infinity in a row of x
// makes its row of grad_x NaN; in a row of grad_y, NaN or infinite; and so the sums that they are part of.
//
// With b = min(columns, 1024) / 2 + 8, k = 3 h(columns) + b + 16, r as for farro_layer_norm, G the mean of |g| and P
// that of |g z| over the row,
//   |grad_x - exact| <= k u (1 + r)^2 s (|g| + (1 + |z|) (G + P)),
//   |grad_scale - exact| <= (h(columns) + 300 + rows / 256) u (1 + r)^2 sum of |grad_y| (1 + |z|),
//   |grad_offset - exact| <= (300 + rows / 256) u sum of |grad_y|.
// O(rows columns): one pass over memory, two over some rows in cache; work space of two scalars a column for each 64 to
// 256 rows. FARRO_ERROR_MEMORY without it.
FARRO_API farro_status farro_layer_norm_backward_f32(size_t rows, size_t columns, const float *grad_y,
                                                     size_t grad_y_row, const float *x, size_t x_row,
                                                     const double *mean, const double *inverse, float epsilon,
                                                     const float *scale, float *grad_x, size_t grad_x_row,
                                                     float *grad_scale, float *grad_offset);
FARRO_API farro_status farro_layer_norm_backward_f64(size_t rows, size_t columns, const double *grad_y,
                                                     size_t grad_y_row, const double *x, size_t x_row,
                                                     const double *mean, const double *inverse, double epsilon,
                                                     const double *scale, double *grad_x, size_t grad_x_row,
                                                     double *grad_scale, double *grad_offset);
FARRO_API farro_status farro_layer_norm_backward_bf16(size_t rows, size_t columns, const uint16_t *grad_y,
                                                      size_t grad_y_row, const uint16_t *x, size_t x_row,
                                                      const double *mean, const double *inverse, float epsilon,
                                                      const float *scale, uint16_t *grad_x, size_t grad_x_row,
                                                      float *grad_scale, float *grad_offset);

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
FARRO_API farro_status farro_rms_norm_bf16(size_t rows, size_t columns, const uint16_t *x, size_t x_row,
                                           const float *scale, float epsilon, uint16_t *y, size_t y_row);

// The same of x + residual, as farro_layer_norm_forward; `inverse` gets 1 / sqrt(mean of squares + epsilon).
FARRO_API farro_status farro_rms_norm_forward_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                  const float *residual, size_t residual_row, const float *scale,
                                                  float epsilon, float *sum, size_t sum_row, float *y, size_t y_row,
                                                  double *inverse);
FARRO_API farro_status farro_rms_norm_forward_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                  const double *residual, size_t residual_row, const double *scale,
                                                  double epsilon, double *sum, size_t sum_row, double *y, size_t y_row,
                                                  double *inverse);
FARRO_API farro_status farro_rms_norm_forward_bf16(size_t rows, size_t columns, const uint16_t *x, size_t x_row,
                                                   const uint16_t *residual, size_t residual_row, const float *scale,
                                                   float epsilon, uint16_t *sum, size_t sum_row, uint16_t *y,
                                                   size_t y_row, double *inverse);

// The way back, as farro_layer_norm_backward: with s = 1 / sqrt(mean of x^2 + epsilon), z = x s and g = grad_y scale,
//   grad_x = s (g - z mean(g z)), grad_scale = sum over rows of grad_y z,
//   |grad_x - exact| <= k u s (|g| + |z| P), |grad_scale - exact| <= (h(columns) + 300 + rows / 256) u sum of |grad_y
//   z|.
FARRO_API farro_status farro_rms_norm_backward_f32(size_t rows, size_t columns, const float *grad_y, size_t grad_y_row,
                                                   const float *x, size_t x_row, const double *inverse, float epsilon,
                                                   const float *scale, float *grad_x, size_t grad_x_row,
                                                   float *grad_scale);
FARRO_API farro_status farro_rms_norm_backward_f64(size_t rows, size_t columns, const double *grad_y, size_t grad_y_row,
                                                   const double *x, size_t x_row, const double *inverse, double epsilon,
                                                   const double *scale, double *grad_x, size_t grad_x_row,
                                                   double *grad_scale);
FARRO_API farro_status farro_rms_norm_backward_bf16(size_t rows, size_t columns, const uint16_t *grad_y,
                                                    size_t grad_y_row, const uint16_t *x, size_t x_row,
                                                    const double *inverse, float epsilon, const float *scale,
                                                    uint16_t *grad_x, size_t grad_x_row, float *grad_scale);

// y = x / max(|x|, epsilon) for each row, with its Euclidean length |x|: rows of length 1. Rows shorter than epsilon,
// which must be at least 0, stay in proportion; with an epsilon of 0, a row of zeros becomes NaN. NaN makes the whole
// row NaN; infinity makes itself NaN and the rest of its row 0. Squares must not overflow the element type.
//   |y - exact| <= (h(columns) / 2 + 6) u |y|.
// O(rows columns): one pass over memory, two over each row in cache.
FARRO_API farro_status farro_l2_normalize_f32(size_t rows, size_t columns, const float *x, size_t x_row, float epsilon,
                                              float *y, size_t y_row);
FARRO_API farro_status farro_l2_normalize_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                              double epsilon, double *y, size_t y_row);

// The way back: with y = x / |x|, grad_x = (grad_y - y sum(grad_y y)) / |x|; grad_y / epsilon for rows no longer than
// epsilon. grad_x may be grad_y or x itself.
//   |grad_x - exact| <= k u (|grad_y| + |y| sum of |grad_y y|) / |x|, k as above.
FARRO_API farro_status farro_l2_normalize_backward_f32(size_t rows, size_t columns, const float *grad_y,
                                                       size_t grad_y_row, const float *x, size_t x_row, float epsilon,
                                                       float *grad_x, size_t grad_x_row);
FARRO_API farro_status farro_l2_normalize_backward_f64(size_t rows, size_t columns, const double *grad_y,
                                                       size_t grad_y_row, const double *x, size_t x_row, double epsilon,
                                                       double *grad_x, size_t grad_x_row);

// Group norm: y = (x - mean) / sqrt(variance + epsilon) * scale + offset of x (samples, channels, spatial), contiguous,
// where `groups` groups of channels / groups channels that follow one another have a mean and a variance each, over
// their channels and all of `spatial`. With as many groups as channels this is instance norm; with one group, layer
// norm of each sample.
//
// `scale` and `offset` have `channels` elements; NULL stands for ones and zeros. `mean` and `inverse`, if not NULL, get
// those of each group, (samples, groups), as farro_layer_norm_forward. FARRO_ERROR_ARGUMENT unless groups divides
// channels, is not 0, and epsilon is at least 0. y may be x itself. Special values and error bound as farro_layer_norm,
// with the elements of a group for columns.
// O(samples channels spatial): one pass over memory while a group fits in the L2 cache, two beyond that. Channels of
// fewer than 32 elements take work space for a scale and an offset of each element of a sample; FARRO_ERROR_MEMORY
// without it.
//
// Source: Y. Wu, K. He, "Group normalization", ECCV 2018; D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance
// normalization", arXiv:1607.08022, 2016.
FARRO_API farro_status farro_group_norm_f32(size_t samples, size_t channels, size_t spatial, size_t groups,
                                            const float *x, const float *scale, const float *offset, float epsilon,
                                            float *y, double *mean, double *inverse);
FARRO_API farro_status farro_group_norm_f64(size_t samples, size_t channels, size_t spatial, size_t groups,
                                            const double *x, const double *scale, const double *offset, double epsilon,
                                            double *y, double *mean, double *inverse);

// The way back, as farro_layer_norm_backward: grad_scale and grad_offset are sums over samples and spatial. Their
// bounds have 8 + samples in the place of 300 + rows / 256, and b + h of the elements of a group. Work space of two
// doubles for each channel of each sample.
FARRO_API farro_status farro_group_norm_backward_f32(size_t samples, size_t channels, size_t spatial, size_t groups,
                                                     const float *grad_y, const float *x, const double *mean,
                                                     const double *inverse, float epsilon, const float *scale,
                                                     float *grad_x, float *grad_scale, float *grad_offset);
FARRO_API farro_status farro_group_norm_backward_f64(size_t samples, size_t channels, size_t spatial, size_t groups,
                                                     const double *grad_y, const double *x, const double *mean,
                                                     const double *inverse, double epsilon, const double *scale,
                                                     double *grad_x, double *grad_scale, double *grad_offset);

// Mean and population standard deviation of each column, in double for both element types; the deviation of a column
// whose elements are all equal is given as 1, so that it can be divided by. Without rows, both are NaN. NaN or infinity
// in a column makes both NaN.
//
// Blocks of 256 rows, summed as deviations from about their mean, are merged in order in double. The mean of a block is
// at most one deviation v from where its deviations were taken, so that their squares sum to 2 * 256 v^2 at most; 70
// roundings of that, and of the sum that is taken off, are 340 u of v^2 and 170 u of v. (300 u holds for batch norm's
// runs of 2048 contiguous elements too.) With v the exact deviation and r = 300 u |max - min| / v,
//   |mean - exact| <= 300 u v (1 + r) + (8 + rows / 256) 2^-53 |exact|,
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
FARRO_API farro_status farro_layer_norm_backward_reference_f32(size_t rows, size_t columns, const float *grad_y,
                                                               size_t grad_y_row, const float *x, size_t x_row,
                                                               float epsilon, const float *scale, float *grad_x,
                                                               size_t grad_x_row, float *grad_scale,
                                                               float *grad_offset);
FARRO_API farro_status farro_layer_norm_backward_reference_f64(size_t rows, size_t columns, const double *grad_y,
                                                               size_t grad_y_row, const double *x, size_t x_row,
                                                               double epsilon, const double *scale, double *grad_x,
                                                               size_t grad_x_row, double *grad_scale,
                                                               double *grad_offset);
FARRO_API farro_status farro_rms_norm_backward_reference_f32(size_t rows, size_t columns, const float *grad_y,
                                                             size_t grad_y_row, const float *x, size_t x_row,
                                                             float epsilon, const float *scale, float *grad_x,
                                                             size_t grad_x_row, float *grad_scale);
FARRO_API farro_status farro_rms_norm_backward_reference_f64(size_t rows, size_t columns, const double *grad_y,
                                                             size_t grad_y_row, const double *x, size_t x_row,
                                                             double epsilon, const double *scale, double *grad_x,
                                                             size_t grad_x_row, double *grad_scale);
FARRO_API farro_status farro_l2_normalize_reference_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                        float epsilon, float *y, size_t y_row);
FARRO_API farro_status farro_l2_normalize_reference_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                        double epsilon, double *y, size_t y_row);
FARRO_API farro_status farro_l2_normalize_backward_reference_f32(size_t rows, size_t columns, const float *grad_y,
                                                                 size_t grad_y_row, const float *x, size_t x_row,
                                                                 float epsilon, float *grad_x, size_t grad_x_row);
FARRO_API farro_status farro_l2_normalize_backward_reference_f64(size_t rows, size_t columns, const double *grad_y,
                                                                 size_t grad_y_row, const double *x, size_t x_row,
                                                                 double epsilon, double *grad_x, size_t grad_x_row);
FARRO_API farro_status farro_group_norm_reference_f32(size_t samples, size_t channels, size_t spatial, size_t groups,
                                                      const float *x, const float *scale, const float *offset,
                                                      float epsilon, float *y);
FARRO_API farro_status farro_group_norm_reference_f64(size_t samples, size_t channels, size_t spatial, size_t groups,
                                                      const double *x, const double *scale, const double *offset,
                                                      double epsilon, double *y);
FARRO_API farro_status farro_group_norm_backward_reference_f32(size_t samples, size_t channels, size_t spatial,
                                                               size_t groups, const float *grad_y, const float *x,
                                                               float epsilon, const float *scale, float *grad_x,
                                                               float *grad_scale, float *grad_offset);
FARRO_API farro_status farro_group_norm_backward_reference_f64(size_t samples, size_t channels, size_t spatial,
                                                               size_t groups, const double *grad_y, const double *x,
                                                               double epsilon, const double *scale, double *grad_x,
                                                               double *grad_scale, double *grad_offset);
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
