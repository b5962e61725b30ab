// Removal: lists that lead to removed nodes are chosen anew, then what is left moves together; and whether a graph that
// comes from elsewhere can be walked at all.
//
// Repair writes lists of kept nodes and reads those of removed ones and its own: nothing that another task writes.
#include "graph/graph.h"

enum { nodes_per_range = 64, most_steps = 3 }; // removed nodes in a row that are looked behind

static const double nanoseconds_per_list = 10000;

typedef struct {
  farro_graph *graph;
  const codes_kernels *kernels;
  const uint64_t *kept;
  _Atomic int out_of_memory;
} repair_job;

static bool leads_to_removed(const uint32_t *list, size_t length, const uint64_t *kept) {
  for (size_t i = 0; i < length; i++)
    if (!has_bit(kept, list[i])) return true;
  return false;
}

// The kept neighbours of a node, and those behind removed ones, into s->numbers, each once.
static size_t gather_candidates(graph_space *s, const uint64_t *kept, uint32_t node, size_t level) {
  const farro_graph *g = s->graph;
  const size_t width = width_of(g, level);
  // Nodes whose lists are read: the node, then removed ones as they are found. They follow the candidates in numbers.
  uint32_t *behind = s->numbers + s->room / 2;
  size_t count = 0, found = 1, first = 0;
  behind[0] = node;
  visit(s, node);
  for (size_t step = 0; step <= most_steps && first < found; step++) {
    const size_t last = found;
    for (; first < last; first++) {
      const uint32_t *list = list_of(g, behind[first], level);
      const size_t length = list_length(list, width);
      for (size_t i = 0; i < length; i++) {
        if (!visit(s, list[i])) continue;
        if (has_bit(kept, list[i])) {
          if (count < s->room / 2) s->numbers[count++] = list[i];
        } else if (found < s->room / 2) {
          behind[found++] = list[i];
        }
      }
    }
    if (count >= width) break;
  }
  forget_visited(s);
  return count;
}

static void repair_list(const repair_job *job, graph_space *s, graph_choice *choice, uint32_t node, size_t level) {
  const farro_graph *g = job->graph;
  const size_t width = width_of(g, level);
  uint32_t *list = list_of(g, node, level), chosen[FARRO_GRAPH_MOST_WIDTH];
  if (!leads_to_removed(list, list_length(list, width), job->kept)) return;
  const size_t count = gather_candidates(s, job->kept, node, level);
  query_of_node(g, node, &s->query);
  compute_keys(s, &s->query, count);
  for (size_t i = 0; i < count; i++) s->best[i] = rank_of(s->keys[i], s->numbers[i]);
  sort_ranked(s->best, count);
  write_list(list, width, chosen, choose_neighbors(s, choice, s->best, count, key_shift(g, node), width, chosen));
}

static void repair_range(void *context, size_t first, size_t last) {
  repair_job *job = context;
  const farro_graph *g = job->graph;
  graph_space s;
  graph_choice choice;
  const size_t room = larger(2048, 8 * larger(g->width, g->upper_width)), bytes = choice_bytes(g);
  const graph_memory space = make_space(&s, g, job->kernels, room, room);
  void *memory = farro_allocate(bytes);
  if (space.memory && memory) {
    place_choice(&choice, g, memory);
    for (uint32_t node = (uint32_t)first; node < last; node++)
      for (size_t level = 0; level <= g->levels[node] && has_bit(job->kept, node); level++)
        repair_list(job, &s, &choice, node, level);
  } else {
    job->out_of_memory = 1;
  }
  farro_release(memory, bytes);
  release_space(space);
}

farro_status farro_graph_repair(farro_graph *graph, const uint64_t *kept) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  repair_job job = {.graph = graph, .kernels = kernels->codes, .kept = kept};
  const size_t n = graph->count;
  farro_parallel_for(n, nodes_per_range, (double)n * nanoseconds_per_list, repair_range, &job);
  if (job.out_of_memory) return FARRO_ERROR_MEMORY;
  uint32_t entry = FARRO_NO_NODE;
  for (uint32_t node = 0; node < n; node++)
    if (has_bit(kept, node) && (entry == FARRO_NO_NODE || graph->levels[node] > graph->levels[entry])) entry = node;
  graph->entry = entry;
  return FARRO_OK;
}

