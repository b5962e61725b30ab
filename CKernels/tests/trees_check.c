#include "check.h"

#include <float.h>

enum { kinds = 5 };

// Numbers that are all different, few, of huge and tiny size, or missing now and then.
static double any_value(int kind) {
  switch (kind) {
  case 0:
    return random_unit();
  case 1:
    return (double)random_below(4);
  case 2:
    return exp(60 * random_unit()) * (random_below(2) ? 1 : -1);
  case 3:
    return random_below(4) ? random_unit() : NAN;
  default:
    return random_below(3) ? (double)random_below(3) : NAN;
  }
}

// Of 16 bits: values that are different count as different in f32 too, and borders lie halfway.
static double coarse(double value) {
  int exponent;
  const double part = frexp(value, &exponent);
  return ldexp(rint(part * 0x1p16), exponent - 16);
}

static void *array(size_t count, size_t element) {
  void *memory = calloc(count + 1, element);
  if (!memory) abort();
  return memory;
}

static farro_tree_nodes copy_of(farro_trees *trees) {
  const farro_tree_nodes *own = farro_trees_nodes(trees);
  farro_tree_nodes t = *own;
  t.roots = array(t.trees + 1, 4), t.feature = array(t.nodes, 4), t.right = array(t.nodes, 4);
  t.threshold = array(t.nodes, 8), t.missing_left = array(t.nodes, 1), t.set = array(t.nodes, 4);
  t.set_bits = array(t.sets * t.words, 8), t.rows = array(t.nodes, 4), t.weight = array(t.nodes, 8);
  t.impurity = array(t.nodes, 8), t.values = array(t.nodes * t.outputs, 8);
  memcpy(t.roots, own->roots, (t.trees + 1) * 4), memcpy(t.feature, own->feature, t.nodes * 4);
  memcpy(t.right, own->right, t.nodes * 4), memcpy(t.threshold, own->threshold, t.nodes * 8);
  memcpy(t.missing_left, own->missing_left, t.nodes), memcpy(t.set, own->set, t.nodes * 4);
  memcpy(t.rows, own->rows, t.nodes * 4), memcpy(t.weight, own->weight, t.nodes * 8);
  memcpy(t.impurity, own->impurity, t.nodes * 8), memcpy(t.values, own->values, t.nodes * t.outputs * 8);
  if (t.sets > 0) memcpy(t.set_bits, own->set_bits, t.sets * t.words * 8);
  farro_trees_release(trees);
  return t;
}

static void release(farro_tree_nodes *t) {
  free(t->roots), free(t->feature), free(t->right), free(t->threshold), free(t->missing_left), free(t->set);
  free(t->set_bits), free(t->rows), free(t->weight), free(t->impurity), free(t->values);
}

static bool are_equal(const farro_tree_nodes *a, const farro_tree_nodes *b) {
  return a->nodes == b->nodes && a->sets == b->sets && memcmp(a->feature, b->feature, a->nodes * 4) == 0 &&
         memcmp(a->right, b->right, a->nodes * 4) == 0 && memcmp(a->threshold, b->threshold, a->nodes * 8) == 0 &&
         memcmp(a->values, b->values, a->nodes * a->outputs * 8) == 0 &&
         memcmp(a->set_bits, b->set_bits, a->sets * a->words * 8) == 0;
}

static const farro_tree_options grows_fully = {
    .max_depth = SIZE_MAX, .min_rows_split = 2, .min_rows_leaf = 1, .max_features = 1};

// Which leaf a row comes to, one step after the other.
static size_t leaf_of(const farro_tree_nodes *t, size_t tree, const double *row) {
  size_t at = (size_t)t->roots[tree];
  while (t->feature[at] >= 0) {
    const double value = row[t->feature[at]];
    bool is_left = isnan(value) ? t->missing_left[at] : value <= t->threshold[at];
    if (t->set[at] >= 0 && !isnan(value))
      is_left = t->set_bits[(size_t)t->set[at] * t->words + (size_t)value / 64] >> (size_t)value % 64 & 1;
    at = is_left ? at + 1 : (size_t)t->roots[tree] + (size_t)t->right[at];
  }
  return at - (size_t)t->roots[tree];
}

