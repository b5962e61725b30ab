// Entry of convolution: check the shape, choose the way, and fill what has nothing to sum.
#include "include/convolution.h"

#include <string.h>

#include "job.h"
#include "runtime/dispatch.h"

// Bytes of each operand; false when they do not fit.
typedef struct {
  size_t x, weight, y, bias;
} operand_bytes;

static bool describe(convolution_job *job, const farro_convolution_shape *s, operand_bytes *bytes) {
  window_grid *grid = &job->grid;
  if (!window_axis_of(&s->rows, false, &grid->rows) || !window_axis_of(&s->columns, false, &grid->columns))
    return false;
  if (s->groups == 0 || s->channels % s->groups != 0 || s->filters % s->groups != 0) return false;
  const size_t element_bytes = job->kernels->element_bytes;
  const size_t x =
      capped_product(capped_product(s->batch, s->channels), capped_product(grid->rows.length, grid->columns.length));
  const size_t taps = capped_product(grid->rows.size, grid->columns.size);
  const size_t weight = capped_product(capped_product(s->filters, s->channels / s->groups), taps);
  const size_t y =
      capped_product(capped_product(s->batch, s->filters), capped_product(grid->rows.outputs, grid->columns.outputs));
  if (!is_count(x, element_bytes) || !is_count(weight, element_bytes) || !is_count(y, element_bytes)) return false;
  *bytes = (operand_bytes){x * element_bytes, weight * element_bytes, y * element_bytes, s->filters * element_bytes};
  job->batch = s->batch, job->channels = s->channels, job->filters = s->filters, job->groups = s->groups;
  job->group_channels = s->channels / s->groups, job->group_filters = s->filters / s->groups;
  job->taps = taps, job->depth = job->group_channels * taps;
  job->plane = plane_elements(grid), job->outputs = window_outputs(grid);
  return true;
}

// Windows of one element are runs of the plane, and the plane is one row.
static void straighten(convolution_job *job) {
  const window_axis *r = &job->grid.rows, *c = &job->grid.columns;
  job->is_plain =
      job->taps == 1 && job->plane == job->outputs && r->stride == 1 && c->stride == 1 && r->pad == 0 && c->pad == 0;
  if (!job->is_plain) return;
  const window_axis one = {.length = 1, .size = 1, .stride = 1, .dilation = 1, .outputs = 1, .step = 1};
  job->grid = (window_grid){one, one};
  job->grid.columns.length = job->grid.columns.outputs = job->plane;
}

static farro_status run_forward(convolution_job *job, const farro_convolution_shape *shape) {
  operand_bytes bytes;
  if (!describe(job, shape, &bytes) || (unsigned)job->activation >= FARRO_ACTIVATION_FUSED) return FARRO_ERROR_ARGUMENT;
  if (shares_bytes(job->y, bytes.y, job->x, bytes.x) || shares_bytes(job->y, bytes.y, job->weight, bytes.weight) ||
      (job->bias && shares_bytes(job->y, bytes.y, job->bias, bytes.bias)))
    return FARRO_ERROR_ARGUMENT;
  if (bytes.y == 0) return FARRO_OK;
  straighten(job);
  return is_depthwise(job) ? depthwise_forward(job) : convolution_forward(job);
}

static farro_status run_backward_x(convolution_job *job, const farro_convolution_shape *shape) {
  operand_bytes bytes;
  if (!describe(job, shape, &bytes) || shares_bytes(job->result, bytes.x, job->y, bytes.y) ||
      shares_bytes(job->result, bytes.x, job->weight, bytes.weight))
    return FARRO_ERROR_ARGUMENT;
  if (bytes.x == 0) return FARRO_OK;
  straighten(job);
  if (bytes.y == 0) return memset(job->result, 0, bytes.x), FARRO_OK;
  return is_depthwise(job) ? depthwise_backward_x(job) : convolution_backward_x(job);
}

static farro_status run_backward_weight(convolution_job *job, const farro_convolution_shape *shape) {
  operand_bytes bytes;
  if (!describe(job, shape, &bytes) || shares_bytes(job->result, bytes.weight, job->y, bytes.y) ||
      shares_bytes(job->result, bytes.weight, job->x, bytes.x))
    return FARRO_ERROR_ARGUMENT;
  if (bytes.weight == 0) return FARRO_OK;
  straighten(job);
  if (bytes.y == 0) return memset(job->result, 0, bytes.weight), FARRO_OK;
  return is_depthwise(job) ? depthwise_backward_weight(job) : convolution_backward_weight(job);
}

static farro_status run_backward_bias(convolution_job *job, const farro_convolution_shape *shape) {
  operand_bytes bytes;
  if (!describe(job, shape, &bytes) || shares_bytes(job->result, bytes.bias, job->y, bytes.y))
    return FARRO_ERROR_ARGUMENT;
  if (bytes.bias == 0) return FARRO_OK;
  if (bytes.y == 0) return memset(job->result, 0, bytes.bias), FARRO_OK;
  return convolution_backward_bias(job);
}

// ---- entries ----

#define JOB(type, ...)                                                                                                 \
  {.kernels = kernels->convolution_##type,                                                                             \
   .matmul = kernels->matmul_##type,                                                                                   \
   .linear_algebra = kernels->linear_algebra_##type,                                                                   \
   .zero = &zero_##type,                                                                                               \
   .one = &one_##type,                                                                                                 \
   __VA_ARGS__}

#define ENTRIES(type, scalar)                                                                                          \
  static const scalar zero_##type = 0, one_##type = 1;                                                                 \
                                                                                                                       \
  farro_status farro_convolution_##type(const farro_convolution_shape *shape, const scalar *x, const scalar *weight,   \
                                        const scalar *bias, farro_activation activation, scalar *y) {                  \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    convolution_job job = JOB(type, .x = x, .weight = weight, .bias = bias, .activation = activation, .y = y);         \
    return run_forward(&job, shape);                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_convolution_backward_x_##type(const farro_convolution_shape *shape, const scalar *grad_y,         \
                                                   const scalar *weight, scalar *grad_x) {                             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    convolution_job job = JOB(type, .weight = weight, .y = (void *)grad_y, .result = grad_x);                          \
    return run_backward_x(&job, shape);                                                                                \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_convolution_backward_weight_##type(const farro_convolution_shape *shape, const scalar *grad_y,    \
                                                        const scalar *x, scalar *grad_weight) {                        \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    convolution_job job = JOB(type, .x = x, .y = (void *)grad_y, .result = grad_weight);                               \
    return run_backward_weight(&job, shape);                                                                           \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_convolution_backward_bias_##type(const farro_convolution_shape *shape, const scalar *grad_y,      \
                                                      scalar *grad_bias) {                                             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    convolution_job job = JOB(type, .y = (void *)grad_y, .result = grad_bias);                                         \
    return run_backward_bias(&job, shape);                                                                             \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
