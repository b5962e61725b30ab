// Activations on vectors, and what their derivatives are made of.
//
// vector_silu       within 3 ulp (2.61 seen); x / (1 + e^-x)
// vector_gelu       within 7 ulp (6.13 on baseline, 4.97 on AVX-512), f64 8 (5.97); x (1 + erf(x / sqrt 2)) / 2
// vector_gelu_tanh  within 3 ulp (2.65 seen), f64 4 (2.32); x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
// vector_expm1_below    within 3 ulp; e^x - 1 for x <= 0, -1 at -infinity
// vector_softplus       within 4 ulp; log(1 + e^x), subnormal results too
// vector_silu_slope, vector_gelu_slope, vector_gelu_tanh_slope: derivatives, within 8 u of 1 in absolute terms
// NaN gives NaN; the first three keep their bounds down to subnormal results, and are -0 at -0 and -infinity. The
// bounds hold on every instruction set.
#ifndef FARRO_SIMD_ACTIVATION_H
#define FARRO_SIMD_ACTIVATION_H

// x F(x), for an F that rises from 0 to 1 with F(-x) = 1 - F(x), is x - v for positive and -v for negative x, with v =
// |x| F(-|x|): nothing cancels, and v, taken apart as m e^y, is rounded once where it is subnormal. The -0 gives the
// result the sign of x where v is 0.

OVERLOAD f32v gated(f32v x, f32v v) { return (x >= 0.0f ? x : broadcast(-0.0f)) - v; }
OVERLOAD f64v gated(f64v x, f64v v) { return (x >= 0.0 ? x : broadcast(-0.0)) - v; }

// x / (1 + e^-|y|) for positive and x e^-|y| / (1 + e^-|y|) for negative x, where y + rest is negative and a is |x|, or
// less where the result is x or 0 for certain.
OVERLOAD f32v logistic_gated(f32v x, f32v a, f32v y, f32v rest) {
  const f32v n = exp_exponent(y), e = exp_minus_one(y, n, rest);
  const f32v power = power_of_two(at_least(n, -100.0f)); // 1 + e^y is the same for less
  return gated(x, scale_by_power(multiply_add(a, e, a) / multiply_add(power, e, power + 1.0f), n));
}
OVERLOAD f64v logistic_gated(f64v x, f64v a, f64v y, f64v rest) {
  const f64v n = exp_exponent(y), e = exp_minus_one(y, n, rest);
  const f64v power = power_of_two(at_least(n, -1000.0));
  return gated(x, scale_by_power(multiply_add(a, e, a) / multiply_add(power, e, power + 1.0), n));
}

OVERLOAD f32v vector_silu(f32v x) {
  const f32v a = at_most(__builtin_elementwise_abs(x), 110.0f);
  return logistic_gated(x, a, -a, broadcast(-0.0f));
}
OVERLOAD f64v vector_silu(f64v x) {
  const f64v a = at_most(__builtin_elementwise_abs(x), 755.0);
  return logistic_gated(x, a, -a, broadcast(-0.0));
}

// x sigmoid(2 u) with 2 u = x (c1 + c3 x^2). An error of 2 u is one of e^(2 u) relative to it, up to 100 (700) times as
// many ulp, so every rounding on the way is made good. c1 has so few bits that `factor` - c1 is exact.
OVERLOAD f32v vector_gelu_tanh(f32v x) {
  const f32v c1 = broadcast(0x1.98845p+0f), c1_rest = broadcast(0x1.9ea1b2p-23f);
  const f32v c3 = broadcast(0x1.2444f2p-4f), c3_rest = broadcast(0x1.49b16ap-29f);
  const f32v a = at_most(__builtin_elementwise_abs(x), 11.0f), square = a * a;
  const f32v factor = multiply_add(c3, square, c1), y = -a * factor;
  const f32v lost = multiply_add(c3, product_rest(a, a, square), multiply_add(c3_rest, square, c1_rest));
  const f32v factor_rest = product_rest(c3, square, factor - c1) + lost;
  return logistic_gated(x, a, y, multiply_add(-a, factor_rest, product_rest(-a, factor, y)));
}
OVERLOAD f64v vector_gelu_tanh(f64v x) {
  const f64v c1 = broadcast(0x1.9884533d4366p+0), c1_rest = broadcast(-0x1.ee5e069875fe9p-49);
  const f64v c3 = broadcast(0x1.2444f2a4d8b4bp-4), c3_rest = broadcast(-0x1.6c843a29d1c7p-61);
  const f64v a = at_most(__builtin_elementwise_abs(x), 21.7), square = a * a;
  const f64v factor = multiply_add(c3, square, c1), y = -a * factor;
  const f64v lost = multiply_add(c3, product_rest(a, a, square), multiply_add(c3_rest, square, c1_rest));
  const f64v factor_rest = product_rest(c3, square, factor - c1) + lost;
  return logistic_gated(x, a, y, multiply_add(-a, factor_rest, product_rest(-a, factor, y)));
}

