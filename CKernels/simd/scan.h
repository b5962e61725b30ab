// Within one vector: lanes moved up or turned round, and the combination of each lane with all those below it.
#ifndef FARRO_SIMD_SCAN_H
#define FARRO_SIMD_SCAN_H

// Lane i of the result is lane i - by of v; the lowest `by` lanes are those of `filler`. With `by` constant this is one
// permutation of two vectors. The compiler must not know the filler: for zeros it would expand under a mask, and a
// cumulative sum that runs at 74 GB/s in the L2 cache of a Zen 5 would fall to 14.
#define DEFINE_MOVES(vector, lanes)                                                                                    \
  OVERLOAD vector move_up(vector v, const int by, vector filler) {                                                     \
    __asm__("" : "+" VECTOR_REGISTER_CLASS(filler));                                                                   \
    vector result = filler;                                                                                            \
    UNROLL for (int i = 0; i < lanes; i++) if (i >= by) result[i] = v[i - by];                                         \
    return result;                                                                                                     \
  }                                                                                                                    \
  OVERLOAD vector reverse_lanes(vector v) {                                                                            \
    vector result = v;                                                                                                 \
    UNROLL for (int i = 0; i < lanes; i++) result[i] = v[lanes - 1 - i];                                               \
    return result;                                                                                                     \
  }                                                                                                                    \
  OVERLOAD vector broadcast_last(vector v) {                                                                           \
    vector result = v;                                                                                                 \
    UNROLL for (int i = 0; i < lanes; i++) result[i] = v[lanes - 1];                                                   \
    return result;                                                                                                     \
  }

DEFINE_MOVES(f32v, f32_lanes)
DEFINE_MOVES(f64v, f64_lanes)

#undef DEFINE_MOVES
#endif
