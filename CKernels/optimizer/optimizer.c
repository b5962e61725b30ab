// Entry of optimizer steps: check, turn options into the terms of the formulas, cut, run.
#include "optimizer.h"

#include <math.h>

#include "include/optimizer.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum { task_elements = 16 * 1024 }; // of each array: some microseconds, and whole pages

// Rough speed of one thread on all arrays together, to decide about waking others.
static const double bytes_per_nanosecond = 60;

// ---- steps ----

typedef struct {
  optimizer_step *kernel;
  optimizer_work work;
} step_call;

static void run_step(void *context, size_t first, size_t last) {
  const step_call *call = context;
  call->kernel(&call->work, first, last);
}

static farro_status take_step(optimizer_step *kernel, optimizer_work work, size_t n, size_t element_bytes) {
  step_call call = {kernel, work};
  size_t streams = 3;
  for (size_t k = 0; k < optimizer_most_states; k++) streams += work.state[k] ? 2 : 0;
  farro_parallel_for(n, task_elements, (double)(n * streams * element_bytes) / bytes_per_nanosecond, run_step, &call);
  return FARRO_OK;
}

static bool at_least_0(double x) { return x >= 0; }
static bool is_decay_rate(double x) { return x >= 0 && x < 1; }

static farro_status sgd(const optimizer_kernels *kernels, const farro_sgd_options *o, uint64_t step, size_t n,
                        const void *gradient, void *velocity, void *parameters) {
  if (step == 0 || !at_least_0(o->learning_rate) || !at_least_0(o->momentum) || !at_least_0(o->weight_decay) ||
      !at_least_0(o->dampening) || (o->nesterov && !(o->momentum > 0 && o->dampening == 0)))
    return FARRO_ERROR_ARGUMENT;
  const optimizer_work work = {.gradient = gradient,
                               .parameters = parameters,
                               .state = {o->momentum > 0 ? velocity : NULL},
                               .gradient_scale = o->gradient_scale,
                               .weight_decay = o->weight_decay,
                               .rate = o->learning_rate,
                               .decay = {o->momentum},
                               .share = {step == 1 ? 1 : 1 - o->dampening},
                               .nesterov = o->nesterov};
  if (o->momentum > 0 && !velocity && n > 0) return FARRO_ERROR_ARGUMENT;
  return take_step(kernels->sgd, work, n, kernels->element_bytes);
}

static farro_status adagrad(const optimizer_kernels *kernels, const farro_adagrad_options *o, uint64_t step, size_t n,
                            const void *gradient, void *square_sum, void *parameters) {
  if (step == 0 || !at_least_0(o->learning_rate) || !at_least_0(o->learning_rate_decay) || !at_least_0(o->epsilon) ||
      !at_least_0(o->weight_decay))
    return FARRO_ERROR_ARGUMENT;
  const optimizer_work work = {.gradient = gradient,
                               .parameters = parameters,
                               .state = {square_sum},
                               .gradient_scale = o->gradient_scale,
                               .weight_decay = o->weight_decay,
                               .rate = o->learning_rate / (1 + (double)(step - 1) * o->learning_rate_decay),
                               .epsilon = o->epsilon};
  return take_step(kernels->adagrad, work, n, kernels->element_bytes);
}

static farro_status rmsprop(const optimizer_kernels *kernels, const farro_rmsprop_options *o, size_t n,
                            const void *gradient, void *square_mean, void *mean, void *velocity, void *parameters) {
  if (!at_least_0(o->learning_rate) || !is_decay_rate(o->smoothing) || !at_least_0(o->epsilon) ||
      !at_least_0(o->momentum) || !at_least_0(o->weight_decay) || (o->momentum > 0 && !velocity && n > 0))
    return FARRO_ERROR_ARGUMENT;
  const optimizer_work work = {.gradient = gradient,
                               .parameters = parameters,
                               .state = {square_mean, mean, o->momentum > 0 ? velocity : NULL},
                               .gradient_scale = o->gradient_scale,
                               .weight_decay = o->weight_decay,
                               .rate = o->learning_rate,
                               .decay = {o->smoothing, o->momentum},
                               .share = {1 - o->smoothing},
                               .epsilon = o->epsilon};
  return take_step(kernels->rmsprop, work, n, kernels->element_bytes);
}

