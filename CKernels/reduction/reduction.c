// Entry of the reductions: check, plan, partition, merge. One driver for all of them and both element types.
//
// The axis is cut into blocks and the columns into chunks; a kernel reduces one block of one chunk to one or two
// doubles per column. If there are several blocks, these partial results are kept, and merged pairwise in place: a
// balanced tree, the same whoever computes its leaves.
#include <math.h>

#include "reduction.h"

#include "include/reduction.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum { task_elements = 32 * 1024 };

// Rough speed of one thread, to decide about waking others.
static const double bytes_per_nanosecond = 100;

static bool finds_position(reduction r) { return r == reduction_argmax || r == reduction_argmin; }

static bool finds_least(reduction r) { return r == reduction_min || r == reduction_argmin; }

static bool needs_elements(reduction r) { return r == reduction_max || r == reduction_min || finds_position(r); }

typedef struct {
  const reduction_kernels *kernels;
  reduction reduction;
  farro_reduction_shape shape;
  size_t block, blocks;   // rows of the axis in one block, and their number
  size_t columns, chunks; // inner columns in one chunk, and their number
  const void *x;
  void *out;
  double *first, *second; // partial results (outer, blocks, inner), where there are several blocks
  double divisor;         // of the result
} plan;

// Rows of the axis in blocks `from` to `to`.
static size_t rows_between(const plan *p, size_t from, size_t to) {
  return smaller(p->shape.axis, to * p->block) - from * p->block;
}

static size_t columns_of(const plan *p, size_t chunk) {
  return smaller(p->columns, p->shape.inner - chunk * p->columns);
}

// ---- one block of one chunk ----

static void reduce_block(const plan *p, size_t outer, size_t block, size_t chunk, double *first, double *second) {
  const farro_reduction_shape *s = &p->shape;
  const size_t rows = rows_between(p, block, block + 1);
  if (rows == 0) {
    const double nothing = p->reduction == reduction_product ? 1 : 0;
    for (size_t j = 0; j < columns_of(p, chunk); j++) first[j] = second[j] = nothing;
    return;
  }
  const size_t top = outer * s->axis * s->inner + chunk * p->columns, at = top + block * p->block * s->inner;
  const char *values = p->x;
  const void *origin = values + top * p->kernels->element_bytes, *x = values + at * p->kernels->element_bytes;
  if (s->inner == 1)
    p->kernels->row[p->reduction](x, rows, origin, first, second);
  else
    p->kernels->columns[p->reduction](x, rows, columns_of(p, chunk), s->inner, origin, first, second);
}

// Writes the results at to at + count.
static void finish(const plan *p, size_t at, size_t count, const double *first, const double *second) {
  if (finds_position(p->reduction)) {
    int64_t *out = (int64_t *)p->out + at;
    for (size_t j = 0; j < count; j++) out[j] = (int64_t)second[j];
    return;
  }
  const double *values = p->reduction == reduction_moments ? second : first;
  if (p->kernels->element_bytes == sizeof(float)) {
    float *out = (float *)p->out + at;
    for (size_t j = 0; j < count; j++) out[j] = (float)(values[j] / p->divisor);
  } else {
    double *out = (double *)p->out + at;
    for (size_t j = 0; j < count; j++) out[j] = values[j] / p->divisor;
  }
}

// Items are (outer, chunk): the only block, at once to the end.
static void reduce_whole(void *context, size_t begin, size_t end) {
  const plan *p = context;
  double first[reduction_columns], second[reduction_columns];
  for (size_t item = begin; item < end; item++) {
    const size_t outer = item / p->chunks, chunk = item % p->chunks;
    reduce_block(p, outer, 0, chunk, first, second);
    finish(p, outer * p->shape.inner + chunk * p->columns, columns_of(p, chunk), first, second);
  }
}

// Items are (outer, block, chunk).
static void reduce_blocks(void *context, size_t begin, size_t end) {
  const plan *p = context;
  for (size_t item = begin; item < end; item++) {
    const size_t chunk = item % p->chunks, row = item / p->chunks; // row of the partial results
    const size_t at = row * p->shape.inner + chunk * p->columns;
    reduce_block(p, row / p->blocks, row % p->blocks, chunk, p->first + at, p->second + at);
  }
}

// ---- merging ----

// Merges the results of `right` rows behind `left` rows into those of the left ones, column by column.
static void merge_columns(reduction reduction, size_t left, size_t right, size_t columns, double *first, double *second,
                          const double *right_first, const double *right_second) {
  const double part = (double)right / (double)(left + right);
  for (size_t j = 0; j < columns; j++) {
    const double a = first[j], b = right_first[j];
    switch (reduction) {
    case reduction_sum:
      first[j] = a + b;
      break;
    case reduction_product:
      first[j] = a * b;
      break;
    case reduction_moments:
      first[j] = a + (b - a) * part;
      second[j] += right_second[j] + (b - a) * (b - a) * part * (double)left;
      break;
    default:
      if ((finds_least(reduction) ? b < a : b > a) || (isnan(b) && !isnan(a))) {
        first[j] = b;
        if (finds_position(reduction)) second[j] = right_second[j] + (double)left;
      }
    }
  }
}

