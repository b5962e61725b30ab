#include "check.h"

// ---- lines that are known ----

static const struct {
  const char *line, *path; // names divided by spaces
  farro_json_status status;
  const char *text; // or, where the line is broken:
  size_t position;
} known[] = {
    {"{\"text\":\"a b\"}", "text", FARRO_JSON_TEXT, "a b", 0},
    {" \t{ \"id\" : 1 , \"text\" : \"\\\"\\\\\\/\\b\\f\\n\\r\\t\" } \r\n", "text", FARRO_JSON_TEXT, "\"\\/\b\f\n\r\t",
     0},
    {"{\"text\":\"\\u00e9\\u20AC\\uD83D\\ude00\\u0041\"}", "text", FARRO_JSON_TEXT,
     "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"
     "A",
     0},
    {"{\"text\":\"\\ud83dx\\ude00\\ud83d\\u0041\\ud83d\\n\"}", "text", FARRO_JSON_TEXT,
     "\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD"
     "A\xEF\xBF\xBD\n",
     0},
    {"{\"text\":\"\\ud83d\\ud83d\\ude00\"}", "text", FARRO_JSON_TEXT, "\xEF\xBF\xBD\xF0\x9F\x98\x80", 0},
    {"{\"t\\u0065xt\":\"x\"}", "text", FARRO_JSON_TEXT, "x", 0},
    {"{\"text\":\"\"}", "text", FARRO_JSON_TEXT, "", 0},
    {"{\"a\":{\"b\":{\"text\":\"x\"}},\"text\":\"y\"}", "a b text", FARRO_JSON_TEXT, "x", 0},
    {"{\"a\":{\"b\":{\"text\":\"x\"}},\"text\":\"y\"}", "text", FARRO_JSON_TEXT, "y", 0},
    {"{\"text\":\"x\",\"text\":\"y\"}", "text", FARRO_JSON_TEXT, "y", 0},
    {"{\"a\":{\"text\":\"x\"},\"a\":{}}", "a text", FARRO_JSON_NO_FIELD, "", 0},
    {"{\"text\":\"x\",\"text\":null}", "text", FARRO_JSON_OTHER_TYPE, "", 0},
    {"{\"a\":[{\"text\":\"x\"}]}", "text", FARRO_JSON_NO_FIELD, "", 0},
    {"[{\"text\":\"x\"}]", "text", FARRO_JSON_NO_FIELD, "", 0},
    {"{\"a\":[{\"text\":\"x\"}]}", "a text", FARRO_JSON_NO_FIELD, "", 0},
    {"{\"a\":{\"text\":{\"text\":\"x\"}}}", "a text", FARRO_JSON_OTHER_TYPE, "", 0},
    {"{\"text\":[\"x\"],\"b\":\"text\"}", "text", FARRO_JSON_OTHER_TYPE, "", 0},
    {"{\"Text\":\"x\",\"tex\":\"y\",\"texts\":\"z\",\"text\\u0000\":\"n\"}", "text", FARRO_JSON_NO_FIELD, "", 0},
    {"{\"a\":-0.5e+10,\"b\":0,\"c\":12E3,\"d\":[true,false,null,[],{}],\"text\":\"x\"}", "text", FARRO_JSON_TEXT, "x",
     0},
    {"\"text\"", "text", FARRO_JSON_NO_FIELD, "", 0},
    {"12", "text", FARRO_JSON_NO_FIELD, "", 0},
    {"", "text", FARRO_JSON_BLANK, "", 0},
    {" \t\r\n", "text", FARRO_JSON_BLANK, "", 0},
    {"{", "text", FARRO_JSON_EXPECTED_KEY, NULL, 1},
    {"{\"a\":1,}", "text", FARRO_JSON_EXPECTED_KEY, NULL, 7},
    {"{a:1}", "text", FARRO_JSON_EXPECTED_KEY, NULL, 1},
    {"{\"a\" 1}", "text", FARRO_JSON_EXPECTED_COLON, NULL, 5},
    {"{\"a\":}", "text", FARRO_JSON_EXPECTED_VALUE, NULL, 5},
    {"[1,]", "text", FARRO_JSON_EXPECTED_VALUE, NULL, 3},
    {"nul", "text", FARRO_JSON_EXPECTED_VALUE, NULL, 0},
    {"tru\n", "text", FARRO_JSON_EXPECTED_VALUE, NULL, 0},
    {"{\"a\":1 \"b\":2}", "text", FARRO_JSON_EXPECTED_COMMA_OR_BRACE, NULL, 7},
    {"{\"a\":1]", "text", FARRO_JSON_EXPECTED_COMMA_OR_BRACE, NULL, 6},
    {"[1 2]", "text", FARRO_JSON_EXPECTED_COMMA_OR_BRACKET, NULL, 3},
    {"[1,[2}", "text", FARRO_JSON_EXPECTED_COMMA_OR_BRACKET, NULL, 5},
    {"{\"text\":\"ab\n", "text", FARRO_JSON_EXPECTED_QUOTE, NULL, 11},
    {"{\"text\":\"ab\\", "text", FARRO_JSON_EXPECTED_ESCAPE, NULL, 12},
    {"{\"text\":\"a\\x\"}", "text", FARRO_JSON_EXPECTED_ESCAPE, NULL, 11},
    {"{\"text\":\"a\\u12g4\"}", "text", FARRO_JSON_EXPECTED_HEX_DIGIT, NULL, 14},
    {"{\"text\":\"a\\ud83d\\u12\"}", "text", FARRO_JSON_EXPECTED_HEX_DIGIT, NULL, 20},
    {"{\"text\":\"a\tb\"}", "text", FARRO_JSON_EXPECTED_NO_CONTROL, NULL, 10},
    {"-", "text", FARRO_JSON_EXPECTED_DIGIT, NULL, 1},
    {"1.", "text", FARRO_JSON_EXPECTED_DIGIT, NULL, 2},
    {"1e+", "text", FARRO_JSON_EXPECTED_DIGIT, NULL, 3},
    {"01", "text", FARRO_JSON_EXPECTED_END, NULL, 1},
    {"{} {}", "text", FARRO_JSON_EXPECTED_END, NULL, 3},
    {"{}x", "text", FARRO_JSON_EXPECTED_END, NULL, 2},
};

