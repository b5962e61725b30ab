#include "check.h"

static const double probabilities[] = {0.75, 0, 0.25, 1, 0.5, 0.5, 0.9375};
enum { quantiles = sizeof probabilities / sizeof *probabilities };

// How the elements of a column are made, by its number.
enum { uniform, equal, few_values, ascending, descending, organ, with_nan, with_infinity, nothing_but_nan, kinds };

static double element(size_t kind, size_t i, size_t rows) {
  switch (kind) {
  case equal:
    return 0.1;
  case few_values:
    return (double)random_below(3);
  case ascending:
    return (double)i;
  case descending:
    return -(double)i;
  case organ:
    return (double)(i < rows / 2 ? i : rows - i);
  case with_nan:
    return i % 3 == 1 ? NAN : random_unit();
  case with_infinity:
    return i % 5 == 0 ? INFINITY : random_unit();
  case nothing_but_nan:
    return NAN;
  default:
    return random_unit();
  }
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

// Allowed for the interpolation, as the header says; the elements are below 10^5.
static bool close(double a, double b, size_t rows) {
  return same(a, b) || fabs(a - b) <= 0x1p-51 * ((double)rows + 2) * fmax(fabs(a), fabs(b)) + 0x1p-51 * (double)rows;
}

#define CHECK(type, scalar, unit)                                                                                      \
  static void check_##type(size_t rows, size_t columns, size_t pad, bool skips) {                                      \
    const size_t row = columns + pad, count = rows ? (rows - 1) * row + columns : 0, bytes = count * sizeof(scalar);   \
    const size_t wide = columns * sizeof(double);                                                                      \
    scalar *x = guarded_allocate(bytes), *y = guarded_allocate(bytes), *right_y = guarded_allocate(bytes);             \
    double *got = guarded_allocate((4 + quantiles) * wide), *right = guarded_allocate((4 + quantiles) * wide);         \
    double *serial = guarded_allocate((4 + quantiles) * wide);                                                         \
    fill_##type(x, count);                                                                                             \
    for (size_t i = 0; i < rows; i++)                                                                                  \
      for (size_t j = 0; j < columns; j++) x[i * row + j] = (scalar)element(j % kinds, i, rows);                       \
    for (int run = 0; run < 2; run++) {                                                                                \
      double *to = run ? got : serial;                                                                                 \
      farro_set_local_threads(run ? 0 : 1, NULL);                                                                      \
      farro_status status = farro_column_ranges_##type(rows, columns, x, row, skips, to, to + columns);                \
      EXPECT(status == FARRO_OK, "column_ranges_" #type ": status %d", status);                                        \
      status =                                                                                                         \
          farro_column_quantiles_##type(rows, columns, x, row, skips, quantiles, probabilities, to + 4 * columns);     \
      EXPECT(status == FARRO_OK, "column_quantiles_" #type ": status %d", status);                                     \
      for (size_t j = 0; j < 2 * columns; j++) to[2 * columns + j] = to[j];                                            \
    }                                                                                                                  \
    farro_column_ranges_reference_##type(rows, columns, x, row, skips, right, right + columns);                        \
    farro_column_quantiles_reference_##type(rows, columns, x, row, skips, quantiles, probabilities,                    \
                                            right + 4 * columns);                                                      \
    bool ranges = true, middles = true;                                                                                \
    for (size_t j = 0; j < 2 * columns; j++) ranges &= same(got[j], right[j]);                                         \
    for (size_t j = 0; j < quantiles * columns; j++)                                                                   \
      middles &= close(got[4 * columns + j], right[4 * columns + j], rows);                                            \
    EXPECT(ranges, "column_ranges_" #type " (%zu, %zu)", rows, columns);                                               \
    EXPECT(middles, "column_quantiles_" #type " (%zu, %zu)", rows, columns);                                           \
    EXPECT(memcmp(got, serial, (4 + quantiles) * wide) == 0, "scaling_" #type ": bits depend on threads");             \
                                                                                                                       \
    /* As a scaler to the range -1...3 would be, and of columns with a factor of anything. */                          \
    for (size_t j = 0; j < columns; j++) {                                                                             \
      right[j] = j % 3 ? random_unit() * 100 : 1e6;                                                                    \
      right[columns + j] = random_unit() * 4;                                                                          \
      right[2 * columns + j] = j % 2 ? random_unit() : 0;                                                              \
    }                                                                                                                  \
    const double *center = right, *factor = right + columns, *shift = right + 2 * columns;                             \
    memcpy(y, x, bytes), memcpy(right_y, x, bytes);                                                                    \
    farro_affine_columns_reference_##type(rows, columns, x, row, center, factor, shift, right_y, row);                 \
    farro_affine_columns_##type(rows, columns, x, row, center, factor, shift, y, row);                                 \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const size_t j = i % row;                                                                                        \
      if (j >= columns) {                                                                                              \
        EXPECT(y[i] == x[i], "affine_columns_" #type " wrote between rows");                                           \
        continue;                                                                                                      \
      }                                                                                                                \
      const double scaled = fabs(((double)x[i] - center[j]) * factor[j]);                                              \
      const double allowed =                                                                                           \
          (unit) * (4 * (scaled + fabs(shift[j])) + (unit) * fabs(center[j] * factor[j]) + fabs((double)right_y[i]));  \
      const double error = same((double)y[i], (double)right_y[i]) ? 0 : fabs((double)y[i] - (double)right_y[i]);       \
      worst = error == 0 || error / allowed <= worst ? worst : error / allowed;                                        \
    }                                                                                                                  \
    EXPECT(worst <= 1, "affine_columns_" #type " (%zu, %zu): %g of the bound", rows, columns, worst);                  \
    farro_affine_columns_##type(rows, columns, x, row, center, factor, shift, x, row);                                 \
    EXPECT(memcmp(x, y, bytes) == 0, "affine_columns_" #type " in place differs");                                     \
    guarded_free(x, bytes), guarded_free(y, bytes), guarded_free(right_y, bytes);                                      \
    guarded_free(got, (4 + quantiles) * wide), guarded_free(right, (4 + quantiles) * wide);                            \
    guarded_free(serial, (4 + quantiles) * wide);                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  /* Skipping NaN gives what the column without them gives. */                                                         \
  static void check_numbers_##type(size_t rows, double center) {                                                       \
    enum { columns = 70 };                                                                                             \
    scalar *x = farro_allocate(2 * rows * columns * sizeof *x), *some = x + rows * columns;                            \
    double moments[3 * columns], mean[columns], deviation[columns];                                                    \
    for (size_t i = 0; i < rows * columns; i++) x[i] = (scalar)(center + random_unit());                               \
    for (size_t i = 0; i < rows; i++) {                                                                                \
      x[i * columns + 1] = (scalar)0.1;                                                                                \
      for (size_t j = 0; j < columns; j++)                                                                             \
        if (j == 2 || i % 64 == 0 || random_below(3) == 0) x[i * columns + j] = NAN;                                   \
    }                                                                                                                  \
    farro_column_moments_skipping_nan_##type(rows, columns, x, columns, moments, moments + columns,                    \
                                             moments + 2 * columns);                                                   \
    double worst = 0;                                                                                                  \
    for (size_t j = 0; j < columns; j++) {                                                                             \
      size_t n = 0;                                                                                                    \
      for (size_t i = 0; i < rows; i++)                                                                                \
        if (!isnan(x[i * columns + j])) some[n++] = x[i * columns + j];                                                \
      farro_standardize_columns_reference_##type(n, 1, some, 1, mean, deviation, some, 1);                             \
      EXPECT(moments[2 * columns + j] == (double)n, "%g numbers of %zu", moments[2 * columns + j], n);                 \
      if (n == 0) {                                                                                                    \
        EXPECT(isnan(moments[j]) && isnan(moments[columns + j]), "moments of nothing but NaN: %g", moments[j]);        \
        continue;                                                                                                      \
      }                                                                                                                \
      const double allowed = 300 * (unit) * deviation[0] * (1 + 2 * 300 * (unit) / deviation[0]) +                     \
                             (double)n * 0x1p-60 + 0x1p-50 * fabs(mean[0]);                                            \
      worst = fmax(worst, fabs(moments[j] - mean[0]) / allowed);                                                       \
      worst = fmax(worst, fabs(moments[columns + j] - deviation[0]) / allowed);                                        \
      if (j == 1) EXPECT(moments[columns + j] == 1, "equal numbers: %g", moments[columns + j]);                        \
    }                                                                                                                  \
    EXPECT(worst <= 1, "column_moments_skipping_nan_" #type " of %zu rows: %g of the bound", rows, worst);             \
    farro_release(x, 2 * rows * columns * sizeof *x);                                                                  \
  }

CHECK(f32, float, 0x1p-24)
CHECK(f64, double, 0x1p-53)

static void check_both(size_t rows, size_t columns, size_t pad, bool skips) {
  check_f32(rows, columns, pad, skips);
  check_f64(rows, columns, pad, skips);
}

static void check_arguments(void) {
  const float x[6] = {3, 1, 2, 5, 4, 6};
  const double good = 0.5, below = -0.01, above = 1.01, nan = NAN;
  double a[4] = {0}, b[4];
  EXPECT(farro_column_ranges_f32(2, 3, x, 2, false, a, b) == FARRO_ERROR_ARGUMENT, "x_row below columns");
  EXPECT(farro_column_quantiles_f32(2, 3, x, 2, false, 1, &good, a) == FARRO_ERROR_ARGUMENT, "x_row below columns");
  EXPECT(farro_column_quantiles_f32(6, 1, x, 1, false, 1, &below, a) == FARRO_ERROR_ARGUMENT, "a probability below 0");
  EXPECT(farro_column_quantiles_f32(6, 1, x, 1, false, 1, &above, a) == FARRO_ERROR_ARGUMENT, "a probability above 1");
  EXPECT(farro_column_quantiles_f32(6, 1, x, 1, false, 1, &nan, a) == FARRO_ERROR_ARGUMENT, "a probability of NaN");
  EXPECT(farro_affine_columns_f32(2, 3, x, 3, a, a, a, (float[6]){0}, 2) == FARRO_ERROR_ARGUMENT,
         "y_row below columns");
  // numpy.percentile([3, 1, 2, 5, 4, 6], [25, 50, 75]) = 2.25, 3.5, 4.75
  const double quarters[3] = {0.25, 0.5, 0.75};
  farro_column_quantiles_f32(6, 1, x, 1, false, 3, quarters, a);
  EXPECT(a[0] == 2.25 && a[1] == 3.5 && a[2] == 4.75, "quartiles %g %g %g", a[0], a[1], a[2]);
}

void check_scaling(void) {
  check_arguments();
  for (size_t i = 0; i < tail_size_count; i++) {
    check_both(tail_sizes[i], tail_sizes[tail_size_count - 1 - i], i % 3, i % 2);
    check_both(tail_sizes[i], 20, 0, i % 2 == 0);
  }
  check_both(3000, 33, 1, false);
  check_both(2000, 40, 0, true);
  check_both(300, 1100, 0, true);
  check_numbers_f32(1, 0), check_numbers_f64(1, 0);
  check_numbers_f32(1000, 1e4), check_numbers_f64(1000, 1e6);
  check_numbers_f32(63, 0), check_numbers_f64(300, 0);
}
