#include "distance_checks.h"

#define MINKOWSKI(p) {FARRO_METRIC_MINKOWSKI, p}
const farro_distance distances[] = {
    {FARRO_METRIC_EUCLIDEAN, 0},
    {FARRO_METRIC_SQUARED_EUCLIDEAN, 0},
    {FARRO_METRIC_MANHATTAN, 0},
    {FARRO_METRIC_COSINE, 0},
    {FARRO_METRIC_INNER_PRODUCT, 0},
    {FARRO_METRIC_CHEBYSHEV, 0},
    {FARRO_METRIC_CORRELATION, 0},
    {FARRO_METRIC_CANBERRA, 0},
    {FARRO_METRIC_BRAY_CURTIS, 0},
    {FARRO_METRIC_HELLINGER, 0},
    {FARRO_METRIC_JENSEN_SHANNON, 0},
    {FARRO_METRIC_HAVERSINE, 0},
    MINKOWSKI(1),
    MINKOWSKI(2),
    MINKOWSKI(3),
    MINKOWSKI(4),
    MINKOWSKI(5),
    MINKOWSKI(6),
    MINKOWSKI((double)INFINITY),
    MINKOWSKI(0.5),
    MINKOWSKI(1.5),
    MINKOWSKI(2.75),
    MINKOWSKI(60),
};
const size_t distance_count = sizeof distances / sizeof *distances;

const char *distance_label(farro_distance distance) {
  static char label[64];
  if (distance.metric != FARRO_METRIC_MINKOWSKI) return farro_metric_name(distance.metric);
  snprintf(label, sizeof label, "minkowski(%g)", distance.p);
  return label;
}

// What the bounds speak of, of one pair of rows.
typedef struct {
  double norms, products; // |x|^2 + |y|^2, sum |x_k y_k|
  double roots;           // sqrt(sum x) + sqrt(sum y)
  double first, second;   // |x_k - y_k| of the first two coordinates
} facts;

// The header's bound for one distance whose exact value is t; one more u, since the reference itself is rounded once.
static double bound(farro_distance distance, double d, double u, double t, const facts *f) {
  if (distance.metric == FARRO_METRIC_MINKOWSKI && distance.p == 2) distance.metric = FARRO_METRIC_EUCLIDEAN;
  switch (distance.metric) {
  case FARRO_METRIC_EUCLIDEAN:
    return (16 * d + 22) * u * t;
  case FARRO_METRIC_SQUARED_EUCLIDEAN:
    return u * fmin((2 * d + 4) * f->norms + t, (32 * d + 41) * t);
  case FARRO_METRIC_MANHATTAN:
    return (d + 2) * u * t;
  case FARRO_METRIC_COSINE: {
    const double near = (d + 9) * u * sqrt(t) + (d + 4) * (d + 4) * u * u;
    return t < 0.0625 ? fmin(near, (2 * d + 9) * u) : (2 * d + 9) * u;
  }
  case FARRO_METRIC_CORRELATION: {
    const double near = (d + 25) * u * sqrt(t) + (d + 12) * (d + 12) * u * u;
    return t < 0.0625 ? fmin(near, (2 * d + 25) * u) : (2 * d + 25) * u;
  }
  case FARRO_METRIC_CHEBYSHEV:
    return 2 * u * t;
  case FARRO_METRIC_MINKOWSKI:
    return ((3 * d + 12) / distance.p + 13) * u * t;
  case FARRO_METRIC_CANBERRA:
    return (d + 4) * u * t;
  case FARRO_METRIC_BRAY_CURTIS:
    return (2 * d + 4) * u * t;
  case FARRO_METRIC_HELLINGER:
    return (16 * d + 23) * u * t + u * f->roots;
  case FARRO_METRIC_JENSEN_SHANNON:
    return (d / 2 + 25) * u * t + (d + 2) * u;
  case FARRO_METRIC_HAVERSINE: {
    const double far = 16 * sqrt(u), slope = cos(t / 2);
    return fmin(far, 11 * u * t + u * (f->first + f->second + 24 * sin(t / 2)) / slope);
  }
  default:
    return (d + 4) * u * f->products;
  }
}

typedef struct {
  size_t m, n, d, pad; // every leading dimension exceeds its row by pad
  double offset;       // of every coordinate
  size_t duplicate;    // row i of y equals row i of x where i is a multiple of this; 0: nowhere
} problem;

// A coordinate that the metric is defined for: some zeros among what are amounts; angles.
static double coordinate(farro_metric metric, size_t k, double offset) {
  const double value = random_unit();
  if (metric == FARRO_METRIC_HELLINGER || metric == FARRO_METRIC_JENSEN_SHANNON)
    return random_below(5) == 0 ? 0 : fabs(value + offset);
  if (metric == FARRO_METRIC_HAVERSINE) return value * (k ? 3.14 : 1.57);
  return value + offset;
}

