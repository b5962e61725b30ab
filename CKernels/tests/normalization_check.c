#include "check.h"

// The most roundings that a term of a sum over n elements meets, as the header says.
static double roundings(size_t n, double unit) {
  const double blocks = unit == 0x1p-53 ? (double)n / 4096 : 0;
  return (double)(n < 4096 ? n : 4096) / 8 + 8 + blocks;
}

// What one case needs besides its kernel.
typedef struct {
  size_t rows, columns, x_row, y_row;
  double mean; // of the elements, which lie within 1 of it
  bool affine, in_place;
} layout;

static void describe(char *text, size_t size, const char *name, layout l) {
  snprintf(text, size, "%s (%zu, %zu) strides %zu %zu mean %g%s%s", name, l.rows, l.columns, l.x_row, l.y_row, l.mean,
           l.affine ? " affine" : "", l.in_place ? " in place" : "");
}

// The larger, where NaN is larger than all.
static double worse(double worst, double error) { return error <= worst ? worst : error; }

static size_t elements(size_t rows, size_t row, size_t columns) { return rows ? (rows - 1) * row + columns : 0; }

enum { layer, rms, kinds };
static const char *const kind_names[kinds] = {"layer_norm", "rms_norm"};

#define CHECK_ROWS(type, scalar, unit)                                                                                 \
  static void run_##type(int kind, layout l, const scalar *x, const scalar *scale, const scalar *offset, scalar *y) {  \
    farro_status status = FARRO_OK;                                                                                    \
    if (kind == layer)                                                                                                 \
      status = farro_layer_norm_##type(l.rows, l.columns, x, l.x_row, scale, offset, (scalar)1e-5, y, l.y_row);        \
    else                                                                                                               \
      status = farro_rms_norm_##type(l.rows, l.columns, x, l.x_row, scale, (scalar)1e-5, y, l.y_row);                  \
    EXPECT(status == FARRO_OK, "%s: status %d", kind_names[kind], status);                                             \
  }                                                                                                                    \
                                                                                                                       \
  static void run_reference_##type(int kind, layout l, const scalar *x, const scalar *scale, const scalar *offset,     \
                                   scalar *y) {                                                                        \
    if (kind == layer)                                                                                                 \
      farro_layer_norm_reference_##type(l.rows, l.columns, x, l.x_row, scale, offset, (scalar)1e-5, y, l.y_row);       \
    else                                                                                                               \
      farro_rms_norm_reference_##type(l.rows, l.columns, x, l.x_row, scale, (scalar)1e-5, y, l.y_row);                 \
  }                                                                                                                    \
                                                                                                                       \
  /* The header's bounds, and a rounding of the reference. The deviation of uniform numbers is 0.58; of a short row    \
     it may be anything, but then h is small and epsilon keeps the divisor above 0.003. */                             \
  static double bound_##type(int kind, layout l, double y, double scale, double offset) {                              \
    const double h = roundings(l.columns, unit);                                                                       \
    if (kind == rms) return (h / 2 + 7) * unit * fabs(y);                                                              \
    const double r = h * unit * fabs(l.mean) / (l.columns < 16 ? 0.003 : 0.3);                                         \
    const double z = scale != 0 ? fabs((y - offset) / scale) : 0;                                                      \
    return (h + 8) * unit * (1 + r) * (1 + r) * (1 + z) * fabs(scale) + 3 * unit * (fabs(y) + fabs(offset));           \
  }                                                                                                                    \
                                                                                                                       \
  static void check_rows_##type(int kind, layout l) {                                                                  \
    const size_t count_x = elements(l.rows, l.x_row, l.columns), count_y = elements(l.rows, l.y_row, l.columns);       \
    scalar *x = guarded_allocate(count_x * sizeof *x), *y = guarded_allocate(count_y * sizeof *y);                     \
    scalar *expected = guarded_allocate(count_y * sizeof *y), *serial = guarded_allocate(count_y * sizeof *y);         \
    scalar *scale = guarded_allocate(l.columns * sizeof *x), *offset = guarded_allocate(l.columns * sizeof *x);        \
    fill_##type(x, count_x), fill_##type(y, count_y), fill_##type(scale, l.columns), fill_##type(offset, l.columns);   \
    for (size_t i = 0; i < count_x; i++) x[i] = x[i] + (scalar)l.mean;                                                 \
    if (l.in_place) memcpy(y, x, count_y * sizeof *y);                                                                 \
    memcpy(expected, y, count_y * sizeof *y), memcpy(serial, y, count_y * sizeof *y);                                  \
    const scalar *some_scale = l.affine ? scale : NULL, *some_offset = l.affine && kind == layer ? offset : NULL;      \
    run_reference_##type(kind, l, x, some_scale, some_offset, expected);                                               \
    run_##type(kind, l, l.in_place ? y : x, some_scale, some_offset, y);                                               \
    farro_set_local_threads(1, NULL);                                                                                  \
    run_##type(kind, l, l.in_place ? serial : x, some_scale, some_offset, serial);                                     \
    farro_set_local_threads(0, NULL);                                                                                  \
    char text[160];                                                                                                    \
    describe(text, sizeof text, kind_names[kind], l);                                                                  \
    EXPECT(count_y == 0 || memcmp(y, serial, count_y * sizeof *y) == 0, #type " %s: bits depend on threads", text);    \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < l.rows; i++) {                                                                              \
      for (size_t j = 0; j < (i + 1 < l.rows ? l.y_row : l.columns); j++) {                                            \
        const double got = (double)y[i * l.y_row + j], right = (double)expected[i * l.y_row + j];                      \
        const bool inside = j < l.columns; /* between the rows nothing is written */                                   \
        const double allowed = inside ? bound_##type(kind, l, right, some_scale ? (double)scale[j] : 1,                \
                                                     some_offset ? (double)offset[j] : 0)                              \
                                      : 0;                                                                             \
        worst = worse(worst, got == right ? 0 : fabs(got - right) / allowed);                                          \
      }                                                                                                                \
    }                                                                                                                  \
    EXPECT(worst <= 1, #type " %s: %g of the bound", text, worst);                                                     \
    guarded_free(x, count_x * sizeof *x), guarded_free(y, count_y * sizeof *y);                                        \
    guarded_free(expected, count_y * sizeof *y), guarded_free(serial, count_y * sizeof *y);                            \
    guarded_free(scale, l.columns * sizeof *x), guarded_free(offset, l.columns * sizeof *x);                           \
  }                                                                                                                    \
                                                                                                                       \
  /* Past the caches and through them, the same bits: in place, all stores are plain. */                               \
  static void check_streaming_##type(int kind, size_t rows, size_t columns, size_t skew) {                             \
    const size_t count = rows * columns, bytes = (count + skew) * sizeof(scalar);                                      \
    scalar *x = farro_allocate(bytes), *y = farro_allocate(bytes);                                                     \
    fill_##type(x, 4096 + 1);                                                                                          \
    for (size_t i = 4096 + 1; i < count + skew; i++) x[i] = x[i - (4096 + 1)];                                         \
    const layout l = {.rows = rows, .columns = columns, .x_row = columns, .y_row = columns};                           \
    run_##type(kind, l, x + skew, NULL, NULL, y + skew);                                                               \
    run_##type(kind, l, x + skew, NULL, NULL, x + skew);                                                               \
    EXPECT(memcmp(x + skew, y + skew, count * sizeof *x) == 0, #type " %s (%zu, %zu): streaming differs",              \
           kind_names[kind], rows, columns);                                                                           \
    farro_release(x, bytes), farro_release(y, bytes);                                                                  \
  }

