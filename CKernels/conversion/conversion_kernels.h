// Conversions of contiguous elements, and the ranges that quantization is chosen from.

// ---- 16-bit floating point ----
// `load_from` and `load_first_from` are of the source's type.

#define CONVERT(name, from, to, load_from, load_first_from, function)                                                  \
  INLINE size_t name##_vectors(const bool streaming, const from *x, to *out, size_t at, size_t n) {                    \
    _Pragma("clang loop unroll_count(4)") for (; at + f32_lanes <= n; at += f32_lanes) {                               \
      const __auto_type result = function(load_from(x + at));                                                          \
      if (streaming)                                                                                                   \
        store_nontemporal(out + at, result);                                                                           \
      else                                                                                                             \
        store(out + at, result);                                                                                       \
    }                                                                                                                  \
    return at;                                                                                                         \
  }                                                                                                                    \
  static void name(const void *source, size_t n, void *result, bool streaming) {                                       \
    const from *x = source;                                                                                            \
    to *out = result;                                                                                                  \
    size_t at = 0;                                                                                                     \
    if (streaming) { /* from the first aligned vector on */                                                            \
      const size_t head = (-(uintptr_t)out) % (f32_lanes * sizeof(to)) / sizeof(to), here = head < n ? head : n;       \
      if (here) store_first(out, function(load_first_from(x, here)), here);                                            \
      at = name##_vectors(true, x, out, here, n);                                                                      \
    } else {                                                                                                           \
      at = name##_vectors(false, x, out, 0, n);                                                                        \
    }                                                                                                                  \
    if (at < n) store_first(out + at, function(load_first_from(x + at, n - at)), n - at);                              \
    if (streaming) fence_nontemporal();                                                                                \
  }

CONVERT(convert_f32_to_bf16, float, uint16_t, load, load_first, narrow_bf16)
CONVERT(convert_f32_to_f16, float, uint16_t, load, load_first, narrow_f16)
CONVERT(convert_bf16_to_f32, uint16_t, float, load_u16n, load_first_u16n, widen_bf16)
CONVERT(convert_f16_to_f32, uint16_t, float, load_u16n, load_first_u16n, widen_f16)
#undef CONVERT

// ---- 8-bit integers ----

// NaN becomes 0 first, and the bounds are integers, so that rounding after the clamp gives what rounding before it
// would.
INLINE u8n quantize_vector(f32v x, f32v scale, i32v zero_point, int32_t lowest) {
  const f32v low = __builtin_convertvector(lowest - zero_point, f32v), high = low + 255.0f;
  f32v y = x / scale;
  y = y == y ? y : broadcast(0.0f);
  y = y < low ? low : y;
  y = y > high ? high : y;
  return narrow_bytes((i32v)(y + integer_shift_f32) - (i32v)broadcast(integer_shift_f32) + zero_point);
}
INLINE u8n quantize_u8(f32v x, f32v scale, i32v zero_point) { return quantize_vector(x, scale, zero_point, 0); }
INLINE u8n quantize_s8(f32v x, f32v scale, i32v zero_point) { return quantize_vector(x, scale, zero_point, -128); }

INLINE f32v dequantize_u8(u8n q, f32v scale, i32v zero_point) {
  return __builtin_convertvector(widen_u8(q) - zero_point, f32v) * scale;
}
INLINE f32v dequantize_s8(u8n q, f32v scale, i32v zero_point) {
  return __builtin_convertvector(widen_s8(q) - zero_point, f32v) * scale;
}

