// Losses and their gradients as their definitions read.
#include "include/loss.h"

#include <math.h>

#define REFERENCE(type, scalar, wide, wide_exp, wide_log)                                                              \
  /* Reduces losses that are summed one by one. */                                                                     \
  static void add_loss_##type(farro_loss_reduction reduction, size_t row, wide loss, wide divisor, wide *sum,          \
                              scalar *out) {                                                                           \
    *sum += loss;                                                                                                      \
    if (out)                                                                                                           \
      out[reduction == FARRO_LOSS_NONE ? row : 0] = (scalar)(reduction == FARRO_LOSS_NONE ? loss : *sum / divisor);    \
  }                                                                                                                    \
                                                                                                                       \
  /* What a row's loss counts for in what is differentiated. */                                                        \
  static wide outer_##type(farro_loss_reduction reduction, size_t row, wide divisor, const scalar *grad_loss) {        \
    const wide grad = grad_loss ? (wide)grad_loss[reduction == FARRO_LOSS_NONE ? row : 0] : 1;                         \
    return grad / divisor;                                                                                             \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_cross_entropy_reference_##type(                                                                   \
      size_t rows, size_t columns, const scalar *x, size_t x_row, const int64_t *labels, const scalar *weights,        \
      const farro_cross_entropy_options *options, const scalar *grad_loss, scalar *loss, scalar *grad_x,               \
      size_t grad_row) {                                                                                               \
    const wide smoothing = (wide)options->label_smoothing, share = smoothing / (wide)columns;                          \
    wide divisor = options->reduction == FARRO_LOSS_MEAN ? 0 : 1, sum = 0;                                             \
    for (size_t i = 0; i < rows && options->reduction == FARRO_LOSS_MEAN; i++)                                         \
      if (labels[i] != options->ignored_label) divisor += weights ? (wide)weights[labels[i]] : 1;                      \
    if (loss && options->reduction != FARRO_LOSS_NONE) loss[0] = (scalar)(0 / divisor);                                \
    for (size_t i = 0; i < rows; i++, x += x_row, grad_x += grad_x ? grad_row : 0) {                                   \
      if (labels[i] == options->ignored_label) {                                                                       \
        add_loss_##type(options->reduction, i, 0, divisor, &sum, loss);                                                \
        for (size_t j = 0; grad_x && j < columns; j++) grad_x[j] = 0;                                                  \
        continue;                                                                                                      \
      }                                                                                                                \
      const size_t label = (size_t)labels[i];                                                                          \
      wide max = (wide) - INFINITY, total = 0, here = 0, all = 0;                                                      \
      for (size_t j = 0; j < columns; j++) max = (wide)x[j] > max ? (wide)x[j] : max;                                  \
      for (size_t j = 0; j < columns; j++) total += wide_exp((wide)x[j] - max);                                        \
      const wide right = (1 - smoothing) * (weights ? (wide)weights[label] : 1);                                       \
      for (size_t j = 0; j < columns; j++) {                                                                           \
        const wide weight = weights ? (wide)weights[j] : 1, depth = wide_log(total) - ((wide)x[j] - max);              \
        all += weight;                                                                                                 \
        if (smoothing > 0) here += share * weight * depth;                                                             \
        if (j == label) here += right * depth;                                                                         \
      }                                                                                                                \
      add_loss_##type(options->reduction, i, here, divisor, &sum, loss);                                               \
      const wide outer = outer_##type(options->reduction, i, divisor, grad_loss);                                      \
      for (size_t j = 0; grad_x && j < columns; j++) {                                                                 \
        const wide weight = weights ? (wide)weights[j] : 1, p = wide_exp((wide)x[j] - max) / total;                    \
        grad_x[j] = (scalar)(outer * (p * (right + share * all) - share * weight - (j == label ? right : 0)));         \
      }                                                                                                                \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_multiclass_hinge_reference_##type(                                                                \
      size_t rows, size_t columns, const scalar *x, size_t x_row, const int64_t *labels,                               \
      const farro_hinge_options *options, const scalar *grad_loss, scalar *loss, scalar *grad_x, size_t grad_row) {    \
    const wide divisor = options->reduction == FARRO_LOSS_MEAN ? (wide)rows : 1;                                       \
    wide sum = 0;                                                                                                      \
    if (loss && options->reduction != FARRO_LOSS_NONE) loss[0] = (scalar)(0 / divisor);                                \
    for (size_t i = 0; i < rows; i++, x += x_row, grad_x += grad_x ? grad_row : 0) {                                   \
      const size_t label = (size_t)labels[i];                                                                          \
      const wide outer = outer_##type(options->reduction, i, divisor, grad_loss);                                      \
      wide here = 0, steps = 0;                                                                                        \
      size_t worst = label;                                                                                            \
      for (size_t j = 0; grad_x && j < columns; j++) grad_x[j] = 0;                                                    \
      for (size_t j = 0; j < columns; j++) {                                                                           \
        const wide violation = (wide)options->margin + ((wide)x[j] - (wide)x[label]);                                  \
        if (j == label || violation <= 0) continue;                                                                    \
        if (options->kind == FARRO_HINGE_ALL) {                                                                        \
          here += violation / (wide)columns;                                                                           \
          steps += outer / (wide)columns;                                                                              \
          if (grad_x) grad_x[j] = (scalar)(violation > 0 ? outer / (wide)columns : violation);                         \
        } else if (!(violation <= here)) {                                                                             \
          here = violation, worst = j, steps = outer;                                                                  \
        }                                                                                                              \
      }                                                                                                                \
      add_loss_##type(options->reduction, i, here, divisor, &sum, loss);                                               \
      if (!grad_x || columns == 0) continue;                                                                           \
      if (worst != label && here > 0) grad_x[worst] = (scalar)steps;                                                   \
      grad_x[label] = (scalar)(-steps + (here - here));                                                                \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double, exp, log)
REFERENCE(f64, double, long double, expl, logl)
