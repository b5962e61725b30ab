// Listed distances as their definitions read.
#include "include/codes.h"

void farro_listed_dots_reference_u8s8(size_t count, size_t d, const int8_t *query, const uint8_t *rows, size_t ld,
                                      const uint32_t *numbers, int32_t *out) {
  for (size_t i = 0; i < count; i++) {
    const uint8_t *row = rows + numbers[i] * ld;
    out[i] = 0;
    for (size_t k = 0; k < d; k++) out[i] += row[k] * query[k];
  }
}

void farro_listed_dots_reference_f32(size_t count, size_t d, const float *query, const float *rows, size_t ld,
                                     const uint32_t *numbers, float *out) {
  for (size_t i = 0; i < count; i++) {
    const float *row = rows + numbers[i] * ld;
    double sum = 0;
    for (size_t k = 0; k < d; k++) sum += (double)query[k] * (double)row[k];
    out[i] = (float)sum;
  }
}

void farro_listed_squares_reference_f32(size_t count, size_t d, const float *query, const float *rows, size_t ld,
                                        const uint32_t *numbers, float *out) {
  for (size_t i = 0; i < count; i++) {
    const float *row = rows + numbers[i] * ld;
    double sum = 0;
    for (size_t k = 0; k < d; k++) {
      const double difference = (double)query[k] - (double)row[k];
      sum += difference * difference;
    }
    out[i] = (float)sum;
  }
}
