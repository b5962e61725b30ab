// Low-precision products as their definitions read.
#include "include/matmul_low_precision.h"

#include "include/conversion.h"

static double from_bits(uint32_t bits) {
  const union {
    uint32_t bits;
    float number;
  } word = {bits};
  return (double)word.number;
}

// The loops below call these for each product, so they are quicker than conversion's own references.
static double wide_bf16(uint16_t x) { return from_bits((uint32_t)x << 16); }
static double wide_f16(uint16_t x) {
  const uint32_t sign = (uint32_t)(x & 0x8000) << 16, magnitude = x & 0x7fff;
  if (magnitude >= 0x7c00) return from_bits(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  if (magnitude >= 0x400) return from_bits(sign | (magnitude + (112 << 10)) << 13);
  return (sign ? -0x1p-24 : 0x1p-24) * magnitude;
}
static double wide_f32(float x) { return (double)x; }

static uint16_t rounded_bf16(double x) {
  const float once = (float)x;
  uint16_t narrow;
  farro_convert_reference_f32_to_bf16(1, &once, &narrow);
  return narrow;
}
static uint16_t rounded_f16(double x) {
  const float once = (float)x;
  uint16_t narrow;
  farro_convert_reference_f32_to_f16(1, &once, &narrow);
  return narrow;
}
static float rounded_f32(double x) { return (float)x; }

#define FLOATS(name, c_scalar, wide, wide_c, rounded)                                                                  \
  farro_status name(const farro_matmul_shape *s, float alpha, const uint16_t *a, const uint16_t *b, float beta,        \
                    c_scalar *c) {                                                                                     \
    for (size_t item = 0; item < s->batch; item++)                                                                     \
      for (size_t i = 0; i < s->m; i++)                                                                                \
        for (size_t j = 0; j < s->n; j++) {                                                                            \
          const uint16_t *x = a + item * s->stride_a, *y = b + item * s->stride_b;                                     \
          c_scalar *to = c + item * s->stride_c + i * s->ldc + j;                                                      \
          double sum = 0;                                                                                              \
          for (size_t p = 0; p < s->k && alpha != 0; p++)                                                              \
            sum += wide(x[s->transpose_a ? p * s->lda + i : i * s->lda + p]) *                                         \
                   wide(y[s->transpose_b ? j * s->ldb + p : p * s->ldb + j]);                                          \
          *to = rounded((double)alpha * sum + (beta == 0 ? 0 : (double)beta * wide_c(*to)));                           \
        }                                                                                                              \
    return FARRO_OK;                                                                                                   \
  }

FLOATS(farro_matmul_reference_bf16, uint16_t, wide_bf16, wide_bf16, rounded_bf16)
FLOATS(farro_matmul_reference_f16, uint16_t, wide_f16, wide_f16, rounded_f16)
FLOATS(farro_matmul_reference_bf16_f32, float, wide_bf16, wide_f32, rounded_f32)
FLOATS(farro_matmul_reference_f16_f32, float, wide_f16, wide_f32, rounded_f32)

static int64_t zero_point(const farro_quantized_operand *by, size_t item, size_t index) {
  return by && by->zero_point ? by->zero_point[index * by->step + item * by->stride] : 0;
}
static double scale(const farro_quantized_operand *by, size_t item, size_t index) {
  return by && by->scale ? (double)by->scale[index * by->step + item * by->stride] : 1;
}

static int64_t integer(const farro_matmul_shape *s, const farro_quantized_operand *by_a,
                       const farro_quantized_operand *by_b, const uint8_t *a, const int8_t *b, size_t item, size_t i,
                       size_t j) {
  const uint8_t *x = a + item * s->stride_a;
  const int8_t *y = b + item * s->stride_b;
  const int64_t za = zero_point(by_a, item, i), zb = zero_point(by_b, item, j);
  int64_t sum = 0;
  for (size_t p = 0; p < s->k; p++)
    sum += (x[s->transpose_a ? p * s->lda + i : i * s->lda + p] - za) *
           (y[s->transpose_b ? j * s->ldb + p : p * s->ldb + j] - zb);
  return sum;
}

farro_status farro_matmul_reference_u8s8_s32(const farro_matmul_shape *s, const farro_quantized_operand *by_a,
                                             const farro_quantized_operand *by_b, const uint8_t *a, const int8_t *b,
                                             int32_t *c) {
  for (size_t item = 0; item < s->batch; item++)
    for (size_t i = 0; i < s->m; i++)
      for (size_t j = 0; j < s->n; j++)
        c[item * s->stride_c + i * s->ldc + j] = (int32_t)integer(s, by_a, by_b, a, b, item, i, j);
  return FARRO_OK;
}

farro_status farro_matmul_reference_u8s8_f32(const farro_matmul_shape *s, const farro_quantized_operand *by_a,
                                             const farro_quantized_operand *by_b, const uint8_t *a, const int8_t *b,
                                             float *c) {
  for (size_t item = 0; item < s->batch; item++)
    for (size_t i = 0; i < s->m; i++)
      for (size_t j = 0; j < s->n; j++)
        c[item * s->stride_c + i * s->ldc + j] =
            (float)(scale(by_a, item, i) * scale(by_b, item, j) * (double)integer(s, by_a, by_b, a, b, item, i, j));
  return FARRO_OK;
}
