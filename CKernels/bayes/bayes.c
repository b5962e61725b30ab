// Sums of classes over ranges of rows, combined in order.
#include "include/bayes.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

enum {
  least_range_elements = 1 << 16,
  most_ranges = 8,
  block_bytes = 1 << 14, // of rows that are fetched while those before them are added
  least_block_rows = 64, // so that classes have several rows in a block: for 500 columns and 5 classes 16 take 1.3
                         // times as long as 64
  most_block_rows = 256,
  most_ordered_classes = 64,
  sampled_rows = 16
};

typedef struct {
  const bayes_kernels *kernels;
  const farro_class_shape *shape;
  const char *x; // or the values of a sparse matrix
  const int64_t *offsets;
  const int32_t *indices;
  const int32_t *classes;
  const double *weights, *threshold, *centers;
  bool is_f32;
  double *sums;                     // of all ranges
  size_t pitch;                     // columns with room for whole steps
  size_t table;                     // doubles of a class: sums, and as many squares with centers
  size_t range, ranges, range_sums; // rows of a range, ranges, and the doubles of one: its tables, the rows of
                                    // each class, and the least of 0 and the elements
  atomic_bool wrong;                // a class is none
} class_sums;

static double value_at(const class_sums *c, size_t at) {
  return c->is_f32 ? (double)((const float *)c->x)[at] : ((const double *)c->x)[at];
}

static double *table_of(const class_sums *c, size_t range, size_t class) {
  return c->sums + range * c->range_sums + class * c->table;
}
static uint64_t *counts_of(const class_sums *c, size_t range) {
  return (uint64_t *)(void *)table_of(c, range, c->shape->class_count);
}
static double *least_of(const class_sums *c, size_t range) { return c->sums + (range + 1) * c->range_sums - 1; }

// ---- adding rows ----

static void add_sparse_rows(const class_sums *c, size_t range, size_t first, size_t end) {
  double *least = least_of(c, range);
  uint64_t *counts = counts_of(c, range);
  for (size_t row = first; row < end; row++) {
    const double weight = c->weights ? c->weights[row] : 1;
    double *sums = table_of(c, range, (size_t)c->classes[row]);
    counts[c->classes[row]]++;
    for (int64_t at = c->offsets[row]; at < c->offsets[row + 1]; at++) {
      const double value = value_at(c, (size_t)at);
      if (!c->threshold && value < *least) *least = value;
      // NaN and infinity stay in the sum.
      sums[c->indices[at]] += c->threshold ? (value > *c->threshold ? weight : 0) + value * 0 : weight * value;
    }
  }
}

static void add_class(const class_sums *c, class_rows *r, size_t range, size_t class) {
  counts_of(c, range)[class] += r->count;
  r->sums = table_of(c, range, class);
  if (c->centers) {
    r->squares = r->sums + c->pitch, r->centers = c->centers + class * c->pitch;
    c->kernels->add_moments(r);
  } else if (c->threshold) {
    c->kernels->add_above(r);
  } else {
    c->kernels->add(r);
  }
}

// Rows first..<end, those of a class one after the other, in their order. Those of the next block are fetched meanwhile
// in the order of memory, as its own prefetching needs to help: in another, fits run at half the rate.
static void add_block(const class_sums *c, size_t range, size_t first, size_t end, size_t block) {
  const farro_class_shape *s = c->shape;
  const size_t bytes = c->kernels->element_bytes, x_row = s->columns > 0 ? s->x_row : 0, count = end - first;
  const int32_t *classes = c->classes + first;
  const char *x = c->x + first * x_row * bytes;
  class_rows r = {.columns = s->columns,
                  .x = x,
                  .x_row = x_row,
                  .next = first + block + count <= s->rows ? x + block * x_row * bytes : x,
                  .weights = c->weights ? c->weights + first : NULL,
                  .threshold = c->threshold ? *c->threshold : 0,
                  .least = least_of(c, range)};
  if (s->class_count > most_ordered_classes) { // as they come
    uint16_t rows[most_block_rows];
    for (size_t i = 0; i < count; i++) rows[i] = (uint16_t)i;
    for (size_t i = 0; i < count; i += r.count) {
      r.rows = rows + i, r.count = 1;
      while (i + r.count < count && classes[i + r.count] == classes[i]) r.count++;
      add_class(c, &r, range, (size_t)classes[i]);
    }
    return;
  }
  uint16_t rows[most_ordered_classes][most_block_rows], counts[most_ordered_classes];
  memset(counts, 0, s->class_count * sizeof *counts);
  for (size_t i = 0; i < count; i++) rows[classes[i]][counts[classes[i]]++] = (uint16_t)i;
  for (size_t k = 0; k < s->class_count; k++) {
    r.rows = rows[k], r.count = counts[k];
    if (r.count > 0) add_class(c, &r, range, k);
  }
}

