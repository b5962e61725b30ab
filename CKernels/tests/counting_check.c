#include "check.h"

enum { most_elements = 5000 };

static uint64_t elements[most_elements];

static void fill_elements(void) {
  for (size_t i = 0; i < most_elements; i++)
    elements[i] = (uint64_t)random_below(1ull << 32) << 32 | random_below(1ull << 32);
  // Hashes with the longest ranks, in registers apart.
  elements[7] = 0, elements[11] = 1, elements[13] = 1ull << 63, elements[17] = UINT64_MAX;
  // The same register of a list, with three ranks.
  elements[20] = 5ull << 60 | 1 << 30, elements[21] = 5ull << 60 | 1 << 10, elements[22] = 5ull << 60 | 1 << 20;
}

static bool same(const void *x, const void *y, size_t bytes) { return memcmp(x, y, bytes) == 0; }

static void check_mixing(void) {
  for (size_t t = 0; t < tail_size_count; t++) {
    const size_t count = tail_sizes[t];
    uint64_t *keys = guarded_allocate(count * 8), *hashes = guarded_allocate(count * 8);
    size_t right = 0;
    for (size_t i = 0; i < count; i++) keys[i] = i * i;
    EXPECT(farro_mix_keys(5, keys, count, hashes) == FARRO_OK, "mixing fails");
    for (size_t i = 0; i < count; i++) {
      // SplitMix64's second number from the state 5 is the mix of 5 + 2 * 0x9E3779B97F4A7C15; its first, of one step.
      uint64_t words[2] = {5 + 0x9E3779B97F4A7C15, 0};
      for (size_t j = 0; j < 2; j++) {
        uint64_t x = words[j];
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
        x = (x ^ x >> 27) * 0x94D049BB133111EB;
        words[j] = x ^ x >> 31;
        if (j == 0) words[1] = words[0] ^ keys[i];
      }
      right += hashes[i] == words[1];
    }
    EXPECT(right == count, "%zu of %zu keys are mixed", right, count);
    guarded_free(keys, count * 8), guarded_free(hashes, count * 8);
  }
}

// ---- HyperLogLog ----

static void check_registers(void) {
  for (uint32_t precision = 4; precision <= 18; precision++)
    for (size_t t = 0; t < tail_size_count; t += precision == 4 || precision == 12 ? 1 : 5) {
      const size_t count = tail_sizes[t] * 19, m = (size_t)1 << precision;
      uint8_t *registers = guarded_allocate(m), *expected = calloc(m, 1);
      uint64_t *from = guarded_allocate(count * 8), *hashes = malloc(count * 8 + 8);
      memcpy(from, elements, count * 8);
      memset(registers, 0, m);
      EXPECT(farro_hyperloglog_update(registers, precision, from, count) == FARRO_OK, "an update fails");
      farro_hyperloglog_reference_update(expected, precision, from, count);
      EXPECT(same(registers, expected, m), "%zu hashes at precision %u", count, precision);
      EXPECT(farro_hyperloglog_update_keys(registers, precision, 3, from, count) == FARRO_OK, "an update fails");
      farro_mix_keys(3, from, count, hashes);
      farro_hyperloglog_reference_update(expected, precision, hashes, count);
      EXPECT(same(registers, expected, m), "%zu keys at precision %u", count, precision);
      guarded_free(registers, m), guarded_free(from, count * 8), free(expected), free(hashes);
    }
}

// The union, and that of a lower precision.
static void check_register_merging(void) {
  static uint8_t first[1 << 18], second[1 << 18], both[1 << 18];
  for (uint32_t precision = 4; precision <= 18; precision += 2)
    for (uint32_t from = precision; from <= 18; from += 3) {
      memset(first, 0, sizeof first), memset(second, 0, sizeof second), memset(both, 0, sizeof both);
      farro_hyperloglog_reference_update(first, precision, elements, 3000);
      farro_hyperloglog_reference_update(second, from, elements + 2000, 3000);
      farro_hyperloglog_reference_update(both, precision, elements, 5000);
      EXPECT(farro_hyperloglog_merge(first, precision, second, from) == FARRO_OK, "merging fails");
      EXPECT(same(first, both, (size_t)1 << precision), "the union of precisions %u and %u", precision, from);
    }
  EXPECT(farro_hyperloglog_merge(first, 6, second, 5) == FARRO_ERROR_ARGUMENT, "a lower precision is accepted");
}

