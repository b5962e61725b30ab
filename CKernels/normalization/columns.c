// Entry of the moments and the scaling of columns, and what reductions of columns share: blocks of rows and chunks of
// columns in parallel, merged in order. One driver for both element types: it counts in bytes.
#include "columns.h"

#include <math.h>

#include "include/normalization.h"
#include "rows.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

// ---- reductions ----

typedef struct {
  const column_reduction *reduction;
  const column_operand *operand;
  size_t rows, chunks;
  double *const *results; // (parts, columns)
  double *blocks;         // results of all blocks but the first, (blocks - 1, parts, columns)
} reduction_call;

static void results_of_block(const reduction_call *c, size_t block, double *results[column_reduction_parts]) {
  const size_t columns = c->operand->columns, parts = c->reduction->parts;
  for (size_t p = 0; p < parts; p++)
    results[p] = block ? c->blocks + ((block - 1) * parts + p) * columns : c->results[p];
}

// Items are (block, chunk).
static void reduce_blocks(void *context, size_t begin, size_t end) {
  const reduction_call *c = context;
  for (size_t item = begin; item < end; item++) {
    const size_t block = item / c->chunks, chunk = item % c->chunks, row = block * column_block_rows;
    double *results[column_reduction_parts];
    results_of_block(c, block, results);
    c->reduction->reduce(c->operand, row, smaller(column_block_rows, c->rows - row), chunk * column_chunk,
                         smaller((chunk + 1) * column_chunk, c->operand->columns), results);
  }
}

static void merge_blocks(void *context, size_t first, size_t last) {
  const reduction_call *c = context;
  for (size_t row = column_block_rows; row < c->rows; row += column_block_rows) {
    double *results[column_reduction_parts];
    results_of_block(c, row / column_block_rows, results);
    c->reduction->merge(row, smaller(column_block_rows, c->rows - row), first, last, c->results, results);
  }
}

farro_status farro_reduce_columns(const column_reduction *reduction, const column_operand *operand, size_t rows,
                                  double *const results[column_reduction_parts]) {
  const size_t columns = operand->columns, blocks = ceil_divide(rows, column_block_rows);
  if (columns == 0) return FARRO_OK;
  const size_t bytes = (blocks - 1) * reduction->parts * columns * sizeof(double);
  double *space = bytes ? farro_allocate(bytes) : NULL;
  if (bytes && !space) return FARRO_ERROR_MEMORY;
  reduction_call call = {reduction, operand, rows, ceil_divide(columns, column_chunk), results, space};
  farro_parallel_for(blocks * call.chunks, 1, (double)rows * (double)reduction->row_bytes / 30, reduce_blocks, &call);
  if (blocks > 1) farro_parallel_for(columns, 512, (double)(blocks * columns), merge_blocks, &call);
  farro_release(space, bytes);
  return FARRO_OK;
}

// ---- moments ----

void farro_merge_moments(size_t before, size_t rows, size_t first, size_t last,
                         double *const into[column_reduction_parts], double *const more[column_reduction_parts]) {
  const double share = (double)rows / (double)(before + rows), weight = (double)before * share;
  double *mean = into[0], *square = into[1];
  for (size_t j = first; j < last; j++) {
    const double step = more[0][j] - mean[j];
    mean[j] += step * share;
    square[j] += more[1][j] + step * step * weight;
  }
}

static void merge_numbers(size_t before, size_t rows, size_t first, size_t last,
                          double *const into[column_reduction_parts], double *const more[column_reduction_parts]) {
  (void)before, (void)rows;
  double *mean = into[0], *square = into[1], *number = into[2];
  for (size_t j = first; j < last; j++) {
    const double n = number[j] + more[2][j], share = more[2][j] / (n > 0 ? n : 1), step = more[0][j] - mean[j];
    mean[j] += step * share;
    square[j] += more[1][j] + step * step * (number[j] * share);
    number[j] = n;
  }
}

static farro_status column_moments(const column_kernels *kernels, size_t rows, const column_operand *operand,
                                   double *mean, double *deviation) {
  if (!are_rows(rows, operand->columns, operand->x_row)) return FARRO_ERROR_ARGUMENT;
  if (rows == 0) {
    for (size_t j = 0; j < operand->columns; j++) mean[j] = deviation[j] = NAN;
    return FARRO_OK;
  }
  const column_reduction moments = {kernels->moments, farro_merge_moments, 2,
                                    operand->columns * kernels->element_bytes};
  const farro_status status = farro_reduce_columns(&moments, operand, rows, (double *const[]){mean, deviation, NULL});
  if (status != FARRO_OK) return status;
  for (size_t j = 0; j < operand->columns; j++)
    deviation[j] = deviation[j] == 0 ? 1 : sqrt(deviation[j] / (double)rows);
  return FARRO_OK;
}

