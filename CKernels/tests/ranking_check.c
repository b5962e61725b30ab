#include "check.h"

enum { kinds = 9 };

// What makes ranking hard: equal scores, both zeros, infinities, outliers, scales of all sizes, order.
static double any_score(int kind, size_t i) {
  switch (kind) {
  case 0:
    return random_unit();
  case 1:
    return (double)random_below(7) - 3;
  case 2: {
    const double values[] = {0.0, -0.0, INFINITY, -INFINITY, 1, -1, 1e-40, -1e-310, 3e38};
    return values[random_below(sizeof values / sizeof *values)];
  }
  case 3: // nearly all in one bucket, and alike in their leading bits
    return random_below(500) == 0 ? random_unit() * 1e30 : 1 + random_unit() * 1e-6;
  case 4:
    return exp(80 * random_unit());
  case 5:
    return -(double)i;
  case 6:
    return 0.25;
  case 7: // a sample that is all alike, or too narrow to divide by
    return i % 2 ? 1e-45 * (double)random_below(3) : random_unit();
  default:
    return 0.5 + 0.5 * random_unit();
  }
}

#define CHECK_RANKING(type, scalar)                                                                                    \
  static void expect_ranking_##type(const char *what, const farro_ranking *found, const farro_ranking *exact,          \
                                    double value, double bound, size_t n, int kind) {                                  \
    const double scale = fabs(value) * bound;                                                                          \
    EXPECT(found->first_nan == n, "%s_" #type " of %zu: finds a NaN", what, n);                                        \
    EXPECT(fabs(found->positives - exact->positives) <= bound * exact->positives &&                                    \
               fabs(found->negatives - exact->negatives) <= bound * exact->negatives,                                  \
           "%s_" #type " of %zu, kind %d: %g and %g rows", what, n, kind, found->positives, found->negatives);         \
    EXPECT(fabs(found->value - value) <= scale, "%s_" #type " of %zu, kind %d: %.17g, not %.17g", what, n, kind,       \
           found->value, value);                                                                                       \
  }                                                                                                                    \
  static void check_ranking_##type(size_t n, int kind, int share, bool is_weighted) {                                  \
    const size_t bytes = n * sizeof(scalar), wide = n * sizeof(double);                                                \
    scalar *x = guarded_allocate(bytes), *w = guarded_allocate(bytes), *weights = is_weighted ? w : NULL;              \
    uint8_t *positive = guarded_allocate(n);                                                                           \
    scalar *thresholds = guarded_allocate(bytes), *exactly = malloc(bytes + 1);                                        \
    double *tp = guarded_allocate(wide), *fp = guarded_allocate(wide), *tp_exact = malloc(wide + 1),                   \
           *fp_exact = malloc(wide + 1), area, precision;                                                              \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      x[i] = (scalar)any_score(kind, i);                                                                               \
      w[i] = random_below(4) == 0 ? 0 : (scalar)(1 + random_unit());                                                   \
      positive[i] = (uint8_t)(random_below(8) < (size_t)share ? 1 + random_below(255) : 0);                            \
    }                                                                                                                  \
    const double bound = is_weighted ? 2 * (double)n * 0x1p-53 : 2 * 0x1p-53, sums = 2 * (double)n * 0x1p-53;          \
    farro_ranking exact, found[2], curve;                                                                              \
    farro_ranking_reference_##type(n, x, positive, weights, exactly, tp_exact, fp_exact, &area, &precision, &exact);   \
    for (int threads = 0; threads < 2; threads++) {                                                                    \
      farro_set_local_threads(threads, NULL);                                                                          \
      EXPECT(farro_roc_area_##type(n, x, positive, weights, found) == FARRO_OK, "roc_area_" #type " fails");           \
      EXPECT(farro_average_precision_##type(n, x, positive, weights, found + 1) == FARRO_OK, "precision fails");       \
      EXPECT(farro_ranking_curve_##type(n, x, positive, weights, thresholds, tp, fp, &curve) == FARRO_OK,              \
             "ranking_curve_" #type " fails");                                                                         \
      expect_ranking_##type("roc_area", found, &exact, area, bound, n, kind);                                          \
      expect_ranking_##type("average_precision", found + 1, &exact, precision, sums, n, kind);                         \
      EXPECT(curve.thresholds == exact.thresholds, "ranking_curve_" #type " of %zu, kind %d: %zu thresholds, not %zu", \
             n, kind, curve.thresholds, exact.thresholds);                                                             \
      size_t wrong = 0;                                                                                                \
      for (size_t i = 0; i < curve.thresholds && i < exact.thresholds; i++)                                            \
        wrong += !(thresholds[i] == exactly[i]) || !(fabs(tp[i] - tp_exact[i]) <= (bound - 0x1p-52) * tp_exact[i]) ||  \
                 !(fabs(fp[i] - fp_exact[i]) <= (bound - 0x1p-52) * fp_exact[i]);                                      \
      EXPECT(wrong == 0, "ranking_curve_" #type " of %zu, kind %d: %zu wrong", n, kind, wrong);                        \
      static double before[2];                                                                                         \
      for (int k = 0; k < 2; k++) {                                                                                    \
        EXPECT(threads == 0 || before[k] == found[k].value, "ranking_" #type " of %zu depends on threads", n);         \
        before[k] = found[k].value;                                                                                    \
      }                                                                                                                \
    }                                                                                                                  \
    farro_set_local_threads(0, NULL);                                                                                  \
    for (size_t at = n ? random_below(n) : 0, once = 0; at < n && !once; once = 1) {                                   \
      x[at] = (scalar)NAN;                                                                                             \
      farro_roc_area_##type(n, x, positive, weights, found);                                                           \
      EXPECT(found->first_nan == at, "roc_area_" #type " of %zu: NaN at %zu, not %zu", n, found->first_nan, at);       \
    }                                                                                                                  \
    guarded_free(x, bytes), guarded_free(w, bytes), guarded_free(positive, n), guarded_free(thresholds, bytes);        \
    guarded_free(tp, wide), guarded_free(fp, wide), free(exactly), free(tp_exact), free(fp_exact);                     \
  }

CHECK_RANKING(f32, float)
CHECK_RANKING(f64, double)

static void check_both(size_t n, int kind, int share) {
  for (int is_weighted = 0; is_weighted < 2; is_weighted++) {
    check_ranking_f32(n, kind, share, is_weighted);
    check_ranking_f64(n, kind, share, is_weighted);
  }
}

void check_ranking(void) {
  for (int kind = 0; kind < kinds; kind++) {
    for (size_t i = 0; i < tail_size_count; i++) check_both(tail_sizes[i], kind, 4);
    check_both(1009, kind, 1);
    check_both(70001, kind, 2);
    check_both(300007, kind, 7);
  }
  check_both(1000, 0, 0); // one class
  check_both(1000, 0, 8);
  farro_ranking ranking;
  EXPECT(farro_roc_area_f32((size_t)UINT32_MAX + 1, NULL, NULL, NULL, &ranking) == FARRO_ERROR_ARGUMENT,
         "roc_area of more rows than are counted");
}
