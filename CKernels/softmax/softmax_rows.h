// What softmax and losses share: logits, their greatest, the sum of their exponentials. Needs simd/rows.h.

// The row behind a long one, of which the L2 cache has room for one more.
INLINE const ELEMENT *KERNEL(soft_long_row_to_fetch)(const void *x, size_t x_row, size_t columns, size_t row,
                                                     size_t last) {
  enum { most_bytes = 256 * 1024 };
  return row + 1 < last && columns * sizeof(ELEMENT) <= most_bytes ? (const ELEMENT *)x + (row + 1) * x_row : NULL;
}

// -infinity in the lanes behind the first n: neither a maximum nor a sum of exponentials notices.
INLINE VECTOR KERNEL(soft_load_low)(const ELEMENT *x, size_t n, const bool partial) {
  return partial ? KERNEL(first_or)(load_first(x, n), n, (SCALAR)-INFINITY) : load(x);
}

// ---- what the exponentials are taken of ----

// x, when plain; otherwise x factor + bias, and -infinity where it is not kept.
typedef struct {
  const ELEMENT *x, *bias; // bias, keep: NULL for none
  const uint8_t *keep;
  SCALAR factor;
  bool plain; // a constant after inlining
} KERNEL(logits);

// Behind the first n -infinity, whatever the factor.
INLINE VECTOR KERNEL(logit)(const KERNEL(logits) * l, size_t i, size_t n, const bool partial) {
  if (l->plain) return KERNEL(soft_load_low)(l->x + i, n, partial);
  VECTOR v = KERNEL(load_elements)(l->x + i, n, partial);
  v = l->bias ? multiply_add(v, broadcast(l->factor), KERNEL(load_elements)(l->bias + i, n, partial))
              : v * broadcast(l->factor);
  if (l->keep)
    v = nonzero_bytes((INTEGER_VECTOR){0}, l->keep + i, partial ? n : LANES) ? v : broadcast((SCALAR)-INFINITY);
  return partial ? KERNEL(first_or)(v, n, (SCALAR)-INFINITY) : v;
}

// The same from element i on.
INLINE KERNEL(logits) KERNEL(logits_from)(const KERNEL(logits) * l, size_t i) {
  KERNEL(logits) from = *l;
  from.x += i;
  if (from.bias) from.bias += i;
  if (from.keep) from.keep += i;
  return from;
}

INLINE bool KERNEL(keeps_any)(const uint8_t *keep, size_t n, size_t step) {
  for (size_t i = 0; i < n; i++)
    if (keep[i * step]) return true;
  return false;
}

INLINE VECTOR KERNEL(soft_greater)(VECTOR a, VECTOR b) { return a > b ? a : b; }

// max, of each chain, becomes the greater of itself and its elements among i...
INLINE void KERNEL(raise_max)(const KERNEL(logits) * l, size_t i, VECTOR max[KERNEL(chains)]) {
  UNROLL for (size_t j = 0; j < KERNEL(chains); j++) max[j] =
      KERNEL(soft_greater)(KERNEL(logit)(l, i + j * LANES, LANES, false), max[j]);
}

// The greatest that is a number, of `max` and of elements i to n; -infinity if there is none.
INLINE SCALAR KERNEL(finish_max)(const KERNEL(logits) * l, size_t i, size_t n, VECTOR max[KERNEL(chains)]) {
  for (; i + KERNEL(span) <= n; i += KERNEL(span)) KERNEL(raise_max)(l, i, max);
  for (; i + LANES <= n; i += LANES) max[0] = KERNEL(soft_greater)(KERNEL(logit)(l, i, LANES, false), max[0]);
  if (i < n) max[1] = KERNEL(soft_greater)(KERNEL(logit)(l, i, n - i, true), max[1]);
  const VECTOR left = KERNEL(soft_greater)(max[0], max[1]);
  return horizontal_max(KERNEL(soft_greater)(left, KERNEL(soft_greater)(max[2], max[3])));
}

INLINE SCALAR KERNEL(max_logit)(const KERNEL(logits) * l, size_t n) {
  const VECTOR lowest = broadcast((SCALAR)-INFINITY);
  VECTOR max[KERNEL(chains)] = {lowest, lowest, lowest, lowest};
  return KERNEL(finish_max)(l, 0, n, max);
}

// Adds exp(logit - center) of elements i... to the sums; they go to e too, if any.
INLINE void KERNEL(add_exponentials)(const KERNEL(logits) * l, size_t i, VECTOR center, SCALAR *e,
                                     VECTOR sums[KERNEL(chains)]) {
  UNROLL for (size_t j = 0; j < KERNEL(chains); j++) {
    const VECTOR v = vector_exp(KERNEL(logit)(l, i + j * LANES, LANES, false) - center);
    if (e) store(e + i + j * LANES, v);
    sums[j] += v;
  }
}

