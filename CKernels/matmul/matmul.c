// Entry of matmul: check, plan, partition. One driver for both element types: it counts in bytes and leaves arithmetic
// to the kernels.
//
// Small products run on A and B where they lie. Larger ones follow Goto and van de Geijn: for each block of k, panels
// of A and B are packed once, by all threads, and then tiles of C are computed from them, again by all. Every tile sees
// k in the same blocks and order whoever computes it, so the bits do not depend on threads.
#include "matmul.h"

#include <string.h>

#include "include/matmul.h"
#include "runtime/dispatch.h"

enum {
  block_bytes = 3072,  // of k, at most: a panel of B (96 KiB in f32) streams from L2, one of A (42 KiB) stays in L1
  most_columns = 4096, // of packed B: bounds the work space
  chunk_rows = 4,      // panels of A that one task multiplies,
  chunk_columns = 4,   // and of B that it multiplies them with at a time: both stay in L2
};

// B of this size stays in the L1 and L2 caches while every row panel of A runs over it: packing would not pay.
static const size_t direct_bytes = 256 * 1024;

// Rough speed of one thread, to decide about waking others.
static const double flops_per_nanosecond = 120;

typedef struct {
  const matmul_kernels *kernels;
  const farro_matmul_shape *shape;
  const void *alpha, *beta, *one;
  bool direct;
} plan;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t ceil_divide(size_t a, size_t b) { return (a + b - 1) / b; }

static double nanoseconds_of(const farro_matmul_shape *s) {
  return 2.0 * (double)s->m * (double)s->n * (double)s->k / flops_per_nanosecond;
}

static const void *offset(const plan *p, const void *base, size_t elements) {
  return (const char *)base + elements * p->kernels->element_bytes;
}

// ---- small products: A and B as they lie ----

typedef struct {
  const plan *plan;
  const void *a, *b;
  void *c;
} product;

// Rows of C in panels first..<last.
static void multiply_direct(void *context, size_t first, size_t last) {
  const product *w = context;
  const plan *p = w->plan;
  const matmul_kernels *kernels = p->kernels;
  const farro_matmul_shape *s = p->shape;
  matmul_tile tile = {.k = s->k,
                      .a_row = s->transpose_a ? 1 : s->lda,
                      .a_step = s->transpose_a ? s->lda : 1,
                      .b_step = s->ldb,
                      .ldc = s->ldc,
                      .alpha = p->alpha,
                      .beta = p->beta};
  for (size_t j = 0; j < s->n; j += kernels->columns) {
    tile.columns = smaller(kernels->columns, s->n - j);
    tile.b = offset(p, w->b, j);
    for (size_t i = first * kernels->rows; i < smaller(last * kernels->rows, s->m); i += kernels->rows) {
      tile.a = offset(p, w->a, i * tile.a_row);
      tile.c = (void *)offset(p, w->c, i * s->ldc + j);
      kernels->tile[smaller(kernels->rows, s->m - i)](&tile);
    }
  }
}

// ---- large products: packed panels ----

typedef struct {
  const plan *plan;
  const void *a, *b; // the matrices; of C, the block's first element
  void *c;
  const void *beta;
  size_t row, rows, column, columns, step, steps; // the block of op(A) op(B): offsets and sizes in m, n, k
  size_t row_panels, column_panels, chunks;
  void *packed_b; // panel j at j * columns * steps (of the full tile)
} block;

static void pack_columns(void *context, size_t first, size_t last) {
  const block *w = context;
  const farro_matmul_shape *s = w->plan->shape;
  const matmul_kernels *kernels = w->plan->kernels;
  const size_t width = kernels->columns, from = first * width, used = smaller(last * width, w->columns) - from;
  void *to = (void *)offset(w->plan, w->packed_b, from * w->steps);
  const size_t column = w->column + from;
  if (s->transpose_b)
    kernels->pack_across(used, width, w->steps, offset(w->plan, w->b, column * s->ldb + w->step), s->ldb, to);
  else
    kernels->pack_along(used, width, w->steps, offset(w->plan, w->b, w->step * s->ldb + column), s->ldb, to);
}

// Some panels of rows of op(A), as a tile walks them: elements from row to row, k to k, and panel to panel.
typedef struct {
  const void *a;
  size_t a_row, a_step, panel;
} row_panels;

// Rows that start at the same place of a page share a set of L1, which has fewer ways than a tile has rows; transposed
// rows have a cache line per element. Both are packed. Others are read where they lie: a copy costs 3% at 512^3.
static bool packs_rows(const block *w) {
  const size_t page = 4096, line = 64, shift = w->plan->shape->lda * w->plan->kernels->element_bytes % page;
  return w->plan->shape->transpose_a || shift < line || shift > page - line;
}

