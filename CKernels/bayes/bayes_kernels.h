// One row at a time into its class's sums, which stay in the first cache where classes and columns are few: memory is
// then the bound.

static void KERNEL(add_class_row)(size_t columns, const void *row, double weight, double *restrict sums) {
  const SCALAR *restrict x = row;
  for (size_t j = 0; j < columns; j++) sums[j] += weight * (double)x[j];
}

static void KERNEL(add_class_row_above)(size_t columns, const void *row, double weight, double threshold,
                                        double *restrict sums) {
  const SCALAR *restrict x = row;
  for (size_t j = 0; j < columns; j++) {
    // NaN and infinity stay in the sum.
    const double strange = (double)x[j] * 0;
    sums[j] += ((double)x[j] > threshold ? weight : 0) + strange;
  }
}

static void KERNEL(add_class_moments)(size_t columns, const void *row, double weight, const double *restrict center,
                                      double *restrict sums, double *restrict squares) {
  const SCALAR *restrict x = row;
  for (size_t j = 0; j < columns; j++) {
    const double z = (double)x[j] - center[j], by = weight * z;
    sums[j] += by;
    squares[j] += by * z;
  }
}

// `count` rows, whose means and factors are read once.
INLINE void KERNEL(likelihood_rows)(size_t columns, const SCALAR *x, size_t x_row, const SCALAR *mean,
                                    const SCALAR *factor, double constant, SCALAR *to, size_t to_row,
                                    const size_t count) {
  VECTOR sums[4];
  UNROLL for (size_t r = 0; r < count; r++) sums[r] = (VECTOR){0};
  for (size_t j = 0; j < columns; j += LANES) {
    const size_t lanes = columns - j < LANES ? columns - j : LANES;
    const VECTOR m = load_up_to(mean + j, lanes), f = load_up_to(factor + j, lanes);
    UNROLL for (size_t r = 0; r < count; r++) {
      const VECTOR z = load_up_to(x + r * x_row + j, lanes) - m;
      sums[r] = multiply_add(z * f, z, sums[r]);
    }
  }
  UNROLL for (size_t r = 0; r < count; r++) to[r * to_row] = (SCALAR)(constant - 0.5 * (double)horizontal_sum(sums[r]));
}

static void KERNEL(normal_likelihood)(size_t rows, size_t columns, const void *from, size_t x_row, size_t class_count,
                                      const void *means, const void *factors, const double *constants, void *to) {
  const SCALAR *x = from, *m = means, *f = factors;
  SCALAR *y = to;
  size_t i = 0;
  for (; i + 4 <= rows; i += 4)
    for (size_t c = 0; c < class_count; c++)
      KERNEL(likelihood_rows)(columns, x + i * x_row, x_row, m + c * columns, f + c * columns, constants[c],
                              y + i * class_count + c, class_count, 4);
  for (; i < rows; i++)
    for (size_t c = 0; c < class_count; c++)
      KERNEL(likelihood_rows)(columns, x + i * x_row, x_row, m + c * columns, f + c * columns, constants[c],
                              y + i * class_count + c, class_count, 1);
}

INLINE void KERNEL(flag_rows)(size_t columns, const SCALAR *x, size_t x_row, SCALAR threshold, const SCALAR *factor,
                              double constant, SCALAR *to, size_t to_row, const size_t count) {
  VECTOR sums[4];
  UNROLL for (size_t r = 0; r < count; r++) sums[r] = (VECTOR){0};
  for (size_t j = 0; j < columns; j += LANES) {
    const size_t lanes = columns - j < LANES ? columns - j : LANES;
    const VECTOR f = load_up_to(factor + j, lanes);
    UNROLL for (size_t r = 0; r < count; r++) {
      const VECTOR v = load_up_to(x + r * x_row + j, lanes);
      // NaN and infinity stay in the sum.
      sums[r] += (v > broadcast(threshold) ? f : (VECTOR){0}) + v * (VECTOR){0};
    }
  }
  UNROLL for (size_t r = 0; r < count; r++) to[r * to_row] = (SCALAR)(constant + (double)horizontal_sum(sums[r]));
}

static void KERNEL(flag_likelihood)(size_t rows, size_t columns, const void *from, size_t x_row, size_t class_count,
                                    double threshold, const void *factors, const double *constants, void *to) {
  const SCALAR *x = from, *f = factors, t = (SCALAR)threshold;
  SCALAR *y = to;
  size_t i = 0;
  for (; i + 4 <= rows; i += 4)
    for (size_t c = 0; c < class_count; c++)
      KERNEL(flag_rows)(columns, x + i * x_row, x_row, t, f + c * columns, constants[c], y + i * class_count + c,
                        class_count, 4);
  for (; i < rows; i++)
    for (size_t c = 0; c < class_count; c++)
      KERNEL(flag_rows)(columns, x + i * x_row, x_row, t, f + c * columns, constants[c], y + i * class_count + c,
                        class_count, 1);
}

static const bayes_kernels KERNEL(bayes_table) = {
    .element_bytes = sizeof(SCALAR),
    .add = KERNEL(add_class_row),
    .add_above = KERNEL(add_class_row_above),
    .add_moments = KERNEL(add_class_moments),
    .likelihood = KERNEL(normal_likelihood),
    .flag_likelihood = KERNEL(flag_likelihood),
};
