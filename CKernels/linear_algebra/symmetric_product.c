// A^T A and A A^T. The triangle is halved: two triangles, and a square between them that one matmul computes. So most
// of the work is in large products, and what is computed in vain stays within the small blocks on the diagonal.
#include "blocks.h"

#include <string.h>

enum {
  task_order = 128, // triangles that one thread takes, while the squares between them run on all
  leaf_order = 32,  // blocks on the diagonal that are computed whole
};

static const double flops_per_nanosecond = 60;

// C[i0..<i0 + rows, j0..<j0 + columns] or, with a `to`, the product alone there.
static farro_status multiply_block(const symmetric_product *p, size_t i0, size_t rows, size_t j0, size_t columns,
                                   double beta, void *to, size_t ld) {
  const farro_matmul_shape shape = {.batch = 1,
                                    .m = rows,
                                    .n = columns,
                                    .k = p->k,
                                    .transpose_a = !p->rows,
                                    .transpose_b = p->rows,
                                    .lda = p->lda,
                                    .ldb = p->lda,
                                    .ldc = ld};
  const size_t step = p->rows ? p->lda : 1;
  return p->driver->multiply(&shape, p->alpha, element(p->driver, p->a, i0 * step), element(p->driver, p->a, j0 * step),
                             beta, to);
}

// The square between the triangles first..<first + half and first + half..<first + count.
static farro_status multiply_between(const symmetric_product *p, size_t first, size_t half, size_t count) {
  const size_t i = p->upper ? first : first + half, rows = p->upper ? half : count - half;
  const size_t j = p->upper ? first + half : first, columns = p->upper ? count - half : half;
  return multiply_block(p, i, rows, j, columns, p->beta, element_of(p->driver, p->c, i * p->ldc + j), p->ldc);
}

static __attribute__((noinline)) farro_status multiply_leaf(const symmetric_product *p, size_t first, size_t count) {
  _Alignas(64) char product[leaf_order * leaf_order * most_element_bytes];
  const farro_status status = multiply_block(p, first, count, first, count, 0, product, leaf_order);
  if (status != FARRO_OK) return status;
  const float beta_f32 = (float)p->beta;
  const void *beta = p->driver->kernels->element_bytes == 4 ? (const void *)&beta_f32 : &p->beta;
  p->driver->kernels->merge(count, p->upper, product, leaf_order, beta,
                            element_of(p->driver, p->c, first * p->ldc + first), p->ldc);
  return FARRO_OK;
}

static farro_status multiply_triangle(const symmetric_product *p, size_t first, size_t count) {
  if (count <= leaf_order) return multiply_leaf(p, first, count);
  const size_t half = halfway(count, leaf_order);
  farro_status status = multiply_triangle(p, first, half);
  if (status == FARRO_OK) status = multiply_between(p, first, half, count);
  return status == FARRO_OK ? multiply_triangle(p, first + half, count - half) : status;
}

// All squares between the triangles of task_order.
static farro_status multiply_squares(const symmetric_product *p, size_t first, size_t count) {
  if (count <= task_order) return FARRO_OK;
  const size_t half = halfway(count, task_order);
  farro_status status = multiply_between(p, first, half, count);
  if (status == FARRO_OK) status = multiply_squares(p, first, half);
  return status == FARRO_OK ? multiply_squares(p, first + half, count - half) : status;
}

// Of A, `steps` of k for columns (or, with rows, rows) first..<first + count: k-major either way.
static void copy_panel(const symmetric_product *p, size_t first, size_t count, size_t step, size_t steps, void *panel,
                       size_t pitch) {
  const block_driver *d = p->driver;
  if (p->rows) {
    d->kernels->transpose(count, steps, element(d, p->a, first * p->lda + step), p->lda, panel, pitch);
    return;
  }
  const size_t bytes = count * d->kernels->element_bytes;
  for (size_t i = 0; i < steps; i++) {
    const char *row = element(d, p->a, (step + i) * p->lda + first), *ahead = element(d, row, 4 * p->lda);
    for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch(ahead + line);
    memcpy(element_of(d, panel, i * pitch), row, bytes);
  }
}

// A triangle on the diagonal. The products inside are small and share their part of A, whose rows may lie pages apart:
// it is copied once, a block of k at a time that stays in L2, to rows that are an odd number of cache lines apart.
static farro_status multiply_task(void *context, size_t item, size_t *row) {
  (void)row;
  const symmetric_product *p = context;
  const size_t first = item * task_order, left = p->n - first, count = left < task_order ? left : task_order;
  if (p->k == 0 || p->alpha == 0 || (!p->rows && p->n <= task_order)) return multiply_triangle(p, first, count);
  const size_t element_bytes = p->driver->kernels->element_bytes;
  const size_t pitch = task_order + 64 / element_bytes, most = 1024 / element_bytes;
  const size_t bytes = (p->k < most ? p->k : most) * pitch * element_bytes;
  void *panel = farro_allocate(bytes);
  if (!panel) return FARRO_ERROR_MEMORY;
  symmetric_product part = *p;
  part.rows = false, part.a = panel, part.lda = pitch;
  part.c = element_of(p->driver, p->c, first * (p->ldc + 1));
  farro_status status = FARRO_OK;
  for (size_t step = 0; step < p->k && status == FARRO_OK; step += part.k) {
    part.k = p->k - step < most ? p->k - step : most;
    part.beta = step == 0 ? p->beta : 1;
    copy_panel(p, first, count, step, part.k, panel, pitch);
    status = multiply_triangle(&part, 0, count);
  }
  farro_release(panel, bytes);
  return status;
}

