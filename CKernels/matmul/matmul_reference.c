// Matmul as its definition reads.
#include "include/matmul.h"

#include <math.h>

static long double activate(farro_activation activation, long double x) {
  switch (activation) {
  case FARRO_ACTIVATION_RELU:
    return x <= 0 ? 0 : x;
  case FARRO_ACTIVATION_GELU:
    return x * erfcl(-x / sqrtl(2)) / 2;
  case FARRO_ACTIVATION_GELU_TANH:
    return x / (1 + expl(-2 * sqrtl(2 / acosl(-1)) * (x + 0.044715L * x * x * x)));
  case FARRO_ACTIVATION_SIGMOID:
    return 1 / (1 + expl(-x));
  case FARRO_ACTIVATION_TANH:
    return tanhl(x);
  case FARRO_ACTIVATION_SILU:
    return x / (1 + expl(-x));
  default:
    return x;
  }
}

#define REFERENCE(type, scalar, wide)                                                                                  \
  farro_status farro_matmul_fused_reference_##type(const farro_matmul_shape *s, scalar alpha, const scalar *a,         \
                                                   const scalar *b, scalar beta, scalar *c, const farro_epilogue *e) { \
    const farro_epilogue none = {0};                                                                                   \
    if (!e) e = &none;                                                                                                 \
    const scalar *scale = e->scale, *bias = e->bias, *residual = e->residual;                                          \
    for (size_t item = 0; item < s->batch; item++)                                                                     \
      for (size_t i = 0; i < s->m; i++)                                                                                \
        for (size_t j = 0; j < s->n; j++) {                                                                            \
          const scalar *x = a + item * s->stride_a, *y = b + item * s->stride_b;                                       \
          scalar *to = c + item * s->stride_c + i * s->ldc + j;                                                        \
          wide sum = 0;                                                                                                \
          for (size_t p = 0; p < s->k && alpha != 0; p++)                                                              \
            sum += (wide)x[s->transpose_a ? p * s->lda + i : i * s->lda + p] *                                         \
                   (wide)y[s->transpose_b ? j * s->ldb + p : p * s->ldb + j];                                          \
          wide value = (wide)alpha * sum + (beta == 0 ? 0 : (wide)beta * (wide) * to);                                 \
          if (scale) value *= (wide)scale[j];                                                                          \
          if (bias) value += (wide)bias[j];                                                                            \
          if (e->activation) value = (wide)activate(e->activation, (long double)value);                                \
          if (residual) value += (wide)residual[item * e->stride_residual + i * e->ld_residual + j];                   \
          *to = (scalar)value;                                                                                         \
          if (e->visit) e->visit(e->visit_context, item, i, j, 1, 1, to, 1);                                           \
        }                                                                                                              \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_matmul_reference_##type(const farro_matmul_shape *s, scalar alpha, const scalar *a,               \
                                             const scalar *b, scalar beta, scalar *c) {                                \
    return farro_matmul_fused_reference_##type(s, alpha, a, b, beta, c, NULL);                                         \
  }

REFERENCE(f32, float, double)
REFERENCE(f64, double, long double)
