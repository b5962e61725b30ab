// Which way a product goes, and how it is cut. Only shape, element type and instruction set decide, so that results do
// not depend on threads.
#include <stdio.h>

#include "job.h"
#include "runtime/dispatch.h"

enum {
  block_bytes = 3072, // of k, at most: a panel of B (96 KiB in f32) streams from L2, one of A (42 KiB) stays in L1
  block_panels = 4,   // of B that a task packs: 384 KiB at most, in L2 while all rows of A run over it
  least_parts = 8,    // that a product is cut into, if they are long enough
  thin_k = 16,        // rows of B that are read side by side: one memory stream each
  thin_bytes = 8192,  // of a row of B that a task reads, at most: shorter runs cost up to 15%
};

// B of this size stays in L1.
static const size_t nearest_bytes = 16 * 1024;

// Products above this are blocked: some 270^3.
static const double large_flops = 40e6;

// Rough speed of one thread, to decide about waking others.
static const double flops_per_nanosecond = 150, bytes_per_nanosecond = 20, least_nanoseconds = 5;

// A task is about this long at least, so that handing it out costs little.
static const double task_nanoseconds = 2e3;

// Batches of this many products are cut into whole products.
static const size_t long_batch = 16;

size_t farro_matmul_k_block(const matmul_kernels *kernels, size_t k) {
  const size_t blocks = ceil_divide(k * kernels->element_bytes, block_bytes);
  return blocks < 2 ? k : round_up(ceil_divide(k, blocks), 8);
}

// ---- the shape ----

bool farro_matmul_accepts(const farro_matmul_shape *s, bool packed) {
  const bool a = s->lda >= (s->transpose_a ? s->m : s->k), b = packed || s->ldb >= (s->transpose_b ? s->k : s->n);
  return a && b && s->ldc >= s->n && (s->batch < 2 || s->m == 0 || s->stride_c >= (s->m - 1) * s->ldc + s->n);
}

// Products that share B and follow one another in A and C are one product with more rows.
static void join_batch(matmul_job *job) {
  farro_matmul_shape *s = &job->shape;
  const farro_epilogue *e = job->epilogue;
  const bool shares_b = job->packed || s->stride_b == 0;
  const bool is_joinable =
      s->batch > 1 && shares_b && !s->transpose_a && s->stride_a == s->m * s->lda && s->stride_c == s->m * s->ldc;
  if (!is_joinable || (e && (e->visit || (e->residual && e->stride_residual != s->m * e->ld_residual)))) return;
  s->m *= s->batch;
  s->batch = 1;
}

// A^T b for a vector b is (b^T A)^T: B's role is then A's, which is read in the order in which it lies.
static void exchange(matmul_job *job) {
  farro_matmul_shape *s = &job->shape;
  if (s->n != 1 || s->m == 1 || !s->transpose_a || s->ldc != 1 || job->packed || job->epilogue) return;
  const farro_matmul_shape old = *s;
  s->m = 1, s->n = old.m, s->ldc = old.m;
  s->transpose_a = !old.transpose_b, s->transpose_b = false;
  s->lda = old.ldb, s->stride_a = old.stride_b;
  s->ldb = old.lda, s->stride_b = old.stride_a;
  const void *a = job->a;
  job->a = job->b, job->b = a;
}

// ---- the paths ----

static bool visits(const matmul_job *job) { return job->epilogue && job->epilogue->visit; }

static double flops_of(const farro_matmul_shape *s) { return 2.0 * (double)s->m * (double)s->n * (double)s->k; }

// Whether tiles read B where it lies faster than a packed copy of it. Measured against packing with AVX-512 (L2 of 1
// MiB), time with B in place: 0.97 at 400^3 and 0.92 at 1000^3 in f32, 0.93 at 600^3 in f64; but 1.2 at 1500^3 (9 MiB),
// and 1.7 at 1024^3, where the rows of B share sets.
static bool reads_b_in_place(const matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  const size_t near = job->kernels->near_bytes, bytes = job->kernels->element_bytes;
  if (s->transpose_a && s->k * s->lda * bytes > near / 4) return false; // a line of A for each step, once per tile
  return !s->transpose_b && s->k * s->ldb * bytes <= (rows_share_sets(s->ldb * bytes) ? near : 4 * near);
}

