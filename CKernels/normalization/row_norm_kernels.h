// Layer norm, RMS norm and L2 normalization of rows, or of sums of two rows. Needs simd/rows.h.

// A row, or the sum of two.
typedef struct {
  const ELEMENT *x, *residual; // without `adds`, x alone is the row
} KERNEL(source);

INLINE KERNEL(source) KERNEL(source_of)(const row_work *w, size_t row) {
  const ELEMENT *x = (const ELEMENT *)w->x + row * w->x_row;
  const ELEMENT *residual = w->residual ? (const ELEMENT *)w->residual + row * w->residual_row : NULL;
  return (KERNEL(source)){x, residual};
}

INLINE VECTOR KERNEL(source_value)(KERNEL(source) s, size_t i, size_t n, const bool adds, const bool partial) {
  const VECTOR v = KERNEL(load_elements)(s.x + i, n, partial);
  return adds ? v + KERNEL(load_elements)(s.residual + i, n, partial) : v;
}

// ---- a row's sums ----

INLINE void KERNEL(add_deviation)(VECTOR d, VECTOR *sum, VECTOR *square) {
  *sum += d;
  *square = multiply_add(d, d, *square);
}

// Of elements i...
INLINE void KERNEL(add_to_sums)(KERNEL(source) s, size_t i, const bool adds, VECTOR sums[KERNEL(chains)]) {
  UNROLL for (size_t j = 0; j < KERNEL(chains); j++) sums[j] +=
      KERNEL(source_value)(s, i + j * LANES, LANES, adds, false);
}

// `sums` and elements i to `to`, in the element type.
INLINE double KERNEL(finish_sum)(KERNEL(source) s, size_t i, size_t to, const bool adds, VECTOR sums[KERNEL(chains)]) {
  for (; i + KERNEL(span) <= to; i += KERNEL(span)) KERNEL(add_to_sums)(s, i, adds, sums);
  for (; i + LANES <= to; i += LANES) sums[0] += KERNEL(source_value)(s, i, LANES, adds, false);
  if (i < to) sums[1] += KERNEL(source_value)(s, i, to - i, adds, true);
  return KERNEL(total)(sums);
}

// Of elements from...from + n; n <= row_block.
INLINE double KERNEL(sum_block)(KERNEL(source) s, size_t from, size_t n, const bool adds) {
  VECTOR sums[KERNEL(chains)] = {0};
  return KERNEL(finish_sum)(s, from, from + n, adds, sums);
}

INLINE double KERNEL(sum_row)(KERNEL(source) s, size_t columns, const bool adds) {
  double sum = 0;
  for (size_t i = 0, n; i < columns; i += n) {
    n = KERNEL(block_of)(columns - i);
    sum += KERNEL(sum_block)(s, i, n, adds);
  }
  return sum;
}

// Of elements i...: d = x - center, and d^2.
INLINE void KERNEL(add_deviations)(KERNEL(source) s, size_t i, VECTOR center, const bool adds,
                                   VECTOR sums[KERNEL(chains)], VECTOR squares[KERNEL(chains)]) {
  UNROLL for (size_t j = 0; j < KERNEL(chains); j++)
      KERNEL(add_deviation)(KERNEL(source_value)(s, i + j * LANES, LANES, adds, false) - center, &sums[j], &squares[j]);
}

// `sums`, `squares` and elements i to `to`, while half of `next`, if any, is fetched.
INLINE void KERNEL(finish_deviations)(KERNEL(source) s, size_t i, size_t to, SCALAR center, const bool adds,
                                      KERNEL(source) next, VECTOR sums[KERNEL(chains)], VECTOR squares[KERNEL(chains)],
                                      double *sum, double *square) {
  const VECTOR c = broadcast(center);
  for (; i + KERNEL(span) <= to; i += KERNEL(span)) {
    KERNEL(fetch)(next.x, i, 0, 2);
    if (adds) KERNEL(fetch)(next.residual, i, 0, 4);
    KERNEL(add_deviations)(s, i, c, adds, sums, squares);
  }
  for (; i + LANES <= to; i += LANES)
    KERNEL(add_deviation)(KERNEL(source_value)(s, i, LANES, adds, false) - c, &sums[0], &squares[0]);
  if (i < to) {
    const VECTOR v = KERNEL(first_or)(KERNEL(source_value)(s, i, to - i, adds, true), to - i, center);
    KERNEL(add_deviation)(v - c, &sums[1], &squares[1]);
  }
  *sum = KERNEL(total)(sums);
  *square = KERNEL(total)(squares);
}