// The tail of the normal distribution is e^(-a^2 / 2) times a slowly falling function, of which a quotient leaves
// 2^-26.5 (2^-57.5). Both of its polynomials have positive coefficients: no digits are lost. a^2 / 2 is exact, in two
// parts.
static const float gelu_above_f32[] = {0x1p-1f, 0x1.c0190cp-2f, 0x1.761dc8p-3f, 0x1.4b36dp-5f, 0x1.0b8ed6p-8f};
static const float gelu_below_f32[] = {0x1p+0f,        0x1.ac4eb4p+0f, 0x1.33449ep+0f,
                                       0x1.df3596p-2f, 0x1.9f245cp-4f, 0x1.4f5488p-7f};
static const double gelu_above_f64[] = {0x1p-1,
                                        0x1.a7b0f7bbb5f51p-1,
                                        0x1.5ba1b9a3bd8e9p-1,
                                        0x1.6d67e7dc9509p-2,
                                        0x1.0dea911344339p-3,
                                        0x1.237a4f67b7458p-5,
                                        0x1.d162d3db740e5p-8,
                                        0x1.0f8a67235d697p-10,
                                        0x1.bcfa5afacffeep-14,
                                        0x1.d1953a27b5095p-18,
                                        0x1.de3307b7fccecp-23};
static const double gelu_below_f64[] = {0x1p+0,
                                        0x1.39f990ad2bd3dp+1,
                                        0x1.6854e17eb0dc6p+1,
                                        0x1.ffd1f970996c6p+0,
                                        0x1.f5101558f90a1p-1,
                                        0x1.63fa7261b3b11p-2,
                                        0x1.77ce51a9f750cp-4,
                                        0x1.27f9e6823762ap-6,
                                        0x1.569ae7d19528p-9,
                                        0x1.176f11cc3fe5ep-12,
                                        0x1.23c2c58efc8e9p-16,
                                        0x1.2baac0262bc74p-21};

OVERLOAD f32v vector_gelu(f32v x) {
  const f32v a = at_most(__builtin_elementwise_abs(x), 14.5f), square = a * a, y = -0.5f * square;
  const f32v n = exp_exponent(y), e = exp_minus_one(y, n, -0.5f * product_rest(a, a, square));
  // |x| times the polynomial gelu_above_f32, whose first coefficient is 1/2.
  const f32v product = multiply_add(polynomial_rest(a, square, gelu_above_f32, 4), square, 0.5f * a);
  const f32v m = product / polynomial(a, square, gelu_below_f32, 5);
  return gated(x, scale_by_power(multiply_add(m, e, m), n));
}
OVERLOAD f64v vector_gelu(f64v x) {
  const f64v a = at_most(__builtin_elementwise_abs(x), 38.7), square = a * a, y = -0.5 * square;
  const f64v n = exp_exponent(y), e = exp_minus_one(y, n, -0.5 * product_rest(a, a, square));
  // |x| times the polynomial gelu_above_f64, whose first coefficient is 1/2.
  const f64v product = multiply_add(polynomial_rest(a, square, gelu_above_f64, 10), square, 0.5 * a);
  const f64v m = product / polynomial(a, square, gelu_below_f64, 11);
  return gated(x, scale_by_power(multiply_add(m, e, m), n));
}

// The larger of x and 0; NaN stays NaN.
OVERLOAD f32v vector_relu(f32v x) { return x <= 0.0f ? broadcast(0.0f) : x; }
OVERLOAD f64v vector_relu(f64v x) { return x <= 0.0 ? broadcast(0.0) : x; }

