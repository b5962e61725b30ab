// Lasso and elastic net by coordinate descent, of dense rows and of sparse columns.
#ifndef FARRO_COORDINATE_DESCENT_H
#define FARRO_COORDINATE_DESCENT_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_elastic_net_options {
  double l1, l2;            // penalties: at least 0
  bool intercept, positive; // positive: coefficients are not negative
  bool random;              // coordinates are drawn at random rather than in turn
  uint64_t seed;            // of that
  double tolerance;         // of the duality gap, in parts of sum w (y - mean)^2
  size_t most_iterations;   // passes over all coordinates
  bool (*cancelled)(void);  // asked between passes, if not NULL: whether to stop
} farro_elastic_net_options;

typedef struct farro_elastic_net_result {
  bool finite;    // whether all elements and sums are; if not, nothing else is written
  bool cancelled; // whether it was stopped, with coefficients of no use
} farro_elastic_net_result;

// For each output o, coefficients[o] = argmin over b of
//   1 / (2 W) sum w (y_o - x b - intercept_o)^2 + l1 |b|_1 + l2 / 2 |b|^2,  W = sum w.
//
// x is (rows, columns), y is (rows, outputs), at least one of each, with x_row and y_row elements from one row to the
// next. weights: (rows), not negative and not all 0, or NULL: 1. coefficients: (outputs, columns), holds where to
// begin. intercepts, gaps: (outputs), iterations: (outputs): the gap is that of the objective above, and below
// tolerance * sum w (y - mean)^2 / W, unless the most iterations were needed. There is no reference: tests check the
// conditions that a minimum fulfils.
//
// A pass ends with a look at the gap when no coefficient moved by more than the tolerance's part of the largest. Where
// sums of products of columns take no more than half the memory of the data, a step adds a row of these (columns
// operations; rows columns^2 once); otherwise the rows are copied as columns, and a step reads one (rows operations).
// All sums are double.
//
// Source: J. Friedman, T. Hastie, R. Tibshirani, "Regularization Paths for Generalized Linear Models via Coordinate
// Descent", J. Stat. Softw. 33(1), 2010; S.-J. Kim et al., "An Interior-Point Method for Large-Scale l1-Regularized
// Least Squares", IEEE J. Sel. Top. Signal Process. 1(4), 2007 (the gap).
FARRO_API farro_status farro_elastic_net_f32(size_t rows, size_t columns, size_t outputs, const float *x, size_t x_row,
                                             const float *y, size_t y_row, const double *weights,
                                             const farro_elastic_net_options *options, double *coefficients,
                                             double *intercepts, double *gaps, int64_t *iterations,
                                             farro_elastic_net_result *result);
FARRO_API farro_status farro_elastic_net_f64(size_t rows, size_t columns, size_t outputs, const double *x, size_t x_row,
                                             const double *y, size_t y_row, const double *weights,
                                             const farro_elastic_net_options *options, double *coefficients,
                                             double *intercepts, double *gaps, int64_t *iterations,
                                             farro_elastic_net_result *result);

// The same of a sparse matrix by its columns: elements offsets[j]..<offsets[j + 1] of column j, whose rows are
// `indices`. Means are taken away as it goes: nothing is copied. O(elements) for each pass.
FARRO_API farro_status farro_sparse_elastic_net_f32(size_t rows, size_t columns, size_t outputs, const int64_t *offsets,
                                                    const int32_t *indices, const float *values, const float *y,
                                                    size_t y_row, const double *weights,
                                                    const farro_elastic_net_options *options, double *coefficients,
                                                    double *intercepts, double *gaps, int64_t *iterations,
                                                    farro_elastic_net_result *result);
FARRO_API farro_status farro_sparse_elastic_net_f64(size_t rows, size_t columns, size_t outputs, const int64_t *offsets,
                                                    const int32_t *indices, const double *values, const double *y,
                                                    size_t y_row, const double *weights,
                                                    const farro_elastic_net_options *options, double *coefficients,
                                                    double *intercepts, double *gaps, int64_t *iterations,
                                                    farro_elastic_net_result *result);

#ifdef __cplusplus
}
#endif
#endif