// The sum of `sums` and of elements i to n <= row_block, while of each span of `next`, if any, the first `fetched`
// vectors are fetched.
INLINE double KERNEL(finish_exponentials)(const KERNEL(logits) * l, size_t i, size_t n, SCALAR center,
                                          const ELEMENT *next, const size_t fetched, SCALAR *e,
                                          VECTOR sums[KERNEL(chains)]) {
  const VECTOR c = broadcast(center);
  for (; i + KERNEL(span) <= n; i += KERNEL(span)) {
    KERNEL(fetch)(next, i, 0, fetched);
    KERNEL(add_exponentials)(l, i, c, e, sums);
  }
  for (; i + LANES <= n; i += LANES) {
    const VECTOR v = vector_exp(KERNEL(logit)(l, i, LANES, false) - c);
    if (e) store(e + i, v);
    sums[0] += v;
  }
  if (i < n) {
    const VECTOR v = vector_exp(KERNEL(logit)(l, i, n - i, true) - c);
    if (e) store_first(e + i, v, n - i);
    sums[1] += v;
  }
  return KERNEL(total)(sums);
}

INLINE double KERNEL(sum_exponentials)(const KERNEL(logits) * l, size_t n, SCALAR center, const ELEMENT *next,
                                       const size_t fetched, SCALAR *e) {
  VECTOR sums[KERNEL(chains)] = {0};
  return KERNEL(finish_exponentials)(l, 0, n, center, next, fetched, e, sums);
}

// 0 for an infinity, whose difference to itself would be NaN.
INLINE SCALAR KERNEL(finite_center)(SCALAR max) { return max - max == 0 ? max : 0; }

// Blocks of a long row: the exponentials, each of the difference to the center of its block, and these centers.
typedef struct {
  SCALAR *e; // NULL: not kept
  SCALAR maxima[softmax_kept_columns / KERNEL(row_block)];
} KERNEL(kept_row);

INLINE size_t KERNEL(kept_bytes)(size_t columns) {
  return columns > KERNEL(row_block) && columns <= softmax_kept_columns ? columns * sizeof(SCALAR) : 0;
}

// The greatest logit and the sum of exp(logit - finite_center(max)) of a long row in one pass over memory: when a block
// has a greater one, the sum so far shrinks. Meanwhile, the memory fetches the row behind it, if any: here arithmetic
// binds, and writing keeps the memory busy by itself.
INLINE double KERNEL(online_sum)(const KERNEL(logits) * l, size_t columns, const ELEMENT *next, SCALAR *max,
                                 KERNEL(kept_row) * kept) {
  double sum = 0;
  *max = (SCALAR)-INFINITY;
  for (size_t i = 0; i < columns; i += KERNEL(row_block)) {
    const KERNEL(logits) block = KERNEL(logits_from)(l, i);
    const size_t n = KERNEL(block_of)(columns - i);
    const SCALAR before = *max, here = KERNEL(max_logit)(&block, n);
    if (here > before) {
      *max = here;
      sum *= (double)vector_exp(broadcast(before - here))[0];
    }
    const SCALAR center = KERNEL(finite_center)(*max);
    if (kept && kept->e) {
      kept->maxima[i / KERNEL(row_block)] = *max;
      sum += KERNEL(sum_exponentials)(&block, n, center, next ? next + i : NULL, 4, kept->e + i);
    } else {
      sum += KERNEL(sum_exponentials)(&block, n, center, next ? next + i : NULL, 4, NULL);
    }
  }
  return sum;
}

// What the kept exponentials of block number i are multiplied with, so that they become shares.
INLINE SCALAR KERNEL(kept_factor)(const KERNEL(kept_row) * kept, size_t i, SCALAR max, double factor) {
  const SCALAR here = kept->maxima[i];
  return (SCALAR)(factor * (here == (SCALAR)-INFINITY ? 0 : exp((double)here - (double)max)));
}

// ---- what is written ----

// (exp(logit - center) or e) factor
typedef struct {
  KERNEL(logits) logits;
  const SCALAR *e;
  SCALAR center, factor;
} KERNEL(shares);

INLINE VECTOR KERNEL(share_of_exponential)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(shares) *s = context;
  return (partial ? load_first(s->e + i, n) : load(s->e + i)) * broadcast(s->factor);
}

INLINE VECTOR KERNEL(share_of_logit)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(shares) *s = context;
  return vector_exp(KERNEL(logit)(&s->logits, i, n, partial) - broadcast(s->center)) * broadcast(s->factor);
}
