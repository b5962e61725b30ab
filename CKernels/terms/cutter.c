// From a text to its terms. The characters that count are written in small letters behind one another, words with a
// space between, so that the n parts of a term are one stretch of bytes.
#include <stdlib.h>
#include <string.h>

#include "characters.h"
#include "runtime/sizes.h"
#include "terms.h"
#include "text/unicode.h"

static bool is_continuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// Whether a sigma between `text` and `place` stands behind a letter that has a case.
static bool follows_letter(const uint8_t *text, const uint8_t *place) {
  while (place > text) {
    const uint8_t *const end = place--;
    // No character is longer than four bytes.
    while (place > text && end - place < 4 && is_continuation(*place)) place--;
    size_t length;
    const uint32_t entry = character_entry(unicode_decode(place, end, &length));
    // Broken bytes are no letters.
    if (length != (size_t)(end - place)) return false;
    if (!(entry & character_ignorable)) return entry & character_cased;
  }
  return false;
}

static bool precedes_letter(const uint8_t *place, const uint8_t *end) {
  while (place < end) {
    size_t length;
    const uint32_t entry = character_entry(unicode_decode(place, end, &length));
    if (!(entry & character_ignorable)) return entry & character_cased;
    place += length;
  }
  return false;
}

// A character as it counts: one, or two.
typedef struct {
  uint32_t character[2], entry[2];
  size_t count, length; // how many, and of how many bytes of the text
} reading;

static inline reading read_character(const uint8_t *text, const uint8_t *place, const uint8_t *end, bool lowercase) {
  reading r = {.count = 1};
  const uint32_t c = unicode_decode(place, end, &r.length), entry = character_entry(c);
  r.character[0] = c;
  r.entry[0] = entry;
  if (!lowercase || entry < character_delta) return r;
  r.character[0] = character_lower(c, entry);
  if (c == capital_sigma && follows_letter(text, place) && !precedes_letter(place + r.length, end))
    r.character[0] = final_sigma;
  r.entry[0] = character_entry(r.character[0]);
  if (c == dotted_capital_i) {
    r.count = 2;
    r.character[1] = dot_above;
    r.entry[1] = character_entry(dot_above);
  }
  return r;
}

// ---- terms of parts ----

static bool send(const term_cutter *cutter, size_t first, size_t last) {
  const size_t start = cutter->parts[first].start;
  return cutter->sink(cutter->context, cutter->text + start, cutter->parts[last].end - start);
}

static bool send_all(const term_cutter *cutter) {
  for (size_t n = cutter->rule.least; n <= cutter->rule.most && n <= cutter->count; n++)
    for (size_t first = 0; first + n <= cutter->count; first++)
      if (!send(cutter, first, first + n - 1)) return false;
  return true;
}

// Of a stretch between spaces, which is a term where it is no longer than n.
static bool send_stretch(const term_cutter *cutter) {
  for (size_t n = cutter->rule.least; n <= cutter->rule.most; n++) {
    if (cutter->count <= n) return send(cutter, 0, cutter->count - 1);
    for (size_t first = 0; first + n <= cutter->count; first++)
      if (!send(cutter, first, first + n - 1)) return false;
  }
  return true;
}

static bool add_part(term_cutter *cutter, size_t start) {
  if (cutter->count == cutter->parts_capacity &&
      !terms_reserve((void **)&cutter->parts, &cutter->parts_capacity, cutter->count + 1, sizeof *cutter->parts))
    return false;
  cutter->parts[cutter->count++] = (term_part){start, cutter->length};
  return true;
}

// ---- words ----

// The word that begins at `start`, of so many characters, is complete.
static bool end_word(term_cutter *cutter, size_t start, size_t characters) {
  const size_t length = cutter->length - start;
  bool counts = characters >= cutter->rule.shortest;
  if (counts && cutter->stop_words) {
    const uint8_t *word = cutter->text + start;
    counts = term_find(cutter->stop_words, word, length, term_hash(word, length)) == term_unknown;
  }
  if (!counts) {
    cutter->length = start;
    return true;
  }
  if (!add_part(cutter, start)) return false;
  cutter->text[cutter->length++] = ' ';
  return true;
}

