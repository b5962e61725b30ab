// Entry of softmax: check, cut into ranges of rows or of columns, run. One driver for all operations and
// element types: it counts in bytes.
#include "softmax.h"

#include "include/softmax.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "runtime/streaming.h"

// About what one thread does in cache, to decide about waking others.
static const double bytes_per_nanosecond = 20;

static bool is_streaming(const softmax_work *w, softmax_operation operation, size_t bytes) {
  const bool has_large_result = operation != softmax_log_sum;
  const size_t tensors = w->grad_y && operation != softmax_log_sum_backward ? 3 : 2;
  return has_large_result && w->y != w->grad_y && writes_past_caches(w->x, w->y, tensors * bytes);
}

typedef struct {
  softmax_kernel kernel;
  softmax_work work;
} softmax_call;

static void run(void *context, size_t first, size_t last) {
  const softmax_call *call = context;
  call->kernel(&call->work, first, last);
}

static void run_rows(softmax_call *call, const softmax_kernels *kernels, softmax_operation operation, size_t outer) {
  softmax_work *w = &call->work;
  const bool is_masked = (w->factor != 1 || w->bias || w->keep) && kernels->masked_rows[operation];
  call->kernel = (is_masked ? kernels->masked_rows : kernels->rows)[operation];
  const size_t row_bytes = w->axis * kernels->element_bytes;
  w->streams = is_streaming(w, operation, outer * row_bytes);
  farro_parallel_for(outer, rows_of_range(outer, row_bytes, w->streams),
                     (double)(outer * row_bytes) / bytes_per_nanosecond, run, call);
}

static void run_columns(softmax_call *call, const softmax_kernels *kernels, softmax_operation operation, size_t outer) {
  enum { line = 64, range_elements = 16 * 1024, enough_items = 16 };
  softmax_work *w = &call->work;
  const bool has_many = outer * ceil_divide(w->inner, softmax_item_columns) >= enough_items;
  w->columns = has_many ? softmax_item_columns : softmax_item_columns / 4;
  w->chunks = ceil_divide(w->inner, w->columns);
  call->kernel = kernels->columns[operation];
  const size_t row_bytes = w->inner * kernels->element_bytes, bytes = outer * w->axis * row_bytes;
  const bool has_whole_lines = row_bytes % line == 0 && (uintptr_t)w->y % line == 0;
  w->streams = has_whole_lines && is_streaming(w, operation, bytes);
  const size_t elements = larger(w->axis, 1) * smaller(w->columns, w->inner);
  farro_parallel_for(outer * w->chunks, ceil_divide(range_elements, elements), (double)bytes / bytes_per_nanosecond,
                     run, call);
}

static farro_status soften(const softmax_kernels *kernels, softmax_operation operation,
                           const farro_reduction_shape *shape, const farro_softmax_options *options,
                           softmax_work work) {
  softmax_call call = {.work = work};
  softmax_work *w = &call.work;
  w->factor = 1;
  if (options) {
    if (!(options->temperature > 0)) return FARRO_ERROR_ARGUMENT;
    w->factor = 1 / options->temperature;
    w->bias = options->bias, w->bias_stride = options->bias_stride, w->bias_blocks = options->bias_blocks;
    w->keep = options->keep, w->keep_stride = options->keep_stride, w->keep_blocks = options->keep_blocks;
  }
  if (!can_exist(shape->outer, shape->axis, shape->inner)) return FARRO_ERROR_ARGUMENT;
  if (shape->outer == 0 || shape->inner == 0) return FARRO_OK;
  if (shape->axis == 0 && operation != softmax_log_sum) return FARRO_OK;
  w->axis = shape->axis, w->inner = shape->inner;
  if (shape->inner == 1 && shape->axis > 0)
    run_rows(&call, kernels, operation, shape->outer);
  else
    run_columns(&call, kernels, operation, shape->outer);
  return FARRO_OK;
}

static farro_status soften_rows(const softmax_kernels *kernels, size_t rows, size_t columns, softmax_work work) {
  if (!are_rows(rows, columns, work.x_row) || !are_rows(rows, columns, work.y_row)) return FARRO_ERROR_ARGUMENT;
  const farro_reduction_shape shape = {rows, columns, 1};
  return soften(kernels, softmax_forward, &shape, NULL, work);
}

// ---- entries ----

#define ENTRIES(type, element)                                                                                         \
  farro_status farro_softmax_##type(size_t rows, size_t columns, const element *x, size_t x_row, element *y,           \
                                    size_t y_row) {                                                                    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return soften_rows(kernels->softmax_##type, rows, columns,                                                         \
                       (softmax_work){.x = x, .x_row = x_row, .y = y, .y_row = y_row});                                \
  }                                                                                                                    \
                                                                                                                       \
  FORWARD_ENTRY(softmax_axis, softmax_forward, type, element, block)                                                   \
  FORWARD_ENTRY(log_softmax, softmax_log, type, element, block)                                                        \
  FORWARD_ENTRY(log_sum_exp, softmax_log_sum, type, element, 1)                                                        \
  BACKWARD_ENTRY(softmax_backward, softmax_backward, type, element)                                                    \
  BACKWARD_ENTRY(log_softmax_backward, softmax_log_backward, type, element)                                            \
                                                                                                                       \
  farro_status farro_log_sum_exp_backward_##type(const farro_reduction_shape *shape,                                   \
                                                 const farro_softmax_options *options, const element *x,               \
                                                 const element *y, const element *grad_y, element *grad_x) {           \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const size_t block = shape->axis * shape->inner;                                                                   \
    return soften(                                                                                                     \
        kernels->softmax_##type, softmax_log_sum_backward, shape, options,                                             \
        (softmax_work){.x = x, .x_row = block, .log_sum = y, .grad_y = grad_y, .y = grad_x, .y_row = block});          \
  }

#define FORWARD_ENTRY(name, operation, type, element, result_row)                                                      \
  farro_status farro_##name##_##type(const farro_reduction_shape *shape, const farro_softmax_options *options,         \
                                     const element *x, element *y) {                                                   \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const size_t block = shape->axis * shape->inner;                                                                   \
    return soften(kernels->softmax_##type, operation, shape, options,                                                  \
                  (softmax_work){.x = x, .x_row = block, .y = y, .y_row = result_row});                                \
  }

#define BACKWARD_ENTRY(name, operation, type, element)                                                                 \
  farro_status farro_##name##_##type(const farro_reduction_shape *shape, double temperature, const element *y,         \
                                     const element *grad_y, element *grad_x) {                                         \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const farro_softmax_options options = {.temperature = temperature};                                                \
    const size_t block = shape->axis * shape->inner;                                                                   \
    return soften(kernels->softmax_##type, operation, shape, &options,                                                 \
                  (softmax_work){.x = y, .x_row = block, .grad_y = grad_y, .y = grad_x, .y_row = block});              \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
ENTRIES(bf16, uint16_t)
