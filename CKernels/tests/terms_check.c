#include "check.h"

// Texts as a C string with '|' between them.
typedef struct {
  farro_texts texts;
  uint64_t offsets[64];
} packed;

static void pack(packed *p, const char *text) {
  *p = (packed){.texts = {.bytes = (const uint8_t *)text, .count = 1}};
  size_t at = 0;
  for (; text[at]; at++)
    if (text[at] == '|') p->offsets[p->texts.count++] = at;
  p->offsets[p->texts.count] = at;
  p->texts.offsets = p->offsets;
}

static const farro_term_rule words = {FARRO_TERM_WORDS, true, 2, 1, 1};

static void write_terms(const farro_term_counts *counts, char *text) {
  for (size_t i = 0; i < counts->terms; i++) {
    const size_t length = counts->term_offsets[i + 1] - counts->term_offsets[i];
    if (i) *text++ = ',';
    memcpy(text, counts->term_bytes + counts->term_offsets[i], length);
    text += length;
  }
  *text = 0;
}

static void expect_terms(farro_term_rule rule, const char *text, const char *stops, const char *terms) {
  packed p, s;
  pack(&p, text);
  if (stops) pack(&s, stops);
  farro_term_counts counts;
  char found[512];
  EXPECT(farro_count_terms(&rule, &p.texts, stops ? &s.texts : NULL, NULL, &counts) == FARRO_OK, "counting fails");
  write_terms(&counts, found);
  EXPECT(strcmp(found, terms) == 0, "\"%s\" has the terms %s, not %s", text, found, terms);
  EXPECT(counts.rows == p.texts.count, "%zu rows", counts.rows);
  farro_term_counts_release(&counts);
  EXPECT(counts.term_bytes == NULL && counts.terms == 0, "a released result holds something");
}

static void check_units(void) {
  expect_terms(words, "The cat, the CAT a dog_1!", NULL, "cat,dog_1,the");
  expect_terms(words, "", NULL, "");
  expect_terms(words, "x", NULL, "");
  expect_terms((farro_term_rule){FARRO_TERM_WORDS, false, 1, 1, 2}, "a B a", NULL, "B,B a,a,a B");
  expect_terms((farro_term_rule){FARRO_TERM_WORDS, true, 2, 2, 2}, "the cat and the dog", "and",
               "cat the,the cat,the dog");
  expect_terms((farro_term_rule){FARRO_TERM_CHARACTERS, true, 2, 2, 2}, "aB \t c", NULL, " c,ab,b ");
  expect_terms((farro_term_rule){FARRO_TERM_CHARACTERS_IN_WORDS, true, 2, 3, 4}, "ab c", NULL, " ab, ab , c ,ab ");
  expect_terms((farro_term_rule){FARRO_TERM_GIVEN_WORDS, true, 9, 1, 2},
               "A b\xFF\xFFy\xFF"
               "A b\xFFrest",
               "y", ", A b,A b,A b ");
  // Final sigma, the capital that becomes two characters, broken bytes, digits of other scripts.
  expect_terms(words, "\xCE\x91\xCE\xA3 \xCE\xA3\xCE\x91", NULL, "\xCE\xB1\xCF\x82,\xCF\x83\xCE\xB1");
  expect_terms((farro_term_rule){FARRO_TERM_WORDS, true, 1, 1, 1}, "\xC4\xB0z", NULL, "i,z");
  expect_terms(words,
               "ab\xFF"
               "cd \xD9\xA3\xD9\xA4",
               NULL, "ab,cd,\xD9\xA3\xD9\xA4");
}

