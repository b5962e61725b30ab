// Entry of batch norm: the statistics of each channel, then one pass that writes.
//
// Two ways through a tensor (batch, channels, spatial). Where spatial is 1 or small, it is a matrix of channels *
// spatial columns, of which `spatial` neighbours share a channel: all vectors are full. Else a channel is `batch` runs
// of contiguous elements.
#include <math.h>

#include "columns.h"

#include "include/batch_norm.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

typedef struct {
  const column_kernels *kernels;
  size_t batch, channels, spatial, count; // count: elements of a channel
  bool as_columns;
  size_t repeat, width; // parameters of a channel, and of all channels
} layout;

static layout layout_of(const column_kernels *kernels, size_t batch, size_t channels, size_t spatial) {
  const bool as_columns = spatial == 1 || (spatial < 32 && batch >= 8);
  const size_t repeat = as_columns ? spatial : 1;
  return (layout){kernels, batch, channels, spatial, batch * spatial, as_columns, repeat, channels * repeat};
}

static bool is_valid(const layout *l, double epsilon) {
  return can_exist(l->batch, l->channels, l->spatial) && epsilon >= 0;
}

// ---- sums over a channel ----

// Of grad_y and grad_y (x - center) if there is a grad_y; else mean and squared deviations of x.
typedef struct {
  layout layout;
  const void *x, *grad_y, *centers; // centers: of each parameter, in the element type
  const double *center;             // of each channel
  size_t chunks;                    // of a run
  double *first, *second;           // of each channel
  double *of_chunks[2];             // of each chunk of each run
} sums_call;

static void sum_chunks(void *context, size_t begin, size_t end) {
  const sums_call *c = context;
  const layout *l = &c->layout;
  for (size_t item = begin; item < end; item++) {
    const size_t run = item / c->chunks, at = item % c->chunks * column_block_run;
    const size_t n = smaller(column_block_run, l->spatial - at);
    const size_t byte = (run * l->spatial + at) * l->kernels->element_bytes;
    double *first = c->of_chunks[0] + item, *second = c->of_chunks[1] + item;
    if (c->grad_y)
      l->kernels->run_products(n, (const char *)c->grad_y + byte, (const char *)c->x + byte,
                               c->center[run % l->channels], first, second);
    else
      l->kernels->run_moments(n, (const char *)c->x + byte, first, second);
  }
}

static void add_sums(size_t before, size_t rows, size_t first, size_t last, double *const into[column_reduction_parts],
                     double *const more[column_reduction_parts]) {
  (void)before, (void)rows;
  for (size_t j = first; j < last; j++) {
    into[0][j] += more[0][j];
    into[1][j] += more[1][j];
  }
}

// Means are merged as differences from the first one: what many additions round is then a part of the deviation, and
// not of the mean.
static void merge_chunks(void *context, size_t begin, size_t end) {
  const sums_call *c = context;
  const layout *l = &c->layout;
  for (size_t channel = begin; channel < end; channel++) {
    double *const into[column_reduction_parts] = {c->first + channel, c->second + channel};
    const double from = c->grad_y ? 0 : c->of_chunks[0][channel * c->chunks];
    *into[0] = *into[1] = 0;
    size_t before = 0;
    for (size_t sample = 0; sample < l->batch; sample++)
      for (size_t chunk = 0; chunk < c->chunks; chunk++) {
        const size_t at = (sample * l->channels + channel) * c->chunks + chunk;
        const size_t n = smaller(column_block_run, l->spatial - chunk * column_block_run);
        double first = c->of_chunks[0][at] - from;
        double *const more[column_reduction_parts] = {&first, c->of_chunks[1] + at};
        (c->grad_y ? add_sums : farro_merge_moments)(before, n, 0, 1, into, more);
        before += n;
      }
    *into[0] += from;
  }
}

static farro_status sum_runs(sums_call *c) {
  const layout *l = &c->layout;
  c->chunks = ceil_divide(l->spatial, column_block_run);
  const size_t items = l->batch * l->channels * c->chunks, bytes = 2 * items * sizeof(double);
  double *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  c->of_chunks[0] = space, c->of_chunks[1] = space + items;
  const size_t item_bytes = smaller(l->spatial, column_block_run) * l->kernels->element_bytes;
  farro_parallel_for(items, ceil_divide(64 * 1024, item_bytes), (double)(items * item_bytes) / 30, sum_chunks, c);
  farro_parallel_for(l->channels, ceil_divide(4096, l->batch * c->chunks), (double)items * 4, merge_chunks, c);
  farro_release(space, bytes);
  return FARRO_OK;
}

