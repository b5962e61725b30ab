#include "check.h"

static const farro_metric metrics[] = {FARRO_METRIC_EUCLIDEAN, FARRO_METRIC_SQUARED_EUCLIDEAN, FARRO_METRIC_MANHATTAN,
                                       FARRO_METRIC_COSINE, FARRO_METRIC_INNER_PRODUCT};

// The header's bound for one distance whose exact value is t, with n elements in both rows; one more u, since the
// reference itself is rounded.
static double bound(farro_metric metric, double n, double u, double t, double products) {
  switch (metric) {
  case FARRO_METRIC_EUCLIDEAN:
    return (16 * n + 22) * u * t;
  case FARRO_METRIC_SQUARED_EUCLIDEAN:
    return (32 * n + 41) * u * t;
  case FARRO_METRIC_MANHATTAN:
    return (32 * n + 81) * u * t;
  case FARRO_METRIC_COSINE: {
    const double near = (n + 9) * u * sqrt(t) + (n + 4) * (n + 4) * u * u;
    return t < 0.0625 ? fmin(near, (2 * n + 9) * u) : (2 * n + 9) * u;
  }
  default:
    return (n + 4) * u * products;
  }
}

typedef struct {
  size_t m, n, columns, fill; // elements in a row, on average
  double offset;              // of every element
  bool has_equals, has_special;
} problem;

