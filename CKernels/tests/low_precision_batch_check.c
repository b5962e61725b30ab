#include "check.h"

// Batches of small low-precision products. Small integers have exact sums in every type and on every path, so that each
// product of a batch must have the bits of the reference, wherever in the batch it lies.

static farro_matmul_shape shape(size_t batch, size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b,
                                size_t pad) {
  farro_matmul_shape s = {
      .batch = batch, .m = m, .n = n, .k = k, .transpose_a = transpose_a, .transpose_b = transpose_b};
  s.lda = (transpose_a ? m : k) + pad, s.stride_a = s.lda * (transpose_a ? k : m) + pad;
  s.ldb = (transpose_b ? k : n) + pad, s.stride_b = s.ldb * (transpose_b ? n : k) + pad;
  s.ldc = n + pad, s.stride_c = s.ldc * m + pad;
  return s;
}

// Up to the last element of the last of `rows` rows of each matrix, and no further.
static size_t count_of(size_t batch, size_t rows, size_t columns, size_t ld, size_t stride) {
  return (batch - 1) * stride + (rows - 1) * ld + columns;
}
static size_t count_a(const farro_matmul_shape *s) {
  return count_of(s->batch, s->transpose_a ? s->k : s->m, s->transpose_a ? s->m : s->k, s->lda, s->stride_a);
}
static size_t count_b(const farro_matmul_shape *s) {
  return count_of(s->batch, s->transpose_b ? s->n : s->k, s->transpose_b ? s->k : s->n, s->ldb, s->stride_b);
}
static size_t count_c(const farro_matmul_shape *s) { return count_of(s->batch, s->m, s->n, s->ldc, s->stride_c); }

// ---- bf16 and f16 ----

typedef farro_status (*narrow_function)(const farro_matmul_shape *, float, const uint16_t *, const uint16_t *, float,
                                        uint16_t *, const farro_epilogue *);
typedef farro_status (*wide_function)(const farro_matmul_shape *, float, const uint16_t *, const uint16_t *, float,
                                      float *, const farro_epilogue *);

typedef struct {
  const char *name;
  farro_status (*narrow)(size_t count, const float *x, uint16_t *out);
  farro_status (*widen)(size_t count, const uint16_t *x, float *out);
  narrow_function to_narrow;
  wide_function to_f32;
} float_type;

static const float_type float_types[] = {
    {"bf16", farro_convert_reference_f32_to_bf16, farro_convert_reference_bf16_to_f32, farro_matmul_bf16,
     farro_matmul_bf16_f32},
    {"f16", farro_convert_reference_f32_to_f16, farro_convert_reference_f16_to_f32, farro_matmul_f16,
     farro_matmul_f16_f32},
};

static uint16_t *fill_small(const float_type *type, size_t count) {
  uint16_t *to = guarded_allocate(count * sizeof *to);
  for (size_t i = 0; i < count; i++) {
    const float x = (float)random_below(9) - 4;
    type->narrow(1, &x, to + i);
  }
  return to;
}

