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
#ifndef AHEAD
#define AHEAD 2
#endif
#define MATMUL_COLUMNS (MATMUL_VECTORS * LANES)
#define MATMUL_SUMS (MATMUL_ROWS * MATMUL_VECTORS)

// The sums of `rows` x `vectors` over k. rows, vectors and `masked` are constants after inlining.
//
// The tile of C is wanted at the end, and may come from far: it is asked for meanwhile, a row at a time, since 28
// requests at once would hold up the loads of B behind them.
INLINE void KERNEL(matmul_sums)(const size_t rows, const size_t vectors, const bool masked, const matmul_tile *t,
                                size_t last, const SCALAR *a, const SCALAR *b, const SCALAR *c, VECTOR *sums) {
  enum { short_k = 16 };
  const size_t a_row = t->a_row, a_step = t->a_step, b_step = t->b_step, ldc = t->ldc;
  const SCALAR *ahead = t->ahead;
  UNROLL for (size_t i = 0; i < rows * vectors; i++) sums[i] = broadcast((SCALAR)0);
  for (size_t left = t->k, most = left <= short_k ? left : left / rows + 1; left > 0; c += ldc) {
    __builtin_prefetch(c, 1);
    __builtin_prefetch(c + (vectors - 1) * LANES + last - 1, 1);
    for (size_t byte = 0; byte < t->ahead_bytes; byte += 64) __builtin_prefetch((const char *)ahead + byte, 0, AHEAD);
    ahead += a_row;
    const size_t steps = left < most ? left : most;
    left -= steps;
    _Pragma("clang loop unroll_count(2)") for (size_t p = 0; p < steps; p++) {
      VECTOR row[MATMUL_WIDTH(1)];
      UNROLL for (size_t j = 0; j < vectors; j++) row[j] =
          masked && j + 1 == vectors ? load_first(b + j * LANES, last) : load(b + j * LANES);
      UNROLL for (size_t i = 0; i < rows; i++) {
        const VECTOR x = broadcast(a[i * a_row]);
        UNROLL for (size_t j = 0; j < vectors; j++) sums[i * vectors + j] =
            multiply_add(x, row[j], sums[i * vectors + j]);
      }
      a += a_step;
      b += b_step;
    }
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

// The same with an epilogue.
INLINE void KERNEL(matmul_finish_fused)(const size_t rows, const size_t vectors, size_t last, const matmul_tile *t,
                                        size_t part, size_t item, SCALAR *c, const VECTOR *sums) {
  SCALAR tile[MATMUL_SUMS * LANES] __attribute__((aligned(64)));
  UNROLL for (size_t i = 0; i < rows * vectors; i++) store(tile + i * LANES, sums[i]);
  KERNEL(matmul_epilogue)(t, rows, (vectors - 1) * LANES + last, tile, vectors * LANES, c, part, item);
}

// `vectors` vectors of columns from `first` on, of every product. `masked` is for C: B may be padded.
INLINE void KERNEL(matmul_tile_part)(const size_t rows, const size_t vectors, const bool masked, const matmul_tile *t,
                                     size_t first, size_t last) {
  const matmul_tile own = *t; // which no store to C can change
  const SCALAR alpha = *(const SCALAR *)t->alpha, beta = *(const SCALAR *)t->beta;
  const SCALAR *a = own.a, *b = (const SCALAR *)own.b + first;
  SCALAR *c = (SCALAR *)own.c + first;
  for (size_t item = 0; item < own.count; item++, a += own.a_next, b += own.b_next, c += own.c_next) {
    VECTOR sums[MATMUL_SUMS];
    if (masked && !own.padded)
      KERNEL(matmul_sums)(rows, vectors, true, &own, last, a, b, c, sums);
    else
      KERNEL(matmul_sums)(rows, vectors, false, &own, last, a, b, c, sums);
    if (own.epilogue)
      KERNEL(matmul_finish_fused)(rows, vectors, last, t, first, item, c, sums);
    else
      KERNEL(matmul_finish)(rows, vectors, masked, last, alpha, beta, c, own.ldc, sums);
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
