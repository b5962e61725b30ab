// Optimizer steps: all arrays are read and written once, so that memory bounds them; a square root and a division per
// vector (24 cycles of a Zen 4 for 64 bytes of each array) hide behind it.
//
// Results are stored where they were read: their lines are in the cache, and need no way past it.

// The terms of the work as vectors, and the arrays.
typedef struct {
  const SCALAR *gradient;
  SCALAR *parameters, *state[optimizer_most_states];
  VECTOR gradient_scale, weight_decay, keep, rate, decay[2], share[2], root_scale, epsilon;
  bool decays, keeps_all, nesterov;
} KERNEL(optimizer_terms);

INLINE KERNEL(optimizer_terms) KERNEL(terms_of)(const optimizer_work *w) {
  return (KERNEL(optimizer_terms)){
      .gradient = w->gradient,
      .parameters = w->parameters,
      .state = {w->state[0], w->state[1], w->state[2]},
      .gradient_scale = broadcast((SCALAR)w->gradient_scale),
      .weight_decay = broadcast((SCALAR)w->weight_decay),
      .keep = broadcast((SCALAR)w->keep),
      .rate = broadcast((SCALAR)w->rate),
      .decay = {broadcast((SCALAR)w->decay[0]), broadcast((SCALAR)w->decay[1])},
      .share = {broadcast((SCALAR)w->share[0]), broadcast((SCALAR)w->share[1])},
      .root_scale = broadcast((SCALAR)w->root_scale),
      .epsilon = broadcast((SCALAR)w->epsilon),
      .decays = w->weight_decay != 0,
      .keeps_all = w->keep == 1,
      .nesterov = w->nesterov,
  };
}

// Elements i...: a whole vector, or its first n when `partial`.
typedef struct {
  size_t i, n;
  bool partial;
} KERNEL(optimizer_place);

INLINE VECTOR KERNEL(get)(const SCALAR *x, const KERNEL(optimizer_place) at) {
  return at.partial ? load_first(x + at.i, at.n) : load(x + at.i);
}

INLINE void KERNEL(put_state)(SCALAR *x, const KERNEL(optimizer_place) at, VECTOR v) {
  if (at.partial)
    store_first(x + at.i, v, at.n);
  else
    store(x + at.i, v);
}

// Without weight decay p stays out of it, since 0 times infinity is NaN.
INLINE VECTOR KERNEL(decayed_gradient)(const KERNEL(optimizer_terms) * t, const KERNEL(optimizer_place) at, VECTOR p) {
  const VECTOR g = KERNEL(get)(t->gradient, at) * t->gradient_scale;
  return t->decays ? multiply_add(t->weight_decay, p, g) : g;
}

// state[which] = decay state + share x, stored and returned.
INLINE VECTOR KERNEL(advance)(const KERNEL(optimizer_terms) * t, const KERNEL(optimizer_place) at, const size_t which,
                              VECTOR decay, VECTOR x) {
  const VECTOR state = multiply_add(decay, KERNEL(get)(t->state[which], at), x);
  KERNEL(put_state)(t->state[which], at, state);
  return state;
}

// State: the velocity, if any. rate: the learning rate.
INLINE void KERNEL(sgd_part)(const KERNEL(optimizer_terms) * t, const KERNEL(optimizer_place) at) {
  const VECTOR p = KERNEL(get)(t->parameters, at), g = KERNEL(decayed_gradient)(t, at, p);
  VECTOR step = g;
  if (t->state[0]) {
    const VECTOR v = KERNEL(advance)(t, at, 0, t->decay[0], t->share[0] * g);
    step = t->nesterov ? multiply_add(t->decay[0], v, g) : v;
  }
  KERNEL(put_state)(t->parameters, at, p - t->rate * step);
}

// State: the sum of squares.
INLINE void KERNEL(adagrad_part)(const KERNEL(optimizer_terms) * t, const KERNEL(optimizer_place) at) {
  const VECTOR p = KERNEL(get)(t->parameters, at), g = KERNEL(decayed_gradient)(t, at, p);
  const VECTOR sum = multiply_add(g, g, KERNEL(get)(t->state[0], at));
  KERNEL(put_state)(t->state[0], at, sum);
  KERNEL(put_state)(t->parameters, at, p - t->rate * g / (__builtin_elementwise_sqrt(sum) + t->epsilon));
}

