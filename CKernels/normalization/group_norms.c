// Entry of the norms of groups of channels: check, cut into ranges of groups, run.
#include "include/normalization.h"
#include "rows.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

typedef struct {
  const group_norm_kernels *kernels;
  group_work work;
} group_call;

static void run_groups(void *context, size_t first, size_t last) {
  const group_call *c = context;
  c->kernels->forward(&c->work, first, last);
}

// Channels shorter than this would be written by parts of vectors.
enum { short_channel = 32 };

#define SPREAD(type, scalar)                                                                                           \
  static void spread_##type(const void *from, size_t channels, size_t spatial, void *to) {                             \
    for (size_t c = 0; c < channels; c++)                                                                              \
      for (size_t i = 0; i < spatial; i++) ((scalar *)to)[c * spatial + i] = ((const scalar *)from)[c];                \
  }

SPREAD(f32, float)
SPREAD(f64, double)

static void spread(const void **parameters, size_t channels, size_t spatial, size_t element_bytes, void *to) {
  if (!*parameters) return;
  (element_bytes == 4 ? spread_f32 : spread_f64)(*parameters, channels, spatial, to);
  *parameters = to;
}

static bool are_groups(size_t samples, size_t channels, size_t spatial, size_t groups, double epsilon) {
  return can_exist(samples, channels, spatial) && groups > 0 && channels % groups == 0 && epsilon >= 0;
}

static farro_status normalize(const group_norm_kernels *kernels, size_t samples, size_t channels, group_work w) {
  if (!are_groups(samples, channels, w.spatial, w.groups, w.epsilon)) return FARRO_ERROR_ARGUMENT;
  w.channels = channels / w.groups;
  const size_t item_bytes = w.channels * w.spatial * kernels->element_bytes, sample_bytes = w.groups * item_bytes;
  if (sample_bytes == 0) set_no_statistics(samples * w.groups, w.mean, w.inverse);
  if (samples == 0 || sample_bytes == 0) return FARRO_OK;
  char *space = NULL;
  w.spread = w.spatial < short_channel && (w.scale || w.offset);
  if (w.spread) {
    space = farro_allocate(2 * sample_bytes);
    if (!space) return FARRO_ERROR_MEMORY;
    spread(&w.scale, channels, w.spatial, kernels->element_bytes, space);
    spread(&w.offset, channels, w.spatial, kernels->element_bytes, space + sample_bytes);
  }
  const double bytes = (double)samples * (double)sample_bytes;
  w.streams = writes_past_caches(w.x, w.y, 2 * samples * sample_bytes);
  group_call call = {kernels, w};
  farro_parallel_for(samples * w.groups, rows_of_range(samples * w.groups, item_bytes, w.streams), bytes / 50,
                     run_groups, &call);
  farro_release(space, 2 * sample_bytes);
  return FARRO_OK;
}

// ---- backward ----

typedef struct {
  const group_norm_kernels *kernels;
  group_gradient_work work;
  size_t samples, channels;
  void *grad_scale, *grad_offset;
} gradient_call;

static void run_gradients(void *context, size_t first, size_t last) {
  const gradient_call *c = context;
  c->kernels->backward(&c->work, first, last);
}

// Adds the samples in order.
static void merge_into(const gradient_call *c, const double *of_items, size_t first, size_t last, void *out) {
  for (size_t channel = first; channel < last && out; channel++) {
    double total = 0;
    for (size_t sample = 0; sample < c->samples; sample++) total += of_items[sample * c->channels + channel];
    if (c->kernels->element_bytes == 4)
      ((float *)out)[channel] = (float)total;
    else
      ((double *)out)[channel] = total;
  }
}

static void merge_samples(void *context, size_t first, size_t last) {
  const gradient_call *c = context;
  merge_into(c, c->work.products, first, last, c->grad_scale);
  merge_into(c, c->work.sums, first, last, c->grad_offset);
}

static farro_status gradient(const group_norm_kernels *kernels, size_t samples, size_t channels, group_gradient_work w,
                             void *grad_scale, void *grad_offset) {
  if (!are_groups(samples, channels, w.spatial, w.groups, w.epsilon) || !w.mean != !w.inverse)
    return FARRO_ERROR_ARGUMENT;
  if (channels == 0) return FARRO_OK;
  w.channels = channels / w.groups;
  const size_t item_bytes = w.channels * w.spatial * kernels->element_bytes;
  const double bytes = (double)samples * (double)w.groups * (double)item_bytes;
  w.streams = writes_past_caches(w.x, w.grad_x, 3 * samples * w.groups * item_bytes) && w.grad_y != w.grad_x;
  const size_t count = samples * channels;
  double *space = NULL;
  if (grad_scale || grad_offset) {
    space = farro_allocate(2 * count * sizeof *space);
    if (!space) return FARRO_ERROR_MEMORY;
    w.products = space, w.sums = space + count;
  }
  gradient_call call = {kernels, w, samples, channels, grad_scale, grad_offset};
  farro_parallel_for(samples * w.groups, rows_of_range(samples * w.groups, item_bytes, w.streams), bytes / 25,
                     run_gradients, &call);
  if (space) farro_parallel_for(channels, 64, 2 * (double)count, merge_samples, &call);
  farro_release(space, 2 * count * sizeof *space);
  return FARRO_OK;
}

// ---- entry ----

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_group_norm_##type(size_t samples, size_t channels, size_t spatial, size_t groups,                 \
                                       const scalar *x, const scalar *scale, const scalar *offset, scalar epsilon,     \
                                       scalar *y, double *mean, double *inverse) {                                     \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const group_work work = {groups, 0, spatial, x, scale, offset, false, (double)epsilon, y, mean, inverse, false};   \
    return normalize(kernels->group_norm_##type, samples, channels, work);                                             \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_group_norm_backward_##type(size_t samples, size_t channels, size_t spatial, size_t groups,        \
                                                const scalar *grad_y, const scalar *x, const double *mean,             \
                                                const double *inverse, scalar epsilon, const scalar *scale,            \
                                                scalar *grad_x, scalar *grad_scale, scalar *grad_offset) {             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const group_gradient_work work = {groups,          0,     spatial, grad_y, x,    mean, inverse,                    \
                                      (double)epsilon, scale, grad_x,  NULL,   NULL, false};                           \
    return gradient(kernels->group_norm_##type, samples, channels, work, grad_scale, grad_offset);                     \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
