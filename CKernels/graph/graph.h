// What search, insertion and repair share: nodes with keys, the memory of a walk, and walks on one level.
#ifndef FARRO_GRAPH_GRAPH_H
#define FARRO_GRAPH_GRAPH_H

#include <string.h>

#include "include/graph.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

// ---- nodes with keys ----
// 32 bits of a distance, so changed that they order as the distances do, 31 of a node, and a mark. One comparison of
// whole numbers then orders by distance and, where it is equal, by node.

typedef uint64_t ranked;

static inline uint32_t ordered_bits(float key) {
  uint32_t bits;
  memcpy(&bits, &key, sizeof bits);
  return bits ^ (bits >> 31 ? UINT32_MAX : 1u << 31);
}

static inline float key_of(ranked r) {
  const uint32_t ordered = (uint32_t)(r >> 32), bits = ordered ^ (ordered >> 31 ? 1u << 31 : UINT32_MAX);
  float key;
  memcpy(&key, &bits, sizeof key);
  return key;
}

static inline ranked rank_of(float key, uint32_t node) { return (uint64_t)ordered_bits(key) << 32 | node << 1; }
static inline uint32_t node_of(ranked r) { return (uint32_t)r >> 1; }

// Puts r into `size` ranked nodes in ascending order, of which at most `most` are kept, and answers where it stands.
static inline size_t insert_ranked(ranked *nodes, size_t *size, size_t most, ranked r) {
  size_t low = 0, high = *size;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (nodes[middle] < r)
      low = middle + 1;
    else
      high = middle;
  }
  const size_t last = *size < most ? (*size)++ : most - 1;
  memmove(nodes + low + 1, nodes + low, (last - low) * sizeof *nodes);
  nodes[low] = r;
  return low;
}

void sort_ranked(ranked *nodes, size_t count);

// ---- a query ----

// key(node) = norm(node) + factor (codes . code row - offset): a distance but for what is the same for all nodes.
typedef struct {
  int8_t *codes; // ld_codes of them
  int32_t offset;
  float factor;
} graph_query;

void query_of_vector(const farro_graph *g, const float *vector, graph_query *q);
void query_of_node(const farro_graph *g, uint32_t node, graph_query *q);

// What added to a key makes it a distance between nodes in units of the codes, where the query is `node`.
static inline float key_shift(const farro_graph *g, uint32_t node) { return g->norms ? (float)g->norms[node] : 0; }

// ---- the memory of a walk ----

typedef struct {
  const farro_graph *graph;
  const codes_kernels *kernels;
  uint64_t *visited; // a bit for each node, all 0 between walks
  size_t words;
  uint32_t *touched; // words of `visited` that are not 0; when there are more than `words`, all may be
  size_t touched_count;
  uint32_t *numbers; // of the nodes that are looked at, `room` of them
  int32_t *dots;
  float *keys;
  size_t room;
  ranked *best; // `breadth` of them
  size_t best_count, breadth;
  graph_query query;
} graph_space;

// Memory for walks that keep `breadth` nodes and look at `room` nodes at once; NULL `memory` when there is none.
typedef struct {
  void *memory;
  size_t bytes;
} graph_memory;
graph_memory make_space(graph_space *s, const farro_graph *g, const codes_kernels *kernels, size_t breadth,
                        size_t room);
static inline void release_space(graph_memory m) { farro_release(m.memory, m.bytes); }

void forget_visited(graph_space *s);

// False when it was visited before.
static inline bool visit(graph_space *s, uint32_t node) {
  uint64_t *word = s->visited + node / 64;
  const uint64_t bit = (uint64_t)1 << node % 64;
  if (*word & bit) return false;
  if (*word == 0) {
    if (s->touched_count < s->words) s->touched[s->touched_count] = node / 64;
    s->touched_count++;
  }
  *word |= bit;
  return true;
}

static inline bool has_bit(const uint64_t *bits, uint32_t node) { return bits[node / 64] >> node % 64 & 1; }

// ---- levels ----

static inline uint32_t *list_of(const farro_graph *g, uint32_t node, size_t level) {
  if (level == 0) return g->lists + node * g->width;
  return g->upper + (g->starts[node] + level - 1) * g->upper_width;
}
static inline size_t width_of(const farro_graph *g, size_t level) { return level ? g->upper_width : g->width; }

static inline size_t list_length(const uint32_t *list, size_t width) {
  size_t length = 0;
  while (length < width && list[length] != FARRO_NO_NODE) length++;
  return length;
}

static inline void write_list(uint32_t *list, size_t width, const uint32_t *nodes, size_t count) {
  if (count > 0) memcpy(list, nodes, count * sizeof *nodes); // nodes may then be NULL
  if (count < width) list[count] = FARRO_NO_NODE;
}

// Fills s->keys for s->query and `count` nodes of s->numbers.
void compute_keys(graph_space *s, const graph_query *q, size_t count);

// Walks on a level from `from` towards the query as long as it gets nearer, and answers where it ends.
ranked descend(graph_space *s, uint32_t from, size_t from_level, size_t to_level);

// Leaves in s->best the nearest nodes of a walk on a level that starts from `from`, s->breadth of them if there are.
void walk_level(graph_space *s, ranked from, size_t level);

// The paper's algorithm 4: of `count` candidates in ascending order of key, those that are nearer to the base than to
// every one taken before; at most `most` of them. shift: what makes their keys distances.
typedef struct {
  int8_t *codes; // (most, ld_codes) of the chosen
  graph_query *queries;
} graph_choice;
size_t choose_neighbors(graph_space *s, graph_choice *c, const ranked *candidates, size_t count, float shift,
                        size_t most, uint32_t *out);
size_t choice_bytes(const farro_graph *g);
void place_choice(graph_choice *c, const farro_graph *g, void *memory);

#endif
