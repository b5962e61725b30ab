// Entry of softmax and of columns: check, cut into ranges of rows, run. One driver for both element types: it counts in
// bytes.
#include "normalization.h"

#include <math.h>

#include "include/normalization.h"
#include "rows.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

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
  if (!is_matrix(rows, w->columns, w->x_row) || !is_matrix(rows, w->columns, w->y_row)) return FARRO_ERROR_ARGUMENT;
  if (rows == 0 || w->columns == 0) return FARRO_OK;
  const size_t row_bytes = w->columns * element_bytes;
  w->streams = writes_past_caches(w->x, w->y, rows * row_bytes);
  farro_parallel_for(rows, rows_of_range(row_bytes, w->streams), (double)(rows * row_bytes) / bytes_per_nanosecond,
                     run_rows, call);
  return FARRO_OK;
}

// ---- columns ----

typedef struct {
  const normalization_kernels *kernels;
  size_t rows, columns;
  const void *x;
  size_t x_row, blocks;
  double *mean, *square; // of each block, (blocks, columns)
} moments_call;

static void sum_blocks(void *context, size_t first, size_t last) {
  const moments_call *c = context;
  for (size_t block = first; block < last; block++) {
    const size_t row = block * normalization_block_rows;
    c->kernels->column_moments(smaller(normalization_block_rows, c->rows - row), c->columns,
                               (const char *)c->x + row * c->x_row * c->kernels->element_bytes, c->x_row,
                               c->mean + block * c->columns, c->square + block * c->columns);
  }
}

// Adds the later blocks to the first, in order, for some of the columns.
static void merge_blocks(void *context, size_t first, size_t last) {
  const moments_call *c = context;
  for (size_t block = 1; block < c->blocks; block++) {
    const double before = (double)(block * normalization_block_rows);
    const double after = (double)smaller((block + 1) * normalization_block_rows, c->rows);
    const double share = (after - before) / after, weight = before * share;
    const double *mean = c->mean + block * c->columns, *square = c->square + block * c->columns;
    for (size_t j = first; j < last; j++) {
      const double step = mean[j] - c->mean[j];
      c->mean[j] += step * share;
      c->square[j] += square[j] + step * step * weight;
    }
  }
}

static void finish_moments(const moments_call *c, double *mean, double *deviation) {
  for (size_t j = 0; j < c->columns; j++) {
    mean[j] = c->mean[j];
    deviation[j] = c->square[j] == 0 ? 1 : sqrt(c->square[j] / (double)c->rows);
  }
}

static farro_status column_moments(const normalization_kernels *kernels, size_t rows, size_t columns, const void *x,
                                   size_t x_row, double *mean, double *deviation) {
  if (!is_matrix(rows, columns, x_row)) return FARRO_ERROR_ARGUMENT;
  if (rows == 0) {
    for (size_t j = 0; j < columns; j++) mean[j] = deviation[j] = NAN;
    return FARRO_OK;
  }
  const size_t blocks = (rows - 1) / normalization_block_rows + 1, count = blocks * columns;
  double *space = farro_allocate(2 * count * sizeof *space);
  if (!space) return FARRO_ERROR_MEMORY;
  moments_call call = {kernels, rows, columns, x, x_row, blocks, space, space + count};
  const double bytes = (double)rows * (double)columns * (double)kernels->element_bytes;
  farro_parallel_for(blocks, 1, bytes / 30, sum_blocks, &call);
  farro_parallel_for(columns, 512, (double)count, merge_blocks, &call);
  finish_moments(&call, mean, deviation);
  farro_release(space, 2 * count * sizeof *space);
  return FARRO_OK;
}

typedef struct {
  void (*kernel)(const column_work *work, size_t first, size_t last);
  column_work work;
} scale_call;

static void run_scale(void *context, size_t first, size_t last) {
  const scale_call *call = context;
  call->kernel(&call->work, first, last);
}

static farro_status scale_columns(const normalization_kernels *kernels, size_t rows, const column_work *work) {
  if (!is_matrix(rows, work->columns, work->x_row) || !is_matrix(rows, work->columns, work->y_row))
    return FARRO_ERROR_ARGUMENT;
  if (rows == 0 || work->columns == 0) return FARRO_OK;
  scale_call call = {kernels->scale_columns, *work};
  const size_t row_bytes = work->columns * kernels->element_bytes;
  call.work.streams = writes_past_caches(work->x, work->y, rows * row_bytes);
  farro_parallel_for(rows, rows_of_range(row_bytes, call.work.streams), (double)(rows * row_bytes) / 30, run_scale,
                     &call);
  return FARRO_OK;
}

static farro_status standardize_columns(const normalization_kernels *kernels, size_t rows, const column_work *work,
                                        double *mean, double *deviation) {
  if (!is_matrix(rows, work->columns, work->y_row)) return FARRO_ERROR_ARGUMENT;
  const farro_status status = column_moments(kernels, rows, work->columns, work->x, work->x_row, mean, deviation);
  return status == FARRO_OK ? scale_columns(kernels, rows, work) : status;
}

// ---- entry ----

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_softmax_##type(size_t rows, size_t columns, const scalar *x, size_t x_row, scalar *y,             \
                                    size_t y_row) {                                                                    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    row_call call = {kernels->normalization_##type->softmax,                                                           \
                     {.columns = columns, .x = x, .x_row = x_row, .y = y, .y_row = y_row}};                            \
    return normalize_rows(&call, rows, sizeof(scalar), 20);                                                            \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_column_moments_##type(size_t rows, size_t columns, const scalar *x, size_t x_row, double *mean,   \
                                           double *deviation) {                                                        \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return column_moments(kernels->normalization_##type, rows, columns, x, x_row, mean, deviation);                    \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_scale_columns_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,                  \
                                          const double *mean, const double *deviation, scalar *y, size_t y_row) {      \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const column_work work = {columns, x, x_row, mean, deviation, y, y_row, false};                                    \
    return scale_columns(kernels->normalization_##type, rows, &work);                                                  \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_standardize_columns_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,            \
                                                double *mean, double *deviation, scalar *y, size_t y_row) {            \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const column_work work = {columns, x, x_row, mean, deviation, y, y_row, false};                                    \
    return standardize_columns(kernels->normalization_##type, rows, &work, mean, deviation);                           \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
