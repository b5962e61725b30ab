// Packing: the columns of op(B) that a tile takes, laid out one step of k behind another.

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
