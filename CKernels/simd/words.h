// 64-bit words: their order, their bytes, and products of 128 bits.
#ifndef FARRO_SIMD_WORDS_H
#define FARRO_SIMD_WORDS_H

// The words at even places of those of a, then of b; and those at odd ones.
#if VECTOR_BYTES == 64
INLINE u64v even_words(u64v a, u64v b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14); }
INLINE u64v odd_words(u64v a, u64v b) { return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15); }
#elif VECTOR_BYTES == 32
INLINE u64v even_words(u64v a, u64v b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6); }
INLINE u64v odd_words(u64v a, u64v b) { return __builtin_shufflevector(a, b, 1, 3, 5, 7); }
#else
INLINE u64v even_words(u64v a, u64v b) { return __builtin_shufflevector(a, b, 0, 2); }
INLINE u64v odd_words(u64v a, u64v b) { return __builtin_shufflevector(a, b, 1, 3); }
#endif

INLINE u64v rotate_words(u64v x, int bits) { return x << bits | x >> (64 - bits); }

// The bytes of each word in the other order.
INLINE u64v swap_bytes(u64v x) {
#if defined(MASKS_AVX512)
  return (u64v)_mm512_shuffle_epi8(
      (__m512i)x, _mm512_set_epi64(0x08090a0b0c0d0e0f, 0x0001020304050607, 0x08090a0b0c0d0e0f, 0x0001020304050607,
                                   0x08090a0b0c0d0e0f, 0x0001020304050607, 0x08090a0b0c0d0e0f, 0x0001020304050607));
#else
  x = (x >> 8 & 0x00ff00ff00ff00ff) | (x & 0x00ff00ff00ff00ff) << 8;
  x = (x >> 16 & 0x0000ffff0000ffff) | (x & 0x0000ffff0000ffff) << 16;
  return rotate_words(x, 32);
#endif
}

// Both halves of a b, low ^ high, from products of half words: there is no wider instruction.
INLINE u64v multiply_and_fold(u64v a, u64v b) {
  const u64v half = (u64v)0xffffffff;
  const u64v a0 = a & half, a1 = a >> 32, b0 = b & half, b1 = b >> 32;
  const u64v low = a0 * b0, middle = a1 * b0 + (low >> 32), other = a0 * b1 + (middle & half);
  const u64v high = a1 * b1 + (middle >> 32) + (other >> 32);
  return high ^ (other << 32 | (low & half));
}

// Whether every word is 0.
INLINE bool are_zero(u64v x) {
#if defined(MASKS_AVX512)
  return _mm512_test_epi64_mask((__m512i)x, (__m512i)x) == 0;
#elif defined(MASKS_AVX2)
  return _mm256_testz_si256((__m256i)x, (__m256i)x);
#else
  return (x.x | x.y) == 0;
#endif
}

#endif
