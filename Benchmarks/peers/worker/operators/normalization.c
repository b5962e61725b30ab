// Norms of rows, and batch norm of columns.
#include "operators.h"

static int layer_norm(const void *const *in, void *out) {
  const size_t n = sizes.columns;
  return CALL(farro_layer_norm_f32)(sizes.rows, n, in[0], n, in[1], in[2], epsilon, out, n);
}

static int layer_norm_backward(const void *const *in, void *out) {
  const size_t rows = sizes.rows, n = sizes.columns;
  const bool first = is_first_call(2 * rows * sizeof(double));
  double *mean = space, *inverse = mean + rows;
  float *grad_scale = behind(out, rows * n), *grad_offset = behind(grad_scale, n);
  __typeof__(&farro_layer_norm_forward_f32) forward = symbol("farro_layer_norm_forward_f32");
  if (first) forward(rows, n, in[1], n, NULL, 0, in[2], in[3], epsilon, NULL, 0, out, n, mean, inverse);
  return CALL(farro_layer_norm_backward_f32)(rows, n, in[0], n, in[1], n, mean, inverse, epsilon, in[2], out, n,
                                             grad_scale, grad_offset);
}

// The results are the norm, and the sum that it is of.
static int add_layer_norm(const void *const *in, void *out) {
  const size_t rows = sizes.rows, n = sizes.columns;
  return CALL(farro_layer_norm_forward_f32)(rows, n, in[0], n, in[1], n, in[2], in[3], epsilon, behind(out, rows * n),
                                            n, out, n, NULL, NULL);
}

static int rms_norm(const void *const *in, void *out) {
  const size_t n = sizes.columns;
  return CALL(farro_rms_norm_f32)(sizes.rows, n, in[0], n, in[1], epsilon, out, n);
}

static int rms_norm_backward(const void *const *in, void *out) {
  const size_t rows = sizes.rows, n = sizes.columns;
  const bool first = is_first_call(rows * sizeof(double));
  double *inverse = space;
  __typeof__(&farro_rms_norm_forward_f32) forward = symbol("farro_rms_norm_forward_f32");
  if (first) forward(rows, n, in[1], n, NULL, 0, in[2], epsilon, NULL, 0, out, n, inverse);
  return CALL(farro_rms_norm_backward_f32)(rows, n, in[0], n, in[1], n, inverse, epsilon, in[2], out, n,
                                           behind(out, rows * n));
}

static int add_rms_norm(const void *const *in, void *out) {
  const size_t rows = sizes.rows, n = sizes.columns;
  return CALL(farro_rms_norm_forward_f32)(rows, n, in[0], n, in[1], n, in[2], epsilon, behind(out, rows * n), n, out, n,
                                          NULL);
}

static int l2_normalize(const void *const *in, void *out) {
  const size_t n = sizes.columns;
  return CALL(farro_l2_normalize_f32)(sizes.rows, n, in[0], n, 1e-12f, out, n);
}

// Channels last. The running statistics move on with each call.
static int batch_norm(const void *const *in, void *out) {
  const size_t n = sizes.columns;
  is_first_call(n * (2 * sizeof(float) + 2 * sizeof(double)));
  double *mean = space, *inverse = mean + n;
  float *running_mean = (float *)(inverse + n), *running_variance = running_mean + n;
  return CALL(farro_batch_norm_f32)(sizes.rows, n, 1, in[0], in[1], in[2], epsilon, 0.1f, running_mean,
                                    running_variance, out, mean, inverse);
}

static int batch_norm_backward(const void *const *in, void *out) {
  const size_t rows = sizes.rows, n = sizes.columns;
  const bool first = is_first_call(2 * n * sizeof(double));
  double *mean = space, *inverse = mean + n;
  float *grad_scale = behind(out, rows * n), *grad_offset = behind(grad_scale, n);
  __typeof__(&farro_batch_norm_f32) forward = symbol("farro_batch_norm_f32");
  if (first) forward(rows, n, 1, in[1], in[2], in[3], epsilon, 0.1f, NULL, NULL, out, mean, inverse);
  return CALL(farro_batch_norm_backward_f32)(rows, n, 1, in[0], in[1], in[2], mean, inverse, out, grad_scale,
                                             grad_offset);
}

const farro_operator normalization_operators[] = {
    {"layer_norm", "farro_layer_norm_f32", layer_norm},
    {"layer_norm_backward", "farro_layer_norm_backward_f32", layer_norm_backward},
    {"add_layer_norm", "farro_layer_norm_forward_f32", add_layer_norm},
    {"rms_norm", "farro_rms_norm_f32", rms_norm},
    {"rms_norm_backward", "farro_rms_norm_backward_f32", rms_norm_backward},
    {"add_rms_norm", "farro_rms_norm_forward_f32", add_rms_norm},
    {"l2_normalize", "farro_l2_normalize_f32", l2_normalize},
    {"batch_norm", "farro_batch_norm_f32", batch_norm},
    {"batch_norm_backward", "farro_batch_norm_backward_f32", batch_norm_backward},
    {NULL, NULL, NULL},
};
