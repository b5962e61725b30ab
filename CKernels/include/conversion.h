// Conversions between f32 and smaller types: bf16 and f16, and 8-bit integers with a scale and a zero point.
//
// bf16 and f16 cross this interface as uint16_t. All of it is limited by memory once it leaves the caches: every
// function reads each operand and writes each result once, without work space. Results do not depend on the number of
// threads, and, except where said, not on the instruction set. An output so large that it will leave the last-level
// cache anyway is written past the caches (non-temporal stores). Pointers need only their element's alignment; inputs
// and outputs must not overlap.
#ifndef FARRO_CONVERSION_H
#define FARRO_CONVERSION_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- 16-bit floating point -------------------------------------------------------------------------------------

// n contiguous elements, rounded to nearest even: the relative error of a normal result is at most 2^-8 (bf16) or 2^-11
// (f16), and subnormal results are kept, within half their last place. Beyond the range lies infinity. NaN stays NaN:
// quiet, with its sign and the upper bits of its payload.
FARRO_API farro_status farro_convert_f32_to_bf16(size_t n, const float *x, uint16_t *out);
FARRO_API farro_status farro_convert_f32_to_f16(size_t n, const float *x, uint16_t *out);

// Exact; a signalling NaN becomes quiet.
FARRO_API farro_status farro_convert_bf16_to_f32(size_t n, const uint16_t *x, float *out);
FARRO_API farro_status farro_convert_f16_to_f32(size_t n, const uint16_t *x, float *out);

// ---- 8-bit integers --------------------------------------------------------------------------------------------

// What shares a scale and a zero point.
typedef enum farro_quantization_axis {
  FARRO_QUANTIZATION_TENSOR = 0, // everything: one scale and one zero point
  FARRO_QUANTIZATION_ROW = 1,    // each row has its own: `rows` of them
  FARRO_QUANTIZATION_COLUMN = 2, // each column: `columns` of them
} farro_quantization_axis;

// An integer q stands for the number (q - zero_point) * scale.
typedef struct farro_quantization {
  farro_quantization_axis axis;
  const float *scale;        // positive and finite
  const int32_t *zero_point; // 0...255 for u8, -128...127 for s8; NULL: 0
} farro_quantization;

// rows x columns elements; a row's are contiguous, and rows lie x_row and out_row elements apart, at least `columns`.
typedef struct farro_quantization_shape {
  size_t rows, columns; // 0 is legal and does nothing
  size_t x_row, out_row;
} farro_quantization_shape;

// q = x / scale + zero_point, rounded to nearest even and saturated to the type's range; NaN gives the zero point.
// The quotient is rounded to f32 before, so that for an x between the ends of the range
//   |(q - zero_point) scale - x| <= (1/2 + 2^-16) scale.
// FARRO_ERROR_ARGUMENT for rows that overlap, or a scale or zero point outside what is said above.
FARRO_API farro_status farro_quantize_f32_to_u8(const farro_quantization_shape *shape, const farro_quantization *by,
                                                const float *x, uint8_t *out);
FARRO_API farro_status farro_quantize_f32_to_s8(const farro_quantization_shape *shape, const farro_quantization *by,
                                                const float *x, int8_t *out);

// (q - zero_point) scale, rounded once.
FARRO_API farro_status farro_dequantize_u8_to_f32(const farro_quantization_shape *shape, const farro_quantization *by,
                                                  const uint8_t *x, float *out);
FARRO_API farro_status farro_dequantize_s8_to_f32(const farro_quantization_shape *shape, const farro_quantization *by,
                                                  const int8_t *x, float *out);

// Scales and zero points for x, from the smallest and largest element of what shares one: 1, `rows` or `columns` of
// each. The range always contains 0, which then has an exact integer. `out_row` is not looked at.
//
//   symmetric = false: scale = (max - min) / 255, zero_point = lowest - round(min / scale)
//   symmetric = true:  scale = max|x| / 127, zero_point = 0 (s8) or 128 (u8)
//
// Every x then quantizes within the bound above, twice that at the two ends of an asymmetric range, where rounding the
// zero point moves the range by up to half a step. NaN is left out, infinity counts as the largest finite number; where
// all is 0 (or nothing), the scale is 1. A scale is never below the smallest normal number.
FARRO_API farro_status farro_choose_quantization_u8(const farro_quantization_shape *shape, farro_quantization_axis axis,
                                                    bool symmetric, const float *x, float *scale, int32_t *zero_point);
FARRO_API farro_status farro_choose_quantization_s8(const farro_quantization_shape *shape, farro_quantization_axis axis,
                                                    bool symmetric, const float *x, float *scale, int32_t *zero_point);

// ---- oracles of the tests: plain loops, one element at a time ----------------------------------------------------

FARRO_API farro_status farro_convert_reference_f32_to_bf16(size_t n, const float *x, uint16_t *out);
FARRO_API farro_status farro_convert_reference_f32_to_f16(size_t n, const float *x, uint16_t *out);
FARRO_API farro_status farro_convert_reference_bf16_to_f32(size_t n, const uint16_t *x, float *out);
FARRO_API farro_status farro_convert_reference_f16_to_f32(size_t n, const uint16_t *x, float *out);
FARRO_API farro_status farro_quantize_reference_f32_to_u8(const farro_quantization_shape *shape,
                                                          const farro_quantization *by, const float *x, uint8_t *out);
FARRO_API farro_status farro_quantize_reference_f32_to_s8(const farro_quantization_shape *shape,
                                                          const farro_quantization *by, const float *x, int8_t *out);
FARRO_API farro_status farro_dequantize_reference_u8_to_f32(const farro_quantization_shape *shape,
                                                            const farro_quantization *by, const uint8_t *x, float *out);
FARRO_API farro_status farro_dequantize_reference_s8_to_f32(const farro_quantization_shape *shape,
                                                            const farro_quantization *by, const int8_t *x, float *out);

#ifdef __cplusplus
}
#endif
#endif
