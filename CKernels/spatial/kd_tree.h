// A tree of boxes: node i's halves are 2 i + 1 and 2 i + 2, and what range of rows a node has follows from its number.
#ifndef FARRO_SPATIAL_KD_TREE_H
#define FARRO_SPATIAL_KD_TREE_H

#include "include/kd_tree.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

struct farro_kd_tree {
  size_t n, d, levels; // the leaves are the last level
  bool is_double;
  char *rows;      // (n, d), in the order of the leaves
  uint32_t *order; // (n): their numbers
  char *boxes;     // (nodes, 2, d): least and most
  size_t bytes;
};

static inline size_t kd_element(const farro_kd_tree *t) { return t->is_double ? sizeof(double) : sizeof(float); }

// The first row of the node at `place` of a level; the end of the one before it.
static inline size_t kd_start(const farro_kd_tree *t, size_t level, size_t place) {
  // n place / 2^level, where n is below 2^32 and place is at most 2^level, below 2^33.
  const uint64_t whole = (uint64_t)t->n >> level, rest = (uint64_t)t->n & (((uint64_t)1 << level) - 1);
  return (size_t)(whole * place + ((rest * place) >> level));
}

#endif
