// Grows trees: depth first, or by what a split gains where leaves are limited.
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "node.h"

#include "runtime/sizes.h"

enum { fewest_alone = 4, least_apart = 512, subtree_mark = INT32_MIN };

static const double row_nanoseconds = 200; // a row of a tree, per column and level a few

static const uint64_t left_key = 0xd1b54a32d192ed03u, right_key = 0x8cb92ba72f3d8dd7u;

typedef struct {
  node_item item;
  int32_t parent; // whose right child it is; -1 for left children and the root
  size_t left_rows;
  double gain;
} open_node;

static void children_of(const node_item *item, size_t left_rows, node_item *left, node_item *right) {
  *left = (node_item){item->start, left_rows, item->depth + 1, 0, mix(item->key ^ left_key)};
  *right =
      (node_item){item->start + left_rows, item->count - left_rows, item->depth + 1, 0, mix(item->key ^ right_key)};
}

// ---- a list of nodes that grows --------------------------------------------------------------------------------

typedef struct {
  open_node *items;
  size_t count, capacity;
} node_list;

static bool list_add(node_list *list, const open_node *item) {
  if (list->count == list->capacity) {
    const size_t capacity = list->capacity ? 2 * list->capacity : 64;
    open_node *items = farro_allocate(capacity * sizeof *items);
    if (!items) return false;
    if (list->items) {
      memcpy(items, list->items, list->count * sizeof *items);
      farro_release(list->items, list->capacity * sizeof *items);
    }
    list->items = items;
    list->capacity = capacity;
  }
  list->items[list->count++] = *item;
  return true;
}

static void list_release(node_list *list) {
  if (list->items) farro_release(list->items, list->capacity * sizeof *list->items);
}

// ---- depth first -----------------------------------------------------------------------------------------------

// Grows everything below `root`, in the order that the header tells. Nodes of at most `apart` rows become marks, and
// stand in `subtrees`, which may be NULL.
static bool grow_deep(tree_rows *r, tree_draft *draft, node_space *space, const node_item *root, bool is_alone,
                      size_t apart, node_list *subtrees) {
  node_list stack = {0};
  bool is_done = list_add(&stack, &(open_node){.item = *root, .parent = -1});
  while (is_done && stack.count > 0) {
    const open_node next = stack.items[--stack.count];
    node_item item = next.item;
    is_done = draft_add(draft, &item.node);
    if (!is_done) break;
    if (next.parent >= 0) draft->nodes[next.parent].right = (int32_t)item.node;
    size_t left_rows;
    double gain;
    if (subtrees && item.count <= apart) {
      draft->nodes[item.node].left = subtree_mark;
      draft->nodes[item.node].right = (int32_t)subtrees->count;
      is_done = list_add(subtrees, &(open_node){.item = item});
      continue;
    }
    is_done = make_node(r, draft, space, &item, is_alone, &left_rows, &gain);
    if (!is_done || left_rows == 0) continue;
    node_item left, right;
    children_of(&item, left_rows, &left, &right);
    draft->nodes[item.node].left = (int32_t)item.node + 1;
    is_done = list_add(&stack, &(open_node){.item = right, .parent = (int32_t)item.node}) &&
              list_add(&stack, &(open_node){.item = left, .parent = -1});
  }
  list_release(&stack);
  return is_done;
}

// ---- by what is gained -----------------------------------------------------------------------------------------

static bool comes_before(const open_node *a, const open_node *b) {
  return a->gain > b->gain || (a->gain == b->gain && a->item.node < b->item.node);
}

// A heap of nodes that can be split, the one that gains most first.
static bool heap_add(node_list *heap, const open_node *node) {
  if (!list_add(heap, node)) return false;
  for (size_t i = heap->count - 1; i > 0 && comes_before(heap->items + i, heap->items + (i - 1) / 2); i = (i - 1) / 2) {
    const open_node moved = heap->items[i];
    heap->items[i] = heap->items[(i - 1) / 2];
    heap->items[(i - 1) / 2] = moved;
  }
  return true;
}

static open_node heap_take(node_list *heap) {
  const open_node first = heap->items[0], moved = heap->items[--heap->count];
  size_t i = 0;
  for (;;) {
    size_t child = 2 * i + 1;
    if (child >= heap->count) break;
    if (child + 1 < heap->count && comes_before(heap->items + child + 1, heap->items + child)) child++;
    if (!comes_before(heap->items + child, &moved)) break;
    heap->items[i] = heap->items[child];
    i = child;
  }
  heap->items[i] = moved;
  return first;
}

