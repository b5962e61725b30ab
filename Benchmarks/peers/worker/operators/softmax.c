// The softmax family and the losses of classification.
#include "operators.h"

static int softmax(const void *const *in, void *out) {
  const size_t n = sizes.columns;
  return CALL(farro_softmax_f32)(sizes.rows, n, in[0], n, out, n);
}

// The second operand is not 0 where an element is left out, as torch has it; the first call turns it round.
static int masked_softmax(const void *const *in, void *out) {
  const size_t elements = sizes.rows * sizes.columns;
  if (is_first_call(elements))
    for (size_t i = 0; i < elements; i++) ((uint8_t *)space)[i] = !((const uint8_t *)in[1])[i];
  const farro_reduction_shape shape = along_rows();
  const farro_softmax_options options = {.temperature = 1, .keep = space, .keep_stride = sizes.columns};
  return CALL(farro_softmax_axis_f32)(&shape, &options, in[0], out);
}

static int log_softmax(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_log_softmax_f32)(&shape, NULL, in[0], out);
}

static int log_sum_exp(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_log_sum_exp_f32)(&shape, NULL, in[0], out);
}

static int softmax_backward(const void *const *in, void *out) {
  const farro_reduction_shape shape = along_rows();
  return CALL(farro_softmax_backward_f32)(&shape, 1, in[1], in[0], out);
}

static int cross_entropy(const void *const *in, void *out) {
  const size_t n = sizes.columns;
  const farro_cross_entropy_options options = {.ignored_label = -100, .reduction = FARRO_LOSS_MEAN};
  return CALL(farro_cross_entropy_f32)(sizes.rows, n, in[0], n, in[1], NULL, &options, out, behind(out, 1), n);
}

static int hinge(const void *const *in, void *out) {
  const size_t n = sizes.columns;
  const farro_hinge_options options = {.kind = FARRO_HINGE_ALL, .margin = 1, .reduction = FARRO_LOSS_MEAN};
  return CALL(farro_multiclass_hinge_f32)(sizes.rows, n, in[0], n, in[1], &options, out, behind(out, 1), n);
}

const farro_operator softmax_operators[] = {
    {"softmax", "farro_softmax_f32", softmax},
    {"masked_softmax", "farro_softmax_axis_f32", masked_softmax},
    {"log_softmax", "farro_log_softmax_f32", log_softmax},
    {"log_sum_exp", "farro_log_sum_exp_f32", log_sum_exp},
    {"softmax_backward", "farro_softmax_backward_f32", softmax_backward},
    {"cross_entropy", "farro_cross_entropy_f32", cross_entropy},
    {"hinge", "farro_multiclass_hinge_f32", hinge},
    {NULL, NULL, NULL},
};
