// Advanced SIMD of arm64: 16-byte vectors, 32 registers, fused multiply-add.
#include "system.h"

#if defined(__aarch64__)

  #define FARRO_TABLE farro_kernels_neon
  #define VECTOR_BYTES 16
  #define VECTOR_REGISTERS 32
  #define HAS_FMA 1

  #include "kernels.h"

#endif
