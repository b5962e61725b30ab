#include "check.h"

// Every |a|, |b| and |c| here is at most 1, so that |A| |B| is at most k; C of 16 bits is rounded once more.
static double bound(size_t k, double alpha, double beta, double last_place) {
  const double size = fabs(alpha) * (double)k + fabs(beta);
  return ((double)k + 4) * 0x1p-24 * size + last_place * size;
}

static farro_matmul_shape shape(size_t batch, size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b,
                                size_t pad) {
  farro_matmul_shape s = {
      .batch = batch, .m = m, .n = n, .k = k, .transpose_a = transpose_a, .transpose_b = transpose_b};
  s.lda = (transpose_a ? m : k) + pad;
  s.ldb = (transpose_b ? k : n) + pad;
  s.ldc = n + pad;
  s.stride_a = s.lda * (transpose_a ? k : m) + pad;
  s.stride_b = s.ldb * (transpose_b ? n : k) + pad;
  s.stride_c = s.ldc * m + pad;
  return s;
}

typedef struct {
  size_t a, b, c; // elements
} sizes;

static sizes sizes_of(const farro_matmul_shape *s) {
  const size_t rows_a = s->transpose_a ? s->k : s->m, rows_b = s->transpose_b ? s->n : s->k;
  const size_t columns_a = s->transpose_a ? s->m : s->k, columns_b = s->transpose_b ? s->k : s->n;
  const size_t last = s->batch ? s->batch - 1 : 0;
  return (sizes){rows_a && columns_a ? last * s->stride_a + (rows_a - 1) * s->lda + columns_a : 0,
                 rows_b && columns_b ? last * s->stride_b + (rows_b - 1) * s->ldb + columns_b : 0,
                 s->m && s->n ? last * s->stride_c + (s->m - 1) * s->ldc + s->n : 0};
}

// ---- bf16 and f16
// ------------------------------------------------------------------------------------------------------

// Numbers in [-1, 1), and what they are in f32.
#define NARROW(type)                                                                                                   \
  static void fill_##type(uint16_t *values, size_t count) {                                                            \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const float x = (float)random_unit();                                                                            \
      farro_convert_reference_f32_to_##type(1, &x, values + i);                                                        \
    }                                                                                                                  \
  }                                                                                                                    \
  static double wide_##type(uint16_t x) {                                                                              \
    float wide;                                                                                                        \
    farro_convert_reference_##type##_to_f32(1, &x, &wide);                                                             \
    return (double)wide;                                                                                               \
  }
NARROW(bf16)
NARROW(f16)
static double wide_f32(float x) { return (double)x; }

