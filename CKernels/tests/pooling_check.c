#include "check.h"

// The larger, where NaN is larger than all.
static double worse(double worst, double error) { return error <= worst ? worst : error; }

static farro_window window(size_t length, size_t size, size_t stride, size_t dilation, size_t before, size_t after) {
  return (farro_window){length, size, stride, dilation, before, after};
}

static const farro_window single = {1, 1, 1, 1, 0, 0};

static void describe(char *text, size_t size, const farro_pooling_shape *s) {
  const farro_window *r = &s->rows, *c = &s->columns;
  snprintf(text, size,
           "(%zu) rows %zu size %zu stride %zu dilation %zu pads %zu %zu, columns %zu size %zu stride %zu dilation %zu "
           "pads %zu %zu%s",
           s->planes, r->length, r->size, r->stride, r->dilation, r->pad_before, r->pad_after, c->length, c->size,
           c->stride, c->dilation, c->pad_before, c->pad_after, s->ceiling ? " ceiling" : "");
}

#define CHECK(type, scalar, unit)                                                                                      \
  static double worst_##type(const scalar *got, const scalar *right, const scalar *bound, size_t count, double rate) { \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const double error = fabs((double)got[i] - (double)right[i]);                                                    \
      worst = worse(worst, got[i] == right[i] ? 0 : error / (rate * unit * (double)bound[i]));                         \
    }                                                                                                                  \
    return worst;                                                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  static void check_max_##type(const farro_pooling_shape *s, const scalar *x, const scalar *grad_y, size_t count_x,    \
                               size_t count_y, const char *text) {                                                     \
    const size_t bytes = count_y * sizeof(scalar), index_bytes = count_y * sizeof(int64_t);                            \
    scalar *y = guarded_allocate(bytes), *right = guarded_allocate(bytes);                                             \
    scalar *grad_x = guarded_allocate(count_x * sizeof *x), *right_x = guarded_allocate(count_x * sizeof *x);          \
    int64_t *indices = guarded_allocate(index_bytes), *right_indices = guarded_allocate(index_bytes);                  \
    const farro_status status = farro_max_pool_##type(s, x, y, indices);                                               \
    EXPECT(status == FARRO_OK, "max_pool_" #type " %s: status %d", text, status);                                      \
    farro_max_pool_reference_##type(s, x, right, right_indices);                                                       \
    EXPECT(memcmp(indices, right_indices, index_bytes) == 0, "max_pool_" #type " %s: indices", text);                  \
    size_t wrong = 0;                                                                                                  \
    for (size_t i = 0; i < count_y; i++) wrong += !(y[i] == right[i] || (y[i] != y[i] && right[i] != right[i]));       \
    EXPECT(wrong == 0, "max_pool_" #type " %s: %zu values", text, wrong);                                              \
    memset(y, 0, bytes);                                                                                               \
    farro_max_pool_##type(s, x, y, NULL);                                                                              \
    for (size_t i = 0; i < count_y; i++) wrong += !(y[i] == right[i] || (y[i] != y[i] && right[i] != right[i]));       \
    EXPECT(wrong == 0, "max_pool_" #type " %s without indices: %zu values", text, wrong);                              \
    farro_max_pool_backward_##type(s, grad_y, indices, grad_x);                                                        \
    farro_max_pool_backward_reference_##type(s, grad_y, indices, right_x);                                             \
    EXPECT(memcmp(grad_x, right_x, count_x * sizeof *x) == 0, "max_pool_backward_" #type " %s", text);                 \
    guarded_free(y, bytes), guarded_free(right, bytes), guarded_free(grad_x, count_x * sizeof *x);                     \
    guarded_free(right_x, count_x * sizeof *x), guarded_free(indices, index_bytes);                                    \
    guarded_free(right_indices, index_bytes);                                                                          \
  }                                                                                                                    \
                                                                                                                       \
  static void check_average_##type(const farro_pooling_shape *s, bool counts_padding, const scalar *x,                 \
                                   const scalar *grad_y, size_t count_x, size_t count_y, const char *text) {           \
    const size_t bytes_x = count_x * sizeof *x, bytes_y = count_y * sizeof *x, taps = s->rows.size * s->columns.size;  \
    scalar *y = guarded_allocate(bytes_y), *right = guarded_allocate(bytes_y), *bound = guarded_allocate(bytes_y);     \
    scalar *grad_x = guarded_allocate(bytes_x), *right_x = guarded_allocate(bytes_x);                                  \
    scalar *bound_x = guarded_allocate(bytes_x), *size_x = guarded_allocate(bytes_x);                                  \
    scalar *size_y = guarded_allocate(bytes_y), *serial = guarded_allocate(bytes_y);                                   \
    for (size_t i = 0; i < count_x; i++) size_x[i] = (scalar)fabs((double)x[i]);                                       \
    for (size_t i = 0; i < count_y; i++) size_y[i] = (scalar)fabs((double)grad_y[i]);                                  \
    const farro_status status = farro_average_pool_##type(s, counts_padding, x, y);                                    \
    EXPECT(status == FARRO_OK, "average_pool_" #type " %s: status %d", text, status);                                  \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_average_pool_##type(s, counts_padding, x, serial);                                                           \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(y, serial, bytes_y) == 0, "average_pool_" #type " %s: bits depend on threads", text);                \
    farro_average_pool_reference_##type(s, counts_padding, x, right);                                                  \
    farro_average_pool_reference_##type(s, counts_padding, size_x, bound);                                             \
    double worst = worst_##type(y, right, bound, count_y, (double)taps + 3);                                           \
    EXPECT(worst <= 1, "average_pool_" #type " %s counts %d: %g of the bound", text, counts_padding, worst);           \
    farro_average_pool_backward_##type(s, counts_padding, grad_y, grad_x);                                             \
    farro_average_pool_backward_reference_##type(s, counts_padding, grad_y, right_x);                                  \
    farro_average_pool_backward_reference_##type(s, counts_padding, size_y, bound_x);                                  \
    worst = worst_##type(grad_x, right_x, bound_x, count_x, (double)taps + 3);                                         \
    EXPECT(worst <= 1, "average_pool_backward_" #type " %s counts %d: %g of the bound", text, counts_padding, worst);  \
    guarded_free(y, bytes_y), guarded_free(right, bytes_y), guarded_free(bound, bytes_y);                              \
    guarded_free(size_y, bytes_y), guarded_free(serial, bytes_y), guarded_free(grad_x, bytes_x);                       \
    guarded_free(right_x, bytes_x), guarded_free(bound_x, bytes_x), guarded_free(size_x, bytes_x);                     \
  }                                                                                                                    \
                                                                                                                       \
  /* Every 7th element is one of 3, so that windows have several maxima; `special` adds NaN and -infinity. */          \
  static void check_##type(const farro_pooling_shape *s, bool special) {                                               \
    const size_t outputs = farro_window_outputs(&s->rows, s->ceiling) * farro_window_outputs(&s->columns, s->ceiling); \
    const size_t count_x = s->planes * s->rows.length * s->columns.length, count_y = s->planes * outputs;              \
    scalar *x = guarded_allocate(count_x * sizeof *x), *grad_y = guarded_allocate(count_y * sizeof *x);                \
    fill_##type(x, count_x), fill_##type(grad_y, count_y);                                                             \
    char text[256];                                                                                                    \
    describe(text, sizeof text, s);                                                                                    \
    check_average_##type(s, true, x, grad_y, count_x, count_y, text);                                                  \
    check_average_##type(s, false, x, grad_y, count_x, count_y, text);                                                 \
    for (size_t i = 0; i < count_x; i++) x[i] = (scalar)random_below(3);                                               \
    for (size_t i = 0; i < count_x && special; i++)                                                                    \
      if (random_below(2)) x[i] = (scalar)(random_below(8) ? -INFINITY : NAN);                                         \
    check_max_##type(s, x, grad_y, count_x, count_y, text);                                                            \
    guarded_free(x, count_x * sizeof *x), guarded_free(grad_y, count_y * sizeof *x);                                   \
  }

CHECK(f32, float, 0x1p-24)
CHECK(f64, double, 0x1p-53)

static void check(size_t planes, farro_window rows, farro_window columns, bool ceiling, bool special) {
  const farro_pooling_shape s = {planes, rows, columns, ceiling};
  check_f32(&s, special);
  check_f64(&s, special);
}

static void check_arguments(void) {
  float x[16] = {0}, y[16] = {7};
  int64_t indices[16];
  farro_pooling_shape s = {1, single, window(4, 0, 1, 1, 0, 0), false};
  EXPECT(farro_max_pool_f32(&s, x, y, NULL) == FARRO_ERROR_ARGUMENT, "a window of nothing");
  s.columns.size = 2, s.columns.dilation = 0;
  EXPECT(farro_average_pool_f32(&s, true, x, y) == FARRO_ERROR_ARGUMENT, "dilation 0");
  s.columns.dilation = 1;
  EXPECT(farro_average_pool_f32(&s, true, y, y) == FARRO_ERROR_ARGUMENT, "in place");
  s.planes = SIZE_MAX / 4;
  EXPECT(farro_max_pool_f32(&s, x, y, indices) == FARRO_ERROR_ARGUMENT, "overflow");
  EXPECT(y[0] == 7, "a refused call wrote");
  const size_t far = (size_t)1 << 29;
  const farro_pooling_shape distant = {1, single, window(4, 2, 1, far, far, 0), false};
  EXPECT(farro_max_pool_f32(&distant, x, y, indices) == FARRO_ERROR_ARGUMENT, "taps too far apart for indices");
  EXPECT(y[0] == 7, "a refused call wrote");
  s.planes = 1;
  for (int i = 0; i < 3; i++) indices[i] = i == 1 ? 3 : i == 0 ? -1 : 4;
  y[0] = y[1] = y[2] = 1;
  EXPECT(farro_max_pool_backward_f32(&s, y, indices, x) == FARRO_OK && x[0] == 0 && x[3] == 1, "indices outside");
}

// A window that meets padding alone.
static void check_padding(void) {
  const farro_pooling_shape s = {1, single, window(1, 2, 1, 2, 1, 1), false};
  const double x[1] = {5};
  double y[1] = {1};
  int64_t index[1] = {1};
  farro_max_pool_f64(&s, x, y, index);
  EXPECT(y[0] == -INFINITY && index[0] == -1, "maximum of nothing: %g at %lld", y[0], (long long)index[0]);
  farro_average_pool_f64(&s, false, x, y);
  EXPECT(y[0] == 0, "mean of nothing: %g", y[0]);
}

// A stride beyond the axis moves no window, however long it is. Windows so far apart that one meets the axis at all
// would need more memory than there is.
static void check_long_strides(void) {
  for (int bits = 62; bits >= 20; bits--) {
    const size_t stride = ((size_t)1 << bits) / 17 * 17 + 17;
    check(2, window(4, 2, stride, 1, 0, 0), window(5, 3, stride / 17, 1, 1, 0), true, false);
  }
  const size_t far = (size_t)1 << 60;
  const farro_pooling_shape s = {1, single, window(1, 1, far, 1, far, 0), false};
  const float x[1] = {5};
  float y[2] = {0};
  EXPECT(farro_max_pool_f32(&s, x, y, NULL) == FARRO_ERROR_MEMORY, "max_pool far apart");
  EXPECT(farro_average_pool_backward_f32(&s, true, y, y + 1) != FARRO_OK, "average_pool_backward far apart");
}

void check_pooling(void) {
  check_arguments();
  check_padding();
  check_long_strides();
  for (size_t i = 0; i < tail_size_count; i++) {
    const size_t n = tail_sizes[i];
    check(3, single, window(n, 3, 1, 1, 1, 1), i % 2, i % 3 == 0);
    check(2, window(5, 2, 2, 1, 0, 0), window(n, 2, 2, 1, 0, 1), i % 2, false);
    if (n > 0) check(5, window(3, 3, 1, 1, 0, 0), window(n, n, 1, 1, 0, 0), false, i % 2); // global
  }
  check(2, single, window(10000, 10000, 7, 1, 0, 0), true, false);
  check(2, single, window(10000, 10000, 7, 1, 0, 0), true, true);
  check(3, window(112, 3, 2, 1, 1, 1), window(112, 3, 2, 1, 1, 1), false, false);
  for (int i = 0; i < 60; i++) {
    farro_window w[2];
    for (int k = 0; k < 2; k++) {
      w[k] = window(random_below(24), 1 + random_below(4), 1 + random_below(4), 1 + random_below(3), random_below(3),
                    random_below(3));
      if (random_below(4) == 0) w[k].length += 40;
    }
    check(random_below(4), w[0], w[1], random_below(2), random_below(3) == 0);
  }
}
