// Walks along a sorted column: every border between different ranks is tried.
#include <math.h>
#include <string.h>

#include "trees.h"

#include "runtime/sizes.h"

// Borders whose products say that they are worse by more than this part are not divided for.
static const double margin = 1 - 1e-12;

static inline uint32_t rank_of(uint64_t key) { return (uint32_t)(key >> 32); }

// The borders behind rows [low, high] of a column's numbers leave enough rows on both sides.
typedef struct {
  size_t low, high;
} border_range;

static border_range borders(const node_view *node, const sorted_column *c, bool missing_left) {
  const size_t beside = missing_left ? c->missing : 0;
  const size_t last = c->missing && !missing_left ? c->numbers : c->numbers - 1;
  const size_t low = node->min_rows_leaf > beside ? node->min_rows_leaf - beside : 0;
  const size_t most = beside + node->min_rows_leaf;
  return (border_range){larger(low, 1), node->count > most ? smaller(last, node->count - most) : 0};
}

static void keep(const sorted_column *c, size_t border, bool missing_left, double score, node_split *best) {
  const uint32_t low = rank_of(c->keys[border - 1]);
  *best = (node_split){
      .score = score,
      .feature = c->feature,
      .low = low,
      .high = border < c->numbers ? rank_of(c->keys[border]) : low + 1,
      .left_rows = border + (missing_left ? c->missing : 0),
      .threshold = border < c->numbers ? NAN : INFINITY,
      .missing_left = missing_left,
      .has_missing = c->missing > 0,
  };
}

// Whether a border lies behind row `border` - 1, where scores are worth knowing.
static inline bool is_border(const sorted_column *c, size_t border, border_range range) {
  return border >= range.low && (border == c->numbers || rank_of(c->keys[border]) != rank_of(c->keys[border - 1]));
}

// ---- classes of whole weights: everything is counted exactly ---------------------------------------------------

static void start_whole(const node_view *node, const sorted_column *c, bool missing_left, split_space *s) {
  memset(s->left_whole, 0, node->outputs * sizeof(int64_t));
  for (size_t i = 0; missing_left && i < c->missing; i++) {
    const uint32_t info = node->info[(uint32_t)c->keys[c->numbers + i]];
    s->left_whole[info & class_mask] += info >> whole_weight_bits;
  }
  for (size_t k = 0; k < node->outputs; k++) s->right_whole[k] = (int64_t)node->totals[k] - s->left_whole[k];
}

static void walk_gini(const node_view *node, const sorted_column *c, bool missing_left, split_space *s,
                      node_split *best) {
  const border_range range = borders(node, c, missing_left);
  if (range.low > range.high) return;
  start_whole(node, c, missing_left, s);
  int64_t *restrict left = s->left_whole, *restrict right = s->right_whole;
  int64_t left_squares = 0, right_squares = 0, left_weight = 0;
  const int64_t weight = (int64_t)node->weight;
  for (size_t k = 0; k < node->outputs; k++) {
    left_squares += left[k] * left[k];
    right_squares += right[k] * right[k];
    left_weight += left[k];
  }
  for (size_t i = 0; i < range.high; i++) {
    const uint32_t info = node->info[(uint32_t)c->keys[i]], k = info & class_mask;
    const int64_t w = info >> whole_weight_bits;
    left_squares += w * (2 * left[k] + w);
    right_squares -= w * (2 * right[k] - w);
    left[k] += w;
    right[k] -= w;
    left_weight += w;
    if (!is_border(c, i + 1, range)) continue;
    const double l = (double)left_weight, r = (double)(weight - left_weight);
    const double ls = (double)left_squares, rs = (double)right_squares;
    if (ls * r + rs * l < best->score * (l * r) * margin) continue;
    if (l < node->min_weight_leaf || r < node->min_weight_leaf) continue;
    const double score = ls / l + rs / r;
    if (score > best->score) keep(c, i + 1, missing_left, score, best);
  }
}

static void walk_entropy(const node_view *node, const sorted_column *c, bool missing_left, split_space *s,
                         node_split *best) {
  const border_range range = borders(node, c, missing_left);
  if (range.low > range.high) return;
  start_whole(node, c, missing_left, s);
  int64_t *restrict left = s->left_whole, *restrict right = s->right_whole;
  const int64_t *restrict logs = node->logs;
  int64_t sum = 0, left_weight = 0;
  const int64_t weight = (int64_t)node->weight;
  for (size_t k = 0; k < node->outputs; k++) {
    sum += logs[left[k]] + logs[right[k]];
    left_weight += left[k];
  }
  for (size_t i = 0; i < range.high; i++) {
    const uint32_t info = node->info[(uint32_t)c->keys[i]], k = info & class_mask;
    const int64_t w = info >> whole_weight_bits;
    sum += logs[left[k] + w] - logs[left[k]] + logs[right[k] - w] - logs[right[k]];
    left[k] += w;
    right[k] -= w;
    left_weight += w;
    if (!is_border(c, i + 1, range)) continue;
    const double score = (double)(sum - logs[left_weight] - logs[weight - left_weight]) * node->log_unit;
    if (score <= best->score) continue;
    if ((double)left_weight < node->min_weight_leaf || (double)(weight - left_weight) < node->min_weight_leaf) continue;
    keep(c, i + 1, missing_left, score, best);
  }
}

// ---- classes of any weights ------------------------------------------------------------------------------------

