// Sums of products of columns. Rows are packed, shifted and scaled, into panels of some vectors' width, a row behind
// another, so that a tile reads both its operands in the order of memory: A^T A needs no transposition.

#ifndef FARRO_CROSS_PRODUCTS_TILE
  #define FARRO_CROSS_PRODUCTS_TILE
  // A tile's sums fill the registers but for one row's vectors and a broadcast.
  #if VECTOR_BYTES == 64
enum { product_rows = 8, product_vectors = 3 };
  #elif VECTOR_BYTES == 32
enum { product_rows = 4, product_vectors = 3 };
  #elif VECTOR_REGISTERS == 32
enum { product_rows = 4, product_vectors = 4 };
  #else
enum { product_rows = 4, product_vectors = 2 };
  #endif
#endif

// `count` columns of one row, to = (from - center) factor root, zeros behind them up to `width`.
#define PACK_COLUMNS(name, SOURCE)                                                                                     \
  static void KERNEL(name)(size_t count, size_t width, const void *from, const void *center, const void *factor,       \
                           double root, void *to) {                                                                    \
    const SOURCE *x = from;                                                                                            \
    const SCALAR *c = center, *f = factor, r = (SCALAR)root;                                                           \
    SCALAR *z = to;                                                                                                    \
    for (size_t j = 0; j < count; j++) z[j] = ((SCALAR)x[j] - c[j]) * (f[j] * r);                                      \
    for (size_t j = count; j < width; j++) z[j] = 0;                                                                   \
  }

PACK_COLUMNS(pack_product_columns, SCALAR)
#ifdef CROSS_PRODUCTS_OF_FLOATS
PACK_COLUMNS(pack_product_floats, float)
#endif
#undef PACK_COLUMNS

INLINE void KERNEL(add_products)(const SCALAR *sums, double *to) {
  for (size_t lane = 0; lane < LANES; lane++) to[lane] += (double)sums[lane];
}

INLINE void KERNEL(product_tile)(size_t rows, size_t width, const SCALAR *a, const SCALAR *b, double *to, size_t pitch,
                                 const size_t vectors) {
  VECTOR sums[product_rows][product_vectors];
  UNROLL for (size_t i = 0; i < product_rows; i++) UNROLL for (size_t v = 0; v < vectors; v++) sums[i][v] = (VECTOR){0};
  for (size_t row = 0; row < rows; row++) {
    VECTOR right[product_vectors];
    UNROLL for (size_t v = 0; v < vectors; v++) right[v] = load(b + row * width + v * LANES);
    UNROLL for (size_t i = 0; i < product_rows; i++) {
      const VECTOR left = broadcast(a[row * width + i]);
      UNROLL for (size_t v = 0; v < vectors; v++) sums[i][v] = multiply_add(left, right[v], sums[i][v]);
    }
  }
  UNROLL for (size_t i = 0; i < product_rows; i++) UNROLL for (size_t v = 0; v < vectors; v++) {
    SCALAR lanes[LANES];
    store(lanes, sums[i][v]);
    KERNEL(add_products)(lanes, to + i * pitch + v * LANES);
  }
}

// Adds the products of the columns of two panels to `to`, as many rows as `count` columns of the left one need. Of a
// panel with itself vectors that lie below the diagonal may be left out.
static void KERNEL(multiply_panels)(size_t rows, size_t vectors, size_t count, const void *left, const void *right,
                                    double *to, size_t pitch) {
  const size_t width = vectors * LANES;
  for (size_t i = 0; i < count; i += product_rows) {
    const size_t first = left == right ? i / LANES : 0;
    const SCALAR *a = (const SCALAR *)left + i, *b = (const SCALAR *)right + first * LANES;
    double *sums = to + i * pitch + first * LANES;
    if (vectors - first == 1)
      KERNEL(product_tile)(rows, width, a, b, sums, pitch, 1);
    else if (vectors - first == 2 || product_vectors == 2)
      KERNEL(product_tile)(rows, width, a, b, sums, pitch, 2);
    else if (vectors - first == 3 || product_vectors == 3)
      KERNEL(product_tile)(rows, width, a, b, sums, pitch, 3 < product_vectors ? 3 : product_vectors);
    else
      KERNEL(product_tile)(rows, width, a, b, sums, pitch, product_vectors);
  }
}

static const cross_product_kernels KERNEL(cross_products_table) = {
    .element_bytes = sizeof(SCALAR),
    .lanes = LANES,
    .least_vectors = product_rows > LANES ? product_rows / LANES : 1,
    .most_vectors = product_vectors,
    .pack = KERNEL(pack_product_columns),
#ifdef CROSS_PRODUCTS_OF_FLOATS
    .pack_floats = KERNEL(pack_product_floats),
#endif
    .multiply = KERNEL(multiply_panels),
};