static bool grow_best(tree_rows *r, tree_draft *draft, node_space *space, const node_item *root, bool is_alone) {
  node_list heap = {0};
  size_t leaves = 1;
  open_node first = {.item = *root};
  bool is_done = draft_add(draft, &first.item.node) &&
                 make_node(r, draft, space, &first.item, is_alone, &first.left_rows, &first.gain) &&
                 (first.left_rows == 0 || heap_add(&heap, &first));
  while (is_done && heap.count > 0) {
    const open_node parent = heap_take(&heap);
    if (leaves == r->problem->options.max_leaves) {
      tree_node *node = draft->nodes + parent.item.node;
      node->feature = node->set = -1, node->threshold = 0, node->missing_left = 0;
      continue;
    }
    leaves++;
    open_node sides[2];
    children_of(&parent.item, parent.left_rows, &sides[0].item, &sides[1].item);
    is_done = draft_add(draft, &sides[0].item.node) && draft_add(draft, &sides[1].item.node);
    if (!is_done) break;
    draft->nodes[parent.item.node].left = (int32_t)sides[0].item.node;
    draft->nodes[parent.item.node].right = (int32_t)sides[1].item.node;
    for (int side = 0; is_done && side < 2; side++)
      is_done = make_node(r, draft, space, &sides[side].item, is_alone, &sides[side].left_rows, &sides[side].gain) &&
                (sides[side].left_rows == 0 || heap_add(&heap, sides + side));
  }
  list_release(&heap);
  return is_done;
}

// ---- joining ---------------------------------------------------------------------------------------------------

// The nodes of a draft, and of the subtrees that its marks stand for, in the order that the header tells.
static bool join(const tree_draft *top, const tree_draft *subtrees, size_t subtree_count, tree_draft *tree) {
  typedef struct {
    const tree_draft *draft;
    int32_t node, parent; // whose right child it is; -1 for left children and the root
  } place;
  size_t capacity = 64, count = 0;
  place *stack = farro_allocate(capacity * sizeof *stack);
  size_t nodes = top->count - subtree_count; // a subtree's root takes its mark's place
  for (size_t i = 0; i < subtree_count; i++) nodes += subtrees[i].count;
  bool is_done = stack && draft_reserve(tree, nodes);
  if (is_done) stack[count++] = (place){top, 0, -1};
  while (is_done && count > 0) {
    place at = stack[--count];
    if (at.draft == top && at.draft->nodes[at.node].left == subtree_mark) {
      at.draft = subtrees + at.draft->nodes[at.node].right;
      at.node = 0;
    }
    const tree_node *from = at.draft->nodes + at.node;
    size_t number;
    is_done = draft_add(tree, &number);
    if (!is_done) break;
    tree_node *to = tree->nodes + number;
    *to = *from;
    to->left = to->right = 0;
    memcpy(tree->values + number * tree->outputs, at.draft->values + (size_t)at.node * tree->outputs,
           tree->outputs * sizeof(double));
    if (at.parent >= 0) tree->nodes[at.parent].right = (int32_t)number;
    if (from->feature < 0) continue;
    if (from->set >= 0) is_done = draft_add_set(tree, at.draft->sets + (size_t)from->set * tree->words, &to->set);
    if (is_done && count + 2 > capacity) {
      place *more = farro_allocate(2 * capacity * sizeof *more);
      is_done = more != NULL;
      if (!is_done) break;
      memcpy(more, stack, count * sizeof *more);
      farro_release(stack, capacity * sizeof *stack);
      stack = more;
      capacity *= 2;
    }
    if (!is_done) break;
    stack[count++] = (place){at.draft, from->right, (int32_t)number};
    stack[count++] = (place){at.draft, from->left, -1};
  }
  if (stack) farro_release(stack, capacity * sizeof *stack);
  return is_done;
}

// ---- a tree ----------------------------------------------------------------------------------------------------

typedef struct {
  tree_rows *rows;
  const node_list *roots;
  tree_draft *drafts;
  atomic_bool failed;
} subtree_work;

static void grow_subtrees(void *context, size_t first, size_t last) {
  subtree_work *w = context;
  for (size_t i = first; i < last && !w->failed; i++) {
    node_space space;
    const node_item *root = &w->roots->items[i].item;
    if (!node_space_create(&space, w->rows->problem, root->count)) {
      w->failed = true;
      return;
    }
    if (!grow_deep(w->rows, w->drafts + i, &space, root, false, 0, NULL)) w->failed = true;
    node_space_release(&space);
  }
}

static tree_draft empty_draft(const tree_problem *p) {
  return (tree_draft){.outputs = p->outputs, .words = ceil_divide(p->table->most_categories, 64)};
}