farro_status multiply_symmetric(const symmetric_product *p) {
  const farro_status status = multiply_squares(p, 0, p->n);
  if (status != FARRO_OK) return status;
  const double flops = 1.5 * task_order * task_order * (double)p->k;
  return run_tasks(p->driver, (p->n + task_order - 1) / task_order, flops / flops_per_nanosecond, multiply_task,
                   (void *)p, NULL);
}

// ---- both triangles ----

typedef struct {
  const block_driver *driver;
  size_t n, ldc;
  void *c;
} mirror_image;

static void mirror_rows(void *context, size_t first, size_t last) {
  const mirror_image *w = context;
  const size_t count = last - first;
  const linear_algebra_kernels *kernels = w->driver->kernels;
  for (size_t j = 0; j < first; j += leaf_order)
    kernels->transpose(count, leaf_order, element(w->driver, w->c, first * w->ldc + j), w->ldc,
                       element_of(w->driver, w->c, j * w->ldc + first), w->ldc);
  kernels->mirror(count, element_of(w->driver, w->c, first * w->ldc + first), w->ldc);
}

// ---- entry ----

typedef struct {
  const block_driver *driver;
  const farro_symmetric_shape *shape;
  double alpha, beta;
  const void *a;
  void *c;
} batch;

static farro_status multiply_item(void *context, size_t item, size_t *row) {
  (void)row;
  const batch *w = context;
  const farro_symmetric_shape *s = w->shape;
  void *c = element_of(w->driver, w->c, item * s->stride_c);
  const symmetric_product p = {.driver = w->driver,
                               .n = s->n,
                               .k = s->k,
                               .rows = s->rows,
                               .upper = s->triangle == FARRO_TRIANGLE_UPPER,
                               .alpha = w->alpha,
                               .beta = w->beta,
                               .a = w->a ? element(w->driver, w->a, item * s->stride_a) : NULL,
                               .lda = s->lda,
                               .c = c,
                               .ldc = s->ldc};
  const farro_status status = multiply_symmetric(&p);
  if (status != FARRO_OK || s->triangle != FARRO_TRIANGLE_BOTH) return status;
  mirror_image image = {w->driver, s->n, s->ldc, c};
  farro_parallel_for(s->n, leaf_order, (double)(s->n * s->n) / 2, mirror_rows, &image);
  return FARRO_OK;
}

static farro_status multiply(batch *w) {
  const farro_symmetric_shape *s = w->shape;
  const size_t rows = s->rows ? s->n : s->k, columns = s->rows ? s->k : s->n;
  if (!is_matrix(rows, columns, s->lda) || !is_batch(s->batch, s->n, s->n, s->ldc, s->stride_c) ||
      (unsigned)s->triangle > FARRO_TRIANGLE_BOTH)
    return FARRO_ERROR_ARGUMENT;
  const size_t bytes = w->driver->kernels->element_bytes;
  const farro_extent a = farro_extent_of(w->a, s->batch, rows, columns, s->lda, s->stride_a, bytes);
  const farro_extent c = farro_extent_of(w->c, s->batch, s->n, s->n, s->ldc, s->stride_c, bytes);
  if (!a.fits || !c.fits || farro_share_memory(&a, &c)) return FARRO_ERROR_ARGUMENT;
  if (s->n == 0) return FARRO_OK;
  const double flops = (double)s->n * ((double)s->n + leaf_order) * ((double)s->k + 1);
  return run_tasks(w->driver, s->batch, flops / flops_per_nanosecond, multiply_item, w, NULL);
}

farro_status farro_symmetric_product_f32(const farro_symmetric_shape *shape, float alpha, const float *a, float beta,
                                         float *c) {
  block_driver d;
  if (!block_driver_f32(&d)) return FARRO_ERROR_ISA;
  return multiply(&(batch){&d, shape, (double)alpha, (double)beta, a, c});
}

farro_status farro_symmetric_product_f64(const farro_symmetric_shape *shape, double alpha, const double *a, double beta,
                                         double *c) {
  block_driver d;
  if (!block_driver_f64(&d)) return FARRO_ERROR_ISA;
  return multiply(&(batch){&d, shape, alpha, beta, a, c});
}
