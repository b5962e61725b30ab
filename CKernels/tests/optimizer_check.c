#include "check.h"

// A step of each optimizer from states in the midst of things, against its reference, within the header's bounds.

enum { most_states = 3 };
typedef enum { sgd, adagrad, rmsprop, adam, kinds } kind;
static const char *const kind_names[kinds] = {"sgd", "adagrad", "rmsprop", "adam"};

typedef struct {
  kind kind;
  uint64_t step;
  farro_sgd_options sgd;
  farro_adagrad_options adagrad;
  farro_rmsprop_options rmsprop;
  farro_adam_options adam;
  bool extra; // centered, AMSGrad
} setting;

static const setting settings[] = {
    {.kind = sgd, .step = 1, .sgd = {.learning_rate = 0.1, .gradient_scale = 1}},
    {.kind = sgd, .step = 3, .sgd = {0.1, 0.9, 0, 0.01, 0.5, false}},
    {.kind = sgd, .step = 1, .sgd = {0.1, 0.9, 0.3, 0, -1, false}},
    {.kind = sgd, .step = 2, .sgd = {0.1, 0.9, 0.3, 0.1, 1, false}},
    {.kind = sgd, .step = 2, .sgd = {0.1, 0.8, 0, 0, 1, true}},
    {.kind = adagrad, .step = 1, .adagrad = {0.01, 0, 1e-10, 0, 1}},
    {.kind = adagrad, .step = 9, .adagrad = {0.01, 0.1, 1e-3, 0.05, 0.25}},
    {.kind = rmsprop, .rmsprop = {0.01, 0.99, 1e-8, 0, 0, 1}},
    {.kind = rmsprop, .rmsprop = {0.01, 0.9, 1e-8, 0.5, 0.1, 1}},
    {.kind = rmsprop, .rmsprop = {0.01, 0.9, 1e-3, 0, 0, 2}, .extra = true},
    {.kind = rmsprop, .rmsprop = {0.01, 0.9, 1e-3, 0.9, 0.1, 1}, .extra = true},
    {.kind = adam, .step = 1, .adam = {1e-3, 0.9, 0.999, 1e-8, 0, 1, false}},
    {.kind = adam, .step = 1000, .adam = {1e-3, 0.9, 0.999, 1e-8, 0.1, 0.125, false}},
    {.kind = adam, .step = 7, .adam = {1e-3, 0.9, 0.999, 1e-8, 0.01, 1, true}},
    {.kind = adam, .step = 7, .adam = {1e-3, 0, 0.99, 1e-3, 0.01, 1, true}, .extra = true},
};

// The header's bounds at one element: with its magnitudes for the terms, and the states after the step.
typedef struct {
  double state[most_states], parameter;
} bounds;

