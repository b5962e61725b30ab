#include "check.h"

static size_t log2_of(size_t n) {
  size_t bits = 0;
  while (n >> bits) bits++;
  return bits;
}

// The header's bounds, one half unit of the last place for the rounding of the result, and one more for the oracle's.
static double sum_bound(size_t n, double u, double magnitude) {
  const size_t chain = n < 270 ? n : 270;
  return ((double)chain + (double)log2_of(n) * 0x1p-53 / u + 2) * u * magnitude;
}

static double variance_bound(size_t n, double u, double variance) {
  const size_t chain = n < 530 ? n : 530;
  return (double)(chain + log2_of(n) + 6) * u * variance;
}

#define EXPECT_NEAR(name, type, i, actual, exact, bound)                                                               \
  EXPECT(fabs((double)(actual) - (double)(exact)) <= (bound),                                                          \
         name "_" #type " (%zu, %zu, %zu) at %zu: %.9g, not %.9g", s.outer, s.axis, s.inner, i, (double)(actual),      \
         (double)(exact))

#define CHECK_REDUCTIONS(type, scalar, unit)                                                                           \
  static void check_sums_##type(farro_reduction_shape s, const scalar *x, scalar *out, scalar *exact) {                \
    const size_t results = s.outer * s.inner;                                                                          \
    EXPECT(farro_sum_##type(&s, x, out) == FARRO_OK, "sum_" #type " fails");                                           \
    farro_sum_reference_##type(&s, x, exact);                                                                          \
    for (size_t i = 0; i < results; i++)                                                                               \
      EXPECT_NEAR("sum", type, i, out[i], exact[i], sum_bound(s.axis, unit, (double)s.axis));                          \
    EXPECT(farro_mean_##type(&s, x, out) == FARRO_OK, "mean_" #type " fails");                                         \
    farro_mean_reference_##type(&s, x, exact);                                                                         \
    for (size_t i = 0; i < results && s.axis; i++)                                                                     \
      EXPECT_NEAR("mean", type, i, out[i], exact[i], sum_bound(s.axis, unit, 1));                                      \
    for (double correction = 0; correction < 2; correction++) {                                                        \
      EXPECT(farro_variance_##type(&s, correction, x, out) == FARRO_OK, "variance_" #type " fails");                   \
      farro_variance_reference_##type(&s, correction, x, exact);                                                       \
      for (size_t i = 0; i < results && (double)s.axis > correction; i++)                                              \
        EXPECT_NEAR("variance", type, i, out[i], exact[i], variance_bound(s.axis, unit, (double)exact[i]));            \
      for (size_t i = 0; i < results && (double)s.axis <= correction; i++)                                             \
        EXPECT(isnan(out[i]), "variance_" #type " of %zu elements is %g", s.axis, (double)out[i]);                     \
    }                                                                                                                  \
  }                                                                                                                    \
  static void check_product_##type(farro_reduction_shape s, scalar *x, scalar *out, scalar *exact) {                   \
    const size_t count = s.outer * s.axis * s.inner;                                                                   \
    for (size_t i = 0; i < count; i++) x[i] = (scalar)((random_below(2) ? 1 : -1) * (1 + random_unit() / 64));         \
    EXPECT(farro_product_##type(&s, x, out) == FARRO_OK, "product_" #type " fails");                                   \
    farro_product_reference_##type(&s, x, exact);                                                                      \
    for (size_t i = 0; i < s.outer * s.inner; i++)                                                                     \
      EXPECT_NEAR("product", type, i, out[i], exact[i], (1.01 * (double)s.axis + 1) * unit * fabs((double)exact[i]));  \
  }                                                                                                                    \
  static void check_extreme_##type(                                                                                    \
      const char *name, farro_status (*extreme)(const farro_reduction_shape *, const scalar *, scalar *),              \
      farro_status (*reference)(const farro_reduction_shape *, const scalar *, scalar *),                              \
      farro_status (*position)(const farro_reduction_shape *, const scalar *, int64_t *),                              \
      farro_status (*position_reference)(const farro_reduction_shape *, const scalar *, int64_t *),                    \
      farro_reduction_shape s, const scalar *x, scalar *out, scalar *exact) {                                          \
    const size_t results = s.outer * s.inner, bytes = results * sizeof(int64_t);                                       \
    int64_t *where = guarded_allocate(bytes), *exactly = guarded_allocate(bytes);                                      \
    const farro_status status = extreme(&s, x, out), also = position(&s, x, where);                                    \
    EXPECT(status == (s.axis ? FARRO_OK : FARRO_ERROR_ARGUMENT) && also == status, "%s: status %d", name, status);     \
    if (status == FARRO_OK) {                                                                                          \
      reference(&s, x, exact);                                                                                         \
      position_reference(&s, x, exactly);                                                                              \
      for (size_t i = 0; i < results; i++) {                                                                           \
        EXPECT(out[i] == exact[i] || (isnan(out[i]) && isnan(exact[i])),                                               \
               "%s_" #type " (%zu, %zu, %zu) at %zu: %g, not %g", name, s.outer, s.axis, s.inner, i, (double)out[i],   \
               (double)exact[i]);                                                                                      \
        EXPECT(where[i] == exactly[i], "arg%s_" #type " (%zu, %zu, %zu) at %zu: %lld, not %lld", name, s.outer,        \
               s.axis, s.inner, i, (long long)where[i], (long long)exactly[i]);                                        \
      }                                                                                                                \
    }                                                                                                                  \
    guarded_free(where, bytes), guarded_free(exactly, bytes);                                                          \
  }                                                                                                                    \
  static void check_extremes_##type(farro_reduction_shape s, const scalar *x, scalar *out, scalar *exact) {            \
    check_extreme_##type("max", farro_max_##type, farro_max_reference_##type, farro_argmax_##type,                     \
                         farro_argmax_reference_##type, s, x, out, exact);                                             \
    check_extreme_##type("min", farro_min_##type, farro_min_reference_##type, farro_argmin_##type,                     \
                         farro_argmin_reference_##type, s, x, out, exact);                                             \
  }                                                                                                                    \
  static void check_threads_##type(farro_reduction_shape s, const scalar *x, scalar *out, scalar *serial) {            \
    const size_t bytes = s.outer * s.inner * sizeof *out;                                                              \
    farro_sum_##type(&s, x, out);                                                                                      \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_sum_##type(&s, x, serial);                                                                                   \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(out, serial, bytes) == 0, "sum_" #type " (%zu, %zu, %zu): bits depend on threads", s.outer, s.axis,  \
           s.inner);                                                                                                   \
    farro_variance_##type(&s, 1, x, out);                                                                              \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_variance_##type(&s, 1, x, serial);                                                                           \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(out, serial, bytes) == 0, "variance_" #type " (%zu, %zu, %zu): bits depend on threads", s.outer,     \
           s.axis, s.inner);                                                                                           \
  }                                                                                                                    \
  static void check_shape_##type(farro_reduction_shape s, int kind) {                                                  \
    const size_t count = s.outer * s.axis * s.inner, results = s.outer * s.inner;                                      \
    scalar *x = guarded_allocate(count * sizeof *x);                                                                   \
    scalar *out = guarded_allocate(results * sizeof *out), *exact = guarded_allocate(results * sizeof *out);           \
    fill_##type(x, count);                                                                                             \
    check_sums_##type(s, x, out, exact);                                                                               \
    check_threads_##type(s, x, out, exact);                                                                            \
    check_product_##type(s, x, out, exact);                                                                            \
    /* few values, so that extremes repeat; all infinite; some NaN */                                                  \
    for (size_t i = 0; i < count; i++) x[i] = kind == 1 ? (scalar) - INFINITY : (scalar)random_below(5);               \
    for (size_t i = 0; kind == 2 && i < count / 50 + 1 && count; i++) x[random_below(count)] = (scalar)NAN;            \
    check_extremes_##type(s, x, out, exact);                                                                           \
    for (size_t i = 0; kind == 1 && i < count; i++) x[i] = (scalar)INFINITY;                                           \
    if (kind == 1) check_extremes_##type(s, x, out, exact);                                                            \
    guarded_free(x, count * sizeof *x);                                                                                \
    guarded_free(out, results * sizeof *out), guarded_free(exact, results * sizeof *out);                              \
  }

