// Entry of the assignment of rows to centres: check, plan, partition.
//
// Rows are cut into parts by the problem's size. A part goes through its rows some at a time, so few that they stay in
// the L2 cache: they are centred, multiplied with all centres (which are packed once), compared, and added to the
// part's own sums, which are added up in order at the end.
#include <math.h>
#include <string.h>

#include "assign.h"
#include "runtime/dispatch.h"
#include "runtime/extent.h"
#include "runtime/sizes.h"

enum {
  most_parts = 64,
  least_part_rows = 1024,
  sum_bytes = 64 << 20,      // of the sums of all parts
  product_bytes = 96 * 1024, // of the rows in work and their products
  middle_centers = 15,       // whose median is the middle: an insertion sort takes 0.1 us
};

// A distance below this part of |x|^2 + |c|^2 is measured instead.
static const double close = 1.0 / 16;

// Rough speed of one thread, to decide about waking others.
static const double terms_per_nanosecond = 40;

typedef struct {
  const assign_type *type;
  farro_assignment_shape shape;
  const void *x, *centers, *weights;
  farro_assignment *out;

  size_t pitch, parts, part_rows, some_rows; // rows of a part, and in work at a time
  void *middle, *offsets;                    // of the centres; their squared norms, less the middle
  farro_packed_matrix *packed;
  double *sums, *totals, *inertias; // (parts, k, d), (parts, k), (parts)
  _Atomic bool failed;
} assignment;

static const void *row_of(const assignment *a, size_t i) { return element_at(a->type, a->x, i * a->shape.ldx); }

// ---- one part ----

static double distance_to(const assignment *a, size_t row, int32_t label, double least, double squares) {
  if (label < 0 || !isfinite(squares)) return NAN;
  const double distance = least + squares;
  if (distance > close * (squares + value_at(a->type, a->offsets, (size_t)label))) return distance;
  double key;
  a->type->rows->measure(neighbor_squares, a->shape.d, row_of(a, row), 1, a->centers, a->shape.ld_centers, 1,
                         &(uint32_t){(uint32_t)label}, &key);
  return key;
}

typedef struct {
  void *ready, *norms, *products;
  double *least;
} work_space;

static void assign_some(const assignment *a, const work_space *w, size_t part, size_t first, size_t rows) {
  const farro_assignment_shape *s = &a->shape;
  a->type->rows->prepare(neighbor_squares, rows, s->d, row_of(a, first), s->ldx, a->middle, w->ready, a->pitch,
                         w->norms);
  const farro_matmul_shape shape = {
      .batch = 1, .m = rows, .n = s->k, .k = a->pitch, .lda = a->pitch, .ldc = s->k, .transpose_b = true};
  a->type->product(&shape, w->ready, a->packed, w->products); // serial, within a task
  int32_t *labels = a->out->labels + first;
  a->type->kernels->nearest(rows, s->k, a->offsets, w->products, s->k, w->least, labels);
  double inertia = 0;
  for (size_t i = 0; i < rows; i++) {
    const double weight = a->weights ? value_at(a->type, a->weights, first + i) : 1;
    const double distance = distance_to(a, first + i, labels[i], w->least[i], value_at(a->type, w->norms, i));
    if (!isfinite(distance)) labels[i] = -1;
    if (a->out->distances) a->out->distances[first + i] = labels[i] < 0 ? NAN : distance;
    inertia += weight * (labels[i] < 0 ? NAN : distance);
    if (labels[i] < 0) continue;
    if (a->sums)
      a->type->kernels->add(s->d, row_of(a, first + i), weight, a->sums + (part * s->k + (size_t)labels[i]) * s->d);
    if (a->totals) a->totals[part * s->k + (size_t)labels[i]] += weight;
  }
  a->inertias[part] += inertia;
}

static void assign_parts(void *context, size_t first, size_t last) {
  assignment *a = context;
  const size_t scalars = a->some_rows * (a->pitch + a->shape.k + 1),
               bytes = scalars * a->type->bytes + a->some_rows * 8;
  work_space w = {.least = farro_allocate(bytes)};
  if (!w.least) {
    a->failed = true;
    return;
  }
  w.ready = w.least + a->some_rows;
  w.products = (char *)w.ready + a->some_rows * a->pitch * a->type->bytes;
  w.norms = (char *)w.products + a->some_rows * a->shape.k * a->type->bytes;
  for (size_t part = first; part < last; part++) {
    const size_t begin = part * a->part_rows, end = smaller(begin + a->part_rows, a->shape.n);
    for (size_t row = begin; row < end; row += a->some_rows)
      assign_some(a, &w, part, row, smaller(a->some_rows, end - row));
  }
  farro_release(w.least, bytes);
}

// ---- all of them ----

// The median of some centres' j-th coordinates, evenly spaced. Not the mean: a single centre far from all others, as
// k-means makes of an outlier, would carry it away, and with it the precision of all distances.
static double middle_of(const assign_type *t, const farro_assignment_shape *s, const void *centers, size_t j) {
  const size_t sampled = smaller(s->k, middle_centers);
  double sorted[middle_centers];
  size_t count = 0;
  for (size_t i = 0; i < sampled; i++) {
    const double value = value_at(t, centers, i * s->k / sampled * s->ld_centers + j);
    if (!isfinite(value)) continue;
    size_t at = count++;
    for (; at > 0 && sorted[at - 1] > value; at--) sorted[at] = sorted[at - 1];
    sorted[at] = value;
  }
  return count ? sorted[(count - 1) / 2] / 2 + sorted[count / 2] / 2 : 0;
}

