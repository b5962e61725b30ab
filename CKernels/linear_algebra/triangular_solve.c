// Triangular solves. The triangle is halved: the first unknowns are solved, one matmul subtracts what they contribute
// to the others, and these are solved in turn. Triangles of triangle_order go to a kernel, with the right-hand sides in
// strips.
#include "blocks.h"

static const double flops_per_nanosecond = 30; // of the kernel

// The first unknowns are the last in memory where op(T), seen from the left, is upper.
static bool runs_backward(const triangular_system *s) { return (s->upper != s->transpose) != s->right; }

// ---- one triangle ----

typedef struct {
  const triangular_system *system;
  const packed_triangle *triangle;
  void *b; // of the triangle's first unknown in memory
} leaf;

static void solve_strips(void *context, size_t first, size_t last) {
  const leaf *w = context;
  const triangular_system *s = w->system;
  const linear_algebra_kernels *kernels = s->driver->kernels;
  for (size_t strip = first; strip < last; strip++) {
    const size_t side = strip * kernels->columns, left = s->m - side;
    kernels->solve(w->triangle, s->right, runs_backward(s), left < kernels->columns ? left : kernels->columns,
                   element_of(s->driver, w->b, s->right ? side * s->ldb : side), s->ldb);
  }
}

// Unknowns first..<first + n. In the order in which they are solved, (i, k) of the packed triangle is what unknown k
// contributes to equation i: op(T)[i, k], or op(T)[k, i] with `right`.
static __attribute__((noinline)) void solve_leaf(const triangular_system *s, size_t first, size_t n) {
  packed_triangle triangle;
  const linear_algebra_kernels *kernels = s->driver->kernels;
  const bool backward = runs_backward(s);
  const ptrdiff_t along = backward ? -1 : 1, across = along * (ptrdiff_t)s->ldt;
  const size_t start = backward ? first + n - 1 : first;
  const bool crossed = s->transpose != s->right;
  kernels->pack(n, element(s->driver, s->t, start * s->ldt + start), crossed ? along : across, crossed ? across : along,
                s->unit_diagonal, &triangle);
  leaf work = {s, &triangle, element_of(s->driver, s->b, s->right ? first : first * s->ldb)};
  const size_t strips = (s->m + kernels->columns - 1) / kernels->columns;
  const double nanoseconds = (double)(n * n) * (double)s->m / flops_per_nanosecond;
  farro_parallel_for(strips, strips > 64 ? 4 : 1, nanoseconds, solve_strips, &work);
}

// ---- all of it ----

// Subtracts what unknowns `from`..<from + k contribute to `to`..<to + n.
static farro_status subtract(const triangular_system *s, size_t from, size_t k, size_t to, size_t n) {
  const bool crossed = s->transpose != s->right; // T's block is stored with rows `from`
  const void *t = element(s->driver, s->t, crossed ? from * s->ldt + to : to * s->ldt + from);
  farro_matmul_shape shape = {.batch = 1, .k = k, .ldc = s->ldb};
  if (s->right) {
    shape.m = s->m, shape.n = n, shape.transpose_b = s->transpose;
    shape.lda = s->ldb, shape.ldb = s->ldt;
    return s->driver->multiply(&shape, -1, element(s->driver, s->b, from), t, 1, element_of(s->driver, s->b, to));
  }
  shape.m = n, shape.n = s->m, shape.transpose_a = s->transpose;
  shape.lda = s->ldt, shape.ldb = s->ldb;
  return s->driver->multiply(&shape, -1, t, element(s->driver, s->b, from * s->ldb), 1,
                             element_of(s->driver, s->b, to * s->ldb));
}

static farro_status solve_range(const triangular_system *s, size_t first, size_t n) {
  if (n <= triangle_order) {
    solve_leaf(s, first, n);
    return FARRO_OK;
  }
  const size_t half = halfway(n, triangle_order), rest = n - half;
  const bool backward = runs_backward(s);
  const size_t known = backward ? first + rest : first, unknown = backward ? first : first + half;
  farro_status status = solve_range(s, known, half);
  if (status == FARRO_OK) status = subtract(s, known, half, unknown, rest);
  return status == FARRO_OK ? solve_range(s, unknown, rest) : status;
}

