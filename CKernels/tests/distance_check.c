#include "check.h"

// The header's bound for one distance whose exact value is t, between rows of squared norms xx and yy and of products
// of magnitude |xy| in all; one more u, since the reference itself is rounded once.
static double bound(farro_metric metric, size_t d, double u, double t, double norms, double products) {
  const double depth = (double)d;
  switch (metric) {
  case FARRO_METRIC_EUCLIDEAN:
    return (16 * depth + 22) * u * t;
  case FARRO_METRIC_SQUARED_EUCLIDEAN:
    return u * fmin((2 * depth + 4) * norms + t, (32 * depth + 41) * t);
  case FARRO_METRIC_MANHATTAN:
    return (depth + 2) * u * t;
  case FARRO_METRIC_COSINE: {
    const double near = (depth + 9) * u * sqrt(t) + (depth + 4) * (depth + 4) * u * u;
    return t < 0.0625 ? fmin(near, (2 * depth + 9) * u) : (2 * depth + 9) * u;
  }
  default:
    return (depth + 4) * u * products;
  }
}

static const farro_metric metrics[] = {FARRO_METRIC_EUCLIDEAN, FARRO_METRIC_SQUARED_EUCLIDEAN, FARRO_METRIC_MANHATTAN,
                                       FARRO_METRIC_COSINE, FARRO_METRIC_INNER_PRODUCT};

typedef struct {
  size_t m, n, d, pad; // every leading dimension exceeds its row by pad
  double offset;       // of every coordinate
  size_t duplicate;    // row i of y equals row i of x where i is a multiple of this; 0: nowhere
} problem;

