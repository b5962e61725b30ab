// The checks of linear algebra for one element type, included by linear_algebra_check.c under each.

static double KERNEL(unit)(void) { return sizeof(SCALAR) == 4 ? 0x1p-24 : 0x1p-53; }

static double KERNEL(gamma)(size_t count) {
  const double terms = (double)count * KERNEL(unit)();
  return terms / (1 - terms);
}

static SCALAR *KERNEL(copy_of)(const SCALAR *values, size_t count) {
  SCALAR *copy = guarded_allocate(count * sizeof *copy);
  if (count) memcpy(copy, values, count * sizeof *copy);
  return copy;
}

static SCALAR *KERNEL(filled)(size_t count) {
  SCALAR *values = guarded_allocate(count * sizeof *values);
  KERNEL(fill)(values, count);
  return values;
}

// Elements of `count` that differ in their bits outside the triangle of (n, n) matrices of row length ld.
static size_t KERNEL(strays)(size_t n, size_t ld, bool upper, const SCALAR *values, const SCALAR *before) {
  size_t strays = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < (i + 1 < n ? ld : n); j++)
      if (j >= n || (upper ? j < i : j > i))
        strays += memcmp(values + i * ld + j, before + i * ld + j, sizeof *values) != 0;
  return strays;
}

// ---- symmetric products ----

static void KERNEL(check_symmetric)(farro_symmetric_shape s, SCALAR alpha, SCALAR beta) {
  const size_t rows = s.rows ? s.n : s.k, columns = s.rows ? s.k : s.n, last = s.batch - 1;
  const size_t count_a = rows ? last * s.stride_a + (rows - 1) * s.lda + columns : 0;
  const size_t count_c = s.n ? last * s.stride_c + (s.n - 1) * s.ldc + s.n : 0;
  SCALAR *a = KERNEL(filled)(count_a), *c = KERNEL(filled)(count_c);
  for (size_t i = 0; i < count_c && beta == 0; i++) c[i] = (SCALAR)NAN;
  SCALAR *before = KERNEL(copy_of)(c, count_c), *expected = KERNEL(copy_of)(c, count_c);
  SCALAR *serial = KERNEL(copy_of)(c, count_c);
  const farro_status status = KERNEL(farro_symmetric_product)(&s, alpha, a, beta, c);
  KERNEL(farro_symmetric_product_reference)(&s, alpha, a, beta, expected);
  EXPECT(status == FARRO_OK, "symmetric product: status %d", status);
  const double most = ((double)s.k + 4) * KERNEL(unit)() * (fabs((double)alpha) * (double)s.k + fabs((double)beta));
  double worst = 0;
  size_t strays = 0;
  for (size_t item = 0; item < s.batch; item++) {
    const size_t at = item * s.stride_c;
    for (size_t i = 0; i < s.n; i++)
      for (size_t j = 0; j < s.n; j++) {
        if (s.triangle == FARRO_TRIANGLE_LOWER ? j > i : s.triangle == FARRO_TRIANGLE_UPPER && j < i) continue;
        const size_t e = at + i * s.ldc + j;
        const double error = fabs((double)c[e] - (double)expected[e]);
        if (!(error <= worst)) worst = error;
        if (s.triangle == FARRO_TRIANGLE_BOTH) strays += c[e] != c[at + j * s.ldc + i];
      }
    if (s.triangle != FARRO_TRIANGLE_BOTH)
      strays += KERNEL(strays)(s.n, s.ldc, s.triangle == FARRO_TRIANGLE_UPPER, c + at, before + at);
  }
  EXPECT(worst <= most, "symmetric product n %zu k %zu rows %d triangle %d: error %g, bound %g", s.n, s.k, s.rows,
         s.triangle, worst, most);
  EXPECT(strays == 0, "symmetric product n %zu k %zu rows %d triangle %d: %zu elements beside the triangle", s.n, s.k,
         s.rows, s.triangle, strays);
  farro_set_local_threads(1, NULL);
  KERNEL(farro_symmetric_product)(&s, alpha, a, beta, serial);
  farro_set_local_threads(0, NULL);
  EXPECT(!count_c || memcmp(c, serial, count_c * sizeof *c) == 0, "symmetric product n %zu: bits depend on threads",
         s.n);
  guarded_free(a, count_a * sizeof *a), guarded_free(c, count_c * sizeof *c);
  guarded_free(before, count_c * sizeof *c), guarded_free(expected, count_c * sizeof *c);
  guarded_free(serial, count_c * sizeof *c);
}

