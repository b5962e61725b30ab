// Reductions of one block: of contiguous elements to one result, and of rows to one result per column.
//
// Contiguous: several accumulators hide the latency of the additions (4 cycles at two a cycle need 8) and shorten the
// chains that rounding errors build up along. Columns: accumulators for all columns lie in the L1 cache and rows are
// taken four at a time, so that memory is read in long runs and each accumulator is touched once per four rows.

enum {
  KERNEL(accumulators) = 8,
  KERNEL(column_vectors) = reduction_columns / LANES,
};

// ---- contiguous elements ----

INLINE VECTOR KERNEL(fold_sums)(VECTOR *sums) {
  UNROLL for (size_t half = KERNEL(accumulators) / 2; half > 0; half /= 2) UNROLL for (size_t j = 0; j < half; j++)
      sums[j] += sums[j + half];
  return sums[0];
}

INLINE SCALAR KERNEL(sum_of)(const SCALAR *x, size_t n) {
  enum { step = KERNEL(accumulators) * LANES };
  VECTOR sums[KERNEL(accumulators)];
  UNROLL for (size_t j = 0; j < KERNEL(accumulators); j++) sums[j] = broadcast((SCALAR)0);
  size_t i = 0;
  for (; i + step <= n; i += step)
    UNROLL for (size_t j = 0; j < KERNEL(accumulators); j++) sums[j] += load(x + i + j * LANES);
  for (; i + LANES <= n; i += LANES) sums[0] += load(x + i);
  if (i < n) sums[1] += load_first(x + i, n - i);
  return horizontal_sum(KERNEL(fold_sums)(sums));
}

static void KERNEL(row_sum)(const void *x, size_t n, const void *origin, double *first, double *second) {
  (void)origin, (void)second;
  *first = (double)KERNEL(sum_of)(x, n);
}

// Sums d = x - shift and d^2 for a shift near the mean. The sum of d would be 0 but for the rounding of the shift.
static void KERNEL(row_moments)(const void *elements, size_t n, const void *origin, double *first, double *second) {
  enum { pairs = KERNEL(accumulators) / 2, step = pairs * LANES };
  const SCALAR *x = elements;
  const SCALAR base = *(const SCALAR *)origin, shift = (SCALAR)((double)KERNEL(sum_of)(x, n) / (double)n);
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

INLINE SCALAR KERNEL(max_of)(const SCALAR *x, size_t n) {
  enum { step = KERNEL(accumulators) * LANES };
  VECTOR most[KERNEL(accumulators)];
  UNROLL for (size_t j = 0; j < KERNEL(accumulators); j++) most[j] = broadcast((SCALAR)-INFINITY);
  size_t i = 0;
  for (; i + step <= n; i += step) UNROLL for (size_t j = 0; j < KERNEL(accumulators); j++) {
      const VECTOR v = load(x + i + j * LANES);
      most[j] = MAXIMUM(most[j], v);
    }
  for (; i < n; i += LANES) {
    const VECTOR v = i + LANES <= n ? load(x + i) : load_first_or(x + i, n - i, (SCALAR)-INFINITY);
    most[0] = MAXIMUM(most[0], v);
  }
  UNROLL for (size_t half = KERNEL(accumulators) / 2; half > 0; half /= 2) UNROLL for (size_t j = 0; j < half; j++)
      most[j] = MAXIMUM(most[j], most[j + half]);
  return horizontal_max(most[0]);
}

static void KERNEL(row_max)(const void *x, size_t n, const void *origin, double *first, double *second) {
  (void)origin, (void)second;
  *first = (double)KERNEL(max_of)(x, n);
}

// The maximum, and then a second look at the block, which is in the L1 cache by now, for where it stands: cheaper than
// carrying indices along.
static void KERNEL(row_argmax)(const void *elements, size_t n, const void *origin, double *first, double *second) {
  (void)origin;
  const SCALAR *x = elements, most = KERNEL(max_of)(x, n);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const VECTOR v = load(x + i);
    if (__builtin_reduce_or((v == most) | (v != v))) break;
  }
  while (!(x[i] == most || x[i] != x[i])) i++;
  *first = (double)most;
  *second = (double)i;
}

// ---- rows to columns ----

// Vector j of a row that has `columns` elements.
INLINE VECTOR KERNEL(column_load)(const SCALAR *row, size_t j, size_t columns) {
  const size_t at = j * LANES;
  return at + LANES <= columns ? load(row + at) : load_first(row + at, columns - at);
}

INLINE void KERNEL(add_rows)(const size_t group, const SCALAR *x, size_t columns, size_t stride, VECTOR *sums) {
  for (size_t j = 0; j * LANES < columns; j++) {
    VECTOR v[4];
    UNROLL for (size_t k = 0; k < group; k++) v[k] = KERNEL(column_load)(x + k * stride, j, columns);
    sums[j] += group == 4 ? (v[0] + v[1]) + (v[2] + v[3]) : v[0];
  }
}

INLINE void KERNEL(sum_columns)(const SCALAR *x, size_t rows, size_t columns, size_t stride, VECTOR *sums) {
  for (size_t j = 0; j * LANES < columns; j++) sums[j] = broadcast((SCALAR)0);
  size_t r = 0;
  for (; r + 4 <= rows; r += 4) KERNEL(add_rows)(4, x + r * stride, columns, stride, sums);
  for (; r < rows; r++) KERNEL(add_rows)(1, x + r * stride, columns, stride, sums);
}