CHECK_REDUCTIONS(f32, float, 0x1p-24)
CHECK_REDUCTIONS(f64, double, 0x1p-53)

// Bytes that are all the same but for a few: both answers occur.
static void check_truth(farro_reduction_shape s, int kind) {
  const size_t count = s.outer * s.axis * s.inner, results = s.outer * s.inner;
  uint8_t *x = guarded_allocate(count), *out = guarded_allocate(results), *exact = guarded_allocate(results);
  memset(x, kind == 0 ? 0 : kind == 1 ? 1 : 0x80, count);
  for (size_t i = 0; i < results / 2 && count; i++) x[random_below(count)] ^= kind == 2 ? 0x80 : 1;
  EXPECT(farro_any_u8(&s, x, out) == FARRO_OK, "any fails");
  farro_any_reference_u8(&s, x, exact);
  EXPECT(memcmp(out, exact, results) == 0, "any (%zu, %zu, %zu) kind %d", s.outer, s.axis, s.inner, kind);
  EXPECT(farro_all_u8(&s, x, out) == FARRO_OK, "all fails");
  farro_all_reference_u8(&s, x, exact);
  EXPECT(memcmp(out, exact, results) == 0, "all (%zu, %zu, %zu) kind %d", s.outer, s.axis, s.inner, kind);
  guarded_free(x, count), guarded_free(out, results), guarded_free(exact, results);
}

