// A tree of boxes over rows of few columns, for exact nearest neighbours by the Euclidean distance.
//
// Answers are those of farro_nearest_neighbors (neighbors.h) bit for bit: distances come from the same kernels, and
// rows of equal distance stand in the order of their numbers. A box is passed over only if its nearest point is farther
// than the k-th neighbour so far by more than rounding can change.
//
// Source: J. Bentley, "Multidimensional binary search trees used for associative searching", 1975; halves by the widest
// extent: J. Friedman, J. Bentley and R. Finkel, "An algorithm for finding best matches in logarithmic expected time",
// 1977.
#ifndef FARRO_KD_TREE_H
#define FARRO_KD_TREE_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_kd_tree farro_kd_tree;

// A tree over x, (n, d) with ldx elements from one row to the next, which it copies. Leaves have at most leaf_size
// rows. FARRO_ERROR_ARGUMENT for no columns, leaf_size 0, and 2^32 - 1 rows or more. Elements must be finite. Memory of
// the rows, 8 bytes for each, and two rows for each half leaf. O(n d log(n / leaf_size)), on several threads. The tree
// does not depend on their number.
FARRO_API farro_status farro_kd_tree_build_f32(size_t n, size_t d, const float *x, size_t ldx, size_t leaf_size,
                                               farro_kd_tree **tree);
FARRO_API farro_status farro_kd_tree_build_f64(size_t n, size_t d, const double *x, size_t ldx, size_t leaf_size,
                                               farro_kd_tree **tree);

// NULL is ignored.
FARRO_API void farro_kd_tree_release(farro_kd_tree *tree);

// The k nearest rows for each of m queries, (m, d) with ldq elements from one to the next: distances, or their squares,
// and indices are (m, k), the nearest first. Where there are fewer than k rows, the index is -1 and the distance
// infinity. The tree's element type must be that of the call, or FARRO_ERROR_ARGUMENT. O(log n + k) a query where rows
// lie evenly and d is small; O(n d) at worst.
FARRO_API farro_status farro_kd_tree_nearest_f32(const farro_kd_tree *tree, size_t m, const float *queries, size_t ldq,
                                                 size_t k, bool squared, float *distances, int64_t *indices);
FARRO_API farro_status farro_kd_tree_nearest_f64(const farro_kd_tree *tree, size_t m, const double *queries, size_t ldq,
                                                 size_t k, bool squared, double *distances, int64_t *indices);

#ifdef __cplusplus
}
#endif
#endif
