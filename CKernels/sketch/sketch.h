// Updates and comparisons of signatures, on the vectors of one instruction set.
#ifndef FARRO_SKETCH_SKETCH_H
#define FARRO_SKETCH_SKETCH_H

#include "include/sketch.h"

// A number of 32 bits, or half of one of 64.
typedef uint32_t minhash_value __attribute__((may_alias));

typedef struct sketch_kernels {
  // signature[k] = min(signature[k], a[k] x + b[k]) over x = values[i * stride].
  void (*permute)(const farro_minhash *minhash, const minhash_value *values, size_t stride, size_t count,
                  uint32_t *signature);
  void (*bin)(size_t slots, const uint64_t *hashes, size_t count, uint32_t *signature);
  void (*minimum)(uint32_t *into, const uint32_t *from, size_t count);

  // out[j] = equal slots of x and row j of y.
  void (*matches)(const uint32_t *x, const uint32_t *y, size_t rows, size_t slots, uint32_t *out);
  void (*packed_matches)(const uint64_t *x, const uint64_t *y, size_t rows, size_t slots, uint32_t bits, uint32_t *out);
} sketch_kernels;

#endif
