// Nearest neighbours: the rows of a base that are closest to each query, without the matrix of distances.
//
// queries is (m, d) and base (n, d), row-major, with ld_queries and ld_base elements (at least d) from one row to the
// next. A base of bf16 (`uint16_t`) or int8 is searched by float queries, as if its elements were floats. Sizes of 0
// are legal. FARRO_ERROR_ARGUMENT for a base of 2^32 - 1 rows and more, and for what farro_pairwise_distances refuses.
// A base may be a mapped file larger than memory: it is read in order, once for every few thousand queries.
//
// The answer is exact: a distance is computed from the two rows alone, without cancellation (equal rows are at distance
// 0, however far from the origin), and rows are ranked by it, those of equal distance by their index. Error bounds, to
// first order in u = 2^-24 (f64: 2^-53), absent overflow and underflow of squares, for the exact value t:
//   squared Euclidean  (d + 3) u t       Euclidean  (d / 2 + 3) u t, ranked by its square
//   inner product      (d + 2) u sum |x_k y_k|
//   cosine             (d + 8) u sqrt(t) + (d + 4)^2 u^2
//   any other          as in farro_pairwise_distances
// A row at a distance of NaN is no neighbour, and a query with a NaN has none.
//
// How: products come from the matmul kernels, and a tile of them is compared with what each query has found so far
// while it is in the L1 cache. Their error is bounded, so that only rows that may be among the best are measured
// exactly. Rows are centred on (a sample of) the base first, because distances of rows far from the origin would drown
// in that error. Up to 4 queries are measured exactly at once. O(m n d), plus O(k log n) exact distances per query for
// a base in random order; where most rows of the base are equally far from a query, all are measured exactly, at some
// 20 ns each.
//
// The result does not depend on the number of threads. Work space: up to 100 MB for k to 2^16, and O(k) beyond.
#ifndef FARRO_NEIGHBORS_H
#define FARRO_NEIGHBORS_H

#include "distance.h"
#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// The problem of a search.
typedef struct farro_neighbors_shape {
  size_t queries, base, d;    // rows of both, and their length
  size_t ld_queries, ld_base; // elements from one row to the next
  const uint8_t *keep;        // NULL, or one byte per row of the base: rows whose byte is 0 are no neighbours
} farro_neighbors_shape;

// The k nearest rows of the base for every query: distances and indices are (queries, k), the nearest first (by the
// inner product: the largest). Either may be NULL. Where there are fewer than k neighbours, the index is -1 and the
// distance infinity (by the inner product -infinity).
FARRO_API farro_status farro_nearest_neighbors_f32(farro_distance distance, const farro_neighbors_shape *shape,
                                                   const float *queries, const float *base, size_t k, float *distances,
                                                   int64_t *indices);
FARRO_API farro_status farro_nearest_neighbors_f64(farro_distance distance, const farro_neighbors_shape *shape,
                                                   const double *queries, const double *base, size_t k,
                                                   double *distances, int64_t *indices);
// Euclidean, squared Euclidean, cosine and inner product; another is FARRO_ERROR_ARGUMENT.
FARRO_API farro_status farro_nearest_neighbors_bf16(farro_distance distance, const farro_neighbors_shape *shape,
                                                    const float *queries, const uint16_t *base, size_t k,
                                                    float *distances, int64_t *indices);
FARRO_API farro_status farro_nearest_neighbors_i8(farro_distance distance, const farro_neighbors_shape *shape,
                                                  const float *queries, const int8_t *base, size_t k, float *distances,
                                                  int64_t *indices);

// All rows of the base within a radius of each query, ragged: those of query i are entries offsets[i] to
// offsets[i + 1] of the two arrays, the nearest first.
typedef struct farro_neighbor_lists {
  size_t queries;
  const size_t *offsets; // queries + 1
  const void *distances; // float, or double where the queries are, or int32_t of bits that differ
  const int64_t *indices;
} farro_neighbor_lists;

// Rows at a distance of `radius` and less (by the inner product: of `radius` and more). *lists is released with
// farro_neighbor_lists_release. FARRO_ERROR_ARGUMENT for a radius of NaN.
FARRO_API farro_status farro_radius_neighbors_f32(farro_distance distance, const farro_neighbors_shape *shape,
                                                  const float *queries, const float *base, double radius,
                                                  farro_neighbor_lists **lists);
FARRO_API farro_status farro_radius_neighbors_f64(farro_distance distance, const farro_neighbors_shape *shape,
                                                  const double *queries, const double *base, double radius,
                                                  farro_neighbor_lists **lists);
FARRO_API farro_status farro_radius_neighbors_bf16(farro_distance distance, const farro_neighbors_shape *shape,
                                                   const float *queries, const uint16_t *base, double radius,
                                                   farro_neighbor_lists **lists);
FARRO_API farro_status farro_radius_neighbors_i8(farro_distance distance, const farro_neighbors_shape *shape,
                                                 const float *queries, const int8_t *base, double radius,
                                                 farro_neighbor_lists **lists);

// NULL is ignored.
FARRO_API void farro_neighbor_lists_release(farro_neighbor_lists *lists);

// The distances of one query to `count` rows of a base: those that `rows` lists (not checked), or the first `count`
// where it is NULL. As exact as above; Euclidean, squared Euclidean, cosine and inner product. Runs on the calling
// thread. O(count d).
FARRO_API farro_status farro_distances_to_rows_f32(farro_distance distance, size_t d, const float *query,
                                                   const float *base, size_t ld_base, size_t count,
                                                   const uint32_t *rows, float *distances);
FARRO_API farro_status farro_distances_to_rows_f64(farro_distance distance, size_t d, const double *query,
                                                   const double *base, size_t ld_base, size_t count,
                                                   const uint32_t *rows, double *distances);
FARRO_API farro_status farro_distances_to_rows_bf16(farro_distance distance, size_t d, const float *query,
                                                    const uint16_t *base, size_t ld_base, size_t count,
                                                    const uint32_t *rows, float *distances);
FARRO_API farro_status farro_distances_to_rows_i8(farro_distance distance, size_t d, const float *query,
                                                  const int8_t *base, size_t ld_base, size_t count,
                                                  const uint32_t *rows, float *distances);

// The k nearest of each query's candidates: rows of the base that `candidates` lists, shape (queries, c), where -1
// stands for none; else not checked, and `keep` is not read. Results, order and metrics are those above; no row may be
// listed twice. O(m c d).
FARRO_API farro_status farro_nearest_candidates_f32(farro_distance distance, const farro_neighbors_shape *shape,
                                                    const float *queries, const float *base, size_t c,
                                                    const int64_t *candidates, size_t k, float *distances,
                                                    int64_t *indices);

#ifdef __cplusplus
}
#endif
#endif
