// Several dual problems at a time: each is solved by one thread, unless there is but one, whose products and sums go
// to all threads.
#include "include/svm.h"

#include "solver.h"

typedef struct {
  const svm_rows *rows;
  const farro_svm_options *options;
  farro_svm_problem *problems;
  const size_t *by_size; // the largest first
  size_t count, next, workers, working;
  farro_status status;
} job;

static size_t slots_of(const job *j, const farro_svm_problem *p) {
  size_t groups[2][2];
  const size_t n = svm_places_of(j->rows->data, p, groups).n;
  const double rows = j->options->cache_bytes / (double)j->workers / (double)(round_up(n, 16) * sizeof(float));
  const size_t unknowns = p->is_regression ? 2 * n : n, needed = smaller(smaller(j->working, unknowns), n);
  return rows >= (double)n ? n : larger((size_t)rows, needed);
}

static void work(void *context, size_t first, size_t last) {
  job *j = context;
  for (size_t worker = first; worker < last; worker++) {
    for (;;) {
      const size_t at = __atomic_fetch_add(&j->next, 1, __ATOMIC_RELAXED);
      if (at >= j->count || __atomic_load_n(&j->status, __ATOMIC_RELAXED) != FARRO_OK) break;
      const farro_svm_problem *p = &j->problems[j->by_size[at]];
      const farro_status status = svm_solve(j->rows, j->options, p, slots_of(j, p), j->working);
      if (status != FARRO_OK) __atomic_store_n(&j->status, status, __ATOMIC_RELAXED);
    }
  }
}

static farro_status check_problem(const farro_svm_data *data, const farro_svm_problem *p) {
  if (p->second_group < data->groups && (p->first_group >= data->groups || p->first_group == p->second_group))
    return FARRO_ERROR_ARGUMENT;
  return p->variants > 0 && !(p->epsilon < 0) ? FARRO_OK : FARRO_ERROR_ARGUMENT;
}

static farro_status solve(const farro_svm_data *data, const void *x, bool is_wide, const farro_svm_function *function,
                          const farro_svm_options *options, size_t count, farro_svm_problem *problems,
                          farro_svm_end *end) {
  *end = FARRO_SVM_SOLVED;
  if (!(options->tolerance > 0) || !(options->cache_bytes >= 0)) return FARRO_ERROR_ARGUMENT;
  svm_rows rows;
  farro_status status = svm_prepare(data, x, is_wide, function, &rows);
  if (status != FARRO_OK) return status;
  for (size_t i = 0; i < count && status == FARRO_OK; i++) status = check_problem(data, &problems[i]);
  size_t *sizes = farro_allocate(count * 2 * sizeof *sizes), most = 0;
  if (status == FARRO_OK && !sizes) status = FARRO_ERROR_MEMORY;
  if (status == FARRO_OK) {
    size_t *by_size = sizes + count;
    for (size_t i = 0; i < count; i++) {
      size_t groups[2][2], at = i;
      sizes[i] = svm_places_of(data, &problems[i], groups).n, most = larger(most, sizes[i]);
      for (; at > 0 && sizes[by_size[at - 1]] < sizes[i]; at--) by_size[at] = by_size[at - 1];
      by_size[at] = i;
    }
    // The size of the working set decides about the result, and must not depend on the threads.
    const double fits = options->cache_bytes / (double)(round_up(larger(most, 1), 16) * sizeof(float));
    const size_t working = fits >= svm_most_working ? svm_most_working : larger((size_t)fits, 2) / 2 * 2;
    const size_t sets = fits / (double)working > 1e6 ? 1000000 : larger((size_t)(fits / (double)working), 1);
    job j = {.rows = &rows,
             .options = options,
             .problems = problems,
             .by_size = by_size,
             .count = count,
             .working = working};
    j.workers = smaller(smaller((size_t)farro_threads(), count), sets);
    if (j.workers > 1)
      farro_parallel_for(j.workers, 1, 1e9, work, &j);
    else if (count > 0)
      j.workers = 1, work(&j, 0, 1);
    status = j.status;
  }
  farro_release(sizes, count * 2 * sizeof *sizes);
  svm_release(&rows);
  if (status == FARRO_ERROR_ARGUMENT) *end = FARRO_SVM_CANCELLED, status = FARRO_OK;
  return status;
}

farro_status farro_svm_solve_f32(const farro_svm_data *data, const float *x, const farro_svm_function *function,
                                 const farro_svm_options *options, size_t count, farro_svm_problem *problems,
                                 farro_svm_end *end) {
  return solve(data, x, false, function, options, count, problems, end);
}

farro_status farro_svm_solve_f64(const farro_svm_data *data, const double *x, const farro_svm_function *function,
                                 const farro_svm_options *options, size_t count, farro_svm_problem *problems,
                                 farro_svm_end *end) {
  return solve(data, x, true, function, options, count, problems, end);
}