void farro_assign_prepare(const assign_type *t, const farro_assignment_shape *s, const void *centers, size_t pitch,
                          void *middle, void *ready, void *offsets) {
  for (size_t j = 0; j < pitch; j++) set_value(t, middle, j, j < s->d ? middle_of(t, s, centers, j) : 0);
  t->rows->prepare(neighbor_squares, s->k, s->d, centers, s->ld_centers, middle, ready, pitch, offsets);
  for (size_t i = 0; i < s->k; i++)
    if (isnan(value_at(t, offsets, i))) set_value(t, offsets, i, INFINITY);
}

size_t farro_assign_pitch(const assign_type *t, size_t d) { return larger(round_up(d, 64 / t->bytes), 64 / t->bytes); }

static void add_parts(const assignment *a) {
  const size_t k = a->shape.k, d = a->shape.d;
  farro_assignment *out = a->out;
  if (out->sums) memset(out->sums, 0, k * d * sizeof(double));
  if (out->weights) memset(out->weights, 0, k * sizeof(double));
  out->inertia = 0;
  for (size_t part = 0; part < a->parts; part++) {
    for (size_t i = 0; out->sums && i < k * d; i++) out->sums[i] += a->sums[part * k * d + i];
    for (size_t i = 0; out->weights && i < k; i++) out->weights[i] += a->totals[part * k + i];
    out->inertia += a->inertias[part];
  }
}

static bool is_valid(const assignment *a) {
  const farro_assignment_shape *s = &a->shape;
  return a->out->labels && s->k >= 1 && s->k <= INT32_MAX && s->ldx >= s->d && s->ld_centers >= s->d &&
         are_rows(s->n, s->d, s->ldx) && are_rows(s->k, s->d, s->ld_centers) && can_exist(most_parts, s->k, s->d + 1);
}

static farro_status assign(assignment *a) {
  if (!is_valid(a)) return FARRO_ERROR_ARGUMENT;
  const farro_assignment_shape *s = &a->shape;
  const size_t k = s->k, d = s->d;
  a->pitch = farro_assign_pitch(a->type, d);
  const size_t fits = larger(sum_bytes / ((d + 1) * k * sizeof(double)), 8);
  a->parts = larger(smaller(smaller(ceil_divide(s->n, least_part_rows), most_parts), fits), 1);
  a->part_rows = ceil_divide(s->n, a->parts);
  a->some_rows = larger(product_bytes / ((a->pitch + k) * a->type->bytes), 32);
  const size_t sums = a->parts * k * ((a->out->sums ? d : 0) + (a->out->weights ? 1 : 0)) + a->parts;
  const size_t scalars = (k + 1) * a->pitch + k, bytes = sums * sizeof(double) + scalars * a->type->bytes;
  double *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  memset(space, 0, sums * sizeof(double));
  a->inertias = space;
  a->totals = a->out->weights ? a->inertias + a->parts : NULL;
  a->sums = a->out->sums ? a->inertias + a->parts + (a->totals ? a->parts * k : 0) : NULL;
  a->middle = space + sums;
  a->offsets = (char *)a->middle + a->pitch * a->type->bytes;
  void *ready = (char *)a->offsets + k * a->type->bytes;
  farro_assign_prepare(a->type, s, a->centers, a->pitch, a->middle, ready, a->offsets);
  farro_status status = a->type->pack(a->pitch, k, true, ready, a->pitch, &a->packed);
  if (status == FARRO_OK) {
    const double terms = (double)s->n * ((double)k + 4) * (double)a->pitch;
    farro_parallel_for(s->n ? a->parts : 0, 1, terms / terms_per_nanosecond, assign_parts, a);
    add_parts(a);
    if (a->failed) status = FARRO_ERROR_MEMORY;
  }
  farro_packed_release(a->packed);
  farro_release(space, bytes);
  return status;
}

farro_status farro_assign_rows(const assign_type *type, const farro_assignment_shape *shape, const void *x,
                               const void *centers, const void *weights, farro_assignment *out) {
  assignment a = {.type = type, .shape = *shape, .x = x, .centers = centers, .weights = weights, .out = out};
  return assign(&a);
}

#define ENTRY(type, scalar)                                                                                            \
  static farro_status pack_##type(size_t k, size_t n, bool transpose_b, const void *b, size_t ldb,                     \
                                  farro_packed_matrix **packed) {                                                      \
    return farro_pack_##type(k, n, transpose_b, b, ldb, packed);                                                       \
  }                                                                                                                    \
  static farro_status product_##type(const farro_matmul_shape *shape, const void *a,                                   \
                                     const farro_packed_matrix *packed, void *c) {                                     \
    return farro_matmul_packed_##type(shape, 1, a, packed, 0, c, NULL);                                                \
  }                                                                                                                    \
                                                                                                                       \
  bool farro_assign_type_##type(assign_type *t) {                                                                      \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return false;                                                                                        \
    *t = (assign_type){.bytes = sizeof(scalar),                                                                        \
                       .rows = kernels->rows_##type,                                                                   \
                       .kernels = kernels->assign_##type,                                                              \
                       .pack = pack_##type,                                                                            \
                       .product = product_##type};                                                                     \
    return true;                                                                                                       \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_assign_##type(const farro_assignment_shape *shape, const scalar *x, const scalar *centers,        \
                                   const scalar *weights, farro_assignment *out) {                                     \
    assign_type t;                                                                                                     \
    return farro_assign_type_##type(&t) ? farro_assign_rows(&t, shape, x, centers, weights, out) : FARRO_ERROR_ISA;    \
  }

ENTRY(f32, float)
ENTRY(f64, double)