// Of elements from...from + n; n <= row_block.
INLINE void KERNEL(deviations_of_block)(KERNEL(source) s, size_t from, size_t n, SCALAR center, const bool adds,
                                        KERNEL(source) next, double *sum, double *square) {
  VECTOR sums[KERNEL(chains)] = {0}, squares[KERNEL(chains)] = {0};
  KERNEL(finish_deviations)(s, from, from + n, center, adds, next, sums, squares, sum, square);
}

INLINE void KERNEL(sum_deviations)(KERNEL(source) s, size_t columns, SCALAR center, const bool adds,
                                   KERNEL(source) next, double *sum, double *square) {
  *sum = *square = 0;
  for (size_t i = 0, n; i < columns; i += n) {
    n = KERNEL(block_of)(columns - i);
    double of_block, squares_of_block;
    KERNEL(deviations_of_block)(s, i, n, center, adds, next, &of_block, &squares_of_block);
    *sum += of_block;
    *square += squares_of_block;
  }
}

// ---- layer norm ----

// (x - center) factor + shift, where center is the mean in the element type, and shift what its rounding left over.
typedef struct {
  double rest, inverse; // mean - center
  SCALAR center, factor, shift;
} KERNEL(statistics);

INLINE KERNEL(statistics) KERNEL(statistics_of)(SCALAR center, double rest, double inverse) {
  return (KERNEL(statistics)){rest, inverse, center, (SCALAR)inverse, (SCALAR)(-rest * inverse)};
}

INLINE double KERNEL(inverse_deviation)(double variance, double epsilon) {
  return 1 / sqrt((variance < 0 ? 0 : variance) + epsilon);
}

// Rows too long to be read from a cache three times: two passes over each block, whose mean and squares are merged.
INLINE bool KERNEL(is_long)(size_t columns) { return columns * sizeof(ELEMENT) > normalization_long_bytes; }

INLINE KERNEL(statistics) KERNEL(long_statistics)(KERNEL(source) s, size_t columns, double epsilon, const bool adds) {
  const KERNEL(source) nothing = {NULL, NULL};
  double base = 0, mean = 0, squares = 0; // the mean is base + mean: its digits below those of base count too
  for (size_t i = 0, n; i < columns; i += n) {
    n = KERNEL(block_of)(columns - i);
    const SCALAR center = (SCALAR)(KERNEL(sum_block)(s, i, n, adds) / (double)n);
    double sum, square;
    KERNEL(deviations_of_block)(s, i, n, center, adds, nothing, &sum, &square);
    if (i == 0) base = (double)center;
    const double rest = sum / (double)n, share = (double)n / (double)(i + n);
    const double step = (double)center - base + rest - mean;
    squares += square - sum * rest + step * step * (double)i * share;
    mean += step * share;
  }
  const SCALAR center = (SCALAR)(base + mean);
  return KERNEL(statistics_of)(center, base - (double)center + mean,
                               KERNEL(inverse_deviation)(squares / (double)columns, epsilon));
}

// With the row's sum; while `next`, if any, is fetched.
INLINE KERNEL(statistics) KERNEL(short_statistics)(KERNEL(source) s, size_t columns, double row_sum, double epsilon,
                                                   const bool adds, KERNEL(source) next) {
  const double share = 1 / (double)columns;
  const SCALAR center = (SCALAR)(row_sum * share);
  double sum, square;
  KERNEL(sum_deviations)(s, columns, center, adds, next, &sum, &square);
  const double rest = sum * share;
  return KERNEL(statistics_of)(center, rest, KERNEL(inverse_deviation)(square * share - rest * rest, epsilon));
}

// ((x - center) factor + shift) scale + offset; `sum`, if any, gets x + residual.
typedef struct {
  KERNEL(source) source;
  const SCALAR *scale, *offset;
  SCALAR center, factor, shift;
  ELEMENT *sum;
  bool sum_streams;
} KERNEL(affine);

INLINE VECTOR KERNEL(affine_of)(const KERNEL(affine) * a, VECTOR x, size_t i, size_t n, const bool partial) {
  VECTOR v = multiply_add(x - broadcast(a->center), broadcast(a->factor), broadcast(a->shift));
  if (a->scale) v *= KERNEL(load_some)(a->scale + i, n, partial);
  if (a->offset) v += KERNEL(load_some)(a->offset + i, n, partial);
  return v;
}

INLINE VECTOR KERNEL(affine_value)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(affine) *a = context;
  return KERNEL(affine_of)(a, KERNEL(source_value)(a->source, i, n, false, partial), i, n, partial);
}

