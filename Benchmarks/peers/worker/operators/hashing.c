// Hashes of many keys, with offsets and without, and of single messages.
#include "operators.h"

static int keys(const void *const *in, void *out) {
  return CALL(farro_xxh3_64_keys)(in[0], in[1], sizes.count, 0, out);
}

static int rows(const void *const *in, void *out) {
  return CALL(farro_xxh3_64_rows)(in[0], sizes.count, sizes.length, 0, out);
}

// Nothing is read anew for each message, as a program of its own would not.
static int messages(const void *const *in, void *out) {
  __typeof__(&farro_xxh3_64) hash = operator_function;
  const char *bytes = in[0];
  const size_t count = sizes.count, length = sizes.length;
  uint64_t *hashes = out;
  int status = 0;
  for (size_t i = 0; i < count; i++) status |= (int)hash(bytes + i * length, length, 0, &hashes[i]);
  return status;
}

static int murmur3_keys(const void *const *in, void *out) {
  return CALL(farro_murmur3_128_keys)(in[0], in[1], sizes.count, 0, out);
}

const farro_operator hashing_operators[] = {
    {"xxh3_keys", "farro_xxh3_64_keys", keys},
    {"xxh3_rows", "farro_xxh3_64_rows", rows},
    {"xxh3_messages", "farro_xxh3_64", messages},
    {"murmur3_keys", "farro_murmur3_128_keys", murmur3_keys},
    {NULL, NULL, NULL},
};
