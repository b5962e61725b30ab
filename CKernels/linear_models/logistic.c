// One pass over the rows: a block's margins, losses, residuals and share of the gradient while it is in the L1 cache.
#include <string.h>

#include "logistic_pass.h"

#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

enum {
  block_bytes = 32 * 1024,
  least_block = 32,
  range_rows = 512, // the least that one task takes
  most_ranges = 32,
};

// Rough speed of one thread, to decide about waking others.
static const double products_per_nanosecond = 20, nanoseconds_per_margin = 1;

// ---- one range of rows ----

static void run_block(const logistic_pass *p, size_t first, size_t rows, char *z, size_t pitch, double *partial) {
  const logistic_kernels *kernels = p->kernels;
  const farro_logistic_problem *problem = p->problem;
  const size_t d = problem->columns, element = kernels->element_bytes;
  const int64_t *offsets = p->offsets ? p->offsets + first : NULL;
  const char *x = p->offsets ? NULL : (const char *)p->x + first * p->ldx * element;
  if (offsets)
    kernels->sparse_margins(rows, p->k, offsets, p->indices, p->x, p->w, p->intercepts, z, pitch);
  else
    kernels->margins(rows, d, p->k, x, p->ldx, p->w, d, p->intercepts, z, pitch);
  partial[0] += kernels->residuals(rows, p->k, problem->labels + first,
                                   problem->weights ? problem->weights + first : NULL, z, pitch);
  if (offsets)
    kernels->sparse_gradient(rows, d, p->k, offsets, p->indices, p->x, z, pitch, partial + 1);
  else
    kernels->gradient(rows, d, p->k, x, p->ldx, z, pitch, partial + 1);
}

static void run_ranges(void *context, size_t first, size_t last) {
  logistic_pass *p = context;
  const size_t pitch = round_up(p->block, logistic_row_unit), bytes = p->k * pitch * p->kernels->element_bytes;
  char *z = farro_allocate(bytes);
  if (!z) p->failed = true;
  for (size_t r = first; z && r < last; r++) {
    double *partial = p->partials + r * p->partial;
    memset(partial, 0, p->partial * sizeof *partial);
    const size_t end = smaller((r + 1) * p->range, p->problem->rows);
    for (size_t row = r * p->range; row < end; row += p->block)
      run_block(p, row, smaller(p->block, end - row), z, pitch, partial);
  }
  farro_release(z, bytes);
}

// ---- all of them ----

void farro_logistic_take_coefficients(logistic_pass *p, const double *from) {
  const size_t d = p->problem->columns, k = p->k;
  const bool is_single = p->kernels->element_bytes == sizeof(float);
  for (size_t c = 0; c < k; c++)
    for (size_t j = 0; j <= d; j++) {
      const double value = from[c * (d + 1) + j];
      void *const to = j == d ? p->intercepts : p->w;
      const size_t at = j == d ? c : p->offsets ? j * k + c : c * d + j;
      if (is_single)
        ((float *)to)[at] = (float)value;
      else
        ((double *)to)[at] = value;
    }
}

static double give_gradient(const logistic_pass *p, const double *coefficients, double *gradient) {
  const size_t d = p->problem->columns, k = p->k, count = k * (d + 1);
  const double share = 1 / p->weight, l2 = p->problem->l2;
  double loss = 0, squares = 0;
  memset(gradient, 0, count * sizeof *gradient);
  for (size_t r = 0; r < p->ranges; r++) {
    const double *partial = p->partials + r * p->partial;
    loss += partial[0];
    if (p->offsets) {
      for (size_t c = 0; c < k; c++)
        for (size_t j = 0; j <= d; j++) gradient[c * (d + 1) + j] += partial[1 + j * k + c];
    } else {
      for (size_t i = 0; i < count; i++) gradient[i] += partial[1 + i];
    }
  }
  for (size_t c = 0; c < k; c++)
    for (size_t j = 0; j <= d; j++) {
      const size_t at = c * (d + 1) + j;
      const double w = j < d ? coefficients[at] : 0;
      gradient[at] = j == d && !p->problem->intercept ? 0 : gradient[at] * share + l2 * w;
      squares += w * w;
    }
  return loss * share + l2 / 2 * squares;
}

double farro_logistic_pass(void *context, const double *coefficients, double *gradient) {
  logistic_pass *p = context;
  farro_logistic_take_coefficients(p, coefficients);
  const double products = 2 * (double)p->k * (double)p->elements, margins = (double)p->k * (double)p->problem->rows;
  farro_parallel_for(p->ranges, 1, products / products_per_nanosecond + margins * nanoseconds_per_margin, run_ranges,
                     p);
  return give_gradient(p, coefficients, gradient);
}

