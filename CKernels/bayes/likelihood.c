// Likelihoods of ranges of rows, each in one pass.
#include <stdatomic.h>

#include "include/bayes.h"
#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

enum { likelihood_grain = 256, likelihood_grain_elements = 1 << 15 };

typedef struct {
  likelihood_rows all;
  void (*run)(likelihood_rows *l);
  const bayes_kernels *kernels;
  atomic_bool finite;
  _Atomic double least;
} likelihoods;

static void some_likelihoods(void *context, size_t first, size_t last) {
  likelihoods *l = context;
  const size_t bytes = l->kernels->element_bytes;
  likelihood_rows part = l->all;
  part.rows = last - first, part.rows_behind = l->all.rows - last;
  part.x = (const char *)part.x + first * part.x_row * bytes;
  if (part.likelihood) part.likelihood = (char *)part.likelihood + first * part.class_count * bytes;
  if (part.best) part.best += first;
  l->run(&part);
  if (!part.finite) l->finite = false;
  double least = l->least;
  while (part.least < least && !atomic_compare_exchange_weak(&l->least, &least, part.least)) {
  }
}

static farro_status run_likelihoods(likelihoods *l, const farro_class_shape *s, const void *means, const void *factors,
                                    bool *finite) {
  const bayes_kernels *kernels = l->kernels;
  enum { most_lanes = 16, arrays = 2 };
  if (!are_rows(s->rows, s->columns, s->x_row) || !can_exist(s->rows, s->class_count, 1) ||
      !can_exist(s->class_count, s->columns, most_lanes * arrays) || s->class_count > INT32_MAX ||
      (l->all.best && s->class_count == 0))
    return FARRO_ERROR_ARGUMENT;
  const size_t bytes =
      larger(kernels->packed_count(s->columns, s->class_count, means != NULL), 1) * kernels->element_bytes;
  void *packed = farro_allocate(bytes);
  if (!packed) return FARRO_ERROR_MEMORY;
  kernels->pack(s->columns, s->class_count, means, factors, packed);
  l->all.packed = packed, l->all.finite = true;
  l->all.rows = s->rows, l->all.columns = s->columns, l->all.class_count = s->class_count, l->all.x_row = s->x_row;
  atomic_init(&l->finite, true);
  atomic_init(&l->least, 0);
  const double nanoseconds = (double)s->rows * (double)s->columns * (0.1 + (double)s->class_count / 16);
  const size_t grain = larger(likelihood_grain, likelihood_grain_elements / larger(s->columns, 1));
  if (s->class_count > 0) farro_parallel_for(s->rows, grain, nanoseconds, some_likelihoods, l);
  farro_release(packed, bytes);
  if (finite) *finite = l->finite;
  return FARRO_OK;
}

// ---- entries ----

#define LIKELIHOOD(type, which, means, ...)                                                                            \
  const farro_kernels *table = farro_current_kernels();                                                                \
  if (!table) return FARRO_ERROR_ISA;                                                                                  \
  likelihoods l = {.all = {.x = x, .constants = constants, .likelihood = likelihood, .best = best, __VA_ARGS__},       \
                   .kernels = table->models->bayes_##type,                                                             \
                   .run = table->models->bayes_##type->which};                                                         \
  const farro_status status = run_likelihoods(&l, shape, means, factors, finite)

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_normal_likelihood_##type(const farro_class_shape *shape, const scalar *x, const scalar *means,    \
                                              const scalar *factors, const double *constants, scalar *likelihood,      \
                                              int32_t *best, bool *finite) {                                           \
    LIKELIHOOD(type, normal_likelihood, means, .threshold = 0);                                                        \
    return status;                                                                                                     \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_flag_likelihood_##type(const farro_class_shape *shape, const scalar *x, double threshold,         \
                                            const scalar *factors, const double *constants, scalar *likelihood,        \
                                            int32_t *best, bool *finite) {                                             \
    LIKELIHOOD(type, flag_likelihood, NULL, .threshold = threshold);                                                   \
    return status;                                                                                                     \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_product_likelihood_##type(const farro_class_shape *shape, const scalar *x, const scalar *factors, \
                                               const double *constants, scalar *likelihood, int32_t *best,             \
                                               bool *finite, double *least) {                                          \
    LIKELIHOOD(type, product_likelihood, NULL, .threshold = 0);                                                        \
    if (status == FARRO_OK && least) *least = l.least;                                                                 \
    return status;                                                                                                     \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
