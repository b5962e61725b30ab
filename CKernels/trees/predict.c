// Rows walk down trees, a block of them down one tree after the other.
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "packed.h"

#include "runtime/sizes.h"

// A block's keys should stay in the second cache while it walks down all trees.
enum { most_block = 1024, block_bytes = 1 << 18, fewest_packed = 16, nodes_worth_a_walk = 24 };

static const double walk_nanoseconds = 40; // of a row down a tree

typedef struct walk_work walk_work;

struct walk_work {
  const farro_tree_nodes *nodes;
  packed_trees packed;
  size_t n, d, ldx, block;
  const void *x;
  double *values;
  int32_t *leaves;
  const uint64_t *drawn; // (trees, words): rows that a tree was grown from
  size_t words;
  uint32_t *counts;
  // What is made of the leaves that some rows come to in a tree.
  void (*take)(const walk_work *w, size_t tree, size_t first, size_t rows, const int32_t *leaves);
};

// ---- what is made of leaves ------------------------------------------------------------------------------------

// Outputs are few: what a loop of vectors does before and after it takes longer than this.
static inline void add_values(double *restrict sum, const double *restrict values, size_t outputs) {
#pragma clang loop vectorize(disable) unroll(disable)
  for (size_t o = 0; o < outputs; o++) sum[o] += values[o];
}

static void take_values(const walk_work *w, size_t tree, size_t first, size_t rows, const int32_t *leaves) {
  const size_t outputs = w->nodes->outputs;
  const double *own = w->nodes->values + (size_t)w->nodes->roots[tree] * outputs;
  double *values = w->values + first * outputs;
  if (tree == 0) memset(values, 0, rows * outputs * sizeof *values);
  for (size_t r = 0; r < rows; r++) add_values(values + r * outputs, own + (size_t)leaves[r] * outputs, outputs);
  if (tree + 1 < w->nodes->trees) return;
  for (size_t i = 0; i < rows * outputs; i++) values[i] /= (double)w->nodes->trees;
}

static void take_leaves(const walk_work *w, size_t tree, size_t first, size_t rows, const int32_t *leaves) {
  for (size_t r = 0; r < rows; r++) w->leaves[(first + r) * w->nodes->trees + tree] = leaves[r];
}

static void take_unseen(const walk_work *w, size_t tree, size_t first, size_t rows, const int32_t *leaves) {
  const size_t outputs = w->nodes->outputs;
  const double *own = w->nodes->values + (size_t)w->nodes->roots[tree] * outputs;
  double *values = w->values + first * outputs;
  uint32_t *counts = w->counts + first;
  if (tree == 0) {
    memset(values, 0, rows * outputs * sizeof *values);
    memset(counts, 0, rows * sizeof *counts);
  }
  for (size_t r = 0; r < rows; r++) {
    if (w->drawn[tree * w->words + (first + r) / 64] >> (first + r) % 64 & 1) continue;
    add_values(values + r * outputs, own + (size_t)leaves[r] * outputs, outputs);
    counts[r]++;
  }
  if (tree + 1 < w->nodes->trees) return;
  for (size_t r = 0; r < rows; r++)
    for (size_t o = 0; o < outputs && counts[r] > 0; o++) values[r * outputs + o] /= (double)counts[r];
}

// ---- walking ---------------------------------------------------------------------------------------------------

static bool can_walk(const farro_tree_nodes *nodes, size_t n, size_t d, size_t ldx) {
  return d <= UINT16_MAX && n <= INT32_MAX && are_rows(n, d, ldx) &&
         can_exist(n, larger(nodes->outputs, nodes->trees), 1) && nodes->trees > 0 && nodes->nodes <= INT32_MAX;
}

// Packing reads every node once, which must be less than what it spares the walks.
static bool is_worth_packing(const walk_work *w) {
  return w->d > 0 && w->n >= fewest_packed && w->n * nodes_worth_a_walk >= w->nodes->nodes / w->nodes->trees;
}

// ---- rows that a tree has not seen -----------------------------------------------------------------------------

typedef struct {
  size_t n, draws, words;
  uint64_t seed, *drawn;
  atomic_bool failed;
} draw_work;

static void draw_trees(void *context, size_t first, size_t last) {
  draw_work *w = context;
  uint32_t *counts = farro_allocate(w->n * sizeof *counts);
  if (!counts) {
    w->failed = true;
    return;
  }
  for (size_t t = first; t < last; t++) {
    farro_tree_draw(w->n, w->draws, w->seed, t, counts);
    uint64_t *drawn = w->drawn + t * w->words;
    memset(drawn, 0, w->words * sizeof *drawn);
    for (size_t i = 0; i < w->n; i++) drawn[i / 64] |= (uint64_t)(counts[i] > 0) << i % 64;
  }
  farro_release(counts, w->n * sizeof *counts);
}

static farro_status out_of_bag(walk_work *w, size_t draws, uint64_t seed, farro_status (*walk)(walk_work *)) {
  const size_t trees = w->nodes->trees;
  if (w->n > INT32_MAX || !can_exist(w->n, trees, 1)) return FARRO_ERROR_ARGUMENT;
  draw_work draw = {.n = w->n, .draws = draws, .words = ceil_divide(w->n, 64), .seed = seed};
  const size_t bytes = trees * draw.words * sizeof *draw.drawn;
  draw.drawn = farro_allocate(bytes);
  if (!draw.drawn) return FARRO_ERROR_MEMORY;
  farro_parallel_for(trees, 1, (double)trees * (double)(w->n + draws) * 2, draw_trees, &draw);
  w->drawn = draw.drawn;
  w->words = draw.words;
  const farro_status status = draw.failed ? FARRO_ERROR_MEMORY : walk(w);
  farro_release(draw.drawn, bytes);
  return status;
}