// How many parts `units` are cut into: of most_units at most, but no shorter than a task should be. A multiple of 4,
// for as many threads would wait for one that has a part more.
static size_t parts_of(size_t units, size_t most_units, double nanoseconds) {
  const size_t parts = round_up(larger(ceil_divide(units, most_units), least_parts), 4);
  const double most = nanoseconds / task_nanoseconds; // which no size_t may hold
  return most < (double)units ? smaller(parts, (size_t)most + 1) : smaller(parts, units);
}

// Cuts the rows of C, in whole tiles.
static void cut_rows(matmul_job *job, size_t most_panels, double nanoseconds) {
  farro_matmul_plan *p = &job->plan;
  const size_t panels = ceil_divide(job->shape.m, p->tile_rows);
  p->tasks = parts_of(panels, most_panels, nanoseconds);
  p->row_block = smaller(ceil_divide(panels, p->tasks) * p->tile_rows, job->shape.m);
}

static void plan_direct(matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  const matmul_kernels *kernels = job->kernels;
  farro_matmul_plan *p = &job->plan;
  p->path = FARRO_MATMUL_DIRECT;
  p->k_block = s->k, p->column_block = p->tile_columns = s->n;
  const size_t most = s->n <= kernels->narrow_columns ? kernels->tall_rows : kernels->rows;
  if (s->m <= most) { // a call on small matrices takes some 20 ns, of which each division would be 3
    p->tile_rows = p->row_block = s->m, p->tasks = 1;
    return;
  }
  p->tile_rows = even_rows(s->m, most);
  if (s->k * s->n * kernels->element_bytes > nearest_bytes) p->tile_columns = kernels->columns;
  p->row_block = s->m, p->tasks = 1;
  const double nanoseconds = flops_of(s) / flops_per_nanosecond;
  if (s->batch >= long_batch || nanoseconds < 2 * task_nanoseconds) return;
  cut_rows(job, block_panels, nanoseconds);
}

static void plan_thin(matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  farro_matmul_plan *p = &job->plan;
  const size_t bytes = job->kernels->element_bytes, blocks = round_up(ceil_divide(s->n * bytes, thin_bytes), 2);
  p->path = FARRO_MATMUL_THIN;
  p->tile_rows = even_rows(s->m, job->kernels->rows);
  p->k_block = visits(job) ? s->k : thin_k;
  p->row_block = s->m;
  p->column_block = p->tile_columns = round_up(ceil_divide(s->n, blocks), job->kernels->columns);
  p->tasks = ceil_divide(s->n, p->column_block);
}

// Whether each column of op(B) is contiguous.
static bool has_rows_of_b(const farro_matmul_shape *s) { return s->transpose_b || (s->n == 1 && s->ldb == 1); }

static void plan_dot(matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  farro_matmul_plan *p = &job->plan;
  const matmul_kernels *kernels = job->kernels;
  p->path = FARRO_MATMUL_DOT;
  p->k_block = s->k;
  const double nanoseconds = flops_of(s) / flops_per_nanosecond +
                             (double)((s->m + s->n) * s->k * kernels->element_bytes) / bytes_per_nanosecond;
  p->tile_rows = smaller(s->m, kernels->dot_rows);
  p->tile_columns = smaller(s->n, kernels->dot_columns);
  p->row_block = s->m, p->column_block = s->n;
  if (s->m >= s->n) {
    cut_rows(job, s->m, nanoseconds);
  } else {
    const size_t units = ceil_divide(s->n, kernels->dot_columns);
    p->column_block = ceil_divide(units, parts_of(units, units, nanoseconds)) * kernels->dot_columns;
    p->tasks = ceil_divide(s->n, p->column_block);
  }
  p->packs_b = !has_rows_of_b(s);
  if (p->packs_b) p->workspace = s->n * s->k * kernels->element_bytes;
}

