// Sorting of rows, and their largest or smallest elements.
//
// x is (rows, columns), row-major, rows x_row >= columns elements apart; so are the results, with distances of their
// own. Results do not overlap x or one another, but for sorted values, which may take the place of x (same rows, same
// distance). Any size may be 0. Rows of 2^32 columns and more are FARRO_ERROR_ARGUMENT, as are distances shorter than a
// row. Work space of at most 32 bytes per element of the rows in work; FARRO_ERROR_MEMORY when there is none.
//
// The order is total: -0 equals 0, and a NaN is greater than every number and equals every other NaN. Sorting is
// stable: of equal elements, the one with the smaller index comes first, whichever the direction. Results are exact,
// and do not depend on the number of threads or the instruction set.
//
// Rows of up to 128 elements are ranked: every element is compared with every other, O(columns^2 / vector length).
// Longer ones are sorted by their bytes from the last to the first, O(columns); a byte in which all elements agree
// costs nothing more. Source: D. Knuth, "The Art of Computer Programming", volume 3, 5.2.5 (radix list sort) and 5.2
// (comparison counting).
#ifndef FARRO_SORTING_H
#define FARRO_SORTING_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// Sorts each row, ascending or descending: the sorted elements go to `values`, where they stood before to `indices`.
// Either may be NULL. Without indices, where equal elements cannot be told apart, -0 comes out before 0 (behind it, if
// descending), and every NaN as the same, NAN.
FARRO_API farro_status farro_sort_f32(size_t rows, size_t columns, bool descending, const float *x, size_t x_row,
                                      float *values, size_t values_row, int64_t *indices, size_t indices_row);
FARRO_API farro_status farro_sort_f64(size_t rows, size_t columns, bool descending, const double *x, size_t x_row,
                                      double *values, size_t values_row, int64_t *indices, size_t indices_row);

// How the elements of a top-k are chosen, and ordered in the result.
typedef struct farro_top_k_options {
  bool smallest; // instead of the largest
  bool unsorted; // in the order in which they stand in the row, instead of the best first
} farro_top_k_options;

// The k largest (or smallest) elements of each row: those that come first when it is sorted, so that of equal ones
// those with smaller indices are taken, and NaN counts as the largest. values and indices are (rows, k); either may be
// NULL. FARRO_ERROR_ARGUMENT unless k <= columns. O(columns + k log columns) for most inputs: a row is read once, and
// an element touched again only if it beats the k best before it, as far as these were known a while ago.
FARRO_API farro_status farro_top_k_f32(size_t rows, size_t columns, size_t k, farro_top_k_options options,
                                       const float *x, size_t x_row, float *values, size_t values_row, int64_t *indices,
                                       size_t indices_row);
FARRO_API farro_status farro_top_k_f64(size_t rows, size_t columns, size_t k, farro_top_k_options options,
                                       const double *x, size_t x_row, double *values, size_t values_row,
                                       int64_t *indices, size_t indices_row);

// The same by insertion, O(rows columns^2): the oracles of the tests.
FARRO_API farro_status farro_sort_reference_f32(size_t rows, size_t columns, bool descending, const float *x,
                                                size_t x_row, float *values, size_t values_row, int64_t *indices,
                                                size_t indices_row);
FARRO_API farro_status farro_sort_reference_f64(size_t rows, size_t columns, bool descending, const double *x,
                                                size_t x_row, double *values, size_t values_row, int64_t *indices,
                                                size_t indices_row);
FARRO_API farro_status farro_top_k_reference_f32(size_t rows, size_t columns, size_t k, farro_top_k_options options,
                                                 const float *x, size_t x_row, float *values, size_t values_row,
                                                 int64_t *indices, size_t indices_row);
FARRO_API farro_status farro_top_k_reference_f64(size_t rows, size_t columns, size_t k, farro_top_k_options options,
                                                 const double *x, size_t x_row, double *values, size_t values_row,
                                                 int64_t *indices, size_t indices_row);

#ifdef __cplusplus
}
#endif
#endif
