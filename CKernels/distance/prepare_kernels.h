// Preparing packed panels: what a metric does to each row once, before it meets the others.

INLINE size_t KERNEL(distance_row)(size_t i, size_t rows) { return i < rows ? i : rows - 1; }

INLINE VECTOR KERNEL(panel_load)(const SCALAR *from, size_t count) {
  return count == LANES ? load(from) : load_first(from, count);
}

// Sums and squared norms of `count` rows. The squares are added in the order of the microkernel's sums: so x.y of equal
// rows is their norm, bit by bit.
INLINE VECTOR KERNEL(panel_sums)(const bool squares, const SCALAR *panel, size_t width, size_t count, size_t d) {
  VECTOR sum = broadcast((SCALAR)0);
  for (size_t k = 0; k < d; k++) {
    const VECTOR value = KERNEL(panel_load)(panel + k * width, count);
    sum = squares ? multiply_add(value, value, sum) : sum + value;
  }
  return sum;
}

// Eight steps are loaded before the first is stored: a load that overlaps the partial vector just stored would wait for
// it to reach the cache, which takes longer than all the rest.
INLINE void KERNEL(panel_change)(const panel_change change, SCALAR *panel, size_t width, size_t count, size_t d,
                                 VECTOR by) {
  enum { steps = 8 };
  for (size_t k = 0; k < d; k += steps) {
    VECTOR values[steps];
    UNROLL for (size_t i = 0; i < steps; i++) {
      const VECTOR value = KERNEL(panel_load)(panel + KERNEL(distance_row)(k + i, d) * width, count);
      values[i] = change == panel_multiply ? by * value
                  : change == panel_add    ? by + value
                                           : __builtin_elementwise_sqrt(value);
    }
    UNROLL for (size_t i = 0; i < steps; i++)
        store_first(panel + KERNEL(distance_row)(k + i, d) * width, values[i], count);
  }
}

// A block after the loop over the rows of a panel, LANES at a time: `rows` of them, `count` in number.
#define PANEL_ROWS(body)                                                                                               \
  for (size_t i = 0; i < width; i += LANES) {                                                                          \
    SCALAR *rows = (SCALAR *)panel + i, *norm = (SCALAR *)norms + i;                                                   \
    const size_t count = width - i < LANES ? width - i : LANES;                                                        \
    body                                                                                                               \
  }

static void KERNEL(norms)(size_t width, size_t d, void *panel, void *norms) {
  PANEL_ROWS(store_first(norm, KERNEL(panel_sums)(true, rows, width, count, d), count);)
}

// Divides rows by their largest magnitude, where `needed`: their squares then neither overflow nor vanish.
static __attribute__((noinline)) void KERNEL(panel_rescale)(SCALAR *panel, size_t width, size_t count, size_t d,
                                                            INTEGER_VECTOR needed) {
  VECTOR largest = broadcast((SCALAR)0);
  for (size_t k = 0; k < d; k++) {
    const VECTOR value = __builtin_elementwise_abs(KERNEL(panel_load)(panel + k * width, count));
    largest = value > largest ? value : largest;
  }
  needed &= largest > (SCALAR)0;
  // The inverse of a subnormal number may overflow.
  const VECTOR most = broadcast((SCALAR)(sizeof(SCALAR) == 4 ? 0x1p127 : 0x1p1023)), inverse = (SCALAR)1 / largest;
  const VECTOR factor = inverse > most ? most : inverse;
  KERNEL(panel_change)
  (panel_multiply, panel, width, count, d, needed ? factor : broadcast((SCALAR)1));
}

INLINE void KERNEL(panel_normalize)(SCALAR *rows, size_t width, size_t count, size_t d) {
  VECTOR squares = KERNEL(panel_sums)(true, rows, width, count, d);
  // Far enough from overflow in both precisions, and from where squares that matter underflow. Lanes past the last row
  // hold zeros, which mean nothing.
  const VECTOR ones = broadcast((SCALAR)1);
  const INTEGER_VECTOR used = KERNEL(panel_load)((const SCALAR *)&ones, count) > (SCALAR)0;
  const INTEGER_VECTOR extreme = used & ~((squares > (SCALAR)0x1p-60) & (squares < (SCALAR)0x1p60));
  if (__builtin_reduce_or(extreme)) {
    KERNEL(panel_rescale)(rows, width, count, d, extreme);
    squares = KERNEL(panel_sums)(true, rows, width, count, d);
  }
  const VECTOR length = __builtin_elementwise_sqrt(squares);
  const VECTOR factor = squares == (SCALAR)0 ? ones : ones / length;
  KERNEL(panel_change)(panel_multiply, rows, width, count, d, factor);
}

static void KERNEL(normalize)(size_t width, size_t d, void *panel, void *norms) {
  PANEL_ROWS((void)norm; KERNEL(panel_normalize)(rows, width, count, d);)
}

// Less their mean, and that twice: the first mean may be off by d u of the largest coordinate, the second by d u of
// that. What is left is the same for all coordinates of a row, and counts in second order, because the others sum to 0.
// The "norm" is NaN for a row of equal coordinates, which has no direction, and 0 for others.
static void KERNEL(center)(size_t width, size_t d, void *panel, void *norms) {
  const VECTOR zeros = broadcast((SCALAR)0), nan = broadcast((SCALAR)NAN);
  PANEL_ROWS({
    INTEGER_VECTOR constant = zeros == zeros;
    for (size_t k = 1; k < d; k++)
      constant &= KERNEL(panel_load)(rows + k * width, count) == KERNEL(panel_load)(rows, count);
    store_first(norm, constant ? nan : zeros, count);
    for (int pass = 0; pass < 2; pass++) {
      const VECTOR sums = KERNEL(panel_sums)(false, rows, width, count, d);
      KERNEL(panel_change)(panel_add, rows, width, count, d, sums / -(SCALAR)d);
    }
    KERNEL(panel_normalize)(rows, width, count, d);
  })
}

static void KERNEL(roots)(size_t width, size_t d, void *panel, void *norms) {
  PANEL_ROWS({
    KERNEL(panel_change)(panel_root, rows, width, count, d, broadcast((SCALAR)0));
    store_first(norm, KERNEL(panel_sums)(true, rows, width, count, d), count);
  })
}

// To a sum of 1. The "norm" is infinite for what is no distribution, a row that is zero or has a negative coordinate.
static void KERNEL(proportions)(size_t width, size_t d, void *panel, void *norms) {
  const VECTOR zeros = broadcast((SCALAR)0), infinite = broadcast((SCALAR)INFINITY);
  PANEL_ROWS({
    const VECTOR sums = KERNEL(panel_sums)(false, rows, width, count, d);
    INTEGER_VECTOR is_none = sums == zeros;
    for (size_t k = 0; k < d; k++) is_none |= KERNEL(panel_load)(rows + k * width, count) < zeros;
    store_first(norm, is_none ? infinite : zeros, count);
    KERNEL(panel_change)(panel_multiply, rows, width, count, d, is_none ? zeros : (SCALAR)1 / sums);
  })
}

// The cosine of the latitude, the first of the two coordinates.
static void KERNEL(latitudes)(size_t width, size_t d, void *panel, void *norms) {
  (void)d;
  PANEL_ROWS(store_first(norm, vector_cos(KERNEL(panel_load)(rows, count)), count);)
}
#undef PANEL_ROWS