// Elements of a packed panel: k-major when A is transposed, else rows of A, a line apart from sharing a set.
static size_t packed_pitch(const block *w) { return w->steps + 64 / w->plan->kernels->element_bytes; }

static row_panels pack_rows(const block *w, size_t first, size_t count, void *space) {
  const plan *p = w->plan;
  const size_t lda = p->shape->lda, rows = p->kernels->rows, pitch = packed_pitch(w);
  if (p->shape->transpose_a) {
    p->kernels->pack_along(count, rows, w->steps, offset(p, w->a, w->step * lda + first), lda, space);
    return (row_panels){.a = space, .a_row = 1, .a_step = rows, .panel = rows * w->steps};
  }
  const size_t bytes = w->steps * p->kernels->element_bytes;
  for (size_t i = 0; i < count; i++) {
    const char *row = offset(p, w->a, (first + i) * lda + w->step), *ahead = offset(p, row, 4 * lda);
    char *to = (void *)offset(p, space, i * pitch);
    for (size_t at = 0, piece = 256; at < bytes; at += piece) {
      for (size_t line = at; line < at + piece; line += 64) __builtin_prefetch(ahead + line);
      memcpy(to + at, row + at, smaller(piece, bytes - at));
    }
  }
  return (row_panels){.a = space, .a_row = pitch, .a_step = 1, .panel = rows * pitch};
}

static row_panels rows_in_place(const block *w, size_t first) {
  const plan *p = w->plan;
  const size_t lda = p->shape->lda, rows = p->kernels->rows;
  if (p->shape->transpose_a)
    return (row_panels){.a = offset(p, w->a, w->step * lda + first), .a_row = 1, .a_step = lda, .panel = rows};
  return (row_panels){.a = offset(p, w->a, first * lda + w->step), .a_row = lda, .a_step = 1, .panel = rows * lda};
}

static void multiply_panels(const block *w, size_t first, size_t last, row_panels from) {
  const plan *p = w->plan;
  const matmul_kernels *kernels = p->kernels;
  matmul_tile tile = {.k = w->steps,
                      .a_row = from.a_row,
                      .a_step = from.a_step,
                      .b_step = kernels->columns,
                      .ldc = p->shape->ldc,
                      .alpha = p->alpha,
                      .beta = w->beta,
                      .padded = true};
  for (size_t j0 = 0; j0 < w->column_panels; j0 += chunk_columns)
    for (size_t i = first; i < last; i++) {
      const size_t row = i * kernels->rows;
      tile.a = offset(p, from.a, (i - first) * from.panel);
      for (size_t j = j0; j < smaller(j0 + chunk_columns, w->column_panels); j++) {
        const size_t column = j * kernels->columns;
        tile.columns = smaller(kernels->columns, w->columns - column);
        tile.b = offset(p, w->packed_b, column * w->steps);
        tile.c = (void *)offset(p, w->c, row * tile.ldc + column);
        kernels->tile[smaller(kernels->rows, w->rows - row)](&tile);
      }
    }
}

static void multiply_chunks(void *context, size_t first, size_t last) {
  const block *w = context;
  const size_t rows = w->plan->kernels->rows;
  const size_t bytes = packs_rows(w) ? chunk_rows * rows * packed_pitch(w) * w->plan->kernels->element_bytes : 0;
  void *space = bytes ? farro_allocate(bytes) : NULL; // without memory the rows are read in place, slower
  for (size_t chunk = first; chunk < last; chunk++) {
    const size_t i0 = chunk * w->row_panels / w->chunks, i1 = (chunk + 1) * w->row_panels / w->chunks;
    const size_t row = i0 * rows, count = smaller(i1 * rows, w->rows) - row;
    multiply_panels(w, i0, i1, space ? pack_rows(w, row, count, space) : rows_in_place(w, row));
  }
  farro_release(space, bytes);
}

static void multiply_block(block *w) {
  const matmul_kernels *kernels = w->plan->kernels;
  w->row_panels = ceil_divide(w->rows, kernels->rows);
  w->column_panels = ceil_divide(w->columns, kernels->columns);
  w->chunks = smaller(ceil_divide(ceil_divide(w->row_panels, chunk_rows), 8) * 8, ceil_divide(w->row_panels, 2));
  const double flops = 2.0 * (double)w->rows * (double)w->columns * (double)w->steps;
  farro_parallel_for(w->column_panels, 8, (double)(w->columns * w->steps) / 4, pack_columns, w);
  farro_parallel_for(w->chunks, 1, flops / flops_per_nanosecond, multiply_chunks, w);
}