farro_status grow_tree(tree_rows *r, bool is_alone, tree_draft *tree) {
  const tree_problem *p = r->problem;
  const bool is_deep = p->options.max_leaves == 0;
  const node_item root = {.count = r->count, .key = r->key};
  *tree = empty_draft(p);
  tree_draft top = empty_draft(p);
  node_list subtrees = {0};
  node_space space;
  if (!node_space_create(&space, p, r->count)) return FARRO_ERROR_MEMORY;
  if (is_deep && !is_alone) {
    const bool has_grown = grow_deep(r, tree, &space, &root, false, 0, NULL);
    node_space_release(&space);
    return has_grown ? FARRO_OK : FARRO_ERROR_MEMORY;
  }
  const size_t apart = larger(least_apart, r->count / 16);
  bool is_done =
      is_deep ? grow_deep(r, &top, &space, &root, true, apart, &subtrees) : grow_best(r, &top, &space, &root, is_alone);
  node_space_release(&space);
  subtree_work work = {.rows = r, .roots = &subtrees};
  work.drafts = farro_allocate(subtrees.count * sizeof *work.drafts);
  is_done = is_done && work.drafts;
  for (size_t i = 0; work.drafts && i < subtrees.count; i++) work.drafts[i] = empty_draft(p);
  if (is_done && subtrees.count > 0) {
    farro_parallel_for(subtrees.count, 1, (double)r->count * (double)p->options.max_features * row_nanoseconds / 4,
                       grow_subtrees, &work);
    is_done = !work.failed;
  }
  is_done = is_done && join(&top, work.drafts, subtrees.count, tree);
  for (size_t i = 0; work.drafts && i < subtrees.count; i++) draft_release(work.drafts + i);
  farro_release(work.drafts, subtrees.count * sizeof *work.drafts);
  list_release(&subtrees);
  draft_release(&top);
  return is_done ? FARRO_OK : FARRO_ERROR_MEMORY;
}

// ---- trees -----------------------------------------------------------------------------------------------------

typedef struct {
  const tree_problem *problem;
  size_t first;
  size_t count;
  bool is_alone;
  farro_trees *trees;
  tree_draft *drafts;     // of each tree, while it waits for those before it
  atomic_bool *has_grown; // each
  atomic_size_t next, added;
  atomic_flag is_adding;
  atomic_bool failed;
} forest_work;

// Adds trees that have grown, as far as those before them have. One thread at a time does: others go on growing.
static void add_grown(forest_work *w) {
  size_t i;
  while ((i = w->added) < w->count && w->has_grown[i] && !atomic_flag_test_and_set(&w->is_adding)) {
    for (i = w->added; i < w->count && w->has_grown[i]; w->added = ++i) {
      if (!w->failed && !forest_add(w->trees, w->drafts + i)) w->failed = true;
      draft_release(w->drafts + i);
    }
    atomic_flag_clear(&w->is_adding);
  }
}

static void grow_trees(void *context, size_t first, size_t last) {
  forest_work *w = context;
  for (; first < last && !w->failed; first++) {
    const size_t i = w->next++; // in order, so that few wait for one
    tree_rows rows;
    if (rows_create(&rows, w->problem, w->first + i) != FARRO_OK ||
        grow_tree(&rows, w->is_alone, w->drafts + i) != FARRO_OK)
      w->failed = true;
    rows_release(&rows);
    w->has_grown[i] = true;
    add_grown(w);
  }
}

// Whether all weights are whole and below 2^16, however often a row is drawn.
static bool has_whole_weights(const tree_problem *p) {
  if (p->options.balanced) return false;
  // Where a row is drawn 64 times in the mean, none is 2^16 times: the probability is below 10^-100000.
  if (p->options.draws > 0 && (p->weights || p->options.draws > 64 * p->table->n)) return false;
  bool are_whole = true;
  for (size_t i = 0; p->weights && i < p->table->n && are_whole; i++)
    are_whole = p->weights[i] < 0x1p16 && p->weights[i] == (double)(uint16_t)p->weights[i];
  return are_whole;
}

// c log2 c for whole c as whole numbers: sums of them are exact.
static int64_t *make_logs(tree_problem *p, size_t *bytes) {
  size_t most = p->options.draws > 0 ? p->options.draws : p->table->n;
  if (p->weights) {
    most = 0;
    for (size_t i = 0; i < p->table->n; i++) most += (size_t)p->weights[i];
  }
  if (most > (size_t)1 << 28) return NULL;
  int exponent = 0;
  (void)frexp((double)most * log2((double)most + 2), &exponent);
  p->log_unit = ldexp(1, exponent - 60);
  int64_t *logs = farro_allocate(*bytes = (most + 1) * sizeof *logs);
  if (!logs) return NULL;
  logs[0] = 0;
  for (size_t c = 1; c <= most; c++) logs[c] = (int64_t)rint((double)c * log2((double)c) / p->log_unit);
  p->logs = logs;
  return logs;
}

