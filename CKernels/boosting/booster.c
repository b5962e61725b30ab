// Entry of gradient boosting: checks, work space, and iterations of gradients, trees and their addition.
#include <float.h>
#include <stdatomic.h>
#include <string.h>

#include "boosting.h"

#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

// Histograms that are kept: as many as there are bytes of bins, but those of four leaves of a tree anyway, and of each
// tree no more than 256 MiB. With 20,000 rows of 50 columns, four are 0.3 of float's size, and all would save a sixth
// of the time.
static const size_t least_histograms = 4, most_histogram_bytes = (size_t)256 << 20;
static const double row_nanoseconds = 3;

void *boosting_allocate(farro_booster *b, size_t count, size_t element) {
  const size_t bytes = count * element;
  void *pointer = farro_allocate(bytes);
  if (!pointer) return NULL;
  b->blocks[b->block_count].pointer = pointer;
  b->blocks[b->block_count++].bytes = bytes;
  return pointer;
}

static void *copied(farro_booster *b, const void *from, size_t count, size_t element) {
  void *copy = from ? boosting_allocate(b, count, element) : NULL;
  if (copy) memcpy(copy, from, count * element);
  return copy;
}

// ---- gradients ----

typedef struct {
  farro_booster *b;
} booster_work;

static void compute_block(void *context, size_t first, size_t last) {
  farro_booster *b = ((booster_work *)context)->b;
  const size_t k = b->problem.trees, block = first / boosting_block;
  double *largest = b->block_largest + block * 2 * k;
  memset(largest, 0, 2 * k * sizeof *largest);
  const boosting_rows rows = {.loss = b->problem.loss,
                              .quantile = b->problem.quantile,
                              .n = last - first,
                              .trees = k,
                              .pitch = b->pitch,
                              .y = b->y + first,
                              .raw = b->raw + first,
                              .weights = b->weights ? b->weights + first : NULL,
                              .g = b->g + first,
                              .h = b->constant_hessian ? NULL : b->h + first,
                              .g_largest = largest,
                              .h_largest = largest + k};
  b->block_loss[block] = b->kernels->gradients(&rows);
}

static void compute_gradients(farro_booster *b) {
  const size_t n = b->problem.rows, k = b->problem.trees, blocks = ceil_divide(n, boosting_block);
  booster_work w = {b};
  farro_parallel_for(n, boosting_block, row_nanoseconds * (double)n * (double)k, compute_block, &w);
  b->loss_sum = 0;
  memset(b->g_largest, 0, 2 * k * sizeof *b->g_largest);
  for (size_t block = 0; block < blocks; block++) {
    b->loss_sum += b->block_loss[block];
    for (size_t i = 0; i < 2 * k; i++) b->g_largest[i] = fmax(b->g_largest[i], b->block_largest[block * 2 * k + i]);
  }
}

double farro_boosting_training_loss(const farro_booster *b) {
  for (size_t i = 0; i < 2 * b->problem.trees; i++)
    if (!(b->g_largest[i] <= (double)FLT_MAX)) return INFINITY;
  return b->loss_sum / b->weight_sum;
}

farro_status farro_boosting_loss_sum(farro_boosting_loss loss, double quantile, size_t n, size_t trees, const double *y,
                                     const double *raw, const double *weights, double *sum) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!can_exist(n, trees, 1)) return FARRO_ERROR_ARGUMENT;
  *sum = 0;
  for (size_t first = 0; first < n; first += boosting_block) {
    const boosting_rows rows = {.loss = loss,
                                .quantile = quantile,
                                .n = smaller(boosting_block, n - first),
                                .trees = trees,
                                .pitch = n,
                                .y = y + first,
                                .raw = raw + first,
                                .weights = weights ? weights + first : NULL};
    *sum += kernels->models->boosting->gradients(&rows);
  }
  return FARRO_OK;
}

// ---- leaves of losses without a curvature ----

typedef struct {
  farro_booster *b;
  boosting_tree *t;
  double *residuals; // (4, pitch): also weights, and room to sort
  atomic_bool failed;
} leaf_work;

// The quantile by linear interpolation between two neighbours; the median, so, is their mean.
static double quantile_of(const double *sorted, size_t n, double part) {
  const double position = part * (double)(n - 1);
  const size_t below = smaller((size_t)position, n - 1), above = smaller(below + 1, n - 1);
  const double rest = position - (double)below;
  return sorted[below] + (sorted[above] - sorted[below]) * rest;
}

