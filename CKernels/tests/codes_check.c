#include "check.h"

enum { row_count = 41, longest_list = 37 };

static void fill_numbers(uint32_t *numbers, size_t count) {
  for (size_t i = 0; i < count; i++) numbers[i] = (uint32_t)random_below(row_count);
}

// Every extreme byte occurs, so that sums reach as far as they can.
static void check_bytes(size_t count, size_t d, size_t pad, bool extreme) {
  const size_t ld = d + pad, bytes = (row_count - 1) * ld + d;
  uint8_t *rows = guarded_allocate(bytes);
  int8_t *query = guarded_allocate(d);
  uint32_t *numbers = guarded_allocate(count * sizeof *numbers);
  int32_t *out = guarded_allocate(count * sizeof *out), *expected = guarded_allocate(count * sizeof *out);
  for (size_t i = 0; i < bytes; i++) rows[i] = extreme ? 255 : (uint8_t)random_below(256);
  for (size_t i = 0; i < d; i++) query[i] = extreme ? -128 : (int8_t)((int)random_below(256) - 128);
  fill_numbers(numbers, count);
  const farro_status status = farro_listed_dots_u8s8(count, d, query, rows, ld, numbers, out);
  farro_listed_dots_reference_u8s8(count, d, query, rows, ld, numbers, expected);
  EXPECT(status == FARRO_OK, "listed_dots_u8s8: status %d", status);
  EXPECT(count == 0 || memcmp(out, expected, count * sizeof *out) == 0, "listed_dots_u8s8 (%zu, %zu) differs", count,
         d);
  guarded_free(rows, bytes), guarded_free(query, d), guarded_free(numbers, count * sizeof *numbers);
  guarded_free(out, count * sizeof *out), guarded_free(expected, count * sizeof *out);
}

static void check_floats(size_t count, size_t d, size_t pad, double shift) {
  const size_t ld = d + pad, elements = (row_count - 1) * ld + d;
  float *rows = guarded_allocate(elements * sizeof *rows), *query = guarded_allocate(d * sizeof *query);
  uint32_t *numbers = guarded_allocate(count * sizeof *numbers);
  float *dots = guarded_allocate(count * sizeof *dots), *squares = guarded_allocate(count * sizeof *squares);
  float expected_dots[longest_list], expected_squares[longest_list];
  fill_f32(rows, elements), fill_f32(query, d), fill_numbers(numbers, count);
  for (size_t i = 0; i < elements; i++) rows[i] += (float)shift;
  for (size_t i = 0; i < d; i++) query[i] += (float)shift;
  if (count > 2) memcpy(rows + numbers[2] * ld, query, d * sizeof *query);
  farro_listed_dots_f32(count, d, query, rows, ld, numbers, dots);
  farro_listed_squares_f32(count, d, query, rows, ld, numbers, squares);
  farro_listed_dots_reference_f32(count, d, query, rows, ld, numbers, expected_dots);
  farro_listed_squares_reference_f32(count, d, query, rows, ld, numbers, expected_squares);
  const double depth = (double)d, unit = 0x1p-24;
  for (size_t i = 0; i < count; i++) {
    double products = 0;
    for (size_t k = 0; k < d; k++) products += fabs((double)query[k] * (double)rows[numbers[i] * ld + k]);
    const double dot_error = fabs((double)dots[i] - (double)expected_dots[i]);
    const double square_error = fabs((double)squares[i] - (double)expected_squares[i]);
    EXPECT(dot_error <= (depth + 5) * unit * products, "listed_dots_f32 (%zu, %zu): error %g", count, d, dot_error);
    EXPECT(square_error <= (depth + 7) * unit * (double)expected_squares[i], "listed_squares_f32 (%zu, %zu): error %g",
           count, d, square_error);
  }
  if (count > 2) EXPECT(squares[2] == 0, "listed_squares_f32: a row is at %g from itself", (double)squares[2]);
  guarded_free(rows, elements * sizeof *rows), guarded_free(query, d * sizeof *query);
  guarded_free(numbers, count * sizeof *numbers);
  guarded_free(dots, count * sizeof *dots), guarded_free(squares, count * sizeof *squares);
}