#define CHECK_SPARSE(type, scalar, unit)                                                                               \
  /* Random rows, some of them empty; memory ends where it must not be read. */                                        \
  static farro_csr_##type random_##type(size_t rows, const problem *p) {                                               \
    int64_t *offsets = guarded_allocate((rows + 1) * sizeof *offsets);                                                 \
    int32_t *columns = malloc((rows * p->columns + 1) * sizeof *columns);                                              \
    size_t count = 0;                                                                                                  \
    offsets[0] = 0;                                                                                                    \
    for (size_t r = 0; r < rows; r++) {                                                                                \
      const size_t fill = random_below(5) ? random_below(2 * p->fill + 1) : 0;                                         \
      for (size_t c = 0; c < p->columns; c++)                                                                          \
        if (random_below(p->columns) < fill) columns[count++] = (int32_t)c;                                            \
      offsets[r + 1] = (int64_t)count;                                                                                 \
    }                                                                                                                  \
    int32_t *indices = guarded_allocate(count * sizeof *indices);                                                      \
    scalar *values = guarded_allocate(count * sizeof *values);                                                         \
    memcpy(indices, columns, count * sizeof *indices);                                                                 \
    free(columns);                                                                                                     \
    for (size_t i = 0; i < count; i++) {                                                                               \
      values[i] = (scalar)(random_below(16) ? random_unit() + p->offset : 0);                                          \
      if (p->has_special && random_below(40) == 0) values[i] = (scalar[]){NAN, INFINITY, -INFINITY}[random_below(3)];  \
    }                                                                                                                  \
    return (farro_csr_##type){rows, p->columns, offsets, indices, values};                                             \
  }                                                                                                                    \
  static void free_##type(farro_csr_##type x) {                                                                        \
    const size_t count = (size_t)x.offsets[x.rows];                                                                    \
    guarded_free((void *)x.indices, count * sizeof *x.indices);                                                        \
    guarded_free((void *)x.values, count * sizeof *x.values);                                                          \
    guarded_free((void *)x.offsets, (x.rows + 1) * sizeof *x.offsets);                                                 \
  }                                                                                                                    \
  /* y with the first rows of x in the place of its own. */                                                            \
  static farro_csr_##type first_rows_##type(farro_csr_##type x, size_t rows) {                                         \
    farro_csr_##type y = x;                                                                                            \
    y.rows = rows < x.rows ? rows : x.rows;                                                                            \
    return y;                                                                                                          \
  }                                                                                                                    \
  static scalar *written_out_##type(farro_csr_##type x) {                                                              \
    scalar *dense = guarded_allocate(x.rows * x.columns * sizeof *dense);                                              \
    for (size_t i = 0; i < x.rows * x.columns; i++) dense[i] = 0;                                                      \
    for (size_t r = 0; r < x.rows; r++)                                                                                \
      for (int64_t k = x.offsets[r]; k < x.offsets[r + 1]; k++)                                                        \
        dense[r * x.columns + (size_t)x.indices[k]] = x.values[k];                                                     \
    return dense;                                                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  /* |error| / bound of one distance, where the rows have n elements. */                                               \
  static double ratio_##type(farro_metric metric, double n, const scalar *a, const scalar *b, size_t columns,          \
                             scalar actual, scalar expected) {                                                         \
    if (actual == expected || (isnan(actual) && isnan(expected))) return 0;                                            \
    double products = 0;                                                                                               \
    for (size_t c = 0; c < columns; c++) products += fabs((double)a[c] * (double)b[c]);                                \
    const double error = fabs((double)actual - (double)expected);                                                      \
    const double ratio = error / bound(metric, n, unit, fabs((double)expected), products);                             \
    return ratio == ratio ? ratio : INFINITY;                                                                          \
  }                                                                                                                    \
                                                                                                                       \
  static void check_problem_##type(farro_metric metric, problem p, size_t pad) {                                       \
    const farro_csr_##type x = random_##type(p.m, &p);                                                                 \
    const farro_csr_##type y = p.has_equals ? first_rows_##type(x, p.n) : random_##type(p.n, &p);                      \
    p.n = y.rows;                                                                                                      \
    scalar *a = written_out_##type(x), *b = written_out_##type(y);                                                     \
    const size_t ld = p.n + pad, count = p.m ? (p.m - 1) * ld + p.n : 0, bytes = count * sizeof(scalar);               \
    scalar *out = guarded_allocate(bytes), *dense = guarded_allocate(bytes), *serial = guarded_allocate(bytes);        \
    scalar *exact = guarded_allocate(bytes), *paired = guarded_allocate(p.n * sizeof(scalar));                         \
    fill_##type(out, count);                                                                                           \
    memcpy(dense, out, bytes), memcpy(serial, out, bytes), memcpy(exact, out, bytes);                                  \
    const char *name = farro_metric_name(metric);                                                                      \
    farro_status status = farro_sparse_distances_##type(metric, &x, &y, out, ld);                                      \
    status |= farro_sparse_dense_distances_##type(metric, &x, p.n, b, p.columns, dense, ld);                           \
    EXPECT(status == FARRO_OK, "sparse %s_" #type ": status %d", name, status);                                        \
    farro_sparse_distances_reference_##type(metric, &x, &y, exact, ld);                                                \
    double worst = 0, worst_dense = 0;                                                                                 \
    bool untouched = true, zero = true;                                                                                \
    for (size_t i = 0; i < p.m; i++)                                                                                   \
      for (size_t j = 0; j < ld && i * ld + j < count; j++) {                                                          \
        const size_t at = i * ld + j;                                                                                  \
        if (j >= p.n) {                                                                                                \
          untouched = untouched && out[at] == exact[at] && dense[at] == exact[at];                                     \
          continue;                                                                                                    \
        }                                                                                                              \
        const double n_x = (double)(x.offsets[i + 1] - x.offsets[i]), n_y = (double)(y.offsets[j + 1] - y.offsets[j]); \
        const scalar *row = a + i * p.columns, *other = b + j * p.columns;                                             \
        worst = fmax(worst, ratio_##type(metric, n_x + n_y, row, other, p.columns, out[at], exact[at]));               \
        worst_dense = fmax(                                                                                            \
            worst_dense, ratio_##type(metric, n_x + (double)p.columns, row, other, p.columns, dense[at], exact[at]));  \
        if (p.has_equals && i == j && exact[at] == 0) zero = zero && out[at] == 0 && dense[at] == 0;                   \
      }                                                                                                                \
    EXPECT(worst <= 1 && worst_dense <= 1, "sparse %s_" #type " (%zu, %zu, %zu) + %g: error is %g bounds, dense %g",   \
           name, p.m, p.n, p.columns, p.offset, worst, worst_dense);                                                   \
    EXPECT(untouched, "sparse %s_" #type " (%zu, %zu): wrote between rows", name, p.m, p.n);                           \
    EXPECT(zero, "sparse %s_" #type " (%zu, %zu): equal rows are apart", name, p.m, p.n);                              \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_sparse_distances_##type(metric, &x, &y, serial, ld);                                                         \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(out, serial, bytes) == 0, "sparse %s_" #type " (%zu, %zu): bits depend on threads", name, p.m, p.n); \
    const farro_csr_##type first = first_rows_##type(x, p.n);                                                          \
    if (first.rows == p.n) {                                                                                           \
      status = farro_sparse_paired_distances_##type(metric, &first, &y, paired);                                       \
      worst = 0;                                                                                                       \
      for (size_t i = 0; i < p.n; i++) {                                                                               \
        const double n = (double)(x.offsets[i + 1] - x.offsets[i] + y.offsets[i + 1] - y.offsets[i]);                  \
        worst = fmax(worst, ratio_##type(metric, n, a + i * p.columns, b + i * p.columns, p.columns, paired[i],        \
                                         exact[i * ld + i]));                                                          \
      }                                                                                                                \
      EXPECT(status == FARRO_OK && worst <= 1, "%zu sparse pairs, %s_" #type ": error is %g bounds", p.n, name,        \
             worst);                                                                                                   \
    }                                                                                                                  \
    guarded_free(a, p.m * p.columns * sizeof *a), guarded_free(b, p.n * p.columns * sizeof *b);                        \
    guarded_free(out, bytes), guarded_free(dense, bytes), guarded_free(serial, bytes), guarded_free(exact, bytes);     \
    guarded_free(paired, p.n * sizeof(scalar));                                                                        \
    free_##type(x);                                                                                                    \
    if (!p.has_equals) free_##type(y);                                                                                 \
  }                                                                                                                    \
                                                                                                                       \
  static void check_product_##type(size_t m, size_t n, size_t columns) {                                               \
    const problem p = {.columns = columns, .fill = 5};                                                                 \
    const farro_csr_##type x = random_##type(m, &p);                                                                   \
    const size_t ld_out = n + 1, count = m ? (m - 1) * ld_out + n : 0;                                                 \
    scalar *y = guarded_allocate(columns * n * sizeof *y), *out = guarded_allocate(count * sizeof *out);               \
    fill_##type(y, columns * n);                                                                                       \
    const farro_status status = farro_sparse_matmul_##type(&x, n, y, n, out, ld_out);                                  \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < m; i++)                                                                                     \
      for (size_t j = 0; j < n; j++) {                                                                                 \
        long double exact = 0, size = 0;                                                                               \
        for (int64_t k = x.offsets[i]; k < x.offsets[i + 1]; k++) {                                                    \
          const long double term = (long double)x.values[k] * (long double)y[(size_t)x.indices[k] * n + j];            \
          exact += term, size += fabsl(term);                                                                          \
        }                                                                                                              \
        const double error = (double)fabsl((long double)out[i * ld_out + j] - exact);                                  \
        const double allowed = (double)(x.offsets[i + 1] - x.offsets[i] + 1) * unit * (double)size;                    \
        if (error > 0) worst = fmax(worst, error / allowed);                                                           \
      }                                                                                                                \
    EXPECT(status == FARRO_OK && worst <= 1, "sparse product_" #type " (%zu, %zu, %zu): error is %g bounds", m, n,     \
           columns, worst);                                                                                            \
    guarded_free(y, columns * n * sizeof *y), guarded_free(out, count * sizeof *out);                                  \
    free_##type(x);                                                                                                    \
  }                                                                                                                    \
                                                                                                                       \
  static void check_type_##type(void) {                                                                                \
    for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++) {                                                    \
      for (size_t i = 0; i < tail_size_count; i++) {                                                                   \
        const size_t m = (const size_t[]){0, 1, 3, 20}[(i + k) % 4], columns = (const size_t[]){0, 1, 7, 60}[i % 4];   \
        check_problem_##type(metrics[k], (problem){m, tail_sizes[i], columns, 4, 0, false, false}, i % 3);             \
        check_problem_##type(metrics[k], (problem){m, tail_sizes[i], 40, 6, 0, false, true}, i % 3);                   \
        check_problem_##type(metrics[k], (problem){20, tail_sizes[i], 40, 15, 1000, true, false}, i % 3);              \
      }                                                                                                                \
      check_problem_##type(metrics[k], (problem){300, 140, 50, 10, 0, false, false}, 1);                               \
      check_problem_##type(metrics[k], (problem){300, 140, 50, 40, 100, true, false}, 0);                              \
    }                                                                                                                  \
    /* Many panels after one another in one space. */                                                                  \
    check_problem_##type(FARRO_METRIC_MANHATTAN, (problem){520, 1100, 8, 3, 0, false, false}, 0);                      \
    for (size_t i = 0; i < tail_size_count; i++)                                                                       \
      check_product_##type((const size_t[]){0, 1, 3, 100}[i % 4], tail_sizes[i], 30);                                  \
  }

