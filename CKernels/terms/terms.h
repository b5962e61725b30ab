// Texts cut into terms, and terms with numbers. (For what they are see include/terms.h.)
#ifndef FARRO_TERMS_TERMS_H
#define FARRO_TERMS_TERMS_H

#include "include/terms.h"

// ---- memory that grows ----

// Makes room for `count` elements of `size` bytes at *memory, which holds *capacity; false where there is no memory.
bool terms_reserve(void **memory, size_t *capacity, size_t count, size_t size);

// ---- numbers of terms: a table of open addresses, half of which are free ----

typedef struct term_numbers {
  uint64_t *slots; // 32 bits of the hash, and the number + 1; 0: free
  size_t slot_count, count;
  uint64_t *hashes; // of each term
  size_t hashes_capacity;
  uint64_t *ends; // of each term, in bytes
  size_t ends_capacity;
  uint8_t *bytes;
  size_t bytes_capacity;
} term_numbers;

enum { terms_padding = 8 }; // bytes behind a term that may be read
static const uint32_t term_unknown = UINT32_MAX;

// `term` is followed by terms_padding bytes that may be read.
uint64_t term_hash(const uint8_t *term, size_t length);
// The number of a term, term_unknown where it has none.
uint32_t term_find(const term_numbers *numbers, const uint8_t *term, size_t length, uint64_t hash);
// The number of a term, a new one if it has none; term_unknown where there is no memory.
uint32_t term_add(term_numbers *numbers, const uint8_t *term, size_t length, uint64_t hash);
// Gives the terms of a list their numbers; what is there twice has the first one.
bool term_add_all(term_numbers *numbers, const farro_texts *terms);
void term_numbers_free(term_numbers *numbers);

static inline size_t term_start(const term_numbers *numbers, size_t term) {
  return term ? (size_t)numbers->ends[term - 1] : 0;
}

// ---- texts as terms ----

typedef struct term_part {
  size_t start, end;
} term_part;

// What takes terms; false to stop. Each is followed by terms_padding bytes that may be read.
typedef bool term_sink(void *context, const uint8_t *term, size_t length);

enum { given_word_end = 0xFF }; // FARRO_TERM_GIVEN_WORDS

// A text that is being cut; the memory serves one text after another.
typedef struct term_cutter {
  farro_term_rule rule;
  const term_numbers *stop_words; // or NULL
  term_sink *sink;
  void *context;
  uint8_t *text; // the characters that count, in small letters
  size_t length, text_capacity;
  term_part *parts; // words, or characters
  size_t count, parts_capacity;
} term_cutter;

// Hands all terms of a text to the sink; false where the sink stopped, or there is no memory.
bool term_cut(term_cutter *cutter, const uint8_t *text, size_t length);
void term_cutter_free(term_cutter *cutter);

#endif
