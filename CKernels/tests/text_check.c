#include "check.h"

static const farro_shingler shinglers[] = {
    {FARRO_SHINGLE_WORDS, FARRO_WORDS_ALPHANUMERIC, 5, 1},
    {FARRO_SHINGLE_WORDS, FARRO_WORDS_ALPHANUMERIC, 1, 2},
    {FARRO_SHINGLE_WORDS, FARRO_WORDS_BETWEEN_SPACES, 3, 3},
    {FARRO_SHINGLE_WORDS, FARRO_WORDS_ALPHANUMERIC, 64, 4},
    {FARRO_SHINGLE_CHARACTERS, FARRO_WORDS_ALPHANUMERIC, 5, 5},
    {FARRO_SHINGLE_CHARACTERS, FARRO_WORDS_BETWEEN_SPACES, 1, 6},
    {FARRO_SHINGLE_BYTES, FARRO_WORDS_ALPHANUMERIC, 8, 7},
    {FARRO_SHINGLE_BYTES, FARRO_WORDS_ALPHANUMERIC, 63, 8},
};
enum { shingler_count = sizeof shinglers / sizeof *shinglers };

static void expect_shingles(const uint8_t *text, size_t length, const char *what) {
  const size_t capacity = 6 * length + 1;
  uint64_t *hashes = malloc(capacity * sizeof *hashes), *reference = malloc(capacity * sizeof *hashes);
  for (size_t i = 0; i < shingler_count; i++) {
    size_t count = 0, expected = 0, right = 0;
    EXPECT(farro_shingles(&shinglers[i], text, length, hashes, capacity, &count) == FARRO_OK, "shingles fail");
    farro_shingles_reference(&shinglers[i], text, length, reference, capacity, &expected);
    for (size_t j = 0; j < count && j < expected; j++) right += hashes[j] == reference[j];
    EXPECT(count == expected && right == count && count <= capacity,
           "%s of %zu bytes, shingler %zu: %zu shingles, not %zu, %zu right", what, length, i, count, expected, right);
  }
  free(hashes), free(reference);
}

// ---- texts ----

static size_t put_random(uint8_t *text, size_t at, size_t most, int kind) {
  static const char *const pieces[] = {
      "\xE2\x80\x9Cquoted\xE2\x80\x9D",
      "\xC3\xA9t\xC3\xA9",
      "E\xCC\x81",
      "a\xCC\xA3\xCC\x81",
      "\xE2\x89\xAE",
      "<\xCC\xB8",
      "\xEF\xAC\x83",
      "\xC2\xA0",
      "\xC3\x9F",
      "\xEF\xB7\xBA",
      "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8",
      "\xEA\xB0\x80\xE1\x86\xA8",
      "co\xC2\xADop",
      "\xF0\x9D\x95\x8F",
      "\xEF\xBC\xA1",
      "\xE3\x81\x8B\xE3\x82\x99",
      "\xE6\xBC\xA2\xE5\xAD\x97",
      "\xC4\xB0",
      "\xE2\x80\xA8",
      "\xE0\xA7\x87\xE0\xA6\xBE",
  };
  uint8_t buffer[64];
  size_t length = 0;
  const size_t choice = random_below(10);
  if (kind == 0 || choice < 4) { // a word and what follows it
    length = random_below(choice == 0 ? 40 : 9);
    for (size_t i = 0; i < length; i++) buffer[i] = (uint8_t)"abcXYZ019_Q"[random_below(11)];
    buffer[length++] = (uint8_t)" .\n\t-\v\x1C@[`{/:"[random_below(13)];
  } else if (kind == 1 || choice < 8) {
    const char *piece = pieces[random_below(sizeof pieces / sizeof *pieces)];
    length = strlen(piece);
    memcpy(buffer, piece, length);
  } else {
    length = 1 + random_below(6);
    for (size_t i = 0; i < length; i++)
      buffer[i] = (uint8_t)(random_below(4) ? 0x80 + random_below(128) : random_below(256));
  }
  if (length > most - at) length = most - at;
  memcpy(text + at, buffer, length);
  return at + length;
}

// kind 0: ASCII; 1: and other characters; 2: and broken ones.
static void fill_text(uint8_t *text, size_t length, int kind) {
  for (size_t at = 0; at < length;) at = put_random(text, at, length, kind);
}

static void check_lengths(void) {
  enum { most = 400 };
  uint8_t *memory = guarded_allocate(most);
  for (size_t length = 0; length <= most; length++)
    for (int kind = 0; kind < 3; kind++) {
      fill_text(memory + most - length, length, kind);
      expect_shingles(memory + most - length, length, "a text");
    }
  guarded_free(memory, most);
  expect_shingles(NULL, 0, "nothing");
}

