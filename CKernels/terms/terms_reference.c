// Plain loops: a text as an array of characters, terms as a list that is sorted, counts by comparing with each.
#include <stdlib.h>
#include <string.h>

#include "characters.h"
#include "include/terms.h"
#include "text/unicode.h"

typedef struct {
  uint8_t *bytes;
  size_t length;
} term;

typedef struct {
  term *terms;
  size_t count;
} list;

static int compare(const void *x, const void *y) {
  const term *a = x, *b = y;
  const size_t common = a->length < b->length ? a->length : b->length;
  const int order = common ? memcmp(a->bytes, b->bytes, common) : 0;
  return order ? order : (a->length > b->length) - (a->length < b->length);
}

static void append(list *terms, const uint32_t *characters, size_t count) {
  term t = {malloc(4 * count + 1), 0};
  for (size_t i = 0; i < count; i++) t.length += unicode_encode(characters[i], t.bytes + t.length);
  terms->terms = realloc(terms->terms, (terms->count + 1) * sizeof t);
  terms->terms[terms->count++] = t;
}

static void clear(list *terms) {
  for (size_t i = 0; i < terms->count; i++) free(terms->terms[i].bytes);
  free(terms->terms);
  *terms = (list){0};
}

static bool is(uint32_t c, uint32_t property) { return character_entry(c) & property; }

static bool is_final(const uint32_t *c, size_t count, size_t i) {
  size_t before = i, after = i + 1;
  while (before > 0 && is(c[before - 1], character_ignorable)) before--;
  while (after < count && is(c[after], character_ignorable)) after++;
  return before > 0 && is(c[before - 1], character_cased) && !(after < count && is(c[after], character_cased));
}

// The characters of a text that count, in memory for twice as many as it has bytes.
static size_t read_text(const uint8_t *text, size_t length, bool lowercase, uint32_t *result) {
  uint32_t *c = malloc((length + 1) * sizeof *c);
  size_t count = 0, written = 0;
  for (size_t at = 0, step; at < length; at += step) c[count++] = unicode_decode(text + at, text + length, &step);
  for (size_t i = 0; i < count; i++) {
    result[written++] = !lowercase                                       ? c[i]
                        : c[i] == capital_sigma && is_final(c, count, i) ? final_sigma
                                                                         : character_lower(c[i], character_entry(c[i]));
    if (lowercase && c[i] == dotted_capital_i) result[written++] = dot_above;
  }
  free(c);
  return written;
}

// n parts of `count`, which begin at starts and end before ends, as terms.
static void append_grams(list *terms, const farro_term_rule *rule, const uint32_t *c, const size_t *starts,
                         const size_t *ends, size_t count) {
  for (size_t n = rule->least; n <= rule->most && n <= count; n++)
    for (size_t i = 0; i + n <= count; i++) append(terms, c + starts[i], ends[i + n - 1] - starts[i]);
}

static bool is_stop(const list *stops, term word) {
  for (size_t i = 0; i < stops->count; i++)
    if (compare(&word, &stops->terms[i]) == 0) return true;
  return false;
}

static void cut_words(list *terms, const farro_term_rule *rule, const list *stops, const uint32_t *c, size_t count) {
  uint32_t *joined = malloc((2 * count + 1) * sizeof *joined);
  size_t *starts = malloc((2 * count + 1) * sizeof *starts), *ends = starts + count, words = 0, length = 0;
  for (size_t i = 0; i < count; i++) {
    size_t end = i;
    while (end < count && is(c[end], character_word)) end++;
    list word = {0};
    append(&word, c + i, end - i);
    const bool stops_here = is_stop(stops, word.terms[0]);
    clear(&word);
    if (end - i >= rule->shortest && !stops_here) {
      starts[words] = length;
      for (; i < end; i++) joined[length++] = c[i];
      ends[words++] = length;
      joined[length++] = ' ';
    }
    i = end;
  }
  append_grams(terms, rule, joined, starts, ends, words);
  free(joined);
  free(starts);
}

static void cut_characters(list *terms, const farro_term_rule *rule, const uint32_t *c, size_t count) {
  uint32_t *kept = malloc((count + 1) * sizeof *kept);
  size_t *starts = malloc((2 * count + 1) * sizeof *starts), *ends = starts + count, length = 0;
  for (size_t i = 0; i < count; i++) {
    size_t end = i;
    while (end < count && is(c[end], character_space)) end++;
    kept[length++] = end - i > 1 ? ' ' : c[i];
    if (end > i) i = end - 1;
  }
  for (size_t i = 0; i < length; i++) starts[i] = i, ends[i] = i + 1;
  append_grams(terms, rule, kept, starts, ends, length);
  free(kept);
  free(starts);
}

