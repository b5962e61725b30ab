// Gradient boosting over histograms: binning of columns, trees that are grown leaf by leaf from histograms of
// gradients, and what trees predict.
//
// x is (n, d), row-major, rows x_row >= d elements apart; NaN stands for what is missing. Infinities are numbers like
// others. n, d >= 1, n < 2^32 - 1 and d < 2^30 - 1, else FARRO_ERROR_ARGUMENT. Nothing overlaps. Work space for
// growing: d bytes per row (d rounded up to a multiple of 8), 16 for each tree of an iteration and 20 for each that
// grows at once; and for each of these histograms of 16 bytes per bin and column (24 from 2^16 rows on, 8 less where
// hessians are constant), of as many large leaves as the bins have room for, but of five anyway. FARRO_ERROR_MEMORY
// when there is none.
//
// Sums of gradients are exact: gradients and hessians, in single precision, become integers of 30 and of up to 46 bits
// (of b bits, where 52 - b are those of n, if that is less), in units of a power of two that fits the largest of them
// in this iteration, and sums of integers do not depend on their order. So trees do not depend on the number of threads
// or on the order of rows, and a histogram is exactly its parent's less its sibling's. The error of a sum of m
// gradients, beside what single precision makes of them, is at most m 2^-b times the largest of all, b being 30 up to
// 2^22 rows.
//
// Sources: G. Ke et al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", 2017; T. Chen, C. Guestrin,
// "XGBoost: A Scalable Tree Boosting System", 2016, equations 5 to 7; W. Fisher, "On Grouping for Maximum Homogeneity",
// 1958, for categories.
#ifndef FARRO_BOOSTING_H
#define FARRO_BOOSTING_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  farro_boosting_most_bins = 255, // of numbers; one more is for missing ones
  farro_boosting_missing_bin = 255,
};

// ---- bins ----

// The borders between bins of each column: a number x is of the first bin b with x <= thresholds[b], or of the last. Up
// to most_bins (2 to 255) different numbers get a bin each, with borders halfway between them; of more, borders are the
// quantiles i / most_bins, the mean of two neighbours where one falls between them. Only the rows `sample` count
// (`samples` of them, which may occur again; NULL: all), each as weights (n; NULL: 1) say, and NaN does not. thresholds
// is (d, most_bins - 1), finite; column j has counts[j] of them. O(d samples log(samples)) at most.
FARRO_API farro_status farro_boosting_thresholds_f32(size_t n, size_t d, const float *x, size_t x_row,
                                                     const double *weights, const uint32_t *sample, size_t samples,
                                                     size_t most_bins, double *thresholds, uint16_t *counts);
FARRO_API farro_status farro_boosting_thresholds_f64(size_t n, size_t d, const double *x, size_t x_row,
                                                     const double *weights, const uint32_t *sample, size_t samples,
                                                     size_t most_bins, double *thresholds, uint16_t *counts);

// Replaces x in `column` by the position of its number among `count` ascending ones, or by NaN where it is not among
// them.
FARRO_API farro_status farro_boosting_encode_f32(size_t n, size_t x_row, float *x, size_t column,
                                                 const double *categories, size_t count);
FARRO_API farro_status farro_boosting_encode_f64(size_t n, size_t x_row, double *x, size_t column,
                                                 const double *categories, size_t count);

// ---- growing ----

// With z the raw prediction. Weights multiply gradient, hessian and loss.
typedef enum farro_boosting_loss {
  FARRO_BOOSTING_SQUARED = 0,     // (z - y)^2 / 2
  FARRO_BOOSTING_ABSOLUTE = 1,    // |z - y|; leaves hold medians
  FARRO_BOOSTING_QUANTILE = 2,    // the quantile's loss; leaves hold quantiles
  FARRO_BOOSTING_POISSON = 3,     // e^z - y z
  FARRO_BOOSTING_GAMMA = 4,       // z + y e^-z
  FARRO_BOOSTING_BINOMIAL = 5,    // log(1 + e^z) - y z, y in {0, 1}
  FARRO_BOOSTING_MULTINOMIAL = 6, // log(sum e^z_k) - z_y; y is a class from 0 to below `trees`
} farro_boosting_loss;

typedef struct farro_boosting_problem {
  size_t rows, features;
  size_t trees; // of an iteration: 1, or the number of classes of FARRO_BOOSTING_MULTINOMIAL
  farro_boosting_loss loss;
  double quantile;                  // of FARRO_BOOSTING_QUANTILE, from 0 to 1
  const double *y, *weights;        // (rows); weights may be NULL
  const double *baseline;           // (trees): the raw prediction of no trees
  const double *thresholds;         // (features, most_bins - 1), ascending
  const uint16_t *threshold_counts; // (features)
  size_t most_bins;
  const uint8_t *is_categorical; // (features), or NULL; thresholds then are the categories, but for the last one
  const int8_t *monotonic;       // (features), or NULL: 1 where trees ascend, -1 where they descend
  double learning_rate, l2;
  size_t max_leaf_nodes, max_depth; // 0: no limit
  size_t min_samples_leaf;          // at least 1
  double max_features;              // the part of its columns that a node considers, rounded up; chosen by seed
  uint64_t seed;
  // What trees exist already, if any.
  size_t first_iteration;
  const double *raw; // (trees, rows): their raw predictions, in place of the baseline; NULL: none
  // (interaction_sets, features), or NULL: 1 for the columns of each set. A node considers the columns of those sets
  // that have all columns of the splits above it.
  const uint8_t *interactions;
  size_t interaction_sets;
} farro_boosting_problem;

