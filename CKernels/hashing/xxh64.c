// XXH64: four lanes of 64-bit multiplications, whose latency sets the speed.
#include "include/hashing.h"
#include "keys.h"
#include "words.h"

enum { stripe = 32 };

static uint64_t mix(uint64_t lane, uint64_t word) { return rotate64(lane + word * prime64_2, 31) * prime64_1; }

static void begin(uint64_t lanes[4], uint64_t seed) {
  lanes[0] = seed + prime64_1 + prime64_2;
  lanes[1] = seed + prime64_2;
  lanes[2] = seed;
  lanes[3] = seed - prime64_1;
}

static void consume(uint64_t lanes[4], const uint8_t *data, size_t stripes) {
  uint64_t a = lanes[0], b = lanes[1], c = lanes[2], d = lanes[3];
  for (; stripes; stripes--, data += stripe) {
    a = mix(a, read64(data));
    b = mix(b, read64(data + 8));
    c = mix(c, read64(data + 16));
    d = mix(d, read64(data + 24));
  }
  lanes[0] = a, lanes[1] = b, lanes[2] = c, lanes[3] = d;
}

static uint64_t converge(const uint64_t lanes[4]) {
  uint64_t hash = rotate64(lanes[0], 1) + rotate64(lanes[1], 7) + rotate64(lanes[2], 12) + rotate64(lanes[3], 18);
  for (int i = 0; i < 4; i++) hash = (hash ^ mix(0, lanes[i])) * prime64_1 + prime64_4;
  return hash;
}

static uint64_t finish(uint64_t hash, const uint8_t *tail, size_t length) {
  for (; length >= 8; length -= 8, tail += 8) hash = rotate64(hash ^ mix(0, read64(tail)), 27) * prime64_1 + prime64_4;
  if (length >= 4) {
    hash = rotate64(hash ^ read32(tail) * prime64_1, 23) * prime64_2 + prime64_3;
    length -= 4, tail += 4;
  }
  for (; length; length--, tail++) hash = rotate64(hash ^ *tail * prime64_5, 11) * prime64_1;
  return avalanche_xxh64(hash);
}

uint64_t farro_xxh64(const void *data, size_t length, uint64_t seed) {
  const uint8_t *bytes = data;
  if (length < stripe) return finish(seed + prime64_5 + length, bytes, length);
  uint64_t lanes[4];
  begin(lanes, seed);
  consume(lanes, bytes, length / stripe);
  return finish(converge(lanes) + length, bytes + length / stripe * stripe, length % stripe);
}

DEFINE_SCALAR_KEYS(farro_xxh64_keys, hash_xxh64_keys, farro_xxh64, uint64_t, uint64_t, 4.0, 12)

void farro_xxh64_init(farro_xxh64_state *state, uint64_t seed) {
  *state = (farro_xxh64_state){0};
  begin(state->lanes, seed);
}

void farro_xxh64_update(farro_xxh64_state *state, const void *data, size_t length) {
  if (length == 0) return;
  const uint8_t *bytes = data;
  uint8_t *buffer = (uint8_t *)state->buffer;
  const size_t buffered = state->length % stripe;
  state->length += length;
  if (buffered + length < stripe) {
    memcpy(buffer + buffered, bytes, length);
    return;
  }
  if (buffered) {
    const size_t missing = stripe - buffered;
    memcpy(buffer + buffered, bytes, missing);
    consume(state->lanes, buffer, 1);
    bytes += missing, length -= missing;
  }
  consume(state->lanes, bytes, length / stripe);
  memcpy(buffer, bytes + length / stripe * stripe, length % stripe);
}

uint64_t farro_xxh64_digest(const farro_xxh64_state *state) {
  // Before the first stripe, lane 2 still is the seed.
  const uint64_t hash = state->length < stripe ? state->lanes[2] + prime64_5 : converge(state->lanes);
  return finish(hash + state->length, (const uint8_t *)state->buffer, state->length % stripe);
}
