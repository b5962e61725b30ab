// One node: what its rows are, and its split.
#ifndef FARRO_TREES_NODE_H
#define FARRO_TREES_NODE_H

#include "growing.h"

// Rows [start, start + count) of the tree's, and the node of a draft that they make.
typedef struct {
  size_t start, count, depth, node;
  uint64_t key;
} node_item;

// What the rows of a node are copied to, and what its columns are sorted in; for one thread.
typedef struct {
  split_space split;
  uint32_t *info, *ends, *columns, *swaps;
  double *weights, *totals;
  int64_t *numbers, *sums;
  void *memory;
  size_t bytes;
} node_space;

bool node_space_create(node_space *space, const tree_problem *problem, size_t rows);
void node_space_release(node_space *space);

// Makes the node of `item`, and where it is to be split, its split: `*left_rows` then is how many of its rows stand
// first and go left, otherwise 0; `*gain` the decrease of impurity by the split. False: no memory, or cancelled.
bool make_node(tree_rows *rows, tree_draft *draft, node_space *space, const node_item *item, bool is_alone,
               size_t *left_rows, double *gain);

#endif
