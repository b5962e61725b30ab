// Terms of texts, and how often each occurs: what bags of words are made of. Texts become rows of a sparse matrix,
// terms its columns, by number (of a vocabulary, learned or given) or by hash.
//
// A text is cut by one of four rules. Letters and digits are what Python's \w is (any script's, and '_'), white space
// what its \s is, and small letters those of its str.lower, the final sigma included: by tables of Python's own
// (Unicode 14), so that terms are those of scikit-learn's vectorizers, which are cut by Python. Accents stay.
//
// Texts are UTF-8; what is not is read as U+FFFD, as farro_shingles reads it. Scalar code, the same on every
// instruction set; texts are cut into as many parts as their bytes tell, and parts are joined in order: nothing depends
// on the number of threads.
//
// Source: F. Pedregosa et al., scikit-learn's feature_extraction.text, whose results these are.
#ifndef FARRO_TERMS_H
#define FARRO_TERMS_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum farro_term_unit {
  // n words, joined by single spaces. A word is `shortest` or more letters and digits; shorter ones are passed over.
  FARRO_TERM_WORDS = 0,
  // n characters (code points), two or more white ones counting as one space.
  FARRO_TERM_CHARACTERS = 1,
  // n characters of what stands between white space, with a space before and behind it; all of it where it is shorter.
  FARRO_TERM_CHARACTERS_IN_WORDS = 2,
  // n words, joined by single spaces. A word is what stands before a byte 0xFF, which UTF-8 has not, as it is; it may
  // be
  // empty. For texts that the caller has cut.
  FARRO_TERM_GIVEN_WORDS = 3,
} farro_term_unit;

typedef struct farro_term_rule {
  farro_term_unit unit;
  bool lowercase;       // capitals become small letters first, but in given words
  uint32_t shortest;    // characters of a word that is not given: at least 1
  uint32_t least, most; // n is each number from least to most: 1 <= least <= most
} farro_term_rule;

// Text i is bytes[offsets[i]]..<bytes[offsets[i + 1]]: count + 1 offsets, which never descend. bytes may be NULL when
// there are none.
typedef struct farro_texts {
  const uint8_t *bytes;
  const uint64_t *offsets;
  size_t count;
} farro_texts;

// A matrix of counts, and the terms that its columns stand for, if they were learned; all memory is the result's own.
typedef struct farro_term_counts {
  size_t terms;           // 0 unless a vocabulary was learned
  uint8_t *term_bytes;    // in the order of their bytes
  uint64_t *term_offsets; // terms + 1
  size_t rows;            // as many as texts
  int64_t *row_offsets;   // rows + 1
  int32_t *columns;       // of each row ascending
  int32_t *counts;        // how often the term occurs, at most 2^31 - 1; of signed hashes, the sum of the signs
} farro_term_counts;

// Counts the terms of each text. vocabulary: the terms that count, by number, each once; NULL to learn them: all that
// occur, in the order of their bytes, fewer than 2^31. stop_words: words that are passed over, before they are joined,
// or NULL; units of characters have no use for them.
//
// FARRO_ERROR_ARGUMENT for a rule or a number of terms out of range. O(bytes most) expected time, and for learned ones
// O(terms log(terms)) in addition. Memory: the result, and a copy of it while it is made.
// To be released by farro_term_counts_release; after an error there is nothing to release.
FARRO_API farro_status farro_count_terms(const farro_term_rule *rule, const farro_texts *texts,
                                         const farro_texts *stop_words, const farro_texts *vocabulary,
                                         farro_term_counts *counts);

// Counts the terms of each text in the columns that their hashes tell: |h| modulo `columns` for h, the MurmurHash3 of
// 32 bits with sign and the seed 0. With `alternates` a term counts -1 where h is negative. Columns whose sum is 0
// stay.
//
// FARRO_ERROR_ARGUMENT for a rule out of range, and unless 1 <= columns < 2^31.
// O(bytes most) time; memory as above.
//
// Source: K. Weinberger, A. Dasgupta, J. Langford, A. Smola, J. Attenberg, "Feature hashing for large scale multitask
// learning", ICML 2009.
FARRO_API farro_status farro_hash_terms(const farro_term_rule *rule, const farro_texts *texts,
                                        const farro_texts *stop_words, size_t columns, bool alternates,
                                        farro_term_counts *counts);

// Frees what a result holds, and empties it.
FARRO_API void farro_term_counts_release(farro_term_counts *counts);

// ---- reference: a text as an array of characters, terms as a list, without hashes; memory is not checked
// --------------

FARRO_API farro_status farro_count_terms_reference(const farro_term_rule *rule, const farro_texts *texts,
                                                   const farro_texts *stop_words, farro_term_counts *counts);

#ifdef __cplusplus
}
#endif
#endif