#define CHECK_PROBLEM(type, scalar, unit)                                                                              \
  static double worst_##type(farro_metric metric, const problem *p, const scalar *x, const scalar *y,                  \
                             const scalar *out, const scalar *expected) {                                              \
    const size_t ld = p->d + p->pad, ld_out = p->n + p->pad;                                                           \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < p->m; i++)                                                                                  \
      for (size_t j = 0; j < p->n; j++) {                                                                              \
        double norms = 0, products = 0;                                                                                \
        for (size_t k = 0; k < p->d; k++) {                                                                            \
          const double a = (double)x[i * ld + k], b = (double)y[j * ld + k];                                           \
          norms += a * a + b * b;                                                                                      \
          products += fabs(a * b);                                                                                     \
        }                                                                                                              \
        const double t = (double)expected[i * ld_out + j], error = fabs((double)out[i * ld_out + j] - t);              \
        const double ratio = error == 0 ? 0 : error / bound(metric, p->d, unit, t, norms, products);                   \
        if (!(ratio <= worst)) worst = ratio;                                                                          \
      }                                                                                                                \
    return worst;                                                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  static void check_problem_##type(farro_metric metric, problem p) {                                                   \
    const size_t ld = p.d + p.pad, ld_out = p.n + p.pad;                                                               \
    const size_t count_x = p.m ? (p.m - 1) * ld + p.d : 0, count_y = p.n ? (p.n - 1) * ld + p.d : 0;                   \
    const size_t count = p.m ? (p.m - 1) * ld_out + p.n : 0, bytes = count * sizeof(scalar);                           \
    scalar *x = guarded_allocate(count_x * sizeof *x), *y = guarded_allocate(count_y * sizeof *y);                     \
    scalar *out = guarded_allocate(bytes), *serial = guarded_allocate(bytes), *expected = guarded_allocate(bytes);     \
    fill_##type(x, count_x), fill_##type(y, count_y), fill_##type(out, count);                                         \
    memcpy(serial, out, bytes), memcpy(expected, out, bytes);                                                          \
    for (size_t i = 0; i < count_x; i++) x[i] += (scalar)p.offset;                                                     \
    for (size_t i = 0; i < count_y; i++) y[i] += (scalar)p.offset;                                                     \
    for (size_t i = 0; p.duplicate && i < p.m && i < p.n; i += p.duplicate)                                            \
      memcpy(y + i * ld, x + i * ld, p.d * sizeof *x);                                                                 \
    const farro_status status = farro_pairwise_distances_##type(metric, p.m, p.n, p.d, x, ld, y, ld, out, ld_out);     \
    farro_pairwise_distances_reference_##type(metric, p.m, p.n, p.d, x, ld, y, ld, expected, ld_out);                  \
    EXPECT(status == FARRO_OK, "%s_" #type ": status %d", farro_metric_name(metric), status);                          \
    const double worst = worst_##type(metric, &p, x, y, out, expected);                                                \
    EXPECT(worst <= 1, "%s_" #type " (%zu, %zu, %zu) + %g: error is %g bounds", farro_metric_name(metric), p.m, p.n,   \
           p.d, p.offset, worst);                                                                                      \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_pairwise_distances_##type(metric, p.m, p.n, p.d, x, ld, y, ld, serial, ld_out);                              \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(out, serial, bytes) == 0, "%s_" #type " (%zu, %zu, %zu): bits depend on threads",                    \
           farro_metric_name(metric), p.m, p.n, p.d);                                                                  \
    bool untouched = true;                                                                                             \
    for (size_t i = 0; i + ld_out < count; i++) untouched = untouched && (i % ld_out < p.n || out[i] == expected[i]);  \
    EXPECT(untouched, "%s_" #type " (%zu, %zu, %zu): wrote between rows", farro_metric_name(metric), p.m, p.n, p.d);   \
    guarded_free(x, count_x * sizeof *x), guarded_free(y, count_y * sizeof *y);                                        \
    guarded_free(out, bytes), guarded_free(serial, bytes), guarded_free(expected, bytes);                              \
  }                                                                                                                    \
                                                                                                                       \
  /* Distances of x to itself, with equal rows far apart and rows far from the origin. */                              \
  static void check_axioms_##type(farro_metric metric, double offset) {                                                \
    enum { rows = 75, d = 19 };                                                                                        \
    static scalar x[rows * d], out[rows * rows];                                                                       \
    fill_##type(x, rows * d);                                                                                          \
    for (size_t i = 0; i < rows * d; i++) x[i] += (scalar)offset;                                                      \
    for (size_t i = 50; i < rows; i++) memcpy(x + i * d, x + (i - 50) * d, d * sizeof *x);                             \
    farro_pairwise_distances_##type(metric, rows, rows, d, x, d, x, d, out, rows);                                     \
    bool symmetric = true, zero = true, positive = true;                                                               \
    for (size_t i = 0; i < rows; i++)                                                                                  \
      for (size_t j = 0; j < rows; j++) {                                                                              \
        const scalar t = out[i * rows + j];                                                                            \
        symmetric = symmetric && t == out[j * rows + i];                                                               \
        if (i % 50 == j % 50)                                                                                          \
          zero = zero && t == 0;                                                                                       \
        else                                                                                                           \
          positive = positive && t > 0;                                                                                \
      }                                                                                                                \
    const char *name = farro_metric_name(metric);                                                                      \
    EXPECT(symmetric, "%s_" #type " + %g is not symmetric", name, offset);                                             \
    if (metric == FARRO_METRIC_INNER_PRODUCT) return;                                                                  \
    EXPECT(zero, "%s_" #type " + %g: equal rows are apart", name, offset);                                             \
    EXPECT(positive, "%s_" #type " + %g: different rows are not apart", name, offset);                                 \
  }                                                                                                                    \
                                                                                                                       \
  static void check_type_##type(farro_metric metric) {                                                                 \
    const size_t sizes[] = {0, 1, 2, 3, 5, 6, 7, 8, 13, 14, 15, 16, 17, 31, 32, 33, 67};                               \
    const size_t count = sizeof sizes / sizeof *sizes;                                                                 \
    for (size_t i = 0; i < count; i++)                                                                                 \
      for (size_t j = 0; j < count; j++)                                                                               \
        check_problem_##type(metric, (problem){sizes[i], sizes[j], sizes[(i * 3 + j) % count], j % 3, 0, i % 4});      \
    check_problem_##type(metric, (problem){100, 205, 300, 1, 0, 7});                                                   \
    check_problem_##type(metric, (problem){61, 97, 128, 0, 1e4, 5});                                                   \
    check_problem_##type(metric, (problem){61, 97, 30, 3, -3, 0});                                                     \
    check_problem_##type(metric, (problem){4200, 3, 5, 0, 0, 9}); /* more than one packed block, either way */         \
    check_problem_##type(metric, (problem){3, 4200, 5, 0, 0, 1});                                                      \
    check_axioms_##type(metric, 0);                                                                                    \
    check_axioms_##type(metric, 1e4);                                                                                  \
  }

CHECK_PROBLEM(f32, float, 0x1p-24)
CHECK_PROBLEM(f64, double, 0x1p-53)

static void check_arguments(void) {
  const float x[4] = {0};
  float out[4] = {7};
  const farro_metric metric = FARRO_METRIC_EUCLIDEAN, none = (farro_metric)FARRO_METRIC_COUNT;
  EXPECT(farro_pairwise_distances_f32(metric, 2, 2, 2, x, 1, x, 2, out, 2) == FARRO_ERROR_ARGUMENT, "ldx below d");
  EXPECT(farro_pairwise_distances_f32(metric, 2, 2, 2, x, 2, x, 1, out, 2) == FARRO_ERROR_ARGUMENT, "ldy below d");
  EXPECT(farro_pairwise_distances_f32(metric, 2, 2, 2, x, 2, x, 2, out, 1) == FARRO_ERROR_ARGUMENT, "ld_out below n");
  EXPECT(farro_pairwise_distances_f32(none, 2, 2, 2, x, 2, x, 2, out, 2) == FARRO_ERROR_ARGUMENT, "no such metric");
  EXPECT(out[0] == 7, "a refused call wrote");
  EXPECT(strcmp(farro_metric_name(FARRO_METRIC_COSINE), "cosine") == 0, "the name of cosine");
  EXPECT(strcmp(farro_metric_name(none), "unknown") == 0, "the name of nothing");
}

// Rows of NaN, infinity, zeros, huge and tiny values among rows of ones: what each does to the others' distances.
static void check_special_values(void) {
  enum { nan_row, infinite_row, zero_row, huge_row, tiny_row, one_row, rows };
  const float values[rows] = {NAN, INFINITY, 0, 3e38f, 1e-40f, 1};
  float x[rows * 3], out[rows * rows];
  for (size_t i = 0; i < rows * 3; i++) x[i] = i % 3 == 1 ? values[i / 3] : 0;
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
    const farro_metric metric = metrics[i];
    const char *name = farro_metric_name(metric);
    farro_pairwise_distances_f32(metric, rows, rows, 3, x, 3, x, 3, out, rows);
    for (size_t j = 0; j < rows; j++)
      EXPECT(isnan(out[j]) && isnan(out[j * rows]), "%s: NaN is lost against row %zu", name, j);
    const float *infinite = out + infinite_row * rows, *ones = out + one_row * rows, *huge = out + huge_row * rows;
    if (metric == FARRO_METRIC_COSINE) {
      EXPECT(isnan(infinite[one_row]), "cosine of infinity: %g", (double)infinite[one_row]);
      EXPECT(ones[zero_row] == 1 && out[zero_row * rows + zero_row] == 1, "cosine of a zero row is not 1");
      EXPECT(ones[huge_row] == 0 && ones[tiny_row] == 0 && huge[tiny_row] == 0, "cosine depends on magnitude: %g %g",
             (double)ones[huge_row], (double)ones[tiny_row]);
    } else {
      EXPECT(infinite[one_row] == INFINITY && ones[infinite_row] == INFINITY, "%s of infinity: %g", name,
             (double)infinite[one_row]);
      EXPECT(ones[one_row] == (metric == FARRO_METRIC_INNER_PRODUCT), "%s of equal rows beside NaN", name);
    }
    if (metric == FARRO_METRIC_EUCLIDEAN || metric == FARRO_METRIC_SQUARED_EUCLIDEAN)
      EXPECT(huge[huge_row] == 0 && huge[one_row] == INFINITY, "%s of huge rows: %g %g", name, (double)huge[huge_row],
             (double)huge[one_row]);
  }
}

