// Entries of low-precision products and of their packed operands.
#include <string.h>

#include "low_precision_job.h"
#include "runtime/dispatch.h"
#include "runtime/extent.h"

// Marks a farro_packed_matrix as one of these: no f32 or f64 product takes elements of this size.
static const matmul_kernels not_wide = {.element_bytes = 1};

typedef enum { type_bf16, type_f16, type_s8 } element_type;

// The address of operands that are not touched: they may be NULL, to which nothing may be added.
static char nothing;

// ---- arguments ----

// Whether the addresses of one lie between those of the other.
static bool are_mixed(const farro_extent *x, const farro_extent *y) { return x->last > y->first && y->last > x->first; }

static bool has_valid_zero_points(const farro_quantized_operand *by, size_t batch, size_t count, int32_t lowest) {
  if (!has_zero_point(by)) return true;
  for (size_t item = 0; item < (by->stride ? batch : 1); item++)
    for (size_t i = 0; i < (by->step ? count : 1); i++) {
      const int32_t zero_point = zero_point_of(by, item, i);
      if (zero_point < lowest || zero_point > lowest + 255) return false;
    }
  return true;
}

static bool is_valid(const low_precision_job *j) {
  const farro_matmul_shape *s = &j->shape;
  const farro_epilogue *e = j->epilogue;
  const size_t bytes = j->kernels->element_bytes, c_bytes = j->result == to_narrow ? 2 : 4;
  if (!farro_matmul_accepts(s, j->panels != NULL)) return false;
  if ((unsigned)e->activation >= FARRO_ACTIVATION_FUSED || (e->residual && e->ld_residual < s->n)) return false;
  if (e->visit && *j->beta != 0) return false;
  const farro_extent a = farro_extent_of(j->a, s->batch, s->transpose_a ? s->k : s->m, s->transpose_a ? s->m : s->k,
                                         s->lda, s->stride_a, bytes);
  const farro_extent b = farro_extent_of(j->b, j->panels ? 0 : s->batch, s->transpose_b ? s->n : s->k,
                                         s->transpose_b ? s->k : s->n, s->ldb, s->stride_b, bytes);
  const farro_extent c = farro_extent_of(j->c, s->batch, s->m, s->n, s->ldc, s->stride_c, c_bytes);
  if (!a.fits || !b.fits || !c.fits) return false;
  if (j->c && (are_mixed(&a, &c) || are_mixed(&b, &c))) return false;
  if (s->batch == 0) return true;
  if (!j->kernels->correct) return true;
  return s->k <= (has_zero_point(j->by_b) ? 33025 : 65793) && has_valid_zero_points(j->by_a, s->batch, s->m, 0) &&
         has_valid_zero_points(j->by_b, s->batch, s->n, -128);
}

// Puts what is absent in its place; false for arguments that are wrong.
static bool complete(low_precision_job *j) {
  static const farro_epilogue none = {0};
  static const float one = 1, zero = 0;
  if (!j->epilogue) j->epilogue = &none;
  if (!j->alpha) j->alpha = &one, j->beta = &zero;
  return is_valid(j);
}

static farro_status multiply(low_precision_job *j) {
  if (!complete(j)) return FARRO_ERROR_ARGUMENT;
  if (*j->alpha == 0) j->shape.k = 0; // reads neither A nor B
  if (j->shape.k == 0) j->a = j->b = &nothing;
  if (j->epilogue->visit) j->c = &nothing;
  return farro_low_precision_run(j);
}

// ---- packed operands ----

