// Products that pack B, or whose B is packed already. A task takes some columns: it packs them block of k by block of
// k, and runs all of its rows of A over each block while it stays in the core's L2. Tasks share nothing, so no thread
// waits for another, and what a core packs it also reads.
//
// Follows K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008, but
// leaves A where it lies: its rows come through L1 in the order in which they are stored, and copying them would cost
// 2 to 4% of a product of 512^3. Only op(A) that is transposed is copied, in blocks, by all threads (run_copied).
#ifndef AH
#define AH 1
#endif
#include "include/matmul.h"

#include "job.h"
#include "runtime/dispatch.h"

enum { most_copied_rows = 4096 }; // of op(A): bounds the copy to 12 MiB

// ---- packing columns of B ----

// op(B) from `step` on and from `column` on, as panels.
static void pack(const matmul_kernels *kernels, bool transposed, const void *b, size_t ldb, size_t step, size_t steps,
                 size_t column, size_t columns, void *to) {
  const size_t at = transposed ? column * ldb + step : step * ldb + column;
  const void *from = (const char *)b + at * kernels->element_bytes;
  if (transposed)
    kernels->pack_across(columns, kernels->columns, steps, from, ldb, to);
  else
    kernels->pack_along(columns, kernels->columns, steps, from, ldb, to);
}

// ---- tiles ----

// What one task, or one block of a job whose A was copied, multiplies.
typedef struct {
  const matmul_job *job;
  size_t item, row0, row1, column0, column1, step0, step1;
  const void *a;                // of row0 and step0
  size_t a_row, a_step, a_tile; // elements from one row, step and tile to the next
} region;

// One row of tiles over one block of k, B in panels; c is where its first element goes.
static void multiply_panel(const region *r, size_t row, size_t step, size_t steps, const void *panels, void *c,
                           size_t ldc) {
  const matmul_job *job = r->job;
  const matmul_kernels *kernels = job->kernels;
  const size_t rows = job->plan.tile_rows, i = (row - r->row0) / rows;
  const bool is_last = step + steps == job->shape.k;
  matmul_tile tile = {.k = steps,
                      .a = element(job, r->a, i * r->a_tile + (step - r->step0) * r->a_step),
                      .a_row = r->a_row,
                      .a_step = r->a_step,
                      .b_step = kernels->columns,
                      .ldc = ldc,
                      .alpha = job->alpha,
                      .beta = step == 0 ? job->beta : job->one,
                      .padded = true,
                      .count = 1,
                      .epilogue = is_last ? job->epilogue : NULL,
                      .item = r->item,
                      .row = row};
  const size_t tiles = ceil_divide(r->column1 - r->column0, kernels->columns);
  if (AH && r->a_step == 1 && row + 2 * rows <= r->row1) {
    tile.ahead = element(job, tile.a, r->a_tile);
    tile.ahead_bytes = round_up(ceil_divide(steps * kernels->element_bytes, tiles), 64);
  }
  for (size_t column = r->column0; column < r->column1; column += kernels->columns) {
    tile.column = column;
    tile.columns = smaller(kernels->columns, r->column1 - column);
    tile.b = element(job, panels, (column - r->column0) * steps);
    tile.c = element(job, c, column - r->column0);
    kernels->tile[smaller(rows, r->row1 - row)](&tile);
    if (tile.ahead) tile.ahead = (const char *)tile.ahead + tile.ahead_bytes;
  }
}

// The panels of the block of k at `step`: packed to `space`, unless B came packed.
static const void *panels_of(const region *r, size_t step, size_t steps, void *space) {
  const matmul_job *job = r->job;
  const farro_matmul_shape *s = &job->shape;
  if (job->packed)
    return element(job, job->packed->panels, step * round_up(s->n, job->kernels->columns) + r->column0 * steps);
  pack(job->kernels, s->transpose_b, element(job, job->b, r->item * s->stride_b), s->ldb, step, steps, r->column0,
       r->column1 - r->column0, space);
  return space;
}

