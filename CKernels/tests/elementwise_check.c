#include "check.h"

// ---- maps over rows, with every way to broadcast -----------------------------------------------------------------

// An operand of a rows x columns map: contiguous rows, rows with gaps, one row repeated, a column repeated, one
// element.
static const struct {
  const char *name;
  bool repeats_rows, repeats_columns;
  size_t gap;
} layouts[] = {{"dense", false, false, 0},
               {"gaps", false, false, 3},
               {"row", true, false, 0},
               {"column", false, true, 0},
               {"element", true, true, 0}};
enum { layout_count = 5 };

typedef struct {
  size_t row, step, count;
} operand;

static operand operand_of(size_t layout, size_t rows, size_t columns) {
  operand o = {.step = layouts[layout].repeats_columns ? 0 : 1};
  const size_t width = layouts[layout].repeats_columns ? 1 : columns + layouts[layout].gap;
  o.row = layouts[layout].repeats_rows ? 0 : width;
  o.count = rows == 0 || columns == 0 ? 0 : (layouts[layout].repeats_rows ? 1 : rows) * width;
  return o;
}

#define CHECK_MAPS(type, scalar, fused)                                                                                \
  static scalar expected_##type(int operation, scalar a, scalar b, scalar c) {                                         \
    switch (operation) {                                                                                               \
    case 0:                                                                                                            \
      return a + b;                                                                                                    \
    case 1:                                                                                                            \
      return a - b;                                                                                                    \
    case 2:                                                                                                            \
      return a * b;                                                                                                    \
    case 3:                                                                                                            \
      return a / b;                                                                                                    \
    default:                                                                                                           \
      return farro_current_isa() == FARRO_ISA_BASELINE ? a * b + c : fused(a, b, c);                                   \
    }                                                                                                                  \
  }                                                                                                                    \
  static farro_status map_##type(int operation, size_t rows, size_t columns, operand oa, operand ob, operand oc,       \
                                 size_t out_row, const scalar *a, const scalar *b, const scalar *c, scalar *out) {     \
    static farro_status (*const binary[])(const farro_binary_shape *, const scalar *, const scalar *, scalar *) = {    \
        farro_add_##type, farro_subtract_##type, farro_multiply_##type, farro_divide_##type};                          \
    const farro_binary_shape two = {rows, columns, oa.row, oa.step, ob.row, ob.step, out_row};                         \
    const farro_multiply_add_shape three = {                                                                           \
        rows, columns, oa.row, oa.step, ob.row, ob.step, oc.row, oc.step, out_row};                                    \
    return operation < 4 ? binary[operation](&two, a, b, out) : farro_multiply_add_##type(&three, a, b, c, out);       \
  }                                                                                                                    \
  static void check_map_##type(int operation, size_t rows, size_t columns, size_t la, size_t lb, size_t lc) {          \
    const operand oa = operand_of(la, rows, columns), ob = operand_of(lb, rows, columns);                              \
    const operand oc = operand_of(lc, rows, columns);                                                                  \
    const size_t out_row = columns + layouts[la].gap, count = rows * out_row;                                          \
    scalar *a = guarded_allocate(oa.count * sizeof *a), *b = guarded_allocate(ob.count * sizeof *b);                   \
    scalar *c = guarded_allocate(oc.count * sizeof *c), *out = guarded_allocate(count * sizeof *out);                  \
    fill_##type(a, oa.count), fill_##type(b, ob.count), fill_##type(c, oc.count);                                      \
    for (size_t i = 0; i < count; i++) out[i] = 7;                                                                     \
    const farro_status status = map_##type(operation, rows, columns, oa, ob, oc, out_row, a, b, c, out);               \
    EXPECT(status == FARRO_OK, "map %d: status %d", operation, status);                                                \
    size_t wrong = 0;                                                                                                  \
    for (size_t i = 0; i < rows; i++)                                                                                  \
      for (size_t j = 0; j < out_row; j++) {                                                                           \
        const scalar expected = j >= columns                                                                           \
                                    ? (scalar)7                                                                        \
                                    : expected_##type(operation, a[i * oa.row + j * oa.step],                          \
                                                      b[i * ob.row + j * ob.step], c[i * oc.row + j * oc.step]);       \
        wrong += memcmp(&out[i * out_row + j], &expected, sizeof expected) != 0;                                       \
      }                                                                                                                \
    EXPECT(wrong == 0, "map %d " #type " %zu x %zu %s %s %s: %zu wrong", operation, rows, columns, layouts[la].name,   \
           layouts[lb].name, layouts[lc].name, wrong);                                                                 \
    if (oa.count == count) { /* in place */                                                                            \
      map_##type(operation, rows, columns, oa, ob, oc, out_row, a, b, c, a);                                           \
      size_t different = 0;                                                                                            \
      for (size_t i = 0; i < rows; i++)                                                                                \
        different += memcmp(a + i * out_row, out + i * out_row, columns * sizeof *a) != 0;                             \
      EXPECT(different == 0, "map %d " #type " %zu x %zu: in place differs", operation, rows, columns);                \
    }                                                                                                                  \
    guarded_free(a, oa.count * sizeof *a), guarded_free(b, ob.count * sizeof *b);                                      \
    guarded_free(c, oc.count * sizeof *c), guarded_free(out, count * sizeof *out);                                     \
  }

