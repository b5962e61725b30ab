#include "check.h"

typedef struct {
  size_t m, n, bytes, pad; // rows lie pad bytes farther apart than they are long, rows of out pad elements
  int density;             // of 16 bytes, those that are not 0: few make ties
} problem;

static uint8_t *random_rows(size_t bytes, int density) {
  uint8_t *rows = guarded_allocate(bytes);
  for (size_t i = 0; i < bytes; i++) rows[i] = (int)random_below(16) < density ? (uint8_t)random_below(256) : 0;
  return rows;
}

// All results are exact, or the only float nearest to the exact one.
static void check_problem(farro_bit_metric metric, problem p) {
  const size_t ld = p.bytes + p.pad, ld_out = p.n + p.pad;
  const size_t x_bytes = p.m ? (p.m - 1) * ld + p.bytes : 0, y_bytes = p.n ? (p.n - 1) * ld + p.bytes : 0;
  const size_t out_bytes = 4 * (p.m ? (p.m - 1) * ld_out + p.n : 0), pairs = p.m < p.n ? p.m : p.n;
  uint8_t *x = random_rows(x_bytes, p.density), *y = random_rows(y_bytes, p.density);
  int32_t *out = guarded_allocate(out_bytes), *expected = guarded_allocate(out_bytes);
  int32_t *paired = guarded_allocate(4 * pairs);
  memset(out, 0x5a, out_bytes), memset(expected, 0x5a, out_bytes);
  const char *name = farro_bit_metric_name(metric);
  farro_status status = farro_pairwise_bit_distances(metric, p.m, p.n, p.bytes, x, ld, y, ld, out, ld_out);
  farro_pairwise_bit_distances_reference(metric, p.m, p.n, p.bytes, x, ld, y, ld, expected, ld_out);
  EXPECT(status == FARRO_OK && memcmp(out, expected, out_bytes) == 0, "%s (%zu, %zu, %zu) + %zu: status %d", name, p.m,
         p.n, p.bytes, p.pad, status);
  status = farro_paired_bit_distances(metric, pairs, p.bytes, x, ld, y, ld, paired);
  bool same = status == FARRO_OK;
  for (size_t i = 0; i < pairs; i++) same = same && paired[i] == expected[i * ld_out + i];
  EXPECT(same, "%s, %zu pairs of %zu bytes: status %d", name, pairs, p.bytes, status);
  if (p.m > 0 && p.n > 0) {
    status = farro_paired_bit_distances(metric, pairs, p.bytes, x, 0, y, ld, paired);
    EXPECT(status == FARRO_OK && memcmp(paired, expected, 4 * pairs) == 0, "%s, one row and %zu of %zu bytes", name,
           pairs, p.bytes);
  }
  guarded_free(x, x_bytes), guarded_free(y, y_bytes), guarded_free(paired, 4 * pairs);
  guarded_free(out, out_bytes), guarded_free(expected, out_bytes);
}

static void check_bit_neighbors(farro_bit_metric metric, problem p, size_t k) {
  const size_t ld = p.bytes + p.pad, count = p.m * k;
  const size_t x_bytes = p.m ? (p.m - 1) * ld + p.bytes : 0, y_bytes = p.n ? (p.n - 1) * ld + p.bytes : 0;
  uint8_t *x = random_rows(x_bytes, p.density), *y = random_rows(y_bytes, p.density);
  int32_t *distances = guarded_allocate(4 * count), *expected = guarded_allocate(4 * count);
  int64_t *indices = guarded_allocate(8 * count), *exactly = guarded_allocate(8 * count);
  farro_bit_neighbors_reference(metric, p.m, p.n, p.bytes, x, ld, y, ld, k, expected, exactly);
  for (int32_t threads = 0; threads < 2; threads++) {
    farro_set_local_threads(threads, NULL);
    memset(distances, 0x5a, 4 * count), memset(indices, 0x5a, 8 * count);
    const farro_status status = farro_bit_neighbors(metric, p.m, p.n, p.bytes, x, ld, y, ld, k, distances, indices);
    EXPECT(status == FARRO_OK && memcmp(distances, expected, 4 * count) == 0 &&
               memcmp(indices, exactly, 8 * count) == 0,
           "%zu %s neighbors (%zu, %zu, %zu) + %zu on %d threads: status %d", k, farro_bit_metric_name(metric), p.m,
           p.n, p.bytes, p.pad, threads, status);
  }
  farro_set_local_threads(0, NULL);
  guarded_free(x, x_bytes), guarded_free(y, y_bytes);
  guarded_free(distances, 4 * count), guarded_free(expected, 4 * count);
  guarded_free(indices, 8 * count), guarded_free(exactly, 8 * count);
}

static double bit_distance_value(farro_bit_metric metric, int32_t distance) {
  float value;
  memcpy(&value, &distance, sizeof value);
  return metric == FARRO_BIT_METRIC_HAMMING ? distance : (double)value;
}

