// Problems of attention, and the error bounds of include/attention.h, computed by their definitions.
#include "attention_checks.h"

// ---- settings ----

static size_t *random_lengths(size_t count, size_t most) {
  size_t *lengths = malloc((count + 1) * sizeof *lengths);
  for (size_t i = 0; i < count; i++) lengths[i] = random_below(most + 1);
  return lengths;
}

// count + 1 offsets that end at `total`, with an empty sequence among them now and then.
static size_t *random_offsets(size_t count, size_t total) {
  size_t *offsets = malloc((count + 1) * sizeof *offsets);
  offsets[0] = 0;
  for (size_t i = 1; i <= count; i++) {
    const size_t left = total - offsets[i - 1];
    offsets[i] = i == count ? total : offsets[i - 1] + random_below(2 * left / (count - i + 1) + 1) % (left + 1);
  }
  return offsets;
}

static farro_attention_layout layout_of(const attention_problem *p, size_t heads, size_t rows, size_t columns) {
  const size_t row = columns + 3;
  if (p->heads_last) return (farro_attention_layout){rows * heads * row, row, heads * row};
  return (farro_attention_layout){heads * rows * columns, rows * columns, columns};
}

static void set_mask(attention_setting *s, const attention_problem *p) {
  farro_attention_mask *m = &s->shape.mask;
  const size_t area = p->queries * p->keys;
  switch (p->mask) {
  case seen_by_query:
    *m = (farro_attention_mask){.head = area, .query = p->keys, .key = 1};
    s->mask_count = p->heads * area;
    break;
  case seen_by_key:
  case additive_by_key:
    *m = (farro_attention_mask){.batch = p->keys, .key = 1};
    s->mask_count = p->batch * p->keys;
    break;
  case additive_by_query:
    *m = (farro_attention_mask){.query = p->keys, .key = 1};
    s->mask_count = area;
    break;
  case additive_apart:
    *m = (farro_attention_mask){.query = 1, .key = p->queries};
    s->mask_count = area;
    break;
  default:
    return;
  }
  s->seen = malloc(s->mask_count + 1), s->additive = malloc((s->mask_count + 1) * sizeof *s->additive);
  for (size_t i = 0; i < s->mask_count; i++) {
    s->seen[i] = random_below(3) == 0 ? 0 : (uint8_t)(1 + random_below(255));
    s->additive[i] = random_below(5) == 0 ? -INFINITY : (double)(float)(3 * random_unit());
  }
  if (p->mask == seen_by_query || p->mask == seen_by_key) m->seen = s->seen;
}

attention_setting attention_setting_of(const attention_problem *p) {
  attention_setting s = {.shape = {.batch = p->batch,
                                   .heads = p->heads,
                                   .kv_heads = p->kv_heads,
                                   .queries = p->queries,
                                   .keys = p->keys,
                                   .d = p->d,
                                   .dv = p->dv,
                                   .q = layout_of(p, p->heads, p->queries, p->d),
                                   .k = layout_of(p, p->kv_heads, p->keys, p->d),
                                   .v = layout_of(p, p->kv_heads, p->keys, p->dv),
                                   .out = layout_of(p, p->heads, p->queries, p->dv),
                                   .causal = p->causal,
                                   .causal_offset = p->offset}};
  set_mask(&s, p);
  if (p->is_ragged) {
    s.shape.query_offsets = s.query_offsets = random_offsets(p->batch, p->queries);
    s.shape.key_offsets = s.key_offsets = random_offsets(p->batch, p->keys);
  } else if (p->has_lengths) {
    s.shape.key_lengths = s.lengths = random_lengths(p->batch, p->keys);
  }
  return s;
}

void attention_setting_free(attention_setting *s) {
  free(s->query_offsets), free(s->key_offsets), free(s->lengths), free(s->seen), free(s->additive);
}

size_t attention_span(const farro_attention_shape *s, farro_attention_layout layout, size_t heads, size_t rows,
                      size_t columns) {
  const size_t batch = s->query_offsets ? 1 : s->batch;
  if (batch == 0 || heads == 0 || rows == 0) return 0;
  return (batch - 1) * layout.batch + (heads - 1) * layout.head + (rows - 1) * layout.row + columns;
}

