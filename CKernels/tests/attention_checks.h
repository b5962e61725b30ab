// A problem of attention, and what its errors are measured by, shared by the checks of both element types.
#ifndef FARRO_TESTS_ATTENTION_CHECKS_H
#define FARRO_TESTS_ATTENTION_CHECKS_H

#include "check.h"

typedef enum {
  no_mask,
  seen_by_query,     // a byte for each head, query and key
  seen_by_key,       // a byte for each batch item and key
  additive_by_query, // a number for each query and key, the same for all items and heads
  additive_by_key,   // a number for each item and key
  additive_apart,    // a number for each query and key, which are not side by side
  mask_kinds,
} mask_kind;

typedef struct {
  size_t batch, heads, kv_heads, queries, keys, d, dv;
  farro_causal causal;
  ptrdiff_t offset;
  mask_kind mask;
  bool heads_last; // (batch, time, heads, d) with a gap behind each row; otherwise (batch, heads, time, d)
  bool has_lengths, is_ragged;
} attention_problem;

// The offsets, lengths and mask of a problem's shape.
typedef struct {
  farro_attention_shape shape;
  size_t *query_offsets, *key_offsets, *lengths;
  uint8_t *seen;
  double *additive; // to be converted
  size_t mask_count;
} attention_setting;

attention_setting attention_setting_of(const attention_problem *p);
void attention_setting_free(attention_setting *s);

// Elements from the first to the last of an operand with `heads` heads of `rows` rows of `columns`.
size_t attention_span(const farro_attention_shape *s, farro_attention_layout layout, size_t heads, size_t rows,
                      size_t columns);

// The operands of a call, as doubles.
typedef struct {
  const double *q, *k, *v, *out, *log_sums, *grad_out, *grad_q, *grad_k, *grad_v;
} attention_values;

// The largest error divided by the header's bound, over all results, and over all gradients.
double attention_worst(const farro_attention_shape *s, double scale, double unit, const attention_values *actual,
                       const attention_values *expected);
double attention_worst_gradient(const farro_attention_shape *s, double scale, double unit,
                                const attention_values *actual, const attention_values *expected);

void check_rotary(void);

#endif
