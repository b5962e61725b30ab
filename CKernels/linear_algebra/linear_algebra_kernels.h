// The triangles at the end of blocked solves and factorizations, and the passes over triangles of symmetric products.
//
// A tile of right-hand sides stays in registers while the rows above it are subtracted, and is then solved there. Two
// FMA pipes of 4 cycles need 8 independent sums. With 32 registers 8 rows of 2 vectors give 16; with 16 registers 4
// rows give 8, and leave 8 for the rows above, the broadcasts, and the products where nothing fuses.

#if VECTOR_REGISTERS == 32
  #define TRIANGLE_ROWS 8
#else
  #define TRIANGLE_ROWS 4
#endif
#define STRIP_VECTORS 2
#define STRIP_COLUMNS (STRIP_VECTORS * LANES)

// Vectors that hold a row of the small triangle on the diagonal.
#define TRIANGLE_VECTORS ((TRIANGLE_ROWS + LANES - 1) / LANES)

// ---- substitution ----------------------------------------------------------------------------------------------

// sums = rows first..<first + rows of x minus what rows 0..<first of the solution contribute. rows and vectors are
// constants after inlining.
INLINE void KERNEL(triangle_subtract)(const size_t rows, const size_t vectors, size_t first, const SCALAR *triangle,
                                      const SCALAR *x, ptrdiff_t step, VECTOR sums[TRIANGLE_ROWS][TRIANGLE_ROWS]) {
  const SCALAR *at = x + (ptrdiff_t)first * step;
  UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < vectors; j++) sums[i][j] =
      load(at + (ptrdiff_t)i * step + j * LANES);
  const SCALAR *factors = triangle + first;
  for (size_t k = 0; k < first; k++, x += step, factors += triangle_pitch) {
    VECTOR solved[TRIANGLE_ROWS];
    UNROLL for (size_t j = 0; j < vectors; j++) solved[j] = load(x + j * LANES);
    UNROLL for (size_t i = 0; i < rows; i++) {
      const VECTOR factor = broadcast(-factors[i]);
      UNROLL for (size_t j = 0; j < vectors; j++) sums[i][j] = multiply_add(factor, solved[j], sums[i][j]);
    }
  }
}

INLINE void KERNEL(triangle_solve_rows)(const size_t rows, const size_t vectors, size_t first, const SCALAR *triangle,
                                        const SCALAR *diagonal, bool divides, SCALAR *x, ptrdiff_t step) {
  VECTOR sums[TRIANGLE_ROWS][TRIANGLE_ROWS];
  KERNEL(triangle_subtract)(rows, vectors, first, triangle, x, step, sums);
  x += (ptrdiff_t)first * step;
  UNROLL for (size_t i = 0; i < rows; i++) {
    const VECTOR d = broadcast(diagonal[first + i]);
    UNROLL for (size_t j = 0; j < vectors; j++) {
      sums[i][j] = divides ? sums[i][j] / d : sums[i][j] * d;
      store(x + (ptrdiff_t)i * step + j * LANES, sums[i][j]);
    }
    const SCALAR *factors = triangle + (first + i) * triangle_pitch + first;
    UNROLL for (size_t r = i + 1; r < rows; r++) {
      const VECTOR factor = broadcast(-factors[r]);
      UNROLL for (size_t j = 0; j < vectors; j++) sums[r][j] = multiply_add(factor, sums[i][j], sums[r][j]);
    }
  }
}

INLINE void KERNEL(triangle_solve_strip)(const size_t vectors, const packed_triangle *t, SCALAR *x, ptrdiff_t step) {
  const SCALAR *triangle = (const SCALAR *)t->elements, *diagonal = (const SCALAR *)t->diagonal;
  size_t i = 0;
  for (; i + TRIANGLE_ROWS <= t->n; i += TRIANGLE_ROWS)
    KERNEL(triangle_solve_rows)(TRIANGLE_ROWS, vectors, i, triangle, diagonal, t->divides, x, step);
  for (; i < t->n; i++) KERNEL(triangle_solve_rows)(1, vectors, i, triangle, diagonal, t->divides, x, step);
}

// ---- packing ---------------------------------------------------------------------------------------------------

// By squares of a cache line, in these by 16 bytes: rows that lie pages apart share sets of L1, which hold a square's
// lines of both matrices, but not those of a whole row of squares.
static void KERNEL(triangle_transpose)(size_t rows, size_t columns, const void *from, size_t ld, void *to,
                                       size_t ld_to) {
  enum { block = 16 / sizeof(SCALAR), line = 64 / sizeof(SCALAR) };
  const SCALAR *source = from;
  SCALAR *target = to;
  const size_t whole_rows = rows / block * block, whole_columns = columns / block * block;
  for (size_t i0 = 0; i0 < whole_rows; i0 += line)
    for (size_t j0 = 0; j0 < whole_columns; j0 += line)
      for (size_t i = i0; i < i0 + line && i < whole_rows; i += block)
        for (size_t j = j0; j < j0 + line && j < whole_columns; j += block)
          KERNEL(transpose_block)(source + i * ld + j, ld, target + j * ld_to + i, ld_to);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = i < whole_rows ? whole_columns : 0; j < columns; j++) target[j * ld_to + i] = source[i * ld + j];
}

