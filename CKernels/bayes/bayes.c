// Sums of classes over ranges of rows, combined in order.
#include "include/bayes.h"

#include <math.h>
#include <string.h>

#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

enum {
  least_range_elements = 1 << 16,
  most_ranges = 8,
  block_bytes = 1 << 14, // of rows that are put in the order of their classes, in the first cache
  most_block_rows = 256,
  most_ordered_classes = 256,
  sampled_rows = 16,
  likelihood_grain = 256
};

typedef struct {
  const bayes_kernels *kernels;
  const farro_class_shape *shape;
  const char *x; // or the values of a sparse matrix
  const int64_t *offsets;
  const int32_t *indices;
  const int32_t *classes;
  const double *weights, *threshold, *centers;
  double *sums;     // of each range: (class_count, columns), as many squares with centers, the rows of each class, the
                    // least of 0 and the elements
  size_t sum_count; // of a range
  size_t range;     // rows of a range
  bool is_f32;
} class_sums;

static double value_at(const class_sums *c, size_t at) {
  return c->is_f32 ? (double)((const float *)c->x)[at] : ((const double *)c->x)[at];
}

// The numbers of rows of each class in the sums of a range, and the least element.
static double *counts_of(const class_sums *c, double *sums) { return sums + c->sum_count - c->shape->class_count - 1; }
static double *least_of(const class_sums *c, double *sums) { return sums + c->sum_count - 1; }

static void add_sparse_row(const class_sums *c, size_t row, double *all) {
  const double weight = c->weights ? c->weights[row] : 1;
  double *sums = all + (size_t)c->classes[row] * c->shape->columns, *least = least_of(c, all);
  for (int64_t at = c->offsets[row]; at < c->offsets[row + 1]; at++) {
    const double value = value_at(c, (size_t)at);
    if (!c->threshold && value < *least) *least = value;
    // NaN and infinity stay in the sum.
    sums[c->indices[at]] += c->threshold ? (value > *c->threshold ? weight : 0) + value * 0 : weight * value;
  }
}

static void add_class(const class_sums *c, class_rows *r, size_t class, double *sums) {
  const size_t at = class * c->shape->columns;
  r->sums = sums + at;
  if (c->centers) {
    r->squares = r->sums + c->shape->class_count * c->shape->columns, r->centers = c->centers + at;
    c->kernels->add_moments(r);
  } else if (c->threshold) {
    c->kernels->add_above(r);
  } else {
    c->kernels->add(r);
  }
}

// Rows first..<end, those of a class one after the other, in their order; where classes are many, as they come. Those
// of the next block are fetched meanwhile in the order of memory, as its own prefetching needs to help: in another,
// fits run at half the rate.
static void add_block(const class_sums *c, size_t first, size_t end, size_t block, double *sums) {
  const farro_class_shape *s = c->shape;
  const int32_t *classes = c->classes + first;
  const size_t count = end - first;
  uint32_t order[most_block_rows], ends[most_ordered_classes + 1] = {0};
  class_rows r = {.columns = s->columns,
                  .x = c->x + first * s->x_row * c->kernels->element_bytes,
                  .x_row = s->x_row,
                  .ahead = block,
                  .last = s->rows - 1 - first,
                  .weights = c->weights ? c->weights + first : NULL,
                  .threshold = c->threshold ? *c->threshold : 0,
                  .least = least_of(c, sums)};
  double *counts = counts_of(c, sums);
  if (s->class_count > most_ordered_classes) {
    r.rows = order, r.count = 1;
    for (order[0] = 0; order[0] < count; order[0]++) {
      counts[classes[order[0]]] += 1;
      add_class(c, &r, (size_t)classes[order[0]], sums);
    }
    return;
  }
  for (size_t i = 0; i < count; i++) ends[classes[i] + 1]++;
  for (size_t k = 1; k < s->class_count; k++) ends[k + 1] += ends[k];
  for (size_t i = 0; i < count; i++) order[ends[classes[i]]++] = (uint32_t)i;
  for (size_t k = 0, at = 0; k < s->class_count; at = ends[k++]) {
    r.rows = order + at, r.count = ends[k] - at, r.ahead = block + at;
    if (r.count == 0) continue;
    counts[k] += (double)r.count;
    add_class(c, &r, k, sums);
  }
}

static void sum_ranges(void *context, size_t first, size_t last) {
  const class_sums *c = context;
  const size_t row_bytes = larger(c->shape->columns * c->kernels->element_bytes, 1);
  const size_t block = larger(smaller(block_bytes / row_bytes, most_block_rows), 16);
  for (size_t range = first; range < last; range++) {
    double *sums = c->sums + range * c->sum_count;
    memset(sums, 0, c->sum_count * sizeof *sums);
    const size_t end = smaller((range + 1) * c->range, c->shape->rows);
    if (c->offsets)
      for (size_t row = range * c->range; row < end; row++) add_sparse_row(c, row, sums);
    else
      for (size_t row = range * c->range; row < end; row += block)
        add_block(c, row, smaller(row + block, end), block, sums);
  }
}

