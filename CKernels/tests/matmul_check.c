#include "check.h"

// |C - reference| <= (k + 3) u (|alpha| |op(A)| |op(B)| + |beta| |C|): every |a|, |b|, |c| here is at most 1. Twice u,
// since the reference itself is rounded once.
static double bound(size_t k, double alpha, double beta, double u) {
  return ((double)k + 4) * u * (fabs(alpha) * (double)k + fabs(beta));
}

#define CHECK_PRODUCT(type, scalar, unit)                                                                              \
  static void check_product_##type(farro_matmul_shape s, scalar alpha, scalar beta) {                                  \
    const size_t rows_a = s.transpose_a ? s.k : s.m, rows_b = s.transpose_b ? s.n : s.k;                               \
    const size_t columns_a = s.transpose_a ? s.m : s.k, columns_b = s.transpose_b ? s.k : s.n;                         \
    const size_t one_a = rows_a ? (rows_a - 1) * s.lda + columns_a : 0;                                                \
    const size_t one_b = rows_b ? (rows_b - 1) * s.ldb + columns_b : 0;                                                \
    const size_t one_c = s.m ? (s.m - 1) * s.ldc + s.n : 0, last = s.batch ? s.batch - 1 : 0;                          \
    const size_t count_a = last * s.stride_a + one_a, count_b = last * s.stride_b + one_b;                             \
    const size_t count_c = last * s.stride_c + one_c;                                                                  \
    scalar *a = guarded_allocate(count_a * sizeof *a), *b = guarded_allocate(count_b * sizeof *b);                     \
    scalar *c = guarded_allocate(count_c * sizeof *c), *expected = guarded_allocate(count_c * sizeof *c);              \
    scalar *serial = guarded_allocate(count_c * sizeof *c);                                                            \
    fill_##type(a, count_a), fill_##type(b, count_b), fill_##type(c, count_c);                                         \
    memcpy(expected, c, count_c * sizeof *c), memcpy(serial, c, count_c * sizeof *c);                                  \
    const farro_status status = farro_matmul_##type(&s, alpha, a, b, beta, c);                                         \
    farro_matmul_reference_##type(&s, alpha, a, b, beta, expected);                                                    \
    EXPECT(status == FARRO_OK, "matmul_" #type ": status %d", status);                                                 \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < count_c; i++) {                                                                             \
      const double error = fabs((double)c[i] - (double)expected[i]);                                                   \
      if (!(error <= worst)) worst = error;                                                                            \
    }                                                                                                                  \
    EXPECT(worst <= bound(s.k, (double)alpha, (double)beta, unit),                                                     \
           "matmul_" #type " (%zu, %zu, %zu) batch %zu ta %d tb %d: error %g", s.m, s.n, s.k, s.batch, s.transpose_a,  \
           s.transpose_b, worst);                                                                                      \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_matmul_##type(&s, alpha, a, b, beta, serial);                                                                \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(c, serial, count_c * sizeof *c) == 0, "matmul_" #type " (%zu, %zu, %zu): bits depend on threads",    \
           s.m, s.n, s.k);                                                                                             \
    guarded_free(a, count_a * sizeof *a), guarded_free(b, count_b * sizeof *b);                                        \
    guarded_free(c, count_c * sizeof *c), guarded_free(expected, count_c * sizeof *c);                                 \
    guarded_free(serial, count_c * sizeof *c);                                                                         \
  }

CHECK_PRODUCT(f32, float, 0x1p-24)
CHECK_PRODUCT(f64, double, 0x1p-53)

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

static void check_shape(farro_matmul_shape s, double alpha, double beta) {
  check_product_f32(s, (float)alpha, (float)beta);
  check_product_f64(s, alpha, beta);
}

static void check_arguments(void) {
  float a[16] = {0}, c[16] = {7};
  farro_matmul_shape s = shape(1, 4, 4, 4, false, false, 0);
  s.lda = 3;
  EXPECT(farro_matmul_f32(&s, 1, a, a, 0, c) == FARRO_ERROR_ARGUMENT, "lda below k is accepted");
  s = shape(2, 2, 2, 2, false, false, 0);
  s.stride_c = 3;
  EXPECT(farro_matmul_f32(&s, 1, a, a, 0, c) == FARRO_ERROR_ARGUMENT, "overlapping products are accepted");
  EXPECT(c[0] == 7, "a refused call wrote");
}

