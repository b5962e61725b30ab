// libxxhash, as Debian ships it: its functions called by address, on one thread, which is all that it has.
#include "worker.h"

#include <stdio.h>
#include <string.h>

static uint64_t (*hash)(const void *data, size_t length);
static size_t count, length;

static bool open(const char *path, int threads) {
  (void)threads;
  if (!open_library(path)) return false;
  hash = symbol("XXH3_64bits");
  if (!hash) fprintf(stderr, "%s has no XXH3_64bits\n", path);
  return hash;
}

static void facts(char *text, size_t size) {
  unsigned (*number)(void) = symbol("XXH_versionNumber");
  const unsigned version = number ? number() : 0;
  snprintf(text, size, "libxxhash %u.%u.%u\tas compiled", version / 10000, version / 100 % 100, version % 100);
}

static int rows(const void *const *in, void *out) {
  const char *bytes = in[0];
  uint64_t *hashes = out;
  uint64_t (*const function)(const void *, size_t) = hash;
  const size_t rows = count, each = length;
  for (size_t i = 0; i < rows; i++) hashes[i] = function(bytes + i * each, each);
  return 0;
}

static worker_call load(const char **why, const char **how) {
  count = size_parameter("count");
  length = size_parameter("length");
  *why = "no such operation";
  *how = "a loop over XXH3_64bits";
  return strncmp(parameter("operation"), "xxh3", 4) == 0 ? rows : NULL;
}

const backend xxhash_backend = {"xxhash", open, facts, load, NULL};
