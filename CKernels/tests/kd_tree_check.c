// Trees of halves: the same neighbours, bit for bit, as the search through all rows.
#include "check.h"

#define CHECK_WITHIN(type, scalar)                                                                                     \
  static void check_within_##type(const farro_kd_tree *tree, const farro_neighbors_shape *shape,                       \
                                  const scalar *queries, const scalar *x, const scalar *distances, size_t k) {         \
    for (int squared = 0; squared < 2; squared++) {                                                                    \
      const double far = shape->base > 0 ? (double)distances[k / 2] : 1;                                               \
      const double radii[] = {-1, 0, far, squared ? far * far : far / 2};                                              \
      const farro_distance metric = {squared ? FARRO_METRIC_SQUARED_EUCLIDEAN : FARRO_METRIC_EUCLIDEAN, 0};            \
      for (int r = 0; r < 4; r++) {                                                                                    \
        farro_neighbor_lists *got = NULL, *right = NULL;                                                               \
        if (!isfinite(radii[r])) continue;                                                                             \
        farro_radius_neighbors_##type(metric, shape, queries, x, radii[r], &right);                                    \
        EXPECT(farro_kd_tree_within_##type(tree, shape->queries, queries, shape->d, radii[r], squared, &got) ==        \
                   FARRO_OK,                                                                                           \
               "kd_tree_within_" #type);                                                                               \
        const size_t count = right->offsets[shape->queries];                                                           \
        EXPECT(memcmp(got->offsets, right->offsets, (shape->queries + 1) * sizeof(size_t)) == 0 &&                     \
                   memcmp(got->indices, right->indices, count * 8) == 0 &&                                             \
                   memcmp(got->distances, right->distances, count * sizeof(scalar)) == 0,                              \
               "kd_tree_within_" #type " of (%zu, %zu), radius %g", shape->base, shape->d, radii[r]);                  \
        farro_neighbor_lists_release(got), farro_neighbor_lists_release(right);                                        \
      }                                                                                                                \
    }                                                                                                                  \
  }

CHECK_WITHIN(f32, float)
CHECK_WITHIN(f64, double)

#define CHECK_TREE(type, scalar)                                                                                       \
  static void check_tree_##type(size_t n, size_t d, size_t leaf_size, size_t k, double scale) {                        \
    const size_t m = 37, ldx = d + n % 2;                                                                              \
    scalar *x = guarded_allocate((n ? (n - 1) * ldx + d : 0) * sizeof *x),                                             \
           *queries = guarded_allocate(m * d * sizeof *x);                                                             \
    fill_##type(x, n ? (n - 1) * ldx + d : 0), fill_##type(queries, m * d);                                            \
    for (size_t i = 0; i < n; i++)                                                                                     \
      for (size_t j = 0; j < d; j++) {                                                                                 \
        scalar *const at = x + i * ldx + j;                                                                            \
        if (i % 3 == 2) *at = x[(i - 1) * ldx + j]; /* equal rows */                                                   \
        if (i % 3 == 0) *at = (scalar)(floor((double)*at * 4) / 4);                                                    \
        *at *= (scalar)scale;                                                                                          \
      }                                                                                                                \
    for (size_t i = 0; i < m * d; i++)                                                                                 \
      queries[i] = i / d < n && i / d % 2 ? x[i / d * ldx + i % d] : queries[i] * (scalar)scale;                       \
    scalar *distances[3];                                                                                              \
    int64_t *indices[3];                                                                                               \
    for (int i = 0; i < 3; i++)                                                                                        \
      distances[i] = malloc((m * k + 1) * sizeof(scalar)), indices[i] = malloc((m * k + 1) * 8);                       \
    const farro_neighbors_shape shape = {m, n, d, d, ldx, NULL};                                                       \
    const farro_distance metric = {FARRO_METRIC_EUCLIDEAN, 0};                                                         \
    farro_nearest_neighbors_##type(metric, &shape, queries, x, k, distances[2], indices[2]);                           \
    for (int threads = 1; threads <= 2; threads++) {                                                                   \
      farro_kd_tree *tree = NULL;                                                                                      \
      farro_set_local_threads(threads, NULL);                                                                          \
      EXPECT(farro_kd_tree_build_##type(n, d, x, ldx, leaf_size, &tree) == FARRO_OK, "kd_tree_build_" #type);          \
      EXPECT(farro_kd_tree_nearest_##type(tree, m, queries, d, k, false, distances[0], indices[0]) == FARRO_OK,        \
             "kd_tree_nearest_" #type);                                                                                \
      check_within_##type(tree, &shape, queries, x, distances[2], k);                                                  \
      scalar *rows = guarded_allocate(n * d * sizeof *rows);                                                           \
      EXPECT(farro_kd_tree_rows_##type(tree, rows) == FARRO_OK, "kd_tree_rows_" #type);                                \
      for (size_t i = 0; i < n; i++)                                                                                   \
        EXPECT(memcmp(rows + i * d, x + i * ldx, d * sizeof *x) == 0, "kd_tree_rows_" #type ": row %zu", i);           \
      guarded_free(rows, n * d * sizeof *rows);                                                                        \
      farro_kd_tree_release(tree);                                                                                     \
      EXPECT(memcmp(distances[0], distances[2], m * k * sizeof(scalar)) == 0 &&                                        \
                 memcmp(indices[0], indices[2], m * k * 8) == 0,                                                       \
             "kd_tree_nearest_" #type " of (%zu, %zu), leaves of %zu, %zu neighbours", n, d, leaf_size, k);            \
    }                                                                                                                  \
    farro_set_local_threads(0, NULL);                                                                                  \
    guarded_free(x, (n ? (n - 1) * ldx + d : 0) * sizeof *x), guarded_free(queries, m * d * sizeof *x);                \
    for (int i = 0; i < 3; i++) free(distances[i]), free(indices[i]);                                                  \
  }

CHECK_TREE(f32, float)
CHECK_TREE(f64, double)

void check_kd_tree(void) {
  static const size_t dimensions[] = {1, 2, 3, 5, 17, 40, 90}, leaves[] = {1, 4, 30, 1000}, counts[] = {1, 5, 33};
  for (size_t i = 0; i < tail_size_count; i++) {
    const size_t n = tail_sizes[i];
    check_tree_f32(n, dimensions[i % 7], leaves[i % 4], counts[i % 3], 1);
    check_tree_f64(n, dimensions[i % 7], leaves[i % 4], counts[i % 3], 1);
  }
  for (size_t i = 0; i < 7; i++) {
    check_tree_f32(3000, dimensions[i], 7, 6, i % 2 ? 0x1p-74 : 0x1p60);
    check_tree_f64(3000, dimensions[i], 7, 6, i % 2 ? 0x1p-530 : 0x1p500);
  }
  farro_kd_tree *tree = NULL;
  EXPECT(farro_kd_tree_build_f32(3, 0, NULL, 0, 30, &tree) == FARRO_ERROR_ARGUMENT, "a tree without columns");
  EXPECT(farro_kd_tree_build_f64((size_t)UINT32_MAX, 1, NULL, 1, 30, &tree) == FARRO_ERROR_ARGUMENT,
         "a tree of more rows than are numbered");
}
