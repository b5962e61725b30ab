// Activations on vectors, and what their derivatives are made of.
//
// vector_silu       within 3 ulp (2.61 seen); x / (1 + e^-x)
// vector_gelu       within 7 ulp (6.13 on baseline, 4.97 on AVX-512), f64 8 (5.97); x (1 + erf(x / sqrt 2)) / 2
// vector_gelu_tanh  within 3 ulp (2.65 seen), f64 4 (2.32); x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
// NaN gives NaN; all three keep their bounds down to subnormal results, and are -0 at -0 and -infinity. The bounds hold
// on every instruction set.
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
OVERLOAD f32v vector_gelu(f32v x) {
  static const float above[] = {0x1p-1f, 0x1.c0190cp-2f, 0x1.761dc8p-3f, 0x1.4b36dp-5f, 0x1.0b8ed6p-8f};
  static const float below[] = {0x1p+0f,        0x1.ac4eb4p+0f, 0x1.33449ep+0f,
                                0x1.df3596p-2f, 0x1.9f245cp-4f, 0x1.4f5488p-7f};
  const f32v a = at_most(__builtin_elementwise_abs(x), 14.5f), square = a * a, y = -0.5f * square;
  const f32v n = exp_exponent(y), e = exp_minus_one(y, n, -0.5f * product_rest(a, a, square));
  // |x| times the polynomial above, whose first coefficient is 1/2.
  const f32v product = multiply_add(polynomial_rest(a, square, above, 4), square, 0.5f * a);
  const f32v m = product / polynomial(a, square, below, 5);
  return gated(x, scale_by_power(multiply_add(m, e, m), n));
}
OVERLOAD f64v vector_gelu(f64v x) {
  static const double above[] = {0x1p-1,
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
  static const double below[] = {0x1p+0,
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
  const f64v a = at_most(__builtin_elementwise_abs(x), 38.7), square = a * a, y = -0.5 * square;
  const f64v n = exp_exponent(y), e = exp_minus_one(y, n, -0.5 * product_rest(a, a, square));
  // |x| times the polynomial above, whose first coefficient is 1/2.
  const f64v product = multiply_add(polynomial_rest(a, square, above, 10), square, 0.5 * a);
  const f64v m = product / polynomial(a, square, below, 11);
  return gated(x, scale_by_power(multiply_add(m, e, m), n));
}

// The larger of x and 0; NaN stays NaN.
OVERLOAD f32v vector_relu(f32v x) { return x <= 0.0f ? broadcast(0.0f) : x; }
OVERLOAD f64v vector_relu(f64v x) { return x <= 0.0 ? broadcast(0.0) : x; }

#endif
