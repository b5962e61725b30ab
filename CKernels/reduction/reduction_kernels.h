// Reductions of one block: of contiguous elements to one result, and of rows to one result per column.
//
// Contiguous: several accumulators hide the latency of the additions (4 cycles at two a cycle need 8) and shorten the
// chains that rounding errors build up along. Columns: accumulators for all columns lie in the L1 cache. Short rows are
// taken four at a time, so that each accumulator is touched once per four rows. Long ones are taken in the order in
// which they lie, the one after the next being fetched: out of cache that gave 36 GB/s, and four streams at once 28,
// where contiguous elements were summed at 38 (Zen 5, one thread).

enum {
  KERNEL(accumulators) = 8,
  KERNEL(column_vectors) = reduction_row_bytes / VECTOR_BYTES,
};

// ---- what combines elements ----

// `how` is one of sum, product, max, min, and constant where these are inlined.
INLINE VECTOR KERNEL(combine)(const reduction how, VECTOR a, VECTOR b) {
  switch (how) {
  case reduction_sum:
    return a + b;
  case reduction_product:
    return a * b;
  case reduction_max:
    return MAXIMUM(a, b);
  default:
    return MINIMUM(a, b);
  }
}

// What changes nothing when it is combined; for max and min also the answer where there is nothing else.
INLINE SCALAR KERNEL(neutral)(const reduction how) {
  return how == reduction_sum       ? (SCALAR)0
         : how == reduction_product ? (SCALAR)1
         : how == reduction_max     ? (SCALAR)-INFINITY
                                    : (SCALAR)INFINITY;
}

INLINE SCALAR KERNEL(horizontal)(const reduction how, VECTOR v) {
  switch (how) {
  case reduction_sum:
    return horizontal_sum(v);
  case reduction_product:
    return horizontal_product(v);
  case reduction_max:
    return horizontal_max(v);
  default:
    return horizontal_min(v);
  }
}

INLINE bool KERNEL(is_extreme)(const reduction how) { return how == reduction_max || how == reduction_min; }

// The better of two numbers, in one instruction where that of a number and a NaN would take four. Of a NaN a and a
// number b it is b.
INLINE VECTOR KERNEL(better)(const reduction how, VECTOR a, VECTOR b) {
  return how == reduction_max ? (a > b ? a : b) : (a < b ? a : b);
}

// ---- contiguous elements ----

// Of a max or min, as long as all are numbers; whether they are.
INLINE bool KERNEL(fold_numbers)(const reduction how, const SCALAR *x, size_t n, SCALAR *extreme) {
  enum { step = KERNEL(accumulators) * LANES };
  VECTOR parts[KERNEL(accumulators)];
  INTEGER_VECTOR odd[2] = {0};
  UNROLL for (size_t j = 0; j < KERNEL(accumulators); j++) parts[j] = broadcast(KERNEL(neutral)(how));
  size_t i = 0;
  for (; i + step <= n; i += step) UNROLL for (size_t j = 0; j < KERNEL(accumulators); j += 2) {
      const VECTOR a = load(x + i + j * LANES), b = load(x + i + (j + 1) * LANES);
      parts[j] = KERNEL(better)(how, a, parts[j]);
      parts[j + 1] = KERNEL(better)(how, b, parts[j + 1]);
      odd[j / 2 % 2] |= (a != a) | (b != b); // one instruction for both
    }
  for (; i < n; i += LANES) {
    const VECTOR a = i + LANES <= n ? load(x + i) : load_first_or(x + i, n - i, KERNEL(neutral)(how));
    parts[0] = KERNEL(better)(how, a, parts[0]);
    odd[0] |= a != a;
  }
  UNROLL for (size_t half = KERNEL(accumulators) / 2; half > 0; half /= 2) UNROLL for (size_t j = 0; j < half; j++)
      parts[j] = KERNEL(better)(how, parts[j], parts[j + half]);
  *extreme = KERNEL(horizontal)(how, parts[0]);
  return !__builtin_reduce_or(odd[0] | odd[1]);
}

