// Attention, its gradients, and rotary position embedding.
#include "operators.h"

// Of (batch, heads, length, size), or of concatenated sequences (tokens, heads, size) with offsets.
static farro_attention_shape shape_of(const size_t *offsets) {
  const size_t size = sizes.size, length = sizes.length;
  farro_attention_shape shape = {
      .batch = sizes.batch, .heads = sizes.heads, .kv_heads = sizes.heads, .d = size, .dv = size};
  shape.causal = sizes.causal ? FARRO_CAUSAL_START : FARRO_CAUSAL_NONE;
  if (sizes.ragged) {
    shape.queries = shape.keys = offsets[sizes.batch];
    shape.query_offsets = shape.key_offsets = offsets;
    shape.q = (farro_attention_layout){.head = size, .row = sizes.heads * size};
  } else {
    shape.queries = shape.keys = length;
    shape.q = (farro_attention_layout){.batch = sizes.heads * length * size, .head = length * size, .row = size};
  }
  shape.k = shape.v = shape.out = shape.q;
  return shape;
}

static int attention(const void *const *in, void *out) {
  const farro_attention_shape shape = shape_of(in[3]);
  return CALL(farro_attention_f32)(&shape, 1 / __builtin_sqrtf((float)sizes.size), in[0], in[1], in[2], out, NULL);
}

// From queries, keys, values and the gradient of the result, which the first call makes.
static int attention_backward(const void *const *in, void *out) {
  const farro_attention_shape shape = shape_of(NULL);
  const size_t queries = sizes.batch * sizes.heads * sizes.length, elements = queries * sizes.size;
  const float scale = 1 / __builtin_sqrtf((float)sizes.size);
  const bool first = is_first_call((elements + queries) * sizeof(float));
  float *result = space, *log_sums = behind(space, elements);
  __typeof__(&farro_attention_f32) forward = symbol("farro_attention_f32");
  if (first) forward(&shape, scale, in[0], in[1], in[2], result, log_sums);
  return CALL(farro_attention_backward_f32)(&shape, scale, in[0], in[1], in[2], result, log_sums, in[3], out,
                                            behind(out, elements), behind(out, 2 * elements));
}

// x, cosines and sines.
static int rotary(const void *const *in, void *out) {
  const size_t size = sizes.size, length = sizes.length;
  const farro_attention_layout layout = {.batch = sizes.heads * length * size, .head = length * size, .row = size};
  const farro_rotary_shape shape = {.batch = sizes.batch,
                                    .heads = sizes.heads,
                                    .rows = length,
                                    .d = size,
                                    .pairs = size / 2,
                                    .x = layout,
                                    .y = layout,
                                    .table_rows = length};
  return CALL(farro_rotary_f32)(&shape, in[1], in[2], in[0], out);
}

const farro_operator attention_operators[] = {
    {"attention", "farro_attention_f32", attention},
    {"attention_backward", "farro_attention_backward_f32", attention_backward},
    {"rotary", "farro_rotary_f32", rotary},
    {NULL, NULL, NULL},
};
