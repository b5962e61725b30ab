// Distances between sparse rows. A panel holds rows of y side by side, so that an element of x meets its column of all
// of them in two vectors; nothing is summed across lanes. As in distance_kernels.h, Euclidean and cosine distances
// come from the product, and so does Manhattan from sums over the elements of x alone:
//   |x - y|_1 = sum |x_k - y_k| - sum |y_k| + |y|_1.
// With N elements in both rows, the sums and the norms carry at most (2N + 5) u of |x|_1 + |y|_1. What is below a
// sixteenth of that, or not finite, is measured again by walking along both rows, where all terms are positive.

#define SPARSE_CLOSE ((SCALAR)1 / 16)

enum { KERNEL(sparse_vectors) = 2, KERNEL(sparse_columns) = 2 * LANES };

// ---- along both rows ----

typedef struct {
  const SCALAR *values;
  const int32_t *indices; // NULL: dense
  size_t count;
} KERNEL(sparse_row);

INLINE KERNEL(sparse_row) KERNEL(sparse_row_of)(const sparse_rows *rows, size_t row) {
  const SCALAR *values = rows->values;
  if (!rows->offsets) return (KERNEL(sparse_row)){values + row * rows->ld, NULL, rows->columns};
  const size_t first = (size_t)rows->offsets[row];
  return (KERNEL(sparse_row)){values + first, rows->indices + first, (size_t)rows->offsets[row + 1] - first};
}

// The column of element k; behind the last one, a column that none has.
INLINE size_t KERNEL(sparse_column)(const KERNEL(sparse_row) * row, size_t k) {
  return k >= row->count ? SIZE_MAX : row->indices ? (size_t)row->indices[k] : k;
}

// The length of a row as Euclid has it, of floats without overflow.
INLINE double KERNEL(sparse_squares)(const KERNEL(sparse_row) * row) {
  double sum = 0;
  for (size_t k = 0; k < row->count; k++) sum += (double)row->values[k] * (double)row->values[k];
  return sum;
}

// The sum over all columns that either row has, in the order of columns.
INLINE double KERNEL(sparse_sum)(const farro_metric metric, const KERNEL(sparse_row) * x, const KERNEL(sparse_row) * y,
                                 double x_scale, double y_scale) {
  double sum = 0;
  size_t i = 0, j = 0;
  while (i < x->count || j < y->count) {
    const size_t at = KERNEL(sparse_column)(x, i), other = KERNEL(sparse_column)(y, j);
    const double a = at <= other ? (double)x->values[i++] : 0, b = other <= at ? (double)y->values[j++] : 0;
    if (metric == FARRO_METRIC_INNER_PRODUCT)
      sum += a * b;
    else if (metric == FARRO_METRIC_MANHATTAN)
      sum += fabs(a - b);
    else {
      const double difference = metric == FARRO_METRIC_COSINE ? a * x_scale - b * y_scale : a - b;
      sum += difference * difference;
    }
  }
  return sum;
}

static __attribute__((noinline)) SCALAR KERNEL(sparse_pair)(farro_metric metric, const sparse_rows *x_rows, size_t row,
                                                            const sparse_rows *y_rows, size_t other) {
  const KERNEL(sparse_row) x = KERNEL(sparse_row_of)(x_rows, row), y = KERNEL(sparse_row_of)(y_rows, other);
  switch (metric) {
  case FARRO_METRIC_EUCLIDEAN:
    return (SCALAR)sqrt(KERNEL(sparse_sum)(FARRO_METRIC_SQUARED_EUCLIDEAN, &x, &y, 1, 1));
  case FARRO_METRIC_SQUARED_EUCLIDEAN:
    return (SCALAR)KERNEL(sparse_sum)(FARRO_METRIC_SQUARED_EUCLIDEAN, &x, &y, 1, 1);
  case FARRO_METRIC_MANHATTAN:
    return (SCALAR)KERNEL(sparse_sum)(FARRO_METRIC_MANHATTAN, &x, &y, 1, 1);
  case FARRO_METRIC_INNER_PRODUCT:
    return (SCALAR)KERNEL(sparse_sum)(FARRO_METRIC_INNER_PRODUCT, &x, &y, 1, 1);
  default: {
    const double xx = KERNEL(sparse_squares)(&x), yy = KERNEL(sparse_squares)(&y);
    // A zero row has no direction: the cosine is then taken as 0, or NaN of what has no length.
    if (xx == 0 || yy == 0) return (SCALAR)(1 - xx * yy);
    return (SCALAR)(KERNEL(sparse_sum)(FARRO_METRIC_COSINE, &x, &y, 1 / sqrt(xx), 1 / sqrt(yy)) / 2);
  }
  }
}

