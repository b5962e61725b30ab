// Entry of attention: check, cut into blocks of queries, run. A task owns the results of its queries.
//
// Neither keys nor values are packed: a block of scores is computed transposed, with keys as the rows of the product
// and the packed queries as its columns, and then stands as the left operand of the product with the values.
#include "job.h"

// A multiply-add counts as two. Tiles run at more; exponentials and what surrounds them take the rest.
static const double flops_per_nanosecond = 60;

// ---- one block of queries ----

// What a thread works with, one part behind another; lengths in elements.
typedef struct {
  void *packed_q, *scores, *maxima, *sums, *factors, *bias;
} forward_space;

static size_t forward_space_elements(const attention_job *job) {
  return most_queries * (job->shape.d + farro_attention_most_keys(job) + 3 + bias_keys);
}

static forward_space forward_space_at(const attention_job *job, void *base) {
  forward_space space = {.packed_q = base};
  space.scores = attention_element(job, space.packed_q, most_queries * job->shape.d);
  space.maxima = attention_element(job, space.scores, most_queries * farro_attention_most_keys(job));
  space.sums = attention_element(job, space.maxima, most_queries);
  space.factors = attention_element(job, space.sums, most_queries);
  space.bias = attention_element(job, space.factors, most_queries);
  return space;
}

// A dot product of whole vectors ends in a sum across lanes, about as long as 8 multiply-adds.
static bool prefers_dots(const attention_job *job, size_t queries) {
  return queries * (job->shape.d / job->matmul->narrow_columns + 8) < job->shape.d;
}

static void attend(query_block *q, const forward_space *space) {
  const attention_job *job = q->job;
  const farro_attention_shape *s = &job->shape;
  const size_t at = q->item->out + q->head * s->out.head + q->first * s->out.row;
  void *out = attention_element(job, job->out, at);
  void *log_sums = NULL;
  if (job->log_sums)
    log_sums = attention_element(job, job->log_sums, q->item->log_sums + q->head * s->queries + q->first);
  q->bias = space->bias;
  if (!prefers_dots(job, q->rows)) {
    job->matmul->pack_across(q->rows, q->width, s->d, q->q, s->q.row, space->packed_q);
    q->packed_q = space->packed_q;
  }
  const size_t keys = farro_attention_visible_keys(q), step = farro_attention_key_block(job, q->item->keys);
  // Without keys a block of none sets the sums, and a product of no steps the results, to 0.
  for (size_t key = 0; key < keys || key == 0; key += step) {
    const score_block block = {smaller(step, keys - key), q->width, space->scores};
    farro_attention_scores(q, key, &block);
    job->kernels->exponentials(&block, key == 0, space->maxima, space->sums, space->factors);
    if (key > 0) job->kernels->scale_rows(q->rows, s->dv, space->factors, out, s->out.row);
    farro_attention_multiply(job, &(attention_product){.rows = q->rows,
                                                       .columns = s->dv,
                                                       .steps = block.keys,
                                                       .a = space->scores,
                                                       .a_row = 1,
                                                       .a_step = q->width,
                                                       .b = attention_element(job, q->v, key * s->v.row),
                                                       .b_step = s->v.row,
                                                       .c = out,
                                                       .ldc = s->out.row,
                                                       .alpha = job->one,
                                                       .beta = key == 0 ? job->zero : job->one});
  }
  job->kernels->finish_sums(q->rows, space->maxima, space->sums, space->factors, log_sums);
  job->kernels->scale_rows(q->rows, s->dv, space->factors, out, s->out.row);
}

// ---- tasks: the blocks of queries of each head of each batch item ----

static size_t item_of_task(const attention_job *job, size_t task) {
  size_t low = 0, high = job->shape.batch;
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    if (job->first_task[middle] <= task)
      low = middle;
    else
      high = middle;
  }
  return low;
}

// Whether a head's keys and values stay in the core's cache beside those of another.
static bool is_near(const attention_job *job, const attention_item *item) {
  return item->keys * (job->shape.d + job->shape.dv) * job->matmul->element_bytes <= job->matmul->near_bytes / 2;
}

// The first block of the head after that of q; false where there is none, or one that is too large to be asked for.
static bool next_head(const query_block *q, query_block *next, attention_item *item) {
  const attention_job *job = q->job;
  const farro_attention_shape *s = &job->shape;
  const bool is_last = q->head + 1 == s->heads;
  if (is_last && q->item->index + 1 == s->batch) return false;
  *item = is_last ? farro_attention_item(job, q->item->index + 1) : *q->item;
  const size_t rows = farro_attention_query_block(job, item->queries);
  *next = farro_attention_queries(job, item, is_last ? 0 : q->head + 1, 0, smaller(rows, item->queries));
  return is_near(job, item);
}

