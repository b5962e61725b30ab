// The activations as their definitions read.
#include <math.h>
#include <stdbool.h>

#include "include/activation.h"

typedef struct {
  long double scale, alpha;
} elu_factors;

static elu_factors elu_factors_of(farro_activation function, double a) {
  if (function == FARRO_ACTIVATION_ELU) return (elu_factors){1, a};
  return (elu_factors){1.05070098735548049341933498529460689L,
                       1.05070098735548049341933498529460689L * 1.67326324235437728481704299167166516L};
}

static const long double sqrt_half = 0.707106781186547524400844362104849039L;
static const long double sqrt_eight_over_pi = 1.59576912160573071175978423973594730L;
static const long double density_at_zero = 0.398942280401432677939946059934381868L;

static long double logistic(long double x) { return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x)); }

// x times a gate between 0 and 1: at -infinity -0, not NaN.
static long double gated(long double x, long double gate) { return gate == 0 ? -0.0L : x * gate; }

static long double gelu_exponent(long double x) { return sqrt_eight_over_pi * x * (1 + 0.044715L * x * x); }

static long double value(farro_activation function, long double a, long double b, long double x) {
  const elu_factors elu = elu_factors_of(function, (double)a);
  switch (function) {
  case FARRO_ACTIVATION_RELU:
    return x <= 0 ? 0 : x;
  case FARRO_ACTIVATION_GELU:
    return gated(x, erfcl(-x * sqrt_half) / 2);
  case FARRO_ACTIVATION_GELU_TANH:
    return gated(x, logistic(gelu_exponent(x)));
  case FARRO_ACTIVATION_SIGMOID:
    return logistic(x);
  case FARRO_ACTIVATION_TANH:
    return tanhl(x);
  case FARRO_ACTIVATION_SILU:
    return gated(x, logistic(x));
  case FARRO_ACTIVATION_STEP:
    return x <= 0 ? 0 : x > 0 ? 1 : x;
  case FARRO_ACTIVATION_LINEAR:
    return a * x + b;
  case FARRO_ACTIVATION_LEAKY_RELU:
    return x > 0 ? x : a * x;
  case FARRO_ACTIVATION_ELU:
  case FARRO_ACTIVATION_SELU:
    return x > 0 ? elu.scale * x : elu.alpha * expm1l(x);
  case FARRO_ACTIVATION_SOFTPLUS:
    return a * x > b ? x : ((x > 0 ? a * x : 0) + log1pl(expl(-fabsl(a * x)))) / a;
  case FARRO_ACTIVATION_HARD_SIGMOID:
    return a * x + b <= 0 ? 0 : a * x + b >= 1 ? 1 : a * x + b;
  case FARRO_ACTIVATION_HARD_SWISH:
    return x <= -3 ? 0 : x >= 3 ? x : x * (x / 6 + 0.5L);
  default:
    return x;
  }
}

// x F(x): F + x F', where F' vanishes faster than x grows.
static long double gate_slope(long double x, long double gate, long double slope) {
  return slope == 0 ? gate : gate + x * slope;
}

// f' from x, or from y where activation.h says so.
static long double derivative(farro_activation function, long double a, long double b, long double s) {
  const elu_factors elu = elu_factors_of(function, (double)a);
  const long double f = logistic(function == FARRO_ACTIVATION_GELU_TANH ? gelu_exponent(s) : s);
  switch (function) {
  case FARRO_ACTIVATION_RELU:
    return s <= 0 ? 0 : 1;
  case FARRO_ACTIVATION_GELU:
    return gate_slope(s, erfcl(-s * sqrt_half) / 2, density_at_zero * expl(-s * s / 2));
  case FARRO_ACTIVATION_GELU_TANH:
    return gate_slope(s, f, f * (1 - f) * (f * (1 - f) == 0 ? 1 : sqrt_eight_over_pi * (1 + 3 * 0.044715L * s * s)));
  case FARRO_ACTIVATION_SIGMOID:
    return s * (1 - s);
  case FARRO_ACTIVATION_TANH:
    return 1 - s * s;
  case FARRO_ACTIVATION_SILU:
    return gate_slope(s, f, f * (1 - f));
  case FARRO_ACTIVATION_STEP:
    return 0;
  case FARRO_ACTIVATION_LINEAR:
    return a;
  case FARRO_ACTIVATION_LEAKY_RELU:
    return s > 0 ? 1 : a;
  case FARRO_ACTIVATION_ELU:
  case FARRO_ACTIVATION_SELU:
    return s > 0 ? elu.scale : s + elu.alpha;
  case FARRO_ACTIVATION_SOFTPLUS:
    return a * s > b ? 1 : logistic(a * s);
  case FARRO_ACTIVATION_HARD_SIGMOID:
    return a * s + b > 0 && a * s + b < 1 ? a : 0;
  case FARRO_ACTIVATION_HARD_SWISH:
    return s <= -3 ? 0 : s > 3 ? 1 : s / 3 + 0.5L;
  default:
    return 1;
  }
}

