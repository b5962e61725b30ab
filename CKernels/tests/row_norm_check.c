#include "check.h"

// Norms of rows beyond the plain ones of normalization_check.c: sums with a residual, saved statistics, ways back,
// bf16.

enum { layer, rms, kinds };
static const char *const kind_names[kinds] = {"layer_norm", "rms_norm"};

typedef struct {
  size_t rows, columns, pad;
  double mean; // of the elements, which lie within 1 of it
  bool affine;
} layout;

static double roundings(size_t n, double unit) {
  return (double)(n < 4096 ? n : 4096) / 8 + 8 + (unit == 0x1p-53 ? (double)n / 4096 : 0);
}

// The larger, where NaN is larger than all.
static double worse(double worst, double error) { return error <= worst ? worst : error; }

static double share_of(double got, double right, double allowed) {
  return got == right ? 0 : fabs(got - right) / allowed;
}

// What the bounds ask of one row, from its elements in double.
typedef struct {
  double mean, deviation, inverse, of_g, of_gz, r;
} row_facts;

#define CHECK(type, scalar, unit)                                                                                      \
  static row_facts facts_##type(int kind, size_t n, const scalar *x, const scalar *grad_y, const scalar *scale) {      \
    row_facts f = {0};                                                                                                 \
    const double origin = kind == layer ? (double)x[0] : 0;                                                            \
    double mean = 0, square = 0;                                                                                       \
    for (size_t j = 0; j < n && kind == layer; j++) mean += ((double)x[j] - origin) / (double)n;                       \
    for (size_t j = 0; j < n; j++) square += pow((double)x[j] - origin - mean, 2) / (double)n;                         \
    f.mean = origin + mean, f.deviation = sqrt(square), f.inverse = 1 / sqrt(square + 1e-5);                           \
    /* |mean| / deviation only counts where epsilon does not hide it. */                                               \
    if (kind == layer) f.r = roundings(n, unit) * (unit) * fabs(f.mean) * f.inverse;                                   \
    for (size_t j = 0; j < n && grad_y; j++) {                                                                         \
      const double g = fabs((double)grad_y[j] * (scale ? (double)scale[j] : 1));                                       \
      f.of_g += g / (double)n;                                                                                         \
      f.of_gz += g * fabs((double)x[j] - f.mean) * f.inverse / (double)n;                                              \
    }                                                                                                                  \
    return f;                                                                                                          \
  }                                                                                                                    \
                                                                                                                       \
  typedef struct {                                                                                                     \
    scalar *grad_x, *grad_scale, *grad_offset;                                                                         \
  } gradients_##type;                                                                                                  \
                                                                                                                       \
  static void run_##type(int kind, layout l, const scalar *grad_y, const scalar *x, const double *mean,                \
                         const double *inverse, const scalar *scale, gradients_##type out) {                           \
    const size_t row = l.columns + l.pad;                                                                              \
    const farro_status status =                                                                                        \
        kind == layer                                                                                                  \
            ? farro_layer_norm_backward_##type(l.rows, l.columns, grad_y, row, x, row, mean, inverse, (scalar)1e-5,    \
                                               scale, out.grad_x, row, out.grad_scale, out.grad_offset)                \
            : farro_rms_norm_backward_##type(l.rows, l.columns, grad_y, row, x, row, inverse, (scalar)1e-5, scale,     \
                                             out.grad_x, row, out.grad_scale);                                         \
    EXPECT(status == FARRO_OK, "%s_backward_" #type ": status %d", kind_names[kind], status);                          \
  }                                                                                                                    \
                                                                                                                       \
  /* The worst share of the header's bounds, with a rounding of the reference; 2 when something else is wrong. */      \
  static double judge_##type(int kind, layout l, const scalar *grad_y, const scalar *x, const scalar *scale,           \
                             gradients_##type got, gradients_##type right) {                                           \
    const size_t n = l.columns, row = n + l.pad;                                                                       \
    const double h = roundings(n, unit), k = 3 * h + (double)(n < 1024 ? n : 1024) / 2 + 8 + 16 + 1;                   \
    double *allowed = calloc(2 * n + 1, sizeof *allowed), worst = 0;                                                   \
    for (size_t i = 0; i < l.rows; i++) {                                                                              \
      const scalar *xs = x + i * row, *gs = grad_y + i * row;                                                          \
      const row_facts f = facts_##type(kind, n, xs, gs, scale);                                                        \
      const double more = (1 + f.r) * (1 + f.r) * (unit);                                                              \
      for (size_t j = 0; j < n; j++) {                                                                                 \
        const double z = fabs((double)xs[j] - f.mean) * f.inverse, gy = fabs((double)gs[j]);                           \
        const double g = gy * (scale ? fabs((double)scale[j]) : 1);                                                    \
        const double size = kind == layer ? g + (1 + z) * (f.of_g + f.of_gz) : g + z * f.of_gz;                        \
        worst = worse(worst, share_of((double)got.grad_x[i * row + j], (double)right.grad_x[i * row + j],              \
                                      k * more * f.inverse * size));                                                   \
        allowed[j] += (h + 301 + (double)l.rows / 256) * more * gy * (kind == layer ? 1 + z : z);                      \
        allowed[n + j] += (301 + (double)l.rows / 256) * (unit) * gy;                                                  \
      }                                                                                                                \
      for (size_t j = n; j < row && i + 1 < l.rows; j++)                                                               \
        if (got.grad_x[i * row + j] != right.grad_x[i * row + j]) worst = 2; /* wrote between rows */                  \
    }                                                                                                                  \
    for (size_t j = 0; j < n; j++) {                                                                                   \
      worst = worse(worst, share_of((double)got.grad_scale[j], (double)right.grad_scale[j], allowed[j]));              \
      if (kind == layer)                                                                                               \
        worst = worse(worst, share_of((double)got.grad_offset[j], (double)right.grad_offset[j], allowed[n + j]));      \
    }                                                                                                                  \
    free(allowed);                                                                                                     \
    return worst;                                                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  static void check_backward_##type(int kind, layout l) {                                                              \
    const size_t n = l.columns, row = n + l.pad, count = l.rows ? (l.rows - 1) * row + n : 0;                          \
    const size_t bytes = count * sizeof(scalar), parameters = 2 * n * sizeof(scalar);                                  \
    scalar *x = guarded_allocate(bytes), *grad_y = guarded_allocate(bytes);                                            \
    scalar *all_scale = guarded_allocate(n * sizeof(scalar)), *scale = l.affine ? all_scale : NULL;                    \
    scalar *out[4], *sums[4];                                                                                          \
    gradients_##type g[4];                                                                                             \
    fill_##type(x, count), fill_##type(grad_y, count), fill_##type(all_scale, n);                                      \
    for (size_t i = 0; i < count; i++) x[i] += (scalar)l.mean;                                                         \
    for (size_t i = 0; i < 4; i++) {                                                                                   \
      out[i] = guarded_allocate(bytes), sums[i] = guarded_allocate(parameters);                                        \
      memcpy(out[i], grad_y, bytes), memset(sums[i], 0x55, parameters);                                                \
      g[i] = (gradients_##type){out[i], sums[i], sums[i] + n};                                                         \
    }                                                                                                                  \
    double *mean = malloc(2 * l.rows * sizeof *mean + 1), *inverse = mean + l.rows;                                    \
    if (kind == layer) {                                                                                               \
      farro_layer_norm_forward_##type(l.rows, n, x, row, NULL, 0, NULL, NULL, (scalar)1e-5, NULL, 0, out[1], row,      \
                                      mean, inverse);                                                                  \
      farro_layer_norm_backward_reference_##type(l.rows, n, grad_y, row, x, row, (scalar)1e-5, scale, out[0], row,     \
                                                 sums[0], sums[0] + n);                                                \
    } else {                                                                                                           \
      farro_rms_norm_forward_##type(l.rows, n, x, row, NULL, 0, NULL, (scalar)1e-5, NULL, 0, out[1], row, inverse);    \
      farro_rms_norm_backward_reference_##type(l.rows, n, grad_y, row, x, row, (scalar)1e-5, scale, out[0], row,       \
                                               sums[0]);                                                               \
      memset(sums[0] + n, 0x55, n * sizeof(scalar));                                                                   \
    }                                                                                                                  \
    run_##type(kind, l, grad_y, x, mean, inverse, scale, g[1]);                                                        \
    farro_set_local_threads(1, NULL);                                                                                  \
    run_##type(kind, l, out[2], x, mean, inverse, scale, g[2]); /* in place */                                         \
    farro_set_local_threads(0, NULL);                                                                                  \
    run_##type(kind, l, grad_y, x, NULL, NULL, scale, g[3]);                                                           \
    char text[120];                                                                                                    \
    snprintf(text, sizeof text, "%s_backward_" #type " (%zu, %zu) + %zu mean %g", kind_names[kind], l.rows, n, l.pad,  \
             l.mean);                                                                                                  \
    EXPECT(memcmp(out[1], out[2], bytes) == 0 && memcmp(sums[1], sums[2], parameters) == 0,                            \
           "%s: bits depend on threads or place", text);                                                               \
    const double worst = judge_##type(kind, l, grad_y, x, scale, g[1], g[0]);                                          \
    EXPECT(worst <= 1, "%s: %g of the bound", text, worst);                                                            \
    const double again = judge_##type(kind, l, grad_y, x, scale, g[3], g[0]);                                          \
    EXPECT(again <= 1, "%s without statistics: %g of the bound", text, again);                                         \
    /* Each sum alone, and none. */                                                                                    \
    memset(sums[3], 0x55, parameters);                                                                                 \
    run_##type(kind, l, grad_y, x, mean, inverse, scale, (gradients_##type){out[3], NULL, sums[3] + n});               \
    if (kind == layer) EXPECT(memcmp(sums[3] + n, sums[1] + n, parameters / 2) == 0, "%s: the offset alone", text);    \
    run_##type(kind, l, grad_y, x, mean, inverse, scale, (gradients_##type){out[3], sums[3], NULL});                   \
    EXPECT(memcmp(sums[3], sums[1], parameters / 2) == 0, "%s: the scale alone", text);                                \
    memcpy(out[3], grad_y, bytes);                                                                                     \
    run_##type(kind, l, grad_y, x, mean, inverse, scale, (gradients_##type){out[3], NULL, NULL});                      \
    EXPECT(memcmp(out[3], out[1], bytes) == 0, "%s: without sums", text);                                              \
    for (size_t i = 0; i < 4; i++) guarded_free(out[i], bytes), guarded_free(sums[i], parameters);                     \
    guarded_free(x, bytes), guarded_free(grad_y, bytes), guarded_free(all_scale, n * sizeof(scalar)), free(mean);      \
  }                                                                                                                    \
                                                                                                                       \
  static void forward_##type(int kind, layout l, const scalar *x, const scalar *residual, const scalar *p,             \
                             scalar *sum, scalar *y, double *mean, double *inverse) {                                  \
    const size_t n = l.columns, row = n + l.pad;                                                                       \
    const farro_status status =                                                                                        \
        kind == layer ? farro_layer_norm_forward_##type(l.rows, n, x, row, residual, row, p, p ? p + n : NULL,         \
                                                        (scalar)1e-5, sum, row, y, row, mean, inverse)                 \
                      : farro_rms_norm_forward_##type(l.rows, n, x, row, residual, row, p, (scalar)1e-5, sum, row, y,  \
                                                      row, inverse);                                                   \
    EXPECT(status == FARRO_OK, "%s_forward_" #type ": status %d", kind_names[kind], status);                           \
  }                                                                                                                    \
                                                                                                                       \
  /* The norm of a sum has the bits of the norm of what was added before, wherever it goes. */                         \
  static void check_forward_##type(int kind, layout l) {                                                               \
    const size_t n = l.columns, row = n + l.pad, count = l.rows ? (l.rows - 1) * row + n : 0;                          \
    const size_t bytes = count * sizeof(scalar), parameters = 2 * n * sizeof(scalar);                                  \
    scalar *x = guarded_allocate(bytes), *residual = guarded_allocate(bytes), *sum = guarded_allocate(bytes);          \
    scalar *y = guarded_allocate(bytes), *added = guarded_allocate(bytes), *right = guarded_allocate(bytes);           \
    scalar *p = guarded_allocate(parameters);                                                                          \
    double *mean = calloc(2 * l.rows + 1, sizeof *mean), *inverse = mean + l.rows;                                     \
    fill_##type(x, count), fill_##type(residual, count), fill_##type(p, 2 * n);                                        \
    for (size_t i = 0; i < count; i++) x[i] += (scalar)l.mean, sum[i] = added[i] = x[i] + residual[i];                 \
    memcpy(y, x, bytes), memcpy(right, x, bytes);                                                                      \
    const scalar *affine = l.affine ? p : NULL;                                                                        \
    forward_##type(kind, l, added, NULL, affine, NULL, right, NULL, NULL);                                             \
    for (size_t i = 0; i < l.rows && n > 0; i++) memset(sum + i * row, 0, n * sizeof *sum); /* not between rows */     \
    forward_##type(kind, l, x, residual, affine, sum, y, mean, inverse);                                               \
    char text[120];                                                                                                    \
    snprintf(text, sizeof text, "%s_forward_" #type " (%zu, %zu) + %zu mean %g", kind_names[kind], l.rows, n, l.pad,   \
             l.mean);                                                                                                  \
    EXPECT(memcmp(y, right, bytes) == 0, "%s: the norm of a sum differs", text);                                       \
    EXPECT(memcmp(sum, added, bytes) == 0, "%s: the sum differs", text);                                               \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < l.rows && n > 0; i++) {                                                                     \
      const row_facts f = facts_##type(kind, n, added + i * row, NULL, NULL);                                          \
      const double h = (roundings(n, unit) + 2) * (unit) * (1 + f.r) * (1 + f.r);                                      \
      worst = worse(worst, share_of(inverse[i], f.inverse, h * f.inverse));                                            \
      if (kind == layer)                                                                                               \
        worst = worse(worst, share_of(mean[i], f.mean, h * f.deviation + 0x1p-50 * (fabs(f.mean) + 1)));               \
    }                                                                                                                  \
    EXPECT(worst <= 1, "%s: statistics, %g of the bound", text, worst);                                                \
    memcpy(y, residual, bytes);                                                                                        \
    forward_##type(kind, l, x, y, affine, NULL, y, NULL, NULL); /* onto the residual, the sum unwanted */              \
    for (size_t i = 0; i < count; i++)                                                                                 \
      if (i % row >= n) y[i] = right[i];                                                                               \
    EXPECT(memcmp(y, right, bytes) == 0, "%s: onto the residual", text);                                               \
    memcpy(y, x, bytes), memcpy(sum, residual, bytes);                                                                 \
    forward_##type(kind, l, y, sum, affine, sum, y, NULL, NULL); /* both in place */                                   \
    for (size_t i = 0; i < count; i++)                                                                                 \
      if (i % row >= n) y[i] = right[i], sum[i] = added[i];                                                            \
    EXPECT(memcmp(y, right, bytes) == 0 && memcmp(sum, added, bytes) == 0, "%s: in place", text);                      \
    guarded_free(x, bytes), guarded_free(residual, bytes), guarded_free(sum, bytes), guarded_free(y, bytes);           \
    guarded_free(added, bytes), guarded_free(right, bytes), guarded_free(p, parameters), free(mean);                   \
  }                                                                                                                    \
                                                                                                                       \
  /* Past the caches and through them, the same bits: in place, all stores are plain. */                               \
  static void check_streaming_##type(int kind, size_t rows, size_t columns, size_t skew) {                             \
    const size_t count = rows * columns, bytes = (count + 16) * sizeof(scalar);                                        \
    scalar *m[4];                                                                                                      \
    for (size_t k = 0; k < 4; k++) m[k] = farro_allocate(bytes);                                                       \
    for (size_t i = 0; i < count + 16; i++)                                                                            \
      m[0][i] = (scalar)(i * 37 % 1009) / 500, m[1][i] = (scalar)(i * 41 % 1013) / 500;                                \
    const layout l = {.rows = rows, .columns = columns};                                                               \
    forward_##type(kind, l, m[0] + skew, m[1] + skew, NULL, m[2] + skew, m[3] + skew + 1, NULL, NULL);                 \
    forward_##type(kind, l, m[0] + skew, m[1] + skew, NULL, m[2], m[3], NULL, NULL);                                   \
    scalar *sums = calloc(4 * columns, sizeof *sums);                                                                  \
    run_##type(kind, l, m[0] + skew, m[1] + skew, NULL, NULL, NULL,                                                    \
               (gradients_##type){m[2] + skew, sums, sums + columns});                                                 \
    forward_##type(kind, l, m[0] + skew, m[1] + skew, NULL, m[1] + skew, m[0] + skew, NULL, NULL);                     \
    EXPECT(memcmp(m[0] + skew, m[3], count * sizeof(scalar)) == 0, #type " %s (%zu, %zu): streaming differs",          \
           kind_names[kind], rows, columns);                                                                           \
    for (size_t i = 0; i < count + 16; i++)                                                                            \
      m[0][i] = (scalar)(i * 37 % 1009) / 500, m[1][i] = (scalar)(i * 41 % 1013) / 500;                                \
    run_##type(kind, l, m[0] + skew, m[1] + skew, NULL, NULL, NULL,                                                    \
               (gradients_##type){m[1] + skew, sums + 2 * columns, sums + 3 * columns});                               \
    EXPECT(memcmp(m[1] + skew, m[2] + skew, count * sizeof(scalar)) == 0 &&                                            \
               memcmp(sums, sums + 2 * columns, 2 * columns * sizeof *sums) == 0,                                      \
           #type " %s_backward (%zu, %zu): streaming differs", kind_names[kind], rows, columns);                       \
    for (size_t k = 0; k < 4; k++) farro_release(m[k], bytes);                                                         \
    free(sums);                                                                                                        \
  }

CHECK(f32, float, 0x1p-24)
CHECK(f64, double, 0x1p-53)

static void check_both(int kind, layout l) {
  check_forward_f32(kind, l);
  check_forward_f64(kind, l);
  check_backward_f32(kind, l);
  check_backward_f64(kind, l);
}

// ---- bf16 ----

static bool same_bits(const uint16_t *a, const uint16_t *b, size_t n) { return memcmp(a, b, n * sizeof *a) == 0; }

// All is computed in float by the same text, so what is stored is the result of f32 rounded.
static void check_bf16(int kind, size_t rows, size_t columns) {
  const size_t count = rows * columns, bytes = count * sizeof(uint16_t), wide = count * sizeof(float);
  uint16_t *x = guarded_allocate(bytes), *other = guarded_allocate(bytes), *y = guarded_allocate(bytes);
  uint16_t *sum = guarded_allocate(bytes), *right = guarded_allocate(bytes);
  float *xs = malloc(wide + 1), *others = malloc(wide + 1), *ys = malloc(wide + 1), *added = malloc(wide + 1);
  float *p = calloc(6 * columns + 1, sizeof *p);
  fill_f32(xs, count), fill_f32(others, count), fill_f32(p, 2 * columns);
  farro_convert_f32_to_bf16(count, xs, x), farro_convert_f32_to_bf16(count, others, other);
  farro_convert_bf16_to_f32(count, x, xs), farro_convert_bf16_to_f32(count, other, others);
  const layout l = {.rows = rows, .columns = columns};
  forward_f32(kind, l, xs, others, p, added, ys, NULL, NULL);
  if (kind == layer)
    farro_layer_norm_forward_bf16(rows, columns, x, columns, other, columns, p, p + columns, 1e-5f, sum, columns, y,
                                  columns, NULL, NULL);
  else
    farro_rms_norm_forward_bf16(rows, columns, x, columns, other, columns, p, 1e-5f, sum, columns, y, columns, NULL);
  farro_convert_f32_to_bf16(count, ys, right);
  EXPECT(same_bits(y, right, count), "%s_forward_bf16 (%zu, %zu)", kind_names[kind], rows, columns);
  farro_convert_f32_to_bf16(count, added, right);
  EXPECT(same_bits(sum, right, count), "%s_forward_bf16 (%zu, %zu): the sum", kind_names[kind], rows, columns);
  float *sums = p + 2 * columns;
  run_f32(kind, l, others, xs, NULL, NULL, p, (gradients_f32){ys, sums, sums + columns});
  if (kind == layer)
    farro_layer_norm_backward_bf16(rows, columns, other, columns, x, columns, NULL, NULL, 1e-5f, p, y, columns,
                                   sums + 2 * columns, sums + 3 * columns);
  else
    farro_rms_norm_backward_bf16(rows, columns, other, columns, x, columns, NULL, 1e-5f, p, y, columns,
                                 sums + 2 * columns);
  farro_convert_f32_to_bf16(count, ys, right);
  EXPECT(same_bits(y, right, count), "%s_backward_bf16 (%zu, %zu)", kind_names[kind], rows, columns);
  EXPECT(memcmp(sums, sums + 2 * columns, 2 * columns * sizeof *sums) == 0, "%s_backward_bf16 (%zu, %zu): the sums",
         kind_names[kind], rows, columns);
  guarded_free(x, bytes), guarded_free(other, bytes), guarded_free(y, bytes), guarded_free(sum, bytes);
  guarded_free(right, bytes), free(xs), free(others), free(ys), free(added), free(p);
}

// ---- L2 ----

#define CHECK_L2(type, scalar, unit)                                                                                   \
  static void check_l2_##type(size_t rows, size_t columns, scalar epsilon) {                                           \
    const size_t count = rows * columns, bytes = count * sizeof(scalar);                                               \
    scalar *x = guarded_allocate(bytes), *grad_y = guarded_allocate(bytes);                                            \
    scalar *y = guarded_allocate(bytes), *right = guarded_allocate(bytes);                                             \
    fill_##type(x, count), fill_##type(grad_y, count);                                                                 \
    if (rows > 1) memset(x, 0, columns * sizeof *x); /* the first row is of zeros */                                   \
    farro_l2_normalize_reference_##type(rows, columns, x, columns, epsilon, right, columns);                           \
    farro_status status = farro_l2_normalize_##type(rows, columns, x, columns, epsilon, y, columns);                   \
    const double h = roundings(columns, unit), k = 3 * h + (double)(columns < 1024 ? columns : 1024) / 2 + 25;         \
    double worst = status == FARRO_OK ? 0 : NAN;                                                                       \
    for (size_t i = 0; i < count; i++)                                                                                 \
      worst = worse(worst, share_of((double)y[i], (double)right[i], (h / 2 + 7) * (unit) * fabs((double)right[i])));   \
    EXPECT(worst <= 1, "l2_normalize_" #type " (%zu, %zu): %g of the bound", rows, columns, worst);                    \
    farro_l2_normalize_backward_reference_##type(rows, columns, grad_y, columns, x, columns, epsilon, right, columns); \
    status = farro_l2_normalize_backward_##type(rows, columns, grad_y, columns, x, columns, epsilon, y, columns);      \
    worst = status == FARRO_OK ? 0 : NAN;                                                                              \
    for (size_t i = 0; i < rows; i++) {                                                                                \
      double square = 0, product = 0;                                                                                  \
      for (size_t j = i * columns; j < (i + 1) * columns; j++)                                                         \
        square += (double)(x[j] * x[j]), product += fabs((double)(x[j] * grad_y[j]));                                  \
      const double length = fmax(sqrt(square), (double)epsilon);                                                       \
      for (size_t j = i * columns; j < (i + 1) * columns; j++) {                                                       \
        const double size = fabs((double)grad_y[j]) + fabs((double)x[j]) * product / (length * length);                \
        worst = worse(worst, share_of((double)y[j], (double)right[j], k * (unit) * size / length));                    \
      }                                                                                                                \
    }                                                                                                                  \
    EXPECT(worst <= 1, "l2_normalize_backward_" #type " (%zu, %zu): %g of the bound", rows, columns, worst);           \
    guarded_free(x, bytes), guarded_free(grad_y, bytes), guarded_free(y, bytes), guarded_free(right, bytes);           \
  }

CHECK_L2(f32, float, 0x1p-24)
CHECK_L2(f64, double, 0x1p-53)

static void check_l2(size_t rows, size_t columns, double epsilon) {
  check_l2_f32(rows, columns, (float)epsilon);
  check_l2_f64(rows, columns, epsilon);
}

// ---- arguments, special values ----

static void check_arguments(void) {
  float x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, y[8] = {9}, scale[4] = {7, 7, 7, 7}, offset[4] = {7, 7, 7, 7};
  double mean[2] = {0};
  const farro_status bad = FARRO_ERROR_ARGUMENT;
  EXPECT(farro_layer_norm_forward_f32(2, 4, x, 4, x, 3, NULL, NULL, 0, NULL, 0, y, 4, NULL, NULL) == bad,
         "residual_row");
  EXPECT(farro_layer_norm_forward_f32(2, 4, x, 4, x, 4, NULL, NULL, 0, y, 3, y, 4, NULL, NULL) == bad, "sum_row");
  EXPECT(farro_rms_norm_forward_f32(2, 4, x, 4, NULL, 0, NULL, 0, y, 4, y, 4, NULL) == bad, "a sum of one");
  EXPECT(farro_layer_norm_backward_f32(2, 4, x, 3, x, 4, NULL, NULL, 0, NULL, y, 4, NULL, NULL) == bad, "grad_y_row");
  EXPECT(farro_layer_norm_backward_f32(2, 4, x, 4, x, 4, mean, NULL, 0, NULL, y, 4, NULL, NULL) == bad, "a mean alone");
  EXPECT(farro_rms_norm_backward_f32(2, 4, x, 4, x, 4, NULL, -1, NULL, y, 4, NULL) == bad, "a negative epsilon");
  EXPECT(farro_l2_normalize_f32(2, 4, x, 4, NAN, y, 4) == bad, "epsilon is not a number");
  EXPECT(y[0] == 9, "a refused call wrote");
  EXPECT(farro_layer_norm_backward_f32(0, 4, NULL, 4, NULL, 4, NULL, NULL, 0, NULL, NULL, 4, scale, offset) ==
                 FARRO_OK &&
             scale[0] == 0 && scale[3] == 0 && offset[0] == 0 && offset[3] == 0,
         "sums over no rows are 0: %g %g", (double)scale[0], (double)offset[3]);
  double inverse[3] = {5, 5, 5};
  EXPECT(farro_layer_norm_forward_f32(2, 0, x, 0, NULL, 0, NULL, NULL, 0, NULL, 0, y, 0, mean, inverse) == FARRO_OK &&
             isnan(mean[1]) && isnan(inverse[1]) && inverse[2] == 5,
         "rows without elements: %g %g", mean[1], inverse[1]);
}

static void check_special_values(void) {
  enum { rows = 6, n = 37 };
  const float specials[] = {NAN, INFINITY};
  for (size_t s = 0; s < 2; s++)
    for (size_t at = 0; at < rows * n; at += 5) {
      float x[rows * n], grad_y[rows * n], grad_x[rows * n], scale[n], offset[n];
      fill_f32(x, rows * n), fill_f32(grad_y, rows * n);
      (at % 2 ? x : grad_y)[at] = specials[s];
      farro_layer_norm_backward_f32(rows, n, grad_y, n, x, n, NULL, NULL, 1e-5f, NULL, grad_x, n, scale, offset);
      bool right = true;
      for (size_t i = 0; i < rows * n; i++) right &= isfinite(grad_x[i]) == (i / n != at / n);
      EXPECT(right, "layer_norm_backward: %g at %zu", (double)specials[s], at);
      EXPECT(!isfinite(scale[at % n]), "layer_norm_backward: %g at %zu leaves a finite sum", (double)specials[s], at);
    }
}

void check_row_norms(void) {
  check_arguments();
  check_special_values();
  for (int kind = 0; kind < kinds; kind++) {
    for (size_t i = 0; i < tail_size_count; i++) {
      check_both(kind, (layout){i % 6, tail_sizes[i], i % 3, 0, i % 2});
      check_both(kind, (layout){tail_sizes[i], 19, i % 2, 1, true});
      check_bf16(kind, 1 + i % 5, tail_sizes[i]);
    }
    for (size_t columns = 1; columns <= 10000; columns = columns * 5 + 3)
      check_both(kind, (layout){5, columns, columns % 3, 0, true});
    check_both(kind, (layout){700, 300, 1, 0, true}); // several blocks, unaligned rows
    check_both(kind, (layout){2, 140001, 0, 10, true});
    check_bf16(kind, 300, 1100);
    check_streaming_f32(kind, 4200, 1031, 3); // 17 MB each
    check_streaming_f32(kind, 4100, 1040, 5); // rows of whole lines
    check_streaming_f64(kind, 250, 9000, 1);
  }
  const double means[] = {1e4, -1e6};
  for (size_t i = 0; i < 2; i++)
    for (size_t columns = 16; columns < 6000; columns = columns * 4 + 1)
      check_both(layer, (layout){7, columns, 0, means[i], i == 0});
  check_both(layer, (layout){2, 140001, 0, 1e6, true}); // long rows, whose mean has more digits than an element
  for (size_t i = 0; i < tail_size_count; i++) check_l2(1 + i % 6, tail_sizes[i], i % 3 ? 1e-12 : 2);
  check_l2(300, 700, 1e-12);
  check_l2(3, 10000, 1e-12);
}
