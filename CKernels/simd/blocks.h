// Blocks of 256 bits, in vectors of that size where there are any, or halves.
#ifndef FARRO_SIMD_BLOCKS_H
#define FARRO_SIMD_BLOCKS_H

#if VECTOR_BYTES == 16
enum { block_lanes = 4 };
#else
enum { block_lanes = 8 };
#endif

typedef uint32_t block_part __attribute__((ext_vector_type(block_lanes)));

INLINE block_part load_part(const uint32_t *p) {
  typedef uint32_t loose __attribute__((ext_vector_type(block_lanes), aligned(4)));
  return *(const loose *)p;
}

INLINE void store_part(uint32_t *p, block_part v) {
  typedef uint32_t loose __attribute__((ext_vector_type(block_lanes), aligned(4)));
  *(loose *)p = v;
}

// Whether every bit of `bits` is in `of`.
INLINE bool is_within(block_part bits, block_part of) {
#if defined(MASKS_AVX512) || defined(MASKS_AVX2)
  return _mm256_testc_si256((__m256i)of, (__m256i)bits);
#else
  return __builtin_reduce_or(bits & ~of) == 0;
#endif
}

#endif
