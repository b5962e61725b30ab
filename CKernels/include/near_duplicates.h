// Near-duplicates among many sets: signatures are cut into bands, sets that agree in all slots of a band are
// candidates, and candidates that are similar make groups.
//
// Sources: J. Leskovec, A. Rajaraman, J. Ullman, "Mining of Massive Datasets", 3.4; P. Indyk, R. Motwani, "Approximate
// nearest neighbors", STOC 1998. Groups are the components of the graph of similar candidates: they depend on neither
// threads, nor the order of work, nor how keys are cut into pieces.
#ifndef FARRO_NEAR_DUPLICATES_H
#define FARRO_NEAR_DUPLICATES_H

#include "runtime.h"
#include "sketch.h"
#include "text.h"

#ifdef __cplusplus
extern "C" {
#endif

// A part of an array of bytes.
typedef struct farro_span {
  uint64_t begin, length;
} farro_span;

// The signatures of texts[i] within `bytes`, ready to be compared: as farro_minhash_texts makes them and, of bins,
// farro_minhash_densify with `seed` fills them. Spans that are not within `length` bytes are FARRO_ERROR_ARGUMENT. In
// parallel over texts.
FARRO_API farro_status farro_sign_texts(const farro_minhash *minhash, const farro_shingler *shingler, uint64_t seed,
                                        const void *bytes, size_t length, const farro_span *texts, size_t count,
                                        uint32_t *signatures);

// counts[i] = the number of shingles of texts[i], repeated ones included. In parallel.
FARRO_API farro_status farro_count_shingles(const farro_shingler *shingler, const void *bytes, size_t length,
                                            const farro_span *texts, size_t count, uint64_t *counts);

// The sets of shingles of texts[i]: hashes[places[i]] on, ascending and each once; there must be room for as many as
// farro_count_shingles tells. counts[i] becomes their number. In parallel.
FARRO_API farro_status farro_shingle_sets(const farro_shingler *shingler, const void *bytes, size_t length,
                                          const farro_span *texts, size_t count, const uint64_t *places,
                                          uint64_t *hashes, uint64_t *counts);

// keys[b count + i] = a hash of the slots b rows up to, not including, (b + 1) rows of signature i, for every band b.
// FARRO_ERROR_ARGUMENT unless bands rows <= slots and rows > 0. In parallel.
FARRO_API farro_status farro_band_keys(const uint32_t *signatures, size_t count, size_t slots, size_t bands,
                                       size_t rows, uint64_t *keys);

typedef enum farro_verification {
  FARRO_VERIFY_NOTHING = 0,    // candidates are similar
  FARRO_VERIFY_SIGNATURES = 1, // whose equal slots are at least threshold slots
  FARRO_VERIFY_SETS = 2,       // whose Jaccard similarity is at least the threshold; empty sets are alike
} farro_verification;

// What candidates are found in and measured by. Sets have the numbers 0 to count - 1.
typedef struct farro_candidates {
  size_t count; // at most 2^32 - 1
  size_t bands, rows, slots;
  // What farro_band_keys wrote for piece after piece: piece p has the sets from pieces[p] to before pieces[p + 1], its
  // keys begin at keys[bands pieces[p]]. pieces[0] = 0, and pieces[piece_count] = count.
  const uint64_t *keys;
  const uint64_t *pieces;
  size_t piece_count;
  const uint32_t *signatures; // count rows of slots; may be NULL where groups are made without verification
  farro_verification verification;
  double threshold;
  const uint64_t *set_offsets; // count + 1, for FARRO_VERIFY_SETS
  const uint64_t *set_elements;
} farro_candidates;

// Joins the candidates of some bands that are similar: of sets in one group, parents[i] leads in some steps to the
// smallest. Before the first call parents[i] = i. Keys are sorted in `parts` ranges of their values: the work space is
// about 32 count / parts bytes for each thread. In parallel over bands and parts.
FARRO_API farro_status farro_join_candidates(const farro_candidates *candidates, size_t first_band, size_t last_band,
                                             size_t parts, uint32_t *parents);

// parents[i] = the smallest of the group of i, for all `count`. On the calling thread; O(count).
FARRO_API void farro_flatten_groups(uint32_t *parents, size_t count);

typedef struct farro_pair {
  uint32_t first, second; // first < second
  double similarity;      // the estimate; with FARRO_VERIFY_SETS, the true one
} farro_pair;

// The similar candidates of some bands that are candidates in no band before those where they are found, in no order.
// *count becomes their number; when there are more than `capacity`, some number above it, and the search ends early: of
// sets that are all alike every one makes a pair with every other. Signatures are needed.
FARRO_API farro_status farro_list_candidates(const farro_candidates *candidates, size_t first_band, size_t last_band,
                                             size_t parts, farro_pair *pairs, size_t capacity, size_t *count);

// ---- references ---------------------------------------------------------------------------------------------------

// The same as farro_list_candidates for all bands, by comparing every set with every other, ascending. Those beyond
// `capacity` are counted and not written.
FARRO_API farro_status farro_list_candidates_reference(const farro_candidates *candidates, farro_pair *pairs,
                                                       size_t capacity, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
