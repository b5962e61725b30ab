#include "attention_checks.h"

// Doubles of `count` elements.
#define TO_DOUBLES(values, count)                                                                                      \
  ({                                                                                                                   \
    double *doubles = malloc(((count) + 1) * sizeof *doubles);                                                         \
    for (size_t element = 0; element < (count); element++) doubles[element] = (double)(values)[element];               \
    doubles;                                                                                                           \
  })

#define CHECK_PROBLEM(type, scalar, unit)                                                                              \
  static void check_problem_##type(attention_problem p) {                                                              \
    attention_setting setting = attention_setting_of(&p);                                                              \
    farro_attention_shape *s = &setting.shape;                                                                         \
    const bool adds = setting.additive && !s->mask.seen;                                                               \
    scalar *additive = guarded_allocate(setting.mask_count * sizeof *additive);                                        \
    for (size_t i = 0; i < setting.mask_count; i++) additive[i] = (scalar)setting.additive[i];                         \
    if (adds) s->mask.additive = additive;                                                                             \
    const size_t nq = attention_span(s, s->q, p.heads, p.queries, p.d);                                                \
    const size_t nk = attention_span(s, s->k, p.kv_heads, p.keys, p.d);                                                \
    const size_t nv = attention_span(s, s->v, p.kv_heads, p.keys, p.dv);                                               \
    const size_t no = attention_span(s, s->out, p.heads, p.queries, p.dv);                                             \
    const size_t nl = (p.is_ragged ? 1 : p.batch) * p.heads * p.queries;                                               \
    const scalar scale = (scalar)(p.d ? 1.5 / sqrt((double)p.d) : 1);                                                  \
    /* Operands, then two sets of results and one of expected ones, each in the same order. */                         \
    const size_t sizes[] = {nq, nk, nv, no, no, nl, nq, nk, nv, no, nl, nq, nk, nv, no, nl, nq, nk, nv};               \
    enum { count = sizeof sizes / sizeof *sizes };                                                                     \
    scalar *x[count];                                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                                               \
      x[i] = guarded_allocate(sizes[i] * sizeof **x);                                                                  \
      if (i < 9)                                                                                                       \
        fill_##type(x[i], sizes[i]);                                                                                   \
      else                                                                                                             \
        memcpy(x[i], x[(i - 9) % 5 + 4], sizes[i] * sizeof **x);                                                       \
    }                                                                                                                  \
    scalar *const *a = x + 4, *const *serial = x + 9, *const *expected = x + 14;                                       \
    farro_status status = farro_attention_##type(s, scale, x[0], x[1], x[2], a[0], a[1]);                              \
    EXPECT(status == FARRO_OK, "attention_" #type ": status %d", status);                                              \
    status = farro_attention_backward_##type(s, scale, x[0], x[1], x[2], a[0], a[1], x[3], a[2], a[3], a[4]);          \
    EXPECT(status == FARRO_OK, "attention_backward_" #type ": status %d", status);                                     \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_attention_##type(s, scale, x[0], x[1], x[2], serial[0], serial[1]);                                          \
    farro_attention_backward_##type(s, scale, x[0], x[1], x[2], serial[0], serial[1], x[3], serial[2], serial[3],      \
                                    serial[4]);                                                                        \
    farro_set_local_threads(0, NULL);                                                                                  \
    for (size_t i = 0; i < 5; i++)                                                                                     \
      EXPECT(memcmp(a[i], serial[i], sizes[4 + i] * sizeof **x) == 0,                                                  \
             "attention_" #type " (%zu, %zu, %zu, %zu): bits of %zu depend on threads", p.queries, p.keys, p.d, p.dv,  \
             i);                                                                                                       \
    farro_attention_reference_##type(s, scale, x[0], x[1], x[2], expected[0], expected[1]);                            \
    farro_attention_backward_reference_##type(s, scale, x[0], x[1], x[2], x[3], expected[2], expected[3],              \
                                              expected[4]);                                                            \
    double *doubles[count];                                                                                            \
    for (size_t i = 0; i < count; i++) doubles[i] = TO_DOUBLES(x[i], sizes[i]);                                        \
    double *const *d = doubles;                                                                                        \
    const attention_values actual = {d[0], d[1], d[2], d[4], d[5], d[3], d[6], d[7], d[8]};                            \
    const attention_values right = {d[0], d[1], d[2], d[14], d[15], d[3], d[16], d[17], d[18]};                        \
    if (adds) s->mask.additive = setting.additive;                                                                     \
    const double worst = attention_worst(s, (double)scale, unit, &actual, &right);                                     \
    const double worst_gradient = attention_worst_gradient(s, (double)scale, unit, &actual, &right);                   \
    EXPECT(worst <= 1, "attention_" #type " (%zu, %zu / %zu, %zu, %zu, %zu, %zu) causal %d mask %d: %g of the bound",  \
           p.batch, p.heads, p.kv_heads, p.queries, p.keys, p.d, p.dv, p.causal, p.mask, worst);                       \
    EXPECT(worst_gradient <= 1,                                                                                        \
           "attention_backward_" #type " (%zu, %zu / %zu, %zu, %zu, %zu, %zu) causal %d mask %d: %g of the bound",     \
           p.batch, p.heads, p.kv_heads, p.queries, p.keys, p.d, p.dv, p.causal, p.mask, worst_gradient);              \
    for (size_t i = 4; i < 9; i++) { /* what lies between rows */                                                      \
      bool untouched = true;                                                                                           \
      for (size_t j = 0; j < sizes[i]; j++)                                                                            \
        untouched = untouched && (x[i][j] == x[i + 10][j] || fabs(d[i][j] - d[i + 10][j]) < 1);                        \
      EXPECT(untouched || worst > 1, "attention_" #type ": wrote between rows of %zu", i);                             \
    }                                                                                                                  \
    for (size_t i = 0; i < count; i++) free(doubles[i]), guarded_free(x[i], sizes[i] * sizeof **x);                    \
    guarded_free(additive, setting.mask_count * sizeof *additive);                                                     \
    attention_setting_free(&setting);                                                                                  \
  }

