// Distances from one row to others, and rows made ready for a product: text for one type of elements.
//
// A distance is the sum of d terms in four chains, lane by lane: its error is at most (d + 2) u of the sum of their
// magnitudes (far less for long rows: d / (4 LANES) additions follow one another).

// sum + what n elements of x and y contribute, from the i-th.
typedef VECTOR (*KERNEL(row_term))(const SCALAR *x, const ELEMENT *y, size_t i, SCALAR x_scale, SCALAR y_scale,
                                   size_t n, const bool partial, VECTOR sum);

INLINE VECTOR KERNEL(some_scalars)(const SCALAR *x, size_t n, const bool partial) {
  return partial ? load_first(x, n) : load(x);
}

INLINE VECTOR KERNEL(some_elements)(const ELEMENT *y, size_t n, const bool partial) {
  return partial ? load_first(y, n) : load(y);
}

INLINE VECTOR KERNEL(difference_term)(const SCALAR *x, const ELEMENT *y, size_t i, SCALAR x_scale, SCALAR y_scale,
                                      size_t n, const bool partial, VECTOR sum) {
  (void)x_scale, (void)y_scale;
  const VECTOR difference = KERNEL(some_scalars)(x + i, n, partial) - KERNEL(some_elements)(y + i, n, partial);
  return multiply_add(difference, difference, sum);
}

INLINE VECTOR KERNEL(product_term)(const SCALAR *x, const ELEMENT *y, size_t i, SCALAR x_scale, SCALAR y_scale,
                                   size_t n, const bool partial, VECTOR sum) {
  (void)x_scale, (void)y_scale;
  return multiply_add(KERNEL(some_scalars)(x + i, n, partial), KERNEL(some_elements)(y + i, n, partial), sum);
}

INLINE VECTOR KERNEL(square_term)(const SCALAR *x, const ELEMENT *y, size_t i, SCALAR x_scale, SCALAR y_scale, size_t n,
                                  const bool partial, VECTOR sum) {
  (void)x, (void)x_scale; // x may be NULL
  const VECTOR v = y_scale * KERNEL(some_elements)(y + i, n, partial);
  return multiply_add(v, v, sum);
}

// Of x and y as rows of length 1.
INLINE VECTOR KERNEL(angle_term)(const SCALAR *x, const ELEMENT *y, size_t i, SCALAR x_scale, SCALAR y_scale, size_t n,
                                 const bool partial, VECTOR sum) {
  const VECTOR difference =
      x_scale * KERNEL(some_scalars)(x + i, n, partial) - y_scale * KERNEL(some_elements)(y + i, n, partial);
  return multiply_add(difference, difference, sum);
}