// Each block of k is packed once and meets all rows, which add to C.
static void multiply_region(const region *r, void *space) {
  const matmul_job *job = r->job;
  const farro_matmul_shape *s = &job->shape;
  for (size_t step = r->step0, steps; step < r->step1; step += steps) {
    steps = smaller(job->plan.k_block, s->k - step);
    const void *panels = panels_of(r, step, steps, space);
    for (size_t row = r->row0; row < r->row1; row += job->plan.tile_rows)
      multiply_panel(r, row, step, steps, panels,
                     element(job, job->c, r->item * s->stride_c + row * s->ldc + r->column0), s->ldc);
  }
}

// For a visitor there is no C to add to: all of k is packed first, and a row of tiles meets it block by block, adding
// up in a buffer of its own size.
static void visit_region(const region *r, void *space) {
  const matmul_job *job = r->job;
  const size_t k = job->shape.k, k_block = job->plan.k_block, width = job->kernels->columns;
  const size_t columns = round_up(r->column1 - r->column0, width);
  void *sums = element(job, space, job->packed ? 0 : columns * k);
  if (!job->packed)
    for (size_t step = 0; step < k; step += k_block)
      panels_of(r, step, smaller(k_block, k - step), element(job, space, step * columns));
  for (size_t row = r->row0; row < r->row1; row += job->plan.tile_rows)
    for (size_t step = 0, steps; step < k; step += steps) {
      steps = smaller(k_block, k - step);
      const void *panels = job->packed ? panels_of(r, step, steps, NULL) : element(job, space, step * columns);
      multiply_panel(r, row, step, steps, panels, sums, columns);
    }
}

// ---- tasks ----

bool farro_matmul_run_packed(const matmul_job *job, size_t first, size_t last) {
  const farro_matmul_shape *s = &job->shape;
  const farro_matmul_plan *p = &job->plan;
  void *space = p->workspace ? farro_allocate(p->workspace) : NULL;
  if (p->workspace && !space) return false;
  const bool visits = job->epilogue && job->epilogue->visit;
  const size_t across = ceil_divide(s->n, p->column_block), a_row = s->transpose_a ? 1 : s->lda;
  for (size_t task = first; task < last; task++) {
    const size_t item = task / p->tasks, part = task % p->tasks;
    const size_t row = part / across * p->row_block, column = part % across * p->column_block;
    const region r = {.job = job,
                      .item = item,
                      .row0 = row,
                      .row1 = smaller(row + p->row_block, s->m),
                      .column0 = column,
                      .column1 = smaller(column + p->column_block, s->n),
                      .step1 = s->k,
                      .a = element(job, job->a, item * s->stride_a + row * a_row),
                      .a_row = a_row,
                      .a_step = s->transpose_a ? s->lda : 1,
                      .a_tile = p->tile_rows * a_row};
    (visits ? visit_region : multiply_region)(&r, space);
  }
  farro_release(space, p->workspace);
  return true;
}

// ---- A copied ----

typedef struct {
  const matmul_job *job;
  size_t item, row0, row1, step0, step1;
  void *a; // tiles of rows, k-major
  _Atomic bool failed;
} copied_block;

static void copy_tiles(void *context, size_t first, size_t last) {
  copied_block *w = context;
  const matmul_job *job = w->job;
  const farro_matmul_shape *s = &job->shape;
  const size_t rows = job->plan.tile_rows, steps = w->step1 - w->step0, row = w->row0 + first * rows;
  const size_t at = w->item * s->stride_a + w->step0 * s->lda + row;
  job->kernels->pack_along(smaller(w->row0 + last * rows, w->row1) - row, rows, steps, element(job, job->a, at), s->lda,
                           element(job, w->a, first * rows * steps));
}

static void multiply_copied(void *context, size_t first, size_t last) {
  copied_block *w = context;
  const matmul_job *job = w->job;
  const farro_matmul_plan *p = &job->plan;
  const size_t rows = p->tile_rows, steps = w->step1 - w->step0;
  const size_t across = ceil_divide(job->shape.n, p->column_block);
  void *space = p->packs_b ? farro_allocate(p->workspace) : NULL;
  if (p->packs_b && !space) {
    w->failed = true;
    return;
  }
  for (size_t task = first; task < last; task++) {
    const size_t row = w->row0 + task / across * p->row_block, column = task % across * p->column_block;
    const region r = {.job = job,
                      .item = w->item,
                      .row0 = row,
                      .row1 = smaller(row + p->row_block, w->row1),
                      .column0 = column,
                      .column1 = smaller(column + p->column_block, job->shape.n),
                      .step0 = w->step0,
                      .step1 = w->step1,
                      .a = element(job, w->a, (row - w->row0) * steps),
                      .a_row = 1,
                      .a_step = rows,
                      .a_tile = rows * steps};
    multiply_region(&r, space);
  }
  farro_release(space, p->workspace);
}

