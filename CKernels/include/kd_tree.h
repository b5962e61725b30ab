// A tree of halves over rows of few columns, for exact nearest neighbours by the Euclidean distance.
//
// Answers are those of farro_nearest_neighbors and farro_radius_neighbors (neighbors.h) bit for bit: distances are
// added up in the same order, and rows of equal distance stand in the order of their numbers. A half is passed over
// only if the planes around it are farther than the k-th neighbour so far by more than rounding can change.
//
// Queries are taken in the order of the leaves they lie in, whose rows and nodes then are in the cache: 20 000 queries
// among a million rows of 3 columns take 1.3 us each on one thread of a Zen 5.
//
// Source: J. Bentley, "Multidimensional binary search trees used for associative searching", 1975; halves by the widest
// extent: J. Friedman, J. Bentley and R. Finkel, "An algorithm for finding best matches in logarithmic expected time",
// 1977; distances from planes: S. Arya and D. Mount, "Algorithms for fast vector quantization", 1993.
#ifndef FARRO_KD_TREE_H
#define FARRO_KD_TREE_H

#include "neighbors.h"
#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_kd_tree farro_kd_tree;

// A tree over x, (n, d) with ldx elements from one row to the next, which it copies. Leaves have at most leaf_size
// rows. FARRO_ERROR_ARGUMENT for no columns, leaf_size 0, and 2^32 - 1 rows or more. Elements must be finite. Memory of
// the rows (at least 8 bytes each), 4 bytes for each, and 12 bytes (f64: 24) for each leaf; each thread takes 300 KB
// more, or a leaf. O(n d + n log(n / leaf_size)), on several threads. The tree does not depend on their number.
FARRO_API farro_status farro_kd_tree_build_f32(size_t n, size_t d, const float *x, size_t ldx, size_t leaf_size,
                                               farro_kd_tree **tree);
FARRO_API farro_status farro_kd_tree_build_f64(size_t n, size_t d, const double *x, size_t ldx, size_t leaf_size,
                                               farro_kd_tree **tree);

// NULL is ignored.
FARRO_API void farro_kd_tree_release(farro_kd_tree *tree);

// The rows of x, (n, d) without gaps, in their order. The element type must be that of the tree. O(n d).
FARRO_API farro_status farro_kd_tree_rows_f32(const farro_kd_tree *tree, float *rows);
FARRO_API farro_status farro_kd_tree_rows_f64(const farro_kd_tree *tree, double *rows);

// The k nearest rows for each of m queries, (m, d) with ldq elements from one to the next: distances, or their squares,
// and indices are (m, k), the nearest first. Where there are fewer than k rows, the index is -1 and the distance
// infinity. The tree's element type must be that of the call, or FARRO_ERROR_ARGUMENT. O(log n + k) a query where rows
// lie evenly and d is small; O(n d) at worst.
FARRO_API farro_status farro_kd_tree_nearest_f32(const farro_kd_tree *tree, size_t m, const float *queries, size_t ldq,
                                                 size_t k, bool squared, float *distances, int64_t *indices);
FARRO_API farro_status farro_kd_tree_nearest_f64(const farro_kd_tree *tree, size_t m, const double *queries, size_t ldq,
                                                 size_t k, bool squared, double *distances, int64_t *indices);

// The rows at a distance, or a square of one, of `radius` and less, as farro_radius_neighbors gives them.
// FARRO_ERROR_ARGUMENT for a radius of NaN. O(log n) a query where rows lie evenly, and O(c log c) for c that are
// found.
FARRO_API farro_status farro_kd_tree_within_f32(const farro_kd_tree *tree, size_t m, const float *queries, size_t ldq,
                                                double radius, bool squared, farro_neighbor_lists **lists);
FARRO_API farro_status farro_kd_tree_within_f64(const farro_kd_tree *tree, size_t m, const double *queries, size_t ldq,
                                                double radius, bool squared, farro_neighbor_lists **lists);

#ifdef __cplusplus
}
#endif
#endif