// Numbers scaled by a power of two, so that no square overflows or vanishes.
static double *make_scaled(tree_problem *p, const double *y, size_t count) {
  double size = 0;
  for (size_t i = 0; i < count; i++) size = fmax(size, fabs(y[i]));
  int exponent = 0;
  (void)frexp(size, &exponent);
  if (exponent < -900) exponent = -900;
  double *scaled = farro_allocate(count * sizeof *scaled);
  if (!scaled) return NULL;
  for (size_t i = 0; i < count; i++) scaled[i] = ldexp(y[i], -exponent);
  p->y = scaled;
  p->scale_back = ldexp(1, exponent);
  return scaled;
}

static bool are_valid(const farro_tree_table *table, const farro_tree_targets *t, const farro_tree_options *o,
                      size_t first, size_t count) {
  if (table->n == 0 || table->d == 0 || t->outputs == 0 || !can_exist(table->n, t->outputs, 1)) return false;
  if (count > INT32_MAX || first > INT32_MAX || o->max_features == 0 || o->max_features > table->d) return false;
  if (o->draws > INT32_MAX || o->min_rows_leaf == 0 || !(o->min_leaf_weight >= 0)) return false;
  if (t->criterion == FARRO_TREE_SQUARED_ERROR) return !o->balanced && t->outputs <= INT32_MAX;
  if (t->criterion != FARRO_TREE_GINI && t->criterion != FARRO_TREE_ENTROPY) return false;
  if (t->outputs > UINT16_MAX) return false;
  for (size_t i = 0; i < table->n; i++)
    if (t->classes[i] < 0 || (size_t)t->classes[i] >= t->outputs) return false;
  return true;
}

farro_status farro_trees_grow(const farro_tree_table *table, const farro_tree_targets *targets,
                              const farro_tree_options *options, size_t first, size_t count, farro_trees **result) {
  *result = NULL;
  if (!are_valid(table, targets, options, first, count)) return FARRO_ERROR_ARGUMENT;
  tree_problem problem = {
      .table = table,
      .options = *options,
      .criterion = targets->criterion,
      .outputs = targets->outputs,
      .classes = targets->classes,
      .scale_back = 1,
      .weights = targets->weights,
  };
  const size_t numbers = targets->criterion == FARRO_TREE_SQUARED_ERROR ? table->n * targets->outputs : 0;
  double *scaled = NULL;
  int64_t *logs = NULL;
  size_t log_bytes = 0;
  bool is_ready = true;
  atomic_bool cancelled = false;
  problem.cancelled = &cancelled;
  if (numbers > 0) {
    scaled = make_scaled(&problem, targets->y, numbers);
    is_ready = scaled != NULL;
  } else {
    problem.is_whole = has_whole_weights(&problem);
    if (problem.is_whole && targets->criterion == FARRO_TREE_ENTROPY) {
      logs = make_logs(&problem, &log_bytes);
      problem.is_whole = logs != NULL;
    }
  }
  const tree_draft empty = empty_draft(&problem);
  forest_work work = {.problem = &problem, .first = first, .count = count, .is_alone = count < fewest_alone};
  work.trees = forest_create(count, empty.outputs, empty.words);
  work.drafts = farro_allocate(count * sizeof *work.drafts);
  work.has_grown = farro_allocate(count * sizeof *work.has_grown);
  atomic_flag_clear(&work.is_adding);
  is_ready = is_ready && work.trees && work.drafts && work.has_grown;
  if (is_ready) {
    for (size_t i = 0; i < count; i++) work.drafts[i] = empty, atomic_init(work.has_grown + i, false);
    // Few trees one after the other, each on all threads; of many, each thread has its own.
    const double cost = (double)table->n * (double)options->max_features * (double)count * row_nanoseconds;
    farro_parallel_for(count, work.is_alone ? larger(count, 1) : 1, work.is_alone ? 0 : cost, grow_trees, &work);
    for (size_t i = work.added; i < count; i++) draft_release(work.drafts + i);
    is_ready = !work.failed;
  }
  if (work.drafts) farro_release(work.drafts, count * sizeof *work.drafts);
  if (work.has_grown) farro_release(work.has_grown, count * sizeof *work.has_grown);
  if (scaled) farro_release(scaled, numbers * sizeof *scaled);
  if (logs) farro_release(logs, log_bytes);
  if (!is_ready) {
    farro_trees_release(work.trees);
    return cancelled ? FARRO_OK : FARRO_ERROR_MEMORY;
  }
  forest_end(work.trees);
  *result = work.trees;
  return FARRO_OK;
}
