// Entry of matmul: check, plan, hand out tasks. One driver for both element types.
//
// Each product is planned (plan.c) and cut into tasks that share nothing; the tasks of all products of a call are
// numbered through, and threads take ranges of them. So a single large product, a batch of small ones and a group of
// different ones keep all threads busy in the same way, and every element is computed by one task, in an order that
// depends on its product alone.
#include "include/matmul.h"

#include <string.h>

#include "job.h"
#include "runtime/dispatch.h"
#include "runtime/extent.h"

// A range of tasks takes about this long, so that handing it out costs nothing.
static const double range_nanoseconds = 20e3;

// ---- one job ----

static bool (*const paths[])(const matmul_job *, size_t, size_t) = {
    [FARRO_MATMUL_DIRECT] = farro_matmul_run_direct,
    [FARRO_MATMUL_PACKED] = farro_matmul_run_packed,
    [FARRO_MATMUL_THIN] = farro_matmul_run_direct,
    [FARRO_MATMUL_DOT] = farro_matmul_run_dot,
};

bool farro_matmul_run_tasks(const matmul_job *job, size_t first, size_t last) {
  return paths[job->plan.path](job, first, last);
}

static bool is_residual_itself(const matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  const farro_epilogue *e = job->epilogue;
  return e->residual == job->c && e->ld_residual == s->ldc && (s->batch < 2 || e->stride_residual == s->stride_c);
}

// C that is its own residual must not be overwritten by the sums of one block of k before the last.
static bool copies_residual(const matmul_job *job) {
  const farro_epilogue *e = job->epilogue;
  return e && e->residual && !e->visit && job->plan.k_block < job->shape.k && is_residual_itself(job);
}

// Jobs that use all threads for one product after another.
static bool runs_alone(const matmul_job *job) { return job->plan.path == FARRO_MATMUL_BLOCKED || copies_residual(job); }

static size_t tasks_of(const matmul_job *job) { return runs_alone(job) ? 0 : job->shape.batch * job->plan.tasks; }

// What the tasks of a job share.
static bool prepare(matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  if (job->plan.path != FARRO_MATMUL_DOT || !job->plan.packs_b) return true;
  job->shared = farro_allocate(job->plan.workspace);
  if (job->shared) job->kernels->pack_across(s->k, s->k, s->n, job->b, s->ldb, job->shared);
  return job->shared;
}

static void finish(matmul_job *job) { farro_release(job->shared, job->plan.workspace); }

typedef struct {
  const matmul_job *job;
  _Atomic bool failed;
} single;

static void run_tasks(void *context, size_t first, size_t last) {
  single *w = context;
  if (!farro_matmul_run_tasks(w->job, first, last)) w->failed = true;
}

static size_t grain_of(size_t tasks, double nanoseconds) {
  const double grain = range_nanoseconds * (double)tasks / (nanoseconds + 1), most = (double)ceil_divide(tasks, 16);
  return grain < 1 ? 1 : (size_t)(grain < most ? grain : most);
}

// A job that has its plan.
static farro_status run(matmul_job *job);

