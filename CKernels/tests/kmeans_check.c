#include "check.h"

// Groups of rows around points, `spread` wide, so that bounds tell much.
#define FILL_GROUPS(type, scalar)                                                                                      \
  static void fill_groups_##type(size_t n, size_t d, size_t points, double spread, double offset, scalar *x) {         \
    double centers[64 * 40];                                                                                           \
    for (size_t i = 0; i < points * d; i++) centers[i] = random_unit() + offset;                                       \
    for (size_t i = 0; i < n * d; i++) x[i] = (scalar)(centers[i / d % points * d + i % d] + spread * random_unit());  \
  }

// Late iterations move centres more than k-means would: all of them by a little, one by much, one out of reach.
#define JOLT(type, scalar)                                                                                             \
  static void jolt_##type(int iteration, size_t k, size_t d, scalar *c) {                                              \
    const size_t one = (size_t)iteration * 7 % k;                                                                      \
    for (size_t i = 0; iteration >= 15 && i < k * d; i++)                                                              \
      c[i] += (scalar)((i / d == one ? 1 : 0.1) * random_unit() + (i / d == 3 && iteration == 18 ? 1000 : 0));         \
  }

typedef struct {
  size_t n, d, k;
  double offset; // of every coordinate
  bool weighted;
} problem;

enum { iterations = 22 };

