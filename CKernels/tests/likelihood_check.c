// Likelihoods of classes and the best of them against their definitions.
#include "check.h"

enum { normal, flags, products, kinds };

#define CHECK(type, scalar, unit)                                                                                      \
  static farro_status run_##type(int kind, const farro_class_shape *shape, const scalar *x, const scalar *means,       \
                                 double threshold, const scalar *factors, const double *constants, scalar *likelihood, \
                                 int32_t *best, bool *finite, double *least) {                                         \
    if (kind == normal)                                                                                                \
      return farro_normal_likelihood_##type(shape, x, means, factors, constants, likelihood, best, finite);            \
    if (kind == flags)                                                                                                 \
      return farro_flag_likelihood_##type(shape, x, threshold, factors, constants, likelihood, best, finite);          \
    return farro_product_likelihood_##type(shape, x, factors, constants, likelihood, best, finite, least);             \
  }                                                                                                                    \
                                                                                                                       \
  static void check_##type(int kind, size_t rows, size_t columns, size_t pad, size_t class_count) {                    \
    const farro_class_shape shape = {rows, columns, columns + pad, class_count};                                       \
    const size_t count = rows > 0 ? (rows - 1) * (columns + pad) + columns : 0, cells = class_count * columns;         \
    scalar *x = guarded_allocate(count * sizeof *x), *likelihood = guarded_allocate(rows * class_count * sizeof *x);   \
    scalar *means = guarded_allocate(cells * sizeof *means), *factors = guarded_allocate(cells * sizeof *factors);     \
    double *constants = guarded_allocate(class_count * sizeof *constants), threshold = 0.25, least = 7;                \
    int32_t *best = guarded_allocate(rows * sizeof *best), *alone = guarded_allocate(rows * sizeof *alone);            \
    bool finite = false;                                                                                               \
    fill_##type(x, count), fill_##type(means, cells);                                                                  \
    for (size_t k = 0; k < cells; k++) factors[k] = (scalar)(random_unit() + 2);                                       \
    for (size_t c = 0; c < class_count; c++) constants[c] = random_unit() - 3;                                         \
    EXPECT(run_##type(kind, &shape, x, means, threshold, factors, constants, likelihood, best, &finite, &least) ==     \
               FARRO_OK,                                                                                               \
           "likelihood");                                                                                              \
    EXPECT(finite, "likelihood_" #type " %d (%zu, %zu): not finite", kind, rows, columns);                             \
    double smallest = 0;                                                                                               \
    for (size_t i = 0; i < rows; i++) {                                                                                \
      int32_t highest = 0;                                                                                             \
      const scalar *row = likelihood + i * class_count;                                                                \
      for (size_t c = 0; c < class_count; c++) {                                                                       \
        long double sum = 0, size = 0;                                                                                 \
        for (size_t j = 0; j < columns; j++) {                                                                         \
          const long double v = x[i * shape.x_row + j], z = v - means[c * columns + j], f = factors[c * columns + j];  \
          const long double term = kind == normal  ? -z * f * z * f / 2                                                \
                                   : kind == flags ? (v > threshold ? f : 0)                                           \
                                                   : v * f;                                                            \
          sum += term, size += kind == flags ? f : fabsl(term);                                                        \
          if ((double)v < smallest) smallest = (double)v;                                                              \
        }                                                                                                              \
        const double bound = (double)((columns + 4) * (unit) * size + 2 * (unit) * (fabsl(sum) + fabs(constants[c]))); \
        EXPECT(fabs((double)(row[c] - (constants[c] + sum))) <= bound,                                                 \
               "likelihood_" #type " %d (%zu, %zu) of %zu: %g, not %g", kind, rows, columns, class_count,              \
               (double)row[c], (double)(constants[c] + sum));                                                          \
        if (row[c] > row[highest]) highest = (int32_t)c;                                                               \
      }                                                                                                                \
      EXPECT(best[i] == highest, "likelihood_" #type " %d (%zu, %zu) of %zu: best %d, not %d", kind, rows, columns,    \
             class_count, best[i], highest);                                                                           \
    }                                                                                                                  \
    if (kind == products) EXPECT(least == smallest, "likelihood_" #type ": least %g, not %g", least, smallest);        \
    farro_set_local_threads(1, NULL);                                                                                  \
    run_##type(kind, &shape, x, means, threshold, factors, constants, NULL, alone, NULL, NULL);                        \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(best, alone, rows * sizeof *best) == 0, "likelihood_" #type ": threads or outputs change the best"); \
    for (int k = 0; k < 3 && rows * columns > 0; k++) {                                                                \
      scalar *const at = x + random_below(rows) * shape.x_row + random_below(columns), before = *at;                   \
      *at = (scalar)(k == 0 ? NAN : k == 1 ? INFINITY : -INFINITY);                                                    \
      run_##type(kind, &shape, x, means, threshold, factors, constants, NULL, best, &finite, &least);                  \
      EXPECT(!finite, "likelihood_" #type " %d (%zu, %zu) of %zu: finite", kind, rows, columns, class_count);          \
      EXPECT(kind != products || k != 2 || least == -INFINITY, "likelihood_" #type ": least %g", least);               \
      *at = before;                                                                                                    \
    }                                                                                                                  \
    /* Classes that cannot be, by their constants or too far away. */                                                  \
    for (size_t c = 0; rows > 0 && c + 1 < class_count; c++) {                                                         \
      if (kind == normal && c % 2 == 1 && columns > 0)                                                                 \
        means[c * columns] = (scalar)(sizeof(scalar) == 4 ? 1e30 : 1e200);                                             \
      else                                                                                                             \
        constants[c] = -INFINITY;                                                                                      \
      for (int alone_too = 0; alone_too < 2; alone_too++) {                                                            \
        run_##type(kind, &shape, x, means, threshold, factors, constants, alone_too ? NULL : likelihood, best,         \
                   &finite, NULL);                                                                                     \
        EXPECT(finite, "likelihood_" #type " %d (%zu, %zu): an impossible class is not finite", kind, rows, columns);  \
        EXPECT(best[0] > (int32_t)c && (double)likelihood[c] == -INFINITY,                                             \
               "likelihood_" #type ": an impossible class");                                                           \
      }                                                                                                                \
    }                                                                                                                  \
    guarded_free(x, count * sizeof *x), guarded_free(likelihood, rows * class_count * sizeof *x);                      \
    guarded_free(means, cells * sizeof *means), guarded_free(factors, cells * sizeof *factors);                        \
    guarded_free(constants, class_count * sizeof *constants);                                                          \
    guarded_free(best, rows * sizeof *best), guarded_free(alone, rows * sizeof *alone);                                \
  }

CHECK(f32, float, 0x1p-24)
CHECK(f64, double, 0x1p-53)

void check_likelihood(void) {
  for (int kind = 0; kind < kinds; kind++) {
    for (size_t i = 0; i < tail_size_count; i++) {
      const size_t size = tail_sizes[i], other = tail_sizes[tail_size_count - 1 - i];
      check_f32(kind, other, size, i % 3, i % 12 + 1), check_f64(kind, other, size, i % 2, i % 7 + 1);
    }
    check_f32(kind, 1500, 64, 0, 5), check_f64(kind, 700, 33, 1, 6), check_f32(kind, 40, 1100, 0, 3);
    check_f32(kind, 300, 3, 0, 131), check_f64(kind, 90, 500, 2, 2);
  }
  const farro_class_shape shape = {1, 1, 1, 0};
  int32_t best;
  EXPECT(farro_product_likelihood_f64(&shape, &(double){1}, NULL, NULL, NULL, &best, NULL, NULL) ==
             FARRO_ERROR_ARGUMENT,
         "the best of no classes");
}
