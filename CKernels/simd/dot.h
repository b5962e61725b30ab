// Dot products within the 32-bit words of two vectors: of one f32, two bf16, two 16-bit integers or four 8-bit ones,
// added to a vector of sums.
#ifndef FARRO_SIMD_DOT_H
#define FARRO_SIMD_DOT_H

INLINE f32v dot_f32(f32v sums, u32v a, u32v b) { return multiply_add((f32v)a, (f32v)b, sums); }

// Two fused multiply-adds, the odd product first, with subnormal operands and results as zero (Intel SDM, VDPBF16PS).
#if defined(HAS_BF16_DOT)
INLINE f32v dot_bf16(f32v sums, u32v a, u32v b) {
  return (f32v)_mm512_dpbf16_ps((__m512)sums, (__m512bh)a, (__m512bh)b);
}
#endif

// Four products of an unsigned (a) with a signed byte (b). VPDPBUSD wraps, and its products fit: exact modulo 2^32.
#if defined(HAS_VNNI)
INLINE u32v dot_u8s8(u32v sums, u32v a, u32v b) {
  return (u32v)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)a, (__m512i)b);
}
#endif

// Two products of signed 16-bit integers.
#if defined(MASKS_AVX512)
INLINE u32v dot_s16(u32v sums, u32v a, u32v b) { return sums + (u32v)_mm512_madd_epi16((__m512i)a, (__m512i)b); }
#elif defined(MASKS_AVX2)
INLINE u32v dot_s16(u32v sums, u32v a, u32v b) { return sums + (u32v)_mm256_madd_epi16((__m256i)a, (__m256i)b); }
#elif defined(__x86_64__)
INLINE u32v dot_s16(u32v sums, u32v a, u32v b) { return sums + (u32v)_mm_madd_epi16((__m128i)a, (__m128i)b); }
#elif defined(__aarch64__)
INLINE u32v dot_s16(u32v sums, u32v a, u32v b) {
  const int16x8_t x = (int16x8_t)a, y = (int16x8_t)b;
  const int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y)), high = vmull_high_s16(x, y);
  return sums + (u32v)vpaddq_s32(low, high);
}
#else
INLINE u32v dot_s16(u32v sums, u32v a, u32v b) {
  const i32v even = ((i32v)a << 16 >> 16) * ((i32v)b << 16 >> 16), odd = ((i32v)a >> 16) * ((i32v)b >> 16);
  return sums + (u32v)even + (u32v)odd;
}
#endif

#endif