// Distances from codes are within the header's bound of the true ones.
static void check_quantization(size_t d, bool centred) {
  enum { n = 23 };
  const size_t padded = (d + 63) / 64 * 64;
  float *x = guarded_allocate(n * d * sizeof *x), *centre = guarded_allocate(d * sizeof *centre);
  uint8_t *codes = guarded_allocate(n * padded);
  int8_t *query = guarded_allocate(padded);
  fill_f32(x, n * d);
  for (size_t k = 0; k < d; k++) centre[k] = centred ? 3 : 0;
  for (size_t i = 0; centred && i < n * d; i++) x[i] += 3;
  const float *at = centred ? centre : NULL;
  int32_t norms[n], dots[n], sum = 0;
  uint32_t numbers[n];
  for (uint32_t i = 0; i < n; i++) numbers[i] = i;
  float scale = 0;
  farro_codes_scale_f32(n, d, x, d, at, &scale);
  EXPECT(farro_codes_f32(n, d, x, d, at, scale, codes, padded, norms) == FARRO_OK, "codes are refused");
  const float own = farro_query_codes_f32(d, padded, x, at, query);
  for (size_t k = 0; k < padded; k++) sum += query[k];
  farro_listed_dots_u8s8(n, padded, query, codes, padded, numbers, dots);
  for (size_t i = 0; i < n; i++) {
    double square = 0;
    for (size_t k = 0; k < d; k++) {
      const double difference = (double)x[k] - (double)x[i * d + k];
      square += difference * difference;
    }
    const double s = (double)scale, q = (double)own;
    const double y_rounded = q * q; // |y - centre|^2 is taken of the rounded query, which belongs to the products
    double rounded = 0;
    for (size_t k = 0; k < padded; k++) rounded += y_rounded * query[k] * query[k];
    const double estimate = rounded + s * s * norms[i] - 2 * s * q * (dots[i] - 128.0 * sum);
    const double error = fabs(sqrt(fmax(0, estimate)) - sqrt(square));
    EXPECT(error <= (s + q) * sqrt((double)d) / 2 * 1.0001 + 1e-6, "codes d %zu: distance is off by %g", d, error);
  }
  for (size_t i = 0; i < n; i++)
    for (size_t k = d; k < padded; k++) EXPECT(codes[i * padded + k] == 128, "padding is no zero");
  guarded_free(x, n * d * sizeof *x), guarded_free(centre, d * sizeof *centre);
  guarded_free(codes, n * padded), guarded_free(query, padded);
}

static void check_outliers(void) {
  enum { n = 2000, d = 16 };
  static float x[n * d];
  fill_f32(x, n * d);
  x[77] = 1000;
  float scale = 0;
  farro_codes_scale_f32(n, d, x, d, NULL, &scale);
  EXPECT(scale > 0.99f / 127 && scale < 1.01f / 127, "one outlier makes the scale %g", (double)scale);
  uint8_t codes[d];
  farro_codes_f32(1, d, x + 77 / d * d, d, NULL, scale, codes, d, NULL);
  EXPECT(codes[77 % d] == 255, "an outlier has the code %d", codes[77 % d]);
  const float zero[4] = {0};
  farro_codes_scale_f32(2, 2, zero, 2, NULL, &scale);
  EXPECT(scale == 1, "zeros have the scale %g", (double)scale);
}

void check_codes(void) {
  for (size_t i = 0; i < tail_size_count; i++)
    for (size_t count = 0; count <= longest_list; count += count < 9 ? 1 : 14) {
      if (tail_sizes[i] > 300) continue;
      check_bytes(count, tail_sizes[i], count % 3, i % 4 == 0);
      check_floats(count, tail_sizes[i], count % 3, count % 2 ? 0 : 10);
    }
  check_bytes(5, 65793, 1, true);
  EXPECT(farro_listed_dots_u8s8(0, 65794, NULL, NULL, 65794, NULL, NULL) == FARRO_ERROR_ARGUMENT, "too many elements");
  for (size_t d = 1; d < 200; d += 33) check_quantization(d, d % 2 == 0);
  check_outliers();
}
