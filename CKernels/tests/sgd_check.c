// Stochastic gradient descent: steps against plain loops over all losses, rates and penalties; sparse rows against
// dense.
#include "check.h"

// How far rounding may take coefficients from those of the plain loops, as a part of the greatest one's size or of 1.
static const double tolerance = 1e-10;

// One output, weights kept as they are: what sgd.h says, word for word. As long as the coefficients are within the
// tolerance, the slopes are of the same side of each jump unless a row `is_near` one: then rounding decides, and
// nothing follows from a difference.
typedef struct {
  const farro_sgd_problem *p;
  double w[64], taken[64], sum[64], b, b_sum, owed, size;
  bool has_moved, is_near;
} plain_sgd;

static double plain_slope(const farro_sgd_problem *p, double z, double y) {
  const double r = z - y;
  switch (p->loss) {
  case FARRO_SGD_HINGE:
    return y * z <= 1 ? -y : 0;
  case FARRO_SGD_PERCEPTRON:
    return y * z <= 0 ? -y : 0;
  case FARRO_SGD_SQUARED_HINGE:
    return y * z < 1 ? 2 * (y * z - 1) * y : 0;
  case FARRO_SGD_LOG:
    return -y / (1 + exp(y * z));
  case FARRO_SGD_MODIFIED_HUBER:
    return y * z >= 1 ? 0 : y * z >= -1 ? 2 * (y * z - 1) * y : -4 * y;
  case FARRO_SGD_HUBER:
    return fmax(-p->epsilon, fmin(p->epsilon, r));
  case FARRO_SGD_EPSILON_INSENSITIVE:
    return r > p->epsilon ? 1 : r < -p->epsilon ? -1 : 0;
  case FARRO_SGD_SQUARED_EPSILON_INSENSITIVE:
    return r > p->epsilon ? 2 * (r - p->epsilon) : r < -p->epsilon ? 2 * (r + p->epsilon) : 0;
  default:
    return r;
  }
}

// How far z is from where the slope jumps; losses with a derivative everywhere have no such place.
static double distance_to_jump(const farro_sgd_problem *p, double z, double y) {
  switch (p->loss) {
  case FARRO_SGD_HINGE:
    return fabs(y * z - 1);
  case FARRO_SGD_PERCEPTRON:
    return fabs(z);
  case FARRO_SGD_EPSILON_INSENSITIVE:
    return fabs(fabs(z - y) - p->epsilon);
  default:
    return INFINITY;
  }
}

static double plain_rate(const plain_sgd *s, double t) {
  const farro_sgd_problem *p = s->p;
  const double typical = sqrt(1 / sqrt(p->alpha));
  const double first = typical / fmax(1, plain_slope(p, -typical, 1));
  switch (p->rate) {
  case FARRO_SGD_OPTIMAL:
    return 1 / (p->alpha * (1 / (first * p->alpha) + t - 1));
  case FARRO_SGD_INVSCALING:
    return p->eta0 / pow(t, p->power_t);
  default:
    return p->eta0;
  }
}

static void plain_step(plain_sgd *s, const double *x, size_t first, size_t count, double t, double decay) {
  const farro_sgd_problem *p = s->p;
  const size_t d = p->columns;
  const double eta = plain_rate(s, t);
  double change[64] = {0}, b = 0;
  bool moves = false;
  for (size_t i = first; i < first + count; i++) {
    double z = s->b, x_size = 1;
    for (size_t j = 0; j < d; j++) z += s->w[j] * x[i * d + j], x_size += fabs(x[i * d + j]);
    const double y = p->labels ? (p->labels[i] ? 1 : -1) : p->targets[i];
    const double weight = (p->weights ? p->weights[i] : 1) * (p->labels ? p->label_weights[y > 0] : 1);
    // Before the first step that is not 0 all is exact.
    s->is_near |= s->has_moved && weight > 0 && distance_to_jump(p, z, y) <= tolerance * s->size * x_size;
    const double step = -eta / (double)count * weight * plain_slope(p, z, y);
    for (size_t j = 0; j < d; j++) change[j] += step * x[i * d + j];
    b += step * decay;
    moves |= step != 0;
  }
  s->has_moved |= moves;
  s->owed += p->l1_ratio * eta * p->alpha;
  for (size_t j = 0; j < d; j++) {
    s->w[j] = s->w[j] * fmax(0, 1 - (1 - p->l1_ratio) * eta * p->alpha) + change[j];
    const double before = s->w[j];
    if (p->l1_ratio > 0 && before > 0) s->w[j] = fmax(0, before - (s->owed + s->taken[j]));
    if (p->l1_ratio > 0 && before < 0) s->w[j] = fmin(0, before + (s->owed - s->taken[j]));
    s->taken[j] += s->w[j] - before;
    s->sum[j] += s->w[j];
    s->size = fmax(s->size, fabs(s->w[j]));
  }
  s->b += b;
  s->b_sum += s->b;
  s->size = fmax(s->size, fabs(s->b));
}

enum { n = 40, most_d = 41, epochs = 2, most_draws = 20 };

