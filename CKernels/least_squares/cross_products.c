// Sums of products of columns: rows are packed in blocks, and the panels of a block are multiplied in pairs.
#include "include/least_squares.h"
#include "runtime/model_dispatch.h"

#include <math.h>
#include <string.h>

#include "runtime/sizes.h"

enum {
  block_rows = 128,       // of a range of rows: a panel stays in L1
  tall_block_rows = 256,  // of all threads together
  most_range_order = 192, // up to which each range of rows has sums of its own
  least_range_rows = 4096,
  most_ranges = 16,
};

typedef struct {
  const cross_product_kernels *kernels;
  const farro_cross_shape *shape;
  const char *x, *y;
  size_t x_bytes; // of an element of x and y
  void (*pack)(size_t count, size_t width, const void *from, const void *center, const void *factor, double root,
               void *to);
  const double *weights;
  const int32_t *group;
  const char *centers, *factors; // in the type of the products
  size_t order, vectors, width, panels, pitch;
  bool together;            // all threads work on one block, and there is one range
  size_t block_rows, range; // rows of a block, and of a range
  double *sums;             // (panels * width)^2, of each range
  char *blocks;             // of each range
  size_t block_bytes;
  size_t first, count; // the block, of all threads together
} cross_products;

static void put(const cross_products *c, void *to, size_t at, double value) {
  if (c->kernels->element_bytes == 4)
    ((float *)to)[at] = (float)value;
  else
    ((double *)to)[at] = value;
}

// Columns first..<last of [x, y, 1] of one row into `to`, with zeros up to the panel's width.
static void pack_part(const cross_products *c, size_t row, size_t first, char *to) {
  const farro_cross_shape *s = c->shape;
  const size_t element = c->kernels->element_bytes, all = s->columns + s->outputs;
  const size_t last = smaller(first + c->width, c->order);
  const double root = c->weights ? sqrt(c->weights[row]) : 1;
  const char *centers = c->centers + (c->group ? (size_t)c->group[row] * all * element : 0);
  size_t at = first;
  if (at < s->columns) {
    const size_t count = smaller(last, s->columns) - at;
    c->pack(count, last == s->columns ? c->width : count, c->x + (row * s->x_row + at) * c->x_bytes,
            centers + at * element, c->factors + at * element, root, to);
    at += count;
  }
  if (at >= s->columns && at < all && at < last) {
    const size_t count = smaller(last, all) - at;
    c->pack(count, count, c->y + (row * s->y_row + at - s->columns) * c->x_bytes, centers + at * element,
            c->factors + at * element, root, to + (at - first) * element);
    at += count;
  }
  if (at == all && at < last) put(c, to, at++ - first, root);
  for (; at < first + c->width; at++) put(c, to, at - first, 0);
}

static void pack_panel(const cross_products *c, size_t first_row, size_t rows, size_t panel, char *to) {
  const size_t bytes = c->width * c->kernels->element_bytes;
  for (size_t i = 0; i < rows; i++) pack_part(c, first_row + i, panel * c->width, to + i * bytes);
}

static void multiply_pair(const cross_products *c, size_t rows, size_t left, size_t right, const char *block,
                          size_t panel_bytes, double *sums) {
  const size_t count = smaller(c->order - left * c->width, c->width);
  c->kernels->multiply(rows, c->vectors, count, block + left * panel_bytes, block + right * panel_bytes,
                       sums + left * c->width * c->pitch + right * c->width, c->pitch);
}

// ---- ranges of rows ----

static void multiply_ranges(void *context, size_t first, size_t last) {
  const cross_products *c = context;
  const size_t panel_bytes = c->block_rows * c->width * c->kernels->element_bytes;
  for (size_t range = first; range < last; range++) {
    double *sums = c->sums + range * c->pitch * c->pitch;
    char *block = c->blocks + range * c->block_bytes;
    memset(sums, 0, c->pitch * c->pitch * sizeof *sums);
    const size_t end = smaller((range + 1) * c->range, c->shape->rows);
    for (size_t row = range * c->range; row < end; row += c->block_rows) {
      const size_t rows = smaller(c->block_rows, end - row);
      for (size_t p = 0; p < c->panels; p++) pack_panel(c, row, rows, p, block + p * panel_bytes);
      for (size_t q = 0; q < c->panels; q++)
        for (size_t p = 0; p <= q; p++) multiply_pair(c, rows, p, q, block, panel_bytes, sums);
    }
  }
}

// ---- blocks of all threads ----

static void pack_panels(void *context, size_t first, size_t last) {
  const cross_products *c = context;
  const size_t panel_bytes = tall_block_rows * c->width * c->kernels->element_bytes;
  for (size_t p = first; p < last; p++) pack_panel(c, c->first, c->count, p, c->blocks + p * panel_bytes);
}

// Pair `item` of the panels (p, q), p <= q, in the order of q.
static void multiply_pairs(void *context, size_t first, size_t last) {
  const cross_products *c = context;
  const size_t panel_bytes = tall_block_rows * c->width * c->kernels->element_bytes;
  size_t q = 0, before = 0;
  for (; before + q + 1 <= first; q++) before += q + 1;
  for (size_t item = first, p = first - before; item < last; item++) {
    multiply_pair(c, c->count, p, q, c->blocks, panel_bytes, c->sums);
    if (p++ == q) p = 0, q++;
  }
}

