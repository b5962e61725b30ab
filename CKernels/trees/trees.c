// Grown trees as arrays, and what is known of them.
#include <math.h>
#include <string.h>

#include "growing.h"

#include "runtime/resize.h"
#include "runtime/sizes.h"

// ---- arrays that grow ------------------------------------------------------------------------------------------

static bool resize(farro_trees *f, int array, size_t room) {
  const size_t each = f->arrays[array].each, old = f->arrays[array].room;
  if (room == old || each == 0) return true;
  if (room > SIZE_MAX / 2 / each) return false;
  void *memory = farro_resize(f->arrays[array].memory, old * each, room * each);
  if (!memory && room > 0) return false;
  f->arrays[array].memory = memory;
  f->arrays[array].room = room;
  return true;
}

static bool reserve(farro_trees *f, int array, size_t count) {
  const size_t room = f->arrays[array].room;
  return count <= room || resize(f, array, larger(count, room + room / 2));
}

static void show(farro_trees *f) {
  farro_tree_nodes *n = &f->nodes;
  n->roots = f->arrays[forest_roots].memory;
  n->feature = f->arrays[forest_feature].memory;
  n->right = f->arrays[forest_right].memory;
  n->threshold = f->arrays[forest_threshold].memory;
  n->missing_left = f->arrays[forest_missing_left].memory;
  n->set = f->arrays[forest_set].memory;
  n->set_bits = f->arrays[forest_set_bits].memory;
  n->rows = f->arrays[forest_rows].memory;
  n->weight = f->arrays[forest_weight].memory;
  n->impurity = f->arrays[forest_impurity].memory;
  n->values = f->arrays[forest_values].memory;
}

farro_trees *forest_create(size_t trees, size_t outputs, size_t words) {
  farro_trees *f = farro_allocate(sizeof *f);
  if (!f) return NULL;
  *f = (farro_trees){.nodes = {.outputs = outputs, .words = words}};
  static const size_t bytes[forest_node_arrays] = {
      [forest_feature] = sizeof(int32_t),      [forest_right] = sizeof(int32_t),  [forest_threshold] = sizeof(double),
      [forest_missing_left] = sizeof(uint8_t), [forest_set] = sizeof(int32_t),    [forest_rows] = sizeof(int32_t),
      [forest_weight] = sizeof(double),        [forest_impurity] = sizeof(double)};
  for (int i = 0; i < forest_node_arrays; i++) f->arrays[i].each = bytes[i];
  f->arrays[forest_values].each = outputs * sizeof(double);
  f->arrays[forest_set_bits].each = words * sizeof(uint64_t);
  f->arrays[forest_roots].each = sizeof(int32_t);
  if (!resize(f, forest_roots, trees + 1)) {
    farro_trees_release(f);
    return NULL;
  }
  show(f);
  f->nodes.roots[0] = 0;
  return f;
}

bool forest_add(farro_trees *f, const tree_draft *tree) {
  farro_tree_nodes *n = &f->nodes;
  const size_t begin = n->nodes, end = begin + tree->count, sets = n->sets;
  if (end > INT32_MAX || sets + tree->set_count > INT32_MAX) return false;
  for (int i = 0; i < forest_node_arrays; i++)
    if (!reserve(f, i, end)) return false;
  if (!reserve(f, forest_set_bits, sets + tree->set_count)) return false;
  show(f);
  for (size_t i = 0; i < tree->count; i++) {
    const tree_node *node = tree->nodes + i;
    const size_t at = begin + i;
    n->feature[at] = node->feature;
    n->right[at] = node->right;
    n->threshold[at] = node->threshold;
    n->missing_left[at] = node->missing_left;
    n->set[at] = node->set < 0 ? -1 : node->set + (int32_t)sets;
    n->rows[at] = node->rows;
    n->weight[at] = node->weight;
    n->impurity[at] = node->impurity;
  }
  memcpy(n->values + begin * n->outputs, tree->values, tree->count * n->outputs * sizeof(double));
  if (tree->set_count > 0)
    memcpy(n->set_bits + sets * n->words, tree->sets, tree->set_count * n->words * sizeof(uint64_t));
  n->nodes = end, n->sets = sets + tree->set_count;
  n->roots[++n->trees] = (int32_t)end;
  return true;
}

void forest_end(farro_trees *f) {
  for (int i = 0; i < forest_node_arrays; i++) resize(f, i, f->nodes.nodes);
  resize(f, forest_set_bits, f->nodes.sets);
  show(f);
}

const farro_tree_nodes *farro_trees_nodes(const farro_trees *trees) { return &trees->nodes; }

void farro_trees_release(farro_trees *trees) {
  if (!trees) return;
  for (int i = 0; i < forest_arrays; i++) resize(trees, i, 0);
  farro_release(trees, sizeof *trees);
}

// ---- what is known of trees ------------------------------------------------------------------------------------

farro_status farro_tree_importances(const farro_tree_nodes *nodes, size_t d, double *importances) {
  if (!can_exist(nodes->trees, d, 1)) return FARRO_ERROR_ARGUMENT;
  memset(importances, 0, nodes->trees * d * sizeof *importances);
  for (size_t t = 0; t < nodes->trees; t++) {
    const size_t root = (size_t)nodes->roots[t];
    double *own = importances + t * d, sum = 0;
    for (size_t i = root; i < (size_t)nodes->roots[t + 1]; i++) {
      if (nodes->feature[i] < 0) continue;
      const size_t left = i + 1, right = root + (size_t)nodes->right[i];
      own[nodes->feature[i]] += nodes->weight[i] * nodes->impurity[i] - nodes->weight[left] * nodes->impurity[left] -
                                nodes->weight[right] * nodes->impurity[right];
    }
    for (size_t f = 0; f < d; f++) sum += own[f];
    for (size_t f = 0; sum > 0 && f < d; f++) own[f] /= sum;
  }
  return FARRO_OK;
}
