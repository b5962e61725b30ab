#include "check.h"

static const char *const names[] = {"linear", "polynomial", "rbf", "sigmoid"};

static farro_svm_function function_of(int kernel, size_t d) {
  return (farro_svm_function){
      .kernel = (farro_svm_kernel)kernel, .gamma = 1.0 / (double)(d + 1), .coef0 = 0.5, .degree = 3};
}

// ---- sums ----

#define CHECK_SUMS(type, scalar, unit)                                                                                 \
  static void check_sums_##type(int kernel, size_t n, size_t m, size_t d, size_t pad) {                                \
    const size_t ld = d + pad, functions = 3, starts[] = {0, n / 3, n / 3, n};                                         \
    scalar *vectors = guarded_allocate((n ? (n - 1) * ld + d : 0) * sizeof *vectors);                                  \
    scalar *queries = guarded_allocate((m ? (m - 1) * ld + d : 0) * sizeof *queries);                                  \
    double *coefficients = guarded_allocate(functions * n * sizeof(double));                                           \
    double *out = calloc(m * 9 + 1, sizeof *out), *expected = calloc(m * 9 + 1, sizeof *out);                          \
    for (size_t i = 0; n && i < (n - 1) * ld + d; i++) vectors[i] = (scalar)(random_unit() - 0.5);                     \
    for (size_t i = 0; m && i < (m - 1) * ld + d; i++) queries[i] = (scalar)(random_unit() - 0.5);                     \
    for (size_t i = 0; i < functions * n; i++) coefficients[i] = random_unit() - 0.5;                                  \
    const farro_svm_data data = {.n = n, .d = d, .ldx = ld, .groups = 3, .starts = starts};                            \
    const farro_svm_function function = function_of(kernel, d);                                                        \
    EXPECT(farro_svm_sums_##type(&data, vectors, &function, functions, coefficients, m, queries, ld, out) == FARRO_OK, \
           "svm_sums_" #type);                                                                                         \
    farro_svm_sums_reference_##type(&data, vectors, &function, functions, coefficients, m, queries, ld, expected);     \
    const double rounding = kernel == FARRO_SVM_LINEAR ? 0x1p-53 : unit; /* the linear kernel's sums are double */     \
    const double bound = (double)(n + 1) * (double)(d + 20) * 4 * rounding;                                            \
    size_t wrong = 0;                                                                                                  \
    for (size_t i = 0; i < m * 9; i++) wrong += !(fabs(out[i] - expected[i]) <= bound);                                \
    EXPECT(wrong == 0, "svm_sums_" #type " %s n %zu, m %zu, d %zu: %zu wrong", names[kernel], n, m, d, wrong);         \
    guarded_free(vectors, (n ? (n - 1) * ld + d : 0) * sizeof *vectors);                                               \
    guarded_free(queries, (m ? (m - 1) * ld + d : 0) * sizeof *queries);                                               \
    guarded_free(coefficients, functions * n * sizeof(double));                                                        \
    free(out), free(expected);                                                                                         \
  }

CHECK_SUMS(f32, float, 0x1p-24)
CHECK_SUMS(f64, double, 0x1p-53)

// ---- dual problems ----

enum { rows = 700, columns = 6, half = rows / 2 };

typedef struct {
  double x[rows * columns], y[rows], limits[2 * rows], b[2 * rows], sums[2 * rows], rho[2], objective[2];
  int64_t iterations[2];
  bool has_converged[2];
  size_t order[rows];
} problem;

// All columns are moved by `offset`.
static void fill(problem *p, bool is_regression, double offset) {
  for (size_t i = 0; i < rows; i++) {
    double sum = 0;
    for (size_t j = 0; j < columns; j++) sum += p->x[i * columns + j] = random_unit() - 0.5;
    p->y[i] = is_regression ? sum * sum + 0.1 * random_unit() : i < half ? 1 : -1;
    if (!is_regression) p->x[i * columns] += p->y[i] * 0.2;
    for (size_t j = 0; j < columns; j++) p->x[i * columns + j] += offset;
    p->limits[i] = 1 + (double)(i % 3), p->limits[rows + i] = i % 5 == 2 ? 0 : p->limits[i];
    p->order[i] = (i * 7 + 3) % rows;
  }
  // The order names rows of x; y and limits are in that order, and x goes where it points.
  double *moved = malloc(sizeof p->x);
  memcpy(moved, p->x, sizeof p->x);
  for (size_t i = 0; i < rows; i++) memcpy(p->x + p->order[i] * columns, moved + i * columns, columns * sizeof *moved);
  free(moved);
}

static double kernel_value(const farro_svm_function *f, const double *a, const double *b) {
  double product = 0, square = 0;
  for (size_t j = 0; j < columns; j++) product += a[j] * b[j], square += (a[j] - b[j]) * (a[j] - b[j]);
  switch (f->kernel) {
  case FARRO_SVM_POLYNOMIAL:
    return pow(f->gamma * product + f->coef0, f->degree);
  case FARRO_SVM_RBF:
    return exp(-f->gamma * square);
  case FARRO_SVM_SIGMOID:
    return tanh(f->gamma * product + f->coef0);
  default:
    return product;
  }
}

// What the conditions of optimality leave, by plain loops.
static double violation_of(const problem *p, const farro_svm_function *f, size_t variant, bool is_regression,
                           double epsilon, double *largest_sum_error, double *balance) {
  const double *b = p->b + variant * rows, *limits = p->limits + variant * rows;
  double least = INFINITY, most = -INFINITY;
  *largest_sum_error = 0, *balance = 0;
  for (size_t i = 0; i < rows; i++) {
    double sum = 0;
    for (size_t j = 0; j < rows; j++)
      if (b[j] != 0) sum += b[j] * kernel_value(f, p->x + p->order[i] * columns, p->x + p->order[j] * columns);
    *balance += b[i];
    *largest_sum_error = fmax(*largest_sum_error, fabs(sum - p->rho[variant] - p->sums[variant * rows + i]));
    const double gradient = sum - p->y[i];
    if (is_regression) {
      if (b[i] < limits[i]) least = fmin(least, gradient + (b[i] >= 0 ? epsilon : -epsilon));
      if (b[i] > -limits[i]) most = fmax(most, gradient + (b[i] > 0 ? epsilon : -epsilon));
    } else {
      const double high = p->y[i] > 0 ? limits[i] : 0, low = high - limits[i];
      if (b[i] < low || b[i] > high) return INFINITY;
      if (b[i] < high) least = fmin(least, gradient);
      if (b[i] > low) most = fmax(most, gradient);
    }
  }
  return most - least;
}

static farro_status solve(problem *p, const farro_svm_function *f, bool is_regression, double cache_bytes) {
  const size_t starts[] = {0, half, rows};
  const farro_svm_data data = {
      .n = rows, .d = columns, .ldx = columns, .order = p->order, .groups = 2, .starts = starts};
  const farro_svm_options options = {
      .tolerance = 1e-4, .max_iterations = -1, .cache_bytes = cache_bytes, .shrinks = true};
  farro_svm_problem dual = {.first_group = 0,
                            .second_group = is_regression ? SIZE_MAX : 1,
                            .is_regression = is_regression,
                            .epsilon = 0.05,
                            .y = p->y,
                            .variants = 2,
                            .limits = p->limits,
                            .b = p->b,
                            .sums = p->sums,
                            .rho = p->rho,
                            .objective = p->objective,
                            .iterations = p->iterations,
                            .has_converged = p->has_converged};
  farro_svm_end end;
  return farro_svm_solve_f64(&data, p->x, f, &options, 1, &dual, &end);
}

static void check_problem(int kernel, bool is_regression, double offset) {
  problem *p = malloc(sizeof *p), *again = malloc(sizeof *again);
  fill(p, is_regression, offset);
  *again = *p;
  const farro_svm_function f = function_of(kernel, columns);
  EXPECT(solve(p, &f, is_regression, 1e8) == FARRO_OK, "svm_solve");
  for (size_t variant = 0; variant < 2; variant++) {
    double error, balance;
    const double left = violation_of(p, &f, variant, is_regression, 0.05, &error, &balance);
    EXPECT(p->has_converged[variant] && left <= 1.2e-4, "%s: violation %g of variant %zu", names[kernel], left,
           variant);
    EXPECT(error <= 1e-4 && fabs(balance) <= 1e-9, "%s: sums off by %g, balance %g", names[kernel], error, balance);
  }
  for (size_t i = 0; i < rows; i++)
    if (p->limits[rows + i] == 0 && p->b[rows + i] != 0) EXPECT(false, "a row without a limit takes part");
  farro_set_local_threads(1, NULL);
  EXPECT(solve(again, &f, is_regression, 1e8) == FARRO_OK, "svm_solve");
  farro_set_local_threads(0, NULL);
  EXPECT(!memcmp(p->b, again->b, sizeof p->b), "%s: other bits on one thread", names[kernel]);
  // A cache of few rows: other working sets, the same minimum.
  EXPECT(solve(again, &f, is_regression, 30 * rows * sizeof(float)) == FARRO_OK, "svm_solve");
  const double difference = fabs(p->objective[0] - again->objective[0]);
  EXPECT(again->has_converged[0] && difference <= 1e-4 * fabs(p->objective[0]), "%s: objective off by %g",
         names[kernel], difference);
  free(p), free(again);
}

// ---- linear machines ----

static void check_linear(void) {
  enum { n = 3000, d = 19 };
  double *x = malloc(n * d * sizeof *x), *y = malloc(n * sizeof *y), *limits = malloc(n * sizeof *limits);
  int64_t *offsets = malloc((n + 1) * sizeof *offsets);
  int32_t *indices = malloc(n * d * sizeof *indices);
  for (size_t i = 0; i < n; i++) {
    y[i] = i % 2 ? 1 : -1, offsets[i] = (int64_t)(i * d);
    for (size_t j = 0; j < d; j++)
      x[i * d + j] = random_unit() - 0.5 + (j < 2 ? 0.3 * y[i] : 0), indices[i * d + j] = (int32_t)j;
  }
  offsets[n] = n * d;
  const farro_linear_svm_rows dense = {.n = n, .d = d, .x = x, .ldx = d, .bias = 1},
                              sparse = {.n = n, .d = d, .x = x, .offsets = offsets, .indices = indices, .bias = 1};
  for (int loss = FARRO_LOSS_HINGE; loss <= FARRO_LOSS_SQUARED_INSENSITIVE; loss++) {
    // Of the losses that are not squared, coordinate descent comes near the minimum slowly.
    const double share = loss % 2 ? 1 : 0.02, tolerance = loss % 2 ? 1e-4 : 2e-3;
    double w[4][d + 1];
    for (size_t i = 0; i < n; i++) limits[i] = share * (0.5 + (double)(i % 4) * 0.1);
    size_t ways = 0;
    for (int way = 0; way < 4; way++) {
      farro_linear_svm_options o = {.loss = (farro_linear_svm_loss)loss,
                                    .epsilon = 0.1,
                                    .is_dual = way < 2,
                                    .tolerance = loss % 2 ? 1e-8 : 1e-5,
                                    .max_iterations = 20000,
                                    .seed = (uint64_t)way};
      if (!o.is_dual && loss % 2 == 0) continue;
      farro_linear_svm_problem p = {.y = y, .limits = limits, .w = w[way]};
      EXPECT(farro_linear_svm_f64(way % 2 ? &sparse : &dense, &o, 1, &p) == FARRO_OK && p.has_converged,
             "linear loss %d way %d: %lld iterations", loss, way, (long long)p.iterations);
      ways++;
      for (size_t j = 0; j <= d; j++)
        EXPECT(fabs(w[way][j] - w[0][j]) <= tolerance, "linear loss %d way %d: weight %zu is %g, not %g", loss, way, j,
               w[way][j], w[0][j]);
    }
    EXPECT(ways == (loss % 2 ? 4 : 2), "linear loss %d: %zu ways", loss, ways);
  }
  free(x), free(y), free(limits), free(offsets), free(indices);
}

// The augmented Lagrangian against coordinate descent, by what the rows cost in all, at any distance and scale.
static double linear_objective(const farro_linear_svm_rows *rows, const farro_linear_svm_options *o,
                               const farro_linear_svm_problem *p) {
  const float *x = rows->x;
  double sum = 0;
  for (size_t j = 0; j <= rows->d; j++) sum += p->w[j] * p->w[j] / 2;
  for (size_t i = 0; i < rows->n; i++) {
    double z = p->w[rows->d] * rows->bias;
    for (size_t j = 0; j < rows->d; j++) z += (double)x[i * rows->ldx + j] * p->w[j];
    const double hinge = o->loss == FARRO_LOSS_HINGE ? 1 - p->y[i] * z : fabs(p->y[i] - z) - o->epsilon;
    sum += p->limits[i] * fmax(hinge, 0);
  }
  return sum;
}

static void check_augmented(size_t n, size_t d, farro_linear_svm_loss loss, double scale, double offset) {
  const size_t ldx = d + 3;
  float *x = malloc(n * ldx * sizeof *x);
  double *y = malloc(n * sizeof *y), *limits = malloc(n * sizeof *limits), w[3][64];
  int64_t *offsets = malloc((n + 1) * sizeof *offsets);
  int32_t *indices = malloc((n * ldx + 1) * sizeof *indices);
  for (size_t i = 0; i < n; i++) {
    const double z = random_unit() - 0.5;
    y[i] = loss == FARRO_LOSS_HINGE ? (z > 0.1 ? 1 : -1) : z;
    limits[i] = i % 5 == 3 ? 0 : (0.1 + (double)(i % 3)) / (scale * scale + offset * offset),
    offsets[i] = (int64_t)(i * ldx);
    for (size_t j = 0; j < ldx; j++) {
      x[i * ldx + j] = j < d ? (float)((random_unit() - 0.5 + (j == 0 ? 1.5 * z : 0)) * scale + offset) : 0;
      indices[i * ldx + j] = (int32_t)(j < d ? j : 0);
    }
  }
  offsets[n] = (int64_t)(n * ldx);
  const farro_linear_svm_rows dense = {.n = n, .d = d, .x = x, .ldx = ldx, .bias = 1}, sparse = {.n = n,
                                                                                                 .d = d,
                                                                                                 .x = x,
                                                                                                 .ldx = ldx,
                                                                                                 .offsets = offsets,
                                                                                                 .indices = indices,
                                                                                                 .bias = 1};
  farro_linear_svm_options o = {
      .loss = loss, .epsilon = 0.05, .is_dual = true, .tolerance = 1e-4, .max_iterations = 1000};
  farro_linear_svm_problem p = {.y = y, .limits = limits, .w = w[0]};
  const farro_status status = farro_linear_svm_f32(&dense, &o, 1, &p);
  EXPECT(status == FARRO_OK && p.has_converged, "linear %d, %zu x %zu: %lld steps", loss, n, d,
         (long long)p.iterations);
  const double own = linear_objective(&dense, &o, &p);
  p.w = w[1];
  farro_set_local_threads(1, NULL);
  farro_linear_svm_f32(&dense, &o, 1, &p);
  farro_set_local_threads(0, NULL);
  EXPECT(!memcmp(w[0], w[1], (d + 1) * sizeof(double)), "linear %d, %zu x %zu: other bits with one thread", loss, n, d);
  o.tolerance = 1e-6, o.max_iterations = 20000, p.w = w[2];
  farro_linear_svm_f32(&sparse, &o, 1, &p);
  const double other = linear_objective(&dense, &o, &p);
  EXPECT(own <= other * (1 + 2e-6) + 1e-300, "linear %d, %zu x %zu: costs %.9g, not %.9g", loss, n, d, own, other);
  free(x), free(y), free(limits), free(offsets), free(indices);
}

static bool is_called_often(void *context) { return ++*(int *)context > 1000; }

// Rows and limits so large that rounding is in the way: the end is soon, and costs no more than `most`.
static void check_rounding(size_t n, size_t d, farro_linear_svm_loss loss, double scale, double limit, double ratio,
                           double tolerance, double most) {
  float *x = malloc(n * d * sizeof *x);
  double *y = malloc(n * sizeof *y), *limits = malloc(n * sizeof *limits), w[8];
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < d; j++)
      x[i * d + j] = (float)(((double)((i * 37 + j * j * 11 + i * i * (j + 1)) % 23) - 11) * scale);
    const double z = (double)x[i * d] / scale;
    y[i] = loss != FARRO_LOSS_HINGE ? z : z + (double)(i * 7 % 5) - 2 > 0 ? 1 : -1;
    limits[i] = limit * pow(ratio, (double)(i % 5));
  }
  int calls = 0;
  const farro_linear_svm_rows rows = {.n = n, .d = d, .x = x, .ldx = d, .bias = 1};
  const farro_linear_svm_options o = {.loss = loss,
                                      .is_dual = true,
                                      .tolerance = tolerance,
                                      .max_iterations = 1000,
                                      .is_cancelled = is_called_often,
                                      .context = &calls};
  farro_linear_svm_problem p = {.y = y, .limits = limits, .w = w};
  const farro_status status = farro_linear_svm_f32(&rows, &o, 1, &p);
  EXPECT(status == FARRO_OK && !p.was_cancelled, "linear %d, %zu x %zu: no end, after %lld steps", loss, n, d,
         (long long)p.iterations);
  const double cost = linear_objective(&rows, &o, &p);
  EXPECT(cost <= most, "linear %d, %zu x %zu: costs %.9g, not %.9g", loss, n, d, cost, most);
  free(x), free(y), free(limits);
}

