// Reductions and scans, along rows and down columns.
#include "operators.h"

// All reductions have one type but for that of their result.
static int rows(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_sum_f32)(&shape, in[0], out);
}

static int columns(const void *const *in, void *out) {
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

static int argmax_rows(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_argmax_f32)(&shape, in[0], out);
}

static int argmax_columns(const void *const *in, void *out) {
  const farro_reduction_shape shape = down_columns();
  return CALL(farro_argmax_f32)(&shape, in[0], out);
}

static int any_rows(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_any_u8)(&shape, in[0], out);
}

static int any_columns(const void *const *in, void *out) {
  const farro_reduction_shape shape = down_columns();
  return CALL(farro_any_u8)(&shape, in[0], out);
}

static int scan_rows(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_cumulative_sum_f32)(&shape, (farro_scan_options){0}, in[0], out);
}

static int scan_columns(const void *const *in, void *out) {
  const farro_reduction_shape shape = down_columns();
  return CALL(farro_cumulative_sum_f32)(&shape, (farro_scan_options){0}, in[0], out);
}

const farro_operator reduction_operators[] = {
    {"sum_rows", "farro_sum_f32", rows},
    {"sum_columns", "farro_sum_f32", columns},
    {"mean_rows", "farro_mean_f32", rows},
    {"mean_columns", "farro_mean_f32", columns},
    {"product_rows", "farro_product_f32", rows},
    {"product_columns", "farro_product_f32", columns},
    {"max_rows", "farro_max_f32", rows},
    {"max_columns", "farro_max_f32", columns},
    {"variance_rows", "farro_variance_f32", variance_rows},
    {"variance_columns", "farro_variance_f32", variance_columns},
    {"argmax_rows", "farro_argmax_f32", argmax_rows},
    {"argmax_columns", "farro_argmax_f32", argmax_columns},
    {"any_rows", "farro_any_u8", any_rows},
    {"any_columns", "farro_any_u8", any_columns},
    {"cumsum_rows", "farro_cumulative_sum_f32", scan_rows},
    {"cumsum_columns", "farro_cumulative_sum_f32", scan_columns},
    {NULL, NULL, NULL},
};
