#include "check.h"

// A table, indices into it and the bags that they form.
typedef struct {
  farro_embedding_shape shape;
  farro_embedding_bags bags;
  size_t pad; // elements between the rows of y
  int64_t *indices, *offsets;
} layout;

// Indices repeat, the more the smaller they are; bags have 0 to 6 of them.
static layout layout_of(size_t table_rows, size_t columns, size_t count, size_t pad, int64_t padding, bool mean) {
  layout l = {.shape = {table_rows, columns, columns + pad, count}, .pad = pad};
  l.indices = guarded_allocate(count * sizeof *l.indices);
  for (size_t i = 0; i < count; i++) l.indices[i] = (int64_t)random_below(1 + random_below(table_rows));
  l.offsets = malloc((count + 2) * sizeof *l.offsets);
  size_t bags = 0;
  l.offsets[0] = 0;
  for (size_t end = 0; end < count && bags < count;) {
    end += random_below(7);
    l.offsets[++bags] = (int64_t)(end < count ? end : count);
  }
  if (l.offsets[bags] != (int64_t)count) l.offsets[++bags] = (int64_t)count;
  l.bags = (farro_embedding_bags){bags, l.offsets, padding, mean};
  return l;
}

static void release(layout *l) {
  guarded_free(l->indices, l->shape.count * sizeof *l->indices);
  free(l->offsets);
}

// The larger, where NaN is larger than all.
static double worse(double worst, double error) { return error <= worst ? worst : error; }

static size_t extent(size_t rows, size_t row, size_t columns) { return rows ? (rows - 1) * row + columns : 0; }

// How many indices, without the padding, name a row.
static double named(const layout *l, size_t row) {
  double k = 0;
  for (size_t i = 0; i < l->shape.count; i++)
    k += l->indices[i] == (int64_t)row && l->indices[i] != l->bags.padding_index;
  return k;
}

