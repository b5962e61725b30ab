// Entry of embeddings: check, cut, run. One driver for both element types.
#include "embedding.h"

#include <string.h>

#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "runtime/streaming.h"

enum {
  task_bytes = 64 * 1024, // of a result: some microseconds
  most_buckets = 256,
};

// Rough speed of one thread, to decide about waking others.
static const double bytes_per_nanosecond = 30;

// ---- checks ----

static size_t first_outside(const int64_t *indices, size_t count, size_t table_rows) {
  enum { block = 1024 }; // looked at without a branch
  for (size_t start = 0; start < count; start += block) {
    const size_t end = smaller(start + block, count);
    bool outside = false;
    for (size_t i = start; i < end; i++) outside |= (uint64_t)indices[i] >= table_rows;
    if (outside)
      for (size_t i = start; i < end; i++)
        if ((uint64_t)indices[i] >= table_rows) return i;
  }
  return count;
}

static bool are_good(const farro_embedding_shape *s, const int64_t *indices, size_t *first_bad) {
  const size_t bad = first_outside(indices, s->count, s->table_rows);
  if (first_bad) *first_bad = bad;
  return bad == s->count;
}

static bool are_bags(const farro_embedding_bags *bags, size_t count) {
  for (size_t b = 0; b < bags->bags; b++)
    if (bags->offsets[b] > bags->offsets[b + 1]) return false;
  return bags->offsets[0] == 0 && (uint64_t)bags->offsets[bags->bags] == count;
}

// ---- forward ----

typedef struct {
  void (*kernel)(const embedding_work *work, size_t first, size_t last);
  embedding_work work;
} rows_call;

static void run_rows(void *context, size_t first, size_t last) {
  const rows_call *call = context;
  call->kernel(&call->work, first, last);
}

// Past the caches go whole lines: rows that consist of them, or that have few besides. Rows of a table that are taken
// again are read from the caches.
static bool can_stream(const embedding_work *w, size_t table_rows, size_t element_bytes) {
  enum { line = 64, long_row = 1024 };
  const size_t bytes = w->columns * element_bytes;
  const bool is_whole = ((uintptr_t)w->y | bytes | w->y_row * element_bytes) % line == 0;
  return (is_whole || bytes >= long_row) && farro_should_stream((w->count + smaller(w->count, table_rows)) * bytes);
}

static farro_status gather(const embedding_kernels *kernels, const farro_embedding_shape *s, const void *table,
                           const int64_t *indices, void *y, size_t y_row, size_t *first_bad) {
  if (!are_good(s, indices, first_bad) || !are_rows(s->table_rows, s->columns, s->table_row) ||
      !are_rows(s->count, s->columns, y_row))
    return FARRO_ERROR_ARGUMENT;
  if (s->count == 0 || s->columns == 0) return FARRO_OK;
  rows_call call = {kernels->gather,
                    {.columns = s->columns,
                     .count = s->count,
                     .table = table,
                     .table_row = s->table_row,
                     .indices = indices,
                     .y = y,
                     .y_row = y_row}};
  call.work.streams = can_stream(&call.work, s->table_rows, kernels->element_bytes);
  const size_t row_bytes = s->columns * kernels->element_bytes;
  farro_parallel_for(s->count, ceil_divide(task_bytes, row_bytes),
                     (double)(s->count * row_bytes) / bytes_per_nanosecond, run_rows, &call);
  return FARRO_OK;
}

static farro_status sum_bags(const embedding_kernels *kernels, const farro_embedding_shape *s,
                             const farro_embedding_bags *bags, const void *table, const int64_t *indices, void *y,
                             size_t y_row, size_t *first_bad) {
  if (!are_good(s, indices, first_bad) || !are_bags(bags, s->count) ||
      !are_rows(s->table_rows, s->columns, s->table_row) || !are_rows(bags->bags, s->columns, y_row))
    return FARRO_ERROR_ARGUMENT;
  if (bags->bags == 0 || s->columns == 0) return FARRO_OK;
  rows_call call = {kernels->bag,
                    {.columns = s->columns,
                     .count = s->count,
                     .table = table,
                     .table_row = s->table_row,
                     .indices = indices,
                     .y = y,
                     .y_row = y_row,
                     .bags = bags}};
  const size_t row_bytes = s->columns * kernels->element_bytes, rows = s->count + bags->bags;
  const size_t bag_bytes = ceil_divide(rows, bags->bags) * row_bytes; // on average
  farro_parallel_for(bags->bags, ceil_divide(task_bytes, bag_bytes), (double)(rows * row_bytes) / bytes_per_nanosecond,
                     run_rows, &call);
  return FARRO_OK;
}

// ---- backward ----
// Positions are sorted by buckets, each of which has some rows of the table, all to itself: a task may add to them, in
// the order of the positions, without asking anyone. The rows of a bucket are scattered over the table, because in most
// tables the frequent ones stand together.

typedef struct {
  const embedding_kernels *kernels;
  scatter_work work;
  size_t starts[most_buckets + 1];
} scatter_call;

static void run_buckets(void *context, size_t first, size_t last) {
  const scatter_call *call = context;
  for (size_t b = first; b < last; b++) call->kernels->scatter_add(&call->work, call->starts[b], call->starts[b + 1]);
}

// Multiplicative hashing: D. Knuth, The Art of Computer Programming, volume 3, section 6.4.
static size_t bucket_of(int64_t index, int bits) {
  return (size_t)((uint64_t)index * 0x9e3779b97f4a7c15u >> 1 >> (63 - bits));
}

