// Tiles of low-precision products. A step takes one 32-bit word of A and of B, whatever is in it, so that one loop and
// one layout serve all types.

#if VECTOR_REGISTERS == 32
  #define WORD_TILE_ROWS 14
#else
  #define WORD_TILE_ROWS 6
#endif
enum { word_tile_columns = 2 * f32_lanes };

// As matmul's tile: with 14 rows 28 sums, which hide the 4 to 6 cycles of a dot product, and 16 loads for 28 of them.
// Rows of A have their element's alignment only.
#define WORD_TILE_OF(name, vector, dot)                                                                                \
  INLINE void name##_of(const size_t rows, const low_precision_tile *t) {                                              \
    vector sums[WORD_TILE_ROWS][2];                                                                                    \
    uint32_t *to = t->sums;                                                                                            \
    UNROLL for (size_t i = 0; i < rows; i++) {                                                                         \
      const u32v none = broadcast((uint32_t)0);                                                                        \
      sums[i][0] = (vector)(t->continues ? load(to + i * word_tile_columns) : none);                                   \
      sums[i][1] = (vector)(t->continues ? load(to + i * word_tile_columns + f32_lanes) : none);                       \
    }                                                                                                                  \
    const char *a = t->a;                                                                                              \
    const uint32_t *b = t->b;                                                                                          \
    const size_t a_row = t->a_row, a_step = t->a_step, b_step = t->b_step;                                             \
    _Pragma("clang loop unroll_count(2)") for (size_t p = 0; p < t->words; p++) {                                      \
      const u32v first = load(b), second = load(b + f32_lanes);                                                        \
      UNROLL for (size_t i = 0; i < rows; i++) {                                                                       \
        uint32_t word;                                                                                                 \
        memcpy(&word, a + i * a_row, sizeof word);                                                                     \
        sums[i][0] = dot(sums[i][0], broadcast(word), first);                                                          \
        sums[i][1] = dot(sums[i][1], broadcast(word), second);                                                         \
      }                                                                                                                \
      a += a_step;                                                                                                     \
      b += b_step;                                                                                                     \
    }                                                                                                                  \
    UNROLL for (size_t i = 0; i < rows; i++) {                                                                         \
      store(to + i * word_tile_columns, (u32v)sums[i][0]);                                                             \
      store(to + i * word_tile_columns + f32_lanes, (u32v)sums[i][1]);                                                 \
    }                                                                                                                  \
  }

#define WORD_TILE(name, rows)                                                                                          \
  static void name##_##rows(const low_precision_tile *t) { name##_of(rows, t); }

