#include "check.h"

// ---- golden values ----
// Prefixes of "abc...zabc...z...": as the program xxhsum 0.8.1 prints them (-H0, -H1, -H3, -H2), and with a seed and
// with a secret as the functions of libxxhash 0.8.1 give them.

typedef struct {
  size_t length;
  uint32_t xxh32;
  uint64_t xxh64, xxh3_64;
  farro_hash128 xxh3_128;
} golden;

static const golden unseeded[] = {
    {0, 0x02cc5d05, 0xef46db3751d8e999, 0x2d06800538d394c2, {0x6001c324468d497f, 0x99aa06d3014798d8}},
    {1, 0x550d7456, 0xd24ec4f1a98c6e5b, 0xe6c632b61e964e1f, {0xe6c632b61e964e1f, 0xa96faf705af16834}},
    {3, 0x32d153ff, 0x44bc2cf5ad770999, 0x78af5f94892f3950, {0x78af5f94892f3950, 0x06b05ab6733a6185}},
    {4, 0xa3643705, 0xde0327b0d25d92cc, 0x6497a96f53a89890, {0x1be79eecd1b1353d, 0x8d6b60383dfa90c2}},
    {8, 0x0bb3c6bb, 0x3ad351775b4634b7, 0x6f45a76842a96483, {0x42b702b313880f12, 0xdac23237af373533}},
    {9, 0xd03c13fd, 0x27f1a34fdbb95e13, 0xe0dde4fc174590a0, {0xc0646b2d7986db98, 0xb43ff5bc5ff2e0ad}},
    {16, 0x9d2d8b62, 0x71ce8137ca2dd53d, 0x3d3ccac9af14d8a8, {0x3e8e153ff12f6330, 0x1f58fc809b1b8c4b}},
    {17, 0xb3b873e1, 0x8feff49d8f62f402, 0xca7f3571df47cacf, {0xc3acc9940596efab, 0x11078c38a5ca3a8d}},
    {32, 0x9f482780, 0x4da6cbe536cf55c7, 0x721f9b13256c3123, {0xa23a960186bd9b0a, 0x994adea69fcbdd34}},
    {128, 0x811b15fb, 0x8ca4ef9c3eb644a8, 0x3e99edc6c76f21c6, {0x4c5499b1fc6dae1e, 0xa87f157ac617df25}},
    {129, 0x648b0ad5, 0x0dda07dc9171bf6e, 0x852cb20608c9d2c7, {0x1ac468f67a442b6a, 0x8ebb4a9854af5bc4}},
    {240, 0xc47697a6, 0x36f6844fd96582fd, 0xea0e0f78188232ed, {0x79750202eaee16bc, 0xee81fc0343b09d30}},
    {241, 0x4631ec39, 0xa0a9193300304900, 0xbb0a906af5b5c211, {0xbb0a906af5b5c211, 0x4c1a7e587365bd1e}},
    {1024, 0x22730979, 0xc3a32a17a33ed31c, 0x5e6a406e127165a8, {0x5e6a406e127165a8, 0xa0e8f48f4e7973c4}},
    {1025, 0xb337b8c9, 0xb2682374dabf1646, 0xc180534771fac3f5, {0xc180534771fac3f5, 0x3cfd5791794dbdf7}},
    {10000, 0x58261266, 0x9e663d1971c51979, 0x2ff37c801aad7b39, {0x2ff37c801aad7b39, 0x454033558c25bd41}},
};

static const uint64_t golden_seed = 0x9e3779b185ebca8d;
static const golden seeded[] = {
    {0, 0x058efd0e, 0x0b303d920ec349df, 0xa8a6b918b2f0364a, {0xa986dfc5d7605bfe, 0x00feaa732a3ce25e}},
    {3, 0x4120d2bd, 0x7e49c9d7e85a4ab6, 0xe279ab87437fe1d8, {0xe279ab87437fe1d8, 0xda60ca51845482c2}},
    {8, 0xa1f6dd62, 0x5d4dd2ccda3fa308, 0x27d1c374bf227347, {0xa0a541621eca5753, 0x6966ea05a234fbe9}},
    {16, 0x8008dff3, 0x2648bcdf9b2d4609, 0xbe5ee57bdc317d93, {0xf9d2b8a197a47bd6, 0xb21a2223a417f65c}},
    {100, 0xc9394b28, 0x3166730fac4c0db0, 0x4f64c9041d19515e, {0xee98045eb0018b66, 0xb27f6d855da01458}},
    {200, 0x8b2d7889, 0xbeb90310afbd5d08, 0xb33bbdbcd6b13722, {0x0599bc18c9a0e6ca, 0x583f019a0cb1afac}},
    {1025, 0xd22ee519, 0x586f49262c2d5941, 0x449dc34d28a79e4d, {0x449dc34d28a79e4d, 0x1e3bdfb4582aa5bd}},
};

