// Lasso and elastic net against the conditions that their minima fulfil, of dense rows and of sparse columns.
#include "check.h"

// How far the coefficients are from a minimum: the slope of the smooth part must balance that of the penalty.
static double violation(size_t rows, size_t columns, const double *x, const double *y, const double *weights,
                        const farro_elastic_net_options *options, const double *b, double intercept) {
  double *residual = malloc((rows + 1) * sizeof *residual), worst = 0, sum = 0, weight = 0;
  for (size_t i = 0; i < rows; i++) {
    residual[i] = y[i] - intercept;
    for (size_t j = 0; j < columns; j++) residual[i] -= x[i * columns + j] * b[j];
    weight += weights ? weights[i] : 1;
    residual[i] *= weights ? weights[i] : 1;
    sum += residual[i];
  }
  if (options->intercept) worst = fabs(sum) / weight;
  for (size_t j = 0; j < columns; j++) {
    double slope = 0;
    for (size_t i = 0; i < rows; i++) slope += x[i * columns + j] * residual[i];
    slope = slope / weight - options->l2 * b[j];
    if (options->positive && b[j] < 0) worst = INFINITY;
    if (b[j] != 0)
      worst = fmax(worst, fabs(slope - copysign(options->l1, b[j])));
    else
      worst = fmax(worst, (options->positive ? slope : fabs(slope)) - options->l1);
  }
  free(residual);
  return worst;
}

static void check_net(size_t rows, size_t columns, bool weighted, farro_elastic_net_options options) {
  double *x = malloc(rows * columns * sizeof *x), *y = malloc(rows * sizeof *y), *weights = malloc(rows * sizeof *y);
  float *single = malloc(rows * columns * sizeof *single), *single_y = malloc(rows * sizeof *single_y);
  for (size_t i = 0; i < rows * columns; i++)
    x[i] = single[i] = random_below(3) == 0 ? (float)random_unit() * (float)(i % columns + 1) : 0;
  for (size_t i = 0; i < rows; i++) y[i] = single_y[i] = 10 + 3 * (float)random_unit(), weights[i] = random_unit() + 1;
  int64_t *offsets = calloc(columns + 1, sizeof *offsets), iterations;
  int32_t *indices = malloc(rows * columns * sizeof *indices);
  double *values = malloc(rows * columns * sizeof *values), *b = calloc(columns, sizeof *b), intercept, gap;
  float *single_values = malloc(rows * columns * sizeof *single_values);
  int64_t count = 0;
  for (size_t j = 0; j < columns; j++) {
    for (size_t i = 0; i < rows; i++) {
      if (x[i * columns + j] == 0) continue;
      indices[count] = (int32_t)i;
      single_values[count] = single[i * columns + j];
      values[count++] = x[i * columns + j];
    }
    offsets[j + 1] = count;
  }
  const double *w = weighted ? weights : NULL;
  farro_elastic_net_result result;
  for (int way = 0; way < 4; way++) {
    memset(b, 0, columns * sizeof *b);
    if (way == 0)
      farro_elastic_net_f64(rows, columns, 1, x, columns, y, 1, w, &options, b, &intercept, &gap, &iterations, &result);
    else if (way == 1)
      farro_elastic_net_f32(rows, columns, 1, single, columns, single_y, 1, w, &options, b, &intercept, &gap,
                            &iterations, &result);
    else if (way == 2)
      farro_sparse_elastic_net_f64(rows, columns, 1, offsets, indices, values, y, 1, w, &options, b, &intercept, &gap,
                                   &iterations, &result);
    else
      farro_sparse_elastic_net_f32(rows, columns, 1, offsets, indices, single_values, single_y, 1, w, &options, b,
                                   &intercept, &gap, &iterations, &result);
    const double error = violation(rows, columns, x, y, w, &options, b, intercept);
    // Columns that are copied in single precision are rounded, relative to the largest.
    const double allowed = way == 1 && rows < columns ? 1e-3 : 1e-5;
    EXPECT(result.finite && !result.cancelled && error <= allowed, "elastic net (%zu, %zu), way %d: off by %g", rows,
           columns, way, error);
  }
  free(x), free(y), free(weights), free(single), free(single_y), free(offsets), free(indices), free(values), free(b);
  free(single_values);
}

static bool always(void) { return true; }

void check_coordinate_descent(void) {
  farro_elastic_net_options options = {.l1 = 0.05, .l2 = 0.01, .intercept = true, .tolerance = 1e-13};
  options.most_iterations = 1 << 20;
  for (size_t columns = 1; columns < 30; columns += 9) {
    check_net(100, columns, false, options), check_net(100, columns, true, options);
    options.positive = true, options.random = true;
    check_net(70, columns, true, options);
    options.positive = false, options.random = false, options.intercept = false;
    check_net(70, columns, false, options);
    options.intercept = true;
  }
  check_net(40, 90, true, options), check_net(20, 130, false, options);
  double x[4] = {1, 2, 3, 5}, y[2] = {1, 2}, b[2] = {0}, intercept, gap;
  int64_t iterations;
  farro_elastic_net_result result;
  options.cancelled = always;
  farro_elastic_net_f64(2, 2, 1, x, 2, y, 1, NULL, &options, b, &intercept, &gap, &iterations, &result);
  EXPECT(result.cancelled, "what is cancelled goes on");
  x[3] = NAN;
  farro_elastic_net_f64(2, 2, 1, x, 2, y, 1, NULL, &options, b, &intercept, &gap, &iterations, &result);
  EXPECT(!result.finite, "NaN is not told");
  options.l1 = -1;
  EXPECT(farro_elastic_net_f64(2, 2, 1, x, 2, y, 1, NULL, &options, b, &intercept, &gap, &iterations, &result) ==
             FARRO_ERROR_ARGUMENT,
         "a negative penalty");
}
