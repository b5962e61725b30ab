// Distances between all rows of two matrices, and between rows of the same number.
#include "operators.h"

static int pairwise(farro_distance distance, const void *const *in, void *out) {
  const size_t d = sizes.columns;
  return CALL(farro_pairwise_distances_f32)(distance, sizes.rows, sizes.count, d, in[0], d, in[1], d, out, sizes.count);
}

static int paired(farro_distance distance, const void *const *in, void *out) {
  const size_t d = sizes.columns;
  return CALL(farro_paired_distances_f32)(distance, sizes.rows, d, in[0], d, in[1], d, out);
}

#define DISTANCE(name, form, metric, p)                                                                                \
  static int form##_##name(const void *const *in, void *out) { return form((farro_distance){metric, p}, in, out); }

DISTANCE(euclidean, pairwise, FARRO_METRIC_EUCLIDEAN, 0)
DISTANCE(squared, pairwise, FARRO_METRIC_SQUARED_EUCLIDEAN, 0)
DISTANCE(cosine, pairwise, FARRO_METRIC_COSINE, 0)
DISTANCE(manhattan, pairwise, FARRO_METRIC_MANHATTAN, 0)
DISTANCE(chebyshev, pairwise, FARRO_METRIC_CHEBYSHEV, 0)
DISTANCE(minkowski3, pairwise, FARRO_METRIC_MINKOWSKI, 3)
DISTANCE(minkowski_2_5, pairwise, FARRO_METRIC_MINKOWSKI, 2.5)
DISTANCE(correlation, pairwise, FARRO_METRIC_CORRELATION, 0)
DISTANCE(canberra, pairwise, FARRO_METRIC_CANBERRA, 0)
DISTANCE(bray_curtis, pairwise, FARRO_METRIC_BRAY_CURTIS, 0)
DISTANCE(jensen_shannon, pairwise, FARRO_METRIC_JENSEN_SHANNON, 0)
DISTANCE(haversine, pairwise, FARRO_METRIC_HAVERSINE, 0)
DISTANCE(euclidean, paired, FARRO_METRIC_EUCLIDEAN, 0)
DISTANCE(manhattan, paired, FARRO_METRIC_MANHATTAN, 0)
DISTANCE(cosine, paired, FARRO_METRIC_COSINE, 0)

const farro_operator distance_operators[] = {
    {"distance_euclidean", "farro_pairwise_distances_f32", pairwise_euclidean},
    {"distance_squared", "farro_pairwise_distances_f32", pairwise_squared},
    {"distance_cosine", "farro_pairwise_distances_f32", pairwise_cosine},
    {"distance_manhattan", "farro_pairwise_distances_f32", pairwise_manhattan},
    {"distance_chebyshev", "farro_pairwise_distances_f32", pairwise_chebyshev},
    {"distance_minkowski3", "farro_pairwise_distances_f32", pairwise_minkowski3},
    {"distance_minkowski_2_5", "farro_pairwise_distances_f32", pairwise_minkowski_2_5},
    {"distance_correlation", "farro_pairwise_distances_f32", pairwise_correlation},
    {"distance_canberra", "farro_pairwise_distances_f32", pairwise_canberra},
    {"distance_bray_curtis", "farro_pairwise_distances_f32", pairwise_bray_curtis},
    {"distance_jensen_shannon", "farro_pairwise_distances_f32", pairwise_jensen_shannon},
    {"distance_haversine", "farro_pairwise_distances_f32", pairwise_haversine},
    {"paired_euclidean", "farro_paired_distances_f32", paired_euclidean},
    {"paired_manhattan", "farro_paired_distances_f32", paired_manhattan},
    {"paired_cosine", "farro_paired_distances_f32", paired_cosine},
    {NULL, NULL, NULL},
};
