// Products that pack B, or whose B is packed already. A task takes some columns: it packs them block of k by block of
// k, and runs all of its rows of A over each block while it stays in the core's L2. Tasks share nothing, so no thread
// waits for another, and what a core packs it also reads.
//
// Follows K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008, but
// leaves A where it lies if it can: its rows come through L1 in the order in which they are stored. Large products copy
// some rows at a time when op(A) is transposed, or when its rows share sets of L1.
#include "include/matmul.h"

#include <string.h>

#include "job.h"
#include "runtime/dispatch.h"
#include "runtime/extent.h"

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
  for (size_t column = r->column0; column < r->column1; column += kernels->columns) {
    tile.column = column;
    tile.columns = smaller(kernels->columns, r->column1 - column);
    tile.b = element(job, panels, (column - r->column0) * steps);
    tile.c = element(job, c, column - r->column0);
    kernels->tile[smaller(rows, r->row1 - row)](&tile);
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
    for (size_t row = r->row0; row < r->row1; row += job->plan.tile_rows) {
      multiply_panel(r, row, step, steps, panels,
                     element(job, job->c, r->item * s->stride_c + row * s->ldc + r->column0), s->ldc);
    }
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
    const size_t down = p->tasks / across, row = row_of_part(job, part / across, down);
    const size_t column = part % across * p->column_block;
    const region r = {.job = job,
                      .item = item,
                      .row0 = row,
                      .row1 = row_of_part(job, part / across + 1, down),
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

// ---- large products ----

// A block of op(A) op(B) of one product: sizes and offsets in m, n and k.
typedef struct {
  const matmul_job *job;
  size_t item, column0, column1, step, steps;
  void *panels; // of B, which all tasks read
} block;

static void pack_block(void *context, size_t first, size_t last) {
  const block *w = context;
  const matmul_job *job = w->job;
  const farro_matmul_shape *s = &job->shape;
  const size_t width = job->kernels->columns, from = first * width;
  const size_t columns = smaller(last * width, w->column1 - w->column0) - from;
  pack(job->kernels, s->transpose_b, element(job, job->b, w->item * s->stride_b), s->ldb, w->step, w->steps,
       w->column0 + from, columns, element(job, w->panels, from * w->steps));
}

// Elements from one copied row to the next: a line apart from sharing a set of L1.
static size_t copied_pitch(const matmul_job *job, size_t steps) { return steps + 64 / job->kernels->element_bytes; }

static void copy_rows(const matmul_job *job, const void *a, size_t rows, size_t steps, void *copy) {
  const size_t bytes = steps * job->kernels->element_bytes, lda = job->shape.lda;
  for (size_t i = 0; i < rows; i++) {
    const char *row = element(job, a, i * lda), *ahead = element(job, a, (i + 4) * lda);
    char *to = element(job, copy, i * copied_pitch(job, steps));
    for (size_t at = 0, piece = 256; at < bytes; at += piece) {
      for (size_t line = at; line < at + piece; line += 64) __builtin_prefetch(ahead + line);
      memcpy(to + at, row + at, smaller(piece, bytes - at));
    }
  }
}

// Rows row0..<row1, some of the block's columns at a time: panels of B that stay in L2 while the rows pass.
static void multiply_chunk(const block *w, size_t row0, size_t row1, void *copy) {
  const matmul_job *job = w->job;
  const farro_matmul_shape *s = &job->shape;
  const size_t rows = job->plan.tile_rows, width = job->plan.column_block;
  region r = {.job = job, .item = w->item, .row0 = row0, .row1 = row1, .step0 = w->step, .step1 = w->step + w->steps};
  const size_t at = w->item * s->stride_a + (s->transpose_a ? w->step * s->lda + row0 : row0 * s->lda + w->step);
  r.a = element(job, job->a, at);
  if (!copy) {
    r.a_row = s->transpose_a ? 1 : s->lda, r.a_step = s->transpose_a ? s->lda : 1, r.a_tile = rows * r.a_row;
  } else if (s->transpose_a) {
    job->kernels->pack_along(row1 - row0, rows, w->steps, r.a, s->lda, copy);
    r.a = copy, r.a_row = 1, r.a_step = rows, r.a_tile = rows * w->steps;
  } else {
    copy_rows(job, r.a, row1 - row0, w->steps, copy);
    r.a = copy, r.a_row = copied_pitch(job, w->steps), r.a_step = 1, r.a_tile = rows * r.a_row;
  }
  for (r.column0 = w->column0; r.column0 < w->column1; r.column0 = r.column1) {
    r.column1 = smaller(r.column0 + width, w->column1);
    const void *panels = element(job, w->panels, (r.column0 - w->column0) * w->steps);
    for (size_t row = row0; row < row1; row += rows)
      multiply_panel(&r, row, w->step, w->steps, panels,
                     element(job, job->c, w->item * s->stride_c + row * s->ldc + r.column0), s->ldc);
  }
}

static void multiply_chunks(void *context, size_t first, size_t last) {
  const block *w = context;
  const matmul_job *job = w->job;
  const farro_matmul_plan *p = &job->plan;
  const size_t bytes = p->copies_a ? p->row_block * copied_pitch(job, w->steps) * job->kernels->element_bytes : 0;
  void *copy = bytes ? farro_allocate(bytes) : NULL; // without memory the rows are read in place, slower
  for (size_t chunk = first; chunk < last; chunk++)
    multiply_chunk(w, row_of_part(job, chunk, p->tasks), row_of_part(job, chunk + 1, p->tasks), copy);
  farro_release(copy, bytes);
}

static void multiply_block(block *w, double nanoseconds) {
  const matmul_job *job = w->job;
  const size_t panels = ceil_divide(w->column1 - w->column0, job->kernels->columns);
  if (!job->packed)
    farro_parallel_for(panels, 8, (double)(panels * job->kernels->columns * w->steps) / 4, pack_block, w);
  farro_parallel_for(job->plan.tasks, 1, nanoseconds, multiply_chunks, w);
}

bool farro_matmul_run_blocks(const matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  const farro_matmul_plan *p = &job->plan;
  void *space = p->packs_b ? farro_allocate(p->workspace) : NULL;
  if (p->packs_b && !space) return false;
  const size_t width = round_up(s->n, job->kernels->columns), most = job->packed ? width : farro_matmul_most_columns;
  const double per_element = farro_matmul_nanoseconds(job) / ((double)s->n * (double)s->k);
  block w = {.job = job, .panels = space};
  for (w.item = 0; w.item < s->batch; w.item++)
    for (w.column0 = 0; w.column0 < s->n; w.column0 = w.column1) {
      w.column1 = smaller(w.column0 + most, s->n);
      for (w.step = 0; w.step < s->k; w.step += w.steps) {
        w.steps = smaller(p->k_block, s->k - w.step);
        if (job->packed) w.panels = element(job, job->packed->panels, w.step * width);
        multiply_block(&w, per_element * (double)(w.column1 - w.column0) * (double)w.steps);
      }
    }
  farro_release(space, p->workspace);
  return true;
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
  const size_t bytes = kernels->element_bytes;
  const farro_extent given = farro_extent_of(b, 1, transpose_b ? n : k, transpose_b ? k : n, ldb, 0, bytes);
  size_t held; // with the last panel whole
  const bool overflows = __builtin_add_overflow(n, kernels->columns, &held) || __builtin_mul_overflow(held, k, &held) ||
                         __builtin_mul_overflow(held, bytes, &held) || held > PTRDIFF_MAX;
  if (ldb < (transpose_b ? k : n) || !given.fits || overflows) return FARRO_ERROR_ARGUMENT;
  farro_packed_matrix *to = farro_allocate(sizeof *to);
  if (!to) return FARRO_ERROR_MEMORY;
  *to = (farro_packed_matrix){.kernels = kernels, .k = k, .n = n, .k_block = farro_matmul_k_block(kernels, k)};
  to->bytes = round_up(n, kernels->columns) * k * bytes;
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