// ---- bounds ----

typedef struct {
  const farro_attention_shape *s;
  size_t item, query0, key0, queries, keys;
} item_view;

static item_view view_of(const farro_attention_shape *s, size_t item) {
  if (s->query_offsets)
    return (item_view){s,
                       item,
                       s->query_offsets[item],
                       s->key_offsets[item],
                       s->query_offsets[item + 1] - s->query_offsets[item],
                       s->key_offsets[item + 1] - s->key_offsets[item]};
  return (item_view){s, item, 0, 0, s->queries, s->key_lengths ? s->key_lengths[item] : s->keys};
}

static size_t row_at(const item_view *v, farro_attention_layout layout, size_t head, size_t row, bool is_key) {
  const size_t batch = v->s->query_offsets ? 0 : v->item * layout.batch;
  return batch + head * layout.head + ((is_key ? v->key0 : v->query0) + row) * layout.row;
}

static size_t kv_head_of(const farro_attention_shape *s, size_t head) { return head / (s->heads / s->kv_heads); }

static bool sees(const item_view *v, size_t head, size_t i, size_t j) {
  const farro_attention_shape *s = v->s;
  const farro_attention_mask *m = &s->mask;
  if (m->seen && !m->seen[v->item * m->batch + head * m->head + i * m->query + j * m->key]) return false;
  const ptrdiff_t last = (ptrdiff_t)i + s->causal_offset, behind = (ptrdiff_t)v->keys - (ptrdiff_t)v->queries;
  return s->causal == FARRO_CAUSAL_NONE || (ptrdiff_t)j <= (s->causal == FARRO_CAUSAL_END ? last + behind : last);
}

// The weights of a query's keys, and M. The mask's numbers are doubles here.
static double weigh(const item_view *v, double scale, const attention_values *x, size_t head, size_t i, double *p) {
  const farro_attention_shape *s = v->s;
  const farro_attention_mask *m = &s->mask;
  const double *q = x->q + row_at(v, s->q, head, i, false);
  double max = -INFINITY, sum = 0, most = 0;
  for (size_t j = 0; j < v->keys; j++) {
    const double *k = x->k + row_at(v, s->k, kv_head_of(s, head), j, true), *additive = m->additive;
    const double bias = additive ? additive[v->item * m->batch + head * m->head + i * m->query + j * m->key] : 0;
    double dot = 0, magnitude = 0;
    for (size_t c = 0; c < s->d; c++) dot += q[c] * k[c], magnitude += fabs(q[c] * k[c]);
    p[j] = sees(v, head, i, j) ? scale * dot + bias : -INFINITY;
    if (p[j] > -INFINITY) most = fmax(most, fabs(scale) * magnitude + fabs(bias));
    max = fmax(max, p[j]);
  }
  for (size_t j = 0; j < v->keys; j++) sum += p[j] = max == -INFINITY ? 0 : exp(p[j] - max);
  for (size_t j = 0; j < v->keys && sum > 0; j++) p[j] /= sum;
  return most;
}

static void take_error(double *worst, double actual, double expected, double bound) {
  if (actual == expected || (isnan(actual) && isnan(expected))) return;
  const double ratio = fabs(actual - expected) / bound;
  if (!(ratio <= *worst)) *worst = ratio;
}

double attention_worst(const farro_attention_shape *s, double scale, double unit, const attention_values *actual,
                       const attention_values *expected) {
  double worst = 0, *p = malloc((s->keys + 1) * sizeof *p);
  for (size_t item = 0; item < s->batch; item++) {
    const item_view view = view_of(s, item);
    for (size_t head = 0; head < s->heads; head++)
      for (size_t i = 0; i < view.queries; i++) {
        const double most = weigh(&view, scale, actual, head, i, p);
        const size_t at = row_at(&view, s->out, head, i, false);
        const size_t sum = (s->query_offsets ? head : item * s->heads + head) * s->queries + view.query0 + i;
        const double scores = (double)(s->d + 8) * most, keys = (double)view.keys;
        for (size_t c = 0; c < s->dv; c++) {
          double magnitude = 0;
          for (size_t j = 0; j < view.keys; j++)
            magnitude += p[j] * fabs(actual->v[row_at(&view, s->v, kv_head_of(s, head), j, true) + c]);
          take_error(&worst, actual->out[at + c], expected->out[at + c],
                     (2 * scores + 2 * keys + 17) * unit * magnitude);
        }
        take_error(&worst, actual->log_sums[sum], expected->log_sums[sum],
                   (scores + keys + 8 + 2 * fabs(expected->log_sums[sum])) * unit);
      }
  }
  free(p);
  return worst;
}

