// From the lanes of one vector to one number, halves upon halves: always the same tree.
#ifndef FARRO_SIMD_REDUCE_H
#define FARRO_SIMD_REDUCE_H

// The larger, or NaN if one is NaN; of numbers as well as of vectors. Of two NaN, a.
#define MAXIMUM(a, b) ((((a) > (b)) | ((a) != (a))) ? (a) : (b))

// The same for the smaller.
#define MINIMUM(a, b) ((((a) < (b)) | ((a) != (a))) ? (a) : (b))

#define SUM_OF_BOTH(a, b) ((a) + (b))
#define PRODUCT_OF_BOTH(a, b) ((a) * (b))

// Declares `folded`: the 16 bytes that remain when v is folded in halves by `combine`.
#if VECTOR_BYTES == 64
  #define FOLD_TO_16_BYTES(combine, v, folded)                                                                         \
    const __auto_type half = combine((v).lo, (v).hi);                                                                  \
    const __auto_type folded = combine(half.lo, half.hi)
#elif VECTOR_BYTES == 32
  #define FOLD_TO_16_BYTES(combine, v, folded) const __auto_type folded = combine((v).lo, (v).hi)
#else
  #define FOLD_TO_16_BYTES(combine, v, folded) const __auto_type folded = v
#endif

OVERLOAD float horizontal_sum(f32v v) {
  FOLD_TO_16_BYTES(SUM_OF_BOTH, v, quad);
  return (quad[0] + quad[2]) + (quad[1] + quad[3]);
}

// The four sums at once, each the same bits: of whole vectors, 13 operations in place of 36.
#if VECTOR_BYTES == 64
INLINE void horizontal_sums(const f32v v[4], float sums[4]) {
  #define LOWER(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
  #define UPPER(a, b) __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
  #define EVEN_QUADS(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
  #define ODD_QUADS(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
  const f32v ab = LOWER(v[0], v[1]) + UPPER(v[0], v[1]), cd = LOWER(v[2], v[3]) + UPPER(v[2], v[3]);
  const f32v quads = EVEN_QUADS(ab, cd) + ODD_QUADS(ab, cd);
  const f32v pairs =
      quads + __builtin_shufflevector(quads, quads, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  const f32v all = pairs + __builtin_shufflevector(pairs, pairs, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  UNROLL for (size_t i = 0; i < 4; i++) sums[i] = all[4 * i];
  #undef LOWER
  #undef UPPER
  #undef EVEN_QUADS
  #undef ODD_QUADS
}
#else
INLINE void horizontal_sums(const f32v v[4], float sums[4]) {
  UNROLL for (size_t i = 0; i < 4; i++) sums[i] = horizontal_sum(v[i]);
}
#endif

OVERLOAD double horizontal_sum(f64v v) {
  FOLD_TO_16_BYTES(SUM_OF_BOTH, v, pair);
  return pair[0] + pair[1];
}

OVERLOAD float horizontal_product(f32v v) {
  FOLD_TO_16_BYTES(PRODUCT_OF_BOTH, v, quad);
  return (quad[0] * quad[2]) * (quad[1] * quad[3]);
}
OVERLOAD double horizontal_product(f64v v) {
  FOLD_TO_16_BYTES(PRODUCT_OF_BOTH, v, pair);
  return pair[0] * pair[1];
}

OVERLOAD float horizontal_max(f32v v) {
  FOLD_TO_16_BYTES(MAXIMUM, v, quad);
  const float even = MAXIMUM(quad[0], quad[2]), odd = MAXIMUM(quad[1], quad[3]);
  return MAXIMUM(even, odd);
}
OVERLOAD double horizontal_max(f64v v) {
  FOLD_TO_16_BYTES(MAXIMUM, v, pair);
  return MAXIMUM(pair[0], pair[1]);
}

OVERLOAD float horizontal_min(f32v v) {
  FOLD_TO_16_BYTES(MINIMUM, v, quad);
  const float even = MINIMUM(quad[0], quad[2]), odd = MINIMUM(quad[1], quad[3]);
  return MINIMUM(even, odd);
}
OVERLOAD double horizontal_min(f64v v) {
  FOLD_TO_16_BYTES(MINIMUM, v, pair);
  return MINIMUM(pair[0], pair[1]);
}
// sums + v^2 in double, where squares of floats neither overflow nor underflow.
OVERLOAD f64v add_wide_squares(f64v sums, f32v v) {
  const f64v low = __builtin_convertvector(v.lo, f64v), high = __builtin_convertvector(v.hi, f64v);
  return multiply_add(low, low, multiply_add(high, high, sums));
}
OVERLOAD f64v add_wide_squares(f64v sums, f64v v) { return multiply_add(v, v, sums); }

#undef FOLD_TO_16_BYTES
#undef PRODUCT_OF_BOTH
#undef SUM_OF_BOTH
#endif
