// How well scores tell the rows of one class, the positive ones, from all others: the ROC curve and its area, precision
// and recall.
//
// scores is (n), positive is (n) with 0 for the others; weights is (n) of finite numbers that are not negative, or NULL
// for 1 each. Rows of weight 0 do not exist. Nothing overlaps. n may be 0; 2^32 rows and more are FARRO_ERROR_ARGUMENT.
// Scores may be infinite; -0 equals 0. A NaN has no rank: where one is met, `first_nan` is its row and nothing else is
// computed.
//
// Work space of n scores (and weights), and on each thread as much as the largest range below; FARRO_ERROR_MEMORY when
// there is none. Results do not depend on the number of threads or the instruction set.
//
// Rows are dealt into about a thousand ranges of scores, of equal width between quantiles of a sample, as the score
// without its sign and with the row's class in its lowest bit: no range has scores of both signs. A range then sorts in
// the cache by as many leading bits as tell most of its scores apart, and by insertion. O(n) for scores that spread
// over their range in any smooth manner, and O(n (bits of a score)) at most.
#ifndef FARRO_RANKING_H
#define FARRO_RANKING_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_ranking {
  size_t first_nan;            // n where there is none
  double positives, negatives; // how many rows, or the sums of their weights
  double value;                // the area or the average precision; 0 where a class that it needs has no rows
  size_t thresholds;           // of the curve: how many scores differ
} farro_ranking;

// The area under the ROC curve: the part of all pairs of a positive and another row in which the positive one has the
// higher score, with half of those where both are equal. Pairs are counted as integers: two roundings. With weights, a
// pair counts the product of the two, and the relative error is at most 2 n 2^-53.
FARRO_API farro_status farro_roc_area_f32(size_t n, const float *scores, const uint8_t *positive, const float *weights,
                                          farro_ranking *ranking);
FARRO_API farro_status farro_roc_area_f64(size_t n, const double *scores, const uint8_t *positive,
                                          const double *weights, farro_ranking *ranking);

// The average of the precision at each threshold, weighted by how much the recall grows there. Relative error at most
// 2 n 2^-53. Source: M. Zhu, "Recall, precision and average precision", 2004.
FARRO_API farro_status farro_average_precision_f32(size_t n, const float *scores, const uint8_t *positive,
                                                   const float *weights, farro_ranking *ranking);
FARRO_API farro_status farro_average_precision_f64(size_t n, const double *scores, const uint8_t *positive,
                                                   const double *weights, farro_ranking *ranking);

// Each score that occurs, in descending order, and how many positive and other rows have that score or a higher one.
// All three results have room for n; `ranking->thresholds` of them are written. Without weights exact.
FARRO_API farro_status farro_ranking_curve_f32(size_t n, const float *scores, const uint8_t *positive,
                                               const float *weights, float *thresholds, double *true_positives,
                                               double *false_positives, farro_ranking *ranking);
FARRO_API farro_status farro_ranking_curve_f64(size_t n, const double *scores, const uint8_t *positive,
                                               const double *weights, double *thresholds, double *true_positives,
                                               double *false_positives, farro_ranking *ranking);

// The same by one sort of all rows: the oracles of the tests. All three results may be NULL; `area` and
// `average_precision` are what the functions above call `value`.
FARRO_API farro_status farro_ranking_reference_f32(size_t n, const float *scores, const uint8_t *positive,
                                                   const float *weights, float *thresholds, double *true_positives,
                                                   double *false_positives, double *area, double *average_precision,
                                                   farro_ranking *ranking);
FARRO_API farro_status farro_ranking_reference_f64(size_t n, const double *scores, const uint8_t *positive,
                                                   const double *weights, double *thresholds, double *true_positives,
                                                   double *false_positives, double *area, double *average_precision,
                                                   farro_ranking *ranking);

#ifdef __cplusplus
}
#endif
#endif