static void renew_leaves(void *context, size_t first, size_t last) {
  leaf_work *w = context;
  const farro_booster *b = w->b;
  const boosting_tree *t = w->t;
  const double *raw = b->raw + t->class * b->pitch;
  const double part = b->problem.loss == FARRO_BOOSTING_ABSOLUTE ? 0.5 : b->problem.quantile;
  for (size_t i = first; i < last; i++) {
    farro_boosting_node *node = &t->nodes[i];
    if (node->feature >= 0) continue;
    const size_t begin = t->firsts[i], n = node->count;
    double *own = w->residuals + begin;
    for (size_t j = 0; j < n; j++) own[j] = b->y[t->rows[begin + j]] - raw[t->rows[begin + j]];
    if (!b->weights) {
      boosting_sort(own, n, w->residuals + 2 * (b->pitch + begin));
      node->value = b->problem.learning_rate * quantile_of(own, n, part);
      continue;
    }
    double *weights = own + b->pitch, total = 0, sum = 0;
    for (size_t j = 0; j < n; j++) weights[j] = b->weights[t->rows[begin + j]];
    if (!boosting_sort_pairs(own, weights, n)) w->failed = true;
    for (size_t j = 0; j < n; j++) total += weights[j];
    size_t at = 0;
    while (at < n - 1 && ((sum += weights[at]) < part * total || sum == 0)) at++;
    node->value = b->problem.learning_rate * own[at];
  }
}