static void check_sparse_lists(void) {
  enum { capacity = 2000 };
  uint32_t codes[capacity], more[capacity];
  size_t count = 0, more_count = 0;
  static uint8_t registers[1 << 18], expected[1 << 18];
  EXPECT(farro_hyperloglog_sparse_update(codes, &count, capacity, elements, 1000) == 1000, "there is room for 1000");
  EXPECT(farro_hyperloglog_sparse_update(codes, &count, capacity, elements, 1000) == 1000 && count <= 1000, "again");
  EXPECT(farro_hyperloglog_sparse_is_sound(codes, count), "a list is not sound");
  farro_hyperloglog_sparse_update(more, &more_count, capacity, elements + 500, 1000);
  EXPECT(farro_hyperloglog_sparse_merge(codes, &count, capacity, more, more_count) == more_count, "merging fails");
  for (uint32_t precision = 4; precision <= 18; precision++) {
    memset(registers, 0, sizeof registers), memset(expected, 0, sizeof expected);
    farro_hyperloglog_expand(codes, count, registers, precision);
    farro_hyperloglog_reference_update(expected, precision, elements, 1500);
    EXPECT(same(registers, expected, (size_t)1 << precision), "a list at precision %u", precision);
  }
  const size_t taken = farro_hyperloglog_sparse_update(codes, &count, capacity, elements, most_elements);
  EXPECT(taken < most_elements && taken >= 1500 && count == capacity, "a full list takes %zu", taken);
  EXPECT(farro_hyperloglog_sparse_update(codes, &count, capacity, elements, taken) == taken, "a full list forgets");
  for (size_t n = 0; n < 1 << 20; n = n * 3 + 1) {
    const double m = 1 << 26, exact = -m * log1p(-(double)n / m);
    const double estimate = farro_hyperloglog_sparse_estimate(n);
    EXPECT(fabs(estimate - exact) <= 1e-14 * exact, "the estimate of %zu is %.17g, not %.17g", n, estimate, exact);
  }
  codes[1] = codes[0];
  EXPECT(!farro_hyperloglog_sparse_is_sound(codes, count), "an index twice is sound");
}

// Registers of the shape that n elements make, whose estimate must be n: each rank as often as it should be.
static void check_estimates(void) {
  static uint8_t registers[1 << 18];
  const uint32_t precision = 18;
  const double m = 1 << 18;
  for (double n = 1000; n < 1e19; n *= 7) {
    // P(rank <= k) = exp(-n / m 2^-k) of Poisson numbers of elements, and 1 for the last.
    const uint32_t last = 65 - precision;
    for (size_t i = 0; i < 1 << 18; i++) {
      const double p = ((double)i + 0.5) / m;
      uint32_t rank = 0;
      while (rank < last && exp(-n / m * exp2(-(double)rank)) < p) rank++;
      registers[i] = (uint8_t)rank;
    }
    double estimate;
    EXPECT(farro_hyperloglog_estimate(registers, precision, &estimate) == FARRO_OK, "an estimate fails");
    EXPECT(fabs(estimate / n - 1) < 1e-3, "%g elements are estimated as %g", n, estimate);
  }
  double estimate;
  memset(registers, 0, 16);
  EXPECT(farro_hyperloglog_estimate(registers, 4, &estimate) == FARRO_OK && estimate == 0, "an empty set");
  memset(registers, 61, 16);
  EXPECT(farro_hyperloglog_estimate(registers, 4, &estimate) == FARRO_OK && estimate == INFINITY, "a full sketch");
  registers[3] = 62;
  EXPECT(farro_hyperloglog_estimate(registers, 4, &estimate) == FARRO_ERROR_ARGUMENT, "no hash has such a rank");
  EXPECT(farro_hyperloglog_estimate(registers, 3, &estimate) == FARRO_ERROR_ARGUMENT, "precision 3 is accepted");
  EXPECT(farro_hyperloglog_update(registers, 19, elements, 1) == FARRO_ERROR_ARGUMENT, "precision 19 is accepted");
}

