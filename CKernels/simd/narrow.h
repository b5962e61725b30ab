// Elements of 16 and 8 bits beside vectors of f32: u16n and u8n have f32_lanes lanes, in fewer bytes.
//
// bf16 is the upper half of an f32. f16 is IEEE 754's binary16. Both round to nearest even, keep subnormals, go to
// infinity beyond the range, and make NaN a quiet NaN with the upper bits of its payload; the bits of a result are the
// same on every instruction set. (AVX512_BF16's own conversion takes subnormals for zero, so it is not used.)
#ifndef FARRO_SIMD_NARROW_H
#define FARRO_SIMD_NARROW_H

#define NARROW_TYPE(scalar) scalar __attribute__((ext_vector_type(VECTOR_BYTES / 4)))
#define LOOSE_NARROW_TYPE(scalar) scalar __attribute__((ext_vector_type(VECTOR_BYTES / 4), aligned(1)))

typedef NARROW_TYPE(uint16_t) u16n;
typedef NARROW_TYPE(uint8_t) u8n;

#define DEFINE_NARROW_LOAD_STORE(scalar, vector)                                                                       \
  INLINE vector load_##vector(const scalar *p) {                                                                       \
    typedef LOOSE_NARROW_TYPE(scalar) loose;                                                                           \
    return *(const loose *)p;                                                                                          \
  }                                                                                                                    \
  OVERLOAD void store(scalar *p, vector v) {                                                                           \
    typedef LOOSE_NARROW_TYPE(scalar) loose;                                                                           \
    *(loose *)p = v;                                                                                                   \
  }                                                                                                                    \
  /* p must be aligned to the vector's own size. */                                                                    \
  OVERLOAD void store_nontemporal(scalar *p, vector v) { __builtin_nontemporal_store(v, (vector *)p); }

DEFINE_NARROW_LOAD_STORE(uint16_t, u16n)
DEFINE_NARROW_LOAD_STORE(uint8_t, u8n)

// The first n lanes, 0 < n <= lanes, as in vector.h. Without masks they go over the stack: a tail is once per row.
#if defined(MASKS_AVX512)

INLINE u16n load_first_u16n(const uint16_t *p, size_t n) { return (u16n)_mm256_maskz_loadu_epi16(first16(n), p); }
INLINE u8n load_first_u8n(const uint8_t *p, size_t n) { return (u8n)_mm_maskz_loadu_epi8(first16(n), p); }
OVERLOAD void store_first(uint16_t *p, u16n v, size_t n) { _mm256_mask_storeu_epi16(p, first16(n), (__m256i)v); }
OVERLOAD void store_first(uint8_t *p, u8n v, size_t n) { _mm_mask_storeu_epi8(p, first16(n), (__m128i)v); }

#else

  #define DEFINE_NARROW_TAILS(scalar, vector)                                                                          \
    INLINE vector load_first_##vector(const scalar *p, size_t n) {                                                     \
      scalar lanes[f32_lanes] = {0};                                                                                   \
      for (size_t i = 0; i < n; i++) lanes[i] = p[i];                                                                  \
      return load_##vector(lanes);                                                                                     \
    }                                                                                                                  \
    OVERLOAD void store_first(scalar *p, vector v, size_t n) {                                                         \
      scalar lanes[f32_lanes];                                                                                         \
      store(lanes, v);                                                                                                 \
      for (size_t i = 0; i < n; i++) p[i] = lanes[i];                                                                  \
    }

DEFINE_NARROW_TAILS(uint16_t, u16n)
DEFINE_NARROW_TAILS(uint8_t, u8n)

#endif

OVERLOAD void store_up_to(uint16_t *p, u16n v, size_t n) {
  if (n == f32_lanes)
    store(p, v);
  else
    store_first(p, v, n);
}

// ---- bf16 ----

INLINE f32v widen_bf16(u16n v) {
  const u32v bits = __builtin_convertvector(v, u32v) << 16;
  const u32v quiet = (u32v)((bits & 0x7fffffff) > 0x7f800000) & 0x400000;
  return (f32v)(bits | quiet);
}

