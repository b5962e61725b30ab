// Convolution of groups of one channel with few filters: each plane by itself, from a copy of a part of it, with its
// padding, that stays in L1. Nothing is laid out as a matrix.
#include "job.h"

#include <stdatomic.h>
#include <string.h>

// What the tasks of a call share. Plane `p` of y belongs to plane p / group_filters of x, over all images.
typedef struct {
  const convolution_job *job;
  window_bands bands;
  size_t bytes; // of a task's work space
  _Atomic bool failed;
} depthwise;

static size_t offset_bytes(const convolution_job *job) { return round_up(job->taps * sizeof(size_t), 64); }

static const void *plane_of_y(const convolution_job *job, size_t plane) {
  return at(job, job->y, plane * job->outputs);
}

static void run_forward(void *context, size_t first, size_t last) {
  depthwise *d = context;
  const convolution_job *job = d->job;
  char *space = farro_allocate(d->bytes);
  if (!space) {
    d->failed = true;
    return;
  }
  size_t *offsets = (size_t *)space;
  char *elements = space + offset_bytes(job);
  const size_t bands = d->bands.down * d->bands.across, columns = job->grid.columns.outputs;
  for (size_t task = first; task < last; task++) {
    const size_t plane = task / bands, filter = plane % job->filters;
    const window_patch patch = window_band(&job->grid, job->kernels, &d->bands, task % bands);
    window_offsets(&patch, offsets);
    job->kernels->gather_patch(&patch, at(job, job->x, plane / job->group_filters * job->plane), 0, elements);
    void *y = at(job, plane_of_y(job, plane), patch.row * columns + patch.column);
    const window_work work = {.patch = &patch,
                              .elements = elements,
                              .taps = job->taps,
                              .offsets = offsets,
                              .weights = at(job, job->weight, filter * job->taps),
                              .bias = job->bias ? at(job, job->bias, filter) : NULL,
                              .relu = job->activation == FARRO_ACTIVATION_RELU,
                              .y = y,
                              .y_row = columns};
    job->kernels->depthwise(&work);
    if (work.relu || job->activation == FARRO_ACTIVATION_NONE) continue;
    for (size_t row = 0; row < patch.rows; row++)
      job->kernels->activate(job->activation, patch.columns, at(job, y, row * columns));
  }
  farro_release(space, d->bytes);
}

