// What happens to a block of scores between the two products of attention. A query is a lane: greatest scores, sums and
// factors are vectors, and nothing is summed across lanes.

// ---- masks ----

static void KERNEL(attention_bias)(size_t count, const uint8_t *seen, const void *additive, size_t step, void *bias) {
  SCALAR *to = bias;
  const SCALAR *from = additive;
  if (seen)
    for (size_t j = 0; j < count; j++) to[j] = seen[j * step] ? 0 : (SCALAR)-INFINITY;
  else
    for (size_t j = 0; j < count; j++) to[j] = from[j * step];
}

static void KERNEL(attention_spread_bias)(const score_block *block, const void *bias) {
  SCALAR *row = block->scores;
  for (size_t j = 0; j < block->keys; j++, row += block->width)
    for (size_t i = 0; i < block->width; i += LANES) store(row + i, broadcast(((const SCALAR *)bias)[j]));
}

// Lane numbers as numbers: blocks are small enough for them to be exact.
static void KERNEL(attention_hide_later)(const score_block *block, ptrdiff_t shift) {
  const VECTOR lanes = __builtin_convertvector(lane_numbers((INTEGER_VECTOR){0}), VECTOR);
  for (size_t j = 0; j < block->keys; j++) {
    const ptrdiff_t first = (ptrdiff_t)j - shift; // the first query that sees the key
    SCALAR *row = (SCALAR *)block->scores + j * block->width;
    for (size_t i = 0; (ptrdiff_t)i < first && i < block->width; i += LANES) {
      const ptrdiff_t hidden = first - (ptrdiff_t)i;
      if (hidden >= LANES)
        store(row + i, broadcast((SCALAR)-INFINITY));
      else
        store(row + i, lanes < broadcast((SCALAR)hidden) ? broadcast((SCALAR)-INFINITY) : load(row + i));
    }
  }
}

// ---- exponentials and their sums ----

// The greatest number of `vectors` vectors of queries over all keys, and of `max`; NaN counts for nothing. Four chains,
// because a comparison and a choice take some cycles. vectors is constant after inlining: 1, 2 or 4.
INLINE void KERNEL(attention_maxima)(const size_t vectors, const score_block *block, size_t first, VECTOR *max) {
  const size_t width = block->width, unroll = 4 / vectors;
  const SCALAR *row = (const SCALAR *)block->scores + first;
  VECTOR chains[4];
  UNROLL for (size_t c = 0; c < 4; c++) chains[c] = max[c % vectors];
  size_t j = 0;
  for (; j + unroll <= block->keys; j += unroll, row += unroll * width) UNROLL for (size_t c = 0; c < 4; c++) {
      const VECTOR s = load(row + c / vectors * width + c % vectors * LANES);
      chains[c] = s > chains[c] ? s : chains[c];
    }
  for (; j < block->keys; j++, row += width) UNROLL for (size_t c = 0; c < vectors; c++) {
      const VECTOR s = load(row + c * LANES);
      chains[c] = s > chains[c] ? s : chains[c];
    }
  UNROLL for (size_t c = 0; c < vectors; c++) {
    max[c] = chains[c];
    UNROLL for (size_t u = c + vectors; u < 4; u += vectors) max[c] = chains[u] > max[c] ? chains[u] : max[c];
  }
}

// Exponentials of differences to `max` in place, and their sums.
INLINE void KERNEL(attention_powers)(const size_t vectors, const score_block *block, size_t first, const VECTOR *max,
                                     VECTOR *sums) {
  SCALAR *row = (SCALAR *)block->scores + first;
  UNROLL for (size_t c = 0; c < vectors; c++) sums[c] = broadcast((SCALAR)0);
  _Pragma("clang loop unroll_count(2)") for (size_t j = 0; j < block->keys; j++, row += block->width)
      UNROLL for (size_t c = 0; c < vectors; c++) {
    const VECTOR e = vector_exp(load(row + c * LANES) - max[c]);
    store(row + c * LANES, e);
    sums[c] += e;
  }
}

