// From text to the hashes of its shingles: normalized, cut into words and hashed in one pass, without a copy of the
// text.
//
// A text is bytes that should be UTF-8; what is not is read as U+FFFD, as the WHATWG's decoder does it. It is compared
// as its words: the text in the form NFKC_Casefold, then NFC (The Unicode Standard 3.13, R5; character by character,
// and with at most 31 marks joined to a character), cut by one of two rules. So capitals, full-width letters,
// ligatures, ways to write an accent, soft hyphens and all white space make no difference. The tables are Unicode's
// (farro_unicode_version) and part of the hashes: they are the same on every machine and instruction set.
//
// Words of more than farro_longest_word bytes of UTF-8 count as several, cut before the character that is too many.
//
// The hash of a shingle: its n parts (words, characters or bytes) are hashed with the seed to 64 bits each, which are
// combined by rotation and exclusive or (the cyclic polynomial of D. Lemire, O. Kaser, "Recursive n-gram hashing is
// pairwise independent, at best", Computer Speech & Language 24, 2010), so that each part is hashed once and each
// shingle costs O(1); a multiplication mixes the result. Not cryptographic. Two different shingles share a hash with
// the probability 2^-64, about; those whose parts repeat, with a higher one, 2^(n - 65) at worst: that is so of n equal
// parts where n is a power of two, and no matter below some 32 parts.
#ifndef FARRO_TEXT_H
#define FARRO_TEXT_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { farro_longest_word = 1024, farro_most_shingle_parts = 64 };

typedef enum farro_word_rule {
  // Letters, digits and numbers of any script and '_', with the marks that follow them (Unicode's categories L, N and
  // M): what \w+ finds. Punctuation separates. A writing without spaces is one word up to the next punctuation: take
  // characters for it.
  FARRO_WORDS_ALPHANUMERIC = 0,
  // What stands between white space (Unicode's White_Space), punctuation included.
  FARRO_WORDS_BETWEEN_SPACES = 1,
} farro_word_rule;

typedef enum farro_shingle_unit {
  FARRO_SHINGLE_WORDS = 0,      // `size` words
  FARRO_SHINGLE_CHARACTERS = 1, // `size` characters (code points) of the words, joined by single spaces
  FARRO_SHINGLE_BYTES = 2,      // `size` bytes of the text as it is: no normalization; for what may be no text at all
} farro_shingle_unit;

typedef struct farro_shingler {
  farro_shingle_unit unit;
  farro_word_rule words; // FARRO_SHINGLE_BYTES has no use for it
  uint32_t size;         // parts of a shingle: 1 to farro_most_shingle_parts
  uint64_t seed;
} farro_shingler;

// The Unicode version of the tables, such as "14.0.0".
FARRO_API const char *farro_unicode_version(void);

// The hashes of a text's shingles, in the order of the text: as many as it has parts, less size - 1; one, of all parts,
// where it has fewer parts than `size`; none where it has none. *count becomes their number; those beyond `capacity`
// are counted and not written. No more than 6 * length + 1 shingles are possible (one character can become 18), and
// hardly ever more than length.
//
// data may have any alignment, and be NULL when length is 0. FARRO_ERROR_ARGUMENT for a `size` out of range. On the
// calling thread; O(length), in constant memory.
FARRO_API farro_status farro_shingles(const farro_shingler *shingler, const void *data, size_t length, uint64_t *hashes,
                                      size_t capacity, size_t *count);

// The words of a text as they are compared: UTF-8, joined by single spaces. *count becomes the number of bytes; those
// beyond `capacity` are counted and not written. Character by character, for tests and for eyes.
FARRO_API farro_status farro_normalize_text(farro_word_rule rule, const void *data, size_t length, uint8_t *text,
                                            size_t capacity, size_t *count);

// ---- reference: the words of farro_normalize_text, each shingle hashed by itself ------------------------------------

FARRO_API farro_status farro_shingles_reference(const farro_shingler *shingler, const void *data, size_t length,
                                                uint64_t *hashes, size_t capacity, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
