// Entry of sort and top-k: check, plan, partition. Rows are independent; a few long rows are cut into segments, whose
// best elements are chosen first, and then the best of these.
#include <stdatomic.h>
#include <string.h>

#include "sorting.h"

#include "include/sorting.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum {
  task_elements = 16 * 1024,
  segment_elements = 128 * 1024, // at least, of a long row
  most_segments = 16,
};

// Rough speed of one thread, to decide about waking others: of sorting, and of looking for what beats a threshold.
static const double sort_nanoseconds = 5, scan_nanoseconds = 0.3;

static farro_status check(size_t rows, size_t columns, size_t x_row, size_t results, const void *values,
                          size_t values_row, const int64_t *indices, size_t indices_row) {
  if (columns > UINT32_MAX || (rows > 1 && x_row < columns)) return FARRO_ERROR_ARGUMENT;
  if (rows > 1 && ((values && values_row < results) || (indices && indices_row < results))) return FARRO_ERROR_ARGUMENT;
  return FARRO_OK;
}

// ---- sort ----

typedef struct {
  const sorting_kernels *kernels;
  size_t columns, x_row, values_row, indices_row;
  bool descending;
  const char *x;
  char *values;
  int64_t *indices;
  atomic_bool failed; // for want of memory
} sort_work;

static void sort_rows(void *context, size_t first, size_t last) {
  sort_work *w = context;
  const size_t element = w->kernels->element_bytes, word = w->indices ? w->kernels->item_bytes : element;
  const size_t bytes = w->columns > sorting_ranked ? 2 * w->columns * word : 0;
  void *work = bytes ? farro_allocate(bytes) : NULL;
  if (bytes && !work) {
    w->failed = true;
    return;
  }
  for (size_t row = first; row < last; row++) {
    char *values = w->values ? w->values + row * w->values_row * element : NULL;
    int64_t *indices = w->indices ? w->indices + row * w->indices_row : NULL;
    w->kernels->sort(w->x + row * w->x_row * element, w->columns, w->descending, values, indices, work);
  }
  farro_release(work, bytes);
}

