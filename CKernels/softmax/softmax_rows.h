// What softmax and losses share: rows that are read ahead, reduced, and written past the caches or through them.
//
// Out of cache, arithmetic must hide behind the memory: the row after next is fetched while this one is worked on, half
// of it during the sums and half mixed into the writes (normalization_kernels.h has the measurements).

enum { KERNEL(soft_chains) = 4, KERNEL(soft_span) = 4 * LANES };

// Of each span of 4 vectors of the row to fetch, vectors `from` to `to`.
INLINE void KERNEL(soft_fetch)(const ELEMENT *next, size_t i, const size_t from, const size_t to) {
  if (next) UNROLL for (size_t j = from; j < to; j++) __builtin_prefetch(next + i + j * LANES);
}

// The first sum of a row is taken before the row ahead of it is written. What is fetched is the row after.
INLINE const ELEMENT *KERNEL(soft_row_to_fetch)(const void *x, size_t x_row, size_t columns, size_t row, size_t last) {
  enum { most_bytes = 128 * 1024 }; // three rows in the L2 cache
  return row + 2 < last && columns * sizeof(ELEMENT) <= most_bytes ? (const ELEMENT *)x + (row + 2) * x_row : NULL;
}

// The row behind a long one, of which the L2 cache has room for one more.
INLINE const ELEMENT *KERNEL(soft_long_row_to_fetch)(const void *x, size_t x_row, size_t columns, size_t row,
                                                     size_t last) {
  enum { most_bytes = 256 * 1024 };
  return row + 1 < last && columns * sizeof(ELEMENT) <= most_bytes ? (const ELEMENT *)x + (row + 1) * x_row : NULL;
}