// Against all distances of the reference: nothing within the radius is missed, and the order is total.
static void check_bit_radius(farro_bit_metric metric, problem p, double radius) {
  const size_t ld = p.bytes + p.pad, x_bytes = p.m ? (p.m - 1) * ld + p.bytes : 0;
  const size_t y_bytes = p.n ? (p.n - 1) * ld + p.bytes : 0, out_bytes = 4 * p.m * p.n;
  uint8_t *x = random_rows(x_bytes, p.density), *y = random_rows(y_bytes, p.density);
  int32_t *exact = farro_allocate(out_bytes);
  farro_pairwise_bit_distances_reference(metric, p.m, p.n, p.bytes, x, ld, y, ld, exact, p.n);
  for (int32_t threads = 0; threads < 2; threads++) {
    farro_set_local_threads(threads, NULL);
    farro_neighbor_lists *lists = NULL;
    const farro_status status = farro_bit_radius_neighbors(metric, p.m, p.n, p.bytes, x, ld, y, ld, radius, &lists);
    EXPECT(status == FARRO_OK && lists && lists->queries == p.m, "%s within %g: status %d",
           farro_bit_metric_name(metric), radius, status);
    for (size_t i = 0; lists && i < p.m; i++) {
      size_t within = 0;
      for (size_t j = 0; j < p.n; j++) within += bit_distance_value(metric, exact[i * p.n + j]) <= radius;
      const int32_t *distances = lists->distances;
      bool same = lists->offsets[i + 1] - lists->offsets[i] == within;
      for (size_t j = lists->offsets[i]; same && j < lists->offsets[i + 1]; j++) {
        const int64_t row = lists->indices[j];
        same = row >= 0 && (size_t)row < p.n && distances[j] == exact[i * p.n + (size_t)row];
        if (j == lists->offsets[i]) continue;
        same = same &&
               (distances[j - 1] < distances[j] || (distances[j - 1] == distances[j] && lists->indices[j - 1] < row));
      }
      EXPECT(same, "%s within %g of row %zu (%zu, %zu, %zu) + %zu on %d threads", farro_bit_metric_name(metric), radius,
             i, p.m, p.n, p.bytes, p.pad, threads);
    }
    farro_neighbor_lists_release(lists);
  }
  farro_set_local_threads(0, NULL);
  farro_release(exact, out_bytes);
  guarded_free(x, x_bytes), guarded_free(y, y_bytes);
}

// Enough for all threads, and past the caches: the same bits as by one thread, and as by rows of x one at a time.
static void check_large(farro_bit_metric metric) {
  enum { m = 300, n = 30016, bytes = 9 };
  uint8_t *x = random_rows(m * bytes, 16), *y = random_rows(n * bytes, 16);
  const size_t size = 4 * (size_t)m * n;
  int32_t *out = farro_allocate(size), *serial = farro_allocate(size);
  farro_pairwise_bit_distances(metric, m, n, bytes, x, bytes, y, bytes, out, n);
  farro_set_local_threads(1, NULL);
  farro_pairwise_bit_distances(metric, m, n, bytes, x, bytes, y, bytes, serial, n);
  EXPECT(memcmp(out, serial, size) == 0, "%s: bits depend on threads", farro_bit_metric_name(metric));
  for (size_t i = 0; i < m; i++)
    farro_pairwise_bit_distances(metric, 1, n, bytes, x + i * bytes, bytes, y, bytes, serial + i * n, n);
  EXPECT(memcmp(out, serial, size) == 0, "%s: a row alone has other distances", farro_bit_metric_name(metric));
  farro_set_local_threads(0, NULL);
  farro_release(out, size), farro_release(serial, size);
  guarded_free(x, m * bytes), guarded_free(y, n * bytes);
}

// Ones against zeros, where sums of bytes grow fastest.
static void check_opposites(farro_bit_metric metric) {
  enum { m = 5, n = 3, bytes = 9001 };
  static uint8_t ones[m * bytes], zeros[n * bytes];
  int32_t out[m * n], expected[m * n], paired[n];
  memset(ones, 255, sizeof ones);
  farro_pairwise_bit_distances(metric, m, n, bytes, ones, bytes, zeros, bytes, out, n);
  farro_pairwise_bit_distances_reference(metric, m, n, bytes, ones, bytes, zeros, bytes, expected, n);
  farro_paired_bit_distances(metric, n, bytes, ones, bytes, zeros, bytes, paired);
  EXPECT(memcmp(out, expected, sizeof out) == 0, "%s of opposites", farro_bit_metric_name(metric));
  EXPECT(memcmp(paired, expected, sizeof paired) == 0, "%s of paired opposites", farro_bit_metric_name(metric));
}

