// Functions on vectors: exp, tanh, sigmoid; and the blocks they are made of.
//
// vector_exp      within 1 ulp; subnormal results too; +inf above the range, 0 below it, exactly 1 at 0
// vector_tanh     within 2 ulp; odd, -0 for -0, exactly +-1 for large |x|
// vector_sigmoid  within 2 ulp; subnormal results too; 1 / (1 + e^-x), exactly 1/2 at 0
// NaN gives NaN. The bounds hold on every instruction set; measured maxima stand beside the functions.
//
// Argument reduction by two parts of ln 2: W. Cody and W. Waite, "Software manual for the elementary functions", 1980.
// Constants are printed by math_coefficients.py.
#ifndef FARRO_SIMD_MATH_H
#define FARRO_SIMD_MATH_H

// ---- integers in floating-point vectors, and powers of two ----

// Added to n, it leaves the integer n in the low bits of the sum, rounded to nearest even: 1.5 times 2^23 or 2^52.
static const float integer_shift_f32 = 0x1.8p23f;
static const double integer_shift_f64 = 0x1.8p52;

// x y rounded to the nearest integer, for |x y| < 2^22 (2^51).
OVERLOAD f32v round_product(f32v x, float y) {
  return multiply_add(x, broadcast(y), broadcast(integer_shift_f32)) - broadcast(integer_shift_f32);
}
OVERLOAD f64v round_product(f64v x, double y) {
  return multiply_add(x, broadcast(y), broadcast(integer_shift_f64)) - broadcast(integer_shift_f64);
}

// 2^n for integral n with a normal result.
OVERLOAD f32v power_of_two(f32v n) { return (f32v)(((u32v)(n + integer_shift_f32) << 23) + (u32v)broadcast(1.0f)); }
OVERLOAD f64v power_of_two(f64v n) { return (f64v)(((u64v)(n + integer_shift_f64) << 52) + (u64v)broadcast(1.0)); }

// v 2^n for integral n, rounded once where the result is subnormal; |n| at most 252 (2044).
#if defined(MASKS_AVX512)
OVERLOAD f32v scale_by_power(f32v v, f32v n) { return (f32v)_mm512_scalef_ps((__m512)v, (__m512)n); }
OVERLOAD f64v scale_by_power(f64v v, f64v n) { return (f64v)_mm512_scalef_pd((__m512d)v, (__m512d)n); }
#else
// In two halves, because 2^n itself may be out of range. Only the second product rounds.
OVERLOAD f32v scale_by_power(f32v v, f32v n) {
  const f32v half = round_product(n, 0.5f);
  return v * power_of_two(half) * power_of_two(n - half);
}
OVERLOAD f64v scale_by_power(f64v v, f64v n) {
  const f64v half = round_product(n, 0.5);
  return v * power_of_two(half) * power_of_two(n - half);
}
#endif

// x between two bounds; NaN stays NaN.
OVERLOAD f32v clamp(f32v x, float low, float high) {
  x = x < low ? broadcast(low) : x;
  return x > high ? broadcast(high) : x;
}
OVERLOAD f64v clamp(f64v x, double low, double high) {
  x = x < low ? broadcast(low) : x;
  return x > high ? broadcast(high) : x;
}

// ---- e^x = 2^n e^r with |r| <= ln(2) / 2 ----

// r = x - n ln 2. The first product is exact: the high part of ln 2 leaves room for the bits of n.
OVERLOAD f32v reduce_exp(f32v x, f32v n) {
  const f32v r = multiply_add(n, broadcast(-0x1.62e4p-1f), x);
  return multiply_add(n, broadcast(-0x1.7f7d1cp-20f), r);
}
OVERLOAD f64v reduce_exp(f64v x, f64v n) {
  const f64v r = multiply_add(n, broadcast(-0x1.62e42fefa4p-1), x);
  return multiply_add(n, broadcast(0x1.8432a1b0e2634p-43), r);
}

