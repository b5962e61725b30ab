// A search for neighbours at work: for the k nearest rows or for all within a radius, in any type of elements.
#ifndef FARRO_DISTANCE_SEARCH_H
#define FARRO_DISTANCE_SEARCH_H

#include <math.h>

#include "candidates.h"

#include "include/matmul.h"
#include "include/neighbors.h"

typedef farro_status pairwise(farro_distance distance, size_t m, size_t n, size_t d, const void *x, size_t ldx,
                              const void *y, size_t ldy, void *out, size_t ld_out);
typedef farro_status multiply(const farro_matmul_shape *shape, const void *a, const void *b, const farro_epilogue *e);

// What differs between the types of scalars.
typedef struct {
  size_t bytes;
  double unit, least, most; // roundoff, smallest normal number, and norms that are far from overflow
  pairwise *distances;
  multiply *product;
} scalar_type;

typedef struct {
  const scalar_type *type;
  const row_kernels *scalars, *rows; // of queries and of the base
  select_kernel *select;
  farro_distance distance;
  farro_metric metric; // the distance's
  neighbor_form form;
  farro_neighbors_shape shape;
  const void *queries, *base;

  size_t k;       // neighbours of a query that are wanted, or
  bool takes_all; // all whose key is no larger than this
  double radius;

  size_t first_query, some_queries; // in work
  candidates *found;                // of these
  double *factors;                  // of these queries, for angles
  _Atomic bool failed;

  // The way of the product.
  size_t pitch, first_row, some_rows; // of rows made ready, and which these are
  double g;
  void *mean, *ready_queries, *limits, *ready_rows, *norms, *offsets;
} neighbor_search;

// Room for one.
typedef union {
  float f32;
  double f64;
} any_scalar;

static inline void *at(const void *base, size_t element, size_t bytes) { return (char *)base + element * bytes; }

static inline const void *query_at(const neighbor_search *s, size_t query) {
  return at(s->queries, (s->first_query + query) * s->shape.ld_queries, s->type->bytes);
}

static inline double value_at(const neighbor_search *s, const void *array, size_t i) {
  return s->type->bytes == 4 ? (double)((const float *)array)[i] : ((const double *)array)[i];
}

static inline void set_value(const neighbor_search *s, void *array, size_t i, double value) {
  if (s->type->bytes == 4)
    ((float *)array)[i] = (float)value;
  else
    ((double *)array)[i] = value;
}

static inline bool is_wanted(const neighbor_search *s, size_t row) { return !s->shape.keep || s->shape.keep[row]; }

// Keys are what rows are ranked by: smaller is nearer.
static inline double distance_of_key(farro_metric metric, double key) {
  return metric == FARRO_METRIC_EUCLIDEAN ? sqrt(key) : metric == FARRO_METRIC_INNER_PRODUCT ? -key : key;
}

static inline neighbor_form form_of(farro_metric metric) {
  return metric == FARRO_METRIC_COSINE          ? neighbor_angles
         : metric == FARRO_METRIC_INNER_PRODUCT ? neighbor_products
                                                : neighbor_squares;
}

// Whether a metric comes from products.
static inline bool has_form(farro_metric metric) {
  return metric == FARRO_METRIC_EUCLIDEAN || metric == FARRO_METRIC_SQUARED_EUCLIDEAN ||
         metric == FARRO_METRIC_COSINE || metric == FARRO_METRIC_INNER_PRODUCT;
}

extern const scalar_type farro_scalar_f32, farro_scalar_f64;

// The search of an entry for bases of type `name` and queries of type `number`, by the names of its arguments.
#define NEIGHBOR_SEARCH(name, number)                                                                                  \
  {.type = &farro_scalar_##number,                                                                                     \
   .scalars = kernels->rows_##number,                                                                                  \
   .rows = kernels->rows_##name,                                                                                       \
   .select = kernels->select_##number,                                                                                 \
   .distance = distance,                                                                                               \
   .metric = distance.metric,                                                                                          \
   .shape = *shape,                                                                                                    \
   .queries = queries,                                                                                                 \
   .base = base}

// Whether sizes, strides and metric are such as the entries allow.
bool farro_search_is_valid(const neighbor_search *s);

// Finds candidates for some queries after the other, and calls `finish` for ranges of them, in parallel.
farro_status farro_search_run(neighbor_search *s, farro_body finish);

// The candidates of the queries in work, by products.
void farro_search_products(neighbor_search *s);

// Whether rows are short enough for a bound of the error of their products.
bool farro_search_has_bound(const neighbor_search *s);

void farro_search_measure(const void *search, size_t query, candidate *items, size_t count);

#endif
