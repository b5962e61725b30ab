// What the random drivers need of one instruction set and element type.
#ifndef FARRO_RANDOM_RANDOM_H
#define FARRO_RANDOM_RANDOM_H

#include "include/random.h"

enum { dropout_bits = 16 }; // that decide on an element

// Every task starts with the first word of a block, and with a whole cache line of an aligned result.
typedef struct random_work {
  farro_philox from;
  size_t n;
  void *out;
  double low, high, last; // uniform: `last` is the number before high
  const void *x;          // dropout
  double scale;
  int32_t limit; // the greatest value of the bits that drops an element; -1: none
  bool streams;  // out is aligned to a line, and is written past the caches
} random_work;

// Elements first..<last.
typedef void random_kernel(const random_work *work, size_t first, size_t last);

typedef struct random_kernels {
  size_t element_bytes;
  random_kernel *uniform, *dropout;
} random_kernels;

#endif
