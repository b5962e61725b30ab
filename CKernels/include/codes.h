// Rows of 8-bit codes in place of rows of f32: a quarter of the memory, and distances from one query to rows that are
// listed by number, which lie scattered in memory. What an index walks over before it looks at the rows themselves.
#ifndef FARRO_CODES_H
#define FARRO_CODES_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- one query, listed rows ------------------------------------------------------------------------------------
// Row i of the list begins at rows + numbers[i] * ld and has d elements; numbers may repeat and come in any order. No
// pointer needs more than its element's alignment; rows that begin at multiples of 64 bytes, with d a multiple of 64,
// are the fastest. They run on the calling thread alone. O(count d) time, no memory.

// out[i] = query . row: exact. d is at most 65793, beyond which a sum might not fit: else FARRO_ERROR_ARGUMENT.
FARRO_API farro_status farro_listed_dots_u8s8(size_t count, size_t d, const int8_t *query, const uint8_t *rows,
                                              size_t ld, const uint32_t *numbers, int32_t *out);

// out[i] = query . row, accumulated in f32; error at most (d + 4) u sum |query_k row_k|, u = 2^-24, absent underflow.
FARRO_API farro_status farro_listed_dots_f32(size_t count, size_t d, const float *query, const float *rows, size_t ld,
                                             const uint32_t *numbers, float *out);

// out[i] = |query - row|^2, accumulated in f32 from the differences; error at most (d + 6) u times the result, absent
// overflow and underflow of squares: equal rows are at distance 0.
FARRO_API farro_status farro_listed_squares_f32(size_t count, size_t d, const float *query, const float *rows,
                                                size_t ld, const uint32_t *numbers, float *out);

// The same by plain loops, the sums of f32 in double: the oracle of the tests.
FARRO_API void farro_listed_dots_reference_u8s8(size_t count, size_t d, const int8_t *query, const uint8_t *rows,
                                                size_t ld, const uint32_t *numbers, int32_t *out);
FARRO_API void farro_listed_dots_reference_f32(size_t count, size_t d, const float *query, const float *rows, size_t ld,
                                               const uint32_t *numbers, float *out);
FARRO_API void farro_listed_squares_reference_f32(size_t count, size_t d, const float *query, const float *rows,
                                                  size_t ld, const uint32_t *numbers, float *out);

// ---- codes -----------------------------------------------------------------------------------------------------
// A row x has the codes c_k = 128 + clamp(round((x_k - centre_k) / scale), -127, 127), and a query y, with a scale of
// its own, the signed numbers s_k = round((y_k - centre_k) / query_scale). So
//   (y - centre) . (x - centre) ~ query_scale scale (s . c - 128 sum s)
// and with norm = sum (c_k - 128)^2
//   |y - x|^2 ~ |y - centre|^2 + scale^2 norm - 2 query_scale scale (s . c - 128 sum s).
// An element that is not clamped is off by scale / 2 at most; the error of a distance |y - x| is then at most
// (scale + query_scale) sqrt(d) / 2, and about 0.29 (scale^2 + query_scale^2)^(1/2) sqrt(2) for rows that are not made
// to be worst, since errors of d elements are then as good as independent.
// One scale serves all elements and all rows: only then are sums of whole numbers comparable.

// The scale for n rows of x, (n, d), finite, whose centre is known (NULL: 0): the smallest that clamps no element of
// any row but of the hundredth of them that reach farthest from the centre. A few rows that lie far out so do not
// coarsen the codes of all others. 1 where those rows are their centre. O(n (d + log n)) time.
FARRO_API farro_status farro_codes_scale_f32(size_t n, size_t d, const float *x, size_t ldx, const float *centre,
                                             float *scale);

// The codes of n rows; code row i begins at codes + i * ld_codes, and bytes from d to ld_codes become 128 (of the last
// row too). norms[i] as above; NULL: not wanted. d is at most 65793. Not for NaN.
FARRO_API farro_status farro_codes_f32(size_t n, size_t d, const float *x, size_t ldx, const float *centre, float scale,
                                       uint8_t *codes, size_t ld_codes, int32_t *norms);

// The signed numbers of one query; from d to `padded` they become 0. Answers query_scale, max |y_k - centre_k| / 127.
FARRO_API float farro_query_codes_f32(size_t d, size_t padded, const float *y, const float *centre, int8_t *codes);

#ifdef __cplusplus
}
#endif
#endif