static farro_status sort(const sorting_kernels *kernels, size_t rows, size_t columns, bool descending, const void *x,
                         size_t x_row, void *values, size_t values_row, int64_t *indices, size_t indices_row) {
  const farro_status status = check(rows, columns, x_row, columns, values, values_row, indices, indices_row);
  if (status != FARRO_OK || rows == 0 || columns == 0 || (!values && !indices)) return status;
  sort_work w = {kernels, columns, x_row, values_row, indices_row, descending, x, values, indices, false};
  const double nanoseconds = sort_nanoseconds * (double)(rows * columns);
  farro_parallel_for(rows, ceil_divide(task_elements, columns), nanoseconds, sort_rows, &w);
  return w.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- top-k ----

typedef struct {
  const sorting_kernels *kernels;
  size_t columns, k, x_row, values_row, indices_row;
  farro_top_k_options options;
  const char *x;
  char *values;
  int64_t *indices;
  size_t segment, segments; // columns of a segment, and their number
  char *items;              // with several segments: (rows, segments, k) items, and how many of these there are
  size_t *counts;
  atomic_bool failed; // for want of memory
} top_k_work;

static void write_row(const top_k_work *w, size_t row, void *items, void *spare) {
  const size_t element = w->kernels->element_bytes;
  char *values = w->values ? w->values + row * w->values_row * element : NULL;
  int64_t *indices = w->indices ? w->indices + row * w->indices_row : NULL;
  w->kernels->write(w->x + row * w->x_row * element, items, w->k, w->options.unsorted, values, indices, spare);
}

// Items are (row, segment).
static void choose(void *context, size_t first, size_t last) {
  top_k_work *w = context;
  const size_t element = w->kernels->element_bytes, item = w->kernels->item_bytes;
  const size_t capacity = best_capacity(w->segment, w->k), bytes = 2 * capacity * item;
  char *work = farro_allocate(bytes);
  if (!work) {
    w->failed = true;
    return;
  }
  for (size_t i = first; i < last; i++) {
    const size_t row = i / w->segments, from = i % w->segments * w->segment;
    const size_t n = smaller(w->segment, w->columns - from);
    const void *x = w->x + (row * w->x_row + from) * element;
    const size_t count = w->kernels->best(x, n, from, w->k, w->options.smallest, work);
    if (w->segments == 1) {
      write_row(w, row, work, work + capacity * item);
    } else {
      memcpy(w->items + i * w->k * item, work, count * item);
      w->counts[i] = count;
    }
  }
  farro_release(work, bytes);
}

// The best of the segments' best, which stand in the order of their indices.
static farro_status choose_among_segments(const top_k_work *w, size_t rows) {
  const size_t item = w->kernels->item_bytes, bytes = 2 * w->segments * w->k * item;
  char *work = farro_allocate(bytes);
  if (!work) return FARRO_ERROR_MEMORY;
  for (size_t row = 0; row < rows; row++) {
    size_t n = 0;
    for (size_t s = row * w->segments; s < (row + 1) * w->segments; n += w->counts[s], s++)
      memcpy(work + n * item, w->items + s * w->k * item, w->counts[s] * item);
    w->kernels->sort_items(work, n, work + bytes / 2);
    write_row(w, row, work, work + bytes / 2);
  }
  farro_release(work, bytes);
  return FARRO_OK;
}

static farro_status top_k_in_segments(top_k_work *w, size_t rows, double nanoseconds) {
  const size_t parts = rows * w->segments, item_bytes = parts * w->k * w->kernels->item_bytes;
  const size_t bytes = item_bytes + parts * sizeof(size_t);
  w->items = farro_allocate(bytes);
  if (!w->items) return FARRO_ERROR_MEMORY;
  w->counts = (size_t *)(w->items + item_bytes); // items are whole numbers of 8 bytes
  farro_parallel_for(parts, 1, nanoseconds, choose, w);
  const farro_status status = w->failed ? FARRO_ERROR_MEMORY : choose_among_segments(w, rows);
  farro_release(w->items, bytes);
  return status;
}

static farro_status top_k(const sorting_kernels *kernels, size_t rows, size_t columns, size_t k,
                          farro_top_k_options options, const void *x, size_t x_row, void *values, size_t values_row,
                          int64_t *indices, size_t indices_row) {
  const farro_status status = check(rows, columns, x_row, k, values, values_row, indices, indices_row);
  if (status != FARRO_OK || k > columns) return FARRO_ERROR_ARGUMENT;
  if (rows == 0 || k == 0 || (!values && !indices)) return FARRO_OK;
  top_k_work w = {.kernels = kernels,
                  .columns = columns,
                  .k = k,
                  .x_row = x_row,
                  .values_row = values_row,
                  .indices_row = indices_row,
                  .options = options,
                  .x = x,
                  .values = values,
                  .indices = indices};
  const size_t threads = (size_t)farro_threads(), wanted = larger(segment_elements, 16 * k);
  w.segments = threads > 1 && rows < 4 * threads ? smaller(most_segments, columns / wanted) : 1;
  if (w.segments < 2) w.segments = 1;
  w.segment = ceil_divide(columns, w.segments);
  w.segments = ceil_divide(columns, w.segment);
  const double nanoseconds =
      (double)rows * (scan_nanoseconds * (double)columns + sort_nanoseconds * (double)best_capacity(columns, k));
  if (w.segments > 1) return top_k_in_segments(&w, rows, nanoseconds);
  farro_parallel_for(rows, ceil_divide(task_elements, columns), nanoseconds, choose, &w);
  return w.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- entries ----

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_sort_##type(size_t rows, size_t columns, bool descending, const scalar *x, size_t x_row,          \
                                 scalar *values, size_t values_row, int64_t *indices, size_t indices_row) {            \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return sort(kernels->sorting_##type, rows, columns, descending, x, x_row, values, values_row, indices,             \
                indices_row);                                                                                          \
  }                                                                                                                    \
  farro_status farro_top_k_##type(size_t rows, size_t columns, size_t k, farro_top_k_options options, const scalar *x, \
                                  size_t x_row, scalar *values, size_t values_row, int64_t *indices,                   \
                                  size_t indices_row) {                                                                \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return top_k(kernels->sorting_##type, rows, columns, k, options, x, x_row, values, values_row, indices,            \
                 indices_row);                                                                                         \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