// A bucket for each few microseconds of work.
static int bucket_bits(size_t bytes) {
  int bits = 0;
  while (((size_t)1 << bits) < most_buckets && ((size_t)task_bytes << bits) < bytes) bits++;
  return bits;
}

// Counting sort, stable, without the padding.
static void sort_by_bucket(const int64_t *indices, size_t count, int64_t padding_index, int bits, size_t *starts,
                           size_t *order) {
  memset(starts, 0, (most_buckets + 1) * sizeof *starts);
  for (size_t i = 0; i < count; i++) starts[bucket_of(indices[i], bits) + 1] += indices[i] != padding_index;
  for (size_t b = 0; b < most_buckets; b++) starts[b + 1] += starts[b];
  for (size_t i = 0; i < count; i++)
    if (indices[i] != padding_index) order[starts[bucket_of(indices[i], bits)]++] = i;
  memmove(starts + 1, starts, most_buckets * sizeof *starts); // each start has moved to the end of its bucket
  starts[0] = 0;
}

// The bag of each position, and the share of its gradient that each of its rows gets.
static void spread_bags(const farro_embedding_bags *bags, const int64_t *indices, size_t *bag, double *share) {
  for (size_t b = 0; b < bags->bags; b++) {
    size_t rows = 0;
    for (size_t i = (size_t)bags->offsets[b]; i < (size_t)bags->offsets[b + 1]; i++) {
      bag[i] = b;
      rows += indices[i] != bags->padding_index;
    }
    share[b] = bags->mean && rows > 0 ? 1 / (double)rows : 1;
  }
}

// `bags`: NULL for one row of grad_y per index.
static farro_status scatter(const embedding_kernels *kernels, const farro_embedding_shape *s,
                            const farro_embedding_bags *bags, int64_t padding_index, const int64_t *indices,
                            const void *grad_y, size_t grad_y_row, void *grad_table, size_t *first_bad) {
  if (!are_good(s, indices, first_bad) || (bags && !are_bags(bags, s->count)) ||
      (padding_index >= 0 && (uint64_t)padding_index >= s->table_rows) ||
      !are_rows(s->table_rows, s->columns, s->table_row) ||
      !are_rows(bags ? bags->bags : s->count, s->columns, grad_y_row))
    return FARRO_ERROR_ARGUMENT;
  if (s->count == 0 || s->columns == 0) return FARRO_OK;
  const size_t words = bags ? 2 * s->count + bags->bags : s->count, space_bytes = words * sizeof(double);
  size_t *order = farro_allocate(space_bytes);
  if (!order) return FARRO_ERROR_MEMORY;
  scatter_call call = {.kernels = kernels,
                       .work = {.columns = s->columns,
                                .indices = indices,
                                .order = order,
                                .grad_y = grad_y,
                                .grad_y_row = grad_y_row,
                                .grad_table = grad_table,
                                .table_row = s->table_row}};
  if (bags) {
    size_t *bag = order + s->count;
    double *share = (double *)(bag + s->count);
    spread_bags(bags, indices, bag, share);
    call.work.bag = bag;
    call.work.share = bags->mean ? share : NULL;
  }
  const size_t bytes = s->count * s->columns * kernels->element_bytes;
  const int bits = bucket_bits(bytes);
  sort_by_bucket(indices, s->count, padding_index, bits, call.starts, order);
  farro_parallel_for((size_t)1 << bits, 1, (double)(3 * bytes) / bytes_per_nanosecond, run_buckets, &call);
  farro_release(order, space_bytes);
  return FARRO_OK;
}

// ---- entries ----

#define KERNELS_OR_RETURN(type)                                                                                        \
  const farro_kernels *table_of_kernels = farro_current_kernels();                                                     \
  if (!table_of_kernels) return FARRO_ERROR_ISA;                                                                       \
  const embedding_kernels *kernels = table_of_kernels->embedding_##type

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_embedding_##type(const farro_embedding_shape *shape, const scalar *table, const int64_t *indices, \
                                      scalar *y, size_t y_row, size_t *first_bad) {                                    \
    KERNELS_OR_RETURN(type);                                                                                           \
    return gather(kernels, shape, table, indices, y, y_row, first_bad);                                                \
  }                                                                                                                    \
  farro_status farro_embedding_backward_##type(const farro_embedding_shape *shape, const int64_t *indices,             \
                                               int64_t padding_index, const scalar *grad_y, size_t grad_y_row,         \
                                               scalar *grad_table, size_t *first_bad) {                                \
    KERNELS_OR_RETURN(type);                                                                                           \
    return scatter(kernels, shape, NULL, padding_index, indices, grad_y, grad_y_row, grad_table, first_bad);           \
  }                                                                                                                    \
  farro_status farro_embedding_bag_##type(const farro_embedding_shape *shape, const farro_embedding_bags *bags,        \
                                          const scalar *table, const int64_t *indices, scalar *y, size_t y_row,        \
                                          size_t *first_bad) {                                                         \
    KERNELS_OR_RETURN(type);                                                                                           \
    return sum_bags(kernels, shape, bags, table, indices, y, y_row, first_bad);                                        \
  }                                                                                                                    \
  farro_status farro_embedding_bag_backward_##type(                                                                    \
      const farro_embedding_shape *shape, const farro_embedding_bags *bags, const int64_t *indices,                    \
      const scalar *grad_y, size_t grad_y_row, scalar *grad_table, size_t *first_bad) {                                \
    KERNELS_OR_RETURN(type);                                                                                           \
    return scatter(kernels, shape, bags, bags->padding_index, indices, grad_y, grad_y_row, grad_table, first_bad);     \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
