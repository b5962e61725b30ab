// Entries. Texts are cut into parts by their bytes. Each part numbers its terms as they come and counts them; the
// parts' terms are then joined, part after part, and sorted, and each part writes its rows with the final numbers.
#include "terms.h"

#include <stdlib.h>
#include <string.h>

#include "include/murmur3.h"
#include "runtime/sizes.h"

// How many parts there may be, and the bytes of each at least: numbering terms anew costs less than a tenth of cutting
// them.
enum { most_parts = 16, part_bytes = 1 << 18 };
static const double nanoseconds_per_byte = 4;

// ---- a part of the texts ----

typedef struct {
  uint32_t column;
  int32_t count;
} entry;

typedef struct {
  size_t first, last;   // texts
  term_numbers numbers; // of terms that are learned
  entry *entries;       // of all rows
  size_t count, capacity;
  uint64_t *seen; // of each term, the last of its entries, counted from 1
  size_t seen_capacity, row_start;
  uint32_t *order; // of each of so many terms that were learned, its final number
  size_t learned;
  bool failed;
} part;

typedef struct {
  const farro_term_rule *rule;
  const farro_texts *texts;
  const term_numbers *stop_words, *vocabulary; // or NULL
  size_t columns;                              // of hashes; 0 for a vocabulary
  bool alternates;
  size_t part_count;
  part *parts;
  farro_term_counts *counts;
} task;

typedef struct {
  const task *task;
  part *part;
} counting;

static bool add_entry(part *p, uint32_t column, int32_t count) {
  if (p->count == p->capacity && !terms_reserve((void **)&p->entries, &p->capacity, p->count + 1, sizeof *p->entries))
    return false;
  p->entries[p->count++] = (entry){column, count};
  return true;
}

static bool count_number(part *p, uint32_t number) {
  if (number >= p->seen_capacity) {
    const size_t before = p->seen_capacity;
    if (!terms_reserve((void **)&p->seen, &p->seen_capacity, (size_t)number + 1, sizeof *p->seen)) return false;
    memset(p->seen + before, 0, (p->seen_capacity - before) * sizeof *p->seen);
  }
  const uint64_t place = p->seen[number];
  if (place > p->row_start) {
    int32_t *count = &p->entries[place - 1].count;
    *count += *count < INT32_MAX;
    return true;
  }
  if (!add_entry(p, number, 1)) return false;
  p->seen[number] = p->count;
  return true;
}

static bool count_learned(void *context, const uint8_t *term, size_t length) {
  const counting *c = context;
  const uint32_t number = term_add(&c->part->numbers, term, length, term_hash(term, length));
  return number != term_unknown && count_number(c->part, number);
}

static bool count_known(void *context, const uint8_t *term, size_t length) {
  const counting *c = context;
  const uint32_t number = term_find(c->task->vocabulary, term, length, term_hash(term, length));
  return number == term_unknown || count_number(c->part, number);
}

static bool count_hash(void *context, const uint8_t *term, size_t length) {
  const counting *c = context;
  const uint32_t hash = farro_murmur3_32(term, length, 0);
  const bool is_negative = hash >> 31;
  const uint32_t magnitude = is_negative ? 0 - hash : hash;
  return add_entry(c->part, (uint32_t)(magnitude % c->task->columns), is_negative && c->task->alternates ? -1 : 1);
}

// ---- rows ----

// Sorts entries by column: pieces of 16 by insertion, which are merged from one array to the other.
static void sort_entries(entry *entries, entry *space, size_t count) {
  enum { piece = 16 };
  for (size_t first = 0; first < count; first += piece)
    for (size_t i = first + 1; i < smaller(first + piece, count); i++) {
      const entry e = entries[i];
      size_t at = i;
      for (; at > first && entries[at - 1].column > e.column; at--) entries[at] = entries[at - 1];
      entries[at] = e;
    }
  entry *from = entries, *to = space;
  for (size_t width = piece; width < count; width *= 2) {
    for (size_t first = 0; first < count; first += 2 * width) {
      size_t a = first, b = smaller(first + width, count), out = first;
      const size_t a_end = b, b_end = smaller(first + 2 * width, count);
      while (a < a_end && b < b_end) to[out++] = from[b].column < from[a].column ? from[b++] : from[a++];
      while (a < a_end) to[out++] = from[a++];
      while (b < b_end) to[out++] = from[b++];
    }
    entry *other = from;
    from = to;
    to = other;
  }
  if (from != entries) memcpy(entries, from, count * sizeof *entries);
}

