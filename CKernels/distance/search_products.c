// The search by products: rows of the base are made ready (centred, or of length 1, and in any case scalars), block by
// block, and multiplied with all queries; a visitor compares tiles of the product with the queries' limits.
//
// The value v of a row y for a query x and what the product tells of it, with s = |x|^2 + |y|^2 of the centred rows:
//   squares   v = |x - y|^2 = s - 2 x.y. Centring moves a coordinate by u, and the value by 4 u s at most; the norms
//             carry d u s, as much is in 2 x.y, and the sums in s and v add 4 u s: (2d + 8) u s in all.
//   angles    v = 1 - x.y, rows of length 1 to (d/2 + 4) u each and u per coordinate: (2d + 10) u.
//   products  v = -x.y |x|, where x has length 1: (d + 1) u |y| in -x.y, and as much in x itself.
// With g = (2d + 20) u / (1 - (2d + 20) u), all of them lie within g s (g, g |y|) of the truth. What depends on y goes
// into its offset, what depends on x into the limit, so that v is known by a multiply-add and a comparison decides.
#include <float.h>
#include <string.h>

#include "runtime/sizes.h"
#include "search.h"

enum {
  block_bytes = 4 << 20, // of the base made ready at a time
  sample_rows = 256,     // whose mean all rows are centred on
};

static double roundings(const neighbor_search *s) { return (2 * (double)s->shape.d + 20) * s->type->unit; }

bool farro_search_has_bound(const neighbor_search *s) { return roundings(s) < 0.5; }

// Of some rows of the base, spread evenly; 0 where it is not finite.
static void take_mean(neighbor_search *s) {
  const size_t d = s->shape.d, rows = smaller(sample_rows, s->shape.base);
  for (size_t i = 0; i < s->pitch; i++) set_value(s, s->mean, i, 0);
  if (s->form != neighbor_squares) return;
  for (size_t i = 0; i < rows; i++) { // made ready less 0, that is, as scalars
    const void *row = at(s->base, i * s->shape.base / rows * s->shape.ld_base, s->rows->element_bytes);
    any_scalar norm;
    s->rows->prepare(neighbor_products, 1, d, row, 0, NULL, s->ready_rows, s->pitch, &norm);
    for (size_t j = 0; j < d; j++)
      set_value(s, s->mean, j, value_at(s, s->mean, j) + value_at(s, s->ready_rows, j) / (double)rows);
  }
  for (size_t j = 0; j < d; j++)
    if (!isfinite(value_at(s, s->mean, j))) set_value(s, s->mean, j, 0);
}

static bool has_nan(const neighbor_search *s, const void *row) {
  for (size_t j = 0; j < s->shape.d; j++)
    if (isnan(value_at(s, row, j))) return true;
  return false;
}

// Tells all threads, rounded up. Never infinite: rows about which products tell nothing have the offset -infinity, and
// are to pass every limit.
static void lower_limit(const neighbor_search *s, size_t query, double limit) {
  if (s->type->bytes == 4) {
    float rounded = limit > FLT_MAX ? FLT_MAX : limit < -FLT_MAX ? -FLT_MAX : (float)limit;
    if ((double)rounded < limit) rounded = nextafterf(rounded, FLT_MAX);
    __atomic_store((float *)s->limits + query, &rounded, __ATOMIC_RELAXED);
  } else {
    double finite = limit > DBL_MAX ? DBL_MAX : limit < -DBL_MAX ? -DBL_MAX : limit;
    __atomic_store((double *)s->limits + query, &finite, __ATOMIC_RELAXED);
  }
}

// The limit within which all rows are wanted, in terms of what products tell, for a query of `squares`.
static double limit_of_radius(const neighbor_search *s, size_t query, double squares) {
  if (s->form == neighbor_squares) return s->radius * (1 + s->g) - squares + s->found[query].slack;
  if (s->form == neighbor_angles) return s->radius - 1 + s->g;
  const double factor = s->scalars->factor(s->shape.d, query_at(s, query)), limit = s->radius * factor;
  if (!(factor > 0)) return INFINITY;
  return isinf(limit) ? limit : limit + fabs(limit) * s->g;
}

// Queries of the way of the product, ready and with their limits.
static void prepare_queries(void *context, size_t first, size_t last) {
  neighbor_search *s = context;
  const size_t bytes = s->type->bytes, d = s->shape.d;
  for (size_t i = first; i < last; i++) {
    candidates *c = &s->found[i];
    void *ready = at(s->ready_queries, i * s->pitch, bytes);
    any_scalar norm;
    // For products, queries of length 1 have the same order, and bounds that do not depend on them.
    s->scalars->prepare(s->form == neighbor_squares ? neighbor_squares : neighbor_angles, 1, d, query_at(s, i), 0,
                        s->mean, ready, s->pitch, &norm);
    const double squares = value_at(s, &norm, 0);
    const bool measures_all =
        !(squares <= s->type->most) && (s->form != neighbor_angles) && !has_nan(s, query_at(s, i));
    if (measures_all) {
      memset(ready, 0, s->pitch * bytes);
      c->slack = INFINITY;
    } else if (isnan(squares)) {
      c->limit = NAN; // which no row reaches
    } else if (s->form == neighbor_squares) {
      c->slack = 2 * (s->g * squares + (double)d * s->type->least);
    }
    if (s->takes_all && !isnan(c->limit)) c->limit = measures_all ? INFINITY : limit_of_radius(s, i, squares);
    lower_limit(s, i, c->limit);
  }
}

