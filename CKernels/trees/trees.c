// Grown trees as arrays, and what is known of them.
#include <math.h>
#include <string.h>

#include "growing.h"

#include "runtime/sizes.h"

void farro_trees_size(const farro_trees *trees, farro_tree_nodes *nodes) {
  *nodes = (farro_tree_nodes){.trees = trees->count};
  for (size_t t = 0; t < trees->count; t++) {
    const tree_draft *tree = trees->trees + t;
    nodes->nodes += tree->count;
    nodes->sets += tree->set_count;
    nodes->outputs = tree->outputs;
    nodes->words = tree->words;
  }
}

void farro_trees_copy(const farro_trees *trees, farro_tree_nodes *nodes) {
  size_t at = 0, set_at = 0;
  for (size_t t = 0; t < trees->count; t++) {
    const tree_draft *tree = trees->trees + t;
    nodes->roots[t] = (int32_t)at;
    for (size_t i = 0; i < tree->count; i++, at++) {
      const tree_node *node = tree->nodes + i;
      nodes->feature[at] = node->feature;
      nodes->right[at] = node->right;
      nodes->threshold[at] = node->threshold;
      nodes->missing_left[at] = node->missing_left;
      nodes->set[at] = node->set < 0 ? -1 : node->set + (int32_t)set_at;
      nodes->rows[at] = node->rows;
      nodes->weight[at] = node->weight;
      nodes->impurity[at] = node->impurity;
    }
    memcpy(nodes->values + (at - tree->count) * tree->outputs, tree->values,
           tree->count * tree->outputs * sizeof(double));
    if (tree->set_count > 0)
      memcpy(nodes->set_bits + set_at * tree->words, tree->sets, tree->set_count * tree->words * sizeof(uint64_t));
    set_at += tree->set_count;
  }
  nodes->roots[trees->count] = (int32_t)at;
}

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
