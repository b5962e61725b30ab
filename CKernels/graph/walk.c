// Walks over one level, and the choice of neighbours among what they find.
#include "graph/graph.h"

// ---- queries ----

static void finish_query(const farro_graph *g, graph_query *q, float scale) {
  int32_t sum = 0;
  for (size_t k = 0; k < g->ld_codes; k++) sum += q->codes[k];
  q->offset = 128 * sum;
  q->factor = g->norms ? -2 * (scale / g->scale) : -1;
}

void query_of_vector(const farro_graph *g, const float *vector, graph_query *q) {
  finish_query(g, q, farro_query_codes_f32(g->d, g->ld_codes, vector, g->centre, q->codes));
}

void query_of_node(const farro_graph *g, uint32_t node, graph_query *q) {
  const uint8_t *codes = g->codes + node * g->ld_codes;
  for (size_t k = 0; k < g->ld_codes; k++) q->codes[k] = (int8_t)(codes[k] ^ 128);
  finish_query(g, q, g->scale);
}

void compute_keys(graph_space *s, const graph_query *q, size_t count) {
  const farro_graph *g = s->graph;
  s->kernels->dots_u8s8(count, g->ld_codes, q->codes, g->codes, g->ld_codes, s->numbers, s->dots);
  for (size_t i = 0; i < count; i++) s->keys[i] = q->factor * (float)(s->dots[i] - q->offset);
  if (g->norms)
    for (size_t i = 0; i < count; i++) s->keys[i] += (float)g->norms[s->numbers[i]];
}

// ---- memory ----

static void *take(char **at, size_t bytes) {
  void *place = *at;
  *at += round_up(bytes, 64);
  return place;
}

graph_memory make_space(graph_space *s, const farro_graph *g, const codes_kernels *kernels, size_t breadth,
                        size_t room) {
  const size_t words = ceil_divide(g->count, 64);
  const size_t bytes = round_up(words * 8, 64) + round_up(words * 4, 64) + 3 * round_up(room * 4, 64) +
                       round_up(breadth * sizeof(ranked), 64) + g->ld_codes;
  const graph_memory m = {farro_allocate(bytes), bytes};
  if (!m.memory) return m;
  char *at = m.memory;
  *s = (graph_space){.graph = g, .kernels = kernels, .words = words, .breadth = breadth, .room = room};
  s->visited = take(&at, words * 8);
  s->touched = take(&at, words * 4);
  s->numbers = take(&at, room * 4);
  s->dots = take(&at, room * 4);
  s->keys = take(&at, room * 4);
  s->best = take(&at, breadth * sizeof(ranked));
  s->query.codes = take(&at, g->ld_codes);
  memset(s->visited, 0, words * 8);
  return m;
}

void forget_visited(graph_space *s) {
  if (s->touched_count > s->words)
    memset(s->visited, 0, s->words * 8);
  else
    for (size_t i = 0; i < s->touched_count; i++) s->visited[s->touched[i]] = 0;
  s->touched_count = 0;
}

// ---- walks ----

// The neighbours of a node that were not visited, into s->numbers. Their codes are asked for as they are found: the
// distances of the first are computed while the last are on their way.
static size_t unvisited_neighbors(graph_space *s, uint32_t node, size_t level) {
  const farro_graph *g = s->graph;
  const uint32_t *list = list_of(g, node, level);
  const size_t width = width_of(g, level);
  size_t count = 0;
  for (size_t i = 0; i < width && list[i] != FARRO_NO_NODE; i++) {
    if (!visit(s, list[i])) continue;
    __builtin_prefetch(g->codes + list[i] * g->ld_codes);
    if (g->norms) __builtin_prefetch(g->norms + list[i]);
    s->numbers[count++] = list[i];
  }
  return count;
}

ranked descend(graph_space *s, uint32_t from, size_t from_level, size_t to_level) {
  const farro_graph *g = s->graph;
  s->numbers[0] = from;
  compute_keys(s, &s->query, 1);
  ranked nearest = rank_of(s->keys[0], from);
  for (size_t level = from_level; level > to_level; level--) {
    ranked before;
    do {
      before = nearest;
      const uint32_t *list = list_of(g, node_of(nearest), level);
      const size_t count = list_length(list, g->upper_width);
      memcpy(s->numbers, list, count * sizeof *list);
      compute_keys(s, &s->query, count);
      for (size_t i = 0; i < count; i++) {
        const ranked r = rank_of(s->keys[i], s->numbers[i]);
        nearest = r < nearest ? r : nearest;
      }
    } while (nearest < before);
  }
  return nearest;
}