INLINE SCALAR KERNEL(fold)(const reduction how, const SCALAR *x, size_t n) {
  enum { step = KERNEL(accumulators) * LANES };
  SCALAR extreme;
  if (KERNEL(is_extreme)(how) && KERNEL(fold_numbers)(how, x, n, &extreme)) return extreme;
  VECTOR parts[KERNEL(accumulators)];
  UNROLL for (size_t j = 0; j < KERNEL(accumulators); j++) parts[j] = broadcast(KERNEL(neutral)(how));
  size_t i = 0;
  for (; i + step <= n; i += step)
    UNROLL for (size_t j = 0; j < KERNEL(accumulators); j++) parts[j] =
        KERNEL(combine)(how, parts[j], load(x + i + j * LANES));
  for (; i + LANES <= n; i += LANES) parts[0] = KERNEL(combine)(how, parts[0], load(x + i));
  if (i < n) parts[1] = KERNEL(combine)(how, parts[1], load_first_or(x + i, n - i, KERNEL(neutral)(how)));
  UNROLL for (size_t half = KERNEL(accumulators) / 2; half > 0; half /= 2) UNROLL for (size_t j = 0; j < half; j++)
      parts[j] = KERNEL(combine)(how, parts[j], parts[j + half]);
  return KERNEL(horizontal)(how, parts[0]);
}

static void KERNEL(row_sum)(const void *x, size_t n, const void *origin, double *first, double *second) {
  (void)origin, (void)second;
  *first = (double)KERNEL(fold)(reduction_sum, x, n);
}

static void KERNEL(row_product)(const void *x, size_t n, const void *origin, double *first, double *second) {
  (void)origin, (void)second;
  *first = (double)KERNEL(fold)(reduction_product, x, n);
}

static void KERNEL(row_max)(const void *x, size_t n, const void *origin, double *first, double *second) {
  (void)origin, (void)second;
  *first = (double)KERNEL(fold)(reduction_max, x, n);
}

static void KERNEL(row_min)(const void *x, size_t n, const void *origin, double *first, double *second) {
  (void)origin, (void)second;
  *first = (double)KERNEL(fold)(reduction_min, x, n);
}

// Sums d = x - shift and d^2 for a shift near the mean. The sum of d would be 0 but for the rounding of the shift.
static void KERNEL(row_moments)(const void *elements, size_t n, const void *origin, double *first, double *second) {
  enum { pairs = KERNEL(accumulators) / 2, step = pairs * LANES };
  const SCALAR *x = elements;
  const SCALAR base = *(const SCALAR *)origin, shift = (SCALAR)((double)KERNEL(fold)(reduction_sum, x, n) / (double)n);
  VECTOR sums[pairs], squares[pairs];
  UNROLL for (size_t j = 0; j < pairs; j++) sums[j] = squares[j] = broadcast((SCALAR)0);
  size_t i = 0;
  for (; i + step <= n; i += step) UNROLL for (size_t j = 0; j < pairs; j++) {
      const VECTOR d = load(x + i + j * LANES) - shift;
      sums[j] += d;
      squares[j] = multiply_add(d, d, squares[j]);
    }
  for (; i < n; i += LANES) {
    const VECTOR d = (i + LANES <= n ? load(x + i) : load_first_or(x + i, n - i, shift)) - shift;
    sums[0] += d;
    squares[0] = multiply_add(d, d, squares[0]);
  }
  const double sum = (double)horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
  const double square = (double)horizontal_sum((squares[0] + squares[1]) + (squares[2] + squares[3]));
  *first = ((double)shift - (double)base) + sum / (double)n;
  *second = square - sum * (sum / (double)n);
}

