// Rows of one class at a time into its sums, which stay in registers for some columns: memory is then the bound.

// ---- sums ----

// With moments, as many sums, squares and centres.
enum { KERNEL(sum_vectors) = VECTOR_REGISTERS / 4 };

typedef SCALAR KERNEL(some_row)
    __attribute__((ext_vector_type(VECTOR_BYTES / sizeof(double)), aligned(sizeof(SCALAR))));

// The first n elements as doubles; 0 behind them.
INLINE f64v KERNEL(as_doubles)(const SCALAR *x, size_t n) {
  if (n >= f64_lanes) return __builtin_convertvector(*(const KERNEL(some_row) *)x, f64v);
  f64v v = {0};
  for (size_t i = 0; i < n; i++) v[i] = (double)x[i];
  return v;
}

INLINE size_t KERNEL(up_to)(size_t most, size_t n) { return n < most ? n : most; }

typedef enum { KERNEL(of_elements), KERNEL(of_flags), KERNEL(of_moments) } KERNEL(sum_kind);

// The columns from `first`, up to sum_vectors vectors of doubles.
INLINE void KERNEL(add_columns)(const class_rows *r, const KERNEL(sum_kind) kind, size_t first, const bool weighted,
                                const bool partial) {
  enum { width = KERNEL(sum_vectors) };
  const f64v threshold = broadcast(r->threshold);
  f64v sums[width], squares[width], centers[width], least[width];
  size_t lanes[width];
  UNROLL for (size_t v = 0; v < width; v++) {
    const size_t at = first + v * f64_lanes;
    lanes[v] = !partial ? f64_lanes : at < r->columns ? KERNEL(up_to)(f64_lanes, r->columns - at) : 0;
    sums[v] = lanes[v] ? load_up_to(r->sums + at, lanes[v]) : broadcast(0.0);
    if (kind == KERNEL(of_elements)) least[v] = broadcast(*r->least);
    if (kind != KERNEL(of_moments)) continue;
    squares[v] = lanes[v] ? load_up_to(r->squares + at, lanes[v]) : broadcast(0.0);
    centers[v] = lanes[v] ? load_up_to(r->centers + at, lanes[v]) : broadcast(0.0);
  }
  for (size_t i = 0; i < r->count; i++) {
    const size_t row = r->rows[i];
    const SCALAR *x = (const SCALAR *)r->x + row * r->x_row + first;
    const SCALAR *next = (const SCALAR *)r->x + KERNEL(up_to)(r->last, r->ahead + i) * r->x_row + first;
    const f64v weight = broadcast(weighted ? r->weights[row] : 1.0);
    UNROLL for (size_t v = 0; v < width; v++) {
      if (partial && lanes[v] == 0) continue;
      if (v * sizeof(f64v) * sizeof(SCALAR) / sizeof(double) % 64 == 0) __builtin_prefetch(next + v * f64_lanes);
      const f64v value = KERNEL(as_doubles)(x + v * f64_lanes, lanes[v]);
      if (kind == KERNEL(of_elements)) {
        sums[v] += weighted ? weight * value : value;
        least[v] = value < least[v] ? value : least[v]; // lanes without an element are 0: no less than counts may be
      } else if (kind == KERNEL(of_flags)) {
        // NaN and infinity stay in the sum.
        sums[v] = multiply_add(value, broadcast(0.0), sums[v] + (value > threshold ? weight : broadcast(0.0)));
      } else {
        const f64v z = value - centers[v], by = weighted ? weight * z : z;
        sums[v] += by;
        squares[v] = multiply_add(by, z, squares[v]);
      }
    }
  }
  UNROLL for (size_t v = 0; v < width; v++) {
    const size_t at = first + v * f64_lanes;
    if (lanes[v] == 0) continue;
    store_up_to(r->sums + at, sums[v], lanes[v]);
    if (kind == KERNEL(of_moments)) store_up_to(r->squares + at, squares[v], lanes[v]);
    if (kind == KERNEL(of_elements))
      *r->least = horizontal_min(least[v]) < *r->least ? horizontal_min(least[v]) : *r->least;
  }
}

