// XXH3 beyond 240 bytes, on the vectors of one instruction set. Shorter inputs and the older hashes are scalar code.
#ifndef FARRO_HASHING_HASHING_H
#define FARRO_HASHING_HASHING_H

#include "runtime.h"

enum {
  xxh3_stripe = 64,      // bytes that the eight sums take in at once
  xxh3_secret_step = 8,  // bytes by which the secret moves on from one stripe to the next
  xxh3_last_offset = 71, // the last stripe's secret begins this far from the secret's end
};

static const uint64_t xxh3_scramble_prime = 0x9E3779B1;

typedef struct xxh3_secret {
  const uint8_t *bytes;
  size_t length;
} xxh3_secret;

// Key i is bytes[offsets[i]] up to, not including, bytes[offsets[i + 1]]; of rows, bytes[i length] and those behind it.
typedef struct xxh3_keys {
  const uint8_t *bytes;
  const uint64_t *offsets;
  size_t length;
  uint64_t seed;
  xxh3_secret secret; // the seed's, for long keys
  void *hashes;       // uint64_t, or farro_hash128
} xxh3_keys;

typedef struct hashing_kernels {
  // The sums of a whole message of length > 64, its last stripe included.
  void (*sum)(const uint8_t *data, size_t length, const xxh3_secret *secret, uint64_t sums[8]);

  // The same in pieces. `consume` takes in `stripes` stripes, the first of which is number `place` of its block, and
  // returns the place of the next one; `finish` takes in the last 64 bytes of the message.
  size_t (*consume)(const uint8_t *data, size_t stripes, size_t place, const xxh3_secret *secret, uint64_t sums[8]);
  void (*finish)(const uint8_t *last, const xxh3_secret *secret, uint64_t sums[8]);

  farro_body keys_64, keys_128, rows_64; // of an xxh3_keys
  bool (*offsets_ascend)(const uint64_t *offsets, size_t count);
} hashing_kernels;

// What the sums start from.
extern const uint64_t xxh3_first_sums[8];

#endif
