// Cholesky. The matrix is halved: the first half of the diagonal is factored, the block beside it solved with its
// factor, the square of that subtracted from the second half, and this factored in turn.
#include "blocks.h"

static const double flops_per_nanosecond = 30;

typedef struct {
  const block_driver *driver;
  const farro_cholesky_shape *shape;
  void *a;
} batch;

// Rows from..<from + n of the matrix `a`. *row is the one that failed, from the matrix's first.
static __attribute__((noinline)) farro_status factor_leaf(const batch *w, void *a, size_t from, size_t n, size_t *row) {
  packed_triangle triangle;
  const linear_algebra_kernels *kernels = w->driver->kernels;
  const size_t lda = w->shape->lda, row_step = w->shape->upper ? 1 : lda, column_step = w->shape->upper ? lda : 1;
  void *first = element_of(w->driver, a, from * lda + from);
  kernels->pack(n, first, (ptrdiff_t)row_step, (ptrdiff_t)column_step, true, &triangle);
  const size_t failed = kernels->factor(&triangle);
  if (failed < n) {
    *row = from + failed;
    return FARRO_ERROR_NOT_POSITIVE_DEFINITE;
  }
  kernels->unpack(&triangle, first, row_step, column_step);
  return FARRO_OK;
}

static farro_status factor_range(const batch *w, void *a, size_t from, size_t n, size_t *row) {
  if (n <= triangle_order) return factor_leaf(w, a, from, n, row);
  const bool upper = w->shape->upper;
  const size_t lda = w->shape->lda, half = halfway(n, triangle_order), rest = n - half, to = from + half;
  void *beside = element_of(w->driver, a, upper ? from * lda + to : to * lda + from);
  farro_status status = factor_range(w, a, from, half, row);
  if (status != FARRO_OK) return status;
  const triangular_system system = {.driver = w->driver,
                                    .m = rest,
                                    .right = !upper,
                                    .upper = upper,
                                    .transpose = true,
                                    .t = element(w->driver, a, from * lda + from),
                                    .ldt = lda,
                                    .b = beside,
                                    .ldb = lda};
  status = solve_triangular(&system, half);
  if (status != FARRO_OK) return status;
  const symmetric_product square = {.driver = w->driver,
                                    .n = rest,
                                    .k = half,
                                    .rows = !upper,
                                    .upper = upper,
                                    .alpha = -1,
                                    .beta = 1,
                                    .a = beside,
                                    .lda = lda,
                                    .c = element_of(w->driver, a, to * lda + to),
                                    .ldc = lda};
  status = multiply_symmetric(&square);
  return status == FARRO_OK ? factor_range(w, a, to, rest, row) : status;
}

static farro_status factor_item(void *context, size_t item, size_t *row) {
  const batch *w = context;
  return factor_range(w, element_of(w->driver, w->a, item * w->shape->stride_a), 0, w->shape->n, row);
}

static farro_status factor(batch *w, farro_matrix_place *where) {
  const farro_cholesky_shape *s = w->shape;
  const farro_extent a =
      farro_extent_of(w->a, s->batch, s->n, s->n, s->lda, s->stride_a, w->driver->kernels->element_bytes);
  if (!is_batch(s->batch, s->n, s->n, s->lda, s->stride_a) || !a.fits) return FARRO_ERROR_ARGUMENT;
  if (s->n == 0) return FARRO_OK;
  const double flops = (double)s->n * (double)s->n * (double)s->n / 3;
  return run_tasks(w->driver, s->batch, flops / flops_per_nanosecond, factor_item, w, where);
}

farro_status farro_cholesky_f32(const farro_cholesky_shape *shape, float *a, farro_matrix_place *where) {
  block_driver d;
  if (!block_driver_f32(&d)) return FARRO_ERROR_ISA;
  return factor(&(batch){&d, shape, a}, where);
}

farro_status farro_cholesky_f64(const farro_cholesky_shape *shape, double *a, farro_matrix_place *where) {
  block_driver d;
  if (!block_driver_f64(&d)) return FARRO_ERROR_ISA;
  return factor(&(batch){&d, shape, a}, where);
}

// ---- solving with the factor ----

// The two solves: L Y = B and L^T X = Y, or with U^T and U.
static farro_triangular_shape half_of(const farro_cholesky_solve_shape *s, bool second) {
  return (farro_triangular_shape){.batch = s->batch,
                                  .n = s->n,
                                  .m = s->m,
                                  .upper = s->upper,
                                  .transpose = s->upper != second,
                                  .ldt = s->ldf,
                                  .ldb = s->ldb,
                                  .stride_t = s->stride_f,
                                  .stride_b = s->stride_b};
}

farro_status farro_cholesky_solve_f32(const farro_cholesky_solve_shape *shape, const float *factor, float *b,
                                      farro_matrix_place *where) {
  const farro_triangular_shape first = half_of(shape, false), second = half_of(shape, true);
  const farro_status status = farro_triangular_solve_f32(&first, 1, factor, b, where);
  return status == FARRO_OK ? farro_triangular_solve_f32(&second, 1, factor, b, where) : status;
}

farro_status farro_cholesky_solve_f64(const farro_cholesky_solve_shape *shape, const double *factor, double *b,
                                      farro_matrix_place *where) {
  const farro_triangular_shape first = half_of(shape, false), second = half_of(shape, true);
  const farro_status status = farro_triangular_solve_f64(&first, 1, factor, b, where);
  return status == FARRO_OK ? farro_triangular_solve_f64(&second, 1, factor, b, where) : status;
}
