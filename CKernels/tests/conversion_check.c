#include <float.h>

#include "check.h"

static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

// ---- 16-bit floating point
// -------------------------------------------------------------------------------------------

static const struct {
  const char *name;
  farro_status (*narrow)(size_t n, const float *x, uint16_t *out);
  farro_status (*narrow_reference)(size_t n, const float *x, uint16_t *out);
  farro_status (*widen)(size_t n, const uint16_t *x, float *out);
  farro_status (*widen_reference)(size_t n, const uint16_t *x, float *out);
} formats[] = {{"bf16", farro_convert_f32_to_bf16, farro_convert_reference_f32_to_bf16, farro_convert_bf16_to_f32,
                farro_convert_reference_bf16_to_f32},
               {"f16", farro_convert_f32_to_f16, farro_convert_reference_f32_to_f16, farro_convert_f16_to_f32,
                farro_convert_reference_f16_to_f32}};
enum { format_count = 2, values = 65536, around = 5 };

static void check_narrowing(size_t format, size_t n, const float *x) {
  uint16_t *actual = farro_allocate(n * sizeof *actual), *expected = farro_allocate(n * sizeof *expected);
  const farro_status status = formats[format].narrow(n, x, actual);
  formats[format].narrow_reference(n, x, expected);
  EXPECT(status == FARRO_OK, "%s: status %d", formats[format].name, status);
  size_t wrong = 0;
  for (size_t i = 0; i < n; i++)
    if (actual[i] != expected[i] && wrong++ == 0)
      EXPECT(false, "%s of %a (%08x): %04x, not %04x", formats[format].name, (double)x[i], bits_of(x[i]), actual[i],
             expected[i]);
  EXPECT(wrong == 0, "%s: %zu of %zu wrong", formats[format].name, wrong, n);
  farro_release(actual, n * sizeof *actual), farro_release(expected, n * sizeof *expected);
}

// Every 16-bit value; and there and back again, which changes signalling NaN alone.
static void check_all_values(size_t format) {
  uint16_t *all = farro_allocate(values * sizeof *all), *back = farro_allocate(values * sizeof *back);
  float *actual = farro_allocate(values * sizeof *actual), *expected = farro_allocate(values * sizeof *expected);
  for (size_t i = 0; i < values; i++) all[i] = (uint16_t)i;
  formats[format].widen(values, all, actual);
  formats[format].widen_reference(values, all, expected);
  size_t wrong = 0, changed = 0;
  for (size_t i = 0; i < values; i++) wrong += bits_of(actual[i]) != bits_of(expected[i]);
  EXPECT(wrong == 0, "%zu values of %s are widened wrongly", wrong, formats[format].name);
  formats[format].narrow(values, actual, back);
  for (size_t i = 0; i < values; i++) changed += !isnan(actual[i]) && back[i] != all[i];
  EXPECT(changed == 0, "%zu values of %s do not come back", changed, formats[format].name);

  // The floats between two neighbours where rounding changes its mind: half-way, and one step to each side; and the
  // values themselves with their next ones.
  float *x = farro_allocate(values * around * sizeof *x);
  for (size_t i = 0; i < values; i++) {
    const uint32_t low = bits_of(expected[i]), high = bits_of(expected[i % 0x8000 == 0x7fff ? i : i + 1]);
    const uint32_t middle = low + (high - low) / 2, candidates[around] = {low, low + 1, middle - 1, middle, middle + 1};
    for (size_t k = 0; k < around; k++) x[i * around + k] = from_bits(candidates[k]);
  }
  check_narrowing(format, values * around, x);
  farro_release(x, values * around * sizeof *x);
  farro_release(all, values * sizeof *all), farro_release(back, values * sizeof *back);
  farro_release(actual, values * sizeof *actual), farro_release(expected, values * sizeof *expected);
}

static void check_tails(size_t format) {
  for (size_t t = 0; t < tail_size_count; t++) {
    const size_t n = tail_sizes[t];
    float *x = guarded_allocate(n * sizeof *x), *wide = guarded_allocate(n * sizeof *wide);
    uint16_t *narrow = guarded_allocate(n * sizeof *narrow), *expected = guarded_allocate(n * sizeof *expected);
    fill_f32(x, n);
    formats[format].narrow(n, x, narrow);
    formats[format].narrow_reference(n, x, expected);
    EXPECT(memcmp(narrow, expected, n * sizeof *narrow) == 0, "%s: %zu elements", formats[format].name, n);
    formats[format].widen(n, narrow, wide);
    formats[format].widen_reference(n, narrow, x);
    EXPECT(memcmp(wide, x, n * sizeof *x) == 0, "%s to f32: %zu elements", formats[format].name, n);
    guarded_free(x, n * sizeof *x), guarded_free(wide, n * sizeof *wide);
    guarded_free(narrow, n * sizeof *narrow), guarded_free(expected, n * sizeof *expected);
  }
}

