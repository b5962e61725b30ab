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
FUNCTION(tanh, f32, float, double, tanh(x))
FUNCTION(tanh, f64, double, long double, tanhl(x))
FUNCTION(sigmoid, f32, float, double, 1 / (1 + exp(-x)))
FUNCTION(sigmoid, f64, double, long double, 1 / (1 + expl(-x)))