farro_status depthwise_forward(const convolution_job *job) {
  depthwise d = {.job = job, .bands = window_bands_of(&job->grid, job->kernels)};
  d.bytes = offset_bytes(job) + d.bands.patch_bytes;
  const size_t tasks = job->batch * job->filters * d.bands.down * d.bands.across;
  farro_parallel_for(tasks, larger(tasks / 64, 1), convolution_nanoseconds(job), run_forward, &d);
  return d.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- gradients: of whole planes, since windows of neighbouring outputs share elements ----

static window_patch whole_patch(const convolution_job *job) {
  return window_patch_of(&job->grid, job->kernels->lanes, 0, job->grid.rows.outputs, 0, job->grid.columns.outputs);
}

static void run_backward_x(void *context, size_t first, size_t last) {
  depthwise *d = context;
  const convolution_job *job = d->job;
  char *space = farro_allocate(d->bytes);
  if (!space) {
    d->failed = true;
    return;
  }
  size_t *offsets = (size_t *)space;
  char *elements = space + offset_bytes(job);
  const window_patch patch = whole_patch(job);
  window_offsets(&patch, offsets);
  for (size_t plane = first; plane < last; plane++) {
    memset(elements, 0, bytes_of_patch(&patch, job->kernels->element_bytes));
    for (size_t i = 0; i < job->group_filters; i++) {
      const size_t filter = plane * job->group_filters + i;
      const window_work work = {.patch = &patch,
                                .taps = job->taps,
                                .offsets = offsets,
                                .weights = at(job, job->weight, filter % job->filters * job->taps),
                                .y = (void *)plane_of_y(job, filter),
                                .y_row = job->grid.columns.outputs};
      job->kernels->depthwise_backward_x(&work, elements);
    }
    job->kernels->scatter_patch(&patch, elements, at(job, job->result, plane * job->plane));
  }
  farro_release(space, d->bytes);
}

// The windows of grad_y that see an element of x. The padding may be negative, as a size that wraps around: positions
// are differences.
static window_axis mirrored(const window_axis *axis) {
  window_axis back = *axis;
  back.length = axis->outputs, back.outputs = axis->length;
  back.pad = (axis->size - 1) * axis->dilation - axis->pad;
  return back;
}

// Without a stride the gradient is a convolution with the weights turned around, which writes each element once.
static farro_status convolve_backward(const convolution_job *job) {
  convolution_job back = *job;
  back.grid = (window_grid){mirrored(&job->grid.rows), mirrored(&job->grid.columns)};
  back.plane = job->outputs, back.outputs = job->plane;
  back.x = job->y, back.y = job->result, back.bias = NULL, back.activation = FARRO_ACTIVATION_NONE;
  const size_t bytes = job->kernels->element_bytes, held = job->filters * job->taps * bytes;
  void *weight = farro_allocate(held);
  if (!weight) return FARRO_ERROR_MEMORY;
  for (size_t i = 0; i < job->filters * job->taps; i++)
    memcpy(at(job, weight, i), at(job, job->weight, i / job->taps * job->taps + job->taps - 1 - i % job->taps), bytes);
  back.weight = weight;
  const farro_status status = depthwise_forward(&back);
  farro_release(weight, held);
  return status;
}

farro_status depthwise_backward_x(const convolution_job *job) {
  const bool has_stride = job->grid.rows.stride > 1 || job->grid.columns.stride > 1;
  if (!has_stride && job->group_filters == 1) return convolve_backward(job);
  depthwise d = {.job = job};
  const window_patch patch = whole_patch(job);
  d.bytes = offset_bytes(job) + bytes_of_patch(&patch, job->kernels->element_bytes);
  const size_t planes = job->batch * job->channels;
  farro_parallel_for(planes, larger(planes / 64, 1), 3 * convolution_nanoseconds(job), run_backward_x, &d);
  return d.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

static void run_backward_weight(void *context, size_t first, size_t last) {
  depthwise *d = context;
  const convolution_job *job = d->job;
  char *space = farro_allocate(d->bytes);
  if (!space) {
    d->failed = true;
    return;
  }
  size_t *offsets = (size_t *)space;
  double *sums = (double *)(space + offset_bytes(job));
  char *elements = (char *)sums + round_up(job->taps * sizeof(double), 64);
  const size_t columns = job->grid.columns.outputs, bands = d->bands.down * d->bands.across;
  for (size_t filter = first; filter < last; filter++) {
    memset(sums, 0, job->taps * sizeof *sums);
    for (size_t i = 0; i < job->batch * bands; i++) {
      const size_t plane = i / bands * job->filters + filter;
      const window_patch patch = window_band(&job->grid, job->kernels, &d->bands, i % bands);
      window_offsets(&patch, offsets);
      job->kernels->gather_patch(&patch, at(job, job->x, plane / job->group_filters * job->plane), 0, elements);
      const window_work work = {.patch = &patch,
                                .elements = elements,
                                .taps = job->taps,
                                .offsets = offsets,
                                .y = at(job, plane_of_y(job, plane), patch.row * columns + patch.column),
                                .y_row = columns};
      job->kernels->depthwise_backward_weight(&work, sums);
    }
    for (size_t t = 0; t < job->taps; t++)
      if (job->kernels->element_bytes == sizeof(float))
        ((float *)job->result)[filter * job->taps + t] = (float)sums[t];
      else
        ((double *)job->result)[filter * job->taps + t] = sums[t];
  }
  farro_release(space, d->bytes);
}

farro_status depthwise_backward_weight(const convolution_job *job) {
  depthwise d = {.job = job, .bands = window_bands_of(&job->grid, job->kernels)};
  d.bytes = offset_bytes(job) + round_up(job->taps * sizeof(double), 64) + d.bands.patch_bytes;
  farro_parallel_for(job->filters, larger(job->filters / 64, 1), 2 * convolution_nanoseconds(job), run_backward_weight,
                     &d);
  return d.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}
