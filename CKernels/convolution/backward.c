// The gradients of convolution as products.
#include "job.h"

#include <stdatomic.h>
#include <string.h>

#include "matmul/job.h"

enum {
  block_panels = 4, // columns of a product that are computed at a time, as in forward.c
  block_tiles = 8,  // and rows
  least_tasks = 16, // that a gradient of the weights is cut into, if it is long enough
};

// ---- of x: the weights, transposed, times grad_y give what each window adds to the image ----
//
// A task has some channels of one image for itself. Block of columns by block of columns it multiplies, and adds the
// products to the planes while they are in L2: no other thread writes there, and the order is always the same.

typedef struct {
  const convolution_job *job;
  size_t channels, blocks; // of a task, and such of a group
  size_t tile_rows;
  size_t columns, k_block, ld; // of a block of products
  size_t weight_elements;      // of one block of channels, in panels of tile_rows
  void *weight;                // all of them
  _Atomic bool failed;
} gradient_of_x;

static size_t rows_of_block(const gradient_of_x *g, size_t block) {
  const convolution_job *job = g->job;
  return smaller(g->channels, job->group_channels - block * g->channels) * job->taps;
}

static void pack_weights(void *context, size_t first, size_t last) {
  const gradient_of_x *g = context;
  const convolution_job *job = g->job;
  for (size_t i = first; i < last; i++) {
    const size_t group = i / g->blocks, block = i % g->blocks;
    const void *from = at(job, job->weight, group * job->group_filters * job->depth + block * g->channels * job->taps);
    job->matmul->pack_along(rows_of_block(g, block), g->tile_rows, job->group_filters, from, job->depth,
                            at(job, g->weight, i * g->weight_elements));
  }
}

// The products of `rows` rows of the transposed weights and `used` columns of grad_y.
static void multiply_columns(const gradient_of_x *g, size_t rows, const void *weight, const void *grad_y, size_t used,
                             void *space, void *c, size_t ldc) {
  const convolution_job *job = g->job;
  const matmul_kernels *kernels = job->matmul;
  matmul_tile tile = {.a_row = 1,
                      .a_step = g->tile_rows,
                      .b_step = kernels->columns,
                      .ldc = ldc,
                      .alpha = job->one,
                      .padded = true,
                      .count = 1};
  for (size_t step = 0; step < job->group_filters; step += tile.k) {
    tile.k = smaller(g->k_block, job->group_filters - step);
    tile.beta = step == 0 ? job->zero : job->one;
    kernels->pack_along(used, kernels->columns, tile.k, at(job, grad_y, step * job->outputs), job->outputs, space);
    for (size_t row = 0; row < rows; row += g->tile_rows) {
      tile.a = at(job, weight, row * job->group_filters + step * g->tile_rows);
      for (size_t column = 0; column < used; column += kernels->columns) {
        tile.columns = smaller(kernels->columns, used - column);
        tile.b = at(job, space, column * tile.k);
        tile.c = at(job, c, row * ldc + column);
        kernels->tile[smaller(g->tile_rows, rows - row)](&tile);
      }
    }
  }
}

static void run_gradient_of_x(void *context, size_t first, size_t last) {
  gradient_of_x *g = context;
  const convolution_job *job = g->job;
  const size_t bytes = job->kernels->element_bytes, packed = g->columns * g->k_block;
  const size_t products = job->is_plain ? 0 : g->channels * job->taps * g->ld;
  char *space = farro_allocate((packed + products) * bytes);
  if (!space) g->failed = true;
  for (size_t task = first; task < last && space; task++) {
    const size_t item = task / g->blocks, block = task % g->blocks, rows = rows_of_block(g, block);
    const void *weight = at(job, g->weight, (item % job->groups * g->blocks + block) * g->weight_elements);
    void *grad_x = at(job, job->result, (item * job->group_channels + block * g->channels) * job->plane);
    void *sums = space + packed * bytes;
    if (!job->is_plain) memset(grad_x, 0, rows / job->taps * job->plane * bytes);
    for (size_t column = 0; column < job->outputs; column += g->columns) {
      const size_t used = smaller(g->columns, job->outputs - column);
      const void *grad_y = at(job, job->y, item * job->group_filters * job->outputs + column);
      if (job->is_plain) {
        multiply_columns(g, rows, weight, grad_y, used, space, at(job, grad_x, column), job->plane);
      } else {
        multiply_columns(g, rows, weight, grad_y, used, space, sums, g->ld);
        job->kernels->fold(&job->grid, sums, g->ld, column, used, rows, grad_x);
      }
    }
  }
  farro_release(space, (packed + products) * bytes);
}

