// Transposition of small blocks.
#ifndef FARRO_SIMD_TRANSPOSE_H
#define FARRO_SIMD_TRANSPOSE_H

// A 16-byte-wide square block, rows ld apart, written transposed with its columns `width` apart.
INLINE void transpose_block_f32(const float *from, size_t ld, float *to, size_t width) {
  typedef float quad __attribute__((ext_vector_type(4), aligned(4)));
  const quad a = *(const quad *)from, b = *(const quad *)(from + ld);
  const quad c = *(const quad *)(from + 2 * ld), d = *(const quad *)(from + 3 * ld);
  const quad ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const quad cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(quad *)to = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  *(quad *)(to + width) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  *(quad *)(to + 2 * width) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  *(quad *)(to + 3 * width) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

INLINE void transpose_block_f64(const double *from, size_t ld, double *to, size_t width) {
  typedef double pair __attribute__((ext_vector_type(2), aligned(8)));
  const pair a = *(const pair *)from, b = *(const pair *)(from + ld);
  *(pair *)to = __builtin_shufflevector(a, b, 0, 2);
  *(pair *)(to + width) = __builtin_shufflevector(a, b, 1, 3);
}

#endif
