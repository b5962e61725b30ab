// Symmetric products, triangular solves and Cholesky as their definitions read.
#include "include/linear_algebra.h"

#include <math.h>

#define REFERENCE(type, scalar, wide)                                                                                  \
  farro_status farro_symmetric_product_reference_##type(const farro_symmetric_shape *s, scalar alpha, const scalar *a, \
                                                        scalar beta, scalar *c) {                                      \
    for (size_t item = 0; item < s->batch; item++)                                                                     \
      for (size_t i = 0; i < s->n; i++)                                                                                \
        for (size_t j = 0; j <= i; j++) {                                                                              \
          const scalar *x = a + item * s->stride_a;                                                                    \
          scalar *matrix = c + item * s->stride_c, *mirror = matrix + j * s->ldc + i;                                  \
          scalar *to = s->triangle == FARRO_TRIANGLE_UPPER ? mirror : matrix + i * s->ldc + j;                         \
          wide sum = 0;                                                                                                \
          for (size_t p = 0; p < s->k && alpha != 0; p++)                                                              \
            sum += s->rows ? (wide)x[i * s->lda + p] * (wide)x[j * s->lda + p]                                         \
                           : (wide)x[p * s->lda + i] * (wide)x[p * s->lda + j];                                        \
          *to = (scalar)((wide)alpha * sum + (beta == 0 ? 0 : (wide)beta * (wide) * to));                              \
          if (s->triangle == FARRO_TRIANGLE_BOTH) *mirror = *to;                                                       \
        }                                                                                                              \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  /* (i, j) of op(T) when solved from the left, of its transpose from the right. */                                    \
  static wide coefficient_##type(const farro_triangular_shape *s, const scalar *t, size_t i, size_t j) {               \
    if (i == j && s->unit_diagonal) return 1;                                                                          \
    return (wide)(s->transpose != s->right ? t[j * s->ldt + i] : t[i * s->ldt + j]);                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_triangular_solve_reference_##type(const farro_triangular_shape *s, scalar alpha, const scalar *t, \
                                                       scalar *b, farro_matrix_place *where) {                         \
    for (size_t item = 0; item < s->batch && alpha != 0 && !s->unit_diagonal; item++)                                  \
      for (size_t i = 0; i < s->n; i++)                                                                                \
        if (t[item * s->stride_t + i * s->ldt + i] == 0) {                                                             \
          if (where) *where = (farro_matrix_place){item, i};                                                           \
          return FARRO_ERROR_SINGULAR;                                                                                 \
        }                                                                                                              \
    const bool backward = (s->upper != s->transpose) != s->right;                                                      \
    for (size_t item = 0; item < s->batch; item++)                                                                     \
      for (size_t side = 0; side < s->m; side++) {                                                                     \
        const scalar *matrix = t + item * s->stride_t;                                                                 \
        scalar *x = b + item * s->stride_b + side * (s->right ? s->ldb : 1);                                           \
        const size_t step = s->right ? 1 : s->ldb;                                                                     \
        for (size_t known = 0; known < s->n; known++) {                                                                \
          const size_t i = backward ? s->n - 1 - known : known;                                                        \
          wide sum = alpha == 0 ? 0 : (wide)alpha * (wide)x[i * step];                                                 \
          for (size_t l = 0; l < known && alpha != 0; l++) {                                                           \
            const size_t k = backward ? s->n - 1 - l : l;                                                              \
            sum -= coefficient_##type(s, matrix, i, k) * (wide)x[k * step];                                            \
          }                                                                                                            \
          x[i * step] = (scalar)(alpha == 0 ? 0 : sum / coefficient_##type(s, matrix, i, i));                          \
        }                                                                                                              \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  static bool factor_##type(const farro_cholesky_shape *s, scalar *a, size_t *row) {                                   \
    const size_t down = s->upper ? 1 : s->lda, along = s->upper ? s->lda : 1;                                          \
    for (size_t i = 0; i < s->n; i++)                                                                                  \
      for (size_t j = 0; j <= i; j++) {                                                                                \
        scalar *at = a + i * down + j * along;                                                                         \
        wide sum = (wide) * at;                                                                                        \
        for (size_t k = 0; k < j; k++) sum -= (wide)a[i * down + k * along] * (wide)a[j * down + k * along];           \
        if (i == j && !(sum > 0)) {                                                                                    \
          *row = i;                                                                                                    \
          return false;                                                                                                \
        }                                                                                                              \
        *at = (scalar)(i == j ? sqrtl((long double)sum) : (long double)(sum / (wide)a[j * down + j * along]));         \
      }                                                                                                                \
    return true;                                                                                                       \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_cholesky_reference_##type(const farro_cholesky_shape *s, scalar *a, farro_matrix_place *where) {  \
    farro_status status = FARRO_OK;                                                                                    \
    for (size_t item = 0, row = 0; item < s->batch; item++)                                                            \
      if (!factor_##type(s, a + item * s->stride_a, &row) && status == FARRO_OK) {                                     \
        if (where) *where = (farro_matrix_place){item, row};                                                           \
        status = FARRO_ERROR_NOT_POSITIVE_DEFINITE;                                                                    \
      }                                                                                                                \
    return status;                                                                                                     \
  }

REFERENCE(f32, float, double)
REFERENCE(f64, double, long double)
