// Conversions as their definitions read, one number at a time.
#include <float.h>
#include <math.h>

#include "include/conversion.h"

// A number of `bits` significant bits whose smallest normal exponent is `least` and largest is -least + 1, in 16 bits.
static uint16_t narrow(float x, int bits, int least) {
  const uint16_t sign = signbit(x) ? 0x8000 : 0, infinite = (uint16_t)(0x7fff >> (bits - 1) << (bits - 1));
  const double magnitude = fabs((double)x);
  if (isnan(x)) {
    union {
      float number;
      uint32_t bits;
    } word = {x};
    return (uint16_t)(sign | infinite | 1u << (bits - 2) | (word.bits & 0x7fffff) >> (24 - bits));
  }
  if (magnitude == 0) return sign;
  if (isinf(x)) return sign | infinite;
  const int place = (ilogb(magnitude) > least ? ilogb(magnitude) : least) - (bits - 1);
  const double rounded = ldexp(nearbyint(ldexp(magnitude, -place)), place); // to nearest even
  if (rounded >= ldexp(1, 2 - least)) return sign | infinite;
  if (rounded < ldexp(1, least)) return (uint16_t)(sign | (int)ldexp(rounded, bits - 1 - least));
  const int exponent = ilogb(rounded), fraction = (int)ldexp(rounded, bits - 1 - exponent) - (1 << (bits - 1));
  return (uint16_t)(sign | (exponent - least + 1) << (bits - 1) | fraction);
}

static float widen(uint16_t x, int bits, int least) {
  const int exponent = (x & 0x7fff) >> (bits - 1), fraction = x & ((1 << (bits - 1)) - 1);
  const int infinite = 0x7fff >> (bits - 1);
  const float sign = x & 0x8000 ? -1.0f : 1.0f;
  if (exponent == infinite && fraction) {
    union {
      uint32_t bits;
      float number;
    } word = {(uint32_t)(x & 0x8000) << 16 | 0x7fc00000 | (uint32_t)fraction << (24 - bits)};
    return word.number;
  }
  if (exponent == infinite) return sign * INFINITY;
  if (exponent == 0) return sign * ldexpf((float)fraction, least - (bits - 1));
  return sign * ldexpf((float)(fraction + (1 << (bits - 1))), exponent - 1 + least - (bits - 1));
}

farro_status farro_convert_reference_f32_to_bf16(size_t n, const float *x, uint16_t *out) {
  for (size_t i = 0; i < n; i++) out[i] = narrow(x[i], 8, -126);
  return FARRO_OK;
}
farro_status farro_convert_reference_f32_to_f16(size_t n, const float *x, uint16_t *out) {
  for (size_t i = 0; i < n; i++) out[i] = narrow(x[i], 11, -14);
  return FARRO_OK;
}
farro_status farro_convert_reference_bf16_to_f32(size_t n, const uint16_t *x, float *out) {
  for (size_t i = 0; i < n; i++) out[i] = widen(x[i], 8, -126);
  return FARRO_OK;
}
farro_status farro_convert_reference_f16_to_f32(size_t n, const uint16_t *x, float *out) {
  for (size_t i = 0; i < n; i++) out[i] = widen(x[i], 11, -14);
  return FARRO_OK;
}

static size_t index_of(const farro_quantization *by, size_t row, size_t column) {
  return by->axis == FARRO_QUANTIZATION_ROW ? row : by->axis == FARRO_QUANTIZATION_COLUMN ? column : 0;
}

static int32_t quantized(float x, float scale, int32_t zero_point, int32_t lowest) {
  const double q = isnan(x) ? zero_point : nearbyint((double)(x / scale)) + zero_point;
  return (int32_t)fmin(fmax(q, lowest), lowest + 255);
}

#define QUANTIZE(type, scalar, lowest)                                                                                 \
  farro_status farro_quantize_reference_f32_to_##type(const farro_quantization_shape *s, const farro_quantization *by, \
                                                      const float *x, scalar *out) {                                   \
    for (size_t i = 0; i < s->rows; i++)                                                                               \
      for (size_t j = 0; j < s->columns; j++) {                                                                        \
        const size_t at = index_of(by, i, j);                                                                          \
        const int32_t zero_point = by->zero_point ? by->zero_point[at] : 0;                                            \
        out[i * s->out_row + j] = (scalar)quantized(x[i * s->x_row + j], by->scale[at], zero_point, lowest);           \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_dequantize_reference_##type##_to_f32(const farro_quantization_shape *s,                           \
                                                          const farro_quantization *by, const scalar *x, float *out) { \
    for (size_t i = 0; i < s->rows; i++)                                                                               \
      for (size_t j = 0; j < s->columns; j++) {                                                                        \
        const size_t at = index_of(by, i, j);                                                                          \
        const int32_t zero_point = by->zero_point ? by->zero_point[at] : 0;                                            \
        out[i * s->out_row + j] = (float)(x[i * s->x_row + j] - zero_point) * by->scale[at];                           \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }

QUANTIZE(u8, uint8_t, 0)
QUANTIZE(s8, int8_t, -128)
