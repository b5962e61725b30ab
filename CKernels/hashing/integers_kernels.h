// Hashes of arrays of integers. The loops over lanes are the compiler's: products of 64 bits from those of 32 where
// there is no instruction, widening and narrowing among them.

static void multiply_shift_u32(void *context, size_t first, size_t last) {
  const integer_keys *work = context;
  const farro_multiply_shift f = *(const farro_multiply_shift *)work->function;
  const uint32_t *keys = work->keys;
  uint32_t *hashes = work->hashes;
  const int shift = 64 - work->bits;
  for (size_t i = first; i < last; i++) hashes[i] = (uint32_t)((f.a * keys[i] + f.b) >> shift);
}

static void multiply_shift_u64(void *context, size_t first, size_t last) {
  const integer_keys *work = context;
  const farro_multiply_shift f = *(const farro_multiply_shift *)work->function;
  const uint64_t *keys = work->keys;
  uint32_t *hashes = work->hashes;
  const int shift = 64 - work->bits;
  for (size_t i = first; i < last; i++)
    hashes[i] = (uint32_t)(((f.a + (keys[i] >> 32)) * (f.b + (keys[i] & 0xffffffff)) + f.c) >> shift);
}

// Loads of single words: those of a gather take as many slots of the two load ports, and more of others.
static void tabulate_u32(void *context, size_t first, size_t last) {
  const integer_keys *work = context;
  const uint64_t (*tables)[256] = ((const farro_tabulation_u32 *)work->function)->tables;
  const uint32_t *keys = work->keys;
  uint64_t *hashes = work->hashes;
  _Pragma("clang loop vectorize(disable)") for (size_t i = first; i < last; i++) {
    const uint32_t x = keys[i];
    hashes[i] = tables[0][x & 255] ^ tables[1][x >> 8 & 255] ^ tables[2][x >> 16 & 255] ^ tables[3][x >> 24];
  }
}

static void tabulate_u64(void *context, size_t first, size_t last) {
  const integer_keys *work = context;
  const uint64_t (*tables)[256] = ((const farro_tabulation_u64 *)work->function)->tables;
  const uint64_t *keys = work->keys;
  uint64_t *hashes = work->hashes;
  _Pragma("clang loop vectorize(disable)") for (size_t i = first; i < last; i++) {
    const uint64_t x = keys[i];
    hashes[i] = (tables[0][x & 255] ^ tables[1][x >> 8 & 255]) ^ (tables[2][x >> 16 & 255] ^ tables[3][x >> 24 & 255]) ^
                (tables[4][x >> 32 & 255] ^ tables[5][x >> 40 & 255]) ^ (tables[6][x >> 48 & 255] ^ tables[7][x >> 56]);
  }
}

static const integer_hashing_kernels integer_hashing = {
    .multiply_shift_u32 = multiply_shift_u32,
    .multiply_shift_u64 = multiply_shift_u64,
    .tabulate_u32 = tabulate_u32,
    .tabulate_u64 = tabulate_u64,
};
