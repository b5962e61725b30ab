#include "check.h"

typedef struct {
  size_t n, d, k, pad;
  double offset; // of every coordinate
  bool weighted;
} problem;

#define CHECK_TYPE(type, scalar, unit)                                                                                 \
  static void check_problem_##type(problem p) {                                                                        \
    const size_t ld = p.d + p.pad, count_x = p.n ? (p.n - 1) * ld + p.d : 0, count_c = (p.k - 1) * ld + p.d;           \
    scalar *x = guarded_allocate(count_x * sizeof *x), *c = guarded_allocate(count_c * sizeof *c);                     \
    scalar *weights = guarded_allocate(p.n * sizeof *weights);                                                         \
    int32_t *labels = guarded_allocate(p.n * sizeof *labels), *serial = guarded_allocate(p.n * sizeof *serial);        \
    double *distances = guarded_allocate(p.n * sizeof(double)), *sums = calloc(p.k * p.d + 1, sizeof(double));         \
    double *counts = calloc(p.k, sizeof(double)), *serial_sums = calloc(p.k * p.d + 1, sizeof(double));                \
    double *expected_sums = calloc(p.k * p.d + 1, sizeof(double)), *expected_counts = calloc(p.k, sizeof(double));     \
    for (size_t i = 0; i < count_x; i++) x[i] = (scalar)(random_unit() + p.offset);                                    \
    for (size_t i = 0; i < count_c; i++) c[i] = (scalar)(random_unit() + p.offset);                                    \
    for (size_t i = 0; i < p.n; i++) weights[i] = (scalar)(1 + i % 3);                                                 \
    if (p.n > 2 && p.d > 0) memcpy(x + 2 * ld, c + (p.k - 1) * ld, p.d * sizeof *x);                                   \
    const farro_assignment_shape shape = {.n = p.n, .d = p.d, .k = p.k, .ldx = ld, .ld_centers = ld};                  \
    farro_assignment a = {.labels = labels, .distances = distances, .sums = sums, .weights = counts};                  \
    const scalar *given = p.weighted ? weights : NULL;                                                                 \
    EXPECT(farro_assign_##type(&shape, x, c, given, &a) == FARRO_OK, "assign_" #type);                                 \
    double inertia = 0, magnitude = 0;                                                                                 \
    size_t wrong = 0;                                                                                                  \
    for (size_t i = 0; i < p.n; i++) {                                                                                 \
      double least = INFINITY, chosen = 0, slack = 0;                                                                  \
      for (size_t j = 0; j < p.k; j++) {                                                                               \
        double sum = 0, norms = 0;                                                                                     \
        for (size_t l = 0; l < p.d; l++) {                                                                             \
          const double a_ = (double)x[i * ld + l], b = (double)c[j * ld + l];                                          \
          sum += (a_ - b) * (a_ - b);                                                                                  \
          norms += (a_ - p.offset) * (a_ - p.offset) + (b - p.offset) * (b - p.offset);                                \
        }                                                                                                              \
        if (sum < least) least = sum;                                                                                  \
        if (labels[i] == (int32_t)j) chosen = sum;                                                                     \
        if (slack < norms) slack = norms;                                                                              \
      }                                                                                                                \
      slack = (2 * (double)p.d + 12) * unit * 2 * (slack + (double)p.d);                                               \
      wrong += labels[i] < 0 || labels[i] >= (int32_t)p.k || chosen > least + 2 * slack;                               \
      wrong += !(fabs(distances[i] - chosen) <= slack) || (chosen == 0 && distances[i] != 0);                          \
      const double weight = p.weighted ? (double)weights[i] : 1;                                                       \
      inertia += weight * distances[i];                                                                                \
      expected_counts[labels[i]] += weight;                                                                            \
      for (size_t l = 0; l < p.d; l++) expected_sums[(size_t)labels[i] * p.d + l] += weight * (double)x[i * ld + l];   \
    }                                                                                                                  \
    for (size_t i = 0; i < p.k * p.d; i++) magnitude = fmax(magnitude, fabs(expected_sums[i]));                        \
    for (size_t i = 0; i < p.k * p.d; i++) wrong += !(fabs(sums[i] - expected_sums[i]) <= 1e-12 * (magnitude + 1));    \
    for (size_t i = 0; i < p.k; i++) wrong += counts[i] != expected_counts[i];                                         \
    wrong += !(fabs(a.inertia - inertia) <= 1e-12 * inertia);                                                          \
    EXPECT(wrong == 0, "assign_" #type " n %zu, d %zu, k %zu, offset %g: %zu wrong", p.n, p.d, p.k, p.offset, wrong);  \
    farro_assignment again = {.labels = serial, .sums = serial_sums};                                                  \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_assign_##type(&shape, x, c, given, &again);                                                                  \
    farro_set_local_threads(0, NULL);                                                                                  \
    const bool same = !memcmp(labels, serial, p.n * sizeof *labels) &&                                                 \
                      !memcmp(sums, serial_sums, p.k * p.d * sizeof *sums) && again.inertia == a.inertia;              \
    EXPECT(same, "assign_" #type " n %zu, d %zu, k %zu: other bits on one thread", p.n, p.d, p.k);                     \
    guarded_free(x, count_x * sizeof *x), guarded_free(c, count_c * sizeof *c);                                        \
    guarded_free(weights, p.n * sizeof *weights), guarded_free(labels, p.n * sizeof *labels);                          \
    guarded_free(serial, p.n * sizeof *serial), guarded_free(distances, p.n * sizeof(double));                         \
    free(sums), free(counts), free(serial_sums), free(expected_sums), free(expected_counts);                           \
  }                                                                                                                    \
                                                                                                                       \
  static void check_##type(void) {                                                                                     \
    for (size_t i = 0; i < tail_size_count; i++) {                                                                     \
      const size_t size = tail_sizes[i];                                                                               \
      if (size > 300) continue;                                                                                        \
      check_problem_##type((problem){.n = size, .d = 7, .k = 3, .pad = i % 2});                                        \
      check_problem_##type((problem){.n = 40, .d = size, .k = 5, .weighted = i % 2});                                  \
      check_problem_##type((problem){.n = 40, .d = 5, .k = size ? size : 1, .pad = 1});                                \
    }                                                                                                                  \
    check_problem_##type((problem){.n = 5000, .d = 12, .k = 20, .weighted = true});                                    \
    check_problem_##type((problem){.n = 3000, .d = 12, .k = 20, .offset = 1000});                                      \
  }

CHECK_TYPE(f32, float, 0x1p-24)
CHECK_TYPE(f64, double, 0x1p-53)

static void check_specials(void) {
  const float x[] = {NAN, 0, 1, 1, 3, 3}, centers[] = {1, 1, 1, 1, NAN, 2};
  int32_t labels[3];
  double distances[3];
  farro_assignment a = {.labels = labels, .distances = distances};
  farro_assignment_shape shape = {.n = 3, .d = 2, .k = 3, .ldx = 2, .ld_centers = 2};
  EXPECT(farro_assign_f32(&shape, x, centers, NULL, &a) == FARRO_OK, "NaN");
  EXPECT(labels[0] == -1 && isnan(distances[0]) && isnan(a.inertia), "a row with NaN has centre %d", labels[0]);
  EXPECT(labels[1] == 0 && distances[1] == 0, "of equal centres the first: %d at %g", labels[1], distances[1]);
  EXPECT(labels[2] == 0 && distances[2] == 8, "centre %d at %g", labels[2], distances[2]);
  // Infinity and squares that overflow are at no distance, whatever the other coordinates.
  const float far[] = {INFINITY, 0, -INFINITY, 0, 1e25f, 3}, some[] = {1, 1, -1, 1, 2e25f, 3};
  EXPECT(farro_assign_f32(&shape, far, some, NULL, &a) == FARRO_OK && isnan(a.inertia), "infinity");
  for (size_t i = 0; i < 3; i++)
    EXPECT(labels[i] == -1 && isnan(distances[i]), "row %zu of infinity has centre %d at %g", i, labels[i],
           distances[i]);
  shape.k = 0;
  EXPECT(farro_assign_f32(&shape, x, centers, NULL, &a) == FARRO_ERROR_ARGUMENT, "no centres");
  shape.k = 3, shape.ldx = 1;
  EXPECT(farro_assign_f32(&shape, x, centers, NULL, &a) == FARRO_ERROR_ARGUMENT, "rows that overlap");
}

// An outlier with a centre of its own takes no precision from the other rows.
static void check_far_center(void) {
  enum { n = 400, k = 40, far = 7 };
  float x[n], c[k];
  int32_t labels[n];
  for (size_t i = 0; i < n; i++) x[i] = (float)i / 4;
  for (size_t j = 0; j < k; j++) c[j] = (float)j * 2.5F;
  x[far] = c[far] = 1e8F;
  const farro_assignment_shape shape = {.n = n, .d = 1, .k = k, .ldx = 1, .ld_centers = 1};
  farro_assignment a = {.labels = labels};
  EXPECT(farro_assign_f32(&shape, x, c, NULL, &a) == FARRO_OK, "assign_f32");
  size_t wrong = labels[far] != far;
  for (size_t i = 0; i < n; i++) {
    float least = INFINITY;
    for (size_t j = 0; j < k; j++) least = fminf(least, fabsf(x[i] - c[j]));
    wrong += fabsf(x[i] - c[labels[i]]) > least + 0.01F;
  }
  EXPECT(wrong == 0, "assign_f32 with a centre far from all others: %zu wrong", wrong);
}

void check_assignment(void) {
  check_far_center();
  check_f32();
  check_f64();
  check_specials();
}
