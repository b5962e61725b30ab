// A node of a tree: what its rows have in common, its best split, and its rows parted by it.
#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "node.h"

#include "runtime/sizes.h"

enum { most_ranges = 16, rows_worth_asking = 256 };

// Rough speed of one thread, to decide about waking others.
static const double element_nanoseconds = 10;

static size_t place(size_t *end, size_t bytes) {
  const size_t begin = *end;
  *end += round_up(bytes, 64);
  return begin;
}

bool node_space_create(node_space *space, const tree_problem *p, size_t rows) {
  const bool has_classes = p->criterion != FARRO_TREE_SQUARED_ERROR;
  size_t end = 0;
  const size_t info = place(&end, rows * sizeof(uint32_t)), columns = place(&end, 2 * p->table->d * sizeof(uint32_t)),
               weights = place(&end, p->is_whole ? 0 : rows * sizeof(double)),
               totals = place(&end, p->outputs * sizeof(double)),
               numbers = place(&end, has_classes ? 0 : rows * p->outputs * sizeof(int64_t)),
               sums = place(&end, p->outputs * sizeof(int64_t)), ends = place(&end, p->outputs * sizeof(uint32_t));
  if (!split_space_create(&space->split, rows, p->outputs, p->table->most_categories + 1)) return false;
  char *memory = farro_allocate(end);
  if (!memory) {
    split_space_release(&space->split);
    return false;
  }
  space->info = (uint32_t *)(memory + info);
  space->columns = (uint32_t *)(memory + columns);
  space->swaps = space->columns + p->table->d;
  space->weights = (double *)(memory + weights);
  space->totals = (double *)(memory + totals);
  space->numbers = (int64_t *)(memory + numbers);
  space->sums = (int64_t *)(memory + sums);
  space->ends = (uint32_t *)(memory + ends);
  space->memory = memory;
  space->bytes = end;
  for (size_t f = 0; f < p->table->d; f++) space->columns[f] = (uint32_t)f;
  return true;
}

void node_space_release(node_space *space) {
  split_space_release(&space->split);
  farro_release(space->memory, space->bytes);
}

// ---- what the rows are -----------------------------------------------------------------------------------------

// Copies what the walks need, adds it up, and answers the impurity; values go to `values`.
static double gather_classes(const tree_rows *r, node_space *space, node_view *view, double *values) {
  memset(space->totals, 0, view->outputs * sizeof(double));
  memset(space->ends, 0, view->outputs * sizeof(uint32_t));
  double all = 0;
  for (size_t i = 0; i < view->count; i++) {
    const uint32_t row = view->rows[i], info = r->info[row];
    const double weight = view->is_whole ? (double)(info >> whole_weight_bits) : r->weights[row];
    space->info[i] = info;
    if (!view->is_whole) space->weights[i] = weight;
    space->totals[info & class_mask] += weight;
    space->ends[info & class_mask]++;
    all += weight;
  }
  view->weight = all;
  double squares = 0, logs = 0;
  uint32_t end = 0;
  for (size_t k = 0; k < view->outputs; k++) {
    end = space->ends[k] += end;
    const double part = space->totals[k] / all;
    values[k] = part;
    squares += space->totals[k] * space->totals[k];
    if (part > 0) logs -= part * log2(part);
  }
  return view->criterion == FARRO_TREE_GINI ? fmax(0, 1 - squares / (all * all)) : logs;
}

static double gather_numbers(const tree_rows *r, node_space *space, node_view *view, double *values) {
  const tree_problem *p = r->problem;
  const size_t outputs = view->outputs;
  memset(space->sums, 0, outputs * sizeof(int64_t));
  memset(values, 0, outputs * sizeof(double));
  view->weights = r->weights ? space->weights : NULL;
  double all = 0;
  for (size_t i = 0; i < view->count; i++) {
    const uint32_t row = view->rows[i];
    const double weight = r->weights ? r->weights[row] : 1;
    if (r->weights) space->weights[i] = weight;
    all += weight;
    for (size_t o = 0; o < outputs; o++) {
      const int64_t number = r->numbers[row * outputs + o];
      space->numbers[i * outputs + o] = number;
      space->sums[o] += number;
      values[o] += weight * p->y[row * outputs + o];
    }
  }
  view->weight = all;
  double squares = 0;
  for (size_t o = 0; o < outputs; o++) {
    values[o] /= all;
    for (size_t i = 0; i < view->count; i++) {
      const double beside = p->y[view->rows[i] * outputs + o] - values[o];
      squares += (r->weights ? space->weights[i] : 1) * beside * beside;
    }
    values[o] *= p->scale_back;
  }
  return squares / all / (double)outputs;
}

