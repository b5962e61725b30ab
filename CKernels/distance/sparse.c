// Entries of the distances between sparse rows, and of sparse matrices times dense ones.
//
// A task takes a panel of rows of y and a range of rows of x. It writes the panel's rows side by side, in the columns
// that they use, runs over its rows of x, and clears what it wrote, so that the next panel finds zeros.
#include "include/sparse_distance.h"

#include "distance/sparse.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

#include <string.h>

enum { tile_rows = 512, paired_rows = 64, product_rows = 16 };

typedef struct {
  const sparse_kernels *kernels;
  farro_metric metric;
  sparse_rows x, y;
  size_t m, n, chunks; // chunks of x
  char *x_norms, *out;
  size_t ld_out;
  bool failed;
} work;

static bool is_known(farro_metric metric) {
  return metric == FARRO_METRIC_EUCLIDEAN || metric == FARRO_METRIC_SQUARED_EUCLIDEAN ||
         metric == FARRO_METRIC_MANHATTAN || metric == FARRO_METRIC_COSINE || metric == FARRO_METRIC_INNER_PRODUCT;
}

static size_t elements_of(const sparse_rows *rows, size_t first, size_t last) {
  return rows->offsets ? (size_t)(rows->offsets[last] - rows->offsets[first]) : (last - first) * rows->columns;
}

// ---- panels ----

// What a thread works in: places of all columns and norms of a panel, and the panel with room for `rows`.
typedef struct {
  int32_t *places;
  char *norms, *panel;
  size_t bytes, panel_bytes, rows;
} space;

// Room for the panel of rows first..<last: a row of it for each of their elements, and the zeros.
static bool make_room(const work *w, space *s, size_t first, size_t last) {
  const size_t rows = smaller(elements_of(&w->y, first, last), w->y.columns) + 1;
  if (rows <= s->rows) return true;
  farro_release(s->panel, s->panel_bytes);
  s->rows = rows + rows / 4;
  s->panel_bytes = s->rows * w->kernels->columns * w->kernels->element_bytes;
  s->panel = farro_allocate(s->panel_bytes);
  if (s->panel) memset(s->panel, 0, s->panel_bytes);
  return s->panel != NULL;
}

static void place_columns(const work *w, int32_t *places, size_t first, size_t last) {
  int32_t used = 0;
  if (!w->y.offsets) {
    for (size_t c = 0; c < w->y.columns; c++) places[c] = (int32_t)c + 1;
    return;
  }
  for (int64_t k = w->y.offsets[first]; k < w->y.offsets[last]; k++)
    if (places[w->y.indices[k]] == 0) places[w->y.indices[k]] = ++used;
}

static void forget_columns(const work *w, int32_t *places, size_t first, size_t last) {
  for (int64_t k = w->y.offsets ? w->y.offsets[first] : 0; w->y.offsets && k < w->y.offsets[last]; k++)
    places[w->y.indices[k]] = 0;
}

static void measure_panel(const work *w, space *s, size_t column, size_t x_first, size_t x_last) {
  const size_t columns = smaller(w->kernels->columns, w->n - column);
  const sparse_tile tile = {.metric = w->metric,
                            .x = &w->x,
                            .y = &w->y,
                            .first = x_first,
                            .last = x_last,
                            .column = column,
                            .columns = columns,
                            .places = s->places,
                            .panel = s->panel,
                            .x_norms = w->x_norms,
                            .y_norms = s->norms,
                            .out = w->out,
                            .ld_out = w->ld_out};
  place_columns(w, s->places, column, column + columns);
  for (size_t j = 0; j < columns; j++) w->kernels->write(&w->y, column + j, s->places, s->panel, j, false);
  w->kernels->norms(w->metric, &w->y, column, column + columns, s->norms);
  w->kernels->distances(&tile);
  for (size_t j = 0; j < columns; j++) w->kernels->write(&w->y, column + j, s->places, s->panel, j, true);
  forget_columns(w, s->places, column, column + columns);
}

// Items are (panel of y, chunk of x).
static void measure(void *context, size_t begin, size_t end) {
  work *w = context;
  const size_t norms = w->kernels->columns * w->kernels->element_bytes;
  space s = {.bytes = norms + (w->y.columns + 1) * sizeof(int32_t)};
  s.norms = farro_allocate(s.bytes);
  bool has_room = s.norms != NULL;
  if (has_room) memset(s.norms, 0, s.bytes);
  s.places = (int32_t *)(s.norms + norms);
  for (size_t item = begin; has_room && item < end; item++) {
    const size_t column = item / w->chunks * w->kernels->columns, x = item % w->chunks * tile_rows;
    has_room = make_room(w, &s, column, smaller(column + w->kernels->columns, w->n));
    if (has_room) measure_panel(w, &s, column, x, smaller(x + tile_rows, w->m));
  }
  farro_release(s.panel, s.panel_bytes);
  farro_release(s.norms, s.bytes);
  if (!has_room) __atomic_store_n(&w->failed, true, __ATOMIC_RELAXED);
}

static void measure_norms(void *context, size_t first, size_t last) {
  const work *w = context;
  w->kernels->norms(w->metric, &w->x, first, last, w->x_norms + first * w->kernels->element_bytes);
}

