// Overlaps of boxes.
#include "operators.h"

static int iou(const void *const *in, void *out) {
  return CALL(farro_box_iou_f32)(sizes.rows, sizes.count, in[0], in[1], out, sizes.count);
}

const farro_operator box_operators[] = {
    {"box_iou", "farro_box_iou_f32", iou},
    {"box_generalized_iou", "farro_box_generalized_iou_f32", iou},
    {NULL, NULL, NULL},
};