CHECK_ROWS(f32, float, 0x1p-24)
CHECK_ROWS(f64, double, 0x1p-53)

static void check_rows(int kind, size_t rows, size_t columns, size_t pad_x, size_t pad_y, double mean, bool affine) {
  layout l = {rows, columns, columns + pad_x, columns + pad_y, mean, affine, false};
  check_rows_f32(kind, l);
  check_rows_f64(kind, l);
  l.in_place = true;
  l.y_row = l.x_row;
  check_rows_f32(kind, l);
  check_rows_f64(kind, l);
}

static void check_arguments(void) {
  float x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, y[8] = {9};
  EXPECT(farro_layer_norm_f32(2, 4, x, 3, NULL, NULL, 0, y, 4) == FARRO_ERROR_ARGUMENT, "x_row below columns");
  EXPECT(farro_rms_norm_f32(2, 4, x, 4, NULL, 0, y, 3) == FARRO_ERROR_ARGUMENT, "y_row below columns");
  EXPECT(farro_layer_norm_f32(2, 4, x, 4, NULL, NULL, -1, y, 4) == FARRO_ERROR_ARGUMENT, "a negative epsilon");
  EXPECT(farro_rms_norm_f32(2, 4, x, 4, NULL, NAN, y, 4) == FARRO_ERROR_ARGUMENT, "epsilon is not a number");
  EXPECT(y[0] == 9, "a refused call wrote");
}

