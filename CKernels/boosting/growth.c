// One tree: leaves are split, the one with the largest gain first, until a limit is met.
#include <float.h>
#include <string.h>

#include "boosting.h"

#include "runtime/sizes.h"

static const double partition_nanoseconds = 2, gather_nanoseconds = 1.5;

// ---- gradients as integers ----

typedef struct {
  const farro_booster *b;
  boosting_tree *t;
  size_t first;  // of the leaf's rows
  int64_t *sums; // (blocks, 2), or NULL
} gather_work;

// The nearest integer of |x| < 2^51.
static inline int64_t nearest(double x) {
  const double shift = 0x1.8p52, sum = x + shift;
  int64_t bits, base;
  memcpy(&bits, &sum, sizeof bits), memcpy(&base, &shift, sizeof base);
  return bits - base;
}

// Brings the gradients of a leaf's rows together, in their order.
static void gather_rows(void *context, size_t first, size_t last) {
  const gather_work *w = context;
  const boosting_tree *t = w->t;
  const float *g = w->b->g + t->class * w->b->pitch, *h = w->b->h + t->class * w->b->pitch;
  const uint32_t *rows = t->rows + w->first;
  int64_t g_sum = 0, h_sum = 0;
  for (size_t i = first; i < last; i++) {
    const int64_t gradient = nearest((double)g[rows[i]] * t->g_scale);
    g_sum += gradient;
    if (w->b->constant_hessian) {
      ((int64_t *)t->ordered)[i] = gradient * 65536 + 1;
    } else {
      const int64_t hessian = nearest((double)h[rows[i]] * t->h_scale);
      h_sum += hessian;
      ((boosting_pair *)t->ordered)[i] = (boosting_pair){gradient * 65536 + 1, hessian};
    }
  }
  if (w->sums) w->sums[2 * (first / boosting_block)] = g_sum, w->sums[2 * (first / boosting_block) + 1] = h_sum;
}

static void gather(const farro_booster *b, boosting_tree *t, const boosting_leaf *leaf, int64_t *sums) {
  gather_work w = {.b = b, .t = t, .first = leaf->first, .sums = sums};
  farro_parallel_for(leaf->count, boosting_block, gather_nanoseconds * (double)leaf->count, gather_rows, &w);
}

// The power of two that brings numbers up to `largest` within so many bits; 1 where all are 0 in single precision.
static double scale_for(double largest, int bits) {
  int exponent;
  frexp(largest, &exponent);
  return largest < (double)FLT_TRUE_MIN ? 1 : ldexp(1, bits - exponent);
}

// All rows, in one leaf.
static void begin_root(const farro_booster *b, boosting_tree *t, int64_t *sums, boosting_leaf *root) {
  t->g_scale = scale_for(b->g_largest[t->class], b->g_bits), t->g_unit = 1 / t->g_scale;
  t->h_scale = scale_for(b->h_largest[t->class], b->h_bits), t->h_unit = 1 / t->h_scale;
  for (size_t i = 0; i < root->count; i++) t->rows[i] = (uint32_t)i;
  gather(b, t, root, sums);
  int64_t g = 0, h = 0;
  for (size_t i = 0; i < ceil_divide(root->count, boosting_block); i++) g += sums[2 * i], h += sums[2 * i + 1];
  root->g = (double)g * t->g_unit, root->h = b->constant_hessian ? (double)root->count : (double)h * t->h_unit;
}

// ---- rows of children ----

typedef struct {
  const farro_booster *b;
  boosting_tree *t;
  const uint8_t *bins; // of the split's column
  uint8_t goes_left[boosting_bins];
  size_t first, count;    // rows of the leaf
  size_t *lefts, *rights; // of each block: rows that go there, and then where they begin
} partition_work;

// Rows that go to the left stay in the leaf's part of `rows`, where they cannot overtake those still to be read; others
// go to `spare`.
static void part_block(void *context, size_t first, size_t last) {
  partition_work *w = context;
  uint32_t *rows = w->t->rows + w->first, *left = rows + first, *right = w->t->spare + w->first + first;
  size_t lefts = 0, rights = 0;
  for (size_t i = first; i < last; i++) {
    const uint32_t row = rows[i];
    const size_t goes = w->goes_left[w->bins[(size_t)row * boosting_group]];
    left[lefts] = row, right[rights] = row;
    lefts += goes, rights += 1 - goes;
  }
  w->lefts[first / boosting_block] = lefts, w->rights[first / boosting_block] = rights;
}

// Where all blocks' rows go: lefts of later blocks could overwrite what others have still to copy, so they go over the
// spare rows as well.
static void copy_out(void *context, size_t first, size_t last) {
  partition_work *w = context;
  const size_t block = first / boosting_block;
  const uint32_t *rows = w->t->rows + w->first + first;
  const size_t lefts = w->lefts[block + 1] - w->lefts[block], rights = last - first - lefts;
  memcpy(w->t->spare + w->first + first + rights, rows, lefts * sizeof *rows);
}