static bool are_classes(const class_sums *c, size_t first, size_t end) {
  const uint32_t count = (uint32_t)c->shape->class_count;
  bool are = true;
  for (size_t i = first; i < end; i++) are &= (uint32_t)c->classes[i] < count;
  return are;
}

static void sum_ranges(void *context, size_t first, size_t last) {
  class_sums *c = context;
  const size_t row_bytes = larger(c->shape->columns * c->kernels->element_bytes, 1);
  const size_t block = larger(smaller(block_bytes / row_bytes, most_block_rows), least_block_rows);
  for (size_t range = first; range < last; range++) {
    memset(c->sums + range * c->range_sums, 0, c->range_sums * sizeof *c->sums);
    const size_t end = smaller((range + 1) * c->range, c->shape->rows);
    for (size_t row = range * c->range; row < end; row += block) {
      const size_t to = smaller(row + block, end);
      if (!are_classes(c, row, to)) {
        c->wrong = true;
        return;
      }
      if (c->offsets)
        add_sparse_rows(c, range, row, to);
      else
        add_block(c, range, row, to, block);
    }
  }
}

// ---- all ranges ----

// The caller releases the sums, of so many bytes.
static farro_status sum_classes(class_sums *c, size_t elements, size_t *bytes) {
  const farro_class_shape *s = c->shape;
  c->table = c->pitch * (c->centers ? 2 : 1);
  c->range_sums = s->class_count * (c->table + 1) + 1;
  const size_t affordable = elements / 4 / c->range_sums;
  c->ranges = larger(smaller(smaller(elements / least_range_elements, affordable), most_ranges), 1);
  c->range = ceil_divide(s->rows, c->ranges);
  *bytes = c->ranges * c->range_sums * sizeof(double);
  c->sums = farro_allocate(*bytes);
  if (!c->sums) return FARRO_ERROR_MEMORY;
  farro_parallel_for(c->ranges, 1, (double)elements * (c->offsets ? 2 : 0.2), sum_ranges, c);
  if (!c->wrong) return FARRO_OK;
  farro_release(c->sums, *bytes);
  return FARRO_ERROR_ARGUMENT;
}

// What is `behind` in a class's tables, over all ranges: (columns).
static void gather_sums(const class_sums *c, size_t class, size_t behind, double *to) {
  const size_t columns = c->shape->columns;
  memset(to, 0, columns * sizeof *to);
  for (size_t range = 0; range < c->ranges; range++)
    for (size_t j = 0; j < columns; j++) to[j] += table_of(c, range, class)[behind + j];
}

static void gather_totals(const class_sums *c, double *total) {
  const farro_class_shape *s = c->shape;
  memset(total, 0, s->class_count * sizeof *total);
  if (c->weights) {
    for (size_t i = 0; i < s->rows; i++) total[c->classes[i]] += c->weights[i];
    return;
  }
  for (size_t range = 0; range < c->ranges; range++)
    for (size_t k = 0; k < s->class_count; k++) total[k] += (double)counts_of(c, range)[k];
}

// Also whether sums with room for whole steps can exist.
static bool are_sizes(class_sums *c, size_t arrays) {
  const farro_class_shape *s = c->shape;
  const size_t step = c->kernels->sum_step;
  if ((!c->offsets && !are_rows(s->rows, s->columns, s->x_row)) || s->class_count > INT32_MAX ||
      !can_exist(s->columns, 1, 1) || !can_exist(s->class_count, s->columns + step, arrays))
    return false;
  c->pitch = round_up(larger(s->columns, 1), step);
  return true;
}

