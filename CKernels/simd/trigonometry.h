// Sine, cosine and arc sine on vectors.
//
// vector_sin, vector_cos             within 1 ulp (f32 0.51 seen, f64 0.79) for every argument
// vector_sin_fast, vector_cos_fast   within 3 ulp for every argument (f32 1.5 seen, f64 2.5)
// vector_asin_unit                   within 4 ulp, for 0 <= x <= 1
// sin is odd, -0 for -0. NaN and infinities give NaN. The bounds hold on every instruction set; baseline has no other
// fast form of f32 than the strict one.
//
// x = q pi/2 + r with |r| <= pi/4, and the last two bits of q tell which of +-sin r, +-cos r is meant. f32 is computed
// in double, where two parts of pi/2 do for |x| to 2^20; f64 takes three, and keeps what r loses to rounding (Cody and
// Waite, as in math.h). A vector with a lane beyond that, or so near to a multiple of pi/2 that too few digits are
// left, has these lanes reduced one by one with as many digits of 2/pi as they need: M. Payne and R. Hanek, "Radian
// reduction for trigonometric functions", SIGNUM Newsletter 18(1), 1983. Polynomials: math_coefficients.py.
#ifndef FARRO_SIMD_TRIGONOMETRY_H
#define FARRO_SIMD_TRIGONOMETRY_H

OVERLOAD bool any_lane(i32v mask) { return __builtin_reduce_or(mask) != 0; }
OVERLOAD bool any_lane(i64v mask) { return __builtin_reduce_or(mask) != 0; }

// ---- reduction of any number ----

// 2/pi after 64 zeros: bit k of it, counted from 1, stands for 2^(64 - k).
static const uint64_t two_over_pi[] = {0,
                                       0xa2f9836e4e441529,
                                       0xfc2757d1f534ddc0,
                                       0xdb6295993c439041,
                                       0xfe5163abdebbc561,
                                       0xb7246e3a424dd2e0,
                                       0x06492eea09d1921c,
                                       0xfe1deb1cb129a73e,
                                       0xe88235f52ebb4484,
                                       0xe99c7026b45f7e41,
                                       0x3991d639835339f4,
                                       0x9c845f8bbdf9283b,
                                       0x1ff897ffde05980f,
                                       0xef2f118b5a0a6d1f,
                                       0x6d367ecf27cb09b7,
                                       0x4f463f669e5fea2d,
                                       0x7527bac7ebe5f17b,
                                       0x3d0739f78a5292ea,
                                       0x6bfb5fb11f8d5d08,
                                       0x56033046fc7b6bab};

INLINE uint64_t digits_of_two_over_pi(size_t first) {
  const uint64_t *word = two_over_pi + first / 64;
  return first % 64 ? word[0] << first % 64 | word[1] >> (64 - first % 64) : word[0];
}

// r, and in `rest` what it lost to rounding, of a finite |x| >= 1/2; the last two bits of q. x = m 2^e with an integer
// m of 53 bits, and digits of 2/pi whose product with it is a multiple of 4 are left out: of the next 192, the product
// has q as its upper two bits, and r in quarter turns, exact to 2^-137, as the others.
static double reduce_by_digits(double x, double *rest, int64_t *q) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  const uint64_t m = (bits & 0xfffffffffffff) | 0x10000000000000;
  const size_t first = (size_t)(bits >> 52 & 0x7ff) - 1075 + 62; // e - 2 digits, and the 64 zeros
  unsigned __int128 sum = (unsigned __int128)m * digits_of_two_over_pi(first + 128);
  const uint64_t low = (uint64_t)sum;
  sum = (unsigned __int128)m * digits_of_two_over_pi(first + 64) + (uint64_t)(sum >> 64);
  const uint64_t middle = (uint64_t)sum, high = m * digits_of_two_over_pi(first) + (uint64_t)(sum >> 64);
  // The fraction, with its sign, and q rounded to nearest.
  unsigned __int128 fraction = (unsigned __int128)(high << 2 | middle >> 62) << 64 | (middle << 2 | low >> 62);
  const bool is_negative = fraction >> 127;
  *q = (int64_t)(high >> 62) + is_negative;
  if (is_negative) fraction = -fraction;
  int shift = 0;
  for (; !(fraction >> 127) && shift < 127; shift++) fraction <<= 1;
  // Times pi/2: pi/4 in 64 bits, of which 53 and 11 make the two numbers.
  const uint64_t r = (uint64_t)((fraction >> 64) * 0xc90fdaa22168c235 >> 64);
  const double unit =
      (is_negative ? -2 : 2) * 0x1p-64 * (1 / (double)((uint64_t)1 << shift % 64)) * (shift < 64 ? 1 : 0x1p-64);
  *rest = (double)(r & 0x7ff) * unit;
  const double head = (double)(r & ~(uint64_t)0x7ff) * unit;
  if (bits >> 63) {
    *q = -*q;
    *rest = -*rest;
    return -head;
  }
  return head;
}

