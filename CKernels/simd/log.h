// Logarithms on vectors.
//
// vector_log        within 1 ulp (0.89 seen); subnormal arguments too; exactly 0 at 1, -infinity at 0, NaN below
// vector_log_fast   within 1 ulp as well (0.89 seen), but takes arguments below the least normal number for 0
// vector_log1p_unit within 2 ulp; log(1 + z) for 0 <= z <= 1
// NaN gives NaN. The bounds hold on every instruction set.
//
// log x = n ln 2 + log(1 + f) with x = 2^n (1 + f) and 1 + f between sqrt(1/2) and sqrt 2. Where n is not 0, what n ln
// 2 and log(1 + f) cancel is exact. f64 goes by s = f / (2 + f), so that log(1 + f) = f - f^2 / 2 + s (f^2 / 2 + s^2
// q(s^2)), whose error counts for little: K. Ng's log of FDLIBM, Sun Microsystems 1993. f32 needs no division.
#ifndef FARRO_SIMD_LOG_H
#define FARRO_SIMD_LOG_H

// n ln 2 + log(1 + f). What the sum of f and the larger part of n ln 2 rounds off is found exactly (Dekker's fast
// two-sum: that part is 0 or the larger of the two), so that one rounding counts, the last.
OVERLOAD f32v log_of_parts(f32v n, f32v f) {
  static const float c[] = {0x1.555554p-2f,  -0x1.000002p-2f, 0x1.999d4cp-3f,  -0x1.5558aap-3f, 0x1.23d0d6p-3f,
                            -0x1.fd653cp-4f, 0x1.df35ecp-4f,  -0x1.d377d4p-4f, 0x1.189ad2p-4f};
  const f32v square = f * f, low = multiply_add(n, broadcast(0x1.7f7d1cp-20f), -0.5f * square);
  const f32v rest = multiply_add(f * square, polynomial(f, square, c, 8), low);
  const f32v high = n * 0x1.62e4p-1f, sum = high + f;
  return sum + (rest + (f - (sum - high)));
}
OVERLOAD f64v log_of_parts(f64v n, f64v f) {
  static const double c[] = {0x1.5555555555558p-1, 0x1.9999999995346p-2, 0x1.2492492deb059p-2, 0x1.c71c62eaa9fc8p-3,
                             0x1.7462b3acb55c3p-3, 0x1.39fe76cc7dca6p-3, 0x1.2b579555a36c7p-3};
  const f64v s = f / (f + 2.0), z = s * s, half = 0.5 * f * f;
  const f64v sum = multiply_add(z, polynomial(z, z * z, c, 6), half);
  const f64v rest = multiply_add(s, sum, n * -0x1.8432a1b0e2634p-43) - half;
  return multiply_add(n, broadcast(0x1.62e42fefa4p-1), f + rest);
}

// Of positive normal x. Counted from the bits of sqrt(1/2), the exponent's field changes where 1 + f shall.
OVERLOAD f32v log_of_normal(f32v x, f32v shift) {
  const u32v origin = (u32v)broadcast(0x1.6a09e6p-1f), bits = (u32v)x - origin;
  const f32v n = __builtin_convertvector((i32v)bits >> 23, f32v) - shift;
  return log_of_parts(n, (f32v)((bits & 0x7fffff) + origin) - 1.0f);
}
OVERLOAD f64v log_of_normal(f64v x, f64v shift) {
  const u64v origin = (u64v)broadcast(0x1.6a09e667f3bcdp-1), bits = (u64v)x - origin;
  // The exponent as a number without a conversion of 64-bit integers, which AVX2 lacks.
  const f64v n = (f64v)((bits >> 52) + ((u64v)broadcast(integer_shift_f64) + 2048) - ((bits >> 63) << 12));
  return log_of_parts(n - (integer_shift_f64 + 2048) - shift, (f64v)((bits & 0xfffffffffffff) + origin) - 1.0);
}

// `log` as found for positive finite x, or what the others have instead.
OVERLOAD f32v with_ends_of_log(f32v x, f32v log, float least) {
  const f32v below = x < 0.0f ? broadcast((float)NAN) : broadcast((float)-INFINITY);
  return x < least ? below : x < (float)INFINITY ? log : x;
}
OVERLOAD f64v with_ends_of_log(f64v x, f64v log, double least) {
  const f64v below = x < 0.0 ? broadcast((double)NAN) : broadcast((double)-INFINITY);
  return x < least ? below : x < (double)INFINITY ? log : x;
}

OVERLOAD f32v vector_log(f32v x) {
  const i32v is_subnormal = x < 0x1p-126f;
  const f32v log = log_of_normal(is_subnormal ? x * 0x1p24f : x, is_subnormal ? broadcast(24.0f) : broadcast(0.0f));
  return with_ends_of_log(x, log, 0x1p-149f);
}
OVERLOAD f64v vector_log(f64v x) {
  const i64v is_subnormal = x < 0x1p-1022;
  const f64v log = log_of_normal(is_subnormal ? x * 0x1p53 : x, is_subnormal ? broadcast(53.0) : broadcast(0.0));
  return with_ends_of_log(x, log, 0x1p-1074);
}

OVERLOAD f32v vector_log_fast(f32v x) { return with_ends_of_log(x, log_of_normal(x, broadcast(0.0f)), 0x1p-126f); }
OVERLOAD f64v vector_log_fast(f64v x) { return with_ends_of_log(x, log_of_normal(x, broadcast(0.0)), 0x1p-1022); }

// Where 1 + z is above sqrt 2, half of it is taken: (z - 1) / 2 is exact, or nearly so.
OVERLOAD f32v vector_log1p_unit(f32v z) {
  const i32v is_large = z > 0x1.a8279ap-2f;
  return log_of_parts(is_large ? broadcast(1.0f) : broadcast(0.0f), is_large ? 0.5f * (z - 1.0f) : z);
}
OVERLOAD f64v vector_log1p_unit(f64v z) {
  const i64v is_large = z > 0x1.a827999fcef32p-2;
  return log_of_parts(is_large ? broadcast(1.0) : broadcast(0.0), is_large ? 0.5 * (z - 1.0) : z);
}

#endif
