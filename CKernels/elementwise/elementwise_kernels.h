// Maps over rows of elements. One loop serves every operation and every way to broadcast: an operand that repeats one
// element is read from a vector of copies of it, over and over (a load from the L1 cache, where ports are free).

INLINE VECTOR KERNEL(map_apply)(const map_operation operation, const VECTOR in[map_most_operands],
                                const VECTOR parameters[2]) {
  switch (operation) {
  case map_add:
    return in[0] + in[1];
  case map_subtract:
    return in[0] - in[1];
  case map_multiply:
    return in[0] * in[1];
  case map_divide:
    return in[0] / in[1];
  case map_multiply_add:
    return multiply_add(in[0], in[1], in[2]);
  case map_relu:
    return vector_relu(in[0]);
  case map_exp:
    return vector_exp(in[0]);
  case map_log:
    return vector_log(in[0]);
  case map_sin:
    return vector_sin(in[0]);
  case map_cos:
    return vector_cos(in[0]);
  case map_tanh:
    return vector_tanh(in[0]);
  case map_sigmoid:
    return vector_sigmoid(in[0]);
  case map_erf:
    return vector_erf(in[0]);
  case map_exp_fast:
    return vector_exp_fast(in[0]);
  case map_log_fast:
    return vector_log_fast(in[0]);
  case map_sin_fast:
    return vector_sin_fast(in[0]);
  case map_cos_fast:
    return vector_cos_fast(in[0]);
  case map_tanh_fast:
    return vector_tanh_fast(in[0]);
  case map_erf_fast:
    return vector_erf_fast(in[0]);
  case map_silu:
    return vector_silu(in[0]);
  case map_gelu:
    return vector_gelu(in[0]);
  case map_gelu_tanh:
    return vector_gelu_tanh(in[0]);
  default:
    return KERNEL(activate)(operation, in, parameters);
  }
}

// Elements `at` to at + n of a row, n at most LANES.
INLINE void KERNEL(map_part)(const map_operation operation, const size_t operands, const SCALAR *const *in,
                             const size_t *step, const VECTOR *parameters, SCALAR *out, size_t at, size_t n) {
  VECTOR v[map_most_operands];
  UNROLL for (size_t k = 0; k < operands; k++) v[k] = load_first(in[k] + at * step[k], n);
  store_first(out + at, KERNEL(map_apply)(operation, v, parameters), n);
}

// Whole vectors from `at` on; returns where they end.
INLINE size_t KERNEL(map_vectors)(const map_operation operation, const size_t operands, const bool streaming,
                                  const SCALAR *const *in, const size_t *step, const VECTOR *parameters, SCALAR *out,
                                  size_t at, size_t n) {
  _Pragma("clang loop unroll_count(2)") for (; at + LANES <= n; at += LANES) {
    VECTOR v[map_most_operands];
    UNROLL for (size_t k = 0; k < operands; k++) v[k] = load(in[k] + at * step[k]);
    const VECTOR result = KERNEL(map_apply)(operation, v, parameters);
    if (streaming)
      store_nontemporal(out + at, result);
    else
      store(out + at, result);
  }
  return at;
}

INLINE void KERNEL(map_row)(const map_operation operation, const size_t operands, bool streaming,
                            const SCALAR *const *in, const size_t *step, const VECTOR *parameters, SCALAR *out,
                            size_t n) {
  size_t at = 0;
  if (streaming) { // from the first aligned vector on
    const size_t head = (-(uintptr_t)out) % VECTOR_BYTES / sizeof(SCALAR);
    if (head) KERNEL(map_part)(operation, operands, in, step, parameters, out, 0, head < n ? head : n);
    at = KERNEL(map_vectors)(operation, operands, true, in, step, parameters, out, head, n);
  } else {
    at = KERNEL(map_vectors)(operation, operands, false, in, step, parameters, out, 0, n);
  }
  if (at < n) KERNEL(map_part)(operation, operands, in, step, parameters, out, at, n - at);
}

INLINE void KERNEL(map_rows)(const map_operation operation, const size_t operands, const map_view *view) {
  SCALAR repeated[map_most_operands][LANES];
  const SCALAR *in[map_most_operands];
  size_t step[map_most_operands];
  const VECTOR parameters[] = {broadcast((SCALAR)view->a), broadcast((SCALAR)view->b)};
  for (size_t i = 0; i < view->rows; i++) {
    UNROLL for (size_t k = 0; k < operands; k++) {
      const size_t row = k == 1 && view->period ? (view->first_row + i) % view->period : i;
      in[k] = (const SCALAR *)view->in[k].base + row * view->in[k].row;
      step[k] = view->in[k].step;
      if (step[k] == 0) {
        store(repeated[k], broadcast(*in[k]));
        in[k] = repeated[k];
      }
    }
    SCALAR *out = (SCALAR *)view->out + i * view->out_row;
    KERNEL(map_row)(operation, operands, view->streaming, in, step, parameters, out, view->columns);
  }
  if (view->streaming) fence_nontemporal();
}

