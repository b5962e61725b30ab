// The words of Philox themselves.

static void random_words(const random_work *w, size_t first, size_t last) {
  const philox_key key = philox_key_of(w->from.seed, w->from.stream);
  uint32_t *out = w->out;
  for (size_t i = first; i < last; i += philox_turn) {
    u32v words[philox_vectors];
    philox_words(&key, w->from.offset + i / 4, words);
    UNROLL for (size_t j = 0; j < philox_vectors; j++) {
      const size_t at = i + j * f32_lanes;
      if (at >= last) break;
      if (at + f32_lanes > last)
        store_first((float *)out + at, (f32v)words[j], last - at);
      else if (w->streams)
        store_nontemporal(out + at, words[j]);
      else
        store(out + at, words[j]);
    }
  }
  if (w->streams) fence_nontemporal();
}
