#include "check.h"

#define CHECK_SCANS(type, scalar, unit)                                                                                \
  typedef farro_status (*scan_##type)(const farro_reduction_shape *, farro_scan_options, const scalar *, scalar *);    \
  /* `bounds`: what the error may be at each element; NULL: nothing. */                                                \
  static void check_scan_##type(const char *name, scan_##type scan, scan_##type reference, farro_reduction_shape s,    \
                                farro_scan_options options, const scalar *x, const double *bounds) {                   \
    const size_t count = s.outer * s.axis * s.inner, bytes = count * sizeof *x;                                        \
    scalar *out = guarded_allocate(bytes), *exact = guarded_allocate(bytes), *serial = guarded_allocate(bytes);        \
    EXPECT(scan(&s, options, x, out) == FARRO_OK, "cumulative_%s_" #type " fails", name);                              \
    reference(&s, options, x, exact);                                                                                  \
    size_t wrong = 0, worst = 0;                                                                                       \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const bool same = out[i] == exact[i] || (isnan(out[i]) && isnan(exact[i]));                                      \
      if (same || (bounds && fabs((double)out[i] - (double)exact[i]) <= bounds[i])) continue;                          \
      wrong++, worst = i;                                                                                              \
    }                                                                                                                  \
    EXPECT(wrong == 0, "cumulative_%s_" #type " (%zu, %zu, %zu)%s%s: %zu wrong, at %zu %.9g, not %.9g", name, s.outer, \
           s.axis, s.inner, options.reverse ? " reverse" : "", options.exclusive ? " exclusive" : "", wrong, worst,    \
           wrong ? (double)out[worst] : 0, wrong ? (double)exact[worst] : 0);                                          \
    /* one thread, and in place */                                                                                     \
    if (count) memcpy(serial, x, bytes);                                                                               \
    farro_set_local_threads(1, NULL);                                                                                  \
    scan(&s, options, serial, serial);                                                                                 \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(out, serial, bytes) == 0,                                                                            \
           "cumulative_%s_" #type " (%zu, %zu, %zu): bits depend on threads or place", name, s.outer, s.axis,          \
           s.inner);                                                                                                   \
    guarded_free(out, bytes), guarded_free(exact, bytes), guarded_free(serial, bytes);                                 \
  }                                                                                                                    \
  static void check_sums_##type(farro_reduction_shape s, farro_scan_options options, scalar *x, scalar *work,          \
                                double *bounds) {                                                                      \
    const size_t count = s.outer * s.axis * s.inner;                                                                   \
    const farro_scan_options inclusive = {.reverse = options.reverse};                                                 \
    fill_##type(x, count);                                                                                             \
    for (size_t i = 0; i < count; i++) work[i] = (scalar)fabs((double)x[i]);                                           \
    farro_cumulative_sum_reference_##type(&s, inclusive, work, work);                                                  \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const size_t n = s.axis < 530 ? s.axis : 530;                                                                    \
      bounds[i] = (double)(n + 4) * unit * (double)work[i];                                                            \
    }                                                                                                                  \
    check_scan_##type("sum", farro_cumulative_sum_##type, farro_cumulative_sum_reference_##type, s, options, x,        \
                      bounds);                                                                                         \
    for (size_t i = 0; i < count; i++) x[i] = (scalar)((random_below(2) ? 1 : -1) * (1 + random_unit() / 512));        \
    farro_cumulative_product_reference_##type(&s, inclusive, x, work);                                                 \
    for (size_t i = 0; i < count; i++) bounds[i] = 1.05 * (double)(s.axis + 4) * unit * fabs((double)work[i]);         \
    check_scan_##type("product", farro_cumulative_product_##type, farro_cumulative_product_reference_##type, s,        \
                      options, x, bounds);                                                                             \
  }                                                                                                                    \
  static void check_extremes_##type(farro_reduction_shape s, farro_scan_options options, scalar *x) {                  \
    const size_t count = s.outer * s.axis * s.inner;                                                                   \
    for (int kind = 0; kind < 2; kind++) {                                                                             \
      for (size_t i = 0; i < count; i++) x[i] = kind ? (scalar)random_below(9) : (scalar)random_unit();                \
      for (size_t i = 0; kind && i < count / 2000 + 1 && count; i++) x[random_below(count)] = (scalar)NAN;             \
      check_scan_##type("max", farro_cumulative_max_##type, farro_cumulative_max_reference_##type, s, options, x,      \
                        NULL);                                                                                         \
      check_scan_##type("min", farro_cumulative_min_##type, farro_cumulative_min_reference_##type, s, options, x,      \
                        NULL);                                                                                         \
    }                                                                                                                  \
  }                                                                                                                    \
  static void check_shape_##type(farro_reduction_shape s) {                                                            \
    const size_t count = s.outer * s.axis * s.inner, bytes = count * sizeof(scalar);                                   \
    scalar *x = guarded_allocate(bytes), *work = guarded_allocate(bytes);                                              \
    double *bounds = guarded_allocate(count * sizeof *bounds);                                                         \
    for (int way = 0; way < 4; way++) {                                                                                \
      const farro_scan_options options = {way & 1, way >> 1};                                                          \
      check_sums_##type(s, options, x, work, bounds);                                                                  \
      check_extremes_##type(s, options, x);                                                                            \
    }                                                                                                                  \
    guarded_free(x, bytes), guarded_free(work, bytes), guarded_free(bounds, count * sizeof *bounds);                   \
  }

