// HyperLogLog: how many different elements there are, within a percent or so, in a few kilobytes.
//
// A register holds the largest rank (the place of the first bit that is set) of the hashes that fall to it: of a hash,
// the upper `precision` bits choose one of m = 2^precision registers, and the rank is that of the rest, 1 to 65 -
// precision. The estimate has the relative standard error 1.04 / sqrt(m), less where there are not some m elements yet,
// and a bias within 0.5 / m. All results are exact functions of the set: the same in any order, and on every machine.
//
// Sources: P. Flajolet, É. Fusy, O. Gandouet, F. Meunier, "HyperLogLog", AofA 2007; S. Heule, M. Nunkesser, A. Hall,
// "HyperLogLog in practice", EDBT 2013 (the sparse form); O. Ertl, "New cardinality estimation algorithms for
// HyperLogLog sketches", arXiv 1702.01284, 2017 (the estimate: its algorithm 6, the improved raw estimator, which needs
// no tables).
#ifndef FARRO_CARDINALITY_H
#define FARRO_CARDINALITY_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// `precision` is 4 to 18 (FARRO_ERROR_ARGUMENT for others); there are 2^precision registers, 0 in an empty set.

// Adds elements, by 64-bit hashes that look random. O(count), on the calling thread.
FARRO_API farro_status farro_hyperloglog_update(uint8_t *registers, uint32_t precision, const uint64_t *hashes,
                                                size_t count);

// The same for numbers of any kind, hashed by farro_mix_keys (sketch.h): different ones have different hashes.
FARRO_API farro_status farro_hyperloglog_update_keys(uint8_t *registers, uint32_t precision, uint64_t seed,
                                                     const uint64_t *keys, size_t count);

// The union. `from` may be of higher precision (not of lower: FARRO_ERROR_ARGUMENT), which gives what `precision` would
// have held. O(2^from_precision).
FARRO_API farro_status farro_hyperloglog_merge(uint8_t *into, uint32_t precision, const uint8_t *from,
                                               uint32_t from_precision);

// O(2^precision). Registers above 65 - precision, which no hash makes, are FARRO_ERROR_ARGUMENT.
FARRO_API farro_status farro_hyperloglog_estimate(const uint8_t *registers, uint32_t precision, double *estimate);

// ---- few elements ---------------------------------------------------------------------------------------------------

// As a list of registers that are not 0, at the precision 26: (index << 6 | rank), 4 bytes each, ascending. With c of
// them the estimate is -m' ln(1 - c / m'), m' = 2^26, whose relative standard error is 1 / sqrt(2 m') = 0.00009.

// Adds elements to a list of *count codes with room for `capacity`, and answers how many of the hashes are in it now:
// the first one that is not would have been too much. O(n capacity) at worst.
FARRO_API size_t farro_hyperloglog_sparse_update(uint32_t *codes, size_t *count, size_t capacity,
                                                 const uint64_t *hashes, size_t n);

// The same with the codes of another list.
FARRO_API size_t farro_hyperloglog_sparse_merge(uint32_t *codes, size_t *count, size_t capacity, const uint32_t *from,
                                                size_t n);

// Adds the elements of a list to registers.
FARRO_API farro_status farro_hyperloglog_expand(const uint32_t *codes, size_t count, uint8_t *registers,
                                                uint32_t precision);

// `count` is below 2^20.
FARRO_API double farro_hyperloglog_sparse_estimate(size_t count);

// Whether codes are such as hashes make, and ascend with different indices.
FARRO_API bool farro_hyperloglog_sparse_is_sound(const uint32_t *codes, size_t count);

// ---- reference ------------------------------------------------------------------------------------------------------

FARRO_API void farro_hyperloglog_reference_update(uint8_t *registers, uint32_t precision, const uint64_t *hashes,
                                                  size_t count);

#ifdef __cplusplus
}
#endif
#endif