static void check_special_values(void) {
  const float infinity = INFINITY, not_a_number = NAN;
  float a[4] = {1, infinity, 2, 3}, b[4] = {1, 0, 0, 1},
        c[4] = {not_a_number, not_a_number, not_a_number, not_a_number};
  farro_matmul_shape s = shape(1, 2, 2, 2, false, false, 0);
  farro_matmul_f32(&s, 1, a, b, 0, c);
  EXPECT(isnan(c[0]) && c[1] == infinity && c[2] == 2 && c[3] == 3, "beta 0 reads C, or infinity is lost: %g %g %g %g",
         (double)c[0], (double)c[1], (double)c[2], (double)c[3]);
  a[0] = not_a_number;
  farro_matmul_f32(&s, 0, a, b, 2, c + 0);
  EXPECT(c[2] == 4 && c[3] == 6, "alpha 0 reads A");
}

static void check_overlap(void) {
  float m[64 * 16] = {0};
  farro_matmul_shape s = shape(1, 4, 4, 4, false, false, 0);
  s.lda = s.ldb = s.ldc = 16;
  EXPECT(farro_matmul_f32(&s, 1, m, m + 8, 0, m + 4) == FARRO_OK, "interleaved blocks are refused");
  EXPECT(farro_matmul_f32(&s, 1, m, m + 64, 0, m + 3) == FARRO_ERROR_ARGUMENT, "C over A is accepted");
  EXPECT(farro_matmul_f32(&s, 1, m, m + 8, 0, m + 11) == FARRO_ERROR_ARGUMENT, "C over B is accepted");
  EXPECT(farro_matmul_f32(&s, 1, m, m + 8, 0, m + 29) == FARRO_ERROR_ARGUMENT, "C around a row's end is accepted");
  s.ldc = 15;
  EXPECT(farro_matmul_f32(&s, 1, m, m + 8, 0, m + 4) == FARRO_ERROR_ARGUMENT, "C on another grid is accepted");
  s = shape(5, 2, 2, 2, false, false, 0);
  s.stride_a = s.stride_b = s.stride_c = 12; // an array of { A, B, C }
  EXPECT(farro_matmul_f32(&s, 1, m, m + 4, 0, m + 8) == FARRO_OK, "structures of matrices are refused");
  EXPECT(farro_matmul_f32(&s, 1, m, m + 4, 0, m + 10) == FARRO_ERROR_ARGUMENT, "C over the next A is accepted");
  s = shape(1, 1, 4, 4, true, false, 0);
  s.lda = 16, s.ldb = 16, s.ldc = 4; // a column of A, part of a row of C
  EXPECT(farro_matmul_f32(&s, 1, m, m + 8, 0, m + 4) == FARRO_OK, "a row beside a column is refused");
}

static void check_overflow(void) {
  float m[16] = {0};
  farro_matmul_plan plan;
  farro_matmul_shape s = shape(1, 2, 2, 2, false, false, 0);
  s.ldc = (size_t)1 << 62;
  EXPECT(farro_matmul_f32(&s, 1, m, m + 4, 0, m + 8) == FARRO_ERROR_ARGUMENT, "a leading dimension that wraps");
  s = shape(3, 2, 2, 2, false, false, 0);
  s.stride_c = (size_t)-4;
  EXPECT(farro_matmul_f32(&s, 1, m, m + 4, 0, m + 8) == FARRO_ERROR_ARGUMENT, "a stride that wraps");
  s = shape(1, SIZE_MAX, 1, 0, false, false, 0);
  EXPECT(farro_matmul_plan_f32(&s, &plan) == FARRO_ERROR_ARGUMENT, "a plan for more than memory");
  farro_packed_matrix *packed = NULL;
  const size_t huge = (size_t)1 << 62;
  EXPECT(farro_pack_f32(4, huge, false, m, huge, &packed) == FARRO_ERROR_ARGUMENT, "more than memory is packed");
  EXPECT(farro_pack_f64(1, SIZE_MAX, true, (double *)m, 1, &packed) == FARRO_ERROR_ARGUMENT, "SIZE_MAX columns");
  EXPECT(farro_pack_bf16(4, huge, false, (uint16_t *)m, huge, &packed) == FARRO_ERROR_ARGUMENT, "more than memory");
}

