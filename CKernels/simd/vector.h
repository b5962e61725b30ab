// Vectors of VECTOR_BYTES bytes and the operations that kernels are written in.
//
// Included by each file of isa/ after it has set
//   VECTOR_BYTES      16, 32 or 64
//   VECTOR_REGISTERS  16 or 32
//   HAS_FMA           1 where multiply-add is one instruction with one rounding
//   MASKS_AVX512 or MASKS_AVX2, where partial loads and stores are instructions; elsewhere they go over the stack
// and pushed the target, so that every function here has the instructions of that file. Everything is static: vectors
// never cross from one instruction set's file to another.
//
// Operations are overloaded on the vector type: load(pointer) gives f32v for float, f64v for double, and so on.
#ifndef FARRO_SIMD_VECTOR_H
#define FARRO_SIMD_VECTOR_H

#define INLINE static inline __attribute__((always_inline, unused))
#define OVERLOAD static inline __attribute__((always_inline, unused, overloadable))

// Stands before a loop whose bounds are constants after inlining: arrays of vectors become registers.
#define UNROLL _Pragma("clang loop unroll(full)")

// The same pointer or number, of whose making the compiler knows nothing.
#define opaque(pointer)                                                                                                \
  ({                                                                                                                   \
    __auto_type hidden = pointer;                                                                                      \
    __asm__("" : "+r"(hidden));                                                                                        \
    hidden;                                                                                                            \
  })

#define VECTOR_TYPE(scalar) scalar __attribute__((ext_vector_type(VECTOR_BYTES / sizeof(scalar))))
// The same without its alignment: what a pointer into a user's array may be cast to.
#define LOOSE_TYPE(scalar) scalar __attribute__((ext_vector_type(VECTOR_BYTES / sizeof(scalar)), aligned(1)))

typedef VECTOR_TYPE(float) f32v;
typedef VECTOR_TYPE(double) f64v;
typedef VECTOR_TYPE(int32_t) i32v;
typedef VECTOR_TYPE(int64_t) i64v;
typedef VECTOR_TYPE(uint32_t) u32v;
typedef VECTOR_TYPE(uint64_t) u64v;
typedef VECTOR_TYPE(uint8_t) u8v;

// The constraint of inline assembly for a vector in a register.
#if defined(__x86_64__)
  #define VECTOR_REGISTER_CLASS "v"
#elif defined(__aarch64__)
  #define VECTOR_REGISTER_CLASS "w"
#else
  #define VECTOR_REGISTER_CLASS "m"
#endif

enum { f32_lanes = VECTOR_BYTES / 4, f64_lanes = VECTOR_BYTES / 8 };

#define DEFINE_LOAD_STORE(scalar, vector)                                                                              \
  OVERLOAD vector load(const scalar *p) {                                                                              \
    typedef LOOSE_TYPE(scalar) loose;                                                                                  \
    return *(const loose *)p;                                                                                          \
  }                                                                                                                    \
  OVERLOAD void store(scalar *p, vector v) {                                                                           \
    typedef LOOSE_TYPE(scalar) loose;                                                                                  \
    *(loose *)p = v;                                                                                                   \
  }                                                                                                                    \
  /* Past the caches; p must be aligned to VECTOR_BYTES. */                                                            \
  OVERLOAD void store_nontemporal(scalar *p, vector v) { __builtin_nontemporal_store(v, (vector *)p); }

DEFINE_LOAD_STORE(float, f32v)
DEFINE_LOAD_STORE(double, f64v)
DEFINE_LOAD_STORE(int32_t, i32v)
DEFINE_LOAD_STORE(int64_t, i64v)
DEFINE_LOAD_STORE(uint32_t, u32v)
DEFINE_LOAD_STORE(uint64_t, u64v)
DEFINE_LOAD_STORE(uint8_t, u8v)

OVERLOAD f32v broadcast(float x) { return (f32v)x; }
OVERLOAD f64v broadcast(double x) { return (f64v)x; }
OVERLOAD i32v broadcast(int32_t x) { return (i32v)x; }
OVERLOAD i64v broadcast(int64_t x) { return (i64v)x; }
OVERLOAD u32v broadcast(uint32_t x) { return (u32v)x; }
OVERLOAD u64v broadcast(uint64_t x) { return (u64v)x; }

// Lanes 0 and 1 change places, 2 and 3, and so on.
#if VECTOR_BYTES == 64
OVERLOAD u64v swap_pairs(u64v v) { return v.s10325476; }
#elif VECTOR_BYTES == 32
OVERLOAD u64v swap_pairs(u64v v) { return v.s1032; }
#else
OVERLOAD u64v swap_pairs(u64v v) { return v.s10; }
#endif

// a b + c; one rounding where the instruction set fuses, two on baseline (where a fused one would call libm per lane).
#if HAS_FMA
OVERLOAD f32v multiply_add(f32v a, f32v b, f32v c) { return __builtin_elementwise_fma(a, b, c); }
OVERLOAD f64v multiply_add(f64v a, f64v b, f64v c) { return __builtin_elementwise_fma(a, b, c); }
#else
OVERLOAD f32v multiply_add(f32v a, f32v b, f32v c) { return a * b + c; }
OVERLOAD f64v multiply_add(f64v a, f64v b, f64v c) { return a * b + c; }
#endif

