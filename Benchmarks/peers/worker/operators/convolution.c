// Convolution and its gradients; a sequence is an image of height 1.
#include "operators.h"

static farro_convolution_shape shape_of_images(void) {
  return (farro_convolution_shape){
      .batch = sizes.batch,
      .channels = sizes.channels,
      .filters = sizes.filters,
      .groups = sizes.groups,
      .rows = {sizes.height, sizes.window_height, sizes.stride, 1, sizes.pad_height, sizes.pad_height},
      .columns = {sizes.width, sizes.window_width, sizes.stride, 1, sizes.pad_width, sizes.pad_width}};
}

static int forward(const void *const *in, void *out) {
  const farro_convolution_shape shape = shape_of_images();
  return CALL(farro_convolution_f32)(&shape, in[0], in[1], in[2], FARRO_ACTIVATION_NONE, out);
}

static int backward_x(const void *const *in, void *out) {
  const farro_convolution_shape shape = shape_of_images();
  return CALL(farro_convolution_backward_x_f32)(&shape, in[0], in[1], out);
}

static int backward_weight(const void *const *in, void *out) {
  const farro_convolution_shape shape = shape_of_images();
  return CALL(farro_convolution_backward_weight_f32)(&shape, in[0], in[1], out);
}

const farro_operator convolution_operators[] = {
    {"convolution", "farro_convolution_f32", forward},
    {"convolution_backward_x", "farro_convolution_backward_x_f32", backward_x},
    {"convolution_backward_weight", "farro_convolution_backward_weight_f32", backward_weight},
    {NULL, NULL, NULL},
};
