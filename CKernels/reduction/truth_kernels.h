// Whether bytes that are 0, or bytes that are not, occur: any and all.
//
// Bytes are gathered by OR, so that one test serves 16 vectors.

enum { truth_group = 16 };

// Not 0 where the byte is wanted.
INLINE u8v wanted_bytes(u8v v, const bool zeros) { return zeros ? (u8v)(v == 0) : v; }

INLINE bool is_any_set(u8v v) { return __builtin_reduce_or((u64v)v) != 0; }

INLINE bool find_in_row(const uint8_t *x, size_t n, const bool zeros) {
  size_t i = 0;
  for (; i + truth_group * VECTOR_BYTES <= n; i += truth_group * VECTOR_BYTES) {
    u8v seen = {0};
    UNROLL for (size_t k = 0; k < truth_group; k++) seen |= wanted_bytes(load(x + i + k * VECTOR_BYTES), zeros);
    if (is_any_set(seen)) return true;
  }
  u8v seen = {0};
  for (; i + VECTOR_BYTES <= n; i += VECTOR_BYTES) seen |= wanted_bytes(load(x + i), zeros);
  bool found = is_any_set(seen);
  for (; i < n; i++) found |= (x[i] == 0) == zeros;
  return found;
}

static bool truth_row_kernel(const uint8_t *x, size_t n, bool zeros) {
  return zeros ? find_in_row(x, n, true) : find_in_row(x, n, false);
}

INLINE void find_in_columns(const uint8_t *x, size_t rows, size_t columns, size_t stride, const bool zeros,
                            uint8_t *found) {
  u8v seen[truth_columns / VECTOR_BYTES];
  const size_t vectors = columns / VECTOR_BYTES;
  for (size_t j = 0; j < vectors; j++) seen[j] = (u8v)0;
  for (size_t j = vectors * VECTOR_BYTES; j < columns; j++) found[j] = 0;
  for (size_t r = 0; r < rows; r++, x += stride) {
    for (size_t j = 0; j < vectors; j++) seen[j] |= wanted_bytes(load(x + j * VECTOR_BYTES), zeros);
    for (size_t j = vectors * VECTOR_BYTES; j < columns; j++) found[j] |= (x[j] == 0) == zeros;
  }
  for (size_t j = 0; j < vectors; j++) store(found + j * VECTOR_BYTES, (u8v)(seen[j] != 0) & 1);
}

static void truth_columns_kernel(const uint8_t *x, size_t rows, size_t columns, size_t stride, bool zeros,
                                 uint8_t *found) {
  if (zeros)
    find_in_columns(x, rows, columns, stride, true, found);
  else
    find_in_columns(x, rows, columns, stride, false, found);
}

static const truth_kernels truth = {.row = truth_row_kernel, .columns = truth_columns_kernel};
