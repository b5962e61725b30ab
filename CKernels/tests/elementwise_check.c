#include "check.h"

// ---- maps over rows, with every way to broadcast -----------------------------------------------------------------

// An operand of a rows x columns map: contiguous rows, rows with gaps, one row repeated, a column repeated, one
// element.
static const struct {
  const char *name;
  bool repeats_rows, repeats_columns;
  size_t gap;
} layouts[] = {{"dense", false, false, 0},
               {"gaps", false, false, 3},
               {"row", true, false, 0},
               {"column", false, true, 0},
               {"element", true, true, 0}};
enum { layout_count = 5 };

typedef struct {
  size_t row, step, count;
} operand;

static operand operand_of(size_t layout, size_t rows, size_t columns) {
  operand o = {.step = layouts[layout].repeats_columns ? 0 : 1};
  const size_t width = layouts[layout].repeats_columns ? 1 : columns + layouts[layout].gap;
  o.row = layouts[layout].repeats_rows ? 0 : width;
  o.count = rows == 0 || columns == 0 ? 0 : (layouts[layout].repeats_rows ? 1 : rows) * width;
  return o;
}

#define CHECK_MAPS(type, scalar, fused)                                                                                \
  static scalar expected_##type(int operation, scalar a, scalar b, scalar c) {                                         \
    switch (operation) {                                                                                               \
    case 0:                                                                                                            \
      return a + b;                                                                                                    \
    case 1:                                                                                                            \
      return a - b;                                                                                                    \
    case 2:                                                                                                            \
      return a * b;                                                                                                    \
    case 3:                                                                                                            \
      return a / b;                                                                                                    \
    default:                                                                                                           \
      return farro_current_isa() == FARRO_ISA_BASELINE ? a * b + c : fused(a, b, c);                                   \
    }                                                                                                                  \
  }                                                                                                                    \
  static farro_status map_##type(int operation, size_t rows, size_t columns, operand oa, operand ob, operand oc,       \
                                 size_t out_row, const scalar *a, const scalar *b, const scalar *c, scalar *out) {     \
    static farro_status (*const binary[])(const farro_binary_shape *, const scalar *, const scalar *, scalar *) = {    \
        farro_add_##type, farro_subtract_##type, farro_multiply_##type, farro_divide_##type};                          \
    const farro_binary_shape two = {rows, columns, oa.row, oa.step, ob.row, ob.step, out_row};                         \
    const farro_multiply_add_shape three = {                                                                           \
        rows, columns, oa.row, oa.step, ob.row, ob.step, oc.row, oc.step, out_row};                                    \
    return operation < 4 ? binary[operation](&two, a, b, out) : farro_multiply_add_##type(&three, a, b, c, out);       \
  }                                                                                                                    \
  static void check_map_##type(int operation, size_t rows, size_t columns, size_t la, size_t lb, size_t lc) {          \
    const operand oa = operand_of(la, rows, columns), ob = operand_of(lb, rows, columns);                              \
    const operand oc = operand_of(lc, rows, columns);                                                                  \
    const size_t out_row = columns + layouts[la].gap, count = rows * out_row;                                          \
    scalar *a = guarded_allocate(oa.count * sizeof *a), *b = guarded_allocate(ob.count * sizeof *b);                   \
    scalar *c = guarded_allocate(oc.count * sizeof *c), *out = guarded_allocate(count * sizeof *out);                  \
    fill_##type(a, oa.count), fill_##type(b, ob.count), fill_##type(c, oc.count);                                      \
    for (size_t i = 0; i < count; i++) out[i] = 7;                                                                     \
    const farro_status status = map_##type(operation, rows, columns, oa, ob, oc, out_row, a, b, c, out);               \
    EXPECT(status == FARRO_OK, "map %d: status %d", operation, status);                                                \
    size_t wrong = 0;                                                                                                  \
    for (size_t i = 0; i < rows; i++)                                                                                  \
      for (size_t j = 0; j < out_row; j++) {                                                                           \
        const scalar expected = j >= columns                                                                           \
                                    ? (scalar)7                                                                        \
                                    : expected_##type(operation, a[i * oa.row + j * oa.step],                          \
                                                      b[i * ob.row + j * ob.step], c[i * oc.row + j * oc.step]);       \
        wrong += memcmp(&out[i * out_row + j], &expected, sizeof expected) != 0;                                       \
      }                                                                                                                \
    EXPECT(wrong == 0, "map %d " #type " %zu x %zu %s %s %s: %zu wrong", operation, rows, columns, layouts[la].name,   \
           layouts[lb].name, layouts[lc].name, wrong);                                                                 \
    if (oa.count == count) { /* in place */                                                                            \
      map_##type(operation, rows, columns, oa, ob, oc, out_row, a, b, c, a);                                           \
      size_t different = 0;                                                                                            \
      for (size_t i = 0; i < rows; i++)                                                                                \
        different += memcmp(a + i * out_row, out + i * out_row, columns * sizeof *a) != 0;                             \
      EXPECT(different == 0, "map %d " #type " %zu x %zu: in place differs", operation, rows, columns);                \
    }                                                                                                                  \
    guarded_free(a, oa.count * sizeof *a), guarded_free(b, ob.count * sizeof *b);                                      \
    guarded_free(c, oc.count * sizeof *c), guarded_free(out, count * sizeof *out);                                     \
  }

