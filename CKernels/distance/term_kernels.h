// Metrics that are made of a term for each coordinate: tiles of all pairs of rows, and panels of pairs. One body serves
// all metrics; a metric says what a term adds to its sums, and what the sums become.
//
// What binds each, per vector of terms, beside two loads that all share; and terms per nanosecond and core of f32 with
// AVX-512, on the machine (Zen 5) where Euclidean distances run at 92, rows in cache, d = 128:
//   manhattan       57   a subtraction, an addition and clearing the sign. Where two pipes add (also on 512 bits) and
//                        others do logic, that is one vector a cycle; measured: 0.92 of it, 0.94 with AVX2
//   chebyshev       67   the same with a maximum of integers, which the logic's pipes take
//   powers 3 to 6   32   up to 4 multiplications beside that
//   braycurtis      28   2 additions more
//   canberra        25   a division
//   minkowski       2.0  a division, a logarithm and an exponential function; the largest difference is found before
//   jensenshannon   1.4  a division, a polynomial and, if any lane needs them, 2 logarithms
//   haversine       1.4  distances: 2 sines and an arc sine each
// Bounds: a sum of d terms of one sign, each within c u of itself, is within (d + c - 1) u. Terms of Manhattan carry u,
// of Canberra 3 u (difference, sum, quotient), each sum of Bray-Curtis u. Minkowski's, with r = |x - y| / largest, are
// e^y for y = p log r: within 2 p u of the roundings of r, 3 u |y| of logarithm and product and 8 u of the exponential,
// and since the terms' sum is at least 1 and e^y |y| at most 1/e, the sum is within (2.2 d + 2 p + 8) u; its root
// divides that by p and adds (4 log d) / p + 10 units. Jensen-Shannon's distance is a metric, so that the (d + 2) u of
// each proportion moves it by at most (d + 2) u / sqrt(2) in all; terms within 40 u, summed, count by half under the
// root. Haversine: a rounded difference changes its sine by as much, and the distance by that over cos(t/2); the sines,
// cosines and products by another 22 u sin(t/2) / cos(t/2); the arc sine by 8 u t.
//
// Pairs run at 1 to 3 terms per nanosecond: laying out their rows binds them, about 24 GB/s.

// Rows of x that run together, a divisor of MATMUL_ROWS. By 2 vectors that makes 12 or 14 sums: enough to hide an
// addition's latency on two pipes, with registers left for the differences. Fewer where a term has two sums.
#if MATMUL_ROWS == 14
  #define DISTANCE_ROWS 7
  #define DISTANCE_ROWS_OF_TWO_SUMS 5
#else
  #define DISTANCE_ROWS 6
  #define DISTANCE_ROWS_OF_TWO_SUMS 3
#endif

// One where a term takes long and has many constants, which need registers.
#define TERM_ROWS(kernel)                                                                                              \
  ((kernel) == FARRO_METRIC_MINKOWSKI || (kernel) == FARRO_METRIC_JENSEN_SHANNON || (kernel) == FARRO_METRIC_HAVERSINE \
       ? 1                                                                                                             \
   : (kernel) == FARRO_METRIC_BRAY_CURTIS ? DISTANCE_ROWS_OF_TWO_SUMS                                                  \
                                          : DISTANCE_ROWS)

typedef struct {
  VECTOR sum, other;
} KERNEL(distance_terms);

// The larger magnitude, and NaN if either is: as integers, the bits of NaN are larger than those of infinity.
INLINE VECTOR KERNEL(larger_magnitude)(VECTOR magnitude, VECTOR x) {
  const VECTOR other = __builtin_elementwise_abs(x);
  return (VECTOR)__builtin_elementwise_max((INTEGER_VECTOR)magnitude, (INTEGER_VECTOR)other);
}

// x^n for a constant n from 3 to 6.
INLINE VECTOR KERNEL(small_power)(VECTOR x, const size_t n) {
  const VECTOR square = x * x;
  return n == 3 ? square * x : n == 4 ? square * square : n == 5 ? square * square * x : square * square * square;
}

