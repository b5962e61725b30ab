#include "check.h"

typedef struct {
  size_t samples, channels, spatial, groups;
  double mean;
} shape;

static double worse(double worst, double error) { return error <= worst ? worst : error; }

static double share_of(double got, double right, double allowed) {
  return got == right ? 0 : fabs(got - right) / allowed;
}

#define CHECK(type, scalar, unit)                                                                                      \
  /* The header's bounds, from the elements in double. */                                                              \
  static void judge_##type(shape s, const scalar *x, const scalar *grad_y, const scalar *scale, const scalar *offset,  \
                           const scalar *const got[3], const scalar *const right[3], double worst[3]) {                \
    const size_t n = s.channels / s.groups * s.spatial;                                                                \
    const double h = (double)(n < 4096 ? n : 4096) / 8 + 9 + (unit == 0x1p-53 ? (double)n / 4096 : 0);                 \
    const double b = (double)(n < 1024 ? n : 1024) / 2 + 8;                                                            \
    double *allowed = calloc(s.channels, sizeof *allowed);                                                             \
    for (size_t item = 0; item < s.samples * s.groups && n > 0; item++) {                                              \
      const scalar *xs = x + item * n, *gs = grad_y + item * n;                                                        \
      double mean = 0, square = 0, of_g = 0, of_gz = 0;                                                                \
      for (size_t i = 0; i < n; i++) mean += ((double)xs[i] - (double)xs[0]) / (double)n;                              \
      for (size_t i = 0; i < n; i++) square += pow((double)xs[i] - (double)xs[0] - mean, 2) / (double)n;               \
      mean += (double)xs[0];                                                                                           \
      const double inverse = 1 / sqrt(square + 1e-5), r = h * (unit) * fabs(mean) * inverse;                           \
      const double u = (unit) * (1 + r) * (1 + r);                                                                     \
      for (int pass = 0; pass < 2; pass++)                                                                             \
        for (size_t i = 0; i < n; i++) {                                                                               \
          const size_t channel = (item % s.groups * n + i) / s.spatial, at = item * n + i;                             \
          const double z = fabs((double)xs[i] - mean) * inverse, gy = fabs((double)gs[i]);                             \
          const double scaled = fabs((double)scale[channel]), shifted = fabs((double)offset[channel]);                 \
          if (pass == 0) {                                                                                             \
            of_g += gy * scaled / (double)n, of_gz += gy * scaled * z / (double)n;                                     \
            allowed[channel] += (h + b + 8 + (double)s.samples) * u * gy * (1 + z);                                    \
            continue;                                                                                                  \
          }                                                                                                            \
          worst[0] = worse(worst[0], share_of((double)got[0][at], (double)right[0][at],                                \
                                              (h + 8) * u * (1 + z) * scaled +                                         \
                                                  3 * (unit) * (fabs((double)right[0][at]) + shifted)));               \
          worst[1] =                                                                                                   \
              worse(worst[1], share_of((double)got[1][at], (double)right[1][at],                                       \
                                       (3 * h + b + 16) * u * inverse * (gy * scaled + (1 + z) * (of_g + of_gz))));    \
        }                                                                                                              \
    }                                                                                                                  \
    for (size_t c = 0; c < s.channels; c++) {                                                                          \
      worst[2] = worse(worst[2], share_of((double)got[2][c], (double)right[2][c], allowed[c]));                        \
      worst[2] =                                                                                                       \
          worse(worst[2], share_of((double)got[2][s.channels + c], (double)right[2][s.channels + c], allowed[c]));     \
    }                                                                                                                  \
    free(allowed);                                                                                                     \
  }                                                                                                                    \
                                                                                                                       \
  static void check_##type(shape s) {                                                                                  \
    const size_t count = s.samples * s.channels * s.spatial, bytes = count * sizeof(scalar);                           \
    const size_t wide = 2 * s.channels * sizeof(scalar);                                                               \
    scalar *x = guarded_allocate(bytes), *grad_y = guarded_allocate(bytes), *p = guarded_allocate(wide);               \
    scalar *y[3], *grad_x[3], *sums[3];                                                                                \
    double *mean = calloc(2 * s.samples * s.groups + 1, sizeof *mean), *inverse = mean + s.samples * s.groups;         \
    fill_##type(x, count), fill_##type(grad_y, count), fill_##type(p, 2 * s.channels);                                 \
    for (size_t i = 0; i < count; i++) x[i] += (scalar)s.mean;                                                         \
    for (size_t i = 0; i < 3; i++) {                                                                                   \
      y[i] = guarded_allocate(bytes), grad_x[i] = guarded_allocate(bytes), sums[i] = guarded_allocate(wide);           \
      memcpy(y[i], x, bytes), memcpy(grad_x[i], grad_y, bytes);                                                        \
    }                                                                                                                  \
    const scalar epsilon = (scalar)1e-5, *offset = p + s.channels;                                                     \
    farro_group_norm_reference_##type(s.samples, s.channels, s.spatial, s.groups, x, p, offset, epsilon, y[0]);        \
    farro_group_norm_backward_reference_##type(s.samples, s.channels, s.spatial, s.groups, grad_y, x, epsilon, p,      \
                                               grad_x[0], sums[0], sums[0] + s.channels);                              \
    farro_status status = farro_group_norm_##type(s.samples, s.channels, s.spatial, s.groups, x, p, offset, epsilon,   \
                                                  y[1], mean, inverse);                                                \
    EXPECT(status == FARRO_OK, "group_norm_" #type ": status %d", status);                                             \
    status = farro_group_norm_backward_##type(s.samples, s.channels, s.spatial, s.groups, grad_y, x, mean, inverse,    \
                                              epsilon, p, grad_x[1], sums[1], sums[1] + s.channels);                   \
    EXPECT(status == FARRO_OK, "group_norm_backward_" #type ": status %d", status);                                    \
    char text[120];                                                                                                    \
    snprintf(text, sizeof text, "group_norm_" #type " (%zu, %zu, %zu) of %zu groups, mean %g", s.samples, s.channels,  \
             s.spatial, s.groups, s.mean);                                                                             \
    double worst[3] = {0};                                                                                             \
    judge_##type(s, x, grad_y, p, offset, (const scalar *const[]){y[1], grad_x[1], sums[1]},                           \
                 (const scalar *const[]){y[0], grad_x[0], sums[0]}, worst);                                            \
    EXPECT(worst[0] <= 1 && worst[1] <= 1 && worst[2] <= 1, "%s: %g, backward %g, sums %g of the bound", text,         \
           worst[0], worst[1], worst[2]);                                                                              \
    farro_set_local_threads(1, NULL); /* in place */                                                                   \
    farro_group_norm_##type(s.samples, s.channels, s.spatial, s.groups, y[2], p, offset, epsilon, y[2], NULL, NULL);   \
    farro_group_norm_backward_##type(s.samples, s.channels, s.spatial, s.groups, grad_x[2], x, NULL, NULL, epsilon, p, \
                                     grad_x[2], sums[2], sums[2] + s.channels);                                        \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(y[1], y[2], bytes) == 0, "%s: bits depend on threads or place", text);                               \
    worst[1] = worst[2] = 0;                                                                                           \
    judge_##type(s, x, grad_y, p, offset, (const scalar *const[]){y[2], grad_x[2], sums[2]},                           \
                 (const scalar *const[]){y[0], grad_x[0], sums[0]}, worst);                                            \
    EXPECT(worst[1] <= 1 && worst[2] <= 1, "%s without statistics: backward %g, sums %g", text, worst[1], worst[2]);   \
    farro_group_norm_backward_##type(s.samples, s.channels, s.spatial, s.groups, grad_y, x, NULL, NULL, epsilon, p,    \
                                     grad_x[1], sums[1], sums[1] + s.channels);                                        \
    EXPECT(memcmp(grad_x[1], grad_x[2], bytes) == 0 && memcmp(sums[1], sums[2], wide) == 0,                            \
           "%s: backward bits depend on threads or place", text);                                                      \
    for (size_t c = 0; c < s.channels; c++) p[c] = 1, p[s.channels + c] = 0;                                           \
    farro_group_norm_##type(s.samples, s.channels, s.spatial, s.groups, x, NULL, NULL, epsilon, y[1], NULL, NULL);     \
    farro_group_norm_##type(s.samples, s.channels, s.spatial, s.groups, x, p, offset, epsilon, y[2], NULL, NULL);      \
    bool same = true;                                                                                                  \
    for (size_t i = 0; i < count; i++) same &= y[1][i] == y[2][i];                                                     \
    EXPECT(same, "%s: without scale and offset", text);                                                                \
    for (size_t i = 0; i < 3; i++)                                                                                     \
      guarded_free(y[i], bytes), guarded_free(grad_x[i], bytes), guarded_free(sums[i], wide);                          \
    guarded_free(x, bytes), guarded_free(grad_y, bytes), guarded_free(p, wide), free(mean);                            \
  }

