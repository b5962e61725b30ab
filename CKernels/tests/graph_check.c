#include "check.h"

enum { d = 20, stride = 64, width = 12, upper_width = 6, most_nodes = 1500, query_count = 40, k = 10 };

typedef struct {
  farro_graph graph;
  float vectors[most_nodes * d], centre[d];
  uint8_t codes[most_nodes * stride], levels[most_nodes];
  int32_t norms[most_nodes];
  uint32_t starts[most_nodes], lists[most_nodes * width], upper[most_nodes * upper_width];
  int64_t ids[most_nodes];
  size_t upper_count;
} store;

// The same vectors and levels each time.
static store *make_store(bool products) {
  store *s = calloc(1, sizeof *s);
  for (size_t i = 0; i < most_nodes * d; i++) {
    const uint32_t mixed = (uint32_t)i * 2654435761u;
    s->vectors[i] = (float)((mixed ^ mixed >> 15) % 1999) / 1000 + (float)(i / d % 7 * (i % d));
  }
  for (size_t i = 0; i < most_nodes; i++) {
    s->levels[i] = (uint8_t)((i % 5 == 0) + (i % 37 == 3) + (i % 211 == 7));
    s->starts[i] = (uint32_t)s->upper_count;
    s->upper_count += s->levels[i];
    s->ids[i] = (int64_t)(3 * i);
  }
  for (size_t j = 0; j < d; j++) s->centre[j] = products ? 0 : 3 * (float)j;
  farro_graph *g = &s->graph;
  *g = (farro_graph){.d = d, .vectors = s->vectors, .codes = s->codes, .ld_codes = stride, .lists = s->lists};
  g->norms = products ? NULL : s->norms;
  g->centre = products ? NULL : s->centre;
  farro_codes_scale_f32(most_nodes, d, s->vectors, d, g->centre, &g->scale);
  farro_codes_f32(most_nodes, d, s->vectors, d, g->centre, g->scale, s->codes, stride, s->norms);
  g->width = width, g->upper = s->upper, g->upper_width = upper_width;
  g->levels = s->levels, g->starts = s->starts, g->entry = FARRO_NO_NODE;
  return s;
}

static double value(farro_metric metric, const float *x, const float *y) {
  double sum = 0;
  for (size_t j = 0; j < d; j++) {
    const double difference = (double)x[j] - (double)y[j];
    sum += metric == FARRO_METRIC_INNER_PRODUCT ? -(double)x[j] * (double)y[j] : difference * difference;
  }
  return sum;
}

// The share of the nearest accepted nodes that are found; every id must be accepted, in order and at its distance.
static double searched(const store *s, farro_metric metric, const uint64_t *accepted) {
  static float queries[query_count * d], distances[query_count * k], serial[query_count * k];
  static int64_t ids[query_count * k], serial_ids[query_count * k];
  const farro_graph *g = &s->graph;
  for (size_t i = 0; i < query_count; i++)
    for (size_t j = 0; j < d; j++) queries[i * d + j] = (float)(i % 7 * j) + (float)((i * 31 + j * 17) % 20) / 10;
  size_t count = 0, hits = 0;
  for (size_t i = 0; accepted && i < g->count; i++) count += accepted[i / 64] >> i % 64 & 1;
  const farro_graph_walk walk = {.metric = metric,
                                 .k = k,
                                 .breadth = 60,
                                 .measured = 30,
                                 .accepted = accepted,
                                 .accepted_count = count,
                                 .ids = s->ids};
  farro_status status = farro_graph_search_f32(g, &walk, query_count, queries, d, distances, ids);
  EXPECT(status == FARRO_OK, "graph search: status %d", status);
  farro_set_local_threads(1, NULL);
  farro_graph_search_f32(g, &walk, query_count, queries, d, serial, serial_ids);
  farro_set_local_threads(0, NULL);
  EXPECT(memcmp(ids, serial_ids, sizeof ids) == 0 && memcmp(distances, serial, sizeof serial) == 0,
         "graph search depends on threads");
  for (size_t i = 0; i < query_count; i++) {
    double worst = -INFINITY;
    for (size_t n = 0; n < k; n++) {
      const int64_t id = ids[i * k + n];
      EXPECT(id >= 0 && id % 3 == 0, "graph search: id %lld", (long long)id);
      size_t node = 0;
      while (s->ids[node] != id) node++;
      EXPECT(!accepted || (accepted[node / 64] >> node % 64 & 1), "a node is found that is not accepted");
      const double exact = value(metric, queries + i * d, s->vectors + node * d);
      const double sign = metric == FARRO_METRIC_INNER_PRODUCT ? -1 : 1, found = sign * (double)distances[i * k + n];
      EXPECT(fabs(found - exact) <= 30 * 0x1p-24 * (fabs(exact) + 1e4), "distance %g, not %g", found, exact);
      EXPECT(n == 0 || sign * (double)distances[i * k + n - 1] <= found, "distances are not in order");
      worst = fmax(worst, exact);
    }
    size_t nearer = 0; // nodes nearer than the worst result: k - 1 when none was missed
    for (size_t n = 0; n < g->count; n++)
      nearer += (!accepted || (accepted[n / 64] >> n % 64 & 1)) &&
                value(metric, queries + i * d, s->vectors + n * d) < worst - 1e-3;
    hits += nearer < k ? k : nearer < 2 * k ? 2 * k - nearer : 0;
  }
  return (double)hits / (query_count * k);
}

