#include "check.h"

typedef struct {
  size_t batch, channels, spatial;
  double mean;
} shape;

static double worse(double worst, double error) { return error <= worst ? worst : error; }

static double share_of(double got, double right, double allowed) {
  return got == right ? 0 : fabs(got - right) / allowed;
}

enum { of_y, of_mean, of_inverse, of_running, of_grad_x, of_sums, of_inference, judgements };
static const char *const judged[judgements] = {"y", "mean", "inverse", "running", "grad_x", "sums", "inference"};

#define CHECK(type, scalar, unit)                                                                                      \
  typedef struct {                                                                                                     \
    scalar *y, *grad_x, *inference, *scale, *offset; /* the latter two are gradients */                                \
    scalar *running_mean, *running_variance;                                                                           \
    double *mean, *inverse;                                                                                            \
  } results_##type;                                                                                                    \
                                                                                                                       \
  static results_##type make_##type(shape s, const scalar *x, const scalar *grad_y) {                                  \
    const size_t bytes = s.batch * s.channels * s.spatial * sizeof(scalar), some = s.channels * sizeof(scalar);        \
    results_##type r = {guarded_allocate(bytes),                                                                       \
                        guarded_allocate(bytes),                                                                       \
                        guarded_allocate(bytes),                                                                       \
                        guarded_allocate(some),                                                                        \
                        guarded_allocate(some),                                                                        \
                        guarded_allocate(some),                                                                        \
                        guarded_allocate(some),                                                                        \
                        NULL,                                                                                          \
                        NULL};                                                                                         \
    r.mean = guarded_allocate(s.channels * sizeof(double)), r.inverse = guarded_allocate(s.channels * sizeof(double)); \
    memcpy(r.y, x, bytes), memcpy(r.inference, x, bytes), memcpy(r.grad_x, grad_y, bytes);                             \
    for (size_t c = 0; c < s.channels; c++) r.running_mean[c] = 3, r.running_variance[c] = 2;                          \
    return r;                                                                                                          \
  }                                                                                                                    \
                                                                                                                       \
  static void free_##type(shape s, results_##type *r) {                                                                \
    const size_t bytes = s.batch * s.channels * s.spatial * sizeof(scalar), some = s.channels * sizeof(scalar);        \
    guarded_free(r->y, bytes), guarded_free(r->grad_x, bytes), guarded_free(r->inference, bytes);                      \
    guarded_free(r->scale, some), guarded_free(r->offset, some);                                                       \
    guarded_free(r->running_mean, some), guarded_free(r->running_variance, some);                                      \
    guarded_free(r->mean, s.channels * sizeof(double)), guarded_free(r->inverse, s.channels * sizeof(double));         \
  }                                                                                                                    \
                                                                                                                       \
  /* The way back uses the reference's statistics, as the bounds are relative to those given. */                       \
  static void run_##type(shape s, const scalar *x, const scalar *grad_y, const scalar *p, const double *mean,          \
                         const double *inverse, results_##type *r) {                                                   \
    const scalar *offset = p + s.channels, *given = p + 2 * s.channels, *variance = p + 3 * s.channels;                \
    farro_status status =                                                                                              \
        farro_batch_norm_##type(s.batch, s.channels, s.spatial, x, p, offset, (scalar)1e-5, (scalar)0.1,               \
                                r->running_mean, r->running_variance, r->y, r->mean, r->inverse);                      \
    EXPECT(status == FARRO_OK, "batch_norm_" #type ": status %d", status);                                             \
    status = farro_batch_norm_backward_##type(s.batch, s.channels, s.spatial, grad_y, x, p, mean, inverse, r->grad_x,  \
                                              r->scale, r->offset);                                                    \
    EXPECT(status == FARRO_OK, "batch_norm_backward_" #type ": status %d", status);                                    \
    status = farro_batch_norm_inference_##type(s.batch, s.channels, s.spatial, x, p, offset, given, variance,          \
                                               (scalar)1e-5, r->inference);                                            \
    EXPECT(status == FARRO_OK, "batch_norm_inference_" #type ": status %d", status);                                   \
  }                                                                                                                    \
                                                                                                                       \
  /* The header's bounds, and a rounding of the reference. */                                                          \
  static void judge_##type(shape s, const scalar *x, const scalar *grad_y, const scalar *p, const results_##type *got, \
                           const results_##type *right, double worst[judgements]) {                                    \
    const double n = (double)(s.batch * s.spatial), b = 270 + n * 0x1p-20;                                             \
    for (size_t c = 0; c < s.channels && n > 0; c++) {                                                                 \
      const double mean = right->mean[c], inverse = right->inverse[c];                                                 \
      const double v = fmax(sqrt(fmax(1 / (inverse * inverse) - 1e-5, 0)), 1e-300);                                    \
      const double scale = fabs((double)p[c]), offset = fabs((double)p[s.channels + c]);                               \
      const double around = (double)p[2 * s.channels + c];                                                             \
      const double width = 1 / sqrt((double)p[3 * s.channels + c] + 1e-5);                                             \
      double least = INFINITY, most = -INFINITY, g = 0, gz = 0;                                                        \
      for (size_t i = 0; i < s.batch * s.spatial; i++) {                                                               \
        const size_t at = (i / s.spatial * s.channels + c) * s.spatial + i % s.spatial;                                \
        least = fmin(least, (double)x[at]), most = fmax(most, (double)x[at]);                                          \
        g += fabs((double)grad_y[at]) / n;                                                                             \
        gz += fabs((double)grad_y[at]) * (1 + fabs((double)x[at] - mean) * inverse) / n;                               \
      }                                                                                                                \
      const double r = 300 * (unit) * (most - least) / v;                                                              \
      const double relative = 300 * (unit) * (1 + r) * (1 + r) + n * 0x1p-60 + 0x1p-50 * fabs(mean) * inverse;         \
      const double of_the_mean = 300 * (unit) * v * (1 + r) + 0x1p-50 * fabs(mean);                                    \
      worst[of_mean] = worse(worst[of_mean], share_of(got->mean[c], mean, of_the_mean));                               \
      worst[of_inverse] = worse(worst[of_inverse], share_of(got->inverse[c], inverse, relative * inverse));            \
      worst[of_running] =                                                                                              \
          worse(worst[of_running], share_of((double)got->running_mean[c], (double)right->running_mean[c],              \
                                            3 * (unit) * fabs((double)right->running_mean[c]) + of_the_mean));         \
      worst[of_running] =                                                                                              \
          worse(worst[of_running], share_of((double)got->running_variance[c], (double)right->running_variance[c],      \
                                            (3 * (unit) + 2 * relative) * fabs((double)right->running_variance[c])));  \
      const double sums = (b + 1) * (unit) * n;                                                                        \
      worst[of_sums] = worse(worst[of_sums], share_of((double)got->offset[c], (double)right->offset[c], sums * g));    \
      worst[of_sums] = worse(worst[of_sums], share_of((double)got->scale[c], (double)right->scale[c],                  \
                                                      sums * gz * (1 + (unit) * fabs(mean) * inverse)));               \
      for (size_t i = 0; i < s.batch * s.spatial; i++) {                                                               \
        const size_t at = (i / s.spatial * s.channels + c) * s.spatial + i % s.spatial;                                \
        const double z = fabs((double)x[at] - mean) * inverse;                                                         \
        const double y = (double)right->y[at], i_y = (double)right->inference[at];                                     \
        worst[of_y] = worse(worst[of_y], share_of((double)got->y[at], y,                                               \
                                                  relative * (1 + z) * scale + 5 * (unit) * (fabs(y) + offset)));      \
        worst[of_grad_x] =                                                                                             \
            worse(worst[of_grad_x], share_of((double)got->grad_x[at], (double)right->grad_x[at],                       \
                                             (b + 9) * (unit) * (fabs((double)grad_y[at]) + g + z * gz) *              \
                                                 (1 + (unit) * fabs(mean) * inverse) * inverse * scale));              \
        const double i_z = fabs((double)x[at] - around) * width;                                                       \
        worst[of_inference] =                                                                                          \
            worse(worst[of_inference], share_of((double)got->inference[at], i_y,                                       \
                                                4 * (unit) * (i_z * scale + 2 * fabs(i_y) + offset) +                  \
                                                    (unit) * (unit) * fabs(around) * width * scale));                  \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  static void check_##type(shape s) {                                                                                  \
    const size_t count = s.batch * s.channels * s.spatial, bytes = count * sizeof(scalar);                             \
    const size_t some = s.channels * sizeof(scalar);                                                                   \
    scalar *x = guarded_allocate(bytes), *grad_y = guarded_allocate(bytes), *p = guarded_allocate(4 * some);           \
    fill_##type(x, count), fill_##type(grad_y, count), fill_##type(p, 4 * s.channels);                                 \
    for (size_t i = 0; i < count; i++) x[i] += (scalar)s.mean;                                                         \
    for (size_t c = 0; c < s.channels; c++) {                                                                          \
      p[2 * s.channels + c] += (scalar)s.mean;                                                                         \
      p[3 * s.channels + c] = (scalar)(0.1 + fabs((double)p[3 * s.channels + c]));                                     \
    }                                                                                                                  \
    results_##type right = make_##type(s, x, grad_y), got = make_##type(s, x, grad_y), serial = got;                   \
    serial = make_##type(s, x, grad_y);                                                                                \
    const scalar *offset = p + s.channels;                                                                             \
    farro_batch_norm_reference_##type(s.batch, s.channels, s.spatial, x, p, offset, (scalar)1e-5, (scalar)0.1,         \
                                      right.running_mean, right.running_variance, right.y, right.mean, right.inverse); \
    farro_batch_norm_backward_reference_##type(s.batch, s.channels, s.spatial, grad_y, x, p, right.mean,               \
                                               right.inverse, right.grad_x, right.scale, right.offset);                \
    farro_batch_norm_inference_reference_##type(s.batch, s.channels, s.spatial, x, p, offset, p + 2 * s.channels,      \
                                                p + 3 * s.channels, (scalar)1e-5, right.inference);                    \
    run_##type(s, x, grad_y, p, right.mean, right.inverse, &got);                                                      \
    double worst[judgements] = {0};                                                                                    \
    judge_##type(s, x, grad_y, p, &got, &right, worst);                                                                \
    for (int i = 0; i < judgements; i++)                                                                               \
      EXPECT(worst[i] <= 1, "batch_norm_" #type " (%zu, %zu, %zu) mean %g, %s: %g of the bound", s.batch, s.channels,  \
             s.spatial, s.mean, judged[i], worst[i]);                                                                  \
    /* In place, on one thread. */                                                                                     \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_batch_norm_##type(s.batch, s.channels, s.spatial, serial.y, p, offset, (scalar)1e-5, (scalar)0.1,            \
                            serial.running_mean, serial.running_variance, serial.y, NULL, NULL);                       \
    farro_batch_norm_backward_##type(s.batch, s.channels, s.spatial, serial.grad_x, x, p, right.mean, right.inverse,   \
                                     serial.grad_x, serial.scale, serial.offset);                                      \
    farro_batch_norm_inference_##type(s.batch, s.channels, s.spatial, serial.inference, p, offset, p + 2 * s.channels, \
                                      p + 3 * s.channels, (scalar)1e-5, serial.inference);                             \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(got.y, serial.y, bytes) == 0 && memcmp(got.grad_x, serial.grad_x, bytes) == 0 &&                     \
               memcmp(got.inference, serial.inference, bytes) == 0 && memcmp(got.scale, serial.scale, some) == 0 &&    \
               memcmp(got.offset, serial.offset, some) == 0 &&                                                         \
               memcmp(got.running_mean, serial.running_mean, some) == 0 &&                                             \
               memcmp(got.running_variance, serial.running_variance, some) == 0,                                       \
           "batch_norm_" #type " (%zu, %zu, %zu): bits depend on threads or place", s.batch, s.channels, s.spatial);   \
    free_##type(s, &right), free_##type(s, &got), free_##type(s, &serial);                                             \
    guarded_free(x, bytes), guarded_free(grad_y, bytes), guarded_free(p, 4 * some);                                    \
  }                                                                                                                    \
                                                                                                                       \
  /* Past the caches and through them, the same bits: in place, all stores are plain. */                               \
  static void check_streaming_##type(shape s) {                                                                        \
    const size_t count = s.batch * s.channels * s.spatial, bytes = count * sizeof(scalar);                             \
    scalar *x = farro_allocate(bytes), *y = farro_allocate(bytes);                                                     \
    fill_##type(x, count);                                                                                             \
    farro_batch_norm_##type(s.batch, s.channels, s.spatial, x, NULL, NULL, 0, 0, NULL, NULL, y, NULL, NULL);           \
    farro_batch_norm_##type(s.batch, s.channels, s.spatial, x, NULL, NULL, 0, 0, NULL, NULL, x, NULL, NULL);           \
    EXPECT(memcmp(x, y, bytes) == 0, "batch_norm_" #type " (%zu, %zu, %zu): streaming differs", s.batch, s.channels,   \
           s.spatial);                                                                                                 \
    farro_release(x, bytes), farro_release(y, bytes);                                                                  \
  }

