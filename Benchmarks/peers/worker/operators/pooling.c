// Pooling of images, (batch, channels, height, width), with square windows.
#include "operators.h"

static farro_pooling_shape shape_of_windows(void) {
  const farro_window rows = {sizes.height, sizes.window_height, sizes.stride, 1, sizes.pad_height, sizes.pad_height};
  const farro_window columns = {sizes.width, sizes.window_width, sizes.stride, 1, sizes.pad_width, sizes.pad_width};
  return (farro_pooling_shape){.planes = sizes.batch * sizes.channels, .rows = rows, .columns = columns};
}

static size_t pooled_elements(const farro_pooling_shape *shape) {
  __typeof__(&farro_window_outputs) outputs = symbol("farro_window_outputs");
  return shape->planes * outputs(&shape->rows, false) * outputs(&shape->columns, false);
}

// With the places, which the way back asks for.
static int max_pool(const void *const *in, void *out) {
  const farro_pooling_shape shape = shape_of_windows();
  if (!space) is_first_call(pooled_elements(&shape) * sizeof(int64_t));
  return CALL(farro_max_pool_f32)(&shape, in[0], out, space);
}

static int max_pool_backward(const void *const *in, void *out) {
  const farro_pooling_shape shape = shape_of_windows();
  if (!space) {
    const size_t elements = pooled_elements(&shape);
    is_first_call(elements * (sizeof(int64_t) + sizeof(float)));
    __typeof__(&farro_max_pool_f32) forward = symbol("farro_max_pool_f32");
    forward(&shape, in[1], (float *)((int64_t *)space + elements), space);
  }
  return CALL(farro_max_pool_backward_f32)(&shape, in[0], space, out);
}

static int average_pool(const void *const *in, void *out) {
  const farro_pooling_shape shape = shape_of_windows();
  return CALL(farro_average_pool_f32)(&shape, true, in[0], out);
}

static int average_pool_backward(const void *const *in, void *out) {
  const farro_pooling_shape shape = shape_of_windows();
  return CALL(farro_average_pool_backward_f32)(&shape, true, in[0], out);
}

const farro_operator pooling_operators[] = {
    {"max_pool", "farro_max_pool_f32", max_pool},
    {"max_pool_backward", "farro_max_pool_backward_f32", max_pool_backward},
    {"average_pool", "farro_average_pool_f32", average_pool},
    {"average_pool_backward", "farro_average_pool_backward_f32", average_pool_backward},
    {NULL, NULL, NULL},
};