static bool same_lists(const store *a, const store *b) {
  for (size_t i = 0; i < a->graph.count; i++)
    for (size_t j = 0; j < width; j++) {
      const uint32_t x = a->lists[i * width + j], y = b->lists[i * width + j];
      if (x != y) return false;
      if (x == FARRO_NO_NODE) break;
    }
  return a->graph.entry == b->graph.entry;
}

static void check_metric(farro_metric metric) {
  const bool products = metric == FARRO_METRIC_INNER_PRODUCT;
  store *s = make_store(products), *serial = make_store(products);
  EXPECT(farro_graph_insert(&s->graph, 1, 80) == FARRO_OK && s->graph.entry == 0, "one node is no graph");
  EXPECT(farro_graph_insert(&s->graph, most_nodes, 80) == FARRO_OK, "insertion fails");
  farro_set_local_threads(1, NULL);
  farro_graph_insert(&serial->graph, 1, 80);
  farro_graph_insert(&serial->graph, most_nodes, 80);
  farro_set_local_threads(0, NULL);
  EXPECT(farro_graph_is_sound(&s->graph, s->upper_count), "the graph is not sound");
  EXPECT(same_lists(s, serial), "the graph depends on threads");
  const double least = products ? 0.85 : 0.98; // long vectors are near to all, and hide one another
  double share = searched(s, metric, NULL);
  EXPECT(share >= least, "metric %d: recall %g", metric, share);
  static uint64_t accepted[(most_nodes + 63) / 64], few[(most_nodes + 63) / 64];
  memset(accepted, 0, sizeof accepted), memset(few, 0, sizeof few);
  for (size_t i = 0; i < most_nodes; i++) {
    if (i % 3) accepted[i / 64] |= (uint64_t)1 << i % 64;
    if (i % 50 == 7) few[i / 64] |= (uint64_t)1 << i % 64;
  }
  share = searched(s, metric, accepted);
  EXPECT(share >= least, "metric %d: recall %g with a filter", metric, share);
  share = searched(s, metric, few);
  EXPECT(share == 1, "metric %d: recall %g among few", metric, share);
  size_t lists = 0;
  EXPECT(farro_graph_repair(&s->graph, accepted) == FARRO_OK, "repair fails");
  EXPECT(farro_graph_compact(&s->graph, accepted, s->ids, &lists) == FARRO_OK, "compaction fails");
  EXPECT(s->graph.count == most_nodes - most_nodes / 3 && lists < s->upper_count, "%zu nodes remain", s->graph.count);
  EXPECT(farro_graph_is_sound(&s->graph, lists), "the graph is not sound after removals");
  share = searched(s, metric, NULL);
  EXPECT(share >= least, "metric %d: recall %g after removals", metric, share);
  size_t last = s->graph.count - 1;
  while (s->levels[last] == 0) last--;
  s->starts[last] -= 1;
  EXPECT(!farro_graph_is_sound(&s->graph, lists), "two nodes share a list");
  s->starts[last] += 1;
  EXPECT(farro_graph_is_sound(&s->graph, lists), "the graph is not sound any more");
  s->lists[5 * width] = (uint32_t)s->graph.count;
  EXPECT(!farro_graph_is_sound(&s->graph, lists), "a list that leads nowhere is sound");
  free(s), free(serial);
}

void check_graph(void) {
  check_metric(FARRO_METRIC_SQUARED_EUCLIDEAN);
  check_metric(FARRO_METRIC_INNER_PRODUCT);
  farro_graph none = {.entry = FARRO_NO_NODE, .width = 2, .upper_width = 1, .norms = (int32_t *)&none};
  const farro_graph_walk walk = {.metric = FARRO_METRIC_EUCLIDEAN, .k = 2};
  float distances[2];
  int64_t ids[2];
  EXPECT(farro_graph_search_f32(&none, &walk, 1, distances, 0, distances, ids) == FARRO_OK && ids[0] == -1 &&
             ids[1] == -1 && isinf(distances[1]),
         "an empty graph has neighbours");
  for (farro_metric metric = 0; metric < FARRO_METRIC_COUNT; metric++) {
    if (metric == FARRO_METRIC_EUCLIDEAN || metric == FARRO_METRIC_SQUARED_EUCLIDEAN || metric == FARRO_METRIC_COSINE)
      continue;
    const farro_graph_walk other = {.metric = metric, .k = 2};
    EXPECT(farro_graph_search_f32(&none, &other, 1, distances, 0, distances, ids) == FARRO_ERROR_ARGUMENT,
           "%s is searched", farro_metric_name(metric));
  }
}