static farro_status renew(farro_booster *b, boosting_tree *t) {
  if (b->problem.loss != FARRO_BOOSTING_ABSOLUTE && b->problem.loss != FARRO_BOOSTING_QUANTILE) return FARRO_OK;
  const size_t bytes = 4 * b->pitch * sizeof(double);
  leaf_work w = {.b = b, .t = t, .residuals = farro_allocate(bytes)};
  if (!w.residuals) return FARRO_ERROR_MEMORY;
  farro_parallel_for(t->node_count, 1, 8 * row_nanoseconds * (double)b->problem.rows, renew_leaves, &w);
  farro_release(w.residuals, bytes);
  return w.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

static void add_leaves(void *context, size_t first, size_t last) {
  const leaf_work *w = context;
  double *raw = w->b->raw + w->t->class * w->b->pitch;
  for (size_t i = first; i < last; i++) {
    const farro_boosting_node *node = &w->t->nodes[i];
    if (node->feature >= 0) continue;
    const uint32_t *rows = w->t->rows + w->t->firsts[i];
    for (size_t j = 0; j < node->count; j++) raw[rows[j]] += node->value;
  }
}

// ---- iterations ----

static farro_status grow_one(farro_booster *b, boosting_tree *t) {
  farro_status status = boosting_grow_tree(b, t);
  if (status == FARRO_OK) status = renew(b, t);
  if (status != FARRO_OK) return status;
  leaf_work w = {.b = b, .t = t};
  farro_parallel_for(t->node_count, 1, row_nanoseconds / 2 * (double)b->problem.rows, add_leaves, &w);
  return FARRO_OK;
}

typedef struct {
  farro_booster *b;
  farro_boosting_node *nodes;
  uint32_t *counts;
  size_t first;
  farro_status *status;
} grow_work;

static void grow_trees(void *context, size_t first, size_t last) {
  const grow_work *w = context;
  for (size_t i = first; i < last; i++) {
    boosting_tree *t = &w->b->trees[i];
    t->class = w->first + i;
    t->nodes = w->nodes + t->class * farro_boosting_most_nodes(w->b);
    w->status[i] = grow_one(w->b, t);
    w->counts[t->class] = t->node_count;
  }
}

farro_status farro_boosting_grow(farro_booster *b, farro_boosting_node *nodes, uint32_t *counts) {
  if (!isfinite(farro_boosting_training_loss(b))) return FARRO_ERROR_ARGUMENT;
  const size_t k = b->problem.trees;
  farro_status status[boosting_most_trees];
  // Several trees at once need not wait for one another within each; what remains shares the threads.
  for (size_t first = 0; first < k;) {
    const size_t at_once = k - first >= b->tree_count ? b->tree_count : 1;
    grow_work w = {.b = b, .nodes = nodes, .counts = counts, .first = first, .status = status};
    farro_parallel_for(at_once, 1, 1e6 * (double)at_once, grow_trees, &w);
    for (size_t i = 0; i < at_once; i++)
      if (status[i] != FARRO_OK) return status[i];
    first += at_once;
  }
  b->iteration++;
  compute_gradients(b);
  return FARRO_OK;
}

size_t farro_boosting_most_nodes(const farro_booster *b) { return 2 * b->most_leaves - 1; }

// ---- beginning and end ----

static int bits_of(size_t n) { return n < 2 ? 0 : 64 - __builtin_clzll((unsigned long long)n - 1); }

static bool is_valid(const farro_boosting_problem *p, size_t x_row) {
  return p->rows > 0 && p->features > 0 && p->trees > 0 && p->rows < UINT32_MAX && p->features < INT32_MAX / 2 &&
         are_rows(p->rows, p->features, x_row) && can_exist(p->rows + 64, p->trees, 4) &&
         can_exist(p->rows + 64, p->features + 8, 1) && can_exist(p->features, 3 * boosting_bins, 1) &&
         p->most_bins >= 2 && p->most_bins <= farro_boosting_most_bins && p->min_samples_leaf > 0 &&
         p->max_features > 0 && p->max_features <= 1 && can_exist(p->features, p->interaction_sets, 1) &&
         (unsigned)p->loss <= FARRO_BOOSTING_MULTINOMIAL && (p->trees == 1 || p->loss == FARRO_BOOSTING_MULTINOMIAL);
}

static void plan(farro_booster *b) {
  const farro_boosting_problem *p = &b->problem;
  b->groups = ceil_divide(p->features, boosting_group);
  // Few columns are cut into more tasks than groups, so that there is one for each thread.
  b->task_width = p->features >= 32 ? 8 : p->features >= 16 ? 4 : p->features >= 8 ? 2 : 1;
  b->tasks = ceil_divide(p->features, b->task_width);
  b->pitch = round_up(p->rows, 16);
  b->iteration = p->first_iteration;
  b->chooses_columns = p->interactions || p->max_features < 1;
  // Without weights, these have the hessian 1.
  b->constant_hessian = !p->weights && p->loss <= FARRO_BOOSTING_QUANTILE;
  b->counts_apart = p->rows > boosting_cell_rows;
  // Sums of all rows must be integers that a double holds; and those of a cell must leave 16 bits of 64 for its count.
  const int spare = 52 - bits_of(p->rows);
  b->g_bits = spare < 30 ? spare : 30, b->h_bits = spare < 46 ? spare : 46;
  const size_t by_rows = larger(1, p->rows / p->min_samples_leaf);
  const size_t by_depth = p->max_depth > 0 && p->max_depth < 32 ? (size_t)1 << p->max_depth : SIZE_MAX;
  b->most_leaves = smaller(p->max_leaf_nodes ? p->max_leaf_nodes : SIZE_MAX, smaller(by_rows, by_depth));
}

static bool plan_histograms(farro_booster *b) {
  const size_t d = b->problem.features;
  b->bin_counts = boosting_allocate(b, d, sizeof *b->bin_counts);
  b->offsets = boosting_allocate(b, d + 1, sizeof *b->offsets);
  if (!b->bin_counts || !b->offsets) return false;
  size_t words = 0;
  const size_t sums = 1 + !b->constant_hessian + b->counts_apart;
  for (size_t j = 0; j < d; j++) {
    b->bin_counts[j] = (uint16_t)(b->problem.threshold_counts[j] + 1);
    b->offsets[j] = words;
    words += sums * boosting_padded(b->bin_counts[j]);
  }
  b->offsets[d] = b->histogram_words = words;
  const size_t bytes = words * sizeof(int64_t), bins = b->problem.rows * d;
  const size_t wanted = larger(bins / b->tree_count / bytes, least_histograms);
  b->kept_histograms = larger(1, smaller(smaller(wanted, b->most_leaves), most_histogram_bytes / bytes));
  return true;
}

static bool allocate_tree(farro_booster *b, boosting_tree *t) {
  const size_t n = b->pitch, d = b->problem.features, nodes = farro_boosting_most_nodes(b);
  const size_t gradient = b->constant_hessian ? sizeof(int64_t) : sizeof(boosting_pair);
  *t = (boosting_tree){.rows = boosting_allocate(b, n, sizeof *t->rows),
                       .ordered = boosting_allocate(b, n, gradient),
                       .heap = boosting_allocate(b, b->most_leaves + 1, sizeof *t->heap),
                       .free_histograms = boosting_allocate(b, b->kept_histograms + 1, sizeof(int64_t *)),
                       .firsts = boosting_allocate(b, nodes, sizeof *t->firsts),
                       .parents = boosting_allocate(b, nodes, sizeof *t->parents),
                       .best = boosting_allocate(b, 2 * b->tasks, sizeof *t->best),
                       .chosen = boosting_allocate(b, 2 * d, 1),
                       .shuffled = boosting_allocate(b, d, sizeof *t->shuffled)};
  return t->rows && t->ordered && t->heap && t->free_histograms && t->firsts && t->parents && t->best && t->chosen &&
         t->shuffled;
}

static bool allocate(farro_booster *b) {
  farro_boosting_problem *p = &b->problem;
  const size_t n = p->rows, d = p->features, k = p->trees, blocks = ceil_divide(n, boosting_block);
  b->bins = boosting_allocate(b, b->groups * n, boosting_group);
  b->has_missing = boosting_allocate(b, d, 1);
  b->y = p->y, b->weights = p->weights;
  b->is_categorical = copied(b, p->is_categorical, d, 1);
  b->monotonic = copied(b, p->monotonic, d, 1);
  b->interactions = copied(b, p->interactions, p->interaction_sets * d, 1);
  b->raw = boosting_allocate(b, b->pitch * k, sizeof *b->raw);
  b->g = boosting_allocate(b, b->pitch * k, sizeof *b->g);
  b->h = b->constant_hessian ? b->g : boosting_allocate(b, b->pitch * k, sizeof *b->h);
  b->g_largest = boosting_allocate(b, 2 * k, sizeof *b->g_largest);
  b->block_largest = boosting_allocate(b, blocks * 2 * k, sizeof *b->block_largest);
  b->block_loss = boosting_allocate(b, blocks, sizeof *b->block_loss);
  // As many trees at once as there are threads: what a tree becomes does not depend on when it grows.
  const size_t threads = (size_t)farro_threads();
  b->tree_count = smaller(k, smaller(threads, boosting_most_trees));
  b->trees = boosting_allocate(b, b->tree_count, sizeof *b->trees);
  if (b->trees) memset(b->trees, 0, b->tree_count * sizeof *b->trees);
  if (!b->bins || !b->has_missing || (p->is_categorical && !b->is_categorical) || (p->monotonic && !b->monotonic) ||
      (p->interactions && !b->interactions) || !b->raw || !b->g || !b->h || !b->g_largest || !b->block_largest ||
      !b->block_loss || !b->trees)
    return false;
  b->h_largest = b->g_largest + k;
  for (size_t i = 0; i < k; i++)
    for (size_t row = 0; row < b->pitch; row++)
      b->raw[i * b->pitch + row] = p->raw && row < n ? p->raw[i * n + row] : p->baseline[i];
  b->weight_sum = 0;
  for (size_t i = 0; i < n; i++) b->weight_sum += b->weights ? b->weights[i] : 1;
  if (!plan_histograms(b)) return false;
  for (size_t i = 0; i < b->tree_count; i++)
    if (!allocate_tree(b, &b->trees[i])) return false;
  return true;
}

void farro_boosting_end(farro_booster *b) {
  if (!b) return;
  if (b->trees)
    for (size_t i = 0; i < b->tree_count; i++)
      while (b->trees[i].free_count > 0)
        farro_release(b->trees[i].free_histograms[--b->trees[i].free_count], b->histogram_words * sizeof(int64_t));
  for (size_t i = 0; i < b->block_count; i++) farro_release(b->blocks[i].pointer, b->blocks[i].bytes);
  farro_release(b, sizeof *b);
}

#define BEGIN(type, scalar)                                                                                            \
  farro_status farro_boosting_begin_##type(const farro_boosting_problem *problem, const scalar *x, size_t x_row,       \
                                           const uint32_t *rows, farro_booster **booster) {                            \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (!is_valid(problem, x_row)) return FARRO_ERROR_ARGUMENT;                                                        \
    farro_booster *b = farro_allocate(sizeof *b);                                                                      \
    if (!b) return FARRO_ERROR_MEMORY;                                                                                 \
    *b = (farro_booster){.kernels = kernels->models->boosting, .problem = *problem};                                   \
    plan(b);                                                                                                           \
    farro_status status = allocate(b) ? boosting_bin_rows_##type(b, x, x_row, rows) : FARRO_ERROR_MEMORY;              \
    if (status != FARRO_OK) {                                                                                          \
      farro_boosting_end(b);                                                                                           \
      return status;                                                                                                   \
    }                                                                                                                  \
    compute_gradients(b);                                                                                              \
    *booster = b;                                                                                                      \
    return FARRO_OK;                                                                                                   \
  }

BEGIN(f32, float)
BEGIN(f64, double)
