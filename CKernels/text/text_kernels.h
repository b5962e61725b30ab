// Shingles of a text: pieces of 2 KiB are folded and cut into words by vectors, words are hashed 16 bytes at a time.
//
// All branches of the common path go the same way: words of up to 16 bytes take one multiplication, masked. On Zen 5
// the copyright files of a Debian system run at 2.3 GB/s, 3.0 ns for a word of 7 bytes (1.6 GB/s with AVX2).

#include "text/shingle_hash.h"
#include "text/unicode.h"

enum {
  text_block = 64,   // bytes whose words are found at once
  text_piece = 2048, // bytes between two calls of the sink: 16 KiB of parts and of hashes stay in the first cache
  text_parts = 2304, // parts that are kept until they are combined: more than a piece has
};

_Static_assert(text_piece >= 2 * farro_longest_word, "a word that is cut must not end at a piece's end");
_Static_assert(text_parts > text_piece && text_parts > 2 * farro_longest_word + 1, "a piece's parts fit");

typedef struct text_run {
  const shingle_plan *plan;
  shingle_sink *sink;
  void *context;
  uint64_t combined;                                     // of the last `size` parts
  uint64_t last;                                         // its hash
  size_t count;                                          // parts that wait
  size_t passed;                                         // parts of the text before those
  uint64_t parts[farro_most_shingle_parts + text_parts]; // those that fall out of the window stand before the new ones
  uint64_t hashes[text_parts];
} text_run;

// ---- parts to shingles ----

static void text_combine(text_run *run) {
  const size_t count = run->count, size = run->plan->size;
  const uint64_t *parts = run->parts + farro_most_shingle_parts, *old = parts - size;
  uint64_t combined = run->combined;
  for (size_t i = 0; i < count; i++) {
    combined = rotate_left(combined, 1) ^ (parts[i] ^ rotate_left(old[i], (uint32_t)size));
    run->hashes[i] = finish_shingle(combined);
  }
  run->combined = combined;
  if (count == 0) return;
  run->last = run->hashes[count - 1];
  memmove(run->parts, run->parts + count, farro_most_shingle_parts * sizeof *run->parts);
  run->count = 0;
  // The first size - 1 parts of a text complete no shingle.
  const size_t skipped = run->passed < size - 1 ? size - 1 - run->passed : 0;
  run->passed += count;
  if (count > skipped) run->sink(run->context, run->hashes + skipped, count - skipped);
}

INLINE void text_add_part(text_run *run, uint64_t part) { run->parts[farro_most_shingle_parts + run->count++] = part; }

// ---- words to parts ----

// Slides over both masks of a word's 16 bytes.
static const uint8_t text_mask_window[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                             255, 255, 255, 255, 255, 255, 255, 255};

INLINE uint64_t text_load64(const uint8_t *bytes) {
  uint64_t x;
  memcpy(&x, bytes, sizeof x);
  return x;
}

INLINE uint64_t text_hash_short(const uint64_t *keys, uint64_t before, const uint8_t *word, size_t length) {
  const uint8_t *mask = text_mask_window + 16 - length;
  return hash_piece(before, text_load64(word) & text_load64(mask), text_load64(word + 8) & text_load64(mask + 8),
                    keys[1] + length);
}

// 16 bytes beyond the word are read.
INLINE uint64_t text_hash_word(const uint64_t *keys, const uint8_t *word, size_t length) {
  uint64_t before = keys[0];
  for (; __builtin_expect(length > 16, 0); word += 16, length -= 16)
    before = hash_piece(before, text_load64(word), text_load64(word + 8), keys[2]);
  return text_hash_short(keys, before, word, length);
}

// A word's characters, after a space unless it is the text's first.
INLINE void text_add_characters(text_run *run, const uint8_t *word, size_t length) {
  const shingle_plan *plan = run->plan;
  if (run->count + length + 1 > text_parts) text_combine(run);
  if (run->count || run->passed) text_add_part(run, plan->units[' ']);
  for (size_t i = 0; i < length;) {
    if (word[i] < 0x80) {
      text_add_part(run, plan->units[word[i++]]);
      continue;
    }
    size_t step;
    text_add_part(run, hash_unit(plan->keys[0], unicode_decode(word + i, word + length, &step)));
    i += step;
  }
}

