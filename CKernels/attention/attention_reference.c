// Attention, its gradients and rotary embedding as their definitions read.
#include "include/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- which key a query sees, and where rows lie ----

typedef struct {
  size_t query0, key0, queries, keys; // rows of a batch item; query0 and key0 where sequences are concatenated
} item_rows;

static item_rows rows_of(const farro_attention_shape *s, size_t item) {
  if (s->query_offsets)
    return (item_rows){s->query_offsets[item], s->key_offsets[item],
                       s->query_offsets[item + 1] - s->query_offsets[item],
                       s->key_offsets[item + 1] - s->key_offsets[item]};
  return (item_rows){0, 0, s->queries, s->key_lengths ? s->key_lengths[item] : s->keys};
}

static size_t row_at(const farro_attention_shape *s, farro_attention_layout layout, size_t item, size_t first,
                     size_t head, size_t row) {
  return (s->query_offsets ? 0 : item * layout.batch) + head * layout.head + (first + row) * layout.row;
}

static bool is_causal(const farro_attention_shape *s, item_rows r, size_t i, size_t j) {
  if (s->causal == FARRO_CAUSAL_NONE) return true;
  const ptrdiff_t last = (ptrdiff_t)i + s->causal_offset;
  return (ptrdiff_t)j <= (s->causal == FARRO_CAUSAL_END ? last + (ptrdiff_t)r.keys - (ptrdiff_t)r.queries : last);
}

static size_t mask_at(const farro_attention_mask *m, size_t item, size_t head, size_t i, size_t j) {
  return item * m->batch + head * m->head + i * m->query + j * m->key;
}

// ---- the functions ----

