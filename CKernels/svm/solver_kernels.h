// The loops of the solvers, in double; K in float.

// The place of the least value, the first of equal ones.
INLINE size_t svm_first_least(f64v values, i64v places, double *least) {
  size_t best = 0;
  for (size_t lane = 1; lane < f64_lanes; lane++)
    if (values[lane] < values[best] || (values[lane] == values[best] && places[lane] < places[best])) best = lane;
  *least = values[best];
  return (size_t)places[best];
}

static svm_pair svm_step(const svm_block *b, size_t i, size_t j, double step) {
  const float *ki = b->k + i * b->pitch, *kj = b->k + j * b->pitch;
  f64v least = broadcast((double)__builtin_inf()), most = -least;
  i64v places = lane_numbers((i64v){0}), first = places;
  const f64v factor = broadcast(step);
  for (size_t t = 0; t < b->pitch; t += f64_lanes) {
    const f64v gradient = multiply_add(factor, load_wide(ki + t) - load_wide(kj + t), load(b->gradient + t));
    store(b->gradient + t, gradient);
    const f64v rising = gradient + load(b->up + t), falling = gradient + load(b->down + t);
    first = rising < least ? places : first;
    least = rising < least ? rising : least;
    most = falling > most ? falling : most;
    places += f64_lanes;
  }
  svm_pair pair = {.most = horizontal_max(most)};
  pair.first = svm_first_least(least, first, &pair.least);
  return pair;
}

static size_t svm_partner(const svm_block *b, size_t i) {
  const float *ki = b->k + i * b->pitch;
  const f64v low = broadcast(b->gradient[i]), square = broadcast(b->diagonal[i]);
  f64v best = broadcast(0.0);
  i64v places = lane_numbers((i64v){0}), first = places;
  for (size_t t = 0; t < b->pitch; t += f64_lanes) {
    const f64v gap = load(b->gradient + t) + load(b->down + t) - low;
    f64v curvature = multiply_add(load_wide(ki + t), broadcast(-2.0), square + load(b->diagonal + t));
    curvature = at_least(curvature, 1e-12);
    const f64v gain = gap > broadcast(0.0) ? -gap * gap / curvature : broadcast(0.0);
    first = gain < best ? places : first;
    best = gain < best ? gain : best;
    places += f64_lanes;
  }
  double least;
  return svm_first_least(best, first, &least);
}

// Eight rows at a time: so many streams the memory can follow, and the gradient is read and written once for all.
static void svm_add_rows(size_t n, size_t count, const float *const *rows, const double *factors, double *gradient) {
  enum { together = 8 };
  static const float nothing[f64_lanes] = {0};
  for (size_t k = 0; k < count; k += together) {
    const float *some[together];
    f64v by[together];
    size_t stride[together];
    UNROLL for (size_t r = 0; r < together; r++) {
      const bool is_there = k + r < count;
      some[r] = is_there ? rows[k + r] : nothing;
      stride[r] = is_there;
      by[r] = broadcast(is_there ? factors[k + r] : 0);
    }
    size_t i = 0;
    for (; i + f64_lanes <= n; i += f64_lanes) {
      f64v sum = load(gradient + i), other = broadcast(0.0);
      UNROLL for (size_t r = 0; r < together; r += 2) {
        sum = multiply_add(by[r], load_wide(some[r] + i * stride[r]), sum);
        other = multiply_add(by[r + 1], load_wide(some[r + 1] + i * stride[r + 1]), other);
      }
      store(gradient + i, sum + other);
    }
    for (; i < n; i++)
      UNROLL for (size_t r = 0; r < together; r++) gradient[i] += by[r][0] * (double)some[r][i * stride[r]];
  }
}

// The share before it is brought between the least and 1.
INLINE f64v svm_loose_share(const svm_share_rule *r, f64v share, f64v error) {
  const f64v sum = multiply_add(error, broadcast(r->inverse), share);
  return at_least(sum - r->quiet, 0.0) + at_most(sum + r->quiet, 0.0);
}

static svm_share_sums svm_shares(const svm_share_rule *r, const svm_share_rows *rows, size_t n, double *shares) {
  f64v losses = broadcast(0.0), gaps = losses;
  for (size_t i = 0; i < n; i += f64_lanes) {
    const size_t count = n - i < f64_lanes ? n - i : f64_lanes;
    const f64v e = load_up_to(rows->error + i, count), limit = load_up_to(rows->limit + i, count);
    const f64v a = at_most(at_least(svm_loose_share(r, load_up_to(rows->share + i, count), e), r->least), 1.0);
    const f64v excess = at_least(e - r->epsilon, 0.0) - r->least * at_least(-e - r->epsilon, 0.0);
    const f64v worth = a * e - r->epsilon * __builtin_elementwise_abs(a);
    losses = multiply_add(limit, excess, losses);
    gaps = multiply_add(limit, excess - worth, gaps);
    store_up_to(shares + i, a, count);
  }
  return (svm_share_sums){.loss = horizontal_sum(losses), .gap = horizontal_sum(gaps)};
}

static svm_share_sums svm_slope(const svm_share_rule *r, const svm_share_rows *rows, size_t n, double trial) {
  f64v slopes = broadcast(0.0), bends = slopes;
  for (size_t i = 0; i < n; i += f64_lanes) {
    const size_t count = n - i < f64_lanes ? n - i : f64_lanes;
    const f64v change = load_up_to(rows->change + i, count);
    const f64v e = multiply_add(broadcast(trial), change, load_up_to(rows->error + i, count));
    const f64v loose = svm_loose_share(r, load_up_to(rows->share + i, count), e);
    const f64v a = at_most(at_least(loose, r->least), 1.0);
    const f64v moved = load_up_to(rows->limit + i, count) * change;
    slopes = multiply_add(moved, a, slopes);
    const f64v bent = a != loose ? broadcast(0.0) : change;
    bends = multiply_add(moved, a == broadcast(0.0) ? broadcast(0.0) : bent, bends);
  }
  return (svm_share_sums){.slope = horizontal_sum(slopes), .bend = horizontal_sum(bends) * r->inverse};
}

static const svm_solver_kernels svm_solver = {
    .step = svm_step, .partner = svm_partner, .add_rows = svm_add_rows, .shares = svm_shares, .slope = svm_slope};