static bool are_classes(const farro_class_shape *s, const int32_t *classes) {
  const uint32_t count = (uint32_t)s->class_count;
  bool are = s->class_count <= INT32_MAX;
  for (size_t i = 0; i < s->rows; i++) are &= (uint32_t)classes[i] < count;
  return are;
}

// The sums of all ranges, into those of the first, which the caller releases.
static farro_status sum_classes(class_sums *c, size_t elements, size_t *bytes) {
  const farro_class_shape *s = c->shape;
  c->sum_count = s->class_count * (s->columns * (c->centers ? 2 : 1) + 1) + 1;
  const size_t affordable = elements / 4 / larger(c->sum_count, 1);
  const size_t ranges = larger(smaller(smaller(elements / least_range_elements, affordable), most_ranges), 1);
  c->range = ceil_divide(s->rows, ranges);
  *bytes = ranges * c->sum_count * sizeof(double);
  c->sums = farro_allocate(*bytes);
  if (!c->sums) return FARRO_ERROR_MEMORY;
  farro_parallel_for(ranges, 1, (double)elements * (c->offsets ? 2 : 0.2), sum_ranges, c);
  for (size_t range = 1; range < ranges; range++)
    for (size_t k = 0; k + 1 < c->sum_count; k++) c->sums[k] += c->sums[range * c->sum_count + k];
  for (size_t range = 1; range < ranges; range++) {
    const double least = *least_of(c, c->sums + range * c->sum_count);
    if (least < *least_of(c, c->sums)) *least_of(c, c->sums) = least;
  }
  return FARRO_OK;
}

static farro_status class_sums_of(class_sums *c, double *sums, double *least) {
  const farro_class_shape *s = c->shape;
  if ((!c->offsets && !are_rows(s->rows, s->columns, s->x_row)) || !can_exist(s->class_count, s->columns, 2) ||
      !are_classes(s, c->classes))
    return FARRO_ERROR_ARGUMENT;
  const size_t elements = c->offsets ? (size_t)c->offsets[s->rows] : s->rows * s->columns;
  size_t bytes;
  const farro_status status = sum_classes(c, elements, &bytes);
  if (status != FARRO_OK) return status;
  memcpy(sums, c->sums, s->class_count * s->columns * sizeof *sums);
  if (least) *least = *least_of(c, c->sums);
  farro_release(c->sums, bytes);
  return FARRO_OK;
}

// ---- moments ----

// Takes a row into the mean of its class's sample.
static void sample_row(const class_sums *c, size_t row, double *centers, double *taken) {
  const farro_class_shape *s = c->shape;
  const size_t class = (size_t)c->classes[row];
  if (taken[class] >= sampled_rows) return;
  taken[class] += 1;
  double *center = centers + class * s->columns;
  for (size_t j = 0; j < s->columns; j++) center[j] += (value_at(c, row * s->x_row + j) - center[j]) / taken[class];
}

// The mean of some rows of each class, of all over the matrix where its rows are not few.
static void sample_centers(const class_sums *c, double *centers, double *taken) {
  const farro_class_shape *s = c->shape;
  memset(centers, 0, s->class_count * s->columns * sizeof *centers);
  memset(taken, 0, s->class_count * sizeof *taken);
  const size_t step = ceil_divide(s->rows, 64 * sampled_rows);
  for (size_t row = 0; row < s->rows; row += step) sample_row(c, row, centers, taken);
  size_t missing = 0;
  for (size_t k = 0; k < s->class_count; k++) missing += taken[k] == 0;
  for (size_t row = 0; row < s->rows && missing > 0; row++) {
    if (taken[c->classes[row]] > 0) continue;
    sample_row(c, row, centers, taken);
    missing--;
  }
}

// The sums of the weights of each class's rows.
static void sum_weights(const class_sums *c, double *total) {
  const farro_class_shape *s = c->shape;
  memcpy(total, counts_of(c, c->sums), s->class_count * sizeof *total);
  if (!c->weights) return;
  memset(total, 0, s->class_count * sizeof *total);
  for (size_t i = 0; i < s->rows; i++) total[c->classes[i]] += c->weights[i];
}

static void finish_moments(const class_sums *c, const double *centers, double *mean, double *variance,
                           const double *total) {
  const size_t columns = c->shape->columns, half = c->shape->class_count * columns;
  for (size_t k = 0; k < c->shape->class_count; k++) {
    for (size_t at = k * columns; at < (k + 1) * columns; at++) {
      if (!(total[k] > 0)) {
        // What is not finite is told of all the same.
        mean[at] = c->sums[at] * 0, variance[at] = 0;
        continue;
      }
      const double shift = c->sums[at] / total[k];
      mean[at] = centers[at] + shift;
      variance[at] = fmax(c->sums[half + at] / total[k] - shift * shift, 0);
    }
  }
}