static void walk_weighted(const node_view *node, const sorted_column *c, bool missing_left, split_space *s,
                          node_split *best) {
  const border_range range = borders(node, c, missing_left);
  if (range.low > range.high) return;
  memset(s->left, 0, node->outputs * sizeof(double));
  double left_weight = 0;
  for (size_t i = 0; missing_left && i < c->missing; i++) {
    const uint32_t row = (uint32_t)c->keys[c->numbers + i];
    s->left[node->info[row] & class_mask] += node->weights[row];
    left_weight += node->weights[row];
  }
  for (size_t i = 0; i < range.high; i++) {
    const uint32_t row = (uint32_t)c->keys[i];
    s->left[node->info[row] & class_mask] += node->weights[row];
    left_weight += node->weights[row];
    if (!is_border(c, i + 1, range)) continue;
    const double score = score_classes(node, s->left, left_weight);
    if (score > best->score) keep(c, i + 1, missing_left, score, best);
  }
}

static inline double log_term(double x) { return x > 0 ? x * log2(x) : 0; }

double score_classes(const node_view *node, const double *left, double left_weight) {
  const double right_weight = node->weight - left_weight;
  if (!(left_weight > 0 && right_weight > 0) || left_weight < node->min_weight_leaf ||
      right_weight < node->min_weight_leaf)
    return -INFINITY;
  double left_sum = 0, right_sum = 0;
  if (node->criterion == FARRO_TREE_GINI) {
    for (size_t k = 0; k < node->outputs; k++) {
      const double right = node->totals[k] - left[k];
      left_sum += left[k] * left[k];
      right_sum += right * right;
    }
    return left_sum / left_weight + right_sum / right_weight;
  }
  for (size_t k = 0; k < node->outputs; k++) {
    left_sum += log_term(left[k]);
    right_sum += log_term(node->totals[k] - left[k]);
  }
  return left_sum - log_term(left_weight) + (right_sum - log_term(right_weight));
}

// ---- numbers: with A what the left side's sum is above its part of all, A^2 W / (W_left W_right) is the decrease ---

static void walk_numbers(const node_view *node, const sorted_column *c, bool missing_left, node_split *best) {
  const border_range range = borders(node, c, missing_left);
  if (range.low > range.high) return;
  const int64_t *restrict numbers = node->numbers;
  const double *weights = node->weights, mean = (double)node->sums[0] / node->weight;
  int64_t left = 0;
  double left_weight = 0;
  for (size_t i = 0; missing_left && i < c->missing; i++) {
    const uint32_t row = (uint32_t)c->keys[c->numbers + i];
    left += numbers[row];
    left_weight += weights ? weights[row] : 1;
  }
  for (size_t i = 0; i < range.high; i++) {
    const uint32_t row = (uint32_t)c->keys[i];
    left += numbers[row];
    left_weight += weights ? weights[row] : 1;
    if (!is_border(c, i + 1, range)) continue;
    const double right_weight = node->weight - left_weight, above = (double)left - mean * left_weight;
    if (above * above * node->weight < best->score * (left_weight * right_weight) * margin) continue;
    const double score = score_numbers(node, &left, left_weight);
    if (score > best->score) keep(c, i + 1, missing_left, score, best);
  }
}

static void walk_several_numbers(const node_view *node, const sorted_column *c, bool missing_left, split_space *s,
                                 node_split *best) {
  const border_range range = borders(node, c, missing_left);
  if (range.low > range.high) return;
  const size_t outputs = node->outputs;
  int64_t *restrict left = s->left_whole;
  memset(left, 0, outputs * sizeof *left);
  double left_weight = 0;
  for (size_t i = 0; missing_left && i < c->missing; i++) {
    const uint32_t row = (uint32_t)c->keys[c->numbers + i];
    for (size_t o = 0; o < outputs; o++) left[o] += node->numbers[row * outputs + o];
    left_weight += node->weights ? node->weights[row] : 1;
  }
  for (size_t i = 0; i < range.high; i++) {
    const uint32_t row = (uint32_t)c->keys[i];
    for (size_t o = 0; o < outputs; o++) left[o] += node->numbers[row * outputs + o];
    left_weight += node->weights ? node->weights[row] : 1;
    if (!is_border(c, i + 1, range)) continue;
    const double score = score_numbers(node, left, left_weight);
    if (score > best->score) keep(c, i + 1, missing_left, score, best);
  }
}

double score_numbers(const node_view *node, const int64_t *left, double left_weight) {
  const double right_weight = node->weight - left_weight;
  if (!(left_weight > 0 && right_weight > 0) || left_weight < node->min_weight_leaf ||
      right_weight < node->min_weight_leaf)
    return -INFINITY;
  double sum = 0;
  for (size_t o = 0; o < node->outputs; o++) {
    const double above = (double)left[o] - (double)node->sums[o] / node->weight * left_weight;
    sum += above * above;
  }
  return sum * (node->weight / (left_weight * right_weight));
}

// ----------------------------------------------------------------------------------------------------------------

void walk_column(const node_view *node, const sorted_column *column, split_space *space, node_split *best) {
  for (int side = 0; side < (column->missing ? 2 : 1); side++) {
    if (node->criterion == FARRO_TREE_SQUARED_ERROR) {
      if (node->outputs == 1)
        walk_numbers(node, column, side == 1, best);
      else
        walk_several_numbers(node, column, side == 1, space, best);
    } else if (!node->is_whole) {
      walk_weighted(node, column, side == 1, space, best);
    } else if (node->criterion == FARRO_TREE_GINI) {
      walk_gini(node, column, side == 1, space, best);
    } else {
      walk_entropy(node, column, side == 1, space, best);
    }
  }
}
