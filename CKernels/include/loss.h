// Losses of classification: rows of logits or scores with a label each, and their gradients in the same pass.
//
// x is row-major, (rows, columns), with `x_row` elements from one row to the next (at least `columns`, else
// FARRO_ERROR_ARGUMENT); a column is a class. labels[i] is the column that is right for row i. Unless it is ignored, it
// must be in 0..<columns; otherwise the answer is FARRO_ERROR_ARGUMENT, and nothing has been written.
//
// `loss` receives `rows` elements, or one when it is reduced; NULL when it is not wanted. The sum of losses is taken in
// double. `grad_x`, (rows, columns) with `grad_row` elements from one row to the next, receives the gradient by x of
// the reduced loss (or of the sum of all losses, when they are not reduced); NULL when it is not wanted. grad_x may be
// x with grad_row = x_row; other operands must not overlap results. Pointers need only their element's alignment. Sizes
// of 0 are legal. No result depends on the number of threads. Work space of 8 bytes for each row: FARRO_ERROR_MEMORY
// without it.
//
// In the error bounds u, d, D and h are those of softmax.h for rows, and g is what a row's own loss counts for in the
// gradient: 1, or 1 / the divisor of the mean, times grad_loss where it is given.
#ifndef FARRO_LOSS_H
#define FARRO_LOSS_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum farro_loss_reduction {
  FARRO_LOSS_NONE = 0, // a loss for each row
  FARRO_LOSS_MEAN = 1,
  FARRO_LOSS_SUM = 2,
} farro_loss_reduction;

typedef struct farro_cross_entropy_options {
  double label_smoothing; // 0 to 1, else FARRO_ERROR_ARGUMENT
  int64_t ignored_label;  // rows with this label have loss 0 and gradient 0, whatever they hold; a column's or none's
  farro_loss_reduction reduction;
} farro_cross_entropy_options;

// loss = -(1 - s) w[label] log p[label] - s / columns sum w log p, with p = softmax(x), s the label smoothing and w
// the class weights, `columns` elements; NULL: ones. The mean is the sum divided by that of w[label], in both without
// ignored rows; NaN of none. As torch.nn.functional.cross_entropy.
//
// NaN, +infinity or nothing but -infinity in a row makes its loss and its gradient NaN. -infinity at the label makes
// the loss infinite, and so it does anywhere with label smoothing.
// With W the sum of w, M = max(x) - min(x), and S = s / columns (W + sum w (max(x) - x)),
//   |loss - exact| <= (1 - s) w[label] ((D + h + 12) u + 3 u |loss of weight 1|) + (D + h + 12) u S + 2 u |loss|,
//   |grad_x - exact| <= (d + D + h + 12) u g ((1 - s) w[label] + s W / columns) p
//                       + 4 u g ((1 - s) w[label] at the label + s w / columns).
// O(rows columns): one pass over memory; with the gradient, two for rows that exceed the L2 cache.
FARRO_API farro_status farro_cross_entropy_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                               const int64_t *labels, const float *weights,
                                               const farro_cross_entropy_options *options, float *loss, float *grad_x,
                                               size_t grad_row);
FARRO_API farro_status farro_cross_entropy_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                               const int64_t *labels, const double *weights,
                                               const farro_cross_entropy_options *options, double *loss, double *grad_x,
                                               size_t grad_row);

// The gradient alone, times grad_loss: that of the reduced loss, one element, or of each row's.
FARRO_API farro_status farro_cross_entropy_backward_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                        const int64_t *labels, const float *weights,
                                                        const farro_cross_entropy_options *options,
                                                        const float *grad_loss, float *grad_x, size_t grad_row);
FARRO_API farro_status farro_cross_entropy_backward_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                        const int64_t *labels, const double *weights,
                                                        const farro_cross_entropy_options *options,
                                                        const double *grad_loss, double *grad_x, size_t grad_row);

// Which violations of the margin count.
typedef enum farro_hinge {
  // The greatest: max(0, margin + max of x[j] - x[label]) over j other than the label. K. Crammer, Y. Singer, "On the
  // algorithmic implementation of multiclass kernel-based vector machines", JMLR 2, 2001; sklearn.metrics.hinge_loss.
  FARRO_HINGE_GREATEST = 0,
  // All: the sum over j of max(0, margin + x[j] - x[label]), divided by `columns`. J. Weston, C. Watkins, "Support
  // vector machines for multi-class pattern recognition", ESANN 1999; torch.nn.MultiMarginLoss with p = 1.
  FARRO_HINGE_ALL = 1,
} farro_hinge;

typedef struct farro_hinge_options {
  farro_hinge kind;
  double margin; // finite, else FARRO_ERROR_ARGUMENT
  farro_loss_reduction reduction;
} farro_hinge_options;

// The multiclass hinge loss; the mean is the sum divided by `rows`. No label is ignored. Where a margin is just kept,
// the gradient is 0; of equally great violations the first one counts.
//
// NaN in a row makes its loss NaN, and its gradient NaN at the label at least.
//   |loss - exact| <= (h + 6) u (loss + V), with V the greatest of margin and |x[j] - x[label]| of violations.
//   |grad_x - exact| <= 4 u |grad_x|, where no violation is within u (margin + |x[j]| + |x[label]|) of 0.
// O(rows columns): one pass over memory, two over each row in cache.
FARRO_API farro_status farro_multiclass_hinge_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                  const int64_t *labels, const farro_hinge_options *options,
                                                  float *loss, float *grad_x, size_t grad_row);
FARRO_API farro_status farro_multiclass_hinge_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                  const int64_t *labels, const farro_hinge_options *options,
                                                  double *loss, double *grad_x, size_t grad_row);

// The gradient alone, times grad_loss, as above.
FARRO_API farro_status farro_multiclass_hinge_backward_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                           const int64_t *labels, const farro_hinge_options *options,
                                                           const float *grad_loss, float *grad_x, size_t grad_row);
FARRO_API farro_status farro_multiclass_hinge_backward_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                           const int64_t *labels, const farro_hinge_options *options,
                                                           const double *grad_loss, double *grad_x, size_t grad_row);

// The same as their definitions read, accumulated in double (long double for f64): the oracles of the tests. grad_loss
// may be NULL, for ones.
FARRO_API farro_status farro_cross_entropy_reference_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                         const int64_t *labels, const float *weights,
                                                         const farro_cross_entropy_options *options,
                                                         const float *grad_loss, float *loss, float *grad_x,
                                                         size_t grad_row);
FARRO_API farro_status farro_cross_entropy_reference_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                         const int64_t *labels, const double *weights,
                                                         const farro_cross_entropy_options *options,
                                                         const double *grad_loss, double *loss, double *grad_x,
                                                         size_t grad_row);
FARRO_API farro_status farro_multiclass_hinge_reference_f32(size_t rows, size_t columns, const float *x, size_t x_row,
                                                            const int64_t *labels, const farro_hinge_options *options,
                                                            const float *grad_loss, float *loss, float *grad_x,
                                                            size_t grad_row);
FARRO_API farro_status farro_multiclass_hinge_reference_f64(size_t rows, size_t columns, const double *x, size_t x_row,
                                                            const int64_t *labels, const farro_hinge_options *options,
                                                            const double *grad_loss, double *loss, double *grad_x,
                                                            size_t grad_row);

#ifdef __cplusplus
}
#endif
#endif