// The secret is the 136 letters from the hundredth on.
static const struct {
  size_t length;
  uint64_t xxh3_64;
  farro_hash128 xxh3_128;
} with_secret[] = {
    {0, 0xfdb377b280468d06, {0x7cb52036cc59ab9c, 0x54f5560fed3c3b71}},
    {3, 0xb4f8de3e3b60eb9f, {0xb4f8de3e3b60eb9f, 0x39ef11130c2972bb}},
    {8, 0x84b3012897214218, {0x8b99e3d495e6321a, 0x86612a2f33fe3362}},
    {16, 0x6048b503586be59e, {0xf3da17566a13cce1, 0x4eeddedaaba1452d}},
    {100, 0xb6c5974cc7a217ce, {0x4c63b547b937f63d, 0x083df8e951117759}},
    {200, 0x7c7c26eaebdd3a0b, {0xbb77ff928f36ec5c, 0xe17d7176101a2f23}},
    {1025, 0x61dbd3da545987dc, {0x61dbd3da545987dc, 0x6ca7b16041c7b41e}},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool same(farro_hash128 a, farro_hash128 b) { return a.low == b.low && a.high == b.high; }

static void check_golden_values(const golden *values, size_t count, uint64_t seed, const char *text) {
  for (size_t i = 0; i < count; i++) {
    const golden *value = &values[i];
    uint64_t hash = 0;
    farro_hash128 wide = {0};
    EXPECT(farro_xxh32(text, value->length, (uint32_t)seed) == value->xxh32, "XXH32 of %zu letters", value->length);
    EXPECT(farro_xxh64(text, value->length, seed) == value->xxh64, "XXH64 of %zu letters", value->length);
    farro_xxh3_64(text, value->length, seed, &hash);
    EXPECT(hash == value->xxh3_64, "XXH3-64 of %zu letters", value->length);
    farro_xxh3_128(text, value->length, seed, &wide);
    EXPECT(same(wide, value->xxh3_128), "XXH3-128 of %zu letters", value->length);
  }
}

// ---- published values: of the sanity check that xxHash 0.8 ships ----

static void check_published(void) {
  static const struct {
    size_t length;
    uint64_t xxh3;
  } xxh3[] = {{0, 0x2D06800538D394C2},   {1, 0xC44BDFF4074EECDB},    {6, 0x27B56A84CD2D7325},
              {12, 0xA713DAF0DFBB77E7},  {24, 0xA3FE70BF9D3510EB},   {48, 0x397DA259ECBA1F11},
              {80, 0xBCDEFBBB2C47C90A},  {195, 0xCD94217EE362EC3A},  {403, 0xCDEB804D65C6DEA4},
              {512, 0x617E49599013CB6B}, {2048, 0xDD59E2C3A5F038E0}, {2240, 0x6E73A90539CF2948},
              {2367, 0xCB37AEB9E5D361ED}};
  static const struct {
    size_t length;
    uint64_t xxh64;
    uint32_t xxh32;
  } others[] = {{0, 0xEF46DB3751D8E999, 0x02CC5D05},
                {1, 0xE934A84ADB052768, 0xCF65B03E},
                {14, 0x8282DCC4994E35C8, 0x1208E7E2},
                {222, 0xB641AE8CB691C174, 0x5BD11DBD}};
  uint8_t bytes[2367];
  uint64_t state = 2654435761u;
  for (size_t i = 0; i < sizeof bytes; i++, state *= 11400714785074694797u) bytes[i] = (uint8_t)(state >> 56);
  for (size_t i = 0; i < COUNT(xxh3); i++) {
    uint64_t hash = 0;
    farro_xxh3_64(bytes, xxh3[i].length, 0, &hash);
    EXPECT(hash == xxh3[i].xxh3, "XXH3 of %zu bytes is not the published value", xxh3[i].length);
  }
  for (size_t i = 0; i < COUNT(others); i++) {
    const size_t length = others[i].length;
    EXPECT(farro_xxh64(bytes, length, 0) == others[i].xxh64, "XXH64 of %zu bytes", length);
    EXPECT(farro_xxh32(bytes, length, 0) == others[i].xxh32, "XXH32 of %zu bytes", length);
  }
}

static void check_golden(void) {
  check_published();
  static char text[10000];
  for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('a' + i % 26);
  check_golden_values(unseeded, COUNT(unseeded), 0, text);
  check_golden_values(seeded, COUNT(seeded), golden_seed, text);
  for (size_t i = 0; i < COUNT(with_secret); i++) {
    uint64_t hash = 0;
    farro_hash128 wide = {0};
    farro_xxh3_64_secret(text, with_secret[i].length, text + 100, 136, &hash);
    farro_xxh3_128_secret(text, with_secret[i].length, text + 100, 136, &wide);
    EXPECT(hash == with_secret[i].xxh3_64, "XXH3-64 of %zu letters with a secret", with_secret[i].length);
    EXPECT(same(wide, with_secret[i].xxh3_128), "XXH3-128 of %zu letters with a secret", with_secret[i].length);
  }
}

// ---- against the references ----

enum { most_secret = 400 };

static uint64_t random_word(void) { return (uint64_t)random_below(SIZE_MAX); }

static void fill_bytes(uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)random_below(256);
}

