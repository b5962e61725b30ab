// Entries of JSON Lines.
#include "include/json_lines.h"

#include <string.h>

#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "text/json.h"

// Of a byte, on one thread: lines of short strings take about three times as long.
static const double nanoseconds_per_byte = 0.5;

enum { task_bytes = 1 << 16 };

const char *farro_json_expected(farro_json_status status) {
  switch (status) {
  case FARRO_JSON_EXPECTED_VALUE:
    return "a value";
  case FARRO_JSON_EXPECTED_KEY:
    return "a key in quotes";
  case FARRO_JSON_EXPECTED_COLON:
    return "':' after the key";
  case FARRO_JSON_EXPECTED_COMMA_OR_BRACE:
    return "',' or '}'";
  case FARRO_JSON_EXPECTED_COMMA_OR_BRACKET:
    return "',' or ']'";
  case FARRO_JSON_EXPECTED_QUOTE:
    return "'\"' at the string's end";
  case FARRO_JSON_EXPECTED_ESCAPE:
    return "one of \"\\/bfnrtu after '\\'";
  case FARRO_JSON_EXPECTED_HEX_DIGIT:
    return "four hexadecimal digits after '\\u'";
  case FARRO_JSON_EXPECTED_DIGIT:
    return "a digit";
  case FARRO_JSON_EXPECTED_NO_CONTROL:
    return "no control character in a string";
  case FARRO_JSON_EXPECTED_LESS_DEPTH:
    return "at most 1024 objects and arrays within one another";
  case FARRO_JSON_EXPECTED_END:
    return "the line's end after the value";
  default:
    return NULL;
  }
}

farro_status farro_line_ends(const void *bytes, size_t length, uint64_t *places, size_t capacity, size_t *count) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!can_exist(length, 1, 1) || !can_exist(capacity, 1, 1)) return FARRO_ERROR_ARGUMENT;
  *count = kernels->json->line_ends(bytes, length, places, capacity);
  return FARRO_OK;
}

typedef struct {
  const json_kernels *kernels;
  const json_path *path;
  uint8_t *bytes;
  const uint64_t *offsets;
  size_t count;
  farro_json_text *texts;
} json_work;

// The first line that begins at or after `offset`.
static size_t line_from(const json_work *work, uint64_t offset) {
  size_t low = 0, high = work->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (work->offsets[middle] < offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// Tasks are spans of bytes, so that their work is even, and have the lines that begin in them.
static void scan_spans(void *context, size_t first, size_t last) {
  const json_work *work = context;
  const uint64_t base = work->offsets[0];
  const size_t end = line_from(work, base + last * task_bytes);
  for (size_t i = line_from(work, base + first * task_bytes); i < end; i++)
    work->kernels->scan(work->path, work->bytes, work->offsets[i], work->offsets[i + 1], &work->texts[i]);
}

farro_status farro_json_texts(uint8_t *bytes, const uint64_t *offsets, size_t count, const char *const *path,
                              size_t depth, farro_json_text *texts) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (depth == 0 || depth > farro_json_most_depth || !can_exist(count, 4, 1)) return FARRO_ERROR_ARGUMENT;
  if (count == 0) return FARRO_OK;
  for (size_t i = 0; i < count; i++)
    if (offsets[i] > offsets[i + 1]) return FARRO_ERROR_ARGUMENT;
  size_t lengths[farro_json_most_depth];
  for (size_t i = 0; i < depth; i++) lengths[i] = strlen(path[i]);
  const json_path wanted = {path, lengths, depth};
  json_work work = {kernels->json, &wanted, bytes, offsets, count, texts};
  const size_t total = offsets[count] - offsets[0];
  // Empty lines at the very end begin where the last span may end.
  farro_parallel_for(total / task_bytes + 1, 1, (double)total * nanoseconds_per_byte + 50 * (double)count, scan_spans,
                     &work);
  return FARRO_OK;
}
