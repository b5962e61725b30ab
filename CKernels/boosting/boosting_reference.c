// One tree by plain loops: every split of every leaf is found anew from the rows.
#include <stdlib.h>
#include <string.h>

#include "boosting.h"

typedef struct {
  double g, h, value, gain;
  size_t first, count, column, bin;
  double g_left, h_left;
  size_t c_left;
  uint32_t depth;
  bool open;
} reference_leaf;

static void find_split(const farro_boosting_problem *p, const uint8_t *bins, const float *g, const float *h,
                       const uint32_t *rows, reference_leaf *leaf) {
  leaf->gain = 0;
  leaf->open = false;
  for (size_t j = 0; j < p->features; j++) {
    for (size_t bin = 0; bin < p->threshold_counts[j]; bin++) {
      double gl = 0, hl = 0;
      size_t cl = 0;
      for (size_t i = leaf->first; i < leaf->first + leaf->count; i++) {
        if (bins[j * p->rows + rows[i]] > bin) continue;
        gl += (double)g[rows[i]], hl += h ? (double)h[rows[i]] : 1, cl++;
      }
      const double gr = leaf->g - gl, hr = leaf->h - hl;
      if (cl < p->min_samples_leaf || leaf->count - cl < p->min_samples_leaf || hl < 1e-3 || hr < 1e-3) continue;
      const double gain = leaf->g * leaf->value - gl * boosting_value(gl, hl, p->l2, -INFINITY, INFINITY) -
                          gr * boosting_value(gr, hr, p->l2, -INFINITY, INFINITY);
      if (!(gain > leaf->gain)) continue;
      leaf->gain = gain, leaf->column = j, leaf->bin = bin, leaf->open = true;
      leaf->g_left = gl, leaf->h_left = hl, leaf->c_left = cl;
    }
  }
}

farro_status farro_boosting_reference_tree(const farro_boosting_problem *p, const uint8_t *bins, const float *gradients,
                                           const float *hessians, farro_boosting_node *nodes, uint32_t *count) {
  const size_t n = p->rows;
  uint32_t *rows = malloc((n + 1) * sizeof *rows), *right = malloc((n + 1) * sizeof *right);
  reference_leaf *leaves = calloc(2 * n + 1, sizeof *leaves); // of each node
  const farro_status status = rows && right && leaves ? FARRO_OK : FARRO_ERROR_MEMORY;
  *count = 0;
  if (status == FARRO_OK && n > 0) {
    reference_leaf *root = &leaves[0];
    root->count = n;
    for (size_t i = 0; i < n; i++) {
      rows[i] = (uint32_t)i;
      root->g += (double)gradients[i], root->h += hessians ? (double)hessians[i] : 1;
    }
    nodes[0] = (farro_boosting_node){.feature = -1, .count = (uint32_t)n};
    *count = 1;
    if (n >= 2 * p->min_samples_leaf && root->h >= 1e-3) find_split(p, bins, gradients, hessians, rows, root);
    for (size_t leaf_count = 1; p->max_leaf_nodes == 0 || leaf_count < p->max_leaf_nodes; leaf_count++) {
      size_t best = *count;
      for (size_t i = 0; i < *count; i++)
        if (leaves[i].open && (best == *count || leaves[i].gain > leaves[best].gain)) best = i;
      if (best == *count) break;
      reference_leaf *parent = &leaves[best];
      parent->open = false;
      size_t lefts = 0, rights = 0;
      for (size_t i = 0; i < parent->count; i++) {
        const uint32_t row = rows[parent->first + i];
        if (bins[parent->column * n + row] <= parent->bin)
          rows[parent->first + lefts++] = row;
        else
          right[rights++] = row;
      }
      memcpy(rows + parent->first + lefts, right, rights * sizeof *rows);
      nodes[best].feature = (int32_t)parent->column, nodes[best].bin = (uint16_t)parent->bin;
      nodes[best].gain = parent->gain, nodes[best].left = (int32_t)*count;
      nodes[best].missing_left = lefts > rights;
      for (int side = 0; side < 2; side++) {
        reference_leaf *leaf = &leaves[*count];
        *leaf = (reference_leaf){.first = parent->first + (side ? lefts : 0),
                                 .count = side ? rights : lefts,
                                 .g = side ? parent->g - parent->g_left : parent->g_left,
                                 .h = side ? parent->h - parent->h_left : parent->h_left,
                                 .depth = parent->depth + 1};
        leaf->value = boosting_value(leaf->g, leaf->h, p->l2, -INFINITY, INFINITY);
        nodes[*count] = (farro_boosting_node){
            .feature = -1, .count = (uint32_t)leaf->count, .value = leaf->value * p->learning_rate};
        (*count)++;
        if (leaf->count >= 2 * p->min_samples_leaf && !(p->max_depth > 0 && leaf->depth == p->max_depth))
          find_split(p, bins, gradients, hessians, rows, leaf);
      }
    }
  }
  free(rows), free(right), free(leaves);
  return status;
}
