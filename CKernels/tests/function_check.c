#include "check.h"

#include "elementwise/elementwise.h"
#include "runtime/dispatch.h"

// ---- functions against the C library in a wider type -------------------------------------------------------------

static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
static long double sigmoidl(long double x) { return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x)); }

// x F(x) with an F that is 0 at -infinity.
static double gated(double x, double f) { return f == 0 ? -0.0 : x * f; }
static long double gatedl(long double x, long double f) { return f == 0 ? -0.0L : x * f; }
static double silu(double x) { return gated(x, sigmoid(x)); }
static long double silul(long double x) { return gatedl(x, sigmoidl(x)); }
static double gelu(double x) { return gated(x, erfc(-x * sqrt(0.5)) / 2); }
static long double gelul(long double x) { return gatedl(x, erfcl(-x * sqrtl(0.5L)) / 2); }
static double gelu_tanh(double x) { return gated(x, sigmoid(sqrt(8 / acos(-1)) * x * (1 + 0.044715 * x * x))); }
static long double gelu_tanhl(long double x) {
  return gatedl(x, sigmoidl(sqrtl(8 / acosl(-1)) * x * (1 + 0.044715L * x * x)));
}

// What the fast forms take for 0.
static double exp_normal(double x) { return exp(x) < 0x1p-126 ? 0 : exp(x); }
static long double exp_normall(long double x) { return expl(x) < 0x1p-1022L ? 0 : expl(x); }
static double log_normal(double x) { return x < 0 ? NAN : x < 0x1p-126 ? -INFINITY : log(x); }
static long double log_normall(long double x) { return x < 0 ? NAN : x < 0x1p-1022L ? -INFINITY : logl(x); }

static const struct {
  const char *name;
  map_operation operation;
  double (*exact)(double x);
  long double (*exact_wide)(long double x);
  double bound, bound_f64; // ulp
} functions[] = {{"exp", map_exp, exp, expl, 1, 1},
                 {"log", map_log, log, logl, 1, 1},
                 {"sin", map_sin, sin, sinl, 1, 1},
                 {"cos", map_cos, cos, cosl, 1, 1},
                 {"tanh", map_tanh, tanh, tanhl, 1, 1},
                 {"sigmoid", map_sigmoid, sigmoid, sigmoidl, 2, 2},
                 {"erf", map_erf, erf, erfl, 1, 1},
                 {"silu", map_silu, silu, silul, 3, 3},
                 {"gelu", map_gelu, gelu, gelul, 7, 8},
                 {"gelu_tanh", map_gelu_tanh, gelu_tanh, gelu_tanhl, 3, 4},
                 {"exp_fast", map_exp_fast, exp_normal, exp_normall, 4, 4},
                 {"log_fast", map_log_fast, log_normal, log_normall, 1, 1},
                 {"sin_fast", map_sin_fast, sin, sinl, 3, 3},
                 {"cos_fast", map_cos_fast, cos, cosl, 3, 3},
                 {"tanh_fast", map_tanh_fast, tanh, tanhl, 2, 2},
                 {"erf_fast", map_erf_fast, erf, erfl, 2, 2}};
enum { function_count = sizeof functions / sizeof *functions, batch = 4096 };

static map_view view_of(const void *x, void *out, size_t n) {
  return (map_view){.rows = 1, .columns = n, .in = {{x, n, 1}}, .out = out, .out_row = n};
}

// |value - exact| in units of the last place of a format with that many digits and least exponent.
static double ulps(long double value, long double exact, bool rounds_to_infinity, int digits, int least) {
  if (isnan(exact)) return isnan(value) ? 0 : INFINITY;
  if (isinf(value) || rounds_to_infinity) return isinf(value) && rounds_to_infinity ? 0 : INFINITY;
  int exponent;
  frexpl(exact, &exponent);
  exponent = exact == 0 || exponent - digits < least ? least : exponent - digits;
  return (double)(fabsl(value - exact) / ldexpl(1, exponent));
}

// The same for f32, at the speed that all floats ask for.
static double ulps_f32(float value, double exact) {
  if (isnan(exact)) return isnan(value) ? 0 : INFINITY;
  if (isinf(value) || isinf((float)exact)) return value == (float)exact ? 0 : INFINITY;
  uint64_t bits;
  memcpy(&bits, &exact, sizeof bits);
  const int64_t exponent = (int64_t)(bits >> 52 & 0x7ff) - 1023;
  const uint64_t scale_bits = (uint64_t)(1023 + 23 - (exponent < -126 ? -126 : exponent)) << 52;
  double scale;
  memcpy(&scale, &scale_bits, sizeof scale);
  return fabs((double)value - exact) * scale;
}

