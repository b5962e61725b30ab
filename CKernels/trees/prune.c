// Minimal cost-complexity pruning.
#include <math.h>

#include "include/trees.h"
#include "runtime/sizes.h"

// Nodes by how much impurity each leaf of theirs spares, as a tree of minima: least[1] is the weakest of all.
typedef struct {
  size_t width; // a power of two
  double *strength;
  uint32_t *least;
} strengths;

static void update(strengths *s, size_t node, double strength) {
  s->strength[node] = strength;
  for (size_t i = (s->width + node) / 2; i > 0; i /= 2) {
    const uint32_t a = s->least[2 * i], b = s->least[2 * i + 1];
    s->least[i] = s->strength[a] <= s->strength[b] ? a : b;
  }
}

typedef struct {
  double own, below; // impurity of the node, and of the leaves below it
  size_t leaves, end;
  size_t parent;
} branch;

static double strength_of(const branch *b) {
  return b->leaves < 2 ? INFINITY : (b->own - b->below) / (double)(b->leaves - 1);
}

static void measure(const farro_tree_nodes *tree, branch *branches) {
  branches[0].parent = SIZE_MAX;
  for (size_t i = tree->nodes; i-- > 0;) {
    branch *b = branches + i;
    b->own = b->below = tree->weight[i] * tree->impurity[i] / tree->weight[0];
    b->leaves = 1;
    b->end = i + 1;
    if (tree->feature[i] < 0) continue;
    branch *left = branches + i + 1, *right = branches + tree->right[i];
    left->parent = right->parent = i;
    b->below = left->below + right->below;
    b->leaves = left->leaves + right->leaves;
    b->end = right->end;
  }
}

farro_status farro_tree_prune(const farro_tree_nodes *tree, double alpha, uint8_t *keep, double *alphas,
                              double *impurities, size_t *steps) {
  const size_t n = tree->nodes;
  if (n == 0 || tree->trees != 1 || n > INT32_MAX) return FARRO_ERROR_ARGUMENT;
  strengths s = {.width = 1};
  while (s.width < n) s.width *= 2;
  const size_t bytes = n * sizeof(branch) + s.width * (sizeof(double) + 2 * sizeof(uint32_t));
  branch *branches = farro_allocate(bytes);
  if (!branches) return FARRO_ERROR_MEMORY;
  s.strength = (double *)(branches + n);
  s.least = (uint32_t *)(s.strength + s.width);
  measure(tree, branches);
  for (size_t i = 0; i < s.width; i++) {
    s.strength[i] = i < n ? strength_of(branches + i) : INFINITY;
    s.least[s.width + i] = (uint32_t)i;
  }
  for (size_t i = s.width - 1; i > 0; i--) {
    const uint32_t a = s.least[2 * i], b = s.least[2 * i + 1];
    s.least[i] = s.strength[a] <= s.strength[b] ? a : b;
  }
  for (size_t i = 0; i < n; i++) keep[i] = 1;
  *steps = 1;
  if (alphas) alphas[0] = 0;
  if (impurities) impurities[0] = branches[0].below;
  while (branches[0].leaves > 1) {
    const size_t weakest = s.least[1];
    const double strength = s.strength[weakest];
    if (alpha < strength) break;
    branch *cut = branches + weakest;
    const double more = cut->own - cut->below;
    const size_t fewer = cut->leaves - 1;
    for (size_t i = weakest + 1; i < cut->end; i++) {
      if (keep[i] && s.strength[i] < INFINITY) update(&s, i, INFINITY);
      keep[i] = 0;
    }
    for (size_t i = weakest; i != SIZE_MAX; i = branches[i].parent) {
      branches[i].below = i == weakest ? cut->own : branches[i].below + more;
      branches[i].leaves -= fewer;
      update(&s, i, strength_of(branches + i));
    }
    if (alphas) alphas[*steps] = strength;
    if (impurities) impurities[*steps] = branches[0].below;
    ++*steps;
  }
  farro_release(branches, bytes);
  return FARRO_OK;
}
