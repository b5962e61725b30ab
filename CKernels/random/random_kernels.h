// Numbers and masks from the words of simd/philox.h. The words stay in registers: a turn's 120 instructions of
// arithmetic mix with the memory traffic of the turns around it.

INLINE void KERNEL(random_write)(const random_work *w, SCALAR *out, size_t at, size_t last, VECTOR v) {
  if (at + LANES > last)
    store_first(out + at, v, last - at);
  else if (w->streams)
    store_nontemporal(out + at, v);
  else
    store(out + at, v);
}

static void KERNEL(random_uniform)(const random_work *w, size_t first, size_t last) {
  enum { per_turn = philox_vectors * LANES, per_block = 16 / sizeof(SCALAR) };
  const philox_key key = philox_key_of(w->from.seed, w->from.stream);
  const VECTOR low = broadcast((SCALAR)w->low), length = broadcast((SCALAR)w->high - (SCALAR)w->low);
  const VECTOR most = broadcast((SCALAR)w->last);
  for (size_t i = first; i < last; i += per_turn) {
    u32v words[philox_vectors];
    philox_words(&key, w->from.offset + i / per_block, words);
    UNROLL for (size_t j = 0; j < philox_vectors; j++) if (i + j * LANES < last) {
      const VECTOR v = unit_numbers(words[j], low) * length + low;
      KERNEL(random_write)(w, w->out, i + j * LANES, last, v > most ? most : v);
    }
  }
  if (w->streams) fence_nontemporal();
}

INLINE VECTOR KERNEL(drop)(const random_work *w, const u32v *words, size_t j, VECTOR x) {
  const INTEGER_VECTOR kept = words_above(words, j, w->limit, (INTEGER_VECTOR){0});
  return (VECTOR)((INTEGER_VECTOR)(x * broadcast((SCALAR)w->scale)) & kept);
}

static void KERNEL(dropout)(const random_work *work, size_t first, size_t last) {
  enum { vectors = philox_vectors * f32_lanes / LANES };
  const random_work local = *work, *w = &local; // no store changes it
  const philox_key key = philox_key_of(w->from.seed, w->from.stream);
  const SCALAR *x = w->x;
  SCALAR *out = w->out;
  size_t i = first;
  for (; i + philox_turn <= last; i += philox_turn) {
    u32v words[philox_vectors];
    philox_words(&key, w->from.offset + i / 4, words);
    UNROLL for (size_t j = 0; j < vectors; j++) {
      const size_t at = i + j * LANES;
      KERNEL(random_write)(w, out, at, last, KERNEL(drop)(w, words, j, load(x + at)));
    }
  }
  if (i < last) {
    u32v words[philox_vectors];
    philox_words(&key, w->from.offset + i / 4, words);
    UNROLL for (size_t j = 0; j < vectors; j++) {
      const size_t at = i + j * LANES;
      if (at >= last) break;
      const VECTOR v = at + LANES <= last ? load(x + at) : load_first(x + at, last - at);
      KERNEL(random_write)(w, out, at, last, KERNEL(drop)(w, words, j, v));
    }
  }
  if (w->streams) fence_nontemporal();
}

static const random_kernels KERNEL(random) = {
    .element_bytes = sizeof(SCALAR),
    .uniform = KERNEL(random_uniform),
    .dropout = KERNEL(dropout),
};