farro_status convolution_backward_x(const convolution_job *job) {
  gradient_of_x g = {.job = job};
  const size_t bytes = job->kernels->element_bytes, rows = job->matmul->rows, items = job->batch * job->groups;
  const size_t most = larger(block_tiles * rows / job->taps, 1);
  const size_t wanted = larger(ceil_divide(job->group_channels, most), ceil_divide(least_tasks / 2, items));
  g.channels = ceil_divide(job->group_channels, smaller(wanted, job->group_channels));
  g.blocks = ceil_divide(job->group_channels, g.channels);
  g.tile_rows = even_rows(g.channels * job->taps, rows);
  g.columns = block_panels * job->matmul->columns;
  g.ld = g.columns + 64 / bytes; // rows of whole lines that do not share sets
  g.k_block = farro_matmul_k_block(job->matmul, job->group_filters);
  g.weight_elements = round_up(g.channels * job->taps, g.tile_rows) * job->group_filters;
  const size_t blocks = job->groups * g.blocks, held = blocks * g.weight_elements * bytes;
  g.weight = farro_allocate(held);
  if (!g.weight) return FARRO_ERROR_MEMORY;
  farro_parallel_for(blocks, 1, (double)(job->filters * job->depth) / 4, pack_weights, &g);
  const size_t tasks = items * g.blocks;
  farro_parallel_for(tasks, larger(tasks / 64, 1), convolution_nanoseconds(job), run_gradient_of_x, &g);
  farro_release(g.weight, held);
  return g.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- of the weights: the matrix of windows times grad_y, transposed, summed over images ----
//
// That way about, windows are laid out in runs as they lie in the image. The sum is taken in units, some outputs of one
// image; a task has a chunk of units and part of the rows of the matrix. The results of the chunks are added up in
// order.

typedef struct {
  const convolution_job *job;
  size_t tile_rows, row_block, row_parts; // of the matrix of windows: rows of a block, and parts of all blocks
  size_t steps, image_units;              // outputs of a unit, and units of an image
  size_t units, chunks;
  void *partials; // (chunks, groups, depth, group_filters)
  _Atomic bool failed;
} gradient_of_weight;

// grad_y of a unit meets rows row0..<row1 of the matrix of windows, which are laid out in `windows`.
static void multiply_rows(const gradient_of_weight *g, size_t row0, size_t row1, size_t steps, const void *windows,
                          size_t pitch, const void *panels, bool is_first, void *sums) {
  const convolution_job *job = g->job;
  const matmul_kernels *kernels = job->matmul;
  matmul_tile tile = {.k = steps,
                      .a_row = pitch,
                      .a_step = 1,
                      .b_step = kernels->columns,
                      .ldc = job->group_filters,
                      .alpha = job->one,
                      .beta = is_first ? job->zero : job->one,
                      .padded = true,
                      .count = 1};
  for (size_t row = row0; row < row1; row += g->tile_rows) {
    tile.a = at(job, windows, (row - row0) * pitch);
    for (size_t column = 0; column < job->group_filters; column += kernels->columns) {
      tile.columns = smaller(kernels->columns, job->group_filters - column);
      tile.b = at(job, panels, column * steps);
      tile.c = at(job, sums, row * job->group_filters + column);
      kernels->tile[smaller(g->tile_rows, row1 - row)](&tile);
    }
  }
}

static size_t pitch_of(const gradient_of_weight *g) {
  const size_t line = 64 / g->job->kernels->element_bytes;
  return (ceil_divide(g->steps, line) | 1) * line; // an odd number of lines: rows do not share sets of L1
}

static void run_gradient_of_weight(void *context, size_t first, size_t last) {
  gradient_of_weight *g = context;
  const convolution_job *job = g->job;
  const size_t bytes = job->kernels->element_bytes, pitch = pitch_of(g), filters = job->group_filters;
  const size_t packed = round_up(filters, job->matmul->columns) * g->steps, held = packed + g->row_block * pitch;
  char *panels = farro_allocate(held * bytes), *windows = panels + packed * bytes;
  if (!panels) g->failed = true;
  for (size_t task = first; task < last && panels; task++) {
    const size_t part = task % g->row_parts, group = task / g->row_parts % job->groups;
    const size_t chunk = task / (g->row_parts * job->groups), blocks = ceil_divide(job->depth, g->row_block);
    const size_t row0 = blocks * part / g->row_parts * g->row_block;
    const size_t row1 = smaller(blocks * (part + 1) / g->row_parts * g->row_block, job->depth);
    const size_t unit0 = g->units * chunk / g->chunks, unit1 = g->units * (chunk + 1) / g->chunks;
    void *sums = at(job, g->partials, (chunk * job->groups + group) * job->depth * filters);
    for (size_t unit = unit0; unit < unit1; unit++) {
      const size_t item = unit / g->image_units * job->groups + group, step = unit % g->image_units * g->steps;
      const size_t steps = smaller(g->steps, job->outputs - step);
      job->matmul->pack_across(filters, job->matmul->columns, steps,
                               at(job, job->y, item * filters * job->outputs + step), job->outputs, panels);
      for (size_t row = row0; row < row1; row += g->row_block) {
        const size_t end = smaller(row + g->row_block, row1);
        job->kernels->unfold(&job->grid, at(job, job->x, item * job->group_channels * job->plane), step, steps, steps,
                             row, end, windows, pitch);
        multiply_rows(g, row, end, steps, windows, pitch, panels, unit == unit0, sums);
      }
    }
  }
  farro_release(panels, held * bytes);
}

// Adds the later chunks to the first and transposes the sum, for rows first..<last of all groups' matrices.
static void merge_rows(void *context, size_t first, size_t last) {
  const gradient_of_weight *g = context;
  const convolution_job *job = g->job;
  const size_t filters = job->group_filters, all = job->groups * job->depth * filters;
  for (size_t i = first, end; i < last; i = end) {
    const size_t group = i / job->depth, row = i % job->depth;
    end = smaller(last, (group + 1) * job->depth);
    void *sums = at(job, g->partials, i * filters);
    for (size_t chunk = 1; chunk < g->chunks; chunk++)
      job->kernels->add((end - i) * filters, at(job, sums, chunk * all), sums);
    job->linear_algebra->transpose(end - i, filters, sums, filters,
                                   at(job, job->result, group * filters * job->depth + row), job->depth);
  }
}

farro_status convolution_backward_weight(const convolution_job *job) {
  enum { most_bytes = 32 << 20, panel_bytes = 512 * 1024 };
  gradient_of_weight g = {.job = job};
  const size_t bytes = job->kernels->element_bytes, weight_bytes = job->filters * job->depth * bytes;
  g.tile_rows = even_rows(job->depth, job->matmul->rows);
  g.row_block = smaller(block_tiles * g.tile_rows, round_up(job->depth, g.tile_rows));
  const size_t k_block = farro_matmul_k_block(job->matmul, job->outputs);
  const size_t fits = larger(panel_bytes / (round_up(job->group_filters, job->matmul->columns) * bytes), 128);
  g.image_units = ceil_divide(job->outputs, smaller(k_block, fits));
  g.steps = ceil_divide(job->outputs, g.image_units);
  g.image_units = ceil_divide(job->outputs, g.steps);
  g.units = job->batch * g.image_units;
  const size_t affordable = larger(most_bytes / weight_bytes, 1), wanted = ceil_divide(least_tasks, job->groups);
  g.chunks = smaller(smaller(g.units, wanted), affordable);
  g.row_parts = smaller(ceil_divide(job->depth, g.row_block), ceil_divide(least_tasks, job->groups * g.chunks));
  g.partials = farro_allocate(g.chunks * weight_bytes);
  if (!g.partials) return FARRO_ERROR_MEMORY;
  const size_t rows = job->groups * job->depth;
  farro_parallel_for(g.chunks * job->groups * g.row_parts, 1, convolution_nanoseconds(job), run_gradient_of_weight, &g);
  if (!g.failed) farro_parallel_for(rows, 64, (double)(weight_bytes * g.chunks) / 10, merge_rows, &g);
  farro_release(g.partials, g.chunks * weight_bytes);
  return g.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- of the bias ----

typedef struct {
  const convolution_job *job;
  double *sums; // (batch, filters)
} gradient_of_bias;

static void sum_planes(void *context, size_t first, size_t last) {
  const gradient_of_bias *g = context;
  const convolution_job *job = g->job;
  for (size_t i = first; i < last; i++) g->sums[i] = job->kernels->sum(job->outputs, at(job, job->y, i * job->outputs));
}

farro_status convolution_backward_bias(const convolution_job *job) {
  const size_t planes = job->batch * job->filters, bytes = planes * sizeof(double);
  gradient_of_bias g = {job, farro_allocate(bytes)};
  if (!g.sums) return FARRO_ERROR_MEMORY;
  const size_t plane_bytes = job->outputs * job->kernels->element_bytes, most = 64 * 1024;
  farro_parallel_for(planes, plane_bytes < most ? most / plane_bytes : 1, (double)(planes * plane_bytes) / 30,
                     sum_planes, &g);
  for (size_t filter = 0; filter < job->filters; filter++) {
    double sum = 0;
    for (size_t image = 0; image < job->batch; image++) sum += g.sums[image * job->filters + filter];
    if (job->kernels->element_bytes == sizeof(float))
      ((float *)job->result)[filter] = (float)sum;
    else
      ((double *)job->result)[filter] = sum;
  }
  farro_release(g.sums, bytes);
  return FARRO_OK;
}
