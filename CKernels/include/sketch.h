// MinHash: sets of 64-bit hashes as signatures of some numbers of 32 bits, whose equal slots estimate the Jaccard
// similarity of the sets.
//
// Source: A. Broder, "On the resemblance and containment of documents", SEQUENCES 1997. All results are exact functions
// of their inputs: the same on every instruction set and for any number of threads. A set's hashes come in any order
// and as often as they like. They should look random, as farro_shingles makes them.
//
// Signatures are rows of `slots` values. An empty set's slots are all farro_minhash_empty.
#ifndef FARRO_SKETCH_H
#define FARRO_SKETCH_H

#include "runtime.h"
#include "text.h"

#ifdef __cplusplus
extern "C" {
#endif

static const uint32_t farro_minhash_empty = 0xFFFFFFFF;

typedef enum farro_minhash_engine {
  // Slot k is the least value of a_k x + b_k mod 2^32 (a_k odd) over the upper 32 bits x of all hashes: O(slots) per
  // hash. The estimate has the mean J, but for sets of some 10^8 elements, where values of 32 bits meet by chance, and
  // the variance J (1 - J) / slots.
  FARRO_MINHASH_PERMUTATIONS = 0,

  // One permutation: the upper 32 bits of a hash choose a slot, which keeps the least lower half: O(1) per hash. A slot
  // that no hash has chosen is empty, and an estimate needs all of them filled (farro_minhash_densify). It has the mean
  // J too. Its variance over sets with a union of f elements, of which m of the k slots get none, is
  //   J q + J (J f - 1) / (f - 1) (1 - q) - J^2,   q = E[k + 2 m + m (m - 1) / (k - m)] / k^2:
  // that of the permutations times (f - k) / (f - 1) where f is some times k log k, and more where f is below some k.
  // Sources: P. Li, A. Owen, C.-H. Zhang, "One permutation hashing", NIPS 2012; A. Shrivastava, "Optimal densification
  // for fast and accurate minwise hashing", ICML 2017.
  FARRO_MINHASH_BINS = 1,
} farro_minhash_engine;

typedef struct farro_minhash {
  farro_minhash_engine engine;
  size_t slots;                // 1 to 2^24
  const uint32_t *multipliers; // a and b of each slot, for FARRO_MINHASH_PERMUTATIONS
  const uint32_t *addends;
} farro_minhash;

// The a (odd) and b that a seed makes.
FARRO_API void farro_minhash_parameters(uint64_t seed, size_t slots, uint32_t *multipliers, uint32_t *addends);

// Adds elements to the set that `signature` is of; one that is new holds farro_minhash_empty in all slots.
// O(count slots) with permutations, O(count) with bins; on the calling thread.
FARRO_API farro_status farro_minhash_update(const farro_minhash *minhash, const uint64_t *hashes, size_t count,
                                            uint32_t *signature);

// The same from hashes of 32 bits, with permutations alone: x is the hash.
FARRO_API farro_status farro_minhash_update_u32(const farro_minhash *minhash, const uint32_t *hashes, size_t count,
                                                uint32_t *signature);

// The signatures of many sets, written whole: set i is hashes[offsets[i]] up to, not including, hashes[offsets[i + 1]].
// `offsets` has count + 1 elements that never descend (FARRO_ERROR_ARGUMENT). In parallel; no slot is filled that no
// hash has chosen.
FARRO_API farro_status farro_minhash_signatures(const farro_minhash *minhash, const uint64_t *hashes,
                                                const uint64_t *offsets, size_t count, uint32_t *signatures);

// The signatures of many texts, each of which bytes[offsets[i]] up to, not including, bytes[offsets[i + 1]], from their
// shingles: what farro_shingles and farro_minhash_update give, without memory for the shingles. In parallel over texts;
// a text is the work of one thread.
FARRO_API farro_status farro_minhash_texts(const farro_minhash *minhash, const farro_shingler *shingler,
                                           const void *bytes, const uint64_t *offsets, size_t count,
                                           uint32_t *signatures);

// into[i] = min(into[i], from[i]): the signatures of unions, of `count` slots in all. Of bins, before they are filled.
FARRO_API farro_status farro_minhash_merge(uint32_t *into, const uint32_t *from, size_t count);

// Fills the empty slots of `rows` signatures: each takes the value of one that was not empty, found by hashes of the
// slot's number, the attempt's and the seed. `filled` may be `signatures`. Signatures of empty sets stay as they are.
// O(slots) per row, and O(slots^2 / n) for sets of few elements n.
FARRO_API farro_status farro_minhash_densify(const uint32_t *signatures, size_t rows, size_t slots, uint64_t seed,
                                             uint32_t *filled);

// out[i ld_out + j] = the number of slots in which row i of x (m rows) and row j of y (n rows) are equal. Divided by
// `slots`, the estimate of J. O(m n slots), in parallel.
FARRO_API farro_status farro_minhash_matches(const uint32_t *x, size_t m, const uint32_t *y, size_t n, size_t slots,
                                             uint32_t *out, size_t ld_out);

// ---- b bits of each slot ----------------------------------------------------------------------------------------

// Slots of 1, 2, 4, 8 or 16 bits (FARRO_ERROR_ARGUMENT for others), hashed from those of 32: slots that differ agree
// with the probability c = 2^-bits. So (p - c) / (1 - c) estimates J, where p is the fraction of slots that agree, with
// 1 / (1 - c)^2 times the variance of p: P (1 - P) / slots with permutations, where P = c + (1 - c) J.
// Source: P. Li, A. C. König, "b-Bit minwise hashing", WWW 2010.
//
// A packed signature has bits * ceil(slots / 64) words: those with the lowest bit of every slot, then the next bit ...
FARRO_API farro_status farro_minhash_pack(const uint32_t *signatures, size_t rows, size_t slots, uint32_t bits,
                                          uint64_t *packed);
FARRO_API farro_status farro_minhash_packed_matches(const uint64_t *x, size_t m, const uint64_t *y, size_t n,
                                                    size_t slots, uint32_t bits, uint32_t *out, size_t ld_out);

// ---- sets with weights ------------------------------------------------------------------------------------------

// Consistent weighted sampling: slots agree with the probability sum(min(v, w)) / sum(max(v, w)) over the elements'
// weights v and w in two sets, so that farro_minhash_matches / slots estimates it with the variance J (1 - J) / slots.
// Source: S. Ioffe, "Improved consistent sampling, weighted minhash and L1 sketching", ICDM 2010.
//
// Adds elements with their weights to the set of `signature`; one that is there already takes the larger weight.
// Weights that are not above 0 are left out. `least` has, for each slot, the key of the sample in it; in a new set it
// is infinite and the slots are farro_minhash_empty. O(count slots), some 50 ns for each of them; on the calling
// thread. In IEEE arithmetic of doubles, without a library's functions: the same on every machine.
FARRO_API farro_status farro_weighted_minhash_update(uint64_t seed, size_t slots, const uint64_t *hashes,
                                                     const float *weights, size_t count, double *least,
                                                     uint32_t *signature);

// The union, in which elements have the larger of their weights.
FARRO_API farro_status farro_weighted_minhash_merge(size_t slots, double *least, uint32_t *signature,
                                                    const double *other_least, const uint32_t *other_signature);

// ---- SimHash ----------------------------------------------------------------------------------------------------

// Bit i of *result is set if more hashes have bit i set than not, and not set where they are as many; by weight, unless
// `weights` is NULL. An element that comes n times has n times its weight; a weight that is NaN leaves no bit set.
// Of two bags whose vectors of weights are at an angle t, results differ in about 64 t / pi bits, with the variance
// 64 t / pi (1 - t / pi) (for bags of many elements). A seed is the hashes' own. O(count).
// Source: M. Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002.
FARRO_API farro_status farro_simhash(const uint64_t *hashes, const float *weights, size_t count, uint64_t *result);

// The same of elements that come in parts: adds their votes, the weight for each bit that is set and minus the weight
// for each that is not, to the sums of the 64 bits, 0 of no elements. Sums of two bags' votes are those of both
// together. Exact of whole weights up to 2^53 in all.
FARRO_API farro_status farro_simhash_vote(const uint64_t *hashes, const float *weights, size_t count, double sums[64]);
FARRO_API uint64_t farro_simhash_result(const double sums[64]);

// The same of the shingles of many texts, in parallel.
FARRO_API farro_status farro_simhash_texts(const farro_shingler *shingler, const void *bytes, const uint64_t *offsets,
                                           size_t count, uint64_t *results);

// ---- as the Python package datasketch ---------------------------------------------------------------------------

// What its MinHash computes: the scheme "affine32" (the default since 2.0) is FARRO_MINHASH_PERMUTATIONS with these
// parameters, from farro_datasketch_hashes; "legacy", the only one before, has a function of its own.
// Source: github.com/ekzhu/datasketch, datasketch/minhash.py, version 2.0.0; parameters: NumPy's RandomState(seed), the
// Mersenne Twister MT19937 (M. Matsumoto, T. Nishimura, ACM TOMACS 8, 1998).
FARRO_API void farro_datasketch_parameters(uint32_t seed, size_t slots, uint32_t *multipliers, uint32_t *addends);

// hashes[i] = of item bytes[offsets[i]] up to, not including, bytes[offsets[i + 1]], the first 4 bytes of its SHA-1 as
// a little-endian number; `mixed` as affine32 does it. In parallel.
FARRO_API farro_status farro_datasketch_hashes(const void *bytes, const uint64_t *offsets, size_t count, bool mixed,
                                               uint32_t *hashes);

// Slot k becomes the least of it and the lower 32 bits of (a x + b mod 2^64) mod (2^61 - 1), over hashes x.
FARRO_API void farro_datasketch_legacy_parameters(uint32_t seed, size_t slots, uint64_t *multipliers,
                                                  uint64_t *addends);
FARRO_API void farro_datasketch_legacy_update(const uint64_t *multipliers, const uint64_t *addends, size_t slots,
                                              const uint32_t *hashes, size_t count, uint32_t *signature);

// The 20 bytes of a SHA-1 (FIPS 180-4). Only to agree with others: it is no longer secure.
FARRO_API void farro_sha1(const void *data, size_t length, uint8_t digest[20]);

// ---- numbers as elements ------------------------------------------------------------------------------------------

// hashes[i] = mix(keys[i] ^ mix(seed + 0x9E3779B97F4A7C15)) with the finalizer of SplitMix64, which makes what looks
// random of any numbers, and different hashes of different ones. O(count), on the calling thread.
FARRO_API farro_status farro_mix_keys(uint64_t seed, const uint64_t *keys, size_t count, uint64_t *hashes);

// ---- references ---------------------------------------------------------------------------------------------------

FARRO_API void farro_minhash_reference_update(const farro_minhash *minhash, const uint64_t *hashes, size_t count,
                                              uint32_t *signature);
FARRO_API void farro_minhash_reference_matches(const uint32_t *x, size_t m, const uint32_t *y, size_t n, size_t slots,
                                               uint32_t *out, size_t ld_out);

#ifdef __cplusplus
}
#endif
#endif
