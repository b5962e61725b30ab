#include "check.h"

enum { most_bytes = 1 << 18 };

static void expect_ends(const uint8_t *data, size_t length, uint64_t least, uint64_t average, uint64_t most,
                        uint64_t seed) {
  const size_t room = length / least + 1;
  uint64_t *ends = guarded_allocate(room * sizeof *ends), *expected = guarded_allocate(room * sizeof *ends);
  size_t count = 99, wanted = 0;
  EXPECT(farro_chunk_ends(data, length, least, average, most, seed, ends, &count) == FARRO_OK, "chunking fails");
  farro_chunk_ends_reference(data, length, least, average, most, seed, expected, &wanted);
  EXPECT(count == wanted && memcmp(ends, expected, count * sizeof *ends) == 0, "%zu chunks of %zu bytes, not %zu",
         count, length, wanted);
  // In pieces.
  farro_chunker chunker;
  farro_chunker_init(&chunker, least, average, most, seed);
  size_t found = 0, right = 0;
  const size_t largest = 1 + random_below(300);
  for (size_t at = 0; at < length;) {
    size_t piece = random_below(random_below(8) ? largest : 20000);
    if (piece > length - at) piece = length - at;
    for (bool is_end; piece;) {
      const size_t taken = farro_chunker_next(&chunker, data + at, piece, &is_end);
      at += taken, piece -= taken;
      if (!is_end) {
        EXPECT(piece == 0, "bytes are left behind none that ends");
        break;
      }
      right += found < wanted && expected[found] == at;
      found++;
    }
  }
  EXPECT(right == found && found + 1 >= wanted && found <= wanted, "%zu of %zu chunks in pieces", right, wanted);
  guarded_free(ends, room * sizeof *ends);
  guarded_free(expected, room * sizeof *ends);
}

static void check_against_reference(uint8_t *data) {
  const uint64_t sizes[][3] = {{64, 64, 64},      {64, 100, 5000},     {64, 256, 1024},
                               {256, 1024, 4096}, {2048, 8192, 65536}, {64, 60000, UINT64_MAX}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (size_t j = 0; j < tail_size_count; j++)
      expect_ends(data + most_bytes - tail_sizes[j], tail_sizes[j], sizes[i][0], sizes[i][1], sizes[i][2], j);
    expect_ends(data, most_bytes, sizes[i][0], sizes[i][1], sizes[i][2], i);
    expect_ends(data + 1, most_bytes - 1, sizes[i][0], sizes[i][1], sizes[i][2], i);
  }
}

// Bytes put in near the front leave the later cuts where they were.
static void check_insertion(uint8_t *data) {
  enum { inserted = 7, place = 10000, room = most_bytes / 256 + 2 };
  static uint64_t before[room], after[room];
  size_t n = 0, m = 0, kept = 0;
  uint8_t *other = malloc(most_bytes + inserted);
  memcpy(other, data, place);
  memset(other + place, 3, inserted);
  memcpy(other + place + inserted, data + place, most_bytes - place);
  farro_chunk_ends(data, most_bytes, 256, 1024, 8192, 1, before, &n);
  farro_chunk_ends(other, most_bytes + inserted, 256, 1024, 8192, 1, after, &m);
  for (size_t i = 0, j = 0; i < n; i++) {
    const uint64_t end = before[i] + (before[i] > place ? inserted : 0);
    while (j < m && after[j] < end) j++;
    kept += j < m && after[j] == end;
  }
  EXPECT(kept + 20 > n, "%zu of %zu cuts are kept", kept, n);
  free(other);
}

// The mean size is the average within 2% and 4 standard errors, and a run of one byte, whatever it is, is not cut at
// once by every seed.
static void check_sizes(void) {
  const size_t length = 1 << 24;
  const uint64_t least = 512, average = 2048, most = 16384;
  uint8_t *data = malloc(length);
  for (size_t i = 0; i < length; i++) data[i] = (uint8_t)random_below(256);
  uint64_t *ends = malloc((length / least + 1) * sizeof *ends);
  size_t count = 0, longest = 0;
  farro_chunk_ends(data, length, least, average, most, 2, ends, &count);
  double squares = 0;
  for (size_t i = 0; i < count; i++) {
    const double size = (double)(ends[i] - (i ? ends[i - 1] : 0));
    squares += size * size;
    longest += size == most;
  }
  const double mean = (double)length / (double)count, deviation = sqrt(squares / (double)count - mean * mean);
  const double allowed = 0.02 * average + 4 * deviation / sqrt((double)count);
  EXPECT(fabs(mean - average) <= allowed, "chunks of %g bytes, not %g", mean, (double)average);
  EXPECT(deviation < 0.45 * average, "sizes spread by %g", deviation); // 0.75 of it with a constant frequency
  EXPECT(longest <= count / 1000, "%zu of %zu chunks are cut by force", longest, count);
  size_t forced = 0;
  for (size_t byte = 0; byte < 16; byte++) {
    memset(data, (int)byte, most);
    farro_chunk_ends(data, most, least, average, most, byte, ends, &count);
    forced += count == 1;
  }
  EXPECT(forced >= 14, "%zu of 16 runs of one byte are cut by force alone", forced);
  free(data), free(ends);
}

static void check_rolling(const uint8_t *data) {
  farro_chunker chunker;
  farro_chunker_init(&chunker, 64, 100, 1000, 5);
  static uint64_t hashes[500], alone[farro_chunk_window];
  farro_rolling_hashes(&chunker, data, 500, hashes);
  for (size_t i = farro_chunk_window - 1; i < 500; i++) {
    farro_rolling_hashes(&chunker, data + i + 1 - farro_chunk_window, farro_chunk_window, alone);
    EXPECT(hashes[i] == alone[farro_chunk_window - 1], "the hash of window %zu depends on what was before it", i);
  }
}

static void check_refusals(void) {
  farro_chunker chunker;
  EXPECT(farro_chunker_init(&chunker, 63, 100, 1000, 0) == FARRO_ERROR_ARGUMENT, "too small");
  EXPECT(farro_chunker_init(&chunker, 101, 100, 1000, 0) == FARRO_ERROR_ARGUMENT, "least above average");
  EXPECT(farro_chunker_init(&chunker, 64, 100, 99, 0) == FARRO_ERROR_ARGUMENT, "most below average");
  size_t count = 7;
  EXPECT(farro_chunk_ends(NULL, 0, 64, 63, 100, 0, NULL, &count) == FARRO_ERROR_ARGUMENT && count == 7, "misuse");
  EXPECT(farro_chunk_ends(NULL, 0, 64, 64, 100, 0, NULL, &count) == FARRO_OK && count == 0, "nothing has chunks");
}

void check_chunking(void) {
  uint8_t *data = guarded_allocate(most_bytes);
  for (size_t i = 0; i < most_bytes; i++) data[i] = (uint8_t)random_below(256);
  check_against_reference(data);
  check_insertion(data);
  check_rolling(data);
  check_sizes();
  check_refusals();
  guarded_free(data, most_bytes);
}
