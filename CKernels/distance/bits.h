// What the drivers of distances between rows of bits need of one instruction set.
#ifndef FARRO_DISTANCE_BITS_H
#define FARRO_DISTANCE_BITS_H

#include "runtime.h"

#include "include/bit_distance.h"

// A distance of 32 bits, an integer or a float that is not negative: as integers, both have the order of the distances.
typedef struct bit_item {
  uint32_t distance, index;
} bit_item;

// The nearest rows to one query so far, and room for more.
typedef struct bit_candidates {
  bit_item *items; // in the order of their indices, behind the nearest ones of those before them
  size_t count;
  int32_t threshold; // what is as far or farther comes too late
} bit_candidates;

// Rows of x (whole words, zeros behind the last byte, `words` apart) against rows of y in panels: word by word, each of
// `columns` rows side by side.
typedef struct bit_tile {
  farro_bit_metric metric;
  size_t words;
  const uint32_t *x, *x_counts; // bits of each row; not read for Hamming
  size_t rows;
  const uint32_t *y, *y_counts;
  size_t columns; // of y, in as many panels as hold them

  void *out; // distances, ld_out apart
  size_t ld_out;
  bool streams; // past the caches: each vector of out must be aligned

  bit_candidates *candidates;                                // of each row of x
  size_t first;                                              // the index of y's first row
  size_t capacity;                                           // of a candidate's items
  void (*choose)(void *context, bit_candidates *candidates); // makes room where none is left
  void *context;
} bit_tile;

typedef struct bit_kernels {
  size_t columns; // of a panel
  // `rows` rows as a panel, and the number of bits of each; the panel's other columns become 0.
  void (*pack)(size_t rows, size_t bytes, const uint8_t *x, size_t ldx, uint32_t *panel, uint32_t *counts);
  // The distances of all rows of x and y go to out.
  void (*distances)(const bit_tile *tile);
  // They are offered to the candidates.
  void (*search)(const bit_tile *tile);
  // Row i of x against row i of y; with ldx = 0, one row against all.
  void (*paired)(farro_bit_metric metric, size_t rows, size_t bytes, const uint8_t *x, size_t ldx, const uint8_t *y,
                 size_t ldy, void *out);
} bit_kernels;

// Those of isa/avx512_popcount.c, for machines that have them.
extern const bit_kernels farro_bit_kernels_popcount;

static inline size_t bit_words(size_t bytes) { return (bytes + 3) / 4; }

enum { bit_row_bytes = 1 << 26 }; // the longest row

#endif