static void KERNEL(sparse_paired)(farro_metric metric, const sparse_rows *x, const sparse_rows *y, size_t first,
                                  size_t last, void *out) {
  for (size_t i = first; i < last; i++) ((SCALAR *)out)[i] = KERNEL(sparse_pair)(metric, x, i, y, i);
}

// ---- panels ----

// Squares for the Euclidean distances, magnitudes for Manhattan, 1 / length for cosine (0 for a zero row), and 0 for
// the inner product; NaN for the latter two where a row is not finite, and for cosine where products of f32 may
// overflow or vanish: such pairs are then measured in double.
static void KERNEL(sparse_norms)(farro_metric metric, const sparse_rows *rows, size_t first, size_t last, void *to) {
  SCALAR *norms = to;
  for (size_t r = first; r < last; r++) {
    const KERNEL(sparse_row) row = KERNEL(sparse_row_of)(rows, r);
    double sum = 0;
    if (metric == FARRO_METRIC_MANHATTAN)
      for (size_t k = 0; k < row.count; k++) sum += fabs((double)row.values[k]);
    else
      sum = KERNEL(sparse_squares)(&row);
    const bool is_finite = sum - sum == 0;
    const bool is_moderate = sizeof(SCALAR) > 4 || (sum > 0x1p-60 && sum < 0x1p60);
    if (metric == FARRO_METRIC_COSINE)
      sum = sum == 0 ? 0 : is_finite && is_moderate ? 1 / sqrt(sum) : NAN;
    else if (metric == FARRO_METRIC_INNER_PRODUCT)
      sum = is_finite ? 0 : NAN;
    norms[r - first] = (SCALAR)sum;
  }
}

static void KERNEL(sparse_write)(const sparse_rows *rows, size_t row, const int32_t *places, void *panel, size_t column,
                                 bool clear) {
  const KERNEL(sparse_row) r = KERNEL(sparse_row_of)(rows, row);
  SCALAR *to = (SCALAR *)panel + column;
  for (size_t k = 0; k < r.count; k++)
    to[(size_t)places[KERNEL(sparse_column)(&r, k)] * KERNEL(sparse_columns)] = clear ? 0 : r.values[k];
}

// Row i of x against the panel: the distances, and whether some of them must be measured again.
INLINE bool KERNEL(sparse_measure)(const farro_metric metric, const sparse_tile *t, size_t i,
                                   VECTOR values[KERNEL(sparse_vectors)], VECTOR least[KERNEL(sparse_vectors)]) {
  const KERNEL(sparse_row) x = KERNEL(sparse_row_of)(t->x, i);
  const SCALAR *panel = t->panel, *y_norms = t->y_norms, x_norm = ((const SCALAR *)t->x_norms)[i];
  VECTOR sums[KERNEL(sparse_vectors)], magnitudes[KERNEL(sparse_vectors)];
  UNROLL for (size_t j = 0; j < KERNEL(sparse_vectors); j++) sums[j] = magnitudes[j] = broadcast((SCALAR)0);
  for (size_t k = 0; k < x.count; k++) {
    const SCALAR *y = panel + (size_t)t->places[x.indices[k]] * KERNEL(sparse_columns);
    const VECTOR value = broadcast(x.values[k]);
    UNROLL for (size_t j = 0; j < KERNEL(sparse_vectors); j++) {
      const VECTOR other = load(y + j * LANES);
      if (metric == FARRO_METRIC_MANHATTAN) {
        sums[j] += __builtin_elementwise_abs(value - other);
        magnitudes[j] += __builtin_elementwise_abs(other);
      } else
        sums[j] = multiply_add(value, other, sums[j]);
    }
  }
  INTEGER_VECTOR again = {0};
  UNROLL for (size_t j = 0; j < KERNEL(sparse_vectors); j++) {
    const VECTOR y_norm = load(y_norms + j * LANES), norms = y_norm + x_norm;
    least[j] = SPARSE_CLOSE * norms;
    if (metric == FARRO_METRIC_MANHATTAN)
      values[j] = sums[j] + (y_norm - magnitudes[j]);
    else if (metric == FARRO_METRIC_COSINE) {
      values[j] = (SCALAR)1 - sums[j] * x_norm * y_norm;
      least[j] = broadcast(SPARSE_CLOSE);
    } else if (metric == FARRO_METRIC_INNER_PRODUCT) {
      values[j] = sums[j] + norms;
      least[j] = broadcast((SCALAR)-INFINITY);
    } else
      values[j] = multiply_add(broadcast((SCALAR)-2), sums[j], norms);
    again |= ~(values[j] > least[j]);
  }
  return __builtin_reduce_or(again) != 0;
}