static void multiply_blocks(cross_products *c) {
  memset(c->sums, 0, c->pitch * c->pitch * sizeof *c->sums);
  const size_t pairs = c->panels * (c->panels + 1) / 2;
  const double elements = (double)tall_block_rows * (double)c->pitch;
  for (c->first = 0; c->first < c->shape->rows; c->first += tall_block_rows) {
    c->count = smaller(tall_block_rows, c->shape->rows - c->first);
    farro_parallel_for(c->panels, 1, elements / 2, pack_panels, c);
    farro_parallel_for(pairs, 4, elements * (double)c->pitch / 40, multiply_pairs, c);
  }
}

// ---- entry ----

static farro_status multiply(cross_products *c, size_t ranges, double *products) {
  const size_t order = c->order, sums = c->pitch * c->pitch;
  if (c->together)
    multiply_blocks(c);
  else
    farro_parallel_for(ranges, 1, (double)c->shape->rows * (double)sums / 20, multiply_ranges, c);
  for (size_t i = 0; i < order; i++) {
    for (size_t j = i; j < order; j++) {
      double sum = 0;
      for (size_t range = 0; range < ranges; range++) sum += c->sums[range * sums + i * c->pitch + j];
      products[i * order + j] = products[j * order + i] = sum;
    }
  }
  return FARRO_OK;
}

static farro_status cross_product(cross_products *c, const double *centers, const double *factors, double *products) {
  const farro_cross_shape *s = c->shape;
  const size_t all = s->columns + s->outputs, groups = larger(s->groups, 1);
  if (!are_rows(s->rows, s->columns, s->x_row) || !are_rows(s->rows, s->outputs, s->y_row) || all < s->columns ||
      !can_exist(all + 64, all + 64, most_ranges) || !can_exist(groups, all, 1))
    return FARRO_ERROR_ARGUMENT;
  const size_t lanes = c->kernels->lanes, element = c->kernels->element_bytes;
  c->order = all + 1;
  c->vectors = larger(smaller(ceil_divide(c->order, lanes), c->kernels->most_vectors), c->kernels->least_vectors);
  // Tiles are of 1, 2 or the most vectors.
  if (c->vectors > 2) c->vectors = c->kernels->most_vectors;
  c->width = c->vectors * lanes;
  c->panels = ceil_divide(c->order, c->width);
  c->pitch = c->panels * c->width;
  size_t ranges = larger(smaller(s->rows / least_range_rows, most_ranges), 1);
  const bool is_large = c->order > most_range_order;
  if (is_large) ranges = larger(smaller(ranges, s->rows * s->columns * c->x_bytes / 4 / (c->pitch * c->pitch * 8)), 1);
  c->together = is_large && ranges == 1;
  c->block_rows = is_large ? tall_block_rows : block_rows;
  c->range = round_up(ceil_divide(s->rows, ranges), c->block_rows);
  c->block_bytes = c->block_rows * c->pitch * element;
  const size_t sums_bytes = ranges * c->pitch * c->pitch * sizeof(double), block_bytes = ranges * c->block_bytes;
  const size_t constant_bytes = (groups + 1) * all * element;
  char *space = farro_allocate(sums_bytes + block_bytes + constant_bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  c->sums = (double *)space;
  c->blocks = space + sums_bytes;
  char *rounded = c->blocks + block_bytes;
  for (size_t j = 0; j < groups * all; j++) put(c, rounded, j, centers[j]);
  for (size_t j = 0; j < all; j++) put(c, rounded + groups * all * element, j, factors[j]);
  c->centers = rounded, c->factors = rounded + groups * all * element;
  const farro_status status = multiply(c, ranges, products);
  farro_release(space, sums_bytes + block_bytes + constant_bytes);
  return status;
}

farro_status farro_cross_products_f32(const farro_cross_shape *shape, const float *x, const float *y,
                                      const double *weights, const int32_t *group, const double *centers,
                                      const double *factors, double *products) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  const cross_product_kernels *k =
      shape->wide ? kernels->models->cross_products_f64 : kernels->models->cross_products_f32;
  cross_products c = {.kernels = k,
                      .shape = shape,
                      .x = (const char *)x,
                      .y = (const char *)y,
                      .x_bytes = sizeof *x,
                      .pack = shape->wide ? k->pack_floats : k->pack,
                      .weights = weights,
                      .group = group};
  return cross_product(&c, centers, factors, products);
}

farro_status farro_cross_products_f64(const farro_cross_shape *shape, const double *x, const double *y,
                                      const double *weights, const int32_t *group, const double *centers,
                                      const double *factors, double *products) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  const cross_product_kernels *k = kernels->models->cross_products_f64;
  cross_products c = {.kernels = k,
                      .shape = shape,
                      .x = (const char *)x,
                      .y = (const char *)y,
                      .x_bytes = sizeof *x,
                      .pack = k->pack,
                      .weights = weights,
                      .group = group};
  return cross_product(&c, centers, factors, products);
}
