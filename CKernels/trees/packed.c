#include "packed.h"

#include <math.h>
#include <string.h>

#include "runtime/sizes.h"

static const double node_nanoseconds = 2;

typedef struct {
  const farro_tree_nodes *nodes;
  packed_trees *packed;
  size_t d;
} pack_work;

// Negative numbers have their other bits turned round: then whole numbers are in the order of the numbers.
static inline int32_t key_f32(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits ^ (int32_t)((uint32_t)(bits >> 31) >> 1);
}

static inline int64_t key_f64(double value) {
  int64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits ^ (int64_t)((uint64_t)(bits >> 63) >> 1);
}

// The key of the greatest number that is not above the threshold, without a branch; that of 0 where it is -0.
static inline int32_t threshold_f32(double threshold) {
  const float nearest = (float)threshold;
  const int32_t key = key_f32(nearest);
  return key - ((double)nearest > threshold) + ((key == -1) & ((double)nearest == threshold));
}

static inline int64_t threshold_f64(double threshold) { return key_f64(threshold + 0.0); }

// The bits of `next` that tell a key's place; 0 where the others cannot number the nodes of every tree.
static unsigned column_bits(const farro_tree_nodes *nodes, size_t d) {
  unsigned bits = 1;
  while ((size_t)1 << bits < 2 * d) bits++;
  size_t most = 0;
  for (size_t t = 0; t < nodes->trees; t++) most = larger(most, (size_t)(nodes->roots[t + 1] - nodes->roots[t]));
  return most <= UINT32_MAX >> bits ? bits : 0;
}

#define WALKS(type, scalar, whole, least, most)                                                                        \
  static void pack_some_##type(void *context, size_t first, size_t last) {                                             \
    const pack_work *w = context;                                                                                      \
    const farro_tree_nodes *nodes = w->nodes;                                                                          \
    packed_node_##type *restrict packed = w->packed->nodes;                                                            \
    const int32_t *restrict feature = nodes->feature, *restrict right = nodes->right;                                  \
    const double *restrict threshold = nodes->threshold;                                                               \
    const uint8_t *restrict missing_left = nodes->missing_left;                                                        \
    const uint32_t d = (uint32_t)w->d;                                                                                 \
    const unsigned bits = w->packed->column_bits;                                                                      \
    for (size_t t = first; t < last; t++) {                                                                            \
      const size_t root = (size_t)nodes->roots[t], end = (size_t)nodes->roots[t + 1];                                  \
      for (size_t i = root; i < end; i++) {                                                                            \
        const bool is_leaf = feature[i] < 0;                                                                           \
        const uint32_t place = (uint32_t)feature[i] + (d & -(uint32_t)(missing_left[i] != 0));                         \
        const whole key = threshold_##type(threshold[i]);                                                              \
        packed[i].key = is_leaf ? least : key;                                                                         \
        packed[i].next = (is_leaf ? (uint32_t)(i - root) : (uint32_t)right[i]) << bits | (is_leaf ? 0 : place);        \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  packed_trees pack_trees_##type(const farro_tree_nodes *nodes, size_t d) {                                            \
    packed_trees packed = {.bytes = nodes->nodes * sizeof(packed_node_##type), .column_bits = column_bits(nodes, d)};  \
    if (nodes->sets > 0 || packed.column_bits == 0) return packed;                                                     \
    packed.nodes = farro_allocate(packed.bytes);                                                                       \
    pack_work work = {nodes, &packed, d};                                                                              \
    if (packed.nodes)                                                                                                  \
      farro_parallel_for(nodes->trees, 1, (double)nodes->nodes * node_nanoseconds, pack_some_##type, &work);           \
    return packed;                                                                                                     \
  }                                                                                                                    \
  void make_keys_##type(size_t rows, size_t d, const scalar *x, size_t ldx, whole *restrict keys) {                    \
    for (size_t r = 0; r < rows; r++) {                                                                                \
      whole *restrict right = keys + r * 2 * d, *restrict left = right + d;                                            \
      for (size_t f = 0; f < d; f++) {                                                                                 \
        const scalar value = x[r * ldx + f];                                                                           \
        const whole key = key_##type(value);                                                                           \
        right[f] = value == value ? key : most;                                                                        \
        left[f] = value == value ? key : least;                                                                        \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  static inline void step_##type(const packed_node_##type *nodes, const whole *keys, size_t width, unsigned bits,      \
                                 uint32_t at[walks_together]) {                                                        \
    const uint32_t mask = ((uint32_t)1 << bits) - 1;                                                                   \
    _Pragma("clang loop unroll(full)") for (size_t k = 0; k < walks_together; k++) {                                   \
      const packed_node_##type node = nodes[at[k]];                                                                    \
      at[k] = keys[k * width + (node.next & mask)] <= node.key ? at[k] + 1 : node.next >> bits;                        \
    }                                                                                                                  \
  }                                                                                                                    \
  void find_leaves_##type(const packed_trees *trees, size_t root, size_t rows, size_t d, const whole *keys,            \
                          int32_t *leaves) {                                                                           \
    const packed_node_##type *nodes = (const packed_node_##type *)trees->nodes + root;                                 \
    for (size_t r = 0; r < rows; r += walks_together) {                                                                \
      uint32_t at[walks_together] = {0};                                                                               \
      for (uint32_t moved = 1; moved;) {                                                                               \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < 3; i++)                                                 \
            step_##type(nodes, keys + r * 2 * d, 2 * d, trees->column_bits, at);                                       \
        uint32_t before[walks_together];                                                                               \
        memcpy(before, at, sizeof at);                                                                                 \
        step_##type(nodes, keys + r * 2 * d, 2 * d, trees->column_bits, at);                                           \
        moved = 0;                                                                                                     \
        for (size_t k = 0; k < walks_together; k++) moved |= before[k] ^ at[k];                                        \
      }                                                                                                                \
      for (size_t k = 0; k < walks_together; k++) leaves[r + k] = (int32_t)at[k];                                      \
    }                                                                                                                  \
  }

WALKS(f32, float, int32_t, INT32_MIN, INT32_MAX)
WALKS(f64, double, int64_t, INT64_MIN, INT64_MAX)

void packed_release(packed_trees *trees) {
  if (trees->nodes) farro_release(trees->nodes, trees->bytes);
}