// The lanes of `is_far`.
static __attribute__((noinline)) void reduce_lanes_by_digits(const double *x, const int64_t *is_far, double *r,
                                                             double *rest, int64_t *q) {
  for (size_t i = 0; i < f64_lanes; i++) {
    if (!is_far[i]) continue;
    if (isfinite(x[i]))
      r[i] = reduce_by_digits(x[i], &rest[i], &q[i]);
    else
      r[i] = NAN;
  }
}

OVERLOAD void reduce_far(f64v x, i64v is_far, f64v *r, f64v *rest, i64v *q) {
  double from[f64_lanes], high[f64_lanes], low[f64_lanes];
  int64_t mask[f64_lanes], quarters[f64_lanes];
  store(from, x), store(mask, is_far), store(high, *r), store(low, *rest), store(quarters, *q);
  reduce_lanes_by_digits(from, mask, high, low, quarters);
  *r = load(high), *rest = load(low), *q = load(quarters);
}

// ---- reduction of near ones ----

static const double farthest_angle = 0x1p20;

// q has 20 bits and the first two parts of pi/2 33 each, so that their products are exact on every instruction set.
OVERLOAD f64v quarter_turns(f64v x, i64v *q) {
  const f64v shifted = multiply_add(x, broadcast(0x1.45f306dc9c883p-1), broadcast(integer_shift_f64));
  *q = (i64v)shifted;
  return shifted - integer_shift_f64;
}

// What three parts leave undone is n 2^-122: less than a 2^-58th of |r| unless that is below n 2^-64.
OVERLOAD f64v reduce_angle(f64v x, f64v *rest, i64v *q) {
  const f64v n = quarter_turns(x, q), near = multiply_add(n, broadcast(-0x1.921fb544p+0), x);
  const f64v high = multiply_add(n, broadcast(-0x1.0b4611a6p-34), near);
  const f64v lost = multiply_add(n, broadcast(-0x1.0b4611a6p-34), near - high);
  const f64v low = multiply_add(n, broadcast(-0x1.3198a2e037073p-69), lost);
  f64v r = high + low;
  *rest = low - (r - high);
  const f64v size = __builtin_elementwise_abs(x);
  const i64v is_far = (size > farthest_angle) | (__builtin_elementwise_abs(r) < __builtin_elementwise_abs(n) * 0x1p-62);
  if (any_lane(is_far)) reduce_far(x, is_far, &r, rest, q);
  return r;
}

// Of a float: the nearest that one comes to a multiple of pi/2 below 2^20 is far above the error, n 2^-88.
OVERLOAD f64v reduce_angle_of_float(f64v x, i64v *q) {
  const f64v n = quarter_turns(x, q);
  f64v r = multiply_add(n, broadcast(-0x1.0b4611a626331p-34), multiply_add(n, broadcast(-0x1.921fb544p+0), x));
  const i64v is_far = __builtin_elementwise_abs(x) > farthest_angle;
  if (any_lane(is_far)) {
    f64v rest = broadcast(0.0);
    reduce_far(x, is_far, &r, &rest, q);
  }
  return r;
}

// ---- the functions ----