CHECK(f32, float, 0x1p-24)
CHECK(f64, double, 0x1p-53)

static void check_both(shape s) {
  if (s.batch * s.spatial == 1) return; // the unbiased variance is undefined: refused, as check_arguments sees
  check_f32(s);
  check_f64(s);
}

static void check_arguments(void) {
  const farro_status bad = FARRO_ERROR_ARGUMENT;
  float x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {9}, running[2] = {5, 6};
  double mean[2] = {0}, inverse[2] = {0};
  EXPECT(farro_batch_norm_f32(3, 2, 1, x, NULL, NULL, -1, 0, NULL, NULL, y, mean, inverse) == bad, "epsilon below 0");
  EXPECT(farro_batch_norm_inference_f32(3, 2, 1, x, NULL, NULL, x, x, NAN, y) == bad, "epsilon is NaN");
  EXPECT(farro_batch_norm_fold_f32(2, NULL, NULL, x, x, -1, y, y + 2) == bad, "epsilon below 0, folded");
  EXPECT(farro_batch_norm_f32(1, 2, 1, x, NULL, NULL, 1, 0.5f, NULL, running, y, mean, inverse) == bad && y[0] == 9,
         "the unbiased variance of one element");
  EXPECT(farro_batch_norm_f32(1, 2, 1, x, NULL, NULL, 1, 0.5f, running, NULL, y, NULL, NULL) == FARRO_OK && y[0] == 0 &&
             running[0] == 3 && running[1] == 4,
         "one element of each channel: %g %g", (double)y[0], (double)running[0]);
  EXPECT(farro_batch_norm_f32(0, 2, 1, x, NULL, NULL, 1, 0.5f, running, running, y, mean, inverse) == FARRO_OK &&
             isnan(mean[1]) && isnan(inverse[0]) && running[0] == 3,
         "no elements: %g", mean[0]);
  EXPECT(farro_batch_norm_backward_f32(0, 2, 1, x, x, NULL, mean, inverse, y, running, NULL) == FARRO_OK &&
             running[0] == 0 && running[1] == 0,
         "sums over nothing: %g", (double)running[0]);
}

