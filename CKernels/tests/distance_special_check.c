// Distances where something is special: equal rows, values at the ends, arguments that are refused.
#include "distance_checks.h"

// Equal rows may be apart for a product, and where rounding of a logarithm stays.
static bool is_product(farro_distance distance) { return distance.metric == FARRO_METRIC_INNER_PRODUCT; }

// Distances of x to itself, with equal rows far apart and rows far from the origin.
#define CHECK_AXIOMS(type, scalar)                                                                                     \
  static void check_axioms_##type(farro_distance distance, double offset) {                                            \
    enum { rows = 75, most = 19 };                                                                                     \
    static scalar x[rows * most], out[rows * rows], pairs[rows];                                                       \
    const bool is_angle = distance.metric == FARRO_METRIC_HAVERSINE;                                                   \
    const bool is_amount =                                                                                             \
        distance.metric == FARRO_METRIC_HELLINGER || distance.metric == FARRO_METRIC_JENSEN_SHANNON;                   \
    const size_t d = is_angle ? 2 : most;                                                                              \
    fill_##type(x, rows * d);                                                                                          \
    for (size_t i = 0; i < rows * d && !is_angle; i++) x[i] = (is_amount && x[i] < 0 ? -x[i] : x[i]) + (scalar)offset; \
    for (size_t i = 50; i < rows; i++) memcpy(x + i * d, x + (i - 50) * d, d * sizeof *x);                             \
    farro_pairwise_distances_##type(distance, rows, rows, d, x, d, x, d, out, rows);                                   \
    farro_paired_distances_##type(distance, rows, d, x, d, x, d, pairs);                                               \
    bool symmetric = true, zero = true, positive = true;                                                               \
    for (size_t i = 0; i < rows; i++) {                                                                                \
      zero = zero && pairs[i] == 0;                                                                                    \
      for (size_t j = 0; j < rows; j++) {                                                                              \
        const scalar t = out[i * rows + j];                                                                            \
        symmetric = symmetric && t == out[j * rows + i];                                                               \
        if (i % 50 == j % 50)                                                                                          \
          zero = zero && t == 0;                                                                                       \
        else                                                                                                           \
          positive = positive && t > 0;                                                                                \
      }                                                                                                                \
    }                                                                                                                  \
    const char *name = distance_label(distance);                                                                       \
    EXPECT(symmetric, "%s_" #type " + %g is not symmetric", name, offset);                                             \
    if (is_product(distance)) return;                                                                                  \
    EXPECT(zero, "%s_" #type " + %g: equal rows are apart", name, offset);                                             \
    EXPECT(positive, "%s_" #type " + %g: different rows are not apart", name, offset);                                 \
  }

CHECK_AXIOMS(f32, float)
CHECK_AXIOMS(f64, double)

static void check_arguments(void) {
  const float x[4] = {0};
  float out[4] = {7};
  const farro_distance euclidean = {FARRO_METRIC_EUCLIDEAN, 0}, none = {(farro_metric)FARRO_METRIC_COUNT, 0};
  const farro_status refused = FARRO_ERROR_ARGUMENT;
  EXPECT(farro_pairwise_distances_f32(euclidean, 2, 2, 2, x, 1, x, 2, out, 2) == refused, "ldx below d");
  EXPECT(farro_pairwise_distances_f32(euclidean, 2, 2, 2, x, 2, x, 1, out, 2) == refused, "ldy below d");
  EXPECT(farro_pairwise_distances_f32(euclidean, 2, 2, 2, x, 2, x, 2, out, 1) == refused, "ld_out below n");
  EXPECT(farro_pairwise_distances_f32(none, 2, 2, 2, x, 2, x, 2, out, 2) == refused, "no such metric");
  EXPECT(farro_paired_distances_f32(euclidean, 2, 2, x, 1, x, 2, out) == refused, "pairs: ldx below d");
  EXPECT(farro_paired_distances_f32(none, 2, 2, x, 2, x, 2, out) == refused, "pairs: no such metric");
  const double powers[] = {0, -1, (double)NAN};
  for (size_t i = 0; i < 3; i++) {
    const farro_distance minkowski = {FARRO_METRIC_MINKOWSKI, powers[i]};
    EXPECT(farro_pairwise_distances_f32(minkowski, 2, 2, 2, x, 2, x, 2, out, 2) == refused, "p = %g", powers[i]);
  }
  for (farro_metric metric = 0; metric < FARRO_METRIC_COUNT; metric++) { // -1 as a size
    const farro_distance distance = {metric, 3};
    EXPECT(farro_pairwise_distances_f32(distance, 2, 2, SIZE_MAX, x, SIZE_MAX, x, SIZE_MAX, out, 2) == refused,
           "%s: rows of SIZE_MAX", farro_metric_name(metric));
    EXPECT(farro_paired_distances_f32(distance, 2, SIZE_MAX, x, SIZE_MAX, x, SIZE_MAX, out) == refused,
           "%s: pairs of SIZE_MAX", farro_metric_name(metric));
  }
  const farro_distance haversine = {FARRO_METRIC_HAVERSINE, 0};
  EXPECT(farro_pairwise_distances_f32(haversine, 1, 1, 3, x, 3, x, 3, out, 1) == refused, "haversine of 3 numbers");
  EXPECT(out[0] == 7, "a refused call wrote");
  EXPECT(strcmp(farro_metric_name(FARRO_METRIC_COSINE), "cosine") == 0, "the name of cosine");
  EXPECT(strcmp(farro_metric_name(none.metric), "unknown") == 0, "the name of nothing");
}

// Rows of NaN, infinity, zeros, huge and tiny values among rows of ones: what each does to the others' distances.
enum { nan_row, infinite_row, zero_row, huge_row, tiny_row, one_row, rows };

static void check_infinity(farro_distance distance, const float *out) {
  const char *name = distance_label(distance);
  const float infinite = out[infinite_row * rows + one_row], other = out[one_row * rows + infinite_row];
  switch (distance.metric) {
  case FARRO_METRIC_COSINE:
  case FARRO_METRIC_CORRELATION:
  case FARRO_METRIC_CANBERRA:
  case FARRO_METRIC_BRAY_CURTIS:
  case FARRO_METRIC_JENSEN_SHANNON:
  case FARRO_METRIC_HAVERSINE:
    EXPECT(isnan(infinite) && isnan(other), "%s of infinity: %g", name, (double)infinite);
    break;
  default:
    EXPECT(infinite == INFINITY && other == INFINITY, "%s of infinity: %g", name, (double)infinite);
  }
}

static void check_special_values(farro_distance distance) {
  const float values[rows] = {NAN, INFINITY, 0, 3e38f, 1e-40f, 1};
  const char *name = distance_label(distance);
  const farro_metric metric = distance.metric;
  const size_t d = metric == FARRO_METRIC_HAVERSINE ? 2 : 3;
  float x[rows * 3], out[rows * rows], pairs[rows];
  for (size_t i = 0; i < rows * d; i++) x[i] = i % d == 1 ? values[i / d] : 0;
  farro_pairwise_distances_f32(distance, rows, rows, d, x, d, x, d, out, rows);
  farro_paired_distances_f32(distance, rows, d, x, d, x, d, pairs);
  for (size_t j = 0; j < rows; j++)
    EXPECT(isnan(out[j]) && isnan(out[j * rows]), "%s: NaN is lost against row %zu", name, j);
  EXPECT(isnan(pairs[nan_row]), "%s: NaN is lost in a pair", name);
  check_infinity(distance, out);
  const float *ones = out + one_row * rows, *huge = out + huge_row * rows, *zeros = out + zero_row * rows;
  EXPECT(ones[one_row] == (float)is_product(distance), "%s of equal rows beside NaN", name);
  EXPECT(pairs[one_row] == (float)is_product(distance), "%s of an equal pair beside NaN", name);
  switch (metric) {
  case FARRO_METRIC_COSINE:
    EXPECT(ones[zero_row] == 1 && zeros[zero_row] == 1 && pairs[zero_row] == 1, "cosine of a zero row is not 1");
    EXPECT(ones[huge_row] == 0 && ones[tiny_row] == 0 && huge[tiny_row] == 0, "cosine depends on magnitude: %g %g",
           (double)ones[huge_row], (double)ones[tiny_row]);
    break;
  case FARRO_METRIC_CORRELATION:
    EXPECT(isnan(ones[zero_row]) && isnan(zeros[zero_row]) && isnan(pairs[zero_row]), "correlation of a zero row");
    break;
  case FARRO_METRIC_CANBERRA:
    EXPECT(zeros[zero_row] == 0 && zeros[one_row] == 1 && zeros[tiny_row] == 1, "canberra of a zero row");
    break;
  case FARRO_METRIC_BRAY_CURTIS:
    EXPECT(isnan(zeros[zero_row]) && zeros[one_row] == 1 && isnan(pairs[zero_row]), "braycurtis of a zero row");
    break;
  case FARRO_METRIC_JENSEN_SHANNON:
    EXPECT(isinf(zeros[zero_row]) && isinf(zeros[one_row]) && isinf(pairs[zero_row]), "jensenshannon of a zero row");
    break;
  case FARRO_METRIC_EUCLIDEAN:
  case FARRO_METRIC_SQUARED_EUCLIDEAN:
    EXPECT(huge[huge_row] == 0 && huge[one_row] == INFINITY, "%s of huge rows: %g %g", name, (double)huge[huge_row],
           (double)huge[one_row]);
    break;
  case FARRO_METRIC_MINKOWSKI: // neither overflow nor underflow but where it is the Euclidean distance
    if (distance.p == 2) break;
    EXPECT(fabsf(huge[one_row] / 3e38f - 1) < 1e-5f, "%s of huge rows: %g", name, (double)huge[one_row]);
    EXPECT(fabsf(zeros[tiny_row] / 1e-40f - 1) < 1e-4f, "%s of tiny rows: %g", name, (double)zeros[tiny_row]);
    break;
  default:
    break;
  }
}

// Sums of small powers that vanish in some lanes and not in others.
static void check_small_differences(void) {
  enum { count = 40 };
  float x[2] = {1, 1}, y[count * 2], out[count];
  for (size_t j = 0; j < count; j++) y[2 * j] = 1, y[2 * j + 1] = 1 + (j % 3 ? 0x1p-20f : 0.5f);
  for (int p = 3; p <= 6; p++) {
    const farro_distance distance = {FARRO_METRIC_MINKOWSKI, p};
    farro_pairwise_distances_f32(distance, 1, count, 2, x, 2, y, 2, out, count);
    bool holds = true;
    for (size_t j = 0; j < count; j++) holds = holds && fabsf(out[j] / (j % 3 ? 0x1p-20f : 0.5f) - 1) < 2e-6f;
    EXPECT(holds, "minkowski(%d) of nearly equal rows: %g", p, (double)out[1]);
  }
}

// Rounding must not push the distance of opposite rows beyond 2.
static void check_opposite_rows(farro_metric metric) {
  enum { count = 100, d = 19 };
  float x[count * d], y[count * d], out[count * count], pairs[count];
  fill_f32(x, count * d);
  for (size_t i = 0; i < count * d; i++) y[i] = -3 * x[i];
  const farro_distance distance = {metric, 0};
  farro_pairwise_distances_f32(distance, count, count, d, x, d, y, d, out, count);
  farro_paired_distances_f32(distance, count, d, x, d, y, d, pairs);
  bool holds = true;
  for (size_t i = 0; i < count; i++)
    holds = holds && out[i * count + i] <= 2 && out[i * count + i] > 1.99999f && pairs[i] <= 2 && pairs[i] > 1.99999f;
  EXPECT(holds, "%s of opposite rows is not 2", farro_metric_name(metric));
}

// A constant row has no correlation, even where its mean is rounded; and a negative coordinate makes no distribution.
static void check_rows_without_a_distance(void) {
  enum { d = 7 };
  double x[2 * d], out[4], pair[1];
  for (size_t k = 0; k < d; k++) x[k] = 0.1, x[d + k] = (double)(k * k);
  farro_pairwise_distances_f64((farro_distance){FARRO_METRIC_CORRELATION, 0}, 2, 2, d, x, d, x, d, out, 2);
  EXPECT(isnan(out[0]) && isnan(out[1]) && isnan(out[2]) && out[3] == 0, "correlation of a constant row: %g", out[1]);
  x[3] = -0.1;
  const farro_distance divergence = {FARRO_METRIC_JENSEN_SHANNON, 0};
  farro_pairwise_distances_f64(divergence, 2, 2, d, x, d, x, d, out, 2);
  farro_paired_distances_f64(divergence, 1, d, x, d, x + d, d, pair);
  EXPECT(isinf(out[0]) && isinf(out[1]) && isinf(out[2]) && out[3] == 0 && isinf(*pair), "jensenshannon of -0.1");
  for (size_t k = 0; k < d; k++) x[k] = k % 2 ? 1 : -1;
  x[0] = 0; // -1 and 1 alone: the sum is 0
  farro_pairwise_distances_f64(divergence, 2, 2, d, x, d, x, d, out, 2);
  EXPECT(isinf(out[0]) && isinf(out[1]) && isinf(out[2]) && out[3] == 0, "jensenshannon of signs: %g", out[1]);
}

// Integers are exact as long as the header says.
static void check_integers(void) {
  enum { d = 258 };
  int8_t x[d], y[d];
  memset(x, -128, d), memset(y, 127, d);
  y[0] = 126;
  float out;
  farro_pairwise_distances_i8((farro_distance){FARRO_METRIC_SQUARED_EUCLIDEAN, 0}, 1, 1, d, x, d, y, d, &out, 1);
  EXPECT(out == 255 * 255 * 257 + 254 * 254, "integers are rounded: %f", (double)out);
}

// Rows without elements: NULL is legal, whatever the stride.
static double empty_distance(farro_metric metric) {
  switch (metric) {
  case FARRO_METRIC_COSINE:
    return 1;
  case FARRO_METRIC_CORRELATION:
  case FARRO_METRIC_BRAY_CURTIS:
    return (double)NAN;
  case FARRO_METRIC_JENSEN_SHANNON:
    return (double)INFINITY;
  default:
    return 0;
  }
}

static void check_no_coordinates(farro_distance distance) {
  if (distance.metric == FARRO_METRIC_HAVERSINE) return;
  double out[9 * 40] = {7}, pairs[9] = {7};
  const double expected = empty_distance(distance.metric);
  const farro_status status = farro_pairwise_distances_f64(distance, 9, 40, 0, NULL, 3, NULL, 5, out, 40);
  const farro_status paired = farro_paired_distances_f64(distance, 9, 0, NULL, 3, NULL, 5, pairs);
  const double results[] = {out[0], out[359], pairs[0], pairs[8]};
  bool holds = status == FARRO_OK && paired == FARRO_OK;
  for (size_t i = 0; i < 4; i++) holds = holds && (results[i] == expected || (isnan(results[i]) && isnan(expected)));
  EXPECT(holds, "%s of no coordinates: %g %g", distance_label(distance), out[0], pairs[0]);
}

// p that f32 does not hold.
static void check_extreme_powers(void) {
  const float x[] = {1, 2, 3.5f, 2, 2, 2}, y[] = {4, 1, 0, 5, 2, 2};
  const double powers[] = {1e-300, 1e-46, 1e-40, 1e39, 1e300};
  for (size_t i = 0; i < 5; i++) {
    const farro_distance minkowski = {FARRO_METRIC_MINKOWSKI, powers[i]};
    float out[2] = {0}, pairwise[4] = {0};
    farro_paired_distances_f32(minkowski, 2, 3, x, 3, y, 3, out);
    farro_pairwise_distances_f32(minkowski, 2, 2, 3, x, 3, y, 3, pairwise, 2);
    const float expected = powers[i] < 1 ? INFINITY : 3.5f;
    EXPECT(out[0] == expected && out[1] == 3 && pairwise[0] == expected && pairwise[3] == 3, "p = %g: %g and %g",
           powers[i], (double)out[0], (double)out[1]);
  }
}

void check_special_distances(void) {
  check_arguments();
  check_extreme_powers();
  check_opposite_rows(FARRO_METRIC_COSINE);
  check_opposite_rows(FARRO_METRIC_CORRELATION);
  check_rows_without_a_distance();
  check_small_differences();
  check_integers();
  for (size_t i = 0; i < distance_count; i++) {
    check_no_coordinates(distances[i]);
    check_special_values(distances[i]);
    check_axioms_f32(distances[i], 0);
    check_axioms_f32(distances[i], 1e4);
    check_axioms_f64(distances[i], 0);
    check_axioms_f64(distances[i], 1e4);
  }
}