static size_t split(const char *names, char *memory, const char **path) {
  size_t depth = 0;
  strcpy(memory, names);
  for (char *name = strtok(memory, " "); name; name = strtok(NULL, " ")) path[depth++] = name;
  return depth;
}

static farro_json_text scan(uint8_t *line, size_t length, const char *names) {
  char memory[100];
  const char *path[8];
  const uint64_t offsets[2] = {0, length};
  farro_json_text text = {99, 99, 99, 99};
  EXPECT(farro_json_texts(line, offsets, 1, path, split(names, memory, path), &text) == FARRO_OK, "a line fails");
  return text;
}

static void check_known(void) {
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const size_t length = strlen(known[i].line);
    uint8_t *line = guarded_allocate(length);
    memcpy(line, known[i].line, length);
    const farro_json_text text = scan(line, length, known[i].path);
    EXPECT(text.status == known[i].status, "%s: status %d", known[i].line, (int)text.status);
    if (known[i].text)
      EXPECT(text.length == strlen(known[i].text) && memcmp(line + text.begin, known[i].text, text.length) == 0,
             "%s: '%.*s'", known[i].line, (int)text.length, (const char *)line + text.begin);
    else
      EXPECT(text.position == known[i].position, "%s: at %d", known[i].line, (int)text.position);
    EXPECT((farro_json_expected(text.status) != NULL) == (known[i].text == NULL), "words for %d", (int)text.status);
    guarded_free(line, length);
  }
}

// ---- a second reading, by recursion ----

static const uint8_t *spaces(const uint8_t *p) {
  while (*p && strchr(" \t\r\n", *p)) p++;
  return p;
}

// After a string; NULL for none. The text ends with a 0, which no JSON has.
static const uint8_t *after_string(const uint8_t *p) {
  if (*p++ != '"') return NULL;
  for (; *p != '"'; p++) {
    if (*p < ' ') return NULL;
    if (*p != '\\') continue;
    if (!*++p || !strchr("\"\\/bfnrtu", *p)) return NULL;
    for (int i = 0; *p == 'u' && i < 4; i++)
      if (!p[i + 1] || !strchr("0123456789abcdefABCDEF", p[i + 1])) return NULL;
  }
  return p + 1;
}

