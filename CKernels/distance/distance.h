// What the distance driver needs of one instruction set and element type, beside the packing of matmul.
#ifndef FARRO_DISTANCE_DISTANCE_H
#define FARRO_DISTANCE_DISTANCE_H

#include "runtime.h"

#include "include/distance.h"

// Metrics, and small powers of Minkowski's, which have kernels of their own.
enum {
  distance_power_3 = FARRO_METRIC_COUNT,
  distance_power_4,
  distance_power_5,
  distance_power_6,
  distance_kernel_count,
};

// What happens to each coordinate of a panel.
typedef enum panel_change { panel_multiply, panel_add, panel_root } panel_change;

// One tile of distances, between a panel of rows of x and one of rows of y, both packed as matmul's A and B and then
// prepared. For pairs, both panels are packed as B, and rows is 1.
typedef struct distance_tile {
  size_t rows, columns, d; // rows of x (also the panel's width) and of y; the panel of y is padded to the full tile
  const void *x, *y;
  const void *x_norms, *y_norms; // what prepare wrote
  void *out;
  size_t ld_out;
  double p; // Minkowski's
} distance_tile;

typedef struct distance_kernels {
  // Makes a packed panel of `width` rows ready for a metric: changes the rows in place, and writes a number for each to
  // `norms` (their squared norms, or what prepare_kernels.h says). NULL where the metric takes the rows as they are.
  void (*prepare[distance_kernel_count])(size_t width, size_t d, void *panel, void *norms);

  void (*tile[distance_kernel_count])(const distance_tile *tile);
  void (*pairs[distance_kernel_count])(const distance_tile *tile);
} distance_kernels;

#endif