// Every `step`-th float, on all threads: bodies run on threads with another instruction set of their own, so that they
// call the kernel itself.
typedef struct {
  const elementwise_kernels *kernels;
  size_t function;
  uint64_t step;
  struct {
    double error;
    float at;
  } *worst; // of each block
} sweep;

static void sweep_blocks(void *context, size_t first, size_t last) {
  const sweep *s = context;
  for (size_t block = first; block < last; block++) {
    float x[batch], y[batch], at = 0;
    double worst = 0;
    for (size_t i = 0; i < batch; i++) {
      const uint32_t word = (uint32_t)((block * batch + i) * s->step);
      memcpy(&x[i], &word, sizeof word);
    }
    const map_view view = view_of(x, y, batch);
    s->kernels->map[functions[s->function].operation](&view);
    for (size_t i = 0; i < batch; i++) {
      const double error = ulps_f32(y[i], functions[s->function].exact((double)x[i]));
      if (!(error <= worst)) worst = error, at = x[i];
    }
    s->worst[block].error = worst;
    s->worst[block].at = at;
  }
}

static void check_function_f32(size_t f, uint64_t step) {
  const size_t blocks = (size_t)((((uint64_t)1 << 32) / step + batch - 1) / batch);
  sweep s = {.kernels = farro_current_kernels()->elementwise_f32, .function = f, .step = step};
  s.worst = calloc(blocks, sizeof *s.worst);
  farro_parallel_for(blocks, 1, 1e9, sweep_blocks, &s);
  size_t at = 0;
  for (size_t i = 1; i < blocks; i++)
    if (!(s.worst[i].error <= s.worst[at].error)) at = i;
  EXPECT(s.worst[at].error <= functions[f].bound, "%s_f32(%a): %.3f ulp", functions[f].name, (double)s.worst[at].at,
         s.worst[at].error);
  if (exhaustive)
    printf("%-11s %-9s f32 over all floats: %.4f ulp at %a\n", farro_isa_name(farro_current_isa()), functions[f].name,
           s.worst[at].error, (double)s.worst[at].at);
  free(s.worst);
}

// Spreads over the given magnitudes and both signs.
static double argument(int range) {
  const double u = random_unit();
  switch (range) {
  case 0:
    return 1500 * u / 2; // past both ends of exp
  case 1:
    return 2 * u;
  case 2:
    return 22 * u;
  case 3:
    return ldexp(u, (int)random_below(90) - 80);
  case 4:
    return -725 + 25 * u; // subnormal results of exp
  case 5:
    return ldexp(u, (int)random_below(2040) - 1010); // any
  case 6:
    return round(ldexp(u, (int)random_below(24))) * acos(0); // near a multiple of pi/2
  default:
    return 40 * u; // past the ends of erf and both GELUs
  }
}

static void check_function_f64(size_t f) {
  double x[batch], y[batch], worst = 0, at = 0;
  for (int round = 0; round < (exhaustive ? 10000 : 64); round++) {
    for (size_t i = 0; i < batch; i++) x[i] = argument(round % 8);
    const map_view view = view_of(x, y, batch);
    farro_current_kernels()->elementwise_f64->map[functions[f].operation](&view);
    for (size_t i = 0; i < batch; i++) {
      const long double exact = functions[f].exact_wide((long double)x[i]);
      const double error = ulps((long double)y[i], exact, isinf((double)exact), 53, -1074);
      if (!(error <= worst)) worst = error, at = x[i];
    }
  }
  EXPECT(worst <= functions[f].bound_f64, "%s_f64(%a): %.3f ulp", functions[f].name, at, worst);
  if (exhaustive)
    printf("%-11s %-9s f64 over 40 million: %.4f ulp at %a\n", farro_isa_name(farro_current_isa()), functions[f].name,
           worst, at);
}