#define CHECK_EMBEDDING(type, scalar, unit)                                                                            \
  static void check_lookup_##type(const layout *l) {                                                                   \
    const farro_embedding_shape *s = &l->shape;                                                                        \
    const size_t y_row = s->columns + 2 * l->pad,                                                                      \
                 table_bytes = extent(s->table_rows, s->table_row, s->columns) * sizeof(scalar);                       \
    const size_t y_bytes = extent(s->count, y_row, s->columns) * sizeof(scalar);                                       \
    scalar *table = guarded_allocate(table_bytes), *y = guarded_allocate(y_bytes), *was = guarded_allocate(y_bytes);   \
    fill_##type(table, table_bytes / sizeof *table), fill_##type(y, y_bytes / sizeof *y);                              \
    memcpy(was, y, y_bytes);                                                                                           \
    size_t bad = 99;                                                                                                   \
    EXPECT(farro_embedding_##type(s, table, l->indices, y, y_row, &bad) == FARRO_OK, "embedding");                     \
    EXPECT(bad == s->count, "index %zu is good", bad);                                                                 \
    bool right = true;                                                                                                 \
    for (size_t i = 0; i < y_bytes / sizeof *y; i++) {                                                                 \
      const size_t row = i / y_row, column = i % y_row;                                                                \
      right &= y[i] == (column < s->columns ? table[(size_t)l->indices[row] * s->table_row + column] : was[i]);        \
    }                                                                                                                  \
    EXPECT(right, #type " lookup of %zu rows of %zu", s->count, s->columns);                                           \
    guarded_free(table, table_bytes), guarded_free(y, y_bytes), guarded_free(was, y_bytes);                            \
  }                                                                                                                    \
                                                                                                                       \
  /* Contiguous matrices, as the reference has them. */                                                                \
  static void check_bags_##type(const layout *l) {                                                                     \
    const farro_embedding_shape *s = &l->shape;                                                                        \
    const size_t columns = s->columns, count = l->bags.bags * columns, bytes = count * sizeof(scalar);                 \
    const size_t table_bytes = s->table_rows * columns * sizeof(scalar);                                               \
    scalar *table = guarded_allocate(table_bytes), *y = guarded_allocate(bytes), *expected = guarded_allocate(bytes);  \
    scalar *magnitude = guarded_allocate(bytes);                                                                       \
    fill_##type(table, table_bytes / sizeof *table);                                                                   \
    EXPECT(farro_embedding_bag_##type(s, &l->bags, table, l->indices, y, columns, NULL) == FARRO_OK, "bags");          \
    farro_embedding_bag_reference_##type(s, &l->bags, table, l->indices, expected);                                    \
    for (size_t i = 0; i < table_bytes / sizeof *table; i++) table[i] = table[i] < 0 ? -table[i] : table[i];           \
    farro_embedding_bag_reference_##type(s, &l->bags, table, l->indices, magnitude);                                   \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const double k = (double)(l->offsets[i / columns + 1] - l->offsets[i / columns]);                                \
      const double error = fabs((double)y[i] - (double)expected[i]), bound = (k + 2) * (unit) * (double)magnitude[i];  \
      worst = worse(worst, error == 0 ? 0 : error / bound);                                                            \
    }                                                                                                                  \
    EXPECT(worst <= 1, #type " %zu bags of %zu columns: %g of the bound", l->bags.bags, columns, worst);               \
    guarded_free(table, table_bytes), guarded_free(y, bytes), guarded_free(expected, bytes);                           \
    guarded_free(magnitude, bytes);                                                                                    \
  }                                                                                                                    \
                                                                                                                       \
  static void backward_##type(const layout *l, const farro_embedding_bags *bags, const scalar *grad_y, scalar *grad) { \
    const farro_embedding_shape *s = &l->shape;                                                                        \
    const farro_status status =                                                                                        \
        bags ? farro_embedding_bag_backward_##type(s, bags, l->indices, grad_y, s->columns, grad, NULL)                \
             : farro_embedding_backward_##type(s, l->indices, l->bags.padding_index, grad_y, s->columns, grad, NULL);  \
    EXPECT(status == FARRO_OK, "embedding backward");                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  /* `bags`: NULL for the lookup, whose reference has bags of one index. */                                            \
  static void check_backward_##type(const layout *l, const farro_embedding_bags *bags) {                               \
    const farro_embedding_shape *s = &l->shape;                                                                        \
    const size_t columns = s->columns, rows = bags ? bags->bags : s->count, bytes = rows * columns * sizeof(scalar);   \
    const size_t count = s->table_rows * columns, table_bytes = count * sizeof(scalar);                                \
    scalar *g = guarded_allocate(bytes), *grad = guarded_allocate(table_bytes);                                        \
    scalar *before = guarded_allocate(table_bytes), *serial = guarded_allocate(table_bytes);                           \
    scalar *expected = guarded_allocate(table_bytes), *magnitude = guarded_allocate(table_bytes);                      \
    int64_t *ones = malloc((s->count + 1) * sizeof *ones);                                                             \
    for (size_t i = 0; i <= s->count; i++) ones[i] = (int64_t)i;                                                       \
    const farro_embedding_bags single = {s->count, ones, l->bags.padding_index, false}, *b = bags ? bags : &single;    \
    fill_##type(g, rows * columns), fill_##type(before, count);                                                        \
    memcpy(grad, before, table_bytes), memcpy(serial, before, table_bytes);                                            \
    layout contiguous = *l;                                                                                            \
    contiguous.shape.table_row = columns;                                                                              \
    backward_##type(&contiguous, bags, g, grad);                                                                       \
    farro_set_local_threads(1, NULL);                                                                                  \
    backward_##type(&contiguous, bags, g, serial);                                                                     \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(count == 0 || memcmp(grad, serial, table_bytes) == 0, #type " backward: bits depend on threads");           \
    farro_embedding_bag_backward_reference_##type(s, b, l->indices, g, expected);                                      \
    for (size_t i = 0; i < rows * columns; i++) g[i] = g[i] < 0 ? -g[i] : g[i];                                        \
    farro_embedding_bag_backward_reference_##type(s, b, l->indices, g, magnitude);                                     \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const double right = (double)before[i] + (double)expected[i], k = named(l, i / columns);                         \
      const double bound = (k + 3) * (unit) * (fabs((double)before[i]) + (double)magnitude[i]);                        \
      const double error = fabs((double)grad[i] - right);                                                              \
      worst = worse(worst, error == 0 ? 0 : k == 0 ? INFINITY : error / bound);                                        \
    }                                                                                                                  \
    EXPECT(worst <= 1, #type " backward of %zu rows of %zu%s: %g of the bound", s->count, columns,                     \
           bags ? " in bags" : "", worst);                                                                             \
    guarded_free(g, bytes), guarded_free(grad, table_bytes), guarded_free(before, table_bytes);                        \
    guarded_free(serial, table_bytes), guarded_free(expected, table_bytes), guarded_free(magnitude, table_bytes);      \
    free(ones);                                                                                                        \
  }                                                                                                                    \
                                                                                                                       \
  static void check_all_##type(const layout *l) {                                                                      \
    check_lookup_##type(l);                                                                                            \
    if (l->pad == 0) check_bags_##type(l), check_backward_##type(l, NULL), check_backward_##type(l, &l->bags);         \
  }                                                                                                                    \
                                                                                                                       \
  /* Past the caches and through them (rows apart), the same bits. */                                                  \
  static void check_streaming_##type(size_t columns, size_t skew) {                                                    \
    const size_t count = ((size_t)40 << 20) / (columns * sizeof(scalar)),                                              \
                 bytes = (count * columns + 16) * sizeof(scalar);                                                      \
    scalar *table = farro_allocate(64 * columns * sizeof(scalar)), *y = farro_allocate(bytes);                         \
    int64_t *indices = farro_allocate(count * sizeof *indices);                                                        \
    fill_##type(table, 64 * columns);                                                                                  \
    for (size_t i = 0; i < count; i++) indices[i] = (int64_t)(i * 37 % 64);                                            \
    const farro_embedding_shape s = {64, columns, columns, count};                                                     \
    farro_embedding_##type(&s, table, indices, y + skew, columns, NULL);                                               \
    bool right = true;                                                                                                 \
    for (size_t i = 0; i < count; i++)                                                                                 \
      right &= memcmp(y + skew + i * columns, table + (size_t)indices[i] * columns, columns * sizeof *y) == 0;         \
    EXPECT(right, #type " lookup of rows of %zu, streaming", columns);                                                 \
    farro_release(table, 64 * columns * sizeof(scalar)), farro_release(y, bytes);                                      \
    farro_release(indices, count * sizeof *indices);                                                                   \
  }

