// What PCLMULQDQ and SSE4.2 add to the level avx2: CRCs by folding blocks of 16 bytes. Every machine of that level is
// known to have both, but CPUID tells of them apart, so that the entry asks.
#include "system.h"

#if defined(__x86_64__)

  #define VECTOR_BYTES 16
  #define VECTOR_REGISTERS 16
  #define HAS_FMA 1

  #pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2,lzcnt,popcnt,pclmul,sse4.2,crc32"))),          \
                               apply_to = function)
  #include "simd/vector.h"
  #include "simd/carryless.h"
  #include "hashing/crc_kernels.h"
  #pragma clang attribute pop

const crc_kernels farro_crc_carryless_avx2 = {.crc32 = crc32, .crc32c = crc32c};

#endif
