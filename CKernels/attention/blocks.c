// What forward and backward share: batch items, blocks of queries and of keys, and their scores.
#include "job.h"
#include "runtime/sizes.h"

// ---- arguments ----

static bool never_fall(size_t count, const size_t *offsets, size_t most) {
  for (size_t i = 0; i < count; i++)
    if (offsets[i] > offsets[i + 1]) return false;
  return offsets[count] <= most;
}

farro_status farro_attention_check(const farro_attention_shape *s) {
  enum { most_columns = 1 << 24 };
  const bool is_ragged = s->query_offsets;
  if (s->d > most_columns || s->dv > most_columns) return FARRO_ERROR_ARGUMENT;
  if (!can_exist(s->batch, s->heads, s->queries) || !can_exist(s->batch, s->heads, s->keys))
    return FARRO_ERROR_ARGUMENT;
  if (s->heads > 0 && (s->kv_heads == 0 || s->heads % s->kv_heads != 0)) return FARRO_ERROR_ARGUMENT;
  if (s->heads > 0 && !farro_rows_are_apart(is_ragged ? 1 : s->batch, s->heads, s->queries, s->out, s->dv))
    return FARRO_ERROR_ARGUMENT;
  if ((unsigned)s->causal > FARRO_CAUSAL_END || (s->mask.seen && s->mask.additive)) return FARRO_ERROR_ARGUMENT;
  if (is_ragged != (s->key_offsets != NULL) || (is_ragged && s->key_lengths)) return FARRO_ERROR_ARGUMENT;
  if (is_ragged &&
      (!never_fall(s->batch, s->query_offsets, s->queries) || !never_fall(s->batch, s->key_offsets, s->keys)))
    return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; s->key_lengths && i < s->batch; i++)
    if (s->key_lengths[i] > s->keys) return FARRO_ERROR_ARGUMENT;
  return FARRO_OK;
}

farro_status farro_attention_check_gradients(const farro_attention_shape *s) {
  const size_t batch = s->query_offsets ? 1 : s->batch;
  return (s->heads == 0 || farro_rows_are_apart(batch, s->heads, s->queries, s->q, s->d)) &&
                 farro_rows_are_apart(batch, s->kv_heads, s->keys, s->k, s->d) &&
                 farro_rows_are_apart(batch, s->kv_heads, s->keys, s->v, s->dv)
             ? FARRO_OK
             : FARRO_ERROR_ARGUMENT;
}

// ---- items and blocks ----

static ptrdiff_t limit(ptrdiff_t x, ptrdiff_t low, ptrdiff_t high) { return x < low ? low : x > high ? high : x; }

// Offsets so large that every or no key is seen are as good as smaller ones, with which nothing overflows.
static ptrdiff_t shift_of(const farro_attention_shape *s, size_t queries, size_t keys) {
  const ptrdiff_t most = (ptrdiff_t)(queries + keys), offset = limit(s->causal_offset, -most, most);
  switch (s->causal) {
  case FARRO_CAUSAL_START:
    return offset;
  case FARRO_CAUSAL_END:
    return offset + (ptrdiff_t)keys - (ptrdiff_t)queries;
  default:
    return (ptrdiff_t)keys;
  }
}

attention_item farro_attention_item(const attention_job *job, size_t index) {
  const farro_attention_shape *s = &job->shape;
  attention_item item = {.index = index};
  if (s->query_offsets) {
    const size_t query = s->query_offsets[index], key = s->key_offsets[index];
    item.queries = s->query_offsets[index + 1] - query;
    item.keys = s->key_offsets[index + 1] - key;
    item.q = query * s->q.row, item.out = query * s->out.row;
    item.k = key * s->k.row, item.v = key * s->v.row;
    item.log_sums = query;
  } else {
    item.queries = s->queries;
    item.keys = s->key_lengths ? s->key_lengths[index] : s->keys;
    item.q = index * s->q.batch, item.out = index * s->out.batch;
    item.k = index * s->k.batch, item.v = index * s->v.batch;
    item.log_sums = index * s->heads * s->queries;
  }
  item.shift = shift_of(s, job->is_single ? 1 : item.queries, item.keys);
  if (job->is_single) {
    item.keys = (size_t)limit(item.shift + 1, 0, (ptrdiff_t)item.keys);
    item.shift = (ptrdiff_t)item.keys;
  }
  return item;
}

