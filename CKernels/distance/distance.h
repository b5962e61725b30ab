// What the distance driver needs of one instruction set and element type, beside the packing of matmul.
#ifndef FARRO_DISTANCE_DISTANCE_H
#define FARRO_DISTANCE_DISTANCE_H

#include "runtime.h"

#include "include/distance.h"

// One tile of distances, between a panel of rows of x and one of rows of y, both packed as matmul's A and B and then
// prepared.
typedef struct distance_tile {
  size_t rows, columns, d; // rows of x (also the panel's width) and of y; the panel of y is padded to the full tile
  const void *x, *y;
  const void *x_norms, *y_norms; // what prepare wrote
  void *out;
  size_t ld_out;
} distance_tile;

typedef struct distance_kernels {
  // Makes a packed panel of `width` rows ready for a metric: writes the rows' squared norms, or normalizes the rows in
  // place. NULL where the metric takes the rows as they are.
  void (*prepare[FARRO_METRIC_COUNT])(size_t width, size_t d, void *panel, void *norms);

  // NULL for the inner product, which is a matmul.
  void (*tile[FARRO_METRIC_COUNT])(const distance_tile *tile);
} distance_kernels;

#endif
