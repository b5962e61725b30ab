// Convolution as a product: the filters, a row each, times the matrix of windows, a column each.
//
// A task takes some columns of one image and group. It lays them out for the tiles block of k by block of k, straight
// from the image, and runs all rows of the weights over them while they stay in the core's L2. What a core lays out it
// also reads, and tasks share nothing.
#include "job.h"

#include <stdatomic.h>
#include <string.h>

#include "matmul/job.h"

enum {
  block_panels = 4, // of windows that a task lays out: 384 KiB at most
  least_tasks = 8,  // that a call is cut into, if it is long enough
};

typedef struct {
  const convolution_job *job;
  const void *weight;
  size_t weight_row;        // elements from one filter to the next
  size_t tile_rows;         // filters of a tile
  size_t width, columns;    // of a panel of windows, and of a block of panels
  size_t k_block;           // rows of the matrix of windows that are laid out at a time
  size_t row_parts, blocks; // tasks of one item: parts of the filters times blocks of columns
  farro_epilogue epilogue;
  _Atomic bool failed;
} forward;

// Filters row0..<row1 over `used` windows, of which `steps` rows of the matrix from `step` on lie in panels.
static void multiply_block(const forward *f, const void *weight, const void *bias, size_t row0, size_t row1,
                           size_t step, size_t steps, const void *panels, size_t used, void *y) {
  const convolution_job *job = f->job;
  const bool is_first = step == 0, is_last = step + steps == job->depth, adds = !is_first || bias;
  matmul_tile tile = {.k = steps,
                      .a_row = f->weight_row,
                      .a_step = 1,
                      .b_step = f->width,
                      .ldc = job->outputs,
                      .alpha = job->one,
                      .beta = adds ? job->one : job->zero,
                      .padded = true,
                      .count = 1,
                      .epilogue = is_last && job->activation != FARRO_ACTIVATION_NONE ? &f->epilogue : NULL};
  for (size_t row = row0, rows; row < row1; row += rows) {
    rows = smaller(f->tile_rows, row1 - row);
    tile.a = at(job, weight, row * f->weight_row + step);
    for (size_t column = 0; column < used; column += f->width) {
      tile.columns = smaller(f->width, used - column);
      tile.b = at(job, panels, column * steps);
      tile.c = at(job, y, row * job->outputs + column);
      if (is_first && bias) job->kernels->fill_rows(rows, tile.columns, at(job, bias, row), tile.c, job->outputs);
      job->matmul->tile[rows](&tile);
    }
  }
}

static void run_task(const forward *f, size_t task, void *space) {
  const convolution_job *job = f->job;
  const size_t block = task / f->row_parts % f->blocks, part = task % f->row_parts;
  const size_t item = task / (f->row_parts * f->blocks), group = item % job->groups;
  const size_t tiles = ceil_divide(job->group_filters, f->tile_rows);
  const size_t row0 = tiles * part / f->row_parts * f->tile_rows;
  const size_t row1 = smaller(tiles * (part + 1) / f->row_parts * f->tile_rows, job->group_filters);
  const size_t column = block * f->columns, used = smaller(f->columns, job->outputs - column);
  const void *x = at(job, job->x, item * job->group_channels * job->plane);
  const void *weight = at(job, f->weight, group * job->group_filters * f->weight_row);
  const void *bias = job->bias ? at(job, job->bias, group * job->group_filters) : NULL;
  void *y = at(job, job->y, item * job->group_filters * job->outputs + column);
  size_t step = 0;
  do {
    const size_t steps = smaller(f->k_block, job->depth - step);
    if (job->is_plain)
      job->matmul->pack_along(used, f->width, steps, at(job, x, step * job->plane + column), job->plane, space);
    for (size_t i = 0; i < used && !job->is_plain; i += f->width)
      job->kernels->unfold(&job->grid, x, column + i, smaller(f->width, used - i), f->width, step, step + steps,
                           at(job, space, i * steps), f->width);
    multiply_block(f, weight, bias, row0, row1, step, steps, space, used, y);
    step += steps;
  } while (step < job->depth);
}

static void run_tasks(void *context, size_t first, size_t last) {
  forward *f = context;
  const size_t bytes = f->columns * f->k_block * f->job->kernels->element_bytes;
  void *space = farro_allocate(bytes);
  if (!space) f->failed = true;
  for (size_t task = first; task < last && space; task++) run_task(f, task, space);
  farro_release(space, bytes);
}

// A tile of few rows takes more vectors, so that it has sums enough (matmul_kernels.h).
static size_t panel_width(const matmul_kernels *kernels, size_t rows) {
  return rows <= 3 ? 4 * kernels->columns : rows <= 6 ? 2 * kernels->columns : kernels->columns;
}

static void plan(forward *f) {
  const convolution_job *job = f->job;
  f->tile_rows = even_rows(job->group_filters, job->matmul->rows);
  f->width = panel_width(job->matmul, f->tile_rows);
  f->k_block = farro_matmul_k_block(job->matmul, job->depth);
  const size_t items = job->batch * job->groups, panels = ceil_divide(job->outputs, f->width);
  const size_t most = larger(block_panels * job->matmul->columns / f->width, 1);
  const size_t wanted = larger(ceil_divide(panels, most), ceil_divide(least_tasks, items));
  f->columns = ceil_divide(panels, smaller(wanted, panels)) * f->width;
  f->blocks = ceil_divide(job->outputs, f->columns);
  const size_t tiles = ceil_divide(job->group_filters, f->tile_rows);
  f->row_parts = smaller(tiles, ceil_divide(least_tasks, items * f->blocks));
}

farro_status convolution_forward(const convolution_job *job) {
  forward f = {
      .job = job, .weight = job->weight, .weight_row = job->depth, .epilogue = {.activation = job->activation}};
  plan(&f);
  // Rows that are pages apart would throw each other out of L1.
  const size_t bytes = job->kernels->element_bytes, line = 64 / bytes;
  size_t copied = 0;
  if (job->depth * bytes >= 4032 && rows_share_sets(job->depth * bytes)) {
    f.weight_row += line;
    copied = job->filters * f.weight_row * bytes;
    void *copy = farro_allocate(copied);
    if (!copy) return FARRO_ERROR_MEMORY;
    for (size_t i = 0; i < job->filters; i++)
      memcpy(at(job, copy, i * f.weight_row), at(job, job->weight, i * job->depth), job->depth * bytes);
    f.weight = copy;
  }
  const size_t tasks = job->batch * job->groups * f.blocks * f.row_parts;
  farro_parallel_for(tasks, larger(tasks / 64, 1), convolution_nanoseconds(job), run_tasks, &f);
  if (copied) farro_release((void *)f.weight, copied);
  return f.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}
