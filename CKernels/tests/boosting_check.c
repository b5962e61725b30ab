#include "check.h"

// Numbers of few bits, so that sums of gradients are exact in any order: trees then agree in every bit.
static double coarse(size_t below) { return (double)random_below(below) / 64; }

typedef struct {
  size_t n, d, trees;
  double *x, *y, *weights, *thresholds, *baseline;
  uint16_t *counts;
} sample;

static sample make_sample(size_t n, size_t d, size_t trees, size_t different, double missing, bool weighted) {
  sample s = {.n = n, .d = d, .trees = trees};
  s.x = malloc(n * d * sizeof *s.x), s.y = malloc(n * sizeof *s.y), s.weights = NULL;
  s.thresholds = calloc(d * 254, sizeof *s.thresholds), s.counts = calloc(d, sizeof *s.counts);
  s.baseline = calloc(trees, sizeof *s.baseline);
  if (weighted) s.weights = malloc(n * sizeof *s.weights);
  for (size_t i = 0; i < n * d; i++) {
    s.x[i] = random_below(1000) < 1000 * missing ? NAN : coarse(different) - 3;
    if (missing > 0 && random_below(500) == 0) s.x[i] = random_below(2) ? INFINITY : -INFINITY;
  }
  for (size_t i = 0; i < n; i++) {
    s.y[i] = trees > 1 ? (double)random_below(trees) : coarse(200) + (s.x[i * d] > 0 ? 2 : 0);
    if (weighted) s.weights[i] = (double)(1 + random_below(3));
  }
  return s;
}

static void free_sample(sample *s) {
  free(s->x), free(s->y), free(s->weights), free(s->thresholds), free(s->counts), free(s->baseline);
}

static farro_boosting_problem problem_of(const sample *s, farro_boosting_loss loss, size_t leaves, size_t min_leaf) {
  return (farro_boosting_problem){.rows = s->n,
                                  .features = s->d,
                                  .trees = s->trees,
                                  .loss = loss,
                                  .quantile = 0.25,
                                  .y = s->y,
                                  .weights = s->weights,
                                  .baseline = s->baseline,
                                  .thresholds = s->thresholds,
                                  .threshold_counts = s->counts,
                                  .most_bins = 255,
                                  .learning_rate = 0.5,
                                  .max_leaf_nodes = leaves,
                                  .min_samples_leaf = min_leaf,
                                  .max_features = 1,
                                  .seed = 3};
}

static void check_against_reference(size_t n, size_t d, size_t different, size_t leaves, bool weighted) {
  sample s = make_sample(n, d, 1, different, 0, weighted);
  EXPECT(farro_boosting_thresholds_f64(n, d, s.x, d, s.weights, NULL, 0, 255, s.thresholds, s.counts) == FARRO_OK,
         "thresholds of %zu rows", n);
  uint8_t *bins = malloc(n * d);
  for (size_t j = 0; j < d; j++) {
    const double *borders = s.thresholds + j * 254;
    for (size_t k = 1; k < s.counts[j]; k++) EXPECT(borders[k - 1] < borders[k], "thresholds do not ascend");
    for (size_t i = 0; i < n; i++) {
      size_t bin = 0;
      while (bin < s.counts[j] && !(s.x[i * d + j] <= borders[bin])) bin++;
      bins[j * n + i] = (uint8_t)bin;
    }
  }
  float *g = malloc(n * sizeof *g), *h = malloc(n * sizeof *h);
  for (size_t i = 0; i < n; i++) {
    const double weight = weighted ? s.weights[i] : 1;
    g[i] = (float)(-s.y[i] * weight), h[i] = (float)weight;
  }
  const farro_boosting_problem p = problem_of(&s, FARRO_BOOSTING_SQUARED, leaves, 2);
  farro_booster *b = NULL;
  EXPECT(farro_boosting_begin_f64(&p, s.x, d, NULL, &b) == FARRO_OK, "begin of %zu rows", n);
  const size_t room = farro_boosting_most_nodes(b);
  farro_boosting_node *nodes = calloc(room, sizeof *nodes), *exact = calloc(2 * n + 1, sizeof *exact);
  uint32_t count = 0, exact_count = 0;
  EXPECT(farro_boosting_grow(b, nodes, &count) == FARRO_OK, "grow of %zu rows", n);
  farro_boosting_end(b);
  farro_boosting_reference_tree(&p, bins, g, weighted ? h : NULL, exact, &exact_count);
  EXPECT(count == exact_count, "tree of %zu x %zu: %u nodes, not %u", n, d, count, exact_count);
  size_t wrong = 0;
  for (uint32_t i = 0; i < count && i < exact_count; i++) {
    const farro_boosting_node a = nodes[i], e = exact[i];
    wrong += a.feature != e.feature || a.count != e.count || a.bin != e.bin || a.left != e.left || a.gain != e.gain ||
             (a.feature < 0 && a.value != e.value) || a.missing_left != e.missing_left;
  }
  EXPECT(wrong == 0, "tree of %zu x %zu, weighted %d: %zu nodes differ", n, d, weighted, wrong);
  free(bins), free(g), free(h), free(nodes), free(exact), free_sample(&s);
}