// Off the diagonal and on it, by the way that `from` lies: rows become columns in squares, columns are copied, and what
// runs backward goes one by one. The other triangle is not read.
INLINE void KERNEL(triangle_copy)(size_t n, const SCALAR *from, ptrdiff_t row_step, ptrdiff_t column_step,
                                  SCALAR *triangle) {
  const bool in_squares = column_step == 1 && row_step > 0;
  for (size_t k = 0; k < n; k += packing_square) {
    const size_t next = k + packing_square < n ? k + packing_square : n;
    for (size_t c = k; c < next; c++) {
      const SCALAR *at = from + (ptrdiff_t)c * column_step;
      SCALAR *row = triangle + c * triangle_pitch;
      memset(row, 0, triangle_pitch * sizeof(SCALAR));
      if (row_step == 1)
        memcpy(row + c, at + c, (n - c) * sizeof(SCALAR));
      else
        for (size_t i = c; i < (in_squares ? next : n); i++) row[i] = at[(ptrdiff_t)i * row_step];
    }
    if (in_squares)
      KERNEL(triangle_transpose)(n - next, next - k, from + next * (size_t)row_step + k, (size_t)row_step,
                                 triangle + k * triangle_pitch + next, triangle_pitch);
  }
}

// A reciprocal that over- or underflows, of an element that does not, would lose the quotient: then all are divided.
static void KERNEL(triangle_pack)(size_t n, const void *from, ptrdiff_t row_step, ptrdiff_t column_step,
                                  bool unit_diagonal, packed_triangle *t) {
  SCALAR *triangle = (SCALAR *)t->elements, *diagonal = (SCALAR *)t->diagonal;
  KERNEL(triangle_copy)(n, from, row_step, column_step, triangle);
  t->n = n;
  t->divides = false;
  for (size_t k = 0; k < n; k++) {
    const SCALAR d = unit_diagonal ? 1 : triangle[k * triangle_pitch + k], reciprocal = 1 / d;
    diagonal[k] = reciprocal;
    if (isfinite(d) && !isnormal(reciprocal)) t->divides = true;
  }
  for (size_t k = 0; k < n && t->divides; k++) diagonal[k] = unit_diagonal ? 1 : triangle[k * triangle_pitch + k];
}

static void KERNEL(triangle_unpack)(const packed_triangle *t, void *to, size_t row_step, size_t column_step) {
  const SCALAR *triangle = (const SCALAR *)t->elements;
  SCALAR *target = to;
  const size_t n = t->n;
  if (row_step == 1) {
    for (size_t k = 0; k < n; k++)
      memcpy(target + k * column_step + k, triangle + k * triangle_pitch + k, (n - k) * sizeof(SCALAR));
    return;
  }
  for (size_t k = 0; k < n; k += packing_square) {
    const size_t next = k + packing_square < n ? k + packing_square : n;
    for (size_t c = k; c < next; c++)
      for (size_t i = c; i < next; i++) target[i * row_step + c] = triangle[c * triangle_pitch + i];
    KERNEL(triangle_transpose)(next - k, n - next, triangle + k * triangle_pitch + next, triangle_pitch,
                               target + next * row_step + k, row_step);
  }
}

// ---- the kernels of a solve ------------------------------------------------------------------------------------

// Right-hand sides are copied: rows that lie pages apart would share a set of L1, and those of the right-hand form have
// to be transposed.
static void KERNEL(triangle_solve)(const packed_triangle *t, bool right, bool backward, size_t count, void *b,
                                   size_t ldb) {
  _Alignas(64) SCALAR strip[triangle_order * STRIP_COLUMNS];
  SCALAR *sides = b;
  const size_t n = t->n, whole = count / LANES * LANES, vectors = count > LANES ? 2 : 1;
  if (count < STRIP_COLUMNS) memset(strip, 0, n * STRIP_COLUMNS * sizeof(SCALAR));
  if (right)
    KERNEL(triangle_transpose)(count, n, sides, ldb, strip, STRIP_COLUMNS);
  else
    for (size_t i = 0; i < n; i++) {
      SCALAR *to = strip + i * STRIP_COLUMNS;
      for (size_t j = 0; j < whole; j += LANES) store(to + j, load(sides + i * ldb + j));
      if (whole < count) store(to + whole, load_first(sides + i * ldb + whole, count - whole));
    }
  SCALAR *first = backward ? strip + (n - 1) * STRIP_COLUMNS : strip;
  const ptrdiff_t step = backward ? -(ptrdiff_t)STRIP_COLUMNS : (ptrdiff_t)STRIP_COLUMNS;
  if (vectors == 2)
    KERNEL(triangle_solve_strip)(2, t, first, step);
  else
    KERNEL(triangle_solve_strip)(1, t, first, step);
  if (right)
    KERNEL(triangle_transpose)(n, count, strip, STRIP_COLUMNS, sides, ldb);
  else
    for (size_t i = 0; i < n; i++) {
      const SCALAR *from = strip + i * STRIP_COLUMNS;
      for (size_t j = 0; j < whole; j += LANES) store(sides + i * ldb + j, load(from + j));
      if (whole < count) store_first(sides + i * ldb + whole, load(from + whole), count - whole);
    }
}

