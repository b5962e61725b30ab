// Sums of products against their definition, eigenvalues against the matrices they come of, and least squares against
// the equations that its solutions fulfil.
#include "check.h"

#define CHECK(type, scalar, unit)                                                                                      \
  static void check_products_##type(size_t rows, size_t columns, size_t outputs, size_t pad, bool weighted,            \
                                    bool grouped, bool wide) {                                                         \
    const size_t all = columns + outputs, order = all + 1, groups = 3;                                                 \
    const farro_cross_shape shape = {.rows = rows,                                                                     \
                                     .columns = columns,                                                               \
                                     .outputs = outputs,                                                               \
                                     .x_row = columns + pad,                                                           \
                                     .y_row = outputs + pad,                                                           \
                                     .groups = groups,                                                                 \
                                     .wide = wide};                                                                    \
    const size_t x_count = rows > 0 ? (rows - 1) * (columns + pad) + columns : 0;                                      \
    const size_t y_count = rows > 0 ? (rows - 1) * (outputs + pad) + outputs : 0;                                      \
    scalar *x = guarded_allocate(x_count * sizeof *x), *y = guarded_allocate(y_count * sizeof *y);                     \
    fill_##type(x, x_count), fill_##type(y, y_count);                                                                  \
    double *weights = guarded_allocate(rows * sizeof *weights);                                                        \
    int32_t *group = guarded_allocate(rows * sizeof *group);                                                           \
    double *centers = guarded_allocate(groups * all * sizeof *centers);                                                \
    double *factors = guarded_allocate(all * sizeof *factors);                                                         \
    for (size_t i = 0; i < rows; i++) weights[i] = random_unit() + 1, group[i] = (int32_t)random_below(groups);        \
    for (size_t j = 0; j < groups * all; j++) centers[j] = (double)(float)random_unit();                               \
    for (size_t j = 0; j < all; j++) factors[j] = ldexp(1, (int)random_below(5) - 2);                                  \
    double *got = guarded_allocate(order * order * sizeof *got), *right = malloc(order * order * sizeof *right);       \
    double *serial = malloc(order * order * sizeof *serial);                                                           \
    const double *w = weighted ? weights : NULL;                                                                       \
    const int32_t *g = grouped ? group : NULL;                                                                         \
    EXPECT(farro_cross_products_##type(&shape, x, y, w, g, centers, factors, got) == FARRO_OK, "cross_products");      \
    farro_cross_products_reference_##type(&shape, x, y, w, g, centers, factors, right);                                \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_cross_products_##type(&shape, x, y, w, g, centers, factors, serial);                                         \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(got, serial, order * order * sizeof *got) == 0,                                                      \
           "cross_products_" #type ": threads change the bits");                                                       \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < order; i++)                                                                                 \
      for (size_t j = 0; j < order; j++) {                                                                             \
        /* Cauchy and Schwarz: the sum of the products' sizes. */                                                      \
        const double size = sqrt(right[i * order + i] * right[j * order + j]);                                         \
        const double allowed = (264 * (wide ? 0x1p-53 : (unit)) + (double)rows * 0x1p-60) * size;                      \
        const double error = fabs(got[i * order + j] - right[i * order + j]);                                          \
        if (error > 0) worst = fmax(worst, error / allowed);                                                           \
      }                                                                                                                \
    EXPECT(worst <= 1, "cross_products_" #type " (%zu, %zu + %zu): %g of the bound", rows, columns, outputs, worst);   \
    guarded_free(x, x_count * sizeof *x), guarded_free(y, y_count * sizeof *y);                                        \
    guarded_free(weights, rows * sizeof *weights), guarded_free(group, rows * sizeof *group);                          \
    guarded_free(centers, groups * all * sizeof *centers), guarded_free(factors, all * sizeof *factors);               \
    guarded_free(got, order * order * sizeof *got), free(right), free(serial);                                         \
  }                                                                                                                    \
                                                                                                                       \
  /* The rows without their zeros. */                                                                                  \
  static farro_status solve_sparse_##type(const farro_least_squares_shape *shape, const scalar *x, const scalar *y,    \
                                          const double *penalty, double *b, double *intercept,                         \
                                          farro_least_squares_result *result) {                                        \
    const size_t rows = shape->rows, columns = shape->columns;                                                         \
    int64_t *offsets = guarded_allocate((rows + 1) * sizeof *offsets), count = 0;                                      \
    int32_t *indices = malloc(rows * columns * sizeof *indices);                                                       \
    scalar *values = malloc(rows * columns * sizeof *values);                                                          \
    for (size_t i = 0; i < rows; i++) {                                                                                \
      offsets[i] = count;                                                                                              \
      for (size_t j = 0; j < columns; j++)                                                                             \
        if (x[i * columns + j] != 0) indices[count] = (int32_t)j, values[count++] = x[i * columns + j];                \
    }                                                                                                                  \
    offsets[rows] = count;                                                                                             \
    const farro_status status = farro_sparse_least_squares_##type(shape, offsets, indices, values, y, NULL, penalty,   \
                                                                  100 * columns, b, intercept, result);                \
    guarded_free(offsets, (rows + 1) * sizeof *offsets), free(indices), free(values);                                  \
    return status;                                                                                                     \
  }                                                                                                                    \
                                                                                                                       \
  /* The gradient of the objective is 0, or keeps what must not be negative at 0; the mean residual is 0 too. */       \
  static void check_solution_##type(size_t rows, size_t columns, double penalty, double tilt, bool positive,           \
                                    bool sparse) {                                                                     \
    scalar *x = malloc((rows * columns + rows) * sizeof *x), *y = x + rows * columns;                                  \
    fill_##type(x, rows * columns + rows);                                                                             \
    for (size_t i = 0; i < rows * columns && sparse; i++)                                                              \
      if (i % 3 > 0) x[i] = 0;                                                                                         \
    /* Columns nearly depend on the first, and every other one matters: descent alone does not find which. */          \
    for (size_t i = 0; i < rows && tilt > 0; i++) {                                                                    \
      y[i] *= (scalar)tilt;                                                                                            \
      for (size_t j = 1; j < columns; j++) {                                                                           \
        x[i * columns + j] = (scalar)((double)x[i * columns] + tilt * (double)x[i * columns + j]);                     \
        y[i] += j % 2 ? x[i * columns + j] : 0;                                                                        \
      }                                                                                                                \
    }                                                                                                                  \
    double *b = malloc(columns * sizeof *b), intercept, *residual = malloc(rows * sizeof *residual);                   \
    const farro_least_squares_shape shape = {rows, columns, 1, columns, 1, true, positive, sparse ? 1e-14 : 1e-12};    \
    farro_least_squares_result result;                                                                                 \
    const double *penalties = penalty > 0 ? &penalty : NULL;                                                           \
    const farro_status status =                                                                                        \
        sparse ? solve_sparse_##type(&shape, x, y, penalties, b, &intercept, &result)                                  \
               : farro_least_squares_##type(&shape, x, y, NULL, penalties, b, &intercept, NULL, &result);              \
    EXPECT(status == FARRO_OK && result.finite, "least_squares: %s", farro_status_message(status));                    \
    double sum = 0, most = 0, size = 0;                                                                                \
    for (size_t i = 0; i < rows; i++) {                                                                                \
      residual[i] = (double)y[i] - intercept;                                                                          \
      for (size_t j = 0; j < columns; j++) residual[i] -= (double)x[i * columns + j] * b[j];                           \
      sum += residual[i];                                                                                              \
    }                                                                                                                  \
    for (size_t j = 0; j < columns; j++) {                                                                             \
      double gradient = -penalty * b[j], terms = penalty * fabs(b[j]);                                                 \
      for (size_t i = 0; i < rows; i++) {                                                                              \
        gradient += (double)x[i * columns + j] * residual[i];                                                          \
        double fitted = fabs((double)y[i]);                                                                            \
        for (size_t k = 0; k < columns; k++) fitted += fabs((double)x[i * columns + k] * b[k]);                        \
        terms += fabs((double)x[i * columns + j]) * fitted;                                                            \
      }                                                                                                                \
      most = fmax(most, positive && b[j] == 0 ? gradient : fabs(gradient)), size = fmax(size, terms);                  \
      EXPECT(!positive || b[j] >= 0, "a coefficient is negative");                                                     \
    }                                                                                                                  \
    const double allowed = (sparse ? 0x1p-40 : 400 * (unit)) * size;                                                   \
    EXPECT(most <= allowed && fabs(sum) <= allowed,                                                                    \
           "%s least_squares_" #type " (%zu, %zu), penalty %g: gradient %g, sum %g of %g",                             \
           sparse ? "sparse" : "dense", rows, columns, penalty, most, sum, size);                                      \
    free(x), free(b), free(residual);                                                                                  \
  }

