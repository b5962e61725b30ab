#include "check.h"

// Neighbours as their definition reads: all distances in long double, and the k smallest by insertion.

typedef struct {
  size_t m, n, d, k, pad;
  double offset;   // of every coordinate
  size_t distinct; // rows of the base repeat after so many; 0: never
  bool keeps_some; // only rows whose number is no multiple of 3
} problem;

static const farro_metric metrics[] = {FARRO_METRIC_EUCLIDEAN, FARRO_METRIC_SQUARED_EUCLIDEAN, FARRO_METRIC_MANHATTAN,
                                       FARRO_METRIC_COSINE, FARRO_METRIC_INNER_PRODUCT};

static bool has_products(farro_metric metric) { return metric != FARRO_METRIC_MANHATTAN; }

// Smaller is nearer. Under emulation of arm64 a wide operation takes a microsecond, so that each is there once.
static long double key(farro_metric metric, size_t d, const double *x, const double *y) {
  long double sum = 0;
  if (metric != FARRO_METRIC_COSINE) {
    for (size_t k = 0; k < d; k++) {
      const long double a = x[k], b = y[k];
      sum += metric == FARRO_METRIC_INNER_PRODUCT ? -a * b
             : metric == FARRO_METRIC_MANHATTAN   ? fabsl(a - b)
                                                  : (a - b) * (a - b);
    }
    return sum;
  }
  long double xx = 0, yy = 0;
  for (size_t k = 0; k < d; k++) xx += (long double)x[k] * x[k], yy += (long double)y[k] * y[k];
  if (xx == 0 || yy == 0) return 1;
  const long double per_x = 1 / sqrtl(xx), per_y = 1 / sqrtl(yy);
  for (size_t k = 0; k < d; k++) {
    const long double difference = x[k] * per_x - y[k] * per_y;
    sum += difference * difference;
  }
  return sum / 2;
}

static long double bound(farro_metric metric, size_t d, double u, long double t, const double *x, const double *y) {
  long double products = 0;
  for (size_t k = 0; k < d; k++) products += fabsl((long double)x[k] * y[k]);
  switch (metric) {
  case FARRO_METRIC_INNER_PRODUCT:
    return (long double)(d + 3) * u * products;
  case FARRO_METRIC_COSINE:
    return (long double)(d + 9) * u * sqrtl(t) + (long double)((d + 4) * (d + 4)) * u * u;
  default:
    return (long double)(d + 4) * u * t;
  }
}

// The j-th answer must be a row that is wanted, at the distance told, no farther (but for rounding) than the j-th
// nearest; equal distances stand in the order of their rows, and no row comes twice.
static void check_answers(const char *name, farro_metric metric, const problem *p, double u, const double *x,
                          const double *y, const double *distances, const int64_t *indices) {
  long double *keys = malloc((p->n + 1) * sizeof *keys), *sorted = malloc((p->n + 1) * sizeof *sorted);
  bool *seen = malloc(p->n + 1);
  for (size_t i = 0; i < p->m; i++) {
    size_t wanted = 0, wrong = 0;
    memset(seen, 0, p->n + 1);
    for (size_t j = 0; j < p->n; j++) {
      keys[j] = key(metric, p->d, x + i * p->d, y + j * p->d);
      if (p->keeps_some && j % 3 == 0) continue;
      size_t to = wanted++;
      for (; to > 0 && sorted[to - 1] > keys[j]; to--) sorted[to] = sorted[to - 1];
      sorted[to] = keys[j];
    }
    for (size_t j = 0; j < p->k; j++) {
      const int64_t row = indices[i * p->k + j];
      const double distance = distances[i * p->k + j];
      if (j >= wanted) {
        wrong += row != -1 || !isinf(distance) || (distance < 0) != (metric == FARRO_METRIC_INNER_PRODUCT);
        continue;
      }
      if (row < 0 || row >= (int64_t)p->n || seen[row] || (p->keeps_some && row % 3 == 0)) {
        wrong++;
        continue;
      }
      seen[row] = true;
      const double *at = y + (size_t)row * p->d;
      const long double told = metric == FARRO_METRIC_INNER_PRODUCT ? -distance
                               : metric == FARRO_METRIC_EUCLIDEAN   ? (long double)distance * distance
                                                                    : distance;
      const long double most = bound(metric, p->d, u, keys[row], x + i * p->d, at);
      const long double more = metric == FARRO_METRIC_EUCLIDEAN ? 3 * u * keys[row] : 0;
      wrong += !(fabsl(told - keys[row]) <= most + more);
      wrong += !(keys[row] <= sorted[j] + 2 * most);
      if (j > 0) {
        const double before = distances[i * p->k + j - 1];
        const bool is_nearer = metric == FARRO_METRIC_INNER_PRODUCT ? before > distance : before < distance;
        const bool is_tie = before == distance && (metric == FARRO_METRIC_EUCLIDEAN || indices[i * p->k + j - 1] < row);
        wrong += !is_nearer && !is_tie;
      }
    }
    EXPECT(wrong == 0, "%s: m %zu, n %zu, d %zu, k %zu, offset %g: query %zu has %zu wrong answers", name, p->m, p->n,
           p->d, p->k, p->offset, i, wrong);
  }
  free(keys), free(sorted), free(seen);
}

