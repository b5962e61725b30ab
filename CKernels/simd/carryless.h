// Products without carries, of polynomials over two elements, and the instructions that take words into a CRC.
//
// Included by files of isa/ for machines that have them; elsewhere CRCs go by tables (hashing/crc.c), which are their
// twin without instructions.
#ifndef FARRO_SIMD_CARRYLESS_H
#define FARRO_SIMD_CARRYLESS_H

typedef uint64_t u64x2 __attribute__((ext_vector_type(2)));

#if defined(__x86_64__)

// In each block of two words, the product of the first words plus that of the second ones.
INLINE u64x2 carryless_sum(u64x2 x, u64x2 y) {
  return (u64x2)_mm_clmulepi64_si128((__m128i)x, (__m128i)y, 0x00) ^
         (u64x2)_mm_clmulepi64_si128((__m128i)x, (__m128i)y, 0x11);
}

  #if VECTOR_BYTES == 64
INLINE u64v carryless_sums(u64v x, u64v y) {
  return (u64v)_mm512_clmulepi64_epi128((__m512i)x, (__m512i)y, 0x00) ^
         (u64v)_mm512_clmulepi64_epi128((__m512i)x, (__m512i)y, 0x11);
}
  #else
INLINE u64v carryless_sums(u64v x, u64v y) { return carryless_sum(x, y); }
  #endif

  #define HAS_CRC32C 1
INLINE uint32_t crc32c_word(uint32_t sum, uint64_t word) { return (uint32_t)_mm_crc32_u64(sum, word); }
INLINE uint32_t crc32c_byte(uint32_t sum, uint8_t byte) { return _mm_crc32_u8(sum, byte); }

#elif defined(__aarch64__)

// A cast of a single number to a vector would be a copy in each lane: vreinterpretq takes its bits.
INLINE u64x2 carryless_sum(u64x2 x, u64x2 y) {
  const poly128_t first = vmull_p64((poly64_t)x.x, (poly64_t)y.x);
  const poly128_t second = vmull_high_p64((poly64x2_t)x, (poly64x2_t)y);
  return (u64x2)vreinterpretq_u64_p128(first) ^ (u64x2)vreinterpretq_u64_p128(second);
}
INLINE u64v carryless_sums(u64v x, u64v y) { return carryless_sum(x, y); }

  #define HAS_CRC32C 1
  #define HAS_CRC32 1
INLINE uint32_t crc32c_word(uint32_t sum, uint64_t word) { return __builtin_arm_crc32cd(sum, word); }
INLINE uint32_t crc32c_byte(uint32_t sum, uint8_t byte) { return __builtin_arm_crc32cb(sum, byte); }
INLINE uint32_t crc32_word(uint32_t sum, uint64_t word) { return __builtin_arm_crc32d(sum, word); }
INLINE uint32_t crc32_byte(uint32_t sum, uint8_t byte) { return __builtin_arm_crc32b(sum, byte); }

#endif

#endif
