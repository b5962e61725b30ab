// How the drivers of normalization cut rows.
#ifndef FARRO_NORMALIZATION_ROWS_H
#define FARRO_NORMALIZATION_ROWS_H

#include <math.h>

#include "runtime.h"
#include "runtime/streaming.h"

// A range of rows of 64 KiB takes more than 1 us, against 0.05 us for taking it from the queue. Out of cache, the first
// two rows of a range are not fetched early and its end waits for the stores to drain: longer ranges make that rare.
static inline size_t rows_of_range(size_t row_bytes, bool streams) {
  const size_t bytes = streams ? (size_t)2 << 20 : 64 * 1024;
  return row_bytes < bytes ? bytes / row_bytes : 1;
}

// In place, each line has been read already: writing it past the caches would save nothing.
static inline bool writes_past_caches(const void *x, const void *y, size_t bytes_moved) {
  return x != y && farro_should_stream(bytes_moved);
}

// The statistics of `count` rows without elements; NULL: not wanted.
static inline void set_no_statistics(size_t count, double *mean, double *inverse) {
  for (size_t i = 0; i < count && mean; i++) mean[i] = NAN;
  for (size_t i = 0; i < count && inverse; i++) inverse[i] = NAN;
}

static inline bool is_matrix(size_t rows, size_t columns, size_t row) { return rows < 2 || row >= columns; }

#endif
