// One line of JSON: structure byte by byte, strings by vectors.
//
// A document's line is nearly all string, so that only strings are worth vectors: what ends a run of plain bytes is
// found in a vector's comparisons. The run before an escape is moved together when the next one is met.

// The length of the run of bytes that are neither a quote, a backslash nor a control.
INLINE size_t json_plain(const uint8_t *p, const uint8_t *end) {
  const uint8_t *const first = p;
  for (; (size_t)(end - p) >= byte_lanes; p += byte_lanes) {
    const u8v v = load(p);
    const uint64_t stops = byte_bits((s8v)(v == '"') | (s8v)(v == '\\') | (s8v)(v < ' '));
    if (stops) return (size_t)(p - first) + (size_t)__builtin_ctzll(stops);
  }
  while (p < end && *p != '"' && *p != '\\' && *p >= ' ') p++;
  return (size_t)(p - first);
}

typedef struct json_run {
  uint8_t *at, *end;
  farro_json_status problem; // at `at`
} json_run;

INLINE bool json_refuse(json_run *run, farro_json_status problem) {
  run->problem = problem;
  return false;
}

INLINE void json_skip_spaces(json_run *run) {
  while (run->at < run->end && (*run->at == ' ' || *run->at == '\t' || *run->at == '\n' || *run->at == '\r')) run->at++;
}

// Four hexadecimal digits.
INLINE bool json_hex(json_run *run, uint32_t *unit) {
  *unit = 0;
  for (size_t i = 0; i < 4; i++, run->at++) {
    if (run->at == run->end) return json_refuse(run, FARRO_JSON_EXPECTED_HEX_DIGIT);
    const uint8_t c = *run->at, letter = (uint8_t)((c | 0x20) - 'a'), digit = (uint8_t)(c - '0');
    if (digit >= 10 && letter >= 6) return json_refuse(run, FARRO_JSON_EXPECTED_HEX_DIGIT);
    *unit = *unit << 4 | (digit < 10 ? digit : letter + 10u);
  }
  return true;
}

// UTF-8, shorter than any escape of it.
INLINE size_t json_encode(uint32_t c, uint8_t *to) {
  if (c < 0x80) {
    to[0] = (uint8_t)c;
    return 1;
  }
  if (c < 0x800) {
    to[0] = (uint8_t)(0xC0 | c >> 6), to[1] = (uint8_t)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    to[0] = (uint8_t)(0xE0 | c >> 12), to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F)), to[2] = (uint8_t)(0x80 | (c & 0x3F));
    return 3;
  }
  to[0] = (uint8_t)(0xF0 | c >> 18), to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
  to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F)), to[3] = (uint8_t)(0x80 | (c & 0x3F));
  return 4;
}

// \uXXXX, from the first digit; the escape of a pair's lower half goes with the upper one's.
INLINE bool json_unicode(json_run *run, uint32_t *character) {
  uint32_t unit, low;
  if (!json_hex(run, &unit)) return false;
  *character = unit;
  if (unit < 0xD800 || unit > 0xDFFF) return true;
  *character = 0xFFFD;
  if (unit > 0xDBFF || run->end - run->at < 2 || run->at[0] != '\\' || run->at[1] != 'u') return true;
  uint8_t *const second = run->at;
  run->at += 2;
  if (!json_hex(run, &low)) return false;
  if (low < 0xDC00 || low > 0xDFFF)
    run->at = second; // a character of its own
  else
    *character = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  return true;
}

// The rest of a string, from the byte after its first quote to the one after its last. With `keeps`, it is unescaped
// to where it begins, and *length is that of the result.
INLINE bool json_string(json_run *run, bool keeps, size_t *length) {
  uint8_t *const first = run->at, *to = first;
  for (;;) {
    const size_t plain = json_plain(run->at, run->end);
    if (keeps && to != run->at) memmove(to, run->at, plain);
    run->at += plain, to += plain;
    if (run->at == run->end) return json_refuse(run, FARRO_JSON_EXPECTED_QUOTE);
    if (*run->at == '"') break;
    if (*run->at != '\\') return json_refuse(run, FARRO_JSON_EXPECTED_NO_CONTROL);
    if (++run->at == run->end) return json_refuse(run, FARRO_JSON_EXPECTED_ESCAPE);
    uint32_t character = *run->at;
    switch (character) {
    case '"':
    case '\\':
    case '/':
      break;
    case 'n':
      character = '\n';
      break;
    case 't':
      character = '\t';
      break;
    case 'r':
      character = '\r';
      break;
    case 'b':
      character = '\b';
      break;
    case 'f':
      character = '\f';
      break;
    case 'u':
      run->at++;
      if (!json_unicode(run, &character)) return false;
      run->at--;
      break;
    default:
      return json_refuse(run, FARRO_JSON_EXPECTED_ESCAPE);
    }
    run->at++;
    if (keeps) to += json_encode(character, to);
  }
  run->at++;
  *length = (size_t)(to - first);
  return true;
}

