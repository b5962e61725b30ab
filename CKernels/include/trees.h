// Decision trees: grown by exact splits, one or many at once, cut back, and walked by rows.
//
// Values of a column that differ from the least of them by at most 2^-22 (f64: 2^-51) of the greater one in size count
// as equal, as rounding alone makes them differ. So data whose values are closer than that may get other trees in f32
// than in f64. Random thresholds lie between any two different values.
//
// Rows are (n, d), row-major, ldx >= d elements apart; nothing overlaps. A NaN is a missing value. A column may hold
// categories: whole numbers from 0 to below a count that the caller gives. n, d, classes and outputs are below 2^31,
// d and classes below 2^16 (otherwise FARRO_ERROR_ARGUMENT); FARRO_ERROR_MEMORY where there is no memory.
//
// Columns are sorted once: a table holds, for each element, the rank of its value among those of the column. Growing
// works on ranks alone; random thresholds need no order, and work on the elements. A node's rows are sorted by each
// column that it tries, in O(m) by bytes or, up to 64 of them, by comparing all; then one walk tries every border
// between different ranks. So a tree of n rows takes O(n t depth) for t columns tried at each node. Borders and nodes
// are compared by sums of whole numbers wherever weights are whole: the order of rows does not matter, and neither does
// the number of threads or the instruction set.
//
// Which border is best: the one with the greatest decrease of impurity, gini, entropy (in bits) or variance; of equal
// ones the first column tried (the lowest one when all are), and in it the lowest border. The threshold lies halfway
// between the values beside the border, or, where these are within four times what counts as equal, just below the
// upper one; a value goes left where it is not above it. Where a column has missing values at a node, each border is
// tried with these on the right and on the left, and also the split between missing values and all others (its
// threshold is infinite). Where it has none, missing values met later go to where more rows went.
//
// Categories of a node are put in order, and then treated like numbers: of two classes by the part of the second, of
// several outputs and classes in turn by each one's mean or part, of which the best order counts. For two classes and
// one output no other subset is better (L. Breiman et al., "Classification and regression trees", 1984, theorem 4.5; W.
// Fisher, "On grouping for maximum homogeneity", JASA 53, 1958), where min_rows_leaf is at most 1 and min_leaf_weight
// 0; where leaves must have more, the best of the borders in order that leave as much is taken, and a set that is not
// in order may be better. Categories that a node has not seen go where missing values go.
//
// Source: L. Breiman, J. Friedman, R. Olshen, C. Stone, "Classification and regression trees", 1984; L. Breiman,
// "Random forests", Machine Learning 45, 2001; P. Geurts, D. Ernst, L. Wehenkel, "Extremely randomized trees", Machine
// Learning 63, 2006.
#ifndef FARRO_TREES_H
#define FARRO_TREES_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- the table of columns --------------------------------------------------------------------------------------

typedef struct farro_tree_table farro_tree_table;

// Sorts the columns; or, for random thresholds, copies them: then a node tries one threshold of each column, drawn
// between its least and greatest value there, or one random set of categories.
// `categories` is (d), the count of a column's categories or 0 for numbers, or NULL where all are numbers; counts are
// at most 2^15. An element that is infinite, or no category of its column, ends it: `*table` is then NULL, `*wrong` is
// the element's number row d + column, the first one, and the status FARRO_OK; otherwise `*wrong` is n d. x must stay
// as it is for as long as trees are grown from the table. For each element it takes 2 bytes below 2^16 rows and 4
// otherwise; for random thresholds as much as x. A thread takes two elements and 8 bytes for each row besides, while it
// sorts. O(n d) for keys of a fixed length.
FARRO_API farro_status farro_tree_table_create_f32(size_t n, size_t d, const float *x, size_t ldx,
                                                   const int32_t *categories, bool random_thresholds,
                                                   farro_tree_table **table, size_t *wrong);
FARRO_API farro_status farro_tree_table_create_f64(size_t n, size_t d, const double *x, size_t ldx,
                                                   const int32_t *categories, bool random_thresholds,
                                                   farro_tree_table **table, size_t *wrong);
FARRO_API void farro_tree_table_release(farro_tree_table *table); // NULL is ignored

// ---- growing ---------------------------------------------------------------------------------------------------

typedef enum farro_tree_criterion {
  FARRO_TREE_GINI = 0,
  FARRO_TREE_ENTROPY = 1,
  FARRO_TREE_SQUARED_ERROR = 2,
} farro_tree_criterion;

// What is learned. For FARRO_TREE_SQUARED_ERROR y is (n, outputs), finite and below 2^500 in size; otherwise classes is
// (n), each from 0 to below `outputs`. weights is (n), finite and not negative, or NULL for 1 each; rows of weight 0 do
// not exist.
typedef struct farro_tree_targets {
  farro_tree_criterion criterion;
  size_t outputs;
  const int32_t *classes;
  const double *y;
  const double *weights;
} farro_tree_targets;

typedef struct farro_tree_options {
  size_t max_depth;
  size_t min_rows_split; // a node of fewer rows is not split
  size_t min_rows_leaf;
  size_t max_leaves;      // 0 for any number; otherwise nodes are split in the order of what that gains
  size_t max_features;    // columns that each node tries, drawn at random where fewer than d: from 1 to d
  double min_leaf_weight; // the part of all weight that a leaf must have
  double min_decrease;    // of the impurity, times the node's part of all weight
  bool balanced;          // in each tree a class weighs as much as any other
  size_t draws;           // rows drawn with replacement for each tree; 0: each row once
  uint64_t seed;
  bool (*is_cancelled)(void); // asked now and then, on all threads; or NULL
} farro_tree_options;

