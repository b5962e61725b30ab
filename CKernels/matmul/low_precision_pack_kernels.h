// How operands of low-precision products are laid out: as 32-bit words, in rows or in panels, or as f32.

// ---- rows as words ----

#define WORDS(name, scalar, bytes, load_lanes, load_first_lanes, widen)                                                \
  static void name(const void *row, size_t k, uint32_t *words) {                                                       \
    const scalar *from = row;                                                                                          \
    char *to = (char *)words;                                                                                          \
    size_t p = 0;                                                                                                      \
    for (; p + f32_lanes <= k; p += f32_lanes) widen(to + p * bytes, load_lanes(from + p));                            \
    if (p < k) widen(to + p * bytes, load_first_lanes(from + p, k - p));                                               \
  }

INLINE void put_bf16_as_f32(char *to, u16n v) { store((float *)to, widen_bf16(v)); }
INLINE void put_f16_as_f32(char *to, u16n v) { store((float *)to, widen_f16(v)); }
WORDS(words_f16_as_f32, uint16_t, 4, load_u16n, load_first_u16n, put_f16_as_f32)
#if !defined(HAS_BF16_DOT)
WORDS(words_bf16_as_f32, uint16_t, 4, load_u16n, load_first_u16n, put_bf16_as_f32)
#else
static void words_bf16(const void *row, size_t k, uint32_t *words) {
  if (k % 2) words[k / 2] = 0;
  memcpy(words, row, k * 2);
}
#endif
#if defined(HAS_VNNI)
static void words_bytes(const void *row, size_t k, uint32_t *words) {
  if (k % 4) words[k / 4] = 0;
  memcpy(words, row, k);
}
#else
INLINE void put_u8_as_s16(char *to, u8n v) { store((uint16_t *)to, __builtin_convertvector(v, u16n)); }
INLINE void put_s8_as_s16(char *to, u8n v) { store((uint16_t *)to, __builtin_convertvector(widen_s8(v), u16n)); }
WORDS(words_u8_as_s16, uint8_t, 2, load_u8n, load_first_u8n, put_u8_as_s16)
WORDS(words_s8_as_s16, uint8_t, 2, load_u8n, load_first_u8n, put_s8_as_s16)
#endif
#undef WORDS

// ---- to f32 and back ----

#define WIDEN(name, scalar, load_lanes, load_first_lanes, widen)                                                       \
  static void name(const void *source, size_t n, int32_t zero_point, float *to) {                                      \
    const scalar *from = source;                                                                                       \
    const i32v zero = broadcast(zero_point);                                                                           \
    size_t i = 0;                                                                                                      \
    _Pragma("clang loop unroll_count(4)") for (; i + f32_lanes <= n; i += f32_lanes)                                   \
        store(to + i, widen(load_lanes(from + i), zero));                                                              \
    if (i < n) store(to + i, widen(load_first_lanes(from + i, n - i), zero));                                          \
  }

INLINE f32v bf16_as_f32(u16n v, i32v zero) { return (void)zero, widen_bf16(v); }
INLINE f32v f16_as_f32(u16n v, i32v zero) { return (void)zero, widen_f16(v); }
INLINE f32v u8_as_f32(u8n v, i32v zero) { return __builtin_convertvector(widen_u8(v) - zero, f32v); }
INLINE f32v s8_as_f32(u8n v, i32v zero) { return __builtin_convertvector(widen_s8(v) - zero, f32v); }
WIDEN(widen_bf16_row, uint16_t, load_u16n, load_first_u16n, bf16_as_f32)
WIDEN(widen_f16_row, uint16_t, load_u16n, load_first_u16n, f16_as_f32)
WIDEN(widen_u8_row, uint8_t, load_u8n, load_first_u8n, u8_as_f32)
WIDEN(widen_s8_row, uint8_t, load_u8n, load_first_u8n, s8_as_f32)
#undef WIDEN

static void f32_to_integers(const void *from, size_t n, void *to, bool streaming) {
  (void)streaming;
  for (size_t i = 0; i < n; i += f32_lanes) {
    const size_t count = n - i < f32_lanes ? n - i : f32_lanes;
    const i32v v = __builtin_convertvector(load_up_to((const float *)from + i, count), i32v);
    store_up_to((float *)to + i, (f32v)v, count);
  }
}

// ---- panels ----

// Up to a vector of words.
INLINE void store_words(uint32_t *p, u32v v, size_t n) {
  if (n == f32_lanes) {
    store(p, v);
    return;
  }
#if defined(MASKS_AVX512) || defined(MASKS_AVX2)
  store_first((float *)p, (f32v)v, n);
#else
  for (size_t i = 0; i < n; i++) p[i] = v[i];
#endif
}