// C that is its own residual, on paths that cut k and paths that do not.
static void check_own_residual(void) {
  const farro_matmul_shape shapes[] = {shape(2, 15, 37, 19, false, false, 1), shape(1, 3, 1100, 70, false, false, 0),
                                       shape(1, 31, 100, 1100, false, true, 2),
                                       shape(1, 75, 300, 1100, false, true, 0)};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const farro_matmul_shape s = shapes[i];
    const size_t count_a = s.batch * s.stride_a, count_b = s.batch * s.stride_b, count = s.batch * s.stride_c;
    float *a = malloc(count_a * sizeof *a), *b = malloc(count_b * sizeof *b), *c = malloc(count * sizeof *c);
    float *expected = malloc(count * sizeof *c);
    fill_f32(a, count_a), fill_f32(b, count_b), fill_f32(c, count);
    memcpy(expected, c, count * sizeof *c);
    farro_epilogue e = {.activation = FARRO_ACTIVATION_RELU, .ld_residual = s.ldc, .stride_residual = s.stride_c};
    e.residual = expected;
    farro_matmul_fused_reference_f32(&s, 1, a, b, 0, expected, &e);
    e.residual = c;
    EXPECT(farro_matmul_fused_f32(&s, 1, a, b, 0, c, &e) == FARRO_OK, "C as its own residual is refused");
    double worst = 0;
    for (size_t j = 0; j < count; j++) worst = fmax(worst, fabs((double)c[j] - (double)expected[j]));
    EXPECT(worst <= bound(s.k, 1, 1, 0x1p-24), "C as its own residual, (%zu, %zu, %zu): error %g", s.m, s.n, s.k,
           worst);
    e.residual = c + 1;
    EXPECT(farro_matmul_fused_f32(&s, 1, a, b, 0, c, &e) == FARRO_ERROR_ARGUMENT, "a residual across C is accepted");
    free(a), free(b), free(c), free(expected);
  }
}

// ---- the paths ----

static void check_path(farro_matmul_path path, bool copies_a, farro_matmul_shape s) {
  farro_matmul_plan plan;
  EXPECT(farro_matmul_plan_f32(&s, &plan) == FARRO_OK, "no plan for (%zu, %zu, %zu)", s.m, s.n, s.k);
  char text[160];
  farro_matmul_plan_describe(&plan, text, sizeof text);
  EXPECT(plan.path == path && plan.copies_a == copies_a, "(%zu, %zu, %zu) ta %d tb %d goes another way: %s", s.m, s.n,
         s.k, s.transpose_a, s.transpose_b, text);
  check_shape(s, 1, 0);
  check_shape(s, -0.5, 2);
}

