// Text that is not ASCII, one character at a time: repaired, brought to NFKC_Casefold and NFC (UAX #15, The Unicode
// Standard 3.13 R5), and cut into words. Scalar code, the same on every instruction set.
#ifndef FARRO_TEXT_UNICODE_H
#define FARRO_TEXT_UNICODE_H

#include "include/text.h"

// ---- tables (unicode_tables.c) ----

enum { unicode_page = 128, unicode_first_mapping = 1024, unicode_pair_slots = 4096 };

// What a character is to words: between them, part of one, part of one that has begun, or white space.
typedef enum unicode_kind {
  unicode_separator = 0,
  unicode_word = 1,
  unicode_mark = 2,
  unicode_space = 3,
} unicode_kind;

// The entry of character c is unicode_pages[unicode_place(c)]: below 1024, its combining class times 4 plus its kind;
// from there on, the number of what it becomes, fully decomposed.
extern const char unicode_version[];
extern const uint8_t unicode_index[8704];
extern const uint16_t unicode_pages[], unicode_mapping_starts[];
extern const uint32_t unicode_mappings[];
extern const uint32_t unicode_pairs[unicode_pair_slots][3]; // first, second, what they join to (0: none)

// Where pages have character c. Those of ASCII are the first.
static inline size_t unicode_place(uint32_t c) {
  return (size_t)unicode_index[c / unicode_page] * unicode_page + c % unicode_page;
}

// ---- decoding ----

// The character at `bytes`, of which at least one is there, and its length in *length. Where the bytes are no UTF-8:
// U+FFFD for the longest part that could have begun a character ("maximal subpart", The Unicode Standard 3.9; WHATWG
// Encoding, UTF-8 decoder).
uint32_t unicode_decode(const uint8_t *bytes, const uint8_t *end, size_t *length);

// Writes c as UTF-8, 1 to 4 bytes, and answers how many.
size_t unicode_encode(uint32_t c, uint8_t *bytes);

// ---- words ----

// A word, in UTF-8, of at most farro_longest_word bytes. Another 16 may be read.
typedef void unicode_word_sink(void *context, const uint8_t *word, size_t length);

enum { unicode_segment = 32 }; // characters of which all but the first combine with it; more begin another one

typedef struct unicode_words {
  farro_word_rule rule;
  unicode_word_sink *sink;
  void *context;
  uint32_t segment[unicode_segment];
  uint8_t classes[unicode_segment];
  size_t segment_length, word_length;
  uint8_t word[farro_longest_word + 16];
} unicode_words;

void unicode_words_begin(unicode_words *words, farro_word_rule rule, unicode_word_sink *sink, void *context);
void unicode_words_add(unicode_words *words, uint32_t c);
void unicode_words_end(unicode_words *words); // of the text: the last word is complete

#endif
