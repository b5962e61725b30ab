// Gradients of attention. A task owns a head of keys of a batch item: its gradients, and those of the queries that read
// it. Sums over the heads and blocks of queries are taken in their order, so no partial sums have to be combined.
//
// With p the weights, g the gradient by the result, and D_i = sum_c g_ic out_ic:
//   grad_v = p^T g, and with s = p (g v^T - D): grad_q = scale s k, grad_k = scale s^T q
// (T. Dao et al., "FlashAttention", 2022, appendix B). Weights come from scores and the saved log-sum-exp of each row.
#include "job.h"

#include <string.h>

static const double flops_per_nanosecond = 60;

// What a thread works with, one part behind another; lengths in elements.
typedef struct {
  void *packed_q, *packed_g, *scores, *gradients, *log_sums, *dots, *bias;
} backward_space;

static size_t backward_space_elements(const attention_job *job) {
  const farro_attention_shape *s = &job->shape;
  return most_queries * (s->d + s->dv + 2 * farro_attention_most_keys(job) + 2 + bias_keys);
}

static backward_space backward_space_at(const attention_job *job, void *base) {
  const size_t block = most_queries * farro_attention_most_keys(job);
  backward_space space = {.packed_q = base};
  space.packed_g = attention_element(job, space.packed_q, most_queries * job->shape.d);
  space.scores = attention_element(job, space.packed_g, most_queries * job->shape.dv);
  space.gradients = attention_element(job, space.scores, block);
  space.log_sums = attention_element(job, space.gradients, block);
  space.dots = attention_element(job, space.log_sums, most_queries);
  space.bias = attention_element(job, space.dots, most_queries);
  return space;
}

// ---- a block of queries and a block of keys ----

// Operands of one head, from the block's first query and the item's first key on.
typedef struct {
  query_block queries;
  const void *g;
  void *grad_q, *grad_k, *grad_v;
} gradient_block;

static void add_key_gradients(const gradient_block *b, size_t key, const score_block *block,
                              const backward_space *space) {
  const query_block *q = &b->queries;
  const attention_job *job = q->job;
  const farro_attention_shape *s = &job->shape;
  attention_product p = {.rows = block->keys,
                         .columns = s->dv,
                         .steps = q->rows,
                         .a = space->scores,
                         .a_row = block->width,
                         .a_step = 1,
                         .b = b->g,
                         .b_step = s->out.row,
                         .c = attention_element(job, b->grad_v, key * s->v.row),
                         .ldc = s->v.row,
                         .alpha = job->one,
                         .beta = job->one};
  farro_attention_multiply(job, &p);
  p.columns = s->d;
  p.a = space->gradients;
  p.b = q->q;
  p.b_step = s->q.row;
  p.c = attention_element(job, b->grad_k, key * s->k.row);
  p.ldc = s->k.row;
  p.alpha = job->scale;
  farro_attention_multiply(job, &p);
}

static void add_gradients(const gradient_block *b, size_t key, size_t keys, const backward_space *space) {
  const query_block *q = &b->queries;
  const attention_job *job = q->job;
  const farro_attention_shape *s = &job->shape;
  const score_block block = {keys, q->width, space->scores};
  farro_attention_scores(q, key, &block);
  farro_attention_multiply(job, &(attention_product){.rows = keys,
                                                     .columns = q->width,
                                                     .steps = s->dv,
                                                     .a = attention_element(job, q->v, key * s->v.row),
                                                     .a_row = s->v.row,
                                                     .a_step = 1,
                                                     .b = space->packed_g,
                                                     .b_step = q->width,
                                                     .c = space->gradients,
                                                     .ldc = q->width,
                                                     .alpha = job->one,
                                                     .beta = job->zero,
                                                     .padded = true});
  job->kernels->weigh_gradients(&block, space->log_sums, space->dots, space->gradients);
  add_key_gradients(b, key, &block, space);
  farro_attention_multiply(job, &(attention_product){.rows = q->rows,
                                                     .columns = s->d,
                                                     .steps = keys,
                                                     .a = space->gradients,
                                                     .a_row = 1,
                                                     .a_step = q->width,
                                                     .b = attention_element(job, q->k, key * s->k.row),
                                                     .b_step = s->k.row,
                                                     .c = b->grad_q,
                                                     .ldc = s->q.row,
                                                     .alpha = job->scale,
                                                     .beta = key == 0 ? job->zero : job->one});
}

// ---- tasks ----

