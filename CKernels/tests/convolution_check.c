#include "check.h"

// The larger, where NaN is larger than all.
static double worse(double worst, double error) { return error <= worst ? worst : error; }

static farro_window window(size_t length, size_t size, size_t stride, size_t dilation, size_t before, size_t after) {
  return (farro_window){length, size, stride, dilation, before, after};
}

static const farro_window single = {1, 1, 1, 1, 0, 0};

static void describe(char *text, size_t size, const farro_convolution_shape *s) {
  const farro_window *r = &s->rows, *c = &s->columns;
  snprintf(
      text, size,
      "(%zu, %zu -> %zu / %zu) rows %zu size %zu stride %zu dilation %zu pads %zu %zu, columns %zu size %zu stride "
      "%zu dilation %zu pads %zu %zu",
      s->batch, s->channels, s->filters, s->groups, r->length, r->size, r->stride, r->dilation, r->pad_before,
      r->pad_after, c->length, c->size, c->stride, c->dilation, c->pad_before, c->pad_after);
}

static size_t count_of_x(const farro_convolution_shape *s) {
  return s->batch * s->channels * s->rows.length * s->columns.length;
}
static size_t count_of_weight(const farro_convolution_shape *s) {
  return s->filters * (s->channels / s->groups) * s->rows.size * s->columns.size;
}
static size_t outputs_of(const farro_convolution_shape *s) {
  return farro_window_outputs(&s->rows, false) * farro_window_outputs(&s->columns, false);
}

enum { forward, of_x, of_weight, of_bias, functions };
static const char *const names[functions] = {"convolution", "backward_x", "backward_weight", "backward_bias"};

