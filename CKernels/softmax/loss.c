// Entry of the losses: check labels and options, cut into ranges of rows, run, reduce in order.
#include "softmax.h"

#include <math.h>

#include "include/loss.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "runtime/streaming.h"

static const double bytes_per_nanosecond = 20;

typedef struct {
  loss_kernel kernel;
  size_t element_bytes;
  loss_work work;
  size_t rows;
  bool may_ignore;
  farro_loss_reduction reduction;
  double divisor; // of the reduced loss
  void *loss;
} loss_call;

static void run(void *context, size_t first, size_t last) {
  const loss_call *call = context;
  call->kernel(&call->work, first, last);
}

static bool labels_fit(const loss_call *c) {
  for (size_t i = 0; i < c->rows; i++) {
    const int64_t label = c->work.labels[i];
    const bool is_ignored = c->may_ignore && label == c->work.ignored;
    if (!is_ignored && (label < 0 || (uint64_t)label >= c->work.columns)) return false;
  }
  return true;
}

static double number(const loss_call *c, const void *elements, size_t i) {
  return c->element_bytes == sizeof(float) ? (double)((const float *)elements)[i] : ((const double *)elements)[i];
}

static void set_number(const loss_call *c, void *elements, size_t i, double value) {
  if (c->element_bytes == sizeof(float))
    ((float *)elements)[i] = (float)value;
  else
    ((double *)elements)[i] = value;
}

// What the sum of losses is divided by for their mean: the weights of the labels that count.
static double labels_weight(const loss_call *c) {
  double sum = 0;
  for (size_t i = 0; i < c->rows; i++) {
    const int64_t label = c->work.labels[i];
    if (c->may_ignore && label == c->work.ignored) continue;
    sum += c->work.weights ? number(c, c->work.weights, (size_t)label) : 1;
  }
  return sum;
}

static void reduce(const loss_call *c) {
  if (!c->loss) return;
  if (c->reduction == FARRO_LOSS_NONE) {
    for (size_t i = 0; i < c->rows; i++) set_number(c, c->loss, i, c->work.loss[i]);
    return;
  }
  double sum = 0;
  for (size_t i = 0; i < c->rows; i++) sum += c->work.loss[i];
  set_number(c, c->loss, 0, sum / c->divisor);
}

static farro_status lose(loss_call *c) {
  loss_work *w = &c->work;
  if (!are_rows(c->rows, w->columns, w->x_row)) return FARRO_ERROR_ARGUMENT;
  if (w->grad_x && !are_rows(c->rows, w->columns, w->grad_row)) return FARRO_ERROR_ARGUMENT;
  if (c->reduction < FARRO_LOSS_NONE || c->reduction > FARRO_LOSS_SUM) return FARRO_ERROR_ARGUMENT;
  if (!labels_fit(c)) return FARRO_ERROR_ARGUMENT;
  c->divisor = c->reduction == FARRO_LOSS_MEAN ? labels_weight(c) : 1;
  w->grad_factor = 1 / c->divisor;
  w->grad_loss_step = c->reduction == FARRO_LOSS_NONE;
  w->weight_sum = (double)w->columns;
  if (w->weights) {
    w->weight_sum = 0;
    for (size_t j = 0; j < w->columns; j++) w->weight_sum += number(c, w->weights, j);
  }
  const size_t row_bytes = w->columns * c->element_bytes, bytes = c->rows * sizeof *w->loss;
  w->loss = farro_allocate(bytes);
  if (!w->loss) return FARRO_ERROR_MEMORY;
  w->streams = w->grad_x && w->grad_x != w->x && farro_should_stream(2 * c->rows * row_bytes);
  if (w->columns > 0)
    farro_parallel_for(c->rows, rows_of_range(c->rows, row_bytes, w->streams),
                       (double)(c->rows * row_bytes) / bytes_per_nanosecond, run, c);
  else // every label is ignored
    for (size_t i = 0; i < c->rows; i++) w->loss[i] = 0;
  reduce(c);
  farro_release(w->loss, bytes);
  return FARRO_OK;
}

