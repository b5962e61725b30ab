#include "check.h"

enum { most_slots = 300, most_hashes = 5000 };

static uint32_t multipliers[most_slots], addends[most_slots];

static void fill_hashes(uint64_t *hashes, size_t count) {
  for (size_t i = 0; i < count; i++) hashes[i] = (uint64_t)random_below(1ull << 32) << 32 | random_below(1ull << 32);
}

static bool same(const uint32_t *x, const uint32_t *y, size_t count) { return memcmp(x, y, count * sizeof *x) == 0; }

static const size_t slot_counts[] = {1, 3, 4, 5, 8, 15, 16, 17, 31, 33, 64, 100, 127, 128, 129, 256, 300};
enum { slot_count_count = sizeof slot_counts / sizeof *slot_counts };

static void check_updates(void) {
  uint64_t *hashes = guarded_allocate(most_hashes * sizeof *hashes);
  fill_hashes(hashes, most_hashes);
  for (int engine = 0; engine < 2; engine++)
    for (size_t s = 0; s < slot_count_count; s++)
      for (size_t t = 0; t < tail_size_count; t++) {
        const size_t slots = slot_counts[s], count = tail_sizes[t] * 7;
        const farro_minhash minhash = {(farro_minhash_engine)engine, slots, multipliers, addends};
        uint32_t *signature = guarded_allocate(slots * sizeof *signature), expected[most_slots];
        memset(signature, 0xFF, slots * sizeof *signature);
        memset(expected, 0xFF, sizeof expected);
        const uint64_t *from = hashes + most_hashes - count;
        EXPECT(farro_minhash_update(&minhash, from, count / 3, signature) == FARRO_OK, "an update fails");
        EXPECT(farro_minhash_update(&minhash, from + count / 3, count - count / 3, signature) == FARRO_OK, "fails");
        farro_minhash_reference_update(&minhash, from, count, expected);
        EXPECT(same(signature, expected, slots), "engine %d: %zu slots of %zu hashes", engine, slots, count);
        if (engine == FARRO_MINHASH_PERMUTATIONS) {
          uint32_t *upper = guarded_allocate((count + 1) * sizeof *upper);
          for (size_t i = 0; i < count; i++) upper[1 + i] = (uint32_t)(from[i] >> 32);
          memset(signature, 0xFF, slots * sizeof *signature);
          EXPECT(farro_minhash_update_u32(&minhash, upper + 1, count, signature) == FARRO_OK, "an update fails");
          EXPECT(same(signature, expected, slots), "%zu slots of %zu hashes of 32 bits", slots, count);
          guarded_free(upper, (count + 1) * sizeof *upper);
        }
        guarded_free(signature, slots * sizeof *signature);
      }
  guarded_free(hashes, most_hashes * sizeof *hashes);
}

static void check_many_sets(void) {
  enum { sets = 200, slots = 77 };
  uint64_t hashes[most_hashes], offsets[sets + 1] = {13};
  fill_hashes(hashes, most_hashes);
  for (size_t i = 0; i < sets; i++) {
    offsets[i + 1] = offsets[i] + (random_below(5) ? random_below(30) : random_below(3) ? 0 : random_below(200));
    if (offsets[i + 1] > most_hashes) offsets[i + 1] = most_hashes;
  }
  uint32_t *signatures = malloc(sets * slots * sizeof *signatures), expected[slots];
  for (int engine = 0; engine < 2; engine++)
    for (int threads = 1; threads < 3; threads++) {
      const farro_minhash minhash = {(farro_minhash_engine)engine, slots, multipliers, addends};
      farro_set_local_threads(threads, NULL);
      EXPECT(farro_minhash_signatures(&minhash, hashes, offsets, sets, signatures) == FARRO_OK, "signatures fail");
      size_t right = 0;
      for (size_t i = 0; i < sets; i++) {
        memset(expected, 0xFF, sizeof expected);
        farro_minhash_reference_update(&minhash, hashes + offsets[i], offsets[i + 1] - offsets[i], expected);
        right += same(signatures + i * slots, expected, slots);
      }
      EXPECT(right == sets, "engine %d, %d threads: %zu of %d signatures are right", engine, threads, right, sets);
    }
  farro_set_local_threads(0, NULL);
  free(signatures);
}

