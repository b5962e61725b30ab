#include "check.h"

static void check_count(size_t count, uint64_t seed) {
  uint32_t *keys32 = guarded_allocate(count * 4), *narrow = guarded_allocate(count * 4);
  uint64_t *keys64 = guarded_allocate(count * 8), *wide = guarded_allocate(count * 8);
  farro_multiply_shift shift;
  static farro_tabulation_u32 table32;
  static farro_tabulation_u64 table64;
  farro_multiply_shift_init(&shift, seed);
  farro_tabulation_init_u32(&table32, seed);
  farro_tabulation_init_u64(&table64, seed);
  for (size_t i = 0; i < count; i++) keys32[i] = (uint32_t)random_below(SIZE_MAX), keys64[i] = random_below(SIZE_MAX);
  const int32_t bits = 1 + (int32_t)(seed % 32);
  size_t right = 0;
  EXPECT(farro_multiply_shift_u32(&shift, keys32, count, bits, narrow) == FARRO_OK, "%zu keys fail", count);
  for (size_t i = 0; i < count; i++) right += narrow[i] == farro_multiply_shift_reference_u32(&shift, keys32[i], bits);
  EXPECT(farro_multiply_shift_u64(&shift, keys64, count, bits, narrow) == FARRO_OK, "%zu keys fail", count);
  for (size_t i = 0; i < count; i++) right += narrow[i] == farro_multiply_shift_reference_u64(&shift, keys64[i], bits);
  EXPECT(farro_tabulate_u32(&table32, keys32, count, wide) == FARRO_OK, "%zu keys fail", count);
  for (size_t i = 0; i < count; i++) right += wide[i] == farro_tabulation_reference_u32(&table32, keys32[i]);
  EXPECT(farro_tabulate_u64(&table64, keys64, count, wide) == FARRO_OK, "%zu keys fail", count);
  for (size_t i = 0; i < count; i++) right += wide[i] == farro_tabulation_reference_u64(&table64, keys64[i]);
  EXPECT(right == 4 * count, "%zu of %zu hashes are right", right, 4 * count);
  guarded_free(keys32, count * 4);
  guarded_free(narrow, count * 4);
  guarded_free(keys64, count * 8);
  guarded_free(wide, count * 8);
}

// ---- collisions, against theory: keys that arithmetic is bad at, on average over functions ----

enum { keys_each = 512, bins_log2 = 12, functions = 400 };

typedef size_t draw(uint64_t seed, const uint64_t *keys, uint32_t *bins);

static size_t multiply_shift_32(uint64_t seed, const uint64_t *keys, uint32_t *bins) {
  farro_multiply_shift f;
  uint32_t narrow[keys_each];
  farro_multiply_shift_init(&f, seed);
  for (size_t i = 0; i < keys_each; i++) narrow[i] = (uint32_t)keys[i];
  return (size_t)farro_multiply_shift_u32(&f, narrow, keys_each, bins_log2, bins);
}

static size_t multiply_shift_64(uint64_t seed, const uint64_t *keys, uint32_t *bins) {
  farro_multiply_shift f;
  farro_multiply_shift_init(&f, seed);
  return (size_t)farro_multiply_shift_u64(&f, keys, keys_each, bins_log2, bins);
}

static size_t tabulation_64(uint64_t seed, const uint64_t *keys, uint32_t *bins) {
  static farro_tabulation_u64 f;
  uint64_t hashes[keys_each];
  farro_tabulation_init_u64(&f, seed);
  const farro_status status = farro_tabulate_u64(&f, keys, keys_each, hashes);
  for (size_t i = 0; i < keys_each; i++) bins[i] = (uint32_t)(hashes[i] >> (64 - bins_log2));
  return (size_t)status;
}

static size_t collisions(const uint32_t *bins) {
  static uint32_t in[1 << bins_log2];
  memset(in, 0, sizeof in);
  size_t pairs = 0;
  for (size_t i = 0; i < keys_each; i++) pairs += in[bins[i]]++;
  return pairs;
}

// A pair collides with probability 2^-bins_log2 under a random function, whatever the keys are.
static void check_collisions(draw *function, const char *name) {
  const double expected = keys_each * (keys_each - 1) / 2.0 / (1 << bins_log2);
  for (int kind = 0; kind < 4; kind++) {
    uint64_t keys[keys_each];
    uint32_t bins[keys_each];
    for (uint64_t i = 0; i < keys_each; i++)
      keys[i] = kind == 0 ? i : kind == 1 ? i << 16 : kind == 2 ? i * i * 2654435761u % 0xffffffff : (i << 23 | i) + 7;
    double sum = 0, squares = 0;
    for (uint64_t seed = 0; seed < functions; seed++) {
      EXPECT(function(seed * 1000003 + (uint64_t)kind, keys, bins) == FARRO_OK, "%s fails", name);
      const double found = (double)collisions(bins);
      sum += found, squares += found * found;
    }
    const double mean = sum / functions, variance = squares / functions - mean * mean;
    const double error = sqrt(variance / functions);
    EXPECT(fabs(mean - expected) <= 4 * error + 1e-9, "%s: %g pairs of keys %d collide, not %g +- %g", name, mean, kind,
           expected, error);
  }
}

static void check_refusals(void) {
  farro_multiply_shift f = {1, 2, 3};
  const uint32_t key = 1;
  const uint64_t wide = 1;
  uint32_t hash = 7;
  EXPECT(farro_multiply_shift_u32(&f, &key, 1, 0, &hash) == FARRO_ERROR_ARGUMENT && hash == 7, "no bits");
  EXPECT(farro_multiply_shift_u32(&f, &key, 1, 33, &hash) == FARRO_ERROR_ARGUMENT && hash == 7, "33 bits");
  EXPECT(farro_multiply_shift_u64(&f, &wide, 1, 33, &hash) == FARRO_ERROR_ARGUMENT && hash == 7, "33 bits");
}

void check_integer_hashing(void) {
  for (size_t i = 0; i < tail_size_count; i++) check_count(tail_sizes[i], i);
  check_count(50021, 77);
  check_collisions(multiply_shift_32, "multiply-shift of 32 bits");
  check_collisions(multiply_shift_64, "multiply-shift of 64 bits");
  check_collisions(tabulation_64, "tabulation");
  check_refusals();
}