// The extreme and its first place, as long as all are numbers; whether they are. Each lane of each accumulator keeps
// the start of the step in which it found its own.
INLINE bool KERNEL(position_numbers)(const reduction how, const SCALAR *x, size_t n, SCALAR *extreme, size_t *place) {
  enum { parts = 4, step = parts * LANES };
  VECTOR best[parts];
  INTEGER_VECTOR where[parts], odd = {0}, first = (INTEGER_VECTOR)(int32_t)n;
  UNROLL for (size_t j = 0; j < parts; j++) {
    best[j] = broadcast(KERNEL(neutral)(how));
    where[j] = (INTEGER_VECTOR)0;
  }
  size_t i = 0;
  for (; i + step <= n; i += step) {
    VECTOR v[parts];
    UNROLL for (size_t j = 0; j < parts; j++) {
      v[j] = load(x + i + j * LANES);
      const INTEGER_VECTOR better = how == reduction_max ? v[j] > best[j] : v[j] < best[j];
      where[j] = better ? (INTEGER_VECTOR)i : where[j];
      best[j] = better ? v[j] : best[j];
    }
    odd |= (v[0] != v[0]) | (v[1] != v[1]);
    odd |= (v[2] != v[2]) | (v[3] != v[3]);
  }
  for (; i < n; i += LANES) {
    const VECTOR v = i + LANES <= n ? load(x + i) : load_first_or(x + i, n - i, KERNEL(neutral)(how));
    const INTEGER_VECTOR better = how == reduction_max ? v > best[0] : v < best[0];
    where[0] = better ? (INTEGER_VECTOR)i : where[0];
    best[0] = better ? v : best[0];
    odd |= v != v;
  }
  const VECTOR pairs[2] = {KERNEL(better)(how, best[0], best[1]), KERNEL(better)(how, best[2], best[3])};
  *extreme = KERNEL(horizontal)(how, KERNEL(better)(how, pairs[0], pairs[1]));
  INTEGER_VECTOR lanes = lane_numbers((INTEGER_VECTOR){0});
  UNROLL for (size_t j = 0; j < parts; j++, lanes += LANES) {
    const INTEGER_VECTOR at = where[j] + lanes;
    first = ((best[j] == *extreme) & (at < first)) ? at : first;
  }
  *place = (size_t)__builtin_reduce_min(first);
  return !__builtin_reduce_or(odd);
}

INLINE void KERNEL(row_position)(const reduction how, const SCALAR *x, size_t n, double *first, double *second) {
  SCALAR extreme;
  size_t place;
  if (!KERNEL(position_numbers)(how, x, n, &extreme, &place))
    for (place = 0; x[place] == x[place];) place++; // the first NaN
  *first = (double)x[place];
  *second = (double)place;
}

static void KERNEL(row_argmax)(const void *x, size_t n, const void *origin, double *first, double *second) {
  (void)origin;
  KERNEL(row_position)(reduction_max, x, n, first, second);
}

static void KERNEL(row_argmin)(const void *x, size_t n, const void *origin, double *first, double *second) {
  (void)origin;
  KERNEL(row_position)(reduction_min, x, n, first, second);
}

// ---- rows to columns ----

// Whether rows are taken four at a time.
INLINE bool KERNEL(takes_groups)(size_t columns) { return columns * sizeof(SCALAR) < 2048; }

// Vector j of a row that has `columns` elements.
INLINE VECTOR KERNEL(column_load)(const SCALAR *row, size_t j, size_t columns) {
  const size_t at = j * LANES;
  return at + LANES <= columns ? load(row + at) : load_first(row + at, columns - at);
}

// `numbers`: of a max or min, as long as all are numbers; others set lanes of `odd`.
INLINE void KERNEL(fold_rows)(const reduction how, const bool numbers, const size_t group, const SCALAR *x,
                              size_t columns, size_t stride, VECTOR *parts, INTEGER_VECTOR *odd) {
  for (size_t j = 0; j * LANES < columns; j++) {
    VECTOR v[4];
    UNROLL for (size_t k = 0; k < group; k++) {
      v[k] = KERNEL(column_load)(x + k * stride, j, columns);
      if (group == 1) __builtin_prefetch(x + 2 * stride + j * LANES);
    }
    if (numbers) {
      *odd |= group == 4 ? ((v[0] != v[0]) | (v[1] != v[1])) | ((v[2] != v[2]) | (v[3] != v[3])) : v[0] != v[0];
      if (group == 4) v[0] = KERNEL(better)(how, KERNEL(better)(how, v[0], v[1]), KERNEL(better)(how, v[2], v[3]));
      parts[j] = KERNEL(better)(how, v[0], parts[j]);
    } else {
      if (group == 4) v[0] = KERNEL(combine)(how, KERNEL(combine)(how, v[0], v[1]), KERNEL(combine)(how, v[2], v[3]));
      parts[j] = KERNEL(combine)(how, parts[j], v[0]);
    }
  }
}

