// The best split of a histogram, and gradients of losses. In doubles alone.

// ---- splits ----

static void boosting_unpack(const int64_t *sums, size_t n, double unit, double *to, double *counts) {
  const f64v low_base = broadcast(0x1p52), high_base = broadcast(0x1p84 + 0x1p63);
  for (size_t i = 0; i < n; i += f64_lanes) {
    i64v sum;
    __builtin_memcpy(&sum, sums + i, sizeof sum);
    if (counts) {
      store(counts + i, (f64v)((sum & 0xffff) | (i64v)low_base) - low_base);
      sum >>= 16;
    }
    // Both halves as the lowest bits of 2^52 and of 2^84.
    const f64v low = (f64v)((sum & 0xffffffff) | (i64v)low_base);
    const f64v high = (f64v)((i64v)((u64v)sum >> 32) ^ (i64v)high_base);
    store(to + i, (high - (high_base + low_base) + low) * unit);
  }
}

static double boosting_scan_bins(const boosting_scan *s, double least, size_t *bin) {
  f64v best = broadcast(least), at = broadcast(-1.0);
  f64v index = __builtin_convertvector(lane_numbers((i64v){0}), f64v);
  const f64v zero = broadcast(0.0), end = broadcast((double)s->candidates);
  for (size_t i = 0; i < s->candidates; i += f64_lanes, index += (double)f64_lanes) {
    const f64v gl = load(s->g + i) + s->g_more, hl = load(s->h + i) + s->h_more, cl = load(s->c + i) + s->c_more;
    const f64v gr = s->g_all - gl, hr = s->h_all - hl, cr = s->c_all - cl;
    f64v left = -gl / (hl + s->l2 + 1e-15), right = -gr / (hr + s->l2 + 1e-15);
    i64v allowed = (cl >= s->min_samples) & (cr >= s->min_samples) & (hl >= 1e-3) & (hr >= 1e-3) & (index < end);
    left = clamp(left, s->lower, s->upper), right = clamp(right, s->lower, s->upper);
    if (s->monotonic > 0) allowed &= left <= right;
    if (s->monotonic < 0) allowed &= left >= right;
    f64v gain = s->loss - gl * left - gr * right;
    gain = allowed ? gain : zero - 1;
    const i64v better = s->last_wins ? gain >= best : gain > best;
    best = better ? gain : best;
    at = better ? index : at;
  }
  // Lanes that found nothing have no place.
  double found = least, place = -1;
  UNROLL for (int lane = 0; lane < f64_lanes; lane++) {
    if (at[lane] < 0 || !(best[lane] > least)) continue;
    const bool wins =
        best[lane] > found || (best[lane] == found && (s->last_wins ? at[lane] > place : at[lane] < place));
    if (wins) found = best[lane], place = at[lane];
  }
  if (place < 0) return -1;
  *bin = (size_t)place;
  return found;
}

// ---- gradients ----

typedef float boosting_singles __attribute__((ext_vector_type(f64_lanes)));

INLINE void boosting_put(float *to, f64v v, size_t n) {
  const boosting_singles singles = __builtin_convertvector(v, boosting_singles);
  if (n == f64_lanes)
    __builtin_memcpy(to, &singles, sizeof singles);
  else
    for (size_t i = 0; i < n; i++) to[i] = singles[i];
}

INLINE f64v boosting_larger(f64v a, f64v b) { return a > b ? a : b; } // b where a is NaN
INLINE f64v boosting_magnitude(f64v a) { return a < 0 ? -a : a; }

// One row per lane: loss, gradient and hessian of one raw prediction.
INLINE f64v boosting_one(farro_boosting_loss loss, double quantile, f64v y, f64v z, f64v *g, f64v *h) {
  const f64v one = broadcast(1.0), zero = broadcast(0.0);
  switch (loss) {
  case FARRO_BOOSTING_SQUARED: {
    *g = z - y, *h = one;
    return 0.5 * *g * *g;
  }
  case FARRO_BOOSTING_ABSOLUTE: {
    *g = z > y ? one : -one, *h = one;
    return boosting_magnitude(z - y);
  }
  case FARRO_BOOSTING_QUANTILE: {
    *g = z > y ? one - quantile : zero - quantile, *h = one;
    return z > y ? (1 - quantile) * (z - y) : quantile * (y - z);
  }
  case FARRO_BOOSTING_POISSON: {
    const f64v e = vector_exp(z);
    *g = e - y, *h = e;
    return e - y * z;
  }
  case FARRO_BOOSTING_GAMMA: {
    const f64v e = y * vector_exp(-z);
    *g = 1 - e, *h = e;
    return z + e;
  }
  default: {
    const f64v e = vector_exp(-boosting_magnitude(z)), near = 1 / (1 + e), far = e * near;
    const f64v p = z >= 0 ? near : far, q = z >= 0 ? far : near;
    *g = (1 - y) * p - y * q, *h = p * q;
    return boosting_larger(z, zero) + vector_log1p_unit(e) - y * z;
  }
  }
}