CHECK_MAPS(f32, float, fmaf)
CHECK_MAPS(f64, double, fma)

static void check_maps(void) {
  for (int operation = 0; operation < 5; operation++) {
    for (size_t i = 0; i < tail_size_count; i++)
      for (size_t la = 0; la < layout_count; la++)
        for (size_t lb = 0; lb < layout_count; lb++) {
          check_map_f32(operation, 1 + i % 3, tail_sizes[i], la, lb, (la + lb + i) % layout_count);
          check_map_f64(operation, 1 + i % 3, tail_sizes[i], la, lb, (la + lb + i) % layout_count);
        }
    check_map_f32(operation, 300, 211, 1, 2, 3); // several rows to a task
    check_map_f64(operation, 3, 40001, 0, 3, 1); // several tasks to a row
    check_map_f32(operation, 0, 5, 0, 0, 0);
  }
}

static void check_arguments(void) {
  float x[4] = {0}, out[4] = {7, 7, 7, 7};
  farro_binary_shape s = {.rows = 2, .columns = 2, .a_row = 2, .a_step = 2, .b_row = 2, .b_step = 1, .out_row = 2};
  EXPECT(farro_add_f32(&s, x, x, out) == FARRO_ERROR_ARGUMENT, "a step of 2 is accepted");
  s.a_step = 1;
  s.out_row = 1;
  EXPECT(farro_add_f32(&s, x, x, out) == FARRO_ERROR_ARGUMENT, "overlapping rows are accepted");
  EXPECT(out[0] == 7, "a refused call wrote");
}

// Larger than the cache: past the caches, at every alignment, and the same bits from any number of threads.
static void check_streaming(void) {
  const farro_cpu cpu = farro_cpu_facts();
  const size_t cache = cpu.l3_bytes > 0 ? (size_t)cpu.l3_bytes : 32u << 20;
  if (cache > 256u << 20) return;
  const size_t n = cache / sizeof(float) + 12345;
  float *x = farro_allocate((n + 1) * sizeof *x), *out = farro_allocate((n + 16) * sizeof *out);
  for (size_t i = 0; i < n + 1; i++) x[i] = (float)(i % 1000);
  for (size_t skew = 0; skew < 16; skew += 5) {
    for (size_t i = 0; i < n + 16; i++) out[i] = -1;
    const float one = 1;
    const farro_binary_shape s = {.rows = 1, .columns = n, .a_step = 1};
    farro_add_f32(&s, x + 1, &one, out + skew);
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) wrong += out[skew + i] != (float)((i + 1) % 1000 + 1);
    for (size_t i = 0; i < 16; i++) wrong += out[i < skew ? i : n + i] != -1;
    EXPECT(wrong == 0, "streaming with a skew of %zu: %zu wrong", skew, wrong);
  }
  farro_release(x, (n + 1) * sizeof *x);
  farro_release(out, (n + 16) * sizeof *out);
}

void check_elementwise(void) {
  check_arguments();
  check_maps();
  check_streaming();
}
