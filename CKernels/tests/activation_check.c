#include "check.h"

#include <float.h>

static const struct {
  farro_activation function;
  double a, b;
} cases[] = {
    {FARRO_ACTIVATION_NONE, 0, 0},
    {FARRO_ACTIVATION_RELU, 0, 0},
    {FARRO_ACTIVATION_GELU, 0, 0},
    {FARRO_ACTIVATION_GELU_TANH, 0, 0},
    {FARRO_ACTIVATION_SIGMOID, 0, 0},
    {FARRO_ACTIVATION_TANH, 0, 0},
    {FARRO_ACTIVATION_SILU, 0, 0},
    {FARRO_ACTIVATION_STEP, 0, 0},
    {FARRO_ACTIVATION_LINEAR, -1.7, 0.3},
    {FARRO_ACTIVATION_LEAKY_RELU, 0.01, 0},
    {FARRO_ACTIVATION_LEAKY_RELU, -0.3, 0},
    {FARRO_ACTIVATION_ELU, 1, 0},
    {FARRO_ACTIVATION_ELU, 0.37, 0},
    {FARRO_ACTIVATION_SELU, 0, 0},
    {FARRO_ACTIVATION_SOFTPLUS, 1, 20},
    {FARRO_ACTIVATION_SOFTPLUS, 0.7, 3},
    {FARRO_ACTIVATION_HARD_SIGMOID, 0.2, 0.5},
    {FARRO_ACTIVATION_HARD_SIGMOID, 1.0 / 6, 0.5},
    {FARRO_ACTIVATION_HARD_SWISH, 0, 0},
};
enum { case_count = sizeof cases / sizeof *cases };

// What activation.h allows. `ulp` is the distance between numbers about y, rounding's half of one included where the
// reference has been rounded.
static double forward_bound(size_t k, double x, double y, double ulp, double u) {
  const double a = cases[k].a, b = cases[k].b;
  switch (cases[k].function) {
  case FARRO_ACTIVATION_GELU:
    return (u < 1e-10 ? 8 : 7) * ulp;
  case FARRO_ACTIVATION_GELU_TANH:
    return (u < 1e-10 ? 4 : 3) * ulp;
  case FARRO_ACTIVATION_SIGMOID:
    return 2 * ulp;
  case FARRO_ACTIVATION_TANH:
    return ulp;
  case FARRO_ACTIVATION_SILU:
    return 3 * ulp;
  case FARRO_ACTIVATION_LINEAR:
    return u * (2 * fabs(a * x) + fabs(y)) + ulp / 2;
  case FARRO_ACTIVATION_LEAKY_RELU:
    return u * fabs(y) + ulp / 2;
  case FARRO_ACTIVATION_ELU:
  case FARRO_ACTIVATION_SELU:
    return 4 * ulp;
  case FARRO_ACTIVATION_SOFTPLUS:
    return 4 * ulp + 2 * u * fabs(a * x * y);
  case FARRO_ACTIVATION_HARD_SIGMOID:
    return 3 * u * (fabs(a * x) + fabs(b));
  case FARRO_ACTIVATION_HARD_SWISH:
    return 3 * u * fabs(x);
  default:
    return 0;
  }
}

static double slope_bound(size_t k, double saved) {
  switch (cases[k].function) {
  case FARRO_ACTIVATION_GELU:
  case FARRO_ACTIVATION_GELU_TANH:
  case FARRO_ACTIVATION_SILU:
    return 8;
  case FARRO_ACTIVATION_SIGMOID:
    return 1;
  case FARRO_ACTIVATION_TANH:
    return 2;
  case FARRO_ACTIVATION_ELU:
    return 1 + cases[k].a;
  case FARRO_ACTIVATION_SELU:
    return 4;
  case FARRO_ACTIVATION_SOFTPLUS:
    return 5;
  case FARRO_ACTIVATION_HARD_SWISH:
    return 3 + fabs(saved);
  default:
    return 0;
  }
}

static bool takes_y(farro_activation function) {
  return function == FARRO_ACTIVATION_SIGMOID || function == FARRO_ACTIVATION_TANH ||
         function == FARRO_ACTIVATION_ELU || function == FARRO_ACTIVATION_SELU;
}

