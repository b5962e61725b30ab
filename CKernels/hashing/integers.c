// Families of hash functions of integers: drawing one, and entries.
#include "integers.h"

#include "random_words.h"
#include "runtime/dispatch.h"

void farro_multiply_shift_init(farro_multiply_shift *function, uint64_t seed) {
  function->a = next_random_word(&seed);
  function->b = next_random_word(&seed);
  function->c = next_random_word(&seed);
}

static void fill_tables(uint64_t (*tables)[256], size_t count, uint64_t seed) {
  for (size_t i = 0; i < count; i++)
    for (size_t byte = 0; byte < 256; byte++) tables[i][byte] = next_random_word(&seed);
}

void farro_tabulation_init_u32(farro_tabulation_u32 *function, uint64_t seed) {
  fill_tables(function->tables, 4, seed);
}

void farro_tabulation_init_u64(farro_tabulation_u64 *function, uint64_t seed) {
  fill_tables(function->tables, 8, seed);
}

// Ranges of 16384 keys take 3 to 20 us.
static void run(farro_body body, integer_keys *work, size_t count, double nanoseconds_each) {
  farro_parallel_for(count, 1 << 14, nanoseconds_each * (double)count, body, work);
}

static bool are_bits(int32_t bits) { return bits >= 1 && bits <= 32; }

farro_status farro_multiply_shift_u32(const farro_multiply_shift *function, const uint32_t *keys, size_t count,
                                      int32_t bits, uint32_t *hashes) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!are_bits(bits)) return FARRO_ERROR_ARGUMENT;
  run(kernels->integer_hashing->multiply_shift_u32, &(integer_keys){function, keys, hashes, bits}, count, 0.15);
  return FARRO_OK;
}

farro_status farro_multiply_shift_u64(const farro_multiply_shift *function, const uint64_t *keys, size_t count,
                                      int32_t bits, uint32_t *hashes) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!are_bits(bits)) return FARRO_ERROR_ARGUMENT;
  run(kernels->integer_hashing->multiply_shift_u64, &(integer_keys){function, keys, hashes, bits}, count, 0.2);
  return FARRO_OK;
}

farro_status farro_tabulate_u32(const farro_tabulation_u32 *function, const uint32_t *keys, size_t count,
                                uint64_t *hashes) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  run(kernels->integer_hashing->tabulate_u32, &(integer_keys){function, keys, hashes, 64}, count, 0.6);
  return FARRO_OK;
}

farro_status farro_tabulate_u64(const farro_tabulation_u64 *function, const uint64_t *keys, size_t count,
                                uint64_t *hashes) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  run(kernels->integer_hashing->tabulate_u64, &(integer_keys){function, keys, hashes, 64}, count, 1.2);
  return FARRO_OK;
}

// ---- references ----

uint32_t farro_multiply_shift_reference_u32(const farro_multiply_shift *function, uint32_t key, int32_t bits) {
  return (uint32_t)((function->a * key + function->b) >> (64 - bits));
}

uint32_t farro_multiply_shift_reference_u64(const farro_multiply_shift *function, uint64_t key, int32_t bits) {
  const uint64_t high = key >> 32, low = key & 0xffffffff;
  return (uint32_t)(((function->a + high) * (function->b + low) + function->c) >> (64 - bits));
}

uint64_t farro_tabulation_reference_u32(const farro_tabulation_u32 *function, uint32_t key) {
  uint64_t hash = 0;
  for (int i = 0; i < 4; i++) hash ^= function->tables[i][key >> 8 * i & 255];
  return hash;
}

uint64_t farro_tabulation_reference_u64(const farro_tabulation_u64 *function, uint64_t key) {
  uint64_t hash = 0;
  for (int i = 0; i < 8; i++) hash ^= function->tables[i][key >> 8 * i & 255];
  return hash;
}
