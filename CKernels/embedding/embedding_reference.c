// Embeddings by plain loops. A lookup is the bags of one index each.
#include "include/embedding.h"

static double length_of(const farro_embedding_bags *bags, size_t b, const int64_t *indices) {
  double rows = 0;
  for (int64_t k = bags->offsets[b]; k < bags->offsets[b + 1]; k++) rows += indices[k] != bags->padding_index;
  return rows > 0 ? rows : 1;
}

#define REFERENCE(type, scalar, wide)                                                                                  \
  farro_status farro_embedding_bag_reference_##type(const farro_embedding_shape *s, const farro_embedding_bags *bags,  \
                                                    const scalar *table, const int64_t *indices, scalar *y) {          \
    for (size_t b = 0; b < bags->bags; b++)                                                                            \
      for (size_t j = 0; j < s->columns; j++) {                                                                        \
        wide sum = 0;                                                                                                  \
        for (int64_t k = bags->offsets[b]; k < bags->offsets[b + 1]; k++)                                              \
          if (indices[k] != bags->padding_index) sum += (wide)table[(size_t)indices[k] * s->columns + j];              \
        y[b * s->columns + j] = (scalar)(bags->mean ? sum / (wide)length_of(bags, b, indices) : sum);                  \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_embedding_bag_backward_reference_##type(const farro_embedding_shape *s,                           \
                                                             const farro_embedding_bags *bags, const int64_t *indices, \
                                                             const scalar *grad_y, scalar *grad_table) {               \
    for (size_t row = 0; row < s->table_rows; row++)                                                                   \
      for (size_t j = 0; j < s->columns; j++) {                                                                        \
        wide sum = 0;                                                                                                  \
        for (size_t b = 0; b < bags->bags; b++) {                                                                      \
          const wide g = (wide)grad_y[b * s->columns + j];                                                             \
          for (int64_t k = bags->offsets[b]; k < bags->offsets[b + 1]; k++)                                            \
            if (indices[k] == (int64_t)row && indices[k] != bags->padding_index)                                       \
              sum += bags->mean ? g / (wide)length_of(bags, b, indices) : g;                                           \
        }                                                                                                              \
        grad_table[row * s->columns + j] = (scalar)sum;                                                                \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double)
REFERENCE(f64, double, long double)