// Items are (outer, chunk).
static void merge_blocks(void *context, size_t begin, size_t end) {
  const plan *p = context;
  const size_t inner = p->shape.inner;
  for (size_t item = begin; item < end; item++) {
    const size_t outer = item / p->chunks, chunk = item % p->chunks, columns = columns_of(p, chunk);
    const size_t base = outer * p->blocks * inner + chunk * p->columns;
    double *first = p->first + base, *second = p->second + base;
    for (size_t gap = 1; gap < p->blocks; gap *= 2)
      for (size_t block = 0; block + gap < p->blocks; block += 2 * gap) {
        const size_t left = block * inner, right = (block + gap) * inner;
        merge_columns(p->reduction, rows_between(p, block, block + gap), rows_between(p, block + gap, block + 2 * gap),
                      columns, first + left, second + left, first + right, second + right);
      }
    finish(p, outer * inner + chunk * p->columns, columns, first, second);
  }
}

// ---- the plan ----

static size_t grain_of(const plan *p) {
  const size_t elements = smaller(p->block, p->shape.axis) * p->columns;
  return ceil_divide(task_elements, elements + 1);
}

static farro_status reduce(plan *p) {
  const farro_reduction_shape *s = &p->shape;
  if (!can_exist(s->outer, s->axis, s->inner)) return FARRO_ERROR_ARGUMENT;
  if (s->outer == 0 || s->inner == 0) return FARRO_OK;
  p->block = s->inner == 1 ? reduction_row : reduction_rows;
  p->blocks = s->axis ? ceil_divide(s->axis, p->block) : 1;
  p->columns = smaller(s->inner, reduction_row_bytes / p->kernels->element_bytes);
  p->chunks = ceil_divide(s->inner, p->columns);
  const size_t items = s->outer * p->chunks;
  const double nanoseconds = (double)(s->outer * s->axis * s->inner * p->kernels->element_bytes) / bytes_per_nanosecond;
  if (p->blocks == 1) {
    farro_parallel_for(items, grain_of(p), nanoseconds, reduce_whole, p);
    return FARRO_OK;
  }
  const size_t partials = s->outer * p->blocks * s->inner;
  const bool has_second = p->reduction == reduction_moments || finds_position(p->reduction);
  const size_t bytes = partials * (has_second ? 2 : 1) * sizeof(double);
  p->first = farro_allocate(bytes);
  if (!p->first) return FARRO_ERROR_MEMORY;
  p->second = has_second ? p->first + partials : p->first;
  farro_parallel_for(items * p->blocks, grain_of(p), nanoseconds, reduce_blocks, p);
  farro_parallel_for(items, ceil_divide(task_elements, p->blocks * p->columns), (double)partials * 2, merge_blocks, p);
  farro_release(p->first, bytes);
  return FARRO_OK;
}

// ---- entries ----

static farro_status reduce_with(const reduction_kernels *kernels, reduction reduction,
                                const farro_reduction_shape *shape, double divisor, const void *x, void *out) {
  if (shape->axis == 0 && needs_elements(reduction)) return FARRO_ERROR_ARGUMENT;
  plan p = {.kernels = kernels, .reduction = reduction, .shape = *shape, .divisor = divisor, .x = x, .out = out};
  return reduce(&p);
}

static double variance_divisor(const farro_reduction_shape *shape, double correction) {
  const double n = (double)shape->axis;
  return n > correction ? n - correction : (double)NAN;
}

#define ENTRY(name, type, reduction, divisor, scalar, result)                                                          \
  farro_status farro_##name##_##type(const farro_reduction_shape *shape, const scalar *x, result *out) {               \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return reduce_with(kernels->reduction_##type, reduction, shape, divisor, x, out);                                  \
  }

#define ENTRIES(type, scalar)                                                                                          \
  ENTRY(sum, type, reduction_sum, 1, scalar, scalar)                                                                   \
  ENTRY(mean, type, reduction_sum, (double)shape->axis, scalar, scalar)                                                \
  ENTRY(product, type, reduction_product, 1, scalar, scalar)                                                           \
  ENTRY(max, type, reduction_max, 1, scalar, scalar)                                                                   \
  ENTRY(min, type, reduction_min, 1, scalar, scalar)                                                                   \
  ENTRY(argmax, type, reduction_argmax, 1, scalar, int64_t)                                                            \
  ENTRY(argmin, type, reduction_argmin, 1, scalar, int64_t)                                                            \
  farro_status farro_variance_##type(const farro_reduction_shape *shape, double correction, const scalar *x,           \
                                     scalar *out) {                                                                    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return reduce_with(kernels->reduction_##type, reduction_moments, shape, variance_divisor(shape, correction), x,    \
                       out);                                                                                           \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
