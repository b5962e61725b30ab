// Functions on vectors: exp, tanh, sigmoid, erf; and the blocks they are made of. log.h and trigonometry.h have others.
//
// vector_exp        within 1 ulp (0.93 seen); subnormal results too; +inf above the range, 0 below it, exactly 1 at 0
// vector_exp_fast   within 4 ulp (2.3 seen); 0 in place of subnormal results
// vector_tanh       within 1 ulp (0.98 seen); odd, -0 for -0, exactly +-1 for large |x|
// vector_tanh_fast  within 2 ulp (1.80 seen), likewise
// vector_sigmoid    within 2 ulp (1.85 seen); 1 / (1 + e^-x), subnormal results too, exactly 1/2 at 0
// vector_erf        within 1 ulp (0.93 seen); odd, -0 for -0, exactly +-1 for large |x|
// vector_erf_fast   within 2 ulp (1.55 seen), likewise
// NaN gives NaN. The bounds hold on every instruction set. A function without a suffix is the strict form; kernels
// whose own bound leaves room take the fast one.
//
// Argument reduction by two parts of ln 2: W. Cody and W. Waite, "Software manual for the elementary functions", 1980.
// Splitting of factors, where no multiply-add gives a product's rest: T. Dekker, "A floating-point technique for
// extending the available precision", 1971. Constants are printed by math_coefficients.py.
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

// a b - near, for `near` about a b: what a rounded product lost.
#if HAS_FMA
OVERLOAD f32v product_rest(f32v a, f32v b, f32v near) { return multiply_add(a, b, -near); }
OVERLOAD f64v product_rest(f64v a, f64v b, f64v near) { return multiply_add(a, b, -near); }
#else
// The upper half of the bits: products of halves are exact.
OVERLOAD f32v upper_half(f32v v) { return (f32v)((u32v)v & 0xfffff000u); }
OVERLOAD f64v upper_half(f64v v) { return (f64v)((u64v)v & 0xfffffffff8000000u); }

OVERLOAD f32v product_rest(f32v a, f32v b, f32v near) {
  const f32v a1 = upper_half(a), b1 = upper_half(b), a2 = a - a1, b2 = b - b1;
  return a1 * b1 - near + a1 * b2 + a2 * b1 + a2 * b2;
}
OVERLOAD f64v product_rest(f64v a, f64v b, f64v near) {
  const f64v a1 = upper_half(a), b1 = upper_half(b), a2 = a - a1, b2 = b - b1;
  return a1 * b1 - near + a1 * b2 + a2 * b1 + a2 * b2;
}
#endif

// (p(x) - c[0]) / x for p(x) = c[0] + c[1] x + ... + c[degree] x^degree, as two chains in x^2; degree is 2 or more.
OVERLOAD f32v polynomial_rest(f32v x, f32v square, const float *c, const int degree) {
  f32v sum = broadcast(c[degree]), other = broadcast(c[degree - 1]);
  UNROLL for (int i = degree - 2; i > 0; i -= 2) {
    sum = multiply_add(sum, square, broadcast(c[i]));
    if (i > 1) other = multiply_add(other, square, broadcast(c[i - 1]));
  }
  return degree % 2 ? multiply_add(other, x, sum) : multiply_add(sum, x, other);
}
OVERLOAD f64v polynomial_rest(f64v x, f64v square, const double *c, const int degree) {
  f64v sum = broadcast(c[degree]), other = broadcast(c[degree - 1]);
  UNROLL for (int i = degree - 2; i > 0; i -= 2) {
    sum = multiply_add(sum, square, broadcast(c[i]));
    if (i > 1) other = multiply_add(other, square, broadcast(c[i - 1]));
  }
  return degree % 2 ? multiply_add(other, x, sum) : multiply_add(sum, x, other);
}

// p(x). c[0] joins last, because it is what rounds most where x is small.
OVERLOAD f32v polynomial(f32v x, f32v square, const float *c, const int degree) {
  return multiply_add(polynomial_rest(x, square, c, degree), x, broadcast(c[0]));
}
OVERLOAD f64v polynomial(f64v x, f64v square, const double *c, const int degree) {
  return multiply_add(polynomial_rest(x, square, c, degree), x, broadcast(c[0]));
}

