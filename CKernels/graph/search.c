// Search: a walk over codes for each query, then the best of what it found measured in f32.
#include "graph/graph.h"

#include <math.h>

#include "runtime.h"

enum {
  queries_per_range = 8,
  measured_block = 256, // nodes that are measured together when all are
};

// Rough cost of looking at a node, to decide about waking threads.
static const double nanoseconds_per_node = 20;

typedef struct {
  float distance;
  int64_t id;
} result;

// One thread's share of a search.
typedef struct {
  const farro_graph *graph;
  const farro_graph_walk *walk;
  const float *queries;
  size_t ldq;
  float *distances;
  int64_t *ids;
  const codes_kernels *kernels;
  size_t breadth, measured, wanted; // wanted: results that there must be
  bool walks;                       // rather than measuring all accepted nodes
  _Atomic int out_of_memory;
} search_job;

typedef struct {
  graph_space space;
  float *exact;    // `breadth` or measured_block of them, whichever are more
  result *results; // `measured` or k + 1 of them
  size_t result_count;
  ranked *frontier; // accepted_count of them: for walks with a filter
} search_space;

// ---- exact distances ----

static float finished(farro_metric metric, float value) {
  switch (metric) {
  case FARRO_METRIC_EUCLIDEAN:
    return sqrtf(value);
  case FARRO_METRIC_COSINE:
    value = 1 - value;
    return value < 0 ? 0 : value > 2 ? 2 : value;
  default:
    return value;
  }
}

// Rows of length 1 that are nearly parallel: |x - y|^2 / 2 loses nothing, where 1 - x.y loses its digits. Not for a
// zero row, which is nearly parallel to none.
static const float parallel = 0.0625f;

static void measure(const search_job *job, const float *query, const uint32_t *numbers, size_t count, float *out) {
  const farro_graph *g = job->graph;
  const farro_metric metric = job->walk->metric;
  if (metric == FARRO_METRIC_EUCLIDEAN || metric == FARRO_METRIC_SQUARED_EUCLIDEAN)
    job->kernels->squares_f32(count, g->d, query, g->vectors, g->d, numbers, out);
  else
    job->kernels->dots_f32(count, g->d, query, g->vectors, g->d, numbers, out);
  for (size_t i = 0; i < count; i++) {
    out[i] = finished(metric, out[i]);
    if (metric != FARRO_METRIC_COSINE || out[i] >= parallel) continue;
    job->kernels->squares_f32(1, g->d, query, g->vectors, g->d, numbers + i, out + i);
    out[i] /= 2;
  }
}

// Of two results, whether a comes first. What is not a number comes last.
static bool precedes(farro_metric metric, result a, result b) {
  if (a.distance == b.distance) return a.id < b.id;
  if (isnan(a.distance) || isnan(b.distance))
    return isnan(a.distance) == isnan(b.distance) ? a.id < b.id : isnan(b.distance);
  return metric == FARRO_METRIC_INNER_PRODUCT ? a.distance > b.distance : a.distance < b.distance;
}

// Keeps the best `most` results in order.
static void add_result(const search_job *job, search_space *s, size_t most, float distance, uint32_t node) {
  const result r = {distance, job->walk->ids ? job->walk->ids[node] : (int64_t)node};
  const farro_metric metric = job->walk->metric;
  if (s->result_count == most && !precedes(metric, r, s->results[most - 1])) return;
  size_t i = s->result_count < most ? s->result_count++ : most - 1;
  for (; i > 0 && precedes(metric, r, s->results[i - 1]); i--) s->results[i] = s->results[i - 1];
  s->results[i] = r;
}

static void measure_best(const search_job *job, search_space *s, const float *query) {
  graph_space *w = &s->space;
  const size_t count = smaller(job->measured, w->best_count);
  for (size_t i = 0; i < count; i++) w->numbers[i] = node_of(w->best[i]);
  measure(job, query, w->numbers, count, s->exact);
  for (size_t i = 0; i < count; i++) add_result(job, s, job->walk->k, s->exact[i], w->numbers[i]);
}

static void measure_all(const search_job *job, search_space *s, const float *query) {
  const farro_graph *g = job->graph;
  uint32_t *numbers = s->space.numbers;
  size_t count = 0;
  s->result_count = 0;
  for (uint32_t node = 0; node <= g->count; node++) {
    if (count == measured_block || node == g->count) {
      measure(job, query, numbers, count, s->exact);
      for (size_t i = 0; i < count; i++) add_result(job, s, job->walk->k, s->exact[i], numbers[i]);
      count = 0;
    }
    if (node < g->count && (!job->walk->accepted || has_bit(job->walk->accepted, node))) numbers[count++] = node;
  }
}

// ---- a walk with a filter ----
// All nodes are walked over, and accepted ones kept. The nodes to go on from are a heap, with the nearest on top.

