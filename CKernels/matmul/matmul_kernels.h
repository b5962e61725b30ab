// The matmul microkernels: a tile of C stays in registers while k runs.
//
// Per step of k, a tile of R rows and V vectors does R V multiply-adds and R + V loads. Two FMA pipes of 4 cycles need
// 8 independent sums; two load ports allow as many loads as multiply-adds. With 32 registers, 14 rows by 2 vectors give
// 28 sums and leave 4 registers for B and A: 16 loads for 28 multiply-adds. With 16 registers, 6 rows by 2: 8 loads for
// 12. Fewer rows take more vectors, so that there are sums enough, and a single vector takes twice the rows.

#if VECTOR_REGISTERS == 32
  #define MATMUL_ROWS 14
  #define MATMUL_WIDTH(rows) ((rows) <= 3 ? 8 : (rows) <= 6 ? 4 : (rows) <= MATMUL_ROWS ? 2 : 1)
#else
  #define MATMUL_ROWS 6
  #define MATMUL_WIDTH(rows) ((rows) <= 1 ? 8 : (rows) <= 3 ? 4 : (rows) <= MATMUL_ROWS ? 2 : 1)
#endif
#define MATMUL_VECTORS 2
#define MATMUL_COLUMNS (MATMUL_VECTORS * LANES)
#define MATMUL_SUMS (MATMUL_ROWS * MATMUL_VECTORS)

// One step of k: the sums of `rows` x `vectors` grow by a column of A times a row of B. rows, vectors and `masked` are
// constants after inlining. Row i of A starts at a[i / 3] + i % 3 * a_row: one pointer for every three rows.
INLINE void KERNEL(matmul_step)(const size_t rows, const size_t vectors, const bool masked, size_t last,
                                const SCALAR *const *a, size_t a_row, const SCALAR *b, size_t b_ahead, VECTOR *sums) {
  VECTOR row[MATMUL_WIDTH(1)];
  UNROLL for (size_t j = 0; j < vectors; j++) row[j] =
      masked && j + 1 == vectors ? load_first(b + j * LANES, last) : load(b + j * LANES);
  if (rows > 1) UNROLL for (size_t j = 0; j < vectors; j++) __builtin_prefetch(b + b_ahead + j * LANES);
  UNROLL for (size_t i = 0; i < rows; i++) {
    const VECTOR x = broadcast(a[i / 3][i % 3 * a_row]);
    UNROLL for (size_t j = 0; j < vectors; j++) sums[i * vectors + j] = multiply_add(x, row[j], sums[i * vectors + j]);
  }
}

// The sums over k.
//
// The tile of C is wanted at the end, and may come from far: it is asked for in the first steps, a row at a time, since
// 28 requests at once would hold up the loads of B behind them.
//
// Pointers to rows of A are kept apart from one another. Left to itself, the compiler steps one pointer from row to row
// and on to the next k: a chain of as many additions as the step has cycles, so that no load could run ahead.
INLINE void KERNEL(matmul_sums)(const size_t rows, const size_t vectors, const bool masked, const matmul_tile *t,
                                size_t last, const SCALAR *from, const SCALAR *b, const SCALAR *c, VECTOR *sums) {
  const size_t k = t->k, a_row = opaque(t->a_row), a_step = t->a_step, b_step = t->b_step, ldc = t->ldc;
  const size_t pointers = (rows + 2) / 3, early = k < 64 ? 0 : rows;
  const SCALAR *a[(2 * MATMUL_ROWS + 2) / 3];
  UNROLL for (size_t i = 0; i < pointers; i++) a[i] = opaque(from + 3 * i * a_row);
  UNROLL for (size_t i = 0; i < rows * vectors; i++) sums[i] = broadcast((SCALAR)0);
  for (size_t p = 0; p < early; p++, c += ldc, b += b_step) {
    __builtin_prefetch(c, 1);
    __builtin_prefetch(c + (vectors - 1) * LANES + last - 1, 1);
    KERNEL(matmul_step)(rows, vectors, masked, last, a, a_row, b, t->b_ahead, sums);
    UNROLL for (size_t i = 0; i < pointers; i++) a[i] = opaque(a[i] + a_step);
  }
  _Pragma("clang loop unroll_count(2)") for (size_t p = early; p < k; p++, b += b_step) {
    KERNEL(matmul_step)(rows, vectors, masked, last, a, a_row, b, t->b_ahead, sums);
    UNROLL for (size_t i = 0; i < pointers; i++) a[i] = opaque(a[i] + a_step);
  }
}

// c = alpha sums + beta c for the first `last` lanes of the last vector and all of the others.
INLINE void KERNEL(matmul_finish)(const size_t rows, const size_t vectors, const bool masked, size_t last, SCALAR alpha,
                                  SCALAR beta, SCALAR *c, size_t ldc, const VECTOR *sums) {
  const bool reads = beta != 0;
  UNROLL for (size_t i = 0; i < rows; i++) {
    UNROLL for (size_t j = 0; j < vectors; j++) {
      SCALAR *to = c + i * ldc + j * LANES;
      VECTOR v = broadcast(alpha) * sums[i * vectors + j];
      if (!masked || j + 1 < vectors) {
        if (reads) v = multiply_add(broadcast(beta), load(to), v);
        store(to, v);
      } else {
        if (reads) v = multiply_add(broadcast(beta), load_first(to, last), v);
        store_first(to, v, last);
      }
    }
  }
}