INLINE VECTOR KERNEL(affine_of_sum)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(affine) *a = context;
  const VECTOR x = KERNEL(source_value)(a->source, i, n, true, partial);
  if (!a->sum)
    ;
  else if (partial)
    store_first(a->sum + i, x, n);
  else if (a->sum_streams)
    store_nontemporal(a->sum + i, x);
  else
    store(a->sum + i, x);
  return KERNEL(affine_of)(a, x, i, n, partial);
}

// The sum goes past the caches with y where both begin at the same place of a line.
INLINE void KERNEL(write_sum_and_row)(KERNEL(affine) * a, const ELEMENT *next, ELEMENT *y, size_t n, bool streams) {
  const KERNEL(lines) none = {n, n};
  const bool in_step = !a->sum || ((uintptr_t)a->sum - (uintptr_t)y) % 64 == 0;
  const KERNEL(lines) lines = streams && in_step ? KERNEL(lines_of)(y, n) : none;
  a->sum_streams = false;
  KERNEL(write_span)(KERNEL(affine_of_sum), a, next, y, 0, lines.first, false);
  a->sum_streams = true;
  KERNEL(write_span)(KERNEL(affine_of_sum), a, next, y, lines.first, lines.end, true);
  a->sum_streams = false;
  KERNEL(write_span)(KERNEL(affine_of_sum), a, next, y, lines.end, n, false);
}

// The affine form of a row; its statistics are kept where they are wanted.
INLINE KERNEL(affine)
    KERNEL(affine_of_row)(const row_work *w, size_t row, KERNEL(source) source, KERNEL(statistics) s) {
  if (w->mean) w->mean[row] = (double)s.center + s.rest;
  if (w->inverse) w->inverse[row] = s.inverse;
  return (KERNEL(affine)){source, w->scale, w->offset, s.center, s.factor, s.shift, NULL, false};
}

INLINE void KERNEL(write_normalized)(const row_work *w, size_t row, KERNEL(source) source, KERNEL(statistics) s,
                                     const bool adds, const ELEMENT *next) {
  KERNEL(affine) a = KERNEL(affine_of_row)(w, row, source, s);
  ELEMENT *y = (ELEMENT *)w->y + row * w->y_row;
  if (adds) {
    if (w->sum) a.sum = (ELEMENT *)w->sum + row * w->sum_row;
    KERNEL(write_sum_and_row)(&a, next, y, w->columns, w->streams);
  } else {
    KERNEL(write_row)(KERNEL(affine_value), &a, next, y, w->columns, w->streams);
  }
}

INLINE KERNEL(source) KERNEL(source_to_fetch)(const row_work *w, size_t row, size_t last) {
  const KERNEL(source) nothing = {NULL, NULL};
  return KERNEL(row_to_fetch)(w->x, w->x_row, w->columns, row, last) ? KERNEL(source_of)(w, row) : nothing;
}

// The next row's sums, while a row is written.
typedef struct {
  KERNEL(source) next;
  const ELEMENT *fetched;
  VECTOR sums[KERNEL(chains)], squares[KERNEL(chains)];
} KERNEL(norm_reading);

INLINE void KERNEL(read_sum)(void *reading, size_t i) {
  KERNEL(norm_reading) *r = reading;
  KERNEL(fetch)(r->fetched, i, 2, 4);
  KERNEL(add_to_sums)(r->next, i, false, r->sums);
}

INLINE void KERNEL(read_squares)(void *reading, size_t i) {
  KERNEL(norm_reading) *r = reading;
  KERNEL(fetch)(r->fetched, i, 0, 4);
  KERNEL(add_deviations)(r->next, i, broadcast((SCALAR)0), false, r->sums, r->squares);
}

// Whether a row is written while the next one is read: out of cache, when there is one, of one block, and no residual.
// In cache the sum of the next row fills the time that the statistics of this one take.
INLINE bool KERNEL(reads_next)(const row_work *w, size_t row, size_t last, const bool adds) {
  return w->streams && !adds && row + 1 < last && w->columns <= KERNEL(row_block);
}

INLINE void KERNEL(layer_rows)(const row_work *w, size_t first, size_t last, const bool adds) {
  const size_t n = w->columns;
  double sum = KERNEL(sum_row)(KERNEL(source_of)(w, first), n, adds);
  for (size_t row = first; row < last; row++) {
    const KERNEL(source) source = KERNEL(source_of)(w, row), fetched = KERNEL(source_to_fetch)(w, row + 2, last);
    const KERNEL(statistics) s = KERNEL(short_statistics)(source, n, sum, w->epsilon, adds, fetched);
    if (KERNEL(reads_next)(w, row, last, adds)) {
      KERNEL(norm_reading) reading = {.next = KERNEL(source_of)(w, row + 1), .fetched = fetched.x};
      const KERNEL(affine) a = KERNEL(affine_of_row)(w, row, source, s);
      const size_t i = KERNEL(write_row_reading)(KERNEL(affine_value), &a, KERNEL(read_sum), &reading,
                                                 (ELEMENT *)w->y + row * w->y_row, n, w->streams);
      sum = KERNEL(finish_sum)(reading.next, i, n, false, reading.sums);
    } else {
      if (row + 1 < last) sum = KERNEL(sum_row)(KERNEL(source_of)(w, row + 1), n, adds);
      KERNEL(write_normalized)(w, row, source, s, adds, fetched.x);
    }
  }
}

