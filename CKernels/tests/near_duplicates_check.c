#include <time.h>

#include "check.h"

enum { sets = 1500, slots = 48, bands = 8, rows = 6 };

// Signatures in families: members differ in some slots. Elements agree as slots do, so that both have the same Jaccard.
typedef struct {
  uint32_t *signatures;
  uint64_t *keys, *offsets, *elements;
  uint32_t *parents;
} example;

static int compare_u64(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static example make_example(void) {
  example e = {malloc(sets * slots * 4), malloc(sets * bands * 8), malloc((sets + 1) * 8), malloc(sets * slots * 8),
               malloc(sets * 4)};
  e.offsets[0] = 0;
  for (size_t i = 0; i < sets; i++) {
    uint32_t *row = e.signatures + i * slots;
    const size_t copied = i > 0 && random_below(3) ? random_below(i) : i;
    for (size_t k = 0; k < slots; k++)
      row[k] =
          copied == i || random_below(12) == 0 ? (uint32_t)random_below(1 << 30) : e.signatures[copied * slots + k];
    uint64_t *set = e.elements + e.offsets[i];
    for (size_t k = 0; k < slots; k++) set[k] = row[k] * 0x9E3779B97F4A7C15u + k;
    // Empty sets, and a few that are smaller.
    const size_t count = i % 500 == 7 ? 0 : i % 50 == 9 ? slots / 2 : slots;
    qsort(set, count, 8, compare_u64);
    e.offsets[i + 1] = e.offsets[i] + count;
  }
  return e;
}

static void free_example(example e) {
  free(e.signatures), free(e.keys), free(e.offsets), free(e.elements), free(e.parents);
}

static farro_candidates candidates_of(const example *e, const uint64_t *pieces, size_t piece_count,
                                      farro_verification verification, double threshold) {
  for (size_t p = 0; p < piece_count; p++)
    EXPECT(farro_band_keys(e->signatures + pieces[p] * slots, pieces[p + 1] - pieces[p], slots, bands, rows,
                           e->keys + bands * pieces[p]) == FARRO_OK,
           "keys fail");
  return (farro_candidates){.count = sets,
                            .bands = bands,
                            .rows = rows,
                            .slots = slots,
                            .keys = e->keys,
                            .pieces = pieces,
                            .piece_count = piece_count,
                            .signatures = e->signatures,
                            .verification = verification,
                            .threshold = threshold,
                            .set_offsets = e->offsets,
                            .set_elements = e->elements};
}

static uint32_t root_of(uint32_t *parents, uint32_t x) {
  while (parents[x] != x) x = parents[x];
  return x;
}

static int compare_pairs(const void *a, const void *b) {
  const farro_pair *x = a, *y = b;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return (x->second > y->second) - (x->second < y->second);
}

static void expect_candidates(const example *e, const farro_candidates *c, size_t parts, const char *what) {
  enum { capacity = 600000 };
  farro_pair *pairs = malloc(capacity * sizeof *pairs), *reference = malloc(capacity * sizeof *pairs);
  uint32_t *groups = malloc(sets * 4);
  size_t count = 0, expected = 0, right = 0, in_groups = 0;
  EXPECT(farro_list_candidates_reference(c, reference, capacity, &expected) == FARRO_OK, "the reference fails");
  size_t half = 0;
  EXPECT(farro_list_candidates(c, 0, 3, parts, pairs, capacity, &half) == FARRO_OK, "pairs fail");
  EXPECT(farro_list_candidates(c, 3, bands, parts, pairs + half, capacity - half, &count) == FARRO_OK, "pairs fail");
  count += half;
  qsort(pairs, count, sizeof *pairs, compare_pairs);
  for (size_t i = 0; i < count && i < expected; i++)
    right += pairs[i].first == reference[i].first && pairs[i].second == reference[i].second &&
             pairs[i].similarity == reference[i].similarity;
  EXPECT(count == expected && right == count, "%s, %zu parts: %zu pairs, not %zu, %zu right", what, parts, count,
         expected, right);
  for (uint32_t i = 0; i < sets; i++) e->parents[i] = groups[i] = i;
  for (size_t i = 0; i < expected; i++) {
    const uint32_t a = root_of(groups, reference[i].first), b = root_of(groups, reference[i].second);
    groups[a > b ? a : b] = a < b ? a : b;
  }
  EXPECT(farro_join_candidates(c, 0, bands, parts, e->parents) == FARRO_OK, "groups fail");
  farro_flatten_groups(e->parents, sets);
  for (uint32_t i = 0; i < sets; i++) in_groups += e->parents[i] == root_of(groups, i);
  EXPECT(in_groups == sets, "%s, %zu parts: %zu sets of %d in their group", what, parts, in_groups, sets);
  free(pairs), free(reference), free(groups);
}

// Of all candidates with their similarities those at the threshold or above are the ones that are similar.
static void check_threshold(const example *e) {
  enum { capacity = 600000 };
  const uint64_t one[] = {0, sets};
  farro_pair *pairs = malloc(capacity * sizeof *pairs);
  for (size_t needed = 30; needed <= slots; needed++) {
    farro_candidates c = candidates_of(e, one, 1, FARRO_VERIFY_NOTHING, 0);
    size_t count = 0, expected = 0, found = 0;
    EXPECT(farro_list_candidates(&c, 0, bands, 1, pairs, capacity, &count) == FARRO_OK, "pairs fail");
    for (size_t i = 0; i < count; i++) expected += pairs[i].similarity * slots > (double)needed - 0.5;
    c.verification = FARRO_VERIFY_SIGNATURES;
    c.threshold = (double)needed / slots;
    EXPECT(farro_list_candidates(&c, 0, bands, 1, pairs, capacity, &found) == FARRO_OK && found == expected,
           "%zu slots: %zu pairs, not %zu", needed, found, expected);
    c.threshold = nextafter(c.threshold, 0.0) - 0.3 / slots; // between two numbers of slots: the larger one
    EXPECT(farro_list_candidates(&c, 0, bands, 1, pairs, capacity, &found) == FARRO_OK && found == expected,
           "just below %zu slots: %zu pairs, not %zu", needed, found, expected);
  }
  free(pairs);
}

// 55 of 100 are 0.55, although 0.55 times 100 is above 55.
static void check_similarity_at_threshold(void) {
  uint32_t signatures[2 * slots] = {0}, parents[] = {0, 1};
  uint64_t keys[2 * bands], elements[55 + 100];
  const uint64_t pieces[] = {0, 2}, offsets[] = {0, 55, 155};
  for (uint64_t i = 0; i < 155; i++) elements[i] = i < 55 ? i : i - 55;
  farro_band_keys(signatures, 2, slots, bands, rows, keys);
  farro_candidates c = {.count = 2, .bands = bands, .rows = rows, .slots = slots, .keys = keys, .pieces = pieces};
  c.piece_count = 1, c.signatures = signatures, c.verification = FARRO_VERIFY_SETS, c.threshold = 0.55;
  c.set_offsets = offsets, c.set_elements = elements;
  EXPECT(farro_join_candidates(&c, 0, bands, 1, parents) == FARRO_OK && parents[1] == 0, "0.55 is below 0.55");
  c.threshold = nextafter(0.55, 1), parents[1] = 1;
  EXPECT(farro_join_candidates(&c, 0, bands, 1, parents) == FARRO_OK && parents[1] == 1, "0.55 is above 0.55");
}

// Two kinds of sets that share a band and are unlike: those of a kind are not all compared with those of the other.
static void check_kinds(void) {
  enum { many = 40000 };
  uint32_t *signatures = calloc(many * slots, 4), *parents = malloc(many * 4);
  uint64_t *keys = malloc(many * bands * 8);
  for (uint32_t i = 0; i < many; i++) {
    parents[i] = i;
    for (size_t k = rows; k < slots; k++) signatures[i * slots + k] = i % 2;
  }
  farro_band_keys(signatures, many, slots, bands, rows, keys);
  const uint64_t pieces[] = {0, many};
  farro_candidates c = {.count = many, .bands = bands, .rows = rows, .slots = slots, .keys = keys, .pieces = pieces};
  c.piece_count = 1, c.signatures = signatures, c.verification = FARRO_VERIFY_SIGNATURES, c.threshold = 0.5;
  const clock_t begin = clock();
  EXPECT(farro_join_candidates(&c, 0, 1, 1, parents) == FARRO_OK, "groups fail");
  EXPECT(clock() - begin < CLOCKS_PER_SEC / 4, "%g s", (double)(clock() - begin) / CLOCKS_PER_SEC);
  farro_flatten_groups(parents, many);
  size_t right = 0;
  for (uint32_t i = 0; i < many; i++) right += parents[i] == i % 2;
  EXPECT(right == many, "%zu of %d sets are in their group", right, many);
  free(signatures), free(parents), free(keys);
}

// Of sets that are all alike, pairs are not counted to the end.
static void check_too_many(const example *e) {
  enum { capacity = 10 };
  farro_pair pairs[capacity];
  memset(e->signatures, 0, sets * slots * sizeof *e->signatures);
  const uint64_t one[] = {0, sets};
  const farro_candidates c = candidates_of(e, one, 1, FARRO_VERIFY_SIGNATURES, 0.5);
  size_t count = 0;
  EXPECT(farro_list_candidates(&c, 0, bands, 1, pairs, capacity, &count) == FARRO_OK, "pairs fail");
  EXPECT(count > capacity && count < sets * sets / 10, "%zu pairs are counted", count);
}

static void check_candidates(void) {
  const example e = make_example();
  const uint64_t one[] = {0, sets}, many[] = {0, 1, 1, 700, 701, 1200, sets};
  for (size_t parts = 1; parts < 20; parts = parts * 3 + 1) {
    farro_candidates c = candidates_of(&e, one, 1, FARRO_VERIFY_NOTHING, 0);
    expect_candidates(&e, &c, parts, "candidates");
    c = candidates_of(&e, many, 6, FARRO_VERIFY_SIGNATURES, 0.7);
    expect_candidates(&e, &c, parts, "similar signatures");
    c.threshold = 1;
    expect_candidates(&e, &c, parts, "equal signatures");
    c = candidates_of(&e, many, 6, FARRO_VERIFY_SETS, 0.6);
    expect_candidates(&e, &c, parts, "similar sets");
  }
  check_threshold(&e);
  int32_t before;
  farro_set_local_threads(1, &before);
  farro_candidates c = candidates_of(&e, one, 1, FARRO_VERIFY_SIGNATURES, 0.8);
  expect_candidates(&e, &c, 2, "one thread");
  farro_set_local_threads(before, NULL);
  size_t count;
  c.piece_count = 0;
  EXPECT(farro_join_candidates(&c, 0, bands, 1, e.parents) == FARRO_ERROR_ARGUMENT, "pieces that do not end at count");
  c = candidates_of(&e, one, 1, FARRO_VERIFY_SIGNATURES, 1.5);
  EXPECT(farro_join_candidates(&c, 0, bands, 1, e.parents) == FARRO_ERROR_ARGUMENT, "a threshold above 1");
  c.threshold = 0.5, c.signatures = NULL;
  EXPECT(farro_list_candidates(&c, 0, bands, 1, NULL, 0, &count) == FARRO_ERROR_ARGUMENT, "no signatures");
  EXPECT(farro_band_keys(e.signatures, 1, slots, 9, rows, e.keys) == FARRO_ERROR_ARGUMENT, "too many bands");
  check_too_many(&e);
  free_example(e);
}

// Keys agree just where all slots of a band do.
static void check_keys(void) {
  for (size_t r = 1; r < 14; r++) {
    uint32_t signatures[2 * 32];
    uint64_t keys[2 * 32];
    for (size_t k = 0; k < 32; k++) signatures[k] = signatures[32 + k] = (uint32_t)random_below(1 << 20);
    const size_t changed = random_below(32 / r * r);
    signatures[32 + changed] ^= 1u << random_below(32);
    EXPECT(farro_band_keys(signatures, 2, 32, 32 / r, r, keys) == FARRO_OK, "keys fail");
    for (size_t b = 0; b < 32 / r; b++)
      EXPECT((keys[2 * b] == keys[2 * b + 1]) == (changed / r != b), "band %zu of %zu rows", b, r);
  }
}

// ---- texts ----

static void check_texts(void) {
  enum { texts = 300, most_bytes = 60000, k = 64 };
  static uint8_t bytes[most_bytes];
  static farro_span spans[texts];
  static uint32_t signatures[texts * k], expected[k], multipliers[k], addends[k];
  static uint64_t counts[texts], unique[texts], places[texts + 1];
  for (size_t i = 0; i < most_bytes; i++) bytes[i] = (uint8_t)"abcde fghi \n\xC3\xA9"[random_below(14)];
  size_t wrong = 0, wrong_sets = 0;
  for (size_t i = 0; i < texts; i++) {
    spans[i].begin = random_below(most_bytes);
    spans[i].length = random_below(random_below(40) ? 200 : most_bytes - spans[i].begin);
    if (spans[i].begin + spans[i].length > most_bytes) spans[i].length = 0;
  }
  farro_minhash_parameters(5, k, multipliers, addends);
  const farro_shingler shingler = {FARRO_SHINGLE_WORDS, FARRO_WORDS_ALPHANUMERIC, 2, 1};
  for (farro_minhash_engine engine = FARRO_MINHASH_PERMUTATIONS; engine <= FARRO_MINHASH_BINS; engine++) {
    const farro_minhash minhash = {engine, k, multipliers, addends};
    EXPECT(farro_sign_texts(&minhash, &shingler, 3, bytes, most_bytes, spans, texts, signatures) == FARRO_OK,
           "signing fails");
    for (size_t i = 0; i < texts; i++) {
      const uint64_t offsets[2] = {0, spans[i].length};
      farro_minhash_texts(&minhash, &shingler, bytes + spans[i].begin, offsets, 1, expected);
      if (engine == FARRO_MINHASH_BINS) farro_minhash_densify(expected, 1, k, 3, expected);
      wrong += memcmp(expected, signatures + i * k, sizeof expected) != 0;
    }
  }
  EXPECT(wrong == 0, "%zu signatures are wrong", wrong);
  EXPECT(farro_count_shingles(&shingler, bytes, most_bytes, spans, texts, counts) == FARRO_OK, "counting fails");
  for (size_t i = 0; i < texts; i++) places[i + 1] = places[i] + counts[i];
  uint64_t *hashes = malloc((places[texts] + 1) * 8), *all = malloc((places[texts] + 1) * 8);
  EXPECT(farro_shingle_sets(&shingler, bytes, most_bytes, spans, texts, places, hashes, unique) == FARRO_OK,
         "sets fail");
  for (size_t i = 0; i < texts; i++) {
    size_t count = 0, kept = 0;
    farro_shingles(&shingler, bytes + spans[i].begin, spans[i].length, all, places[texts], &count);
    wrong_sets += count != counts[i];
    qsort(all, count, 8, compare_u64);
    for (size_t j = 0; j < count; j++)
      if (j == 0 || all[j] != all[j - 1]) all[kept++] = all[j];
    wrong_sets += kept != unique[i] || memcmp(all, hashes + places[i], kept * 8) != 0;
  }
  EXPECT(wrong_sets == 0, "%zu sets are wrong", wrong_sets);
  spans[3].begin = most_bytes - 1, spans[3].length = 2;
  EXPECT(farro_count_shingles(&shingler, bytes, most_bytes, spans, texts, counts) == FARRO_ERROR_ARGUMENT,
         "a text beyond");
  free(hashes), free(all);
}

// Many texts of few words are filled by another way than one.
static void check_short_texts(size_t k) {
  enum { texts = 500, most_slots = 90 };
  static uint8_t bytes[texts * 60];
  static farro_span spans[texts];
  static uint32_t signatures[texts * most_slots], expected[most_slots];
  static uint32_t multipliers[most_slots], addends[most_slots];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)"abcde fghi "[random_below(11)];
  for (size_t i = 0; i < texts; i++) spans[i] = (farro_span){60 * i, random_below(60)};
  farro_minhash_parameters(5, k, multipliers, addends);
  const farro_minhash minhash = {FARRO_MINHASH_BINS, k, multipliers, addends};
  const farro_shingler shingler = {FARRO_SHINGLE_WORDS, FARRO_WORDS_ALPHANUMERIC, 1, 1};
  size_t wrong = 0;
  EXPECT(farro_sign_texts(&minhash, &shingler, 3, bytes, sizeof bytes, spans, texts, signatures) == FARRO_OK,
         "signing fails");
  for (size_t i = 0; i < texts; i++) {
    const uint64_t offsets[2] = {spans[i].begin, spans[i].begin + spans[i].length};
    farro_minhash_texts(&minhash, &shingler, bytes, offsets, 1, expected);
    farro_minhash_densify(expected, 1, k, 3, expected);
    wrong += memcmp(expected, signatures + i * k, k * sizeof *expected) != 0;
  }
  EXPECT(wrong == 0, "%zu slots: %zu signatures are wrong", k, wrong);
}

void check_near_duplicates(void) {
  check_keys();
  check_similarity_at_threshold();
  check_candidates();
  check_kinds();
  check_texts();
  check_short_texts(1);
  check_short_texts(64);
  check_short_texts(90);
}