// bf16 of random numbers; int8 from -127 to 127.
static uint16_t upper_half(float v) {
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  return (uint16_t)(bits >> 16);
}
static double value_of_bf16(uint16_t v) {
  const uint32_t bits = (uint32_t)v << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return (double)value;
}

#define SAME(v) ((double)(v))
#define MAKE_F32(v) ((float)(v))
#define MAKE_F64(v) (v)
#define MAKE_BF16(v) upper_half((float)(v))
#define MAKE_I8(v) ((int8_t)((v) * 127 > 127 ? 127 : (v) * 127 < -127 ? -127 : (v) * 127))

// All within the middle of the exact distances of the first query, but for those that rounding may move across.
#define CHECK_TYPE(type, element, scalar, unit, make, value)                                                           \
  static void check_radius_##type(farro_metric metric, const problem *p, const farro_neighbors_shape *shape,           \
                                  const scalar *queries, const element *base, const double *x, const double *y) {      \
    if (p->m == 0 || p->n == 0) return;                                                                                \
    const bool is_product = metric == FARRO_METRIC_INNER_PRODUCT, is_root = metric == FARRO_METRIC_EUCLIDEAN;          \
    const long double middle = key(metric, p->d, x, y + p->n / 2 * p->d);                                              \
    const double radius = (double)(is_product ? -middle : is_root ? sqrtl(middle) : middle);                           \
    farro_neighbor_lists *lists = NULL;                                                                                \
    const farro_status status =                                                                                        \
        farro_radius_neighbors_##type((farro_distance){metric, 0}, shape, queries, base, radius, &lists);              \
    EXPECT(status == FARRO_OK, "%s_" #type ": radius: status %d", farro_metric_name(metric), status);                  \
    if (!lists) return;                                                                                                \
    size_t wrong = lists->queries != p->m || lists->offsets[0] != 0;                                                   \
    bool *seen = malloc(p->n);                                                                                         \
    for (size_t i = 0; i < p->m; i++) {                                                                                \
      memset(seen, 0, p->n);                                                                                           \
      for (size_t j = lists->offsets[i]; j < lists->offsets[i + 1]; j++) {                                             \
        const int64_t row = lists->indices[j];                                                                         \
        const double distance = (double)((const scalar *)lists->distances)[j];                                         \
        wrong += row < 0 || row >= (int64_t)p->n || seen[row] || (p->keeps_some && row % 3 == 0);                      \
        seen[row] = true;                                                                                              \
        const long double t = key(metric, p->d, x + i * p->d, y + (size_t)row * p->d);                                 \
        const long double told = is_product ? -distance : is_root ? (long double)distance * distance : distance;       \
        wrong += !(fabsl(told - t) <=                                                                                  \
                   bound(metric, p->d, unit, t, x + i * p->d, y + (size_t)row * p->d) + (is_root ? 3 * unit * t : 0)); \
      }                                                                                                                \
      for (size_t j = 0; j < p->n; j++) {                                                                              \
        if (p->keeps_some && j % 3 == 0) continue;                                                                     \
        const long double t = key(metric, p->d, x + i * p->d, y + j * p->d);                                           \
        const long double most = 2 * bound(metric, p->d, unit, t, x + i * p->d, y + j * p->d) + 4 * unit * fabsl(t);   \
        wrong += seen[j] ? t > middle + most : t < middle - most;                                                      \
      }                                                                                                                \
    }                                                                                                                  \
    EXPECT(wrong == 0, "%s_" #type " (%zu, %zu, %zu) + %g: %zu wrong rows within %g", farro_metric_name(metric), p->m, \
           p->n, p->d, p->offset, wrong, radius);                                                                      \
    free(seen);                                                                                                        \
    farro_neighbor_lists_release(lists);                                                                               \
  }                                                                                                                    \
                                                                                                                       \
  static void check_problem_##type(farro_metric metric, problem p) {                                                   \
    const size_t ld = p.d + p.pad, count_x = p.m ? (p.m - 1) * ld + p.d : 0, count_y = p.n ? (p.n - 1) * ld + p.d : 0; \
    const size_t answers = p.m * p.k;                                                                                  \
    scalar *x = guarded_allocate(count_x * sizeof *x), *out = guarded_allocate(answers * sizeof *out);                 \
    scalar *serial = guarded_allocate(answers * sizeof *serial);                                                       \
    element *y = guarded_allocate(count_y * sizeof *y);                                                                \
    uint8_t *keep = guarded_allocate(p.n);                                                                             \
    int64_t *rows = guarded_allocate(answers * sizeof *rows), *serial_rows = guarded_allocate(answers * sizeof *rows); \
    double *wide_x = malloc((p.m * p.d + 1) * sizeof(double)), *wide_y = malloc((p.n * p.d + 1) * sizeof(double));     \
    double *wide = malloc((answers + 1) * sizeof(double));                                                             \
    for (size_t i = 0; i < count_x; i++) x[i] = (scalar)(random_unit() + p.offset);                                    \
    for (size_t i = 0; i < count_y; i++) y[i] = make(random_unit() + p.offset);                                        \
    if (p.distinct)                                                                                                    \
      for (size_t j = p.distinct; j < p.n; j++) memcpy(y + j * ld, y + j % p.distinct * ld, p.d * sizeof *y);          \
    for (size_t j = 0; j < p.n; j++) keep[j] = j % 3 != 0;                                                             \
    for (size_t i = 0; i < p.m; i++)                                                                                   \
      for (size_t k = 0; k < p.d; k++) wide_x[i * p.d + k] = (double)x[i * ld + k];                                    \
    for (size_t j = 0; j < p.n; j++)                                                                                   \
      for (size_t k = 0; k < p.d; k++) wide_y[j * p.d + k] = value(y[j * ld + k]);                                     \
    const farro_neighbors_shape shape = {                                                                              \
        .queries = p.m, .base = p.n, .d = p.d, .ld_queries = ld, .ld_base = ld, .keep = p.keeps_some ? keep : NULL};   \
    const farro_status status =                                                                                        \
        farro_nearest_neighbors_##type((farro_distance){metric, 0}, &shape, x, y, p.k, out, rows);                     \
    EXPECT(status == FARRO_OK, "%s_" #type ": status %d", farro_metric_name(metric), status);                          \
    for (size_t i = 0; i < answers; i++) wide[i] = (double)out[i];                                                     \
    check_answers(farro_metric_name(metric), metric, &p, unit, wide_x, wide_y, wide, rows);                            \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_nearest_neighbors_##type((farro_distance){metric, 0}, &shape, x, y, p.k, serial, serial_rows);               \
    farro_set_local_threads(0, NULL);                                                                                  \
    check_radius_##type(metric, &p, &shape, x, y, wide_x, wide_y);                                                     \
    const bool same =                                                                                                  \
        !memcmp(out, serial, answers * sizeof *out) && !memcmp(rows, serial_rows, answers * sizeof *rows);             \
    EXPECT(same, "%s_" #type " (%zu, %zu, %zu): other answers on one thread", farro_metric_name(metric), p.m, p.n,     \
           p.d);                                                                                                       \
    guarded_free(x, count_x * sizeof *x), guarded_free(y, count_y * sizeof *y);                                        \
    guarded_free(out, answers * sizeof *out), guarded_free(serial, answers * sizeof *serial), guarded_free(keep, p.n); \
    guarded_free(rows, answers * sizeof *rows), guarded_free(serial_rows, answers * sizeof *rows);                     \
    free(wide_x), free(wide_y), free(wide);                                                                            \
  }                                                                                                                    \
                                                                                                                       \
  static void check_metric_##type(farro_metric metric) {                                                               \
    for (size_t i = 0; i < tail_size_count; i++) {                                                                     \
      const size_t size = tail_sizes[i], other = tail_sizes[tail_size_count - 1 - i];                                  \
      if (size > 300) continue;                                                                                        \
      check_problem_##type(metric, (problem){.m = 7, .n = 50, .d = size, .k = 3, .pad = i % 3});                       \
      check_problem_##type(metric, (problem){.m = size, .n = 90, .d = 9, .k = 5, .pad = i % 2});                       \
      check_problem_##type(metric, (problem){.m = 6, .n = size, .d = 17, .k = other % 70 + 1, .keeps_some = i % 2});   \
      check_problem_##type(metric, (problem){.m = 1 + i % 4, .n = size, .d = 33, .k = 4, .keeps_some = i % 2});        \
    }                                                                                                                  \
    check_problem_##type(metric, (problem){.m = 40, .n = 3000, .d = 24, .k = 10});                                     \
    check_problem_##type(metric, (problem){.m = 3, .n = 3000, .d = 24, .k = 10});                                      \
    check_problem_##type(metric, (problem){.m = 9, .n = 2500, .d = 40, .k = 1, .distinct = 1});                        \
    check_problem_##type(metric, (problem){.m = 9, .n = 2500, .d = 40, .k = 300, .distinct = 37});                     \
    check_problem_##type(metric, (problem){.m = 5, .n = 2500, .d = 5, .k = 1024, .pad = 1});                           \
    check_problem_##type(metric, (problem){.m = 0, .n = 5, .d = 5, .k = 2});                                           \
    check_problem_##type(metric, (problem){.m = 5, .n = 0, .d = 5, .k = 2});                                           \
    check_problem_##type(metric, (problem){.m = 5, .n = 5, .d = 0, .k = 2});                                           \
    check_problem_##type(metric, (problem){.m = 5, .n = 5, .d = 5, .k = 0});                                           \
    if (sizeof(scalar) == sizeof(element) && has_products(metric)) {                                                   \
      check_problem_##type(metric, (problem){.m = 12, .n = 2000, .d = 30, .k = 8, .offset = 1e4});                     \
      check_problem_##type(metric, (problem){.m = 12, .n = 2000, .d = 30, .k = 8, .offset = 1e6});                     \
    }                                                                                                                  \
  }