static void check_texts(void) {
  enum { texts = 90, slots = 64 };
  uint8_t *bytes = malloc(texts * 6000);
  uint64_t offsets[texts + 1] = {0}, *hashes = malloc(6000 * sizeof *hashes);
  for (size_t i = 0; i < texts; i++) {
    const size_t length = i % 7 == 0 ? 0 : random_below(i % 5 == 0 ? 6000 : 200);
    for (size_t j = 0; j < length; j++) bytes[offsets[i] + j] = (uint8_t)"abc de,\xC3\xA9"[random_below(9)];
    offsets[i + 1] = offsets[i] + length;
  }
  uint32_t signatures[texts * slots], expected[slots];
  const farro_shingler shingler = {FARRO_SHINGLE_WORDS, FARRO_WORDS_ALPHANUMERIC, 2, 9};
  for (int engine = 0; engine < 2; engine++) {
    const farro_minhash minhash = {(farro_minhash_engine)engine, slots, multipliers, addends};
    EXPECT(farro_minhash_texts(&minhash, &shingler, bytes, offsets, texts, signatures) == FARRO_OK, "texts fail");
    for (size_t i = 0; i < texts; i++) {
      size_t count;
      farro_shingles_reference(&shingler, bytes + offsets[i], offsets[i + 1] - offsets[i], hashes, 6000, &count);
      memset(expected, 0xFF, sizeof expected);
      farro_minhash_reference_update(&minhash, hashes, count, expected);
      EXPECT(same(signatures + i * slots, expected, slots), "engine %d: the signature of text %zu", engine, i);
    }
  }
  free(bytes), free(hashes);
}

static void check_filling(void) {
  const size_t slots = 130;
  const farro_minhash minhash = {FARRO_MINHASH_BINS, slots, NULL, NULL};
  for (size_t count = 0; count < 400; count = count * 2 + 1) {
    uint64_t hashes[400];
    uint32_t raw[130], filled[130], again[130];
    memset(raw, 0xFF, sizeof raw);
    fill_hashes(hashes, count);
    farro_minhash_update(&minhash, hashes, count, raw);
    EXPECT(farro_minhash_densify(raw, 1, slots, 5, filled) == FARRO_OK, "filling fails");
    memcpy(again, raw, sizeof raw);
    farro_minhash_densify(again, 1, slots, 5, again);
    EXPECT(same(filled, again, slots), "filling in place differs");
    size_t kept = 0, known = 0;
    for (size_t k = 0; k < slots; k++) {
      kept += raw[k] == farro_minhash_empty || raw[k] == filled[k];
      bool found = false;
      for (size_t other = 0; other < slots; other++)
        found |= raw[other] == filled[k] && (count == 0 || filled[k] != farro_minhash_empty);
      known += found;
    }
    EXPECT(kept == slots && known == slots, "of %zu: %zu slots kept, %zu filled with others'", count, kept, known);
  }
}

// Merging signatures is the signature of the union, for both engines.
static void check_merging(void) {
  uint64_t hashes[700];
  fill_hashes(hashes, 700);
  for (int engine = 0; engine < 2; engine++)
    for (size_t s = 0; s < slot_count_count; s++) {
      const size_t slots = slot_counts[s];
      const farro_minhash minhash = {(farro_minhash_engine)engine, slots, multipliers, addends};
      uint32_t *first = guarded_allocate(slots * 4), second[most_slots], both[most_slots];
      memset(first, 0xFF, slots * 4), memset(second, 0xFF, sizeof second), memset(both, 0xFF, sizeof both);
      farro_minhash_update(&minhash, hashes, 500, first);
      farro_minhash_update(&minhash, hashes + 400, 300, second);
      farro_minhash_update(&minhash, hashes, 700, both);
      EXPECT(farro_minhash_merge(first, second, slots) == FARRO_OK && same(first, both, slots), "%zu slots", slots);
      guarded_free(first, slots * 4);
    }
}