// ----------------------------------------------------------------------------------------------------------------

#define WALKS(type, scalar, whole)                                                                                     \
  static void find_one_by_one_##type(const walk_work *w, size_t tree, size_t first, size_t rows, int32_t *leaves) {    \
    const farro_tree_nodes *nodes = w->nodes;                                                                          \
    const size_t root = (size_t)nodes->roots[tree];                                                                    \
    for (size_t r = 0; r < rows; r++) {                                                                                \
      const scalar *x = (const scalar *)w->x + (first + r) * w->ldx;                                                   \
      size_t i = root;                                                                                                 \
      while (nodes->feature[i] >= 0) {                                                                                 \
        const double value = (double)x[nodes->feature[i]];                                                             \
        bool is_left = nodes->missing_left[i];                                                                         \
        if (nodes->set[i] < 0) {                                                                                       \
          is_left = value == value ? value <= nodes->threshold[i] : is_left;                                           \
        } else if (value >= 0 && value < (double)(nodes->words * 64) && value == floor(value)) {                       \
          const size_t category = (size_t)value;                                                                       \
          is_left = nodes->set_bits[(size_t)nodes->set[i] * nodes->words + category / 64] >> category % 64 & 1;        \
        }                                                                                                              \
        i = is_left ? i + 1 : root + (size_t)nodes->right[i];                                                          \
      }                                                                                                                \
      leaves[r] = (int32_t)(i - root);                                                                                 \
    }                                                                                                                  \
  }                                                                                                                    \
  static void walk_block_##type(void *context, size_t first, size_t last) {                                            \
    const walk_work *w = context;                                                                                      \
    const scalar *x = (const scalar *)w->x + first * w->ldx;                                                           \
    int32_t leaves[most_block];                                                                                        \
    const size_t rows = last - first, padded = round_up(rows, walks_together);                                         \
    const size_t bytes = padded * 2 * w->d * sizeof(whole);                                                            \
    whole *keys = w->packed.nodes ? farro_allocate(bytes) : NULL;                                                      \
    if (keys) {                                                                                                        \
      make_keys_##type(rows, w->d, x, w->ldx, keys);                                                                   \
      memset(keys + rows * 2 * w->d, 0, (padded - rows) * 2 * w->d * sizeof(whole));                                   \
    }                                                                                                                  \
    for (size_t t = 0; t < w->nodes->trees; t++) {                                                                     \
      if (keys)                                                                                                        \
        find_leaves_##type(&w->packed, (size_t)w->nodes->roots[t], padded, w->d, keys, leaves);                        \
      else                                                                                                             \
        find_one_by_one_##type(w, t, first, rows, leaves);                                                             \
      w->take(w, t, first, rows, leaves);                                                                              \
    }                                                                                                                  \
    if (keys) farro_release(keys, bytes);                                                                              \
  }                                                                                                                    \
  static farro_status walk_##type(walk_work *w) {                                                                      \
    if (!can_walk(w->nodes, w->n, w->d, w->ldx)) return FARRO_ERROR_ARGUMENT;                                          \
    const size_t row_bytes = 2 * larger(w->d, 1) * sizeof(whole);                                                      \
    if (is_worth_packing(w)) w->packed = pack_trees_##type(w->nodes, w->d);                                            \
    w->block = round_up(smaller(most_block, larger(block_bytes / row_bytes, 1)), walks_together);                      \
    farro_parallel_for(w->n, w->block, (double)w->n * (double)w->nodes->trees * walk_nanoseconds, walk_block_##type,   \
                       w);                                                                                             \
    packed_release(&w->packed);                                                                                        \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_trees_predict_##type(const farro_tree_nodes *nodes, size_t n, size_t d, const scalar *x,          \
                                          size_t ldx, double *values) {                                                \
    walk_work work = {.nodes = nodes, .n = n, .d = d, .ldx = ldx, .x = x, .values = values, .take = take_values};      \
    return walk_##type(&work);                                                                                         \
  }                                                                                                                    \
  farro_status farro_trees_apply_##type(const farro_tree_nodes *nodes, size_t n, size_t d, const scalar *x,            \
                                        size_t ldx, int32_t *leaves) {                                                 \
    walk_work work = {.nodes = nodes, .n = n, .d = d, .ldx = ldx, .x = x, .leaves = leaves, .take = take_leaves};      \
    return walk_##type(&work);                                                                                         \
  }                                                                                                                    \
  farro_status farro_trees_out_of_bag_##type(const farro_tree_nodes *nodes, size_t n, size_t d, const scalar *x,       \
                                             size_t ldx, size_t draws, uint64_t seed, double *values,                  \
                                             uint32_t *counts) {                                                       \
    walk_work work = {.nodes = nodes, .n = n, .d = d, .ldx = ldx, .x = x, .values = values, .counts = counts};         \
    work.take = take_unseen;                                                                                           \
    return out_of_bag(&work, draws, seed, walk_##type);                                                                \
  }

WALKS(f32, float, int32_t)
WALKS(f64, double, int64_t)
