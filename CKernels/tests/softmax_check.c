#include "check.h"

enum { forward, logarithm, log_sum, backward, log_backward, log_sum_backward, operations };
static const char *const operation_names[operations] = {
    "softmax", "log_softmax", "log_sum_exp", "softmax_backward", "log_softmax_backward", "log_sum_exp_backward"};

// Which options a case has.
enum { no_options, only_temperature, shared_bias, own_keep, repeated_masks, masks };

typedef struct {
  int operation, mask;
  farro_reduction_shape shape;
  bool in_place;
} soft_case;

static size_t elements_of(farro_reduction_shape s) { return s.outer * s.axis * s.inner; }

// Of log-sum-exp and of what comes in from behind it.
static size_t reduced_of(farro_reduction_shape s) { return s.outer * s.inner; }

// The larger, where NaN is larger than all.
static double worse(double worst, double error) { return error <= worst ? worst : error; }

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

// What the header says of one sum, in double.
typedef struct {
  double max, spread, magnitude, total; // D, V, sum |grad_y y| or sum |grad_y|
} soft_facts;

static double roundings(farro_reduction_shape s, double unit) {
  const double n = (double)s.axis, blocks = unit == 0x1p-53 ? n / 64 : 0;
  return (s.inner == 1 ? fmin(n, 4096) / 8 + 8 : fmin(n, 64) + 4) + blocks;
}

