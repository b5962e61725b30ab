// The table of ranks: each column sorted once.
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "include/sorting.h"
#include "trees.h"

#include "runtime/sizes.h"

enum { most_rows = INT32_MAX, most_columns = UINT16_MAX, most_categories = 1 << 15 };

// What rounding makes of equal numbers that are computed in two ways, as a part of the greater one: two to four units
// of the last place.
static const double rounding_f32 = 0x1p-22, rounding_f64 = 0x1p-51;

// Rough speed of one thread, to decide about waking others.
static const double sort_nanoseconds = 20;

typedef struct {
  farro_tree_table *table;
  const void *x;
  size_t ldx;
  const int32_t *categories;
  double **values; // (d): the values of each column
  atomic_size_t wrong;
  atomic_bool failed;
} table_work;

static void note_wrong(table_work *w, size_t place) {
  size_t known = w->wrong;
  while (place < known && !atomic_compare_exchange_weak(&w->wrong, &known, place)) {
  }
}

#define TABLE(type, scalar)                                                                                            \
  static bool rank_numbers_##type(table_work *w, size_t column, uint32_t *ranks) {                                     \
    const size_t n = w->table->n, bytes = n * (2 * sizeof(scalar) + sizeof(int64_t));                                  \
    int64_t *order = farro_allocate(bytes);                                                                            \
    if (!order) return false;                                                                                          \
    scalar *values = (scalar *)(order + n), *sorted = values + n;                                                      \
    const scalar *x = w->x;                                                                                            \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      values[i] = x[i * w->ldx + column];                                                                              \
      if (isinf(values[i])) note_wrong(w, i * w->table->d + column);                                                   \
    }                                                                                                                  \
    const bool is_sorted = farro_sort_##type(1, n, false, values, n, sorted, n, order, n) == FARRO_OK;                 \
    size_t numbers = n;                                                                                                \
    while (is_sorted && numbers > 0 && sorted[numbers - 1] != sorted[numbers - 1]) numbers--;                          \
    uint32_t distinct = 0;                                                                                             \
    double *known = NULL;                                                                                              \
    if (is_sorted) {                                                                                                   \
      double least = 0;                                                                                                \
      for (size_t i = 0; i < numbers; i++) {                                                                           \
        const double value = (double)sorted[i];                                                                        \
        if (i == 0 || value - least > fmax(fabs(value), fabs(least)) * rounding_##type) {                              \
          values[distinct++] = sorted[i];                                                                              \
          least = value;                                                                                               \
        }                                                                                                              \
        ranks[order[i]] = distinct - 1;                                                                                \
      }                                                                                                                \
      for (size_t i = numbers; i < n; i++) ranks[order[i]] = distinct;                                                 \
      known = farro_allocate(distinct * sizeof *known);                                                                \
      for (size_t k = 0; known && k < distinct; k++) known[k] = (double)values[k];                                     \
    }                                                                                                                  \
    w->values[column] = known;                                                                                         \
    w->table->distinct[column] = distinct;                                                                             \
    farro_release(order, bytes);                                                                                       \
    return known != NULL;                                                                                              \
  }                                                                                                                    \
  static void rank_categories_##type(table_work *w, size_t column, uint32_t *ranks) {                                  \
    const scalar *x = w->x;                                                                                            \
    const int32_t count = w->categories[column];                                                                       \
    for (size_t i = 0; i < w->table->n; i++) {                                                                         \
      const scalar value = x[i * w->ldx + column];                                                                     \
      const bool is_missing = value != value, is_right = value >= 0 && value < (scalar)count;                          \
      ranks[i] = is_right ? (uint32_t)value : (uint32_t)count;                                                         \
      if (!is_missing && !(is_right && (scalar)ranks[i] == value)) note_wrong(w, i * w->table->d + column);            \
    }                                                                                                                  \
    w->table->distinct[column] = (uint32_t)count;                                                                      \
    w->table->is_category[column] = 1;                                                                                 \
  }                                                                                                                    \
  static void rank_columns_##type(void *context, size_t first, size_t last) {                                          \
    table_work *w = context;                                                                                           \
    for (size_t column = first; column < last; column++) {                                                             \
      uint32_t *ranks = w->table->ranks + column * w->table->n;                                                        \
      if (w->categories && w->categories[column] > 0)                                                                  \
        rank_categories_##type(w, column, ranks);                                                                      \
      else if (!rank_numbers_##type(w, column, ranks))                                                                 \
        w->failed = true;                                                                                              \
    }                                                                                                                  \
  }                                                                                                                    \
  farro_status farro_tree_table_create_##type(size_t n, size_t d, const scalar *x, size_t ldx,                         \
                                              const int32_t *categories, farro_tree_table **table, size_t *wrong) {    \
    return create(n, d, x, ldx, categories, rounding_##type, rank_columns_##type, table, wrong);                       \
  }

static bool join_values(table_work *w) {
  farro_tree_table *table = w->table;
  size_t total = 0;
  for (size_t f = 0; f < table->d; f++) {
    table->starts[f] = total;
    total += w->values[f] ? table->distinct[f] : 0;
  }
  table->starts[table->d] = total;
  table->values = farro_allocate(total * sizeof *table->values);
  if (!table->values) return false;
  for (size_t f = 0; f < table->d; f++)
    if (w->values[f]) memcpy(table->values + table->starts[f], w->values[f], table->distinct[f] * sizeof(double));
  return true;
}

static farro_status create(size_t n, size_t d, const void *x, size_t ldx, const int32_t *categories, double rounding,
                           farro_body rank, farro_tree_table **result, size_t *wrong) {
  *result = NULL;
  if (n > most_rows || d > most_columns || !are_rows(n, d, ldx) || !can_exist(n, d, 1)) return FARRO_ERROR_ARGUMENT;
  *wrong = n * d;
  size_t most = 0;
  for (size_t f = 0; categories && f < d; f++) {
    if (categories[f] < 0 || categories[f] > most_categories) return FARRO_ERROR_ARGUMENT;
    most = larger(most, (size_t)categories[f]);
  }
  farro_tree_table *table = farro_allocate(sizeof *table);
  if (!table) return FARRO_ERROR_MEMORY;
  *table = (farro_tree_table){.n = n, .d = d, .most_categories = most, .rounding = rounding};
  table->ranks = farro_allocate(n * d * sizeof *table->ranks);
  table->starts = farro_allocate((d + 1) * sizeof *table->starts);
  table->distinct = farro_allocate(d * sizeof *table->distinct);
  table->is_category = farro_allocate(d);
  table_work work = {.table = table, .x = x, .ldx = ldx, .categories = categories, .wrong = n * d};
  work.values = farro_allocate(d * sizeof *work.values);
  bool is_made = table->ranks && table->starts && table->distinct && table->is_category && work.values;
  if (is_made) {
    memset(table->is_category, 0, d);
    for (size_t f = 0; f < d; f++) work.values[f] = NULL;
    farro_parallel_for(d, 1, (double)n * (double)d * sort_nanoseconds, rank, &work);
    is_made = !work.failed && join_values(&work);
    for (size_t f = 0; f < d; f++)
      if (work.values[f]) farro_release(work.values[f], table->distinct[f] * sizeof(double));
  }
  farro_release(work.values, d * sizeof *work.values);
  *wrong = work.wrong;
  if (!is_made || *wrong < n * d) {
    farro_tree_table_release(table);
    return is_made ? FARRO_OK : FARRO_ERROR_MEMORY;
  }
  *result = table;
  return FARRO_OK;
}

TABLE(f32, float)
TABLE(f64, double)

void farro_tree_table_release(farro_tree_table *table) {
  if (!table) return;
  farro_release(table->ranks, table->n * table->d * sizeof *table->ranks);
  if (table->values) farro_release(table->values, table->starts[table->d] * sizeof *table->values);
  farro_release(table->starts, (table->d + 1) * sizeof *table->starts);
  farro_release(table->distinct, table->d * sizeof *table->distinct);
  farro_release(table->is_category, table->d);
  farro_release(table, sizeof *table);
}
