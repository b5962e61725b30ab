// Farro's operators on arrays, by the names of families/: one small function each, for the row's sizes. Results lie
// behind one another in the output.
#include "worker.h"

#include <CKernels.h>
#include <stdlib.h>
#include <string.h>

static size_t rows, columns, count, best; // `best` of a top-k
static struct {
  size_t batch, heads, size;
  bool causal, ragged;
} heads;
static void *function; // what the library has under the operator's symbol

// What a call needs beside its operands, made by the first one: space of the worker's own, or the state of a network
// before the step that is timed.
static void *space;

static bool is_first_call(size_t bytes) {
  if (space) return false;
  space = calloc(1, bytes);
  return true;
}

#define CALL(name) (int)((__typeof__(&name))function)

static float *behind(void *out, size_t elements) { return (float *)out + elements; }

// ---- normalization ----

static const float epsilon = 1e-5f;

static int layer_norm(const void *const *in, void *out) {
  return CALL(farro_layer_norm_f32)(rows, columns, in[0], columns, in[1], in[2], epsilon, out, columns);
}

static int layer_norm_backward(const void *const *in, void *out) {
  const bool first = is_first_call(2 * rows * sizeof(double));
  double *mean = space, *inverse = mean + rows;
  float *grad_scale = behind(out, rows * columns), *grad_offset = behind(grad_scale, columns);
  __typeof__(&farro_layer_norm_forward_f32) forward = symbol("farro_layer_norm_forward_f32");
  if (first)
    forward(rows, columns, in[1], columns, NULL, 0, in[2], in[3], epsilon, NULL, 0, out, columns, mean, inverse);
  return CALL(farro_layer_norm_backward_f32)(rows, columns, in[0], columns, in[1], columns, mean, inverse, epsilon,
                                             in[2], out, columns, grad_scale, grad_offset);
}

static int rms_norm(const void *const *in, void *out) {
  return CALL(farro_rms_norm_f32)(rows, columns, in[0], columns, in[1], epsilon, out, columns);
}

static int rms_norm_backward(const void *const *in, void *out) {
  const bool first = is_first_call(rows * sizeof(double));
  double *inverse = space;
  __typeof__(&farro_rms_norm_forward_f32) forward = symbol("farro_rms_norm_forward_f32");
  if (first) forward(rows, columns, in[1], columns, NULL, 0, in[2], epsilon, NULL, 0, out, columns, inverse);
  return CALL(farro_rms_norm_backward_f32)(rows, columns, in[0], columns, in[1], columns, inverse, epsilon, in[2], out,
                                           columns, behind(out, rows * columns));
}

// Channels last. The running statistics move on with each call.
static int batch_norm(const void *const *in, void *out) {
  is_first_call(columns * (2 * sizeof(float) + 2 * sizeof(double)));
  double *mean = space, *inverse = mean + columns;
  float *running_mean = (float *)(inverse + columns), *running_variance = running_mean + columns;
  return CALL(farro_batch_norm_f32)(rows, columns, 1, in[0], in[1], in[2], epsilon, 0.1f, running_mean,
                                    running_variance, out, mean, inverse);
}

static int batch_norm_backward(const void *const *in, void *out) {
  const bool first = is_first_call(2 * columns * sizeof(double));
  double *mean = space, *inverse = mean + columns;
  float *grad_scale = behind(out, rows * columns), *grad_offset = behind(grad_scale, columns);
  __typeof__(&farro_batch_norm_f32) forward = symbol("farro_batch_norm_f32");
  if (first) forward(rows, columns, 1, in[1], in[2], in[3], epsilon, 0.1f, NULL, NULL, out, mean, inverse);
  return CALL(farro_batch_norm_backward_f32)(rows, columns, 1, in[0], in[1], in[2], mean, inverse, out, grad_scale,
                                             grad_offset);
}

// ---- softmax ----

static farro_reduction_shape along_rows(void) { return (farro_reduction_shape){rows, columns, 1}; }
static farro_reduction_shape down_columns(void) { return (farro_reduction_shape){1, rows, columns}; }