CHECK_TYPE(f32, float, float, 0x1p-24, MAKE_F32, SAME)
CHECK_TYPE(f64, double, double, 0x1p-53, MAKE_F64, SAME)
CHECK_TYPE(bf16, uint16_t, float, 0x1p-24, MAKE_BF16, value_of_bf16)
CHECK_TYPE(i8, int8_t, float, 0x1p-24, MAKE_I8, SAME)

// NaN, infinity, and rows whose squares overflow, among ordinary ones, for few queries and for many.
static void check_specials(size_t m) {
  enum { n = 40, d = 8, k = 4 };
  float x[12 * d], y[n * d], distances[12 * k];
  int64_t rows[12 * k];
  fill_f32(x, m * d), fill_f32(y, n * d);
  y[3 * d + 2] = NAN, y[5 * d] = INFINITY;
  for (size_t j = 0; j < d; j++) y[7 * d + j] = 3e38f, y[9 * d + j] = 2.9e38f, x[j] = 3e38f;
  x[d] = NAN;
  const farro_neighbors_shape shape = {.queries = m, .base = n, .d = d, .ld_queries = d, .ld_base = d};
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
    const char *name = farro_metric_name(metrics[i]);
    farro_nearest_neighbors_f32((farro_distance){metrics[i], 0}, &shape, x, y, k, distances, rows);
    bool finds_nan = false;
    for (size_t j = 0; j < m * k; j++) finds_nan |= rows[j] == 3 || isnan(distances[j]);
    EXPECT(!finds_nan, "%s: a row with NaN is a neighbour", name);
    EXPECT(rows[k] == -1 && isinf(distances[k]), "%s: a query with NaN has a neighbour", name);
    if (metrics[i] == FARRO_METRIC_INNER_PRODUCT) continue;
    EXPECT(rows[0] == 7 && distances[0] == 0, "%s: the nearest of a huge row is %lld at %g", name, (long long)rows[0],
           (double)distances[0]);
  }
}

