// Matrix products of 16-bit floating-point numbers, accumulated in f32, and of 8-bit integers, accumulated exactly.
//
// Shapes, strides, batches, epilogues and packed operands are those of matmul.h; bf16 and f16 cross the interface as
// uint16_t (conversion.h says what they are). Here C must lie wholly outside the range of addresses that A or B takes
// up (FARRO_ERROR_ARGUMENT). Results do not depend on the number of threads. O(m n k) time, O(m k + n k) work space
// (without a packed B, for each product that runs at the same time), so FARRO_ERROR_MEMORY is possible.
#ifndef FARRO_MATMUL_LOW_PRECISION_H
#define FARRO_MATMUL_LOW_PRECISION_H

#include "matmul.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- bf16 and f16 ----------------------------------------------------------------------------------------------

// C = alpha op(A) op(B) + beta C for each product of the batch, then the epilogue, which may be NULL; scale, bias,
// residual and the tile that a visitor sees are f32. C of 16 bits is rounded once, to nearest even, at the very end.
// As in BLAS, beta = 0 overwrites C without reading it, and alpha = 0 reads neither A nor B.
//
// Products and sums are f32, in a fixed order that depends on the shape and the instruction set alone. Products of two
// 16-bit numbers that neither under- nor overflow are exact in f32, so that before the epilogue, with u = 2^-24,
//   |C - exact| <= (k + 3) u (|alpha| |op(A)| |op(B)| + |beta| |C|), and for C of 16 bits half its last place more.
//
// On avx512_bf16 (VDPBF16PS) bf16 takes subnormal operands for zero and gives zero for subnormal sums, which adds
//   |alpha| k 2^-126 (2 + max|A| + max|B|)
// to the bound; it matters only where numbers below 2^-126 meet large ones or each other. All other instruction sets,
// and f16 on all, keep subnormals; there the bound holds unless something under- or overflows (a product of two bf16
// may, of two f16 never). NaN and infinity propagate as IEEE 754 says.
FARRO_API farro_status farro_matmul_bf16(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                         const uint16_t *b, float beta, uint16_t *c, const farro_epilogue *epilogue);
FARRO_API farro_status farro_matmul_f16(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                        const uint16_t *b, float beta, uint16_t *c, const farro_epilogue *epilogue);

// The same with C in f32.
FARRO_API farro_status farro_matmul_bf16_f32(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                             const uint16_t *b, float beta, float *c, const farro_epilogue *epilogue);
FARRO_API farro_status farro_matmul_f16_f32(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                            const uint16_t *b, float beta, float *c, const farro_epilogue *epilogue);

// ---- 8-bit integers --------------------------------------------------------------------------------------------

// What the integers of one operand stand for: (q - zero_point) scale. Of A each row may have its own, of B each column:
// that of row (column) i of product p is at i step + p stride.
typedef struct farro_quantized_operand {
  const float *scale;        // any; NULL: 1
  const int32_t *zero_point; // 0...255 for A (u8), -128...127 for B (s8); NULL: 0
  size_t step;               // 0: one for all rows (columns); 1: one for each
  size_t stride;             // from product to product of the batch
} farro_quantized_operand;

// C = sum over k of (A - zero point of A) (B - zero point of B), exactly. Scales are not looked at; a or b may be NULL.
//
// The sum must fit 32 bits whatever the operands hold: k is at most 65793 when B has no zero points (255 128 k < 2^31),
// and at most 33025 when it has (255 255 k). FARRO_ERROR_ARGUMENT for a larger k, or a zero point out of range.
FARRO_API farro_status farro_matmul_u8s8_s32(const farro_matmul_shape *shape, const farro_quantized_operand *by_a,
                                             const farro_quantized_operand *by_b, const uint8_t *a, const int8_t *b,
                                             int32_t *c);

// C = epilogue(scale of A, scale of B, and the exact integer of above multiplied). Three roundings, of the integer to
// f32, of the product of the scales, and of the result: before the epilogue
//   |C - exact| <= 3.01 u |exact|,
// unless the product of the two scales is subnormal or overflows.
FARRO_API farro_status farro_matmul_u8s8_f32(const farro_matmul_shape *shape, const farro_quantized_operand *by_a,
                                             const farro_quantized_operand *by_b, const uint8_t *a, const int8_t *b,
                                             float *c, const farro_epilogue *epilogue);

// ---- packed operands -------------------------------------------------------------------------------------------

