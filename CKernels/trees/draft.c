// Growing arrays of nodes.
#include <string.h>

#include "growing.h"

#include "runtime/resize.h"

static bool grow_array(void **array, size_t element, size_t old, size_t new) {
  void *larger_array = farro_resize(*array, old * element, new * element);
  if (!larger_array) return false;
  *array = larger_array;
  return true;
}

bool draft_reserve(tree_draft *draft, size_t capacity) {
  if (capacity > INT32_MAX) return false;
  // A capacity holds for both arrays, or, where the second has no memory, for none: then nothing is left of them.
  if (!grow_array((void **)&draft->nodes, sizeof(tree_node), draft->capacity, capacity)) return false;
  if (!grow_array((void **)&draft->values, draft->outputs * sizeof(double), draft->capacity, capacity)) {
    farro_resize(draft->nodes, capacity * sizeof(tree_node), 0);
    farro_resize(draft->values, draft->capacity * draft->outputs * sizeof(double), 0);
    draft->nodes = NULL, draft->values = NULL;
    draft->count = draft->capacity = 0;
    return false;
  }
  draft->capacity = capacity;
  return true;
}

bool draft_add(tree_draft *draft, size_t *node) {
  if (draft->count == draft->capacity && !draft_reserve(draft, draft->capacity ? 2 * draft->capacity : 64))
    return false;
  *node = draft->count++;
  draft->nodes[*node] = (tree_node){.feature = -1, .set = -1};
  return true;
}

bool draft_add_set(tree_draft *draft, const uint64_t *bits, int32_t *set) {
  if (draft->set_count == draft->set_capacity) {
    const size_t capacity = draft->set_capacity ? 2 * draft->set_capacity : 16;
    if (!grow_array((void **)&draft->sets, draft->words * sizeof(uint64_t), draft->set_capacity, capacity))
      return false;
    draft->set_capacity = capacity;
  }
  memcpy(draft->sets + draft->set_count * draft->words, bits, draft->words * sizeof(uint64_t));
  *set = (int32_t)draft->set_count++;
  return true;
}

void draft_release(tree_draft *draft) {
  farro_resize(draft->nodes, draft->capacity * sizeof(tree_node), 0);
  farro_resize(draft->values, draft->capacity * draft->outputs * sizeof(double), 0);
  farro_resize(draft->sets, draft->set_capacity * draft->words * sizeof(uint64_t), 0);
  draft->nodes = NULL, draft->values = NULL, draft->sets = NULL;
}