static double argument(size_t i) {
  const double u = random_unit();
  return i % 4 == 0 ? u : i % 4 == 1 ? 12 * u : i % 4 == 2 ? 110 * u : ldexp(u, (int)random_below(60) - 50);
}

#define CHECK_ACTIVATIONS(type, scalar, digits, smallest, next)                                                        \
  static void check_values_##type(size_t k, size_t n) {                                                                \
    const farro_activation f = cases[k].function;                                                                      \
    const double a = cases[k].a, b = cases[k].b, u = ldexp(1, -digits);                                                \
    const size_t bytes = n * sizeof(scalar);                                                                           \
    scalar *x = guarded_allocate(bytes), *y = guarded_allocate(bytes), *g = guarded_allocate(bytes);                   \
    scalar *expected = guarded_allocate(bytes), *out = guarded_allocate(bytes);                                        \
    for (size_t i = 0; i < n; i++) x[i] = (scalar)argument(i), g[i] = (scalar)(3 * random_unit());                     \
    EXPECT(farro_activate_##type(f, a, b, n, x, y) == FARRO_OK, "activation %d: status", f);                           \
    farro_activate_reference_##type(f, a, b, n, x, expected);                                                          \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const scalar size = (scalar)fabs((double)expected[i]);                                                           \
      const double ulp = size < smallest ? (double)next(0, 1) : (double)(next(size, INFINITY) - size);                 \
      const double error = fabs((double)y[i] - (double)expected[i]);                                                   \
      EXPECT(error <= forward_bound(k, (double)x[i], (double)expected[i], ulp, u),                                     \
             "activation %zu_" #type "(%a) = %a, not %a", k, (double)x[i], (double)y[i], (double)expected[i]);         \
    }                                                                                                                  \
    const scalar *saved = takes_y(f) ? y : x;                                                                          \
    EXPECT(farro_activate_backward_##type(f, a, b, n, g, saved, out) == FARRO_OK, "activation %d: status", f);         \
    farro_activate_backward_reference_##type(f, a, b, n, g, saved, expected);                                          \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const double error = fabs((double)out[i] - (double)expected[i]);                                                 \
      const double bound =                                                                                             \
          u * (slope_bound(k, (double)saved[i]) * fabs((double)g[i]) + 3 * fabs((double)expected[i])) +                \
          (double)smallest;                                                                                            \
      EXPECT(error <= bound, "gradient %zu_" #type " at %a of %a is %a, not %a", k, (double)saved[i], (double)g[i],    \
             (double)out[i], (double)expected[i]);                                                                     \
    }                                                                                                                  \
    memcpy(expected, g, bytes);                                                                                        \
    farro_activate_backward_##type(f, a, b, n, expected, saved, expected);                                             \
    EXPECT(memcmp(expected, out, bytes) == 0, "gradient %zu_" #type " of %zu: in place differs", k, n);                \
    memcpy(expected, x, bytes);                                                                                        \
    farro_activate_##type(f, a, b, n, expected, expected);                                                             \
    EXPECT(memcmp(expected, y, bytes) == 0, "activation %zu_" #type " of %zu: in place differs", k, n);                \
    guarded_free(x, bytes), guarded_free(y, bytes), guarded_free(g, bytes);                                            \
    guarded_free(expected, bytes), guarded_free(out, bytes);                                                           \
  }                                                                                                                    \
  static void check_ends_##type(size_t k) {                                                                            \
    const scalar x[] = {(scalar)NAN, (scalar) - INFINITY, (scalar)INFINITY}, g[] = {1, 1, 1};                          \
    scalar y[3], out[3];                                                                                               \
    farro_activate_##type(cases[k].function, cases[k].a, cases[k].b, 3, x, y);                                         \
    EXPECT(isnan(y[0]), "activation %zu_" #type "(NaN) = %g", k, (double)y[0]);                                        \
    EXPECT(!isnan(y[1]) && !isnan(y[2]), "activation %zu_" #type " at infinity: %g %g", k, (double)y[1],               \
           (double)y[2]);                                                                                              \
    farro_activate_backward_##type(cases[k].function, cases[k].a, cases[k].b, 3, g,                                    \
                                   takes_y(cases[k].function) ? y : x, out);                                           \
    EXPECT(!isnan(out[1]) && !isnan(out[2]), "gradient %zu_" #type " at infinity: %g %g", k, (double)out[1],           \
           (double)out[2]);                                                                                            \
  }

CHECK_ACTIVATIONS(f32, float, 24, FLT_MIN, nextafterf)
CHECK_ACTIVATIONS(f64, double, 53, DBL_MIN, nextafter)

// ---- channels ----

static const struct {
  farro_channels_shape shape;
  size_t pieces;
} shapes[] = {{{0, 3, 5}, 3},     {{2, 0, 3}, 1},    {{3, 4, 0}, 2},    {{1, 1, 1}, 1},    {{5, 3, 1}, 3},
              {{7, 34, 1}, 2},    {{3, 2, 5}, 2},    {{2, 12, 17}, 4},  {{4, 1, 1000}, 1}, {{9, 6, 63}, 3},
              {{2, 4, 20000}, 2}, {{5000, 4, 1}, 2}, {{33, 258, 1}, 6}, {{3, 2, 129}, 1},  {{70000, 1, 1}, 1}};

#define CHECK_CHANNELS(type, scalar, digits)                                                                           \
  static void check_channels_##type(const farro_channels_shape *s, size_t pieces) {                                    \
    const size_t n = s->outer * s->channels * s->inner, bytes = n * sizeof(scalar), c = s->channels * sizeof(scalar);  \
    scalar *x = guarded_allocate(bytes), *g = guarded_allocate(bytes), *slope = guarded_allocate(c);                   \
    scalar *y = guarded_allocate(bytes), *expected = guarded_allocate(bytes);                                          \
    scalar *sums = guarded_allocate(c), *expected_sums = guarded_allocate(c), *serial = guarded_allocate(c);           \
    fill_##type(x, n), fill_##type(g, n), fill_##type(slope, s->channels);                                             \
    EXPECT(farro_prelu_##type(s, x, slope, y) == FARRO_OK, "prelu_" #type ": status");                                 \
    farro_prelu_reference_##type(s, x, slope, expected);                                                               \
    EXPECT(memcmp(y, expected, bytes) == 0, "prelu_" #type " of %zu %zu %zu", s->outer, s->channels, s->inner);        \
    EXPECT(farro_prelu_backward_##type(s, g, x, slope, y, sums) == FARRO_OK, "prelu_backward_" #type ": status");      \
    farro_prelu_backward_reference_##type(s, g, x, slope, expected, expected_sums);                                    \
    EXPECT(memcmp(y, expected, bytes) == 0, "prelu_backward_" #type " of %zu %zu %zu", s->outer, s->channels,          \
           s->inner);                                                                                                  \
    for (size_t i = 0; i < s->channels; i++) {                                                                         \
      double size = 0; /* x and g are below 1 */                                                                       \
      for (size_t at = 0; at < n; at++)                                                                                \
        size += at / s->inner % s->channels == i && !(x[at] > 0) ? fabs((double)x[at] * (double)g[at]) : 0;            \
      const double run = s->outer * s->inner < 4096 ? (double)(s->outer * s->inner) + 2 : 4100;                        \
      const double error = fabs((double)sums[i] - (double)expected_sums[i]);                                           \
      EXPECT(error <= run * ldexp(size, -digits), "prelu_backward_" #type " of %zu %zu %zu: slope %zu is off by %g",   \
             s->outer, s->channels, s->inner, i, error);                                                               \
    }                                                                                                                  \
    const int32_t threads = farro_threads();                                                                           \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_prelu_backward_##type(s, g, x, slope, g, serial);                                                            \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(g, y, bytes) == 0 && memcmp(serial, sums, c) == 0, "prelu_backward_" #type ": %d threads differ",    \
           threads);                                                                                                   \
    if (n > 3 && s->channels > 1) x[n / 2] = x[n / 2 - 1], x[n / 3] = (scalar)NAN;                                     \
    const size_t results = n / pieces;                                                                                 \
    int32_t *at = guarded_allocate(results * 4), *expected_at = guarded_allocate(results * 4);                         \
    scalar *greatest = guarded_allocate(results * sizeof(scalar));                                                     \
    EXPECT(farro_maxout_##type(s, pieces, x, greatest, at) == FARRO_OK, "maxout_" #type ": status");                   \
    farro_maxout_reference_##type(s, pieces, x, expected, expected_at);                                                \
    size_t wrong = 0;                                                                                                  \
    for (size_t i = 0; i < results; i++)                                                                               \
      wrong += at[i] != expected_at[i] || !(greatest[i] == expected[i] || isnan(greatest[i]) == isnan(expected[i]));   \
    EXPECT(wrong == 0, "maxout_" #type " of %zu %zu %zu by %zu: %zu wrong", s->outer, s->channels, s->inner, pieces,   \
           wrong);                                                                                                     \
    EXPECT(farro_maxout_##type(s, pieces, x, greatest, NULL) == FARRO_OK, "maxout_" #type ": status");                 \
    fill_##type(greatest, results);                                                                                    \
    EXPECT(farro_maxout_backward_##type(s, pieces, greatest, at, y) == FARRO_OK, "maxout_backward_" #type ": status"); \
    wrong = 0;                                                                                                         \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const size_t row = i / s->inner, result = row / pieces * s->inner + i % s->inner;                                \
      wrong += y[i] != (at[result] == (int32_t)(row % pieces) ? greatest[result] : 0);                                 \
    }                                                                                                                  \
    EXPECT(wrong == 0, "maxout_backward_" #type " of %zu %zu %zu by %zu: %zu wrong", s->outer, s->channels, s->inner,  \
           pieces, wrong);                                                                                             \
    guarded_free(x, bytes), guarded_free(g, bytes), guarded_free(slope, c), guarded_free(y, bytes);                    \
    guarded_free(expected, bytes), guarded_free(sums, c), guarded_free(expected_sums, c), guarded_free(serial, c);     \
    guarded_free(at, results * 4), guarded_free(expected_at, results * 4);                                             \
    guarded_free(greatest, results * sizeof(scalar));                                                                  \
  }

CHECK_CHANNELS(f32, float, 24)
CHECK_CHANNELS(f64, double, 53)

static void check_arguments(void) {
  float x[4] = {0}, y[4] = {7, 7, 7, 7};
  EXPECT(farro_activate_f32(FARRO_ACTIVATION_COUNT, 0, 0, 4, x, y) == FARRO_ERROR_ARGUMENT, "an unknown activation");
  EXPECT(farro_activate_f32(FARRO_ACTIVATION_ELU, -1, 0, 4, x, y) == FARRO_ERROR_ARGUMENT, "ELU with a negative a");
  EXPECT(farro_activate_backward_f32(FARRO_ACTIVATION_SOFTPLUS, 0, 0, 4, x, x, y) == FARRO_ERROR_ARGUMENT,
         "softplus with an a of 0");
  const farro_channels_shape shape = {1, 4, 1};
  EXPECT(farro_maxout_f32(&shape, 3, x, y, NULL) == FARRO_ERROR_ARGUMENT, "maxout of 4 channels by 3");
  EXPECT(farro_maxout_f32(&shape, 0, x, y, NULL) == FARRO_ERROR_ARGUMENT, "maxout by 0");
  EXPECT(y[0] == 7, "a refused call wrote");
}

void check_activation(void) {
  check_arguments();
  for (size_t k = 0; k < case_count; k++) {
    for (size_t i = 0; i < tail_size_count; i++) check_values_f32(k, tail_sizes[i]), check_values_f64(k, tail_sizes[i]);
    check_values_f32(k, 40001), check_values_f64(k, 40001);
    check_ends_f32(k), check_ends_f64(k);
  }
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    check_channels_f32(&shapes[i].shape, shapes[i].pieces);
    check_channels_f64(&shapes[i].shape, shapes[i].pieces);
  }
}
