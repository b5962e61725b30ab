// Activations: functions of each element that layers of a model end with, and their gradients.
//
// All read each operand and write each result once, in O(elements) time. Results do not depend on the number of
// threads. An output so large that it will leave the last-level cache anyway is written past the caches. Sizes of 0 are
// legal. Pointers need only their element's alignment. u = 2^-24 (f32) or 2^-53 (f64).
#ifndef FARRO_ACTIVATION_H
#define FARRO_ACTIVATION_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// f(x), of which a and b are parameters.
typedef enum farro_activation {
  FARRO_ACTIVATION_NONE = 0,          // x
  FARRO_ACTIVATION_RELU = 1,          // max(x, 0)
  FARRO_ACTIVATION_GELU = 2,          // x (1 + erf(x / sqrt 2)) / 2
  FARRO_ACTIVATION_GELU_TANH = 3,     // x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
  FARRO_ACTIVATION_SIGMOID = 4,       // 1 / (1 + e^-x)
  FARRO_ACTIVATION_TANH = 5,          // tanh x
  FARRO_ACTIVATION_SILU = 6,          // x / (1 + e^-x)
  FARRO_ACTIVATION_STEP = 7,          // 1 for x > 0, else 0
  FARRO_ACTIVATION_LINEAR = 8,        // a x + b
  FARRO_ACTIVATION_LEAKY_RELU = 9,    // x for x > 0, else a x
  FARRO_ACTIVATION_ELU = 10,          // x for x > 0, else a (e^x - 1); a >= 0
  FARRO_ACTIVATION_SELU = 11,         // s x for x > 0, else s t (e^x - 1)
  FARRO_ACTIVATION_SOFTPLUS = 12,     // log(1 + e^(a x)) / a, or x where a x > b; a > 0
  FARRO_ACTIVATION_HARD_SIGMOID = 13, // a x + b, or 0 or 1 where it passes these
  FARRO_ACTIVATION_HARD_SWISH = 14,   // x times (x + 3) / 6, or times 0 or 1 where this passes these
  FARRO_ACTIVATION_COUNT = 15,
} farro_activation;

// How many of them, from the first on, a product's epilogue knows (matmul.h).
enum { FARRO_ACTIVATION_FUSED = 7 };

// What the gradient is computed from, x or y, and the errors of f (in ulp, or in u times what is given) and of f' (in u
// times what is given):
//
//   function       from  error of f               error of f'
//   ReLU           x, y  0                        0
//   GELU           x     7 ulp (f64: 8)           8
//   GELU by tanh   x     3 ulp (f64: 4)           8
//   sigmoid        y     2 ulp                    1
//   tanh           y     1 ulp                    2
//   SiLU           x     3 ulp                    8
//   step           -     0                        0 (f' is 0 everywhere)
//   linear         -     2 |a x| + |y|            0
//   leaky ReLU     x     |y|                      0
//   ELU            y     4 ulp                    1 + a
//   SELU           y     4 ulp                    4
//   softplus       x     4 ulp + 2 |a x| |y|      5
//   hard sigmoid   x     3 (|a x| + |b|)          0
//   hard swish     x     3 |x|                    3 + |x|
//
// s = 1.0507009873554805 and t = 1.6732632423543772 make layers whose inputs have mean 0 and variance 1 keep both. Ulp
// hold for subnormal results too. Where a x is exact, softplus lacks the second term. Usual parameters are: leaky ReLU
// a = 0.01; ELU a = 1; softplus a = 1, b = 20; hard sigmoid a = 1/6, b = 1/2.
//
// Sources: D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by exponential linear
// units (ELUs)", ICLR 2016; G. Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017; D. Hendrycks and K.
// Gimpel, "Gaussian error linear units (GELUs)", 2016; A. Howard et al., "Searching for MobileNetV3", ICCV 2019 (hard
// swish).

// y = f(x) for n elements; x and y may be equal, any other overlap is not legal. NaN gives NaN. Limits at -infinity are
// 0 or -0, not NaN (but a leaky ReLU of slope 0, which is 0 times it). FARRO_ERROR_ARGUMENT for a function that is none
// of the above, for an ELU with a < 0, and for a softplus unless a > 0. Parameters are rounded to the element type; a
// function without them ignores them.
FARRO_API farro_status farro_activate_f32(farro_activation function, double a, double b, size_t n, const float *x,
                                          float *y);
FARRO_API farro_status farro_activate_f64(farro_activation function, double a, double b, size_t n, const double *x,
                                          double *y);

// grad_x = grad_y f'(x), from the x or the y that the table names, within its bound times |grad_y|, to which the
// rounding of the product and, from a y, |f''| times its error come; f' at a kink is that of the left. grad_x may be
// grad_y or `saved`; any other overlap is not legal. `saved` is not read where the table names neither, and may be NULL
// there.
FARRO_API farro_status farro_activate_backward_f32(farro_activation function, double a, double b, size_t n,
                                                   const float *grad_y, const float *saved, float *grad_x);
