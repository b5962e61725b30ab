// Margins, residuals and gradients of a block of rows that stays in the L1 cache: text for one element type.
//
// For 50 columns and 5 classes, margins and gradient are 500 multiply-adds a row, 31 vectors of 16 floats: 16 cycles,
// where memory brings the row's 200 bytes in about as many. So products go in tiles that load little: 4 rows by some
// classes for margins, whose lanes are added at the end, four sums at once, and some vectors of columns by some classes
// for the gradient.

enum {
  KERNEL(tile_classes) = VECTOR_REGISTERS == 32 ? 6 : 3,
  KERNEL(tile_vectors) = VECTOR_REGISTERS == 32 ? 4 : 3,
  KERNEL(tile_rows) = 4,
};

// Calls `function` with a constant number of classes.
#if VECTOR_REGISTERS == 32
  #define WITH_CLASSES(count, function, ...)                                                                           \
    switch (count) {                                                                                                   \
    case 1:                                                                                                            \
      function(1, __VA_ARGS__);                                                                                        \
      break;                                                                                                           \
    case 2:                                                                                                            \
      function(2, __VA_ARGS__);                                                                                        \
      break;                                                                                                           \
    case 3:                                                                                                            \
      function(3, __VA_ARGS__);                                                                                        \
      break;                                                                                                           \
    case 4:                                                                                                            \
      function(4, __VA_ARGS__);                                                                                        \
      break;                                                                                                           \
    case 5:                                                                                                            \
      function(5, __VA_ARGS__);                                                                                        \
      break;                                                                                                           \
    default:                                                                                                           \
      function(6, __VA_ARGS__);                                                                                        \
    }
#else
  #define WITH_CLASSES(count, function, ...)                                                                           \
    switch (count) {                                                                                                   \
    case 1:                                                                                                            \
      function(1, __VA_ARGS__);                                                                                        \
      break;                                                                                                           \
    case 2:                                                                                                            \
      function(2, __VA_ARGS__);                                                                                        \
      break;                                                                                                           \
    default:                                                                                                           \
      function(3, __VA_ARGS__);                                                                                        \
    }
#endif

// Classes in tiles of nearly equal size.
INLINE size_t KERNEL(classes_at_once)(size_t k) {
  const size_t tiles = (k + KERNEL(tile_classes) - 1) / KERNEL(tile_classes);
  return (k + tiles - 1) / tiles;
}

// ---- margins ----

INLINE void KERNEL(margin_rows)(const size_t classes, size_t rows, size_t d, const SCALAR *x, size_t ldx,
                                const SCALAR *w, size_t ldw, const SCALAR *offsets, SCALAR *z, size_t pitch) {
  enum { most = KERNEL(tile_classes) };
  for (size_t i = 0; i < rows; i += KERNEL(tile_rows)) {
    const SCALAR *row[KERNEL(tile_rows)];
    // What stands behind the last row is never looked at.
    UNROLL for (size_t r = 0; r < KERNEL(tile_rows); r++) row[r] = x + (i + r < rows ? i + r : rows - 1) * ldx;
    VECTOR sums[most][KERNEL(tile_rows)];
    UNROLL for (size_t c = 0; c < classes; c++) UNROLL for (size_t r = 0; r < KERNEL(tile_rows); r++) sums[c][r] =
        broadcast((SCALAR)0);
    size_t j = 0;
    for (; j + LANES <= d; j += LANES) {
      VECTOR v[KERNEL(tile_rows)];
      UNROLL for (size_t r = 0; r < KERNEL(tile_rows); r++) v[r] = load(row[r] + j);
      UNROLL for (size_t c = 0; c < classes; c++) {
        const VECTOR weight = load(w + c * ldw + j);
        UNROLL for (size_t r = 0; r < KERNEL(tile_rows); r++) sums[c][r] = multiply_add(weight, v[r], sums[c][r]);
      }
    }
    if (j < d) {
      VECTOR v[KERNEL(tile_rows)];
      UNROLL for (size_t r = 0; r < KERNEL(tile_rows); r++) v[r] = load_first(row[r] + j, d - j);
      UNROLL for (size_t c = 0; c < classes; c++) {
        const VECTOR weight = load_first(w + c * ldw + j, d - j);
        UNROLL for (size_t r = 0; r < KERNEL(tile_rows); r++) sums[c][r] = multiply_add(weight, v[r], sums[c][r]);
      }
    }
    UNROLL for (size_t c = 0; c < classes; c++) {
      SCALAR four[KERNEL(tile_rows)];
      four_sums(sums[c], four);
      UNROLL for (size_t r = 0; r < KERNEL(tile_rows); r++) z[c * pitch + i + r] = four[r] + offsets[c];
    }
  }
}

