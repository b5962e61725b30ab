// What the embedding drivers need of one instruction set and element type.
#ifndef FARRO_EMBEDDING_EMBEDDING_H
#define FARRO_EMBEDDING_EMBEDDING_H

#include "include/embedding.h"

typedef struct embedding_work {
  size_t columns, count;
  const void *table;
  size_t table_row;
  const int64_t *indices;
  void *y;
  size_t y_row;
  bool streams; // y is written past the caches
  const farro_embedding_bags *bags;
} embedding_work;

typedef struct scatter_work {
  size_t columns;
  const int64_t *indices;
  const size_t *order; // positions of indices
  const size_t *bag;   // of a position; NULL: row i of grad_y belongs to position i
  const double *share; // of a bag's gradient, that goes to each of its rows; NULL: all
  const void *grad_y;
  size_t grad_y_row;
  void *grad_table;
  size_t table_row;
} scatter_work;

typedef struct embedding_kernels {
  size_t element_bytes;

  // Rows, or bags, first..<last of y.
  void (*gather)(const embedding_work *work, size_t first, size_t last);
  void (*bag)(const embedding_work *work, size_t first, size_t last);

  // Positions first..<last of the order.
  void (*scatter_add)(const scatter_work *work, size_t first, size_t last);
} embedding_kernels;

#endif