static farro_status cross_entropy(loss_call call, const farro_cross_entropy_options *options) {
  if (!(options->label_smoothing >= 0 && options->label_smoothing <= 1)) return FARRO_ERROR_ARGUMENT;
  call.work.smoothing = options->label_smoothing;
  call.work.ignored = options->ignored_label;
  call.may_ignore = true;
  call.reduction = options->reduction;
  return lose(&call);
}

static farro_status hinge(loss_call call, const loss_kernels *kernels, const farro_hinge_options *options) {
  if (!isfinite(options->margin)) return FARRO_ERROR_ARGUMENT;
  if (options->kind != FARRO_HINGE_GREATEST && options->kind != FARRO_HINGE_ALL) return FARRO_ERROR_ARGUMENT;
  call.kernel = options->kind == FARRO_HINGE_ALL ? kernels->hinge_sum : kernels->hinge;
  call.work.margin = options->margin;
  call.reduction = options->reduction;
  return lose(&call);
}

// ---- entries ----

#define ENTRIES(type, scalar)                                                                                          \
  static farro_status cross_entropy_##type(size_t rows, loss_work work, const farro_cross_entropy_options *options,    \
                                           scalar *loss) {                                                             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const loss_call call = {.kernel = kernels->loss_##type->cross_entropy,                                             \
                            .element_bytes = sizeof(scalar),                                                           \
                            .work = work,                                                                              \
                            .rows = rows,                                                                              \
                            .loss = loss};                                                                             \
    return cross_entropy(call, options);                                                                               \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_cross_entropy_##type(                                                                             \
      size_t rows, size_t columns, const scalar *x, size_t x_row, const int64_t *labels, const scalar *weights,        \
      const farro_cross_entropy_options *options, scalar *loss, scalar *grad_x, size_t grad_row) {                     \
    const loss_work work = {.columns = columns,                                                                        \
                            .x = x,                                                                                    \
                            .x_row = x_row,                                                                            \
                            .labels = labels,                                                                          \
                            .weights = weights,                                                                        \
                            .grad_x = grad_x,                                                                          \
                            .grad_row = grad_row};                                                                     \
    return cross_entropy_##type(rows, work, options, loss);                                                            \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_cross_entropy_backward_##type(                                                                    \
      size_t rows, size_t columns, const scalar *x, size_t x_row, const int64_t *labels, const scalar *weights,        \
      const farro_cross_entropy_options *options, const scalar *grad_loss, scalar *grad_x, size_t grad_row) {          \
    const loss_work work = {.columns = columns,                                                                        \
                            .x = x,                                                                                    \
                            .x_row = x_row,                                                                            \
                            .labels = labels,                                                                          \
                            .weights = weights,                                                                        \
                            .grad_loss = grad_loss,                                                                    \
                            .grad_x = grad_x,                                                                          \
                            .grad_row = grad_row};                                                                     \
    return cross_entropy_##type(rows, work, options, NULL);                                                            \
  }                                                                                                                    \
                                                                                                                       \
  static farro_status hinge_##type(size_t rows, loss_work work, const farro_hinge_options *options, scalar *loss) {    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const loss_call call = {.element_bytes = sizeof(scalar), .work = work, .rows = rows, .loss = loss};                \
    return hinge(call, kernels->loss_##type, options);                                                                 \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_multiclass_hinge_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,               \
                                             const int64_t *labels, const farro_hinge_options *options, scalar *loss,  \
                                             scalar *grad_x, size_t grad_row) {                                        \
    const loss_work work = {                                                                                           \
        .columns = columns, .x = x, .x_row = x_row, .labels = labels, .grad_x = grad_x, .grad_row = grad_row};         \
    return hinge_##type(rows, work, options, loss);                                                                    \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_multiclass_hinge_backward_##type(size_t rows, size_t columns, const scalar *x, size_t x_row,      \
                                                      const int64_t *labels, const farro_hinge_options *options,       \
                                                      const scalar *grad_loss, scalar *grad_x, size_t grad_row) {      \
    const loss_work work = {.columns = columns,                                                                        \
                            .x = x,                                                                                    \
                            .x_row = x_row,                                                                            \
                            .labels = labels,                                                                          \
                            .grad_loss = grad_loss,                                                                    \
                            .grad_x = grad_x,                                                                          \
                            .grad_row = grad_row};                                                                     \
    return hinge_##type(rows, work, options, NULL);                                                                    \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