static void check_values(void) {
  // NaN stays in its channel; equal elements become the offset.
  float x[40], y[40], offset[2] = {7, 8};
  for (int first = 0; first < 2; first++) { // channels last, then first
    const size_t batch = first ? 1 : 20, spatial = first ? 20 : 1;
    for (size_t i = 0; i < 40; i++) x[i] = 1e6f + 0.1f;
    x[first ? 39 : 1] = NAN;
    farro_batch_norm_f32(batch, 2, spatial, x, NULL, offset, 1e-5f, 0, NULL, NULL, y, NULL, NULL);
    EXPECT(y[0] == 7 && isnan(y[first ? 20 : 39]), "NaN beside equal elements: %g %g", (double)y[0], (double)y[39]);
  }
  // Folded: 2 x / sqrt(0.21 + 0.04) + 1 - 2 * 5 / 0.5
  const double mean = 5, variance = 0.21, scale = 2, shift = 1;
  double a = 0, b = 0;
  farro_batch_norm_fold_f64(1, &scale, &shift, &mean, &variance, 0.04, &a, &b);
  EXPECT(fabs(a - 4) < 1e-14 && fabs(b + 19) < 1e-14, "folded: %g %g", a, b);
}

// The way back against differences of the way there, in double: the loss is the sum of y w.
static double loss(shape s, bool trains, const double *x, const double *p, const double *w) {
  double y[512], total = 0;
  const double *mean = p + 2 * s.channels, *variance = p + 3 * s.channels;
  if (trains)
    farro_batch_norm_f64(s.batch, s.channels, s.spatial, x, p, p + s.channels, 1e-3, 0, NULL, NULL, y, NULL, NULL);
  else
    farro_batch_norm_inference_f64(s.batch, s.channels, s.spatial, x, p, p + s.channels, mean, variance, 1e-3, y);
  for (size_t i = 0; i < s.batch * s.channels * s.spatial; i++) total += y[i] * w[i];
  return total;
}

