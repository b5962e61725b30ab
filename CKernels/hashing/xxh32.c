// XXH32: four lanes of 32-bit multiplications, whose latency sets the speed.
#include "include/hashing.h"
#include "keys.h"
#include "words.h"

enum { stripe = 16 };

static uint32_t mix(uint32_t lane, uint32_t word) { return rotate32(lane + word * prime32_2, 13) * prime32_1; }

static void begin(uint32_t lanes[4], uint32_t seed) {
  lanes[0] = seed + prime32_1 + prime32_2;
  lanes[1] = seed + prime32_2;
  lanes[2] = seed;
  lanes[3] = seed - prime32_1;
}

static void consume(uint32_t lanes[4], const uint8_t *data, size_t stripes) {
  uint32_t a = lanes[0], b = lanes[1], c = lanes[2], d = lanes[3];
  for (; stripes; stripes--, data += stripe) {
    a = mix(a, read32(data));
    b = mix(b, read32(data + 4));
    c = mix(c, read32(data + 8));
    d = mix(d, read32(data + 12));
  }
  lanes[0] = a, lanes[1] = b, lanes[2] = c, lanes[3] = d;
}

static uint32_t converge(const uint32_t lanes[4]) {
  return rotate32(lanes[0], 1) + rotate32(lanes[1], 7) + rotate32(lanes[2], 12) + rotate32(lanes[3], 18);
}

static uint32_t finish(uint32_t hash, const uint8_t *tail, size_t length) {
  for (; length >= 4; length -= 4, tail += 4) hash = rotate32(hash + read32(tail) * prime32_3, 17) * prime32_4;
  for (; length; length--, tail++) hash = rotate32(hash + *tail * prime32_5, 11) * prime32_1;
  hash = (hash ^ hash >> 15) * prime32_2;
  hash = (hash ^ hash >> 13) * prime32_3;
  return hash ^ hash >> 16;
}

uint32_t farro_xxh32(const void *data, size_t length, uint32_t seed) {
  const uint8_t *bytes = data;
  if (length < stripe) return finish(seed + prime32_5 + (uint32_t)length, bytes, length);
  uint32_t lanes[4];
  begin(lanes, seed);
  consume(lanes, bytes, length / stripe);
  return finish(converge(lanes) + (uint32_t)length, bytes + length / stripe * stripe, length % stripe);
}

DEFINE_SCALAR_KEYS(farro_xxh32_keys, hash_xxh32_keys, farro_xxh32, uint32_t, uint32_t, 4.0, 6)

void farro_xxh32_init(farro_xxh32_state *state, uint32_t seed) {
  *state = (farro_xxh32_state){0};
  begin(state->lanes, seed);
}

void farro_xxh32_update(farro_xxh32_state *state, const void *data, size_t length) {
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

uint32_t farro_xxh32_digest(const farro_xxh32_state *state) {
  // Before the first stripe, lane 2 still is the seed.
  const uint32_t hash = state->length < stripe ? state->lanes[2] + prime32_5 : converge(state->lanes);
  return finish(hash + (uint32_t)state->length, (const uint8_t *)state->buffer, state->length % stripe);
}