static farro_status class_sums_of(class_sums *c, double *sums, double *total, double *least) {
  const farro_class_shape *s = c->shape;
  if (!are_sizes(c, 2)) return FARRO_ERROR_ARGUMENT;
  size_t bytes;
  const farro_status status = sum_classes(c, c->offsets ? (size_t)c->offsets[s->rows] : s->rows * s->columns, &bytes);
  if (status != FARRO_OK) return status;
  for (size_t k = 0; k < s->class_count; k++) gather_sums(c, k, 0, sums + k * s->columns);
  if (total) gather_totals(c, total);
  if (least) *least = 0;
  for (size_t range = 0; range < c->ranges && least; range++) *least = fmin(*least, *least_of(c, range));
  farro_release(c->sums, bytes);
  return FARRO_OK;
}

// ---- moments ----

// Takes a row into the mean of its class's sample.
static void sample_row(const class_sums *c, size_t row, double *centers, double *taken) {
  const farro_class_shape *s = c->shape;
  const size_t class = (size_t)c->classes[row];
  if (class >= s->class_count || taken[class] >= sampled_rows) return;
  taken[class] += 1;
  double *center = centers + class * c->pitch;
  for (size_t j = 0; j < s->columns; j++) center[j] += value_at(c, row * s->x_row + j) / sampled_rows;
}

// The mean of some rows of each class, of all over the matrix where its rows are not few.
static void sample_centers(const class_sums *c, double *centers, double *taken) {
  const farro_class_shape *s = c->shape;
  memset(centers, 0, s->class_count * c->pitch * sizeof *centers);
  memset(taken, 0, s->class_count * sizeof *taken);
  const size_t step = ceil_divide(s->rows, 64 * sampled_rows);
  for (size_t row = 0; row < s->rows; row += step) sample_row(c, row, centers, taken);
  size_t missing = 0;
  for (size_t k = 0; k < s->class_count; k++) missing += taken[k] == 0;
  for (size_t row = 0; row < s->rows && missing > 0; row++) {
    const size_t class = (size_t)c->classes[row];
    if (class >= s->class_count || taken[class] > 0) continue;
    sample_row(c, row, centers, taken);
    missing--;
  }
  for (size_t k = 0; k < s->class_count; k++)
    for (size_t j = 0; j < s->columns && taken[k] > 0; j++) centers[k * c->pitch + j] *= sampled_rows / taken[k];
}

static void finish_moments(const class_sums *c, double *mean, double *variance, const double *total) {
  const size_t columns = c->shape->columns;
  for (size_t k = 0; k < c->shape->class_count; k++) {
    const double *center = c->centers + k * c->pitch;
    double *sum = mean + k * columns, *square = variance + k * columns;
    gather_sums(c, k, 0, sum);
    gather_sums(c, k, c->pitch, square);
    for (size_t j = 0; j < columns; j++) {
      if (!(total[k] > 0)) {
        // What is not finite is told of all the same.
        sum[j] *= 0, square[j] = 0;
        continue;
      }
      const double shift = sum[j] / total[k];
      sum[j] = center[j] + shift;
      const double spread = square[j] / total[k] - shift * shift;
      square[j] = spread < 0 ? 0 : spread; // NaN stays: squares were infinite
    }
  }
}

static farro_status class_moments(class_sums *c, double *mean, double *variance, double *total) {
  const farro_class_shape *s = c->shape;
  if (!are_sizes(c, 4)) return FARRO_ERROR_ARGUMENT;
  const size_t center_bytes = s->class_count * (c->pitch + 1) * sizeof(double);
  double *centers = farro_allocate(center_bytes);
  if (!centers) return FARRO_ERROR_MEMORY;
  sample_centers(c, centers, centers + s->class_count * c->pitch);
  c->centers = centers;
  size_t bytes;
  const farro_status status = sum_classes(c, s->rows * s->columns, &bytes);
  if (status == FARRO_OK) {
    gather_totals(c, total);
    finish_moments(c, mean, variance, total);
    farro_release(c->sums, bytes);
  }
  farro_release(centers, center_bytes);
  return status;
}