// `vectors` vectors of columns from `first` on, of every product. `masked` is for C: B may be padded.
//
// With an epilogue the tile goes over the stack: its functions are long, and would otherwise be here once a vector.
INLINE void KERNEL(matmul_tile_part)(const size_t rows, const size_t vectors, const bool masked, const matmul_tile *t,
                                     size_t first, size_t last) {
  const SCALAR alpha = *(const SCALAR *)t->alpha, beta = *(const SCALAR *)t->beta;
  const SCALAR *a = t->a, *b = (const SCALAR *)t->b + first;
  SCALAR *c = (SCALAR *)t->c + first;
  for (size_t item = 0; item < t->count; item++, a += t->a_next, b += t->b_next, c += t->c_next) {
    VECTOR sums[MATMUL_SUMS];
    if (masked && !t->padded)
      KERNEL(matmul_sums)(rows, vectors, true, t, last, a, b, c, sums);
    else
      KERNEL(matmul_sums)(rows, vectors, false, t, last, a, b, c, sums);
    if (t->epilogue) {
      SCALAR tile[MATMUL_SUMS * LANES] __attribute__((aligned(64)));
      KERNEL(matmul_finish)(rows, vectors, masked, last, alpha, 0, tile, vectors * LANES, sums);
      KERNEL(matmul_epilogue)(t, rows, (vectors - 1) * LANES + last, tile, vectors * LANES, c, first, item);
    } else {
      KERNEL(matmul_finish)(rows, vectors, masked, last, alpha, beta, c, opaque(t->ldc), sums);
    }
  }
}

// As many vectors as the registers hold, then fewer, until the columns are done.
INLINE void KERNEL(matmul_tile_of)(const size_t rows, const matmul_tile *t) {
  const size_t width = MATMUL_WIDTH(rows);
  for (size_t first = 0, vectors; first < t->columns; first += vectors * LANES) {
    const size_t left = t->columns - first;
    vectors = width >= 8 && left > 7 * LANES   ? 8
              : width >= 4 && left > 3 * LANES ? 4
              : width >= 2 && left > LANES     ? 2
                                               : 1;
    const size_t last = left < vectors * LANES ? left - (vectors - 1) * LANES : LANES;
#define MATMUL_PART(count)                                                                                             \
  if (vectors == count) {                                                                                              \
    if (last < LANES)                                                                                                  \
      KERNEL(matmul_tile_part)(rows, count, true, t, first, last);                                                     \
    else                                                                                                               \
      KERNEL(matmul_tile_part)(rows, count, false, t, first, LANES);                                                   \
  }
    MATMUL_PART(1)
    if (width >= 2) MATMUL_PART(2)
    if (width >= 4) MATMUL_PART(4)
    if (width >= 8) MATMUL_PART(8)
#undef MATMUL_PART
  }
}

#define MATMUL_TILES_OF_12(tile)                                                                                       \
  tile(1) tile(2) tile(3) tile(4) tile(5) tile(6) tile(7) tile(8) tile(9) tile(10) tile(11) tile(12)
#if VECTOR_REGISTERS == 32
  #define MATMUL_TILES(tile)                                                                                           \
    MATMUL_TILES_OF_12(tile)                                                                                           \
    tile(13) tile(14) tile(15) tile(16) tile(17) tile(18) tile(19) tile(20) tile(21) tile(22) tile(23) tile(24)        \
        tile(25) tile(26) tile(27) tile(28)
#else
  #define MATMUL_TILES(tile) MATMUL_TILES_OF_12(tile)
#endif

#define MATMUL_TILE(rows)                                                                                              \
  static void KERNEL(matmul_tile_##rows)(const matmul_tile *t) { KERNEL(matmul_tile_of)(rows, t); }
MATMUL_TILES(MATMUL_TILE)
#undef MATMUL_TILE

#define MATMUL_TILE(rows) [rows] = KERNEL(matmul_tile_##rows),
static const matmul_kernels KERNEL(matmul) = {
    .element_bytes = sizeof(SCALAR),
    .near_bytes = (VECTOR_BYTES == 64 ? 1024 : 256) * 1024,
    .rows = MATMUL_ROWS,
    .columns = MATMUL_COLUMNS,
    .tall_rows = 2 * MATMUL_ROWS,
    .narrow_columns = LANES,
    .tile = {MATMUL_TILES(MATMUL_TILE)},
    .dot_rows = MATMUL_DOT_ROWS,
    .dot_columns = MATMUL_DOT_COLUMNS,
    .dot = KERNEL(matmul_dot),
    .pack_along = KERNEL(matmul_pack_along),
    .pack_across = KERNEL(matmul_pack_across),
};
#undef MATMUL_TILE
