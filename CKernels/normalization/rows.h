// What the drivers of normalization share.
#ifndef FARRO_NORMALIZATION_ROWS_H
#define FARRO_NORMALIZATION_ROWS_H

#include <math.h>

#include "runtime.h"
#include "runtime/sizes.h"
#include "runtime/streaming.h"

// The statistics of `count` rows without elements; NULL: not wanted.
static inline void set_no_statistics(size_t count, double *mean, double *inverse) {
  for (size_t i = 0; i < count && mean; i++) mean[i] = NAN;
  for (size_t i = 0; i < count && inverse; i++) inverse[i] = NAN;
}

#endif
