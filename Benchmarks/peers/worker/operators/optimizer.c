// Steps of the optimizers, at a learning rate of 0.
#include "operators.h"

enum { step = 10, nothing = -1 }; // the step's number; no moment

static float power_of(float x, int power) { return power == 0 ? 1 : power == 1 ? x : x * x; }

// The output holds the parameters and one or two moments, which the first call puts where the gradient would move them:
// to the gradient's powers.
static float *moments(const void *const *in, void *out, int first, int second) {
  const float *gradient = in[1];
  float *moment = behind(out, sizes.count);
  if (is_first_call(1)) {
    memcpy(out, in[0], sizes.count * sizeof(float));
    for (size_t i = 0; i < sizes.count; i++) moment[i] = power_of(gradient[i], first);
    for (size_t i = 0; i < sizes.count && second != nothing; i++)
      moment[sizes.count + i] = power_of(gradient[i], second);
  }
  return moment;
}

static int adam_step(bool decoupled, const void *const *in, void *out) {
  float *mean = moments(in, out, 1, 2);
  const farro_adam_options options = {
      .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .gradient_scale = 1, .decoupled_weight_decay = decoupled};
  return CALL(farro_adam_step_f32)(&options, step, sizes.count, in[1], mean, behind(mean, sizes.count), NULL, out);
}

static int adam(const void *const *in, void *out) { return adam_step(false, in, out); }

static int adamw(const void *const *in, void *out) { return adam_step(true, in, out); }

static int sgd_momentum(const void *const *in, void *out) {
  float *velocity = moments(in, out, 1, nothing);
  const farro_sgd_options options = {.momentum = 0.9, .dampening = 0.9, .gradient_scale = 1};
  return CALL(farro_sgd_step_f32)(&options, step, sizes.count, in[1], velocity, out);
}

static int adagrad(const void *const *in, void *out) {
  float *square_sum = moments(in, out, 0, nothing);
  const farro_adagrad_options options = {.epsilon = 1e-10, .gradient_scale = 1};
  return CALL(farro_adagrad_step_f32)(&options, step, sizes.count, in[1], square_sum, out);
}

static int rmsprop(const void *const *in, void *out) {
  float *square_mean = moments(in, out, 2, nothing);
  const farro_rmsprop_options options = {.smoothing = 0.99, .epsilon = 1e-8, .gradient_scale = 1};
  return CALL(farro_rmsprop_step_f32)(&options, sizes.count, in[1], square_mean, NULL, NULL, out);
}

const farro_operator optimizer_operators[] = {
    {"adam", "farro_adam_step_f32", adam},
    {"adamw", "farro_adam_step_f32", adamw},
    {"sgd_momentum", "farro_sgd_step_f32", sgd_momentum},
    {"adagrad", "farro_adagrad_step_f32", adagrad},
    {"rmsprop", "farro_rmsprop_step_f32", rmsprop},
    {NULL, NULL, NULL},
};
