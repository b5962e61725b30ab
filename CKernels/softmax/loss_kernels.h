// Cross-entropy and multiclass hinge loss of rows with a label each, and their gradients in the same pass. Needs
// softmax_rows.h.

INLINE const SCALAR *KERNEL(loss_row)(const loss_work *w, size_t row) { return (const SCALAR *)w->x + row * w->x_row; }

// What the row's loss counts for in what is differentiated.
INLINE SCALAR KERNEL(loss_weight)(const loss_work *w, size_t row) {
  const double grad = w->grad_loss ? (double)((const SCALAR *)w->grad_loss)[row * w->grad_loss_step] : 1;
  return (SCALAR)(grad * w->grad_factor);
}

// ---- cross-entropy ----

// The sum of weight (center - x), with weights of 1 where there are none.
INLINE double KERNEL(sum_depths)(const SCALAR *x, const SCALAR *weights, size_t columns, SCALAR center) {
  const VECTOR c = broadcast(center);
  double sum = 0;
  for (size_t at = 0; at < columns; at += KERNEL(row_block)) {
    const size_t end = at + KERNEL(block_of)(columns - at);
    VECTOR sums[KERNEL(chains)] = {0};
    size_t i = at;
    for (; i + KERNEL(span) <= end; i += KERNEL(span)) UNROLL for (size_t j = 0; j < KERNEL(chains); j++) {
        const VECTOR d = c - load(x + i + j * LANES);
        sums[j] += weights ? d * load(weights + i + j * LANES) : d;
      }
    for (; i < end; i += LANES) {
      const size_t n = end - i < LANES ? end - i : LANES;
      const VECTOR d = c - (n == LANES ? load(x + i) : load_first_or(x + i, n, center));
      sums[0] += weights ? d * load_up_to(weights + i, n) : d;
    }
    sum += KERNEL(total)(sums);
  }
  return sum;
}

// (exp(x - center) or e) factor - weight share
typedef struct {
  const SCALAR *x, *e, *weights;
  SCALAR center, factor, share;
} KERNEL(entropy_gradients);

INLINE VECTOR KERNEL(entropy_gradient)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(entropy_gradients) *g = context;
  const VECTOR e = g->e ? KERNEL(load_elements)(g->e + i, n, partial)
                        : vector_exp(KERNEL(load_elements)(g->x + i, n, partial) - broadcast(g->center));
  const VECTOR share = broadcast(g->share);
  return e * broadcast(g->factor) - (g->weights ? share * KERNEL(load_some)(g->weights + i, n, partial) : share);
}

INLINE VECTOR KERNEL(zero_gradient)(const void *context, size_t i, size_t n, const bool partial) {
  (void)context, (void)i, (void)n, (void)partial;
  return broadcast((SCALAR)0);
}

// The exponentials stay in `scratch` (a row of at most a block) or in `kept`, if there is room, between sum and
// gradient.
INLINE void KERNEL(cross_entropy_row)(const loss_work *w, size_t row, size_t last, SCALAR max, const SCALAR *next,
                                      SCALAR *scratch, KERNEL(kept_row) * kept) {
  const size_t n = w->columns, label = (size_t)w->labels[row];
  const bool is_short = n <= KERNEL(row_block);
  const SCALAR *weights = w->weights;
  KERNEL(logits) l = {.x = KERNEL(loss_row)(w, row), .plain = true};
  double sum;
  if (!is_short)
    sum = KERNEL(online_sum)(&l, n, KERNEL(soft_long_row_to_fetch)(w->x, w->x_row, n, row, last), &max, kept);
  else if (w->grad_x)
    sum = KERNEL(sum_exponentials)(&l, n, max, next, 2, scratch);
  else
    sum = KERNEL(sum_exponentials)(&l, n, max, next, 4, NULL);
  if (!is_short && max - max != 0) sum = (double)NAN;
  const double log_sum = log(sum), weight = (weights ? (double)weights[label] : 1) * (1 - w->smoothing);
  const double share = w->smoothing / (double)n;
  double loss = weight * (log_sum - ((double)l.x[label] - (double)max));
  if (w->smoothing > 0) loss += share * (w->weight_sum * log_sum + KERNEL(sum_depths)(l.x, weights, n, max));
  w->loss[row] = loss;
  if (!w->grad_x) return;

  const double outer = (double)KERNEL(loss_weight)(w, row), all = weight + share * w->weight_sum;
  const double factor = outer * all / sum;
  KERNEL(entropy_gradients) g = {l.x, NULL, share > 0 ? weights : NULL, max, (SCALAR)factor, (SCALAR)(outer * share)};
  SCALAR *grad = (SCALAR *)w->grad_x + row * w->grad_row;
  if (is_short) {
    // The label's share leaves while it is in cache: once written past the caches, its line would have to come back.
    if (all != 0) scratch[label] = (SCALAR)((double)scratch[label] - weight * sum / all);
    g.e = scratch;
    KERNEL(write_row)(KERNEL(entropy_gradient), &g, next, grad, n, w->streams);
    return;
  }
  const SCALAR right = (SCALAR)(outer * weight);
  if (kept->e) {
    for (size_t i = 0; i < n; i += KERNEL(row_block)) {
      const size_t some = KERNEL(block_of)(n - i);
      g.e = kept->e + i;
      g.factor = KERNEL(kept_factor)(kept, i / KERNEL(row_block), max, factor);
      KERNEL(write_row)(KERNEL(entropy_gradient), &g, NULL, grad + i, some, w->streams);
      if (g.weights) g.weights += some;
    }
  } else {
    KERNEL(write_row)(KERNEL(entropy_gradient), &g, NULL, grad, n, w->streams);
  }
  grad[label] -= right;
}

