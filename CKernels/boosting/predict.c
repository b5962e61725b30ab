// What trees predict: a block of rows goes through all trees, several rows at once, so that each one's loads need not
// wait for another's. For many rows, trees are copied into the order and the few bytes in which walks are fast.
#include <string.h>

#include "boosting.h"

#include "runtime/sizes.h"
#include "trees/packed.h"

// Keys of a block should stay in the second cache, and cost as much as a walk per so many columns.
enum { plain_block = 512, most_block = 1024, key_bytes = 1 << 18, columns_per_walk = 16, fewest_packed = 16 };

static const double walk_nanoseconds = 20; // of a row down a tree

typedef struct {
  const farro_boosting_forest *forest;
  size_t first_tree, last_tree, n, d, x_row;
  const void *x;
  double *raw;
  farro_tree_nodes nodes; // of these trees, where they are packed
  packed_trees packed;
} predict_work;

// ---- trees in the order of walks ----

// Appends a tree of at most `most` nodes, the left child behind its parent. Answers whether that is how many there are
// and none of them asks for categories.
static bool append_tree(const farro_boosting_forest *f, size_t root, size_t most, farro_tree_nodes *to,
                        uint32_t *waiting) {
  const size_t begin = to->nodes;
  size_t waits = 0, used = 0; // of right children, the node and where its parent has gone
  for (uint32_t at = 0; used < most;) {
    const size_t node = root + at, place = begin + used;
    const bool is_leaf = f->features[node] < 0;
    if (!is_leaf && f->flags[node] & 2) return false;
    to->feature[place] = f->features[node], to->threshold[place] = to->values[place] = f->thresholds[node];
    to->missing_left[place] = f->flags[node] & 1, to->right[place] = 0;
    if (!is_leaf) {
      waiting[waits++] = (uint32_t)f->left[node] + 1, waiting[waits++] = (uint32_t)used++;
      at = (uint32_t)f->left[node];
      continue;
    }
    used++;
    if (waits == 0) {
      to->nodes += used;
      return true;
    }
    to->right[begin + waiting[waits - 1]] = (int32_t)used, at = waiting[waits - 2], waits -= 2;
  }
  return false;
}

static size_t end_of(const farro_boosting_forest *f, size_t tree) {
  return tree + 1 < f->iterations * f->trees ? f->roots[tree + 1] : f->nodes;
}

// Fills w->nodes, whose memory begins with `values`; false where trees must be walked as they are.
static bool order_trees(predict_work *w, size_t *bytes) {
  const farro_boosting_forest *f = w->forest;
  farro_tree_nodes *to = &w->nodes;
  to->trees = w->last_tree - w->first_tree;
  size_t most = 0;
  for (size_t i = w->first_tree; i < w->last_tree; i++) most = larger(most, end_of(f, i) - f->roots[i]);
  const size_t nodes = end_of(f, w->last_tree - 1) - f->roots[w->first_tree];
  if (nodes > INT32_MAX) return false;
  *bytes = nodes * (2 * sizeof(double) + 2 * sizeof(int32_t) + 1) + (to->trees + 1 + 2 * most) * sizeof(int32_t);
  to->values = farro_allocate(*bytes);
  if (!to->values) return false;
  to->threshold = to->values + nodes;
  to->feature = (int32_t *)(to->threshold + nodes), to->right = to->feature + nodes, to->roots = to->right + nodes;
  uint32_t *waiting = (uint32_t *)(to->roots + to->trees + 1);
  to->missing_left = (uint8_t *)(waiting + 2 * most);
  bool is_packable = true;
  for (size_t i = 0; i < to->trees && is_packable; i++) {
    const size_t tree = w->first_tree + i, root = f->roots[tree];
    to->roots[i] = (int32_t)to->nodes;
    is_packable = append_tree(f, root, end_of(f, tree) - root, to, waiting);
  }
  to->roots[to->trees] = (int32_t)to->nodes;
  if (is_packable) return true;
  farro_release(to->values, *bytes);
  return false;
}

// Copying reads every node once, and keys are made of every column: both must be less than what they spare the walks.
static bool is_worth_packing(const predict_work *w) {
  const size_t trees = w->last_tree - w->first_tree, d = w->d;
  const size_t nodes = end_of(w->forest, w->last_tree - 1) - w->forest->roots[w->first_tree];
  return w->n >= fewest_packed && trees * columns_per_walk >= d && w->n * trees >= nodes;
}

// ---- walks ----

// Where a row goes that has no ordinary number at a split: missing ones, and categories.
static bool goes_left_rarely(const farro_boosting_forest *f, size_t at, double x) {
  const bool is_known = x >= 0 && x < boosting_bins && x == floor(x);
  if (!(f->flags[at] & 2) || !is_known) return f->flags[at] & 1;
  const size_t category = (size_t)x;
  return f->categories[8 * (size_t)f->thresholds[at] + category / 32] >> (category % 32) & 1;
}

