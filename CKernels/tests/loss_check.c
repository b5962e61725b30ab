#include "check.h"

static double worse(double worst, double error) { return error <= worst ? worst : error; }

typedef struct {
  size_t rows, columns, pad;
  int reduction;
  double smoothing; // of cross-entropy
  bool weighted, ignoring;
  int hinge; // its kind, or -1: cross-entropy
  bool in_place, outer;
} loss_case;

static void describe(char *text, size_t size, loss_case c) {
  snprintf(text, size, "%s %d (%zu, %zu) reduction %d smoothing %g%s%s%s", c.hinge < 0 ? "cross_entropy" : "hinge",
           c.hinge, c.rows, c.columns, c.reduction, c.smoothing, c.weighted ? " weighted" : "",
           c.ignoring ? " ignoring" : "", c.in_place ? " in place" : "");
}

enum { ignored = -100 };

#define CHECK_LOSS(type, scalar, unit)                                                                                 \
  static farro_status run_##type(loss_case c, const scalar *x, const int64_t *labels, const scalar *weights,           \
                                 const scalar *outer, bool is_reference, scalar *loss, scalar *grad) {                 \
    const size_t row = c.columns + c.pad;                                                                              \
    const farro_cross_entropy_options entropy = {c.smoothing, ignored, (farro_loss_reduction)c.reduction};             \
    const farro_hinge_options hinge = {(farro_hinge)c.hinge, 0.75, (farro_loss_reduction)c.reduction};                 \
    if (is_reference)                                                                                                  \
      return c.hinge < 0 ? farro_cross_entropy_reference_##type(c.rows, c.columns, x, row, labels, weights, &entropy,  \
                                                                outer, loss, grad, row)                                \
                         : farro_multiclass_hinge_reference_##type(c.rows, c.columns, x, row, labels, &hinge, outer,   \
                                                                   loss, grad, row);                                   \
    if (outer)                                                                                                         \
      return c.hinge < 0 ? farro_cross_entropy_backward_##type(c.rows, c.columns, x, row, labels, weights, &entropy,   \
                                                               outer, grad, row)                                       \
                         : farro_multiclass_hinge_backward_##type(c.rows, c.columns, x, row, labels, &hinge, outer,    \
                                                                  grad, row);                                          \
    return c.hinge < 0                                                                                                 \
               ? farro_cross_entropy_##type(c.rows, c.columns, x, row, labels, weights, &entropy, loss, grad, row)     \
               : farro_multiclass_hinge_##type(c.rows, c.columns, x, row, labels, &hinge, loss, grad, row);            \
  }                                                                                                                    \
                                                                                                                       \
  /* The header's bounds for elements in -4 to 4 and weights in 1/2 to 3/2, and a rounding of the reference. */        \
  static void check_loss_##type(loss_case c) {                                                                         \
    const size_t row = c.columns + c.pad, count = c.rows * row, bytes = count * sizeof(scalar);                        \
    const size_t losses = c.reduction == FARRO_LOSS_NONE ? c.rows : 1;                                                 \
    scalar *x = guarded_allocate(bytes), *grad = guarded_allocate(bytes), *expected = guarded_allocate(bytes);         \
    scalar *serial = guarded_allocate(bytes), *weights = guarded_allocate(c.columns * sizeof *weights);                \
    scalar *loss = guarded_allocate(losses * sizeof *loss), *right = guarded_allocate(losses * sizeof *loss);          \
    scalar *again = guarded_allocate(losses * sizeof *loss), *outer = guarded_allocate(losses * sizeof *outer);        \
    int64_t *labels = guarded_allocate(c.rows * sizeof *labels);                                                       \
    fill_##type(x, count), fill_##type(grad, count), fill_##type(weights, c.columns), fill_##type(outer, losses);      \
    memcpy(expected, grad, bytes);                                                                                     \
    for (size_t i = 0; i < count; i++) x[i] *= 4;                                                                      \
    double divisor = c.reduction == FARRO_LOSS_MEAN ? 0 : 1, all = (double)c.columns;                                  \
    for (size_t j = 0; j < c.columns; j++) weights[j] = 1 + weights[j] / 2;                                            \
    for (size_t i = 0; i < c.rows; i++) {                                                                              \
      labels[i] = c.ignoring && i % 3 == 1 ? ignored : (int64_t)random_below(c.columns);                               \
      if (c.reduction == FARRO_LOSS_MEAN && labels[i] != ignored)                                                      \
        divisor += c.weighted ? (double)weights[labels[i]] : 1;                                                        \
    }                                                                                                                  \
    if (c.weighted) {                                                                                                  \
      all = 0;                                                                                                         \
      for (size_t j = 0; j < c.columns; j++) all += (double)weights[j];                                                \
    }                                                                                                                  \
    const scalar *some_weights = c.weighted ? weights : NULL, *some_outer = c.outer ? outer : NULL;                    \
    run_##type(c, x, labels, some_weights, some_outer, true, right, expected);                                         \
    if (c.in_place) memcpy(grad, x, bytes);                                                                            \
    memcpy(serial, grad, bytes);                                                                                       \
    if (c.in_place && c.pad) /* between the rows nothing is written */                                                 \
      for (size_t i = 0; i < c.rows; i++)                                                                              \
        memcpy(expected + i * row + c.columns, x + i * row + c.columns, c.pad * sizeof *x);                            \
    const farro_status status =                                                                                        \
        run_##type(c, c.in_place ? grad : x, labels, some_weights, some_outer, false, loss, grad);                     \
    farro_set_local_threads(1, NULL);                                                                                  \
    run_##type(c, c.in_place ? serial : x, labels, some_weights, some_outer, false, again, serial);                    \
    farro_set_local_threads(0, NULL);                                                                                  \
    char text[160];                                                                                                    \
    describe(text, sizeof text, c);                                                                                    \
    EXPECT(status == FARRO_OK, #type " %s: status %d", text, status);                                                  \
    EXPECT(count == 0 || memcmp(grad, serial, bytes) == 0, #type " %s: bits depend on threads", text);                 \
    EXPECT(c.outer || losses == 0 || memcmp(loss, again, losses * sizeof *loss) == 0,                                  \
           #type " %s: the loss depends on threads", text);                                                            \
    const double n = (double)c.columns, spread = 8, h = fmin(n, 4096) / 8 + 8 + (unit == 0x1p-53 ? n / 64 : 0);        \
    const double share = c.hinge < 0 ? c.smoothing / n : 0, most = c.weighted ? 1.5 : 1;                               \
    double worst = 0, worst_loss = 0;                                                                                  \
    for (size_t i = 0; i < losses && !c.outer; i++) {                                                                  \
      const double rows = c.reduction == FARRO_LOSS_SUM ? (double)c.rows : 1, deep = log(n) + 9;                       \
      const double allowed =                                                                                           \
          c.hinge < 0 ? rows * most * ((spread + h + 12) * unit * (1 + c.smoothing * (deep + 1)) + 3 * unit * deep)    \
                      : rows * (h + 6) * unit * 20;                                                                    \
      if (loss[i] != right[i] && !(isnan(loss[i]) && isnan(right[i])))                                                 \
        worst_loss = worse(worst_loss,                                                                                 \
                           fabs((double)loss[i] - (double)right[i]) / (allowed + 3 * unit * fabs((double)right[i])));  \
    }                                                                                                                  \
    EXPECT(worst_loss <= 1, #type " %s: loss %g of the bound", text, worst_loss);                                      \
    for (size_t i = 0; i < c.rows; i++) {                                                                              \
      double total = 0, max = -INFINITY;                                                                               \
      for (size_t j = 0; j < c.columns; j++) max = fmax(max, (double)x[i * row + j]);                                  \
      for (size_t j = 0; j < c.columns; j++) total += exp((double)x[i * row + j] - max);                               \
      for (size_t j = 0; j < row && i * row + j < count; j++) {                                                        \
        const double got = (double)grad[i * row + j], wanted = (double)expected[i * row + j];                          \
        const bool is_label = labels[i] == (int64_t)j;                                                                 \
        const double g = (c.outer ? fabs((double)outer[c.reduction == FARRO_LOSS_NONE ? i : 0]) : 1) / divisor;        \
        double allowed = j < c.columns ? 4 * unit * fabs(wanted) : 0;                                                  \
        if (c.hinge < 0 && j < c.columns && labels[i] != ignored) {                                                    \
          const double p = exp((double)x[i * row + j] - max) / total, d = max - (double)x[i * row + j];                \
          const double weight = c.weighted ? (double)weights[j] : 1;                                                   \
          const double labelled = (1 - c.smoothing) * (c.weighted ? (double)weights[labels[i]] : 1);                   \
          allowed = (d + spread + h + 12) * unit * g * (labelled + share * all) * p +                                  \
                    4 * unit * g * ((is_label ? labelled : 0) + share * weight) + unit * fabs(wanted);                 \
        }                                                                                                              \
        if (got != wanted) worst = worse(worst, fabs(got - wanted) / allowed);                                         \
      }                                                                                                                \
    }                                                                                                                  \
    EXPECT(worst <= 1, #type " %s: gradient %g of the bound", text, worst);                                            \
    guarded_free(x, bytes), guarded_free(grad, bytes), guarded_free(expected, bytes), guarded_free(serial, bytes);     \
    guarded_free(weights, c.columns * sizeof *weights), guarded_free(labels, c.rows * sizeof *labels);                 \
    guarded_free(loss, losses * sizeof *loss), guarded_free(right, losses * sizeof *loss);                             \
    guarded_free(again, losses * sizeof *loss), guarded_free(outer, losses * sizeof *outer);                           \
  }                                                                                                                    \
                                                                                                                       \
  static void check_streaming_##type(size_t rows, size_t columns, int hinge) {                                         \
    const loss_case c = {.rows = rows, .columns = columns, .reduction = FARRO_LOSS_MEAN, .hinge = hinge};              \
    const size_t count = rows * columns, bytes = (count + 1) * sizeof(scalar);                                         \
    scalar *x = farro_allocate(bytes), *y = farro_allocate(bytes), loss[2];                                            \
    int64_t *labels = farro_allocate(rows * sizeof *labels);                                                           \
    fill_##type(x, 4096 + 1);                                                                                          \
    for (size_t i = 4096 + 1; i < count + 1; i++) x[i] = x[i - (4096 + 1)];                                            \
    for (size_t i = 0; i < rows; i++) labels[i] = (int64_t)random_below(columns);                                      \
    run_##type(c, x + 1, labels, NULL, NULL, false, loss, y + 1);                                                      \
    run_##type(c, x + 1, labels, NULL, NULL, false, loss + 1, x + 1);                                                  \
    EXPECT(loss[0] == loss[1] && memcmp(x + 1, y + 1, count * sizeof *x) == 0,                                         \
           #type " loss %d (%zu, %zu): streaming differs", hinge, rows, columns);                                      \
    farro_release(x, bytes), farro_release(y, bytes), farro_release(labels, rows * sizeof *labels);                    \
  }

CHECK_LOSS(f32, float, 0x1p-24)
CHECK_LOSS(f64, double, 0x1p-53)

static void check_loss_of(loss_case c) {
  for (int k = 0; k < 4; k++) {
    c.in_place = k % 2 == 1, c.outer = k / 2 == 1;
    check_loss_f32(c);
    check_loss_f64(c);
  }
}

// Golden values: torch.nn.functional.cross_entropy and multi_margin_loss on the same numbers, from their definitions.
static void check_values(void) {
  const float x[6] = {1, 2, 3, 0, 0, 0};
  const int64_t labels[2] = {0, 2};
  float loss[2], grad[6];
  const farro_cross_entropy_options entropy = {0, ignored, FARRO_LOSS_NONE};
  farro_cross_entropy_f32(2, 3, x, 3, labels, NULL, &entropy, loss, grad, 3);
  EXPECT(fabsf(loss[0] - 2.40760596f) < 1e-6f && fabsf(loss[1] - 1.09861229f) < 1e-6f, "cross_entropy: %g %g",
         (double)loss[0], (double)loss[1]);
  EXPECT(fabsf(grad[0] + 0.909969427f) < 1e-6f && fabsf(grad[5] + 2.0f / 3) < 1e-6f, "its gradient: %g %g",
         (double)grad[0], (double)grad[5]);
  farro_hinge_options hinge = {FARRO_HINGE_GREATEST, 1, FARRO_LOSS_MEAN};
  farro_multiclass_hinge_f32(2, 3, x, 3, labels, &hinge, loss, grad, 3);
  EXPECT(loss[0] == 2 && grad[0] == -0.5f && grad[2] == 0.5f && grad[1] == 0 && grad[3] == 0.5f && grad[4] == 0,
         "the greatest violation: %g", (double)loss[0]);
  hinge = (farro_hinge_options){FARRO_HINGE_ALL, 1, FARRO_LOSS_NONE};
  farro_multiclass_hinge_f32(2, 3, x, 3, labels, &hinge, loss, grad, 3);
  EXPECT(fabsf(loss[0] - 5.0f / 3) < 1e-6f && fabsf(loss[1] - 2.0f / 3) < 1e-6f && fabsf(grad[0] + 2.0f / 3) < 1e-6f,
         "all violations: %g %g", (double)loss[0], (double)loss[1]);
}

static void check_special_values(void) {
  enum { n = 37 };
  float x[n], grad[n], loss;
  const farro_cross_entropy_options entropy = {0, ignored, FARRO_LOSS_MEAN}, smooth = {0.1, ignored, FARRO_LOSS_SUM};
  const farro_hinge_options hinge = {FARRO_HINGE_GREATEST, 1, FARRO_LOSS_MEAN}, all = {FARRO_HINGE_ALL, 1, 0};
  const int64_t label = 20, none = ignored;
  for (size_t at = 0; at < n; at++) {
    fill_f32(x, n);
    x[at] = NAN;
    farro_cross_entropy_f32(1, n, x, n, &label, NULL, &entropy, &loss, grad, n);
    EXPECT(isnan(loss) && isnan(grad[0]) && isnan(grad[n - 1]), "cross_entropy: NaN at %zu gives %g", at, (double)loss);
    farro_multiclass_hinge_f32(1, n, x, n, &label, &hinge, &loss, grad, n);
    EXPECT(isnan(loss) && isnan(grad[label]), "hinge: NaN at %zu gives %g", at, (double)loss);
    farro_multiclass_hinge_f32(1, n, x, n, &label, &all, &loss, grad, n);
    EXPECT(isnan(loss) && isnan(grad[label]), "hinge: NaN at %zu gives %g", at, (double)loss);
    farro_cross_entropy_f32(1, n, x, n, &none, NULL, &smooth, &loss, grad, n);
    EXPECT(loss == 0 && grad[at] == 0, "cross_entropy of an ignored row: %g, %g", (double)loss, (double)grad[at]);
    x[at] = -INFINITY;
    farro_cross_entropy_f32(1, n, x, n, &label, NULL, &entropy, &loss, grad, n);
    EXPECT(at == (size_t)label ? loss == INFINITY && fabsf(grad[at] + 1) < 1e-6f
                               : loss > 0 && loss < 10 && grad[at] == 0,
           "cross_entropy: -infinity at %zu gives %g", at, (double)loss);
    farro_cross_entropy_f32(1, n, x, n, &label, NULL, &smooth, &loss, NULL, 0);
    EXPECT(loss == INFINITY, "smoothed cross_entropy: -infinity at %zu gives %g", at, (double)loss);
    farro_multiclass_hinge_f32(1, n, x, n, &label, &all, &loss, NULL, 0);
    EXPECT(at == (size_t)label ? loss == INFINITY : loss < 10, "hinge: -infinity at %zu gives %g", at, (double)loss);
  }
  farro_cross_entropy_f32(1, n, x, n, &none, NULL, &entropy, &loss, NULL, 0);
  EXPECT(isnan(loss), "the mean of no loss: %g", (double)loss);
}

static void check_arguments(void) {
  const float x[6] = {1, 2, 3, 4, 5, 6};
  float loss[2] = {9}, grad[6] = {9};
  const int64_t labels[2] = {0, 2}, beyond[2] = {0, 3}, negative[2] = {-1, 0}, skipped[2] = {ignored, 1};
  const farro_cross_entropy_options entropy = {0, ignored, FARRO_LOSS_NONE}, rough = {1.5, ignored, FARRO_LOSS_NONE};
  const farro_hinge_options hinge = {FARRO_HINGE_ALL, 1, FARRO_LOSS_NONE}, wide = {FARRO_HINGE_ALL, INFINITY, 0};
#define REFUSES(call, what) EXPECT((call) == FARRO_ERROR_ARGUMENT && loss[0] == 9 && grad[0] == 9, what)
  REFUSES(farro_cross_entropy_f32(2, 3, x, 3, beyond, NULL, &entropy, loss, grad, 3), "a label beyond the columns");
  REFUSES(farro_cross_entropy_f32(2, 3, x, 3, negative, NULL, &entropy, loss, grad, 3), "a negative label");
  REFUSES(farro_cross_entropy_f32(2, 3, x, 2, labels, NULL, &entropy, loss, grad, 3), "x_row below columns");
  REFUSES(farro_cross_entropy_f32(2, 3, x, 3, labels, NULL, &entropy, loss, grad, 2), "grad_row below columns");
  REFUSES(farro_cross_entropy_f32(2, 3, x, 3, labels, NULL, &rough, loss, grad, 3), "more smoothing than all");
  REFUSES(farro_multiclass_hinge_f32(2, 3, x, 3, beyond, &hinge, loss, grad, 3), "a label beyond the columns");
  REFUSES(farro_multiclass_hinge_f32(2, 3, x, 3, skipped, &hinge, loss, grad, 3), "hinge ignores no label");
  REFUSES(farro_multiclass_hinge_f32(2, 3, x, 3, labels, &wide, loss, grad, 3), "an infinite margin");
#undef REFUSES
}

void check_loss(void) {
  check_arguments();
  check_values();
  check_special_values();
  for (int hinge = -1; hinge < 2; hinge++) {
    for (size_t i = 0; i < tail_size_count; i++) {
      const loss_case c = {.rows = tail_sizes[i] ? i % 5 : 0,
                           .columns = tail_sizes[i],
                           .pad = i % 3,
                           .hinge = hinge,
                           .reduction = (int)i % 3,
                           .smoothing = hinge < 0 && i % 2 ? 0.125 : 0,
                           .weighted = i / 2 % 2,
                           .ignoring = hinge < 0 && i / 4 % 2};
      check_loss_of(c);
    }
    for (size_t columns = 1000; columns < 14000; columns = columns * 3 + 1)
      for (int k = 0; k < 4; k++) {
        const loss_case c = {.rows = 5,
                             .columns = columns,
                             .hinge = hinge,
                             .reduction = k % 3,
                             .smoothing = hinge < 0 && k % 2 ? 0.125 : 0,
                             .weighted = hinge < 0 && k / 2,
                             .ignoring = hinge < 0 && k % 2};
        check_loss_of(c);
      }
    check_loss_of((loss_case){.rows = 300, .columns = 700, .hinge = hinge, .reduction = FARRO_LOSS_MEAN});
    check_streaming_f32(4200, 1031, hinge);
    check_streaming_f32(900, 5000, hinge);
    check_streaming_f64(3000, 777, hinge);
  }
}
