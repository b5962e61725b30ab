// A node's rows on two sides of a threshold or of a set: one that is drawn at random, or the best.
#include <math.h>
#include <string.h>

#include "trees.h"

#include "runtime/sizes.h"

void gather_ranks(const farro_tree_table *table, uint32_t feature, const uint32_t *restrict rows, size_t count,
                  uint32_t *restrict ranks) {
  const size_t start = (size_t)feature * table->n;
  if (table->elements) {
    for (size_t i = 0; i < count; i++) {
      const size_t at = start + rows[i];
      const double value = table->is_single ? (double)((const float *)table->elements)[at] //
                                            : ((const double *)table->elements)[at];
      ranks[i] = value == value ? (uint32_t)value : table->distinct[feature];
    }
  } else if (table->is_narrow) {
    const uint16_t *column = (const uint16_t *)table->ranks + start;
    for (size_t i = 0; i < count; i++) ranks[i] = column[rows[i]];
  } else {
    const uint32_t *column = (const uint32_t *)table->ranks + start;
    for (size_t i = 0; i < count; i++) ranks[i] = column[rows[i]];
  }
}

// ---- a column's elements ---------------------------------------------------------------------------------------

// What a node's rows have in a column; `is_constant` also where but one value and missing ones occur.
typedef struct {
  double low, high;
  bool is_constant, has_missing;
} column_range;

// Lanes beside each other, so that vectors do what one minimum after the other would wait for. Behind the last element
// come missing ones, which are neither less nor greater.
#define ELEMENTS(type, scalar)                                                                                         \
  static void gather_##type(const farro_tree_table *table, uint32_t feature, const uint32_t *restrict rows,            \
                            size_t count, scalar *restrict values) {                                                   \
    const scalar *column = (const scalar *)table->elements + (size_t)feature * table->n;                               \
    for (size_t i = 0; i < count; i++) values[i] = column[rows[i]];                                                    \
  }                                                                                                                    \
  static column_range range_##type(scalar *restrict values, size_t count) {                                            \
    scalar low[lanes], high[lanes];                                                                                    \
    const scalar last = values[count - 1];                                                                             \
    uint32_t missing = 0;                                                                                              \
    for (size_t k = 0; k < lanes; k++) low[k] = (scalar)INFINITY, high[k] = (scalar) - INFINITY;                       \
    for (size_t i = count; i % lanes; i++) values[i] = last;                                                           \
    for (size_t i = 0; i < count; i += lanes)                                                                          \
      for (size_t k = 0; k < lanes; k++) {                                                                             \
        const scalar value = values[i + k];                                                                            \
        low[k] = value < low[k] ? value : low[k];                                                                      \
        high[k] = value > high[k] ? value : high[k];                                                                   \
      }                                                                                                                \
    for (size_t i = 0; i < count; i++) missing |= (uint32_t)(values[i] != values[i]);                                  \
    for (size_t k = 1; k < lanes; k++) {                                                                               \
      low[0] = low[k] < low[0] ? low[k] : low[0];                                                                      \
      high[0] = high[k] > high[0] ? high[k] : high[0];                                                                 \
    }                                                                                                                  \
    return (column_range){(double)low[0], (double)high[0], !(low[0] < high[0]), missing != 0};                         \
  }                                                                                                                    \
  static void mark_##type(const scalar *restrict values, size_t count, const node_split *split,                        \
                          uint32_t *restrict marks) {                                                                  \
    const scalar threshold = (scalar)split->threshold;                                                                 \
    const uint32_t missing = split->missing_left;                                                                      \
    for (size_t i = 0; i < count; i++)                                                                                 \
      marks[i] = (uint32_t)(values[i] <= threshold) | ((uint32_t)(values[i] != values[i]) & missing);                  \
  }

ELEMENTS(f32, float)
ELEMENTS(f64, double)

// Halfway between the values beside the border, unless values of the lower rank may lie there; they are below all of
// the upper one's. Which of a rank's values are taken makes no difference but rounding.
static double threshold_of(const farro_tree_table *table, const node_split *split, const uint32_t *rows,
                           const uint32_t *ranks, size_t count) {
  size_t low_at = 0, high_at = 0;
  while (low_at + 1 < count && ranks[low_at] != split->low) low_at++;
  while (high_at + 1 < count && ranks[high_at] != split->high) high_at++;
  const double low = value_of(table, split->feature, rows[low_at]);
  double high = value_of(table, split->feature, rows[high_at]);
  const double width = fmax(fabs(low), fabs(high)) * table->rounding;
  if (high - low > 4 * width) return low / 2 + high / 2;
  for (size_t i = high_at; i < count; i++)
    if (ranks[i] == split->high) high = fmin(high, value_of(table, split->feature, rows[i]));
  return nextafter(high, -INFINITY);
}

