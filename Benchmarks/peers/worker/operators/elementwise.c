// Functions of each element, activations, and dropout.
#include "operators.h"

// All functions of one array have one type.
static int map(const void *const *in, void *out) {
  return CALL(farro_relu_f32)(sizes.rows * sizes.columns, in[0], out);
}

static int activate(farro_activation function, double a, double b, const void *const *in, void *out) {
  return CALL(farro_activate_f32)(function, a, b, sizes.rows * sizes.columns, in[0], out);
}

static int leaky_relu(const void *const *in, void *out) {
  return activate(FARRO_ACTIVATION_LEAKY_RELU, 0.01, 0, in, out);
}

static int elu(const void *const *in, void *out) { return activate(FARRO_ACTIVATION_ELU, 1, 0, in, out); }

static int selu(const void *const *in, void *out) { return activate(FARRO_ACTIVATION_SELU, 0, 0, in, out); }

static int softplus(const void *const *in, void *out) { return activate(FARRO_ACTIVATION_SOFTPLUS, 1, 20, in, out); }

static int hard_sigmoid(const void *const *in, void *out) {
  return activate(FARRO_ACTIVATION_HARD_SIGMOID, 1.0 / 6, 0.5, in, out);
}

static int hard_swish(const void *const *in, void *out) { return activate(FARRO_ACTIVATION_HARD_SWISH, 0, 0, in, out); }

static int gelu_backward(const void *const *in, void *out) {
  return CALL(farro_activate_backward_f32)(FARRO_ACTIVATION_GELU, 0, 0, sizes.rows * sizes.columns, in[0], in[1], out);
}

static int prelu(const void *const *in, void *out) {
  const farro_channels_shape shape = {sizes.rows, sizes.columns, 1};
  return CALL(farro_prelu_f32)(&shape, in[0], in[1], out);
}

static int dropout(const void *const *in, void *out) {
  static farro_philox from = {.seed = 4};
  from.stream++;
  return CALL(farro_dropout_f32)(&from, 0.1, sizes.rows * sizes.columns, in[0], out);
}

const farro_operator elementwise_operators[] = {
    {"relu", "farro_relu_f32", map},
    {"gelu", "farro_gelu_f32", map},
    {"gelu_tanh", "farro_gelu_tanh_f32", map},
    {"silu", "farro_silu_f32", map},
    {"sigmoid", "farro_sigmoid_f32", map},
    {"tanh", "farro_tanh_f32", map},
    {"exp", "farro_exp_f32", map},
    {"log", "farro_log_f32", map},
    {"sin", "farro_sin_f32", map},
    {"cos", "farro_cos_f32", map},
    {"erf", "farro_erf_f32", map},
    {"leaky_relu", "farro_activate_f32", leaky_relu},
    {"elu", "farro_activate_f32", elu},
    {"selu", "farro_activate_f32", selu},
    {"softplus", "farro_activate_f32", softplus},
    {"hard_sigmoid", "farro_activate_f32", hard_sigmoid},
    {"hard_swish", "farro_activate_f32", hard_swish},
    {"prelu", "farro_prelu_f32", prelu},
    {"gelu_backward", "farro_activate_backward_f32", gelu_backward},
    {"dropout", "farro_dropout_f32", dropout},
    {NULL, NULL, NULL},
};
