#include "check.h"

// ---- published values: RFC 3720, B.4, as words; zlib's of "123456789" ----

static void check_published(void) {
  uint8_t zeros[32] = {0}, ones[32], up[32], down[32];
  for (size_t i = 0; i < 32; i++) ones[i] = 0xff, up[i] = (uint8_t)i, down[i] = (uint8_t)(31 - i);
  const uint8_t command[48] = {0x01, 0xc0, 0, 0, 0, 0, 0,    0, 0,    0, 0, 0,    0, 0, 0, 0,
                               0x14, 0,    0, 0, 0, 0, 0x04, 0, 0,    0, 0, 0x14, 0, 0, 0, 0x18,
                               0x28, 0,    0, 0, 0, 0, 0,    0, 0x02, 0, 0, 0,    0, 0, 0, 0};
  const struct {
    const void *data;
    size_t length;
    uint32_t crc32c;
  } values[] = {{zeros, 32, 0x8a9136aa},   {ones, 32, 0x62a8ab43},       {up, 32, 0x46dd794e}, {down, 32, 0x113fdb5c},
                {command, 48, 0xd9963a56}, {"123456789", 9, 0xe3069283}, {NULL, 0, 0}};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    uint32_t checksum = 1;
    EXPECT(farro_crc32c(values[i].data, values[i].length, 0, &checksum) == FARRO_OK, "CRC-32C fails");
    EXPECT(checksum == values[i].crc32c, "CRC-32C %zu is %08x", i, checksum);
  }
  uint32_t checksum = 1;
  farro_crc32("123456789", 9, 0, &checksum);
  EXPECT(checksum == 0xcbf43926, "CRC-32 is %08x", checksum);
  farro_crc32(NULL, 0, 0, &checksum);
  EXPECT(checksum == 0, "CRC-32 of nothing is %08x", checksum);
}

typedef farro_status checksum_function(const void *data, size_t length, uint32_t start, uint32_t *checksum);

static void check_lengths(checksum_function *function, uint32_t (*reference)(const void *, size_t, uint32_t),
                          const char *name) {
  enum { most = 3000 };
  uint8_t *memory = guarded_allocate(most);
  for (size_t i = 0; i < most; i++) memory[i] = (uint8_t)random_below(256);
  for (size_t length = 0; length <= most; length++) {
    const uint8_t *data = memory + most - length;
    const uint32_t start = length % 3 ? (uint32_t)random_below(UINT32_MAX) : 0;
    uint32_t checksum = 0;
    function(data, length, start, &checksum);
    EXPECT(checksum == reference(data, length, start), "%s of %zu bytes", name, length);
  }
  guarded_free(memory, most);
}

static void check_pieces(checksum_function *function, uint32_t (*combine)(uint32_t, uint32_t, uint64_t),
                         const char *name) {
  enum { most = 20000 };
  uint8_t *data = malloc(most);
  for (size_t i = 0; i < most; i++) data[i] = (uint8_t)random_below(256);
  uint32_t whole, pieces = 0, joined = 0;
  function(data, most, 0, &whole);
  for (size_t at = 0, piece; at < most; at += piece) {
    piece = random_below(700);
    if (piece > most - at) piece = most - at;
    uint32_t alone;
    function(data + at, piece, pieces, &pieces);
    function(data + at, piece, 0, &alone);
    joined = combine(joined, alone, piece);
  }
  EXPECT(pieces == whole, "%s of pieces", name);
  EXPECT(joined == whole, "%s combined", name);
  free(data);
}

// Combining with zeros, whose number is too large to be walked: twice 2^61 is 2^62.
static void check_long_combination(uint32_t (*combine)(uint32_t, uint32_t, uint64_t), const char *name) {
  const uint64_t half = (uint64_t)1 << 61;
  const uint32_t first = 0x12345678, twice = combine(combine(first, 0, half), 0, half);
  EXPECT(combine(first, 0, 2 * half) == twice, "%s of 2^62 bytes", name);
  EXPECT(combine(first, 77, 0) == (first ^ 77), "%s of no second part", name);
}

static void check_keys(size_t count) {
  uint64_t *offsets = malloc((count + 1) * sizeof *offsets);
  uint32_t *sums = malloc((count + 1) * sizeof *sums), *sums_c = malloc((count + 1) * sizeof *sums);
  uint8_t *bytes = malloc(count * 40 + 3);
  for (size_t i = 0; i < count * 40 + 3; i++) bytes[i] = (uint8_t)random_below(256);
  offsets[0] = 3;
  for (size_t i = 0; i < count; i++) offsets[i + 1] = offsets[i] + random_below(41);
  EXPECT(farro_crc32_keys(bytes, offsets, count, 5, sums) == FARRO_OK, "%zu keys fail", count);
  EXPECT(farro_crc32c_keys(bytes, offsets, count, 0, sums_c) == FARRO_OK, "%zu keys fail", count);
  size_t right = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t length = offsets[i + 1] - offsets[i];
    right += sums[i] == farro_crc32_reference(bytes + offsets[i], length, 5) &&
             sums_c[i] == farro_crc32c_reference(bytes + offsets[i], length, 0);
  }
  EXPECT(right == count, "%zu of %zu keys are right", right, count);
  if (count > 1) {
    offsets[count] = offsets[0];
    sums[0] = 7;
    EXPECT(farro_crc32_keys(bytes, offsets, count, 0, sums) == FARRO_ERROR_ARGUMENT, "descending offsets");
    EXPECT(farro_crc32c_keys(bytes, offsets, count, 0, sums) == FARRO_ERROR_ARGUMENT, "descending offsets");
    EXPECT(sums[0] == 7, "an output is touched");
  }
  free(offsets), free(sums), free(sums_c), free(bytes);
}

void check_checksums(void) {
  check_published();
  check_lengths(farro_crc32, farro_crc32_reference, "CRC-32");
  check_lengths(farro_crc32c, farro_crc32c_reference, "CRC-32C");
  check_pieces(farro_crc32, farro_crc32_combine, "CRC-32");
  check_pieces(farro_crc32c, farro_crc32c_combine, "CRC-32C");
  check_long_combination(farro_crc32_combine, "CRC-32");
  check_long_combination(farro_crc32c_combine, "CRC-32C");
  check_keys(0);
  check_keys(1009);
  check_keys(70001);
}
