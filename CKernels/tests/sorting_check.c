#include "check.h"

// Few values, so that many are equal: zeros of both signs, infinities and NaN among them.
static double any_value(int kind) {
  switch (kind) {
  case 0:
    return random_unit();
  case 1:
    return (double)random_below(7) - 3;
  default: {
    const double values[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, -NAN, 1, -1, 1e-40, -1e-310};
    return values[random_below(10)];
  }
  }
}

#define CHECK_SORTING(type, scalar)                                                                                    \
  static bool same_##type(scalar a, scalar b) { return a == b || (isnan(a) && isnan(b)); }                             \
  static void expect_same_##type(const char *what, const scalar *values, const scalar *exact, const int64_t *indices,  \
                                 const int64_t *exactly, size_t n, size_t rows, size_t columns) {                      \
    size_t wrong = 0;                                                                                                  \
    for (size_t i = 0; values && i < n; i++) wrong += !same_##type(values[i], exact[i]);                               \
    EXPECT(wrong == 0, "%s_" #type " %zu x %zu: %zu wrong values", what, rows, columns, wrong);                        \
    EXPECT(!indices || memcmp(indices, exactly, n * sizeof *indices) == 0, "%s_" #type " %zu x %zu: wrong indices",    \
           what, rows, columns);                                                                                       \
  }                                                                                                                    \
  static void check_sort_##type(size_t rows, size_t columns, int kind, bool descending) {                              \
    const size_t count = rows * columns, bytes = count * sizeof(scalar), index_bytes = count * sizeof(int64_t);        \
    scalar *x = guarded_allocate(bytes), *values = guarded_allocate(bytes), *exact = guarded_allocate(bytes);          \
    int64_t *indices = guarded_allocate(index_bytes), *exactly = guarded_allocate(index_bytes);                        \
    for (size_t i = 0; i < count; i++) x[i] = (scalar)any_value(kind);                                                 \
    farro_sort_reference_##type(rows, columns, descending, x, columns, exact, columns, exactly, columns);              \
    EXPECT(farro_sort_##type(rows, columns, descending, x, columns, values, columns, indices, columns) == FARRO_OK,    \
           "sort_" #type " fails");                                                                                    \
    expect_same_##type("sort", values, exact, indices, exactly, count, rows, columns);                                 \
    for (size_t i = 0; i < count; i++)                                                                                 \
      EXPECT(!!signbit(values[i]) == !!signbit(exact[i]) || isnan(exact[i]), "sort_" #type ": a zero lost its sign");  \
    memset(indices, 0, index_bytes);                                                                                   \
    farro_sort_##type(rows, columns, descending, x, columns, NULL, 0, indices, columns);                               \
    expect_same_##type("argsort", NULL, NULL, indices, exactly, count, rows, columns);                                 \
    farro_sort_##type(rows, columns, descending, x, columns, x, columns, NULL, 0);                                     \
    expect_same_##type("sort in place", x, exact, NULL, NULL, count, rows, columns);                                   \
    size_t unlike = 0; /* -0 comes before 0, and there is one NaN */                                                   \
    for (size_t i = 1; i < count; i++) {                                                                               \
      if (i % columns == 0) continue;                                                                                  \
      if (x[i] == 0 && x[i - 1] == 0)                                                                                  \
        unlike += descending ? !signbit(x[i]) && signbit(x[i - 1]) : signbit(x[i]) && !signbit(x[i - 1]);              \
      if (isnan(x[i]) && isnan(x[i - 1])) unlike += memcmp(x + i, x + i - 1, sizeof *x) != 0;                          \
    }                                                                                                                  \
    EXPECT(unlike == 0, "sort_" #type " %zu x %zu without indices: %zu zeros or NaN", rows, columns, unlike);          \
    guarded_free(x, bytes), guarded_free(values, bytes), guarded_free(exact, bytes);                                   \
    guarded_free(indices, index_bytes), guarded_free(exactly, index_bytes);                                            \
  }                                                                                                                    \
  static void check_top_k_##type(size_t rows, size_t columns, size_t k, int kind, farro_top_k_options options) {       \
    const size_t gap = 3, bytes = (rows * (columns + gap)) * sizeof(scalar), count = rows * k;                         \
    scalar *x = guarded_allocate(bytes);                                                                               \
    scalar *values = guarded_allocate(count * sizeof *x), *exact = guarded_allocate(count * sizeof *x);                \
    int64_t *indices = guarded_allocate(count * 8), *exactly = guarded_allocate(count * 8);                            \
    for (size_t i = 0; i < rows * (columns + gap); i++)                                                                \
      x[i] = kind == 3 ? (scalar)i : kind == 4 ? -(scalar)i : (scalar)any_value(kind);                                 \
    farro_top_k_reference_##type(rows, columns, k, options, x, columns + gap, exact, k, exactly, k);                   \
    EXPECT(farro_top_k_##type(rows, columns, k, options, x, columns + gap, values, k, indices, k) == FARRO_OK,         \
           "top_k_" #type " fails");                                                                                   \
    expect_same_##type("top_k", values, exact, indices, exactly, count, rows, columns);                                \
    guarded_free(x, bytes);                                                                                            \
    guarded_free(values, count * sizeof *x), guarded_free(exact, count * sizeof *x);                                   \
    guarded_free(indices, count * 8), guarded_free(exactly, count * 8);                                                \
  }                                                                                                                    \
  /* Too long for the oracle: the order, and that each index occurs once, are what is checked. */                      \
  static void check_long_row_##type(size_t n) {                                                                        \
    scalar *x = farro_allocate(n * sizeof *x), best[100], *values = farro_allocate(n * sizeof *x);                     \
    int64_t *indices = farro_allocate(n * 8), where[100];                                                              \
    uint8_t *seen = calloc(n, 1);                                                                                      \
    for (size_t i = 0; i < n; i++) x[i] = (scalar)(random_unit() * (double)(random_below(3) * 1000));                  \
    farro_sort_##type(1, n, true, x, n, values, n, indices, n);                                                        \
    size_t wrong = 0;                                                                                                  \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      wrong += seen[indices[i]]++ || values[i] != x[indices[i]];                                                       \
      if (i) wrong += values[i - 1] < values[i] || (values[i - 1] == values[i] && indices[i - 1] > indices[i]);        \
    }                                                                                                                  \
    EXPECT(wrong == 0, "sort_" #type " of %zu: %zu wrong", n, wrong);                                                  \
    farro_top_k_##type(1, n, 100, (farro_top_k_options){0}, x, n, best, 100, where, 100);                              \
    EXPECT(memcmp(best, values, sizeof best) == 0 && memcmp(where, indices, sizeof where) == 0,                        \
           "top_k_" #type " of %zu is not the start of the sorted row", n);                                            \
    free(seen), farro_release(x, n * sizeof *x), farro_release(values, n * sizeof *x), farro_release(indices, n * 8);  \
  }

CHECK_SORTING(f32, float)
CHECK_SORTING(f64, double)

static void check_top_k(size_t rows, size_t columns, size_t k) {
  for (int kind = 0; kind < 5; kind++)
    for (int way = 0; way < 4; way++) {
      check_top_k_f32(rows, columns, k, kind, (farro_top_k_options){way & 1, way >> 1});
      check_top_k_f64(rows, columns, k, kind, (farro_top_k_options){way & 1, way >> 1});
    }
}

static void check_arguments(void) {
  const float x[4] = {3, 1, 2, 0};
  float values[4] = {7};
  EXPECT(farro_top_k_f32(1, 4, 5, (farro_top_k_options){0}, x, 4, values, 5, NULL, 0) == FARRO_ERROR_ARGUMENT,
         "top_k of more than there are");
  EXPECT(farro_sort_f32(2, 2, false, x, 1, values, 2, NULL, 0) == FARRO_ERROR_ARGUMENT, "sort of overlapping rows");
  EXPECT(farro_sort_f32(2, 2, false, x, 2, values, 1, NULL, 0) == FARRO_ERROR_ARGUMENT, "sort to overlapping rows");
  EXPECT(values[0] == 7, "a refused sort wrote");
  EXPECT(farro_sort_f32(1, 0, false, NULL, 0, values, 0, NULL, 0) == FARRO_OK, "sort of nothing");
}

void check_sorting(void) {
  check_arguments();
  for (int kind = 0; kind < 3; kind++)
    for (int descending = 0; descending < 2; descending++) {
      for (size_t i = 0; i < tail_size_count; i++) {
        check_sort_f32(3, tail_sizes[i], kind, descending);
        check_sort_f64(3, tail_sizes[i], kind, descending);
      }
      check_sort_f32(2, 1009, kind, descending);
      check_sort_f64(2, 1009, kind, descending);
    }
  check_sort_f32(300, 200, 1, false);
  const size_t columns[] = {1, 15, 128, 129, 700, 1531};
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    check_top_k(2, columns[i], 0);
    check_top_k(2, columns[i], 1);
    check_top_k(1, columns[i], columns[i]);
    check_top_k(3, columns[i], columns[i] / 2);
    check_top_k(3, columns[i], columns[i] < 10 ? columns[i] : 10);
    check_top_k(1, columns[i], columns[i] < 70 ? columns[i] : 70);
  }
  check_long_row_f32(700001);
  check_long_row_f64(300007);
}
