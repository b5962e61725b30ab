// Splits of categories into two sets.
#include <math.h>
#include <string.h>

#include "trees.h"

// What a node's rows hold of each category; rows without one come last, as the category `count`.
static void add_up(const farro_tree_table *table, const node_view *node, uint32_t feature, split_space *s) {
  const size_t count = table->distinct[feature] + 1, outputs = node->outputs;
  gather_ranks(table, feature, node->rows, node->count, s->ranks);
  memset(s->category_rows, 0, count * sizeof(uint32_t));
  memset(s->category_weights, 0, count * sizeof(double));
  if (node->criterion == FARRO_TREE_SQUARED_ERROR)
    memset(s->category_sums, 0, count * outputs * sizeof(int64_t));
  else
    memset(s->category_means, 0, count * outputs * sizeof(double));
  for (size_t i = 0; i < node->count; i++) {
    const uint32_t category = s->ranks[i];
    s->category_rows[category]++;
    if (node->criterion == FARRO_TREE_SQUARED_ERROR) {
      s->category_weights[category] += node->weights ? node->weights[i] : 1;
      for (size_t o = 0; o < outputs; o++) s->category_sums[category * outputs + o] += node->numbers[i * outputs + o];
    } else {
      const double weight = node->is_whole ? (double)(node->info[i] >> whole_weight_bits) : node->weights[i];
      s->category_weights[category] += weight;
      s->category_means[category * outputs + (node->info[i] & class_mask)] += weight;
    }
  }
}

static double mean_of(const node_view *node, const split_space *s, size_t category, size_t output) {
  const size_t at = category * node->outputs + output;
  const double sum = node->criterion == FARRO_TREE_SQUARED_ERROR ? (double)s->category_sums[at] : s->category_means[at];
  return sum / s->category_weights[category];
}

// By one output's mean, then by number. D. Shell's sort with D. Knuth's gaps: categories are few.
static void sort_order(const node_view *node, const split_space *s, size_t output, uint32_t *order, size_t count) {
  size_t gap = 1;
  while (gap < count / 3) gap = 3 * gap + 1;
  for (; gap > 0; gap /= 3)
    for (size_t i = gap; i < count; i++) {
      const uint32_t moved = order[i];
      const double mean = mean_of(node, s, moved, output);
      size_t j = i;
      for (; j >= gap; j -= gap) {
        const double other = mean_of(node, s, order[j - gap], output);
        if (other < mean || (other == mean && order[j - gap] < moved)) break;
        order[j] = order[j - gap];
      }
      order[j] = moved;
    }
}

typedef struct {
  double weight;
  size_t rows;
} left_side;

static void clear_left(const node_view *node, split_space *s, left_side *left) {
  *left = (left_side){0, 0};
  if (node->criterion == FARRO_TREE_SQUARED_ERROR)
    memset(s->left_whole, 0, node->outputs * sizeof(int64_t));
  else
    memset(s->left, 0, node->outputs * sizeof(double));
}

static void move_left(const node_view *node, split_space *s, uint32_t category, left_side *left) {
  left->weight += s->category_weights[category];
  left->rows += s->category_rows[category];
  for (size_t o = 0; o < node->outputs; o++) {
    const size_t at = category * node->outputs + o;
    if (node->criterion == FARRO_TREE_SQUARED_ERROR)
      s->left_whole[o] += s->category_sums[at];
    else
      s->left[o] += s->category_means[at];
  }
}

static double score_left(const node_view *node, const split_space *s, const left_side *left) {
  if (left->rows < node->min_rows_leaf || node->count - left->rows < node->min_rows_leaf) return -INFINITY;
  return node->criterion == FARRO_TREE_SQUARED_ERROR ? score_numbers(node, s->left_whole, left->weight)
                                                     : score_classes(node, s->left, left->weight);
}

// Those of `order` before `border` go left, and what the node has not seen goes with missing values.
static void keep_set(const farro_tree_table *table, const node_view *node, uint32_t feature, const uint32_t *order,
                     size_t border, bool missing_left, const left_side *left, double score, split_space *s,
                     node_split *best) {
  const size_t count = table->distinct[feature], words = (table->most_categories + 63) / 64;
  const bool has_missing = s->category_rows[count] > 0;
  const bool others_left = has_missing ? missing_left : left->rows > node->count - left->rows;
  memset(s->set, 0, words * sizeof(uint64_t));
  for (size_t c = 0; others_left && c < 64 * words; c++)
    if (c >= count || !s->category_rows[c]) s->set[c / 64] |= (uint64_t)1 << c % 64;
  for (size_t i = 0; i < border; i++) s->set[order[i] / 64] |= (uint64_t)1 << order[i] % 64;
  *best = (node_split){.score = score,
                       .feature = feature,
                       .left_rows = left->rows,
                       .threshold = NAN,
                       .missing_left = missing_left,
                       .is_set = true,
                       .has_missing = has_missing};
}

bool try_categories(const farro_tree_table *table, const node_view *node, uint32_t feature, uint64_t random,
                    split_space *s, node_split *best) {
  add_up(table, node, feature, s);
  const uint32_t missing = table->distinct[feature];
  uint32_t *order = s->category_order;
  size_t present = 0;
  for (uint32_t c = 0; c < missing; c++)
    if (s->category_rows[c]) order[present++] = c;
  const bool has_missing = s->category_rows[missing] > 0;
  left_side left;
  if (table->elements) {
    if (present < 2) return false;
    // A random set, and one category more or less where it is all or none.
    size_t taken = 0;
    for (size_t i = 0; i < present; i++)
      if (mix(random + order[i]) >> 63) {
        const uint32_t category = order[i];
        order[i] = order[taken];
        order[taken++] = category;
      }
    if (taken == 0 || taken == present) {
      const size_t moved = below(random, (uint32_t)present);
      const uint32_t category = order[moved];
      const size_t to = taken == 0 ? 0 : present - 1;
      order[moved] = order[to];
      order[to] = category;
      taken = taken == 0 ? 1 : present - 1;
    }
    const bool missing_left = has_missing && (random & 1);
    clear_left(node, s, &left);
    for (size_t i = 0; i < taken; i++) move_left(node, s, order[i], &left);
    if (missing_left) move_left(node, s, missing, &left);
    const double score = score_left(node, s, &left);
    if (score > best->score) keep_set(table, node, feature, order, taken, missing_left, &left, score, s, best);
    return true;
  }
  if (present < 2 && !(present == 1 && has_missing)) return false;
  const bool is_binary = node->criterion != FARRO_TREE_SQUARED_ERROR && node->outputs == 2;
  for (size_t output = is_binary ? 1 : 0; output < node->outputs; output++) {
    sort_order(node, s, output, order, present);
    for (int side = 0; side < (has_missing ? 2 : 1); side++) {
      clear_left(node, s, &left);
      if (side == 1) move_left(node, s, missing, &left);
      const size_t last = has_missing && side == 0 ? present : present - 1;
      for (size_t border = 1; border <= last; border++) {
        move_left(node, s, order[border - 1], &left);
        const double score = score_left(node, s, &left);
        if (score > best->score) keep_set(table, node, feature, order, border, side == 1, &left, score, s, best);
      }
    }
  }
  return true;
}
