// The hashes as their specification reads, one step after another, words put together byte by byte: slow, and the
// oracle of the tests. Nothing but the constants is shared with the fast versions.
#include "include/hashing.h"
#include "xxh3_long.h"

typedef unsigned __int128 u128;

static uint64_t word(const uint8_t *bytes, int count) {
  uint64_t value = 0;
  for (int i = count; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

static uint64_t word64(const uint8_t *bytes) { return word(bytes, 8); }

static uint64_t reversed(uint64_t value, int count) {
  uint64_t result = 0;
  for (int i = 0; i < count; i++, value >>= 8) result = result << 8 | (value & 0xff);
  return result;
}

static uint64_t rotated(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }
static uint32_t rotated32(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }

// ---- XXH32 ----

uint32_t farro_xxh32_reference(const void *data, size_t length, uint32_t seed) {
  const uint8_t *p = data;
  uint32_t lanes[4] = {seed + prime32_1 + prime32_2, seed + prime32_2, seed, seed - prime32_1};
  size_t left = length;
  for (; left >= 16; left -= 16)
    for (int i = 0; i < 4; i++, p += 4)
      lanes[i] = rotated32(lanes[i] + (uint32_t)word(p, 4) * prime32_2, 13) * prime32_1;
  uint32_t hash =
      length < 16 ? seed + prime32_5
                  : rotated32(lanes[0], 1) + rotated32(lanes[1], 7) + rotated32(lanes[2], 12) + rotated32(lanes[3], 18);
  hash += (uint32_t)length;
  for (; left >= 4; left -= 4, p += 4) hash = rotated32(hash + (uint32_t)word(p, 4) * prime32_3, 17) * prime32_4;
  for (; left >= 1; left -= 1, p += 1) hash = rotated32(hash + *p * prime32_5, 11) * prime32_1;
  hash ^= hash >> 15;
  hash *= prime32_2;
  hash ^= hash >> 13;
  hash *= prime32_3;
  return hash ^ hash >> 16;
}

// ---- XXH64 ----

static uint64_t round64(uint64_t lane, uint64_t value) { return rotated(lane + value * prime64_2, 31) * prime64_1; }

static uint64_t avalanche64(uint64_t x) {
  x ^= x >> 33;
  x *= prime64_2;
  x ^= x >> 29;
  x *= prime64_3;
  return x ^ x >> 32;
}

uint64_t farro_xxh64_reference(const void *data, size_t length, uint64_t seed) {
  const uint8_t *p = data;
  uint64_t lanes[4] = {seed + prime64_1 + prime64_2, seed + prime64_2, seed, seed - prime64_1};
  uint64_t hash = seed + prime64_5;
  size_t left = length;
  for (; left >= 32; left -= 32)
    for (int i = 0; i < 4; i++, p += 8) lanes[i] = round64(lanes[i], word64(p));
  if (length >= 32) {
    hash = rotated(lanes[0], 1) + rotated(lanes[1], 7) + rotated(lanes[2], 12) + rotated(lanes[3], 18);
    for (int i = 0; i < 4; i++) hash = (hash ^ round64(0, lanes[i])) * prime64_1 + prime64_4;
  }
  hash += length;
  for (; left >= 8; left -= 8, p += 8) hash = rotated(hash ^ round64(0, word64(p)), 27) * prime64_1 + prime64_4;
  for (; left >= 4; left -= 4, p += 4) hash = rotated(hash ^ word(p, 4) * prime64_1, 23) * prime64_2 + prime64_3;
  for (; left >= 1; left -= 1, p += 1) hash = rotated(hash ^ *p * prime64_5, 11) * prime64_1;
  return avalanche64(hash);
}

// ---- XXH3, up to 16 bytes ----

static uint64_t avalanche3(uint64_t x) {
  x ^= x >> 37;
  x *= prime_mx1;
  return x ^ x >> 32;
}

static uint64_t folded(uint64_t a, uint64_t b) {
  const u128 product = (u128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// The words at two places of the secret, combined.
static uint64_t flip64(const uint8_t *secret, size_t at) { return word64(secret + at) ^ word64(secret + at + 8); }
static uint64_t flip32(const uint8_t *secret, size_t at) { return word(secret + at, 4) ^ word(secret + at + 4, 4); }

static uint64_t tiny_64(const uint8_t *p, size_t n, uint64_t seed, const uint8_t *s) {
  if (n == 0) return avalanche64(seed ^ flip64(s, 56));
  if (n <= 3) {
    const uint64_t combined = (uint64_t)p[n - 1] | n << 8 | (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 24;
    return avalanche64((flip32(s, 0) + seed) ^ combined);
  }
  if (n <= 8) {
    const uint64_t modified = seed ^ reversed(seed & 0xffffffff, 4) << 32;
    uint64_t x = (flip64(s, 8) - modified) ^ (word(p + n - 4, 4) | word(p, 4) << 32);
    x ^= rotated(x, 49) ^ rotated(x, 24);
    x *= prime_mx2;
    x ^= (x >> 35) + n;
    x *= prime_mx2;
    return x ^ x >> 28;
  }
  const uint64_t low = (flip64(s, 24) + seed) ^ word64(p), high = (flip64(s, 40) - seed) ^ word64(p + n - 8);
  return avalanche3(n + reversed(low, 8) + high + folded(low, high));
}

static farro_hash128 tiny_128(const uint8_t *p, size_t n, uint64_t seed, const uint8_t *s) {
  if (n == 0) return (farro_hash128){avalanche64(seed ^ flip64(s, 64)), avalanche64(seed ^ flip64(s, 80))};
  if (n <= 3) {
    const uint64_t combined = (uint64_t)p[n - 1] | n << 8 | (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 24;
    const uint32_t turned = rotated32((uint32_t)reversed(combined, 4), 13);
    return (farro_hash128){avalanche64((flip32(s, 0) + seed) ^ combined), avalanche64((flip32(s, 8) - seed) ^ turned)};
  }
  if (n <= 8) {
    const uint64_t modified = seed ^ reversed(seed & 0xffffffff, 4) << 32;
    const uint64_t x = (flip64(s, 16) + modified) ^ (word(p, 4) | word(p + n - 4, 4) << 32);
    const u128 product = (u128)x * (prime64_1 + (n << 2));
    uint64_t low = (uint64_t)product, high = (uint64_t)(product >> 64);
    high += low << 1;
    low ^= high >> 3;
    low ^= low >> 35;
    low *= prime_mx2;
    low ^= low >> 28;
    return (farro_hash128){low, avalanche3(high)};
  }
  const uint64_t first = word64(p), last = word64(p + n - 8);
  const uint64_t x = (flip64(s, 32) - seed) ^ first ^ last, y = (flip64(s, 48) + seed) ^ last;
  const u128 product = (u128)x * prime64_1;
  uint64_t low = (uint64_t)product + ((uint64_t)(n - 1) << 54);
  uint64_t high = (uint64_t)(product >> 64) + (y >> 32 << 32) + (y & 0xffffffff) * prime32_2;
  low ^= reversed(high, 8);
  const u128 whole = ((u128)high << 64 | low) * prime64_2;
  return (farro_hash128){avalanche3((uint64_t)whole), avalanche3((uint64_t)(whole >> 64))};
}

// ---- XXH3, 17 to 240 bytes ----

static uint64_t mixed(const uint8_t *p, uint64_t seed, const uint8_t *s) {
  return folded(word64(p) ^ (word64(s) + seed), word64(p + 8) ^ (word64(s + 8) - seed));
}

static uint64_t medium_64(const uint8_t *p, size_t n, uint64_t seed, const uint8_t *s) {
  uint64_t sum = n * prime64_1;
  if (n <= 128) {
    for (size_t i = 0; i < (n + 31) / 32; i++)
      sum += mixed(p + 16 * i, seed, s + 32 * i) + mixed(p + n - 16 * i - 16, seed, s + 32 * i + 16);
    return avalanche3(sum);
  }
  for (size_t i = 0; i < 8; i++) sum += mixed(p + 16 * i, seed, s + 16 * i);
  sum = avalanche3(sum);
  for (size_t i = 8; i < n / 16; i++) sum += mixed(p + 16 * i, seed, s + 16 * (i - 8) + 3);
  return avalanche3(sum + mixed(p + n - 16, seed, s + 119));
}

static void mixed_two(uint64_t sums[2], const uint8_t *a, const uint8_t *b, uint64_t seed, const uint8_t *s) {
  sums[0] = (sums[0] + mixed(a, seed, s)) ^ (word64(b) + word64(b + 8));
  sums[1] = (sums[1] + mixed(b, seed, s + 16)) ^ (word64(a) + word64(a + 8));
}

static farro_hash128 medium_128(const uint8_t *p, size_t n, uint64_t seed, const uint8_t *s) {
  uint64_t sums[2] = {n * prime64_1, 0};
  if (n <= 128) {
    for (size_t i = (n + 31) / 32; i-- > 0;) mixed_two(sums, p + 16 * i, p + n - 16 * i - 16, seed, s + 32 * i);
  } else {
    for (size_t i = 0; i < 4; i++) mixed_two(sums, p + 32 * i, p + 32 * i + 16, seed, s + 32 * i);
    sums[0] = avalanche3(sums[0]);
    sums[1] = avalanche3(sums[1]);
    for (size_t i = 4; i < n / 32; i++) mixed_two(sums, p + 32 * i, p + 32 * i + 16, seed, s + 32 * (i - 4) + 3);
    mixed_two(sums, p + n - 16, p + n - 32, 0 - seed, s + 103);
  }
  const uint64_t high = sums[0] * prime64_1 + sums[1] * prime64_4 + (n - seed) * prime64_2;
  return (farro_hash128){avalanche3(sums[0] + sums[1]), 0 - avalanche3(high)};
}

// ---- XXH3, 241 bytes and more ----

static void accumulate(uint64_t sums[8], const uint8_t *stripe, const uint8_t *s) {
  for (int i = 0; i < 8; i++) {
    const uint64_t value = word64(stripe + 8 * i) ^ word64(s + 8 * i);
    sums[i ^ 1] += word64(stripe + 8 * i);
    sums[i] += (value & 0xffffffff) * (value >> 32);
  }
}

static void scramble(uint64_t sums[8], const uint8_t *s) {
  for (int i = 0; i < 8; i++) {
    sums[i] ^= sums[i] >> 47;
    sums[i] ^= word64(s + 8 * i);
    sums[i] *= prime32_1;
  }
}

static uint64_t merged(const uint64_t sums[8], uint64_t start, const uint8_t *s) {
  for (int i = 0; i < 8; i += 2) start += folded(sums[i] ^ word64(s + 8 * i), sums[i + 1] ^ word64(s + 8 * i + 8));
  return avalanche3(start);
}

static farro_hash128 long_128(const uint8_t *p, size_t n, const uint8_t *s, size_t secret_length) {
  uint64_t sums[8] = {prime32_3, prime64_1, prime64_2, prime64_3, prime64_4, prime32_2, prime64_5, prime32_1};
  const size_t stripes = (n - 1) / 64, per_block = (secret_length - 64) / 8;
  for (size_t i = 0; i < stripes; i++) {
    accumulate(sums, p + 64 * i, s + 8 * (i % per_block));
    if ((i + 1) % per_block == 0) scramble(sums, s + secret_length - 64);
  }
  accumulate(sums, p + n - 64, s + secret_length - 71);
  return (farro_hash128){merged(sums, n * prime64_1, s + 11), merged(sums, ~(n * prime64_2), s + secret_length - 75)};
}

static farro_hash128 seeded_128(const uint8_t *p, size_t n, uint64_t seed) {
  uint8_t derived[xxh3_secret_bytes];
  for (size_t i = 0; i < xxh3_secret_bytes; i++) {
    const uint64_t value = word64(xxh3_default_bytes + i / 8 * 8) + (i / 8 % 2 ? 0 - seed : seed);
    derived[i] = (uint8_t)(value >> 8 * (i % 8));
  }
  return long_128(p, n, derived, sizeof derived);
}

// ---- XXH3 ----

uint64_t farro_xxh3_reference_64(const void *data, size_t length, uint64_t seed, const void *secret,
                                 size_t secret_length) {
  if (length > 240) return farro_xxh3_reference_128(data, length, seed, secret, secret_length).low;
  const uint8_t *s = secret ? secret : xxh3_default_bytes;
  if (secret) seed = 0;
  return length <= 16 ? tiny_64(data, length, seed, s) : medium_64(data, length, seed, s);
}

farro_hash128 farro_xxh3_reference_128(const void *data, size_t length, uint64_t seed, const void *secret,
                                       size_t secret_length) {
  if (length > 240) return secret ? long_128(data, length, secret, secret_length) : seeded_128(data, length, seed);
  const uint8_t *s = secret ? secret : xxh3_default_bytes;
  if (secret) seed = 0;
  return length <= 16 ? tiny_128(data, length, seed, s) : medium_128(data, length, seed, s);
}