#define CHECK_SOFT(type, scalar, unit, smallest, widest)                                                               \
  typedef struct {                                                                                                     \
    soft_case c;                                                                                                       \
    farro_softmax_options options;                                                                                     \
    const farro_softmax_options *some;                                                                                 \
    scalar *x, *y, *grad; /* y: log-sum-exp, softmax or log-softmax of x, for backward operations */                   \
  } operands_##type;                                                                                                   \
                                                                                                                       \
  static void run_##type(const operands_##type *o, const scalar *x, scalar *out) {                                     \
    const farro_reduction_shape *s = &o->c.shape;                                                                      \
    farro_status status = FARRO_OK;                                                                                    \
    if (o->c.operation == forward) status = farro_softmax_axis_##type(s, o->some, x, out);                             \
    if (o->c.operation == logarithm) status = farro_log_softmax_##type(s, o->some, x, out);                            \
    if (o->c.operation == log_sum) status = farro_log_sum_exp_##type(s, o->some, x, out);                              \
    if (o->c.operation == backward)                                                                                    \
      status = farro_softmax_backward_##type(s, o->options.temperature, x, o->grad, out);                              \
    if (o->c.operation == log_backward)                                                                                \
      status = farro_log_softmax_backward_##type(s, o->options.temperature, x, o->grad, out);                          \
    if (o->c.operation == log_sum_backward)                                                                            \
      status = farro_log_sum_exp_backward_##type(s, o->some, x, o->y, o->grad, out);                                   \
    EXPECT(status == FARRO_OK, "%s: status %d", operation_names[o->c.operation], status);                              \
  }                                                                                                                    \
                                                                                                                       \
  static void run_reference_##type(const operands_##type *o, const scalar *x, scalar *out) {                           \
    const farro_reduction_shape *s = &o->c.shape;                                                                      \
    if (o->c.operation == forward) farro_softmax_reference_##type(s, o->some, x, out);                                 \
    if (o->c.operation == logarithm) farro_log_softmax_reference_##type(s, o->some, x, out);                           \
    if (o->c.operation == log_sum) farro_log_sum_exp_reference_##type(s, o->some, x, out);                             \
    if (o->c.operation == backward)                                                                                    \
      farro_softmax_backward_reference_##type(s, o->options.temperature, x, o->grad, out);                             \
    if (o->c.operation == log_backward)                                                                                \
      farro_log_softmax_backward_reference_##type(s, o->options.temperature, x, o->grad, out);                         \
    if (o->c.operation == log_sum_backward)                                                                            \
      farro_log_sum_exp_backward_reference_##type(s, o->some, x, o->y, o->grad, out);                                  \
  }                                                                                                                    \
                                                                                                                       \
  static double logit_##type(const operands_##type *o, size_t i, size_t within, double *magnitude) {                   \
    const size_t block = o->c.shape.axis * o->c.shape.inner;                                                           \
    const double x = (double)o->x[i * block + within];                                                                 \
    if (!o->some) return *magnitude = 0, x;                                                                            \
    const farro_softmax_options *m = o->some;                                                                          \
    const scalar *bias = m->bias;                                                                                      \
    const size_t keep_block = m->keep_blocks ? m->keep_blocks[i] : i;                                                  \
    const size_t bias_block = m->bias_blocks ? m->bias_blocks[i] : i;                                                  \
    if (m->keep && !m->keep[keep_block * m->keep_stride + within]) return *magnitude = 0, -INFINITY;                   \
    const double added = bias ? (double)bias[bias_block * m->bias_stride + within] : 0;                                \
    *magnitude = fabs(x / m->temperature) + (isinf(added) ? 0 : fabs(added));                                          \
    return x / m->temperature + added;                                                                                 \
  }                                                                                                                    \
                                                                                                                       \
  static soft_facts facts_##type(const operands_##type *o, size_t i, size_t column) {                                  \
    const farro_reduction_shape s = o->c.shape;                                                                        \
    const bool is_log = o->c.operation == log_backward;                                                                \
    soft_facts f = {-INFINITY, 0, 0, 0};                                                                               \
    double magnitude;                                                                                                  \
    for (size_t row = 0; row < s.axis; row++)                                                                          \
      f.max = fmax(f.max, logit_##type(o, i, row * s.inner + column, &magnitude));                                     \
    for (size_t row = 0; row < s.axis; row++) {                                                                        \
      const double d = f.max - logit_##type(o, i, row * s.inner + column, &magnitude);                                 \
      if (d < (unit == 0x1p-53 ? 746 : 104)) f.spread = fmax(f.spread, d);                                             \
      if (d < INFINITY) f.magnitude = fmax(f.magnitude, magnitude);                                                    \
      const size_t at = (i * s.axis + row) * s.inner + column;                                                         \
      if (o->c.operation == backward || is_log)                                                                        \
        f.total += fabs((double)o->grad[at] * (is_log ? !isinf(o->y[at]) : (double)o->y[at]));                         \
    }                                                                                                                  \
    return f;                                                                                                          \
  }                                                                                                                    \
                                                                                                                       \
  /* The header's bound at an element, and a rounding of the reference. */                                             \
  static double bound_##type(const operands_##type *o, soft_facts f, size_t i, size_t within, double right) {          \
    const farro_reduction_shape s = o->c.shape;                                                                        \
    const size_t at = i * s.axis * s.inner + within, column = within % s.inner;                                        \
    const double h = roundings(s, unit), warmth = o->options.temperature;                                              \
    double magnitude;                                                                                                  \
    const double v = o->c.operation == log_sum ? 0 : logit_##type(o, i, within, &magnitude), d = f.max - v;            \
    const double own = unit * fabs(right) + smallest;                                                                  \
    switch (o->c.operation) {                                                                                          \
    case forward:                                                                                                      \
      return ((d < INFINITY ? d : 0) + f.spread + 6 * f.magnitude + h + 8) * unit * right + own;                       \
    case logarithm:                                                                                                    \
      return (f.spread + 6 * f.magnitude + h + 12) * unit + 3 * unit * fabs(right) + own;                              \
    case log_sum:                                                                                                      \
      return (f.spread + 6 * f.magnitude + h + 12) * unit + 2 * unit * fabs(right) + own;                              \
    case backward:                                                                                                     \
      return ((h + 4) * f.total + 4 * fabs((double)o->grad[at])) * unit * (double)o->y[at] / warmth + own;             \
    case log_backward:                                                                                                 \
      return ((h + 6) * exp((double)o->y[at]) * f.total + 4 * fabs((double)o->grad[at])) * unit / warmth + own;        \
    default: {                                                                                                         \
      const double below = fabs(v - (double)o->y[i * s.inner + column]);                                               \
      return ((below < INFINITY ? below : 0) + 6 * f.magnitude + 6) * unit * fabs(right) + own;                        \
    }                                                                                                                  \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  static void check_case_##type(soft_case c) {                                                                         \
    const farro_reduction_shape s = c.shape;                                                                           \
    const size_t count = elements_of(s), block = s.axis * s.inner;                                                     \
    const size_t results = c.operation == log_sum ? reduced_of(s) : count;                                             \
    const size_t grads = c.operation == log_sum_backward ? reduced_of(s) : count;                                      \
    const size_t bytes = count * sizeof(scalar), result_bytes = results * sizeof(scalar),                              \
                 y_bytes = c.operation == log_sum_backward ? grads * sizeof(scalar) : bytes;                           \
    operands_##type o = {.c = c, .options = {.temperature = c.mask == no_options ? 1 : 0.7}};                          \
    o.x = guarded_allocate(bytes), o.grad = guarded_allocate(grads * sizeof(scalar));                                  \
    scalar *y = guarded_allocate(y_bytes), *bias = guarded_allocate(bytes), *out = guarded_allocate(result_bytes);     \
    scalar *expected = guarded_allocate(result_bytes), *serial = guarded_allocate(result_bytes);                       \
    uint8_t *keep = guarded_allocate(count);                                                                           \
    size_t *repeats = guarded_allocate(s.outer * sizeof *repeats);                                                     \
    fill_##type(o.x, count), fill_##type(o.grad, grads), fill_##type(bias, count);                                     \
    for (size_t i = 0; i < count; i++) {                                                                               \
      o.x[i] *= (scalar)(widest), keep[i] = random_below(3) != 0, bias[i] *= 5;                                        \
      if (i / s.inner % 5 == 1) bias[i] = (scalar) - INFINITY;                                                         \
    }                                                                                                                  \
    for (size_t i = 0; i < s.outer; i++) repeats[i] = i / 2;                                                           \
    for (size_t i = 0; i < block && i < count; i++)                                                                    \
      if (i % s.inner == 0) keep[i] = 0; /* a row or column of which nothing is kept */                                \
    if (c.mask == shared_bias || c.mask == repeated_masks) o.options.bias = bias;                                      \
    if (c.mask == own_keep || c.mask == repeated_masks) o.options.keep = keep;                                         \
    if (c.mask != shared_bias) o.options.keep_stride = o.options.bias_stride = block;                                  \
    if (c.mask == repeated_masks) o.options.keep_blocks = o.options.bias_blocks = repeats;                             \
    o.some = c.mask == no_options ? NULL : &o.options;                                                                 \
    o.y = y;                                                                                                           \
    if (c.operation == backward) farro_softmax_reference_##type(&s, o.some, o.x, y);                                   \
    if (c.operation == log_backward) farro_log_softmax_reference_##type(&s, o.some, o.x, y);                           \
    if (c.operation == log_sum_backward) farro_log_sum_exp_reference_##type(&s, o.some, o.x, y);                       \
    const scalar *in = c.operation == backward || c.operation == log_backward ? y : o.x;                               \
    run_reference_##type(&o, in, expected);                                                                            \
    if (c.in_place) memcpy(out, in, result_bytes), memcpy(serial, in, result_bytes);                                   \
    run_##type(&o, c.in_place ? out : in, out);                                                                        \
    farro_set_local_threads(1, NULL);                                                                                  \
    run_##type(&o, c.in_place ? serial : in, serial);                                                                  \
    farro_set_local_threads(0, NULL);                                                                                  \
    char text[160];                                                                                                    \
    snprintf(text, sizeof text, #type " %s (%zu, %zu, %zu) mask %d%s", operation_names[c.operation], s.outer, s.axis,  \
             s.inner, c.mask, c.in_place ? " in place" : "");                                                          \
    EXPECT(results == 0 || memcmp(out, serial, result_bytes) == 0, "%s: bits depend on threads", text);                \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < s.outer; i++)                                                                               \
      for (size_t column = 0; column < s.inner; column++) {                                                            \
        const soft_facts f = facts_##type(&o, i, column);                                                              \
        for (size_t row = 0; row < (c.operation == log_sum ? 1 : s.axis); row++) {                                     \
          const size_t within = row * s.inner + column;                                                                \
          const size_t at = c.operation == log_sum ? i * s.inner + column : i * block + within;                        \
          const double got = (double)out[at], right = (double)expected[at];                                            \
          if (!same(got, right)) worst = worse(worst, fabs(got - right) / bound_##type(&o, f, i, within, right));      \
        }                                                                                                              \
      }                                                                                                                \
    EXPECT(worst <= 1, "%s: %g of the bound", text, worst);                                                            \
    guarded_free(o.x, bytes), guarded_free(o.grad, grads * sizeof(scalar)), guarded_free(y, y_bytes);                  \
    guarded_free(bias, bytes), guarded_free(out, result_bytes), guarded_free(expected, result_bytes);                  \
    guarded_free(serial, result_bytes), guarded_free(keep, count);                                                     \
    guarded_free(repeats, s.outer * sizeof *repeats);                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  /* Past the caches and through them, the same bits: in place, all stores are plain. */                               \
  static void check_streaming_##type(int operation, farro_reduction_shape shape, size_t skew) {                        \
    const size_t count = elements_of(shape), held = count + skew + 1, bytes = held * sizeof(scalar);                   \
    scalar *x = farro_allocate(bytes), *y = farro_allocate(bytes), *small = farro_allocate(bytes);                     \
    fill_##type(x, 4096 + 1), fill_##type(small, count);                                                               \
    for (size_t i = 4096 + 1; i < held; i++) x[i] = x[i - (4096 + 1)];                                                 \
    const bool is_reduced = operation == log_sum_backward;                                                             \
    const operands_##type o = {.c = {.operation = operation, .shape = shape},                                          \
                               .options = {.temperature = 1},                                                          \
                               .y = small,                                                                             \
                               .grad = is_reduced ? small : x + 1};                                                    \
    run_##type(&o, x + skew, y + skew);                                                                                \
    if (!is_reduced && operation > log_sum) { /* grad_y is another operand */                                          \
      scalar *grad = farro_allocate(bytes + sizeof *grad);                                                             \
      memcpy(grad, x, bytes);                                                                                          \
      operands_##type apart = o;                                                                                       \
      apart.grad = grad + 1;                                                                                           \
      run_##type(&apart, x + skew, x + skew);                                                                          \
      farro_release(grad, bytes + sizeof *grad);                                                                       \
    } else {                                                                                                           \
      run_##type(&o, x + skew, x + skew);                                                                              \
    }                                                                                                                  \
    EXPECT(memcmp(x + skew, y + skew, count * sizeof *x) == 0, #type " %s (%zu, %zu, %zu): streaming differs",         \
           operation_names[operation], shape.outer, shape.axis, shape.inner);                                          \
    farro_release(x, bytes), farro_release(y, bytes), farro_release(small, bytes);                                     \
  }

