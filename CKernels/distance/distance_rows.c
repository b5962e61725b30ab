#include "distance_rows.h"

#include <math.h>

enum {
  widened_rows = 64,     // at least the rows of a panel
  widened_columns = 128, // at a time, on the stack
  padding = 16,          // f32 that widening may write behind its last
};

static const double terms_per_nanosecond[distance_kernel_count] = {
    [FARRO_METRIC_EUCLIDEAN] = 60,     [FARRO_METRIC_SQUARED_EUCLIDEAN] = 60,
    [FARRO_METRIC_MANHATTAN] = 50,     [FARRO_METRIC_COSINE] = 60,
    [FARRO_METRIC_INNER_PRODUCT] = 60, [FARRO_METRIC_CHEBYSHEV] = 60,
    [FARRO_METRIC_MINKOWSKI] = 1.5,    [FARRO_METRIC_CORRELATION] = 60,
    [FARRO_METRIC_CANBERRA] = 15,      [FARRO_METRIC_BRAY_CURTIS] = 25,
    [FARRO_METRIC_HELLINGER] = 60,     [FARRO_METRIC_JENSEN_SHANNON] = 1,
    [FARRO_METRIC_HAVERSINE] = 3,      [distance_power_3] = 30,
    [distance_power_4] = 30,           [distance_power_5] = 30,
    [distance_power_6] = 30,
};

// Minkowski's p in the type of the distances: below its smallest normal number, as there, distances between rows that
// differ in more than one coordinate are infinite; above its largest, the others than the largest do not count.
static double power_of(farro_distance distance, bool wide) {
  if (wide) return distance.p;
  return distance.p > (double)__FLT_MAX__   ? (double)INFINITY
         : distance.p < (double)__FLT_MIN__ ? (double)__FLT_MIN__
                                            : distance.p;
}

static size_t kernel_of(farro_metric metric, double p) {
  if (metric != FARRO_METRIC_MINKOWSKI) return metric;
  if (p == 1) return FARRO_METRIC_MANHATTAN;
  if (p == 2) return FARRO_METRIC_EUCLIDEAN;
  if (p == 3 || p == 4 || p == 5 || p == 6) return distance_power_3 + (size_t)p - 3;
  return p > __DBL_MAX__ ? FARRO_METRIC_CHEBYSHEV : FARRO_METRIC_MINKOWSKI;
}

farro_status farro_distance_plan(farro_distance distance, distance_element element, size_t d, distance_plan *plan) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if ((unsigned)distance.metric >= FARRO_METRIC_COUNT) return FARRO_ERROR_ARGUMENT;
  if (distance.metric == FARRO_METRIC_MINKOWSKI && !(distance.p > 0)) return FARRO_ERROR_ARGUMENT;
  if (distance.metric == FARRO_METRIC_HAVERSINE && d != 2) return FARRO_ERROR_ARGUMENT;
  const bool wide = element == element_f64;
  const double p = power_of(distance, wide);
  const size_t kernel = kernel_of(distance.metric, p);
  static const size_t bytes[] = {[element_f32] = 4, [element_f64] = 8, [element_bf16] = 2, [element_i8] = 1};
  *plan = (distance_plan){.matmul = wide ? kernels->matmul_f64 : kernels->matmul_f32,
                          .distance = wide ? kernels->distance_f64 : kernels->distance_f32,
                          .widen = element == element_bf16 ? kernels->matmul_bf16->widen_b
                                   : element == element_i8 ? kernels->matmul_u8s8->widen_b
                                                           : NULL,
                          .element_bytes = bytes[element],
                          .kernel = kernel,
                          .p = p,
                          .d = d,
                          .terms_per_nanosecond = terms_per_nanosecond[kernel]};
  return FARRO_OK;
}

// Some columns at a time, which stay in the L1 cache between widening and packing.
static void pack_widened(const distance_plan *p, const char *from, size_t ld, size_t used, size_t width, float *panel) {
  float wide[widened_rows * (widened_columns + padding)];
  for (size_t k = 0; k < p->d; k += widened_columns) {
    const size_t columns = smaller(widened_columns, p->d - k);
    for (size_t i = 0; i < used; i++)
      p->widen(from + (i * ld + k) * p->element_bytes, columns, 0, wide + i * (widened_columns + padding));
    p->matmul->pack_across(used, width, columns, wide, widened_columns + padding, panel + k * width);
  }
}

void farro_distance_pack(const distance_plan *p, const void *matrix, size_t ld, size_t first, size_t used, size_t width,
                         bool prepared, void *panel, void *norms) {
  // Rows without elements may be NULL.
  const char *from = p->d ? (const char *)matrix + first * ld * p->element_bytes : NULL;
  if (p->d && p->widen)
    pack_widened(p, from, ld, used, width, panel);
  else if (p->d)
    p->matmul->pack_across(used, width, p->d, from, ld, panel);
  if (prepared && p->distance->prepare[p->kernel]) p->distance->prepare[p->kernel](width, p->d, panel, norms);
}