static void check_all_floats(size_t format) {
  enum { run = 1 << 20 };
  float *x = farro_allocate(run * sizeof *x);
  for (uint32_t first = 0, turn = 0; turn < 1u << 12; turn++, first += run) {
    for (uint32_t i = 0; i < run; i++) x[i] = from_bits(first + i);
    check_narrowing(format, run, x);
  }
  farro_release(x, run * sizeof *x);
}

// Larger than the cache, at odd places: past the caches.
static void check_streaming(void) {
  const farro_cpu cpu = farro_cpu_facts();
  const size_t cache = cpu.l3_bytes > 0 ? (size_t)cpu.l3_bytes : 32u << 20;
  if (cache > 256u << 20) return;
  const size_t n = cache / 2 + 12345, pad = 64;
  float *x = farro_allocate(n * sizeof *x);
  uint16_t *out = farro_allocate((n + pad) * sizeof *out);
  for (size_t i = 0; i < n; i++) x[i] = (float)(i % 256);
  for (size_t skew = 0; skew < pad; skew += 21) {
    memset(out, 0xff, (n + pad) * sizeof *out);
    farro_convert_f32_to_bf16(n, x, out + skew);
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) wrong += out[skew + i] != bits_of((float)(i % 256)) >> 16;
    for (size_t i = 0; i < pad; i++) wrong += out[i < skew ? i : n + i] != 0xffff;
    EXPECT(wrong == 0, "streaming with a skew of %zu: %zu wrong", skew, wrong);
  }
  const float scale = 1;
  const farro_quantization by = {.scale = &scale};
  const farro_quantization_shape s = {1, n, n, n};
  uint8_t *bytes = (uint8_t *)out;
  memset(out, 0xff, (n + pad) * sizeof *out);
  farro_quantize_f32_to_u8(&s, &by, x, bytes + 5);
  size_t wrong = bytes[4] != 0xff || bytes[n + 5] != 0xff;
  for (size_t i = 0; i < n; i++) wrong += bytes[5 + i] != i % 256;
  EXPECT(wrong == 0, "quantized past the caches: %zu wrong", wrong);
  farro_release(x, n * sizeof *x), farro_release(out, (n + pad) * sizeof *out);
}

// ---- 8-bit integers
// ----------------------------------------------------------------------------------------------------

static size_t scales_of(farro_quantization_axis axis, size_t rows, size_t columns) {
  return axis == FARRO_QUANTIZATION_TENSOR ? 1 : axis == FARRO_QUANTIZATION_ROW ? rows : columns;
}

