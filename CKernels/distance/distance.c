// Entry of the pairwise distances: check, plan, partition. One driver for all element types: it counts in bytes and
// leaves arithmetic to the kernels.
//
// As in matmul, rows of x and y are packed into panels once, by all threads, and tiles of out are computed from them,
// again by all. A tile sees the whole of d at once and is finished while it is in the L1 cache: out is written once and
// never read. The bits do not depend on threads, because a distance depends on its two rows alone.
#include "distance_rows.h"

enum {
  most_rows = 4096, // of x, and of y, packed at a time: bounds the work space
  chunk_panels = 6, // of x and of y that one task takes, as in matmul
};

typedef distance_plan plan;

// One of the two matrices, and the block of its rows that is packed now.
typedef struct {
  const plan *plan;
  const void *matrix;
  size_t ld, count; // of all rows
  size_t first, rows;
  size_t width; // rows of a panel
  bool padded;  // the last panel is as wide as the others
  void *panels, *norms;
} side;

typedef struct {
  side x, y;
  size_t row_chunks;
  void *out;
  size_t ld_out;
} work;

static void *at(const plan *p, const void *base, size_t element) { return farro_distance_at(p, base, element); }

// ---- packing ----

static void pack_panels(void *context, size_t first, size_t last) {
  const side *s = context;
  const plan *p = s->plan;
  for (size_t panel = first; panel < last; panel++) {
    const size_t row = panel * s->width, used = smaller(s->width, s->rows - row);
    const size_t width = s->padded ? s->width : used;
    farro_distance_pack(p, s->matrix, s->ld, s->first + row, used, width, true, at(p, s->panels, row * p->d),
                        at(p, s->norms, row));
  }
}

static void pack_block(side *s, size_t first) {
  s->first = first;
  s->rows = smaller(most_rows, s->count - first);
  farro_parallel_for(ceil_divide(s->rows, s->width), 4, (double)(s->rows * s->plan->d) / 2, pack_panels, s);
}

// Most rows that are packed at a time, rounded up to whole panels.
static size_t packed_rows(const side *s) { return ceil_divide(smaller(most_rows, s->count), s->width) * s->width; }

// ---- tiles ----

static void measure_chunk(const work *w, size_t chunk) {
  const plan *p = w->x.plan;
  const size_t rows = chunk_panels * w->x.width, columns = chunk_panels * w->y.width;
  const size_t row0 = chunk % w->row_chunks * rows, row1 = smaller(row0 + rows, w->x.rows);
  const size_t column0 = chunk / w->row_chunks * columns, column1 = smaller(column0 + columns, w->y.rows);
  distance_tile tile = {.d = p->d, .ld_out = w->ld_out, .p = p->p};
  for (size_t column = column0; column < column1; column += w->y.width) {
    tile.columns = smaller(w->y.width, column1 - column);
    tile.y = at(p, w->y.panels, column * p->d);
    tile.y_norms = at(p, w->y.norms, column);
    for (size_t row = row0; row < row1; row += w->x.width) {
      tile.rows = smaller(w->x.width, row1 - row);
      tile.x = at(p, w->x.panels, row * p->d);
      tile.x_norms = at(p, w->x.norms, row);
      tile.out = at(p, w->out, (w->x.first + row) * w->ld_out + w->y.first + column);
      p->distance->tile[p->kernel](&tile);
    }
  }
}

static void measure_chunks(void *context, size_t first, size_t last) {
  for (size_t chunk = first; chunk < last; chunk++) measure_chunk(context, chunk);
}

static void measure_block(work *w) {
  w->row_chunks = ceil_divide(w->x.rows, chunk_panels * w->x.width);
  const size_t chunks = w->row_chunks * ceil_divide(w->y.rows, chunk_panels * w->y.width);
  const double terms = (double)w->x.rows * (double)w->y.rows * (double)(w->x.plan->d + 1);
  farro_parallel_for(chunks, 1, terms / w->x.plan->terms_per_nanosecond, measure_chunks, w);
}