static void check_comparing(void) {
  enum { m = 9, n = 150 };
  for (size_t s = 0; s < slot_count_count; s++) {
    const size_t slots = slot_counts[s];
    uint32_t *x = guarded_allocate(m * slots * 4), *y = guarded_allocate(n * slots * 4), out[m * (n + 3)],
             expected[m * (n + 3)];
    for (size_t i = 0; i < m * slots; i++) x[i] = (uint32_t)random_below(3);
    for (size_t i = 0; i < n * slots; i++) y[i] = (uint32_t)random_below(3);
    memset(out, 0, sizeof out), memset(expected, 0, sizeof expected);
    EXPECT(farro_minhash_matches(x, m, y, n, slots, out, n + 3) == FARRO_OK, "comparing fails");
    farro_minhash_reference_matches(x, m, y, n, slots, expected, n + 3);
    EXPECT(same(out, expected, m * (n + 3)), "matches of %zu slots", slots);
    for (uint32_t bits = 1; bits <= 16; bits *= 2) {
      const size_t words = bits * ((slots + 63) / 64);
      uint64_t *packed_x = guarded_allocate(m * words * 8), *packed_y = guarded_allocate(n * words * 8);
      farro_minhash_pack(x, m, slots, bits, packed_x), farro_minhash_pack(y, n, slots, bits, packed_y);
      farro_minhash_packed_matches(packed_x, m, packed_y, n, slots, bits, out, n + 3);
      for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
          expected[i * (n + 3) + j] = 0;
          for (size_t k = 0; k < slots; k++)
            expected[i * (n + 3) + j] +=
                x[i * slots + k] * 0x9E3779B1u >> (32 - bits) == y[j * slots + k] * 0x9E3779B1u >> (32 - bits);
        }
      EXPECT(same(out, expected, m * (n + 3)), "matches of %zu slots of %u bits", slots, bits);
      guarded_free(packed_x, m * words * 8), guarded_free(packed_y, n * words * 8);
    }
    guarded_free(x, m * slots * 4), guarded_free(y, n * slots * 4);
  }
}

static void check_votes(void) {
  uint64_t hashes[1100];
  float weights[1100];
  fill_hashes(hashes, 1100);
  for (size_t count = 0; count <= 1100; count += count < 4 ? 1 : 137) {
    uint64_t expected = 0, weighted = 0, plain, equal, doubled;
    for (size_t i = 0; i < count; i++) weights[i] = (float)(1 + random_below(100));
    for (size_t b = 0; b < 64; b++) {
      double sum = 0, weighted_sum = 0;
      for (size_t i = 0; i < count; i++) {
        const double sign = hashes[i] >> b & 1 ? 1 : -1;
        sum += sign, weighted_sum += sign * (double)weights[i];
      }
      expected |= (uint64_t)(sum > 0) << b, weighted |= (uint64_t)(weighted_sum > 0) << b;
    }
    EXPECT(farro_simhash(hashes, NULL, count, &plain) == FARRO_OK && plain == expected, "votes of %zu", count);
    EXPECT(farro_simhash(hashes, weights, count, &equal) == FARRO_OK && equal == weighted, "weighed votes");
    for (size_t i = 0; i < count; i++) weights[i] = 2;
    farro_simhash(hashes, weights, count, &doubled);
    EXPECT(doubled == expected, "equal weights make a difference");
    double sums[64] = {0};
    farro_simhash_vote(hashes, NULL, count / 3, sums);
    farro_simhash_vote(hashes + count / 3, NULL, count - count / 3, sums);
    EXPECT(farro_simhash_result(sums) == expected, "votes of %zu in parts", count);
  }
  const farro_shingler shingler = {FARRO_SHINGLE_WORDS, FARRO_WORDS_ALPHANUMERIC, 2, 3};
  const char *text = "some words and more words and some more";
  const uint64_t offsets[] = {0, 11, 11, strlen(text)};
  uint64_t results[3];
  EXPECT(farro_simhash_texts(&shingler, text, offsets, 3, results) == FARRO_OK, "votes of texts fail");
  for (size_t i = 0; i < 3; i++) {
    size_t count;
    uint64_t expected;
    farro_shingles_reference(&shingler, text + offsets[i], offsets[i + 1] - offsets[i], hashes, 1100, &count);
    farro_simhash(hashes, NULL, count, &expected);
    EXPECT(results[i] == expected, "votes of text %zu", i);
  }
}

