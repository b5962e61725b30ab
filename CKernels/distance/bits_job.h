// What the two drivers of distances between rows of bits share: the operands, and how a task lays out its part of them.
#ifndef FARRO_DISTANCE_BITS_JOB_H
#define FARRO_DISTANCE_BITS_JOB_H

#include "distance/bits.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

typedef struct bit_job {
  const bit_kernels *kernels;
  farro_bit_metric metric;
  size_t m, n, bytes;
  const uint8_t *x, *y;
  size_t ldx, ldy;
} bit_job;

// Rows of x, laid out as whole words, and panels of y that stay in the L1 cache while all of these run over them.
typedef struct bit_block {
  size_t x_rows, y_rows; // at most
  size_t space;          // bytes
} bit_block;

// One thread's layout of both, in a space of its own.
typedef struct bit_space {
  uint32_t *x, *x_counts, *y, *y_counts;
} bit_space;

// The kernels of the calling thread's instruction set; NULL when there are none.
const bit_kernels *farro_current_bit_kernels(void);

// Whether sizes and distances between rows are what the header allows.
bool bit_job_is_valid(const bit_job *job);

// Few rows of x, or long ones, are measured as they lie: panels would not pay, or not fit.
static inline bool bit_job_is_direct(const bit_job *job) { return job->m < 4 || job->bytes > 16 * 1024; }

bit_block bit_block_of(const bit_job *job);
bit_space bit_space_in(const bit_job *job, const bit_block *block, void *memory);

// Rows first... of x; rows first... of y.
void bit_lay_out_x(const bit_job *job, const bit_space *space, size_t first, size_t rows);
void bit_lay_out_y(const bit_job *job, const bit_space *space, size_t first, size_t rows);

// Offers the rows of y from `first` to `last` to the candidates of rows x... of x, in their order. The tile has its
// rows, candidates, capacity, choose and context; bit_neighbors.c.
void bit_search_rows(const bit_job *job, const bit_block *block, const bit_space *space, bit_tile *tile, size_t x,
                     size_t first, size_t last);

// Estimate for one thread.
static inline double bit_nanoseconds(const bit_job *job) {
  static const double words_per_nanosecond = 30;
  return (double)job->m * (double)job->n * (double)(bit_words(job->bytes) + 4) / words_per_nanosecond;
}

#endif
