// CRC-32 and CRC-32C: tables and factors of a polynomial, and the kernels that use them.
#ifndef FARRO_HASHING_CRC_H
#define FARRO_HASHING_CRC_H

#include "runtime.h"

enum {
  crc_table_bytes = 16,      // that are looked up at once
  crc_farthest_blocks = 16,  // of 16 bytes, over which a fold reaches
  crc_least_for_folds = 128, // bytes from which folding is faster than an instruction of the polynomial's own
};

typedef struct crc_polynomial {
  // tables[i][b]: what the byte b becomes when i more bytes follow.
  uint32_t tables[crc_table_bytes][256];
  // By how many blocks of 16 bytes a fold reaches: the factors of its first and its second word.
  uint64_t factors[crc_farthest_blocks + 1][2];
} crc_polynomial;

// The sum goes on over `length` bytes; neither is inverted here.
typedef uint32_t crc_kernel(const crc_polynomial *polynomial, uint32_t sum, const uint8_t *data, size_t length);

typedef struct crc_kernels {
  crc_kernel *crc32, *crc32c;
} crc_kernels;

// Sixteen, eight, and single bytes by the tables.
crc_kernel farro_crc_by_tables;

extern const crc_kernels farro_crc_carryless_avx2, farro_crc_carryless_avx512, farro_crc_carryless_neon;

#endif
