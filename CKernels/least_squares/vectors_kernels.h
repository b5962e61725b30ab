// Products, sums and rotations of vectors of double. Sums run in four chains, in an order that depends on n alone.

static double dot_vectors(size_t n, const double *x, const double *y) {
  f64v sums[4] = {0};
  size_t i = 0;
  for (; i + 4 * f64_lanes <= n; i += 4 * f64_lanes)
    UNROLL for (size_t k = 0; k < 4; k++) sums[k] =
        multiply_add(load(x + i + k * f64_lanes), load(y + i + k * f64_lanes), sums[k]);
  for (; i + f64_lanes <= n; i += f64_lanes) sums[0] = multiply_add(load(x + i), load(y + i), sums[0]);
  if (i < n) sums[1] = multiply_add(load_first(x + i, n - i), load_first(y + i, n - i), sums[1]);
  return horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

static void add_vector(size_t n, double factor, const double *x, double *y) {
  const f64v f = broadcast(factor);
  size_t i = 0;
  for (; i + f64_lanes <= n; i += f64_lanes) store(y + i, multiply_add(f, load(x + i), load(y + i)));
  if (i < n) store_first(y + i, multiply_add(f, load_first(x + i, n - i), load_first(y + i, n - i)), n - i);
}

static double dot_floats(size_t n, const float *x, const double *y) {
  f64v sums[2] = {0};
  size_t i = 0;
  for (; i + f32_lanes <= n; i += f32_lanes) {
    const f32v v = load(x + i);
    sums[0] = multiply_add(__builtin_convertvector(v.lo, f64v), load(y + i), sums[0]);
    sums[1] = multiply_add(__builtin_convertvector(v.hi, f64v), load(y + i + f64_lanes), sums[1]);
  }
  double rest = 0;
  for (; i < n; i++) rest += (double)x[i] * y[i];
  return horizontal_sum(sums[0] + sums[1]) + rest;
}

static void add_floats(size_t n, double factor, const float *x, double *y) {
  const f64v f = broadcast(factor);
  size_t i = 0;
  for (; i + f32_lanes <= n; i += f32_lanes) {
    const f32v v = load(x + i);
    store(y + i, multiply_add(f, __builtin_convertvector(v.lo, f64v), load(y + i)));
    store(y + i + f64_lanes, multiply_add(f, __builtin_convertvector(v.hi, f64v), load(y + i + f64_lanes)));
  }
  for (; i < n; i++) y[i] += factor * (double)x[i];
}

static void rotate_vectors(size_t n, double cosine, double sine, double *x, double *y) {
  const f64v c = broadcast(cosine), s = broadcast(sine);
  size_t i = 0;
  for (; i + f64_lanes <= n; i += f64_lanes) {
    const f64v a = load(x + i), b = load(y + i);
    store(x + i, multiply_add(c, a, s * b));
    store(y + i, multiply_add(c, b, -(s * a)));
  }
  if (i < n) {
    const f64v a = load_first(x + i, n - i), b = load_first(y + i, n - i);
    store_first(x + i, multiply_add(c, a, s * b), n - i);
    store_first(y + i, multiply_add(c, b, -(s * a)), n - i);
  }
}

static void dot_pair(size_t n, const double *x, const double *y, double products[3]) {
  f64v xx[2] = {0}, xy[2] = {0}, yy[2] = {0};
  size_t i = 0;
  for (; i + 2 * f64_lanes <= n; i += 2 * f64_lanes) {
    UNROLL for (size_t k = 0; k < 2; k++) {
      const f64v a = load(x + i + k * f64_lanes), b = load(y + i + k * f64_lanes);
      xx[k] = multiply_add(a, a, xx[k]), xy[k] = multiply_add(a, b, xy[k]), yy[k] = multiply_add(b, b, yy[k]);
    }
  }
  while (i < n) {
    const size_t count = n - i < f64_lanes ? n - i : f64_lanes;
    const f64v a = load_first(x + i, count), b = load_first(y + i, count);
    xx[0] = multiply_add(a, a, xx[0]), xy[0] = multiply_add(a, b, xy[0]), yy[0] = multiply_add(b, b, yy[0]);
    i += count;
  }
  products[0] = horizontal_sum(xx[0] + xx[1]);
  products[1] = horizontal_sum(xy[0] + xy[1]);
  products[2] = horizontal_sum(yy[0] + yy[1]);
}

static double update_row(size_t n, double a, const double *x, double b, const double *y, const double *next,
                         double *row) {
  const f64v by_x = broadcast(a), by_y = broadcast(b);
  f64v sums[2] = {0};
  size_t i = 0;
  for (; i + 2 * f64_lanes <= n; i += 2 * f64_lanes) {
    UNROLL for (size_t k = 0; k < 2; k++) {
      const size_t at = i + k * f64_lanes;
      const f64v now = multiply_add(by_x, load(x + at), multiply_add(by_y, load(y + at), load(row + at)));
      store(row + at, now);
      sums[k] = multiply_add(now, load(next + at), sums[k]);
    }
  }
  while (i < n) {
    const size_t count = n - i < f64_lanes ? n - i : f64_lanes;
    const f64v now = multiply_add(by_x, load_first(x + i, count),
                                  multiply_add(by_y, load_first(y + i, count), load_first(row + i, count)));
    store_first(row + i, now, count);
    sums[0] = multiply_add(now, load_first(next + i, count), sums[0]);
    i += count;
  }
  return horizontal_sum(sums[0] + sums[1]);
}

static const vector_kernels vectors_table = {.dot = dot_vectors,
                                             .add = add_vector,
                                             .dot_floats = dot_floats,
                                             .add_floats = add_floats,
                                             .rotate = rotate_vectors,
                                             .pair = dot_pair,
                                             .update = update_row};