static void push(ranked *heap, size_t *size, ranked r) {
  size_t i = (*size)++;
  for (; i > 0 && heap[(i - 1) / 2] > r; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
  heap[i] = r;
}

static ranked pop(ranked *heap, size_t *size) {
  const ranked top = heap[0], last = heap[--*size];
  size_t i = 0;
  for (size_t child = 1; child < *size; child = 2 * i + 1) {
    if (child + 1 < *size && heap[child + 1] < heap[child]) child++;
    if (heap[child] >= last) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = last;
  return top;
}

static void take_accepted(const search_job *job, graph_space *w, ranked r) {
  if (!has_bit(job->walk->accepted, node_of(r))) return;
  if (w->best_count == w->breadth && r >= w->best[w->best_count - 1]) return;
  insert_ranked(w->best, &w->best_count, w->breadth, r);
}

// False when it looked at as many nodes as are accepted: measuring those is then cheaper than going on.
static bool walk_filtered(const search_job *job, search_space *s, ranked from) {
  graph_space *w = &s->space;
  const farro_graph *g = job->graph;
  size_t size = 0, looked_at = 1;
  w->best_count = 0;
  visit(w, node_of(from));
  push(s->frontier, &size, from);
  take_accepted(job, w, from);
  while (size) {
    const ranked nearest = pop(s->frontier, &size);
    if (w->best_count == w->breadth && nearest > w->best[w->best_count - 1]) break;
    const uint32_t *list = list_of(g, node_of(nearest), 0);
    size_t count = 0;
    for (size_t i = 0; i < g->width && list[i] != FARRO_NO_NODE; i++)
      if (visit(w, list[i])) w->numbers[count++] = list[i];
    looked_at += count;
    if (looked_at > job->walk->accepted_count) break;
    compute_keys(w, &w->query, count);
    for (size_t i = 0; i < count; i++) {
      const ranked r = rank_of(w->keys[i], w->numbers[i]);
      if (w->best_count == w->breadth && r >= w->best[w->best_count - 1]) continue;
      push(s->frontier, &size, r);
      take_accepted(job, w, r);
    }
  }
  forget_visited(w);
  return looked_at <= job->walk->accepted_count;
}

// ---- the search ----

static void search_one(const search_job *job, search_space *s, size_t row) {
  const farro_graph *g = job->graph;
  const farro_graph_walk *walk = job->walk;
  const float *query = job->queries + row * job->ldq;
  const size_t k = walk->k;
  s->result_count = 0;
  bool found = false;
  if (job->walks) {
    query_of_vector(g, query, &s->space.query);
    const ranked from = descend(&s->space, g->entry, g->levels[g->entry], 0);
    found = true;
    if (walk->accepted)
      found = walk_filtered(job, s, from);
    else
      walk_level(&s->space, from, 0);
    if (found) measure_best(job, s, query);
  }
  if (!found || s->result_count < job->wanted) measure_all(job, s, query);
  for (size_t i = 0; i < k; i++) {
    const bool exists = i < s->result_count;
    const float worst = walk->metric == FARRO_METRIC_INNER_PRODUCT ? -INFINITY : INFINITY;
    job->distances[row * k + i] = exists ? s->results[i].distance : worst;
    job->ids[row * k + i] = exists ? s->results[i].id : -1;
  }
}

static void search_range(void *context, size_t first, size_t last) {
  search_job *job = context;
  const farro_graph *g = job->graph;
  search_space s;
  const size_t room = larger(larger(job->breadth, measured_block), larger(g->width, g->upper_width));
  const size_t frontier = job->walk->accepted ? job->walk->accepted_count + 1 : 0;
  const graph_memory space = make_space(&s.space, g, job->kernels, job->breadth, room);
  const size_t bytes = round_up(room * 4, 64) + round_up(job->walk->k * sizeof(result), 64) + frontier * sizeof(ranked);
  char *memory = farro_allocate(bytes);
  if (space.memory && memory) {
    s.exact = (float *)memory;
    s.results = (result *)(memory + round_up(room * 4, 64));
    s.frontier = (ranked *)(memory + bytes - frontier * sizeof(ranked));
    for (size_t row = first; row < last; row++) search_one(job, &s, row);
  } else {
    job->out_of_memory = 1;
  }
  farro_release(memory, bytes);
  release_space(space);
}

static bool is_valid(const farro_graph *g, const farro_graph_walk *walk, size_t m, size_t ldq) {
  const farro_metric metric = walk->metric;
  const bool is_known = metric == FARRO_METRIC_EUCLIDEAN || metric == FARRO_METRIC_SQUARED_EUCLIDEAN ||
                        metric == FARRO_METRIC_COSINE || metric == FARRO_METRIC_INNER_PRODUCT;
  return is_known && (metric == FARRO_METRIC_INNER_PRODUCT) == !g->norms && ldq >= g->d &&
         can_exist(m, larger(ldq, 1), 1) && can_exist(m, larger(walk->k, 1), 2) && can_exist(walk->breadth, 1, 1) &&
         walk->accepted_count <= g->count;
}

farro_status farro_graph_search_f32(const farro_graph *graph, const farro_graph_walk *walk, size_t m,
                                    const float *queries, size_t ldq, float *distances, int64_t *ids) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_valid(graph, walk, m, ldq)) return FARRO_ERROR_ARGUMENT;
  if (m == 0 || walk->k == 0) return FARRO_OK;
  farro_graph_walk all = *walk;
  if (!walk->accepted) all.accepted_count = graph->count;
  const size_t wanted = smaller(walk->k, all.accepted_count);
  const size_t breadth = smaller(larger(walk->breadth, walk->k), larger(all.accepted_count, 1));
  search_job job = {.graph = graph,
                    .walk = &all,
                    .queries = queries,
                    .ldq = ldq,
                    .distances = distances,
                    .ids = ids,
                    .kernels = kernels->codes,
                    .breadth = breadth,
                    .measured = larger(walk->measured, walk->k),
                    .wanted = wanted};
  // About what a walk looks at; with a filter, as many more as are not accepted.
  const double accepted = (double)all.accepted_count, share = accepted / larger(graph->count, 1);
  const double looks = (double)breadth * (double)graph->width / 4 / (walk->accepted ? share : 1);
  job.walks = breadth < all.accepted_count && (!walk->accepted || looks < accepted);
  const double nodes = (double)m * (job.walks ? looks : accepted);
  farro_parallel_for(m, queries_per_range, nodes * nanoseconds_per_node, search_range, &job);
  return job.out_of_memory ? FARRO_ERROR_MEMORY : FARRO_OK;
}