static void check_rows(void) {
  enum { n = 20, d = 11, ld = 13 };
  float x[d], y[n * ld], all[n], some[3];
  const uint32_t listed[] = {19, 0, 7};
  fill_f32(x, d), fill_f32(y, n * ld);
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
    if (!has_products(metrics[i])) continue;
    farro_distances_to_rows_f32((farro_distance){metrics[i], 0}, d, x, y, ld, n, NULL, all);
    farro_distances_to_rows_f32((farro_distance){metrics[i], 0}, d, x, y, ld, 3, listed, some);
    const bool same = some[0] == all[19] && some[1] == all[0] && some[2] == all[7];
    EXPECT(same, "%s: rows by their numbers", farro_metric_name(metrics[i]));
    double wide_x[d], row[d];
    for (size_t k = 0; k < d; k++) wide_x[k] = (double)x[k], row[k] = (double)y[7 * ld + k];
    const double t = (double)key(metrics[i], d, wide_x, row);
    const double told = metrics[i] == FARRO_METRIC_INNER_PRODUCT ? (double)-all[7]
                        : metrics[i] == FARRO_METRIC_EUCLIDEAN   ? (double)all[7] * (double)all[7]
                                                                 : (double)all[7];
    EXPECT(fabs(told - t) <= 40 * 0x1p-24 * (fabs(t) + 1), "%s: %g instead of %g", farro_metric_name(metrics[i]), told,
           t);
  }
}