static float make_f32(double value, farro_metric metric) { return (void)metric, (float)value; }
static double make_f64(double value, farro_metric metric) { return (void)metric, value; }
static int8_t make_i8(double value, farro_metric metric) {
  return (int8_t)lrint(metric == FARRO_METRIC_HAVERSINE ? value : fmin(fmax(value * 127, -128), 127));
}
static uint16_t make_bf16(double value, farro_metric metric) {
  const float single = make_f32(value, metric);
  uint16_t bits;
  farro_convert_reference_f32_to_bf16(1, &single, &bits);
  return bits;
}

static double read_f32(float x) { return (double)x; }
static double read_f64(double x) { return x; }
static double read_i8(int8_t x) { return x; }
static double read_bf16(uint16_t x) {
  float value;
  farro_convert_reference_bf16_to_f32(1, &x, &value);
  return (double)value;
}

#define CHECK_PROBLEM(type, element, scalar, unit)                                                                     \
  static double ratio_##type(farro_distance distance, size_t d, const element *x, const element *y, scalar out,        \
                             scalar expected) {                                                                        \
    facts f = {0};                                                                                                     \
    double x_sum = 0, y_sum = 0;                                                                                       \
    for (size_t k = 0; k < d; k++) {                                                                                   \
      const double a = read_##type(x[k]), b = read_##type(y[k]);                                                       \
      f.norms += a * a + b * b;                                                                                        \
      f.products += fabs(a * b);                                                                                       \
      x_sum += a, y_sum += b;                                                                                          \
      if (k < 2) *(k ? &f.second : &f.first) = fabs(a - b);                                                            \
    }                                                                                                                  \
    f.roots = sqrt(x_sum) + sqrt(y_sum);                                                                               \
    if (out == expected || (isnan(out) && isnan(expected))) return 0;                                                  \
    const double t = (double)expected;                                                                                 \
    return fabs((double)out - t) / bound(distance, (double)d, unit, t, &f);                                            \
  }                                                                                                                    \
                                                                                                                       \
  static void check_pairwise_##type(farro_distance distance, const problem *p, const element *x, const element *y) {   \
    const size_t ld = p->d + p->pad, ld_out = p->n + p->pad;                                                           \
    const size_t count = p->m ? (p->m - 1) * ld_out + p->n : 0, bytes = count * sizeof(scalar);                        \
    scalar *out = guarded_allocate(bytes), *serial = guarded_allocate(bytes), *expected = guarded_allocate(bytes);     \
    for (size_t i = 0; i < count; i++) out[i] = serial[i] = expected[i] = (scalar)i;                                   \
    const farro_status status =                                                                                        \
        farro_pairwise_distances_##type(distance, p->m, p->n, p->d, x, ld, y, ld, out, ld_out);                        \
    farro_pairwise_distances_reference_##type(distance, p->m, p->n, p->d, x, ld, y, ld, expected, ld_out);             \
    EXPECT(status == FARRO_OK, "%s_" #type ": status %d", distance_label(distance), status);                           \
    double worst = 0;                                                                                                  \
    bool untouched = true;                                                                                             \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const size_t row = i / ld_out, column = i % ld_out;                                                              \
      if (column >= p->n) {                                                                                            \
        untouched = untouched && out[i] == (scalar)i;                                                                  \
        continue;                                                                                                      \
      }                                                                                                                \
      const double ratio = ratio_##type(distance, p->d, x + row * ld, y + column * ld, out[i], expected[i]);           \
      if (!(ratio <= worst)) worst = ratio;                                                                            \
    }                                                                                                                  \
    EXPECT(worst <= 1, "%s_" #type " (%zu, %zu, %zu) + %g: error is %g bounds", distance_label(distance), p->m, p->n,  \
           p->d, p->offset, worst);                                                                                    \
    EXPECT(untouched, "%s_" #type " (%zu, %zu, %zu): wrote between rows", distance_label(distance), p->m, p->n, p->d); \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_pairwise_distances_##type(distance, p->m, p->n, p->d, x, ld, y, ld, serial, ld_out);                         \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(out, serial, bytes) == 0, "%s_" #type " (%zu, %zu, %zu): bits depend on threads",                    \
           distance_label(distance), p->m, p->n, p->d);                                                                \
    guarded_free(out, bytes), guarded_free(serial, bytes), guarded_free(expected, bytes);                              \
  }                                                                                                                    \
                                                                                                                       \
  static void check_paired_##type(farro_distance distance, const problem *p, const element *x, const element *y) {     \
    const size_t ld = p->d + p->pad, m = p->m < p->n ? p->m : p->n, bytes = m * sizeof(scalar);                        \
    scalar *out = guarded_allocate(bytes), *serial = guarded_allocate(bytes), *expected = guarded_allocate(bytes);     \
    const farro_status status = farro_paired_distances_##type(distance, m, p->d, x, ld, y, ld, out);                   \
    farro_paired_distances_reference_##type(distance, m, p->d, x, ld, y, ld, expected);                                \
    EXPECT(status == FARRO_OK, "paired %s_" #type ": status %d", distance_label(distance), status);                    \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < m; i++) {                                                                                   \
      const double ratio = ratio_##type(distance, p->d, x + i * ld, y + i * ld, out[i], expected[i]);                  \
      if (!(ratio <= worst)) worst = ratio;                                                                            \
    }                                                                                                                  \
    EXPECT(worst <= 1, "paired %s_" #type " (%zu, %zu) + %g: error is %g bounds", distance_label(distance), m, p->d,   \
           p->offset, worst);                                                                                          \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_paired_distances_##type(distance, m, p->d, x, ld, y, ld, serial);                                            \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(out, serial, bytes) == 0, "paired %s_" #type " (%zu, %zu): bits depend on threads",                  \
           distance_label(distance), m, p->d);                                                                         \
    guarded_free(out, bytes), guarded_free(serial, bytes), guarded_free(expected, bytes);                              \
  }                                                                                                                    \
                                                                                                                       \
  static void check_problem_##type(farro_distance distance, bool only_paired, problem p) {                             \
    if (distance.metric == FARRO_METRIC_HAVERSINE) p.d = 2;                                                            \
    const size_t ld = p.d + p.pad;                                                                                     \
    const size_t count_x = p.m ? (p.m - 1) * ld + p.d : 0, count_y = p.n ? (p.n - 1) * ld + p.d : 0;                   \
    element *x = guarded_allocate(count_x * sizeof *x), *y = guarded_allocate(count_y * sizeof *y);                    \
    for (size_t i = 0; i < count_x; i++)                                                                               \
      x[i] = make_##type(coordinate(distance.metric, i % ld, p.offset), distance.metric);                              \
    for (size_t i = 0; i < count_y; i++)                                                                               \
      y[i] = make_##type(coordinate(distance.metric, i % ld, p.offset), distance.metric);                              \
    for (size_t i = 0; p.duplicate && i < p.m && i < p.n; i += p.duplicate)                                            \
      memcpy(y + i * ld, x + i * ld, p.d * sizeof *x);                                                                 \
    if (!only_paired) check_pairwise_##type(distance, &p, x, y);                                                       \
    check_paired_##type(distance, &p, x, y);                                                                           \
    guarded_free(x, count_x * sizeof *x), guarded_free(y, count_y * sizeof *y);                                        \
  }                                                                                                                    \
                                                                                                                       \
  /* `step` of 1 tries all pairs of sizes. */                                                                          \
  static void check_type_##type(farro_distance distance, size_t step) {                                                \
    const size_t sizes[] = {0, 1, 2, 3, 5, 6, 7, 8, 13, 14, 15, 16, 17, 31, 32, 33, 67};                               \
    const size_t count = sizeof sizes / sizeof *sizes;                                                                 \
    for (size_t i = 0; i < count; i++)                                                                                 \
      for (size_t j = i % step; j < count; j += step) {                                                                \
        const problem p = {sizes[i], sizes[j], sizes[(i * 3 + j) % count], j % 3, 0, i % 4};                           \
        check_problem_##type(distance, false, p);                                                                      \
      }                                                                                                                \
    check_problem_##type(distance, false, (problem){15, 67, 300, 1, 0, 7});                                            \
    check_problem_##type(distance, false, (problem){31, 35, 128, 0, 1e4, 5});                                          \
    check_problem_##type(distance, false, (problem){29, 97, 30, 3, -3, 0});                                            \
    check_problem_##type(distance, true, (problem){2600, 2600, 9, 0, 0, 4});                                           \
    if (step > 1) return;                                                                                              \
    check_problem_##type(distance, false, (problem){4200, 3, 5, 0, 0, 9}); /* more than a block, either way */         \
    check_problem_##type(distance, false, (problem){3, 4200, 5, 0, 0, 1});                                             \
  }

CHECK_PROBLEM(f32, float, float, 0x1p-24)
CHECK_PROBLEM(f64, double, double, 0x1p-53)
CHECK_PROBLEM(bf16, uint16_t, float, 0x1p-24)
CHECK_PROBLEM(i8, int8_t, float, 0x1p-24)

void check_distance(void) {
  check_special_distances();
  for (size_t i = 0; i < distance_count; i++) {
    const size_t step = distances[i].metric == FARRO_METRIC_MINKOWSKI ? 5 : 1;
    check_type_f32(distances[i], step);
    check_type_f64(distances[i], step);
    check_type_bf16(distances[i], 6);
    check_type_i8(distances[i], 6);
  }
}