FARRO_API farro_status farro_activate_backward_f64(farro_activation function, double a, double b, size_t n,
                                                   const double *grad_y, const double *saved, double *grad_x);

// ---- activations over channels ---------------------------------------------------------------------------------
// x is (outer, channels, inner), contiguous and row-major: for channels first, inner is the product of the lengths
// behind them, for channels last it is 1.

typedef struct farro_channels_shape {
  size_t outer, channels, inner;
} farro_channels_shape;

// PReLU: y = x for x > 0, else slope x, with a slope for each channel; one rounding. x and y may be equal.
//
// Source: K. He et al., "Delving deep into rectifiers", ICCV 2015.
FARRO_API farro_status farro_prelu_f32(const farro_channels_shape *shape, const float *x, const float *slope, float *y);
FARRO_API farro_status farro_prelu_f64(const farro_channels_shape *shape, const double *x, const double *slope,
                                       double *y);

// grad_x = grad_y, or slope grad_y where x is not above 0, and grad_slope = the sum of x grad_y over these elements of
// a channel, in one pass. grad_x may be grad_y or x.
//
// Sums run in the element type over at most 4096 elements, and in double beyond, in an order that the shape alone
// tells:
//   |grad_slope - exact| <= 4100 u (sum of |x grad_y|).
// Work space is below 7% of x, or 16 bytes for each channel; FARRO_ERROR_MEMORY without it.
FARRO_API farro_status farro_prelu_backward_f32(const farro_channels_shape *shape, const float *grad_y, const float *x,
                                                const float *slope, float *grad_x, float *grad_slope);
FARRO_API farro_status farro_prelu_backward_f64(const farro_channels_shape *shape, const double *grad_y,
                                                const double *x, const double *slope, double *grad_x,
                                                double *grad_slope);

// Maxout: channels in groups of `pieces` that follow one another; y, (outer, channels / pieces, inner), is the greatest
// of each group, and `argmax`, of the same shape, which of the group it was, counted from 0. The first of equal ones
// wins, and the first NaN before all. `argmax` may be NULL; nothing may overlap. FARRO_ERROR_ARGUMENT unless pieces is
// at least 1 and divides channels.
//
// Source: I. Goodfellow et al., "Maxout networks", ICML 2013.
FARRO_API farro_status farro_maxout_f32(const farro_channels_shape *shape, size_t pieces, const float *x, float *y,
                                        int32_t *argmax);
FARRO_API farro_status farro_maxout_f64(const farro_channels_shape *shape, size_t pieces, const double *x, double *y,
                                        int32_t *argmax);

// grad_x, of the shape of x: grad_y at the greatest of each group, 0 at the others.
FARRO_API farro_status farro_maxout_backward_f32(const farro_channels_shape *shape, size_t pieces, const float *grad_y,
                                                 const int32_t *argmax, float *grad_x);
FARRO_API farro_status farro_maxout_backward_f64(const farro_channels_shape *shape, size_t pieces, const double *grad_y,
                                                 const int32_t *argmax, double *grad_x);

// ---- oracles of the tests: plain loops, computed in double (long double for f64) and rounded at the end
// -------------- Their gradients take what the functions above take.

FARRO_API farro_status farro_activate_reference_f32(farro_activation function, double a, double b, size_t n,
                                                    const float *x, float *y);
FARRO_API farro_status farro_activate_reference_f64(farro_activation function, double a, double b, size_t n,
                                                    const double *x, double *y);
FARRO_API farro_status farro_activate_backward_reference_f32(farro_activation function, double a, double b, size_t n,
                                                             const float *grad_y, const float *saved, float *grad_x);
FARRO_API farro_status farro_activate_backward_reference_f64(farro_activation function, double a, double b, size_t n,
                                                             const double *grad_y, const double *saved, double *grad_x);
FARRO_API farro_status farro_prelu_reference_f32(const farro_channels_shape *shape, const float *x, const float *slope,
                                                 float *y);
FARRO_API farro_status farro_prelu_reference_f64(const farro_channels_shape *shape, const double *x,
                                                 const double *slope, double *y);
FARRO_API farro_status farro_prelu_backward_reference_f32(const farro_channels_shape *shape, const float *grad_y,
                                                          const float *x, const float *slope, float *grad_x,
                                                          float *grad_slope);
FARRO_API farro_status farro_prelu_backward_reference_f64(const farro_channels_shape *shape, const double *grad_y,
                                                          const double *x, const double *slope, double *grad_x,
                                                          double *grad_slope);
FARRO_API farro_status farro_maxout_reference_f32(const farro_channels_shape *shape, size_t pieces, const float *x,
                                                  float *y, int32_t *argmax);
FARRO_API farro_status farro_maxout_reference_f64(const farro_channels_shape *shape, size_t pieces, const double *x,
                                                  double *y, int32_t *argmax);

#ifdef __cplusplus
}
#endif
#endif
