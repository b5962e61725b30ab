// Entry of the maps: check, plan, partition. One driver for all operations and both element types; activation.c uses it
// too.
#include "elementwise.h"

#include "include/elementwise.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "runtime/streaming.h"

enum {
  chunk_elements = 16 * 1024,       // of one task: some microseconds, and whole pages
  long_chunk_elements = 256 * 1024, // past the caches: a task ends with a wait for its stores, 4% of a short one
  streaming_columns = 1024,         // shorter rows would spend too much on their unaligned ends
};

// Rough speed of one thread, to decide about waking others: what memory gives, and what functions cost beside it.
static const double bytes_per_nanosecond = 150;
static const double function_nanoseconds = 0.15; // of four bytes

typedef struct {
  void (*map)(const map_view *view);
  map_view view;
  size_t operands, element_bytes;
  size_t chunk, row_chunks; // elements of a task, tasks per row; with 1, tasks are whole rows
} map_work;

// The part of the view that starts at (row, column).
static map_view part(const map_work *work, size_t row, size_t rows, size_t column, size_t columns) {
  map_view view = work->view;
  for (size_t k = 0; k < work->operands; k++) {
    map_operand *operand = &view.in[k];
    const size_t rows_before = k == 1 && view.period ? 0 : row;
    operand->base =
        (const char *)operand->base + (rows_before * operand->row + column * operand->step) * work->element_bytes;
  }
  view.first_row = row;
  view.out = (char *)view.out + (row * view.out_row + column) * work->element_bytes;
  view.rows = rows;
  view.columns = columns;
  return view;
}

static void run_tasks(void *context, size_t first, size_t last) {
  const map_work *work = context;
  if (work->row_chunks == 1) {
    const map_view view = part(work, first, last - first, 0, work->view.columns);
    work->map(&view);
    return;
  }
  for (size_t task = first; task < last; task++) {
    const size_t row = task / work->row_chunks, column = task % work->row_chunks * work->chunk;
    const map_view view = part(work, row, 1, column, smaller(work->chunk, work->view.columns - column));
    work->map(&view);
  }
}

// Rows without gaps are one long row.
static void join_rows(map_view *view, size_t operands) {
  bool joins = view->out_row == view->columns && view->period == 0;
  for (size_t k = 0; k < operands; k++) joins &= view->in[k].row == view->in[k].step * view->columns;
  if (!joins) return;
  view->columns *= view->rows;
  view->rows = 1;
}

static bool is_valid(const map_view *view, size_t operands) {
  for (size_t k = 0; k < operands; k++)
    if (view->in[k].step > 1) return false;
  return view->rows < 2 || view->out_row >= view->columns;
}

// In place, the memory behind the result is in the cache already.
static bool is_streaming(const map_view *view, size_t operands, size_t bytes) {
  size_t tensors = 1;
  for (size_t k = 0; k < operands; k++) {
    if (view->in[k].base == view->out) return false;
    const bool repeats = view->in[k].step == 0 || (view->rows > 1 && view->in[k].row == 0) || (k == 1 && view->period);
    tensors += !repeats;
  }
  return view->columns >= streaming_columns && farro_should_stream(tensors * bytes);
}

static double nanoseconds_of(map_operation operation, size_t operands, double bytes) {
  return bytes * (double)(operands + 1) / bytes_per_nanosecond +
         (operation >= map_exp ? bytes / 4 * function_nanoseconds : 0);
}

farro_status farro_map(const elementwise_kernels *kernels, map_operation operation, size_t operands, map_view view) {
  if (!is_valid(&view, operands)) return FARRO_ERROR_ARGUMENT;
  if (view.rows == 0 || view.columns == 0) return FARRO_OK;
  join_rows(&view, operands);
  const size_t bytes = view.rows * view.columns * kernels->element_bytes;
  view.streaming = is_streaming(&view, operands, bytes);
  const size_t chunk = view.streaming ? long_chunk_elements : chunk_elements;
  map_work work = {.map = kernels->map[operation],
                   .view = view,
                   .operands = operands,
                   .element_bytes = kernels->element_bytes,
                   .chunk = chunk,
                   .row_chunks = ceil_divide(view.columns, chunk)};
  const size_t grain = work.row_chunks > 1 ? 1 : ceil_divide(chunk, view.columns);
  farro_parallel_for(view.rows * work.row_chunks, grain, nanoseconds_of(operation, operands, (double)bytes), run_tasks,
                     &work);
  return FARRO_OK;
}

// ---- entries ----

#define BINARY(name, type, scalar)                                                                                     \
  farro_status farro_##name##_##type(const farro_binary_shape *s, const scalar *a, const scalar *b, scalar *out) {     \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return farro_map(kernels->elementwise_##type, map_##name, 2,                                                       \
                     (map_view){.rows = s->rows,                                                                       \
                                .columns = s->columns,                                                                 \
                                .in = {{a, s->a_row, s->a_step}, {b, s->b_row, s->b_step}},                            \
                                .out = out,                                                                            \
                                .out_row = s->out_row});                                                               \
  }

#define MULTIPLY_ADD(type, scalar)                                                                                     \
  farro_status farro_multiply_add_##type(const farro_multiply_add_shape *s, const scalar *a, const scalar *b,          \
                                         const scalar *c, scalar *out) {                                               \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return farro_map(kernels->elementwise_##type, map_multiply_add, 3,                                                 \
                     (map_view){.rows = s->rows,                                                                       \
                                .columns = s->columns,                                                                 \
                                .in = {{a, s->a_row, s->a_step}, {b, s->b_row, s->b_step}, {c, s->c_row, s->c_step}},  \
                                .out = out,                                                                            \
                                .out_row = s->out_row});                                                               \
  }

#define UNARY(name, type, scalar)                                                                                      \
  farro_status farro_##name##_##type(size_t n, const scalar *x, scalar *out) {                                         \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return farro_map(kernels->elementwise_##type, map_##name, 1,                                                       \
                     (map_view){.rows = 1, .columns = n, .in = {{x, n, 1}}, .out = out, .out_row = n});                \
  }

#define ENTRIES(type, scalar)                                                                                          \
  BINARY(add, type, scalar)                                                                                            \
  BINARY(subtract, type, scalar)                                                                                       \
  BINARY(multiply, type, scalar)                                                                                       \
  BINARY(divide, type, scalar)                                                                                         \
  MULTIPLY_ADD(type, scalar)                                                                                           \
  UNARY(relu, type, scalar)                                                                                            \
  UNARY(exp, type, scalar)                                                                                             \
  UNARY(log, type, scalar)                                                                                             \
  UNARY(sin, type, scalar)                                                                                             \
  UNARY(cos, type, scalar)                                                                                             \
  UNARY(tanh, type, scalar)                                                                                            \
  UNARY(sigmoid, type, scalar)                                                                                         \
  UNARY(erf, type, scalar)                                                                                             \
  UNARY(silu, type, scalar)                                                                                            \
  UNARY(gelu, type, scalar)                                                                                            \
  UNARY(gelu_tanh, type, scalar)

ENTRIES(f32, float)
ENTRIES(f64, double)
