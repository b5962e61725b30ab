// MurmurHash3: x86_32 is one chain of 32-bit words, x64_128 two of 64-bit ones that wait for each other.
#include "include/murmur3.h"

#include "keys.h"
#include "words.h"

// ---- 32 bits ----

static uint32_t spread_32(uint32_t word) { return rotate32(word * 0xcc9e2d51, 15) * 0x1b873593; }

static uint32_t consume_32(uint32_t hash, const uint8_t *data, size_t words) {
  for (; words; words--, data += 4) hash = rotate32(hash ^ spread_32(read32(data)), 13) * 5 + 0xe6546b64;
  return hash;
}

// `tail`: the bytes that are no whole word, 0 above them.
static uint32_t finish_32(uint32_t hash, uint32_t tail, uint64_t length) {
  hash ^= spread_32(tail) ^ (uint32_t)length;
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return hash ^ hash >> 16;
}

static uint32_t last_bytes(const uint8_t *data, size_t count) {
  uint32_t word = 0;
  if (count & 2) word = data[0] | (uint32_t)data[1] << 8;
  if (count & 1) word |= (uint32_t)data[count - 1] << 8 * (count - 1);
  return word;
}

uint32_t farro_murmur3_32(const void *data, size_t length, uint32_t seed) {
  const uint8_t *bytes = data;
  const uint32_t hash = consume_32(seed, bytes, length / 4);
  return finish_32(hash, length % 4 ? last_bytes(bytes + length / 4 * 4, length % 4) : 0, length);
}

DEFINE_SCALAR_KEYS(farro_murmur3_32_keys, hash_murmur3_32_keys, farro_murmur3_32, uint32_t, uint32_t, 4.0, 2.5)

void farro_murmur3_32_init(farro_murmur3_32_state *state, uint32_t seed) {
  *state = (farro_murmur3_32_state){.hash = seed};
}

// Bytes of the buffer behind those that wait are 0.
void farro_murmur3_32_update(farro_murmur3_32_state *state, const void *data, size_t length) {
  if (length == 0) return;
  const uint8_t *bytes = data;
  const size_t buffered = state->length % 4, missing = 4 - buffered;
  state->length += length;
  if (length < missing) {
    memcpy((uint8_t *)&state->buffer + buffered, bytes, length);
    return;
  }
  if (buffered) {
    memcpy((uint8_t *)&state->buffer + buffered, bytes, missing);
    state->hash = consume_32(state->hash, (const uint8_t *)&state->buffer, 1);
    bytes += missing, length -= missing;
  }
  state->hash = consume_32(state->hash, bytes, length / 4);
  state->buffer = 0;
  memcpy(&state->buffer, bytes + length / 4 * 4, length % 4);
}

uint32_t farro_murmur3_32_digest(const farro_murmur3_32_state *state) {
  return finish_32(state->hash, state->buffer, state->length);
}

// ---- 128 bits ----

static const uint64_t factor_1 = 0x87c37b91114253d5, factor_2 = 0x4cf5ad432745937f;

static uint64_t spread_first(uint64_t word) { return rotate64(word * factor_1, 31) * factor_2; }
static uint64_t spread_second(uint64_t word) { return rotate64(word * factor_2, 33) * factor_1; }

static farro_hash128 consume_128(farro_hash128 hash, const uint8_t *data, size_t pairs) {
  for (; pairs; pairs--, data += 16) {
    hash.low = (rotate64(hash.low ^ spread_first(read64(data)), 27) + hash.high) * 5 + 0x52dce729;
    hash.high = (rotate64(hash.high ^ spread_second(read64(data + 8)), 31) + hash.low) * 5 + 0x38495ab5;
  }
  return hash;
}

static uint64_t avalanche(uint64_t x) {
  x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53;
  return x ^ x >> 33;
}

// `tail`: the bytes that are no whole pair of words, 0 above them.
static farro_hash128 finish_128(farro_hash128 hash, const uint64_t tail[2], uint64_t length) {
  hash.low ^= spread_first(tail[0]) ^ length;
  hash.high ^= spread_second(tail[1]) ^ length;
  hash.low += hash.high;
  hash.high += hash.low;
  hash.low = avalanche(hash.low);
  hash.high = avalanche(hash.high);
  hash.low += hash.high;
  hash.high += hash.low;
  return hash;
}

// The last count < 16 bytes of a message: whole words overlap what came before, so that none is read beyond its end.
static void last_words(const uint8_t *data, size_t count, uint64_t tail[2]) {
  tail[0] = tail[1] = 0;
  if (count >= 8) {
    tail[0] = read64(data);
    if (count > 8) tail[1] = read64(data + count - 8) >> 8 * (16 - count);
  } else if (count >= 4) {
    tail[0] = read32(data) | (uint64_t)read32(data + count - 4) << 8 * (count - 4);
  } else if (count) {
    tail[0] = last_bytes(data, count);
  }
}

farro_hash128 farro_murmur3_128(const void *data, size_t length, uint32_t seed) {
  const uint8_t *bytes = data;
  const farro_hash128 hash = consume_128((farro_hash128){seed, seed}, bytes, length / 16);
  uint64_t tail[2];
  last_words(bytes + length / 16 * 16, length % 16, tail);
  return finish_128(hash, tail, length);
}

DEFINE_SCALAR_KEYS(farro_murmur3_128_keys, hash_murmur3_128_keys, farro_murmur3_128, uint32_t, farro_hash128, 6.0, 6)

void farro_murmur3_128_init(farro_murmur3_128_state *state, uint32_t seed) {
  *state = (farro_murmur3_128_state){.hashes = {seed, seed}};
}

static void consume_into(farro_murmur3_128_state *state, const uint8_t *data, size_t pairs) {
  const farro_hash128 hash = consume_128((farro_hash128){state->hashes[0], state->hashes[1]}, data, pairs);
  state->hashes[0] = hash.low, state->hashes[1] = hash.high;
}

void farro_murmur3_128_update(farro_murmur3_128_state *state, const void *data, size_t length) {
  if (length == 0) return;
  const uint8_t *bytes = data;
  uint8_t *buffer = (uint8_t *)state->buffer;
  const size_t buffered = state->length % 16, missing = 16 - buffered;
  state->length += length;
  if (length < missing) {
    memcpy(buffer + buffered, bytes, length);
    return;
  }
  if (buffered) {
    memcpy(buffer + buffered, bytes, missing);
    consume_into(state, buffer, 1);
    bytes += missing, length -= missing;
  }
  consume_into(state, bytes, length / 16);
  memset(buffer, 0, 16);
  memcpy(buffer, bytes + length / 16 * 16, length % 16);
}

farro_hash128 farro_murmur3_128_digest(const farro_murmur3_128_state *state) {
  return finish_128((farro_hash128){state->hashes[0], state->hashes[1]}, state->buffer, state->length);
}