// ---- triangular solves ----

// A triangle whose solutions stay small; NaN wherever a solve must not read.
static SCALAR *KERNEL(triangle)(const farro_triangular_shape *s, size_t *count) {
  *count = s->n ? (s->batch - 1) * s->stride_t + (s->n - 1) * s->ldt + s->n : 0;
  SCALAR *t = KERNEL(filled)(*count);
  for (size_t item = 0; item < s->batch; item++)
    for (size_t i = 0; i < s->n; i++)
      for (size_t j = 0; j < s->n; j++) {
        SCALAR *at = t + item * s->stride_t + i * s->ldt + j;
        if (i == j)
          *at = s->unit_diagonal ? (SCALAR)NAN : 2 + *at;
        else if (s->upper ? j < i : j > i)
          *at = (SCALAR)NAN;
        else
          *at /= (SCALAR)sqrt((double)s->n);
      }
  return t;
}

// The largest |op(T) X - alpha B| of one system over its bound.
static double KERNEL(residual)(const farro_triangular_shape *s, double alpha, const SCALAR *t, const SCALAR *x,
                               const SCALAR *b) {
  const bool lower = (s->upper == s->transpose) != s->right; // of the matrix that multiplies x from the left
  double worst = 0;
  for (size_t side = 0; side < s->m; side++)
    for (size_t i = 0; i < s->n; i++) {
      long double sum = 0, size = 0;
      for (size_t k = lower ? 0 : i; k < (lower ? i + 1 : s->n); k++) {
        const SCALAR factor = i == k && s->unit_diagonal ? 1
                              : s->transpose != s->right ? t[k * s->ldt + i]
                                                         : t[i * s->ldt + k];
        const long double term = (long double)factor * (long double)x[s->right ? side * s->ldb + k : k * s->ldb + side];
        sum += term, size += fabsl(term);
      }
      const long double right = alpha * (long double)b[s->right ? side * s->ldb + i : i * s->ldb + side];
      const double bound =
          KERNEL(gamma)(s->n + 1) * (double)size + (alpha == 1 ? 0 : KERNEL(unit)() * (double)fabsl(right));
      const double error = (double)fabsl(sum - right);
      const double ratio = error == 0 ? 0 : error / bound;
      if (!(ratio <= worst)) worst = ratio;
    }
  return worst;
}

static void KERNEL(check_solve)(farro_triangular_shape s, SCALAR alpha) {
  size_t count_t;
  SCALAR *t = KERNEL(triangle)(&s, &count_t);
  const size_t rows = s.right ? s.m : s.n, columns = s.right ? s.n : s.m;
  const size_t count = rows ? (s.batch - 1) * s.stride_b + (rows - 1) * s.ldb + columns : 0;
  SCALAR *b = KERNEL(filled)(count), *x = KERNEL(copy_of)(b, count), *serial = KERNEL(copy_of)(b, count);
  const farro_status status = KERNEL(farro_triangular_solve)(&s, alpha, t, x, NULL);
  EXPECT(status == FARRO_OK, "triangular solve: status %d", status);
  double worst = 0;
  size_t strays = 0;
  for (size_t item = 0; item < s.batch; item++) {
    const size_t at = item * s.stride_b;
    const double ratio = KERNEL(residual)(&s, (double)alpha, t + item * s.stride_t, x + at, b + at);
    if (!(ratio <= worst)) worst = ratio;
    for (size_t i = 0; i + 1 < rows; i++)
      strays += memcmp(x + at + i * s.ldb + columns, b + at + i * s.ldb + columns, (s.ldb - columns) * sizeof *x) != 0;
  }
  EXPECT(worst <= 1, "triangular solve n %zu m %zu right %d upper %d transpose %d unit %d: %g of the bound", s.n, s.m,
         s.right, s.upper, s.transpose, s.unit_diagonal, worst);
  EXPECT(strays == 0, "triangular solve n %zu m %zu: wrote behind rows", s.n, s.m);
  farro_set_local_threads(1, NULL);
  KERNEL(farro_triangular_solve)(&s, alpha, t, serial, NULL);
  farro_set_local_threads(0, NULL);
  EXPECT(!count || memcmp(x, serial, count * sizeof *x) == 0, "triangular solve n %zu m %zu: bits depend on threads",
         s.n, s.m);
  guarded_free(t, count_t * sizeof *t), guarded_free(b, count * sizeof *b);
  guarded_free(x, count * sizeof *x), guarded_free(serial, count * sizeof *x);
}

