// The table that joins the entries of inverted lists to their kernels.
#ifndef FARRO_LISTS_LISTS_H
#define FARRO_LISTS_LISTS_H

#include <stddef.h>
#include <stdint.h>

#include "include/lists.h"

// Product codes of a block: pairs of subspaces one after the other, 32 bytes each. The byte of row v of the block is
// the one at 2 (v mod 16) + v / 16, so that the even bytes, summed as the low halves of 16-bit words, are rows 0 to 15
// in order, and the odd ones the others. It holds the code of the pair's first subspace in its low half. Pairs are a
// multiple of list_pairs: what a vector of 64 bytes holds.
enum {
  list_pairs = 2,
  list_codewords = 16,
  list_table_bytes = 64, // for each pair, as laid out for the vectors of an instruction set, at most
};

static inline size_t list_pair_count(size_t subspaces) {
  return (subspaces + 2 * list_pairs - 1) / (2 * list_pairs) * list_pairs;
}

static inline size_t list_byte_of(size_t row) { return row % 16 * 2 + row / 16; }

typedef struct lists_kernels {
  // keys[q][i]: |x - y|^2, or -x.y where `products`, of query queries[q] and row i: bit for bit as row_kernels.measure.
  void (*keys)(bool products, size_t d, const float *const queries[2], const float *rows, size_t count,
               float *const keys[2]);

  // keys[i] = base + terms[i] + factor sums[i]
  void (*estimate)(size_t count, const int32_t *sums, const float *terms, float factor, float base, float *keys);

  // Which of the keys are no larger than the limit, and these keys; returns how many. There must be room for `count`
  // and 16 more of either.
  size_t (*select)(size_t count, const float *keys, float limit, uint32_t *places, float *near);

  // Moves the nearest of some keys and their numbers to the front, with all that are no farther than *limit, and
  // returns how many: from `least`, which `count` is no less than, to `most`, or more where keys are equal. There must
  // be room for 16 more of either.
  size_t (*keep_nearest)(float *keys, uint32_t *numbers, size_t count, size_t least, size_t most, float *limit);

  // The select() of base + terms[i] + factor sums[i], where sums[i] are the entries that the codes of row i look up.
  size_t (*scan_tables)(size_t count, size_t pairs, const uint8_t *codes, const uint8_t *tables, const float *terms,
                        float factor, float base, float limit, uint32_t *places, float *near);

  // Entries of 7 bits for products, (subspaces, 16): step entry + the least of the 16 is a product. Answers the
  // step, and the sum of the minima.
  void (*quantize_tables)(size_t subspaces, const float *products, uint8_t *plain, float *step, float *minima);

  // Lays out tables of 16 bytes for the vectors of scan_tables.
  void (*arrange_tables)(size_t pairs, const uint8_t *plain, uint8_t *tables);

  // products[j][i]: x . codeword i, of piece j of x, which has `width` elements.
  void (*codeword_products)(size_t subspaces, size_t width, const float *x, const float *codebooks, float *products);

  // codes[j]: the nearest codeword of piece j of x, the first of equally near ones.
  void (*encode)(size_t subspaces, size_t width, const float *x, const float *codebooks, uint8_t *codes);
} lists_kernels;

#endif
