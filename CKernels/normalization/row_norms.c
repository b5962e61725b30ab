// Entry of the norms of rows: check, cut into ranges of rows, run.
#include <math.h>

#include "include/normalization.h"
#include "rows.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

// ---- forward ----

typedef struct {
  void (*kernel)(const row_work *work, size_t first, size_t last);
  row_work work;
} row_call;

static void run_rows(void *context, size_t first, size_t last) {
  const row_call *call = context;
  call->kernel(&call->work, first, last);
}

// About what one thread does in cache, in bytes of x per nanosecond, to decide about waking others.
static const double forward_rates[norm_kinds] = {50, 70, 70}, backward_rates[norm_kinds] = {25, 25, 25};

static farro_status normalize(const row_norm_kernels *kernels, norm_kind kind, size_t rows, row_work w) {
  if (!are_rows(rows, w.columns, w.x_row) || !are_rows(rows, w.columns, w.y_row) || !(w.epsilon >= 0) ||
      (w.residual && !are_rows(rows, w.columns, w.residual_row)) || (w.sum && !are_rows(rows, w.columns, w.sum_row)) ||
      (w.sum && !w.residual))
    return FARRO_ERROR_ARGUMENT;
  if (w.columns == 0) set_no_statistics(rows, w.mean, w.inverse);
  if (rows == 0 || w.columns == 0) return FARRO_OK;
  const size_t row_bytes = w.columns * kernels->element_bytes;
  const size_t tensors = 2 + (w.residual != NULL) + (w.sum != NULL);
  w.streams = writes_past_caches(w.x, w.y, tensors * rows * row_bytes) && w.residual != w.y &&
              (!w.sum || (w.sum != w.x && w.sum != w.residual));
  row_call call = {kernels->forward[kind], w};
  farro_parallel_for(rows, rows_of_range(rows, row_bytes, w.streams), (double)(rows * row_bytes) / forward_rates[kind],
                     run_rows, &call);
  return FARRO_OK;
}

// ---- backward ----

// Each block of rows has its own sums of columns; they are added in order.
typedef struct {
  void (*kernel)(const row_gradient_work *work, size_t first, size_t last, void *products, void *sums);
  row_gradient_work work;
  size_t rows, block_rows, blocks, scalar_bytes;
  char *products, *sums;          // of each block, (blocks, columns); NULL: not wanted
  void *grad_scale, *grad_offset; // NULL: not wanted
} gradient_call;

static void run_blocks(void *context, size_t first, size_t last) {
  const gradient_call *c = context;
  const size_t bytes = c->work.columns * c->scalar_bytes;
  for (size_t block = first; block < last; block++)
    c->kernel(&c->work, block * c->block_rows, smaller((block + 1) * c->block_rows, c->rows),
              c->products ? c->products + block * bytes : NULL, c->sums ? c->sums + block * bytes : NULL);
}

enum { merged_columns = 256 };

#define MERGE(type, scalar)                                                                                            \
  static void merge_##type(const void *blocks, size_t count, size_t columns, size_t first, size_t last, void *out) {   \
    double total[merged_columns] = {0};                                                                                \
    for (size_t block = 0; block < count; block++) {                                                                   \
      const scalar *from = (const scalar *)blocks + block * columns + first;                                           \
      for (size_t j = 0; j < last - first; j++) total[j] += (double)from[j];                                           \
    }                                                                                                                  \
    for (size_t j = 0; j < last - first; j++) ((scalar *)out)[first + j] = (scalar)total[j];                           \
  }

MERGE(f32, float)
MERGE(f64, double)

static void merge_blocks(void *context, size_t first, size_t last) {
  const gradient_call *c = context;
  const size_t n = c->work.columns;
  void (*merge)(const void *, size_t, size_t, size_t, size_t, void *) = c->scalar_bytes == 4 ? merge_f32 : merge_f64;
  if (c->grad_scale) merge(c->products, c->blocks, n, first, last, c->grad_scale);
  if (c->grad_offset) merge(c->sums, c->blocks, n, first, last, c->grad_offset);
}

// 32 blocks give each thread some, and up to 256 rows add up in the element type; a block's sums are two rows to write.
static size_t rows_of_block(size_t rows) {
  return larger(64, smaller(round_up(ceil_divide(rows, 32), 4), normalization_block_rows));
}

static farro_status gradient(const row_norm_kernels *kernels, norm_kind kind, size_t rows, row_gradient_work w,
                             void *grad_scale, void *grad_offset) {
  if (!are_rows(rows, w.columns, w.grad_y_row) || !are_rows(rows, w.columns, w.x_row) ||
      !are_rows(rows, w.columns, w.grad_x_row) || !(w.epsilon >= 0) || (kind == norm_layer && !w.mean != !w.inverse))
    return FARRO_ERROR_ARGUMENT;
  if (w.columns == 0) return FARRO_OK;
  const size_t row_bytes = w.columns * kernels->element_bytes, block_rows = rows_of_block(rows);
  const bool columns = grad_scale || grad_offset;
  w.streams = writes_past_caches(w.x, w.grad_x, 3 * rows * row_bytes) && w.grad_y != w.grad_x;
  gradient_call c = {kernels->backward[kind], w,    rows, block_rows, ceil_divide(rows, block_rows),
                     kernels->scalar_bytes,   NULL, NULL, grad_scale, grad_offset};
  // The sums of a single block are the result.
  const size_t bytes = c.blocks * w.columns * c.scalar_bytes;
  const bool merges = columns && (c.blocks != 1 || !grad_scale || (kind == norm_layer && !grad_offset));
  char *space = NULL;
  if (merges) {
    space = farro_allocate(2 * bytes);
    if (!space) return FARRO_ERROR_MEMORY;
    c.products = space, c.sums = space + bytes;
  } else if (columns) {
    c.products = grad_scale, c.sums = grad_offset;
  }
  farro_parallel_for(c.blocks, 1, (double)(rows * row_bytes) / backward_rates[kind], run_blocks, &c);
  if (merges) {
    farro_parallel_for(w.columns, merged_columns, (double)(c.blocks * w.columns), merge_blocks, &c);
    farro_release(space, 2 * bytes);
  }
  return FARRO_OK;
}