static farro_status sum_columns(const sums_call *c) {
  const layout *l = &c->layout;
  const column_reduction reduction = {c->grad_y ? l->kernels->products : l->kernels->moments,
                                      c->grad_y ? add_sums : farro_merge_moments, 2,
                                      (c->grad_y ? 2 : 1) * l->width * l->kernels->element_bytes};
  const column_operand operand = {l->width, c->x, l->width, c->grad_y, c->centers};
  if (l->spatial == 1)
    return farro_reduce_columns(&reduction, &operand, l->batch, (double *const[]){c->first, c->second, NULL});
  const size_t bytes = 2 * l->width * sizeof(double);
  double *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  double *const results[column_reduction_parts] = {space, space + l->width};
  const farro_status status = farro_reduce_columns(&reduction, &operand, l->batch, results);
  for (size_t channel = 0; channel < l->channels && status == FARRO_OK; channel++) {
    double *const into[column_reduction_parts] = {c->first + channel, c->second + channel};
    *into[0] = *into[1] = 0;
    for (size_t s = 0; s < l->spatial; s++) {
      const size_t at = channel * l->spatial + s;
      double *const more[column_reduction_parts] = {results[0] + at, results[1] + at};
      reduction.merge(s * l->batch, l->batch, 0, 1, into, more);
    }
  }
  farro_release(space, bytes);
  return status;
}

// ---- parameters and writing ----

// Work space: numbers of each channel in double, parameters of the writing in the element type.
enum { most_numbers = 8, most_parameters = 4 };

typedef struct {
  double *numbers;
  size_t used, bytes;
  char *parameters;
  size_t taken;
} workspace;

static bool make_space(const layout *l, workspace *w) {
  *w = (workspace){.bytes = most_numbers * l->channels * sizeof(double) +
                            most_parameters * l->width * l->kernels->element_bytes};
  w->numbers = farro_allocate(w->bytes);
  w->parameters = (char *)(w->numbers + most_numbers * l->channels);
  return w->numbers != NULL;
}

static double *numbers(const layout *l, workspace *w) { return w->numbers + l->channels * w->used++; }

static const void *parameters(const layout *l, workspace *w, const double *values) {
  char *to = w->parameters + l->width * l->kernels->element_bytes * w->taken++;
  l->kernels->narrow(l->channels, l->repeat, values, to);
  return to;
}

// What the user gave, in double; `otherwise` where it is NULL.
static double *given(const layout *l, workspace *w, const void *values, double otherwise) {
  double *to = numbers(l, w);
  if (values)
    l->kernels->widen(l->channels, values, to);
  else
    for (size_t j = 0; j < l->channels; j++) to[j] = otherwise;
  return to;
}

// mean - center, where center is the mean in the element type.
static double *rest_of(const layout *l, workspace *w, const double *mean) {
  double *rest = numbers(l, w);
  for (size_t j = 0; j < l->channels; j++)
    rest[j] = l->kernels->element_bytes == sizeof(float) ? mean[j] - (double)(float)mean[j] : 0;
  return rest;
}

static void write_all(const layout *l, const void *x, const void *grad_y, column_parameters p, void *y) {
  const column_kernels *k = l->kernels;
  column_work work = {.x = x, .grad_y = grad_y, .parameters = p, .channels = l->channels, .y = y};
  work.columns = work.x_row = work.y_row = l->as_columns ? l->width : l->spatial;
  if (l->as_columns)
    farro_write_columns(grad_y ? k->gradient : k->scale, &work, l->batch, k->element_bytes);
  else
    farro_write_columns(grad_y ? k->gradient_runs : k->scale_runs, &work, l->batch * l->channels, k->element_bytes);
}

// y = (x - mean) inverse scale + offset
static void normalize(const layout *l, workspace *w, const void *x, const double *mean, const double *inverse,
                      const void *scale, const void *offset, void *y) {
  double *factor = given(l, w, scale, 1), *shift = given(l, w, offset, 0);
  const double *rest = rest_of(l, w, mean);
  for (size_t j = 0; j < l->channels; j++) {
    factor[j] *= inverse[j];
    shift[j] -= rest[j] * factor[j];
  }
  const column_parameters p = {
      .center = parameters(l, w, mean), .factor = parameters(l, w, factor), .shift = parameters(l, w, shift)};
  write_all(l, x, NULL, p, y);
}

static void run_on(const layout *l, workspace *w, void *running, const double *now, double momentum, double share) {
  if (!running) return;
  double *value = given(l, w, running, 0);
  for (size_t j = 0; j < l->channels; j++) value[j] = (1 - momentum) * value[j] + momentum * (now[j] * share);
  l->kernels->narrow(l->channels, 1, value, running);
}