static __attribute__((noinline)) bool json_keep_string(json_run *run, size_t *length) {
  return json_string(run, true, length);
}

static __attribute__((noinline)) bool json_pass_string(json_run *run) {
  size_t length;
  return json_string(run, false, &length);
}

INLINE bool json_digits(json_run *run) {
  if (run->at == run->end || (uint8_t)(*run->at - '0') >= 10) return json_refuse(run, FARRO_JSON_EXPECTED_DIGIT);
  while (run->at < run->end && (uint8_t)(*run->at - '0') < 10) run->at++;
  return true;
}

static bool json_number(json_run *run) {
  if (*run->at == '-') run->at++;
  if (run->at < run->end && *run->at == '0')
    run->at++;
  else if (!json_digits(run))
    return false;
  if (run->at < run->end && *run->at == '.') {
    run->at++;
    if (!json_digits(run)) return false;
  }
  if (run->at < run->end && (*run->at | 0x20) == 'e') {
    run->at++;
    if (run->at < run->end && (*run->at == '+' || *run->at == '-')) run->at++;
    return json_digits(run);
  }
  return true;
}

INLINE bool json_word(json_run *run, const char *word, size_t length) {
  if ((size_t)(run->end - run->at) < length || memcmp(run->at, word, length))
    return json_refuse(run, FARRO_JSON_EXPECTED_VALUE);
  run->at += length;
  return true;
}

// true, false, null and numbers.
static bool json_scalar(json_run *run) {
  switch (*run->at) {
  case 't':
    return json_word(run, "true", 4);
  case 'f':
    return json_word(run, "false", 5);
  case 'n':
    return json_word(run, "null", 4);
  default:
    if (*run->at != '-' && (uint8_t)(*run->at - '0') >= 10) return json_refuse(run, FARRO_JSON_EXPECTED_VALUE);
    return json_number(run);
  }
}

typedef struct json_walk {
  json_run run;
  const json_path *path;
  size_t depth, along; // open objects and arrays; how many of them, from the outermost, lie on the path
  bool is_wanted;      // the value that comes is that of a key on the path
  uint8_t *text;
  size_t length;
  farro_json_status status;
  uint64_t objects[farro_json_most_depth / 64]; // a bit per depth: whether it is an object
} json_walk;

INLINE bool json_in_object(const json_walk *walk) {
  return walk->objects[(walk->depth - 1) / 64] >> (walk->depth - 1) % 64 & 1;
}

INLINE bool json_push(json_walk *walk, bool is_object) {
  if (walk->depth == farro_json_most_depth) return json_refuse(&walk->run, FARRO_JSON_EXPECTED_LESS_DEPTH);
  const uint64_t bit = 1ull << walk->depth % 64;
  uint64_t *word = &walk->objects[walk->depth / 64];
  *word = is_object ? *word | bit : *word & ~bit;
  if (is_object && walk->along == walk->depth && (walk->is_wanted || walk->depth == 0)) walk->along++;
  walk->depth++;
  walk->is_wanted = false;
  walk->run.at++;
  json_skip_spaces(&walk->run);
  return true;
}

INLINE void json_pop(json_walk *walk) {
  walk->depth--;
  if (walk->along > walk->depth) walk->along = walk->depth;
  walk->run.at++;
}

// A key and its colon.
INLINE bool json_key(json_walk *walk) {
  json_run *run = &walk->run;
  json_skip_spaces(run);
  if (run->at == run->end || *run->at != '"') return json_refuse(run, FARRO_JSON_EXPECTED_KEY);
  const uint8_t *const name = ++run->at;
  size_t length;
  walk->is_wanted = false;
  if (walk->along == walk->depth && walk->depth <= walk->path->depth) {
    if (!json_keep_string(run, &length)) return false;
    const size_t level = walk->depth - 1;
    walk->is_wanted = length == walk->path->lengths[level] && memcmp(name, walk->path->names[level], length) == 0;
  } else if (!json_pass_string(run)) {
    return false;
  }
  json_skip_spaces(run);
  if (run->at == run->end || *run->at != ':') return json_refuse(run, FARRO_JSON_EXPECTED_COLON);
  run->at++;
  return true;
}