static bool reads_saved(farro_activation function) {
  return function != FARRO_ACTIVATION_NONE && function != FARRO_ACTIVATION_STEP && function != FARRO_ACTIVATION_LINEAR;
}

#define REFERENCES(type, scalar)                                                                                       \
  farro_status farro_activate_reference_##type(farro_activation function, double a, double b, size_t n,                \
                                               const scalar *x, scalar *y) {                                           \
    const scalar p = (scalar)a, q = (scalar)b;                                                                         \
    for (size_t i = 0; i < n; i++) y[i] = (scalar)value(function, p, q, x[i]);                                         \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_activate_backward_reference_##type(farro_activation function, double a, double b, size_t n,       \
                                                        const scalar *grad_y, const scalar *saved, scalar *grad_x) {   \
    const scalar p = (scalar)a, q = (scalar)b;                                                                         \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      const long double slope = derivative(function, p, q, reads_saved(function) ? saved[i] : 0);                      \
      grad_x[i] = slope == 0 ? 0 : (scalar)(grad_y[i] * slope);                                                        \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_prelu_reference_##type(const farro_channels_shape *s, const scalar *x, const scalar *slope,       \
                                            scalar *y) {                                                               \
    for (size_t i = 0; i < s->outer * s->channels * s->inner; i++)                                                     \
      y[i] = x[i] > 0 ? x[i] : slope[i / s->inner % s->channels] * x[i];                                               \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_prelu_backward_reference_##type(const farro_channels_shape *s, const scalar *grad_y,              \
                                                     const scalar *x, const scalar *slope, scalar *grad_x,             \
                                                     scalar *grad_slope) {                                             \
    for (size_t c = 0; c < s->channels; c++) {                                                                         \
      long double sum = 0;                                                                                             \
      for (size_t o = 0; o < s->outer; o++)                                                                            \
        for (size_t i = 0; i < s->inner; i++) {                                                                        \
          const size_t at = (o * s->channels + c) * s->inner + i;                                                      \
          if (!(x[at] > 0)) sum += (long double)x[at] * grad_y[at];                                                    \
          grad_x[at] = x[at] > 0 ? grad_y[at] : slope[c] * grad_y[at];                                                 \
        }                                                                                                              \
      grad_slope[c] = (scalar)sum;                                                                                     \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_maxout_reference_##type(const farro_channels_shape *s, size_t pieces, const scalar *x, scalar *y, \
                                             int32_t *argmax) {                                                        \
    const size_t groups = s->channels / pieces;                                                                        \
    for (size_t row = 0; row < s->outer * groups; row++)                                                               \
      for (size_t i = 0; i < s->inner; i++) {                                                                          \
        const scalar *group = x + row * pieces * s->inner + i;                                                         \
        size_t best = 0;                                                                                               \
        for (size_t k = 1; k < pieces; k++) {                                                                          \
          const scalar other = group[k * s->inner], greatest = group[best * s->inner];                                 \
          if (other > greatest || (isnan(other) && !isnan(greatest))) best = k;                                        \
        }                                                                                                              \
        y[row * s->inner + i] = group[best * s->inner];                                                                \
        if (argmax) argmax[row * s->inner + i] = (int32_t)best;                                                        \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }

REFERENCES(f32, float)
REFERENCES(f64, double)