static bounds bounds_of(const setting *s, double unit, double gradient, const double *before, const double *after,
                        double p) {
  const double u = unit * 16;
  bounds b = {0};
  double subtracted = 0, cancelled = 0;
  if (s->kind == sgd) {
    const farro_sgd_options *o = &s->sgd;
    const double g = fabs(o->gradient_scale * gradient) + o->weight_decay * fabs(p);
    const double v = o->momentum * fabs(before[0]) + (s->step == 1 ? 1 : 1 - o->dampening) * g;
    b.state[0] = u * v;
    subtracted = o->learning_rate * (o->nesterov ? g + o->momentum * v : v);
  } else if (s->kind == adagrad) {
    const farro_adagrad_options *o = &s->adagrad;
    const double g = fabs(o->gradient_scale * gradient) + o->weight_decay * fabs(p), sum = before[0] + g * g;
    b.state[0] = u * sum;
    cancelled = sum / after[0];
    subtracted =
        o->learning_rate / (1 + (double)(s->step - 1) * o->learning_rate_decay) * g / (sqrt(after[0]) + o->epsilon);
  } else if (s->kind == rmsprop) {
    const farro_rmsprop_options *o = &s->rmsprop;
    const double g = fabs(o->gradient_scale * gradient) + o->weight_decay * fabs(p), share = 1 - o->smoothing;
    const double square = o->smoothing * before[0] + share * g * g;
    const double mean = s->extra ? o->smoothing * fabs(before[1]) + share * g : 0;
    const double root_of = after[0] - (s->extra ? after[1] * after[1] : 0);
    cancelled = (square + mean * mean) / root_of;
    const double v = g / (sqrt(root_of) + o->epsilon) + (o->momentum > 0 ? o->momentum * fabs(before[2]) : 0);
    b.state[0] = u * square, b.state[1] = u * mean, b.state[2] = u * (1 + cancelled) * v;
    subtracted = o->learning_rate * v;
  } else {
    const farro_adam_options *o = &s->adam;
    const double g = fabs(o->gradient_scale * gradient) + (o->decoupled_weight_decay ? 0 : o->weight_decay * fabs(p));
    const double mean = o->beta1 * fabs(before[0]) + (1 - o->beta1) * g;
    const double square = o->beta2 * before[1] + (1 - o->beta2) * g * g, root_of = s->extra ? after[2] : after[1];
    b.state[0] = u * mean, b.state[1] = u * square, b.state[2] = u * fmax(square, before[2]);
    cancelled = fmax(square, s->extra ? before[2] : 0) / root_of;
    subtracted = o->learning_rate / (1 - pow(o->beta1, (double)s->step)) * mean /
                 (sqrt(root_of / (1 - pow(o->beta2, (double)s->step))) + o->epsilon);
  }
  b.parameter = 3 * unit * fabs(p) + u * (1 + cancelled) * subtracted;
  return b;
}

// The larger, where NaN is larger than all.
static double worse(double worst, double error) { return error <= worst ? worst : error; }

