// Scaling of data: statistics of the columns of a matrix, and y = (x - center) factor + shift, which all scalers are.
// (For mean and deviation see farro_column_moments in normalization.h.)
//
// Matrices are row-major, (rows, columns), with `x_row` and `y_row` elements from one row to the next (at least
// `columns`, else FARRO_ERROR_ARGUMENT). Pointers need only their element's alignment. Sizes of 0 are legal. Statistics
// are double for both element types, and none depends on the number of threads.
//
// `skips_nan`: NaN is passed over, as if it were not there; otherwise a column with NaN gets NaN. A column without
// elements, or without numbers, gets NaN.
#ifndef FARRO_SCALING_H
#define FARRO_SCALING_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// The least and the greatest element of each column, exactly.
// O(rows columns), one pass over memory. FARRO_ERROR_MEMORY without 16 bytes for each column of 256 rows.
FARRO_API farro_status farro_column_ranges_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                               bool skips_nan, double *minimum, double *maximum);
FARRO_API farro_status farro_column_ranges_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                               bool skips_nan, double *minimum, double *maximum);

// quantiles[q * columns + j] = quantile probabilities[q] of column j, interpolated as numpy's `percentile` does: of n
// elements in order, the one at position probability (n - 1), or between the two next to it on a straight line.
//
// Probabilities lie in 0...1, else FARRO_ERROR_ARGUMENT; their order is free. Infinite elements are ordered as numbers;
// between minus and plus infinity lies NaN. Exact at elements; between a < b,
//   |quantile - exact| <= 2^-52 (|a| + |b|) + 2^-52 n (b - a), the latter from the position.
// By selection in a copy of some columns: O(rows columns (1 + log count)) on average and O(rows columns log(rows)
// count) at worst. FARRO_ERROR_MEMORY without work space for that copy, 64 bytes for each row and thread.
//
// Source: C. A. R. Hoare, "Algorithm 65: find", CACM 4(7), 1961; R. J. Hyndman, Y. Fan, "Sample quantiles in
// statistical packages", Am. Stat. 50(4), 1996, definition 7.
FARRO_API farro_status farro_column_quantiles_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                  bool skips_nan, size_t count, const double *probabilities,
                                                  double *quantiles);
FARRO_API farro_status farro_column_quantiles_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                  bool skips_nan, size_t count, const double *probabilities,
                                                  double *quantiles);

// y = (x - center) factor + shift, with one of each for every column. y may be x itself with y_row = x_row (in place);
// otherwise it must not overlap x. NaN stays NaN.
//   |y - exact| <= 4 u (|(x - center) factor| + |shift|) + u^2 |center factor|, u = 2^-24 (f32) or 2^-53 (f64).
// O(rows columns), one pass over memory.
FARRO_API farro_status farro_affine_columns_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                const double *center, const double *factor, const double *shift,
                                                float *y, size_t y_row);
FARRO_API farro_status farro_affine_columns_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                const double *center, const double *factor, const double *shift,
                                                double *y, size_t y_row);

// The same as their definitions read: the oracles of the tests. Quantiles by a full sort.
FARRO_API farro_status farro_column_ranges_reference_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                         bool skips_nan, double *minimum, double *maximum);
FARRO_API farro_status farro_column_ranges_reference_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                         bool skips_nan, double *minimum, double *maximum);
FARRO_API farro_status farro_column_quantiles_reference_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                            bool skips_nan, size_t count, const double *probabilities,
                                                            double *quantiles);
FARRO_API farro_status farro_column_quantiles_reference_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                            bool skips_nan, size_t count, const double *probabilities,
                                                            double *quantiles);
FARRO_API farro_status farro_affine_columns_reference_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                          const double *center, const double *factor,
                                                          const double *shift, float *y, size_t y_row);
FARRO_API farro_status farro_affine_columns_reference_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                          const double *center, const double *factor,
                                                          const double *shift, double *y, size_t y_row);

#ifdef __cplusplus
}
#endif
#endif