INLINE double boosting_single(const boosting_rows *r, farro_boosting_loss loss) {
  f64v sum = broadcast(0.0), g_largest = sum, h_largest = sum;
  for (size_t i = 0; i < r->n; i += f64_lanes) {
    const size_t n = r->n - i < f64_lanes ? r->n - i : f64_lanes;
    const f64v y = load_up_to(r->y + i, n), z = load_up_to(r->raw + i, n);
    const f64v w = r->weights ? load_up_to(r->weights + i, n) : broadcast(1.0);
    f64v g, h, value = boosting_one(loss, r->quantile, y, z, &g, &h) * w;
    g *= w, h *= w;
    const i64v there = lane_numbers((i64v){0}) < (int64_t)n;
    sum += there ? value : 0;
    if (!r->g) continue;
    g_largest = boosting_larger(there ? boosting_magnitude(g) : 0, g_largest);
    h_largest = boosting_larger(there ? h : 0, h_largest);
    boosting_put(r->g + i, g, n);
    if (r->h) boosting_put(r->h + i, h, n);
  }
  if (r->g) {
    *r->g_largest = horizontal_max(boosting_larger(g_largest, broadcast(*r->g_largest)));
    *r->h_largest = horizontal_max(boosting_larger(h_largest, broadcast(*r->h_largest)));
  }
  return horizontal_sum(sum);
}

static double boosting_multinomial(const boosting_rows *r) {
  enum { kept = 32 }; // exponentials; of more classes they are computed again
  f64v sum = broadcast(0.0), e[kept];
  for (size_t i = 0; i < r->n; i += f64_lanes) {
    const size_t n = r->n - i < f64_lanes ? r->n - i : f64_lanes;
    const f64v y = load_up_to(r->y + i, n);
    const f64v w = r->weights ? load_up_to(r->weights + i, n) : broadcast(1.0);
    const i64v there = lane_numbers((i64v){0}) < (int64_t)n;
    f64v most = load_up_to(r->raw + i, n), total = broadcast(0.0), own = total;
    for (size_t k = 1; k < r->trees; k++) most = boosting_larger(load_up_to(r->raw + k * r->pitch + i, n), most);
    for (size_t k = 0; k < r->trees; k++) {
      const f64v z = load_up_to(r->raw + k * r->pitch + i, n), v = vector_exp(z - most);
      if (k < kept) e[k] = v;
      total += v;
      own = y == (double)k ? z : own;
    }
    sum += there ? (vector_log(total) + most - own) * w : 0;
    if (!r->g) continue;
    const f64v part = 1 / total;
    for (size_t k = 0; k < r->trees; k++) {
      const f64v p = (k < kept ? e[k] : vector_exp(load_up_to(r->raw + k * r->pitch + i, n) - most)) * part;
      const f64v g = (y == (double)k ? p - 1 : p) * w, h = p * (1 - p) * w;
      const f64v g_size = there ? boosting_magnitude(g) : 0, h_size = there ? h : 0;
      r->g_largest[k] = horizontal_max(boosting_larger(g_size, broadcast(r->g_largest[k])));
      r->h_largest[k] = horizontal_max(boosting_larger(h_size, broadcast(r->h_largest[k])));
      boosting_put(r->g + k * r->pitch + i, g, n);
      boosting_put(r->h + k * r->pitch + i, h, n);
    }
  }
  return horizontal_sum(sum);
}

static double boosting_gradients(const boosting_rows *rows) {
  switch (rows->loss) {
  case FARRO_BOOSTING_SQUARED:
    return boosting_single(rows, FARRO_BOOSTING_SQUARED);
  case FARRO_BOOSTING_ABSOLUTE:
    return boosting_single(rows, FARRO_BOOSTING_ABSOLUTE);
  case FARRO_BOOSTING_QUANTILE:
    return boosting_single(rows, FARRO_BOOSTING_QUANTILE);
  case FARRO_BOOSTING_POISSON:
    return boosting_single(rows, FARRO_BOOSTING_POISSON);
  case FARRO_BOOSTING_GAMMA:
    return boosting_single(rows, FARRO_BOOSTING_GAMMA);
  case FARRO_BOOSTING_BINOMIAL:
    return boosting_single(rows, FARRO_BOOSTING_BINOMIAL);
  default:
    return boosting_multinomial(rows);
  }
}

static const boosting_kernels boosting_table = {
    .unpack = boosting_unpack, .scan = boosting_scan_bins, .gradients = boosting_gradients};
