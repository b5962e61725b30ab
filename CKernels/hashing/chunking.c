// Content-defined chunks by a rolling hash.
#include "include/chunking.h"

#include "random_words.h"
#include "words.h"

enum { window = farro_chunk_window };

farro_status farro_chunker_init(farro_chunker *chunker, uint64_t least, uint64_t average, uint64_t most,
                                uint64_t seed) {
  if (least < farro_least_chunk || average < least || most < average) return FARRO_ERROR_ARGUMENT;
  *chunker = (farro_chunker){
      .least = least,
      .normal = least + (average - least) / 4 * 3 + (average - least) % 4 * 3 / 4,
      .most = most,
      .rarely = UINT64_MAX / average / 4,
      .often = UINT64_MAX / average * 4,
  };
  for (size_t byte = 0; byte < 256; byte++) {
    chunker->coming[byte] = next_random_word(&seed);
    chunker->leaving[byte] = rotate64(chunker->coming[byte], window);
  }
  return FARRO_OK;
}

static inline uint64_t rolled(const farro_chunker *chunker, uint64_t hash, uint8_t coming, uint8_t leaving) {
  return rotate64(hash, 1) ^ (chunker->coming[coming] ^ chunker->leaving[leaving]);
}

static uint64_t hash_of_window(const farro_chunker *chunker, const uint8_t *bytes) {
  uint64_t hash = 0;
  for (size_t i = 0; i < window; i++) hash = rotate64(hash, 1) ^ chunker->coming[bytes[i]];
  return hash;
}

// ---- where the window lies in memory ----
// From `hash`, that of the window before `from`, the first place up to `to` whose window's hash is below `limit`: the
// place behind that window; 0 where there is none, and *hash is that of the last window then.

static size_t find_in_turn(const farro_chunker *chunker, const uint8_t *bytes, size_t from, size_t to, uint64_t limit,
                           uint64_t *hash) {
  uint64_t h = *hash;
  for (size_t i = from; i < to; i++) {
    h = rolled(chunker, h, bytes[i], bytes[i - window]);
    if (h < limit) return i + 1;
  }
  *hash = h;
  return 0;
}

// One hash waits for another, two cycles a byte; four of them, of neighbouring stretches, do not: 1.2 cycles a byte on
// Zen 5, the beginning of each stretch and what lies behind a cut included.
enum { stretches = 4, stretch = 512 };

static size_t find_in_stretches(const farro_chunker *chunker, const uint8_t *bytes, uint64_t limit, uint64_t *hash) {
  const uint8_t *leaving = bytes - window;
  uint64_t h[stretches] = {*hash};
  size_t found[stretches] = {0};
  for (size_t s = 1; s < stretches; s++) h[s] = hash_of_window(chunker, leaving + s * stretch);
  for (size_t i = 0; i < stretch; i++) {
    for (size_t s = 0; s < stretches; s++)
      h[s] = rolled(chunker, h[s], bytes[s * stretch + i], leaving[s * stretch + i]);
    if (h[0] < limit) return i + 1;
    if (__builtin_expect((h[1] < limit) | (h[2] < limit) | (h[3] < limit), 0))
      for (size_t s = 1; s < stretches; s++)
        if (h[s] < limit && !found[s]) found[s] = s * stretch + i + 1;
  }
  for (size_t s = 1; s < stretches; s++)
    if (found[s]) return found[s];
  *hash = h[stretches - 1];
  return 0;
}

static size_t find(const farro_chunker *chunker, const uint8_t *bytes, size_t from, size_t to, uint64_t limit,
                   uint64_t *hash) {
  for (; to - from >= stretches * stretch; from += stretches * stretch) {
    const size_t found = find_in_stretches(chunker, bytes + from, limit, hash);
    if (found) return from + found;
  }
  return find_in_turn(chunker, bytes, from, to, limit, hash);
}

// ---- a stream ----

static bool cuts(const farro_chunker *chunker) {
  return chunker->length >= chunker->most ||
         chunker->hash < (chunker->length < chunker->normal ? chunker->rarely : chunker->often);
}

