// Entry of scaling: check, cut, run.
#include "scaling.h"

#include <math.h>

#include "include/scaling.h"
#include "normalization/rows.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

// ---- ranges ----

static void merge_ranges(size_t before, size_t rows, size_t first, size_t last,
                         double *const into[column_reduction_parts], double *const more[column_reduction_parts]) {
  (void)before, (void)rows;
  for (size_t j = first; j < last; j++) {
    const double least = more[0][j], greatest = more[1][j];
    if (least < into[0][j] || isnan(least)) into[0][j] = least;
    if (greatest > into[1][j] || isnan(greatest)) into[1][j] = greatest;
  }
}

static farro_status column_ranges(const scaling_kernels *kernels, size_t rows, const column_operand *operand,
                                  bool skips_nan, double *minimum, double *maximum) {
  if (!are_rows(rows, operand->columns, operand->x_row)) return FARRO_ERROR_ARGUMENT;
  if (rows > 0) {
    const column_reduction ranges = {skips_nan ? kernels->ranges_skipping : kernels->ranges, merge_ranges, 2,
                                     operand->columns * kernels->element_bytes};
    const farro_status status = farro_reduce_columns(&ranges, operand, rows, (double *const[]){minimum, maximum, NULL});
    if (status != FARRO_OK) return status;
  }
  for (size_t j = 0; j < operand->columns; j++)
    if (rows == 0 || minimum[j] > maximum[j]) minimum[j] = maximum[j] = NAN;
  return FARRO_OK;
}

// ---- quantiles ----

typedef struct {
  const scaling_kernels *kernels;
  const quantile_work *work;
  size_t width;        // columns of a task
  _Atomic bool failed; // for want of memory
} quantile_call;

static void run_quantiles(void *context, size_t first, size_t last) {
  quantile_call *c = context;
  const size_t bytes = c->work->rows * c->width * c->kernels->element_bytes;
  void *space = farro_allocate(bytes);
  if (!space) {
    c->failed = true;
    return;
  }
  for (size_t task = first; task < last; task++)
    c->kernels->quantiles(c->work, task * c->width, smaller((task + 1) * c->width, c->work->columns), space);
  farro_release(space, bytes);
}

// Ascending, by insertion: there are few.
static void sort_probabilities(size_t count, const double *probabilities, double *sorted, size_t *places) {
  for (size_t q = 0; q < count; q++) {
    size_t at = q;
    for (; at > 0 && sorted[at - 1] > probabilities[q]; at--) {
      sorted[at] = sorted[at - 1];
      places[at] = places[at - 1];
    }
    sorted[at] = probabilities[q];
    places[at] = q;
  }
}

static farro_status column_quantiles(const scaling_kernels *kernels, quantile_work *work, const double *probabilities) {
  if (!are_rows(work->rows, work->columns, work->x_row)) return FARRO_ERROR_ARGUMENT;
  for (size_t q = 0; q < work->count; q++)
    if (!(probabilities[q] >= 0 && probabilities[q] <= 1)) return FARRO_ERROR_ARGUMENT;
  if (work->columns == 0 || work->count == 0) return FARRO_OK;
  const size_t bytes = work->count * (sizeof(double) + sizeof(size_t));
  double *sorted = farro_allocate(bytes);
  if (!sorted) return FARRO_ERROR_MEMORY;
  size_t *places = (size_t *)(sorted + work->count);
  sort_probabilities(work->count, probabilities, sorted, places);
  work->probabilities = sorted, work->places = places;
  quantile_call call = {kernels, work, quantile_bytes / kernels->element_bytes, false};
  farro_parallel_for(ceil_divide(work->columns, call.width), 1, 10 * (double)work->rows * (double)work->columns,
                     run_quantiles, &call);
  farro_release(sorted, bytes);
  return call.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- entry ----

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_column_ranges_##type(size_t rows, size_t columns, const scalar *x, size_t x_row, bool skips_nan,  \
                                          double *minimum, double *maximum) {                                          \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const column_operand operand = {.columns = columns, .x = x, .x_row = x_row};                                       \
    return column_ranges(kernels->scaling_##type, rows, &operand, skips_nan, minimum, maximum);                        \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_column_quantiles_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,               \
                                             bool skips_nan, size_t count, const double *probabilities,                \
                                             double *quantiles) {                                                      \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    quantile_work work = {.rows = rows,                                                                                \
                          .columns = columns,                                                                          \
                          .x = x,                                                                                      \
                          .x_row = x_row,                                                                              \
                          .skips_nan = skips_nan,                                                                      \
                          .count = count,                                                                              \
                          .quantiles = quantiles};                                                                     \
    return column_quantiles(kernels->scaling_##type, &work, probabilities);                                            \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_affine_columns_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,                 \
                                           const double *center, const double *factor, const double *shift, scalar *y, \
                                           size_t y_row) {                                                             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    column_work work = {.columns = columns, .x = x, .x_row = x_row, .y = y, .y_row = y_row};                           \
    return farro_scale_columns_by(kernels->columns_##type, rows, &work, center, factor, shift);                        \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