static void check_paths(void) {
  check_path(FARRO_MATMUL_DIRECT, false, shape(1, 150, 200, 300, false, false, 0));
  check_path(FARRO_MATMUL_DIRECT, false, shape(1, 150, 200, 90, true, false, 3));
  check_path(FARRO_MATMUL_DIRECT, false, shape(70, 25, 9, 11, false, false, 0)); // tall tiles, batch inside the kernel
  check_path(FARRO_MATMUL_DIRECT, false, shape(70, 5, 131, 11, true, false, 1));
  check_path(FARRO_MATMUL_PACKED, false, shape(3, 60, 70, 130, false, true, 1));
  check_path(FARRO_MATMUL_PACKED, false, shape(1, 650, 40, 130, true, true, 0));
  check_path(FARRO_MATMUL_BLOCKED, false, shape(1, 100, 300, 1100, false, true, 1)); // several blocks of k
  check_path(FARRO_MATMUL_BLOCKED, true, shape(2, 100, 300, 1024, false, true, 0));  // rows share sets of L1
  check_path(FARRO_MATMUL_BLOCKED, true, shape(1, 150, 300, 1100, true, false, 1));
  check_path(FARRO_MATMUL_BLOCKED, false, shape(1, 75, 4200, 66, false, true, 0)); // more columns than a block
  check_path(FARRO_MATMUL_THIN, false, shape(1, 1, 2100, 70, false, false, 0));
  check_path(FARRO_MATMUL_THIN, false, shape(2, 7, 1301, 67, true, false, 1));
  check_path(FARRO_MATMUL_DOT, false, shape(1, 1, 130, 1031, false, true, 0));
  check_path(FARRO_MATMUL_DOT, false, shape(3, 7, 37, 521, false, true, 3));
  check_path(FARRO_MATMUL_DOT, false, shape(1, 301, 10, 523, false, false, 0));
  check_path(FARRO_MATMUL_DOT, false, shape(1, 301, 1, 523, false, true, 0));
  check_path(FARRO_MATMUL_DOT, false, shape(1, 301, 1, 523, false, false, 3)); // a column of a wider matrix
  check_path(FARRO_MATMUL_THIN, false, shape(1, 2100, 1, 70, true, true, 0));  // a vector times a transposed matrix
  farro_matmul_shape joined = shape(6, 9, 33, 512, false, false, 0);
  joined.stride_b = 0;
  check_path(FARRO_MATMUL_DIRECT, false, joined);
}

// ---- epilogues ----

enum { fused_columns = 37 };

// An activation does not stretch an error by more than 1.13 (GELU's steepest slope), and adds a few ulp of its own.
#define CHECK_FUSED(type, scalar, unit)                                                                                \
  typedef struct {                                                                                                     \
    farro_matmul_shape shape;                                                                                          \
    scalar *out;                                                                                                       \
  } visited_##type;                                                                                                    \
  static void visit_##type(void *context, size_t item, size_t row, size_t column, size_t rows, size_t columns,         \
                           const void *tile, size_t ld) {                                                              \
    const visited_##type *v = context;                                                                                 \
    for (size_t i = 0; i < rows; i++)                                                                                  \
      for (size_t j = 0; j < columns; j++)                                                                             \
        v->out[item * v->shape.stride_c + (row + i) * v->shape.ldc + column + j] +=                                    \
            ((const scalar *)tile)[i * ld + j];                                                                        \
  }                                                                                                                    \
  static void check_fused_##type(farro_matmul_shape s, scalar beta, farro_activation activation, int terms) {          \
    const size_t count_a = s.batch * s.stride_a, count_b = s.batch * s.stride_b, count = s.batch * s.stride_c;         \
    scalar *a = malloc(count_a * sizeof *a), *b = malloc(count_b * sizeof *b), *old = malloc(count * sizeof *old);     \
    scalar *c = malloc(count * sizeof *c), *expected = malloc(count * sizeof *c), *seen = calloc(count, sizeof *c);    \
    scalar *residual = malloc(count * sizeof *c), *scale = guarded_allocate(s.n * sizeof *scale);                      \
    scalar *bias = guarded_allocate(s.n * sizeof *bias);                                                               \
    fill_##type(a, count_a), fill_##type(b, count_b), fill_##type(old, count), fill_##type(residual, count);           \
    fill_##type(scale, s.n), fill_##type(bias, s.n);                                                                   \
    farro_epilogue e = {.activation = activation};                                                                     \
    if (terms & 1) e.scale = scale;                                                                                    \
    if (terms & 2) e.bias = bias;                                                                                      \
    if (terms & 4) e.residual = residual, e.ld_residual = s.ldc, e.stride_residual = s.stride_c;                       \
    memcpy(c, old, count * sizeof *c), memcpy(expected, old, count * sizeof *c);                                       \
    EXPECT(farro_matmul_fused_##type(&s, (scalar)0.5, a, b, beta, c, &e) == FARRO_OK, "fused: refused");               \
    farro_matmul_fused_reference_##type(&s, (scalar)0.5, a, b, beta, expected, &e);                                    \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const double error = fabs((double)c[i] - (double)expected[i]);                                                   \
      if (!(error <= worst)) worst = error;                                                                            \
    }                                                                                                                  \
    const double allowed = 1.13 * bound(s.k, 0.5, (double)beta, unit) + 10 * unit * ((double)s.k / 2 + 4);             \
    EXPECT(worst <= allowed, "fused_" #type " (%zu, %zu, %zu) activation %d terms %d: error %g", s.m, s.n, s.k,        \
           activation, terms, worst);                                                                                  \
    if (beta == 0) {                                                                                                   \
      visited_##type v = {s, seen};                                                                                    \
      e.visit = visit_##type, e.visit_context = &v;                                                                    \
      farro_matmul_fused_##type(&s, (scalar)0.5, a, b, 0, NULL, &e);                                                   \
      worst = 0;                                                                                                       \
      for (size_t item = 0; item < s.batch; item++)                                                                    \
        for (size_t i = 0; i < s.m; i++)                                                                               \
          for (size_t j = 0; j < s.n; j++) {                                                                           \
            const size_t at = item * s.stride_c + i * s.ldc + j;                                                       \
            const double error = fabs((double)seen[at] - (double)expected[at]);                                        \
            if (!(error <= worst)) worst = error;                                                                      \
          }                                                                                                            \
      EXPECT(worst <= allowed, "a visitor sees other values, or twice: error %g", worst);                              \
    }                                                                                                                  \
    free(a), free(b), free(old), free(c), free(expected), free(seen), free(residual);                                  \
    guarded_free(scale, s.n * sizeof *scale), guarded_free(bias, s.n * sizeof *bias);                                  \
  }