typedef struct farro_trees farro_trees;

// When cancelled, `*trees` is NULL and the status FARRO_OK.
// At least one row has a weight above 0 (where all that is drawn for a tree weighs 0, it takes each row once).
// A thread takes 36 bytes for each row; 16 more for weights that are not whole, 16 for each output of numbers; and the
// tree that it grows, which is copied to those before it.
// Grows the trees `first` to below `first + count` of a forest: each depends on the seed and its number alone, and so
// does the number of times that a row is drawn, which its weight is multiplied by.
FARRO_API farro_status farro_trees_grow(const farro_tree_table *table, const farro_tree_targets *targets,
                                        const farro_tree_options *options, size_t first, size_t count,
                                        farro_trees **trees);
FARRO_API void farro_trees_release(farro_trees *trees); // NULL is ignored

// How often each of n rows is drawn for a tree.
FARRO_API farro_status farro_tree_draw(size_t n, size_t draws, uint64_t seed, size_t tree, uint32_t *counts);

// Some trees, one after the other. A tree's nodes are numbered from 0, in the order in which one meets them that goes
// left first: the left child of node i is i + 1.
typedef struct farro_tree_nodes {
  size_t trees, nodes, outputs;
  size_t sets, words;    // sets of categories, each of 64 `words` bits
  int32_t *roots;        // (trees + 1): where a tree's nodes begin, and the end
  int32_t *feature;      // (nodes): the column of the split, -1 for a leaf
  int32_t *right;        // (nodes): the number of the right child within the tree; of a leaf 0
  double *threshold;     // (nodes): of numbers; 0 for a leaf and for categories
  uint8_t *missing_left; // (nodes): whether missing values go left
  int32_t *set;          // (nodes): which set of categories goes left; -1 for numbers
  uint64_t *set_bits;    // (sets, words)
  int32_t *rows;         // (nodes): of weight above 0, each once
  double *weight;        // (nodes)
  double *impurity;      // (nodes)
  double *values;        // (nodes, outputs): parts of the classes, or means
} farro_tree_nodes;

// What has grown, until it is released.
FARRO_API const farro_tree_nodes *farro_trees_nodes(const farro_trees *trees);

// ---- what is known of grown trees ------------------------------------------------------------------------------

// The decrease of impurity by each column, (trees, d), each tree's to a sum of 1, or 0 where it has no split.
FARRO_API farro_status farro_tree_importances(const farro_tree_nodes *nodes, size_t d, double *importances);

// Minimal cost-complexity pruning of one tree. Weakest splits are undone, one after the other, as long as what each
// leaf spares in impurity is at most alpha; `keep` is (nodes), 0 for nodes that go. alphas and impurities, (nodes + 1)
// each or NULL, get after how much complexity which impurity of all leaves is left, beginning with 0 and the tree as it
// is; `*steps` how many. O(nodes depth log nodes). Source: Breiman et al., 1984, chapter 3.
FARRO_API farro_status farro_tree_prune(const farro_tree_nodes *tree, double alpha, uint8_t *keep, double *alphas,
                                        double *impurities, size_t *steps);

// The least impurity, times weight, that one split leaves with at least `min_rows_leaf` rows on both sides, by plain
// loops over all splits, and of at most 16 categories over all sets; INFINITY where there is none. The oracle of the
// tests.
FARRO_API farro_status farro_tree_split_reference(size_t n, size_t d, const double *x, size_t ldx,
                                                  const int32_t *categories, const farro_tree_targets *targets,
                                                  size_t min_rows_leaf, double *impurity);

// ---- walking ---------------------------------------------------------------------------------------------------

// Rows of (n, d) of which none is infinite; nodes must be such that walks end: children come after their parents and
// within the tree, columns are below d. The mean of the trees' values, added up in their order, goes to `values`,
// (n, outputs). O(n trees depth). Of many rows, trees of numbers alone are copied to 8 bytes (f64: 16) for each node,
// and a thread takes 2^18 bytes; where there is no memory for that, it takes longer.
FARRO_API farro_status farro_trees_predict_f32(const farro_tree_nodes *nodes, size_t n, size_t d, const float *x,
                                               size_t ldx, double *values);
FARRO_API farro_status farro_trees_predict_f64(const farro_tree_nodes *nodes, size_t n, size_t d, const double *x,
                                               size_t ldx, double *values);

// The number of the leaf that each row comes to in each tree, (n, trees).
FARRO_API farro_status farro_trees_apply_f32(const farro_tree_nodes *nodes, size_t n, size_t d, const float *x,
                                             size_t ldx, int32_t *leaves);
FARRO_API farro_status farro_trees_apply_f64(const farro_tree_nodes *nodes, size_t n, size_t d, const double *x,
                                             size_t ldx, int32_t *leaves);

// As predict, of the trees that were not grown with a row: `counts` is how many they are, (n); without any its values
// are 0. Tree t was grown from what farro_tree_draw(n, draws, seed, t) drew.
FARRO_API farro_status farro_trees_out_of_bag_f32(const farro_tree_nodes *nodes, size_t n, size_t d, const float *x,
                                                  size_t ldx, size_t draws, uint64_t seed, double *values,
                                                  uint32_t *counts);
FARRO_API farro_status farro_trees_out_of_bag_f64(const farro_tree_nodes *nodes, size_t n, size_t d, const double *x,
                                                  size_t ldx, size_t draws, uint64_t seed, double *values,
                                                  uint32_t *counts);

#ifdef __cplusplus
}
#endif
#endif