static void check_counts(void) {
  packed p;
  pack(&p, "bb aa bb||cc aa");
  farro_term_counts counts;
  EXPECT(farro_count_terms(&words, &p.texts, NULL, NULL, &counts) == FARRO_OK, "counting fails");
  const int32_t columns[] = {0, 1, 0, 2}, numbers[] = {1, 2, 1, 1};
  const int64_t offsets[] = {0, 2, 2, 4};
  EXPECT(counts.terms == 3 && counts.rows == 3, "%zu terms, %zu rows", counts.terms, counts.rows);
  EXPECT(memcmp(counts.row_offsets, offsets, sizeof offsets) == 0, "rows differ");
  EXPECT(memcmp(counts.columns, columns, sizeof columns) == 0, "columns differ");
  EXPECT(memcmp(counts.counts, numbers, sizeof numbers) == 0, "counts differ");
  farro_term_counts_release(&counts);
  // A vocabulary in another order, with a term that does not occur.
  const uint64_t starts[] = {0, 2, 4, 6};
  const farro_texts known = {(const uint8_t *)"ccxxbb", starts, 3};
  EXPECT(farro_count_terms(&words, &p.texts, NULL, &known, &counts) == FARRO_OK, "counting fails");
  EXPECT(counts.terms == 0 && counts.row_offsets[3] == 2, "%lld are known", (long long)counts.row_offsets[3]);
  EXPECT(counts.columns[0] == 2 && counts.counts[0] == 2 && counts.columns[1] == 0, "known terms differ");
  farro_term_counts_release(&counts);
  EXPECT(farro_hash_terms(&words, &p.texts, NULL, 1, false, &counts) == FARRO_OK, "hashing fails");
  EXPECT(counts.row_offsets[3] == 2 && counts.counts[0] == 3 && counts.counts[1] == 2, "hashed terms differ");
  farro_term_counts_release(&counts);
}

// Texts of some words, spaces, capitals, characters of two to four bytes and broken ones, against the reference.
static void check_against_reference(void) {
  static const char *const pieces[] = {"a",
                                       "B ",
                                       "cat ",
                                       "dog",
                                       "\t",
                                       " ",
                                       "\n\n",
                                       "\xCE\xA3",
                                       "\xCE\x91",
                                       "\xCC\x81",
                                       "\xC4\xB0",
                                       "\xC2\xA0",
                                       ".",
                                       "\xE2\x80\xA8",
                                       "\xFF",
                                       "\xF0\x9D\x94\x98",
                                       "\xE6\xBC\xA2",
                                       "7_"};
  enum { texts_count = 12, most = 400 };
  uint8_t bytes[most];
  uint64_t offsets[texts_count + 1] = {0};
  packed stops;
  pack(&stops, "cat|a");
  for (size_t round = 0; round < 60; round++) {
    size_t at = 0;
    for (size_t i = 0; i < texts_count; i++) {
      for (size_t n = random_below(12); n > 0; n--) {
        const char *piece = pieces[random_below(sizeof pieces / sizeof *pieces)];
        if (at + strlen(piece) > most) break;
        memcpy(bytes + at, piece, strlen(piece));
        at += strlen(piece);
      }
      offsets[i + 1] = at;
    }
    const farro_texts texts = {bytes, offsets, texts_count};
    const farro_term_rule rule = {(farro_term_unit)(round % 4), round / 4 % 2 == 0, 1 + (uint32_t)random_below(2),
                                  1 + (uint32_t)random_below(2), 2 + (uint32_t)random_below(4)};
    farro_term_counts found, expected;
    const farro_texts *stop_words = round / 8 % 2 && rule.unit % 3 == 0 ? &stops.texts : NULL;
    EXPECT(farro_count_terms(&rule, &texts, stop_words, NULL, &found) == FARRO_OK, "counting fails");
    farro_count_terms_reference(&rule, &texts, stop_words, &expected);
    const size_t entries = (size_t)expected.row_offsets[texts_count];
    const bool same =
        found.terms == expected.terms && (size_t)found.row_offsets[texts_count] == entries &&
        memcmp(found.term_offsets, expected.term_offsets, (found.terms + 1) * sizeof *found.term_offsets) == 0 &&
        memcmp(found.term_bytes, expected.term_bytes, expected.term_offsets[expected.terms]) == 0 &&
        memcmp(found.row_offsets, expected.row_offsets, sizeof(int64_t) * (texts_count + 1)) == 0 &&
        memcmp(found.columns, expected.columns, entries * sizeof *found.columns) == 0 &&
        memcmp(found.counts, expected.counts, entries * sizeof *found.counts) == 0;
    EXPECT(same, "round %zu: %zu terms, not %zu, or other counts", round, found.terms, expected.terms);
    farro_term_counts_release(&found);
    farro_term_counts_release(&expected);
  }
}

