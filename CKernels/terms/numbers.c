// Terms with numbers: open addresses, and the terms' bytes one behind another.
#include <stdlib.h>
#include <string.h>

#include "hashing/words.h"
#include "runtime/sizes.h"
#include "terms.h"

static uint64_t fold(uint64_t a, uint64_t b) {
  const unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// Eight bytes at a time, of the last ones those that count: a multiplication each.
uint64_t term_hash(const uint8_t *term, size_t length) {
  uint64_t hash = prime64_1 ^ length;
  for (; length > 8; length -= 8, term += 8) hash = fold(hash ^ read64(term), prime64_2);
  const uint64_t last = length ? read64(term) << 8 * (8 - length) : 0;
  return fold(hash ^ last, prime64_3 ^ hash >> 32);
}

static bool is_term(const term_numbers *numbers, size_t number, const uint8_t *term, size_t length) {
  const size_t start = term_start(numbers, number);
  return numbers->ends[number] - start == length && memcmp(numbers->bytes + start, term, length) == 0;
}

// Of a hash the upper half is kept beside the number, and the lower half tells where to begin.
static const uint64_t upper_half = 0xFFFFFFFF00000000;

// Where the term is, or would be.
static size_t find_slot(const term_numbers *numbers, const uint8_t *term, size_t length, uint64_t hash) {
  const size_t mask = numbers->slot_count - 1;
  for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    const uint64_t entry = numbers->slots[slot];
    if (entry == 0) return slot;
    if (((entry ^ hash) & upper_half) == 0 && is_term(numbers, (uint32_t)entry - 1, term, length)) return slot;
  }
}

uint32_t term_find(const term_numbers *numbers, const uint8_t *term, size_t length, uint64_t hash) {
  if (numbers->count == 0) return term_unknown;
  // A free slot's 0 becomes term_unknown.
  return (uint32_t)numbers->slots[find_slot(numbers, term, length, hash)] - 1;
}

static bool grow(term_numbers *numbers) {
  const size_t slots = larger(1024, 4 * numbers->slot_count);
  uint64_t *memory = calloc(slots, sizeof *memory);
  if (!memory) return false;
  for (size_t i = 0; i < numbers->count; i++) {
    size_t slot = numbers->hashes[i] & (slots - 1);
    while (memory[slot]) slot = (slot + 1) & (slots - 1);
    memory[slot] = (numbers->hashes[i] & upper_half) | (uint32_t)(i + 1);
  }
  free(numbers->slots);
  numbers->slots = memory;
  numbers->slot_count = slots;
  return true;
}

uint32_t term_add(term_numbers *numbers, const uint8_t *term, size_t length, uint64_t hash) {
  if (2 * (numbers->count + 1) > numbers->slot_count && !grow(numbers)) return term_unknown;
  const size_t slot = find_slot(numbers, term, length, hash);
  if (numbers->slots[slot]) return (uint32_t)numbers->slots[slot] - 1;
  const size_t number = numbers->count, start = term_start(numbers, number);
  if (number >= INT32_MAX ||
      !terms_reserve((void **)&numbers->hashes, &numbers->hashes_capacity, number + 1, sizeof *numbers->hashes) ||
      !terms_reserve((void **)&numbers->ends, &numbers->ends_capacity, number + 1, sizeof *numbers->ends) ||
      !terms_reserve((void **)&numbers->bytes, &numbers->bytes_capacity, start + length + terms_padding, 1))
    return term_unknown;
  memcpy(numbers->bytes + start, term, length);
  numbers->hashes[number] = hash;
  numbers->ends[number] = start + length;
  numbers->slots[slot] = (hash & upper_half) | (uint32_t)(number + 1);
  numbers->count++;
  return (uint32_t)number;
}

bool term_add_all(term_numbers *numbers, const farro_texts *terms) {
  uint8_t *copy = NULL; // of a term, as what is behind it may not be read
  size_t capacity = 0;
  bool is_done = true;
  for (size_t i = 0; i < terms->count && is_done; i++) {
    const size_t length = terms->offsets[i + 1] - terms->offsets[i];
    is_done = terms_reserve((void **)&copy, &capacity, length + terms_padding, 1);
    if (!is_done) break;
    if (length) memcpy(copy, terms->bytes + terms->offsets[i], length);
    memset(copy + length, 0, terms_padding);
    is_done = term_add(numbers, copy, length, term_hash(copy, length)) != term_unknown;
  }
  free(copy);
  return is_done;
}

void term_numbers_free(term_numbers *numbers) {
  free(numbers->slots);
  free(numbers->hashes);
  free(numbers->ends);
  free(numbers->bytes);
}