static void differentiate_queries(gradient_block *b, const backward_space *space) {
  query_block *q = &b->queries;
  const attention_job *job = q->job;
  const farro_attention_shape *s = &job->shape;
  const size_t at = q->item->out + q->head * s->out.head + q->first * s->out.row;
  const size_t sum_at = q->item->log_sums + q->head * s->queries + q->first, bytes = job->matmul->element_bytes;
  b->g = attention_element(job, job->grad_out, at);
  b->grad_q = attention_element(job, job->grad_q, q->item->q + q->head * s->q.head + q->first * s->q.row);
  job->matmul->pack_across(q->rows, q->width, s->d, q->q, s->q.row, space->packed_q);
  job->matmul->pack_across(q->rows, q->width, s->dv, b->g, s->out.row, space->packed_g);
  q->packed_q = space->packed_q, q->bias = space->bias;
  memcpy(space->log_sums, attention_element(job, job->log_sums, sum_at), q->rows * bytes);
  job->kernels->row_dots(q->rows, s->dv, b->g, s->out.row, attention_element(job, job->out, at), s->out.row,
                         space->dots);
  const size_t keys = farro_attention_visible_keys(q), step = farro_attention_key_block(job, q->item->keys);
  // Without keys, a product of no steps sets the gradients of the queries to 0.
  for (size_t key = 0; key < keys || key == 0; key += step) add_gradients(b, key, smaller(step, keys - key), space);
}

static void clear_rows(const attention_job *job, size_t rows, size_t columns, void *x, size_t x_row) {
  for (size_t i = 0; i < rows; i++)
    memset(attention_element(job, x, i * x_row), 0, columns * job->matmul->element_bytes);
}

static void differentiate_head(const attention_job *job, const attention_item *item, size_t kv_head,
                               const backward_space *space) {
  const farro_attention_shape *s = &job->shape;
  const size_t group = s->heads / s->kv_heads, keys = s->key_offsets ? item->keys : s->keys;
  gradient_block b = {.grad_k = attention_element(job, job->grad_k, item->k + kv_head * s->k.head),
                      .grad_v = attention_element(job, job->grad_v, item->v + kv_head * s->v.head)};
  clear_rows(job, keys, s->d, b.grad_k, s->k.row);
  clear_rows(job, keys, s->dv, b.grad_v, s->v.row);
  const size_t rows = farro_attention_query_block(job, item->queries);
  for (size_t head = kv_head * group; head < (kv_head + 1) * group; head++)
    for (size_t query = 0; query < item->queries; query += rows) {
      b.queries = farro_attention_queries(job, item, head, query, smaller(rows, item->queries - query));
      differentiate_queries(&b, space);
    }
}

static void run_heads(void *context, size_t first, size_t last) {
  attention_job *job = context;
  const size_t bytes = backward_space_elements(job) * job->matmul->element_bytes;
  void *base = farro_allocate(bytes);
  if (!base) {
    atomic_store(&job->lacks_memory, true);
    return;
  }
  const backward_space space = backward_space_at(job, base);
  for (size_t task = first; task < last; task++) {
    const attention_item item = farro_attention_item(job, task / job->shape.kv_heads);
    differentiate_head(job, &item, task % job->shape.kv_heads, &space);
  }
  farro_release(base, bytes);
}

// ---- entry ----

static farro_status differentiate(attention_job *job) {
  const farro_attention_shape *s = &job->shape;
  farro_status status = farro_attention_check(s);
  if (status == FARRO_OK) status = farro_attention_check_gradients(s);
  if (status != FARRO_OK) return status;
  if (s->batch == 0 || s->kv_heads == 0) return FARRO_OK;
  double pairs = 0;
  for (size_t i = 0; i < s->batch; i++) {
    const attention_item item = farro_attention_item(job, i);
    pairs += ((double)item.queries + 8) * ((double)item.keys + 8);
  }
  const double flops = 2 * pairs * (double)s->heads * ((double)(3 * s->d + 2 * s->dv) + 8);
  farro_attention_run(job, s->batch * s->kv_heads, flops / flops_per_nanosecond, run_heads);
  return atomic_load(&job->lacks_memory) ? FARRO_ERROR_MEMORY : FARRO_OK;
}

#define ENTRY(type, scalar)                                                                                            \
  farro_status farro_attention_backward_##type(const farro_attention_shape *shape, scalar scale, const scalar *q,      \
                                               const scalar *k, const scalar *v, const scalar *out,                    \
                                               const scalar *log_sums, const scalar *grad_out, scalar *grad_q,         \
                                               scalar *grad_k, scalar *grad_v) {                                       \
    static const scalar zero = 0, one = 1;                                                                             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    attention_job job = {.shape = *shape,                                                                              \
                         .matmul = kernels->matmul_##type,                                                             \
                         .kernels = kernels->attention_##type,                                                         \
                         .scale = &scale,                                                                              \
                         .zero = &zero,                                                                                \
                         .one = &one,                                                                                  \
                         .q = q,                                                                                       \
                         .k = k,                                                                                       \
                         .v = v,                                                                                       \
                         .out = (void *)out,                                                                           \
                         .log_sums = (void *)log_sums,                                                                 \
                         .grad_out = grad_out,                                                                         \
                         .grad_q = grad_q,                                                                             \
                         .grad_k = grad_k,                                                                             \
                         .grad_v = grad_v};                                                                            \
    return differentiate(&job);                                                                                        \
  }

ENTRY(f32, float)
ENTRY(f64, double)
