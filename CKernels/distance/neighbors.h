// What the search for neighbours needs of one instruction set and element type.
#ifndef FARRO_DISTANCE_NEIGHBORS_H
#define FARRO_DISTANCE_NEIGHBORS_H

#include "runtime.h"

#include "include/neighbors.h"

// The forms that a metric takes in the search: smaller is nearer.
typedef enum neighbor_form {
  neighbor_squares, // |x - y|^2
  neighbor_angles,  // 1 - cos
  neighbor_products // -x.y
} neighbor_form;

// What a tile of products x.y is compared with: a row y may be near x when offset[y] + factor x.y <= limit[x].
typedef struct neighbor_selection {
  const void *offsets; // by column of the tile, from its first; infinity for a row that is no neighbour
  const void *limits;  // by row of the tile, finite or NaN; lowered by other threads meanwhile
  double factor;
  void *context;
  // Columns that passed for a row, and their values.
  void (*found)(void *context, size_t row, size_t count, const uint32_t *columns, const double *values);
} neighbor_selection;

// Of one element type of the base.
typedef struct row_kernels {
  size_t element_bytes;

  // Rows of the base as the product wants them, `pitch` scalars apart, zeros behind the d-th: less `mean` (squares), of
  // length 1 (angles; rows of zeros stay), as they are (products). norms[i] is the squared length of the result.
  void (*prepare)(neighbor_form form, size_t rows, size_t d, const void *from, size_t ld, const void *mean, void *to,
                  size_t pitch, void *norms);

  // What a row is multiplied by to be of length 1; 0 for zeros, NaN for a row that has no length.
  double (*factor)(size_t d, const void *row);

  // keys[i]: the form's value for the query x, of scalars, and row rows[i] of the base (row i if NULL).
  void (*measure)(neighbor_form form, size_t d, const void *x, double x_factor, const void *base, size_t ld,
                  size_t count, const uint32_t *rows, double *keys);
} row_kernels;

// Of one element type of the rows that k-means assigns.
typedef struct assign_kernels {
  // least[i] and labels[i]: the smallest of offsets[j] - 2 products[i * ld + j] for j below k, and where it first is;
  // -1 where none is below infinity.
  void (*nearest)(size_t rows, size_t k, const void *offsets, const void *products, size_t ld, double *least,
                  int32_t *labels);
  // The same, and the smallest of all others; infinity where there is none.
  void (*nearest_two)(size_t rows, size_t k, const void *offsets, const void *products, size_t ld, double *least,
                      double *second, int32_t *labels);
  // sum += weight row
  void (*add)(size_t d, const void *row, double weight, double *sum);
  // distances[c * ld + i]: the squared distance of row i to candidate c, each of `trials` (of rows of d, one after the
  // other). totals[c] += the sum of what is less, this or closest[i], times weights[i] (NULL: 1).
  void (*spread)(size_t rows, size_t d, const void *x, size_t ldx, size_t trials, const void *candidates,
                 const void *closest, const void *weights, void *distances, size_t ld, double *totals);
  // closest[i]: the lesser of what it is and distances[i].
  void (*lower)(size_t rows, const void *distances, void *closest);
} assign_kernels;

typedef void select_kernel(const neighbor_selection *s, size_t rows, size_t columns, const void *tile, size_t ld);

#endif