// The rows of a word follow one another in memory: each is widened to 32 bits, and shifted to its place. Several panels
// in one go, and rows asked for ahead, for the same reason as in matmul's own packing.
#define PACK_ALONG(name, scalar, in_word, load_lanes, load_first_lanes, widen)                                         \
  INLINE u32v name##_word(const scalar *from, size_t ld) {                                                             \
    u32v word = broadcast((uint32_t)0);                                                                                \
    UNROLL for (size_t g = 0; g < in_word; g++) word |= widen(load_lanes(from + g * ld))                               \
                                                        << (uint32_t)(g * (32 / in_word));                             \
    return word;                                                                                                       \
  }                                                                                                                    \
  static u32v name##_part(const scalar *from, size_t ld, size_t rows, size_t n) {                                      \
    u32v word = broadcast((uint32_t)0);                                                                                \
    for (size_t g = 0; g < rows && n > 0; g++)                                                                         \
      word |= widen(load_first_lanes(from + g * ld, n)) << (uint32_t)(g * (32 / in_word));                             \
    return word;                                                                                                       \
  }                                                                                                                    \
  static void name(size_t used, size_t width, size_t k, const void *source, size_t ld, uint32_t *to) {                 \
    enum { ahead = 4 * in_word, line = 64 / sizeof(scalar) };                                                          \
    const size_t words = (k + in_word - 1) / in_word;                                                                  \
    for (size_t p = 0; p < words; p++) {                                                                               \
      const scalar *from = (const scalar *)source + p * in_word * ld;                                                  \
      const size_t rows = k - p * in_word < in_word ? k - p * in_word : in_word;                                       \
      for (size_t g = 0; g < in_word; g++)                                                                             \
        for (size_t i = 0; i < used; i += line) __builtin_prefetch(from + (ahead + g) * ld + i);                       \
      for (size_t first = 0; first < used; first += width)                                                             \
        for (size_t i = 0; i < width; i += f32_lanes) {                                                                \
          const size_t column = first + i, room = width - i < f32_lanes ? width - i : f32_lanes;                       \
          const size_t left = column < used ? used - column : 0, n = left < room ? left : room;                        \
          const u32v word = rows == in_word && n == f32_lanes ? name##_word(from + column, ld)                         \
                                                              : name##_part(from + column, ld, rows, n);               \
          store_words(to + first * words + p * width + i, word, room);                                                 \
        }                                                                                                              \
    }                                                                                                                  \
  }

INLINE u32v lanes_bf16_as_f32(u16n v) { return (u32v)widen_bf16(v); }
INLINE u32v lanes_f16_as_f32(u16n v) { return (u32v)widen_f16(v); }
INLINE u32v lanes_u16(u16n v) { return __builtin_convertvector(v, u32v); }
INLINE u32v lanes_u8(u8n v) { return __builtin_convertvector(v, u32v); }
INLINE u32v lanes_s8_as_s16(u8n v) { return (u32v)widen_s8(v) & 0xffff; }

// Four columns at a time as words, which are then exchanged in squares.
#define PACK_ACROSS(name, scalar, in_word, words_of)                                                                   \
  static void name(size_t used, size_t width, size_t k, const void *source, size_t ld, uint32_t *to) {                 \
    enum { piece = 64, square = 4 };                                                                                   \
    const size_t words = (k + in_word - 1) / in_word, rounded = (used + width - 1) / width * width;                    \
    for (size_t column = 0; column < rounded; column += square) {                                                      \
      uint32_t rows[square][piece + f32_lanes] = {0};                                                                  \
      uint32_t *panel = to + column / width * width * words + column % width;                                          \
      for (size_t p = 0; p < words; p += piece) {                                                                      \
        const size_t count = words - p < piece ? words - p : piece;                                                    \
        const size_t elements = k - p * in_word < piece * in_word ? k - p * in_word : piece * in_word;                 \
        for (size_t r = 0; r < square && column + r < used; r++)                                                       \
          words_of((const scalar *)source + (column + r) * ld + p * in_word, elements, rows[r]);                       \
        size_t q = 0;                                                                                                  \
        for (; q + square <= count; q += square)                                                                       \
          transpose_block_f32((const float *)&rows[0][q], piece + f32_lanes, (float *)(panel + (p + q) * width),       \
                              width);                                                                                  \
        for (; q < count; q++)                                                                                         \
          for (size_t r = 0; r < square; r++) panel[(p + q) * width + r] = rows[r][q];                                 \
      }                                                                                                                \
    }                                                                                                                  \
  }

PACK_ALONG(pack_f16_along, uint16_t, 1, load_u16n, load_first_u16n, lanes_f16_as_f32)
PACK_ACROSS(pack_f16_across, uint16_t, 1, words_f16_as_f32)
#if defined(HAS_BF16_DOT)
PACK_ALONG(pack_bf16_along, uint16_t, 2, load_u16n, load_first_u16n, lanes_u16)
PACK_ACROSS(pack_bf16_across, uint16_t, 2, words_bf16)
#else
PACK_ALONG(pack_bf16_along, uint16_t, 1, load_u16n, load_first_u16n, lanes_bf16_as_f32)
PACK_ACROSS(pack_bf16_across, uint16_t, 1, words_bf16_as_f32)
#endif
#if defined(HAS_VNNI)
PACK_ALONG(pack_bytes_along, uint8_t, 4, load_u8n, load_first_u8n, lanes_u8)
PACK_ACROSS(pack_bytes_across, uint8_t, 4, words_bytes)
#else
PACK_ALONG(pack_u8_along, uint8_t, 2, load_u8n, load_first_u8n, lanes_u8)
PACK_ALONG(pack_s8_along, uint8_t, 2, load_u8n, load_first_u8n, lanes_s8_as_s16)
PACK_ACROSS(pack_s8_across, uint8_t, 2, words_s8_as_s16)
#endif
#undef PACK_ALONG
#undef PACK_ACROSS
