// Families of hash functions of integers, for sketches: a seed draws one function, and what is proved holds on average
// over seeds. Arrays of keys are hashed in one call, on several threads when there is enough work.
//
// Multiply-shift: strongly universal, so that two different keys take any two values of `bits` bits with probability
// 4^-bits. Two keys collide with probability 2^-bits; of three nothing is said.
//   32-bit keys  (a x + b) / 2^(64 - bits)
//   64-bit keys  ((a + high(x)) (b + low(x)) + c) / 2^(64 - bits)
// with a, b, c of 64 random bits, modulo 2^64. bits is 1 to 32, else FARRO_ERROR_ARGUMENT.
//
// Tabulation: the exclusive or of one random word for each byte of the key. 3-independent, and as good as independent
// for linear probing, cuckoo hashing and sketches of minima.
//
// O(count) time, no memory. `hashes` may be `keys` where their elements have one size, and must not overlap them
// otherwise. Results are the same on every instruction set.
//
// The random words are those of SplitMix64 from the seed on (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom
// number generators", OOPSLA 2014). Sources: M. Dietzfelbinger, "Universal hashing and k-wise independent random
// variables via integer arithmetic without primes", STACS 1996; M. Thorup, "High speed hashing for integers and
// strings", 2015; M. Patrascu, M. Thorup, "The power of simple tabulation hashing", JACM 2012.
#ifndef FARRO_INTEGER_HASHING_H
#define FARRO_INTEGER_HASHING_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_multiply_shift {
  uint64_t a, b, c;
} farro_multiply_shift;

FARRO_API void farro_multiply_shift_init(farro_multiply_shift *function, uint64_t seed);
FARRO_API farro_status farro_multiply_shift_u32(const farro_multiply_shift *function, const uint32_t *keys,
                                                size_t count, int32_t bits, uint32_t *hashes);
FARRO_API farro_status farro_multiply_shift_u64(const farro_multiply_shift *function, const uint64_t *keys,
                                                size_t count, int32_t bits, uint32_t *hashes);

typedef struct farro_tabulation_u32 {
  uint64_t tables[4][256]; // of the lowest byte first
} farro_tabulation_u32;

typedef struct farro_tabulation_u64 {
  uint64_t tables[8][256];
} farro_tabulation_u64;

FARRO_API void farro_tabulation_init_u32(farro_tabulation_u32 *function, uint64_t seed);
FARRO_API void farro_tabulation_init_u64(farro_tabulation_u64 *function, uint64_t seed);
FARRO_API farro_status farro_tabulate_u32(const farro_tabulation_u32 *function, const uint32_t *keys, size_t count,
                                          uint64_t *hashes);
FARRO_API farro_status farro_tabulate_u64(const farro_tabulation_u64 *function, const uint64_t *keys, size_t count,
                                          uint64_t *hashes);

// One key: the definitions above, and the oracles of the tests.
FARRO_API uint32_t farro_multiply_shift_reference_u32(const farro_multiply_shift *function, uint32_t key, int32_t bits);
FARRO_API uint32_t farro_multiply_shift_reference_u64(const farro_multiply_shift *function, uint64_t key, int32_t bits);
FARRO_API uint64_t farro_tabulation_reference_u32(const farro_tabulation_u32 *function, uint32_t key);
FARRO_API uint64_t farro_tabulation_reference_u64(const farro_tabulation_u64 *function, uint64_t key);

#ifdef __cplusplus
}
#endif
#endif