// ---- Bloom filters ----

static void check_filters(void) {
  static const size_t block_counts[] = {1, 2, 3, 7, 64, 1000, 20000}; // the last: fetched ahead
  for (size_t b = 0; b < sizeof block_counts / sizeof *block_counts; b++)
    for (size_t t = 0; t < tail_size_count; t++) {
      const size_t blocks = block_counts[b], bytes = blocks * 32, count = tail_sizes[t] * 5;
      uint32_t *words = guarded_allocate(bytes), *expected = calloc(blocks, 32);
      uint64_t *from = guarded_allocate(count * 8), *hashes = malloc(count * 8 + 8);
      bool *found = guarded_allocate(most_elements), answers[most_elements];
      memcpy(from, elements, count * 8);
      memset(words, 0, bytes);
      EXPECT(farro_bloom_insert(words, blocks, from, count) == FARRO_OK, "an insertion fails");
      farro_bloom_reference_insert(expected, blocks, from, count);
      EXPECT(same(words, expected, bytes), "%zu hashes in %zu blocks", count, blocks);
      EXPECT(farro_bloom_find(words, blocks, elements, most_elements, found) == FARRO_OK, "a search fails");
      farro_bloom_reference_find(words, blocks, elements, most_elements, answers);
      EXPECT(same(found, answers, most_elements), "searches among %zu in %zu blocks", count, blocks);
      memset(expected, 0, bytes);
      farro_mix_keys(9, from, count, hashes);
      farro_bloom_reference_insert(expected, blocks, hashes, count);
      memset(words, 0, bytes);
      EXPECT(farro_bloom_insert_keys(words, blocks, 9, from, count) == FARRO_OK, "an insertion fails");
      EXPECT(same(words, expected, bytes), "%zu keys in %zu blocks", count, blocks);
      EXPECT(farro_bloom_find_keys(words, blocks, 9, from, count, found) == FARRO_OK, "a search fails");
      size_t hits = 0;
      for (size_t i = 0; i < count; i++) hits += found[i];
      EXPECT(hits == count, "of %zu keys %zu are found", count, hits);
      guarded_free(words, bytes), guarded_free(from, count * 8), guarded_free(found, most_elements);
      free(expected), free(hashes);
    }
  uint32_t words[8] = {0};
  EXPECT(farro_bloom_insert(words, 0, elements, 1) == FARRO_ERROR_ARGUMENT, "no blocks are accepted");
  EXPECT(farro_bloom_find(words, 0, elements, 1, NULL) == FARRO_ERROR_ARGUMENT, "no blocks are accepted");
}

// Filters that Spark wrote to Parquet files for the numbers 0 to 9 of 64 bits, and for "a0" to "a9": the test vectors
// of the Rust implementations parquet2 and parquet.
static void check_parquet(void) {
  static const uint8_t of_numbers[32] = {24,  130, 24, 8,  134, 8,   68,  6,   2,  101, 128, 10, 64, 2,   38, 78,
                                         114, 1,   64, 38, 1,   192, 194, 152, 64, 70,  0,   36, 56, 121, 64, 0};
  static const uint8_t of_texts[32] = {200, 1,   80, 20, 64, 68, 8,  109, 6, 37, 4,   67, 144, 80, 96, 32,
                                       8,   132, 43, 33, 0,  5,  99, 65,  2, 0,  224, 44, 64,  78, 96, 4};
  uint64_t numbers[10], texts[10];
  for (uint64_t i = 0; i < 10; i++) {
    const char text[2] = {'a', (char)('0' + i)};
    numbers[i] = farro_xxh64(&i, 8, 0), texts[i] = farro_xxh64(text, 2, 0);
  }
  uint32_t words[8] = {0};
  farro_bloom_insert(words, 1, numbers, 10);
  EXPECT(same(words, of_numbers, 32), "the filter of numbers is not Parquet's");
  memset(words, 0, sizeof words);
  farro_bloom_insert(words, 1, texts, 10);
  EXPECT(same(words, of_texts, 32), "the filter of texts is not Parquet's");
}