#if WORD_TILE_ROWS == 14
  #define WORD_TILES(name, vector, dot)                                                                                \
    WORD_TILE_OF(name, vector, dot)                                                                                    \
    WORD_TILE(name, 1)                                                                                                 \
    WORD_TILE(name, 2)                                                                                                 \
    WORD_TILE(name, 3)                                                                                                 \
    WORD_TILE(name, 4)                                                                                                 \
    WORD_TILE(name, 5)                                                                                                 \
    WORD_TILE(name, 6)                                                                                                 \
    WORD_TILE(name, 7)                                                                                                 \
    WORD_TILE(name, 8)                                                                                                 \
    WORD_TILE(name, 9)                                                                                                 \
    WORD_TILE(name, 10)                                                                                                \
    WORD_TILE(name, 11)                                                                                                \
    WORD_TILE(name, 12)                                                                                                \
    WORD_TILE(name, 13)                                                                                                \
    WORD_TILE(name, 14)
  #define WORD_TILE_TABLE(name)                                                                                        \
    {NULL,     name##_1, name##_2,  name##_3,  name##_4,  name##_5,  name##_6, name##_7,                               \
     name##_8, name##_9, name##_10, name##_11, name##_12, name##_13, name##_14}
#else
  #define WORD_TILES(name, vector, dot)                                                                                \
    WORD_TILE_OF(name, vector, dot)                                                                                    \
    WORD_TILE(name, 1)                                                                                                 \
    WORD_TILE(name, 2)                                                                                                 \
    WORD_TILE(name, 3)                                                                                                 \
    WORD_TILE(name, 4)                                                                                                 \
    WORD_TILE(name, 5)                                                                                                 \
    WORD_TILE(name, 6)
  #define WORD_TILE_TABLE(name) {NULL, name##_1, name##_2, name##_3, name##_4, name##_5, name##_6}
#endif

WORD_TILES(tile_f32_words, f32v, dot_f32)
#if defined(HAS_BF16_DOT)
WORD_TILES(tile_bf16_words, f32v, dot_bf16)
#endif
#if defined(HAS_VNNI)
WORD_TILES(tile_byte_words, u32v, dot_u8s8)
#else
WORD_TILES(tile_s16_words, u32v, dot_s16)
#endif

// ---- from sums to results ----

// alpha times the sums, as the epilogue takes them.
static void scale_sums(const matmul_tile *t, size_t rows, float *sums) {
  const f32v alpha = broadcast(*(const float *)t->alpha);
  for (size_t i = 0; i < rows * word_tile_columns; i += f32_lanes) store(sums + i, alpha * load(sums + i));
}

// Whether a result is its sum times alpha: it then goes to C without a detour.
INLINE bool is_plain(const matmul_tile *t) {
  const farro_epilogue *e = t->epilogue;
  return *(const float *)t->beta == 0 && !e->scale && !e->bias && !e->activation && !e->residual && !e->visit;
}

// For each vector of the tile: its sums begin at `at`, and the first n lanes belong to C from `to` on.
#define FOR_TILE(t, rows, body)                                                                                        \
  for (size_t i = 0; i < rows; i++)                                                                                    \
    for (size_t j = 0; j < t->columns; j += f32_lanes) {                                                               \
      const size_t at = i * word_tile_columns + j, to = i * t->ldc + j;                                                \
      const size_t n = t->columns - j < f32_lanes ? t->columns - j : f32_lanes;                                        \
      body                                                                                                             \
    }

static void finish_f32_words(const matmul_tile *t, size_t rows, float *sums) {
  if (is_plain(t)) {
    const f32v alpha = broadcast(*(const float *)t->alpha);
    FOR_TILE(t, rows, store_up_to((float *)t->c + to, alpha * load(sums + at), n);)
    return;
  }
  scale_sums(t, rows, sums);
  matmul_epilogue_f32(t, rows, t->columns, sums, word_tile_columns, t->c, 0, 0);
}

// C of 16 bits is widened to a tile on the stack, if it is read at all, and narrowed from there, once.
#define FINISH_NARROW(name, widen, narrow)                                                                             \
  static void name(const matmul_tile *t, size_t rows, float *sums) {                                                   \
    if (is_plain(t)) {                                                                                                 \
      const f32v alpha = broadcast(*(const float *)t->alpha);                                                          \
      FOR_TILE(t, rows, store_up_to((uint16_t *)t->c + to, narrow(alpha * load(sums + at)), n);)                       \
      return;                                                                                                          \
    }                                                                                                                  \
    float wide[WORD_TILE_ROWS * word_tile_columns];                                                                    \
    uint16_t *c = t->c;                                                                                                \
    matmul_tile on_stack = *t;                                                                                         \
    on_stack.c = wide;                                                                                                 \
    on_stack.ldc = word_tile_columns;                                                                                  \
    for (size_t i = 0; i < rows && *(const float *)t->beta != 0; i++)                                                  \
      for (size_t j = 0; j < t->columns; j += f32_lanes) {                                                             \
        const size_t n = t->columns - j < f32_lanes ? t->columns - j : f32_lanes;                                      \
        store(wide + i * word_tile_columns + j, widen(load_first_u16n(c + i * t->ldc + j, n)));                        \
      }                                                                                                                \
    scale_sums(t, rows, sums);                                                                                         \
    matmul_epilogue_f32(&on_stack, rows, t->columns, sums, word_tile_columns, wide, 0, 0);                             \
    if (t->epilogue->visit) return;                                                                                    \
    FOR_TILE(t, rows, store_up_to(c + to, narrow(load(wide + at)), n);)                                                \
  }
FINISH_NARROW(finish_bf16_words, widen_bf16, narrow_bf16)
FINISH_NARROW(finish_f16_words, widen_f16, narrow_f16)
#undef FINISH_NARROW

// Modulo 2^32: what the entry lets through fits in the end.
static void correct_words(const low_precision_correction *by, size_t rows, uint32_t *sums) {
  for (size_t i = 0; i < rows; i++) {
    const uint32_t zero = (uint32_t)by->zero_a[i], rest = by->k * zero - by->sums_a[i];
    UNROLL for (size_t j = 0; j < word_tile_columns; j += f32_lanes) {
      uint32_t *to = sums + i * word_tile_columns + j;
      store(to, load(to) - broadcast(zero) * load(by->sums_b + j) + broadcast(rest) * (u32v)load(by->zero_b + j));
    }
  }
}

static void finish_integer_words(const matmul_tile *t, size_t rows, const uint32_t *sums) {
  FOR_TILE(t, rows, store_up_to((float *)t->c + to, (f32v)load(sums + at), n);)
}

static void finish_scaled_words(const matmul_tile *t, size_t rows, uint32_t *sums, const float *scale_a,
                                const float *scale_b) {
  const bool plain = is_plain(t);
  FOR_TILE(t, rows, {
    const f32v exact = __builtin_convertvector((i32v)load(sums + at), f32v);
    const f32v v = exact * (broadcast(scale_a[i]) * load(scale_b + j));
    if (plain)
      store_up_to((float *)t->c + to, v, n);
    else
      store(sums + at, (u32v)v);
  })
  if (!plain) finish_f32_words(t, rows, (float *)sums);
}
#undef FOR_TILE

// Up to where f32 is faster, measured on batches of cubes: with AVX-512 dot products of bf16 and bytes catch up between
// 16^3 and 24^3, with AVX2 those of 16-bit integers at 32^3, and words of one f32 save no arithmetic.
#if defined(HAS_BF16_DOT)
  #define MOST_WIDENED_BF16 9000
#else
  #define MOST_WIDENED_BF16 64 * 64 * 64
#endif
#if defined(HAS_VNNI)
  #define MOST_WIDENED_BYTES 9000
#else
  #define MOST_WIDENED_BYTES 32 * 32 * 32
#endif

static const low_precision_kernels matmul_bf16 = {
    .element_bytes = 2,
    .rows = WORD_TILE_ROWS,
    .columns = word_tile_columns,
#if defined(HAS_BF16_DOT)
    .group = 2,
    .reads_a_in_place = true,
    .tile = WORD_TILE_TABLE(tile_bf16_words),
    .words_of_a = words_bf16,
#else
    .group = 1,
    .tile = WORD_TILE_TABLE(tile_f32_words),
    .words_of_a = words_bf16_as_f32,
#endif
    .pack_a_along = pack_bf16_along,
    .pack_b_along = pack_bf16_along,
    .pack_b_across = pack_bf16_across,
    .finish = finish_f32_words,
    .finish_narrow = finish_bf16_words,
    .most_widened = MOST_WIDENED_BF16,
    .wide = &matmul_f32,
    .widen_a = widen_bf16_row,
    .widen_b = widen_bf16_row,
    .narrow = convert_f32_to_bf16,
};

static const low_precision_kernels matmul_f16 = {
    .element_bytes = 2,
    .rows = WORD_TILE_ROWS,
    .columns = word_tile_columns,
    .group = 1,
    .tile = WORD_TILE_TABLE(tile_f32_words),
    .words_of_a = words_f16_as_f32,
    .pack_a_along = pack_f16_along,
    .pack_b_along = pack_f16_along,
    .pack_b_across = pack_f16_across,
    .finish = finish_f32_words,
    .finish_narrow = finish_f16_words,
    .most_widened = 64 * 64 * 64,
    .wide = &matmul_f32,
    .widen_a = widen_f16_row,
    .widen_b = widen_f16_row,
    .narrow = convert_f32_to_f16,
};

static const low_precision_kernels matmul_u8s8 = {
    .element_bytes = 1,
    .rows = WORD_TILE_ROWS,
    .columns = word_tile_columns,
#if defined(HAS_VNNI)
    .group = 4,
    .reads_a_in_place = true,
    .ones = 0x01010101,
    .tile = WORD_TILE_TABLE(tile_byte_words),
    .words_of_a = words_bytes,
    .pack_a_along = pack_bytes_along,
    .pack_b_along = pack_bytes_along,
    .pack_b_across = pack_bytes_across,
#else
    .group = 2,
    .ones = 0x00010001,
    .tile = WORD_TILE_TABLE(tile_s16_words),
    .words_of_a = words_u8_as_s16,
    .pack_a_along = pack_u8_along,
    .pack_b_along = pack_s8_along,
    .pack_b_across = pack_s8_across,
#endif
    .correct = correct_words,
    .finish_integers = finish_integer_words,
    .finish_scaled = finish_scaled_words,
    .most_widened = MOST_WIDENED_BYTES,
    .wide = &matmul_f32,
    .widen_a = widen_u8_row,
    .widen_b = widen_s8_row,
    .narrow = f32_to_integers,
};
#undef WORD_TILE_OF
#undef WORD_TILE
#undef WORD_TILES
#undef WORD_TILE_TABLE
#undef MOST_WIDENED_BF16
#undef MOST_WIDENED_BYTES