CHECK_MAPS(f32, float, fmaf)
CHECK_MAPS(f64, double, fma)

static void check_maps(void) {
  for (int operation = 0; operation < 5; operation++) {
    for (size_t i = 0; i < tail_size_count; i++)
      for (size_t la = 0; la < layout_count; la++)
        for (size_t lb = 0; lb < layout_count; lb++) {
          check_map_f32(operation, 1 + i % 3, tail_sizes[i], la, lb, (la + lb + i) % layout_count);
          check_map_f64(operation, 1 + i % 3, tail_sizes[i], la, lb, (la + lb + i) % layout_count);
        }
    check_map_f32(operation, 300, 211, 1, 2, 3); // several rows to a task
    check_map_f64(operation, 3, 40001, 0, 3, 1); // several tasks to a row
    check_map_f32(operation, 0, 5, 0, 0, 0);
  }
}

static void check_arguments(void) {
  float x[4] = {0}, out[4] = {7, 7, 7, 7};
  farro_binary_shape s = {.rows = 2, .columns = 2, .a_row = 2, .a_step = 2, .b_row = 2, .b_step = 1, .out_row = 2};
  EXPECT(farro_add_f32(&s, x, x, out) == FARRO_ERROR_ARGUMENT, "a step of 2 is accepted");
  s.a_step = 1;
  s.out_row = 1;
  EXPECT(farro_add_f32(&s, x, x, out) == FARRO_ERROR_ARGUMENT, "overlapping rows are accepted");
  EXPECT(out[0] == 7, "a refused call wrote");
}

// Larger than the cache: past the caches, at every alignment, and the same bits from any number of threads.
static void check_streaming(void) {
  const farro_cpu cpu = farro_cpu_facts();
  const size_t cache = cpu.l3_bytes > 0 ? (size_t)cpu.l3_bytes : 32u << 20;
  if (cache > 256u << 20) return;
  const size_t n = cache / sizeof(float) + 12345;
  float *x = farro_allocate((n + 1) * sizeof *x), *out = farro_allocate((n + 16) * sizeof *out);
  for (size_t i = 0; i < n + 1; i++) x[i] = (float)(i % 1000);
  for (size_t skew = 0; skew < 16; skew += 5) {
    for (size_t i = 0; i < n + 16; i++) out[i] = -1;
    const float one = 1;
    const farro_binary_shape s = {.rows = 1, .columns = n, .a_step = 1};
    farro_add_f32(&s, x + 1, &one, out + skew);
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) wrong += out[skew + i] != (float)((i + 1) % 1000 + 1);
    for (size_t i = 0; i < 16; i++) wrong += out[i < skew ? i : n + i] != -1;
    EXPECT(wrong == 0, "streaming with a skew of %zu: %zu wrong", skew, wrong);
  }
  farro_release(x, (n + 1) * sizeof *x);
  farro_release(out, (n + 16) * sizeof *out);
}

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

