// Trees made small for many walks: 8 bytes a node (f64: 16), compared as whole numbers.
#ifndef FARRO_TREES_PACKED_H
#define FARRO_TREES_PACKED_H

#include "include/trees.h"

enum { walks_together = 8 };

// Keys are whole numbers in the order of the numbers that they stand for. A row has 2 d of them: of each column, one
// that is above all thresholds where the value is missing, then of each one that is below them. So the column that a
// node asks tells where missing values go, and nothing but the comparison is left of a step.
//
// `next` is the number of the right child << column_bits | the place of the key in a row; the left child is the next
// node. A leaf is its own right child, and nothing is to its left.
typedef struct {
  int32_t key;
  uint32_t next;
} packed_node_f32;

typedef struct {
  int64_t key;
  uint32_t next;
} packed_node_f64;

typedef struct {
  void *nodes; // NULL: these trees cannot be packed, or there is no memory
  size_t bytes;
  unsigned column_bits;
} packed_trees;

#define PACKED(type, scalar, whole)                                                                                    \
  packed_trees pack_trees_##type(const farro_tree_nodes *nodes, size_t d);                                             \
  void make_keys_##type(size_t rows, size_t d, const scalar *x, size_t ldx, whole *keys);                              \
  void find_leaves_##type(const packed_trees *trees, size_t root, size_t rows, size_t d, const whole *keys,            \
                          int32_t *leaves);

PACKED(f32, float, int32_t)
PACKED(f64, double, int64_t)

void packed_release(packed_trees *trees);

#endif