CHECK_SOFT(f32, float, 0x1p-24, 0x1p-126, 40.0)
CHECK_SOFT(f64, double, 0x1p-53, 0x1p-1022, 300.0)

static void check_shape(int operation, int mask, size_t outer, size_t axis, size_t inner) {
  soft_case c = {operation, mask, {outer, axis, inner}, false};
  check_case_f32(c);
  check_case_f64(c);
  c.in_place = operation != log_sum;
  check_case_f32(c);
  check_case_f64(c);
}

// ---- bf16: the kernels of f32 between two conversions ----

static void check_bf16(int operation, size_t outer, size_t axis, size_t inner) {
  const farro_reduction_shape s = {outer, axis, inner};
  const size_t count = elements_of(s), results = operation == log_sum ? reduced_of(s) : count;
  uint16_t *x = guarded_allocate(2 * count), *grad = guarded_allocate(2 * count), *y = guarded_allocate(2 * count);
  float *wide = farro_allocate(4 * count), *wide_grad = farro_allocate(4 * count), *right = farro_allocate(4 * count);
  float *got = farro_allocate(4 * count), *wide_y = farro_allocate(4 * count);
  fill_f32(wide, count), fill_f32(wide_grad, count), fill_f32(wide_y, count);
  const bool has_shares = operation == backward; // y of softmax is positive, of log-softmax negative
  for (size_t i = 0; i < count; i++)
    wide[i] = has_shares ? fabsf(wide[i]) : wide[i] * 4 - (operation > log_sum ? 4 : 0);
  uint16_t *reduced = guarded_allocate(2 * count);
  farro_convert_f32_to_bf16(count, wide, x), farro_convert_f32_to_bf16(count, wide_grad, grad);
  farro_convert_f32_to_bf16(count, wide_y, reduced);
  farro_convert_bf16_to_f32(count, x, wide), farro_convert_bf16_to_f32(count, grad, wide_grad);
  farro_convert_bf16_to_f32(count, reduced, wide_y);
  const operands_f32 o = {
      .c = {operation, no_options, s, false}, .options = {.temperature = 1}, .grad = wide_grad, .y = wide_y};
  run_reference_f32(&o, wide, right);
  farro_status status = FARRO_OK;
  if (operation == forward) status = farro_softmax_axis_bf16(&s, NULL, x, y);
  if (operation == logarithm) status = farro_log_softmax_bf16(&s, NULL, x, y);
  if (operation == log_sum) status = farro_log_sum_exp_bf16(&s, NULL, x, y);
  if (operation == backward) status = farro_softmax_backward_bf16(&s, 1, x, grad, y);
  if (operation == log_backward) status = farro_log_softmax_backward_bf16(&s, 1, x, grad, y);
  if (operation == log_sum_backward) status = farro_log_sum_exp_backward_bf16(&s, NULL, x, reduced, grad, y);
  EXPECT(status == FARRO_OK, "bf16 %s: status %d", operation_names[operation], status);
  farro_convert_bf16_to_f32(results, y, got);
  double worst = 0;
  for (size_t i = 0; i < results; i++) { // what f32 loses is little beside the last rounding
    const double spare = operation > log_sum ? (double)axis * 0x1p-18 : 0x1p-16;
    const double allowed = 0x1.02p-8 * fabs((double)right[i]) + spare * (operation == forward ? (double)right[i] : 1);
    if (got[i] != right[i]) worst = worse(worst, fabs((double)got[i] - (double)right[i]) / (allowed + 0x1p-126));
  }
  EXPECT(worst <= 1, "bf16 %s (%zu, %zu, %zu): %g of the bound", operation_names[operation], outer, axis, inner, worst);
  guarded_free(x, 2 * count), guarded_free(grad, 2 * count), guarded_free(y, 2 * count),
      guarded_free(reduced, 2 * count);
  farro_release(wide, 4 * count), farro_release(wide_grad, 4 * count), farro_release(right, 4 * count);
  farro_release(got, 4 * count), farro_release(wide_y, 4 * count);
}