static void copy_in(void *context, size_t first, size_t last) {
  partition_work *w = context;
  const size_t block = first / boosting_block, all_lefts = w->lefts[ceil_divide(w->count, boosting_block)];
  const size_t before = w->lefts[block], lefts = w->lefts[block + 1] - before, rights = last - first - lefts;
  uint32_t *rows = w->t->rows + w->first;
  const uint32_t *spare = w->t->spare + w->first + first;
  memcpy(rows + all_lefts + (first - before), spare, rights * sizeof *rows);
  memcpy(rows + before, spare + rights, lefts * sizeof *rows);
}

// Splits the rows of a leaf, in order; answers how many go to the left.
static size_t part(const farro_booster *b, boosting_tree *t, const boosting_leaf *leaf, size_t *lefts) {
  const boosting_split *split = &leaf->split;
  const size_t column = (size_t)split->feature, n = b->problem.rows, blocks = ceil_divide(leaf->count, boosting_block);
  partition_work w = {.b = b, .t = t, .first = leaf->first, .count = leaf->count, .lefts = lefts};
  w.rights = lefts + blocks + 1;
  w.bins = b->bins + column / boosting_group * n * boosting_group + column % boosting_group;
  for (size_t bin = 0; bin < boosting_bins; bin++)
    w.goes_left[bin] = split->is_categorical ? split->categories[bin / 32] >> (bin % 32) & 1 : bin <= split->bin;
  if (!split->is_categorical) w.goes_left[farro_boosting_missing_bin] = split->missing_left;
  const double nanoseconds = partition_nanoseconds * (double)leaf->count;
  farro_parallel_for(leaf->count, boosting_block, nanoseconds, part_block, &w);
  if (blocks == 1) {
    memcpy(t->rows + leaf->first + w.lefts[0], t->spare + leaf->first, w.rights[0] * sizeof *t->rows);
    return w.lefts[0];
  }
  size_t before = 0;
  for (size_t i = 0; i <= blocks; i++) {
    const size_t count = i < blocks ? w.lefts[i] : 0;
    w.lefts[i] = before, before += count;
  }
  farro_parallel_for(leaf->count, boosting_block, nanoseconds / 4, copy_out, &w);
  farro_parallel_for(leaf->count, boosting_block, nanoseconds / 4, copy_in, &w);
  return before;
}

// ---- open leaves ----

static bool is_before(const boosting_leaf *a, const boosting_leaf *b) {
  return a->split.gain > b->split.gain || (a->split.gain == b->split.gain && a->node < b->node);
}

static void push(boosting_tree *t, const boosting_leaf *leaf) {
  size_t at = t->open++;
  for (; at > 0 && is_before(leaf, &t->heap[(at - 1) / 2]); at = (at - 1) / 2) t->heap[at] = t->heap[(at - 1) / 2];
  t->heap[at] = *leaf;
}

static boosting_leaf pop(boosting_tree *t) {
  const boosting_leaf top = t->heap[0], last = t->heap[--t->open];
  size_t at = 0;
  for (size_t child; (child = 2 * at + 1) < t->open; at = child) {
    if (child + 1 < t->open && is_before(&t->heap[child + 1], &t->heap[child])) child++;
    if (!is_before(&t->heap[child], &last)) break;
    t->heap[at] = t->heap[child];
  }
  t->heap[at] = last;
  return top;
}

// NULL when there is no memory: then a leaf's children are both built from their rows.
static int64_t *take_histogram(const farro_booster *b, boosting_tree *t) {
  if (t->free_count > 0) return t->free_histograms[--t->free_count];
  return farro_allocate(b->histogram_words * sizeof(int64_t));
}

static void give_histogram(boosting_tree *t, int64_t *histogram) {
  if (histogram) t->free_histograms[t->free_count++] = histogram;
}

// ---- growing ----

static uint32_t add_node(boosting_tree *t, const boosting_leaf *leaf, uint32_t parent) {
  t->firsts[t->node_count] = leaf->first, t->parents[t->node_count] = parent;
  t->nodes[t->node_count] = (farro_boosting_node){.feature = -1, .count = (uint32_t)leaf->count, .value = leaf->value};
  return t->node_count++;
}

// Keeps a leaf whose best split is known, and its histogram if its children are not built from few rows anyway. As
// leaves share no rows, that many at most are kept.
static void keep(const farro_booster *b, boosting_tree *t, boosting_leaf *leaf) {
  const bool is_small = leaf->count * b->kept_histograms < b->problem.rows;
  if (is_small || !(leaf->split.gain > 0)) give_histogram(t, leaf->histogram), leaf->histogram = NULL;
  if (leaf->split.gain > 0)
    push(t, leaf);
  else
    t->leaf_count++;
}