static farro_status run_tasks_of(matmul_job *job) {
  if (!prepare(job)) return FARRO_ERROR_MEMORY;
  single w = {.job = job};
  const size_t tasks = tasks_of(job);
  if (tasks == 1) {
    run_tasks(&w, 0, 1);
  } else {
    const double nanoseconds = (double)job->shape.batch * farro_matmul_nanoseconds(job);
    farro_parallel_for(tasks, grain_of(tasks, nanoseconds), nanoseconds, run_tasks, &w);
  }
  finish(job);
  return w.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// With a copy of the residual that is C.
static farro_status run_with_copy(matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  const size_t row = s->n * job->kernels->element_bytes, bytes = s->batch * s->m * row;
  char *copy = farro_allocate(bytes);
  if (!copy) return FARRO_ERROR_MEMORY;
  for (size_t i = 0; i < s->batch * s->m; i++)
    memcpy(copy + i * row, element(job, job->c, i / s->m * s->stride_c + i % s->m * s->ldc), row);
  farro_epilogue own = *job->epilogue;
  own.residual = copy, own.ld_residual = s->n, own.stride_residual = s->m * s->n;
  job->epilogue = &own;
  const farro_status status = run(job);
  farro_release(copy, bytes);
  return status;
}

static farro_status run(matmul_job *job) {
  if (job->plan.path == FARRO_MATMUL_EMPTY) return FARRO_OK;
  if (copies_residual(job)) return run_with_copy(job);
  if (runs_alone(job)) return farro_matmul_run_blocks(job) ? FARRO_OK : FARRO_ERROR_MEMORY;
  return run_tasks_of(job);
}

// ---- arguments ----

typedef struct {
  farro_extent a, b, c;
} operands;

static operands operands_of(const matmul_job *job) {
  const farro_matmul_shape *s = &job->shape;
  const size_t bytes = job->kernels->element_bytes;
  return (operands){.a = farro_extent_of(job->a, s->batch, s->transpose_a ? s->k : s->m, s->transpose_a ? s->m : s->k,
                                         s->lda, s->stride_a, bytes),
                    .b = farro_extent_of(job->b, job->packed ? 0 : s->batch, s->transpose_b ? s->n : s->k,
                                         s->transpose_b ? s->k : s->n, s->ldb, s->stride_b, bytes),
                    .c = farro_extent_of(job->c, s->batch, s->m, s->n, s->ldc, s->stride_c, bytes)};
}

static bool is_valid_epilogue(const matmul_job *job, const operands *o) {
  const farro_matmul_shape *s = &job->shape;
  const farro_epilogue *e = job->epilogue;
  if ((unsigned)e->activation >= FARRO_ACTIVATION_FUSED || (e->visit && !job->overwrites)) return false;
  if (!e->residual) return true;
  const farro_extent residual = farro_extent_of(e->residual, s->batch, s->m, s->n, e->ld_residual, e->stride_residual,
                                                job->kernels->element_bytes);
  const bool is_apart = !job->c || e->visit || is_residual_itself(job) || !farro_share_memory(&residual, &o->c);
  return e->ld_residual >= s->n && residual.fits && is_apart;
}

static bool does_nothing(const farro_epilogue *e) {
  return !e->scale && !e->bias && e->activation == FARRO_ACTIVATION_NONE && !e->residual && !e->visit;
}

static bool is_valid(const matmul_job *job) {
  if (!farro_matmul_accepts(&job->shape, job->packed)) return false;
  const operands o = operands_of(job);
  if (!o.a.fits || !o.b.fits || !o.c.fits) return false;
  if (job->c && (farro_share_memory(&o.a, &o.c) || farro_share_memory(&o.b, &o.c))) return false;
  return !job->epilogue || is_valid_epilogue(job, &o);
}

// Operands that are not touched may be NULL, to which nothing may be added: they get some address. An epilogue that
// does nothing would send each tile over the stack.
static void name_absent(matmul_job *job) {
  static char nothing;
  if (job->epilogue && does_nothing(job->epilogue)) job->epilogue = NULL;
  if (job->shape.k == 0) job->a = job->b = &nothing;
  if (job->epilogue && job->epilogue->visit) job->c = &nothing;
}

// ---- groups ----

typedef struct {
  const matmul_job *jobs;
  const size_t *ends; // tasks of all jobs up to and with this one
  size_t count;
  _Atomic bool failed;
} group;

static void run_group_tasks(void *context, size_t first, size_t last) {
  group *w = context;
  size_t low = 0, high = w->count - 1; // the first job that ends after `first`
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (w->ends[middle] > first)
      high = middle;
    else
      low = middle + 1;
  }
  for (size_t i = low; first < last; i++) {
    const matmul_job *job = &w->jobs[i];
    const size_t start = w->ends[i] - tasks_of(job), end = smaller(w->ends[i], last);
    if (end > first && !farro_matmul_run_tasks(job, first - start, end - start)) w->failed = true;
    first = end > first ? end : first;
  }
}

static farro_status run_group(const matmul_job *pattern, size_t count, const farro_matmul_problem *problems,
                              bool ignores_product, bool keeps_c) {
  if (count == 0) return FARRO_OK;
  const size_t bytes = count * (sizeof(matmul_job) + sizeof(size_t));
  matmul_job *jobs = farro_allocate(bytes);
  if (!jobs) return FARRO_ERROR_MEMORY;
  size_t *ends = (size_t *)(jobs + count);
  farro_status status = FARRO_OK;
  for (size_t i = 0; i < count && status == FARRO_OK; i++) {
    jobs[i] = *pattern;
    jobs[i].shape = problems[i].shape, jobs[i].a = problems[i].a, jobs[i].b = problems[i].b, jobs[i].c = problems[i].c;
    jobs[i].epilogue = problems[i].epilogue;
    if (!is_valid(&jobs[i])) status = FARRO_ERROR_ARGUMENT;
    if (ignores_product) jobs[i].shape.k = 0;
    name_absent(&jobs[i]);
    if (jobs[i].shape.k == 0 && keeps_c && !jobs[i].epilogue) jobs[i].shape.batch = 0;
  }
  size_t prepared = 0, tasks = 0;
  double nanoseconds = 0;
  for (; prepared < count && status == FARRO_OK; prepared++) {
    farro_matmul_plan_job(&jobs[prepared]);
    if (!prepare(&jobs[prepared])) status = FARRO_ERROR_MEMORY;
    ends[prepared] = tasks += tasks_of(&jobs[prepared]);
    if (!runs_alone(&jobs[prepared]))
      nanoseconds += (double)jobs[prepared].shape.batch * farro_matmul_nanoseconds(&jobs[prepared]);
  }
  if (status == FARRO_OK && tasks > 0) {
    group w = {.jobs = jobs, .ends = ends, .count = count};
    farro_parallel_for(tasks, grain_of(tasks, nanoseconds), nanoseconds, run_group_tasks, &w);
    if (w.failed) status = FARRO_ERROR_MEMORY;
  }
  for (size_t i = 0; i < prepared; i++) {
    if (status == FARRO_OK && runs_alone(&jobs[i])) status = run(&jobs[i]);
    finish(&jobs[i]);
  }
  farro_release(jobs, bytes);
  return status;
}

