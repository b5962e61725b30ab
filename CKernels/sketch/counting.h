// Updates of sketches that tell elements apart by one hash, on the vectors of one instruction set.
#ifndef FARRO_SKETCH_COUNTING_H
#define FARRO_SKETCH_COUNTING_H

#include "include/cardinality.h"
#include "include/frequency.h"
#include "include/membership.h"

typedef struct counting_kernels {
  void (*mix)(uint64_t key, const uint64_t *keys, size_t count, uint64_t *hashes);

  // HyperLogLog's registers.
  void (*rank)(uint32_t precision, const uint64_t *hashes, size_t count, uint8_t *registers);
  void (*maximum)(uint8_t *into, const uint8_t *from, size_t count);

  // Bloom filters; `far`: blocks are fetched ahead, for filters that are not in a near cache.
  void (*insert)(uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count, bool far);
  void (*find)(const uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count, bool far, bool *found);
} counting_kernels;

// Keys are hashed this many at a time, into 2 KiB that stay in the first cache.
enum { counting_piece = 256 };

#endif
