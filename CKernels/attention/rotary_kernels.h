// Rotary position embedding: each pair of a row turned by its angle.

// (a, b) turned by the angle of (cosine, sine).
INLINE void KERNEL(rotary_turn)(VECTOR a, VECTOR b, VECTOR cosine, VECTOR sine, VECTOR *turned_a, VECTOR *turned_b) {
  *turned_a = multiply_add(a, cosine, -(b * sine));
  *turned_b = multiply_add(a, sine, b * cosine);
}

// Pairs of elements j and j + pairs.
INLINE void KERNEL(rotary_halves)(size_t pairs, SCALAR sign, const SCALAR *cosines, const SCALAR *sines,
                                  const SCALAR *x, SCALAR *y) {
  VECTOR a, b;
  size_t j = 0;
  for (; j + LANES <= pairs; j += LANES) {
    KERNEL(rotary_turn)(load(x + j), load(x + pairs + j), load(cosines + j), load(sines + j) * sign, &a, &b);
    store(y + j, a);
    store(y + pairs + j, b);
  }
  if (j == pairs) return;
  const size_t left = pairs - j;
  KERNEL(rotary_turn)(load_first(x + j, left), load_first(x + pairs + j, left), load_first(cosines + j, left),
                      load_first(sines + j, left) * sign, &a, &b);
  store_first(y + j, a, left);
  store_first(y + pairs + j, b, left);
}

// The first half of a vector's lanes, each twice.
INLINE VECTOR KERNEL(rotary_doubled)(VECTOR v) {
  VECTOR twice;
  twice.even = v.lo;
  twice.odd = v.lo;
  return twice;
}

// x cosine + partner sine, with the sine negative in even lanes: both elements of a pair at once.
INLINE VECTOR KERNEL(rotary_turn_pairs)(VECTOR x, VECTOR cosines, VECTOR sines, VECTOR signs) {
  VECTOR partner;
  partner.even = x.odd;
  partner.odd = x.even;
  return multiply_add(x, KERNEL(rotary_doubled)(cosines), partner * (KERNEL(rotary_doubled)(sines) * signs));
}

// Pairs of elements 2 j and 2 j + 1. Half vectors of the table are read as whole ones, of which a half lies beyond the
// end in the last vectors of a row: these take what there is.
INLINE void KERNEL(rotary_neighbours)(size_t pairs, SCALAR sign, const SCALAR *cosines, const SCALAR *sines,
                                      const SCALAR *x, SCALAR *y) {
  enum { half = LANES / 2 };
  VECTOR signs = broadcast(sign);
  signs.even = -signs.odd;
  size_t j = 0;
  for (; j + LANES <= pairs; j += half)
    store(y + 2 * j, KERNEL(rotary_turn_pairs)(load(x + 2 * j), load(cosines + j), load(sines + j), signs));
  for (size_t left; j < pairs; j += left) {
    left = pairs - j < half ? pairs - j : half;
    store_up_to(y + 2 * j,
                KERNEL(rotary_turn_pairs)(load_up_to(x + 2 * j, 2 * left), load_first(cosines + j, left),
                                          load_first(sines + j, left), signs),
                2 * left);
  }
}

static void KERNEL(rotary_rotate)(const rotary_rows *r) {
  const SCALAR sign = r->inverse ? -1 : 1;
  const size_t turned = 2 * r->pairs;
  for (size_t i = 0; i < r->count; i++) {
    const SCALAR *x = (const SCALAR *)r->x + i * r->x_step;
    SCALAR *y = (SCALAR *)r->y + i * r->y_step;
    if (r->interleaved)
      KERNEL(rotary_neighbours)(r->pairs, sign, r->cosines, r->sines, x, y);
    else
      KERNEL(rotary_halves)(r->pairs, sign, r->cosines, r->sines, x, y);
    if (x != y && turned < r->d) memcpy(y + turned, x + turned, (r->d - turned) * sizeof(SCALAR));
  }
}

static const attention_kernels KERNEL(attention) = {
    .bias = KERNEL(attention_bias),
    .spread_bias = KERNEL(attention_spread_bias),
    .hide_later = KERNEL(attention_hide_later),
    .exponentials = KERNEL(attention_exponentials),
    .finish_sums = KERNEL(attention_finish_sums),
    .scale_rows = KERNEL(attention_scale_rows),
    .row_dots = KERNEL(attention_row_dots),
    .weigh_gradients = KERNEL(attention_weigh_gradients),
    .rotate = KERNEL(rotary_rotate),
};