// ---- Cholesky --------------------------------------------------------------------------------------------------

// Rows first..<first + rows of the factor: what lies above is subtracted from their square on the diagonal, which is
// factored by itself; the rest of the rows is then solved with it. Returns the row whose pivot is not positive, or n.
INLINE size_t KERNEL(triangle_factor_rows)(const size_t rows, size_t first, packed_triangle *t) {
  SCALAR *triangle = (SCALAR *)t->elements, *diagonal = (SCALAR *)t->diagonal;
  VECTOR sums[TRIANGLE_ROWS][TRIANGLE_ROWS];
  KERNEL(triangle_subtract)(rows, TRIANGLE_VECTORS, first, triangle, triangle + first, triangle_pitch, sums);
  SCALAR square[TRIANGLE_ROWS][TRIANGLE_VECTORS * LANES];
  UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < TRIANGLE_VECTORS; j++)
      store(square[i] + j * LANES, sums[i][j]);
  for (size_t i = 0; i < rows; i++) {
    const SCALAR pivot = square[i][i];
    if (!(pivot > 0)) return first + i;
    const SCALAR root = sizeof(SCALAR) == 4 ? (SCALAR)sqrtf((float)pivot) : (SCALAR)sqrt((double)pivot);
    diagonal[first + i] = 1 / root;
    SCALAR *row = triangle + (first + i) * triangle_pitch + first;
    row[i] = root;
    for (size_t j = i + 1; j < rows; j++) row[j] = square[i][j] * diagonal[first + i];
    for (size_t r = i + 1; r < rows; r++)
      for (size_t j = r; j < rows; j++) square[r][j] -= row[r] * row[j];
  }
  size_t column = first + rows;
  for (; column + LANES < t->n; column += 2 * LANES)
    KERNEL(triangle_solve_rows)(rows, 2, first, triangle, diagonal, false, triangle + column, triangle_pitch);
  if (column < t->n)
    KERNEL(triangle_solve_rows)(rows, 1, first, triangle, diagonal, false, triangle + column, triangle_pitch);
  return t->n;
}

static size_t KERNEL(triangle_factor)(packed_triangle *t) {
  size_t i = 0, failed = t->n;
  for (; i + TRIANGLE_ROWS <= t->n && failed == t->n; i += TRIANGLE_ROWS)
    failed = KERNEL(triangle_factor_rows)(TRIANGLE_ROWS, i, t);
  for (; i < t->n && failed == t->n; i++) failed = KERNEL(triangle_factor_rows)(1, i, t);
  return failed;
}

// ---- symmetric products ----------------------------------------------------------------------------------------

static void KERNEL(triangle_merge)(size_t n, bool upper, const void *product, size_t ld, const void *factor, void *c,
                                   size_t ldc) {
  const SCALAR beta = *(const SCALAR *)factor;
  for (size_t i = 0; i < n; i++) {
    const SCALAR *from = (const SCALAR *)product + i * ld;
    SCALAR *to = (SCALAR *)c + i * ldc;
    size_t j = upper ? i : 0;
    const size_t end = upper ? n : i + 1;
    for (; j + LANES <= end; j += LANES) {
      const VECTOR p = load(from + j);
      store(to + j, beta == 0 ? p : multiply_add(broadcast(beta), load(to + j), p));
    }
    if (j < end) {
      const VECTOR p = load_first(from + j, end - j);
      store_first(to + j, beta == 0 ? p : multiply_add(broadcast(beta), load_first(to + j, end - j), p), end - j);
    }
  }
}

static void KERNEL(triangle_mirror)(size_t n, void *c, size_t ldc) {
  enum { line = 64 / sizeof(SCALAR) };
  SCALAR *matrix = c;
  for (size_t i0 = 0; i0 < n; i0 += line) {
    const size_t next = i0 + line < n ? i0 + line : n;
    KERNEL(triangle_transpose)(next - i0, i0, matrix + i0 * ldc, ldc, matrix + i0, ldc);
    for (size_t i = i0; i < next; i++)
      for (size_t j = i0; j < i; j++) matrix[j * ldc + i] = matrix[i * ldc + j];
  }
}

static const linear_algebra_kernels KERNEL(linear_algebra) = {
    .element_bytes = sizeof(SCALAR),
    .columns = STRIP_COLUMNS,
    .pack = KERNEL(triangle_pack),
    .solve = KERNEL(triangle_solve),
    .factor = KERNEL(triangle_factor),
    .unpack = KERNEL(triangle_unpack),
    .merge = KERNEL(triangle_merge),
    .transpose = KERNEL(triangle_transpose),
    .mirror = KERNEL(triangle_mirror),
};