void mark_left(const farro_tree_table *table, node_split *split, const uint32_t *rows, size_t count, split_space *s) {
  if (table->elements && !split->is_set) {
    if (table->is_single) {
      gather_f32(table, split->feature, rows, count, (float *)s->keys);
      mark_f32((const float *)s->keys, count, split, s->marks);
    } else {
      gather_f64(table, split->feature, rows, count, (double *)s->keys);
      mark_f64((const double *)s->keys, count, split, s->marks);
    }
    return;
  }
  const uint32_t missing = table->distinct[split->feature];
  uint32_t *restrict marks = s->marks; // of a rank each, until it is a mark
  gather_ranks(table, split->feature, rows, count, marks);
  if (!split->is_set && split->threshold != split->threshold)
    split->threshold = threshold_of(table, split, rows, marks, count);
  for (size_t i = 0; split->is_set && i < count; i++)
    marks[i] = marks[i] == missing ? split->missing_left : s->set[marks[i] / 64] >> marks[i] % 64 & 1;
  for (size_t i = 0; !split->is_set && i < count; i++)
    marks[i] = ((marks[i] <= split->low) & (marks[i] != missing)) | ((marks[i] == missing) & split->missing_left);
}

// ---- what goes left --------------------------------------------------------------------------------------------

// Classes of whole weights: rows stand in the order of their classes, so that a class has the difference of two sums.
// No row waits for another's counter, as it does where rows in a row are of one class.
static size_t add_whole(const node_view *node, split_space *s, double *weight) {
  uint64_t *restrict sums = s->spare, sum = 0;
  const uint32_t *restrict is_left = s->marks;
  size_t rows = 0;
  if (node->weight == (double)node->count) {
    for (size_t i = 0; i < node->count; i++) sums[i] = sum += is_left[i];
    rows = sum;
  } else {
    for (size_t i = 0; i < node->count; i++) {
      const uint32_t moved = is_left[i];
      rows += moved;
      sums[i] = sum += node->info[i] >> whole_weight_bits & -moved;
    }
  }
  uint64_t before = 0;
  for (size_t k = 0; k < node->outputs; k++) {
    const uint64_t until = node->ends[k] ? sums[node->ends[k] - 1] : 0;
    s->left[k] = (double)(until - before);
    before = until;
  }
  *weight = (double)sum;
  return rows;
}

static size_t add_weighted(const node_view *node, split_space *s, double *weight) {
  memset(s->left, 0, node->outputs * sizeof(double));
  double all = 0;
  size_t rows = 0;
  for (size_t i = 0; i < node->count; i++) {
    const bool moved = s->marks[i];
    s->left[node->info[i] & class_mask] += node->weights[i] * moved;
    all += node->weights[i] * moved;
    rows += moved;
  }
  *weight = all;
  return rows;
}

static size_t add_numbers(const node_view *node, split_space *s, double *weight) {
  const size_t outputs = node->outputs;
  memset(s->left_whole, 0, outputs * sizeof(int64_t));
  double all = 0;
  size_t rows = 0;
  for (size_t i = 0; i < node->count; i++) {
    const bool moved = s->marks[i];
    all += (node->weights ? node->weights[i] : 1) * moved;
    rows += moved;
    for (size_t o = 0; o < outputs; o++) s->left_whole[o] += node->numbers[i * outputs + o] & -(int64_t)moved;
  }
  *weight = all;
  return rows;
}

// ---- a random threshold ----------------------------------------------------------------------------------------

bool try_threshold(const farro_tree_table *table, const node_view *node, uint32_t feature, uint64_t random,
                   split_space *s, node_split *best) {
  column_range range;
  if (table->is_single) {
    gather_f32(table, feature, node->rows, node->count, (float *)s->keys);
    range = range_f32((float *)s->keys, node->count);
  } else {
    gather_f64(table, feature, node->rows, node->count, (double *)s->keys);
    range = range_f64((double *)s->keys, node->count);
  }
  if (range.is_constant) return false;
  // Halves, so that the width of no range overflows; of the rows' type, so that every walk compares the same.
  const double part = (double)(random >> 11) * 0x1p-53, half = range.high / 2 - range.low / 2;
  const double drawn = range.low + half * part + half * part;
  const double threshold = table->is_single ? (double)(float)drawn : drawn;
  node_split split = {.feature = feature,
                      .threshold = threshold < range.high ? threshold : range.low,
                      .missing_left = range.has_missing && (random & 1),
                      .has_missing = range.has_missing};
  if (table->is_single)
    mark_f32((const float *)s->keys, node->count, &split, s->marks);
  else
    mark_f64((const double *)s->keys, node->count, &split, s->marks);
  const bool has_numbers = node->criterion == FARRO_TREE_SQUARED_ERROR;
  double weight;
  split.left_rows = has_numbers      ? add_numbers(node, s, &weight)
                    : node->is_whole ? add_whole(node, s, &weight)
                                     : add_weighted(node, s, &weight);
  if (split.left_rows < node->min_rows_leaf || node->count - split.left_rows < node->min_rows_leaf) return true;
  split.score = has_numbers ? score_numbers(node, s->left_whole, weight) : score_classes(node, s->left, weight);
  if (split.score > best->score) *best = split;
  return true;
}