// Entries of one column become one; how many there are then.
static size_t join_entries(entry *entries, size_t count) {
  size_t joined = 0;
  for (size_t i = 0; i < count; i++) {
    if (joined && entries[joined - 1].column == entries[i].column) {
      entry *e = &entries[joined - 1];
      if (e->count < INT32_MAX && e->count > -INT32_MAX) e->count += entries[i].count;
    } else {
      entries[joined++] = entries[i];
    }
  }
  return joined;
}

static bool count_part(const task *t, part *p) {
  counting context = {t, p};
  term_cutter cutter = {.rule = *t->rule, .stop_words = t->stop_words, .context = &context};
  cutter.sink = t->columns ? count_hash : t->vocabulary ? count_known : count_learned;
  entry *space = NULL; // to sort the hashes of a row
  size_t space_capacity = 0;
  bool is_done = true;
  for (size_t i = p->first; i < p->last && is_done; i++) {
    p->row_start = p->count;
    const size_t start = t->texts->offsets[i], length = t->texts->offsets[i + 1] - start;
    is_done = length == 0 || term_cut(&cutter, t->texts->bytes + start, length);
    if (is_done && t->columns) {
      const size_t count = p->count - p->row_start;
      is_done = terms_reserve((void **)&space, &space_capacity, count, sizeof *space);
      if (is_done && count) {
        sort_entries(p->entries + p->row_start, space, count);
        p->count = p->row_start + join_entries(p->entries + p->row_start, count);
      }
    }
    t->counts->row_offsets[i + 1] = (int64_t)(p->count - p->row_start);
  }
  free(space);
  free(p->seen);
  p->seen = NULL;
  term_cutter_free(&cutter);
  return is_done;
}

static void count_parts(void *context, size_t first, size_t last) {
  const task *t = context;
  for (size_t i = first; i < last; i++) t->parts[i].failed = !count_part(t, &t->parts[i]);
}

static bool write_part(const task *t, part *p) {
  entry *space = NULL;
  size_t space_capacity = 0, at = 0;
  for (size_t row = p->first; row < p->last; row++) {
    const size_t start = (size_t)t->counts->row_offsets[row], count = (size_t)t->counts->row_offsets[row + 1] - start;
    entry *entries = p->entries + at;
    at += count;
    if (count == 0) continue;
    if (t->columns == 0) {
      if (!terms_reserve((void **)&space, &space_capacity, count, sizeof *space)) {
        free(space);
        return false;
      }
      if (p->order)
        for (size_t i = 0; i < count; i++) entries[i].column = p->order[entries[i].column];
      sort_entries(entries, space, count);
    }
    for (size_t i = 0; i < count; i++) {
      t->counts->columns[start + i] = (int32_t)entries[i].column;
      t->counts->counts[start + i] = entries[i].count;
    }
  }
  free(space);
  return true;
}

static void write_parts(void *context, size_t first, size_t last) {
  const task *t = context;
  for (size_t i = first; i < last; i++) t->parts[i].failed = !write_part(t, &t->parts[i]);
}

// ---- the vocabulary ----

// A term by its first eight bytes, as a number whose order is theirs.
typedef struct {
  uint64_t prefix;
  uint32_t number;
} sorted_term;

static uint64_t prefix_of(const uint8_t *term, size_t length) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; i++) prefix = prefix << 8 | (i < length ? term[i] : 0);
  return prefix;
}

static bool precedes(const term_numbers *numbers, sorted_term a, sorted_term b) {
  if (a.prefix != b.prefix) return a.prefix < b.prefix;
  const size_t a_start = term_start(numbers, a.number), b_start = term_start(numbers, b.number);
  const size_t a_length = numbers->ends[a.number] - a_start, b_length = numbers->ends[b.number] - b_start;
  const int order = memcmp(numbers->bytes + a_start, numbers->bytes + b_start, smaller(a_length, b_length));
  return order ? order < 0 : a_length < b_length;
}

