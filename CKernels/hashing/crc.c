// CRC-32 and CRC-32C: polynomials, tables, entries and combination.
//
// Polynomials are words with reversed bits: the highest bit is the coefficient of 1, and x times a word shifts it
// right.
#include "crc.h"

#include <pthread.h>
#include <stdatomic.h>

#include "include/checksum.h"
#include "keys.h"
#include "runtime/cpu.h"
#include "words.h"

static const uint32_t polynomial_crc32 = 0xedb88320, polynomial_crc32c = 0x82f63b78, one = 0x80000000;

// ---- products of polynomials ----

static uint32_t times_x(uint32_t word, uint32_t polynomial) { return word >> 1 ^ (word & 1 ? polynomial : 0); }

static uint32_t product(uint32_t a, uint32_t b, uint32_t polynomial) {
  uint32_t sum = 0;
  for (; a; a <<= 1, b = times_x(b, polynomial))
    if (a & one) sum ^= b;
  return sum;
}

// x to the power of `exponent`.
static uint32_t power(uint64_t exponent, uint32_t polynomial) {
  uint32_t result = one, square = one >> 1;
  for (; exponent; exponent >>= 1, square = product(square, square, polynomial))
    if (exponent & 1) result = product(result, square, polynomial);
  return result;
}

static uint32_t combined(uint32_t first, uint32_t second, uint64_t second_length, uint32_t polynomial) {
  uint32_t shift = power(second_length, polynomial); // by bits: its eighth power is by bytes, and no length is too long
  for (int i = 0; i < 3; i++) shift = product(shift, shift, polynomial);
  return product(shift, first, polynomial) ^ second;
}

uint32_t farro_crc32_combine(uint32_t first, uint32_t second, uint64_t second_length) {
  return combined(first, second, second_length, polynomial_crc32);
}

uint32_t farro_crc32c_combine(uint32_t first, uint32_t second, uint64_t second_length) {
  return combined(first, second, second_length, polynomial_crc32c);
}

// ---- tables, made when they are first needed: 20 us ----

static crc_polynomial crc32_tables, crc32c_tables;

static void prepare_polynomial(crc_polynomial *tables, uint32_t polynomial) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t sum = byte;
    for (int bit = 0; bit < 8; bit++) sum = times_x(sum, polynomial);
    tables->tables[0][byte] = sum;
  }
  for (size_t i = 1; i < crc_table_bytes; i++)
    for (size_t byte = 0; byte < 256; byte++) {
      const uint32_t before = tables->tables[i - 1][byte];
      tables->tables[i][byte] = before >> 8 ^ tables->tables[0][before & 255];
    }
  // A product of reversed words of 64 bits lies one bit too high, which the factor makes good. The second word of a
  // block is 64 bits nearer to where it is added.
  for (uint64_t blocks = 1; blocks <= crc_farthest_blocks; blocks++) {
    tables->factors[blocks][0] = (uint64_t)power(128 * blocks + 32, polynomial) << 1;
    tables->factors[blocks][1] = (uint64_t)power(128 * blocks - 32, polynomial) << 1;
  }
}

static atomic_bool is_prepared;

static void prepare(void) {
  prepare_polynomial(&crc32_tables, polynomial_crc32);
  prepare_polynomial(&crc32c_tables, polynomial_crc32c);
  atomic_store_explicit(&is_prepared, true, memory_order_release);
}

// ---- by tables ----

uint32_t farro_crc_by_tables(const crc_polynomial *polynomial, uint32_t sum, const uint8_t *data, size_t length) {
  const uint32_t (*tables)[256] = polynomial->tables;
  for (; length >= 16; data += 16, length -= 16) {
    const uint64_t low = read64(data) ^ sum, high = read64(data + 8);
    uint32_t next = 0;
    for (int i = 0; i < 8; i++) next ^= tables[15 - i][low >> 8 * i & 255] ^ tables[7 - i][high >> 8 * i & 255];
    sum = next;
  }
  if (length >= 8) {
    const uint64_t low = read64(data) ^ sum;
    sum = 0;
    for (int i = 0; i < 8; i++) sum ^= tables[7 - i][low >> 8 * i & 255];
    data += 8, length -= 8;
  }
  for (; length; data++, length--) sum = sum >> 8 ^ tables[0][(sum ^ *data) & 255];
  return sum;
}

static const crc_kernels by_tables = {farro_crc_by_tables, farro_crc_by_tables};

// ---- entries ----

// NULL where there is no instruction set. What the machine has beside its level is asked once.
static const crc_kernels *current_kernels(void) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return NULL;
  if (!atomic_load_explicit(&is_prepared, memory_order_acquire)) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
  }
  if (kernels->crc_wide && farro_cpu_multiplies_carryless() == FARRO_CARRYLESS_WIDE) return kernels->crc_wide;
  if (kernels->crc_carryless && farro_cpu_multiplies_carryless()) return kernels->crc_carryless;
  return &by_tables;
}

farro_status farro_crc32(const void *data, size_t length, uint32_t start, uint32_t *checksum) {
  const crc_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  *checksum = ~kernels->crc32(&crc32_tables, ~start, data, length);
  return FARRO_OK;
}

farro_status farro_crc32c(const void *data, size_t length, uint32_t start, uint32_t *checksum) {
  const crc_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  *checksum = ~kernels->crc32c(&crc32c_tables, ~start, data, length);
  return FARRO_OK;
}

// ---- many keys ----

typedef struct crc_keys {
  crc_kernel *kernel;
  const crc_polynomial *polynomial;
  const uint8_t *bytes;
  const uint64_t *offsets;
  uint32_t start, *checksums;
} crc_keys;

static void sum_keys(void *context, size_t first, size_t last) {
  const crc_keys *keys = context;
  const uint64_t *offsets = keys->offsets;
  for (size_t i = first; i < last; i++)
    keys->checksums[i] =
        ~keys->kernel(keys->polynomial, ~keys->start, keys->bytes + offsets[i], offsets[i + 1] - offsets[i]);
}

static farro_status sum_all_keys(crc_keys *keys, size_t count) {
  if (!ascends(farro_current_kernels()->hashing, keys->offsets, count)) return FARRO_ERROR_ARGUMENT;
  hash_in_ranges(count, keys->offsets[count] - keys->offsets[0], 4.0, 20, sum_keys, keys);
  return FARRO_OK;
}

farro_status farro_crc32_keys(const void *bytes, const uint64_t *offsets, size_t count, uint32_t start,
                              uint32_t *checksums) {
  const crc_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  return sum_all_keys(&(crc_keys){kernels->crc32, &crc32_tables, bytes, offsets, start, checksums}, count);
}

farro_status farro_crc32c_keys(const void *bytes, const uint64_t *offsets, size_t count, uint32_t start,
                               uint32_t *checksums) {
  const crc_kernels *kernels = current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  return sum_all_keys(&(crc_keys){kernels->crc32c, &crc32c_tables, bytes, offsets, start, checksums}, count);
}

// ---- references ----

static uint32_t by_bits(const uint8_t *data, size_t length, uint32_t start, uint32_t polynomial) {
  uint32_t sum = ~start;
  for (size_t i = 0; i < length; i++) {
    sum ^= data[i];
    for (int bit = 0; bit < 8; bit++) sum = times_x(sum, polynomial);
  }
  return ~sum;
}

uint32_t farro_crc32_reference(const void *data, size_t length, uint32_t start) {
  return by_bits(data, length, start, polynomial_crc32);
}

uint32_t farro_crc32c_reference(const void *data, size_t length, uint32_t start) {
  return by_bits(data, length, start, polynomial_crc32c);
}
