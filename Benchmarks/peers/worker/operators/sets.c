// Distances between sets.
#include "operators.h"

static int jaccard(const void *const *in, void *out) {
  const farro_sets_u32 x = {sizes.rows, in[0], in[1]}, y = {sizes.count, in[2], in[3]};
  return CALL(farro_set_distances_u32)(&x, &y, out, sizes.count);
}

const farro_operator set_operators[] = {
    {"set_jaccard", "farro_set_distances_u32", jaccard},
    {NULL, NULL, NULL},
};