// ---- special values ----

// One special value at each of some places of rows and of columns, short ones and long ones.
static void check_special_values(size_t axis, size_t inner) {
  const float specials[] = {NAN, INFINITY, -INFINITY, 1e30f};
  const farro_reduction_shape s = {1, axis, inner};
  float *x = farro_allocate(axis * inner * sizeof *x), *y = farro_allocate(axis * inner * sizeof *y);
  float *sums = farro_allocate(inner * sizeof *sums), *ones = farro_allocate(inner * sizeof *ones);
  for (size_t i = 0; i < inner; i++) ones[i] = 1;
  for (size_t special = 0; special < 4; special++)
    for (size_t row = 0; row < axis; row += axis / 13 + 1) {
      fill_f32(x, axis * inner);
      const size_t at = row * inner + inner / 2, beside = (row + 1) % axis * inner + inner / 2;
      x[at] = specials[special];
      farro_softmax_axis_f32(&s, NULL, x, y);
      const bool is_right = special < 2    ? isnan(y[at]) && isnan(y[beside])
                            : special == 2 ? y[at] == 0 && y[beside] > 0
                                           : y[at] == 1 && y[beside] == 0;
      EXPECT(is_right, "softmax (%zu, %zu): %g at %zu: %g", axis, inner, (double)x[at], row, (double)y[at]);
      if (inner > 1) EXPECT(y[at - 1] > 0, "softmax (%zu, %zu): %g beside its column", axis, inner, (double)y[at - 1]);
      farro_log_softmax_f32(&s, NULL, x, y);
      const bool is_log_right = special < 2    ? isnan(y[at]) && isnan(y[beside])
                                : special == 2 ? y[at] == -INFINITY && y[beside] < 0
                                               : y[at] == 0 && y[beside] == -1e30f;
      EXPECT(is_log_right, "log_softmax (%zu, %zu): %g at %zu: %g", axis, inner, (double)x[at], row, (double)y[at]);
      farro_log_sum_exp_f32(&s, NULL, x, sums);
      const float sum = sums[inner / 2];
      EXPECT(special == 2 ? sum > 0 : same((double)sum, (double)specials[special]),
             "log_sum_exp (%zu, %zu): %g at %zu: %g", axis, inner, (double)x[at], row, (double)sum);
    }
  for (size_t i = 0; i < axis * inner; i++) x[i] = -INFINITY;
  farro_softmax_axis_f32(&s, NULL, x, y);
  EXPECT(isnan(y[0]) && isnan(y[axis * inner - 1]), "softmax of -infinity alone: %g", (double)y[0]);
  farro_log_softmax_f32(&s, NULL, x, y);
  EXPECT(isnan(y[0]) && isnan(y[axis * inner - 1]), "log_softmax of -infinity alone: %g", (double)y[0]);
  farro_log_sum_exp_f32(&s, NULL, x, sums);
  EXPECT(sums[0] == -INFINITY && sums[inner - 1] == -INFINITY, "log_sum_exp of -infinity: %g", (double)sums[0]);
  // What is left out does not matter, NaN included; nothing left is 0.
  uint8_t *keep = farro_allocate(axis * inner);
  for (size_t kept = 0; kept < 2; kept++) {
    fill_f32(x, axis * inner);
    for (size_t i = 0; i < axis * inner; i++) {
      keep[i] = kept && i / inner % 2 == 0;
      if (!keep[i]) x[i] = specials[i / inner % 3];
    }
    const farro_softmax_options options = {.temperature = 1, .keep = keep, .keep_stride = axis * inner};
    farro_softmax_axis_f32(&s, &options, x, y);
    bool is_right = true;
    for (size_t i = 0; i < axis * inner; i++) is_right = is_right && (keep[i] ? y[i] > 0 : y[i] == 0);
    EXPECT(is_right, "softmax (%zu, %zu) of some kept elements: %zu", axis, inner, kept);
    farro_log_softmax_f32(&s, &options, x, y);
    for (size_t i = 0; i < axis * inner; i++) is_right = is_right && (keep[i] ? y[i] > -INFINITY : y[i] == -INFINITY);
    EXPECT(is_right, "log_softmax (%zu, %zu) of some kept elements: %zu", axis, inner, kept);
    farro_log_sum_exp_f32(&s, &options, x, sums);
    EXPECT(kept ? sums[0] > -1 : sums[0] == -INFINITY, "log_sum_exp of some kept elements: %g", (double)sums[0]);
    farro_log_sum_exp_backward_f32(&s, &options, x, sums, ones, y);
    if (!kept) EXPECT(y[0] == 0 && y[axis * inner - 1] == 0, "log_sum_exp_backward of none: %g", (double)y[0]);
  }
  farro_release(x, axis * inner * sizeof *x), farro_release(y, axis * inner * sizeof *y);
  farro_release(sums, inner * sizeof *sums), farro_release(ones, inner * sizeof *ones);
  farro_release(keep, axis * inner);
}

