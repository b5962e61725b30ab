// The best split of a node by one column: its rows are sorted by rank and walked, or one threshold is drawn.
#include <math.h>
#include <string.h>

#include "trees.h"

#include "runtime/dispatch.h"
#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

enum { radix_bits = 8, radix = 1 << radix_bits };

// Every part begins on a line of the cache.
static size_t place(size_t *end, size_t bytes) {
  const size_t begin = *end;
  *end += round_up(bytes, 64);
  return begin;
}

bool split_space_create(split_space *space, size_t rows, size_t outputs, size_t categories) {
  const size_t words = ceil_divide(categories, 64);
  size_t end = 0;
  const size_t keys = place(&end, larger(rows, small_rows) * sizeof(uint64_t)),
               spare = place(&end, larger(rows, small_rows) * sizeof(uint64_t)),
               small = place(&end, 2 * small_rows * sizeof(uint32_t)), sides = place(&end, outputs * sizeof(double)),
               wholes = place(&end, 2 * outputs * sizeof(int64_t)), weights = place(&end, categories * sizeof(double)),
               means = place(&end, categories * outputs * sizeof(double)),
               counts = place(&end, 2 * categories * sizeof(uint32_t)),
               sums = place(&end, categories * outputs * sizeof(int64_t)), set = place(&end, words * sizeof(uint64_t));
  char *memory = farro_allocate(end);
  if (!memory) return false;
  *space = (split_space){
      .keys = (uint64_t *)(memory + keys),
      .spare = (uint64_t *)(memory + spare),
      .small = (uint32_t *)(memory + small),
      .left = (double *)(memory + sides),
      .left_whole = (int64_t *)(memory + wholes),
      .category_weights = (double *)(memory + weights),
      .category_means = (double *)(memory + means),
      .category_rows = (uint32_t *)(memory + counts),
      .category_sums = (int64_t *)(memory + sums),
      .set = (uint64_t *)(memory + set),
      .memory = memory,
      .bytes = end,
  };
  space->right_whole = space->left_whole + outputs;
  space->category_order = space->category_rows + categories;
  return true;
}

void split_space_release(split_space *space) { farro_release(space->memory, space->bytes); }

// ---- sorting ---------------------------------------------------------------------------------------------------

// Each key's place is the number of smaller ones; no two are equal, as the lowest bits are the row. 64 rows take 64
// comparisons each, of which a vector does many.
static void sort_small(const uint32_t *ranks, const uint32_t *rows, size_t count, split_space *s) {
  uint32_t *restrict keys = s->small;
  const size_t padded = round_up(count, 16);
  for (size_t i = 0; i < count; i++) keys[i] = ranks[rows[i]] << 6 | (uint32_t)i;
  for (size_t i = count; i < padded; i++) keys[i] = INT32_MAX;
  for (size_t i = 0; i < count; i++) {
    const int32_t key = (int32_t)keys[i];
    int32_t smaller_keys = 0;
    for (size_t j = 0; j < padded; j++) smaller_keys += (int32_t)keys[j] < key;
    s->keys[smaller_keys] = (uint64_t)((uint32_t)key >> 6) << 32 | i;
  }
}

static void sort_by_bytes(const uint32_t *ranks, const uint32_t *rows, size_t count, uint32_t most, split_space *s) {
  uint64_t *from = s->keys, *to = s->spare;
  uint32_t counts[4][radix];
  const int passes = most < radix ? 1 : most < 1 << 16 ? 2 : most < 1 << 24 ? 3 : 4;
  memset(counts, 0, (size_t)passes * sizeof counts[0]);
  for (size_t i = 0; i < count; i++) {
    const uint32_t rank = ranks[rows[i]];
    from[i] = (uint64_t)rank << 32 | i;
    counts[0][rank & (radix - 1)]++;
    if (passes > 1) counts[1][rank >> 8 & (radix - 1)]++;
    for (int p = 2; p < passes; p++) counts[p][rank >> (p * radix_bits) & (radix - 1)]++;
  }
  for (int p = 0; p < passes; p++) {
    const int shift = 32 + p * radix_bits;
    if (counts[p][from[0] >> shift & (radix - 1)] == count) continue;
    uint32_t sum = 0;
    for (size_t b = 0; b < radix; b++) {
      const uint32_t here = counts[p][b];
      counts[p][b] = sum;
      sum += here;
    }
    for (size_t i = 0; i < count; i++) to[counts[p][from[i] >> shift & (radix - 1)]++] = from[i];
    uint64_t *const swapped = from;
    from = to;
    to = swapped;
  }
  s->keys = from;
  s->spare = to;
}

// ---- one threshold ---------------------------------------------------------------------------------------------