#define MAP(operation, operands)                                                                                       \
  static void KERNEL(operation)(const map_view *view) { KERNEL(map_rows)(operation, operands, view); }
MAP(map_add, 2)
MAP(map_subtract, 2)
MAP(map_multiply, 2)
MAP(map_divide, 2)
MAP(map_multiply_add, 3)
MAP(map_relu, 1)
MAP(map_step, 1)
MAP(map_linear, 1)
MAP(map_leaky_relu, 1)
MAP(map_prelu, 2)
MAP(map_hard_sigmoid, 1)
MAP(map_hard_swish, 1)
MAP(map_step_backward, 2)
MAP(map_linear_backward, 2)
MAP(map_relu_backward, 2)
MAP(map_leaky_relu_backward, 2)
MAP(map_elu_backward, 2)
MAP(map_sigmoid_backward, 2)
MAP(map_tanh_backward, 2)
MAP(map_hard_sigmoid_backward, 2)
MAP(map_hard_swish_backward, 2)
MAP(map_exp, 1)
MAP(map_log, 1)
MAP(map_sin, 1)
MAP(map_cos, 1)
MAP(map_tanh, 1)
MAP(map_sigmoid, 1)
MAP(map_erf, 1)
MAP(map_silu, 1)
MAP(map_gelu, 1)
MAP(map_gelu_tanh, 1)
MAP(map_elu, 1)
MAP(map_softplus, 1)
MAP(map_silu_backward, 2)
MAP(map_gelu_backward, 2)
MAP(map_gelu_tanh_backward, 2)
MAP(map_softplus_backward, 2)
MAP(map_exp_fast, 1)
MAP(map_log_fast, 1)
MAP(map_sin_fast, 1)
MAP(map_cos_fast, 1)
MAP(map_tanh_fast, 1)
MAP(map_erf_fast, 1)
#undef MAP

static const elementwise_kernels KERNEL(elementwise) = {
    .element_bytes = sizeof(SCALAR),
    .map = {[map_add] = KERNEL(map_add),
            [map_subtract] = KERNEL(map_subtract),
            [map_multiply] = KERNEL(map_multiply),
            [map_divide] = KERNEL(map_divide),
            [map_multiply_add] = KERNEL(map_multiply_add),
            [map_relu] = KERNEL(map_relu),
            [map_step] = KERNEL(map_step),
            [map_linear] = KERNEL(map_linear),
            [map_leaky_relu] = KERNEL(map_leaky_relu),
            [map_prelu] = KERNEL(map_prelu),
            [map_hard_sigmoid] = KERNEL(map_hard_sigmoid),
            [map_hard_swish] = KERNEL(map_hard_swish),
            [map_step_backward] = KERNEL(map_step_backward),
            [map_linear_backward] = KERNEL(map_linear_backward),
            [map_relu_backward] = KERNEL(map_relu_backward),
            [map_leaky_relu_backward] = KERNEL(map_leaky_relu_backward),
            [map_elu_backward] = KERNEL(map_elu_backward),
            [map_sigmoid_backward] = KERNEL(map_sigmoid_backward),
            [map_tanh_backward] = KERNEL(map_tanh_backward),
            [map_hard_sigmoid_backward] = KERNEL(map_hard_sigmoid_backward),
            [map_hard_swish_backward] = KERNEL(map_hard_swish_backward),
            [map_exp] = KERNEL(map_exp),
            [map_log] = KERNEL(map_log),
            [map_sin] = KERNEL(map_sin),
            [map_cos] = KERNEL(map_cos),
            [map_tanh] = KERNEL(map_tanh),
            [map_sigmoid] = KERNEL(map_sigmoid),
            [map_erf] = KERNEL(map_erf),
            [map_silu] = KERNEL(map_silu),
            [map_gelu] = KERNEL(map_gelu),
            [map_gelu_tanh] = KERNEL(map_gelu_tanh),
            [map_elu] = KERNEL(map_elu),
            [map_softplus] = KERNEL(map_softplus),
            [map_silu_backward] = KERNEL(map_silu_backward),
            [map_gelu_backward] = KERNEL(map_gelu_backward),
            [map_gelu_tanh_backward] = KERNEL(map_gelu_tanh_backward),
            [map_softplus_backward] = KERNEL(map_softplus_backward),
            [map_exp_fast] = KERNEL(map_exp_fast),
            [map_log_fast] = KERNEL(map_log_fast),
            [map_sin_fast] = KERNEL(map_sin_fast),
            [map_cos_fast] = KERNEL(map_cos_fast),
            [map_tanh_fast] = KERNEL(map_tanh_fast),
            [map_erf_fast] = KERNEL(map_erf_fast)},
    .prelu_backward = KERNEL(prelu_backward),
    .maxout = KERNEL(maxout),
    .maxout_backward = KERNEL(maxout_backward),
};