static farro_status distances(work *w) {
  if (!is_known(w->metric) || w->x.columns != w->y.columns || w->x.columns > INT32_MAX - 1 ||
      !are_rows(w->m, w->n, w->ld_out) || (!w->y.offsets && !are_rows(w->n, w->y.columns, w->y.ld)))
    return FARRO_ERROR_ARGUMENT;
  if (w->m == 0 || w->n == 0) return FARRO_OK;
  const size_t bytes = w->m * w->kernels->element_bytes, panels = ceil_divide(w->n, w->kernels->columns);
  w->x_norms = farro_allocate(bytes);
  if (!w->x_norms) return FARRO_ERROR_MEMORY;
  const double elements = (double)elements_of(&w->x, 0, w->m) + (double)w->m;
  farro_parallel_for(w->m, tile_rows, elements, measure_norms, w);
  w->chunks = ceil_divide(w->m, tile_rows);
  // Ranges of items share their space: its places are as many as there are columns.
  const size_t items = panels * w->chunks, grain = larger(items / 32, 1);
  farro_parallel_for(items, grain, elements * (double)panels * 2, measure, w);
  farro_release(w->x_norms, bytes);
  return w->failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- row by row ----

static void measure_pairs(void *context, size_t first, size_t last) {
  const work *w = context;
  w->kernels->paired(w->metric, &w->x, &w->y, first, last, w->out);
}

static farro_status paired(work *w) {
  if (!is_known(w->metric) || w->x.columns != w->y.columns || w->m != w->n) return FARRO_ERROR_ARGUMENT;
  if (w->m == 0) return FARRO_OK;
  const double elements = (double)elements_of(&w->x, 0, w->m) + (double)elements_of(&w->y, 0, w->n);
  farro_parallel_for(w->m, paired_rows, 3 * elements, measure_pairs, w);
  return FARRO_OK;
}

// ---- times a dense matrix ----

typedef struct {
  const sparse_kernels *kernels;
  sparse_rows x;
  size_t n, ldy, ld_out;
  const void *y;
  void *out;
} product;

static void multiply(void *context, size_t first, size_t last) {
  const product *p = context;
  p->kernels->product(&p->x, first, last, p->n, p->y, p->ldy, p->out, p->ld_out);
}

static farro_status times(const product *p, size_t m) {
  if (!are_rows(m, p->n, p->ld_out) || !are_rows(p->x.columns, p->n, p->ldy)) return FARRO_ERROR_ARGUMENT;
  if (m == 0 || p->n == 0) return FARRO_OK;
  const double terms = (double)elements_of(&p->x, 0, m) * (double)p->n;
  farro_parallel_for(m, product_rows, terms / 8, multiply, (void *)p);
  return FARRO_OK;
}

// ---- entries ----

#define ENTRIES(type, scalar)                                                                                          \
  static sparse_rows rows_of_##type(const farro_csr_##type *x) {                                                       \
    return (sparse_rows){.offsets = x->offsets, .indices = x->indices, .values = x->values, .columns = x->columns};    \
  }                                                                                                                    \
  farro_status farro_sparse_distances_##type(farro_metric metric, const farro_csr_##type *x,                           \
                                             const farro_csr_##type *y, scalar *out, size_t ld_out) {                  \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    work w = {.kernels = kernels->sparse_##type, .metric = metric, .x = rows_of_##type(x), .y = rows_of_##type(y)};    \
    w.m = x->rows, w.n = y->rows, w.out = (char *)out, w.ld_out = ld_out;                                              \
    return distances(&w);                                                                                              \
  }                                                                                                                    \
  farro_status farro_sparse_dense_distances_##type(farro_metric metric, const farro_csr_##type *x, size_t n,           \
                                                   const scalar *y, size_t ldy, scalar *out, size_t ld_out) {          \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    work w = {.kernels = kernels->sparse_##type, .metric = metric, .x = rows_of_##type(x)};                            \
    w.y = (sparse_rows){.values = y, .ld = ldy, .columns = x->columns};                                                \
    w.m = x->rows, w.n = n, w.out = (char *)out, w.ld_out = ld_out;                                                    \
    return distances(&w);                                                                                              \
  }                                                                                                                    \
  farro_status farro_sparse_paired_distances_##type(farro_metric metric, const farro_csr_##type *x,                    \
                                                    const farro_csr_##type *y, scalar *out) {                          \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    work w = {.kernels = kernels->sparse_##type, .metric = metric, .x = rows_of_##type(x), .y = rows_of_##type(y)};    \
    w.m = x->rows, w.n = y->rows, w.out = (char *)out;                                                                 \
    return paired(&w);                                                                                                 \
  }                                                                                                                    \
  farro_status farro_sparse_matmul_##type(const farro_csr_##type *x, size_t n, const scalar *y, size_t ldy,            \
                                          scalar *out, size_t ld_out) {                                                \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const product p = {kernels->sparse_##type, rows_of_##type(x), n, ldy, ld_out, y, out};                             \
    return times(&p, x->rows);                                                                                         \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
