// What the drivers of boxes need of one instruction set and element type.
#ifndef FARRO_BOXES_BOXES_H
#define FARRO_BOXES_BOXES_H

#include "runtime.h"

#include "include/boxes.h"

// Boxes laid out by coordinate: x1, y1, x2, y2 and the area, each an array of `capacity` elements. Of it, a vector's
// length beyond the last box may be read.
enum { box_arrays = 5 };
enum { box_padding = 16 }; // elements of the longest vector

// Rows of overlaps.
typedef struct box_tile {
  bool generalized, streams;
  size_t rows;
  const void *x; // as they are, (rows, 4)
  const void *y; // laid out
  size_t capacity;
  // All columns, of which those from `first` to `last` are computed: up to where a cache line of the row begins.
  size_t columns, first, last;
  void *out; // of column 0
  size_t ld_out;
} box_tile;

typedef struct box_kernels {
  size_t element_bytes;
  void (*lay_out)(size_t n, const void *boxes, void *arrays, size_t capacity);
  void (*overlaps)(const box_tile *tile);
  // Whether boxes first..<last of those laid out overlap `box` by more than the threshold; where `classes` is not NULL,
  // only those of its class.
  bool (*overlaps_any)(const void *box, int32_t box_class, const void *arrays, size_t capacity, const int32_t *classes,
                       size_t first, size_t last, double threshold);
  void (*convert)(size_t n, farro_box_format from, farro_box_format to, const void *x, void *y);
} box_kernels;

#endif