// Of larger weights and more elements, whatever the order; and consistent: a slot changes to what was added only.
static void check_weighted(void) {
  enum { slots = 37, count = 50 };
  uint64_t hashes[count];
  float weights[count], lighter[count];
  fill_hashes(hashes, count);
  for (size_t i = 0; i < count; i++) weights[i] = (float)(1 + random_below(1000)) / 64;
  for (size_t i = 0; i < count; i++) lighter[i] = i % 3 ? weights[i] / 2 : weights[i];
  double least[3][slots];
  uint32_t signatures[3][slots];
  for (size_t i = 0; i < 3; i++)
    for (size_t k = 0; k < slots; k++) least[i][k] = INFINITY, signatures[i][k] = farro_minhash_empty;
  EXPECT(farro_weighted_minhash_update(1, slots, hashes, weights, count, least[0], signatures[0]) == FARRO_OK, "fails");
  farro_weighted_minhash_update(1, slots, hashes, lighter, count, least[1], signatures[1]);
  farro_weighted_minhash_update(1, slots, hashes + 20, weights + 20, count - 20, least[1], signatures[1]);
  farro_weighted_minhash_update(1, slots, hashes, weights, 20, least[2], signatures[2]);
  EXPECT(farro_weighted_minhash_merge(slots, least[1], signatures[1], least[2], signatures[2]) == FARRO_OK, "fails");
  EXPECT(same(signatures[0], signatures[1], slots), "the larger weights do not count");
  const float none[4] = {0, -1, NAN, INFINITY};
  farro_weighted_minhash_update(1, slots, hashes, none, 4, least[1], signatures[1]);
  EXPECT(same(signatures[0], signatures[1], slots), "weights that are none count");
}

static void check_refusals(void) {
  const uint64_t hashes[2] = {1, 2}, descending[] = {0, 2, 1};
  uint32_t signature[4] = {7, 7, 7, 7};
  const farro_minhash none = {.slots = 0}, bins = {.engine = FARRO_MINHASH_BINS, .slots = 2};
  EXPECT(farro_minhash_update(&none, hashes, 2, signature) == FARRO_ERROR_ARGUMENT, "no slots are accepted");
  EXPECT(farro_minhash_update_u32(&bins, signature, 2, signature) == FARRO_ERROR_ARGUMENT, "bins of 32 bits");
  EXPECT(farro_minhash_signatures(&bins, hashes, descending, 2, signature) == FARRO_ERROR_ARGUMENT, "descending");
  EXPECT(farro_minhash_pack(signature, 1, 2, 3, (uint64_t[3]){0}) == FARRO_ERROR_ARGUMENT, "3 bits are accepted");
  EXPECT(signature[0] == 7, "an output is touched");
}

static void check_sha1(void) {
  // FIPS 180-4's examples, and one of every padding.
  static const struct {
    const char *text;
    uint8_t first[4];
  } golden[] = {{"abc", {0xa9, 0x99, 0x3e, 0x36}},
                {"", {0xda, 0x39, 0xa3, 0xee}},
                {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", {0x84, 0x98, 0x3e, 0x44}}};
  uint8_t digest[20];
  for (size_t i = 0; i < 3; i++) {
    farro_sha1(golden[i].text, strlen(golden[i].text), digest);
    EXPECT(memcmp(digest, golden[i].first, 4) == 0, "SHA-1 of \"%s\"", golden[i].text);
  }
}

void check_sketch(void) {
  farro_minhash_parameters(42, most_slots, multipliers, addends);
  check_updates();
  check_many_sets();
  check_texts();
  check_filling();
  check_merging();
  check_comparing();
  check_votes();
  check_weighted();
  check_refusals();
  check_sha1();
}
