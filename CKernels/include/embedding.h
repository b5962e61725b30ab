// Rows of a table by their numbers: lookup, sums and means of groups of rows, and their gradients.
//
// The table is row-major, (table_rows, columns), with `table_row` elements from one row to the next; so are the other
// matrices, with y_row and so on. A stride below `columns` is FARRO_ERROR_ARGUMENT. Pointers need only their element's
// alignment. Outputs must not overlap inputs. Sizes of 0 are legal.
//
// Indices are checked before anything else: unless all are in 0..<table_rows, nothing is written and the answer is
// FARRO_ERROR_ARGUMENT. *first_bad, where the pointer is not NULL, is then the position of the first index that is not;
// it is `count` when all indices are good, whatever else is wrong.
//
// No result depends on the number of threads. In the error bounds u = 2^-24 (f32) or 2^-53 (f64).
#ifndef FARRO_EMBEDDING_H
#define FARRO_EMBEDDING_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_embedding_shape {
  size_t table_rows, columns, table_row;
  size_t count; // of indices
} farro_embedding_shape;

// y[i] = table[indices[i]], a copy bit for bit; y is (count, columns). O(count columns); a y too large for the caches
// is written past them.
FARRO_API farro_status farro_embedding_f32(const farro_embedding_shape *shape, const float *table,
                                           const int64_t *indices, float *y, size_t y_row, size_t *first_bad);
FARRO_API farro_status farro_embedding_f64(const farro_embedding_shape *shape, const double *table,
                                           const int64_t *indices, double *y, size_t y_row, size_t *first_bad);

// grad_table[indices[i]] += grad_y[i] for all i, except where indices[i] is `padding_index` (-1: none), which must
// still be a row of the table unless negative. grad_table has the shape of the table; rows that no index names are not
// touched.
//
// A row's terms are added in the order of i, in the element type: with k of them,
//   |grad_table - exact| <= k u (|before| + sum |grad_y|).
// O(count columns). The work is cut by rows of the table: each belongs to one task. Work space of 8 bytes per index;
// FARRO_ERROR_MEMORY without it.
FARRO_API farro_status farro_embedding_backward_f32(const farro_embedding_shape *shape, const int64_t *indices,
                                                    int64_t padding_index, const float *grad_y, size_t grad_y_row,
                                                    float *grad_table, size_t *first_bad);
FARRO_API farro_status farro_embedding_backward_f64(const farro_embedding_shape *shape, const int64_t *indices,
                                                    int64_t padding_index, const double *grad_y, size_t grad_y_row,
                                                    double *grad_table, size_t *first_bad);

// Groups of indices that follow one another: bag b has those from offsets[b] up to offsets[b + 1]. `offsets` has
// bags + 1 elements, rises from 0 to the count of indices (else FARRO_ERROR_ARGUMENT), and may repeat: a bag may be
// empty. Indices equal to `padding_index` (-1: none) belong to no bag.
typedef struct farro_embedding_bags {
  size_t bags;
  const int64_t *offsets;
  int64_t padding_index;
  bool mean; // the mean of a bag's rows instead of their sum
} farro_embedding_bags;

// y[b] = the sum, or the mean, of the rows of bag b; 0 of none. y is (bags, columns).
//
// Terms are added in order in the element type: with k of them,
//   |y - exact| <= (k + 1) u sum |terms|, the means' divided by k.
// O(count columns).
FARRO_API farro_status farro_embedding_bag_f32(const farro_embedding_shape *shape, const farro_embedding_bags *bags,
                                               const float *table, const int64_t *indices, float *y, size_t y_row,
                                               size_t *first_bad);
FARRO_API farro_status farro_embedding_bag_f64(const farro_embedding_shape *shape, const farro_embedding_bags *bags,
                                               const double *table, const int64_t *indices, double *y, size_t y_row,
                                               size_t *first_bad);

// grad_table[indices[i]] += grad_y[b] for all i of bag b (the mean's: divided by the length of the bag), under
// farro_embedding_backward's bound with k + 2 in place of k. Work space of 24 bytes per index and bag.
FARRO_API farro_status farro_embedding_bag_backward_f32(const farro_embedding_shape *shape,
                                                        const farro_embedding_bags *bags, const int64_t *indices,
                                                        const float *grad_y, size_t grad_y_row, float *grad_table,
                                                        size_t *first_bad);
FARRO_API farro_status farro_embedding_bag_backward_f64(const farro_embedding_shape *shape,
                                                        const farro_embedding_bags *bags, const int64_t *indices,
                                                        const double *grad_y, size_t grad_y_row, double *grad_table,
                                                        size_t *first_bad);

// The same by plain loops, in double (long double for f64), of good indices and contiguous tables: the oracles of the
// tests. A reference of the backward functions writes what is to be added; it does not add.
FARRO_API farro_status farro_embedding_bag_reference_f32(const farro_embedding_shape *shape,
                                                         const farro_embedding_bags *bags, const float *table,
                                                         const int64_t *indices, float *y);
FARRO_API farro_status farro_embedding_bag_reference_f64(const farro_embedding_shape *shape,
                                                         const farro_embedding_bags *bags, const double *table,
                                                         const int64_t *indices, double *y);
FARRO_API farro_status farro_embedding_bag_backward_reference_f32(const farro_embedding_shape *shape,
                                                                  const farro_embedding_bags *bags,
                                                                  const int64_t *indices, const float *grad_y,
                                                                  float *grad_table);
FARRO_API farro_status farro_embedding_bag_backward_reference_f64(const farro_embedding_shape *shape,
                                                                  const farro_embedding_bags *bags,
                                                                  const int64_t *indices, const double *grad_y,
                                                                  double *grad_table);

#ifdef __cplusplus
}
#endif
#endif
