// Entry of the paired distances. Pairs go through the kernels a panel at a time, as many as a tile has columns: both
// panels are packed as matmul's B, so that a vector holds one coordinate of LANES rows on either side.
#include <stdatomic.h>

#include "distance_rows.h"

// Rough time of laying out an element of both rows, on one thread.
static const double packing_nanoseconds = 0.3;

typedef struct {
  const distance_plan *plan;
  const void *x, *y;
  size_t ldx, ldy, count;
  void *out;
  _Atomic bool failed;
} pairs;

// Of these two, pairs need the rows as they are.
static bool needs_preparing(const distance_plan *p) {
  return p->kernel != FARRO_METRIC_EUCLIDEAN && p->kernel != FARRO_METRIC_SQUARED_EUCLIDEAN;
}

// Asks for rows that are needed next. A panel takes a few rows at a time, which hides the order that memory could be
// read in from the hardware: pairs of 100000 x 64 take 1.5 terms per nanosecond without this, and 2.0 with it.
static void fetch(const distance_plan *p, const void *matrix, size_t ld, size_t first, size_t rows) {
  enum { line = 64, most_lines = 256 };
  const size_t bytes = p->d * p->element_bytes, lines = ceil_divide(bytes, line);
  if (lines * rows > most_lines) return;
  for (size_t i = 0; i < rows; i++)
    for (size_t k = 0; k < lines; k++)
      __builtin_prefetch((const char *)matrix + (first + i) * ld * p->element_bytes + k * line);
}

static void measure_panels(void *context, size_t first, size_t last) {
  pairs *w = context;
  const distance_plan *p = w->plan;
  const size_t width = p->matmul->columns, elements = width * p->d;
  const size_t bytes = 2 * (elements + width) * p->matmul->element_bytes;
  void *space = farro_allocate(bytes);
  if (!space) {
    w->failed = true;
    return;
  }
  void *x = space, *y = farro_distance_at(p, x, elements);
  void *x_norms = farro_distance_at(p, y, elements), *y_norms = farro_distance_at(p, x_norms, width);
  const bool prepared = needs_preparing(p);
  for (size_t panel = first; panel < last; panel++) {
    const size_t row = panel * width, used = smaller(width, w->count - row);
    const size_t next = row + used, ahead = smaller(width, w->count - next);
    farro_distance_pack(p, w->x, w->ldx, row, used, width, prepared, x, x_norms);
    fetch(p, w->x, w->ldx, next, ahead);
    farro_distance_pack(p, w->y, w->ldy, row, used, width, prepared, y, y_norms);
    fetch(p, w->y, w->ldy, next, ahead);
    p->distance->pairs[p->kernel](&(distance_tile){.rows = 1,
                                                   .columns = used,
                                                   .d = p->d,
                                                   .x = x,
                                                   .y = y,
                                                   .x_norms = x_norms,
                                                   .y_norms = y_norms,
                                                   .out = farro_distance_at(p, w->out, row),
                                                   .ld_out = width,
                                                   .p = p->p});
  }
  farro_release(space, bytes);
}

static farro_status measure_pairs(pairs *w) {
  const distance_plan *p = w->plan;
  const double nanoseconds =
      (double)w->count * (double)(p->d + 1) * (packing_nanoseconds + 1 / p->terms_per_nanosecond);
  farro_parallel_for(ceil_divide(w->count, p->matmul->columns), 4, nanoseconds, measure_panels, w);
  return w->failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

#define ENTRY(type, element, scalar)                                                                                   \
  farro_status farro_paired_distances_##type(farro_distance distance, size_t m, size_t d, const element *x,            \
                                             size_t ldx, const element *y, size_t ldy, scalar *out) {                  \
    distance_plan p;                                                                                                   \
    const farro_status status = farro_distance_plan(distance, element_##type, d, &p);                                  \
    if (status != FARRO_OK) return status;                                                                             \
    if (!are_rows(larger(m, 2), d, ldx) || !are_rows(larger(m, 2), d, ldy) || !can_exist(m, 1, 1))                     \
      return FARRO_ERROR_ARGUMENT;                                                                                     \
    if (m == 0) return FARRO_OK;                                                                                       \
    pairs w = {.plan = &p, .x = x, .y = y, .ldx = ldx, .ldy = ldy, .count = m, .out = out};                            \
    return measure_pairs(&w);                                                                                          \
  }

ENTRY(f32, float, float)
ENTRY(f64, double, double)
ENTRY(bf16, uint16_t, float)
ENTRY(i8, int8_t, float)