// All rows as candidates, in any order, are searched as the base is; some are as the base with the others left out.
static void check_candidates(size_t n, size_t k) {
  enum { m = 5, d = 19, most = 300 };
  float x[m * d], y[most * d], expected[m * 40], distances[m * 40];
  int64_t rows[m * 40], found[m * 40], candidates[m * most];
  uint8_t kept[most];
  fill_f32(x, m * d), fill_f32(y, n * d);
  for (size_t i = 0; i + 7 < n; i += 5) memcpy(y + (i + 7) * d, y + i * d, d * sizeof *y);
  farro_neighbors_shape shape = {.queries = m, .base = n, .d = d, .ld_queries = d, .ld_base = d, .keep = kept};
  for (size_t metric = 0; metric < 2 * sizeof metrics / sizeof *metrics; metric++) {
    const farro_distance distance = {metrics[metric / 2], 0};
    if (!has_products(distance.metric)) continue;
    for (size_t j = 0; j < n; j++) kept[j] = metric % 2 == 0 || j % 3 != 0;
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < n; j++) {
        const size_t row = (j * 7 + i) % n; // n is not a multiple of 7
        candidates[i * n + j] = kept[row] ? (int64_t)row : -1;
      }
    farro_nearest_neighbors_f32(distance, &shape, x, y, k, expected, rows);
    const farro_status status =
        farro_nearest_candidates_f32(distance, &shape, x, y, n, candidates, k, distances, found);
    EXPECT(status == FARRO_OK && memcmp(rows, found, m * k * sizeof *rows) == 0 &&
               memcmp(expected, distances, m * k * sizeof *distances) == 0,
           "%s: %zu of %zu candidates, status %d", farro_metric_name(distance.metric), k, n, status);
  }
}

// Rows of extreme magnitude that point the same way, or the other: distances are equal, and indices decide.
static void check_equal_angles(size_t m) {
  enum { n = 100 };
  float x[12], y[n], distances[12 * n];
  int64_t rows[12 * n];
  for (size_t i = 0; i < n; i++) y[i] = (i % 2 ? 1e30f : -1e-30f) * (1 + random_unit() / 2);
  for (size_t i = 0; i < m; i++) x[i] = 3e37f * (1 + random_unit() / 2);
  const farro_neighbors_shape shape = {.queries = m, .base = n, .d = 1, .ld_queries = 1, .ld_base = 1};
  farro_nearest_neighbors_f32((farro_distance){FARRO_METRIC_COSINE, 0}, &shape, x, y, n, distances, rows);
  bool in_order = true;
  for (size_t i = 1; i < m * n; i++)
    in_order = in_order && (i % n == 0 || distances[i - 1] < distances[i] ||
                            (distances[i - 1] == distances[i] && rows[i - 1] < rows[i]));
  EXPECT(in_order && distances[n - 1] == 2, "%zu queries: equal angles are not in the order of indices", m);
}

// Products that are infinite, and radii.
static void check_infinite_products(size_t m) {
  enum { n = 40, d = 3 };
  float x[12 * d], y[n * d];
  fill_f32(x, m * d), fill_f32(y, n * d);
  for (size_t i = 0; i < m; i++) x[i * d] = 1;
  y[7 * d] = INFINITY, y[8 * d] = -INFINITY;
  const farro_neighbors_shape shape = {.queries = m, .base = n, .d = d, .ld_queries = d, .ld_base = d};
  const double radii[] = {(double)INFINITY, 1e300, -1e300, (double)-INFINITY};
  for (size_t i = 0; i < 4; i++) {
    farro_neighbor_lists *lists = NULL;
    farro_radius_neighbors_f32((farro_distance){FARRO_METRIC_INNER_PRODUCT, 0}, &shape, x, y, radii[i], &lists);
    const size_t expected = (const size_t[]){1, 1, n - 1, n}[i];
    bool holds = true;
    for (size_t query = 0; query < m; query++)
      holds = holds && lists->offsets[query + 1] == (query + 1) * expected && lists->indices[query * expected] == 7;
    EXPECT(holds, "%zu queries: products of %g and more", m, radii[i]);
    farro_neighbor_lists_release(lists);
  }
}

