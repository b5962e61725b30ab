// Entry of the scans: check, plan, partition. One driver for all of them and both element types.
//
// The axis is cut into blocks. A block's total is taken first (it is in a cache then), and carried to the blocks behind
// it; a kernel scans the block itself. Where there are rows or columns enough, a task goes along one of them, block
// after block; otherwise all threads take totals of some blocks that fit their caches, and then scan these. Both ways
// come to the same bits.
#include <math.h>

#include "reduction.h"

#include "include/scan.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "runtime/streaming.h"

enum {
  task_elements = 32 * 1024,
  group_bytes = 1024 * 1024, // of the blocks whose totals are taken before they are scanned
};

// Rough speed of one thread, to decide about waking others.
static const double bytes_per_nanosecond = 30;

typedef struct {
  const reduction_kernels *reduction;
  const scan_kernels *scan;
  reduction how;
  farro_reduction_shape shape;
  farro_scan_options options;
  bool streams;
  size_t block, blocks;   // rows of the axis in one block, and their number
  size_t columns, chunks; // inner columns in one chunk, and their number
  const void *x;
  void *out;
  size_t group, first_block; // blocks of which the totals are taken at once, and the first of them
  // (outer, group, inner): totals of the blocks, then what comes before each
  double *totals, *high, *low;
} plan;

static size_t columns_of(const plan *p, size_t chunk) {
  return smaller(p->columns, p->shape.inner - chunk * p->columns);
}

static size_t rows_of(const plan *p, size_t block) { return smaller(p->block, p->shape.axis - block * p->block); }

// Where the block, in the order of the scan, lies in memory.
static size_t place_of(const plan *p, size_t outer, size_t block, size_t chunk) {
  const farro_reduction_shape *s = &p->shape;
  const size_t before = block * p->block, row = p->options.reverse ? s->axis - before - rows_of(p, block) : before;
  return ((outer * s->axis + row) * s->inner + chunk * p->columns) * p->reduction->element_bytes;
}

static void take_total(const plan *p, size_t outer, size_t block, size_t chunk, double *total) {
  const char *x = (const char *)p->x + place_of(p, outer, block, chunk);
  if (p->shape.inner == 1)
    p->reduction->row[p->how](x, rows_of(p, block), x, total, total);
  else
    p->reduction->columns[p->how](x, rows_of(p, block), columns_of(p, chunk), p->shape.inner, x, total, total);
}

static void scan_one(const plan *p, size_t outer, size_t block, size_t chunk, const double *high, const double *low) {
  const size_t at = place_of(p, outer, block, chunk);
  const scan_block b = {
      .x = (const char *)p->x + at,
      .out = (char *)p->out + at,
      .rows = rows_of(p, block),
      .columns = columns_of(p, chunk),
      .stride = p->shape.inner,
      .reverse = p->options.reverse,
      .exclusive = p->options.exclusive,
      .streams = p->streams,
      .high = high,
      .low = low,
  };
  (p->shape.inner == 1 ? p->scan->row : p->scan->columns)[p->how](&b);
}

static double neutral(reduction how) {
  return how == reduction_sum ? 0 : how == reduction_product ? 1 : how == reduction_max ? -INFINITY : INFINITY;
}

// The sum a + b, and what its rounding lost (D. Knuth, "The Art of Computer Programming", volume 2, 4.2.2).
static double exact_sum(double a, double b, double *lost) {
  const double sum = a + b, b_part = sum - a;
  *lost = (a - (sum - b_part)) + (b - b_part);
  return sum;
}

static void carry_on(reduction how, const double *totals, size_t columns, double *high, double *low) {
  for (size_t j = 0; j < columns; j++) {
    const double a = high[j], b = totals[j];
    double lost = 0;
    switch (how) {
    case reduction_sum:
      high[j] = exact_sum(a, b, &lost);
      low[j] += lost; // NaN beside an infinity, where it is not used
      break;
    case reduction_product:
      high[j] = a * b;
      break;
    case reduction_max:
      if (b > a || isnan(b)) high[j] = b;
      break;
    default:
      if (b < a || isnan(b)) high[j] = b;
    }
  }
}

// Items are (outer, chunk).
static void scan_along(void *context, size_t begin, size_t end) {
  const plan *p = context;
  double totals[reduction_columns], high[reduction_columns], low[reduction_columns];
  for (size_t item = begin; item < end; item++) {
    const size_t outer = item / p->chunks, chunk = item % p->chunks, columns = columns_of(p, chunk);
    for (size_t j = 0; j < columns; j++) high[j] = neutral(p->how), low[j] = 0;
    for (size_t block = 0; block < p->blocks; block++) {
      const bool is_last = block + 1 == p->blocks;
      if (!is_last) take_total(p, outer, block, chunk, totals); // before the block is overwritten
      scan_one(p, outer, block, chunk, high, low);
      if (!is_last) carry_on(p->how, totals, columns, high, low);
    }
  }
}