// The value of one row, by walking.
static double walk(const sample *s, const farro_boosting_node *nodes, size_t row) {
  size_t at = 0;
  while (nodes[at].feature >= 0) {
    const size_t j = (size_t)nodes[at].feature;
    const double x = s->x[row * s->d + j];
    const bool behind = nodes[at].bin >= s->counts[j];
    const bool left = isnan(x) ? nodes[at].missing_left : behind || x <= s->thresholds[j * 254 + nodes[at].bin];
    at = (size_t)nodes[at].left + !left;
  }
  return nodes[at].value;
}

// Trees agree for any number of threads, and their sum with the loss and with what the forest predicts.
static void check_trees_of(farro_boosting_loss loss, size_t n, size_t d, size_t trees, double missing, bool weighted) {
  enum { iterations = 3 };
  sample s = make_sample(n, d, trees, 5000, missing, weighted);
  if (loss == FARRO_BOOSTING_BINOMIAL)
    for (size_t i = 0; i < n; i++) s.y[i] = s.y[i] > 3;
  farro_boosting_thresholds_f64(n, d, s.x, d, s.weights, NULL, 0, 255, s.thresholds, s.counts);
  const farro_boosting_problem p = problem_of(&s, loss, 16, 5);
  const size_t room = 31 * trees;
  farro_boosting_node *nodes[2];
  uint32_t *counts[2];
  double losses[2] = {0, 0};
  for (int threads = 0; threads < 2; threads++) {
    farro_set_local_threads(threads, NULL);
    nodes[threads] = calloc(iterations * room, sizeof **nodes), counts[threads] = calloc(iterations * trees, 4);
    farro_booster *b = NULL;
    EXPECT(farro_boosting_begin_f64(&p, s.x, d, NULL, &b) == FARRO_OK, "begin of loss %d", loss);
    EXPECT(farro_boosting_most_nodes(b) == 31, "%zu nodes", farro_boosting_most_nodes(b));
    for (size_t i = 0; i < iterations; i++)
      EXPECT(farro_boosting_grow(b, nodes[threads] + i * room, counts[threads] + i * trees) == FARRO_OK, "grow");
    losses[threads] = farro_boosting_training_loss(b);
    farro_boosting_end(b);
  }
  farro_set_local_threads(0, NULL);
  EXPECT(memcmp(nodes[0], nodes[1], iterations * room * sizeof **nodes) == 0, "loss %d depends on threads", loss);
  EXPECT(losses[0] == losses[1] && isfinite(losses[0]), "loss %d: %g and %g", loss, losses[0], losses[1]);

  const size_t flat = iterations * room;
  uint32_t *roots = malloc(iterations * trees * sizeof *roots);
  int32_t *features = malloc(flat * sizeof *features), *left = malloc(flat * sizeof *left);
  double *thresholds = malloc(flat * sizeof *thresholds), *raw = calloc(trees * n, sizeof *raw);
  double *walked = calloc(trees * n, sizeof *walked);
  uint8_t *flags = malloc(flat);
  for (size_t i = 0; i < iterations * trees; i++) {
    roots[i] = (uint32_t)(i * 31);
    for (size_t row = 0; row < n; row++) walked[i % trees * n + row] += walk(&s, nodes[0] + i * 31, row);
  }
  for (size_t i = 0; i < flat; i++) {
    const farro_boosting_node *node = &nodes[0][i];
    features[i] = node->feature, left[i] = node->left, flags[i] = node->missing_left;
    const size_t j = node->feature < 0 ? 0 : (size_t)node->feature;
    thresholds[i] = node->feature < 0         ? node->value
                    : node->bin < s.counts[j] ? s.thresholds[j * 254 + node->bin]
                                              : INFINITY;
  }
  const farro_boosting_forest forest = {iterations, trees, flat, roots, features, thresholds, left, flags, NULL};
  EXPECT(farro_boosting_predict_f64(&forest, 0, iterations, n, d, s.x, d, raw) == FARRO_OK, "predict");
  EXPECT(memcmp(raw, walked, trees * n * sizeof *raw) == 0, "loss %d: predictions are not the leaves' sums", loss);
  // Few rows go down the trees as they are.
  const size_t few = 15;
  double *own = calloc(trees * few, sizeof *own);
  EXPECT(farro_boosting_predict_f64(&forest, 0, iterations, few, d, s.x, d, own) == FARRO_OK, "predict %zu rows", few);
  for (size_t k = 0; k < trees; k++)
    EXPECT(memcmp(own + k * few, raw + k * n, few * sizeof *own) == 0, "loss %d: %zu rows differ", loss, few);
  free(own);
  double sum = 0, all = weighted ? 0 : (double)n;
  farro_boosting_loss_sum(loss, p.quantile, n, trees, s.y, raw, s.weights, &sum);
  for (size_t i = 0; weighted && i < n; i++) all += s.weights[i];
  EXPECT(fabs(sum / all - losses[0]) <= 1e-12 * (1 + fabs(losses[0])), "loss %d: %.17g, not %.17g", loss, losses[0],
         sum / all);
  EXPECT(farro_boosting_predict_f64(&forest, 2, 1, n, d, s.x, d, raw) == FARRO_ERROR_ARGUMENT, "iterations backwards");
  free(roots), free(features), free(left), free(thresholds), free(raw), free(walked), free(flags), free_sample(&s);
  for (int i = 0; i < 2; i++) free(nodes[i]), free(counts[i]);
}