INLINE void KERNEL(sparse_tile_of)(const farro_metric metric, const bool root, const sparse_tile *t) {
  for (size_t i = t->first; i < t->last; i++) {
    VECTOR values[KERNEL(sparse_vectors)], least[KERNEL(sparse_vectors)];
    SCALAR *out = (SCALAR *)t->out + i * t->ld_out + t->column;
    const bool again = KERNEL(sparse_measure)(metric, t, i, values, least);
    UNROLL for (size_t j = 0; j < KERNEL(sparse_vectors); j++) {
      const VECTOR value = root ? __builtin_elementwise_sqrt(values[j]) : values[j];
      const size_t from = j * LANES;
      if (t->columns >= from + LANES)
        store(out + from, value);
      else if (t->columns > from)
        store_first(out + from, value, t->columns - from);
    }
    if (!again) continue;
    SCALAR found[KERNEL(sparse_columns)], close[KERNEL(sparse_columns)];
    UNROLL for (size_t j = 0; j < KERNEL(sparse_vectors); j++) store(found + j * LANES, values[j]),
        store(close + j * LANES, least[j]);
    for (size_t j = 0; j < t->columns; j++)
      if (!(found[j] > close[j]))
        out[j] = KERNEL(sparse_pair)(root ? FARRO_METRIC_EUCLIDEAN : metric, t->x, i, t->y, t->column + j);
  }
}

static void KERNEL(sparse_distances)(const sparse_tile *t) {
  switch (t->metric) {
  case FARRO_METRIC_EUCLIDEAN:
    KERNEL(sparse_tile_of)(FARRO_METRIC_SQUARED_EUCLIDEAN, true, t);
    break;
  case FARRO_METRIC_SQUARED_EUCLIDEAN:
    KERNEL(sparse_tile_of)(FARRO_METRIC_SQUARED_EUCLIDEAN, false, t);
    break;
  case FARRO_METRIC_MANHATTAN:
    KERNEL(sparse_tile_of)(FARRO_METRIC_MANHATTAN, false, t);
    break;
  case FARRO_METRIC_COSINE:
    KERNEL(sparse_tile_of)(FARRO_METRIC_COSINE, false, t);
    break;
  default:
    KERNEL(sparse_tile_of)(FARRO_METRIC_INNER_PRODUCT, false, t);
  }
}

// ---- times a dense matrix ----

// `vectors` vectors of columns of a row, the last of `n` elements.
INLINE void KERNEL(sparse_product_block)(const KERNEL(sparse_row) * x, const SCALAR *y, size_t ldy, SCALAR *out,
                                         const size_t vectors, size_t n) {
  VECTOR sums[KERNEL(sparse_vectors)];
  UNROLL for (size_t j = 0; j < vectors; j++) sums[j] = broadcast((SCALAR)0);
  for (size_t k = 0; k < x->count; k++) {
    const SCALAR *row = y + (size_t)x->indices[k] * ldy;
    const VECTOR value = broadcast(x->values[k]);
    UNROLL for (size_t j = 0; j < vectors; j++) {
      const VECTOR other = j + 1 < vectors ? load(row + j * LANES) : load_up_to(row + j * LANES, n);
      sums[j] = multiply_add(value, other, sums[j]);
    }
  }
  UNROLL for (size_t j = 0; j < vectors; j++) if (j + 1 < vectors) store(out + j * LANES, sums[j]);
  else store_up_to(out + j * LANES, sums[j], n);
}

static void KERNEL(sparse_product)(const sparse_rows *x, size_t first, size_t last, size_t n, const void *matrix,
                                   size_t ldy, void *result, size_t ld_out) {
  const SCALAR *y = matrix;
  for (size_t i = first; i < last; i++) {
    const KERNEL(sparse_row) row = KERNEL(sparse_row_of)(x, i);
    SCALAR *out = (SCALAR *)result + i * ld_out;
    size_t j = 0;
    for (; j + KERNEL(sparse_columns) <= n; j += KERNEL(sparse_columns))
      KERNEL(sparse_product_block)(&row, y + j, ldy, out + j, KERNEL(sparse_vectors), LANES);
    for (; j < n; j += LANES) KERNEL(sparse_product_block)(&row, y + j, ldy, out + j, 1, n - j < LANES ? n - j : LANES);
  }
}

#undef SPARSE_CLOSE

static const sparse_kernels KERNEL(sparse) = {.element_bytes = sizeof(SCALAR),
                                              .columns = KERNEL(sparse_columns),
                                              .norms = KERNEL(sparse_norms),
                                              .write = KERNEL(sparse_write),
                                              .distances = KERNEL(sparse_distances),
                                              .paired = KERNEL(sparse_paired),
                                              .product = KERNEL(sparse_product)};