static farro_status pack(const low_precision_kernels *kernels, element_type type, size_t k, size_t n, bool transpose_b,
                         const void *b, size_t ldb, farro_packed_matrix **packed) {
  size_t held; // words, with the last panel and the last word whole, and their sums
  const bool overflows = __builtin_add_overflow(n, kernels->columns, &held) ||
                         __builtin_mul_overflow(held, k + 2, &held) || k > PTRDIFF_MAX ||
                         held > PTRDIFF_MAX / (2 * sizeof(uint32_t));
  const farro_extent given =
      farro_extent_of(b, 1, transpose_b ? n : k, transpose_b ? k : n, ldb, 0, kernels->element_bytes);
  if (ldb < (transpose_b ? k : n) || !given.fits || overflows) return FARRO_ERROR_ARGUMENT;
  if (k == 0 || n == 0) b = &nothing;
  size_t bytes;
  low_precision_contents at = farro_low_precision_layout(kernels, k, n, &bytes);
  at.type = type;
  farro_packed_matrix *to = farro_allocate(sizeof *to);
  uint32_t *words = farro_allocate(bytes);
  if (!to || !words) {
    farro_release(words, bytes);
    farro_release(to, sizeof *to);
    return FARRO_ERROR_MEMORY;
  }
  *to = (farro_packed_matrix){.kernels = &not_wide, .k = k, .n = n, .k_block = k, .bytes = bytes, .panels = words};
  memcpy(words, &at, sizeof at);
  const low_precision_packing packing = {.kernels = kernels,
                                         .k = k,
                                         .n = n,
                                         .words = ceil_divide(k, kernels->group),
                                         .ldb = ldb,
                                         .transposed = transpose_b,
                                         .b = b,
                                         .panels = words + at.panels,
                                         .sums = kernels->correct ? words + at.sums : NULL};
  farro_low_precision_pack(&packing);
  *packed = to;
  return FARRO_OK;
}

// Points the job at the packed operand; false when it is another one than the product needs.
static bool take(low_precision_job *j, element_type type, const farro_packed_matrix *packed) {
  if (!packed || packed->kernels != &not_wide || packed->n != j->shape.n || packed->k != j->shape.k) return false;
  const low_precision_contents *at = packed->panels;
  if (at->type != (int)type) return false;
  j->kernels = at->kernels;
  j->panels = (const uint32_t *)packed->panels + at->panels;
  j->sums_b = (const uint32_t *)packed->panels + at->sums;
  return true;
}

// ---- entries ----

#define PACK(name, table, type, scalar)                                                                                \
  farro_status name(size_t k, size_t n, bool transpose_b, const scalar *b, size_t ldb, farro_packed_matrix **packed) { \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return pack(kernels->table, type, k, n, transpose_b, b, ldb, packed);                                              \
  }

PACK(farro_pack_bf16, matmul_bf16, type_bf16, uint16_t)
PACK(farro_pack_f16, matmul_f16, type_f16, uint16_t)
PACK(farro_pack_s8, matmul_u8s8, type_s8, int8_t)

#define FLOATS(name, packed_name, table, type, scalar, to)                                                             \
  farro_status name(const farro_matmul_shape *shape, float alpha, const uint16_t *a, const uint16_t *b, float beta,    \
                    scalar *c, const farro_epilogue *epilogue) {                                                       \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    low_precision_job job = {.kernels = kernels->table,                                                                \
                             .shape = *shape,                                                                          \
                             .a = a,                                                                                   \
                             .b = b,                                                                                   \
                             .c = c,                                                                                   \
                             .result = to,                                                                             \
                             .alpha = &alpha,                                                                          \
                             .beta = &beta,                                                                            \
                             .epilogue = epilogue};                                                                    \
    return multiply(&job);                                                                                             \
  }                                                                                                                    \
  farro_status packed_name(const farro_matmul_shape *shape, float alpha, const uint16_t *a,                            \
                           const farro_packed_matrix *packed, float beta, scalar *c, const farro_epilogue *epilogue) { \
    low_precision_job job = {                                                                                          \
        .shape = *shape, .a = a, .c = c, .result = to, .alpha = &alpha, .beta = &beta, .epilogue = epilogue};          \
    return take(&job, type, packed) ? multiply(&job) : FARRO_ERROR_ARGUMENT;                                           \
  }