static void check_loss_values(void) {
  const double y = 1, z[3] = {0.5, -1.5, 2}, plain[] = {0.125, 0.5, 0.25 * 0.5, exp(0.5) - 0.5, 0.5 + exp(-0.5)};
  double sum;
  for (int loss = FARRO_BOOSTING_SQUARED; loss <= FARRO_BOOSTING_GAMMA; loss++) {
    farro_boosting_loss_sum((farro_boosting_loss)loss, 0.25, 1, 1, &y, z, NULL, &sum);
    EXPECT(fabs(sum - plain[loss]) <= 1e-15, "loss %d of one row: %.17g, not %.17g", loss, sum, plain[loss]);
  }
  farro_boosting_loss_sum(FARRO_BOOSTING_BINOMIAL, 0, 1, 1, &y, z, NULL, &sum);
  EXPECT(fabs(sum - log1p(exp(-0.5))) <= 1e-15, "binomial loss of one row: %.17g", sum);
  farro_boosting_loss_sum(FARRO_BOOSTING_MULTINOMIAL, 0, 1, 3, &y, z, NULL, &sum);
  EXPECT(fabs(sum - log(exp(0.5) + exp(-1.5) + exp(2)) - 1.5) <= 1e-15, "multinomial loss of one row: %.17g", sum);
}

// Gradients and hessians that single precision has no numbers for are 0.
static void check_tiny(bool weighted) {
  enum { n = 100 };
  double x[n], y[n], weights[n], threshold[254];
  uint16_t count;
  for (int i = 0; i < n; i++) x[i] = i, y[i] = weighted ? i : i * 1e-310, weights[i] = 1e-300;
  farro_boosting_thresholds_f64(n, 1, x, 1, NULL, NULL, 0, 255, threshold, &count);
  double baseline = 0;
  const sample s = {n, 1, 1, x, y, weighted ? weights : NULL, threshold, &baseline, &count};
  const farro_boosting_problem p = problem_of(&s, FARRO_BOOSTING_SQUARED, 8, 1);
  farro_booster *b = NULL;
  EXPECT(farro_boosting_begin_f64(&p, x, 1, NULL, &b) == FARRO_OK, "begin of tiny numbers");
  farro_boosting_node nodes[15];
  uint32_t grown = 0;
  EXPECT(farro_boosting_grow(b, nodes, &grown) == FARRO_OK && grown == 1, "tiny numbers: %u nodes", grown);
  EXPECT(nodes[0].value == 0, "tiny numbers: %g", nodes[0].value);
  farro_boosting_end(b);
}

void check_boosting(void) {
  check_loss_values();
  check_tiny(false), check_tiny(true);
  for (size_t d = 1; d <= 9; d++) check_against_reference(61 + d, d, 40, 6, d % 2);
  check_against_reference(400, 17, 30, 12, false);
  check_against_reference(700, 33, 4000, 8, true);
  check_against_reference(1, 1, 5, 4, false);
  check_against_reference(70001, 2, 300, 4, false); // more rows than cells take at once
  check_against_reference(140009, 2, 2, 4, false);  // and more than one of them counts
  for (size_t n = 65535; n <= 65537; n++) {         // as many as 16 bits count, and more
    check_against_reference(n, 2, 2, 4, false);
    check_against_reference(n, 2, 40, 4, true);
  }
  check_against_reference(140009, 2, 300, 12, true);
  for (int loss = FARRO_BOOSTING_SQUARED; loss < FARRO_BOOSTING_MULTINOMIAL; loss++) {
    check_trees_of((farro_boosting_loss)loss, 5003, 7, 1, 0.1, loss % 2);
    check_trees_of((farro_boosting_loss)loss, 9001, 40, 1, 0, !(loss % 2));
  }
  check_trees_of(FARRO_BOOSTING_MULTINOMIAL, 4999, 20, 3, 0.1, false);
  check_trees_of(FARRO_BOOSTING_MULTINOMIAL, 3001, 3, 37, 0, true);
  farro_boosting_problem p = {0};
  farro_booster *b;
  double x = 0;
  EXPECT(farro_boosting_begin_f64(&p, &x, 1, NULL, &b) == FARRO_ERROR_ARGUMENT, "no rows are refused");
  uint16_t count;
  EXPECT(farro_boosting_thresholds_f64(1, 1, &x, 1, NULL, NULL, 0, 256, &x, &count) == FARRO_ERROR_ARGUMENT,
         "256 bins are refused");
}