static bool cut_words(term_cutter *cutter, const uint8_t *text, const uint8_t *end) {
  const bool lowercase = cutter->rule.lowercase;
  size_t characters = 0, start = 0;
  for (const uint8_t *place = text; place < end;) {
    const uint8_t byte = *place;
    if (byte < 0x80) {
      place++;
      const uint32_t entry = character_pages[byte]; // the first page is that of ASCII
      if (entry & character_word) {
        cutter->text[cutter->length++] = lowercase && entry >= character_delta ? byte | 0x20 : byte;
        characters++;
      } else if (characters) {
        if (!end_word(cutter, start, characters)) return false;
        characters = 0;
        start = cutter->length;
      }
      continue;
    }
    const reading r = read_character(text, place, end, lowercase);
    place += r.length;
    for (size_t i = 0; i < r.count; i++) {
      if (r.entry[i] & character_word) {
        cutter->length += unicode_encode(r.character[i], cutter->text + cutter->length);
        characters++;
      } else if (characters) {
        if (!end_word(cutter, start, characters)) return false;
        characters = 0;
        start = cutter->length;
      }
    }
  }
  return characters == 0 || end_word(cutter, start, characters);
}

static bool cut_given_words(term_cutter *cutter, const uint8_t *text, const uint8_t *end) {
  for (const uint8_t *word = text, *place; (place = memchr(word, given_word_end, (size_t)(end - word)));
       word = place + 1) {
    const size_t start = cutter->length, length = (size_t)(place - word);
    memcpy(cutter->text + start, word, length);
    cutter->length += length;
    if (!end_word(cutter, start, cutter->rule.shortest)) return false;
  }
  return true;
}

// ---- characters ----

static bool put_character(term_cutter *cutter, uint32_t c) {
  const size_t start = cutter->length;
  cutter->length += unicode_encode(c, cutter->text + start);
  return add_part(cutter, start);
}

static bool cut_characters(term_cutter *cutter, const uint8_t *text, const uint8_t *end) {
  size_t spaces = 0; // that came last
  for (const uint8_t *place = text; place < end;) {
    const reading r = read_character(text, place, end, cutter->rule.lowercase);
    place += r.length;
    for (size_t i = 0; i < r.count; i++) {
      spaces = r.entry[i] & character_space ? spaces + 1 : 0;
      if (spaces > 2) continue;
      // The second one makes the first a space.
      if (spaces == 2) cutter->length = cutter->parts[--cutter->count].start;
      if (!put_character(cutter, spaces == 2 ? ' ' : r.character[i])) return false;
    }
  }
  return true;
}

static bool end_stretch(term_cutter *cutter) {
  const bool goes_on = put_character(cutter, ' ') && send_stretch(cutter);
  cutter->count = cutter->length = 0;
  return goes_on;
}

static bool cut_stretches(term_cutter *cutter, const uint8_t *text, const uint8_t *end) {
  for (const uint8_t *place = text; place < end;) {
    const reading r = read_character(text, place, end, cutter->rule.lowercase);
    place += r.length;
    for (size_t i = 0; i < r.count; i++) {
      if (r.entry[i] & character_space) {
        if (cutter->count && !end_stretch(cutter)) return false;
        continue;
      }
      if (cutter->count == 0 && !put_character(cutter, ' ')) return false;
      if (!put_character(cutter, r.character[i])) return false;
    }
  }
  return cutter->count == 0 || end_stretch(cutter);
}

// ---- the interface ----

bool term_cut(term_cutter *cutter, const uint8_t *text, size_t length) {
  cutter->count = cutter->length = 0;
  if (length == 0) return true;
  // A byte becomes three at most (U+FFFD), and a word gets a space, a stretch two.
  if (!terms_reserve((void **)&cutter->text, &cutter->text_capacity, 5 * length + 2 * terms_padding, 1)) return false;
  const uint8_t *const end = text + length;
  switch (cutter->rule.unit) {
  case FARRO_TERM_CHARACTERS_IN_WORDS:
    return cut_stretches(cutter, text, end);
  case FARRO_TERM_CHARACTERS:
    return cut_characters(cutter, text, end) && send_all(cutter);
  case FARRO_TERM_GIVEN_WORDS:
    return cut_given_words(cutter, text, end) && send_all(cutter);
  default:
    return cut_words(cutter, text, end) && send_all(cutter);
  }
}

void term_cutter_free(term_cutter *cutter) {
  free(cutter->text);
  free(cutter->parts);
}

bool terms_reserve(void **memory, size_t *capacity, size_t count, size_t size) {
  if (count <= *capacity) return true;
  const size_t room = larger(count, *capacity + *capacity / 2 + 16);
  size_t bytes;
  if (__builtin_mul_overflow(room, size, &bytes)) return false;
  void *grown = realloc(*memory, bytes);
  if (!grown) return false;
  *memory = grown;
  *capacity = room;
  return true;
}
