// The table of columns: each one sorted once, or as it is.
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
  atomic_size_t wrong;
  atomic_bool failed;
} table_work;

static void note_wrong(table_work *w, size_t place) {
  size_t known = w->wrong;
  while (place < known && !atomic_compare_exchange_weak(&w->wrong, &known, place)) {
  }
}

static size_t rank_bytes(const farro_tree_table *t) { return t->is_narrow ? sizeof(uint16_t) : sizeof(uint32_t); }

static inline void set_rank(farro_tree_table *t, size_t column, size_t row, uint32_t rank) {
  const size_t at = column * t->n + row;
  if (t->is_narrow)
    ((uint16_t *)t->ranks)[at] = (uint16_t)rank;
  else
    ((uint32_t *)t->ranks)[at] = rank;
}

#define TABLE(type, scalar)                                                                                            \
  static bool rank_numbers_##type(table_work *w, size_t column) {                                                      \
    farro_tree_table *table = w->table;                                                                                \
    const size_t n = table->n, bytes = n * (2 * sizeof(scalar) + sizeof(int64_t));                                     \
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
    if (is_sorted) {                                                                                                   \
      double least = 0;                                                                                                \
      for (size_t i = 0; i < numbers; i++) {                                                                           \
        const double value = (double)sorted[i];                                                                        \
        if (i == 0 || value - least > fmax(fabs(value), fabs(least)) * rounding_##type) {                              \
          distinct++;                                                                                                  \
          least = value;                                                                                               \
        }                                                                                                              \
        set_rank(table, column, (size_t)order[i], distinct - 1);                                                       \
      }                                                                                                                \
      for (size_t i = numbers; i < n; i++) set_rank(table, column, (size_t)order[i], distinct);                        \
    }                                                                                                                  \
    table->distinct[column] = distinct;                                                                                \
    farro_release(order, bytes);                                                                                       \
    return is_sorted;                                                                                                  \
  }                                                                                                                    \
  static void rank_categories_##type(table_work *w, size_t column) {                                                   \
    const scalar *x = w->x;                                                                                            \
    const int32_t count = w->categories[column];                                                                       \
    for (size_t i = 0; i < w->table->n; i++) {                                                                         \
      const scalar value = x[i * w->ldx + column];                                                                     \
      const bool is_missing = value != value, is_right = value >= 0 && value < (scalar)count;                          \
      const uint32_t rank = is_right ? (uint32_t)value : (uint32_t)count;                                              \
      if (w->table->elements)                                                                                          \
        ((scalar *)w->table->elements)[column * w->table->n + i] = value;                                              \
      else                                                                                                             \
        set_rank(w->table, column, i, rank);                                                                           \
      if (!is_missing && !(is_right && (scalar)rank == value)) note_wrong(w, i * w->table->d + column);                \
    }                                                                                                                  \
    w->table->distinct[column] = (uint32_t)count;                                                                      \
    w->table->is_category[column] = 1;                                                                                 \
  }                                                                                                                    \
  static void copy_numbers_##type(table_work *w, size_t column) {                                                      \
    const scalar *x = w->x;                                                                                            \
    scalar *own = (scalar *)w->table->elements + column * w->table->n;                                                 \
    for (size_t i = 0; i < w->table->n; i++) {                                                                         \
      own[i] = x[i * w->ldx + column];                                                                                 \
      if (isinf(own[i])) note_wrong(w, i * w->table->d + column);                                                      \
    }                                                                                                                  \
  }                                                                                                                    \
  static void rank_columns_##type(void *context, size_t first, size_t last) {                                          \
    table_work *w = context;                                                                                           \
    for (size_t column = first; column < last; column++) {                                                             \
      if (w->categories && w->categories[column] > 0)                                                                  \
        rank_categories_##type(w, column);                                                                             \
      else if (w->table->elements)                                                                                     \
        copy_numbers_##type(w, column);                                                                                \
      else if (!rank_numbers_##type(w, column))                                                                        \
        w->failed = true;                                                                                              \
    }                                                                                                                  \
  }                                                                                                                    \
  farro_status farro_tree_table_create_##type(size_t n, size_t d, const scalar *x, size_t ldx,                         \
                                              const int32_t *categories, bool random_thresholds,                       \
                                              farro_tree_table **table, size_t *wrong) {                               \
    return create(n, d, x, ldx, categories, random_thresholds, sizeof(scalar), rank_columns_##type, table, wrong);     \
  }

static farro_status create(size_t n, size_t d, const void *x, size_t ldx, const int32_t *categories,
                           bool random_thresholds, size_t size, farro_body rank, farro_tree_table **result,
                           size_t *wrong) {
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
  *table = (farro_tree_table){.n = n, .d = d, .most_categories = most, .x = x, .ldx = ldx};
  table->is_narrow = n <= UINT16_MAX;
  table->is_single = size == sizeof(float);
  table->rounding = table->is_single ? rounding_f32 : rounding_f64;
  table->elements = random_thresholds ? farro_allocate(n * d * size) : NULL;
  table->ranks = random_thresholds ? NULL : farro_allocate(n * d * rank_bytes(table));
  table->distinct = farro_allocate(d * sizeof *table->distinct);
  table->is_category = farro_allocate(d);
  table_work work = {.table = table, .x = x, .ldx = ldx, .categories = categories, .wrong = n * d};
  bool is_made = (table->ranks || table->elements) && table->distinct && table->is_category;
  if (is_made) {
    memset(table->is_category, 0, d);
    farro_parallel_for(d, 1, (double)n * (double)d * sort_nanoseconds, rank, &work);
    is_made = !work.failed;
  }
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
  const size_t size = table->is_single ? sizeof(float) : sizeof(double);
  if (table->elements) farro_release(table->elements, table->n * table->d * size);
  if (table->ranks) farro_release(table->ranks, table->n * table->d * rank_bytes(table));
  if (table->distinct) farro_release(table->distinct, table->d * sizeof *table->distinct);
  if (table->is_category) farro_release(table->is_category, table->d);
  farro_release(table, sizeof *table);
}