// sin r or, for odd q, cos r; negative where the second bit of q is 1.
OVERLOAD f64v chosen_by_quarter(f64v sine, f64v cosine, i64v q) {
  const u64v odd = (u64v)q << 63, sign = ((u64v)q & 2) << 62;
  return (f64v)((u64v)((i64v)odd < 0 ? cosine : sine) ^ sign);
}
OVERLOAD f32v chosen_by_quarter(f32v sine, f32v cosine, i32v q) {
  const u32v odd = (u32v)q << 31, sign = ((u32v)q & 2) << 30;
  return (f32v)((u32v)((i32v)odd < 0 ? cosine : sine) ^ sign);
}

static const double sine_f64[] = {-0x1.5555555555555p-3, 0x1.1111111110c6fp-7,   -0x1.a01a019e9bfdp-13,
                                  0x1.71de37ab0a8efp-19, -0x1.ae601a1cf0599p-26, 0x1.5e0f21ef2dd5ap-33};
static const double cosine_f64[] = {0x1.5555555555555p-5,   -0x1.6c16c16c168c5p-10, 0x1.a01a019f36d4p-16,
                                    -0x1.27e4fa00f97b3p-22, 0x1.1eeb55c5ae18dp-29,  -0x1.907204b6923ecp-37};

// sin (x + turns pi/2), with turns 0 or 1.
OVERLOAD f64v sine_after(f64v x, const int64_t turns) {
  i64v q;
  f64v rest;
  const f64v r = reduce_angle(x, &rest, &q), z = r * r, half = 0.5 * z, near = 1.0 - half;
  const f64v sine_rest = multiply_add(r * z, polynomial(z, z * z, sine_f64, 5), rest * near);
  const f64v cosine_rest = multiply_add(z * z, polynomial(z, z * z, cosine_f64, 5), -r * rest) + ((1.0 - near) - half);
  return chosen_by_quarter(r + sine_rest, near + cosine_rest, q + turns);
}
OVERLOAD f64v sine_after_fast(f64v x, const int64_t turns) {
  i64v q;
  f64v rest;
  const f64v r = reduce_angle(x, &rest, &q), z = r * r;
  const f64v sine = multiply_add(r * z, polynomial(z, z * z, sine_f64, 5), r);
  const f64v cosine = multiply_add(z * z, polynomial(z, z * z, cosine_f64, 5), 1.0 - 0.5 * z);
  return chosen_by_quarter(sine, cosine, q + turns);
}

// Of a float, to 2^-32 and more.
OVERLOAD f64v sine_of_float(f64v x, const int64_t turns) {
  static const double sine[] = {-0x1.5555555458c1ep-3, 0x1.11110de3a1317p-7, -0x1.a0139988e8541p-13,
                                0x1.6db9d607e3c0bp-19};
  static const double cosine[] = {0x1.5555555501758p-5, -0x1.6c16bf4eb4971p-10, 0x1.a015bcbf13d78p-16,
                                  -0x1.2521f166b14dcp-22};
  i64v q;
  const f64v r = reduce_angle_of_float(x, &q), z = r * r, square = z * z;
  const f64v s = multiply_add(r * z, polynomial(z, square, sine, 3), r);
  const f64v c = multiply_add(square, polynomial(z, square, cosine, 3), 1.0 - 0.5 * z);
  return chosen_by_quarter(s, c, q + turns);
}
OVERLOAD f32v sine_after(f32v x, const int64_t turns) {
  typedef __typeof__(x.lo) half;
  f32v result;
  result.lo = __builtin_convertvector(sine_of_float(__builtin_convertvector(x.lo, f64v), turns), half);
  result.hi = __builtin_convertvector(sine_of_float(__builtin_convertvector(x.hi, f64v), turns), half);
  return result;
}