INLINE void KERNEL(long_layer_rows)(const row_work *w, size_t first, size_t last, const bool adds) {
  for (size_t row = first; row < last; row++) {
    const KERNEL(source) source = KERNEL(source_of)(w, row);
    const KERNEL(statistics) s = KERNEL(long_statistics)(source, w->columns, w->epsilon, adds);
    KERNEL(write_normalized)(w, row, source, s, adds, NULL);
  }
}

static void KERNEL(layer_norm)(const row_work *w, size_t first, size_t last) {
  if (KERNEL(is_long)(w->columns)) {
    if (w->residual)
      KERNEL(long_layer_rows)(w, first, last, true);
    else
      KERNEL(long_layer_rows)(w, first, last, false);
  } else if (w->residual) {
    KERNEL(layer_rows)(w, first, last, true);
  } else {
    KERNEL(layer_rows)(w, first, last, false);
  }
  if (w->streams) fence_nontemporal();
}

// ---- RMS norm, L2 normalization ----

// x factor: nothing is taken off, and adding -0 leaves every number as it is.
INLINE KERNEL(statistics) KERNEL(scale_statistics)(double inverse) {
  return (KERNEL(statistics)){.inverse = inverse, .factor = (SCALAR)inverse, .shift = (SCALAR)-0.0};
}

// The factor of a row with this sum of squares.
INLINE double KERNEL(inverse_of)(double square, size_t n, double epsilon, const norm_kind kind) {
  if (kind == norm_rms) return 1 / sqrt(square / (double)n + epsilon);
  const double length = sqrt(square);
  return 1 / (length < epsilon ? epsilon : length); // NaN stays NaN
}

INLINE double KERNEL(square_row)(KERNEL(source) s, size_t n, const bool adds, KERNEL(source) next) {
  double sum, square;
  KERNEL(sum_deviations)(s, n, 0, adds, next, &sum, &square);
  return square;
}

INLINE void KERNEL(rms_rows)(const row_work *w, size_t first, size_t last, const norm_kind kind, const bool adds) {
  const KERNEL(source) nothing = {NULL, NULL};
  const size_t n = w->columns;
  double square = KERNEL(square_row)(KERNEL(source_of)(w, first), n, adds, nothing);
  for (size_t row = first; row < last; row++) {
    const KERNEL(source) source = KERNEL(source_of)(w, row);
    const KERNEL(statistics) s = KERNEL(scale_statistics)(KERNEL(inverse_of)(square, n, w->epsilon, kind));
    if (KERNEL(reads_next)(w, row, last, adds)) {
      KERNEL(norm_reading)
      reading = {.next = KERNEL(source_of)(w, row + 1), .fetched = KERNEL(source_to_fetch)(w, row + 3, last).x};
      const KERNEL(affine) a = KERNEL(affine_of_row)(w, row, source, s);
      const size_t i = KERNEL(write_row_reading)(KERNEL(affine_value), &a, KERNEL(read_squares), &reading,
                                                 (ELEMENT *)w->y + row * w->y_row, n, w->streams);
      double sum;
      KERNEL(finish_deviations)(reading.next, i, n, 0, false, nothing, reading.sums, reading.squares, &sum, &square);
    } else {
      const KERNEL(source) fetched = KERNEL(source_to_fetch)(w, row + 2, last);
      if (row + 1 < last) square = KERNEL(square_row)(KERNEL(source_of)(w, row + 1), n, adds, fetched);
      KERNEL(write_normalized)(w, row, source, s, adds, fetched.x);
    }
  }
  if (w->streams) fence_nontemporal();
}

static void KERNEL(rms_norm)(const row_work *w, size_t first, size_t last) {
  if (w->residual)
    KERNEL(rms_rows)(w, first, last, norm_rms, true);
  else
    KERNEL(rms_rows)(w, first, last, norm_rms, false);
}

static void KERNEL(l2_norm)(const row_work *w, size_t first, size_t last) {
  KERNEL(rms_rows)(w, first, last, norm_l2, false);
}
