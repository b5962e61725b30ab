// Entry of pooling: check the shape, cut into planes or parts of planes, run.
#include "include/pooling.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "runtime/dispatch.h"
#include "windows.h"

typedef struct {
  const convolution_kernels *kernels;
  size_t planes;
  window_grid grid;
  size_t plane, outputs; // elements of a plane of x, and of y
  size_t ends[2];        // of rows and columns: where the padding ends, counted from its beginning
  bool counts_padding, is_global;
  bool is_inside; // no window meets padding
  const void *x;
  void *y;
  int64_t *indices;
  window_bands bands;
  size_t bytes; // of a task's work space
  _Atomic bool failed;
} pooling;

static inline void *at(const pooling *p, const void *base, size_t index) {
  return (char *)base + index * p->kernels->element_bytes;
}

static bool covers(const window_axis *axis) {
  return axis->size == axis->length && axis->outputs == 1 && axis->pad == 0 && axis->dilation == 1;
}

static bool is_inside(const window_axis *axis) {
  return axis->pad == 0 && (axis->outputs - 1) * axis->stride + (axis->size - 1) * axis->dilation < axis->length;
}

// Fills in what follows from the shape, and the bytes of both images.
static bool describe(pooling *p, const farro_pooling_shape *s, size_t *x_bytes, size_t *y_bytes) {
  window_grid *grid = &p->grid;
  if (!window_axis_of(&s->rows, s->ceiling, &grid->rows) || !window_axis_of(&s->columns, s->ceiling, &grid->columns))
    return false;
  const size_t bytes = larger(p->kernels->element_bytes, p->indices ? sizeof(int64_t) : 0);
  const size_t x = capped_product(s->planes, capped_product(grid->rows.length, grid->columns.length));
  const size_t y = capped_product(s->planes, capped_product(grid->rows.outputs, grid->columns.outputs));
  const size_t taps = capped_product(grid->rows.size, grid->columns.size);
  if (!is_count(x, bytes) || !is_count(y, bytes) || !is_count(taps, sizeof(int64_t))) return false;
  p->planes = s->planes, p->plane = plane_elements(grid), p->outputs = window_outputs(grid);
  p->ends[0] = s->rows.pad_before + s->rows.length + s->rows.pad_after;
  p->ends[1] = s->columns.pad_before + s->columns.length + s->columns.pad_after;
  p->is_inside = is_inside(&grid->rows) && is_inside(&grid->columns);
  p->is_global = covers(&grid->rows) && covers(&grid->columns);
  *x_bytes = x * p->kernels->element_bytes, *y_bytes = y * p->kernels->element_bytes;
  return true;
}

static double nanoseconds(const pooling *p) {
  const double windows = (double)p->planes * (double)p->outputs * (double)window_taps(&p->grid);
  return windows / 8 + (double)p->planes * (double)p->plane / 8;
}

// Of the taps' offsets and places.
static size_t offset_bytes(const pooling *p) { return round_up(2 * window_taps(&p->grid) * sizeof(size_t), 64); }

// Elements of window `output` that count along an axis; 1 where none does, for the sum is 0 then.
static size_t count_on_axis(const window_axis *axis, size_t end, bool counts_padding, size_t output) {
  size_t count = 0;
  for (size_t t = 0; t < axis->size; t++) {
    const size_t place = output * axis->stride + t * axis->dilation; // from the beginning of the padding
    count += counts_padding ? place < end : place >= axis->pad && place < axis->pad + axis->length;
  }
  return larger(count, 1);
}

// ---- forward ----

// The counts of all outputs, for a task: of rows as double, of columns in the element type.
static void count_outputs(const pooling *p, double *rows, void *columns) {
  const window_grid *grid = &p->grid;
  for (size_t i = 0; i < grid->rows.outputs; i++)
    rows[i] = (double)count_on_axis(&grid->rows, p->ends[0], p->counts_padding, i);
  for (size_t i = 0; i < grid->columns.outputs; i++) {
    const double count = (double)count_on_axis(&grid->columns, p->ends[1], p->counts_padding, i);
    if (p->kernels->element_bytes == sizeof(float))
      ((float *)columns)[i] = (float)count;
    else
      ((double *)columns)[i] = count;
  }
}