farro_status solve_triangular(const triangular_system *s, size_t n) {
  return n == 0 || s->m == 0 ? FARRO_OK : solve_range(s, 0, n);
}

// ---- entry ----

typedef struct {
  const block_driver *driver;
  const farro_triangular_shape *shape;
  double alpha;
  const void *t;
  void *b;
} batch;

static bool is_zero(const block_driver *d, const void *matrix, size_t index) {
  const void *x = element(d, matrix, index);
  return d->kernels->element_bytes == 4 ? *(const float *)x == 0 : *(const double *)x == 0;
}

static farro_status check_diagonal(void *context, size_t item, size_t *row) {
  const batch *w = context;
  const farro_triangular_shape *s = w->shape;
  const void *t = element(w->driver, w->t, item * s->stride_t);
  for (*row = 0; *row < s->n; ++*row)
    if (is_zero(w->driver, t, *row * s->ldt + *row)) return FARRO_ERROR_SINGULAR;
  return FARRO_OK;
}

static farro_status solve_item(void *context, size_t item, size_t *row) {
  (void)row;
  const batch *w = context;
  const farro_triangular_shape *s = w->shape;
  void *b = element_of(w->driver, w->b, item * s->stride_b);
  if (w->alpha != 1) {
    const farro_matmul_shape scale = {.batch = 1,
                                      .m = s->right ? s->m : s->n,
                                      .n = s->right ? s->n : s->m,
                                      .ldb = s->right ? s->n : s->m,
                                      .ldc = s->ldb};
    const farro_status status = w->driver->multiply(&scale, 0, NULL, NULL, w->alpha, b);
    if (status != FARRO_OK || w->alpha == 0) return status;
  }
  const triangular_system system = {.driver = w->driver,
                                    .m = s->m,
                                    .right = s->right,
                                    .upper = s->upper,
                                    .transpose = s->transpose,
                                    .unit_diagonal = s->unit_diagonal,
                                    .t = element(w->driver, w->t, item * s->stride_t),
                                    .ldt = s->ldt,
                                    .b = b,
                                    .ldb = s->ldb};
  return solve_triangular(&system, s->n);
}

static farro_status solve(batch *w, farro_matrix_place *where) {
  const farro_triangular_shape *s = w->shape;
  const size_t rows = s->right ? s->m : s->n, columns = s->right ? s->n : s->m;
  if (!is_matrix(s->n, s->n, s->ldt) || !is_batch(s->batch, rows, columns, s->ldb, s->stride_b))
    return FARRO_ERROR_ARGUMENT;
  const size_t bytes = w->driver->kernels->element_bytes;
  const farro_extent t = farro_extent_of(w->t, s->batch, s->n, s->n, s->ldt, s->stride_t, bytes);
  const farro_extent b = farro_extent_of(w->b, s->batch, rows, columns, s->ldb, s->stride_b, bytes);
  if (!t.fits || !b.fits || farro_share_memory(&t, &b)) return FARRO_ERROR_ARGUMENT;
  if (s->n == 0 || s->m == 0) return FARRO_OK;
  if (w->alpha != 0 && !s->unit_diagonal) {
    const size_t distinct = s->stride_t == 0 && s->batch > 0 ? 1 : s->batch;
    const farro_status status = run_tasks(w->driver, distinct, (double)s->n, check_diagonal, w, where);
    if (status != FARRO_OK) return status;
  }
  const double flops = (double)s->n * (double)s->n * (double)s->m;
  return run_tasks(w->driver, s->batch, flops / flops_per_nanosecond, solve_item, w, NULL);
}

farro_status farro_triangular_solve_f32(const farro_triangular_shape *shape, float alpha, const float *t, float *b,
                                        farro_matrix_place *where) {
  block_driver d;
  if (!block_driver_f32(&d)) return FARRO_ERROR_ISA;
  return solve(&(batch){&d, shape, (double)alpha, t, b}, where);
}

farro_status farro_triangular_solve_f64(const farro_triangular_shape *shape, double alpha, const double *t, double *b,
                                        farro_matrix_place *where) {
  block_driver d;
  if (!block_driver_f64(&d)) return FARRO_ERROR_ISA;
  return solve(&(batch){&d, shape, alpha, t, b}, where);
}
