// What a fitted machine decides by. A task takes some queries and one piece of the vectors after the other: values of K
// stay in the core's cache until they are summed. Of the linear kernel, the vectors are summed first, in double.
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

typedef struct {
  const farro_svm_data *data;
  const svm_kernels *kernels;
  size_t functions, sums, room, ldq, bytes; // sums: groups x functions; room: of a sum's weights
  const double *coefficients;
  const void *vectors, *queries;
  double *weights, *out;
} linear_job;

static void add_vectors(void *context, size_t first, size_t last) {
  const linear_job *j = context;
  for (size_t sum = first; sum < last; sum++) {
    const size_t group = sum / j->functions, function = sum % j->functions;
    double *weights = j->weights + sum * j->room;
    memset(weights, 0, j->room * sizeof *weights);
    for (size_t i = j->data->starts[group]; i < j->data->starts[group + 1]; i++) {
      const double coefficient = j->coefficients[function * j->data->n + i];
      if (coefficient == 0) continue;
      j->kernels->row_add(j->data->d, coefficient, (const char *)j->vectors + i * j->data->ldx * j->bytes, weights);
    }
  }
}

static void multiply_queries(void *context, size_t first, size_t last) {
  const linear_job *j = context;
  for (size_t i = first; i < last; i++)
    for (size_t sum = 0; sum < j->sums; sum++)
      j->out[i * j->sums + sum] =
          j->kernels->row_dot(j->data->d, (const char *)j->queries + i * j->ldq * j->bytes, j->weights + sum * j->room);
}

static farro_status sum_linear(linear_job *j, const farro_svm_function *function, size_t m) {
  const farro_status status = svm_check(j->data, function);
  if (status != FARRO_OK) return status;
  const size_t sums = j->sums = j->data->groups * j->functions, d = j->data->d;
  if (d == 0) {
    memset(j->out, 0, m * sums * sizeof *j->out);
    return FARRO_OK;
  }
  j->room = round_up(d, 16);
  if (!can_exist(sums, j->room, sizeof(double))) return FARRO_ERROR_MEMORY;
  j->weights = farro_allocate(sums * j->room * sizeof *j->weights);
  if (!j->weights) return FARRO_ERROR_MEMORY;
  farro_parallel_for(sums, 1, (double)j->data->n * (double)j->functions * (double)d / 4, add_vectors, j);
  farro_parallel_for(m, query_rows, (double)m * (double)sums * (double)d / 4, multiply_queries, j);
  farro_release(j->weights, sums * j->room * sizeof *j->weights);
  return FARRO_OK;
}

static farro_status sum(const farro_svm_data *data, const void *vectors, bool is_wide,
                        const farro_svm_function *function, size_t functions, const double *coefficients, size_t m,
                        const void *queries, size_t ldq, double *out) {
  if (function->kernel == FARRO_SVM_CUSTOM || ldq < data->d || !can_exist(m, ldq, 1)) return FARRO_ERROR_ARGUMENT;
  if (data->order || !can_exist(m, data->groups, functions)) return FARRO_ERROR_ARGUMENT;
  if (function->kernel == FARRO_SVM_LINEAR) {
    const farro_kernels *kernels = farro_current_kernels();
    if (!kernels) return FARRO_ERROR_ISA;
    linear_job j = {.data = data,
                    .kernels = is_wide ? kernels->models->svm_f64 : kernels->models->svm_f32,
                    .functions = functions,
                    .ldq = ldq,
                    .bytes = is_wide ? sizeof(double) : sizeof(float),
                    .coefficients = coefficients,
                    .vectors = vectors,
                    .queries = queries,
                    .out = out};
    return sum_linear(&j, function, m);
  }
  job j = {.functions = functions, .m = m, .ldq = ldq, .coefficients = coefficients, .queries = queries, .out = out};
  const farro_status status = svm_prepare(data, vectors, is_wide, function, &j.rows);
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
