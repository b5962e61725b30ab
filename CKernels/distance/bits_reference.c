// Distances between rows of bits as their definitions read, and the nearest rows by insertion.
#include "include/bit_distance.h"

static bool bit_of(const uint8_t *row, size_t i) { return row[i / 8] >> i % 8 & 1; }

typedef union {
  int32_t count;
  float ratio;
} distance;

static distance distance_of(farro_bit_metric metric, size_t bytes, const uint8_t *x, const uint8_t *y) {
  uint64_t differences = 0, both = 0, either = 0;
  for (size_t i = 0; i < 8 * bytes; i++) {
    const bool a = bit_of(x, i), b = bit_of(y, i);
    differences += a != b, both += a && b, either += a || b;
  }
  if (metric == FARRO_BIT_METRIC_HAMMING) return (distance){.count = (int32_t)differences};
  const uint64_t all = metric == FARRO_BIT_METRIC_JACCARD ? either : either + both;
  return (distance){.ratio = all == 0 ? 0 : (float)((double)differences / (double)all)};
}

static bool is_nearer(farro_bit_metric metric, distance a, distance b) {
  return metric == FARRO_BIT_METRIC_HAMMING ? a.count < b.count : a.ratio < b.ratio;
}

farro_status farro_pairwise_bit_distances_reference(farro_bit_metric metric, size_t m, size_t n, size_t bytes,
                                                    const uint8_t *x, size_t ldx, const uint8_t *y, size_t ldy,
                                                    void *out, size_t ld_out) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++)
      ((distance *)out)[i * ld_out + j] = distance_of(metric, bytes, x + i * ldx, y + j * ldy);
  return FARRO_OK;
}

farro_status farro_bit_neighbors_reference(farro_bit_metric metric, size_t m, size_t n, size_t bytes, const uint8_t *x,
                                           size_t ldx, const uint8_t *y, size_t ldy, size_t k, void *distances,
                                           int64_t *indices) {
  const distance farthest =
      metric == FARRO_BIT_METRIC_HAMMING ? (distance){.count = INT32_MAX} : (distance){.ratio = __builtin_inff()};
  for (size_t i = 0; i < m; i++) {
    distance *nearest = (distance *)distances + i * k;
    int64_t *found = indices + i * k;
    for (size_t j = 0; j < k; j++) nearest[j] = farthest, found[j] = -1;
    for (size_t j = 0; j < n; j++) {
      const distance d = distance_of(metric, bytes, x + i * ldx, y + j * ldy);
      if (!is_nearer(metric, d, nearest[k - 1])) continue;
      size_t place = k - 1;
      for (; place > 0 && is_nearer(metric, d, nearest[place - 1]); place--)
        nearest[place] = nearest[place - 1], found[place] = found[place - 1];
      nearest[place] = d, found[place] = (int64_t)j;
    }
  }
  return FARRO_OK;
}