static void check_filter_sizes(void) {
  // 256 / 10 and 256 / 16 elements for each block; by the formula in 30 digits.
  EXPECT(fabs(farro_bloom_false_positive_rate(1000, 25600) - 0.012648451536) < 1e-9, "the rate at 10 bits");
  EXPECT(fabs(farro_bloom_false_positive_rate(1000, 16000) - 0.001315573402851) < 1e-9, "the rate at 16 bits");
  EXPECT(farro_bloom_false_positive_rate(0, 1) == 1 && farro_bloom_false_positive_rate(1, 1e30) == 1, "full filters");
  EXPECT(farro_bloom_false_positive_rate(5, 0) == 0, "an empty filter");
  for (double rate = 0.5; rate > 1e-9; rate /= 3)
    for (double count = 1; count < 1e8; count *= 31) {
      const size_t blocks = farro_bloom_blocks(count, rate);
      EXPECT(farro_bloom_false_positive_rate(blocks, count) <= rate, "%zu blocks are too few", blocks);
      EXPECT(blocks == 1 || farro_bloom_false_positive_rate(blocks - 1, count) > rate, "%zu are too many", blocks);
    }
  EXPECT(farro_bloom_blocks(1e15, 1e-3) == SIZE_MAX, "2^31 blocks suffice for everything");
}

// ---- Count-Min and heavy hitters ----

static void check_counters(void) {
  uint64_t amounts[most_elements], hashes[most_elements], estimates[most_elements];
  for (size_t i = 0; i < most_elements; i++) amounts[i] = random_below(1000);
  for (size_t width = 1; width < 4000; width = width * 5 + 2)
    for (size_t depth = 1; depth <= 32; depth = depth * 2 + 1)
      for (int kind = 0; kind < 4; kind++) {
        const farro_count_min sketch = {width, depth, 77, kind & 1};
        const uint64_t *of = kind & 2 ? amounts : NULL;
        const size_t bytes = width * depth * 8, count = 700;
        uint64_t *counters = guarded_allocate(bytes), *expected = calloc(width * depth, 8);
        memset(counters, 0, bytes);
        EXPECT(farro_count_min_update(&sketch, counters, elements, of, count) == FARRO_OK, "an update fails");
        farro_count_min_reference_update(&sketch, expected, elements, of, count);
        EXPECT(same(counters, expected, bytes), "%zu counters in %zu rows", width, depth);
        farro_mix_keys(77, elements, count, hashes);
        farro_count_min_update_keys(&sketch, counters, elements, of, count);
        farro_count_min_reference_update(&sketch, expected, hashes, of, count);
        EXPECT(same(counters, expected, bytes), "%zu counters in %zu rows, of keys", width, depth);
        farro_count_min_estimate_keys(&sketch, counters, elements, count, estimates);
        uint64_t low = 0, two[2];
        for (size_t i = 0; i < count; i++) low += estimates[i] < (of ? amounts[i] : 1);
        EXPECT(low == 0, "%llu estimates are too low", (unsigned long long)low);
        EXPECT(farro_count_min_estimate(&sketch, counters, hashes, 2, two) == FARRO_OK, "an estimate fails");
        EXPECT(same(two, estimates, 16), "estimates of hashes and keys differ");
        EXPECT(farro_count_min_merge(&sketch, counters, expected) == FARRO_OK, "merging fails");
        size_t doubled = 0;
        for (size_t i = 0; i < width * depth; i++) doubled += counters[i] == 2 * expected[i];
        EXPECT(doubled == width * depth, "merging does not add");
        guarded_free(counters, bytes), free(expected);
      }
  const farro_count_min none = {0, 1, 0, false}, deep = {1, 33, 0, false};
  EXPECT(farro_count_min_update(&none, amounts, elements, NULL, 1) == FARRO_ERROR_ARGUMENT, "no width is accepted");
  EXPECT(farro_count_min_update(&deep, amounts, elements, NULL, 1) == FARRO_ERROR_ARGUMENT, "depth 33 is accepted");
}

