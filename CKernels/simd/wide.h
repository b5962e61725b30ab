// Elements of either type as vectors of doubles.
#ifndef FARRO_SIMD_WIDE_H
#define FARRO_SIMD_WIDE_H

// The first n elements, 0 < n <= 2 f64_lanes, as two vectors; 0 behind them.
OVERLOAD void load_doubles(const float *p, size_t n, f64v wide[2]) {
  typedef float half __attribute__((ext_vector_type(f64_lanes), aligned(sizeof(float))));
  if (n == f32_lanes) {
    UNROLL for (size_t v = 0; v < 2; v++) wide[v] = __builtin_convertvector(*(const half *)(p + v * f64_lanes), f64v);
  } else {
    const f32v some = load_first(p, n);
    wide[0] = __builtin_convertvector(some.lo, f64v), wide[1] = __builtin_convertvector(some.hi, f64v);
  }
}
OVERLOAD void load_doubles(const double *p, size_t n, f64v wide[2]) {
  wide[0] = n < f64_lanes ? load_first(p, n) : load(p);
  wide[1] = n > f64_lanes ? load_up_to(p + f64_lanes, n - f64_lanes) : broadcast(0.0);
}

#endif
