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

static void KERNEL(nearest_two_centers)(size_t rows, size_t k, const void *offsets, const void *products, size_t ld,
                                        double *least, double *seconds, int32_t *labels) {
  const SCALAR *c = offsets;
  const VECTOR infinite = broadcast((SCALAR)__builtin_inf());
  for (size_t i = 0; i < rows; i++) {
    const SCALAR *dots = (const SCALAR *)products + i * ld;
    VECTOR best = infinite, second = infinite;
    INTEGER_VECTOR at = (INTEGER_VECTOR){0} - 1, number = lane_numbers((INTEGER_VECTOR){0});
    for (size_t j = 0; j < k; j += LANES, number += LANES) {
      const size_t n = k - j < LANES ? k - j : LANES;
      const VECTOR offset = load_first_or(c + j, n, (SCALAR)__builtin_inf());
      const VECTOR value = multiply_add(broadcast((SCALAR)-2), load_up_to(dots + j, n), offset);
      const INTEGER_VECTOR is_less = value < best;
      const VECTOR other = is_less ? best : value;
      second = other < second ? other : second;
      best = is_less ? value : best;
      at = is_less ? number : at;
    }
    const SCALAR value = horizontal_min(best);
    const INTEGER_VECTOR last = (INTEGER_VECTOR){0} + INT32_MAX;
    const INTEGER_VECTOR equal = best == broadcast(value) ? at : last; // where nothing was found, at is -1
    const INTEGER_VECTOR first = (INTEGER_VECTOR){0} + __builtin_reduce_min(equal);
    least[i] = (double)value, labels[i] = (int32_t)first[0];
    seconds[i] = (double)horizontal_min(at == first ? second : best); // of lanes that found nothing, both are infinite
  }
}

// sum += weight x
static void KERNEL(add_row)(size_t d, const void *row, double weight, double *sum) {
  const SCALAR *x = row;
  for (size_t i = 0; i < d; i++) sum[i] += weight * (double)x[i];
}

// ---- rows far from one another, for k-means to begin with ----

// A panel of rows lies transposed, so that no sum crosses lanes: two vectors wide, as the sums of four candidates over
// two vectors are enough to keep additions busy, and each broadcast serves twice.
enum { KERNEL(spread_width) = 2 * LANES, KERNEL(spread_depth) = 128 };

static void KERNEL(spread_pack)(size_t rows, size_t d, const SCALAR *x, size_t ldx, SCALAR *to) {
  enum { step = 16 / sizeof(SCALAR), width = KERNEL(spread_width) };
  const size_t whole = d / step * step;
  size_t i = 0;
  for (; i + step <= rows; i += step)
    for (size_t q = 0; q < whole; q += step) KERNEL(transpose_block)(x + i * ldx + q, ldx, to + q * width + i, width);
  for (size_t r = 0; r < width; r++)
    for (size_t q = r < i ? whole : 0; q < d; q++) to[q * width + r] = r < rows ? x[r * ldx + q] : 0;
}

INLINE void KERNEL(spread_block)(const size_t count, size_t depth, const SCALAR *panel, const SCALAR *candidates,
                                 size_t d, VECTOR (*sums)[2]) {
  VECTOR a[4][2];
  UNROLL for (size_t c = 0; c < count; c++) a[c][0] = sums[c][0], a[c][1] = sums[c][1];
  for (size_t q = 0; q < depth; q++) {
    const VECTOR x0 = load(panel + q * 2 * LANES), x1 = load(panel + q * 2 * LANES + LANES);
    UNROLL for (size_t c = 0; c < count; c++) {
      const VECTOR y = broadcast(candidates[c * d + q]), e0 = x0 - y, e1 = x1 - y;
      a[c][0] = multiply_add(e0, e0, a[c][0]), a[c][1] = multiply_add(e1, e1, a[c][1]);
    }
  }
  UNROLL for (size_t c = 0; c < count; c++) sums[c][0] = a[c][0], sums[c][1] = a[c][1];
}

// Up to 32 trials at a time: 2 + log k is never more.
static void KERNEL(spread)(size_t rows, size_t d, const void *x, size_t ldx, size_t trials, const void *candidates,
                           const void *closest, const void *weights, void *distances, size_t ld, double *totals) {
  const VECTOR zeros = broadcast((SCALAR)0);
  SCALAR panel[KERNEL(spread_depth) * KERNEL(spread_width)] __attribute__((aligned(64)));
  VECTOR potentials[32];
  for (size_t c = 0; c < trials; c++) potentials[c] = zeros;
  for (size_t i = 0; i < rows; i += KERNEL(spread_width)) {
    const size_t count = rows - i < KERNEL(spread_width) ? rows - i : KERNEL(spread_width);
    VECTOR sums[32][2];
    for (size_t c = 0; c < trials; c++) sums[c][0] = sums[c][1] = zeros;
    for (size_t q = 0; q < d; q += KERNEL(spread_depth)) {
      const size_t depth = d - q < KERNEL(spread_depth) ? d - q : KERNEL(spread_depth);
      const SCALAR *y = (const SCALAR *)candidates + q;
      KERNEL(spread_pack)(count, depth, (const SCALAR *)x + i * ldx + q, ldx, panel);
      size_t c = 0;
      for (; c + 4 <= trials; c += 4) KERNEL(spread_block)(4, depth, panel, y + c * d, d, sums + c);
      switch (trials - c) {
      case 3:
        KERNEL(spread_block)(3, depth, panel, y + c * d, d, sums + c);
        break;
      case 2:
        KERNEL(spread_block)(2, depth, panel, y + c * d, d, sums + c);
        break;
      case 1:
        KERNEL(spread_block)(1, depth, panel, y + c * d, d, sums + c);
        break;
      default:
        break;
      }
    }
    for (size_t half = 0; half < 2; half++) {
      const size_t first = i + half * LANES;
      if (first >= rows) break;
      const size_t n = rows - first < LANES ? rows - first : LANES;
      const VECTOR before = load_up_to((const SCALAR *)closest + first, n);
      const VECTOR weight = weights ? load_up_to((const SCALAR *)weights + first, n) : broadcast((SCALAR)1);
      for (size_t c = 0; c < trials; c++) {
        const VECTOR value = sums[c][half], less = value < before ? value : before;
        store_first((SCALAR *)distances + c * ld + first, value, n);
        potentials[c] = multiply_add(weight, less, potentials[c]); // behind the last row, less is 0
      }
    }
  }
  for (size_t c = 0; c < trials; c++) totals[c] += (double)horizontal_sum(potentials[c]);
}

static void KERNEL(spread_lower)(size_t rows, const void *distances, void *closest) {
  const SCALAR *value = distances;
  SCALAR *to = closest;
  for (size_t i = 0; i < rows; i++) to[i] = value[i] < to[i] ? value[i] : to[i];
}

static const assign_kernels KERNEL(assign) = {.nearest = KERNEL(nearest_centers),
                                              .nearest_two = KERNEL(nearest_two_centers),
                                              .add = KERNEL(add_row),
                                              .spread = KERNEL(spread),
                                              .lower = KERNEL(spread_lower)};
