// Four vectors to four numbers, in fewer operations than one by one.
#ifndef FARRO_SIMD_FOUR_SUMS_H
#define FARRO_SIMD_FOUR_SUMS_H

OVERLOAD void four_sums(const f32v v[4], float sums[4]) { horizontal_sums(v, sums); }

#if VECTOR_BYTES == 64
OVERLOAD void four_sums(const f64v v[4], double sums[4]) {
  const f64v ab = __builtin_shufflevector(v[0], v[1], 0, 8, 2, 10, 4, 12, 6, 14) +
                  __builtin_shufflevector(v[0], v[1], 1, 9, 3, 11, 5, 13, 7, 15);
  const f64v cd = __builtin_shufflevector(v[2], v[3], 0, 8, 2, 10, 4, 12, 6, 14) +
                  __builtin_shufflevector(v[2], v[3], 1, 9, 3, 11, 5, 13, 7, 15);
  const f64v halves = __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13) +
                      __builtin_shufflevector(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);
  const __auto_type all = halves.lo + halves.hi;
  UNROLL for (size_t i = 0; i < 4; i++) sums[i] = all[i];
}
#elif VECTOR_BYTES == 32
OVERLOAD void four_sums(const f64v v[4], double sums[4]) {
  const f64v ab = __builtin_shufflevector(v[0], v[1], 0, 4, 2, 6) + __builtin_shufflevector(v[0], v[1], 1, 5, 3, 7);
  const f64v cd = __builtin_shufflevector(v[2], v[3], 0, 4, 2, 6) + __builtin_shufflevector(v[2], v[3], 1, 5, 3, 7);
  const f64v all = __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  UNROLL for (size_t i = 0; i < 4; i++) sums[i] = all[i];
}
#else
OVERLOAD void four_sums(const f64v v[4], double sums[4]) {
  UNROLL for (size_t i = 0; i < 4; i++) sums[i] = horizontal_sum(v[i]);
}
#endif

#endif