// The decrease of impurity by a split, times the part of all weight that the node has.
static double gain_of(const tree_rows *r, const node_view *view, double impurity, double score) {
  double decrease = 0;
  switch (view->criterion) {
  case FARRO_TREE_GINI: // the score is the sum of squares of both sides, each divided by its weight
    decrease = score - (1 - impurity) * view->weight;
    break;
  case FARRO_TREE_ENTROPY:
    decrease = score + impurity * view->weight;
    break;
  case FARRO_TREE_SQUARED_ERROR:
    decrease = score / r->unit / r->unit / (double)view->outputs;
    break;
  }
  return decrease / r->all_weight;
}

// ---- which column ----------------------------------------------------------------------------------------------

typedef struct {
  const tree_problem *problem;
  const node_view *view;
  uint64_t key;
  const uint32_t *columns;
  size_t grain, words;
  node_split *best; // of each range
  uint64_t *sets;
  atomic_bool differs, failed;
} column_work;

static bool try_columns(const tree_problem *p, const node_view *view, uint64_t key, const uint32_t *columns,
                        size_t count, split_space *space, node_split *best) {
  bool differs = false;
  for (size_t c = 0; c < count; c++) {
    const uint64_t random = p->table->elements ? mix(key ^ mix(columns[c])) : 0;
    differs |= try_column(p->table, view, columns[c], random, space, best);
  }
  return differs;
}

static void try_range(void *context, size_t first, size_t last) {
  column_work *w = context;
  const size_t range = first / w->grain;
  split_space space;
  if (!split_space_create(&space, w->view->count, w->view->outputs, w->problem->table->most_categories + 1)) {
    w->failed = true;
    return;
  }
  node_split best = {.score = -INFINITY};
  if (try_columns(w->problem, w->view, w->key, w->columns + first, last - first, &space, &best)) w->differs = true;
  w->best[range] = best;
  if (best.is_set) memcpy(w->sets + range * w->words, space.set, w->words * sizeof(uint64_t));
  split_space_release(&space);
}

// The same with a thread for some columns: the first of the best in their order is found either way.
static bool try_columns_apart(const tree_problem *p, const node_view *view, uint64_t key, const uint32_t *columns,
                              size_t count, split_space *space, node_split *best, bool *differs) {
  const size_t grain = ceil_divide(count, most_ranges), ranges = ceil_divide(count, grain);
  const size_t words = ceil_divide(p->table->most_categories, 64);
  node_split results[most_ranges];
  uint64_t *sets = farro_allocate(ranges * words * sizeof *sets);
  if (!sets) return false;
  column_work work = {.problem = p, .view = view, .key = key, .columns = columns, .grain = grain, .words = words};
  work.best = results, work.sets = sets;
  farro_parallel_for(count, grain, (double)view->count * (double)count * element_nanoseconds, try_range, &work);
  for (size_t i = 0; i < ranges && !work.failed; i++) {
    if (!(results[i].score > best->score)) continue;
    *best = results[i];
    if (best->is_set) memcpy(space->set, sets + i * words, words * sizeof *sets);
  }
  farro_release(sets, ranges * words * sizeof *sets);
  *differs = work.differs;
  return !work.failed;
}