// Rounding must not push the distance of opposite rows beyond 2.
static void check_opposite_rows(void) {
  enum { rows = 100, d = 19 };
  float x[rows * d], y[rows * d], out[rows * rows];
  fill_f32(x, rows * d);
  for (size_t i = 0; i < rows * d; i++) y[i] = -3 * x[i];
  farro_pairwise_distances_f32(FARRO_METRIC_COSINE, rows, rows, d, x, d, y, d, out, rows);
  bool holds = true;
  for (size_t i = 0; i < rows; i++) holds = holds && out[i * rows + i] <= 2 && out[i * rows + i] > 1.99999f;
  EXPECT(holds, "cosine of opposite rows is not 2");
}

// Rows without elements: NULL is legal, whatever the stride.
static void check_no_coordinates(void) {
  for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++) {
    double out[9 * 40] = {7};
    const double expected = metrics[k] == FARRO_METRIC_COSINE ? 1 : 0;
    const farro_status status = farro_pairwise_distances_f64(metrics[k], 9, 40, 0, NULL, 3, NULL, 5, out, 40);
    EXPECT(status == FARRO_OK && out[0] == expected && out[359] == expected, "%s of no coordinates: %g",
           farro_metric_name(metrics[k]), out[0]);
  }
}

void check_distance(void) {
  check_no_coordinates();
  check_arguments();
  check_opposite_rows();
  check_special_values();
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
    check_type_f32(metrics[i]);
    check_type_f64(metrics[i]);
  }
}