// The worst error of each function, as a share of the header's bound, whose sum of products is that of the magnitudes;
// and whether one thread gives the same bits.
#define CHECK(type, scalar, unit)                                                                                      \
  typedef struct {                                                                                                     \
    scalar *x, *weight, *bias, *y;                                                                                     \
  } operands_##type;                                                                                                   \
                                                                                                                       \
  static farro_status run_##type(int function, const farro_convolution_shape *s, operands_##type o,                    \
                                 farro_activation activation, scalar *to) {                                            \
    if (function == forward) return farro_convolution_##type(s, o.x, o.weight, o.bias, activation, to);                \
    if (function == of_x) return farro_convolution_backward_x_##type(s, o.y, o.weight, to);                            \
    if (function == of_weight) return farro_convolution_backward_weight_##type(s, o.y, o.x, to);                       \
    return farro_convolution_backward_bias_##type(s, o.y, to);                                                         \
  }                                                                                                                    \
                                                                                                                       \
  static void run_reference_##type(int function, const farro_convolution_shape *s, operands_##type o,                  \
                                   farro_activation activation, scalar *to) {                                          \
    if (function == forward)                                                                                           \
      farro_convolution_reference_##type(s, o.x, o.weight, o.bias, activation, to);                                    \
    else if (function == of_x)                                                                                         \
      farro_convolution_backward_x_reference_##type(s, o.y, o.weight, to);                                             \
    else if (function == of_weight)                                                                                    \
      farro_convolution_backward_weight_reference_##type(s, o.y, o.x, to);                                             \
    else                                                                                                               \
      farro_convolution_backward_bias_reference_##type(s, o.y, to);                                                    \
  }                                                                                                                    \
                                                                                                                       \
  static scalar *magnitudes_##type(const scalar *x, size_t count) {                                                    \
    scalar *to = guarded_allocate(count * sizeof *to);                                                                 \
    for (size_t i = 0; i < count; i++) to[i] = (scalar)fabs((double)x[i]);                                             \
    return to;                                                                                                         \
  }                                                                                                                    \
                                                                                                                       \
  static void check_##type(const farro_convolution_shape *s, bool has_bias, farro_activation activation) {             \
    const size_t outputs = outputs_of(s), count_x = count_of_x(s), count_weight = count_of_weight(s);                  \
    const size_t count_y = s->batch * s->filters * outputs, taps = s->rows.size * s->columns.size;                     \
    const size_t counts[functions] = {count_y, count_x, count_weight, s->filters};                                     \
    const size_t depths[functions] = {s->channels / s->groups * taps, s->filters / s->groups * taps,                   \
                                      s->batch * outputs,                                                              \
                                      520 + (size_t)((double)(s->batch * outputs) * 0x1p-53 / unit)};                  \
    operands_##type o = {guarded_allocate(count_x * sizeof(scalar)), guarded_allocate(count_weight * sizeof(scalar)),  \
                         guarded_allocate(s->filters * sizeof(scalar)), guarded_allocate(count_y * sizeof(scalar))};   \
    fill_##type(o.x, count_x), fill_##type(o.weight, count_weight), fill_##type(o.bias, s->filters);                   \
    fill_##type(o.y, count_y);                                                                                         \
    operands_##type m = {magnitudes_##type(o.x, count_x), magnitudes_##type(o.weight, count_weight),                   \
                         magnitudes_##type(o.bias, s->filters), magnitudes_##type(o.y, count_y)};                      \
    operands_##type given = o, sizes = m;                                                                              \
    if (!has_bias) given.bias = sizes.bias = NULL;                                                                     \
    char text[256];                                                                                                    \
    describe(text, sizeof text, s);                                                                                    \
    for (int function = 0; function < functions; function++) {                                                         \
      const size_t count = counts[function], bytes = count * sizeof(scalar);                                           \
      scalar *got = guarded_allocate(bytes), *right = guarded_allocate(bytes), *bound = guarded_allocate(bytes);       \
      scalar *serial = guarded_allocate(bytes);                                                                        \
      for (size_t i = 0; i < count; i++) got[i] = serial[i] = (scalar)NAN;                                             \
      const farro_status status = run_##type(function, s, given, activation, got);                                     \
      EXPECT(status == FARRO_OK, "%s_" #type " %s: status %d", names[function], text, status);                         \
      farro_set_local_threads(1, NULL);                                                                                \
      run_##type(function, s, given, activation, serial);                                                              \
      farro_set_local_threads(0, NULL);                                                                                \
      EXPECT(memcmp(got, serial, bytes) == 0, "%s_" #type " %s: bits depend on threads", names[function], text);       \
      run_reference_##type(function, s, given, activation, right);                                                     \
      run_reference_##type(function, s, sizes, FARRO_ACTIVATION_NONE, bound);                                          \
      double worst = 0; /* with the reference's roundings; activations here at most grow an error by 1.13 */           \
      for (size_t i = 0; i < count; i++) {                                                                             \
        const double more = function == forward && activation ? 1.13 : 1;                                              \
        const double allowed = more * ((double)depths[function] + 5) * unit * (double)bound[i] +                       \
                               (activation ? 6 * unit * fabs((double)right[i]) : 0);                                   \
        const double error = fabs((double)got[i] - (double)right[i]);                                                  \
        worst = worse(worst, error == 0 ? 0 : error / allowed);                                                        \
      }                                                                                                                \
      EXPECT(worst <= 1, "%s_" #type " %s: %g of the bound", names[function], text, worst);                            \
      guarded_free(got, bytes), guarded_free(right, bytes), guarded_free(bound, bytes), guarded_free(serial, bytes);   \
    }                                                                                                                  \
    guarded_free(o.x, count_x * sizeof(scalar)), guarded_free(o.weight, count_weight * sizeof(scalar));                \
    guarded_free(o.bias, s->filters * sizeof(scalar)), guarded_free(o.y, count_y * sizeof(scalar));                    \
    guarded_free(m.x, count_x * sizeof(scalar)), guarded_free(m.weight, count_weight * sizeof(scalar));                \
    guarded_free(m.bias, s->filters * sizeof(scalar)), guarded_free(m.y, count_y * sizeof(scalar));                    \
  }

CHECK(f32, float, 0x1p-24)
CHECK(f64, double, 0x1p-53)

static void check(farro_convolution_shape s, bool has_bias, farro_activation activation) {
  check_f32(&s, has_bias, activation);
  check_f64(&s, has_bias, activation);
}

static void check_outputs(void) {
  const farro_window five = window(5, 3, 2, 1, 0, 0), six = window(6, 3, 2, 1, 0, 0),
                     dilated = window(7, 3, 1, 3, 0, 0);
  EXPECT(farro_window_outputs(&five, false) == 2 && farro_window_outputs(&six, false) == 2, "rounded down");
  EXPECT(farro_window_outputs(&six, true) == 3 && farro_window_outputs(&five, true) == 2, "rounded up");
  EXPECT(farro_window_outputs(&dilated, false) == 1, "a dilated window as long as the axis");
  const farro_window padded = window(4, 2, 3, 1, 0, 1); // the third window would begin in the padding
  EXPECT(farro_window_outputs(&padded, true) == 2, "a window that begins behind the axis");
  const farro_window wide = window(2, 3, 1, 1, 0, 0), none = window(2, 0, 1, 1, 0, 0);
  EXPECT(farro_window_outputs(&wide, false) == 0 && farro_window_outputs(&none, true) == 0,
         "a window that does not fit");
  const farro_window huge = window(SIZE_MAX, 1, 1, 1, 1, 0);
  EXPECT(farro_window_outputs(&huge, false) == 0, "a length that overflows");
}

static void check_arguments(void) {
  float x[16] = {0}, weight[16] = {0}, y[16] = {7};
  farro_convolution_shape s = {1, 2, 2, 1, single, window(4, 2, 1, 1, 0, 0)};
  EXPECT(farro_convolution_f32(&s, x, weight, NULL, FARRO_ACTIVATION_NONE, y) == FARRO_OK && y[0] == 0, "a small call");
  y[0] = 7;
  s.groups = 3;
  EXPECT(farro_convolution_f32(&s, x, weight, NULL, FARRO_ACTIVATION_NONE, y) == FARRO_ERROR_ARGUMENT, "2 / 3 groups");
  s.groups = 0;
  EXPECT(farro_convolution_f32(&s, x, weight, NULL, FARRO_ACTIVATION_NONE, y) == FARRO_ERROR_ARGUMENT, "0 groups");
  s.groups = 1, s.columns.stride = 0;
  EXPECT(farro_convolution_f32(&s, x, weight, NULL, FARRO_ACTIVATION_NONE, y) == FARRO_ERROR_ARGUMENT, "stride 0");
  s.columns.stride = 1;
  EXPECT(farro_convolution_f32(&s, x, weight, NULL, FARRO_ACTIVATION_FUSED, y) == FARRO_ERROR_ARGUMENT, "activation");
  EXPECT(farro_convolution_f32(&s, y, weight, NULL, FARRO_ACTIVATION_NONE, y) == FARRO_ERROR_ARGUMENT, "in place");
  s.batch = SIZE_MAX / 4;
  EXPECT(farro_convolution_f32(&s, x, weight, NULL, FARRO_ACTIVATION_NONE, y) == FARRO_ERROR_ARGUMENT, "overflow");
  EXPECT(y[0] == 7, "a refused call wrote");
}

// Each tail of columns, with a padding that differs at the ends.
static void check_tails(void) {
  for (size_t i = 0; i < tail_size_count; i++) {
    const size_t length = tail_sizes[i];
    check((farro_convolution_shape){1, 2, 5, 1, single, window(length, 3, 1, 1, 1, 0)}, i % 2, FARRO_ACTIVATION_NONE);
    check((farro_convolution_shape){2, 3, 3, 3, single, window(length, 3, 1 + i % 3, 1, 2, 1)}, i % 2,
          FARRO_ACTIVATION_NONE);
    check((farro_convolution_shape){1, length, 3, 1, window(3, 2, 1, 1, 0, 1), window(5, 3, 2, 1, 1, 1)}, true,
          FARRO_ACTIVATION_RELU);
    check((farro_convolution_shape){1, 3, length, 1, window(4, 2, 1, 1, 0, 0), window(6, 2, 1, 1, 0, 1)}, i % 2,
          FARRO_ACTIVATION_NONE);
    check((farro_convolution_shape){1, 4, 6, 2, window(length, 1, 1, 1, 0, 0), window(3, 1, 1, 1, 0, 0)}, i % 2,
          FARRO_ACTIVATION_NONE);
  }
}

static void check_random_shapes(size_t groups, size_t group_channels, size_t group_filters) {
  farro_window w[2];
  for (int i = 0; i < 2; i++) {
    w[i] = window(random_below(24), 1 + random_below(4), 1 + random_below(3), 1 + random_below(3), random_below(4),
                  random_below(4));
    if (random_below(4) == 0) w[i].length += 40;
  }
  check((farro_convolution_shape){random_below(4), groups * group_channels, groups * group_filters, groups, w[0], w[1]},
        random_below(2), (farro_activation)random_below(FARRO_ACTIVATION_FUSED));
}

void check_convolution(void) {
  check_outputs();
  check_arguments();
  check_tails();
  for (int i = 0; i < 40; i++) check_random_shapes(1, 1 + random_below(8), 1 + random_below(20));
  for (int i = 0; i < 20; i++) check_random_shapes(1 + random_below(5), 1 + random_below(3), 1 + random_below(9));
  for (int i = 0; i < 40; i++) check_random_shapes(1 + random_below(9), 1, 1 + random_below(3));
  const farro_window three = window(14, 3, 1, 1, 1, 1), one = window(16, 1, 1, 1, 0, 0);
  check((farro_convolution_shape){2, 130, 40, 1, three, three}, true, FARRO_ACTIVATION_GELU); // blocks of k, f32
  check((farro_convolution_shape){1, 1024, 17, 1, one, single}, true, FARRO_ACTIVATION_NONE); // rows that share sets
  check((farro_convolution_shape){1, 40, 150, 1, window(9, 3, 2, 1, 0, 0), three}, false, FARRO_ACTIVATION_NONE);
  check((farro_convolution_shape){3, 2, 2, 2, window(130, 5, 1, 2, 4, 4), window(70, 3, 2, 1, 1, 1)}, true,
        FARRO_ACTIVATION_SILU); // bands of rows
  check((farro_convolution_shape){1, 1, 1, 1, single, window(5000, 7, 1, 1, 3, 3)}, true,
        FARRO_ACTIVATION_NONE);                                                        // bands of columns
  check((farro_convolution_shape){2, 3, 6, 3, one, one}, true, FARRO_ACTIVATION_NONE); // one element to a window
}
