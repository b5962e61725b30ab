// Sums and moments of classes and sparse products against their definitions.
#include "check.h"

#define CHECK(type, scalar, unit)                                                                                      \
  static void check_##type(size_t rows, size_t columns, size_t pad, size_t class_count, bool weighted) {               \
    const farro_class_shape shape = {rows, columns, columns + pad, class_count};                                       \
    const size_t count = rows > 0 ? (rows - 1) * (columns + pad) + columns : 0, cells = class_count * columns;         \
    scalar *x = guarded_allocate(count * sizeof *x);                                                                   \
    fill_##type(x, count);                                                                                             \
    for (size_t i = 0; i < count; i++) x[i] += 100;                                                                    \
    int32_t *classes = guarded_allocate(rows * sizeof *classes);                                                       \
    double *weights = guarded_allocate(rows * sizeof *weights);                                                        \
    for (size_t i = 0; i < rows; i++) classes[i] = (int32_t)random_below(class_count), weights[i] = random_unit() + 1; \
    const double *w = weighted ? weights : NULL, threshold = 100.25;                                                   \
    double *got = guarded_allocate(2 * cells * sizeof *got), *right = malloc((2 * cells + 1) * sizeof *right);         \
    double *serial = malloc((2 * cells + 1) * sizeof *serial), totals[128], right_totals[128];                         \
    for (int above = 0; above < 2; above++) {                                                                          \
      const double *t = above ? &threshold : NULL;                                                                     \
      EXPECT(farro_class_sums_##type(&shape, x, classes, w, t, got, totals, NULL) == FARRO_OK, "class_sums");          \
      farro_class_sums_reference_##type(&shape, x, classes, w, t, right);                                              \
      for (size_t c = 0; c < class_count; c++) {                                                                       \
        double sum = 0;                                                                                                \
        for (size_t i = 0; i < rows; i++) sum += classes[i] == (int32_t)c ? (w ? w[i] : 1) : 0;                        \
        EXPECT(totals[c] == sum, "class_sums_" #type " (%zu, %zu): total %g, not %g", rows, columns, totals[c], sum);  \
      }                                                                                                                \
      for (size_t k = 0; k < cells; k++)                                                                               \
        EXPECT(fabs(got[k] - right[k]) <= (double)(rows + 1) * 0x1p-52 * fabs(right[k]),                               \
               "class_sums_" #type " (%zu, %zu): %g, not %g", rows, columns, got[k], right[k]);                        \
    }                                                                                                                  \
    if (rows * columns > 0) {                                                                                          \
      scalar *const at = x + rows / 2 * shape.x_row + columns - 1, before = *at;                                       \
      double least = 7;                                                                                                \
      farro_class_sums_##type(&shape, x, classes, w, NULL, got, NULL, &least);                                         \
      EXPECT(least == 0, "class_sums_" #type " (%zu, %zu): least %g, not 0", rows, columns, least);                    \
      *at = -3.5;                                                                                                      \
      farro_class_sums_##type(&shape, x, classes, w, NULL, got, NULL, &least);                                         \
      EXPECT(least == -3.5, "class_sums_" #type " (%zu, %zu): least %g, not -3.5", rows, columns, least);              \
      farro_class_sums_##type(&shape, x, classes, w, &threshold, got, NULL, &least);                                   \
      EXPECT(least == 0, "class_sums_" #type ": a least element of flags");                                            \
      *at = before;                                                                                                    \
    }                                                                                                                  \
    EXPECT(farro_class_moments_##type(&shape, x, classes, w, got, got + cells, totals) == FARRO_OK, "class_moments");  \
    farro_class_moments_reference_##type(&shape, x, classes, w, right, right + cells, right_totals);                   \
    for (size_t c = 0; c < class_count; c++) EXPECT(totals[c] == right_totals[c], "totals of classes");                \
    for (size_t k = 0; k < cells; k++) {                                                                               \
      EXPECT(fabs(got[k] - right[k]) <= 0x1p-50 * fabs(right[k]) + (double)rows * 0x1p-53, "mean %g, not %g", got[k],  \
             right[k]);                                                                                                \
      EXPECT(fabs(got[cells + k] - right[cells + k]) <= (double)(rows + 4) * 0x1p-49,                                  \
             "class_moments_" #type " (%zu, %zu): variance %g, not %g", rows, columns, got[cells + k],                 \
             right[cells + k]);                                                                                        \
    }                                                                                                                  \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_class_moments_##type(&shape, x, classes, w, serial, serial + cells, totals);                                 \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(got, serial, 2 * cells * sizeof *got) == 0, "class_moments_" #type ": threads change the bits");     \
    guarded_free(x, count * sizeof *x), guarded_free(classes, rows * sizeof *classes);                                 \
    guarded_free(weights, rows * sizeof *weights), guarded_free(got, 2 * cells * sizeof *got);                         \
    free(right), free(serial);                                                                                         \
  }                                                                                                                    \
                                                                                                                       \
  /* A sparse matrix against the same with its zeros. */                                                               \
  static void check_sparse_##type(size_t rows, size_t columns, size_t class_count) {                                   \
    scalar *dense = calloc(rows * columns + 1, sizeof *dense),                                                         \
           *values = malloc((rows * columns + 1) * sizeof *values);                                                    \
    int64_t *offsets = calloc(rows + 1, sizeof *offsets);                                                              \
    int32_t *indices = malloc((rows * columns + 1) * sizeof *indices),                                                 \
            *classes = malloc((rows + 1) * sizeof *classes);                                                           \
    size_t count = 0;                                                                                                  \
    for (size_t i = 0; i < rows; i++) {                                                                                \
      classes[i] = (int32_t)random_below(class_count);                                                                 \
      for (size_t j = 0; j < columns; j++) {                                                                           \
        if (random_below(4) != 0) continue;                                                                            \
        indices[count] = (int32_t)j;                                                                                   \
        values[count++] = dense[i * columns + j] = (scalar)random_unit();                                              \
      }                                                                                                                \
      offsets[i + 1] = (int64_t)count;                                                                                 \
    }                                                                                                                  \
    const farro_class_shape shape = {rows, columns, columns, class_count};                                             \
    double *got = malloc((class_count * columns + 1) * sizeof *got), threshold = 0, totals[8];                         \
    double *right = malloc((class_count * columns + 1) * sizeof *right);                                               \
    for (int above = 0; above < 2; above++) {                                                                          \
      const double *t = above ? &threshold : NULL;                                                                     \
      EXPECT(farro_class_sums_csr_##type(&shape, offsets, indices, values, classes, NULL, t, got, totals, NULL) ==     \
                 FARRO_OK,                                                                                             \
             "csr");                                                                                                   \
      farro_class_sums_reference_##type(&shape, dense, classes, NULL, t, right);                                       \
      for (size_t k = 0; k < class_count * columns; k++)                                                               \
        EXPECT(fabs(got[k] - right[k]) <= (double)rows * 0x1p-50, "class_sums_csr_" #type ": %g, not %g", got[k],      \
               right[k]);                                                                                              \
      /* The sums, transposed, are as good a matrix as any. */                                                         \
      scalar *y = malloc((rows * class_count + 1) * sizeof *y);                                                        \
      const double constants[8] = {1, 2, 3};                                                                           \
      EXPECT(farro_csr_product_##type(rows, columns, offsets, indices, values, t, class_count, right, constants, y) == \
                 FARRO_OK,                                                                                             \
             "csr_product");                                                                                           \
      for (size_t i = 0; i < rows; i++)                                                                                \
        for (size_t c = 0; c < class_count; c++) {                                                                     \
          double sum = constants[c], size = 4;                                                                         \
          for (size_t j = 0; j < columns; j++) {                                                                       \
            const double value = (double)dense[i * columns + j];                                                       \
            const double term = (above ? value > 0 : value) * right[j * class_count + c];                              \
            sum += term, size += fabs(term);                                                                           \
          }                                                                                                            \
          EXPECT(fabs((double)y[i * class_count + c] - sum) <= (4 * (unit) + (double)columns * 0x1p-53) * size,        \
                 "csr_product_" #type ": %g, not %g", (double)y[i * class_count + c], sum);                            \
        }                                                                                                              \
      free(y);                                                                                                         \
    }                                                                                                                  \
    free(dense), free(values), free(offsets), free(indices), free(classes), free(got), free(right);                    \
  }

CHECK(f32, float, 0x1p-24)
CHECK(f64, double, 0x1p-53)

void check_bayes(void) {
  for (size_t i = 0; i < tail_size_count; i++) {
    const size_t size = tail_sizes[i], other = tail_sizes[tail_size_count - 1 - i];
    check_f32(other, size, i % 3, i % 5 + 1, i % 2), check_f64(other, size, i % 2, i % 4 + 1, i % 3 == 0);
  }
  check_f32(30000, 9, 0, 3, true), check_f64(20000, 17, 1, 5, false), check_f32(2000, 201, 3, 4, false);
  check_f32(3000, 40, 0, 100, true), check_f64(700, 33, 2, 65, false), check_f64(5000, 1, 0, 64, false);
  check_sparse_f32(40, 30, 3), check_sparse_f64(40, 30, 3), check_sparse_f32(0, 5, 2), check_sparse_f64(9000, 40, 3);
  const farro_class_shape shape = {2, 1, 1, 2};
  const double x[2] = {1, 2};
  double sums[2];
  EXPECT(farro_class_sums_f64(&shape, x, (int32_t[]){0, 2}, NULL, NULL, sums, NULL, NULL) == FARRO_ERROR_ARGUMENT,
         "a class too far");
  EXPECT(farro_class_sums_f64(&shape, x, (int32_t[]){-1, 0}, NULL, NULL, sums, NULL, NULL) == FARRO_ERROR_ARGUMENT,
         "no class");
  double mean[2], variance[2], total[2];
  EXPECT(farro_class_moments_f64(&shape, x, (int32_t[]){0, 2}, NULL, mean, variance, total) == FARRO_ERROR_ARGUMENT,
         "moments of a class too far");
  enum { many = 32 };
  double far[many];
  int32_t one[many] = {0};
  for (size_t i = 0; i < many; i++) far[i] = i < many / 2 ? 0 : 1e200;
  farro_class_moments_f64(&(farro_class_shape){many, 1, 1, 1}, far, one, NULL, mean, variance, total);
  EXPECT(!isfinite(variance[0]), "a variance that is too large: %g", variance[0]);
}