// e^x - 1 = 2^n (e^r - 1) + (2^n - 1) for x <= 0.
OVERLOAD f32v vector_expm1_below(f32v x) {
  x = at_least(x, -20.0f);
  const f32v n = exp_exponent(x), power = power_of_two(n);
  return multiply_add(power, exp_minus_one(x, n), power - 1.0f);
}
OVERLOAD f64v vector_expm1_below(f64v x) {
  x = at_least(x, -40.0);
  const f64v n = exp_exponent(x), power = power_of_two(n);
  return multiply_add(power, exp_minus_one(x, n), power - 1.0);
}

OVERLOAD f32v vector_softplus(f32v x) {
  return at_least(x, 0.0f) + vector_log1p_unit(vector_exp(-__builtin_elementwise_abs(x)));
}
OVERLOAD f64v vector_softplus(f64v x) {
  return at_least(x, 0.0) + vector_log1p_unit(vector_exp(-__builtin_elementwise_abs(x)));
}

// ---- derivatives ----
// Of x F(x), F as above: F(x) + x F'(x), which is w for negative and 1 - w for positive x, with w = F(-|x|) - |x|
// F'(|x|).

OVERLOAD f32v slope_of_gate(f32v x, f32v w) { return x < 0.0f ? w : 1.0f - w; }
OVERLOAD f64v slope_of_gate(f64v x, f64v w) { return x < 0.0 ? w : 1.0 - w; }

// F(x) = 1 / (1 + e^-v(x)), whose derivative is F (1 - F) v'; a is |x|, y is -v(a) and `steepness` v'(a).
OVERLOAD f32v logistic_slope(f32v x, f32v a, f32v y, f32v steepness) {
  const f32v z = vector_exp_fast(y), q = z / (z + 1.0f);
  return slope_of_gate(x, multiply_add(-(a * steepness), multiply_add(-q, q, q), q));
}
OVERLOAD f64v logistic_slope(f64v x, f64v a, f64v y, f64v steepness) {
  const f64v z = vector_exp_fast(y), q = z / (z + 1.0);
  return slope_of_gate(x, multiply_add(-(a * steepness), multiply_add(-q, q, q), q));
}

OVERLOAD f32v vector_silu_slope(f32v x) {
  const f32v a = at_most(__builtin_elementwise_abs(x), 110.0f);
  return logistic_slope(x, a, -a, broadcast(1.0f));
}
OVERLOAD f64v vector_silu_slope(f64v x) {
  const f64v a = at_most(__builtin_elementwise_abs(x), 755.0);
  return logistic_slope(x, a, -a, broadcast(1.0));
}

OVERLOAD f32v vector_gelu_tanh_slope(f32v x) {
  const f32v a = at_most(__builtin_elementwise_abs(x), 11.0f), square = a * a;
  const f32v c1 = broadcast(0x1.988454p+0f), c3 = broadcast(0x1.2444f2p-4f);
  return logistic_slope(x, a, -a * multiply_add(c3, square, c1), multiply_add(3.0f * c3, square, c1));
}
OVERLOAD f64v vector_gelu_tanh_slope(f64v x) {
  const f64v a = at_most(__builtin_elementwise_abs(x), 21.7), square = a * a;
  const f64v c1 = broadcast(0x1.9884533d43651p+0), c3 = broadcast(0x1.2444f2a4d8b4bp-4);
  return logistic_slope(x, a, -a * multiply_add(c3, square, c1), multiply_add(3.0 * c3, square, c1));
}

// The normal distribution's tail and density have e^(-a^2 / 2) in common.
OVERLOAD f32v vector_gelu_slope(f32v x) {
  const f32v a = at_most(__builtin_elementwise_abs(x), 14.5f), square = a * a;
  const f32v tail = polynomial(a, square, gelu_above_f32, 4) / polynomial(a, square, gelu_below_f32, 5);
  return slope_of_gate(x, vector_exp_fast(-0.5f * square) * multiply_add(a, broadcast(-0x1.988454p-2f), tail));
}
OVERLOAD f64v vector_gelu_slope(f64v x) {
  const f64v a = at_most(__builtin_elementwise_abs(x), 38.7), square = a * a;
  const f64v tail = polynomial(a, square, gelu_above_f64, 10) / polynomial(a, square, gelu_below_f64, 11);
  return slope_of_gate(x, vector_exp_fast(-0.5 * square) * multiply_add(a, broadcast(-0x1.9884533d43651p-2), tail));
}

#endif