static void KERNEL(check_singular)(void) {
  enum { n = 70 };
  SCALAR *t = KERNEL(filled)(2 * n * n), *b = KERNEL(filled)(2 * n), *before = KERNEL(copy_of)(b, 2 * n);
  const farro_triangular_shape s = {.batch = 2, .n = n, .m = 1, .ldt = n, .ldb = 1, .stride_t = n * n, .stride_b = n};
  t[n * n + 66 * n + 66] = 0, t[n * n + 68 * n + 68] = -(SCALAR)0;
  farro_matrix_place where = {7, 7};
  EXPECT(KERNEL(farro_triangular_solve)(&s, 1, t, b, &where) == FARRO_ERROR_SINGULAR, "a singular triangle is solved");
  EXPECT(where.item == 1 && where.row == 66, "the zero is said to be at %zu, %zu", where.item, where.row);
  EXPECT(memcmp(b, before, 2 * n * sizeof *b) == 0, "a singular solve wrote");
  guarded_free(t, 2 * n * n * sizeof *t), guarded_free(b, 2 * n * sizeof *b);
  guarded_free(before, 2 * n * sizeof *b);
}

// A diagonal whose reciprocals overflow, or lose their digits.
static void KERNEL(check_extreme_diagonals)(void) {
  const SCALAR tiny = sizeof(SCALAR) == 4 ? (SCALAR)0x1p-140 : (SCALAR)0x1p-1060;
  const SCALAR huge = sizeof(SCALAR) == 4 ? (SCALAR)0x1.8p127f : (SCALAR)0x1.8p1023;
  SCALAR t[4] = {tiny, 0, 0, huge}, b[2] = {3 * tiny, huge};
  const farro_triangular_shape s = {.batch = 1, .n = 2, .m = 1, .ldt = 2, .ldb = 1};
  KERNEL(farro_triangular_solve)(&s, 1, t, b, NULL);
  EXPECT(b[0] == 3 && b[1] == 1, "extreme diagonals: %g, %g", (double)b[0], (double)b[1]);
}

// ---- Cholesky ----

// Positive definite: the eigenvalues of the random part are about 1.2 sqrt(n) at most. NaN beside the triangle.
static SCALAR *KERNEL(definite)(const farro_cholesky_shape *s, size_t *count) {
  *count = s->n ? (s->batch - 1) * s->stride_a + (s->n - 1) * s->lda + s->n : 0;
  SCALAR *a = KERNEL(filled)(*count);
  for (size_t item = 0; item < s->batch; item++)
    for (size_t i = 0; i < s->n; i++)
      for (size_t j = 0; j < s->n; j++) {
        SCALAR *at = a + item * s->stride_a + i * s->lda + j;
        if (i == j) *at += (SCALAR)(1.3 * sqrt((double)s->n) + 1);
        if (s->upper ? j < i : j > i) *at = (SCALAR)NAN;
      }
  return a;
}

static SCALAR KERNEL(factor_at)(const farro_cholesky_shape *s, const SCALAR *factor, size_t i, size_t j) {
  return s->upper ? factor[j * s->lda + i] : factor[i * s->lda + j];
}

static double KERNEL(factor_error)(const farro_cholesky_shape *s, const SCALAR *factor, const SCALAR *a) {
  double worst = 0;
  for (size_t i = 0; i < s->n; i++)
    for (size_t j = 0; j <= i; j++) {
      long double sum = 0, size = 0;
      for (size_t k = 0; k <= j; k++) {
        const long double term =
            (long double)KERNEL(factor_at)(s, factor, i, k) * (long double)KERNEL(factor_at)(s, factor, j, k);
        sum += term, size += fabsl(term);
      }
      const double error = (double)fabsl(sum - (long double)KERNEL(factor_at)(s, a, i, j));
      const double ratio = error == 0 ? 0 : error / (KERNEL(gamma)(s->n + 1) * (double)size);
      if (!(ratio <= worst)) worst = ratio;
    }
  return worst;
}