INLINE bool KERNEL(fold_all_rows)(const reduction how, const bool numbers, const SCALAR *x, size_t rows, size_t columns,
                                  size_t stride, VECTOR *parts) {
  INTEGER_VECTOR odd = {0};
  for (size_t j = 0; j * LANES < columns; j++) parts[j] = broadcast(KERNEL(neutral)(how));
  size_t r = 0;
  for (; KERNEL(takes_groups)(columns) && r + 4 <= rows; r += 4)
    KERNEL(fold_rows)(how, numbers, 4, x + r * stride, columns, stride, parts, &odd);
  for (; r < rows; r++) KERNEL(fold_rows)(how, numbers, 1, x + r * stride, columns, stride, parts, &odd);
  return !__builtin_reduce_or(odd);
}

INLINE void KERNEL(fold_columns)(const reduction how, const SCALAR *x, size_t rows, size_t columns, size_t stride,
                                 VECTOR *parts) {
  if (KERNEL(is_extreme)(how) && KERNEL(fold_all_rows)(how, true, x, rows, columns, stride, parts)) return;
  KERNEL(fold_all_rows)(how, false, x, rows, columns, stride, parts);
}

INLINE void KERNEL(widen_columns)(const reduction how, const SCALAR *x, size_t rows, size_t columns, size_t stride,
                                  double *first) {
  VECTOR parts[KERNEL(column_vectors)];
  KERNEL(fold_columns)(how, x, rows, columns, stride, parts);
  for (size_t j = 0; j < columns; j++) first[j] = (double)((const SCALAR *)parts)[j];
}

static void KERNEL(columns_sum)(const void *x, size_t rows, size_t columns, size_t stride, const void *origin,
                                double *first, double *second) {
  (void)origin, (void)second;
  KERNEL(widen_columns)(reduction_sum, x, rows, columns, stride, first);
}

static void KERNEL(columns_product)(const void *x, size_t rows, size_t columns, size_t stride, const void *origin,
                                    double *first, double *second) {
  (void)origin, (void)second;
  KERNEL(widen_columns)(reduction_product, x, rows, columns, stride, first);
}

static void KERNEL(columns_max)(const void *x, size_t rows, size_t columns, size_t stride, const void *origin,
                                double *first, double *second) {
  (void)origin, (void)second;
  KERNEL(widen_columns)(reduction_max, x, rows, columns, stride, first);
}

static void KERNEL(columns_min)(const void *x, size_t rows, size_t columns, size_t stride, const void *origin,
                                double *first, double *second) {
  (void)origin, (void)second;
  KERNEL(widen_columns)(reduction_min, x, rows, columns, stride, first);
}

INLINE void KERNEL(add_differences)(const size_t group, const SCALAR *x, size_t columns, size_t stride,
                                    const VECTOR *shift, VECTOR *sums, VECTOR *squares) {
  for (size_t j = 0; j * LANES < columns; j++) {
    VECTOR sum = sums[j], square = squares[j];
    UNROLL for (size_t k = 0; k < group; k++) {
      const VECTOR d = KERNEL(column_load)(x + k * stride, j, columns) - shift[j];
      sum += d;
      square = multiply_add(d, d, square);
    }
    sums[j] = sum;
    squares[j] = square;
  }
}

static void KERNEL(columns_moments)(const void *elements, size_t rows, size_t columns, size_t stride,
                                    const void *origin, double *first, double *second) {
  const SCALAR *x = elements;
  VECTOR shift[KERNEL(column_vectors)], sums[KERNEL(column_vectors)], squares[KERNEL(column_vectors)];
  KERNEL(fold_columns)(reduction_sum, x, rows, columns, stride, shift);
  for (size_t j = 0; j * LANES < columns; j++) {
    shift[j] /= (SCALAR)rows;
    sums[j] = squares[j] = broadcast((SCALAR)0);
  }
  size_t r = 0;
  for (; KERNEL(takes_groups)(columns) && r + 4 <= rows; r += 4)
    KERNEL(add_differences)(4, x + r * stride, columns, stride, shift, sums, squares);
  for (; r < rows; r++) KERNEL(add_differences)(1, x + r * stride, columns, stride, shift, sums, squares);
  for (size_t j = 0; j < columns; j++) {
    const double sum = (double)((const SCALAR *)sums)[j], square = (double)((const SCALAR *)squares)[j];
    const double from = (double)((const SCALAR *)shift)[j] - (double)((const SCALAR *)origin)[j];
    first[j] = from + sum / (double)rows;
    second[j] = square - sum * (sum / (double)rows);
  }
}