// Adding just under half of the last place, and the last place's own bit, carries exactly when nearest even goes up; it
// carries the largest numbers into infinity as well.
INLINE u16n narrow_bf16(f32v x) {
  const u32v bits = (u32v)x, rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16, quiet = bits >> 16 | 0x40;
  return __builtin_convertvector((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded, u16n);
}

// ---- f16 ----

#if defined(HAS_F16C) && VECTOR_BYTES == 64

INLINE f32v widen_f16(u16n v) { return (f32v)_mm512_cvtph_ps((__m256i)v); }
INLINE u16n narrow_f16(f32v x) {
  return (u16n)_mm512_cvtps_ph((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

#elif defined(HAS_F16C)

INLINE f32v widen_f16(u16n v) { return (f32v)_mm256_cvtph_ps((__m128i)v); }
INLINE u16n narrow_f16(f32v x) { return (u16n)_mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT); }

#elif defined(__aarch64__)

INLINE f32v widen_f16(u16n v) { return (f32v)vcvt_f32_f16((float16x4_t)v); }
INLINE u16n narrow_f16(f32v x) { return (u16n)vcvt_f16_f32((float32x4_t)x); }

#else

// Shifted into place, the number lacks 2^112 (the difference of the exponents' biases); the product is exact, and makes
// subnormals normal.
INLINE f32v widen_f16(u16n v) {
  const u32v bits = __builtin_convertvector(v, u32v), magnitude = (bits & 0x7fff) << 13;
  const u32v finite = (u32v)((f32v)magnitude * 0x1p112f);
  const u32v quiet = (u32v)(magnitude > 0x0f800000) & 0x400000, special = magnitude | 0x7f800000 | quiet;
  return (f32v)((magnitude >= 0x0f800000 ? special : finite) | (bits & 0x8000) << 16);
}

// Below 2^-14 results are multiples of 2^-24, which is the last place of numbers from 1/2 to 1: adding 1/2 rounds.
INLINE u16n narrow_f16(f32v x) {
  const u32v bits = (u32v)x, magnitude = bits & 0x7fffffff;
  const u32v subnormal = (u32v)((f32v)magnitude + 0.5f) - 0x3f000000;
  const u32v normal = ((magnitude + 0xfff + (magnitude >> 13 & 1)) >> 13) - (112 << 10);
  const u32v quiet = (magnitude >> 13 & 0x3ff) | 0x7e00;
  u32v result = magnitude < 0x38800000 ? subnormal : normal;
  result = magnitude >= 0x477ff000 ? (u32v)0x7c00 : result; // 65520 and more
  result = magnitude > 0x7f800000 ? quiet : result;
  return __builtin_convertvector(result | (bits >> 16 & 0x8000), u16n);
}

#endif

// ---- bf16 in memory, f32 in registers ----
// So that a text which loads and stores ELEMENT serves bf16 as well.

typedef struct bf16 {
  uint16_t bits;
} bf16;

// Without widen_bf16's care for NaN: arithmetic makes it quiet.
INLINE f32v shift_bf16(u16n v) { return (f32v)(__builtin_convertvector(v, u32v) << 16); }

OVERLOAD f32v load(const bf16 *p) { return shift_bf16(load_u16n(&p->bits)); }
OVERLOAD f32v load_first(const bf16 *p, size_t n) { return shift_bf16(load_first_u16n(&p->bits, n)); }
OVERLOAD void store(bf16 *p, f32v v) { store(&p->bits, narrow_bf16(v)); }
OVERLOAD void store_first(bf16 *p, f32v v, size_t n) { store_first(&p->bits, narrow_bf16(v), n); }
// p must be aligned to LANES elements.
OVERLOAD void store_nontemporal(bf16 *p, f32v v) { store_nontemporal(&p->bits, narrow_bf16(v)); }

// ---- 8-bit integers ----

// The low 8 bits of each lane; they serve for signed ones too.
INLINE u8n narrow_bytes(i32v v) { return __builtin_convertvector((u32v)v, u8n); }

INLINE i32v widen_u8(u8n v) { return __builtin_convertvector(v, i32v); }
INLINE i32v widen_s8(u8n v) {
  typedef NARROW_TYPE(int8_t) s8n;
  return __builtin_convertvector((s8n)v, i32v);
}

// int8 in memory, f32 in registers.
typedef struct s8 {
  uint8_t bits;
} s8;

OVERLOAD f32v load(const s8 *p) { return __builtin_convertvector(widen_s8(load_u8n(&p->bits)), f32v); }
OVERLOAD f32v load_first(const s8 *p, size_t n) {
  return __builtin_convertvector(widen_s8(load_first_u8n(&p->bits, n)), f32v);
}

// Which of n bytes are not 0, as a mask of as many lanes as `like` has; the lanes behind the n are 0.
OVERLOAD i32v nonzero_bytes(i32v like, const uint8_t *p, size_t n) {
  return widen_u8(n == f32_lanes ? load_u8n(p) : load_first_u8n(p, n)) != like - like;
}
OVERLOAD i64v nonzero_bytes(i64v like, const uint8_t *p, size_t n) {
  typedef uint8_t lanes __attribute__((ext_vector_type(f64_lanes)));
  lanes bytes;
  if (n == f64_lanes)
    memcpy(&bytes, p, sizeof bytes);
  else {
    bytes = (lanes){0};
    for (size_t i = 0; i < n; i++) bytes[i] = p[i];
  }
  return __builtin_convertvector(bytes, i64v) != like - like;
}

#endif
