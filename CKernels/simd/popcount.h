// Bits that are set, summed within the 32-bit words of a vector.
//
// Sums grow in the form that the instruction set adds fastest: bytes, where it counts the bits of bytes or looks them
// up by halves (W. Muła, N. Kurz, D. Lemire, "Faster population counts using AVX2 instructions", 2018), or words, where
// it counts those (HAS_POPCOUNT: AVX512_VPOPCNTDQ).
#ifndef FARRO_SIMD_POPCOUNT_H
#define FARRO_SIMD_POPCOUNT_H

#if defined(HAS_POPCOUNT)

typedef u32v bit_sums;
enum { bit_sums_words = 1 << 26 }; // that can be added before the sums must be totalled

INLINE bit_sums add_bits(bit_sums sums, u32v words) { return sums + (u32v)_mm512_popcnt_epi32((__m512i)words); }
INLINE u32v bit_totals(bit_sums sums) { return sums; }

#else

typedef u8v bit_sums;
enum { bit_sums_words = 31 }; // of 8 bits in each byte

  #if defined(MASKS_AVX512) || defined(MASKS_AVX2)

    #define BITS_OF_HALVES 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4

INLINE u8v bits_of_halves(u8v halves) {
    #if VECTOR_BYTES == 64
  const u8v table = {BITS_OF_HALVES, BITS_OF_HALVES, BITS_OF_HALVES, BITS_OF_HALVES};
  return (u8v)_mm512_shuffle_epi8((__m512i)table, (__m512i)halves);
    #else
  const u8v table = {BITS_OF_HALVES, BITS_OF_HALVES};
  return (u8v)_mm256_shuffle_epi8((__m256i)table, (__m256i)halves);
    #endif
}

INLINE u8v bits_of_bytes(u32v words) {
  return bits_of_halves((u8v)(words & 0x0f0f0f0f)) + bits_of_halves((u8v)(words >> 4 & 0x0f0f0f0f));
}

    #undef BITS_OF_HALVES

  #elif defined(__aarch64__)

INLINE u8v bits_of_bytes(u32v words) { return (u8v)vcntq_u8((uint8x16_t)words); }

  #else

INLINE u8v bits_of_bytes(u32v words) {
  words -= words >> 1 & 0x55555555;
  words = (words & 0x33333333) + (words >> 2 & 0x33333333);
  return (u8v)((words + (words >> 4)) & 0x0f0f0f0f);
}

  #endif

INLINE bit_sums add_bits(bit_sums sums, u32v words) { return sums + bits_of_bytes(words); }

INLINE u32v bit_totals(bit_sums sums) {
  const u32v pairs = ((u32v)sums & 0x00ff00ff) + ((u32v)sums >> 8 & 0x00ff00ff);
  return (pairs + (pairs >> 16)) & 0xffff;
}

#endif

#endif
