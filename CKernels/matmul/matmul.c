// Entry of matmul: check, plan, partition. One driver for both element types: it counts in bytes and leaves arithmetic
// to the kernels.
//
// Small products run on A and B where they lie. Larger ones follow Goto and van de Geijn: for each block of k, panels
// of A and B are packed once, by all threads, and then tiles of C are computed from them, again by all. Every tile sees
// k in the same blocks and order whoever computes it, so the bits do not depend on threads.
#include "matmul.h"

#include "include/matmul.h"
#include "runtime/dispatch.h"

enum {
  block_k = 256,
  most_rows = 4096, // of packed A and columns of packed B: bounds the work space
  most_columns = 4096,
  chunk_rows = 6,    // panels of A and B that one task multiplies: small enough for balance, large enough that
  chunk_columns = 6, // taking it from the queue costs nothing
};

// B of this size stays in the L1 and L2 caches while every row panel of A runs over it: packing would not pay.
static const size_t direct_bytes = 256 * 1024;

// Rough speed of one thread, to decide about waking others.
static const double flops_per_nanosecond = 50;

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

static void multiply_direct(const plan *p, const void *a, const void *b, void *c) {
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
    tile.b = offset(p, b, j);
    for (size_t i = 0; i < s->m; i += kernels->rows) {
      tile.a = offset(p, a, i * tile.a_row);
      tile.c = (void *)offset(p, c, i * s->ldc + j);
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
  size_t row_panels, column_panels;
  size_t row_chunks;
  void *packed_a, *packed_b; // panel i of A at i * rows * steps, panel j of B at j * columns * steps (of the full tile)
} block;

static void pack_panel(const block *w, bool is_a, size_t panel) {
  const farro_matmul_shape *s = w->plan->shape;
  const matmul_kernels *kernels = w->plan->kernels;
  const size_t width = is_a ? kernels->rows : kernels->columns;
  const size_t first = panel * width, used = smaller(width, (is_a ? w->rows : w->columns) - first);
  const size_t ld = is_a ? s->lda : s->ldb, outer = (is_a ? w->row : w->column) + first;
  // Rows of op(A) lie along memory when A is stored transposed, columns of op(B) when B is not.
  const bool along = is_a ? s->transpose_a : !s->transpose_b;
  const void *from = offset(w->plan, is_a ? w->a : w->b, along ? w->step * ld + outer : outer * ld + w->step);
  void *to = (void *)offset(w->plan, is_a ? w->packed_a : w->packed_b, first * w->steps);
  // The last panel of A is as narrow as its rows: a tile exists for each number of them.
  (along ? kernels->pack_along : kernels->pack_across)(used, is_a ? used : width, w->steps, from, ld, to);
}

static void pack_panels(void *context, size_t first, size_t last) {
  const block *w = context;
  for (size_t i = first; i < last; i++) {
    const bool is_a = i < w->row_panels;
    pack_panel(w, is_a, is_a ? i : i - w->row_panels);
  }
}

static void multiply_chunks(void *context, size_t first, size_t last) {
  const block *w = context;
  const plan *p = w->plan;
  const matmul_kernels *kernels = p->kernels;
  matmul_tile tile = {.k = w->steps, .ldc = p->shape->ldc, .alpha = p->alpha, .beta = w->beta, .packed = true};
  for (size_t chunk = first; chunk < last; chunk++) {
    const size_t i0 = chunk % w->row_chunks * chunk_rows, i1 = smaller(i0 + chunk_rows, w->row_panels);
    const size_t j0 = chunk / w->row_chunks * chunk_columns, j1 = smaller(j0 + chunk_columns, w->column_panels);
    for (size_t j = j0; j < j1; j++) {
      const size_t column = j * kernels->columns;
      tile.columns = smaller(kernels->columns, w->columns - column);
      tile.b = offset(p, w->packed_b, column * w->steps);
      for (size_t i = i0; i < i1; i++) {
        const size_t row = i * kernels->rows;
        tile.a = offset(p, w->packed_a, row * w->steps);
        tile.c = (void *)offset(p, w->c, row * tile.ldc + column);
        kernels->tile[smaller(kernels->rows, w->rows - row)](&tile);
      }
    }
  }
}

static void multiply_block(block *w) {
  const matmul_kernels *kernels = w->plan->kernels;
  w->row_panels = ceil_divide(w->rows, kernels->rows);
  w->column_panels = ceil_divide(w->columns, kernels->columns);
  w->row_chunks = ceil_divide(w->row_panels, chunk_rows);
  const size_t chunks = w->row_chunks * ceil_divide(w->column_panels, chunk_columns);
  const double flops = 2.0 * (double)w->rows * (double)w->columns * (double)w->steps;
  const double packed = (double)((w->rows + w->columns) * w->steps);
  farro_parallel_for(w->row_panels + w->column_panels, 4, packed / 4, pack_panels, w);
  farro_parallel_for(chunks, 1, flops / flops_per_nanosecond, multiply_chunks, w);
}

static farro_status multiply_packed(const plan *p, const void *a, const void *b, void *c) {
  const farro_matmul_shape *s = p->shape;
  const matmul_kernels *kernels = p->kernels;
  const size_t steps = smaller(block_k, s->k);
  const size_t rows = ceil_divide(smaller(most_rows, s->m), kernels->rows) * kernels->rows;
  const size_t columns = ceil_divide(smaller(most_columns, s->n), kernels->columns) * kernels->columns;
  const size_t bytes = (rows + columns) * steps * kernels->element_bytes + 64;
  char *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  block w = {.plan = p, .a = a, .b = b, .packed_b = space};
  w.packed_a = space + columns * steps * kernels->element_bytes;
  for (w.column = 0; w.column < s->n; w.column += columns) {
    w.columns = smaller(columns, s->n - w.column);
    for (w.row = 0; w.row < s->m; w.row += rows) {
      w.rows = smaller(rows, s->m - w.row);
      w.c = (void *)offset(p, c, w.row * s->ldc + w.column);
      for (w.step = 0; w.step < s->k; w.step += steps) {
        w.steps = smaller(steps, s->k - w.step);
        w.beta = w.step == 0 ? p->beta : p->one;
        multiply_block(&w);
      }
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
      multiply_direct(p, a, b, c);
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

static farro_status multiply(plan *p, bool alpha_is_zero, bool beta_is_one, const void *a, const void *b, void *c) {
  const farro_matmul_shape *s = p->shape;
  if (!is_valid(s)) return FARRO_ERROR_ARGUMENT;
  if (s->batch == 0 || s->m == 0 || s->n == 0) return FARRO_OK;
  batch work = {.plan = p, .a = a, .b = b, .c = c};
  if (alpha_is_zero || s->k == 0) {
    if (!beta_is_one) farro_parallel_for(s->batch, 1, (double)(s->batch * s->m * s->n) / 8, scale_batch, &work);
    return FARRO_OK;
  }
  p->direct = !s->transpose_b && s->k <= block_k && s->k * s->ldb * p->kernels->element_bytes <= direct_bytes;
  const double nanoseconds = nanoseconds_of(s);
  if (s->batch == 1) {
    multiply_batch(&work, 0, 1);
  } else {
    const double grain = 20e3 / (nanoseconds + 1); // products in about 20 us
    const size_t most = ceil_divide(s->batch, 16);
    farro_parallel_for(s->batch, grain<1 ? 1 : grain>(double) most ? most : (size_t)grain,
                       nanoseconds * (double)s->batch, multiply_batch, &work);
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
