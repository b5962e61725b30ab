// What the attention drivers need of one instruction set and element type.
#ifndef FARRO_ATTENTION_ATTENTION_H
#define FARRO_ATTENTION_ATTENTION_H

#include "include/attention.h"

// Scores of a block of keys for a block of queries: the score of key j and query i lies at scores[j * width + i], so
// that sums over keys are sums of vectors, and each query keeps to its lane. `width` is a number of whole vectors;
// lanes without a query hold anything.
typedef struct score_block {
  size_t keys, width;
  void *scores;
} score_block;

// Rows that are turned by the same angles.
typedef struct rotary_rows {
  size_t count, d, pairs;
  bool interleaved, inverse;
  const void *cosines, *sines;
  const void *x;
  void *y;
  size_t x_step, y_step; // elements from one row to the next
} rotary_rows;

typedef struct attention_kernels {
  // bias[j] for `count` keys of one query, `step` elements of the mask apart: additive[j * step], or 0 where seen[j *
  // step] is not 0 and -infinity where it is. One of the two is NULL.
  void (*bias)(size_t count, const uint8_t *seen, const void *additive, size_t step, void *bias);

  // The score of each key becomes its bias, for every query.
  void (*spread_bias)(const score_block *block, const void *bias);

  // The score of key j and query i becomes -infinity where j > i + shift.
  void (*hide_later)(const score_block *block, ptrdiff_t shift);

  // What is known of each query's keys so far is their greatest score, and the sum of exponentials of the differences
  // to it. Takes up a block, the first or a further one: scores become these exponentials, and earlier ones have to be
  // multiplied by `factors`.
  void (*exponentials)(const score_block *block, bool is_first, void *maxima, void *sums, void *factors);

  // factors = 1 / sum, or 0 for a sum of 0; log_sums, unless NULL, = maximum + log(sum).
  void (*finish_sums)(size_t queries, const void *maxima, const void *sums, void *factors, void *log_sums);

  // Multiplies row i by factors[i].
  void (*scale_rows)(size_t rows, size_t columns, const void *factors, void *x, size_t x_row);

  // dots[i] = sum over the columns of x y in row i.
  void (*row_dots)(size_t rows, size_t columns, const void *x, size_t x_row, const void *y, size_t y_row, void *dots);

  // Scores become the weights p = exp(score - log_sum), and `gradients`, which lie as the scores do, p (gradient -
  // dot).
  void (*weigh_gradients)(const score_block *block, const void *log_sums, const void *dots, void *gradients);

  void (*rotate)(const rotary_rows *rows);
} attention_kernels;

// Whether no axis longer than 1 makes rows of `columns` elements overlap.
static inline bool farro_rows_are_apart(size_t batch, size_t heads, size_t rows, farro_attention_layout layout,
                                        size_t columns) {
  return rows == 0 || ((batch < 2 || layout.batch >= columns) && (heads < 2 || layout.head >= columns) &&
                       (rows < 2 || layout.row >= columns));
}

#endif