// activation(scale (2 A B + beta C) + bias) + residual, all of it in integers.
static void check_floats(const float_type *type, farro_matmul_shape s, float beta, bool fused) {
  const size_t count = count_c(&s);
  uint16_t *a = fill_small(type, count_a(&s)), *b = fill_small(type, count_b(&s)), *c = fill_small(type, count);
  uint16_t *serial = guarded_allocate(count * sizeof *c);
  float *wide_a = malloc(count_a(&s) * 4), *wide_b = malloc(count_b(&s) * 4), *wide_c = malloc(count * 4);
  float *expected = malloc(count * 4), *residual = malloc(count * 4), *terms = malloc(s.n * 4);
  type->widen(count_a(&s), a, wide_a), type->widen(count_b(&s), b, wide_b), type->widen(count, c, wide_c);
  memcpy(serial, c, count * sizeof *c), memcpy(expected, wide_c, count * 4);
  for (size_t i = 0; i < count; i++) residual[i] = (float)(i % 7);
  for (size_t i = 0; i < s.n; i++) terms[i] = (float)(i % 3) - 1;
  const farro_epilogue own = {.scale = terms,
                              .bias = terms,
                              .activation = FARRO_ACTIVATION_RELU,
                              .residual = residual,
                              .ld_residual = s.ldc,
                              .stride_residual = s.stride_c};
  const farro_epilogue *e = fused ? &own : NULL;
  farro_matmul_fused_reference_f32(&s, 2, wide_a, wide_b, beta, expected, e);
  EXPECT(type->to_f32(&s, 2, a, b, beta, wide_c, e) == FARRO_OK, "a batch of %s is refused", type->name);
  EXPECT(type->to_narrow(&s, 2, a, b, beta, c, e) == FARRO_OK, "a batch of %s is refused", type->name);
  size_t wrong = 0, wrong_narrow = 0;
  for (size_t i = 0; i < count; i++) {
    uint16_t once;
    type->narrow(1, expected + i, &once);
    wrong += wide_c[i] != expected[i];
    wrong_narrow += c[i] != once && expected[i] != 0; // 0 may be -0
  }
  EXPECT(wrong == 0 && wrong_narrow == 0, "%zu x (%zu, %zu, %zu) ta %d tb %d of %s: %zu and %zu results are wrong",
         s.batch, s.m, s.n, s.k, s.transpose_a, s.transpose_b, type->name, wrong, wrong_narrow);
  farro_set_local_threads(1, NULL);
  type->to_narrow(&s, 2, a, b, beta, serial, e);
  farro_set_local_threads(0, NULL);
  EXPECT(memcmp(c, serial, count * sizeof *c) == 0, "the bits of %s depend on threads", type->name);
  guarded_free(a, count_a(&s) * 2), guarded_free(b, count_b(&s) * 2);
  guarded_free(c, count * 2), guarded_free(serial, count * 2);
  free(wide_a), free(wide_b), free(wide_c), free(expected), free(residual), free(terms);
}

// Equal products have equal bits, first or last in a batch: sums that round would show another order of k.
static void check_position(const float_type *type, farro_matmul_shape s) {
  const size_t count = s.batch * s.stride_c;
  uint16_t *a = malloc(s.batch * s.stride_a * 2), *b = malloc(s.batch * s.stride_b * 2);
  float *c = calloc(count, 4);
  for (size_t i = 0; i < s.batch * s.stride_a; i++) {
    const float x = i < s.stride_a ? (float)random_unit() : 0;
    type->narrow(1, &x, a + i);
    if (i >= s.stride_a) a[i] = a[i - s.stride_a];
  }
  for (size_t i = 0; i < s.batch * s.stride_b; i++) {
    const float x = i < s.stride_b ? (float)random_unit() : 0;
    type->narrow(1, &x, b + i);
    if (i >= s.stride_b) b[i] = b[i - s.stride_b];
  }
  EXPECT(type->to_f32(&s, 0.7f, a, b, 0, c, NULL) == FARRO_OK, "a batch of %s is refused", type->name);
  size_t different = 0;
  for (size_t i = s.stride_c; i < count; i++) different += memcmp(c + i, c + i - s.stride_c, 4) != 0;
  EXPECT(different == 0, "%zu bits of %s depend on the place in the batch", different, type->name);
  free(a), free(b), free(c);
}

// A visitor sees each product under its number, with the bits that C would have.
static void keep_tile(void *context, size_t item, size_t row, size_t column, size_t rows, size_t columns,
                      const void *tile, size_t ld) {
  float *to = (float *)context + item * 3 * 5;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) to[(row + i) * 5 + column + j] += ((const float *)tile)[i * ld + j];
}

static void check_visitor(const float_type *type) {
  const farro_matmul_shape s = shape(400, 3, 5, 7, false, false, 0);
  uint16_t *a = fill_small(type, count_a(&s)), *b = fill_small(type, count_b(&s));
  float *c = malloc(count_c(&s) * 4), *seen = calloc(count_c(&s), 4), *seen_narrow = calloc(count_c(&s), 4);
  type->to_f32(&s, 0.3f, a, b, 0, c, NULL);
  farro_epilogue e = {.visit = keep_tile, .visit_context = seen};
  EXPECT(type->to_f32(&s, 0.3f, a, b, 0, NULL, &e) == FARRO_OK, "a visitor is refused");
  e.visit_context = seen_narrow;
  EXPECT(type->to_narrow(&s, 0.3f, a, b, 0, NULL, &e) == FARRO_OK, "a visitor is refused");
  EXPECT(memcmp(seen, c, count_c(&s) * 4) == 0 && memcmp(seen_narrow, c, count_c(&s) * 4) == 0,
         "a visitor of a batch of %s sees something else", type->name);
  guarded_free(a, count_a(&s) * 2), guarded_free(b, count_b(&s) * 2);
  free(c), free(seen), free(seen_narrow);
}