CHECK_PROBLEM(f32, float, 0x1p-24)
CHECK_PROBLEM(f64, double, 0x1p-53)

static void check_problem(attention_problem p) {
  check_problem_f32(p);
  check_problem_f64(p);
}

// ---- arguments and special values ----

static farro_attention_shape small_shape(size_t heads, size_t queries, size_t keys, size_t d) {
  const farro_attention_layout q = {heads * queries * d, queries * d, d}, k = {heads * keys * d, keys * d, d};
  return (farro_attention_shape){.batch = 1,
                                 .heads = heads,
                                 .kv_heads = heads,
                                 .queries = queries,
                                 .keys = keys,
                                 .d = d,
                                 .dv = d,
                                 .q = q,
                                 .k = k,
                                 .v = k,
                                 .out = q};
}

static void check_arguments(void) {
  const float x[64] = {0};
  float out[64] = {7};
  const size_t long_one[] = {5}, falling[] = {0, 3, 2}, past[] = {0, 2, 5}, right[] = {0, 2, 4};
  const uint8_t seen[16] = {0};
  farro_attention_shape shapes[9];
  for (size_t i = 0; i < 9; i++) shapes[i] = small_shape(2, 4, 4, 2);
  shapes[0].kv_heads = 0;
  shapes[1].heads = 3, shapes[1].kv_heads = 2;
  shapes[2].out.row = 1;
  shapes[3].causal = (farro_causal)3;
  shapes[4].key_lengths = long_one;
  shapes[5].query_offsets = right;
  shapes[6].batch = 2, shapes[6].query_offsets = right, shapes[6].key_offsets = falling;
  shapes[7].batch = 2, shapes[7].query_offsets = past, shapes[7].key_offsets = right;
  shapes[8].mask = (farro_attention_mask){.seen = seen, .additive = x};
  for (size_t i = 0; i < 9; i++) {
    EXPECT(farro_attention_f32(&shapes[i], 1, x, x, x, out, NULL) == FARRO_ERROR_ARGUMENT, "bad shape %zu", i);
    EXPECT(farro_attention_backward_f32(&shapes[i], 1, x, x, x, x, x, x, out, out, out) == FARRO_ERROR_ARGUMENT,
           "bad shape %zu of gradients", i);
  }
  farro_attention_shape shared = small_shape(2, 4, 4, 2);
  shared.batch = 2, shared.k.batch = 0;
  EXPECT(farro_attention_backward_f32(&shared, 1, x, x, x, x, x, x, out, out, out) == FARRO_ERROR_ARGUMENT,
         "gradients of shared keys");
  EXPECT(out[0] == 7, "a refused call wrote");
}