static void check_refused_rules(void) {
  static const farro_term_rule wrong[] = {
      {FARRO_TERM_WORDS, true, 0, 1, 1}, {FARRO_TERM_WORDS, true, 2, 0, 1}, {FARRO_TERM_WORDS, true, 2, 2, 1}};
  packed p;
  pack(&p, "aa");
  farro_term_counts counts = {.terms = 7};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    EXPECT(farro_count_terms(&wrong[i], &p.texts, NULL, NULL, &counts) == FARRO_ERROR_ARGUMENT, "rule %zu passes", i);
  EXPECT(farro_hash_terms(&words, &p.texts, NULL, 0, true, &counts) == FARRO_ERROR_ARGUMENT, "0 columns pass");
  EXPECT(farro_hash_terms(&words, &p.texts, NULL, (size_t)1 << 31, true, &counts) == FARRO_ERROR_ARGUMENT, "2^31 pass");
  EXPECT(counts.terms == 7, "an output is touched");
}

// Random bytes before an unreadable page, in several parts: each text alone has the row that it has among others.
static void check_parts_of_texts(void) {
  enum { length = 600000, count = 500 };
  uint8_t *bytes = guarded_allocate(length);
  for (size_t i = 0; i < length; i++)
    bytes[i] = random_below(8) ? (uint8_t)"abcdEFG \n\xC3\x84"[random_below(11)] : (uint8_t)random_below(256);
  uint64_t *offsets = malloc((count + 1) * sizeof *offsets);
  for (size_t i = 0; i <= count; i++) offsets[i] = i * length / count;
  const farro_texts texts = {bytes, offsets, count};
  const farro_term_unit units[] = {FARRO_TERM_WORDS, FARRO_TERM_CHARACTERS, FARRO_TERM_CHARACTERS_IN_WORDS,
                                   FARRO_TERM_GIVEN_WORDS};
  for (size_t u = 0; u < 4; u++) {
    const farro_term_rule rule = {units[u], true, 2, 1, 2};
    farro_term_counts all, one;
    EXPECT(farro_count_terms(&rule, &texts, NULL, NULL, &all) == FARRO_OK, "counting fails");
    const farro_texts vocabulary = {all.term_bytes, all.term_offsets, all.terms};
    for (size_t i = 1; i < all.terms; i++) {
      const size_t before = all.term_offsets[i] - all.term_offsets[i - 1],
                   here = all.term_offsets[i + 1] - all.term_offsets[i];
      const int order = memcmp(all.term_bytes + all.term_offsets[i - 1], all.term_bytes + all.term_offsets[i],
                               before < here ? before : here);
      if (order > 0 || (order == 0 && before >= here)) EXPECT(false, "term %zu is not behind the one before", i);
    }
    for (size_t i = 0; i < count; i += 71) {
      const farro_texts text = {bytes, offsets + i, 1};
      EXPECT(farro_count_terms(&rule, &text, NULL, &vocabulary, &one) == FARRO_OK, "counting fails");
      const size_t start = (size_t)all.row_offsets[i], entries = (size_t)all.row_offsets[i + 1] - start;
      EXPECT((size_t)one.row_offsets[1] == entries, "text %zu has %lld terms", i, (long long)one.row_offsets[1]);
      EXPECT(memcmp(one.columns, all.columns + start, entries * sizeof *one.columns) == 0, "text %zu: columns differ",
             i);
      EXPECT(memcmp(one.counts, all.counts + start, entries * sizeof *one.counts) == 0, "text %zu: counts differ", i);
      farro_term_counts_release(&one);
    }
    farro_term_counts_release(&all);
  }
  free(offsets);
  guarded_free(bytes, length);
}

void check_terms(void) {
  check_units();
  check_counts();
  check_against_reference();
  check_refused_rules();
  check_parts_of_texts();
}
