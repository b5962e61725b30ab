// What a fitted machine decides by. A task takes some queries and one piece of the vectors after the other: values of K
// stay in the core's cache until they are summed.
#include "include/svm.h"

#include <string.h>

#include "data.h"

enum { query_rows = 64 };

typedef struct {
  svm_rows rows;
  size_t functions, m, ldq;
  const double *coefficients;
  const void *queries;
  double *out;
  bool has_failed;
} job;

static void sum_group(job *j, size_t group, size_t first, size_t count, const void *from, const void *norms,
                      char *values, void *const *to) {
  const svm_rows *r = &j->rows;
  const size_t n = r->data->n;
  for (size_t p = r->first_piece[group]; p < r->first_piece[group + 1]; p++) {
    const svm_piece *piece = &r->piece[p];
    if (svm_values(r, piece, count, from, norms, to, true) != FARRO_OK)
      __atomic_store_n(&j->has_failed, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < count; i++) {
      double *out = j->out + ((first + i) * r->data->groups + group) * j->functions;
      for (size_t f = 0; f < j->functions; f++)
        out[f] += r->kernels->dot(piece->count, values + i * svm_piece_rows * r->element_bytes,
                                  j->coefficients + f * n + piece->first);
    }
  }
}

static void sum_queries(void *context, size_t first, size_t last) {
  job *j = context;
  const svm_rows *r = &j->rows;
  const size_t d = r->data->d, bytes = r->element_bytes;
  const size_t elements = query_rows * (d + 1 + svm_piece_rows);
  char *space = farro_allocate(elements * bytes);
  if (!space) {
    __atomic_store_n(&j->has_failed, true, __ATOMIC_RELAXED);
    return;
  }
  char *norms = space + query_rows * d * bytes, *values = norms + query_rows * bytes;
  void *to[query_rows];
  memset(j->out + first * r->data->groups * j->functions, 0,
         (last - first) * r->data->groups * j->functions * sizeof *j->out);
  for (size_t i = 0; i < last - first; i++) {
    const void *query = d ? (const char *)j->queries + (first + i) * j->ldq * bytes : j->queries;
    svm_set(r, norms, i, r->kernels->centre(d, query, r->mean, space + i * d * bytes));
    to[i] = values + i * svm_piece_rows * bytes;
  }
  for (size_t g = 0; g < r->data->groups; g++) sum_group(j, g, first, last - first, space, norms, values, to);
  farro_release(space, elements * bytes);
}

static farro_status sum(const farro_svm_data *data, const void *vectors, bool is_wide,
                        const farro_svm_function *function, size_t functions, const double *coefficients, size_t m,
                        const void *queries, size_t ldq, double *out) {
  if (function->kernel == FARRO_SVM_CUSTOM || ldq < data->d || !can_exist(m, ldq, 1)) return FARRO_ERROR_ARGUMENT;
  if (data->order || !can_exist(m, data->groups, functions)) return FARRO_ERROR_ARGUMENT;
  job j = {.functions = functions, .m = m, .ldq = ldq, .coefficients = coefficients, .queries = queries, .out = out};
  const farro_status status = svm_prepare(data, vectors, is_wide, function, false, &j.rows);
  if (status != FARRO_OK) return status;
  const double values_per_nanosecond = 1.0 / (1 + (double)data->d / 25 + (double)functions / 8);
  farro_parallel_for(m, query_rows, (double)m * (double)data->n / values_per_nanosecond, sum_queries, &j);
  svm_release(&j.rows);
  return j.has_failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

farro_status farro_svm_sums_f32(const farro_svm_data *data, const float *vectors, const farro_svm_function *function,
                                size_t functions, const double *coefficients, size_t m, const float *queries,
                                size_t ldq, double *out) {
  return sum(data, vectors, false, function, functions, coefficients, m, queries, ldq, out);
}

farro_status farro_svm_sums_f64(const farro_svm_data *data, const double *vectors, const farro_svm_function *function,
                                size_t functions, const double *coefficients, size_t m, const double *queries,
                                size_t ldq, double *out) {
  return sum(data, vectors, true, function, functions, coefficients, m, queries, ldq, out);
}