static void check_seed(const uint8_t *data, size_t length, uint64_t seed) {
  uint64_t hash = 0;
  farro_hash128 wide = {0};
  EXPECT(farro_xxh3_64(data, length, seed, &hash) == FARRO_OK, "XXH3-64 fails");
  EXPECT(farro_xxh3_128(data, length, seed, &wide) == FARRO_OK, "XXH3-128 fails");
  EXPECT(hash == farro_xxh3_reference_64(data, length, seed, NULL, 0), "XXH3-64 of %zu bytes", length);
  EXPECT(same(wide, farro_xxh3_reference_128(data, length, seed, NULL, 0)), "XXH3-128 of %zu bytes", length);
  EXPECT(farro_xxh64(data, length, seed) == farro_xxh64_reference(data, length, seed), "XXH64 of %zu bytes", length);
  const uint32_t seed32 = (uint32_t)seed;
  EXPECT(farro_xxh32(data, length, seed32) == farro_xxh32_reference(data, length, seed32), "XXH32 of %zu", length);
}

static void check_secret(const uint8_t *data, size_t length, const uint8_t *secret, size_t secret_length) {
  uint64_t hash = 0;
  farro_hash128 wide = {0};
  farro_xxh3_64_secret(data, length, secret, secret_length, &hash);
  farro_xxh3_128_secret(data, length, secret, secret_length, &wide);
  EXPECT(hash == farro_xxh3_reference_64(data, length, 0, secret, secret_length), "XXH3-64 of %zu bytes, secret of %zu",
         length, secret_length);
  EXPECT(same(wide, farro_xxh3_reference_128(data, length, 0, secret, secret_length)),
         "XXH3-128 of %zu bytes, secret of %zu", length, secret_length);
}

// Data and secret end before unreadable pages; since lengths go up one by one, their starts take every alignment.
static void check_lengths(void) {
  enum { most = 3000 };
  uint8_t *memory = guarded_allocate(most), *secrets = guarded_allocate(most_secret);
  fill_bytes(memory, most);
  fill_bytes(secrets, most_secret);
  for (size_t length = 0; length <= most; length++) {
    const uint8_t *data = memory + most - length;
    check_seed(data, length, 0);
    check_seed(data, length, random_word());
    const size_t secret_length = farro_xxh3_least_secret + length % (most_secret - farro_xxh3_least_secret + 1);
    check_secret(data, length, secrets + most_secret - secret_length, secret_length);
  }
  guarded_free(memory, most);
  guarded_free(secrets, most_secret);
  check_seed(NULL, 0, 0);
}

static void check_large(void) {
  const size_t most = (1 << 20) + 77;
  uint8_t *memory = guarded_allocate(most);
  fill_bytes(memory, most);
  check_seed(memory, most, 5);
  check_seed(memory + 77, most - 77, 0);
  guarded_free(memory, most);
}

// ---- streaming ----