static void check_truths(void) {
  for (int kind = 0; kind < 3; kind++) {
    for (size_t i = 0; i < tail_size_count; i++) {
      check_truth((farro_reduction_shape){5, tail_sizes[i], 1}, kind);
      check_truth((farro_reduction_shape){2, 3 + i, tail_sizes[i]}, kind);
    }
    check_truth((farro_reduction_shape){3, 200003, 1}, kind);
    check_truth((farro_reduction_shape){40, 1024, 1}, kind);
    check_truth((farro_reduction_shape){2, 515, 4099}, kind);
    check_truth((farro_reduction_shape){1, 70001, 3}, kind);
  }
}

static void check_shape(size_t outer, size_t axis, size_t inner, int kind) {
  const farro_reduction_shape s = {outer, axis, inner};
  check_shape_f32(s, kind);
  check_shape_f64(s, kind);
}

// 2^24 + 1 is not a float: a running sum of ones would stop there.
static void check_many_ones(void) {
  const size_t n = 100 * 1000 * 1000;
  float *x = farro_allocate(n * sizeof *x), sum = 0;
  for (size_t i = 0; i < n; i++) x[i] = 1;
  farro_sum_f32(&(farro_reduction_shape){1, n, 1}, x, &sum);
  EXPECT(sum == 1e8f, "the sum of 10^8 ones is %.9g", (double)sum);
  const size_t rows = n / 100;
  float sums[100];
  farro_sum_f32(&(farro_reduction_shape){1, rows, 100}, x, sums);
  for (size_t j = 0; j < 100; j++) EXPECT(sums[j] == 1e6f, "the sum of 10^6 ones is %.9g", (double)sums[j]);
  farro_release(x, n * sizeof *x);
}

// Mean 10^6, deviation 1, over a long axis: both contiguous and strided.
static void check_large_mean(void) {
  enum { rows = 30011, columns = 3, count = rows * columns };
  double *x = guarded_allocate(count * sizeof *x), actual[columns], exact[columns];
  float *narrow = guarded_allocate(count * sizeof *narrow), actual_narrow[columns], exact_narrow[columns];
  for (size_t i = 0; i < count; i++) x[i] = 1e6 + 1.7 * random_unit(), narrow[i] = (float)x[i];
  const farro_reduction_shape shapes[] = {{1, rows, columns}, {columns, rows, 1}};
  for (size_t k = 0; k < 2; k++) {
    farro_variance_f64(&shapes[k], 0, x, actual);
    farro_variance_reference_f64(&shapes[k], 0, x, exact);
    farro_variance_f32(&shapes[k], 0, narrow, actual_narrow);
    farro_variance_reference_f32(&shapes[k], 0, narrow, exact_narrow);
    for (size_t j = 0; j < columns; j++) {
      EXPECT(fabs(actual[j] - exact[j]) <= variance_bound(rows, 0x1p-53, exact[j]), "variance_f64 at mean 1e6: %.17g",
             actual[j]);
      EXPECT(fabs((double)(actual_narrow[j] - exact_narrow[j])) <=
                 variance_bound(rows, 0x1p-24, (double)exact_narrow[j]),
             "variance_f32 at mean 1e6: %.9g, not %.9g", (double)actual_narrow[j], (double)exact_narrow[j]);
    }
  }
  guarded_free(x, count * sizeof *x), guarded_free(narrow, count * sizeof *narrow);
}

static void check_empty_axis(void) {
  const farro_reduction_shape s = {2, 0, 600};
  float out[1200] = {7};
  EXPECT(farro_sum_f32(&s, NULL, out) == FARRO_OK && out[0] == 0 && out[1199] == 0, "an empty sum is %g",
         (double)out[0]);
  EXPECT(farro_mean_f32(&s, NULL, out) == FARRO_OK && isnan(out[0]) && isnan(out[1199]), "an empty mean is %g",
         (double)out[0]);
}

void check_reduction(void) {
  check_empty_axis();
  for (size_t i = 0; i < tail_size_count; i++) {
    const size_t n = tail_sizes[i];
    check_shape(1 + i % 3, n, 1, (int)i % 3);
    check_shape(1, n, 17, (int)i % 3);
    check_shape(2, 1 + i % 7, n, (int)i % 3);
  }
  check_shape(3, 4096, 1, 2); // one whole block, one element more, several with a rest
  check_shape(2, 4097, 1, 1);
  check_shape(1, 50021, 1, 0);
  check_shape(1, 50021, 1, 2);
  check_shape(2, 129, 513, 2);
  check_shape(1, 1001, 1030, 2);
  check_shape(1, 30011, 3, 1);
  check_shape(700, 9, 5, 2);
  check_truths();
  check_large_mean();
  check_many_ones();
}
