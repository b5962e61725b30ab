#include "check.h"

#include "simd/float32.h"
#include "tests/linear_algebra_checks.h"

#include "simd/float64.h"
#include "tests/linear_algebra_checks.h"

static void check_product(size_t n, size_t k, int variant, double alpha, double beta) {
  const size_t pad = (size_t)variant % 4, batch = variant % 5 == 4 ? 3 : 1;
  farro_symmetric_shape s = {
      .batch = batch, .n = n, .k = k, .rows = variant & 1, .triangle = (farro_triangle)(variant / 2 % 3)};
  s.lda = (s.rows ? k : n) + pad;
  s.ldc = n + pad;
  s.stride_a = s.lda * (s.rows ? n : k), s.stride_c = s.ldc * n + 1;
  check_symmetric_f32(s, (float)alpha, (float)beta);
  check_symmetric_f64(s, alpha, beta);
}

static void check_system(size_t n, size_t m, int variant, double alpha) {
  const size_t pad = (size_t)variant % 3, batch = variant % 7 == 6 ? 3 : 1;
  farro_triangular_shape s = {.batch = batch,
                              .n = n,
                              .m = m,
                              .right = variant & 1,
                              .upper = variant & 2,
                              .transpose = variant & 4,
                              .unit_diagonal = variant & 8,
                              .ldt = n + pad,
                              .ldb = (variant & 1 ? n : m) + pad};
  s.stride_t = s.ldt * n, s.stride_b = s.ldb * (s.right ? m : n) + 1;
  check_solve_f32(s, (float)alpha);
  check_solve_f64(s, alpha);
}

static void check_definite(size_t n, bool upper, size_t batch, size_t pad) {
  const farro_cholesky_shape s = {
      .batch = batch, .n = n, .upper = upper, .lda = n + pad, .stride_a = n * (n + pad) + 3};
  check_factor_f32(s);
  check_factor_f64(s);
}

static void check_arguments(void) {
  float a[16] = {0}, c[16] = {7};
  farro_symmetric_shape product = {.batch = 1, .n = 4, .k = 2, .lda = 3, .ldc = 4};
  EXPECT(farro_symmetric_product_f32(&product, 1, a, 0, c) == FARRO_ERROR_ARGUMENT, "lda below n is accepted");
  farro_triangular_shape system = {.batch = 2, .n = 2, .m = 2, .ldt = 2, .ldb = 2, .stride_b = 3};
  EXPECT(farro_triangular_solve_f32(&system, 1, a, c, NULL) == FARRO_ERROR_ARGUMENT, "overlapping B are accepted");
  farro_cholesky_shape factor = {.batch = 1, .n = 4, .lda = 3};
  EXPECT(farro_cholesky_f32(&factor, c, NULL) == FARRO_ERROR_ARGUMENT, "lda below n is accepted");
  EXPECT(c[0] == 7, "a refused call wrote");
  system = (farro_triangular_shape){.batch = 1, .n = 4, .m = 4, .ldt = 4, .ldb = 4};
  EXPECT(farro_triangular_solve_f32(&system, 0, NULL, c, NULL) == FARRO_OK && c[0] == 0, "alpha 0 does not clear B");
}

void check_linear_algebra(void) {
  check_arguments();
  const size_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 97, 129, 193};
  const size_t count = sizeof sizes / sizeof *sizes;
  int variant = 0;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j += 2) {
      // Few sides of large triangles: under emulation the wide sums of these checks are slow.
      const size_t other = sizes[(i + j) % (sizes[i] > 64 ? 12 : count)];
      for (int kind = 0; kind < 2; kind++) check_product(sizes[i], other, variant + kind, 1, 0);
      for (int kind = 0; kind < 4; kind++) check_system(sizes[i], other, (variant++ * 5 + kind) % 112, 1);
    }
  for (int kind = 0; kind < 6; kind++) {
    check_product(150, 40, kind, -0.5, 2);
    check_product(300, 20, kind, -1, 1);
    check_product(67, 0, kind, 1, 0.5);
  }
  check_product(400, 120, 0, 1, 0); // enough for several threads: they must follow the caller's instruction set
  for (int kind = 0; kind < 16; kind++) {
    check_system(150, 37, kind, -0.5);
    check_system(131, 70, kind, 1);
  }
  for (size_t i = 0; i < count; i++)
    for (int upper = 0; upper < 2; upper++) check_definite(sizes[i], upper, i % 3 == 2 ? 4 : 1, i % 4);
  check_definite(300, false, 1, 0);
  check_definite(300, true, 1, 2);
  const size_t rows[] = {0, 1, 5, 8, 63, 64, 99, 129};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    check_indefinite_f32(130, rows[i], rows[i] / 2, i & 1), check_indefinite_f64(130, rows[i], rows[i] / 3, !(i & 1));
  }
  check_singular_f32(), check_singular_f64();
  check_extreme_diagonals_f32(), check_extreme_diagonals_f64();
  for (int upper = 0; upper < 2; upper++) {
    check_cholesky_solve_f32(71, 5, upper), check_cholesky_solve_f64(71, 5, upper);
    check_cholesky_solve_f32(1, 1, upper), check_cholesky_solve_f64(130, 33, upper);
  }
}