static const uint8_t *after_digits(const uint8_t *p) {
  const uint8_t *first = p;
  while (*p >= '0' && *p <= '9') p++;
  return p == first ? NULL : p;
}

static const uint8_t *after_number(const uint8_t *p) {
  p += *p == '-';
  p = *p == '0' ? p + 1 : after_digits(p);
  if (p && *p == '.') p = after_digits(p + 1);
  if (p && (*p == 'e' || *p == 'E')) p++, p = after_digits(p + (*p == '+' || *p == '-'));
  return p;
}

static const uint8_t *after_value(const uint8_t *p) {
  p = spaces(p);
  static const char *const words[] = {"true", "false", "null"};
  for (int i = 0; i < 3; i++)
    if (strncmp((const char *)p, words[i], strlen(words[i])) == 0) return p + strlen(words[i]);
  if (*p == '"') return after_string(p);
  if (*p != '{' && *p != '[') return after_number(p);
  const uint8_t open = *p, close = open + 2;
  p = spaces(p + 1);
  if (*p == close) return p + 1;
  for (;; p++) {
    if (open == '{') {
      p = after_string(spaces(p));
      if (!p) return NULL;
      p = spaces(p);
      if (*p++ != ':') return NULL;
    }
    p = after_value(p);
    if (!p) return NULL;
    p = spaces(p);
    if (*p == close) return p + 1;
    if (*p != ',') return NULL;
  }
}

// ---- random lines ----

static size_t put(char *line, const char *text) {
  strcpy(line, text);
  return strlen(text);
}

static size_t put_string(char *line) {
  static const char *const pieces[] = {"\\n",     "\\\"",     "\\\\", "\\u00e9", "\\ud83d\\ude00",
                                       "\\ud800", "\xC3\xA9", "\xFF", " ",       "/"};
  size_t at = put(line, "\"");
  for (size_t parts = random_below(6); parts; parts--) {
    for (size_t plain = random_below(random_below(8) ? 12 : 150); plain; plain--)
      line[at++] = (char)('a' + random_below(26));
    if (random_below(2)) at += put(line + at, pieces[random_below(sizeof pieces / sizeof *pieces)]);
  }
  return at + put(line + at, "\"");
}

static size_t put_value(char *line, int depth) {
  static const char *const scalars[] = {"true", "false", "null", "0", "-1.5e-3", "12", "{}", "[]", "[ ]"};
  const size_t choice = random_below(depth > 3 ? 6 : 10);
  if (choice < 3) return put(line, scalars[random_below(sizeof scalars / sizeof *scalars)]);
  if (choice < 6) return put_string(line);
  size_t at = put(line, choice < 9 ? "{" : "[");
  for (size_t items = 1 + random_below(4); items; items--) {
    if (choice < 9) at += random_below(2) ? put(line + at, "\"text\"") : put_string(line + at);
    if (choice < 9) at += put(line + at, random_below(4) ? ":" : " : ");
    at += put_value(line + at, depth + 1);
    if (items > 1) at += put(line + at, random_below(4) ? "," : ", ");
  }
  return at + put(line + at, choice < 9 ? "}" : "]");
}

static void check_random_lines(void) {
  enum { most = 1 << 20 };
  char *line = malloc(most);
  size_t sound = 0;
  for (int round = 0; round < 4000; round++) {
    size_t length = put_value(line, 0);
    if (round % 2) // broken somewhere, as a rule
      line[random_below(length)] = "{}[]\",:\\u0e-. x\n\t"[random_below(17)];
    if (round % 8 == 7) length = random_below(length + 1);
    line[length] = 0;
    const uint8_t *end = after_value((const uint8_t *)line);
    const bool is_blank = *spaces((const uint8_t *)line) == 0, is_sound = end && *spaces(end) == 0;
    uint8_t *guarded = guarded_allocate(length);
    memcpy(guarded, line, length);
    const farro_json_text text = scan(guarded, length, round % 3 ? "text" : "text text");
    EXPECT((text.status == FARRO_JSON_BLANK) == is_blank, "blank: %s", line);
    EXPECT((text.status <= FARRO_JSON_OTHER_TYPE) == (is_sound || is_blank), "%.60s: status %d at %zu", line,
           (int)text.status, (size_t)text.position);
    EXPECT(text.begin + text.length <= length && text.position <= length, "beyond: %s", line);
    sound += is_sound;
    guarded_free(guarded, length);
  }
  EXPECT(sound > 2000 && sound < 3900, "%zu lines are sound", sound);
  free(line);
}