static void check_refusals(void) {
  const size_t starts[] = {0, 2};
  const double x[] = {1, 2}, y[] = {1, -1}, limits[] = {1, 1};
  double b[2], rho, objective;
  int64_t iterations;
  bool has_converged;
  farro_svm_end end;
  farro_svm_data data = {.n = 2, .d = 1, .ldx = 0, .groups = 1, .starts = starts};
  farro_svm_function f = {.kernel = FARRO_SVM_RBF, .gamma = 1};
  farro_svm_options o = {.tolerance = 1e-3, .max_iterations = -1, .cache_bytes = 1e6};
  farro_svm_problem p = {.second_group = 1,
                         .y = y,
                         .variants = 1,
                         .limits = limits,
                         .b = b,
                         .rho = &rho,
                         .objective = &objective,
                         .iterations = &iterations,
                         .has_converged = &has_converged};
  EXPECT(farro_svm_solve_f64(&data, x, &f, &o, 1, &p, &end) == FARRO_ERROR_ARGUMENT, "rows that overlap");
  data.ldx = 1, o.tolerance = 0;
  EXPECT(farro_svm_solve_f64(&data, x, &f, &o, 1, &p, &end) == FARRO_ERROR_ARGUMENT, "no tolerance");
  o.tolerance = 1e-3, f.kernel = FARRO_SVM_CUSTOM;
  EXPECT(farro_svm_solve_f64(&data, x, &f, &o, 1, &p, &end) == FARRO_ERROR_ARGUMENT, "a custom kernel without values");
  f.kernel = FARRO_SVM_RBF;
  EXPECT(farro_svm_solve_f64(&data, x, &f, &o, 1, &p, &end) == FARRO_OK && b[0] > 0 && b[0] == -b[1], "two rows: %g",
         b[0]);
}