// Three keys, of which a query sees none, one, some; scores that overflow, are infinite or NaN.
static void check_special_values(void) {
  farro_attention_shape s = small_shape(1, 5, 3, 1);
  const float q[5] = {1, 1e30f, -1e30f, NAN, 1}, k[3] = {1, 2, -1}, v[3] = {1, 10, 100};
  const float lowest = -INFINITY;
  const float mask[15] = {lowest, lowest, lowest, 0, 0, 0, 0, 0, lowest, 0, 0, 0, lowest, 3, lowest};
  float out[5], log_sums[5], ones[5] = {1, 1, 1, 1, 1}, grad_q[5], grad_k[3], grad_v[3];
  s.mask = (farro_attention_mask){.additive = mask, .query = 3, .key = 1};
  farro_attention_f32(&s, 1, q, k, v, out, log_sums);
  EXPECT(out[0] == 0 && log_sums[0] == -INFINITY, "no key seen: %g %g", (double)out[0], (double)log_sums[0]);
  EXPECT(out[1] == 10, "a score of 2e30: %g", (double)out[1]);
  EXPECT(out[2] == 1 && log_sums[2] == -1e30f, "scores of -1e30: %g %g", (double)out[2], (double)log_sums[2]);
  EXPECT(isnan(out[3]) && isnan(log_sums[3]), "NaN in a query: %g", (double)out[3]);
  EXPECT(out[4] == 10 && log_sums[4] == 5, "one key seen: %g %g", (double)out[4], (double)log_sums[4]);
  s.queries = 1;
  farro_attention_backward_f32(&s, 1, q, k, v, out, log_sums, ones, grad_q, grad_k, grad_v);
  EXPECT(grad_q[0] == 0 && grad_k[0] == 0 && grad_v[2] == 0, "gradients where no key is seen");
  const float infinite[1] = {INFINITY}, one[2] = {1, 1};
  s = small_shape(1, 1, 2, 1);
  farro_attention_f32(&s, 1, infinite, one, one, out, NULL);
  EXPECT(isnan(out[0]), "a score of +infinity: %g", (double)out[0]);
}

// Keys at and beyond an item's length may hold anything.
static void check_padding(void) {
  farro_attention_shape s = small_shape(1, 40, 300, 8);
  const size_t length = 270;
  static float x[300 * 8], y[300 * 8], out[2][40 * 8];
  fill_f32(x, 300 * 8);
  memcpy(y, x, sizeof x);
  for (size_t i = length * 8; i < 300 * 8; i++) y[i] = NAN;
  s.key_lengths = &length;
  farro_attention_f32(&s, 0.5f, x, x, x, out[0], NULL);
  farro_attention_f32(&s, 0.5f, x, y, y, out[1], NULL);
  EXPECT(memcmp(out[0], out[1], sizeof *out) == 0, "padding is read");
}

