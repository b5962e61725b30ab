#include "check.h"

enum { iou_bound = 16, generalized_bound = 40 }; // in u, relative and absolute

// Boxes of all kinds: apart, nested, equal, touching, without width or height or both, far from the origin.
static void any_box(double *box) {
  const double grid = random_below(2) ? 4 : 1e6; // few places, or as good as none twice
  for (int k = 0; k < 2; k++) {
    const double a = floor(random_unit() * grid), b = random_below(8) ? a + floor((random_unit() + 1) * grid) : a;
    box[k] = a / 8 + (random_below(16) ? 0 : 1000), box[k + 2] = box[k] + (b - a) / 8;
  }
}

#define CHECK_BOXES(type, scalar, unit)                                                                                \
  static void fill_boxes_##type(scalar *boxes, size_t n) {                                                             \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      double box[4];                                                                                                   \
      any_box(box);                                                                                                    \
      for (size_t k = 0; k < 4; k++) boxes[4 * i + k] = (scalar)box[k];                                                \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  static void check_overlaps_##type(bool generalized, size_t m, size_t n, size_t pad, bool with_nan) {                 \
    const size_t ld = n + pad, count = m ? (m - 1) * ld + n : 0, bytes = count * sizeof(scalar);                       \
    scalar *x = guarded_allocate(m * 4 * sizeof *x), *y = guarded_allocate(n * 4 * sizeof *y);                         \
    scalar *out = guarded_allocate(bytes), *serial = guarded_allocate(bytes), *exact = guarded_allocate(bytes);        \
    fill_boxes_##type(x, m), fill_boxes_##type(y, n), fill_##type(out, count);                                         \
    if (with_nan && m) x[random_below(4 * m)] = NAN;                                                                   \
    if (with_nan && n) y[random_below(4 * n)] = NAN;                                                                   \
    memcpy(serial, out, bytes), memcpy(exact, out, bytes);                                                             \
    const __auto_type call = generalized ? farro_box_generalized_iou_##type : farro_box_iou_##type;                    \
    const __auto_type reference =                                                                                      \
        generalized ? farro_box_generalized_iou_reference_##type : farro_box_iou_reference_##type;                     \
    const farro_status status = call(m, n, x, y, out, ld);                                                             \
    reference(m, n, x, y, exact, ld);                                                                                  \
    double worst = 0;                                                                                                  \
    for (size_t i = 0; i < count; i++) {                                                                               \
      const double t = (double)exact[i], error = fabs((double)out[i] - t);                                             \
      if (i % ld >= n ? out[i] == exact[i] : isnan(t) ? isnan(out[i]) : error == 0) continue;                          \
      const double bound = i % ld >= n   ? 0                                                                           \
                           : generalized ? (generalized_bound + 1) * unit                                              \
                                         : (iou_bound + 1) * unit * t;                                                 \
      if (!(error / bound <= worst)) worst = error / bound;                                                            \
    }                                                                                                                  \
    const char *name = generalized ? "generalized_iou" : "iou";                                                        \
    EXPECT(status == FARRO_OK && worst <= 1, "%s_" #type " (%zu, %zu) + %zu: error is %g bounds", name, m, n, pad,     \
           worst);                                                                                                     \
    farro_set_local_threads(1, NULL);                                                                                  \
    call(m, n, x, y, serial, ld);                                                                                      \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(out, serial, bytes) == 0, "%s_" #type " (%zu, %zu): bits depend on threads", name, m, n);            \
    guarded_free(x, m * 4 * sizeof *x), guarded_free(y, n * 4 * sizeof *y);                                            \
    guarded_free(out, bytes), guarded_free(serial, bytes), guarded_free(exact, bytes);                                 \
  }                                                                                                                    \
                                                                                                                       \
  /* Values that are known, and what has no area. */                                                                   \
  static void check_known_##type(void) {                                                                               \
    const scalar x[] = {0, 0, 2, 2, 1, 1, 3, 3, 5, 5, 5, 5, 0, 0, 2, 0};                                               \
    scalar out[16], generalized[16];                                                                                   \
    farro_box_iou_##type(4, 4, x, x, out, 4);                                                                          \
    farro_box_generalized_iou_##type(4, 4, x, x, generalized, 4);                                                      \
    EXPECT(out[0] == 1 && out[1] == (scalar)1 / 7 && out[2] == 0 && out[10] == 0 && out[15] == 0, "iou_" #type);       \
    EXPECT(generalized[0] == 1 && fabs((double)generalized[1] - (1.0 / 7 - 2.0 / 9)) < 2 * unit &&                     \
               generalized[2] == (scalar) - 0.84 && generalized[10] == 0 && generalized[15] == 0,                      \
           "generalized_iou_" #type " %g", (double)generalized[2]);                                                    \
  }                                                                                                                    \
                                                                                                                       \
  static void check_nms_##type(size_t n, farro_nms_options options, size_t classes, bool with_nan) {                   \
    scalar *boxes = guarded_allocate(n * 4 * sizeof *boxes), *scores = guarded_allocate(n * sizeof *scores);           \
    int32_t *of = guarded_allocate(n * sizeof *of);                                                                    \
    int64_t *kept = guarded_allocate(n * sizeof *kept), *exactly = guarded_allocate(n * sizeof *exactly);              \
    fill_boxes_##type(boxes, n);                                                                                       \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      scores[i] = (scalar)random_below(n / 2 + 3) / 8;                                                                 \
      of[i] = (int32_t)random_below(classes + 1) - 1;                                                                  \
      if (with_nan && random_below(9) == 0) boxes[4 * i + random_below(4)] = NAN;                                      \
      if (with_nan && random_below(9) == 0) scores[i] = NAN;                                                           \
    }                                                                                                                  \
    size_t count = 0, expected = 0;                                                                                    \
    farro_nms_reference_##type(n, boxes, scores, classes ? of : NULL, options, exactly, &expected);                    \
    for (int32_t threads = 0; threads < 2; threads++) {                                                                \
      farro_set_local_threads(threads, NULL);                                                                          \
      count = n + 1;                                                                                                   \
      const farro_status status = farro_nms_##type(n, boxes, scores, classes ? of : NULL, options, kept, &count);      \
      EXPECT(status == FARRO_OK && count == expected && memcmp(kept, exactly, count * sizeof *kept) == 0,              \
             "nms_" #type " of %zu above %g, %zu classes, %d threads: %zu kept, not %zu", n, options.iou_threshold,    \
             classes, threads, count, expected);                                                                       \
    }                                                                                                                  \
    farro_set_local_threads(0, NULL);                                                                                  \
    guarded_free(boxes, n * 4 * sizeof *boxes), guarded_free(scores, n * sizeof *scores);                              \
    guarded_free(of, n * sizeof *of);                                                                                  \
    guarded_free(kept, n * sizeof *kept), guarded_free(exactly, n * sizeof *exactly);                                  \
  }                                                                                                                    \
                                                                                                                       \
  /* Every format into every other, beside and in place: the f64 reference is rounded twice. */                        \
  static void check_formats_##type(size_t n) {                                                                         \
    const size_t bytes = n * 4 * sizeof(scalar);                                                                       \
    scalar *x = guarded_allocate(bytes), *y = guarded_allocate(bytes), *exact = guarded_allocate(bytes);               \
    for (int from = 0; from < FARRO_BOX_FORMAT_COUNT; from++)                                                          \
      for (int to = 0; to < FARRO_BOX_FORMAT_COUNT; to++) {                                                            \
        fill_##type(x, 4 * n);                                                                                         \
        farro_box_convert_reference_##type(n, (farro_box_format)from, (farro_box_format)to, x, exact);                 \
        const farro_status status = farro_box_convert_##type(n, (farro_box_format)from, (farro_box_format)to, x, y);   \
        farro_box_convert_##type(n, (farro_box_format)from, (farro_box_format)to, x, x);                               \
        bool right = status == FARRO_OK && memcmp(x, y, bytes) == 0;                                                   \
        for (size_t i = 0; i < 4 * n; i++)                                                                             \
          right =                                                                                                      \
              right && fabs((double)(y[i] - exact[i])) <= (sizeof(scalar) == 4 ? 0 : 2 * unit * fabs((double)y[i]));   \
        EXPECT(right, "%zu boxes_" #type " from %d to %d", n, from, to);                                               \
      }                                                                                                                \
    guarded_free(x, bytes), guarded_free(y, bytes), guarded_free(exact, bytes);                                        \
  }                                                                                                                    \
                                                                                                                       \
  static void check_type_##type(void) {                                                                                \
    for (size_t i = 0; i < tail_size_count; i++)                                                                       \
      for (size_t j = 0; j < 4; j++) {                                                                                 \
        const size_t m = (const size_t[]){0, 1, 3, 65}[j];                                                             \
        check_overlaps_##type(i % 2, m, tail_sizes[i], j, i % 3 == 0);                                                 \
        check_overlaps_##type(i % 2 == 0, m, tail_sizes[i], j, i % 3 == 1);                                            \
      }                                                                                                                \
    for (size_t i = 0; i < 6; i++)                                                                                     \
      check_overlaps_##type(i % 2, 70, (const size_t[]){255, 256, 257, 511, 1037, 2049}[i], i, false);                 \
    check_overlaps_##type(false, 517, 17001, 1, false); /* past the caches, on all threads */                          \
    check_overlaps_##type(true, 130, 70001, 0, false);                                                                 \
    check_known_##type();                                                                                              \
    for (size_t i = 0; i < tail_size_count; i++) {                                                                     \
      const double threshold = (const double[]){0, 0.1, 0.5, 0.7, 1}[i % 5];                                           \
      const farro_nms_options options = {threshold, i % 3 == 0, 3};                                                    \
      check_nms_##type(tail_sizes[i], options, 0, false);                                                              \
      check_nms_##type(tail_sizes[i], options, 3, i % 2);                                                              \
      check_formats_##type(tail_sizes[i]);                                                                             \
    }                                                                                                                  \
    check_nms_##type(3000, (farro_nms_options){.iou_threshold = 0.5}, 0, false);                                       \
    check_nms_##type(3000, (farro_nms_options){.iou_threshold = 0.3}, 4, true);                                        \
    check_formats_##type(10000);                                                                                       \
  }                                                                                                                    \
                                                                                                                       \
  /* A box that covers exactly 0.7 of another, as it is rounded, is not above 0.7 rounded. */                          \
  static void check_threshold_##type(void) {                                                                           \
    const scalar boxes[] = {0, 0, 10, 1, 0, 0, 7, 1}, scores[] = {2, 1}, ratio = (scalar)7 / (scalar)10;               \
    int64_t kept[2];                                                                                                   \
    size_t count;                                                                                                      \
    farro_nms_##type(2, boxes, scores, NULL, (farro_nms_options){.iou_threshold = (double)ratio}, kept, &count);       \
    EXPECT(count == 2, "nms_" #type ": suppressed at the threshold");                                                  \
    farro_nms_##type(2, boxes, scores, NULL, (farro_nms_options){.iou_threshold = nextafter((double)ratio, 0)}, kept,  \
                     &count);                                                                                          \
    EXPECT(count == 1, "nms_" #type ": kept above the threshold");                                                     \
  }

