// The divergence of two amounts from their mean, on vectors: p log(p / m) + q log(q / m) with m = (p + q) / 2.
//
// vector_divergence   within 40 u of the result, for p and q from 0; relative to it, however near p and q are
// 0 log 0 is 0. NaN gives NaN. The bound holds on every instruction set, absent underflow of p + q.
//
// With z = (p - q) / (p + q) it is m ((1 + z) log(1 + z) + (1 - z) log(1 - z)). Up to 1/2 that is m z^2 (1 + z^2 /
// 6 + z^4 / 15 + ...), all terms of one sign, where the logarithms would cancel. Beyond it they are at most 4 times
// their sum. 1 - |z| is found as 2 min(p, q) / (p + q), which keeps its digits. Polynomials: math_coefficients.py; they
// leave 2^-28 (2^-57).
#ifndef FARRO_SIMD_DIVERGENCE_H
#define FARRO_SIMD_DIVERGENCE_H

OVERLOAD f32v vector_divergence(f32v p, f32v q) {
  static const float c[] = {0x1p+0f, 0x1.55559cp-3f, 0x1.10f30cp-4f, 0x1.28b258p-5f, 0x1.2e0caep-6f, 0x1.bfcb42p-6f};
  const f32v sum = p + q, inverse = 1.0f / (sum > 0x1p-126f ? sum : broadcast(0x1p-126f));
  const f32v z = (p - q) * inverse, square = z * z, near = square * polynomial(square, square * square, c, 5);
  const i32v is_far = square > 0.25f;
  if (!any_lane(is_far)) return 0.5f * sum * near;
  const f32v more = 2.0f * inverse * (p > q ? p : q), less = 2.0f * inverse * (p > q ? q : p);
  const f32v log_less = vector_log_fast(less > 0x1p-126f ? less : broadcast(0x1p-126f));
  return 0.5f * sum * (is_far ? multiply_add(less, log_less, more * vector_log_fast(more)) : near);
}
OVERLOAD f64v vector_divergence(f64v p, f64v q) {
  static const double c[] = {0x1p+0,
                             0x1.555555555549p-3,
                             0x1.111111112a9d4p-4,
                             0x1.24924912010e4p-5,
                             0x1.6c16c8325d595p-6,
                             0x1.f07aacc022958p-7,
                             0x1.682f9638e3ce4p-7,
                             0x1.0ff0a8bd9a26cp-7,
                             0x1.bddd6e43ee1d8p-8,
                             0x1.f9ac1123d3e04p-9,
                             0x1.2d14dc94439b5p-7,
                             -0x1.b713532fda09p-8,
                             0x1.d60ef2dae66b9p-7};
  const f64v sum = p + q, inverse = 1.0 / (sum > 0x1p-1022 ? sum : broadcast(0x1p-1022));
  const f64v z = (p - q) * inverse, square = z * z, near = square * polynomial(square, square * square, c, 12);
  const i64v is_far = square > 0.25;
  if (!any_lane(is_far)) return 0.5 * sum * near;
  const f64v more = 2.0 * inverse * (p > q ? p : q), less = 2.0 * inverse * (p > q ? q : p);
  const f64v log_less = vector_log_fast(less > 0x1p-1022 ? less : broadcast(0x1p-1022));
  return 0.5 * sum * (is_far ? multiply_add(less, log_less, more * vector_log_fast(more)) : near);
}

#endif
