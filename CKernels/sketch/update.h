// Updating signatures of either engine.
#ifndef FARRO_SKETCH_UPDATE_H
#define FARRO_SKETCH_UPDATE_H

#include "sketch/sketch.h"

static inline void sketch_update(const sketch_kernels *kernels, const farro_minhash *minhash, const uint64_t *hashes,
                                 size_t count, uint32_t *signature) {
  // The upper halves are the odd ones of the numbers of 32 bits: memory is little-endian.
  if (minhash->engine == FARRO_MINHASH_BINS)
    kernels->bin(minhash->slots, hashes, count, signature);
  else
    kernels->permute(minhash, (const minhash_value *)hashes + 1, 2, count, signature);
}

#endif