#define CHECK_FLOATS(name, type, c_type, scalar, last_place)                                                           \
  static void check_##name(farro_matmul_shape s, float alpha, float beta) {                                            \
    const sizes n = sizes_of(&s);                                                                                      \
    uint16_t *a = guarded_allocate(n.a * 2), *b = guarded_allocate(n.b * 2);                                           \
    scalar *c = guarded_allocate(n.c * sizeof *c), *expected = guarded_allocate(n.c * sizeof *c);                      \
    scalar *serial = guarded_allocate(n.c * sizeof *c), *packed_c = guarded_allocate(n.c * sizeof *c);                 \
    fill_##type(a, n.a), fill_##type(b, n.b), fill_##c_type(c, n.c);                                                   \
    memcpy(expected, c, n.c * sizeof *c), memcpy(serial, c, n.c * sizeof *c), memcpy(packed_c, c, n.c * sizeof *c);    \
    const farro_status status = farro_matmul_##name(&s, alpha, a, b, beta, c, NULL);                                   \
    farro_matmul_reference_##name(&s, alpha, a, b, beta, expected);                                                    \
    EXPECT(status == FARRO_OK, "matmul_" #name ": status %d", status);                                                 \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < n.c; i++) {                                                                                 \
      const double error = fabs(wide_##c_type(c[i]) - wide_##c_type(expected[i]));                                     \
      if (!(error <= worst)) worst = error;                                                                            \
    }                                                                                                                  \
    EXPECT(worst <= bound(s.k, (double)alpha, (double)beta, last_place),                                               \
           "matmul_" #name " (%zu, %zu, %zu) batch %zu ta %d tb %d: error %g", s.m, s.n, s.k, s.batch, s.transpose_a,  \
           s.transpose_b, worst);                                                                                      \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_matmul_##name(&s, alpha, a, b, beta, serial, NULL);                                                          \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(c, serial, n.c * sizeof *c) == 0, "matmul_" #name " (%zu, %zu, %zu): bits depend on threads", s.m,   \
           s.n, s.k);                                                                                                  \
    if (s.batch < 2 || s.stride_b == 0) {                                                                              \
      farro_packed_matrix *packed = NULL;                                                                              \
      EXPECT(farro_pack_##type(s.k, s.n, s.transpose_b, b, s.ldb, &packed) == FARRO_OK, "not packed");                 \
      EXPECT(farro_matmul_packed_##name(&s, alpha, a, packed, beta, packed_c, NULL) == FARRO_OK, "packed refused");    \
      EXPECT(memcmp(c, packed_c, n.c * sizeof *c) == 0, "matmul_packed_" #name " (%zu, %zu, %zu) differs", s.m, s.n,   \
             s.k);                                                                                                     \
      farro_packed_release(packed);                                                                                    \
    }                                                                                                                  \
    guarded_free(a, n.a * 2), guarded_free(b, n.b * 2);                                                                \
    guarded_free(c, n.c * sizeof *c), guarded_free(expected, n.c * sizeof *c);                                         \
    guarded_free(serial, n.c * sizeof *c), guarded_free(packed_c, n.c * sizeof *c);                                    \
  }

CHECK_FLOATS(bf16, bf16, bf16, uint16_t, 0x1p-8)
CHECK_FLOATS(f16, f16, f16, uint16_t, 0x1p-11)
CHECK_FLOATS(bf16_f32, bf16, f32, float, 0)
CHECK_FLOATS(f16_f32, f16, f32, float, 0)

static void check_floats(farro_matmul_shape s, float alpha, float beta) {
  check_bf16(s, alpha, beta);
  check_f16(s, alpha, beta);
  check_bf16_f32(s, alpha, beta);
  check_f16_f32(s, alpha, beta);
}

// Small integers have exact sums: any lost or doubled product shows, as it might not within a bound.
static void check_exact_sums(void) {
  enum { m = 17, n = 35, k = 67 };
  uint16_t a[m * k], b[k * n];
  float wide_a[m * k], wide_b[k * n], c[m * n];
  for (size_t i = 0; i < m * k; i++) wide_a[i] = (float)(i % 13) - 6;
  for (size_t i = 0; i < k * n; i++) wide_b[i] = (float)(i % 11) - 5;
  const farro_matmul_shape s = shape(1, m, n, k, false, false, 0);
  for (int type = 0; type < 2; type++) {
    (type ? farro_convert_f32_to_f16 : farro_convert_f32_to_bf16)(m * k, wide_a, a);
    (type ? farro_convert_f32_to_f16 : farro_convert_f32_to_bf16)(k * n, wide_b, b);
    (type ? farro_matmul_f16_f32 : farro_matmul_bf16_f32)(&s, 1, a, b, 0, c, NULL);
    size_t wrong = 0;
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < n; j++) {
        float sum = 0;
        for (size_t p = 0; p < k; p++) sum += wide_a[i * k + p] * wide_b[p * n + j];
        wrong += c[i * n + j] != sum;
      }
    EXPECT(wrong == 0, "%zu exact sums of %s are wrong", wrong, type ? "f16" : "bf16");
  }
}

