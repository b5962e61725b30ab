// Farro's operators on arrays, by the names of families/: one small function each, for the row's sizes.
#include "worker.h"

#include <CKernels.h>
#include <string.h>

// The row's, read when it is loaded.
static size_t rows, columns, count;
static void *function; // what the library has under the operator's symbol

#define CALL(name) (int)((__typeof__(&name))function)

// ---- normalization ----

static int layer_norm(const void *const *in, void *out) {
  return CALL(farro_layer_norm_f32)(rows, columns, in[0], columns, in[1], in[2], 1e-5f, out, columns);
}

static int rms_norm(const void *const *in, void *out) {
  return CALL(farro_rms_norm_f32)(rows, columns, in[0], columns, in[1], 1e-5f, out, columns);
}

static int softmax(const void *const *in, void *out) {
  return CALL(farro_softmax_f32)(rows, columns, in[0], columns, out, columns);
}

// ---- elementwise ----

// All functions of one array have one type.
static int map(const void *const *in, void *out) { return CALL(farro_relu_f32)(rows * columns, in[0], out); }

// ---- reductions ----

static farro_reduction_shape along_rows(void) { return (farro_reduction_shape){rows, columns, 1}; }
static farro_reduction_shape down_columns(void) { return (farro_reduction_shape){1, rows, columns}; }

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

// ---- the table ----

static const struct {
  const char *operation, *symbol;
  worker_call call;
} operators[] = {
    {"layer_norm", "farro_layer_norm_f32", layer_norm},
    {"rms_norm", "farro_rms_norm_f32", rms_norm},
    {"softmax", "farro_softmax_f32", softmax},
    {"relu", "farro_relu_f32", map},
    {"gelu", "farro_gelu_f32", map},
    {"silu", "farro_silu_f32", map},
    {"sigmoid", "farro_sigmoid_f32", map},
    {"tanh", "farro_tanh_f32", map},
    {"exp", "farro_exp_f32", map},
    {"sum_rows", "farro_sum_f32", reduce_rows},
    {"sum_columns", "farro_sum_f32", reduce_columns},
    {"max_rows", "farro_max_f32", reduce_rows},
    {"max_columns", "farro_max_f32", reduce_columns},
    {"variance_rows", "farro_variance_f32", variance_rows},
    {"variance_columns", "farro_variance_f32", variance_columns},
};

worker_call load_operator(const char *operation, const char *type, const char **why) {
  rows = size_parameter("rows"), columns = size_parameter("columns"), count = size_parameter("count");
  *why = "libfarro has no such operator of this type";
  if (strcmp(type, "f32") != 0) return NULL;
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    if (strcmp(operators[i].operation, operation) == 0) {
      function = symbol(operators[i].symbol);
      return function ? operators[i].call : NULL;
    }
  return NULL;
}
