// Nearest neighbours, and iterations of k-means.
#include "operators.h"

enum { iterations = 20 }; // as families/neighbors.py has it

static int nearest(farro_metric metric, const void *const *in, void *out) {
  const size_t d = sizes.columns;
  const farro_neighbors_shape shape = {
      .queries = sizes.rows, .base = sizes.count, .d = d, .ld_queries = d, .ld_base = d};
  is_first_call(sizes.rows * sizes.k * sizeof(int64_t));
  return CALL(farro_nearest_neighbors_f32)((farro_distance){metric, 0}, &shape, in[0], in[1], sizes.k, out, space);
}

static int squared(const void *const *in, void *out) { return nearest(FARRO_METRIC_SQUARED_EUCLIDEAN, in, out); }
static int product(const void *const *in, void *out) { return nearest(FARRO_METRIC_INNER_PRODUCT, in, out); }
static int cosine(const void *const *in, void *out) { return nearest(FARRO_METRIC_COSINE, in, out); }

static int kmeans(const void *const *in, void *out) {
  const size_t n = sizes.rows, d = sizes.columns, k = sizes.k;
  is_first_call(n * sizeof(int32_t) + k * (d * (sizeof(float) + sizeof(double)) + sizeof(double)) + 64);
  double *sums = space, *weights = sums + k * d;
  float *centers = (float *)(weights + k);
  const farro_assignment_shape shape = {.n = n, .d = d, .k = k, .ldx = d, .ld_centers = d};
  farro_assignment a = {.labels = (int32_t *)(centers + k * d), .sums = sums, .weights = weights};
  memcpy(centers, in[1], k * d * sizeof(float));
  for (int i = 0; i <= iterations; i++) { // the last tells the inertia
    if (i == iterations) a.sums = a.weights = NULL;
    const int status = CALL(farro_assign_f32)(&shape, in[0], centers, NULL, &a);
    if (status) return status;
    for (size_t j = 0; i < iterations && j < k; j++)
      for (size_t l = 0; weights[j] > 0 && l < d; l++) centers[j * d + l] = (float)(sums[j * d + l] / weights[j]);
  }
  *(float *)out = (float)a.inertia;
  return 0;
}

const farro_operator neighbor_operators[] = {
    {"neighbors_squared", "farro_nearest_neighbors_f32", squared},
    {"neighbors_product", "farro_nearest_neighbors_f32", product},
    {"neighbors_cosine", "farro_nearest_neighbors_f32", cosine},
    {"kmeans", "farro_assign_f32", kmeans},
    {NULL, NULL, NULL},
};
