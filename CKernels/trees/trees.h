// What the files of this folder share: the table of ranks, a node that is being split, its best split.
#ifndef FARRO_TREES_TREES_H
#define FARRO_TREES_TREES_H

#include "include/trees.h"

struct farro_tree_table {
  size_t n, d;
  uint32_t *ranks;        // (d, n): the number of each element's value among those of its column
  double *values;         // the least value of each rank of columns of numbers, column after column
  double rounding;        // values of a rank differ by at most this part of the greater one
  size_t *starts;         // (d + 1): where a column's values begin
  uint32_t *distinct;     // (d): ranks of numbers, or the count of categories; the rank of missing values
  uint8_t *is_category;   // (d)
  size_t most_categories; // 0 without any
};

// Rows are (class | weight << 16) where weights are whole and below 2^16; otherwise weights stand apart.
enum { small_rows = 64, whole_weight_bits = 16, class_mask = 0xffff };

// A node's rows, in their order, as what the walks along a column need.
typedef struct {
  farro_tree_criterion criterion;
  bool is_whole; // weights of classes are whole numbers below 2^16
  size_t outputs;
  const uint32_t *rows;
  size_t count, min_rows_leaf;
  double min_weight_leaf, weight;
  const uint32_t *info;   // class and whole weight of each row
  const double *weights;  // of each row; NULL for 1 each
  const int64_t *numbers; // (count, outputs): y times its weight, as whole numbers
  const double *totals;   // (outputs): of classes
  const int64_t *sums;    // (outputs): of numbers
  const int64_t *logs;    // c log2 c for whole c, divided by log_unit
  double log_unit;
} node_view;

// Scores are comparable within a node: greater is better, and of equal ones the first counts.
typedef struct {
  double score;                // -INFINITY: none
  uint32_t feature, low, high; // the ranks beside the border; high is low + 1 of what no row has before missing values
  size_t left_rows;
  double threshold; // one that was drawn; NAN: halfway between the ranks
  bool missing_left, is_set, has_missing;
} node_split;

// Work space of one thread for nodes of up to `rows`.
typedef struct {
  uint64_t *keys, *spare;
  uint32_t *small;
  double *left;                              // (outputs)
  int64_t *left_whole, *right_whole;         // (outputs)
  double *category_weights, *category_means; // (categories), (categories, outputs)
  uint32_t *category_rows, *category_order;
  int64_t *category_sums; // (categories, outputs)
  uint64_t *set;          // the best split's categories
  void *memory;
  size_t bytes;
} split_space;

bool split_space_create(split_space *space, size_t rows, size_t outputs, size_t categories);
void split_space_release(split_space *space);

// The best split of one column: replaces *best where it is better. `random` is a word of a random sequence. Answers
// whether the node's rows differ in the column.
bool try_column(const farro_tree_table *table, const node_view *node, uint32_t feature, bool random_threshold,
                uint64_t random, split_space *space, node_split *best);
bool try_categories(const farro_tree_table *table, const node_view *node, uint32_t feature, bool random_subset,
                    uint64_t random, split_space *space, node_split *best);

// What a sorted column is walked with. Keys are rank << 32 | row of the node, the missing ones last.
typedef struct {
  const uint64_t *keys;
  size_t numbers, missing; // rows with and without a value
  uint32_t feature;
} sorted_column;

void walk_column(const node_view *node, const sorted_column *column, split_space *space, node_split *best);

// The score of a split whose left side is known; -INFINITY where a side weighs too little.
double score_classes(const node_view *node, const double *left, double left_weight);
double score_numbers(const node_view *node, const int64_t *left, double left_weight);

// SplitMix64's function (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
static inline uint64_t mix(uint64_t z) {
  z += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// A whole number below `bound`, which is below 2^32, of a random word.
static inline uint32_t below(uint64_t word, uint32_t bound) { return (uint32_t)(((word >> 32) * bound) >> 32); }

#endif
