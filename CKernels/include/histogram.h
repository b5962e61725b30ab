// Histograms: how many elements, or what weight of them, each bin holds.
//
// `bins` bins have bins + 1 edges e_0 <= e_1 <= ...; bin i holds the x with e_i <= x < e_(i+1), and the last one those
// at e_bins too. NaN and what lies outside is not counted. (As numpy.histogram.) x has n contiguous elements; no result
// overlaps an operand. O(n) for equal bins, O(n log bins) for others. The elements are cut into blocks by n alone, each
// with counts of its own (of all blocks together at most n, or one block's), which are added in the order of the
// blocks, so results do not depend on the number of threads; FARRO_ERROR_MEMORY when there is no room for them.
//
// Weighted sums are taken in double, in the order of the elements within a block; weights may be negative:
//   |sum - exact| <= m 2^-53 sum|w|  for the m weights of a bin.
// `sums` holds the weights of each bin instead of their number; a NaN among them makes that of its bin NaN.
#ifndef FARRO_HISTOGRAM_H
#define FARRO_HISTOGRAM_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// The edges of `bins` equal bins: e_i = low + i ((high - low) / bins), computed in double and rounded to the element
// type; the last is `high`. FARRO_ERROR_ARGUMENT unless bins > 0 and low < high, both finite.
FARRO_API farro_status farro_histogram_edges_f32(size_t bins, float low, float high, float *edges);
FARRO_API farro_status farro_histogram_edges_f64(size_t bins, double low, double high, double *edges);

// Counts of equal bins, between the edges above. FARRO_ERROR_ARGUMENT as there.
FARRO_API farro_status farro_histogram_f32(size_t n, const float *x, size_t bins, float low, float high,
                                           int64_t *counts);
FARRO_API farro_status farro_histogram_f64(size_t n, const double *x, size_t bins, double low, double high,
                                           int64_t *counts);

// Sums of weights of equal bins.
FARRO_API farro_status farro_weighted_histogram_f32(size_t n, const float *x, const float *weights, size_t bins,
                                                    float low, float high, double *sums);
FARRO_API farro_status farro_weighted_histogram_f64(size_t n, const double *x, const double *weights, size_t bins,
                                                    double low, double high, double *sums);

// Counts between `edges`, of which there are bins + 1, in ascending order (FARRO_ERROR_ARGUMENT when one is less than
// the one before it, or NaN, or bins is 0).
FARRO_API farro_status farro_histogram_between_f32(size_t n, const float *x, size_t bins, const float *edges,
                                                   int64_t *counts);
FARRO_API farro_status farro_histogram_between_f64(size_t n, const double *x, size_t bins, const double *edges,
                                                   int64_t *counts);
FARRO_API farro_status farro_weighted_histogram_between_f32(size_t n, const float *x, const float *weights, size_t bins,
                                                            const float *edges, double *sums);
FARRO_API farro_status farro_weighted_histogram_between_f64(size_t n, const double *x, const double *weights,
                                                            size_t bins, const double *edges, double *sums);

// Counts between edges by looking at one edge after the other; sums, where there are weights, in long double. Either
// result may be NULL.
FARRO_API farro_status farro_histogram_reference_f32(size_t n, const float *x, const float *weights, size_t bins,
                                                     const float *edges, int64_t *counts, double *sums);
FARRO_API farro_status farro_histogram_reference_f64(size_t n, const double *x, const double *weights, size_t bins,
                                                     const double *edges, int64_t *counts, double *sums);

#ifdef __cplusplus
}
#endif
#endif