void walk_level(graph_space *s, ranked from, size_t level) {
  const ranked seen = 1;
  s->best[0] = from;
  s->best_count = 1;
  visit(s, node_of(from));
  size_t next = 0;
  while (next < s->best_count) {
    if (s->best[next] & seen) {
      next++;
      continue;
    }
    const uint32_t node = node_of(s->best[next]);
    s->best[next++] |= seen;
    const size_t count = unvisited_neighbors(s, node, level);
    // Likely the next to be looked at.
    if (next < s->best_count) __builtin_prefetch(list_of(s->graph, node_of(s->best[next]), level));
    compute_keys(s, &s->query, count);
    ranked worst = s->best_count < s->breadth ? UINT64_MAX : s->best[s->best_count - 1];
    for (size_t i = 0; i < count; i++) {
      const ranked r = rank_of(s->keys[i], s->numbers[i]);
      if (r >= worst) continue;
      const size_t place = insert_ranked(s->best, &s->best_count, s->breadth, r);
      next = smaller(next, place);
      if (s->best_count == s->breadth) worst = s->best[s->best_count - 1];
    }
  }
  forget_visited(s);
}

// ---- neighbours ----

enum { choice_block = 32 }; // candidates that are looked at together, beyond which the choice is often made

size_t choice_bytes(const farro_graph *g) {
  const size_t most = larger(g->width, g->upper_width);
  return round_up(most * g->ld_codes, 64) + most * sizeof(graph_query);
}

void place_choice(graph_choice *c, const farro_graph *g, void *memory) {
  const size_t most = larger(g->width, g->upper_width);
  c->codes = memory;
  c->queries = (graph_query *)((char *)memory + round_up(most * g->ld_codes, 64));
  for (size_t i = 0; i < most; i++) c->queries[i].codes = c->codes + i * g->ld_codes;
}

// Drops the candidates from `first` to `count` that are nearer to a chosen one than to the base. Equally near ones are
// dropped too: of many equal vectors, a node so keeps one and still has neighbours elsewhere.
static size_t drop_near(graph_space *s, const graph_query *chosen, float chosen_shift, ranked *alive, size_t count,
                        float shift) {
  for (size_t i = 0; i < count; i++) s->numbers[i] = node_of(alive[i]);
  compute_keys(s, chosen, count);
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    alive[kept] = alive[i];
    kept += s->keys[i] + chosen_shift > key_of(alive[i]) + shift;
  }
  return kept;
}

// Appends the nearest candidates that were dropped. Where products are compared, long vectors are nearer to all others
// than these to one another, and few would remain: of tests/graph_check.c's vectors, whose lengths differ by 6, 0.73 of
// the nearest would be found instead of 0.89.
static size_t fill_choice(const ranked *candidates, size_t count, size_t chosen, size_t most, uint32_t *out) {
  const size_t apart = chosen;
  for (size_t i = 0; i < count && chosen < most; i++) {
    bool is_chosen = false;
    for (size_t j = 0; j < apart && !is_chosen; j++) is_chosen = out[j] == node_of(candidates[i]);
    if (!is_chosen) out[chosen++] = node_of(candidates[i]);
  }
  return chosen;
}

// Instead of one candidate against all chosen so far, one chosen against all candidates of a block that are left: the
// same comparisons, many at a time.
size_t choose_neighbors(graph_space *s, graph_choice *c, const ranked *candidates, size_t count, float shift,
                        size_t most, uint32_t *out) {
  size_t chosen = 0;
  for (size_t first = 0; first < count && chosen < most; first += choice_block) {
    ranked alive[choice_block];
    size_t left = smaller(choice_block, count - first);
    for (size_t i = 0; i < left; i++) alive[i] = candidates[first + i] & ~(ranked)1;
    for (size_t i = 0; i < chosen && left; i++)
      left = drop_near(s, &c->queries[i], key_shift(s->graph, out[i]), alive, left, shift);
    while (left && chosen < most) {
      const uint32_t node = node_of(alive[0]);
      query_of_node(s->graph, node, &c->queries[chosen]);
      out[chosen] = node;
      memmove(alive, alive + 1, --left * sizeof *alive);
      if (left) left = drop_near(s, &c->queries[chosen], key_shift(s->graph, node), alive, left, shift);
      chosen++;
    }
  }
  return s->graph->norms ? chosen : fill_choice(candidates, count, chosen, most, out);
}

void sort_ranked(ranked *nodes, size_t count) {
  // Shell's sort with the gaps of M. Ciura, 2001: for tens to hundreds of elements, in place.
  static const size_t gaps[] = {1750, 701, 301, 132, 57, 23, 10, 4, 1};
  for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++)
    for (size_t i = gaps[g]; i < count; i++) {
      const ranked r = nodes[i];
      size_t j = i;
      for (; j >= gaps[g] && nodes[j - gaps[g]] > r; j -= gaps[g]) nodes[j] = nodes[j - gaps[g]];
      nodes[j] = r;
    }
}