static void check_special_values(void) {
  const uint16_t one = 0x3f80, infinity = 0x7f80, not_a_number = 0x7fc0, tiny = 0x0001, huge = 0x7f00; // bf16
  const uint16_t a[6] = {one, infinity, one, not_a_number, tiny, one}, b[6] = {one, one, one, 0, huge, huge};
  const farro_matmul_shape s = shape(1, 3, 3, 2, false, false, 0);
  float c[9], expected[9];
  for (size_t i = 0; i < 9; i++) c[i] = expected[i] = NAN;
  farro_matmul_bf16_f32(&s, 1, a, b, 0, c, NULL);
  farro_matmul_reference_bf16_f32(&s, 1, a, b, 0, expected);
  for (size_t i = 0; i < 9; i++) {
    // Subnormal numbers count as zero where the instruction says so.
    const double flushed = 2 * 0x1p-126 * (2 + 0x1p127 + 1);
    const bool near = fabs((double)c[i] - (double)expected[i]) <= flushed || c[i] == expected[i];
    EXPECT(isnan(expected[i]) ? isnan(c[i]) : near, "special value %zu: %g, not %g", i, (double)c[i],
           (double)expected[i]);
  }
  uint16_t narrow[9] = {0};
  farro_matmul_bf16(&s, 1, a, b, 0, narrow, NULL);
  for (size_t i = 0; i < 9; i++) {
    uint16_t once;
    farro_convert_reference_f32_to_bf16(1, c + i, &once);
    EXPECT(narrow[i] == once || isnan(c[i]), "%g is %04x in bf16", (double)c[i], narrow[i]);
  }
  farro_matmul_bf16_f32(&s, 0, NULL, NULL, 0, c, NULL);
  EXPECT(c[0] == 0 && c[8] == 0, "alpha 0 and beta 0 leave %g", (double)c[0]);
}

// ReLU after bias and scale, then the residual; by a visitor as well.
static void keep_tile(void *context, size_t item, size_t row, size_t column, size_t rows, size_t columns,
                      const void *tile, size_t ld) {
  (void)item;
  float *to = context;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) to[(row + i) * 37 + column + j] = ((const float *)tile)[i * ld + j];
}

static void check_epilogue(void) {
  enum { m = 19, n = 37, k = 21 };
  uint16_t a[m * k], b[k * n], c[m * n];
  float scale[n], bias[n], residual[m * n], plain[m * n], fused[m * n], seen[m * n];
  fill_bf16(a, m * k), fill_bf16(b, k * n), fill_f32(scale, n), fill_f32(bias, n), fill_f32(residual, m * n);
  const farro_matmul_shape s = shape(1, m, n, k, false, false, 0);
  farro_epilogue e = {.scale = scale,
                      .bias = bias,
                      .activation = FARRO_ACTIVATION_RELU,
                      .residual = residual,
                      .ld_residual = n,
                      .stride_residual = m * n};
  farro_matmul_bf16_f32(&s, 1, a, b, 0, plain, NULL);
  farro_matmul_bf16_f32(&s, 1, a, b, 0, fused, &e);
  farro_matmul_bf16(&s, 1, a, b, 0, c, &e);
  e.visit = keep_tile, e.visit_context = seen;
  farro_matmul_bf16(&s, 1, a, b, 0, NULL, &e);
  for (size_t i = 0; i < m * n; i++) {
    const float x = scale[i % n] * plain[i] + bias[i % n], y = (x > 0 ? x : 0) + residual[i];
    uint16_t once;
    farro_convert_reference_f32_to_bf16(1, fused + i, &once);
    EXPECT(fabsf(fused[i] - y) <= 1e-5f, "the epilogue gives %g, not %g", (double)fused[i], (double)y);
    EXPECT(seen[i] == fused[i] && c[i] == once, "visitor or bf16 differ from f32 at %zu", i);
  }
}

// ---- 8-bit integers
// ----------------------------------------------------------------------------------------------------

typedef struct {
  bool a, b;          // has zero points
  bool rows, columns; // one for each
} zero_points;

