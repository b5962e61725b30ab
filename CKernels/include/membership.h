// Split-block Bloom filters: whether an element may be in a set. What was inserted is always found; what was not is
// found at a rate that the filter's size decides.
//
// The layout is Apache Parquet's, bit for bit: blocks of 8 words of 32 bits, little-endian. The upper half of a hash
// chooses a block, the lower one a bit in each of its words. A filter of hashes by XXH64 with the seed 0 (hashing.h)
// can be written to a Parquet file, and one from there can be asked.
//
// A block has Poisson(count / blocks) elements, so that the rate of false positives is
//   sum over i of P(i) (1 - (31/32)^i)^8.
// Of q elements that are not in the set, the number that is found has the variance of q independent ones.
// At 10 bits per element the rate is 0.0126, at 16 bits 0.0013; a Bloom filter that sets its bits anywhere, each in
// another line of the cache, has 0.0082 and 0.00046.
//
// Sources: F. Putze, P. Sanders, J. Singler, "Cache-, hash- and space-efficient Bloom filters", WEA 2007; J. Apple,
// "Split block Bloom filters", arXiv 2101.01719; github.com/apache/parquet-format, BloomFilter.md.
#ifndef FARRO_MEMBERSHIP_H
#define FARRO_MEMBERSHIP_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// A filter has 8 `blocks` words, all 0 in an empty set, best aligned to 32 bytes; 1 to 2^31 blocks
// (FARRO_ERROR_ARGUMENT for others). Beyond 2^28 (8 GiB), blocks get elements unevenly unless their number is a power
// of two, since the 2^32 values that choose one are shared out among them: the rate rises, to four times at worst.

// Inserts elements, by 64-bit hashes that look random; or numbers of any kind, hashed by farro_mix_keys (sketch.h).
// O(count), on the calling thread.
FARRO_API farro_status farro_bloom_insert(uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count);
FARRO_API farro_status farro_bloom_insert_keys(uint32_t *words, size_t blocks, uint64_t seed, const uint64_t *keys,
                                               size_t count);

// found[i] = whether element i may be in the set. O(count), in parallel.
FARRO_API farro_status farro_bloom_find(const uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count,
                                        bool *found);
FARRO_API farro_status farro_bloom_find_keys(const uint32_t *words, size_t blocks, uint64_t seed, const uint64_t *keys,
                                             size_t count, bool *found);

// The union, of filters with the same number of blocks and, of numbers, the same seed.
FARRO_API farro_status farro_bloom_merge(uint32_t *into, const uint32_t *from, size_t blocks);

// The rate of false positives of a filter that `count` different elements were inserted into; 1 without blocks.
FARRO_API double farro_bloom_false_positive_rate(size_t blocks, double count);

// The least number of blocks whose rate is at most `rate`, above 0 and below 1; SIZE_MAX if 2^31 have a higher one.
FARRO_API size_t farro_bloom_blocks(double count, double rate);

// ---- references -----------------------------------------------------------------------------------------------------

FARRO_API void farro_bloom_reference_insert(uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count);
FARRO_API void farro_bloom_reference_find(const uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count,
                                          bool *found);

#ifdef __cplusplus
}
#endif
#endif
