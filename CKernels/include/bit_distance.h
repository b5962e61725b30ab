// Distances between rows of bits, packed eight to a byte, and the nearest rows.
//
// x is (m, bytes) and y is (n, bytes), row-major, rows ldx and ldy bytes apart (at least `bytes`, else
// FARRO_ERROR_ARGUMENT); any alignment. The order of the bits in a byte makes no difference, and unused bits must be
// the same in all rows for Hamming, 0 for the others. Rows of more than 2^26 bytes are FARRO_ERROR_ARGUMENT. Sizes of 0
// are legal. Operands may be the same memory; results must not overlap them.
//
// For two rows whose bits differ in h places, of which a and b are set:
//   Hamming  h
//   Jaccard  1 - |both| / |either| = h / ((a + b + h) / 2)
//   Dice     1 - 2 |both| / (a + b) = h / (a + b)
// and 0 where neither has a bit set. Counts are exact; Jaccard and Dice are correctly rounded for rows of up to 2^20
// bytes, and within 4 u t of the exact t beyond, u = 2^-24. Results depend neither on threads nor on the instruction
// set. O(m n bytes).
#ifndef FARRO_BIT_DISTANCE_H
#define FARRO_BIT_DISTANCE_H

#include "neighbors.h"
#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum farro_bit_metric {
  FARRO_BIT_METRIC_HAMMING = 0,
  FARRO_BIT_METRIC_JACCARD = 1,
  FARRO_BIT_METRIC_DICE = 2,
  FARRO_BIT_METRIC_COUNT = 3,
} farro_bit_metric;

// "hamming", "jaccard", "dice"; "unknown" for another value.
FARRO_API const char *farro_bit_metric_name(farro_bit_metric metric);

// out[i][j]: the distance between row i of x and row j of y; rows of out are ld_out >= n elements apart. Its elements
// are int32_t for Hamming and float for the other metrics. Work space O(threads) of some 100 KiB.
FARRO_API farro_status farro_pairwise_bit_distances(farro_bit_metric metric, size_t m, size_t n, size_t bytes,
                                                    const uint8_t *x, size_t ldx, const uint8_t *y, size_t ldy,
                                                    void *out, size_t ld_out);

// out[i]: the distance between row i of x and row i of y, elements as above. A distance of 0 between rows, ldx or ldy,
// measures one row against all of the other operand.
FARRO_API farro_status farro_paired_bit_distances(farro_bit_metric metric, size_t rows, size_t bytes, const uint8_t *x,
                                                  size_t ldx, const uint8_t *y, size_t ldy, void *out);

// The k rows of y that are nearest to each row of x: their distances, elements as above, and their indices, both (m, k)
// and contiguous, nearest first; of equal distances, smaller indices first. Where k > n, the places left over hold the
// index -1 and the distance INT32_MAX or infinity. FARRO_ERROR_ARGUMENT unless 1 <= k <= 1024 and n < 2^32.
//
// The distances of all pairs are never written: they are compared with the k-th best so far where they arise. y is read
// once for some hundred rows of x. Work space O(threads (256 k + 256 bytes)).
FARRO_API farro_status farro_bit_neighbors(farro_bit_metric metric, size_t m, size_t n, size_t bytes, const uint8_t *x,
                                           size_t ldx, const uint8_t *y, size_t ldy, size_t k, void *distances,
                                           int64_t *indices);

// All rows of y at a distance of `radius` and less from each row of x, nearest first; of equal distances, smaller
// indices first. The lists' distances are int32_t for Hamming and float for the other metrics; *lists is released with
// farro_neighbor_lists_release. FARRO_ERROR_ARGUMENT for a radius of NaN, and unless n < 2^32. Work space O(threads
// bytes), and twice what is found.
FARRO_API farro_status farro_bit_radius_neighbors(farro_bit_metric metric, size_t m, size_t n, size_t bytes,
                                                  const uint8_t *x, size_t ldx, const uint8_t *y, size_t ldy,
                                                  double radius, farro_neighbor_lists **lists);

// The same bit by bit, and by insertion: the oracles of the tests.
FARRO_API farro_status farro_pairwise_bit_distances_reference(farro_bit_metric metric, size_t m, size_t n, size_t bytes,
                                                              const uint8_t *x, size_t ldx, const uint8_t *y,
                                                              size_t ldy, void *out, size_t ld_out);
FARRO_API farro_status farro_bit_neighbors_reference(farro_bit_metric metric, size_t m, size_t n, size_t bytes,
                                                     const uint8_t *x, size_t ldx, const uint8_t *y, size_t ldy,
                                                     size_t k, void *distances, int64_t *indices);

#ifdef __cplusplus
}
#endif
#endif