// ---- entries ----

static farro_status multiply(matmul_job *job, bool ignores_product, bool keeps_c) {
  if (!is_valid(job)) return FARRO_ERROR_ARGUMENT;
  if (ignores_product) job->shape.k = 0; // reads neither A nor B
  name_absent(job);
  if (job->shape.k == 0) job->packed = NULL;
  if (job->shape.k == 0 && keeps_c && !job->epilogue) return FARRO_OK;
  farro_matmul_plan_job(job);
  return run(job);
}

static farro_status plan_of(matmul_job *job, farro_matmul_plan *plan) {
  if (!is_valid(job)) return FARRO_ERROR_ARGUMENT;
  if (job->shape.k == 0) job->packed = NULL;
  farro_matmul_plan_job(job);
  *plan = job->plan;
  return FARRO_OK;
}

#define ENTRIES(type, scalar)                                                                                          \
  static const scalar one_##type = 1;                                                                                  \
                                                                                                                       \
  farro_status farro_matmul_fused_##type(const farro_matmul_shape *shape, scalar alpha, const scalar *a,               \
                                         const scalar *b, scalar beta, scalar *c, const farro_epilogue *epilogue) {    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    matmul_job job = {.kernels = kernels->matmul_##type,                                                               \
                      .shape = *shape,                                                                                 \
                      .a = a,                                                                                          \
                      .b = b,                                                                                          \
                      .c = c,                                                                                          \
                      .alpha = &alpha,                                                                                 \
                      .beta = &beta,                                                                                   \
                      .one = &one_##type,                                                                              \
                      .epilogue = epilogue,                                                                            \
                      .overwrites = beta == 0};                                                                        \
    return multiply(&job, alpha == 0, beta == 1);                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_matmul_##type(const farro_matmul_shape *shape, scalar alpha, const scalar *a, const scalar *b,    \
                                   scalar beta, scalar *c) {                                                           \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (alpha != 0 && farro_matmul_run_small(kernels->matmul_##type, shape, &alpha, a, b, &beta, c)) return FARRO_OK;  \
    return farro_matmul_fused_##type(shape, alpha, a, b, beta, c, NULL);                                               \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_matmul_packed_##type(const farro_matmul_shape *shape, scalar alpha, const scalar *a,              \
                                          const farro_packed_matrix *packed, scalar beta, scalar *c,                   \
                                          const farro_epilogue *epilogue) {                                            \
    if (!packed || packed->kernels->element_bytes != sizeof(scalar)) return FARRO_ERROR_ARGUMENT;                      \
    if (packed->k != shape->k || packed->n != shape->n) return FARRO_ERROR_ARGUMENT;                                   \
    matmul_job job = {.kernels = packed->kernels,                                                                      \
                      .shape = *shape,                                                                                 \
                      .a = a,                                                                                          \
                      .c = c,                                                                                          \
                      .alpha = &alpha,                                                                                 \
                      .beta = &beta,                                                                                   \
                      .one = &one_##type,                                                                              \
                      .epilogue = epilogue,                                                                            \
                      .packed = packed,                                                                                \
                      .overwrites = beta == 0};                                                                        \
    return multiply(&job, alpha == 0, beta == 1);                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_matmul_grouped_##type(size_t count, const farro_matmul_problem *problems, scalar alpha,           \
                                           scalar beta) {                                                              \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    const matmul_job pattern = {.kernels = kernels->matmul_##type,                                                     \
                                .alpha = &alpha,                                                                       \
                                .beta = &beta,                                                                         \
                                .one = &one_##type,                                                                    \
                                .overwrites = beta == 0};                                                              \
    return run_group(&pattern, count, problems, alpha == 0, beta == 1);                                                \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_matmul_plan_##type(const farro_matmul_shape *shape, farro_matmul_plan *plan) {                    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    matmul_job job = {.kernels = kernels->matmul_##type, .shape = *shape};                                             \
    return plan_of(&job, plan);                                                                                        \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)

farro_status farro_matmul_plan_packed(const farro_matmul_shape *shape, const farro_packed_matrix *packed,
                                      farro_matmul_plan *plan) {
  if (!packed || packed->k != shape->k || packed->n != shape->n) return FARRO_ERROR_ARGUMENT;
  if (packed->kernels->element_bytes == 1) return farro_low_precision_plan_packed(shape, packed, plan);
  matmul_job job = {.kernels = packed->kernels, .shape = *shape, .packed = packed};
  return plan_of(&job, plan);
}