// The terms' numbers in the order of their bytes, in `order`; false where there is no memory.
static bool sort_terms(const term_numbers *numbers, uint32_t *order) {
  const size_t count = numbers->count;
  sorted_term *memory = malloc((2 * count + 1) * sizeof *memory), *from = memory, *to = memory + count;
  if (!memory) return false;
  for (size_t i = 0; i < count; i++) {
    const size_t start = term_start(numbers, i);
    from[i] = (sorted_term){prefix_of(numbers->bytes + start, numbers->ends[i] - start), (uint32_t)i};
  }
  for (size_t width = 1; width < count; width *= 2) {
    for (size_t first = 0; first < count; first += 2 * width) {
      size_t a = first, b = smaller(first + width, count), out = first;
      const size_t a_end = b, b_end = smaller(first + 2 * width, count);
      while (a < a_end && b < b_end) to[out++] = precedes(numbers, from[b], from[a]) ? from[b++] : from[a++];
      while (a < a_end) to[out++] = from[a++];
      while (b < b_end) to[out++] = from[b++];
    }
    sorted_term *other = from;
    from = to;
    to = other;
  }
  for (size_t i = 0; i < count; i++) order[i] = from[i].number;
  free(memory);
  return true;
}

// Joins the parts' terms in `all`; each part's order then tells the joined number of each of its terms.
static bool join_parts(const task *t, term_numbers *all) {
  for (size_t i = 0; i < t->part_count; i++) {
    part *p = &t->parts[i];
    p->order = malloc((p->numbers.count + 1) * sizeof *p->order);
    if (!p->order) return false;
    p->learned = p->numbers.count;
    for (size_t j = 0; j < p->numbers.count; j++) {
      const size_t start = term_start(&p->numbers, j);
      p->order[j] = term_add(all, p->numbers.bytes + start, p->numbers.ends[j] - start, p->numbers.hashes[j]);
      if (p->order[j] == term_unknown) return false;
    }
    term_numbers_free(&p->numbers);
    p->numbers = (term_numbers){0};
  }
  return true;
}

// The terms of all parts in the order of their bytes, and the final number of each part's.
static bool make_vocabulary(const task *t) {
  farro_term_counts *counts = t->counts;
  term_numbers all = {0};
  bool is_done = join_parts(t, &all);
  uint32_t *order = is_done ? malloc((2 * all.count + 1) * sizeof *order) : NULL, *places = order;
  if (order) {
    places += all.count;
    counts->term_bytes = malloc((all.count ? all.ends[all.count - 1] : 0) + 1);
    counts->term_offsets = malloc((all.count + 1) * sizeof *counts->term_offsets);
  }
  is_done = order && counts->term_bytes && counts->term_offsets && sort_terms(&all, order);
  if (is_done) {
    counts->terms = all.count;
    counts->term_offsets[0] = 0;
    for (size_t i = 0; i < all.count; i++) {
      const size_t start = term_start(&all, order[i]), length = all.ends[order[i]] - start;
      memcpy(counts->term_bytes + counts->term_offsets[i], all.bytes + start, length);
      counts->term_offsets[i + 1] = counts->term_offsets[i] + length;
      places[order[i]] = (uint32_t)i;
    }
    for (size_t i = 0; i < t->part_count; i++)
      for (size_t j = 0; j < t->parts[i].learned; j++) t->parts[i].order[j] = places[t->parts[i].order[j]];
  }
  free(order);
  term_numbers_free(&all);
  return is_done;
}

// ---- the entries ----

static size_t weight_of(const farro_texts *texts, size_t text) {
  // A text costs something even if it is empty.
  return (size_t)(texts->offsets[text] - texts->offsets[0]) + 16 * text;
}

static void cut_into_parts(const farro_texts *texts, part *parts, size_t count) {
  const size_t all = weight_of(texts, texts->count);
  size_t first = 0;
  for (size_t i = 0; i < count; i++) {
    size_t low = first, high = texts->count;
    while (low < high) {
      const size_t middle = low + (high - low) / 2;
      if (weight_of(texts, middle) < all / count * (i + 1))
        low = middle + 1;
      else
        high = middle;
    }
    parts[i].first = first;
    parts[i].last = first = i + 1 == count ? texts->count : low;
  }
}