static void KERNEL(cross_entropy)(const loss_work *w, size_t first, size_t last) {
  SCALAR scratch[KERNEL(row_block)];
  const bool is_short = w->columns <= KERNEL(row_block);
  const size_t bytes = w->grad_x ? KERNEL(kept_bytes)(w->columns) : 0;
  KERNEL(kept_row) kept = {.e = bytes ? farro_allocate(bytes) : NULL}; // without it, exponentials are taken twice
  KERNEL(logits) ahead = {.x = KERNEL(loss_row)(w, first), .plain = true};
  SCALAR max_ahead = is_short ? KERNEL(max_logit)(&ahead, w->columns) : 0;
  for (size_t row = first; row < last; row++) {
    const SCALAR max = max_ahead, *next = KERNEL(row_to_fetch)(w->x, w->x_row, w->columns, row + 2, last);
    if (is_short && row + 1 < last) {
      ahead.x = KERNEL(loss_row)(w, row + 1);
      max_ahead = KERNEL(max_logit)(&ahead, w->columns);
    }
    if (w->labels[row] == w->ignored) {
      w->loss[row] = 0;
      if (w->grad_x)
        KERNEL(write_row)(KERNEL(zero_gradient), NULL, next, (SCALAR *)w->grad_x + row * w->grad_row, w->columns,
                          w->streams);
    } else {
      KERNEL(cross_entropy_row)(w, row, last, max, next, scratch, &kept);
    }
  }
  if (kept.e) farro_release(kept.e, bytes);
  if (w->streams) fence_nontemporal();
}

// ---- hinge: the greatest violation ----

// The greatest element, NaN if there is one; -infinity of none.
INLINE SCALAR KERNEL(greatest)(const SCALAR *x, size_t n) {
  VECTOR max[KERNEL(chains)];
  UNROLL for (size_t j = 0; j < KERNEL(chains); j++) max[j] = broadcast((SCALAR)-INFINITY);
  size_t i = 0;
  for (; i + KERNEL(span) <= n; i += KERNEL(span)) UNROLL for (size_t j = 0; j < KERNEL(chains); j++) {
      const VECTOR v = load(x + i + j * LANES);
      max[j] = MAXIMUM(max[j], v);
    }
  for (; i < n; i += LANES) {
    const VECTOR v = KERNEL(soft_load_low)(x + i, n - i, n - i < LANES);
    max[0] = MAXIMUM(max[0], v);
  }
  UNROLL for (size_t j = 1; j < KERNEL(chains); j++) max[0] = MAXIMUM(max[0], max[j]);
  return horizontal_max(max[0]);
}

// The first element that is v, which is there.
INLINE size_t KERNEL(position_of)(const SCALAR *x, size_t n, SCALAR v) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    if (__builtin_reduce_or(load(x + i) == broadcast(v))) break;
  while (i + 1 < n && x[i] != v) i++;
  return i;
}

