// The bins of some elements: the last bin that starts at or before each, if it is not beyond the last edge.
//
// Of equal bins, a multiplication tells; where its rounding could decide, the edges are asked. A few edges are compared
// with every element. Among many, the bin is found by halving.

enum { KERNEL(searched) = 8 };

// Several elements are searched for at once: the loads of one wait while those of others are under way. Arithmetic
// instead of a choice, of which compilers make a branch that is guessed wrong half of the time (65 ns per element and
// not 7, of 5000 bins).
INLINE void KERNEL(bins_by_halving)(const SCALAR *edges, size_t bins, const SCALAR *x, const size_t count,
                                    uint32_t *found) {
  size_t from[KERNEL(searched)] = {0};
  for (size_t n = bins; n > 1;) {
    const size_t half = n / 2;
    UNROLL for (size_t k = 0; k < count; k++) from[k] += half & -(size_t)(edges[from[k] + half] <= x[k]);
    n -= half;
  }
  const SCALAR low = edges[0], high = edges[bins];
  UNROLL for (size_t k = 0; k < count; k++) found[k] = x[k] >= low && x[k] <= high ? (uint32_t)from[k] : (uint32_t)bins;
}

INLINE void KERNEL(find_by_halving)(const histogram_bins *h, const SCALAR *x, size_t n, uint32_t *found) {
  size_t i = 0;
  for (; i + KERNEL(searched) <= n; i += KERNEL(searched))
    KERNEL(bins_by_halving)(h->edges, h->bins, x + i, KERNEL(searched), found + i);
  for (; i < n; i++) KERNEL(bins_by_halving)(h->edges, h->bins, x + i, 1, found + i);
}

INLINE void KERNEL(keep_bins)(INTEGER_VECTOR bins, size_t count, uint32_t *found) {
  __typeof__(bins[0]) each[LANES];
  memcpy(each, &bins, sizeof bins);
  for (size_t k = 0; k < count; k++) found[k] = (uint32_t)each[k];
}

INLINE void KERNEL(find_by_comparing)(const histogram_bins *h, const SCALAR *x, size_t n, uint32_t *found) {
  const SCALAR *edges = h->edges;
  const INTEGER_VECTOR none = (INTEGER_VECTOR)(int32_t)h->bins;
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = n - i < LANES ? n - i : LANES;
    const VECTOR v = load_up_to(x + i, count);
    INTEGER_VECTOR bin = (INTEGER_VECTOR){0} - 1;
    for (size_t j = 0; j < h->bins; j++) bin -= v >= edges[j];
    const INTEGER_VECTOR inside = (v >= edges[0]) & (v <= edges[h->bins]);
    KERNEL(keep_bins)(inside ? bin : none, count, found + i);
  }
}

INLINE void KERNEL(find_by_scale)(const histogram_bins *h, const SCALAR *x, size_t n, uint32_t *found) {
  const SCALAR *edges = h->edges, low = edges[0], high = edges[h->bins];
  const SCALAR tolerance = (SCALAR)h->tolerance, near_one = (SCALAR)(1 - h->tolerance);
  const INTEGER_VECTOR none = (INTEGER_VECTOR)(int32_t)h->bins;
  const VECTOR scale = broadcast((SCALAR)h->scale), bins = broadcast((SCALAR)h->bins);
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = n - i < LANES ? n - i : LANES;
    const VECTOR v = load_up_to(x + i, count), place = (v - low) * scale;
    const INTEGER_VECTOR inside = (v >= low) & (v <= high), sure = inside & (place < bins);
    const INTEGER_VECTOR bin = __builtin_convertvector(sure ? place : broadcast((SCALAR)0), INTEGER_VECTOR);
    const VECTOR fraction = place - __builtin_convertvector(bin, VECTOR);
    KERNEL(keep_bins)(inside ? bin : none, count, found + i);
    const INTEGER_VECTOR unsure = inside & ~(sure & (fraction >= tolerance) & (fraction <= near_one));
    if (!__builtin_reduce_or(unsure)) continue;
    for (size_t k = 0; k < count; k++)
      if (unsure[k]) KERNEL(bins_by_halving)(edges, h->bins, x + i + k, 1, found + i + k);
  }
}

static void KERNEL(find_bins)(const histogram_bins *h, const void *x, size_t n, uint32_t *found) {
  if (h->scale > 0)
    KERNEL(find_by_scale)(h, x, n, found);
  else if (h->bins <= histogram_compared)
    KERNEL(find_by_comparing)(h, x, n, found);
  else
    KERNEL(find_by_halving)(h, x, n, found);
}

static const histogram_kernels KERNEL(histogram) = {.find = KERNEL(find_bins)};
