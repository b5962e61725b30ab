// Functions on vectors: exp, tanh, sigmoid; and the blocks they are made of.
//
// vector_exp      within 1 ulp (0.93 seen); subnormal results too; +inf above the range, 0 below it, exactly 1 at 0
// vector_tanh     within 2 ulp (1.80 seen); odd, -0 for -0, exactly +-1 for large |x|
// vector_sigmoid  within 2 ulp (1.78 seen); 1 / (1 + e^-x), subnormal results too, exactly 1/2 at 0
// NaN gives NaN. The bounds hold on every instruction set.
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

OVERLOAD f32v exp_exponent(f32v x) { return round_product(x, 0x1.715476p+0f); }
OVERLOAD f64v exp_exponent(f64v x) { return round_product(x, 0x1.71547652b82fep+0); }

// e^r - 1 for r = x - n ln 2. ln 2 comes in two parts: `high` is exact, since its part of ln 2 leaves room for the bits
// of n, and `low` joins where its rounding costs least. 1 + r + r^2 q(r) leaves 2^-27.7 (2^-56.5) of e^r.
// q by pairs (Estrin): what a core can look ahead holds about six vectors, so the length of the chain is what counts.
OVERLOAD f32v exp_minus_one(f32v x, f32v n) {
  const f32v high = multiply_add(n, broadcast(-0x1.62e4p-1f), x), low = n * -0x1.7f7d1cp-20f, r = high + low;
  const f32v square = r * r;
  const f32v q0 = multiply_add(broadcast(0x1.555490p-3f), r, broadcast(0x1.fffffcp-2f));
  const f32v q2 = multiply_add(broadcast(0x1.123a68p-7f), r, broadcast(0x1.5558f4p-5f));
  const f32v q = multiply_add(multiply_add(broadcast(0x1.6a236cp-10f), square, q2), square, q0);
  return high + multiply_add(q, square, low);
}
OVERLOAD f64v exp_minus_one(f64v x, f64v n) {
  const f64v high = multiply_add(n, broadcast(-0x1.62e42fefa4p-1), x), low = n * 0x1.8432a1b0e2634p-43, r = high + low;
  const f64v square = r * r, fourth = square * square;
  const f64v q0 = multiply_add(broadcast(0x1.55555555554f9p-3), r, broadcast(0x1.000000000000ap-1));
  const f64v q2 = multiply_add(broadcast(0x1.1111111127e86p-7), r, broadcast(0x1.55555555507f5p-5));
  const f64v q4 = multiply_add(broadcast(0x1.a01a0129b1eb3p-13), r, broadcast(0x1.6c16c1844a06cp-10));
  const f64v q6 = multiply_add(broadcast(0x1.71df2634ec8bcp-19), r, broadcast(0x1.a01999b08319cp-16));
  const f64v q8 = multiply_add(broadcast(0x1.ad7ef0194cae3p-26), r, broadcast(0x1.28adcbe1e49e7p-22));
  const f64v upper = multiply_add(q8, fourth, multiply_add(q6, square, q4));
  const f64v q = multiply_add(upper, fourth, multiply_add(q2, square, q0));
  return high + multiply_add(q, square, low);
}

// ---- the functions ----

// Beyond the bounds lie 0 and infinity for certain; within them, n is small enough for scale_by_power.
OVERLOAD f32v vector_exp(f32v x) {
  x = clamp(x, -104.0f, 89.0f);
  const f32v n = exp_exponent(x);
  return scale_by_power(exp_minus_one(x, n) + 1.0f, n);
}
OVERLOAD f64v vector_exp(f64v x) {
  x = clamp(x, -746.0, 710.0);
  const f64v n = exp_exponent(x);
  return scale_by_power(exp_minus_one(x, n) + 1.0, n);
}

// With y = 2 |x| and t = e^y - 1 = 2^n (e^r - 1) + (2^n - 1): up to about 1/2, tanh |x| = t / (t + 2) = t/2 - t/2 tanh
// |x|, where a rough tanh |x| on the right is good enough; above, 1 - 2 / (t + 2). The division is shared.
OVERLOAD f32v vector_tanh(f32v x) {
  const f32v y = 2.0f * clamp(__builtin_elementwise_abs(x), 0.0f, 10.0f), n = exp_exponent(y);
  const f32v power = power_of_two(n), e = exp_minus_one(y, n), t = multiply_add(power, e, power - 1.0f);
  const i32v is_large = y > 1.1f;
  const f32v quotient = (is_large ? broadcast(2.0f) : t) / multiply_add(power, e, power + 1.0f), half = 0.5f * t;
  const f32v magnitude = is_large ? 1.0f - quotient : multiply_add(-half, quotient, half);
  return __builtin_elementwise_copysign(magnitude, x);
}
OVERLOAD f64v vector_tanh(f64v x) {
  const f64v y = 2.0 * clamp(__builtin_elementwise_abs(x), 0.0, 20.0), n = exp_exponent(y);
  const f64v power = power_of_two(n), e = exp_minus_one(y, n), t = multiply_add(power, e, power - 1.0);
  const i64v is_large = y > 1.1;
  const f64v quotient = (is_large ? broadcast(2.0) : t) / multiply_add(power, e, power + 1.0), half = 0.5 * t;
  const f64v magnitude = is_large ? 1.0 - quotient : multiply_add(-half, quotient, half);
  return __builtin_elementwise_copysign(magnitude, x);
}

// With z = e^-|x|, which cannot overflow, and q = z / (1 + z): 1 - q for positive x, and for negative x the same q, as
// z - z q, which keeps more of a small z.
OVERLOAD f32v vector_sigmoid(f32v x) {
  const f32v z = vector_exp(-__builtin_elementwise_abs(x)), q = z / (z + 1.0f);
  return x < 0.0f ? multiply_add(-z, q, z) : 1.0f - q;
}
OVERLOAD f64v vector_sigmoid(f64v x) {
  const f64v z = vector_exp(-__builtin_elementwise_abs(x)), q = z / (z + 1.0);
  return x < 0.0 ? multiply_add(-z, q, z) : 1.0 - q;
}

#endif
