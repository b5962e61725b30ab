// Linear models by stochastic gradient descent: one row, or a few, at a time.
//
// x is (rows, columns), row-major, ldx elements from one row to the next, or a matrix in compressed rows
// (sparse_distance.h). There are `outputs` independent problems over the same rows: of labels one for each class
// against the rest (of two classes one, for the second), of targets one. Output o's coefficients are row o of (outputs,
// columns + 1), the intercept last. All but x is double.
//
// A step over a batch of b rows, with s_i the rows' weights: W is scaled by max(0, 1 - (1 - l1_ratio) eta alpha), then
// takes -eta/b sum_i s_i l'(z_i, y_i) x_i, each l' within 1e12; what l1_ratio eta alpha adds up to is then taken from
// each coefficient of the rows' columns, up to 0. The intercept is not penalized; of compressed rows its steps are
// 1/100 as long, as in scikit-learn. O(elements of the row) each.
//
// Sources: L. Bottou, "Stochastic gradient descent tricks", 2012 (rates, averages); Y. Tsuruoka, J. Tsujii and S.
// Ananiadou, "Stochastic gradient descent training for L1-regularized log-linear models with cumulative penalty", ACL
// 2009; W. Xu, "Towards optimal one pass large scale learning with averaged stochastic gradient descent", 2011
// (averages at the price of the row's elements).
//
// Outputs run side by side, each by itself: results do not depend on the number of threads. Nothing may overlap. Sizes
// that no memory has, no batch, and no outputs are FARRO_ERROR_ARGUMENT.
#ifndef FARRO_SGD_H
#define FARRO_SGD_H

#include "runtime.h"
#include "sparse_distance.h"

#ifdef __cplusplus
extern "C" {
#endif

// Of classes, y is 1 or -1; m = y z.
typedef enum farro_sgd_loss {
  FARRO_SGD_HINGE = 0,                       // max(0, 1 - m)
  FARRO_SGD_SQUARED_HINGE = 1,               // max(0, 1 - m)^2
  FARRO_SGD_LOG = 2,                         // log(1 + e^-m)
  FARRO_SGD_MODIFIED_HUBER = 3,              // max(0, 1 - m)^2 where m is at least -1, else -4 m
  FARRO_SGD_PERCEPTRON = 4,                  // max(0, -m)
  FARRO_SGD_SQUARED_ERROR = 5,               // (z - y)^2 / 2
  FARRO_SGD_HUBER = 6,                       // the same up to |z - y| = epsilon, linear beyond
  FARRO_SGD_EPSILON_INSENSITIVE = 7,         // max(0, |z - y| - epsilon)
  FARRO_SGD_SQUARED_EPSILON_INSENSITIVE = 8, // max(0, |z - y| - epsilon)^2
} farro_sgd_loss;

// eta, at step t from 1.
typedef enum farro_sgd_rate {
  FARRO_SGD_CONSTANT = 0,   // eta0
  FARRO_SGD_OPTIMAL = 1,    // 1 / (alpha (t0 + t - 1)), t0 such that the first steps are as long as weights may become
  FARRO_SGD_INVSCALING = 2, // eta0 / t^power_t
  FARRO_SGD_ADAPTIVE = 3,   // eta0, and a fifth of it each time that there is no progress, down to 1e-6
} farro_sgd_rate;

typedef struct farro_sgd_problem {
  size_t rows, columns, outputs;
  const int32_t *labels;       // (rows): y of output o is 1 where the label is o (of one output: 1), else -1
  const double *targets;       // (rows), where labels is NULL: y
  const double *weights;       // (rows), or NULL for 1 each
  const double *label_weights; // (outputs, 2): of rows whose y is -1, and 1; or NULL
  const uint8_t *held_out;     // (rows), or NULL: rows whose byte is not 0 are not learned from, but tell of progress
  farro_sgd_loss loss;
  double epsilon;
  double alpha, l1_ratio; // not negative
  bool penalized;         // false: alpha is of the rate alone
  farro_sgd_rate rate;
  double eta0, power_t;
  size_t batch;
  size_t average; // the step from which weights are averaged; 0: they are not
  bool intercept, shuffle;
  uint64_t seed;
  size_t epochs;                // the most of them
  double tolerance;             // NaN: all epochs
  size_t patience;              // epochs without progress by the tolerance after which an output ends
  bool (*stops)(void *context); // NULL, or asked before each epoch, on the calling thread: whether to end there
  void *context;
} farro_sgd_problem;

// Of all outputs; what was learned so far, and what to go on from.
typedef struct farro_sgd_state {
  double *coefficients; // (outputs, columns + 1); an intercept of NAN: the losses grew beyond all numbers
  double *averages;     // the same, or NULL where there is no average
  double *steps;        // (outputs): how many there were
  size_t *epochs;       // (outputs): how many there were in this call
} farro_sgd_state;

FARRO_API farro_status farro_sgd_f32(const farro_sgd_problem *problem, const float *x, size_t ldx,
                                     farro_sgd_state *state);
FARRO_API farro_status farro_sgd_f64(const farro_sgd_problem *problem, const double *x, size_t ldx,
                                     farro_sgd_state *state);
FARRO_API farro_status farro_sgd_csr_f32(const farro_sgd_problem *problem, const farro_csr_f32 *x,
                                         farro_sgd_state *state);
FARRO_API farro_status farro_sgd_csr_f64(const farro_sgd_problem *problem, const farro_csr_f64 *x,
                                         farro_sgd_state *state);

#ifdef __cplusplus
}
#endif
#endif
