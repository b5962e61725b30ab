// The matmul microkernel: a tile of C stays in registers while k runs; and the packing of panels.
//
// Per step of k, a tile of R rows and 2 vectors does 2 R multiply-adds and R + 2 loads. Two FMA pipes of 4 cycles need
// 8 independent sums; two load ports allow as many loads as multiply-adds. With 32 registers, 14 rows give 28 sums and
// leave 4 registers for B and A: 16 loads for 28 multiply-adds. With 16 registers, 6 rows: 8 loads for 12.
// One vector is half as wide: more rows do not fit, since the sums are what fills the registers.

#if VECTOR_REGISTERS == 32
  #define MATMUL_ROWS 14
#else
  #define MATMUL_ROWS 6
#endif
#define MATMUL_VECTORS 2
#define MATMUL_COLUMNS (MATMUL_VECTORS * LANES)

// The sums of `rows` x `vectors` over k. rows, vectors and `masked` are constants after inlining.
//
// The tile of C is wanted at the end, and comes from far: it is asked for meanwhile, a row at a time, since 28 requests
// at once would hold up the loads of B behind them.
INLINE void KERNEL(matmul_sums)(const size_t rows, const size_t vectors, const bool masked, const matmul_tile *t,
                                VECTOR sums[MATMUL_ROWS][MATMUL_VECTORS]) {
  const SCALAR *a = t->a, *b = t->b, *c = t->c;
  const size_t a_row = t->a_row, a_step = t->a_step, b_step = t->b_step, last = t->columns - (vectors - 1) * LANES;
  UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < vectors; j++) sums[i][j] =
      broadcast((SCALAR)0);
  for (size_t left = t->k, most = left / rows + 1; left > 0; c += t->ldc) {
    __builtin_prefetch(c, 1);
    __builtin_prefetch(c + t->columns - 1, 1);
    const size_t steps = left < most ? left : most;
    left -= steps;
    _Pragma("clang loop unroll_count(2)") for (size_t p = 0; p < steps; p++) {
      VECTOR row[MATMUL_VECTORS];
      UNROLL for (size_t j = 0; j < vectors; j++) row[j] =
          masked && j + 1 == vectors ? load_first(b + j * LANES, last) : load(b + j * LANES);
      UNROLL for (size_t i = 0; i < rows; i++) {
        const VECTOR x = broadcast(a[i * a_row]);
        UNROLL for (size_t j = 0; j < vectors; j++) sums[i][j] = multiply_add(x, row[j], sums[i][j]);
      }
      a += a_step;
      b += b_step;
    }
  }
}

// c = alpha sums + beta c for the first `last` lanes of the last vector and all of the others.
INLINE void KERNEL(matmul_finish)(const size_t rows, const size_t vectors, size_t last, SCALAR alpha, SCALAR beta,
                                  SCALAR *c, size_t ldc, VECTOR sums[MATMUL_ROWS][MATMUL_VECTORS]) {
  const bool whole = last == LANES, reads = beta != 0;
  UNROLL for (size_t i = 0; i < rows; i++) {
    UNROLL for (size_t j = 0; j < vectors; j++) {
      SCALAR *to = c + i * ldc + j * LANES;
      VECTOR v = broadcast(alpha) * sums[i][j];
      if (whole || j + 1 < vectors) {
        if (reads) v = multiply_add(broadcast(beta), load(to), v);
        store(to, v);
      } else {
        if (reads) v = multiply_add(broadcast(beta), load_first(to, last), v);
        store_first(to, v, last);
      }
    }
  }
}

INLINE void KERNEL(matmul_tile_of)(const size_t rows, const size_t vectors, const matmul_tile *t) {
  VECTOR sums[MATMUL_ROWS][MATMUL_VECTORS];
  const size_t last = t->columns - (vectors - 1) * LANES;
  const SCALAR beta = *(const SCALAR *)t->beta;
  if (t->padded || last == LANES)
    KERNEL(matmul_sums)(rows, vectors, false, t, sums);
  else
    KERNEL(matmul_sums)(rows, vectors, true, t, sums);
  KERNEL(matmul_finish)(rows, vectors, last, *(const SCALAR *)t->alpha, beta, t->c, t->ldc, sums);
}

#define MATMUL_TILE(rows)                                                                                              \
  static void KERNEL(matmul_tile_##rows)(const matmul_tile *t) {                                                       \
    if (t->columns > LANES)                                                                                            \
      KERNEL(matmul_tile_of)(rows, 2, t);                                                                              \
    else                                                                                                               \
      KERNEL(matmul_tile_of)(rows, 1, t);                                                                              \
  }
MATMUL_TILE(1)
MATMUL_TILE(2)
MATMUL_TILE(3)
MATMUL_TILE(4)
MATMUL_TILE(5)
MATMUL_TILE(6)
#if MATMUL_ROWS > 6
MATMUL_TILE(7)
MATMUL_TILE(8)
MATMUL_TILE(9)
MATMUL_TILE(10)
MATMUL_TILE(11)
MATMUL_TILE(12)
MATMUL_TILE(13)
MATMUL_TILE(14)
#endif
#undef MATMUL_TILE

