// What the files of this folder share: the table of ranks, a node that is being split, its best split.
#ifndef FARRO_TREES_TREES_H
#define FARRO_TREES_TREES_H

#include "include/trees.h"

struct farro_tree_table {
  size_t n, d;
  bool is_narrow, is_single;
  void *ranks;    // (d, n): the number of each element's value among those of its column; uint16_t where narrow
  void *elements; // (d, n): for random thresholds, in place of ranks
  const void *x;  // the rows, ldx apart
  size_t ldx;
  double rounding;        // values of a rank differ by at most this part of the greater one
  uint32_t *distinct;     // (d): ranks of numbers, or the count of categories; the rank of missing values
  uint8_t *is_category;   // (d)
  size_t most_categories; // 0 without any
};

// Rows are (class | weight << 16) where weights are whole and below 2^16; otherwise weights stand apart.
enum { small_rows = 64, lanes = 8, whole_weight_bits = 16, class_mask = 0xffff };

// A node's rows, in their order, as what the walks along a column need.
typedef struct {
  farro_tree_criterion criterion;
  bool is_whole; // weights of classes are whole numbers below 2^16
  size_t outputs;
  const uint32_t *rows;
  size_t count, min_rows_leaf;
  double min_weight_leaf, weight;
  const uint32_t *info; // class and whole weight of each row
  const uint32_t
      *ends; // (outputs): where the rows of each class end, which stand in their order where weights are whole
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
  uint32_t *ranks, *small;
  uint32_t *marks;                           // 1 for rows that go left; the memory of ranks
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

// A column's ranks of some rows.
void gather_ranks(const farro_tree_table *table, uint32_t feature, const uint32_t *rows, size_t count, uint32_t *ranks);

static inline double value_of(const farro_tree_table *table, uint32_t feature, uint32_t row) {
  const size_t at = row * table->ldx + feature;
  return table->is_single ? (double)((const float *)table->x)[at] : ((const double *)table->x)[at];
}

// The best split of one column: replaces *best where it is better. `random` is a word of a random sequence. Answers
// whether the node's rows differ in the column.
bool try_column(const farro_tree_table *table, const node_view *node, uint32_t feature, uint64_t random,
                split_space *space, node_split *best);
bool try_categories(const farro_tree_table *table, const node_view *node, uint32_t feature, uint64_t random,
                    split_space *space, node_split *best);
bool try_threshold(const farro_tree_table *table, const node_view *node, uint32_t feature, uint64_t random,
                   split_space *space, node_split *best);

// Marks those of some rows that go left, and finds the threshold where it is not known.
void mark_left(const farro_tree_table *table, node_split *split, const uint32_t *rows, size_t count,
               split_space *space);

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
