// What the ranking drivers need of one instruction set and element type.
#ifndef FARRO_RANKING_RANKING_H
#define FARRO_RANKING_RANKING_H

#include "runtime.h"

// The bucket of a score: its place on a scale of `steps` from `low` on, plus one unless it is negative. It grows with
// the score, and no bucket has scores of both signs.
typedef struct ranking_scale {
  double low, scale; // steps per unit; 0 where there is one step
  size_t steps;
} ranking_scale;

// Rows of some class that stand above others.
typedef struct ranking_counts {
  double positives, negatives;
} ranking_counts;

// What a bucket's walk adds up: pairs of whole rows, each twice, or a sum of weights.
typedef union ranking_sum {
  uint64_t pairs;
  double sum;
} ranking_sum;

typedef ranking_sum ranking_walk(const void *items, size_t n, ranking_counts above);

// An item is the score without its sign, shifted by one bit to take the row's class, and its weight where there are
// weights. Index 0 of a pair is without weights.
typedef struct ranking_kernels {
  size_t element_bytes, item_bytes[2];
  // A scale for scores of which this is a sample, at most 128.
  ranking_scale (*scale)(const void *sample, size_t count, size_t steps);
  // Adds rows to counts[2 bucket + class]; the first row that is NaN, or n.
  size_t (*count)(ranking_scale scale, const void *scores, const uint8_t *positive, const void *weights, size_t n,
                  uint32_t *counts);
  // Writes an item of each row to items[places[bucket]++].
  void (*scatter)(ranking_scale scale, const void *scores, const uint8_t *positive, const void *weights, size_t n,
                  uint32_t *places, void *items);
  // The last bucket of negative scores.
  size_t (*last_negative)(ranking_scale scale);
  // Sorts n items with spare room for as many; answers where they are.
  void *(*sort[2])(void *items, void *spare, size_t n);
  ranking_walk *area[2], *average_precision[2];
  // How many different scores sorted items have, and their classes.
  size_t (*thresholds[2])(const void *items, size_t n, ranking_counts *counts);
  // Writes a bucket's part of the curve, the highest threshold first.
  void (*curve[2])(const void *items, size_t n, bool negative, ranking_counts above, void *thresholds,
                   double *true_positives, double *false_positives);
} ranking_kernels;

#endif