static void expect_digests(const farro_xxh3_state *state, const uint8_t *data, size_t length, uint64_t seed,
                           const uint8_t *secret, size_t secret_length) {
  uint64_t hash = 0;
  farro_hash128 wide = {0};
  EXPECT(farro_xxh3_digest_64(state, &hash) == FARRO_OK, "a digest fails");
  EXPECT(farro_xxh3_digest_128(state, &wide) == FARRO_OK, "a digest fails");
  EXPECT(hash == farro_xxh3_reference_64(data, length, seed, secret, secret_length), "XXH3-64 after %zu bytes", length);
  EXPECT(same(wide, farro_xxh3_reference_128(data, length, seed, secret, secret_length)), "XXH3-128 after %zu bytes",
         length);
}

// Pieces of 0 to `largest` bytes, with a digest between any two: it must not disturb what follows.
static void check_pieces(const uint8_t *data, size_t length, size_t largest, const uint8_t *secret) {
  const uint64_t seed = random_word();
  farro_xxh3_state xxh3, xxh3_secret;
  farro_xxh64_state xxh64;
  farro_xxh32_state xxh32;
  farro_xxh3_init(&xxh3, seed);
  EXPECT(farro_xxh3_init_secret(&xxh3_secret, secret, most_secret) == FARRO_OK, "init fails");
  farro_xxh64_init(&xxh64, seed);
  farro_xxh32_init(&xxh32, (uint32_t)seed);
  for (size_t at = 0, piece; at <= length; at += piece) {
    expect_digests(&xxh3, data, at, seed, NULL, 0);
    expect_digests(&xxh3_secret, data, at, 0, secret, most_secret);
    EXPECT(farro_xxh64_digest(&xxh64) == farro_xxh64_reference(data, at, seed), "XXH64 after %zu bytes", at);
    EXPECT(farro_xxh32_digest(&xxh32) == farro_xxh32_reference(data, at, (uint32_t)seed), "XXH32 after %zu bytes", at);
    if (at == length) break;
    piece = random_below(largest + 1);
    if (piece > length - at) piece = length - at;
    EXPECT(farro_xxh3_update(&xxh3, data + at, piece) == FARRO_OK, "an update fails");
    farro_xxh3_update(&xxh3_secret, data + at, piece);
    farro_xxh64_update(&xxh64, data + at, piece);
    farro_xxh32_update(&xxh32, data + at, piece);
  }
}

static void check_streaming(void) {
  enum { most = 20000 };
  uint8_t *data = guarded_allocate(most), secret[most_secret];
  fill_bytes(data, most);
  fill_bytes(secret, most_secret);
  check_pieces(data + most - 600, 600, 1, secret);
  check_pieces(data + most - 3001, 3001, 63, secret);
  check_pieces(data, most, 300, secret);
  check_pieces(data, most, 5000, secret);
  guarded_free(data, most);
}

static void check_copies(void) {
  uint8_t data[1000];
  fill_bytes(data, sizeof data);
  farro_xxh3_state first, second;
  farro_xxh3_init(&first, 3);
  farro_xxh3_update(&first, data, 500);
  memcpy(&second, &first, sizeof second);
  farro_xxh3_update(&first, data, 400);
  farro_xxh3_update(&second, data + 500, 500);
  expect_digests(&second, data, 1000, 3, NULL, 0);
}

// ---- many keys ----

static void check_keys(size_t count, size_t longest) {
  uint64_t *offsets = malloc((count + 1) * sizeof *offsets), *hashes = malloc((count + 1) * sizeof *hashes);
  farro_hash128 *wide = malloc((count + 1) * sizeof *wide);
  uint8_t *bytes = malloc(count * longest + 3);
  fill_bytes(bytes, count * longest + 3);
  offsets[0] = 3;
  for (size_t i = 0; i < count; i++) offsets[i + 1] = offsets[i] + random_below(longest + 1);
  for (uint64_t seed = 0; seed < 2; seed++) {
    EXPECT(farro_xxh3_64_keys(bytes, offsets, count, seed, hashes) == FARRO_OK, "%zu keys fail", count);
    EXPECT(farro_xxh3_128_keys(bytes, offsets, count, seed, wide) == FARRO_OK, "%zu keys fail", count);
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
      uint64_t hash;
      farro_hash128 hash128;
      farro_xxh3_64(bytes + offsets[i], offsets[i + 1] - offsets[i], seed, &hash);
      farro_xxh3_128(bytes + offsets[i], offsets[i + 1] - offsets[i], seed, &hash128);
      right += hashes[i] == hash && same(wide[i], hash128);
    }
    EXPECT(right == count, "%zu of %zu keys are right", right, count);
  }
  free(offsets), free(hashes), free(wide), free(bytes);
}