// ---- entry ----

#define ENTRIES(type, element, scalar)                                                                                 \
  farro_status farro_layer_norm_##type(size_t rows, size_t columns, const element *x, size_t x_row,                    \
                                       const scalar *scale, const scalar *offset, scalar epsilon, element *y,          \
                                       size_t y_row) {                                                                 \
    return farro_layer_norm_forward_##type(rows, columns, x, x_row, NULL, 0, scale, offset, epsilon, NULL, 0, y,       \
                                           y_row, NULL, NULL);                                                         \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_layer_norm_forward_##type(size_t rows, size_t columns, const element *x, size_t x_row,            \
                                               const element *residual, size_t residual_row, const scalar *scale,      \
                                               const scalar *offset, scalar epsilon, element *sum, size_t sum_row,     \
                                               element *y, size_t y_row, double *mean, double *inverse) {              \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const row_work work = {columns, x,       x_row, residual, residual_row, scale,   offset, (double)epsilon,          \
                           sum,     sum_row, y,     y_row,    mean,         inverse, false};                           \
    return normalize(kernels->row_norm_##type, norm_layer, rows, work);                                                \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_layer_norm_backward_##type(                                                                       \
      size_t rows, size_t columns, const element *grad_y, size_t grad_y_row, const element *x, size_t x_row,           \
      const double *mean, const double *inverse, scalar epsilon, const scalar *scale, element *grad_x,                 \
      size_t grad_x_row, scalar *grad_scale, scalar *grad_offset) {                                                    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const row_gradient_work work = {columns, grad_y,          grad_y_row, x,      x_row,      mean,                    \
                                    inverse, (double)epsilon, scale,      grad_x, grad_x_row, false};                  \
    return gradient(kernels->row_norm_##type, norm_layer, rows, work, grad_scale, grad_offset);                        \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_rms_norm_##type(size_t rows, size_t columns, const element *x, size_t x_row, const scalar *scale, \
                                     scalar epsilon, element *y, size_t y_row) {                                       \
    return farro_rms_norm_forward_##type(rows, columns, x, x_row, NULL, 0, scale, epsilon, NULL, 0, y, y_row, NULL);   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_rms_norm_forward_##type(                                                                          \
      size_t rows, size_t columns, const element *x, size_t x_row, const element *residual, size_t residual_row,       \
      const scalar *scale, scalar epsilon, element *sum, size_t sum_row, element *y, size_t y_row, double *inverse) {  \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const row_work work = {columns, x,       x_row, residual, residual_row, scale,   NULL, (double)epsilon,            \
                           sum,     sum_row, y,     y_row,    NULL,         inverse, false};                           \
    return normalize(kernels->row_norm_##type, norm_rms, rows, work);                                                  \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_rms_norm_backward_##type(size_t rows, size_t columns, const element *grad_y, size_t grad_y_row,   \
                                              const element *x, size_t x_row, const double *inverse, scalar epsilon,   \
                                              const scalar *scale, element *grad_x, size_t grad_x_row,                 \
                                              scalar *grad_scale) {                                                    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const row_gradient_work work = {columns, grad_y,          grad_y_row, x,      x_row,      NULL,                    \
                                    inverse, (double)epsilon, scale,      grad_x, grad_x_row, false};                  \
    return gradient(kernels->row_norm_##type, norm_rms, rows, work, grad_scale, NULL);                                 \
  }

ENTRIES(f32, float, float)
ENTRIES(f64, double, double)
ENTRIES(bf16, uint16_t, float)

#define L2_ENTRIES(type, scalar)                                                                                       \
  farro_status farro_l2_normalize_##type(size_t rows, size_t columns, const scalar *x, size_t x_row, scalar epsilon,   \
                                         scalar *y, size_t y_row) {                                                    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const row_work work = {                                                                                            \
        .columns = columns, .x = x, .x_row = x_row, .epsilon = (double)epsilon, .y = y, .y_row = y_row};               \
    return normalize(kernels->row_norm_##type, norm_l2, rows, work);                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_l2_normalize_backward_##type(size_t rows, size_t columns, const scalar *grad_y,                   \
                                                  size_t grad_y_row, const scalar *x, size_t x_row, scalar epsilon,    \
                                                  scalar *grad_x, size_t grad_x_row) {                                 \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const row_gradient_work work = {columns, grad_y,          grad_y_row, x,      x_row,      NULL,                    \
                                    NULL,    (double)epsilon, NULL,       grad_x, grad_x_row, false};                  \
    return gradient(kernels->row_norm_##type, norm_l2, rows, work, NULL, NULL);                                        \
  }

L2_ENTRIES(f32, float)
L2_ENTRIES(f64, double)
