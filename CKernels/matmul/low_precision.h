// What the driver of low-precision products needs of one instruction set and element type.
//
// All of them run on words of 32 bits that hold `group` elements which follow one another in k: one f32 (16-bit numbers
// widened), two bf16, two 16-bit integers (8-bit ones widened), or four 8-bit integers.
#ifndef FARRO_MATMUL_LOW_PRECISION_TABLE_H
#define FARRO_MATMUL_LOW_PRECISION_TABLE_H

#include "matmul.h"

enum { low_precision_most_rows = 14, low_precision_most_columns = 32 };

// Some rows of A times one panel of B, over all words of k.
typedef struct low_precision_tile {
  size_t words;
  const void *a;
  size_t a_row, a_step; // bytes from one row, and from one word, to the next
  const uint32_t *b;
  size_t b_step;  // words from one k to the next: a panel's columns, or 0 to repeat
  void *sums;     // rows x a full tile's columns, in f32 or 32-bit integers
  bool continues; // adds to what is in `sums`
} low_precision_tile;

// How integer sums become those of numbers with zero points: sums - zero_a sums_b - zero_b sums_a + k zero_a zero_b, by
// rows (a) and columns (b) of the tile; whole vectors of columns can be read.
typedef struct low_precision_correction {
  const int32_t *zero_a, *zero_b;
  const uint32_t *sums_a, *sums_b;
  uint32_t k;
} low_precision_correction;

// Panels of `width` columns, word-major: to[p * width + i], zeros beyond `used` and beyond k; panel after panel. Along
// reads from[p * ld + i], across from[i * ld + p].
typedef void (*low_precision_pack)(size_t used, size_t width, size_t k, const void *from, size_t ld, uint32_t *to);

// n elements, less the zero point, as f32; a vector more may be written.
typedef void (*low_precision_widen)(const void *from, size_t n, int32_t zero_point, float *to);

typedef struct low_precision_kernels {
  size_t element_bytes, group;
  bool reads_a_in_place; // its words are what lies in memory
  uint32_t ones;         // integers: the word whose elements are all 1
  size_t rows, columns;  // of the full tile

  void (*tile[low_precision_most_rows + 1])(const low_precision_tile *tile);

  // k elements of a row of A as words, the last padded with zeros; a vector more may be written.
  void (*words_of_a)(const void *row, size_t k, uint32_t *words);
  low_precision_pack pack_a_along; // rows of A that is stored as (k, m)
  low_precision_pack pack_b_along, pack_b_across;

  // Sums to C through the epilogue, which is not NULL. C is f32, or (narrow) of the element type.
  void (*finish)(const matmul_tile *tile, size_t rows, float *sums);
  void (*finish_narrow)(const matmul_tile *tile, size_t rows, float *sums);

  // Integers: corrects sums in place; puts them into C; and makes them f32, times the factors of its row (a) and column
  // (b), which go through the epilogue.
  void (*correct)(const low_precision_correction *by, size_t rows, uint32_t *sums);
  void (*finish_integers)(const matmul_tile *tile, size_t rows, const uint32_t *sums);
  void (*finish_scaled)(const matmul_tile *tile, size_t rows, uint32_t *sums, const float *scale_a,
                        const float *scale_b);

  // Products of a batch with m n k up to most_widened become f32, and are multiplied by these kernels. `narrow` takes
  // n results from there, to 16 bits, or in place to integers.
  double most_widened;
  const matmul_kernels *wide;
  low_precision_widen widen_a, widen_b;
  void (*narrow)(const void *from, size_t n, void *to, bool streaming);
} low_precision_kernels;

#endif