#define EXPECT_WALKS(type, scalar)                                                                                     \
  static void expect_walks_##type(const farro_tree_nodes *t, size_t n, size_t d, size_t ldx, const scalar *x) {        \
    double *values = array(n * t->outputs, 8), *row = array(d, 8);                                                     \
    int32_t *leaves = array(n * t->trees, 4);                                                                          \
    EXPECT(farro_trees_predict_##type(t, n, d, x, ldx, values) == FARRO_OK, "trees_predict fails");                    \
    EXPECT(farro_trees_apply_##type(t, n, d, x, ldx, leaves) == FARRO_OK, "trees_apply fails");                        \
    size_t wrong = 0;                                                                                                  \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      for (size_t f = 0; f < d; f++) row[f] = (double)x[i * ldx + f];                                                  \
      for (size_t o = 0; o < t->outputs; o++) {                                                                        \
        double sum = 0;                                                                                                \
        for (size_t k = 0; k < t->trees; k++) {                                                                        \
          const size_t leaf = leaf_of(t, k, row);                                                                      \
          sum += t->values[((size_t)t->roots[k] + leaf) * t->outputs + o];                                             \
          wrong += o == 0 && (size_t)leaves[i * t->trees + k] != leaf;                                                 \
        }                                                                                                              \
        wrong += values[i * t->outputs + o] != sum / (double)t->trees;                                                 \
      }                                                                                                                \
    }                                                                                                                  \
    EXPECT(wrong == 0, "trees_predict_" #type " of %zu rows: %zu wrong", n, wrong);                                    \
    free(values), free(row), free(leaves);                                                                             \
  }

EXPECT_WALKS(f32, float)
EXPECT_WALKS(f64, double)

// Trees of one split each, at thresholds that rounding to f32 could put on another side of a value.
static void check_thresholds(void) {
  const double numbers[] = {0,           0x1p-149, 0x1p-150, 1e-60,   1,       1 + 0x1p-23,
                            1 + 0x1p-24, FLT_MAX,  1e60,     DBL_MAX, INFINITY};
  enum { count = sizeof numbers / sizeof *numbers, trees = 4 * count, nodes = 3 * trees, rows = 2 * count };
  int32_t roots[trees + 1] = {0}, feature[nodes], right[nodes], set[nodes];
  double threshold[nodes] = {0}, values[nodes];
  uint8_t missing_left[nodes] = {0};
  for (int i = 0; i < nodes; i++) {
    const int tree = i / 3;
    feature[i] = i % 3 ? -1 : 1;
    right[i] = i % 3 ? 0 : 2;
    set[i] = -1;
    values[i] = i % 3 == 2;
    if (i % 3 == 0) threshold[i] = tree & 1 ? -numbers[tree / 4] : numbers[tree / 4];
    if (i % 3 == 0) missing_left[i] = tree >> 1 & 1;
    roots[tree + 1] = i + 1;
  }
  farro_tree_nodes t = {.trees = trees, .nodes = nodes, .outputs = 1, .roots = roots, .feature = feature};
  t.right = right, t.threshold = threshold, t.missing_left = missing_left, t.set = set, t.values = values;
  double wide[2 * rows] = {0};
  float narrow[2 * rows] = {0};
  for (int i = 0; i < rows; i++) {
    const double number = isinf(numbers[i / 2]) ? NAN : numbers[i / 2];
    wide[2 * i + 1] = i & 1 ? -number : number;
    narrow[2 * i + 1] = isinf((float)number) ? FLT_MAX : (float)wide[2 * i + 1];
  }
  for (size_t n = 1; n <= rows; n += rows - 1) {
    expect_walks_f32(&t, n, 2, 2, narrow);
    expect_walks_f64(&t, n, 2, 2, wide);
  }
}

// The least impurity of a split at a border between categories in the order of one output's mean or of one class's
// part, or of numbers, with categories of equal means on one side: by the reference, of means in place of categories.
static double best_in_order(size_t n, size_t d, const double *x, size_t ldx, const int32_t *categories,
                            const farro_tree_targets *targets, size_t min_rows_leaf) {
  double *means = array(n * d, 8), least = INFINITY;
  for (size_t output = 0; output < targets->outputs; output++) {
    for (size_t f = 0; f < d; f++) {
      double sums[16] = {0}, weights[16] = {0};
      for (size_t i = 0; categories[f] && i < n; i++) {
        const double category = x[i * ldx + f], weight = targets->weights ? targets->weights[i] : 1;
        if (isnan(category)) continue;
        const size_t c = (size_t)category;
        weights[c] += weight;
        if (targets->criterion == FARRO_TREE_SQUARED_ERROR)
          sums[c] += weight * targets->y[i * targets->outputs + output];
        else if (targets->classes[i] == (int32_t)output)
          sums[c] += weight;
      }
      for (size_t i = 0; i < n; i++) {
        const double value = x[i * ldx + f];
        means[i * d + f] = value;
        if (!categories[f] || isnan(value)) continue;
        const size_t c = (size_t)value;
        means[i * d + f] = weights[c] > 0 ? sums[c] / weights[c] : 0;
      }
    }
    double best;
    farro_tree_split_reference(n, d, means, d, NULL, targets, min_rows_leaf, &best);
    least = fmin(least, best);
  }
  free(means);
  return least;
}

static void check_tree(size_t n, size_t d, int kind, farro_tree_criterion criterion, size_t outputs, int weighting,
                       bool has_categories) {
  const size_t ldx = d + random_below(3), bytes = ((n - 1) * ldx + d) * 8, single_bytes = bytes / 2;
  double *x = guarded_allocate(bytes);
  float *single = guarded_allocate(single_bytes);
  int32_t *classes = array(n, 4), *categories = array(d, 4);
  double *y = array(n * outputs, 8), *weights = array(n, 8);
  for (size_t f = 0; f < d; f++) categories[f] = has_categories && f % 2 == 0 ? 5 : 0;
  for (size_t i = 0; i < n; i++) {
    for (size_t f = 0; f < d; f++)
      x[i * ldx + f] = categories[f] ? (random_below(6) ? (double)random_below(5) : NAN) : coarse(any_value(kind));
    classes[i] = (int32_t)random_below(outputs);
    for (size_t o = 0; o < outputs; o++) y[i * outputs + o] = kind == 2 ? any_value(2) * 1e50 : random_unit() + 3;
    weights[i] = weighting == 1 ? (double)(1 + random_below(3)) : 0.1 + fabs(random_unit());
    if (weighting && i > 0 && random_below(8) == 0) weights[i] = 0;
  }
  for (size_t k = 0; k < single_bytes / 4; k++) single[k] = (float)x[k];
  const farro_tree_targets targets = {criterion, outputs, classes, y, weighting ? weights : NULL};
  farro_tree_table *table, *single_table;
  size_t wrong;
  EXPECT(farro_tree_table_create_f64(n, d, x, ldx, categories, false, &table, &wrong) == FARRO_OK && wrong == n * d,
         "tree_table_create fails");
  farro_tree_table_create_f32(n, d, single, ldx, categories, false, &single_table, &wrong);
  farro_tree_options options = grows_fully;
  options.max_features = d;
  options.min_rows_leaf = 1 + random_below(3);

  // The first split leaves no less impurity than the best of all, and no more than the best of those that are tried.
  // All sets are as if tried where no other is better than those in order: of two classes or one output, where leaves
  // may have a single row.
  options.max_depth = 1;
  farro_trees *trees;
  EXPECT(farro_trees_grow(table, &targets, &options, 0, 1, &trees) == FARRO_OK, "trees_grow fails");
  farro_tree_nodes t = copy_of(trees);
  const double all = t.impurity[0] * t.weight[0];
  double best, left = all;
  farro_tree_split_reference(n, d, x, ldx, categories, &targets, options.min_rows_leaf, &best);
  if (t.nodes == 3) left = t.impurity[1] * t.weight[1] + t.impurity[2] * t.weight[2];
  const bool is_single = criterion == FARRO_TREE_SQUARED_ERROR ? outputs == 1 : outputs == 2;
  double most = best;
  if (has_categories && !(is_single && options.min_rows_leaf == 1)) {
    most = best_in_order(n, d, x, ldx, categories, &targets, options.min_rows_leaf);
    // Means that differ by less than the unit of whole numbers come in any order.
    if (criterion == FARRO_TREE_SQUARED_ERROR && kind == 2) most = INFINITY;
  }
  EXPECT(left >= fmin(best, all) - 1e-11 * all && left <= fmin(most, all) + 1e-11 * all,
         "split of %zu x %zu, kind %d, criterion %d: leaves %g, not %g to %g of %g", n, d, kind, criterion, left, best,
         most, all);
  release(&t);

  // Trees that are grown fully: the same of both types, of any number of threads, and by any walk.
  options.max_depth = SIZE_MAX;
  farro_tree_nodes results[3];
  for (int k = 0; k < 3; k++) {
    if (k == 2) farro_set_local_threads(1, NULL);
    farro_trees_grow(k == 1 ? single_table : table, &targets, &options, 5, 1, &trees);
    results[k] = copy_of(trees);
  }
  farro_set_local_threads(0, NULL);
  EXPECT(are_equal(results, results + 1), "trees of %zu x %zu, kind %d: f32 and f64 differ", n, d, kind);
  EXPECT(are_equal(results, results + 2), "trees of %zu x %zu, kind %d depend on threads", n, d, kind);
  expect_walks_f64(results, n, d, ldx, x);
  expect_walks_f32(results, n, d, ldx, single);
  uint8_t *keep = array(results->nodes, 1);
  size_t steps, kept = 0;
  EXPECT(farro_tree_prune(results, INFINITY, keep, NULL, NULL, &steps) == FARRO_OK, "tree_prune fails");
  for (size_t i = 0; i < results->nodes; i++) kept += keep[i];
  EXPECT(kept == 1, "tree_prune of everything keeps %zu nodes", kept);
  for (int k = 0; k < 3; k++) release(results + k);

  // A forest of rows and columns that are drawn, of both kinds of thresholds.
  options.draws = n;
  options.max_features = 1 + random_below(d);
  for (int random = 0; random < 2; random++) {
    if (random) {
      farro_tree_table_release(table);
      farro_tree_table_create_f64(n, d, x, ldx, categories, true, &table, &wrong);
    }
    farro_trees_grow(table, &targets, &options, 0, 6, &trees);
    t = copy_of(trees);
    expect_walks_f64(&t, n, d, ldx, x);
    expect_walks_f32(&t, n, d, ldx, single);
    farro_trees_grow(table, &targets, &options, 4, 1, &trees);
    farro_tree_nodes one = copy_of(trees);
    const size_t nodes = (size_t)(t.roots[5] - t.roots[4]);
    EXPECT(one.nodes == nodes && memcmp(one.threshold, t.threshold + t.roots[4], nodes * 8) == 0,
           "tree 4 of %zu x %zu depends on its forest", n, d);
    release(&t), release(&one);
  }

  // Random thresholds of f32 and of f64 part the rows alike, and each tree tells the rows that it was grown from apart
  // as the walks do: a node has as many rows as come to it.
  farro_tree_table_release(single_table);
  farro_tree_table_create_f32(n, d, single, ldx, categories, true, &single_table, &wrong);
  options.draws = 0;
  for (int k = 0; k < 2; k++) {
    farro_trees_grow(k ? single_table : table, &targets, &options, 7, 1, &trees);
    t = copy_of(trees);
    int32_t *leaves = array(n, 4), *rows = array(t.nodes, 4);
    if (k)
      farro_trees_apply_f32(&t, n, d, single, ldx, leaves);
    else
      farro_trees_apply_f64(&t, n, d, x, ldx, leaves);
    for (size_t i = 0; i < n; i++) rows[leaves[i]] += !targets.weights || targets.weights[i] > 0;
    size_t other = 0;
    for (size_t i = 0; i < t.nodes; i++) other += t.feature[i] < 0 && rows[i] != t.rows[i];
    EXPECT(other == 0, "random trees of %zu x %zu, kind %d: %zu leaves of other rows", n, d, kind, other);
    release(&t), free(leaves), free(rows);
  }
  farro_tree_table_release(table), farro_tree_table_release(single_table);
  guarded_free(x, bytes), guarded_free(single, single_bytes);
  free(classes), free(categories), free(y), free(weights), free(keep);
}

// What counts as equal, and that values of one rank are on the same side of a threshold.
static void check_closeness(void) {
  const int32_t classes[] = {0, 1};
  const farro_tree_targets targets = {.outputs = 2, .classes = classes};
  for (int is_single = 0; is_single < 2; is_single++)
    for (int sign = -1; sign <= 1; sign += 2)
      for (int steps = 1; steps <= 64; steps++) {
        const double unit = is_single ? 0x1p-23 : 0x1p-52, wide[] = {sign, sign * (1 + steps * unit)};
        const float narrow[] = {(float)wide[0], (float)wide[1]};
        farro_tree_table *table;
        farro_trees *trees;
        size_t wrong;
        if (is_single)
          farro_tree_table_create_f32(2, 1, narrow, 1, NULL, false, &table, &wrong);
        else
          farro_tree_table_create_f64(2, 1, wide, 1, NULL, false, &table, &wrong);
        EXPECT(farro_trees_grow(table, &targets, &grows_fully, 0, 1, &trees) == FARRO_OK, "trees_grow fails");
        farro_tree_nodes t = copy_of(trees);
        EXPECT(t.nodes == (steps <= 2 ? 1 : 3), "values %d units apart, is f32 %d: %zu nodes", steps, is_single,
               t.nodes);
        const double low = fmin(wide[0], wide[1]), high = fmax(wide[0], wide[1]);
        EXPECT(t.nodes < 3 || (t.threshold[0] >= low && t.threshold[0] < high), "a threshold beside its values");
        expect_walks_f64(&t, 2, 1, 1, wide);
        release(&t);
        farro_tree_table_release(table);
      }
}

// Values of the upper rank that differ, right above one of the lower rank: all go right.
static void check_close_ranks(void) {
  const double unit = 0x1p-52, x[] = {1 + 5 * unit, 1 + 4 * unit, 1 + 3 * unit, 1};
  const int32_t classes[] = {1, 1, 1, 0};
  const farro_tree_targets targets = {.outputs = 2, .classes = classes};
  farro_tree_table *table;
  farro_trees *trees;
  size_t wrong;
  farro_tree_table_create_f64(4, 1, x, 1, NULL, false, &table, &wrong);
  farro_trees_grow(table, &targets, &grows_fully, 0, 1, &trees);
  farro_tree_nodes t = copy_of(trees);
  int32_t leaves[4];
  EXPECT(farro_trees_apply_f64(&t, 4, 1, x, 1, leaves) == FARRO_OK, "trees_apply fails");
  EXPECT(t.nodes == 3 && leaves[0] == 2 && leaves[1] == 2 && leaves[2] == 2 && leaves[3] == 1,
         "values of one rank on two sides of a threshold");
  release(&t);
  farro_tree_table_release(table);
}

static bool give_up(void) { return true; }

static void check_cancelling(void) {
  float x[300];
  int32_t classes[300];
  for (int i = 0; i < 300; i++) x[i] = (float)i, classes[i] = i % 2;
  const farro_tree_targets targets = {.outputs = 2, .classes = classes};
  farro_tree_options options = grows_fully;
  options.is_cancelled = give_up;
  farro_tree_table *table;
  farro_trees *trees;
  size_t wrong;
  for (size_t n = 3; n <= 300; n *= 10) {
    farro_tree_table_create_f32(n, 1, x, 1, NULL, false, &table, &wrong);
    for (size_t count = 1; count < 20; count += 7)
      EXPECT(farro_trees_grow(table, &targets, &options, 0, count, &trees) == FARRO_OK && !trees,
             "trees_grow of %zu trees of %zu rows is not cancelled", count, n);
    farro_tree_table_release(table);
  }
}

static void check_draws(void) {
  uint32_t counts[100], other[100], sum = 0;
  farro_tree_draw(100, 70, 3, 8, counts);
  farro_tree_draw(100, 70, 3, 9, other);
  for (int i = 0; i < 100; i++) sum += counts[i];
  EXPECT(sum == 70 && memcmp(counts, other, sizeof counts) != 0, "tree_draw: %u draws", sum);
}

static void check_refusals(void) {
  const float x[] = {1, 2, INFINITY, 4, -INFINITY, 6};
  farro_tree_table *table;
  size_t wrong;
  EXPECT(farro_tree_table_create_f32(2, 3, x, 3, NULL, false, &table, &wrong) == FARRO_OK && !table && wrong == 2,
         "tree_table_create of an infinity");
  const double halves[] = {0, 1, 2, 1.5};
  const int32_t three[] = {3};
  EXPECT(farro_tree_table_create_f64(4, 1, halves, 1, three, false, &table, &wrong) == FARRO_OK && !table && wrong == 3,
         "tree_table_create of what is no category");
  EXPECT(farro_tree_table_create_f64((size_t)-1, 1, halves, 1, NULL, false, &table, &wrong) == FARRO_ERROR_ARGUMENT,
         "tree_table_create of too many rows");
  farro_tree_table_create_f64(4, 1, halves, 1, NULL, false, &table, &wrong);
  const int32_t classes[] = {0, 1, 2, 1};
  const farro_tree_targets targets = {.outputs = 2, .classes = classes};
  farro_trees *trees;
  EXPECT(farro_trees_grow(table, &targets, &grows_fully, 0, 1, &trees) == FARRO_ERROR_ARGUMENT && !trees,
         "trees_grow of a class that is none");
  farro_tree_table_release(table);
}

void check_trees(void) {
  check_draws();
  check_thresholds();
  check_closeness();
  check_close_ranks();
  check_cancelling();
  check_refusals();
  for (int kind = 0; kind < kinds; kind++)
    for (int weighting = 0; weighting < 3; weighting++) {
      for (size_t i = 1; i < tail_size_count; i += 2) {
        const size_t n = tail_sizes[i];
        check_tree(n, 3, kind, FARRO_TREE_GINI, 3, weighting, false);
        check_tree(n, 2, kind, FARRO_TREE_ENTROPY, 2, weighting, true);
        check_tree(n, 3, kind, FARRO_TREE_SQUARED_ERROR, 1, weighting, kind == 1);
        check_tree(n, 2, kind, FARRO_TREE_SQUARED_ERROR, 2, weighting, true);
      }
      check_tree(66, 2, kind, FARRO_TREE_GINI, 2, weighting, true);
    }
  check_tree(700, 3, 3, FARRO_TREE_GINI, 4, 0, true);
  check_tree(600, 2, 0, FARRO_TREE_SQUARED_ERROR, 1, 1, false);
}
