// Ranking by one sort of all rows, and plain loops over thresholds.
#include <stdlib.h>

#include "include/ranking.h"

#define REFERENCES(type, scalar)                                                                                       \
  typedef struct {                                                                                                     \
    scalar score;                                                                                                      \
    bool is_positive;                                                                                                  \
    double weight;                                                                                                     \
  } row_##type;                                                                                                        \
  static int compare_##type(const void *a, const void *b) {                                                            \
    const scalar x = ((const row_##type *)a)->score, y = ((const row_##type *)b)->score;                               \
    return (x < y) - (x > y);                                                                                          \
  }                                                                                                                    \
  farro_status farro_ranking_reference_##type(size_t n, const scalar *scores, const uint8_t *positive,                 \
                                              const scalar *weights, scalar *thresholds, double *true_positives,       \
                                              double *false_positives, double *area, double *average_precision,        \
                                              farro_ranking *ranking) {                                                \
    *ranking = (farro_ranking){.first_nan = n};                                                                        \
    *area = *average_precision = 0;                                                                                    \
    for (size_t i = 0; i < n; i++)                                                                                     \
      if (scores[i] != scores[i]) {                                                                                    \
        ranking->first_nan = i;                                                                                        \
        return FARRO_OK;                                                                                               \
      }                                                                                                                \
    row_##type *rows = malloc((n + 1) * sizeof *rows);                                                                 \
    if (!rows) return FARRO_ERROR_MEMORY;                                                                              \
    size_t count = 0, number = 0;                                                                                      \
    for (size_t i = 0; i < n; i++)                                                                                     \
      if (!weights || weights[i] != 0)                                                                                 \
        rows[count++] = (row_##type){scores[i], positive[i] != 0, weights ? (double)weights[i] : 1};                   \
    qsort(rows, count, sizeof *rows, compare_##type);                                                                  \
    long double above = 0, beside = 0, pairs = 0, precision = 0;                                                       \
    for (size_t i = 0; i < count;) {                                                                                   \
      const scalar score = rows[i].score;                                                                              \
      long double positives = 0, negatives = 0;                                                                        \
      for (; i < count && rows[i].score == score; i++)                                                                 \
        *(rows[i].is_positive ? &positives : &negatives) += rows[i].weight;                                            \
      pairs += negatives * (above + positives / 2);                                                                    \
      above += positives;                                                                                              \
      beside += negatives;                                                                                             \
      precision += positives * (above / (above + beside));                                                             \
      if (thresholds) thresholds[number] = score + 0;                                                                  \
      if (true_positives) true_positives[number] = (double)above;                                                      \
      if (false_positives) false_positives[number] = (double)beside;                                                   \
      number++;                                                                                                        \
    }                                                                                                                  \
    free(rows);                                                                                                        \
    ranking->positives = (double)above;                                                                                \
    ranking->negatives = (double)beside;                                                                               \
    ranking->thresholds = number;                                                                                      \
    if (above > 0 && beside > 0) *area = (double)(pairs / above / beside);                                             \
    if (above > 0) *average_precision = (double)(precision / above);                                                   \
    return FARRO_OK;                                                                                                   \
  }

REFERENCES(f32, float)
REFERENCES(f64, double)