static farro_status multiply_packed(const plan *p, const void *a, const void *b, void *c) {
  const farro_matmul_shape *s = p->shape;
  const matmul_kernels *kernels = p->kernels;
  const size_t blocks = ceil_divide(s->k * kernels->element_bytes, block_bytes);
  const size_t steps = smaller(ceil_divide(ceil_divide(s->k, blocks), 8) * 8, s->k); // blocks of equal length
  const size_t columns = ceil_divide(smaller(most_columns, s->n), kernels->columns) * kernels->columns;
  const size_t bytes = columns * steps * kernels->element_bytes;
  void *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  block w = {.plan = p, .a = a, .b = b, .packed_b = space, .rows = s->m};
  for (w.column = 0; w.column < s->n; w.column += columns) {
    w.columns = smaller(columns, s->n - w.column);
    w.c = (void *)offset(p, c, w.column);
    for (w.step = 0; w.step < s->k; w.step += steps) {
      w.steps = smaller(steps, s->k - w.step);
      w.beta = w.step == 0 ? p->beta : p->one;
      multiply_block(&w);
    }
  }
  farro_release(space, bytes);
  return FARRO_OK;
}

// ---- batches ----

typedef struct {
  const plan *plan;
  const void *a, *b;
  void *c;
  _Atomic int status;
} batch;

static void multiply_batch(void *context, size_t first, size_t last) {
  batch *w = context;
  const plan *p = w->plan;
  const farro_matmul_shape *s = p->shape;
  for (size_t i = first; i < last; i++) {
    const void *a = offset(p, w->a, i * s->stride_a), *b = offset(p, w->b, i * s->stride_b);
    void *c = (void *)offset(p, w->c, i * s->stride_c);
    if (p->direct) {
      product one = {p, a, b, c};
      multiply_direct(&one, 0, ceil_divide(s->m, p->kernels->rows));
    } else {
      const farro_status status = multiply_packed(p, a, b, c);
      if (status != FARRO_OK) w->status = status;
    }
  }
}

static void scale_batch(void *context, size_t first, size_t last) {
  const batch *w = context;
  const farro_matmul_shape *s = w->plan->shape;
  for (size_t i = first; i < last; i++)
    w->plan->kernels->scale(s->m, s->n, w->plan->beta, (void *)offset(w->plan, w->c, i * s->stride_c), s->ldc);
}

// ---- entry ----

static bool is_valid(const farro_matmul_shape *s) {
  const bool a = s->lda >= (s->transpose_a ? s->m : s->k), b = s->ldb >= (s->transpose_b ? s->k : s->n);
  return a && b && s->ldc >= s->n && (s->batch < 2 || s->m == 0 || s->stride_c >= (s->m - 1) * s->ldc + s->n);
}

// Items of one task: about 20 us of work, and at least 16 tasks.
static size_t grain_of(size_t count, double nanoseconds) {
  const double grain = 20e3 / (nanoseconds + 1), most = (double)ceil_divide(count, 16);
  return grain < 1 ? 1 : (size_t)(grain < most ? grain : most);
}

static farro_status multiply(plan *p, bool alpha_is_zero, bool beta_is_one, const void *a, const void *b, void *c) {
  const farro_matmul_shape *s = p->shape;
  if (!is_valid(s)) return FARRO_ERROR_ARGUMENT;
  if (s->batch == 0 || s->m == 0 || s->n == 0) return FARRO_OK;
  batch work = {.plan = p, .a = a, .b = b, .c = c};
  if (alpha_is_zero || s->k == 0) {
    if (!beta_is_one) farro_parallel_for(s->batch, 1, (double)(s->batch * s->m * s->n) / 8, scale_batch, &work);
    return FARRO_OK;
  }
  p->direct = !s->transpose_b && s->k * s->ldb * p->kernels->element_bytes <= direct_bytes;
  const double nanoseconds = nanoseconds_of(s);
  if (s->batch > 1) {
    farro_parallel_for(s->batch, grain_of(s->batch, nanoseconds), nanoseconds * (double)s->batch, multiply_batch,
                       &work);
  } else if (p->direct) {
    const size_t panels = ceil_divide(s->m, p->kernels->rows);
    product one = {p, a, b, c};
    farro_parallel_for(panels, grain_of(panels, nanoseconds / (double)panels), nanoseconds, multiply_direct, &one);
  } else {
    multiply_batch(&work, 0, 1);
  }
  return (farro_status)work.status;
}

farro_status farro_matmul_f32(const farro_matmul_shape *shape, float alpha, const float *a, const float *b, float beta,
                              float *c) {
  static const float one = 1;
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  plan p = {.kernels = kernels->matmul_f32, .shape = shape, .alpha = &alpha, .beta = &beta, .one = &one};
  return multiply(&p, alpha == 0, beta == 1, a, b, c);
}

farro_status farro_matmul_f64(const farro_matmul_shape *shape, double alpha, const double *a, const double *b,
                              double beta, double *c) {
  static const double one = 1;
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  plan p = {.kernels = kernels->matmul_f64, .shape = shape, .alpha = &alpha, .beta = &beta, .one = &one};
  return multiply(&p, alpha == 0, beta == 1, a, b, c);
}
