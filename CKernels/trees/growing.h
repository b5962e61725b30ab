// A tree while it grows, and when it has grown.
#ifndef FARRO_TREES_GROWING_H
#define FARRO_TREES_GROWING_H

#include <stdatomic.h>

#include "trees.h"

typedef struct {
  int32_t feature; // -1: a leaf
  int32_t left, right, rows, set;
  uint8_t missing_left;
  double threshold, weight, impurity;
} tree_node;

// Nodes, each with `outputs` values, and sets of `words` words.
typedef struct {
  tree_node *nodes;
  double *values;
  uint64_t *sets;
  size_t count, capacity, set_count, set_capacity, outputs, words;
} tree_draft;

bool draft_reserve(tree_draft *draft, size_t nodes);
bool draft_add(tree_draft *draft, size_t *node);
bool draft_add_set(tree_draft *draft, const uint64_t *bits, int32_t *set);
void draft_release(tree_draft *draft);

// What farro_tree_nodes points to.
enum {
  forest_feature,
  forest_right,
  forest_threshold,
  forest_missing_left,
  forest_set,
  forest_rows,
  forest_weight,
  forest_impurity,
  forest_values,
  forest_node_arrays,
  forest_set_bits = forest_node_arrays,
  forest_roots,
  forest_arrays,
};

struct farro_trees {
  farro_tree_nodes nodes;
  struct {
    void *memory;
    size_t each, room; // the bytes of an element, and how many there is room for
  } arrays[forest_arrays];
};

farro_trees *forest_create(size_t trees, size_t outputs, size_t words);
// Appends a tree that is in the order that the header tells, its right children numbers within it.
bool forest_add(farro_trees *forest, const tree_draft *tree);
// Gives back the room for more.
void forest_end(farro_trees *forest);

// What all trees of a call learn from.
typedef struct {
  const farro_tree_table *table;
  farro_tree_options options;
  farro_tree_criterion criterion;
  size_t outputs;
  const int32_t *classes;
  const double *y;       // (n, outputs): scaled by a power of two to at most 1 in size
  double scale_back;     // what they were multiplied by, inverted
  const double *weights; // (n) or NULL
  bool is_whole;         // weights are whole numbers below 2^16, those of draws included
  const int64_t *logs;
  double log_unit;
  atomic_bool *cancelled;
} tree_problem;

// What one tree learns from.
typedef struct {
  const tree_problem *problem;
  uint32_t *rows; // those of weight above 0, node by node
  size_t count;
  uint32_t *info;          // (n): class and whole weight
  double *weights;         // (n); NULL for 1 each, or where `info` has them
  int64_t *numbers;        // (n, outputs)
  double unit;             // what numbers were multiplied by
  double all_weight, pure; // a node of that impurity is pure
  uint64_t key;            // of the root's random numbers
  void *memory;
  size_t bytes;
} tree_rows;

farro_status rows_create(tree_rows *rows, const tree_problem *problem, size_t tree);
void rows_release(tree_rows *rows);

farro_status grow_tree(tree_rows *rows, bool is_alone, tree_draft *tree);

#endif
