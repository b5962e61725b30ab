// Peak rates of the dot products that tiles of low-precision matmul are made of: the CPU's instruction where it has
// one, what the tiles do instead where not.

#if defined(HAS_BF16_DOT)
enum { dot_bf16_in_word = 2 };
  #define PROBED_DOT_BF16 dot_bf16
#else
enum { dot_bf16_in_word = 1 }; // widened to f32
  #define PROBED_DOT_BF16 dot_f32
#endif
#if defined(HAS_VNNI)
enum { dot_u8s8_in_word = 4 };
  #define PROBED_DOT_U8S8 dot_u8s8
#else
enum { dot_u8s8_in_word = 2 }; // widened to 16 bits
  #define PROBED_DOT_U8S8 dot_s16
#endif

// A dot product takes up to 6 cycles, and two may begin in each: that needs 12 sums, and twice as many where there are
// registers for them, as the tiles have.
enum { dot_chains = VECTOR_REGISTERS == 32 ? 24 : 12, dot_steps = 8 };

// About 1 and 0.001 as f32 and as pairs of bf16, and something as integers. A factor could change before each product,
// as far as the compiler knows: it would move a product of the same factors out of the loop, or count integer sums.
#define PROBE_DOT(name, vector, dot)                                                                                   \
  static double name(size_t rounds) {                                                                                  \
    vector sums[dot_chains] = {0};                                                                                     \
    u32v x = broadcast((uint32_t)0x3f803f80);                                                                          \
    const u32v y = broadcast((uint32_t)0x3a833a83);                                                                    \
    for (size_t round = 0; round < rounds; round++)                                                                    \
      UNROLL for (size_t step = 0; step < dot_steps; step++) UNROLL for (size_t i = 0; i < dot_chains; i++) {          \
        __asm__ volatile("" : "+" VECTOR_REGISTER_CLASS(x));                                                           \
        sums[i] = dot(sums[i], x, y);                                                                                  \
      }                                                                                                                \
    vector total = sums[0];                                                                                            \
    for (size_t i = 1; i < dot_chains; i++) total += sums[i];                                                          \
    double sum = 0;                                                                                                    \
    for (size_t i = 0; i < f32_lanes; i++) sum += (double)total[i];                                                    \
    return sum;                                                                                                        \
  }

PROBE_DOT(probe_dot_bf16, f32v, PROBED_DOT_BF16)
PROBE_DOT(probe_dot_u8s8, u32v, PROBED_DOT_U8S8)
#undef PROBE_DOT
#undef PROBED_DOT_BF16
#undef PROBED_DOT_U8S8
