// Lanes that pass a comparison, stored one after the other.
#ifndef FARRO_SIMD_COMPRESS_H
#define FARRO_SIMD_COMPRESS_H

// Stores the lanes of v whose `passes` is not 0, in order; returns how many. A whole vector is written: there must be
// room for one. The compressing store of AVX-512 is not used, as it takes Zen 4 more than 100 cycles.
#if defined(MASKS_AVX512)

OVERLOAD size_t store_passing(float *p, f32v v, i32v passes) {
  const __mmask16 mask = _mm512_movepi32_mask((__m512i)passes);
  store(p, (f32v)_mm512_maskz_compress_ps(mask, (__m512)v));
  return (size_t)__builtin_popcount(mask);
}
OVERLOAD size_t store_passing(uint32_t *p, u32v v, i32v passes) {
  const __mmask16 mask = _mm512_movepi32_mask((__m512i)passes);
  store(p, (u32v)_mm512_maskz_compress_epi32(mask, (__m512i)v));
  return (size_t)__builtin_popcount(mask);
}

#else

  #define DEFINE_STORE_PASSING(scalar, vector)                                                                         \
    OVERLOAD size_t store_passing(scalar *p, vector v, i32v passes) {                                                  \
      size_t stored = 0;                                                                                               \
      UNROLL for (size_t i = 0; i < f32_lanes; i++) {                                                                  \
        p[stored] = v[i];                                                                                              \
        stored += (size_t)(passes[i] & 1);                                                                             \
      }                                                                                                                \
      return stored;                                                                                                   \
    }

DEFINE_STORE_PASSING(float, f32v)
DEFINE_STORE_PASSING(uint32_t, u32v)

  #undef DEFINE_STORE_PASSING

#endif

#endif
