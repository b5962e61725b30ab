// Hashes of arrays of integers: the kernels of one instruction set.
#ifndef FARRO_HASHING_INTEGERS_H
#define FARRO_HASHING_INTEGERS_H

#include "integer_hashing.h"

typedef struct integer_keys {
  const void *function, *keys;
  void *hashes;
  int32_t bits;
} integer_keys;

typedef struct integer_hashing_kernels {
  farro_body multiply_shift_u32, multiply_shift_u64, tabulate_u32, tabulate_u64; // of an integer_keys
} integer_hashing_kernels;

#endif
