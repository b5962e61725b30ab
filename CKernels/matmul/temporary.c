// Stands in for the fused, packed, grouped and planned products: plain loops over farro_matmul.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "include/matmul.h"
#include "runtime/parallel.h"

struct farro_packed_matrix {
  size_t bytes, k, n;
  bool transposed;
  int element;
  char data[];
};

static double activated(farro_activation activation, double x) {
  switch (activation) {
  case FARRO_ACTIVATION_RELU:
    return x > 0 ? x : x != x ? x : 0;
  case FARRO_ACTIVATION_GELU:
    return x * (1 + erf(x / sqrt(2))) / 2;
  case FARRO_ACTIVATION_GELU_TANH:
    return x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))) / 2;
  case FARRO_ACTIVATION_SIGMOID:
    return 1 / (1 + exp(-x));
  case FARRO_ACTIVATION_TANH:
    return tanh(x);
  case FARRO_ACTIVATION_SILU:
    return x / (1 + exp(-x));
  default:
    return x;
  }
}

typedef struct {
  const farro_matmul_shape *shape;
  const farro_epilogue *epilogue;
  const char *c;
  size_t element, rows_per_item;
} visits;

static void visit(void *context, size_t first, size_t last) {
  const visits *w = context;
  const farro_matmul_shape *s = w->shape;
  for (size_t at = first; at < last; at++) {
    const size_t item = at / w->rows_per_item, row = at % w->rows_per_item * 3, rows = s->m - row < 3 ? s->m - row : 3;
    for (size_t column = 0; column < s->n; column += 5) {
      const size_t columns = s->n - column < 5 ? s->n - column : 5;
      w->epilogue->visit(w->epilogue->visit_context, item, row, column, rows, columns,
                         w->c + (item * s->stride_c + row * s->ldc + column) * w->element, s->ldc);
    }
  }
}

#define FUSED(name, base, type)                                                                                        \
  farro_status name(const farro_matmul_shape *shape, type alpha, const type *a, const type *b, type beta, type *c,     \
                    const farro_epilogue *e) {                                                                         \
    if (!e) return base(shape, alpha, a, b, beta, c);                                                                  \
    if ((unsigned)e->activation >= FARRO_ACTIVATION_COUNT) return FARRO_ERROR_ARGUMENT;                                \
    if (e->residual && e->ld_residual < shape->n) return FARRO_ERROR_ARGUMENT;                                         \
    type *own = NULL, *old = NULL;                                                                                     \
    farro_matmul_shape s = *shape;                                                                                     \
    const size_t count = s.batch * s.m * s.n;                                                                          \
    if (!c) {                                                                                                          \
      if (!e->visit || beta != 0) return FARRO_ERROR_ARGUMENT;                                                         \
      s.ldc = s.n;                                                                                                     \
      s.stride_c = s.m * s.n;                                                                                          \
      c = own = malloc(count * sizeof(type) + 1);                                                                      \
    } else if ((const type *)e->residual == c) {                                                                       \
      old = malloc(count * sizeof(type) + 1);                                                                          \
      for (size_t item = 0; item < s.batch; item++)                                                                    \
        for (size_t i = 0; i < s.m; i++)                                                                               \
          memcpy(old + (item * s.m + i) * s.n, c + item * s.stride_c + i * s.ldc, s.n * sizeof(type));                 \
    }                                                                                                                  \
    const farro_status status = base(&s, alpha, a, b, beta, c);                                                        \
    if (status == FARRO_OK) {                                                                                          \
      for (size_t item = 0; item < s.batch; item++)                                                                    \
        for (size_t i = 0; i < s.m; i++)                                                                               \
          for (size_t j = 0; j < s.n; j++) {                                                                           \
            type *at = c + item * s.stride_c + i * s.ldc + j;                                                          \
            double x = *at;                                                                                            \
            if (e->scale) x *= ((const type *)e->scale)[j];                                                            \
            if (e->bias) x += ((const type *)e->bias)[j];                                                              \
            x = activated(e->activation, x);                                                                           \
            if (old)                                                                                                   \
              x += old[(item * s.m + i) * s.n + j];                                                                    \
            else if (e->residual)                                                                                      \
              x += ((const type *)e->residual)[item * e->stride_residual + i * e->ld_residual + j];                    \
            *at = (type)x;                                                                                             \
          }                                                                                                            \
      if (e->visit && s.m && s.n) {                                                                                    \
        visits w = {&s, e, (const char *)c, sizeof(type), (s.m + 2) / 3};                                              \
        farro_parallel_for(s.batch * w.rows_per_item, 1, 1e6, visit, &w);                                              \
      }                                                                                                                \
    }                                                                                                                  \
    free(own);                                                                                                         \
    free(old);                                                                                                         \
    return status;                                                                                                     \
  }