query_block farro_attention_queries(const attention_job *job, const attention_item *item, size_t head, size_t first,
                                    size_t rows) {
  const farro_attention_shape *s = &job->shape;
  const size_t kv_head = head / (s->heads / s->kv_heads);
  return (query_block){.job = job,
                       .item = item,
                       .head = head,
                       .first = first,
                       .rows = rows,
                       .width = round_up(rows, job->matmul->narrow_columns),
                       .q = attention_element(job, job->q, item->q + head * s->q.head + first * s->q.row),
                       .k = attention_element(job, job->k, item->k + kv_head * s->k.head),
                       .v = attention_element(job, job->v, item->v + kv_head * s->v.head)};
}

size_t farro_attention_query_block(const attention_job *job, size_t queries) {
  if (queries == 0) return most_queries;
  return round_up(ceil_divide(queries, ceil_divide(queries, most_queries)), job->matmul->narrow_columns);
}

size_t farro_attention_most_keys(const attention_job *job) { return 1024 / job->matmul->element_bytes; }

size_t farro_attention_key_block(const attention_job *job, size_t keys) {
  return keys == 0 ? 1 : ceil_divide(keys, ceil_divide(keys, farro_attention_most_keys(job)));
}

size_t farro_attention_visible_keys(const query_block *b) {
  return (size_t)limit((ptrdiff_t)(b->first + b->rows) + b->item->shift, 0, (ptrdiff_t)b->item->keys);
}

// ---- products and scores ----

// Some of the rows that come next: their share when row..<last are done.
static void ask_for(const rows_ahead *ahead, size_t row, size_t last) {
  const size_t bytes = ahead->job->matmul->element_bytes, from = ahead->done + row, to = ahead->done + last;
  for (size_t o = 0; o < 3; o++) {
    const size_t count = ahead->operands[o].count, end = count * to / ahead->all;
    for (size_t i = count * from / ahead->all; i < end; i++) {
      const char *rows = attention_element(ahead->job, ahead->operands[o].first, i * ahead->operands[o].step);
      for (size_t at = 0; at < ahead->operands[o].columns * bytes; at += 64) __builtin_prefetch(rows + at, 0, 2);
    }
  }
}

void farro_attention_multiply(const attention_job *job, const attention_product *p) {
  const matmul_kernels *kernels = job->matmul;
  const size_t most = p->columns <= kernels->narrow_columns ? kernels->tall_rows : kernels->rows;
  const size_t rows = p->rows == 0 ? 1 : ceil_divide(p->rows, ceil_divide(p->rows, most));
  matmul_tile tile = {.columns = p->columns,
                      .k = p->steps,
                      .a_row = p->a_row,
                      .a_step = p->a_step,
                      .b = p->b,
                      .b_step = p->b_step,
                      .ldc = p->ldc,
                      .alpha = p->alpha,
                      .beta = p->beta,
                      .padded = p->padded,
                      .count = 1};
  for (size_t row = 0; row < p->rows; row += rows) {
    tile.a = attention_element(job, p->a, row * p->a_row);
    tile.c = attention_element(job, p->c, row * p->ldc);
    const size_t here = smaller(rows, p->rows - row);
    kernels->tile[here](&tile);
    if (p->ahead) ask_for(p->ahead, row, row + here);
  }
}

// For a few queries, which would leave most lanes of a tile empty.
static void multiply_dots(const query_block *q, size_t key, const score_block *block, const void *beta,
                          const rows_ahead *ahead) {
  const attention_job *job = q->job;
  const farro_attention_shape *s = &job->shape;
  const size_t rows = job->matmul->dot_rows;
  matmul_tile tile = {.columns = q->rows,
                      .k = s->d,
                      .a_row = s->k.row,
                      .a_step = 1,
                      .b = q->q,
                      .b_step = s->q.row,
                      .ldc = block->width,
                      .alpha = job->scale,
                      .beta = beta,
                      .count = 1};
  for (size_t j = 0; j < block->keys; j += rows) {
    tile.a = attention_element(job, q->k, (key + j) * s->k.row);
    tile.c = attention_element(job, block->scores, j * block->width);
    const size_t here = smaller(rows, block->keys - j);
    job->matmul->dot(here, &tile);
    if (ahead) ask_for(ahead, j, j + here);
  }
}

