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
  size_t words, rows, columns;      // of a panel: words of k, rows of A, columns of B
  size_t padded_n;                  // n up to whole panels
  size_t row_panels, column_panels; // of a product,
  size_t row_chunk, column_chunk;   // and of a task
  size_t piece;                     // words of k that are packed at a time
  bool copies_a, gathers;           // gathers: B is packed where it is used
  bool packs_once;                  // one B serves the whole batch
  bool side_by_side;                // each product of the batch is run by one thread, `grain` of them in one go
  size_t grain;
  size_t a_pitch;                  // words from one copied row to the next, or of a panel of rows if A is transposed
  double nanoseconds;              // of a product, roughly, on one thread
  const uint32_t *panels, *sums_b; // of B, when one serves all products
  bool widens;                     // and multiplies as f32:
  matmul_job wide;                 // whose operands are yet to be
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

// Fills in the plan, from the shape and whether `panels` are there.
void farro_low_precision_plan(low_precision_job *job);
farro_matmul_plan farro_low_precision_plan_of(const low_precision_job *job);

// Memory for one product at a time.
typedef struct low_precision_workspace {
  uint32_t *panels, *sums_b, *a, *sums_a;
} low_precision_workspace;

// Words that it takes; it is laid out from `base` on, unless that is NULL.
size_t farro_low_precision_workspace(const low_precision_job *job, low_precision_workspace *at, uint32_t *base);

// Words that a thread takes to gather: a piece of panels, and the sums of all rows.
size_t farro_low_precision_gathered_words(const low_precision_job *job);

// Products that become f32: the plan, or false when they are better as they are; and all of them, false without memory.
bool farro_low_precision_plan_widened(low_precision_job *job);
bool farro_low_precision_run_widened(const low_precision_job *job);

// Plans and runs a job whose arguments are right.
farro_status farro_low_precision_run(low_precision_job *job);

static inline bool has_zero_point(const farro_quantized_operand *by) { return by && by->zero_point; }

static inline int32_t zero_point_of(const farro_quantized_operand *by, size_t item, size_t index) {
  return has_zero_point(by) ? by->zero_point[index * by->step + item * by->stride] : 0;
}

#endif