// The rank of the greatest value that is not above a threshold, of the node's ranks from `low` to below `high`. The
// values of a few rows are looked up side by side; a search by halves waits for one after the other.
static uint32_t rank_at(const double *values, const uint32_t *own, size_t count, uint32_t low, uint32_t high,
                        double threshold) {
  if (count <= small_rows) {
    for (size_t i = 0; i < count; i++) {
      const uint32_t rank = own[i] < high ? own[i] : low; // missing values have no value
      const uint32_t known = values[rank] <= threshold ? rank : low;
      low = known > low ? known : low;
    }
    return low;
  }
  uint32_t width = high - low;
  while (width > 1) {
    const uint32_t half = width / 2;
    low = values[low + half] <= threshold ? low + half : low;
    width -= half;
  }
  return low;
}

// What goes left, without a branch for a row: of two rows in a row, nothing is known.
static double score_left(const node_view *node, const uint8_t *is_left, split_space *s) {
  const size_t outputs = node->outputs;
  double weight = 0;
  if (node->criterion == FARRO_TREE_SQUARED_ERROR) {
    memset(s->left_whole, 0, outputs * sizeof(int64_t));
    for (size_t i = 0; i < node->count; i++) {
      const int64_t mask = -(int64_t)is_left[i];
      weight += (node->weights ? node->weights[i] : 1) * is_left[i];
      for (size_t o = 0; o < outputs; o++) s->left_whole[o] += node->numbers[i * outputs + o] & mask;
    }
    return score_numbers(node, s->left_whole, weight);
  }
  memset(s->left, 0, outputs * sizeof(double));
  if (node->is_whole) {
    memset(s->left_whole, 0, outputs * sizeof(int64_t));
    for (size_t i = 0; i < node->count; i++)
      s->left_whole[node->info[i] & class_mask] += (node->info[i] >> whole_weight_bits) & -(uint32_t)is_left[i];
    for (size_t k = 0; k < outputs; k++) weight += s->left[k] = (double)s->left_whole[k];
  } else {
    for (size_t i = 0; i < node->count; i++) {
      s->left[node->info[i] & class_mask] += node->weights[i] * is_left[i];
      weight += node->weights[i] * is_left[i];
    }
  }
  return score_classes(node, s->left, weight);
}

static bool try_threshold(const farro_tree_table *table, const node_view *node, uint32_t feature, uint64_t random,
                          split_space *s, node_split *best) {
  const uint32_t *ranks = table->ranks + (size_t)feature * table->n, missing_rank = table->distinct[feature];
  uint32_t low = UINT32_MAX, high = 0, *own = (uint32_t *)s->keys;
  size_t missing = 0, left_rows = 0;
  for (size_t i = 0; i < node->count; i++) {
    const uint32_t rank = ranks[node->rows[i]], known = rank & -(uint32_t)(rank != missing_rank);
    own[i] = rank;
    missing += rank == missing_rank;
    low = rank < low ? rank : low;
    high = known > high ? known : high;
  }
  if (missing == node->count || low == high) return false;
  const double *values = table->values + table->starts[feature];
  // Halves, so that the width of no range overflows.
  const double part = (double)(random >> 11) * 0x1p-53, half = values[high] / 2 - values[low] / 2;
  const double drawn = values[low] + half * part + half * part;
  const double threshold = drawn < values[high] ? drawn : values[low];
  const uint32_t at = rank_at(values, own, node->count, low, high, threshold);
  const bool missing_left = missing > 0 && (random & 1);
  const uint32_t also = missing_left ? missing_rank : at; // which rank goes left besides
  uint8_t *is_left = (uint8_t *)s->spare;
  for (size_t i = 0; i < node->count; i++) {
    is_left[i] = (own[i] <= at) | (own[i] == also);
    left_rows += is_left[i];
  }
  if (left_rows < node->min_rows_leaf || node->count - left_rows < node->min_rows_leaf) return true;
  const double score = score_left(node, is_left, s);
  if (!(score > best->score)) return true;
  *best = (node_split){.score = score,
                       .feature = feature,
                       .low = at,
                       .high = at + 1,
                       .left_rows = left_rows,
                       .threshold = threshold,
                       .missing_left = missing_left,
                       .has_missing = missing > 0};
  return true;
}

// ----------------------------------------------------------------------------------------------------------------

bool try_column(const farro_tree_table *table, const node_view *node, uint32_t feature, bool random_threshold,
                uint64_t random, split_space *space, node_split *best) {
  if (table->is_category[feature]) return try_categories(table, node, feature, random_threshold, random, space, best);
  if (random_threshold) return try_threshold(table, node, feature, random, space, best);
  const uint32_t *ranks = table->ranks + (size_t)feature * table->n, missing = table->distinct[feature];
  if (node->count <= small_rows && missing < 1u << 25)
    sort_small(ranks, node->rows, node->count, space);
  else
    sort_by_bytes(ranks, node->rows, node->count, missing, space);
  sorted_column column = {.keys = space->keys, .numbers = node->count, .feature = feature};
  while (column.numbers > 0 && space->keys[column.numbers - 1] >> 32 == missing) column.numbers--;
  column.missing = node->count - column.numbers;
  const bool is_constant =
      column.numbers == 0 || (!column.missing && column.keys[0] >> 32 == column.keys[column.numbers - 1] >> 32);
  if (!is_constant) walk_column(node, &column, space, best);
  return !is_constant;
}