// ---- few rows and columns: all threads on some blocks ----

typedef struct {
  size_t outer, block, chunk; // the block within the whole axis
  size_t at;                  // in the arrays of the group
} group_item;

static group_item item_of(const plan *p, size_t item) {
  const size_t chunk = item % p->chunks, row = item / p->chunks;
  return (group_item){row / p->group, p->first_block + row % p->group, chunk,
                      row * p->shape.inner + chunk * p->columns};
}

static void take_totals(void *context, size_t begin, size_t end) {
  const plan *p = context;
  for (size_t item = begin; item < end; item++) {
    const group_item i = item_of(p, item);
    if (i.block < p->blocks) take_total(p, i.outer, i.block, i.chunk, p->totals + i.at);
  }
}

static void scan_blocks(void *context, size_t begin, size_t end) {
  const plan *p = context;
  for (size_t item = begin; item < end; item++) {
    const group_item i = item_of(p, item);
    if (i.block < p->blocks) scan_one(p, i.outer, i.block, i.chunk, p->high + i.at, p->low + i.at);
  }
}

static farro_status scan_in_groups(plan *p, size_t bytes, double nanoseconds) {
  const size_t inner = p->shape.inner, outer = p->shape.outer, sums = outer * inner;
  p->group = smaller(p->blocks, larger(1, group_bytes / (bytes / p->blocks + 1)));
  const size_t entries = sums * p->group, space = (3 * entries + 2 * sums) * sizeof(double);
  p->totals = farro_allocate(space);
  if (!p->totals) return FARRO_ERROR_MEMORY;
  p->high = p->totals + entries, p->low = p->high + entries;
  double *high = p->low + entries, *low = high + sums;
  for (size_t j = 0; j < sums; j++) high[j] = neutral(p->how), low[j] = 0;
  const size_t items = outer * p->group * p->chunks, grain = ceil_divide(task_elements, p->block * p->columns);
  const double share = nanoseconds * (double)p->group / (double)p->blocks;
  for (; p->first_block < p->blocks; p->first_block += p->group) {
    farro_parallel_for(items, grain, share / 2, take_totals, p);
    for (size_t o = 0; o < outer; o++)
      for (size_t g = 0; g < p->group && p->first_block + g < p->blocks; g++) {
        const size_t at = (o * p->group + g) * inner;
        for (size_t j = 0; j < inner; j++) {
          p->high[at + j] = high[o * inner + j];
          p->low[at + j] = low[o * inner + j];
        }
        carry_on(p->how, p->totals + at, inner, high + o * inner, low + o * inner);
      }
    farro_parallel_for(items, grain, share, scan_blocks, p);
  }
  farro_release(p->totals, space);
  return FARRO_OK;
}

// ---- the plan ----

static farro_status scan_with(const reduction_kernels *kernels, const scan_kernels *scan, reduction how,
                              const farro_reduction_shape *s, farro_scan_options options, const void *x, void *out) {
  if (!can_exist(s->outer, s->axis, s->inner)) return FARRO_ERROR_ARGUMENT;
  const size_t count = s->outer * s->axis * s->inner;
  if (count == 0) return FARRO_OK;
  const size_t bytes = count * kernels->element_bytes;
  plan p = {.reduction = kernels, .scan = scan, .how = how, .shape = *s, .options = options, .x = x, .out = out};
  p.streams = x != out && farro_should_stream(2 * bytes);
  p.block = s->inner == 1 ? scan_row : scan_rows;
  p.blocks = ceil_divide(s->axis, p.block);
  p.columns = smaller(s->inner, reduction_row_bytes / kernels->element_bytes);
  p.chunks = ceil_divide(s->inner, p.columns);
  const size_t items = s->outer * p.chunks, threads = (size_t)farro_threads();
  const double nanoseconds = (double)bytes / bytes_per_nanosecond;
  if (threads > 1 && items < 4 * threads && p.blocks > 1 && count > task_elements)
    return scan_in_groups(&p, bytes, nanoseconds);
  farro_parallel_for(items, ceil_divide(task_elements, s->axis * p.columns), nanoseconds, scan_along, &p);
  return FARRO_OK;
}

// ---- entries ----

#define ENTRY(name, type, scalar)                                                                                      \
  farro_status farro_cumulative_##name##_##type(const farro_reduction_shape *shape, farro_scan_options options,        \
                                                const scalar *x, scalar *out) {                                        \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return scan_with(kernels->reduction_##type, kernels->scan_##type, reduction_##name, shape, options, x, out);       \
  }

ENTRY(sum, f32, float)
ENTRY(sum, f64, double)
ENTRY(product, f32, float)
ENTRY(product, f64, double)
ENTRY(max, f32, float)
ENTRY(max, f64, double)
ENTRY(min, f32, float)
ENTRY(min, f64, double)
