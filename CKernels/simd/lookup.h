// Tables of 16 bytes: each byte of a vector looks up an entry of its 16-byte part's own table.
#ifndef FARRO_SIMD_LOOKUP_H
#define FARRO_SIMD_LOOKUP_H

// Indices are from 0 to 15.
#if defined(MASKS_AVX512)
INLINE u8v lookup(u8v tables, u8v indices) { return (u8v)_mm512_shuffle_epi8((__m512i)tables, (__m512i)indices); }
#elif defined(MASKS_AVX2)
INLINE u8v lookup(u8v tables, u8v indices) { return (u8v)_mm256_shuffle_epi8((__m256i)tables, (__m256i)indices); }
#elif defined(__aarch64__)
INLINE u8v lookup(u8v tables, u8v indices) { return (u8v)vqtbl1q_u8((uint8x16_t)tables, (uint8x16_t)indices); }
#else
INLINE u8v lookup(u8v tables, u8v indices) {
  uint8_t entries[VECTOR_BYTES], numbers[VECTOR_BYTES];
  store(entries, tables), store(numbers, indices);
  for (size_t i = 0; i < VECTOR_BYTES; i++) numbers[i] = entries[i / 16 * 16 + numbers[i]];
  return load(numbers);
}
#endif

#endif