FLOATS(farro_matmul_bf16, farro_matmul_packed_bf16, matmul_bf16, type_bf16, uint16_t, to_narrow)
FLOATS(farro_matmul_bf16_f32, farro_matmul_packed_bf16_f32, matmul_bf16, type_bf16, float, to_f32)
FLOATS(farro_matmul_f16, farro_matmul_packed_f16, matmul_f16, type_f16, uint16_t, to_narrow)
FLOATS(farro_matmul_f16_f32, farro_matmul_packed_f16_f32, matmul_f16, type_f16, float, to_f32)

static farro_status multiply_packed_integers(low_precision_job job, const farro_packed_matrix *packed) {
  return take(&job, type_s8, packed) ? multiply(&job) : FARRO_ERROR_ARGUMENT;
}

static farro_status multiply_integers(low_precision_job job) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  job.kernels = kernels->matmul_u8s8;
  return multiply(&job);
}

#define INTEGERS(b_, to, epilogue_)                                                                                    \
  (low_precision_job) {                                                                                                \
    .shape = *shape, .a = a, .b = b_, .c = c, .result = to, .epilogue = epilogue_, .by_a = by_a, .by_b = by_b          \
  }

farro_status farro_matmul_u8s8_s32(const farro_matmul_shape *shape, const farro_quantized_operand *by_a,
                                   const farro_quantized_operand *by_b, const uint8_t *a, const int8_t *b, int32_t *c) {
  return multiply_integers(INTEGERS(b, to_integers, NULL));
}
farro_status farro_matmul_u8s8_f32(const farro_matmul_shape *shape, const farro_quantized_operand *by_a,
                                   const farro_quantized_operand *by_b, const uint8_t *a, const int8_t *b, float *c,
                                   const farro_epilogue *epilogue) {
  return multiply_integers(INTEGERS(b, to_scaled, epilogue));
}
farro_status farro_matmul_packed_u8s8_s32(const farro_matmul_shape *shape, const farro_quantized_operand *by_a,
                                          const farro_quantized_operand *by_b, const uint8_t *a,
                                          const farro_packed_matrix *packed, int32_t *c) {
  return multiply_packed_integers(INTEGERS(NULL, to_integers, NULL), packed);
}
farro_status farro_matmul_packed_u8s8_f32(const farro_matmul_shape *shape, const farro_quantized_operand *by_a,
                                          const farro_quantized_operand *by_b, const uint8_t *a,
                                          const farro_packed_matrix *packed, float *c, const farro_epilogue *epilogue) {
  return multiply_packed_integers(INTEGERS(NULL, to_scaled, epilogue), packed);
}

// ---- plans ----

static farro_status plan_of(low_precision_job *j, farro_matmul_plan *plan) {
  if (!complete(j)) return FARRO_ERROR_ARGUMENT;
  farro_low_precision_plan(j);
  *plan = farro_low_precision_plan_of(j);
  return FARRO_OK;
}

#define PLAN(name, table, to)                                                                                          \
  farro_status name(const farro_matmul_shape *shape, farro_matmul_plan *plan) {                                        \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    low_precision_job job = {.kernels = kernels->table, .shape = *shape, .result = to};                                \
    return plan_of(&job, plan);                                                                                        \
  }

PLAN(farro_matmul_plan_bf16, matmul_bf16, to_narrow)
PLAN(farro_matmul_plan_f16, matmul_f16, to_narrow)
PLAN(farro_matmul_plan_u8s8, matmul_u8s8, to_scaled)

farro_status farro_low_precision_plan_packed(const farro_matmul_shape *shape, const farro_packed_matrix *packed,
                                             farro_matmul_plan *plan) {
  const low_precision_contents *at = packed->panels;
  low_precision_job job = {.shape = *shape, .result = at->type == type_s8 ? to_scaled : to_narrow};
  return take(&job, at->type, packed) ? plan_of(&job, plan) : FARRO_ERROR_ARGUMENT;
}
