// Dot products: tiles of C whose operands both lie with k contiguous, so that a vector holds LANES steps of k and
// nothing is packed. For few rows or columns: the sums across lanes at the end cost as much as some hundred steps of k.

#define MATMUL_DOT_ROWS 4
#if VECTOR_REGISTERS == 32
  #define MATMUL_DOT_COLUMNS 4
#else
  #define MATMUL_DOT_COLUMNS 2
#endif

// One step of LANES k, or of the last `count`.
INLINE void KERNEL(matmul_dot_step)(const size_t rows, const size_t columns, const SCALAR *a, size_t a_row,
                                    const SCALAR *b, size_t b_row, size_t count, VECTOR *sums) {
  VECTOR y[MATMUL_DOT_COLUMNS];
  UNROLL for (size_t j = 0; j < columns; j++) y[j] = load_up_to(b + j * b_row, count);
  UNROLL for (size_t i = 0; i < rows; i++) {
    const VECTOR x = load_up_to(a + i * a_row, count);
    UNROLL for (size_t j = 0; j < columns; j++) sums[i * columns + j] = multiply_add(x, y[j], sums[i * columns + j]);
  }
}

// A single pair of rows is summed in several chains, since one would wait for itself.
INLINE void KERNEL(matmul_dot_sums)(const size_t rows, const size_t columns, const matmul_tile *t, const SCALAR *b,
                                    SCALAR *out) {
  enum { most_chains = 4 };
  const size_t chains = rows * columns >= 8 ? 1 : rows * columns >= 4 ? 2 : most_chains;
  const SCALAR *a = t->a;
  const size_t a_row = t->a_row, b_row = t->b_step, k = t->k;
  VECTOR sums[most_chains][MATMUL_DOT_ROWS * MATMUL_DOT_COLUMNS];
  UNROLL for (size_t chain = 0; chain < chains; chain++) UNROLL for (size_t i = 0; i < rows * columns; i++)
      sums[chain][i] = broadcast((SCALAR)0);
  size_t p = 0;
  for (; p + chains * LANES <= k; p += chains * LANES) UNROLL for (size_t chain = 0; chain < chains; chain++) {
      const size_t at = p + chain * LANES;
      KERNEL(matmul_dot_step)(rows, columns, a + at, a_row, b + at, b_row, LANES, sums[chain]);
    }
  for (; p < k; p += LANES)
    KERNEL(matmul_dot_step)(rows, columns, a + p, a_row, b + p, b_row, k - p < LANES ? k - p : LANES, sums[0]);
  UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < columns; j++) {
    const size_t at = i * columns + j;
    VECTOR sum = sums[0][at];
    if (chains == 2) sum += sums[1][at];
    if (chains == 4) sum = (sum + sums[1][at]) + (sums[2][at] + sums[3][at]);
    out[i * MATMUL_DOT_COLUMNS + j] = horizontal_sum(sum);
  }
}

INLINE void KERNEL(matmul_dot_part)(const size_t rows, const matmul_tile *t, size_t first, size_t columns,
                                    SCALAR *out) {
  const SCALAR *b = (const SCALAR *)t->b + first * t->b_step;
  if (columns == 1) KERNEL(matmul_dot_sums)(rows, 1, t, b, out);
  if (columns == 2) KERNEL(matmul_dot_sums)(rows, 2, t, b, out);
#if MATMUL_DOT_COLUMNS == 4
  if (columns == 3) KERNEL(matmul_dot_sums)(rows, 3, t, b, out);
  if (columns == 4) KERNEL(matmul_dot_sums)(rows, 4, t, b, out);
#endif
}

// A tile of up to MATMUL_DOT_ROWS rows of A and any number of rows of B, b_step apart; k is contiguous in both.
static void KERNEL(matmul_dot)(size_t rows, const matmul_tile *t) {
  const SCALAR alpha = *(const SCALAR *)t->alpha, beta = *(const SCALAR *)t->beta;
  for (size_t first = 0; first < t->columns; first += MATMUL_DOT_COLUMNS) {
    const size_t left = t->columns - first, columns = left < MATMUL_DOT_COLUMNS ? left : MATMUL_DOT_COLUMNS;
    SCALAR sums[MATMUL_DOT_ROWS * MATMUL_DOT_COLUMNS], *c = (SCALAR *)t->c + first;
    if (rows == 1) KERNEL(matmul_dot_part)(1, t, first, columns, sums);
    if (rows == 2) KERNEL(matmul_dot_part)(2, t, first, columns, sums);
    if (rows == 3) KERNEL(matmul_dot_part)(3, t, first, columns, sums);
    if (rows == 4) KERNEL(matmul_dot_part)(4, t, first, columns, sums);
    if (t->epilogue) {
      KERNEL(matmul_epilogue)(t, rows, columns, sums, MATMUL_DOT_COLUMNS, c, first, 0);
      continue;
    }
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < columns; j++) {
        const SCALAR value = alpha * sums[i * MATMUL_DOT_COLUMNS + j];
        c[i * t->ldc + j] = beta == 0 ? value : value + beta * c[i * t->ldc + j];
      }
  }
}