static void KERNEL(logistic_margins)(size_t rows, size_t d, size_t k, const void *x, size_t ldx, const void *w,
                                     size_t ldw, const void *offsets, void *z, size_t pitch) {
  const size_t some = KERNEL(classes_at_once)(k);
  for (size_t c = 0; c < k; c += some) {
    const size_t count = k - c < some ? k - c : some;
    WITH_CLASSES(count, KERNEL(margin_rows), rows, d, x, ldx, (const SCALAR *)w + c * ldw, ldw,
                 (const SCALAR *)offsets + c, (SCALAR *)z + c * pitch, pitch)
  }
}

static void KERNEL(logistic_sparse_margins)(size_t rows, size_t k, const int64_t *offsets, const int32_t *indices,
                                            const void *values, const void *w, const void *intercepts, void *z,
                                            size_t pitch) {
  enum { most = 32 };
  const SCALAR *weights = w, *start = intercepts, *v = values;
  for (size_t c = 0; c < k; c += most) {
    const size_t count = k - c < most ? k - c : most;
    for (size_t i = 0; i < rows; i++) {
      SCALAR sums[most];
      for (size_t o = 0; o < count; o++) sums[o] = start[c + o];
      for (int64_t place = offsets[i]; place < offsets[i + 1]; place++) {
        const SCALAR *column = weights + (size_t)indices[place] * k + c;
        for (size_t o = 0; o < count; o++) sums[o] += v[place] * column[o];
      }
      for (size_t o = 0; o < count; o++) ((SCALAR *)z)[(c + o) * pitch + i] = sums[o];
    }
  }
}

// ---- residuals ----

// Of the rows at i, of which n are there: 0 for others.
INLINE VECTOR KERNEL(row_weights)(const double *weights, size_t i, size_t n) {
  SCALAR some[LANES] = {0};
  for (size_t l = 0; l < n; l++) some[l] = weights ? (SCALAR)weights[i + l] : 1;
  return load(some);
}

INLINE VECTOR KERNEL(row_labels)(const int32_t *labels, size_t i, size_t n) {
  SCALAR some[LANES] = {0};
  for (size_t l = 0; l < n; l++) some[l] = (SCALAR)labels[i + l];
  return load(some);
}

// With z the margin of the row's own class: log(1 + e^-z), whose derivative is -1 / (1 + e^z).
INLINE double KERNEL(two_classes)(VECTOR label, VECTOR weight, SCALAR *z) {
  const VECTOR sign = label + label - (SCALAR)1, own = sign * load(z), zero = broadcast((SCALAR)0);
  const VECTOR e = vector_exp(-__builtin_elementwise_abs(own)), one = broadcast((SCALAR)1);
  const VECTOR loss = vector_log1p_unit(e) + (own < zero ? -own : zero);
  store(z, (own < zero ? one : e) / (one + e) * -sign * weight);
  return (double)horizontal_sum(loss * weight);
}

INLINE double KERNEL(more_classes)(size_t k, VECTOR label, VECTOR weight, SCALAR *z, size_t pitch) {
  VECTOR top = load(z), sum = broadcast((SCALAR)0), own = sum;
  for (size_t c = 1; c < k; c++) {
    const VECTOR v = load(z + c * pitch);
    top = v > top ? v : top;
  }
  for (size_t c = 0; c < k; c++) {
    const VECTOR v = load(z + c * pitch) - top, e = vector_exp(v);
    own = label == broadcast((SCALAR)c) ? v : own;
    sum += e;
    store(z + c * pitch, e);
  }
  const VECTOR factor = weight / sum;
  for (size_t c = 0; c < k; c++) {
    const VECTOR p = load(z + c * pitch) * factor;
    store(z + c * pitch, label == broadcast((SCALAR)c) ? p - weight : p);
  }
  return (double)horizontal_sum((vector_log(sum) - own) * weight);
}

static double KERNEL(logistic_residuals)(size_t rows, size_t k, const int32_t *labels, const double *weights, void *z,
                                         size_t pitch) {
  double total = 0;
  for (size_t i = 0; i < rows; i += LANES) {
    const size_t n = rows - i < LANES ? rows - i : LANES;
    SCALAR *at = (SCALAR *)z + i;
    // Behind the rows may be anything, and NaN times a weight of 0 is not 0.
    for (size_t c = 0; c < k && n < LANES; c++) store(at + c * pitch, load_first(at + c * pitch, n));
    const VECTOR label = KERNEL(row_labels)(labels, i, n), weight = KERNEL(row_weights)(weights, i, n);
    total += k == 1 ? KERNEL(two_classes)(label, weight, at) : KERNEL(more_classes)(k, label, weight, at, pitch);
  }
  return total;
}

// ---- gradient ----

