#include "check.h"

#define CHECK_HISTOGRAM(type, scalar)                                                                                  \
  static void check_bins_##type(size_t n, size_t bins, scalar low, scalar high, bool is_equal) {                       \
    const size_t bytes = n * sizeof(scalar), edge_bytes = (bins + 1) * sizeof(scalar);                                 \
    scalar *x = guarded_allocate(bytes), *weights = guarded_allocate(bytes), *edges = guarded_allocate(edge_bytes);    \
    int64_t *counts = guarded_allocate(bins * 8), *exact = guarded_allocate(bins * 8);                                 \
    double *sums = guarded_allocate(bins * 8), *exact_sums = guarded_allocate(bins * 8);                               \
    EXPECT(farro_histogram_edges_##type(bins, low, high, edges) == FARRO_OK, "histogram_edges_" #type " fails");       \
    for (size_t i = 0; !is_equal && i < bins / 2; i++) edges[i] = edges[i / 3];                                        \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const size_t kind = random_below(10);                                                                            \
      x[i] = kind < 5   ? low + (high - low) * (scalar)(random_unit() * 0.6 + 0.5)                                     \
             : kind < 9 ? edges[random_below(bins + 1)]                                                                \
                        : (scalar)(random_below(2)   ? NAN                                                             \
                                   : random_below(2) ? INFINITY                                                        \
                                                     : -INFINITY);                                                     \
      if (kind == 7) x[i] = (scalar)nextafter((double)x[i], 1e30);                                                     \
      if (kind == 8) x[i] = sizeof(scalar) == 4 ? (scalar)nextafterf((float)x[i], -1e30f) : x[i];                      \
      weights[i] = (scalar)random_unit();                                                                              \
    }                                                                                                                  \
    farro_histogram_reference_##type(n, x, weights, bins, edges, exact, exact_sums);                                   \
    farro_status status = is_equal ? farro_histogram_##type(n, x, bins, low, high, counts)                             \
                                   : farro_histogram_between_##type(n, x, bins, edges, counts);                        \
    EXPECT(status == FARRO_OK, "histogram_" #type " fails");                                                           \
    EXPECT(memcmp(counts, exact, bins * 8) == 0, "histogram_" #type " of %zu in %zu %s bins", n, bins,                 \
           is_equal ? "equal" : "given");                                                                              \
    status = is_equal ? farro_weighted_histogram_##type(n, x, weights, bins, low, high, sums)                          \
                      : farro_weighted_histogram_between_##type(n, x, weights, bins, edges, sums);                     \
    EXPECT(status == FARRO_OK, "weighted_histogram_" #type " fails");                                                  \
    for (size_t i = 0; i < bins; i++)                                                                                  \
      EXPECT(fabs(sums[i] - exact_sums[i]) <= (double)(exact[i] + 1) * (double)exact[i] * 0x1p-53,                     \
             "weighted_histogram_" #type " of %zu in %zu bins at %zu: %g, not %g", n, bins, i, sums[i],                \
             exact_sums[i]);                                                                                           \
    farro_set_local_threads(1, NULL);                                                                                  \
    is_equal ? farro_weighted_histogram_##type(n, x, weights, bins, low, high, exact_sums)                             \
             : farro_weighted_histogram_between_##type(n, x, weights, bins, edges, exact_sums);                        \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(sums, exact_sums, bins * 8) == 0, "weighted_histogram_" #type ": bits depend on threads");           \
    guarded_free(x, bytes), guarded_free(weights, bytes), guarded_free(edges, edge_bytes);                             \
    guarded_free(counts, bins * 8), guarded_free(exact, bins * 8);                                                     \
    guarded_free(sums, bins * 8), guarded_free(exact_sums, bins * 8);                                                  \
  }                                                                                                                    \
  static void check_all_bins_##type(size_t n, size_t bins) {                                                           \
    check_bins_##type(n, bins, 0, 1, true);                                                                            \
    check_bins_##type(n, bins, (scalar) - 0.7, (scalar)0.1, true);                                                     \
    check_bins_##type(n, bins, 1000000, 1000001, true); /* edges that coincide, in f32 */                              \
    check_bins_##type(n, bins, -1, 3, false);                                                                          \
  }

CHECK_HISTOGRAM(f32, float)
CHECK_HISTOGRAM(f64, double)

void check_histogram(void) {
  const size_t bins[] = {1, 2, 10, 63, 65, 300};
  for (size_t b = 0; b < sizeof bins / sizeof *bins; b++) {
    for (size_t i = 0; i < tail_size_count; i++) {
      check_all_bins_f32(tail_sizes[i], bins[b]);
      check_all_bins_f64(tail_sizes[i], bins[b]);
    }
    check_all_bins_f32(5003, bins[b]);
    check_all_bins_f64(5003, bins[b]);
  }
  check_all_bins_f32(200003, 37); // several blocks
  check_all_bins_f64(200003, 2000);
  int64_t count = 7;
  const float x[2] = {1, 2}, edges[2] = {2, 1};
  EXPECT(farro_histogram_f32(2, x, 1, 1, 1, &count) == FARRO_ERROR_ARGUMENT, "an empty range");
  EXPECT(farro_histogram_f32(2, x, 0, 0, 1, &count) == FARRO_ERROR_ARGUMENT, "no bins");
  EXPECT(farro_histogram_f32(2, x, 1, 0, (float)INFINITY, &count) == FARRO_ERROR_ARGUMENT, "an infinite range");
  EXPECT(farro_histogram_between_f32(2, x, 1, edges, &count) == FARRO_ERROR_ARGUMENT, "edges that descend");
  EXPECT(count == 7, "a refused histogram wrote");
}