bool farro_matmul_run_copied(const matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  const farro_matmul_plan *p = &job->plan;
  const size_t most = round_up(smaller(s->m, most_copied_rows), p->row_block);
  const size_t bytes = round_up(most, p->tile_rows) * p->k_block * job->kernels->element_bytes;
  copied_block w = {.job = job, .a = farro_allocate(bytes)};
  if (!w.a) return false;
  for (w.item = 0; w.item < s->batch; w.item++)
    for (w.row0 = 0; w.row0 < s->m; w.row0 = w.row1) {
      w.row1 = smaller(w.row0 + most, s->m);
      for (w.step0 = 0; w.step0 < s->k; w.step0 = w.step1) {
        w.step1 = smaller(w.step0 + p->k_block, s->k);
        const size_t rows = w.row1 - w.row0, steps = w.step1 - w.step0;
        const size_t tasks = ceil_divide(rows, p->row_block) * ceil_divide(s->n, p->column_block);
        farro_parallel_for(ceil_divide(rows, p->tile_rows), 8, (double)(rows * steps) / 4, copy_tiles, &w);
        farro_parallel_for(tasks, 1, (double)tasks * farro_matmul_task_nanoseconds(job), multiply_copied, &w);
      }
    }
  farro_release(w.a, bytes);
  return !w.failed;
}

// ---- packed matrices ----

typedef struct {
  farro_packed_matrix *packed;
  bool transposed;
  const void *b;
  size_t ldb;
} packing;

// Panels first..<last of all blocks of k.
static void pack_panels(void *context, size_t first, size_t last) {
  const packing *w = context;
  const farro_packed_matrix *to = w->packed;
  const size_t width = to->kernels->columns, column = first * width, columns = smaller(last * width, to->n) - column;
  for (size_t step = 0; step < to->k; step += to->k_block) {
    const size_t steps = smaller(to->k_block, to->k - step);
    const size_t at = step * round_up(to->n, width) + column * steps;
    pack(to->kernels, w->transposed, w->b, w->ldb, step, steps, column, columns,
         (char *)to->panels + at * to->kernels->element_bytes);
  }
}

static farro_status pack_whole(const matmul_kernels *kernels, size_t k, size_t n, bool transpose_b, const void *b,
                               size_t ldb, farro_packed_matrix **packed) {
  if (ldb < (transpose_b ? k : n)) return FARRO_ERROR_ARGUMENT;
  farro_packed_matrix *to = farro_allocate(sizeof *to);
  if (!to) return FARRO_ERROR_MEMORY;
  *to = (farro_packed_matrix){.kernels = kernels, .k = k, .n = n, .k_block = farro_matmul_k_block(kernels, k)};
  to->bytes = round_up(n, kernels->columns) * k * kernels->element_bytes;
  to->panels = farro_allocate(to->bytes);
  if (!to->panels) {
    farro_release(to, sizeof *to);
    return FARRO_ERROR_MEMORY;
  }
  packing w = {to, transpose_b, b, ldb};
  farro_parallel_for(ceil_divide(n, kernels->columns), 4, (double)(n * k) / 4, pack_panels, &w);
  *packed = to;
  return FARRO_OK;
}

#define PACK(type, scalar)                                                                                             \
  farro_status farro_pack_##type(size_t k, size_t n, bool transpose_b, const scalar *b, size_t ldb,                    \
                                 farro_packed_matrix **packed) {                                                       \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return pack_whole(kernels->matmul_##type, k, n, transpose_b, b, ldb, packed);                                      \
  }

PACK(f32, float)
PACK(f64, double)

void farro_packed_release(farro_packed_matrix *packed) {
  if (!packed) return;
  farro_release(packed->panels, packed->bytes);
  farro_release(packed, sizeof *packed);
}

size_t farro_packed_bytes(const farro_packed_matrix *packed) { return packed->bytes; }