CHECK(f32, float, 0x1p-24)
CHECK(f64, double, 0x1p-53)

static void check_eigen(size_t n, size_t pad) {
  const size_t lda = n + pad, count = n > 0 ? (n - 1) * lda + n : 0;
  double *a = guarded_allocate(count * sizeof *a), *v = guarded_allocate(count * sizeof *v);
  double *values = guarded_allocate(n * sizeof *values), *alone = malloc((n + 1) * sizeof *alone);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) a[i * lda + j] = a[j * lda + i] = random_unit();
  for (size_t i = 0; i < n; i++) memcpy(v + i * lda, a + i * lda, n * sizeof *v);
  EXPECT(farro_symmetric_eigen_f64(n, v, lda, true, values) == FARRO_OK, "symmetric_eigen");
  double worst = 0;
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < n; i++) {
      double image = -values[k] * v[k * lda + i], product = i == k ? -1 : 0;
      for (size_t j = 0; j < n; j++) {
        image += a[i * lda + j] * v[k * lda + j];
        product += v[i * lda + j] * v[k * lda + j];
      }
      worst = fmax(worst, fmax(fabs(image) / (double)n, fabs(product)));
    }
  EXPECT(worst <= 16 * (double)(n + 1) * 0x1p-53, "symmetric_eigen of order %zu: %g", n, worst);
  for (size_t i = 0; i < n; i++) memcpy(v + i * lda, a + i * lda, n * sizeof *v);
  farro_symmetric_eigen_f64(n, v, lda, false, alone);
  for (size_t k = 0; k < n; k++) {
    EXPECT(alone[k] == values[k], "eigenvalue %zu of %zu differs without vectors", k, n);
    EXPECT(k == 0 || values[k] >= values[k - 1], "eigenvalues do not ascend");
  }
  guarded_free(a, count * sizeof *a), guarded_free(v, count * sizeof *v), guarded_free(values, n * sizeof *values);
  free(alone);
}