INLINE SCALAR KERNEL(sum_terms)(KERNEL(row_term) term, size_t d, const SCALAR *x, const ELEMENT *y, SCALAR x_scale,
                                SCALAR y_scale) {
  enum { chains = 4 };
  VECTOR sums[chains];
  UNROLL for (size_t j = 0; j < chains; j++) sums[j] = broadcast((SCALAR)0);
  size_t i = 0;
  for (; i + chains * LANES <= d; i += chains * LANES)
    UNROLL for (size_t j = 0; j < chains; j++) sums[j] =
        term(x, y, i + j * LANES, x_scale, y_scale, LANES, false, sums[j]);
  for (; i + LANES <= d; i += LANES) sums[0] = term(x, y, i, x_scale, y_scale, LANES, false, sums[0]);
  if (i < d) sums[1] = term(x, y, i, x_scale, y_scale, d - i, true, sums[1]);
  return horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

// Far enough from overflow, and from where squares that matter underflow.
INLINE bool KERNEL(is_moderate)(SCALAR squares) { return squares > (SCALAR)0x1p-60 && squares < (SCALAR)0x1p60; }

// Of all magnitudes; NaN and infinity stay.
static __attribute__((noinline)) double KERNEL(largest)(size_t d, const ELEMENT *y) {
  double largest = 0;
  for (size_t i = 0; i < d; i++) {
    const double magnitude = __builtin_fabs((double)load_first(y + i, 1)[0]);
    if (largest == largest && !(magnitude <= largest)) largest = magnitude;
  }
  return largest;
}

// What makes y a row of length 1: 0 for a row of zeros, NaN for one with an infinity or a NaN, and negative where the
// squares overflow or vanish: angles with such rows are measured slowly.
INLINE SCALAR KERNEL(unit_factor)(size_t d, const ELEMENT *y) {
  const SCALAR squares = KERNEL(sum_terms)(KERNEL(square_term), d, NULL, y, 1, 1);
  if (KERNEL(is_moderate)(squares)) return (SCALAR)1 / __builtin_elementwise_sqrt(squares);
  const double largest = KERNEL(largest)(d, y);
  return largest == 0 ? 0 : largest <= __DBL_MAX__ ? (SCALAR)-1 : (SCALAR)__builtin_nan("");
}

#define ROW_LOOP(value)                                                                                                \
  for (size_t i = 0; i < count; i++) {                                                                                 \
    const ELEMENT *y = (const ELEMENT *)base + (rows ? rows[i] : i) * ld;                                              \
    keys[i] = (double)(value);                                                                                         \
  }

// |x / |x| - y / |y||^2 / 2 for rows of any magnitude but 0: each is scaled by a power of two first.
static __attribute__((noinline)) double KERNEL(angle_of_extremes)(size_t d, const SCALAR *x, const ELEMENT *y) {
  double largest = 0, xx = 0, yy = 0, squares = 0;
  for (size_t i = 0; i < d; i++) largest = __builtin_fmax(largest, __builtin_fabs((double)x[i]));
  int x_exponent, y_exponent;
  (void)__builtin_frexp(largest, &x_exponent);
  (void)__builtin_frexp(KERNEL(largest)(d, y), &y_exponent);
#define SCALED_X __builtin_ldexp((double)x[i], -x_exponent)
#define SCALED_Y __builtin_ldexp((double)load_first(y + i, 1)[0], -y_exponent)
  for (size_t i = 0; i < d; i++) xx += SCALED_X * SCALED_X, yy += SCALED_Y * SCALED_Y;
  const double x_factor = 1 / __builtin_sqrt(xx), y_factor = 1 / __builtin_sqrt(yy);
  for (size_t i = 0; i < d; i++) {
    const double difference = SCALED_X * x_factor - SCALED_Y * y_factor;
    squares += difference * difference;
  }
#undef SCALED_X
#undef SCALED_Y
  return squares / 2;
}

INLINE double KERNEL(angle)(size_t d, const SCALAR *x, const ELEMENT *y, SCALAR x_factor) {
  const SCALAR y_factor = KERNEL(unit_factor)(d, y);
  double half;
  if (x_factor > 0 && y_factor > 0)
    half = 0.5 * (double)KERNEL(sum_terms)(KERNEL(angle_term), d, x, y, x_factor, y_factor);
  else if (!(x_factor == x_factor && y_factor == y_factor))
    return __builtin_nan("");
  else if (x_factor == 0 || y_factor == 0)
    return 1;
  else
    half = (double)(SCALAR)KERNEL(angle_of_extremes)(d, x, y); // ranked as the caller gets it
  return half > 2 ? 2 : half;
}

static double KERNEL(row_factor)(size_t d, const void *row) { return (double)KERNEL(unit_factor)(d, row); }

static void KERNEL(measure_rows)(neighbor_form form, size_t d, const void *query, double query_factor, const void *base,
                                 size_t ld, size_t count, const uint32_t *rows, double *keys) {
  const SCALAR *x = query, x_factor = (SCALAR)query_factor;
  switch (form) {
  case neighbor_squares:
    ROW_LOOP(KERNEL(sum_terms)(KERNEL(difference_term), d, x, y, 1, 1))
    break;
  case neighbor_products:
    ROW_LOOP(-KERNEL(sum_terms)(KERNEL(product_term), d, x, y, 1, 1))
    break;
  default:
    ROW_LOOP(KERNEL(angle)(d, x, y, x_factor))
  }
}
#undef ROW_LOOP

// ---- rows made ready for the product ----

// An extreme row of length 1.
static __attribute__((noinline)) void KERNEL(prepare_extreme)(size_t d, const ELEMENT *y, SCALAR *to) {
  int exponent;
  double squares = 0;
  (void)__builtin_frexp(KERNEL(largest)(d, y), &exponent);
  for (size_t i = 0; i < d; i++) {
    to[i] = (SCALAR)__builtin_ldexp((double)load_first(y + i, 1)[0], -exponent);
    squares += (double)to[i] * (double)to[i];
  }
  for (size_t i = 0; i < d; i++) to[i] = (SCALAR)((double)to[i] / __builtin_sqrt(squares));
}

INLINE VECTOR KERNEL(ready)(neighbor_form form, const ELEMENT *y, const SCALAR *mean, SCALAR factor, size_t i, size_t n,
                            const bool partial) {
  const VECTOR v = KERNEL(some_elements)(y + i, n, partial);
  return form == neighbor_squares  ? v - KERNEL(some_scalars)(mean + i, n, partial)
         : form == neighbor_angles ? v * factor
                                   : v;
}

INLINE SCALAR KERNEL(prepare_row)(const neighbor_form form, size_t d, const ELEMENT *y, const SCALAR *mean, SCALAR *to,
                                  size_t pitch) {
  const SCALAR factor = form == neighbor_angles ? KERNEL(unit_factor)(d, y) : 1;
  if (factor < 0) {
    for (size_t i = 0; i < pitch; i += LANES) store(to + i, broadcast((SCALAR)0));
    KERNEL(prepare_extreme)(d, y, to);
    return 1;
  }
  VECTOR sums[2] = {broadcast((SCALAR)0), broadcast((SCALAR)0)};
  size_t i = 0;
  for (; i + 2 * LANES <= d; i += 2 * LANES) UNROLL for (size_t j = 0; j < 2; j++) {
      const VECTOR v = KERNEL(ready)(form, y, mean, factor, i + j * LANES, LANES, false);
      sums[j] = multiply_add(v, v, sums[j]);
      store(to + i + j * LANES, v);
    }
  for (; i < d; i += LANES) {
    const size_t n = d - i < LANES ? d - i : LANES;
    const VECTOR v = KERNEL(ready)(form, y, mean, factor, i, n, n < LANES);
    sums[0] = multiply_add(v, v, sums[0]);
    store(to + i, v); // zeros behind the d-th: pitch is whole vectors
  }
  for (; i < pitch; i += LANES) store(to + i, broadcast((SCALAR)0));
  return horizontal_sum(sums[0] + sums[1]);
}

static void KERNEL(prepare_rows)(neighbor_form form, size_t rows, size_t d, const void *from, size_t ld,
                                 const void *mean, void *to, size_t pitch, void *norms) {
  for (size_t i = 0; i < rows; i++) {
    const ELEMENT *y = (const ELEMENT *)from + i * ld;
    SCALAR *row = (SCALAR *)to + i * pitch, *norm = (SCALAR *)norms + i;
    switch (form) {
    case neighbor_squares:
      *norm = KERNEL(prepare_row)(neighbor_squares, d, y, mean, row, pitch);
      break;
    case neighbor_angles:
      *norm = KERNEL(prepare_row)(neighbor_angles, d, y, mean, row, pitch);
      break;
    default:
      *norm = KERNEL(prepare_row)(neighbor_products, d, y, mean, row, pitch);
    }
  }
}

static const row_kernels KERNEL(rows) = {
    .element_bytes = sizeof(ELEMENT),
    .factor = KERNEL(row_factor),
    .prepare = KERNEL(prepare_rows),
    .measure = KERNEL(measure_rows),
};
