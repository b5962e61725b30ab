// Distances between rows of bits, and the nearest.
#include "operators.h"

static int hamming(const void *const *in, void *out) {
  const size_t bytes = sizes.columns, n = sizes.count;
  return CALL(farro_pairwise_bit_distances)(FARRO_BIT_METRIC_HAMMING, sizes.rows, n, bytes, in[0], bytes, in[1], bytes,
                                            out, n);
}

static int jaccard(const void *const *in, void *out) {
  const size_t bytes = sizes.columns, n = sizes.count;
  return CALL(farro_pairwise_bit_distances)(FARRO_BIT_METRIC_JACCARD, sizes.rows, n, bytes, in[0], bytes, in[1], bytes,
                                            out, n);
}

static int neighbors(const void *const *in, void *out) {
  const size_t bytes = sizes.columns;
  is_first_call(sizes.rows * sizes.k * sizeof(int64_t));
  return CALL(farro_bit_neighbors)(FARRO_BIT_METRIC_HAMMING, sizes.rows, sizes.count, bytes, in[0], bytes, in[1], bytes,
                                   sizes.k, out, space);
}

const farro_operator bit_operators[] = {
    {"bit_hamming", "farro_pairwise_bit_distances", hamming},
    {"bit_jaccard", "farro_pairwise_bit_distances", jaccard},
    {"bit_neighbors", "farro_bit_neighbors", neighbors},
    {NULL, NULL, NULL},
};
