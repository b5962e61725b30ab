// What characters are to terms, and their small letters; see include/terms.h. Tables by text/unicode_tables.py.
#ifndef FARRO_TERMS_CHARACTERS_H
#define FARRO_TERMS_CHARACTERS_H

#include "text/unicode.h"

enum {
  character_word = 1,      // a letter, a digit or '_'
  character_space = 2,     // white space
  character_cased = 4,     // a letter that has a case: a sigma behind it may be the final one
  character_ignorable = 8, // passed over where such a letter is looked for
  character_delta = 16,    // what is above: which distance there is to the small letter
  capital_sigma = 0x3A3,
  final_sigma = 0x3C2,
  dotted_capital_i = 0x130, // becomes two characters, i and a dot above
  dot_above = 0x307,
};

// The entry of character c is character_pages[unicode_place(c)].
extern const uint16_t character_pages[];
extern const int32_t character_deltas[];

static inline uint32_t character_entry(uint32_t c) { return character_pages[unicode_place(c)]; }

static inline uint32_t character_lower(uint32_t c, uint32_t entry) {
  return (uint32_t)((int32_t)c + character_deltas[entry / character_delta]);
}

#endif