// Columns of `vectors` vectors, the last of them with `last` lanes.
INLINE void KERNEL(gradient_tile)(const size_t classes, const size_t vectors, size_t last, size_t rows, const SCALAR *x,
                                  size_t ldx, const SCALAR *z, size_t pitch, double *g, size_t ldg) {
  VECTOR sums[KERNEL(tile_classes)][KERNEL(tile_vectors)];
  UNROLL for (size_t c = 0; c < classes; c++) UNROLL for (size_t v = 0; v < vectors; v++) sums[c][v] =
      broadcast((SCALAR)0);
  for (size_t i = 0; i < rows; i++) {
    VECTOR columns[KERNEL(tile_vectors)];
    UNROLL for (size_t v = 0; v < vectors; v++) columns[v] =
        v + 1 < vectors ? load(x + i * ldx + v * LANES) : load_up_to(x + i * ldx + v * LANES, last);
    UNROLL for (size_t c = 0; c < classes; c++) {
      const VECTOR residual = broadcast(z[c * pitch + i]);
      UNROLL for (size_t v = 0; v < vectors; v++) sums[c][v] = multiply_add(residual, columns[v], sums[c][v]);
    }
  }
  const size_t width = (vectors - 1) * LANES + last;
  UNROLL for (size_t c = 0; c < classes; c++) {
    SCALAR some[KERNEL(tile_vectors) * LANES];
    UNROLL for (size_t v = 0; v < vectors; v++) store(some + v * LANES, sums[c][v]);
    for (size_t j = 0; j < width; j++) g[c * ldg + j] += (double)some[j];
  }
}

INLINE void KERNEL(gradient_columns)(const size_t classes, size_t rows, size_t d, const SCALAR *x, size_t ldx,
                                     const SCALAR *z, size_t pitch, double *g) {
  enum { span = KERNEL(tile_vectors) * LANES };
  for (size_t j = 0; j < d; j += span) {
    const size_t width = d - j < span ? d - j : span, vectors = (width + LANES - 1) / LANES;
    const size_t last = width - (vectors - 1) * LANES;
    switch (vectors) {
    case 1:
      KERNEL(gradient_tile)(classes, 1, last, rows, x + j, ldx, z, pitch, g + j, d + 1);
      break;
    case 2:
      KERNEL(gradient_tile)(classes, 2, last, rows, x + j, ldx, z, pitch, g + j, d + 1);
      break;
    case 3:
      KERNEL(gradient_tile)(classes, 3, last, rows, x + j, ldx, z, pitch, g + j, d + 1);
      break;
    default:
      KERNEL(gradient_tile)(classes, KERNEL(tile_vectors), last, rows, x + j, ldx, z, pitch, g + j, d + 1);
    }
  }
}

// Residuals behind the rows are 0.
INLINE double KERNEL(residual_sum)(const SCALAR *z, size_t rows) {
  VECTOR sum = broadcast((SCALAR)0);
  for (size_t i = 0; i < rows; i += LANES) sum += load(z + i);
  return (double)horizontal_sum(sum);
}

static void KERNEL(logistic_gradient)(size_t rows, size_t d, size_t k, const void *x, size_t ldx, const void *z,
                                      size_t pitch, double *g) {
  const size_t some = KERNEL(classes_at_once)(k);
  for (size_t c = 0; c < k; c += some) {
    const size_t count = k - c < some ? k - c : some;
    const SCALAR *residuals = (const SCALAR *)z + c * pitch;
    WITH_CLASSES(count, KERNEL(gradient_columns), rows, d, x, ldx, residuals, pitch, g + c * (d + 1))
    for (size_t o = 0; o < count; o++) g[(c + o) * (d + 1) + d] += KERNEL(residual_sum)(residuals + o * pitch, rows);
  }
}

static void KERNEL(logistic_sparse_gradient)(size_t rows, size_t d, size_t k, const int64_t *offsets,
                                             const int32_t *indices, const void *values, const void *z, size_t pitch,
                                             double *g) {
  enum { most = 32 };
  const SCALAR *v = values, *residuals = z;
  for (size_t c = 0; c < k; c += most) {
    const size_t count = k - c < most ? k - c : most;
    for (size_t i = 0; i < rows; i++) {
      SCALAR own[most];
      for (size_t o = 0; o < count; o++) own[o] = residuals[(c + o) * pitch + i];
      for (int64_t place = offsets[i]; place < offsets[i + 1]; place++) {
        double *column = g + (size_t)indices[place] * k + c;
        for (size_t o = 0; o < count; o++) column[o] += (double)(v[place] * own[o]);
      }
    }
    for (size_t o = 0; o < count; o++) g[d * k + c + o] += KERNEL(residual_sum)(residuals + (c + o) * pitch, rows);
  }
}
#undef WITH_CLASSES

static const logistic_kernels KERNEL(logistic) = {
    .element_bytes = sizeof(SCALAR),
    .margins = KERNEL(logistic_margins),
    .sparse_margins = KERNEL(logistic_sparse_margins),
    .residuals = KERNEL(logistic_residuals),
    .gradient = KERNEL(logistic_gradient),
    .sparse_gradient = KERNEL(logistic_sparse_gradient),
};
