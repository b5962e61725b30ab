// Arithmetic and functions element by element.
//
// All of it is limited by memory once it leaves the caches: every function reads each operand and writes each result
// once, in O(elements) time and without work space. Results do not depend on the number of threads. An output so large
// that it will leave the last-level cache anyway is written past the caches (non-temporal stores).
#ifndef FARRO_ELEMENTWISE_H
#define FARRO_ELEMENTWISE_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- arithmetic on rows x columns elements ---------------------------------------------------------------------

// How two operands and their result lie in memory, counted in elements. Element (i, j) of a is a[i * a_row + j *
// a_step]; a row stride of 0 repeats a row, a step of 0 repeats an element along the row. The result's rows are
// contiguous.
typedef struct farro_binary_shape {
  size_t rows, columns; // 0 is legal and does nothing
  size_t a_row, a_step; // any row stride; step 0 or 1
  size_t b_row, b_step; // the same
  size_t out_row;       // at least columns, if there are two rows or more
} farro_binary_shape;

// out = a + b, a - b, a b, a / b: each element rounded once, as IEEE 754 says.
//
// In place is legal where element (i, j) of an operand and of the result are the same memory (equal pointers and row
// strides, step 1); any other overlap is not. Pointers need only their element's alignment.
// FARRO_ERROR_ARGUMENT for a step above 1 or rows of the result that would overlap.
FARRO_API farro_status farro_add_f32(const farro_binary_shape *shape, const float *a, const float *b, float *out);
FARRO_API farro_status farro_add_f64(const farro_binary_shape *shape, const double *a, const double *b, double *out);
FARRO_API farro_status farro_subtract_f32(const farro_binary_shape *shape, const float *a, const float *b, float *out);
FARRO_API farro_status farro_subtract_f64(const farro_binary_shape *shape, const double *a, const double *b,
                                          double *out);
FARRO_API farro_status farro_multiply_f32(const farro_binary_shape *shape, const float *a, const float *b, float *out);
FARRO_API farro_status farro_multiply_f64(const farro_binary_shape *shape, const double *a, const double *b,
                                          double *out);
FARRO_API farro_status farro_divide_f32(const farro_binary_shape *shape, const float *a, const float *b, float *out);
FARRO_API farro_status farro_divide_f64(const farro_binary_shape *shape, const double *a, const double *b, double *out);

typedef struct farro_multiply_add_shape {
  size_t rows, columns;
  size_t a_row, a_step;
  size_t b_row, b_step;
  size_t c_row, c_step;
  size_t out_row;
} farro_multiply_add_shape;

// out = a b + c under the same rules. Rounded once where the instruction set fuses (AVX2, AVX-512, NEON), twice on
// baseline.
FARRO_API farro_status farro_multiply_add_f32(const farro_multiply_add_shape *shape, const float *a, const float *b,
                                              const float *c, float *out);
FARRO_API farro_status farro_multiply_add_f64(const farro_multiply_add_shape *shape, const double *a, const double *b,
                                              const double *c, double *out);

// ---- functions of n contiguous elements ------------------------------------------------------------------------
// x and out may be equal; any other overlap is not legal.

// max(x, 0), and NaN for NaN. relu(-0) is +0.
FARRO_API farro_status farro_relu_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_relu_f64(size_t n, const double *x, double *out);

// e^x within 1 ulp, subnormal results included; exactly 1 at 0, infinity and 0 beyond the ends of the range, NaN for
// NaN.
FARRO_API farro_status farro_exp_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_exp_f64(size_t n, const double *x, double *out);

// The natural logarithm within 1 ulp, of subnormal numbers too; exactly 0 at 1, -infinity at 0 and -0, NaN below 0 and
// for NaN.
FARRO_API farro_status farro_log_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_log_f64(size_t n, const double *x, double *out);

// Sine and cosine within 1 ulp for every finite x, however large; NaN for infinities and NaN. sin(-0) is -0.
FARRO_API farro_status farro_sin_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_sin_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_cos_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_cos_f64(size_t n, const double *x, double *out);

// tanh x within 1 ulp; odd, -0 for -0, exactly +-1 for large |x|, NaN for NaN.
FARRO_API farro_status farro_tanh_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_tanh_f64(size_t n, const double *x, double *out);

// The logistic function 1 / (1 + e^-x) within 2 ulp, subnormal results included; exactly 1/2 at 0, NaN for NaN.
FARRO_API farro_status farro_sigmoid_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_sigmoid_f64(size_t n, const double *x, double *out);

// The error function within 1 ulp; odd, -0 for -0, exactly +-1 for large |x|, NaN for NaN.
FARRO_API farro_status farro_erf_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_erf_f64(size_t n, const double *x, double *out);

// SiLU, x / (1 + e^-x), within 3 ulp; GELU, x (1 + erf(x / sqrt 2)) / 2, within 7 ulp (f64: 8); and its approximation
// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, within 3 ulp (f64: 4). The bounds hold for the small results of
// negative x too, subnormal ones included. Infinity at infinity, -0 at -infinity and at -0, NaN for NaN.
//
// Source: D. Hendrycks and K. Gimpel, "Gaussian error linear units (GELUs)", 2016, which names all three.
FARRO_API farro_status farro_silu_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_silu_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_gelu_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_gelu_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_gelu_tanh_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_gelu_tanh_f64(size_t n, const double *x, double *out);

// ---- oracles of the tests: plain loops, computed in double (long double for f64) and rounded at the end ------------
// (multiply-add by fma, which rounds once).

FARRO_API farro_status farro_multiply_add_reference_f32(const farro_multiply_add_shape *shape, const float *a,
                                                        const float *b, const float *c, float *out);
FARRO_API farro_status farro_multiply_add_reference_f64(const farro_multiply_add_shape *shape, const double *a,
                                                        const double *b, const double *c, double *out);
FARRO_API farro_status farro_relu_reference_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_relu_reference_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_exp_reference_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_exp_reference_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_log_reference_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_log_reference_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_sin_reference_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_sin_reference_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_cos_reference_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_cos_reference_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_tanh_reference_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_tanh_reference_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_sigmoid_reference_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_sigmoid_reference_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_erf_reference_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_erf_reference_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_silu_reference_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_silu_reference_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_gelu_reference_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_gelu_reference_f64(size_t n, const double *x, double *out);
FARRO_API farro_status farro_gelu_tanh_reference_f32(size_t n, const float *x, float *out);
FARRO_API farro_status farro_gelu_tanh_reference_f64(size_t n, const double *x, double *out);

#ifdef __cplusplus
}
#endif
#endif