// Rows so long that nothing is known of their products' error.
static void check_long_rows(void) {
  enum { n = 5, d = 1 << 22 };
  float *x = calloc((size_t)n * d, sizeof *x), distances[n];
  int64_t rows[n];
  x[0] = 1;
  const farro_neighbors_shape shape = {.queries = n, .base = n, .d = d, .ld_queries = d, .ld_base = d};
  farro_nearest_neighbors_f32((farro_distance){FARRO_METRIC_EUCLIDEAN, 0}, &shape, x, x, 1, distances, rows);
  EXPECT(rows[0] == 0 && rows[1] == 1 && rows[4] == 1, "%lld %lld is nearest among long rows", (long long)rows[0],
         (long long)rows[1]);
  free(x);
}

static void check_errors(void) {
  float x[8] = {0}, distances[8];
  farro_neighbors_shape shape = {.queries = 2, .base = 2, .d = 4, .ld_queries = 4, .ld_base = 4};
  const farro_metric euclidean = FARRO_METRIC_EUCLIDEAN, none = (farro_metric)FARRO_METRIC_COUNT;
  const int8_t bytes[8] = {0};
#define REFUSES(metric, k)                                                                                             \
  farro_nearest_neighbors_f32((farro_distance){metric, 0}, &shape, x, x, k, distances, NULL) == FARRO_ERROR_ARGUMENT
  EXPECT(REFUSES(none, 1), "no such metric");
  EXPECT(REFUSES(FARRO_METRIC_MINKOWSKI, 1), "a Minkowski distance of p = 0");
  EXPECT(REFUSES(euclidean, SIZE_MAX), "no memory has room for k");
  shape.ld_queries = 3;
  EXPECT(REFUSES(euclidean, 1), "queries that overlap");
  shape.ld_queries = 4, shape.ld_base = 3;
  EXPECT(REFUSES(euclidean, 1), "rows of the base that overlap");
  shape.ld_base = 4, shape.base = (size_t)1 << 32;
  EXPECT(REFUSES(euclidean, 1), "a base of 2^32 rows");
  shape.base = 2;
  const farro_status status =
      farro_nearest_neighbors_i8((farro_distance){FARRO_METRIC_MANHATTAN, 0}, &shape, x, bytes, 1, distances, NULL);
  EXPECT(status == FARRO_ERROR_ARGUMENT, "Manhattan distances to int8");
  farro_neighbor_lists *lists = NULL;
  EXPECT(farro_radius_neighbors_f32((farro_distance){euclidean, 0}, &shape, x, x, NAN, &lists) == FARRO_ERROR_ARGUMENT,
         "a radius of NaN");
  EXPECT(farro_radius_neighbors_f32((farro_distance){euclidean, 0}, &shape, x, x, -1, &lists) == FARRO_OK,
         "a negative radius");
  EXPECT(lists && lists->offsets[2] == 0, "neighbours within a negative radius");
  farro_neighbor_lists_release(lists);
  shape = (farro_neighbors_shape){.queries = (size_t)1 << 60, .base = 2};
  EXPECT(farro_radius_neighbors_f32((farro_distance){euclidean, 0}, &shape, x, x, 1, &lists) == FARRO_ERROR_ARGUMENT,
         "no memory has room for the lists");
#undef REFUSES
}

void check_neighbors(void) {
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
    check_metric_f32(metrics[i]);
    check_metric_f64(metrics[i]);
    if (!has_products(metrics[i])) continue;
    check_metric_bf16(metrics[i]);
    check_metric_i8(metrics[i]);
  }
  check_specials(12);
  check_equal_angles(3), check_equal_angles(12);
  check_infinite_products(3), check_infinite_products(12);
  check_long_rows();
  check_specials(3);
  check_candidates(1, 3), check_candidates(37, 1), check_candidates(37, 40), check_candidates(300, 17);
  check_rows();
  check_errors();
}