static bool all_nan(const float *y, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!isnan(y[i])) return false;
  return true;
}

// Each special value at each place of a row, tails included.
static void check_special_values(void) {
  enum { n = 37 };
  const float specials[] = {NAN, INFINITY, -INFINITY};
  for (size_t s = 0; s < 3; s++)
    for (size_t at = 0; at < n; at++) {
      float x[n], y[n];
      fill_f32(x, n);
      x[at] = specials[s];
      farro_layer_norm_f32(1, n, x, n, NULL, NULL, 1e-5f, y, n);
      EXPECT(all_nan(y, n), "layer_norm: %g at %zu", (double)x[at], at);
      farro_rms_norm_f32(1, n, x, n, NULL, 1e-5f, y, n);
      EXPECT(isnan(y[at]) && (s == 0 ? all_nan(y, n) : y[(at + 1) % n] == 0), "rms_norm: %g at %zu", (double)x[at], at);
    }
  float x[n], y[n];
  for (size_t i = 0; i < n; i++) x[i] = 0.1f;
  farro_layer_norm_f32(1, n, x, n, NULL, NULL, 0, y, n);
  EXPECT(all_nan(y, n), "layer_norm of equal elements without epsilon: %g", (double)y[0]);
}

// ---- columns ----

#define CHECK_COLUMNS(type, scalar, unit)                                                                              \
  static void check_columns_##type(size_t rows, size_t columns, size_t pad, double center, bool in_place) {            \
    const size_t row = columns + pad, count = elements(rows, row, columns);                                            \
    scalar *x = guarded_allocate(count * sizeof *x), *y = guarded_allocate(count * sizeof *y);                         \
    scalar *expected = guarded_allocate(count * sizeof *y), *serial = guarded_allocate(count * sizeof *y);             \
    double *moments = guarded_allocate(6 * columns * sizeof *moments);                                                 \
    double *mean = moments, *deviation = mean + columns, *right_mean = deviation + columns;                            \
    double *right_deviation = right_mean + columns, *serial_moments = right_deviation + columns;                       \
    fill_##type(x, count);                                                                                             \
    for (size_t i = 0; i < count; i++) x[i] += (scalar)center;                                                         \
    for (size_t i = 0; i < rows && columns > 2; i++) x[i * row + 1] = x[1]; /* equal elements */                       \
    memcpy(y, x, count * sizeof *y), memcpy(expected, x, count * sizeof *y), memcpy(serial, x, count * sizeof *y);     \
    farro_standardize_columns_reference_##type(rows, columns, x, row, right_mean, right_deviation, expected, row);     \
    const farro_status status =                                                                                        \
        farro_standardize_columns_##type(rows, columns, in_place ? y : x, row, mean, deviation, y, row);               \
    EXPECT(status == FARRO_OK, "standardize_columns_" #type ": status %d", status);                                    \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_standardize_columns_##type(rows, columns, x, row, serial_moments, serial_moments + columns, serial, row);    \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(mean, serial_moments, 2 * columns * sizeof *mean) == 0 && memcmp(y, serial, count * sizeof *y) == 0, \
           "standardize_columns_" #type " (%zu, %zu): bits depend on threads", rows, columns);                         \
    const double u = 300 * (unit), merging = (double)rows * 0x1p-60;                                                   \
    double worst = 0, worst_moment = 0;                                                                                \
    for (size_t j = 0; j < columns && rows > 0; j++) {                                                                 \
      const double v = right_deviation[j], r = u * 2 / v, d = u * v * (1 + r) + 0x1p-50 * fabs(right_mean[j]);         \
      const double mean_error = fabs(mean[j] - right_mean[j]) / d;                                                     \
      const double deviation_error =                                                                                   \
          fabs(deviation[j] - v) / (u * v * (1 + r) * (1 + r) + merging * v + 0x1p-50 * fabs(right_mean[j]));          \
      worst_moment = worse(worse(worst_moment, mean_error), deviation_error);                                          \
      if (columns > 2 && j == 1) EXPECT(deviation[j] == 1 && y[j] == 0, "equal elements: %g", deviation[j]);           \
      for (size_t i = 0; i < rows; i++) {                                                                              \
        const double right = (double)expected[i * row + j], error = fabs((double)y[i * row + j] - right);              \
        worst =                                                                                                        \
            worse(worst, error == 0 ? 0 : error / ((u * (1 + r) * (1 + r) + merging) * (1 + fabs(right)) + d / v));    \
      }                                                                                                                \
    }                                                                                                                  \
    EXPECT(worst_moment <= 1, "column_moments_" #type " (%zu, %zu) mean %g: %g of the bound", rows, columns, center,   \
           worst_moment);                                                                                              \
    EXPECT(worst <= 1, "standardize_columns_" #type " (%zu, %zu) mean %g: %g of the bound", rows, columns, center,     \
           worst);                                                                                                     \
    for (size_t i = 0; i + 1 < rows && pad; i++)                                                                       \
      EXPECT(y[i * row + columns] == x[i * row + columns], "standardize_columns wrote between rows");                  \
    guarded_free(x, count * sizeof *x), guarded_free(y, count * sizeof *y);                                            \
    guarded_free(expected, count * sizeof *y), guarded_free(serial, count * sizeof *y);                                \
    guarded_free(moments, 6 * columns * sizeof *moments);                                                              \
  }