// Keys from 0 to 999, small ones much more often than large ones.
static uint64_t skewed(void) { return random_below(1 + random_below(1 + random_below(1000))); }

// The bounds that the header gives, of a block and what it saw.
static void expect_bounds(const uint64_t *block, size_t capacity, const uint64_t *truth) {
  uint64_t total = 0, sum = 0, wrong = 0;
  for (uint64_t key = 0; key < 1000; key++) total += truth[key];
  for (uint64_t key = 0; key < 1000; key++) {
    uint64_t count, error;
    const bool there = farro_heavy_hitters_find(block, key, &count, &error);
    wrong += count < truth[key] || count - error > truth[key] || error > total / capacity;
    wrong += !there && truth[key] > total / capacity;
    if (there) sum += count;
  }
  EXPECT(wrong == 0, "capacity %zu: %llu keys are out of bounds", capacity, (unsigned long long)wrong);
  EXPECT(farro_heavy_hitters_total(block) == total && sum <= total, "the total is wrong");
}

static void check_heavy_hitters(void) {
  for (size_t capacity = 1; capacity < 2000; capacity = capacity * 3 + 1) {
    const size_t bytes = farro_heavy_hitters_words(capacity) * 8;
    uint64_t *first = guarded_allocate(bytes), *second = guarded_allocate(bytes), *again = guarded_allocate(bytes);
    uint64_t truth[2][1000] = {0}, keys[2000], counts[2000], errors[2000];
    uint64_t *blocks[2] = {first, second};
    for (size_t b = 0; b < 2; b++) {
      EXPECT(farro_heavy_hitters_init(blocks[b], capacity) == FARRO_OK, "capacity %zu is refused", capacity);
      for (size_t i = 0; i < 4000; i++) {
        const uint64_t key = skewed() * (b ? 1 : 7) % 1000, amount = i % 5 ? 1 : random_below(9);
        farro_heavy_hitters_update(blocks[b], &key, i % 5 ? NULL : &amount, 1);
        truth[b][key] += amount;
      }
      expect_bounds(blocks[b], capacity, truth[b]);
    }
    // What is read and restored goes on in the same way.
    const size_t count = farro_heavy_hitters_count(first);
    farro_heavy_hitters_entries(first, keys, counts, errors);
    const uint64_t total = farro_heavy_hitters_total(first);
    EXPECT(farro_heavy_hitters_restore(again, capacity, total, keys, counts, errors, count) == FARRO_OK, "restoring");
    for (size_t i = 0; i < 2000; i++) {
      const uint64_t key = skewed();
      farro_heavy_hitters_update(first, &key, NULL, 1), farro_heavy_hitters_update(again, &key, NULL, 1);
      truth[0][key]++;
    }
    uint64_t differing = 0;
    for (uint64_t key = 0; key < 1000; key++) {
      uint64_t pair[2][2];
      differing += farro_heavy_hitters_find(first, key, &pair[0][0], &pair[0][1]) !=
                   farro_heavy_hitters_find(again, key, &pair[1][0], &pair[1][1]);
      differing += !same(pair[0], pair[1], sizeof pair[0]);
    }
    EXPECT(differing == 0, "a restored block goes on in another way");
    EXPECT(farro_heavy_hitters_merge(first, second) == FARRO_OK, "merging fails");
    for (size_t key = 0; key < 1000; key++) truth[0][key] += truth[1][key];
    expect_bounds(first, capacity, truth[0]);
    for (size_t i = 0; i < 2000; i++) {
      const uint64_t key = skewed();
      farro_heavy_hitters_update(first, &key, NULL, 1);
      truth[0][key]++;
    }
    expect_bounds(first, capacity, truth[0]);
    if (count > 1) {
      keys[1] = keys[0];
      EXPECT(farro_heavy_hitters_restore(again, capacity, total, keys, counts, errors, count) == FARRO_ERROR_ARGUMENT,
             "a key twice");
    }
    EXPECT(farro_heavy_hitters_restore(again, capacity, total, keys, errors, counts, count) == FARRO_ERROR_ARGUMENT,
           "errors above the counts");
    EXPECT(farro_heavy_hitters_restore(again, capacity, counts[0] - 1, keys, counts, errors, 1) == FARRO_ERROR_ARGUMENT,
           "counts above the total");
    guarded_free(first, bytes), guarded_free(second, bytes), guarded_free(again, bytes);
  }
  EXPECT(farro_heavy_hitters_words(0) == 0, "no capacity is accepted");
}