CHECK_FUSED(f32, float, 0x1p-24)
CHECK_FUSED(f64, double, 0x1p-53)

static void check_epilogues(void) {
  const farro_matmul_shape shapes[] = {
      shape(3, 15, fused_columns, 19, false, false, 0), shape(1, 31, 300, 1100, false, false, 2),
      shape(1, 5, 1100, 70, false, false, 0),           shape(2, 6, fused_columns, 200, false, true, 1),
      shape(1, 100, 9, 200, false, false, 0),           shape(1, 150, 300, 600, true, false, 0),
      shape(2, 3, fused_columns, 0, false, false, 0),
  };
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (int terms = 0; terms < 8; terms++) {
      const farro_activation activation = (farro_activation)((i + (size_t)terms) % FARRO_ACTIVATION_FUSED);
      check_fused_f32(shapes[i], terms % 3 == 2 ? 0.25f : 0, activation, terms);
      check_fused_f64(shapes[i], terms % 3 == 2 ? 0.25 : 0, activation, terms);
    }
  float x[4] = {1, 2, 3, 4}, c[4] = {5, 5, 5, 5};
  const farro_matmul_shape s = shape(1, 2, 2, 2, false, false, 0);
  EXPECT(farro_matmul_fused_f32(&s, 1, x, x, 0, c, &(farro_epilogue){.activation = FARRO_ACTIVATION_FUSED}) ==
             FARRO_ERROR_ARGUMENT,
         "an unknown activation is accepted");
  EXPECT(farro_matmul_fused_f32(&s, 1, x, x, 0, c, &(farro_epilogue){.residual = x, .ld_residual = 1}) ==
             FARRO_ERROR_ARGUMENT,
         "a residual with short rows is accepted");
}

// ---- packed and grouped ----