INLINE void text_add_word(text_run *run, const uint8_t *word, size_t length) {
  if (run->plan->unit == FARRO_SHINGLE_CHARACTERS) return text_add_characters(run, word, length);
  if (run->count == text_parts) text_combine(run);
  text_add_part(run, text_hash_word(run->plan->keys, word, length));
}

static void text_take_word(void *context, const uint8_t *word, size_t length) { text_add_word(context, word, length); }

// ---- bytes to words ----

INLINE bool text_is_separator(uint8_t c, farro_word_rule rule) {
  if (rule == FARRO_WORDS_BETWEEN_SPACES) return c == ' ' || (uint8_t)(c - '\t') < 5;
  return (uint8_t)((c | 0x20) - 'a') >= 26 && (uint8_t)(c - '0') >= 10 && c != '_' && c < 0x80;
}

// The words of a stretch without ASCII separators, some of it not ASCII: up to its end, which is returned.
static __attribute__((noinline)) const uint8_t *text_add_stretch(text_run *run, const uint8_t *text,
                                                                 const uint8_t *end) {
  unicode_words words;
  unicode_words_begin(&words, run->plan->rule, text_take_word, run);
  for (size_t step; text < end && !text_is_separator(*text, run->plan->rule); text += step)
    unicode_words_add(&words, unicode_decode(text, end, &step));
  unicode_words_end(&words);
  return text;
}

typedef struct text_words {
  uint8_t folded[text_piece + text_block];
  uint64_t high[text_piece / text_block + 1];   // bits of the bytes that are not ASCII
  uint32_t places[text_piece + text_block + 2]; // of each word: its beginning, and its end
  size_t count;                                 // of places: even
  bool has_high, is_open;                       // whether a word touches the piece's end
} text_words;

// Folds 64 bytes; returns the bits of those in words, and those that are not ASCII in *high.
INLINE uint64_t text_classify(const uint8_t *from, uint8_t *to, farro_word_rule rule, uint64_t *high) {
  uint64_t members = 0;
  *high = 0;
  UNROLL for (size_t i = 0; i < text_block; i += byte_lanes) {
    const u8v v = load(from + i), lower = v | 0x20;
    const s8v letters = (s8v)(lower - 'a' < 26), beyond = (s8v)v;
    s8v word;
    if (rule == FARRO_WORDS_BETWEEN_SPACES)
      word = ~((s8v)(v == ' ') | (s8v)(v - '\t' < 5));
    else
      word = letters | (s8v)(v - '0' < 10) | (s8v)(v == '_') | beyond;
    store(to + i, v | ((u8v)letters & 0x20));
    members |= byte_bits(word) << i;
    *high |= byte_bits(beyond) << i;
  }
  return members;
}

// The places of a piece's words; `length` <= text_piece. Reads no byte beyond.
INLINE void text_find_words(text_words *words, const uint8_t *piece, size_t length, farro_word_rule rule) {
  uint64_t before = 0, any_high = 0;
  uint32_t *places = words->places;
  for (size_t at = 0; at < length; at += text_block) {
    uint8_t padded[text_block];
    const uint8_t *from = piece + at;
    if (length - at < text_block) {
      memset(padded, ' ', sizeof padded);
      memcpy(padded, from, length - at);
      from = padded;
    }
    uint64_t *high = &words->high[at / text_block];
    const uint64_t members = text_classify(from, words->folded + at, rule, high);
    places += store_bit_places(places, members ^ (members << 1 | before), (uint32_t)at);
    before = members >> 63;
    any_high |= *high;
  }
  words->is_open = before;
  if (before) *places++ = (uint32_t)length;
  words->count = (size_t)(places - words->places);
  words->has_high = any_high != 0;
}

INLINE bool text_any_high(const text_words *words, size_t first, size_t last) {
  const size_t begin = first / 64, end = (last - 1) / 64;
  uint64_t bits = words->high[begin] & ~0ull << first % 64;
  for (size_t i = begin; i < end; i++) {
    if (bits) return true;
    bits = words->high[i + 1];
  }
  return bits & ~0ull >> (63 - (last - 1) % 64);
}