static size_t count_bytes(const pooling *p) {
  return round_up((p->grid.rows.outputs + p->grid.columns.outputs) * sizeof(double), 64);
}

// Whether the places of taps, from the first one's, may need more than 31 bits.
static bool spans_far(const window_grid *grid) {
  const size_t high = capped_product(grid->rows.size, grid->rows.dilation);
  const size_t wide = capped_product(grid->columns.size, grid->columns.dilation);
  return larger(capped_product(high, grid->columns.length), wide) > INT32_MAX / 2;
}

// Where the elements of a patch are: in the plane itself, if there is no padding among them, or gathered at `to`.
static const void *see_patch(const pooling *p, window_patch *patch, const void *plane, double pad, void *to) {
  const window_grid *grid = &p->grid;
  const bool is_narrow = patch->columns < p->kernels->lanes || grid->columns.size < grid->columns.step;
  if (!p->is_inside || grid->columns.step != grid->columns.stride || is_narrow) {
    p->kernels->gather_patch(patch, plane, pad, to);
    return to;
  }
  patch->pitch = grid->columns.length;
  return at(p, plane, patch->row * grid->rows.stride * patch->pitch + patch->column * grid->columns.stride);
}

static void run_windows(pooling *p, size_t first, size_t last, bool averages) {
  char *space = farro_allocate(p->bytes);
  if (!space) {
    p->failed = true;
    return;
  }
  size_t *offsets = (size_t *)space, *places = offsets + window_taps(&p->grid);
  double *row_counts = (double *)(space + offset_bytes(p));
  void *column_counts = row_counts + p->grid.rows.outputs;
  char *elements = (char *)row_counts + count_bytes(p);
  if (averages) count_outputs(p, row_counts, column_counts);
  window_places(&p->grid, places);
  const size_t bands = p->bands.down * p->bands.across, columns = p->grid.columns.outputs;
  for (size_t task = first; task < last; task++) {
    const size_t plane = task / bands;
    window_patch patch = window_band(&p->grid, p->kernels, &p->bands, task % bands);
    const size_t output = plane * p->outputs + patch.row * columns + patch.column;
    const void *seen = see_patch(p, &patch, at(p, p->x, plane * p->plane), averages ? 0 : -INFINITY, elements);
    window_offsets(&patch, offsets);
    const window_work work = {.patch = &patch,
                              .elements = seen,
                              .taps = window_taps(&p->grid),
                              .offsets = offsets,
                              .divisors = at(p, column_counts, patch.column),
                              .row_divisors = row_counts + patch.row,
                              .y = at(p, p->y, output),
                              .y_row = columns,
                              .indices = p->indices ? p->indices + output : NULL,
                              .places = places};
    (averages ? p->kernels->average : p->kernels->max)(&work);
  }
  farro_release(space, p->bytes);
}

static void run_average(void *context, size_t first, size_t last) { run_windows(context, first, last, true); }
static void run_max(void *context, size_t first, size_t last) { run_windows(context, first, last, false); }

static void put(const pooling *p, void *base, size_t index, double value) {
  if (p->kernels->element_bytes == sizeof(float))
    ((float *)base)[index] = (float)value;
  else
    ((double *)base)[index] = value;
}

static void run_plane_average(void *context, size_t first, size_t last) {
  const pooling *p = context;
  for (size_t i = first; i < last; i++)
    put(p, p->y, i, p->kernels->sum(p->plane, at(p, p->x, i * p->plane)) / (double)p->plane);
}

static void run_plane_max(void *context, size_t first, size_t last) {
  const pooling *p = context;
  for (size_t i = first; i < last; i++) {
    size_t index;
    put(p, p->y, i, p->kernels->maximum(p->plane, at(p, p->x, i * p->plane), &index));
    if (p->indices) p->indices[i] = (int64_t)index;
  }
}

