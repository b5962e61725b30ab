// Nearest centres of rows from their products, and sums of rows.

// least[i]: the smallest of offsets[j] - 2 products[i][j] over k centres, and where it first is; -1 where none is below
// infinity.
static void KERNEL(nearest_centers)(size_t rows, size_t k, const void *offsets, const void *products, size_t ld,
                                    double *least, int32_t *labels) {
  const SCALAR *c = offsets;
  for (size_t i = 0; i < rows; i++) {
    const SCALAR *dots = (const SCALAR *)products + i * ld;
    VECTOR best = broadcast((SCALAR)__builtin_inf());
    INTEGER_VECTOR at = (INTEGER_VECTOR){0} - 1, number = lane_numbers((INTEGER_VECTOR){0});
    for (size_t j = 0; j < k; j += LANES, number += LANES) {
      const size_t n = k - j < LANES ? k - j : LANES;
      const VECTOR offset = load_first_or(c + j, n, (SCALAR)__builtin_inf());
      const VECTOR value = multiply_add(broadcast((SCALAR)-2), load_up_to(dots + j, n), offset);
      const INTEGER_VECTOR is_less = value < best;
      best = is_less ? value : best;
      at = is_less ? number : at;
    }
    const SCALAR value = horizontal_min(best);
    const INTEGER_VECTOR last = (INTEGER_VECTOR){0} + INT32_MAX;
    const INTEGER_VECTOR equal = best == broadcast(value) ? at : last; // where nothing was found, at is -1
    const int64_t label = (int64_t)__builtin_reduce_min(equal);
    least[i] = (double)value, labels[i] = (int32_t)label;
  }
}

// sum += weight x
static void KERNEL(add_row)(size_t d, const void *row, double weight, double *sum) {
  const SCALAR *x = row;
  for (size_t i = 0; i < d; i++) sum[i] += weight * (double)x[i];
}

static const assign_kernels KERNEL(assign) = {.nearest = KERNEL(nearest_centers), .add = KERNEL(add_row)};
