// The order of the columns of cached rows: those of rows that are still worked on come first, and only theirs are read.
#ifndef FARRO_SVM_COLUMNS_H
#define FARRO_SVM_COLUMNS_H

#include "cache.h"

typedef struct svm_columns {
  svm_cache *cache;
  size_t n, active;
  int32_t *row_of, *column_of;
  double *sums; // n, by column: K b and constants; of columns that are not active, without what came late
  double *late; // n, by row: changes of b since columns were left out
} svm_columns;

// Leaves out the columns that are idle, a flag for each; all are active before.
void svm_columns_leave_out(svm_columns *columns, uint8_t *is_idle, size_t idle);

// All columns are active again, and their sums right. `k` and `factors` have room for the rows that the cache gives at
// a time.
farro_status svm_columns_restore(svm_columns *columns, int32_t *rows, const float **k, double *factors);

// sums += factors k for the active columns, or from there on.
void svm_columns_add(svm_columns *columns, size_t first, size_t last, size_t count, const float **k,
                     const double *factors);

#endif