static farro_status run_forward(pooling *p, const farro_pooling_shape *shape, bool averages) {
  size_t x_bytes, y_bytes;
  if (!describe(p, shape, &x_bytes, &y_bytes)) return FARRO_ERROR_ARGUMENT;
  const size_t index_bytes = p->indices ? p->planes * p->outputs * sizeof(int64_t) : 0;
  if (shares_bytes(p->y, y_bytes, p->x, x_bytes) || shares_bytes(p->indices, index_bytes, p->x, x_bytes))
    return FARRO_ERROR_ARGUMENT;
  if (y_bytes == 0) return FARRO_OK;
  if (p->is_global) {
    farro_parallel_for(p->planes, larger(8192 / p->plane, 1), (double)x_bytes / 30,
                       averages ? run_plane_average : run_plane_max, p);
    return FARRO_OK;
  }
  if (p->indices && spans_far(&p->grid)) return FARRO_ERROR_ARGUMENT;
  if (p->grid.columns.stride == 2) p->grid.columns.step = 2;
  p->bands = window_bands_of(&p->grid, p->kernels);
  p->bytes = offset_bytes(p) + count_bytes(p) + p->bands.patch_bytes;
  const size_t tasks = p->planes * p->bands.down * p->bands.across;
  farro_parallel_for(tasks, larger(tasks / 64, 1), nanoseconds(p), averages ? run_average : run_max, p);
  return p->failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- backward ----

// Here x is the gradient that goes out, and y the one that comes in.
static void run_average_backward(void *context, size_t first, size_t last) {
  pooling *p = context;
  const size_t bytes = p->kernels->element_bytes, taps = window_taps(&p->grid);
  const size_t rows = p->grid.rows.outputs, columns = p->grid.columns.outputs;
  const window_patch patch = window_patch_of(&p->grid, p->kernels->lanes, 0, rows, 0, columns);
  char *space = farro_allocate(p->bytes);
  if (!space) {
    p->failed = true;
    return;
  }
  size_t *offsets = (size_t *)space;
  double *row_counts = (double *)(space + offset_bytes(p));
  double *column_counts = row_counts + rows; // of the element type
  char *shares = (char *)row_counts + count_bytes(p), *ones = shares + round_up(p->outputs * bytes, 64);
  char *elements = ones + round_up(taps * bytes, 64);
  window_offsets(&patch, offsets);
  count_outputs(p, row_counts, column_counts);
  for (size_t t = 0; t < taps; t++) put(p, ones, t, 1);
  for (size_t plane = first; plane < last; plane++) {
    for (size_t i = 0; i < rows; i++)
      p->kernels->divide(columns, at(p, p->y, plane * p->outputs + i * columns), row_counts[i], column_counts,
                         at(p, shares, i * columns));
    memset(elements, 0, bytes_of_patch(&patch, bytes));
    const window_work work = {
        .patch = &patch, .taps = taps, .offsets = offsets, .weights = ones, .y = shares, .y_row = columns};
    p->kernels->depthwise_backward_x(&work, elements);
    p->kernels->scatter_patch(&patch, elements, at(p, p->x, plane * p->plane));
  }
  farro_release(space, p->bytes);
}

static void run_plane_average_backward(void *context, size_t first, size_t last) {
  const pooling *p = context;
  for (size_t i = first; i < last; i++) {
    const double y = p->kernels->element_bytes == sizeof(float) ? ((const float *)p->y)[i] : ((const double *)p->y)[i];
    union {
      float f32;
      double f64;
    } share;
    put(p, &share, 0, y / (double)p->plane);
    p->kernels->fill_rows(1, p->plane, &share, at(p, p->x, i * p->plane), p->plane);
  }
}

static farro_status average_backward(pooling *p, const farro_pooling_shape *shape) {
  size_t x_bytes, y_bytes;
  if (!describe(p, shape, &x_bytes, &y_bytes)) return FARRO_ERROR_ARGUMENT;
  if (shares_bytes(p->y, y_bytes, p->x, x_bytes)) return FARRO_ERROR_ARGUMENT;
  if (x_bytes == 0) return FARRO_OK;
  if (y_bytes == 0) return memset((void *)p->x, 0, x_bytes), FARRO_OK;
  if (p->is_global) {
    farro_parallel_for(p->planes, larger(8192 / p->plane, 1), (double)x_bytes / 30, run_plane_average_backward, p);
    return FARRO_OK;
  }
  const size_t bytes = p->kernels->element_bytes;
  const window_patch patch =
      window_patch_of(&p->grid, p->kernels->lanes, 0, p->grid.rows.outputs, 0, p->grid.columns.outputs);
  p->bytes = offset_bytes(p) + count_bytes(p) + round_up(p->outputs * bytes, 64) +
             round_up(window_taps(&p->grid) * bytes, 64) + bytes_of_patch(&patch, bytes);
  farro_parallel_for(p->planes, larger(p->planes / 64, 1), nanoseconds(p), run_average_backward, p);
  return p->failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

static void run_max_backward(void *context, size_t first, size_t last) {
  const pooling *p = context;
  for (size_t plane = first; plane < last; plane++) {
    const int64_t *indices = p->indices + plane * p->outputs;
    void *grad_x = at(p, p->x, plane * p->plane), *grad_y = at(p, p->y, plane * p->outputs);
    memset(grad_x, 0, p->plane * p->kernels->element_bytes);
    for (size_t i = 0; i < p->outputs; i++) {
      if ((uint64_t)indices[i] >= p->plane) continue;
      if (p->kernels->element_bytes == sizeof(float))
        ((float *)grad_x)[indices[i]] += ((const float *)grad_y)[i];
      else
        ((double *)grad_x)[indices[i]] += ((const double *)grad_y)[i];
    }
  }
}

static farro_status max_backward(pooling *p, const farro_pooling_shape *shape) {
  size_t x_bytes, y_bytes;
  if (!describe(p, shape, &x_bytes, &y_bytes)) return FARRO_ERROR_ARGUMENT;
  const size_t index_bytes = p->planes * p->outputs * sizeof(int64_t);
  if (shares_bytes(p->y, y_bytes, p->x, x_bytes) || shares_bytes(p->indices, index_bytes, p->x, x_bytes))
    return FARRO_ERROR_ARGUMENT;
  if (x_bytes == 0) return FARRO_OK;
  farro_parallel_for(p->planes, larger(4096 / p->plane, 1), (double)(x_bytes / 20 + index_bytes / 4), run_max_backward,
                     p);
  return FARRO_OK;
}

// ---- entries ----

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_max_pool_##type(const farro_pooling_shape *shape, const scalar *x, scalar *y, int64_t *indices) { \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    pooling p = {.kernels = kernels->convolution_##type, .x = x, .y = y, .indices = indices};                          \
    return run_forward(&p, shape, false);                                                                              \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_max_pool_backward_##type(const farro_pooling_shape *shape, const scalar *grad_y,                  \
                                              const int64_t *indices, scalar *grad_x) {                                \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    pooling p = {                                                                                                      \
        .kernels = kernels->convolution_##type, .x = grad_x, .y = (void *)grad_y, .indices = (int64_t *)indices};      \
    return max_backward(&p, shape);                                                                                    \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_average_pool_##type(const farro_pooling_shape *shape, bool counts_padding, const scalar *x,       \
                                         scalar *y) {                                                                  \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    pooling p = {.kernels = kernels->convolution_##type, .x = x, .y = y, .counts_padding = counts_padding};            \
    return run_forward(&p, shape, true);                                                                               \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_average_pool_backward_##type(const farro_pooling_shape *shape, bool counts_padding,               \
                                                  const scalar *grad_y, scalar *grad_x) {                              \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    pooling p = {                                                                                                      \
        .kernels = kernels->convolution_##type, .x = grad_x, .y = (void *)grad_y, .counts_padding = counts_padding};   \
    return average_backward(&p, shape);                                                                                \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