// Rows longer than a block whose blocks differ: nothing but -infinity first, then ever greater.
static void check_rising_row(void) {
  enum { n = 3 * 4096 + 5 };
  static float x[n], y[n], expected[n];
  const farro_reduction_shape s = {1, n, 1}, column = {1, n / 2, 2};
  for (size_t i = 0; i < n; i++) x[i] = i < 4100 ? -INFINITY : (float)random_unit() + (float)(i / 4096) * 20;
  for (size_t k = 0; k < 2; k++) {
    farro_softmax_axis_f32(k ? &column : &s, NULL, x, y);
    farro_softmax_reference_f32(k ? &column : &s, NULL, x, expected);
    double worst = 0;
    for (size_t i = 0; i < n / 2 * 2; i++) {
      const double allowed = (2 * 62 + roundings(s, 0x1p-24) + 9) * 0x1p-24 * (double)expected[i] + 0x1p-126;
      if (y[i] != expected[i]) worst = worse(worst, fabs((double)y[i] - (double)expected[i]) / allowed);
    }
    EXPECT(worst <= 1, "softmax of a rising row or column: %g of the bound", worst);
  }
}

static void check_arguments(void) {
  float x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, y[8] = {9};
  const farro_reduction_shape s = {2, 4, 1}, empty = {2, 0, 1};
  const farro_softmax_options cold = {.temperature = 0}, none = {.temperature = NAN};
  EXPECT(farro_softmax_f32(2, 4, x, 3, y, 4) == FARRO_ERROR_ARGUMENT, "x_row below columns");
  EXPECT(farro_softmax_f32(2, 4, x, 4, y, 3) == FARRO_ERROR_ARGUMENT, "y_row below columns");
  EXPECT(farro_softmax_axis_f32(&s, &cold, x, y) == FARRO_ERROR_ARGUMENT, "a temperature of 0");
  EXPECT(farro_log_softmax_f32(&s, &none, x, y) == FARRO_ERROR_ARGUMENT, "a temperature that is not a number");
  EXPECT(farro_softmax_backward_f32(&s, -1, x, x, y) == FARRO_ERROR_ARGUMENT, "a negative temperature");
  EXPECT(y[0] == 9, "a refused call wrote");
  EXPECT(farro_softmax_f32(2, 3, x, 4, y, 3) == FARRO_OK && fabsf(y[0] - y[3]) < 1e-6f, "rows with a gap: %g",
         (double)y[3]);
  EXPECT(farro_log_sum_exp_f32(&empty, NULL, NULL, y) == FARRO_OK && y[1] == -INFINITY, "an empty sum: %g",
         (double)y[1]);
}