static double slope(shape s, bool trains, const double *x, const double *p, const double *w, double *at) {
  const double step = 1e-5, here = *at;
  *at = here + step;
  const double up = loss(s, trains, x, p, w);
  *at = here - step;
  const double down = loss(s, trains, x, p, w);
  *at = here;
  return (up - down) / (2 * step);
}

static void check_gradient(shape s, bool trains) {
  double x[512], w[512], y[512], grad_x[512], p[64], grad_scale[16], grad_offset[16], mean[16], inverse[16];
  const size_t count = s.batch * s.channels * s.spatial;
  fill_f64(x, count), fill_f64(w, count), fill_f64(p, 4 * s.channels);
  for (size_t c = 0; c < s.channels; c++) p[3 * s.channels + c] = 0.3 + fabs(p[3 * s.channels + c]);
  if (trains) {
    farro_batch_norm_f64(s.batch, s.channels, s.spatial, x, p, p + s.channels, 1e-3, 0, NULL, NULL, y, mean, inverse);
    farro_batch_norm_backward_f64(s.batch, s.channels, s.spatial, w, x, p, mean, inverse, grad_x, grad_scale,
                                  grad_offset);
  } else {
    farro_batch_norm_inference_backward_f64(s.batch, s.channels, s.spatial, w, x, p, p + 2 * s.channels,
                                            p + 3 * s.channels, 1e-3, grad_x, grad_scale, grad_offset);
  }
  double worst = 0;
  for (size_t i = 0; i < count; i++) worst = worse(worst, fabs(slope(s, trains, x, p, w, x + i) - grad_x[i]));
  for (size_t c = 0; c < s.channels; c++) {
    worst = worse(worst, fabs(slope(s, trains, x, p, w, p + c) - grad_scale[c]));
    worst = worse(worst, fabs(slope(s, trains, x, p, w, p + s.channels + c) - grad_offset[c]));
  }
  EXPECT(worst < 1e-6, "gradient of (%zu, %zu, %zu)%s: off by %g", s.batch, s.channels, s.spatial,
         trains ? " training" : "", worst);
}