static void KERNEL(check_factor)(farro_cholesky_shape s) {
  size_t count;
  SCALAR *a = KERNEL(definite)(&s, &count), *factor = KERNEL(copy_of)(a, count), *serial = KERNEL(copy_of)(a, count);
  const farro_status status = KERNEL(farro_cholesky)(&s, factor, NULL);
  EXPECT(status == FARRO_OK, "cholesky n %zu: status %d", s.n, status);
  for (size_t item = 0; item < s.batch; item++) {
    const size_t at = item * s.stride_a;
    const double ratio = KERNEL(factor_error)(&s, factor + at, a + at);
    EXPECT(ratio <= 1, "cholesky n %zu upper %d: %g of the bound", s.n, s.upper, ratio);
    EXPECT(KERNEL(strays)(s.n, s.lda, s.upper, factor + at, a + at) == 0, "cholesky n %zu: wrote beside the triangle",
           s.n);
  }
  farro_set_local_threads(1, NULL);
  KERNEL(farro_cholesky)(&s, serial, NULL);
  farro_set_local_threads(0, NULL);
  EXPECT(!count || memcmp(factor, serial, count * sizeof *a) == 0, "cholesky n %zu: bits depend on threads", s.n);
  guarded_free(a, count * sizeof *a), guarded_free(factor, count * sizeof *a), guarded_free(serial, count * sizeof *a);
}

// A pivot that is not positive, then a NaN somewhere in a row: both are reported at the row.
static void KERNEL(check_indefinite)(size_t n, size_t row, size_t column, bool upper) {
  const farro_cholesky_shape s = {.batch = 3, .n = n, .upper = upper, .lda = n + 1, .stride_a = n * (n + 1)};
  const size_t first = row < column ? row : column, last = row < column ? column : row;
  for (int kind = 0; kind < 3; kind++) {
    size_t count;
    SCALAR *a = KERNEL(definite)(&s, &count);
    SCALAR *pivot = a + s.stride_a + last * (s.lda + 1), *other = a + s.stride_a;
    other += upper ? first * s.lda + last : last * s.lda + first;
    if (kind == 0) *pivot = -1;
    if (kind == 1) *pivot = 0;
    if (kind == 2) *other = (SCALAR)NAN;
    a[2 * s.stride_a] = -1;
    farro_matrix_place where = {9, 9};
    const farro_status status = KERNEL(farro_cholesky)(&s, a, &where);
    EXPECT(status == FARRO_ERROR_NOT_POSITIVE_DEFINITE && where.item == 1 && where.row == last,
           "cholesky n %zu kind %d at %zu: status %d at %zu, %zu", n, kind, last, status, where.item, where.row);
    guarded_free(a, count * sizeof *a);
  }
}

static void KERNEL(check_cholesky_solve)(size_t n, size_t m, bool upper) {
  const farro_cholesky_shape s = {.batch = 1, .n = n, .upper = upper, .lda = n + 2};
  const farro_cholesky_solve_shape solve = {.batch = 1, .n = n, .m = m, .upper = upper, .ldf = n + 2, .ldb = m + 1};
  size_t count, sides = n ? (n - 1) * solve.ldb + m : 0;
  SCALAR *a = KERNEL(definite)(&s, &count), *factor = KERNEL(copy_of)(a, count);
  SCALAR *b = KERNEL(filled)(sides), *x = KERNEL(copy_of)(b, sides);
  KERNEL(farro_cholesky)(&s, factor, NULL);
  const farro_status status = KERNEL(farro_cholesky_solve)(&solve, factor, x, NULL);
  EXPECT(status == FARRO_OK, "cholesky solve: status %d", status);
  double *sizes = calloc(n * n + 1, sizeof *sizes), worst = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      for (size_t k = 0; k <= (i < j ? i : j); k++)
        sizes[i * n + j] +=
            fabs((double)KERNEL(factor_at)(&s, factor, i, k)) * fabs((double)KERNEL(factor_at)(&s, factor, j, k));
  for (size_t side = 0; side < m; side++)
    for (size_t i = 0; i < n; i++) {
      long double sum = -(long double)b[i * solve.ldb + side], size = 0;
      for (size_t k = 0; k < n; k++) {
        const long double unknown = (long double)x[k * solve.ldb + side];
        sum += (long double)KERNEL(factor_at)(&s, a, i > k ? i : k, i > k ? k : i) * unknown;
        size += sizes[i * n + k] * fabsl(unknown);
      }
      const double ratio = (double)(fabsl(sum) / (KERNEL(gamma)(3 * n + 3) * size));
      if (!(ratio <= worst)) worst = ratio;
    }
  EXPECT(worst <= 1, "cholesky solve n %zu m %zu upper %d: %g of the bound", n, m, upper, worst);
  free(sizes);
  guarded_free(a, count * sizeof *a), guarded_free(factor, count * sizeof *a);
  guarded_free(b, sides * sizeof *b), guarded_free(x, sides * sizeof *b);
}