// 1 - beta^t, without cancellation where beta is next to 1.
static double start_correction(double beta, uint64_t t) { return -expm1((double)t * log(beta)); }

static farro_status adam(const optimizer_kernels *kernels, const farro_adam_options *o, uint64_t step, size_t n,
                         const void *gradient, void *mean, void *square_mean, void *greatest, void *parameters) {
  if (step == 0 || !at_least_0(o->learning_rate) || !is_decay_rate(o->beta1) || !is_decay_rate(o->beta2) ||
      !at_least_0(o->epsilon) || !at_least_0(o->weight_decay))
    return FARRO_ERROR_ARGUMENT;
  const bool decoupled = o->decoupled_weight_decay;
  const optimizer_work work = {.gradient = gradient,
                               .parameters = parameters,
                               .state = {mean, square_mean, greatest},
                               .gradient_scale = o->gradient_scale,
                               .weight_decay = decoupled ? 0 : o->weight_decay,
                               .keep = decoupled ? 1 - o->learning_rate * o->weight_decay : 1,
                               .rate = o->learning_rate / start_correction(o->beta1, step),
                               .decay = {o->beta1, o->beta2},
                               .share = {1 - o->beta1, 1 - o->beta2},
                               .root_scale = 1 / sqrt(start_correction(o->beta2, step)),
                               .epsilon = o->epsilon};
  return take_step(kernels->adam, work, n, kernels->element_bytes);
}

// ---- the global norm ----

// All arrays, cut into blocks that are numbered through.
typedef struct {
  const optimizer_kernels *kernels;
  size_t count;
  void *const *arrays;
  const size_t *sizes;
  size_t *ends; // the number of blocks up to and with each array
  double *sums; // of each block
  double scale; // of the elements, before they are squared, or for good
} blocks_call;

typedef struct {
  char *base;
  size_t elements;
} block;

static block block_at(const blocks_call *c, size_t index) {
  size_t low = 0, high = c->count - 1; // the first array that ends behind the block
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (c->ends[middle] > index)
      high = middle;
    else
      low = middle + 1;
  }
  const size_t at = (index - (low > 0 ? c->ends[low - 1] : 0)) * task_elements;
  return (block){(char *)c->arrays[low] + at * c->kernels->element_bytes, smaller(task_elements, c->sizes[low] - at)};
}

static void sum_blocks(void *context, size_t first, size_t last) {
  const blocks_call *c = context;
  for (size_t i = first; i < last; i++) {
    const block b = block_at(c, i);
    c->sums[i] = c->kernels->square_sum(b.base, b.elements, c->scale);
  }
}

static void scale_blocks(void *context, size_t first, size_t last) {
  const blocks_call *c = context;
  for (size_t i = first; i < last; i++) {
    const block b = block_at(c, i);
    c->kernels->multiply_by(b.base, b.elements, c->scale);
  }
}

static void run_blocks(blocks_call *c, farro_body body) {
  const size_t blocks = c->ends[c->count - 1];
  const double bytes = (double)(blocks * task_elements * c->kernels->element_bytes);
  farro_parallel_for(blocks, 1, bytes / bytes_per_nanosecond, body, c);
}

static double sum_of_squares(blocks_call *c, double scale) {
  c->scale = scale;
  run_blocks(c, sum_blocks);
  double sum = 0;
  for (size_t i = 0; i < c->ends[c->count - 1]; i++) sum += c->sums[i];
  return sum;
}

// Squares of doubles beyond 2^512 overflow, those below 2^-511 lose bits: such arrays are looked at again, scaled so
// that what is lost does not count. Squares of floats do neither.
static double norm_of(blocks_call *c) {
  const double down = 0x1p-600, up = 0x1p600, sum = sum_of_squares(c, 1);
  if (c->kernels->element_bytes == sizeof(float)) return sqrt(sum);
  if (isinf(sum)) return sqrt(sum_of_squares(c, down)) / down;
  return sum < 0x1p-900 ? sqrt(sum_of_squares(c, up)) / up : sqrt(sum);
}