CHECK(f32, float, 0x1p-24)
CHECK(f64, double, 0x1p-53)

static void check_both(shape s) {
  check_f32(s);
  check_f64(s);
}

static void check_arguments(void) {
  float x[12] = {0}, y[12] = {9}, sums[3] = {7, 7, 7};
  double mean[3] = {0};
  const farro_status bad = FARRO_ERROR_ARGUMENT;
  EXPECT(farro_group_norm_f32(2, 3, 2, 2, x, NULL, NULL, 0, y, NULL, NULL) == bad, "groups that do not divide");
  EXPECT(farro_group_norm_f32(2, 3, 2, 0, x, NULL, NULL, 0, y, NULL, NULL) == bad, "no groups");
  EXPECT(farro_group_norm_f32(2, 3, 2, 3, x, NULL, NULL, -1, y, NULL, NULL) == bad, "a negative epsilon");
  EXPECT(farro_group_norm_backward_f32(2, 3, 2, 3, x, x, mean, NULL, 0, NULL, y, NULL, NULL) == bad, "a mean alone");
  EXPECT(y[0] == 9, "a refused call wrote");
  EXPECT(farro_group_norm_backward_f32(0, 3, 2, 1, x, x, NULL, NULL, 0, NULL, y, sums, NULL) == FARRO_OK &&
             sums[0] == 0 && sums[2] == 0,
         "sums over no samples are 0: %g", (double)sums[0]);
  double inverse[4] = {5, 5, 5, 5};
  EXPECT(farro_group_norm_f32(1, 3, 0, 3, x, NULL, NULL, 0, y, mean, inverse) == FARRO_OK && isnan(mean[2]) &&
             isnan(inverse[2]) && inverse[3] == 5,
         "groups without elements: %g %g", mean[2], inverse[2]);
}

void check_group_norms(void) {
  check_arguments();
  for (size_t i = 0; i < tail_size_count; i++) {
    check_both((shape){2, 6, tail_sizes[i], 3, 0});
    check_both((shape){1 + i % 3, 4, tail_sizes[i], i % 2 ? 4 : 1, 1});
    check_both((shape){3, tail_sizes[i], 5, tail_sizes[i] ? tail_sizes[i] : 1, 0});
  }
  check_both((shape){40, 12, 700, 4, 0});
  check_both((shape){1, 2, 80000, 1, 3});
  check_both((shape){2, 4, 1100, 2, 1e4});
  check_both((shape){2, 4, 30, 2, -1e6});
}