INLINE double KERNEL(soft_total)(const VECTOR sums[KERNEL(soft_chains)]) {
  return (double)horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

INLINE size_t KERNEL(soft_block)(size_t left) { return left < softmax_block_columns ? left : softmax_block_columns; }

INLINE VECTOR KERNEL(soft_load)(const ELEMENT *x, size_t n, const bool partial) {
  return partial ? load_first(x, n) : load(x);
}

// v in the first n lanes, and `other` in those behind them.
INLINE VECTOR KERNEL(soft_first)(VECTOR v, size_t n, SCALAR other) {
  return lane_numbers((INTEGER_VECTOR){0}) < (INTEGER_VECTOR)n ? v : broadcast(other);
}

// -infinity in the lanes behind the first n: neither a maximum nor a sum of exponentials notices.
INLINE VECTOR KERNEL(soft_load_low)(const ELEMENT *x, size_t n, const bool partial) {
  return partial ? KERNEL(soft_first)(load_first(x, n), n, (SCALAR)-INFINITY) : load(x);
}

// ---- what the exponentials are taken of ----

// x, when plain; otherwise x factor + bias, and -infinity where it is not kept.
typedef struct {
  const ELEMENT *x, *bias; // bias, keep: NULL for none
  const uint8_t *keep;
  SCALAR factor;
  bool plain; // a constant after inlining
} KERNEL(logits);

INLINE VECTOR KERNEL(logit)(const KERNEL(logits) * l, size_t i, size_t n, const bool partial) {
  VECTOR v = KERNEL(soft_load_low)(l->x + i, n, partial);
  if (l->plain) return v;
  v = l->bias ? multiply_add(v, broadcast(l->factor), KERNEL(soft_load)(l->bias + i, n, partial))
              : v * broadcast(l->factor);
  if (!l->keep) return v;
  return nonzero_bytes((INTEGER_VECTOR){0}, l->keep + i, partial ? n : LANES) ? v : broadcast((SCALAR)-INFINITY);
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

// The greatest that is a number; -infinity if there is none.
INLINE SCALAR KERNEL(max_logit)(const KERNEL(logits) * l, size_t n) {
  const VECTOR lowest = broadcast((SCALAR)-INFINITY);
  VECTOR max[KERNEL(soft_chains)] = {lowest, lowest, lowest, lowest};
  size_t i = 0;
  for (; i + KERNEL(soft_span) <= n; i += KERNEL(soft_span))
    UNROLL for (size_t j = 0; j < KERNEL(soft_chains); j++) max[j] =
        KERNEL(soft_greater)(KERNEL(logit)(l, i + j * LANES, LANES, false), max[j]);
  for (; i + LANES <= n; i += LANES) max[0] = KERNEL(soft_greater)(KERNEL(logit)(l, i, LANES, false), max[0]);
  if (i < n) max[1] = KERNEL(soft_greater)(KERNEL(logit)(l, i, n - i, true), max[1]);
  max[0] = KERNEL(soft_greater)(max[0], max[1]);
  return horizontal_max(KERNEL(soft_greater)(max[0], KERNEL(soft_greater)(max[2], max[3])));
}

// The sum of exp(logit - center), which go to e too, if any, while of each span of `next`, if any, the first `fetched`
// vectors are fetched. n <= softmax_block_columns.
INLINE double KERNEL(sum_exponentials)(const KERNEL(logits) * l, size_t n, SCALAR center, const ELEMENT *next,
                                       const size_t fetched, SCALAR *e) {
  const VECTOR c = broadcast(center);
  VECTOR sums[KERNEL(soft_chains)] = {0};
  size_t i = 0;
  for (; i + KERNEL(soft_span) <= n; i += KERNEL(soft_span)) {
    KERNEL(soft_fetch)(next, i, 0, fetched);
    UNROLL for (size_t j = 0; j < KERNEL(soft_chains); j++) {
      const VECTOR v = vector_exp(KERNEL(logit)(l, i + j * LANES, LANES, false) - c);
      if (e) store(e + i + j * LANES, v);
      sums[j] += v;
    }
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
  return KERNEL(soft_total)(sums);
}

// 0 for an infinity, whose difference to itself would be NaN.
INLINE SCALAR KERNEL(finite_center)(SCALAR max) { return max - max == 0 ? max : 0; }

// Blocks of a long row: the exponentials, each of the difference to the center of its block, and these centers.
typedef struct {
  SCALAR *e; // NULL: not kept
  SCALAR maxima[softmax_kept_columns / softmax_block_columns];
} KERNEL(kept_row);

INLINE size_t KERNEL(kept_bytes)(size_t columns) {
  return columns > softmax_block_columns && columns <= softmax_kept_columns ? columns * sizeof(SCALAR) : 0;
}

// The greatest logit and the sum of exp(logit - finite_center(max)) of a long row in one pass over memory: when a block
// has a greater one, the sum so far shrinks. Meanwhile, the memory fetches the row behind it, if any: here arithmetic
// binds, and writing keeps the memory busy by itself.
INLINE double KERNEL(online_sum)(const KERNEL(logits) * l, size_t columns, const ELEMENT *next, SCALAR *max,
                                 KERNEL(kept_row) * kept) {
  double sum = 0;
  *max = (SCALAR)-INFINITY;
  for (size_t i = 0; i < columns; i += softmax_block_columns) {
    const KERNEL(logits) block = KERNEL(logits_from)(l, i);
    const size_t n = KERNEL(soft_block)(columns - i);
    const SCALAR before = *max, here = KERNEL(max_logit)(&block, n);
    if (here > before) {
      *max = here;
      sum *= (double)vector_exp(broadcast(before - here))[0];
    }
    const SCALAR center = KERNEL(finite_center)(*max);
    if (kept && kept->e) {
      kept->maxima[i / softmax_block_columns] = *max;
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

// ---- writing a row ----

// What becomes of elements i...: of a whole vector, or of its first n when `partial`.
typedef VECTOR (*KERNEL(soft_value))(const void *context, size_t i, size_t n, const bool partial);

INLINE void KERNEL(soft_write_vector)(KERNEL(soft_value) value, const void *context, ELEMENT *y, size_t i,
                                      const bool past_caches) {
  const VECTOR v = value(context, i, LANES, false);
  if (past_caches)
    store_nontemporal(y + i, v);
  else
    store(y + i, v);
}

// y[i] = value for from <= i < to, while `next`, if any, is fetched.
INLINE void KERNEL(soft_write_span)(KERNEL(soft_value) value, const void *context, const ELEMENT *next, ELEMENT *y,
                                    size_t from, size_t to, const bool past_caches) {
  size_t i = from;
  for (; i + KERNEL(soft_span) <= to; i += KERNEL(soft_span)) {
    KERNEL(soft_fetch)(next, i, 2, 4);
    UNROLL for (size_t j = 0; j < KERNEL(soft_chains); j++)
        KERNEL(soft_write_vector)(value, context, y, i + j * LANES, past_caches);
  }
  for (; i + LANES <= to; i += LANES) KERNEL(soft_write_vector)(value, context, y, i, past_caches);
  if (i < to) store_first(y + i, value(context, i, to - i, true), to - i);
}

// Only whole cache lines go past the caches: a line written in two ways would be written to memory twice.
INLINE void KERNEL(soft_write)(KERNEL(soft_value) value, const void *context, const ELEMENT *next, ELEMENT *y, size_t n,
                               bool streams) {
  enum { line = 64, per_line = line / sizeof(ELEMENT) };
  const size_t skew = (size_t)((uintptr_t)y % line), before = skew ? (line - skew) / sizeof(ELEMENT) : 0;
  if (!streams || before >= n) {
    KERNEL(soft_write_span)(value, context, next, y, 0, n, false);
    return;
  }
  const size_t end = before + (n - before) / per_line * per_line;
  KERNEL(soft_write_span)(value, context, next, y, 0, before, false);
  KERNEL(soft_write_span)(value, context, next, y, before, end, true);
  KERNEL(soft_write_span)(value, context, next, y, end, n, false);
}

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