// most < 0: the norm alone.
static farro_status global_norm(const optimizer_kernels *kernels, size_t count, void *const *arrays,
                                const size_t *sizes, double most, double *norm) {
  size_t blocks = 0;
  for (size_t i = 0; i < count; i++) {
    if (!can_exist(sizes[i], 1, 1)) return FARRO_ERROR_ARGUMENT;
    blocks += ceil_divide(sizes[i], task_elements);
  }
  if (norm) *norm = 0;
  if (blocks == 0) return FARRO_OK;
  const size_t bytes = count * sizeof(size_t) + blocks * sizeof(double);
  double *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  blocks_call call = {kernels, count, arrays, sizes, (size_t *)(space + blocks), space, 1};
  for (size_t i = 0, end = 0; i < count; i++) call.ends[i] = end += ceil_divide(sizes[i], task_elements);
  const double found = norm_of(&call);
  if (norm) *norm = found;
  const double factor = most < 0 ? 1 : most / (found + 1e-6);
  if (!(factor >= 1)) {
    call.scale = factor;
    run_blocks(&call, scale_blocks);
  }
  farro_release(space, bytes);
  return FARRO_OK;
}

// ---- entries ----

#define KERNELS_OR_RETURN(type)                                                                                        \
  const farro_kernels *table = farro_current_kernels();                                                                \
  if (!table) return FARRO_ERROR_ISA;                                                                                  \
  const optimizer_kernels *kernels = table->optimizer_##type

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_sgd_step_##type(const farro_sgd_options *options, uint64_t step, size_t n,                        \
                                     const scalar *gradient, scalar *velocity, scalar *parameters) {                   \
    KERNELS_OR_RETURN(type);                                                                                           \
    return sgd(kernels, options, step, n, gradient, velocity, parameters);                                             \
  }                                                                                                                    \
  farro_status farro_adagrad_step_##type(const farro_adagrad_options *options, uint64_t step, size_t n,                \
                                         const scalar *gradient, scalar *square_sum, scalar *parameters) {             \
    KERNELS_OR_RETURN(type);                                                                                           \
    return adagrad(kernels, options, step, n, gradient, square_sum, parameters);                                       \
  }                                                                                                                    \
  farro_status farro_rmsprop_step_##type(const farro_rmsprop_options *options, size_t n, const scalar *gradient,       \
                                         scalar *square_mean, scalar *mean, scalar *velocity, scalar *parameters) {    \
    KERNELS_OR_RETURN(type);                                                                                           \
    return rmsprop(kernels, options, n, gradient, square_mean, mean, velocity, parameters);                            \
  }                                                                                                                    \
  farro_status farro_adam_step_##type(const farro_adam_options *options, uint64_t step, size_t n,                      \
                                      const scalar *gradient, scalar *mean, scalar *square_mean, scalar *greatest,     \
                                      scalar *parameters) {                                                            \
    KERNELS_OR_RETURN(type);                                                                                           \
    return adam(kernels, options, step, n, gradient, mean, square_mean, greatest, parameters);                         \
  }                                                                                                                    \
  farro_status farro_global_norm_##type(size_t count, const scalar *const *arrays, const size_t *sizes,                \
                                        double *norm) {                                                                \
    KERNELS_OR_RETURN(type);                                                                                           \
    return global_norm(kernels, count, (void *const *)arrays, sizes, -1, norm);                                        \
  }                                                                                                                    \
  farro_status farro_clip_global_norm_##type(size_t count, scalar *const *arrays, const size_t *sizes, double most,    \
                                             double *norm) {                                                           \
    KERNELS_OR_RETURN(type);                                                                                           \
    if (!at_least_0(most)) return FARRO_ERROR_ARGUMENT;                                                                \
    return global_norm(kernels, count, (void *const *)arrays, sizes, most, norm);                                      \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