// State: the mean of squares, the mean, if any (both with decay[0] and share[0]), and the velocity, if any (decay[1]).
INLINE void KERNEL(rmsprop_part)(const KERNEL(optimizer_terms) * t, const KERNEL(optimizer_place) at) {
  const VECTOR p = KERNEL(get)(t->parameters, at), g = KERNEL(decayed_gradient)(t, at, p);
  VECTOR square = KERNEL(advance)(t, at, 0, t->decay[0], t->share[0] * g * g);
  if (t->state[1]) {
    const VECTOR mean = KERNEL(advance)(t, at, 1, t->decay[0], t->share[0] * g), rest = square - mean * mean;
    square = rest < 0 ? broadcast((SCALAR)0) : rest; // a NaN stays
  }
  VECTOR step = g / (__builtin_elementwise_sqrt(square) + t->epsilon);
  if (t->state[2]) step = KERNEL(advance)(t, at, 2, t->decay[1], step);
  KERNEL(put_state)(t->parameters, at, p - t->rate * step);
}

// State: the mean, the mean of squares, its greatest value, if wanted. rate and root_scale correct their start at 0.
INLINE void KERNEL(adam_part)(const KERNEL(optimizer_terms) * t, const KERNEL(optimizer_place) at) {
  const VECTOR p = KERNEL(get)(t->parameters, at), g = KERNEL(decayed_gradient)(t, at, p);
  const VECTOR mean = KERNEL(advance)(t, at, 0, t->decay[0], t->share[0] * g);
  VECTOR square = KERNEL(advance)(t, at, 1, t->decay[1], t->share[1] * g * g);
  if (t->state[2]) {
    const VECTOR before = KERNEL(get)(t->state[2], at);
    square = MAXIMUM(square, before);
    KERNEL(put_state)(t->state[2], at, square);
  }
  const VECTOR divisor = multiply_add(__builtin_elementwise_sqrt(square), t->root_scale, t->epsilon);
  KERNEL(put_state)(t->parameters, at, (t->keeps_all ? p : p * t->keep) - t->rate * mean / divisor);
}

#define STEP(name)                                                                                                     \
  static void KERNEL(name##_step)(const optimizer_work *w, size_t first, size_t last) {                                \
    const KERNEL(optimizer_terms) t = KERNEL(terms_of)(w);                                                             \
    size_t i = first;                                                                                                  \
    for (; i + LANES <= last; i += LANES) KERNEL(name##_part)(&t, (KERNEL(optimizer_place)){i, LANES, false});         \
    if (i < last) KERNEL(name##_part)(&t, (KERNEL(optimizer_place)){i, last - i, true});                               \
  }
STEP(sgd)
STEP(adagrad)
STEP(rmsprop)
STEP(adam)
#undef STEP

// ---- the global norm ----

// Asking for lines ahead takes it from 36 to 40 GB/s out of cache, on one thread of a Zen 4.
static double KERNEL(square_sum)(const void *elements, size_t n, double scale) {
  enum { chains = 4, span = chains * LANES, line = 64 / sizeof(SCALAR), ahead = 4096 / sizeof(SCALAR) };
  const SCALAR *x = elements;
  const VECTOR factor = broadcast((SCALAR)scale);
  f64v sums[chains] = {0};
  size_t i = 0;
  for (; i + span <= n; i += span) {
    UNROLL for (size_t j = 0; j < span; j += line) __builtin_prefetch(x + i + j + ahead);
    UNROLL for (size_t j = 0; j < chains; j++) sums[j] = add_wide_squares(sums[j], load(x + i + j * LANES) * factor);
  }
  for (; i + LANES <= n; i += LANES) sums[0] = add_wide_squares(sums[0], load(x + i) * factor);
  if (i < n) sums[1] = add_wide_squares(sums[1], load_first(x + i, n - i) * factor);
  return horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

static void KERNEL(multiply_by)(void *elements, size_t n, double factor) {
  SCALAR *x = elements;
  const VECTOR f = broadcast((SCALAR)factor);
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(x + i, load(x + i) * f);
  if (i < n) store_first(x + i, load_first(x + i, n - i) * f, n - i);
}

static const optimizer_kernels KERNEL(optimizer) = {
    .element_bytes = sizeof(SCALAR),
    .sgd = KERNEL(sgd_step),
    .adagrad = KERNEL(adagrad_step),
    .rmsprop = KERNEL(rmsprop_step),
    .adam = KERNEL(adam_step),
    .square_sum = KERNEL(square_sum),
    .multiply_by = KERNEL(multiply_by),
};
