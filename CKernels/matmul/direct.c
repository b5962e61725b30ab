// Products that read A and B where they lie, or nearly: direct, thin and dot-product tasks.
#include "job.h"

// A tile that covers rows of op(A) from `row` on of product `item`, and columns from `column` on.
static matmul_tile tile_at(const matmul_job *job, size_t item, size_t row, size_t column) {
  const farro_matmul_shape *s = &job->shape;
  const size_t a_row = s->transpose_a ? 1 : s->lda;
  return (matmul_tile){.k = s->k,
                       .a = element(job, job->a, item * s->stride_a + row * a_row),
                       .a_row = a_row,
                       .a_step = s->transpose_a ? s->lda : 1,
                       .b = element(job, job->b, item * s->stride_b + column),
                       .b_step = s->ldb,
                       .c = element(job, job->c, item * s->stride_c + row * s->ldc + column),
                       .ldc = s->ldc,
                       .alpha = job->alpha,
                       .beta = job->beta,
                       .count = 1,
                       .a_next = s->stride_a,
                       .b_next = s->stride_b,
                       .c_next = s->stride_c,
                       .epilogue = job->epilogue,
                       .item = item,
                       .row = row,
                       .column = column};
}

// ---- direct ----

// Rows first..<last of product `item`. A block of columns of B stays in L1 while the rows of A pass.
static void multiply_rows(const matmul_job *job, size_t item, size_t first, size_t last) {
  const farro_matmul_shape *s = &job->shape;
  const farro_matmul_plan *p = &job->plan;
  for (size_t column = 0; column < s->n; column += p->column_block)
    for (size_t row = first; row < last; row += p->tile_rows) {
      matmul_tile tile = tile_at(job, item, row, column);
      tile.columns = smaller(p->column_block, s->n - column);
      job->kernels->tile[smaller(p->tile_rows, last - row)](&tile);
    }
}

bool farro_matmul_run_direct(const matmul_job *job, size_t first, size_t last) {
  const farro_matmul_shape *s = &job->shape;
  const farro_matmul_plan *p = &job->plan;
  if (s->m <= p->tile_rows) { // one row of tiles: the kernel itself walks the batch
    matmul_tile tile = tile_at(job, first, 0, 0);
    tile.columns = s->n;
    tile.count = last - first;
    job->kernels->tile[s->m](&tile);
    return true;
  }
  for (size_t task = first; task < last; task++) {
    const size_t row = task % p->tasks * p->row_block;
    multiply_rows(job, task / p->tasks, row, smaller(row + p->row_block, s->m));
  }
  return true;
}

// ---- thin ----

// A block of columns. C is small and stays in cache; B comes from memory, k_block of its rows at a time.
static void multiply_thin(const matmul_job *job, size_t item, size_t column) {
  const farro_matmul_shape *s = &job->shape;
  const farro_matmul_plan *p = &job->plan;
  for (size_t step = 0; step < s->k; step += p->k_block)
    for (size_t row = 0; row < s->m; row += p->tile_rows) {
      matmul_tile tile = tile_at(job, item, row, column);
      tile.columns = smaller(p->column_block, s->n - column);
      tile.k = smaller(p->k_block, s->k - step);
      tile.a = element(job, tile.a, step * tile.a_step);
      tile.b = element(job, tile.b, step * tile.b_step);
      if (step > 0) tile.beta = job->one;
      if (step + tile.k < s->k) tile.epilogue = NULL;
      job->kernels->tile[smaller(p->tile_rows, s->m - row)](&tile);
    }
}

bool farro_matmul_run_thin(const matmul_job *job, size_t first, size_t last) {
  for (size_t task = first; task < last; task++)
    multiply_thin(job, task / job->plan.tasks, task % job->plan.tasks * job->plan.column_block);
  return true;
}

// ---- dot products ----

// The larger side comes from memory, a few rows at a time; the other stays in cache.
static void multiply_dots(const matmul_job *job, size_t item, size_t row0, size_t row1, size_t column0,
                          size_t column1) {
  const farro_matmul_shape *s = &job->shape;
  const matmul_kernels *kernels = job->kernels;
  const size_t columns = s->m >= s->n ? s->n : kernels->dot_columns;
  for (size_t column = column0; column < column1; column += columns)
    for (size_t row = row0; row < row1; row += kernels->dot_rows) {
      matmul_tile tile = tile_at(job, item, row, column);
      tile.columns = smaller(columns, column1 - column);
      tile.b_step = job->shared ? s->k : s->ldb;
      tile.b = job->shared ? element(job, job->shared, column * s->k)
                           : element(job, job->b, item * s->stride_b + column * s->ldb);
      kernels->dot(smaller(kernels->dot_rows, row1 - row), &tile);
    }
}

bool farro_matmul_run_dot(const matmul_job *job, size_t first, size_t last) {
  const farro_matmul_shape *s = &job->shape;
  const farro_matmul_plan *p = &job->plan;
  const size_t across = ceil_divide(s->n, p->column_block);
  for (size_t task = first; task < last; task++) {
    const size_t part = task % p->tasks, row = part / across * p->row_block, column = part % across * p->column_block;
    multiply_dots(job, task / p->tasks, row, smaller(row + p->row_block, s->m), column,
                  smaller(column + p->column_block, s->n));
  }
  return true;
}