static farro_status batch_norm(const layout *l, const void *x, const void *scale, const void *offset, double epsilon,
                               double momentum, void *running_mean, void *running_variance, void *y, double *mean,
                               double *inverse) {
  if (!is_valid(l, epsilon) || (l->count == 1 && running_variance)) return FARRO_ERROR_ARGUMENT;
  if (l->count == 0 || l->channels == 0) {
    for (size_t j = 0; j < l->channels && mean; j++) mean[j] = NAN;
    for (size_t j = 0; j < l->channels && inverse; j++) inverse[j] = NAN;
    return FARRO_OK;
  }
  workspace w;
  if (!make_space(l, &w)) return FARRO_ERROR_MEMORY;
  if (!mean) mean = numbers(l, &w);
  if (!inverse) inverse = numbers(l, &w);
  sums_call sums = {.layout = *l, .x = x, .first = mean, .second = inverse};
  const farro_status status = l->as_columns ? sum_columns(&sums) : sum_runs(&sums);
  if (status == FARRO_OK) {
    const double n = (double)l->count;
    run_on(l, &w, running_mean, mean, momentum, 1);
    run_on(l, &w, running_variance, inverse, momentum, 1 / (n - 1));
    for (size_t j = 0; j < l->channels; j++) inverse[j] = 1 / sqrt(inverse[j] / n + epsilon);
    normalize(l, &w, x, mean, inverse, scale, offset, y);
  }
  farro_release(w.numbers, w.bytes);
  return status;
}

// The mean and 1 / sqrt(variance + epsilon) of a user's statistics.
static void read_statistics(const layout *l, workspace *w, const void *mean, const void *variance, double epsilon,
                            double **wide_mean, double **inverse) {
  *wide_mean = given(l, w, mean, 0);
  *inverse = given(l, w, variance, 1);
  for (size_t j = 0; j < l->channels; j++) (*inverse)[j] = 1 / sqrt((*inverse)[j] + epsilon);
}

static farro_status inference(const layout *l, const void *x, const void *scale, const void *offset, const void *mean,
                              const void *variance, double epsilon, void *y) {
  if (!is_valid(l, epsilon)) return FARRO_ERROR_ARGUMENT;
  if (l->count == 0 || l->channels == 0) return FARRO_OK;
  workspace w;
  if (!make_space(l, &w)) return FARRO_ERROR_MEMORY;
  double *wide_mean, *inverse;
  read_statistics(l, &w, mean, variance, epsilon, &wide_mean, &inverse);
  normalize(l, &w, x, wide_mean, inverse, scale, offset, y);
  farro_release(w.numbers, w.bytes);
  return FARRO_OK;
}

static farro_status fold(const layout *l, const void *scale, const void *offset, const void *mean, const void *variance,
                         double epsilon, void *folded_scale, void *folded_offset) {
  if (!is_valid(l, epsilon)) return FARRO_ERROR_ARGUMENT;
  workspace w;
  if (!make_space(l, &w)) return FARRO_ERROR_MEMORY;
  double *wide_mean, *inverse, *factor = given(l, &w, scale, 1), *shift = given(l, &w, offset, 0);
  read_statistics(l, &w, mean, variance, epsilon, &wide_mean, &inverse);
  for (size_t j = 0; j < l->channels; j++) {
    factor[j] *= inverse[j];
    shift[j] -= wide_mean[j] * factor[j];
  }
  l->kernels->narrow(l->channels, 1, factor, folded_scale);
  l->kernels->narrow(l->channels, 1, shift, folded_offset);
  farro_release(w.numbers, w.bytes);
  return FARRO_OK;
}

// ---- the way back ----

// `trains`: the statistics are those of x, and depend on it.
typedef struct {
  const void *grad_y, *x, *scale;
  const double *mean, *inverse;
  bool trains;
  void *grad_x, *grad_scale, *grad_offset;
} gradients;

