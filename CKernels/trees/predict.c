// Rows walk down trees: eight at a time, as each step waits for the one before it.
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "include/trees.h"
#include "runtime/sizes.h"

enum { block = 256, together = 8, missing_left_bit = 1 << 30, fewest_packed = 64 };

static const double step_nanoseconds = 30; // of a row, all the way down a tree

// A node in one line of the cache. A leaf leads to itself: nothing is below its threshold.
typedef struct {
  double threshold;
  int32_t feature, right;
} packed_node;

typedef struct walk_work walk_work;
typedef void leaf_finder(const walk_work *w, size_t tree, size_t first, size_t rows, int32_t *leaves);

struct walk_work {
  const farro_tree_nodes *nodes;
  const packed_node *packed;
  leaf_finder *find;
  size_t n, d, ldx;
  const void *x;
  double *values;
  int32_t *leaves;
  const uint64_t *drawn; // (trees, words): rows that a tree was grown from
  size_t words;
  uint32_t *counts;
};

#define WALKS(type, scalar)                                                                                            \
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
  static void find_together_##type(const walk_work *w, size_t tree, size_t first, size_t rows, int32_t *leaves) {      \
    const packed_node *nodes = w->packed + w->nodes->roots[tree];                                                      \
    for (size_t r = 0; r < rows; r += together) {                                                                      \
      const scalar *x[together];                                                                                       \
      int32_t at[together] = {0};                                                                                      \
      for (size_t k = 0; k < together; k++) x[k] = (const scalar *)w->x + (first + smaller(r + k, rows - 1)) * w->ldx; \
      for (int32_t moved = 1; moved;) {                                                                                \
        moved = 0;                                                                                                     \
        for (size_t k = 0; k < together; k++) {                                                                        \
          const packed_node node = nodes[at[k]];                                                                       \
          const double value = (double)x[k][node.feature & ~missing_left_bit];                                         \
          const bool is_left = (value <= node.threshold) | ((value != value) & (node.feature >> 30));                  \
          const int32_t next = is_left ? at[k] + 1 : node.right;                                                       \
          moved |= next ^ at[k];                                                                                       \
          at[k] = next;                                                                                                \
        }                                                                                                              \
      }                                                                                                                \
      for (size_t k = 0; k < together && r + k < rows; k++) leaves[r + k] = at[k];                                     \
    }                                                                                                                  \
  }                                                                                                                    \
  farro_status farro_trees_predict_##type(const farro_tree_nodes *nodes, size_t n, size_t d, const scalar *x,          \
                                          size_t ldx, double *values) {                                                \
    walk_work work = {.nodes = nodes, .n = n, .d = d, .ldx = ldx, .x = x, .values = values};                           \
    return walk(&work, find_one_by_one_##type, find_together_##type, predict_blocks);                                  \
  }                                                                                                                    \
  farro_status farro_trees_apply_##type(const farro_tree_nodes *nodes, size_t n, size_t d, const scalar *x,            \
                                        size_t ldx, int32_t *leaves) {                                                 \
    walk_work work = {.nodes = nodes, .n = n, .d = d, .ldx = ldx, .x = x, .leaves = leaves};                           \
    return walk(&work, find_one_by_one_##type, find_together_##type, apply_blocks);                                    \
  }                                                                                                                    \
  farro_status farro_trees_out_of_bag_##type(const farro_tree_nodes *nodes, size_t n, size_t d, const scalar *x,       \
                                             size_t ldx, size_t draws, uint64_t seed, double *values,                  \
                                             uint32_t *counts) {                                                       \
    walk_work work = {.nodes = nodes, .n = n, .d = d, .ldx = ldx, .x = x, .values = values, .counts = counts};         \
    return out_of_bag(&work, draws, seed, find_one_by_one_##type, find_together_##type);                               \
  }

static void add_values(double *restrict sum, const double *restrict values, size_t outputs) {
  for (size_t o = 0; o < outputs; o++) sum[o] += values[o];
}

static void predict_blocks(void *context, size_t first, size_t last) {
  const walk_work *w = context;
  const size_t outputs = w->nodes->outputs, rows = last - first;
  int32_t leaves[block];
  double *values = w->values + first * outputs;
  memset(values, 0, rows * outputs * sizeof *values);
  for (size_t t = 0; t < w->nodes->trees; t++) {
    w->find(w, t, first, rows, leaves);
    const double *own = w->nodes->values + (size_t)w->nodes->roots[t] * outputs;
    for (size_t r = 0; r < rows; r++) add_values(values + r * outputs, own + (size_t)leaves[r] * outputs, outputs);
  }
  for (size_t i = 0; i < rows * outputs; i++) values[i] /= (double)w->nodes->trees;
}

static void apply_blocks(void *context, size_t first, size_t last) {
  const walk_work *w = context;
  const size_t trees = w->nodes->trees;
  int32_t leaves[block];
  for (size_t t = 0; t < trees; t++) {
    w->find(w, t, first, last - first, leaves);
    for (size_t r = first; r < last; r++) w->leaves[r * trees + t] = leaves[r - first];
  }
}

static void out_of_bag_blocks(void *context, size_t first, size_t last) {
  const walk_work *w = context;
  const size_t outputs = w->nodes->outputs, rows = last - first;
  int32_t leaves[block];
  double *values = w->values + first * outputs;
  memset(values, 0, rows * outputs * sizeof *values);
  memset(w->counts + first, 0, rows * sizeof *w->counts);
  for (size_t t = 0; t < w->nodes->trees; t++) {
    w->find(w, t, first, rows, leaves);
    const double *own = w->nodes->values + (size_t)w->nodes->roots[t] * outputs;
    for (size_t r = 0; r < rows; r++) {
      if (w->drawn[t * w->words + (first + r) / 64] >> (first + r) % 64 & 1) continue;
      add_values(values + r * outputs, own + (size_t)leaves[r] * outputs, outputs);
      w->counts[first + r]++;
    }
  }
  for (size_t r = 0; r < rows; r++)
    for (size_t o = 0; o < outputs && w->counts[first + r] > 0; o++)
      values[r * outputs + o] /= (double)w->counts[first + r];
}

static void pack(const farro_tree_nodes *nodes, packed_node *packed) {
  for (size_t t = 0; t < nodes->trees; t++) {
    const size_t root = (size_t)nodes->roots[t];
    for (size_t i = root; i < (size_t)nodes->roots[t + 1]; i++) {
      if (nodes->feature[i] < 0)
        packed[i] = (packed_node){-INFINITY, 0, (int32_t)(i - root)};
      else
        packed[i] = (packed_node){nodes->threshold[i],
                                  nodes->feature[i] | (nodes->missing_left[i] ? missing_left_bit : 0), nodes->right[i]};
    }
  }
}

static farro_status walk(walk_work *w, leaf_finder *one_by_one, leaf_finder *at_once, farro_body body) {
  const farro_tree_nodes *nodes = w->nodes;
  if (w->d > UINT16_MAX || w->n > INT32_MAX || !are_rows(w->n, w->d, w->ldx) ||
      !can_exist(w->n, larger(nodes->outputs, nodes->trees), 1) || nodes->trees == 0 || nodes->nodes > INT32_MAX)
    return FARRO_ERROR_ARGUMENT;
  const bool is_packed = nodes->sets == 0 && w->n >= fewest_packed && w->d > 0;
  packed_node *packed = is_packed ? farro_allocate(nodes->nodes * sizeof *packed) : NULL;
  if (is_packed && !packed) return FARRO_ERROR_MEMORY;
  if (is_packed) pack(nodes, packed);
  w->packed = packed;
  w->find = is_packed ? at_once : one_by_one;
  farro_parallel_for(w->n, block, (double)w->n * (double)nodes->trees * step_nanoseconds, body, w);
  if (packed) farro_release(packed, nodes->nodes * sizeof *packed);
  return FARRO_OK;
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

static farro_status out_of_bag(walk_work *w, size_t draws, uint64_t seed, leaf_finder *one_by_one,
                               leaf_finder *at_once) {
  const size_t trees = w->nodes->trees;
  if (w->n > INT32_MAX || !can_exist(w->n, trees, 1)) return FARRO_ERROR_ARGUMENT;
  draw_work draw = {.n = w->n, .draws = draws, .words = ceil_divide(w->n, 64), .seed = seed};
  const size_t bytes = trees * draw.words * sizeof *draw.drawn;
  draw.drawn = farro_allocate(bytes);
  if (!draw.drawn) return FARRO_ERROR_MEMORY;
  farro_parallel_for(trees, 1, (double)trees * (double)(w->n + draws) * 2, draw_trees, &draw);
  w->drawn = draw.drawn;
  w->words = draw.words;
  const farro_status status = draw.failed ? FARRO_ERROR_MEMORY : walk(w, one_by_one, at_once, out_of_bag_blocks);
  farro_release(draw.drawn, bytes);
  return status;
}

WALKS(f32, float)
WALKS(f64, double)
