// Jaccard distances between sets given as sorted lists of numbers: documents as shingles, users as items.
//
// `sets` sets lie behind one another: set i has the elements from offsets[i] to before offsets[i + 1], strictly
// ascending; offsets ascend, sets + 1 of them. The functions do not check that, and must not be called with others.
// Sizes of 0 are legal; results must not overlap operands.
//
// The distance of two sets is 1 - |both| / |either|: the number of elements that only one has, divided by the number
// that either has; 0 where both are empty. It is correctly rounded for sets of up to 2^23 elements, and within 3 u of
// the exact one beyond, u = 2^-24. Results depend neither on threads nor on the instruction set.
//
// Two lists of like lengths are compared block by block, each element of one with each of the other's, O(a + b). Where
// one is much longer, each element of the shorter is searched from where the one before was found, in steps that
// double, O(a log(b / a)). Of many pairs, elements in common are counted instead, with an index that tells which sets
// of y have an element, O(elements of x and y + elements in common + pairs). It takes up to 18 bytes for each element
// of y and 300 for each set, of at most 4096 sets and 2^20 elements at a time, so up to 20 MB. Lists are compared where
// that is cheaper, as an estimate says, or memory is short. Sources: D. Lemire, L. Boytsov, N. Kurz, "SIMD compression
// and the intersection of sorted integers", 2016; J. Bentley, A. Yao, "An almost optimal algorithm for unbounded
// searching", 1976; F. Gustavson, "Two fast algorithms for sparse matrices", 1978.
#ifndef FARRO_SET_DISTANCE_H
#define FARRO_SET_DISTANCE_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_sets_u32 {
  size_t sets;
  const int64_t *offsets; // sets + 1
  const uint32_t *elements;
} farro_sets_u32;

typedef struct farro_sets_u64 {
  size_t sets;
  const int64_t *offsets; // sets + 1
  const uint64_t *elements;
} farro_sets_u64;

// out[i][j]: the distance between set i of x and set j of y; rows of out are ld_out elements apart, at least as many as
// y has sets, else FARRO_ERROR_ARGUMENT.
FARRO_API farro_status farro_set_distances_u32(const farro_sets_u32 *x, const farro_sets_u32 *y, float *out,
                                               size_t ld_out);
FARRO_API farro_status farro_set_distances_u64(const farro_sets_u64 *x, const farro_sets_u64 *y, float *out,
                                               size_t ld_out);

// out[i]: the distance between set i of x and set i of y, of which there are as many, else FARRO_ERROR_ARGUMENT.
FARRO_API farro_status farro_paired_set_distances_u32(const farro_sets_u32 *x, const farro_sets_u32 *y, float *out);
FARRO_API farro_status farro_paired_set_distances_u64(const farro_sets_u64 *x, const farro_sets_u64 *y, float *out);

// The same by comparing every element with every other: the oracles of the tests.
FARRO_API farro_status farro_set_distances_reference_u32(const farro_sets_u32 *x, const farro_sets_u32 *y, float *out,
                                                         size_t ld_out);
FARRO_API farro_status farro_set_distances_reference_u64(const farro_sets_u64 *x, const farro_sets_u64 *y, float *out,
                                                         size_t ld_out);

#ifdef __cplusplus
}
#endif
#endif
