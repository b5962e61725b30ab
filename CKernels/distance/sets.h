// What the drivers of distances between sets need of one instruction set.
#ifndef FARRO_DISTANCE_SETS_H
#define FARRO_DISTANCE_SETS_H

#include "runtime.h"

#include "include/set_distance.h"

typedef struct set_kernels {
  // The number of elements that both of two ascending lists have.
  size_t (*common_u32)(const uint32_t *x, size_t x_count, const uint32_t *y, size_t y_count);
  size_t (*common_u64)(const uint64_t *x, size_t x_count, const uint64_t *y, size_t y_count);
} set_kernels;

#endif