static void cut_stretches(list *terms, const farro_term_rule *rule, const uint32_t *c, size_t count) {
  uint32_t *word = malloc((count + 2) * sizeof *word);
  for (size_t i = 0; i < count; i++) {
    size_t length = 0;
    word[length++] = ' ';
    for (; i < count && !is(c[i], character_space); i++) word[length++] = c[i];
    if (length == 1) continue;
    word[length++] = ' ';
    for (size_t n = rule->least; n <= rule->most; n++) {
      if (length <= n) {
        append(terms, word, length);
        break;
      }
      for (size_t first = 0; first + n <= length; first++) append(terms, word + first, n);
    }
  }
  free(word);
}

static void cut_given_words(list *terms, const farro_term_rule *rule, const list *stops, const uint8_t *text,
                            size_t length) {
  term *words = malloc((length + 1) * sizeof *words);
  size_t count = 0;
  for (size_t start = 0, end = 0; end < length; end++) {
    if (text[end] != 0xFF) continue;
    const term word = {(uint8_t *)text + start, end - start};
    if (!is_stop(stops, word)) words[count++] = word;
    start = end + 1;
  }
  for (size_t n = rule->least; n <= rule->most; n++)
    for (size_t i = 0; i + n <= count; i++) {
      term t = {malloc(length + n), 0};
      for (size_t j = i; j < i + n; j++) {
        if (j > i) t.bytes[t.length++] = ' ';
        memcpy(t.bytes + t.length, words[j].bytes, words[j].length);
        t.length += words[j].length;
      }
      terms->terms = realloc(terms->terms, (terms->count + 1) * sizeof t);
      terms->terms[terms->count++] = t;
    }
  free(words);
}

farro_status farro_count_terms_reference(const farro_term_rule *rule, const farro_texts *texts,
                                         const farro_texts *stop_words, farro_term_counts *counts) {
  *counts = (farro_term_counts){.rows = texts->count};
  list *rows = calloc(texts->count + 1, sizeof *rows), all = {0}, stops = {0};
  for (size_t i = 0; stop_words && i < stop_words->count; i++) {
    const size_t start = stop_words->offsets[i], length = stop_words->offsets[i + 1] - start;
    uint32_t *c = malloc((2 * length + 1) * sizeof *c);
    append(&stops, c, read_text(stop_words->bytes + start, length, false, c));
    free(c);
  }
  for (size_t row = 0; row < texts->count; row++) {
    const size_t start = texts->offsets[row], length = texts->offsets[row + 1] - start;
    uint32_t *c = malloc((2 * length + 1) * sizeof *c);
    const size_t count = length ? read_text(texts->bytes + start, length, rule->lowercase, c) : 0;
    if (rule->unit == FARRO_TERM_WORDS) cut_words(&rows[row], rule, &stops, c, count);
    if (rule->unit == FARRO_TERM_CHARACTERS) cut_characters(&rows[row], rule, c, count);
    if (rule->unit == FARRO_TERM_CHARACTERS_IN_WORDS) cut_stretches(&rows[row], rule, c, count);
    if (rule->unit == FARRO_TERM_GIVEN_WORDS) cut_given_words(&rows[row], rule, &stops, texts->bytes + start, length);
    free(c);
    all.terms = realloc(all.terms, (all.count + rows[row].count + 1) * sizeof *all.terms);
    for (size_t i = 0; i < rows[row].count; i++) all.terms[all.count++] = rows[row].terms[i];
  }
  if (all.count) qsort(all.terms, all.count, sizeof *all.terms, compare);
  counts->term_offsets = calloc(all.count + 1, sizeof *counts->term_offsets);
  size_t bytes = 0;
  for (size_t i = 0; i < all.count; i++) bytes += all.terms[i].length;
  counts->term_bytes = malloc(bytes + 1);
  for (size_t i = 0; i < all.count; i++) {
    if (counts->terms && compare(&all.terms[i], &all.terms[counts->terms - 1]) == 0) continue;
    all.terms[counts->terms] = all.terms[i];
    const uint64_t start = counts->term_offsets[counts->terms++];
    memcpy(counts->term_bytes + start, all.terms[i].bytes, all.terms[i].length);
    counts->term_offsets[counts->terms] = start + all.terms[i].length;
  }
  counts->row_offsets = calloc(texts->count + 1, sizeof *counts->row_offsets);
  counts->columns = malloc((all.count + 1) * sizeof *counts->columns);
  counts->counts = malloc((all.count + 1) * sizeof *counts->counts);
  int64_t entries = 0;
  for (size_t row = 0; row < texts->count; row++) {
    for (size_t column = 0; column < counts->terms; column++) {
      int32_t count = 0;
      for (size_t i = 0; i < rows[row].count; i++) count += compare(&rows[row].terms[i], &all.terms[column]) == 0;
      if (count == 0) continue;
      counts->columns[entries] = (int32_t)column;
      counts->counts[entries++] = count;
    }
    counts->row_offsets[row + 1] = entries;
  }
  for (size_t row = 0; row < texts->count; row++) clear(&rows[row]);
  free(rows);
  free(all.terms);
  clear(&stops);
  return FARRO_OK;
}
