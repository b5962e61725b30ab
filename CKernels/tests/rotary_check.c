#include "attention_checks.h"

// ---- rotary embedding ----

#define CHECK_ROTARY(type, scalar, unit)                                                                               \
  static void check_rotary_##type(farro_rotary_shape s, bool in_place, size_t pad) {                                   \
    const size_t row = s.d + pad, count = s.batch * s.heads * s.rows * row, entries = s.table_rows * s.pairs;          \
    s.x = s.y = (farro_attention_layout){s.rows * s.heads * row, row, s.heads * row};                                  \
    if (pad == 0) s.x = s.y = (farro_attention_layout){s.rows * s.heads * row, s.rows * row, row};                     \
    scalar *x = guarded_allocate(count * sizeof *x), *y = guarded_allocate(count * sizeof *y);                         \
    scalar *expected = guarded_allocate(count * sizeof *x), *back = guarded_allocate(count * sizeof *x);               \
    scalar *cosines = guarded_allocate(entries * sizeof *x), *sines = guarded_allocate(entries * sizeof *x);           \
    EXPECT(farro_rotary_table_##type(0, s.table_rows, s.pairs, 100, cosines, sines) == FARRO_OK, "rotary table");      \
    fill_##type(x, count), fill_##type(y, count);                                                                      \
    memcpy(expected, in_place ? x : y, count * sizeof *x);                                                             \
    farro_rotary_reference_##type(&s, cosines, sines, x, expected);                                                    \
    if (in_place) memcpy(y, x, count * sizeof *x);                                                                     \
    EXPECT(farro_rotary_##type(&s, cosines, sines, in_place ? y : x, y) == FARRO_OK, "rotary_" #type);                 \
    double worst = 0, worst_back = 0;                                                                                  \
    for (size_t i = 0; i < count; i++)                                                                                 \
      worst = fmax(worst, fabs((double)y[i] - (double)expected[i]) / (2 * (unit) * 2)); /* |a| + |b| <= 2 */           \
    EXPECT(worst <= 1, "rotary_" #type " (%zu, %zu) pairs %zu interleaved %d: %g of the bound", s.rows, s.d, s.pairs,  \
           s.interleaved, worst);                                                                                      \
    memcpy(back, x, count * sizeof *x);                                                                                \
    s.inverse = !s.inverse;                                                                                            \
    farro_rotary_##type(&s, cosines, sines, y, back);                                                                  \
    for (size_t i = 0; i < count; i++) worst_back = fmax(worst_back, fabs((double)back[i] - (double)x[i]));            \
    EXPECT(worst_back <= 16 * (unit), "rotary_" #type ": turned back, %g away", worst_back);                           \
    guarded_free(x, count * sizeof *x), guarded_free(y, count * sizeof *y);                                            \
    guarded_free(expected, count * sizeof *x), guarded_free(back, count * sizeof *x);                                  \
    guarded_free(cosines, entries * sizeof *x), guarded_free(sines, entries * sizeof *x);                              \
  }

CHECK_ROTARY(f32, float, 0x1p-24)
CHECK_ROTARY(f64, double, 0x1p-53)

static void check_rotary_shapes(void) {
  for (size_t pairs = 0; pairs < 40; pairs++) {
    const size_t positions[] = {5, 0, 3, 3, 1, 4}; // (batch, rows)
    farro_rotary_shape s = {.batch = 2,
                            .heads = 1 + pairs % 3,
                            .rows = 3,
                            .d = 2 * pairs + pairs % 4,
                            .pairs = pairs,
                            .interleaved = pairs % 2,
                            .inverse = pairs % 5 == 1,
                            .table_rows = 6,
                            .first = pairs % 3,
                            .position = pairs % 4 == 1 ? positions : NULL};
    for (int turn = 0; turn < 2; turn++, s.interleaved = !s.interleaved) {
      check_rotary_f32(s, turn, pairs % 3);
      check_rotary_f64(s, !turn, pairs % 3);
    }
  }
}

static void check_rotary_values(void) {
  double cosines[2 * 2], sines[2 * 2];
  EXPECT(farro_rotary_table_f64(3, 2, 2, 100, cosines, sines) == FARRO_OK, "table");
  EXPECT(cosines[0] == cos(3) && sines[0] == sin(3) && fabs(cosines[3] - cos(0.4)) < 1e-15 &&
             fabs(sines[3] - sin(0.4)) < 1e-15,
         "the table's angles");
  EXPECT(farro_rotary_table_f64(0, 2, 2, 0, cosines, sines) == FARRO_ERROR_ARGUMENT, "a base of 0");
  const double quarter_cosines[2] = {0, 0}, quarter_sines[2] = {1, 1}, x[5] = {1, 2, 3, 4, 5};
  double y[5];
  farro_rotary_shape s = {.batch = 1, .heads = 1, .rows = 1, .d = 5, .pairs = 2, .table_rows = 1};
  farro_rotary_f64(&s, quarter_cosines, quarter_sines, x, y);
  EXPECT(y[0] == -3 && y[1] == -4 && y[2] == 1 && y[3] == 2 && y[4] == 5, "a quarter turn of halves");
  s.interleaved = true;
  farro_rotary_f64(&s, quarter_cosines, quarter_sines, x, y);
  EXPECT(y[0] == -2 && y[1] == 1 && y[2] == -4 && y[3] == 3 && y[4] == 5, "a quarter turn of neighbours");
  const size_t beyond = 1;
  s.first = 1;
  EXPECT(farro_rotary_f64(&s, cosines, sines, x, y) == FARRO_ERROR_ARGUMENT, "a row beyond the table");
  s.first = 0, s.position = &beyond;
  EXPECT(farro_rotary_f64(&s, cosines, sines, x, y) == FARRO_ERROR_ARGUMENT, "a position beyond the table");
  s.position = NULL, s.pairs = 3;
  EXPECT(farro_rotary_f64(&s, cosines, sines, x, y) == FARRO_ERROR_ARGUMENT, "more pairs than elements");
}

// ---- cache ----

static void check_cache(void) {
  enum { batch = 2, heads = 3, rows = 4, d = 5, capacity = 9 };
  float x[batch * heads * rows * d], cache[batch * heads * capacity * d];
  fill_f32(x, batch * heads * rows * d);
  const size_t lengths[batch] = {2, 5}, too_long[batch] = {2, 6};
  for (int heads_last = 0; heads_last < 2; heads_last++) {
    for (size_t i = 0; i < batch * heads * capacity * d; i++) cache[i] = 7;
    farro_cache_shape s = {batch, heads, rows, d, capacity, 0, too_long, {heads * rows * d, rows * d, d}, {0}};
    s.cache = (farro_attention_layout){heads * capacity * d, capacity * d, d};
    if (heads_last) {
      s.x = (farro_attention_layout){rows * heads * d, d, heads * d};
      s.cache = (farro_attention_layout){capacity * heads * d, d, heads * d};
    }
    EXPECT(farro_cache_append_f32(&s, x, cache) == FARRO_ERROR_ARGUMENT, "an item beyond the capacity");
    s.lengths = NULL, s.length = 6;
    EXPECT(farro_cache_append_f32(&s, x, cache) == FARRO_ERROR_ARGUMENT, "beyond the capacity");
    EXPECT(cache[2 * d] == 7, "a refused call wrote");
    s.lengths = lengths;
    EXPECT(farro_cache_append_f32(&s, x, cache) == FARRO_OK, "append");
    bool holds = true;
    for (size_t b = 0; b < batch; b++)
      for (size_t h = 0; h < heads; h++)
        for (size_t i = 0; i < capacity; i++)
          for (size_t c = 0; c < d; c++) {
            const bool is_new = i >= lengths[b] && i < lengths[b] + rows;
            const float *from = x + b * s.x.batch + h * s.x.head + (i - (is_new ? lengths[b] : i)) * s.x.row + c;
            holds = holds && cache[b * s.cache.batch + h * s.cache.head + i * s.cache.row + c] == (is_new ? *from : 7);
          }
    EXPECT(holds, "what the cache holds after appending");
  }
  double pair[2] = {0}, one = 3;
  const farro_cache_shape s = {1, 1, 1, 1, 2, 1, NULL, {1, 1, 1}, {2, 2, 1}};
  EXPECT(farro_cache_append_f64(&s, &one, pair) == FARRO_OK && pair[0] == 0 && pair[1] == 3, "append in f64");
}

void check_rotary(void) {
  check_rotary_values();
  check_rotary_shapes();
  check_cache();
}