static void KERNEL(hinge)(const loss_work *w, size_t first, size_t last) {
  const size_t n = w->columns;
  for (size_t row = first; row < last; row++) {
    const SCALAR *x = KERNEL(loss_row)(w, row), *next = KERNEL(row_to_fetch)(w->x, w->x_row, n, row + 2, last);
    const size_t label = (size_t)w->labels[row], after = label + 1;
    const SCALAR left = KERNEL(greatest)(x, label), right = KERNEL(greatest)(x + after, n - after);
    const SCALAR rival = MAXIMUM(left, right);
    const double violation = w->margin + ((double)rival - (double)x[label]);
    w->loss[row] = violation <= 0 ? 0 : violation;
    if (!w->grad_x) continue;
    const SCALAR step = KERNEL(loss_weight)(w, row);
    SCALAR *grad = (SCALAR *)w->grad_x + row * w->grad_row;
    const size_t at = left == rival ? KERNEL(position_of)(x, label, rival)
                                    : after + (n > after ? KERNEL(position_of)(x + after, n - after, rival) : 0);
    KERNEL(write_row)(KERNEL(zero_gradient), NULL, next, grad, n, w->streams);
    if (violation > 0) {
      grad[at] = step;
      grad[label] = -step;
    } else if (violation != violation) {
      grad[label] = violation;
    }
  }
  if (w->streams) fence_nontemporal();
}

// ---- hinge: all violations ----

INLINE VECTOR KERNEL(violation_of)(VECTOR x, VECTOR right, VECTOR margin) { return vector_relu((x - right) + margin); }

// The sum of the violations of some columns, and, in `count`, their number.
INLINE double KERNEL(sum_violations)(const SCALAR *x, size_t columns, SCALAR right, SCALAR margin, double *count) {
  const VECTOR r = broadcast(right), m = broadcast(margin), zero = broadcast((SCALAR)0), one = broadcast((SCALAR)1);
  double sum = 0;
  for (size_t n; columns > 0; columns -= n, x += n) {
    n = KERNEL(block_of)(columns);
    VECTOR sums[KERNEL(chains)] = {0}, counts[KERNEL(chains)] = {0};
    size_t i = 0;
    for (; i + KERNEL(span) <= n; i += KERNEL(span)) UNROLL for (size_t j = 0; j < KERNEL(chains); j++) {
        const VECTOR v = KERNEL(violation_of)(load(x + i + j * LANES), r, m);
        sums[j] += v;
        counts[j] += v > zero ? one : zero;
      }
    for (; i < n; i += LANES) {
      const size_t some = n - i < LANES ? n - i : LANES;
      const VECTOR v = KERNEL(first_or)(KERNEL(violation_of)(load_up_to(x + i, some), r, m), some, 0);
      sums[0] += v;
      counts[0] += v > zero ? one : zero;
    }
    sum += KERNEL(total)(sums);
    *count += KERNEL(total)(counts);
  }
  return sum;
}

// step where the margin is violated
typedef struct {
  const SCALAR *x;
  SCALAR right, margin, step;
} KERNEL(hinge_gradients);

INLINE VECTOR KERNEL(hinge_gradient)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(hinge_gradients) *g = context;
  const VECTOR v =
      KERNEL(violation_of)(KERNEL(load_elements)(g->x + i, n, partial), broadcast(g->right), broadcast(g->margin));
  return v > (SCALAR)0 ? broadcast(g->step) : v; // 0 or NaN
}

static void KERNEL(hinge_sum)(const loss_work *w, size_t first, size_t last) {
  const size_t n = w->columns;
  for (size_t row = first; row < last; row++) {
    const SCALAR *x = KERNEL(loss_row)(w, row), *next = KERNEL(row_to_fetch)(w->x, w->x_row, n, row + 2, last);
    const size_t label = (size_t)w->labels[row], after = label + 1;
    const SCALAR right = x[label], margin = (SCALAR)w->margin;
    double count = 0;
    const double left_sum = KERNEL(sum_violations)(x, label, right, margin, &count);
    const double right_sum = KERNEL(sum_violations)(x + after, n - after, right, margin, &count);
    w->loss[row] = (left_sum + right_sum) / (double)n;
    if (!w->grad_x) continue;
    const double step = (double)KERNEL(loss_weight)(w, row) / (double)n;
    const KERNEL(hinge_gradients) g = {x, right, margin, (SCALAR)step};
    SCALAR *grad = (SCALAR *)w->grad_x + row * w->grad_row;
    KERNEL(write_row)(KERNEL(hinge_gradient), &g, next, grad, n, w->streams);
    grad[label] = (SCALAR)(-step * count + (w->loss[row] - w->loss[row]));
  }
  if (w->streams) fence_nontemporal();
}

static const loss_kernels KERNEL(loss) = {
    .cross_entropy = KERNEL(cross_entropy),
    .hinge = KERNEL(hinge),
    .hinge_sum = KERNEL(hinge_sum),
};