// What follows a value: true when another one does, or, at the outermost, nothing.
INLINE bool json_after_value(json_walk *walk, bool *is_done) {
  json_run *run = &walk->run;
  for (;;) {
    json_skip_spaces(run);
    *is_done = walk->depth == 0;
    if (*is_done) return run->at == run->end || json_refuse(run, FARRO_JSON_EXPECTED_END);
    const bool in_object = json_in_object(walk);
    const uint8_t c = run->at < run->end ? *run->at : 0;
    if (c == ',') {
      run->at++;
      return !in_object || json_key(walk);
    }
    if (c != (in_object ? '}' : ']'))
      return json_refuse(run, in_object ? FARRO_JSON_EXPECTED_COMMA_OR_BRACE : FARRO_JSON_EXPECTED_COMMA_OR_BRACKET);
    json_pop(walk);
  }
}

// A value; *opens when it is an object or array with something in it.
INLINE bool json_value(json_walk *walk, bool *opens) {
  json_run *run = &walk->run;
  *opens = false;
  json_skip_spaces(run);
  if (run->at == run->end) return json_refuse(run, FARRO_JSON_EXPECTED_VALUE);
  const uint8_t c = *run->at;
  const bool is_target = walk->is_wanted && walk->depth == walk->path->depth;
  // What an earlier key of the same name brought does not count.
  if (walk->is_wanted) walk->status = is_target && c != '"' ? FARRO_JSON_OTHER_TYPE : FARRO_JSON_NO_FIELD;
  if (c == '"') {
    walk->is_wanted = false;
    uint8_t *const first = ++run->at;
    if (!is_target) return json_pass_string(run);
    if (!json_keep_string(run, &walk->length)) return false;
    walk->text = first;
    walk->status = FARRO_JSON_TEXT;
    return true;
  }
  if (c != '{' && c != '[') {
    walk->is_wanted = false;
    return json_scalar(run);
  }
  if (is_target) walk->is_wanted = false;
  if (!json_push(walk, c == '{')) return false;
  if (run->at < run->end && *run->at == (c == '{' ? '}' : ']')) {
    json_pop(walk);
    return true;
  }
  *opens = true;
  return c == '[' || json_key(walk);
}

static void json_scan(const json_path *path, uint8_t *bytes, size_t begin, size_t end, farro_json_text *text) {
  json_walk walk;
  walk.run = (json_run){bytes + begin, bytes + end, FARRO_JSON_TEXT};
  walk.path = path;
  walk.depth = walk.along = walk.length = 0;
  walk.is_wanted = false;
  walk.text = bytes + begin;
  walk.status = FARRO_JSON_NO_FIELD;
  json_run *run = &walk.run;
  // White space at the end is none of a string's: one that has no end is found open there.
  while (run->end > run->at && (run->end[-1] == '\n' || run->end[-1] == '\r' || run->end[-1] == ' ')) run->end--;
  json_skip_spaces(run);
  *text = (farro_json_text){begin, 0, end, FARRO_JSON_BLANK};
  if (run->at == run->end) return;
  bool opens = false, is_done = false;
  while (!is_done) {
    if (!json_value(&walk, &opens) || (!opens && !json_after_value(&walk, &is_done))) {
      *text = (farro_json_text){begin, 0, (uint64_t)(run->at - bytes), run->problem};
      return;
    }
  }
  text->status = walk.status;
  if (walk.status != FARRO_JSON_TEXT) return;
  text->begin = (uint64_t)(walk.text - bytes);
  text->length = walk.length;
}

static size_t json_line_ends(const uint8_t *bytes, size_t length, uint64_t *places, size_t capacity) {
  size_t count = 0, i = 0;
  for (; i + byte_lanes <= length; i += byte_lanes)
    for (uint64_t ends = byte_bits((s8v)(load(bytes + i) == '\n')); ends; ends &= ends - 1, count++)
      if (count < capacity) places[count] = i + (size_t)__builtin_ctzll(ends) + 1;
  for (; i < length; i++)
    if (bytes[i] == '\n') {
      if (count < capacity) places[count] = i + 1;
      count++;
    }
  return count;
}

static const json_kernels json = {.scan = json_scan, .line_ends = json_line_ends};