#define CHECK_STEPS(type, scalar, unit)                                                                                \
  static farro_status step_##type(const setting *s, size_t n, const scalar *g, scalar *const state[], scalar *p,       \
                                  bool reference) {                                                                    \
    scalar *extra = s->extra ? state[s->kind == rmsprop ? 1 : 2] : NULL;                                               \
    if (s->kind == sgd)                                                                                                \
      return (reference ? farro_sgd_step_reference_##type : farro_sgd_step_##type)(&s->sgd, s->step, n, g, state[0],   \
                                                                                   p);                                 \
    if (s->kind == adagrad)                                                                                            \
      return (reference ? farro_adagrad_step_reference_##type : farro_adagrad_step_##type)(&s->adagrad, s->step, n, g, \
                                                                                           state[0], p);               \
    if (s->kind == rmsprop)                                                                                            \
      return (reference ? farro_rmsprop_step_reference_##type                                                          \
                        : farro_rmsprop_step_##type)(&s->rmsprop, n, g, state[0], extra, state[2], p);                 \
    return (reference ? farro_adam_step_reference_##type : farro_adam_step_##type)(&s->adam, s->step, n, g, state[0],  \
                                                                                   state[1], extra, p);                \
  }                                                                                                                    \
                                                                                                                       \
  /* States that can be: squares in [0.2, 1), means in (-0.3, 0.3). */                                                 \
  static void fill_state_##type(const setting *s, size_t which, size_t n, scalar *x) {                                 \
    const bool is_square = which == 0 ? s->kind == rmsprop || s->kind == adagrad : s->kind == adam;                    \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const double r = random_unit();                                                                                  \
      x[i] = (scalar)(is_square ? 0.6 + 0.4 * r : 0.3 * r);                                                            \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  static void check_step_##type(const setting *s, size_t n) {                                                          \
    const size_t bytes = n * sizeof(scalar);                                                                           \
    scalar *g = guarded_allocate(bytes), *arrays[4][most_states + 1]; /* before, got, expected, serial */              \
    for (size_t k = 0; k < 4; k++)                                                                                     \
      for (size_t j = 0; j <= most_states; j++) arrays[k][j] = guarded_allocate(bytes);                                \
    fill_##type(g, n), fill_##type(arrays[0][most_states], n);                                                         \
    for (size_t j = 0; j < most_states; j++) fill_state_##type(s, j, n, arrays[0][j]);                                 \
    for (size_t k = 1; k < 4; k++)                                                                                     \
      for (size_t j = 0; j <= most_states; j++) memcpy(arrays[k][j], arrays[0][j], bytes);                             \
    EXPECT(step_##type(s, n, g, arrays[1], arrays[1][most_states], false) == FARRO_OK, "%s", kind_names[s->kind]);     \
    step_##type(s, n, g, arrays[2], arrays[2][most_states], true);                                                     \
    farro_set_local_threads(1, NULL);                                                                                  \
    step_##type(s, n, g, arrays[3], arrays[3][most_states], false);                                                    \
    farro_set_local_threads(0, NULL);                                                                                  \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      double before[most_states], after[most_states];                                                                  \
      for (size_t j = 0; j < most_states; j++) before[j] = arrays[0][j][i], after[j] = arrays[2][j][i];                \
      const bounds b = bounds_of(s, unit, g[i], before, after, arrays[0][most_states][i]);                             \
      for (size_t j = 0; j <= most_states; j++) {                                                                      \
        const double got = arrays[1][j][i], right = arrays[2][j][i];                                                   \
        const double allowed = (j < most_states ? b.state[j] : b.parameter) + (unit) * fabs(right);                    \
        worst = worse(worst, got == right ? 0 : fabs(got - right) / allowed);                                          \
      }                                                                                                                \
    }                                                                                                                  \
    const char *name = kind_names[s->kind];                                                                            \
    const long number = s - settings;                                                                                  \
    EXPECT(worst <= 1, #type " %s, setting %ld, of %zu: %g of the bound", name, number, n, worst);                     \
    for (size_t j = 0; j <= most_states; j++)                                                                          \
      EXPECT(n == 0 || memcmp(arrays[1][j], arrays[3][j], bytes) == 0, #type " %s of %zu: bits depend on threads",     \
             name, n);                                                                                                 \
    if (n > 4)                                                                                                         \
      EXPECT(memcmp(arrays[0][most_states], arrays[1][most_states], bytes) != 0, #type " %s: nothing moved", name);    \
    guarded_free(g, bytes);                                                                                            \
    for (size_t k = 0; k < 4; k++)                                                                                     \
      for (size_t j = 0; j <= most_states; j++) guarded_free(arrays[k][j], bytes);                                     \
  }

CHECK_STEPS(f32, float, 0x1p-24)
CHECK_STEPS(f64, double, 0x1p-53)

// ---- special values ----

static void check_special_values(void) {
  enum { n = 37 };
  for (size_t s = 0; s < sizeof settings / sizeof *settings; s++)
    for (size_t at = 0; at < n; at++) {
      float g[n], p[n], state[most_states][n] = {{0}};
      fill_f32(g, n), fill_f32(p, n);
      g[at] = NAN;
      step_f32(&settings[s], n, g, (float *[]){state[0], state[1], state[2]}, p, false);
      for (size_t i = 0; i < n; i++)
        EXPECT(isnan(p[i]) == (i == at), "setting %zu: NaN at %zu, %g at %zu", s, at, p[i], i);
    }
  float g[1] = {1}, p[1] = {INFINITY}, m[1] = {0}, v[1] = {0};
  farro_adam_step_f32(&settings[11].adam, 1, 1, g, m, v, NULL, p);
  EXPECT(p[0] == INFINITY, "without weight decay an infinite parameter became %g", p[0]);
  float zero_g[1] = {0}, zero_p[1] = {3}, square[1] = {0};
  farro_rmsprop_step_f32(&settings[7].rmsprop, 1, zero_g, square, NULL, NULL, zero_p);
  EXPECT(zero_p[0] == 3, "a gradient of 0 moved 3 to %g", zero_p[0]);
  float mean[1] = {1};
  farro_rmsprop_step_f32(&settings[9].rmsprop, 1, zero_g, square, mean, NULL, zero_p);
  EXPECT(zero_p[0] == 3, "where m^2 exceeds s, 3 became %g", zero_p[0]);
}

static void check_arguments(void) {
  float x[4][2] = {{1, 1}, {1, 1}, {1, 1}, {1, 1}};
  farro_sgd_options s = {0.1, 0, 0, 0, 1, true};
  EXPECT(farro_sgd_step_f32(&s, 1, 2, x[0], x[1], x[2]) == FARRO_ERROR_ARGUMENT, "Nesterov without momentum");
  s.momentum = 0.9, s.dampening = 0.1;
  EXPECT(farro_sgd_step_f32(&s, 1, 2, x[0], x[1], x[2]) == FARRO_ERROR_ARGUMENT, "Nesterov with dampening");
  s.nesterov = false;
  EXPECT(farro_sgd_step_f32(&s, 0, 2, x[0], x[1], x[2]) == FARRO_ERROR_ARGUMENT, "step 0");
  EXPECT(farro_sgd_step_f32(&s, 1, 2, x[0], NULL, x[2]) == FARRO_ERROR_ARGUMENT, "momentum without velocity");
  s.dampening = -0.1;
  EXPECT(farro_sgd_step_f32(&s, 1, 2, x[0], x[1], x[2]) == FARRO_ERROR_ARGUMENT, "a negative dampening");
  farro_adam_options a = {0.1, 1, 0.9, 0, 0, 1, false};
  EXPECT(farro_adam_step_f32(&a, 1, 2, x[0], x[1], x[2], NULL, x[3]) == FARRO_ERROR_ARGUMENT, "beta1 = 1");
  a.beta1 = NAN;
  EXPECT(farro_adam_step_f32(&a, 1, 2, x[0], x[1], x[2], NULL, x[3]) == FARRO_ERROR_ARGUMENT, "beta1 = NaN");
  farro_rmsprop_options r = {0.1, 0.9, -1, 0, 0, 1};
  EXPECT(farro_rmsprop_step_f32(&r, 2, x[0], x[1], NULL, NULL, x[3]) == FARRO_ERROR_ARGUMENT, "epsilon = -1");
  farro_adagrad_options d = {-0.1, 0, 0, 0, 1};
  EXPECT(farro_adagrad_step_f32(&d, 1, 2, x[0], x[1], x[3]) == FARRO_ERROR_ARGUMENT, "a negative learning rate");
  float *arrays[] = {x[0]};
  EXPECT(farro_clip_global_norm_f32(1, arrays, (size_t[]){2}, -1, NULL) == FARRO_ERROR_ARGUMENT, "most = -1");
  for (size_t i = 0; i < 4; i++) EXPECT(x[i][0] == 1 && x[i][1] == 1, "a refused call wrote");
}

// ---- the global norm ----

static double norm_bound(const size_t *sizes, size_t count) {
  size_t blocks = 0;
  for (size_t i = 0; i < count; i++) blocks += (sizes[i] + 16383) / 16384;
  return (double)(1100 + blocks) * 0x1p-53;
}

#define CHECK_NORM(type, scalar, unit, magnitudes)                                                                     \
  static void check_norm_of_##type(const size_t *sizes, size_t count, double magnitude) {                              \
    scalar *arrays[4];                                                                                                 \
    for (size_t k = 0; k < count; k++) {                                                                               \
      arrays[k] = guarded_allocate(sizes[k] * sizeof(scalar));                                                         \
      fill_##type(arrays[k], sizes[k]);                                                                                \
      for (size_t i = 0; i < sizes[k]; i++) arrays[k][i] *= (scalar)magnitude;                                         \
    }                                                                                                                  \
    double norm = -1, expected = -1, serial = -1, before = -1, after = -1;                                             \
    farro_global_norm_##type(count, (const scalar *const *)arrays, sizes, &norm);                                      \
    farro_global_norm_reference_##type(count, (const scalar *const *)arrays, sizes, &expected);                        \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_global_norm_##type(count, (const scalar *const *)arrays, sizes, &serial);                                    \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(norm == serial, #type " norm: %.17g on one thread, %.17g on several", serial, norm);                        \
    EXPECT(fabs(norm - expected) <= (norm_bound(sizes, count) + 0x1p-52) * expected, #type " norm %.17g, not %.17g",   \
           norm, expected);                                                                                            \
    farro_clip_global_norm_##type(count, arrays, sizes, 2 * expected + 1, &before);                                    \
    EXPECT(before == norm, #type " a norm of %g was %g before clipping", norm, before);                                \
    farro_global_norm_##type(count, (const scalar *const *)arrays, sizes, &after);                                     \
    EXPECT(after == norm, #type " a small norm was clipped from %g to %g", norm, after);                               \
    farro_clip_global_norm_##type(count, arrays, sizes, expected / 3, NULL);                                           \
    farro_global_norm_##type(count, (const scalar *const *)arrays, sizes, &after);                                     \
    const double right = expected / 3 * (expected / (expected + 1e-6));                                                \
    const bool has_bits = magnitude > 1e-30; /* far below, clipped elements are subnormal */                           \
    EXPECT(!has_bits || fabs(after - right) <= 4 * (unit) * right + 2 * norm_bound(sizes, count) * right,              \
           #type " clipped to %.17g, not %.17g", after, right);                                                        \
    for (size_t k = 0; k < count; k++) guarded_free(arrays[k], sizes[k] * sizeof(scalar));                             \
  }                                                                                                                    \
  static void check_norm_##type(void) {                                                                                \
    for (size_t m = 0; m < sizeof(magnitudes) / sizeof *(magnitudes); m++) {                                           \
      check_norm_of_##type((size_t[]){5, 0, 40000, 17}, 4, magnitudes[m]);                                             \
      for (size_t i = 0; i < tail_size_count; i++) check_norm_of_##type(&tail_sizes[i], 1, magnitudes[m]);             \
    }                                                                                                                  \
    scalar bad[] = {1, NAN, 2}, infinite[] = {1, INFINITY};                                                            \
    const scalar *arrays[] = {bad, infinite};                                                                          \
    double norm = 0;                                                                                                   \
    farro_global_norm_##type(1, arrays, (size_t[]){3}, &norm);                                                         \
    EXPECT(isnan(norm), #type " the norm with a NaN is %g", norm);                                                     \
    farro_global_norm_##type(1, arrays + 1, (size_t[]){2}, &norm);                                                     \
    EXPECT(norm == INFINITY, #type " the norm with an infinity is %g", norm);                                          \
    farro_clip_global_norm_##type(1, (scalar *[]){bad}, (size_t[]){3}, 1, NULL);                                       \
    EXPECT(isnan(bad[0]) && isnan(bad[2]), #type " a norm of NaN clips to NaN");                                       \
    farro_global_norm_##type(0, NULL, NULL, &norm);                                                                    \
    EXPECT(norm == 0, #type " the norm of nothing is %g", norm);                                                       \
  }

static const double magnitudes_f32[] = {1, 1e35, 1e-38};
static const double magnitudes_f64[] = {1, 1e300, 1e-300, 0x1p-1060, 1e160};
CHECK_NORM(f32, float, 0x1p-24, magnitudes_f32)
CHECK_NORM(f64, double, 0x1p-53, magnitudes_f64)

void check_optimizer(void) {
  for (size_t s = 0; s < sizeof settings / sizeof *settings; s++) {
    for (size_t i = 0; i < tail_size_count; i++) {
      check_step_f32(&settings[s], tail_sizes[i]);
      check_step_f64(&settings[s], tail_sizes[i]);
    }
    check_step_f32(&settings[s], 100003); // several tasks
    check_step_f64(&settings[s], 100003);
  }
  check_special_values();
  check_arguments();
  check_norm_f32();
  check_norm_f64();
}