CHECK_COLUMNS(f32, float, 0x1p-24)
CHECK_COLUMNS(f64, double, 0x1p-53)

static void check_columns(size_t rows, size_t columns, size_t pad, double center) {
  check_columns_f32(rows, columns, pad, center, false);
  check_columns_f64(rows, columns, pad, center, false);
  check_columns_f32(rows, columns, pad, center, true);
  check_columns_f64(rows, columns, pad, center, true);
}

static void check_column_edges(void) {
  double mean[2] = {0}, deviation[2] = {0};
  const float x[6] = {1, NAN, 3, 4, 5, INFINITY};
  float y[6];
  EXPECT(farro_column_moments_f32(0, 2, NULL, 2, mean, deviation) == FARRO_OK && isnan(mean[0]) && isnan(deviation[1]),
         "moments without rows: %g %g", mean[0], deviation[1]);
  farro_standardize_columns_f32(3, 2, x, 2, mean, deviation, y, 2);
  EXPECT(mean[0] == 3 && isnan(mean[1]) && isnan(deviation[1]) && isnan(y[1]) && isnan(y[3]) && isnan(y[5]),
         "moments with NaN: %g %g", mean[0], mean[1]);
  EXPECT(farro_column_moments_f32(2, 2, x, 1, mean, deviation) == FARRO_ERROR_ARGUMENT, "x_row below columns");
  EXPECT(farro_scale_columns_f32(2, 2, x, 2, mean, deviation, y, 1) == FARRO_ERROR_ARGUMENT, "y_row below columns");
}

void check_normalization(void) {
  check_arguments();
  check_special_values();
  check_column_edges();
  for (int kind = 0; kind < kinds; kind++) {
    for (size_t i = 0; i < tail_size_count; i++) check_rows(kind, i % 4, tail_sizes[i], i % 3, i % 2, 0, i % 2);
    for (size_t columns = 1; columns <= 10000; columns = columns * 5 + 3)
      check_rows(kind, 5, columns, columns % 3, columns % 2, 0, true);
    check_rows(kind, 300, 700, 1, 0, 0, true); // several ranges, unaligned rows
    check_streaming_f32(kind, 4200, 1031, 3);  // 17 MB read, 17 MB written
    check_streaming_f32(kind, 900, 5000, 0);
    check_streaming_f64(kind, 3000, 777, 1);
  }
  const double means[] = {1e4, -1e6};
  for (size_t i = 0; i < 2; i++)
    for (size_t columns = 16; columns < 6000; columns = columns * 4 + 1)
      check_rows(layer, 3, columns, 0, 0, means[i], i == 0);
  for (size_t i = 0; i < tail_size_count; i++) {
    check_columns(tail_sizes[i], tail_sizes[tail_size_count - 1 - i], i % 2, 0);
    check_columns(300, tail_sizes[i], i % 3, 1);
  }
  check_columns(5000, 70, 0, 1e4);
  check_columns(1030, 600, 1, -1e6);
  check_rows(layer, 2, 140001, 1, 0, 100, true); // not read from a cache three times
}