// Strings of every length with an escape at every place, against what was escaped.
static void check_strings(void) {
  for (size_t length = 0; length < 200; length += 1 + length / 40)
    for (size_t place = 0; place <= length; place += 1 + place / 70) {
      const size_t size = length + 9 + 6 + 2;
      uint8_t *line = guarded_allocate(size), text[210];
      memcpy(line, "{\"text\":\"", 9);
      for (size_t i = 0; i < length; i++)
        text[i + 2 * (i >= place)] = line[9 + i + 6 * (i >= place)] = (uint8_t)('a' + i % 26);
      memcpy(line + 9 + place, "\\u00e9", 6);
      memcpy(text + place, "\xC3\xA9", 2);
      memcpy(line + size - 2, "\"}", 2);
      const farro_json_text found = scan(line, size, "text");
      EXPECT(found.status == FARRO_JSON_TEXT && found.length == length + 2 &&
                 memcmp(line + found.begin, text, found.length) == 0,
             "a string of %zu with an escape at %zu", length, place);
      guarded_free(line, size);
    }
}

static void check_many_lines(void) {
  enum { lines = 30000 };
  static char text[lines * 40];
  static uint64_t offsets[lines + 1], ends[lines];
  static farro_json_text texts[lines];
  const char *path[] = {"text"};
  size_t at = 0, count = 0, right = 0;
  for (size_t i = 0; i < lines; i++) {
    offsets[i] = at;
    at +=
        i % 7 == 3 ? put(text + at, "\n") : (size_t)sprintf(text + at, "{\"id\":%zu,\"text\":\"\\u0041%zu\"}\n", i, i);
  }
  offsets[lines] = at;
  EXPECT(farro_line_ends(text, at, ends, lines, &count) == FARRO_OK && count == lines, "%zu line ends", count);
  EXPECT(memcmp(ends, offsets + 1, sizeof ends) == 0, "the places of line ends");
  ends[1] = 7;
  EXPECT(farro_line_ends(text, 100, ends, 1, &count) == FARRO_OK && count > 1 && ends[1] == 7, "written beyond");
  EXPECT(farro_json_texts((uint8_t *)text, offsets, lines, path, 1, texts) == FARRO_OK, "lines fail");
  for (size_t i = 0; i < lines; i++) {
    char expected[20];
    sprintf(expected, "A%zu", i);
    right += i % 7 == 3 ? texts[i].status == FARRO_JSON_BLANK
                        : texts[i].status == FARRO_JSON_TEXT && texts[i].length == strlen(expected) &&
                              memcmp(text + texts[i].begin, expected, texts[i].length) == 0;
  }
  EXPECT(right == lines, "%zu lines of %d are right", right, lines);
}

static void check_depth(void) {
  const char *path[] = {"text"};
  for (size_t depth = farro_json_most_depth - 1; depth < farro_json_most_depth + 2; depth++) {
    uint8_t line[3000];
    memset(line, '[', depth), memset(line + depth, ']', depth);
    const bool fits = depth <= farro_json_most_depth;
    const farro_json_text text = scan(line, 2 * depth, "text");
    EXPECT(text.status == (fits ? FARRO_JSON_NO_FIELD : FARRO_JSON_EXPECTED_LESS_DEPTH), "depth %zu", depth);
  }
  farro_json_text text;
  const uint64_t offsets[2] = {1, 0};
  EXPECT(farro_json_texts(NULL, offsets, 1, path, 1, &text) == FARRO_ERROR_ARGUMENT, "offsets that descend");
  EXPECT(farro_json_texts(NULL, offsets, 0, path, 0, &text) == FARRO_ERROR_ARGUMENT, "no path");
  EXPECT(farro_json_texts(NULL, offsets, 0, path, 1, &text) == FARRO_OK, "no lines");
}

void check_json(void) {
  check_known();
  check_random_lines();
  check_strings();
  check_many_lines();
  check_depth();
}