// ---- moving together ----

static void renumber(uint32_t *list, size_t width, const uint32_t *numbers) {
  for (size_t i = 0; i < width && list[i] != FARRO_NO_NODE; i++) list[i] = numbers[list[i]];
}

farro_status farro_graph_compact(farro_graph *graph, const uint64_t *kept, int64_t *ids, size_t *lists) {
  const farro_graph *g = graph;
  uint32_t *numbers = farro_allocate(g->count * sizeof *numbers);
  if (!numbers) return FARRO_ERROR_MEMORY;
  uint32_t left = 0, start = 0;
  for (uint32_t node = 0; node < g->count; node++) {
    numbers[node] = left;
    left += has_bit(kept, node);
  }
  for (uint32_t node = 0; node < g->count; node++) {
    if (!has_bit(kept, node)) continue;
    const uint32_t to = numbers[node];
    const size_t levels = g->levels[node];
    renumber(list_of(g, node, 0), g->width, numbers);
    for (size_t level = 1; level <= levels; level++) renumber(list_of(g, node, level), g->upper_width, numbers);
    // Nodes and lists keep their order, so that nothing is overwritten before it has moved.
    const size_t upper_bytes = levels * g->upper_width * sizeof *g->upper;
    if (levels) memmove(g->upper + start * g->upper_width, list_of(g, node, 1), upper_bytes);
    ((uint32_t *)g->starts)[to] = start;
    start += (uint32_t)levels;
    ((uint8_t *)g->levels)[to] = (uint8_t)levels;
    memmove(g->lists + to * g->width, g->lists + node * g->width, g->width * sizeof *g->lists);
    memmove((float *)g->vectors + to * g->d, g->vectors + node * g->d, g->d * sizeof *g->vectors);
    memmove((uint8_t *)g->codes + to * g->ld_codes, g->codes + node * g->ld_codes, g->ld_codes);
    if (g->norms) ((int32_t *)g->norms)[to] = g->norms[node];
    if (ids) ids[to] = ids[node];
  }
  if (g->entry != FARRO_NO_NODE) graph->entry = numbers[g->entry];
  farro_release(numbers, g->count * sizeof *numbers);
  graph->count = left;
  *lists = start;
  return FARRO_OK;
}

// ---- soundness ----

static bool is_sound_list(const farro_graph *g, uint32_t node, size_t level) {
  const uint32_t *list = list_of(g, node, level);
  for (size_t i = 0; i < width_of(g, level) && list[i] != FARRO_NO_NODE; i++)
    if (list[i] >= g->count || g->levels[list[i]] < level) return false;
  return true;
}

bool farro_graph_is_sound(const farro_graph *graph, size_t upper_count) {
  const farro_graph *g = graph;
  if (g->count > FARRO_GRAPH_MOST_NODES || g->width < 1 || g->width > FARRO_GRAPH_MOST_WIDTH || g->upper_width < 1 ||
      g->upper_width > FARRO_GRAPH_MOST_WIDTH)
    return false;
  if (g->count == 0) return g->entry == FARRO_NO_NODE;
  if (g->entry >= g->count) return false;
  size_t end = 0; // of the upper lists before: nodes that shared some would be moved beyond the end of the array
  for (uint32_t node = 0; node < g->count; node++) {
    const size_t levels = g->levels[node];
    if (levels >= FARRO_GRAPH_MOST_LEVELS || levels > g->levels[g->entry]) return false;
    if (levels && (g->starts[node] < end || g->starts[node] > upper_count || levels > upper_count - g->starts[node]))
      return false;
    if (levels) end = g->starts[node] + levels;
    for (size_t level = 0; level <= levels; level++)
      if (!is_sound_list(g, node, level)) return false;
  }
  return true;
}