static int softmax(const void *const *in, void *out) {
  return CALL(farro_softmax_f32)(rows, columns, in[0], columns, out, columns);
}

static int log_softmax(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_log_softmax_f32)(&shape, NULL, in[0], out);
}

static int softmax_backward(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_softmax_backward_f32)(&shape, 1, in[1], in[0], out);
}

static int cross_entropy(const void *const *in, void *out) {
  const farro_cross_entropy_options options = {.ignored_label = -100, .reduction = FARRO_LOSS_MEAN};
  return CALL(farro_cross_entropy_f32)(rows, columns, in[0], columns, in[1], NULL, &options, out, behind(out, 1),
                                       columns);
}

// ---- elementwise ----

// All functions of one array have one type.
static int map(const void *const *in, void *out) { return CALL(farro_relu_f32)(rows * columns, in[0], out); }

static int gelu_backward(const void *const *in, void *out) {
  return CALL(farro_activate_backward_f32)(FARRO_ACTIVATION_GELU, 0, 0, rows * columns, in[0], in[1], out);
}

// ---- attention ----

static int attention(const void *const *in, void *out) {
  const size_t *offsets = in[3], tokens = offsets[heads.batch], size = heads.size;
  farro_attention_shape shape = {
      .batch = heads.batch, .heads = heads.heads, .kv_heads = heads.heads, .d = size, .dv = size};
  shape.causal = heads.causal ? FARRO_CAUSAL_START : FARRO_CAUSAL_NONE;
  if (heads.ragged) {
    shape.queries = shape.keys = tokens;
    shape.query_offsets = shape.key_offsets = offsets;
    shape.q = (farro_attention_layout){.head = size, .row = heads.heads * size};
  } else {
    const size_t length = tokens / heads.batch;
    shape.queries = shape.keys = length;
    shape.q = (farro_attention_layout){.batch = heads.heads * length * size, .head = length * size, .row = size};
  }
  shape.k = shape.v = shape.out = shape.q;
  return CALL(farro_attention_f32)(&shape, 1 / __builtin_sqrtf((float)size), in[0], in[1], in[2], out, NULL);
}

// ---- optimizers ----

// The output holds the parameters and the moments, which the first call puts where the gradient would move them.
static float *moments(const void *const *in, void *out, size_t powers) {
  const float *gradient = in[1];
  float *moment = behind(out, count);
  if (is_first_call(1)) {
    memcpy(out, in[0], count * sizeof(float));
    for (size_t i = 0; i < count; i++) moment[i] = gradient[i];
    for (size_t i = 0; i < count && powers > 1; i++) moment[count + i] = gradient[i] * gradient[i];
  }
  return moment;
}

static int adamw(const void *const *in, void *out) {
  float *mean = moments(in, out, 2);
  const farro_adam_options options = {
      .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .gradient_scale = 1, .decoupled_weight_decay = true};
  return CALL(farro_adam_step_f32)(&options, 10, count, in[1], mean, behind(mean, count), NULL, out);
}

static int sgd_momentum(const void *const *in, void *out) {
  float *velocity = moments(in, out, 1);
  const farro_sgd_options options = {.momentum = 0.9, .dampening = 0.9, .gradient_scale = 1};
  return CALL(farro_sgd_step_f32)(&options, 10, count, in[1], velocity, out);
}

// ---- reductions and scans ----

static int reduce_rows(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_sum_f32)(&shape, in[0], out);
}

static int reduce_columns(const void *const *in, void *out) {
  const farro_reduction_shape shape = down_columns();
  return CALL(farro_sum_f32)(&shape, in[0], out);
}

static int variance_rows(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_variance_f32)(&shape, 1, in[0], out);
}

static int variance_columns(const void *const *in, void *out) {
  const farro_reduction_shape shape = down_columns();
  return CALL(farro_variance_f32)(&shape, 1, in[0], out);
}

static int scan_rows(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_cumulative_sum_f32)(&shape, (farro_scan_options){0}, in[0], out);
}