static void check_integers(farro_matmul_shape s, zero_points z, bool extreme) {
  const sizes n = sizes_of(&s);
  uint8_t *a = guarded_allocate(n.a);
  int8_t *b = guarded_allocate(n.b);
  int32_t *c = guarded_allocate(n.c * 4), *expected = guarded_allocate(n.c * 4), *packed_c = guarded_allocate(n.c * 4);
  float *scaled = guarded_allocate(n.c * 4), *expected_scaled = guarded_allocate(n.c * 4);
  for (size_t i = 0; i < n.a; i++) a[i] = extreme ? 255 : (uint8_t)random_below(256);
  for (size_t i = 0; i < n.b; i++) b[i] = extreme ? -128 : (int8_t)random_below(256);
  memset(c, 1, n.c * 4), memset(expected, 1, n.c * 4), memset(packed_c, 1, n.c * 4);
  memset(scaled, 1, n.c * 4), memset(expected_scaled, 1, n.c * 4);
  const size_t count_a = s.batch * s.m + 1, count_b = s.batch * s.n + 1;
  int32_t *zero_a = farro_allocate(count_a * 4), *zero_b = farro_allocate(count_b * 4);
  float *scale_a = farro_allocate(count_a * 4), *scale_b = farro_allocate(count_b * 4);
  fill_f32(scale_a, count_a), fill_f32(scale_b, count_b);
  static const int32_t some[] = {0, 128, 255, 1, 254};
  for (size_t i = 0; i < count_a; i++) zero_a[i] = extreme ? 0 : some[i % 5];
  for (size_t i = 0; i < count_b; i++) zero_b[i] = extreme ? 127 : some[i * 3 % 5] - 128;
  const farro_quantized_operand by_a = {scale_a, z.a ? zero_a : NULL, z.rows, z.rows ? s.m : 0};
  const farro_quantized_operand by_b = {scale_b, z.b ? zero_b : NULL, z.columns, z.columns && s.stride_b ? s.n : 0};
  const farro_status status = farro_matmul_u8s8_s32(&s, &by_a, &by_b, a, b, c);
  farro_matmul_reference_u8s8_s32(&s, &by_a, &by_b, a, b, expected);
  EXPECT(status == FARRO_OK && memcmp(c, expected, n.c * 4) == 0,
         "matmul_u8s8_s32 (%zu, %zu, %zu) batch %zu ta %d tb %d zero points %d %d: status %d", s.m, s.n, s.k, s.batch,
         s.transpose_a, s.transpose_b, z.a, z.b, status);
  farro_matmul_u8s8_f32(&s, &by_a, &by_b, a, b, scaled, NULL);
  farro_matmul_reference_u8s8_f32(&s, &by_a, &by_b, a, b, expected_scaled);
  double worst = 0;
  for (size_t i = 0; i < n.c; i++) {
    const double error = fabs((double)scaled[i] - (double)expected_scaled[i]) - fabs((double)scaled[i]) * 4 * 0x1p-24;
    if (!(error <= worst)) worst = error;
  }
  EXPECT(worst <= 0, "matmul_u8s8_f32 (%zu, %zu, %zu): %g beyond the bound", s.m, s.n, s.k, worst);
  if (s.batch < 2 || s.stride_b == 0) {
    farro_packed_matrix *packed = NULL;
    EXPECT(farro_pack_s8(s.k, s.n, s.transpose_b, b, s.ldb, &packed) == FARRO_OK, "not packed");
    farro_set_local_threads(1, NULL);
    farro_matmul_packed_u8s8_s32(&s, &by_a, &by_b, a, packed, packed_c);
    farro_set_local_threads(0, NULL);
    EXPECT(memcmp(c, packed_c, n.c * 4) == 0, "matmul_packed_u8s8_s32 (%zu, %zu, %zu) differs", s.m, s.n, s.k);
    farro_packed_release(packed);
  }
  farro_release(zero_a, count_a * 4), farro_release(zero_b, count_b * 4);
  farro_release(scale_a, count_a * 4), farro_release(scale_b, count_b * 4);
  guarded_free(a, n.a), guarded_free(b, n.b), guarded_free(c, n.c * 4), guarded_free(expected, n.c * 4);
  guarded_free(packed_c, n.c * 4), guarded_free(scaled, n.c * 4), guarded_free(expected_scaled, n.c * 4);
}