static void check_arguments(void) {
  const uint8_t x[64] = {0};
  int32_t out[64];
  int64_t indices[64];
  const farro_bit_metric hamming = FARRO_BIT_METRIC_HAMMING;
  EXPECT(farro_pairwise_bit_distances(FARRO_BIT_METRIC_COUNT, 2, 2, 8, x, 8, x, 8, out, 2) == FARRO_ERROR_ARGUMENT,
         "an unknown metric");
  EXPECT(farro_pairwise_bit_distances(hamming, 2, 2, 8, x, 7, x, 8, out, 2) == FARRO_ERROR_ARGUMENT, "ldx < bytes");
  EXPECT(farro_pairwise_bit_distances(hamming, 2, 2, 8, x, 8, x, 8, out, 1) == FARRO_ERROR_ARGUMENT, "ld_out < n");
  EXPECT(farro_pairwise_bit_distances(hamming, 1, 1, (1 << 26) + 1, x, 1 << 27, x, 1 << 27, out, 1) ==
             FARRO_ERROR_ARGUMENT,
         "rows of too many bytes");
  EXPECT(farro_paired_bit_distances(hamming, 2, 8, x, 8, x, 7, out) == FARRO_ERROR_ARGUMENT, "ldy < bytes");
  EXPECT(farro_bit_neighbors(hamming, 1, 1, 8, x, 8, x, 8, 0, out, indices) == FARRO_ERROR_ARGUMENT, "k = 0");
  EXPECT(farro_bit_neighbors(hamming, 1, 1, 8, x, 8, x, 8, 1025, out, indices) == FARRO_ERROR_ARGUMENT, "k = 1025");
  EXPECT(farro_bit_neighbors(hamming, (size_t)-1, 1, 8, x, 8, x, 8, 1, out, indices) == FARRO_ERROR_ARGUMENT, "m = -1");
  farro_neighbor_lists *lists = NULL;
  EXPECT(farro_bit_radius_neighbors(hamming, 1, 1, 8, x, 8, x, 8, NAN, &lists) == FARRO_ERROR_ARGUMENT,
         "a radius of NaN");
  EXPECT(farro_bit_radius_neighbors(hamming, 2, 1, 8, x, 7, x, 8, 1, &lists) == FARRO_ERROR_ARGUMENT, "ldx < bytes");
}

void check_bit_distances(void) {
  const size_t bytes[] = {0, 1, 3, 4, 5, 8, 15, 16, 17, 31, 33, 64, 127, 130, 257},
               counts[] = {0, 1, 3, 4, 5, 7, 9, 33};
  for (int metric = 0; metric < FARRO_BIT_METRIC_COUNT; metric++) {
    for (size_t b = 0; b < sizeof bytes / sizeof *bytes; b++)
      for (size_t i = 0; i < tail_size_count; i++) {
        const size_t n = tail_sizes[i], m = counts[(i + b) % 8];
        check_problem((farro_bit_metric)metric, (problem){m, n, bytes[b], (i + b) % 3, 1 + 5 * (int)(i % 4)});
        check_bit_neighbors((farro_bit_metric)metric, (problem){m, n, bytes[b], b % 2, 1 + 5 * (int)(i % 4)},
                            1 + random_below(40));
        check_bit_radius((farro_bit_metric)metric, (problem){m, n, bytes[b], b % 2, 1 + 5 * (int)(i % 4)},
                         metric == FARRO_BIT_METRIC_HAMMING ? 0.5 + (double)(b * i % 40) : (double)(i % 9) / 8);
      }
    for (size_t k = 1; k <= 1024; k = 2 * k + 1 < 1024 || k == 1024 ? 2 * k + 1 : 1024)
      check_bit_neighbors((farro_bit_metric)metric, (problem){6, 3000, 6, 1, 3}, k);
    // Segments of y; rows of x one at a time; rows too long for panels; sums of bytes that are totalled on the way.
    check_bit_neighbors((farro_bit_metric)metric, (problem){5, 40000, 4, 0, 16}, 13);
    check_bit_neighbors((farro_bit_metric)metric, (problem){2, 40000, 4, 0, 16}, 13);
    check_bit_neighbors((farro_bit_metric)metric, (problem){5, 3, 17000, 3, 16}, 2);
    const double radii[] = {-1, -0.0, 0, 0.7, 1, 6, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof radii / sizeof *radii; i++)
      check_bit_radius((farro_bit_metric)metric, (problem){4, 900, 3, 0, 5}, radii[i]);
    const double some = metric == FARRO_BIT_METRIC_HAMMING ? 12 : 0.5;
    check_bit_radius((farro_bit_metric)metric, (problem){5, 40000, 4, 0, 16}, some);
    check_bit_radius((farro_bit_metric)metric, (problem){2, 40000, 4, 0, 16}, some);
    check_bit_radius((farro_bit_metric)metric, (problem){5, 3, 17000, 3, 16}, 1e5);
    check_problem((farro_bit_metric)metric, (problem){5, 3, 17000, 3, 16});
    check_problem((farro_bit_metric)metric, (problem){6, 37, 9000, 1, 16});
    check_opposites((farro_bit_metric)metric);
    check_large((farro_bit_metric)metric);
  }
  check_arguments();
}
