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

void check_matmul(void) {
  check_arguments();
  check_special_values();
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
