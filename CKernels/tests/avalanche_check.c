// Avalanche: whichever bit of a key changes, each bit of its hash changes with probability 1/2, and independently.
#include "check.h"

enum { samples = 1024, most_length = 320 };

// Its own random words, the same whatever ran before: at 4 standard errors, one check in 16000 fails by chance.
static uint64_t drawn_words;

static uint64_t next_word(void) {
  uint64_t z = drawn_words += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

// A hash of up to 128 bits as two words; bits that it has not are 0.
typedef farro_hash128 hash_function(const uint8_t *key, size_t length, uint64_t seed);

static farro_hash128 xxh3_64(const uint8_t *key, size_t length, uint64_t seed) {
  farro_hash128 hash = {0, 0};
  farro_xxh3_64(key, length, seed, &hash.low);
  return hash;
}

static farro_hash128 xxh3_128(const uint8_t *key, size_t length, uint64_t seed) {
  farro_hash128 hash;
  farro_xxh3_128(key, length, seed, &hash);
  return hash;
}

static farro_hash128 xxh64(const uint8_t *key, size_t length, uint64_t seed) {
  return (farro_hash128){farro_xxh64(key, length, seed), 0};
}

static farro_hash128 xxh32(const uint8_t *key, size_t length, uint64_t seed) {
  return (farro_hash128){farro_xxh32(key, length, (uint32_t)seed), 0};
}

static farro_hash128 murmur3_32(const uint8_t *key, size_t length, uint64_t seed) {
  return (farro_hash128){farro_murmur3_32(key, length, (uint32_t)seed), 0};
}

static farro_hash128 murmur3_128(const uint8_t *key, size_t length, uint64_t seed) {
  return farro_murmur3_128(key, length, (uint32_t)seed);
}

// The first eight bytes alone, by a function that each seed draws.
static farro_hash128 tabulation(const uint8_t *key, size_t length, uint64_t seed) {
  static farro_tabulation_u64 function;
  static uint64_t drawn;
  if (seed != drawn) farro_tabulation_init_u64(&function, drawn = seed);
  uint64_t word = 0, hash;
  memcpy(&word, key, length < 8 ? length : 8);
  farro_tabulate_u64(&function, &word, 1, &hash);
  return (farro_hash128){hash, 0};
}

static farro_hash128 mixed(const uint8_t *key, size_t length, uint64_t seed) {
  uint64_t word = 0, hash;
  memcpy(&word, key, length < 8 ? length : 8);
  farro_mix_keys(seed, &word, 1, &hash);
  return (farro_hash128){hash, 0};
}

// The one shingle of as many bytes.
static farro_hash128 shingle(const uint8_t *key, size_t length, uint64_t seed) {
  const farro_shingler shingler = {FARRO_SHINGLE_BYTES, FARRO_WORDS_ALPHANUMERIC, (uint32_t)length, seed};
  uint64_t hash = 0;
  size_t count;
  farro_shingles(&shingler, key, length, &hash, 1, &count);
  return (farro_hash128){hash, 0};
}

static bool bit_of(farro_hash128 hash, size_t bit) {
  return (bit < 64 ? hash.low >> bit : hash.high >> (bit - 64)) & 1;
}

// Returns the sum of squared deviations, in variances, of the cells of input bit `bit`, and checks their mean.
static double check_bit(hash_function *hash, const char *name, size_t hash_bits, size_t length, size_t bit) {
  size_t flips[128] = {0};
  for (size_t sample = 0; sample < samples; sample++) {
    uint8_t key[most_length];
    for (size_t i = 0; i < length; i++) key[i] = (uint8_t)next_word();
    const uint64_t seed = next_word() | 1;
    const farro_hash128 before = hash(key, length, seed);
    key[bit / 8] ^= (uint8_t)(1 << bit % 8);
    const farro_hash128 after = hash(key, length, seed), changed = {before.low ^ after.low, before.high ^ after.high};
    for (size_t i = 0; i < hash_bits; i++) flips[i] += bit_of(changed, i);
  }
  double all = 0, squares = 0;
  for (size_t i = 0; i < hash_bits; i++) {
    const double off = ((double)flips[i] - samples / 2.0) / sqrt(samples / 4.0);
    all += off, squares += off * off;
  }
  EXPECT(fabs(all) <= 4 * sqrt((double)hash_bits), "%s of %zu bytes: bit %zu changes %g standard errors off half", name,
         length, bit, all / sqrt((double)hash_bits));
  return squares;
}

static void check_hash(hash_function *hash, const char *name, size_t hash_bits, size_t longest) {
  const size_t lengths[] = {1, 3, 4, 8, 13, 16, 24, 100, 200, 300};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths && lengths[i] <= longest; i++) {
    const size_t bits = 8 * lengths[i], tried = bits < 24 ? bits : 24;
    double squares = 0;
    for (size_t j = 0; j < tried; j++)
      squares += check_bit(hash, name, hash_bits, lengths[i], j * (bits - 1) / (tried - 1));
    // As many squares of normal numbers as there are cells: their sum has twice that as its variance.
    const double cells = (double)(tried * hash_bits), off = (squares - cells) / sqrt(2 * cells);
    EXPECT(fabs(off) <= 4, "%s of %zu bytes: changes spread %g standard errors off", name, lengths[i], off);
  }
}

void check_avalanche(void) {
  drawn_words = 1;
  check_hash(xxh3_64, "XXH3-64", 64, most_length);
  check_hash(xxh3_128, "XXH3-128", 128, most_length);
  check_hash(xxh64, "XXH64", 64, most_length);
  check_hash(xxh32, "XXH32", 32, most_length);
  check_hash(murmur3_32, "MurmurHash3-32", 32, most_length);
  check_hash(murmur3_128, "MurmurHash3-128", 128, most_length);
  check_hash(tabulation, "tabulation", 64, 8);
  check_hash(mixed, "mixed keys", 64, 8);
  check_hash(shingle, "shingles of bytes", 64, farro_most_shingle_parts);
}