// Row `first` + k of the block is at x + k * stride. `numbers` as above.
INLINE void KERNEL(position_rows)(const reduction how, const bool numbers, const size_t group, const SCALAR *x,
                                  size_t columns, size_t stride, size_t first, VECTOR *extremes, INTEGER_VECTOR *where,
                                  INTEGER_VECTOR *odd) {
  for (size_t j = 0; j * LANES < columns; j++) {
    VECTOR m = extremes[j];
    INTEGER_VECTOR w = where[j];
    UNROLL for (size_t k = 0; k < group; k++) {
      const VECTOR v = KERNEL(column_load)(x + k * stride, j, columns);
      if (group == 1) __builtin_prefetch(x + 2 * stride + j * LANES);
      INTEGER_VECTOR better = how == reduction_max ? v > m : v < m;
      if (numbers)
        *odd |= v != v;
      else
        better |= (v != v) & (m == m); // a first NaN stays
      m = better ? v : m;
      w = better ? (INTEGER_VECTOR)(first + k) : w;
    }
    extremes[j] = m;
    where[j] = w;
  }
}

INLINE bool KERNEL(position_all_rows)(const reduction how, const bool numbers, const SCALAR *x, size_t rows,
                                      size_t columns, size_t stride, VECTOR *extremes, INTEGER_VECTOR *where) {
  INTEGER_VECTOR odd = {0};
  for (size_t j = 0; j * LANES < columns; j++) {
    extremes[j] = broadcast(KERNEL(neutral)(how)); // also the answer, at row 0, of a column of nothing else
    where[j] = (INTEGER_VECTOR)0;
  }
  size_t r = 0;
  for (; KERNEL(takes_groups)(columns) && r + 4 <= rows; r += 4)
    KERNEL(position_rows)(how, numbers, 4, x + r * stride, columns, stride, r, extremes, where, &odd);
  for (; r < rows; r++)
    KERNEL(position_rows)(how, numbers, 1, x + r * stride, columns, stride, r, extremes, where, &odd);
  return !__builtin_reduce_or(odd);
}

INLINE void KERNEL(column_positions)(const reduction how, const SCALAR *x, size_t rows, size_t columns, size_t stride,
                                     double *first, double *second) {
  VECTOR extremes[KERNEL(column_vectors)];
  INTEGER_VECTOR where[KERNEL(column_vectors)];
  if (!KERNEL(position_all_rows)(how, true, x, rows, columns, stride, extremes, where))
    KERNEL(position_all_rows)(how, false, x, rows, columns, stride, extremes, where);
  for (size_t j = 0; j < columns; j++) {
    first[j] = (double)((const SCALAR *)extremes)[j];
    second[j] = (double)where[j / LANES][j % LANES];
  }
}

static void KERNEL(columns_argmax)(const void *x, size_t rows, size_t columns, size_t stride, const void *origin,
                                   double *first, double *second) {
  (void)origin;
  KERNEL(column_positions)(reduction_max, x, rows, columns, stride, first, second);
}

static void KERNEL(columns_argmin)(const void *x, size_t rows, size_t columns, size_t stride, const void *origin,
                                   double *first, double *second) {
  (void)origin;
  KERNEL(column_positions)(reduction_min, x, rows, columns, stride, first, second);
}

static const reduction_kernels KERNEL(reduction) = {
    .element_bytes = sizeof(SCALAR),
    .row = {[reduction_sum] = KERNEL(row_sum),
            [reduction_product] = KERNEL(row_product),
            [reduction_max] = KERNEL(row_max),
            [reduction_min] = KERNEL(row_min),
            [reduction_moments] = KERNEL(row_moments),
            [reduction_argmax] = KERNEL(row_argmax),
            [reduction_argmin] = KERNEL(row_argmin)},
    .columns = {[reduction_sum] = KERNEL(columns_sum),
                [reduction_product] = KERNEL(columns_product),
                [reduction_max] = KERNEL(columns_max),
                [reduction_min] = KERNEL(columns_min),
                [reduction_moments] = KERNEL(columns_moments),
                [reduction_argmax] = KERNEL(columns_argmax),
                [reduction_argmin] = KERNEL(columns_argmin)},
};
