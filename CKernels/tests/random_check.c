#include "check.h"

// ---- known answers: kat_vectors of Random123 1.14 (philox4x32 10), and the words' places in the counter ----

static const struct {
  farro_philox from;
  uint32_t words[4];
} known[] = {
    {{0, 0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{UINT64_MAX, UINT64_MAX, UINT64_MAX}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88}, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void check_known_answers(void) {
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    uint32_t words[4] = {0}, reference[4] = {0};
    farro_random_bits(&known[i].from, 4, words);
    farro_random_bits_reference(&known[i].from, 4, reference);
    EXPECT(memcmp(words, known[i].words, sizeof words) == 0, "Philox, vector %zu: %08x ...", i, words[0]);
    EXPECT(memcmp(reference, known[i].words, sizeof words) == 0, "its reference, vector %zu", i);
  }
}

// ---- against the reference, bit for bit ----

// A seed and a stream with all their bits, and offsets whose counters carry, and wrap.
static const farro_philox starts[] = {
    {1, 0, 0},
    {0x0123456789abcdef, 0xfedcba9876543210, 0xfffffff9},
    {7, 1, UINT64_MAX - 2},
};

static void check_bits(const farro_philox *from, size_t n) {
  const size_t bytes = n * sizeof(uint32_t);
  uint32_t *words = guarded_allocate(bytes), *expected = guarded_allocate(bytes);
  EXPECT(farro_random_bits(from, n, words) == FARRO_OK, "random_bits");
  farro_random_bits_reference(from, n, expected);
  EXPECT(n == 0 || memcmp(words, expected, bytes) == 0, "%zu words", n);
  guarded_free(words, bytes), guarded_free(expected, bytes);
}

#define CHECK_NUMBERS(type, scalar)                                                                                    \
  static void check_uniform_##type(const farro_philox *from, size_t n, scalar low, scalar high) {                      \
    const size_t bytes = n * sizeof(scalar);                                                                           \
    scalar *x = guarded_allocate(bytes), *expected = guarded_allocate(bytes);                                          \
    EXPECT(farro_random_uniform_##type(from, low, high, n, x) == FARRO_OK, "random_uniform");                          \
    farro_random_uniform_reference_##type(from, low, high, n, expected);                                               \
    EXPECT(n == 0 || memcmp(x, expected, bytes) == 0, #type " %zu uniform numbers", n);                                \
    bool inside = true;                                                                                                \
    for (size_t i = 0; i < n; i++) inside &= x[i] >= low && x[i] < high;                                               \
    EXPECT(inside, #type " %zu numbers in [%g, %g)", n, (double)low, (double)high);                                    \
    guarded_free(x, bytes), guarded_free(expected, bytes);                                                             \
  }                                                                                                                    \
                                                                                                                       \
  static void check_dropout_##type(const farro_philox *from, double p, size_t n) {                                     \
    const size_t bytes = n * sizeof(scalar);                                                                           \
    scalar *x = guarded_allocate(bytes), *y = guarded_allocate(bytes), *expected = guarded_allocate(bytes);            \
    fill_##type(x, n);                                                                                                 \
    EXPECT(farro_dropout_##type(from, p, n, x, y) == FARRO_OK, "dropout");                                             \
    farro_dropout_reference_##type(from, p, n, x, expected);                                                           \
    EXPECT(n == 0 || memcmp(y, expected, bytes) == 0, #type " dropout of %zu with %g", n, p);                          \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_dropout_##type(from, p, n, x, x);                                                                            \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(n == 0 || memcmp(x, expected, bytes) == 0, #type " dropout of %zu in place, on one thread", n);             \
    guarded_free(x, bytes), guarded_free(y, bytes), guarded_free(expected, bytes);                                     \
  }                                                                                                                    \
                                                                                                                       \
  /* Past the caches and through them (unaligned, or in place), the same bits. */                                      \
  static void check_streaming_##type(void) {                                                                           \
    enum { n = (1 << 24) + 5 };                                                                                        \
    const size_t bytes = (n + 1) * sizeof(scalar);                                                                     \
    scalar *a = farro_allocate(bytes), *b = farro_allocate(bytes);                                                     \
    farro_random_uniform_##type(&starts[0], 0, 1, n, a);                                                               \
    farro_random_uniform_##type(&starts[0], 0, 1, n, b + 1);                                                           \
    EXPECT(memcmp(a, b + 1, n * sizeof *a) == 0, #type " uniform numbers: streaming differs");                         \
    farro_dropout_##type(&starts[1], 0.3, n, a, b);                                                                    \
    farro_dropout_##type(&starts[1], 0.3, n, a, a);                                                                    \
    EXPECT(memcmp(a, b, n * sizeof *a) == 0, #type " dropout: streaming differs");                                     \
    farro_release(a, bytes), farro_release(b, bytes);                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  /* Mean and number of zeros within five standard deviations of what is expected. */                                  \
  static void check_distribution_##type(void) {                                                                        \
    enum { n = 1 << 18 };                                                                                              \
    scalar *x = farro_allocate(n * sizeof *x);                                                                         \
    farro_random_uniform_##type(&starts[0], 0, 1, n, x);                                                               \
    double sum = 0, zeros = 0;                                                                                         \
    for (size_t i = 0; i < n; i++) sum += (double)x[i], x[i] = 1;                                                      \
    EXPECT(fabs(sum / n - 0.5) < 5 * sqrt(1.0 / 12 / n), #type " mean %g", sum / n);                                   \
    const double p = 0.1;                                                                                              \
    farro_dropout_##type(&starts[1], p, n, x, x);                                                                      \
    for (size_t i = 0; i < n; i++) zeros += x[i] == 0;                                                                 \
    EXPECT(fabs(zeros / n - p) < 5 * sqrt(p * (1 - p) / n), #type " dropped %g of %g", zeros / n, p);                  \
    farro_release(x, n * sizeof *x);                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  static void check_edges_##type(void) {                                                                               \
    const farro_philox *from = &starts[0];                                                                             \
    scalar x[5] = {NAN, INFINITY, -1, 0, 2}, y[5];                                                                     \
    farro_dropout_##type(from, 0, 5, x, y);                                                                            \
    EXPECT(memcmp(x, y, sizeof x) == 0, #type " nothing is dropped with p = 0");                                       \
    farro_dropout_##type(from, 1, 5, x, y);                                                                            \
    for (size_t i = 0; i < 5; i++) EXPECT(y[i] == 0, #type " %g is dropped with p = 1", (double)x[i]);                 \
    y[0] = 9;                                                                                                          \
    EXPECT(farro_dropout_##type(from, -0.1, 5, x, y) == FARRO_ERROR_ARGUMENT, "p below 0");                            \
    EXPECT(farro_dropout_##type(from, 1.1, 5, x, y) == FARRO_ERROR_ARGUMENT, "p above 1");                             \
    EXPECT(farro_dropout_##type(from, (double)NAN, 5, x, y) == FARRO_ERROR_ARGUMENT, "p is not a number");             \
    EXPECT(farro_random_uniform_##type(from, 1, 1, 5, y) == FARRO_ERROR_ARGUMENT, "an empty range");                   \
    EXPECT(farro_random_uniform_##type(from, 0, INFINITY, 5, y) == FARRO_ERROR_ARGUMENT, "an endless range");          \
    EXPECT(y[0] == 9, "a refused call wrote");                                                                         \
  }

CHECK_NUMBERS(f32, float)
CHECK_NUMBERS(f64, double)

void check_random(void) {
  static const double probabilities[] = {0, 0.1, 0.5, 0.9999, 1};
  check_known_answers();
  for (size_t s = 0; s < sizeof starts / sizeof *starts; s++)
    for (size_t i = 0; i <= tail_size_count; i++) {
      const size_t n = i < tail_size_count ? tail_sizes[i] : 70001;
      check_bits(&starts[s], n);
      check_uniform_f32(&starts[s], n, -3, 5);
      check_uniform_f64(&starts[s], n, -3, 5);
      check_uniform_f32(&starts[s], n, 0x1p24f, 0x1p24f + 2); // roundings reach the upper bound
      check_uniform_f64(&starts[s], n, 0x1p53, 0x1p53 + 2);
      for (size_t p = 0; p < sizeof probabilities / sizeof *probabilities; p++) {
        check_dropout_f32(&starts[s], probabilities[p], n);
        check_dropout_f64(&starts[s], probabilities[p], n);
      }
    }
  check_streaming_f32(), check_streaming_f64();
  check_distribution_f32(), check_distribution_f64();
  check_edges_f32(), check_edges_f64();
}