// Iterations with bounds beside plain ones: labels that are as near, sums that are those of the labels, the same bits
// on one thread, and fewer products at the end.
#define CHECK_BOUNDS(type, scalar, unit)                                                                               \
  static void check_bounds_##type(problem p) {                                                                         \
    const size_t n = p.n, d = p.d, k = p.k;                                                                            \
    scalar *x = guarded_allocate(n * d * sizeof *x), *c = guarded_allocate(k * d * sizeof *c);                         \
    scalar *weights = guarded_allocate(n * sizeof *weights);                                                           \
    int32_t *labels = guarded_allocate(n * sizeof *labels), *serial = guarded_allocate(n * sizeof *serial);            \
    double *sums = calloc(2 * k * d, sizeof(double)), *serial_sums = sums + k * d;                                     \
    double *counts = calloc(2 * k, sizeof(double)), *serial_counts = counts + k;                                       \
    double *distances = calloc(n, sizeof(double)), *expected = calloc(k * d, sizeof(double));                          \
    int32_t *plain_labels = calloc(n, sizeof *plain_labels);                                                           \
    fill_groups_##type(n, d, 40, 0.3, p.offset, x);                                                                    \
    for (size_t i = 0; i < n; i++) weights[i] = (scalar)(i % 4) / (scalar)3;                                           \
    memcpy(c, x, k * d * sizeof *c);                                                                                   \
    const farro_assignment_shape shape = {.n = n, .d = d, .k = k, .ldx = d, .ld_centers = d};                          \
    farro_assignment a = {.labels = labels, .sums = sums, .weights = counts};                                          \
    farro_assignment one = {.labels = serial, .sums = serial_sums, .weights = serial_counts};                          \
    farro_assignment plain = {.labels = plain_labels, .distances = distances};                                         \
    const scalar *given = p.weighted ? weights : NULL;                                                                 \
    farro_bounds *bounds = NULL, *serial_bounds = NULL;                                                                \
    double products = 1;                                                                                               \
    for (int i = 0; i < iterations; i++) {                                                                             \
      EXPECT(farro_assign_bounded_##type(&shape, x, c, given, &bounds, &a) == FARRO_OK, "assign_bounded_" #type);      \
      farro_set_local_threads(1, NULL);                                                                                \
      farro_assign_bounded_##type(&shape, x, c, given, &serial_bounds, &one);                                          \
      farro_set_local_threads(0, NULL);                                                                                \
      const bool same = !memcmp(labels, serial, n * sizeof *labels) && a.inertia == one.inertia &&                     \
                        !memcmp(sums, serial_sums, k * d * sizeof *sums);                                              \
      EXPECT(same, "assign_bounded_" #type " n %zu, d %zu, k %zu: other bits on one thread", n, d, k);                 \
      farro_assign_##type(&shape, x, c, given, &plain);                                                                \
      size_t wrong = 0;                                                                                                \
      double largest = 0;                                                                                              \
      memset(expected, 0, k * d * sizeof *expected);                                                                   \
      for (size_t r = 0; r < n; r++) {                                                                                 \
        double chosen = 0;                                                                                             \
        for (size_t l = 0; l < d; l++) {                                                                               \
          const double e = (double)x[r * d + l] - (double)c[(size_t)labels[r] * d + l];                                \
          chosen += e * e;                                                                                             \
          expected[(size_t)labels[r] * d + l] += (p.weighted ? (double)weights[r] : 1) * (double)x[r * d + l];         \
        }                                                                                                              \
        wrong += !(chosen <= distances[r] + 16 * ((double)d + 5) * unit * (double)d);                                  \
      }                                                                                                                \
      for (size_t l = 0; l < k * d; l++) largest = fmax(largest, fabs(expected[l]));                                   \
      for (size_t l = 0; l < k * d; l++) wrong += !(fabs(sums[l] - expected[l]) <= 1e-12 * (largest + 1));             \
      const double total = (double)(n * d) * (1 + p.offset * p.offset * 1e-9);                                         \
      wrong += !(fabs(a.inertia - plain.inertia) <= 0x1p-44 * total + 16 * ((double)d + 5) * unit * total);            \
      EXPECT(wrong == 0, "assign_bounded_" #type " n %zu, d %zu, k %zu, iteration %d: %zu wrong", n, d, k, i, wrong);  \
      products = fmin(products, farro_bounds_products(bounds));                                                        \
      for (size_t l = 0; l < k * d; l++)                                                                               \
        if (counts[l / d] > 0) c[l] = (scalar)(sums[l] / counts[l / d]);                                               \
      jolt_##type(i, k, d, c);                                                                                         \
      for (size_t l = 0; l < k; l++) EXPECT(counts[l] == 0 || counts[l] > 0.3, "centre %zu weighs %g", l, counts[l]);  \
    }                                                                                                                  \
    EXPECT(products < 0.7, "assign_bounded_" #type " n %zu, d %zu, k %zu: all products but %g", n, d, k,               \
           1 - products);                                                                                              \
    farro_bounds_release(bounds), farro_bounds_release(serial_bounds);                                                 \
    guarded_free(x, n * d * sizeof *x), guarded_free(c, k * d * sizeof *c);                                            \
    guarded_free(weights, n * sizeof *weights), guarded_free(labels, n * sizeof *labels);                              \
    guarded_free(serial, n * sizeof *serial);                                                                          \
    free(sums), free(counts), free(distances), free(expected), free(plain_labels);                                     \
  }

// k-means++ in plain loops, with the same draws.
#define CHECK_SPREAD(type, scalar)                                                                                     \
  static size_t drawn_##type(size_t n, const double *mass, double uniform) {                                           \
    double total = 0, below = 0;                                                                                       \
    for (size_t i = 0; i < n; i++) total += mass[i];                                                                   \
    size_t row = 0;                                                                                                    \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      if (mass[i] > 0) row = i;                                                                                        \
      below += mass[i];                                                                                                \
      if (below > uniform * total) break;                                                                              \
    }                                                                                                                  \
    return row;                                                                                                        \
  }                                                                                                                    \
                                                                                                                       \
  static void check_spread_##type(problem p, size_t pad, size_t trials) {                                              \
    const size_t n = p.n, d = p.d, ld = d + pad, count = (n - 1) * ld + d;                                             \
    scalar *x = guarded_allocate(count * sizeof *x), *weights = guarded_allocate(n * sizeof *weights);                 \
    double *closest = calloc(n, sizeof(double)), *mass = calloc(n, sizeof(double));                                    \
    for (size_t i = 0; i < count; i++) x[i] = (scalar)(random_unit() + p.offset);                                      \
    for (size_t i = 0; i < n; i++)                                                                                     \
      weights[i] = (scalar)(i % 3), closest[i] = INFINITY, mass[i] = p.weighted ? i % 3 : 1;                           \
    farro_spread *spread = NULL;                                                                                       \
    EXPECT(farro_spread_begin_##type(n, d, x, ld, p.weighted ? weights : NULL, &spread) == FARRO_OK, "spread_" #type); \
    for (size_t i = 0; i < p.k; i++) {                                                                                 \
      double uniforms[32], totals[32], least = INFINITY;                                                               \
      size_t row = n, candidates[32];                                                                                  \
      for (size_t t = 0; t < trials; t++) {                                                                            \
        uniforms[t] = (random_unit() + 1) / 2;                                                                         \
        const size_t candidate = candidates[t] = drawn_##type(n, mass, uniforms[t]);                                   \
        double sum = 0;                                                                                                \
        for (size_t r = 0; r < n; r++) {                                                                               \
          double square = 0;                                                                                           \
          for (size_t l = 0; l < d; l++) square += pow((double)x[r * ld + l] - (double)x[candidate * ld + l], 2);      \
          sum += (p.weighted ? (double)weights[r] : 1) * fmin(square, closest[r]);                                     \
        }                                                                                                              \
        totals[t] = sum, least = fmin(least, sum);                                                                     \
      }                                                                                                                \
      EXPECT(farro_spread_next(spread, trials, uniforms, &row) == FARRO_OK, "spread_" #type);                          \
      bool is_best = false; /* of two that are as good, as two rows of one weight may be, rounding decides */          \
      for (size_t t = 0; t < trials; t++) is_best |= row == candidates[t] && totals[t] <= least * (1 + 1e-6);          \
      EXPECT(is_best, "spread_" #type " n %zu, d %zu, %zu trials: row %zu", n, d, trials, row);                        \
      for (size_t r = 0; r < n; r++) {                                                                                 \
        double square = 0;                                                                                             \
        for (size_t l = 0; l < d; l++) square += pow((double)x[r * ld + l] - (double)x[row * ld + l], 2);              \
        closest[r] = fmin(closest[r], square);                                                                         \
        mass[r] = (p.weighted ? (double)weights[r] : 1) * closest[r];                                                  \
      }                                                                                                                \
    }                                                                                                                  \
    farro_spread_release(spread);                                                                                      \
    guarded_free(x, count * sizeof *x), guarded_free(weights, n * sizeof *weights), free(closest), free(mass);         \
  }

#define CHECK_TYPE(type, scalar, unit)                                                                                 \
  FILL_GROUPS(type, scalar)                                                                                            \
  JOLT(type, scalar)                                                                                                   \
  CHECK_BOUNDS(type, scalar, unit)                                                                                     \
  CHECK_SPREAD(type, scalar)                                                                                           \
  static void check_##type(void) {                                                                                     \
    check_bounds_##type((problem){.n = 3000, .d = 7, .k = 48});                                                        \
    check_bounds_##type((problem){.n = 1500, .d = 3, .k = 150, .weighted = true});                                     \
    check_bounds_##type((problem){.n = 2500, .d = 17, .k = 64, .offset = 100});                                        \
    for (size_t i = 0; i < tail_size_count; i++) {                                                                     \
      const size_t size = tail_sizes[i];                                                                               \
      if (size == 0 || size > 300) continue;                                                                           \
      check_spread_##type((problem){.n = size, .d = 5, .k = 1 + size / 8, .weighted = i % 2}, i % 3, 3);               \
      check_spread_##type((problem){.n = 70, .d = size, .k = 4}, 1, 1 + i % 9);                                        \
    }                                                                                                                  \
    check_spread_##type((problem){.n = 2500, .d = 3, .k = 12, .weighted = true}, 0, 5);                                \
  }

CHECK_TYPE(f32, float, 0x1p-24)
CHECK_TYPE(f64, double, 0x1p-53)

static void check_arguments(void) {
  const float x[] = {0, 0, 0, 0};
  const double uniforms[33] = {0};
  size_t row = 9;
  farro_spread *spread = NULL;
  EXPECT(farro_spread_begin_f32(0, 1, x, 1, NULL, &spread) == FARRO_ERROR_ARGUMENT, "no rows");
  EXPECT(farro_spread_begin_f32(4, 1, x, 1, NULL, &spread) == FARRO_OK, "equal rows");
  EXPECT(farro_spread_next(spread, 0, uniforms, &row) == FARRO_ERROR_ARGUMENT, "no trials");
  EXPECT(farro_spread_next(spread, 33, uniforms, &row) == FARRO_ERROR_ARGUMENT, "33 trials");
  for (int i = 0; i < 3; i++)
    EXPECT(farro_spread_next(spread, 2, uniforms, &row) == FARRO_OK && row < 4, "row %zu", row);
  farro_spread_release(spread);

  int32_t labels[4];
  double sums[2], weights[2], distances[4];
  const float centers[] = {0, 1};
  farro_bounds *bounds = NULL;
  farro_assignment a = {.labels = labels, .sums = sums};
  farro_assignment_shape shape = {.n = 4, .d = 1, .k = 2, .ldx = 1, .ld_centers = 1};
  EXPECT(farro_assign_bounded_f32(&shape, x, centers, NULL, &bounds, &a) == FARRO_ERROR_ARGUMENT, "no weights");
  a.weights = weights;
  EXPECT(farro_assign_bounded_f32(&shape, x, centers, NULL, &bounds, &a) == FARRO_OK, "four rows");
  a.distances = distances;
  EXPECT(farro_assign_bounded_f32(&shape, x, centers, NULL, &bounds, &a) == FARRO_ERROR_ARGUMENT, "distances");
  a.distances = NULL, shape.n = 3;
  EXPECT(farro_assign_bounded_f32(&shape, x, centers, NULL, &bounds, &a) == FARRO_ERROR_ARGUMENT, "other rows");
  farro_bounds_release(bounds);
}

// A row's own centre leaves it for another group's, while its own group stays far.
static void check_moved_center(void) {
  enum { k = 128, n = k + 1 };
  float centers[k], x[n];
  for (int i = 0; i < k; i++) centers[i] = x[i] = (i < 64 ? 0 : 10) + 0.001f * (float)i;
  centers[63] = 5, x[k] = 7;
  int32_t labels[n];
  double sums[k], weights[k];
  farro_bounds *bounds = NULL;
  farro_assignment a = {.labels = labels, .sums = sums, .weights = weights};
  const farro_assignment_shape shape = {.n = n, .d = 1, .k = k, .ldx = 1, .ld_centers = 1};
  for (int i = 0; i < 4; i++) farro_assign_bounded_f32(&shape, x, centers, NULL, &bounds, &a);
  EXPECT(labels[k] == 63 && farro_bounds_products(bounds) < 1, "centre %d", labels[k]);
  centers[63] = 3.5f;
  farro_assign_bounded_f32(&shape, x, centers, NULL, &bounds, &a);
  EXPECT(labels[k] == 64, "centre %d", labels[k]);
  farro_bounds_release(bounds);
}

void check_kmeans(void) {
  check_moved_center();
  check_f32();
  check_f64();
  check_arguments();
}