static farro_status backward(const layout *l, workspace *w, const gradients *g) {
  const double n = (double)l->count, *rest = rest_of(l, w, g->mean);
  double *sum = given(l, w, NULL, 0), *product = given(l, w, NULL, 0);
  const void *centers = parameters(l, w, g->mean);
  if (l->count > 0 && (g->trains || g->grad_scale || g->grad_offset)) {
    sums_call sums = {*l, g->x, g->grad_y, centers, g->mean, 0, sum, product, {NULL, NULL}};
    const farro_status status = l->as_columns ? sum_columns(&sums) : sum_runs(&sums);
    if (status != FARRO_OK) return status;
    for (size_t j = 0; j < l->channels; j++) product[j] = (product[j] - rest[j] * sum[j]) * g->inverse[j];
  }
  double *factor = given(l, w, g->scale, 1);
  if (g->grad_scale) l->kernels->narrow(l->channels, 1, product, g->grad_scale);
  if (g->grad_offset) l->kernels->narrow(l->channels, 1, sum, g->grad_offset);
  if (!g->grad_x || l->count == 0) return FARRO_OK;
  for (size_t j = 0; j < l->channels; j++) {
    factor[j] *= g->inverse[j];
    product[j] *= -factor[j] * g->inverse[j] / n; // the slope
    sum[j] = -factor[j] * sum[j] / n - rest[j] * product[j];
  }
  column_parameters p = {.factor = parameters(l, w, factor)};
  if (g->trains) {
    p.center = centers, p.slope = parameters(l, w, product), p.shift = parameters(l, w, sum);
    write_all(l, g->x, g->grad_y, p, g->grad_x);
  } else {
    for (size_t j = 0; j < l->channels; j++) sum[j] = 0;
    p.center = p.shift = parameters(l, w, sum);
    write_all(l, g->grad_y, NULL, p, g->grad_x);
  }
  return FARRO_OK;
}

static farro_status training_backward(const layout *l, const gradients *g) {
  if (!is_valid(l, 0)) return FARRO_ERROR_ARGUMENT;
  if (l->channels == 0) return FARRO_OK;
  workspace w;
  if (!make_space(l, &w)) return FARRO_ERROR_MEMORY;
  const farro_status status = backward(l, &w, g);
  farro_release(w.numbers, w.bytes);
  return status;
}

static farro_status inference_backward(const layout *l, gradients *g, const void *mean, const void *variance,
                                       double epsilon) {
  if (!is_valid(l, epsilon)) return FARRO_ERROR_ARGUMENT;
  if (l->channels == 0) return FARRO_OK;
  workspace w;
  if (!make_space(l, &w)) return FARRO_ERROR_MEMORY;
  double *wide_mean, *inverse;
  read_statistics(l, &w, mean, variance, epsilon, &wide_mean, &inverse);
  g->mean = wide_mean, g->inverse = inverse;
  const farro_status status = backward(l, &w, g);
  farro_release(w.numbers, w.bytes);
  return status;
}

// ---- entry ----

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_batch_norm_##type(size_t batch, size_t channels, size_t spatial, const scalar *x,                 \
                                       const scalar *scale, const scalar *offset, scalar epsilon, scalar momentum,     \
                                       scalar *running_mean, scalar *running_variance, scalar *y, double *mean,        \
                                       double *inverse) {                                                              \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const layout l = layout_of(kernels->columns_##type, batch, channels, spatial);                                     \
    return batch_norm(&l, x, scale, offset, (double)epsilon, (double)momentum, running_mean, running_variance, y,      \
                      mean, inverse);                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_batch_norm_inference_##type(size_t batch, size_t channels, size_t spatial, const scalar *x,       \
                                                 const scalar *scale, const scalar *offset, const scalar *mean,        \
                                                 const scalar *variance, scalar epsilon, scalar *y) {                  \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const layout l = layout_of(kernels->columns_##type, batch, channels, spatial);                                     \
    return inference(&l, x, scale, offset, mean, variance, (double)epsilon, y);                                        \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_batch_norm_fold_##type(size_t channels, const scalar *scale, const scalar *offset,                \
                                            const scalar *mean, const scalar *variance, scalar epsilon,                \
                                            scalar *folded_scale, scalar *folded_offset) {                             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const layout l = layout_of(kernels->columns_##type, 1, channels, 1);                                               \
    return fold(&l, scale, offset, mean, variance, (double)epsilon, folded_scale, folded_offset);                      \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_batch_norm_backward_##type(                                                                       \
      size_t batch, size_t channels, size_t spatial, const scalar *grad_y, const scalar *x, const scalar *scale,       \
      const double *mean, const double *inverse, scalar *grad_x, scalar *grad_scale, scalar *grad_offset) {            \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const layout l = layout_of(kernels->columns_##type, batch, channels, spatial);                                     \
    const gradients g = {grad_y, x, scale, mean, inverse, true, grad_x, grad_scale, grad_offset};                      \
    return training_backward(&l, &g);                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_batch_norm_inference_backward_##type(size_t batch, size_t channels, size_t spatial,               \
                                                          const scalar *grad_y, const scalar *x, const scalar *scale,  \
                                                          const scalar *mean, const scalar *variance, scalar epsilon,  \
                                                          scalar *grad_x, scalar *grad_scale, scalar *grad_offset) {   \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const layout l = layout_of(kernels->columns_##type, batch, channels, spatial);                                     \
    gradients g = {grad_y, x, scale, NULL, NULL, false, grad_x, grad_scale, grad_offset};                              \
    return inference_backward(&l, &g, mean, variance, (double)epsilon);                                                \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