static void plan_packed(matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  const matmul_kernels *kernels = job->kernels;
  farro_matmul_plan *p = &job->plan;
  p->path = FARRO_MATMUL_PACKED;
  p->packs_b = !job->packed;
  p->tile_rows = even_rows(s->m, kernels->rows);
  p->k_block = job->packed ? job->packed->k_block : farro_matmul_k_block(kernels, s->k);
  const size_t panels_of_b = ceil_divide(s->n, kernels->columns);
  const double nanoseconds = flops_of(s) / flops_per_nanosecond;
  p->column_block = ceil_divide(panels_of_b, parts_of(panels_of_b, block_panels, nanoseconds)) * kernels->columns;
  if (visits(job) && !job->packed) { // all of k is packed at once
    const size_t fits = block_panels * block_bytes / (s->k * kernels->element_bytes);
    p->column_block = smaller(p->column_block, larger(fits, 1) * kernels->columns);
  }
  // Each block of rows packs B anew, so there are more of them only where columns do not keep the threads busy.
  const size_t column_blocks = ceil_divide(s->n, p->column_block), most = ceil_divide(least_parts, column_blocks);
  cut_rows(job, s->m, nanoseconds / 4);
  p->tasks = smaller(p->tasks, most);
  p->row_block = smaller(ceil_divide(ceil_divide(s->m, p->tile_rows), p->tasks) * p->tile_rows, s->m);
  p->tasks *= column_blocks;
  size_t elements = p->packs_b ? p->column_block * p->k_block : 0;
  if (visits(job)) elements = p->column_block * ((p->packs_b ? s->k : 0) + p->tile_rows);
  p->workspace = elements * kernels->element_bytes;
}

static void plan_blocked(matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  const matmul_kernels *kernels = job->kernels;
  farro_matmul_plan *p = &job->plan;
  p->path = FARRO_MATMUL_BLOCKED;
  p->packs_b = !job->packed;
  p->copies_a = s->transpose_a || rows_share_sets(s->lda * kernels->element_bytes);
  p->tile_rows = even_rows(s->m, kernels->rows);
  p->k_block = job->packed ? job->packed->k_block : farro_matmul_k_block(kernels, s->k);
  p->column_block = block_panels * kernels->columns;
  cut_rows(job, block_panels, flops_of(s) / flops_per_nanosecond);
  const size_t columns = round_up(smaller(s->n, farro_matmul_most_columns), kernels->columns);
  if (p->packs_b) p->workspace = columns * p->k_block * kernels->element_bytes;
}

void farro_matmul_plan_job(matmul_job *job) {
  join_batch(job);
  exchange(job);
  const farro_matmul_shape *s = &job->shape;
  const matmul_kernels *kernels = job->kernels;
  const size_t bytes = kernels->element_bytes, few = 2 * kernels->rows;
  job->plan = (farro_matmul_plan){.path = FARRO_MATMUL_EMPTY, .tile_columns = kernels->columns};
  if (s->batch == 0 || s->m == 0 || s->n == 0) return;
  const bool long_k = has_long_k(s, bytes);
  const bool is_large = flops_of(s) > large_flops && s->m > few && !visits(job);
  if (s->k == 0)
    plan_direct(job);
  else if (job->packed)
    (is_large ? plan_blocked : plan_packed)(job);
  else if (!s->transpose_a && long_k && has_rows_of_b(s) && smaller(s->m, s->n) <= few)
    plan_dot(job);
  else if (!s->transpose_a && long_k && s->batch == 1 && s->n * bytes <= 48 && s->m >= 64)
    plan_dot(job);
  else if (!s->transpose_b && s->m <= few && s->k * s->ldb * bytes > kernels->near_bytes / 4)
    plan_thin(job);
  else if (reads_b_in_place(job))
    plan_direct(job);
  else
    (is_large ? plan_blocked : plan_packed)(job);
}

double farro_matmul_nanoseconds(const matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  const size_t bytes = (s->m * s->k + s->k * s->n + s->m * s->n) * job->kernels->element_bytes;
  return flops_of(s) / flops_per_nanosecond + (double)bytes / (4 * bytes_per_nanosecond) + least_nanoseconds;
}

// ---- in words ----

void farro_matmul_plan_describe(const farro_matmul_plan *p, char *text, size_t size) {
  static const char *const names[] = {"nothing", "direct",       "packed",   "blocked",
                                      "thin",    "dot products", "gathered", "widened"};
  if (p->path == FARRO_MATMUL_EMPTY) {
    snprintf(text, size, "%s", names[p->path]);
    return;
  }
  snprintf(text, size, "%s%s%s, %zux%zu tiles, k by %zu, %zu task%s of %zux%zu", names[p->path],
           p->packs_b ? ", packs B" : "", p->copies_a ? ", copies A" : "", p->tile_rows, p->tile_columns, p->k_block,
           p->tasks, p->tasks == 1 ? "" : "s", p->row_block, p->column_block);
}
