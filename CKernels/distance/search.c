// How a search runs: some queries at a time, in one of three ways. Few queries are measured exactly against every row.
// Metrics that come from products go by these (search_products.c). Any other metric has its distances computed block by
// block into a buffer that stays in the L2 cache.
#include "search.h"

#include <float.h>

#include "runtime/sizes.h"

enum {
  few_queries = 4,            // are measured exactly
  most_queries = 8192,        // at a time
  candidate_bytes = 64 << 20, // of all queries at a time
  slice_rows = 1024,          // of the base that one task measures exactly
  tile_queries = 64,          // distances computed at a time by metrics without a product
  tile_rows = 512,
};

// Rough speed of one thread, to decide about waking others.
static const double terms_per_nanosecond = 20;

// ---- measuring ----

void farro_search_measure(const void *context, size_t query, candidate *items, size_t count) {
  enum { most = 64 };
  const neighbor_search *s = context;
  for (size_t i = 0; i < count;) {
    uint32_t rows[most];
    size_t places[most], some = 0;
    double keys[most];
    for (; i < count && some < most; i++)
      if (!items[i].measured) places[some] = i, rows[some++] = items[i].row;
    s->rows->measure(s->form, s->shape.d, query_at(s, query), s->factors[query], s->base, s->shape.ld_base, some, rows,
                     keys);
    for (size_t j = 0; j < some; j++) items[places[j]].key = keys[j], items[places[j]].measured = true;
  }
}

// Rows whose value is known: bounds and all.
static void add_measured(neighbor_search *s, size_t query, size_t first, size_t count, const double *keys) {
  candidates *c = &s->found[query];
  farro_candidates_hold(c);
  for (size_t i = 0; i < count; i++)
    if (keys[i] <= c->limit && is_wanted(s, first + i))
      farro_candidates_add(c, (candidate){keys[i], keys[i], keys[i], (uint32_t)(first + i), true}, farro_search_measure,
                           s, query);
  farro_candidates_let_go(c);
}

// Items are slices of the base; all queries, a few rows at a time, which stay in the L1 cache.
static void measure_slices(void *context, size_t first, size_t last) {
  enum { rows_at_once = 32 };
  neighbor_search *s = context;
  const size_t end = smaller(last * slice_rows, s->shape.base);
  for (size_t row = first * slice_rows; row < end; row += rows_at_once) {
    const size_t rows = smaller(rows_at_once, end - row);
    double keys[rows_at_once];
    for (size_t query = 0; query < s->some_queries; query++) {
      s->rows->measure(s->form, s->shape.d, query_at(s, query), s->factors[query],
                       at(s->base, row * s->shape.ld_base, s->rows->element_bytes), s->shape.ld_base, rows, NULL, keys);
      add_measured(s, query, row, rows, keys);
    }
  }
}

static void search_exactly(neighbor_search *s) {
  const double terms = (double)s->some_queries * (double)s->shape.base * (double)(s->shape.d + 16);
  farro_parallel_for(ceil_divide(s->shape.base, slice_rows), 1, terms / terms_per_nanosecond, measure_slices, s);
}

// ---- metrics without a product ----

// Items are tiles of queries by rows.
static void measure_tiles(void *context, size_t first, size_t last) {
  neighbor_search *s = context;
  const farro_neighbors_shape *n = &s->shape;
  const size_t query_tiles = ceil_divide(s->some_queries, tile_queries),
               bytes = tile_queries * tile_rows * s->type->bytes;
  void *tile = farro_allocate(bytes);
  if (!tile) s->failed = true;
  for (size_t item = first; tile && item < last; item++) {
    const size_t query = item % query_tiles * tile_queries, row = item / query_tiles * tile_rows;
    const size_t queries = smaller(tile_queries, s->some_queries - query), rows = smaller(tile_rows, n->base - row);
    if (s->type->distances(s->distance, queries, rows, n->d, query_at(s, query), n->ld_queries,
                           at(s->base, row * n->ld_base, s->type->bytes), n->ld_base, tile, tile_rows) != FARRO_OK)
      s->failed = true;
    for (size_t i = 0; i < queries && !s->failed; i++) {
      double keys[tile_rows];
      for (size_t j = 0; j < rows; j++) keys[j] = value_at(s, tile, i * tile_rows + j);
      add_measured(s, query + i, row, rows, keys);
    }
  }
  farro_release(tile, bytes);
}

