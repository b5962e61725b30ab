// What the conversion driver needs of one instruction set.
#ifndef FARRO_CONVERSION_CONVERSION_H
#define FARRO_CONVERSION_CONVERSION_H

#include "runtime.h"

typedef enum conversion {
  conversion_f32_to_bf16,
  conversion_f32_to_f16,
  conversion_bf16_to_f32,
  conversion_f16_to_f32,
  conversions,
} conversion;

typedef enum quantization {
  quantization_f32_to_u8,
  quantization_f32_to_s8,
  quantization_u8_to_f32,
  quantization_s8_to_f32,
  quantizations,
} quantization;

// Part of one row. Scales and zero points lie `scale_step` and `zero_point_step` (0 or 1) apart.
typedef struct quantization_view {
  size_t columns;
  const void *x;
  void *out;
  const float *scale;
  const int32_t *zero_point;
  size_t scale_step, zero_point_step;
  bool streaming; // the result goes past the caches
} quantization_view;

typedef struct conversion_kernels {
  void (*convert[conversions])(const void *x, size_t n, void *out, bool streaming);
  void (*quantize[quantizations])(const quantization_view *view);

  // Widen low...high to the numbers seen, NaN left out: of n contiguous elements, and of each of `columns` columns over
  // rows `stride` elements apart.
  void (*range)(const float *x, size_t n, float *low, float *high);
  void (*column_ranges)(const float *x, size_t rows, size_t columns, size_t stride, float *low, float *high);
} conversion_kernels;

#endif
