// Numbers and masks from the words of simd/philox.h. The words stay in registers: a turn's 120 instructions of
// arithmetic mix with the memory traffic of the turns around it.

INLINE void KERNEL(random_put)(SCALAR *out, VECTOR v, bool streams) {
  if (streams)
    store_nontemporal(out, v);
  else
    store(out, v);
}

INLINE VECTOR KERNEL(uniform_vector)(const random_work *w, u32v words) {
  const SCALAR low = (SCALAR)w->low, length = (SCALAR)w->high - low;
  const VECTOR v = unit_numbers(words, broadcast(low)) * length + low, most = broadcast((SCALAR)w->last);
  return v > most ? most : v;
}

static void KERNEL(random_uniform)(const random_work *work, size_t first, size_t last) {
  enum { per_turn = philox_vectors * LANES, per_block = 16 / sizeof(SCALAR) };
  const random_work local = *work, *w = &local; // no store changes it
  const philox_key key = philox_key_of(w->from.seed, w->from.stream);
  SCALAR *out = w->out;
  u32v words[philox_vectors];
  size_t i = first;
  for (; i + per_turn <= last; i += per_turn) {
    philox_words(&key, w->from.offset + i / per_block, words);
    UNROLL for (size_t j = 0; j < philox_vectors; j++)
        KERNEL(random_put)(out + i + j * LANES, KERNEL(uniform_vector)(w, words[j]), w->streams);
  }
  if (i < last) {
    philox_words(&key, w->from.offset + i / per_block, words);
    UNROLL for (size_t j = 0; j < philox_vectors; j++) {
      const size_t at = i + j * LANES;
      if (at < last) store_first(out + at, KERNEL(uniform_vector)(w, words[j]), last - at < LANES ? last - at : LANES);
    }
  }
  if (w->streams) fence_nontemporal();
}

// Vector j of a turn.
INLINE VECTOR KERNEL(drop)(const random_work *w, const u32v *words, size_t j, VECTOR x) {
  const INTEGER_VECTOR kept = word_halves(words, j, (INTEGER_VECTOR){0}) > (INTEGER_VECTOR)w->limit;
  return (VECTOR)((INTEGER_VECTOR)(x * broadcast((SCALAR)w->scale)) & kept);
}

// Half a word decides on an element: with a whole one, the arithmetic took 0.30 ns an element on a Zen 4, and memory
// waited for it. Between two turns' loads lies so much arithmetic that the hardware asks for too few lines at a time:
// out of cache it ran at 17 GB/s on one thread, and runs at 43, as in cache.
static void KERNEL(dropout)(const random_work *work, size_t first, size_t last) {
  enum { per_turn = 2 * philox_turn, per_block = 8, vectors = per_turn / LANES };
  enum { line = 64 / sizeof(SCALAR), ahead = 2048 / sizeof(SCALAR) };
  const random_work local = *work, *w = &local; // no store changes it
  const philox_key key = philox_key_of(w->from.seed, w->from.stream);
  const SCALAR *x = w->x;
  SCALAR *out = w->out;
  u32v words[philox_vectors];
  size_t i = first;
  for (; i + per_turn <= last; i += per_turn) {
    if (i + ahead < w->n) UNROLL for (size_t j = 0; j < per_turn; j += line) __builtin_prefetch(x + i + ahead + j);
    philox_words(&key, w->from.offset + i / per_block, words);
    UNROLL for (size_t j = 0; j < vectors; j++) {
      const size_t at = i + j * LANES;
      KERNEL(random_put)(out + at, KERNEL(drop)(w, words, j, load(x + at)), w->streams);
    }
  }
  if (i < last) {
    philox_words(&key, w->from.offset + i / per_block, words);
    UNROLL for (size_t j = 0; j < vectors; j++) {
      const size_t at = i + j * LANES;
      const size_t n = at >= last ? 0 : last - at < LANES ? last - at : LANES;
      if (n > 0) store_first(out + at, KERNEL(drop)(w, words, j, load_first(x + at, n)), n);
    }
  }
  if (w->streams) fence_nontemporal();
}

static const random_kernels KERNEL(random) = {
    .element_bytes = sizeof(SCALAR),
    .uniform = KERNEL(random_uniform),
    .dropout = KERNEL(dropout),
};
