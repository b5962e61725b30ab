// Norms of images, channels first: (batch, channels, spatial).
#include "operators.h"

static int batch_norm_inference(const void *const *in, void *out) {
  return CALL(farro_batch_norm_inference_f32)(sizes.batch, sizes.channels, sizes.spatial, in[0], in[1], in[2], in[3],
                                              in[4], epsilon, out);
}

static int group_norm(const void *const *in, void *out) {
  return CALL(farro_group_norm_f32)(sizes.batch, sizes.channels, sizes.spatial, sizes.groups, in[0], in[1], in[2],
                                    epsilon, out, NULL, NULL);
}

static int group_norm_backward(const void *const *in, void *out) {
  const size_t batch = sizes.batch, channels = sizes.channels, spatial = sizes.spatial, groups = sizes.groups;
  const bool first = is_first_call(2 * batch * groups * sizeof(double));
  double *mean = space, *inverse = mean + batch * groups;
  float *grad_scale = behind(out, batch * channels * spatial), *grad_offset = behind(grad_scale, channels);
  __typeof__(&farro_group_norm_f32) forward = symbol("farro_group_norm_f32");
  if (first) forward(batch, channels, spatial, groups, in[1], in[2], NULL, epsilon, out, mean, inverse);
  return CALL(farro_group_norm_backward_f32)(batch, channels, spatial, groups, in[0], in[1], mean, inverse, epsilon,
                                             in[2], out, grad_scale, grad_offset);
}

const farro_operator image_norm_operators[] = {
    {"batch_norm_inference", "farro_batch_norm_inference_f32", batch_norm_inference},
    {"group_norm", "farro_group_norm_f32", group_norm},
    {"instance_norm", "farro_group_norm_f32", group_norm}, // with as many groups as channels
    {"group_norm_backward", "farro_group_norm_backward_f32", group_norm_backward},
    {NULL, NULL, NULL},
};