FUSED(farro_matmul_fused_f32, farro_matmul_f32, float)
FUSED(farro_matmul_fused_f64, farro_matmul_f64, double)
FUSED(farro_matmul_fused_reference_f32, farro_matmul_reference_f32, float)
FUSED(farro_matmul_fused_reference_f64, farro_matmul_reference_f64, double)

#define PACKED(pack, product, fused, type)                                                                             \
  farro_status pack(size_t k, size_t n, bool transpose_b, const type *b, size_t ldb, farro_packed_matrix **packed) {   \
    const size_t bytes = k * n * sizeof(type), rows = transpose_b ? n : k, columns = transpose_b ? k : n;              \
    if (ldb < columns) return FARRO_ERROR_ARGUMENT;                                                                    \
    farro_packed_matrix *p = malloc(sizeof(*p) + bytes);                                                               \
    if (!p) return FARRO_ERROR_MEMORY;                                                                                 \
    *p = (farro_packed_matrix){bytes, k, n, transpose_b, sizeof(type)};                                                \
    for (size_t i = 0; i < rows; i++)                                                                                  \
      memcpy(p->data + i * columns * sizeof(type), b + i * ldb, columns * sizeof(type));                               \
    *packed = p;                                                                                                       \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status product(const farro_matmul_shape *shape, type alpha, const type *a, const farro_packed_matrix *p,       \
                       type beta, type *c, const farro_epilogue *epilogue) {                                           \
    if (p->element != sizeof(type) || p->k != shape->k || p->n != shape->n) return FARRO_ERROR_ARGUMENT;               \
    farro_matmul_shape s = *shape;                                                                                     \
    s.transpose_b = p->transposed;                                                                                     \
    s.ldb = p->transposed ? p->k : p->n;                                                                               \
    s.stride_b = 0;                                                                                                    \
    return fused(&s, alpha, a, (const type *)p->data, beta, c, epilogue);                                              \
  }

PACKED(farro_pack_f32, farro_matmul_packed_f32, farro_matmul_fused_f32, float)
PACKED(farro_pack_f64, farro_matmul_packed_f64, farro_matmul_fused_f64, double)

void farro_packed_release(farro_packed_matrix *packed) { free(packed); }
size_t farro_packed_bytes(const farro_packed_matrix *packed) { return packed->bytes; }

#define GROUPED(name, product, type)                                                                                   \
  farro_status name(size_t count, const farro_matmul_problem *problems, type alpha, type beta) {                       \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const farro_status status =                                                                                      \
          product(&problems[i].shape, alpha, problems[i].a, problems[i].b, beta, problems[i].c);                       \
      if (status != FARRO_OK) return status;                                                                           \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }

GROUPED(farro_matmul_grouped_f32, farro_matmul_f32, float)
GROUPED(farro_matmul_grouped_f64, farro_matmul_f64, double)

static farro_status planned(const farro_matmul_shape *s, farro_matmul_plan *plan) {
  const bool empty = s->batch == 0 || s->m == 0 || s->n == 0 || s->k == 0;
  *plan = (farro_matmul_plan){.path = empty ? FARRO_MATMUL_EMPTY : FARRO_MATMUL_DIRECT,
                              .tile_rows = 14,
                              .tile_columns = 32,
                              .k_block = s->k,
                              .column_block = s->n,
                              .tasks = (s->m + 13) / 14};
  return FARRO_OK;
}

farro_status farro_matmul_plan_f32(const farro_matmul_shape *shape, farro_matmul_plan *plan) {
  return planned(shape, plan);
}
farro_status farro_matmul_plan_f64(const farro_matmul_shape *shape, farro_matmul_plan *plan) {
  return planned(shape, plan);
}

void farro_matmul_plan_describe(const farro_matmul_plan *plan, char *text, size_t size) {
  if (plan->path == FARRO_MATMUL_EMPTY)
    snprintf(text, size, "nothing to multiply");
  else
    snprintf(text, size, "direct, %zux%zu tiles, %zu tasks", plan->tile_rows, plan->tile_columns, plan->tasks);
}