static farro_status count_all(task *t) {
  const farro_texts *texts = t->texts;
  farro_term_counts *counts = t->counts;
  part parts[most_parts] = {0};
  const size_t weight = weight_of(texts, texts->count);
  t->part_count = smaller(most_parts, weight / part_bytes + 1);
  t->parts = parts;
  cut_into_parts(texts, parts, t->part_count);
  counts->rows = texts->count;
  counts->row_offsets = malloc((texts->count + 1) * sizeof *counts->row_offsets);
  bool is_done = counts->row_offsets != NULL;
  if (is_done) {
    counts->row_offsets[0] = 0;
    farro_parallel_for(t->part_count, 1, (double)weight * nanoseconds_per_byte * t->rule->most, count_parts, t);
    for (size_t i = 0; i < t->part_count; i++) is_done = is_done && !parts[i].failed;
  }
  if (is_done && t->columns == 0 && !t->vocabulary) is_done = make_vocabulary(t);
  if (is_done) {
    for (size_t i = 0; i < texts->count; i++) counts->row_offsets[i + 1] += counts->row_offsets[i];
    const size_t entries = (size_t)counts->row_offsets[texts->count];
    counts->columns = malloc((entries + 1) * sizeof *counts->columns);
    counts->counts = malloc((entries + 1) * sizeof *counts->counts);
    is_done = counts->columns && counts->counts;
    if (is_done) farro_parallel_for(t->part_count, 1, (double)entries * 20, write_parts, t);
    for (size_t i = 0; i < t->part_count; i++) is_done = is_done && !parts[i].failed;
  }
  for (size_t i = 0; i < t->part_count; i++) {
    term_numbers_free(&parts[i].numbers);
    free(parts[i].entries);
    free(parts[i].order);
  }
  if (is_done) return FARRO_OK;
  farro_term_counts_release(counts);
  return FARRO_ERROR_MEMORY;
}

static bool can_cut(const farro_term_rule *rule, const farro_texts *texts) {
  if (rule->unit > FARRO_TERM_GIVEN_WORDS || rule->shortest < 1) return false;
  if (rule->least < 1 || rule->most < rule->least) return false;
  return can_exist(texts->count, 1, 1) && can_exist(texts->offsets[texts->count], 1, 1);
}

static farro_status count_task(task *t, const farro_texts *stop_words, const farro_texts *vocabulary) {
  if (!can_cut(t->rule, t->texts)) return FARRO_ERROR_ARGUMENT;
  if (vocabulary && vocabulary->count > INT32_MAX) return FARRO_ERROR_ARGUMENT;
  *t->counts = (farro_term_counts){0};
  term_numbers stops = {0}, known = {0};
  const bool is_ready =
      (!stop_words || term_add_all(&stops, stop_words)) && (!vocabulary || term_add_all(&known, vocabulary));
  if (stop_words) t->stop_words = &stops;
  if (vocabulary) t->vocabulary = &known;
  const farro_status status = is_ready ? count_all(t) : FARRO_ERROR_MEMORY;
  term_numbers_free(&stops);
  term_numbers_free(&known);
  return status;
}

farro_status farro_count_terms(const farro_term_rule *rule, const farro_texts *texts, const farro_texts *stop_words,
                               const farro_texts *vocabulary, farro_term_counts *counts) {
  task t = {.rule = rule, .texts = texts, .counts = counts};
  return count_task(&t, stop_words, vocabulary);
}

farro_status farro_hash_terms(const farro_term_rule *rule, const farro_texts *texts, const farro_texts *stop_words,
                              size_t columns, bool alternates, farro_term_counts *counts) {
  if (columns < 1 || columns > INT32_MAX) return FARRO_ERROR_ARGUMENT;
  task t = {.rule = rule, .texts = texts, .columns = columns, .alternates = alternates, .counts = counts};
  return count_task(&t, stop_words, NULL);
}

void farro_term_counts_release(farro_term_counts *counts) {
  free(counts->term_bytes);
  free(counts->term_offsets);
  free(counts->row_offsets);
  free(counts->columns);
  free(counts->counts);
  *counts = (farro_term_counts){0};
}