// ---- sparse products ----

typedef struct {
  const int64_t *offsets;
  const int32_t *indices;
  const void *values;
  const double *threshold;
  size_t outputs;
  const double *b, *constants;
  void *y;
  bool is_f32;
} sparse_product;

static void multiply_sparse_rows(void *context, size_t first, size_t last) {
  const sparse_product *p = context;
  enum { most_sums = 64 };
  double sums[most_sums];
  for (size_t row = first; row < last; row++) {
    for (size_t from = 0; from < p->outputs; from += most_sums) {
      const size_t count = smaller(most_sums, p->outputs - from);
      for (size_t o = 0; o < count; o++) sums[o] = p->constants[from + o];
      for (int64_t at = p->offsets[row]; at < p->offsets[row + 1]; at++) {
        double value = p->is_f32 ? (double)((const float *)p->values)[at] : ((const double *)p->values)[at];
        if (p->threshold) value = (value > *p->threshold ? 1 : 0) + value * 0;
        const double *b = p->b + (size_t)p->indices[at] * p->outputs + from;
        for (size_t o = 0; o < count; o++) sums[o] += value * b[o];
      }
      for (size_t o = 0; o < count; o++) {
        const size_t to = row * p->outputs + from + o;
        if (p->is_f32)
          ((float *)p->y)[to] = (float)sums[o];
        else
          ((double *)p->y)[to] = sums[o];
      }
    }
  }
}

static farro_status multiply_sparse(sparse_product *p, size_t rows, size_t columns) {
  if (!can_exist(rows, p->outputs, 1) || !can_exist(columns, p->outputs, 1)) return FARRO_ERROR_ARGUMENT;
  const double elements = rows > 0 ? (double)p->offsets[rows] : 0;
  farro_parallel_for(rows, 64, elements * (2 + (double)p->outputs / 2), multiply_sparse_rows, p);
  return FARRO_OK;
}

// ---- entries ----

#define SUMS(type, shape, ...)                                                                                         \
  const farro_kernels *kernels = farro_current_kernels();                                                              \
  if (!kernels) return FARRO_ERROR_ISA;                                                                                \
  class_sums c = {kernels->models->bayes_##type, shape, .is_f32 = kernels->models->bayes_##type->element_bytes == 4,   \
                  __VA_ARGS__}

#define ENTRIES(type, scalar, single)                                                                                  \
  farro_status farro_class_sums_##type(const farro_class_shape *shape, const scalar *x, const int32_t *classes,        \
                                       const double *weights, const double *threshold, double *sums, double *total,    \
                                       double *least) {                                                                \
    SUMS(type, shape, .x = (const char *)x, .classes = classes, .weights = weights, .threshold = threshold);           \
    return class_sums_of(&c, sums, total, least);                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_class_sums_csr_##type(const farro_class_shape *shape, const int64_t *offsets,                     \
                                           const int32_t *indices, const scalar *values, const int32_t *classes,       \
                                           const double *weights, const double *threshold, double *sums,               \
                                           double *total, double *least) {                                             \
    SUMS(type, shape, .x = (const char *)values, .offsets = offsets, .indices = indices, .classes = classes,           \
         .weights = weights, .threshold = threshold);                                                                  \
    return class_sums_of(&c, sums, total, least);                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_class_moments_##type(const farro_class_shape *shape, const scalar *x, const int32_t *classes,     \
                                          const double *weights, double *mean, double *variance, double *total) {      \
    SUMS(type, shape, .x = (const char *)x, .classes = classes, .weights = weights);                                   \
    return class_moments(&c, mean, variance, total);                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_csr_product_##type(size_t rows, size_t columns, const int64_t *offsets, const int32_t *indices,   \
                                        const scalar *values, const double *threshold, size_t outputs,                 \
                                        const double *b, const double *constants, scalar *y) {                         \
    sparse_product p = {offsets, indices, values, threshold, outputs, b, constants, y, single};                        \
    return multiply_sparse(&p, rows, columns);                                                                         \
  }

ENTRIES(f32, float, true)
ENTRIES(f64, double, false)