INLINE void text_add_pieces(text_run *run, const uint8_t *word, size_t length) {
  for (; length > farro_longest_word; word += farro_longest_word, length -= farro_longest_word)
    text_add_word(run, word, farro_longest_word);
  text_add_word(run, word, length);
}

// All words of a piece; returns how far it came: to the piece's end, to the beginning of a word that is open there, or
// beyond, where a stretch that is not ASCII ends.
INLINE const uint8_t *text_add_words(text_run *run, const text_words *words, const uint8_t *piece, size_t length,
                                     const uint8_t *end, bool by_words, bool has_high) {
  const uint64_t *keys = run->plan->keys;
  const size_t complete = words->count - (words->is_open ? 2 : 0);
  const uint8_t *done = piece;
  uint64_t *parts = run->parts + farro_most_shingle_parts;
  for (size_t i = 0; i < complete; i += 2) {
    const size_t first = words->places[i], last = words->places[i + 1], size = last - first;
    if (has_high) {
      if (piece + first < done) continue;
      if (text_any_high(words, first, last)) {
        done = text_add_stretch(run, piece + first, end);
        if (run->count > text_piece / 2) text_combine(run); // the piece's other words find room
        continue;
      }
    }
    if (!by_words || __builtin_expect(size > farro_longest_word, 0))
      text_add_pieces(run, words->folded + first, size);
    else
      parts[run->count++] = text_hash_word(keys, words->folded + first, size);
  }
  const uint8_t *all = piece + length;
  if (!words->is_open) return done > all ? done : all;
  const size_t first = words->places[complete];
  if (piece + first < done) return done;
  if (has_high && text_any_high(words, first, length)) return text_add_stretch(run, piece + first, end);
  if (first > 0) return piece + first;
  // A word as long as the piece. What is cut off it ends well before the piece: no mark can follow there.
  text_add_word(run, words->folded, farro_longest_word);
  return piece + farro_longest_word;
}

INLINE void text_shingle_words(text_run *run, const uint8_t *text, const uint8_t *end, bool by_words,
                               farro_word_rule rule) {
  text_words words;
  while (text < end) {
    const size_t left = (size_t)(end - text), length = left < text_piece ? left : text_piece;
    text_find_words(&words, text, length, rule);
    if (length == left) words.is_open = false; // the text's last word is complete
    text = words.has_high ? text_add_words(run, &words, text, length, end, by_words, true)
                          : text_add_words(run, &words, text, length, end, by_words, false);
    text_combine(run);
  }
}

INLINE void text_shingle_bytes(text_run *run, const uint8_t *text, const uint8_t *end) {
  while (text < end) {
    const size_t left = (size_t)(end - text), count = left < text_piece ? left : text_piece;
    for (size_t i = 0; i < count; i++) text_add_part(run, run->plan->units[text[i]]);
    text += count;
    text_combine(run);
  }
}

static void text_shingle(const shingle_plan *plan, const uint8_t *bytes, size_t length, shingle_sink *sink,
                         void *context) {
  text_run run;
  run.plan = plan;
  run.sink = sink;
  run.context = context;
  run.combined = run.last = 0;
  run.count = run.passed = 0;
  memset(run.parts, 0, farro_most_shingle_parts * sizeof *run.parts);
  const uint8_t *end = bytes + length;
  const bool by_words = plan->unit == FARRO_SHINGLE_WORDS;
  if (plan->unit == FARRO_SHINGLE_BYTES)
    text_shingle_bytes(&run, bytes, end);
  else if (plan->rule == FARRO_WORDS_BETWEEN_SPACES)
    text_shingle_words(&run, bytes, end, by_words, FARRO_WORDS_BETWEEN_SPACES);
  else if (by_words)
    text_shingle_words(&run, bytes, end, true, FARRO_WORDS_ALPHANUMERIC);
  else
    text_shingle_words(&run, bytes, end, false, FARRO_WORDS_ALPHANUMERIC);
  if (0 < run.passed && run.passed < plan->size) sink(context, &run.last, 1);
}

static const text_kernels text = {.shingle = text_shingle};
