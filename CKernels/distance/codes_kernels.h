// One query against rows that are listed by number. Rows lie anywhere, so most of the time goes into waiting for them:
// rows ahead are prefetched, and four are summed at once, which also shares the query's loads and the folding of sums.

enum {
  listed_together = 4,
  listed_ahead = 8, // rows: 1 KiB of codes or more, which the core's 10 to 16 outstanding misses can bring
};

INLINE void prefetch_row(const void *row, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)row + i);
}

// The four lanes' sums of four vectors.
#define FOLD_FOUR(name, vector, scalar)                                                                                \
  typedef scalar name##_quad __attribute__((ext_vector_type(4)));                                                      \
  INLINE name##_quad name##_fold(vector v) {                                                                           \
    union {                                                                                                            \
      vector whole;                                                                                                    \
      name##_quad parts[VECTOR_BYTES / 16];                                                                            \
    } as = {v};                                                                                                        \
    name##_quad sum = as.parts[0];                                                                                     \
    UNROLL for (size_t i = 1; i < VECTOR_BYTES / 16; i++) sum += as.parts[i];                                          \
    return sum;                                                                                                        \
  }                                                                                                                    \
  INLINE name##_quad name##_fold_four(const vector sums[4]) {                                                          \
    const name##_quad a = name##_fold(sums[0]), b = name##_fold(sums[1]);                                              \
    const name##_quad c = name##_fold(sums[2]), d = name##_fold(sums[3]);                                              \
    const name##_quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);      \
    const name##_quad cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);      \
    return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);                  \
  }
FOLD_FOUR(words, u32v, uint32_t)
FOLD_FOUR(floats, f32v, float)
#undef FOLD_FOUR

// Calls `body` with the four rows that begin the list from `first` on (the last one again for those beyond it) and the
// number of them that belong to the list.
#define FOR_LISTED(scalar, body)                                                                                       \
  for (size_t first = 0; first < count && first < listed_ahead; first++)                                               \
    prefetch_row(rows + numbers[first] * ld, d * sizeof(scalar));                                                      \
  for (size_t first = 0; first < count; first += listed_together) {                                                    \
    const scalar *row[listed_together];                                                                                \
    const size_t here = count - first < listed_together ? count - first : listed_together;                             \
    UNROLL for (size_t i = 0; i < listed_together; i++) {                                                              \
      row[i] = rows + numbers[first + (i < here ? i : here - 1)] * ld;                                                 \
      const size_t ahead = first + listed_ahead + i;                                                                   \
      if (ahead < count) prefetch_row(rows + numbers[ahead] * ld, d * sizeof(scalar));                                 \
    }                                                                                                                  \
    body                                                                                                               \
  }

// ---- codes ----

// Products of the bytes of a row, unsigned, and of a query, signed, added to 32-bit sums.
#if defined(HAS_VNNI)
INLINE u32v add_byte_products(u32v sums, const uint8_t *row, const int8_t *query) {
  return dot_u8s8(sums, (u32v)load(row), (u32v)load((const uint8_t *)query));
}
#else
INLINE u32v add_byte_products(u32v sums, const uint8_t *row, const int8_t *query) {
  typedef uint8_t unsigned_half __attribute__((ext_vector_type(VECTOR_BYTES / 2), aligned(1)));
  typedef int8_t signed_half __attribute__((ext_vector_type(VECTOR_BYTES / 2), aligned(1)));
  typedef VECTOR_TYPE(int16_t) s16v;
  UNROLL for (size_t i = 0; i < VECTOR_BYTES; i += VECTOR_BYTES / 2) {
    const s16v a = __builtin_convertvector(*(const unsigned_half *)(row + i), s16v);
    const s16v b = __builtin_convertvector(*(const signed_half *)(query + i), s16v);
    sums = dot_s16(sums, (u32v)a, (u32v)b);
  }
  return sums;
}
#endif

static void listed_dots_u8s8(size_t count, size_t d, const int8_t *query, const uint8_t *rows, size_t ld,
                             const uint32_t *numbers, int32_t *out) {
  const size_t whole = d / VECTOR_BYTES * VECTOR_BYTES;
  int8_t query_end[VECTOR_BYTES] = {0};
  if (whole < d) memcpy(query_end, query + whole, d - whole);
  FOR_LISTED(uint8_t, {
    u32v sums[listed_together] = {0};
    for (size_t k = 0; k < whole; k += VECTOR_BYTES)
      UNROLL for (size_t i = 0; i < listed_together; i++) sums[i] = add_byte_products(sums[i], row[i] + k, query + k);
    if (whole < d) {
      for (size_t i = 0; i < listed_together; i++) {
        uint8_t end[VECTOR_BYTES] = {0};
        memcpy(end, row[i] + whole, d - whole);
        sums[i] = add_byte_products(sums[i], end, query_end);
      }
    }
    const words_quad totals = words_fold_four(sums);
    memcpy(out + first, &totals, here * sizeof *out);
  })
}

// ---- rows of f32 ----

INLINE f32v add_product(f32v sums, f32v row, f32v query) { return multiply_add(row, query, sums); }
INLINE f32v add_square(f32v sums, f32v row, f32v query) {
  const f32v difference = row - query;
  return multiply_add(difference, difference, sums);
}

#define LISTED_F32(name, add)                                                                                          \
  static void name(size_t count, size_t d, const float *query, const float *rows, size_t ld, const uint32_t *numbers,  \
                   float *out) {                                                                                       \
    const size_t whole = d / f32_lanes * f32_lanes;                                                                    \
    FOR_LISTED(float, {                                                                                                \
      f32v sums[listed_together] = {0};                                                                                \
      for (size_t k = 0; k < whole; k += f32_lanes) {                                                                  \
        const f32v y = load(query + k);                                                                                \
        UNROLL for (size_t i = 0; i < listed_together; i++) sums[i] = add(sums[i], load(row[i] + k), y);               \
      }                                                                                                                \
      if (whole < d) {                                                                                                 \
        const f32v y = load_first(query + whole, d - whole);                                                           \
        UNROLL for (size_t i = 0; i < listed_together; i++) sums[i] =                                                  \
            add(sums[i], load_first(row[i] + whole, d - whole), y);                                                    \
      }                                                                                                                \
      const floats_quad totals = floats_fold_four(sums);                                                               \
      memcpy(out + first, &totals, here * sizeof *out);                                                                \
    })                                                                                                                 \
  }
LISTED_F32(listed_dots_f32, add_product)
LISTED_F32(listed_squares_f32, add_square)

static const codes_kernels codes = {
    .dots_u8s8 = listed_dots_u8s8,
    .dots_f32 = listed_dots_f32,
    .squares_f32 = listed_squares_f32,
};

#undef LISTED_F32
#undef FOR_LISTED
