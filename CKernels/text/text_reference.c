// Each shingle by itself: its parts are found and hashed anew, byte by byte.
#include <stdlib.h>
#include <string.h>

#include "include/text.h"

static uint64_t rotate(uint64_t x, uint32_t by) { return by ? x << by | x >> (64 - by) : x; }

static uint64_t mix(uint64_t x) {
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
  x = (x ^ x >> 27) * 0x94D049BB133111EB;
  return x ^ x >> 31;
}

static uint64_t key_of(uint64_t seed, uint64_t number) { return mix(seed + (number + 1) * 0x9E3779B97F4A7C15); }

static uint64_t hash_of_word(const uint8_t *word, size_t length, uint64_t seed) {
  uint64_t hash = key_of(seed, 0);
  for (size_t first = 0; first < length; first += 16) {
    uint64_t halves[2] = {0, 0};
    for (size_t i = first; i < length && i < first + 16; i++)
      halves[(i - first) / 8] |= (uint64_t)word[i] << (i - first) % 8 * 8;
    const uint64_t key = length - first > 16 ? key_of(seed, 2) : key_of(seed, 1) + (length - first);
    const unsigned __int128 product = (unsigned __int128)(halves[0] ^ hash) * (halves[1] ^ key);
    hash = (uint64_t)product ^ (uint64_t)(product >> 64);
  }
  return hash;
}

// The part at `text` and its length.
static uint64_t hash_of_part(const farro_shingler *shingler, const uint8_t *text, size_t left, size_t *length) {
  uint32_t c = text[0];
  *length = 1;
  if (shingler->unit == FARRO_SHINGLE_WORDS) {
    const uint8_t *space = memchr(text, ' ', left);
    *length = space ? (size_t)(space - text) : left;
    return hash_of_word(text, *length, shingler->seed);
  }
  if (shingler->unit == FARRO_SHINGLE_CHARACTERS) {
    if (c >= 0xC0) c &= c >= 0xF0 ? 0x07 : c >= 0xE0 ? 0x0F : 0x1F;
    while (*length < left && (text[*length] & 0xC0) == 0x80) c = c << 6 | (text[(*length)++] & 0x3F);
  }
  return mix(key_of(shingler->seed, 0) + c * 0x9E3779B97F4A7C15);
}

static void shingle(const farro_shingler *shingler, const uint8_t *text, size_t length, uint64_t *hashes,
                    size_t capacity, size_t *count) {
  *count = 0;
  for (size_t first = 0; first < length;) {
    uint64_t combined = 0;
    size_t at = first, parts = 0, second = 0, step;
    for (; at < length && parts < shingler->size; parts++) {
      combined = rotate(combined, 1) ^ hash_of_part(shingler, text + at, length - at, &step);
      at += step + (shingler->unit == FARRO_SHINGLE_WORDS);
      if (parts == 0) second = at;
    }
    if (parts < shingler->size && first > 0) return;
    combined *= 0x9FB21C651E98DF25;
    if (*count < capacity) hashes[*count] = combined ^ combined >> 32;
    ++*count;
    first = second;
  }
}

farro_status farro_shingles_reference(const farro_shingler *shingler, const void *data, size_t length, uint64_t *hashes,
                                      size_t capacity, size_t *count) {
  if (shingler->unit == FARRO_SHINGLE_BYTES) {
    shingle(shingler, data, length, hashes, capacity, count);
    return FARRO_OK;
  }
  size_t normalized;
  farro_status status = farro_normalize_text(shingler->words, data, length, NULL, 0, &normalized);
  if (status != FARRO_OK) return status;
  uint8_t *text = malloc(normalized + 1);
  if (!text) return FARRO_ERROR_MEMORY;
  farro_normalize_text(shingler->words, data, length, text, normalized, &normalized);
  shingle(shingler, text, normalized, hashes, capacity, count);
  free(text);
  return FARRO_OK;
}