void check_batch_norm(void) {
  check_arguments();
  check_values();
  for (int trains = 0; trains < 2; trains++) {
    check_gradient((shape){20, 7, 1, 0}, trains);
    check_gradient((shape){10, 5, 3, 0}, trains);
    check_gradient((shape){2, 3, 45, 0}, trains);
  }
  for (size_t i = 0; i < tail_size_count; i++) {
    const size_t n = tail_sizes[i], m = tail_sizes[tail_size_count - 1 - i];
    check_both((shape){5 + i, n, 1, 0});
    check_both((shape){n, m, 1, 1});
    check_both((shape){3, 1 + i % 4, n, 0});
    check_both((shape){9, 1 + i % 4, n, 1});
  }
  check_both((shape){700, 1030, 1, 0});
  check_both((shape){300, 3, 29, 0});
  check_both((shape){3, 5, 9000, 0});
  const double means[] = {1e4, -1e6};
  for (size_t i = 0; i < 2; i++) {
    check_both((shape){5000, 70, 1, means[i]});
    check_both((shape){8, 3, 4999, means[i]});
  }
  check_both((shape){20000, 1, 33, 1e6});        // many runs, whose means are merged
  check_streaming_f32((shape){5000, 900, 1, 0}); // 18 MB read, 18 MB written
  check_streaming_f32((shape){3, 1001, 1501, 0});
  check_streaming_f64((shape){40, 3777, 17, 0});
}
