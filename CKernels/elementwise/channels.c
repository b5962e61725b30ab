// Entries of the activations over channels.
#include "elementwise.h"
#include "include/activation.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum { chunk_elements = 16 * 1024 }; // of one task: some microseconds

static const double elements_per_nanosecond = 8; // rough speed of one thread, to decide about waking others

// ---- PReLU ----

// One channel is one long row.
static farro_channels_shape simplified(const farro_channels_shape *s) {
  return s->channels == 1 ? (farro_channels_shape){1, 1, s->outer * s->inner} : *s;
}

// Slopes repeat with the channels: along the row where inner is 1, and else from row to row.
static farro_status prelu(const elementwise_kernels *kernels, const farro_channels_shape *s, const void *x,
                          const void *slope, void *y) {
  const bool is_last = s->inner == 1;
  const map_view view = {
      .rows = is_last ? s->outer : s->outer * s->channels,
      .columns = is_last ? s->channels : s->inner,
      .in = {{x, is_last ? s->channels : s->inner, 1}, {slope, is_last ? 0 : 1, is_last ? 1 : 0}},
      .period = is_last ? 0 : s->channels,
      .out = y,
      .out_row = is_last ? s->channels : s->inner,
  };
  return farro_map(kernels, map_prelu, 2, view);
}

typedef struct {
  const elementwise_kernels *kernels;
  farro_channels_shape shape;
  prelu_view all;
  size_t block, piece, pieces; // rows of the outer axis and elements of the inner one that a task takes
  double *sums;                // channels of each task
  size_t bytes;                // of the sums
} prelu_work;

static const char *element(const void *base, size_t at, const prelu_work *work) {
  return (const char *)base + at * work->kernels->element_bytes;
}

static void run_prelu(void *context, size_t first, size_t last) {
  const prelu_work *work = context;
  const farro_channels_shape *s = &work->shape;
  for (size_t task = first; task < last; task++) {
    const size_t row = task / work->pieces * work->block, from = task % work->pieces * work->piece;
    const size_t at = row * s->channels * s->inner + from;
    prelu_view view = work->all;
    view.grad_y = element(view.grad_y, at, work);
    view.x = element(view.x, at, work);
    view.grad_x = (void *)element(view.grad_x, at, work);
    view.rows = smaller(work->block, s->outer - row);
    view.inner = smaller(work->piece, s->inner - from);
    view.sums = work->sums + task * s->channels;
    for (size_t c = 0; c < s->channels; c++) view.sums[c] = 0;
    work->kernels->prelu_backward(&view);
  }
}

// A task has at least 64 elements of each channel, so that its sums are few beside them.
static farro_status prelu_backward(const elementwise_kernels *kernels, prelu_work *work) {
  const farro_channels_shape *s = &work->shape;
  work->kernels = kernels;
  work->all.channels = s->channels;
  work->all.channel_step = s->inner;
  work->piece = smaller(larger(s->inner, 1), chunk_elements);
  work->pieces = ceil_divide(s->inner, work->piece);
  work->block = larger(1, larger(64, chunk_elements / larger(s->channels, 1)) / work->piece);
  const size_t tasks = ceil_divide(s->outer, work->block) * work->pieces;
  work->bytes = larger(tasks, 1) * s->channels * sizeof *work->sums;
  work->sums = farro_allocate(work->bytes);
  if (!work->sums) return FARRO_ERROR_MEMORY;
  const double elements = (double)s->outer * (double)s->channels * (double)s->inner;
  farro_parallel_for(tasks, 1, elements / elements_per_nanosecond, run_prelu, work);
  for (size_t task = 1; task < tasks; task++)
    for (size_t c = 0; c < s->channels; c++) work->sums[c] += work->sums[task * s->channels + c];
  if (tasks == 0)
    for (size_t c = 0; c < s->channels; c++) work->sums[c] = 0;
  return FARRO_OK;
}

// ---- maxout ----