static void KERNEL(columns_sum)(const void *x, size_t rows, size_t columns, size_t stride, const void *origin,
                                double *first, double *second) {
  (void)origin, (void)second;
  VECTOR sums[KERNEL(column_vectors)];
  KERNEL(sum_columns)(x, rows, columns, stride, sums);
  for (size_t j = 0; j < columns; j++) first[j] = (double)((const SCALAR *)sums)[j];
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
  KERNEL(sum_columns)(x, rows, columns, stride, shift);
  for (size_t j = 0; j * LANES < columns; j++) {
    shift[j] /= (SCALAR)rows;
    sums[j] = squares[j] = broadcast((SCALAR)0);
  }
  size_t r = 0;
  for (; r + 4 <= rows; r += 4) KERNEL(add_differences)(4, x + r * stride, columns, stride, shift, sums, squares);
  for (; r < rows; r++) KERNEL(add_differences)(1, x + r * stride, columns, stride, shift, sums, squares);
  for (size_t j = 0; j < columns; j++) {
    const double sum = (double)((const SCALAR *)sums)[j], square = (double)((const SCALAR *)squares)[j];
    const double from = (double)((const SCALAR *)shift)[j] - (double)((const SCALAR *)origin)[j];
    first[j] = from + sum / (double)rows;
    second[j] = square - sum * (sum / (double)rows);
  }
}

INLINE void KERNEL(max_rows)(const size_t group, const SCALAR *x, size_t columns, size_t stride, VECTOR *most) {
  for (size_t j = 0; j * LANES < columns; j++) {
    VECTOR m = most[j];
    UNROLL for (size_t k = 0; k < group; k++) {
      const VECTOR v = KERNEL(column_load)(x + k * stride, j, columns);
      m = MAXIMUM(m, v);
    }
    most[j] = m;
  }
}

static void KERNEL(columns_max)(const void *elements, size_t rows, size_t columns, size_t stride, const void *origin,
                                double *first, double *second) {
  (void)origin, (void)second;
  const SCALAR *x = elements;
  VECTOR most[KERNEL(column_vectors)];
  for (size_t j = 0; j * LANES < columns; j++) most[j] = broadcast((SCALAR)-INFINITY);
  size_t r = 0;
  for (; r + 4 <= rows; r += 4) KERNEL(max_rows)(4, x + r * stride, columns, stride, most);
  for (; r < rows; r++) KERNEL(max_rows)(1, x + r * stride, columns, stride, most);
  for (size_t j = 0; j < columns; j++) first[j] = (double)((const SCALAR *)most)[j];
}

// Row `first` + k of the block is at x + k * stride.
INLINE void KERNEL(argmax_rows)(const size_t group, const SCALAR *x, size_t columns, size_t stride, size_t first,
                                VECTOR *most, INTEGER_VECTOR *where) {
  for (size_t j = 0; j * LANES < columns; j++) {
    VECTOR m = most[j];
    INTEGER_VECTOR w = where[j];
    UNROLL for (size_t k = 0; k < group; k++) {
      const VECTOR v = KERNEL(column_load)(x + k * stride, j, columns);
      const INTEGER_VECTOR better = (v > m) | ((v != v) & (m == m)); // a first NaN stays
      m = better ? v : m;
      w = better ? (INTEGER_VECTOR)(first + k) : w;
    }
    most[j] = m;
    where[j] = w;
  }
}

static void KERNEL(columns_argmax)(const void *elements, size_t rows, size_t columns, size_t stride, const void *origin,
                                   double *first, double *second) {
  (void)origin;
  const SCALAR *x = elements;
  VECTOR most[KERNEL(column_vectors)];
  INTEGER_VECTOR where[KERNEL(column_vectors)];
  for (size_t j = 0; j * LANES < columns; j++) {
    most[j] = broadcast((SCALAR)-INFINITY); // also the answer, at row 0, of a column of nothing else
    where[j] = (INTEGER_VECTOR)0;
  }
  size_t r = 0;
  for (; r + 4 <= rows; r += 4) KERNEL(argmax_rows)(4, x + r * stride, columns, stride, r, most, where);
  for (; r < rows; r++) KERNEL(argmax_rows)(1, x + r * stride, columns, stride, r, most, where);
  for (size_t j = 0; j < columns; j++) {
    first[j] = (double)((const SCALAR *)most)[j];
    second[j] = (double)where[j / LANES][j % LANES];
  }
}

static const reduction_kernels KERNEL(reduction) = {
    .element_bytes = sizeof(SCALAR),
    .row = {[reduction_sum] = KERNEL(row_sum),
            [reduction_moments] = KERNEL(row_moments),
            [reduction_max] = KERNEL(row_max),
            [reduction_argmax] = KERNEL(row_argmax)},
    .columns = {[reduction_sum] = KERNEL(columns_sum),
                [reduction_moments] = KERNEL(columns_moments),
                [reduction_max] = KERNEL(columns_max),
                [reduction_argmax] = KERNEL(columns_argmax)},
};
