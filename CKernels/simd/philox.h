// Philox 4x32-10 on vectors: f64_lanes blocks at a time, each word of theirs in the lower half of a lane of 64 bits.
// There, a product of 32 by 32 bits is one instruction, which does not mind what is in the upper halves.
//
// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#ifndef FARRO_SIMD_PHILOX_H
#define FARRO_SIMD_PHILOX_H

enum {
  philox_rounds = 10,
  philox_vectors = 4, // of words, that are made in a turn: two independent chains hide the latency of the products
  philox_turn = philox_vectors * f32_lanes,
};

typedef struct {
  u64v round[philox_rounds][2], stream[2];
} philox_key;

INLINE philox_key philox_key_of(uint64_t seed, uint64_t stream) {
  philox_key key = {.stream = {(u64v)stream, (u64v)(stream >> 32)}};
  uint32_t low = (uint32_t)seed, high = (uint32_t)(seed >> 32);
  for (int i = 0; i < philox_rounds; i++, low += 0x9e3779b9, high += 0xbb67ae85) {
    key.round[i][0] = (u64v)(uint64_t)low;
    key.round[i][1] = (u64v)(uint64_t)high;
  }
  return key;
}

// Lane 2k has block k, lane 2k + 1 block f64_lanes / 2 + k, so that pairs of lanes are zipped to blocks in order.
INLINE u64v philox_lane_blocks(void) {
  u64v blocks;
  UNROLL for (int i = 0; i < f64_lanes; i++) blocks[i] = (uint64_t)(i / 2 + i % 2 * (f64_lanes / 2));
  return blocks;
}

#if VECTOR_BYTES == 64
  #define ZIP_EVEN(a, b) __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
  #define ZIP_ODD(a, b) __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
#elif VECTOR_BYTES == 32
  #define ZIP_EVEN(a, b) __builtin_shufflevector(a, b, 0, 4, 2, 6)
  #define ZIP_ODD(a, b) __builtin_shufflevector(a, b, 1, 5, 3, 7)
#else
  #define ZIP_EVEN(a, b) __builtin_shufflevector(a, b, 0, 2)
  #define ZIP_ODD(a, b) __builtin_shufflevector(a, b, 1, 3)
#endif

// The words of f64_lanes blocks from `first` on, in order.
INLINE void philox_blocks(const philox_key *key, uint64_t first, u32v words[2]) {
  const u64v low = (u64v)(uint64_t)0xffffffff, counter = (u64v)first + philox_lane_blocks();
  u64v c0 = counter, c1 = counter >> 32, c2 = key->stream[0], c3 = key->stream[1];
  UNROLL for (int i = 0; i < philox_rounds; i++) {
    const u64v a = (c0 & low) * (uint64_t)0xd2511f53, b = (c2 & low) * (uint64_t)0xcd9e8d57;
    c0 = b >> 32 ^ c1 ^ key->round[i][0];
    c1 = b;
    c2 = a >> 32 ^ c3 ^ key->round[i][1];
    c3 = a;
  }
  const u64v front = (c0 & low) | c1 << 32, back = (c2 & low) | c3 << 32;
  words[0] = (u32v)ZIP_EVEN(front, back);
  words[1] = (u32v)ZIP_ODD(front, back);
}

#undef ZIP_EVEN
#undef ZIP_ODD

// philox_turn words from block `first` on.
INLINE void philox_words(const philox_key *key, uint64_t first, u32v words[philox_vectors]) {
  philox_blocks(key, first, words);
  philox_blocks(key, first + f64_lanes, words + 2);
}

// The upper bits of a word as a number in [0, 1): 24 bits, exact.
OVERLOAD f32v unit_numbers(u32v words, f32v like) {
  (void)like;
  return __builtin_convertvector((i32v)(words >> 8), f32v) * 0x1p-24f;
}

// 53 bits of two words. No instruction set below AVX-512 converts integers of 64 bits: 2^52 + k has k for its lower
// bits.
OVERLOAD f64v unit_numbers(u32v words, f64v like) {
  (void)like;
  const u64v bits = (u64v)words, magic = (u64v)(uint64_t)0x4330000000000000;
  const f64v high = (f64v)(bits >> 32 | magic) - 0x1p52, low = (f64v)((bits & 0xffffffff) >> 11 | magic) - 0x1p52;
  return high * 0x1p-32 + low * 0x1p-53;
}

// Vector j of the halves of words, the lower half of each first.
OVERLOAD i32v word_halves(const u32v words[philox_vectors], size_t j, i32v like) {
  (void)like;
  const u32v some = words[j / 2];
  return __builtin_convertvector((u16n)(j % 2 ? some.hi : some.lo), i32v);
}
OVERLOAD i64v word_halves(const u32v words[philox_vectors], size_t j, i64v like) {
  (void)like;
  const u32v some = words[j / 4];
  const u16n halves = (u16n)(j / 2 % 2 ? some.hi : some.lo);
  return __builtin_convertvector(j % 2 ? halves.hi : halves.lo, i64v);
}

#endif