static farro_status measure(const plan *p, work *w) {
  side *x = &w->x, *y = &w->y;
  x->plan = y->plan = p;
  x->width = p->matmul->rows;
  y->width = p->matmul->columns;
  y->padded = true;
  const size_t x_rows = packed_rows(x), y_rows = packed_rows(y);
  const size_t bytes = (x_rows + y_rows) * (p->d + 1) * p->matmul->element_bytes;
  void *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  y->panels = space;
  y->norms = at(p, y->panels, y_rows * p->d);
  x->panels = at(p, y->norms, y_rows);
  x->norms = at(p, x->panels, x_rows * p->d);
  for (size_t row = 0; row < x->count; row += most_rows) {
    pack_block(x, row);
    for (size_t column = 0; column < y->count; column += most_rows) {
      pack_block(y, column);
      measure_block(w);
    }
  }
  farro_release(space, bytes);
  return FARRO_OK;
}

// ---- entry ----

static bool is_valid(const work *w, size_t d) {
  return w->x.ld >= d && w->y.ld >= d && w->ld_out >= w->y.count && are_rows(larger(w->x.count, 2), d, w->x.ld) &&
         are_rows(larger(w->y.count, 2), d, w->y.ld) && are_rows(w->x.count, w->y.count, w->ld_out);
}

static farro_matmul_shape product_shape(const work *w, size_t d) {
  return (farro_matmul_shape){.batch = 1,
                              .m = w->x.count,
                              .n = w->y.count,
                              .k = d,
                              .transpose_b = true,
                              .lda = w->x.ld,
                              .ldb = w->y.ld,
                              .ldc = w->ld_out};
}

#define ENTRY(type, element, scalar, product)                                                                          \
  farro_status farro_pairwise_distances_##type(farro_distance distance, size_t m, size_t n, size_t d,                  \
                                               const element *x, size_t ldx, const element *y, size_t ldy,             \
                                               scalar *out, size_t ld_out) {                                           \
    work w = {.x = {.matrix = x, .ld = ldx, .count = m},                                                               \
              .y = {.matrix = y, .ld = ldy, .count = n},                                                               \
              .out = out,                                                                                              \
              .ld_out = ld_out};                                                                                       \
    plan p;                                                                                                            \
    const farro_status status = farro_distance_plan(distance, element_##type, d, &p);                                  \
    if (status != FARRO_OK) return status;                                                                             \
    if (!is_valid(&w, d)) return FARRO_ERROR_ARGUMENT;                                                                 \
    if (m == 0 || n == 0) return FARRO_OK;                                                                             \
    product;                                                                                                           \
    return measure(&p, &w);                                                                                            \
  }

#define PRODUCT(type)                                                                                                  \
  if (distance.metric == FARRO_METRIC_INNER_PRODUCT) {                                                                 \
    const farro_matmul_shape shape = product_shape(&w, d);                                                             \
    return farro_matmul_##type(&shape, 1, x, y, 0, out);                                                               \
  }

ENTRY(f32, float, float, PRODUCT(f32))
ENTRY(f64, double, double, PRODUCT(f64))
ENTRY(bf16, uint16_t, float, )
ENTRY(i8, int8_t, float, )

const char *farro_metric_name(farro_metric metric) {
  static const char *const names[FARRO_METRIC_COUNT] = {
      [FARRO_METRIC_EUCLIDEAN] = "euclidean",         [FARRO_METRIC_SQUARED_EUCLIDEAN] = "sqeuclidean",
      [FARRO_METRIC_MANHATTAN] = "manhattan",         [FARRO_METRIC_COSINE] = "cosine",
      [FARRO_METRIC_INNER_PRODUCT] = "inner_product", [FARRO_METRIC_CHEBYSHEV] = "chebyshev",
      [FARRO_METRIC_MINKOWSKI] = "minkowski",         [FARRO_METRIC_CORRELATION] = "correlation",
      [FARRO_METRIC_CANBERRA] = "canberra",           [FARRO_METRIC_BRAY_CURTIS] = "braycurtis",
      [FARRO_METRIC_HELLINGER] = "hellinger",         [FARRO_METRIC_JENSEN_SHANNON] = "jensenshannon",
      [FARRO_METRIC_HAVERSINE] = "haversine",
  };
  return (unsigned)metric < FARRO_METRIC_COUNT ? names[metric] : "unknown";
}
