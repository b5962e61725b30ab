// MurmurHash3 and FNV-1a.
#include "check.h"

static bool same(farro_hash128 a, farro_hash128 b) { return a.low == b.low && a.high == b.high; }

// ---- published values ----

// SMHasher's own check: the hash of the hashes of {0, 1, 2 ...} of 0 to 255 bytes, with the seeds 256 down to 1; and
// test vectors of RFC 9923.
static void check_published(void) {
  uint8_t key[256], hashes[256 * 16];
  for (size_t i = 0; i < 256; i++) {
    key[i] = (uint8_t)i;
    const uint32_t hash = farro_murmur3_32(key, i, 256 - (uint32_t)i);
    memcpy(hashes + 4 * i, &hash, sizeof hash);
  }
  EXPECT(farro_murmur3_32(hashes, 4 * 256, 0) == 0xb0f57ee3, "MurmurHash3_x86_32 is not SMHasher's");
  for (size_t i = 0; i < 256; i++) {
    const farro_hash128 hash = farro_murmur3_128(key, i, 256 - (uint32_t)i);
    memcpy(hashes + 16 * i, &hash, sizeof hash);
  }
  EXPECT((uint32_t)farro_murmur3_128(hashes, 16 * 256, 0).low == 0x6384ba69, "MurmurHash3_x64_128 is not SMHasher's");

  const uint32_t basis_32 = farro_fnv1a_32_basis;
  const uint64_t basis_64 = farro_fnv1a_64_basis;
  EXPECT(farro_fnv1a_32(NULL, 0, basis_32) == 0x811c9dc5, "FNV-1a of nothing");
  EXPECT(farro_fnv1a_32("a", 1, basis_32) == 0xe40c292c, "FNV-1a of a");
  EXPECT(farro_fnv1a_32("foobar", 6, basis_32) == 0xbf9cf968, "FNV-1a of foobar");
  EXPECT(farro_fnv1a_64(NULL, 0, basis_64) == 0xcbf29ce484222325, "FNV-1a of nothing");
  EXPECT(farro_fnv1a_64("a", 1, basis_64) == 0xaf63dc4c8601ec8c, "FNV-1a of a");
  EXPECT(farro_fnv1a_64("foobar", 6, basis_64) == 0x85944171f73967e8, "FNV-1a of foobar");
  EXPECT(farro_fnv1a_64("bar", 3, farro_fnv1a_64("foo", 3, basis_64)) == 0x85944171f73967e8, "FNV-1a of foo, bar");
}

// ---- against the references ----

static void fill_bytes(uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)random_below(256);
}

static void check_lengths(void) {
  enum { most = 1100 };
  uint8_t *memory = guarded_allocate(most);
  fill_bytes(memory, most);
  for (size_t length = 0; length <= most; length++) {
    const uint8_t *data = memory + most - length;
    const uint32_t seed = length % 3 ? (uint32_t)random_below(UINT32_MAX) : 0;
    EXPECT(farro_murmur3_32(data, length, seed) == farro_murmur3_reference_32(data, length, seed),
           "MurmurHash3-32 of %zu bytes", length);
    EXPECT(same(farro_murmur3_128(data, length, seed), farro_murmur3_reference_128(data, length, seed)),
           "MurmurHash3-128 of %zu bytes", length);
  }
  guarded_free(memory, most);
}

// With a digest between any two pieces: it must not disturb what follows.
static void check_pieces(size_t length, size_t largest) {
  uint8_t *data = guarded_allocate(length);
  fill_bytes(data, length);
  farro_murmur3_32_state narrow;
  farro_murmur3_128_state wide;
  farro_murmur3_32_init(&narrow, 7);
  farro_murmur3_128_init(&wide, 7);
  for (size_t at = 0, piece; at <= length; at += piece) {
    EXPECT(farro_murmur3_32_digest(&narrow) == farro_murmur3_reference_32(data, at, 7), "after %zu bytes", at);
    EXPECT(same(farro_murmur3_128_digest(&wide), farro_murmur3_reference_128(data, at, 7)), "after %zu bytes", at);
    if (at == length) break;
    piece = random_below(largest + 1);
    if (piece > length - at) piece = length - at;
    farro_murmur3_32_update(&narrow, data + at, piece);
    farro_murmur3_128_update(&wide, data + at, piece);
  }
  guarded_free(data, length);
}

// ---- many keys: also those of XXH64 and XXH32 ----

static void check_keys(size_t count, size_t longest) {
  uint64_t *offsets = malloc((count + 1) * sizeof *offsets), *hashes = malloc((count + 1) * sizeof *hashes);
  uint64_t *fnv = malloc((count + 1) * sizeof *fnv);
  uint32_t *narrow = malloc((count + 1) * sizeof *narrow), *murmur = malloc((count + 1) * sizeof *murmur);
  uint32_t *narrow_fnv = malloc((count + 1) * sizeof *narrow_fnv);
  farro_hash128 *wide = malloc((count + 1) * sizeof *wide);
  uint8_t *bytes = malloc(count * longest + 3);
  fill_bytes(bytes, count * longest + 3);
  offsets[0] = 3;
  for (size_t i = 0; i < count; i++) offsets[i + 1] = offsets[i] + random_below(longest + 1);
  const uint32_t seed = 0x89abcdef;
  EXPECT(farro_xxh64_keys(bytes, offsets, count, seed, hashes) == FARRO_OK, "%zu keys fail", count);
  EXPECT(farro_xxh32_keys(bytes, offsets, count, seed, narrow) == FARRO_OK, "%zu keys fail", count);
  EXPECT(farro_murmur3_32_keys(bytes, offsets, count, seed, murmur) == FARRO_OK, "%zu keys fail", count);
  EXPECT(farro_murmur3_128_keys(bytes, offsets, count, seed, wide) == FARRO_OK, "%zu keys fail", count);
  EXPECT(farro_fnv1a_64_keys(bytes, offsets, count, seed, fnv) == FARRO_OK, "%zu keys fail", count);
  EXPECT(farro_fnv1a_32_keys(bytes, offsets, count, seed, narrow_fnv) == FARRO_OK, "%zu keys fail", count);
  size_t right = 0;
  for (size_t i = 0; i < count; i++) {
    const uint8_t *key = bytes + offsets[i];
    const size_t length = offsets[i + 1] - offsets[i];
    right += hashes[i] == farro_xxh64_reference(key, length, seed) &&
             narrow[i] == farro_xxh32_reference(key, length, seed) &&
             murmur[i] == farro_murmur3_reference_32(key, length, seed) &&
             same(wide[i], farro_murmur3_reference_128(key, length, seed)) &&
             fnv[i] == farro_fnv1a_64(key, length, seed) && narrow_fnv[i] == farro_fnv1a_32(key, length, seed);
  }
  EXPECT(right == count, "%zu of %zu keys are right", right, count);
  if (count > 1) {
    offsets[count] = offsets[0];
    murmur[0] = 7;
    EXPECT(farro_murmur3_32_keys(bytes, offsets, count, 0, murmur) == FARRO_ERROR_ARGUMENT, "descending offsets");
    EXPECT(murmur[0] == 7, "an output is touched");
  }
  free(offsets), free(hashes), free(fnv), free(narrow), free(murmur), free(narrow_fnv), free(wide), free(bytes);
}

void check_murmur3(void) {
  check_published();
  check_lengths();
  check_pieces(200, 1);
  check_pieces(2000, 40);
  check_keys(0, 10);
  check_keys(1009, 100);
  check_keys(70001, 20);
}