static void check_arguments(void) {
  uint16_t x[16] = {0}, c[16] = {7};
  farro_matmul_shape s = shape(1, 4, 4, 4, false, false, 0);
  EXPECT(farro_matmul_bf16(&s, 1, x, x, 0, x, NULL) == FARRO_ERROR_ARGUMENT, "C in place of A is accepted");
  s.lda = 3;
  EXPECT(farro_matmul_bf16(&s, 1, x, x, 0, c, NULL) == FARRO_ERROR_ARGUMENT, "lda below k is accepted");
  EXPECT(c[0] == 7, "a refused call wrote");
  s = shape(1, 1, 1, 65793, false, false, 0);
  uint8_t *a = farro_allocate(s.k + 1);
  int8_t *b = farro_allocate(s.k + 1);
  memset(a, 255, s.k + 1), memset(b, -128, s.k + 1);
  int32_t sum = 7, zero_point = 300;
  EXPECT(farro_matmul_u8s8_s32(&s, NULL, NULL, a, b, &sum) == FARRO_OK && sum == -255 * 128 * 65793, "longest: %d",
         sum);
  s.k = s.lda = 65794;
  EXPECT(farro_matmul_u8s8_s32(&s, NULL, NULL, a, b, &sum) == FARRO_ERROR_ARGUMENT, "a k that overflows is accepted");
  s.k = s.lda = 33026;
  const farro_quantized_operand by = {.zero_point = &zero_point};
  EXPECT(farro_matmul_u8s8_s32(&s, &by, NULL, a, b, &sum) == FARRO_ERROR_ARGUMENT, "a zero point of 300 is accepted");
  zero_point = 1;
  EXPECT(farro_matmul_u8s8_s32(&s, NULL, &by, a, b, &sum) == FARRO_ERROR_ARGUMENT,
         "k is too long for zero points of B");
  farro_release(a, 65794), farro_release(b, 65794);
  farro_packed_matrix *packed = NULL;
  s = shape(1, 4, 4, 4, false, false, 0);
  farro_pack_f16(4, 4, false, x, 4, &packed);
  float wide[16];
  EXPECT(farro_matmul_packed_bf16(&s, 1, x, packed, 0, c, NULL) == FARRO_ERROR_ARGUMENT, "f16 is taken for bf16");
  EXPECT(farro_matmul_packed_f32(&s, 1, wide, packed, 0, wide, NULL) == FARRO_ERROR_ARGUMENT, "f16 is taken for f32");
  s.n = 3;
  EXPECT(farro_matmul_packed_f16(&s, 1, x, packed, 0, c, NULL) == FARRO_ERROR_ARGUMENT, "another n is accepted");
  farro_packed_release(packed);
}

// ---- plans
// -------------------------------------------------------------------------------------------------------------

typedef farro_status (*plan_function)(const farro_matmul_shape *shape, farro_matmul_plan *plan);

static void expect_plan(const char *what, farro_status status, const farro_matmul_plan *p, farro_matmul_path path,
                        bool packs_b, const farro_matmul_shape *s) {
  char text[160];
  farro_matmul_plan_describe(p, text, sizeof text);
  EXPECT(status == FARRO_OK && p->path == path && p->packs_b == packs_b, "%s: %s", what, text);
  if (path == FARRO_MATMUL_EMPTY) return;
  const size_t down = (s->m + p->row_block - 1) / p->row_block, across = (s->n + p->column_block - 1) / p->column_block;
  EXPECT(p->tasks == down * across && p->k_block > 0 && p->k_block <= s->k && p->tile_rows <= s->m &&
             (p->workspace > 0) >= packs_b,
         "%s: the plan does not cover (%zu, %zu, %zu): %s", what, s->m, s->n, s->k, text);
}

static void check_plan(farro_matmul_shape s, farro_matmul_path path, farro_matmul_path packed_path) {
  static const plan_function plans[] = {farro_matmul_plan_bf16, farro_matmul_plan_f16, farro_matmul_plan_u8s8};
  const sizes n = sizes_of(&s);
  void *b = calloc(n.b + 1, 2);
  for (int type = 0; type < 3; type++) {
    farro_matmul_plan plan;
    const farro_status status = plans[type](&s, &plan);
    expect_plan("a product", status, &plan, path, path != FARRO_MATMUL_EMPTY, &s);
    EXPECT(!s.transpose_a || path == FARRO_MATMUL_EMPTY || plan.copies_a, "a transposed A is not copied");
    farro_packed_matrix *packed = NULL;
    if (type == 0) farro_pack_bf16(s.k, s.n, s.transpose_b, b, s.ldb, &packed);
    if (type == 1) farro_pack_f16(s.k, s.n, s.transpose_b, b, s.ldb, &packed);
    if (type == 2) farro_pack_s8(s.k, s.n, s.transpose_b, b, s.ldb, &packed);
    const farro_status packed_status = farro_matmul_plan_packed(&s, packed, &plan);
    expect_plan("a packed product", packed_status, &plan, packed_path, false, &s);
    farro_matmul_shape other = s;
    other.k++, other.lda++;
    EXPECT(farro_matmul_plan_packed(&other, packed, &plan) == FARRO_ERROR_ARGUMENT, "a plan for another k");
    other = s;
    other.lda = 0;
    EXPECT(plans[type](&other, &plan) == FARRO_ERROR_ARGUMENT, "a plan for a bad lda");
    EXPECT(farro_matmul_plan_packed(&other, packed, &plan) == FARRO_ERROR_ARGUMENT, "a packed plan for a bad lda");
    farro_packed_release(packed);
  }
  free(b);
}

