// The kernels of JSON Lines.
#ifndef FARRO_TEXT_JSON_H
#define FARRO_TEXT_JSON_H

#include "include/json_lines.h"

// Where the wanted string is: names from the outermost object inwards.
typedef struct json_path {
  const char *const *names;
  const size_t *lengths;
  size_t depth;
} json_path;

typedef struct json_kernels {
  // Of bytes[begin] up to bytes[end].
  void (*scan)(const json_path *path, uint8_t *bytes, size_t begin, size_t end, farro_json_text *text);
  // Adds the places of line ends, plus 1, to `places` as far as they fit, and answers how many there are.
  size_t (*line_ends)(const uint8_t *bytes, size_t length, uint64_t *places, size_t capacity);
} json_kernels;

#endif