INLINE KERNEL(distance_terms)
    KERNEL(distance_add)(const size_t kernel, VECTOR x, VECTOR y, SCALAR p, KERNEL(distance_terms) s) {
  const VECTOR difference = x - y, magnitude = __builtin_elementwise_abs(difference);
  switch (kernel) {
  case FARRO_METRIC_MANHATTAN:
    s.sum += magnitude;
    break;
  case FARRO_METRIC_EUCLIDEAN:
  case FARRO_METRIC_SQUARED_EUCLIDEAN:
  case FARRO_METRIC_HELLINGER:
    s.sum = multiply_add(difference, difference, s.sum);
    break;
  case FARRO_METRIC_COSINE:
  case FARRO_METRIC_CORRELATION:
    s.other = multiply_add(difference, difference, s.other);
    s.sum = multiply_add(x, y, s.sum);
    break;
  case FARRO_METRIC_INNER_PRODUCT:
    s.sum = multiply_add(x, y, s.sum);
    break;
  case FARRO_METRIC_CHEBYSHEV:
    s.sum = KERNEL(larger_magnitude)(s.sum, difference);
    break;
  case FARRO_METRIC_MINKOWSKI: // of magnitudes by the largest
    s.sum += vector_exp_fast(p * vector_log_fast(magnitude / s.other));
    break;
  case FARRO_METRIC_CANBERRA: {
    const VECTOR size = __builtin_elementwise_abs(x) + __builtin_elementwise_abs(y);
    const VECTOR least = broadcast((SCALAR)(sizeof(SCALAR) == 4 ? 0x1p-149 : 0x1p-1074));
    s.sum += magnitude / (size > least ? size : least);
    break;
  }
  case FARRO_METRIC_BRAY_CURTIS:
    s.sum += magnitude;
    s.other += __builtin_elementwise_abs(x + y);
    break;
  case FARRO_METRIC_JENSEN_SHANNON:
    s.sum += vector_divergence(x, y);
    break;
  case FARRO_METRIC_HAVERSINE: { // the latitudes' term comes first
    const VECTOR sine = vector_sin_fast((SCALAR)0.5 * magnitude);
    s.other = s.sum;
    s.sum = sine * sine;
    break;
  }
  default:
    s.sum += KERNEL(small_power)(magnitude, kernel - distance_power_3 + 3);
  }
  return s;
}

// The p-th root of a sum of p-th powers. The logarithm of a sum far from 1 is large, and its rounding with it: for a
// small integer p, a step of Newton's method follows. Sums that may have lost to overflow or underflow give -1.
INLINE VECTOR KERNEL(small_root)(VECTOR sum, const size_t p) {
  const VECTOR root = vector_exp_fast(((SCALAR)1 / (SCALAR)p) * vector_log_fast(sum));
  const VECTOR miss = (sum - KERNEL(small_power)(root, p)) / sum;
  const VECTOR value = multiply_add(((SCALAR)1 / (SCALAR)p) * root, miss, root);
  const INTEGER_VECTOR kept = (sum > (SCALAR)0x1p-90) & (sum < (SCALAR)0x1p120);
  return kept ? value : broadcast((SCALAR)-1);
}