CHECK_BOXES(f32, float, 0x1p-24)
CHECK_BOXES(f64, double, 0x1p-53)

static void check_arguments(void) {
  const float x[8] = {0};
  float out[8];
  int64_t kept[2];
  size_t count;
  EXPECT(farro_box_iou_f32(2, 2, x, x, out, 1) == FARRO_ERROR_ARGUMENT, "ld_out < n");
  EXPECT(farro_box_iou_f32((size_t)-1, 2, x, x, out, 2) == FARRO_ERROR_ARGUMENT, "m = -1");
  EXPECT(farro_nms_f32(2, x, x, NULL, (farro_nms_options){.iou_threshold = -1}, kept, &count) == FARRO_ERROR_ARGUMENT,
         "a negative threshold");
  EXPECT(farro_nms_f32(2, x, x, NULL, (farro_nms_options){.iou_threshold = NAN}, kept, &count) == FARRO_ERROR_ARGUMENT,
         "a threshold that is no number");
  EXPECT(farro_box_convert_f32(2, FARRO_BOX_FORMAT_COUNT, FARRO_BOX_CORNERS, x, out) == FARRO_ERROR_ARGUMENT,
         "an unknown format");
}

void check_boxes(void) {
  check_type_f32(), check_type_f64();
  check_threshold_f32(), check_threshold_f64();
  check_arguments();
}
