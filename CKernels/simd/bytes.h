// Bytes in vectors: comparisons as bits, and the places of bits that are set.
#ifndef FARRO_SIMD_BYTES_H
#define FARRO_SIMD_BYTES_H

typedef VECTOR_TYPE(int8_t) s8v;

enum { byte_lanes = VECTOR_BYTES };

// Bit l of the result is the highest of lane l, as a comparison leaves it.
INLINE uint64_t byte_bits(s8v v) {
#if defined(MASKS_AVX512)
  return _mm512_movepi8_mask((__m512i)v);
#elif defined(MASKS_AVX2)
  return (uint32_t)_mm256_movemask_epi8((__m256i)v);
#elif defined(__x86_64__)
  return (uint32_t)_mm_movemask_epi8((__m128i)v);
#elif defined(__aarch64__)
  // Each byte keeps the bit of its place among eight; three rounds of adding neighbours gather them.
  const uint8x16_t places = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  uint8x16_t bits = vandq_u8((uint8x16_t)(v < 0), places);
  bits = vpaddq_u8(bits, bits);
  bits = vpaddq_u8(bits, bits);
  return vgetq_lane_u16(vreinterpretq_u16_u8(vpaddq_u8(bits, bits)), 0);
#else
  uint64_t bits = 0;
  for (size_t l = 0; l < byte_lanes; l++) bits |= (uint64_t)(v[l] < 0) << l;
  return bits;
#endif
}

// Writes base + i for every bit i that is set, ascending, and answers how many. Up to 64 places of `to` may change.
INLINE size_t store_bit_places(uint32_t *to, uint64_t bits, uint32_t base) {
#if defined(MASKS_AVX512)
  // Compressed in registers: to memory the instruction is microcode on Zen 4.
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t count = 0;
  UNROLL for (uint32_t i = 0; i < 4; i++) {
    const __mmask16 some = (__mmask16)(bits >> 16 * i);
    const __m512i places = _mm512_add_epi32(lanes, _mm512_set1_epi32((int32_t)(base + 16 * i)));
    _mm512_storeu_si512(to + count, _mm512_maskz_compress_epi32(some, places));
    count += (size_t)__builtin_popcount(some);
  }
  return count;
#else
  const size_t count = (size_t)__builtin_popcountll(bits);
  for (size_t i = 0; i < count; i += 8) {
    // Eight at a time: what is beyond the last is overwritten or not read. A bit that is not there has no place.
    UNROLL for (size_t j = 0; j < 8; j++) {
      to[i + j] = base + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
      bits &= bits - 1;
    }
  }
  return count;
#endif
}

#endif
