// Distances between sparse rows.
#include "operators.h"

static int measure(farro_metric metric, const void *const *in, void *out) {
  const farro_csr_f32 x = {sizes.rows, sizes.columns, in[0], in[1], in[2]};
  const farro_csr_f32 y = {sizes.count, sizes.columns, in[3], in[4], in[5]};
  return CALL(farro_sparse_distances_f32)(metric, &x, &y, out, sizes.count);
}

static int euclidean(const void *const *in, void *out) { return measure(FARRO_METRIC_EUCLIDEAN, in, out); }
static int cosine(const void *const *in, void *out) { return measure(FARRO_METRIC_COSINE, in, out); }
static int manhattan(const void *const *in, void *out) { return measure(FARRO_METRIC_MANHATTAN, in, out); }
static int inner_product(const void *const *in, void *out) { return measure(FARRO_METRIC_INNER_PRODUCT, in, out); }

const farro_operator sparse_distance_operators[] = {
    {"sparse_euclidean", "farro_sparse_distances_f32", euclidean},
    {"sparse_cosine", "farro_sparse_distances_f32", cosine},
    {"sparse_manhattan", "farro_sparse_distances_f32", manhattan},
    {"sparse_inner_product", "farro_sparse_distances_f32", inner_product},
    {NULL, NULL, NULL},
};