CHECK_SPARSE(f32, float, 0x1p-24)
CHECK_SPARSE(f64, double, 0x1p-53)

static void check_arguments(void) {
  const int64_t offsets[] = {0, 1, 1};
  const int32_t indices[] = {0};
  const float values[] = {1};
  float out[4];
  const farro_csr_f32 x = {2, 1, offsets, indices, values}, wide = {2, 2, offsets, indices, values};
  EXPECT(farro_sparse_distances_f32((farro_metric)-1, &x, &x, out, 2) == FARRO_ERROR_ARGUMENT, "an unknown metric");
  EXPECT(farro_sparse_distances_f32(FARRO_METRIC_COSINE, &x, &wide, out, 2) == FARRO_ERROR_ARGUMENT, "other columns");
  EXPECT(farro_sparse_distances_f32(FARRO_METRIC_COSINE, &x, &x, out, 1) == FARRO_ERROR_ARGUMENT, "ld_out < n");
  EXPECT(farro_sparse_dense_distances_f32(FARRO_METRIC_COSINE, &wide, 2, values, 1, out, 2) == FARRO_ERROR_ARGUMENT,
         "ldy < columns");
  EXPECT(farro_sparse_matmul_f32(&x, 2, values, 1, out, 2) == FARRO_OK, "one row needs no distance");
}

