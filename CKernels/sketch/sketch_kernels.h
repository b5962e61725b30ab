// MinHash: slots in registers, elements from the first cache.
//
// Permutations are bound by the multiplications: slots / f32_lanes of them per element. On Zen 5, 128 slots take 1.6 ns
// (AVX-512), 3.1 (AVX2) or 29 (baseline, which has no such multiplication); a bin takes 0.5.

// Slots' vectors that stay in registers at once, with their parameters.
enum { permute_vectors = VECTOR_REGISTERS == 32 ? 8 : 4 };

OVERLOAD u32v load_first(const uint32_t *p, size_t n) { return (u32v)load_first((const float *)p, n); }
OVERLOAD void store_first(uint32_t *p, u32v v, size_t n) { store_first((float *)p, (f32v)v, n); }
OVERLOAD u32v load_up_to(const uint32_t *p, size_t n) { return n == f32_lanes ? load(p) : load_first(p, n); }
OVERLOAD void store_up_to(uint32_t *p, u32v v, size_t n) {
  if (n == f32_lanes)
    store(p, v);
  else
    store_first(p, v, n);
}

// `vectors` is a constant after inlining; the last of them has `last` lanes.
INLINE void permute_some(const farro_minhash *minhash, size_t at, size_t vectors, size_t last,
                         const minhash_value *values, size_t stride, size_t count, uint32_t *signature) {
  u32v least[permute_vectors], a[permute_vectors], b[permute_vectors];
  UNROLL for (size_t i = 0; i < vectors; i++) {
    const size_t first = at + i * f32_lanes, lanes = i + 1 < vectors ? (size_t)f32_lanes : last;
    least[i] = load_up_to(signature + first, lanes);
    a[i] = load_up_to(minhash->multipliers + first, lanes);
    b[i] = load_up_to(minhash->addends + first, lanes);
  }
  for (size_t j = 0; j < count; j++) {
    const u32v x = broadcast(values[j * stride]);
    UNROLL for (size_t i = 0; i < vectors; i++) least[i] = __builtin_elementwise_min(least[i], a[i] * x + b[i]);
  }
  UNROLL for (size_t i = 0; i < vectors; i++)
      store_up_to(signature + at + i * f32_lanes, least[i], i + 1 < vectors ? (size_t)f32_lanes : last);
}

static void sketch_permute(const farro_minhash *minhash, const minhash_value *values, size_t stride, size_t count,
                           uint32_t *signature) {
  const size_t slots = minhash->slots;
  size_t at = 0;
  for (; at + permute_vectors * f32_lanes <= slots; at += permute_vectors * f32_lanes)
    permute_some(minhash, at, permute_vectors, f32_lanes, values, stride, count, signature);
  for (; at + 2 * f32_lanes <= slots; at += 2 * f32_lanes)
    permute_some(minhash, at, 2, f32_lanes, values, stride, count, signature);
  for (; at < slots; at += f32_lanes) {
    const size_t left = slots - at;
    permute_some(minhash, at, 1, left < f32_lanes ? left : (size_t)f32_lanes, values, stride, count, signature);
  }
}

// Without a branch: a slot takes some ln(n / slots) values of those that choose it, in no pattern.
static void sketch_bin(size_t slots, const uint64_t *hashes, size_t count, uint32_t *signature) {
  for (size_t i = 0; i < count; i++) {
    const uint64_t hash = hashes[i];
    uint32_t *slot = signature + ((hash >> 32) * slots >> 32);
    const uint32_t value = (uint32_t)hash, least = *slot;
    *slot = value < least ? value : least;
  }
}

static void sketch_minimum(uint32_t *into, const uint32_t *from, size_t count) {
  for (size_t i = 0; i < count; i += f32_lanes) {
    const size_t lanes = count - i < f32_lanes ? count - i : (size_t)f32_lanes;
    store_up_to(into + i, __builtin_elementwise_min(load_up_to(into + i, lanes), load_up_to(from + i, lanes)), lanes);
  }
}

static void sketch_matches(const uint32_t *x, const uint32_t *y, size_t rows, size_t slots, uint32_t *out) {
  const size_t whole = slots - slots % f32_lanes, left = slots % f32_lanes;
  for (size_t j = 0; j < rows; j++, y += slots) {
    u32v equal[2] = {0, 0};
    size_t i = 0;
    for (; i + 2 * f32_lanes <= whole; i += 2 * f32_lanes) {
      equal[0] -= (u32v)(load(x + i) == load(y + i));
      equal[1] -= (u32v)(load(x + i + f32_lanes) == load(y + i + f32_lanes));
    }
    if (i < whole) equal[0] -= (u32v)(load(x + i) == load(y + i));
    uint32_t matches = __builtin_reduce_add(equal[0] + equal[1]);
    // The lanes beyond hold 0 in both.
    if (left)
      matches += __builtin_reduce_add((u32v)(load_first(x + whole, left) == load_first(y + whole, left)) & 1) -
                 (uint32_t)(f32_lanes - left);
    out[j] = matches;
  }
}

INLINE void packed_matches_of(const uint64_t *x, const uint64_t *y, size_t rows, size_t slots, size_t bits,
                              uint32_t *out) {
  const size_t words = (slots + 63) / 64;
  for (size_t j = 0; j < rows; j++, y += words * bits) {
    size_t differing = 0;
    for (size_t i = 0; i < words; i++) {
      uint64_t differ = 0;
      UNROLL for (size_t b = 0; b < bits; b++) differ |= x[b * words + i] ^ y[b * words + i];
      differing += (size_t)__builtin_popcountll(differ);
    }
    out[j] = (uint32_t)(slots - differing);
  }
}

static void sketch_packed_matches(const uint64_t *x, const uint64_t *y, size_t rows, size_t slots, uint32_t bits,
                                  uint32_t *out) {
  switch (bits) {
  case 1:
    return packed_matches_of(x, y, rows, slots, 1, out);
  case 2:
    return packed_matches_of(x, y, rows, slots, 2, out);
  case 4:
    return packed_matches_of(x, y, rows, slots, 4, out);
  case 8:
    return packed_matches_of(x, y, rows, slots, 8, out);
  default:
    return packed_matches_of(x, y, rows, slots, 16, out);
  }
}

static const sketch_kernels sketch = {
    .permute = sketch_permute,
    .bin = sketch_bin,
    .minimum = sketch_minimum,
    .matches = sketch_matches,
    .packed_matches = sketch_packed_matches,
};