static void run_tasks(void *context, size_t first, size_t last) {
  attention_job *job = context;
  const size_t bytes = forward_space_elements(job) * job->matmul->element_bytes;
  void *base = farro_allocate(bytes);
  if (!base) {
    atomic_store(&job->lacks_memory, true);
    return;
  }
  const forward_space space = forward_space_at(job, base);
  for (size_t task = first, index = item_of_task(job, first); task < last; index++) {
    const attention_item item = farro_attention_item(job, index);
    const size_t rows = farro_attention_query_block(job, item.queries), blocks = ceil_divide(item.queries, rows);
    for (; task < last && task < job->first_task[index + 1]; task++) {
      const size_t part = task - job->first_task[index], query = part % blocks * rows;
      query_block q = farro_attention_queries(job, &item, part / blocks, query, smaller(rows, item.queries - query));
      query_block next;
      attention_item next_item;
      if (job->asks_ahead && part % blocks + 1 == blocks && next_head(&q, &next, &next_item)) q.next = &next;
      q.is_far = job->asks_ahead && query == 0 && !is_near(job, &item);
      attend(&q, &space);
    }
  }
  farro_release(base, bytes);
}

// The tasks of each item, and the time of all on one thread.
static double count_tasks(attention_job *job) {
  const farro_attention_shape *s = &job->shape;
  double pairs = 0;
  job->first_task[0] = 0;
  for (size_t i = 0; i < s->batch; i++) {
    const attention_item item = farro_attention_item(job, i);
    const size_t blocks = ceil_divide(item.queries, farro_attention_query_block(job, item.queries));
    job->first_task[i + 1] = job->first_task[i] + s->heads * blocks;
    pairs += (double)item.queries * ((double)item.keys + 8);
  }
  const double flops = 2 * pairs * (double)s->heads * ((double)(s->d + s->dv) + 8);
  return flops / flops_per_nanosecond;
}

// ---- entry ----

// One query a head, as when a text is continued: the heads that share keys become the queries of one head.
static void share_keys(attention_job *job) {
  farro_attention_shape *s = &job->shape;
  if (s->query_offsets || s->queries != 1 || s->heads == 0) return;
  const size_t group = s->heads / s->kv_heads;
  job->is_single = true;
  s->queries = group, s->heads = s->kv_heads;
  s->q.row = s->q.head, s->q.head *= group;
  s->out.row = s->out.head, s->out.head *= group;
  s->mask.query = s->mask.head, s->mask.head *= group;
}

// Whether the operands are larger than the caches.
static bool comes_from_memory(const attention_job *job) {
  const farro_attention_shape *s = &job->shape;
  const size_t items = s->query_offsets ? 1 : s->batch;
  const double of_queries = (double)s->heads * (double)s->queries * (double)s->d;
  const double of_keys = (double)s->kv_heads * (double)s->keys * (double)(s->d + s->dv);
  const double bytes = (double)items * (of_queries + of_keys) * (double)job->matmul->element_bytes;
  return bytes > 4 * (double)job->matmul->near_bytes;
}

static farro_status attend_all(attention_job *job) {
  const farro_attention_shape *s = &job->shape;
  const farro_status status = farro_attention_check(s);
  if (status != FARRO_OK) return status;
  if (s->batch == 0 || s->heads == 0 || s->queries == 0) return FARRO_OK;
  share_keys(job);
  const size_t bytes = (s->batch + 1) * sizeof *job->first_task;
  job->first_task = farro_allocate(bytes);
  if (!job->first_task) return FARRO_ERROR_MEMORY;
  const double nanoseconds = count_tasks(job);
  job->asks_ahead = comes_from_memory(job);
  farro_attention_run(job, job->first_task[s->batch], nanoseconds, run_tasks);
  farro_release(job->first_task, bytes);
  return atomic_load(&job->lacks_memory) ? FARRO_ERROR_MEMORY : FARRO_OK;
}

#define ENTRY(type, scalar)                                                                                            \
  farro_status farro_attention_##type(const farro_attention_shape *shape, scalar scale, const scalar *q,               \
                                      const scalar *k, const scalar *v, scalar *out, scalar *log_sums) {               \
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
                         .out = out,                                                                                   \
                         .log_sums = log_sums};                                                                        \
    return attend_all(&job);                                                                                           \
  }

ENTRY(f32, float)
ENTRY(f64, double)
