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

// A part of C of product `item`.
typedef void (*part_function)(const matmul_job *job, size_t item, size_t row0, size_t row1, size_t column0,
                              size_t column1);

static bool run_parts(const matmul_job *job, size_t first, size_t last, part_function multiply) {
  const farro_matmul_plan *p = &job->plan;
  const size_t n = job->shape.n, across = ceil_divide(n, p->column_block), down = p->tasks / across;
  for (size_t task = first; task < last; task++) {
    const size_t part = task % p->tasks, row = part / across, column = part % across * p->column_block;
    multiply(job, task / p->tasks, row_of_part(job, row, down), row_of_part(job, row + 1, down), column,
             smaller(column + p->column_block, n));
  }
  return true;
}

// ---- direct and thin ----

// Whether a batch of small products is larger than the caches.
static bool comes_from_memory(const matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  const size_t bytes = (s->m * s->k + s->k * s->n + s->m * s->n) * job->kernels->element_bytes;
  return bytes <= job->kernels->near_bytes / 16 && bytes * s->batch > 4 * job->kernels->near_bytes;
}

// Part `part` of `parts` of the operands of product `item`, which comes next: asked for between tiles. In a batch of
// small products the streams of A, B and C break off too often for the hardware to run ahead.
static void ask_for(const matmul_job *job, size_t item, size_t part, size_t parts) {
  const farro_matmul_shape *s = &job->shape;
  const size_t bytes = job->kernels->element_bytes;
  const struct {
    const char *at;
    size_t bytes;
  } operands[] = {{element(job, job->a, item * s->stride_a), s->m * s->k * bytes},
                  {element(job, job->b, item * s->stride_b), s->k * s->n * bytes},
                  {element(job, job->c, item * s->stride_c), s->m * s->n * bytes}};
  for (size_t i = 0; i < 3; i++) {
    const size_t first = operands[i].bytes * part / parts & ~(size_t)63, last = operands[i].bytes * (part + 1) / parts;
    for (size_t at = first; at < last; at += 64) __builtin_prefetch(operands[i].at + at, 0);
  }
}

// A block of C of product `item`. A tile's columns of B stay in cache while the rows of A pass; in a thin product it is
// C that stays, and B passes k_block rows at a time.
static void multiply_in_place(const matmul_job *job, size_t item, size_t row0, size_t row1, size_t column0,
                              size_t column1) {
  const farro_matmul_shape *s = &job->shape;
  const farro_matmul_plan *p = &job->plan;
  const size_t columns = p->tile_columns;
  const size_t ahead = p->path == FARRO_MATMUL_THIN ? 512 / job->kernels->element_bytes : 0;
  const bool asks = p->tasks == 1 && item + 1 < s->batch && comes_from_memory(job);
  const size_t parts = asks ? ceil_divide(s->m, p->tile_rows) * ceil_divide(s->n, columns) : 1;
  size_t part = 0;
  for (size_t step = 0, steps; step < s->k || step == 0; step += steps) {
    steps = smaller(p->k_block, s->k - step);
    const bool is_last = step + steps == s->k;
    for (size_t column = column0; column < column1; column += columns)
      for (size_t row = row0; row < row1; row += p->tile_rows) {
        matmul_tile tile = tile_at(job, item, row, column);
        tile.columns = smaller(columns, column1 - column);
        tile.k = steps;
        tile.b_ahead = ahead;
        tile.a = element(job, tile.a, step * tile.a_step);
        tile.b = element(job, tile.b, step * tile.b_step);
        if (step > 0) tile.beta = job->one;
        if (!is_last) tile.epilogue = NULL;
        job->kernels->tile[smaller(p->tile_rows, row1 - row)](&tile);
        if (asks) ask_for(job, item + 1, part++, parts);
      }
    if (is_last) break;
  }
}

bool farro_matmul_run_direct(const matmul_job *job, size_t first, size_t last) {
  const farro_matmul_shape *s = &job->shape;
  const farro_matmul_plan *p = &job->plan;
  if (s->m <= p->tile_rows && p->tasks == 1 && p->k_block >= s->k) { // the kernel itself walks the batch
    matmul_tile tile = tile_at(job, first, 0, 0);
    tile.columns = s->n;
    tile.count = last - first;
    job->kernels->tile[s->m](&tile);
    return true;
  }
  return run_parts(job, first, last, multiply_in_place);
}

// ---- one small product ----

// Farther apart than rows of a small product lie.
enum { most_small = 64, most_small_pitch = 1024 };

static bool are_apart(const void *x, size_t x_bytes, const void *y, size_t y_bytes) {
  return (uintptr_t)x + x_bytes <= (uintptr_t)y || (uintptr_t)y + y_bytes <= (uintptr_t)x;
}

// Such a call takes less time than its checks and its plan would. Sizes so small neither overflow nor ask for another
// path than tiles that read A and B where they lie.
bool farro_matmul_run_small(const matmul_kernels *kernels, const farro_matmul_shape *s, const void *alpha,
                            const void *a, const void *b, const void *beta, void *c) {
  const size_t bytes = kernels->element_bytes, m = s->m, n = s->n, k = s->k;
  if (s->batch != 1 || s->transpose_a || s->transpose_b) return false;
  if (m - 1 >= most_small || n - 1 >= most_small || k - 1 >= most_small) return false;
  if (s->lda - k > most_small_pitch || s->ldb - n > most_small_pitch || s->ldc - n > most_small_pitch) return false;
  if (has_long_k(s, bytes)) return false; // perhaps dot products, whose sums have another order
  const size_t c_bytes = ((m - 1) * s->ldc + n) * bytes;
  if (!are_apart(c, c_bytes, a, ((m - 1) * s->lda + k) * bytes)) return false;
  if (!are_apart(c, c_bytes, b, ((k - 1) * s->ldb + n) * bytes)) return false;
  const size_t most = n <= kernels->narrow_columns ? kernels->tall_rows : kernels->rows;
  matmul_tile tile = {.columns = n,
                      .k = k,
                      .a = a,
                      .a_row = s->lda,
                      .a_step = 1,
                      .b = b,
                      .b_step = s->ldb,
                      .c = c,
                      .ldc = s->ldc,
                      .alpha = alpha,
                      .beta = beta,
                      .count = 1};
  if (m <= most) {
    kernels->tile[m](&tile);
    return true;
  }
  const size_t rows = even_rows(m, most);
  for (size_t row = 0; row < m; row += rows) {
    tile.a = (const char *)a + row * s->lda * bytes;
    tile.c = (char *)c + row * s->ldc * bytes;
    kernels->tile[smaller(rows, m - row)](&tile);
  }
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
  return run_parts(job, first, last, multiply_dots);
}