// C of f32 may be its own residual, whether k is long or short.
static void check_own_residual(const float_type *type, farro_matmul_shape s) {
  const size_t count = count_c(&s);
  uint16_t *a = fill_small(type, count_a(&s)), *b = fill_small(type, count_b(&s));
  float *c = malloc(count * 4), *residual = malloc(count * 4), *expected = malloc(count * 4);
  for (size_t i = 0; i < count; i++) c[i] = residual[i] = expected[i] = (float)(i % 5);
  farro_epilogue e = {.residual = residual, .ld_residual = s.ldc, .stride_residual = s.stride_c};
  type->to_f32(&s, 1, a, b, 0, expected, &e);
  e.residual = c;
  EXPECT(type->to_f32(&s, 1, a, b, 0, c, &e) == FARRO_OK, "C as its own residual is refused");
  EXPECT(memcmp(c, expected, count * 4) == 0, "%s with C as its own residual differs", type->name);
  guarded_free(a, count_a(&s) * 2), guarded_free(b, count_b(&s) * 2);
  free(c), free(residual), free(expected);
}

// ---- 8-bit integers ----

// `step` and `stride` are of scales and zero points, as they come: one for all, for each product, or for each row.
static void check_integers(farro_matmul_shape s, bool zero_points, size_t step, size_t stride, bool extreme) {
  const size_t count = count_c(&s), most = s.batch * (s.m + s.n) + 1;
  uint8_t *a = guarded_allocate(count_a(&s));
  int8_t *b = guarded_allocate(count_b(&s));
  int32_t *c = guarded_allocate(count * 4), *expected = malloc(count * 4), zero_a[64], zero_b[64];
  float *scaled = guarded_allocate(count * 4), *expected_scaled = malloc(count * 4), *scale = malloc(most * 4);
  for (size_t i = 0; i < count_a(&s); i++) a[i] = extreme ? 255 : (uint8_t)random_below(256);
  for (size_t i = 0; i < count_b(&s); i++) b[i] = extreme ? -128 : (int8_t)random_below(256);
  for (size_t i = 0; i < 64; i++) zero_a[i] = extreme ? 0 : (int32_t)random_below(256), zero_b[i] = zero_a[i] / 2;
  for (size_t i = 0; i < 64; i++) zero_b[i] = extreme ? 127 : zero_b[i] - 60;
  for (size_t i = 0; i < most; i++) scale[i] = (float)(1 + random_below(5)) / 3;
  memset(c, 1, count * 4), memset(expected, 1, count * 4);
  memset(scaled, 0, count * 4), memset(expected_scaled, 0, count * 4);
  const farro_quantized_operand by_a = {scale, zero_points ? zero_a : NULL, step, stride};
  const farro_quantized_operand by_b = {scale + 1, zero_points ? zero_b : NULL, step, stride};
  EXPECT(farro_matmul_u8s8_s32(&s, &by_a, &by_b, a, b, c) == FARRO_OK, "a batch of integers is refused");
  EXPECT(farro_matmul_u8s8_f32(&s, &by_a, &by_b, a, b, scaled, NULL) == FARRO_OK, "a batch of integers is refused");
  farro_matmul_reference_u8s8_s32(&s, &by_a, &by_b, a, b, expected);
  farro_matmul_reference_u8s8_f32(&s, &by_a, &by_b, a, b, expected_scaled);
  EXPECT(memcmp(c, expected, count * 4) == 0, "%zu x (%zu, %zu, %zu) integers, zero points %d by %zu: wrong", s.batch,
         s.m, s.n, s.k, zero_points, step);
  size_t wrong = 0;
  for (size_t i = 0; i < count; i++)
    wrong += !(fabsf(scaled[i] - expected_scaled[i]) <= 4 * 0x1p-24f * fabsf(expected_scaled[i]));
  EXPECT(wrong == 0, "%zu x (%zu, %zu, %zu) scaled integers: %zu wrong", s.batch, s.m, s.n, s.k, wrong);
  guarded_free(a, count_a(&s)), guarded_free(b, count_b(&s)), guarded_free(c, count * 4);
  guarded_free(scaled, count * 4);
  free(expected), free(expected_scaled), free(scale);
}