// As many columns as are asked for, drawn without putting back, and as many more as it takes to find one that differs.
static bool find_split(const tree_problem *p, const node_view *view, uint64_t key, bool is_alone, node_space *space,
                       node_split *best) {
  const size_t d = p->table->d, wanted = p->options.max_features;
  uint32_t *columns = space->columns;
  size_t drawn = 0;
  for (; wanted < d && drawn < wanted; drawn++) {
    const size_t j = drawn + below(mix(key + drawn), (uint32_t)(d - drawn));
    const uint32_t column = columns[j];
    columns[j] = columns[drawn];
    columns[drawn] = column;
    space->swaps[drawn] = (uint32_t)j;
  }
  bool differs, is_done = true;
  if (is_alone && view->count * wanted >= 1 << 15)
    is_done = try_columns_apart(p, view, key, columns, wanted, &space->split, best, &differs);
  else
    differs = try_columns(p, view, key, columns, wanted, &space->split, best);
  for (; is_done && wanted < d && !differs && drawn < d; drawn++) {
    const size_t j = drawn + below(mix(key + drawn), (uint32_t)(d - drawn));
    const uint32_t column = columns[j];
    columns[j] = columns[drawn];
    columns[drawn] = column;
    space->swaps[drawn] = (uint32_t)j;
    differs = try_columns(p, view, key, columns + drawn, 1, &space->split, best);
  }
  while (drawn-- > 0 && wanted < d) {
    const uint32_t column = columns[drawn];
    columns[drawn] = columns[space->swaps[drawn]];
    columns[space->swaps[drawn]] = column;
  }
  return is_done;
}

// ---- the split -------------------------------------------------------------------------------------------------

// Rows that go left first, both sides in their order.
static size_t part_rows(const farro_tree_table *table, node_split *split, uint32_t *rows, size_t count,
                        split_space *space) {
  mark_left(table, split, rows, count, space);
  const uint32_t *marks = space->marks;
  uint32_t *spare = (uint32_t *)space->spare;
  size_t left = 0, right = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t row = rows[i];
    rows[left] = row;
    spare[right] = row;
    left += marks[i];
    right += 1 - marks[i];
  }
  memcpy(rows + left, spare, right * sizeof *rows);
  return left;
}

// Not asked for small nodes, where that would take longer than they do; but for each tree, of which there may be many.
static bool is_cancelled(const tree_problem *p, const node_item *item) {
  if ((item->count < rows_worth_asking && item->depth > 0) || !p->options.is_cancelled) return false;
  if (!*p->cancelled && p->options.is_cancelled()) *p->cancelled = true;
  return *p->cancelled;
}

bool make_node(tree_rows *r, tree_draft *draft, node_space *space, const node_item *item, bool is_alone,
               size_t *left_rows, double *gain) {
  const tree_problem *p = r->problem;
  const farro_tree_options *o = &p->options;
  if (is_cancelled(p, item)) return false;
  uint32_t *rows = r->rows + item->start;
  node_view view = {
      .criterion = p->criterion,
      .is_whole = p->is_whole,
      .outputs = p->outputs,
      .rows = rows,
      .count = item->count,
      .min_rows_leaf = o->min_rows_leaf,
      .min_weight_leaf = o->min_leaf_weight * r->all_weight,
      .info = space->info,
      .ends = space->ends,
      .weights = space->weights,
      .numbers = space->numbers,
      .totals = space->totals,
      .sums = space->sums,
      .logs = p->logs,
      .log_unit = p->log_unit,
  };
  double *values = draft->values + item->node * draft->outputs;
  const bool has_classes = p->criterion != FARRO_TREE_SQUARED_ERROR;
  const double impurity =
      has_classes ? gather_classes(r, space, &view, values) : gather_numbers(r, space, &view, values);
  tree_node *node = draft->nodes + item->node;
  node->rows = (int32_t)item->count;
  node->weight = view.weight;
  node->impurity = has_classes ? impurity : impurity * p->scale_back * p->scale_back;
  if (item->depth == 0) r->pure = has_classes ? DBL_EPSILON : DBL_EPSILON * impurity;
  *left_rows = 0;
  if (item->depth >= o->max_depth || item->count < o->min_rows_split || item->count / 2 < o->min_rows_leaf ||
      view.weight < 2 * view.min_weight_leaf || impurity <= r->pure)
    return true;
  node_split best = {.score = -INFINITY};
  if (!find_split(p, &view, item->key, is_alone, space, &best)) return false;
  if (best.score == -INFINITY) return true;
  *gain = gain_of(r, &view, impurity, best.score);
  if (*gain * (has_classes ? 1 : p->scale_back * p->scale_back) + DBL_EPSILON < o->min_decrease) return true;
  if (best.is_set && !draft_add_set(draft, space->split.set, &node->set)) return false;
  node->feature = (int32_t)best.feature;
  node->missing_left = best.has_missing ? best.missing_left : best.left_rows > item->count - best.left_rows;
  *left_rows = part_rows(p->table, &best, rows, item->count, &space->split);
  node->threshold = best.is_set ? 0 : best.threshold;
  return true;
}
