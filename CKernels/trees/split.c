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
  const size_t keys = place(&end, round_up(larger(rows, small_rows), lanes) * sizeof(uint64_t)),
               spare = place(&end, larger(rows, small_rows) * sizeof(uint64_t)),
               ranks = place(&end, larger(rows, small_rows) * sizeof(uint32_t)),
               small = place(&end, small_rows * sizeof(uint32_t)), sides = place(&end, outputs * sizeof(double)),
               wholes = place(&end, 2 * outputs * sizeof(int64_t)), weights = place(&end, categories * sizeof(double)),
               means = place(&end, categories * outputs * sizeof(double)),
               counts = place(&end, 2 * categories * sizeof(uint32_t)),
               sums = place(&end, categories * outputs * sizeof(int64_t)), set = place(&end, words * sizeof(uint64_t));
  char *memory = farro_allocate(end);
  if (!memory) return false;
  *space = (split_space){
      .keys = (uint64_t *)(memory + keys),
      .spare = (uint64_t *)(memory + spare),
      .ranks = (uint32_t *)(memory + ranks),
      .marks = (uint32_t *)(memory + ranks),
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
static void sort_small(size_t count, split_space *s) {
  uint32_t *restrict keys = s->small;
  const size_t padded = round_up(count, 16);
  for (size_t i = 0; i < count; i++) keys[i] = s->ranks[i] << 6 | (uint32_t)i;
  for (size_t i = count; i < padded; i++) keys[i] = INT32_MAX;
  for (size_t i = 0; i < count; i++) {
    const int32_t key = (int32_t)keys[i];
    int32_t smaller_keys = 0;
    for (size_t j = 0; j < padded; j++) smaller_keys += (int32_t)keys[j] < key;
    s->keys[smaller_keys] = (uint64_t)((uint32_t)key >> 6) << 32 | i;
  }
}

static void sort_by_bytes(size_t count, uint32_t most, split_space *s) {
  uint64_t *from = s->keys, *to = s->spare;
  uint32_t counts[4][radix];
  const int passes = most < radix ? 1 : most < 1 << 16 ? 2 : most < 1 << 24 ? 3 : 4;
  memset(counts, 0, (size_t)passes * sizeof counts[0]);
  for (size_t i = 0; i < count; i++) {
    const uint32_t rank = s->ranks[i];
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

// ----------------------------------------------------------------------------------------------------------------

bool try_column(const farro_tree_table *table, const node_view *node, uint32_t feature, uint64_t random,
                split_space *space, node_split *best) {
  if (table->is_category[feature]) return try_categories(table, node, feature, random, space, best);
  if (table->elements) return try_threshold(table, node, feature, random, space, best);
  const uint32_t missing = table->distinct[feature];
  gather_ranks(table, feature, node->rows, node->count, space->ranks);
  if (node->count <= small_rows && missing < 1u << 25)
    sort_small(node->count, space);
  else
    sort_by_bytes(node->count, missing, space);
  sorted_column column = {.keys = space->keys, .numbers = node->count, .feature = feature};
  while (column.numbers > 0 && space->keys[column.numbers - 1] >> 32 == missing) column.numbers--;
  column.missing = node->count - column.numbers;
  const bool is_constant =
      column.numbers == 0 || (!column.missing && column.keys[0] >> 32 == column.keys[column.numbers - 1] >> 32);
  if (!is_constant) walk_column(node, &column, space, best);
  return !is_constant;
}