static farro_status column_moments_skipping(const column_kernels *kernels, size_t rows, const column_operand *operand,
                                            double *mean, double *deviation, double *number) {
  if (!are_rows(rows, operand->columns, operand->x_row)) return FARRO_ERROR_ARGUMENT;
  for (size_t j = 0; j < operand->columns && rows == 0; j++) number[j] = 0;
  const column_reduction moments = {kernels->moments_skipping, merge_numbers, 3,
                                    operand->columns * kernels->element_bytes};
  if (rows > 0) {
    const farro_status status =
        farro_reduce_columns(&moments, operand, rows, (double *const[]){mean, deviation, number});
    if (status != FARRO_OK) return status;
  }
  for (size_t j = 0; j < operand->columns; j++) {
    if (number[j] == 0)
      mean[j] = deviation[j] = NAN;
    else
      deviation[j] = deviation[j] == 0 ? 1 : sqrt(deviation[j] / number[j]);
  }
  return FARRO_OK;
}

// ---- scaling ----

typedef struct {
  column_write write;
  const column_work *work;
} write_call;

static void run_write(void *context, size_t first, size_t last) {
  const write_call *call = context;
  call->write(call->work, first, last);
}

void farro_write_columns(column_write write, column_work *work, size_t rows, size_t element_bytes) {
  if (rows == 0 || work->columns == 0) return;
  const size_t row_bytes = work->columns * element_bytes;
  const void *read = work->grad_y == work->y ? work->y : work->x;
  work->streams = writes_past_caches(read, work->y, rows * row_bytes * (work->grad_y ? 3 : 2));
  write_call call = {write, work};
  farro_parallel_for(rows, rows_of_range(rows, row_bytes, work->streams), (double)(rows * row_bytes) / 30, run_write,
                     &call);
}

// `center` as the element type has it; what that leaves over goes into the shift.
farro_status farro_scale_columns_by(const column_kernels *kernels, size_t rows, column_work *work, const double *center,
                                    const double *factor, const double *shift) {
  const size_t columns = work->columns, bytes = columns * (sizeof(double) + 3 * kernels->element_bytes);
  if (!are_rows(rows, columns, work->x_row) || !are_rows(rows, columns, work->y_row)) return FARRO_ERROR_ARGUMENT;
  if (rows == 0 || columns == 0) return FARRO_OK;
  double *rest = farro_allocate(bytes);
  if (!rest) return FARRO_ERROR_MEMORY;
  char *centers = (char *)(rest + columns), *factors = centers + columns * kernels->element_bytes;
  char *shifts = factors + columns * kernels->element_bytes;
  kernels->narrow(columns, 1, center, centers);
  kernels->narrow(columns, 1, factor, factors);
  kernels->widen(columns, centers, rest);
  for (size_t j = 0; j < columns; j++) rest[j] = (rest[j] - center[j]) * factor[j] + (shift ? shift[j] : 0);
  kernels->narrow(columns, 1, rest, shifts);
  work->parameters = (column_parameters){.center = centers, .factor = factors, .shift = shifts};
  farro_write_columns(kernels->scale, work, rows, kernels->element_bytes);
  farro_release(rest, bytes);
  return FARRO_OK;
}

static farro_status scale_columns(const column_kernels *kernels, size_t rows, column_work *work, const double *mean,
                                  const double *deviation) {
  const size_t bytes = work->columns * sizeof(double);
  double *factor = farro_allocate(bytes);
  if (!factor) return FARRO_ERROR_MEMORY;
  for (size_t j = 0; j < work->columns && rows > 0; j++) factor[j] = 1 / deviation[j];
  const farro_status status = farro_scale_columns_by(kernels, rows, work, mean, factor, NULL);
  farro_release(factor, bytes);
  return status;
}

static farro_status standardize_columns(const column_kernels *kernels, size_t rows, column_work *work, double *mean,
                                        double *deviation) {
  if (!are_rows(rows, work->columns, work->y_row)) return FARRO_ERROR_ARGUMENT;
  const column_operand operand = {.columns = work->columns, .x = work->x, .x_row = work->x_row};
  const farro_status status = column_moments(kernels, rows, &operand, mean, deviation);
  return status == FARRO_OK ? scale_columns(kernels, rows, work, mean, deviation) : status;
}

// ---- entry ----

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_column_moments_##type(size_t rows, size_t columns, const scalar *x, size_t x_row, double *mean,   \
                                           double *deviation) {                                                        \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const column_operand operand = {.columns = columns, .x = x, .x_row = x_row};                                       \
    return column_moments(kernels->columns_##type, rows, &operand, mean, deviation);                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_column_moments_skipping_nan_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,    \
                                                        double *mean, double *deviation, double *number) {             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const column_operand operand = {.columns = columns, .x = x, .x_row = x_row};                                       \
    return column_moments_skipping(kernels->columns_##type, rows, &operand, mean, deviation, number);                  \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_scale_columns_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,                  \
                                          const double *mean, const double *deviation, scalar *y, size_t y_row) {      \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    column_work work = {.columns = columns, .x = x, .x_row = x_row, .y = y, .y_row = y_row};                           \
    return scale_columns(kernels->columns_##type, rows, &work, mean, deviation);                                       \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_standardize_columns_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,            \
                                                double *mean, double *deviation, scalar *y, size_t y_row) {            \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    column_work work = {.columns = columns, .x = x, .x_row = x_row, .y = y, .y_row = y_row};                           \
    return standardize_columns(kernels->columns_##type, rows, &work, mean, deviation);                                 \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
