// Rows far from one another, one after the other: k-means++.
//
// Of each row, only the squared distance to the nearest chosen row is kept. A call draws some candidates and goes over
// x once, part by part, for the distances to all of them. Rows lie in parts of a fixed size, whose sums tell the part
// of a drawn row; within it, rows are added up.
#include <math.h>
#include <string.h>

#include "assign.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum { most_trials = 32, part_rows = 1024 };

// Rough speed of one thread, to decide about waking others.
static const double terms_per_nanosecond = 10;

struct farro_spread {
  assign_type type;
  size_t n, d, ldx, parts;
  const void *x, *weights;
  double *sums, *totals;                  // of weights times closest: (parts), with each candidate (parts, trials)
  void *closest, *candidates, *distances; // (n), (trials, d), (trials, n)
  size_t trials, best, bytes;
  bool has_chosen;
};

static double weight_of(const farro_spread *s, size_t i) {
  return (s->weights ? value_at(&s->type, s->weights, i) : 1) * (s->has_chosen ? value_at(&s->type, s->closest, i) : 1);
}

static size_t rows_of(const farro_spread *s, size_t part) { return smaller(part_rows, s->n - part * part_rows); }

// The row where the sum of the weights first is above this share of all; one with a weight, if there is any.
static size_t drawn(const farro_spread *s, double uniform) {
  double total = 0, below = 0;
  for (size_t part = 0; part < s->parts; part++) total += s->sums[part];
  const double wanted = uniform * total;
  size_t part = 0, last = 0;
  for (size_t i = 0; i < s->parts; i++)
    if (s->sums[i] > 0) last = i;
  while (part < last && !(below + s->sums[part] > wanted)) below += s->sums[part++];
  size_t found = part * part_rows;
  for (size_t i = 0; i < rows_of(s, part); i++) {
    const double weight = weight_of(s, part * part_rows + i);
    if (weight > 0) found = part * part_rows + i;
    below += weight;
    if (weight > 0 && below > wanted) break;
  }
  return found;
}

static void measure_parts(void *context, size_t first, size_t last) {
  const farro_spread *s = context;
  const assign_type *t = &s->type;
  for (size_t part = first; part < last; part++) {
    const size_t row = part * part_rows;
    double *totals = s->totals + part * s->trials;
    memset(totals, 0, s->trials * sizeof(double));
    t->kernels->spread(rows_of(s, part), s->d, element_at(t, s->x, row * s->ldx), s->ldx, s->trials, s->candidates,
                       element_at(t, s->closest, row), s->weights ? element_at(t, s->weights, row) : NULL,
                       (void *)element_at(t, s->distances, row), s->n, totals);
  }
}

static void lower_parts(void *context, size_t first, size_t last) {
  const farro_spread *s = context;
  const size_t row = first * part_rows, end = smaller(last * part_rows, s->n);
  s->type.kernels->lower(end - row, element_at(&s->type, s->distances, s->best * s->n + row),
                         (void *)element_at(&s->type, s->closest, row));
}

farro_status farro_spread_next(farro_spread *s, size_t trials, const double *uniforms, size_t *row) {
  if (trials < 1 || trials > most_trials) return FARRO_ERROR_ARGUMENT;
  const assign_type *t = &s->type;
  size_t rows[most_trials];
  for (size_t c = 0; c < trials; c++) {
    rows[c] = drawn(s, uniforms[c]);
    memcpy((char *)s->candidates + c * s->d * t->bytes, element_at(t, s->x, rows[c] * s->ldx), s->d * t->bytes);
  }
  s->trials = trials;
  farro_parallel_for(s->parts, 1, (double)s->n * (double)s->d * (double)trials / terms_per_nanosecond, measure_parts,
                     s);
  double least = INFINITY;
  s->best = 0;
  for (size_t c = 0; c < trials; c++) {
    double total = 0;
    for (size_t part = 0; part < s->parts; part++) total += s->totals[part * trials + c];
    if (total < least) least = total, s->best = c;
  }
  for (size_t part = 0; part < s->parts; part++) s->sums[part] = s->totals[part * trials + s->best];
  farro_parallel_for(s->parts, 1, (double)s->n / terms_per_nanosecond, lower_parts, s);
  s->has_chosen = true;
  *row = rows[s->best];
  return FARRO_OK;
}

static farro_status begin(const assign_type *t, size_t n, size_t d, const void *x, size_t ldx, const void *weights,
                          farro_spread **spread) {
  if (n < 1 || !are_rows(n, d, ldx) || !can_exist(n, most_trials + 2, 1) || !can_exist(d, most_trials, 1))
    return FARRO_ERROR_ARGUMENT;
  const size_t parts = ceil_divide(n, part_rows), header = round_up(sizeof(farro_spread), 64);
  const size_t doubles = parts * (most_trials + 1), scalars = n * (most_trials + 1) + most_trials * d;
  const size_t bytes = header + doubles * sizeof(double) + scalars * t->bytes;
  farro_spread *s = farro_allocate(bytes);
  if (!s) return FARRO_ERROR_MEMORY;
  *s = (farro_spread){
      .type = *t, .n = n, .d = d, .ldx = ldx, .parts = parts, .x = x, .weights = weights, .bytes = bytes};
  s->sums = (double *)((char *)s + header);
  s->totals = s->sums + parts;
  s->closest = s->sums + doubles;
  s->candidates = (void *)element_at(t, s->closest, n);
  s->distances = (void *)element_at(t, s->candidates, most_trials * d);
  for (size_t i = 0; i < n; i++) set_value(t, s->closest, i, INFINITY);
  for (size_t part = 0; part < parts; part++) {
    s->sums[part] = 0;
    for (size_t i = 0; i < rows_of(s, part); i++) s->sums[part] += weight_of(s, part * part_rows + i);
  }
  *spread = s;
  return FARRO_OK;
}

void farro_spread_release(farro_spread *s) {
  if (s) farro_release(s, s->bytes);
}

#define ENTRY(type, scalar)                                                                                            \
  farro_status farro_spread_begin_##type(size_t n, size_t d, const scalar *x, size_t ldx, const scalar *weights,       \
                                         farro_spread **spread) {                                                      \
    assign_type t;                                                                                                     \
    return farro_assign_type_##type(&t) ? begin(&t, n, d, x, ldx, weights, spread) : FARRO_ERROR_ISA;                  \
  }

ENTRY(f32, float)
ENTRY(f64, double)