// Concatenated sequences give what each gives alone, bit for bit; so do heads that share keys.
static void check_ragged(void) {
  enum { heads = 3, d = 20, rows = 400 };
  static double x[3][rows * heads * d], out[2][rows * heads * d];
  for (size_t i = 0; i < 3; i++) fill_f64(x[i], rows * heads * d);
  const size_t offsets[] = {0, 1, 1, 70, 330, 400};
  farro_attention_shape s = small_shape(heads, rows, rows, d);
  const farro_attention_layout layout = {0, d, heads * d};
  s.q = s.k = s.v = s.out = layout;
  s.batch = 5, s.query_offsets = s.key_offsets = offsets, s.causal = FARRO_CAUSAL_END;
  EXPECT(farro_attention_f64(&s, 0.3, x[0], x[1], x[2], out[0], NULL) == FARRO_OK, "ragged");
  farro_attention_shape one = s;
  one.batch = 1, one.query_offsets = one.key_offsets = NULL;
  for (size_t i = 0; i < 5; i++) {
    const size_t at = offsets[i] * heads * d;
    one.queries = one.keys = offsets[i + 1] - offsets[i];
    farro_attention_f64(&one, 0.3, x[0] + at, x[1] + at, x[2] + at, out[1] + at, NULL);
  }
  EXPECT(memcmp(out[0], out[1], sizeof *out) == 0, "a sequence depends on its neighbours");
}

void check_attention(void) {
  check_arguments();
  check_special_values();
  check_padding();
  check_ragged();
  check_rotary();
  const size_t sizes[] = {0, 1, 2, 3, 5, 7, 8, 13, 15, 16, 17, 29, 33, 64, 65, 97};
  const size_t count = sizeof sizes / sizeof *sizes;
  for (size_t i = 0; i < 3 * count; i++) {
    const size_t kv_heads = 1 + i % 2, batch = 1 + i % 3;
    check_problem((attention_problem){.batch = batch,
                                      .heads = kv_heads * (1 + i / 2 % 3),
                                      .kv_heads = kv_heads,
                                      .queries = sizes[i % count],
                                      .keys = sizes[(5 * i + 3) % count],
                                      .d = sizes[(3 * i + 1) % count],
                                      .dv = sizes[(7 * i + 2) % count],
                                      .causal = (farro_causal)(i / 2 % 3),
                                      .offset = (ptrdiff_t)(i % 5) - 2,
                                      .mask = (mask_kind)(i % mask_kinds),
                                      .heads_last = i % 2,
                                      .has_lengths = i % 4 == 1,
                                      .is_ragged = i % 4 == 3 && batch > 1});
  }
  check_problem((attention_problem){2, 2, 1, 130, 700, 40, 24, FARRO_CAUSAL_NONE, 0, no_mask, true, true, false});
  check_problem((attention_problem){1, 2, 2, 300, 300, 16, 33, FARRO_CAUSAL_START, 0, no_mask, false, false, false});
  check_problem(
      (attention_problem){1, 1, 1, 90, 600, 8, 8, FARRO_CAUSAL_END, -3, additive_by_query, true, false, false});
  check_problem((attention_problem){3, 2, 1, 310, 280, 12, 9, FARRO_CAUSAL_END, 0, seen_by_query, true, false, true});
  check_problem((attention_problem){2, 6, 2, 1, 530, 64, 64, FARRO_CAUSAL_END, 0, seen_by_key, false, true, false});
  check_problem((attention_problem){2, 0, 2, 3, 5, 4, 6, FARRO_CAUSAL_NONE, 0, no_mask, false, false, false});
  // More than the caches hold, in many heads and in few long ones.
  check_problem((attention_problem){33, 8, 8, 3, 200, 16, 16, FARRO_CAUSAL_NONE, 0, no_mask, false, true, false});
  check_problem((attention_problem){4, 2, 2, 6, 4200, 16, 16, FARRO_CAUSAL_END, 0, no_mask, true, false, false});
  check_problem(
      (attention_problem){2, 6, 2, 1, 77, 64, 20, FARRO_CAUSAL_START, 40, seen_by_query, false, false, false});
}