static const struct {
  const char *name;
  farro_status (*f32)(size_t n, const float *x, float *out);
  farro_status (*f64)(size_t n, const double *x, double *out);
  double (*exact)(double x);
  long double (*exact_wide)(long double x);
  double bound, bound_f64; // ulp
} functions[] = {{"exp", farro_exp_f32, farro_exp_f64, exp, expl, 1, 1},
                 {"tanh", farro_tanh_f32, farro_tanh_f64, tanh, tanhl, 2, 2},
                 {"sigmoid", farro_sigmoid_f32, farro_sigmoid_f64, sigmoid, sigmoidl, 2, 2},
                 {"erf", farro_erf_f32, farro_erf_f64, erf, erfl, 2, 2},
                 {"silu", farro_silu_f32, farro_silu_f64, silu, silul, 3, 3},
                 {"gelu", farro_gelu_f32, farro_gelu_f64, gelu, gelul, 7, 8},
                 {"gelu_tanh", farro_gelu_tanh_f32, farro_gelu_tanh_f64, gelu_tanh, gelu_tanhl, 3, 4}};
enum { function_count = 7, batch = 4096 };

// |value - exact| in units of the last place of a format with that many digits and least exponent.
static double ulps(long double value, long double exact, bool rounds_to_infinity, int digits, int least) {
  if (isnan(exact)) return isnan(value) ? 0 : INFINITY;
  if (isinf(value) || rounds_to_infinity) return isinf(value) && rounds_to_infinity ? 0 : INFINITY;
  int exponent;
  frexpl(exact, &exponent);
  exponent = exact == 0 || exponent - digits < least ? least : exponent - digits;
  return (double)(fabsl(value - exact) / ldexpl(1, exponent));
}

static void check_function_f32(size_t f, uint64_t step) {
  float x[batch], y[batch], at = 0;
  double worst = 0;
  for (uint64_t bits = 0; bits < (uint64_t)1 << 32; bits += step * batch) {
    for (size_t i = 0; i < batch; i++) {
      const uint32_t word = (uint32_t)(bits + i * step);
      memcpy(&x[i], &word, sizeof word);
    }
    functions[f].f32(batch, x, y);
    for (size_t i = 0; i < batch; i++) {
      const double exact = functions[f].exact((double)x[i]);
      const double error = ulps((long double)y[i], (long double)exact, isinf((float)exact), 24, -149);
      if (!(error <= worst)) worst = error, at = x[i];
    }
  }
  EXPECT(worst <= functions[f].bound, "%s_f32(%a): %.3f ulp", functions[f].name, (double)at, worst);
  if (exhaustive)
    printf("%-9s %s_f32 over all floats: %.4f ulp\n", farro_isa_name(farro_current_isa()), functions[f].name, worst);
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
  default:
    return 40 * u; // past the ends of erf and both GELUs
  }
}

static void check_function_f64(size_t f) {
  double x[batch], y[batch], worst = 0, at = 0;
  for (int round = 0; round < (exhaustive ? 10000 : 50); round++) {
    for (size_t i = 0; i < batch; i++) x[i] = argument(round % 6);
    functions[f].f64(batch, x, y);
    for (size_t i = 0; i < batch; i++) {
      const long double exact = functions[f].exact_wide((long double)x[i]);
      const double error = ulps((long double)y[i], exact, isinf((double)exact), 53, -1074);
      if (!(error <= worst)) worst = error, at = x[i];
    }
  }
  EXPECT(worst <= functions[f].bound_f64, "%s_f64(%a): %.3f ulp", functions[f].name, at, worst);
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

void check_elementwise(void) {
  check_arguments();
  check_maps();
  check_streaming();
  check_special_values_f32();
  check_special_values_f64();
  check_tails_f32(farro_relu_f32, "relu");
  check_tails_f64(farro_relu_f64, "relu");
  for (size_t f = 0; f < function_count; f++) {
    check_tails_f32(functions[f].f32, functions[f].name);
    check_tails_f64(functions[f].f64, functions[f].name);
    check_function_f32(f, exhaustive ? 1 : 4093);
    check_function_f64(f);
  }
}