#if HAS_FMA
// The first product leaves an exact difference; the others are rounded once, and little of |r| is left to round where
// digits cancel.
OVERLOAD f32v sine_after_fast(f32v x, const int64_t turns) {
  static const float sine_f32[] = {-0x1.555552p-3f, 0x1.110bdep-7f, -0x1.9aaf9cp-13f};
  static const float cosine_f32[] = {0x1.555554p-5f, -0x1.6c1298p-10f, 0x1.9bc416p-16f};
  if (any_lane(__builtin_elementwise_abs(x) > 0x1p15f)) return sine_after(x, turns);
  const f32v shifted = multiply_add(x, broadcast(0x1.45f306p-1f), broadcast(integer_shift_f32));
  const f32v n = shifted - integer_shift_f32, near = multiply_add(n, broadcast(-0x1.921fb6p+0f), x);
  const f32v nearer = multiply_add(n, broadcast(0x1.777a5cp-25f), near);
  const f32v r = multiply_add(n, broadcast(0x1.ee59dap-50f), nearer), z = r * r;
  const f32v sine = multiply_add(r * z, polynomial(z, z * z, sine_f32, 2), r);
  const f32v cosine = multiply_add(z * z, polynomial(z, z * z, cosine_f32, 2), 1.0f - 0.5f * z);
  return chosen_by_quarter(sine, cosine, (i32v)shifted + (int32_t)turns);
}
#else
OVERLOAD f32v sine_after_fast(f32v x, const int64_t turns) { return sine_after(x, turns); }
#endif

// The comparison keeps the sign of 0.
OVERLOAD f32v vector_sin(f32v x) { return x == 0.0f ? x : sine_after(x, 0); }
OVERLOAD f64v vector_sin(f64v x) { return x == 0.0 ? x : sine_after(x, 0); }
OVERLOAD f32v vector_cos(f32v x) { return sine_after(x, 1); }
OVERLOAD f64v vector_cos(f64v x) { return sine_after(x, 1); }

OVERLOAD f32v vector_sin_fast(f32v x) { return x == 0.0f ? x : sine_after_fast(x, 0); }
OVERLOAD f64v vector_sin_fast(f64v x) { return x == 0.0 ? x : sine_after_fast(x, 0); }
OVERLOAD f32v vector_cos_fast(f32v x) { return sine_after_fast(x, 1); }
OVERLOAD f64v vector_cos_fast(f64v x) { return sine_after_fast(x, 1); }

// Up to 1/2, asin x = x + x^3 p(x^2), whose polynomial leaves 2^-26 (2^-54); beyond, pi/2 - 2 asin sqrt((1 - x) / 2).
OVERLOAD f32v vector_asin_unit(f32v x) {
  static const float c[] = {0x1.55555ep-3f, 0x1.3326cep-4f, 0x1.70b1ecp-5f, 0x1.b299f6p-6f, 0x1.3869a4p-5f};
  const i32v is_large = x > 0.5f;
  const f32v z = is_large ? 0.5f * (1.0f - x) : x * x, y = is_large ? __builtin_elementwise_sqrt(z) : x;
  const f32v part = multiply_add(y * z, polynomial(z, z * z, c, 4), y);
  return is_large ? multiply_add(broadcast(-2.0f), part, broadcast(0x1.921fb6p+0f)) : part;
}
OVERLOAD f64v vector_asin_unit(f64v x) {
  static const double c[] = {0x1.555555555554ep-3, 0x1.3333333337012p-4, 0x1.6db6db682a4a3p-5,  0x1.f1c71fa2265c1p-6,
                             0x1.6e8b29d1b9418p-6, 0x1.1c59545ee7c1p-6,  0x1.c8706000fa799p-7,  0x1.8531337390243p-7,
                             0x1.fedb9bd2eb884p-8, 0x1.0719480b746c4p-6, -0x1.6173780547d1ap-7, 0x1.cdf64bf35bbd7p-6};
  const i64v is_large = x > 0.5;
  const f64v z = is_large ? 0.5 * (1.0 - x) : x * x, y = is_large ? __builtin_elementwise_sqrt(z) : x;
  const f64v part = multiply_add(y * z, polynomial(z, z * z, c, 11), y);
  return is_large ? multiply_add(broadcast(-2.0), part, broadcast(0x1.921fb54442d18p+0)) : part;
}

#endif