CHECK_SCANS(f32, float, 0x1p-24)
CHECK_SCANS(f64, double, 0x1p-53)

static void check_shape(size_t outer, size_t axis, size_t inner) {
  const farro_reduction_shape s = {outer, axis, inner};
  check_shape_f32(s);
  check_shape_f64(s);
}

// Sums of ones are integers, and must be the nearest floats to them; results of 120 MB go past the caches.
static void check_many_ones(void) {
  const size_t n = 30 * 1000 * 1000;
  float *x = farro_allocate(n * sizeof *x), *sums = farro_allocate(n * sizeof *sums);
  for (size_t i = 0; i < n; i++) x[i] = 1;
  farro_cumulative_sum_f32(&(farro_reduction_shape){1, n, 1}, (farro_scan_options){0}, x, sums);
  size_t wrong = 0;
  for (size_t i = 0; i < n; i++) wrong += sums[i] != (float)(i + 1);
  EXPECT(wrong == 0, "%zu of 3 10^7 cumulative sums of ones are wrong", wrong);
  farro_cumulative_sum_f32(&(farro_reduction_shape){1, n / 64, 64}, (farro_scan_options){.reverse = true}, x, sums);
  for (size_t i = 0; i < n; i++) wrong += sums[i] != (float)(n / 64 - i / 64);
  EXPECT(wrong == 0, "%zu of 3 10^7 cumulative sums of columns of ones are wrong", wrong);
  farro_release(x, n * sizeof *x), farro_release(sums, n * sizeof *sums);
}

// A one in each block, too small to be added to what comes before: they count when there are enough of them.
static void check_small_parts(void) {
  enum { block = 1024, blocks = 101, n = block * blocks };
  float *x = calloc(n, sizeof *x), *sums = calloc(n, sizeof *sums);
  double *wide = calloc(n, sizeof *wide), *wide_sums = calloc(n, sizeof *wide_sums);
  for (size_t i = 5; i < n; i += block) x[i] = 1, wide[i] = 1;
  x[0] = 0x1p24f, wide[0] = 0x1p53;
  farro_cumulative_sum_f32(&(farro_reduction_shape){1, n, 1}, (farro_scan_options){0}, x, sums);
  farro_cumulative_sum_f64(&(farro_reduction_shape){1, n, 1}, (farro_scan_options){0}, wide, wide_sums);
  // Of the first block, whose parts are added in the element type, the one is lost.
  for (size_t k = 2; k < blocks; k += 2) {
    const size_t i = k * block + block - 1;
    EXPECT(sums[i] == 0x1p24f + (float)k, "cumulative_sum_f32 loses %g of %zu", (double)(0x1p24f + (float)k - sums[i]),
           k);
    EXPECT(wide_sums[i] == 0x1p53 + (double)k, "cumulative_sum_f64 loses %g of %zu", 0x1p53 + (double)k - wide_sums[i],
           k);
  }
  free(x), free(sums), free(wide), free(wide_sums);
}

// An infinity stays one; what follows is not NaN for it.
static void check_infinity(void) {
  enum { n = 5000 };
  float x[n], sums[n];
  for (size_t i = 0; i < n; i++) x[i] = i == 700 ? (float)INFINITY : 1;
  farro_cumulative_sum_f32(&(farro_reduction_shape){1, n, 1}, (farro_scan_options){0}, x, sums);
  for (size_t i = 0; i < n; i++)
    EXPECT(sums[i] == (i < 700 ? (float)(i + 1) : (float)INFINITY), "after an infinity, sum %zu is %g", i,
           (double)sums[i]);
}

void check_scan(void) {
  for (size_t i = 0; i < tail_size_count; i++) {
    const size_t n = tail_sizes[i];
    check_shape(1 + i % 3, n, 1);
    check_shape(1, n, 17);
    check_shape(2, 1 + i % 7, n);
  }
  check_shape(3, 1024, 1); // one whole block, one element more, several with a rest
  check_shape(2, 1025, 1);
  check_shape(1, 50021, 1);
  check_shape(20, 4099, 1);
  check_shape(1, 129, 513);
  check_shape(2, 300, 130);
  check_shape(1, 20011, 3);
  check_infinity();
  check_small_parts();
  check_many_ones();
}
