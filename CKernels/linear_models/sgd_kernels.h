// A row against weights in double: text for one element type. Two chains of each half: rows are short.

INLINE void KERNEL(wide_load)(const SCALAR *x, f64v v[LANES / f64_lanes]) {
  typedef SCALAR some __attribute__((ext_vector_type(f64_lanes), aligned(1)));
  UNROLL for (size_t h = 0; h < LANES / f64_lanes; h++) v[h] =
      __builtin_convertvector(*(const some *)(x + h * f64_lanes), f64v);
}

static double KERNEL(sgd_dot)(size_t d, const void *row, const double *w) {
  enum { halves = LANES / f64_lanes };
  const SCALAR *x = row;
  f64v sums[2][halves];
  UNROLL for (size_t c = 0; c < 2; c++) UNROLL for (size_t h = 0; h < halves; h++) sums[c][h] = broadcast(0.0);
  size_t j = 0;
  for (; j + 2 * LANES <= d; j += 2 * LANES) UNROLL for (size_t c = 0; c < 2; c++) {
      f64v v[halves];
      KERNEL(wide_load)(x + j + c * LANES, v);
      UNROLL for (size_t h = 0; h < halves; h++) sums[c][h] =
          multiply_add(v[h], load(w + j + c * LANES + h * f64_lanes), sums[c][h]);
    }
  for (; j + LANES <= d; j += LANES) {
    f64v v[halves];
    KERNEL(wide_load)(x + j, v);
    UNROLL for (size_t h = 0; h < halves; h++) sums[0][h] = multiply_add(v[h], load(w + j + h * f64_lanes), sums[0][h]);
  }
  f64v total = sums[0][0] + sums[1][0];
  UNROLL for (size_t h = 1; h < halves; h++) total += sums[0][h] + sums[1][h];
  double sum = horizontal_sum(total);
  for (; j < d; j++) sum += (double)x[j] * w[j];
  return sum;
}

static void KERNEL(sgd_add)(size_t d, double factor, const void *row, double *w) {
  const SCALAR *x = row;
  for (size_t j = 0; j < d; j++) w[j] += factor * (double)x[j];
}

static const sgd_kernels KERNEL(sgd) = {
    .element_bytes = sizeof(SCALAR),
    .dot = KERNEL(sgd_dot),
    .add = KERNEL(sgd_add),
};
