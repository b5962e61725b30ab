// Rows of a table by their numbers, and the sums of gradients that go back to them.
#include "operators.h"

static farro_embedding_shape shape_of_table(void) {
  return (farro_embedding_shape){sizes.table_rows, sizes.columns, sizes.columns, sizes.count};
}

static int embedding(const void *const *in, void *out) {
  const farro_embedding_shape shape = shape_of_table();
  return CALL(farro_embedding_f32)(&shape, in[0], in[1], out, sizes.columns, NULL);
}

// Adds to zeros, as a gradient begins.
static int embedding_backward(const void *const *in, void *out) {
  const farro_embedding_shape shape = shape_of_table();
  memset(out, 0, sizes.table_rows * sizes.columns * sizeof(float));
  return CALL(farro_embedding_backward_f32)(&shape, in[1], -1, in[0], sizes.columns, out, NULL);
}

const farro_operator embedding_operators[] = {
    {"embedding", "farro_embedding_f32", embedding},
    {"embedding_backward", "farro_embedding_backward_f32", embedding_backward},
    {"scatter_add", "farro_embedding_backward_f32", embedding_backward},
    {NULL, NULL, NULL},
};
