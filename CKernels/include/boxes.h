// Boxes: rectangles with sides along the axes, four coordinates each: their overlap, non-maximum suppression, formats.
//
// A matrix of boxes is (n, 4), contiguous. Where nothing else is said a box is x1 y1 x2 y2, two opposite corners with
// x1 <= x2 and y1 <= y2; others are computed by the same formulas, which then have no meaning. Pointers need only their
// element's alignment. Sizes of 0 are legal. Everything is computed in the element type, u = 2^-24 (f32) or 2^-53
// (f64), without fused products: results depend neither on threads nor on the instruction set.
#ifndef FARRO_BOXES_H
#define FARRO_BOXES_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// out[i][j] for box i of x (m, 4) and box j of y (n, 4); rows of out are ld_out >= n elements apart, else
// FARRO_ERROR_ARGUMENT. x and y may be the same memory; out must not overlap them. Absent overflow and underflow of
// areas, the error is at most
//   intersection over union   |both| / |either|, 0 where neither has an area             16 u t, exact value t
//   generalized               that less the part of their hull that neither covers       40 u
// NaN in a box makes all its overlaps NaN. Source of the latter: H. Rezatofighi et al., "Generalized intersection over
// union", CVPR 2019. O(m n); work space O(n).
FARRO_API farro_status farro_box_iou_f32(size_t m, size_t n, const float *x, const float *y, float *out, size_t ld_out);
FARRO_API farro_status farro_box_iou_f64(size_t m, size_t n, const double *x, const double *y, double *out,
                                         size_t ld_out);
FARRO_API farro_status farro_box_generalized_iou_f32(size_t m, size_t n, const float *x, const float *y, float *out,
                                                     size_t ld_out);
FARRO_API farro_status farro_box_generalized_iou_f64(size_t m, size_t n, const double *x, const double *y, double *out,
                                                     size_t ld_out);

typedef struct farro_nms_options {
  double iou_threshold;      // at least 0
  bool uses_score_threshold; // only boxes whose score is above the next take part: none with NaN
  double score_threshold;
} farro_nms_options;

// Greedy non-maximum suppression: in the order of descending scores (of equal ones, smaller indices first; NaN is the
// largest), a box is kept unless its intersection over union with one that was kept is above the threshold. With
// `classes`, n of them, only boxes of the same class suppress one another; NULL: all do. A box with NaN neither
// suppresses nor is suppressed.
//
// `kept`, room for n, receives the indices of the boxes kept, in that order, and *count their number.
// FARRO_ERROR_ARGUMENT for n >= 2^32 and a threshold that is negative or NaN. O(n (count + log n)); work space O(n).
FARRO_API farro_status farro_nms_f32(size_t n, const float *boxes, const float *scores, const int32_t *classes,
                                     farro_nms_options options, int64_t *kept, size_t *count);
FARRO_API farro_status farro_nms_f64(size_t n, const double *boxes, const double *scores, const int32_t *classes,
                                     farro_nms_options options, int64_t *kept, size_t *count);

typedef enum farro_box_format {
  FARRO_BOX_CORNERS = 0,     // x1 y1 x2 y2
  FARRO_BOX_CENTER_SIZE = 1, // center's x and y, width, height
  FARRO_BOX_CORNER_SIZE = 2, // x1 y1, width, height
  FARRO_BOX_FORMAT_COUNT = 3,
} farro_box_format;

// The same n boxes in another format. y may be x, and must not overlap it otherwise. Each coordinate is correctly
// rounded, absent underflow. O(n).
FARRO_API farro_status farro_box_convert_f32(size_t n, farro_box_format from, farro_box_format to, const float *x,
                                             float *y);
FARRO_API farro_status farro_box_convert_f64(size_t n, farro_box_format from, farro_box_format to, const double *x,
                                             double *y);

// The same by plain loops, overlaps in double (long double for f64): the oracles of the tests.
FARRO_API farro_status farro_box_iou_reference_f32(size_t m, size_t n, const float *x, const float *y, float *out,
                                                   size_t ld_out);
FARRO_API farro_status farro_box_iou_reference_f64(size_t m, size_t n, const double *x, const double *y, double *out,
                                                   size_t ld_out);
FARRO_API farro_status farro_box_generalized_iou_reference_f32(size_t m, size_t n, const float *x, const float *y,
                                                               float *out, size_t ld_out);
FARRO_API farro_status farro_box_generalized_iou_reference_f64(size_t m, size_t n, const double *x, const double *y,
                                                               double *out, size_t ld_out);
FARRO_API farro_status farro_nms_reference_f32(size_t n, const float *boxes, const float *scores,
                                               const int32_t *classes, farro_nms_options options, int64_t *kept,
                                               size_t *count);
FARRO_API farro_status farro_nms_reference_f64(size_t n, const double *boxes, const double *scores,
                                               const int32_t *classes, farro_nms_options options, int64_t *kept,
                                               size_t *count);
FARRO_API farro_status farro_box_convert_reference_f32(size_t n, farro_box_format from, farro_box_format to,
                                                       const float *x, float *y);
FARRO_API farro_status farro_box_convert_reference_f64(size_t n, farro_box_format from, farro_box_format to,
                                                       const double *x, double *y);

#ifdef __cplusplus
}
#endif
#endif