// What has come 2^64 - 1 times comes no less often when it comes again.
static void check_full_counters(void) {
  const uint64_t key = 5, most = UINT64_MAX, amounts[] = {most - 3, 2, 7, most, 0};
  for (int conservative = 0; conservative < 2; conservative++) {
    const farro_count_min sketch = {1, 2, 0, conservative};
    uint64_t counters[2] = {0}, expected[2] = {0}, estimate;
    for (size_t i = 0; i < 5; i++) {
      farro_count_min_update(&sketch, counters, &key, &amounts[i], 1);
      farro_count_min_reference_update(&sketch, expected, &key, &amounts[i], 1);
      farro_count_min_estimate(&sketch, counters, &key, 1, &estimate);
      EXPECT(estimate == (i == 0 ? most - 3 : i == 1 ? most - 1 : most), "a full counter holds %zu", (size_t)estimate);
      EXPECT(same(counters, expected, sizeof counters), "a full counter is not the reference's");
    }
    farro_count_min_merge(&sketch, counters, expected);
    EXPECT(counters[0] == most && counters[1] == most, "merging overflows");
  }
  enum { capacity = 2, words = 64 };
  uint64_t block[words], other[words], keys[capacity], counts[capacity], errors[capacity];
  EXPECT(farro_heavy_hitters_words(capacity) <= words, "a block is larger");
  farro_heavy_hitters_init(block, capacity), farro_heavy_hitters_init(other, capacity);
  // Both are full in the end, and a third takes the place of one.
  static const uint64_t of[] = {1, 2, 1, 2, 1, 3};
  static const uint64_t by[] = {UINT64_MAX - 1, 9, 5, UINT64_MAX, 1, 8};
  farro_heavy_hitters_update(block, of, by, 6);
  farro_heavy_hitters_update(other, of, by, 2);
  EXPECT(farro_heavy_hitters_merge(block, other) == FARRO_OK, "merging fails");
  farro_heavy_hitters_entries(block, keys, counts, errors);
  EXPECT(counts[0] == most && counts[1] == most && farro_heavy_hitters_total(block) == most, "counts overflow");
  EXPECT(farro_heavy_hitters_restore(other, capacity, most, keys, counts, errors, 2) == FARRO_OK, "full ones are none");
}

void check_counting(void) {
  fill_elements();
  check_mixing();
  check_registers();
  check_register_merging();
  check_sparse_lists();
  check_estimates();
  check_filters();
  check_parquet();
  check_filter_sizes();
  check_counters();
  check_heavy_hitters();
  check_full_counters();
}
