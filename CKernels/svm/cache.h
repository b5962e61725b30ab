// Rows of K that are kept, the least recently used of which give way.
#ifndef FARRO_SVM_CACHE_H
#define FARRO_SVM_CACHE_H

#include "data.h"

// Places of a problem's rows: one or two runs in the order of the data.
typedef struct svm_places {
  size_t n, first, first_count, second; // rows from first_count on lie from `second` on
} svm_places;

static inline size_t svm_place(const svm_places *p, size_t i) {
  return i < p->first_count ? p->first + i : p->second + (i - p->first_count);
}

typedef struct svm_cache {
  const svm_rows *rows;
  svm_places places;
  size_t groups[2][2]; // from, to: the groups of both runs
  size_t pitch, slots, used, most_rows;
  float *values;             // (slots, pitch)
  int32_t *slot_of, *row_of; // -1: none
  int32_t *newer, *older;    // of slots; -1: none
  int32_t newest, oldest;
  char *space; // centred rows and their norms
  // Once columns were reordered: the row of each. Until then NULL.
  const int32_t *row_of_column;
  float *spare_row;       // pitch
  double *spare_sums;     // n
  int32_t *spare_columns; // n
} svm_cache;

// most_rows: that are asked for at a time, no more than slots.
farro_status svm_cache_open(svm_cache *cache, const svm_rows *rows, svm_places places, const size_t groups[2][2],
                            size_t slots, size_t most_rows);
void svm_cache_close(svm_cache *cache);

// The rows of K of some different rows of the problem, valid until the next call. FARRO_ERROR_ARGUMENT when a custom
// kernel ended the fit.
farro_status svm_cache_take(svm_cache *cache, size_t count, const int32_t *rows, const float **values);

// Of each row that is kept, column i of the first `count` becomes what column from[i] was. The rows of all columns, in
// their new order, stay with the caller: rows that are computed from now on come in it.
void svm_cache_reorder(svm_cache *cache, const int32_t *from, size_t count, const int32_t *row_of_column);

#endif