// 0, 1, 2 ... in the lanes.
OVERLOAD i32v lane_numbers(i32v like) {
  UNROLL for (int i = 0; i < f32_lanes; i++) like[i] = i;
  return like;
}
OVERLOAD i64v lane_numbers(i64v like) {
  UNROLL for (int i = 0; i < f64_lanes; i++) like[i] = i;
  return like;
}

// v[l] + first + l step in 64 bits.
OVERLOAD void store_positions(int64_t *p, i32v v, int64_t first, int64_t step) {
  const i64v low = lane_numbers((i64v){0}) * step + first;
  store(p, __builtin_convertvector(v.lo, i64v) + low);
  store(p + f64_lanes, __builtin_convertvector(v.hi, i64v) + low + f64_lanes * step);
}
OVERLOAD void store_positions(int64_t *p, i64v v, int64_t first, int64_t step) {
  store(p, lane_numbers((i64v){0}) * step + first + v);
}

// Non-temporal stores become visible to other threads in order only after this. arm64 orders them like any others.
INLINE void fence_nontemporal(void) {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

// ---- partial vectors: the first n lanes, 0 < n <= lanes --------------------------------------------------------
// load_first puts 0 in the other lanes; store_first leaves the memory behind them untouched. Neither reads or writes
// beyond the n elements.

#if defined(MASKS_AVX512)

INLINE __mmask16 first16(size_t n) { return (__mmask16)((1u << n) - 1); }
INLINE __mmask8 first8(size_t n) { return (__mmask8)((1u << n) - 1); }

OVERLOAD f32v load_first(const float *p, size_t n) { return (f32v)_mm512_maskz_loadu_ps(first16(n), p); }
OVERLOAD f64v load_first(const double *p, size_t n) { return (f64v)_mm512_maskz_loadu_pd(first8(n), p); }
OVERLOAD void store_first(float *p, f32v v, size_t n) { _mm512_mask_storeu_ps(p, first16(n), (__m512)v); }
OVERLOAD void store_first(double *p, f64v v, size_t n) { _mm512_mask_storeu_pd(p, first8(n), (__m512d)v); }

#elif defined(MASKS_AVX2)

// Sliding a window over ones then zeros gives every mask without a branch.
static const int32_t mask_window32[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
static const int64_t mask_window64[8] = {-1, -1, -1, -1};

INLINE __m256i first8(size_t n) { return _mm256_loadu_si256((const __m256i *)(mask_window32 + 8 - n)); }
INLINE __m256i first4(size_t n) { return _mm256_loadu_si256((const __m256i *)(mask_window64 + 4 - n)); }

OVERLOAD f32v load_first(const float *p, size_t n) { return (f32v)_mm256_maskload_ps(p, first8(n)); }
OVERLOAD f64v load_first(const double *p, size_t n) { return (f64v)_mm256_maskload_pd(p, first4(n)); }
OVERLOAD void store_first(float *p, f32v v, size_t n) { _mm256_maskstore_ps(p, first8(n), (__m256)v); }
OVERLOAD void store_first(double *p, f64v v, size_t n) { _mm256_maskstore_pd(p, first4(n), (__m256d)v); }

#else

OVERLOAD f32v load_first(const float *p, size_t n) {
  f32v v = {0};
  for (size_t i = 0; i < n; i++) v[i] = p[i];
  return v;
}
OVERLOAD f64v load_first(const double *p, size_t n) {
  f64v v = {0};
  for (size_t i = 0; i < n; i++) v[i] = p[i];
  return v;
}
OVERLOAD void store_first(float *p, f32v v, size_t n) {
  for (size_t i = 0; i < n; i++) p[i] = v[i];
}
OVERLOAD void store_first(double *p, f64v v, size_t n) {
  for (size_t i = 0; i < n; i++) p[i] = v[i];
}

#endif

// The same for n up to a whole vector, without the price of a mask where none is needed.
OVERLOAD f32v load_up_to(const float *p, size_t n) { return n == f32_lanes ? load(p) : load_first(p, n); }
OVERLOAD f64v load_up_to(const double *p, size_t n) { return n == f64_lanes ? load(p) : load_first(p, n); }
OVERLOAD void store_up_to(float *p, f32v v, size_t n) {
  if (n == f32_lanes)
    store(p, v);
  else
    store_first(p, v, n);
}
OVERLOAD void store_up_to(double *p, f64v v, size_t n) {
  if (n == f64_lanes)
    store(p, v);
  else
    store_first(p, v, n);
}

// load_first with `other` in the other lanes.
OVERLOAD f32v load_first_or(const float *p, size_t n, float other) {
  return lane_numbers((i32v){0}) < (i32v)(int32_t)n ? load_first(p, n) : broadcast(other);
}
OVERLOAD f64v load_first_or(const double *p, size_t n, double other) {
  return lane_numbers((i64v){0}) < (i64v)(int64_t)n ? load_first(p, n) : broadcast(other);
}
#endif
