// JSON Lines: one string of each line's value, found and unescaped where it lies, while the line is checked.
//
// A line is one JSON value (RFC 8259) with white space around it. The whole line is checked, with two exceptions that
// concern no structure: strings need not be UTF-8, and \u escapes that are halves of nothing become U+FFFD. Values nest
// at most farro_json_most_depth deep.
#ifndef FARRO_JSON_LINES_H
#define FARRO_JSON_LINES_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { farro_json_most_depth = 1024 };

typedef enum farro_json_status {
  FARRO_JSON_TEXT = 0, // the field is a string
  FARRO_JSON_BLANK = 1,
  FARRO_JSON_NO_FIELD = 2,   // sound, but the field is not there
  FARRO_JSON_OTHER_TYPE = 3, // sound, but the field is no string
  // From here on the line is broken. What was expected at `position`:
  FARRO_JSON_EXPECTED_VALUE = 4,
  FARRO_JSON_EXPECTED_KEY = 5,
  FARRO_JSON_EXPECTED_COLON = 6,
  FARRO_JSON_EXPECTED_COMMA_OR_BRACE = 7,
  FARRO_JSON_EXPECTED_COMMA_OR_BRACKET = 8,
  FARRO_JSON_EXPECTED_QUOTE = 9,
  FARRO_JSON_EXPECTED_ESCAPE = 10,
  FARRO_JSON_EXPECTED_HEX_DIGIT = 11,
  FARRO_JSON_EXPECTED_DIGIT = 12,
  FARRO_JSON_EXPECTED_NO_CONTROL = 13,
  FARRO_JSON_EXPECTED_LESS_DEPTH = 14,
  FARRO_JSON_EXPECTED_END = 15,
} farro_json_status;

// What was expected, as words that follow "expected": "',' or '}'". NULL for the first four and for what is none.
FARRO_API const char *farro_json_expected(farro_json_status status);

typedef struct farro_json_text {
  uint64_t begin, length;   // of the string, in `bytes`; of length 0 unless FARRO_JSON_TEXT
  uint64_t position;        // of what was not expected, in `bytes`; the line's end where more was
  farro_json_status status; // FARRO_JSON_TEXT ...
} farro_json_text;

// The places after the line ends ('\n') of a text, ascending. *count becomes their number; those beyond `capacity` are
// counted and not written. On the calling thread; O(length).
FARRO_API farro_status farro_line_ends(const void *bytes, size_t length, uint64_t *places, size_t capacity,
                                       size_t *count);

// texts[i] = what is at `path` in line i, bytes[offsets[i]] up to, not including, bytes[offsets[i + 1]]: in the object
// that is the line the value of the key path[0], in that object the value of path[1] ..., where `path` is `depth` >= 1
// names, each ended by a 0. Of a key that is there twice, the last counts.
//
// Strings are unescaped in place: `bytes` changes within the strings and keys that are read, and nowhere else.
// FARRO_ERROR_ARGUMENT for offsets that descend, and a depth of 0 or above farro_json_most_depth. In parallel;
// O(bytes), and O(lines log lines).
FARRO_API farro_status farro_json_texts(uint8_t *bytes, const uint64_t *offsets, size_t count, const char *const *path,
                                        size_t depth, farro_json_text *texts);

#ifdef __cplusplus
}
#endif
#endif