// Angles between rows whose products overflow, or vanish.
static void check_extreme_angles(void) {
  enum { rows = 3 };
  const int64_t offsets[] = {0, 2, 4, 6};
  const int32_t indices[] = {0, 1, 0, 1, 0, 1};
  const double expected[] = {0, 1, 2, 1, 0, 1, 2, 1, 0};
  const float scales[] = {1e30f, 1e-30f, 1e-42f};
  for (size_t s = 0; s < 3; s++) {
    const float one = scales[s];
    const float values[] = {one, one, one, -one, -one, -one};
    const farro_csr_f32 x = {rows, 2, offsets, indices, values};
    float out[rows * rows], dense[rows * rows];
    farro_sparse_distances_f32(FARRO_METRIC_COSINE, &x, &x, out, rows);
    farro_sparse_dense_distances_f32(FARRO_METRIC_COSINE, &x, rows, values, 2, dense, rows);
    for (size_t i = 0; i < rows * rows; i++)
      EXPECT(fabs((double)out[i] - expected[i]) < 1e-6 && fabs((double)dense[i] - expected[i]) < 1e-6,
             "angle %zu of rows of %g: %g", i, (double)one, (double)out[i]);
  }
}

void check_sparse(void) {
  check_type_f32(), check_type_f64();
  check_extreme_angles();
  check_arguments();
}
