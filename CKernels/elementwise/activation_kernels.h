// Activations and their gradients, as maps (elementwise_kernels.h). Parameters are a and b of activation.h.

// x above 0, other(x) elsewhere; NaN goes the other way.
INLINE VECTOR KERNEL(where_positive)(VECTOR x, VECTOR above, VECTOR other) { return x > (SCALAR)0 ? above : other; }

INLINE VECTOR KERNEL(activate)(const map_operation operation, const VECTOR in[map_most_operands],
                               const VECTOR parameters[2]) {
  const VECTOR x = in[0], a = parameters[0], b = parameters[1], zero = broadcast((SCALAR)0), one = broadcast((SCALAR)1);
  switch (operation) {
  case map_step:
    return x <= zero ? zero : x > zero ? one : x;
  case map_linear:
    return multiply_add(a, x, b);
  case map_leaky_relu:
    return KERNEL(where_positive)(x, x, a * x);
  case map_prelu:
    return KERNEL(where_positive)(x, x, in[1] * x);
  case map_hard_sigmoid:
    return clamp(multiply_add(a, x, b), 0, 1);
  case map_hard_swish: { // at -infinity 0, not NaN
    const VECTOR gate = at_most(multiply_add(x, broadcast((SCALAR)1 / 6), broadcast((SCALAR)0.5)), 1);
    return gate <= zero ? zero : x * gate;
  }
  case map_elu: // a and b: what e^x - 1 and x are multiplied by
    return KERNEL(where_positive)(x, b * x, a * vector_expm1_below(at_most(x, 0)));
  case map_softplus: {
    const VECTOR scaled = a * x;
    return scaled > b ? x : vector_softplus(scaled) / a;
  }
  default:
    break;
  }
  const VECTOR gradient = in[0], saved = in[1];
  switch (operation) {
  case map_step_backward:
    return zero;
  case map_linear_backward:
    return gradient * a;
  case map_relu_backward:
    return saved <= zero ? zero : gradient;
  case map_leaky_relu_backward:
    return gradient * KERNEL(where_positive)(saved, one, a);
  case map_elu_backward:
    return gradient * KERNEL(where_positive)(saved, b, saved + a);
  case map_sigmoid_backward:
    return gradient * (saved * (one - saved));
  case map_tanh_backward:
    return gradient * multiply_add(-saved, saved, one);
  case map_hard_sigmoid_backward: {
    const VECTOR line = multiply_add(a, saved, b);
    return ((line > zero) & (line < one)) ? gradient * a : zero;
  }
  case map_hard_swish_backward: {
    const VECTOR third = broadcast((SCALAR)1 / 3), half = broadcast((SCALAR)0.5);
    const VECTOR inside = gradient * multiply_add(saved, third, half);
    return saved <= (SCALAR)-3 ? zero : saved > (SCALAR)3 ? gradient : inside;
  }
  case map_silu_backward:
    return gradient * vector_silu_slope(saved);
  case map_gelu_backward:
    return gradient * vector_gelu_slope(saved);
  case map_gelu_tanh_backward:
    return gradient * vector_gelu_tanh_slope(saved);
  case map_softplus_backward: {
    const VECTOR scaled = a * saved;
    return gradient * (scaled > b ? one : vector_sigmoid(scaled));
  }
  default:
    __builtin_unreachable();
  }
}
