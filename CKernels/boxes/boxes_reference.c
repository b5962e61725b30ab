// Boxes as the definitions read.
#include "include/boxes.h"

#include <math.h>

#define REFERENCE(type, scalar, wide)                                                                                  \
  static wide least_##type(wide a, wide b) { return a < b ? a : b; }                                                   \
  static wide most_##type(wide a, wide b) { return a > b ? a : b; }                                                    \
  static bool is_nan_##type(const scalar *a) { return isnan(a[0]) || isnan(a[1]) || isnan(a[2]) || isnan(a[3]); }      \
                                                                                                                       \
  static wide overlap_##type(const scalar *a, const scalar *b, bool generalized) {                                     \
    if (is_nan_##type(a) || is_nan_##type(b)) return (wide)NAN;                                                        \
    const wide width = least_##type(a[2], b[2]) - most_##type(a[0], b[0]);                                             \
    const wide height = least_##type(a[3], b[3]) - most_##type(a[1], b[1]);                                            \
    const wide both = width > 0 && height > 0 ? width * height : 0;                                                    \
    const wide areas = ((wide)a[2] - a[0]) * ((wide)a[3] - a[1]) + ((wide)b[2] - b[0]) * ((wide)b[3] - b[1]);          \
    const wide either = areas - both, iou = either == 0 ? 0 : both / either;                                           \
    if (!generalized) return iou;                                                                                      \
    const wide hull =                                                                                                  \
        (most_##type(a[2], b[2]) - least_##type(a[0], b[0])) * (most_##type(a[3], b[3]) - least_##type(a[1], b[1]));   \
    return hull == 0 ? iou : iou - (hull - either) / hull;                                                             \
  }                                                                                                                    \
  farro_status farro_box_iou_reference_##type(size_t m, size_t n, const scalar *x, const scalar *y, scalar *out,       \
                                              size_t ld_out) {                                                         \
    for (size_t i = 0; i < m; i++)                                                                                     \
      for (size_t j = 0; j < n; j++) out[i * ld_out + j] = (scalar)overlap_##type(x + 4 * i, y + 4 * j, false);        \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
  farro_status farro_box_generalized_iou_reference_##type(size_t m, size_t n, const scalar *x, const scalar *y,        \
                                                          scalar *out, size_t ld_out) {                                \
    for (size_t i = 0; i < m; i++)                                                                                     \
      for (size_t j = 0; j < n; j++) out[i * ld_out + j] = (scalar)overlap_##type(x + 4 * i, y + 4 * j, true);         \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  /* The overlap as the kernels round it: what is suppressed at the threshold must not depend on a wider type. */      \
  static scalar rounded_overlap_##type(const scalar *a, const scalar *b) {                                             \
    if (is_nan_##type(a) || is_nan_##type(b)) return (scalar)NAN;                                                      \
    const scalar width = (a[2] < b[2] ? a[2] : b[2]) - (a[0] > b[0] ? a[0] : b[0]);                                    \
    const scalar height = (a[3] < b[3] ? a[3] : b[3]) - (a[1] > b[1] ? a[1] : b[1]);                                   \
    const scalar both = (width > 0 ? width : 0) * (height > 0 ? height : 0);                                           \
    const scalar either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both;                        \
    return either == 0 ? 0 : both / either;                                                                            \
  }                                                                                                                    \
  /* Whether box i comes before box j. */                                                                              \
  static bool precedes_##type(const scalar *scores, size_t i, size_t j) {                                              \
    if (isnan(scores[i]) || isnan(scores[j]))                                                                          \
      return isnan(scores[i]) && isnan(scores[j]) ? i < j : (bool)isnan(scores[i]);                                    \
    return scores[i] != scores[j] ? scores[i] > scores[j] : i < j;                                                     \
  }                                                                                                                    \
  farro_status farro_nms_reference_##type(size_t n, const scalar *boxes, const scalar *scores, const int32_t *classes, \
                                          farro_nms_options options, int64_t *kept, size_t *count) {                   \
    *count = 0;                                                                                                        \
    for (size_t step = 0, last = n; step < n; step++) {                                                                \
      size_t best = n;                                                                                                 \
      for (size_t i = 0; i < n; i++)                                                                                   \
        if ((last == n || precedes_##type(scores, last, i)) && (best == n || precedes_##type(scores, i, best)))        \
          best = i;                                                                                                    \
      last = best;                                                                                                     \
      bool keeps = !options.uses_score_threshold || (double)scores[best] > options.score_threshold;                    \
      for (size_t i = 0; keeps && i < *count; i++) {                                                                   \
        const size_t other = (size_t)kept[i];                                                                          \
        if (classes && classes[other] != classes[best]) continue;                                                      \
        keeps = !((double)rounded_overlap_##type(boxes + 4 * best, boxes + 4 * other) > options.iou_threshold);        \
      }                                                                                                                \
      if (keeps) kept[(*count)++] = (int64_t)best;                                                                     \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_box_convert_reference_##type(size_t n, farro_box_format from, farro_box_format to,                \
                                                  const scalar *x, scalar *y) {                                        \
    for (size_t i = 0; i < 2 * n; i++) { /* x and width, then y and height, of a box */                                \
      const size_t at = i / 2 * 4 + i % 2;                                                                             \
      const wide a = x[at], b = x[at + 2];                                                                             \
      const wide low = from == FARRO_BOX_CENTER_SIZE ? a - b / 2 : a;                                                  \
      const wide high = from == FARRO_BOX_CENTER_SIZE ? a + b / 2 : from == FARRO_BOX_CORNER_SIZE ? a + b : b;         \
      const wide size = from == FARRO_BOX_CORNERS ? b - a : b;                                                         \
      const wide center = from == FARRO_BOX_CENTER_SIZE ? a : from == FARRO_BOX_CORNER_SIZE ? a + b / 2 : (a + b) / 2; \
      y[at] = (scalar)(to == FARRO_BOX_CENTER_SIZE ? center : low);                                                    \
      y[at + 2] = (scalar)(to == FARRO_BOX_CORNERS ? high : size);                                                     \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double)
REFERENCE(f64, double, long double)