// e^r - 1, with a relative error below one ulp also near 0. The polynomial leaves 2^-27.7 (2^-56.5) of e^r.
OVERLOAD f32v exp_minus_one(f32v r) {
  f32v q = broadcast(0x1.6a236cp-10f);
  q = multiply_add(q, r, broadcast(0x1.123a68p-7f));
  q = multiply_add(q, r, broadcast(0x1.5558f4p-5f));
  q = multiply_add(q, r, broadcast(0x1.555490p-3f));
  q = multiply_add(q, r, broadcast(0x1.fffffcp-2f));
  return multiply_add(q, r * r, r);
}
OVERLOAD f64v exp_minus_one(f64v r) {
  f64v q = broadcast(0x1.ad7ef0194cae3p-26);
  q = multiply_add(q, r, broadcast(0x1.28adcbe1e49e7p-22));
  q = multiply_add(q, r, broadcast(0x1.71df2634ec8bcp-19));
  q = multiply_add(q, r, broadcast(0x1.a01999b08319cp-16));
  q = multiply_add(q, r, broadcast(0x1.a01a0129b1eb3p-13));
  q = multiply_add(q, r, broadcast(0x1.6c16c1844a06cp-10));
  q = multiply_add(q, r, broadcast(0x1.1111111127e86p-7));
  q = multiply_add(q, r, broadcast(0x1.55555555507f5p-5));
  q = multiply_add(q, r, broadcast(0x1.55555555554f9p-3));
  q = multiply_add(q, r, broadcast(0x1.000000000000ap-1));
  return multiply_add(q, r * r, r);
}

// ---- the functions ----

// Beyond the bounds lie 0 and infinity for certain; within them, n is small enough for scale_by_power.
OVERLOAD f32v vector_exp(f32v x) {
  x = clamp(x, -104.0f, 89.0f);
  const f32v n = round_product(x, 0x1.715476p+0f);
  return scale_by_power(exp_minus_one(reduce_exp(x, n)) + 1.0f, n);
}
OVERLOAD f64v vector_exp(f64v x) {
  x = clamp(x, -746.0, 710.0);
  const f64v n = round_product(x, 0x1.71547652b82fep+0);
  return scale_by_power(exp_minus_one(reduce_exp(x, n)) + 1.0, n);
}

// With y = 2 |x| = n ln 2 + r: tanh |x| = (e^y - 1) / (e^y + 1), where e^y -+ 1 = 2^n (e^r - 1) + (2^n -+ 1) loses
// nothing near 0. At the upper bound both sums round to the same number, and the quotient is exactly 1.
OVERLOAD f32v vector_tanh(f32v x) {
  const f32v y = 2.0f * clamp(__builtin_elementwise_abs(x), 0.0f, 10.0f), n = round_product(y, 0x1.715476p+0f);
  const f32v power = power_of_two(n), e = exp_minus_one(reduce_exp(y, n));
  const f32v quotient = multiply_add(power, e, power - 1.0f) / multiply_add(power, e, power + 1.0f);
  return __builtin_elementwise_copysign(quotient, x);
}
OVERLOAD f64v vector_tanh(f64v x) {
  const f64v y = 2.0 * clamp(__builtin_elementwise_abs(x), 0.0, 20.0), n = round_product(y, 0x1.71547652b82fep+0);
  const f64v power = power_of_two(n), e = exp_minus_one(reduce_exp(y, n));
  const f64v quotient = multiply_add(power, e, power - 1.0) / multiply_add(power, e, power + 1.0);
  return __builtin_elementwise_copysign(quotient, x);
}

// Of e^-|x|, which cannot overflow: 1 / (1 + e^-x) = e^x / (1 + e^x) keeps small results exact to the last bit or two.
OVERLOAD f32v vector_sigmoid(f32v x) {
  const f32v e = vector_exp(-__builtin_elementwise_abs(x));
  return (x < 0.0f ? e : broadcast(1.0f)) / (e + 1.0f);
}
OVERLOAD f64v vector_sigmoid(f64v x) {
  const f64v e = vector_exp(-__builtin_elementwise_abs(x));
  return (x < 0.0 ? e : broadcast(1.0)) / (e + 1.0);
}

#endif
