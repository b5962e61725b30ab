// One element and one slot after another.
#include "include/sketch.h"

void farro_minhash_reference_update(const farro_minhash *minhash, const uint64_t *hashes, size_t count,
                                    uint32_t *signature) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t upper = (uint32_t)(hashes[i] >> 32), lower = (uint32_t)hashes[i];
    if (minhash->engine == FARRO_MINHASH_BINS) {
      const size_t k = (size_t)((unsigned __int128)upper * minhash->slots >> 32);
      if (lower < signature[k]) signature[k] = lower;
    } else
      for (size_t k = 0; k < minhash->slots; k++) {
        const uint32_t value = minhash->multipliers[k] * upper + minhash->addends[k];
        if (value < signature[k]) signature[k] = value;
      }
  }
}

void farro_minhash_reference_matches(const uint32_t *x, size_t m, const uint32_t *y, size_t n, size_t slots,
                                     uint32_t *out, size_t ld_out) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      out[i * ld_out + j] = 0;
      for (size_t k = 0; k < slots; k++) out[i * ld_out + j] += x[i * slots + k] == y[j * slots + k];
    }
}