static int scan_columns(const void *const *in, void *out) {
  const farro_reduction_shape shape = down_columns();
  return CALL(farro_cumulative_sum_f32)(&shape, (farro_scan_options){0}, in[0], out);
}

// ---- sorting ----

static int sort(const void *const *in, void *out) {
  is_first_call(rows * columns * sizeof(int64_t));
  return CALL(farro_sort_f32)(rows, columns, false, in[0], columns, out, columns, space, columns);
}

static int top_k(const void *const *in, void *out) {
  is_first_call(rows * best * sizeof(int64_t));
  return CALL(farro_top_k_f32)(rows, columns, best, (farro_top_k_options){0}, in[0], columns, out, best, space, best);
}

static int histogram(const void *const *in, void *out) {
  int64_t counts[64]; // bins from -4 to 4, as families/sorting.py has them
  const int status = CALL(farro_histogram_f32)(rows * columns, in[0], 64, -4, 4, counts);
  for (size_t i = 0; i < 64; i++) ((float *)out)[i] = (float)counts[i];
  return status;
}

// ---- the table ----

static const struct {
  const char *operation, *symbol;
  worker_call call;
} operators[] = {
    {"layer_norm", "farro_layer_norm_f32", layer_norm},
    {"layer_norm_backward", "farro_layer_norm_backward_f32", layer_norm_backward},
    {"rms_norm", "farro_rms_norm_f32", rms_norm},
    {"rms_norm_backward", "farro_rms_norm_backward_f32", rms_norm_backward},
    {"batch_norm", "farro_batch_norm_f32", batch_norm},
    {"batch_norm_backward", "farro_batch_norm_backward_f32", batch_norm_backward},
    {"softmax", "farro_softmax_f32", softmax},
    {"log_softmax", "farro_log_softmax_f32", log_softmax},
    {"softmax_backward", "farro_softmax_backward_f32", softmax_backward},
    {"cross_entropy", "farro_cross_entropy_f32", cross_entropy},
    {"relu", "farro_relu_f32", map},
    {"gelu", "farro_gelu_f32", map},
    {"silu", "farro_silu_f32", map},
    {"sigmoid", "farro_sigmoid_f32", map},
    {"tanh", "farro_tanh_f32", map},
    {"exp", "farro_exp_f32", map},
    {"gelu_backward", "farro_activate_backward_f32", gelu_backward},
    {"attention", "farro_attention_f32", attention},
    {"adamw", "farro_adam_step_f32", adamw},
    {"sgd_momentum", "farro_sgd_step_f32", sgd_momentum},
    {"sum_rows", "farro_sum_f32", reduce_rows},
    {"sum_columns", "farro_sum_f32", reduce_columns},
    {"max_rows", "farro_max_f32", reduce_rows},
    {"max_columns", "farro_max_f32", reduce_columns},
    {"variance_rows", "farro_variance_f32", variance_rows},
    {"variance_columns", "farro_variance_f32", variance_columns},
    {"cumsum_rows", "farro_cumulative_sum_f32", scan_rows},
    {"cumsum_columns", "farro_cumulative_sum_f32", scan_columns},
    {"sort", "farro_sort_f32", sort},
    {"top_k", "farro_top_k_f32", top_k},
    {"histogram", "farro_histogram_f32", histogram},
};

worker_call load_operator(const char *operation, const char *type, const char **why) {
  free(space);
  space = NULL;
  rows = size_parameter("rows"), columns = size_parameter("columns"), count = size_parameter("count");
  best = size_parameter("k");
  heads.batch = size_parameter("batch"), heads.heads = size_parameter("heads"), heads.size = size_parameter("size");
  heads.causal = size_parameter("causal"), heads.ragged = size_parameter("ragged");
  *why = "libfarro has no such operator of this type";
  if (strcmp(type, "f32") != 0) return NULL;
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    if (strcmp(operators[i].operation, operation) == 0) {
      function = symbol(operators[i].symbol);
      return function ? operators[i].call : NULL;
    }
  return NULL;
}