// The distances, with what `prepare` wrote of their rows.
INLINE VECTOR KERNEL(distance_finish)(const size_t kernel, KERNEL(distance_terms) s, VECTOR x_norm, VECTOR y_norm,
                                      SCALAR p) {
  switch (kernel) {
  case FARRO_METRIC_EUCLIDEAN:
    return __builtin_elementwise_sqrt(s.sum);
  case FARRO_METRIC_HELLINGER:
    return __builtin_elementwise_sqrt((SCALAR)0.5 * s.sum);
  case FARRO_METRIC_COSINE:
  case FARRO_METRIC_CORRELATION: { // as in product_tile
    const VECTOR far = (SCALAR)1 - s.sum, near = (SCALAR)0.5 * s.other, two = broadcast((SCALAR)2);
    const VECTOR value = far > (SCALAR)1 / 16 ? (far > two ? two : far) : near;
    return kernel == FARRO_METRIC_COSINE ? value : value + (x_norm + y_norm);
  }
  case FARRO_METRIC_BRAY_CURTIS:
    return s.sum / s.other;
  case FARRO_METRIC_JENSEN_SHANNON:
    return __builtin_elementwise_sqrt((SCALAR)0.5 * s.sum) + (x_norm + y_norm);
  case FARRO_METRIC_HAVERSINE: {
    const VECTOR squared = at_most(multiply_add(x_norm * y_norm, s.sum, s.other), (SCALAR)1);
    return (SCALAR)2 * vector_asin_unit(__builtin_elementwise_sqrt(squared));
  }
  case FARRO_METRIC_MINKOWSKI: { // a largest difference of 0, infinity or NaN is the distance
    const INTEGER_VECTOR is_finite = (s.other > (SCALAR)0) & (s.other < (SCALAR)INFINITY);
    return is_finite ? vector_exp_fast(vector_log_fast(s.sum) / p) * s.other : s.other;
  }
  case distance_power_3:
  case distance_power_4:
  case distance_power_5:
  case distance_power_6:
    return KERNEL(small_root)(s.sum, kernel - distance_power_3 + 3);
  default:
    return s.sum;
  }
}

// Sums of the terms between `rows` rows of x from `first` on and all columns; of a panel of pairs, between the rows of
// x and y that lie in the same lane. Rows past the last repeat it, so that one body serves every number of rows.
INLINE void KERNEL(distance_sums)(const size_t kernel, const bool paired, const size_t rows, const distance_tile *t,
                                  size_t first, KERNEL(distance_terms) sums[][MATMUL_VECTORS]) {
  const SCALAR *x = (const SCALAR *)t->x + first, *y = t->y;
  const size_t x_step = paired ? MATMUL_COLUMNS : t->rows;
  const SCALAR p = (SCALAR)t->p;
  size_t row[DISTANCE_ROWS];
  UNROLL for (size_t i = 0; i < rows; i++) row[i] = KERNEL(distance_row)(i, t->rows - first);
  for (size_t k = 0; k < t->d; k++, x += x_step, y += MATMUL_COLUMNS) {
    VECTOR column[MATMUL_VECTORS];
    UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) column[j] = load(y + j * LANES);
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) {
      const VECTOR value = paired ? load(x + j * LANES) : broadcast(x[row[i]]);
      sums[i][j] = KERNEL(distance_add)(kernel, value, column[j], p, sums[i][j]);
    }
  }
}

// The distances of these rows.
INLINE void KERNEL(distance_values)(const size_t kernel, const bool paired, const size_t rows, const distance_tile *t,
                                    size_t first, VECTOR values[][MATMUL_VECTORS]) {
  const VECTOR zero = broadcast((SCALAR)0);
  KERNEL(distance_terms) sums[DISTANCE_ROWS][MATMUL_VECTORS];
  UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) sums[i][j] =
      (KERNEL(distance_terms)){zero, zero};
  if (kernel == FARRO_METRIC_MINKOWSKI) {
    KERNEL(distance_sums)(FARRO_METRIC_CHEBYSHEV, paired, rows, t, first, sums);
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) sums[i][j] =
        (KERNEL(distance_terms)){zero, sums[i][j].sum};
  }
  KERNEL(distance_sums)(kernel, paired, rows, t, first, sums);
  UNROLL for (size_t i = 0; i < rows; i++) {
    const SCALAR *x_norms = (const SCALAR *)t->x_norms + KERNEL(distance_row)(first + i, t->rows);
    UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) {
      const VECTOR x_norm = paired ? load(x_norms + j * LANES) : broadcast(*x_norms);
      const VECTOR y_norm = load((const SCALAR *)t->y_norms + j * LANES);
      values[i][j] = KERNEL(distance_finish)(kernel, sums[i][j], x_norm, y_norm, (SCALAR)t->p);
    }
  }
}

INLINE void KERNEL(distance_store)(const distance_tile *t, const size_t rows, size_t first,
                                   VECTOR values[][MATMUL_VECTORS]) {
  UNROLL for (size_t i = 0; i < rows; i++) {
    if (first + i == t->rows) return;
    SCALAR *to = (SCALAR *)t->out + (first + i) * t->ld_out;
    UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) {
      if (t->columns >= (j + 1) * LANES)
        store(to + j * LANES, values[i][j]);
      else if (t->columns > j * LANES)
        store_first(to + j * LANES, values[i][j], t->columns - j * LANES);
    }
  }
}

