// The table that joins the entries of codes.c to their kernels.
#ifndef FARRO_DISTANCE_CODES_H
#define FARRO_DISTANCE_CODES_H

#include <stddef.h>
#include <stdint.h>

typedef struct codes_kernels {
  void (*dots_u8s8)(size_t count, size_t d, const int8_t *query, const uint8_t *rows, size_t ld,
                    const uint32_t *numbers, int32_t *out);
  void (*dots_f32)(size_t count, size_t d, const float *query, const float *rows, size_t ld, const uint32_t *numbers,
                   float *out);
  void (*squares_f32)(size_t count, size_t d, const float *query, const float *rows, size_t ld, const uint32_t *numbers,
                      float *out);
} codes_kernels;

#endif