static farro_status class_moments(class_sums *c, double *mean, double *variance, double *total) {
  const farro_class_shape *s = c->shape;
  if (!are_rows(s->rows, s->columns, s->x_row) || !can_exist(s->class_count, s->columns, 4) ||
      !are_classes(s, c->classes))
    return FARRO_ERROR_ARGUMENT;
  const size_t center_bytes = s->class_count * (s->columns + 1) * sizeof(double);
  double *centers = farro_allocate(center_bytes);
  if (!centers) return FARRO_ERROR_MEMORY;
  sample_centers(c, centers, centers + s->class_count * s->columns);
  c->centers = centers;
  size_t bytes;
  const farro_status status = sum_classes(c, s->rows * s->columns, &bytes);
  if (status == FARRO_OK) {
    sum_weights(c, total);
    finish_moments(c, centers, mean, variance, total);
    farro_release(c->sums, bytes);
  }
  farro_release(centers, center_bytes);
  return status;
}

// ---- likelihood ----

typedef struct {
  const bayes_kernels *kernels;
  const farro_class_shape *shape;
  const char *x;
  const void *means, *factors; // no means: of columns above the threshold
  const double *constants;
  char *to;
  double threshold;
} likelihoods;

static void likelihood_rows(void *context, size_t first, size_t last) {
  const likelihoods *l = context;
  const farro_class_shape *s = l->shape;
  const size_t bytes = l->kernels->element_bytes;
  const char *x = l->x + first * s->x_row * bytes;
  char *to = l->to + first * s->class_count * bytes;
  if (l->means)
    l->kernels->likelihood(last - first, s->columns, x, s->x_row, s->class_count, l->means, l->factors, l->constants,
                           to);
  else
    l->kernels->flag_likelihood(last - first, s->columns, x, s->x_row, s->class_count, l->threshold, l->factors,
                                l->constants, to);
}

static farro_status likelihood(likelihoods *l) {
  const farro_class_shape *s = l->shape;
  if (!are_rows(s->rows, s->columns, s->x_row) || !can_exist(s->rows, s->class_count, 1) ||
      !can_exist(s->class_count, s->columns, 1))
    return FARRO_ERROR_ARGUMENT;
  const double terms = (double)s->rows * (double)s->columns * (double)s->class_count;
  farro_parallel_for(s->rows, likelihood_grain, terms / 10, likelihood_rows, l);
  return FARRO_OK;
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

#define LIKELIHOOD(type, shape, ...)                                                                                   \
  const farro_kernels *kernels = farro_current_kernels();                                                              \
  if (!kernels) return FARRO_ERROR_ISA;                                                                                \
  likelihoods l = {kernels->models->bayes_##type, shape, __VA_ARGS__};                                                 \
  return likelihood(&l)

#define ENTRIES(type, scalar, single)                                                                                  \
  farro_status farro_class_sums_##type(const farro_class_shape *shape, const scalar *x, const int32_t *classes,        \
                                       const double *weights, const double *threshold, double *sums, double *least) {  \
    SUMS(type, shape, .x = (const char *)x, .classes = classes, .weights = weights, .threshold = threshold);           \
    return class_sums_of(&c, sums, least);                                                                             \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_class_sums_csr_##type(                                                                            \
      const farro_class_shape *shape, const int64_t *offsets, const int32_t *indices, const scalar *values,            \
      const int32_t *classes, const double *weights, const double *threshold, double *sums, double *least) {           \
    SUMS(type, shape, .x = (const char *)values, .offsets = offsets, .indices = indices, .classes = classes,           \
         .weights = weights, .threshold = threshold);                                                                  \
    return class_sums_of(&c, sums, least);                                                                             \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_class_moments_##type(const farro_class_shape *shape, const scalar *x, const int32_t *classes,     \
                                          const double *weights, double *mean, double *variance, double *total) {      \
    SUMS(type, shape, .x = (const char *)x, .classes = classes, .weights = weights);                                   \
    return class_moments(&c, mean, variance, total);                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_normal_likelihood_##type(const farro_class_shape *shape, const scalar *x, const scalar *means,    \
                                              const scalar *factors, const double *constants, scalar *to) {            \
    LIKELIHOOD(type, shape, .x = (const char *)x, .means = means, .factors = factors, .constants = constants,          \
               .to = (char *)to);                                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_flag_likelihood_##type(const farro_class_shape *shape, const scalar *x, double threshold,         \
                                            const scalar *factors, const double *constants, scalar *to) {              \
    LIKELIHOOD(type, shape, .x = (const char *)x, .factors = factors, .constants = constants, .to = (char *)to,        \
               .threshold = threshold);                                                                                \
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