// x, or the bound that it passes; NaN stays NaN.
OVERLOAD f32v at_most(f32v x, float high) { return x > high ? broadcast(high) : x; }
OVERLOAD f64v at_most(f64v x, double high) { return x > high ? broadcast(high) : x; }
OVERLOAD f32v at_least(f32v x, float low) { return x < low ? broadcast(low) : x; }
OVERLOAD f64v at_least(f64v x, double low) { return x < low ? broadcast(low) : x; }
OVERLOAD f32v clamp(f32v x, float low, float high) { return at_most(at_least(x, low), high); }
OVERLOAD f64v clamp(f64v x, double low, double high) { return at_most(at_least(x, low), high); }

// ---- e^x = 2^n e^r with |r| <= ln(2) / 2 ----

OVERLOAD f32v exp_exponent(f32v x) { return round_product(x, 0x1.715476p+0f); }
OVERLOAD f64v exp_exponent(f64v x) { return round_product(x, 0x1.71547652b82fep+0); }

// e^r - 1 for r = x + rest - n ln 2, where `rest` is what x lost to rounding. ln 2 comes in two parts: `high` is exact,
// since its part of ln 2 leaves room for the bits of n, and `low` joins where its rounding costs least. 1 + r + r^2
// q(r) leaves 2^-27.7 (2^-56.5) of e^r. q by pairs (Estrin): what a core can look ahead holds about six vectors, so the
// length of the chain is what counts.
OVERLOAD f32v exp_minus_one(f32v x, f32v n, f32v rest) {
  const f32v high = multiply_add(n, broadcast(-0x1.62e4p-1f), x),
             low = multiply_add(n, broadcast(-0x1.7f7d1cp-20f), rest), r = high + low;
  const f32v square = r * r;
  const f32v q0 = multiply_add(broadcast(0x1.555490p-3f), r, broadcast(0x1.fffffcp-2f));
  const f32v q2 = multiply_add(broadcast(0x1.123a68p-7f), r, broadcast(0x1.5558f4p-5f));
  const f32v q = multiply_add(multiply_add(broadcast(0x1.6a236cp-10f), square, q2), square, q0);
  return high + multiply_add(q, square, low);
}
OVERLOAD f64v exp_minus_one(f64v x, f64v n, f64v rest) {
  const f64v high = multiply_add(n, broadcast(-0x1.62e42fefa4p-1), x),
             low = multiply_add(n, broadcast(0x1.8432a1b0e2634p-43), rest), r = high + low;
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

// Without a rest: -0 is the number that a sum does not notice.
OVERLOAD f32v exp_minus_one(f32v x, f32v n) { return exp_minus_one(x, n, broadcast(-0.0f)); }
OVERLOAD f64v exp_minus_one(f64v x, f64v n) { return exp_minus_one(x, n, broadcast(-0.0)); }

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

// A shorter polynomial, whose error is 2^-23.2 of e^r, and n added to the exponent as it stands.
OVERLOAD f32v vector_exp_fast(f32v x) {
  const f32v n = exp_exponent(x), high = multiply_add(n, broadcast(-0x1.62e4p-1f), x);
  const f32v r = multiply_add(n, broadcast(-0x1.7f7d1cp-20f), high), square = r * r;
  const f32v q0 = multiply_add(broadcast(0x1.5557b2p-3f), r, broadcast(0x1.fffdfap-2f));
  const f32v q2 = multiply_add(broadcast(0x1.1061b6p-7f), r, broadcast(0x1.572acep-5f));
  const f32v e = multiply_add(multiply_add(q2, square, q0), square, r) + 1.0f;
  const f32v result = (f32v)((u32v)e + ((u32v)(n + integer_shift_f32) << 23));
  return x < -0x1.5d589ep+6f ? broadcast(0.0f) : x <= 0x1.62e42ep+6f ? result : x * 0x1p127f;
}
OVERLOAD f64v vector_exp_fast(f64v x) {
  const f64v n = exp_exponent(x), e = exp_minus_one(x, n) + 1.0;
  const f64v result = (f64v)((u64v)e + ((u64v)(n + integer_shift_f64) << 52));
  return x < -0x1.6232bdd7abcd2p+9 ? broadcast(0.0) : x <= 0x1.62e42fefa39efp+9 ? result : x * 0x1p1023;
}

// With y = 2 |x| and t = e^y - 1 = 2^n (e^r - 1) + (2^n - 1): up to about 1/2, tanh |x| = t / (t + 2) = t/2 - t/2 tanh
// |x|, where a rough tanh |x| on the right is good enough; above, 1 - 2 / (t + 2). The division is shared.
OVERLOAD f32v vector_tanh_fast(f32v x) {
  const f32v y = 2.0f * clamp(__builtin_elementwise_abs(x), 0.0f, 10.0f), n = exp_exponent(y);
  const f32v power = power_of_two(n), e = exp_minus_one(y, n), t = multiply_add(power, e, power - 1.0f);
  const i32v is_large = y > 1.1f;
  const f32v quotient = (is_large ? broadcast(2.0f) : t) / multiply_add(power, e, power + 1.0f), half = 0.5f * t;
  const f32v magnitude = is_large ? 1.0f - quotient : multiply_add(-half, quotient, half);
  return __builtin_elementwise_copysign(magnitude, x);
}
OVERLOAD f64v vector_tanh_fast(f64v x) {
  const f64v y = 2.0 * clamp(__builtin_elementwise_abs(x), 0.0, 20.0), n = exp_exponent(y);
  const f64v power = power_of_two(n), e = exp_minus_one(y, n), t = multiply_add(power, e, power - 1.0);
  const i64v is_large = y > 1.1;
  const f64v quotient = (is_large ? broadcast(2.0) : t) / multiply_add(power, e, power + 1.0), half = 0.5 * t;
  const f64v magnitude = is_large ? 1.0 - quotient : multiply_add(-half, quotient, half);
  return __builtin_elementwise_copysign(magnitude, x);
}

// Up to 0.9, tanh x = x + x^3 (p(x^2) - 1/4), where the quarter has no part in the rounding of p; beyond, 1 - 2 / (e^y
// + 1): in both, what rounding costs counts for little.
OVERLOAD f32v vector_tanh(f32v x) {
  static const float inner[] = {-0x1.555552p-4f, 0x1.111050p-3f, -0x1.b9e862p-5f, 0x1.63ad22p-6f,
                                -0x1.1121d8p-7f, 0x1.59a27ap-9f, -0x1.ee9ad2p-12f};
  const f32v a = at_most(__builtin_elementwise_abs(x), 10.0f), y = 2.0f * a, n = exp_exponent(y);
  const f32v power = power_of_two(n), e = exp_minus_one(y, n), z = a * a, cube = a * z;
  const f32v large = 1.0f - 2.0f / multiply_add(power, e, power + 1.0f);
  const f32v small = a + multiply_add(cube, polynomial(z, z * z, inner, 6), -0.25f * cube);
  return __builtin_elementwise_copysign(a < 0.9f ? small : large, x);
}
OVERLOAD f64v vector_tanh(f64v x) {
  static const double inner[] = {-0x1.5555555555555p-4,  0x1.1111111111077p-3,   -0x1.ba1ba1ba0dfdcp-5,
                                 0x1.664f487f18412p-6,   -0x1.226e34db815abp-7,  0x1.d6d3bac466b1bp-9,
                                 -0x1.7da22a148658cp-10, 0x1.354c11b26486cp-11,  -0x1.f4d3a50dad45bp-13,
                                 0x1.93170f6d39fa1p-14,  -0x1.3ca12425d2203p-15, 0x1.ce45598036601p-17,
                                 -0x1.1cb691b5c9ccfp-18, 0x1.f62c6c667bbcfp-21,  -0x1.c6e703e0c38bfp-24};
  const f64v a = at_most(__builtin_elementwise_abs(x), 20.0), y = 2.0 * a, n = exp_exponent(y);
  const f64v power = power_of_two(n), e = exp_minus_one(y, n), z = a * a, cube = a * z;
  const f64v large = 1.0 - 2.0 / multiply_add(power, e, power + 1.0);
  const f64v small = a + multiply_add(cube, polynomial(z, z * z, inner, 14), -0.25 * cube);
  return __builtin_elementwise_copysign(a < 0.9 ? small : large, x);
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

// Up to 1, erf x = x + x p(x^2), and beyond 1 - e^(-x^2) q(|x|), whose error counts for little: neither cancels. The
// polynomial leaves 2^-29.3 (2^-56.3) of erf x, the quotient 2^-22.6 (2^-51.3) of erfc x.
OVERLOAD f32v vector_erf_fast(f32v x) {
  static const float inner[] = {0x1.06eba8p-3f, -0x1.81273ep-2f,  0x1.ce2cfp-4f,  -0x1.b7f856p-6f,
                                0x1.53ff72p-8f, -0x1.a3c80ep-11f, 0x1.48e978p-14f};
  static const float above[] = {0x1.00f0dap+0f, 0x1.ab98b8p-1f, 0x1.36e77ap-2f};
  static const float below[] = {0x1p+0f, 0x1.fbdac8p+0f, 0x1.7d394ap+0f, 0x1.13429cp-1f};
  const f32v a = at_most(__builtin_elementwise_abs(x), 4.0f), square = a * a, n = exp_exponent(-square);
  const f32v tail = polynomial(a, square, above, 2) / polynomial(a, square, below, 3);
  const f32v power = tail * power_of_two(n), outer = 1.0f - multiply_add(power, exp_minus_one(-square, n), power);
  const f32v magnitude = a < 1.0f ? multiply_add(a, polynomial(square, square * square, inner, 6), a) : outer;
  return __builtin_elementwise_copysign(magnitude, x);
}
OVERLOAD f64v vector_erf_fast(f64v x) {
  static const double inner[] = {0x1.06eba8214db69p-3,   -0x1.812746b037a01p-2,  0x1.ce2f21a043a4cp-4,
                                 -0x1.b82ce312c3fa2p-6,  0x1.565bcd170597cp-8,   -0x1.c02db59027b51p-11,
                                 0x1.f9a3571095348p-14,  -0x1.f4d65221e8f22p-17, 0x1.ba20d734f9de5p-20,
                                 -0x1.61c2ff41a4bb6p-23, 0x1.0e5e2cc288d15p-26,  -0x1.e13bef5037b05p-30,
                                 0x1.2259d01f803f1p-32,  -0x1.0a8764ddee55fp-35};
  static const double above[] = {0x1.0000027e90428p+0, 0x1.aed7310e2eab1p+0, 0x1.6332e37bb5855p+0, 0x1.620b4178c07d7p-1,
                                 0x1.bf261e2bfda1p-3,  0x1.5601169237158p-5, 0x1.0113227ba95c2p-8};
  static const double below[] = {0x1p+0,
                                 0x1.67da5f468f754p+1,
                                 0x1.c7a62f426dbdfp+1,
                                 0x1.5318113930cb5p+1,
                                 0x1.433cd9d02aacdp+0,
                                 0x1.8fd5a0a23cf6ep-2,
                                 0x1.2f17eed1a467ap-4,
                                 0x1.c7a730c2d3177p-8};
  const f64v a = at_most(__builtin_elementwise_abs(x), 6.0), square = a * a, n = exp_exponent(-square);
  const f64v tail = polynomial(a, square, above, 6) / polynomial(a, square, below, 7);
  const f64v power = tail * power_of_two(n), outer = 1.0 - multiply_add(power, exp_minus_one(-square, n), power);
  const f64v magnitude = a < 1.0 ? multiply_add(a, polynomial(square, square * square, inner, 13), a) : outer;
  return __builtin_elementwise_copysign(magnitude, x);
}

// In three parts, so that what rounding costs counts for little in each: up to 0.75 as above; up to 1.3, erf 0.953125
// in two numbers and a polynomial in x - 0.953125, which leaves 2^-28.9 (2^-62.9); beyond, as above.
OVERLOAD f32v vector_erf(f32v x) {
  static const float inner[] = {0x1.06eba8p-3f, -0x1.812744p-2f,  0x1.ce2e7ep-4f, -0x1.b81abap-6f,
                                0x1.555004p-8f, -0x1.af9214p-11f, 0x1.708822p-14f};
  static const float middle[] = {-0x1.667fe2p-26f, 0x1.d1d2d2p-2f,  -0x1.bbfce4p-2f, 0x1.fb59dp-4f,
                                 0x1.5e27e6p-4f,   -0x1.1cdc4ap-4f, -0x1.6a9ap-11f,  0x1.ce63dcp-7f};
  static const float above[] = {0x1.00f0dap+0f, 0x1.ab98b8p-1f, 0x1.36e77ap-2f};
  static const float below[] = {0x1p+0f, 0x1.fbdac8p+0f, 0x1.7d394ap+0f, 0x1.13429cp-1f};
  const f32v a = at_most(__builtin_elementwise_abs(x), 4.0f), square = a * a, n = exp_exponent(-square);
  const f32v tail = polynomial(a, square, above, 2) / polynomial(a, square, below, 3);
  const f32v power = tail * power_of_two(n), outer = 1.0f - multiply_add(power, exp_minus_one(-square, n), power);
  const f32v s = a - 0.953125f, near = polynomial(s, s * s, middle, 7) + 0x1.a506bp-1f;
  const f32v small = multiply_add(a, polynomial(square, square * square, inner, 6), a);
  return __builtin_elementwise_copysign(a < 0.75f ? small : a < 1.3f ? near : outer, x);
}
OVERLOAD f64v vector_erf(f64v x) {
  static const double inner[] = {0x1.06eba8214db69p-3,   -0x1.812746b037a06p-2,  0x1.ce2f21a044046p-4,
                                 -0x1.b82ce312ebebfp-6,  0x1.565bcd1f5ab2dp-8,   -0x1.c02db79526d25p-11,
                                 0x1.f9a3a5c5ab16p-14,   -0x1.f4de27439a346p-17, 0x1.baa4fcc936961p-20,
                                 -0x1.6774612f9d688p-23, 0x1.356544904fc47p-26,  -0x1.824d88aa90a03p-29,
                                 0x1.d63ed70b2c251p-32};
  static const double middle[] = {
      0x1.4cd4280552cd1p-56,  0x1.d1d2cfff91594p-2,  -0x1.bbfcee3f9689p-2,   0x1.fb5f1d8cdcd7dp-4,
      0x1.5e30943fa70e1p-4,   -0x1.1db8a7c8f1cabp-4, -0x1.4dcf8341c5d25p-11, 0x1.12f4ce8f1a028p-6,
      -0x1.fa40b2298aebbp-9,  -0x1.407b8f6dbc4ebp-9, 0x1.2e2fc8ae6012p-10,   0x1.a42102b2d401bp-13,
      -0x1.b139a042cac9dp-13, 0x1.31eded255a153p-19, 0x1.ca5ea8fb0f118p-16,  -0x1.8ac50094d474p-18};
  static const double above[] = {0x1.0000027e90428p+0, 0x1.aed7310e2eab1p+0, 0x1.6332e37bb5855p+0, 0x1.620b4178c07d7p-1,
                                 0x1.bf261e2bfda1p-3,  0x1.5601169237158p-5, 0x1.0113227ba95c2p-8};
  static const double below[] = {0x1p+0,
                                 0x1.67da5f468f754p+1,
                                 0x1.c7a62f426dbdfp+1,
                                 0x1.5318113930cb5p+1,
                                 0x1.433cd9d02aacdp+0,
                                 0x1.8fd5a0a23cf6ep-2,
                                 0x1.2f17eed1a467ap-4,
                                 0x1.c7a730c2d3177p-8};
  const f64v a = at_most(__builtin_elementwise_abs(x), 6.0), square = a * a, n = exp_exponent(-square);
  const f64v tail = polynomial(a, square, above, 6) / polynomial(a, square, below, 7);
  const f64v power = tail * power_of_two(n), outer = 1.0 - multiply_add(power, exp_minus_one(-square, n), power);
  const f64v s = a - 0.953125, near = polynomial(s, s * s, middle, 15) + 0x1.a506af4cc00f4p-1;
  const f64v small = multiply_add(a, polynomial(square, square * square, inner, 12), a);
  return __builtin_elementwise_copysign(a < 0.75 ? small : a < 1.3 ? near : outer, x);
}

#endif
