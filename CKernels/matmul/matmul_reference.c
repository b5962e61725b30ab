// Matmul as its definition reads.
#include "include/matmul.h"

#define REFERENCE(name, scalar, wide)                                                                                  \
  farro_status name(const farro_matmul_shape *s, scalar alpha, const scalar *a, const scalar *b, scalar beta,          \
                    scalar *c) {                                                                                       \
    for (size_t item = 0; item < s->batch; item++)                                                                     \
      for (size_t i = 0; i < s->m; i++)                                                                                \
        for (size_t j = 0; j < s->n; j++) {                                                                            \
          const scalar *x = a + item * s->stride_a, *y = b + item * s->stride_b;                                       \
          scalar *to = c + item * s->stride_c + i * s->ldc + j;                                                        \
          wide sum = 0;                                                                                                \
          for (size_t p = 0; p < s->k && alpha != 0; p++)                                                              \
            sum += (wide)x[s->transpose_a ? p * s->lda + i : i * s->lda + p] *                                         \
                   (wide)y[s->transpose_b ? j * s->ldb + p : p * s->ldb + j];                                          \
          *to = (scalar)((wide)alpha * sum + (beta == 0 ? 0 : (wide)beta * (wide) * to));                              \
        }                                                                                                              \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(farro_matmul_reference_f32, float, double)
REFERENCE(farro_matmul_reference_f64, double, long double)