// The mask of a block, where its scores will be. Rows of the mask that lie with their keys side by side are transposed
// as they are, others some keys at a time by way of `bias`.
static void lay_mask(const query_block *q, size_t key, const score_block *block) {
  const attention_job *job = q->job;
  const farro_attention_mask *m = &job->shape.mask;
  const size_t at = q->item->index * m->batch + q->head * m->head + q->first * m->query + key * m->key;
  const uint8_t *seen = m->seen ? m->seen + at : NULL;
  const void *additive = m->additive ? attention_element(job, m->additive, at) : NULL;
  if (additive && m->key == 1 && m->query > 0) {
    job->matmul->pack_across(q->rows, block->width, block->keys, additive, m->query, block->scores);
    return;
  }
  for (size_t j = 0, count; j < block->keys; j += count) {
    count = smaller(bias_keys, block->keys - j);
    const score_block part = {count, block->width, attention_element(job, block->scores, j * block->width)};
    const size_t rows = m->query > 0 ? q->rows : 1;
    for (size_t i = 0; i < rows; i++) {
      const size_t from = i * m->query + j * m->key;
      job->kernels->bias(count, seen ? seen + from : NULL, additive ? attention_element(job, additive, from) : NULL,
                         m->key, attention_element(job, q->bias, i * count));
    }
    if (m->query > 0)
      job->matmul->pack_across(rows, part.width, count, q->bias, count, part.scores);
    else
      job->kernels->spread_bias(&part, q->bias);
  }
}

// What comes after the keys of the block: the first queries, the keys and the values of the next head; or, of a large
// head, the block's values and the keys of the next block.
static bool comes_next(const query_block *q, size_t key, const score_block *block, rows_ahead *ahead) {
  const farro_attention_shape *s = &q->job->shape;
  const query_block *n = q->next;
  if (!n && !q->is_far) return false;
  const size_t visible = farro_attention_visible_keys(q), left = visible - key - block->keys;
  if (n)
    *ahead = (rows_ahead){q->job,
                          {{n->q, n->rows, s->d, s->q.row},
                           {n->k, n->item->keys, s->d, s->k.row},
                           {n->v, n->item->keys, s->dv, s->v.row}},
                          key,
                          visible};
  else
    *ahead = (rows_ahead){
        q->job,
        {{attention_element(q->job, q->v, key * s->v.row), block->keys, s->dv, s->v.row},
         {attention_element(q->job, q->k, (key + block->keys) * s->k.row), smaller(block->keys, left), s->d, s->k.row}},
        0,
        block->keys};
  return true;
}

void farro_attention_scores(const query_block *q, size_t key, const score_block *block) {
  const attention_job *job = q->job;
  const farro_attention_shape *s = &job->shape;
  const bool has_mask = s->mask.seen || s->mask.additive;
  const void *beta = has_mask ? job->one : job->zero;
  rows_ahead ahead;
  const bool has_ahead = comes_next(q, key, block, &ahead);
  if (has_mask) lay_mask(q, key, block);
  if (q->packed_q)
    farro_attention_multiply(job, &(attention_product){.rows = block->keys,
                                                       .columns = block->width,
                                                       .steps = s->d,
                                                       .a = attention_element(job, q->k, key * s->k.row),
                                                       .a_row = s->k.row,
                                                       .a_step = 1,
                                                       .b = q->packed_q,
                                                       .b_step = block->width,
                                                       .c = block->scores,
                                                       .ldc = block->width,
                                                       .alpha = job->scale,
                                                       .beta = beta,
                                                       .padded = true,
                                                       .ahead = has_ahead ? &ahead : NULL});
  else
    multiply_dots(q, key, block, beta, has_ahead ? &ahead : NULL);
  const ptrdiff_t shift = (ptrdiff_t)q->first + q->item->shift - (ptrdiff_t)key;
  if ((ptrdiff_t)block->keys - 1 > shift) job->kernels->hide_later(block, shift);
}

// ---- tasks ----

void farro_attention_run(attention_job *job, size_t count, double nanoseconds, farro_body body) {
  if (count == 0) return;
  const double grain = 20e3 * (double)count / (nanoseconds + 1);
  const size_t most = ceil_divide(count, 16);
  farro_parallel_for(count, grain < 1 ? 1 : grain < (double)most ? (size_t)grain : most, nanoseconds, body, job);
}