// Chooses, quantizes, and compares with the reference and with the bound; the ends of an asymmetric range may be half a
// step beyond it.
#define CHECK_QUANTIZATION(type, scalar, lowest)                                                                       \
  static void check_##type(size_t rows, size_t columns, size_t gap, farro_quantization_axis axis, bool symmetric) {    \
    const farro_quantization_shape s = {rows, columns, columns + gap, columns + 2 * gap};                              \
    const size_t count = scales_of(axis, rows, columns), in = rows ? (rows - 1) * s.x_row + columns : 0;               \
    const size_t out = rows ? (rows - 1) * s.out_row + columns : 0;                                                    \
    float *x = guarded_allocate(in * sizeof *x), *back = guarded_allocate(in * sizeof *back);                          \
    float *expected_back = guarded_allocate(in * sizeof *back), *scale = guarded_allocate(count * sizeof *scale);      \
    int32_t *zero_point = guarded_allocate(count * sizeof *zero_point);                                                \
    scalar *q = guarded_allocate(out), *expected = guarded_allocate(out);                                              \
    fill_f32(x, in), memset(q, 7, out), memset(expected, 7, out);                                                      \
    memcpy(back, x, in * sizeof *x), memcpy(expected_back, x, in * sizeof *x);                                         \
    for (size_t i = 0; i < in; i++) x[i] = x[i] * 3 + 1;                                                               \
    EXPECT(farro_choose_quantization_##type(&s, axis, symmetric, x, scale, zero_point) == FARRO_OK, "not chosen");     \
    const farro_quantization by = {axis, scale, symmetric && lowest < 0 ? NULL : zero_point};                          \
    const farro_status status = farro_quantize_f32_to_##type(&s, &by, x, q);                                           \
    farro_quantize_reference_f32_to_##type(&s, &by, x, expected);                                                      \
    const farro_quantization_shape reverse = {rows, columns, s.out_row, s.x_row};                                      \
    farro_dequantize_##type##_to_f32(&reverse, &by, q, back);                                                          \
    farro_dequantize_reference_##type##_to_f32(&reverse, &by, q, expected_back);                                       \
    EXPECT(status == FARRO_OK && memcmp(q, expected, out) == 0, #type " %zu x %zu by %d", rows, columns, axis);        \
    EXPECT(memcmp(back, expected_back, in * sizeof *back) == 0, #type " back: %zu x %zu by %d", rows, columns, axis);  \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < rows; i++)                                                                                  \
      for (size_t j = 0; j < columns; j++) {                                                                           \
        const size_t at = axis == FARRO_QUANTIZATION_ROW ? i : axis == FARRO_QUANTIZATION_COLUMN ? j : 0;              \
        const bool end = q[i * s.out_row + j] == lowest || q[i * s.out_row + j] == lowest + 255;                       \
        const double bound = (end && !symmetric ? 1 + 0x1p-15 : 0.5 + 0x1p-16) * (double)scale[at];                    \
        const double error = fabs((double)back[i * s.x_row + j] - (double)x[i * s.x_row + j]) / bound;                 \
        if (!(error <= worst)) worst = error;                                                                          \
      }                                                                                                                \
    EXPECT(worst <= 1, #type " %zu x %zu by %d: error %g of the bound", rows, columns, axis, worst);                   \
    guarded_free(x, in * sizeof *x), guarded_free(back, in * sizeof *back);                                            \
    guarded_free(expected_back, in * sizeof *back), guarded_free(scale, count * sizeof *scale);                        \
    guarded_free(zero_point, count * sizeof *zero_point), guarded_free(q, out), guarded_free(expected, out);           \
  }

CHECK_QUANTIZATION(u8, uint8_t, 0)
CHECK_QUANTIZATION(s8, int8_t, -128)

static void check_quantization_of(size_t rows, size_t columns, size_t gap) {
  for (farro_quantization_axis axis = FARRO_QUANTIZATION_TENSOR; axis <= FARRO_QUANTIZATION_COLUMN; axis++)
    for (int symmetric = 0; symmetric < 2; symmetric++) {
      check_u8(rows, columns, gap, axis, symmetric);
      check_s8(rows, columns, gap, axis, symmetric);
    }
}

static void check_rounding_and_specials(void) {
  const float x[] = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 126.5f, 127.5f, 1e30f, -1e30f, INFINITY, -INFINITY, NAN};
  const int8_t expected[] = {3, 5, 5, 3, 1, 127, 127, 127, -128, 127, -128, 3};
  enum { count = sizeof x / sizeof *x };
  const float scale = 1;
  int32_t zero_point = 3;
  const farro_quantization by = {FARRO_QUANTIZATION_TENSOR, &scale, &zero_point};
  const farro_quantization_shape s = {1, count, count, count};
  int8_t q[count];
  farro_quantize_f32_to_s8(&s, &by, x, q);
  for (size_t i = 0; i < count; i++)
    EXPECT(q[i] == expected[i], "%g is quantized to %d, not %d", (double)x[i], q[i], expected[i]);
  float chosen;
  const farro_quantization_shape finite = {1, 0, 0, 0}, infinite = {1, count, count, count};
  farro_choose_quantization_u8(&finite, FARRO_QUANTIZATION_TENSOR, false, x, &chosen, &zero_point);
  EXPECT(chosen == 1 && zero_point == 0, "nothing: scale %g, zero point %d", (double)chosen, zero_point);
  farro_choose_quantization_u8(&infinite, FARRO_QUANTIZATION_TENSOR, false, x, &chosen, &zero_point);
  EXPECT(chosen == (float)(2 * (double)FLT_MAX / 255) && zero_point == 128, "all: scale %g, zero point %d",
         (double)chosen, zero_point);
}

static void check_arguments(void) {
  const float x[4] = {1, 2, 3, 4};
  float scale[2] = {1, 0};
  int32_t zero_point = -1;
  uint8_t q[4] = {7, 7, 7, 7};
  const farro_quantization_shape s = {2, 2, 2, 2}, overlapping = {2, 2, 2, 1};
  farro_quantization by = {FARRO_QUANTIZATION_ROW, scale, NULL};
  EXPECT(farro_quantize_f32_to_u8(&s, &by, x, q) == FARRO_ERROR_ARGUMENT, "a scale of 0 is accepted");
  by = (farro_quantization){FARRO_QUANTIZATION_TENSOR, scale, &zero_point};
  EXPECT(farro_quantize_f32_to_u8(&s, &by, x, q) == FARRO_ERROR_ARGUMENT, "a zero point of -1 is accepted");
  zero_point = 0;
  EXPECT(farro_quantize_f32_to_u8(&overlapping, &by, x, q) == FARRO_ERROR_ARGUMENT, "overlapping rows are accepted");
  scale[0] = NAN;
  EXPECT(farro_quantize_f32_to_u8(&s, &by, x, q) == FARRO_ERROR_ARGUMENT, "a scale of NaN is accepted");
  EXPECT(q[0] == 7 && q[3] == 7, "a refused call wrote");
}

void check_conversion(void) {
  for (size_t format = 0; format < format_count; format++) {
    check_all_values(format);
    check_tails(format);
    if (exhaustive) check_all_floats(format);
  }
  check_streaming();
  check_rounding_and_specials();
  check_arguments();
  for (size_t i = 0; i < tail_size_count; i++) check_quantization_of(1 + i % 5, tail_sizes[i], i % 3);
  check_quantization_of(0, 5, 0);
  check_quantization_of(2500, 37, 1); // several blocks of rows
  check_quantization_of(3, 40001, 0); // several tasks to a row
}