#define CHECK_TAILS(type, scalar)                                                                                      \
  static void check_tails_##type(farro_status (*function)(size_t, const scalar *, scalar *), const char *name) {       \
    scalar whole[512], expected[512];                                                                                  \
    for (size_t i = 0; i < 512; i++) whole[i] = (scalar)(10 * random_unit());                                          \
    function(512, whole, expected);                                                                                    \
    for (size_t i = 0; i < tail_size_count; i++) {                                                                     \
      const size_t n = tail_sizes[i];                                                                                  \
      scalar *x = guarded_allocate(n * sizeof *x), *out = guarded_allocate(n * sizeof *out);                           \
      memcpy(x, whole, n * sizeof *x);                                                                                 \
      EXPECT(function(n, x, out) == FARRO_OK && memcmp(out, expected, n * sizeof *out) == 0,                           \
             "%s_" #type " of %zu: depends on the place in the array", name, n);                                       \
      function(n, x, x);                                                                                               \
      EXPECT(memcmp(x, expected, n * sizeof *x) == 0, "%s_" #type " of %zu: in place differs", name, n);               \
      guarded_free(x, n * sizeof *x), guarded_free(out, n * sizeof *out);                                              \
    }                                                                                                                  \
  }

CHECK_TAILS(f32, float)
CHECK_TAILS(f64, double)

#define EXPECT_VALUE(type, scalar, function, argument, value)                                                          \
  do {                                                                                                                 \
    const scalar x = (scalar)(argument), exact = (scalar)(value);                                                      \
    scalar y = 99;                                                                                                     \
    farro_##function##_##type(1, &x, &y);                                                                              \
    EXPECT(isnan(exact) ? isnan(y) : y == exact && signbit(y) == signbit(exact), #function "_" #type "(%g) = %a",      \
           (double)x, (double)y);                                                                                      \
  } while (0)

#define CHECK_SPECIAL_VALUES(type, scalar)                                                                             \
  static void check_special_values_##type(void) {                                                                      \
    EXPECT_VALUE(type, scalar, exp, 0.0, 1);                                                                           \
    EXPECT_VALUE(type, scalar, exp, -0.0, 1);                                                                          \
    EXPECT_VALUE(type, scalar, exp, INFINITY, INFINITY);                                                               \
    EXPECT_VALUE(type, scalar, exp, -INFINITY, 0.0);                                                                   \
    EXPECT_VALUE(type, scalar, exp, NAN, NAN);                                                                         \
    EXPECT_VALUE(type, scalar, log, 1, 0.0);                                                                           \
    EXPECT_VALUE(type, scalar, log, 0.0, -INFINITY);                                                                   \
    EXPECT_VALUE(type, scalar, log, -0.0, -INFINITY);                                                                  \
    EXPECT_VALUE(type, scalar, log, -1, NAN);                                                                          \
    EXPECT_VALUE(type, scalar, log, INFINITY, INFINITY);                                                               \
    EXPECT_VALUE(type, scalar, log, NAN, NAN);                                                                         \
    EXPECT_VALUE(type, scalar, sin, 0.0, 0.0);                                                                         \
    EXPECT_VALUE(type, scalar, sin, -0.0, -0.0);                                                                       \
    EXPECT_VALUE(type, scalar, sin, 0x1p-140, 0x1p-140);                                                               \
    EXPECT_VALUE(type, scalar, sin, INFINITY, NAN);                                                                    \
    EXPECT_VALUE(type, scalar, sin, NAN, NAN);                                                                         \
    EXPECT_VALUE(type, scalar, cos, 0.0, 1);                                                                           \
    EXPECT_VALUE(type, scalar, cos, -INFINITY, NAN);                                                                   \
    EXPECT_VALUE(type, scalar, cos, NAN, NAN);                                                                         \
    EXPECT_VALUE(type, scalar, tanh, -0.0, -0.0);                                                                      \
    EXPECT_VALUE(type, scalar, tanh, 0x1p-140, 0x1p-140);                                                              \
    EXPECT_VALUE(type, scalar, tanh, 40, 1);                                                                           \
    EXPECT_VALUE(type, scalar, tanh, -INFINITY, -1);                                                                   \
    EXPECT_VALUE(type, scalar, tanh, NAN, NAN);                                                                        \
    EXPECT_VALUE(type, scalar, sigmoid, 0.0, 0.5);                                                                     \
    EXPECT_VALUE(type, scalar, sigmoid, INFINITY, 1);                                                                  \
    EXPECT_VALUE(type, scalar, sigmoid, -INFINITY, 0.0);                                                               \
    EXPECT_VALUE(type, scalar, sigmoid, NAN, NAN);                                                                     \
    EXPECT_VALUE(type, scalar, erf, -0.0, -0.0);                                                                       \
    EXPECT_VALUE(type, scalar, erf, 40, 1);                                                                            \
    EXPECT_VALUE(type, scalar, erf, -INFINITY, -1);                                                                    \
    EXPECT_VALUE(type, scalar, erf, NAN, NAN);                                                                         \
    EXPECT_VALUE(type, scalar, silu, 0.0, 0.0);                                                                        \
    EXPECT_VALUE(type, scalar, silu, -0.0, -0.0);                                                                      \
    EXPECT_VALUE(type, scalar, silu, 0x1p-120, 0x1p-121);                                                              \
    EXPECT_VALUE(type, scalar, silu, INFINITY, INFINITY);                                                              \
    EXPECT_VALUE(type, scalar, silu, -INFINITY, -0.0);                                                                 \
    EXPECT_VALUE(type, scalar, silu, -2000, -0.0);                                                                     \
    EXPECT_VALUE(type, scalar, silu, NAN, NAN);                                                                        \
    EXPECT_VALUE(type, scalar, gelu, 0.0, 0.0);                                                                        \
    EXPECT_VALUE(type, scalar, gelu, -0.0, -0.0);                                                                      \
    EXPECT_VALUE(type, scalar, gelu, 0x1p-120, 0x1p-121);                                                              \
    EXPECT_VALUE(type, scalar, gelu, INFINITY, INFINITY);                                                              \
    EXPECT_VALUE(type, scalar, gelu, -INFINITY, -0.0);                                                                 \
    EXPECT_VALUE(type, scalar, gelu, -2000, -0.0);                                                                     \
    EXPECT_VALUE(type, scalar, gelu, NAN, NAN);                                                                        \
    EXPECT_VALUE(type, scalar, gelu_tanh, 0.0, 0.0);                                                                   \
    EXPECT_VALUE(type, scalar, gelu_tanh, -0.0, -0.0);                                                                 \
    EXPECT_VALUE(type, scalar, gelu_tanh, 0x1p-120, 0x1p-121);                                                         \
    EXPECT_VALUE(type, scalar, gelu_tanh, INFINITY, INFINITY);                                                         \
    EXPECT_VALUE(type, scalar, gelu_tanh, -INFINITY, -0.0);                                                            \
    EXPECT_VALUE(type, scalar, gelu_tanh, -2000, -0.0);                                                                \
    EXPECT_VALUE(type, scalar, gelu_tanh, NAN, NAN);                                                                   \
    EXPECT_VALUE(type, scalar, relu, -0.0, 0.0);                                                                       \
    EXPECT_VALUE(type, scalar, relu, -3, 0.0);                                                                         \
    EXPECT_VALUE(type, scalar, relu, INFINITY, INFINITY);                                                              \
    EXPECT_VALUE(type, scalar, relu, NAN, NAN);                                                                        \
  }

