// Entries of the activations: which map serves a function, and what its parameters are to it.
#include "include/activation.h"

#include "elementwise.h"
#include "runtime/dispatch.h"

static const struct {
  map_operation forward, backward;
} maps[FARRO_ACTIVATION_COUNT] = {
    // x itself is x times 1, plus -0.
    [FARRO_ACTIVATION_NONE] = {map_linear, map_linear_backward},
    [FARRO_ACTIVATION_RELU] = {map_relu, map_relu_backward},
    [FARRO_ACTIVATION_GELU] = {map_gelu, map_gelu_backward},
    [FARRO_ACTIVATION_GELU_TANH] = {map_gelu_tanh, map_gelu_tanh_backward},
    [FARRO_ACTIVATION_SIGMOID] = {map_sigmoid, map_sigmoid_backward},
    [FARRO_ACTIVATION_TANH] = {map_tanh, map_tanh_backward},
    [FARRO_ACTIVATION_SILU] = {map_silu, map_silu_backward},
    [FARRO_ACTIVATION_STEP] = {map_step, map_step_backward},
    [FARRO_ACTIVATION_LINEAR] = {map_linear, map_linear_backward},
    [FARRO_ACTIVATION_LEAKY_RELU] = {map_leaky_relu, map_leaky_relu_backward},
    [FARRO_ACTIVATION_ELU] = {map_elu, map_elu_backward},
    [FARRO_ACTIVATION_SELU] = {map_elu, map_elu_backward},
    [FARRO_ACTIVATION_SOFTPLUS] = {map_softplus, map_softplus_backward},
    [FARRO_ACTIVATION_HARD_SIGMOID] = {map_hard_sigmoid, map_hard_sigmoid_backward},
    [FARRO_ACTIVATION_HARD_SWISH] = {map_hard_swish, map_hard_swish_backward},
};

static bool are_legal(farro_activation function, double a) {
  if ((unsigned)function >= FARRO_ACTIVATION_COUNT) return false;
  if (function == FARRO_ACTIVATION_ELU) return a >= 0;
  return function != FARRO_ACTIVATION_SOFTPLUS || a > 0;
}

static void set_parameters(farro_activation function, double a, double b, map_view *view) {
  view->a = a, view->b = b;
  switch (function) {
  case FARRO_ACTIVATION_NONE:
    view->a = 1, view->b = -0.0;
    break;
  case FARRO_ACTIVATION_ELU:
    view->b = 1;
    break;
  case FARRO_ACTIVATION_SELU:
    view->a = 1.7580993408473768, view->b = 1.0507009873554805;
    break;
  default:
    break;
  }
}

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_activate_##type(farro_activation function, double a, double b, size_t n, const scalar *x,         \
                                     scalar *y) {                                                                      \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (!are_legal(function, a)) return FARRO_ERROR_ARGUMENT;                                                          \
    map_view view = {.rows = 1, .columns = n, .in = {{x, n, 1}}, .out = y, .out_row = n};                              \
    set_parameters(function, a, b, &view);                                                                             \
    return farro_map(kernels->elementwise_##type, maps[function].forward, 1, view);                                    \
  }                                                                                                                    \
  farro_status farro_activate_backward_##type(farro_activation function, double a, double b, size_t n,                 \
                                              const scalar *grad_y, const scalar *saved, scalar *grad_x) {             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (!are_legal(function, a)) return FARRO_ERROR_ARGUMENT;                                                          \
    const bool reads_saved =                                                                                           \
        maps[function].backward != map_step_backward && maps[function].backward != map_linear_backward;                \
    map_view view = {.rows = 1,                                                                                        \
                     .columns = n,                                                                                     \
                     .in = {{grad_y, n, 1}, {reads_saved ? saved : grad_y, n, 1}},                                     \
                     .out = grad_x,                                                                                    \
                     .out_row = n};                                                                                    \
    set_parameters(function, a, b, &view);                                                                             \
    return farro_map(kernels->elementwise_##type, maps[function].backward, 2, view);                                   \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