// Builds the histogram of one leaf from its rows and finds its best split.
static void open_alone(farro_booster *b, boosting_tree *t, boosting_leaf *leaf, bool is_root) {
  leaf->histogram = take_histogram(b, t);
  if (!leaf->histogram) {
    t->failed = true;
    return;
  }
  if (!is_root) gather(b, t, leaf, NULL);
  boosting_children w = {.booster = b, .tree = t, .small = leaf, .splits = {true, false}, .is_root = is_root};
  boosting_find_splits(&w);
  keep(b, t, leaf);
}

static boosting_leaf child(const farro_booster *b, const boosting_leaf *parent, size_t first, size_t count, bool left) {
  const boosting_split *s = &parent->split;
  boosting_leaf leaf = {.first = first, .count = count, .depth = parent->depth + 1};
  leaf.g = left ? s->g : parent->g - s->g, leaf.h = left ? s->h : parent->h - s->h;
  leaf.value = boosting_value(leaf.g, leaf.h, b->problem.l2, parent->lower, parent->upper);
  leaf.lower = parent->lower, leaf.upper = parent->upper;
  return leaf;
}

// Values of both children's children stay on their side of the middle where the column must ascend or descend.
static void bound(const farro_booster *b, const boosting_leaf *parent, boosting_leaf *left, boosting_leaf *right) {
  const int direction = b->monotonic ? b->monotonic[parent->split.feature] : 0;
  const double middle = (left->value + right->value) / 2;
  if (direction > 0) left->upper = right->lower = middle;
  if (direction < 0) left->lower = right->upper = middle;
}

static void split(farro_booster *b, boosting_tree *t, size_t *lefts) {
  boosting_leaf parent = pop(t);
  const farro_boosting_problem *p = &b->problem;
  const size_t count = part(b, t, &parent, lefts);
  boosting_leaf sides[2] = {child(b, &parent, parent.first, count, true),
                            child(b, &parent, parent.first + count, parent.count - count, false)};
  farro_boosting_node *node = &t->nodes[parent.node];
  const boosting_split *s = &parent.split;
  node->feature = s->feature, node->bin = s->bin, node->gain = s->gain, node->left = (int32_t)t->node_count;
  node->is_categorical = s->is_categorical, node->missing_left = s->missing_left;
  if (!b->has_missing[s->feature]) node->missing_left = sides[0].count > sides[1].count;
  if (s->is_categorical) memcpy(node->categories, s->categories, sizeof node->categories);
  for (int side = 0; side < 2; side++) sides[side].node = add_node(t, &sides[side], parent.node);
  const bool is_full = t->leaf_count + t->open + 2 >= b->most_leaves;
  const bool is_deep = p->max_depth > 0 && sides[0].depth == p->max_depth;
  bool splits[2];
  for (int side = 0; side < 2; side++) {
    splits[side] = !is_full && !is_deep && sides[side].count / 2 >= p->min_samples_leaf;
    t->leaf_count += !splits[side];
  }
  bound(b, &parent, &sides[0], &sides[1]);
  if (!splits[0] && !splits[1]) {
    give_histogram(t, parent.histogram);
    return;
  }
  const int less = sides[1].count <= sides[0].count;
  boosting_leaf *small = &sides[less], *large = &sides[!less];
  small->histogram = parent.histogram && splits[!less] ? take_histogram(b, t) : NULL;
  if (!small->histogram) { // the histogram of the parent is of no use
    give_histogram(t, parent.histogram);
    for (int side = 0; side < 2; side++)
      if (splits[side]) open_alone(b, t, &sides[side], false);
    return;
  }
  large->histogram = parent.histogram;
  gather(b, t, small, NULL);
  boosting_children w = {.booster = b, .tree = t, .small = small, .large = large};
  w.splits[0] = splits[less], w.splits[1] = splits[!less];
  boosting_find_splits(&w);
  if (w.splits[0])
    keep(b, t, small);
  else
    give_histogram(t, small->histogram);
  keep(b, t, large);
}

farro_status boosting_grow_tree(farro_booster *b, boosting_tree *t) {
  const farro_boosting_problem *p = &b->problem;
  const size_t words = 2 * (ceil_divide(p->rows, boosting_block) + 1);
  size_t *lefts = farro_allocate(words * sizeof *lefts);
  if (!lefts) return FARRO_ERROR_MEMORY;
  boosting_leaf root = {.count = p->rows, .lower = -INFINITY, .upper = INFINITY};
  t->open = t->leaf_count = t->node_count = 0, t->failed = false;
  begin_root(b, t, (int64_t *)lefts, &root);
  add_node(t, &root, 0);
  if (p->rows / 2 < p->min_samples_leaf || root.h < 1e-3 || b->most_leaves < 2)
    t->leaf_count = 1;
  else
    open_alone(b, t, &root, true);
  while (t->open > 0 && t->leaf_count + t->open < b->most_leaves && !t->failed) split(b, t, lefts);
  for (; t->open > 0; t->open--) give_histogram(t, t->heap[t->open - 1].histogram);
  for (uint32_t i = 0; i < t->node_count; i++) t->nodes[i].value *= p->learning_rate;
  farro_release(lefts, words * sizeof *lefts);
  return t->failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}