// ---- all ----

static void check_path(farro_matmul_path path, bool widened_bytes, farro_matmul_shape s) {
  farro_matmul_plan plan;
  char text[160];
  EXPECT(farro_matmul_plan_f16(&s, &plan) == FARRO_OK, "no plan for a batch");
  farro_matmul_plan_describe(&plan, text, sizeof text);
  EXPECT(plan.path == path && plan.tasks > 0, "%zu x (%zu, %zu, %zu) of f16 go another way: %s", s.batch, s.m, s.n, s.k,
         text);
  EXPECT(farro_matmul_plan_u8s8(&s, &plan) == FARRO_OK, "no plan for a batch");
  EXPECT((plan.path == FARRO_MATMUL_WIDENED) == widened_bytes, "%zu x (%zu, %zu, %zu) of bytes go another way", s.batch,
         s.m, s.n, s.k);
}

void check_low_precision_batches(void) {
  check_path(FARRO_MATMUL_WIDENED, true, shape(1000, 4, 4, 4, false, false, 0));
  check_path(FARRO_MATMUL_PACKED, false, shape(20, 90, 70, 64, false, false, 0));
  check_path(FARRO_MATMUL_WIDENED, false, shape(5, 3, 3, 259, false, false, 0)); // sums beyond 2^24
  check_path(FARRO_MATMUL_GATHERED, false, shape(1, 4, 4, 4, false, false, 0));
  const size_t sizes[] = {1, 2, 4, 7, 8, 15, 16, 17, 29, 33};
  const size_t count = sizeof sizes / sizeof *sizes;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j++) {
      const farro_matmul_shape s =
          shape(2 + (i + j) % 4, sizes[i], sizes[j], sizes[(i * 3 + j) % count], i % 2, (i + j) % 3 == 0, j % 3);
      for (size_t t = 0; t < 2; t++) check_floats(&float_types[t], s, (float)(j % 2) * 3, i % 3 == 1);
      check_integers(s, i % 2, 0, j % 2, false);
      if (s.m < 30 && s.n < 30) check_integers(s, j % 2, 1, 0, false);
    }
  for (size_t t = 0; t < 2; t++) {
    check_floats(&float_types[t], shape(1100, 4, 4, 4, false, false, 0), 0, false); // several chunks and ranges
    check_floats(&float_types[t], shape(1100, 4, 5, 3, false, false, 1), 1, true);
    check_floats(&float_types[t], shape(300, 16, 16, 16, false, false, 0), -1, true);
    farro_matmul_shape shared = shape(9, 6, 10, 8, false, false, 0); // one A, then one B, for all
    shared.stride_a = 0;
    check_floats(&float_types[t], shared, 1, false);
    shared.stride_a = 48, shared.stride_b = 0;
    check_floats(&float_types[t], shared, 1, false);
    check_position(&float_types[t], shape(1100, 5, 7, 9, false, false, 0));
    check_position(&float_types[t], shape(37, 64, 8, 130, false, false, 0)); // alone, such a product takes dot products
    check_position(&float_types[t], shape(40, 3, 70, 130, true, true, 0));
    check_visitor(&float_types[t]);
    check_own_residual(&float_types[t], shape(5, 4, 6, 7, false, false, 1));
    check_own_residual(&float_types[t], shape(3, 2, 3, 4000, false, true, 0));
    check_own_residual(&float_types[t], shape(3, 1, 2, 3000, true, true, 0)); // f32 would cut k
  }
  check_integers(shape(60, 4, 4, 4, false, false, 0), true, 0, 1, false);
  check_integers(shape(3, 3, 5, 258, false, false, 0), true, 0, 0, true); // the largest sums that an f32 holds
  check_integers(shape(3, 3, 5, 259, false, false, 0), true, 0, 0, true);
}
