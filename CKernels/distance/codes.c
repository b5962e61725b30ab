// Entries of the listed distances, and codes.
//
// Codes are made by plain loops: each row once in its life, and a query once per search of many microseconds.
#include "distance/codes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "include/codes.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum { most_code_elements = 65793 }; // 2^31 / (255 * 128)

#define ENTRY(name, kernel, query_type, row_type, out_type, most)                                                      \
  farro_status name(size_t count, size_t d, const query_type *query, const row_type *rows, size_t ld,                  \
                    const uint32_t *numbers, out_type *out) {                                                          \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (d > (most) || !can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;                                            \
    kernels->codes->kernel(count, d, query, rows, ld, numbers, out);                                                   \
    return FARRO_OK;                                                                                                   \
  }
ENTRY(farro_listed_dots_u8s8, dots_u8s8, int8_t, uint8_t, int32_t, most_code_elements)
ENTRY(farro_listed_dots_f32, dots_f32, float, float, float, PTRDIFF_MAX / 16)
ENTRY(farro_listed_squares_f32, squares_f32, float, float, float, PTRDIFF_MAX / 16)
#undef ENTRY

// ---- codes ----

// To the nearest whole number, ties to even, for |x| < 2^22; unlike rintf, without a call where SSE4 is missing.
static inline float rounded(float x) { return (x + 0x1.8p23f) - 0x1.8p23f; }

static inline float offset(const float *x, const float *centre, size_t k) { return centre ? x[k] - centre[k] : x[k]; }

static float largest_offset(size_t d, const float *x, const float *centre) {
  float largest = 0;
  for (size_t k = 0; k < d; k++) {
    const float magnitude = fabsf(offset(x, centre, k));
    largest = magnitude > largest ? magnitude : largest;
  }
  return largest;
}

// Never 0 or infinite, and never so small that its inverse overflows.
static float scale_of(float range) {
  if (!(range > 0x1p-100f)) return 1;
  return range < 0x1.fffffep127f ? range / 127 : 0x1p120f;
}

// What is no number has some code too.
static inline float clamped(float value) { return value < 127 ? value > -127 ? value : -127 : 127; }

static int descending(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x < y) - (x > y);
}

farro_status farro_codes_scale_f32(size_t n, size_t d, const float *x, size_t ldx, const float *centre, float *scale) {
  if (!can_exist(n, larger(ldx, 1), 1)) return FARRO_ERROR_ARGUMENT;
  const size_t bytes = larger(n, 1) * sizeof(float);
  float *reaches = farro_allocate(bytes);
  if (!reaches) return FARRO_ERROR_MEMORY;
  reaches[0] = 0;
  for (size_t i = 0; i < n; i++) reaches[i] = largest_offset(d, x + i * ldx, centre);
  qsort(reaches, n, sizeof *reaches, descending);
  *scale = scale_of(reaches[n / 100]);
  farro_release(reaches, bytes);
  return FARRO_OK;
}

static int32_t encode_row(size_t d, const float *x, const float *centre, float inverse, uint8_t *codes) {
  int32_t norm = 0;
  for (size_t k = 0; k < d; k++) {
    const int32_t code = (int32_t)rounded(clamped(offset(x, centre, k) * inverse));
    norm += code * code;
    codes[k] = (uint8_t)(code + 128);
  }
  return norm;
}

farro_status farro_codes_f32(size_t n, size_t d, const float *x, size_t ldx, const float *centre, float scale,
                             uint8_t *codes, size_t ld_codes, int32_t *norms) {
  if (d > most_code_elements || ld_codes < d || !can_exist(n, larger(ldx, ld_codes), 1)) return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; i < n; i++) {
    const int32_t norm = encode_row(d, x + i * ldx, centre, 1 / scale, codes + i * ld_codes);
    memset(codes + i * ld_codes + d, 128, ld_codes - d);
    if (norms) norms[i] = norm;
  }
  return FARRO_OK;
}

float farro_query_codes_f32(size_t d, size_t padded, const float *y, const float *centre, int8_t *codes) {
  const float scale = scale_of(largest_offset(d, y, centre)), inverse = 1 / scale;
  for (size_t k = 0; k < d; k++) {
    codes[k] = (int8_t)(int32_t)rounded(clamped(offset(y, centre, k) * inverse));
  }
  memset(codes + d, 0, padded - d);
  return scale;
}
