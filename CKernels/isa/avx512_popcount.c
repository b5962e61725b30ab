// What AVX512_VPOPCNTDQ adds to the level avx512_bf16: counts of bits by words, for distances between rows of bits.
// Intel servers from Ice Lake (2021), AMD from Zen 4; of those of the level itself, Cooper Lake lacks it, so that the
// entry asks the machine.
#include "system.h"

#if defined(__x86_64__)

  #define VECTOR_BYTES 64
  #define VECTOR_REGISTERS 32
  #define HAS_FMA 1
  #define HAS_F16C 1
  #define HAS_POPCOUNT 1
  #define MASKS_AVX512

  #pragma clang attribute push(                                                                                        \
      __attribute__((                                                                                                  \
          target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt"))),          \
      apply_to = function)
  #include "simd/vector.h"
  #include "simd/popcount.h"
  #include "distance/bits_kernels.h"
  #pragma clang attribute pop

const bit_kernels farro_bit_kernels_popcount = {.columns = bit_columns,
                                                .pack = bit_pack,
                                                .distances = bit_distances_kernel,
                                                .search = bit_search_kernel,
                                                .paired = bit_paired};

#endif