// One scale for all is read from a vector of copies of it, over and over: a load from the L1 cache, where ports are
// free. The last elements go over the stack.
#define QUANTIZE(name, from, to, load_from, load_first_from, function)                                                 \
  INLINE void name##_part(const quantization_view *v, const float *scale, const int32_t *zero_point, size_t at,        \
                          size_t n) {                                                                                  \
    float scales[f32_lanes];                                                                                           \
    int32_t zero_points[f32_lanes] = {0};                                                                              \
    store(scales, broadcast(1.0f));                                                                                    \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      scales[i] = scale[(at + i) * v->scale_step];                                                                     \
      zero_points[i] = zero_point[(at + i) * v->zero_point_step];                                                      \
    }                                                                                                                  \
    const __auto_type x = load_first_from((const from *)v->x + at, n);                                                 \
    store_first((to *)v->out + at, function(x, load(scales), load(zero_points)), n);                                   \
  }                                                                                                                    \
  INLINE size_t name##_vectors(const bool streaming, const quantization_view *v, const float *scale,                   \
                               const int32_t *zero_point, size_t at) {                                                 \
    to *out = v->out;                                                                                                  \
    _Pragma("clang loop unroll_count(2)") for (; at + f32_lanes <= v->columns; at += f32_lanes) {                      \
      const __auto_type result = function(load_from((const from *)v->x + at), load(scale + at * v->scale_step),        \
                                          load(zero_point + at * v->zero_point_step));                                 \
      if (streaming)                                                                                                   \
        store_nontemporal(out + at, result);                                                                           \
      else                                                                                                             \
        store(out + at, result);                                                                                       \
    }                                                                                                                  \
    return at;                                                                                                         \
  }                                                                                                                    \
  static void name(const quantization_view *v) {                                                                       \
    float scales[f32_lanes];                                                                                           \
    int32_t zero_points[f32_lanes];                                                                                    \
    store(scales, broadcast(*v->scale));                                                                               \
    store(zero_points, broadcast(*v->zero_point));                                                                     \
    const float *scale = v->scale_step ? v->scale : scales;                                                            \
    const int32_t *zero_point = v->zero_point_step ? v->zero_point : zero_points;                                      \
    size_t at = 0;                                                                                                     \
    if (v->streaming) {                                                                                                \
      const size_t head = (-(uintptr_t)v->out) % (f32_lanes * sizeof(to)) / sizeof(to);                                \
      const size_t here = head < v->columns ? head : v->columns;                                                       \
      if (here) name##_part(v, scale, zero_point, 0, here);                                                            \
      at = name##_vectors(true, v, scale, zero_point, here);                                                           \
    } else {                                                                                                           \
      at = name##_vectors(false, v, scale, zero_point, 0);                                                             \
    }                                                                                                                  \
    if (at < v->columns) name##_part(v, scale, zero_point, at, v->columns - at);                                       \
    if (v->streaming) fence_nontemporal();                                                                             \
  }

QUANTIZE(quantize_f32_to_u8, float, uint8_t, load, load_first, quantize_u8)
QUANTIZE(quantize_f32_to_s8, float, uint8_t, load, load_first, quantize_s8)
QUANTIZE(dequantize_u8_to_f32, uint8_t, float, load_u8n, load_first_u8n, dequantize_u8)
QUANTIZE(dequantize_s8_to_f32, uint8_t, float, load_u8n, load_first_u8n, dequantize_s8)
#undef QUANTIZE

// ---- ranges ----

// A comparison with NaN is false: NaN never widens the range.
INLINE void widen_range(f32v v, f32v *low, f32v *high) {
  *low = v < *low ? v : *low;
  *high = v > *high ? v : *high;
}

static void element_range(const float *x, size_t n, float *low, float *high) {
  enum { sums = 4 }; // independent ones, for the latency of compare and select
  f32v lows[sums], highs[sums];
  UNROLL for (size_t k = 0; k < sums; k++) lows[k] = broadcast(*low), highs[k] = broadcast(*high);
  size_t at = 0;
  for (; at + sums * f32_lanes <= n; at += sums * f32_lanes)
    UNROLL for (size_t k = 0; k < sums; k++) widen_range(load(x + at + k * f32_lanes), &lows[k], &highs[k]);
  for (; at < n; at += f32_lanes)
    widen_range(load_first_or(x + at, n - at < f32_lanes ? n - at : f32_lanes, *low), &lows[0], &highs[0]);
  UNROLL for (size_t k = 1; k < sums; k++) {
    widen_range(lows[k], &lows[0], &highs[0]);
    widen_range(highs[k], &lows[0], &highs[0]);
  }
  for (size_t i = 0; i < f32_lanes; i++) {
    *low = lows[0][i] < *low ? lows[0][i] : *low;
    *high = highs[0][i] > *high ? highs[0][i] : *high;
  }
}

static void column_ranges(const float *x, size_t rows, size_t columns, size_t stride, float *low, float *high) {
  for (size_t j = 0; j < columns; j += f32_lanes) {
    const size_t n = columns - j < f32_lanes ? columns - j : f32_lanes;
    f32v lows = load_first(low + j, n), highs = load_first(high + j, n);
    for (size_t i = 0; i < rows; i++) widen_range(load_first(x + i * stride + j, n), &lows, &highs);
    store_first(low + j, lows, n);
    store_first(high + j, highs, n);
  }
}

static const conversion_kernels conversion_table = {
    .convert = {[conversion_f32_to_bf16] = convert_f32_to_bf16,
                [conversion_f32_to_f16] = convert_f32_to_f16,
                [conversion_bf16_to_f32] = convert_bf16_to_f32,
                [conversion_f16_to_f32] = convert_f16_to_f32},
    .quantize = {[quantization_f32_to_u8] = quantize_f32_to_u8,
                 [quantization_f32_to_s8] = quantize_f32_to_s8,
                 [quantization_u8_to_f32] = dequantize_u8_to_f32,
                 [quantization_s8_to_f32] = dequantize_s8_to_f32},
    .range = element_range,
    .column_ranges = column_ranges,
};