// `vectors` vectors of queries from `first` on.
INLINE void KERNEL(attention_exponentials_of)(const size_t vectors, const score_block *block, size_t first,
                                              bool is_first, SCALAR *maxima, SCALAR *sums, SCALAR *factors) {
  const VECTOR lowest = broadcast((SCALAR)-INFINITY);
  VECTOR before[4], max[4], base[4], sum[4];
  UNROLL for (size_t c = 0; c < vectors; c++) max[c] = before[c] = is_first ? lowest : load(maxima + first + c * LANES);
  KERNEL(attention_maxima)(vectors, block, first, max);
  // Of nothing but -infinity so far, differences would be NaN.
  UNROLL for (size_t c = 0; c < vectors; c++) base[c] = max[c] == lowest ? broadcast((SCALAR)0) : max[c];
  KERNEL(attention_powers)(vectors, block, first, base, sum);
  UNROLL for (size_t c = 0; c < vectors; c++) {
    const size_t at = first + c * LANES;
    if (!is_first) {
      const VECTOR factor = vector_exp(before[c] - base[c]);
      sum[c] = multiply_add(load(sums + at), factor, sum[c]);
      store(factors + at, factor);
    }
    store(maxima + at, max[c]);
    store(sums + at, sum[c]);
  }
}

static void KERNEL(attention_exponentials)(const score_block *block, bool is_first, void *maxima, void *sums,
                                           void *factors) {
  for (size_t first = 0; first < block->width;) {
    const size_t left = (block->width - first) / LANES;
    if (left >= 4) {
      KERNEL(attention_exponentials_of)(4, block, first, is_first, maxima, sums, factors);
      first += 4 * LANES;
    } else if (left >= 2) {
      KERNEL(attention_exponentials_of)(2, block, first, is_first, maxima, sums, factors);
      first += 2 * LANES;
    } else {
      KERNEL(attention_exponentials_of)(1, block, first, is_first, maxima, sums, factors);
      first += LANES;
    }
  }
}

static void KERNEL(attention_finish_sums)(size_t queries, const void *maxima, const void *sums, void *factors,
                                          void *log_sums) {
  for (size_t i = 0; i < queries; i++) {
    const SCALAR sum = ((const SCALAR *)sums)[i];
    ((SCALAR *)factors)[i] = sum == 0 ? 0 : 1 / sum;
    if (log_sums) ((SCALAR *)log_sums)[i] = (SCALAR)((double)((const SCALAR *)maxima)[i] + log((double)sum));
  }
}

// ---- rows ----

static void KERNEL(attention_scale_rows)(size_t rows, size_t columns, const void *factors, void *x, size_t x_row) {
  for (size_t i = 0; i < rows; i++) {
    SCALAR *row = (SCALAR *)x + i * x_row;
    const VECTOR factor = broadcast(((const SCALAR *)factors)[i]);
    size_t j = 0;
    for (; j + LANES <= columns; j += LANES) store(row + j, load(row + j) * factor);
    if (j < columns) store_first(row + j, load_first(row + j, columns - j) * factor, columns - j);
  }
}

static void KERNEL(attention_row_dots)(size_t rows, size_t columns, const void *x, size_t x_row, const void *y,
                                       size_t y_row, void *dots) {
  for (size_t i = 0; i < rows; i++) {
    const SCALAR *a = (const SCALAR *)x + i * x_row, *b = (const SCALAR *)y + i * y_row;
    VECTOR sum = broadcast((SCALAR)0);
    size_t j = 0;
    for (; j + LANES <= columns; j += LANES) sum = multiply_add(load(a + j), load(b + j), sum);
    if (j < columns) sum = multiply_add(load_first(a + j, columns - j), load_first(b + j, columns - j), sum);
    ((SCALAR *)dots)[i] = horizontal_sum(sum);
  }
}

// ---- gradients ----

static void KERNEL(attention_weigh_gradients)(const score_block *block, const void *log_sums, const void *dots,
                                              void *gradients) {
  const VECTOR lowest = broadcast((SCALAR)-INFINITY);
  for (size_t i = 0; i < block->width; i += LANES) {
    const VECTOR log_sum = load((const SCALAR *)log_sums + i), dot = load((const SCALAR *)dots + i);
    const VECTOR base = log_sum == lowest ? broadcast((SCALAR)0) : log_sum;
    SCALAR *scores = (SCALAR *)block->scores + i, *gradient = (SCALAR *)gradients + i;
    for (size_t j = 0; j < block->keys; j++, scores += block->width, gradient += block->width) {
      const VECTOR weight = vector_exp(load(scores) - base);
      store(scores, weight);
      store(gradient, weight * (load(gradient) - dot));
    }
  }
}
