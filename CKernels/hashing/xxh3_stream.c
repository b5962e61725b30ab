// XXH3 of a message that comes in pieces.
//
// The buffer always keeps back the last bytes, at least one, since the last 64 of the message are treated apart. Once
// stripes have been hashed, the buffer's end holds the 64 bytes before those that wait in it, for the case that fewer
// than 64 wait when the digest is asked for.
#include "xxh3_long.h"

#include "runtime/dispatch.h"

enum { buffer_bytes = sizeof((farro_xxh3_state *)NULL)->buffer };
_Static_assert(buffer_bytes >= xxh3_most_short + 1 && buffer_bytes % xxh3_stripe == 0, "a short message fits");

void farro_xxh3_init(farro_xxh3_state *state, uint64_t seed) {
  *state = (farro_xxh3_state){.secret_length = xxh3_secret_bytes, .seed = seed};
  memcpy(state->sums, xxh3_first_sums, sizeof state->sums);
  xxh3_seed_secret(seed, state->seeded);
}

farro_status farro_xxh3_init_secret(farro_xxh3_state *state, const void *secret, size_t secret_length) {
  if (secret_length < farro_xxh3_least_secret) return FARRO_ERROR_ARGUMENT;
  *state = (farro_xxh3_state){.secret = secret, .secret_length = secret_length};
  memcpy(state->sums, xxh3_first_sums, sizeof state->sums);
  return FARRO_OK;
}

static xxh3_secret long_secret(const farro_xxh3_state *state) {
  return (xxh3_secret){state->secret ? state->secret : (const uint8_t *)state->seeded, state->secret_length};
}

// ---- update ----

static void keep(farro_xxh3_state *state, const uint8_t *data, size_t length) {
  memcpy((uint8_t *)state->buffer + state->buffered, data, length);
  state->buffered += (uint32_t)length;
}

static void consume(farro_xxh3_state *state, const hashing_kernels *kernels, const uint8_t *data, size_t stripes) {
  const xxh3_secret secret = long_secret(state);
  state->place = (uint32_t)kernels->consume(data, stripes, state->place, &secret, state->sums);
}

farro_status farro_xxh3_update(farro_xxh3_state *state, const void *data, size_t length) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (length == 0) return FARRO_OK;
  const uint8_t *bytes = data;
  uint8_t *buffer = (uint8_t *)state->buffer;
  state->length += length;
  if (length <= buffer_bytes - state->buffered) {
    keep(state, bytes, length);
    return FARRO_OK;
  }
  if (state->buffered) {
    const size_t missing = buffer_bytes - state->buffered;
    keep(state, bytes, missing);
    bytes += missing, length -= missing;
    consume(state, kernels->hashing, buffer, buffer_bytes / xxh3_stripe);
    state->buffered = 0;
  }
  if (length > buffer_bytes) {
    const size_t stripes = (length - 1) / xxh3_stripe, hashed = stripes * xxh3_stripe;
    consume(state, kernels->hashing, bytes, stripes);
    bytes += hashed, length -= hashed;
    memcpy(buffer + buffer_bytes - xxh3_stripe, bytes - xxh3_stripe, xxh3_stripe);
  }
  keep(state, bytes, length);
  return FARRO_OK;
}

// ---- digest ----

static void final_sums(const farro_xxh3_state *state, const hashing_kernels *kernels, const xxh3_secret *secret,
                       uint64_t sums[8]) {
  const uint8_t *buffer = (const uint8_t *)state->buffer;
  memcpy(sums, state->sums, sizeof state->sums);
  kernels->consume(buffer, (state->buffered - 1) / xxh3_stripe, state->place, secret, sums);
  uint8_t last[xxh3_stripe];
  const size_t waiting = state->buffered < xxh3_stripe ? state->buffered : xxh3_stripe, before = xxh3_stripe - waiting;
  memcpy(last, buffer + buffer_bytes - before, before);
  memcpy(last + before, buffer + state->buffered - waiting, waiting);
  kernels->finish(last, secret, sums);
}

farro_status farro_xxh3_digest_64(const farro_xxh3_state *state, uint64_t *hash) {
  if (state->length <= xxh3_most_short)
    return state->secret ? farro_xxh3_64_secret(state->buffer, state->length, state->secret, state->secret_length, hash)
                         : farro_xxh3_64(state->buffer, state->length, state->seed, hash);
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  const xxh3_secret secret = long_secret(state);
  uint64_t sums[8];
  final_sums(state, kernels->hashing, &secret, sums);
  *hash = xxh3_merge_64(sums, &secret, state->length);
  return FARRO_OK;
}

farro_status farro_xxh3_digest_128(const farro_xxh3_state *state, farro_hash128 *hash) {
  if (state->length <= xxh3_most_short)
    return state->secret
               ? farro_xxh3_128_secret(state->buffer, state->length, state->secret, state->secret_length, hash)
               : farro_xxh3_128(state->buffer, state->length, state->seed, hash);
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  const xxh3_secret secret = long_secret(state);
  uint64_t sums[8];
  final_sums(state, kernels->hashing, &secret, sums);
  *hash = xxh3_merge_128(sums, &secret, state->length);
  return FARRO_OK;
}
