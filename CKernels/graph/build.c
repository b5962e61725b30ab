// Insertion, in batches: first each new node looks for its neighbours in the graph before the batch, then every node
// that was chosen takes the new ones into its list. Either step writes only lists that no other task reads or writes.
#include "graph/graph.h"

#include <stdlib.h>

enum {
  batch_share = 32,  // of the nodes that exist: a batch misses 1 in so many possible neighbours, at most
  most_batch = 1024, // nodes; enough to keep many threads busy
  nodes_per_range = 4,
  lists_per_range = 16,
};

// Rough costs for one thread, to decide about waking others.
static const double nanoseconds_per_neighbor = 10, nanoseconds_per_choice = 4000;

// A new node's wish to be in the list of another.
typedef struct {
  uint32_t target, level, source;
} wish;

typedef struct {
  farro_graph *graph;
  const codes_kernels *kernels;
  size_t first, breadth;
  wish *wishes;
  size_t *groups; // where the wishes for each list begin, and the end of the last
  _Atomic int out_of_memory;
} build_job;

// ---- looking for neighbours ----

static void link_node(const build_job *job, graph_space *s, graph_choice *choice, uint32_t node) {
  const farro_graph *g = job->graph;
  const size_t top = g->levels[g->entry], own = g->levels[node];
  query_of_node(g, node, &s->query);
  for (size_t level = own; level > top; level--) write_list(list_of(g, node, level), g->upper_width, NULL, 0);
  ranked from = descend(s, g->entry, top, smaller(top, own));
  uint32_t chosen[FARRO_GRAPH_MOST_WIDTH];
  for (size_t level = smaller(top, own) + 1; level-- > 0;) {
    walk_level(s, from, level);
    from = s->best[0] & ~(ranked)1;
    const size_t most = smaller(g->upper_width, width_of(g, level));
    const size_t count = choose_neighbors(s, choice, s->best, s->best_count, key_shift(g, node), most, chosen);
    write_list(list_of(g, node, level), width_of(g, level), chosen, count);
  }
}

static void link_range(void *context, size_t first, size_t last) {
  build_job *job = context;
  const farro_graph *g = job->graph;
  graph_space s;
  graph_choice choice;
  const size_t room = larger(g->width, larger(g->upper_width, 64)), bytes = choice_bytes(g);
  const graph_memory space = make_space(&s, g, job->kernels, job->breadth, room);
  void *memory = farro_allocate(bytes);
  if (space.memory && memory) {
    place_choice(&choice, g, memory);
    for (size_t i = first; i < last; i++) link_node(job, &s, &choice, (uint32_t)(job->first + i));
  } else {
    job->out_of_memory = 1;
  }
  farro_release(memory, bytes);
  release_space(space);
}

// ---- taking new nodes into lists ----

static int in_order(const void *a, const void *b) {
  const wish *x = a, *y = b;
  if (x->target != y->target) return x->target < y->target ? -1 : 1;
  if (x->level != y->level) return x->level < y->level ? -1 : 1;
  return (x->source > y->source) - (x->source < y->source);
}

static size_t most_wishes(const farro_graph *g, size_t first, size_t count) {
  size_t lists = 0;
  for (size_t node = first; node < first + count; node++) lists += (size_t)g->levels[node] + 1;
  return lists * g->upper_width;
}

// Collects the wishes of a batch, in order of their lists, and answers how many lists there are.
static size_t collect_wishes(build_job *job, size_t count) {
  const farro_graph *g = job->graph;
  size_t total = 0, groups = 0;
  for (uint32_t node = (uint32_t)job->first; node < job->first + count; node++)
    for (uint32_t level = 0; level <= g->levels[node]; level++) {
      const uint32_t *list = list_of(g, node, level);
      const size_t length = list_length(list, width_of(g, level));
      for (size_t i = 0; i < length; i++) job->wishes[total++] = (wish){list[i], level, node};
    }
  qsort(job->wishes, total, sizeof *job->wishes, in_order);
  for (size_t i = 0; i < total; i++) {
    const wish *w = &job->wishes[i];
    if (i == 0 || w->target != w[-1].target || w->level != w[-1].level) job->groups[groups++] = i;
  }
  job->groups[groups] = total;
  return groups;
}