farro_status farro_logistic_pass_begin(logistic_pass *p) {
  const farro_logistic_problem *problem = p->problem;
  const size_t n = problem->rows, d = problem->columns;
  if (problem->classes < 2 || problem->classes > INT32_MAX || !(problem->l1 >= 0) || !(problem->l2 >= 0))
    return FARRO_ERROR_ARGUMENT;
  p->k = problem->classes == 2 ? 1 : problem->classes;
  if (!can_exist(n, 1, 1) || !can_exist(p->k, d, 64) || (!p->offsets && !are_rows(n, d, p->ldx)) ||
      (n > 0 && !problem->labels))
    return FARRO_ERROR_ARGUMENT;
  p->weight = problem->weights ? 0 : (double)n;
  for (size_t i = 0; problem->weights && i < n; i++) p->weight += problem->weights[i];
  if (!(p->weight > 0)) p->weight = 1;
  p->elements = p->offsets ? (size_t)p->offsets[n] : n * d;
  const size_t element = p->kernels->element_bytes, row_bytes = p->elements / larger(n, 1) * element + 1;
  p->block = smaller(larger(block_bytes / row_bytes / least_block * least_block, least_block), logistic_most_rows);
  p->partial = 1 + p->k * (d + 1);
  // Gradients of ranges: no more than a quarter of the data, unless that leaves no work for a second thread.
  const size_t fits = larger(p->elements * element / 4 / (p->partial * sizeof(double)), 2);
  p->ranges = smaller(smaller(ceil_divide(n, range_rows), most_ranges), fits);
  p->range = p->ranges ? round_up(ceil_divide(n, p->ranges), least_block) : 0;
  p->ranges = p->range ? ceil_divide(n, p->range) : 0;
  const size_t weights = round_up(p->k * (d + 1) * element, 64);
  p->bytes = weights + p->ranges * p->partial * sizeof(double);
  p->w = farro_allocate(p->bytes);
  if (!p->w) return FARRO_ERROR_MEMORY;
  p->intercepts = (char *)p->w + p->k * d * element;
  p->partials = (double *)((char *)p->w + weights);
  return FARRO_OK;
}

void farro_logistic_pass_end(logistic_pass *p) { farro_release(p->w, p->bytes); }

farro_status farro_logistic_pass_dense(const farro_logistic_problem *problem, const void *x, size_t ldx, bool is_double,
                                       logistic_pass *p) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  *p = (logistic_pass){.problem = problem, .x = x, .ldx = ldx};
  p->kernels = is_double ? kernels->models->logistic_f64 : kernels->models->logistic_f32;
  return farro_logistic_pass_begin(p);
}

farro_status farro_logistic_pass_sparse(const farro_logistic_problem *problem, size_t rows, size_t columns,
                                        const int64_t *offsets, const int32_t *indices, const void *values,
                                        bool is_double, logistic_pass *p) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (rows != problem->rows || columns != problem->columns || !offsets) return FARRO_ERROR_ARGUMENT;
  *p = (logistic_pass){.problem = problem, .x = values, .offsets = offsets, .indices = indices};
  p->kernels = is_double ? kernels->models->logistic_f64 : kernels->models->logistic_f32;
  return farro_logistic_pass_begin(p);
}

// ---- entries ----

static farro_status measure(farro_status status, logistic_pass *p, const double *coefficients, double *loss,
                            double *gradient) {
  if (status != FARRO_OK) return status;
  *loss = farro_logistic_pass(p, coefficients, gradient);
  farro_logistic_pass_end(p);
  return p->failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

#define ENTRIES(type, scalar, is_double)                                                                               \
  farro_status farro_logistic_loss_##type(const farro_logistic_problem *problem, const scalar *x, size_t ldx,          \
                                          const double *coefficients, double *loss, double *gradient) {                \
    logistic_pass p;                                                                                                   \
    return measure(farro_logistic_pass_dense(problem, x, ldx, is_double, &p), &p, coefficients, loss, gradient);       \
  }                                                                                                                    \
  farro_status farro_logistic_loss_csr_##type(const farro_logistic_problem *problem, const farro_csr_##type *x,        \
                                              const double *coefficients, double *loss, double *gradient) {            \
    logistic_pass p;                                                                                                   \
    return measure(                                                                                                    \
        farro_logistic_pass_sparse(problem, x->rows, x->columns, x->offsets, x->indices, x->values, is_double, &p),    \
        &p, coefficients, loss, gradient);                                                                             \
  }

ENTRIES(f32, float, false)
ENTRIES(f64, double, true)
