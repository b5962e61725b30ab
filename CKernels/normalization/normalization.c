// Entry of normalization of rows: check, cut into ranges of rows, run. One driver for both element types: it counts in
// bytes.
#include "normalization.h"

#include "include/normalization.h"
#include "rows.h"
#include "runtime/dispatch.h"

// ---- rows ----

typedef struct {
  void (*kernel)(const row_work *work, size_t first, size_t last);
  row_work work;
} row_call;

static void run_rows(void *context, size_t first, size_t last) {
  const row_call *call = context;
  call->kernel(&call->work, first, last);
}

// bytes_per_nanosecond: about what one thread does in cache, to decide about waking others.
static farro_status normalize_rows(row_call *call, size_t rows, size_t element_bytes, double bytes_per_nanosecond) {
  row_work *w = &call->work;
  if (!is_matrix(rows, w->columns, w->x_row) || !is_matrix(rows, w->columns, w->y_row) || !(w->epsilon >= 0))
    return FARRO_ERROR_ARGUMENT;
  if (rows == 0 || w->columns == 0) return FARRO_OK;
  const size_t row_bytes = w->columns * element_bytes;
  w->streams = writes_past_caches(w->x, w->y, rows * row_bytes);
  farro_parallel_for(rows, rows_of_range(row_bytes, w->streams), (double)(rows * row_bytes) / bytes_per_nanosecond,
                     run_rows, call);
  return FARRO_OK;
}

// ---- entry ----

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_layer_norm_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,                     \
                                       const scalar *scale, const scalar *offset, scalar epsilon, scalar *y,           \
                                       size_t y_row) {                                                                 \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    row_call call = {kernels->normalization_##type->layer_norm,                                                        \
                     {columns, x, x_row, scale, offset, (double)epsilon, y, y_row, false}};                            \
    return normalize_rows(&call, rows, sizeof(scalar), 50);                                                            \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_rms_norm_##type(size_t rows, size_t columns, const scalar *x, size_t x_row, const scalar *scale,  \
                                     scalar epsilon, scalar *y, size_t y_row) {                                        \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    row_call call = {kernels->normalization_##type->rms_norm,                                                          \
                     {columns, x, x_row, scale, NULL, (double)epsilon, y, y_row, false}};                              \
    return normalize_rows(&call, rows, sizeof(scalar), 70);                                                            \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_softmax_##type(size_t rows, size_t columns, const scalar *x, size_t x_row, scalar *y,             \
                                    size_t y_row) {                                                                    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    row_call call = {kernels->normalization_##type->softmax, {columns, x, x_row, NULL, NULL, 0, y, y_row, false}};     \
    return normalize_rows(&call, rows, sizeof(scalar), 20);                                                            \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