static void extend_list(const build_job *job, graph_space *s, graph_choice *choice, ranked *candidates, size_t group) {
  const farro_graph *g = job->graph;
  const wish *w = job->wishes + job->groups[group];
  const size_t more = job->groups[group + 1] - job->groups[group], width = width_of(g, w->level);
  uint32_t *list = list_of(g, w->target, w->level);
  const size_t length = list_length(list, width), total = length + more;
  for (size_t i = 0; i < length; i++) s->numbers[i] = list[i];
  for (size_t i = 0; i < more; i++) s->numbers[length + i] = w[i].source;
  if (total <= width) {
    write_list(list, width, s->numbers, total);
    return;
  }
  query_of_node(g, w->target, &s->query);
  compute_keys(s, &s->query, total);
  for (size_t i = 0; i < total; i++) candidates[i] = rank_of(s->keys[i], s->numbers[i]);
  sort_ranked(candidates, total);
  uint32_t chosen[FARRO_GRAPH_MOST_WIDTH];
  const size_t count = choose_neighbors(s, choice, candidates, total, key_shift(g, w->target), width, chosen);
  write_list(list, width, chosen, count);
}

static size_t longest_group(const build_job *job, size_t first, size_t last) {
  size_t longest = 0;
  for (size_t group = first; group < last; group++)
    longest = larger(longest, job->groups[group + 1] - job->groups[group]);
  return longest;
}

static void extend_range(void *context, size_t first, size_t last) {
  build_job *job = context;
  const farro_graph *g = job->graph;
  graph_space s;
  graph_choice choice;
  const size_t room = larger(g->width, g->upper_width) + longest_group(job, first, last);
  const size_t ranks = round_up(room * sizeof(ranked), 64), bytes = ranks + choice_bytes(g);
  // A walk's memory without the walk: of a graph without nodes.
  farro_graph empty = *g;
  empty.count = 0;
  const graph_memory space = make_space(&s, &empty, job->kernels, 0, room);
  char *memory = farro_allocate(bytes);
  if (space.memory && memory) {
    s.graph = g;
    place_choice(&choice, g, memory + ranks);
    for (size_t group = first; group < last; group++) extend_list(job, &s, &choice, (ranked *)memory, group);
  } else {
    job->out_of_memory = 1;
  }
  farro_release(memory, bytes);
  release_space(space);
}

// ---- batches ----

static farro_status insert_batch(build_job *job, size_t count) {
  farro_graph *g = job->graph;
  const double neighbors = (double)count * (double)job->breadth * (double)g->width / 2;
  farro_parallel_for(count, nodes_per_range, neighbors * nanoseconds_per_neighbor, link_range, job);
  if (job->out_of_memory) return FARRO_ERROR_MEMORY;
  const size_t most = most_wishes(g, job->first, count);
  const size_t wish_bytes = round_up(most * sizeof(wish), 64), bytes = wish_bytes + (most + 1) * sizeof(size_t);
  char *memory = farro_allocate(bytes);
  if (!memory) return FARRO_ERROR_MEMORY;
  job->wishes = (wish *)memory;
  job->groups = (size_t *)(memory + wish_bytes);
  const size_t groups = collect_wishes(job, count);
  g->count = job->first + count; // the new nodes' codes are compared from here on
  farro_parallel_for(groups, lists_per_range, (double)groups * nanoseconds_per_choice, extend_range, job);
  farro_release(memory, bytes);
  for (size_t node = job->first; node < g->count; node++)
    if (g->levels[node] > g->levels[g->entry]) g->entry = (uint32_t)node;
  return job->out_of_memory ? FARRO_ERROR_MEMORY : FARRO_OK;
}

static void insert_first(farro_graph *g) {
  for (size_t level = 0; level <= g->levels[0]; level++) write_list(list_of(g, 0, level), width_of(g, level), NULL, 0);
  g->entry = 0;
  g->count = 1;
}

static bool is_valid(const farro_graph *g, size_t count, size_t breadth) {
  return g->width >= 1 && g->width <= FARRO_GRAPH_MOST_WIDTH && g->upper_width >= 1 &&
         g->upper_width <= FARRO_GRAPH_MOST_WIDTH && g->d <= FARRO_GRAPH_MOST_ELEMENTS && g->ld_codes >= g->d &&
         g->ld_codes % 64 == 0 && count >= g->count && count <= FARRO_GRAPH_MOST_NODES && can_exist(breadth, 1, 1);
}

farro_status farro_graph_insert(farro_graph *graph, size_t count, size_t breadth) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_valid(graph, count, breadth)) return FARRO_ERROR_ARGUMENT;
  if (graph->count == 0 && count > 0) insert_first(graph);
  while (graph->count < count) {
    build_job job = {.graph = graph, .kernels = kernels->codes, .first = graph->count};
    job.breadth = smaller(larger(breadth, graph->upper_width), graph->count);
    const size_t share = larger(1, smaller(graph->count / batch_share, most_batch));
    const farro_status status = insert_batch(&job, smaller(share, count - graph->count));
    if (status != FARRO_OK) return status;
  }
  return FARRO_OK;
}