// As farro_pack_f32; released with farro_packed_release. s8 holds the sums of B's columns as well, so that products
// need not read B again for A's zero point.
FARRO_API farro_status farro_pack_bf16(size_t k, size_t n, bool transpose_b, const uint16_t *b, size_t ldb,
                                       farro_packed_matrix **packed);
FARRO_API farro_status farro_pack_f16(size_t k, size_t n, bool transpose_b, const uint16_t *b, size_t ldb,
                                      farro_packed_matrix **packed);
FARRO_API farro_status farro_pack_s8(size_t k, size_t n, bool transpose_b, const int8_t *b, size_t ldb,
                                     farro_packed_matrix **packed);

// As the functions above with the packed B for every product of the batch; the shape's transpose_b, ldb and stride_b
// are not looked at. FARRO_ERROR_ARGUMENT when `packed` has another element type, k or n.
FARRO_API farro_status farro_matmul_packed_bf16(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                                const farro_packed_matrix *packed, float beta, uint16_t *c,
                                                const farro_epilogue *epilogue);
FARRO_API farro_status farro_matmul_packed_f16(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                               const farro_packed_matrix *packed, float beta, uint16_t *c,
                                               const farro_epilogue *epilogue);
FARRO_API farro_status farro_matmul_packed_bf16_f32(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                                    const farro_packed_matrix *packed, float beta, float *c,
                                                    const farro_epilogue *epilogue);
FARRO_API farro_status farro_matmul_packed_f16_f32(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                                   const farro_packed_matrix *packed, float beta, float *c,
                                                   const farro_epilogue *epilogue);
FARRO_API farro_status farro_matmul_packed_u8s8_s32(const farro_matmul_shape *shape,
                                                    const farro_quantized_operand *by_a,
                                                    const farro_quantized_operand *by_b, const uint8_t *a,
                                                    const farro_packed_matrix *packed, int32_t *c);
FARRO_API farro_status farro_matmul_packed_u8s8_f32(const farro_matmul_shape *shape,
                                                    const farro_quantized_operand *by_a,
                                                    const farro_quantized_operand *by_b, const uint8_t *a,
                                                    const farro_packed_matrix *packed, float *c,
                                                    const farro_epilogue *epilogue);

// ---- plans -----------------------------------------------------------------------------------------------------

// As farro_matmul_plan_f32: the plan of a product of these operands called now from this thread, whatever C's type. For
// u8s8 it is that of operands without zero points. A product that is blocked packs all of B, then all threads multiply;
// one of a batch that is packed is run by one thread. A widened one has the tiles and tasks of its f32 product; its
// work space does not count the f32 copies, 24 KiB as a rule. farro_matmul_plan_packed serves packed operands.
FARRO_API farro_status farro_matmul_plan_bf16(const farro_matmul_shape *shape, farro_matmul_plan *plan);
FARRO_API farro_status farro_matmul_plan_f16(const farro_matmul_shape *shape, farro_matmul_plan *plan);
FARRO_API farro_status farro_matmul_plan_u8s8(const farro_matmul_shape *shape, farro_matmul_plan *plan);

// ---- references: three plain loops, in double and in 64-bit integers; without an epilogue ------------------------

FARRO_API farro_status farro_matmul_reference_bf16(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                                   const uint16_t *b, float beta, uint16_t *c);
FARRO_API farro_status farro_matmul_reference_f16(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                                  const uint16_t *b, float beta, uint16_t *c);
FARRO_API farro_status farro_matmul_reference_bf16_f32(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                                       const uint16_t *b, float beta, float *c);
FARRO_API farro_status farro_matmul_reference_f16_f32(const farro_matmul_shape *shape, float alpha, const uint16_t *a,
                                                      const uint16_t *b, float beta, float *c);
FARRO_API farro_status farro_matmul_reference_u8s8_s32(const farro_matmul_shape *shape,
                                                       const farro_quantized_operand *by_a,
                                                       const farro_quantized_operand *by_b, const uint8_t *a,
                                                       const int8_t *b, int32_t *c);
FARRO_API farro_status farro_matmul_reference_u8s8_f32(const farro_matmul_shape *shape,
                                                       const farro_quantized_operand *by_a,
                                                       const farro_quantized_operand *by_b, const uint8_t *a,
                                                       const int8_t *b, float *c);

#ifdef __cplusplus
}
#endif
#endif
