// A low-precision product that is ready to run, and what its packed operand holds.
#ifndef FARRO_MATMUL_LOW_PRECISION_JOB_H
#define FARRO_MATMUL_LOW_PRECISION_JOB_H

#include "include/matmul_low_precision.h"
#include "job.h"
#include "low_precision.h"

typedef enum low_precision_result { to_f32, to_narrow, to_integers, to_scaled } low_precision_result;

typedef struct low_precision_job {
  const low_precision_kernels *kernels;
  farro_matmul_shape shape;
  const void *a, *b;
  void *c;
  low_precision_result result;
  const float *alpha, *beta;
  const farro_epilogue *epilogue;
  const farro_quantized_operand *by_a, *by_b; // NULL for floats

  // The plan.
  size_t words, rows, columns;     // of a panel: words of k, rows of A, columns of B
  size_t padded_n;                 // n up to whole panels
  bool copies_a, gathers;          // gathers: B is packed where it is used
  size_t a_pitch;                  // words from one copied row to the next, or of a panel of rows if A is transposed
  const uint32_t *panels, *sums_b; // of B, when one serves all products
} low_precision_job;

// At the start of a packed operand's memory; sums of columns (of integers) and panels follow, each from a cache line
// on.
typedef struct low_precision_contents {
  const low_precision_kernels *kernels;
  int type;
  size_t sums, panels; // words from the start
} low_precision_contents;

low_precision_contents farro_low_precision_layout(const low_precision_kernels *kernels, size_t k, size_t n,
                                                  size_t *bytes);

// op(B), and where to put it.
typedef struct low_precision_packing {
  const low_precision_kernels *kernels;
  size_t k, n, words, ldb;
  bool transposed;
  const char *b;
  uint32_t *panels, *sums; // sums is NULL for floats
} low_precision_packing;

// On all threads.
void farro_low_precision_pack(const low_precision_packing *packing);

// Plans and runs a job whose arguments are right.
farro_status farro_low_precision_run(low_precision_job *job);

static inline bool has_zero_point(const farro_quantized_operand *by) { return by && by->zero_point; }

static inline int32_t zero_point_of(const farro_quantized_operand *by, size_t item, size_t index) {
  return has_zero_point(by) ? by->zero_point[index * by->step + item * by->stride] : 0;
}

#endif