CHECK_EMBEDDING(f32, float, 0x1p-24)
CHECK_EMBEDDING(f64, double, 0x1p-53)

static void check_arguments(void) {
  float table[6] = {1, 2, 3, 4, 5, 6}, y[8] = {9, 9, 9, 9, 9, 9, 9, 9};
  const farro_embedding_shape s = {3, 2, 2, 4};
  size_t bad = 0;
  EXPECT(farro_embedding_f32(&s, table, (int64_t[]){0, 2, 3, -1}, y, 2, &bad) == FARRO_ERROR_ARGUMENT && bad == 2,
         "index 3 of 3 rows is at 2, not %zu", bad);
  EXPECT(farro_embedding_f32(&s, table, (int64_t[]){0, -1, 3, 1}, y, 2, &bad) == FARRO_ERROR_ARGUMENT && bad == 1,
         "index -1 is at 1, not %zu", bad);
  const int64_t good[] = {0, 1, 2, 2};
  EXPECT(farro_embedding_f32(&s, table, good, y, 1, &bad) == FARRO_ERROR_ARGUMENT && bad == 4, "y_row below columns");
  EXPECT(farro_embedding_backward_f32(&s, (int64_t[]){0, 1, 2, 9}, -1, table, 2, y, &bad) == FARRO_ERROR_ARGUMENT &&
             bad == 3,
         "index 9");
  EXPECT(farro_embedding_backward_f32(&s, good, 3, table, 2, y, NULL) == FARRO_ERROR_ARGUMENT, "padding outside");
  const farro_embedding_bags falling = {2, (int64_t[]){0, 5, 4}, -1, false};
  const farro_embedding_bags short_ones = {2, (int64_t[]){0, 1, 3}, -1, false},
                             late = {1, (int64_t[]){1, 4}, -1, false};
  EXPECT(farro_embedding_bag_f32(&s, &falling, table, good, y, 2, NULL) == FARRO_ERROR_ARGUMENT, "falling offsets");
  EXPECT(farro_embedding_bag_f32(&s, &short_ones, table, good, y, 2, NULL) == FARRO_ERROR_ARGUMENT,
         "an index too many");
  EXPECT(farro_embedding_bag_f32(&s, &late, table, good, y, 2, NULL) == FARRO_ERROR_ARGUMENT, "offsets from 1 on");
  for (size_t i = 0; i < 8; i++) EXPECT(y[i] == 9, "a refused call wrote");
  int64_t many[3000] = {0}; // bad ones behind the first block
  many[2999] = 1;
  const farro_embedding_shape one = {1, 0, 0, 3000};
  EXPECT(farro_embedding_f32(&one, table, many, y, 0, &bad) == FARRO_ERROR_ARGUMENT && bad == 2999, "bad at %zu", bad);
}

void check_embedding(void) {
  for (size_t i = 0; i < tail_size_count; i++)
    for (size_t pad = 0; pad < 4; pad += 3) {
      layout l = layout_of(1 + random_below(40), tail_sizes[i], 1 + random_below(60), pad, i % 3 == 0 ? 0 : -1, i % 2);
      check_all_f32(&l), check_all_f64(&l);
      release(&l);
    }
  const size_t counts[] = {0, 1, 5000};
  for (size_t i = 0; i < 3; i++) { // nothing, one, and enough for many tasks
    layout l = layout_of(100, 67, counts[i], 0, 1, true);
    check_all_f32(&l), check_all_f64(&l);
    release(&l);
  }
  check_streaming_f32(16, 0), check_streaming_f32(301, 1), check_streaming_f32(256, 3);
  check_streaming_f64(16, 0), check_streaming_f64(301, 1);
  check_arguments();
}