static void search_tiles(neighbor_search *s) {
  const size_t tiles = ceil_divide(s->some_queries, tile_queries) * ceil_divide(s->shape.base, tile_rows);
  const double terms = (double)s->some_queries * (double)s->shape.base * (double)(s->shape.d + 1);
  farro_parallel_for(tiles, 1, terms / terms_per_nanosecond, measure_tiles, s);
}

// ---- some queries ----

static void search_some(neighbor_search *s, candidate *items, size_t capacity) {
  for (size_t i = 0; i < s->some_queries; i++) {
    s->found[i] = (candidates){.items = items + i * capacity,
                               .k = s->k,
                               .capacity = capacity,
                               .takes_all = s->takes_all,
                               .limit = s->takes_all ? s->radius : INFINITY,
                               .busy = ATOMIC_FLAG_INIT};
    s->factors[i] =
        s->form == neighbor_angles && has_form(s->metric) ? s->scalars->factor(s->shape.d, query_at(s, i)) : 1;
  }
  if (!has_form(s->metric))
    search_tiles(s);
  else if (s->shape.queries <= few_queries || s->shape.d == 0 || !farro_search_has_bound(s))
    search_exactly(s);
  else
    farro_search_products(s);
}

farro_status farro_search_run(neighbor_search *s, farro_body finish) {
  const size_t capacity = s->takes_all ? 0 : smaller(farro_candidates_capacity(s->k), s->shape.base);
  const size_t fits = candidate_bytes / (capacity * sizeof(candidate) + 1);
  const size_t some = smaller(smaller(s->shape.queries, most_queries), larger(fits, 16));
  const size_t bytes = some * (sizeof(candidates) + capacity * sizeof(candidate) + sizeof(double));
  s->found = farro_allocate(bytes);
  if (!s->found) return FARRO_ERROR_MEMORY;
  candidate *items = (candidate *)(s->found + some);
  s->factors = (double *)(items + some * capacity);
  s->form = form_of(s->metric);
  s->pitch = round_up(s->shape.d, 64 / s->type->bytes);
  const double per_query = (double)smaller(s->k, s->shape.base) * (100 + (double)s->shape.d / terms_per_nanosecond);
  for (s->first_query = 0; s->first_query < s->shape.queries && !s->failed; s->first_query += some) {
    s->some_queries = smaller(some, s->shape.queries - s->first_query);
    search_some(s, items, capacity);
    if (!s->failed) farro_parallel_for(s->some_queries, 4, (double)s->some_queries * per_query, finish, s);
    for (size_t i = 0; i < s->some_queries; i++) s->failed = farro_candidates_end(&s->found[i]) | s->failed;
  }
  farro_release(s->found, bytes);
  return s->failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

bool farro_search_is_valid(const neighbor_search *s) {
  const farro_neighbors_shape *n = &s->shape;
  const bool is_served =
      has_form(s->metric) || (s->rows == s->scalars &&
                              s->type->distances(s->distance, 0, 0, n->d, NULL, n->d, NULL, n->d, NULL, 0) == FARRO_OK);
  return is_served && n->ld_queries >= n->d && n->ld_base >= n->d && n->base < UINT32_MAX &&
         are_rows(n->queries, n->d, n->ld_queries) && are_rows(n->base, n->d, n->ld_base);
}

// ---- types of scalars ----

#define SCALAR_TYPE(name, scalar, epsilon, smallest, largest)                                                          \
  static farro_status distances_##name(farro_distance distance, size_t m, size_t n, size_t d, const void *x,           \
                                       size_t ldx, const void *y, size_t ldy, void *out, size_t ld_out) {              \
    return farro_pairwise_distances_##name(distance, m, n, d, x, ldx, y, ldy, out, ld_out);                            \
  }                                                                                                                    \
  static farro_status product_##name(const farro_matmul_shape *shape, const void *a, const void *b,                    \
                                     const farro_epilogue *epilogue) {                                                 \
    return farro_matmul_fused_##name(shape, 1, a, b, 0, NULL, epilogue);                                               \
  }                                                                                                                    \
  const scalar_type farro_scalar_##name = {.bytes = sizeof(scalar),                                                    \
                                           .unit = epsilon / 2,                                                        \
                                           .least = smallest,                                                          \
                                           .most = largest / 64,                                                       \
                                           .distances = distances_##name,                                              \
                                           .product = product_##name};

SCALAR_TYPE(f32, float, FLT_EPSILON, FLT_MIN, FLT_MAX)
SCALAR_TYPE(f64, double, DBL_EPSILON, DBL_MIN, DBL_MAX)
