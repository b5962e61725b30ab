// Softmax and its gradients as their definitions read.
#include "include/softmax.h"

#include <math.h>

// Element `row` of column `column` of number i of `outer`.
static size_t place(const farro_reduction_shape *s, size_t i, size_t row, size_t column) {
  return (i * s->axis + row) * s->inner + column;
}

static size_t mask_place(const farro_reduction_shape *s, const size_t *blocks, size_t stride, size_t i, size_t row,
                         size_t column) {
  return (blocks ? blocks[i] : i) * stride + row * s->inner + column;
}

static bool keeps(const farro_reduction_shape *s, const farro_softmax_options *o, size_t i, size_t row, size_t column) {
  return !o || !o->keep || o->keep[mask_place(s, o->keep_blocks, o->keep_stride, i, row, column)];
}

#define REFERENCE(type, scalar, wide, wide_exp, wide_log)                                                              \
  static wide logit_##type(const farro_reduction_shape *s, const farro_softmax_options *o, const scalar *x, size_t i,  \
                           size_t row, size_t column) {                                                                \
    const wide value = (wide)x[place(s, i, row, column)];                                                              \
    if (!o) return value;                                                                                              \
    if (!keeps(s, o, i, row, column)) return (wide) - INFINITY;                                                        \
    const scalar *bias = o->bias;                                                                                      \
    const wide scaled = value / (wide)o->temperature;                                                                  \
    return bias ? scaled + (wide)bias[mask_place(s, o->bias_blocks, o->bias_stride, i, row, column)] : scaled;         \
  }                                                                                                                    \
                                                                                                                       \
  /* The greatest logit of a column, the sum of exponentials, and whether anything is kept. */                         \
  static bool sums_##type(const farro_reduction_shape *s, const farro_softmax_options *o, const scalar *x, size_t i,   \
                          size_t column, wide *max, wide *sum) {                                                       \
    bool keeps_any = false;                                                                                            \
    *max = (wide) - INFINITY, *sum = 0;                                                                                \
    for (size_t row = 0; row < s->axis; row++) {                                                                       \
      const wide v = logit_##type(s, o, x, i, row, column);                                                            \
      if (v > *max) *max = v;                                                                                          \
      keeps_any = keeps_any || keeps(s, o, i, row, column);                                                            \
    }                                                                                                                  \
    for (size_t row = 0; row < s->axis; row++) *sum += wide_exp(logit_##type(s, o, x, i, row, column) - *max);         \
    return keeps_any;                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  static farro_status soften_##type(const farro_reduction_shape *s, const farro_softmax_options *o, const scalar *x,   \
                                    bool is_log, scalar *y) {                                                          \
    for (size_t i = 0; i < s->outer; i++)                                                                              \
      for (size_t column = 0; column < s->inner; column++) {                                                           \
        wide max, sum;                                                                                                 \
        const bool keeps_any = sums_##type(s, o, x, i, column, &max, &sum);                                            \
        for (size_t row = 0; row < s->axis; row++) {                                                                   \
          const wide d = logit_##type(s, o, x, i, row, column) - max;                                                  \
          wide result = is_log ? d - wide_log(sum) : wide_exp(d) / sum;                                                \
          if (!keeps_any) result = is_log ? (wide) - INFINITY : 0;                                                     \
          y[place(s, i, row, column)] = (scalar)result;                                                                \
        }                                                                                                              \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_softmax_reference_##type(const farro_reduction_shape *shape,                                      \
                                              const farro_softmax_options *options, const scalar *x, scalar *y) {      \
    return soften_##type(shape, options, x, false, y);                                                                 \
  }                                                                                                                    \
  farro_status farro_log_softmax_reference_##type(const farro_reduction_shape *shape,                                  \
                                                  const farro_softmax_options *options, const scalar *x, scalar *y) {  \
    return soften_##type(shape, options, x, true, y);                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_log_sum_exp_reference_##type(const farro_reduction_shape *shape,                                  \
                                                  const farro_softmax_options *options, const scalar *x, scalar *y) {  \
    for (size_t i = 0; i < shape->outer; i++)                                                                          \
      for (size_t column = 0; column < shape->inner; column++) {                                                       \
        wide max, sum;                                                                                                 \
        sums_##type(shape, options, x, i, column, &max, &sum);                                                         \
        bool has_nan = false;                                                                                          \
        for (size_t row = 0; row < shape->axis; row++)                                                                 \
          has_nan = has_nan || isnan(logit_##type(shape, options, x, i, row, column));                                 \
        y[i * shape->inner + column] = has_nan      ? (scalar)NAN                                                      \
                                       : isinf(max) ? (scalar)max                                                      \
                                                    : (scalar)(max + wide_log(sum));                                   \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_softmax_backward_reference_##type(const farro_reduction_shape *shape, double temperature,         \
                                                       const scalar *y, const scalar *grad_y, scalar *grad_x) {        \
    for (size_t i = 0; i < shape->outer; i++)                                                                          \
      for (size_t column = 0; column < shape->inner; column++) {                                                       \
        wide sum = 0;                                                                                                  \
        for (size_t row = 0; row < shape->axis; row++) {                                                               \
          const size_t at = place(shape, i, row, column);                                                              \
          sum += (wide)grad_y[at] * (wide)y[at];                                                                       \
        }                                                                                                              \
        for (size_t row = 0; row < shape->axis; row++) {                                                               \
          const size_t at = place(shape, i, row, column);                                                              \
          grad_x[at] = (scalar)(((wide)grad_y[at] - sum) * (wide)y[at] / (wide)temperature);                           \
        }                                                                                                              \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_log_softmax_backward_reference_##type(const farro_reduction_shape *shape, double temperature,     \
                                                           const scalar *y, const scalar *grad_y, scalar *grad_x) {    \
    for (size_t i = 0; i < shape->outer; i++)                                                                          \
      for (size_t column = 0; column < shape->inner; column++) {                                                       \
        wide sum = 0;                                                                                                  \
        for (size_t row = 0; row < shape->axis; row++) {                                                               \
          const size_t at = place(shape, i, row, column);                                                              \
          if (y[at] != (scalar) - INFINITY) sum += (wide)grad_y[at];                                                   \
        }                                                                                                              \
        for (size_t row = 0; row < shape->axis; row++) {                                                               \
          const size_t at = place(shape, i, row, column);                                                              \
          const wide all = ((wide)grad_y[at] - wide_exp((wide)y[at]) * sum) / (wide)temperature;                       \
          grad_x[at] = y[at] == (scalar) - INFINITY ? 0 : (scalar)all;                                                 \
        }                                                                                                              \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_log_sum_exp_backward_reference_##type(const farro_reduction_shape *shape,                         \
                                                           const farro_softmax_options *options, const scalar *x,      \
                                                           const scalar *y, const scalar *grad_y, scalar *grad_x) {    \
    const wide temperature = options ? (wide)options->temperature : 1;                                                 \
    for (size_t i = 0; i < shape->outer; i++)                                                                          \
      for (size_t row = 0; row < shape->axis; row++)                                                                   \
        for (size_t column = 0; column < shape->inner; column++) {                                                     \
          const size_t at = i * shape->inner + column;                                                                 \
          const wide d = logit_##type(shape, options, x, i, row, column) - (wide)y[at];                                \
          grad_x[place(shape, i, row, column)] =                                                                       \
              y[at] == (scalar) - INFINITY ? 0 : (scalar)(wide_exp(d) * (wide)grad_y[at] / temperature);               \
        }                                                                                                              \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double, exp, log)
REFERENCE(f64, double, long double, expl, logl)