void check_svm(void) {
  static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 63, 65, 129, 1025};
  for (int kernel = 0; kernel < 4; kernel++) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      const size_t size = sizes[i];
      check_sums_f32(kernel, size, 5, 7, i % 2), check_sums_f64(kernel, size, 5, 7, i % 2);
      if (size > 200) continue;
      check_sums_f32(kernel, 20, size, 3, 1), check_sums_f64(kernel, 20, size, 3, 0);
      check_sums_f32(kernel, 20, 4, size, 0), check_sums_f64(kernel, 20, 4, size, 1);
    }
    if (kernel != FARRO_SVM_SIGMOID) check_problem(kernel, false, 0), check_problem(kernel, true, 0);
    // Where moving all rows changes nothing.
    if (kernel == FARRO_SVM_LINEAR || kernel == FARRO_SVM_RBF)
      check_problem(kernel, false, 1000), check_problem(kernel, true, 1000);
  }
  check_linear();
  for (int loss = FARRO_LOSS_HINGE; loss <= FARRO_LOSS_INSENSITIVE; loss += 2) {
    static const size_t rows[] = {2, 7, 8, 9, 63, 200, 1023, 2049, 4500};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
      for (size_t d = 0; d < rows[i] && d < 40; d = d * 3 + 1)
        check_augmented(rows[i], d, (farro_linear_svm_loss)loss, 1, 0);
    check_augmented(700, 5, (farro_linear_svm_loss)loss, 1e-8, 0);
    check_augmented(700, 5, (farro_linear_svm_loss)loss, 1e8, 0);
    check_augmented(700, 5, (farro_linear_svm_loss)loss, 1, 300);
  }
  check_rounding(50, 3, FARRO_LOSS_HINGE, 1000, 1e10, 1, 1e-12, 6.0000000001e10);
  check_rounding(20, 1, FARRO_LOSS_HINGE, 1, 1e6, 1000, 1e-12, 0.277778);
  check_rounding(20, 1, FARRO_LOSS_INSENSITIVE, 1, 1e3, 1000, 1e-4, 10);
  check_refusals();
}
