#include "text/unicode.h"

#include <string.h>

#include "runtime/sizes.h"

// ---- UTF-8 ----

// Whether byte b may follow `lead` directly: some leads exclude overlong forms, surrogates and what is beyond U+10FFFF.
static bool may_follow(uint8_t lead, uint8_t b) {
  const uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  return least <= b && b <= most;
}

uint32_t unicode_decode(const uint8_t *bytes, const uint8_t *end, size_t *length) {
  const uint8_t lead = bytes[0];
  *length = 1;
  if (lead < 0x80) return lead;
  if (lead < 0xC2 || lead > 0xF4) return 0xFFFD;
  const size_t wanted = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, there = smaller(wanted, (size_t)(end - bytes));
  if (there < 2 || !may_follow(lead, bytes[1])) return 0xFFFD;
  uint32_t c = (lead & (0x7F >> wanted)) << 6 | (bytes[1] & 0x3F);
  for (*length = 2; *length < there && (bytes[*length] & 0xC0) == 0x80; ++*length) c = c << 6 | (bytes[*length] & 0x3F);
  return *length == wanted ? c : 0xFFFD;
}

size_t unicode_encode(uint32_t c, uint8_t *bytes) {
  if (c < 0x80) {
    bytes[0] = (uint8_t)c;
    return 1;
  }
  const size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = length - 1; i > 0; i--, c >>= 6) bytes[i] = (uint8_t)(0x80 | (c & 0x3F));
  bytes[0] = (uint8_t)(0xF00 >> length | c);
  return length;
}

// ---- words of characters in NFC ----

static uint32_t entry_of(uint32_t c) { return unicode_pages[unicode_place(c)]; }

static unicode_kind kind_of(uint32_t c) {
  const uint32_t entry = entry_of(c);
  if (entry < unicode_first_mapping) return entry & 3;
  // A composed one is of the kind of its first part (unicode_tables.py makes sure).
  return entry_of(unicode_mappings[unicode_mapping_starts[entry - unicode_first_mapping]]) & 3;
}

static void end_word(unicode_words *w) {
  if (w->word_length) w->sink(w->context, w->word, w->word_length);
  w->word_length = 0;
}

static void add_to_word(unicode_words *w, uint32_t c) {
  uint8_t bytes[4];
  const size_t length = unicode_encode(c, bytes);
  if (w->word_length + length > farro_longest_word) end_word(w);
  memcpy(w->word + w->word_length, bytes, length);
  w->word_length += length;
}

static void add_normalized(unicode_words *w, uint32_t c) {
  const unicode_kind kind = kind_of(c);
  const bool belongs = w->rule == FARRO_WORDS_BETWEEN_SPACES
                           ? kind != unicode_space
                           : kind == unicode_word || (kind == unicode_mark && w->word_length);
  if (belongs)
    add_to_word(w, c);
  else
    end_word(w);
}

// ---- composition ----

// Hangul (The Unicode Standard 3.12): leading consonants, vowels and trailing consonants join by arithmetic.
enum { first_l = 0x1100, first_v = 0x1161, first_t = 0x11A7, first_lvt = 0xAC00, l_count = 19, v_count = 21 };
enum { t_count = 28, lvt_count = l_count * v_count * t_count };

static bool is_vowel(uint32_t c) { return c - first_v < v_count; }
static bool is_trailing(uint32_t c) { return c - first_t - 1 < t_count - 1; }

// What two characters join to; 0 where they do not.
static uint32_t join(uint32_t first, uint32_t second) {
  if (first - first_l < l_count && is_vowel(second))
    return first_lvt + ((first - first_l) * v_count + second - first_v) * t_count;
  if (first - first_lvt < lvt_count && (first - first_lvt) % t_count == 0 && is_trailing(second))
    return first + second - first_t;
  for (size_t slot = (uint32_t)(first * 0x9E3779B1u + second * 0x85EBCA77u) >> 20;; slot++) {
    const uint32_t *pair = unicode_pairs[slot % unicode_pair_slots];
    if (pair[2] == 0 || (pair[0] == first && pair[1] == second)) return pair[2];
  }
}

// Marks stand in the order of their classes, those of one class as they came.
static void order(unicode_words *w) {
  for (size_t i = 1; i < w->segment_length; i++) {
    const uint32_t c = w->segment[i];
    const uint8_t class = w->classes[i];
    size_t at = i;
    for (; class && at > 0 && w->classes[at - 1] > class; at--) {
      w->segment[at] = w->segment[at - 1];
      w->classes[at] = w->classes[at - 1];
    }
    w->segment[at] = c;
    w->classes[at] = class;
  }
}

static void end_segment(unicode_words *w) {
  const size_t count = w->segment_length;
  w->segment_length = 0;
  if (count == 1) return add_normalized(w, w->segment[0]);
  if (count == 0) return;
  w->segment_length = count;
  order(w);
  w->segment_length = 0;
  // A starter takes in the marks behind it, except where another one of the same class, or of none, is in between.
  size_t kept = 0, starter = 0;
  bool has_starter = false;
  for (size_t i = 0; i < count; i++) {
    const uint8_t class = w->classes[i];
    const bool reaches = has_starter && (kept == starter + 1 || w->classes[kept - 1] < class);
    const uint32_t joined = reaches ? join(w->segment[starter], w->segment[i]) : 0;
    if (joined) {
      w->segment[starter] = joined;
      continue;
    }
    if (class == 0) {
      starter = kept;
      has_starter = true;
    }
    w->segment[kept] = w->segment[i];
    w->classes[kept++] = class;
  }
  for (size_t i = 0; i < kept; i++) add_normalized(w, w->segment[i]);
}

static void add_decomposed(unicode_words *w, uint32_t c, uint32_t entry) {
  const bool may_join = (entry & 3) == unicode_mark || is_vowel(c) || is_trailing(c);
  if (!may_join || w->segment_length == unicode_segment) end_segment(w);
  w->segment[w->segment_length] = c;
  w->classes[w->segment_length++] = (uint8_t)(entry >> 2);
}

// ---- the interface ----

void unicode_words_begin(unicode_words *w, farro_word_rule rule, unicode_word_sink *sink, void *context) {
  w->rule = rule;
  w->sink = sink;
  w->context = context;
  w->segment_length = w->word_length = 0;
}

void unicode_words_add(unicode_words *w, uint32_t c) {
  const uint32_t entry = entry_of(c);
  if (entry < unicode_first_mapping) return add_decomposed(w, c, entry);
  const uint16_t *starts = unicode_mapping_starts + (entry - unicode_first_mapping);
  for (size_t i = starts[0]; i < starts[1]; i++) add_decomposed(w, unicode_mappings[i], entry_of(unicode_mappings[i]));
}

void unicode_words_end(unicode_words *w) {
  end_segment(w);
  end_word(w);
}