INLINE void KERNEL(add_rows)(const class_rows *r, const KERNEL(sum_kind) kind) {
  const size_t span = KERNEL(sum_vectors) * f64_lanes;
  size_t first = 0;
  for (; first + span <= r->columns; first += span) {
    if (r->weights)
      KERNEL(add_columns)(r, kind, first, true, false);
    else
      KERNEL(add_columns)(r, kind, first, false, false);
  }
  if (first < r->columns) KERNEL(add_columns)(r, kind, first, r->weights != NULL, true);
}

static void KERNEL(add_class_rows)(const class_rows *r) { KERNEL(add_rows)(r, KERNEL(of_elements)); }
static void KERNEL(add_class_flags)(const class_rows *r) { KERNEL(add_rows)(r, KERNEL(of_flags)); }
static void KERNEL(add_class_moments)(const class_rows *r) { KERNEL(add_rows)(r, KERNEL(of_moments)); }

// ---- likelihood: four rows at once, for which means and factors are read once ----

enum { KERNEL(rows_at_once) = 4 };

// Of fewer rows than four, the last stands for those that are missing.
INLINE void KERNEL(four_rows)(const SCALAR *x, size_t x_row, size_t rows, const SCALAR *four[KERNEL(rows_at_once)]) {
  UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) four[r] = x + KERNEL(up_to)(rows - 1, r) * x_row;
}

// to[r]: constant + factor times the sum of the r-th vector.
INLINE void KERNEL(write_four)(const VECTOR sums[KERNEL(rows_at_once)], double factor, double constant, size_t count,
                               SCALAR *to, size_t to_row) {
  typedef SCALAR four __attribute__((ext_vector_type(KERNEL(rows_at_once))));
  typedef double four_doubles __attribute__((ext_vector_type(KERNEL(rows_at_once))));
  SCALAR totals[KERNEL(rows_at_once)];
  four_sums(sums, totals);
  const four all = {totals[0], totals[1], totals[2], totals[3]};
  const four written = __builtin_convertvector(constant + factor * __builtin_convertvector(all, four_doubles), four);
  if (__builtin_expect(count == KERNEL(rows_at_once), true))
    UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) to[r * to_row] = written[r];
  else
    for (size_t r = 0; r < count; r++) to[r * to_row] = written[r];
}

// Fetches the four rows that are some memory behind these.
INLINE void KERNEL(fetch_four)(const SCALAR *x, size_t x_row, size_t rows, size_t columns) {
  enum { ahead_bytes = 8192, line = 64 / sizeof(SCALAR) };
  const size_t ahead =
      KERNEL(rows_at_once) * (1 + ahead_bytes / (KERNEL(rows_at_once) * sizeof(SCALAR) * (columns + 1)));
  if (ahead + KERNEL(rows_at_once) > rows) return;
  for (size_t r = 0; r < KERNEL(rows_at_once); r++)
    for (size_t j = 0; j < columns; j += line) __builtin_prefetch(x + (ahead + r) * x_row + j);
}

INLINE void KERNEL(squares_of_four)(const SCALAR *const four[KERNEL(rows_at_once)], const SCALAR *mean,
                                    const SCALAR *factor, size_t j, const size_t lanes,
                                    VECTOR sums[KERNEL(rows_at_once)]) {
  const VECTOR m = load_up_to(mean + j, lanes), f = load_up_to(factor + j, lanes);
  UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) {
    const VECTOR z = load_up_to(four[r] + j, lanes) - m;
    sums[r] = multiply_add(z * f, z, sums[r]);
  }
}