static void check_packed(farro_matmul_shape s, bool one_b) {
  if (one_b) s.stride_b = 0;
  const size_t count_a = s.batch * s.stride_a, count_b = s.ldb * (s.transpose_b ? s.n : s.k);
  const size_t count = s.batch * s.stride_c;
  float *a = malloc(count_a * sizeof *a), *b = malloc((count_b + 1) * sizeof *b), *c = malloc(count * sizeof *c);
  float *expected = malloc(count * sizeof *c);
  fill_f32(a, count_a), fill_f32(b, count_b), fill_f32(c, count);
  memcpy(expected, c, count * sizeof *c);
  farro_packed_matrix *packed = NULL;
  EXPECT(farro_pack_f32(s.k, s.n, s.transpose_b, b, s.ldb, &packed) == FARRO_OK, "packing failed");
  EXPECT(farro_packed_bytes(packed) >= s.k * s.n * sizeof *b, "a packed matrix of %zu bytes",
         farro_packed_bytes(packed));
  EXPECT(farro_matmul_packed_f32(&s, 1, a, packed, 0.5f, c, NULL) == FARRO_OK, "a packed product is refused");
  farro_matmul_reference_f32(&s, 1, a, b, 0.5f, expected);
  double worst = 0;
  for (size_t i = 0; i < count; i++) worst = fmax(worst, fabs((double)c[i] - (double)expected[i]));
  EXPECT(worst <= bound(s.k, 1, 0.5, 0x1p-24), "packed (%zu, %zu, %zu): error %g", s.m, s.n, s.k, worst);
  farro_matmul_plan plan;
  EXPECT(farro_matmul_plan_packed(&s, packed, &plan) == FARRO_OK && !plan.packs_b && plan.tasks > 0,
         "no plan for a packed (%zu, %zu, %zu)", s.m, s.n, s.k);
  s.n++, s.ldc++, s.stride_c += s.m;
  EXPECT(farro_matmul_packed_f32(&s, 1, a, packed, 0, c, NULL) == FARRO_ERROR_ARGUMENT, "another n is accepted");
  EXPECT(farro_matmul_plan_packed(&s, packed, &plan) == FARRO_ERROR_ARGUMENT, "a plan for another n");
  EXPECT(farro_matmul_plan_packed(&s, NULL, &plan) == FARRO_ERROR_ARGUMENT, "a plan without a packed B");
  farro_packed_release(packed);
  free(a), free(b), free(c), free(expected);
}

static void check_grouped(void) {
  enum { count = 9 };
  const farro_matmul_shape shapes[count] = {
      shape(1, 3, 4, 5, false, false, 0),       shape(4, 14, 32, 8, false, false, 0),
      shape(1, 150, 200, 300, false, false, 0), shape(1, 0, 4, 5, false, false, 0),
      shape(1, 100, 300, 2100, true, false, 0), shape(1, 200, 9, 200, false, false, 0),
      shape(1, 64, 64, 64, false, true, 1),     shape(1, 2, 900, 80, false, false, 0),
      shape(2, 5, 6, 0, false, false, 0)};
  farro_matmul_problem problems[count];
  farro_epilogue epilogues[count] = {0}; // every third product has none, every third is added to what was there
  float *c[count], *expected[count], bias[900];
  fill_f32(bias, 900);
  for (size_t i = 0; i < count; i++) {
    const farro_matmul_shape *s = &shapes[i];
    float *a = malloc((s->batch * s->stride_a + 1) * sizeof *a), *b = malloc((s->batch * s->stride_b + 1) * sizeof *b);
    const size_t bytes = s->batch * s->stride_c * sizeof(float) + 1;
    fill_f32(a, s->batch * s->stride_a), fill_f32(b, s->batch * s->stride_b);
    c[i] = malloc(bytes), expected[i] = malloc(bytes);
    fill_f32(c[i], s->batch * s->stride_c);
    memcpy(expected[i], c[i], bytes - 1);
    epilogues[i] = (farro_epilogue){.bias = bias, .activation = FARRO_ACTIVATION_TANH};
    if (i % 3 == 1) epilogues[i].ld_residual = s->ldc, epilogues[i].stride_residual = s->stride_c;
    if (i % 3 == 1) epilogues[i].residual = expected[i];
    farro_matmul_fused_f32(s, 2, a, b, 0, expected[i], i % 3 ? &epilogues[i] : NULL);
    if (i % 3 == 1) epilogues[i].residual = c[i];
    problems[i] = (farro_matmul_problem){*s, a, b, c[i], i % 3 ? &epilogues[i] : NULL};
  }
  EXPECT(farro_matmul_grouped_f32(count, problems, 2, 0) == FARRO_OK, "a group is refused");
  EXPECT(farro_matmul_grouped_f32(0, NULL, 2, 0) == FARRO_OK, "an empty group is refused");
  for (size_t i = 0; i < count; i++) {
    const size_t bytes = shapes[i].batch * shapes[i].stride_c * sizeof(float);
    EXPECT(memcmp(c[i], expected[i], bytes) == 0, "problem %zu of a group has other bits than alone", i);
  }
  problems[count - 1].shape.ldc = 1;
  EXPECT(farro_matmul_grouped_f32(count, problems, 2, 0) == FARRO_ERROR_ARGUMENT, "a bad problem is accepted");
  for (size_t i = 0; i < count; i++) {
    free((void *)problems[i].a), free((void *)problems[i].b);
    free(c[i]), free(expected[i]);
  }
}

