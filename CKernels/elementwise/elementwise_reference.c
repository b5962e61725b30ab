// The maps as their definitions read.
#include <math.h>

#include "include/elementwise.h"

#define FUNCTION(name, type, scalar, wide, expression)                                                                 \
  farro_status farro_##name##_reference_##type(size_t n, const scalar *values, scalar *out) {                          \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const wide x = (wide)values[i];                                                                                  \
      out[i] = (scalar)(expression);                                                                                   \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }

#define MULTIPLY_ADD(type, scalar, fused)                                                                              \
  farro_status farro_multiply_add_reference_##type(const farro_multiply_add_shape *s, const scalar *a,                 \
                                                   const scalar *b, const scalar *c, scalar *out) {                    \
    for (size_t i = 0; i < s->rows; i++)                                                                               \
      for (size_t j = 0; j < s->columns; j++)                                                                          \
        out[i * s->out_row + j] =                                                                                      \
            fused(a[i * s->a_row + j * s->a_step], b[i * s->b_row + j * s->b_step], c[i * s->c_row + j * s->c_step]);  \
    return FARRO_OK;                                                                                                   \
  }

MULTIPLY_ADD(f32, float, fmaf)
MULTIPLY_ADD(f64, double, fma)

FUNCTION(relu, f32, float, float, x <= 0 ? 0 : x)
FUNCTION(relu, f64, double, double, x <= 0 ? 0 : x)
FUNCTION(exp, f32, float, double, exp(x))
FUNCTION(exp, f64, double, long double, expl(x))
FUNCTION(log, f32, float, double, log(x))
FUNCTION(log, f64, double, long double, logl(x))
FUNCTION(sin, f32, float, double, sin(x))
FUNCTION(sin, f64, double, long double, sinl(x))
FUNCTION(cos, f32, float, double, cos(x))
FUNCTION(cos, f64, double, long double, cosl(x))
FUNCTION(tanh, f32, float, double, tanh(x))
FUNCTION(tanh, f64, double, long double, tanhl(x))
FUNCTION(sigmoid, f32, float, double, 1 / (1 + exp(-x)))
FUNCTION(sigmoid, f64, double, long double, 1 / (1 + expl(-x)))
FUNCTION(erf, f32, float, double, erf(x))
FUNCTION(erf, f64, double, long double, erfl(x))
// x F(x) with an F that rises from 0 to 1; -infinity times 0 would be NaN where the limit is -0.
#define GATED(name, type, scalar, wide, expression)                                                                    \
  FUNCTION(name, type, scalar, wide, isinf(x) ? (x < 0 ? -0.0 : x) : expression)

static const long double sqrt_half = 0.707106781186547524400844362104849039L;
static const long double sqrt_eight_over_pi = 1.59576912160573071175978423973594730L;

GATED(silu, f32, float, double, x / (1 + exp(-x)))
GATED(silu, f64, double, long double, x / (1 + expl(-x)))
GATED(gelu, f32, float, double, x / 2 * erfc(-x * (double)sqrt_half))
GATED(gelu, f64, double, long double, x / 2 * erfcl(-x * sqrt_half))
GATED(gelu_tanh, f32, float, double, x / (1 + exp(-(double)sqrt_eight_over_pi * x * (1 + 0.044715 * x * x))))
GATED(gelu_tanh, f64, double, long double, x / (1 + expl(-sqrt_eight_over_pi * x * (1 + 0.044715L * x * x))))