#define REFERENCE(type, scalar, wide, power, logarithm)                                                                \
  /* The weights of query i's keys, and the logarithm of the sum of exponentials. */                                   \
  static wide weights_##type(const farro_attention_shape *s, scalar scale, const scalar *q, const scalar *k,           \
                             size_t item, size_t head, size_t i, wide *p) {                                            \
    const item_rows r = rows_of(s, item);                                                                              \
    const scalar *additive = s->mask.additive;                                                                         \
    const scalar *query = q + row_at(s, s->q, item, r.query0, head, i);                                                \
    wide max = (wide) - INFINITY, sum = 0;                                                                             \
    for (size_t j = 0; j < r.keys; j++) {                                                                              \
      const scalar *key = k + row_at(s, s->k, item, r.key0, head / (s->heads / s->kv_heads), j);                       \
      const size_t at = mask_at(&s->mask, item, head, i, j);                                                           \
      wide dot = 0;                                                                                                    \
      for (size_t c = 0; c < s->d; c++) dot += (wide)query[c] * (wide)key[c];                                          \
      p[j] = (wide)scale * dot + (additive ? (wide)additive[at] : 0);                                                  \
      if (!is_causal(s, r, i, j) || (s->mask.seen && !s->mask.seen[at])) p[j] = (wide) - INFINITY;                     \
      if (p[j] > max) max = p[j];                                                                                      \
    }                                                                                                                  \
    for (size_t j = 0; j < r.keys; j++) sum += p[j] = power(p[j] - (max == (wide) - INFINITY ? 0 : max));              \
    for (size_t j = 0; j < r.keys && sum != 0; j++) p[j] /= sum;                                                       \
    return max + logarithm(sum);                                                                                       \
  }                                                                                                                    \
                                                                                                                       \
  /* sum over j of p_j v_jc. */                                                                                        \
  static wide result_##type(const farro_attention_shape *s, const scalar *v, const wide *p, size_t item, size_t head,  \
                            size_t c) {                                                                                \
    const item_rows r = rows_of(s, item);                                                                              \
    wide sum = 0;                                                                                                      \
    for (size_t j = 0; j < r.keys; j++)                                                                                \
      sum += p[j] * (wide)v[row_at(s, s->v, item, r.key0, head / (s->heads / s->kv_heads), j) + c];                    \
    return sum;                                                                                                        \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_attention_reference_##type(const farro_attention_shape *s, scalar scale, const scalar *q,         \
                                                const scalar *k, const scalar *v, scalar *out, scalar *log_sums) {     \
    wide *p = malloc((s->keys + 1) * sizeof *p);                                                                       \
    if (!p) return FARRO_ERROR_MEMORY;                                                                                 \
    for (size_t item = 0; item < s->batch; item++) {                                                                   \
      const item_rows r = rows_of(s, item);                                                                            \
      for (size_t head = 0; head < s->heads; head++)                                                                   \
        for (size_t i = 0; i < r.queries; i++) {                                                                       \
          const wide log_sum = weights_##type(s, scale, q, k, item, head, i, p);                                       \
          scalar *row = out + row_at(s, s->out, item, r.query0, head, i);                                              \
          for (size_t c = 0; c < s->dv; c++) row[c] = (scalar)result_##type(s, v, p, item, head, c);                   \
          const size_t first = s->query_offsets ? head : item * s->heads + head;                                       \
          if (log_sums) log_sums[first * s->queries + r.query0 + i] = (scalar)log_sum;                                 \
        }                                                                                                              \
    }                                                                                                                  \
    free(p);                                                                                                           \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  /* One query's part of the gradients of its head; g_* are sums in the wide type. */                                  \
  static void gradients_##type(const farro_attention_shape *s, scalar scale, const scalar *q, const scalar *k,         \
                               const scalar *v, const scalar *grad_out, size_t item, size_t head, size_t i, wide *p,   \
                               scalar *grad_q, wide *g_k, wide *g_v) {                                                 \
    const item_rows r = rows_of(s, item);                                                                              \
    const size_t kv_head = head / (s->heads / s->kv_heads), at = row_at(s, s->q, item, r.query0, head, i);             \
    const scalar *g = grad_out + row_at(s, s->out, item, r.query0, head, i);                                           \
    wide *g_q = p + s->keys, mean = 0;                                                                                 \
    weights_##type(s, scale, q, k, item, head, i, p);                                                                  \
    for (size_t c = 0; c < s->dv; c++) mean += (wide)g[c] * result_##type(s, v, p, item, head, c);                     \
    for (size_t c = 0; c < s->d; c++) g_q[c] = 0;                                                                      \
    for (size_t j = 0; j < r.keys; j++) {                                                                              \
      const scalar *key = k + row_at(s, s->k, item, r.key0, kv_head, j);                                               \
      const scalar *value = v + row_at(s, s->v, item, r.key0, kv_head, j);                                             \
      wide dot = 0;                                                                                                    \
      for (size_t c = 0; c < s->dv; c++) dot += (wide)g[c] * (wide)value[c];                                           \
      const wide change = (wide)scale * p[j] * (dot - mean);                                                           \
      for (size_t c = 0; c < s->dv; c++) g_v[j * s->dv + c] += p[j] * (wide)g[c];                                      \
      for (size_t c = 0; c < s->d; c++) g_k[j * s->d + c] += change * (wide)q[at + c];                                 \
      for (size_t c = 0; c < s->d; c++) g_q[c] += change * (wide)key[c];                                               \
    }                                                                                                                  \
    for (size_t c = 0; c < s->d; c++) grad_q[at + c] = (scalar)g_q[c];                                                 \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_attention_backward_reference_##type(                                                              \
      const farro_attention_shape *s, scalar scale, const scalar *q, const scalar *k, const scalar *v,                 \
      const scalar *grad_out, scalar *grad_q, scalar *grad_k, scalar *grad_v) {                                        \
    const size_t sums = s->keys * (s->d + s->dv);                                                                      \
    wide *g_k = malloc((sums + s->keys + s->d + 1) * sizeof *g_k), *g_v = g_k + s->keys * s->d, *p = g_k + sums;       \
    if (!g_k) return FARRO_ERROR_MEMORY;                                                                               \
    for (size_t item = 0; item < s->batch; item++) {                                                                   \
      const item_rows r = rows_of(s, item);                                                                            \
      const size_t group = s->kv_heads ? s->heads / s->kv_heads : 0, rows = s->query_offsets ? r.keys : s->keys;       \
      for (size_t kv_head = 0; kv_head < s->kv_heads; kv_head++) {                                                     \
        for (size_t i = 0; i < sums; i++) g_k[i] = 0;                                                                  \
        for (size_t head = kv_head * group; head < (kv_head + 1) * group; head++)                                      \
          for (size_t i = 0; i < r.queries; i++)                                                                       \
            gradients_##type(s, scale, q, k, v, grad_out, item, head, i, p, grad_q, g_k, g_v);                         \
        for (size_t j = 0; j < rows; j++) {                                                                            \
          scalar *key = grad_k + row_at(s, s->k, item, r.key0, kv_head, j);                                            \
          scalar *value = grad_v + row_at(s, s->v, item, r.key0, kv_head, j);                                          \
          for (size_t c = 0; c < s->d; c++) key[c] = (scalar)g_k[j * s->d + c];                                        \
          for (size_t c = 0; c < s->dv; c++) value[c] = (scalar)g_v[j * s->dv + c];                                    \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
    free(g_k);                                                                                                         \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_rotary_reference_##type(const farro_rotary_shape *s, const scalar *cosines, const scalar *sines,  \
                                             const scalar *x, scalar *y) {                                             \
    for (size_t item = 0; item < s->batch; item++)                                                                     \
      for (size_t i = 0; i < s->rows; i++)                                                                             \
        for (size_t head = 0; head < s->heads; head++) {                                                               \
          const size_t place = s->position ? s->position[item * s->rows + i] : s->first + i;                           \
          const scalar *from = x + item * s->x.batch + head * s->x.head + i * s->x.row;                                \
          scalar *to = y + item * s->y.batch + head * s->y.head + i * s->y.row;                                        \
          if (to != from) memcpy(to, from, s->d * sizeof *to);                                                         \
          for (size_t j = 0; j < s->pairs; j++) {                                                                      \
            const wide cosine = (wide)cosines[place * s->pairs + j], sine = (wide)sines[place * s->pairs + j];         \
            const size_t at = s->interleaved ? 2 * j : j, partner = s->interleaved ? 2 * j + 1 : j + s->pairs;         \
            const wide a = (wide)to[at], b = (wide)to[partner], turn = s->inverse ? -sine : sine;                      \
            to[at] = (scalar)(a * cosine - b * turn);                                                                  \
            to[partner] = (scalar)(a * turn + b * cosine);                                                             \
          }                                                                                                            \
        }                                                                                                              \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double, exp, log)
REFERENCE(f64, double, long double, expl, logl)
