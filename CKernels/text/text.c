// Entries: the shingles of one text, and its words.
#include "text/text.h"

#include <string.h>

#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "shingle_hash.h"
#include "unicode.h"

const char *farro_unicode_version(void) { return unicode_version; }

bool shingle_plan_make(const farro_shingler *shingler, shingle_plan *plan) {
  if (shingler->size < 1 || shingler->size > farro_most_shingle_parts) return false;
  if (shingler->unit > FARRO_SHINGLE_BYTES || shingler->words > FARRO_WORDS_BETWEEN_SPACES) return false;
  *plan = (shingle_plan){.unit = shingler->unit, .rule = shingler->words, .size = shingler->size};
  for (uint64_t i = 0; i < 3; i++) plan->keys[i] = mix64(shingler->seed + (i + 1) * 0x9E3779B97F4A7C15u);
  for (uint32_t c = 0; c < 256; c++) plan->units[c] = hash_unit(plan->keys[0], c);
  return true;
}

typedef struct {
  uint64_t *hashes;
  size_t capacity, count;
} hash_buffer;

static void keep(void *context, const uint64_t *hashes, size_t count) {
  hash_buffer *buffer = context;
  if (buffer->count < buffer->capacity)
    memcpy(buffer->hashes + buffer->count, hashes, smaller(count, buffer->capacity - buffer->count) * sizeof *hashes);
  buffer->count += count;
}

farro_status farro_shingles(const farro_shingler *shingler, const void *data, size_t length, uint64_t *hashes,
                            size_t capacity, size_t *count) {
  const farro_kernels *kernels = farro_current_kernels();
  shingle_plan plan;
  if (!kernels) return FARRO_ERROR_ISA;
  if (!can_exist(length, 1, 1) || !can_exist(capacity, 1, 1)) return FARRO_ERROR_ARGUMENT;
  if (!shingle_plan_make(shingler, &plan)) return FARRO_ERROR_ARGUMENT;
  hash_buffer buffer = {hashes, capacity, 0};
  kernels->text->shingle(&plan, data, length, keep, &buffer);
  *count = buffer.count;
  return FARRO_OK;
}

// ---- words ----

typedef struct {
  uint8_t *text;
  size_t capacity, count;
} text_buffer;

static void put(text_buffer *buffer, uint8_t byte) {
  if (buffer->count < buffer->capacity) buffer->text[buffer->count] = byte;
  buffer->count++;
}

static void join_word(void *context, const uint8_t *word, size_t length) {
  text_buffer *buffer = context;
  if (buffer->count) put(buffer, ' ');
  for (size_t i = 0; i < length; i++) put(buffer, word[i]);
}

farro_status farro_normalize_text(farro_word_rule rule, const void *data, size_t length, uint8_t *text, size_t capacity,
                                  size_t *count) {
  if (rule > FARRO_WORDS_BETWEEN_SPACES || !can_exist(length, 1, 1)) return FARRO_ERROR_ARGUMENT;
  text_buffer buffer = {text, capacity, 0};
  unicode_words words;
  unicode_words_begin(&words, rule, join_word, &buffer);
  const uint8_t *bytes = data, *end = bytes + length;
  for (size_t step; bytes < end; bytes += step) unicode_words_add(&words, unicode_decode(bytes, end, &step));
  unicode_words_end(&words);
  *count = buffer.count;
  return FARRO_OK;
}