static void check_pieces(void) {
  for (size_t length = 2040; length < 20000; length = length * 5 / 4 + 1) {
    uint8_t *memory = guarded_allocate(length);
    for (int kind = 0; kind < 3; kind++) {
      fill_text(memory, length, kind);
      expect_shingles(memory, length, "a long text");
    }
    for (size_t i = 0; i < length; i++) memory[i] = (uint8_t)random_below(256);
    expect_shingles(memory, length, "random bytes");
    guarded_free(memory, length);
  }
}

// Words around every limit: of a vector, a word and a piece, with marks and separators at their ends.
static void check_long_words(void) {
  static const char *const ends[] = {"", " ", "\xCC\x81", "\xCC\x81 ", "\xE2\x80\x9D", "\xEF\xB7\xBA b", "\xFF"};
  static const size_t lengths[] = {15,   16,   17,   63,   64,   65,   1023, 1024, 1025, 2031,
                                   2046, 2047, 2048, 2049, 3071, 3072, 3073, 4096, 5000};
  uint8_t *memory = malloc(3 * 5100);
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
    for (size_t e = 0; e < sizeof ends / sizeof *ends; e++)
      for (size_t before = 0; before < 3; before++) {
        size_t at = before;
        memset(memory, ' ', before);
        for (size_t twice = 0; twice < 2; twice++) {
          for (size_t j = 0; j < lengths[i]; j++) memory[at++] = (uint8_t)('A' + random_below(26));
          memcpy(memory + at, ends[e], strlen(ends[e]));
          at += strlen(ends[e]);
        }
        expect_shingles(memory, at, "long words");
      }
  // The most words that bytes can become.
  for (size_t i = 0; i < 5000; i++) memcpy(memory + 3 * i, "\xEF\xB7\xBA", 3);
  expect_shingles(memory, 15000, "expanding characters");
  for (size_t i = 0; i < 15000; i++) memory[i] = i % 2 ? ' ' : i > 3000 && i < 3200 ? 0xC3 : 'a';
  expect_shingles(memory, 15000, "words of a letter");
  free(memory);
}

// ---- normalization ----

static void expect_words(const char *text, const char *words, farro_word_rule rule) {
  uint8_t normalized[256];
  size_t length = 0;
  EXPECT(farro_normalize_text(rule, text, strlen(text), normalized, sizeof normalized, &length) == FARRO_OK, "fails");
  EXPECT(length == strlen(words) && memcmp(normalized, words, length) == 0, "\"%s\" becomes \"%.*s\", not \"%s\"", text,
         (int)length, (const char *)normalized, words);
}

static void check_normalization_of_text(void) {
  const farro_word_rule rule = FARRO_WORDS_ALPHANUMERIC, spaces = FARRO_WORDS_BETWEEN_SPACES;
  expect_words("  The QUICK, brown\tfox_1\n", "the quick brown fox_1", rule);
  expect_words(" The QUICK,  brown\tfox ", "the quick, brown fox", spaces);
  expect_words("E\xCC\x81t\xC3\xA9 \xC3\x89T\xC3\x89", "\xC3\xA9t\xC3\xA9 \xC3\xA9t\xC3\xA9", rule);
  expect_words("a\xCC\x81\xCC\xA3", "\xE1\xBA\xA1\xCC\x81", rule);                 // marks change places
  expect_words("e\xCC\x81\xCC\xA3\xCC\x82", "\xE1\xBA\xB9\xCC\x81\xCC\x82", rule); // one is in between
  expect_words("Stra\xC3\x9F"
               "e o\xEF\xAC\x83"
               "ce co\xC2\xADop",
               "strasse office coop", rule); // full folding
  expect_words("x\xC2\xA0y\xE3\x80\x80z", "x y z", spaces);
  expect_words("\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8", "\xEA\xB0\x81", rule);
  expect_words("a<\xCC\xB8"
               "b \xCC\x81"
               "c",
               "a b c", rule);
  expect_words("\xC3(\xE2\x80 \xF0\x9F\x98", "\xEF\xBF\xBD(\xEF\xBF\xBD \xEF\xBF\xBD", spaces);
  expect_words("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", spaces); // a surrogate: each byte
  expect_words("\xC0\x80\xF5", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", spaces);
}

static void check_refusals(void) {
  const farro_shingler none = {FARRO_SHINGLE_WORDS, FARRO_WORDS_ALPHANUMERIC, 0, 0}, many = {.size = 65};
  uint64_t hash = 7;
  size_t count = 7;
  EXPECT(farro_shingles(&none, "a", 1, &hash, 1, &count) == FARRO_ERROR_ARGUMENT, "size 0 is accepted");
  EXPECT(farro_shingles(&many, "a", 1, &hash, 1, &count) == FARRO_ERROR_ARGUMENT, "size 65 is accepted");
  EXPECT(hash == 7 && count == 7, "an output is touched");
  const farro_shingler one = {.size = 1};
  EXPECT(farro_shingles(&one, "a b c", 5, &hash, 1, &count) == FARRO_OK && count == 3, "all are counted");
}

void check_text(void) {
  check_normalization_of_text();
  check_lengths();
  check_pieces();
  check_long_words();
  check_refusals();
}
