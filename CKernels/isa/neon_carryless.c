// What PMULL and the CRC32 instructions add to the level neon: both are optional in ARMv8.0, and there on every server
// and Apple chip.
#include "system.h"

#if defined(__aarch64__)

  #define VECTOR_BYTES 16
  #define VECTOR_REGISTERS 32
  #define HAS_FMA 1

  #pragma clang attribute push(__attribute__((target("aes,crc"))), apply_to = function)
  #include "simd/vector.h"
  #include "simd/carryless.h"
  #include "hashing/crc_kernels.h"
  #pragma clang attribute pop

const crc_kernels farro_crc_carryless_neon = {.crc32 = crc32, .crc32c = crc32c};

#endif