// A tree is an array of these, its root first.
typedef struct farro_boosting_node {
  double value;           // what the tree adds, at a leaf; the learning rate is in it
  double gain;            // by which the split lessens the loss; at the root, by which it lessens that of value 0
  uint32_t categories[8]; // a bit for each one that goes to the left
  int32_t feature;        // -1: a leaf
  int32_t left;           // position of the left child; the right one stands behind it
  uint32_t count;         // rows
  uint16_t bin;           // bins up to this one go to the left
  uint8_t missing_left, is_categorical;
} farro_boosting_node;

typedef struct farro_booster farro_booster;

// Bins x and computes the first gradients. Row i is row rows[i] of x (NULL: row i), but y and weights have those that
// are learned from alone. y and weights must stay as they are for as long as trees are grown; the other arrays of
// `problem`, x and rows are not needed afterwards.
FARRO_API farro_status farro_boosting_begin_f32(const farro_boosting_problem *problem, const float *x, size_t x_row,
                                                const uint32_t *rows, farro_booster **booster);
FARRO_API farro_status farro_boosting_begin_f64(const farro_boosting_problem *problem, const double *x, size_t x_row,
                                                const uint32_t *rows, farro_booster **booster);
FARRO_API void farro_boosting_end(farro_booster *booster); // NULL is ignored

// Most nodes that a tree can have.
FARRO_API size_t farro_boosting_most_nodes(const farro_booster *booster);

// The mean loss of the rows that are learned from. Not finite when the loss has no number for some row any more: then
// nothing more can be grown.
FARRO_API double farro_boosting_training_loss(const farro_booster *booster);

// Grows the trees of one iteration, tree k into nodes + k most_nodes, with counts[k] nodes, and adds them to the raw
// predictions. Bits depend on neither threads nor instruction set, but for those that gradients have from exp and log.
// O(d rows) for each level of a tree that is balanced, and O(d bins) for each node. FARRO_ERROR_ARGUMENT when the
// training loss is not finite.
FARRO_API farro_status farro_boosting_grow(farro_booster *booster, farro_boosting_node *nodes, uint32_t *counts);

// The sum of the losses of rows, of raw predictions (trees, n), times weights, which may be NULL. Divided by the
// weights' sum it is the mean.
FARRO_API farro_status farro_boosting_loss_sum(farro_boosting_loss loss, double quantile, size_t n, size_t trees,
                                               const double *y, const double *raw, const double *weights, double *sum);

// ---- predicting ----

typedef struct farro_boosting_forest {
  size_t iterations, trees;   // trees of an iteration
  size_t nodes;               // of all trees
  const uint32_t *roots;      // (iterations, trees), ascending: where in the following arrays a tree begins
  const int32_t *features;    // -1: a leaf
  const double *thresholds;   // x <= threshold goes to the left; at a leaf, what it adds
  const int32_t *left;        // position of the left child in its tree; the right one stands behind it
  const uint8_t *flags;       // 1: missing ones go to the left; 2: by categories
  const uint32_t *categories; // 8 words for each split by categories, whose threshold is the number of its words / 8
} farro_boosting_forest;

// Adds what the trees of iterations first_iteration..<last_iteration say of each row to raw (trees, n). Categories that
// are no integers from 0 to 255 count as missing. Exact but for one rounding of each addition, in the trees' order. For
// many rows, trees of numbers alone are copied, to 33 bytes a node (f64: 41), and a thread takes 2^18 bytes; where
// there is no memory for that, it takes longer. O(n trees depth).
FARRO_API farro_status farro_boosting_predict_f32(const farro_boosting_forest *forest, size_t first_iteration,
                                                  size_t last_iteration, size_t n, size_t d, const float *x,
                                                  size_t x_row, double *raw);
FARRO_API farro_status farro_boosting_predict_f64(const farro_boosting_forest *forest, size_t first_iteration,
                                                  size_t last_iteration, size_t n, size_t d, const double *x,
                                                  size_t x_row, double *raw);

// ---- plain loops, the oracles of the tests ----

// Grows one tree from gradients (rows; hessians NULL: 1 each) and bins (features, rows) by summing every node's rows
// anew, row by row in double. Only numbers, no monotonic constraints, all features. nodes has room for 2 rows.
FARRO_API farro_status farro_boosting_reference_tree(const farro_boosting_problem *problem, const uint8_t *bins,
                                                     const float *gradients, const float *hessians,
                                                     farro_boosting_node *nodes, uint32_t *count);

#ifdef __cplusplus
}
#endif
#endif
