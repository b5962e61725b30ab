// A call of attention, forward or backward: what its tasks share, and the scores of a block.
#ifndef FARRO_ATTENTION_JOB_H
#define FARRO_ATTENTION_JOB_H

#include <stdatomic.h>

#include "attention/attention.h"
#include "matmul/matmul.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum {
  most_queries = 64, // of a block: whole vectors on every instruction set
  bias_keys = 64,    // whose mask is laid out at a time
};

typedef struct attention_job {
  farro_attention_shape shape;
  const matmul_kernels *matmul;
  const attention_kernels *kernels;
  const void *scale, *zero, *one;
  const void *q, *k, *v;
  void *out, *log_sums;
  const void *grad_out;
  void *grad_q, *grad_k, *grad_v;
  bool asks_ahead;    // for operands that come from memory
  bool is_single;     // all queries stand at the first one's place
  size_t *first_task; // of each batch item, and their number
  atomic_bool lacks_memory;
} attention_job;

// A batch item: its rows, and where they begin, in elements.
typedef struct attention_item {
  size_t index, queries, keys;
  size_t q, k, v, out, log_sums;
  ptrdiff_t shift; // query i sees key j where j <= i + shift
} attention_item;

// Some queries of one head.
typedef struct query_block query_block;
struct query_block {
  const attention_job *job;
  const attention_item *item;
  size_t head, first, rows;
  size_t width; // `rows` in whole vectors
  const void *q;
  const void *packed_q;    // (d, width); NULL: q is read where it lies, by dot products
  const void *k, *v;       // of the item's first key
  void *bias;              // room for most_queries * bias_keys elements
  const query_block *next; // NULL, or the first of the next head: asked for while this one is computed
  bool is_far;             // its own keys and values have not been asked for
};

static inline void *attention_element(const attention_job *job, const void *base, size_t index) {
  return (char *)base + index * job->matmul->element_bytes;
}

// FARRO_ERROR_ARGUMENT unless the shape is as include/attention.h says; and unless gradients have room.
farro_status farro_attention_check(const farro_attention_shape *shape);
farro_status farro_attention_check_gradients(const farro_attention_shape *shape);

attention_item farro_attention_item(const attention_job *job, size_t index);

// A head's queries from `first` on, as many as `rows`, without anything packed.
query_block farro_attention_queries(const attention_job *job, const attention_item *item, size_t head, size_t first,
                                    size_t rows);

// Queries of the blocks that `queries` of them are cut into, and keys likewise: as even as whole vectors allow.
size_t farro_attention_query_block(const attention_job *job, size_t queries);
size_t farro_attention_key_block(const attention_job *job, size_t keys);

// The most that farro_attention_key_block answers.
size_t farro_attention_most_keys(const attention_job *job);

// The keys that some query of the block sees: 0..< this.
size_t farro_attention_visible_keys(const query_block *block);

// scale k q^T + mask for the keys key..<key + block.keys.
void farro_attention_scores(const query_block *queries, size_t key, const score_block *block);

// Rows that come next, to be asked for while others are worked on. Heads follow one another too quickly for the
// hardware to run ahead.
typedef struct rows_ahead {
  const attention_job *job;
  struct {
    const void *first;
    size_t count, columns, step;
  } operands[3];
  size_t done, all; // of the rows that are worked on: those before, and all
} rows_ahead;

// c (rows, columns) = alpha a b + beta c over `steps`, with element (i, p) of a at a[i * a_row + p * a_step].
typedef struct attention_product {
  size_t rows, columns, steps;
  const void *a;
  size_t a_row, a_step;
  const void *b;
  size_t b_step;
  void *c;
  size_t ldc;
  const void *alpha, *beta;
  bool padded;             // b is whole vectors wide
  const rows_ahead *ahead; // NULL: nothing is asked for
} attention_product;

void farro_attention_multiply(const attention_job *job, const attention_product *p);

// Runs `body` over 0..<count, with ranges of some microseconds, `nanoseconds` being the time of all on one thread.
void farro_attention_run(attention_job *job, size_t count, double nanoseconds, farro_body body);

#endif
