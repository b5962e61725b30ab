// What the parts of gradient boosting share.
#ifndef FARRO_BOOSTING_BOOSTING_H
#define FARRO_BOOSTING_BOOSTING_H

#include <math.h>

#include "include/boosting.h"
#include "runtime.h"

// ---- kernels ----

// Of a column's cumulative histogram: element b is the sum over bins 0...b. All are doubles that hold integers times a
// power of two, so that sums and differences are exact.
typedef struct boosting_scan {
  const double *g, *h, *c;       // padded with their last element to whole cache lines
  size_t candidates;             // splits behind bin 0, 1 ...
  double g_more, h_more, c_more; // also on the left: what is missing, where it goes there
  double g_all, h_all, c_all;    // of the node
  double loss;                   // of the node as it stands
  double min_samples, l2;
  double lower, upper; // of values
  int monotonic;
  bool last_wins; // of equal gains
} boosting_scan;

typedef struct boosting_rows {
  farro_boosting_loss loss;
  double quantile;
  size_t n, trees, pitch; // raw and results: tree k begins at k pitch
  const double *y, *raw, *weights;
  float *g, *h;      // NULL: only the loss is wanted
  double *g_largest; // (trees) each, that is raised to the largest |g| and h
  double *h_largest;
} boosting_rows;

typedef struct boosting_kernels {
  // Whole numbers below 2^52 in size, times `unit`; n is a multiple of 8. Where there are `counts`, these are the
  // lowest 16 bits, and the numbers those above.
  void (*unpack)(const int64_t *sums, size_t n, double unit, double *to, double *counts);
  // The first (or last) best split with a gain above `least`; its gain and bin, or -1.
  double (*scan)(const boosting_scan *s, double least, size_t *bin);
  // Gradients and hessians; answers the sum of the losses.
  double (*gradients)(const boosting_rows *rows);
} boosting_kernels;

// ---- a booster ----

enum {
  boosting_group = 8, // columns whose bins stand together in 8 bytes for each row
  boosting_bins = 256,
  boosting_cell_rows = 65535, // whose count 16 bits hold
  boosting_block = 4096,      // rows of a task that touches each once
  boosting_most_trees = 16,   // that grow at once
};

typedef int64_t boosting_pair __attribute__((ext_vector_type(2)));

typedef struct boosting_split {
  double gain, g, h, c; // sums on the left
  uint32_t categories[8];
  int32_t feature;
  uint16_t bin;
  uint8_t missing_left, is_categorical;
} boosting_split;

// A leaf that may be split further.
typedef struct boosting_leaf {
  size_t first, count; // its rows in boosting_tree.rows
  double g, h, value, lower, upper;
  int64_t *histogram; // NULL when there was no room for it
  boosting_split split;
  uint32_t node, depth;
} boosting_leaf;

// What one tree needs while it grows.
typedef struct boosting_tree {
  size_t class;   // which of an iteration's trees
  uint32_t *rows; // of leaves, each in ascending order
  union {         // of the leaf that is split, and then of one whose histogram is built
    uint32_t *spare;
    void *ordered; // gradients of its rows: int64_t, or pairs with hessians
  };
  double g_scale, h_scale, g_unit, h_unit; // of integers, and of one
  boosting_leaf *heap;                     // best gain first
  size_t open;
  int64_t **free_histograms;
  size_t free_count;
  size_t *firsts;       // of each node, its first row
  uint32_t *parents;    // of each node but the root
  boosting_split *best; // of each task, of both leaves
  uint8_t *chosen;      // columns that each of two leaves considers
  uint32_t *shuffled;
  farro_boosting_node *nodes;
  uint32_t node_count;
  size_t leaf_count;
  bool failed; // for want of memory
} boosting_tree;

struct farro_booster {
  const boosting_kernels *kernels;
  farro_boosting_problem problem;
  size_t groups, task_width, tasks; // a task has that many columns of a group
  uint8_t *bins;                    // (groups, rows, 8)
  uint16_t *bin_counts;             // of each column, without the one of missing ones
  uint8_t *has_missing, *is_categorical;
  int8_t *monotonic;     // NULL: none
  uint8_t *interactions; // NULL: all columns
  bool chooses_columns;  // not all for each node
  // A histogram has, of each column, cumulative sums of the integers that gradients are; behind them those of hessians,
  // unless these are constant; and behind them counts of rows, unless these stand in the lowest 16 bits of the first.
  size_t *offsets; // of columns in a histogram
  bool counts_apart;
  size_t histogram_words, kept_histograms; // how many open leaves of a tree may have one
  bool constant_hessian;
  int g_bits, h_bits;
  size_t most_leaves, iteration;
  size_t pitch;              // rows, rounded up
  const double *y, *weights; // the problem's
  double *raw;
  float *g, *h;
  double *g_largest, *h_largest; // of each tree, and below of each block of rows
  double *block_largest, *block_loss;
  double loss_sum, weight_sum;
  boosting_tree *trees; // as many as grow at once
  size_t tree_count;
  struct {
    void *pointer;
    size_t bytes;
  } blocks[16 + 10 * boosting_most_trees];
  size_t block_count;
};

static inline size_t boosting_padded(size_t bins) { return (bins + 7) / 8 * 8; }
static inline double boosting_value(double g, double h, double l2, double lower, double upper) {
  const double value = -g / (h + l2 + 1e-15);
  return value < lower ? lower : value > upper ? upper : value;
}

// binning.c
farro_status boosting_bin_rows_f32(farro_booster *b, const float *x, size_t x_row, const uint32_t *rows);
farro_status boosting_bin_rows_f64(farro_booster *b, const double *x, size_t x_row, const uint32_t *rows);
void boosting_sort(double *values, size_t n, double *spare);         // with room for 2 n
bool boosting_sort_pairs(double *values, double *weights, size_t n); // false: no memory
// histogram.c: builds the histogram of `small`, takes it from that of `large`, which begins as their parent's, and
// finds the best splits of those whose `splits` is true. `large` may be NULL.
typedef struct boosting_children {
  farro_booster *booster;
  boosting_tree *tree;
  boosting_leaf *small, *large;
  bool splits[2];
  bool is_root;
} boosting_children;
void boosting_find_splits(boosting_children *children);
// growth.c
farro_status boosting_grow_tree(farro_booster *b, boosting_tree *t);
// booster.c
void *boosting_allocate(farro_booster *b, size_t count, size_t element);

#endif