static size_t end_chunk(farro_chunker *chunker, size_t taken, bool *is_end) {
  chunker->hash = chunker->length = 0;
  *is_end = true;
  return taken;
}

static inline uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

size_t farro_chunker_next(farro_chunker *chunker, const void *data, size_t length, bool *is_end) {
  const uint8_t *bytes = data;
  size_t at = 0;
  *is_end = false;
  // No window that counts begins before this.
  if (chunker->length < chunker->least - window) {
    at = smaller(chunker->least - window - chunker->length, length);
    chunker->length += at;
  }
  for (; chunker->length < chunker->least && at < length; at++) {
    chunker->window[chunker->length++ % window] = bytes[at];
    chunker->hash = rotate64(chunker->hash, 1) ^ chunker->coming[bytes[at]];
    if (chunker->length == chunker->least && cuts(chunker)) return end_chunk(chunker, at + 1, is_end);
  }
  for (; at < window && at < length; at++) {
    uint8_t *leaving = &chunker->window[chunker->length++ % window];
    chunker->hash = rolled(chunker, chunker->hash, bytes[at], *leaving);
    *leaving = bytes[at];
    if (cuts(chunker)) return end_chunk(chunker, at + 1, is_end);
  }
  if (at == length) return length;
  // From here on bytes leave that came in this call. The chunk began at `begin`, which may lie before `bytes`.
  const uint64_t begin = at - chunker->length; // modulo 2^64
  const size_t end = smaller(chunker->most - chunker->length, length - at) + at;
  size_t found = 0;
  if (chunker->length + 1 < chunker->normal) {
    const size_t normal = smaller(begin + chunker->normal - 1, end);
    found = find(chunker, bytes, at, normal, chunker->rarely, &chunker->hash);
    at = normal;
  }
  if (!found) found = find(chunker, bytes, at, end, chunker->often, &chunker->hash);
  if (found) return end_chunk(chunker, found, is_end);
  chunker->length = end - begin;
  if (chunker->length == chunker->most) return end_chunk(chunker, end, is_end);
  for (size_t i = 1; i <= window; i++) chunker->window[(chunker->length - i) % window] = bytes[end - i];
  return length;
}

// ---- a whole message ----

farro_status farro_chunk_ends(const void *data, size_t length, uint64_t least, uint64_t average, uint64_t most,
                              uint64_t seed, uint64_t *ends, size_t *count) {
  farro_chunker chunker;
  const farro_status status = farro_chunker_init(&chunker, least, average, most, seed);
  if (status != FARRO_OK) return status;
  *count = 0;
  for (size_t at = 0; at < length;) {
    bool is_end;
    at += farro_chunker_next(&chunker, (const uint8_t *)data + at, length - at, &is_end);
    ends[(*count)++] = at;
  }
  return FARRO_OK;
}

void farro_rolling_hashes(const farro_chunker *chunker, const void *data, size_t length, uint64_t *hashes) {
  const uint8_t *bytes = data;
  uint64_t hash = 0;
  for (size_t i = 0; i < length; i++) {
    hash =
        i < window ? rotate64(hash, 1) ^ chunker->coming[bytes[i]] : rolled(chunker, hash, bytes[i], bytes[i - window]);
    hashes[i] = hash;
  }
}

farro_status farro_chunk_ends_reference(const void *data, size_t length, uint64_t least, uint64_t average,
                                        uint64_t most, uint64_t seed, uint64_t *ends, size_t *count) {
  farro_chunker chunker;
  const farro_status status = farro_chunker_init(&chunker, least, average, most, seed);
  if (status != FARRO_OK) return status;
  const uint8_t *bytes = data;
  *count = 0;
  for (size_t begin = 0, size = 1; begin + size <= length; size++) {
    bool is_end = size == most || begin + size == length;
    if (size >= least) {
      const uint64_t hash = hash_of_window(&chunker, bytes + begin + size - window);
      is_end |= hash < UINT64_MAX / average / 4;
      if (size >= least + (average - least) * 3 / 4) is_end |= hash < UINT64_MAX / average * 4;
    }
    if (is_end) ends[(*count)++] = begin += size, size = 0;
  }
  return FARRO_OK;
}
