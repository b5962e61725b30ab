// What VPCLMULQDQ adds to the level avx512: CRCs by folding four blocks of 16 bytes in one vector. Intel from Ice Lake
// (2019), AMD from Zen 4.
#include "system.h"

#if defined(__x86_64__)

  #define VECTOR_BYTES 64
  #define VECTOR_REGISTERS 32
  #define HAS_FMA 1
  #define MASKS_AVX512

  #pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,lzcnt,"     \
                                                     "popcnt,pclmul,vpclmulqdq,sse4.2,crc32"))),                       \
                               apply_to = function)
  #include "simd/vector.h"
  #include "simd/carryless.h"
  #include "hashing/crc_kernels.h"
  #pragma clang attribute pop

const crc_kernels farro_crc_carryless_avx512 = {.crc32 = crc32, .crc32c = crc32c};

#endif
