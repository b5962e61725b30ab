// CPU detection, shared by dispatch and the public facts.
#ifndef FARRO_RUNTIME_CPU_H
#define FARRO_RUNTIME_CPU_H

#include "runtime.h"

// Whether the CPU has the instructions of `isa` and the operating system saves its registers.
bool farro_cpu_has(farro_isa isa);

// Whether the CPU counts the bits of words of 512-bit vectors (AVX512_VPOPCNTDQ): for machines of
// FARRO_ISA_AVX512_BF16, of which Cooper Lake does not.
bool farro_cpu_counts_bits(void);

// What the CPU has for products without carries and CRCs, beside its instruction set.
typedef enum farro_carryless {
  FARRO_CARRYLESS_NONE = 0,
  FARRO_CARRYLESS_BLOCKS = 1, // of 16 bytes: PCLMULQDQ and SSE4.2; PMULL and CRC32 of arm64
  FARRO_CARRYLESS_WIDE = 2,   // and of 512-bit vectors: VPCLMULQDQ
} farro_carryless;
farro_carryless farro_cpu_multiplies_carryless(void);

// min(affinity of the process, CPU quota of its control group), at least 1. Read anew at every call.
int32_t farro_cpu_usable_cores(void);

#endif