static void check_plans(void) {
  check_plan(shape(0, 3, 4, 5, false, false, 0), FARRO_MATMUL_EMPTY, FARRO_MATMUL_EMPTY);
  check_plan(shape(1, 3, 300, 5000, false, false, 0), FARRO_MATMUL_GATHERED, FARRO_MATMUL_BLOCKED);
  check_plan(shape(1, 3, 300, 5000, false, true, 1), FARRO_MATMUL_GATHERED, FARRO_MATMUL_BLOCKED);
  check_plan(shape(1, 500, 301, 400, false, false, 0), FARRO_MATMUL_BLOCKED, FARRO_MATMUL_BLOCKED);
  check_plan(shape(1, 500, 301, 400, true, true, 0), FARRO_MATMUL_BLOCKED, FARRO_MATMUL_BLOCKED);
  check_plan(shape(40, 100, 70, 80, false, false, 0), FARRO_MATMUL_PACKED, FARRO_MATMUL_PACKED);
}

void check_low_precision(void) {
  check_arguments();
  check_plans();
  check_low_precision_batches();
  check_exact_sums();
  check_special_values();
  check_epilogue();
  const size_t sizes[] = {0, 1, 2, 3, 5, 7, 8, 13, 14, 15, 16, 17, 31, 33, 67};
  const size_t count = sizeof sizes / sizeof *sizes;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j++) {
      const farro_matmul_shape s =
          shape(1, sizes[i], sizes[j], sizes[(i * 3 + j) % count], (i + j) % 2, (i + j) % 3 == 0, j % 3);
      check_floats(s, 1, 0);
      check_integers(s, (zero_points){i % 2, j % 2, i % 3 > 0, j % 3 > 0}, false);
    }
  for (int flags = 0; flags < 4; flags++) {
    check_floats(shape(3, 19, 37, 23, flags & 1, flags & 2, 3), -0.5f, 2);
    check_floats(shape(1, 61, 70, 521, flags & 1, flags & 2, 1), 1, 1);
    check_floats(shape(1, 150, 200, 300, flags & 1, flags & 2, 0), 2, 0.5f);
    check_integers(shape(3, 19, 37, 23, flags & 1, flags & 2, 3), (zero_points){true, true, true, true}, false);
    check_integers(shape(1, 61, 70, 521, flags & 1, flags & 2, 1), (zero_points){true, true, false, false}, false);
    check_integers(shape(1, 150, 200, 300, flags & 1, flags & 2, 0), (zero_points){false, true, true, true}, false);
  }
  farro_matmul_shape broadcast = shape(5, 9, 33, 12, false, false, 0);
  broadcast.stride_b = 0;
  check_floats(broadcast, 1, 0);
  check_integers(broadcast, (zero_points){true, true, true, true}, false);
  check_floats(shape(1, 40, 20, 2048, false, false, 0), 1, 0); // rows of A share a set of L1
  check_integers(shape(1, 20, 40, 4096, false, false, 0), (zero_points){true, true, true, true}, false);
  check_integers(shape(1, 3, 5, 33025, false, true, 0), (zero_points){true, true, true, true}, true);
  check_integers(shape(1, 1000, 40, 30, false, false, 0), (zero_points){true, false, true, false}, false);
  check_floats(shape(1, 3, 700, 5, false, true, 0), 1, 0);
}
