#include "columns.h"

#include <string.h>

#include "solver.h"

typedef struct {
  svm_columns *columns;
  size_t first;
  const float **k;
  const double *factors;
  size_t count;
} addition;

enum { columns_of_task = 4096 };

static void add(void *context, size_t first, size_t last) {
  const addition *a = context;
  const float *k[svm_most_working];
  for (size_t i = 0; i < a->count; i++) k[i] = a->k[i] + a->first + first;
  a->columns->cache->rows->solver->add_rows(last - first, a->count, k, a->factors, a->columns->sums + a->first + first);
}

void svm_columns_add(svm_columns *c, size_t first, size_t last, size_t count, const float **k, const double *factors) {
  addition a = {.columns = c, .first = first, .k = k, .factors = factors, .count = count};
  farro_parallel_for(last - first, columns_of_task, (double)(last - first) * (double)count / 4, add, &a);
}

void svm_columns_leave_out(svm_columns *c, uint8_t *is_idle, size_t idle) {
  const size_t active = c->n;
  // Places of rows are found anew at the end; until then their room takes the order.
  int32_t *from = c->column_of, *rows = c->cache->spare_columns;
  size_t stay = 0, go = active - idle;
  for (size_t i = 0; i < active; i++) from[is_idle[i] ? go++ : stay++] = (int32_t)i;
  for (size_t i = 0; i < active; i++) rows[i] = c->row_of[from[i]];
  memcpy(c->row_of, rows, active * sizeof *rows);
  double *sums = c->cache->spare_sums;
  for (size_t i = 0; i < active; i++) sums[i] = c->sums[from[i]];
  memcpy(c->sums, sums, active * sizeof *sums);
  svm_cache_reorder(c->cache, from, active, c->row_of);
  for (size_t i = 0; i < c->n; i++) c->column_of[c->row_of[i]] = (int32_t)i;
  c->active = active - idle;
}

farro_status svm_columns_restore(svm_columns *c, int32_t *rows, const float **k, double *factors) {
  for (size_t row = 0; row < c->n;) {
    size_t count = 0;
    for (; row < c->n && count < c->cache->most_rows; row++) {
      if (c->late[row] == 0) continue;
      factors[count] = c->late[row], rows[count++] = (int32_t)row;
      c->late[row] = 0;
    }
    if (count == 0) break;
    const farro_status status = svm_cache_take(c->cache, count, rows, k);
    if (status != FARRO_OK) return status;
    svm_columns_add(c, c->active, c->n, count, k, factors);
  }
  c->active = c->n;
  return FARRO_OK;
}