// Returns how many steps there were.
static double plain_fit(plain_sgd *s, const farro_sgd_problem *p, const double *x, double decay) {
  *s = (plain_sgd){.p = p, .size = 1};
  double t = 0;
  for (int epoch = 0; epoch < epochs; epoch++)
    for (size_t i = 0; i < n; i += p->batch) plain_step(s, x, i, n - i < p->batch ? n - i : p->batch, ++t, decay);
  return t;
}

static void check_case(farro_sgd_problem p, bool is_averaged, bool is_single) {
  static double x[n * most_d];
  static float single[n * most_d];
  static int32_t labels[n], indices[n * most_d];
  static int64_t offsets[n + 1];
  static plain_sgd plain[2]; // of dense and of compressed rows
  double targets[n], weights[n], label_weights[2] = {0.5, 2}, w[2][most_d + 1] = {0}, average[2][most_d + 1] = {0};
  const size_t d = p.columns;
  const bool has_labels = p.loss <= FARRO_SGD_PERCEPTRON;
  p.rows = n, p.outputs = 1, p.labels = has_labels ? labels : NULL, p.targets = has_labels ? NULL : targets;
  p.weights = weights, p.label_weights = label_weights, p.epochs = epochs, p.tolerance = NAN, p.patience = 1;
  p.average = is_averaged ? 1 : 0, p.epsilon = 0.1, p.intercept = true;
  double t = 0;
  bool is_near = true;
  for (int draw = 0; is_near && draw < most_draws; draw++) {
    fill_f32(single, n * d), fill_f64(targets, n);
    for (size_t i = 0; i < n; i++) {
      // Not whole: steps of equal sizes would cancel, and what is left of a margin of 0 is rounding alone.
      labels[i] = (int32_t)random_below(2), weights[i] = random_below(3) ? 1 + random_unit() : 0;
      offsets[i + 1] = (int64_t)((i + 1) * d);
      for (size_t j = 0; j < d; j++) indices[i * d + j] = (int32_t)j, x[i * d + j] = (double)single[i * d + j];
    }
    is_near = false;
    for (int is_sparse = 0; is_sparse < 2; is_sparse++) {
      t = plain_fit(&plain[is_sparse], &p, x, is_sparse ? 0.01 : 1);
      is_near |= plain[is_sparse].is_near;
    }
  }
  EXPECT(!is_near, "sgd of loss %d, d %zu: all rows drawn are within rounding of a jump", (int)p.loss, d);
  if (is_near) return;
  double steps[2] = {0};
  size_t taken[2];
  for (int is_sparse = 0; is_sparse < 2; is_sparse++) {
    farro_sgd_state state = {w[is_sparse], is_averaged ? average[is_sparse] : NULL, &steps[is_sparse],
                             &taken[is_sparse]};
    const farro_csr_f64 wide = {n, d, offsets, indices, x};
    const farro_csr_f32 narrow = {n, d, offsets, indices, single};
    const farro_status status =
        is_single   ? is_sparse ? farro_sgd_csr_f32(&p, &narrow, &state) : farro_sgd_f32(&p, single, d, &state)
          : is_sparse ? farro_sgd_csr_f64(&p, &wide, &state)
                    : farro_sgd_f64(&p, x, d, &state);
    EXPECT(status == FARRO_OK && taken[is_sparse] == epochs, "sgd");
    const plain_sgd *s = &plain[is_sparse];
    double worst = fabs(w[is_sparse][d] - s->b);
    for (size_t j = 0; j < d; j++) {
      worst = fmax(worst, fabs(w[is_sparse][j] - s->w[j]));
      if (is_averaged) worst = fmax(worst, fabs(average[is_sparse][j] - s->sum[j] / t));
    }
    if (is_averaged) worst = fmax(worst, fabs(average[is_sparse][d] - s->b_sum / t));
    EXPECT(steps[is_sparse] == t && worst <= tolerance * s->size,
           "sgd of loss %d, rate %d, l1 %g, batch %zu, d %zu: %g off", (int)p.loss, (int)p.rate, p.l1_ratio, p.batch, d,
           worst);
  }
}

void check_sgd(void) {
  static const size_t columns[] = {0, 1, 7, 8, 17, 41}, batches[] = {1, 3, 100};
  static const double ratios[] = {0, 1, 0.4};
  for (int loss = FARRO_SGD_HINGE; loss <= FARRO_SGD_SQUARED_EPSILON_INSENSITIVE; loss++)
    for (int rate = FARRO_SGD_CONSTANT; rate <= FARRO_SGD_ADAPTIVE; rate++)
      for (size_t c = 0; c < 6; c++) {
        farro_sgd_problem p = {.columns = columns[c], .loss = (farro_sgd_loss)loss, .rate = (farro_sgd_rate)rate};
        p.alpha = rate == FARRO_SGD_OPTIMAL ? 10 : 0.01; // steps so long that weights grow magnify rounding
        p.penalized = true, p.eta0 = 0.01, p.power_t = 0.25;
        p.l1_ratio = ratios[(c + (size_t)loss) % 3], p.batch = batches[(c + (size_t)rate) % 3];
        check_case(p, c % 2, (loss + rate) % 2);
      }
  farro_sgd_problem p = {.outputs = 1, .batch = 0};
  farro_sgd_state state = {0};
  EXPECT(farro_sgd_f64(&p, NULL, 0, &state) == FARRO_ERROR_ARGUMENT, "sgd without a batch");
}