typedef struct {
  void (*run)(const maxout_view *view);
  maxout_view view;
  size_t element_bytes, row_chunks, chunk;
} maxout_work;

static void run_maxout(void *context, size_t first, size_t last) {
  const maxout_work *work = context;
  for (size_t task = first; task < last; task++) {
    const size_t row = task / work->row_chunks, column = task % work->row_chunks * work->chunk;
    maxout_view view = work->view;
    const size_t at = row * view.columns + column;
    view.x = (char *)view.x + (row * view.x_row + column * view.step) * work->element_bytes;
    view.y = (char *)view.y + at * work->element_bytes;
    if (view.argmax) view.argmax += at;
    view.rows = 1;
    view.columns = smaller(work->chunk, view.columns - column);
    work->run(&view);
  }
}

static farro_status maxout(const elementwise_kernels *kernels, void (*run)(const maxout_view *),
                           const farro_channels_shape *s, size_t pieces, void *x, void *y, int32_t *argmax) {
  if (pieces == 0 || s->channels % pieces != 0 || pieces > INT32_MAX) return FARRO_ERROR_ARGUMENT;
  const size_t groups = s->channels / pieces;
  const bool is_last = s->inner == 1;
  maxout_work work = {
      .run = run,
      .view = {.x = x,
               .y = y,
               .argmax = argmax,
               .rows = is_last ? 1 : s->outer * groups,
               .columns = is_last ? s->outer * groups : s->inner,
               .pieces = pieces,
               .x_row = is_last ? 0 : pieces * s->inner,
               .step = is_last ? pieces : 1,
               .piece_step = is_last ? 1 : s->inner},
      .element_bytes = kernels->element_bytes,
      .chunk = larger(64, chunk_elements / pieces),
  };
  if (work.view.rows == 0 || work.view.columns == 0) return FARRO_OK;
  work.row_chunks = ceil_divide(work.view.columns, work.chunk);
  const size_t grain = work.row_chunks > 1 ? 1 : ceil_divide(chunk_elements, pieces * work.view.columns);
  const double elements = (double)s->outer * (double)s->channels * (double)s->inner;
  farro_parallel_for(work.view.rows * work.row_chunks, grain, elements / elements_per_nanosecond, run_maxout, &work);
  return FARRO_OK;
}

// ---- entries ----

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_prelu_##type(const farro_channels_shape *s, const scalar *x, const scalar *slope, scalar *y) {    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const farro_channels_shape shape = simplified(s);                                                                  \
    return prelu(kernels->elementwise_##type, &shape, x, slope, y);                                                    \
  }                                                                                                                    \
  farro_status farro_prelu_backward_##type(const farro_channels_shape *s, const scalar *grad_y, const scalar *x,       \
                                           const scalar *slope, scalar *grad_x, scalar *grad_slope) {                  \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    prelu_work work = {.shape = simplified(s), .all = {.grad_y = grad_y, .x = x, .slope = slope, .grad_x = grad_x}};   \
    const farro_status status = prelu_backward(kernels->elementwise_##type, &work);                                    \
    if (status != FARRO_OK) return status;                                                                             \
    for (size_t c = 0; c < s->channels; c++) grad_slope[c] = (scalar)work.sums[c];                                     \
    farro_release(work.sums, work.bytes);                                                                              \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_maxout_##type(const farro_channels_shape *s, size_t pieces, const scalar *x, scalar *y,           \
                                   int32_t *argmax) {                                                                  \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const elementwise_kernels *table = kernels->elementwise_##type;                                                    \
    return maxout(table, table->maxout, s, pieces, (void *)x, y, argmax);                                              \
  }                                                                                                                    \
  farro_status farro_maxout_backward_##type(const farro_channels_shape *s, size_t pieces, const scalar *grad_y,        \
                                            const int32_t *argmax, scalar *grad_x) {                                   \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const elementwise_kernels *table = kernels->elementwise_##type;                                                    \
    return maxout(table, table->maxout_backward, s, pieces, grad_x, (void *)grad_y, (int32_t *)argmax);                \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