// Several panels in one go: each row of the source is then read as a run of some hundred bytes. Rows lie a leading
// dimension apart, often a page or more, so the hardware does not fetch the next ones ahead: asking for them takes the
// packing of 512 rows of 1024 floats from 185 us to 115 us.
static void KERNEL(matmul_pack_along)(size_t used, size_t width, size_t k, const void *from, size_t ld, void *to) {
  enum { ahead = 4, line = 64 / sizeof(SCALAR) };
  const SCALAR *source = from;
  for (size_t p = 0; p < k; p++, source += ld) {
    for (size_t i = 0; i < used; i += line) __builtin_prefetch(source + ahead * ld + i);
    SCALAR *panel = (SCALAR *)to + p * width;
    for (size_t first = 0; first < used; first += width, panel += k * width) {
      const size_t here = used - first < width ? used - first : width;
      size_t i = 0;
      for (; i + LANES <= here; i += LANES) store(panel + i, load(source + first + i));
      if (i < here) store_first(panel + i, load_first(source + first + i, here - i), here - i);
      for (i = here; i < width; i++) panel[i] = 0;
    }
  }
}

// One row of the source, the slow way.
INLINE void KERNEL(matmul_pack_row)(size_t width, size_t k, const SCALAR *row, SCALAR *panel) {
  for (size_t p = 0; p < k; p++) panel[p * width] = row[p];
}

// A few rows at a time, by shuffles of 16 bytes: a store of one element per cycle would cost 6% of a product of 512^3.
// The last rows are taken together with some before them, which are written twice.
static void KERNEL(matmul_pack_panel)(size_t used, size_t width, size_t k, const SCALAR *source, size_t ld,
                                      SCALAR *panel) {
  enum { block = 16 / sizeof(SCALAR), line = 64 / sizeof(SCALAR) };
  for (size_t i = 0; i < used && used >= block; i += block) {
    const size_t first = i + block <= used ? i : used - block;
    const SCALAR *rows = source + first * ld, *ahead = rows + block * ld;
    size_t p = 0;
    for (; p + line <= k; p += line) {
      for (size_t r = 0; r < block; r++) __builtin_prefetch(ahead + r * ld + p);
      for (size_t q = p; q < p + line; q += block)
        KERNEL(transpose_block)(rows + q, ld, panel + q * width + first, width);
    }
    for (size_t r = 0; r < block; r++)
      KERNEL(matmul_pack_row)(width, k - p, rows + r * ld + p, panel + p * width + first + r);
  }
  for (size_t i = 0; i < used && used < block; i++) KERNEL(matmul_pack_row)(width, k, source + i * ld, panel + i);
  for (size_t i = used; i < width; i++)
    for (size_t p = 0; p < k; p++) panel[p * width + i] = 0;
}

static void KERNEL(matmul_pack_across)(size_t used, size_t width, size_t k, const void *from, size_t ld, void *to) {
  for (size_t first = 0; first < used; first += width)
    KERNEL(matmul_pack_panel)(used - first < width ? used - first : width, width, k, (const SCALAR *)from + first * ld,
                              ld, (SCALAR *)to + first * k);
}

static void KERNEL(matmul_scale)(size_t m, size_t n, const void *factor, void *matrix, size_t ldc) {
  const SCALAR beta = *(const SCALAR *)factor;
  for (size_t i = 0; i < m; i++) {
    SCALAR *row = (SCALAR *)matrix + i * ldc;
    if (beta == 0)
      memset(row, 0, n * sizeof(SCALAR));
    else
      for (size_t j = 0; j < n; j++) row[j] *= beta;
  }
}

static const matmul_kernels KERNEL(matmul) = {
    .element_bytes = sizeof(SCALAR),
    .rows = MATMUL_ROWS,
    .columns = MATMUL_COLUMNS,
    .tile =
        {
            NULL,
            KERNEL(matmul_tile_1),
            KERNEL(matmul_tile_2),
            KERNEL(matmul_tile_3),
            KERNEL(matmul_tile_4),
            KERNEL(matmul_tile_5),
            KERNEL(matmul_tile_6),
#if MATMUL_ROWS > 6
            KERNEL(matmul_tile_7),
            KERNEL(matmul_tile_8),
            KERNEL(matmul_tile_9),
            KERNEL(matmul_tile_10),
            KERNEL(matmul_tile_11),
            KERNEL(matmul_tile_12),
            KERNEL(matmul_tile_13),
            KERNEL(matmul_tile_14),
#endif
        },
    .pack_along = KERNEL(matmul_pack_along),
    .pack_across = KERNEL(matmul_pack_across),
    .scale = KERNEL(matmul_scale),
};
