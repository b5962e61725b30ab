// Logistic regression: losses and gradients against plain loops, sparse rows against dense ones, and fits.
#include "check.h"

#define CHECK_LOSS(type, scalar, u)                                                                                    \
  static void check_loss_##type(size_t n, size_t d, size_t classes, bool is_weighted) {                                \
    const size_t k = classes == 2 ? 1 : classes, ldx = d + n % 3, count = k * (d + 1);                                 \
    scalar *x = guarded_allocate((n ? (n - 1) * ldx + d : 0) * sizeof *x);                                             \
    int32_t *labels = guarded_allocate(n * sizeof *labels);                                                            \
    double *weights = guarded_allocate(n * sizeof *weights), *w = guarded_allocate(count * sizeof *w);                 \
    double *gradient = guarded_allocate(count * sizeof *gradient), *exact = malloc(count * sizeof *exact);             \
    double *before = malloc(count * sizeof *before);                                                                   \
    fill_##type(x, n ? (n - 1) * ldx + d : 0);                                                                         \
    fill_f64(w, count);                                                                                                \
    for (size_t i = 0; i < n; i++) labels[i] = (int32_t)random_below(classes), weights[i] = (double)random_below(4);   \
    const farro_logistic_problem problem = {n, d, classes, labels, is_weighted ? weights : NULL, n % 2 == 0, 0, 0.25}; \
    double loss = 0, exact_loss = 0, loss_before = 0;                                                                  \
    farro_logistic_loss_reference_##type(&problem, x, ldx, w, &exact_loss, exact);                                     \
    for (int threads = 1; threads <= 2; threads++) {                                                                   \
      farro_set_local_threads(threads, NULL);                                                                          \
      EXPECT(farro_logistic_loss_##type(&problem, x, ldx, w, &loss, gradient) == FARRO_OK, "logistic_loss_" #type);    \
      EXPECT(threads == 1 || (loss == loss_before && memcmp(before, gradient, count * sizeof *before) == 0),           \
             "logistic_loss_" #type " of (%zu, %zu) depends on threads", n, d);                                        \
      memcpy(before, gradient, count * sizeof *before), loss_before = loss;                                            \
    }                                                                                                                  \
    farro_set_local_threads(0, NULL);                                                                                  \
    /* All numbers are below 1, so that sums of magnitudes are at most d + 1, and 1. */                                \
    const double bound = ((double)d + 528) * u * 2 * ((double)d + 2);                                                  \
    EXPECT(fabs(loss - exact_loss) <= bound, "logistic_loss_" #type " of (%zu, %zu), %zu classes: %g, not %g", n, d,   \
           classes, loss, exact_loss);                                                                                 \
    size_t wrong = 0;                                                                                                  \
    for (size_t i = 0; i < count; i++) wrong += !(fabs(gradient[i] - exact[i]) <= bound);                              \
    EXPECT(wrong == 0, "logistic_loss_" #type " of (%zu, %zu), %zu classes: %zu derivatives wrong", n, d, classes,     \
           wrong);                                                                                                     \
    /* The same rows without what is 0. */                                                                             \
    int64_t *offsets = malloc((n + 1) * sizeof *offsets);                                                              \
    int32_t *indices = malloc((n * d + 1) * sizeof *indices);                                                          \
    scalar *values = malloc((n * d + 1) * sizeof *values);                                                             \
    offsets[0] = 0;                                                                                                    \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      offsets[i + 1] = offsets[i];                                                                                     \
      for (size_t j = 0; j < d; j++) {                                                                                 \
        if ((i + j) % 3 == 0) x[i * ldx + j] = 0;                                                                      \
        if (x[i * ldx + j] == 0) continue;                                                                             \
        indices[offsets[i + 1]] = (int32_t)j, values[offsets[i + 1]++] = x[i * ldx + j];                               \
      }                                                                                                                \
    }                                                                                                                  \
    const farro_csr_##type sparse = {n, d, offsets, indices, values};                                                  \
    farro_logistic_loss_reference_##type(&problem, x, ldx, w, &exact_loss, exact);                                     \
    EXPECT(farro_logistic_loss_csr_##type(&problem, &sparse, w, &loss, gradient) == FARRO_OK, "logistic_loss_csr");    \
    wrong = !(fabs(loss - exact_loss) <= bound);                                                                       \
    for (size_t i = 0; i < count; i++) wrong += !(fabs(gradient[i] - exact[i]) <= bound);                              \
    EXPECT(wrong == 0, "logistic_loss_csr_" #type " of (%zu, %zu), %zu classes: %zu wrong", n, d, classes, wrong);     \
    const size_t x_bytes = (n ? (n - 1) * ldx + d : 0) * sizeof *x;                                                    \
    guarded_free(x, x_bytes), guarded_free(labels, n * sizeof *labels), guarded_free(weights, n * sizeof *weights);    \
    guarded_free(w, count * sizeof *w), guarded_free(gradient, count * sizeof *gradient);                              \
    free(exact), free(before), free(offsets), free(indices), free(values);                                             \
  }                                                                                                                    \
  /* The gradient vanishes where a fit ends, from dense rows and from sparse ones. */                                  \
  static void check_fit_##type(double l1, double tolerance) {                                                          \
    enum { n = 300, d = 7, k = 3, count = k * (d + 1) };                                                               \
    static scalar x[n * d];                                                                                            \
    static int32_t labels[n], indices[n * d];                                                                          \
    static int64_t offsets[n + 1];                                                                                     \
    fill_##type(x, n * d);                                                                                             \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      labels[i] = (int32_t)random_below(k);                                                                            \
      x[i * d] += (scalar)labels[i];                                                                                   \
      for (size_t j = 0; j < d; j++) indices[i * d + j] = (int32_t)j;                                                  \
      offsets[i + 1] = (int64_t)((i + 1) * d);                                                                         \
    }                                                                                                                  \
    const farro_logistic_problem problem = {n, d, k, labels, NULL, true, l1, 0.01};                                    \
    const farro_logistic_options options = {tolerance, 500, NULL, NULL};                                               \
    const farro_csr_##type sparse = {n, d, offsets, indices, x};                                                       \
    farro_logistic_result result[2];                                                                                   \
    double w[2][count] = {0}, gradient[count], loss, worst = 0;                                                        \
    farro_logistic_fit_##type(&problem, x, d, &options, w[0], &result[0]);                                             \
    farro_logistic_fit_csr_##type(&problem, &sparse, &options, w[1], &result[1]);                                      \
    for (size_t i = 0; i < 2; i++) {                                                                                   \
      EXPECT(result[i].converged && result[i].gradient <= tolerance, "logistic_fit_" #type " %zu ends at %g", i,       \
             result[i].gradient);                                                                                      \
      farro_logistic_loss_reference_##type(&problem, x, d, w[i], &loss, gradient);                                     \
      for (size_t j = 0; j < count; j++) {                                                                             \
        const bool is_free = j % (d + 1) == d;                                                                         \
        const double at = gradient[j], side = w[i][j] > 0 ? 1 : -1;                                                    \
        worst = fmax(worst, is_free ? fabs(at) : w[i][j] ? fabs(at + side * l1) : fmax(fabs(at) - l1, 0));             \
      }                                                                                                                \
    }                                                                                                                  \
    EXPECT(worst <= 2 * tolerance, "logistic_fit_" #type ": a derivative of %g is left", worst);                       \
  }

CHECK_LOSS(f32, float, 0x1p-24)
CHECK_LOSS(f64, double, 0x1p-53)

static bool stop_at_once(void *context) {
  ++*(int *)context;
  return true;
}

void check_logistic(void) {
  static const size_t classes[] = {2, 3, 4, 5, 6, 7, 8, 13};
  for (size_t i = 0; i < tail_size_count; i++) {
    const size_t size = tail_sizes[i];
    check_loss_f32(size, 1 + size % 37, classes[i % 8], i % 2);
    check_loss_f64(size, 1 + size % 37, classes[i % 8], i % 2);
    check_loss_f32(1 + size % 41, size, classes[(i + 3) % 8], i % 2);
    check_loss_f64(1 + size % 41, size, classes[(i + 3) % 8], i % 2);
  }
  for (size_t c = 0; c < 8; c++) check_loss_f32(2003, 50, classes[c], true), check_loss_f64(2003, 50, classes[c], true);
  check_fit_f32(0, 1e-5), check_fit_f64(0, 1e-9);
  check_fit_f32(0.01, 1e-5), check_fit_f64(0.01, 1e-8);
  int asked = 0;
  const int32_t labels[2] = {0, 1};
  const double x[2] = {-1, 1};
  double w[2] = {0};
  farro_logistic_problem problem = {2, 1, 2, labels, NULL, true, 0, 1};
  const farro_logistic_options options = {0, 100, stop_at_once, &asked};
  farro_logistic_result result;
  EXPECT(farro_logistic_fit_f64(&problem, x, 1, &options, w, &result) == FARRO_OK && asked == 1 &&
             result.iterations == 0 && !result.converged,
         "logistic_fit_f64 goes on when told to stop");
  problem.classes = 1;
  EXPECT(farro_logistic_fit_f64(&problem, x, 1, &options, w, &result) == FARRO_ERROR_ARGUMENT, "one class");
}