// A small product takes a short way of its own: to the bits that the long one gives.
static void check_small(void) {
  enum { most = 65 };
  static double a[most * most], b[most * most], c[most * most], expected[most * most];
  fill_f64(a, most * most), fill_f64(b, most * most);
  const size_t sizes[] = {1, 2, 4, 6, 15, 63, 64, 65};
  for (size_t i = 0; i < 8; i++)
    for (size_t j = 0; j < 8; j++)
      for (size_t k = 0; k < 8; k++) {
        const farro_matmul_shape s = shape(1, sizes[i], sizes[j], sizes[k], false, false, 0);
        const farro_matmul_problem problem = {s, a, b, expected, NULL};
        farro_matmul_f64(&s, 2, a, b, 0, c);
        farro_matmul_grouped_f64(1, &problem, 2, 0);
        EXPECT(memcmp(c, expected, s.m * s.n * sizeof *c) == 0, "(%zu, %zu, %zu) alone and in a group", s.m, s.n, s.k);
      }
}

void check_matmul(void) {
  check_arguments();
  check_special_values();
  check_overlap();
  check_overflow();
  check_own_residual();
  check_paths();
  check_epilogues();
  check_packed(shape(1, 3, 4, 5, false, false, 1), false);
  check_packed(shape(1, 100, 300, 1100, false, true, 0), false);
  check_packed(shape(3, 17, 67, 130, false, false, 0), true);
  check_packed(shape(3, 400, 67, 300, true, false, 0), true);
  check_packed(shape(1, 2, 3, 0, false, false, 0), false);
  check_grouped();
  check_small();
  const size_t sizes[] = {0, 1, 2, 5, 6, 7, 8, 13, 14, 15, 16, 17, 31, 32, 33, 67};
  const size_t count = sizeof sizes / sizeof *sizes;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j++) {
      const bool transpose_a = (i + j) % 2, transpose_b = (i + j) % 3 == 0;
      check_shape(shape(1, sizes[i], sizes[j], sizes[(i * 3 + j) % count], transpose_a, transpose_b, j % 3), 1, 0);
    }
  for (int flags = 0; flags < 4; flags++) {
    check_shape(shape(3, 19, 37, 23, flags & 1, flags & 2, 3), -0.5, 2);
    check_shape(shape(1, 61, 70, 521, flags & 1, flags & 2, 1), 1, 1);
    check_shape(shape(1, 150, 200, 300, flags & 1, flags & 2, 0), 2, 0.5);
  }
  farro_matmul_shape broadcast = shape(5, 9, 33, 12, false, false, 0);
  broadcast.stride_a = 0;
  check_shape(broadcast, 1, 0);
  broadcast.stride_b = 0;
  check_shape(broadcast, 1, 0);
  check_shape(shape(1, 3000, 40, 30, false, false, 0), 1, 0); // small B and many rows: in place, on several threads
  check_shape(shape(1, 3001, 40, 30, true, false, 1), 1, 0);
  check_shape(shape(1, 3, 4200, 5, false, true, 0), 1, 0); // more columns, then more rows, than one packed block
  check_shape(shape(1, 4200, 3, 5, false, true, 0), 1, 0);
}