static void check_arguments(void) {
  double a[4] = {1, 2, 2, NAN}, values[2];
  EXPECT(farro_symmetric_eigen_f64(2, a, 1, false, values) == FARRO_ERROR_ARGUMENT, "lda below n");
  EXPECT(farro_symmetric_eigen_f64(2, a, 2, false, values) == FARRO_ERROR_ARGUMENT, "NaN has eigenvalues");
  const farro_cross_shape shape = {.rows = 2, .columns = 2, .x_row = 1};
  EXPECT(farro_cross_products_f64(&shape, a, NULL, NULL, NULL, a, a, values) == FARRO_ERROR_ARGUMENT, "x_row");
  farro_least_squares_shape least = {2, 2, 1, 2, 1, true, false, -1};
  farro_least_squares_result result;
  EXPECT(farro_least_squares_f64(&least, a, a, NULL, NULL, values, values, NULL, &result) == FARRO_ERROR_ARGUMENT,
         "a negative tolerance");
  least.tolerance = 0, least.rows = 0;
  EXPECT(farro_least_squares_f64(&least, a, a, NULL, NULL, values, values, NULL, &result) == FARRO_ERROR_ARGUMENT,
         "no rows");
  least.rows = 2;
  EXPECT(farro_least_squares_f64(&least, a, a, NULL, NULL, values, values, NULL, &result) == FARRO_OK && !result.finite,
         "NaN is not told");
}

void check_least_squares(void) {
  check_arguments();
  for (size_t i = 0; i < tail_size_count; i++) {
    const size_t size = tail_sizes[i], other = tail_sizes[tail_size_count - 1 - i];
    if (size > 70 || other > 300) continue;
    check_products_f32(other, size, i % 3, i % 2, i % 2, i % 3 == 0, i % 5 == 0);
    check_products_f64(other, size, i % 3, i % 2, i % 3 == 0, i % 2, false);
  }
  check_products_f32(131, 20, 1, 0, true, false, false), check_products_f64(131, 70, 2, 0, false, true, false);
  check_products_f32(9000, 5, 1, 0, true, false, true), check_products_f64(9000, 5, 1, 0, true, false, false);
  check_products_f32(300, 230, 1, 0, true, false, false), check_products_f64(270, 210, 2, 1, false, false, false);
  for (size_t n = 0; n < 20; n++) check_eigen(n, n % 3);
  check_eigen(67, 0), check_eigen(130, 1);
  for (size_t columns = 1; columns < 40; columns += 7) {
    for (size_t rows = 2; rows < 300; rows += 99) {
      const double tilt = rows > columns ? 1e-3 : 0;
      check_solution_f32(rows, columns, 0, 0, false, false), check_solution_f64(rows, columns, 0, 0, false, false);
      check_solution_f32(rows, columns, 0.5, 0, false, false), check_solution_f64(rows, columns, 0.5, 0, false, false);
      check_solution_f64(rows, columns, 0, columns < 8 ? tilt : 0, false, false);
      check_solution_f32(rows, columns, 0, 0, true, false), check_solution_f64(rows, columns, 0.5, 0, true, false);
      check_solution_f64(rows, columns, 0, tilt, true, false);
      check_solution_f64(rows, columns, 0, 10 * tilt, true, false);
      check_solution_f32(rows, columns, 0, 0, false, true), check_solution_f64(rows, columns, 0, 0, false, true);
      check_solution_f32(rows, columns, 0.5, 0, false, true), check_solution_f64(rows, columns, 0.5, 0, false, true);
    }
  }
}