// A temperature above all numbers makes all elements alike; rows that end within a vector too.
static void check_great_temperature(void) {
  const float x[] = {1, 2, 3, 4, 5, 6};
  const farro_softmax_options options = {.temperature = 1e300};
  for (size_t n = 1; n <= 6; n++) {
    const farro_reduction_shape shape = {1, n, 1};
    float shares[6], log_sum;
    farro_softmax_axis_f32(&shape, &options, x, shares);
    farro_log_sum_exp_f32(&shape, &options, x, &log_sum);
    EXPECT(fabsf(shares[n - 1] * (float)n - 1) < 1e-6f, "%zu alike: a share of %g", n, (double)shares[n - 1]);
    EXPECT(fabsf(log_sum - logf((float)n)) < 1e-6f, "%zu alike: log-sum %g", n, (double)log_sum);
  }
}

void check_softmax(void) {
  check_great_temperature();
  check_arguments();
  check_rising_row();
  check_special_values(37, 1);
  check_special_values(5000, 1);
  check_special_values(37, 5);
  check_special_values(2000, 19);
  for (int operation = 0; operation < operations; operation++) {
    for (size_t i = 0; i < tail_size_count; i++) {
      check_shape(operation, (int)i % masks, i % 4 + 1, tail_sizes[i], 1);
      check_shape(operation, (int)(i + 2) % masks, i % 3, 1 + i % 7, tail_sizes[i]);
    }
    for (int mask = 0; mask < masks; mask++) {
      check_shape(operation, mask, 3, 700, 1);
      check_shape(operation, mask, 3, 4500, 1);
      check_shape(operation, mask, 2, 70, 21);
      check_shape(operation, mask, 1, 1100, 33); // read twice
    }
    check_shape(operation, no_options, 300, 700, 1); // several ranges
    check_shape(operation, own_keep, 3, 40, 700);    // several tiles
    check_bf16(operation, 3, 1000, 1);
    check_bf16(operation, 2, 4500, 1);
    check_bf16(operation, 3, 37, 45);
    if (operation == log_sum) continue;
    check_streaming_f32(operation, (farro_reduction_shape){4200, 1031, 1}, 3); // 17 MB written
    check_streaming_f32(operation, (farro_reduction_shape){4, 100, 12800}, 0);
    check_streaming_f64(operation, (farro_reduction_shape){3000, 777, 1}, 1);
  }
}