CHECK_SPECIAL_VALUES(f32, float)
CHECK_SPECIAL_VALUES(f64, double)

void check_functions(void) {
  check_special_values_f32();
  check_special_values_f64();
  check_tails_f32(farro_exp_f32, "exp"), check_tails_f64(farro_exp_f64, "exp");
  check_tails_f32(farro_log_f32, "log"), check_tails_f64(farro_log_f64, "log");
  check_tails_f32(farro_sin_f32, "sin"), check_tails_f64(farro_sin_f64, "sin");
  check_tails_f32(farro_cos_f32, "cos"), check_tails_f64(farro_cos_f64, "cos");
  check_tails_f32(farro_tanh_f32, "tanh"), check_tails_f64(farro_tanh_f64, "tanh");
  check_tails_f32(farro_sigmoid_f32, "sigmoid"), check_tails_f64(farro_sigmoid_f64, "sigmoid");
  check_tails_f32(farro_erf_f32, "erf"), check_tails_f64(farro_erf_f64, "erf");
  check_tails_f32(farro_silu_f32, "silu"), check_tails_f64(farro_silu_f64, "silu");
  check_tails_f32(farro_gelu_f32, "gelu"), check_tails_f64(farro_gelu_f64, "gelu");
  check_tails_f32(farro_gelu_tanh_f32, "gelu_tanh"), check_tails_f64(farro_gelu_tanh_f64, "gelu_tanh");
  check_tails_f32(farro_relu_f32, "relu"), check_tails_f64(farro_relu_f64, "relu");
  for (size_t f = 0; f < function_count; f++) {
    check_function_f32(f, exhaustive ? 1 : 4093);
    check_function_f64(f);
  }
}