// Where small powers have overflowed or vanished, those of quotients do neither. Out of line: a rare path must not take
// the common one's registers.
#define POWERS_ANEW(name, paired)                                                                                      \
  static __attribute__((noinline)) void KERNEL(name)(const distance_tile *t, size_t first,                             \
                                                     VECTOR values[][MATMUL_VECTORS]) {                                \
    for (size_t i = 0; i < DISTANCE_ROWS && first + i < t->rows; i++) {                                                \
      VECTOR anew[1][MATMUL_VECTORS];                                                                                  \
      KERNEL(distance_values)(FARRO_METRIC_MINKOWSKI, paired, 1, t, first + i, anew);                                  \
      UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) values[i][j] =                                                \
          values[i][j] < (SCALAR)0 ? anew[0][j] : values[i][j];                                                        \
    }                                                                                                                  \
  }
POWERS_ANEW(powers_anew, false)
POWERS_ANEW(paired_powers_anew, true)
#undef POWERS_ANEW

INLINE bool KERNEL(any_negative)(const size_t rows, VECTOR values[][MATMUL_VECTORS]) {
  INTEGER_VECTOR negative = values[0][0] < (SCALAR)0;
  UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < MATMUL_VECTORS; j++) negative |=
      values[i][j] < (SCALAR)0;
  return __builtin_reduce_or(negative) != 0;
}

INLINE void KERNEL(term_tile)(const size_t kernel, const bool paired, const size_t rows, const distance_tile *t) {
  VECTOR values[DISTANCE_ROWS][MATMUL_VECTORS];
  for (size_t first = 0; first < t->rows; first += rows) {
    KERNEL(distance_values)(kernel, paired, rows, t, first, values);
    if (kernel >= distance_power_3 && KERNEL(any_negative)(rows, values)) {
      if (paired)
        KERNEL(paired_powers_anew)(t, first, values);
      else
        KERNEL(powers_anew)(t, first, values);
    }
    KERNEL(distance_store)(t, rows, first, values);
  }
}

#define TILE(name, kernel)                                                                                             \
  static void KERNEL(name##_tile)(const distance_tile *t) { KERNEL(term_tile)(kernel, false, TERM_ROWS(kernel), t); }  \
  static void KERNEL(name##_pairs)(const distance_tile *t) { KERNEL(term_tile)(kernel, true, 1, t); }
#define PAIRS(name, kernel)                                                                                            \
  static void KERNEL(name##_pairs)(const distance_tile *t) { KERNEL(term_tile)(kernel, true, 1, t); }

TILE(manhattan, FARRO_METRIC_MANHATTAN)
TILE(chebyshev, FARRO_METRIC_CHEBYSHEV)
TILE(minkowski, FARRO_METRIC_MINKOWSKI)
TILE(canberra, FARRO_METRIC_CANBERRA)
TILE(bray_curtis, FARRO_METRIC_BRAY_CURTIS)
TILE(jensen_shannon, FARRO_METRIC_JENSEN_SHANNON)
TILE(haversine, FARRO_METRIC_HAVERSINE)
TILE(power_3, distance_power_3)
TILE(power_4, distance_power_4)
TILE(power_5, distance_power_5)
TILE(power_6, distance_power_6)
PAIRS(euclidean, FARRO_METRIC_EUCLIDEAN)
PAIRS(squared, FARRO_METRIC_SQUARED_EUCLIDEAN)
PAIRS(cosine, FARRO_METRIC_COSINE)
PAIRS(inner_product, FARRO_METRIC_INNER_PRODUCT)
PAIRS(correlation, FARRO_METRIC_CORRELATION)
PAIRS(hellinger, FARRO_METRIC_HELLINGER)
#undef TILE
#undef PAIRS
#undef TERM_ROWS
#undef DISTANCE_ROWS_OF_TWO_SUMS
