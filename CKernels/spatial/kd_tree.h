// A tree of halves: node i's are 2 i + 1 and 2 i + 2, and what range of rows a node has follows from its number.
#ifndef FARRO_SPATIAL_KD_TREE_H
#define FARRO_SPATIAL_KD_TREE_H

#include "include/kd_tree.h"
#include "runtime/sizes.h"

enum { kd_most_levels = 31 };

// Where a node's rows are cut: none of the left half is above `most` in the column, none of the right below `least`.
typedef struct {
  float most, least;
  uint32_t column;
} kd_split_f32;
typedef struct {
  double most, least;
  uint32_t column;
} kd_split_f64;

struct farro_kd_tree {
  size_t n, d, levels; // the leaves are the last level
  bool is_double;
  char *rows;      // leaf by leaf, each column by column, and a vector behind the last
  uint32_t *order; // (n): their numbers
  void *splits;    // of all nodes but the leaves
  void *box;       // (2, d): least and most of all rows
  size_t bytes;
};

// One query on its way through a tree.
typedef struct kd_query {
  const farro_kd_tree *tree;
  const void *query;
  double limit;         // what is further is not wanted; of the element type
  double shrink, least; // what rounding may take from a squared distance
  double *offsets;      // (levels + 1, d): work space
  // Takes a row that is not further than the limit, and may lower that.
  void (*found)(struct kd_query *q, double square, uint32_t row);
} kd_query;

// Of one instruction set and element type.
typedef struct kd_kernels {
  // Shows a query all rows within its limit: squares are those of row_kernels.measure (neighbors.h), bit for bit.
  void (*search)(kd_query *q);
  // The leaves that queries lie in.
  void (*locate)(const farro_kd_tree *tree, size_t count, const void *queries, size_t ldq, uint32_t *leaves);
} kd_kernels;

static inline size_t kd_element(const farro_kd_tree *t) { return t->is_double ? sizeof(double) : sizeof(float); }

// The first row of the node at `place` of a level; the end of the one before it.
static inline size_t kd_start(const farro_kd_tree *t, size_t level, size_t place) {
  // n place / 2^level, where n is below 2^32 and place is at most 2^level, below 2^33.
  const uint64_t whole = (uint64_t)t->n >> level, rest = (uint64_t)t->n & (((uint64_t)1 << level) - 1);
  return (size_t)(whole * place + ((rest * place) >> level));
}

#endif