// Rows of the base, ready and with their offsets; infinity for those that are no neighbours. About rows whose squares
// overflow, the product tells nothing: they are measured.
static void prepare_rows(void *context, size_t first, size_t last) {
  neighbor_search *s = context;
  const size_t bytes = s->type->bytes, d = s->shape.d, row = s->first_row + first;
  s->rows->prepare(s->form, last - first, d, at(s->base, row * s->shape.ld_base, s->rows->element_bytes),
                   s->shape.ld_base, s->mean, at(s->ready_rows, first * s->pitch, bytes), s->pitch,
                   at(s->norms, first, bytes));
  for (size_t i = first; i < last; i++) {
    const double squares = value_at(s, s->norms, i), tiny = (double)d * s->type->least;
    double slack = s->form == neighbor_squares    ? s->g * squares
                   : s->form == neighbor_products ? s->g * sqrt(squares)
                                                  : s->g;
    double offset = (s->form == neighbor_squares ? squares : 0) - slack - tiny;
    if (!(squares <= s->type->most)) {
      void *ready = at(s->ready_rows, i * s->pitch, bytes);
      offset = s->form == neighbor_angles || has_nan(s, ready) ? INFINITY : -INFINITY, slack = INFINITY;
      memset(ready, 0, s->pitch * bytes);
    }
    set_value(s, s->norms, i, 2 * (slack + tiny)); // between the bounds; rounded by far less than `tiny` and g hold
    set_value(s, s->offsets, i, is_wanted(s, s->first_row + i) ? offset : INFINITY);
  }
}

typedef struct {
  neighbor_search *search;
  size_t query, row; // of the tile's first product
} tile_place;

static void take_found(void *context, size_t row, size_t count, const uint32_t *columns, const double *values) {
  const tile_place *place = context;
  neighbor_search *s = place->search;
  const size_t query = place->query + row;
  candidates *c = &s->found[query];
  farro_candidates_hold(c);
  const double limit = c->limit;
  for (size_t i = 0; i < count; i++) {
    const size_t at_row = place->row + columns[i];
    const double slack = value_at(s, s->norms, at_row), upper = slack < INFINITY ? values[i] + slack : INFINITY;
    farro_candidates_add(c, (candidate){values[i], upper, NAN, (uint32_t)(s->first_row + at_row), false},
                         farro_search_measure, s, query);
  }
  if (c->limit < limit) lower_limit(s, query, c->limit);
  farro_candidates_let_go(c);
}

static void visit_tile(void *context, size_t item, size_t row, size_t column, size_t rows, size_t columns,
                       const void *tile, size_t ld) {
  (void)item;
  neighbor_search *s = context;
  tile_place place = {s, row, column};
  s->select(&(neighbor_selection){.offsets = at(s->offsets, column, s->type->bytes),
                                  .limits = at(s->limits, row, s->type->bytes),
                                  .factor = s->form == neighbor_squares ? -2 : -1,
                                  .context = &place,
                                  .found = take_found},
            rows, columns, tile, ld);
}

void farro_search_products(neighbor_search *s) {
  const size_t bytes = s->type->bytes, queries = s->some_queries, n = s->shape.base;
  const size_t block = smaller(n, larger(block_bytes / (s->pitch * bytes), 512));
  const size_t scalars = (queries + block + 1) * s->pitch + queries + 2 * block;
  const double u = roundings(s);
  s->g = u / (1 - u);
  if (s->takes_all) s->g *= 2; // of which one is what measuring a row may add
  char *space = farro_allocate(scalars * bytes);
  if (!space) {
    s->failed = true;
    return;
  }
  s->ready_queries = space;
  s->ready_rows = at(s->ready_queries, queries * s->pitch, bytes);
  s->mean = at(s->ready_rows, block * s->pitch, bytes);
  s->limits = at(s->mean, s->pitch, bytes);
  s->norms = at(s->limits, queries, bytes);
  s->offsets = at(s->norms, block, bytes);
  take_mean(s);
  farro_parallel_for(queries, 16, (double)(queries * s->pitch) / 8, prepare_queries, s);
  const farro_epilogue epilogue = {.visit = visit_tile, .visit_context = s};
  for (s->first_row = 0; s->first_row < n && !s->failed; s->first_row += s->some_rows) {
    s->some_rows = smaller(block, n - s->first_row);
    farro_parallel_for(s->some_rows, 64, (double)(s->some_rows * s->pitch) / 4, prepare_rows, s);
    const farro_matmul_shape shape = {.batch = 1,
                                      .m = queries,
                                      .n = s->some_rows,
                                      .k = s->pitch,
                                      .transpose_b = true,
                                      .lda = s->pitch,
                                      .ldb = s->pitch,
                                      .ldc = s->some_rows};
    if (s->type->product(&shape, s->ready_queries, s->ready_rows, &epilogue) != FARRO_OK) s->failed = true;
  }
  farro_release(space, scalars * bytes);
}
