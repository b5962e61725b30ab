// Moments and scaling of columns. Needs row_kernels.h.

// ---- moments of a block of rows ----

// `vectors` columns of vectors side by side, `interleave` rows at a time: 4 independent sums either way. All but x,
// rows and last are constants after inlining.
INLINE void KERNEL(strip_moments)(const size_t vectors, const size_t interleave, const bool partial, size_t last,
                                  size_t rows, const SCALAR *x, size_t x_row, double *mean, double *square) {
  enum { most = KERNEL(chains) };
  VECTOR sums[most], squares[most], first[most], center[most];
  UNROLL for (size_t v = 0; v < vectors; v++) first[v] = KERNEL(load_some)(x + v * LANES, last, partial);

  // From the first row on, so that equal elements have a mean without rounding and a variance of exactly 0.
  UNROLL for (size_t c = 0; c < most; c++) sums[c] = broadcast((SCALAR)0);
  size_t i = 0;
  for (; i + interleave <= rows; i += interleave) UNROLL for (size_t c = 0; c < most; c++) {
      const size_t v = c % vectors;
      sums[c] += KERNEL(load_some)(x + (i + c / vectors) * x_row + v * LANES, last, partial) - first[v];
    }
  for (; i < rows; i++)
    UNROLL for (size_t v = 0; v < vectors; v++) sums[v] +=
        KERNEL(load_some)(x + i * x_row + v * LANES, last, partial) - first[v];
  UNROLL for (size_t c = vectors; c < most; c++) sums[c % vectors] += sums[c];
  UNROLL for (size_t v = 0; v < vectors; v++) center[v] = first[v] + sums[v] * broadcast((SCALAR)1 / (SCALAR)rows);

  UNROLL for (size_t c = 0; c < most; c++) sums[c] = squares[c] = broadcast((SCALAR)0);
  for (i = 0; i + interleave <= rows; i += interleave) UNROLL for (size_t c = 0; c < most; c++) {
      const SCALAR *from = x + (i + c / vectors) * x_row + c % vectors * LANES;
      // The strip to the right is read next: start that while this one is in cache.
      if (vectors == KERNEL(chains)) __builtin_prefetch(from + KERNEL(span));
      KERNEL(add_deviation)(KERNEL(load_some)(from, last, partial) - center[c % vectors], &sums[c], &squares[c]);
    }
  for (; i < rows; i++)
    UNROLL for (size_t v = 0; v < vectors; v++) KERNEL(add_deviation)(
        KERNEL(load_some)(x + i * x_row + v * LANES, last, partial) - center[v], &sums[v], &squares[v]);
  UNROLL for (size_t c = vectors; c < most; c++) {
    sums[c % vectors] += sums[c];
    squares[c % vectors] += squares[c];
  }

  SCALAR centers[KERNEL(span)], rests[KERNEL(span)], totals[KERNEL(span)];
  UNROLL for (size_t v = 0; v < vectors; v++) {
    store(centers + v * LANES, center[v]);
    store(rests + v * LANES, sums[v]);
    store(totals + v * LANES, squares[v]);
  }
  const double share = 1 / (double)rows;
  for (size_t j = 0; j < (vectors - 1) * LANES + last; j++) {
    const double rest = (double)rests[j] * share, corrected = (double)totals[j] - (double)rests[j] * rest;
    mean[j] = (double)centers[j] + rest;
    square[j] = corrected < 0 ? 0 : corrected;
  }
}

static void KERNEL(column_moments)(size_t rows, size_t columns, const void *matrix, size_t x_row, double *mean,
                                   double *square) {
  const SCALAR *x = matrix;
  size_t j = 0;
  for (; j + KERNEL(span) <= columns; j += KERNEL(span))
    KERNEL(strip_moments)(4, 1, false, LANES, rows, x + j, x_row, mean + j, square + j);
  for (; j + LANES <= columns; j += LANES)
    KERNEL(strip_moments)(1, 4, false, LANES, rows, x + j, x_row, mean + j, square + j);
  if (j < columns) KERNEL(strip_moments)(1, 4, true, columns - j, rows, x + j, x_row, mean + j, square + j);
}

// ---- scaling ----

// As many as leave half of the L1 cache to rows.
enum { KERNEL(most_columns) = 8192 / sizeof(SCALAR) };

// (x - center) factor + shift, where center + a rest is the mean, and shift is the rest's share.
typedef struct {
  const SCALAR *x;
  SCALAR center[KERNEL(most_columns)], factor[KERNEL(most_columns)], shift[KERNEL(most_columns)];
} KERNEL(column_affine);

INLINE VECTOR KERNEL(column_value)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(column_affine) *a = context;
  const VECTOR d = KERNEL(load_some)(a->x + i, n, partial) - KERNEL(load_some)(a->center + i, n, partial);
  return multiply_add(d, KERNEL(load_some)(a->factor + i, n, partial), KERNEL(load_some)(a->shift + i, n, partial));
}

static void KERNEL(scale_columns)(const column_work *w, size_t first, size_t last) {
  KERNEL(column_affine) a;
  for (size_t j = 0; j < w->columns; j += KERNEL(most_columns)) {
    const size_t left = w->columns - j, n = left < KERNEL(most_columns) ? left : KERNEL(most_columns);
    for (size_t k = 0; k < n; k++) {
      const double factor = 1 / w->deviation[j + k];
      a.center[k] = (SCALAR)w->mean[j + k];
      a.factor[k] = (SCALAR)factor;
      a.shift[k] = (SCALAR)(((double)a.center[k] - w->mean[j + k]) * factor);
    }
    for (size_t row = first; row < last; row++) {
      a.x = (const SCALAR *)w->x + row * w->x_row + j;
      const SCALAR *next = row + 1 < last ? a.x + w->x_row : NULL;
      KERNEL(write_row)(KERNEL(column_value), &a, next, (SCALAR *)w->y + row * w->y_row + j, n, w->streams);
    }
  }
  if (w->streams) fence_nontemporal();
}

static const normalization_kernels KERNEL(normalization) = {
    .element_bytes = sizeof(SCALAR),
    .softmax = KERNEL(softmax),
    .scale_columns = KERNEL(scale_columns),
    .column_moments = KERNEL(column_moments),
};