#define PREDICT(type, scalar, whole)                                                                                   \
  static void walk_plainly_##type(const predict_work *w, size_t tree, size_t first, size_t last) {                     \
    const farro_boosting_forest *f = w->forest;                                                                        \
    const size_t root = f->roots[tree];                                                                                \
    const int32_t *features = f->features + root, *left = f->left + root;                                              \
    const double *thresholds = f->thresholds + root;                                                                   \
    const uint8_t *flags = f->flags + root;                                                                            \
    double *raw = w->raw + tree % f->trees * w->n;                                                                     \
    for (size_t row = first; row < last; row += walks_together) {                                                      \
      const size_t count = smaller(walks_together, last - row);                                                        \
      const scalar *x[walks_together];                                                                                 \
      size_t at[walks_together] = {0};                                                                                 \
      for (size_t j = 0; j < walks_together; j++)                                                                      \
        x[j] = (const scalar *)w->x + (row + (j < count ? j : 0)) * w->x_row;                                          \
      for (bool moves = true; moves;) {                                                                                \
        moves = false;                                                                                                 \
        for (size_t j = 0; j < count; j++) {                                                                           \
          const int32_t feature = features[at[j]];                                                                     \
          if (feature < 0) continue;                                                                                   \
          const double value = (double)x[j][feature];                                                                  \
          size_t right = !(value <= thresholds[at[j]]);                                                                \
          if (value != value || flags[at[j]] & 2) right = !goes_left_rarely(f, root + at[j], value);                   \
          at[j] = (size_t)left[at[j]] + right;                                                                         \
          moves = true;                                                                                                \
        }                                                                                                              \
      }                                                                                                                \
      for (size_t j = 0; j < count; j++) raw[row + j] += thresholds[at[j]];                                            \
    }                                                                                                                  \
  }                                                                                                                    \
  static void predict_block_##type(void *context, size_t first, size_t last) {                                         \
    const predict_work *w = context;                                                                                   \
    const size_t rows = last - first, padded = round_up(rows, walks_together), width = 2 * w->d;                       \
    whole *keys = w->packed.nodes ? farro_allocate(padded * width * sizeof *keys) : NULL;                              \
    int32_t leaves[most_block];                                                                                        \
    if (keys) {                                                                                                        \
      make_keys_##type(rows, w->d, (const scalar *)w->x + first * w->x_row, w->x_row, keys);                           \
      memset(keys + rows * width, 0, (padded - rows) * width * sizeof *keys);                                          \
    }                                                                                                                  \
    for (size_t tree = w->first_tree; tree < w->last_tree; tree++) {                                                   \
      if (!keys) {                                                                                                     \
        walk_plainly_##type(w, tree, first, last);                                                                     \
        continue;                                                                                                      \
      }                                                                                                                \
      const size_t root = (size_t)w->nodes.roots[tree - w->first_tree];                                                \
      const double *values = w->nodes.values + root;                                                                   \
      double *raw = w->raw + tree % w->forest->trees * w->n + first;                                                   \
      find_leaves_##type(&w->packed, root, padded, w->d, keys, leaves);                                                \
      for (size_t i = 0; i < rows; i++) raw[i] += values[leaves[i]];                                                   \
    }                                                                                                                  \
    farro_release(keys, padded * width * sizeof *keys);                                                                \
  }                                                                                                                    \
  farro_status farro_boosting_predict_##type(const farro_boosting_forest *forest, size_t first_iteration,              \
                                             size_t last_iteration, size_t n, size_t d, const scalar *x, size_t x_row, \
                                             double *raw) {                                                            \
    if (first_iteration > last_iteration || last_iteration > forest->iterations || !are_rows(n, d, x_row) ||           \
        d >= INT32_MAX / 2)                                                                                            \
      return FARRO_ERROR_ARGUMENT;                                                                                     \
    predict_work w = {.forest = forest, .n = n, .d = d, .x_row = x_row, .x = x, .raw = raw};                           \
    w.first_tree = first_iteration * forest->trees, w.last_tree = last_iteration * forest->trees;                      \
    if (n == 0 || w.first_tree == w.last_tree) return FARRO_OK;                                                        \
    size_t bytes = 0;                                                                                                  \
    const bool is_ordered = is_worth_packing(&w) && order_trees(&w, &bytes);                                           \
    if (is_ordered) w.packed = pack_trees_##type(&w.nodes, d);                                                         \
    const size_t fitting = key_bytes / (2 * larger(d, 1) * sizeof(whole));                                             \
    const size_t block = round_up(smaller(most_block, larger(fitting, 1)), walks_together);                            \
    const double walks = (double)(w.last_tree - w.first_tree) * (double)n;                                             \
    farro_parallel_for(n, w.packed.nodes ? block : plain_block, walk_nanoseconds * walks, predict_block_##type, &w);   \
    packed_release(&w.packed);                                                                                         \
    if (is_ordered) farro_release(w.nodes.values, bytes);                                                              \
    return FARRO_OK;                                                                                                   \
  }

PREDICT(f32, float, int32_t)
PREDICT(f64, double, int64_t)
