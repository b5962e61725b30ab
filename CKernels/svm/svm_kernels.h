// Values of K: text for one type of elements.

#ifndef SVM_KERNELS_ONCE
  #define SVM_KERNELS_ONCE

typedef float __attribute__((ext_vector_type(VECTOR_BYTES / 8))) f32_half;
typedef float __attribute__((ext_vector_type(VECTOR_BYTES / 8), aligned(1))) loose_f32_half;

INLINE f64v load_wide(const float *p) { return __builtin_convertvector(*(const loose_f32_half *)p, f64v); }

OVERLOAD void store_narrow(float *p, f32v v) { store(p, v); }
OVERLOAD void store_narrow(float *p, f64v v) { *(loose_f32_half *)p = __builtin_convertvector(v, f32_half); }
OVERLOAD void store_narrow_first(float *p, f32v v, size_t n) { store_first(p, v, n); }
OVERLOAD void store_narrow_first(float *p, f64v v, size_t n) {
  const f32_half narrow = __builtin_convertvector(v, f32_half);
  for (size_t i = 0; i < n; i++) p[i] = narrow[i];
}

// The sum of v in double, lane by lane.
OVERLOAD f64v add_products(f64v sum, f32v v, const double *with) {
  sum = multiply_add(__builtin_convertvector(v.lo, f64v), load(with), sum);
  return multiply_add(__builtin_convertvector(v.hi, f64v), load(with + f64_lanes), sum);
}
OVERLOAD f64v add_products(f64v sum, f64v v, const double *with) { return multiply_add(v, load(with), sum); }

OVERLOAD void add_multiple(double *to, f64v factor, f32v v) {
  store(to, multiply_add(factor, __builtin_convertvector(v.lo, f64v), load(to)));
  store(to + f64_lanes, multiply_add(factor, __builtin_convertvector(v.hi, f64v), load(to + f64_lanes)));
}
OVERLOAD void add_multiple(double *to, f64v factor, f64v v) { store(to, multiply_add(factor, v, load(to))); }

#endif

INLINE VECTOR KERNEL(svm_value)(const farro_svm_kernel kernel, const farro_svm_function *f, VECTOR product, SCALAR norm,
                                VECTOR norms) {
  const SCALAR gamma = (SCALAR)f->gamma, coef0 = (SCALAR)f->coef0;
  if (kernel == FARRO_SVM_LINEAR) return product;
  if (kernel == FARRO_SVM_RBF) {
    const VECTOR distance = multiply_add(product, broadcast((SCALAR)-2), norms + norm);
    return vector_exp_fast(-gamma * at_least(distance, 0));
  }
  const VECTOR sum = multiply_add(product, broadcast(gamma), broadcast(coef0));
  if (kernel == FARRO_SVM_SIGMOID) return vector_tanh(sum);
  VECTOR power = broadcast((SCALAR)1), square = sum;
  for (int32_t degree = f->degree; degree > 0; degree /= 2) {
    if (degree % 2) power *= square;
    square *= square;
  }
  return power;
}

#define SVM_LOOP(kernel, write, write_first)                                                                           \
  case kernel: {                                                                                                       \
    size_t i = 0;                                                                                                      \
    for (; i + LANES <= n; i += LANES)                                                                                 \
      write(to + i, KERNEL(svm_value)(kernel, f, load(from + i), (SCALAR)norm, load(with + i)));                       \
    if (i < n)                                                                                                         \
      write_first(                                                                                                     \
          to + i,                                                                                                      \
          KERNEL(svm_value)(kernel, f, load_first(from + i, n - i), (SCALAR)norm, load_first(with + i, n - i)),        \
          n - i);                                                                                                      \
    break;                                                                                                             \
  }

#define SVM_VALUES(write, write_first)                                                                                 \
  const SCALAR *from = products, *with = norms;                                                                        \
  switch (f->kernel) {                                                                                                 \
    SVM_LOOP(FARRO_SVM_LINEAR, write, write_first)                                                                     \
    SVM_LOOP(FARRO_SVM_POLYNOMIAL, write, write_first)                                                                 \
    SVM_LOOP(FARRO_SVM_RBF, write, write_first)                                                                        \
    SVM_LOOP(FARRO_SVM_SIGMOID, write, write_first)                                                                    \
  default:                                                                                                             \
    break;                                                                                                             \
  }

static void KERNEL(svm_narrow)(const farro_svm_function *f, size_t n, const void *products, double norm,
                               const void *norms, float *to) {
  SVM_VALUES(store_narrow, store_narrow_first)
}

static void KERNEL(svm_exact)(const farro_svm_function *f, size_t n, const void *products, double norm,
                              const void *norms, void *values) {
  SCALAR *to = values;
  SVM_VALUES(store, store_first)
}
#undef SVM_VALUES
#undef SVM_LOOP

static double KERNEL(svm_centre)(size_t d, const void *row, const void *mean, void *to) {
  const SCALAR *x = row, *m = mean;
  SCALAR *y = to;
  f64v sum = broadcast(0.0);
  size_t i = 0;
  for (; i + LANES <= d; i += LANES) {
    const VECTOR v = load(x + i) - load(m + i);
    store(y + i, v);
    sum = add_wide_squares(sum, v);
  }
  if (i < d) {
    const VECTOR v = load_first(x + i, d - i) - load_first(m + i, d - i);
    store_first(y + i, v, d - i);
    sum = add_wide_squares(sum, v);
  }
  return horizontal_sum(sum);
}

static double KERNEL(svm_dot)(size_t n, const void *values, const double *coefficients) {
  const SCALAR *x = values;
  f64v sums[4];
  UNROLL for (size_t j = 0; j < 4; j++) sums[j] = broadcast(0.0);
  size_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES)
    UNROLL for (size_t j = 0; j < 4; j++) sums[j] =
        add_products(sums[j], load(x + i + j * LANES), coefficients + i + j * LANES);
  double rest = 0;
  for (; i < n; i++) rest += (double)x[i] * coefficients[i];
  return horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3])) + rest;
}

static double KERNEL(svm_row_dot)(size_t n, const void *row, const double *weights) {
  const SCALAR *x = row;
  f64v even = broadcast(0.0), odd = even;
  size_t i = 0;
  for (; i + 2 * LANES <= n; i += 2 * LANES) {
    even = add_products(even, load(x + i), weights + i);
    odd = add_products(odd, load(x + i + LANES), weights + i + LANES);
  }
  if (i + LANES <= n) even = add_products(even, load(x + i), weights + i), i += LANES;
  if (i < n) odd = add_products(odd, load_first(x + i, n - i), weights + i);
  return horizontal_sum(even + odd);
}

static void KERNEL(svm_row_add)(size_t n, double factor, const void *row, double *weights) {
  const SCALAR *x = row;
  const f64v by = broadcast(factor);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) add_multiple(weights + i, by, load(x + i));
  if (i < n) add_multiple(weights + i, by, load_first(x + i, n - i));
}

static const svm_kernels KERNEL(svm) = {.narrow = KERNEL(svm_narrow),
                                        .exact = KERNEL(svm_exact),
                                        .centre = KERNEL(svm_centre),
                                        .dot = KERNEL(svm_dot),
                                        .row_dot = KERNEL(svm_row_dot),
                                        .row_add = KERNEL(svm_row_add)};
