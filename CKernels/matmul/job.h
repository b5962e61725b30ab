// A product that is ready to run: what its caller gave, and the plan. The driver counts in elements of whatever type
// the kernels compute in, and leaves arithmetic to them.
#ifndef FARRO_MATMUL_JOB_H
#define FARRO_MATMUL_JOB_H

#include "matmul.h"
#include "runtime/sizes.h"

typedef struct matmul_job {
  const matmul_kernels *kernels;
  farro_matmul_shape shape;
  const void *a, *b;
  void *c;
  const void *alpha, *beta, *one;
  const farro_epilogue *epilogue;    // NULL: none
  const farro_packed_matrix *packed; // NULL: B is as it was given
  bool overwrites;                   // beta is 0
  farro_matmul_plan plan;
  void *shared; // what all tasks read: of a dot-product path, op(B) transposed
} matmul_job;

// op(B) in blocks of k; within a block, panels of the kernels' full tile's columns, k-major, the last padded with
// zeros.
struct farro_packed_matrix {
  const matmul_kernels *kernels; // of elements of 1 byte: panels are low_precision_contents instead
  size_t k, n, k_block;
  size_t bytes;
  void *panels; // block p, panel j: at p * padded columns + j * panel columns * steps of the block
};

// Whether rows so many bytes apart share a set of L1, because they start at the same place of a page: it has fewer ways
// than a tile has rows, which then throw each other out at every step.
static inline bool rows_share_sets(size_t pitch) {
  const size_t page = 4096, line = 64, shift = pitch % page;
  return pitch > line && (shift < line || shift > page - line);
}

// Whether dot products along k are long enough to pay.
static inline bool has_long_k(const farro_matmul_shape *s, size_t element_bytes) { return s->k * element_bytes >= 512; }

// Rows of a tile, if m rows are cut as evenly as tiles of `most` rows allow.
static inline size_t even_rows(size_t m, size_t most) { return ceil_divide(m, ceil_divide(m, most)); }

// Element `index` of a matrix.
static inline void *element(const matmul_job *job, const void *base, size_t index) {
  return (char *)base + index * job->kernels->element_bytes;
}

// Where part `part` of the rows of C begins, if they are cut into `parts` as even as whole tiles allow.
static inline size_t row_of_part(const matmul_job *job, size_t part, size_t parts) {
  const size_t panels = ceil_divide(job->shape.m, job->plan.tile_rows);
  return smaller(panels * part / parts * job->plan.tile_rows, job->shape.m);
}

// The k of blocks of equal length: the longest that a panel of B should have.
size_t farro_matmul_k_block(const matmul_kernels *kernels, size_t k);

// Whether matmul takes the shape (B's part of it is not looked at when it is packed).
bool farro_matmul_accepts(const farro_matmul_shape *shape, bool packed);

// Normalizes the job's shape (a batch that shares B becomes one product with more rows, for example) and plans it.
void farro_matmul_plan_job(matmul_job *job);

// The plan of a product with a packed B of 16 or 8 bits.
farro_status farro_low_precision_plan_packed(const farro_matmul_shape *shape, const farro_packed_matrix *packed,
                                             farro_matmul_plan *plan);

// Rough time of one product of the batch on one thread, in nanoseconds.
double farro_matmul_nanoseconds(const matmul_job *job);

// Columns of B that are packed at a time in a large product, at most: bounds the work space to 12 MiB.
enum { farro_matmul_most_columns = 4096 };

// One small product without an epilogue, whose alpha is not 0. False when it is not one, or its arguments need a closer
// look; then nothing is done.
bool farro_matmul_run_small(const matmul_kernels *kernels, const farro_matmul_shape *shape, const void *alpha,
                            const void *a, const void *b, const void *beta, void *c);

// Tasks first..<last of the job, counted over the whole batch: task t is part t % plan.tasks of product t / plan.tasks.
// False when there was no memory.
bool farro_matmul_run_direct(const matmul_job *job, size_t first, size_t last);
bool farro_matmul_run_dot(const matmul_job *job, size_t first, size_t last);
bool farro_matmul_run_packed(const matmul_job *job, size_t first, size_t last);

// The same, by whichever way the plan says; not for blocks.
bool farro_matmul_run_tasks(const matmul_job *job, size_t first, size_t last);

// A whole job that is cut into blocks: all threads pack a block of B, then all multiply it. To be called outside of
// tasks.
bool farro_matmul_run_blocks(const matmul_job *job);

#endif