static void KERNEL(normal_likelihood)(size_t rows, size_t columns, const void *from, size_t x_row, size_t class_count,
                                      const void *means, const void *factors, const double *constants, void *to) {
  for (size_t i = 0; i < rows; i += KERNEL(rows_at_once)) {
    const SCALAR *four[KERNEL(rows_at_once)];
    const size_t count = KERNEL(up_to)(KERNEL(rows_at_once), rows - i);
    KERNEL(four_rows)((const SCALAR *)from + i * x_row, x_row, count, four);
    KERNEL(fetch_four)(four[0], x_row, rows - i, columns);
    for (size_t c = 0; c < class_count; c++) {
      const SCALAR *mean = (const SCALAR *)means + c * columns, *factor = (const SCALAR *)factors + c * columns;
      VECTOR sums[KERNEL(rows_at_once)] = {0};
      size_t j = 0;
      for (; j + LANES <= columns; j += LANES) KERNEL(squares_of_four)(four, mean, factor, j, LANES, sums);
      if (j < columns) KERNEL(squares_of_four)(four, mean, factor, j, columns - j, sums);
      KERNEL(write_four)(sums, -0.5, constants[c], count, (SCALAR *)to + i * class_count + c, class_count);
    }
  }
}

INLINE void KERNEL(flags_of_four)(const SCALAR *const four[KERNEL(rows_at_once)], SCALAR threshold,
                                  const SCALAR *factor, size_t j, const size_t lanes,
                                  VECTOR sums[KERNEL(rows_at_once)]) {
  const VECTOR f = load_up_to(factor + j, lanes);
  UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) {
    const VECTOR v = load_up_to(four[r] + j, lanes);
    sums[r] += v > broadcast(threshold) ? f : (VECTOR){0};
  }
}

// Zeros, or NaN where a row holds NaN or infinity.
INLINE void KERNEL(nothing_of_four)(const SCALAR *const four[KERNEL(rows_at_once)], size_t columns,
                                    VECTOR sums[KERNEL(rows_at_once)]) {
  UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) sums[r] = (VECTOR){0};
  size_t j = 0;
  for (; j + LANES <= columns; j += LANES)
    UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) sums[r] += load(four[r] + j) * (SCALAR)0;
  if (j < columns)
    UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) sums[r] +=
        load_first(four[r] + j, columns - j) * (SCALAR)0;
}

static void KERNEL(flag_likelihood)(size_t rows, size_t columns, const void *from, size_t x_row, size_t class_count,
                                    double threshold, const void *factors, const double *constants, void *to) {
  for (size_t i = 0; i < rows; i += KERNEL(rows_at_once)) {
    const SCALAR *four[KERNEL(rows_at_once)];
    const size_t count = KERNEL(up_to)(KERNEL(rows_at_once), rows - i);
    VECTOR nothing[KERNEL(rows_at_once)];
    KERNEL(four_rows)((const SCALAR *)from + i * x_row, x_row, count, four);
    KERNEL(fetch_four)(four[0], x_row, rows - i, columns);
    KERNEL(nothing_of_four)(four, columns, nothing);
    for (size_t c = 0; c < class_count; c++) {
      const SCALAR *factor = (const SCALAR *)factors + c * columns;
      VECTOR sums[KERNEL(rows_at_once)];
      UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) sums[r] = nothing[r];
      size_t j = 0;
      for (; j + LANES <= columns; j += LANES) KERNEL(flags_of_four)(four, (SCALAR)threshold, factor, j, LANES, sums);
      if (j < columns) KERNEL(flags_of_four)(four, (SCALAR)threshold, factor, j, columns - j, sums);
      KERNEL(write_four)(sums, 1, constants[c], count, (SCALAR *)to + i * class_count + c, class_count);
    }
  }
}

static const bayes_kernels KERNEL(bayes_table) = {
    .element_bytes = sizeof(SCALAR),
    .add = KERNEL(add_class_rows),
    .add_above = KERNEL(add_class_flags),
    .add_moments = KERNEL(add_class_moments),
    .likelihood = KERNEL(normal_likelihood),
    .flag_likelihood = KERNEL(flag_likelihood),
};
