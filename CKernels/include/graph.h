// A hierarchical navigable small-world graph over vectors: approximate nearest neighbours by walking from node to node.
//
// Source: Y. Malkov and D. Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical
// navigable small world graphs", IEEE TPAMI 42(4), 2020. Nodes are inserted in batches whose searches see the graph
// before the batch, as in M. Manohar et al., "ParlayANN: scalable and deterministic parallel graph-based approximate
// nearest neighbor search algorithms", PPoPP 2024: no locks, and the same graph for any number of threads. Removal
// mends the lists that lead to removed nodes as A. Singh et al. do, "FreshDiskANN", 2021.
//
// The graph is arrays that belong to the caller; nothing here keeps a pointer. Walks compare codes (codes.h), a quarter
// of the memory; the best nodes that they find are then measured in f32.
#ifndef FARRO_GRAPH_H
#define FARRO_GRAPH_H

#include "codes.h"
#include "distance.h"
#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  FARRO_GRAPH_MOST_WIDTH = 512,     // of any list
  FARRO_GRAPH_MOST_LEVELS = 32,     // levels are 0...31
  FARRO_GRAPH_MOST_ELEMENTS = 32767 // of a vector: the squared length of its codes fits 32 bits
};
#define FARRO_GRAPH_MOST_NODES ((size_t)0x7fffffff)
#define FARRO_NO_NODE UINT32_MAX

typedef struct farro_graph {
  size_t count;         // nodes, numbered from 0
  size_t d;             // elements of a vector
  const float *vectors; // (count, d)
  const uint8_t *codes; // (count, ld_codes), ld_codes a multiple of 64, at least d; made by farro_codes_f32
  size_t ld_codes;
  const int32_t *norms; // of the codes; NULL: the nearest vector is that of the largest product
  const float *centre;  // of the codes; NULL: 0. Always NULL where norms is
  float scale;          // of the codes
  uint32_t *lists;      // (count, width): the neighbours of a node on level 0, FARRO_NO_NODE behind the last
  size_t width;
  uint32_t *upper; // (., upper_width): the same of the levels above; a node of level l has l lists in a row
  size_t upper_width;
  const uint8_t *levels;  // of each node
  const uint32_t *starts; // of each node: the number of its first list in `upper`; not read for level 0
  uint32_t entry;         // a node of the highest level; FARRO_NO_NODE in an empty graph
} farro_graph;

// How a search is done.
typedef struct farro_graph_walk {
  farro_metric metric; // Euclidean or its square, inner product, or cosine, for which vectors and queries have length
                       // 1 or are zero; another is FARRO_ERROR_ARGUMENT
  size_t k;            // results of each query
  size_t breadth;      // nodes that a walk keeps (the paper's ef); at least k is taken
  size_t measured;     // how many of them are measured in f32; at least k is taken
  const uint64_t *accepted; // bit n of this says whether node n may be a result; NULL: all may
  size_t accepted_count;    // bits that are set
  const int64_t *ids;       // what results are called; NULL: by the node's number
} farro_graph_walk;

// The k nearest accepted nodes of each of m queries (m, d), best first, of equal distances the smaller id first.
// distances and ids are (m, k); where fewer than k nodes are accepted, the id -1 and the distance infinity (minus
// infinity for inner products) follow. Nodes that are not accepted are walked over all the same. Distances are exact as
// those of farro_listed_squares_f32 and farro_listed_dots_f32. min(k, accepted_count) results are always found: where a
// walk would cost more than measuring every accepted node, or ends early, they are all measured. Usually O(breadth
// width d) time for a query, at most O(count d); work space O(count / 8 + accepted_count) bytes for each thread. The
// result does not depend on the number of threads.
FARRO_API farro_status farro_graph_search_f32(const farro_graph *graph, const farro_graph_walk *walk, size_t m,
                                              const float *queries, size_t ldq, float *distances, int64_t *ids);

// Links the nodes from graph->count to count - 1, whose vectors, codes, norms, levels and starts are there and whose
// lists are written, and sets graph->count and graph->entry. breadth: how many nodes each one's neighbours are chosen
// from (the paper's efConstruction). A new node gets upper_width neighbours on each level. FARRO_ERROR_MEMORY leaves
// the nodes linked that belong to batches before. O(breadth width d) time for a node, usually.
FARRO_API farro_status farro_graph_insert(farro_graph *graph, size_t count, size_t breadth);

// Removes the nodes whose bit in `kept` is 0, but for renumbering: those that led to them get new neighbours, chosen
// from the neighbours of both, and graph->entry becomes a node that is kept. O(count width^2 d) time at most.
FARRO_API farro_status farro_graph_repair(farro_graph *graph, const uint64_t *kept);

// Renumbers the nodes whose bit in `kept` is 1, without changing their order, and moves their part of every array of
// the graph to the front; nothing may lead to the others (farro_graph_repair). ids: moved along, or NULL. *lists: the
// upper lists that remain. The arrays are those of *graph, which are written though they are const there.
FARRO_API farro_status farro_graph_compact(farro_graph *graph, const uint64_t *kept, int64_t *ids, size_t *lists);

// Whether levels, starts and lists describe a graph with upper_count upper lists that can be walked, extended and
// mended without leaving its arrays: for what comes from a file. Upper lists follow one another in the order of their
// nodes.
FARRO_API bool farro_graph_is_sound(const farro_graph *graph, size_t upper_count);

#ifdef __cplusplus
}
#endif
#endif
