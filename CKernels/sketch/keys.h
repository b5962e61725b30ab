// Numbers as elements: how a seed takes part in their hashes.
#ifndef FARRO_SKETCH_KEYS_H
#define FARRO_SKETCH_KEYS_H

#include "text/shingle_hash.h"

// What keys are combined with before they are mixed; not the seed itself, which may be a small number as keys are.
static inline uint64_t seed_key(uint64_t seed) { return mix64(seed + 0x9E3779B97F4A7C15); }

#endif