// Keys of one length, in runs that vectors take, between keys of others; and rows, which have no offsets.
static void check_alike(size_t count, size_t length) {
  const size_t all = count * length;
  uint8_t *bytes = guarded_allocate(all);
  uint64_t *offsets = guarded_allocate((count + 1) * sizeof *offsets);
  uint64_t *hashes = guarded_allocate(count * sizeof *hashes), *rows = guarded_allocate(count * sizeof *rows);
  fill_bytes(bytes, all);
  for (size_t i = 0; i <= count; i++) offsets[i] = i * length;
  for (uint64_t seed = 0; seed < 2; seed++) {
    EXPECT(farro_xxh3_64_keys(bytes, offsets, count, seed, hashes) == FARRO_OK, "%zu keys fail", count);
    EXPECT(farro_xxh3_64_rows(bytes, count, length, seed, rows) == FARRO_OK, "%zu rows fail", count);
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
      const uint64_t hash = farro_xxh3_reference_64(bytes + i * length, length, seed, NULL, 0);
      right += hashes[i] == hash && rows[i] == hash;
    }
    EXPECT(right == count, "%zu of %zu keys of %zu bytes are right", right, count, length);
  }
  // A key between them that is one byte longer, another that is one shorter.
  for (size_t odd = 0; odd + 1 < count && length; odd += 61) {
    offsets[odd + 1]++;
    farro_xxh3_64_keys(bytes, offsets, count, 3, hashes);
    size_t right = 0;
    for (size_t i = 0; i < count; i++)
      right += hashes[i] == farro_xxh3_reference_64(bytes + offsets[i], offsets[i + 1] - offsets[i], 3, NULL, 0);
    EXPECT(right == count, "%zu of %zu keys of about %zu bytes are right", right, count, length);
    offsets[odd + 1]--;
  }
  guarded_free(bytes, all);
  guarded_free(offsets, (count + 1) * sizeof *offsets);
  guarded_free(hashes, count * sizeof *hashes);
  guarded_free(rows, count * sizeof *rows);
}

// ---- misuse ----

static void check_refusals(void) {
  const uint8_t bytes[136] = {0};
  const uint64_t descending[] = {0, 5, 4};
  uint64_t hashes[2] = {7, 7};
  farro_hash128 wide[2] = {{7, 7}, {7, 7}};
  farro_xxh3_state state;
  EXPECT(farro_xxh3_64_secret(bytes, 5, bytes, 135, hashes) == FARRO_ERROR_ARGUMENT, "a short secret is accepted");
  EXPECT(farro_xxh3_128_secret(bytes, 5, bytes, 135, wide) == FARRO_ERROR_ARGUMENT, "a short secret is accepted");
  EXPECT(farro_xxh3_init_secret(&state, bytes, 135) == FARRO_ERROR_ARGUMENT, "a short secret is accepted");
  EXPECT(farro_xxh3_64_keys(bytes, descending, 2, 0, hashes) == FARRO_ERROR_ARGUMENT, "descending offsets");
  EXPECT(farro_xxh3_128_keys(bytes, descending, 2, 0, wide) == FARRO_ERROR_ARGUMENT, "descending offsets");
  EXPECT(farro_xxh3_64_rows(bytes, SIZE_MAX, 2, 0, hashes) == FARRO_ERROR_ARGUMENT, "too many rows");
  EXPECT(hashes[0] == 7 && wide[0].low == 7, "an output is touched");
}

void check_hashing(void) {
  check_golden();
  check_lengths();
  check_large();
  check_streaming();
  check_copies();
  check_keys(0, 10);
  check_keys(1, 300);
  check_keys(1009, 400);
  check_keys(100000, 20);
  for (size_t i = 0; i < tail_size_count; i++) {
    check_alike(tail_sizes[i], 16);
    check_alike(tail_sizes[i], 8);
    check_alike(tail_sizes[i], i * 11);
  }
  check_alike(100003, 8);
  check_refusals();
}
