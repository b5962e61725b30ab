// The words of Philox themselves.

static void random_words(const random_work *w, size_t first, size_t last) {
  const philox_key key = philox_key_of(w->from.seed, w->from.stream);
  uint32_t *out = w->out;
  u32v words[philox_vectors];
  size_t i = first;
  for (; i + philox_turn <= last; i += philox_turn) {
    philox_words(&key, w->from.offset + i / 4, words);
    UNROLL for (size_t j = 0; j < philox_vectors; j++) if (w->streams)
        store_nontemporal(out + i + j * f32_lanes, words[j]);
    else store(out + i + j * f32_lanes, words[j]);
  }
  if (i < last) {
    philox_words(&key, w->from.offset + i / 4, words);
    memcpy(out + i, words, (last - i) * sizeof *out);
  }
  if (w->streams) fence_nontemporal();
}