// Adds what one query allows its gradients, and its keys'.
static void add_bounds(const item_view *v, const attention_values *x, size_t head, size_t i, const double *p,
                       double *bound_q, double *bound_k, double *bound_v) {
  const farro_attention_shape *s = v->s;
  const double *q = x->q + row_at(v, s->q, head, i, false), *g = x->grad_out + row_at(v, s->out, head, i, false);
  double mean = 0;
  for (size_t j = 0; j < v->keys; j++) {
    const double *value = x->v + row_at(v, s->v, kv_head_of(s, head), j, true);
    for (size_t c = 0; c < s->dv; c++) mean += p[j] * fabs(g[c] * value[c]);
  }
  for (size_t c = 0; c < s->d; c++) bound_q[c] = 0;
  for (size_t j = 0; j < v->keys; j++) {
    const double *k = x->k + row_at(v, s->k, kv_head_of(s, head), j, true);
    const double *value = x->v + row_at(v, s->v, kv_head_of(s, head), j, true);
    double a = mean;
    for (size_t c = 0; c < s->dv; c++) a += fabs(g[c] * value[c]), bound_v[j * s->dv + c] += p[j] * fabs(g[c]);
    for (size_t c = 0; c < s->d; c++) {
      bound_q[c] += p[j] * a * fabs(k[c]);
      bound_k[j * s->d + c] += p[j] * a * fabs(q[c]);
    }
  }
}

double attention_worst_gradient(const farro_attention_shape *s, double scale, double unit,
                                const attention_values *actual, const attention_values *expected) {
  const size_t sums = s->keys * (s->d + s->dv);
  double worst = 0, *p = malloc((sums + s->keys + s->queries * s->d + 1) * sizeof *p);
  double *bound_k = p + s->keys, *bound_v = bound_k + s->keys * s->d, *bound_q = bound_k + sums;
  for (size_t item = 0; item < s->batch; item++) {
    const item_view v = view_of(s, item);
    const size_t group = s->kv_heads ? s->heads / s->kv_heads : 0, rows = s->query_offsets ? v.keys : s->keys;
    for (size_t kv_head = 0; kv_head < s->kv_heads; kv_head++) {
      double most = 0;
      for (size_t head = kv_head * group; head < (kv_head + 1) * group; head++)
        for (size_t i = 0; i < v.queries; i++) most = fmax(most, weigh(&v, scale, actual, head, i, p));
      const double e =
          unit * (4 * (double)(s->d + 8) * most + 6 * (double)(v.keys + group * v.queries) + 4 * (double)s->dv + 64);
      for (size_t i = 0; i < sums; i++) bound_k[i] = 0;
      for (size_t head = kv_head * group; head < (kv_head + 1) * group; head++)
        for (size_t i = 0; i < v.queries; i++) {
          weigh(&v, scale, actual, head, i, p);
          add_bounds(&v, actual, head, i, p, bound_q, bound_k, bound_v);
          const size_t at = row_at(&v, s->q, head, i, false);
          for (size_t c = 0; c < s->d; c++)
            take_error(&worst, actual->grad_q[at + c], expected->grad_q[at + c], e * fabs(scale) * bound_q[c]);
        }
      for (size_t j = 0; j < rows; j++) {
        const size_t key = row_at(&v, s->k, kv_head, j, true), value = row_at(&v, s->v, kv_head, j, true);
        for (size_t c = 0; c < s->d; c++)
          take_error(&worst, actual->grad_k[key + c], expected->grad_k[key + c],
                     e * fabs(scale) * bound_k[j * s->d + c]);
        for (size_t c = 0; c < s->dv; c++)
          take_error(&worst, actual->grad_v[value + c], expected->grad_v[value + c], e * bound_v[j * s->dv + c]);
      }
    }
  }
  free(p);
  return worst;
}
